//! Which modules a process can load: those that its first module imports, directly or not.
//!
//! A class of an example or of another program may have a method of the name that is called; what no import leads to does
//! not run.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::ir::func::FuncId;
use crate::ir::instr::Op;
use crate::ir::program::{Language, ModuleId};
use crate::models::index::Table;
use crate::resolve::solve::Values;

use super::process::Start;

/// The label that front ends give to an import of something computed.
const COMPUTED_IMPORT: &str = "import";

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
                    Op::Unknown(COMPUTED_IMPORT, _) => {
                        imports.open.insert(module);
                    }
                    Op::Call(_) => {
                        let rows = values.call_rows((id, instr), Table::Loader);
                        if rows.is_empty() {
                            continue;
                        }
                        if rows.into_iter().any(|row| !values.models.loader(row).of_part) {
                            imports.open.insert(module);
                        }
                        imports.of.entry(module).or_default().extend(values.loads((id, instr)));
                    }
                    _ => {}
                }
            }
        }
        imports
    }

    /// All modules that the process which `start` begins can load. `None` where that is not known: one of them loads others
    /// by computed names, or the language links everything into the program.
    pub(super) fn loaded(&self, values: &Values<'_>, start: &Start) -> Option<Rc<FxHashSet<ModuleId>>> {
        let program = values.program;
        let first = start.func.map(|func| program.funcs[func].module);
        let mut open: Vec<ModuleId> = start.module.into_iter().chain(first).collect();
        let mut seen: FxHashSet<ModuleId> = open.iter().copied().collect();
        while let Some(module) = open.pop() {
            if self.open.contains(&module) || program.modules[module].language == Language::Rust {
                return None;
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
