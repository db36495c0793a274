//! What a module exports under a name: a variable of its own, what its one exported object has, a module below it, what it
//! takes over from others.

use crate::base::Symbol;
use crate::ir::instr::Field;
use crate::ir::program::ModuleId;
use crate::models::path::Step;

use super::edges::Edge;
use super::link::Target;
use super::solve::Values;
use super::values::{SlotId, Value};

impl Values<'_> {
    pub(super) fn load_export(&mut self, module: ModuleId, field: &Field, to: SlotId) {
        let Field::Name(name) = field else { return };
        let mut seen = Vec::new();
        self.export(module, name, to, &mut seen);
    }

    fn export(&mut self, module: ModuleId, name: &Symbol, to: SlotId, seen: &mut Vec<ModuleId>) -> bool {
        if seen.contains(&module) {
            return false;
        }
        seen.push(module);
        let program = self.program;
        let data = &program.modules[module];
        let mut found = false;
        if let Some(cell) = data.exports.names.get(name) {
            let slot = self.cell_slot(*cell);
            self.copy(slot, to);
            found = true;
        }
        if let Some(object) = data.exports.object {
            let slot = self.cell_slot(object);
            self.add_edge(slot, Edge::Load(Field::Name(name.clone()), to));
            found = true;
        }
        if let Some(sub) = self.linker.submodule(module, name)
            && !found
        {
            self.submodule(sub, to);
            found = true;
        }
        if !found {
            for star in &data.exports.stars {
                match self.linker.resolve(module, star) {
                    Target::Module(target, rest) if rest.is_empty() => found |= self.export(target, name, to, seen),
                    Target::Module(target, rest) => {
                        // pub use self::kind::Kind::*;
                        let mut at = self.fresh();
                        self.add(at, &Value::Module(target));
                        for step in rest.iter().chain([name]) {
                            let next = self.fresh();
                            self.add_edge(at, Edge::Load(Field::Name(step.clone()), next));
                            at = next;
                        }
                        self.copy(at, to);
                    }
                    Target::Library { specifier, path } => {
                        let mut node = self.models.index.import(data.language, &specifier);
                        for step in path.iter().chain([name]) {
                            node = self.models.index.step(node, &Step::Member(step.clone()));
                        }
                        self.add(to, &Value::Api(node, None));
                    }
                    Target::Missing => {}
                }
            }
        }
        found
    }

    /// Does the module export the name, itself or by a star?
    pub(super) fn exports_name(&self, module: ModuleId, name: &Symbol, seen: &mut Vec<ModuleId>) -> bool {
        if seen.contains(&module) {
            return false;
        }
        seen.push(module);
        let exports = &self.program.modules[module].exports;
        exports.names.contains_key(name)
            || exports.object.is_some()
            || exports.stars.iter().any(|star| match self.linker.resolve(module, star) {
                Target::Module(target, rest) => rest.is_empty() && self.exports_name(target, name, seen),
                _ => false,
            })
    }
}
