//! Microsoft's SARIF Multitool has nothing to say against what the program writes for its fixtures. `tests/run` installs its Linux
//! build.
#![expect(clippy::expect_used, reason = "in a test a panic is a failed test")]
#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// Folders to scan: each case of each rule, and one without anything in it.
fn cases() -> Vec<PathBuf> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut res: Vec<_> = walkdir::WalkDir::new(&fixtures)
        .min_depth(2)
        .max_depth(2)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_dir() && !entry.path().starts_with(fixtures.join("lowering")))
        .map(walkdir::DirEntry::into_path)
        .collect();
    res.sort();
    let empty = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("sarif-empty");
    std::fs::create_dir_all(&empty).expect("target is writable");
    res.push(empty);
    res
}

#[test]
fn the_multitool_finds_no_fault() {
    let tool = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("target/tools/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool");
    assert!(tool.is_file(), "the SARIF Multitool is missing: `tests/run` installs it below target/tools");
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("sarif");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).expect("target is writable");
    }
    std::fs::create_dir_all(&folder).expect("target is writable");
    for (at, case) in cases().iter().enumerate() {
        let file = folder.join(format!("{at}.sarif"));
        let out = Command::new(env!("CARGO_BIN_EXE_mcpleaks"))
            .args(["--pedantic", "--format", "sarif", "--fail-on", "never", "--output"])
            .arg(&file)
            .arg(case)
            .output()
            .expect("the program runs");
        assert!(file.is_file(), "{}: {}", case.display(), String::from_utf8_lossy(&out.stderr));
    }
    let out = Command::new(tool)
        .env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1")
        .args(["validate", "--rule-kind", "Sarif;Gh"])
        .arg(folder.join("*.sarif"))
        .output()
        .expect("the multitool runs");
    let said = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success() && !said.contains(": error ") && !said.contains(": warning "), "{said}");
}
