//! What texts that are known say when they are asked: `"ERP_PASSWORD".toLowerCase().includes("password")`.
//!
//! A helper is handed a name, and does something else where the name says that it is a secret's. It may ask for any of a list.

use crate::ir::func::FuncId;
use crate::ir::instr::{Base, Call, Const, Entry, Field, InstrId, Op, Place, RecordKind};
use crate::models::lists::TextQuestion;
use crate::resolve::values::{At, Key, Obj, Site, Value};

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

    /// The constants in a list, set or tuple that is written out: there, or where a variable gets it that nobody adds to. Of a
    /// table its keys.
    pub(super) fn constants_in(&self, func: FuncId, value: InstrId) -> Option<Vec<Const>> {
        match &self.values.program.funcs[func].instrs[value].op {
            Op::Record(_) => self.constants_written((func, value)),
            _ => self.constants_of(self.values.of(func, value).items()),
        }
    }

    pub(super) fn constants_of(&self, found: &[Value]) -> Option<Vec<Const>> {
        match found {
            [Value::Record(Site::Instr(made))] if !self.is_added_to(*made) => self.constants_written(*made),
            _ => None,
        }
    }

    /// Is something put into the list that a literal makes, beside what is written there?
    fn is_added_to(&self, made: At) -> bool {
        let Op::Record(record) = &self.values.program.funcs[made.0].instrs[made.1].op else { return true };
        let written = |at: &At| {
            let is_it = |entry: &Entry| matches!(entry, Entry::Field(_, value) if (made.0, *value) == *at);
            record.entries.iter().any(is_it)
        };
        !self.values.stores_to(&Obj::Record(Site::Instr(made)), &Key::Some).iter().all(written)
    }

    fn constants_written(&self, (func, value): At) -> Option<Vec<Const>> {
        let body = &self.values.program.funcs[func];
        let Op::Record(record) = &body.instrs[value].op else { return None };
        let is_table = record.kind == RecordKind::Object;
        let constant = |entry: &Entry| match entry {
            Entry::Field(Field::Name(name), _) if is_table => Some(Const::Str(name.clone())),
            Entry::Field(_, value) if !is_table => match &body.instrs[*value].op {
                Op::Const(constant) => Some(constant.clone()),
                _ => None,
            },
            _ => None,
        };
        record.entries.iter().map(constant).collect()
    }
}
