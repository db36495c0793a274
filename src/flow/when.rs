//! Under which conditions something gets where it gets: what has to be true of the parameters of a function.
//!
//! ```text
//! def find(name, quiet=True):
//!     if not quiet:
//!         log.info("looking for %s", name)    # only when `quiet` is false: not for `find(name)`
//! ```
//!
//! A condition is a handful of questions, all of which have to be answered as they say. What is found under several is found
//! under what these have in common. Where the questions come from, and what calls answer, is in `conditions`.

use std::rc::Rc;

use crate::base::Symbol;
use crate::base::bounds::MAX_ASKED;
use crate::ir::func::FuncId;
use crate::ir::instr::Const;

use super::abs::is_truthy;
use super::domain::RECEIVER;
use super::path::Path;

/// What has to be so for something to get somewhere. Without any question: it always does.
#[derive(Clone, Debug, Default)]
pub(crate) struct When(Option<Rc<[Asked]>>);

/// A question, and its answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Asked {
    pub(super) of: Part,
    pub(super) is: Is,
    pub(super) holds: bool,
}

/// In place of a parameter: the path names a switch, which is the same in the whole process.
pub(super) const SWITCH: u32 = RECEIVER - 1;

/// In place of a parameter: what the function gives; and what a call in it gave, which the path begins with.
pub(super) const RESULT: u32 = RECEIVER - 2;
pub(super) const GIVEN: u32 = RECEIVER - 3;

/// A part of what a function is given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Part {
    pub(super) param: u32,
    pub(super) path: Path,
    /// What is taken instead where it is missing.
    pub(super) default: Option<Const>,
    /// Nothing changes it while the function runs.
    pub(super) stays: bool,
}

/// What is asked of a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Is {
    True,
    Equal(Const),
    /// Is it this variant of an enum?
    Variant(Symbol),
    /// Is it an object of a class whose method this function is?
    Runs(FuncId),
}

/// What is known of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Held {
    Const(Const),
    /// Something that counts as true.
    Thing,
    /// An empty container that counts as false.
    Empty,
    Variant(Symbol),
    Part(Part),
    Unknown,
}

impl PartialEq for When {
    fn eq(&self, other: &Self) -> bool {
        self.is_same(other) || self.asked() == other.asked()
    }
}

impl Eq for When {}

impl When {
    /// `None` when the answers contradict each other.
    pub(super) fn of(mut asked: Vec<Asked>) -> Option<Self> {
        asked.sort();
        asked.dedup();
        let contradict = |at: usize| asked[at + 1..].iter().any(|other| asked[at].excludes(other));
        if (0..asked.len()).any(contradict) {
            return None;
        }
        asked.truncate(MAX_ASKED);
        Some(if asked.is_empty() { Self::default() } else { Self(Some(asked.into())) })
    }

    pub(crate) fn asked(&self) -> &[Asked] {
        self.0.as_deref().unwrap_or_default()
    }

    pub(super) fn is_always(&self) -> bool {
        self.0.is_none()
    }

    /// Is the one a copy of the other?
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(own), Some(other)) => Rc::ptr_eq(own, other),
            (None, None) => true,
            _ => false,
        }
    }

    /// Where both hold; `None` if that cannot be.
    pub(super) fn and(&self, other: &Self) -> Option<Self> {
        if other.is_always() || self.is_same(other) {
            return Some(self.clone());
        }
        if self.is_always() {
            return Some(other.clone());
        }
        Self::of(self.asked().iter().chain(other.asked()).cloned().collect())
    }

    /// What of it asks for switches.
    pub(super) fn of_switches(&self) -> Self {
        let is_switch = |asked: &&Asked| asked.of.param == SWITCH;
        if self.asked().iter().all(|asked| is_switch(&asked)) {
            return self.clone();
        }
        Self::of(self.asked().iter().filter(is_switch).cloned().collect()).unwrap_or_default()
    }

    /// Does each of the two ask something that the other one does not?
    pub(super) fn is_beside(&self, other: &Self) -> bool {
        let asks_more = |one: &Self, than: &Self| one.asked().iter().any(|asked| !than.asked().contains(asked));
        asks_more(self, other) && asks_more(other, self)
    }

    /// Where the one or the other holds, as far as both say the same.
    pub(super) fn or(&self, other: &Self) -> Self {
        if self.is_always() || self.is_same(other) {
            return self.clone();
        }
        let both: Vec<Asked> = self.asked().iter().filter(|asked| other.asked().contains(asked)).cloned().collect();
        if both.len() == self.asked().len() { self.clone() } else { Self::of(both).unwrap_or_default() }
    }
}

impl Asked {
    /// Is there no value of which both are so?
    fn excludes(&self, other: &Self) -> bool {
        if self.of != other.of || !self.of.stays {
            return false;
        }
        match (&self.is, &other.is) {
            (own, other_is) if own == other_is => self.holds != other.holds,
            (Is::Equal(value), is) if self.holds => is_so(value, is).is_some_and(|so| so != other.holds),
            (is, Is::Equal(value)) if other.holds => is_so(value, is).is_some_and(|so| so != self.holds),
            (Is::Variant(_), Is::Variant(_)) => self.holds && other.holds,
            _ => false,
        }
    }
}

impl Is {
    /// What is asked of something, answered by what is known of it.
    pub(super) fn answer(&self, held: &Held) -> Option<bool> {
        match held {
            Held::Const(value) => is_so(value, self),
            Held::Thing => match self {
                Self::True => Some(true),
                Self::Equal(value) if !is_truthy(value) => Some(false),
                Self::Equal(_) | Self::Variant(_) | Self::Runs(_) => None,
            },
            Held::Empty => match self {
                Self::True => Some(false),
                Self::Equal(value) if is_nothing(value) => Some(false),
                Self::Equal(_) | Self::Variant(_) | Self::Runs(_) => None,
            },
            Held::Variant(name) => match self {
                Self::Variant(asked) => Some(asked == name),
                Self::Equal(value) if is_nothing(value) => Some(name == NONE),
                Self::True | Self::Equal(_) | Self::Runs(_) => None,
            },
            Held::Part(_) | Held::Unknown => None,
        }
    }
}

/// The variant without a value.
const NONE: &str = "None";

/// What is asked of a constant. A script may take `null` for `undefined` and `0` for `false`, or not.
fn is_so(value: &Const, is: &Is) -> Option<bool> {
    match is {
        Is::True => Some(is_truthy(value)),
        Is::Equal(other) if value == other => Some(true),
        Is::Equal(other) if is_nothing(value) || is_nothing(other) => {
            if is_nothing(value) && is_nothing(other) {
                None
            } else {
                Some(false)
            }
        }
        Is::Equal(other) => (std::mem::discriminant(value) == std::mem::discriminant(other)).then_some(false),
        Is::Variant(name) => (*value == Const::Null).then(|| name == NONE),
        Is::Runs(_) => None,
    }
}

fn is_nothing(value: &Const) -> bool {
    matches!(value, Const::Null | Const::Undefined)
}
