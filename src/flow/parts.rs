//! In how many parts a long-lived place holds one origin.

use crate::base::bounds::{MAX_FIELD_DEPTH, MAX_HEAP_FIELDS};

use super::domain::Entry;

/// How many facts are known of a place and an origin.
#[derive(Clone, Copy, Default)]
pub(super) struct Parts {
    /// One field of the origin somewhere in the place: what a settings object has of the environment.
    fields: usize,
    /// The whole of it, or something deep in it: of objects that hold each other there is no end.
    others: usize,
}

impl Parts {
    pub(super) fn is_empty(self) -> bool {
        self.fields + self.others == 0
    }

    /// Is nothing more taken? `most`: of parts that are no field of the origin.
    pub(super) fn is_full(self, most: usize) -> bool {
        self.others >= most || self.fields >= MAX_HEAP_FIELDS
    }

    pub(super) fn count(&mut self, entry: &Entry) {
        let is_field = entry.path.len() == 1 && !entry.at.is_empty() && entry.at.len() <= MAX_FIELD_DEPTH;
        *if is_field { &mut self.fields } else { &mut self.others } += 1;
    }
}
