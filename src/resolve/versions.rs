//! Which version of a library does the code in a file use, and does a model's row hold for it?

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use crate::base::span::FileId;
use crate::ir::program::Language;
use crate::source::version::{Allowed, allows};
use crate::source::workspace::Workspace;

/// Answers from manifests and lock files, each asked once.
pub(crate) struct Versions<'w> {
    workspace: &'w Workspace,
    known: RefCell<FxHashMap<(FileId, String, String), Allowed>>,
}

impl<'w> Versions<'w> {
    pub(crate) fn new(workspace: &'w Workspace) -> Self {
        Self { workspace, known: RefCell::default() }
    }

    /// Does the version of `package` that `file` uses satisfy the condition?
    pub(crate) fn allows(&self, language: Language, file: FileId, package: &str, condition: &str) -> Allowed {
        let key = (file, package.to_owned(), condition.to_owned());
        if let Some(known) = self.known.borrow().get(&key) {
            return *known;
        }
        let path = &self.workspace.files[file].path;
        let info = self.workspace.manifests.versions(language, path, package);
        let allowed = allows(language, &info, condition);
        self.known.borrow_mut().insert(key, allowed);
        allowed
    }

    /// Does the manifest of a file ask for a feature of `package`?
    pub(crate) fn asks_feature(&self, file: FileId, package: &str, feature: &str) -> bool {
        self.workspace.manifests.asks_feature(&self.workspace.files[file].path, package, feature)
    }
}
