//! Rust's fields and methods have names of their own: `client.config` is the field, `client.config()` the method, even where
//! both have the name, as a field and what gives it to others often do.

use rustc_hash::FxHashSet;

use crate::base::Symbol;
use crate::ir::func::FuncKind;
use crate::ir::instr::Field;
use crate::ir::program::{ClassId, Language, ModuleId, Program};

use super::solve::Values;
use super::values::{SlotId, Value};

/// The names that both a field of a Rust type and a method have.
pub(super) fn getters(program: &Program) -> FxHashSet<Symbol> {
    let is_rust = |module: ModuleId| program.modules[module].language == Language::Rust;
    let structs = program.classes.iter().filter(|class| is_rust(class.module));
    let fields: FxHashSet<&Symbol> = structs.flat_map(|class| &class.fields).map(|field| &field.name).collect();
    let methods = program.funcs.iter().filter(|func| func.kind == FuncKind::Method && is_rust(func.module));
    methods.map(|func| &func.name).filter(|name| fields.contains(name)).cloned().collect()
}

impl Values<'_> {
    /// The member of a value that is called: `client.config()`.
    pub(super) fn called_member(&mut self, value: &Value, name: &Symbol, to: SlotId) {
        let field = Field::Name(name.clone());
        match value {
            Value::Instance(class) | Value::Typed(class) => self.load_instance(value, *class, (&field, true), to),
            value => self.load_member(value, &field, to),
        }
    }

    /// Is a member of the class a field where it is only read, whatever method has its name? `client.config.host`.
    pub(super) fn is_getter(&self, class: ClassId, name: &Symbol) -> bool {
        self.getters.contains(name) && self.program.classes[class].fields.iter().any(|field| field.name == *name)
    }
}
