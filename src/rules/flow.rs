//! The six rules about where values go: what the taint pass found, judged and told.
//!
//! A leak is a source that reaches a sink. All leaks with the same rule and primary place are one finding: the gravest is
//! told, the others are related places.

mod along;
mod asked;
pub(in crate::rules) mod echo;
mod fixed;
mod judge;
mod levels;
mod put_first;
pub(crate) mod spans;
mod tell;
mod tested;
mod thresholds;
mod unset;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::mem::ManuallyDrop;

use crate::base::span::Loc;
use crate::finding::{Finding, Level, Persona, Step};
use crate::flow::abs::Facts;
use crate::flow::domain::{Kind, SourcePlace};
use crate::flow::explore::Phase;
use crate::flow::live::{Live, Site};
use crate::flow::settings::is_unset;
use crate::flow::solve::{Leak, Taint, taint};
use crate::flow::spread::Places;
use crate::flow::summary::{Drain, Sink};
use crate::flow::trace::What;
use crate::ir::func::FuncId;
use crate::ir::instr::Op;
use crate::ir::program::{Language, Program};
use crate::models::index::{RowRef, Table};
use crate::models::levels::LogLevel;
use crate::models::schema::Stream;
use crate::resolve::values::{At, Value};

use super::place::doubt;
use super::stdout::protocol::is_protocol;
use super::{Cx, Findings, TaintWork, Unit, loc};
use judge::Verdict;

/// What models call the arguments of requests that no SDK takes.
const REQUEST: &str = "argument";

/// Most further sources that a finding names.
const MAX_RELATED: usize = 6;

/// Most values of one place among which one is looked for that meets no test.
const MAX_BESIDE: usize = 8;

/// Gives what the taint pass did, and what it left undone.
pub(super) fn run(cx: &Cx<'_>, out: &mut Findings<'_>) -> TaintWork {
    let processes: Vec<_> = cx.units.iter().map(|unit| &unit.process).collect();
    if processes.is_empty() {
        return TaintWork::default();
    }
    let (taint, mut leaks) = taint(cx.values, cx.words, &processes, Places::OnWayToSink);
    // As with the values: nothing comes after it that needs the room.
    let taint = ManuallyDrop::new(taint);
    answers(cx, &taint, &mut leaks);
    let mut groups = Groups::new();
    let mut echoed = Vec::new();
    for leak in &leaks {
        let Some(verdict) = judge::judge(cx, &taint, leak) else { continue };
        if leak.hit.sink.drain == Drain::Echo {
            echoed.push((verdict, leak));
        } else {
            groups.entry((verdict.rule, leak.hit.primary)).or_default().push((verdict, leak));
        }
    }
    let known = ways_of_others(cx, groups.values().flatten());
    let by_library = ways_of_others(cx, echoed.iter());
    echoed.retain(|(verdict, leak)| {
        let ways = by_library.get(&loc(cx.values.program, leak.hit.primary));
        verdict.rule != "credential-in-log" || !ways.is_some_and(|ways| is_known_otherwise(verdict, leak, ways))
    });
    // And one in a response is graver than the response, where it is told as readily.
    let mut credentials: BTreeMap<(usize, Loc), Persona> = BTreeMap::new();
    one_place_for_each(cx.values.program, &mut groups);
    let levels: Vec<_> = cx.units.iter().map(|unit| Levels::of(cx, unit)).collect();
    for ((rule, primary), mut group) in groups {
        if rule == "credential-in-log"
            && let Some(ways) = known.get(&loc(cx.values.program, primary))
        {
            group.retain(|(verdict, leak)| !is_known_otherwise(verdict, leak, ways));
        }
        group.sort_by_cached_key(|(verdict, leak)| {
            let entry = &leak.hit.entry;
            let is_kept = tell::is_kept_for_others(cx, leak);
            (Reverse(verdict.rank()), is_kept, entry.marks.n_doubts(), entry.trace.len())
        });
        tell_untested(cx, &mut group);
        for (unit, levels) in cx.units.iter().zip(&levels) {
            let Some(finding) = finding(cx, unit, levels, &group, out) else { continue };
            let place = (unit.number, loc(cx.values.program, primary));
            match (rule, credentials.get(&place)) {
                ("credential-in-log", _) => {
                    credentials.insert(place, finding.persona);
                }
                ("response-in-log", Some(told)) if *told == Persona::Regular || *told == finding.persona => continue,
                _ => {}
            }
            out.add(finding);
        }
    }
    for (unit, levels) in cx.units.iter().zip(&levels) {
        echo::run(cx, unit, &levels.settings, &echoed, out);
    }
    TaintWork { n_steps: taint.n_steps, n_unsettled: taint.n_unsettled, n_full: taint.full.len() }
}

/// What a server that speaks the protocol by hand writes as a message on stdout is given to the agent; serialised data that it
/// writes elsewhere, but to a log, is left aside. So is what is seen to be a message beside an SDK: that of a relay.
fn answers(cx: &Cx<'_>, taint: &Taint<'_>, leaks: &mut Vec<Leak>) {
    let is_answer = |at: At| {
        let running: Vec<_> = cx.units.iter().filter(|unit| unit.runs(at)).collect();
        let by_hand = running.iter().all(|unit| unit.writes_protocol());
        !running.is_empty() && is_protocol(cx, at, by_hand)
    };
    let mut known: BTreeMap<At, bool> = BTreeMap::new();
    leaks.retain_mut(|leak| {
        let sink = leak.hit.sink;
        if sink.drain != Drain::Write || !*known.entry(sink.at).or_insert_with(|| is_answer(sink.at)) {
            return true;
        }
        let stream = sink.row.and_then(|row| cx.values.models.sink(row).stream.as_ref());
        match stream.map(|spec| cx.values.stream_of(sink.at, spec)) {
            Some(Stream::Stdout) => {}
            Some(Stream::Stderr | Stream::Log) => return true,
            _ => return false,
        }
        leak.hit.sink.drain = Drain::Agent;
        let primary = taint.edit_place(sink, &leak.hit.entry);
        leak.hit.primary = taint.handed_to_sender(sink, primary, &leak.hit.entry).unwrap_or(primary);
        true
    });
}

/// The functions that variables of the environment and arguments pass on the way to each place where they are logged, with the
/// fewest doubts about a way through each.
fn ways_of_others<'l>(
    cx: &Cx<'_>,
    found: impl Iterator<Item = &'l (Verdict, &'l Leak)>,
) -> BTreeMap<Loc, BTreeMap<FuncId, usize>> {
    let mut known: BTreeMap<Loc, BTreeMap<FuncId, usize>> = BTreeMap::new();
    for (verdict, leak) in found.filter(|(verdict, _)| matches!(verdict.rule, "env-in-log" | "argument-in-log")) {
        let at = leak.hit.primary;
        let ways = known.entry(loc(cx.values.program, at)).or_default();
        let n_doubts = n_doubts(verdict, leak);
        let mut funcs = vec![place_func(&leak.source.place), leak.hit.sink.at.0, at.0];
        for (at, what) in leak.hit.entry.trace.steps() {
            funcs.push(at.0);
            if let What::Passed(func) = what {
                funcs.push(func);
            }
        }
        for func in funcs {
            let fewest = ways.entry(func).or_insert(n_doubts);
            *fewest = n_doubts.min(*fewest);
        }
    }
    known
}

/// A credential that is known by its name only, where a variable or argument passes, is that variable or argument, unless less
/// is known of those.
fn is_known_otherwise(verdict: &Verdict, leak: &Leak, ways: &BTreeMap<FuncId, usize>) -> bool {
    leak.source.kind == Kind::Credential
        && leak.source.by_name
        && ways.get(&place_func(&leak.source.place)).is_some_and(|fewest| *fewest <= n_doubts(verdict, leak))
}

fn n_doubts(verdict: &Verdict, leak: &Leak) -> usize {
    verdict.doubts.len() + usize::try_from(leak.hit.entry.marks.n_doubts()).unwrap_or_default()
}

fn place_func(place: &SourcePlace) -> FuncId {
    match place {
        SourcePlace::Instr(at) => at.0,
        SourcePlace::Param(func, _) => *func,
    }
}

/// What the rules make of a leak: the rule it is a finding of, or why it is none.
pub(crate) fn rule_of(cx: &Cx<'_>, taint: &Taint<'_>, leak: &Leak) -> Result<&'static str, &'static str> {
    judge::judge(cx, taint, leak).map(|verdict| verdict.rule).ok_or_else(|| judge::why_none(taint, leak))
}

type Groups<'l> = BTreeMap<(&'static str, At), Vec<(Verdict, &'l Leak)>>;

/// One error that a handler gives back in several forms is told once: at the place of the gravest. On ways of which a call goes
/// only one each place is told: the clauses of one `except`, the branches of one `if`.
fn one_place_for_each(program: &Program, groups: &mut Groups<'_>) {
    let by_handler = |leak: &Leak| leak.hit.sink.row.is_none() && matches!(leak.source.kind, Kind::Error | Kind::Stack);
    let key = |rule: &'static str, leak: &Leak| (rule, leak.source.clone(), leak.hit.sink.at);
    let mut places: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for ((rule, primary), group) in groups.iter() {
        for (verdict, leak) in group.iter().filter(|(_, leak)| by_handler(leak)) {
            let here = (verdict.rank(), group.len(), Reverse(*primary));
            places.entry(key(rule, leak)).or_default().push(here);
        }
    }
    let mut told: BTreeMap<_, Vec<At>> = BTreeMap::new();
    for (key, mut places) in places {
        places.sort_by(|a, b| b.cmp(a));
        let told = told.entry(key).or_default();
        for (_, _, Reverse(place)) in places {
            if told.iter().all(|known| *known != place && excludes(program, *known, place)) {
                told.push(place);
            }
        }
    }
    for ((rule, primary), group) in groups.iter_mut() {
        group.retain(|(_, leak)| {
            !by_handler(leak) || told.get(&key(rule, leak)).is_none_or(|places| places.contains(primary))
        });
    }
    groups.retain(|_, group| !group.is_empty());
}

/// Are two places of one function on different ways, so that who gets to one does not get to the other? A place in a function
/// that is made there stands for where that is.
fn excludes(program: &Program, one: At, other: At) -> bool {
    let (one, other) = (within(program, one, other.0), within(program, other, one.0));
    let func = &program.funcs[one.0];
    let block_of =
        |at: At| func.blocks.iter_enumerated().find(|(_, block)| block.instrs.contains(&at.1)).map(|(id, _)| id);
    let (true, Some(first), Some(second)) = (one.0 == other.0, block_of(one), block_of(other)) else { return false };
    !func.leads_to(first, second) && !func.leads_to(second, first)
}

/// Where in a function the one is made that a place is in, if it is that.
fn within(program: &Program, at: At, func: FuncId) -> At {
    let parent = program.funcs[at.0].parent.filter(|parent| *parent == func && at.0 != func);
    let made = parent.and_then(|parent| {
        let mut instrs = program.funcs[parent].instrs.iter_enumerated();
        instrs.find(|(_, instr)| matches!(instr.op, Op::Closure(inner) if inner == at.0)).map(|(id, _)| (parent, id))
    });
    made.unwrap_or(at)
}

/// What is known of the levels that a process shows.
struct Levels {
    /// What its own code sets.
    settings: Vec<echo::Setting>,
    /// What it sets for all its records, and where.
    fixed: Option<(At, LogLevel)>,
    /// What it sets for libraries that keep to levels of their own.
    apart: Vec<echo::Setting>,
    outputs: unset::Outputs,
}

impl Levels {
    fn of(cx: &Cx<'_>, unit: &Unit<'_>) -> Self {
        let is_apart = |setting: &echo::Setting| cx.values.models.level(setting.row).own;
        let (apart, settings) = echo::settings(cx, unit).into_iter().partition::<Vec<_>, _>(is_apart);
        Self { fixed: fixed::fixed_level(settings.iter()), settings, apart, outputs: unset::Outputs::default() }
    }

    /// The level below which no record of a sink's library is shown, and where it is set.
    fn fixed(&self, cx: &Cx<'_>, sink: Sink) -> Option<(At, LogLevel)> {
        let keeps_levels = |row: &RowRef| cx.values.models.file(*row).levels.iter().any(|level| level.own);
        let row = sink.row.filter(keeps_levels);
        row.map_or(self.fixed, |row| fixed::library_level(cx, &self.apart, row.file))
    }
}

fn finding(
    cx: &Cx<'_>,
    unit: &Unit<'_>,
    levels: &Levels,
    group: &[(Verdict, &Leak)],
    out: &Findings<'_>,
) -> Option<Finding> {
    let met = |item: &(Verdict, &Leak)| unit.lives().find_map(|live| Some((live, live_site(cx, unit, live, item.1)?)));
    let live: Vec<_> = group.iter().filter_map(|item| Some((item, met(item)?))).collect();
    let ((verdict, leak), site) = live.first()?;
    // Where there are several ways on from the primary place, as grave as each other, one may need no switch.
    let ways = live.iter().filter(|((other, _), _)| other.rank() == verdict.rank());
    let mut switches = ways.map(|((_, leak), (live, _))| tell::switches_inside(cx, unit, live, leak));
    let first = switches.next().unwrap_or_default();
    let switches = if switches.any(|others| others.is_empty()) { Vec::new() } else { first };
    let (met_at, calls) = along::along(cx, unit, site.0, leak, &sites_like(cx, unit, *site, leak));
    let site = (site.0, met_at.unwrap_or(site.1));
    let mut finding = tell::finding(cx, unit, (verdict, &switches), leak, (site, &calls), out);
    let is_below = |(_, level): &(At, LogLevel)| fixed::is_below(cx, leak.hit.sink, *level);
    let own = || fixed::own_level(cx, &levels.settings, leak.hit.sink.at).filter(is_below);
    let is_log = leak.hit.sink.drain == Drain::Log;
    let set = || {
        levels
            .fixed(cx, leak.hit.sink)
            .filter(is_below)
            .or_else(|| levels::shown_by(cx, leak.hit.sink).filter(is_below))
    };
    if is_log && let Some((at, level)) = set().or_else(own) {
        finding.level = Level::Note;
        doubt(&mut finding, "a level that is set in code hides it".into());
        let text = format!("only {} and above are shown", level.word());
        finding.related.push(Step { loc: loc(cx.values.program, at), text });
    } else if is_log && let Some(level) = levels.outputs.hides(cx, unit, leak.hit.sink) {
        finding.level = Level::Note;
        doubt(&mut finding, unset::reason(level));
    }
    for ((_, other), _) in live.iter().skip(1) {
        if finding.related.len() >= MAX_RELATED {
            break;
        }
        for step in std::iter::once(tell::source_step(cx, other)).chain(tell::thrown_on(cx, other)) {
            let is_known = |known: &Step| known.loc == step.loc;
            if !finding.related.iter().any(is_known) && !finding.path.iter().any(is_known) {
                finding.related.push(step);
            }
        }
    }
    Some(finding)
}

/// Of values that come by the same calls, one that meets no test on the way is told.
fn tell_untested(cx: &Cx<'_>, group: &mut [(Verdict, &Leak)]) {
    let Some((first, leak)) = group.first() else { return };
    let steps = leak.hit.entry.trace.steps();
    let is_beside = |(verdict, other): &(Verdict, &Leak)| {
        verdict.rank() == first.rank()
            && place_func(&other.source.place) == place_func(&leak.source.place)
            && other.hit.entry.trace.steps() == steps
    };
    let beside = group.iter().skip(1).take(MAX_BESIDE).position(is_beside);
    if beside.is_none() || !tested::is_tested(cx, leak) {
        return;
    }
    let free = group.iter().take(MAX_BESIDE).position(|other| is_beside(other) && !tested::is_tested(cx, other.1));
    if let Some(at) = free {
        group[..=at].rotate_right(1);
    }
}

/// Do arguments arrive in the function, in this process: in a handler, or in what answers HTTP requests?
fn takes_arguments(cx: &Cx<'_>, unit: &Unit<'_>, live: &Live, func: FuncId) -> bool {
    let handles = |unit: &Unit<'_>| unit.process.handlers.iter().any(|handler| handler.func == func);
    handles(unit) || !cx.units.iter().any(handles) && site_in(live, func).is_some()
}

/// Does a call give the body of a request to the server, or call with it what it is handed?
fn is_request(cx: &Cx<'_>, at: At) -> bool {
    let models = cx.values.models;
    cx.values.call_rows(at, Table::Source).into_iter().any(|row| models.source(row).kind == REQUEST)
}

/// Is the body of a request read: `request.json`?
fn reads_request(cx: &Cx<'_>, at: At) -> bool {
    let (values, models) = (cx.values, cx.values.models);
    let Op::Load(place) = &values.program.funcs[at.0].instrs[at.1].op else { return false };
    (0..=place.path.len()).flat_map(|depth| values.prefix_values(at.0, place, depth)).any(|value| match value {
        Value::Api(node, _) => {
            models.index.node(*node).rows(Table::SourceRead).any(|row| models.source(row).kind == REQUEST)
        }
        _ => false,
    })
}

/// Does a function, or one around it, answer the protocol's requests without an SDK?
fn answers_by_hand(cx: &Cx<'_>, unit: &Unit<'_>, func: FuncId) -> bool {
    let by_hand = cx.values.hand_written_serves();
    // What a platform calls reads the body of the request that it is handed.
    let is_body = |at: &At| {
        let mut rows = cx.values.call_rows(*at, Table::Source).into_iter();
        rows.any(|row| cx.values.models.source(row).requests)
    };
    let reads_body = |func: FuncId| by_hand.keys().any(|at| at.0 == func && is_body(at));
    let answers = |func: FuncId| {
        let mut handlers = unit.process.handlers.iter().filter(|handler| handler.func == func);
        handlers.any(|handler| handler.at.is_some_and(|at| by_hand.contains_key(&at))) || reads_body(func)
    };
    let around = std::iter::successors(Some(func), |func| cx.values.program.funcs[*func].parent);
    around.into_iter().any(answers)
}

/// Where a function first does something in a process.
fn site_in(live: &Live, func: FuncId) -> Option<&Site> {
    let first = (func, crate::base::idx::Id::new(0));
    live.sites.range(first..).next().filter(|((of, _), _)| *of == func).and_then(|(_, sites)| sites.first())
}

/// Does the value get there by a call that the process leaves out in a function that it runs (by another sub-command), by one
/// in a file that it never loads (another program of the package), or by one in a function that nothing in it calls: a job that
/// is never started? Or from a route that is served over HTTP, by a call behind `if not over_http()`?
fn goes_another_way(cx: &Cx<'_>, unit: &Unit<'_>, live: &Live, leak: &Leak) -> bool {
    let is_call = |at: &At, what: &What| {
        matches!(what, What::Passed(_) | What::Returned(_) | What::Thrown(_))
            && matches!(cx.values.program.funcs[at.0].instrs[at.1].op, Op::Call(_))
    };
    let explorer = unit.process.explorer_of(live);
    let is_elsewhere = |at: &At| explorer.is_some_and(|explorer| !explorer.can_load(at.0));
    let is_unmet =
        |at: &At| explorer.is_some_and(|explorer| !explorer.was_entered(at.0)) && !cx.values.callers(at.0).is_empty();
    let is_left_out =
        |at: &At| !live.sites.contains_key(at) && (site_in(live, at.0).is_some() || is_elsewhere(at) || is_unmet(at));
    let other_only = facts_of_route(cx, unit, place_func(&leak.source.place));
    let is_on_other = |at: &At| {
        let Some((facts, sites)) = other_only.as_ref().zip(live.sites.get(at)) else { return false };
        sites.iter().all(|site| site.facts.contradicts(facts))
    };
    let is_other = |at: &At| is_left_out(at) || is_on_other(at);
    leak.hit.entry.trace.steps().iter().any(|(at, what)| is_call(at, what) && is_other(at))
}

/// What holds wherever a function is called, where it is one that the server calls only while it serves on one transport.
fn facts_of_route(cx: &Cx<'_>, unit: &Unit<'_>, func: FuncId) -> Option<Facts> {
    let rows = |at: &At| cx.values.call_rows(*at, Table::Handler);
    let registered = cx.values.callers(func).iter().flat_map(rows);
    let kind = registered.into_iter().find_map(|row| cx.values.models.handler(row).only_on)?;
    unit.process.facts_on(kind)
}

/// Where a rebinding in force there takes what is written to a standard stream: `with redirect_stdout(StringIO())`,
/// `console.log = console.error`, `console.error = (...args) => notify(args)`.
fn moved(cx: &Cx<'_>, unit: &Unit<'_>, sink: Sink, (live, site): (&Live, &Site)) -> Option<Stream> {
    let at = sink.at;
    let spec = sink.row.and_then(|row| cx.values.models.sink(row).stream.as_ref());
    let from = cx.values.stream_of(at, spec.filter(|_| !site.rebinds.is_empty())?);
    // What scripts write is moved by the name that it is written under, elsewhere there is one writer for both streams.
    let is_by_name = from == Stream::Stderr && cx.values.language(at.0) == Language::Script;
    if from != Stream::Stdout && !is_by_name {
        return None;
    }
    let moved_by = cx.values.call_rows(at, Table::RebindMoves);
    let explorer = unit.process.explorer_of(live)?;
    let mut moved = site.rebinds.iter().filter_map(|id| {
        let rebind = explorer.rebinds.get(*id as usize)?;
        let is_filter = rebind.is_filter && from == Stream::Stdout;
        let moves = moved_by.iter().any(|row| row.is_of(rebind.row)) && !is_filter;
        // What a function makes of it for stdout is told to the client, or is a finding of its own.
        let to = if from == Stream::Stderr && rebind.stream == Stream::Stdout { Stream::None } else { rebind.stream };
        (moves && to != from).then_some(to)
    });
    let first = moved.next()?;
    // What stays in the program on one of several ways is not shown at all.
    Some(if moved.any(|stream| stream == Stream::None) { Stream::None } else { first })
}

/// Where the leak is met in the process, if it is: its sink runs there, and its source belongs to it.
fn live_site<'u>(cx: &Cx<'_>, unit: &'u Unit<'_>, live: &'u Live, leak: &Leak) -> Option<&'u Site> {
    let sites = &live.sites;
    if let SourcePlace::Param(func, _) = leak.source.place
        && leak.source.kind == Kind::Argument
        && !takes_arguments(cx, unit, live, func)
    {
        return None;
    }
    // Lines of stdin are what the agent asks for in a hand-written server; elsewhere they are a command line's own affair.
    if leak.source.kind == Kind::Argument
        && let SourcePlace::Instr(at) = leak.source.place
        && !unit.by_hand
        && !(sites.contains_key(&at) && is_request(cx, at))
        && !(reads_request(cx, at) && site_in(live, at.0).is_some())
    {
        return None;
    }
    if goes_another_way(cx, unit, live, leak) {
        return None;
    }
    let is_reply = leak.hit.sink.row.is_some_and(|row| cx.values.models.sink(row).by_hand);
    if is_reply && !answers_by_hand(cx, unit, leak.hit.sink.at.0) {
        return None;
    }
    // Before an SDK serves no arguments are there, though a function that handlers call, too, may log there what it was given.
    let runs_early = |at: At| sites.get(&at).is_some_and(|sites| sites.iter().all(is_early));
    if leak.source.kind == Kind::Argument
        && !unit.by_hand
        && (runs_early(leak.hit.primary) || runs_early(leak.hit.sink.at))
    {
        return None;
    }
    let in_func = |at: At| site_in(live, at.0);
    if leak.hit.sink.drain == Drain::Agent && leak.hit.sink.row.is_none() {
        if !unit.process.handlers.iter().any(|handler| handler.func == leak.hit.sink.at.0) {
            return None;
        }
        return sites
            .get(&leak.hit.primary)
            .and_then(|sites| sites.first())
            .or_else(|| in_func(leak.hit.primary))
            .or_else(|| in_func(leak.hit.sink.at))
            .or_else(|| live.later.get(&leak.hit.sink.at.0));
    }
    let holds_it = |site: &&Site| holds_it(unit, leak, site);
    let sink =
        sites.get(&leak.hit.sink.at)?.iter().find(|site| holds_it(site) && !is_kept(cx, unit, leak, (live, site)))?;
    if leak.hit.primary == leak.hit.sink.at {
        return Some(sink);
    }
    let primary = sites.get(&leak.hit.primary);
    if primary.is_some_and(|sites| !sites.iter().any(|site| holds_it(&site))) {
        return None;
    }
    let primary = primary.and_then(|sites| sites.iter().find(holds_it));
    // An answer is put together elsewhere than it is written; what only makes a text for it does nothing that is met on the way.
    let in_func = || in_func(leak.hit.primary).or_else(|| site_around(cx, live, leak.hit.primary.0));
    primary.or_else(|| if leak.hit.sink.drain == Drain::Agent { in_func() } else { None })
}

fn is_early(site: &Site) -> bool {
    site.phase == Phase::BEFORE && !site.crash
}

/// Where a variable is known not to be set, what is written is something else in its stead. Arguments come when an SDK serves.
fn holds_it(unit: &Unit<'_>, leak: &Leak, site: &Site) -> bool {
    match (leak.source.kind, &leak.source.name) {
        (Kind::Env, Some(name)) => !is_unset(&site.facts, name),
        (Kind::Argument, _) => unit.by_hand || !is_early(site),
        _ => true,
    }
}

/// Does what is written at a site stay in the program?
fn is_kept(cx: &Cx<'_>, unit: &Unit<'_>, leak: &Leak, met: (&Live, &Site)) -> bool {
    leak.hit.sink.drain == Drain::Write && moved(cx, unit, leak.hit.sink, met) == Some(Stream::None)
}

/// The sites at the place of one of them at which the leak is met as well, that one first.
fn sites_like<'l>(cx: &Cx<'_>, unit: &Unit<'_>, (live, site): (&'l Live, &'l Site), leak: &Leak) -> Vec<&'l Site> {
    let places = [leak.hit.primary, leak.hit.sink.at];
    let mut at_place = places.iter().filter_map(|at| live.sites.get(at));
    let all = at_place.find(|sites| sites.iter().any(|one| std::ptr::eq(one, site)));
    let others = all
        .into_iter()
        .flatten()
        .filter(|one| !std::ptr::eq(*one, site) && holds_it(unit, leak, one) && !is_kept(cx, unit, leak, (live, one)));
    std::iter::once(site).chain(others).collect()
}

/// Where the function around one that calls nothing first does something: `read(path).map_err(|error| format!("{error:?}"))`.
fn site_around<'l>(cx: &Cx<'_>, live: &'l Live, func: FuncId) -> Option<&'l Site> {
    let data = &cx.values.program.funcs[func];
    let calls = data.instrs.iter().any(|instr| matches!(instr.op, Op::Call(_)));
    if calls { None } else { site_in(live, data.parent?) }
}
