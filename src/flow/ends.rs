//! What the ways out of a function have in common.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::abs::Abs;
use super::alternatives::{Given, with};
use super::explore::{Phase, State};
use super::joins::meet;
use super::lazy::{Filled, both};

/// What the returns of a frame have in common.
pub(super) struct Ends {
    pub(super) ret: Option<Option<Abs>>,
    /// On each way out, where it is known.
    pub(super) given: Option<Given>,
    pub(super) phase: Phase,
    pub(super) rebinds: Option<Rc<BTreeSet<u32>>>,
    pub(super) filled: Option<Filled>,
    pub(super) filled_at_serve: Option<Filled>,
}

impl Ends {
    pub(super) fn new() -> Self {
        Self {
            ret: None,
            given: Some(Given::new()),
            phase: Phase::default(),
            rebinds: None,
            filled: None,
            filled_at_serve: None,
        }
    }

    /// One of them, with what is given back there.
    pub(super) fn add(&mut self, abs: Option<Abs>, state: &State) {
        self.given = self.given.take().zip(abs.clone()).and_then(|(given, abs)| with(given, &abs, &state.facts));
        self.ret = match self.ret.take() {
            None => Some(abs),
            Some(known) if known == abs => Some(known),
            Some(_) => Some(None),
        };
        self.phase = self.phase.union(state.phase);
        self.rebinds = Some(match self.rebinds.take() {
            None => state.rebinds.clone(),
            Some(known) => meet(&known, &state.rebinds),
        });
        self.filled =
            Some(self.filled.take().map_or_else(|| state.filled.clone(), |known| both(&known, &state.filled)));
    }

    /// Something starts to serve where these variables are filled.
    pub(super) fn serves_with(&mut self, filled: &Filled) {
        let known = self.filled_at_serve.take();
        self.filled_at_serve = Some(known.map_or_else(|| filled.clone(), |known| both(&known, filled)));
    }
}
