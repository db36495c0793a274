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

/// Every report that the README shows is what the program prints for the command named with it: all of it, or a part without
/// a gap. Only the time that it takes is not compared. `UPDATE=1` rewrites the whole ones.
#[test]
fn the_readme_shows_real_reports() {
    const MARK: &str = "<!-- report";
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let file = root.join("README.md");
    let mut readme = std::fs::read_to_string(&file).expect("a README");
    let marks: Vec<usize> = readme.match_indices(MARK).map(|(at, _)| at).collect();
    assert!(marks.len() >= 2, "the README shows a part of the report, and the whole");
    for at in marks.into_iter().rev() {
        let (kind, rest) = readme[at + MARK.len()..].split_once(" -->").expect("the mark ends");
        let (is_whole, folder) = match kind.trim().split_once(' ') {
            Some(("whole", folder)) => (true, folder.to_owned()),
            Some(("part", folder)) => (false, folder.to_owned()),
            _ => panic!("`{kind}` is neither `whole FOLDER` nor `part FOLDER`"),
        };
        let start = readme.len() - rest.len() + rest.find("```text\n").expect("a block of text") + 8;
        let end = start + readme[start..].find("```").expect("the block ends");
        let mut program = Command::new(env!("CARGO_BIN_EXE_mcpleaks"));
        let out = program.current_dir(&root).arg(&folder).output().expect("the program runs");
        let real = without_time(&String::from_utf8(out.stdout).expect("UTF-8"));
        let shown = without_time(&readme[start..end]);
        if is_whole && std::env::var_os("UPDATE").is_some() {
            readme.replace_range(start..end, &real.replace("in N ms", "in 42 ms"));
        } else if is_whole {
            assert_eq!(shown, real, "the whole report of {folder}: run with UPDATE=1");
        } else {
            assert!(shown.lines().count() > 5 && real.contains(&shown), "shown:\n{shown}\nreal:\n{real}");
        }
    }
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, readme).expect("writable");
    }
}

/// The report with `in N ms` in its last line.
fn without_time(report: &str) -> String {
    match report.trim_end().rsplit_once(" in ") {
        Some((before, time)) if time.ends_with('s') && !time.contains('\n') => format!("{before} in N ms\n"),
        _ => report.to_owned(),
    }
}
