//! Rust's `impl` blocks: the methods that they add to a class, and the traits, of the program or of a library, by which.

use crate::base::Symbol;
use crate::ir::func::FuncId;
use crate::ir::program::{ClassId, Impl, ModuleId};
use crate::ir::types::TypeRef;
use crate::models::index::Table;

use super::edges::Edge;
use super::solve::Values;
use super::values::Value;

/// A Rust `impl` block while its two types are being resolved.
pub(super) struct ImplBlock {
    module: ModuleId,
    number: usize,
    targets: Vec<ClassId>,
    interfaces: Vec<Value>,
    /// Attributes that make the type one of a library's.
    attributes: Vec<Value>,
}

impl<'p> Values<'p> {
    pub(super) fn link_impls(&mut self, module: ModuleId) {
        let program = self.program;
        let init = program.modules[module].init;
        for (number, block) in program.modules[module].impls.iter().enumerate() {
            let id = u32::try_from(self.impls.len()).unwrap_or(u32::MAX);
            self.impls.push(ImplBlock {
                module,
                number,
                targets: Vec::new(),
                interfaces: Vec::new(),
                attributes: Vec::new(),
            });
            if let TypeRef::Named(named) = &block.target {
                let slot = self.type_slot(init, named);
                self.add_edge(slot, Edge::ImplTarget(id));
            }
            if block.interface.is_none() {
                self.classes.own.extend(block.methods.iter().map(|(_, method)| *method));
            }
            if let TypeRef::Named(named) = &block.target
                && named.args.is_empty()
            {
                for receiver in
                    block.methods.iter().filter_map(|(_, method)| Some((method, program.funcs[*method].receiver?)))
                {
                    self.typed(init, &block.target, self.local_slot(*receiver.0, receiver.1));
                }
            }
            if let Some(TypeRef::Named(named)) = &block.interface {
                let slot = self.type_slot(init, named);
                self.add_edge(slot, Edge::ImplOf(id));
            }
            for attribute in &block.annotations {
                let slot = self.type_slot(init, &attribute.name);
                self.add_edge(slot, Edge::ImplBy(id));
            }
        }
    }

    pub(super) fn impl_target(&mut self, value: &Value, block: u32) {
        let Some(class) = self.class_behind(value) else { return };
        let program = self.program;
        let info = &mut self.impls[block as usize];
        if info.targets.contains(&class) {
            return;
        }
        info.targets.push(class);
        let interfaces = info.interfaces.clone();
        let attributes = info.attributes.clone();
        let methods = &program.modules[info.module].impls[info.number].methods;
        for (name, method) in methods {
            self.classes.add_method(class, name, *method);
            self.bind_receiver(*method, class);
        }
        for interface in interfaces {
            self.base_of(&interface, class, usize::MAX);
            self.note_trait(&interface, class, methods);
        }
        attributes.iter().for_each(|attribute| self.base_of(attribute, class, usize::MAX));
    }

    pub(super) fn impl_of(&mut self, value: &Value, block: u32) {
        let program = self.program;
        let info = &mut self.impls[block as usize];
        if info.interfaces.contains(value) {
            return;
        }
        info.interfaces.push(value.clone());
        let targets = info.targets.clone();
        let methods = &program.modules[info.module].impls[info.number].methods;
        if let Value::Class(interface) = value
            && targets.is_empty()
        {
            for (name, method) in methods {
                let list = self.classes.foreign.entry((*interface, name.clone())).or_default();
                if !list.contains(method) {
                    list.push(*method);
                }
            }
        }
        for target in targets {
            self.base_of(value, target, usize::MAX);
            self.note_trait(value, target, methods);
        }
    }

    /// `#[server] impl Tower { … }`: a trait of the library is implemented by what the attribute writes.
    pub(super) fn impl_by(&mut self, value: &Value, block: u32) {
        let Value::Api(node, _) = value else { return };
        if !self.models.index.node(*node).has(Table::TypeName) {
            return;
        }
        let info = &mut self.impls[block as usize];
        info.attributes.push(value.clone());
        for target in info.targets.clone() {
            self.base_of(value, target, usize::MAX);
        }
    }

    /// The methods of a block, and the traits of the program that it implements with them for a type that is not of the program.
    pub(super) fn foreign_impl(&self, block: usize) -> (&'p Impl, Vec<ClassId>) {
        let info = &self.impls[block];
        let is_foreign = info.targets.is_empty();
        let interfaces = info.interfaces.iter().filter_map(|interface| self.class_behind(interface));
        (&self.program.modules[info.module].impls[info.number], interfaces.filter(|_| is_foreign).collect())
    }

    fn note_trait(&mut self, interface: &Value, class: ClassId, methods: &[(Symbol, FuncId)]) {
        if let Value::Api(..) = interface {
            self.classes.by_trait.entry(class).or_default().extend(methods.iter().map(|(_, method)| *method));
        }
    }

    /// The class a value names, through type aliases.
    fn class_behind(&self, value: &Value) -> Option<ClassId> {
        match value {
            Value::Class(class) => Some(*class),
            _ => None,
        }
    }
}
