//! What texts that are known say when they are asked: `"ERP_PASSWORD".toLowerCase().includes("password")`.
//!
//! A helper is handed a name, and does something else where the name says that it is a secret's.

use crate::ir::func::FuncId;
use crate::ir::instr::{Base, Call, Const, Field, InstrId, Place};
use crate::models::lists::TextQuestion;

use super::abs::Abs;
use super::explore::{Explorer, State};

impl Explorer<'_> {
    /// What a method of a text that is known gives, where that is known.
    pub(super) fn of_known_text(&self, func: FuncId, call: &Call, state: &State) -> Option<Abs> {
        let (owner, Field::Name(method)) = call.callee.split_last()? else { return None };
        let models = self.values.models;
        let question = models.text_question(method);
        if question.is_none() && (!call.args.is_empty() || models.spelling(method).is_none()) {
            return None;
        }
        let Abs::Const(Const::Str(text)) = self.held(func, &owner, state)? else { return None };
        let Some(question) = question else {
            return models.spelled(method, &text).map(|spelled| Abs::Const(Const::str(&spelled)));
        };
        let [asked] = call.args.as_slice() else { return None };
        let says = self.asked_of(func, &text, question, asked.value, state)?;
        Some(Abs::Const(Const::Bool(says)))
    }

    /// Does a text say yes to a question about another one, or about any of a list?
    pub(super) fn asked_of(
        &self,
        func: FuncId,
        text: &str,
        question: TextQuestion,
        asked: InstrId,
        state: &State,
    ) -> Option<bool> {
        match self.operand(func, asked, state) {
            Some(Abs::Const(Const::Str(part))) => Some(question.holds(text, &part)),
            _ => {
                let parts = self.constants_in(func, asked)?;
                let mut says = parts.iter().map(|part| match part {
                    Const::Str(part) => Some(question.holds(text, part)),
                    _ => None,
                });
                says.try_fold(false, |any, one| Some(any | one?))
            }
        }
    }

    /// What a variable or value itself is known to be.
    fn held(&self, func: FuncId, place: &Place, state: &State) -> Option<Abs> {
        match (&place.base, &*place.path) {
            (Base::Value(value), []) => self.operand(func, *value, state),
            (base, []) => {
                let known = self.var(base).and_then(|var| state.vars.get(var).cloned());
                known.or_else(|| self.variable(base))
            }
            _ => None,
        }
    }
}
