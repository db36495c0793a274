//! Byte ranges in a file, and their line and column at the edge.

use super::idx::ids;

ids! {
    /// A file of the scan, in sorted path order.
    FileId "file",
}

/// A byte range in the file's text as it was read (a byte order mark counts).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Self {
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { start: clamp(start), end: clamp(end.max(start)) }
    }

    /// The smallest span that covers both.
    pub(crate) fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    pub(crate) fn contains(self, offset: u32) -> bool {
        self.start <= offset && offset < self.end
    }
}

impl std::fmt::Debug for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

/// A span in a named file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Loc {
    pub(crate) file: FileId,
    pub(crate) span: Span,
}

/// Line starts of a text; made once per file that a report mentions.
pub(crate) struct LineIndex {
    starts: Vec<u32>,
}

/// A position for people: line and column count from 1, the column in characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct LineCol {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

impl LineIndex {
    /// Reads the line starts of `text`. Lines end with `\n`, `\r\n` or a lone `\r`.
    pub(crate) fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (at, byte) in bytes.iter().enumerate() {
            let ends = *byte == b'\n' || (*byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
            if ends {
                starts.push(u32::try_from(at + 1).unwrap_or(u32::MAX));
            }
        }
        Self { starts }
    }

    /// The line (from 1) that holds byte `offset`.
    pub(crate) fn line(&self, offset: u32) -> u32 {
        u32::try_from(self.starts.partition_point(|start| *start <= offset)).unwrap_or(u32::MAX)
    }

    /// Line and column of byte `offset` in `text`, the text this index was made from.
    pub(crate) fn line_col(&self, text: &str, offset: u32) -> LineCol {
        let line = self.line(offset);
        let start = self.line_start(line);
        let before = text.get(start as usize..offset as usize).unwrap_or_default();
        let chars = before.trim_start_matches('\u{feff}').chars().count();
        LineCol { line, column: u32::try_from(chars).unwrap_or(u32::MAX).saturating_add(1) }
    }

    /// Byte offset at which `line` (from 1) starts; the text's last line start for a line behind its end.
    pub(crate) fn line_start(&self, line: u32) -> u32 {
        let at = (line.max(1) as usize - 1).min(self.starts.len() - 1);
        self.starts[at]
    }

    pub(crate) fn line_count(&self) -> u32 {
        u32::try_from(self.starts.len()).unwrap_or(u32::MAX)
    }
}
