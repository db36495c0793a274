//! Of a program that is too large for all values to be followed: what its entries load.
//!
//! A repository may hold far more scripts than any server loads. Where the values of all of them could not be followed, and no server
//! was found for that, the audit is done again with those that the entries in manifests, and those which a user names, import.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::base::span::FileId;
use crate::config::Options;
use crate::ir::instr::Op;
use crate::ir::program::{Language, ModuleId};
use crate::resolve::solve::Values;
use crate::source::workspace::Workspace;

use super::named;

/// The files to look at. `None` where no entry is known, or nothing can be left aside.
pub(super) fn by_entries(values: &Values<'_>, workspace: &Workspace, options: &Options) -> Option<BTreeSet<FileId>> {
    let program = values.program;
    let by_user = options.entries.iter().chain(options.servers.iter().map(|server| &server.entry));
    let by_user = by_user.filter_map(|path| named::file(workspace, path));
    let entries = workspace.manifests.entries();
    let by_manifest = entries.iter().filter_map(|entry| values.linker.file_by_path(&entry.path));
    let mut open: Vec<ModuleId> =
        by_user.chain(by_manifest).filter_map(|file| values.linker.module_of_file(file)).collect();
    if open.is_empty() {
        return None;
    }
    let mut loads: FxHashMap<ModuleId, Vec<ModuleId>> = FxHashMap::default();
    for (func, body) in program.funcs.iter_enumerated() {
        let to = loads.entry(body.module).or_default();
        for (id, instr) in body.instrs.iter_enumerated() {
            match &instr.op {
                Op::Import(import) => to.extend(values.runs(body.module, import)),
                Op::Call(_) => to.extend(values.loads((func, id))),
                _ => {}
            }
        }
    }
    let mut loaded: BTreeSet<ModuleId> = BTreeSet::new();
    while let Some(module) = open.pop() {
        if loaded.insert(module) {
            open.extend(loads.remove(&module).into_iter().flatten());
        }
    }
    let modules = program.modules.iter_enumerated();
    let (kept, aside): (Vec<_>, Vec<_>) =
        modules.partition(|(module, data)| data.language != Language::Script || loaded.contains(module));
    (!aside.is_empty()).then(|| kept.into_iter().map(|(_, data)| data.file).collect())
}
