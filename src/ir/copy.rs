//! Copies of functions, with all that is declared inside them.

use std::collections::BTreeMap;

use super::func::FuncId;
use super::instr::{Base, Op};
use super::program::{CellId, Program};

impl Program {
    /// A function and the functions declared inside it, outer ones first. `children`: by function, those declared in it.
    pub(crate) fn tree(&self, root: FuncId, children: &BTreeMap<FuncId, Vec<FuncId>>) -> Vec<FuncId> {
        let mut tree = vec![root];
        let mut next = 0;
        while let Some(func) = tree.get(next).copied() {
            next += 1;
            tree.extend(children.get(&func).into_iter().flatten().copied());
        }
        tree
    }

    /// Copies functions with the variables that they share (`cells`: by function, its own); gives, for each, its copy. What
    /// lies outside of them, the copies have in common with the originals.
    pub(crate) fn copy(&mut self, tree: &[FuncId], cells: &BTreeMap<FuncId, Vec<CellId>>) -> BTreeMap<FuncId, FuncId> {
        let first = self.funcs.len();
        let copies: BTreeMap<FuncId, FuncId> =
            tree.iter().enumerate().map(|(at, func)| (*func, crate::base::idx::Id::new(first + at))).collect();
        let mut copied = BTreeMap::new();
        for (func, copy) in &copies {
            for id in cells.get(func).into_iter().flatten() {
                let mut cell = self.cells[*id].clone();
                cell.owner = *copy;
                copied.insert(*id, self.cells.push(cell));
            }
        }
        for func in tree {
            let mut copy = self.funcs[*func].clone();
            if let Some(parent) = copy.parent.as_ref().and_then(|parent| copies.get(parent)) {
                copy.parent = Some(*parent);
            }
            for instr in copy.instrs.iter_mut() {
                if let Op::Closure(inner) = &mut instr.op
                    && let Some(copy) = copies.get(inner)
                {
                    *inner = *copy;
                }
            }
            copy.bases_mut(&mut |base| {
                if let Base::Cell(cell) = base
                    && let Some(copy) = copied.get(cell)
                {
                    *cell = *copy;
                }
            });
            self.funcs.push(copy);
        }
        copies
    }
}
