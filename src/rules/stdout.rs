//! Who writes to the stdout that carries the protocol: code, loggers, children, crash handlers, and what moves it away.

use crate::base::bounds::MAX_WAY_BACK;
use crate::finding::{Confidence, Finding, Level, Persona, Step};
use crate::flow::explore::Phase;
use crate::flow::frames::Output;
use crate::flow::live::Site;
use crate::ir::instr::{Field, Op};
use crate::models::index::{RowRef, Table};
use crate::models::path::Step as PathStep;
use crate::models::schema::{SinkKind, Stream, StreamSpec};
use crate::models::serving::TransportKind;
use crate::resolve::ports::{PortValue, argument};
use crate::resolve::values::{At, Value};
use crate::source::version::Allowed;

use decide::{Decides, decides, like_in_handlers};

use super::flow::echo::is_switched_off;
use super::name::called;
use super::place::{cap, doubt, doubt_switch, tell};
use super::{Cx, Findings, Unit, loc};

mod assigned;
mod decide;
mod prose;
pub(super) mod protocol;
pub(crate) mod silent;

pub(super) fn run(cx: &Cx<'_>, unit: &Unit<'_>, out: &mut Findings<'_>) {
    let on_stdio = |kind: TransportKind| matches!(kind, TransportKind::Stdio | TransportKind::Unknown);
    if !unit.process.serves.iter().any(|serve| on_stdio(serve.kind)) {
        return;
    }
    // The protocol runs over a stream of its own; stdout is free.
    if unit.process.serves.iter().filter(|serve| on_stdio(serve.kind)).all(|serve| serve.output == Output::Own) {
        return;
    }
    for (at, sites) in &unit.process.live.sites {
        writes(cx, unit, *at, sites, out);
        loggers(cx, unit, *at, sites, out);
        children(cx, unit, *at, sites, out);
    }
    rebound(cx, unit, out);
}

/// Is what the call does moved off stdout by a rebinding in force there?
fn is_moved(cx: &Cx<'_>, unit: &Unit<'_>, at: At, site: &Site) -> bool {
    moves_one_of(unit, &cx.values.call_rows(at, Table::RebindMoves), site)
}

fn moves_one_of(unit: &Unit<'_>, moved_by: &[RowRef], site: &Site) -> bool {
    site.rebinds.iter().any(|id| {
        let rebind = &unit.process.explorer.rebinds[*id as usize];
        moved_by.iter().any(|row| row.is_of(rebind.row)) && (rebind.is_filter || rebind.stream != Stream::Stdout)
    })
}

/// Is the stream that a logger is given read by its name where something else is in its place by then?
///     sys.stdout = Guarded(sys.stdout)
///     handler = StreamHandler(sys.stdout)
fn reads_moved(cx: &Cx<'_>, unit: &Unit<'_>, given: At, site: &Site) -> bool {
    let index = &cx.values.models.index;
    let Op::Load(place) = &cx.values.program.funcs[given.0].instrs[given.1].op else { return false };
    let Some((owner, Field::Name(name))) = place.split_last() else { return false };
    let owners = cx.values.place_values(given.0, &owner).unwrap_or_default();
    !owners.is_empty()
        && owners.iter().all(|owner| {
            let Value::Api(node, _) = owner else { return false };
            let member = index.node(index.step(*node, &PathStep::Member(name.clone())));
            moves_one_of(unit, &member.rows(Table::RebindMoves).collect::<Vec<_>>(), site)
        })
}

fn writes(cx: &Cx<'_>, unit: &Unit<'_>, at: At, sites: &[Site], out: &mut Findings<'_>) {
    for row in cx.values.call_rows(at, Table::Sink) {
        let sink = cx.values.models.sink(row);
        let prints = matches!(sink.kind, SinkKind::Write | SinkKind::Noise | SinkKind::Trace);
        let Some(spec) = sink.stream.as_ref().filter(|_| prints) else { continue };
        if !cx.values.holds(at, &sink.when) {
            continue;
        }
        let decides = decides(cx, unit, at, spec);
        if matches!(decides, Decides::Nobody) {
            continue;
        }
        let version = cx.values.version_of(Some(at.0), row, sink.versions.as_deref());
        if version == Allowed::No
            || protocol::is_protocol(cx, at, unit.writes_protocol())
            || !assigned::is_live(cx, unit, at, row)
        {
            continue;
        }
        let free: Vec<&Site> = sites.iter().filter(|site| !is_moved(cx, unit, at, site)).collect();
        if let Some(site) = free.iter().find(|site| !site.crash) {
            let mut finding = write_finding(cx, unit, at, row, site, out);
            doubt_version(cx, row, version, &mut finding);
            doubt_stream(cx, unit, at, spec, &mut finding);
            if free.iter().all(|site| !site.phase.has(Phase::BEFORE)) {
                diverted(cx, unit, &mut finding);
            }
            add_where_decided(cx, finding, &decides, out);
        }
        if let Some(site) = free.iter().find(|site| site.crash) {
            for mut finding in crash_findings(cx, unit, at, site, out) {
                doubt_version(cx, row, version, &mut finding);
                out.add(finding);
            }
        }
    }
}

fn write_finding(cx: &Cx<'_>, unit: &Unit<'_>, at: At, row: RowRef, site: &Site, out: &Findings<'_>) -> Finding {
    let sink = cx.values.models.sink(row);
    let name = called(cx, at);
    let place = loc(cx.values.program, at);
    let (message, label) = match sink.kind {
        SinkKind::Noise => (
            format!("`{name}` itself prints to stdout while the server speaks JSON-RPC on it"),
            sink.note.clone().unwrap_or_else(|| "the library prints to stdout here".into()),
        ),
        SinkKind::Trace => (format!("`{name}` prints a stack trace to stdout"), "to stdout".into()),
        _ => (
            format!("`{name}` writes to stdout while the server speaks JSON-RPC on it"),
            sink.note.clone().unwrap_or_else(|| "this goes to stdout".into()),
        ),
    };
    let rule = if sink.kind == SinkKind::Trace { "stdout-crash" } else { "stdout-write" };
    let mut finding = out.draft(rule, message, Step { loc: place, text: label });
    if sink.kind == SinkKind::Noise {
        finding.help = "switch the library's own output off, or give it stderr".into();
    }
    tell(cx, unit, site, at, &mut finding);
    if let Some(most) = sink.confidence {
        cap(&mut finding, most, format!("{} prints only at times", cx.values.models.file(row).library));
    }
    finding
}

/// Adds the finding at each place that decides that the output goes to stdout.
fn add_where_decided(cx: &Cx<'_>, finding: Finding, decides: &Decides, out: &mut Findings<'_>) {
    let (places, label) = match decides {
        Decides::Nobody => return,
        Decides::Call => return out.add(finding),
        Decides::Callers(callers) => (callers, "this call leaves it at stdout"),
        Decides::Makers(makers) => (makers, "made to write to stdout"),
    };
    for place in places {
        let mut here = finding.clone();
        here.path.push(here.primary.clone());
        here.primary = Step { loc: loc(cx.values.program, *place), text: label.into() };
        here.shape = out.draft(&here.rule, String::new(), here.primary.clone()).shape;
        here.function = cx.values.program.funcs[place.0].name.clone();
        out.add(here);
    }
}

/// The SDK points descriptor 1 at stderr while it serves: only what stays in a buffer reaches stdout. Where only some of the
/// versions do that which may be installed, it is not sure that it does.
fn diverted(cx: &Cx<'_>, unit: &Unit<'_>, finding: &mut Finding) {
    if unit.process.serves.iter().any(|serve| serve.diverts_stdout) {
        finding.level = Level::Warning;
        doubt(
            finding,
            "the SDK points stdout at stderr while it serves; unflushed text still gets there at exit".into(),
        );
        return;
    }
    let on_stdio = unit.process.serves.iter().filter(|serve| serve.kind == TransportKind::Stdio);
    let mut rows = on_stdio.flat_map(|serve| {
        let rows = cx.values.call_rows(serve.at, Table::Serve).into_iter();
        rows.map(|row| {
            (row, cx.values.version_of(Some(serve.at.0), row, cx.values.models.serve(row).versions.as_deref()))
        })
    });
    if let Some((row, version)) = rows.find(|(row, _)| cx.values.models.serve(*row).diverts_stdout) {
        doubt_version(cx, row, version, finding);
    }
}

/// Where a maintainer edits: the calls in the handler itself, not the write in a logger that all share.
fn crash_findings(cx: &Cx<'_>, unit: &Unit<'_>, at: At, site: &Site, out: &Findings<'_>) -> Vec<Finding> {
    let calls = if site.frame_crash { calls_in_crash(unit, site) } else { Vec::new() };
    let Some(first) = calls.first().copied() else { return vec![crash_finding(cx, unit, at, (at, site), out)] };
    let all = std::iter::once(first).chain(like_in_handlers(cx, unit, first));
    all.map(|primary| crash_finding(cx, unit, at, (primary, site), out)).collect()
}

fn crash_finding(cx: &Cx<'_>, unit: &Unit<'_>, at: At, from: (At, &Site), out: &Findings<'_>) -> Finding {
    let (primary, site) = from;
    let name = called(cx, primary);
    let message = format!("the crash handler reports through `{name}`, which writes to stdout");
    let label = if primary == at { "this goes to stdout" } else { "ends in a write to stdout" };
    let step = Step { loc: loc(cx.values.program, primary), text: label.into() };
    let mut finding = out.draft("stdout-crash", message, step);
    tell(cx, unit, site, at, &mut finding);
    finding.function = cx.values.program.funcs[primary.0].name.clone();
    if primary != at {
        finding.path.push(Step { loc: loc(cx.values.program, primary), text: format!("the handler calls `{name}`") });
        finding
            .path
            .push(Step { loc: loc(cx.values.program, at), text: format!("`{}` writes to stdout", called(cx, at)) });
    }
    finding
}

/// The calls from the crash handler to the site, outermost first.
fn calls_in_crash(unit: &Unit<'_>, site: &Site) -> Vec<At> {
    let live = &unit.process.live;
    let mut inside = Vec::new();
    let mut key = (site.frame, true);
    while let Some((from, call)) = live.reached.get(&key) {
        // The call that hands the handler over is no call of the handler.
        let Some(from) = from else { break };
        inside.extend(*call);
        if !from.1 || inside.len() > MAX_WAY_BACK {
            break;
        }
        key = *from;
    }
    inside.reverse();
    inside
}

fn loggers(cx: &Cx<'_>, unit: &Unit<'_>, at: At, sites: &[Site], out: &mut Findings<'_>) {
    for row in cx.values.call_rows(at, Table::Logger) {
        let logger = cx.values.models.logger(row);
        let applies =
            decide::holds(cx, unit, at, &logger.when) && is_first(cx, unit, at, row) && is_default(cx, unit, at, row);
        let by_callers = if applies { decide::by_callers(cx, unit, at, &logger.stream) } else { None };
        let is_on_stdout = || match by_callers {
            Some(Decides::Nobody) => false,
            Some(_) => true,
            None => decide::live_stream(cx, unit, at, &logger.stream) == Stream::Stdout,
        };
        if applies
            && is_on_stdout()
            && !is_told_where_made(cx, unit, at, &logger.stream)
            && !is_idle(cx, unit, at, row)
            && !logger.records.as_ref().is_some_and(|records| is_switched_off(cx, unit, at, records))
        {
            logger_finding(cx, unit, (at, row), by_callers.unwrap_or(Decides::Call), sites, out);
        }
    }
    for row in cx.values.assigned_rows(at, Table::LoggerPlace) {
        let ports = match &cx.values.models.logger(row).stream {
            StreamSpec::Fixed(_) => None,
            StreamSpec::Ports(ports) => Some(ports),
        };
        if cx.values.stream_of_values(&cx.values.assigned_values(at), ports) == Stream::Stdout {
            logger_finding(cx, unit, (at, row), Decides::Call, sites, out);
        }
    }
}

/// Is what the call attaches a logger to made by a call that is told itself: a handler with a stream?
fn is_told_where_made(cx: &Cx<'_>, unit: &Unit<'_>, at: At, spec: &StreamSpec) -> bool {
    let StreamSpec::Ports(ports) = spec else { return false };
    let is_told = |made: At| {
        made != at
            && unit.process.live.sites.contains_key(&made)
            && cx.values.call_rows(made, Table::Logger).into_iter().any(|row| {
                let logger = cx.values.models.logger(row);
                cx.values.holds(made, &logger.when) && cx.values.stream_of(made, &logger.stream) == Stream::Stdout
            })
    };
    ports.from.iter().filter_map(|text| cx.values.models.port(text)).any(|port| match cx.values.port_values(at, port) {
        PortValue::Known(values) => {
            values.iter().any(|value| matches!(value, Value::Api(_, Some(made)) if is_told(*made)))
        }
        PortValue::Missing | PortValue::Unknown => false,
    })
}

/// Of the calls of which only the first has an effect, is this the first one?
fn is_first(cx: &Cx<'_>, unit: &Unit<'_>, at: At, row: RowRef) -> bool {
    let Some(word) = &cx.values.models.logger(row).once else { return true };
    let order = &unit.process.explorer.order;
    let Some(own) = order.get(&at) else { return true };
    !unit.process.live.sites.keys().any(|other| {
        order.get(other).is_some_and(|met| met < own)
            && cx.values.call_rows(*other, Table::Logger).into_iter().any(|row| {
                let logger = cx.values.models.logger(row);
                logger.once.as_ref() == Some(word)
                    && cx.values.holds(*other, &logger.when)
                    && cx.values.version_allows(Some(other.0), row, logger.versions.as_deref())
            })
    })
}

/// Is a logger that a library makes as it sees fit only used where the process does not get to?
fn is_idle(cx: &Cx<'_>, unit: &Unit<'_>, at: At, row: RowRef) -> bool {
    !cx.values.models.logger(row).default_of.is_empty()
        && cx.values.is_used_without(at, |used| unit.process.live.sites.contains_key(&used))
}

/// Does the default that the row tells still hold: is none of the calls made that change it, or something logged before that?
fn is_default(cx: &Cx<'_>, unit: &Unit<'_>, at: At, row: RowRef) -> bool {
    if cx.values.models.logger(row).default_of.is_empty() {
        return true;
    }
    let sites = &unit.process.live.sites;
    let changes = |other: &&At| cx.values.call_rows(**other, Table::LoggerDefault).iter().any(|known| known.is_of(row));
    let order = &unit.process.explorer.order;
    let mut changing = sites.keys().filter(changes).peekable();
    if changing.peek().is_none() {
        return true;
    }
    let Some(first) = changing.map(|other| order.get(other)).min().flatten() else { return false };
    let logs = |used: At| {
        cx.values.call_rows(used, Table::Sink).into_iter().any(|row| cx.values.models.sink(row).kind == SinkKind::Log)
    };
    cx.values
        .is_used(at, |used| sites.contains_key(&used) && order.get(&used).is_some_and(|met| met < first) && logs(used))
}

/// Names the switches without which the stream that a call is given is another one.
fn doubt_stream(cx: &Cx<'_>, unit: &Unit<'_>, at: At, spec: &StreamSpec, finding: &mut Finding) {
    let StreamSpec::Ports(ports) = spec else { return };
    let Some(given) = stream_argument(cx, at, spec) else { return };
    for switch in assigned::switches_to_stdout(cx, unit, given, ports) {
        doubt_switch(finding, &switch);
    }
}

/// The argument that says which stream it is, where a call has one: the line to edit.
fn stream_argument(cx: &Cx<'_>, at: At, spec: &StreamSpec) -> Option<At> {
    let (StreamSpec::Ports(ports), Some(call)) = (spec, cx.values.call_at(at)) else { return None };
    let ports = ports.from.iter().filter_map(|text| cx.values.models.port(text));
    let whole = ports.filter(|port| port.path.is_empty());
    whole.filter_map(|port| argument(call, &port.head)).next().map(|value| (at.0, value))
}

fn logger_finding(
    cx: &Cx<'_>,
    unit: &Unit<'_>,
    (at, row): (At, RowRef),
    decides: Decides,
    sites: &[Site],
    out: &mut Findings<'_>,
) {
    let logger = cx.values.models.logger(row);
    let version = cx.values.version_of(Some(at.0), row, logger.versions.as_deref());
    if cx.values.has_feature(at.0, row, logger.without_feature.as_deref()) {
        return;
    }
    let given = stream_argument(cx, at, &logger.stream);
    let is_free =
        |site: &&Site| !is_moved(cx, unit, at, site) && !given.is_some_and(|given| reads_moved(cx, unit, given, site));
    let Some(site) = sites.iter().find(is_free).filter(|_| version != Allowed::No) else {
        return;
    };
    let library = &cx.values.models.file(row).library;
    let message = format!("the {library} logger configured here writes to stdout, which carries the protocol");
    let label = logger.note.clone().unwrap_or_else(|| "logs to stdout".into());
    let place = given.unwrap_or(at);
    let mut finding = out.draft("stdout-logger", message, Step { loc: loc(cx.values.program, place), text: label });
    if let Some(help) = &logger.help {
        finding.help.clone_from(help);
    }
    tell(cx, unit, site, at, &mut finding);
    doubt_version(cx, row, version, &mut finding);
    doubt_stream(cx, unit, at, &logger.stream, &mut finding);
    if let Some(most) = logger.confidence {
        cap(&mut finding, most, format!("{library} writes there only at times"));
    }
    if sites.iter().all(|site| !site.phase.has(Phase::BEFORE)) {
        diverted(cx, unit, &mut finding);
    }
    if matches!(decides, Decides::Callers(_)) {
        return add_where_decided(cx, finding, &decides, out);
    }
    let added = decide::added_to_stdout(cx, unit, at, &logger.stream);
    if !added.is_empty() {
        return add_where_decided(cx, finding, &Decides::Makers(added), out);
    }
    match given.map(|given| decide::made_before(cx, unit, given)) {
        Some(makers) if !makers.is_empty() && !makers.contains(&place) => {
            add_where_decided(cx, finding, &Decides::Makers(makers), out);
        }
        _ => out.add(finding),
    }
}

fn children(cx: &Cx<'_>, unit: &Unit<'_>, at: At, sites: &[Site], out: &mut Findings<'_>) {
    for row in cx.values.call_rows(at, Table::Child) {
        let child = cx.values.models.child(row);
        // To hand its stdout to the server is what a program does that starts one.
        if !cx.values.holds(at, &child.when) || unit.starts == Some(at) {
            continue;
        }
        let decides = decides(cx, unit, at, &child.stdout);
        let version = cx.values.version_of(Some(at.0), row, child.versions.as_deref());
        let moves = |site: &&Site| {
            site.rebinds.iter().any(|id| {
                let rebind = &unit.process.explorer.rebinds[*id as usize];
                cx.values.models.rebind(rebind.row).moves_children
            })
        };
        let Some(site) = sites.iter().find(|site| !moves(site)).filter(|_| version != Allowed::No) else { continue };
        let name = called(cx, at);
        let message = format!("the child process started by `{name}` inherits stdout, which carries the protocol");
        let label = child.note.clone().unwrap_or_else(|| "its output goes to our stdout".into());
        let mut finding = out.draft("stdout-child", message, Step { loc: loc(cx.values.program, at), text: label });
        tell(cx, unit, site, at, &mut finding);
        doubt_version(cx, row, version, &mut finding);
        if child.own_code {
            finding.level = Level::Note;
            finding.persona = Persona::Pedantic;
        }
        if sites.iter().all(|site| !site.phase.has(Phase::BEFORE)) {
            diverted(cx, unit, &mut finding);
        }
        add_where_decided(cx, finding, &decides, out);
    }
}

/// A rebinding of stdout that is in force when the transport takes hold of it.
fn rebound(cx: &Cx<'_>, unit: &Unit<'_>, out: &mut Findings<'_>) {
    for (id, rebind) in (0_u32..).zip(&unit.process.explorer.rebinds) {
        let row = cx.values.models.rebind(rebind.row);
        let elsewhere =
            !rebind.is_filter && matches!(rebind.stream, Stream::Stderr | Stream::Log | Stream::File | Stream::None);
        if !row.carries_protocol || !elsewhere {
            continue;
        }
        let caught = unit.process.serves.iter().find(|serve| {
            serve.rebinds.contains(&id)
                && serve.output == Output::Stdout
                && matches!(serve.kind, TransportKind::Stdio | TransportKind::Unknown)
        });
        let (Some(serve), Some(sites)) = (caught, unit.process.live.sites.get(&rebind.at)) else { continue };
        // A loop that is written by hand answers on whatever it kept of stdout.
        let is_before = |sites: &[Site]| sites.iter().any(|site| !site.rebinds.contains(&id));
        if serve.by_hand && unit.process.live.sites.iter().any(|(at, sites)| is_before(sites) && keeps_stdout(cx, *at))
        {
            continue;
        }
        let Some(site) = sites.first() else { continue };
        let message =
            "stdout is redirected before the transport takes hold of it, so the protocol itself goes elsewhere";
        let label = match rebind.stream {
            Stream::Stderr => "from here on stdout is stderr",
            _ => "from here on stdout leads elsewhere",
        };
        let step = Step { loc: loc(cx.values.program, rebind.at), text: label.into() };
        let mut finding = out.draft("stdout-rebound", message.into(), step);
        tell(cx, unit, site, rebind.at, &mut finding);
        finding
            .related
            .push(Step { loc: loc(cx.values.program, serve.at), text: "the transport takes stdout here".into() });
        out.add(finding);
    }
}

/// Does a call make a duplicate of stdout, which the program uses: `out = os.dup(1)`?
fn keeps_stdout(cx: &Cx<'_>, (func, id): At) -> bool {
    let values = cx.values;
    let leads_there = |row: RowRef| {
        let stream = values.models.stream(row);
        stream.keeps && values.stream_of((func, id), &stream.stream) == Stream::Stdout
    };
    let is_used = || {
        let mut used = false;
        values.program.funcs[func].instrs.iter().for_each(|instr| instr.op.operands(|operand| used |= operand == id));
        used
    };
    values.call_rows((func, id), Table::Stream).into_iter().any(leads_there) && is_used()
}

fn doubt_version(cx: &Cx<'_>, row: RowRef, version: Allowed, finding: &mut Finding) {
    if version == Allowed::Maybe {
        let library = &cx.values.models.file(row).library;
        cap(finding, Confidence::Medium, format!("it depends on which version of {library} is installed"));
    }
}
