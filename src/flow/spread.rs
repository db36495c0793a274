//! What passes through variables that outlive a call: sources are carried from place to place, and to sinks.
//!
//! The functions say what they put where, in terms of sources and of other places. Most places are never reached by a
//! source: what is known of a place is sorted when the first one arrives there.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::Symbol;
use crate::base::bounds::{MAX_HEAP_FACTS, MAX_HEAP_PARTS, MAX_HEAP_SOURCES};
use crate::base::idx::Id;
use crate::ir::func::{FuncId, FuncKind};
use crate::resolve::values::At;

use super::domain::{ANY, Entry, Form, Heap, HeapId, Root};
use super::found::{Fact, Found, Write, sort};
use super::parts::Parts;
use super::path::Path;
use super::solve::{Leak, Taint};
use super::summary::{Carried, Drain, Hit};
use super::trace::What;

/// Which places it is found out for what they hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Places {
    /// Those from where something comes to a sink: most are read by nobody who tells.
    OnWayToSink,
    All,
}

impl Taint<'_> {
    /// Carries sources through heap places to sinks.
    pub(super) fn spread(&mut self, places: Places) -> Vec<Leak> {
        let led_from = (places == Places::OnWayToSink).then(|| self.led_from());
        let leads_on = |heap: &HeapId| led_from.as_ref().is_none_or(|from| from.contains(heap));
        let mut written: Vec<&Write> = Vec::new();
        let mut writes: Users<Write> = Users::default();
        for write in self.writes.iter().filter(|write| leads_on(&write.heap)) {
            match write.entry.root {
                Root::Heap(from) => writes.add(from, write),
                Root::Source(_) => written.push(write),
                Root::Param(_) => {}
            }
        }
        sort(&mut written);
        // The object that a method was called on has what came with the call; a field of its class, what came with any.
        let mut own: FxHashMap<HeapId, bool> = FxHashMap::default();
        written.sort_by_cached_key(|write| !*own.entry(write.heap).or_insert_with(|| self.is_receiver(write.heap)));
        let mut leaks: Found<Hit> = Found::default();
        let mut hits: Users<Hit> = Users::default();
        for hit in self.hits.iter() {
            match hit.entry.root {
                Root::Heap(from) => hits.add(from, hit),
                Root::Source(_) => {
                    leaks.add(hit.clone(), |_| true, |hit| hit);
                }
                Root::Param(_) => {}
            }
        }
        let mut reached = Reached::default();
        let mut open: Vec<(HeapId, Entry)> = Vec::new();
        for write in written {
            if reached.admit(write.heap, &write.entry) {
                open.push((write.heap, write.entry.clone()));
            }
        }
        let mut next = 0;
        while let Some((heap, held)) = open.get(next).cloned() {
            next += 1;
            for user in writes.of(heap, &held) {
                if reached.is_full(user.heap, held.root) {
                    continue;
                }
                let carried = Carried::from_place(&user.entry, &held);
                if let Some(entry) = carried.entry()
                    && reached.admit(user.heap, &entry)
                {
                    open.push((user.heap, carried.traced(entry)));
                }
            }
            for user in hits.of(heap, &held) {
                let carried = Carried::from_place(&user.entry, &held);
                if let Some(entry) =
                    carried.entry().filter(|entry| entry.form != Form::Held && !self.is_too_deep(user.sink, entry))
                {
                    let finish = |hit: Hit| Hit { entry: carried.traced(hit.entry), ..hit };
                    let is_told = user.sink.drain == Drain::Agent && self.is_error(entry.root);
                    let kept = if is_told { self.entry_of_kept(user.sink, &user.entry) } else { None };
                    let kept = kept.or_else(|| self.kept_by_logger(user, &held));
                    let kept = kept.or_else(|| self.shared_in_logger(user, &held));
                    let primary = kept.unwrap_or(user.primary);
                    leaks.add(Hit { sink: user.sink, primary, open: user.open, entry }, |_| true, finish);
                }
            }
        }
        let names = self.names.heap(Heap::VariableNames);
        self.naming = open
            .iter()
            .filter(|(heap, entry)| *heap == names && entry.form == Form::Exact)
            .filter_map(|(_, entry)| if let Root::Source(source) = entry.root { Some(source) } else { None })
            .collect();
        self.kept = open;
        let leaks = leaks.into_sorted().into_iter();
        leaks
            .filter_map(|hit| match hit.entry.root {
                Root::Source(source) => Some(Leak { source: self.names.sources[source].clone(), hit }),
                _ => None,
            })
            .collect()
    }

    /// The places from where something comes to a sink, straight or by way of others.
    fn led_from(&self) -> FxHashSet<HeapId> {
        let mut into: FxHashMap<HeapId, Vec<HeapId>> = FxHashMap::default();
        for write in self.writes.iter() {
            if let Root::Heap(from) = write.entry.root {
                into.entry(write.heap).or_default().push(from);
            }
        }
        let of_hit = |hit: &Hit| if let Root::Heap(from) = hit.entry.root { Some(from) } else { None };
        let names = self.names.heaps.iter_enumerated().filter(|(_, heap)| **heap == Heap::VariableNames);
        let names = names.map(|(heap, _)| heap);
        let mut open: Vec<HeapId> = self.hits.iter().filter_map(of_hit).chain(names).collect();
        let mut found = FxHashSet::default();
        while let Some(heap) = open.pop() {
            if found.insert(heap) {
                open.extend(into.remove(&heap).into_iter().flatten());
            }
        }
        found
    }

    /// Where what a logger keeps in a field was handed to it, if the hit is in one.
    fn kept_by_logger(&self, hit: &Hit, held: &Entry) -> Option<At> {
        let Root::Heap(heap) = hit.entry.root else { return None };
        let func = hit.sink.at.0;
        let class = self.values.program.funcs[func].owner?;
        let is_own = matches!(&self.names.heaps[heap], Heap::Field(of, _)
            if self.values.classes.top(*of) == self.values.classes.top(class));
        // What another method of the class hands to the logger, it decides itself.
        let logs = |func: FuncId| self.summaries[func.index()].is_logger();
        let is_logger = is_own && hit.open && logs(func) && logs(hit.primary.0);
        if is_logger { self.given_to_logger(func, held) } else { None }
    }

    /// Where what a logging function keeps in a variable for its inner functions, which write it, was handed to that:
    /// `log(text) { this.outputs.forEach((output) => output.write(text)); }`.
    fn shared_in_logger(&self, hit: &Hit, held: &Entry) -> Option<At> {
        let Root::Heap(heap) = hit.entry.root else { return None };
        let Heap::Cell(cell) = self.names.heaps[heap] else { return None };
        let program = self.values.program;
        let func = program.cells[cell].owner;
        let owner = &program.funcs[func];
        let parents = std::iter::successors(Some(hit.primary.0), |inner| program.funcs[*inner].parent);
        let writes = parents.skip(1).any(|outer| outer == func) || self.summaries[hit.primary.0.index()].is_logger();
        if !hit.open || !writes || owner.kind == FuncKind::Init || !self.words.is_log_function(&owner.name) {
            return None;
        }
        let handed = |(_, what): &&(At, What)| *what == What::Passed(func);
        let by_class = self.given_to_logger(func, held);
        by_class.or_else(|| held.trace.steps().iter().rev().find(handed).map(|(at, _)| *at))
    }

    /// The last call outside of a function's class that handed to a function of that class what one of its objects holds:
    /// `logger.child({ query })`.
    pub(super) fn given_to_logger(&self, func: FuncId, held: &Entry) -> Option<At> {
        let funcs = &self.values.program.funcs;
        let class = funcs[func].owner;
        let handed = |(at, what): &&(At, What)| {
            class.is_some()
                && funcs[at.0].owner != class
                && matches!(what, What::Passed(callee) if funcs[*callee].owner == class)
        };
        held.trace.steps().iter().rev().find(handed).map(|(at, _)| *at)
    }
}

/// By place: the facts about what it holds, sorted when somebody asks.
struct Users<'f, F>(FxHashMap<HeapId, OfPlace<'f, F>>);

/// The facts about what one place holds.
struct OfPlace<'f, F> {
    facts: Vec<&'f F>,
    /// Once they are sorted: where those stand that ask for a field, by its name.
    by_field: FxHashMap<&'f Symbol, Vec<usize>>,
    /// And those that ask for the whole or for any field.
    of_all: Vec<usize>,
    is_sorted: bool,
}

impl<F> Default for Users<'_, F> {
    fn default() -> Self {
        Self(FxHashMap::default())
    }
}

impl<F> Default for OfPlace<'_, F> {
    fn default() -> Self {
        Self { facts: Vec::new(), by_field: FxHashMap::default(), of_all: Vec::new(), is_sorted: false }
    }
}

impl<'f, F: Fact> Users<'f, F> {
    fn add(&mut self, heap: HeapId, fact: &'f F) {
        self.0.entry(heap).or_default().facts.push(fact);
    }

    /// Those that something in a place can concern: what sits in one field is nothing to who asks for another.
    fn of(&mut self, heap: HeapId, held: &Entry) -> Vec<&'f F> {
        let Some(place) = self.0.get_mut(&heap) else { return Vec::new() };
        if !place.is_sorted {
            place.sort();
        }
        match held.at.first().filter(|field| *field != ANY) {
            Some(field) => {
                let of_field = place.by_field.get(field).into_iter().flatten();
                let mut all: Vec<usize> = of_field.chain(&place.of_all).copied().collect();
                all.sort_unstable();
                all.into_iter().map(|at| place.facts[at]).collect()
            }
            None => place.facts.clone(),
        }
    }
}

impl<F: Fact> OfPlace<'_, F> {
    fn sort(&mut self) {
        sort(&mut self.facts);
        for (at, fact) in self.facts.iter().enumerate() {
            match fact.entry().path.first().filter(|field| *field != ANY) {
                Some(field) => self.by_field.entry(field).or_default().push(at),
                None => self.of_all.push(at),
            }
        }
        self.is_sorted = true;
    }
}

type WriteKey = (HeapId, Path, Root, Path, Path, Form);

/// What is known to reach each heap place, kept small: a place that holds one source in many fields holds it as a whole.
#[derive(Default)]
struct Reached {
    seen: FxHashSet<WriteKey>,
    /// Facts for each place and source.
    parts: FxHashMap<(HeapId, Root), Parts>,
    /// Sources for each place.
    sources: FxHashMap<HeapId, usize>,
}

impl Reached {
    /// Is nothing more of the source taken for the place, whichever part of it?
    fn is_full(&self, heap: HeapId, root: Root) -> bool {
        let parts = self.parts.get(&(heap, root)).copied().unwrap_or_default();
        if parts.is_empty() {
            return self.is_full_of_sources(heap);
        }
        parts.is_full(MAX_HEAP_PARTS)
    }

    fn is_full_of_sources(&self, heap: HeapId) -> bool {
        self.sources.get(&heap).is_some_and(|n_sources| *n_sources >= MAX_HEAP_SOURCES)
            || self.seen.len() >= MAX_HEAP_FACTS
    }

    /// Is the fact new, and is there room for it?
    fn admit(&mut self, heap: HeapId, entry: &Entry) -> bool {
        if self.is_full(heap, entry.root) {
            return false;
        }
        let key = (heap, entry.at.clone(), entry.root, entry.path.clone(), entry.without.clone(), entry.form);
        if !self.seen.insert(key) {
            return false;
        }
        let parts = self.parts.entry((heap, entry.root)).or_default();
        if parts.is_empty() {
            *self.sources.entry(heap).or_default() += 1;
        }
        parts.count(entry);
        true
    }
}
