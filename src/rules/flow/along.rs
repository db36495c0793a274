//! By which calls control gets to where a value leaks: those that the value comes by.
//!
//! A function that two tools call is reached by either. The value is the argument of one of them, so it is that one by which the
//! place is reached.

use std::collections::{BTreeSet, VecDeque};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::bounds::MAX_CALLING_FRAMES;
use crate::flow::explore::Explorer;
use crate::flow::live::{FrameKey, Live, Site};
use crate::flow::solve::Leak;
use crate::flow::trace::What;
use crate::ir::func::{BlockId, FuncId, FuncKind};
use crate::ir::program::Program;
use crate::resolve::values::At;
use crate::rules::place::calls_to;
use crate::rules::{Cx, Unit};

use super::place_func;

/// The site of those at one place to which the value comes by calls, and these, outermost first; `sites`: with the one first that is
/// told if none is.
pub(super) fn along<'l>(
    cx: &Cx<'_>,
    unit: &Unit<'_>,
    live: &Live,
    leak: &Leak,
    sites: &[&'l Site],
) -> (Option<&'l Site>, Vec<At>) {
    let Some(first) = sites.first().copied() else { return (None, Vec::new()) };
    let Some(explorer) = unit.process.explorer_of(live) else {
        return (Some(first), calls_to(live, first.frame, first.frame_crash));
    };
    let steps = leak.hit.entry.trace.steps();
    let on_way: BTreeSet<FuncId> =
        steps.iter().map(|(at, _)| at.0).chain([place_func(&leak.source.place), leak.hit.primary.0]).collect();
    // The value arrives in the one function, or the other one had it when it began to hand it on.
    let handed = steps.iter().rev().take_while(|(_, what)| matches!(what, What::Passed(_) | What::Through));
    let hands_on = handed.map(|(at, _)| at.0).last();
    for from in [Some(place_func(&leak.source.place)), hands_on].into_iter().flatten() {
        for only in [Some(&on_way), None] {
            for site in sites {
                let ways = Ways { program: cx.values.program, live, explorer, only };
                if let Some(calls) = ways.from(from, site) {
                    return (Some(site), calls);
                }
            }
        }
    }
    (Some(first), calls_to(live, first.frame, first.frame_crash))
}

struct Ways<'l, 'v> {
    program: &'l Program,
    live: &'l Live,
    explorer: &'l Explorer<'v>,
    /// The functions that it may go through, if not any.
    only: Option<&'l BTreeSet<FuncId>>,
}

impl Ways<'_, '_> {
    /// The calls by which control gets to a site through a function, the shortest way. What is written out in another function is
    /// called with what that one knows: the way goes through it, too.
    fn from(&self, through: FuncId, site: &Site) -> Option<Vec<At>> {
        let own: FrameKey = (site.frame, site.frame_crash);
        let func = self.explorer.frames[site.frame].func;
        let is_alike = |key: &FrameKey| *key != own && key.1 == own.1 && self.explorer.frames[key.0].func == func;
        let alike = self.live.reached.keys().copied().filter(is_alike);
        let (mut first, mut calls) = self.back(through, std::iter::once(own).chain(alike))?;
        let anywhere = Self { only: None, ..*self };
        let mut inner = through;
        while let Some(outer) =
            self.program.funcs[inner].parent.filter(|outer| self.program.funcs[*outer].kind != FuncKind::Init)
            && let Some((key, before)) = anywhere.back(outer, std::iter::once(first))
        {
            calls = before.into_iter().chain(calls).collect();
            (first, inner) = (key, outer);
        }
        Some(calls_to(self.live, first.0, first.1).into_iter().chain(calls).collect())
    }

    /// Of the calls in one frame, one that runs though nothing was raised: `except Timeout: pages = search(short)` is the way round.
    fn without_failure(&self, first: At, mut calls: impl Iterator<Item = At>) -> At {
        let Some(second) = calls.find(|call| *call != first) else { return first };
        let body = &self.program.funcs[first.0];
        let mut reached: FxHashSet<BlockId> = FxHashSet::default();
        let mut open = vec![body.entry()];
        while let Some(block) = open.pop() {
            if reached.insert(block) {
                open.extend(body.blocks[block].end.successors());
            }
        }
        let is_plain = |at: &At| reached.iter().any(|block| body.blocks[*block].instrs.contains(&at.1));
        [first, second].into_iter().chain(calls).find(is_plain).unwrap_or(first)
    }

    /// The nearest frame of a function from which control gets to one of some frames, with the calls between them.
    fn back(&self, to: FuncId, from: impl Iterator<Item = FrameKey>) -> Option<(FrameKey, Vec<At>)> {
        let mut open: VecDeque<FrameKey> = from.collect();
        let mut seen: FxHashSet<FrameKey> = open.iter().copied().collect();
        let mut next: FxHashMap<FrameKey, (FrameKey, At)> = FxHashMap::default();
        while let Some(key) = open.pop_front() {
            if self.explorer.frames[key.0].func == to {
                let mut calls = Vec::new();
                let mut at = key;
                while let Some((to, call)) = next.get(&at) {
                    calls.push(*call);
                    at = *to;
                }
                return Some((key, calls));
            }
            if seen.len() > MAX_CALLING_FRAMES {
                return None;
            }
            let callers = self.live.callers.get(&key).map_or(&[][..], Vec::as_slice);
            for (from, call) in callers {
                let func = self.explorer.frames[from.0].func;
                if self.only.is_none_or(|only| only.contains(&func)) && seen.insert(*from) {
                    let beside = callers.iter().filter(|(other, _)| other == from).map(|(_, call)| *call);
                    next.insert(*from, (key, self.without_failure(*call, beside)));
                    open.push_back(*from);
                }
            }
        }
        None
    }
}
