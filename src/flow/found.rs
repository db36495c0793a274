//! What the taint pass found, each fact once. There can be hundreds of thousands: a fact is its own key.

use std::hash::{Hash, Hasher};

use rustc_hash::FxHashSet;

use super::domain::{Entry, Form, HeapId, Marks, Root};
use super::path::Path;
use super::summary::{Hit, Sink};
use crate::resolve::values::At;

/// Something that is found, known by a part of itself.
pub(super) trait Fact {
    type Key<'f>: Ord + Hash
    where
        Self: 'f;

    fn known_by(&self) -> Self::Key<'_>;

    /// What is found of what.
    fn entry(&self) -> &Entry;

    fn entry_mut(&mut self) -> &mut Entry;
}

impl Fact for Hit {
    type Key<'f> = (Sink, At, Root, &'f Path, &'f Path, Form, Marks);

    fn known_by(&self) -> Self::Key<'_> {
        let entry = &self.entry;
        (self.sink, self.primary, entry.root, &entry.path, &entry.without, entry.form, entry.marks.telling())
    }

    fn entry(&self) -> &Entry {
        &self.entry
    }

    fn entry_mut(&mut self) -> &mut Entry {
        &mut self.entry
    }
}

/// What is put into a place that outlives a call.
pub(super) struct Write {
    pub(super) heap: HeapId,
    pub(super) entry: Entry,
}

impl Fact for Write {
    type Key<'f> = (HeapId, &'f Path, Root, &'f Path, &'f Path, Form);

    fn known_by(&self) -> Self::Key<'_> {
        let entry = &self.entry;
        (self.heap, &entry.at, entry.root, &entry.path, &entry.without, entry.form)
    }

    fn entry(&self) -> &Entry {
        &self.entry
    }

    fn entry_mut(&mut self) -> &mut Entry {
        &mut self.entry
    }
}

struct ByKey<F>(F);

impl<F: Fact> PartialEq for ByKey<F> {
    fn eq(&self, other: &Self) -> bool {
        self.0.known_by() == other.0.known_by()
    }
}

impl<F: Fact> Eq for ByKey<F> {}

impl<F: Fact> Hash for ByKey<F> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.known_by().hash(state);
    }
}

/// Facts, each once: the first that came, under what all have in common.
pub(super) struct Found<F>(FxHashSet<Box<ByKey<F>>>);

impl<F> Default for Found<F> {
    fn default() -> Self {
        Self(FxHashSet::default())
    }
}

impl<F: Fact> Found<F> {
    /// Adds a fact where `may` says so, after `finish`, which changes nothing of what it is known by; true when it is new.
    pub(super) fn add(&mut self, fact: F, may: impl FnOnce(usize) -> bool, finish: impl FnOnce(F) -> F) -> bool {
        let fact = ByKey(fact);
        if let Some(known) = self.0.get(&fact) {
            let either = known.0.entry().when.or(&fact.0.entry().when);
            if either != known.0.entry().when
                && let Some(mut known) = self.0.take(&fact)
            {
                known.0.entry_mut().when = either;
                self.0.insert(known);
            }
            return false;
        }
        may(self.0.len()) && self.0.insert(Box::new(ByKey(finish(fact.0))))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// In no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &F> {
        self.0.iter().map(|fact| &fact.0)
    }

    /// In the order of the keys: what is found must not depend on how they are hashed.
    pub(super) fn into_sorted(self) -> Vec<F> {
        let mut all: Vec<Box<ByKey<F>>> = self.0.into_iter().collect();
        all.sort_unstable_by(|a, b| a.0.known_by().cmp(&b.0.known_by()));
        all.into_iter().map(|fact| fact.0).collect()
    }
}

/// Puts facts in the order of their keys.
pub(super) fn sort<F: Fact>(facts: &mut [&F]) {
    facts.sort_unstable_by(|a, b| a.known_by().cmp(&b.known_by()));
}
