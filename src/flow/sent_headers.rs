//! Tables that are sent as the headers of requests, whatever is in them: what the command line or a file says in whole lines,
//! `--header "Authorization: Bearer …"`. What a request brings along to be sent on is the agent's, who may have it.

use rustc_hash::FxHashSet;

use crate::base::bounds::MAX_STATIC_DEPTH;
use crate::ir::func::FuncId;
use crate::ir::instr::{Entry, Op};
use crate::models::index::Table;
use crate::resolve::ports::PortValue;
use crate::resolve::solve::Values;
use crate::resolve::values::{At, Key, Obj, Site, Value};

use super::explore::Phase;
use super::process::Process;

use super::domain::SourcePlace;
use super::solve::Taint;

/// The literals by which such tables are made in the processes.
pub(super) fn sent_headers(values: &Values<'_>, processes: &[&Process<'_>]) -> FxHashSet<At> {
    let mut found = FxHashSet::default();
    for (func, body) in values.program.funcs.iter_enumerated() {
        for (id, instr) in body.instrs.iter_enumerated() {
            if !matches!(instr.op, Op::Call(_)) {
                continue;
            }
            for row in values.call_rows((func, id), Table::Request) {
                let ports = values.models.request(row).headers.iter().filter_map(|text| values.models.port(text));
                for port in ports {
                    if let PortValue::Known(sent) = values.port_values((func, id), port) {
                        add_tables(values, &sent, MAX_STATIC_DEPTH, &mut found);
                    }
                }
            }
        }
    }
    let starting: FxHashSet<FuncId> = processes.iter().flat_map(|process| before_serving(process)).collect();
    found.retain(|made| is_filled(values, *made, &starting));
    found
}

impl Taint<'_> {
    /// Is a source one of these tables?
    pub(crate) fn is_sent_table(&self, place: &SourcePlace) -> bool {
        matches!(place, SourcePlace::Instr(at) if self.sent_headers.contains(at))
    }
}

/// Adds the literals that make the values, and those of what is spread into them.
fn add_tables(values: &Values<'_>, sent: &[Value], depth: usize, found: &mut FxHashSet<At>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    for value in sent {
        let Value::Record(Site::Instr(made)) = value else { continue };
        let Op::Record(record) = &values.program.funcs[made.0].instrs[made.1].op else { continue };
        if !found.insert(*made) {
            continue;
        }
        for entry in &record.entries {
            if let Entry::Spread(inner) = entry {
                add_tables(values, values.of(made.0, *inner).items(), depth, found);
            }
        }
    }
}

/// The functions that run before a process serves.
fn before_serving<'p>(process: &'p Process<'_>) -> impl Iterator<Item = FuncId> + 'p {
    let frames = process.live.reached.keys().map(|(frame, _)| &process.explorer.frames[*frame]);
    frames.filter(|frame| frame.context.phase.has(Phase::BEFORE)).map(|frame| frame.func)
}

/// Is something that is no constant put into a table under a key that is computed, in one of the functions?
fn is_filled(values: &Values<'_>, made: At, funcs: &FxHashSet<FuncId>) -> bool {
    let is_unknown = |at: &At| match &values.program.funcs[at.0].instrs[at.1].op {
        Op::Store(_, value) => values.of(at.0, *value).items().iter().all(|value| !matches!(value, Value::Const(_))),
        _ => false,
    };
    values
        .stores_to(&Obj::Record(Site::Instr(made)), &Key::Some)
        .iter()
        .any(|at| funcs.contains(&at.0) && is_unknown(at))
}
