//! `docs/rules/<id>.md` is what the catalogue says. `UPDATE=1 cargo test --test docs` rewrites the pages.
#![expect(clippy::expect_used, reason = "in a test a panic is a failed test")]

use std::path::PathBuf;
use std::process::Command;

fn program(args: &[&str]) -> String {
    let out = Command::new(env!("CARGO_BIN_EXE_mcpleaks")).args(args).output().expect("the program runs");
    assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).expect("UTF-8")
}

fn rules() -> Vec<String> {
    let list: serde_json::Value = serde_json::from_str(&program(&["rules", "--format", "json"])).expect("valid");
    let rows = list["rules"].as_array().expect("a list");
    rows.iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
}

#[test]
fn rule_pages_are_the_catalogue_s() {
    let update = std::env::var_os("UPDATE").is_some();
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/rules");
    let mut wrong = Vec::new();
    for id in rules() {
        let page = folder.join(format!("{id}.md"));
        let text = program(&["explain", &id, "--markdown"]);
        if update {
            std::fs::write(&page, &text).expect("docs are writable");
        } else if std::fs::read_to_string(&page).ok().as_deref() != Some(text.as_str()) {
            wrong.push(id);
        }
    }
    assert!(wrong.is_empty(), "pages differ from the catalogue, run with UPDATE=1: {}", wrong.join(", "));
}

#[test]
fn no_page_is_left_of_a_rule_that_is_gone() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/rules");
    let rules = rules();
    for entry in std::fs::read_dir(folder).expect("docs are readable") {
        let path = entry.expect("docs are readable").path();
        let id = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        assert!(rules.contains(&id), "{} belongs to no rule", path.display());
    }
}

/// The report that the README shows is what the program prints on the tour.
#[test]
fn the_readme_shows_a_real_report() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).expect("a README");
    let (_, rest) = readme.split_once("<!-- report").expect("the README marks its report");
    let (_, rest) = rest.split_once("```text\n").expect("a block of text");
    let (shown, _) = rest.split_once("```").expect("the block ends");
    let out = Command::new(env!("CARGO_BIN_EXE_mcpleaks")).arg(root.join("fixtures/tour")).output();
    let real = String::from_utf8(out.expect("the program runs").stdout).expect("UTF-8");
    assert!(real.contains(shown), "the README shows:\n{shown}\nthe program prints:\n{real}");
}
