//! Functions with all that is declared inside them, and copies of them.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::func::FuncId;
use super::instr::{Base, InstrId, Op, Place};
use super::program::{CellId, Program};

impl Program {
    /// By function, those declared in it.
    pub(crate) fn children(&self) -> BTreeMap<FuncId, Vec<FuncId>> {
        let mut children: BTreeMap<FuncId, Vec<FuncId>> = BTreeMap::new();
        for (id, func) in self.funcs.iter_enumerated() {
            if let Some(parent) = func.parent {
                children.entry(parent).or_default().push(id);
            }
        }
        children
    }

    /// By variable that outlives a call: the functions that assign it as a whole, and what.
    pub(crate) fn assigned(&self) -> FxHashMap<CellId, Vec<(FuncId, InstrId)>> {
        let mut assigned: FxHashMap<CellId, Vec<(FuncId, InstrId)>> = FxHashMap::default();
        for (id, func) in self.funcs.iter_enumerated() {
            for instr in func.instrs.iter() {
                if let Op::Store(Place { base: Base::Cell(cell), path }, value) = &instr.op
                    && path.is_empty()
                {
                    assigned.entry(*cell).or_default().push((id, *value));
                }
            }
        }
        assigned
    }

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
