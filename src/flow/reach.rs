//! Which sources are in one value? The question of somebody who looks at a line.
//!
//! Summaries say what a function does with whatever it is given. Here the question goes the other way: from a value back to
//! the callers of its function and to the variables it was kept in, as far as there are sources.

use std::collections::BTreeSet;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::base::bounds::MAX_PARAMS;
use crate::base::idx::Id;
use crate::ir::func::FuncId;
use crate::resolve::values::At;

use super::domain::{HeapId, Root};
use super::process::Handler;
use super::solve::Taint;
use super::summary::substitute;
use super::trace::What;
use super::transfer::{self, Handed};
use super::tree::Tree;

/// The finished pass, asked about single values.
pub(crate) struct Reach<'v> {
    pub(crate) taint: Taint<'v>,
    handlers: Vec<Handler>,
    looked: FxHashMap<FuncId, Rc<Looked>>,
    /// What parameters hold; empty while it is being found out, which ends circles.
    params: FxHashMap<(FuncId, u32), Tree>,
    kept: FxHashMap<HeapId, Tree>,
}

/// One function, gone through once more.
struct Looked {
    given: Vec<Tree>,
    calls: Vec<Handed>,
}

impl<'v> Reach<'v> {
    /// Of a finished pass and the handlers of the servers it was run for.
    pub(crate) fn new(mut taint: Taint<'v>, handlers: Vec<Handler>) -> Self {
        let mut kept: FxHashMap<HeapId, Tree> = FxHashMap::default();
        for (heap, entry) in std::mem::take(&mut taint.kept) {
            kept.entry(heap).or_default().add(entry);
        }
        Self { taint, handlers, looked: FxHashMap::default(), params: FxHashMap::default(), kept }
    }

    /// The sources in what an instruction gives.
    pub(crate) fn of(&mut self, at: At) -> Tree {
        let looked = self.look(at.0);
        match looked.given.get(at.1.index()) {
            Some(tree) => self.resolve(at.0, tree),
            None => Tree::default(),
        }
    }

    fn look(&mut self, func: FuncId) -> Rc<Looked> {
        if let Some(known) = self.looked.get(&func) {
            return known.clone();
        }
        let (given, calls) = transfer::look(&mut self.taint, func);
        let looked = Rc::new(Looked { given, calls });
        self.looked.insert(func, looked.clone());
        looked
    }

    /// The tree with its symbols replaced by the sources they stand for.
    fn resolve(&mut self, func: FuncId, tree: &Tree) -> Tree {
        let mut res = Tree::default();
        for entry in tree.entries() {
            let held = match entry.root {
                Root::Source(_) => {
                    res.add(entry.clone());
                    continue;
                }
                Root::Heap(heap) => self.kept.get(&heap).cloned().unwrap_or_default(),
                Root::Param(index) => self.param(func, index),
            };
            substitute(
                entry,
                &held,
                |trace| trace,
                |entry| {
                    res.add(entry);
                },
            );
        }
        res
    }

    /// What callers hand to a parameter, and what the agent does, where the function is a handler.
    fn param(&mut self, func: FuncId, index: u32) -> Tree {
        if let Some(known) = self.params.get(&(func, index)) {
            return known.clone();
        }
        if self.params.len() >= MAX_PARAMS {
            return Tree::default();
        }
        self.params.insert((func, index), Tree::default());
        let mut all = Tree::default();
        for handler in self.handlers.clone().iter().filter(|handler| handler.func == func) {
            let bound = self.taint.handler_arguments(handler);
            all.join(bound.param(index).unwrap_or(&Tree::default()));
        }
        let callers: BTreeSet<FuncId> = self.taint.values.callers(func).iter().map(|at| at.0).collect();
        for caller in callers {
            let looked = self.look(caller);
            for (at, _, bound) in looked.calls.iter().filter(|(_, callee, _)| *callee == func) {
                let Some(held) = bound.param(index) else { continue };
                let handed = self.resolve(caller, held);
                all.join(&handed.map(|entry| Some(entry.then(*at, What::Passed(func)))));
            }
        }
        self.params.insert((func, index), all.clone());
        all
    }
}
