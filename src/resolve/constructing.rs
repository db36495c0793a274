//! What the construction of an object of the program does: constructors are called, fields are filled.

use crate::base::Symbol;
use crate::ir::func::{FuncId, FuncKind, ParamKind};
use crate::ir::instr::{ArgKind, Base, Call, Field, Op};
use crate::ir::program::{ClassId, Language};
use crate::models::index::{NodeId, RowRef, Table};
use crate::models::path::{Port, PortHead, PortStep, Step};

use super::edges::Edge;
use super::solve::{CallKind, Values};
use super::values::{At, Key, Obj, SlotId, Value};

impl Values<'_> {
    pub(super) fn construct(&mut self, at: At, class: ClassId, result: SlotId) {
        let constructors: Vec<FuncId> = ["constructor", "__init__"]
            .into_iter()
            .flat_map(|name| self.classes.methods(class, name))
            .filter(|func| self.program.funcs[*func].kind == FuncKind::Constructor)
            .collect();
        if !constructors.is_empty() && constructors.iter().all(|func| self.takes_none_of(at, *func)) {
            return;
        }
        let instance = Value::Instance(class);
        self.add(result, &instance);
        if let Some(number) = self.call_number(at) {
            let bases = self.classes.api_bases(class).into_iter();
            let made: Vec<NodeId> = bases.map(|base| self.models.index.step(base, &Step::Call)).collect();
            made.into_iter().for_each(|made| self.keep_maker(number, made));
        }
        for func in &constructors {
            if let Some(receiver) = self.program.funcs[*func].receiver {
                let slot = self.local_slot(*func, receiver);
                self.add(slot, &instance);
            }
            if self.link_call(at, *func, CallKind::Direct) {
                self.bind_args(at, *func);
            }
        }
        if constructors.is_empty() {
            self.fill_fields(at, class);
            if let Some(number) = self.call_number(at) {
                self.make_bases(number, Some(class));
            }
        }
    }

    /// Does a call of Python name an argument that a constructor does not take? It makes no object of that class, then: of those
    /// that a table holds it is another one.
    fn takes_none_of(&self, at: At, func: FuncId) -> bool {
        let constructor = &self.program.funcs[func];
        let takes = |name: &Symbol| {
            constructor.params.iter().any(|param| param.name == *name || param.kind == ParamKind::RestNamed)
        };
        self.language(func) == Language::Python
            && constructor.annotations.is_empty()
            && self.call_at(at).is_some_and(|call| {
                call.args.iter().any(|arg| matches!(&arg.kind, ArgKind::Named(name) if !takes(name)))
            })
    }

    /// What a call makes is kept in objects of a class that it is handed, or of a function that makes them: the `server` of each handler.
    pub(super) fn keep_maker(&mut self, number: u32, made: NodeId) {
        let (at, result) = (self.calls[number as usize].at, self.calls[number as usize].result);
        let index = &self.models.index;
        let rows: Vec<RowRef> = index.node(made).rows(Table::Flow).collect();
        let flows = rows.into_iter().map(|row| self.models.flow(row));
        let keeps = flows.filter(|flow| flow.from.iter().any(|from| from.head == PortHead::Return));
        for to in keeps.flat_map(|flow| &flow.to) {
            let [PortStep::Name(field)] = to.path.as_slice() else { continue };
            let class = Port { head: to.head.clone(), path: Vec::new() };
            let Some(class) = self.port_slot(number, &class) else { continue };
            let objects = self.fresh();
            self.add_edge(class, Edge::MadeBy(objects));
            self.add_edge(objects, Edge::Store(Field::Name(field.clone()), result, at));
        }
    }

    /// Does a call call the constructor of the class above: `super().__init__(stream)`?
    pub(super) fn calls_parent(&self, call: &Call) -> bool {
        let names = |field: &Field| matches!(field, Field::Name(name) if name == "__init__");
        call.callee.base == Base::Global("super".into()) && call.callee.path.last().is_some_and(names)
    }

    /// A call makes the part of an object that is of a library's class.
    pub(super) fn make_bases(&mut self, number: u32, class: Option<ClassId>) {
        let Some(class) = class else { return };
        let bases = self.classes.api_bases(class);
        if !bases.is_empty() {
            self.makes_bases.insert(number, bases);
        }
    }

    /// What the constructors of a library's classes say of a call that makes an object of the program's own class made of
    /// those: where it writes. What else such an object is, is told of the object.
    pub(super) fn rows_of_bases(&self, number: u32) -> impl Iterator<Item = RowRef> {
        let bases = self.makes_bases.get(&number).into_iter().flatten();
        let made = bases.map(|base| self.models.index.node(self.models.index.step(*base, &Step::Call)));
        made.flat_map(|made| made.rows(Table::Logger).collect::<Vec<_>>())
    }

    /// Construction without a constructor of the program: data classes, tuple structs.
    fn fill_fields(&mut self, at: At, class: ClassId) {
        let program = self.program;
        let Op::Call(call) = &program.funcs[at.0].instrs[at.1].op else { return };
        let obj = Obj::Instances(self.classes.top(class));
        let names = self.field_names(class);
        let by_position = |index: usize| match names.get(index) {
            Some(name) => name.clone(),
            None => index.to_string().into(),
        };
        let mut position = 0;
        for arg in &call.args {
            let name = match &arg.kind {
                ArgKind::Positional => {
                    position += 1;
                    by_position(position - 1)
                }
                ArgKind::Named(name) => name.clone(),
                ArgKind::SpreadNamed => {
                    let from = self.instr_slot(at.0, arg.value);
                    self.add_edge(from, Edge::Spread(obj.clone()));
                    continue;
                }
                ArgKind::Spread => continue,
            };
            self.fill(&obj, Key::Name(name), (at.0, arg.value));
        }
    }

    pub(super) fn fill_variant(&mut self, at: At, class: ClassId, name: &Symbol) {
        let program = self.program;
        let Op::Call(call) = &program.funcs[at.0].instrs[at.1].op else { return };
        let obj = Obj::Variant(class, name.clone());
        for (index, arg) in call.args.iter().enumerate() {
            self.fill(&obj, Key::Name(format!("{name}.{index}").into()), (at.0, arg.value));
        }
    }

    fn fill(&mut self, obj: &Obj, key: Key, value: At) {
        self.note_store(obj, key.clone(), value);
        let to = self.filled_slot(obj, key);
        let from = self.instr_slot(value.0, value.1);
        self.copy(from, to);
    }

    /// An object is called: Python's `__call__`; the parent constructor in `super(…)`.
    pub(super) fn call_object(&mut self, at: At, class: ClassId, result: SlotId) {
        let is_super = self.call_at(at).is_some_and(|call| {
            call.callee.path.is_empty() && call.callee.base == crate::ir::instr::Base::Global("super".into())
        });
        if is_super {
            let scratch = self.fresh();
            self.construct(at, class, scratch);
            return;
        }
        for method in self.classes.virtual_methods(class, "__call__") {
            self.call_func(at, method, result, CallKind::Direct);
        }
    }
}
