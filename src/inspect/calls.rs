//! What each call of a line is: the function or library member, the stream it writes to, the logger behind it, the model.

use crate::base::idx::Id;
use crate::flow::domain::Root;
use crate::flow::reach::Reach;
use crate::flow::summary::{Drain, Sink};
use crate::ir::func::FuncKind;
use crate::models::index::{RowRef, Table};
use crate::models::schema::{SinkKind, Stream};
use crate::report::line::{CallReport, ValueReport};
use crate::resolve::solve::CallKind;
use crate::resolve::values::{At, Value};
use crate::rules::name::called;
use crate::rules::stdout::silent::stream_word;

use super::Subject;
use super::place::Place;
use super::running;
use super::values::{self, Found};

/// Most functions that are named as what a call calls, and most places where one of them writes.
const MAX_NAMED: usize = 3;

/// A call of the line.
pub(super) struct Call {
    pub(super) told: CallReport,
    pub(super) at: At,
    /// Where values leave the program in it.
    pub(super) sinks: Vec<Sink>,
    pub(super) values: Vec<Found>,
}

pub(super) fn calls(subject: &Subject<'_>, reach: &mut Reach<'_>, place: &Place) -> Vec<Call> {
    let mut found: Vec<Call> = place.calls.iter().map(|at| call(subject, reach, *at)).collect();
    for at in &place.returned {
        let handler = subject.cx.units.iter().find_map(|unit| {
            let is_own = unit.process.handlers.iter().any(|handler| handler.func == at.0);
            running::handler(unit, subject, at.0).filter(|_| is_own)
        });
        let Some(handler) = handler else { continue };
        let values = vec![values::value(subject, reach, *at)];
        let what = format!("given back to the agent by the {handler}");
        let sinks = vec![Sink { at: *at, drain: Drain::Agent, row: None }];
        found.push(finish(subject, reach, what, Vec::new(), (*at, sinks), values));
    }
    if found.is_empty() {
        // A line that only reads: what it reads.
        for at in &place.instrs {
            let value = values::value(subject, reach, *at);
            if !value.tree.is_empty() && found.len() < MAX_NAMED {
                found.push(finish(subject, reach, "read here".into(), Vec::new(), (*at, Vec::new()), vec![value]));
            }
        }
    }
    found
}

fn call(subject: &Subject<'_>, reach: &mut Reach<'_>, at: At) -> Call {
    let cx = subject.cx;
    let args = cx.values.call_at(at).map(|call| call.args.iter().map(|arg| (at.0, arg.value)).collect::<Vec<_>>());
    let values = args.unwrap_or_default().into_iter().map(|arg| values::value(subject, reach, arg)).collect();
    let rows = cx.values.call_rows(at, Table::Sink);
    let sinks = rows
        .into_iter()
        .filter(|row| cx.values.holds(at, &cx.values.models.sink(*row).when))
        .filter_map(|row| Some(Sink { at, drain: Sink::drain_of(cx.values.models.sink(row).kind)?, row: Some(row) }));
    let sinks = sinks.collect();
    let details = details(subject, reach, at);
    finish(subject, reach, what(subject, at), details, (at, sinks), values)
}

fn finish(
    subject: &Subject<'_>,
    reach: &Reach<'_>,
    what: String,
    details: Vec<String>,
    (at, sinks): (At, Vec<Sink>),
    values: Vec<Found>,
) -> Call {
    let told = values
        .iter()
        .map(|found| ValueReport { text: found.text.clone(), from: values::told(subject, reach, found, &sinks) });
    Call { told: CallReport { what, details, values: told.collect() }, at, sinks, values }
}

/// `log.debug` is `debug()` at src/log.ts:5
fn what(subject: &Subject<'_>, at: At) -> String {
    let cx = subject.cx;
    let program = cx.values.program;
    let mut is: Vec<String> = Vec::new();
    for (func, kind) in cx.values.callees(at) {
        let body = &program.funcs[*func];
        let name = match (body.kind, body.owner) {
            (FuncKind::Constructor, Some(class)) => format!("the constructor of `{}`", program.classes[class].name),
            (FuncKind::Lambda, _) => "a function".to_owned(),
            _ => format!("`{}()`", body.name),
        };
        let how = match kind {
            CallKind::Direct => "",
            CallKind::Callback => ", which it is handed and calls",
            CallKind::Guessed => ", a guess by the name alone",
        };
        is.push(format!("{name} at {}{how}", subject.at_func(*func)));
    }
    let callee = cx.values.callee_slot(at).map(|slot| cx.values.of_slot(slot).items()).unwrap_or_default();
    for value in callee {
        let Value::Api(node, _) = value else { continue };
        let node = cx.values.models.index.node(*node);
        let library = if node.library.is_empty() { "the language".into() } else { node.library.clone() };
        is.push(match node.is_modelled() {
            true => format!("`{}` of {library}", node.name),
            false => format!("of {library}, and no model describes it: it is taken to do no harm"),
        });
    }
    is.dedup();
    let more = is.len().saturating_sub(MAX_NAMED);
    is.truncate(MAX_NAMED);
    let name = called(cx, at);
    match (is.is_empty(), more) {
        (true, _) => format!("`{name}` calls something that is not known"),
        // `console.log` is `console.log` of console: once is enough.
        (false, 0) if is.len() == 1 && is[0].starts_with(&format!("`{name}` of ")) => is.swap_remove(0),
        (false, 0) => format!("`{name}` is {}", is.join(", or ")),
        (false, more) => format!("`{name}` is {}, or one of {more} others", is.join(", or ")),
    }
}

fn details(subject: &Subject<'_>, reach: &Reach<'_>, at: At) -> Vec<String> {
    let cx = subject.cx;
    let models = cx.values.models;
    let mut found: Vec<String> = Vec::new();
    for row in cx.values.call_rows(at, Table::Sink) {
        let sink = models.sink(row);
        let stream = sink.stream.as_ref().map_or(Stream::Unknown, |spec| cx.values.stream_of(at, spec));
        let stream = match stream {
            Stream::Unknown => "a stream that is not known",
            Stream::None => "where nobody reads it",
            stream => stream_word(stream),
        };
        if !cx.values.holds(at, &sink.when) {
            continue;
        }
        found.push(
            match sink.kind {
                SinkKind::Write => format!("writes to {stream}"),
                SinkKind::Noise => format!("the library itself prints to {stream} here"),
                SinkKind::Trace => format!("prints a stack trace to {stream}"),
                SinkKind::Log => "hands a record to a logger".into(),
                SinkKind::Agent => "tells the agent".into(),
            } + &model(subject, row),
        );
    }
    found.extend(loggers(subject, at));
    let tables = [
        (Table::Serve, "starts to serve"),
        (Table::Handler, "registers a handler"),
        (Table::Exit, "ends the process"),
        (Table::Crash, "says what runs after a crash"),
        (Table::Rebind, "moves a stream"),
        (Table::Source, "gives a value that the rules follow"),
        (Table::Clean, "gives back nothing of what it is given"),
    ];
    for (table, text) in tables {
        if let Some(row) = cx.values.call_rows(at, table).first() {
            found.push(format!("{text}{}", model(subject, *row)));
        }
    }
    for row in cx.values.call_rows(at, Table::Child) {
        let stream = cx.values.stream_of(at, &models.child(row).stdout);
        let stream = if stream == Stream::Stdout { "ours" } else { stream_word(stream) };
        found.push(format!("starts a process whose stdout is {stream}{}", model(subject, row)));
    }
    for (func, kind) in cx.values.callees(at).iter().take(MAX_NAMED) {
        if *kind == CallKind::Callback {
            continue;
        }
        let hits = &reach.taint.summaries[func.index()].hits;
        let mut places: Vec<String> = hits
            .iter()
            .filter(|hit| matches!(hit.entry.root, Root::Param(_)))
            .map(|hit| {
                let verb = if hit.sink.drain == Drain::Agent { "given to the agent" } else { "written" };
                format!("what it is given is {verb} at {}", subject.at_instr(hit.sink.at))
            })
            .collect();
        places.dedup();
        found.extend(places.into_iter().take(MAX_NAMED));
    }
    found.dedup();
    found
}

/// The logger that the call configures, or the one it hands a record to.
fn loggers(subject: &Subject<'_>, at: At) -> Vec<String> {
    let cx = subject.cx;
    let mut found = Vec::new();
    for row in cx.values.call_rows(at, Table::Logger) {
        let logger = cx.values.models.logger(row);
        if cx.values.holds(at, &logger.when) {
            let stream = stream_word(cx.values.stream_of(at, &logger.stream));
            found.push(format!("configures a logger whose stream is {stream}{}", model(subject, row)));
        }
    }
    let receiver = cx.values.receiver_slot(at).map(|slot| cx.values.of_slot(slot).items()).unwrap_or_default();
    for value in receiver {
        let Value::Api(_, Some(made)) = value else { continue };
        for row in cx.values.call_rows(*made, Table::Logger) {
            let stream = stream_word(cx.values.stream_of(*made, &cx.values.models.logger(row).stream));
            found.push(format!("the logger is made at {}, its stream is {stream}", subject.at_instr(*made)));
        }
    }
    found
}

/// Which model says so.
fn model(subject: &Subject<'_>, row: RowRef) -> String {
    let file = subject.cx.values.models.file(row);
    format!(" (model of {}, checked against {})", file.library, file.checked.version)
}
