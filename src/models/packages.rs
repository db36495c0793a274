//! Modules of Python's packages that models describe: `mysql.connector`, which a program gets by `import mysql.connector`, and by
//! `from mysql import connector`.

use std::collections::BTreeSet;

use crate::base::Symbol;
use crate::ir::program::Language;

use super::path::Step;

/// The dotted names of such modules, and of the packages that they are in.
#[derive(Default)]
pub(super) struct Packages(BTreeSet<Symbol>);

impl Packages {
    /// A model describes what is imported under a name.
    pub(super) fn note(&mut self, language: Language, specifier: &str) {
        if language == Language::Python && specifier.contains('.') {
            let ends = specifier.match_indices('.').map(|(at, _)| at).chain([specifier.len()]);
            self.0.extend(ends.map(|end| Symbol::from(&specifier[..end])));
        }
    }

    /// The dotted name of a package or module that a member of another one is.
    pub(super) fn member(&self, language: Language, of: &Symbol, step: &Step) -> Option<Symbol> {
        let Step::Member(name) = step else { return None };
        if language != Language::Python || !self.0.contains(of) {
            return None;
        }
        let path = Symbol::from(format!("{of}.{name}"));
        self.0.contains(&path).then_some(path)
    }
}
