//! Everything that was read from disk: source files, what was left out and why, manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::base::idx::IndexVec;
use crate::base::span::FileId;

use super::files::{Dialect, SourceFile};
use super::manifest::Manifests;
use super::paths;

/// The scanned files.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    /// What all paths are relative to.
    pub(crate) root: PathBuf,
    /// Sorted by path.
    pub(crate) files: IndexVec<FileId, SourceFile>,
    pub(crate) roles: IndexVec<FileId, Role>,
    /// Folders of Python that are packages though no file says so, each by the path of the file that would; sorted.
    pub(crate) folders: Vec<String>,
    /// Files that say that a program wrote them: examined only where the program needs them.
    pub(crate) generated: BTreeSet<FileId>,
    /// Files left out, and files read with a caveat; sorted by path.
    pub(crate) skipped: Vec<Skipped>,
    /// How many folders were not entered, by what they are.
    pub(crate) skipped_dirs: BTreeMap<&'static str, usize>,
    pub(crate) manifests: Manifests,
}

/// Is a file part of the program, of its tests or of what stands beside it, judging by usual names?
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Role {
    Source,
    Test,
    /// Read as the program is, which may import it; but a server there is not the project's.
    Example,
}

/// A file that was not read as the source it looks like.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Skipped {
    pub(crate) path: String,
    pub(crate) reason: SkipReason,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SkipReason {
    TooLarge,
    Binary,
    Minified,
    Generated,
    BuildOutput,
    Declarations,
    Unreadable(String),
    /// Invalid bytes were replaced; the file is analysed all the same.
    NotUtf8,
    /// A manifest with a mistake: its line (0 when not known) and what is wrong.
    BadManifest(usize, String),
}

impl std::fmt::Display for SkipReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLarge => f.write_str("larger than the size limit"),
            Self::Binary => f.write_str("binary"),
            Self::Minified => f.write_str("minified"),
            Self::Generated => f.write_str("generated"),
            Self::BuildOutput => f.write_str("build output"),
            Self::Declarations => f.write_str("type declarations"),
            Self::Unreadable(what) => write!(f, "unreadable: {what}"),
            Self::NotUtf8 => f.write_str("not UTF-8, read with replacement characters"),
            Self::BadManifest(0, what) => write!(f, "manifest not understood: {what}"),
            Self::BadManifest(line, what) => write!(f, "manifest not understood, line {line}: {what}"),
        }
    }
}

/// Folders of tests.
const TESTS: &[&str] = &["tests", "test", "__tests__", "__mocks__", "fixtures", "__fixtures__", "testdata", "e2e"];

/// Folders of what shows how to use a program, and of what it was once.
const EXAMPLES: &[&str] = &[
    "example",
    "examples",
    "sample",
    "samples",
    "demo",
    "demos",
    "playground",
    "archive",
    "archives",
    "archived",
    "backup",
    "backups",
];

/// The file that is run where a package of Python is started.
pub(crate) const PACKAGE_MAIN: &str = "__main__.py";

/// The file that is a Python package itself.
pub(crate) const PACKAGE_FILE: &str = "__init__.py";

impl Workspace {
    /// Notes the folders with Python files in them, or in a folder inside, that have no file of their own.
    pub(super) fn add_folders(&mut self) {
        let python = self.files.iter().filter(|file| file.dialect == Dialect::Python);
        let mut packages: BTreeSet<&str> = BTreeSet::new();
        let mut folders: BTreeSet<&str> = BTreeSet::new();
        for file in python {
            let dir = paths::parent(&file.path);
            if paths::name(&file.path) == PACKAGE_FILE {
                packages.insert(dir);
            }
            folders.extend(paths::upward(dir).take_while(|dir| !dir.is_empty()));
        }
        let is_name = |dir: &&str| {
            let name = paths::name(dir);
            name.chars().all(|c| c == '_' || c.is_alphanumeric()) && !name.starts_with(|c: char| c.is_ascii_digit())
        };
        let folders = folders.difference(&packages).copied().filter(is_name);
        self.folders = folders.map(|dir| format!("{dir}/{PACKAGE_FILE}")).collect();
    }
}

impl Role {
    /// The role of a file by its path.
    pub(crate) fn of(path: &str) -> Self {
        let folders = || paths::parent(path).split('/');
        let in_tests = folders().any(|dir| TESTS.contains(&dir) || dir.ends_with("-tests") || dir.ends_with("_tests"));
        let name = paths::name(path);
        let stem = paths::without_extension(name);
        let named = match paths::extension(name) {
            "py" | "pyw" => stem == "conftest" || stem.starts_with("test_") || stem.ends_with("_test"),
            "rs" => stem == "tests",
            _ => [".test", ".spec", ".eval"].iter().any(|end| stem.ends_with(end)),
        };
        if in_tests || named {
            Self::Test
        } else if folders().any(is_example) {
            Self::Example
        } else {
            Self::Source
        }
    }

    /// The outermost folder of examples that a file is in.
    pub(crate) fn example_folder(path: &str) -> Option<&str> {
        let mut end = 0;
        for dir in paths::parent(path).split('/') {
            end += dir.len();
            if is_example(dir) {
                return path.get(..end);
            }
            end += 1;
        }
        None
    }
}

fn is_example(dir: &str) -> bool {
    EXAMPLES.contains(&dir)
}
