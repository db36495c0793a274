//! Python: dotted names against the folders that hold top packages, relative dots against the file's package.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::base::{Symbol, embedded};
use crate::ir::program::{Language, ModuleId};
use crate::source::paths;
use crate::source::workspace::PACKAGE_FILE;

use super::{Linker, Target};

/// Modules that come with a language. A file that cannot be read is one that a test refuses.
static STANDARD: LazyLock<Standard> = LazyLock::new(|| embedded::read("standard.toml").unwrap_or_default());

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Standard {
    python: BTreeSet<String>,
}

impl Linker<'_> {
    pub(super) fn resolve_python(&self, from: &str, specifier: &str) -> Target {
        let names = specifier.trim_start_matches('.');
        let dots = specifier.len() - names.len();
        let names: Vec<&str> = names.split('.').filter(|name| !name.is_empty()).collect();
        // A copy of a library that a model describes is that library.
        if let Some(at) = names.iter().position(|name| paths::holds_copies(name))
            && let Some((library, rest)) = names[at + 1..].split_first()
            && self.modelled.contains(&(Language::Python, (*library).into()))
            && !paths::is_copied(from)
        {
            return Target::Library {
                specifier: (*library).into(),
                path: rest.iter().copied().map(Symbol::from).collect(),
            };
        }
        if dots > 0 {
            let Some(dir) = paths::join(paths::parent(from), &"../".repeat(dots - 1)) else { return Target::Missing };
            return self.below(&dir, &names).unwrap_or(Target::Missing);
        }
        let Some((first, rest)) = names.split_first() else { return Target::Missing };
        let is_required = self.manifests.requires(Language::Python, from, first);
        let is_modelled = self.modelled.contains(&(Language::Python, (*first).into()));
        let is_library = is_required || is_modelled;
        for root in self.roots(from) {
            let Some(top) = paths::join(&root, first) else { continue };
            let file = self.manifests.python_file(&top);
            // No module imports itself: `logging.py` in a folder that is no place for absolute names.
            if file.as_deref() == Some(from) && paths::name(from) != PACKAGE_FILE {
                continue;
            }
            let is_module = file.is_some();
            // A folder without `__init__.py` that only has the name of a library is no part of the program.
            let is_folder = || self.is_folder_module(&top, rest) || rest.is_empty() && self.is_plain_folder(&top);
            if is_module || !is_required && is_folder() {
                let found = self.below(&root, &names).unwrap_or(Target::Missing);
                // A package of the program's own may have a library's name. What is not in it is looked for in the library.
                let is_lacking = matches!(&found, Target::Module(_, rest) if !rest.is_empty());
                if !is_library || !is_lacking {
                    return found;
                }
            }
        }
        let beside = if is_modelled { None } else { self.beside(from, &names) };
        let found = beside.or_else(|| self.in_own_package(&names));
        let found = found.or_else(|| if is_library { None } else { self.beside_script(from, &names) });
        found.unwrap_or_else(|| Target::Library {
            specifier: (*first).into(),
            path: rest.iter().copied().map(Symbol::from).collect(),
        })
    }

    /// What a name leads to in the projects that the one of the file `from` is installed with.
    fn beside(&self, from: &str, names: &[&str]) -> Option<Target> {
        let (first, rest) = names.split_first()?;
        self.manifests.python_roots_beside(paths::parent(from)).find_map(|root| {
            let top = paths::join(root, first)?;
            let is_there = self.manifests.python_file(&top).is_some() || self.is_folder_module(&top, rest);
            if is_there { self.below(root, names) } else { None }
        })
    }

    /// What a name leads to that begins with the package which the scanned folder itself is.
    fn in_own_package(&self, names: &[&str]) -> Option<Target> {
        let package = &self.manifests.package;
        let is_own = !package.is_empty() && package.len() <= names.len();
        let (own, inner) = names.split_at_checked(package.len()).filter(|_| is_own)?;
        if own.iter().zip(package).all(|(name, known)| name == known) { self.below("", inner) } else { None }
    }

    /// What a name leads to in the packages around a file whose own folders hold it, where nothing else is known by the name: the
    /// program is meant to be run by the path of a file in one of them.
    fn beside_script(&self, from: &str, names: &[&str]) -> Option<Target> {
        if names.first().is_none_or(|first| STANDARD.python.contains(*first)) {
            return None;
        }
        let is_other = |target: &Target| matches!(target, Target::Module(module, rest) if rest.is_empty() && self.modules.get(module).is_some_and(|(_, path)| *path != from));
        let around = paths::upward(paths::parent(from)).take_while(|dir| !dir.is_empty());
        let is_package = |dir: &&str| self.module_by_path(&format!("{dir}/{PACKAGE_FILE}")).is_some();
        around.take_while(is_package).find_map(|dir| self.below(dir, names).filter(is_other))
    }

    /// The folders that absolute names are looked up in, for the file `from`.
    fn roots(&self, from: &str) -> Vec<String> {
        let dir = paths::parent(from);
        let is_package =
            |dir: &str| paths::join(dir, "__init__.py").is_some_and(|file| self.manifests.sources.contains(&file));
        let mut roots = Vec::new();
        // The folder of a script comes first; a package's own folder is no place for absolute names.
        roots.extend(paths::upward(dir).find(|dir| !is_package(dir) || dir.is_empty()).map(str::to_owned));
        for root in self.manifests.python_roots(dir) {
            if !roots.contains(&root) {
                roots.push(root);
            }
        }
        roots
    }

    /// Is it a folder without `__init__.py` whose name is that of no library, as far as anybody knows?
    fn is_plain_folder(&self, top: &str) -> bool {
        let name = paths::name(top);
        self.package_of(top).is_some()
            && !STANDARD.python.contains(name)
            && !self.modelled.contains(&(Language::Python, name.into()))
    }

    /// Does a path of names through folders without `__init__.py` end at a file?
    fn is_folder_module(&self, top: &str, rest: &[&str]) -> bool {
        let mut path = top.to_owned();
        rest.iter().any(|name| {
            path = format!("{path}/{name}");
            self.manifests.python_file(&path).is_some() || self.package_of(&path).is_some()
        })
    }

    /// The module that most of `names` lead to from the folder `dir`; `None` when none of them does.
    fn below(&self, dir: &str, names: &[&str]) -> Option<Target> {
        let mut path = dir.to_owned();
        let own = paths::join(dir, PACKAGE_FILE);
        let package = own.and_then(|file| match names {
            [] => self.package_of(paths::parent(&file)),
            _ => self.module_by_path(&file),
        });
        let mut found = package.map(|module| (module, 0));
        for (at, name) in names.iter().enumerate() {
            path = paths::join(&path, name)?;
            if let Some(module) = self.python_module(&path) {
                found = Some((module, at + 1));
            }
        }
        let (module, used) = found?;
        let rest = names.iter().skip(used).copied().map(Symbol::from).collect();
        Some(Target::Module(module, rest))
    }

    pub(super) fn python_child(&self, path: &str, name: &str) -> Option<ModuleId> {
        if paths::name(path) != PACKAGE_FILE {
            return None;
        }
        self.python_module(&paths::join(paths::parent(path), name)?)
    }

    /// The module or package at `path`.
    fn python_module(&self, path: &str) -> Option<ModuleId> {
        let file = self.manifests.python_file(path);
        file.map_or_else(|| self.package_of(path), |file| self.module_by_path(&file))
    }
}

#[cfg(test)]
mod tests {
    use super::STANDARD;

    #[test]
    fn standard_modules_are_known() {
        assert!(STANDARD.python.contains("logging"), "rules/standard.toml is not read");
    }
}
