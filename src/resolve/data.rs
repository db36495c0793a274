//! Library calls that are handed data: what a serialiser gets is whatever the program has, and it calls nothing in it.
//!
//! ```text
//! export const write = (what: unknown) => console.error(serialise(what));
//! ```
//!
//! A function in a field of an options object is taken to be called where no model speaks of the call. Options are one object, or
//! a few of one kind; where many come, they are no options.

use rustc_hash::FxHashSet;

use crate::base::bounds::MAX_OPTIONS;
use crate::ir::func::FuncId;
use crate::models::index::Table;

use super::solve::{CallKind, Values};
use super::values::{At, Value};

impl Values<'_> {
    /// Takes back the calls of functions in the fields of data.
    pub(super) fn find_data(&mut self) {
        let mut found: Vec<(At, FxHashSet<FuncId>)> = Vec::new();
        for (at, funcs) in &self.called_in_fields {
            // What registers handlers is handed one after the other of a table.
            let registers = !self.call_rows(*at, Table::Handler).is_empty();
            if !registers && funcs.len() > MAX_OPTIONS && self.is_handed_data(*at) {
                found.push((*at, funcs.iter().copied().collect()));
            }
        }
        for (at, funcs) in found {
            let handed = self.handed_itself(at);
            if let Some(edges) = self.call_graph.get_mut(&at) {
                edges.retain(|(func, kind)| {
                    *kind != CallKind::Callback || !funcs.contains(func) || handed.contains(func)
                });
            }
        }
    }

    /// Are there more objects among the arguments than options are?
    fn is_handed_data(&self, at: At) -> bool {
        let Some(call) = self.call_at(at) else { return false };
        call.args.iter().any(|arg| {
            let items = self.of(at.0, arg.value).items();
            items.iter().filter(|value| matches!(value, Value::Record(_))).count() > MAX_OPTIONS
        })
    }

    fn handed_itself(&self, at: At) -> FxHashSet<FuncId> {
        let args = self.call_at(at).map_or(&[][..], |call| &call.args);
        let values = args.iter().flat_map(|arg| self.of(at.0, arg.value).items());
        values.filter_map(|value| if let Value::Func(func) = value { Some(*func) } else { None }).collect()
    }
}
