//! Methods of objects of which nothing is known, as a library hands them to its callbacks: they may call what they are handed.
//!
//! ```text
//! https.get(url, (answer) => answer.on("end", () => console.log("done")));
//! ```
//!
//! A text calls what it is to put in: `template.replace(/{(\w+)}/g, (all, name) => given[name])`.
//!
//! This is asked when all else is settled: an object of which more is known has methods of its own.

use crate::ir::instr::{Const, Field};
use crate::ir::program::Language;

use super::edges::Edge;
use super::solve::{CallKind, Values};
use super::values::{SlotId, Value};

impl Values<'_> {
    /// Hands functions to methods of unknown objects; true if there was one that was not handed over before.
    pub(super) fn hand_to_foreign(&mut self) -> bool {
        let before = self.call_graph.len();
        for number in 0..self.calls.len() {
            let site = self.calls[number].clone();
            let language = self.language(site.at.0);
            if language == Language::Python || self.is_called(site.at) {
                continue;
            }
            let Some(call) = self.call_at(site.at) else { continue };
            let Some(Field::Name(name)) = call.callee.path.last() else { continue };
            let models = self.models;
            let writes_in = models.writes_in(name);
            // What a library hands to a closure of Rust is unknown, and so are its methods: `ui.horizontal(|ui| …)`.
            let is_foreign = |slot| match language {
                Language::Rust => self.is_unknown(slot),
                _ => self.is_foreign(slot),
            };
            let is_one = |receiver| is_foreign(receiver) || writes_in && self.is_text(receiver);
            if !site.receiver.is_some_and(is_one) || !is_foreign(site.callee) {
                continue;
            }
            let only_looks =
                models.is_everywhere(name) || models.keeps(name) || models.compares(name) || models.names(name);
            if only_looks && !writes_in {
                continue;
            }
            let args: Vec<_> = call.args.iter().skip(usize::from(writes_in)).map(|arg| arg.value).collect();
            for arg in args {
                let slot = self.instr_slot(site.at.0, arg);
                if self.is_function(slot) {
                    self.add_edge(slot, Edge::Invoke(u32::try_from(number).unwrap_or(u32::MAX), None));
                }
            }
        }
        self.run();
        self.call_graph.len() > before
    }

    fn is_called(&self, at: super::values::At) -> bool {
        self.call_graph.get(&at).is_some_and(|callees| callees.iter().any(|(_, kind)| *kind != CallKind::Callback))
    }

    /// Is it a function, and nothing else?
    fn is_function(&self, slot: SlotId) -> bool {
        let items = self.slots[slot].values.items();
        !items.is_empty() && items.iter().all(|id| matches!(self.numbers[*id], Value::Func(_)))
    }

    /// Is it a text of the program?
    fn is_text(&self, slot: SlotId) -> bool {
        let items = self.slots[slot].values.items();
        items.iter().all(|id| matches!(self.numbers[*id], Value::Const(Const::Str(_)) | Value::Unknown))
    }

    /// Is all that is known of it that it is something?
    fn is_unknown(&self, slot: SlotId) -> bool {
        self.slots[slot].values.items().iter().all(|id| self.numbers[*id] == Value::Unknown)
    }

    /// Is nothing known of it?
    fn is_foreign(&self, slot: SlotId) -> bool {
        self.slots[slot].values.is_empty()
    }
}
