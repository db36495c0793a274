//! Where values leave the program: logs, streams, the agent.

use crate::base::bounds::MAX_CHECK_DEPTH;
use crate::base::idx::Id;
use crate::ir::instr::{Arg, ArgKind, Base, Call, Const, InstrId, Op, TextPart};
use crate::ir::program::Language;
use crate::models::flows::ErrorText;
use crate::models::index::{RowRef, Table};
use crate::models::levels::Fills;
use crate::models::path::{Port, PortHead};
use crate::models::schema::{SinkKind, Stream};
use crate::resolve::ports::{PortValue, argument};
use crate::resolve::values::At;

use super::domain::{Entry, Form, Marks};
use super::leading::assigned;
use super::no_error::is_no_error;
use super::shown::Shown;
use super::solve::Taint;
use super::summary::{Drain, Hit, Sink};
use super::transfer::Pass;
use super::tree::Tree;

/// Fields with the text of a script's error.
pub(super) const ERROR_TEXTS: [&str; 2] = ["message", "stack"];

impl Taint<'_> {
    /// Is it the text of an error that a call does not write: JSON has none, unless something else puts it in?
    pub(crate) fn is_left_out(&self, sink: Sink, entry: &Entry) -> bool {
        let errors = sink.row.and_then(|row| self.values.models.sink(row).errors.as_ref());
        let is_under_key = |errors: &ErrorText| {
            errors.whole && entry.at.len() == 1
                || entry.at.first().is_some_and(|key| errors.keys.iter().any(|known| key == known))
        };
        let is_text = || entry.at.last().is_some_and(|field| ERROR_TEXTS.contains(&field.as_str()));
        let is_written = |errors: &ErrorText| is_under_key(errors) || errors.texts && is_text();
        entry.marks.has(Marks::IN_ERROR)
            && errors.is_some_and(|errors| !is_written(errors) && self.makes_json(sink.at, errors))
    }

    /// Is it so far inside what a call writes that the call does not show it?
    pub(super) fn is_too_deep(&self, sink: Sink, entry: &Entry) -> bool {
        let depth = sink.row.and_then(|row| self.values.models.sink(row).depth);
        !entry.marks.has(Marks::JSON) && depth.is_some_and(|depth| entry.at.len() > depth)
    }

    /// Is JSON made, at a call, of errors as they are?
    fn makes_json(&self, at: At, errors: &ErrorText) -> bool {
        let mut others = errors.unless.iter().filter_map(|text| self.values.models.port(text));
        !self.shows_errors && others.all(|port| self.values.port_values(at, port) == PortValue::Missing)
    }

    /// What JSON shows of a value.
    pub(super) fn in_json(&self, given: &Tree, errors: &ErrorText, at: At) -> Tree {
        if !self.makes_json(at, errors) {
            return given.clone();
        }
        given.map(|mut entry| {
            entry.marks = entry.marks.with(Marks::JSON);
            (!entry.marks.has(Marks::IN_ERROR)).then_some(entry)
        })
    }
}

/// The arguments of a call that a port means.
fn port_args(call: &Call, head: &PortHead) -> Vec<InstrId> {
    match head {
        PortHead::AllArgs => call.args.iter().map(|arg| arg.value).collect(),
        PortHead::ArgsFrom(from) => call.args.iter().skip(*from as usize).map(|arg| arg.value).collect(),
        head => argument(call, head).into_iter().collect(),
    }
}

impl Pass<'_, '_> {
    /// Notes what the call hands to a log, a stream or the agent.
    pub(super) fn sinks(&mut self, call: &Call, at: At, receiver: &Tree) {
        let values = self.taint.values;
        for row in values.call_rows(at, Table::Sink) {
            let data = values.models.sink(row);
            if !values.holds(at, &data.when) || !values.version_allows(Some(at.0), row, data.versions.as_deref()) {
                continue;
            }
            if data.shown_with.is_some() && !self.taint.shown.iter().any(|shown| shown.is_of(row)) {
                continue;
            }
            let Some(drain) = Sink::drain_of(data.kind) else { continue };
            if drain == Drain::Write && !self.is_shown(at, row) {
                continue;
            }
            let ports: Vec<Port> = data.takes.iter().filter_map(|text| values.models.port(text).cloned()).collect();
            let all = [Port { head: PortHead::AllArgs, path: Vec::new() }];
            let ports = if ports.is_empty() && data.kind != SinkKind::Trace { &all[..] } else { &ports[..] };
            let sink = Sink { at, drain, row: Some(row) };
            let n_args = data.fills.as_ref().map_or(call.args.len(), |fills| self.n_filled(call, at, fills));
            let shortened =
                (n_args < call.args.len()).then(|| Call { args: call.args[..n_args].to_vec(), ..call.clone() });
            let call = shortened.as_ref().unwrap_or(call);
            let numbers = data.numbers.as_ref().map_or_else(Vec::new, |letters| self.numbers(call, letters));
            let mut taken = Tree::default();
            for port in ports {
                if port.head == PortHead::Caught {
                    taken.join(&self.handled(at));
                    continue;
                }
                let mut written = match port.path.is_empty() {
                    true => port_args(call, &port.head),
                    false => Vec::new(),
                };
                let n_written = written.len();
                written.retain(|value| !numbers.contains(value));
                let is_whole =
                    call.args.iter().all(|arg| arg.kind != ArgKind::Spread && arg.kind != ArgKind::SpreadNamed);
                if n_written == 0 || !is_whole || drain == Drain::Agent {
                    taken.join(&self.port_tree(call, port, receiver));
                } else {
                    for value in &written {
                        let held = self.given[value.index()].clone();
                        taken.join(&self.seen(*value, held, at));
                    }
                }
                if port.path.is_empty() {
                    for value in written {
                        // `count = x` in Rust, with no `?` before it, takes numbers and texts only.
                        let is_plain = |arg: &Arg| arg.value == value && matches!(arg.kind, ArgKind::Named(_));
                        if self.language == Language::Rust && call.args.iter().any(is_plain) {
                            continue;
                        }
                        taken.join(&self.inside(value, Shown::Text, at));
                    }
                }
            }
            if data.errors.is_some() {
                taken = taken.only(|entry| !self.taint.is_left_out(sink, entry));
            }
            let is_text = self.language == Language::Python && drain != Drain::Agent;
            for entry in taken.into_entries() {
                if entry.form == Form::Held || !is_no_error(&entry) || is_text && self.is_kept_in_error(&entry) {
                    continue;
                }
                self.hit(Hit { sink, primary: at, open: true, entry }, |entry| entry);
            }
        }
    }

    /// Notes what the call hands to a library that logs it by itself.
    pub(super) fn echoes(&mut self, call: &Call, at: At, receiver: &Tree) {
        let values = self.taint.values;
        for row in values.call_rows(at, Table::Echo) {
            let echo = values.models.echo(row);
            if echo.takes.is_empty() || !values.version_allows(Some(at.0), row, echo.versions.as_deref()) {
                continue;
            }
            let mut taken = Tree::default();
            for port in echo.takes.iter().filter_map(|text| values.models.port(text)) {
                taken.join(&self.port_tree(call, port, receiver));
            }
            let sink = Sink { at, drain: Drain::Echo, row: None };
            for entry in taken.into_entries() {
                if entry.form != Form::Held && is_no_error(&entry) {
                    self.hit(Hit { sink, primary: at, open: false, entry }, |entry| entry);
                }
            }
        }
    }

    /// How many arguments are written, where the text has to have a place for each that follows it:
    ///     log.error("failed", details); log.error({ id }, "failed: %s", reason);
    fn n_filled(&self, call: &Call, at: At, fills: &Fills) -> usize {
        let values = self.taint.values;
        let mut others = fills.unless.iter().filter_map(|text| values.models.port(text));
        let is_open = call.args.iter().any(|arg| arg.kind != ArgKind::Positional)
            || others.any(|port| matches!(values.port_values(at, port), PortValue::Known(_)));
        if is_open {
            return call.args.len();
        }
        // An object stands before the text.
        let texts = call.args.iter().take(2).zip(1..);
        let mut known = texts
            .filter_map(|(arg, n_before)| Some(n_before + self.n_places(arg.value, &fills.letters, MAX_CHECK_DEPTH)?));
        known.next().unwrap_or(call.args.len())
    }

    /// The places that a text of the function has for other values; `None` when the text is not known.
    fn n_places(&self, text: InstrId, letters: &str, depth: usize) -> Option<usize> {
        let depth = depth.checked_sub(1)?;
        let is_place = |rest: &&str| rest.starts_with(|letter| letters.contains(letter));
        let n_in = |text: &str| text.split('%').skip(1).filter(is_place).count();
        match &self.func.instrs[text].op {
            Op::Const(Const::Str(text)) => Some(n_in(text)),
            Op::Text(parts) => {
                Some(parts.iter().map(|part| if let TextPart::Lit(text) = part { n_in(text) } else { 0 }).sum())
            }
            Op::Load(place) if place.path.is_empty() => {
                let is_param = self.func.params.iter().any(|param| Base::Local(param.local) == place.base);
                let written = assigned(self.func, &place.base).filter(|_| !is_param)?;
                self.n_places(written, letters, depth)
            }
            _ => None,
        }
    }

    /// The arguments that the text before them shows as numbers: `log.info("%d of %s", n, name)`.
    fn numbers(&self, call: &Call, letters: &str) -> Vec<InstrId> {
        let mut args = call.args.iter().take_while(|arg| arg.kind == ArgKind::Positional).map(|arg| arg.value);
        let template = args.by_ref().take(2).find_map(|value| match &self.func.instrs[value].op {
            Op::Const(Const::Str(text)) if text.contains('%') => Some(text),
            _ => None,
        });
        let Some(template) = template else { return Vec::new() };
        // `%%` is no place, `%*d` two of them, and `%(name)s` takes all from one table.
        let is_flag = |c: char| matches!(c, '#' | '0'..='9' | '-' | ' ' | '+' | '.');
        let template = template.replace("%%", "");
        let places = template.split('%').skip(1).map(|rest| rest.trim_start_matches(is_flag).chars().next());
        let places: Option<Vec<char>> = places.collect();
        let places = places.filter(|places| !places.iter().any(|place| matches!(place, '*' | '(')));
        let filled = places.unwrap_or_default().into_iter().zip(args);
        filled.filter(|(place, _)| letters.contains(*place)).map(|(_, value)| value).collect()
    }

    /// Does the write go to a stream that people read?
    fn is_shown(&self, at: At, row: RowRef) -> bool {
        match &self.taint.values.models.sink(row).stream {
            Some(spec) => {
                matches!(self.taint.values.stream_of(at, spec), Stream::Stdout | Stream::Stderr | Stream::Log)
            }
            None => true,
        }
    }
}
