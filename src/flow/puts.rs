//! What a call puts into the object that it is called on, into what it is handed, or into what an earlier call was.
//!
//! ```text
//! out.push(line)
//! read_line(&mut line)
//! csv.writer(out).writerow(row)
//! ```

use crate::ir::instr::{Base, Call};
use crate::models::path::{Port, PortHead};
use crate::resolve::ports::argument;
use crate::resolve::values::At;

use super::apply::port_keys;
use super::transfer::Pass;
use super::tree::Tree;

impl Pass<'_, '_> {
    /// Adds to what stands at a port of a call.
    pub(super) fn put_at(&mut self, call: &Call, at: At, to: &Port, tree: &Tree) {
        match &to.head {
            PortHead::Receiver => self.put_on(call, &tree.under(&port_keys(to)), at),
            // What it was made of keeps what goes through it.
            PortHead::Chain(method, inner) => {
                let values = self.taint.values;
                let is_made = |made: &At| made.0 == at.0 && values.is_call_of(*made, method);
                let made = values.chain(at).into_iter().filter(is_made);
                for call in made.filter_map(|made| values.call_at(made)) {
                    let tree = tree.under(&port_keys(inner));
                    match argument(call, &inner.head) {
                        Some(value) => self.put_value(value, &tree, at),
                        None if inner.head == PortHead::Receiver => self.put_on(call, &tree, at),
                        None => {}
                    }
                }
            }
            head => {
                if let Some(value) = argument(call, head) {
                    let tree = tree.under(&port_keys(to));
                    self.put_value(value, &tree, at);
                }
            }
        }
    }

    /// Adds to the object of a call.
    fn put_on(&mut self, call: &Call, tree: &Tree, at: At) {
        let Some((place, _)) = call.callee.split_last() else { return };
        self.put(&place, tree, at);
        if let Base::Value(value) = &place.base
            && place.path.is_empty()
        {
            self.put_value(*value, tree, at);
        }
    }
}
