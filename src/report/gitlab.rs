//! The report as GitLab reads it for code quality: findings at the lines of a merge request.
//!
//! GitLab knows a list of issues and nothing else, and tells old from new by the fingerprints, which have to differ.

use serde::Serialize;

use super::fingerprint::fingerprints;
use super::{Report, Selection, escape};
use crate::finding::{Finding, Level};

/// One issue, with the fields that GitLab reads.
#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: String,
    severity: &'static str,
    location: Place,
}

#[derive(Serialize)]
struct Place {
    /// From the root of the repository, with no `./` in front.
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

/// The list, with a line break at its end.
pub(crate) fn render(report: &Report, selection: &Selection<'_>) -> String {
    let prints = fingerprints(&selection.shown);
    let issues: Vec<_> =
        selection.shown.iter().zip(prints).filter_map(|(finding, print)| issue(report, finding, print)).collect();
    escape::json(&serde_json::to_string_pretty(&issues).unwrap_or_default()) + "\n"
}

fn issue<'a>(report: &Report, finding: &'a Finding, fingerprint: String) -> Option<Issue<'a>> {
    let file = report.texts.get(finding.primary.loc.file)?;
    let at = file.place(finding.primary.loc);
    let severity = match finding.level {
        Level::Error => "critical",
        Level::Warning => "major",
        Level::Note => "info",
    };
    let path = format!("{}{}", report.path_prefix, file.path);
    Some(Issue {
        description: format!("{}; to mend it: {}", finding.message, finding.help),
        check_name: &finding.rule,
        fingerprint,
        severity,
        location: Place { path, lines: Lines { begin: at.line, end: at.end_line } },
    })
}
