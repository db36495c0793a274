//! How a value got where it is.

use std::rc::Rc;

use crate::base::Symbol;
use crate::base::bounds::MAX_TRACE;
use crate::ir::func::FuncId;
use crate::resolve::values::At;

/// What happened to a value at a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// It came into being.
    Source,
    /// Handed to a function of the program.
    Passed(FuncId),
    Returned(FuncId),
    Thrown(FuncId),
    /// Kept in a variable or field.
    Stored(Symbol),
    /// Through a library call.
    Through,
    Caught,
    Given,
}

/// How a value got where it is: a list of steps, shared between values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trace(Option<Rc<Node>>);

#[derive(Debug)]
struct Node {
    len: u32,
    before: Trace,
    step: Tail,
}

#[derive(Debug)]
enum Tail {
    Step(At, What),
    More(Trace),
}

impl Trace {
    pub(crate) fn len(&self) -> u32 {
        self.0.as_ref().map_or(0, |node| node.len)
    }

    pub(crate) fn then(self, at: At, what: What) -> Self {
        let len = self.len() + 1;
        if len > MAX_TRACE {
            return self;
        }
        Self(Some(Rc::new(Node { len, before: self, step: Tail::Step(at, what) })))
    }

    /// This one, then all of the other.
    pub(crate) fn followed_by(self, other: &Trace) -> Self {
        let len = self.len() + other.len();
        if other.len() == 0 || len > MAX_TRACE {
            return self;
        }
        if self.len() == 0 {
            return other.clone();
        }
        Self(Some(Rc::new(Node { len, before: self, step: Tail::More(other.clone()) })))
    }

    /// The steps in order.
    pub(crate) fn steps(&self) -> Vec<(At, What)> {
        let mut found = Vec::with_capacity(self.len() as usize);
        let mut open = vec![self];
        while let Some(Trace(node)) = open.pop() {
            let Some(node) = node else { continue };
            open.push(&node.before);
            match &node.step {
                Tail::Step(at, what) => found.push((*at, what.clone())),
                Tail::More(more) => open.push(more),
            }
        }
        found.reverse();
        found
    }
}
