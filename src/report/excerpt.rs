//! Cuts the lines a finding speaks of out of a file, made harmless and not too long, and lets miette draw a frame around them.
//!
//! A *mark* is a span with a label. Marks that are near each other share a *frame*. The excerpt's text differs from the
//! file's (escapes, cut lines), so marks are moved along and the frame's position is the one in the file.

use std::fmt;

use miette::{
    Diagnostic, GraphicalReportHandler, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan,
    SpanContents,
};

use super::FileText;
use super::escape::push_visible;
use super::wrap::wrap;
use crate::base::span::{LineCol, Span};

/// Lines of context above and below a mark; as many as miette is told to show.
pub(crate) const CONTEXT: u32 = 1;

/// Marks further apart than this many lines get frames of their own.
const NEAR: u32 = 3;

/// What is left of a cut line in front of its first mark.
const LEAD: usize = 20;

/// A label is wrapped, but never to less than this.
const MIN_LABEL: usize = 36;

/// A place to show, with what happens there.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    pub(crate) span: Span,
    pub(crate) label: String,
    /// The frame's title names the primary mark's position.
    pub(crate) primary: bool,
    /// Position in the order of reading: frames come in the order of their first mark.
    pub(crate) order: usize,
}

/// How wide, and what stands for what was cut.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measure {
    pub(crate) width: usize,
    pub(crate) cut: &'static str,
}

/// Marks drawn together.
pub(crate) struct Frame {
    pub(crate) order: usize,
    excerpt: Excerpt,
    labels: Vec<LabeledSpan>,
}

#[derive(Debug)]
struct Excerpt {
    name: String,
    text: String,
    first_line: u32,
    /// Spans of the excerpt with their columns in the file.
    columns: Vec<(SourceSpan, LineCol)>,
}

/// Frames for the marks of one file.
pub(crate) fn frames(name: &str, file: &FileText, mut marks: Vec<Mark>, measure: Measure) -> Vec<Frame> {
    marks.sort_by_key(|mark| (mark.span, mark.order));
    let mut groups: Vec<Vec<Mark>> = Vec::new();
    for mark in marks {
        match groups.last_mut() {
            Some(group) if near(file, group, &mark, measure) => group.push(mark),
            _ => groups.push(vec![mark]),
        }
    }
    groups.iter().map(|group| frame(name, file, group, measure)).collect()
}

impl Frame {
    /// The drawing, each line with an end.
    pub(crate) fn draw(&self, handler: &GraphicalReportHandler) -> String {
        let mut drawn = String::new();
        if handler.render_report(&mut drawn, self).is_err() {
            return String::new();
        }
        // The first line is the diagnostic's own message, which is empty: the caller has a better one.
        let body = drawn.split_once('\n').map(|(_, body)| body).unwrap_or_default();
        body.lines().map(|line| format!("{}\n", line.trim_end())).collect()
    }
}

fn near(file: &FileText, group: &[Mark], mark: &Mark, measure: Measure) -> bool {
    let line = |mark: &Mark| file.lines().line(mark.span.start);
    let Some(last) = group.last() else { return true };
    let at = line(mark);
    if at > line(last) + NEAR {
        return false;
    }
    // On a line too long to show, only what fits beside the first mark joins it.
    let first_here = group.iter().find(|other| line(other) == at);
    let far = |other: &Mark| (mark.span.start - other.span.start) as usize > measure.width / 2;
    !first_here.is_some_and(|other| far(other) && file.line_text(at).len() > measure.width)
}

fn frame(name: &str, file: &FileText, group: &[Mark], measure: Measure) -> Frame {
    let lines = group.iter().map(|mark| file.lines().line(mark.span.start));
    let first = lines.clone().min().unwrap_or(1).saturating_sub(CONTEXT).max(1);
    let marked = lines.max().unwrap_or(1);
    let last = marked.saturating_add(CONTEXT).min(file.lines().line_count());
    // The line break at a file's end starts a line that nobody wrote.
    let last = if file.line_text(last).is_empty() && last == file.lines().line_count() { marked } else { last };
    let mut text = String::new();
    let mut labels = Vec::new();
    let mut columns = Vec::new();
    for line in first..=last {
        let here: Vec<&Mark> = group.iter().filter(|mark| file.lines().line(mark.span.start) == line).collect();
        let shown = Shown::new(file, line, &here, measure);
        for (mark, (start, end)) in here.iter().zip(&shown.marks) {
            let span = SourceSpan::from((text.len() + start, end - start));
            let room = measure.width.saturating_sub(*start).max(MIN_LABEL);
            let label = wrap(&mark.label, room, "", "").trim_end().to_owned();
            let labelled = if mark.primary { LabeledSpan::new_primary_with_span } else { LabeledSpan::new_with_span };
            labels.push(labelled(Some(label), span));
            columns.push((span, file.lines().line_col(&file.text, file.floor(mark.span.start))));
        }
        text.push_str(&shown.text);
        text.push('\n');
    }
    let order = group.iter().map(|mark| mark.order).min().unwrap_or_default();
    Frame { order, excerpt: Excerpt { name: name.to_owned(), text, first_line: first, columns }, labels }
}

/// A line as it is shown, and where the marks are in it.
struct Shown {
    text: String,
    marks: Vec<(usize, usize)>,
}

impl Shown {
    fn new(file: &FileText, line: u32, marks: &[&Mark], measure: Measure) -> Self {
        let source = file.line_text(line);
        let base = file.lines().line_start(line) as usize;
        let within = |offset: u32| (file.floor(offset) as usize).saturating_sub(base).min(source.len());
        let spans: Vec<_> = marks.iter().map(|mark| (within(mark.span.start), within(mark.span.end))).collect();
        let marked =
            (spans.first().map_or(0, |span| span.0), spans.iter().map(|span| span.1).max().unwrap_or_default());
        let (from, to) = window(source, marked, measure.width);
        let mut text = String::new();
        if from > 0 {
            text.push_str(measure.cut);
        }
        let mut res: Vec<(usize, usize)> = spans.iter().map(|_| (text.len(), text.len())).collect();
        for (at, char) in source.char_indices().filter(|(at, _)| (from..to).contains(at)) {
            let before = text.len();
            match char {
                '\t' => text.push_str("  "),
                '\u{feff}' if base + at == 0 => {}
                _ => push_visible(&mut text, source, at, char),
            }
            for (span, shown) in spans.iter().zip(&mut res) {
                if at <= span.0 {
                    *shown = (before, before);
                }
                if at >= span.0 && at < span.1 {
                    shown.1 = text.len();
                }
            }
        }
        if to < source.len() {
            text.push_str(measure.cut);
        }
        Self { text, marks: res }
    }
}

/// The part of `line` to show, as byte offsets: its start, unless what is marked lies further right.
fn window(line: &str, (start, end): (usize, usize), width: usize) -> (usize, usize) {
    let chars = |to: usize| line.get(..to).map_or(0, |text| text.chars().count());
    let (start, end, total) = (chars(start), chars(end), chars(line.len()));
    if total <= width {
        return (0, line.len());
    }
    let skip = if end + LEAD / 2 < width { 0 } else { start.saturating_sub(LEAD).min(total - width) };
    let offset = |n: usize| line.char_indices().nth(n).map_or(line.len(), |(at, _)| at);
    (offset(skip), offset(skip + width))
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let inner = self.text.as_str().read_span(span, before, after)?;
        // Without context it is asked for the title's position.
        let title = (before == 0 && after == 0).then(|| self.columns.iter().find(|(own, _)| own == span)).flatten();
        let column = title.map_or(inner.column(), |(_, at)| at.column as usize - 1);
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            inner.data(),
            *inner.span(),
            inner.line() + self.first_line as usize - 1,
            column,
            inner.line_count(),
        )))
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.excerpt.name)
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Frame {}

impl Diagnostic for Frame {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.excerpt)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}
