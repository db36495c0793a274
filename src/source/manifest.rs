//! What package manifests, lock files and compiler settings say, in the terms the analysis asks for.
//!
//! Manifests are read tolerantly: a field of an unexpected type is as good as missing, a file that can't be parsed is named
//! among the skipped ones. Versions are looked up nearest manifest first.

pub(crate) mod cargo;
pub(crate) mod compiled;
pub(crate) mod entries;
pub(crate) mod features;
pub(crate) mod lock;
pub(crate) mod npm;
pub(crate) mod python;
mod siblings;
pub(crate) mod started;
pub(crate) mod wrangler;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::base::idx::IndexVec;
use crate::base::span::FileId;
use crate::ir::program::Language;

use super::files::SourceFile;
use super::paths;
use super::version::{self, Allowed};
use super::workspace::{SkipReason, Skipped};

/// All manifests of the scan; the maps go by folder unless they say otherwise.
#[derive(Debug, Default)]
pub(crate) struct Manifests {
    pub(crate) npm: BTreeMap<String, npm::Package>,
    /// By path of the settings file.
    pub(crate) tsconfigs: BTreeMap<String, npm::TsConfig>,
    /// By path of the settings file.
    pub(crate) workers: BTreeMap<String, wrangler::Worker>,
    /// Folders of what Vercel hosts.
    pub(crate) hosted: BTreeSet<String>,
    /// Folders of projects for another runtime than the one that packages are made for.
    deno: BTreeSet<String>,
    pub(crate) python: BTreeMap<String, python::Project>,
    pub(crate) cargo: BTreeMap<String, cargo::Package>,
    /// Locked versions, by language and folder.
    pub(crate) locks: BTreeMap<(Language, String), lock::Lock>,
    /// Requirements that single Python files state in their own head, by path.
    pub(crate) scripts: BTreeMap<String, BTreeMap<String, String>>,
    /// Dockerfiles, compose files, service units and the like: path and text.
    pub(crate) deploy: Vec<(String, String)>,
    /// The names of the Python package that the scanned folder itself is, the outermost first.
    pub(crate) package: Vec<String>,
    /// The paths of all source files.
    pub(crate) sources: BTreeSet<String>,
}

/// The settings of what Vercel hosts. Files in the folder `api` beside it are functions, whatever the settings say.
const VERCEL: &str = "vercel.json";

/// The settings of projects for Deno.
const DENO: [&str; 3] = ["deno.json", "deno.jsonc", "jsr.json"];

/// What is known of the version of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum VersionInfo {
    /// A lock file has it.
    Exact(String),
    /// A manifest allows these.
    Range(String),
    None,
}

/// Is it a file that [`Manifests::parse`] wants to see?
pub(crate) fn is_manifest(path: &str) -> bool {
    let name = paths::name(path);
    let is_requirements = name.starts_with("requirements") && name.ends_with(".txt");
    let is_tsconfig = is_tsconfig(name);
    let is_wheel = paths::parent(path).ends_with(".dist-info") && matches!(name, "METADATA" | "entry_points.txt");
    let known = matches!(
        name,
        "package.json"
            | "pyproject.toml"
            | "setup.py"
            | "setup.cfg"
            | "Pipfile"
            | "Cargo.toml"
            | "jsconfig.json"
            | VERCEL
    );
    known
        || is_requirements
        || is_tsconfig
        || is_wheel
        || DENO.contains(&name)
        || lock::is_lock(name)
        || wrangler::is_settings(name)
        || is_deployment(name)
}

fn is_tsconfig(name: &str) -> bool {
    name == "jsconfig.json" || name.starts_with("tsconfig") && name.ends_with(".json")
}

fn is_deployment(name: &str) -> bool {
    let compose = name.starts_with("docker-compose") || name.starts_with("compose.");
    name.starts_with("Dockerfile")
        || name.ends_with(".Dockerfile")
        || compose && (name.ends_with(".yml") || name.ends_with(".yaml"))
        || name.ends_with(".service")
        || name.starts_with("ecosystem.config.")
}

impl Manifests {
    /// Reads the texts of all manifests, by path.
    pub(crate) fn parse(texts: &BTreeMap<String, String>, skipped: &mut Vec<Skipped>) -> Self {
        let mut res = Self::default();
        for (path, text) in texts {
            if let Err((line, what)) = res.parse_file(path, text) {
                skipped.push(Skipped { path: path.clone(), reason: SkipReason::BadManifest(line, what) });
            }
        }
        npm::link_extends(&mut res.tsconfigs);
        cargo::link_workspaces(&mut res.cargo);
        siblings::link(&mut res.python);
        res
    }

    fn parse_file(&mut self, path: &str, text: &str) -> Result<(), Fault> {
        let name = paths::name(path);
        let dir = paths::parent(path).to_owned();
        if is_deployment(name) {
            self.deploy.push((path.to_owned(), text.to_owned()));
        } else if let Some((language, lock)) = lock::parse(name, text)? {
            self.locks.entry((language, dir)).or_default().merge(lock);
        } else if is_tsconfig(name) {
            self.tsconfigs.insert(path.to_owned(), npm::parse_tsconfig(text)?);
        } else if wrangler::is_settings(name) {
            self.workers.insert(path.to_owned(), wrangler::parse(name, text)?);
        } else if name == VERCEL {
            self.hosted.insert(dir);
        } else if DENO.contains(&name) {
            self.deno.insert(dir);
        } else if name == "package.json" {
            self.npm.insert(dir, npm::parse_package(text)?);
        } else if name == "Cargo.toml" {
            self.cargo.insert(dir, cargo::parse(text)?);
        } else if dir.ends_with(".dist-info") {
            // The packages of an unpacked wheel stand beside its metadata folder.
            let project = self.python.entry(paths::parent(&dir).to_owned()).or_default();
            python::parse_wheel(name, text, project);
        } else {
            python::parse(name, text, self.python.entry(dir).or_default())?;
        }
        Ok(())
    }

    /// Is a script in a package, and in no project for Deno?
    pub(crate) fn is_of_package_only(&self, path: &str) -> bool {
        let is_in = |has: &dyn Fn(&str) -> bool| paths::upward(paths::parent(path)).any(has);
        is_in(&|dir| self.npm.contains_key(dir)) && !is_in(&|dir| self.deno.contains(dir))
    }

    /// Tells each source file of Rust which features it is built with.
    pub(crate) fn tell_features(&self, files: &mut IndexVec<FileId, SourceFile>) {
        let all = features::all(&self.cargo);
        for file in files.iter_mut().filter(|file| file.dialect.language() == Language::Rust) {
            if let Some(found) = paths::upward(paths::parent(&file.path)).find_map(|dir| all.get(dir)) {
                file.features = Arc::clone(found);
            }
        }
    }

    /// Takes note of the source files, which give Cargo its default targets and Python scripts their own requirements.
    pub(crate) fn add_sources(&mut self, files: &IndexVec<FileId, SourceFile>) {
        self.sources = files.iter().map(|file| file.path.clone()).collect();
        for (dir, package) in &mut self.cargo {
            package.find_targets(dir, &self.sources);
        }
        for file in files.iter().filter(|file| file.dialect.language() == Language::Python) {
            if let Some(requirements) = python::script_requirements(&file.text) {
                self.scripts.insert(file.path.clone(), requirements);
            }
        }
    }

    /// The files that `bin` of a package.json names: they may have no extension.
    pub(crate) fn bin_files(&self) -> impl Iterator<Item = String> {
        self.npm.iter().flat_map(|(dir, package)| package.bin.values().filter_map(|path| paths::join(dir, path)))
    }

    /// The commands that `bin` of a package.json makes of the file at `path`.
    pub(crate) fn commands(&self, path: &str) -> impl Iterator<Item = &str> {
        self.npm.iter().flat_map(move |(dir, package)| {
            let is_it = move |file: &String| paths::join(dir, file).is_some_and(|file| file == path);
            package.bin.iter().filter(move |(_, file)| is_it(file)).map(|(command, _)| command.as_str())
        })
    }

    /// The output folders that compiler settings name.
    pub(crate) fn out_dirs(&self) -> BTreeSet<String> {
        let dirs = self.tsconfigs.iter().filter_map(|(path, config)| {
            let dir = paths::join(paths::parent(path), config.out_dir.as_ref()?)?;
            // Output beside the sources is recognised file by file.
            let is_above = paths::upward(paths::parent(path)).any(|above| above == dir);
            (!is_above).then_some(dir)
        });
        dirs.collect()
    }

    /// The version of `package` that the file or folder `place` gets.
    pub(crate) fn versions(&self, language: Language, place: &str, package: &str) -> VersionInfo {
        let package = normalized(language, package);
        if let Some(range) = self.scripts.get(place).and_then(|own| own.get(&package)) {
            return VersionInfo::Range(range.clone());
        }
        let required = self.required(language, place, &package);
        for dir in paths::upward(place) {
            let Some(lock) = self.locks.get(&(language, dir.to_owned())) else { continue };
            let Some(versions) = lock.versions.get(&package) else { continue };
            if let Some(version) = only_version(language, versions, required) {
                return VersionInfo::Exact(version.clone());
            }
        }
        required.map_or(VersionInfo::None, |range| VersionInfo::Range(range.clone()))
    }

    /// Does a manifest above `place` ask for a feature of a package?
    pub(crate) fn asks_feature(&self, place: &str, package: &str, feature: &str) -> bool {
        let package = normalized(Language::Rust, package);
        let mut around = paths::upward(paths::parent(place)).filter_map(|dir| self.cargo.get(dir));
        around.any(|own| own.asks_feature(&package, feature))
    }

    /// The version of `package` as the manifest or lock file above `place` writes it.
    pub(crate) fn version_text(&self, language: Language, place: &str, package: &str) -> Option<String> {
        match self.versions(language, place, package) {
            VersionInfo::Exact(text) | VersionInfo::Range(text) => Some(text),
            VersionInfo::None => None,
        }
    }

    /// The folder around a file that is another version of the package around it: of the same name, with the same commands.
    /// Somebody unpacked it there to look at it.
    pub(crate) fn own_copy<'p>(&self, path: &'p str) -> Option<&'p str> {
        if self.npm.len() < 2 {
            return None;
        }
        let is_same = |one: &npm::Package, other: &npm::Package| {
            one.name.is_some() && one.name == other.name && !one.bin.is_empty() && one.bin == other.bin
        };
        paths::upward(paths::parent(path)).filter(|dir| !dir.is_empty()).find(|dir| {
            let inner = self.npm.get(*dir);
            let mut around = paths::upward(paths::parent(dir)).filter_map(|dir| self.npm.get(dir));
            inner.is_some_and(|inner| around.any(|outer| is_same(inner, outer)))
        })
    }

    /// Does a manifest name the file as an entry, or a function in it?
    pub(crate) fn is_entry(&self, path: &str) -> bool {
        self.entries().iter().any(|entry| entry.path == path)
    }

    /// Is it the root file of a crate: of a program, a library or an example?
    pub(crate) fn is_crate_root(&self, path: &str) -> bool {
        self.cargo.values().any(|package| {
            package.lib.iter().chain(&package.bins).chain(&package.examples).any(|(_, root)| root == path)
        })
    }

    /// Does the package around `place` name entries, so that a file that is none is an odd one?
    pub(crate) fn names_entries(&self, language: Language, place: &str) -> bool {
        let Some(dir) = paths::upward(place).find(|dir| match language {
            Language::Script => self.npm.contains_key(*dir),
            Language::Python => self.python.contains_key(*dir),
            Language::Rust => self.cargo.contains_key(*dir),
        }) else {
            return false;
        };
        let inside = |path: &str| paths::below(path, dir).is_some();
        self.entries().iter().any(|entry| entry.language == language && inside(&entry.path))
    }

    /// Does a manifest at or above `place` name `package` as a dependency?
    pub(crate) fn requires(&self, language: Language, place: &str, package: &str) -> bool {
        let package = normalized(language, package);
        let own = self.scripts.get(place).is_some_and(|own| own.contains_key(&package));
        own || self.required(language, place, &package).is_some()
    }

    fn required(&self, language: Language, place: &str, package: &str) -> Option<&String> {
        paths::upward(place).find_map(|dir| match language {
            Language::Script => self.npm.get(dir)?.dependencies.get(package),
            Language::Python => self.python.get(dir)?.dependencies.get(package),
            Language::Rust => self.cargo.get(dir)?.requirement(package),
        })
    }
}

/// What is wrong with a manifest: its line (0 when not known) and a sentence.
pub(crate) type Fault = (usize, String);

/// One spelling for the names that a registry takes for the same.
pub(crate) fn normalized(language: Language, package: &str) -> String {
    match language {
        Language::Script => package.to_owned(),
        Language::Python => {
            let parts = package.split(['-', '_', '.']).filter(|part| !part.is_empty());
            parts.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
        }
        Language::Rust => package.replace('-', "_"),
    }
}

/// The one locked version, or the only one of several that the manifest allows.
fn only_version<'v>(language: Language, versions: &'v BTreeSet<String>, range: Option<&String>) -> Option<&'v String> {
    if versions.len() == 1 {
        return versions.first();
    }
    let range = range?;
    let fits = |version: &&String| version::satisfies(language, version, range) == Allowed::Yes;
    let mut fitting = versions.iter().filter(fits);
    fitting.next().filter(|_| fitting.next().is_none())
}

/// Parses TOML; the fault names the line.
pub(crate) fn toml_table(text: &str) -> Result<toml::Table, Fault> {
    text.parse::<toml::Table>().map_err(|err| {
        let start = err.span().map_or(0, |span| span.start);
        let line = text.get(..start).map_or(0, |before| before.matches('\n').count() + 1);
        (line, err.message().to_owned())
    })
}

/// A text at the end of a path of table keys.
pub(crate) fn toml_at<'t>(table: &'t toml::Table, keys: &[&str]) -> Option<&'t toml::Value> {
    let (first, rest) = keys.split_first()?;
    rest.iter().try_fold(table.get(*first)?, |value, key| value.get(*key))
}
