//! Large files that no server process can load: bundles of a web page or an extension that lie beside the server.
//!
//! To follow their values costs more than the rest of the program. A file is left out where it imports nothing (no library,
//! so no SDK), knows none of the protocol's methods, and is named by nobody: no other file, no manifest, no user. What loads
//! modules by computed names may load any.

use crate::base::bounds::LARGE_FILE;
use crate::base::idx::IndexVec;
use crate::base::span::FileId;
use crate::config::Options;
use crate::ir::instr::{Base, Const, Op};
use crate::ir::program::{Language, Program};
use crate::resolve::byhand::ANSWERED;
use crate::source::paths;
use crate::source::workspace::Workspace;

/// What scripts call to import something computed.
const COMPUTED_IMPORT: &str = "import";

/// Empties the parts of such files.
pub(super) fn leave_out(parts: &mut IndexVec<FileId, Program>, workspace: &Workspace, options: &Options) {
    let is_named = |id: FileId| {
        let path = &workspace.files[id].path;
        let by_user = options.entries.iter().chain(options.servers.iter().map(|server| &server.entry));
        workspace.manifests.entries().iter().any(|entry| entry.path == *path)
            || by_user.into_iter().any(|entry| entry.ends_with(paths::name(path)))
    };
    let mut large: Vec<FileId> = parts.iter_enumerated().filter(|(_, part)| is_alone(part)).map(|(id, _)| id).collect();
    large.retain(|id| !is_named(*id));
    // What one that stays names stays, too.
    while !large.is_empty() {
        let files: Vec<(FileId, &str)> = large.iter().map(|id| (*id, workspace.files[*id].path.as_str())).collect();
        let mut wanted: Vec<FileId> = Vec::new();
        for (_, part) in parts.iter_enumerated().filter(|(id, _)| !large.contains(id)) {
            if loads_computed(part) {
                return;
            }
            for text in texts(part) {
                wanted.extend(files.iter().filter(|(_, path)| names_file(text, path)).map(|(id, _)| *id));
            }
        }
        if wanted.is_empty() {
            break;
        }
        large.retain(|id| !wanted.contains(id));
    }
    for id in large {
        parts[id] = Program::default();
    }
}

/// Is it a large script that imports nothing and does not speak the protocol?
fn is_alone(part: &Program) -> bool {
    let is_script = part.modules.iter().all(|module| module.language == Language::Script);
    let size: usize = part.funcs.iter().map(|func| func.instrs.len()).sum();
    let leads_on = |op: &Op| match op {
        Op::Import(_) => true,
        Op::Const(Const::Str(text)) => ANSWERED.contains(&text.as_str()),
        _ => false,
    };
    is_script && size > LARGE_FILE && !part.funcs.iter().flat_map(|func| func.instrs.iter()).any(|it| leads_on(&it.op))
}

fn loads_computed(part: &Program) -> bool {
    let mut instrs = part.funcs.iter().flat_map(|func| func.instrs.iter());
    let is_script = part.modules.iter().any(|module| module.language == Language::Script);
    let is_import = |base: &Base| matches!(base, Base::Global(name) if name == COMPUTED_IMPORT);
    is_script && instrs.any(|instr| matches!(&instr.op, Op::Call(call) if is_import(&call.callee.base)))
}

/// Texts by which code may name a file.
fn texts(part: &Program) -> impl Iterator<Item = &str> {
    part.funcs.iter().flat_map(|func| func.instrs.iter()).filter_map(|instr| match &instr.op {
        Op::Import(import) => Some(import.from.as_str()),
        Op::Const(Const::Str(text)) => Some(text.as_str()),
        _ => None,
    })
}

/// `./dist/bundle`, `bundle.js`; `./dist` of a `dist/index.js`.
fn names_file(text: &str, path: &str) -> bool {
    let (last, name) = (paths::name(text), paths::name(path));
    let stem = paths::without_extension(name);
    let folder = if stem == "index" { paths::name(paths::parent(path)) } else { stem };
    last == name || text.contains('/') && (last == stem || last == folder)
}
