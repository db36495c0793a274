//! What there is to say of one line, for `mcpleaks explain FILE:LINE`.
//!
//! Everything that comes from the audited program passes `escape::visible` before it is written.

use std::fmt::Write as _;

use super::Report;
use super::escape::visible;
use super::human::Style;
use super::wrap::{MIN_WIDTH, wrap};
use crate::base::span::FileId;
use crate::finding::{Confidence, Finding, Persona, Settled, Step};

/// The answer, the findings of the line aside: those are in the report.
#[derive(Debug)]
pub(crate) struct LineReport {
    pub(crate) file: FileId,
    /// From 1.
    pub(crate) line: u32,
    pub(crate) text: String,
    /// For each server, whether and when the line runs there; or why nothing does.
    pub(crate) running: Vec<Running>,
    pub(crate) is_live: bool,
    pub(crate) calls: Vec<CallReport>,
    pub(crate) silent: Vec<Silent>,
}

/// One server, or what holds for all.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) text: String,
    /// The way from its entry.
    pub(crate) reached: Option<String>,
}

impl Running {
    pub(crate) fn of(text: impl Into<String>) -> Self {
        Self { text: text.into(), reached: None }
    }
}

/// One call: what it is, what it does, what reaches it.
#[derive(Debug)]
pub(crate) struct CallReport {
    pub(crate) what: String,
    pub(crate) details: Vec<String>,
    pub(crate) values: Vec<ValueReport>,
}

#[derive(Debug)]
pub(crate) struct ValueReport {
    /// As the source writes it.
    pub(crate) text: String,
    /// What it is made of, a phrase each.
    pub(crate) from: Vec<String>,
}

/// Rules that say nothing, and why.
#[derive(Debug)]
pub(crate) struct Silent {
    pub(crate) rules: Vec<&'static str>,
    pub(crate) why: String,
}

impl LineReport {
    pub(crate) fn new(file: FileId, line: u32, text: String) -> Self {
        Self { file, line, text, running: Vec::new(), is_live: false, calls: Vec::new(), silent: Vec::new() }
    }
}

/// The whole answer.
pub(crate) fn render(report: &Report, line: &LineReport, style: Style) -> String {
    let width = style.width.max(MIN_WIDTH);
    let mut out = String::new();
    let path = report.texts.get(line.file).map(|file| file.path.as_str()).unwrap_or_default();
    let head = format!("{path}:{}", line.line);
    let _ = writeln!(out, "{}   {}", visible(&head), visible(&line.text));
    out.push('\n');
    for running in &line.running {
        out.push_str(&wrap(&visible(&running.text), width, "", "  "));
        if let Some(reached) = &running.reached {
            out.push_str(&wrap(&visible(reached), width, "  reached: ", "    "));
        }
    }
    for call in &line.calls {
        out.push('\n');
        out.push_str(&wrap(&visible(&call.what), width, "", "  "));
        for detail in &call.details {
            out.push_str(&wrap(&visible(detail), width, "  ", "    "));
        }
        for value in &call.values {
            let from = value.from.iter().map(|from| visible(from)).collect::<Vec<_>>();
            let first = from.first().map(String::as_str).unwrap_or_default();
            out.push_str(&wrap(&format!("{} <- {first}", visible(&value.text)), width, "    ", "      "));
            for more in from.iter().skip(1) {
                out.push_str(&wrap(more, width, "      <- ", "      "));
            }
        }
    }
    findings(report, line, width, &mut out);
    if !line.silent.is_empty() {
        out.push_str("\nnot reported here\n");
        for silent in &line.silent {
            let text = format!("{}: {}", silent.rules.join(", "), visible(&silent.why));
            out.push_str(&wrap(&text, width, "  ", "    "));
        }
    }
    out
}

fn findings(report: &Report, line: &LineReport, width: usize, out: &mut String) {
    let is_here = |step: &Step| {
        step.loc.file == line.file
            && report.texts.get(line.file).is_some_and(|file| {
                let place = file.place(step.loc);
                place.line == line.line
            })
    };
    let (own, others): (Vec<&Finding>, Vec<&Finding>) = report
        .findings
        .iter()
        .filter(|finding| is_here(&finding.primary) || finding.path.iter().chain(&finding.related).any(is_here))
        .partition(|finding| is_here(&finding.primary));
    if !own.is_empty() {
        out.push_str("\nreported here\n");
    } else if line.is_live {
        out.push_str("\nnothing is reported here\n");
    }
    for finding in own {
        out.push_str(&wrap(&visible(&told(finding)), width, "  ", "    "));
    }
    if !others.is_empty() {
        out.push_str("\non the way of a finding elsewhere\n");
    }
    for finding in others {
        let at = report.at(finding.primary.loc);
        out.push_str(&wrap(&visible(&format!("{at} {}", told(finding))), width, "  ", "    "));
    }
}

fn told(finding: &Finding) -> String {
    let mut text = format!("{}[{}]: {}", finding.level.word(), finding.rule, finding.message);
    let _ = write!(text, "; confidence {}", finding.confidence.word());
    if finding.confidence < Confidence::High {
        let _ = write!(text, ": {}", finding.doubts.join("; "));
    }
    if finding.persona == Persona::Pedantic {
        text.push_str("; shown with --pedantic only");
    }
    match &finding.settled {
        Some(Settled::Accepted { by, reason }) => {
            let _ = write!(text, "; accepted by {by}: {reason}");
        }
        Some(Settled::Known) => text.push_str("; known from the baseline"),
        Some(Settled::Elsewhere | Settled::Earlier) | None => {}
    }
    text
}
