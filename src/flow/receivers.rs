//! What is known of the object of a method that is called: which variant of an enum it is.
//!
//! ```text
//! impl Transport { fn is_http(&self) -> bool { matches!(self, Transport::Http) } }
//!
//! if args.transport.is_http() { announce(port) }
//! ```

use crate::ir::func::FuncId;
use crate::ir::instr::{Base, Call, InstrId, Place};
use crate::ir::program::ClassKind;
use crate::resolve::values::At;

use super::abs::Abs;
use super::explore::{Explorer, State};

impl Explorer<'_> {
    /// What a method of an enum is called on.
    pub(super) fn own_variant(&self, (func, id): At, call: &Call, callee: FuncId, state: &State) -> Option<Abs> {
        let program = self.values.program;
        program.funcs[callee].receiver?;
        let class = self.values.classes.owner(callee)?;
        if program.classes[class].kind != ClassKind::Enum || self.values.handed_receiver((func, id), callee).is_some() {
            return None;
        }
        let (owner, _) = call.callee.split_last()?;
        let known = self.held_in_place(func, id, &owner, state)?;
        Some(known).filter(|abs| !self.tells_nothing(abs, func, callee, state))
    }

    /// What a place is known to hold where a method is called on it: what a load of it would give.
    pub(super) fn held_in_place(&self, func: FuncId, call: InstrId, place: &Place, state: &State) -> Option<Abs> {
        if let (Base::Value(value), []) = (&place.base, &*place.path) {
            return self.operand(func, *value, state);
        }
        if let Some(abs) = self.var(&place.base).filter(|_| place.path.is_empty()).and_then(|var| state.vars.get(var)) {
            return Some(abs.clone());
        }
        let made = || self.field_of_made(place, state);
        let option = || self.option_place(func, place).filter(|option| !self.is_never_set(option)).map(Abs::Sym);
        let field = || self.single_field(func, call, place);
        made().or_else(option).or_else(field).or_else(|| self.place_sym(func, place, state).map(Abs::Sym))
    }
}
