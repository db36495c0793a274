//! What an audit gives, ready to be printed: servers, findings, and what was left out and why.
//!
//! `Report` is plain data that the audit fills in; each format under `report/` reads it and makes its own types at the edge.
//! A *selection* is the findings the user asked to see. Nothing here judges or sorts out findings by rule.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use crate::base::span::{FileId, LineIndex, Loc};
use crate::finding::{Confidence, Finding, Level, Persona, Settled};

pub(crate) mod escape;
mod excerpt;
pub(crate) mod fingerprint;
pub(crate) mod github;
pub(crate) mod gitlab;
pub(crate) mod human;
pub(crate) mod json;
pub(crate) mod junit;
pub(crate) mod line;
pub(crate) mod markdown;
pub(crate) mod rules;
pub(crate) mod sarif;
mod sarif_rules;
pub(crate) mod servers;
mod wrap;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

/// The result of an audit.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// What the user called the scanned place: `.`, `packages/server`.
    pub(crate) root_name: String,
    /// Where that is. An absolute path, so it is never written.
    pub(crate) root: std::path::PathBuf,
    /// The scanned root as seen from the current folder, with a slash behind it; empty when they are the same or the root
    /// lies outside. SARIF and GitHub want paths from the repository's root, where such runs start.
    pub(crate) path_prefix: String,
    /// Sorted by file, place and rule.
    pub(crate) findings: Vec<Finding>,
    /// Sorted by name; findings name them by index.
    pub(crate) servers: Vec<Server>,
    pub(crate) files: FilesInfo,
    /// Sorted by path.
    pub(crate) not_analysed: Vec<NotAnalysed>,
    /// Files looked at by language, as messages say it: `TypeScript` → 38.
    pub(crate) looked_at: BTreeMap<String, usize>,
    /// When no server was found: what came close, each a phrase.
    pub(crate) hints: Vec<String>,
    /// When no server was found: files that `--entry` would take, best first.
    pub(crate) entry_candidates: Vec<String>,
    /// The user named some already.
    pub(crate) names_entries: bool,
    /// Shown to people only; the other formats have no clock in them.
    pub(crate) elapsed: Duration,
    pub(crate) texts: Texts,
    /// What is wrong with comments, baselines and the like.
    pub(crate) remarks: Vec<Remark>,
}

/// Something the user should put right that is no finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Remark {
    pub(crate) path: String,
    /// From 1; 0 for the whole file.
    pub(crate) line: u32,
    pub(crate) text: String,
}

/// Sums over all files.
#[derive(Debug, Default)]
pub(crate) struct FilesInfo {
    pub(crate) analysed: usize,
    pub(crate) lines: usize,
    /// Tests, examples and the like: read by nobody, named in a count only.
    pub(crate) tests: usize,
    /// Folders that were not entered, by what they are.
    pub(crate) folders: BTreeMap<&'static str, usize>,
}

/// A file of which nothing, or only a part, was analysed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NotAnalysed {
    /// Relative to the scanned root.
    pub(crate) path: String,
    /// "minified", "over 2 MiB", "syntax error at 12; the rest of the file was read".
    pub(crate) reason: String,
    /// All but a part of it was analysed.
    pub(crate) in_part: bool,
}

/// One server process the program can be.
#[derive(Debug, Default)]
pub(crate) struct Server {
    pub(crate) name: String,
    /// `TypeScript`, `JavaScript`, `Python`, `Rust`.
    pub(crate) language: String,
    /// SDK and version as the manifest has it: `mcp 1.9.4`.
    pub(crate) sdk: Option<String>,
    /// Path of the file the process starts with.
    pub(crate) entry: String,
    /// How that was found out: `package.json bin "notes-mcp"`.
    pub(crate) entry_how: String,
    pub(crate) transports: Vec<TransportInfo>,
    pub(crate) handlers: Vec<HandlerInfo>,
    /// All files the process can load.
    pub(crate) files: Vec<FileId>,
}

/// A transport the server can be started with.
#[derive(Debug)]
pub(crate) struct TransportInfo {
    pub(crate) kind: Transport,
    /// `StdioServerTransport connected`, `run(transport="stdio")`.
    pub(crate) how: String,
    pub(crate) loc: Option<Loc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Transport {
    Stdio,
    Http,
    Other,
    Unknown,
}

/// What the agent can call.
#[derive(Debug)]
pub(crate) struct HandlerInfo {
    pub(crate) kind: Handler,
    pub(crate) name: Option<String>,
    /// Argument names as declared.
    pub(crate) args: Vec<String>,
    pub(crate) loc: Loc,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Handler {
    Tool,
    Prompt,
    Resource,
    /// One function for all tools.
    Dispatch,
}

/// The texts that frames and positions are read from.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    files: BTreeMap<FileId, FileText>,
}

/// One file: its path relative to the root, its text.
pub(crate) struct FileText {
    pub(crate) path: String,
    pub(crate) text: String,
    /// Not left aside as a test, an example or the like.
    pub(crate) is_examined: bool,
    lines: OnceLock<LineIndex>,
}

/// Positions of a span for people and machines; lines and columns from 1, the end exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: u32,
    /// In characters.
    pub(crate) column: u32,
    /// In UTF-16 units.
    pub(crate) column16: u32,
    pub(crate) end_line: u32,
    pub(crate) end_column: u32,
    pub(crate) end_column16: u32,
}

/// Which findings the user wants to see.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) pedantic: bool,
    pub(crate) level: Level,
    pub(crate) confidence: Confidence,
}

/// The findings to show, and how many of the others there are.
pub(crate) struct Selection<'a> {
    pub(crate) shown: Vec<&'a Finding>,
    /// Hidden only because nobody asked for posture.
    pub(crate) pedantic: usize,
    /// Below the level or confidence asked for.
    pub(crate) below: usize,
    /// Accepted by a comment or the configuration, which the levels asked for would show.
    pub(crate) accepted: Vec<&'a Finding>,
    /// In the baseline, likewise.
    pub(crate) known: Vec<&'a Finding>,
    /// Found in the earlier commit, likewise.
    pub(crate) earlier: Vec<&'a Finding>,
    /// Away from the files asked about, likewise.
    pub(crate) elsewhere: usize,
}

impl Report {
    pub(crate) fn select(&self, wanted: Wanted) -> Selection<'_> {
        let mut res = Selection {
            shown: Vec::new(),
            pedantic: 0,
            below: 0,
            accepted: Vec::new(),
            known: Vec::new(),
            earlier: Vec::new(),
            elsewhere: 0,
        };
        for finding in &self.findings {
            if finding.level < wanted.level || finding.confidence < wanted.confidence {
                res.below += 1;
            } else if finding.persona == Persona::Pedantic && !wanted.pedantic {
                res.pedantic += 1;
            } else {
                match &finding.settled {
                    None => res.shown.push(finding),
                    Some(Settled::Accepted { .. }) => res.accepted.push(finding),
                    Some(Settled::Known) => res.known.push(finding),
                    Some(Settled::Earlier) => res.earlier.push(finding),
                    Some(Settled::Elsewhere) => res.elsewhere += 1,
                }
            }
        }
        res
    }

    /// `src/index.ts:12` of a place; `?` for a file without a text.
    pub(crate) fn at(&self, loc: Loc) -> String {
        match self.texts.get(loc.file) {
            Some(file) => format!("{}:{}", file.path, file.place(loc).line),
            None => "?".to_owned(),
        }
    }
}

impl Texts {
    /// Adds a file; `path` is relative to the root, with `/`.
    pub(crate) fn insert(&mut self, id: FileId, path: impl Into<String>, text: impl Into<String>) {
        self.files
            .insert(id, FileText { path: path.into(), text: text.into(), is_examined: true, lines: OnceLock::new() });
    }

    /// Marks a file that was not examined.
    pub(crate) fn leave_aside(&mut self, id: FileId) {
        if let Some(file) = self.files.get_mut(&id) {
            file.is_examined = false;
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &FileText> {
        self.files.values()
    }

    pub(crate) fn get(&self, id: FileId) -> Option<&FileText> {
        self.files.get(&id)
    }
}

impl FileText {
    pub(crate) fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(&self.text))
    }

    pub(crate) fn place(&self, loc: Loc) -> Place {
        let start = self.floor(loc.span.start);
        let end = self.floor(loc.span.end).max(start);
        let from = self.lines().line_col(&self.text, start);
        let to = self.lines().line_col(&self.text, end);
        Place {
            line: from.line,
            column: from.column,
            column16: self.column16(from.line, start),
            end_line: to.line,
            end_column: to.column,
            end_column16: self.column16(to.line, end),
        }
    }

    /// The text of `line` (from 1) without its end.
    pub(crate) fn line_text(&self, line: u32) -> &str {
        let start = self.lines().line_start(line) as usize;
        let rest = self.text.get(start..).unwrap_or_default();
        rest.split(['\n', '\r']).next().unwrap_or_default()
    }

    /// The character boundary at or before `offset`.
    pub(crate) fn floor(&self, offset: u32) -> u32 {
        let mut at = (offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    fn column16(&self, line: u32, offset: u32) -> u32 {
        let start = self.lines().line_start(line) as usize;
        let before = self.text.get(start..offset as usize).unwrap_or_default();
        let units = before.trim_start_matches('\u{feff}').encode_utf16().count();
        u32::try_from(units).unwrap_or(u32::MAX).saturating_add(1)
    }
}

impl std::fmt::Debug for FileText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({} bytes)", self.path, self.text.len())
    }
}

impl Transport {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Stdio => "stdio",
            Self::Http => "http",
            Self::Other => "other",
            Self::Unknown => "unknown",
        }
    }
}

impl Handler {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Prompt => "prompt",
            Self::Resource => "resource",
            Self::Dispatch => "dispatch",
        }
    }

    pub(crate) fn plural(self) -> &'static str {
        match self {
            Self::Tool => "tools",
            Self::Prompt => "prompts",
            Self::Resource => "resources",
            Self::Dispatch => "dispatchers",
        }
    }
}

/// `1 file`, `12 files`.
pub(crate) fn count(n: usize, one: &str, many: &str) -> String {
    format!("{} {}", thousands(n), if n == 1 { one } else { many })
}

/// `6210` as `6,210`.
pub(crate) fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut res = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            res.push(',');
        }
        res.push(digit);
    }
    res
}
