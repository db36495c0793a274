//! The origins in a value, each with the field it sits in.

use std::borrow::Cow;
use std::rc::Rc;

use crate::base::Symbol;
use crate::base::bounds::{MAX_DEEP, MAX_ENTRIES, MAX_PATH};
use crate::resolve::values::At;

use super::domain::{ANY, ERR, Entry, ErrorKind, FIRST, Form, KEYS, Marks, OK, Root, Via, is_kind_name};
use super::path::Path;
use super::when::When;
use super::words::{has_scheme, is_other_part};

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
    /// How many of them are sources of the program.
    n_sources: usize,
    /// How many of those are grave ones.
    n_grave: usize,
    /// Once they are many: where each stands, counted from one, found by its key. There are never more than [`MAX_ENTRIES`]
    /// of each sort.
    index: Vec<u16>,
}

/// Where an entry finds room.
enum Room {
    Free,
    /// In the place of this one.
    Of(usize),
}

/// The field of a script's error that is its stack trace.
pub(crate) const STACK: &str = "stack";

/// From this many entries on, they are looked up in a table.
const MANY: usize = 16;

impl Items {
    fn push(&mut self, entry: Entry, key: u64) {
        self.n_sources += usize::from(is_source(&entry.root));
        self.n_grave += usize::from(is_grave(&entry));
        self.entries.push(entry);
        self.keys.push(key);
        if self.keys.len() * 2 <= self.index.len() {
            self.note(self.keys.len(), key);
        } else if self.keys.len() >= MANY {
            self.index = vec![0; (self.keys.len() * 4).next_power_of_two()];
            for at in 0..self.keys.len() {
                self.note(at + 1, self.keys[at]);
            }
        }
    }

    /// Notes in the table where a key stands.
    fn note(&mut self, number: usize, key: u64) {
        let mut at = self.slot(key);
        while self.index[at] != 0 {
            at = (at + 1) & (self.index.len() - 1);
        }
        self.index[at] = u16::try_from(number).unwrap_or_default();
    }

    fn slot(&self, key: u64) -> usize {
        usize::try_from((key ^ (key >> 32)) & 0xffff).unwrap_or_default() & (self.index.len() - 1)
    }

    /// Where the entry with the key stands that is the wanted one.
    fn position(&self, key: u64, is_it: impl Fn(&Entry) -> bool) -> Option<usize> {
        let fits = |at: usize| self.keys[at] == key && is_it(&self.entries[at]);
        if self.index.is_empty() {
            return (0..self.keys.len()).find(|at| fits(*at));
        }
        let mut at = self.slot(key);
        loop {
            let found = usize::from(self.index[at]).checked_sub(1)?;
            if fits(found) {
                return Some(found);
            }
            at = (at + 1) & (self.index.len() - 1);
        }
    }

    /// Are there as many origins of that sort as a value keeps? Sources of the program are counted apart from symbols: however
    /// many variables a value was made from, a source is not forgotten for them.
    fn is_full_of(&self, root: &Root) -> bool {
        let n_known = if is_source(root) { self.n_sources } else { self.entries.len() - self.n_sources };
        n_known >= MAX_ENTRIES
    }

    /// The entry that gives way to a grave one: of those that are none, the last.
    fn lightest(&self) -> Option<usize> {
        let is_light = |entry: &Entry| is_source(&entry.root) && !is_grave(entry);
        if self.n_grave < self.n_sources { self.entries.iter().rposition(is_light) } else { None }
    }

    /// Is there room for one more part of an origin, if it is a deep one? Of one origin a value keeps all fields, and some of what is
    /// deeper: of objects that hold each other there is no end, and others would fall out for them.
    fn has_room_for_parts(&self, of: &Entry) -> bool {
        let is_other = |entry: &&Entry| entry.root == of.root && is_deep(entry);
        !is_deep(of) || self.entries.len() < MAX_DEEP || self.entries.iter().filter(is_other).count() < MAX_DEEP
    }

    /// The entry of its sort with the longest trace.
    fn farthest(&self, of_sources: bool) -> Option<usize> {
        let of_sort = self.entries.iter().enumerate().filter(|(_, entry)| is_source(&entry.root) == of_sources);
        of_sort.max_by_key(|(_, entry)| (!is_grave(entry), entry.trace.len())).map(|(at, _)| at)
    }

    /// Puts an entry where there is room for it.
    fn put(&mut self, room: Room, entry: Entry, key: u64) {
        match room {
            Room::Free => self.push(entry, key),
            Room::Of(at) => self.replace(at, entry, key),
        }
    }

    /// Puts an entry in the place of another one of its sort.
    fn replace(&mut self, at: usize, entry: Entry, key: u64) {
        self.n_grave -= usize::from(is_grave(&self.entries[at]));
        self.n_grave += usize::from(is_grave(&entry));
        self.entries[at] = entry;
        self.keys[at] = key;
        self.index.fill(0);
        if !self.index.is_empty() {
            for at in 0..self.keys.len() {
                self.note(at + 1, self.keys[at]);
            }
        }
    }

    fn retain(&mut self, keep: impl Fn(&Entry) -> bool) {
        let entries = std::mem::take(self).entries;
        for entry in entries.into_iter().filter(keep) {
            let key = entry.key(entry.known());
            self.push(entry, key);
        }
    }
}

/// Is it more than a field of its origin, or in more than a field of the value?
fn is_deep(entry: &Entry) -> bool {
    entry.path.len() > 1 || entry.at.len() > 1
}

/// Is it a source, and no symbol?
fn is_source(root: &Root) -> bool {
    matches!(root, Root::Source(_))
}

/// Does it stay where there is no room for all? Of an error only its stack trace does.
fn is_grave(entry: &Entry) -> bool {
    let is_stack = || entry.path.last().is_some_and(|field| field == STACK);
    is_source(&entry.root) && !entry.marks.has(Marks::OTHER_PART) && (entry.marks.has(Marks::GRAVE) || is_stack())
}

impl Tree {
    pub(crate) fn of(entry: Entry) -> Self {
        let mut items = Items::default();
        let key = entry.key(entry.known());
        items.push(entry, key);
        Self { items: Some(Rc::new(items)) }
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
        let is_same = |(own, other): (&Entry, &Entry)| {
            own.same(other, other.known())
                && own.marks == other.marks
                && own.formed == other.formed
                && own.when == other.when
        };
        self.is_shared_with(other)
            || self.entries().len() == other.entries().len() && self.entries().iter().zip(other.entries()).all(is_same)
    }

    /// Adds an entry; true when it is new.
    pub(crate) fn add(&mut self, entry: Entry) -> bool {
        self.add_finished(entry, |entry| entry)
    }

    /// The same. `finish`: what is done to one that is new.
    pub(super) fn add_finished(&mut self, mut entry: Entry, finish: impl FnOnce(Entry) -> Entry) -> bool {
        if entry.at.len() > MAX_PATH {
            entry.at.truncate(MAX_PATH);
            entry.marks = entry.marks.with(Marks::WIDENED);
        }
        self.admit(Cow::Owned(entry), finish)
    }

    fn admit(&mut self, entry: Cow<'_, Entry>, finish: impl FnOnce(Entry) -> Entry) -> bool {
        let key = entry.key(entry.known());
        match self.items.as_ref().and_then(|items| items.position(key, |known| known.same(&entry, entry.known()))) {
            Some(at) => {
                let (marks, without, when) = (entry.marks, entry.without.clone(), entry.when.clone());
                self.meet(at, marks, (&without, &when), || finish(entry.into_owned()))
            }
            None => match self.room_for(&entry) {
                Some(room) => {
                    self.items_mut().put(room, finish(entry.into_owned()), key);
                    true
                }
                None => false,
            },
        }
    }

    /// Where an entry that is new finds room; a grave one takes that of one that is none.
    fn room_for(&self, entry: &Entry) -> Option<Room> {
        let Some(items) = &self.items else { return Some(Room::Free) };
        if !items.has_room_for_parts(entry) {
            return None;
        }
        match items.is_full_of(&entry.root) {
            false => Some(Room::Free),
            true if is_grave(entry) => items.lightest().map(Room::Of),
            true => None,
        }
    }

    /// Adds an entry of another tree as something else is known of it, made only when it is new: most are known.
    pub(crate) fn add_as(
        &mut self,
        entry: &Entry,
        (via, marks): (Option<Via>, Marks),
        make: impl FnOnce(Entry) -> Entry,
    ) -> bool {
        let via = via.or(entry.via);
        let key = entry.key((via, marks));
        match self.items.as_ref().and_then(|items| items.position(key, |known| known.same(entry, (via, marks)))) {
            Some(at) => {
                let make = || make(Entry { via, marks, ..entry.clone() });
                self.meet(at, marks, (&entry.without, &entry.when), make)
            }
            None => match self.room_for(entry) {
                Some(room) => {
                    let entry = make(Entry { via, marks, ..entry.clone() });
                    self.items_mut().put(room, entry, key);
                    true
                }
                None => false,
            },
        }
    }

    /// Adds an entry. Where there are as many as a value keeps, one that came a shorter way takes the place of the one that
    /// came the longest.
    pub(super) fn add_nearest(&mut self, entry: Entry) {
        let is_short = |this: &Self, at: usize| {
            let known = &this.entries()[at];
            (!is_grave(&entry), entry.trace.len()) < (!is_grave(known), known.trace.len())
        };
        let key = entry.key(entry.known());
        let farthest = self.items.as_ref().filter(|items| items.is_full_of(&entry.root)).and_then(|items| {
            let is_known = items.position(key, |known| known.same(&entry, entry.known())).is_some();
            if is_known { None } else { items.farthest(is_source(&entry.root)) }
        });
        match farthest.filter(|at| is_short(self, *at)) {
            Some(at) => self.items_mut().replace(at, entry, key),
            None => {
                self.add(entry);
            }
        }
    }

    /// The same origin came another way, `make`: of the marks that bar it those of the better way stay, with its trace, of all
    /// others those that both have; it lacks only the fields that it lacks there, too, and is there where either way leads. True
    /// when it lacks fewer than before, or is there in more cases.
    fn meet(&mut self, at: usize, marks: Marks, (without, when): (&Path, &When), make: impl FnOnce() -> Entry) -> bool {
        let known = &self.entries()[at];
        let marks = known.marks.meet(marks);
        let either = known.when.or(when);
        let is_wider = either != known.when;
        let is_better = marks.bars() != known.marks.bars() || is_wider && either == *when;
        let is_more = known.without != *without && known.without.iter().any(|field| !without.contains(field));
        if marks != known.marks || is_more || is_wider {
            let known = &mut self.items_mut().entries[at];
            known.marks = marks;
            known.when = either;
            if is_more {
                known.without = known.without.iter().filter(|field| without.contains(field)).cloned().collect();
            }
            if is_better {
                known.trace = make().trace;
            }
        }
        is_more || is_wider
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
            changed |= self.admit(Cow::Borrowed(entry), |entry| entry);
        }
        changed
    }

    /// What a field of the value holds.
    pub(crate) fn read(&self, key: &str) -> Tree {
        let mut res = Tree::default();
        let keys = [Symbol::from(key)];
        for entry in self.entries() {
            match entry.at.first() {
                None => {
                    if can_extend(entry, &keys) {
                        res.add(Entry { error: None, ..extend(entry.clone(), &keys) });
                    }
                }
                Some(first) if fits(first, key) => {
                    let mut inner = entry.clone();
                    inner.error = None;
                    inner.note_part(first, key);
                    inner.step_inside(1);
                    res.add(inner);
                }
                Some(_) => {}
            }
        }
        res
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

    /// The value in an `Ok` or a `Some`: the value itself, but for the error of a result, which is none of the outer one.
    pub(crate) fn in_ok(&self) -> Tree {
        if !self.entries().iter().any(is_of_error) {
            return self.clone();
        }
        let ok = Path::from([OK.into()].as_slice());
        self.map(|mut entry| {
            if is_of_error(&entry) {
                entry.at = ok.then(&entry.at);
            }
            Some(entry)
        })
    }

    /// What is in an `Ok` or a `Some`: all but the error beside it.
    pub(crate) fn out_of_ok(&self) -> Tree {
        self.map(|entry| entry.lacking(&Symbol::new_static(ERR)).map(Entry::out_of_ok))
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

    /// A copy of the value: an object of its own that holds the same.
    pub(crate) fn copied(&self) -> Tree {
        self.map(|mut entry| {
            if entry.at.is_empty() && entry.form == Form::Exact {
                entry.marks = entry.marks.with(Marks::COPY);
            }
            Some(entry)
        })
    }

    /// The same as what an error of a kind holds.
    pub(super) fn of_error(&self, kind: Option<ErrorKind>) -> Tree {
        if self.entries().iter().all(|entry| entry.error == kind) {
            return self.clone();
        }
        self.map(|entry| Some(Entry { error: kind, ..entry }))
    }

    pub(super) fn unmarked(&self, marks: Marks) -> Tree {
        self.map(|mut entry| {
            entry.marks = entry.marks.lacking(marks);
            Some(entry)
        })
    }

    pub(crate) fn marked(&self, marks: Marks) -> Tree {
        self.map(|mut entry| {
            entry.marks = entry.marks.with(marks);
            Some(entry)
        })
    }
}

/// Is it the error of a result, or that of one inside it?
fn is_of_error(entry: &Entry) -> bool {
    entry.at.first().is_some_and(|key| key == ERR || key == OK)
}

/// Can a field that is known by one name be the one that is asked for by the other? The error of a result is none of the items
/// in it, nor are the keys of a table.
fn fits(known: &Symbol, key: &str) -> bool {
    let is_item = |name: &str| name != ERR && name != KEYS;
    known == key || known == ANY && is_item(key) || key == ANY && is_item(known)
}

/// What a path leads to in one entry.
pub(super) fn entry_at<'t>(entry: &'t Entry, path: &[Symbol]) -> Option<Cow<'t, Entry>> {
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
    inner.step_inside(n_inside);
    can_extend(&inner, &path[n_inside..]).then(|| Cow::Owned(extend(inner, &path[n_inside..])))
}

/// May an origin have what these fields lead to? An object that a library made says nothing of its fields.
fn can_extend(entry: &Entry, keys: &[Symbol]) -> bool {
    let Some(first) = keys.first() else { return true };
    if entry.marks.has(Marks::UNREAD) {
        return false;
    }
    // What is handed over as a whole is no table that the program filled by its keys.
    if first == KEYS && (entry.form != Form::Exact || is_source(&entry.root)) {
        return false;
    }
    match entry.form {
        Form::Held => false,
        Form::Text | Form::Debug => !keys.iter().any(|key| key == ERR || entry.without.contains(key)),
        Form::Exact if is_source(&entry.root) && keys.iter().any(|key| key == ERR) => false,
        Form::Exact => !entry.without.contains(first) || lies_in_ok(entry, first),
    }
}

/// Was an `Ok` taken apart, so that an error that is asked for now is that of a result in it?
fn lies_in_ok(entry: &Entry, key: &Symbol) -> bool {
    (key == ERR || key == OK) && entry.without.iter().any(|field| field == ERR)
}

/// What fields of an origin lead to. A text's field is a part of the text.
fn extend(mut inner: Entry, keys: &[Symbol]) -> Entry {
    let room = match inner.form {
        Form::Exact => MAX_PATH.saturating_sub(inner.path.len()).min(keys.len()),
        _ => 0,
    };
    let (kept, further) = keys.split_at(room);
    if inner.form == Form::Exact && !keys.is_empty() {
        if kept.first().is_some_and(|first| lies_in_ok(&inner, first)) {
            inner.path.push(OK.into());
        }
        // The text of an error is of none that the error is not.
        inner.without = inner.without.iter().filter(|name| is_kind_name(name)).cloned().collect();
        inner.path.extend(kept);
        // A copy holds the same things as the original.
        inner.marks = inner.marks.lacking(Marks::COPY.with(Marks::NO_ERROR).with(Marks::NO_TEXT).with(Marks::TABLE));
        // What is further inside is known by this part of it.
        if !further.is_empty() {
            inner.marks = inner.marks.with(Marks::WIDENED);
        }
    }
    // Of a header's text the first item is told apart: the scheme of `header.strip().split(" ")[0]`.
    if inner.form == Form::Text
        && is_source(&inner.root)
        && keys.first().is_some_and(|key| key == FIRST)
        && inner.path.last().is_some_and(|name| has_scheme(name))
    {
        inner.path.push(FIRST.into());
    }
    let is_name = |key: &Symbol| key != ANY && key != ERR && key.parse::<u32>().is_err();
    if inner.form == Form::Text && inner.marks.has(Marks::OBSCURE) && keys.first().is_some_and(is_name) {
        inner.marks = inner.marks.with(Marks::ANSWER);
    }
    if further.iter().any(is_other_part) {
        inner.marks = inner.marks.with(Marks::OTHER_PART);
    }
    inner
}

#[cfg(test)]
mod tests;
