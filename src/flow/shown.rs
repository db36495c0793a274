//! What an object of the program's classes shows when the whole of it is put into a text: its fields, and those of the
//! objects in them.
//!
//! A field shows what the program put there. One whose name is that of a credential shows it whoever filled the object: most
//! are read from a request, a file or the environment by code that a library writes.

use std::collections::BTreeSet;

use crate::base::Symbol;
use crate::base::bounds::{MAX_SHOWN_CLASSES, MAX_SHOWN_DEPTH};
use rustc_hash::FxHashSet;

use crate::ir::instr::{Base, Const, Field, Hole, InstrId, Op, Place};
use crate::ir::program::{ClassId, FieldDecl, Language};
use crate::ir::types::{Annotation, AnnotationValue, NamedType, TypeRef};
use crate::models::index::NodeId;
use crate::resolve::solve::Values;
use crate::resolve::values::{At, Key, Obj, Value, ValueSet};

use super::domain::{Entry, Form, Heap, Kind, Root};
use super::homes::FieldHomes;
use super::trace::Trace;
use super::transfer::Pass;
use super::tree::Tree;
use super::words::Secrecy;

/// Types of Rust whose values are texts.
pub(super) const TEXT_TYPES: &[&str] = &["String", "str", "OsString", "OsStr", "char"];

/// The attribute by which a type of Rust says which traits are written for it, and the trait that shows its fields.
const DERIVE: &str = "derive";
const DEBUG: &str = "Debug";

/// The methods of Python that make a text of an object, and the one that makes the object.
const TEXT_METHODS: &[&str] = &["__str__", "__repr__", "__format__"];
pub(super) const MAKE: &str = "__init__";

/// The method of a script by which an object says what JSON shows of it.
pub(super) const TO_JSON: &str = "toJSON";

/// Fields that a text of an exception of Python may show: those that its own method for that reads, and all those of a class
/// that does not say what its base is made with (that is made with all that the class is).
pub(super) fn spoken(values: &Values<'_>) -> FxHashSet<Symbol> {
    let mut found = FxHashSet::default();
    for func in values.program.funcs.iter() {
        let Some(receiver) = func.receiver else { continue };
        let own = |place: &Place| match (&place.base, place.path.first()) {
            (Base::Local(local), Some(Field::Name(name))) if *local == receiver => Some(name.clone()),
            _ => None,
        };
        if TEXT_METHODS.contains(&func.name.as_str()) {
            found.extend(func.instrs.iter().filter_map(|instr| match &instr.op {
                Op::Load(place) => own(place),
                _ => None,
            }));
        } else if func.name == MAKE && func.owner.is_some_and(|class| !values.program.classes[class].bases.is_empty()) {
            let makes_base = func.instrs.iter().any(|instr| match &instr.op {
                Op::Call(call) => matches!(call.callee.path.last(), Some(Field::Name(name)) if name == MAKE),
                _ => false,
            });
            if !makes_base {
                found.extend(func.instrs.iter().filter_map(|instr| match &instr.op {
                    Op::Store(place, _) => own(place),
                    _ => None,
                }));
            }
        }
    }
    found
}

/// What is asked for of an object.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// A text of it.
    Text,
    /// All its fields, in a table: `asdict(note)`.
    Fields,
}

impl Pass<'_, '_> {
    /// What the whole of a value shows besides what is known of the value itself.
    pub(super) fn inside(&mut self, value: InstrId, shown: Shown, at: At) -> Tree {
        let values = self.taint.values;
        let mut tree = Tree::default();
        for value in self.only_objects(values.of(self.id, value)) {
            self.fields_inside(value, shown, &mut Vec::new(), &mut tree, at);
        }
        tree
    }

    /// The values of a set that surely is an object of the program: of one class, or of two.
    fn only_objects<'s>(&self, set: &'s ValueSet) -> impl Iterator<Item = &'s Value> + use<'s> {
        let models = self.taint.values.models;
        let is_object = |value: &Value| matches!(value, Value::Instance(_) | Value::Typed(_));
        let is_declared = set.items().iter().any(|value| matches!(value, Value::Typed(_)));
        let is_nothing = |value: &Value| match value {
            Value::Unknown | Value::Const(Const::Null | Const::Undefined) => true,
            // What a library made, where a type of the program is named as what it is.
            Value::Api(_, Some(_)) if self.language == Language::Rust => true,
            // What describes a field that is declared: `mail: Mail = Field(default_factory=Mail)`.
            Value::Api(_, Some(_)) if self.language == Language::Python => is_declared,
            // The literal that the object was made by, where others may come from elsewhere, too.
            Value::Record(_) if self.language == Language::Rust => is_declared,
            Value::Api(node, None) if self.language == Language::Rust => {
                models.is_transparent(models.index.node(*node).name.rsplit('.').next().unwrap_or_default())
            }
            _ => false,
        };
        let is_sure = !set.is_cut
            && set.items().iter().all(|value| is_object(value) || is_nothing(value))
            && set.items().iter().filter(|value| is_object(value)).count() <= MAX_SHOWN_CLASSES;
        set.items().iter().filter(move |value| is_sure && is_object(value))
    }

    /// What of a value is seen where it is written. An object of Python whose class says how it is shown gives what its method
    /// gives; of others their fields are told apart from what is not shown.
    pub(super) fn seen(&mut self, value: InstrId, held: Tree, at: At) -> Tree {
        if self.language == Language::Rust {
            return held;
        }
        if self.language == Language::Python
            && let Some(shown) = self.formatted(value, Hole::Display, at)
        {
            return shown.formed(Form::Text, at);
        }
        let values = self.taint.values;
        let held = self.without_hidden(value, held);
        let objects: Vec<ClassId> = self
            .only_objects(values.of(self.id, value))
            .filter_map(|value| match value {
                Value::Instance(class) | Value::Typed(class) => Some(*class),
                _ => None,
            })
            .collect();
        // What the text of an exception shows is told by its fields.
        if objects.is_empty() || objects.iter().any(|class| is_exception(values, *class)) {
            return held;
        }
        held.only(|entry| entry.at.first().is_none_or(|key| objects.iter().any(|class| !self.hides(*class, key))))
    }

    /// What is left of what a value holds where it is an object of a library whose text leaves some of it out.
    fn without_hidden(&self, value: InstrId, held: Tree) -> Tree {
        let index = &self.taint.values.models.index;
        let objects = self.taint.values.of(self.id, value).items().iter().filter_map(|value| match value {
            Value::Api(node, _) => Some(index.hides(*node)),
            _ => None,
        });
        let hidden: Vec<&[Symbol]> = objects.collect();
        match hidden.as_slice() {
            [] | [[], ..] => held,
            [names, others @ ..] if others.iter().all(|other| other == names) => {
                held.map(|entry| names.iter().try_fold(entry, Entry::lacking))
            }
            _ => held,
        }
    }

    /// Is what is in a field of an object of the class not seen where the object is written?
    fn hides(&self, class: ClassId, field: &Symbol) -> bool {
        if self.language == Language::Script {
            return is_private(field);
        }
        let top = self.taint.values.classes.top(class);
        !self.shows_fields(class) || self.taint.is_hidden_field(top, field) || self.taint.is_unshown_field(class, field)
    }

    fn fields_inside(&mut self, value: &Value, shown: Shown, path: &mut Vec<Symbol>, tree: &mut Tree, at: At) {
        let (Value::Instance(class) | Value::Typed(class)) = value else { return };
        let values = self.taint.values;
        if path.len() >= MAX_SHOWN_DEPTH || !self.shows_fields(*class) {
            return;
        }
        let top = values.classes.top(*class);
        let data = &values.program.classes[*class];
        let relatives = FieldHomes::relatives(values, *class).into_iter();
        let mut fields: BTreeSet<Symbol> = relatives.flat_map(|class| self.taint.names.fields_of(class)).collect();
        fields.extend(data.fields.iter().map(|field| field.name.clone()));
        let of_env = self.taint.env_fields(*class);
        fields.extend(of_env.iter().cloned());
        for field in fields {
            let declared = data.fields.iter().find(|known| known.name == field);
            if self.taint.is_plain_field(std::slice::from_ref(value), &field)
                || declared.is_some_and(|declared| self.is_hidden(declared))
                || self.taint.is_hidden_field(top, &field)
                || shown == Shown::Text && self.taint.is_unshown_field(*class, &field)
                || self.language == Language::Script && is_private(&field)
            {
                continue;
            }
            path.push(field.clone());
            for home in self.taint.homes.read(values, *class, &field).iter() {
                let heap = self.taint.names.heap(Heap::Field(*home, field.clone()));
                let mut entry = Entry::new(Root::Heap(heap), Trace::default());
                entry.at = path.as_slice().into();
                tree.add(entry);
            }
            if of_env.contains(&field) {
                let mut entry = self.env_field(at, std::slice::from_ref(value), field.clone());
                entry.at = path.as_slice().into();
                tree.add(entry);
            } else if self.holds_headers(value, &field) {
                let mut entry = self.source(Kind::Headers, at, Some(field.clone()));
                entry.at = path.as_slice().into();
                tree.add(entry);
            } else if self.is_credential(*class, &field, declared) {
                let mut entry = self.credential(at, field.clone(), tree);
                entry.at = path.as_slice().into();
                tree.add(entry);
            }
            if let Some(slot) = values.known_field(&Obj::Instances(top), &Key::Name(field)) {
                for inner in self.only_objects(values.of_slot(slot)) {
                    self.fields_inside(inner, shown, path, tree, at);
                }
            }
            path.pop();
        }
    }

    /// Is a field the credential that its name says, going by the object it belongs to and by its type?
    fn is_credential(&self, class: ClassId, field: &Symbol, declared: Option<&FieldDecl>) -> bool {
        let data = &self.taint.values.program.classes[class];
        let words = self.taint.words;
        let is_named = match self.taint.credential(field) {
            Some(Secrecy::Secret) => true,
            Some(_) if self.language == Language::Rust => words.is_credential_owner(&data.name),
            _ => false,
        };
        let names = || data.fields.iter().map(|field| field.name.as_str());
        let is_named = is_named
            || self.language == Language::Rust
                && words.is_credential_among(field, &data.name, &names().collect::<Vec<_>>());
        is_named
            && (self.language != Language::Rust
                || declared.is_none_or(|declared| self.is_text_type(declared.ty.as_ref())))
    }

    /// Does a text, or something that holds texts, stand in a variable of this type of Rust?
    fn is_text_type(&self, ty: Option<&TypeRef>) -> bool {
        match ty {
            Some(TypeRef::Named(named)) => {
                let name = self.type_name(named);
                TEXT_TYPES.contains(&name)
                    || self.taint.values.models.is_transparent(name)
                        && named.args.iter().any(|arg| self.is_text_type(Some(arg)))
            }
            Some(TypeRef::List(inner)) => self.is_text_type(Some(inner)),
            _ => false,
        }
    }

    fn type_name<'n>(&'n self, named: &'n NamedType) -> &'n str {
        self.taint.values.program.type_name(named).map_or("", Symbol::as_str)
    }

    /// Does an annotation of the field say that it is shown otherwise, or not at all?
    fn is_hidden(&self, field: &FieldDecl) -> bool {
        let words = self.taint.words.hiding();
        self.language == Language::Rust
            && field.annotations.iter().any(|annotation| {
                let name = self.type_name(&annotation.name);
                words.iter().any(|known| known == name)
            })
    }

    /// Is an object of the class shown with its fields: by the language, or because the class was made for it, and not in
    /// a way of its own?
    fn shows_fields(&self, class: ClassId) -> bool {
        let values = self.taint.values;
        let data = &values.program.classes[class];
        if self.language == Language::Rust {
            return data.annotations.iter().any(|annotation| self.derives_debug(annotation));
        }
        if self.taint.words.showing_methods().iter().any(|name| !values.classes.methods(class, name).is_empty()) {
            return false;
        }
        match self.language {
            Language::Python => {
                let is_data = |base: NodeId| !values.models.is_error_base(&values.models.index.node(base).name);
                !data.annotations.is_empty() || values.classes.api_bases(class).into_iter().any(is_data)
            }
            _ => true,
        }
    }

    fn derives_debug(&self, annotation: &Annotation) -> bool {
        self.type_name(&annotation.name) == DERIVE
            && annotation.args.iter().any(|arg| match &arg.value {
                AnnotationValue::Path(path) => path.rsplit(':').next() == Some(DEBUG),
                _ => false,
            })
    }
}

/// Is it a field of a script that only its class can read? Nothing that writes the object shows it.
fn is_private(field: &Symbol) -> bool {
    field.starts_with('#')
}

/// Is it a class of exceptions of Python?
pub(super) fn is_exception(values: &Values<'_>, class: ClassId) -> bool {
    let is_base = |base: NodeId| values.models.is_error_base(&values.models.index.node(base).name);
    values.classes.api_bases(class).into_iter().any(is_base)
}
