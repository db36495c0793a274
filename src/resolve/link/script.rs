//! TypeScript and JavaScript: relative files, compiler settings, packages of the scan.

use globset::{GlobBuilder, GlobMatcher};

use crate::ir::program::{Language, ModuleId};
use crate::source::manifest::npm::{Package, TsConfig};
use crate::source::paths;

use super::{Linker, Target};

/// What a path names of which a text is known.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// The text is all of it.
    File,
    /// What is in the folder, and begins so.
    Folder,
    /// Also what is in folders inside it.
    Below,
}

impl<'w> Linker<'w> {
    /// Is a module in a package, and in no project for another runtime?
    pub(crate) fn is_of_package_only(&self, module: ModuleId) -> bool {
        self.modules.get(&module).is_some_and(|(_, path)| self.manifests.is_of_package_only(path))
    }

    /// The folder of the npm package that a module belongs to.
    pub(crate) fn package_dir(&self, module: ModuleId) -> &'w str {
        self.modules.get(&module).map_or("", |(_, path)| self.manifests.package_dir(path))
    }

    /// The scripts in the folder of an npm package, but for those in packages inside it.
    pub(crate) fn modules_of_package(&self, dir: &'w str) -> impl Iterator<Item = ModuleId> {
        let is_script = |language: &Language| *language == Language::Script;
        let inside = move |path: &str| self.manifests.package_dir(path) == dir;
        let of = self.modules.iter().filter(move |(_, (language, path))| is_script(language) && inside(path));
        of.map(|(module, _)| *module)
    }

    /// The modules that a path names of which `text` is known: beside the module, else below its package. Programs of
    /// their own that lie in the same folder are not among them.
    pub(crate) fn modules_at(&self, from: ModuleId, text: &str, extent: Extent, is_beside: bool) -> Vec<ModuleId> {
        let Some((Language::Script, own)) = self.modules.get(&from) else { return Vec::new() };
        let beside = paths::parent(own);
        let dirs = if is_beside { vec![beside] } else { vec![beside, self.manifests.package_dir(own)] };
        if extent == Extent::File {
            let file = |dir: &str| self.module_by_path(&self.manifests.source_of(&paths::join(dir, text)?)?);
            return dirs.into_iter().find_map(file).into_iter().collect();
        }
        let Some((folder, start)) = text.rsplit_once('/').or(is_beside.then_some(("", text))) else {
            return Vec::new();
        };
        let is_named = folder.split('/').any(|part| !matches!(part, "" | "." | ".."));
        if !is_named && !is_beside && !text.starts_with('.') {
            return Vec::new();
        }
        let programs = self.manifests.entries();
        let inside = |dir: &str| -> Vec<ModuleId> {
            let Some(folder) = paths::join(dir, folder) else { return Vec::new() };
            let below =
                |path: &str| paths::below(path, &folder).filter(|name| name.starts_with(start)).map(str::to_owned);
            let is_loaded = |path: &str| {
                let Some(name) = below(path) else { return false };
                let stem = paths::without_extension(&name);
                let is_direct = !name.contains('/') || stem.ends_with("/index") && name.matches('/').count() == 1;
                let is_meant = is_direct || extent == Extent::Below && is_named;
                is_meant && programs.iter().all(|entry| entry.path != path)
            };
            let files = self.paths.range(folder.as_str()..).take_while(|(path, _)| path.starts_with(&*folder));
            let modules = files.filter(|(path, _)| is_loaded(path)).filter_map(|(_, (_, module))| *module);
            modules.filter(|module| *module != from).collect()
        };
        dirs.into_iter().map(inside).find(|found| !found.is_empty()).unwrap_or_default()
    }

    /// The modules whose paths a pattern names, seen from a module or, with a `/` in front, from its package. What stands behind
    /// a `!` is left out.
    pub(crate) fn modules_matching(&self, from: ModuleId, patterns: &[&str]) -> Vec<ModuleId> {
        let Some((Language::Script, own)) = self.modules.get(&from) else { return Vec::new() };
        let matcher = |pattern: &str| {
            let dir = if pattern.starts_with('/') { self.manifests.package_dir(own) } else { paths::parent(own) };
            let pattern = paths::join(dir, pattern.trim_start_matches('/'))?;
            Some(GlobBuilder::new(&pattern).literal_separator(true).build().ok()?.compile_matcher())
        };
        let meant: Vec<GlobMatcher> = patterns
            .iter()
            .filter(|pattern| !pattern.starts_with('!'))
            .filter_map(|pattern| matcher(pattern))
            .collect();
        let left_out: Vec<GlobMatcher> =
            patterns.iter().filter_map(|pattern| pattern.strip_prefix('!')).filter_map(matcher).collect();
        let is_loaded = |path: &str| {
            meant.iter().any(|glob| glob.is_match(path)) && !left_out.iter().any(|glob| glob.is_match(path))
        };
        let files = self.paths.iter().filter(|(path, _)| is_loaded(path));
        files.filter_map(|(_, (_, module))| *module).filter(|module| *module != from).collect()
    }

    pub(super) fn resolve_script(&self, from: &str, specifier: &str) -> Target {
        let specifier = specifier.split('?').next().unwrap_or_default();
        let dir = paths::parent(from);
        if specifier == "." || specifier == ".." || specifier.starts_with("./") || specifier.starts_with("../") {
            let found = paths::join(dir, specifier).and_then(|path| self.manifests.source_of(&path));
            return found.map_or(Target::Missing, |path| self.target_of(&path));
        }
        if specifier.starts_with('/') {
            return Target::Missing;
        }
        let found = if specifier.starts_with('#') { self.package_import(from, specifier) } else { None };
        let found = found.or_else(|| self.by_settings(dir, specifier)).or_else(|| self.by_package(from, specifier));
        match found.map(|path| self.target_of(&path)) {
            Some(target @ Target::Module(..)) => target,
            _ => Target::Library { specifier: self.as_listed(from, library_name(specifier)).into(), path: Vec::new() },
        }
    }

    /// A library's name as the manifest lists it. The folder of a package is found whatever the case of its letters where file
    /// systems do not tell those apart.
    fn as_listed(&self, from: &str, specifier: String) -> String {
        if !specifier.contains(char::is_uppercase) {
            return specifier;
        }
        let (name, rest) = split_package(&specifier);
        let listed = name.to_lowercase();
        let requires = |name: &str| self.manifests.requires(Language::Script, from, name);
        if requires(name) || !requires(&listed) { specifier } else { format!("{listed}{rest}") }
    }

    fn package_import(&self, from: &str, specifier: &str) -> Option<String> {
        let dir = self.manifests.package_dir(from);
        let package = self.manifests.npm.get(dir)?;
        matching(&package.imports, specifier).find_map(|path| self.manifests.source_of(&paths::join(dir, &path)?))
    }

    /// `paths` and `baseUrl` of the nearest compiler settings that have them.
    fn by_settings(&self, dir: &str, specifier: &str) -> Option<String> {
        for above in paths::upward(dir) {
            let below = |path: &str| paths::parent(path) == above;
            let configs = self.manifests.tsconfigs.iter().filter(|(path, _)| below(path));
            for config in configs.map(|(_, config)| config) {
                if let Some(found) = self.by_config(above, config, specifier) {
                    return Some(found);
                }
            }
        }
        None
    }

    fn by_config(&self, dir: &str, config: &TsConfig, specifier: &str) -> Option<String> {
        let base = paths::join(dir, config.base_url.as_deref().unwrap_or("."))?;
        let mut aliases: Vec<(String, String)> = Vec::new();
        for (pattern, targets) in &config.paths {
            aliases.extend(targets.iter().map(|target| (pattern.clone(), target.clone())));
        }
        let aliased =
            matching(&aliases, specifier).find_map(|path| self.manifests.source_of(&paths::join(&base, &path)?));
        let by_base = || {
            config.base_url.as_ref()?;
            self.manifests.script_file(&paths::join(&base, specifier)?)
        };
        aliased.or_else(by_base)
    }

    /// The package itself or another one of the scan, by name.
    fn by_package(&self, from: &str, specifier: &str) -> Option<String> {
        let (name, rest) = split_package(specifier);
        let own = self.manifests.package_dir(from);
        let dirs = self.packages.get(name)?;
        let dir = dirs.iter().find(|dir| **dir == own).or(dirs.first())?;
        let package = self.manifests.npm.get(*dir)?;
        let sub_path = format!(".{rest}");
        let exported = matching(&package.exports, &sub_path);
        let named = if rest.is_empty() { main_files(package) } else { vec![rest.trim_start_matches('/').to_owned()] };
        let usual =
            if rest.is_empty() { vec!["src/index".to_owned(), "index".to_owned()] } else { vec![format!("src{rest}")] };
        let mut candidates = exported.chain(named).chain(usual);
        candidates.find_map(|path| self.manifests.source_of(&paths::join(dir, &path)?))
    }
}

/// The name of a package, and what of it is meant.
fn split_package(specifier: &str) -> (&str, &str) {
    let slashes = if specifier.starts_with('@') { 2 } else { 1 };
    let end = specifier.match_indices('/').nth(slashes - 1).map_or(specifier.len(), |(at, _)| at);
    specifier.split_at(end)
}

fn main_files(package: &Package) -> Vec<String> {
    [&package.source, &package.module, &package.main].into_iter().flatten().cloned().collect()
}

/// The targets of the rows whose pattern (with at most one `*`) fits, the most specific pattern first.
fn matching(rows: &[(String, String)], specifier: &str) -> impl Iterator<Item = String> {
    let mut found: Vec<(usize, String)> = Vec::new();
    for (pattern, target) in rows {
        if let Some((before, after)) = pattern.split_once('*') {
            let middle = specifier.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
            if let Some(middle) = middle {
                found.push((before.len(), target.replace('*', middle)));
            }
        } else if pattern == specifier {
            found.push((usize::MAX, target.clone()));
        }
    }
    found.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
    found.into_iter().map(|(_, target)| target)
}

/// One name for the forms of a library's name: `node:fs` is `fs`, `npm:zod@3/v4` is `zod/v4`.
fn library_name(specifier: &str) -> String {
    if let Some(name) = specifier.strip_prefix("node:") {
        return name.to_owned();
    }
    let Some(name) = specifier.strip_prefix("npm:") else { return specifier.to_owned() };
    let name = name.trim_start_matches('/');
    let Some((scope, rest)) = name.get(1..).and_then(|rest| rest.find('@')).map(|at| name.split_at(at + 1)) else {
        return name.to_owned();
    };
    let path = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default();
    format!("{scope}{path}")
}
