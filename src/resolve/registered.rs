//! Functions that a library keeps on an object, to call one of them where the object is called.
//!
//! ```python
//! @singledispatch
//! def show(note): …
//!
//! @show.register
//! def _(note: Draft): …          # `show(draft)` runs this
//! ```

use std::collections::BTreeMap;

use crate::base::bounds::MAX_CHAIN;
use crate::ir::func::FuncId;
use crate::ir::instr::{CallStyle, Field};
use crate::models::index::RowRef;
use crate::models::path::{Port, PortHead};

use super::solve::{CallSite, Values};
use super::values::{At, SlotId, Value};

impl Values<'_> {
    /// The parameters of a handler that are objects of the library get their types.
    pub(super) fn give_params(&mut self, value: &Value, row: RowRef) {
        if let Value::Func(func) = value {
            self.give_objects(*func, &self.models.handler(row).gives);
        }
    }

    /// Is a method called on what a table of the program gives for a key: `self._clients.get(name).send(note)`? That is what the
    /// program put there, and no object of the library that the table is of.
    pub(super) fn is_of_looked_up(&self, site: &CallSite) -> bool {
        let held = |slot: SlotId| self.slots[slot].values.items().iter().map(|id| &self.numbers[*id]);
        let is_table = |value: &Value| match value {
            Value::Api(node, _) => self.models.index.gives_names(*node) || self.models.index.gives_pairs(*node),
            Value::Record(_) => true,
            _ => false,
        };
        let looks_up = |value: &Value| {
            let Value::Api(_, Some(made)) = value else { return false };
            let name = self.call_at(*made).and_then(|call| call.callee.path.last());
            matches!(name, Some(Field::Name(name)) if self.models.looks_up(name))
                && self.receiver_slot(*made).is_some_and(|slot| held(slot).any(is_table))
        };
        site.receiver.is_some_and(|slot| held(slot).any(looks_up))
    }

    /// The functions that run where a library calls a value: `@Logged def find(…)` makes an object of the class, whose `__call__` it
    /// calls.
    pub(super) fn called_as(&self, value: &Value) -> Vec<FuncId> {
        match value {
            Value::Func(func) => vec![*func],
            Value::Instance(class) => self.classes.methods(*class, "__call__"),
            _ => Vec::new(),
        }
    }

    /// Parameters of a function that a library calls are objects of it.
    pub(super) fn give_objects(&mut self, func: FuncId, objects: &BTreeMap<String, String>) {
        let language = self.language(func);
        for (port, ty) in objects {
            let Some(at) = port.strip_prefix("param.").and_then(|at| at.parse::<usize>().ok()) else { continue };
            let node = self.models.index.root(language, ty);
            if let (Some(param), Some(node)) = (self.program.funcs[func].params.get(at), node) {
                let slot = self.local_slot(func, param.local);
                self.add(slot, &Value::Api(node, None));
            }
        }
    }

    /// What an earlier call of the chain gave is what this one is handed, too: `@show.register` on `@singledispatch def show`.
    pub(super) fn join_made(&mut self, number: u32, row: RowRef) {
        let at = self.calls[number as usize].at;
        let flow = self.models.flow(row);
        for to in &flow.to {
            let PortHead::Chain(method, inner) = &to.head else { continue };
            if inner.head != PortHead::Return {
                continue;
            }
            let made = self.made_by(at, method);
            // `@show.register(Draft)` is called with the function later.
            let is_later = |from: &Port| {
                let is_decorator = self.call_at(at).is_some_and(|call| call.style == CallStyle::Decorator);
                from.head == PortHead::Arg(0) && !is_decorator
            };
            let given: Vec<&Port> = flow.from.iter().filter(|from| !is_later(from)).collect();
            for from in given.into_iter().filter_map(|from| self.port_slot(number, from)).collect::<Vec<_>>() {
                for call in &made {
                    let result = self.instr_slot(call.0, call.1);
                    self.copy(from, result);
                }
            }
        }
    }

    /// The calls of a function of that name that gave what a method is called on, or what gave that, as far as is known by now.
    fn made_by(&self, at: At, name: &str) -> Vec<At> {
        let known = |slot: SlotId| self.slots[slot].values.items().iter().map(|id| &self.numbers[*id]);
        let is_named = |value: &Value| match value {
            Value::Api(node, None) => self.models.index.node(*node).name.rsplit('.').next() == Some(name),
            _ => false,
        };
        let mut found: Vec<At> = Vec::new();
        let mut open = vec![at];
        while let Some(call) = open.pop() {
            let Some(site) = self.call_number(call).map(|number| &self.calls[number as usize]) else { continue };
            for value in known(site.receiver.unwrap_or(site.callee)) {
                if let Value::Api(_, Some(made)) = value
                    && !found.contains(made)
                    && found.len() < MAX_CHAIN
                {
                    found.push(*made);
                    open.push(*made);
                }
            }
        }
        let is_made = |made: &At| {
            self.call_number(*made).is_some_and(|number| known(self.calls[number as usize].callee).any(is_named))
        };
        found.retain(is_made);
        found
    }
}
