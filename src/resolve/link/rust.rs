//! Rust: the module trees of the crates of the scan.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use crate::base::Symbol;
use crate::base::span::FileId;
use crate::ir::instr::{Base, Imported, Op};
use crate::ir::program::{Language, ModuleId, Program};
use crate::source::manifest::normalized;
use crate::source::paths;
use crate::source::workspace::Workspace;

use super::{Linker, Target};

/// The crates: libraries first, then programs, by folder.
#[derive(Default)]
pub(super) struct Crates {
    crates: Vec<Crate>,
    /// Each module's crate and path in it. A file of several crates belongs to the first.
    homes: BTreeMap<ModuleId, (usize, Vec<Symbol>)>,
    by_path: BTreeMap<(usize, Vec<Symbol>), ModuleId>,
}

struct Crate {
    /// Folder of its manifest.
    dir: String,
    name: String,
    is_lib: bool,
}

/// A module whose children are to be found.
struct Pending {
    module: ModuleId,
    path: Vec<Symbol>,
    /// The folder of the files of its children.
    dir: String,
}

type Paths<'w> = BTreeMap<&'w str, (FileId, Option<ModuleId>)>;

impl Crates {
    /// Do two modules belong to crates of one package?
    pub(super) fn is_one_package(&self, one: ModuleId, other: ModuleId) -> bool {
        let dir = |module| self.homes.get(&module).map(|(number, _)| &self.crates[*number].dir);
        dir(one).is_some() && dir(one) == dir(other)
    }

    pub(super) fn new(program: &Program, workspace: &Workspace, files: &Paths<'_>) -> Self {
        let mut res = Self::default();
        let mut roots = Vec::new();
        for (dir, package) in &workspace.manifests.cargo {
            roots.extend(package.lib.iter().map(|(name, path)| (false, dir, name.clone(), path)));
            roots.extend(package.bins.iter().map(|(name, path)| (true, dir, normalized(Language::Rust, name), path)));
        }
        roots.sort();
        for (dir, package) in &workspace.manifests.cargo {
            roots.extend(
                package.examples.iter().map(|(name, path)| (true, dir, normalized(Language::Rust, name), path)),
            );
        }
        let mut inline: BTreeMap<ModuleId, Vec<(Symbol, ModuleId)>> = BTreeMap::new();
        for (id, module) in program.modules.iter_enumerated() {
            if let Some((outer, name)) = &module.within {
                inline.entry(*outer).or_default().push((name.clone(), id));
            }
        }
        for (is_bin, dir, name, root) in roots {
            let number = res.crates.len();
            res.crates.push(Crate { dir: dir.clone(), name, is_lib: !is_bin });
            if let Some((_, Some(module))) = files.get(root.as_str()) {
                let start = Pending { module: *module, path: Vec::new(), dir: paths::parent(root).to_owned() };
                res.fill(number, start, program, workspace, files, &inline);
            }
        }
        res
    }

    /// Follows the `mod` declarations of a crate from its root.
    fn fill(
        &mut self,
        number: usize,
        start: Pending,
        program: &Program,
        workspace: &Workspace,
        files: &Paths<'_>,
        inline: &BTreeMap<ModuleId, Vec<(Symbol, ModuleId)>>,
    ) {
        let mut pending = vec![start];
        while let Some(Pending { module, path, dir }) = pending.pop() {
            // A file that declares itself again would go round for ever.
            if self.by_path.iter().any(|((krate, _), known)| *krate == number && *known == module) {
                continue;
            }
            self.by_path.entry((number, path.clone())).or_insert(module);
            self.homes.entry(module).or_insert_with(|| (number, path.clone()));
            let step = |name: &Symbol| path.iter().cloned().chain([name.clone()]).collect::<Vec<_>>();
            for (name, child) in inline.get(&module).into_iter().flatten() {
                pending.push(Pending { module: *child, path: step(name), dir: format!("{dir}/{name}") });
            }
            for (name, explicit) in declared(program, module) {
                let own = program.modules.get(module).and_then(|module| workspace.files.get(module.file));
                let own_dir = own.map_or("", |file| paths::parent(&file.path));
                let candidates = match &explicit {
                    Some(file) => [paths::join(own_dir, file), paths::join(&dir, file)],
                    None => [paths::join(&dir, &format!("{name}.rs")), paths::join(&dir, &format!("{name}/mod.rs"))],
                };
                let found = candidates.into_iter().flatten().find_map(|file| {
                    let module = files.get(file.as_str())?.1?;
                    Some((module, file))
                });
                let Some((child, file)) = found else { continue };
                let owns_folder = explicit.is_some() || paths::name(&file) == "mod.rs";
                let below = if owns_folder {
                    paths::parent(&file).to_owned()
                } else {
                    paths::without_extension(&file).to_owned()
                };
                pending.push(Pending { module: child, path: step(&name), dir: below });
            }
        }
    }

    pub(super) fn child(&self, module: ModuleId, name: &str) -> Option<ModuleId> {
        let (krate, path) = self.homes.get(&module)?;
        let path = path.iter().cloned().chain([name.into()]).collect();
        self.by_path.get(&(*krate, path)).copied()
    }

    /// The module that most of `names` lead to inside a crate.
    fn longest(&self, krate: usize, names: &[Symbol]) -> Target {
        for used in (0..=names.len()).rev() {
            let (path, rest) = names.split_at(used);
            if let Some(module) = self.by_path.get(&(krate, path.to_vec())) {
                return Target::Module(*module, rest.to_vec());
            }
        }
        Target::Missing
    }
}

/// The `mod x;` of a module, with the file that a `#[path]` gives it.
fn declared(program: &Program, module: ModuleId) -> Vec<(Symbol, Option<String>)> {
    let Some(init) = program.modules.get(module).and_then(|module| program.funcs.get(module.init)) else {
        return Vec::new();
    };
    let mut res = Vec::new();
    for instr in init.instrs.iter() {
        match &instr.op {
            Op::Import(import) if import.what == Imported::Module => {
                if let Some(name) = import.from.strip_prefix("self::").filter(|name| !name.contains("::")) {
                    res.push((name.into(), None));
                }
            }
            // The name of a module with a `#[path]` is that of the variable it is stored in.
            Op::Store(place, value) => {
                let (Base::Cell(cell), Some(source)) = (&place.base, init.instrs.get(*value)) else { continue };
                if let (Op::Import(import), Some(cell)) = (&source.op, program.cells.get(*cell))
                    && let Some(file) = import.from.strip_prefix("path:")
                {
                    res.push((cell.name.clone(), Some(file.to_owned())));
                }
            }
            _ => {}
        }
    }
    res
}

impl Linker<'_> {
    pub(super) fn resolve_rust(&self, from: ModuleId, file: &str, specifier: &str) -> Target {
        if let Some(path) = specifier.strip_prefix("path:") {
            let found = paths::join(paths::parent(file), path);
            return found.map_or(Target::Missing, |path| self.target_of(&path));
        }
        let names: Vec<Symbol> = specifier.trim_start_matches("::").split("::").map(Symbol::from).collect();
        let Some((first, rest)) = names.split_first() else { return Target::Missing };
        let home = self.crates.homes.get(&from);
        let is_local = matches!(first.as_str(), "crate" | "$crate" | "self" | "super");
        if is_local {
            let Some((krate, path)) = home else { return Target::Missing };
            let mut base = if matches!(first.as_str(), "self" | "super") { path.clone() } else { Vec::new() };
            let supers = names.iter().skip_while(|name| *name == "self").take_while(|name| *name == "super").count();
            if supers > base.len() {
                return Target::Missing;
            }
            base.truncate(base.len() - supers);
            let used =
                names.iter().take_while(|name| matches!(name.as_str(), "crate" | "$crate" | "self" | "super")).count();
            base.extend(names.iter().skip(used).cloned());
            return self.crates.longest(*krate, &base);
        }
        if !specifier.starts_with("::")
            && let Some((krate, path)) = home
            && self.crates.child(from, first).is_some()
        {
            let names: Vec<Symbol> = path.iter().chain(&names).cloned().collect();
            return self.crates.longest(*krate, &names);
        }
        match self.library_crate(file, home.map(|(krate, _)| *krate), first) {
            Some(krate) => self.crates.longest(krate, rest),
            None => Target::Library { specifier: first.clone(), path: rest.to_vec() },
        }
    }

    /// The modules that can be part of the program whose root holds `start`: those of its package and of the packages of the scan
    /// that it depends on, without other programs, examples and tests in there. `None` where `start` is no root of a program.
    pub(crate) fn linked(&self, start: ModuleId) -> Option<FxHashSet<ModuleId>> {
        let (Language::Rust, root) = self.modules.get(&start)? else { return None };
        let own = self.cargo_dir(root)?;
        let beside = |dir: &str, path: &str| {
            let below = paths::below(path, dir).unwrap_or_default();
            ["examples/", "benches/", "tests/"].into_iter().any(|folder| below.starts_with(folder))
        };
        let is_beside = beside(own, root);
        let is_bin = |path: &str| {
            let package = self.cargo_dir(path).and_then(|dir| self.manifests.cargo.get(dir));
            package.is_some_and(|package| package.bins.iter().any(|(_, bin)| bin == path))
        };
        if !is_beside && !is_bin(root) {
            return None;
        }
        let mut dirs = vec![own];
        let mut at = 0;
        while let Some(package) = dirs.get(at).and_then(|dir| self.manifests.cargo.get(*dir)) {
            at += 1;
            let extra = package.dev_dependencies.values().filter(|_| is_beside && at == 1);
            for dependency in package.dependencies.values().chain(extra) {
                for (dir, package) in &self.manifests.cargo {
                    let name = package.name.as_deref().map(|name| normalized(Language::Rust, name));
                    if name.as_ref() == Some(&dependency.package) && !dirs.contains(&dir.as_str()) {
                        dirs.push(dir);
                    }
                }
            }
        }
        let is_linked = |path: &str| {
            let Some(dir) = self.cargo_dir(path) else { return true };
            let is_other = path != *root && (is_bin(path) || beside(dir, path) && !(is_beside && dir == own));
            dirs.contains(&dir) && !is_other
        };
        let modules =
            self.modules.iter().filter(|(_, (language, path))| *language != Language::Rust || is_linked(path));
        Some(modules.map(|(module, _)| *module).collect())
    }

    /// The folder of the Cargo package that a file belongs to.
    fn cargo_dir<'p>(&self, path: &'p str) -> Option<&'p str> {
        paths::upward(paths::parent(path))
            .find(|dir| self.manifests.cargo.get(*dir).is_some_and(|package| package.name.is_some()))
    }

    /// The library of the scan that code in `file` calls `name`.
    fn library_crate(&self, file: &str, home: Option<usize>, name: &str) -> Option<usize> {
        let own_dir = home.and_then(|home| self.crates.crates.get(home)).map(|krate| krate.dir.as_str());
        let dir = own_dir
            .or_else(|| paths::upward(paths::parent(file)).find(|dir| self.manifests.cargo.contains_key(*dir)))?;
        let lib_of =
            |wanted: &dyn Fn(&Crate) -> bool| self.crates.crates.iter().position(|krate| krate.is_lib && wanted(krate));
        if let Some(own) = lib_of(&|krate| krate.dir == dir && krate.name == name) {
            return Some(own);
        }
        let package = self.manifests.cargo.get(dir)?;
        let dependency = package.dependencies.get(name).or_else(|| package.dev_dependencies.get(name));
        let package_name = dependency.map(|dependency| dependency.package.as_str());
        lib_of(&|krate| match package_name {
            Some(wanted) => {
                let name = self.manifests.cargo.get(&krate.dir).and_then(|package| package.name.as_deref());
                name.is_some_and(|name| normalized(Language::Rust, name) == wanted)
            }
            // A library's code name may differ from its package's.
            None => krate.name == name && krate.dir != dir,
        })
    }
}
