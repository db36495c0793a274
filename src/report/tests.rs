//! What each format makes of hand-made reports.

use super::human::{self, Detail, Style};
use super::{Report, Wanted, fingerprint, github, gitlab, json, junit, sample, sarif, servers};
use crate::catalogue::Catalogue;
use crate::finding::{Confidence, Level};

const PLAIN: Style = Style { colour: false, unicode: true, width: 100, detail: Detail::Normal };
const ALL: Wanted = Wanted { pedantic: false, level: Level::Note, confidence: Confidence::Low };

fn human(report: &Report, style: Style) -> String {
    human::render(report, &report.select(ALL), style)
}

fn sarif(report: &Report) -> String {
    sarif::render(report, &report.select(ALL), Catalogue::load().expect("loads"))
}

#[test]
fn human_report() {
    insta::assert_snapshot!(human(&sample::notes(), PLAIN));
}

#[test]
fn human_report_in_ascii_and_narrow() {
    insta::assert_snapshot!(human(&sample::notes(), Style { unicode: false, width: 60, ..PLAIN }));
}

#[test]
fn human_report_in_colour() {
    let text = human(&sample::notes(), Style { colour: true, ..PLAIN });
    assert!(text.starts_with("\u{1b}[1;31merror[stdout-write]\u{1b}[0m: `console.info`"), "{text}");
}

#[test]
fn human_report_of_findings_only() {
    let text = human(&sample::notes(), Style { detail: Detail::Quiet, ..PLAIN });
    assert!(text.contains("error[stdout-write]") && !text.contains("server  ") && !text.contains("analysed"), "{text}");
}

#[test]
fn human_report_of_long_lists_and_lines() {
    insta::assert_snapshot!(human(&sample::long(), PLAIN));
}

#[test]
fn human_report_without_a_server() {
    insta::assert_snapshot!(human(&sample::nothing(), PLAIN));
}

#[test]
fn human_report_of_hostile_text() {
    let text = human(&sample::hostile(), PLAIN);
    assert_harmless(&text);
    insta::assert_snapshot!(text);
}

#[test]
fn server_table() {
    insta::assert_snapshot!(servers::table(&sample::notes(), PLAIN));
    assert_harmless(&servers::table(&sample::hostile(), PLAIN));
}

#[test]
fn github_commands() {
    let report = sample::notes();
    insta::assert_snapshot!(github::render(&report, &report.select(ALL)));
}

#[test]
fn github_commands_of_hostile_text() {
    let report = sample::hostile();
    let text = github::render(&report, &report.select(ALL));
    assert_eq!(text.lines().count(), 2, "{text}");
    assert_eq!(text.lines().filter(|line| line.trim_start().starts_with("::")).count(), 1, "{text}");
    assert!(!text.contains("##["), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn github_says_that_annotations_are_cut() {
    let mut report = sample::notes();
    let one = report.findings.first().expect("has findings").clone();
    report.findings = vec![one; 11];
    let text = github::render(&report, &report.select(ALL));
    assert!(text.ends_with("in 41 files; GitHub shows 10 annotations of each level, all are in this log\n"), "{text}");
}

#[test]
fn json_document() {
    let report = sample::notes();
    let text = json::render(&report, &report.select(ALL)).replace(env!("CARGO_PKG_VERSION"), "VERSION");
    insta::assert_snapshot!(text);
}

#[test]
fn json_of_hostile_text_is_harmless_and_complete() {
    let report = sample::hostile();
    let text = json::render(&report, &report.select(ALL));
    assert!(!text.chars().any(|char| char != '\n' && super::escape::is_active(char)), "{text}");
    let value: serde_json::Value = serde_json::from_str(&text).expect("valid");
    assert_eq!(value["root"].as_str(), Some(report.root_name.as_str()));
}

#[test]
fn gitlab_issues_name_lines_and_differ() {
    let mut report = sample::notes();
    report.path_prefix = "packages/notes/".into();
    let one = report.findings[0].clone();
    report.findings.push(one);
    let text = gitlab::render(&report, &report.select(ALL));
    let issues: Vec<serde_json::Value> = serde_json::from_str(&text).expect("a list");
    assert_eq!(issues.len(), report.select(ALL).shown.len());
    let first = &issues[0];
    assert_eq!(first["check_name"], "stdout-write");
    assert_eq!(first["severity"], "critical");
    assert_eq!(first["location"]["path"], "packages/notes/src/db/connect.ts");
    assert_eq!(first["location"]["lines"]["begin"], 5);
    let prints: std::collections::BTreeSet<_> = issues.iter().map(|issue| issue["fingerprint"].to_string()).collect();
    assert_eq!(prints.len(), issues.len(), "{text}");
}

#[test]
fn junit_has_a_suite_for_each_rule() {
    let report = sample::notes();
    insta::assert_snapshot!(junit::render(&report, &report.select(ALL)).expect("it can be written"));
    let mut mended = sample::notes();
    mended.findings.clear();
    let text = junit::render(&mended, &mended.select(ALL)).expect("it can be written");
    assert!(text.contains("audit of 2 servers") && text.contains("failures=\"0\""), "{text}");
    let nothing = sample::nothing();
    let text = junit::render(&nothing, &nothing.select(ALL)).expect("it can be written");
    assert!(text.contains("<skipped message=\"no MCP server was found"), "{text}");
}

#[test]
fn gitlab_and_junit_of_hostile_text_are_harmless() {
    let report = sample::hostile();
    assert_harmless(&junit::render(&report, &report.select(ALL)).expect("it can be written"));
    assert_harmless(&gitlab::render(&report, &report.select(ALL)));
}

#[test]
fn sarif_results() {
    let value: serde_json::Value = serde_json::from_str(&sarif(&sample::notes())).expect("valid");
    let results = serde_json::to_string_pretty(&value["runs"][0]["results"]).expect("prints");
    insta::assert_snapshot!(results);
}

#[test]
fn sarif_rule_objects() {
    let value: serde_json::Value = serde_json::from_str(&sarif(&sample::notes())).expect("valid");
    let rules = value["runs"][0]["tool"]["driver"]["rules"].as_array().expect("a list").clone();
    assert_eq!(rules.len(), 16);
    for (at, result) in value["runs"][0]["results"].as_array().expect("a list").iter().enumerate() {
        let index = result["ruleIndex"].as_u64().and_then(|n| usize::try_from(n).ok()).expect("an index");
        assert_eq!(rules[index]["id"], result["ruleId"], "result {at}");
    }
}

#[test]
fn sarif_keeps_below_the_limits() {
    let mut report = sample::notes();
    let [error, warning, ..] = report.findings.as_slice() else { panic!("has findings") };
    let (error, warning) = (error.clone(), warning.clone());
    report.findings = vec![warning; 5_000];
    report.findings.push(error);
    let value: serde_json::Value = serde_json::from_str(&sarif(&report)).expect("valid");
    let results = value["runs"][0]["results"].as_array().expect("a list");
    assert_eq!(results.len(), 5_000);
    assert_eq!(results[0]["level"], "error");
    let notes = value["runs"][0]["invocations"][0]["toolExecutionNotifications"].to_string();
    assert!(notes.contains("1 finding of the lowest level and confidence left out"), "{notes}");
}

#[test]
fn sarif_keeps_all_paths_together_below_the_limit() {
    let mut report = sample::notes();
    let mut one = report.findings.get(1).expect("has a finding with a path").clone();
    one.path = one.path.iter().cycle().take(1_200).cloned().collect();
    one.reached.clear();
    one.related.clear();
    report.findings = vec![one; 101];
    let value: serde_json::Value = serde_json::from_str(&sarif(&report)).expect("valid");
    let results = value["runs"][0]["results"].as_array().expect("a list");
    let with_path = results.iter().filter(|result| result["codeFlows"].is_array()).count();
    assert_eq!((results.len(), with_path), (101, 100));
    let notes = value["runs"][0]["invocations"][0]["toolExecutionNotifications"].to_string();
    assert!(notes.contains("1 finding without path and related places"), "{notes}");
}

#[test]
fn sarif_keeps_below_the_size_that_is_taken() {
    let mut report = sample::notes();
    let warning = report.findings.get(1).expect("has findings").clone();
    report.findings.extend((0..400).map(|n: usize| {
        // Texts that hardly compress.
        let noise: String = (0..40).map(|at| format!("{:x}", (n * 7919 + at * 104_729 + 1).wrapping_pow(7))).collect();
        crate::finding::Finding { message: noise, level: crate::finding::Level::Note, ..warning.clone() }
    }));
    let selection = report.select(ALL);
    let catalogue = Catalogue::load().expect("loads");
    let whole = sarif::render(&report, &selection, catalogue);
    let gzip = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut encoder, text.as_bytes()).expect("memory");
        encoder.finish().expect("memory").len()
    };
    let max = gzip(&whole) / 2;
    let cut = sarif::render_within(&report, &selection, catalogue, max);
    assert!(gzip(&cut) <= max, "{} bytes, not {max}", gzip(&cut));
    let value: serde_json::Value = serde_json::from_str(&cut).expect("valid");
    let results = value["runs"][0]["results"].as_array().expect("a list");
    assert!(results.len() > 50 && results.len() < 400 && results[0]["level"] == "error", "{}", results.len());
    let notes = value["runs"][0]["invocations"][0]["toolExecutionNotifications"].to_string();
    let of_all: serde_json::Value = serde_json::from_str(&whole).expect("valid");
    let left_out = of_all["runs"][0]["results"].as_array().map_or(0, Vec::len) - results.len();
    assert!(notes.contains(&format!("{left_out} findings of the lowest level")), "{notes}");
    assert!(notes.contains("larger than code scanning takes"), "{notes}");
}

#[test]
fn sarif_says_that_a_path_was_cut() {
    let mut report = sample::notes();
    let one = report.findings.get_mut(1).expect("has a finding with a path");
    one.path = one.path.iter().cycle().take(1_200).cloned().collect();
    let value: serde_json::Value = serde_json::from_str(&sarif(&report)).expect("valid");
    let results = value["runs"][0]["results"].as_array().expect("a list");
    let steps = |result: &serde_json::Value| {
        result["codeFlows"][0]["threadFlows"][0]["locations"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(results.iter().map(steps).max(), Some(1_000));
    let notes = value["runs"][0]["invocations"][0]["toolExecutionNotifications"].to_string();
    assert!(notes.contains("1 finding with more steps or places than 1000"), "{notes}");
}

#[test]
fn sarif_rules_have_few_tags() {
    let value: serde_json::Value = serde_json::from_str(&sarif(&sample::notes())).expect("valid");
    for rule in value["runs"][0]["tool"]["driver"]["rules"].as_array().expect("a list") {
        let tags = rule["properties"]["tags"].as_array().expect("a list");
        // One that was cut would have all ten.
        assert!(tags.len() < 10 && tags.iter().all(|tag| tag.as_str().is_some_and(|tag| tag.len() < 64)), "{tags:?}");
    }
}

#[test]
fn any_span_of_any_text_can_be_drawn() {
    use crate::base::idx::Id;
    use crate::base::span::{FileId, Loc, Span};
    let long = "x日\t".repeat(90);
    for text in ["", "\n", "a", "a\r\nb\rc\n\n", "\u{feff}ä\u{1b}\t日\n  ", long.as_str()] {
        let ends = (0..text.len().min(16) + 3).chain([text.len(), text.len() + 9]);
        for (start, end) in ends.clone().flat_map(|start| ends.clone().map(move |end| (start, end))) {
            let mut report = sample::notes();
            report.texts.insert(FileId::new(0), "a.py", text);
            let loc = Loc { file: FileId::new(0), span: Span::new(start, end) };
            report.findings.truncate(1);
            for finding in &mut report.findings {
                finding.primary.loc = loc;
                finding.reached.clear();
            }
            let drawn = human(&report, PLAIN);
            assert!(drawn.contains("─[a.py:") && !drawn.contains("Failed to read"), "{text:?} {loc:?}\n{drawn}");
            let command = github::render(&report, &report.select(ALL));
            assert!(command.starts_with("::error file=a.py,line="), "{text:?} {loc:?}\n{command}");
        }
    }
}

/// Microsoft's validator, of which `tests/run` installs the Linux build, has nothing to say but notes.
#[cfg(target_os = "linux")]
#[test]
fn sarif_is_valid_for_the_multitool() {
    let target = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target");
    let tool = target.join("tools/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool");
    assert!(tool.is_file(), "the SARIF Multitool is missing: `tests/run` installs it below target/tools");
    let reports = [
        ("notes", sample::notes()),
        ("hostile", sample::hostile()),
        ("nothing", sample::nothing()),
        ("long", sample::long()),
    ];
    let mut command = std::process::Command::new(tool);
    command.env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1").args(["validate", "--rule-kind", "Sarif;Gh"]);
    for (name, report) in reports {
        let file = target.join(format!("{name}.sarif"));
        std::fs::write(&file, sarif(&report)).expect("target is writable");
        command.arg(file);
    }
    let out = command.output().expect("the multitool runs");
    let said = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success() && said.contains("Done. 4 files scanned."), "{said}");
    assert!(!said.contains(": error ") && !said.contains(": warning "), "{said}");
}

#[test]
fn fingerprints_ignore_places_and_tell_equal_statements_apart() {
    let mut report = sample::notes();
    let first = report.findings.first().expect("has findings").clone();
    report.findings.push(first);
    let prints = fingerprint::fingerprints(&report.findings.iter().collect::<Vec<_>>());
    let moved: Vec<_> = report
        .findings
        .iter()
        .cloned()
        .map(|mut finding| {
            finding.primary.loc.span.start += 7;
            finding
        })
        .collect();
    assert_eq!(prints, fingerprint::fingerprints(&moved.iter().collect::<Vec<_>>()));
    let different: std::collections::BTreeSet<_> = prints.iter().collect();
    assert_eq!(different.len(), prints.len());
}

/// No character a terminal acts on, no line that a log reader takes for a command.
fn assert_harmless(text: &str) {
    assert!(!text.chars().any(|char| char != '\n' && super::escape::is_active(char)), "{text}");
    assert!(!text.lines().any(|line| line.trim_start().starts_with("::")), "{text}");
    assert!(!text.contains("##["), "{text}");
}
