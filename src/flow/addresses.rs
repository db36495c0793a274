//! Addresses that have no password any more: `url.password = ""`, `url.set_password(None)`, and where they are asked for one that
//! is not there.

use crate::ir::instr::{Call, Field, InstrId, Op, Place};
use crate::models::index::Table;
use crate::resolve::solve::Values;
use crate::resolve::values::{At, Value};

use super::checks::{Check, Checks, Tells};
use super::transfer::{Pass, State};

impl Pass<'_, '_> {
    /// Is it the member of an address that holds its password: `url.password`?
    pub(super) fn is_password_of_address(&self, place: &Place) -> bool {
        self.row_of_member(place, Table::PasswordPart).is_some()
    }

    /// In a state, the address that a place is the password of has none.
    pub(super) fn without_password(&self, state: &mut State, place: &Place) {
        let Some((address, _)) = place.split_last() else { return };
        if let Some(known) = self.held_in(state, &address) {
            *known = known.without_password();
        }
    }

    /// In a state, the text that an address was made of has no password: it was asked for, and there is none.
    ///
    /// ```text
    /// const url = new URL(raw);
    /// if (!url.password) return raw;
    /// ```
    pub(super) fn without_password_in_text(&self, state: &mut State, place: &Place) {
        if !self.is_password_of_address(place) {
            return;
        }
        let Some((address, _)) = place.split_last() else { return };
        let mut made = self.func.instrs.iter().filter_map(|instr| match &instr.op {
            Op::Store(to, value) if to.base == address.base && to.path == address.path => Some(*value),
            _ => None,
        });
        if let (Some(value), None) = (made.next(), made.next())
            && let Op::Call(call) = &self.func.instrs[value].op
        {
            for arg in &call.args {
                if let Op::Load(text) = &self.func.instrs[arg.value].op
                    && let Some(known) = self.held_in(state, text)
                {
                    *known = known.without_password();
                }
            }
        }
    }

    /// `url.set_password(None)`: what the address has from then on is what the call puts there.
    pub(super) fn overwrite_password(&mut self, call: &Call, at: At) {
        if !call.args.is_empty() && is_about_password(self.taint.values, at) {
            let mut state = std::mem::take(&mut self.state);
            self.without_password(&mut state, &call.callee);
            self.state = state;
        }
    }
}

impl Checks<'_, '_> {
    /// `url.password().is_some()`: the address has a password where it says so.
    pub(super) fn asks_for_password(&self, option: InstrId, says: bool) -> Option<Check> {
        let Op::Call(call) = &self.func.instrs[option].op else { return None };
        let is_asked = call.args.is_empty() && is_about_password(self.values, (self.id, option));
        is_asked.then(|| Check { place: call.callee.clone(), tells: Tells::Harmless, holds: !says })
    }
}

/// Is what is called a method of an address that gives or takes its password?
fn is_about_password(values: &Values<'_>, at: At) -> bool {
    let index = &values.models.index;
    let is_method = |value: &Value| matches!(value, Value::Api(node, _) if index.node(*node).has(Table::PasswordPart));
    let is_member = values.call_at(at).is_some_and(|call| matches!(call.callee.path.last(), Some(Field::Name(_))));
    is_member && values.callee_slot(at).is_some_and(|slot| values.of_slot(slot).items().iter().any(is_method))
}
