//! Sets of instructions of the program, and the values that the exploration asks about: what branches test, what is stored,
//! returned and handed over, and what those are made of. What else instructions give, nobody needs a name for.

use crate::base::idx::Id;
use crate::ir::func::{End, FuncId, Function};
use crate::ir::instr::{InstrId, Op};
use crate::resolve::solve::Values;
use crate::resolve::values::At;

/// Is an instruction one of them? By its number in the program: this is asked of every instruction that is executed.
pub(crate) struct Instrs(Vec<bool>);

impl Instrs {
    pub(super) fn new(values: &Values<'_>, all: impl Iterator<Item = At>) -> Self {
        let n_instrs = values.program.funcs.iter().map(|func| func.instrs.len()).sum();
        let mut instrs = Self(vec![false; n_instrs]);
        for at in all {
            instrs.insert(values, at);
        }
        instrs
    }

    pub(super) fn has(&self, values: &Values<'_>, (func, instr): At) -> bool {
        self.0.get(values.instr_slot(func, instr).index()).is_some_and(|has| *has)
    }

    /// True when it is new.
    fn insert(&mut self, values: &Values<'_>, (func, instr): At) -> bool {
        let known = self.0.get_mut(values.instr_slot(func, instr).index());
        known.is_some_and(|known| !std::mem::replace(known, true))
    }
}

/// The values that the exploration asks about. `noted`: instructions of which it is noted what they give.
pub(super) fn looked_at<'a>(values: &Values<'_>, noted: impl Iterator<Item = &'a At>) -> Instrs {
    let mut found = Instrs::new(values, std::iter::empty());
    for at in noted {
        add(values, at.0, vec![at.1], &mut found);
    }
    for (id, func) in values.program.funcs.iter_enumerated() {
        add(values, id, roots(func), &mut found);
    }
    found
}

/// Adds values of a function, and what they are made of.
fn add(values: &Values<'_>, func: FuncId, mut open: Vec<InstrId>, to: &mut Instrs) {
    while let Some(value) = open.pop() {
        if !to.insert(values, (func, value)) {
            continue;
        }
        let op = &values.program.funcs[func].instrs[value].op;
        if let Op::Load(_) | Op::Store(..) | Op::Await(_) | Op::Operator(..) | Op::Call(_) = op {
            op.operands(|operand| open.push(operand));
        }
    }
}

/// What a function does something with that depends on what it is.
fn roots(func: &Function) -> Vec<InstrId> {
    let mut roots = Vec::new();
    for instr in func.instrs.iter() {
        if let Op::Store(..) | Op::Call(_) = &instr.op {
            instr.op.operands(|operand| roots.push(operand));
        }
    }
    roots.extend(func.blocks.iter().filter_map(|block| match block.end {
        End::Branch { on, .. } => Some(on),
        End::Return(value) => value,
        _ => None,
    }));
    roots
}
