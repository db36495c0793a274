//! What a module exports under a name: a variable of its own, what its one exported object has, a module below it, what it
//! takes over from others.

use crate::base::Symbol;
use crate::ir::instr::Field;
use crate::ir::program::{Language, ModuleId};
use crate::models::path::Step;

use super::edges::Edge;
use super::link::Target;
use super::solve::Values;
use super::values::{Key, Obj, SlotId, Value};

impl Values<'_> {
    pub(super) fn load_export(&mut self, module: ModuleId, field: &Field, to: SlotId) {
        let Field::Name(name) = field else {
            if self.is_namespace(module) && *field == Field::Any {
                let all = self.all_exports(module);
                self.copy(all, to);
            }
            return;
        };
        if self.is_package_path(module, name) {
            self.add(to, &Value::Module(module));
            return;
        }
        let mut seen = Vec::new();
        self.export(module, name, to, &mut seen);
        self.load_promised(module, name, to);
    }

    /// What loads a module while the program runs gives it by a promise: `import("./tools.js").then(…)`.
    fn load_promised(&mut self, module: ModuleId, name: &Symbol, to: SlotId) {
        let data = &self.program.modules[module];
        if self.is_namespace(module)
            && !data.exports.names.contains_key(name)
            && let Some(member) = self.models.index.told(data.language, name)
        {
            self.add(to, &Value::Api(member, None));
        }
    }

    /// Is a module of the language an object whose fields are what it exports, and nothing else?
    fn is_namespace(&self, module: ModuleId) -> bool {
        self.program.modules[module].language == Language::Script
    }

    /// What a module exports, under whatever name: `Object.values(await import("./tools.js"))`.
    fn all_exports(&mut self, module: ModuleId) -> SlotId {
        if let Some(known) = self.namespaces.get(&module) {
            return *known;
        }
        let all = self.fresh();
        self.namespaces.insert(module, all);
        let exports = &self.program.modules[module].exports;
        for cell in exports.names.values() {
            self.copy(self.cell_slot(*cell), all);
        }
        if let Some(object) = exports.object {
            self.add_edge(self.cell_slot(object), Edge::Load(Field::Any, all));
        }
        for target in self.starred(module) {
            let whole = self.fresh();
            self.add(whole, &Value::Module(target));
            self.add_edge(whole, Edge::Load(Field::Any, all));
        }
        all
    }

    /// The modules all of whose exports a module exports, too.
    fn starred(&self, module: ModuleId) -> Vec<ModuleId> {
        let stars = self.program.modules[module].exports.stars.iter();
        let targets = stars.filter_map(|star| match self.linker.resolve(module, star) {
            Target::Module(target, rest) if rest.is_empty() => Some(target),
            _ => None,
        });
        targets.collect()
    }

    /// A module is spread into an object: each of its exports goes to the field of its name.
    pub(super) fn spread_exports(&mut self, module: ModuleId, into: &Obj) {
        let mut open = vec![module];
        let mut at = 0;
        while let Some(module) = open.get(at).copied().filter(|module| self.is_namespace(*module)) {
            at += 1;
            let program = self.program;
            let exports = &program.modules[module].exports;
            for (name, cell) in &exports.names {
                let to = self.filled_slot(into, Key::Name(name.clone()));
                self.copy(self.cell_slot(*cell), to);
            }
            if let Some(object) = exports.object {
                self.add_edge(self.cell_slot(object), Edge::Spread(into.clone()));
            }
            open.extend(self.starred(module).into_iter().filter(|target| !open.contains(target)).collect::<Vec<_>>());
        }
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
