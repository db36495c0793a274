//! The report as workflow commands of GitHub Actions: annotations at the lines of a pull request.
//!
//! GitHub shows ten annotations per level and step and drops the rest without a word. The most severe come first here, and
//! a summary line counts all.

use std::cmp::Reverse;
use std::fmt::Write as _;

use super::escape::{visible, workflow_data, workflow_property};
use super::{Report, Selection, count};
use crate::finding::{Finding, Level};

/// What GitHub shows of each level in one step.
const SHOWN_PER_LEVEL: usize = 10;

/// One command a finding, then a summary as plain text.
pub(crate) fn render(report: &Report, selection: &Selection<'_>) -> String {
    let mut findings = selection.shown.clone();
    // Sorting is stable: equal ones stay in the report's order.
    findings.sort_by_key(|finding| (Reverse(finding.level), Reverse(finding.confidence)));
    let mut res = String::new();
    for finding in &findings {
        command(&mut res, report, finding);
    }
    let n_unread = report.not_analysed.iter().filter(|file| !file.in_part).count();
    let of = |level: Level| findings.iter().filter(|finding| finding.level == level).count();
    let (errors, warnings, notes) = (of(Level::Error), of(Level::Warning), of(Level::Note));
    let _ = write!(
        res,
        "mcpleaks: {}, {}, {}{} in {}",
        count(errors, "error", "errors"),
        count(warnings, "warning", "warnings"),
        count(notes, "note", "notes"),
        if n_unread > 0 { format!(", {} not analysed,", count(n_unread, "file", "files")) } else { String::new() },
        count(report.files.analysed, "file", "files"),
    );
    if report.servers.is_empty() {
        let _ = write!(res, "; no MCP server found in {}", visible(&report.root_name));
    }
    if errors.max(warnings).max(notes) > SHOWN_PER_LEVEL {
        let _ = write!(res, "; GitHub shows {SHOWN_PER_LEVEL} annotations of each level, all are in this log");
    }
    res.push('\n');
    res
}

fn command(res: &mut String, report: &Report, finding: &Finding) {
    let name = match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "notice",
    };
    let _ = write!(res, "::{name} ");
    if let Some(file) = report.texts.get(finding.primary.loc.file) {
        let at = file.place(finding.primary.loc);
        let path = workflow_property(&format!("{}{}", report.path_prefix, file.path));
        let _ = write!(res, "file={path},line={},endLine={},", at.line, at.end_line);
        // GitHub refuses columns of a range over several lines.
        if at.line == at.end_line {
            let _ = write!(res, "col={},endColumn={},", at.column, at.end_column);
        }
    }
    let at = |loc| format!("{}{}", report.path_prefix, report.at(loc));
    let mut message = finding.message.clone();
    if finding.path.len() < 2 {
        let _ = write!(message, "\n{}", finding.primary.text);
    }
    for (n, step) in finding.path.iter().enumerate() {
        let _ = write!(message, "\n{}. {}: {}", n + 1, at(step.loc), step.text);
    }
    let reached = finding.reached.iter().map(|step| format!("{} {}", at(step.loc), step.text));
    let reached: Vec<String> = reached.collect();
    if let Some(phase) = finding.phase {
        let way = reached.join(", then ");
        let comma = if way.is_empty() { "" } else { ", " };
        let _ = write!(message, "\nreached: {way}{comma}{phase}");
    }
    if finding.servers.len() > 1 {
        let servers =
            finding.servers.iter().filter_map(|at| report.servers.get(*at)).map(|server| server.name.as_str());
        let _ = write!(message, "\nservers: {}", servers.collect::<Vec<_>>().join(", "));
    }
    if !finding.doubts.is_empty() {
        let _ = write!(message, "\nconfidence {}: {}", finding.confidence.word(), finding.doubts.join("; "));
    }
    let _ = write!(message, "\nhelp: {}", finding.help);
    let _ = writeln!(res, "title={}::{}", workflow_property(&finding.rule), workflow_data(&message));
}
