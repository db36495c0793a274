//! Members whose name is a value: `getattr(tools, name)`.

use std::collections::BTreeSet;

use crate::base::Symbol;
use crate::base::bounds::MIN_PREFIX;
use crate::ir::func::FuncId;
use crate::ir::instr::{Base, Const, Field, InstrId, Op, Oper, TextPart};
use crate::models::path::Port;

use super::edges::Edge;
use super::ports::argument;
use super::solve::Values;
use super::values::{SlotId, Value};

impl Values<'_> {
    /// A call gives the member of what is in `from` that what it is handed at `name` names.
    pub(super) fn member_named_by(&mut self, number: u32, name: &Port, from: SlotId, into: SlotId) {
        let Some(slot) = self.port_slot(number, name) else { return };
        self.add_edge(slot, Edge::Member(from, into));
        let at = self.calls[number as usize].at;
        if let Some(text) = self.call_at(at).and_then(|call| argument(call, &name.head)) {
            self.members_beginning(at.0, text, from, into);
        }
    }

    /// A member whose name is a value: one that is known, or any.
    pub(super) fn named_member(&mut self, name: &Value, of: SlotId, to: SlotId) {
        let field = match name {
            Value::Const(Const::Str(name)) => Field::Name(name.clone()),
            _ => Field::Any,
        };
        self.add_edge(of, Edge::Load(field, to));
    }

    /// A member whose name is put together behind a text that is known: `getattr(self, f"handle_{name}")` can be every method
    /// that is called so.
    fn members_beginning(&mut self, func: FuncId, name: InstrId, of: SlotId, to: SlotId) {
        let Some(prefix) = self.prefix_of(func, name).filter(|prefix| prefix.len() >= MIN_PREFIX) else { return };
        let program = self.program;
        let methods = program.classes.iter().flat_map(|class| class.methods.iter().map(|(name, _)| name));
        let named: BTreeSet<&Symbol> = methods.filter(|name| name.starts_with(prefix.as_str())).collect();
        for name in named {
            self.add_edge(of, Edge::Load(Field::Name(name.clone()), to));
        }
    }

    /// What a text begins with, where that is written out; through a variable that is assigned once.
    fn prefix_of(&self, func: FuncId, text: InstrId) -> Option<Symbol> {
        let instrs = &self.program.funcs[func].instrs;
        let first = match &instrs[text].op {
            Op::Load(place) if place.path.is_empty() => {
                let Base::Local(local) = place.base else { return None };
                let mut stores = instrs.iter().filter_map(|instr| match &instr.op {
                    Op::Store(to, value) if to.base == Base::Local(local) => Some(*value),
                    _ => None,
                });
                stores.next().filter(|_| stores.next().is_none())?
            }
            _ => text,
        };
        match &instrs[first].op {
            Op::Text(parts) => match parts.first() {
                Some(TextPart::Lit(prefix)) => Some(prefix.clone()),
                _ => None,
            },
            Op::Operator(Oper::Add, operands) => match &instrs[*operands.first()?].op {
                Op::Const(Const::Str(prefix)) => Some(prefix.clone()),
                _ => None,
            },
            _ => None,
        }
    }
}
