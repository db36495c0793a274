//! Which fields the lists and objects at the ports of a call name, by which a library moves some fields of a value only.

use std::collections::BTreeSet;

use crate::base::Symbol;
use crate::ir::instr::{Const, Entry as RecordEntry, Field, Op};
use crate::models::path::{Port, PortHead, PortStep};
use crate::resolve::ports::PortValue;
use crate::resolve::values::{At, Site, Value};

use super::transfer::Pass;

impl Pass<'_, '_> {
    /// The names in the lists, sets and tables that are written out at the ports of a call: `exclude={"api_key"}`.
    pub(super) fn names_listed(&self, at: At, ports: &[Port]) -> Vec<Symbol> {
        let values = self.taint.values;
        let mut names = Vec::new();
        for port in ports {
            let PortValue::Known(found) = values.port_values(at, port) else { continue };
            let [Value::Record(Site::Instr((func, made)))] = &*found else { continue };
            let body = &values.program.funcs[*func];
            let Op::Record(record) = &body.instrs[*made].op else { continue };
            names.extend(record.entries.iter().filter_map(|entry| match entry {
                RecordEntry::Field(Field::Name(name), _) => Some(name.clone()),
                RecordEntry::Field(_, value) => match &body.instrs[*value].op {
                    Op::Const(Const::Str(name)) => Some(name.clone()),
                    _ => None,
                },
                RecordEntry::Spread(_) => None,
            }));
        }
        names
    }

    /// The names of all fields of the object literals at the ports of a call, but for those that are described as values which
    /// say nothing. `None` where they are not all known, or there is no such object.
    pub(super) fn names_of_fields(&self, at: At, ports: &[Port]) -> Option<BTreeSet<Symbol>> {
        let values = self.taint.values;
        let mut names = BTreeSet::new();
        let mut is_told = false;
        // What is built on the same object beside this says nothing of it.
        let calls = ports.iter().flat_map(|port| match &port.head {
            PortHead::Chain(method, inner) => {
                let is_method = |made: &At| match values.call_at(*made).and_then(|call| call.callee.path.last()) {
                    Some(Field::Name(name)) => name == method,
                    _ => false,
                };
                values.chain(at).into_iter().filter(is_method).map(|made| (made, &**inner)).collect()
            }
            _ => vec![(at, port)],
        });
        for (call, port) in calls {
            let found = match values.port_values(call, port) {
                PortValue::Known(found) => found,
                PortValue::Missing => continue,
                PortValue::Unknown => return None,
            };
            for value in &found {
                let Value::Record(Site::Instr((func, made))) = value else { return None };
                let Op::Record(record) = &values.program.funcs[*func].instrs[*made].op else { return None };
                for entry in &record.entries {
                    let RecordEntry::Field(Field::Name(name), _) = entry else { return None };
                    let mut field = port.clone();
                    field.path.push(PortStep::Name(name.clone()));
                    let described = values.port_values(call, &field);
                    if !matches!(described, PortValue::Known(found) if self.taint.are_plain(&found)) {
                        names.insert(name.clone());
                    }
                }
                is_told = true;
            }
        }
        is_told.then_some(names)
    }
}
