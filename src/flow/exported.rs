//! Which variables stand behind the names that modules export and import.

use rustc_hash::FxHashMap;

use crate::base::Symbol;
use crate::ir::func::FuncId;
use crate::ir::instr::{Import, Imported};
use crate::ir::program::{CellId, ModuleId};
use crate::resolve::link::Target;
use crate::resolve::solve::Values;

/// The variables that modules export by name, as far as somebody asked.
#[derive(Default)]
pub(super) struct Exported(FxHashMap<(ModuleId, Symbol), Vec<CellId>>);

impl Exported {
    /// The variables that a module exports under a name: one, or several where it hands on what others export.
    pub(super) fn cells(&mut self, values: &Values<'_>, module: ModuleId, name: &Symbol) -> Vec<CellId> {
        let key = (module, name.clone());
        if let Some(known) = self.0.get(&key) {
            return known.clone();
        }
        let mut found = Vec::new();
        find(values, module, name, &mut Vec::new(), &mut found);
        self.0.insert(key, found.clone());
        found
    }

    /// The variables that an import of a function brings; none when it is of a library.
    pub(super) fn imported(&mut self, values: &Values<'_>, func: FuncId, import: &Import) -> Vec<CellId> {
        let from = values.program.funcs[func].module;
        let Target::Module(target, rest) = values.linker.resolve(from, &import.from) else { return Vec::new() };
        let name = match &import.what {
            Imported::Named(name) => Some(name.clone()),
            Imported::Default => Some(Symbol::new_static("default")),
            Imported::Module if rest.len() == 1 => rest.first().cloned(),
            _ => None,
        };
        let mut cells: Vec<CellId> = Vec::new();
        if let Some(name) = name {
            cells.extend(self.cells(values, target, &name));
        }
        if let (Imported::Default | Imported::Module, Some(object)) =
            (&import.what, values.program.modules[target].exports.object)
        {
            cells.push(object);
        }
        cells
    }
}

fn find(values: &Values<'_>, module: ModuleId, name: &Symbol, seen: &mut Vec<ModuleId>, found: &mut Vec<CellId>) {
    if seen.contains(&module) {
        return;
    }
    seen.push(module);
    let data = &values.program.modules[module];
    if let Some(cell) = data.exports.names.get(name) {
        found.push(*cell);
        return;
    }
    for star in &data.exports.stars {
        if let Target::Module(target, rest) = values.linker.resolve(module, star)
            && rest.is_empty()
        {
            find(values, target, name, seen, found);
        }
    }
}
