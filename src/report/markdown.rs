//! The report as Markdown: the summary of a job, a comment on a pull request.

use std::fmt::Write as _;

use super::escape::visible;
use super::{Report, Selection, count};
use crate::finding::{Finding, Level};

/// GitHub takes a summary of 1 MiB and a comment of 65,536 characters: findings beyond this are a count.
const MAX_ROWS: usize = 100;

/// A heading with the counts, then a table for each server.
pub(crate) fn render(report: &Report, selection: &Selection<'_>) -> String {
    let mut out = String::from("## mcpleaks\n\n");
    let of = |level: Level| selection.shown.iter().filter(|finding| finding.level == level).count();
    let _ = writeln!(
        out,
        "{}, {}, {} in {} of {}.",
        count(of(Level::Error), "error", "errors"),
        count(of(Level::Warning), "warning", "warnings"),
        count(of(Level::Note), "note", "notes"),
        count(report.files.analysed, "file", "files"),
        count(report.servers.len(), "server", "servers"),
    );
    if report.servers.is_empty() {
        let _ = writeln!(out, "\n**No MCP server was found**: nothing was examined.");
    }
    let mut room = MAX_ROWS;
    for (at, server) in report.servers.iter().enumerate() {
        let is_own = |finding: &&&Finding| finding.servers.first() == Some(&at);
        let own: Vec<&&Finding> = selection.shown.iter().filter(is_own).collect();
        if own.is_empty() {
            continue;
        }
        let _ = writeln!(out, "\n### {} ({})\n", text(&server.name), text(&server.entry));
        table(&mut out, report, own.iter().take(room).map(|finding| **finding));
        room = room.saturating_sub(own.len());
    }
    let alone: Vec<&Finding> =
        selection.shown.iter().copied().filter(|finding| finding.servers.is_empty()).take(room).collect();
    if !alone.is_empty() {
        out.push('\n');
        table(&mut out, report, alone.into_iter());
    }
    if selection.shown.len() > MAX_ROWS {
        let _ = writeln!(out, "\n{} more are in the full report.", selection.shown.len() - MAX_ROWS);
    }
    let aside = [
        (selection.accepted.len(), "accepted by comments or the configuration"),
        (selection.known.len(), "known from the baseline"),
        (selection.earlier.len(), "there before the commits asked about"),
        (selection.pedantic, "on posture, shown with `--pedantic`"),
        (report.not_analysed.iter().filter(|file| !file.in_part).count(), "files not analysed"),
        (report.not_analysed.iter().filter(|file| file.in_part).count(), "files read in part"),
    ];
    let aside: Vec<String> = aside.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    if !aside.is_empty() {
        let _ = writeln!(out, "\nSet aside: {}.", aside.join(", "));
    }
    for remark in &report.remarks {
        let _ = writeln!(out, "\n- {}:{} {}", text(&remark.path), remark.line, text(&remark.text));
    }
    out
}

fn table<'a>(out: &mut String, report: &Report, findings: impl Iterator<Item = &'a Finding>) {
    out.push_str("| | place | what | to mend it |\n| --- | --- | --- | --- |\n");
    for finding in findings {
        let _ = writeln!(
            out,
            "| {} | {} | **{}**: {} | {} |",
            finding.level.word(),
            text(&report.at(finding.primary.loc)),
            text(&finding.rule),
            text(&finding.message),
            text(&finding.help),
        );
    }
}

/// Text of the audited program as plain Markdown: no links, no HTML, no table cells, no mentions.
fn text(raw: &str) -> String {
    let mut res = String::with_capacity(raw.len());
    // Without a partner a backtick starts no code.
    let has_code = raw.matches('`').count().is_multiple_of(2);
    let mut in_code = false;
    for char in visible(raw).chars() {
        in_code ^= has_code && char == '`';
        match char {
            '`' if !has_code => res.push_str("\\`"),
            '|' => res.push_str("\\|"),
            '\n' | '\r' => res.push(' '),
            char if in_code => res.push(char),
            '<' => res.push_str("&lt;"),
            '>' => res.push_str("&gt;"),
            '&' => res.push_str("&amp;"),
            '@' => res.push_str("&#64;"),
            '[' | ']' | '*' | '_' | '\\' | '!' | '#' | '~' => res.extend(['\\', char]),
            char => res.push(char),
        }
    }
    res
}
