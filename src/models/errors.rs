//! Which error classes are a kind of which: the `[errors]` tables of the models.
//!
//! ```toml
//! [errors]
//! "httpx.HTTPStatusError" = ["httpx.HTTPError"]
//! ```
//!
//! A class without a dot is one that every file of the language knows.

use std::collections::BTreeMap;

use crate::base::Symbol;
use crate::ir::program::Language;

use super::index::{Index, NodeId, RowRef, Table};
use super::path;
use super::schema::ModelFile;

/// An error class of a library or a language: which line of all `[errors]` tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ErrorClass(u16);

impl std::fmt::Display for ErrorClass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "model {}", self.0)
    }
}

#[derive(Default)]
pub(crate) struct ErrorClasses {
    /// By every way to write them.
    by_text: BTreeMap<(Language, Symbol), ErrorClass>,
    by_row: BTreeMap<RowRef, ErrorClass>,
    /// By number, the library of each class.
    libraries: Vec<Symbol>,
    /// What each is a kind of.
    kinds: BTreeMap<ErrorClass, Vec<ErrorClass>>,
    /// Import specifiers of libraries that are described, but for errors that they raise.
    silent: Vec<Symbol>,
}

impl ErrorClasses {
    /// Reads the tables of all files.
    ///
    /// # Errors
    /// One sentence for each class that is a kind of one which no table lists.
    pub(super) fn new(files: &[ModelFile]) -> Result<Self, Vec<String>> {
        let mut by_text = BTreeMap::new();
        let mut by_row = BTreeMap::new();
        let mut faults = Vec::new();
        let mut written = Vec::new();
        for (at, file) in files.iter().enumerate() {
            for (row, (text, kinds)) in file.errors.iter().enumerate() {
                let class = ErrorClass(u16::try_from(written.len()).unwrap_or(u16::MAX));
                by_row.insert(error_row(at, row), class);
                match path::alternatives(text) {
                    Ok(texts) => {
                        let language = file.language.language();
                        by_text.extend(texts.into_iter().map(|text| ((language, Symbol::from(text)), class)));
                    }
                    Err(what) => faults.push(format!("model of {}: {what}", file.library)),
                }
                written.push((file, class, kinds));
            }
        }
        let libraries = written.iter().map(|(file, _, _)| Symbol::from(file.library.as_str())).collect();
        let mut kinds: BTreeMap<ErrorClass, Vec<ErrorClass>> = BTreeMap::new();
        for (file, class, of) in written {
            for kind in of {
                match by_text.get(&(file.language.language(), Symbol::from(kind.as_str()))) {
                    Some(known) => kinds.entry(class).or_default().push(*known),
                    None => faults.push(format!("model of {}: no table of errors lists `{kind}`", file.library)),
                }
            }
        }
        let is_silent = |file: &&ModelFile| file.errors.is_empty() && !raises(file);
        let silent =
            files.iter().filter(is_silent).flat_map(|file| &file.imports).map(|name| name.as_str().into()).collect();
        if faults.is_empty() { Ok(Self { by_text, by_row, libraries, kinds, silent }) } else { Err(faults) }
    }

    /// The class that is written so: `httpx.HTTPStatusError`, `ValueError`.
    pub(crate) fn named(&self, language: Language, text: &str) -> Option<ErrorClass> {
        self.by_text.get(&(language, text.into())).copied()
    }

    /// The class that an expression of a library is.
    pub(crate) fn of_node(&self, index: &Index, node: NodeId) -> Option<ErrorClass> {
        let node = index.node(node);
        let by_row = node.rows(Table::ErrorClass).find_map(|row| self.by_row.get(&row).copied());
        by_row.or_else(|| self.named(node.language, &node.name))
    }

    /// Is a class one of the library?
    pub(crate) fn is_of(&self, class: ErrorClass, library: &str) -> bool {
        self.libraries.get(usize::from(class.0)).is_some_and(|known| known == library)
    }

    /// Is the library that an import specifier names described, and nothing said of errors that it raises?
    pub(crate) fn is_silent(&self, specifier: &str) -> bool {
        self.silent.iter().any(|known| match known.strip_suffix('*') {
            Some(start) => specifier.starts_with(start),
            None => known == specifier,
        })
    }

    /// Is a class a kind of no other one?
    pub(crate) fn is_root(&self, class: ErrorClass) -> bool {
        self.kinds.get(&class).is_none_or(Vec::is_empty)
    }

    /// A class and all those that are a kind of it.
    pub(crate) fn kinds_of(&self, class: ErrorClass) -> impl Iterator<Item = ErrorClass> + '_ {
        let all = (0..self.libraries.len()).filter_map(|at| u16::try_from(at).ok()).map(ErrorClass);
        all.filter(move |one| self.is_kind_of(*one, class))
    }

    /// Is every error of one class also one of the other?
    pub(crate) fn is_kind_of(&self, one: ErrorClass, other: ErrorClass) -> bool {
        let mut open = vec![one];
        let mut at = 0;
        while let Some(class) = open.get(at).copied() {
            if class == other {
                return true;
            }
            for kind in self.kinds.get(&class).into_iter().flatten() {
                if !open.contains(kind) {
                    open.push(*kind);
                }
            }
            at += 1;
        }
        false
    }
}

/// Does a row say that something is in the errors of the library?
fn raises(file: &ModelFile) -> bool {
    let flows = file.flows.iter().flat_map(|row| &row.to);
    flows.chain(file.sources.iter().flat_map(|row| &row.gives)).any(|port| port.starts_with("throws"))
}

fn error_row(file: usize, row: usize) -> RowRef {
    let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    RowRef { file: number(file), table: Table::ErrorClass, row: number(row) }
}
