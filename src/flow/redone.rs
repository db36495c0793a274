//! What is explored again since something turned out to be otherwise than it was taken to be: the frames that relied on it, and
//! those that call them where something else comes of it.
//!
//! Less is known then, so that more can happen in such a frame, and nothing less: what the exploration learned before stays.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::bounds::MAX_REDONE;
use crate::base::idx::Id;
use crate::resolve::values::At;

use super::explore::{Explorer, FrameId};

/// Frames by one that they call.
#[derive(Default)]
struct Callers {
    of: FxHashMap<FrameId, Vec<FrameId>>,
    /// So many frames were looked at.
    n_frames: usize,
}

impl Callers {
    /// Takes in the frames that came since, and what one of the others calls now.
    fn update(&mut self, explorer: &Explorer<'_>, changed: Option<FrameId>) {
        let new = self.n_frames..explorer.frames.len();
        self.n_frames = new.end;
        for caller in changed.into_iter().chain(new.map(FrameId::new)) {
            let events = explorer.frames[caller].blocks.visited().flat_map(|visited| &visited.events);
            for (callee, _) in events.flat_map(|event| &event.frames) {
                let known = self.of.entry(*callee).or_default();
                if known.last() != Some(&caller) {
                    known.push(caller);
                }
            }
        }
    }
}

impl Explorer<'_> {
    /// Explores again what relied on something that is `disproved`. False where that comes to no end: then all has to be
    /// explored again.
    pub(super) fn redo(&mut self, disproved: &FxHashSet<At>) -> bool {
        let Some(doubted) = &mut self.doubted else { return false };
        let relied_in = self.relied_in.get_mut();
        let mut waiting: BTreeSet<FrameId> = disproved.iter().flat_map(|at| relied_in.remove(at)).flatten().collect();
        doubted.extend(disproved);
        let mut callers = Callers::default();
        callers.update(self, None);
        let mut n_times: FxHashMap<FrameId, u32> = FxHashMap::default();
        // Who is called was explored after who calls it.
        while let Some(frame) = waiting.pop_last() {
            let times = n_times.entry(frame).or_default();
            *times += 1;
            if *times > MAX_REDONE {
                return false;
            }
            let before = self.frames[frame].outcome.clone();
            self.explore(frame);
            callers.update(self, Some(frame));
            if self.frames[frame].outcome != before {
                waiting.extend(callers.of.get(&frame).into_iter().flatten());
            }
        }
        true
    }
}
