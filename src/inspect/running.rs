//! In which servers a line runs, and when; or why it never does.

use std::collections::BTreeSet;

use crate::flow::live::{Live, Site};
use crate::ir::func::{BlockId, FuncId, FuncKind};
use crate::models::handlers::HandlerKind;
use crate::report::Handler as Word;
use crate::report::line::Running;
use crate::resolve::values::At;
use crate::rules::Unit;
use crate::rules::name::handles;
use crate::rules::place::{conditions, reached, when};

use super::Subject;
use super::place::Place;

/// Most callers that are named of a function that does not run.
const MAX_CALLERS: usize = 3;

/// What there is to say of one server.
pub(super) struct Run<'a> {
    pub(super) unit: &'a Unit<'a>,
    name: &'a str,
    text: String,
    reached: Option<String>,
    /// Where it was met, if it runs.
    pub(super) site: Option<&'a Site>,
}

pub(super) fn running<'a>(subject: &Subject<'a>, place: &Place) -> Vec<Run<'a>> {
    subject.cx.units.iter().map(|unit| run(subject, unit, place)).collect()
}

/// The servers that run it, each with the way there; then the others, with the reason where no server runs it.
pub(super) fn told(runs: &[Run<'_>]) -> Vec<Running> {
    let (live, dead): (Vec<_>, Vec<_>) = runs.iter().partition(|run| run.site.is_some());
    let one = |run: &&Run<'_>| Running { text: run.text.clone(), reached: run.reached.clone() };
    let mut res: Vec<Running> = live.iter().map(one).collect();
    match dead.as_slice() {
        [] => {}
        _ if res.is_empty() => res.extend(dead.iter().map(one)),
        [other] => res.push(Running::of(format!("not in server {}", other.name))),
        others => {
            let names: Vec<&str> = others.iter().map(|run| run.name).collect();
            res.push(Running::of(format!("in none of the other servers: {}", names.join(", "))));
        }
    }
    res
}

fn run<'a>(subject: &Subject<'a>, unit: &'a Unit<'a>, place: &Place) -> Run<'a> {
    let name = subject.servers.get(unit.number).map(String::as_str).unwrap_or_default();
    let any = unit.process.on_any_transport.as_ref().map(|any| &any.live);
    let views = std::iter::once((&unit.process.live, "")).chain(any.map(|live| (live, ", over another transport")));
    for (live, over) in views {
        let Some(site) = site(live, place) else { continue };
        let mut text = format!("runs in server {name}, {}{over}", when(site));
        if let Some(handler) = handler(unit, subject, place.func) {
            text.push_str(&format!(" ({handler})"));
        }
        let switches = conditions(subject.cx, unit, site);
        if !switches.is_empty() {
            text.push_str(&format!(", if {} is on", switches.join(", ")));
        }
        for doubt in &unit.doubts {
            text.push_str(&format!("; {doubt}"));
        }
        let steps = reached(subject.cx, live, site, place.func);
        let steps: Vec<String> = steps.iter().map(|step| format!("{} {}", subject.at(step.loc), step.text)).collect();
        let reached = if steps.is_empty() { None } else { Some(steps.join(" -> ")) };
        return Run { unit, name, text, reached, site: Some(site) };
    }
    let why = why_not(subject, unit, place);
    Run { unit, name, text: format!("does not run in server {name}: {why}"), reached: None, site: None }
}

/// Where the line is met: one of its own calls and stores; for a line without any, its function.
fn site<'l>(live: &'l Live, place: &Place) -> Option<&'l Site> {
    let own = place.instrs.iter().chain(&place.calls);
    let mut events = own.filter_map(|at| live.sites.get(at)?.first());
    if let Some(site) = events.next() {
        return Some(site);
    }
    let has_event = !place.calls.is_empty();
    let first = (place.func, crate::base::idx::Id::new(0));
    let in_func = live.sites.range(first..).next().filter(|((func, _), _)| *func == place.func);
    in_func.and_then(|(_, sites)| sites.first()).or_else(|| live.later.get(&place.func)).filter(|_| !has_event)
}

/// `handler of tool search`, of the function or one around it.
pub(super) fn handler(unit: &Unit<'_>, subject: &Subject<'_>, func: FuncId) -> Option<String> {
    let program = subject.cx.values.program;
    let mut around = Some(func);
    while let Some(func) = around {
        if let Some(handler) = unit.process.handlers.iter().find(|handler| handler.func == func) {
            let word = match handler.kind {
                HandlerKind::Tool => Word::Tool.word(),
                HandlerKind::Prompt => Word::Prompt.word(),
                HandlerKind::Resource => Word::Resource.word(),
                HandlerKind::Dispatch => return Some("handler of all tools".into()),
                HandlerKind::Other | HandlerKind::Side | HandlerKind::Middleware | HandlerKind::Route => {
                    return Some("called by the SDK".into());
                }
            };
            let named = handles(program, word, func, unit.process.handlers.iter());
            return Some(named.unwrap_or_else(|| format!("handler of a {word}")));
        }
        around = program.funcs[func].parent;
    }
    None
}

fn why_not(subject: &Subject<'_>, unit: &Unit<'_>, place: &Place) -> String {
    let program = subject.cx.values.program;
    let explorer = &unit.process.explorer;
    let mut frames = explorer.frames.iter().filter(|frame| frame.func == place.func).peekable();
    if frames.peek().is_some() {
        let blocks = blocks(subject, place);
        let is_met = frames.any(|frame| frame.blocks.ids().any(|block| blocks.contains(&block)));
        return if is_met {
            "it runs only where serving does not follow: the process ends, or serving is over".into()
        } else {
            "a condition or an exit before it rules it out where the server serves".into()
        };
    }
    let body = &program.funcs[place.func];
    let path = &subject.workspace.files[program.modules[body.module].file].path;
    if body.kind == FuncKind::Init {
        return format!("nothing that it runs imports {path}");
    }
    let callers: BTreeSet<FuncId> = subject.cx.values.callers(place.func).iter().map(|at| at.0).collect();
    if callers.is_empty() {
        return match body.kind {
            FuncKind::Lambda => "nothing calls the function around it, and nothing registers it".into(),
            _ => format!("nothing calls `{}()`, and nothing registers it", body.name),
        };
    }
    let runs = |func: &FuncId| explorer.frames.iter().any(|frame| frame.func == *func);
    if let Some(at) = subject.cx.values.callers(place.func).iter().find(|at| runs(&at.0)) {
        let at = subject.at_instr(*at);
        return format!("`{}()` is called at {at}, which a condition or an exit before it rules out there", body.name);
    }
    let names: Vec<String> = callers
        .iter()
        .take(MAX_CALLERS)
        .map(|func| match program.funcs[*func].kind {
            FuncKind::Init => format!("the top level of {}", subject.at_func(*func)),
            _ => format!("`{}()` at {}", program.funcs[*func].name, subject.at_func(*func)),
        })
        .collect();
    let more = if callers.len() > MAX_CALLERS { " and others" } else { "" };
    format!("`{}()` is called from {}{more} only, which does not run there", body.name, names.join(", "))
}

/// The blocks of the function that hold the line.
fn blocks(subject: &Subject<'_>, place: &Place) -> BTreeSet<BlockId> {
    let body = &subject.cx.values.program.funcs[place.func];
    let own: BTreeSet<At> = place.instrs.iter().chain(&place.calls).copied().collect();
    let holds = |instrs: &[crate::ir::instr::InstrId]| instrs.iter().any(|id| own.contains(&(place.func, *id)));
    body.blocks.iter_enumerated().filter(|(_, block)| holds(&block.instrs)).map(|(id, _)| id).collect()
}
