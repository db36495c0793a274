//! What a decorator asks of the function that it is put around, decided in the copy that is made for the use of it.
//!
//! ```text
//! def measured(func):
//!     async def later(*args): …
//!     def now(*args): …
//!     return later if inspect.iscoroutinefunction(func) else now
//! ```

use std::collections::BTreeSet;

use crate::ir::func::{BlockId, End, FuncId, Function, LocalId, ParamKind};
use crate::ir::instr::{Base, CallStyle, Const, InstrId, Op, Place};
use crate::ir::program::Program;

/// A condition that asks whether the function is async.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub(super) func: FuncId,
    pub(super) block: BlockId,
    /// The answer for an async function.
    pub(super) holds: bool,
}

/// Takes the way that is taken for such a function. What is declared beside it is for no one.
pub(super) fn decide(program: &mut Program, asked: Asked, is_async: bool) {
    let body = &mut program.funcs[asked.func];
    let End::Branch { yes, no, .. } = body.blocks[asked.block].end else { return };
    body.blocks[asked.block].end = End::Goto(if is_async == asked.holds { yes } else { no });
    let mut reached: BTreeSet<BlockId> = BTreeSet::new();
    let mut open = vec![body.entry()];
    while let Some(block) = open.pop() {
        if reached.insert(block) {
            open.extend(body.blocks[block].end.successors());
            open.extend(body.blocks[block].unwind);
        }
    }
    let mut left: Vec<InstrId> = Vec::new();
    let ids: Vec<BlockId> = body.blocks.ids().filter(|id| !reached.contains(id)).collect();
    for id in ids {
        left.append(&mut body.blocks[id].instrs);
        body.blocks[id].end = End::Stop;
    }
    let named: BTreeSet<LocalId> = left.iter().filter_map(|instr| loaded(&body.instrs[*instr].op)).collect();
    for instr in left {
        body.instrs[instr].op = Op::Const(Const::Undefined);
    }
    named.into_iter().for_each(|local| forget(body, local));
}

fn loaded(op: &Op) -> Option<LocalId> {
    match op {
        Op::Load(Place { base: Base::Local(local), .. }) => Some(*local),
        _ => None,
    }
}

/// A function that nobody takes out of its variable any more is not declared.
fn forget(body: &mut Function, local: LocalId) {
    if body.instrs.iter().any(|instr| loaded(&instr.op) == Some(local)) {
        return;
    }
    let stored: Vec<InstrId> = body
        .instrs
        .iter()
        .filter_map(|instr| match &instr.op {
            Op::Store(Place { base: Base::Local(to), path }, value) if *to == local && path.is_empty() => Some(*value),
            _ => None,
        })
        .collect();
    for value in stored {
        let decorated = match &body.instrs[value].op {
            Op::Call(call) if call.style == CallStyle::Decorator => call.args.first().map(|arg| arg.value),
            _ => None,
        };
        for id in decorated.into_iter().chain([value]) {
            let op = &mut body.instrs[id].op;
            if matches!(op, Op::Closure(_)) || id == value && decorated.is_some() {
                *op = Op::Const(Const::Undefined);
            }
        }
    }
}

/// Does the function take whatever it is given: `(*args, **kwargs)`?
pub(super) fn hands_on_everything(program: &Program, func: FuncId) -> bool {
    let params = &program.funcs[func].params;
    !params.is_empty() && params.iter().all(|param| matches!(param.kind, ParamKind::Rest | ParamKind::RestNamed))
}
