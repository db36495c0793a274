//! The report for programs: a documented shape with a version (`docs/json.md`). Fields may be added to version 1, never
//! removed or changed.

use serde::Serialize;

use super::fingerprint::fingerprints;
use super::{Report, Selection, Server, escape};
use crate::base::span::Loc;
use crate::finding::{Finding, Persona, Step};

const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    tool: Tool,
    root: &'a str,
    summary: Summary,
    servers: Vec<ServerJson<'a>>,
    findings: Vec<FindingJson<'a>>,
    not_analysed: Vec<LeftOut<'a>>,
    hints: &'a [String],
    remarks: Vec<RemarkJson<'a>>,
}

#[derive(Serialize)]
struct RemarkJson<'a> {
    path: &'a str,
    line: u32,
    text: &'a str,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Summary {
    errors: usize,
    warnings: usize,
    notes: usize,
    hidden_pedantic: usize,
    hidden_below: usize,
    accepted: usize,
    in_baseline: usize,
    elsewhere: usize,
    earlier: usize,
    files_analysed: usize,
    lines_analysed: usize,
    test_files: usize,
}

#[derive(Serialize)]
struct ServerJson<'a> {
    name: &'a str,
    language: &'a str,
    sdk: Option<&'a str>,
    entry: &'a str,
    entry_how: &'a str,
    transports: Vec<TransportJson<'a>>,
    handlers: Vec<HandlerJson<'a>>,
    files: Vec<&'a str>,
}

#[derive(Serialize)]
struct TransportJson<'a> {
    kind: &'static str,
    how: &'a str,
    at: Option<PlaceJson<'a>>,
}

#[derive(Serialize)]
struct HandlerJson<'a> {
    kind: &'static str,
    name: Option<&'a str>,
    args: &'a [String],
    at: Option<PlaceJson<'a>>,
}

#[derive(Serialize)]
struct FindingJson<'a> {
    rule: &'a str,
    level: &'static str,
    confidence: &'static str,
    doubts: &'a [String],
    pedantic: bool,
    message: &'a str,
    help: &'a str,
    primary: StepJson<'a>,
    path: Vec<StepJson<'a>>,
    reached: Vec<StepJson<'a>>,
    phase: Option<&'a str>,
    related: Vec<StepJson<'a>>,
    servers: Vec<&'a str>,
    function: &'a str,
    fingerprint: String,
}

#[derive(Serialize)]
struct StepJson<'a> {
    text: &'a str,
    at: Option<PlaceJson<'a>>,
}

/// Lines and columns from 1, columns in characters, the end exclusive.
#[derive(Serialize)]
struct PlaceJson<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

#[derive(Serialize)]
struct LeftOut<'a> {
    path: &'a str,
    reason: &'a str,
    in_part: bool,
}

/// The document, with a line break at its end.
pub(crate) fn render(report: &Report, selection: &Selection<'_>) -> String {
    let prints = fingerprints(&selection.shown);
    let findings = selection.shown.iter().zip(prints).map(|(finding, print)| finding_json(report, finding, print));
    let document = Document {
        version: VERSION,
        tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
        root: &report.root_name,
        summary: summary(report, selection),
        servers: servers(report),
        findings: findings.collect(),
        not_analysed: report
            .not_analysed
            .iter()
            .map(|left| LeftOut { path: &left.path, reason: &left.reason, in_part: left.in_part })
            .collect(),
        hints: &report.hints,
        remarks: report
            .remarks
            .iter()
            .map(|remark| RemarkJson { path: &remark.path, line: remark.line, text: &remark.text })
            .collect(),
    };
    text(&document)
}

/// Only the servers.
pub(crate) fn render_servers(report: &Report) -> String {
    text(&serde_json::json!({ "version": VERSION, "root": report.root_name, "servers": servers(report),
        "hints": report.hints }))
}

fn text(document: &impl Serialize) -> String {
    escape::json(&serde_json::to_string_pretty(document).unwrap_or_default()) + "\n"
}

fn summary(report: &Report, selection: &Selection<'_>) -> Summary {
    use crate::finding::Level;
    let of = |level: Level| selection.shown.iter().filter(|finding| finding.level == level).count();
    Summary {
        errors: of(Level::Error),
        warnings: of(Level::Warning),
        notes: of(Level::Note),
        hidden_pedantic: selection.pedantic,
        hidden_below: selection.below,
        accepted: selection.accepted.len(),
        in_baseline: selection.known.len(),
        elsewhere: selection.elsewhere,
        earlier: selection.earlier.len(),
        files_analysed: report.files.analysed,
        lines_analysed: report.files.lines,
        test_files: report.files.tests,
    }
}

fn servers(report: &Report) -> Vec<ServerJson<'_>> {
    report.servers.iter().map(|server| server_json(report, server)).collect()
}

fn server_json<'a>(report: &'a Report, server: &'a Server) -> ServerJson<'a> {
    let transports = server.transports.iter().map(|transport| TransportJson {
        kind: transport.kind.word(),
        how: &transport.how,
        at: transport.loc.and_then(|loc| place(report, loc)),
    });
    let handlers = server.handlers.iter().map(|handler| HandlerJson {
        kind: handler.kind.word(),
        name: handler.name.as_deref(),
        args: &handler.args,
        at: place(report, handler.loc),
    });
    let files = server.files.iter().filter_map(|id| report.texts.get(*id)).map(|file| file.path.as_str());
    ServerJson {
        name: &server.name,
        language: &server.language,
        sdk: server.sdk.as_deref(),
        entry: &server.entry,
        entry_how: &server.entry_how,
        transports: transports.collect(),
        handlers: handlers.collect(),
        files: files.collect(),
    }
}

fn finding_json<'a>(report: &'a Report, finding: &'a Finding, fingerprint: String) -> FindingJson<'a> {
    let steps = |steps: &'a [Step]| steps.iter().map(|step| step_json(report, step)).collect();
    FindingJson {
        rule: &finding.rule,
        level: finding.level.word(),
        confidence: finding.confidence.word(),
        doubts: &finding.doubts,
        pedantic: finding.persona == Persona::Pedantic,
        message: &finding.message,
        help: &finding.help,
        primary: step_json(report, &finding.primary),
        path: steps(&finding.path),
        reached: steps(&finding.reached),
        phase: finding.phase,
        related: steps(&finding.related),
        servers: finding.servers.iter().filter_map(|at| report.servers.get(*at)).map(|s| s.name.as_str()).collect(),
        function: &finding.function,
        fingerprint,
    }
}

fn step_json<'a>(report: &'a Report, step: &'a Step) -> StepJson<'a> {
    StepJson { text: &step.text, at: place(report, step.loc) }
}

fn place(report: &Report, loc: Loc) -> Option<PlaceJson<'_>> {
    let file = report.texts.get(loc.file)?;
    let at = file.place(loc);
    Some(PlaceJson {
        file: &file.path,
        line: at.line,
        column: at.column,
        end_line: at.end_line,
        end_column: at.end_column,
    })
}
