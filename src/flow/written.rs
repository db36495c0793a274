//! Where in the source a part of what is given back or raised was written: in a literal over many lines, in the line of its
//! field.

use crate::base::Symbol;
use crate::ir::instr::{Base, Entry as RecordEntry, InstrId, Op};
use crate::models::index::Table;
use crate::models::path::{Port, PortHead};
use crate::resolve::ports::argument;

use super::apply::port_keys;
use super::transfer::{Pass, key_of};

impl Pass<'_, '_> {
    /// The call that made what a value is, where a variable keeps that and nothing else: `const failure = new Failure(…)`.
    pub(super) fn made(&self, value: InstrId) -> InstrId {
        let Op::Load(place) = &self.func.instrs[value].op else { return value };
        if !matches!(place.base, Base::Local(_)) || !place.path.is_empty() {
            return value;
        }
        let mut stores = self.func.instrs.iter().filter_map(|instr| match &instr.op {
            Op::Store(to, stored) if to == place => Some(*stored),
            _ => None,
        });
        match (stores.next(), stores.next()) {
            (Some(made), None) if matches!(self.func.instrs[made].op, Op::Call(_)) => made,
            _ => value,
        }
    }

    /// The instruction that gives what stands at a path in a value, which a call `made`.
    pub(super) fn written(&self, value: InstrId, made: InstrId, path: &[Symbol]) -> InstrId {
        match self.handed_for(made, path) {
            Some((literal, inner)) => self.written_in(literal, inner),
            None => self.written_in(value, path),
        }
    }

    fn written_in(&self, value: InstrId, path: &[Symbol]) -> InstrId {
        let (Op::Record(record), Some((key, inner))) = (&self.func.instrs[value].op, path.split_first()) else {
            return value;
        };
        let found = record.entries.iter().rev().find_map(|entry| match entry {
            RecordEntry::Field(field, inside) if key_of(field).as_ref() == Some(key) => Some(*inside),
            _ => None,
        });
        found.map_or(value, |inside| self.written_in(inside, inner))
    }

    /// The object literal among the arguments of a call that a field of what it makes is: `new Failure(code, text, { stack })`.
    fn handed_for<'p>(&self, made: InstrId, path: &'p [Symbol]) -> Option<(InstrId, &'p [Symbol])> {
        let Op::Call(call) = &self.func.instrs[made].op else { return None };
        let values = self.taint.values;
        values.call_rows((self.id, made), Table::Flow).into_iter().find_map(|row| {
            let flow = values.models.flow(row);
            let is_field = |to: &&Port| to.head == PortHead::Return && !to.path.is_empty();
            let keys = port_keys(flow.to.iter().find(is_field)?);
            let [from] = flow.from.as_slice() else { return None };
            let literal = argument(call, &from.head).filter(|_| from.path.is_empty())?;
            let is_literal = matches!(self.func.instrs[literal].op, Op::Record(_));
            path.strip_prefix(keys.as_slice()).filter(|_| is_literal).map(|inner| (literal, inner))
        })
    }
}
