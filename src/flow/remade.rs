//! Objects of which another one is made: what was known of the last one's fields says nothing of it.
//!
//! ```text
//! first = ask("a")            # gives an `Answer`
//! if not first.found: return
//! second = ask("b")           # another `Answer`
//! if not second.found: …      # may well be
//! ```
//!
//! Fields go by the name of the class. An object that is made without any argument (`Settings()`) is like the last one.

use std::collections::BTreeSet;
use std::rc::Rc;

use smol_str::format_smolstr;

use crate::base::Symbol;
use crate::ir::func::{FuncId, FuncKind};
use crate::resolve::values::{At, Value};

use super::explore::{Event, Explorer, Mode, State};
use super::frames::Visited;

/// How the names begin of what is kept in the objects that something makes.
pub(super) type Made = Option<Rc<BTreeSet<Symbol>>>;

impl Explorer<'_> {
    /// What objects that are made in the blocks of a function keep.
    pub(super) fn made_in<'b>(&self, func: FuncId, blocks: impl Iterator<Item = &'b Visited>) -> Made {
        let mut made = None;
        for event in blocks.flat_map(|visited| &visited.events) {
            self.add_made((func, event.instr), event, &mut made);
        }
        made
    }

    /// Of the objects that a call makes nothing is known yet.
    pub(super) fn forget_remade(&self, at: At, event: &Event, state: &mut State) {
        if !state.facts.names_any("") {
            return;
        }
        let mut made = None;
        self.add_made(at, event, &mut made);
        for fields in made.iter().flat_map(|made| made.iter()) {
            if state.facts.names_any(fields) {
                Rc::make_mut(&mut state.facts).forget_all(fields);
            }
        }
    }

    fn add_made(&self, at: At, event: &Event, made: &mut Made) {
        let mut add = |names: &BTreeSet<Symbol>| match made {
            Some(known) if names.is_subset(known) => {}
            Some(known) => Rc::make_mut(known).extend(names.iter().cloned()),
            None => *made = Some(Rc::new(names.clone())),
        };
        for (frame, _) in event.frames.iter().filter(|(_, mode)| *mode == Mode::Now) {
            if let Some(names) = &self.frames[*frame].outcome.made {
                add(names);
            }
        }
        if self.values.call_at(at).is_none_or(|call| call.args.is_empty()) {
            return;
        }
        let called = self.values.callee_slot(at).map_or(&[][..], |slot| self.values.of_slot(slot).items());
        let mut names = BTreeSet::new();
        for class in called {
            let Value::Class(class) = class else { continue };
            let fields = self.values.object_of(&Value::Instance(*class));
            names.extend(fields.map(|obj| format_smolstr!("{obj:?}.")));
        }
        if names.is_empty() {
            return;
        }
        // A field may go by the name of the parameter that was put there.
        let is_constructor = |func: &&FuncId| self.values.program.funcs[**func].kind == FuncKind::Constructor;
        let callees = self.values.callees(at).iter().map(|(func, _)| func);
        names.extend(callees.filter(is_constructor).map(|func| format_smolstr!("param {func} ")));
        add(&names);
    }
}
