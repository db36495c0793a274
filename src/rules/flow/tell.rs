//! A leak as a finding: its message, its path step by step, its doubts.

use crate::base::span::{Loc, Span};
use crate::finding::{Confidence, Finding, Level, Persona, Step};
use crate::flow::domain::{Kind, Marks, SourcePlace};
use crate::flow::live::{Live, Site};
use crate::flow::solve::Leak;
use crate::flow::summary::Drain;
use crate::flow::switches::switches_for;
use crate::flow::trace::What;
use crate::ir::func::{FuncId, FuncKind, Function};
use crate::ir::instr::{Arg, Base, Call, CallStyle, Field, Op};
use crate::ir::program::Program;
use crate::models::index::Table;
use crate::models::schema::Stream;
use crate::resolve::solve::CallKind;
use crate::resolve::values::{At, Site as Made, Value};
use crate::rules::name::called;
use crate::rules::place::{cap, conditions, doubt, doubt_crowd, doubt_switch, is_switch, tell_along};
use crate::rules::{Cx, Findings, Unit, loc};

use super::asked;
use super::judge::Verdict;
use super::levels::calls_inside;
use super::moved;
use super::thresholds;

/// More places than these that keep a value on its way, and more steps than these, lower the confidence: what a variable or
/// field holds is known for the whole run of the program, not for one request.
const MAX_KEPT: usize = 3;
const MAX_STEPS: usize = 16;

/// A way with more steps than these on which another value may have been meant is told on request only. So is one of more steps at
/// all where the value is kept somewhere, since what comes out of there may have come from another caller, and one of an error or of
/// a part of an answer, which mostly is something else by then.
const MAX_LONG: usize = 24;

/// `switches`: those that the way on from the primary place needs; `calls`: those by which control gets there.
pub(super) fn finding(
    cx: &Cx<'_>,
    unit: &Unit<'_>,
    (verdict, switches): (&Verdict, &[String]),
    leak: &Leak,
    (met, calls): ((&Live, &Site), &[At]),
    out: &Findings<'_>,
) -> Finding {
    let hit = &leak.hit;
    let is_many = verdict.what.ends_with("arguments");
    let (verb, label) = match hit.sink.drain {
        Drain::Agent => ("is given to the agent", "this reaches the agent".to_owned()),
        Drain::Log => ("is written to a log", format!("logged by `{}`", called(cx, hit.primary))),
        Drain::Echo => ("is logged by a library", format!("given to `{}`", called(cx, hit.primary))),
        Drain::Write => ("is written to a stream", format!("written by `{}`", called(cx, hit.primary))),
    };
    let stream = moved(cx, unit, hit.sink, met).or_else(|| stream(cx, hit.sink.at));
    let verb = match (hit.sink.drain, stream) {
        (Drain::Write, Some(Stream::Stdout)) => "is written to stdout",
        (Drain::Write, Some(Stream::Stderr)) => "is written to stderr",
        (Drain::Write, Some(Stream::Log)) => "is written to a log file",
        _ => verb,
    };
    let verb = if is_many { verb.replacen("is ", "are ", 1) } else { verb.to_owned() };
    let message = format!("{} {verb}", verdict.what);
    let mut finding = out.draft(verdict.rule, message, Step { loc: place(cx, leak), text: label });
    tell_along(cx, unit, (met.1, calls), hit.primary, &mut finding);
    for switch in switches {
        doubt_switch(&mut finding, switch);
    }
    grade(cx, verdict, leak, &mut finding);
    doubt_crowd(cx, hit.primary, &mut finding);
    // A stack that is shown where somebody asks for it.
    if finding.rule == "error-in-result" && !switches.is_empty() {
        finding.level = Level::Note;
    }
    finding.path = path(cx, leak, calls);
    finding
}

/// The switches of the program's own logging functions between the primary place and the write:
/// `function note(m) { if (process.env.DEBUG) console.error(m); }`.
pub(super) fn switches_inside(cx: &Cx<'_>, unit: &Unit<'_>, live: &Live, leak: &Leak) -> Vec<String> {
    let hit = &leak.hit;
    if hit.sink.drain == Drain::Agent {
        return asked::switches_on_way(cx, unit, live, leak);
    }
    let mut found = switches_for(&hit.entry.when, &unit.process.explorer, cx.words);
    if hit.primary == hit.sink.at {
        return found;
    }
    for at in calls_inside(hit) {
        let mut sites = live.sites.get(&at).into_iter().flatten().map(|site| conditions(cx, unit, site));
        let mut switches = sites.next().unwrap_or_default();
        for others in sites {
            switches.retain(|switch| others.contains(switch));
        }
        switches.retain(|switch| !found.contains(switch));
        found.extend(switches);
    }
    found.extend(thresholds::off_by_default(cx, unit, hit).filter(|switch| !found.contains(switch)));
    found
}

/// Level, persona and confidence: what the verdict says, and what the doubts make of it.
fn grade(cx: &Cx<'_>, verdict: &Verdict, leak: &Leak, finding: &mut Finding) {
    if let Some(level) = verdict.level {
        finding.level = level;
    }
    if let Some(persona) = verdict.persona() {
        finding.persona = persona;
    }
    way(cx, leak, finding);
    let models = cx.values.models;
    let row = leak.hit.sink.row.and_then(|row| Some((row, models.sink(row).confidence?)));
    if let Some((row, most)) = row {
        cap(finding, most, format!("{} writes it at times only", models.file(row).library));
    }
    let is_seldom = row.is_some_and(|(_, most)| most == Confidence::Low);
    // Two doubts whether the value gets there at all, or one and a doubt whether it matters: worth a look when somebody asks
    // for everything, not on every run. A doubt whether it matters hides nothing that is sure to get there.
    let n_doubts = finding.doubts.iter().filter(|why| !is_switch(why)).count();
    let is_long = leak.hit.entry.trace.len() as usize > MAX_LONG && may_be_another(cx, leak);
    if is_seldom
        || is_long
        || n_doubts > 1
        || n_doubts == 1 && !verdict.doubts.is_empty()
        || is_kept_for_others(cx, leak)
    {
        finding.level = Level::Note;
        finding.persona = Persona::Pedantic;
    }
    for why in &verdict.doubts {
        doubt(finding, why.clone());
    }
    if finding.rule == "argument-in-log" && finding.doubts.iter().any(|why| is_switch(why)) {
        finding.level = Level::Note;
    }
    // A name that tells nothing is a doubt of its own; with another one it is posture.
    if verdict.level == Some(Level::Note) && finding.doubts.len() > 1 {
        finding.persona = Persona::Pedantic;
    }
}

/// The line to edit: that of the primary place; in a call over several lines the one where the value is written.
fn place(cx: &Cx<'_>, leak: &Leak) -> Loc {
    let program = cx.values.program;
    let whole = loc(program, leak.hit.primary);
    let steps = leak.hit.entry.trace.steps();
    let inside = steps.iter().rev().map(|(at, _)| *at).filter(|at| at.0 == leak.hit.primary.0);
    let mut inside = inside
        .map(|at| loc(program, at))
        .filter(|at| at.file == whole.file && whole.span.contains(at.span.start) && at.span.start != whole.span.start);
    let is_below = |at: &Loc| {
        let before = Loc { file: whole.file, span: Span { start: whole.span.start, end: at.span.start } };
        (cx.texts)(before).contains('\n')
    };
    inside.next().filter(is_below).unwrap_or(whole)
}

/// The doubts that the way of the value raises.
fn way(cx: &Cx<'_>, leak: &Leak, finding: &mut Finding) {
    let entry = &leak.hit.entry;
    marks(entry.marks, finding);
    let steps = entry.trace.steps();
    let is_secret = matches!(leak.source.kind, Kind::Env | Kind::EnvAll | Kind::Credential | Kind::Headers);
    if is_secret && entry.marks.has(Marks::OBSCURE) {
        doubt(finding, "most library calls give back something else than what they are given".into());
    }
    let is_error = matches!(leak.source.kind, Kind::Error | Kind::Stack);
    if !is_error && steps.iter().any(|(_, what)| *what == What::Caught) {
        doubt(finding, "an error carries it, if that error is raised at all".into());
    }
    if is_kept_for_others(cx, leak) {
        doubt(finding, "it is kept where other requests find it, and may not be there when they come".into());
    }
    let n_kept = steps.iter().filter(|(_, what)| matches!(what, What::Stored(_))).count();
    if n_kept > MAX_KEPT {
        doubt(finding, format!("it is kept in {n_kept} places on the way, any of which may hold something else"));
    }
    // Whether an error comes this way, or this part of something larger, is open at each step.
    let is_open = is_error || entry.marks.has(Marks::WIDENED) || steps.iter().any(|(_, what)| *what == What::Caught);
    let is_step = |at: At, what: &What| !runs_in_place(cx, at, what) && (is_open || is_open_step(cx, at, what));
    let n_steps = steps.iter().filter(|(at, what)| is_step(*at, what)).count();
    if n_steps > MAX_STEPS {
        doubt(finding, format!("the way has {n_steps} steps"));
    }
}

/// May another value have been meant on a long way? A call that can only run one function hands it what it is given, and gets
/// back what that gives.
fn may_be_another(cx: &Cx<'_>, leak: &Leak) -> bool {
    let steps = leak.hit.entry.trace.steps();
    let is_kept = steps.iter().any(|(_, what)| matches!(what, What::Stored(_)));
    // A part of an answer that came so far is mostly one of the program's own settings by then.
    let is_open = is_kept
        || matches!(leak.source.kind, Kind::Error | Kind::Stack | Kind::Response)
        || leak.hit.entry.marks.has(Marks::WIDENED);
    let is_unsure = |at: At, what: &What| match what {
        What::Passed(_) | What::Returned(_) | What::Thrown(_) => cx.values.callees(at).len() != 1,
        what => is_open_step(cx, at, what),
    };
    is_open || steps.iter().filter(|(at, what)| is_unsure(*at, what)).count() > MAX_LONG
}

/// Is a step into or out of the one function that a call of a library is handed: `text.map(|text| text.trim())`?
fn runs_in_place(cx: &Cx<'_>, at: At, what: &What) -> bool {
    matches!(what, What::Passed(_) | What::Returned(_) | What::Thrown(_))
        && matches!(cx.values.callees(at), [(_, CallKind::Callback)])
}

/// May another value have been meant at a step? What a library's call makes of a value is sure where a model says so, or the
/// method is one that every text has.
fn is_open_step(cx: &Cx<'_>, at: At, what: &What) -> bool {
    match what {
        What::Source | What::Given | What::Caught => false,
        What::Passed(_) | What::Returned(_) | What::Thrown(_) | What::Stored(_) => true,
        What::Through => {
            let is_kept = |call: &Call| match call.callee.path.last() {
                Some(Field::Name(name)) => cx.words.keeping_method(cx.values.language(at.0), name).is_some(),
                _ => false,
            };
            cx.values.call_rows(at, Table::Flow).is_empty() && !cx.values.call_at(at).is_some_and(is_kept)
        }
    }
}

/// Does what came with a request get to the sink by a place that outlives the request? It may have come with another one.
pub(super) fn is_kept_for_others(cx: &Cx<'_>, leak: &Leak) -> bool {
    if !matches!(leak.source.kind, Kind::Argument | Kind::Response) {
        return false;
    }
    let steps = leak.hit.entry.trace.steps();
    let next = steps.iter().skip(1).map(|(at, _)| at.0).chain([leak.hit.sink.at.0]);
    steps.iter().zip(next).any(|((at, what), next)| matches!(what, What::Stored(_)) && outlives_request(cx, *at, next))
}

/// Is a value stored here to a field or a variable of a module, not to a variable of a function that is shared with its
/// inner functions, or to an object in one that the function makes and reads itself? `next`: the function that reads it.
fn outlives_request(cx: &Cx<'_>, at: At, next: FuncId) -> bool {
    let program = cx.values.program;
    let op = &program.funcs[at.0].instrs[at.1].op;
    // A method puts something into an object: `url.searchParams.append(name, value)`.
    let filled = if let Op::Call(call) = op { call.callee.split_last().map(|(place, _)| place) } else { None };
    let place = match (op, &filled) {
        (Op::Store(place, _), _) | (_, Some(place)) => place,
        _ => return true,
    };
    let Base::Cell(cell) = &place.base else { return true };
    let owner = program.cells[*cell].owner;
    let is_own = |value: &Value| match value {
        Value::Record(Made::Instr((made, _))) | Value::Api(_, Some((made, _))) => *made == owner,
        _ => false,
    };
    // What the variable is declared as says nothing of what is in it, nor does the text that an object was made of.
    let is_declared =
        |value: &Value| matches!(value, Value::Api(_, None) | Value::Typed(_) | Value::Const(_) | Value::Unknown);
    let makes_all =
        |held: &[Value]| held.iter().any(is_own) && held.iter().all(|value| is_own(value) || is_declared(value));
    let held = || cx.values.of_slot(cx.values.cell_slot(*cell)).items();
    let is_of_call = filled.is_none() && place.path.is_empty() || next == owner && makes_all(held());
    program.funcs[owner].kind == FuncKind::Init || !is_of_call
}

fn marks(marks: Marks, finding: &mut Finding) {
    if marks.has(Marks::GUESSED) {
        doubt(finding, "the target of a call on the way is a guess".into());
    }
    if marks.has(Marks::OBSCURE) {
        doubt(finding, "it goes through a library call that no model describes".into());
    }
    if marks.has(Marks::PICKED) {
        doubt(finding, "the program raises the error again only where it finds something in it".into());
    }
    if marks.has(Marks::WIDENED) {
        doubt(finding, "the value was followed as a part of something larger".into());
    }
}

fn stream(cx: &Cx<'_>, at: At) -> Option<Stream> {
    let rows = cx.values.call_rows(at, Table::Sink).into_iter().map(|row| cx.values.models.sink(row));
    rows.filter(|row| cx.values.holds(at, &row.when))
        .find_map(|row| row.stream.as_ref().map(|spec| cx.values.stream_of(at, spec)))
}

/// The call by which an error of a helper leaves the handler, where that does nothing with it.
pub(super) fn thrown_on(cx: &Cx<'_>, leak: &Leak) -> Option<Step> {
    let steps = leak.hit.entry.trace.steps();
    let [.., (at, What::Thrown(_))] = &steps[..] else { return None };
    let is_handlers = leak.hit.sink.drain == Drain::Agent && at.0 == leak.hit.sink.at.0 && leak.hit.primary.0 != at.0;
    is_handlers.then(|| Step { loc: loc(cx.values.program, *at), text: "the same error reaches the agent here".into() })
}

/// Where the source of a leak stands.
pub(super) fn source_step(cx: &Cx<'_>, leak: &Leak) -> Step {
    let program = cx.values.program;
    let name = leak.source.name.as_deref().unwrap_or_default();
    match &leak.source.place {
        SourcePlace::Instr(at) => {
            let text = if name.is_empty() { "it comes from here".into() } else { format!("`{name}` comes from here") };
            Step { loc: loc(program, *at), text }
        }
        SourcePlace::Param(func, index) => {
            let body = &program.funcs[*func];
            let span =
                index.and_then(|index| body.params.get(index as usize)).map_or(body.name_span, |param| param.span);
            let is_made_up = name.strip_prefix("arg").is_some_and(|rest| rest.parse::<u32>().is_ok());
            let text = if is_made_up { "the arguments arrive here".into() } else { format!("`{name}` arrives here") };
            Step { loc: Loc { file: program.modules[body.module].file, span }, text }
        }
    }
}

/// A function as a label names it.
fn func_words(program: &Program, func: FuncId) -> String {
    let func = &program.funcs[func];
    match (func.kind, func.owner) {
        (FuncKind::Constructor, Some(class)) => format!("the constructor of `{}`", program.classes[class].name),
        (FuncKind::Lambda, _) if func.name.starts_with('<') => "a function".into(),
        _ => format!("`{}`", func.name),
    }
}

/// `calls`: those by which control gets there.
fn path(cx: &Cx<'_>, leak: &Leak, calls: &[At]) -> Vec<Step> {
    let program = cx.values.program;
    let mut steps = vec![source_step(cx, leak)];
    for (at, what) in leak.hit.entry.trace.steps() {
        let name = |func: FuncId| func_words(program, func);
        let is_caught = what == What::Caught;
        let at = if let What::Passed(func) = what { by_way_of(cx, at, func, calls) } else { at };
        let text = match what {
            What::Source | What::Given => continue,
            // What a `with` statement enters is no call that anybody wrote.
            What::Through if is_implicit(cx, at) => continue,
            What::Passed(func) => format!("passed to {}", name(func)),
            What::Returned(func) => format!("returned by {}", name(func)),
            What::Thrown(func) => format!("thrown by {}", name(func)),
            What::Stored(name) => format!("kept in `{name}`"),
            What::Through => format!("goes through `{}`", called(cx, at)),
            What::Caught => "caught here".into(),
        };
        let step = Step { loc: loc(program, at), text };
        // What is caught, cleaned up after and raised again is caught once.
        let is_again = is_caught && steps.last().is_some_and(|last: &Step| last.text == step.text);
        if steps.last() != Some(&step) && !is_again {
            steps.push(step);
        }
    }
    let sink = &leak.hit.sink;
    let (at, text) = match sink.drain {
        Drain::Agent => (given_at(leak), "given to the agent".into()),
        Drain::Echo => (sink.at, format!("given to `{}`", called(cx, sink.at))),
        _ => (sink.at, format!("written by `{}`", called(cx, sink.at))),
    };
    steps.push(Step { loc: loc(program, at), text });
    steps
}

/// The call that hands a value on: of two that hand over the same, that by which control gets there.
fn by_way_of(cx: &Cx<'_>, at: At, func: FuncId, calls: &[At]) -> At {
    let values = cx.values;
    let hands_same = |other: &&At| {
        let is_to_func = values.callees(**other).iter().any(|(callee, _)| *callee == func);
        let both = values.call_at(at).zip(values.call_at(**other));
        is_to_func && both.is_some_and(|(a, b)| is_alike(&values.program.funcs[at.0], a, b))
    };
    if calls.contains(&at) {
        return at;
    }
    calls.iter().filter(|call| call.0 == at.0).find(hands_same).copied().unwrap_or(at)
}

/// Are two calls of a function written alike: of the same place, with the same variables and constants?
fn is_alike(func: &Function, a: &Call, b: &Call) -> bool {
    let is_same = |(a, b): (&Arg, &Arg)| {
        let ops = (&func.instrs[a.value].op, &func.instrs[b.value].op);
        let is_same_value = a.value == b.value
            || match ops {
                (Op::Load(a), Op::Load(b)) => a == b,
                (Op::Const(a), Op::Const(b)) => a == b,
                _ => false,
            };
        a.kind == b.kind && is_same_value
    };
    a.callee == b.callee && a.args.len() == b.args.len() && a.args.iter().zip(&b.args).all(is_same)
}

fn is_implicit(cx: &Cx<'_>, at: At) -> bool {
    cx.values.call_at(at).is_some_and(|call| call.style == CallStyle::Implicit)
}

/// Where a handler gives the value back; a library's sink is its own place.
fn given_at(leak: &Leak) -> At {
    let sink = &leak.hit.sink;
    let steps = leak.hit.entry.trace.steps();
    let gives = |(at, what): &(At, What)| *what == What::Given && at.0 == sink.at.0;
    match steps.into_iter().rev().find(gives) {
        Some((at, _)) if sink.row.is_none() => at,
        _ => sink.at,
    }
}
