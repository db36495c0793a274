//! Why the rules about stdout say nothing of a call that runs: for somebody who asks about its line.

use crate::flow::frames::Output;
use crate::flow::live::Site;
use crate::models::index::Table;
use crate::models::schema::{SinkKind, Stream};
use crate::models::serving::TransportKind;
use crate::resolve::values::At;
use crate::source::version::Allowed;

use super::assigned::is_live;
use super::{is_default, is_first, is_moved, protocol};
use crate::rules::{Cx, Unit};

/// A rule that says nothing here, and why.
pub(crate) type Silence = (&'static str, String);

/// Why a server's stdout is free, if it is.
pub(crate) fn free_stdout(unit: &Unit<'_>) -> Option<&'static str> {
    let mut on_stdio = unit
        .process
        .serves
        .iter()
        .filter(|serve| matches!(serve.kind, TransportKind::Stdio | TransportKind::Unknown))
        .peekable();
    if on_stdio.peek().is_none() {
        return Some("the server does not serve stdio");
    }
    on_stdio.all(|serve| serve.output == Output::Own).then_some("the protocol runs over a stream of its own")
}

/// The rules about stdout that could speak of the call and do not. `sites` are the places where it was met.
pub(crate) fn silent(cx: &Cx<'_>, unit: &Unit<'_>, at: At, sites: &[Site]) -> Vec<Silence> {
    let mut found = Vec::new();
    writes(cx, unit, at, sites, &mut found);
    loggers(cx, unit, at, &mut found);
    for row in cx.values.call_rows(at, Table::Child) {
        let child = cx.values.models.child(row);
        let stream = cx.values.stream_of(at, &child.stdout);
        if stream != Stream::Stdout {
            found.push(("stdout-child", format!("the child's stdout is {}", stream_word(stream))));
        }
    }
    if let Some(why) = free_stdout(unit) {
        let rules: Vec<&'static str> = found.iter().map(|(rule, _)| *rule).collect();
        found = rules.into_iter().map(|rule| (rule, why.to_owned())).collect();
    }
    found
}

fn writes(cx: &Cx<'_>, unit: &Unit<'_>, at: At, sites: &[Site], found: &mut Vec<Silence>) {
    for row in cx.values.call_rows(at, Table::Sink) {
        let sink = cx.values.models.sink(row);
        let prints = matches!(sink.kind, SinkKind::Write | SinkKind::Noise | SinkKind::Trace);
        let Some(spec) = sink.stream.as_ref().filter(|_| prints) else { continue };
        let stream = cx.values.stream_of(at, spec);
        let library = &cx.values.models.file(row).library;
        let why = if !cx.values.holds(at, &sink.when) {
            "called like this it does not print".to_owned()
        } else if stream != Stream::Stdout {
            format!("the stream is {}", stream_word(stream))
        } else if cx.values.version_of(Some(at.0), row, sink.versions.as_deref()) == Allowed::No {
            format!("the version of {library} in use does not print here")
        } else if protocol::is_protocol(cx, at, unit.writes_protocol()) {
            "what is written is the protocol itself".to_owned()
        } else if !is_live(cx, unit, at, row) {
            "what the process gets to chooses another writer".to_owned()
        } else if !sites.is_empty() && sites.iter().all(|site| is_moved(cx, unit, at, site)) {
            "stdout was moved elsewhere before this runs".to_owned()
        } else {
            String::new()
        };
        found.push(("stdout-write", why));
    }
}

fn loggers(cx: &Cx<'_>, unit: &Unit<'_>, at: At, found: &mut Vec<Silence>) {
    for row in cx.values.call_rows(at, Table::Logger) {
        let logger = cx.values.models.logger(row);
        let stream = cx.values.stream_of(at, &logger.stream);
        let library = &cx.values.models.file(row).library;
        let why = if !cx.values.holds(at, &logger.when) {
            continue;
        } else if stream != Stream::Stdout {
            format!("the logger writes to {}", stream_word(stream))
        } else if !is_first(cx, unit, at, row) {
            format!("an earlier call configures {library}; this one has no effect")
        } else if !is_default(cx, unit, at, row) {
            format!("{library} is configured elsewhere; its default does not hold")
        } else if cx.values.version_of(Some(at.0), row, logger.versions.as_deref()) == Allowed::No {
            format!("the version of {library} in use writes elsewhere")
        } else if cx.values.has_feature(at.0, row, logger.without_feature.as_deref()) {
            format!("{library} is built with a feature with which it writes elsewhere")
        } else {
            String::new()
        };
        found.push(("stdout-logger", why));
    }
}

/// How sentences name a stream.
pub(crate) fn stream_word(stream: Stream) -> &'static str {
    match stream {
        Stream::Stdout => "stdout",
        Stream::Stderr => "stderr",
        Stream::Log => "a log file",
        Stream::File => "a file",
        Stream::None => "captured or discarded",
        Stream::Unknown => "not known",
    }
}
