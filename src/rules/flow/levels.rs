//! The calls between the place where a value is handed to a logger of the program's own and the write; and whether a level that
//! is chosen elsewhere decides about that.

use std::collections::BTreeSet;

use crate::flow::summary::Hit;
use crate::flow::trace::What;
use crate::flow::words::Words;
use crate::ir::func::{BlockId, End, Function};
use crate::ir::instr::{Base, Field, InstrId, Op, Place};
use crate::resolve::values::At;
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
