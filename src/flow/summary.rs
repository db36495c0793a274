//! What a function does with what it is given, as its callers see it; and what reaches a sink.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use crate::base::bounds::{MAX_SINKS, MAX_WAYS_TO_SINK, MAX_WRITES};
use crate::models::index::RowRef;
use crate::models::schema::SinkKind;
use crate::resolve::values::At;

use super::domain::{ERR, Entry, Form, HeapId, Marks, OK, RECEIVER, Root, Via, kind_name};
use super::exits::Exit;
use super::no_error::is_no_error;
use super::path::Path;
use super::trace::{Trace, What};
use super::tree::{Tree, entry_at};
use super::when::When;

/// The effects of one function. Origins are sources, its own parameters and heap places.
#[derive(Clone, Debug, Default)]
pub(crate) struct Summary {
    pub(crate) returns: Tree,
    pub(crate) throws: Tree,
    /// The same by the block in which it leaves the function, where calls run different parts of that.
    pub(super) exits: Vec<Exit>,
    /// A library call inside can raise, and nothing in here catches it.
    pub(crate) may_raise: bool,
    /// What a parameter brings to a sink.
    pub(crate) hits: Vec<Hit>,
    /// What each of them is known by; those that are known by the same, each under conditions of its own, are numbered.
    known_hits: FxHashMap<(HitKey, usize), usize>,
    /// What a parameter brings to a heap place.
    pub(crate) writes: Vec<(HeapId, Entry)>,
    /// What is put into a parameter.
    pub(crate) outs: Vec<(u32, Entry)>,
    pub(crate) helper: Helper,
    /// Something in it came by way of a function that the function was handed and called.
    pub(crate) is_of_handed: bool,
}

/// Does a function nothing but hand what it is given on to a log?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Helper {
    #[default]
    None,
    /// A part of one: it is called in one place.
    Part,
    /// Its callers are the ones who log.
    Shared,
}

/// Where data leaves the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Drain {
    Log,
    /// Written to a stream.
    Write,
    Agent,
    /// To a library that logs it where a level lets it.
    Echo,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Sink {
    pub(crate) at: At,
    pub(crate) drain: Drain,
    pub(crate) row: Option<RowRef>,
}

/// An origin that reaches a sink.
#[derive(Clone, Debug)]
pub(crate) struct Hit {
    pub(crate) sink: Sink,
    /// Where a maintainer would edit.
    pub(crate) primary: At,
    /// Only logging helpers lie between the primary place and the sink.
    pub(crate) open: bool,
    pub(crate) entry: Entry,
}

/// What a hit is known by in a summary.
type HitKey = (Sink, At, Root, Form, Option<Via>, Marks, Path, Path);

impl Sink {
    pub(crate) fn drain_of(kind: SinkKind) -> Option<Drain> {
        match kind {
            SinkKind::Write | SinkKind::Trace => Some(Drain::Write),
            SinkKind::Log => Some(Drain::Log),
            SinkKind::Agent => Some(Drain::Agent),
            SinkKind::Noise => None,
        }
    }
}

impl Summary {
    /// Does the function hand what it is given on to a log, and nothing else?
    pub(super) fn is_logger(&self) -> bool {
        let is_given = |hit: &Hit| hit.open && matches!(hit.entry.root, Root::Param(at) if at != RECEIVER);
        self.helper != Helper::None && self.hits.iter().any(is_given)
    }

    /// Is there no room for one more hit?
    pub(super) fn is_full_of_hits(&self) -> bool {
        self.hits.len() >= MAX_SINKS
    }

    pub(super) fn is_full_of_writes(&self) -> bool {
        self.writes.len() >= MAX_WRITES
    }

    /// `finish`: what is done to one that is new.
    pub(super) fn add_hit(&mut self, hit: Hit, finish: impl FnOnce(Entry) -> Entry) {
        let Entry { root, form, via, marks, .. } = hit.entry;
        let (path, without) = (hit.entry.path.clone(), hit.entry.without.clone());
        let mut key = ((hit.sink, hit.primary, root, form, via, marks.telling(), path, without), 0);
        let same = loop {
            let Some(at) = self.known_hits.get(&key) else { break None };
            let is_beside = self.hits.get(*at).is_some_and(|known| known.entry.when.is_beside(&hit.entry.when));
            if !is_beside || key.1 + 1 == MAX_WAYS_TO_SINK {
                break Some(*at);
            }
            key.1 += 1;
        };
        let is_full = self.is_full_of_hits();
        match same.and_then(|at| self.hits.get_mut(at)) {
            Some(known) => known.entry.meet(hit.entry, finish),
            None if is_full => {}
            None => {
                self.known_hits.insert(key, self.hits.len());
                self.hits.push(Hit { entry: finish(hit.entry), ..hit });
            }
        }
    }

    pub(super) fn add_write(&mut self, heap: HeapId, entry: Entry, finish: impl FnOnce(Entry) -> Entry) {
        let same = |known: &(HeapId, Entry)| {
            known.0 == heap
                && known.1.root == entry.root
                && known.1.path == entry.path
                && known.1.without == entry.without
                && known.1.at == entry.at
                && known.1.form == entry.form
                && known.1.via == entry.via
        };
        if let Some((_, known)) = self.writes.iter_mut().find(|known| same(known)) {
            known.meet(entry, finish);
        } else if !self.is_full_of_writes() {
            self.writes.push((heap, finish(entry)));
        }
    }

    pub(crate) fn add_out(&mut self, param: u32, mut entry: Entry) {
        entry.when = When::default();
        let same = |known: &(u32, Entry)| {
            known.0 == param
                && known.1.root == entry.root
                && known.1.path == entry.path
                && known.1.without == entry.without
                && known.1.at == entry.at
                && known.1.form == entry.form
                && known.1.via == entry.via
        };
        if self.outs.len() < MAX_WRITES && !self.outs.iter().any(same) {
            self.outs.push((param, entry));
        }
    }

    /// How many facts a call of the function has to be told.
    pub(crate) fn n_facts(&self) -> usize {
        let (returns, throws) = (self.returns.entries().len(), self.throws.entries().len());
        1 + returns + throws + self.hits.len() + self.writes.len() + self.outs.len()
    }

    /// All that depends on parameters, but for what is put into them.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        let given = self.returns.entries().iter().chain(self.throws.entries());
        given.chain(self.hits.iter().map(|hit| &hit.entry)).chain(self.writes.iter().map(|(_, entry)| entry))
    }

    /// How much it says: grows while a circle of functions is iterated.
    pub(crate) fn size(&self) -> (usize, usize, usize, usize, usize, usize, usize, bool) {
        let (returns, throws) = (self.returns.entries().len(), self.throws.entries().len());
        let exits = self.exits.iter().map(Exit::size).sum();
        let n_asked = self.entries().map(|entry| entry.when.asked().len()).sum();
        (returns, throws, exits, self.hits.len(), self.writes.len(), self.outs.len(), n_asked, self.may_raise)
    }
}

/// What the parameters of a call hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bound {
    pub(crate) params: Vec<Tree>,
    pub(crate) receiver: Tree,
}

impl Bound {
    pub(super) fn param(&self, index: u32) -> Option<&Tree> {
        if index == RECEIVER { Some(&self.receiver) } else { self.params.get(index as usize) }
    }

    /// Does the call hand over nothing where the root is a parameter?
    pub(crate) fn is_nothing(&self, root: Root) -> bool {
        matches!(root, Root::Param(index) if self.param(index).is_none_or(Tree::is_empty))
    }

    /// Do both hold the same, however it got there?
    pub(crate) fn equals(&self, other: &Self) -> bool {
        self.params.len() == other.params.len()
            && self.receiver.equals(&other.receiver)
            && self.params.iter().zip(&other.params).all(|(own, other)| own.equals(other))
    }

    /// An entry of a summary as the caller sees it: parameters replaced by what they hold.
    pub(crate) fn fill(&self, entry: &Entry) -> Vec<Entry> {
        let mut filled = Vec::new();
        self.carry(entry, None, |carried| filled.extend(carried.entry().map(|entry| carried.traced(entry))));
        filled
    }

    /// The same, one after the other, each made as far as somebody wants it.
    pub(super) fn carry<'b>(
        &'b self,
        entry: &'b Entry,
        step: Option<&'b (At, What)>,
        mut with: impl FnMut(&Carried<'b>),
    ) {
        let Root::Param(index) = entry.root else { return with(&Carried { entry, held: None, step }) };
        for held in self.param(index).into_iter().flat_map(Tree::entries) {
            with(&Carried { entry, held: Some(held), step });
        }
    }
}

/// An entry of a summary on its way to a caller. Nearly all are known there already: what it is costs less than the trace of it.
pub(super) struct Carried<'b> {
    entry: &'b Entry,
    /// What takes the place of its root, a parameter.
    held: Option<&'b Entry>,
    /// The call.
    step: Option<&'b (At, What)>,
}

impl<'b> Carried<'b> {
    /// Of an entry whose root is a place that holds something.
    pub(super) fn from_place(entry: &'b Entry, held: &'b Entry) -> Self {
        Self { entry, held: Some(held), step: None }
    }

    pub(super) fn root(&self) -> Root {
        self.held.unwrap_or(self.entry).root
    }

    /// What takes the place of a parameter.
    pub(super) fn held(&self) -> Option<&Entry> {
        self.held
    }

    /// What the caller sees, without its trace; which calls get that far, the caller knows. None when the parameter holds
    /// nothing where the entry asks.
    pub(super) fn entry(&self) -> Option<Entry> {
        let Some(held) = self.held else {
            let when = When::default();
            return Some(Entry { when, trace: Trace::default(), ..self.entry.clone() });
        };
        replaced(self.entry, &*held_at(self.entry, held)?, held)
    }

    /// The same with its trace.
    pub(super) fn traced(&self, entry: Entry) -> Entry {
        let trace = match self.held {
            Some(held) => {
                let before = held.trace.clone();
                let before = match self.step {
                    Some((at, what)) => before.then(*at, what.clone()),
                    None => before,
                };
                before.followed_by(&self.entry.trace)
            }
            None => self.entry.trace.clone(),
        };
        Entry { trace, ..entry }
    }
}

/// The entry with its root replaced by what the root holds.
pub(crate) fn substitute(entry: &Entry, held: &Tree, before: impl Fn(Trace) -> Trace, mut with: impl FnMut(Entry)) {
    for (held, inner) in held.entries().iter().filter_map(|held| Some((held, held_at(entry, held)?))) {
        if let Some(made) = replaced(entry, &inner, held) {
            with(Entry { trace: before(inner.trace.clone()).followed_by(&entry.trace), ..made });
        }
    }
}

/// What a held value has in the part of the root that the entry is.
fn held_at<'h>(entry: &Entry, held: &'h Entry) -> Option<Cow<'h, Entry>> {
    if held.form == Form::Text && entry.marks.has(Marks::PARSED) {
        let read = held.clone().parsed();
        return entry_at(&read, &entry.path).map(|part| Cow::Owned(part.into_owned()));
    }
    entry_at(held, &entry.path)
}

/// The entry with its root replaced by the one thing that its part of the root holds; without a trace. None when that is in a
/// field that the entry lacks. `held`: what the root holds.
fn replaced(entry: &Entry, inner: &Entry, held: &Entry) -> Option<Entry> {
    let is_in_field = inner.at.first().is_some_and(|field| entry.without.contains(field));
    let is_left_out = entry.marks.has(Marks::JSON) && inner.marks.has(Marks::IN_ERROR);
    let is_unspoken = entry.marks.has(Marks::SPOKEN) && inner.is_unspoken()
        || entry.marks.has(Marks::UPPERMOST) && inner.marks.has(Marks::BENEATH);
    let is_cut_off = entry.marks.has(Marks::NO_QUERY) && inner.marks.has(Marks::QUERY)
        || entry.marks.has(Marks::NO_PATH) && inner.marks.has(Marks::PATH)
        || entry.marks.has(Marks::NO_USER) && inner.marks.has(Marks::PASSWORD);
    let is_whole = inner.at.is_empty();
    let is_text = is_whole && matches!(inner.form, Form::Text | Form::Debug);
    let is_other = entry.marks.has(Marks::TEXT) && !is_whole || entry.marks.has(Marks::NO_TEXT) && is_text;
    let is_in_error = inner.error.is_some() || inner.marks.has(Marks::IN_ERROR);
    let is_error = entry.marks.has(Marks::NO_ERROR) && is_in_error;
    let is_of_library = entry.marks.has(Marks::OWN_ERROR) && matches!(inner.error, Some(kind) if !kind.is_own());
    let is_other_kind =
        matches!(inner.error, Some(kind) if !entry.without.is_empty() && entry.without.contains(&kind_name(kind)));
    if is_of_library
        || is_other_kind
        || is_in_field
        || is_left_out
        || is_cut_off
        || is_unspoken
        || is_other
        || is_error && !inner.at.is_empty()
    {
        return None;
    }
    // What the `Ok` that was taken apart there holds is out of it here.
    let opened = (entry.without.iter().any(|field| field == ERR) && inner.at.first().is_some_and(|field| field == OK))
        .then(|| inner.clone().out_of_ok());
    let inner = opened.as_ref().unwrap_or(inner);
    if opened.is_some() && entry.form != Form::Exact && !is_no_error(inner) {
        return None;
    }
    let mut without = inner.without.clone();
    if inner.at.is_empty() && inner.form == Form::Exact {
        for field in entry.without.iter() {
            without.include(field);
        }
    }
    let is_kept = entry.form == Form::Exact;
    // The value itself, not a part of it or what holds it.
    let is_same = is_kept && entry.path.is_empty() && entry.at.is_empty();
    let at = if is_kept { entry.at.then(&inner.at) } else { entry.at.clone() };
    // A text of it that was there before shows what that text shows.
    let is_text = inner.form != Form::Exact || inner.marks.has(Marks::JSON);
    let told = if is_whole { entry.marks } else { entry.marks.lacking(Marks::NO_TEXT) };
    // What is in an object, or in a text, is in an error where that is one.
    let is_itself = held.at.is_empty() && held.form == Form::Exact;
    let told = if is_itself { told } else { told.lacking(Marks::ERROR) };
    let marks = inner.marks.with(if is_text { told.lacking(Marks::SPOKEN) } else { told });
    let is_as_written = entry.marks.has(Marks::WRITTEN) || is_kept && !entry.marks.has(Marks::PARSED);
    let marks = if is_as_written { marks } else { marks.lacking(Marks::WRITTEN) };
    let formed = if inner.form == Form::Exact { entry.formed } else { inner.formed };
    Some(Entry {
        at,
        root: inner.root,
        path: inner.path.clone(),
        without,
        form: inner.formed_in(entry),
        formed: formed.or(entry.formed),
        // It is out of the error it was in; one that it was put into here is another one.
        marks: if is_kept { marks } else { marks.lacking(Marks::IN_ERROR).with(told.only(Marks::IN_ERROR)) },
        via: entry.via.or(inner.via),
        error: if is_same { entry.error.or(inner.error) } else { entry.error },
        when: inner.when.clone(),
        trace: Trace::default(),
    })
}
