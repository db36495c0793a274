//! The macros that a program defines (`macro_rules!`), by name: a file that names one of another file needs its definition.
//!
//! The texts are scanned for them, and nothing is parsed: only what a file names is, where it is named. Definitions inside functions are
//! seen in their own file only, where the front end meets them.
//!
//! A macro is in scope by its place, as the language has it (in the modules inside the one that defines it, and where
//! `#[macro_use]` lets it out), or by its path. That it has to be defined above its use is not asked for.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::base::span::{Loc, Span};
use crate::base::{Symbol, embedded};
use crate::ir::program::Language;
use crate::source::files::SourceFile;
use crate::source::paths;
use crate::source::workspace::{Role, Workspace};

use super::scan::{skip, word_len};

/// What macros of libraries write: `rules/macros.toml`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(rename = "macro")]
    all: Vec<OfLibrary>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfLibrary {
    path: String,
    definition: String,
    /// Parts of names in `[< >]` are put together.
    #[serde(default)]
    joins: bool,
}

/// All definitions of a program.
#[derive(Debug, Default)]
pub(crate) struct Macros {
    defined: Vec<Defined>,
    by_name: BTreeMap<String, Vec<usize>>,
    /// By their paths.
    of_libraries: BTreeMap<String, usize>,
    /// The name in code of each package, by its folder.
    packages: BTreeMap<String, Option<String>>,
}

#[derive(Debug)]
pub(super) struct Defined {
    /// Where its name stands; nowhere in the program where it is a library's.
    pub(super) at: Option<Loc>,
    /// With its attributes.
    pub(super) text: String,
    /// It puts names together.
    pub(super) joins: bool,
    path: String,
    /// The folder whose files see it without a path.
    reach: Option<String>,
}

impl Macros {
    pub(crate) fn of(workspace: &Workspace) -> Self {
        let is_read =
            |file: &&SourceFile| file.dialect.language() == Language::Rust && workspace.roles[file.id] != Role::Test;
        let files = || workspace.files.iter().filter(is_read);
        let mut found: Vec<(&SourceFile, Vec<Found>)> = Vec::new();
        let mut let_out = BTreeSet::new();
        let mut res = Self::default();
        res.add_libraries(|name| files().any(|file| file.text.contains(name)));
        if !files().any(|file| file.text.contains(WORD)) {
            return res;
        }
        res.packages = packages(workspace);
        for file in files().filter(|file| file.text.contains(WORD) || file.text.contains(MACRO_USE)) {
            let mut scan = Scan::default();
            scan.read(&file.text);
            let dir = inner_dir(&file.path);
            let_out.extend(scan.modules.into_iter().map(|name| (dir.clone(), name)));
            found.push((file, scan.found));
        }
        for (file, definitions) in found {
            let reach = reach(&file.path, &let_out);
            for one in definitions {
                let Some(text) = file.text.get(one.start..one.end) else { continue };
                res.by_name.entry(one.name).or_default().push(res.defined.len());
                res.defined.push(Defined {
                    at: Some(Loc { file: file.id, span: one.at }),
                    text: text.to_owned(),
                    joins: false,
                    path: file.path.clone(),
                    reach: one.is_open.then(|| reach.clone()),
                });
            }
        }
        res
    }

    /// Those of libraries of which the program speaks.
    fn add_libraries(&mut self, is_named: impl Fn(&str) -> bool) {
        for one in embedded::read::<Written>("macros.toml").unwrap_or_default().all {
            let name = one.path.rsplit("::").next().unwrap_or_default();
            if is_named(name) {
                self.by_name.entry(name.to_owned()).or_default();
                self.of_libraries.insert(one.path, self.defined.len());
                let (path, text) = (String::new(), one.definition);
                self.defined.push(Defined { at: None, text, joins: one.joins, path, reach: None });
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.defined.is_empty()
    }

    pub(super) fn knows(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    pub(super) fn get(&self, at: usize) -> Option<&Defined> {
        self.defined.get(at)
    }

    /// Those that a file sees without a path, the nearest first.
    pub(super) fn in_scope(&self, path: &str, name: &str) -> Vec<usize> {
        let dir = inner_dir(path);
        let depth = |at: &usize| {
            let reach = self.defined[*at].reach.as_ref()?;
            let is_inside = reach.is_empty() || is_below(&dir, reach) || is_below(paths::parent(path), reach);
            (is_inside && self.package(path) == self.package(&self.defined[*at].path)).then_some(reach.len())
        };
        let named = self.by_name.get(name).into_iter().flatten();
        let mut res: Vec<usize> = named.copied().filter(|at| depth(at).is_some()).collect();
        res.sort_by_key(|at| std::cmp::Reverse(depth(at)));
        res
    }

    /// Those that a path in a file may mean. `is_own`: it begins at the crate, or at a module of it.
    pub(super) fn by_path(&self, file: &str, path: &[Symbol], is_own: bool) -> Vec<usize> {
        let [head, .., last] = path else { return Vec::new() };
        let package = match self.package(file) {
            Some((dir, own)) if is_own || own == Some(head.as_str()) => Some(dir),
            None if is_own => None,
            _ => match self.packages.iter().find(|(_, name)| name.as_deref() == Some(head.as_str())) {
                Some((dir, _)) => Some(dir.as_str()),
                None => return self.of_libraries.get(&path.join("::")).copied().into_iter().collect(),
            },
        };
        let is_in = |at: &usize| self.package(&self.defined[*at].path).map(|(dir, _)| dir) == package;
        let mut res: Vec<usize> =
            self.by_name.get(last.as_str()).into_iter().flatten().copied().filter(is_in).collect();
        // The module that the path names, if it names one.
        let module = path.get(path.len() - 2).map(Symbol::as_str).unwrap_or_default();
        if res.len() > 1 {
            res.sort_by_key(|at| paths::name(&inner_dir(&self.defined[*at].path)) != module);
        }
        res
    }

    /// The name by which a file calls the crate of a definition; `None` where it is its own.
    pub(super) fn crate_of(&self, at: usize, file: &str) -> Option<Symbol> {
        let defined = self.get(at)?;
        if defined.at.is_none() {
            let (path, _) = self.of_libraries.iter().find(|(_, other)| **other == at)?;
            return path.split("::").next().map(Into::into);
        }
        let package = self.package(&defined.path);
        if package == self.package(file) {
            return None;
        }
        package.and_then(|(_, name)| name).map(Into::into)
    }

    /// The folder of the package that a file belongs to, and the package's name in code.
    fn package(&self, path: &str) -> Option<(&str, Option<&str>)> {
        let found = paths::upward(paths::parent(path)).find_map(|dir| self.packages.get_key_value(dir));
        found.map(|(dir, name)| (dir.as_str(), name.as_deref()))
    }
}

fn packages(workspace: &Workspace) -> BTreeMap<String, Option<String>> {
    let cargo = workspace.manifests.cargo.iter();
    let name = |package: &crate::source::manifest::cargo::Package| {
        let own = package.lib.as_ref().map(|(name, _)| name.clone());
        own.or_else(|| package.name.as_ref().map(|name| name.replace('-', "_")))
    };
    cargo.map(|(dir, package)| (dir.clone(), name(package))).collect()
}

fn is_below(dir: &str, of: &str) -> bool {
    dir == of || dir.strip_prefix(of).is_some_and(|rest| rest.starts_with('/'))
}

/// The folder of the modules inside the one that a file is.
fn inner_dir(path: &str) -> String {
    let (dir, name) = (paths::parent(path), paths::name(path));
    if matches!(name, "main.rs" | "lib.rs" | "mod.rs") || paths::name(dir) == "bin" {
        return dir.to_owned();
    }
    let stem = paths::without_extension(name);
    if dir.is_empty() { stem.to_owned() } else { format!("{dir}/{stem}") }
}

/// The folder whose files see what a file defines: its own modules, and those of each module that `#[macro_use]` lets it out into.
fn reach(path: &str, let_out: &BTreeSet<(String, String)>) -> String {
    let mut dir = inner_dir(path);
    while !dir.is_empty() && let_out.contains(&(paths::parent(&dir).to_owned(), paths::name(&dir).to_owned())) {
        dir = paths::parent(&dir).to_owned();
    }
    dir
}

const WORD: &str = "macro_rules!";
const MACRO_USE: &str = "#[macro_use]";

/// A definition in a text.
struct Found {
    name: String,
    at: Span,
    start: usize,
    end: usize,
    /// No module written in the same file hides it.
    is_open: bool,
}

/// What one text defines.
#[derive(Default)]
struct Scan {
    found: Vec<Found>,
    /// Modules in files of their own that `#[macro_use]` stands at.
    modules: Vec<String>,
    /// The braces around: whose they are.
    open: Vec<Brace>,
    /// Where the attributes begin that stand in front of what comes next.
    attrs: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Brace {
    /// A module that lets its macros out.
    OpenModule,
    Module,
    Other,
}

impl Scan {
    fn read(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            let next = skip(bytes, at);
            if next > at {
                at = next;
                continue;
            }
            match byte {
                b'#' => {
                    self.attrs.get_or_insert(at);
                    at = past_attribute(bytes, at);
                    continue;
                }
                b'{' => self.open.push(Brace::Other),
                b'}' => {
                    self.open.pop();
                }
                b' ' | b'\n' | b'\t' | b'\r' => {
                    at += 1;
                    continue;
                }
                byte if byte.is_ascii_alphabetic() || byte == b'_' => {
                    let end = at + word_len(bytes, at);
                    at = match &bytes[at..end] {
                        b"macro_rules" => self.definition(text, at, end),
                        b"mod" => self.module(text, at, end),
                        b"pub" => {
                            at = past_visibility(bytes, end);
                            continue;
                        }
                        _ => end,
                    };
                    self.attrs = None;
                    continue;
                }
                _ => {}
            }
            self.attrs = None;
            at += 1;
        }
    }

    /// Reads `! name { … }` at `at`; gives where to go on.
    fn definition(&mut self, text: &str, start: usize, at: usize) -> usize {
        let bytes = text.as_bytes();
        let bang = past_space(bytes, at);
        let name = past_space(bytes, bang + 1);
        let end = name + word_len(bytes, name.min(bytes.len()));
        let body = past_space(bytes, end);
        if bytes.get(bang) != Some(&b'!') || end <= name || !matches!(bytes.get(body), Some(b'{' | b'(' | b'[')) {
            return at;
        }
        let mut close = past_pair(bytes, body);
        if bytes[body] != b'{' && bytes.get(past_space(bytes, close)) == Some(&b';') {
            close = past_space(bytes, close) + 1;
        }
        if self.open.iter().all(|brace| *brace != Brace::Other) {
            self.found.push(Found {
                name: text[name..end].to_owned(),
                at: Span::new(name, end),
                start: self.attrs.unwrap_or(start),
                end: close,
                is_open: self.open.iter().all(|brace| *brace == Brace::OpenModule),
            });
        }
        close
    }

    fn module(&mut self, text: &str, start: usize, at: usize) -> usize {
        let bytes = text.as_bytes();
        let name = past_space(bytes, at);
        let end = name + word_len(bytes, name.min(bytes.len()));
        let lets_out = self.attrs.is_some_and(|attrs| text[attrs..start].contains("macro_use"));
        let body = past_space(bytes, end);
        match bytes.get(body) {
            Some(b'{') => {
                self.open.push(if lets_out { Brace::OpenModule } else { Brace::Module });
                body + 1
            }
            _ => {
                if lets_out && self.open.is_empty() {
                    self.modules.push(text[name..end].to_owned());
                }
                body
            }
        }
    }
}

/// Behind white space and comments.
fn past_space(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        let next = if *byte == b'/' { skip(bytes, at) } else { at };
        if next > at {
            at = next;
        } else if byte.is_ascii_whitespace() {
            at += 1;
        } else {
            break;
        }
    }
    at
}

/// Behind the pair of brackets that opens at `at`.
fn past_pair(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while let Some(byte) = bytes.get(at) {
        let next = skip(bytes, at);
        if next > at {
            at = next;
            continue;
        }
        at += 1;
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
    }
    at
}

/// Behind `#[…]` or `#![…]`; behind the sign itself where it begins none.
fn past_attribute(bytes: &[u8], at: usize) -> usize {
    let at = if bytes.get(at + 1) == Some(&b'!') { at + 1 } else { at };
    if bytes.get(at + 1) == Some(&b'[') { past_pair(bytes, at + 1) } else { at + 1 }
}

/// Behind `(crate)`, if that is there.
fn past_visibility(bytes: &[u8], at: usize) -> usize {
    let next = past_space(bytes, at);
    if bytes.get(next) == Some(&b'(') { past_pair(bytes, next) } else { next }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_found_where_they_can_be_seen() {
        let text = "// macro_rules! no {}\n#[macro_use] mod far;\n#[macro_export]\nmacro_rules! one { () => {}; }\n\
                    fn f() { macro_rules! inner { () => {} } }\nmod m { macro_rules! two(($x:expr) => { \"}\" });\n}";
        let mut scan = Scan::default();
        scan.read(text);
        let found: Vec<_> =
            scan.found.iter().map(|one| (one.name.as_str(), one.is_open, &text[one.start..one.end])).collect();
        assert_eq!(
            found,
            [
                ("one", true, "#[macro_export]\nmacro_rules! one { () => {}; }"),
                ("two", false, "macro_rules! two(($x:expr) => { \"}\" });"),
            ]
        );
        assert_eq!(scan.modules, ["far"]);
    }

    #[test]
    fn a_macro_is_let_out_into_the_modules_around_it() {
        let let_out = BTreeSet::from([("src".into(), "log".into()), ("src/log".into(), "text".into())]);
        assert_eq!(reach("src/log/text.rs", &let_out), "src");
        assert_eq!(reach("src/log/mod.rs", &let_out), "src");
        assert_eq!(reach("src/tools.rs", &let_out), "src/tools");
    }
}
