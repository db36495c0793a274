//! Functions that are called where they are written: what is known of the variables around them there, holds in them.
//!
//! ```text
//! loop.run_in_executor(None, lambda: ask(url))     # what `ask` raises is of this call's `url`
//! ```

use crate::ir::func::FuncId;
use crate::ir::instr::{Base, Field, InstrId, Op, Place};
use crate::ir::program::Language;
use crate::models::index::Table;
use crate::models::schema::CallbackTime;
use crate::resolve::values::At;

use super::domain::{Heap, Root};
use super::leading::assigned;
use super::transfer::Pass;
use super::tree::Tree;

impl Pass<'_, '_> {
    /// Is a function called where it is written, or by the name that it has there: `(() => …)()`, `text.replace(pattern, (found) => …)`,
    /// `def first(): …` and `first()`?
    pub(super) fn is_made_here(&self, at: At, func: FuncId) -> bool {
        let Op::Call(call) = &self.func.instrs[at.1].op else { return false };
        let is_it = |made: InstrId| matches!(self.func.instrs[made].op, Op::Closure(inner) if inner == func);
        match (&call.callee.base, &*call.callee.path) {
            (Base::Value(_) | Base::Local(_), []) => assigned(self.func, &call.callee.base).is_some_and(is_it),
            (Base::Cell(cell), []) if self.is_own(*cell) => assigned(self.func, &call.callee.base).is_some_and(is_it),
            // What goes through a container or a text calls the function there and then, and keeps it nowhere.
            (_, [.., Field::Name(name)]) if self.language == Language::Script => {
                let models = self.taint.values.models;
                (models.iterates(name) || models.writes_in(name)) && call.args.iter().any(|arg| is_it(arg.value))
            }
            _ => false,
        }
    }

    /// Does a library call a function that is written here during the call that hands it over:
    /// `loop.run_in_executor(None, lambda: ask(url))`?
    fn is_called_at_once(&self, at: At, func: FuncId) -> bool {
        let Op::Call(call) = &self.func.instrs[at.1].op else { return false };
        let is_it = |made: InstrId| matches!(self.func.instrs[made].op, Op::Closure(inner) if inner == func);
        let is_handed = |value: InstrId| match &self.func.instrs[value].op {
            Op::Load(place) if place.path.is_empty() => assigned(self.func, &place.base).is_some_and(is_it),
            _ => is_it(value),
        };
        if !call.args.iter().any(|arg| is_handed(arg.value)) {
            return false;
        }
        let values = self.taint.values;
        let mut rows =
            values.call_rows(at, Table::Callback).into_iter().map(|row| values.models.callback(row)).peekable();
        rows.peek().is_some() && rows.all(|row| row.runs == CallbackTime::Now && !row.replaces_errors)
    }

    /// What a variable of this function holds that a function uses which is called where it is written: what is known of it there.
    pub(super) fn held_where_made(&mut self, at: At, func: FuncId, root: Root) -> Option<Tree> {
        let place = self.own_variable(root)?;
        self.is_made_here(at, func).then(|| self.load(&place, at))
    }

    /// The same of what it raises, also where a library calls it at once.
    pub(super) fn held_where_raised(&mut self, at: At, func: FuncId, root: Root) -> Option<Tree> {
        let place = self.own_variable(root)?;
        (self.is_made_here(at, func) || self.is_called_at_once(at, func)).then(|| self.load(&place, at))
    }

    /// The variable of this function that an origin is, where functions inside use it.
    fn own_variable(&self, root: Root) -> Option<Place> {
        let Root::Heap(heap) = root else { return None };
        let Heap::Cell(cell) = self.taint.names.heaps[heap] else { return None };
        self.is_own(cell).then(|| Place::of(Base::Cell(cell)))
    }
}
