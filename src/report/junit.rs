//! The report as JUnit XML, which every CI server draws: a suite for each rule that found something, a failed case for each
//! finding. An audit that found nothing is one case that passed, because readers take an empty file for a broken one.

use std::collections::BTreeMap;

use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};

use super::escape::visible;
use super::{Report, Selection, count};
use crate::finding::Finding;

/// The document, with a line break at its end.
pub(crate) fn render(report: &Report, selection: &Selection<'_>) -> Result<String, String> {
    let mut by_rule: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in &selection.shown {
        by_rule.entry(&finding.rule).or_default().push(finding);
    }
    let mut document = Document::new("mcpleaks");
    for (rule, findings) in by_rule {
        let mut suite = TestSuite::new(visible(rule));
        suite.add_test_cases(findings.into_iter().map(|finding| failed(report, finding)));
        document.add_test_suite(suite);
    }
    if selection.shown.is_empty() {
        let mut suite = TestSuite::new("mcpleaks");
        suite.add_test_case(nothing(report));
        document.add_test_suite(suite);
    }
    let text = document.to_string().map_err(|err| format!("can't write JUnit XML: {err}"))?;
    Ok(text.trim_end().to_owned() + "\n")
}

/// Nothing found; where there was no server, nothing was looked at either.
fn nothing(report: &Report) -> TestCase {
    let servers = count(report.servers.len(), "server", "servers");
    if report.servers.is_empty() {
        let mut status = TestCaseStatus::skipped();
        status.set_message("no MCP server was found: nothing was examined");
        TestCase::new("audit", status)
    } else {
        TestCase::new(format!("audit of {servers}"), TestCaseStatus::success())
    }
}

fn failed(report: &Report, finding: &Finding) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_type(finding.level.word());
    status.set_message(visible(&finding.message));
    status.set_description(description(report, finding));
    let at = format!("{}{}", report.path_prefix, report.at(finding.primary.loc));
    let mut res = TestCase::new(visible(&at), status);
    if let Some(file) = report.texts.get(finding.primary.loc.file) {
        res.set_classname(visible(&format!("{}{}", report.path_prefix, file.path)));
        res.extra.insert("file".into(), visible(&format!("{}{}", report.path_prefix, file.path)).into());
        res.extra.insert("line".into(), file.place(finding.primary.loc).line.to_string().into());
    }
    res
}

/// Line breaks are ours alone: each part is made harmless by itself.
fn description(report: &Report, finding: &Finding) -> String {
    let at = |loc| format!("{}{}", report.path_prefix, report.at(loc));
    let mut parts = vec![format!("{}[{}] {}", finding.level.word(), finding.rule, at(finding.primary.loc))];
    let path = finding.path.iter().zip(1..);
    parts.extend(path.map(|(step, n)| format!("{n}. {}: {}", at(step.loc), step.text)));
    parts.extend(finding.reached.iter().map(|step| format!("reached: {} {}", at(step.loc), step.text)));
    if !finding.doubts.is_empty() {
        parts.push(format!("confidence {}: {}", finding.confidence.word(), finding.doubts.join("; ")));
    }
    parts.push(format!("help: {}", finding.help));
    parts.iter().map(|part| visible(part)).collect::<Vec<_>>().join("\n")
}
