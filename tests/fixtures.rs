//! Every fixture project says, in comments on the lines, what is found there; every finding has its comment.
//!
//! - `expect: RULE` (also `RULE, RULE`): the rule's primary place is this line. `expect: RULE from q`: and its path starts at
//!   the line with `source: q`.
//! - `expect: RULE is note`: and its level is that; `is pedantic note`: and it is shown on request only; `is doubtful`: and its confidence is low, `is less sure`: medium;
//!   `is reached by search`: and the way of control to it names that function or tool (`several tools`, where none of them can be named),
//!   or the call that it is handed to.
//! - `off the way`: the path of no finding goes through this line.
//! - `expect-missing: RULE`: it should be found here and is not (yet). Fails when it is.
//! - `expect-spurious: RULE`: it is found here and should not be. Fails when it is not.
//!
//! All rules run on every fixture, pedantic ones too, so each fixture is a silence test for the other rules. Rules that fire
//! once a server and have nothing to do with a case are listed in `ASIDE`, and only checked where a comment names them.

#![expect(clippy::expect_used, reason = "in a test a panic is a failed test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Posture of the whole server; a fixture that is about one of them names it.
const ASIDE: [&str; 4] = ["unhandled-rejection", "audit-event-missing", "audit-event-incomplete", "redaction-missing"];

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone)]
struct Expected {
    file: String,
    line: u64,
    rule: String,
    from: Option<String>,
    /// Its level, after the word `pedantic` for what is shown on request only.
    grade: Option<String>,
}

#[derive(Default)]
struct Comments {
    expect: BTreeSet<Expected>,
    missing: BTreeSet<Expected>,
    spurious: BTreeSet<Expected>,
    sources: BTreeMap<String, (String, u64)>,
    /// Lines through which no path goes.
    off_way: BTreeSet<(String, u64)>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// The project folders: `fixtures/<rule>/<case>`, and the tour's three servers together.
fn cases() -> Vec<PathBuf> {
    let mut cases = vec![root().join("tour")];
    for rule in folders(&root()) {
        let name = rule.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name != "tour" && name != "lowering" {
            cases.extend(folders(&rule));
        }
    }
    cases
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = std::fs::read_dir(of)
        .expect("fixtures are readable")
        .map(|entry| entry.expect("fixtures are readable").path())
        .filter(|path| path.is_dir())
        .collect();
    all.sort();
    all
}

fn comments(case: &Path) -> Comments {
    let mut found = Comments::default();
    for entry in walkdir::WalkDir::new(case).sort_by_file_name() {
        let entry = entry.expect("fixtures are readable");
        let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
        let below = entry.path().strip_prefix(case).expect("walked from there");
        let file = below.to_string_lossy().replace('\\', "/");
        for (line, text) in (1..).zip(text.lines()) {
            line_comments(&file, line, text, &mut found);
        }
    }
    found
}

fn line_comments(file: &str, line: u64, text: &str, found: &mut Comments) {
    for (mark, list) in [
        ("expect: ", &mut found.expect),
        ("expect-missing: ", &mut found.missing),
        ("expect-spurious: ", &mut found.spurious),
    ] {
        let Some((_, said)) = text.split_once(mark) else { continue };
        for item in said.split(',') {
            let item = item.trim().trim_end_matches("*/").trim();
            let (rule, from) = match item.split_once(" from ") {
                Some((rule, from)) => (rule, Some(from.trim().to_owned())),
                None => (item, None),
            };
            let (rule, grade) = match rule.split_once(" is ") {
                Some((rule, grade)) => (rule, Some(grade.trim().to_owned())),
                None => (rule, None),
            };
            list.insert(Expected { file: file.into(), line, rule: rule.trim().into(), from, grade });
        }
    }
    if text.contains(" off the way") {
        found.off_way.insert((file.into(), line));
    }
    if let Some((_, name)) = text.split_once("source: ") {
        let name = name.split([',', ' ']).next().unwrap_or_default();
        found.sources.insert(name.into(), (file.into(), line));
    }
}

/// What a comment says of a finding whose confidence is low.
const DOUBTFUL: &str = "doubtful";

/// What a comment says of one whose confidence is medium.
const LESS_SURE: &str = "less sure";

/// What a comment says before the name of a function or tool by which the place is reached.
const REACHED: &str = "reached by ";

struct Reported {
    at: Expected,
    starts: Option<(String, u64)>,
    way: BTreeSet<(String, u64)>,
    confidence: String,
    /// The steps of control, as text.
    reached: String,
}

fn reported(case: &Path) -> Vec<Reported> {
    let out = Command::new(env!("CARGO_BIN_EXE_mcpleaks"))
        .args(["--format", "json", "--pedantic", "--fail-on", "never", "--min-confidence", "low"])
        .arg(case)
        .output()
        .expect("mcpleaks runs");
    let code = out.status.code();
    assert!(code == Some(0) || code == Some(3), "{}: {}", case.display(), String::from_utf8_lossy(&out.stderr));
    let report: serde_json::Value = serde_json::from_slice(&out.stdout).expect("JSON");
    let findings = report["findings"].as_array().cloned().unwrap_or_default();
    findings
        .iter()
        .map(|finding| {
            let place = |step: &serde_json::Value| {
                let at = &step["at"];
                Some((at["file"].as_str()?.to_owned(), at["line"].as_u64()?))
            };
            let (file, line) = place(&finding["primary"]).expect("a finding has a place");
            let rule = finding["rule"].as_str().unwrap_or_default().to_owned();
            let starts = finding["path"].get(0).and_then(place);
            let way = finding["path"].as_array().into_iter().flatten().filter_map(place).collect();
            let level = finding["level"].as_str().unwrap_or_default();
            let confidence = finding["confidence"].as_str().unwrap_or_default().to_owned();
            let on_request = if finding["pedantic"] == true { "pedantic " } else { "" };
            let grade = Some(format!("{on_request}{level}"));
            let reached = finding["reached"].to_string();
            Reported { at: Expected { file, line, rule, from: None, grade }, starts, way, confidence, reached }
        })
        .collect()
}

fn judge(case: &Path) -> Vec<String> {
    let comments = comments(case);
    let reported = reported(case);
    let mut faults = Vec::new();
    let found_at = |want: &Expected| {
        reported
            .iter()
            .find(|found| (&found.at.file, found.at.line, &found.at.rule) == (&want.file, want.line, &want.rule))
    };
    for want in &comments.expect {
        match found_at(want) {
            None => faults.push(format!("{}:{} expects {}, which is not found", want.file, want.line, want.rule)),
            Some(found) => {
                let is_as_said = match want.grade.as_deref() {
                    Some(DOUBTFUL) => found.confidence == "low",
                    Some(LESS_SURE) => found.confidence == "medium",
                    Some(said) if let Some(name) = said.strip_prefix(REACHED) => {
                        ["`{name}`", "{name}()", "handler of {name},", "handed to {name}", "registered by {name}"]
                            .iter()
                            .any(|form| found.reached.contains(&form.replace("{name}", name)))
                    }
                    Some(_) => want.grade == found.at.grade,
                    None => true,
                };
                if !is_as_said {
                    let (is, reached) = (&found.at.grade, &found.reached);
                    let said = want.grade.as_deref().unwrap_or_default();
                    faults.push(format!("{}:{} {} is {is:?}, not {said}; {reached}", want.file, want.line, want.rule));
                }
                let Some(name) = &want.from else { continue };
                let source = comments.sources.get(name);
                assert!(source.is_some(), "{}: no line has `source: {name}`", case.display());
                if found.starts.as_ref() != source {
                    faults.push(format!(
                        "{}:{} {} starts at {:?}, not at {source:?}",
                        want.file, want.line, want.rule, found.starts
                    ));
                }
            }
        }
    }
    for want in &comments.missing {
        if found_at(want).is_some() {
            faults.push(format!("{}:{} {} is found now: say `expect`", want.file, want.line, want.rule));
        }
    }
    for want in &comments.spurious {
        if found_at(want).is_none() {
            faults.push(format!("{}:{} {} is no longer found: remove the comment", want.file, want.line, want.rule));
        }
    }
    let named: BTreeSet<&str> =
        comments.expect.iter().chain(&comments.missing).map(|want| want.rule.as_str()).collect();
    for found in &reported {
        let at = &found.at;
        for (file, line) in found.way.intersection(&comments.off_way) {
            faults.push(format!("{}:{} {} is told by way of {file}:{line}", at.file, at.line, at.rule));
        }
        let known = |list: &BTreeSet<Expected>| {
            list.iter().any(|want| (&want.file, want.line, &want.rule) == (&at.file, at.line, &at.rule))
        };
        let aside = ASIDE.contains(&at.rule.as_str()) && !named.contains(at.rule.as_str());
        if !aside && !known(&comments.expect) && !known(&comments.spurious) {
            faults.push(format!("{}:{} {} is found and not expected", at.file, at.line, at.rule));
        }
    }
    faults
}

#[test]
fn findings_are_the_expected_ones() {
    let cases = cases();
    assert!(!cases.is_empty(), "there are fixtures");
    let mut wrong = String::new();
    for case in cases {
        let faults = judge(&case);
        if !faults.is_empty() {
            let name = case.strip_prefix(root()).expect("below fixtures").display().to_string();
            wrong.push_str(&format!("{name}\n  {}\n", faults.join("\n  ")));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}
