//! Which fields of a record a logger prints, where the program makes its lines itself:
//!
//! ```text
//! format.printf(({ level, message, timestamp }) => `${timestamp} ${level}: ${message}`)
//! ```
//!
//! What else a record holds is in none of these lines.

use std::collections::BTreeSet;

use crate::base::Symbol;
use crate::base::bounds::MAX_CHECK_DEPTH;
use crate::ir::func::FuncId;
use crate::ir::instr::{Base, Field, Op};
use crate::models::index::Table;
use crate::models::levels::Printed;
use crate::resolve::ports::PortValue;
use crate::resolve::values::{At, Value};

use super::domain::{ANY, ERR, Entry, OK};
use super::solve::Taint;
use super::summary::Sink;

impl Taint<'_> {
    /// Is it in a field of a record that no line of the logger shows?
    pub(crate) fn is_not_printed(&self, sink: Sink, entry: &Entry) -> bool {
        let Some(printed) = sink.row.and_then(|row| self.values.models.sink(row).printed.as_ref()) else {
            return false;
        };
        let Some(field) = entry.at.first().filter(|field| ![ANY, OK, ERR].contains(&field.as_str())) else {
            return false;
        };
        !printed.always.iter().any(|known| known == field)
            && self.names_printed(sink.at, printed).is_some_and(|names| !names.contains(field))
    }

    /// The fields that all lines of the logger show; `None` where that may be all of them.
    fn names_printed(&self, at: At, printed: &Printed) -> Option<BTreeSet<Symbol>> {
        let values = self.values;
        let port = |text: &str| values.models.port(text);
        let PortValue::Known(mut formats) = values.port_values(at, port(&printed.format)?) else { return None };
        if let PortValue::Known(outputs) = values.port_values(at, port(&printed.outputs)?) {
            for output in outputs {
                let Value::Api(_, Some(made)) = output else { return None };
                match values.port_values(made, port(&printed.own)?) {
                    PortValue::Missing => {}
                    PortValue::Known(own) => formats.extend(own),
                    PortValue::Unknown => return None,
                }
            }
        }
        let mut names = BTreeSet::new();
        for format in formats {
            names.extend(self.names_in(&format, printed, MAX_CHECK_DEPTH)?);
        }
        Some(names)
    }

    /// The fields that one format shows: those that its function reads, or those of the last one of which it is put together.
    fn names_in(&self, format: &Value, printed: &Printed, depth: usize) -> Option<BTreeSet<Symbol>> {
        let depth = depth.checked_sub(1)?;
        let values = self.values;
        let Value::Api(_, Some(made)) = format else { return None };
        let rows = values.call_rows(*made, Table::Callback);
        let Some(row) = rows.first() else {
            return match values.port_values(*made, values.models.port(&printed.last)?) {
                PortValue::Known(last) => match last.as_slice() {
                    [last] => self.names_in(last, printed, depth),
                    _ => None,
                },
                _ => None,
            };
        };
        let mut ports = values.models.callback(*row).func_ports.iter();
        match values.port_values(*made, ports.next()?) {
            PortValue::Known(given) => match given.as_slice() {
                [Value::Func(func)] => self.names_read(*func),
                _ => None,
            },
            _ => None,
        }
    }

    /// The fields of its first parameter that a function reads, if it does nothing else with it.
    fn names_read(&self, func: FuncId) -> Option<BTreeSet<Symbol>> {
        let body = &self.values.program.funcs[func];
        let record = body.params.first()?.local;
        let loads = body.instrs.iter().filter_map(|instr| match &instr.op {
            Op::Load(place) if place.base == Base::Local(record) => Some(place),
            Op::Call(call) if call.callee.base == Base::Local(record) => Some(&call.callee),
            _ => None,
        });
        loads
            .map(|place| if let Some(Field::Name(name)) = place.path.first() { Some(name.clone()) } else { None })
            .collect()
    }
}
