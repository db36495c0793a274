//! Which part of a function runs when a certain call runs it: `note(name, false)` does not get to what stands under
//! `if aloud`, whatever other calls give. Nor does what hands that on to it: `tell("debug", text)`, which calls `write(level, text)`.
//!
//! The exploration enters a function once for each set of constants that it is given. Where that makes no difference to
//! which blocks are reached, nothing is kept here but which are reached by no call: `if LOUD` under `LOUD = False`.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::bounds::MAX_ENTERED;
use crate::base::idx::Id as _;
use crate::ir::func::{BlockId, FuncId};
use crate::ir::instr::Op;
use crate::resolve::values::At;

use super::explore::Explorer;
use super::process::Process;

type BlockSet = FxHashSet<BlockId>;
type Further = FxHashMap<(At, FuncId, FuncId), Option<Rc<BlockSet>>>;

#[derive(Default)]
pub(super) struct Entered {
    /// The blocks that each call of a function leads to.
    blocks: FxHashMap<(At, FuncId), BlockSet>,
    /// What was entered, where a function of which that matters is entered further in.
    frames: Vec<Inner>,
    /// Those of them that each call of a function enters.
    by_call: FxHashMap<(At, FuncId), Vec<usize>>,
    /// The blocks of a function that is entered further in, by the call and the two functions; none where it does not matter.
    further: RefCell<Further>,
    /// By a function, what leads to it of what was entered, where somebody asked.
    leading: RefCell<FxHashMap<FuncId, Rc<FxHashSet<usize>>>>,
    /// By what was entered, what enters it.
    entered_by: OnceCell<Vec<Vec<usize>>>,
    /// The blocks of the calls in those functions.
    calls: FxHashMap<At, BlockId>,
    /// The functions that are called where no process serves: by another command.
    idle: FxHashSet<FuncId>,
    /// The functions of which calls lead to different blocks.
    split: FxHashSet<FuncId>,
    /// The blocks to which no call leads of a function that is called.
    never: FxHashSet<(FuncId, BlockId)>,
}

/// A function that was entered with certain constants.
struct Inner {
    func: FuncId,
    /// Of a function of which they differ.
    blocks: Box<[BlockId]>,
    enters: Box<[usize]>,
}

impl Entered {
    pub(super) fn of(processes: &[&Process<'_>]) -> Self {
        let mut res = Self::default();
        let mut first: FxHashMap<FuncId, Vec<BlockId>> = FxHashMap::default();
        let mut others: FxHashSet<(FuncId, BlockId)> = FxHashSet::default();
        let mut split: FxHashSet<FuncId> = FxHashSet::default();
        let explorers = || processes.iter().flat_map(|process| process.any_explorer.iter().chain([&process.explorer]));
        for explorer in explorers() {
            for frame in explorer.frames.iter() {
                let known = first.entry(frame.func).or_insert_with(|| frame.blocks.ids().collect());
                if !frame.blocks.ids().eq(known.iter().copied()) {
                    split.insert(frame.func);
                    others.extend(frame.blocks.ids().map(|block| (frame.func, block)));
                }
            }
        }
        for explorer in explorers() {
            res.add(explorer, &split);
            res.idle.extend(explorer.frames.iter().map(|frame| frame.func));
        }
        for process in processes {
            for (frame, _) in process.live.reached.keys() {
                res.idle.remove(&process.explorer.frames[*frame].func);
            }
            for func in process.on_any_transport.iter().flat_map(|any| &any.funcs) {
                res.idle.remove(func);
            }
        }
        let Some(process) = processes.first() else { return res };
        for (func, known) in &first {
            let blocks = process.explorer.values.program.funcs[*func].blocks.ids();
            let is_run = |block: &BlockId| known.binary_search(block).is_ok() || others.contains(&(*func, *block));
            res.never.extend(blocks.filter(|block| !is_run(block)).map(|block| (*func, block)));
        }
        for func in &split {
            let body = &process.explorer.values.program.funcs[*func];
            for (block, data) in body.blocks.iter_enumerated() {
                let calls = data.instrs.iter().filter(|instr| matches!(body.instrs[**instr].op, Op::Call(_)));
                res.calls.extend(calls.map(|instr| ((*func, *instr), block)));
            }
        }
        res.split = split;
        res
    }

    fn add(&mut self, explorer: &Explorer<'_>, split: &FxHashSet<FuncId>) {
        if split.is_empty() {
            return;
        }
        let first = self.frames.len();
        for frame in explorer.frames.iter() {
            let mut enters = Vec::new();
            for event in frame.blocks.visited().flat_map(|visited| &visited.events) {
                for (id, _) in &event.frames {
                    let inner = &explorer.frames[*id];
                    let call = ((frame.func, event.instr), inner.func);
                    if split.contains(&inner.func) {
                        self.blocks.entry(call).or_default().extend(inner.blocks.ids());
                    }
                    enters.push(first + id.index());
                    self.by_call.entry(call).or_default().push(first + id.index());
                }
            }
            let blocks = if split.contains(&frame.func) { frame.blocks.ids().collect() } else { Box::default() };
            enters.sort_unstable();
            enters.dedup();
            self.frames.push(Inner { func: frame.func, blocks, enters: enters.into() });
        }
    }

    /// The blocks that a function gets to which is entered somewhere in a call of another one.
    fn further_in(&self, at: At, func: FuncId, inside: FuncId) -> Option<Rc<BlockSet>> {
        if let Some(known) = self.further.borrow().get(&(at, func, inside)) {
            return known.clone();
        }
        let found = self.find_further_in(at, func, inside).map(Rc::new);
        self.further.borrow_mut().insert((at, func, inside), found.clone());
        found
    }

    /// Of a function that enters many others only those are followed that lead there.
    fn find_further_in(&self, at: At, func: FuncId, inside: FuncId) -> Option<BlockSet> {
        let entered = self.by_call.get(&(at, func))?;
        self.blocks_in(entered, inside, |_| true)
            .or_else(|| {
                let leading = self.leading_to(inside);
                self.blocks_in(entered, inside, |frame| leading.contains(&frame))
            })
            .filter(|blocks| !blocks.is_empty())
    }

    /// The blocks of a function that are got to from what was entered; `None` where too much is on the way.
    fn blocks_in(&self, entered: &[usize], inside: FuncId, leads: impl Fn(usize) -> bool) -> Option<BlockSet> {
        let mut blocks = BlockSet::default();
        let mut open: Vec<usize> = entered.iter().copied().filter(|frame| leads(*frame)).collect();
        let mut seen: FxHashSet<usize> = open.iter().copied().collect();
        while let Some(frame) = open.pop().and_then(|frame| self.frames.get(frame)) {
            if seen.len() > MAX_ENTERED {
                return None;
            }
            if frame.func == inside {
                blocks.extend(frame.blocks.iter().copied());
            }
            open.extend(frame.enters.iter().copied().filter(|inner| leads(*inner) && seen.insert(*inner)));
        }
        Some(blocks)
    }

    /// What was entered that leads to a function.
    fn leading_to(&self, func: FuncId) -> Rc<FxHashSet<usize>> {
        if let Some(known) = self.leading.borrow().get(&func) {
            return known.clone();
        }
        let entered_by = self.entered_by.get_or_init(|| {
            let mut entered_by = vec![Vec::new(); self.frames.len()];
            for (id, frame) in self.frames.iter().enumerate() {
                frame.enters.iter().for_each(|inner| entered_by[*inner].push(id));
            }
            entered_by
        });
        let frames = self.frames.iter().enumerate().filter(|(_, frame)| frame.func == func);
        let mut open: Vec<usize> = frames.map(|(id, _)| id).collect();
        let mut found: FxHashSet<usize> = open.iter().copied().collect();
        while let Some(frame) = open.pop() {
            open.extend(entered_by[frame].iter().copied().filter(|outer| found.insert(*outer)));
        }
        let found = Rc::new(found);
        self.leading.borrow_mut().insert(func, found.clone());
        found
    }

    /// Does a function run only where no process serves?
    pub(super) fn is_idle(&self, func: FuncId) -> bool {
        self.idle.contains(&func)
    }

    /// Do calls of a function lead to different blocks of it?
    pub(super) fn differs(&self, func: FuncId) -> bool {
        self.split.contains(&func)
    }

    /// The blocks that a call of such a function leads to.
    pub(super) fn blocks_of(&self, at: At, func: FuncId) -> Option<&BlockSet> {
        self.blocks.get(&(at, func))
    }

    /// Does no call lead to the block of a function that is called?
    pub(super) fn is_never_run(&self, func: FuncId, block: BlockId) -> bool {
        self.never.contains(&(func, block))
    }

    /// Does a call of a function rule out what is called there in it?
    pub(super) fn rules_out(&self, at: At, func: FuncId, inside: At) -> bool {
        // Of a call in a function of which that makes no difference nothing is kept.
        let Some(block) = self.calls.get(&inside) else { return false };
        if inside.0 == func && self.blocks.get(&(at, func)).is_none_or(|blocks| blocks.contains(block)) {
            return false;
        }
        // It may call itself with something else.
        self.further_in(at, func, inside.0).is_some_and(|blocks| !blocks.contains(block))
    }
}
