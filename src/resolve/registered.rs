//! Functions that a library keeps on an object, to call one of them where the object is called.
//!
//! ```python
//! @singledispatch
//! def show(note): …
//!
//! @show.register
//! def _(note: Draft): …          # `show(draft)` runs this
//! ```

use crate::base::bounds::MAX_CHAIN;
use crate::ir::instr::CallStyle;
use crate::models::index::RowRef;
use crate::models::path::{Port, PortHead};

use super::solve::Values;
use super::values::{At, SlotId, Value};

impl Values<'_> {
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
