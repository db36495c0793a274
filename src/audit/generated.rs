//! Generated files that the program loads.
//!
//! Most of what generators write is large and told by nobody's findings: clients of services, types of schemas. It is read where
//! code imports it, where a manifest or a user names it as what starts, and where no server is found without it.
//! Which file an import means is judged by names alone, since there is no program yet: that a file too many is read does no harm.

use std::collections::BTreeSet;

use crate::base::span::FileId;
use crate::config::Options;
use crate::ir::instr::{Import, Imported, Op};
use crate::ir::program::{Language, Program};
use crate::source::paths;
use crate::source::workspace::Workspace;

/// What a path in an import may end with, whatever the file is called: `./tools.js` is written for `./tools.ts`.
const WRITTEN_ENDS: [&str; 9] = ["", ".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx"];

/// Which generated files are read?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Generated {
    /// Those that something names.
    Named,
    All,
}

/// Those that are read before it is known what the code imports.
pub(super) fn named(workspace: &Workspace, options: &Options) -> BTreeSet<FileId> {
    if workspace.generated.is_empty() {
        return BTreeSet::new();
    }
    let entries = workspace.manifests.entries();
    let started: BTreeSet<&str> = entries.iter().map(|entry| entry.path.as_str()).collect();
    let by_user = options.entries.iter().chain(options.servers.iter().map(|server| &server.entry));
    let by_user: BTreeSet<FileId> = by_user.filter_map(|path| super::named::file(workspace, path)).collect();
    let is_named = |id: &FileId| by_user.contains(id) || started.contains(workspace.files[*id].path.as_str());
    workspace.generated.iter().copied().filter(is_named).collect()
}

/// What code says of the files it loads.
#[derive(Default)]
pub(super) struct Imports {
    /// Paths that scripts name from where they stand.
    paths: BTreeSet<String>,
    /// Every name in other imports.
    names: BTreeSet<String>,
}

impl Imports {
    pub(super) fn add(&mut self, part: &Program, file: FileId, workspace: &Workspace) {
        let dir = paths::parent(&workspace.files[file].path);
        let is_script = workspace.files[file].dialect.language() == Language::Script;
        for instr in part.funcs.iter().flat_map(|func| func.instrs.iter()) {
            let Op::Import(import) = &instr.op else { continue };
            let Import { from, what, type_only: false } = &**import else { continue };
            if is_script && from.starts_with('.') {
                self.paths.extend(paths::join(dir, from));
                continue;
            }
            self.names.extend(from.split(['/', '.', ':']).filter(|name| !name.is_empty()).map(str::to_owned));
            self.names.extend([paths::name(from), paths::name(paths::without_extension(from))].map(str::to_owned));
            if let Imported::Named(name) = what {
                self.names.insert(name.to_string());
            }
            // A package of the scan is loaded by its own first file.
            if is_script {
                let packages = workspace.manifests.npm.iter();
                let of_name = packages.filter(|(_, package)| package.name.as_deref() == Some(from.as_str()));
                self.paths.extend(of_name.flat_map(|(dir, _)| [dir.clone(), format!("{dir}/src")]));
            }
        }
    }

    /// May an import mean the file at `path`?
    pub(super) fn name(&self, path: &str) -> bool {
        let stem = paths::without_extension(path);
        let folder = paths::parent(path);
        let is_folder = matches!(paths::name(stem), "index" | "__init__" | "mod");
        WRITTEN_ENDS.iter().any(|end| self.paths.contains(&format!("{stem}{end}")))
            || self.names.contains(paths::name(stem))
            || is_folder && (self.paths.contains(folder) || self.names.contains(paths::name(folder)))
    }
}
