//! Packages of Python that are folders, and nothing else: `from helpers import client`, where `helpers` has no file of its own.
//!
//! Each is a module without code, so that all that asks about packages knows of it. It stands in the first file of the folder.

use std::collections::BTreeMap;

use crate::base::idx::Id;
use crate::base::span::Span;
use crate::ir::func::{Block, End, FuncKind, Function};
use crate::ir::program::{Exports, Language, Module, ModuleId, Program};
use crate::source::paths;
use crate::source::workspace::Workspace;

/// Adds to the program the modules of such folders. Of one of which no file was read there is none.
pub(crate) fn add_folders(program: &mut Program, workspace: &Workspace) {
    let files = program.modules.iter_enumerated().filter(|(_, module)| module.language == Language::Python);
    let files: BTreeMap<&str, ModuleId> = files
        .filter(|(_, module)| module.within.is_none())
        .map(|(id, module)| (workspace.files[module.file].path.as_str(), id))
        .collect();
    for path in &workspace.folders {
        let dir = format!("{}/", paths::parent(path));
        let first = files.range(dir.as_str()..).next().filter(|(path, _)| path.starts_with(&dir));
        let Some((_, first)) = first else { continue };
        let id = ModuleId::new(program.modules.len());
        let mut init = Function::new("<module>".into(), id, FuncKind::Init, Span::default());
        init.blocks = [Block { instrs: Vec::new(), end: End::Return(None), unwind: None }].into_iter().collect();
        let init = program.funcs.push(init);
        program.modules.push(Module {
            file: program.modules[*first].file,
            language: Language::Python,
            within: Some((*first, path.as_str().into())),
            init,
            names: BTreeMap::new(),
            exports: Exports::default(),
            impls: Vec::new(),
            optional: Vec::new(),
            written: Vec::new(),
        });
    }
}
