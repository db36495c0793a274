//! The origins in a value, each with the field it sits in.

use std::borrow::Cow;
use std::rc::Rc;

use crate::base::Symbol;
use crate::base::bounds::{MAX_ENTRIES, MAX_PATH};
use crate::resolve::values::At;

use super::domain::{ANY, ERR, Entry, Form, Marks, Root};
use super::path::Path;
use super::words::is_other_part;

/// The origins in a value. Shared until one of the holders adds to it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    items: Option<Rc<Items>>,
}

/// Entries, each with its key beside it: trees are searched far more often than they are changed.
#[derive(Clone, Debug, Default)]
struct Items {
    entries: Vec<Entry>,
    keys: Vec<u64>,
}

impl Items {
    fn push(&mut self, entry: Entry, key: u64) {
        self.entries.push(entry);
        self.keys.push(key);
    }

    fn position(&self, entry: &Entry, key: u64) -> Option<usize> {
        let fits = |(at, known): (usize, &u64)| (*known == key && self.entries[at].same(entry)).then_some(at);
        self.keys.iter().enumerate().find_map(fits)
    }

    fn retain(&mut self, keep: impl Fn(&Entry) -> bool) {
        self.entries.retain(keep);
        self.keys = self.entries.iter().map(Entry::key).collect();
    }
}

impl Tree {
    pub(crate) fn of(entry: Entry) -> Self {
        let keys = vec![entry.key()];
        Self { items: Some(Rc::new(Items { entries: vec![entry], keys })) }
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        self.items.as_ref().map_or(&[], |items| items.entries.as_slice())
    }

    pub(crate) fn into_entries(self) -> Vec<Entry> {
        self.items.map(Rc::unwrap_or_clone).unwrap_or_default().entries
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries().is_empty()
    }

    fn items_mut(&mut self) -> &mut Items {
        Rc::make_mut(self.items.get_or_insert_default())
    }

    /// Do both hold the same, since one is a copy of the other?
    fn is_shared_with(&self, other: &Self) -> bool {
        match (&self.items, &other.items) {
            (Some(own), Some(other)) => Rc::ptr_eq(own, other),
            (None, None) => true,
            _ => false,
        }
    }

    /// Do both hold the same, however it got there?
    pub(crate) fn equals(&self, other: &Self) -> bool {
        let is_same =
            |(own, other): (&Entry, &Entry)| own.same(other) && own.marks == other.marks && own.formed == other.formed;
        self.is_shared_with(other)
            || self.entries().len() == other.entries().len() && self.entries().iter().zip(other.entries()).all(is_same)
    }

    /// Adds an entry; true when it is new.
    pub(crate) fn add(&mut self, mut entry: Entry) -> bool {
        if entry.at.len() > MAX_PATH {
            entry.at.truncate(MAX_PATH);
            entry.marks = entry.marks.with(Marks::WIDENED);
        }
        self.admit(Cow::Owned(entry))
    }

    fn admit(&mut self, entry: Cow<'_, Entry>) -> bool {
        let key = entry.key();
        match self.items.as_ref().and_then(|items| items.position(&entry, key)) {
            Some(at) => self.meet(at, &entry),
            None if self.is_full_for(&entry.root, MAX_ENTRIES) => false,
            None => {
                self.items_mut().push(entry.into_owned(), key);
                true
            }
        }
    }

    /// The same origin came another way: it loses the marks that it does not have there, and lacks only the fields that it
    /// lacks there, too. True when it lacks fewer than before.
    fn meet(&mut self, at: usize, entry: &Entry) -> bool {
        let known = &self.entries()[at];
        let marks = Marks(known.marks.0 & entry.marks.0);
        let without: Path = known.without.iter().filter(|field| entry.without.contains(field)).cloned().collect();
        let is_more = without.len() < known.without.len();
        if marks != known.marks || is_more {
            let known = &mut self.items_mut().entries[at];
            known.marks = marks;
            known.without = without;
        }
        is_more
    }

    /// Are there as many origins of that sort as a value keeps? Sources of the program are counted apart from symbols: however
    /// many variables a value was made from, a source is not forgotten for them.
    pub(crate) fn is_full_for(&self, root: &Root, most: usize) -> bool {
        let is_source = |root: &Root| matches!(root, Root::Source(_));
        self.entries().len() >= most
            && self.entries().iter().filter(|known| is_source(&known.root) == is_source(root)).count() >= most
    }

    /// Adds all of another tree; true when something is new.
    pub(crate) fn join(&mut self, other: &Tree) -> bool {
        if other.is_empty() || self.is_shared_with(other) {
            return false;
        }
        if self.is_empty() {
            self.items.clone_from(&other.items);
            return true;
        }
        let mut changed = false;
        for entry in other.entries() {
            // What is in a tree is short enough already.
            changed |= self.admit(Cow::Borrowed(entry));
        }
        changed
    }

    /// What a field of the value holds.
    pub(crate) fn read(&self, key: &str) -> Tree {
        let mut res = Tree::default();
        for entry in self.entries() {
            match entry.at.first() {
                None => {
                    if let Some(inner) = extend(entry, key) {
                        res.add(inner);
                    }
                }
                Some(first) if fits(first, key) => {
                    let mut inner = entry.clone();
                    inner.note_part(first, key);
                    inner.at.skip(1);
                    res.add(inner);
                }
                Some(_) => {}
            }
        }
        res
    }

    /// The entries of what a path leads to, each once for each way there.
    pub(crate) fn entries_at<'t>(&'t self, path: &'t [Symbol]) -> impl Iterator<Item = Cow<'t, Entry>> {
        self.entries().iter().filter_map(|entry| entry_at(entry, path))
    }

    /// The value without what the named field holds (a store to it follows).
    pub(crate) fn clear(&mut self, path: &[Symbol]) {
        if self.entries().iter().any(|entry| entry.at.starts_with(path)) {
            self.items_mut().retain(|entry| !entry.at.starts_with(path));
        }
    }

    /// The whole as the content of a field.
    pub(crate) fn under(&self, path: &[Symbol]) -> Tree {
        if path.is_empty() {
            return self.clone();
        }
        let mut res = Tree::default();
        let path = Path::from(path);
        for entry in self.entries() {
            let mut entry = entry.clone();
            entry.at = path.then(&entry.at);
            res.add(entry);
        }
        res
    }

    /// Each entry changed.
    pub(crate) fn map(&self, change: impl Fn(Entry) -> Option<Entry>) -> Tree {
        let mut res = Tree::default();
        for entry in self.entries() {
            if let Some(entry) = change(entry.clone()) {
                res.add(entry);
            }
        }
        res
    }

    /// The entries that fulfil a condition, and all there are when all do.
    pub(crate) fn only(&self, keep: impl Fn(&Entry) -> bool) -> Tree {
        if self.entries().iter().all(&keep) {
            return self.clone();
        }
        let mut kept = self.clone();
        kept.items_mut().retain(keep);
        kept
    }

    /// A text (or other value) made of this one.
    pub(crate) fn formed(&self, form: Form, at: At) -> Tree {
        self.map(|entry| Some(entry.formed(form, at)))
    }

    pub(crate) fn marked(&self, marks: Marks) -> Tree {
        self.map(|mut entry| {
            entry.marks = entry.marks.with(marks);
            Some(entry)
        })
    }
}

/// Can a field that is known by one name be the one that is asked for by the other? The error of a result is none of the items
/// in it.
fn fits(known: &Symbol, key: &str) -> bool {
    known == key || known == ANY || key == ANY && known != ERR
}

/// What a path leads to in one entry.
fn entry_at<'t>(entry: &'t Entry, path: &[Symbol]) -> Option<Cow<'t, Entry>> {
    let n_inside = path.len().min(entry.at.len());
    if !entry.at.iter().zip(&path[..n_inside]).all(|(known, key)| fits(known, key)) {
        return None;
    }
    if path.is_empty() {
        return Some(Cow::Borrowed(entry));
    }
    let mut inner = entry.clone();
    for (known, key) in entry.at.iter().zip(&path[..n_inside]) {
        inner.note_part(known, key);
    }
    inner.at.skip(n_inside);
    for key in &path[n_inside..] {
        inner = extend(&inner, key)?;
    }
    Some(Cow::Owned(inner))
}

/// The field of an origin. A text's field is a part of the text; an object that a library made says nothing of its fields.
fn extend(entry: &Entry, key: &str) -> Option<Entry> {
    if entry.without.iter().any(|field| field == key) {
        return None;
    }
    let mut inner = entry.clone();
    match entry.form {
        Form::Held => return None,
        Form::Text | Form::Debug if key == ERR => return None,
        Form::Text | Form::Debug => {
            if is_other_part(&key.into()) {
                inner.marks = inner.marks.with(Marks::OTHER_PART);
            }
            return Some(inner);
        }
        Form::Exact => {}
    }
    if let Root::Source(_) = entry.root
        && key == ERR
    {
        return None;
    }
    inner.without.clear();
    if inner.path.len() < MAX_PATH {
        inner.path.push(key.into());
    } else {
        // What is further inside is known by this part of it.
        if is_other_part(&key.into()) {
            inner.marks = inner.marks.with(Marks::OTHER_PART);
        }
        inner.marks = inner.marks.with(Marks::WIDENED);
    }
    Some(inner)
}
