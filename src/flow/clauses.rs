//! Which errors the handlers of a `try` take, where each is for errors of some classes: they are asked in order, and what none
//! of them is for is raised again.

use crate::ir::func::{BlockId, End};
use crate::ir::instr::{Base, Entry as RecordEntry, InstrId, Op, Oper};
use crate::ir::program::ClassId;
use crate::resolve::values::Value;

use super::domain::Entry;
use super::trace::What;
use super::transfer::Pass;
use super::tree::Tree;

impl Pass<'_, '_> {
    /// The classes that the handlers are for which are asked before a block that takes the caught error; all that are asked,
    /// where it is raised again.
    fn asked_before(&self, caught: InstrId, taking: Option<BlockId>) -> Vec<InstrId> {
        let mut asked = Vec::new();
        let is_start = |(_, block): &(BlockId, &crate::ir::func::Block)| block.instrs.first() == Some(&caught);
        let Some((mut at, _)) = self.func.blocks.iter_enumerated().find(is_start) else { return asked };
        while let End::Branch { on, yes, no } = self.func.blocks[at].end
            && let Op::Operator(Oper::InstanceOf, operands) = &self.func.instrs[on].op
            && let Some((_, classes)) = operands.split_first().filter(|(of, _)| **of == caught)
            && Some(yes) != taking
        {
            for class in classes {
                match &self.func.instrs[*class].op {
                    Op::Record(record) => asked.extend(record.entries.iter().map(|entry| match entry {
                        RecordEntry::Field(_, class) | RecordEntry::Spread(class) => *class,
                    })),
                    _ => asked.push(*class),
                }
            }
            at = no;
        }
        asked
    }

    /// Is a caught error raised again since no handler is for it, though one is for errors of a library? Those are taken to be
    /// what the library raises there.
    pub(super) fn is_passed_by(&self, caught: InstrId) -> bool {
        // A class that every file knows, as `ValueError`, is not one of the library that failed.
        let is_imported = |class: &InstrId| match &self.func.instrs[*class].op {
            Op::Load(place) => !matches!(place.base, Base::Global(_)),
            _ => true,
        };
        let of_library = |class: &InstrId| {
            let known = self.taint.values.of(self.id, *class).items();
            is_imported(class) && known.iter().any(|value| matches!(value, Value::Api(..)))
        };
        self.asked_before(caught, None).iter().any(of_library)
    }

    /// What of a caught error is left for a block, or to be raised again: no error of the program's own that an earlier handler
    /// is for.
    pub(super) fn left_for(&self, taking: Option<BlockId>, caught: InstrId, tree: Tree) -> Tree {
        let mut taken: Vec<ClassId> = Vec::new();
        for class in self.asked_before(caught, taking) {
            for known in self.taint.values.of(self.id, class).items() {
                if let Value::Class(class) = known {
                    taken.push(*class);
                    taken.extend(self.taint.values.classes.descendants(*class));
                }
            }
        }
        if taken.is_empty() {
            return tree;
        }
        tree.only(|entry| self.raised_class(entry).is_none_or(|class| !taken.contains(&class)))
    }

    /// The class of the program that an error is of which the origin was raised with.
    fn raised_class(&self, entry: &Entry) -> Option<ClassId> {
        let steps = entry.trace.steps();
        let mut given = steps.iter().rev().filter(|(_, what)| *what == What::Given);
        given.find_map(|(at, _)| {
            let mut known = self.taint.values.of(at.0, at.1).items().iter();
            known.find_map(|value| match value {
                Value::Instance(class) => Some(*class),
                _ => None,
            })
        })
    }
}
