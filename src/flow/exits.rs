//! What a function gives back and what it raises.
//!
//! ```text
//! def fetch(name, quiet=True):
//!     try: …
//!     except Error:
//!         if not quiet: raise     # nothing of it comes to those who call `fetch(name)`
//! ```
//!
//! Where calls run different parts of a function, what leaves it is kept apart by the block in which it does.

use std::borrow::Cow;

use crate::base::bounds::MAX_ERRORS;
use crate::ir::func::{BlockId, FuncId};
use crate::ir::program::Language;
use crate::resolve::values::At;

use super::domain::{ERR, Entry, Marks};
use super::no_error::is_no_error;
use super::summary::Summary;
use super::transfer::Pass;
use super::tree::Tree;

/// The types of numbers that functions of Python and of scripts give.
const NUMBER_TYPES: &[&str] = &["int", "float", "number"];

/// What leaves a function in one block.
#[derive(Clone, Debug)]
pub(crate) struct Exit {
    block: BlockId,
    returns: Tree,
    throws: Tree,
}

impl Exit {
    /// How much it says.
    pub(super) fn size(&self) -> usize {
        self.returns.entries().len() + self.throws.entries().len()
    }
}

impl Summary {
    /// What of it comes back to a call that does not get to some of the blocks, if that makes a difference.
    pub(super) fn left_by(&self, gets_to: impl Fn(BlockId) -> bool) -> Option<(Tree, Tree)> {
        if self.exits.iter().all(|exit| gets_to(exit.block)) {
            return None;
        }
        let (mut returns, mut throws) = (Tree::default(), Tree::default());
        for exit in self.exits.iter().filter(|exit| gets_to(exit.block)) {
            returns.join(&exit.returns);
            throws.join(&exit.throws);
        }
        Some((returns, throws))
    }
}

impl Pass<'_, '_> {
    /// What a function gives back to a call, and what it raises there.
    pub(super) fn left_at<'s>(&self, at: At, func: FuncId, summary: &'s Summary) -> (Cow<'s, Tree>, Cow<'s, Tree>) {
        let left =
            self.taint.entered.blocks_of(at, func).and_then(|blocks| summary.left_by(|block| blocks.contains(&block)));
        match left {
            Some((returns, throws)) => (Cow::Owned(returns), Cow::Owned(throws)),
            None => (Cow::Borrowed(&summary.returns), Cow::Borrowed(&summary.throws)),
        }
    }

    pub(super) fn returned(&mut self, tree: &Tree) {
        let here = self.here();
        let is_number = self.declares_number();
        for entry in tree.entries() {
            if self.gives_no_error && !is_no_error(entry) {
                continue;
            }
            if is_number && is_no_error(entry) {
                continue;
            }
            let is_error = entry.at.first().is_some_and(|at| at == ERR);
            if is_error && self.is_raw_error(entry) {
                let is_one = |known: &&Entry| {
                    known.at.first().is_some_and(|at| at == ERR) && known.form == entry.form && self.is_raw_error(known)
                };
                if self.summary.returns.entries().iter().filter(is_one).count() >= MAX_ERRORS {
                    continue;
                }
            }
            let Some(mut entry) = entry.clone().also(&here) else { continue };
            if is_error {
                entry.marks = entry.marks.with(Marks::RAISED);
            }
            // What a function puts together itself is told before what the functions that it calls do.
            if let Some(exit) = self.exit() {
                exit.returns.add_nearest(entry.clone());
            }
            self.summary.returns.add_nearest(entry);
        }
    }

    /// Does the function say that it gives a number: `def count() -> int`? A truth value may be one of several operands.
    fn declares_number(&self) -> bool {
        self.language != Language::Rust
            && !self.func.is_generator
            && self.taint.is_type_of(self.func.ret.as_ref(), NUMBER_TYPES)
    }

    /// Something is raised here: into the handler of the block, or out of the function.
    pub(super) fn raise(&mut self, tree: &Tree, by_library: bool) {
        let raised = self.got_here(tree.clone());
        self.raise_each(by_library, |known| known.join(&raised));
    }

    /// The same; `add` adds it to what is raised to there already, and tells whether anything was new.
    pub(super) fn raise_each(&mut self, by_library: bool, add: impl FnOnce(&mut Tree) -> bool) {
        let Some(block) = self.unwind else {
            self.summary.may_raise |= by_library;
            if self.exit().is_none() {
                add(&mut self.summary.throws);
                return;
            }
            let mut raised = Tree::default();
            add(&mut raised);
            if let Some(exit) = self.exit() {
                exit.throws.join(&raised);
            }
            self.summary.throws.join(&raised);
            return;
        };
        let (known, flag) = self.raised.entry(block).or_default();
        let changed = add(known) | (by_library && !*flag);
        *flag |= by_library;
        if changed {
            self.again.insert(block);
        }
    }

    /// What leaves the function in the block that is looked at, where that is kept apart.
    fn exit(&mut self) -> Option<&mut Exit> {
        if !self.taint.entered.differs(self.id) {
            return None;
        }
        let block = self.block;
        let exits = &mut self.summary.exits;
        let known = exits.iter().position(|exit| exit.block == block);
        let at = known.unwrap_or_else(|| {
            exits.push(Exit { block, returns: Tree::default(), throws: Tree::default() });
            exits.len() - 1
        });
        exits.get_mut(at)
    }
}
