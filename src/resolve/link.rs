//! Which module does an import name?
//!
//! A *specifier* is the module as the source names it. The answer is a module of the program, with the names that are left
//! to look up inside it, or a library. What a module exports is for others to say.

mod python;
mod rust;
pub(super) mod script;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use crate::base::Symbol;
use crate::base::span::FileId;
use crate::ir::instr::{Import, Imported};
use crate::ir::program::{Language, ModuleId, Program};
use crate::source::manifest::Manifests;
use crate::source::paths;
use crate::source::workspace::{PACKAGE_FILE, Workspace};

/// What a specifier means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A module of the program, and the names left to look up inside it.
    Module(ModuleId, Vec<Symbol>),
    /// Not in the scan.
    Library { specifier: Symbol, path: Vec<Symbol> },
    /// Should be in the scan and isn't; or a Python folder that is no module itself (see [`Linker::submodule_from`]).
    Missing,
}

/// Answers for one program.
pub(crate) struct Linker<'w> {
    manifests: &'w Manifests,
    /// By module: language and file path.
    modules: BTreeMap<ModuleId, (Language, &'w str)>,
    paths: BTreeMap<&'w str, (FileId, Option<ModuleId>)>,
    files: BTreeMap<FileId, ModuleId>,
    /// Folders of Python that are packages without a file, by the path that it would have.
    folders: BTreeMap<&'w str, ModuleId>,
    crates: rust::Crates,
    /// Folders of the npm packages of the scan, by name.
    packages: BTreeMap<&'w str, Vec<&'w str>>,
    /// Modules that a model stands for, with its library.
    described: BTreeMap<ModuleId, Symbol>,
    /// Names by which libraries are imported that models describe.
    modelled: BTreeSet<(Language, Symbol)>,
    /// What specifiers were found to mean: passes ask for the same imports again and again.
    known: RefCell<FxHashMap<(ModuleId, Symbol), Target>>,
}

impl<'w> Linker<'w> {
    pub(crate) fn new(program: &Program, workspace: &'w Workspace) -> Self {
        let mut files = BTreeMap::new();
        let mut modules = BTreeMap::new();
        let mut folders = BTreeMap::new();
        for (id, module) in program.modules.iter_enumerated() {
            let Some(file) = workspace.files.get(module.file) else { continue };
            if let (Language::Python, Some((_, path))) = (module.language, &module.within) {
                let path = workspace.folders.binary_search_by(|known| known.as_str().cmp(path));
                if let Some(path) = path.ok().and_then(|at| workspace.folders.get(at)) {
                    folders.insert(path.as_str(), id);
                    modules.insert(id, (Language::Python, path.as_str()));
                }
                continue;
            }
            modules.insert(id, (module.language, file.path.as_str()));
            if module.within.is_none() {
                files.entry(module.file).or_insert(id);
            }
        }
        let paths: BTreeMap<&str, _> = workspace
            .files
            .iter_enumerated()
            .map(|(id, file)| (file.path.as_str(), (id, files.get(&id).copied())))
            .collect();
        let manifests = &workspace.manifests;
        let mut packages: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (dir, package) in &manifests.npm {
            if let Some(name) = &package.name {
                packages.entry(name).or_default().push(dir);
            }
        }
        let crates = rust::Crates::new(program, workspace, &paths);
        let (described, known) = (BTreeMap::new(), RefCell::default());
        let modelled = BTreeSet::new();
        Self { manifests, modules, paths, files, folders, crates, packages, described, modelled, known }
    }

    /// The same, knowing which libraries models describe: a copy of one below a folder for such is that library.
    pub(crate) fn modelled(mut self, libraries: BTreeSet<(Language, Symbol)>) -> Self {
        self.modelled = libraries;
        self
    }

    /// The same, but for some files, by path, a library stands.
    pub(crate) fn described(mut self, files: BTreeMap<String, Symbol>) -> Self {
        let module = |(path, library): (String, Symbol)| Some((self.module_by_path(&path)?, library));
        self.described = files.into_iter().filter_map(module).collect();
        self
    }

    /// What a program may be called by: its path, and the commands that a manifest gives it.
    pub(crate) fn names_of_program(&self, module: ModuleId) -> impl Iterator<Item = &'w str> {
        let path = self.modules.get(&module).map(|(_, path)| *path);
        path.into_iter().chain(path.into_iter().flat_map(|path| self.manifests.commands(path)))
    }

    /// What `specifier` means in the module `from`.
    pub(crate) fn resolve(&self, from: ModuleId, specifier: &str) -> Target {
        let key = (from, Symbol::from(specifier));
        if let Some(target) = self.known.borrow().get(&key) {
            return target.clone();
        }
        let target = match self.look_up(from, specifier) {
            Target::Module(module, path) => match self.described.get(&module) {
                Some(library) => Target::Library { specifier: library.clone(), path },
                None => Target::Module(module, path),
            },
            target => target,
        };
        self.known.borrow_mut().insert(key, target.clone());
        target
    }

    fn look_up(&self, from: ModuleId, specifier: &str) -> Target {
        match self.modules.get(&from) {
            Some((Language::Script, path)) => self.resolve_script(path, specifier),
            Some((Language::Python, path)) => self.resolve_python(path, specifier),
            Some((Language::Rust, path)) => self.resolve_rust(from, path, specifier),
            None => Target::Missing,
        }
    }

    /// The module inside a package that the package itself imports by name: `from package import child` in the package's own
    /// file, where the name stands for nothing else yet.
    pub(crate) fn own_child(&self, from: ModuleId, import: &Import) -> Option<ModuleId> {
        let (Imported::Named(name), Target::Module(target, rest)) = (&import.what, self.resolve(from, &import.from))
        else {
            return None;
        };
        if target == from && rest.is_empty() { self.submodule(target, name) } else { None }
    }

    /// The module `name` inside the module `module`: a Python submodule, a Rust child.
    pub(crate) fn submodule(&self, module: ModuleId, name: &str) -> Option<ModuleId> {
        match self.modules.get(&module)? {
            (Language::Python, path) => self.python_child(path, name),
            (Language::Rust, _) => self.crates.child(module, name),
            (Language::Script, _) => None,
        }
    }

    /// Do two modules belong to one package of Rust?
    pub(crate) fn is_one_package(&self, one: ModuleId, other: ModuleId) -> bool {
        self.crates.is_one_package(one, other)
    }

    /// The modules directly inside a Python package, with their names in it; in order of their paths.
    pub(crate) fn submodules(&self, package: ModuleId) -> Vec<(&'w str, ModuleId)> {
        let Some((Language::Python, path)) = self.modules.get(&package) else { return Vec::new() };
        if paths::name(path) != PACKAGE_FILE {
            return Vec::new();
        }
        let folder = paths::parent(path);
        let inside = self.paths.iter().filter_map(|(path, (_, module))| {
            let of = if paths::name(path) == PACKAGE_FILE { paths::parent(path) } else { path.strip_suffix(".py")? };
            (paths::parent(of) == folder && *module != Some(package)).then_some((paths::name(of), (*module)?))
        });
        inside.collect()
    }

    /// The module `name` inside what `specifier` means, which may be a Python folder that is no module itself.
    pub(crate) fn submodule_from(&self, from: ModuleId, specifier: &str, name: &str) -> Option<ModuleId> {
        let separator = match self.modules.get(&from)?.0 {
            Language::Python if specifier.ends_with('.') => "",
            Language::Python => ".",
            Language::Rust => "::",
            Language::Script => return None,
        };
        match self.look_up(from, &format!("{specifier}{separator}{name}")) {
            Target::Module(id, rest) if rest.is_empty() => Some(id),
            _ => None,
        }
    }

    /// The package that a module is in, or is itself.
    pub(super) fn package_around(&self, module: ModuleId) -> Option<ModuleId> {
        let (_, path) = self.modules.get(&module)?;
        if paths::name(path) == PACKAGE_FILE { Some(module) } else { self.package_of(paths::parent(path)) }
    }

    /// The Python packages that loading a module loads first, outermost first.
    pub(crate) fn packages_around(&self, module: ModuleId) -> Vec<ModuleId> {
        let Some((Language::Python, path)) = self.modules.get(&module) else { return Vec::new() };
        let mut dir = paths::parent(path);
        if path.ends_with("/__init__.py") {
            dir = paths::parent(dir);
        }
        let mut packages = Vec::new();
        while !dir.is_empty() {
            let Some(package) = self.package_of(dir) else { break };
            packages.push(package);
            dir = paths::parent(dir);
        }
        packages.reverse();
        packages
    }

    /// The library that stands for the module.
    pub(crate) fn library_for(&self, module: ModuleId) -> Option<&Symbol> {
        self.described.get(&module)
    }

    /// Is the module of a copy of another project?
    pub(crate) fn is_copied(&self, module: ModuleId) -> bool {
        self.modules.get(&module).is_some_and(|(_, path)| paths::is_copied(path))
    }

    /// The module that is the whole file.
    pub(crate) fn module_of_file(&self, file: FileId) -> Option<ModuleId> {
        self.files.get(&file).copied()
    }

    /// The module in the file of this path, in the folder of another module or the nearest around it that has one.
    pub(super) fn module_around(&self, module: ModuleId, path: &str) -> Option<ModuleId> {
        let (_, own) = self.modules.get(&module)?;
        paths::upward(paths::parent(own)).find_map(|dir| self.module_by_path(&paths::join(dir, path)?))
    }

    pub(crate) fn file_by_path(&self, path: &str) -> Option<FileId> {
        self.paths.get(path).map(|(file, _)| *file)
    }

    fn module_by_path(&self, path: &str) -> Option<ModuleId> {
        self.paths.get(path).and_then(|(_, module)| *module)
    }

    /// The Python package that a folder is, with a file of its own or without.
    fn package_of(&self, dir: &str) -> Option<ModuleId> {
        let path = paths::join(dir, PACKAGE_FILE)?;
        self.module_by_path(&path).or_else(|| self.folders.get(path.as_str()).copied())
    }

    fn target_of(&self, path: &str) -> Target {
        self.module_by_path(path).map_or(Target::Missing, |module| Target::Module(module, Vec::new()))
    }
}
