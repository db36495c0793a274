//! What kind of file is this, judging by its name, its first bytes and the files around it?

use std::collections::{BTreeMap, BTreeSet};

use super::files::Dialect;
use super::paths;
use super::workspace::SkipReason;

/// Hand-written lines are far shorter on average; data tables and bundles without line breaks are longer.
const MINIFIED_LINE: usize = 500;
/// A small file with one long line (an embedded key, a template) is no bundle.
const MINIFIED_FROM: usize = 20_000;
/// Generators put their mark above the code.
const HEADER_LINES: usize = 5;
/// Length of the start of a file in which NUL bytes mean binary.
const BINARY_HEAD: usize = 8_000;
/// More of them than a script writes as separators into its texts. The other languages allow none.
const MAX_NUL: usize = 4;

/// The dialect that a file name tells.
pub(crate) fn dialect_of_name(path: &str) -> Option<Dialect> {
    Some(match paths::extension(path) {
        "ts" | "mts" | "cts" => Dialect::TypeScript,
        "tsx" => Dialect::Tsx,
        "js" | "jsx" | "mjs" | "cjs" => Dialect::JavaScript,
        "py" | "pyw" => Dialect::Python,
        "rs" => Dialect::Rust,
        _ => return None,
    })
}

/// The dialect that a `#!` line tells, also through `env -S` and runners (`uv run`).
pub(crate) fn dialect_of_shebang(head: &[u8]) -> Option<Dialect> {
    let line = head.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let line = String::from_utf8_lossy(line);
    for word in line.split_whitespace() {
        let program = paths::name(word);
        let bare = program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        match bare {
            "node" | "nodejs" => return Some(Dialect::JavaScript),
            "deno" | "bun" | "tsx" | "ts-node" => return Some(Dialect::TypeScript),
            "python" | "uv" | "uvx" | "pypy" => return Some(Dialect::Python),
            _ => {}
        }
    }
    None
}

/// Is it a file of type declarations only?
pub(crate) fn is_declarations(path: &str) -> bool {
    [".d.ts", ".d.mts", ".d.cts"].iter().any(|end| path.ends_with(end))
}

/// Why the content of a source file says that there is nothing to read in it.
pub(crate) fn skip_by_content(path: &str, bytes: &[u8]) -> Option<SkipReason> {
    let n_nul = bytes.iter().take(BINARY_HEAD).filter(|byte| **byte == 0).count();
    let is_script = matches!(dialect_of_name(path), Some(Dialect::TypeScript | Dialect::Tsx | Dialect::JavaScript));
    if n_nul > MAX_NUL || n_nul > 0 && !(is_script && std::str::from_utf8(bytes).is_ok()) {
        return Some(SkipReason::Binary);
    }
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
    if paths::without_extension(path).ends_with(".min")
        || bytes.len() > MINIFIED_FROM && bytes.len() / lines > MINIFIED_LINE
    {
        return Some(SkipReason::Minified);
    }
    None
}

/// Does the file say above its code that a program wrote it?
pub(crate) fn is_generated(bytes: &[u8]) -> bool {
    let header = bytes.split(|byte| *byte == b'\n').take(HEADER_LINES);
    let is_mark = |line: &[u8]| {
        let line = String::from_utf8_lossy(line.get(..200).unwrap_or(line));
        let comment = line.trim_start().starts_with(['/', '*', '#']);
        comment && (line.contains("@generated") || line.to_ascii_uppercase().contains("DO NOT EDIT"))
    };
    header.into_iter().any(is_mark)
}

/// Which JavaScript files are compiled from TypeScript of the same package? A package that ships only its compiled form has none.
/// `packages` are the folders of package manifests, `out_dirs` the output folders that compiler settings name.
pub(crate) fn build_outputs<'p>(
    sources: &BTreeSet<&'p str>,
    packages: &BTreeSet<&str>,
    out_dirs: &BTreeSet<String>,
) -> BTreeSet<&'p str> {
    let written = |path: &&&str| matches!(paths::extension(path), "ts" | "tsx" | "mts" | "cts") && !is_side_file(path);
    let mut typed: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for path in sources.iter().filter(written) {
        typed.entry(package_of(paths::parent(path), packages)).or_default().push(path);
    }
    let mut verdicts: BTreeMap<&str, bool> = BTreeMap::new();
    let mut outputs = BTreeSet::new();
    for path in sources.iter().filter(|path| matches!(paths::extension(path), "js" | "mjs" | "cjs" | "jsx")) {
        let stem = paths::without_extension(path);
        let is_beside =
            ["ts", "tsx", "mts", "cts"].iter().any(|ext| sources.contains(format!("{stem}.{ext}").as_str()));
        let is_in_output = paths::upward(paths::parent(path)).filter(|dir| !dir.is_empty()).any(|dir| {
            let is_named = out_dirs.contains(dir);
            if !is_named && !matches!(paths::name(dir), "dist" | "build" | "out" | "lib") {
                return false;
            }
            *verdicts.entry(dir).or_insert_with(|| {
                let typed = typed.get(package_of(paths::parent(dir), packages)).map(Vec::as_slice).unwrap_or_default();
                is_output(dir, is_named, typed, sources)
            })
        });
        if is_beside || is_in_output {
            outputs.insert(*path);
        }
    }
    outputs
}

/// What programs are called.
const ENTRY_STEMS: [&str; 4] = ["index", "main", "server", "cli"];

/// `dist` is output where TypeScript stands beside it; the other names need a file compiled from one that is there.
fn is_output(dir: &str, is_named: bool, typed: &[&str], sources: &BTreeSet<&str>) -> bool {
    if typed.iter().any(|path| paths::below(path, dir).is_some()) {
        return false;
    }
    let inside = sources.iter().filter_map(|path| paths::below(path, dir)).map(paths::without_extension);
    let stems: BTreeSet<&str> = inside.collect();
    if is_named || paths::name(dir) == "dist" {
        return !typed.is_empty() && !has_only_entries_without_source(&stems, typed);
    }
    typed.iter().any(|path| {
        let stem = paths::without_extension(path);
        stems.contains(stem) || stem.match_indices('/').any(|(at, _)| stems.contains(stem.get(at + 1..).unwrap_or("")))
    })
}

/// Does the folder hold programs of which none was compiled from a file that is there? A package may ship some of its
/// TypeScript, and the rest compiled only.
fn has_only_entries_without_source(stems: &BTreeSet<&str>, typed: &[&str]) -> bool {
    let entries: Vec<&&str> = stems.iter().filter(|stem| ENTRY_STEMS.contains(*stem)).collect();
    let has_source = |stem: &str| typed.iter().any(|path| paths::name(paths::without_extension(path)) == stem);
    !entries.is_empty() && !entries.iter().any(|stem| has_source(stem))
}

/// Configuration and tests prove nothing about where the program's own code is.
fn is_side_file(path: &str) -> bool {
    is_declarations(path)
        || paths::without_extension(path).ends_with(".config")
        || super::workspace::Role::of(path) == super::workspace::Role::Test
}

fn package_of<'d>(dir: &'d str, packages: &BTreeSet<&str>) -> &'d str {
    paths::upward(dir).find(|dir| packages.contains(dir)).unwrap_or("")
}
