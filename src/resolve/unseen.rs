//! Servers that are started where the program's own code does not show it: a function that makes a server is handed to a library
//! of which nothing is known.
//!
//! ```python
//! cli_main(make_server, "Notes")    # an entry that several servers share
//! ```
//!
//! Only programs of Python in which nothing else serves are taken so. Over which transport is not known.

use crate::ir::instr::CallStyle;
use crate::ir::program::Language;
use crate::models::index::{RowRef, Table};
use crate::models::path::Step;

use super::solve::Values;
use super::values::{At, Value};

impl Values<'_> {
    /// Is a call taken to serve since it is handed a function that makes a server?
    pub(crate) fn serves_unseen(&self, at: At) -> bool {
        self.call_number(at).is_some_and(|number| !self.served_unseen(number, at).is_empty())
    }

    /// How the server serves that such a call is taken to start.
    pub(super) fn served_unseen(&self, number: u32, at: At) -> Vec<RowRef> {
        let index = &self.models.index;
        let Some(call) = self.call_at(at).filter(|call| call.style == CallStyle::Plain) else { return Vec::new() };
        let is_strange = |value: &Value| matches!(value, Value::Api(node, None) if !index.node(*node).is_modelled());
        let callee = self.of_slot(self.calls[number as usize].callee).items();
        if self.language(at.0) != Language::Python || callee.is_empty() || !callee.iter().all(is_strange) {
            return Vec::new();
        }
        let handed = call.args.iter().flat_map(|arg| self.of(at.0, arg.value).items());
        let made = handed.flat_map(|value| match value {
            Value::Func(func) => self.of_slot(self.ret_slot(*func)).items(),
            _ => &[],
        });
        let mut found: Vec<RowRef> = Vec::new();
        for value in made {
            let Value::Api(node, Some(_)) = value else { continue };
            for row in index.node(*node).rows(Table::Server) {
                let server = self.models.file(row).servers.get(row.row as usize);
                let Some(command) = server.and_then(|server| server.command.as_ref()) else { continue };
                let serving = index.step(index.step(*node, &Step::Member(command.method.as_str().into())), &Step::Call);
                found.extend(index.node(serving).rows(Table::Serve));
            }
        }
        found.sort_unstable();
        found.dedup();
        if found.is_empty() || self.serves_elsewhere() { Vec::new() } else { found }
    }

    /// Does a call of the program start to serve?
    fn serves_elsewhere(&self) -> bool {
        let index = &self.models.index;
        let serves = |value: &Value| matches!(value, Value::Api(node, _) if index.node(index.step(*node, &Step::Call)).has(Table::Serve));
        self.calls.iter().any(|call| self.of_slot(call.callee).items().iter().any(serves))
    }
}
