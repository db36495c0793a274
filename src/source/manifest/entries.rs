//! Where programs start, as the manifests say.

use std::collections::BTreeSet;

use super::python::Project;
use super::started::started;
use super::{Manifests, npm, wrangler};
use crate::ir::program::Language;
use crate::source::paths;
use crate::source::workspace::{PACKAGE_MAIN, Role};

/// A file that something starts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    /// The source file.
    pub(crate) path: String,
    /// Of several that start a file, the first in this order names the server.
    pub(crate) by: StartedBy,
    /// The command, package or program.
    pub(crate) name: String,
    /// What says so: `package.json bin "notes-mcp"`.
    pub(crate) how: String,
    /// The function that is called once the module has run.
    pub(crate) function: Option<String>,
    pub(crate) language: Language,
}

/// What starts a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum StartedBy {
    /// A program that a package installs.
    Program,
    /// A platform, for each request: it goes on whatever becomes of one.
    Platform,
    /// The package, when it is imported or run as a module.
    Package,
    /// A script for those who work on it: `dev`, `inspector`.
    Script,
}

impl Manifests {
    /// All entries, sorted; one file may have several.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let mut res = BTreeSet::new();
        for (dir, package) in &self.npm {
            self.npm_entries(dir, package, &mut res);
        }
        for (settings, worker) in &self.workers {
            self.worker_entry(settings, worker, &mut res);
        }
        for dir in &self.hosted {
            self.hosted_functions(dir, &mut res);
        }
        for (dir, project) in &self.python {
            for (name, target) in &project.scripts {
                let (module, function) = target.split_once(':').map_or((target.as_str(), None), |(m, f)| (m, Some(f)));
                let Some(path) = self.python_module(dir, module.trim()) else { continue };
                let how = format!("python script \"{name}\"");
                let function = function.map(|function| function.trim().to_owned());
                let by = StartedBy::Program;
                res.insert(Entry { path, by, name: name.clone(), how, function, language: Language::Python });
            }
        }
        for path in self
            .sources
            .iter()
            .filter(|path| paths::name(path) == PACKAGE_MAIN && Role::of(path) != Role::Test && !paths::is_copied(path))
        {
            let name = paths::name(paths::parent(path)).to_owned();
            let how = format!("python -m {name}");
            let by = StartedBy::Package;
            res.insert(Entry { path: path.clone(), by, name, how, function: None, language: Language::Python });
        }
        for package in self.cargo.values() {
            for (name, path) in &package.bins {
                let (name, how) = (name.clone(), format!("Cargo.toml bin \"{name}\""));
                let function = Some("main".to_owned());
                let by = StartedBy::Program;
                res.insert(Entry { path: path.clone(), by, name, how, function, language: Language::Rust });
            }
        }
        res.into_iter().collect()
    }

    fn npm_entries(&self, dir: &str, package: &npm::Package, out: &mut BTreeSet<Entry>) {
        let package_name = package.name.clone().unwrap_or_else(|| paths::name(dir).to_owned());
        let command = package.bin.keys().next().unwrap_or(&package_name);
        for commands in &package.commands {
            let Some(target) = paths::join(dir, &commands.path) else { continue };
            for path in self.command_files(&target) {
                let (name, how) = (command.clone(), format!("package.json {}", commands.key));
                let (by, function) = (StartedBy::Program, Some(commands.calls.clone()));
                out.insert(Entry { path, by, name, how, function, language: Language::Script });
            }
        }
        let mut add = |path: &str, name: &str, how: String, by: StartedBy| {
            let Some(place) = paths::join(dir, path) else { return };
            let found =
                self.source_of(&place).or_else(|| (by == StartedBy::Program).then(|| self.bundle_root(&place))?);
            if let Some(path) = found {
                out.insert(Entry { path, by, name: name.to_owned(), how, function: None, language: Language::Script });
            }
        };
        for (name, path) in &package.bin {
            add(path, name, format!("package.json bin \"{name}\""), StartedBy::Program);
        }
        for (field, path) in [("main", &package.main), ("module", &package.module)] {
            if let Some(path) = path {
                add(path, &package_name, format!("package.json {field}"), StartedBy::Package);
            }
        }
        for (sub_path, target) in package.exports.iter().filter(|(sub_path, _)| !sub_path.contains('*')) {
            add(target, &package_name, format!("package.json exports \"{sub_path}\""), StartedBy::Package);
        }
        for (name, command) in package.scripts.iter().filter(|(name, _)| !started().tries(name)) {
            for path in npm::started_files(command) {
                add(&path, name, format!("package.json script \"{name}\""), StartedBy::Script);
            }
        }
    }

    /// The source files of the commands in the file or folder that a manifest names.
    fn command_files(&self, target: &str) -> Vec<String> {
        if let Some(file) = self.source_of(target).filter(|_| !paths::extension(target).is_empty()) {
            return vec![file];
        }
        let folders = self.source_folders(target);
        let is_command = |path: &&String| folders.iter().any(|folder| paths::below(path, folder).is_some());
        self.sources.iter().filter(is_command).cloned().collect()
    }

    fn worker_entry(&self, settings: &str, worker: &wrangler::Worker, out: &mut BTreeSet<Entry>) {
        let dir = paths::parent(settings);
        let Some(path) = worker.main.as_ref().and_then(|main| self.source_of(&paths::join(dir, main)?)) else { return };
        let name = worker.name.clone().unwrap_or_else(|| paths::name(dir).to_owned());
        let how = format!("{} main", paths::name(settings));
        let function = Some(started().worker.clone());
        out.insert(Entry { path, by: StartedBy::Platform, name, how, function, language: Language::Script });
    }

    /// Files below `api`, each of which answers requests: by what it exports as default, or by a function for each method.
    fn hosted_functions(&self, dir: &str, out: &mut BTreeSet<Entry>) {
        const ANSWERING: [&str; 3] = ["default", "GET", "POST"];
        let Some(folder) = paths::join(dir, "api") else { return };
        let below =
            self.sources.range(format!("{folder}/")..).take_while(|path| path.starts_with(&format!("{folder}/")));
        let is_hidden = |path: &str| path.split('/').any(|part| part.starts_with(['_', '.']));
        let is_script = |path: &str| matches!(paths::extension(path), "ts" | "js" | "mjs" | "cjs" | "mts" | "cts");
        for path in below.filter(|path| is_script(path) && !path.ends_with(".d.ts")) {
            let Some(name) = paths::below(path, dir).filter(|name| !is_hidden(name)) else { continue };
            for function in ANSWERING {
                let (path, name, how) = (path.clone(), name.to_owned(), "Vercel function".to_owned());
                let function = Some(function.to_owned());
                out.insert(Entry { path, by: StartedBy::Platform, name, how, function, language: Language::Script });
            }
        }
    }

    /// The folders from which a Python file below `dir` finds absolute names, nearest project first.
    pub(crate) fn python_roots(&self, dir: &str) -> Vec<String> {
        let mut roots: Vec<String> = Vec::new();
        for above in paths::upward(dir) {
            let project = self.python.get(above);
            if project.is_none() && !above.is_empty() {
                continue;
            }
            let bare = Project::default();
            for root in project.unwrap_or(&bare).roots(above) {
                if !roots.contains(&root) {
                    roots.push(root);
                }
            }
        }
        roots
    }

    /// The same for the projects beside that those around `dir` are installed with. They come after the others.
    pub(crate) fn python_roots_beside<'m>(&'m self, dir: &'m str) -> impl Iterator<Item = &'m str> {
        let around = paths::upward(dir).filter_map(|above| self.python.get(above));
        around.flat_map(|project| project.beside.iter().map(String::as_str))
    }

    /// The file of a dotted module name, as seen from the folder `dir`.
    pub(crate) fn python_module(&self, dir: &str, dotted: &str) -> Option<String> {
        let below = dotted.replace('.', "/");
        let roots = self.python_roots(dir);
        let mut all = roots.iter().map(String::as_str).chain(self.python_roots_beside(dir));
        all.find_map(|root| self.python_file(&paths::join(root, &below)?))
    }

    /// The file of the module or package at `path`.
    pub(crate) fn python_file(&self, path: &str) -> Option<String> {
        let package = paths::join(path, "__init__.py")?;
        let found = [package, format!("{path}.py"), format!("{path}.pyw")].into_iter();
        found.into_iter().find(|path| self.sources.contains(path))
    }
}
