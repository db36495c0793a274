//! Results that are thrown: what has the fields of a tool's result is one, and no error.
//!
//! ```text
//! catch (error) { if (isResult(error)) return error; … }   // "content" in error
//! ```

use crate::base::bounds::MAX_CHECK_DEPTH;
use crate::ir::instr::{Const, InstrId};
use crate::ir::program::Language;

use super::checks::{Check, Checks, Tells};
use super::no_error::RESULT_FIELDS;

/// One that only results have as long as what has it was thrown.
const RESULT_CONTENT: &str = "content";

impl Checks<'_, '_> {
    /// What it tells that a script's object has a property.
    pub(super) fn has_result_field(&self, key: InstrId, object: InstrId) -> Option<Check> {
        let Some(Const::Str(name)) = self.constant(key) else { return None };
        let is_asked = self.values.language(self.id) == Language::Script
            && (name == RESULT_CONTENT || RESULT_FIELDS.contains(&name.as_str()));
        let place = self.place(object, MAX_CHECK_DEPTH).filter(|_| is_asked)?;
        Some(Check { place, tells: Tells::NoError, holds: true })
    }
}
