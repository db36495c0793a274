//! Files that a user names: as entries on the command line, as servers and as modules of models in the configuration.

use std::collections::BTreeMap;
use std::path::Path;

use crate::base::Symbol;
use crate::base::span::FileId;
use crate::config::Options;
use crate::models::Models;
use crate::source::workspace::{Role, Workspace};

use super::servers::Found;

/// The examined file that a user names.
pub(super) fn file(workspace: &Workspace, path: &Path) -> Option<FileId> {
    let names = super::names_of_file(&workspace.root, &path.to_string_lossy());
    let with_name = |name: &String| workspace.files.iter_enumerated().find(|(_, file)| file.path == *name);
    names.iter().find_map(with_name).map(|(id, _)| id)
}

/// Files that a user names have to be among those examined: a misspelt one would change nothing, silently.
pub(super) fn check(options: &Options, models: &Models, workspace: &Workspace) -> Result<(), String> {
    for path in &options.entries {
        examined("--entry", "seen from the current folder", path, workspace)?;
    }
    let servers = options.servers.iter().map(|server| ("[[server]] entry", server.entry.as_path()));
    let modules = models.described().map(|(path, _)| ("[[model]] files", Path::new(path)));
    for (what, path) in servers.chain(modules) {
        // Of a project whose configuration speaks of all of it, a part can be examined.
        if !path.is_file() || is_asked_for(options, path) {
            examined(what, "seen from the configuration's folder", path, workspace)?;
        }
    }
    for (path, model) in models.described() {
        let language = file(workspace, Path::new(path)).map(|id| workspace.files[id].dialect.language());
        if language.is_some_and(|language| language != model.language.language()) {
            let path = Path::new(path);
            let shown = path.strip_prefix(".").unwrap_or(path).display();
            return Err(format!("[[model]] files {shown}: the model of {} is of another language", model.library));
        }
    }
    Ok(())
}

fn is_asked_for(options: &Options, path: &Path) -> bool {
    let Ok(path) = path.canonicalize() else { return false };
    options.paths.iter().filter_map(|asked| asked.canonicalize().ok()).any(|asked| path.starts_with(asked))
}

fn examined(what: &str, seen: &str, path: &Path, workspace: &Workspace) -> Result<(), String> {
    let shown = path.strip_prefix(".").unwrap_or(path).display();
    match file(workspace, path) {
        Some(id) if workspace.roles[id] != Role::Test => Ok(()),
        Some(_) => Err(format!("{what} {shown}: by its path that is a test, and tests are not examined: move it")),
        None if path.is_file() => Err(format!(
            "{what} {shown}: the file is not examined; `mcpleaks --verbose` says which files are left out and why"
        )),
        None => Err(format!("{what} {shown}: there is no such file; name one {seen}")),
    }
}

/// The modules that models of the user's describe instead of their code: path below the root to library.
pub(super) fn described(models: &Models, workspace: &Workspace) -> BTreeMap<String, Symbol> {
    let path_of = |path: &str| file(workspace, Path::new(path)).map(|id| workspace.files[id].path.clone());
    models.described().filter_map(|(path, model)| Some((path_of(path)?, model.library.as_str().into()))).collect()
}

/// The files that a user names as starting a server, but that start none that is known.
pub(super) fn without_server(found: &[Found<'_>], workspace: &Workspace, options: &Options) -> Vec<String> {
    let named = options.entries.iter().chain(options.servers.iter().map(|server| &server.entry));
    let ids = named.filter_map(|path| file(workspace, path));
    ids.filter(|id| found.iter().all(|server| server.entry != *id))
        .map(|id| {
            let path = &workspace.files[id].path;
            format!(
                "{path} is named as an entry, but nothing it runs starts a transport that is known: say what it serves on, with `transport` in a [[server]] of mcpleaks.toml"
            )
        })
        .collect()
}
