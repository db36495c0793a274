//! What objects are made with: by constructors, those of base classes, and classes that have none.

use crate::base::Symbol;
use crate::base::idx::Id;
use crate::ir::func::Function;
use crate::ir::func::{FuncId, FuncKind, LocalId};
use crate::ir::instr::{ArgKind, Base, Call, Field, Op, Place};
use crate::ir::program::{ClassId, Language};
use crate::models::index::Table;
use crate::models::path::{Port, PortHead, Step};
use crate::resolve::solve::CallKind;
use crate::resolve::values::{At, Value};

use super::apply::{MESSAGE, port_keys};
use super::domain::{ARGS, ErrorKind, Form, Heap, HeapId, Marks};
use super::shown::MAKE;
use super::trace::What;
use super::transfer::Pass;
use super::tree::Tree;

/// The object of a base class, in the constructor of one derived from it.
const SUPER: &str = "super";

/// The object that a method of a base class is called on, or made by its constructor: `super().__init__(text)`.
pub(super) fn own_object(func: &Function, language: Language, call: &Call) -> Option<Place> {
    let is_of_base = language != Language::Rust && matches!(&call.callee.base, Base::Global(name) if name == SUPER);
    let receiver = func.receiver.filter(|_| is_of_base && call.callee.path.len() <= 1)?;
    Some(Place { base: Base::Local(receiver), path: Box::default() })
}

impl Pass<'_, '_> {
    pub(super) fn own_object(&self, call: &Call) -> Option<Place> {
        own_object(self.func, self.language, call)
    }

    /// Does a call of a constructor fill an object that is there already: `super(text)`, `Base.__init__(self, text)`?
    pub(super) fn is_made_by_base(&self, at: At, func: FuncId) -> bool {
        let Op::Call(call) = &self.func.instrs[at.1].op else { return false };
        let is_named = matches!(call.callee.path.last(), Some(Field::Name(name)) if name == MAKE);
        self.own_object(call).is_some() || is_named && self.taint.values.handed_receiver(at, func).is_some()
    }

    /// Of which class is the object that a call of a constructor makes or fills, where that is none of the constructor's own?
    pub(super) fn made_by(&self, at: At, func: FuncId) -> Option<ClassId> {
        let values = self.taint.values;
        let owner =
            values.program.funcs[func].owner.filter(|_| values.program.funcs[func].kind == FuncKind::Constructor)?;
        if self.is_made_by_base(at, func) {
            return self.func.owner.filter(|class| self.func.kind == FuncKind::Constructor && *class != owner);
        }
        match values.of_slot(values.callee_slot(at)?).items() {
            [Value::Class(class)] if *class != owner => Some(*class),
            _ => None,
        }
    }

    /// The place in which something is kept that a constructor puts into a field of its class, for an object of the class `made`.
    pub(super) fn filled_for(&mut self, made: Option<ClassId>, heap: HeapId) -> HeapId {
        let (Some(made), Heap::Field(of, field)) = (made, &self.taint.names.heaps[heap]) else { return heap };
        let (of, field) = (*of, field.clone());
        let class = self.taint.homes.filled_for(made, of, &field);
        if class == of { heap } else { self.taint.names.heap(Heap::Field(class, field)) }
    }

    /// A constructor hands to one of a library what the object is made with: `super(text)`, `super().__init__(text)`. Of an
    /// error, that is its text.
    pub(super) fn make_base(&mut self, call: &Call, at: At) {
        let is_base = match (&call.callee.base, &*call.callee.path) {
            (Base::Global(name), []) => name == SUPER,
            (Base::Global(name), [Field::Name(method)]) => name == SUPER && method == MAKE,
            _ => false,
        };
        let Some(receiver) = self.func.receiver.filter(|_| is_base && self.func.kind == FuncKind::Constructor) else {
            return;
        };
        if self.keep_as_base(receiver, call, at) {
            return;
        }
        for (position, arg) in call.args.iter().enumerate() {
            let path: Vec<Field> = match (self.language, position) {
                (Language::Script, 0) => vec![Field::name(MESSAGE)],
                (Language::Script, _) => continue,
                _ if arg.kind == ArgKind::Spread => vec![Field::name(ARGS)],
                _ => vec![Field::name(ARGS), Field::name(&position.to_string())],
            };
            let mut held = self.given[arg.value.index()].clone();
            if self.language == Language::Script {
                held = held.marked(Marks::IN_ERROR);
            }
            self.put(&Place { base: Base::Local(receiver), path: path.into() }, &held, at);
        }
    }

    /// Where an object of a script keeps what it is made with, as the model of its base, of another library than the language
    /// itself, says: `super(code, text)`. False where none says so.
    fn keep_as_base(&mut self, receiver: LocalId, call: &Call, at: At) -> bool {
        let values = self.taint.values;
        let (Language::Script, Some(class)) = (self.language, self.func.owner) else { return false };
        let index = &values.models.index;
        let mut moved: Vec<(Vec<Field>, Tree)> = Vec::new();
        for base in values.classes.api_bases(class) {
            let made = index.node(index.step(base, &Step::Call));
            if index.global(self.language, &made.library).is_some() {
                continue;
            }
            for flow in made.rows(Table::Flow).map(|row| values.models.flow(row)) {
                for (from, to) in flow.from.iter().flat_map(|from| flow.to.iter().map(move |to| (from, to))) {
                    if to.head == PortHead::Return && !to.path.is_empty() {
                        let path = port_keys(to).iter().map(|key| Field::name(key)).collect();
                        moved.push((path, self.port_tree(call, from, &Tree::default())));
                    }
                }
            }
        }
        for (path, held) in &moved {
            let place = Place { base: Base::Local(receiver), path: path.clone().into() };
            self.put(&place, &held.marked(Marks::IN_ERROR), at);
        }
        !moved.is_empty()
    }

    /// Where an object of a class without a constructor keeps what it is made with: its base, an error as a rule, does that.
    fn base_key(&self, made: &Value, position: usize) -> Symbol {
        let is_derived = match made {
            Value::Class(class) => !self.taint.values.program.classes[*class].bases.is_empty(),
            _ => false,
        };
        if self.language == Language::Script && is_derived && position == 0 {
            return Symbol::new_static(MESSAGE);
        }
        position.to_string().into()
    }

    /// An object of a class whose base, of a library, checks what it is made of: `Note(**fields)`. What is handed over by itself
    /// mostly is of the right type already.
    fn fail_in_base(&mut self, class: ClassId, call: &Call, at: At, result: &mut Tree) {
        let values = self.taint.values;
        let index = &values.models.index;
        let mut given = Tree::default();
        for arg in call.args.iter().filter(|arg| arg.kind == ArgKind::SpreadNamed) {
            given.join(&self.given[arg.value.index()]);
        }
        if given.is_empty() {
            return;
        }
        let given = given.map(|entry| Some(entry.then(at, What::Through))).formed(Form::Text, at);
        let throws = |port: &Port| port.head == PortHead::Throws && port.path.is_empty();
        for base in values.classes.api_bases(class) {
            let made = index.node(index.step(base, &Step::Call));
            let flows = made.rows(Table::Flow).map(|row| values.models.flow(row));
            for flow in flows.filter(|flow| flow.to.iter().any(throws)) {
                let kind = flow.raises.map(ErrorKind::Listed);
                let raised = given.under(&[ARGS.into()]).of_error(kind);
                self.fail_in_library(at, &raised, false, result);
            }
        }
    }

    /// Construction of a class without a constructor of the program: data classes, tuple structs, variants.
    pub(super) fn construct(&mut self, call: &Call, at: At, callees: &[(FuncId, CallKind)], result: &mut Tree) {
        let program = self.taint.values.program;
        let Some(slot) = self.taint.values.callee_slot(at) else { return };
        let values = self.taint.values.of_slot(slot).items().to_vec();
        for value in &values {
            let (prefix, fields) = match value {
                Value::Class(class) => (None, self.taint.values.field_names(*class)),
                Value::Variant(_, name) => (Some(name.clone()), Vec::new()),
                _ => continue,
            };
            if prefix.is_none() && callees.iter().any(|(func, _)| program.funcs[*func].kind == FuncKind::Constructor) {
                continue;
            }
            let mut position = 0;
            let mut made = Tree::default();
            for arg in &call.args {
                let held = &self.given[arg.value.index()];
                let key = match &arg.kind {
                    ArgKind::Positional => {
                        let key = match (&prefix, fields.get(position)) {
                            (Some(name), _) => format!("{name}.{position}").into(),
                            (None, Some(field)) => field.clone(),
                            (None, None) => self.base_key(value, position),
                        };
                        position += 1;
                        key
                    }
                    ArgKind::Named(name) => name.clone(),
                    ArgKind::Spread | ArgKind::SpreadNamed => {
                        made.join(held);
                        continue;
                    }
                };
                made.join(&held.under(&[key]));
            }
            if let Value::Class(class) = value {
                self.fail_in_base(*class, call, at, result);
                self.fill_instances(&[Value::Instance(*class)], &made, at);
            }
            result.join(&made);
        }
    }
}
