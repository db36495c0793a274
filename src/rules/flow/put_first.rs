//! Variables of the environment that the program gives a value before a logger reads its levels from them.
//!
//! ```text
//! std::env::set_var("RUST_LOG", if args.verbose { "error" } else { "off" });
//! tracing_subscriber::fmt().with_env_filter(EnvFilter::from_default_env()).init();
//! ```

use std::collections::BTreeSet;

use crate::base::bounds::MAX_FILTER_STEPS;
use crate::ir::func::{BlockId, FuncId};
use crate::resolve::values::At;
use crate::rules::{Cx, Unit};

use super::echo::Setting;
use super::fixed::is_written;

/// Where every reader of a variable comes after the program gave it a value, that is what it says, and nobody outside says
/// something else. Elsewhere what the program puts there says nothing.
pub(super) fn put_first(cx: &Cx<'_>, unit: &Unit<'_>, mut settings: Vec<Setting>) -> Vec<Setting> {
    let variable = |setting: &Setting| cx.values.models.level(setting.row).variable.as_deref();
    let is_put = |setting: &Setting| !setting.environment && variable(setting).is_some();
    let puts: Vec<&Setting> = settings.iter().filter(|setting| is_put(setting)).collect();
    let Some(first) = puts.first() else { return settings };
    let name = variable(first);
    let reads: Vec<&Setting> = settings.iter().filter(|setting| setting.environment).collect();
    let are_told = puts.iter().all(|put| {
        put.call.0 == first.call.0
            && variable(put) == name
            && is_written(cx, put.at)
            && put.sets.iter().all(|set| set.level.is_some())
    });
    let put_at: BTreeSet<At> = puts.iter().map(|put| put.call).collect();
    let is_late =
        |read: &&Setting| variable(read) == name && read.apart.is_none() && comes_after(cx, unit, read.call, &put_at);
    if !are_told || reads.is_empty() || !reads.iter().all(is_late) {
        settings.retain(|setting| !is_put(setting));
        return settings;
    }
    // What is taken where the variable says nothing is not taken.
    let reads: BTreeSet<At> = reads.iter().map(|read| read.call).collect();
    let mut gone = reads.clone();
    for setting in settings.iter().filter(|setting| setting.replaced) {
        let makers = cx.values.makers(setting.call);
        if makers.iter().any(|made| reads.contains(made)) {
            gone.extend(makers);
        }
    }
    settings.retain(|setting| !gone.contains(&setting.call));
    settings
}

/// Does every way to a call lead by one of others, which all stand in one function?
fn comes_after(cx: &Cx<'_>, unit: &Unit<'_>, call: At, others: &BTreeSet<At>) -> bool {
    let Some((outer, _)) = others.first() else { return false };
    let live = &unit.process.live.sites;
    let mut targets = BTreeSet::from([call]);
    let mut seen: BTreeSet<FuncId> = BTreeSet::new();
    let mut open = vec![call.0];
    while let Some(func) = open.pop() {
        if func == *outer || !seen.insert(func) {
            continue;
        }
        let callers: Vec<At> =
            cx.values.callers(func).iter().copied().filter(|caller| live.contains_key(caller)).collect();
        if callers.is_empty() || seen.len() > MAX_FILTER_STEPS {
            return false;
        }
        open.extend(callers.iter().map(|caller| caller.0));
        targets.extend(callers);
    }
    let func = &cx.values.program.funcs[*outer];
    let mut seen: BTreeSet<BlockId> = BTreeSet::new();
    let mut open = vec![func.entry()];
    while let Some(block) = open.pop() {
        if !seen.insert(block) {
            continue;
        }
        let data = &func.blocks[block];
        let mut met = data.instrs.iter().map(|id| (*outer, *id));
        match met.find(|at| others.contains(at) || targets.contains(at)) {
            Some(at) if others.contains(&at) => {}
            Some(_) => return false,
            None => open.extend(data.end.successors()),
        }
    }
    true
}
