//! The report as SARIF 2.1.0, for code scanning (`docs/sarif.md`).
//!
//! Positions count UTF-16 units, paths are relative to `%SRCROOT%`, and what could not be analysed is a notification. GitHub
//! refuses a file that is over its limits as a whole, so the sums are kept below them here and what was cut is said.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::Write as _;

use serde_json::Value;
use serde_sarif::sarif::{
    ArtifactLocation, CodeFlow, Invocation, Location, Message, MultiformatMessageString, Notification,
    PhysicalLocation, PropertyBag, Region, Result as SarifResult, ResultLevel, Run, RunAutomationDetails, Sarif,
    Suppression, ThreadFlow, ThreadFlowLocation, Tool, ToolComponent,
};

use super::fingerprint::fingerprints;
use super::sarif_rules::descriptors;
use super::{Report, Selection, escape};
use crate::base::span::Loc;
use crate::catalogue::{Catalogue, capital};
use crate::finding::{Confidence, Finding, Level, Settled, Step};

/// GitHub reads 25,000 results a run but shows only the top 5,000.
const MAX_RESULTS: usize = 5_000;

/// GitHub refuses a result with more than 1,000 related locations shown; 10,000 steps of a flow are the refused sum.
const MAX_LOCATIONS: usize = 1_000;

/// Steps and related places of all results together; some hundred bytes each, and GitHub takes 10 MB compressed.
const MAX_ALL_LOCATIONS: usize = 100_000;

/// GitHub refuses files that have more bytes when they are compressed.
const MAX_BYTES: usize = 10_000_000;

/// Notifications beyond this are a count.
const MAX_NOTIFICATIONS: usize = 1_000;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// Where to learn about the program as long as the manifest names no repository.
const REGISTRY: &str = concat!("https://crates.io/crates/", env!("CARGO_PKG_NAME"));
const ROOT: &str = "%SRCROOT%";

/// The key under which fingerprints stand; another way to make them needs another key.
const FINGERPRINT: &str = "mcpleaks/v1";

/// The document, with a line break at its end.
pub(crate) fn render(report: &Report, selection: &Selection<'_>, catalogue: &Catalogue) -> String {
    render_within(report, selection, catalogue, MAX_BYTES)
}

/// The document, of `max_bytes` at most when it is compressed.
pub(super) fn render_within(
    report: &Report,
    selection: &Selection<'_>,
    catalogue: &Catalogue,
    max_bytes: usize,
) -> String {
    let all: Vec<&Finding> = [&selection.shown, &selection.accepted, &selection.known, &selection.earlier]
        .into_iter()
        .flatten()
        .copied()
        .collect();
    let prints = fingerprints(&all);
    let mut rows: Vec<(&Finding, String)> = all.into_iter().zip(prints).collect();
    let mut cut = Cut::default();
    let mut limit = MAX_RESULTS;
    loop {
        if rows.len() > limit {
            rows.sort_by_key(|(finding, _)| (Reverse(finding.level), Reverse(finding.confidence)));
            cut.left_out += rows.len() - limit;
            rows.truncate(limit);
        }
        let text = document(report, &rows, catalogue, &cut);
        if text.len() <= max_bytes || rows.is_empty() || compressed(&text) <= max_bytes {
            return text;
        }
        limit = rows.len() * 3 / 4;
        cut.for_size = true;
    }
}

/// What was left out to stay below the limits.
#[derive(Clone, Default)]
struct Cut {
    left_out: usize,
    /// Because of the file's size, not only because there are so many.
    for_size: bool,
}

/// Bytes that are uploaded: GitHub wants the file compressed.
fn compressed(text: &str) -> usize {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    // Writing to memory does not fail; if it did, the plain size would be too large, rightly.
    encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish()).map_or(text.len(), |bytes| bytes.len())
}

fn document(report: &Report, rows: &[(&Finding, String)], catalogue: &Catalogue, cut: &Cut) -> String {
    let rules: Vec<&str> = catalogue.iter().map(|rule| rule.id.as_str()).collect();
    let mut notes = notifications(report);
    if cut.left_out > 0 {
        let left_out = findings(cut.left_out);
        let why = if cut.for_size {
            "the file would be larger than code scanning takes".to_owned()
        } else {
            format!("{MAX_RESULTS} is the limit")
        };
        notes.push(notification(&format!("{left_out} of the lowest level and confidence left out: {why}."), None));
    }
    let mut shortened = 0;
    let mut results: Vec<_> = rows
        .iter()
        .map(|(finding, print)| {
            let too_long = [finding.path.len(), finding.reached.len() + finding.related.len()];
            shortened += usize::from(too_long.iter().any(|n| *n > MAX_LOCATIONS));
            result(report, finding, print.clone(), &rules)
        })
        .collect();
    if shortened > 0 {
        let what = format!(
            "{} with more steps or places than {MAX_LOCATIONS}: those over it are left out.",
            findings(shortened)
        );
        notes.push(notification(&what, None));
    }
    let bare = keep_in_budget(&mut results);
    if bare > 0 {
        notes
            .push(notification(&format!("{} without path and related places: too many in all.", findings(bare)), None));
    }
    let mut invocation = Invocation::builder().execution_successful(true).build();
    if !notes.is_empty() {
        invocation.tool_execution_notifications = Some(notes);
    }
    let run = Run::builder()
        .tool(Tool::builder().driver(driver(catalogue)).build())
        .automation_details(RunAutomationDetails::builder().id("mcpleaks/").build())
        .column_kind("utf16CodeUnits")
        .invocations(vec![invocation])
        .original_uri_base_ids(BTreeMap::from([(ROOT.to_owned(), root())]))
        .results(results)
        .build();
    let sarif = Sarif::builder().schema(SCHEMA).version("2.1.0").runs(vec![run]).build();
    escape::json(&serde_json::to_string_pretty(&sarif).unwrap_or_default()) + "\n"
}

fn driver(catalogue: &Catalogue) -> ToolComponent {
    let home = env!("CARGO_PKG_REPOSITORY");
    ToolComponent::builder()
        .name("mcpleaks")
        .information_uri(if home.is_empty() { REGISTRY } else { home })
        .full_name(concat!("mcpleaks ", env!("CARGO_PKG_VERSION")))
        .semantic_version(env!("CARGO_PKG_VERSION"))
        .version(env!("CARGO_PKG_VERSION"))
        .short_description(
            MultiformatMessageString::builder().text(concat!(env!("CARGO_PKG_DESCRIPTION"), ".")).build(),
        )
        .rules(descriptors(catalogue))
        .build()
}

/// A base without an address: where the root lies on this machine is nobody's business.
fn root() -> ArtifactLocation {
    ArtifactLocation::builder().description(message("The root of the repository.")).build()
}

fn result(report: &Report, finding: &Finding, print: String, rules: &[&str]) -> SarifResult {
    let level = match finding.level {
        Level::Error => ResultLevel::Error,
        Level::Warning => ResultLevel::Warning,
        Level::Note => ResultLevel::Note,
    };
    let mut res = SarifResult::builder()
        .rule_id(finding.rule.as_str())
        .level(level)
        .message(message(&sentence(finding)))
        .locations(vec![location(report, finding.primary.loc)])
        .partial_fingerprints(BTreeMap::from([(FINGERPRINT.to_owned(), print)]))
        .properties(properties(report, finding))
        .build();
    res.rule_index = rules.binary_search(&finding.rule.as_str()).ok().and_then(|at| i64::try_from(at).ok());
    res.suppressions = suppression(finding).map(|suppression| vec![suppression]);
    res.baseline_state = match finding.settled {
        Some(Settled::Known | Settled::Earlier) => Some("unchanged".into()),
        _ => None,
    };
    if finding.path.len() > 1 {
        res.code_flows = Some(vec![code_flow(report, &finding.path)]);
    }
    let related: Vec<_> = related(report, finding).take(MAX_LOCATIONS).collect();
    if !related.is_empty() {
        res.related_locations = Some(related);
    }
    res
}

/// What somebody accepted stands in the file, marked: code scanning closes it.
fn suppression(finding: &Finding) -> Option<Suppression> {
    let (kind, why) = match finding.settled.as_ref()? {
        Settled::Accepted { by: "a comment", reason } => ("inSource", reason.as_str()),
        Settled::Accepted { reason, .. } => ("external", reason.as_str()),
        Settled::Known => ("external", "It stands in the baseline."),
        Settled::Earlier => ("external", "It was there before the commits asked about."),
        Settled::Elsewhere => return None,
    };
    Some(Suppression::builder().kind(kind).justification(why).build())
}

/// SARIF wants whole sentences that say it all; code scanning shows the first one in lists.
fn sentence(finding: &Finding) -> String {
    let mut res = format!("{}.", capital(&finding.message));
    if finding.confidence < Confidence::High && !finding.doubts.is_empty() {
        res.push_str(&format!(" Confidence is {}: {}.", finding.confidence.word(), finding.doubts.join("; ")));
    }
    res.push_str(&format!(" To mend it: {}.", finding.help));
    res
}

fn properties(report: &Report, finding: &Finding) -> PropertyBag {
    let names = finding.servers.iter().filter_map(|at| report.servers.get(*at)).map(|server| server.name.as_str());
    let values = BTreeMap::from([
        ("confidence".to_owned(), Value::from(finding.confidence.word())),
        ("servers".to_owned(), names.collect::<Vec<_>>().into()),
    ]);
    PropertyBag::builder().additional_properties(values).build()
}

fn code_flow(report: &Report, path: &[Step]) -> CodeFlow {
    // Of a path too long the middle is left out: its ends are the argument.
    let skip = path.len().saturating_sub(MAX_LOCATIONS);
    let mut locations = Vec::new();
    for (at, step) in path.iter().enumerate() {
        if (MAX_LOCATIONS / 2..MAX_LOCATIONS / 2 + skip).contains(&at) {
            continue;
        }
        let end = at == 0 || at + 1 == path.len();
        locations.push(
            ThreadFlowLocation::builder()
                .location(with_text(report, step))
                .importance(if end { "essential" } else { "important" })
                .build(),
        );
    }
    CodeFlow::builder().thread_flows(vec![ThreadFlow::builder().locations(locations).build()]).build()
}

/// Where control comes from, then the other places, with ids.
fn related<'a>(report: &'a Report, finding: &'a Finding) -> impl Iterator<Item = Location> + 'a {
    finding.reached.iter().chain(&finding.related).zip(1_i64..).map(|(step, id)| {
        let mut res = with_text(report, step);
        res.id = Some(id);
        res
    })
}

fn with_text(report: &Report, step: &Step) -> Location {
    let mut res = location(report, step.loc);
    res.message = Some(message(&step.text));
    res
}

fn location(report: &Report, loc: Loc) -> Location {
    let Some(file) = report.texts.get(loc.file) else {
        return Location::builder().build();
    };
    let at = file.place(loc);
    let region = Region::builder()
        .start_line(at.line)
        .start_column(at.column16)
        .end_line(at.end_line)
        .end_column(at.end_column16)
        .build();
    let physical = PhysicalLocation::builder().artifact_location(artifact(report, &file.path)).region(region).build();
    Location::builder().physical_location(physical).build()
}

fn artifact(report: &Report, path: &str) -> ArtifactLocation {
    let uri = escape::uri(&format!("{}{path}", report.path_prefix));
    ArtifactLocation::builder().uri(uri).uri_base_id(ROOT).build()
}

fn notifications(report: &Report) -> Vec<Notification> {
    let mut res = Vec::new();
    for left in report.not_analysed.iter().take(MAX_NOTIFICATIONS) {
        let what = if left.in_part { "Read in part" } else { "Not analysed" };
        let text = format!("{what}: {} ({}).", left.path, left.reason);
        res.push(notification(&text, Some(artifact(report, &left.path))));
    }
    if report.not_analysed.len() > MAX_NOTIFICATIONS {
        let more = report.not_analysed.len() - MAX_NOTIFICATIONS;
        res.push(notification(&format!("{more} more files were not analysed."), None));
    }
    if report.servers.is_empty() {
        res.push(notification("No MCP server was found.", None));
    }
    for remark in report.remarks.iter().take(MAX_NOTIFICATIONS) {
        let at = if remark.line > 0 { format!(" (line {})", remark.line) } else { String::new() };
        let text = format!("{}{at}.", capital(&remark.text));
        res.push(notification(&text, Some(artifact(report, &remark.path))));
    }
    if report.remarks.len() > MAX_NOTIFICATIONS {
        let more = report.remarks.len() - MAX_NOTIFICATIONS;
        res.push(notification(&format!("{more} more comments accept nothing, or too much."), None));
    }
    res
}

fn notification(text: &str, file: Option<ArtifactLocation>) -> Notification {
    let mut res = Notification::builder().message(message(text)).level("warning").build();
    if let Some(file) = file {
        let physical = PhysicalLocation::builder().artifact_location(file).build();
        res.locations = Some(vec![Location::builder().physical_location(physical).build()]);
    }
    res
}

/// Plain text. `{0}` would be a placeholder and `[x](1)` a link to a related location: only where the text has the look of one
/// it is escaped, because viewers show the escapes.
fn message(text: &str) -> Message {
    let linked = text.contains("](");
    let mut res = String::with_capacity(text.len());
    for (at, char) in text.char_indices() {
        let numbered = || text.get(at + 1..).is_some_and(|rest| rest.starts_with(|next: char| next.is_ascii_digit()));
        match char {
            '{' if numbered() => res.push_str("{{"),
            '[' | ']' | '\\' if linked => res.extend(['\\', char]),
            _ => res.push(char),
        }
    }
    Message::builder().text(res).build()
}

/// Takes path and related places off the results for which there is no room; returns how many.
fn keep_in_budget(results: &mut [SarifResult]) -> usize {
    let mut room = MAX_ALL_LOCATIONS;
    let mut bare = 0;
    for result in results {
        let flows = result.code_flows.iter().flatten().flat_map(|flow| &flow.thread_flows);
        let steps: usize = flows.map(|flow| flow.locations.len()).sum();
        let needed = steps + result.related_locations.as_ref().map_or(0, Vec::len);
        if needed <= room {
            room -= needed;
        } else {
            result.code_flows = None;
            result.related_locations = None;
            bare += 1;
        }
    }
    bare
}

fn findings(n: usize) -> String {
    if n == 1 { "1 finding".to_owned() } else { format!("{n} findings") }
}
