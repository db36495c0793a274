//! Names of fields from a value inwards.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::rc::Rc;

use rustc_hash::FxHasher;

use crate::base::Symbol;

/// Names of fields from a value inwards; `*` for an unknown key. Shared: nearly all copies are never changed. Small, since most
/// are empty and there are three in each origin of a value.
#[derive(Clone, Default)]
pub(crate) struct Path(Option<Rc<Keys>>);

/// The names of a path that has some, and their hash, since paths are compared far more often than they are made.
struct Keys {
    names: Box<[Symbol]>,
    hash: u64,
}

impl PartialEq for Path {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(own), Some(other)) => Rc::ptr_eq(own, other) || own.hash == other.hash && own.names == other.names,
            (None, None) => true,
            _ => false,
        }
    }
}

impl Eq for Path {}

impl PartialOrd for Path {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Path {
    fn cmp(&self, other: &Self) -> Ordering {
        self[..].cmp(&other[..])
    }
}

impl Hash for Path {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.digest());
    }
}

impl Path {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    fn of(names: Box<[Symbol]>) -> Self {
        if names.is_empty() {
            return Self::default();
        }
        let mut hasher = FxHasher::default();
        names.hash(&mut hasher);
        Self(Some(Rc::new(Keys { names, hash: hasher.finish() })))
    }

    pub(super) fn digest(&self) -> u64 {
        self.0.as_ref().map_or(0, |keys| keys.hash)
    }

    pub(crate) fn push(&mut self, key: Symbol) {
        *self = self.iter().cloned().chain([key]).collect();
    }

    pub(crate) fn extend(&mut self, keys: &[Symbol]) {
        if !keys.is_empty() {
            *self = self.iter().chain(keys).cloned().collect();
        }
    }

    /// Adds a name to a sorted list of them, once.
    pub(crate) fn include(&mut self, key: &Symbol) {
        if let Err(at) = self.binary_search(key) {
            *self = self[..at].iter().chain([key]).chain(&self[at..]).cloned().collect();
        }
    }

    /// Without all behind the first `len` names.
    pub(super) fn truncate(&mut self, len: usize) {
        if len < self.len() {
            *self = Self::from(&self[..len]);
        }
    }

    /// Without the first `count` names.
    pub(super) fn skip(&mut self, count: usize) {
        if count > 0 {
            *self = Self::from(&self[count.min(self.len())..]);
        }
    }

    /// This one, then the other.
    pub(crate) fn then(&self, other: &Self) -> Self {
        match (self.is_empty(), other.is_empty()) {
            (_, true) => self.clone(),
            (true, _) => other.clone(),
            (false, false) => self.iter().chain(other.iter()).cloned().collect(),
        }
    }
}

impl From<&[Symbol]> for Path {
    fn from(keys: &[Symbol]) -> Self {
        Self::of(keys.into())
    }
}

impl FromIterator<Symbol> for Path {
    fn from_iter<T: IntoIterator<Item = Symbol>>(keys: T) -> Self {
        Self::of(keys.into_iter().collect())
    }
}

impl Deref for Path {
    type Target = [Symbol];

    fn deref(&self) -> &[Symbol] {
        self.0.as_ref().map_or(&[], |keys| &keys.names)
    }
}

impl std::fmt::Debug for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.iter().collect::<Vec<_>>().fmt(f)
    }
}
