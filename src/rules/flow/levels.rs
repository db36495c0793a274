//! The calls between the place where a value is handed to a logger of the program's own and the write; and whether a level that
//! is chosen elsewhere decides about that.

use std::collections::BTreeSet;

use crate::base::Symbol;
use crate::flow::summary::{Hit, Sink};
use crate::flow::trace::What;
use crate::flow::words::Words;
use crate::ir::func::{BlockId, End, Function};
use crate::ir::instr::{Base, Const, Entry, Field, InstrId, Op, Place};
use crate::models::levels::LogLevel;
use crate::models::path::{Port, PortStep};
use crate::resolve::ports::PortValue;
use crate::resolve::values::{At, Key, Obj, Site, Value};
use crate::rules::Cx;

/// The calls from the primary place of a hit inwards, the write last.
pub(super) fn calls_inside(hit: &Hit) -> Vec<At> {
    let steps = hit.entry.trace.steps();
    let after = steps.iter().rposition(|(at, _)| *at == hit.primary).map_or(steps.len(), |place| place + 1);
    let calls = steps.iter().skip(after).filter(|(_, what)| matches!(what, What::Passed(_))).map(|(at, _)| *at);
    calls.chain([hit.sink.at]).collect()
}

/// Is a value handed to a function for what is shown on request only, in which a level decides whether it is written?
pub(super) fn is_quiet(cx: &Cx<'_>, words: &Words, hit: &Hit) -> bool {
    let is_asked = hit.primary != hit.sink.at
        && cx.values.call_text(hit.primary).is_some_and(|name| words.is_quiet_function(&name));
    is_asked && calls_inside(hit).into_iter().any(|at| is_behind_level(cx, words, at))
}

/// Is there a way through the function that passes the call by, chosen by something that is named as a level?
fn is_behind_level(cx: &Cx<'_>, words: &Words, at: At) -> bool {
    let func = &cx.values.program.funcs[at.0];
    let Some(block) = func.blocks.iter_enumerated().find(|(_, block)| block.instrs.contains(&at.1)) else {
        return false;
    };
    func.blocks.iter().any(|other| match &other.end {
        End::Branch { on, yes, no } => {
            let leads = |from: BlockId| func.leads_to(from, block.0);
            leads(*yes) != leads(*no) && names_level(cx, words, func, *on)
        }
        _ => false,
    })
}

/// Is something that a value is computed from named as a level?
fn names_level(cx: &Cx<'_>, words: &Words, func: &Function, value: InstrId) -> bool {
    let mut open = vec![value];
    let mut seen = BTreeSet::from([value]);
    while let Some(value) = open.pop() {
        let op = &func.instrs[value].op;
        let is_level = match op {
            Op::Load(place) => place_names(cx, func, place).any(|name| words.tells_level(name)),
            Op::Call(call) => place_names(cx, func, &call.callee).any(|name| words.tells_level(name)),
            _ => false,
        };
        if is_level {
            return true;
        }
        op.operands(|operand| {
            if seen.insert(operand) {
                open.push(operand);
            }
        });
    }
    false
}

/// The level that the code gives the logger of a log call where it makes it, if nothing in the program gives another.
pub(super) fn shown_by(cx: &Cx<'_>, sink: Sink) -> Option<(At, LogLevel)> {
    let values = cx.values;
    let shown = values.models.sink(sink.row?).shown.as_ref()?;
    let port = values.models.port(&shown.level)?;
    let (Some(PortStep::Name(name)), [_]) = (port.path.last(), &*port.path) else { return None };
    let has_value = |at: At, port: &Port| values.port_values(at, port) != PortValue::Missing;
    if shown.unless.iter().filter_map(|text| values.models.port(text)).any(|port| has_value(sink.at, port)) {
        return None;
    }
    let mut found = None;
    for made in values.chain(sink.at) {
        if !values.stores_to(&Obj::Api(made), &Key::Name(name.clone())).is_empty() {
            return None;
        }
        let outputs = shown.outputs.as_ref().and_then(|text| values.models.port(text));
        let outputs = match outputs.map(|port| values.port_values(made, port)) {
            Some(PortValue::Known(outputs)) => outputs,
            Some(PortValue::Unknown) => return None,
            Some(PortValue::Missing) | None => Vec::new(),
        };
        let is_apart = |output: &Value| !matches!(output, Value::Api(_, Some(call)) if !has_value(*call, port));
        if outputs.iter().any(is_apart) {
            return None;
        }
        found = found.or_else(|| written_level(cx, made, port, name));
    }
    found
}

/// The level that is written in an object literal which a call is handed.
fn written_level(cx: &Cx<'_>, made: At, port: &Port, name: &Symbol) -> Option<(At, LogLevel)> {
    let options = Port { head: port.head.clone(), path: Vec::new() };
    let PortValue::Known(options) = cx.values.port_values(made, &options) else { return None };
    let [Value::Record(Site::Instr((func, at)))] = options[..] else { return None };
    let func_data = &cx.values.program.funcs[func];
    let Op::Record(record) = &func_data.instrs[at].op else { return None };
    let level = record.entries.iter().rev().find_map(|entry| match entry {
        Entry::Field(Field::Name(field), value) if field == name => Some(*value),
        _ => None,
    })?;
    match &func_data.instrs[level].op {
        Op::Const(Const::Str(word)) => Some(((func, level), LogLevel::parse(word)?)),
        _ => None,
    }
}

fn place_names<'p>(cx: &'p Cx<'_>, func: &'p Function, place: &'p Place) -> impl Iterator<Item = &'p str> {
    let base = match &place.base {
        Base::Local(local) => Some(func.locals[*local].name.as_str()),
        Base::Cell(cell) => Some(cx.values.program.cells[*cell].name.as_str()),
        Base::Global(name) => Some(name.as_str()),
        Base::Value(_) => None,
    };
    let fields = place.path.iter().filter_map(|field| match field {
        Field::Name(name) => Some(name.as_str()),
        _ => None,
    });
    base.into_iter().chain(fields)
}
