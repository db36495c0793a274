//! Does it make a difference which transport a process serves on?
//!
//! What it does where it does not serve at all makes none: `if "--version" in sys.argv: print(VERSION); return`.

use rustc_hash::FxHashSet;

use crate::base::Symbol;
use crate::ir::func::{BlockId, End, FuncId};
use crate::ir::instr::{Const, InstrId, Op};
use crate::resolve::values::At;

use super::abs::Facts;
use super::explore::{Explorer, Frame, Visited};

impl Explorer<'_> {
    /// Does it do something that another exploration of the same process, which assumes more, does not? Where a block ends the
    /// process, nothing is missed.
    pub(super) fn runs_more_than(&self, other: &Self) -> bool {
        let passed: FxHashSet<(FuncId, BlockId)> =
            other.passed().map(|(frame, block, _)| (frame.func, block)).collect();
        let mut more = self.passed().filter(|(frame, block, _)| !passed.contains(&(frame.func, *block))).peekable();
        more.peek().is_some()
            && (other.asks_for_assumed()
                || more.any(|(frame, block, visited)| !self.is_way_out(frame.func, block, visited)))
    }

    /// The blocks that control passes.
    fn passed(&self) -> impl Iterator<Item = (&Frame, BlockId, &Visited)> {
        let blocks = self
            .frames
            .iter()
            .flat_map(|frame| frame.blocks.iter().map(move |(block, visited)| (frame, block, visited)));
        blocks.filter(|(frame, block, visited)| {
            let end = &self.values.program.funcs[frame.func].blocks[*block].end;
            visited.ends && !matches!(end, End::Throw(_) | End::Stop)
        })
    }

    /// Does a block of a function that leads to serving do nothing but what a library does, and then leave the function?
    fn is_way_out(&self, func: FuncId, block: BlockId, visited: &Visited) -> bool {
        let body = &self.values.program.funcs[func];
        let gives_nothing =
            |value: InstrId| matches!(body.instrs[value].op, Op::Const(Const::Undefined | Const::Null | Const::Int(_)));
        let leaves = match body.blocks[block].end {
            End::Return(value) => value.is_none_or(gives_nothing),
            End::Goto(_) | End::Branch { .. } | End::Throw(_) | End::Stop => false,
        };
        let has_effect = |at: At| {
            self.later.iter().any(|(_, by, _)| *by == at)
                || self.rebinds.iter().any(|rebind| rebind.at == at)
                || !self.values.callees(at).is_empty()
        };
        leaves
            && self.to_serving.contains(&func)
            && visited.events.iter().all(|event| event.frames.is_empty() && !event.serves)
            && !body.blocks[block]
                .instrs
                .iter()
                .any(|id| matches!(body.instrs[*id].op, Op::Store(..)) || has_effect((func, *id)))
    }

    /// Is it by what the exploration assumes that it is decided what runs while the process serves?
    fn asks_for_assumed(&self) -> bool {
        let is_assumed = |sym: &Symbol| self.assumed.names(sym);
        let speaks_of_assumed = |facts: &Facts| facts.iter().any(|(sym, _)| is_assumed(sym));
        self.asked.iter().any(|sym| {
            let mut given = self.chosen.alternatives.of(sym).into_iter().flatten();
            is_assumed(sym) || given.any(|(abs, facts)| abs.sym().is_some_and(is_assumed) || speaks_of_assumed(facts))
        })
    }
}
