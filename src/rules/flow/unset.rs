//! Loggers to which the process gives no output: what they show then is what the library says.
//!
//! Whatever may give one an output counts, whichever logger it is given to: what a library does of which nothing is known but
//! the name, and what stands in a function of which it is not known that it runs.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use crate::flow::summary::Sink;
use crate::ir::instr::{Const, Field, Op};
use crate::models::index::{RowRef, Table};
use crate::models::levels::{LogLevel, Unset};
use crate::resolve::values::{At, Value};
use crate::rules::{Cx, Unit};

use super::fixed::is_below;

/// The model files whose loggers have an output in a process, once somebody asked.
#[derive(Default)]
pub(super) struct Outputs(OnceCell<Vec<u32>>);

impl Outputs {
    /// Does the logger of a sink have no output, and is the record below the level that is shown even so? Gives that.
    pub(super) fn hides(&self, cx: &Cx<'_>, unit: &Unit<'_>, sink: Sink) -> Option<LogLevel> {
        let row = sink.row?;
        let unset = cx.values.models.file(row).unset.as_ref()?;
        let is_below = is_below(cx, sink, unset.level) && is_own(cx, row, sink.at);
        (is_below && !self.0.get_or_init(|| given(cx, unit)).contains(&row.file)).then_some(unset.level)
    }
}

/// Why a record may not be written, for messages.
pub(super) fn reason(level: LogLevel) -> String {
    match level {
        LogLevel::Off => "nothing in the program gives its records an output".into(),
        level => format!("no logger is given an output: only {} and above are written", level.word()),
    }
}

/// Is the logger one of the program, and none that a library may have set up for itself: `logging.getLogger("uvicorn")`?
/// What is no method of a logger speaks to the only one there is: `tracing::info!`.
fn is_own(cx: &Cx<'_>, row: RowRef, at: At) -> bool {
    let values = cx.values;
    let library = &values.models.file(row).library;
    let is_whole = |value: &Value| matches!(value, Value::Api(node, None) if values.models.index.node(*node).library.as_str() == library);
    let called = values.callee_slot(at).map(|slot| values.of_slot(slot).items()).unwrap_or_default();
    if !called.is_empty() && called.iter().all(is_whole) {
        return true;
    }
    let language = values.language(at.0);
    let is_own = |value: &Value| {
        let Value::Api(node, Some(made)) = value else { return false };
        let name = values.call_at(*made).and_then(|call| call.args.first());
        let name = name.and_then(|arg| values.of(made.0, arg.value).single_const());
        let of_library = match name {
            Some(Const::Str(name)) => {
                let first = name.split('.').next().unwrap_or_default();
                values.models.index.root(language, first).is_some()
            }
            _ => false,
        };
        values.models.index.node(*node).library.as_str() == library && !of_library
    };
    let Some(slot) = values.receiver_slot(at) else { return false };
    let mut held =
        values.of_slot(slot).items().iter().filter(|value| !matches!(value, Value::Const(_) | Value::Unknown));
    held.clone().next().is_some() && held.all(is_own)
}

/// The files with loggers that are given an output.
fn given(cx: &Cx<'_>, unit: &Unit<'_>) -> Vec<u32> {
    let program = cx.values.program;
    let unset: Vec<(u32, &Unset)> = cx.values.models.unset().collect();
    let mut given = Vec::new();
    let lives = || std::iter::once(&unit.process.live).chain(unit.process.on_any_transport.iter().map(|any| &any.live));
    let live: BTreeSet<At> = lives().flat_map(|live| live.sites.keys().copied()).collect();
    // Of what a module does as it is loaded it is known what runs; a function may be called in a way that is not seen.
    let loaded: BTreeSet<_> = live.iter().map(|at| program.funcs[at.0].module).collect();
    for (id, func) in program.funcs.iter_enumerated().filter(|(_, func)| loaded.contains(&func.module)) {
        let is_init = program.modules[func.module].init == id;
        for (instr, data) in func.instrs.iter_enumerated() {
            let at = (id, instr);
            if !matches!(data.op, Op::Call(_) | Op::Store(..)) || is_init && !live.contains(&at) {
                continue;
            }
            let gives = |(file, unset): &(u32, &Unset)| gives(cx, at, *file, unset, live.contains(&at));
            given.extend(unset.iter().filter(|of| gives(of)).map(|(file, _)| *file));
        }
    }
    given
}

/// Does a call or an assignment give the loggers of a file an output, or may it?
fn gives(cx: &Cx<'_>, at: At, file: u32, unset: &Unset, is_live: bool) -> bool {
    let values = cx.values;
    let Op::Call(call) = &values.program.funcs[at.0].instrs[at.1].op else {
        return values.assigned_rows(at, Table::Output).iter().any(|row| row.file == file);
    };
    let levels = values.call_rows(at, Table::Level);
    let is_once = |row: &RowRef| {
        let level = values.models.level(*row);
        let allowed = || values.version_allows(Some(at.0), *row, level.versions.as_deref());
        level.once.is_some() && level.once == unset.once && allowed()
    };
    if levels.iter().any(is_once)
        || values.call_rows(at, Table::Output).iter().any(|row| row.file == file)
        || unset.loggers && !values.call_rows(at, Table::Logger).is_empty()
    {
        return true;
    }
    let name = match call.callee.path.last() {
        Some(Field::Name(name)) => Some(name.clone()),
        _ => values.call_text(at),
    };
    let Some(name) = name else { return false };
    if unset.members.iter().any(|member| name.as_str() == member) {
        return true;
    }
    let is_described = !values.callees(at).is_empty() || is_described(cx, at);
    let text = || values.call_text(at).unwrap_or(name.clone()).to_lowercase();
    is_live && !is_described && unset.parts.iter().any(|part| text().contains(part.as_str()))
}

/// Is it a function of a library that a model describes?
fn is_described(cx: &Cx<'_>, at: At) -> bool {
    let index = &cx.values.models.index;
    let of_described = |value: &Value| match value {
        Value::Api(node, _) => {
            let node = index.node(*node);
            node.is_modelled() || index.root(node.language, &node.library).is_some()
        }
        _ => false,
    };
    cx.values.callee_slot(at).is_some_and(|slot| cx.values.of_slot(slot).items().iter().any(of_described))
}
