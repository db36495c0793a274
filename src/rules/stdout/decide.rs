//! Which place decides that something is written to stdout: the line to edit.
//!
//! Most often it is the call that writes. A helper that hands on the arguments it got lets its callers decide; an object
//! that was made elsewhere and handed in lets its maker decide; a crash handler calls a helper once a kind of failure.

use std::collections::BTreeSet;

use crate::ir::func::FuncKind;
use crate::ir::instr::{Call, Field};
use crate::models::index::Table;
use crate::models::path::{Port, PortHead, PortStep};
use crate::models::schema::{Condition, Stream, StreamPorts, StreamSpec};
use crate::resolve::ports::{PortValue, argument};
use crate::resolve::values::{At, Key, Value};
use crate::rules::{Cx, Unit};

use super::assigned::{MAX_ASSIGNED, added, assigned, at_path, gets_to, put_at};

/// How many calls deep it is asked what those were given that built a logger.
const MAX_BUILT: usize = 3;

/// Who decides.
pub(super) enum Decides {
    /// Nothing goes to stdout.
    Nobody,
    /// The call itself.
    Call,
    /// Some of the calls of the function that it is in.
    Callers(Vec<At>),
    /// The calls that made the object which writes.
    Makers(Vec<At>),
}

/// Who decides, where the callers of the function each hand something on that decides.
pub(super) fn by_callers(cx: &Cx<'_>, unit: &Unit<'_>, at: At, spec: &StreamSpec) -> Option<Decides> {
    let sites = &unit.process.live.sites;
    let callers = cx.values.streams_by_caller(at, spec)?;
    let live: Vec<(At, Stream)> = callers.into_iter().filter(|(caller, _)| sites.contains_key(caller)).collect();
    let on_stdout: Vec<At> =
        live.iter().filter(|(_, stream)| *stream == Stream::Stdout).map(|(caller, _)| *caller).collect();
    match on_stdout.len() {
        0 => (!live.is_empty()).then_some(Decides::Nobody),
        n => (n < live.len()).then_some(Decides::Callers(on_stdout)),
    }
}

pub(super) fn decides(cx: &Cx<'_>, unit: &Unit<'_>, at: At, spec: &StreamSpec) -> Decides {
    if let Some(decides) = by_callers(cx, unit, at, spec) {
        return decides;
    }
    if live_stream(cx, unit, at, spec) != Stream::Stdout {
        return Decides::Nobody;
    }
    let makers = makers(cx, unit, at, spec);
    if makers.is_empty() { Decides::Call } else { Decides::Makers(makers) }
}

/// Do the conditions of a row hold at a call, of what the process puts into what the call is given: `if (web) options.pretty = true`?
pub(super) fn holds(cx: &Cx<'_>, unit: &Unit<'_>, at: At, conditions: &[Condition]) -> bool {
    conditions.iter().all(|condition| {
        let Some(port) = cx.values.models.port(&condition.port) else { return false };
        let known = cx.values.port_values(at, port);
        let is_asked = condition.present.is_some() && !matches!(known, PortValue::Missing);
        let is_never = is_asked && is_never_put(cx, unit, at, port);
        cx.values.condition(if is_never { &PortValue::Missing } else { &known }, condition)
    })
}

/// Is the field of what a call is given put there nowhere but in code that the process does not get to?
fn is_never_put(cx: &Cx<'_>, unit: &Unit<'_>, at: At, port: &Port) -> bool {
    let [PortStep::Name(name), ..] = port.path.as_slice() else { return false };
    let given = cx.values.call_at(at).and_then(|call| argument(call, &port.head));
    let Some(given) = given else { return false };
    let key = Key::Name(name.clone());
    let mut stores: Vec<At> = Vec::new();
    for value in cx.values.of(at.0, given).items() {
        match cx.values.object_of(value).filter(|obj| !cx.values.is_open(obj)) {
            Some(obj) => stores.extend(cx.values.stores_to(&obj, &key)),
            None => return false,
        }
    }
    !stores.is_empty() && stores.iter().all(|store| !gets_to(cx, unit, *store))
}

/// The stream that a call is given, of what the variables in it hold where the process gets to: `stderr if quiet else stdout`.
pub(super) fn live_stream(cx: &Cx<'_>, unit: &Unit<'_>, at: At, spec: &StreamSpec) -> Stream {
    live_stream_within(cx, unit, at, spec, MAX_BUILT)
}

fn live_stream_within(cx: &Cx<'_>, unit: &Unit<'_>, at: At, spec: &StreamSpec, depth: usize) -> Stream {
    let stream = cx.values.stream_of(at, spec);
    let (StreamSpec::Ports(ports), Stream::Stdout) = (spec, stream) else { return stream };
    if let Some(stream) = stream_of_made(cx, unit, at, ports) {
        return stream;
    }
    let all = || ports.from.iter().filter_map(|text| cx.values.models.port(text));
    let at_path = |port: &Port| at_path(cx, unit, (at.0, argument(cx.values.call_at(at)?, &port.head)?), &port.path);
    let found: Vec<Vec<Value>> = all().filter_map(at_path).collect();
    // Where nothing is put at one port, the next one says it.
    if let Some(found) = found.iter().find(|found| !found.is_empty()).or(found.first()) {
        return cx.values.stream_of_values(found, Some(ports));
    }
    let whole = all().filter(|port| port.path.is_empty());
    let Some(given) = whole.filter_map(|port| given_at(cx, at, port)).next() else { return stream };
    if let Some(kept) = kept_in_list(cx, unit, given) {
        let streams =
            kept.iter().map(|(func, value)| cx.values.stream_of_values(cx.values.of(*func, *value).items(), None));
        return streams.min().unwrap_or(Stream::None);
    }
    let mut found = Vec::new();
    let is_all = assigned(cx, unit, given, MAX_ASSIGNED, &mut found);
    if is_all || found.is_empty() {
        return built_stream(cx, unit, given, depth).unwrap_or(stream);
    }
    let streams = found.iter().map(|at| {
        let built = built_stream(cx, unit, *at, depth);
        built.unwrap_or_else(|| cx.values.stream_of_values(cx.values.of(at.0, at.1).items(), Some(ports)))
    });
    streams.min().unwrap_or(stream)
}

/// The stream of what calls made, of what those are given where the process gets to: `layer().with_writer(writer)`.
fn built_stream(cx: &Cx<'_>, unit: &Unit<'_>, (func, value): At, depth: usize) -> Option<Stream> {
    let depth = depth.checked_sub(1)?;
    let known = cx.values.of(func, value).items().iter().filter(|value| **value != Value::Unknown);
    let built = known.map(|value| {
        let Value::Api(_, Some(made)) = value else { return None };
        let rows = cx.values.call_rows(*made, Table::Stream).into_iter().map(|row| cx.values.models.stream(row));
        let mut rows = rows.filter(|row| cx.values.holds(*made, &row.when));
        Some(live_stream_within(cx, unit, *made, &rows.next()?.stream, depth))
    });
    let built: Option<Vec<Stream>> = built.collect();
    built?.into_iter().min()
}

/// The stream of the objects that the process makes, of those that the call may be a method of: `Console(stderr=True) if quiet
/// else Console()`. `None` where it makes all of them, or none.
fn stream_of_made(cx: &Cx<'_>, unit: &Unit<'_>, at: At, ports: &StreamPorts) -> Option<Stream> {
    let asks_object = ports.from.first().is_some_and(|port| port == "self");
    let receivers = cx.values.of_slot(cx.values.receiver_slot(at).filter(|_| asks_object)?).items();
    let is_made = |value: &&Value| match value {
        Value::Api(_, Some(made)) => unit.process.live.sites.contains_key(made),
        _ => true,
    };
    let made: Vec<Value> = receivers.iter().filter(is_made).cloned().collect();
    let is_some = !made.is_empty() && made.len() < receivers.len();
    is_some.then(|| cx.values.stream_of_values(&made, Some(ports)))
}

/// What a call is given at a port, or one of those that built what it is called on: `builder.with_writer(writer).init()`.
fn given_at(cx: &Cx<'_>, at: At, port: &Port) -> Option<At> {
    let PortHead::Chain(method, inner) = &port.head else {
        return argument(cx.values.call_at(at)?, &port.head).map(|value| (at.0, value));
    };
    let is_method = |call: &Call| matches!(call.callee.path.last(), Some(Field::Name(name)) if name == method);
    let mut made = std::iter::once(at).chain(cx.values.chain(at));
    let (made, call) = made.find_map(|made| Some((made, cx.values.call_at(made).filter(|call| is_method(call))?)))?;
    argument(call, &inner.head).filter(|_| inner.path.is_empty()).map(|value| (made.0, value))
}

/// What says stdout in the tables that are added to the list which a call is given: `targets.push({ target: "file" })`. Of
/// several ports, the first that has something in a table decides about that.
pub(super) fn added_to_stdout(cx: &Cx<'_>, unit: &Unit<'_>, at: At, spec: &StreamSpec) -> Vec<At> {
    let (StreamSpec::Ports(ports), Some(call)) = (spec, cx.values.call_at(at)) else { return Vec::new() };
    let mut decided: BTreeSet<At> = BTreeSet::new();
    let mut found = Vec::new();
    for port in ports.from.iter().filter_map(|text| cx.values.models.port(text)) {
        let Some(cut) = port.path.iter().position(|step| *step == PortStep::Element) else { continue };
        let given = argument(call, &port.head).and_then(|given| put_at(cx, unit, (at.0, given), &port.path[..cut]));
        let lists = given.into_iter().flat_map(|given| given.held);
        let lists = lists.flat_map(|(func, list)| cx.values.of(func, list).items());
        let tables: Vec<At> =
            lists.filter_map(|list| cx.values.object_of(list)).flat_map(|list| added(cx, &list)).collect();
        for table in tables.into_iter().filter(|table| gets_to(cx, unit, *table)) {
            let put = put_at(cx, unit, table, &port.path[cut + 1..]).map(|put| put.held).unwrap_or_default();
            if put.is_empty() || !decided.insert(table) {
                continue;
            }
            let is_stdout = |(func, value): &At| {
                cx.values.stream_of_values(cx.values.of(*func, *value).items(), Some(ports)) == Stream::Stdout
            };
            found.extend(put.into_iter().filter(is_stdout));
        }
    }
    found
}

/// What a process puts into the list that a value is, of what the program puts there: `if on_http { layers.push(layer) }`.
fn kept_in_list(cx: &Cx<'_>, unit: &Unit<'_>, (func, value): At) -> Option<Vec<At>> {
    let lists = cx.values.of(func, value).items().iter().filter(|value| matches!(value, Value::Api(_, Some(_))));
    let lists = lists.filter_map(|list| cx.values.object_of(list));
    let stores: Vec<At> = lists.flat_map(|list| cx.values.stores_to(&list, &Key::Some)).copied().collect();
    let kept = stores.iter().copied().filter(|at| gets_to(cx, unit, *at));
    (!stores.is_empty()).then(|| kept.collect())
}

/// The calls that made the object which writes, where other code made it and handed it in. An object that a whole program
/// shares as a variable of a module is no such object: what is written through it is decided where it is used.
fn makers(cx: &Cx<'_>, unit: &Unit<'_>, at: At, spec: &StreamSpec) -> Vec<At> {
    let values = cx.values;
    let asks_object = |ports: &StreamPorts| ports.from.first().is_some_and(|port| port == "self");
    let Some(receiver) = values.receiver_slot(at) else { return Vec::new() };
    if !matches!(spec, StreamSpec::Ports(ports) if asks_object(ports)) {
        return Vec::new();
    }
    let program = values.program;
    let owner = |at: At| values.classes.owner(at.0).or(program.funcs[at.0].owner);
    let mut found = Vec::new();
    for value in values.of_slot(receiver).items() {
        let Value::Api(node, Some(made)) = value else { continue };
        if !values.models.index.node(*node).has(Table::Stream)
            || values.stream_of_values(std::slice::from_ref(value), None) != Stream::Stdout
        {
            continue;
        }
        let is_own = made.0 == at.0 || owner(*made).is_some() && owner(*made) == owner(at);
        if !is_own && program.funcs[made.0].kind != FuncKind::Init && unit.process.live.sites.contains_key(made) {
            found.push(*made);
        }
    }
    found
}

/// The calls that made what a logger is given and that leave it at stdout, where they stand elsewhere:
///
/// ```text
/// let layer = if json { fmt::layer().json().boxed() } else { fmt::layer().boxed() };   // two of them
/// registry().with(layer).init();
/// ```
pub(super) fn made_before(cx: &Cx<'_>, unit: &Unit<'_>, given: At) -> Vec<At> {
    let values = cx.values;
    let decides = |at: &At| {
        values.call_rows(*at, Table::Stream).into_iter().any(|row| {
            let stream = values.models.stream(row);
            matches!(&stream.stream, StreamSpec::Ports(ports) if ports.default == Stream::Stdout)
                && values.holds(*at, &stream.when)
        })
    };
    let on_stdout = |at: &At| {
        values.call_rows(*at, Table::Stream).into_iter().any(|row| {
            let stream = values.models.stream(row);
            values.holds(*at, &stream.when) && values.stream_of(*at, &stream.stream) == Stream::Stdout
        })
    };
    let all: Vec<At> = values.makers(given).into_iter().filter(decides).collect();
    // Of the calls of one chain the last one has all that was said in it.
    let inner: BTreeSet<At> =
        all.iter().flat_map(|at| values.makers(*at).into_iter().filter(move |inner| inner != at)).collect();
    let outer = all.into_iter().filter(|at| !inner.contains(at) && on_stdout(at) && gets_to(cx, unit, *at));
    outer.collect()
}

/// The calls in crash handlers that end in the same helper as the one at `primary`: each tells of another failure.
pub(super) fn like_in_handlers(cx: &Cx<'_>, unit: &Unit<'_>, primary: At) -> Vec<At> {
    let values = cx.values;
    let mut found = Vec::new();
    for at in values.callees(primary).iter().flat_map(|(helper, _)| values.callers(*helper)) {
        let sites = unit.process.live.sites.get(at).into_iter().flatten();
        for site in sites.filter(|site| site.crash) {
            // In a handler itself, or in a function that one calls.
            let calls = if site.frame_crash { super::calls_in_crash(unit, site) } else { Vec::new() };
            found.push(calls.first().copied().unwrap_or(*at));
        }
    }
    found.retain(|at| *at != primary);
    found.sort_unstable();
    found.dedup();
    found
}
