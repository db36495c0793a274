//! Puts `rules/**/*.toml` into a table of (path below `rules/`, content as JSON), so that the binary carries its rules and
//! models and reads them fast.
#![expect(clippy::expect_used, clippy::panic, reason = "a build script that fails stops the build")]

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

fn main() {
    let root = Path::new("rules");
    println!("cargo:rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(root).into_iter().filter_map(Result::ok) {
        let path = entry.path();
        if entry.file_type().is_dir() {
            println!("cargo:rerun-if-changed={}", path.display());
        } else if path.extension().is_some_and(|ext| ext == "toml") {
            println!("cargo:rerun-if-changed={}", path.display());
            let below = path.strip_prefix(root).expect("walked from root");
            files.push((below.to_string_lossy().replace('\\', "/"), json(path)));
        }
    }
    files.sort();
    let mut table = String::from("&[\n");
    for (name, json) in files {
        writeln!(table, "    ({name:?}, {json:?}),").expect("writing to a string");
    }
    table.push_str("]\n");
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out).join("rules.rs"), table).expect("OUT_DIR is writable");
}

fn json(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let value: toml::Table = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::to_string(&value).expect("TOML without dates is JSON")
}
