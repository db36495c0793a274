//! Values that are not logged by themselves, but in front of what is logged inside a function: by it, or by what it calls.
//!
//! ```text
//! #[instrument]                        // prints nothing
//! async fn look_up(word: &str) {
//!     debug!("cached");                // prints `look_up{word="…"}: cached`, where that level is shown
//! }
//! ```
//!
//! What libraries log inside by themselves is left out of account.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::flow::summary::Sink;
use crate::ir::func::{End, FuncId};
use crate::ir::instr::{Base, InstrId, Op};
use crate::models::index::Table;
use crate::models::levels::LogLevel;
use crate::models::schema::SinkKind;
use crate::resolve::values::{At, Value};
use crate::rules::Cx;

/// The gravest record inside each function that was asked about; `None` where there is none.
#[derive(Default)]
pub(crate) struct Inside {
    known: RefCell<BTreeMap<FuncId, Option<LogLevel>>>,
}

/// When something is written that is handed to a sink.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// With each call.
    Always,
    /// In front of records, of which the gravest has this level.
    With(LogLevel),
    Never,
}

pub(super) fn written(cx: &Cx<'_>, sink: Sink) -> Written {
    if !sink.row.is_some_and(|row| cx.values.models.sink(row).in_front) {
        return Written::Always;
    }
    if is_handed_on(cx, sink.at) {
        return Written::Always;
    }
    let func = sink.at.0;
    let known = cx.inside.known.borrow().get(&func).copied();
    let gravest = known.unwrap_or_else(|| {
        let found = gravest_inside(cx, func);
        cx.inside.known.borrow_mut().insert(func, found);
        found
    });
    // What stands in front has a level of its own, below which it is not there.
    let shown = |gravest: LogLevel| level_of(cx, sink.at).map_or(gravest, |own| own.min(gravest));
    gravest.map(shown).map_or(Written::Never, Written::With)
}

/// Does the function give back what the call makes, or put it around something that it was given itself: a future? What is
/// logged in there others know.
fn is_handed_on(cx: &Cx<'_>, at: At) -> bool {
    let body = &cx.values.program.funcs[at.0];
    let is_it = |value: InstrId| {
        let known = cx.values.of(at.0, value).items();
        known.iter().any(|value| matches!(value, Value::Api(_, Some(made)) if *made == at))
    };
    let is_param = |base: &Base| body.params.iter().any(|param| *base == Base::Local(param.local));
    body.blocks.iter().any(|block| matches!(block.end, End::Return(Some(value)) if is_it(value)))
        || body.instrs.iter().any(|instr| match &instr.op {
            Op::Call(call) => is_param(&call.callee.base) && call.args.iter().any(|arg| is_it(arg.value)),
            _ => false,
        })
}

fn gravest_inside(cx: &Cx<'_>, func: FuncId) -> Option<LogLevel> {
    let mut gravest = None;
    let mut seen = BTreeSet::from([func]);
    let mut open = vec![func];
    while let Some(func) = open.pop() {
        let mut next = Vec::new();
        for (id, instr) in cx.values.program.funcs[func].instrs.iter_enumerated() {
            match instr.op {
                Op::Call(_) => {
                    gravest = gravest.max(record_at(cx, (func, id)));
                    next.extend(cx.values.callees((func, id)).iter().map(|(callee, _)| *callee));
                }
                // Whoever it is handed to may call it.
                Op::Closure(inner) => next.push(inner),
                _ => {}
            }
        }
        open.extend(next.into_iter().filter(|callee| seen.insert(*callee)));
    }
    gravest
}

/// The level of the record that a call makes; one whose name tells none may be shown always.
fn record_at(cx: &Cx<'_>, at: At) -> Option<LogLevel> {
    let rows = cx.values.call_rows(at, Table::Sink);
    let mut sinks = rows.iter().map(|row| cx.values.models.sink(*row));
    if !sinks.any(|sink| sink.kind == SinkKind::Log && !sink.in_front) {
        return None;
    }
    Some(level_of(cx, at).unwrap_or(LogLevel::Error))
}

/// The level that a log call is named by: `debug`, `debug_span`.
pub(super) fn level_of(cx: &Cx<'_>, at: At) -> Option<LogLevel> {
    let name = cx.values.call_name(at)?;
    let last = name.rsplit(['.', ':']).next().unwrap_or(&name);
    LogLevel::parse(last.split('_').next().unwrap_or(last))
}
