//! Variables of the functions around one, as far as that one asks about what is in them:
//!
//! ```text
//! const run = async ({ name }) => guarded(async () => {
//!     const tool = findTool(name);         // raises for what the program does not name
//!     console.error("running", name);      // so that this is a name of the program
//! });
//! ```
//!
//! What the function itself, or one inside it, puts there is seen in the variable, and nothing is known of such a one.

use std::collections::BTreeSet;

use crate::ir::func::FuncKind;
use crate::ir::instr::{Base, Op, Place};
use crate::ir::program::CellId;

use super::transfer::{Pass, State, Var};
use super::tree::Tree;

impl Pass<'_, '_> {
    /// What a variable of another function holds.
    pub(super) fn captured(&mut self, cell: CellId) -> Tree {
        let mut tree = Tree::default();
        self.taint.add_cell(cell, &mut tree);
        tree
    }

    /// The variables of the functions around this one that it reads and does not write.
    pub(super) fn asked_of_others(&self) -> BTreeSet<CellId> {
        let program = self.taint.values.program;
        if self.func.parent.is_none_or(|parent| program.funcs[parent].kind == FuncKind::Init) {
            return BTreeSet::new();
        }
        let is_of_other = |cell: &CellId| {
            let owner = program.cells[*cell].owner;
            owner != self.id && program.funcs[owner].kind != FuncKind::Init
        };
        let mut read = BTreeSet::new();
        let mut written = BTreeSet::new();
        for instr in self.func.instrs.iter() {
            match &instr.op {
                Op::Load(Place { base: Base::Cell(cell), .. }) if is_of_other(cell) => _ = read.insert(*cell),
                Op::Store(Place { base: Base::Cell(cell), .. }, _) => _ = written.insert(*cell),
                _ => {}
            }
        }
        &read - &written
    }

    /// The variable that a place begins with, where a state tells what is in there.
    pub(super) fn known_var(&self, base: &Base, state: &State) -> Option<Var> {
        let of_other = || match base {
            Base::Cell(cell) => Some(Var::Shared(*cell)).filter(|var| state.contains_key(var)),
            _ => None,
        };
        self.var(base).or_else(of_other)
    }
}
