//! The printed IR of every file under `fixtures/lowering` is the one beside it (`case.ts` and `case.ts.ir`).
//! `UPDATE=1 cargo test --test lowering` rewrites them; read what changed.
#![expect(clippy::expect_used, reason = "in a test a panic is a failed test")]

use std::path::{Path, PathBuf};
use std::process::Command;

fn sources() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/lowering");
    let mut found: Vec<_> = walkdir::WalkDir::new(root)
        .into_iter()
        .map(|entry| entry.expect("fixtures are readable").into_path())
        .filter(|path| path.is_file() && path.extension().is_some_and(|ext| ext != "ir"))
        .collect();
    found.sort();
    found
}

fn printed(path: &Path) -> String {
    let out = Command::new(env!("CARGO_BIN_EXE_mcpleaks")).args(["debug", "ir"]).arg(path).output().expect("runs");
    assert!(out.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).expect("IR prints as UTF-8")
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".ir");
    name.into()
}

#[test]
fn printed_ir_is_the_recorded_one() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut wrong = Vec::new();
    let sources = sources();
    assert!(!sources.is_empty(), "there are lowering fixtures");
    for path in sources {
        let text = printed(&path);
        assert!(!text.lines().any(|line| line.starts_with("fault ")), "{}:\n{text}", path.display());
        if update {
            std::fs::write(beside(&path), &text).expect("fixtures are writable");
        } else if std::fs::read_to_string(beside(&path)).ok().as_deref() != Some(text.as_str()) {
            wrong.push(format!("{}\n{text}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "printed IR differs from the recorded one:\n{}", wrong.join("\n"));
}

/// `fixtures/lowering/same` is one program in three languages. Its IR is the same but for the names of types and of the
/// nameless function: what the passes know of one language they know of all.
#[test]
fn one_program_is_the_same_in_every_language() {
    const NAMES: [(&str, &str); 9] = [
        (": number)", ": NUMBER)"),
        (": int)", ": NUMBER)"),
        (": i64)", ": NUMBER)"),
        ("-> string\n", "-> TEXT\n"),
        ("-> str\n", "-> TEXT\n"),
        ("-> String\n", "-> TEXT\n"),
        ("Lambda fn2 show(", "Lambda fn2 NAMELESS("),
        ("Lambda fn2 <lambda>(", "Lambda fn2 NAMELESS("),
        ("Lambda fn2 <closure>(", "Lambda fn2 NAMELESS("),
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/lowering/same");
    let [script, python, rust] = ["ts", "py", "rs"].map(|extension| {
        let text = printed(&folder.join(format!("program.{extension}")));
        NAMES.iter().fold(text, |text, (spelling, name)| text.replace(spelling, name))
    });
    assert!(script.contains("NUMBER") && script.contains("TEXT") && script.contains("NAMELESS"), "{script}");
    assert_eq!(script, python, "TypeScript and Python");
    assert_eq!(script, rust, "TypeScript and Rust");
}
