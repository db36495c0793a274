//! Lists `rules/**/*.toml` into a table of (path below `rules/`, text), so that the binary carries its rules and models.
#![expect(clippy::expect_used, reason = "a build script that fails stops the build")]

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

fn main() {
    let root = Path::new("rules");
    println!("cargo:rerun-if-changed={}", root.display());
    let mut table = String::from("&[\n");
    let files = walkdir::WalkDir::new(root).sort_by_file_name().into_iter().filter_map(Result::ok);
    for entry in files {
        let path = entry.path();
        if entry.file_type().is_dir() {
            println!("cargo:rerun-if-changed={}", path.display());
        } else if path.extension().is_some_and(|ext| ext == "toml") {
            println!("cargo:rerun-if-changed={}", path.display());
            let below = path.strip_prefix(root).expect("walked from root");
            let name = below.to_string_lossy().replace('\\', "/");
            let from = env::current_dir().expect("cargo sets the folder").join(path);
            writeln!(table, "    ({name:?}, include_str!({:?})),", from.display().to_string())
                .expect("writing to a string");
        }
    }
    table.push_str("]\n");
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out).join("rules.rs"), table).expect("OUT_DIR is writable");
}
