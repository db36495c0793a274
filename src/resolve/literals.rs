//! Methods of what is written out: a language's tables and lists have those of a type, where a model says so.
//!
//! A literal stays the record that it is: that its method is called is noted for the call alone.

use crate::base::Symbol;
use crate::ir::func::ParamKind;
use crate::ir::instr::{Op, RecordKind};
use crate::ir::program::Language;
use crate::models::index::{NodeId, RowRef, Table};
use crate::models::path::{Port, PortHead, Step};
use crate::models::schema::Literal;

use super::ports::argument;
use super::solve::Values;
use super::values::Site;

impl Values<'_> {
    /// The call of a method that models describe for what is written out so.
    pub(super) fn method_of_literal(&self, made: Site, name: &Symbol) -> Option<NodeId> {
        let (func, literal) = match made {
            Site::Instr((func, id)) => match &self.program.funcs[func].instrs[id].op {
                Op::Record(record) if record.ty.is_none() => match record.kind {
                    RecordKind::Object => (func, Literal::Table),
                    RecordKind::Array => (func, Literal::List),
                    RecordKind::Tuple | RecordKind::Variant => return None,
                },
                _ => return None,
            },
            Site::Rest(func, at) => match self.program.funcs[func].params.get(at as usize)?.kind {
                ParamKind::RestNamed => (func, Literal::Table),
                _ => return None,
            },
        };
        let index = &self.models.index;
        let of = index.literal(self.language(func), literal)?;
        let called = index.step(index.step(of, &Step::Member(name.clone())), &Step::Call);
        index.node(called).is_modelled().then_some(called)
    }

    /// What is written out in Python as a list, tuple, set or table, and nothing else.
    fn literal_of_python(&self, made: Site) -> Option<RecordKind> {
        let Site::Instr((func, id)) = made else { return None };
        match &self.program.funcs[func].instrs[id].op {
            Op::Record(record) if record.ty.is_none() && self.language(func) == Language::Python => Some(record.kind),
            _ => None,
        }
    }

    /// Has what is written out no method of this name, so that another value is meant: `place.expanduser()` is none of a tuple?
    pub(super) fn has_no_method(&self, made: Site, name: &str) -> bool {
        self.literal_of_python(made).is_some() && !self.models.is_of_literals(name)
    }

    /// Does it stay as it was written out? Nothing is ever put into a tuple.
    pub(super) fn is_fixed(&self, made: Site) -> bool {
        self.literal_of_python(made) == Some(RecordKind::Tuple)
    }

    /// Is what a call is handed, to be given instead of something of its object, written out and empty: `notes.get(key, {})`?
    /// It tells nothing, and there are many of them.
    pub(super) fn is_empty_stand_in(&self, number: u32, from: &[Port], port: &Port) -> bool {
        let at = self.calls[number as usize].at;
        let Some(arg) = self.call_at(at).and_then(|call| argument(call, &port.head)) else { return false };
        let is_empty =
            matches!(&self.program.funcs[at.0].instrs[arg].op, Op::Record(record) if record.entries.is_empty());
        is_empty && from.iter().any(|port| port.head == PortHead::Receiver)
    }

    /// Notes a call of such a method: its rows hold, beside what is told of all containers.
    pub(super) fn call_literal(&mut self, number: u32, called: NodeId) {
        let known = self.told.entry(number).or_default();
        if known.contains(&called) {
            return;
        }
        known.push(called);
        let rows: Vec<RowRef> = self.models.index.node(called).rows(Table::Flow).collect();
        for row in rows {
            self.flow_row(number, row);
        }
    }
}
