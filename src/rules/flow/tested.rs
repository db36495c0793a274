//! Which of two values in one text is told: `log.warning("no %s of kind %s", name, kind)` behind `if store.find(kind) is None: return`.
//!
//! A value that the program looks up, or hands to a function whose answer decides what runs, may be one that the program knows. The
//! other one is whatever the agent writes.

use crate::flow::domain::SourcePlace;
use crate::flow::solve::Leak;
use crate::flow::trace::What;
use crate::ir::func::{End, FuncId, Function, LocalId, Param};
use crate::ir::instr::{Base, InstrId, Op, Oper};
use crate::models::path::PortHead;
use crate::resolve::ports::argument;
use crate::resolve::values::At;
use crate::rules::Cx;

/// How far a condition is followed back to what it asks.
const MAX_BACK: usize = 6;

/// Does what a parameter holds meet a test on its way to where it leaks? Only ways on which one function hands it to the next are
/// looked at.
pub(super) fn is_tested(cx: &Cx<'_>, leak: &Leak) -> bool {
    let SourcePlace::Param(mut func, Some(index)) = leak.source.place else { return false };
    let funcs = &cx.values.program.funcs;
    let Some(param) = funcs[func].params.get(index as usize) else { return false };
    let mut local = param.local;
    for (at, what) in leak.hit.entry.trace.steps() {
        if is_asked_about(&funcs[func], local) {
            return true;
        }
        let What::Passed(callee) = what else { continue };
        if at.0 != func {
            return false;
        }
        let Some(next) = handed_as(cx, at, local, callee) else { return false };
        (func, local) = (callee, next);
    }
    is_asked_about(&funcs[func], local)
}

/// The parameter of a called function that gets what is made of a variable.
fn handed_as(cx: &Cx<'_>, at: At, local: LocalId, callee: FuncId) -> Option<LocalId> {
    let funcs = &cx.values.program.funcs;
    let call = cx.values.call_at(at)?;
    let is_handed = |(position, param): &(i32, &Param)| {
        let named = argument(call, &PortHead::Named(param.name.clone()));
        let given = named.or_else(|| argument(call, &PortHead::Arg(*position)));
        given.is_some_and(|given| is_made_of(&funcs[at.0], given, local, MAX_BACK))
    };
    (0..).zip(&funcs[callee].params).find(is_handed).map(|(_, param)| param.local)
}

/// Does a condition of the function ask for what a call says of the variable, or whether that is in a container?
fn is_asked_about(func: &Function, local: LocalId) -> bool {
    func.blocks.iter().any(|block| matches!(block.end, End::Branch { on, .. } if asks(func, on, local, MAX_BACK)))
}

fn asks(func: &Function, on: InstrId, local: LocalId, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    match &func.instrs[on].op {
        Op::Call(call) => call.args.iter().any(|arg| is_made_of(func, arg.value, local, depth)),
        Op::Operator(Oper::In | Oper::NotIn, operands) => {
            operands.first().is_some_and(|item| is_made_of(func, *item, local, depth))
        }
        op => any_before(func, op, |before| asks(func, before, local, depth)),
    }
}

/// Is a value made of the variable's?
fn is_made_of(func: &Function, value: InstrId, local: LocalId, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    match &func.instrs[value].op {
        Op::Load(place) if place.base == Base::Local(local) => true,
        op => any_before(func, op, |before| is_made_of(func, before, local, depth)),
    }
}

/// Does something hold of a value that another one is made of, or that the variable holds which is read?
fn any_before(func: &Function, op: &Op, mut holds: impl FnMut(InstrId) -> bool) -> bool {
    if let Op::Load(place) = op
        && matches!(place.base, Base::Local(_))
    {
        return func.instrs.iter().any(|instr| {
            matches!(&instr.op, Op::Store(to, value) if to.base == place.base && to.path.is_empty() && holds(*value))
        });
    }
    let mut found = false;
    op.operands(|operand| found = found || holds(operand));
    found
}
