//! Loops that are gone through at least once: what they leave behind is what a round made, and not what was there before.
//!
//! ```text
//! current = settings
//! for part in "place.host".split("."):
//!     current = getattr(current, part)
//! ```

use rustc_hash::FxHashMap;

use crate::ir::func::{BlockId, End, Function};
use crate::ir::instr::{Base, Const, Entry, Field, InstrId, Op, Place};
use crate::resolve::solve::Values;

use super::transfer::{State, merge};

/// What front ends call the question whether there is another item.
const NEXT: &str = "next";

/// The blocks at the head of such loops, with what the rounds left there.
#[derive(Default)]
pub(super) struct Rounds(FxHashMap<BlockId, Option<State>>);

impl Rounds {
    pub(super) fn of(values: &Values<'_>, func: &Function) -> Self {
        let heads = func.blocks.iter_enumerated().filter(|(_, block)| {
            let End::Branch { on, .. } = block.end else { return false };
            match &func.instrs[on].op {
                // What stands beside the question in its block is only looked at here.
                Op::Unknown(NEXT, asked) => {
                    let is_alone = block.instrs.iter().all(|id| matches!(func.instrs[*id].op, Op::Unknown(..)));
                    is_alone && asked.first().is_some_and(|list| has_items(values, func, *list))
                }
                _ => false,
            }
        });
        Self(heads.map(|(head, _)| (head, None)).collect())
    }

    /// A round leads back to the head of a loop. True where that is news.
    pub(super) fn add(&mut self, head: BlockId, state: &State) -> bool {
        match self.0.get_mut(&head) {
            Some(Some(known)) => merge(known, state),
            Some(unknown @ None) => {
                *unknown = Some(state.clone());
                true
            }
            None => false,
        }
    }

    /// What is there behind such a loop, if it was gone through by now.
    pub(super) fn after(&self, head: BlockId) -> Option<Option<State>> {
        self.0.get(&head).cloned()
    }
}

/// Is something in a list for sure? A text that is taken apart has one piece at least.
fn has_items(values: &Values<'_>, func: &Function, list: InstrId) -> bool {
    match &func.instrs[list].op {
        Op::Record(record) => record.entries.iter().any(|entry| matches!(entry, Entry::Field(..))),
        Op::Call(call) => {
            let is_text =
                |text: InstrId| matches!(&func.instrs[text].op, Op::Const(Const::Str(text)) if !text.is_empty());
            matches!((call.callee.path.last(), call.args.as_slice()), (Some(Field::Name(name)), [between])
                if values.models.splits(name) && is_text(between.value))
        }
        Op::Load(variable @ Place { base: Base::Local(_), path }) if path.is_empty() => {
            let mut stored = func.instrs.iter().filter_map(|instr| match &instr.op {
                Op::Store(place, value) if place == variable => Some(*value),
                _ => None,
            });
            let is_only = |value: &InstrId| !matches!(func.instrs[*value].op, Op::Load(_));
            let only = stored.next().filter(is_only).filter(|_| stored.next().is_none());
            // What is taken out of a list later on leaves it empty.
            let is_call = |value: &InstrId| matches!(func.instrs[*value].op, Op::Call(_));
            let is_param = func.params.iter().any(|param| Base::Local(param.local) == variable.base);
            only.filter(is_call).is_some_and(|only| !is_param && has_items(values, func, only))
        }
        _ => false,
    }
}
