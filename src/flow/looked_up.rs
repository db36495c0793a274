//! What was looked up in several places: whichever it was found in, it was found.

use crate::ir::instr::{Base, Const, InstrId, Op, Place};

use super::checks::{Check, Checks};

impl Checks<'_, '_> {
    /// What a variable holds that is something was found, whatever was put there last: `tool = a.get(name)`, then
    /// `tool = b.get(name)`.
    pub(super) fn found_each_time(&self, variable: &Place, depth: usize) -> Option<Check> {
        let Base::Local(local) = variable.base else { return None };
        if self.func.params.iter().any(|param| param.local == local) {
            return None;
        }
        let stores = self.func.instrs.iter().filter_map(|instr| match &instr.op {
            Op::Store(place, value) if place == variable => Some(*value),
            _ => None,
        });
        self.found_in_each(stores, depth).filter(|check| check.holds)
    }

    /// The same of each of some values, of those that are something.
    pub(super) fn found_in_each(&self, given: impl Iterator<Item = InstrId>, depth: usize) -> Option<Check> {
        let is_something =
            |value: &InstrId| !matches!(self.func.instrs[*value].op, Op::Const(Const::Null | Const::Undefined));
        let mut given = given.filter(is_something);
        let check = self.found(given.next()?, depth)?;
        let is_same =
            |other: Check| (&other.place, other.holds) == (&check.place, check.holds) && other.tells == check.tells;
        given.all(|given| self.found(given, depth).is_some_and(is_same)).then_some(check)
    }
}
