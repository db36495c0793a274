//! Classes of the program whose objects a library fills from the environment: those made from a class of which models say that
//! its fields are read from there, and the classes of their fields.
//!
//! ```python
//! class Settings(BaseSettings):      # its fields are read from the environment
//!     api: Api                       # and so are those of the object in this one
//! ```
//!
//! A field is known by its own name: what a library puts before it, or takes in its place, tells the same of what it holds.

use std::cell::LazyCell;

use rustc_hash::FxHashSet;

use crate::base::Symbol;
use crate::base::bounds::MAX_BASES;
use crate::ir::instr::{Arg, Const, Op};
use crate::ir::program::{ClassId, FieldDecl};
use crate::ir::types::{AnnotationValue, OF_CLASS};
use crate::models::index::Table;
use crate::models::path::Step;
use crate::resolve::solve::Values;
use crate::resolve::values::{At, Key, Obj, Value};

use super::domain::{Entry, Kind, Source, SourcePlace};
use super::solve::Taint;
use super::transfer::Pass;

/// Types of settings that hold no secret, whatever the setting is called: `SSH_KEY: Path`.
const NO_SECRETS: &[&str] = &["Path", "FilePath", "DirectoryPath", "NewPath", "timedelta", "datetime", "date", "time"];

/// The classes whose objects are filled from the environment.
pub(super) fn filled_from_env(values: &Values<'_>) -> FxHashSet<ClassId> {
    let classes = &values.program.classes;
    let mut open: Vec<ClassId> = classes.ids().filter(|class| reads_env(values, *class)).collect();
    let mut found: FxHashSet<ClassId> = open.iter().copied().collect();
    let own = LazyCell::new(|| filled_by_program(values));
    while let Some(class) = open.pop() {
        for inner in inner_classes(values, class) {
            if !own.contains(&inner) && found.insert(inner) {
                open.push(inner);
            }
        }
    }
    found
}

/// Do models say of a library class that this one is made from, that its fields are read from the environment?
fn reads_env(values: &Values<'_>, class: ClassId) -> bool {
    let index = &values.models.index;
    let Some(field) = values.program.classes[class].fields.first() else { return false };
    values.classes.api_bases(class).into_iter().any(|base| {
        let read = index.node(index.step(index.instance(base), &Step::Member(field.name.clone())));
        read.rows(Table::SourceRead).any(|row| Kind::named(&values.models.source(row).kind) == Some(Kind::Env))
    })
}

/// The classes of which the program itself makes objects, out of more than constants.
fn filled_by_program(values: &Values<'_>) -> FxHashSet<ClassId> {
    let mut found = FxHashSet::default();
    for (func, body) in values.program.funcs.iter_enumerated() {
        for (id, instr) in body.instrs.iter_enumerated() {
            let Op::Call(call) = &instr.op else { continue };
            let is_const = |arg: &Arg| matches!(body.instrs[arg.value].op, Op::Const(_));
            if call.args.iter().all(is_const) {
                continue;
            }
            // `Api(…)`, `Api.model_validate(…)`
            let slots = [values.callee_slot((func, id)), values.receiver_slot((func, id))];
            let meant = slots.into_iter().flatten().flat_map(|slot| values.of_slot(slot).items());
            found.extend(meant.filter_map(|value| match value {
                Value::Class(class) => Some(*class),
                _ => None,
            }));
        }
    }
    found
}

/// The classes of data that the fields of a class are declared to hold.
fn inner_classes(values: &Values<'_>, class: ClassId) -> Vec<ClassId> {
    let top = values.classes.top(class);
    let data = &values.program.classes[class];
    let slots =
        data.fields.iter().filter_map(|field| values.known_field(&Obj::Instances(top), &Key::Name(field.name.clone())));
    let is_data = |class: &ClassId| {
        !values.program.classes[*class].annotations.is_empty() || !values.classes.api_bases(*class).is_empty()
    };
    let held = slots.flat_map(|slot| values.of_slot(slot).items());
    let classes = held.filter_map(|value| match value {
        Value::Typed(class) => Some(*class),
        _ => None,
    });
    classes.filter(is_data).collect()
}

impl Taint<'_> {
    /// The fields of an object of the class that are read from the environment, and say something: no numbers, nothing that is
    /// hidden when it is shown, and no object, whose own fields tell what is in it.
    pub(super) fn env_fields(&self, class: ClassId) -> Vec<Symbol> {
        if !self.from_env.contains(&class) {
            let fields = &self.values.program.classes[class].fields;
            let read =
                fields.iter().filter(|field| self.names_variable(class, field) && self.is_env_field(class, field));
            return read.map(|field| field.name.clone()).collect();
        }
        let mut classes = vec![class];
        let mut at = 0;
        while let Some(next) = classes.get(at).copied() {
            for base in self.values.classes.bases_of(next) {
                if !classes.contains(&base) && classes.len() < MAX_BASES {
                    classes.push(base);
                }
            }
            at += 1;
        }
        let fields = classes.iter().flat_map(|class| &self.values.program.classes[*class].fields);
        fields.filter(|field| self.is_env_field(class, field)).map(|field| field.name.clone()).collect()
    }

    /// Does an attribute of a field of Rust say that it may be read from the environment: `#[arg(long, env = "BANK_KEY")]`?
    fn names_variable(&self, class: ClassId, field: &FieldDecl) -> bool {
        variable(self.values, field).is_some() && self.values.is_filled_by_library(class)
    }

    /// The name of the variable that a field is read from, if an attribute tells it.
    fn variable_of(&self, class: ClassId, field: &Symbol) -> Option<Symbol> {
        let field = self.values.program.classes[class].fields.iter().find(|known| known.name == *field)?;
        variable(self.values, field).filter(|_| !self.from_env.contains(&class))
    }

    fn is_env_field(&self, class: ClassId, field: &FieldDecl) -> bool {
        let of_class = field.annotations.iter().any(|annotation| {
            let name = self.values.program.type_name(&annotation.name);
            name.is_some_and(|name| name == OF_CLASS)
        });
        let ty = field.ty.as_ref();
        if of_class || field.name.starts_with('_') || self.is_plain_type(ty) || self.is_type_of(ty, NO_SECRETS) {
            return false;
        }
        let held = self.held(self.values.classes.top(class), &field.name);
        !held.iter().any(|value| self.is_hidden_value(value) || self.has_fields(value))
    }

    fn held(&self, top: ClassId, field: &Symbol) -> &[Value] {
        let slot = self.values.known_field(&Obj::Instances(top), &Key::Name(field.clone()));
        slot.map_or(&[], |slot| self.values.of_slot(slot).items())
    }

    /// Does a field hold an object of a library that does not show what it was made with?
    pub(super) fn is_hidden_field(&self, top: ClassId, field: &Symbol) -> bool {
        self.held(top, field).iter().any(|value| self.is_hidden_value(value))
    }

    /// Is a field described as one that is left out where its object is shown?
    pub(super) fn is_unshown_field(&self, class: ClassId, field: &Symbol) -> bool {
        let values = self.values;
        let describes = |value: &Value| {
            let Value::Api(node, Some(made)) = value else { return false };
            let node = values.models.index.node(*node);
            node.rows(Table::Unshown).any(|row| values.holds(*made, &values.models.unshown(row).when))
        };
        // The body of the class keeps it in the class itself.
        std::iter::once(class).chain(values.classes.bases_of(class)).any(|class| {
            let slot = values.known_field(&Obj::Statics(class), &Key::Name(field.clone()));
            slot.is_some_and(|slot| values.of_slot(slot).items().iter().any(describes))
        })
    }

    /// Is it an object of a library that does not show what it was made with?
    pub(super) fn is_hidden_value(&self, value: &Value) -> bool {
        matches!(value, Value::Api(node, _) if self.values.models.index.node(*node).has(Table::Clean))
    }

    fn has_fields(&self, value: &Value) -> bool {
        let classes = &self.values.program.classes;
        matches!(value, Value::Instance(class) | Value::Typed(class)
            if self.from_env.contains(class) || !classes[*class].fields.is_empty())
    }

    /// Is a field of one of the values read from the environment?
    pub(super) fn reads_env(&self, values: &[Value], name: &Symbol) -> bool {
        values.iter().any(|value| match value {
            Value::Instance(class) | Value::Typed(class) if self.from_env.contains(class) => {
                self.env_fields(*class).contains(name)
            }
            Value::Instance(class) | Value::Typed(class) => {
                let mut fields = self.values.program.classes[*class].fields.iter();
                fields.any(|field| {
                    field.name == *name && self.names_variable(*class, field) && self.is_env_field(*class, field)
                })
            }
            _ => false,
        })
    }
}

/// The variable of the environment that an attribute names, or that is called as the field is: `#[arg(long, env)]`.
fn variable(values: &Values<'_>, field: &FieldDecl) -> Option<Symbol> {
    field.annotations.iter().flat_map(|annotation| &annotation.args).find_map(|arg| match (&arg.name, &arg.value) {
        (Some(word), AnnotationValue::Const(Const::Str(name))) if values.models.names_variable(word) => {
            Some(name.clone())
        }
        (None, AnnotationValue::Path(word)) if values.models.names_variable(word) => {
            Some(field.name.to_uppercase().into())
        }
        _ => None,
    })
}

impl Pass<'_, '_> {
    /// The source that a field filled from the environment is: nothing but its name tells what it is.
    pub(super) fn env_field(&mut self, at: At, values: &[Value], field: Symbol) -> Entry {
        let place = SourcePlace::Instr(at);
        let told = values.iter().find_map(|value| match value {
            Value::Instance(class) | Value::Typed(class) => self.taint.variable_of(*class, &field),
            _ => None,
        });
        if let Some(name) = told {
            let source = Source { kind: Kind::Env, place, name: Some(name), by_name: false, row: None, asked: None };
            return self.source_of(source, at);
        }
        let name = field;
        self.source_of(Source { kind: Kind::Env, place, name: Some(name), by_name: true, row: None, asked: None }, at)
    }
}
