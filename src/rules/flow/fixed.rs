//! Levels that the program fixes in code: records below them are shown to nobody.

use std::collections::BTreeSet;

use crate::base::Symbol;
use crate::flow::summary::Sink;
use crate::ir::func::{BlockId, End};
use crate::ir::instr::{Const, Field, InstrId, Op};
use crate::models::index::Table;
use crate::models::levels::LogLevel;
use crate::resolve::levels::Loggers;
use crate::resolve::values::{At, Value};
use crate::rules::Cx;

use super::echo::Setting;
use super::spans::{Written, level_of, written};

/// Which logger a call speaks to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Logger {
    Named(Symbol),
    /// By the call that made it.
    Made(At),
}

/// The level below which the process shows no record, where its own code alone decides that, and the place that sets it.
pub(super) fn fixed_level<'s>(settings: impl Iterator<Item = &'s Setting> + Clone) -> Option<(At, LogLevel)> {
    let is_open = |setting: &Setting| {
        let is_unknown = setting.sets.iter().any(|set| set.level.is_none());
        setting.environment || setting.replaced || !setting.is_said || is_unknown || setting.apart.is_some()
    };
    // What only drops records lets none through: a filter of the program's own.
    let drops = |setting: &&Setting| {
        !setting.is_said && !setting.sets.is_empty() && setting.sets.iter().all(|set| set.level == Some(LogLevel::Off))
    };
    let settings = || settings.clone().filter(|setting| !drops(setting));
    let sets = || settings().flat_map(|setting| setting.sets.iter().map(|set| (setting.at, set)));
    if settings().any(is_open) || !sets().any(|(_, set)| set.loggers == Loggers::All) {
        return None;
    }
    // What is set for one logger may let more through.
    sets().filter_map(|(at, set)| Some((at, set.level?))).min_by_key(|(_, level)| *level)
}

/// The same of a library that no level of others is about, once the output is taken away that it begins with.
pub(super) fn library_level(cx: &Cx<'_>, settings: &[Setting], file: u32) -> Option<(At, LogLevel)> {
    let clears = |setting: &Setting| cx.values.models.level(setting.row).clears;
    let of_file = settings.iter().filter(|setting| setting.row.file == file);
    of_file.clone().any(clears).then(|| fixed_level(of_file.filter(|setting| !clears(setting))))?
}

/// Do all records stay below a level that show what is handed to a sink?
pub(super) fn is_below(cx: &Cx<'_>, sink: Sink, level: LogLevel) -> bool {
    let own = level_of(cx, sink.at).is_some_and(|own| own < level);
    own || matches!(written(cx, sink), Written::With(gravest) if gravest < level)
}

/// The level that the program's code gives the logger which the call at `at` speaks to, whatever the level of others is.
pub(super) fn own_level(cx: &Cx<'_>, settings: &[Setting], at: At) -> Option<(At, LogLevel)> {
    let library = cx.values.call_rows(at, Table::Sink).first()?.file;
    let logger = logger_of(cx, at)?;
    let of_one = |setting: &&Setting| {
        setting.row.file == library && setting.is_said && !cx.values.models.level(setting.row).logger.is_empty()
    };
    let mut own = Vec::new();
    for setting in settings.iter().filter(of_one) {
        match logger_of(cx, setting.call) {
            Some(other) if other == logger && is_written(cx, setting.at) => own.push(setting),
            Some(other) if other == logger => return None,
            Some(_) => {}
            // It may be this one.
            None => return None,
        }
    }
    let levels = own.iter().flat_map(|setting| setting.sets.iter().map(|set| Some((setting.at, set.level?))));
    let level = levels.collect::<Option<Vec<_>>>()?.into_iter().min_by_key(|(_, level)| *level)?;
    own.iter().any(|setting| is_certain(cx, setting)).then_some(level)
}

/// Is a level written there, and not computed of what is known at run time only?
pub(super) fn is_written(cx: &Cx<'_>, level: At) -> bool {
    let values = cx.values.of(level.0, level.1).items();
    !values.is_empty() && values.iter().all(|value| matches!(value, Value::Const(_) | Value::Api(_, None)))
}

/// The logger that a method is called on, if there is one only.
fn logger_of(cx: &Cx<'_>, at: At) -> Option<Logger> {
    let values = cx.values;
    let of = |value: &Value| {
        let Value::Api(_, Some(made)) = value else { return None };
        let name = values.call_at(*made)?.args.first().and_then(|arg| values.of(made.0, arg.value).single_const());
        Some(match name {
            Some(Const::Str(name)) => Logger::Named(name.clone()),
            _ => Logger::Made(*made),
        })
    };
    let held = values.of_slot(values.receiver_slot(at)?).items().iter();
    // What it is declared to be says nothing of which one it is.
    let held = held.filter(|value| !matches!(value, Value::Const(_) | Value::Unknown | Value::Api(_, None)));
    let all: BTreeSet<Logger> = held.map(of).collect::<Option<_>>()?;
    let mut all = all.into_iter();
    all.next().filter(|_| all.next().is_none())
}

/// Does each way through the function come by a call, those aside on which the logger was found to be set up already?
fn is_certain(cx: &Cx<'_>, setting: &Setting) -> bool {
    let func = &cx.values.program.funcs[setting.call.0];
    let marks = &cx.values.models.level(setting.row).set_up;
    let asks = |value: InstrId| match &func.instrs[value].op {
        Op::Load(place) => {
            matches!(place.path.last(), Some(Field::Name(name)) if marks.iter().any(|mark| mark == name))
        }
        Op::Call(call) => {
            matches!(call.callee.path.last(), Some(Field::Name(name)) if marks.iter().any(|mark| mark == name))
        }
        _ => false,
    };
    let asks_set_up = |on: InstrId| match &func.instrs[on].op {
        Op::Operator(_, operands) => operands.iter().any(|value| asks(*value)),
        _ => asks(on),
    };
    let mut seen: BTreeSet<BlockId> = BTreeSet::new();
    let mut open = vec![func.entry()];
    while let Some(block) = open.pop() {
        let data = &func.blocks[block];
        if data.instrs.contains(&setting.call.1) || !seen.insert(block) {
            continue;
        }
        match data.end {
            End::Return(_) => return false,
            End::Branch { on, yes, no } if asks_set_up(on) => {
                let leads = |to: &BlockId| {
                    func.blocks
                        .iter_enumerated()
                        .any(|(id, data)| data.instrs.contains(&setting.call.1) && func.leads_to(*to, id))
                };
                open.extend([yes, no].into_iter().filter(leads));
            }
            _ => open.extend(data.end.successors()),
        }
    }
    true
}
