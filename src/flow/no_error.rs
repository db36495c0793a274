//! Conditions that tell of a value that it is no error, without asking for the class: by what only errors have, or never have.

use crate::base::bounds::MAX_CHECK_DEPTH;
use crate::ir::instr::{Const, Field, InstrId, Op, Oper, Place};
use crate::ir::program::Language;

use super::apply::MESSAGE;
use super::checks::{Check, Checks, Tells};
use super::domain::{ERR, Entry, OK};

/// Fields that only a tool's result has.
pub(super) const RESULT_FIELDS: [&str; 2] = ["isError", "structuredContent"];

/// What `typeof` says of an object, and so of an error.
const OBJECT_TYPE: &str = "object";

impl Checks<'_, '_> {
    /// `error.message || error`, `error?.message ?? error`: what has no message is no error.
    pub(super) fn lacks_message(&self, on: InstrId) -> Option<Check> {
        let (asked, holds) = match &self.func.instrs[on].op {
            Op::Operator(Oper::IsMissing, operands) => (*operands.first()?, true),
            Op::Operator(Oper::Not, operands) => (*operands.first()?, true),
            _ => (on, false),
        };
        let Op::Load(Place { base, path }) = &self.func.instrs[asked].op else { return None };
        let [before @ .., Field::Name(name)] = &**path else { return None };
        let is_asked = self.values.language(self.id) == Language::Script && name == MESSAGE;
        is_asked.then(|| Check {
            place: Place { base: base.clone(), path: before.into() },
            tells: Tells::NoError,
            holds,
        })
    }

    /// `error.isError !== undefined`, `error?.isError`: what has a field of a tool's result is one, and no error.
    pub(super) fn is_result(&self, on: InstrId) -> Option<Check> {
        let is_nothing = |value: &InstrId| matches!(self.constant(*value), Some(Const::Undefined | Const::Null));
        let (asked, holds) = match &self.func.instrs[on].op {
            Op::Operator(Oper::Not, operands) => return Some(self.is_result(*operands.first()?)?.negated()),
            Op::Operator(Oper::IsMissing, operands) => (*operands.first()?, false),
            Op::Operator(oper @ (Oper::Eq | Oper::Ne), operands) => {
                let nothing = operands.iter().position(is_nothing)?;
                (*operands.get(1 - nothing.min(1))?, *oper == Oper::Ne)
            }
            _ => (on, true),
        };
        let Op::Load(Place { base, path }) = &self.func.instrs[asked].op else { return None };
        let [before @ .., Field::Name(name)] = &**path else { return None };
        let place = Place { base: base.clone(), path: before.into() };
        (RESULT_FIELDS.contains(&name.as_str())).then_some(Check { place, tells: Tells::NoError, holds })
    }

    /// `typeof value === "object" ? JSON.stringify(value) : value`: what is no object is no error.
    pub(super) fn is_object(&self, on: InstrId) -> Option<Check> {
        let (operands, holds) = match &self.func.instrs[on].op {
            Op::Operator(Oper::Not, operands) => return Some(self.is_object(*operands.first()?)?.negated()),
            Op::Operator(Oper::Eq, operands) => (operands, false),
            Op::Operator(Oper::Ne, operands) => (operands, true),
            _ => return None,
        };
        let is_name = |value: &InstrId| matches!(self.constant(*value), Some(Const::Str(name)) if name == OBJECT_TYPE);
        let asked = operands.iter().find(|value| !is_name(value)).filter(|_| operands.iter().any(is_name))?;
        let Op::Operator(Oper::TypeOf, of) = &self.func.instrs[*asked].op else { return None };
        Some(Check { place: self.place(*of.first()?, MAX_CHECK_DEPTH)?, tells: Tells::NoError, holds })
    }
}

/// Does the entry sit elsewhere than in the error of a result, or of one inside it?
pub(super) fn is_no_error(entry: &Entry) -> bool {
    entry.at.iter().find(|key| *key != OK).is_none_or(|first| first != ERR)
}
