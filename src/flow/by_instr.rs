//! Tables by instruction: a row for each function, made when something is first known there. What is asked for one after the
//! other, the instructions of a function, lies together.

use crate::base::idx::Id;
use crate::ir::func::FuncId;
use crate::ir::program::Program;
use crate::resolve::values::At;

/// What is known of single instructions.
pub(crate) struct ByInstr<T> {
    rows: Vec<Vec<Option<T>>>,
}

impl<T> Default for ByInstr<T> {
    fn default() -> Self {
        Self { rows: Vec::new() }
    }
}

impl<T> ByInstr<T> {
    pub(super) fn get(&self, at: At) -> Option<&T> {
        self.rows.get(at.0.index())?.get(at.1.index())?.as_ref()
    }

    /// The place for an instruction.
    pub(super) fn slot(&mut self, program: &Program, at: At) -> &mut Option<T> {
        let row = row_of(&mut self.rows, at.0, program.funcs.len());
        if row.is_empty() {
            row.resize_with(program.funcs[at.0].instrs.len(), || None);
        }
        &mut row[at.1.index()]
    }
}

fn row_of<R: Default>(rows: &mut Vec<R>, func: FuncId, n_funcs: usize) -> &mut R {
    if rows.is_empty() {
        rows.resize_with(n_funcs, R::default);
    }
    &mut rows[func.index()]
}
