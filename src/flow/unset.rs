//! Fields and variables that nothing is put into in a process: what only runs where one holds something does not run. Where
//! `start() { if (this.enabled) this.web = listen(); }` never gets to the store, `stop() { if (this.web) … }` does nothing.
//!
//! Which code runs is known when a process is explored; until then a field has a name, and conditions ask for that.

use rustc_hash::FxHashSet;

use crate::base::Symbol;
use crate::ir::func::{FuncId, FuncKind};
use crate::ir::instr::{Field, Op};
use crate::ir::program::Language;
use crate::resolve::solve::Values;
use crate::resolve::values::At;

use super::abs::{Abs, Facts, truth};
use super::explore::Explorer;

/// The names of fields that are stored to in objects of which nothing is known.
pub(super) fn stored_openly(values: &Values<'_>) -> FxHashSet<Symbol> {
    let known: FxHashSet<At> = values.field_stores().collect();
    let mut found = FxHashSet::default();
    for (func, body) in values.program.funcs.iter_enumerated() {
        for (id, instr) in body.instrs.iter_enumerated() {
            if let Op::Store(place, _) = &instr.op
                && let Some(Field::Name(name)) = place.path.last()
                && !known.contains(&(func, id))
            {
                found.insert(name.clone());
            }
        }
    }
    found
}

impl Explorer<'_> {
    /// A symbol stands for what `stores` put under a name, and for nothing before that.
    pub(super) fn note_kept(&self, sym: &Symbol, name: &Symbol, stores: &[At]) {
        let program = self.values.program;
        let is_told = |at: &At| match self.values.language(at.0) {
            Language::Script => true,
            // What is declared and not written may be filled in another way: `@dataclass`.
            Language::Python => program.funcs[at.0].kind == FuncKind::Constructor,
            Language::Rust => false,
        };
        let are_stores = stores.iter().all(|at| matches!(program.funcs[at.0].instrs[at.1].op, Op::Store(..)));
        let mut kept = self.kept.borrow_mut();
        if are_stores
            && !kept.contains_key(sym)
            && stores.iter().any(is_told)
            && !self.prepared.stored_openly.contains(name)
        {
            kept.insert(sym.clone(), stores.into());
        }
    }

    /// Does a symbol stand for what is put under a name?
    pub(super) fn is_noted(&self, sym: &Symbol) -> bool {
        self.kept.borrow().contains_key(sym)
    }

    /// The symbol of something that holds nothing, so that it can't be true where the facts say it is: none of the functions
    /// that run, `entered`, puts anything there.
    pub(super) fn unset(&self, facts: &Facts, entered: &FxHashSet<FuncId>) -> Option<Symbol> {
        let kept = self.kept.borrow();
        let puts_something = |at: &At| {
            let is_empty = |abs: &Abs| truth(abs, &[]) == Some(false);
            let stored = self.seen.get(at);
            entered.contains(&at.0) && stored.is_some_and(|stored| !stored.as_ref().is_some_and(is_empty))
        };
        let is_unset = |sym: &Symbol| kept.get(sym).is_some_and(|stores| !stores.iter().any(puts_something));
        let mut on = facts.iter().filter(|(_, fact)| fact.is_on()).map(|(sym, _)| sym);
        on.find(|sym| is_unset(sym)).cloned()
    }
}
