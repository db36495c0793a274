//! A file of the scan: its id, path, dialect and text.

use std::sync::Arc;

use crate::base::span::FileId;
use crate::ir::program::Language;

use super::manifest::features::Features;

/// A source file that was read.
#[derive(Clone, Debug)]
pub(crate) struct SourceFile {
    pub(crate) id: FileId,
    /// Relative to the scanned root, with `/`.
    pub(crate) path: String,
    pub(crate) dialect: Dialect,
    /// The text as it was read; invalid UTF-8 replaced.
    pub(crate) text: String,
    /// Those of the package that a file of Rust belongs to.
    pub(crate) features: Arc<Features>,
}

impl SourceFile {
    /// Did a bundler put the file together of others? It names each in a comment above what was in it.
    pub(crate) fn is_bundle(&self) -> bool {
        self.text.lines().any(|line| line.starts_with("// node_modules/"))
    }
}

/// Which grammar reads a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Dialect {
    TypeScript,
    Tsx,
    /// JavaScript and JSX, ES modules and CommonJS.
    JavaScript,
    Python,
    Rust,
}

impl Dialect {
    pub(crate) fn language(self) -> Language {
        match self {
            Self::TypeScript | Self::Tsx | Self::JavaScript => Language::Script,
            Self::Python => Language::Python,
            Self::Rust => Language::Rust,
        }
    }
}
