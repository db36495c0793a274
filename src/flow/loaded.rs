//! Which modules a process can load: those that its first module imports, directly or not.
//!
//! A class of an example or of another program may have a method of the name that is called; what no import leads to does
//! not run.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::ir::func::FuncId;
use crate::ir::instr::Op;
use crate::ir::program::{Language, ModuleId};
use crate::resolve::solve::Values;

use super::process::Start;

/// What each module of the program imports.
pub(crate) struct Imports {
    of: FxHashMap<ModuleId, Vec<ModuleId>>,
    /// Modules that load others by names which the code does not tell.
    open: FxHashSet<ModuleId>,
}

impl Imports {
    pub(super) fn new(values: &Values<'_>) -> Self {
        let mut imports = Self { of: FxHashMap::default(), open: FxHashSet::default() };
        for (id, func) in values.program.funcs.iter_enumerated() {
            let module = func.module;
            for (instr, data) in func.instrs.iter_enumerated() {
                match &data.op {
                    Op::Import(import) if !import.type_only => {
                        imports.of.entry(module).or_default().extend(values.runs(module, import));
                    }
                    Op::Call(_) => {
                        let loads = values.loads((id, instr));
                        if !loads.is_empty() {
                            imports.of.entry(module).or_default().extend(loads);
                        }
                        if values.loads_unknown((id, instr)) {
                            imports.open.insert(module);
                        }
                    }
                    _ => {}
                }
            }
        }
        imports
    }

    /// All modules that the process which `start` begins can load. `None` where that is not known: one of them loads others
    /// by computed names, or it is no program that Cargo builds. A script that does so loads what is in its own
    /// package or in that of the program.
    pub(super) fn loaded(&self, values: &Values<'_>, start: &Start) -> Option<Rc<FxHashSet<ModuleId>>> {
        let program = values.program;
        let first = start.func.map(|func| program.funcs[func].module);
        let mut open: Vec<ModuleId> = start.module.into_iter().chain(first).collect();
        let starts = open.clone();
        open.extend(&start.packages);
        let mut seen: FxHashSet<ModuleId> = open.iter().copied().collect();
        let mut packages: Vec<&str> = Vec::new();
        while let Some(module) = open.pop() {
            match program.modules[module].language {
                // All that is linked is there, whether something imports it or not.
                Language::Rust => return values.linker.linked(module).map(Rc::new),
                Language::Python if self.open.contains(&module) => return None,
                Language::Script if self.open.contains(&module) => {
                    for package in starts.iter().chain([&module]).map(|module| values.linker.package_dir(*module)) {
                        if !packages.contains(&package) {
                            packages.push(package);
                            let inside = values.linker.modules_of_package(package);
                            open.extend(inside.filter(|module| seen.insert(*module)));
                        }
                    }
                }
                _ => {}
            }
            open.extend(self.of.get(&module).into_iter().flatten().filter(|module| seen.insert(**module)));
        }
        Some(Rc::new(seen))
    }
}

/// Can a function run in a process that loads these modules?
pub(super) fn is_loaded(values: &Values<'_>, loaded: Option<&FxHashSet<ModuleId>>, func: FuncId) -> bool {
    loaded.is_none_or(|loaded| loaded.contains(&values.program.funcs[func].module))
}
