//! Functions that a program puts in the way of a client's errors: `client.interceptors.response.use(done, failed)`.
//!
//! Each call of the client that can fail calls them, too: what they throw is what the call throws.

use rustc_hash::FxHashMap;

use crate::ir::func::FuncId;
use crate::models::index::Table;
use crate::models::path::PortHead;

use super::ports::PortValue;
use super::solve::{CallKind, Values};
use super::values::{At, Value};

impl Values<'_> {
    /// The functions that are called with the error of a library's call, and throw instead of it.
    pub(crate) fn error_handlers(&self, at: At) -> &[FuncId] {
        self.error_handlers.get(&at).map_or(&[], Vec::as_slice)
    }

    pub(super) fn find_error_handlers(&mut self) {
        let mut of_clients: FxHashMap<At, Vec<FuncId>> = FxHashMap::default();
        for number in 0..self.calls.len() {
            let at = self.calls[number].at;
            let Some(clients) = self.made_at(at) else { continue };
            for row in self.call_rows(at, Table::Callback) {
                let callback = self.models.callback(row);
                for port in callback.func_ports.iter().filter(|_| callback.replaces_errors) {
                    let PortValue::Known(found) = self.port_values(at, port) else { continue };
                    let funcs = found.iter().filter_map(|value| match value {
                        Value::Func(func) => Some(*func),
                        _ => None,
                    });
                    for func in funcs {
                        clients.iter().for_each(|client| of_clients.entry(*client).or_default().push(func));
                    }
                }
            }
        }
        for number in 0..self.calls.len() {
            let at = self.calls[number].at;
            let Some(clients) = self.made_at(at).filter(|_| !of_clients.is_empty()) else { continue };
            // A client that may be one without such a function fails as its library does.
            let Some(found) = clients.iter().map(|client| of_clients.get(client)).collect::<Option<Vec<_>>>() else {
                continue;
            };
            let mut funcs: Vec<FuncId> = found.into_iter().flatten().copied().collect();
            funcs.sort_unstable();
            funcs.dedup();
            let can_fail = |row| self.models.flow(row).to.iter().any(|to| to.head == PortHead::Throws);
            if !self.call_rows(at, Table::Flow).into_iter().any(can_fail) {
                continue;
            }
            for func in &funcs {
                self.link_call(at, *func, CallKind::Callback);
            }
            self.error_handlers.insert(at, funcs);
        }
    }

    /// The calls that made what a method is called on, or what that is a part of; none where it may be something else.
    fn made_at(&self, at: At) -> Option<Vec<At>> {
        let made = |value: &Value| match value {
            Value::Api(_, Some(made)) => Some(Some(*made)),
            Value::Unknown | Value::Typed(_) | Value::Api(_, None) => Some(None),
            _ => None,
        };
        let found: Option<Vec<Option<At>>> = self.of_slot(self.receiver_slot(at)?).items().iter().map(made).collect();
        let found: Vec<At> = found?.into_iter().flatten().collect();
        (!found.is_empty()).then_some(found)
    }
}
