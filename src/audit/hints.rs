//! When no server was found: what can be said of why.

use std::collections::BTreeMap;

use crate::base::span::FileId;
use crate::ir::instr::{Import, Op};
use crate::ir::program::ModuleId;
use crate::resolve::link::Target;
use crate::resolve::solve::Values;
use crate::source::workspace::Workspace;

/// When no server was found: what came close, and which files could be named as entries.
pub(super) fn hints(values: &Values<'_>, workspace: &Workspace) -> (Vec<String>, Vec<String>) {
    let program = values.program;
    let mut by_file: BTreeMap<FileId, String> = BTreeMap::new();
    let mut unknown: BTreeMap<String, FileId> = BTreeMap::new();
    for func in program.funcs.iter() {
        for instr in func.instrs.iter() {
            let Op::Import(import) = &instr.op else { continue };
            let module = &program.modules[func.module];
            let root = import.from.split(['.', ':', '/']).next().unwrap_or_default();
            let by_name =
                [import.from.as_str(), root].into_iter().any(|name| values.models.serves(module.language, name));
            if by_name {
                by_file.entry(module.file).or_insert_with(|| import.from.to_string());
            } else if is_unknown_sdk(values, func.module, import) {
                unknown.entry(root.to_owned()).or_insert(module.file);
            }
        }
    }
    let path = |file: &FileId| workspace.files[*file].path.clone();
    let known = by_file
        .iter()
        .map(|(file, from)| format!("{} imports {from} but nothing it runs starts a transport", path(file)));
    let unknown = unknown
        .iter()
        .map(|(name, file)| format!("{} imports {name}, and no model says how that serves: declare what it serves on, with a [[server]] in mcpleaks.toml", path(file)));
    (known.chain(unknown).collect(), by_file.keys().map(path).collect())
}

/// Is it a library with the protocol's name in its own, about which nothing is known?
fn is_unknown_sdk(values: &Values<'_>, from: ModuleId, import: &Import) -> bool {
    let root = import.from.split(['.', ':', '/']).next().unwrap_or_default();
    root.to_lowercase().contains("mcp")
        && !import.type_only
        && !matches!(values.linker.resolve(from, &import.from), Target::Module(..))
}
