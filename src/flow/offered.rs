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
}

impl Offers {
    /// `later`: what runs later, and the calls that hand it over.
    pub(super) fn of(explorer: &Explorer<'_>, later: &[(FrameId, At, Mode)]) -> Self {
        let starting =
            later.iter().filter(|(frame, _, mode)| *mode == Mode::Now && explorer.frames[*frame].outcome.serves);
        let mut offers = Self { frames: FxHashSet::default(), calls: starting.map(|(_, at, _)| *at).collect() };
        loop {
            let n_known = offers.frames.len();
            // Frames are numbered as they are entered: what is called comes after its caller.
            for id in explorer.frames.ids().rev() {
                let frame = &explorer.frames[id];
                let mut events = frame.blocks.visited().flat_map(|visited| &visited.events);
                if !offers.frames.contains(&id) && events.any(|event| offers.offers(explorer, frame, event)) {
                    offers.frames.insert(id);
                }
            }
            if offers.frames.len() == n_known {
                return offers;
            }
        }
    }

    /// Does a frame hand it over?
    pub(super) fn has(&self, frame: FrameId) -> bool {
        self.frames.contains(&frame)
    }

    /// Is something handed over here, or in what is called here, that starts to serve?
    pub(super) fn offers(&self, explorer: &Explorer<'_>, frame: &Frame, event: &Event) -> bool {
        let starts = |(inner, mode): &(FrameId, Mode)| {
            self.frames.contains(inner) || *mode == Mode::Alone && explorer.frames[*inner].outcome.serves
        };
        self.calls.contains(&(frame.func, event.instr)) || event.frames.iter().any(starts)
    }

    /// The blocks of a frame at whose end it has been handed over.
    pub(super) fn after(&self, explorer: &Explorer<'_>, id: FrameId) -> BTreeSet<BlockId> {
        if !self.frames.contains(&id) {
            return BTreeSet::new();
        }
        let frame = &explorer.frames[id];
        let mut found: BTreeSet<BlockId> = BTreeSet::new();
        let is_offering = |(block, visited): (BlockId, &super::explore::Visited)| {
            visited.events.iter().any(|event| self.offers(explorer, frame, event)).then_some(block)
        };
        let mut open: Vec<BlockId> = frame.blocks.iter().filter_map(is_offering).collect();
        while let Some(block) = open.pop() {
            if let (true, Some(visited)) = (found.insert(block), frame.blocks.get(block)) {
                open.extend(visited.next.iter().chain(&visited.unwind));
            }
        }
        found
    }
}
