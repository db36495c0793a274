//! Which call a condition asks for its answer, and what that is on each way.
//!
//! ```text
//! problem = check(kind)
//! if problem is not None:     # on this way `check` gave something
//!     return problem
//! ```

use crate::base::bounds::MAX_CHECK_DEPTH;
use crate::ir::func::{End, FuncKind, Function};
use crate::ir::instr::{Base, CallStyle, Const, Entry, Field, InstrId, Op, Oper, Place, Record, RecordKind, TextPart};
use crate::ir::program::Language;
use crate::resolve::solve::CallKind;

use super::checks::Checks;
use super::domain::has_value;

/// What a condition says of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Answer {
    True,
    False,
    /// It is nothing, or it is something: in Rust an error or nothing, or a value.
    Nothing,
    Something,
}

/// A call that is asked.
pub(super) struct Question {
    pub(super) call: InstrId,
    /// What its answer is where the condition holds, and where it fails.
    pub(super) holds: Answer,
    pub(super) fails: Answer,
    /// It is the answer itself, and no promise of it.
    pub(super) is_awaited: bool,
}

impl Answer {
    pub(super) fn is(self, truth: bool) -> bool {
        self == if truth { Self::True } else { Self::False }
    }

    /// Where it is so, is it so, too, that the answer is `other`?
    pub(super) fn implies(self, other: Self) -> bool {
        self == other || matches!((self, other), (Self::Nothing, Self::False) | (Self::True, Self::Something))
    }

    /// The answer of which a value is the negation.
    pub(super) fn negated(self) -> Option<Self> {
        match self {
            Self::True => Some(Self::False),
            Self::False => Some(Self::True),
            Self::Nothing | Self::Something => None,
        }
    }

    /// Can a value not be so, whatever happens?
    fn excludes(self, func: &Function, value: InstrId) -> bool {
        match &func.instrs[value].op {
            Op::Const(known) => match (self, known) {
                (Self::True, known) => truth(known) == Some(false),
                (Self::False, known) => truth(known) == Some(true),
                (Self::Nothing, known) => !is_nothing(known),
                (Self::Something, known) => is_nothing(known),
            },
            Op::Record(record) => match (self, is_something(record)) {
                (Self::Something, Some(is)) => !is,
                (Self::Nothing, Some(is)) => is,
                (Self::True | Self::False, Some(_)) => false,
                (Self::False, None) => record.entries.iter().any(|entry| matches!(entry, Entry::Field(..))),
                (Self::Nothing, None) => true,
                (Self::True | Self::Something, None) => false,
            },
            Op::Text(parts) => match self {
                Self::False => parts.iter().any(|part| matches!(part, TextPart::Lit(text) if !text.is_empty())),
                Self::Nothing => true,
                Self::True | Self::Something => false,
            },
            _ => false,
        }
    }
}

impl Checks<'_, '_> {
    /// Can a value not be so: by what it is, or by what the function gives that is called for it?
    pub(super) fn excludes(&self, is: Answer, value: InstrId, depth: usize) -> bool {
        if is.excludes(self.func, value) {
            return true;
        }
        let Some(depth) = depth.checked_sub(1) else { return false };
        let (Op::Call(call), [(callee, CallKind::Direct)]) =
            (&self.func.instrs[value].op, self.values.callees((self.id, value)))
        else {
            return false;
        };
        let func = &self.values.program.funcs[*callee];
        if call.style == CallStyle::New || func.kind == FuncKind::Constructor {
            return is == Answer::Nothing;
        }
        let inner = Self { id: *callee, func, ..*self };
        let mut given = func.blocks.iter().filter_map(|block| match block.end {
            End::Return(value) => Some(value),
            _ => None,
        });
        !func.is_async
            && !func.is_generator
            && func.annotations.is_empty()
            && given.all(|value| match value {
                Some(value) => inner.excludes(is, value, depth),
                None => matches!(is, Answer::True | Answer::Something),
            })
    }

    /// The call that a condition is the answer of.
    pub(super) fn question(&self, on: InstrId) -> Option<Question> {
        self.asked_of(on, MAX_CHECK_DEPTH)
    }

    fn asked_of(&self, on: InstrId, depth: usize) -> Option<Question> {
        let depth = depth.checked_sub(1)?;
        match &self.func.instrs[on].op {
            Op::Operator(Oper::Not, operands) => {
                let Question { call, holds, fails, is_awaited } = self.asked_of(*operands.first()?, depth)?;
                Some(Question { call, holds: fails, fails: holds, is_awaited })
            }
            Op::Operator(oper @ (Oper::Eq | Oper::Ne), operands) if self.language() == Language::Python => {
                let [value, nothing] = operands[..] else { return None };
                self.constant(nothing).filter(|known| is_nothing(known))?;
                let Question { call, holds: Answer::True, is_awaited, .. } = self.asked_of(value, depth)? else {
                    return None;
                };
                let (holds, fails) = match oper {
                    Oper::Eq => (Answer::Nothing, Answer::Something),
                    _ => (Answer::Something, Answer::Nothing),
                };
                Some(Question { call, holds, fails, is_awaited })
            }
            // `check(name)?`, `if let Err(e) = check(name)`
            Op::Operator(Oper::IsVariant, operands) if self.language() == Language::Rust => {
                let [value, variant] = operands[..] else { return None };
                let is_something = self.is_something(variant)?;
                self.answer_of_result(value, is_something, depth)
            }
            Op::Load(place) if place.path.is_empty() => self.asked_of(self.only_store(place)?, depth),
            Op::Await(inner) => Some(Question { is_awaited: true, ..self.asked_of(*inner, depth)? }),
            Op::Call(call)
                if self.language() == Language::Rust
                    && let Some((Place { base: Base::Value(value), path }, Field::Name(name))) =
                        call.callee.split_last()
                    && path.is_empty()
                    && let Some(says) = self.values.models.says_present(name) =>
            {
                self.answer_of_result(value, says, depth)
            }
            Op::Call(_) => Some(Question { call: on, holds: Answer::True, fails: Answer::False, is_awaited: false }),
            _ => None,
        }
    }

    /// The same of a result or option, which a condition says to be something, or to be nothing.
    fn answer_of_result(&self, value: InstrId, is_something: bool, depth: usize) -> Option<Question> {
        let depth = depth.checked_sub(1)?;
        let (holds, fails) =
            if is_something { (Answer::Something, Answer::Nothing) } else { (Answer::Nothing, Answer::Something) };
        match &self.func.instrs[value].op {
            Op::Await(inner) => {
                Some(Question { is_awaited: true, ..self.answer_of_result(*inner, is_something, depth)? })
            }
            Op::Load(place) if place.path.is_empty() => {
                self.answer_of_result(self.only_store(place)?, is_something, depth)
            }
            Op::Call(call) => match self.handed_on(call) {
                Some(inner) => self.answer_of_result(inner, is_something, depth),
                None => Some(Question { call: value, holds, fails, is_awaited: false }),
            },
            _ => None,
        }
    }

    fn language(&self) -> Language {
        self.values.language(self.id)
    }
}

fn is_nothing(known: &Const) -> bool {
    matches!(known, Const::Null | Const::Undefined)
}

/// Is it a result or an option that has a value?
fn is_something(record: &Record) -> Option<bool> {
    match &record.entries[..] {
        [Entry::Field(Field::Variant(name, _), _), ..] if record.kind == RecordKind::Variant => has_value(name),
        _ => None,
    }
}

/// Is a constant true where it is a condition?
fn truth(known: &Const) -> Option<bool> {
    match known {
        Const::Bool(is) => Some(*is),
        Const::Null | Const::Undefined => Some(false),
        Const::Str(text) => Some(!text.is_empty()),
        _ => None,
    }
}
