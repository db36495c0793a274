//! Walks the scanned folders and reads what is in them.
//!
//! Follows `.gitignore` (also where there is no repository; not for manifests beside what it reads), skips hidden files,
//! dependencies and build output, and never follows symbolic links. Of the machine's own git settings it reads nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use crate::base::bounds::{MAX_FILE_BYTES, MAX_MANIFEST_BYTES};
use crate::base::idx::{Id as _, IndexVec};
use crate::base::span::FileId;

use super::files::{Dialect, SourceFile};
use super::manifest::{self, Manifests};
use super::workspace::{Role, SkipReason, Skipped, Workspace};
use super::{classify, imported, paths};

/// Enough for a `#!` line.
const SHEBANG_BYTES: u64 = 256;

/// What to read.
#[derive(Clone, Debug)]
pub(crate) struct WalkOptions {
    /// Read files that `.gitignore` excludes, too.
    pub(crate) no_ignore: bool,
    pub(crate) max_file_bytes: u64,
    /// How many threads read; 0 lets the machine decide.
    pub(crate) threads: usize,
}

impl Default for WalkOptions {
    fn default() -> Self {
        Self { no_ignore: false, max_file_bytes: MAX_FILE_BYTES, threads: 0 }
    }
}

/// Reads all source files and manifests at or below `roots`.
///
/// # Errors
/// When a root does not exist or there is none.
pub(crate) fn scan(roots: &[PathBuf], options: &WalkOptions) -> Result<Workspace, String> {
    let mut starts = Vec::new();
    for root in roots {
        starts.push(fs::canonicalize(root).map_err(|err| format!("can't read {}: {err}", root.display()))?);
    }
    starts.sort();
    starts.dedup();
    let root = common_folder(&starts).ok_or("nothing to scan")?;
    let mut listing = Listing::default();
    for start in &starts {
        listing.walk(&root, start, options);
    }
    if !options.no_ignore {
        listing.add_ignored_manifests();
    }
    let Listing { found, skipped, dirs } = listing;
    let mut workspace = Workspace { root, skipped, skipped_dirs: dirs, ..Workspace::default() };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads).build();
    match pool {
        Ok(pool) => pool.install(|| read(&found, options, &mut workspace)),
        Err(_) => read(&found, options, &mut workspace),
    }
    workspace.skipped.sort();
    workspace.skipped.dedup();
    workspace.manifests.package = package_at(&workspace.root);
    Ok(workspace)
}

/// The names by which code imports the Python package that a folder is: `notes`, `tools` for `src/notes/tools`.
fn package_at(folder: &Path) -> Vec<String> {
    let is_package = |folder: &&Path| folder.join("__init__.py").is_file();
    let folders = folder.ancestors().take_while(is_package);
    let mut names: Vec<String> =
        folders.filter_map(Path::file_name).map(|name| name.to_string_lossy().into_owned()).collect();
    names.reverse();
    names
}

fn common_folder(starts: &[PathBuf]) -> Option<PathBuf> {
    let folder =
        |path: &PathBuf| if path.is_file() { path.parent().map(Path::to_path_buf) } else { Some(path.clone()) };
    let mut common = folder(starts.first()?)?;
    for start in starts {
        while !start.starts_with(&common) {
            common = common.parent()?.to_path_buf();
        }
    }
    Some(common)
}

/// The files below the roots, before any is read.
#[derive(Default)]
struct Listing {
    /// Where each file is, by its path in the scan.
    found: BTreeMap<String, PathBuf>,
    skipped: Vec<Skipped>,
    dirs: BTreeMap<&'static str, usize>,
}

impl Listing {
    fn walk(&mut self, root: &Path, start: &Path, options: &WalkOptions) {
        let counts: Arc<Mutex<BTreeMap<PathBuf, &'static str>>> = Arc::default();
        let seen = Arc::clone(&counts);
        let enter = move |path: &Path, depth: usize, is_dir: bool| {
            if depth == 0 {
                return true;
            }
            if let Some(kind) = is_dir.then(|| closed_folder(path)).flatten() {
                seen.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_path_buf(), kind);
                return false;
            }
            !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
        };
        if options.no_ignore {
            let walk = walkdir::WalkDir::new(start).follow_links(false).into_iter();
            for entry in walk.filter_entry(move |entry| enter(entry.path(), entry.depth(), entry.file_type().is_dir()))
            {
                match entry {
                    Ok(entry) => self.add(root, entry.path(), entry.file_type().is_file()),
                    Err(err) => self.unreadable(root, err.path(), &err.to_string()),
                }
            }
        } else {
            let in_repository = start.ancestors().any(|dir| dir.join(".git").exists());
            let mut builder = ignore::WalkBuilder::new(start);
            // Outside a repository an ignore file above the scan (a home folder's `*`) is about something else.
            builder.hidden(false).require_git(false).git_global(false).parents(in_repository).follow_links(false);
            builder.filter_entry(move |entry| {
                enter(entry.path(), entry.depth(), entry.file_type().is_some_and(|kind| kind.is_dir()))
            });
            for entry in builder.build() {
                match entry {
                    Ok(entry) => self.add(root, entry.path(), entry.file_type().is_some_and(|kind| kind.is_file())),
                    Err(err) => self.unreadable(root, None, &err.to_string()),
                }
            }
        }
        for kind in counts.lock().unwrap_or_else(PoisonError::into_inner).values() {
            *self.dirs.entry(kind).or_default() += 1;
        }
    }

    fn add(&mut self, root: &Path, path: &Path, is_file: bool) {
        if is_file && let Some(name) = relative(root, path) {
            self.found.insert(name, path.to_path_buf());
        }
    }

    /// Manifests in the folders of what was found, and in those around them inside the scan: git ignores only what nobody added
    /// to it, so that a `package.json` which `*.json` names belongs to the project all the same.
    fn add_ignored_manifests(&mut self) {
        let folders: BTreeSet<(String, PathBuf)> = self
            .found
            .iter()
            .filter(|(name, _)| classify::dialect_of_name(name).is_some())
            .flat_map(|(name, path)| {
                paths::upward(paths::parent(name)).map(str::to_owned).zip(path.ancestors().skip(1))
            })
            .map(|(name, path)| (name, path.to_path_buf()))
            .collect();
        for (folder, path) in folders {
            for entry in fs::read_dir(path).into_iter().flatten().flatten() {
                let file_name = entry.file_name().to_string_lossy().into_owned();
                let Some(name) = paths::join(&folder, &file_name) else { continue };
                let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
                if is_file && manifest::is_manifest(&name) && classify::dialect_of_name(&name).is_none() {
                    self.found.entry(name).or_insert_with(|| entry.path());
                }
            }
        }
    }

    fn unreadable(&mut self, root: &Path, path: Option<&Path>, what: &str) {
        let name = path.and_then(|path| relative(root, path)).unwrap_or_default();
        // The text of the error names the absolute path, which has no place in a report.
        let what = what.replace(&root.display().to_string(), ".");
        self.skipped.push(Skipped { path: name, reason: SkipReason::Unreadable(what) });
    }
}

fn relative(root: &Path, path: &Path) -> Option<String> {
    let parts: Vec<_> = path.strip_prefix(root).ok()?.iter().map(|part| part.to_string_lossy()).collect();
    Some(parts.join("/"))
}

/// What a folder is that is never entered.
fn closed_folder(path: &Path) -> Option<&'static str> {
    let name = path.file_name()?.to_str()?;
    let beside = |file: &str| path.parent().is_some_and(|dir| dir.join(file).exists());
    Some(match name {
        "node_modules" => "node_modules",
        "bower_components" => "bower_components",
        ".git" => ".git",
        ".venv" | "venv" | "site-packages" => "virtual environment",
        "__pycache__" => "__pycache__",
        "coverage" | "htmlcov" if !path.join("__init__.py").exists() && !path.join("mod.rs").exists() => "coverage",
        "target" if beside("Cargo.toml") => "target",
        _ if path.join("pyvenv.cfg").exists() => "virtual environment",
        _ => return None,
    })
}

fn read(found: &BTreeMap<String, PathBuf>, options: &WalkOptions, workspace: &mut Workspace) {
    let texts = read_manifests(found, &mut workspace.skipped);
    let mut manifests = Manifests::parse(&texts, &mut workspace.skipped);
    let bins: BTreeSet<String> = manifests.bin_files().collect();
    let dialects: BTreeMap<&str, Dialect> = found
        .par_iter()
        .filter_map(|(name, path)| Some((name.as_str(), dialect(name, path, bins.contains(name))?)))
        .collect();
    let mut wanted: BTreeSet<&str> = BTreeSet::new();
    for name in dialects.keys() {
        if classify::is_declarations(name) {
            workspace.skipped.push(Skipped { path: (*name).into(), reason: SkipReason::Declarations });
        } else {
            wanted.insert(name);
        }
    }
    let packages = manifests.npm.keys().map(String::as_str).collect();
    let outputs = classify::build_outputs(&wanted, &packages, &manifests.out_dirs());
    for name in outputs {
        wanted.remove(name);
        workspace.skipped.push(Skipped { path: name.into(), reason: SkipReason::BuildOutput });
    }
    let texts: Vec<_> = wanted
        .par_iter()
        .filter_map(|name| Some((*name, *dialects.get(name)?, read_source(name, found.get(*name)?, options))))
        .collect();
    let mut files: IndexVec<FileId, SourceFile> = IndexVec::new();
    for (name, dialect, text) in texts {
        match text {
            Ok(Text { is_generated: true, .. }) if Role::of(name) == Role::Test => {
                workspace.skipped.push(Skipped { path: name.into(), reason: SkipReason::Generated });
            }
            Ok(Text { text, is_exact, is_generated }) => {
                if !is_exact {
                    workspace.skipped.push(Skipped { path: name.into(), reason: SkipReason::NotUtf8 });
                }
                let id = FileId::new(files.len());
                if is_generated {
                    workspace.generated.insert(id);
                }
                files.push(SourceFile { id, path: name.into(), dialect, text, features: Arc::default() });
            }
            Err(reason) => workspace.skipped.push(Skipped { path: name.into(), reason }),
        }
    }
    let role = |path: &str| match Role::of(path) {
        Role::Source if manifests.own_copy(path).is_some() => Role::Example,
        role => role,
    };
    workspace.roles = files.iter().map(|file| role(&file.path)).collect();
    imported::take_in(&files, &mut workspace.roles);
    manifests.add_sources(&files);
    manifests.tell_features(&mut files);
    workspace.files = files;
    workspace.manifests = manifests;
    workspace.add_folders();
}

fn read_manifests(found: &BTreeMap<String, PathBuf>, skipped: &mut Vec<Skipped>) -> BTreeMap<String, String> {
    let wanted: Vec<_> = found.iter().filter(|(name, _)| manifest::is_manifest(name)).collect();
    let texts: Vec<_> = wanted.par_iter().map(|(name, path)| (*name, read_limited(path, MAX_MANIFEST_BYTES))).collect();
    let mut res = BTreeMap::new();
    for (name, bytes) in texts {
        match bytes {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes);
                res.insert(name.clone(), text.trim_start_matches('\u{feff}').to_owned());
            }
            Err(reason) => skipped.push(Skipped { path: name.clone(), reason }),
        }
    }
    res
}

fn dialect(name: &str, path: &Path, is_bin: bool) -> Option<Dialect> {
    if let Some(dialect) = classify::dialect_of_name(name) {
        return Some(dialect);
    }
    if !paths::extension(name).is_empty() {
        return None;
    }
    let mut head = Vec::new();
    fs::File::open(path).ok()?.take(SHEBANG_BYTES).read_to_end(&mut head).ok()?;
    let by_line = classify::dialect_of_shebang(&head);
    by_line.or((is_bin && !head.starts_with(b"#!") && !head.contains(&0)).then_some(Dialect::JavaScript))
}

struct Text {
    text: String,
    /// Is it what the file holds byte for byte?
    is_exact: bool,
    is_generated: bool,
}

fn read_source(name: &str, path: &Path, options: &WalkOptions) -> Result<Text, SkipReason> {
    let bytes = read_limited(path, options.max_file_bytes)?;
    if let Some(reason) = classify::skip_by_content(name, &bytes) {
        return Err(reason);
    }
    let is_generated = classify::is_generated(&bytes);
    Ok(match String::from_utf8(bytes) {
        Ok(text) => Text { text, is_exact: true, is_generated },
        Err(err) => {
            let text = String::from_utf8_lossy(err.as_bytes()).into_owned();
            Text { text, is_exact: false, is_generated }
        }
    })
}

fn read_limited(path: &Path, limit: u64) -> Result<Vec<u8>, SkipReason> {
    let unreadable = |err: std::io::Error| SkipReason::Unreadable(err.kind().to_string());
    let file = fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > limit { Err(SkipReason::TooLarge) } else { Ok(bytes) }
}
