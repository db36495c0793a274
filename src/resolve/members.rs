//! What a member of a value is: fields, methods.

use crate::base::Symbol;
use crate::ir::func::{FuncId, FuncKind};
use crate::ir::instr::{Const, Field, PROTOTYPE};
use crate::ir::program::{ClassId, ClassKind, Language};
use crate::ir::types::TypeRef;
use crate::models::index::{NodeId, Table};
use crate::models::path::Step;

use super::edges::Edge;
use super::generate::key_of;
use super::solve::Values;
use super::values::{At, Key, Obj, SlotId, Value};

/// The method by which an object of Rust gives what it stands for.
const DEREF: &str = "deref";

/// Methods of objects of Rust that hold others.
const HOLDING: [&str; 5] = ["next", "into_iter", "index", DEREF, "poll_next"];

impl Values<'_> {
    // ---- classes -------------------------------------------------------------------------------------------------

    pub(super) fn link_classes(&mut self) {
        let program = self.program;
        for (id, class) in program.classes.iter_enumerated() {
            let init = program.modules[class.module].init;
            for (place, base) in class.bases.iter().enumerate() {
                if let TypeRef::Named(named) = base {
                    let slot = self.type_slot(init, named);
                    self.add_edge(slot, Edge::Base(id, place));
                }
            }
            let obj = Obj::Instances(id);
            for field in &class.fields {
                if let Some(ty) = &field.ty {
                    let slot = self.filled_slot(&obj, Key::Name(field.name.clone()));
                    self.typed(init, ty, slot);
                    self.slots[slot].is_text = self.is_text_type(ty);
                }
            }
            for variant in &class.variants {
                let obj = Obj::Variant(id, variant.name.clone());
                for (at, field) in variant.fields.iter().enumerate() {
                    let Some(ty) = &field.ty else { continue };
                    let positional = field.name.is_empty() || field.name.chars().all(|c| c.is_ascii_digit());
                    let key = if positional { format!("{}.{at}", variant.name).into() } else { field.name.clone() };
                    let slot = self.filled_slot(&obj, Key::Name(key));
                    self.typed(init, ty, slot);
                }
            }
            for (_, method) in &class.methods {
                self.bind_receiver(*method, id);
            }
        }
    }

    /// A method's receiver is an instance of its class.
    pub(super) fn bind_receiver(&mut self, method: FuncId, class: ClassId) {
        if let Some(receiver) = self.program.funcs[method].receiver {
            let slot = self.local_slot(method, receiver);
            self.add(slot, &Value::Typed(class));
        }
    }

    /// A class has a base, the one at a place among those that are written.
    pub(super) fn base_of(&mut self, value: &Value, class: ClassId, place: usize) {
        match value {
            Value::Class(base) if *base != class => {
                let bases = self.classes.bases.entry(class).or_default();
                if bases.contains(base) {
                    return;
                }
                let places = &mut self.classes.places;
                let at =
                    bases.partition_point(|known| places.get(&(class, *known)).is_none_or(|known| *known <= place));
                bases.insert(at, *base);
                places.insert((class, *base), place);
                self.classes.forget_orders();
                self.classes.derived.entry(*base).or_default().push(class);
                self.merge_fields(class);
                self.find_derived();
            }
            Value::Api(node, _) => {
                let bases = self.classes.api_bases.entry(class).or_default();
                if !bases.contains(node) {
                    bases.push(*node);
                    self.find_derived();
                }
            }
            _ => {}
        }
    }

    /// Fields declared with types before the base was known also belong to the topmost base.
    fn merge_fields(&mut self, class: ClassId) {
        let (own, top) = (Obj::Instances(class), self.classes.top(class));
        if top == class {
            return;
        }
        for name in self.field_names.get(&own).cloned().unwrap_or_default() {
            let from = self.field_slot(&own, Key::Name(name.clone()));
            let to = self.filled_slot(&Obj::Instances(top), Key::Name(name));
            self.copy(from, to);
        }
    }

    /// `value` is a type: an instance of it goes to `to`.
    pub(super) fn instance_of(&mut self, value: &Value, to: SlotId) {
        match value {
            Value::Class(class) => {
                let program = self.program;
                let data = &program.classes[*class];
                if data.kind == ClassKind::Alias {
                    let inner = self.alias_slot(*class);
                    self.copy(inner, to);
                } else {
                    self.add(to, &Value::Typed(*class));
                }
            }
            Value::Api(node, _) => {
                let instance = self.models.index.instance(*node);
                self.add(to, &Value::Api(instance, None));
            }
            _ => {}
        }
    }

    /// The slot of what an alias stands for; one for all uses, since aliases can name themselves.
    fn alias_slot(&mut self, class: ClassId) -> SlotId {
        if let Some(known) = self.aliases.get(&class) {
            return *known;
        }
        let slot = self.fresh();
        self.aliases.insert(class, slot);
        let program = self.program;
        let data = &program.classes[class];
        let init = program.modules[data.module].init;
        for base in &data.bases {
            self.typed(init, base, slot);
        }
        slot
    }

    pub(super) fn struct_of(&mut self, value: &Value, literal: &Obj, to: SlotId) {
        let obj = match value {
            Value::Class(class) if self.program.classes[*class].kind == ClassKind::Alias => {
                self.instance_of(value, to);
                return;
            }
            Value::Class(class) => {
                self.add(to, &Value::Instance(*class));
                Obj::Instances(self.classes.top(*class))
            }
            Value::Variant(class, name) => {
                self.add(to, value);
                Obj::Variant(*class, name.clone())
            }
            _ => {
                self.instance_of(value, to);
                return;
            }
        };
        for name in self.field_names.get(literal).cloned().unwrap_or_default() {
            let key = Key::Name(name);
            let from = self.field_slot(literal, key.clone());
            let into = self.filled_slot(&obj, key.clone());
            for at in self.stores_to(literal, &key).to_vec() {
                self.note_store(&obj, key.clone(), at);
            }
            self.copy(from, into);
        }
    }

    // ---- members -------------------------------------------------------------------------------------------------

    pub(super) fn load_member(&mut self, value: &Value, field: &Field, to: SlotId) {
        match value {
            Value::Module(module) => self.load_export(*module, field, to),
            Value::Api(node, at) => self.load_api(*node, *at, field, to),
            Value::Const(_) => {}
            Value::Unknown => self.add(to, value),
            Value::Instance(class) | Value::Typed(class) if self.taken_apart(*class, field).is_some() => {
                let part = self.taken_apart(*class, field);
                part.into_iter().for_each(|part| self.load_field(value, &part, to));
            }
            value if self.is_foreign_payload(value, field) => self.add(to, value),
            Value::Instance(class) | Value::Typed(class) if self.is_of_container(*class, field) => self.add(to, value),
            Value::Instance(class) | Value::Typed(class) => {
                let is_getter = matches!(field, Field::Name(name) if self.is_getter(*class, name));
                self.load_instance(value, *class, (field, !is_getter), to);
            }
            Value::Class(class) => self.load_static(*class, field, to),
            Value::Variant(class, _) => {
                if let Field::Name(name) = field {
                    for method in self.classes.methods(*class, name) {
                        self.add(to, &Value::Func(method));
                    }
                }
                self.load_field(value, field, to);
            }
            Value::Func(func) => {
                // f.bind(x) and the like are calls of f; see `calls`.
                let _ = func;
                self.load_field(value, field, to);
            }
            Value::Record(_) => self.load_field(value, field, to),
        }
    }

    /// The field that a pattern takes out of a struct of Rust: `let Pair(gate, _) = pair`.
    fn taken_apart(&self, class: ClassId, field: &Field) -> Option<Field> {
        let Field::Variant(name, place) = field else { return None };
        let data = &self.program.classes[class];
        let is_own = data.kind == ClassKind::Struct && data.name == *name;
        let has_it = || data.fields.iter().any(|field| field.name == place.to_string());
        (is_own && has_it()).then_some(Field::Index(*place))
    }

    /// Is the item or part of an object the object itself, as what is in a container of Rust stands for the container, too? `query.0`
    /// of a `Query<Login>` is the `Login`, and so is `pair.1` where `pair` is one of a `HashMap<String, Login>`. What the
    /// class itself goes through is something else.
    pub(crate) fn is_of_container(&self, class: ClassId, field: &Field) -> bool {
        let data = &self.program.classes[class];
        let has_other = match field {
            Field::Any => HOLDING.iter().any(|name| !self.classes.methods(class, name).is_empty()),
            Field::Index(place) => data.fields.iter().any(|field| field.name == place.to_string()),
            Field::Name(_) | Field::Variant(..) => return false,
        };
        self.language_of_class(class) == Language::Rust && !has_other
    }

    pub(super) fn load_field(&mut self, value: &Value, field: &Field, to: SlotId) {
        let Some(obj) = self.object_of(value) else { return };
        let key = match key_of(field) {
            // An item of a list of pairs is a pair, not what stands in it.
            Key::Some if self.is_pair(&obj) => Key::Some,
            Key::Some => Key::All,
            key => key,
        };
        let slot = self.field_slot(&obj, key);
        self.copy(slot, to);
    }

    fn load_api(&mut self, node: NodeId, at: Option<At>, field: &Field, to: SlotId) {
        let step = match field {
            // A module's default export; what a call made may have a method of this name, and so may a type.
            Field::Name(name) if name == "default" && at.is_none() && self.exports_default(node) => {
                self.add(to, &Value::Api(node, at));
                return;
            }
            Field::Name(name) => Step::Member(name.clone()),
            Field::Index(_) | Field::Any => Step::Element,
            Field::Variant(..) => {
                self.add(to, &Value::Api(node, at));
                return;
            }
        };
        let index = &self.models.index;
        let next = if at.is_none() { index.step_of_type(node, &step) } else { index.step(node, &step) };
        if at.is_none() && step == Step::Member(PROTOTYPE.into()) && !self.models.index.node(next).is_modelled() {
            let instance = self.models.index.instance(node);
            if self.models.index.node(instance).is_modelled() {
                self.add(to, &Value::Api(instance, None));
                return;
            }
        }
        // Fields written to objects of libraries that no model speaks of are not followed: there are too many of both.
        let data = self.models.index.node(node);
        let has_fields = |at: &At| data.is_modelled() && (data.language != Language::Rust || self.makes_channel(*at));
        if let Some(at) = at.filter(has_fields) {
            let obj = Obj::Api(at);
            let is_all = step == Step::Element && data.language != Language::Rust;
            let key = if is_all { Key::All } else { key_of(field) };
            let slot = self.field_slot(&obj, key);
            self.copy(slot, to);
        }
        for row in self.models.index.node(next).rows(Table::Yielded) {
            let from = self.yielded_slot(row);
            self.copy(from, to);
        }
        // A table has under a key what somebody put there.
        if at.is_none() || !self.models.index.gives_names(node) || self.models.index.node(next).is_modelled() {
            self.add(to, &Value::Api(next, at));
        }
    }

    fn exports_default(&self, node: NodeId) -> bool {
        self.models.index.node(node).language == Language::Script
    }

    /// `with_methods`: it may be a method, too.
    pub(super) fn load_instance(
        &mut self,
        value: &Value,
        class: ClassId,
        (field, with_methods): (&Field, bool),
        to: SlotId,
    ) {
        if let (Field::Name(name), true) = (field, with_methods) {
            let methods = match value {
                Value::Typed(_) => self.classes.virtual_methods(class, name),
                _ => self.classes.methods(class, name),
            };
            for method in methods {
                self.load_method(method, value, to);
            }
            self.load_inherited(class, name, to);
            if self.classes.methods(class, name).is_empty() {
                self.load_asked(class, name, to);
            }
            let statics = Obj::Statics(class);
            if let Some(slot) = self.known_field(&statics, &Key::Name(name.clone())) {
                self.copy(slot, to);
            }
        }
        self.load_dereferenced(class, field, to);
        self.load_payload(class, field, to);
        self.load_field(value, field, to);
    }

    /// The functions by which an object gives something else that has the field or method, which it has not itself.
    fn dereferencing(&self, class: ClassId, field: &Field) -> Vec<FuncId> {
        let Field::Name(name) = field else { return Vec::new() };
        let data = &self.program.classes[class];
        let is_own =
            || data.fields.iter().any(|own| own.name == *name) || !self.classes.methods(class, name).is_empty();
        if self.language_of_class(class) != Language::Rust || is_own() {
            return Vec::new();
        }
        self.classes.implementing(class, DEREF)
    }

    /// The topmost classes of what an object gives that has the field, which it has not itself.
    pub(crate) fn dereferenced(&self, class: ClassId, field: &Field) -> Vec<ClassId> {
        let given =
            self.dereferencing(class, field).into_iter().flat_map(|func| self.of_slot(self.ret_slot(func)).items());
        let classes = given.filter_map(|value| match value {
            Value::Instance(class) | Value::Typed(class) => Some(self.classes.top(*class)),
            _ => None,
        });
        classes.collect()
    }

    /// What an object has that is no field or method of its own, where its class says itself what it stands for:
    /// `impl Deref for Guard`.
    fn load_dereferenced(&mut self, class: ClassId, field: &Field, to: SlotId) {
        for func in self.dereferencing(class, field) {
            let inner = self.ret_slot(func);
            self.add_edge(inner, Edge::Load(field.clone(), to));
        }
    }

    /// What a class has from the classes and traits of libraries, but for the fields that it declares itself.
    fn load_inherited(&mut self, class: ClassId, name: &Symbol, to: SlotId) {
        let is_own = self.program.classes[class].fields.iter().any(|field| field.name == *name);
        if is_own && self.language_of_class(class) != Language::Rust {
            return;
        }
        for base in self.classes.api_bases(class) {
            let instance = self.models.index.instance(base);
            let member = self.models.index.step(instance, &Step::Member(name.clone()));
            if self.models.index.node(member).is_modelled() {
                self.add(to, &Value::Api(member, None));
            }
        }
    }

    fn load_method(&mut self, method: FuncId, receiver: &Value, to: SlotId) {
        let func = &self.program.funcs[method];
        if let (Some(local), Value::Instance(_)) = (func.receiver, receiver) {
            let slot = self.local_slot(method, local);
            self.add(slot, receiver);
        }
        if func.kind == FuncKind::Getter {
            let ret = self.ret_slot(method);
            self.copy(ret, to);
        } else {
            self.add(to, &Value::Func(method));
        }
    }

    fn load_static(&mut self, class: ClassId, field: &Field, to: SlotId) {
        if let Field::Name(name) = field {
            let data = &self.program.classes[class];
            if name == PROTOTYPE && self.language_of_class(class) == Language::Script {
                self.add(to, &Value::Instance(class));
                return;
            }
            if data.kind == ClassKind::Alias {
                let inner = self.alias_slot(class);
                self.add_edge(inner, Edge::Load(field.clone(), to));
                return;
            }
            if data.variants.iter().any(|variant| variant.name == *name) {
                self.add(to, &Value::Variant(class, name.clone()));
            }
            let methods = match data.kind {
                ClassKind::Interface => self.classes.virtual_methods(class, name),
                _ => self.classes.methods(class, name),
            };
            if methods.is_empty() && self.is_derived_maker(class, name) {
                self.make_derived(class);
                self.add(to, &Value::Class(class));
            }
            // `Args::parse()`, of a struct for whose fields a library writes where they come from.
            if methods.is_empty()
                && data.kind == ClassKind::Struct
                && self.models.is_filling_maker(name)
                && self.is_filled_by_library(class)
            {
                self.add(to, &Value::Class(class));
            }
            if methods.is_empty() && data.kind == ClassKind::Struct && self.models.is_own_maker(name) {
                self.make_unseen(class);
                self.add(to, &Value::Class(class));
            }
            if methods.is_empty() {
                self.load_static_of_library(class, name, to);
            }
            for method in methods {
                self.add(to, &Value::Func(method));
            }
            // The name of a struct without fields is its only value.
            if data.kind == ClassKind::Struct {
                self.load_inherited(class, name, to);
            }
        }
        self.load_of_class(class, field, to);
    }

    /// The text of a constant, as model files write it.
    pub(crate) fn const_text(value: &Const) -> Symbol {
        match value {
            Const::Str(text) | Const::Num(text) => text.clone(),
            Const::Int(number) => number.to_string().into(),
            Const::Bool(flag) => flag.to_string().into(),
            Const::Null | Const::Undefined => "null".into(),
        }
    }
}
