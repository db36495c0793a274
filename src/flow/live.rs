//! Which explored code can run in the same execution as serving stdio.
//!
//! Code that runs before the transport is up counts when serving can still follow it; all code that runs while serving
//! counts; code behind a blocking serve call does not, except in the handler of a `try` around it: that is where a server
//! reports its crash.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::bounds::{MAX_HANDED_BACK, MAX_MEANT, MAX_MEETINGS, MAX_STATIC_DEPTH};
use crate::ir::func::{Block, BlockId, End, FuncId, FuncKind, Function};
use crate::ir::instr::{InstrId, Op};
use crate::resolve::solve::CallKind;
use crate::resolve::values::At;

use super::abs::Facts;
use super::explore::{Event, Explorer, Frame, FrameId, Mode, Phase};
use super::failed::{ended_blocks, failed_blocks};
use super::leading::{Decision, Leading, Leads, Wanted, Ways, decisions, handed_on, leading, may_give, wanted};
use super::making::Reached;
use super::offered::Offers;

/// A place where a live instruction was met.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) frame: FrameId,
    pub(crate) phase: Phase,
    /// Runs because the server failed: a crash handler, or the handler of a `try` around serving.
    pub(crate) crash: bool,
    pub(crate) rebinds: Rc<BTreeSet<u32>>,
    /// The whole frame runs because of a crash, not only a block of it.
    pub(crate) frame_crash: bool,
    /// What conditions on the way through the function say.
    pub(crate) facts: Rc<Facts>,
}

/// A frame, and whether it runs because of a crash.
pub(crate) type FrameKey = (FrameId, bool);

/// The live part of a process.
#[derive(Default)]
pub(crate) struct Live {
    /// Live calls and stores, each with where it was met, first frame first.
    pub(crate) sites: BTreeMap<At, Vec<Site>>,
    /// What runs while serving and is called by a library: where each function as a whole was met. A handler may call
    /// nothing at all.
    pub(crate) later: BTreeMap<FuncId, Site>,
    /// How a frame is reached: the calling frame and the call.
    pub(crate) reached: BTreeMap<FrameKey, (Option<FrameKey>, Option<At>)>,
    /// All that a frame is called by: the calling frames and the calls.
    pub(crate) callers: FxHashMap<FrameKey, Vec<(FrameKey, At)>>,
}

/// One frame in the queue.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Visit {
    frame: FrameId,
    /// Can serving follow when the frame returns?
    leads: Leads,
    crash: bool,
}

/// Marks what is live, from the process's own code (`roots`, in order of execution) and what runs while serving.
pub(crate) fn live(explorer: &Explorer<'_>, roots: &[FrameId], later: &[(FrameId, At, Mode)]) -> Live {
    let mut marker = Marker {
        explorer,
        offers: Offers::of(explorer, later),
        live: Live::default(),
        seen: FxHashSet::default(),
        queue: Vec::new(),
        entered: FxHashSet::default(),
        never_made: never_made(explorer),
        closures: closures(explorer),
        serving: explorer.frames.iter().filter(|frame| frame.outcome.serves).map(|frame| frame.func).collect(),
        made: FxHashSet::default(),
        waiting: FxHashMap::default(),
        unset: Vec::new(),
        held_back: FxHashSet::default(),
        wanted: Vec::new(),
        decisions: FxHashMap::default(),
        next: 0,
    };
    let serves = |frame: &FrameId| explorer.frames[*frame].outcome.serves;
    // Where only what is handed over serves, that follows whatever the process runs itself.
    let is_handed_over = !roots.iter().any(serves)
        && later.iter().any(|(frame, _, mode)| serves(frame) && matches!(mode, Mode::Now | Mode::Ahead));
    for (at, root) in roots.iter().enumerate() {
        let follows = is_handed_over || roots[at + 1..].iter().any(serves);
        let leads = if follows { Leads::Always } else { Leads::Never };
        marker.push(Visit { frame: *root, leads, crash: false }, None, None);
    }
    marker.drain();
    // What is handed over for later runs if the function that hands it over does: it may be what starts to serve, so that
    // nothing in that function leads there by itself.
    let mut open: Vec<&(FrameId, At, Mode)> = later.iter().collect();
    loop {
        let (ready, rest): (Vec<_>, Vec<_>) = open.into_iter().partition(|later| marker.is_handed_over(later));
        if ready.is_empty() {
            return marker.live;
        }
        for &(frame, at, mode) in ready {
            marker.later(frame, at, mode);
        }
        marker.drain();
        open = rest;
    }
}

/// Functions that the explored code only makes where the process does not get to: below `if __name__ == "__main__"` in a module
/// that is imported. Whoever calls a parameter that may hold one does not get it. So are methods of objects that it does not make.
fn never_made(explorer: &Explorer<'_>) -> FxHashSet<FuncId> {
    let mut reached = Reached::new();
    for frame in explorer.frames.iter() {
        reached.entry(frame.func).or_default().extend(frame.blocks.ids());
    }
    let mut made: FxHashSet<FuncId> = FxHashSet::default();
    let mut not_made: FxHashSet<FuncId> = FxHashSet::default();
    for (func, blocks) in &reached {
        let body = &explorer.values.program.funcs[*func];
        for (block, data) in body.blocks.iter_enumerated() {
            let into = if blocks.contains(&block) { &mut made } else { &mut not_made };
            into.extend(data.instrs.iter().filter_map(|instr| match body.instrs[*instr].op {
                Op::Closure(inner) => Some(inner),
                _ => None,
            }));
        }
    }
    let mut left_out = LeftOut { explorer, reached: &reached, known: FxHashMap::default() };
    for func in reached.keys() {
        let parent = explorer.values.program.funcs[*func].parent;
        if parent.is_some_and(|parent| left_out.is_one(parent, MAX_STATIC_DEPTH)) {
            not_made.insert(*func);
        }
    }
    not_made.retain(|func| !made.contains(func));
    let making = &explorer.prepared.making;
    not_made.extend(reached.keys().filter(|func| making.is_of_none(explorer.values, **func, &reached)));
    not_made
}

/// Functions that are called by nobody, or only where the process does not get to.
struct LeftOut<'e, 'v> {
    explorer: &'e Explorer<'v>,
    reached: &'e Reached,
    known: FxHashMap<FuncId, bool>,
}

impl LeftOut<'_, '_> {
    fn is_one(&mut self, func: FuncId, depth: usize) -> bool {
        let values = self.explorer.values;
        let callers = values.callers(func);
        let Some(depth) = depth.checked_sub(1) else { return false };
        if self.reached.contains_key(&func) || values.program.funcs[func].kind == FuncKind::Init {
            return false;
        }
        if let Some(known) = self.known.get(&func) {
            return *known;
        }
        self.known.insert(func, false);
        let is_one = callers.iter().all(|(caller, call)| match self.reached.get(caller) {
            Some(blocks) => {
                let body = &values.program.funcs[*caller].blocks;
                !blocks.iter().any(|block| body[*block].instrs.contains(call))
            }
            None => self.is_one(*caller, depth),
        });
        self.known.insert(func, is_one);
        is_one
    }
}

/// The functions that the explored code makes inside of functions, by who makes them.
fn closures(explorer: &Explorer<'_>) -> FxHashMap<FuncId, Vec<(BlockId, FuncId)>> {
    let program = explorer.values.program;
    let mut closures: FxHashMap<FuncId, Vec<(BlockId, FuncId)>> = FxHashMap::default();
    for frame in explorer.frames.iter() {
        let body = &program.funcs[frame.func];
        if body.kind == FuncKind::Init || closures.contains_key(&frame.func) {
            continue;
        }
        let of_block = |(block, data): (BlockId, &Block)| {
            let inner = data.instrs.iter().filter_map(|instr| match body.instrs[*instr].op {
                Op::Closure(inner) => Some(inner),
                _ => None,
            });
            inner.map(|inner| (block, inner)).collect::<Vec<_>>()
        };
        closures.insert(frame.func, body.blocks.iter_enumerated().flat_map(of_block).collect());
    }
    closures
}

/// An instruction that does not run while something holds nothing, in a frame that is looked at again then.
struct Unset {
    at: At,
    facts: Rc<Facts>,
    visit: Visit,
}

/// A call of a function that is not known to be made.
type Waiting = (Visit, Option<FrameKey>, Option<At>);

struct Marker<'e, 'v> {
    explorer: &'e Explorer<'v>,
    offers: Offers,
    live: Live,
    seen: FxHashSet<(FrameId, Leads, bool)>,
    queue: Vec<Visit>,
    /// The functions of the frames in the queue.
    entered: FxHashSet<FuncId>,
    /// Functions that nothing of the process makes.
    never_made: FxHashSet<FuncId>,
    /// By function: what it makes functions in, and which.
    closures: FxHashMap<FuncId, Vec<(BlockId, FuncId)>>,
    /// The functions in which serving starts, or in what they call.
    serving: FxHashSet<FuncId>,
    /// The functions that live code was seen to make.
    made: FxHashSet<FuncId>,
    /// Calls of functions that none was seen to make yet: `fetch(params, |line| show(line))` in another command gives
    /// `fetch` nothing to call where a handler calls it.
    waiting: FxHashMap<FuncId, Vec<Waiting>>,
    /// What runs only where a field or variable holds something into which nothing was put yet.
    unset: Vec<Unset>,
    /// The visits and instructions of that.
    held_back: FxHashSet<(Visit, InstrId)>,
    /// What functions have to give back so that serving follows.
    wanted: Vec<Wanted>,
    /// By function: the branches that the result of a call decides.
    decisions: FxHashMap<FuncId, Rc<[Decision]>>,
    /// How far the queue is worked off.
    next: usize,
}

impl Marker<'_, '_> {
    /// First in, first out: the shortest way to a frame is the one that is told.
    fn drain(&mut self) {
        loop {
            while let Some(Visit { frame, leads, crash }) = self.queue.get(self.next).copied() {
                self.next += 1;
                self.frame(frame, leads, crash);
            }
            // What waited for something to be there is looked at again.
            let (unset, set): (Vec<_>, Vec<_>) = std::mem::take(&mut self.unset)
                .into_iter()
                .partition(|unset| self.explorer.unset(&unset.facts, &self.entered).is_some());
            self.unset = unset;
            if set.is_empty() {
                return;
            }
            // Each frame once, whatever in it waited.
            let mut again: FxHashSet<Visit> = FxHashSet::default();
            for Unset { at, visit, .. } in set {
                self.held_back.remove(&(visit, at.1));
                if again.insert(visit) {
                    self.queue.push(visit);
                }
            }
        }
    }

    /// Is what hands it over known to run? Of what runs an application the very call.
    fn is_handed_over(&self, (frame, at, mode): &(FrameId, At, Mode)) -> bool {
        // Where a function starts to serve itself, what it hands over on another way out does not run beside that.
        let is_call = matches!(self.explorer.values.program.funcs[at.0].instrs[at.1].op, Op::Call(_));
        let is_elsewhere = is_call && *mode != Mode::Crash && self.serving.contains(&at.0);
        let serves = self.explorer.frames[*frame].outcome.serves;
        let is_run = self.explorer.is_run_by(self.explorer.frames[*frame].func, *at);
        let is_met = self.live.sites.contains_key(at);
        let may_run = !is_run && (serves || !is_elsewhere);
        is_met || may_run && self.entered.contains(&at.0) && !self.unset.iter().any(|unset| unset.at == *at)
    }

    /// Marks what runs while serving because it was handed over.
    fn later(&mut self, frame: FrameId, at: At, mode: Mode) {
        let crash = mode == Mode::Crash;
        if self.explorer.frames[frame].context.phase == Phase::BEFORE {
            let leads = if mode == Mode::Ahead { Leads::Always } else { Leads::Never };
            self.push(Visit { frame, leads, crash }, None, Some(at));
            return;
        }
        self.live.later.entry(self.explorer.frames[frame].func).or_insert_with(|| Site {
            frame,
            phase: Phase::SERVING,
            crash,
            rebinds: Rc::default(),
            frame_crash: crash,
            facts: Rc::default(),
        });
        self.push(Visit { frame, leads: Leads::Always, crash }, None, Some(at));
    }

    fn push(&mut self, visit: Visit, from: Option<(FrameId, bool)>, at: Option<At>) {
        let Visit { frame, leads, crash } = visit;
        if self.never_made.contains(&self.explorer.frames[frame].func) {
            return;
        }
        if from.is_some() && self.is_unmade(frame) {
            self.waiting.entry(self.explorer.frames[frame].func).or_default().push((visit, from, at));
            return;
        }
        if let (Some(from), Some(at)) = (from, at) {
            let callers = self.live.callers.entry((frame, crash)).or_default();
            if !callers.contains(&(from, at)) {
                callers.push((from, at));
            }
        }
        if self.seen.contains(&(frame, Leads::Always, crash)) || !self.seen.insert((frame, leads, crash)) {
            return;
        }
        self.live.reached.entry((frame, crash)).or_insert((from, at));
        self.entered.insert(self.explorer.frames[frame].func);
        self.queue.push(visit);
    }

    /// Is it a function that another one makes, and not where it was seen to be live?
    fn is_unmade(&self, frame: FrameId) -> bool {
        let frame = &self.explorer.frames[frame];
        let parent = self.explorer.values.program.funcs[frame.func].parent;
        let made_by = parent.and_then(|parent| self.closures.get(&parent));
        let is_made_there = made_by.is_some_and(|inner| inner.iter().any(|(_, inner)| *inner == frame.func));
        is_made_there && !frame.outcome.serves && !self.made.contains(&frame.func)
    }

    /// The functions that live code makes can be called.
    fn make(&mut self, func: FuncId, is_live: impl Fn(BlockId) -> bool) {
        let Some(inner) = self.closures.get(&func) else { return };
        let made: Vec<FuncId> = inner.iter().filter(|(block, _)| is_live(*block)).map(|(_, inner)| *inner).collect();
        for func in made {
            if self.made.insert(func) {
                for (visit, from, at) in self.waiting.remove(&func).unwrap_or_default() {
                    self.push(visit, from, at);
                }
            }
        }
    }

    fn frame(&mut self, id: FrameId, leads: Leads, crash: bool) {
        let explorer = self.explorer;
        let frame = &explorer.frames[id];
        // What runs while serving is live, wherever it leads.
        let mut events = frame.blocks.visited().flat_map(|visited| &visited.events);
        let asks = events.any(|event| !event.phase.has(Phase::SERVING));
        let block_leads = if asks { self.leading(id, leads) } else { Leading::default() };
        let (offered, offered_before) = if asks { self.offered(id) } else { Default::default() };
        let crash_blocks = crash_blocks(explorer, id);
        // What goes on for ever is begun and not waited for, or nothing would follow: it runs beside what follows.
        let is_beside = frame.outcome.for_ever && leads == Leads::Always;
        self.make(frame.func, |block| {
            !asks
                || crash
                || is_beside
                || block_leads.start.contains(&block)
                || offered.contains(&block)
                || crash_blocks.contains(&block)
                || frame
                    .blocks
                    .get(block)
                    .is_some_and(|visited| visited.events.iter().any(|event| event.phase.has(Phase::SERVING)))
        });
        for (block, visited) in frame.blocks.iter() {
            let block = &block;
            let in_crash = crash || crash_blocks.contains(block);
            // From the end backwards: what follows an event in its own block.
            let mut follows = visited.ends && block_leads.end.contains(block) || is_beside;
            let mut facts = Vec::with_capacity(visited.events.len());
            for event in visited.events.iter().rev() {
                let after = follows;
                follows |= self.starts(frame, event);
                facts.push((after, follows));
            }
            facts.reverse();
            let mut was_offered = offered_before.contains(block);
            for (event, (after, live_before)) in visited.events.iter().zip(facts) {
                let already = visited.ends && offered.contains(block) && (was_offered || !self.offers.may_not(event));
                was_offered |= self.offers.offers(explorer, frame, event);
                let after = after || already;
                let before = event.phase.has(Phase::BEFORE) && (live_before || already);
                let is_live = event.phase.has(Phase::SERVING) || before || in_crash;
                if is_live && !event.serves && explorer.unset(&event.facts, &self.entered).is_some() {
                    let visit = Visit { frame: id, leads, crash };
                    if self.held_back.insert((visit, event.instr)) {
                        let (at, facts) = ((frame.func, event.instr), event.facts.clone());
                        self.unset.push(Unset { at, facts, visit });
                    }
                    continue;
                }
                if is_live {
                    let site = Site {
                        frame: id,
                        phase: event.phase,
                        crash: in_crash,
                        rebinds: event.rebinds.clone(),
                        frame_crash: crash,
                        facts: event.facts.clone(),
                    };
                    let meetings = self.live.sites.entry((frame.func, event.instr)).or_default();
                    let known = |known: &Site| {
                        known.crash == site.crash && known.rebinds == site.rebinds && known.phase == site.phase
                    };
                    if meetings.len() < MAX_MEETINGS && !meetings.iter().any(known) {
                        meetings.push(site);
                    }
                }
                for (inner, mode) in &event.frames {
                    let at = (frame.func, event.instr);
                    let inner_serves = explorer.frames[*inner].outcome.serves || self.offers.has(*inner);
                    let visit = match mode {
                        Mode::Alone if inner_serves => Visit { frame: *inner, leads: Leads::Never, crash: in_crash },
                        Mode::Alone => continue,
                        Mode::Crash => Visit { frame: *inner, leads: Leads::Always, crash: true },
                        Mode::Now | Mode::Ahead if is_live || inner_serves => {
                            let leads = match after {
                                _ if event.phase.has(Phase::SERVING) => Leads::Always,
                                true if already || explorer.frames[*inner].outcome.for_ever => Leads::Always,
                                // A constructor gives nothing back, and yet the call gives an object.
                                true if self.explorer_func(*inner).kind == FuncKind::Constructor => Leads::Always,
                                true => self.leads_by_result(id, leads, &block_leads, (*block, event.instr)),
                                false => Leads::Never,
                            };
                            Visit { frame: *inner, leads, crash: in_crash }
                        }
                        Mode::Now | Mode::Ahead => continue,
                    };
                    self.push(visit, Some((id, crash)), Some(at));
                }
            }
        }
    }

    fn leading(&self, id: FrameId, leads: Leads) -> Leading {
        let func = self.explorer_func(id);
        let frame = &self.explorer.frames[id];
        let returns = |value| self.returns(frame.func, leads, value);
        let ways = Ways { starts: &|event| self.starts(frame, event), returns: &returns };
        leading(frame, func, &ways, None)
    }

    /// The blocks at whose end something was handed over that starts to serve, where the process is not ended after them; and
    /// those at whose beginning it was.
    fn offered(&self, id: FrameId) -> (BTreeSet<BlockId>, BTreeSet<BlockId>) {
        let (mut blocks, before) = self.offers.after(self.explorer, id);
        if !blocks.is_empty() {
            let ways = Ways { starts: &|_| false, returns: &|_| true };
            let goes_on = leading(&self.explorer.frames[id], self.explorer_func(id), &ways, None);
            let endless = endless(&self.explorer.frames[id]);
            let stays = |block| !endless.is_disjoint(&reach(self.explorer, id, [block].into(), &BTreeSet::new()));
            blocks.retain(|block| goes_on.end.contains(block) || !endless.is_empty() && stays(*block));
        }
        (blocks, before)
    }

    /// Does the process serve from here on, or when what is handed over here runs?
    fn starts(&self, frame: &Frame, event: &Event) -> bool {
        event.serves || self.offers.offers(self.explorer, frame, event)
    }

    /// Does serving follow when the function returns `value`?
    fn returns(&self, func: FuncId, leads: Leads, value: Option<InstrId>) -> bool {
        match leads {
            Leads::Never => false,
            Leads::Always => true,
            Leads::When(number) => self.may_give(func, value, &self.wanted[number as usize], MAX_HANDED_BACK),
        }
    }

    /// May a function give back what is wanted by returning a value, itself or by what it calls for that?
    fn may_give(&self, func: FuncId, value: Option<InstrId>, wanted: &Wanted, depth: usize) -> bool {
        let values = self.explorer.values;
        let body = &values.program.funcs[func];
        if !may_give(body, value, wanted) {
            return false;
        }
        let (Some(depth), Some(call)) = (depth.checked_sub(1), value.and_then(|value| called(body, value))) else {
            return true;
        };
        let callees = values.callees((func, call));
        let gives = |(callee, kind): &(FuncId, CallKind)| {
            let inner = &values.program.funcs[*callee];
            let mut ends = inner.blocks.iter().map(|block| &block.end);
            *kind != CallKind::Direct
                || inner.is_generator
                || ends.any(|end| matches!(end, End::Return(value) if self.may_give(*callee, *value, wanted, depth)))
        };
        callees.is_empty() || callees.len() > MAX_MEANT || callees.iter().any(gives)
    }

    /// Does serving follow when the function that is called at an instruction of a block returns?
    fn leads_by_result(&mut self, id: FrameId, own: Leads, known: &Leading, at: (BlockId, InstrId)) -> Leads {
        let explorer = self.explorer;
        let frame = &explorer.frames[id];
        let func = &explorer.values.program.funcs[frame.func];
        let decisions = self.decisions.entry(frame.func).or_insert_with(|| decisions(func).into()).clone();
        let decided = decisions.iter().filter(|decision| decision.call == at.1);
        let returns = |value| self.returns(frame.func, own, value);
        let ways = Ways { starts: &|event| self.starts(frame, event), returns: &returns };
        let mut found = wanted(decided, frame, func, known, &ways);
        if let (None, Leads::When(number)) = (&found, own) {
            found = handed_on(func, at.0, at.1, &self.wanted[number as usize]);
        }
        let Some(found) = found else { return Leads::Always };
        let number = self.wanted.iter().position(|known| *known == found).unwrap_or_else(|| {
            self.wanted.push(found);
            self.wanted.len() - 1
        });
        u32::try_from(number).map_or(Leads::Always, Leads::When)
    }

    fn explorer_func(&self, id: FrameId) -> &Function {
        &self.explorer.values.program.funcs[self.explorer.frames[id].func]
    }
}

/// The call that a value is the result of, waited for or not.
fn called(func: &Function, value: InstrId) -> Option<InstrId> {
    match func.instrs[value].op {
        Op::Call(_) => Some(value),
        Op::Await(inner) => matches!(func.instrs[inner].op, Op::Call(_)).then_some(inner),
        _ => None,
    }
}

/// The blocks that nothing leads out of: `loop { … }` without a `break` keeps the process going.
fn endless(frame: &Frame) -> BTreeSet<BlockId> {
    let mut open: Vec<BlockId> = Vec::new();
    let mut before: BTreeMap<BlockId, Vec<BlockId>> = BTreeMap::new();
    for (block, visited) in frame.blocks.iter() {
        let next = visited.next.iter().copied().chain(visited.unwind);
        next.clone().for_each(|to| before.entry(to).or_default().push(block));
        if next.count() == 0 {
            open.push(block);
        }
    }
    let mut endless: BTreeSet<BlockId> = frame.blocks.ids().collect();
    while let Some(block) = open.pop() {
        if endless.remove(&block) {
            open.extend(before.get(&block).into_iter().flatten());
        }
    }
    endless
}

/// The blocks that only run when something inside a `try` around serving failed, or where the result of serving is an error.
fn crash_blocks(explorer: &Explorer<'_>, id: FrameId) -> BTreeSet<BlockId> {
    let frame = &explorer.frames[id];
    let serving = frame.blocks.visited().filter(|visited| visited.events.iter().any(|event| event.serves));
    let mut handlers: BTreeSet<BlockId> = serving.filter_map(|visited| visited.unwind).collect();
    handlers.extend(failed_blocks(explorer, frame));
    if handlers.is_empty() {
        return BTreeSet::new();
    }
    let entry = explorer.values.program.funcs[frame.func].entry();
    let normal = reach(explorer, id, [entry].into(), &handlers);
    let crashed = reach(explorer, id, handlers, &ended_blocks(explorer, frame));
    crashed.difference(&normal).copied().collect()
}

/// Blocks reachable from `from` without entering `avoid`.
fn reach(
    explorer: &Explorer<'_>,
    id: FrameId,
    from: BTreeSet<BlockId>,
    avoid: &BTreeSet<BlockId>,
) -> BTreeSet<BlockId> {
    let frame = &explorer.frames[id];
    let mut seen = from.clone();
    let mut open: Vec<BlockId> = from.into_iter().collect();
    while let Some(block) = open.pop() {
        let Some(visited) = frame.blocks.get(block) else { continue };
        for to in visited.next.iter().copied().chain(visited.unwind) {
            if !avoid.contains(&to) && seen.insert(to) {
                open.push(to);
            }
        }
    }
    seen
}
