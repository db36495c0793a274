//! Which part of a function runs when a certain call runs it: `note(name, false)` does not get to what stands under
//! `if aloud`, whatever other calls give.
//!
//! The exploration enters a function once for each set of constants that it is given. Where that makes no difference to
//! which blocks are reached, nothing is kept here.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::ir::func::{BlockId, FuncId};
use crate::ir::instr::Op;
use crate::resolve::values::At;

use super::explore::Explorer;
use super::process::Process;

#[derive(Default)]
pub(super) struct Entered {
    /// The blocks that each call of a function leads to.
    blocks: FxHashMap<(At, FuncId), FxHashSet<BlockId>>,
    /// The blocks of the calls in those functions.
    calls: FxHashMap<At, BlockId>,
    /// The functions that are called where no process serves: by another command.
    idle: FxHashSet<FuncId>,
}

impl Entered {
    pub(super) fn of(processes: &[&Process<'_>]) -> Self {
        let mut res = Self::default();
        let mut first: FxHashMap<FuncId, Vec<BlockId>> = FxHashMap::default();
        let mut split: FxHashSet<FuncId> = FxHashSet::default();
        let explorers = || processes.iter().flat_map(|process| process.any_explorer.iter().chain([&process.explorer]));
        for explorer in explorers() {
            for frame in explorer.frames.iter() {
                let known = first.entry(frame.func).or_insert_with(|| frame.blocks.ids().collect());
                if !split.contains(&frame.func) && !frame.blocks.ids().eq(known.iter().copied()) {
                    split.insert(frame.func);
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
        for func in &split {
            let Some(process) = processes.first() else { break };
            let body = &process.explorer.values.program.funcs[*func];
            for (block, data) in body.blocks.iter_enumerated() {
                let calls = data.instrs.iter().filter(|instr| matches!(body.instrs[**instr].op, Op::Call(_)));
                res.calls.extend(calls.map(|instr| ((*func, *instr), block)));
            }
        }
        res
    }

    fn add(&mut self, explorer: &Explorer<'_>, split: &FxHashSet<FuncId>) {
        for frame in explorer.frames.iter() {
            for event in frame.blocks.visited().flat_map(|visited| &visited.events) {
                for (inner, _) in &event.frames {
                    let inner = &explorer.frames[*inner];
                    if split.contains(&inner.func) {
                        let blocks = self.blocks.entry(((frame.func, event.instr), inner.func)).or_default();
                        blocks.extend(inner.blocks.ids());
                    }
                }
            }
        }
    }

    /// Does a function run only where no process serves?
    pub(super) fn is_idle(&self, func: FuncId) -> bool {
        self.idle.contains(&func)
    }

    /// Does a call of a function rule out what is called there in it?
    pub(super) fn rules_out(&self, at: At, func: FuncId, inside: At) -> bool {
        let ruled_out = || {
            let blocks = self.blocks.get(&(at, func))?;
            Some(!blocks.contains(self.calls.get(&inside)?))
        };
        inside.0 == func && ruled_out().unwrap_or(false)
    }
}
