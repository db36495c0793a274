//! What can be taken to hold in the whole process: the conditions under which it serves on stdio.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::Symbol;
use crate::models::serving::TransportKind;
use crate::resolve::values::At;

use super::abs::Facts;
use super::explore::{Event, Explorer, FrameId, Mode, Serve};
use super::offered::Offers;
use super::transport::{left_transport, other_transport, stdio_transport};

/// What holds wherever serving on stdio starts: the conditions on the way there, from the entry inwards.
pub(super) struct Assumed<'e, 'v> {
    explorer: &'e Explorer<'v>,
    /// What is only started by the call: a task, a thread.
    started: BTreeMap<At, Vec<FrameId>>,
    /// None while a frame is being looked at.
    known: BTreeMap<FrameId, Option<Way>>,
    /// Frames that hand over what serves on stdio, and whether ways lead through them: where nothing but that serves.
    offers: Offers,
    through_tasks: bool,
    /// What chooses among transports and is not stdio on some way to serving on it.
    open: BTreeSet<Symbol>,
}

/// A way to where it is served on stdio, or what all of them have in common.
#[derive(Clone)]
struct Way {
    facts: Facts,
    /// It leads to stdio for sure.
    is_stdio: bool,
}

impl Way {
    fn meet(self, other: Self) -> Self {
        Self { facts: self.facts.meet(&other.facts), is_stdio: self.is_stdio || other.is_stdio }
    }
}

impl<'e, 'v> Assumed<'e, 'v> {
    pub(super) fn new(explorer: &'e Explorer<'v>, later: &[(FrameId, At, Mode)]) -> Self {
        let mut started: BTreeMap<At, Vec<FrameId>> = BTreeMap::new();
        for (frame, at, _) in later {
            started.entry(*at).or_default().push(*frame);
        }
        let offers = Offers::of(explorer, later);
        Self { explorer, started, known: BTreeMap::new(), offers, through_tasks: false, open: BTreeSet::new() }
    }

    pub(super) fn of_process(mut self, roots: &[FrameId]) -> Facts {
        let mut from_roots = self.of_roots(roots);
        if from_roots.is_empty() {
            self.through_tasks = true;
            self.known.clear();
            from_roots = self.of_roots(roots);
        }
        // What only starts later, a callback, has no way from the entry that is known.
        let mut facts = from_roots.into_iter().reduce(|a, b| a.and(&b)).unwrap_or_else(|| {
            let on_stdio = |serve: &&Serve| matches!(serve.kind, TransportKind::Stdio | TransportKind::Unknown);
            let serves = self.explorer.serves.values().filter(on_stdio);
            serves.map(|serve| serve.facts.clone()).reduce(|a, b| a.meet(&b)).unwrap_or_default()
        });
        let values = self.explorer.values;
        facts.decide(|known| left_transport(values, known), &self.open);
        // What the program writes itself is so from then on only.
        facts.leave_out(&|sym| self.explorer.prepared.lazy.is_setting(sym));
        facts
    }

    fn of_roots(&mut self, roots: &[FrameId]) -> Vec<Facts> {
        roots.iter().filter_map(|root| self.of_frame(*root)).map(|way| way.facts).collect()
    }

    /// What holds in the frame where it serves. `None` when it does not.
    fn of_frame(&mut self, id: FrameId) -> Option<Way> {
        if let Some(known) = self.known.get(&id) {
            return known.clone();
        }
        self.known.insert(id, None);
        let explorer = self.explorer;
        let frame = &explorer.frames[id];
        let events = || frame.blocks.visited().flat_map(|visited| &visited.events);
        let mut all: Option<Way> = None;
        for event in events().filter(|event| event.on_stdio) {
            let at = (frame.func, event.instr);
            let own = explorer.serves.range((at, TransportKind::Stdio)..).take_while(|((known, _), _)| *known == at);
            let own = own
                .map(|((_, kind), serve)| Way { facts: serve.facts.clone(), is_stdio: *kind == TransportKind::Stdio });
            let inner: Vec<FrameId> = event.frames.iter().map(|(inner, _)| *inner).collect();
            all = self.with_event(event, own.collect(), &inner, all);
        }
        // A task beside what serves here is another way; where nothing serves here, it may be started from elsewhere, too.
        if all.is_some() || self.through_tasks {
            for event in events().filter(|event| !event.on_stdio) {
                let mut tasks = self.started.get(&(frame.func, event.instr)).cloned().unwrap_or_default();
                let through_tasks = self.through_tasks;
                // A thread may start another one, which serves.
                tasks.retain(|task| {
                    explorer.frames[*task].outcome.on_stdio || through_tasks && self.of_frame(*task).is_some()
                });
                let inner = event.frames.iter().filter(|_| through_tasks);
                tasks.extend(inner.filter_map(|(inner, mode)| {
                    let is_task = self.offers.has(*inner) || *mode == Mode::Alone;
                    (is_task && self.of_frame(*inner).is_some()).then_some(*inner)
                }));
                if !tasks.is_empty() {
                    all = self.with_event(event, Vec::new(), &tasks, all);
                }
            }
        }
        self.known.insert(id, all.clone());
        all
    }

    /// The ways known so far and those by an event: `own`, and those in the frames that it runs or starts.
    fn with_event(&mut self, event: &Event, own: Vec<Way>, frames: &[FrameId], known: Option<Way>) -> Option<Way> {
        let values = self.explorer.values;
        // What runs where another transport was chosen does not choose stdio, whatever is handed around.
        if event.facts.says(other_transport(values)) {
            return known;
        }
        let inner: Vec<Way> = frames.iter().filter_map(|inner| self.of_frame(*inner)).collect();
        let nothing = Way { facts: Facts::default(), is_stdio: false };
        let mut here = own.into_iter().chain(inner).reduce(Way::meet).unwrap_or(nothing);
        here.facts = here.facts.and(&event.facts);
        if here.is_stdio {
            self.open.extend(here.facts.denying(stdio_transport(values)).cloned());
        }
        Some(match known {
            Some(known) => known.meet(here),
            None => here,
        })
    }
}
