//! Which fields of a record a logger prints, where the program makes its lines itself:
//!
//! ```text
//! format.printf(({ level, message, timestamp }) => `${timestamp} ${level}: ${message}`)
//! ```
//!
//! What else a record holds is in none of these lines. Of an error in one of its fields JSON has no text, so that only lines have it
//! that put it in themselves.

use std::collections::BTreeSet;

use crate::base::Symbol;
use crate::base::bounds::MAX_CHECK_DEPTH;
use crate::base::idx::Id;
use crate::ir::func::FuncId;
use crate::ir::instr::{Base, Field, Op};
use crate::models::index::Table;
use crate::models::levels::Printed;
use crate::resolve::ports::PortValue;
use crate::resolve::values::{At, Value};

use super::domain::{ANY, ERR, Entry, Marks, OK, Root};
use super::path::Path;
use super::sinks::ERROR_TEXTS;
use super::solve::Taint;
use super::summary::{Sink, substitute};
use super::tree::Tree;

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

    /// Is it the text of an error in a field of a record, of which all lines of the logger show that only as JSON?
    pub(crate) fn is_left_out_of_lines(&self, sink: Sink, entry: &Entry) -> bool {
        let row = sink.row.map(|row| self.values.models.sink(row));
        let Some(printed) = row.and_then(|row| row.printed.as_ref()) else { return false };
        entry.marks.has(Marks::IN_ERROR)
            && entry.at.len() > 1
            && !self.shows_errors
            && self.formats(sink.at, printed).is_some_and(|formats| {
                let is_json = |format: &Value| self.leaves_out(format, entry, MAX_CHECK_DEPTH);
                (printed.json || !formats.is_empty()) && formats.iter().all(is_json)
            })
    }

    /// Does a format show what stands beside the message as JSON, or nothing of an error there?
    fn leaves_out(&self, format: &Value, error: &Entry, depth: usize) -> bool {
        let (Some(depth), Value::Api(_, Some(made))) = (depth.checked_sub(1), format) else { return false };
        let values = self.values;
        if let Some(row) = values.call_rows(*made, Table::Callback).first() {
            let ports = values.models.callback(*row).func_ports.first();
            return match ports.map(|port| values.port_values(*made, port)) {
                Some(PortValue::Known(given)) => {
                    !given.is_empty()
                        && given
                            .iter()
                            .all(|value| matches!(value, Value::Func(func) if self.writes_without(*func, error)))
                }
                _ => false,
            };
        }
        let rows = values.call_rows(*made, Table::Line);
        let Some(row) = rows.first() else { return false };
        let of = values.models.line(*row).of.iter().filter_map(|text| values.models.port(text));
        let n_args = values.call_at(*made).map_or(0, |call| call.args.len());
        of.map(|port| values.port_values(*made, port)).all(|parts| match parts {
            PortValue::Known(mut parts) => {
                parts.retain(|part| *part != Value::Unknown);
                parts.len() >= n_args && parts.iter().all(|part| self.leaves_out(part, error, depth))
            }
            PortValue::Missing => true,
            PortValue::Unknown => false,
        })
    }

    /// Does a function that makes a line of the record it is given leave out the text of an error that sits there in it? That is
    /// in each of some fields.
    fn writes_without(&self, func: FuncId, error: &Entry) -> bool {
        let texts = ERROR_TEXTS.map(|name| {
            let mut at = error.at.to_vec();
            at.pop();
            at.push(name.into());
            Tree::of(Entry { at: Path::from(&at[..]), ..error.clone() })
        });
        let returns = self.summaries[func.index()].returns.entries().iter();
        let mut parts = returns.filter(|entry| entry.root == Root::Param(0)).peekable();
        let (is_known, mut is_shown) = (parts.peek().is_some(), false);
        for entry in parts {
            texts.iter().for_each(|text| substitute(entry, text, |before| before, |_| is_shown = true));
        }
        is_known && !is_shown
    }

    /// The formats of all lines of the logger, if they are known.
    fn formats(&self, at: At, printed: &Printed) -> Option<Vec<Value>> {
        let values = self.values;
        let port = |text: &str| values.models.port(text);
        let mut formats = match values.port_values(at, port(&printed.format)?) {
            PortValue::Known(formats) => formats,
            PortValue::Missing => Vec::new(),
            PortValue::Unknown => return None,
        };
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
        Some(formats)
    }

    /// The fields that all lines of the logger show; `None` where that may be all of them.
    fn names_printed(&self, at: At, printed: &Printed) -> Option<BTreeSet<Symbol>> {
        let formats = self.formats(at, printed).filter(|formats| !formats.is_empty())?;
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
