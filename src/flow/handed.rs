//! Functions that are handed to a function of the program: what one of them gives or raises does not come out of a call that
//! hands over another one.

use std::borrow::Cow;

use crate::base::idx::Id;
use crate::ir::func::{FuncId, FuncKind};
use crate::ir::instr::{Base, InstrId, Op};
use crate::resolve::values::{At, Value};

use super::domain::{Entry, Heap, HeapId, RECEIVER, Root, Via};
use super::solve::Taint;
use super::summary::Sink;
use super::trace::What;
use super::transfer::Pass;

/// Which functions a call hands to the one it calls.
pub(super) struct Handed {
    pub(super) func: FuncId,
    /// None: it is not known.
    pub(super) by_call: Option<Vec<(FuncId, Option<FuncId>)>>,
}

impl Handed {
    /// An entry of the called function's summary as it holds at this call: what came by way of a function that another call
    /// hands over does not.
    pub(super) fn fitting<'e>(&self, entry: &'e Entry) -> Option<Cow<'e, Entry>> {
        let (Some((through, by)), Some(handed)) = (entry.via, &self.by_call) else { return Some(Cow::Borrowed(entry)) };
        if by != self.func {
            return Some(Cow::Borrowed(entry));
        }
        let known = handed.iter().find(|(func, _)| *func == through);
        if known.is_none() && !handed.is_empty() {
            return None;
        }
        let mut entry = entry.clone();
        entry.via = known.and_then(|(_, owner)| Some((through, (*owner)?)));
        Some(Cow::Owned(entry))
    }
}

impl Taint<'_> {
    /// Where something was handed to the function that writes all messages of a program, `send({ id, result })`, if it is one: a
    /// function that writes one of its parameters as it is, by itself or in a function inside. `place`: where it would be changed
    /// otherwise, which is told if it is elsewhere.
    pub(crate) fn handed_to_sender(&self, sink: Sink, place: At, entry: &Entry) -> Option<At> {
        let program = self.values.program;
        let is_given = |entry: &Entry| matches!(entry.root, Root::Param(at) if at != RECEIVER) && entry.path.is_empty();
        let keeps = |heap: HeapId, func: FuncId| match self.names.heaps[heap] {
            Heap::Cell(cell) => program.cells[cell].owner == func,
            _ => false,
        };
        let sends = |func: FuncId| {
            let summary = &self.summaries[func.index()];
            let mut kept = summary.writes.iter().filter(|(_, entry)| is_given(entry));
            summary.hits.iter().any(|hit| hit.sink.at == sink.at && is_given(&hit.entry))
                || func != sink.at.0 && kept.any(|(heap, _)| keeps(*heap, func))
        };
        let around = std::iter::successors(Some(sink.at.0), |func| program.funcs[*func].parent);
        let around: Vec<FuncId> = around.take_while(|func| program.funcs[*func].kind != FuncKind::Init).collect();
        let at = around.iter().position(|func| sends(*func))?;
        let inside = &around[..=at];
        let sender = *inside.last()?;
        // What puts a message together is edited itself: `write(JSON.stringify({ params: { data } }))`.
        let is_whole = |func: &FuncId, value: InstrId| match &program.funcs[*func].instrs[value].op {
            Op::Load(place) if place.path.is_empty() => match place.base {
                Base::Local(local) => {
                    program.funcs[sender].params.iter().any(|param| *func == sender && param.local == local)
                }
                Base::Cell(cell) => {
                    let cell = &program.cells[cell];
                    cell.owner == sender && program.funcs[sender].params.iter().any(|param| param.name == cell.name)
                }
                _ => false,
            },
            _ => false,
        };
        let hands_on = |func: &FuncId| {
            let takes_whole =
                |op: &Op| matches!(op, Op::Call(call) if call.args.iter().any(|arg| is_whole(func, arg.value)));
            program.funcs[*func].instrs.iter().any(|instr| takes_whole(&instr.op))
        };
        if !inside.contains(&place.0) || !inside.iter().any(hands_on) {
            return None;
        }
        let mut steps = entry.trace.steps().into_iter().rev();
        steps.find(|(_, what)| *what == What::Passed(sender)).map(|(at, _)| at)
    }
}

impl Pass<'_, '_> {
    /// The function that is called as a parameter, with the one whose parameter it is.
    pub(super) fn called_param(&self, at: At, func: FuncId) -> Option<Via> {
        let Op::Call(call) = &self.func.instrs[at.1].op else { return None };
        if !call.callee.path.is_empty() {
            return None;
        }
        Some((func, self.param_owner(&call.callee.base)?))
    }

    /// The same for one that a parameter is and that is handed on: `before.then(job)`.
    pub(super) fn handed_param(&self, at: At, func: FuncId) -> Option<Via> {
        let mut owners = self.handed_functions(at).into_iter().filter(|(handed, _)| *handed == func);
        let owner = owners.next()?.1?;
        owners.all(|(_, other)| other == Some(owner)).then_some((func, owner))
    }

    /// The function that a variable is a parameter of: this one, or one around it.
    fn param_owner(&self, base: &Base) -> Option<FuncId> {
        match base {
            Base::Local(local) => self.func.params.iter().any(|param| param.local == *local).then_some(self.id),
            Base::Cell(cell) => {
                let program = self.taint.values.program;
                let cell = &program.cells[*cell];
                let is_param = program.funcs[cell.owner].params.iter().any(|param| param.name == cell.name);
                is_param.then_some(cell.owner)
            }
            Base::Value(value) => match &self.func.instrs[*value].op {
                Op::Load(place) if place.path.is_empty() => self.param_owner(&place.base),
                _ => None,
            },
            Base::Global(_) => None,
        }
    }

    /// The functions among the arguments of a call; with the function whose parameter they come from, if they do.
    pub(super) fn handed_functions(&self, at: At) -> Vec<(FuncId, Option<FuncId>)> {
        let Op::Call(call) = &self.func.instrs[at.1].op else { return Vec::new() };
        let mut found = Vec::new();
        for arg in &call.args {
            let owner = self.param_owner(&Base::Value(arg.value));
            found.extend(self.taint.values.of(self.id, arg.value).items().iter().filter_map(|value| match value {
                Value::Func(func) => Some((*func, owner)),
                _ => None,
            }));
        }
        found
    }
}
