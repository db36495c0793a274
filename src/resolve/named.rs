//! Members whose name is a value: `getattr(tools, name)`.

use std::collections::BTreeSet;

use crate::base::Symbol;
use crate::base::bounds::MIN_PREFIX;
use crate::ir::func::{End, FuncId};
use crate::ir::instr::{Base, Const, Field, InstrId, Op, Oper, Place, TextPart};
use crate::ir::program::{ClassId, Language};
use crate::models::path::Port;

use super::edges::Edge;
use super::ports::argument;
use super::solve::Values;
use super::values::{At, SlotId, Value};

/// The method of Python that is asked for a member which the class lacks.
const ASKED_FOR_MEMBERS: &str = "__getattr__";

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

    /// What a script reads or calls of a library's object under a computed key, where the key is a name that is known:
    /// `console[level](text)`. Of other objects all that they hold is read.
    pub(super) fn named_by_key(&mut self, (func, id): At, place: &Place, to: SlotId) {
        if self.language(func) == Language::Script
            && let Some(key) = self.program.funcs[func].keys.get(&id)
            && let Some((owner, Field::Any)) = place.split_last()
        {
            let of = self.place(func, &owner);
            self.add_edge(self.instr_slot(func, *key), Edge::Key(of, to));
        }
    }

    /// A member whose name is a value: one that is known, or any.
    pub(super) fn named_member(&mut self, name: &Value, of: SlotId, to: SlotId) {
        // The names of all that is in a module, one of which it is.
        if let Value::Module(_) = name {
            self.add_edge(of, Edge::Whole(to));
            return;
        }
        let field = match name {
            Value::Const(Const::Str(name)) => Field::Name(name.clone()),
            _ => Field::Any,
        };
        self.add_edge(of, Edge::Load(field, to));
    }

    /// A member that a class finds in another object, where it has none of that name itself:
    ///
    /// ```text
    /// def __getattr__(self, name):
    ///     return getattr(find_logger(), name)
    /// ```
    pub(super) fn load_asked(&mut self, class: ClassId, name: &Symbol, to: SlotId) {
        for method in self.classes.methods(class, ASKED_FOR_MEMBERS) {
            for object in self.looked_into(method) {
                let of = self.instr_slot(method, object);
                self.add_edge(of, Edge::Load(Field::Name(name.clone()), to));
            }
        }
    }

    /// The objects of which a function gives the member that its parameter names.
    fn looked_into(&self, func: FuncId) -> Vec<InstrId> {
        let body = &self.program.funcs[func];
        let Some(name) = body.params.first().map(|param| param.local) else { return Vec::new() };
        let given = body.blocks.iter().filter_map(|block| match block.end {
            End::Return(Some(value)) => Some(value),
            _ => None,
        });
        let is_name = |value: InstrId| matches!(&body.instrs[value].op, Op::Load(place) if place.base == Base::Local(name) && place.path.is_empty());
        let object = |value: InstrId| match &body.instrs[value].op {
            // A function of the language that is handed an object and a name.
            Op::Call(call) if matches!(call.callee.base, Base::Global(_)) && call.callee.path.is_empty() => {
                match call.args.as_slice() {
                    [of, named, ..] if is_name(named.value) => Some(of.value),
                    _ => None,
                }
            }
            _ => None,
        };
        given.filter_map(object).collect()
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
