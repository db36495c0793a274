//! The report for people at a terminal: one finding, one screen; then the server it belongs to; then what was looked at.
//!
//! Everything that comes from the audited program passes `escape::visible` before it is written.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use indexmap::IndexMap;
use miette::{GraphicalReportHandler, GraphicalTheme, ThemeCharacters, ThemeStyles};

use super::escape::visible;
use super::excerpt::{self, Frame, Mark, Measure};
use super::wrap::{MIN_WIDTH, wrap};
use super::{NotAnalysed, Report, Selection, count, servers};
use crate::base::span::{FileId, Loc};
use crate::finding::{Confidence, Finding, Level, Step};

/// Longest list written without being asked for more: callers, files not analysed.
pub(crate) const MAX_LIST: usize = 5;

/// Most places that are named of which the same is to be said: each is a line to look at.
const MAX_PLACES: usize = 40;

/// Longest chain written in full; of a longer one the middle is left out.
const MAX_CHAIN: usize = 9;

/// Frames are no wider than this even where the terminal is: labels stay near their code.
const MAX_WIDTH: usize = 120;

/// What miette puts left of the code, at most: line number, bar, spaces.
const GUTTER: usize = 9;

/// How to draw.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    pub(crate) colour: bool,
    /// Boxes and arrows; otherwise plain ASCII.
    pub(crate) unicode: bool,
    pub(crate) width: usize,
    pub(crate) detail: Detail,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Detail {
    /// Findings only.
    Quiet,
    Normal,
    /// No list is cut.
    Verbose,
}

/// The whole report.
pub(crate) fn render(report: &Report, selection: &Selection<'_>, style: Style) -> String {
    let width = style.width.clamp(MIN_WIDTH, MAX_WIDTH);
    let mut human = Human { report, selection, style: Style { width, ..style }, out: String::new() };
    human.run();
    human.out
}

struct Human<'a> {
    report: &'a Report,
    selection: &'a Selection<'a>,
    style: Style,
    out: String,
}

impl Human<'_> {
    fn run(&mut self) {
        let findings = self.selection.shown.clone();
        for (at, server) in self.report.servers.iter().enumerate() {
            self.findings(findings.iter().copied().filter(|finding| home(finding, self.report) == Some(at)));
            if self.style.detail > Detail::Quiet {
                self.out.push_str(&servers::line(self.report, server, self.style));
                self.server_counts(at);
                self.out.push('\n');
            }
        }
        self.findings(findings.iter().copied().filter(|finding| home(finding, self.report).is_none()));
        if self.style.detail > Detail::Quiet {
            if self.report.servers.is_empty() {
                self.out.push_str(&servers::none_found(self.report, self.style));
            }
            self.summary();
        }
    }

    /// What comes from one place and is told of it with the same words is shown once; the other places are named.
    fn findings<'f>(&mut self, findings: impl Iterator<Item = &'f Finding>) {
        let mut groups: IndexMap<_, Vec<&Finding>> = IndexMap::new();
        for (number, finding) in findings.enumerate() {
            let source = match finding.path.as_slice() {
                [source, _, ..] if self.style.detail < Detail::Verbose => Ok(source.loc),
                _ => Err(number),
            };
            groups.entry((source, finding.level, &finding.rule, &finding.message)).or_default().push(finding);
        }
        for mut group in groups.into_values() {
            group.sort_by_key(|finding| (Reverse(finding.confidence), finding.path.len()));
            let Some((first, others)) = group.split_first() else { continue };
            let mut others: Vec<Loc> = others.iter().map(|finding| finding.primary.loc).collect();
            others.sort_unstable();
            self.finding(first, &others);
        }
    }

    /// `others`: where the same is to be said.
    fn finding(&mut self, finding: &Finding, others: &[Loc]) {
        let title = format!("{}[{}]", finding.level.word(), visible(&finding.rule));
        let head = wrap(&format!(": {}", visible(&finding.message)), self.style.width, &title, "  ");
        let rest = head.strip_prefix(title.as_str()).unwrap_or_default().trim_start_matches(' ');
        let _ = write!(self.out, "{}{rest}", self.paint(finding.level, &title));
        self.frames(finding);
        if finding.path.len() > 1 {
            // Of several frames none says which line it is that findings and accepting comments belong to.
            let at = self.report.at(finding.primary.loc);
            self.field("place", &visible(&at));
        }
        if !others.is_empty() {
            let places: Vec<_> = others.iter().map(|loc| visible(&self.report.at(*loc))).collect();
            self.field("also at", &cut_list(&places, MAX_PLACES, self.style.detail));
        }
        self.reached(finding);
        self.related(finding);
        if finding.servers.len() > 1 {
            let names = finding.servers.iter().filter_map(|at| self.report.servers.get(*at));
            let names: Vec<_> = names.map(|server| visible(&server.name)).collect();
            self.field("servers", &cut_list(&names, MAX_LIST, self.style.detail));
        }
        if finding.confidence < Confidence::High {
            let word = finding.confidence.word();
            let doubts: Vec<_> = finding.doubts.iter().map(|doubt| visible(doubt)).collect();
            let colon = if doubts.is_empty() { "" } else { ": " };
            self.field("confidence", &format!("{word}{colon}{}", doubts.join("; ")));
        }
        self.field("help", &visible(&finding.help));
        let _ = writeln!(self.out, "  more: mcpleaks explain {}\n", visible(&finding.rule));
    }

    fn frames(&mut self, finding: &Finding) {
        let measure = Measure { width: self.style.width - GUTTER, cut: self.pick("…", "...") };
        let handler = self.handler();
        let mut frames: Vec<Frame> = Vec::new();
        for (file, marks) in marks(finding, self.style.detail) {
            let Some(text) = self.report.texts.get(file) else { continue };
            frames.extend(excerpt::frames(&visible(&text.path), text, marks, measure));
        }
        frames.sort_by_key(|frame| frame.order);
        for frame in frames {
            self.out.push_str(&frame.draw(&handler));
        }
        let hidden = (0..finding.path.len()).filter(|at| is_left_out(*at, finding.path.len(), self.style.detail));
        match hidden.count() {
            0 => {}
            n => self.field("path", &format!("{} in the middle left out, shown by -v", count(n, "step", "steps"))),
        }
    }

    fn reached(&mut self, finding: &Finding) {
        let mut steps: Vec<String> = finding.reached.iter().map(|step| self.step(step)).collect();
        if steps.len() > MAX_CHAIN && self.style.detail < Detail::Verbose {
            let left_out = steps.len() - MAX_CHAIN + 1;
            steps.splice(4..4 + left_out, [format!("({left_out} more)")]);
        }
        let mut text = steps.join(self.pick(" → ", " -> "));
        if let Some(phase) = finding.phase {
            text.push_str(if text.is_empty() { "" } else { ", " });
            text.push_str(phase);
        }
        if !text.is_empty() {
            self.field("reached", &text);
        }
    }

    fn related(&mut self, finding: &Finding) {
        let shown = if self.style.detail == Detail::Verbose { usize::MAX } else { MAX_LIST };
        for step in finding.related.iter().take(shown) {
            let text = self.step(step);
            self.field("also", &text);
        }
        if finding.related.len() > shown {
            let more = count(finding.related.len() - shown, "more place", "more places");
            self.field("also", &format!("{more}, named by -v"));
        }
    }

    fn server_counts(&mut self, at: usize) {
        let own = |finding: &&Finding| finding.servers.contains(&at);
        let shown: Vec<&Finding> = self.selection.shown.iter().copied().filter(own).collect();
        let _ = writeln!(self.out, "        {}", counts(&shown));
    }

    fn remarks(&mut self) {
        for remark in &self.report.remarks {
            let at = if remark.line > 0 { format!("{}:{}", remark.path, remark.line) } else { remark.path.clone() };
            let text = visible(&format!("{at}: {}", remark.text));
            self.out.push_str(&wrap(&text, self.style.width, "note: ", "      "));
        }
    }

    fn summary(&mut self) {
        self.remarks();
        let report = self.report;
        let dot = self.pick(" · ", " | ");
        let mut parts = Vec::new();
        if !self.selection.shown.is_empty() {
            parts.push(counts(&self.selection.shown));
        }
        if self.selection.pedantic > 0 {
            parts.push(format!("{} more with --pedantic", self.selection.pedantic));
        }
        let aside = [
            (self.selection.accepted.len(), "accepted by comments or the configuration"),
            (self.selection.known.len(), "known from the baseline"),
            (self.selection.earlier.len(), "there before the commits asked about"),
            (self.selection.elsewhere, "away from the files asked about"),
        ];
        parts.extend(aside.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")));
        if self.selection.below > 0 {
            parts.push(format!("{} hidden by --min-level or --min-confidence", self.selection.below));
        }
        parts.push(format!(
            "{}, {} analysed in {} ms",
            count(report.files.analysed, "file", "files"),
            count(report.files.lines, "line", "lines"),
            report.elapsed.as_millis()
        ));
        if report.files.tests > 0 {
            parts.push(format!("{} left aside", count(report.files.tests, "test file", "test files")));
        }
        if self.style.detail == Detail::Verbose {
            let folders = report.files.folders.iter();
            parts.extend(folders.map(|(kind, n)| format!("{} not entered: {kind}", count(*n, "folder", "folders"))));
        }
        if !report.not_analysed.is_empty() {
            let (in_part, not_at_all): (Vec<_>, Vec<_>) = report.not_analysed.iter().partition(|file| file.in_part);
            for (what, files) in [("not analysed", not_at_all), ("read in part", in_part)] {
                if !files.is_empty() {
                    let names = not_analysed(&files, self.style.detail).join(", ");
                    parts.push(format!("{} {what}: {}", files.len(), visible(&names)));
                }
            }
        }
        self.out.push_str(&wrap(&parts.join(dot), self.style.width, "", "  "));
    }

    fn step(&self, step: &Step) -> String {
        visible(&format!("{} {}", self.report.at(step.loc), step.text))
    }

    fn field(&mut self, name: &str, text: &str) {
        self.out.push_str(&wrap(text, self.style.width, &format!("  {name}: "), "    "));
    }

    fn pick(&self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.style.unicode { unicode } else { ascii }
    }

    fn paint(&self, level: Level, text: &str) -> String {
        let code = match level {
            Level::Error => "1;31",
            Level::Warning => "1;33",
            Level::Note => "1;36",
        };
        if self.style.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn handler(&self) -> GraphicalReportHandler {
        let characters = if self.style.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() };
        let styles = if self.style.colour { ThemeStyles::ansi() } else { ThemeStyles::none() };
        GraphicalReportHandler::new_themed(GraphicalTheme { characters, styles })
            .with_links(false)
            .with_width(self.style.width)
            .with_context_lines(excerpt::CONTEXT as usize)
            .without_syntax_highlighting()
    }
}

/// The server under which a finding is printed: its first.
fn home(finding: &Finding, report: &Report) -> Option<usize> {
    finding.servers.iter().copied().find(|at| *at < report.servers.len())
}

/// Is step `at` of a path of `n_steps` in the part that is not drawn?
fn is_left_out(at: usize, n_steps: usize, detail: Detail) -> bool {
    detail < Detail::Verbose && n_steps > MAX_CHAIN && (4..n_steps - 4).contains(&at)
}

/// What to mark, by file in the order of reading. Steps of a path carry their numbers.
fn marks(finding: &Finding, detail: Detail) -> Vec<(FileId, Vec<Mark>)> {
    let mut res: Vec<(FileId, Vec<Mark>)> = Vec::new();
    let mut add = |step: &Step, label: String, primary: bool, order: usize| {
        let mark = Mark { span: step.loc.span, label, primary, order };
        match res.iter_mut().find(|(file, _)| *file == step.loc.file) {
            Some((_, marks)) => marks.push(mark),
            None => res.push((step.loc.file, vec![mark])),
        }
    };
    let n_steps = finding.path.len();
    for (at, step) in finding.path.iter().enumerate() {
        if is_left_out(at, n_steps, detail) {
            continue;
        }
        let primary = step.loc == finding.primary.loc;
        let number = if n_steps > 1 { format!("{}. ", at + 1) } else { String::new() };
        add(step, format!("{number}{}", visible(&step.text)), primary, at);
    }
    if !finding.path.iter().any(|step| step.loc == finding.primary.loc) {
        add(&finding.primary, visible(&finding.primary.text), true, n_steps);
    }
    res
}

/// `2 errors, 1 warning`, or `nothing found`.
fn counts(findings: &[&Finding]) -> String {
    let words =
        [(Level::Error, "error", "errors"), (Level::Warning, "warning", "warnings"), (Level::Note, "note", "notes")];
    let mut parts = Vec::new();
    for (level, one, many) in words {
        let n = findings.iter().filter(|finding| finding.level == level).count();
        if n > 0 {
            parts.push(count(n, one, many));
        }
    }
    if parts.is_empty() { "nothing found".to_owned() } else { parts.join(", ") }
}

/// The files that were not analysed, each with its reason; many of them by reason, each with an example.
fn not_analysed(left: &[&NotAnalysed], detail: Detail) -> Vec<String> {
    if detail == Detail::Verbose || left.len() <= MAX_LIST {
        return left.iter().map(|file| format!("{} ({})", file.path, file.reason)).collect();
    }
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for file in left {
        by_reason.entry(&file.reason).or_default().push(&file.path);
    }
    let mut groups: Vec<(&str, Vec<&str>)> = by_reason.into_iter().collect();
    groups.sort_by_key(|(_, paths)| Reverse(paths.len()));
    let n_more: usize = groups.iter().skip(MAX_LIST).map(|(_, paths)| paths.len()).sum();
    let mut parts: Vec<String> = groups
        .iter()
        .take(MAX_LIST)
        .map(|(reason, paths)| match paths.as_slice() {
            [path] => format!("{path} ({reason})"),
            paths => format!("{} {reason} ({}, ...)", paths.len(), paths.first().copied().unwrap_or_default()),
        })
        .collect();
    parts.push(if n_more > 0 { format!("{n_more} for other reasons; named by -v") } else { "named by -v".into() });
    parts
}

/// The first names of a list, `most` of them, and how many more there are.
fn cut_list(names: &[String], most: usize, detail: Detail) -> String {
    if detail == Detail::Verbose || names.len() <= most {
        return names.join(", ");
    }
    let shown: Vec<_> = names.iter().take(most).map(String::as_str).collect();
    format!("{} and {} more, named by -v", shown.join(", "), names.len() - most)
}
