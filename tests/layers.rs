//! The architecture as a test: which part of the program may use which, and that no library is named in code.
#![expect(clippy::expect_used, reason = "in a test a panic is a failed test")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What the parts may not use. `docs/architecture.md` has the table with reasons.
const FORBIDDEN: &[(&str, &[&str])] = &[
    ("git", &["ir", "lower", "models", "resolve", "flow", "rules", "report", "audit", "cli", "triage", "finding"]),
    ("base", &["source", "ir", "lower", "models", "resolve", "flow", "rules", "report", "audit", "cli", "finding"]),
    ("ir", &["source", "lower", "models", "resolve", "flow", "rules", "report", "audit", "cli", "finding"]),
    ("source", &["lower", "models", "resolve", "flow", "rules", "report", "audit", "cli"]),
    ("lower", &["models", "resolve", "flow", "rules", "report", "audit", "cli"]),
    ("models", &["lower", "resolve", "flow", "rules", "report", "audit", "cli"]),
    ("resolve", &["lower", "flow", "rules", "report", "audit", "cli"]),
    ("flow", &["lower", "rules", "report", "audit", "cli"]),
    ("rules", &["lower", "report", "audit", "cli"]),
    ("inspect", &["lower", "cli"]),
    ("triage", &["source", "ir", "lower", "models", "resolve", "flow", "rules", "audit", "cli"]),
    ("report", &["lower", "models", "resolve", "flow", "rules", "cli"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).into()
}

/// Each source file with the part it belongs to and its text.
fn sources() -> Vec<(String, String, String)> {
    let src = root().join("src");
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(&src).sort_by_file_name() {
        let entry = entry.expect("sources are readable");
        if entry.path().extension().is_some_and(|extension| extension == "rs") {
            let below =
                entry.path().strip_prefix(&src).expect("walked from there").to_string_lossy().replace('\\', "/");
            let part = below.split(['/', '.']).next().unwrap_or_default().to_owned();
            let text = std::fs::read_to_string(entry.path()).expect("sources are UTF-8");
            found.push((part, below, text));
        }
    }
    assert!(found.len() > 50, "the sources are found");
    found
}

#[test]
fn parts_use_only_what_is_below_them() {
    let mut wrong = Vec::new();
    for (part, file, text) in sources() {
        let Some((_, forbidden)) = FORBIDDEN.iter().find(|(name, _)| *name == part) else { continue };
        let is_test = file.contains("tests") || file.contains("sample");
        for (number, line) in (1..).zip(text.lines()) {
            let uses = forbidden.iter().find(|name| line.contains(&format!("crate::{name}::")));
            if let (Some(name), false) = (uses, is_test) {
                wrong.push(format!("{file}:{number} uses {name}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_front_ends_parse_and_only_main_touches_the_process() {
    let mut wrong = Vec::new();
    for (part, file, text) in sources() {
        if part != "lower" && (text.contains("use tree_sitter") || text.contains("use syn::")) {
            wrong.push(format!("{file} parses"));
        }
        if part != "main" && (text.contains("println!(") || text.contains("io::stdout()")) {
            wrong.push(format!("{file} prints"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn limits_stand_in_one_file() {
    let analysis = ["source", "ir", "lower", "models", "resolve", "flow", "audit"];
    let mut wrong = Vec::new();
    for (part, file, text) in sources() {
        // Which files are code is no limit; nor is from when on a set is kept as a hash table.
        let is_judgement = |line: &str| file == "source/classify.rs" || line.contains("MANY") || line.contains("EARLY");
        if !analysis.contains(&part.as_str()) {
            continue;
        }
        for (number, line) in (1..).zip(text.lines()) {
            let is_limit = line.contains("const MAX_") || line.contains("const MIN_") || line.contains("_DEPTH: usize");
            if is_limit && !is_judgement(line) {
                wrong.push(format!("{file}:{number}"));
            }
        }
    }
    assert!(wrong.is_empty(), "move to base/bounds.rs, each with its reason: {}", wrong.join(", "));
}

#[test]
fn no_library_is_named_in_code() {
    // Names that are ordinary words, or parts of the languages, say nothing of a library.
    const WORDS: &[&str] = &[
        "anyhow",
        "code",
        "console",
        "copy",
        "core",
        "http",
        "io",
        "json",
        "log",
        "module",
        "os",
        "path",
        "profile",
        "request",
        "requests",
        "rich",
        "serde",
        "signal",
        "queue",
        "std",
        "sys",
        "time",
        "url",
        "process",
        "globals",
        "fs",
        "events",
        "util",
        "timers",
        "stream",
        "streams",
        "net",
        "crypto",
        "typing",
        "warnings",
        "builtins",
        "dis",
        "logging",
        "secrets",
        "threading",
        "clap",
        "indicatif",
        "toml",
        "rayon",
        "mcp",
        "contextlib",
        "functools",
        "debug",
        "stringify",
        "node",
        "ora",
        "chalk",
        "click",
        "base64",
        "hmac",
        "traceback",
        "asyncio",
        "atexit",
        "subprocess",
        "tokio",
        "serde_json",
        "miette",
        "ignore",
        "sha2",
        "secrecy",
        "promise",
        "assert",
        "inspect",
        "deno",
        "collections",
        "operator",
        "string",
        "types",
    ];
    let models = walkdir::WalkDir::new(root().join("rules/models")).into_iter();
    let names: BTreeSet<String> = models
        .filter_map(|entry| {
            let path = entry.expect("models are readable").into_path();
            let is_model = path.extension().is_some_and(|extension| extension == "toml");
            is_model.then(|| path.file_stem().map(|stem| stem.to_string_lossy().into_owned()))?
        })
        .filter(|name| name.len() > 3 && !WORDS.contains(&name.as_str()))
        .collect();
    assert!(names.len() > 40, "models are found");
    let mut wrong = Vec::new();
    for (part, file, text) in sources() {
        if part == "models" || file.contains("tests") || file.contains("sample") {
            continue;
        }
        for (number, line) in (1..).zip(text.lines().take_while(|line| !line.contains("#[cfg(test)]"))) {
            let code = line.split("//").next().unwrap_or_default();
            let mut words = code.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-');
            // What analyses nothing may name a command of git.
            let is_command = |word: &str| matches!(part.as_str(), "cli" | "git") && word == "fetch";
            if let Some(word) = words.find(|word| names.contains(*word) && !is_command(word)) {
                wrong.push(format!("{file}:{number} names {word}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
