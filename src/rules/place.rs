//! How control gets to a place, told as steps; and how sure that is.

use std::collections::BTreeMap;

use crate::base::bounds::{MAX_MEANT, MAX_WAY_BACK};
use crate::base::span::Loc;
use crate::finding::{Confidence, Finding, Level, Persona, Step};
use crate::flow::explore::FrameId;
use crate::flow::explore::Phase;
use crate::flow::live::{Live, Site};
use crate::flow::settings::switches_on;
use crate::ir::func::{FuncId, FuncKind};
use crate::ir::instr::{InstrId, Op};
use crate::ir::program::{ModuleId, Program};
use crate::models::handlers::HandlerKind;
use crate::models::index::Table;
use crate::models::serving::TransportKind;
use crate::resolve::solve::CallKind;
use crate::resolve::values::{At, Value};

use super::name::{called, handles};
use super::{Cx, Unit, loc};

/// Most steps of the way to a place that are told; the ones in the middle are left out.
const MAX_REACHED: usize = 8;

/// How the doubt begins that names a switch.
const SWITCH: &str = "it is behind the switch `";

/// The calls that lead from the entry to a frame, outermost first.
pub(crate) fn calls_to(live: &Live, frame: FrameId, crash: bool) -> Vec<At> {
    let mut calls = Vec::new();
    let mut at = Some((frame, crash));
    while let Some(key) = at {
        let Some((from, call)) = live.reached.get(&key) else { break };
        calls.extend(*call);
        at = *from;
        if calls.len() > MAX_WAY_BACK {
            break;
        }
    }
    calls.reverse();
    calls
}

/// Fills in how the place is reached, in which phase, and which doubts that raises.
pub(crate) fn tell(cx: &Cx<'_>, unit: &Unit<'_>, site: &Site, at: At, finding: &mut Finding) {
    tell_in(cx, unit, (&unit.process.live, site), at, finding);
    doubt_transport(unit, finding);
    doubt_crowd(cx, at, finding);
    // Two doubts whether the process runs this at all: worth a look when somebody asks for everything.
    if finding.doubts.iter().filter(|why| !is_switch(why)).count() > 1 {
        finding.level = Level::Note;
        finding.persona = Persona::Pedantic;
    }
}

/// The same for a site in another view of what is live.
pub(crate) fn tell_in(cx: &Cx<'_>, unit: &Unit<'_>, met: (&Live, &Site), at: At, finding: &mut Finding) {
    let (live, site) = met;
    tell_along(cx, unit, (site, &calls_to(live, site.frame, site.frame_crash)), at, finding);
}

/// The same where control gets to the site by these calls, outermost first.
pub(crate) fn tell_along(cx: &Cx<'_>, unit: &Unit<'_>, (site, calls): (&Site, &[At]), at: At, finding: &mut Finding) {
    let program = cx.values.program;
    for call in calls {
        doubt_guess(cx, *call, finding);
        doubt_optional(cx, *call, finding);
    }
    doubt_guess(cx, at, finding);
    doubt_optional(cx, at, finding);
    finding.reached = steps(cx, calls, at.0);
    finding.phase = Some(when(site));
    finding.function = program.funcs[at.0].name.clone();
    finding.servers = vec![unit.number];
    for why in &unit.doubts {
        doubt(finding, why.clone());
    }
    for switch in conditions(cx, unit, site).into_iter().chain(handed_over_under(cx, unit, calls, at.0)) {
        doubt_switch(finding, &switch);
    }
}

/// The switches under which the function is handed over that control begins in, where it is written there and is no handler:
/// `if (debug) client.onRequest((request) => log(request))`.
fn handed_over_under(cx: &Cx<'_>, unit: &Unit<'_>, calls: &[At], last: FuncId) -> Vec<String> {
    let Some(first) = calls.first() else { return Vec::new() };
    let func = calls.get(1).map_or(last, |call| call.0);
    let body = &cx.values.program.funcs[first.0];
    let is_it = |value: InstrId| matches!(body.instrs[value].op, Op::Closure(inner) if inner == func);
    let is_handed = cx.values.call_at(*first).is_some_and(|call| call.args.iter().any(|arg| is_it(arg.value)));
    if !is_handed || unit.process.handlers.iter().any(|handler| handler.func == func) {
        return Vec::new();
    }
    let mut sites = unit.process.live.sites.get(first).into_iter().flatten().map(|site| conditions(cx, unit, site));
    let mut found = sites.next().unwrap_or_default();
    for others in sites {
        found.retain(|switch| others.contains(switch));
    }
    found
}

/// The doubt that the transport of a server is not known, for the rules about its stdout.
pub(crate) fn doubt_transport(unit: &Unit<'_>, finding: &mut Finding) {
    if unit.process.serves.iter().all(|serve| serve.kind != TransportKind::Stdio) {
        doubt(finding, "the transport is chosen outside of the code that was read".into());
    }
}

/// The steps from the entry to a site in a function, outermost first; of a long way the middle is left out.
pub(crate) fn reached(cx: &Cx<'_>, live: &Live, site: &Site, func: FuncId) -> Vec<Step> {
    steps(cx, &calls_to(live, site.frame, site.frame_crash), func)
}

fn steps(cx: &Cx<'_>, calls: &[At], func: FuncId) -> Vec<Step> {
    // Of several functions that a call may call, the way goes through the one that makes the next call.
    let next = calls.iter().skip(1).map(|call| call.0).chain([func]);
    let mut steps: Vec<Step> = calls.iter().zip(next).filter_map(|(call, next)| step(cx, *call, next)).collect();
    if steps.len() > MAX_REACHED {
        let tail = steps.split_off(steps.len() - MAX_REACHED / 2);
        steps.truncate(MAX_REACHED / 2);
        steps.extend(tail);
    }
    steps
}

/// In which phase of the process a site runs, as a phrase.
pub(crate) fn when(site: &Site) -> &'static str {
    if site.crash {
        "when the server fails"
    } else if site.phase.has(Phase::SERVING) {
        "while the server is serving"
    } else {
        "before the transport starts"
    }
}

/// The switches that a site depends on and that the whole process does not.
pub(crate) fn conditions(cx: &Cx<'_>, unit: &Unit<'_>, site: &Site) -> Vec<String> {
    switches_on(&site.facts, &unit.process.explorer, cx.words)
}

/// The doubt that the place is behind a switch.
pub(crate) fn doubt_switch(finding: &mut Finding, switch: &str) {
    doubt(finding, format!("{SWITCH}{switch}`"));
}

/// Does a doubt name a switch that the place is behind?
pub(crate) fn is_switch(why: &str) -> bool {
    why.starts_with(SWITCH)
}

/// Lowers the confidence, with the reason; the same reason counts once.
pub(crate) fn doubt(finding: &mut Finding, why: String) {
    if !finding.doubts.contains(&why) {
        finding.doubts.push(why);
        finding.confidence = finding.confidence.lowered();
    }
}

/// Lowers the confidence to `most`, with the reason.
pub(crate) fn cap(finding: &mut Finding, most: Confidence, why: String) {
    if finding.confidence > most {
        finding.confidence = most;
    }
    if !finding.doubts.contains(&why) {
        finding.doubts.push(why);
    }
}

fn doubt_optional(cx: &Cx<'_>, at: At, finding: &mut Finding) {
    let func = &cx.values.program.funcs[at.0];
    let start = func.instrs[at.1].span.start;
    let around = |module: &ModuleId| cx.values.program.modules[*module].within.as_ref().map(|(outer, _)| *outer);
    let modules = std::iter::successors(Some(func.module), around);
    let mut optional = modules.flat_map(|module| &cx.values.program.modules[module].optional);
    if let Some((_, feature)) = optional.find(|(span, _)| span.contains(start)) {
        cap(
            finding,
            Confidence::Low,
            format!("it is built only with the feature `{feature}`, which is not a default one"),
        );
    }
}

/// Names the program's own macro that wrote what stands in a finding's place.
pub(super) fn tell_macros(program: &Program, findings: &mut [Finding]) {
    let written = program.modules.iter().flat_map(|module| module.written.iter().map(|one| (module.file, one)));
    let mut by_place = BTreeMap::new();
    for (file, one) in written {
        by_place.entry(Loc { file, span: one.span }).or_insert(one);
    }
    for finding in findings {
        if let Some(one) = by_place.get(&finding.primary.loc) {
            finding.related.push(Step { loc: one.definition, text: format!("the definition of `{}!`", one.name) });
        }
    }
}

fn doubt_guess(cx: &Cx<'_>, call: At, finding: &mut Finding) {
    let guessed = cx.values.callees(call).iter().any(|(_, kind)| *kind == CallKind::Guessed);
    if guessed && let Some(data) = cx.values.call_at(call) {
        let name = match data.callee.path.last() {
            Some(crate::ir::instr::Field::Name(name)) => name.to_string(),
            _ => "call".into(),
        };
        doubt(finding, format!("the receiver of `.{name}()` is a guess"));
    }
}

/// A call that may be of a great many things is hardly ever of the one that writes: it is told on request.
pub(crate) fn doubt_crowd(cx: &Cx<'_>, at: At, finding: &mut Finding) {
    let Some(call) = cx.values.call_at(at) else { return };
    let meant = cx.values.place_values(at.0, &call.callee).unwrap_or_default();
    let can_be_called = |value: &&Value| matches!(value, Value::Func(_) | Value::Class(_) | Value::Api(..));
    let n_meant = meant.iter().filter(can_be_called).count().max(cx.values.callees(at).len());
    if n_meant > MAX_MEANT {
        finding.level = Level::Note;
        finding.persona = Persona::Pedantic;
        cap(finding, Confidence::Low, format!("what is called may be one of {n_meant} things"));
    }
}

fn step(cx: &Cx<'_>, call: At, next: FuncId) -> Option<Step> {
    let program = cx.values.program;
    // What runs an application calls what that was given elsewhere: `app.post("/note", take)`, then `app.listen(3000)`.
    let call = if calls(cx, call, next) { call } else { handed_over_at(cx, next).unwrap_or(call) };
    // What a decorator is handed is called by what the handler that it makes is registered with.
    let call = registered_at(cx, call, next).unwrap_or(call);
    let text = match &program.funcs[call.0].instrs.get(call.1)?.op {
        Op::Import(import) => format!("imports {}", import.from),
        Op::Call(_) => {
            let callees = cx.values.callees(call);
            let on_the_way = callees.iter().find(|(func, _)| *func == next);
            let direct = callees.iter().find(|(_, kind)| *kind != CallKind::Callback).or(callees.first());
            let direct = on_the_way.or(direct);
            let name = called(cx, call);
            match direct {
                Some((func, kind)) => {
                    let handler = handler(cx, *func);
                    let func = &program.funcs[*func];
                    let called = match func.kind {
                        FuncKind::Constructor => match func.owner {
                            Some(class) => format!("new {}()", program.classes[class].name),
                            None => "constructor".into(),
                        },
                        FuncKind::Lambda if func.name.starts_with('<') => "a function".into(),
                        _ => format!("{}()", func.name),
                    };
                    let registers = !cx.values.call_rows(call, Table::Handler).is_empty();
                    match (kind, handler) {
                        (CallKind::Callback, Some(handler)) if registers => format!("{handler}, registered by {name}"),
                        (CallKind::Callback, Some(handler)) => format!("{handler}, handed to {name}"),
                        (CallKind::Callback, None) => format!("{called}, handed to {name}"),
                        _ => called,
                    }
                }
                None => format!("{name}()"),
            }
        }
        _ => return None,
    };
    Some(Step { loc: loc(program, call), text })
}

fn calls(cx: &Cx<'_>, call: At, func: FuncId) -> bool {
    cx.values.callees(call).iter().any(|(callee, _)| *callee == func)
}

/// The first call of a library that a function is handed to.
fn handed_over_at(cx: &Cx<'_>, func: FuncId) -> Option<At> {
    let is_handed = |call: &At| cx.values.callees(*call).contains(&(func, CallKind::Callback));
    cx.values.callers(func).iter().copied().find(is_handed)
}

/// The one call that registers a handler, where `call` only hands it on.
fn registered_at(cx: &Cx<'_>, call: At, func: FuncId) -> Option<At> {
    if !cx.values.callees(call).contains(&(func, CallKind::Callback)) {
        return None;
    }
    let handlers = cx.units.iter().flat_map(|unit| &unit.process.handlers).filter(|handler| handler.func == func);
    let mut places = handlers.filter_map(|handler| handler.at).filter(|at| cx.values.call_at(*at).is_some());
    let first = places.next()?;
    places.all(|at| at == first).then_some(first)
}

/// What the agent calls a handler, if the function is one.
fn handler(cx: &Cx<'_>, func: FuncId) -> Option<String> {
    let mut handlers = cx.units.iter().flat_map(|unit| &unit.process.handlers);
    let handler = handlers.find(|handler| handler.func == func)?;
    let kind = match handler.kind {
        HandlerKind::Tool => "tool",
        HandlerKind::Prompt => "prompt",
        HandlerKind::Resource => "resource",
        HandlerKind::Dispatch => return Some("handler of all tools".into()),
        HandlerKind::Other | HandlerKind::Side | HandlerKind::Middleware | HandlerKind::Route => return None,
    };
    handles(cx.values.program, kind, func, cx.units.iter().flat_map(|unit| &unit.process.handlers))
}
