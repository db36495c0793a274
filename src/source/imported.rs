//! Scripts that stand in a folder of tests, judging by its name, and that the program imports: `lib/flaky-tests/find.ts`. They are
//! the program's own, and so is what they import there.
//!
//! Which file an import means is judged by its text alone. A file that is called a test itself stays one.

use std::collections::BTreeMap;

use crate::base::idx::IndexVec;
use crate::base::span::FileId;
use crate::ir::program::Language;

use super::files::SourceFile;
use super::paths;
use super::workspace::Role;

/// What stands in front of the text that says from where something is imported.
const IMPORTS: [&str; 4] = ["from", "import", "import(", "require("];

/// Takes the files that the program imports out of the tests.
pub(super) fn take_in(files: &IndexVec<FileId, SourceFile>, roles: &mut IndexVec<FileId, Role>) {
    let is_script = |id: &FileId| files[*id].dialect.language() == Language::Script;
    let is_by_folder = |id: &FileId| roles[*id] == Role::Test && Role::of(paths::name(&files[*id].path)) != Role::Test;
    let mut left: BTreeMap<&str, FileId> = files
        .ids()
        .filter(|id| is_script(id) && is_by_folder(id))
        .map(|id| (paths::without_extension(&files[id].path), id))
        .collect();
    if left.is_empty() {
        return;
    }
    // A test runner's settings import what the tests need.
    let is_settings = |id: &FileId| paths::without_extension(&files[*id].path).ends_with(".config");
    let mut open: Vec<FileId> =
        files.ids().filter(|id| is_script(id) && roles[*id] == Role::Source && !is_settings(id)).collect();
    while let Some(id) = open.pop() {
        let dir = paths::parent(&files[id].path);
        for from in imported(&files[id].text) {
            let Some(path) = paths::join(dir, from) else { continue };
            let stems = [path.clone(), paths::without_extension(&path).to_owned(), format!("{path}/index")];
            if let Some(found) = stems.iter().find_map(|stem| left.remove(stem.as_str())) {
                roles[found] = Role::Source;
                open.push(found);
            }
        }
    }
}

/// The relative paths that a script imports.
fn imported(text: &str) -> impl Iterator<Item = &str> {
    let mut before = "";
    text.split(['"', '\'']).filter(move |part| {
        let front = std::mem::replace(&mut before, part).trim_end();
        (part.starts_with("./") || part.starts_with("../")) && IMPORTS.iter().any(|word| front.ends_with(word))
    })
}
