//! What starts to serve later than where it is handed over: the action of a command line, a timer, a thread.
//!
//! What such a call is made after, and what is run between it and the end of the program's own code, runs in the process
//! that serves, though no call there does.

use std::collections::BTreeSet;

use rustc_hash::FxHashSet;

use crate::ir::func::BlockId;
use crate::resolve::values::At;

use super::explore::{Event, Explorer, Frame, FrameId, Mode};

/// The frames that hand over what starts to serve, themselves or by what they call.
#[derive(Default)]
pub(super) struct Offers {
    frames: FxHashSet<FrameId>,
    calls: FxHashSet<At>,
    /// Calls that only register what another one runs.
    registering: FxHashSet<At>,
    /// The frames of which that is so even if no command line is looked at.
    anyway: FxHashSet<FrameId>,
}

impl Offers {
    /// `later`: what runs later, and the calls that hand it over.
    pub(super) fn of(explorer: &Explorer<'_>, later: &[(FrameId, At, Mode)]) -> Self {
        let starting = later.iter().filter(|(frame, _, mode)| {
            matches!(mode, Mode::Now | Mode::Ahead) && explorer.frames[*frame].outcome.serves
        });
        let calls = starting.map(|(_, at, _)| *at).collect();
        let mut offers = Self { calls, ..Self::default() };
        let run = offers.command_lines(explorer);
        offers.spread(explorer);
        offers.anyway.clone_from(&offers.frames);
        if !run.is_empty() {
            offers.calls.extend(run);
            offers.spread(explorer);
        }
        offers
    }

    /// Who calls a frame that hands it over does so, too.
    fn spread(&mut self, explorer: &Explorer<'_>) {
        loop {
            let n_known = self.frames.len();
            // Frames are numbered as they are entered: what is called comes after its caller.
            for id in explorer.frames.ids().rev() {
                let frame = &explorer.frames[id];
                let mut events = frame.blocks.visited().flat_map(|visited| &visited.events);
                if !self.frames.contains(&id) && events.any(|event| self.offers(explorer, frame, event)) {
                    self.frames.insert(id);
                }
            }
            if self.frames.len() == n_known {
                return;
            }
        }
    }

    /// The calls that look at the command line, where that runs a command which starts to serve. If the process is seen to do
    /// that, the command does not run where it is registered.
    fn command_lines(&mut self, explorer: &Explorer<'_>) -> BTreeSet<At> {
        let mut found = BTreeSet::new();
        for frame in explorer.frames.iter() {
            for event in frame.blocks.visited().flat_map(|visited| &visited.events) {
                let at = (frame.func, event.instr);
                let Some(library) = explorer.commands.get(&at).filter(|_| is_command(explorer, event)) else {
                    continue;
                };
                let mut runs = explorer.command_lines.iter().filter(|(of, _)| of == library).peekable();
                if runs.peek().is_some() {
                    self.registering.insert(at);
                    found.extend(runs.map(|(_, at)| *at));
                }
            }
        }
        found
    }

    /// Does a frame hand it over?
    pub(super) fn has(&self, frame: FrameId) -> bool {
        self.frames.contains(&frame)
    }

    /// Is it handed over by a called function only where that looks at the command line? It may come back without having done so.
    pub(super) fn may_not(&self, event: &Event) -> bool {
        let mut offering = event.frames.iter().filter(|(inner, _)| self.frames.contains(inner)).peekable();
        offering.peek().is_some() && !offering.any(|(inner, _)| self.anyway.contains(inner))
    }

    /// Is something handed over here, or in what is called here, that starts to serve?
    pub(super) fn offers(&self, explorer: &Explorer<'_>, frame: &Frame, event: &Event) -> bool {
        let at = (frame.func, event.instr);
        self.calls.contains(&at)
            || event.frames.iter().any(|(inner, _)| self.frames.contains(inner))
            || is_command(explorer, event) && !self.registering.contains(&at)
    }

    /// The blocks of a frame at whose end it has been handed over; those in which it already was before.
    pub(super) fn after(&self, explorer: &Explorer<'_>, id: FrameId) -> (BTreeSet<BlockId>, BTreeSet<BlockId>) {
        let mut before: BTreeSet<BlockId> = BTreeSet::new();
        if !self.frames.contains(&id) {
            return (BTreeSet::new(), before);
        }
        let frame = &explorer.frames[id];
        let mut found: BTreeSet<BlockId> = BTreeSet::new();
        let is_offering = |(block, visited): (BlockId, &super::explore::Visited)| {
            visited.events.iter().any(|event| self.offers(explorer, frame, event)).then_some(block)
        };
        let mut open: Vec<BlockId> = frame.blocks.iter().filter_map(is_offering).collect();
        while let Some(block) = open.pop() {
            if let (true, Some(visited)) = (found.insert(block), frame.blocks.get(block)) {
                let next = visited.next.iter().chain(&visited.unwind);
                before.extend(next.clone());
                open.extend(next);
            }
        }
        (found, before)
    }
}

/// Is a command registered that starts to serve?
fn is_command(explorer: &Explorer<'_>, event: &Event) -> bool {
    event.frames.iter().any(|(inner, mode)| *mode == Mode::Alone && explorer.frames[*inner].outcome.serves)
}
