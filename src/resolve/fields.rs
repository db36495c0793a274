//! Objects and their fields: a slot for each object and key, and how the keys of one object hang together.

use crate::base::Symbol;
use crate::base::bounds::MAX_BASES;
use crate::ir::instr::{Const, Field, Op, RecordKind};
use crate::ir::program::{ClassId, ClassKind, Language, Variant};
use crate::ir::types::{AnnotationArg, AnnotationValue, TypeRef};
use crate::models::index::Table;
use crate::models::path::Step;

use super::edges::Edge;
use super::generate::key_of;
use super::solve::Values;
use super::values::{At, Key, Obj, Site, SlotId, Value};

/// The function that makes a value without being given anything, and the trait that a struct derives for it.
const DERIVED_MAKER: (&str, &str) = ("default", "Default");

/// The type of a truth value, which is false where it is made without being given anything.
const FLAG: &str = "bool";

impl Values<'_> {
    /// Something is put into a member of a value.
    pub(super) fn store_member(&mut self, value: &Value, field: &Field, from: SlotId, at: At) {
        if let Value::Api(node, _) = value
            && let Field::Name(name) = field
        {
            let index = &self.models.index;
            let member = index.node(index.step(*node, &Step::Member(name.clone())));
            let rows: Vec<_> = member.rows(Table::HandlerPlace).collect();
            for row in rows.into_iter().filter(|row| !self.models.handler(*row).gives.is_empty()) {
                self.add_edge(from, Edge::Assigned(row));
            }
        }
        let obj = match value {
            Value::Module(module) => {
                if let Field::Name(name) = field
                    && let Some(cell) = self.program.modules[*module].names.get(name)
                {
                    let slot = self.cell_slot(*cell);
                    self.copy(from, slot);
                }
                return;
            }
            Value::Api(_, None) | Value::Const(_) | Value::Unknown => return,
            Value::Record(made) if self.is_fixed(*made) => return,
            value => match self.object_of(value) {
                Some(obj) => obj,
                None => return,
            },
        };
        let key = key_of(field);
        self.note_store(&obj, key.clone(), at);
        let slot = self.filled_slot(&obj, key);
        self.copy(from, slot);
    }

    /// What a class itself has. Under a key that is no method of a class of Python: `Colour[name]` is one of its members.
    pub(super) fn load_of_class(&mut self, class: ClassId, field: &Field, to: SlotId) {
        if *field == Field::Any && self.language_of_class(class) == Language::Python {
            let all = self.field_slot(&Obj::Statics(class), Key::All);
            self.add_edge(all, Edge::Outcome(to));
        } else {
            self.load_field(&Value::Class(class), field, to);
        }
    }

    /// The slot of a field that is read, made on first use and wired to the object's unknown and whole content.
    pub(super) fn field_slot(&mut self, obj: &Obj, key: Key) -> SlotId {
        if let Some(slot) = self.fields.get(&(obj.clone(), key.clone())) {
            return *slot;
        }
        let slot = self.fresh();
        self.fields.insert((obj.clone(), key.clone()), slot);
        match &key {
            Key::Name(name) => {
                let all = self.field_slot(obj, Key::All);
                let some = self.field_slot(obj, Key::Some);
                self.add_edge(slot, Edge::Copy(all));
                let is_item = name.starts_with(|c: char| c.is_ascii_digit());
                // `handlers.get` is the method, not what was kept under a computed key.
                let is_kept = is_item || !self.is_list(obj) && !self.models.is_everywhere(name);
                if is_kept && !(is_item && self.is_pair(obj)) {
                    self.add_edge(some, Edge::Copy(slot));
                }
            }
            Key::Some => {
                let all = self.field_slot(obj, Key::All);
                self.add_edge(slot, Edge::Copy(all));
            }
            Key::All => {}
        }
        slot
    }

    /// Is it a list of pairs that no program reads by number but in its items: `for name, value in table.items()`?
    pub(super) fn is_pair(&self, obj: &Obj) -> bool {
        matches!(obj, Obj::Record(Site::Instr(made)) if self.pairs.contains(made) && self.language(made.0) == Language::Python)
    }

    /// The slot of a field that something is put into. What the object was spread into has the field, too; a name that is
    /// only read is not handed on, or each object of a circle would have the names of all.
    pub(super) fn filled_slot(&mut self, obj: &Obj, key: Key) -> SlotId {
        let slot = self.field_slot(obj, key.clone());
        let Key::Name(name) = &key else { return slot };
        let mut open = vec![(obj.clone(), slot)];
        while let Some((obj, slot)) = open.pop() {
            if !self.filled.insert(slot) {
                continue;
            }
            self.field_names.entry(obj.clone()).or_default().push(name.clone());
            for into in self.spread_into.get(&obj).cloned().unwrap_or_default() {
                let to = self.field_slot(&into, key.clone());
                self.copy(slot, to);
                open.push((into, to));
            }
        }
        slot
    }

    /// What is spread into an object: all that the value holds.
    pub(super) fn spread(&mut self, value: &Value, into: &Obj) {
        if let Value::Module(module) = value {
            self.spread_exports(*module, into);
        }
        // Nothing has no fields: `{ ...defaults, ...(options ?? null) }`.
        if let Value::Const(Const::Null | Const::Undefined | Const::Bool(_)) = value {
            return;
        }
        let Some(from) = self.object_of(value) else {
            self.open_records.insert(into.clone());
            let some = self.field_slot(into, Key::Some);
            self.add(some, &Value::Unknown);
            return;
        };
        // Also the fields that turn up later.
        let known = self.spread_into.entry(from.clone()).or_default();
        if !known.contains(into) {
            known.push(into.clone());
        }
        for name in self.field_names.get(&from).cloned().unwrap_or_default() {
            let key = Key::Name(name);
            let to = self.filled_slot(into, key.clone());
            for at in self.stores_to(&from, &key).to_vec() {
                self.note_store(into, key.clone(), at);
            }
            let slot = self.field_slot(&from, key);
            self.copy(slot, to);
        }
        let (some, into_some) = (self.field_slot(&from, Key::Some), self.field_slot(into, Key::Some));
        self.copy(some, into_some);
        let (all, into_all) = (self.field_slot(&from, Key::All), self.field_slot(into, Key::All));
        self.copy(all, into_all);
    }

    /// Does a derived function of that name make a value of the struct: `Books::default()`?
    pub(super) fn is_derived_maker(&self, class: ClassId, name: &str) -> bool {
        let data = &self.program.classes[class];
        let is_default = |arg: &AnnotationArg| matches!(&arg.value, AnnotationValue::Path(path) if path.rsplit("::").next() == Some(DERIVED_MAKER.1));
        name == DERIVED_MAKER.0
            && data.kind == ClassKind::Struct
            && data.annotations.iter().any(|annotation| annotation.args.iter().any(is_default))
    }

    /// What the derived maker of a struct puts into its fields: what the makers of their types make. That is there also where
    /// the program puts something else later, so that a field of which only `options.help = true` is known is not always true.
    pub(super) fn make_derived(&mut self, class: ClassId) {
        let obj = Obj::Instances(self.classes.top(class));
        if !self.made_by_default.insert(obj.clone()) {
            return;
        }
        self.open_records.insert(obj.clone());
        let program = self.program;
        let data = &program.classes[class];
        for field in &data.fields {
            let slot = self.filled_slot(&obj, Key::Name(field.name.clone()));
            let Some(TypeRef::Named(named)) = &field.ty else { continue };
            if program.type_name(named).is_some_and(|name| name == FLAG) {
                self.add(slot, &Value::Const(Const::Bool(false)));
                continue;
            }
            self.add(slot, &Value::Unknown);
            let (ty, made) = (self.type_slot(program.modules[data.module].init, named), self.fresh());
            self.add_edge(ty, Edge::Load(Field::Name(DERIVED_MAKER.0.into()), made));
        }
    }

    /// A function makes a struct that a derive or a build script writes: `Tower::new(…)`. What it puts into the fields is not known.
    pub(super) fn make_unseen(&mut self, class: ClassId) {
        let obj = Obj::Instances(self.classes.top(class));
        self.open_records.insert(obj.clone());
        let program = self.program;
        for field in &program.classes[class].fields {
            let slot = self.filled_slot(&obj, Key::Name(field.name.clone()));
            self.add(slot, &Value::Unknown);
        }
    }

    /// What the derived maker of a struct puts into a field, where that is a constant.
    pub(crate) fn made_by_default(&self, obj: &Obj, key: &Key) -> Option<Const> {
        let (Obj::Instances(class), Key::Name(name)) = (obj, key) else { return None };
        let data = self.made_by_default.contains(obj).then(|| &self.program.classes[*class])?;
        let field = data.fields.iter().find(|field| field.name == *name)?;
        let Some(TypeRef::Named(named)) = &field.ty else { return None };
        self.program.type_name(named).is_some_and(|name| name == FLAG).then_some(Const::Bool(false))
    }

    /// Is the field a payload, and the value no variant that has it? `Some(x)` of an `Option<Foo>` is the `Foo`.
    pub(super) fn is_foreign_payload(&self, value: &Value, field: &Field) -> bool {
        if !matches!(field, Field::Variant(..)) {
            return false;
        }
        match value {
            Value::Instance(class) | Value::Typed(class) => {
                !self.program.classes[*class].variants.iter().any(|variant| has_part(variant, field))
            }
            Value::Record(Site::Instr((func, made))) => match &self.program.funcs[*func].instrs[*made].op {
                Op::Record(record) => record.kind != RecordKind::Variant,
                _ => true,
            },
            Value::Func(_) => true,
            _ => false,
        }
    }

    /// A part of the variants that have it, as far as what is declared and what was ever put there tell.
    pub(super) fn load_payload(&mut self, class: ClassId, field: &Field, to: SlotId) {
        let program = self.program;
        for variant in program.classes[class].variants.iter().filter(|variant| has_part(variant, field)) {
            let slot = self.field_slot(&Obj::Variant(class, variant.name.clone()), key_of(field));
            self.copy(slot, to);
        }
    }

    /// Is the object a list, whose items have numbers and no names?
    fn is_list(&self, obj: &Obj) -> bool {
        let Obj::Record(Site::Instr((func, instr))) = obj else { return false };
        matches!(&self.program.funcs[*func].instrs[*instr].op, Op::Record(record) if record.kind == RecordKind::Array)
    }

    /// The slot of a field, if anything reads or writes it.
    pub(crate) fn known_field(&self, obj: &Obj, key: &Key) -> Option<SlotId> {
        self.fields.get(&(obj.clone(), key.clone())).copied()
    }

    /// The instructions that store to a field by name.
    pub(crate) fn stores_to(&self, obj: &Obj, key: &Key) -> &[At] {
        self.stores.get(&(obj.clone(), key.clone())).map_or(&[], Vec::as_slice)
    }

    /// The names of the fields of an object that anything reads or writes.
    pub(crate) fn names_in(&self, obj: &Obj) -> &[Symbol] {
        self.field_names.get(obj).map_or(&[], Vec::as_slice)
    }

    /// The instructions that store to a field, and those that give what the fields of literals hold; in no order.
    pub(crate) fn field_stores(&self) -> impl Iterator<Item = At> + '_ {
        self.stores.values().flatten().copied()
    }

    /// May the object hold keys that nobody wrote by name (spreads, computed keys)?
    pub(crate) fn is_open(&self, obj: &Obj) -> bool {
        self.open_records.contains(obj)
    }

    pub(super) fn note_store(&mut self, obj: &Obj, key: Key, at: At) {
        if matches!(key, Key::Some) {
            self.open_records.insert(obj.clone());
        }
        let list = self.stores.entry((obj.clone(), key)).or_default();
        if !list.contains(&at) {
            list.push(at);
        }
    }

    /// The fields of a class in the order in which an object without a constructor is given them: those of its bases first.
    pub(crate) fn field_names(&self, class: ClassId) -> Vec<Symbol> {
        let mut line = vec![class];
        let mut at = 0;
        while let Some(bases) = line.get(at).map(|class| self.classes.bases_of(*class)) {
            for base in bases {
                if !line.contains(&base) && line.len() < MAX_BASES {
                    line.push(base);
                }
            }
            at += 1;
        }
        let mut names: Vec<Symbol> = Vec::new();
        for class in line.into_iter().rev() {
            for field in &self.program.classes[class].fields {
                if !names.contains(&field.name) {
                    names.push(field.name.clone());
                }
            }
        }
        names
    }

    /// A method of a library's class that is called on a class derived from it: `Book.validate(x)`, `Notes.serve()`.
    pub(super) fn load_static_of_library(&mut self, class: ClassId, name: &Symbol, to: SlotId) {
        for base in self.classes.api_bases(class) {
            let index = &self.models.index;
            let next = index.step(base, &Step::Member(name.clone()));
            let made = index.node(index.step(next, &Step::Call));
            if made.has(Table::Flow) || made.has(Table::Handler) || made.has(Table::Serve) {
                self.add(to, &Value::Api(next, None));
            }
        }
    }
}

/// Is the field a part of the variant: the one at its place, or the one of its name?
fn has_part(variant: &Variant, field: &Field) -> bool {
    match field {
        Field::Variant(name, _) => variant.name == *name,
        Field::Name(name) => variant.fields.iter().any(|part| part.name == *name),
        Field::Index(_) | Field::Any => false,
    }
}
