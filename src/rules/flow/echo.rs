//! What libraries log by themselves where the program switches a level on: one finding at the call that sets the level.
//!
//! The values that get there come from the taint pass, or are what the library carries anyhow: a server's arguments.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Confidence, Finding, Level, Persona, Step};
use crate::flow::domain::Marks;
use crate::flow::live::{Live, Site};
use crate::flow::solve::Leak;
use crate::models::handlers::HandlerKind;
use crate::models::index::{RowRef, Table};
use crate::models::levels::{EchoRow, LogLevel, Records, Shown};
use crate::models::serving::TransportKind;
use crate::resolve::levels::{Loggers, Set};
use crate::resolve::ports::argument;
use crate::resolve::values::At;
use crate::rules::name::called;
use crate::rules::place::{calls_to, cap, tell_in};
use crate::rules::{Cx, Findings, Unit, loc};

use super::judge::Verdict;
use super::put_first::put_first;
use super::{MAX_RELATED, live_site, tell};

/// A live call that sets levels.
pub(super) struct Setting {
    pub(super) call: At,
    pub(super) row: RowRef,
    /// The call, or the argument that says the level.
    pub(super) at: At,
    /// The program says the level, and does not leave it to the library.
    pub(super) is_said: bool,
    pub(super) sets: Vec<Set>,
    pub(super) environment: bool,
    pub(super) replaced: bool,
    /// Counts for one sink only: the call that gives the filter to it.
    pub(super) apart: Option<At>,
}

/// A value that a live call gives to a library which logs it, by the row that says so.
struct Echoed<'l> {
    verdict: &'l Verdict,
    leak: &'l Leak,
    row: RowRef,
    site: &'l Site,
}

/// Where a level is switched on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Switched {
    InCode(At),
    /// Somebody who starts the server may.
    Outside(At),
}

impl Switched {
    fn at(self) -> At {
        match self {
            Self::InCode(at) | Self::Outside(at) => at,
        }
    }
}

/// `settings`: the levels that the process sets.
pub(super) fn run(
    cx: &Cx<'_>,
    unit: &Unit<'_>,
    settings: &[Setting],
    echoed: &[(Verdict, &Leak)],
    out: &mut Findings<'_>,
) {
    let mut groups: BTreeMap<(&str, Switched), Vec<Echoed<'_>>> = BTreeMap::new();
    for (verdict, leak) in echoed {
        let at = leak.hit.sink.at;
        let Some(site) = live_site(cx, unit, &unit.process.live, leak) else { continue };
        for row in rows(cx, at, |echo| !echo.takes.is_empty()) {
            if let Some(switched) = switched_on(settings, cx.values.models.echo(row)) {
                groups.entry((verdict.rule, switched)).or_default().push(Echoed { verdict, leak, row, site });
            }
        }
    }
    for ((_, switched), mut group) in groups {
        group.sort_by(|a, b| {
            b.verdict.rank().cmp(&a.verdict.rank()).then_with(|| a.leak.hit.primary.cmp(&b.leak.hit.primary))
        });
        leaked(cx, unit, switched, &group, out);
    }
    let takes_arguments = |kind: HandlerKind| matches!(kind, HandlerKind::Tool | HandlerKind::Dispatch);
    if unit.process.handlers.iter().any(|handler| takes_arguments(handler.kind)) {
        carried(cx, unit, &unit.process.live, settings, Shown::Argument, out);
    }
    carried(cx, unit, &unit.process.live, settings, Shown::Response, out);
    // Nobody signs in to a process that he starts himself: what runs on another transport counts.
    let is_signed_in = unit.process.serves.iter().any(|serve| serve.kind != TransportKind::Stdio);
    if let Some(live) = unit.lives().last().filter(|_| is_signed_in) {
        carried(cx, unit, live, &settings_in(cx, unit, live), Shown::Credential, out);
    }
}

/// The rows of what the library called at `at` logs that the version allows.
fn rows(cx: &Cx<'_>, at: At, wanted: impl Fn(&EchoRow) -> bool) -> Vec<RowRef> {
    let mut rows = cx.values.call_rows(at, Table::Echo);
    rows.extend(cx.values.rows_of_library_part(at, Table::Echo));
    rows.retain(|row| {
        let echo = cx.values.models.echo(*row);
        wanted(echo)
            && cx.values.holds(at, &echo.when)
            && cx.values.version_allows(Some(at.0), *row, echo.versions.as_deref())
    });
    rows
}

/// The calls of a process that set levels, in the order in which they run.
pub(super) fn settings(cx: &Cx<'_>, unit: &Unit<'_>) -> Vec<Setting> {
    settings_in(cx, unit, &unit.process.live)
}

fn settings_in(cx: &Cx<'_>, unit: &Unit<'_>, live: &Live) -> Vec<Setting> {
    let order = &unit.process.explorer_of(live).unwrap_or(&unit.process.explorer).order;
    let mut calls: Vec<(Option<&usize>, At, RowRef)> = Vec::new();
    for at in live.sites.keys() {
        calls.extend(cx.values.call_rows(*at, Table::Level).into_iter().map(|row| (order.get(at), *at, row)));
        for row in cx.values.assigned_rows(*at, Table::LevelPlace) {
            let made = cx.values.assigned_owners(*at).into_iter().filter_map(|made| order.get(&made)).max();
            calls.push((made, *at, row));
        }
    }
    calls.sort_unstable();
    let mut had: BTreeSet<&str> = BTreeSet::new();
    let mut settings = Vec::new();
    for (_, call, row) in calls {
        let sets = cx.values.levels_set(call, row);
        let level = cx.values.models.level(row);
        if sets.is_empty() && !level.environment && !level.clears {
            continue;
        }
        if let Some(word) = &level.once
            && !had.insert(word)
        {
            continue;
        }
        let argument = argument_of(cx, call, &level.level);
        let (at, is_said) = (argument.unwrap_or(call), argument.is_some() || level.fixed);
        let (environment, replaced) = (level.environment, level.replaced);
        let apart = level.apart.first().map(|_| call);
        settings.push((call, Setting { call, row, at, is_said, sets, environment, replaced, apart }));
    }
    // `with_env_filter(filter)` says no more than the call that made the filter, and `unwrap_or_else(|_| filter)` no more.
    let calls: BTreeSet<At> = settings.iter().map(|(call, _)| *call).collect();
    settings.retain(|(call, setting)| {
        let is_left_open =
            setting.is_said && !setting.environment && setting.sets.iter().all(|set| set.level.is_none());
        setting.apart.is_some()
            || !is_left_open
            || !cx.values.makers(setting.at).iter().any(|made| made != call && calls.contains(made))
    });
    put_first(cx, unit, told_apart(cx, settings))
}

/// Does the process switch off what a logger writes, by something that runs after `at`?
pub(in crate::rules) fn is_switched_off(cx: &Cx<'_>, unit: &Unit<'_>, at: At, records: &Records) -> bool {
    let order = &unit.process.explorer.order;
    let hides = |set: &Set| {
        matches!(&set.loggers, Loggers::Named(name) if *name == records.logger)
            && set.level.is_some_and(|level| level > records.level)
    };
    let comes_later = |setting: &Setting| {
        let made = cx.values.assigned_owners(setting.call);
        let met = made.iter().chain([&setting.call]).filter_map(|call| order.get(call)).max();
        order.get(&at).zip(met).is_some_and(|(own, met)| own < met)
    };
    // What only looks at the records takes some of them out.
    let says = |setting: &Setting| {
        let row = cx.values.models.level(setting.row);
        !row.level.is_empty() || !row.places.is_empty()
    };
    let settings = settings(cx, unit);
    settings.iter().any(|setting| says(setting) && setting.sets.iter().any(hides) && comes_later(setting))
}

/// Notes which calls make a filter that only one sink asks. What the call that gives it to the sink says of levels is the
/// filter's, where that is no level itself.
fn told_apart(cx: &Cx<'_>, settings: Vec<(At, Setting)>) -> Vec<Setting> {
    let givers: Vec<(At, BTreeSet<At>)> = settings
        .iter()
        .filter_map(|(call, setting)| setting.apart.map(|_| (*call, cx.values.makers(setting.at))))
        .collect();
    let is_maker = |(call, setting): &(At, Setting)| {
        setting.apart.is_none() && givers.iter().any(|(_, makers)| makers.contains(call))
    };
    let made: Vec<At> = settings.iter().filter(|setting| is_maker(setting)).map(|(call, _)| *call).collect();
    // `layer.with_filter(one).with_filter(other)`: both are asked for the same sink.
    let sinks: BTreeMap<At, At> = givers.iter().map(|(call, _)| (*call, first_given(cx, &givers, *call))).collect();
    let mut told = Vec::new();
    for (call, mut setting) in settings {
        let own = givers.iter().find(|(giver, _)| *giver == call);
        let is_level = |(_, makers): &(At, BTreeSet<At>)| {
            setting.sets.iter().all(|set| set.level.is_some()) && !made.iter().any(|call| makers.contains(call))
        };
        if own.is_some_and(|own| !is_level(own)) {
            continue;
        }
        if own.is_none() {
            setting.apart = givers.iter().find(|(_, makers)| makers.contains(&call)).map(|(giver, _)| *giver);
        }
        setting.apart = setting.apart.and_then(|giver| sinks.get(&giver).copied());
        told.push(setting);
    }
    told
}

/// The first of the calls in a chain that give filters to the same sink.
fn first_given(cx: &Cx<'_>, givers: &[(At, BTreeSet<At>)], last: At) -> At {
    let chain = cx.values.makers(last);
    givers.iter().map(|(giver, _)| *giver).filter(|giver| chain.contains(giver)).min().unwrap_or(last)
}

/// The argument that says the level: the line to edit.
fn argument_of(cx: &Cx<'_>, at: At, ports: &[String]) -> Option<At> {
    let call = cx.values.call_at(at)?;
    let mut heads = ports.iter().filter_map(|text| cx.values.models.port(text)).filter(|port| port.path.is_empty());
    heads.find_map(|port| argument(call, &port.head)).map(|value| (at.0, value))
}

/// Where the records of a library are let through, if they are. A filter of one sink only sees what the one for all lets through.
fn switched_on(settings: &[Setting], echo: &EchoRow) -> Option<Switched> {
    let sinks: BTreeSet<At> = settings.iter().filter_map(|setting| setting.apart).collect();
    let of = |sink: Option<At>| settings.iter().filter(move |setting| setting.apart == sink);
    let of_all = switched_on_by(of(None), echo);
    if sinks.is_empty() || of_all.is_none() && of(None).next().is_some() {
        return of_all;
    }
    sinks.into_iter().filter_map(|sink| switched_on_by(of(Some(sink)), echo)).min()
}

/// The same of what one sink asks. What is set for the library's own logger counts before what is set for all; of several calls
/// that show it the first one is told, and one after it that does not show it is the last word.
fn switched_on_by<'s>(settings: impl Iterator<Item = &'s Setting>, echo: &EchoRow) -> Option<Switched> {
    let mut of_all = None;
    let mut of_own = None;
    let mut outside = None;
    let mut is_capped = false;
    for setting in settings {
        for set in &setting.sets {
            let shows = set.level.is_none_or(|level| level <= echo.level);
            let switched = match (shows, set.level) {
                (true, Some(_)) => Some(Switched::InCode(setting.at)),
                (true, None) => Some(Switched::Outside(setting.at)),
                (false, _) => None,
            };
            match &set.loggers {
                Loggers::All if shows => of_all = of_all.or(switched),
                Loggers::All => of_all = None,
                Loggers::Named(name) if is_related(name, &echo.logger) => {
                    of_own = Some(switched);
                    is_capped |= !shows && !setting.replaced;
                }
                Loggers::One if !shows => {
                    of_own = Some(None);
                    is_capped = true;
                }
                Loggers::Named(_) | Loggers::One => {}
            }
        }
        if setting.environment {
            outside = outside.or(Some(Switched::Outside(setting.at)));
        }
    }
    of_own.unwrap_or(of_all).or(if is_capped { None } else { outside })
}

/// Is one of two loggers the other, or below it?
fn is_related(one: &str, other: &str) -> bool {
    let is_below = |long: &str, short: &str| {
        long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', ':']))
    };
    is_below(one, other) || is_below(other, one)
}

/// Values of the program that the library logs.
fn leaked(cx: &Cx<'_>, unit: &Unit<'_>, switched: Switched, group: &[Echoed<'_>], out: &mut Findings<'_>) {
    let Some(Echoed { verdict, leak, row, site }) = group.first() else { return };
    let calls = calls_to(&unit.process.live, site.frame, site.frame_crash);
    let mut finding = tell::finding(cx, unit, (verdict, &[]), leak, ((&unit.process.live, site), &calls), out);
    let echo = cx.values.models.echo(*row);
    let library = &cx.values.models.file(*row).library;
    finding.message = format!("{library} logs {}, with {} in it", echo.says, verdict.what);
    finding.path.push(finding.primary.clone());
    if let Some(last) = finding.path.last_mut() {
        last.text = format!("{library} logs it at {}", echo.level.word());
    }
    let is_sure = verdict.level.is_none() && verdict.doubts.is_empty();
    let is_direct = !leak.hit.entry.marks.has(Marks::OBSCURE) && !leak.hit.entry.marks.has(Marks::GUESSED);
    if verdict.rule == "argument-in-log" || verdict.rule == "response-in-log" || !is_sure || !is_direct {
        on_request(&mut finding);
    }
    for Echoed { leak: other, .. } in group.iter().skip(1) {
        let step = Step {
            loc: loc(cx.values.program, other.hit.primary),
            text: format!("`{}` is given such a value too", called(cx, other.hit.primary)),
        };
        let is_known = |known: &Step| known.loc == step.loc;
        if finding.related.len() < MAX_RELATED
            && !finding.related.iter().any(is_known)
            && !finding.path.iter().any(is_known)
        {
            finding.related.push(step);
        }
    }
    place_at(cx, switched, *row, finding, out);
}

/// What the library carries for the server, and logs: one finding for all calls after which it does.
fn carried(cx: &Cx<'_>, unit: &Unit<'_>, live: &Live, settings: &[Setting], shown: Shown, out: &mut Findings<'_>) {
    let mut found: BTreeMap<(RowRef, Switched), Finding> = BTreeMap::new();
    for (at, sites) in &live.sites {
        for row in rows(cx, *at, |echo| echo.shows.contains(&shown)) {
            let echo = cx.values.models.echo(row);
            let library = &cx.values.models.file(row).library;
            let (switched, site) = match (switched_on(settings, echo), sites.first()) {
                (Some(switched), Some(site)) if !echo.asked => (switched, site),
                (_, Some(site)) if echo.asked => {
                    asked_for(cx, unit, (*at, row), (live, site), out);
                    continue;
                }
                _ => continue,
            };
            let place = loc(cx.values.program, *at);
            if let Some(finding) = found.get_mut(&(row, switched)) {
                let text = format!("{library} logs what this call carries, too");
                if finding.related.len() < MAX_RELATED {
                    finding.related.push(Step { loc: place, text });
                }
                continue;
            }
            let label = format!("from here on {library} logs {} at {}", echo.says, echo.level.word());
            let call = Step { loc: place, text: label };
            let message = format!("{library} logs {}, which this log level shows", echo.says);
            let mut finding = out.draft(shown.rule(), message, call.clone());
            tell_in(cx, unit, (live, site), *at, &mut finding);
            finding.path.push(call);
            found.insert((row, switched), finding);
        }
    }
    for ((row, switched), finding) in found {
        place_at(cx, switched, row, finding, out);
    }
}

/// What the program asks a library to log: the call that asks is the line to edit, whatever level is set.
fn asked_for(cx: &Cx<'_>, unit: &Unit<'_>, (at, row): (At, RowRef), met: (&Live, &Site), out: &mut Findings<'_>) {
    let echo = cx.values.models.echo(row);
    let library = &cx.values.models.file(row).library;
    let label = format!("asks {library} to log it, at {}", echo.level.word());
    let primary = Step { loc: loc(cx.values.program, at), text: label };
    let mut finding = out.draft("argument-in-log", format!("{library} logs {}", echo.says), primary);
    tell_in(cx, unit, met, at, &mut finding);
    if let Some(help) = &echo.help {
        finding.help.clone_from(help);
    }
    cap(&mut finding, Confidence::Medium, format!("{library} logs it by itself"));
    out.add(finding);
}

fn on_request(finding: &mut Finding) {
    finding.level = Level::Note;
    finding.persona = Persona::Pedantic;
}

/// Adds the finding at the call that sets the level.
fn place_at(cx: &Cx<'_>, switched: Switched, row: RowRef, mut finding: Finding, out: &mut Findings<'_>) {
    let echo = cx.values.models.echo(row);
    let library = &cx.values.models.file(row).library;
    let level = echo.level.word();
    let quieter = if echo.level < LogLevel::Info { "info" } else { "warning" };
    finding.help =
        format!("give the logger `{}` the level {quieter}, whatever the level of the others is", echo.logger);
    let place = loc(cx.values.program, switched.at());
    let text = match switched {
        Switched::InCode(_) => format!("this level shows what {library} logs at {level}"),
        Switched::Outside(_) => format!("what is set outside may show what {library} logs at {level}"),
    };
    finding.primary = Step { loc: place, text };
    finding.shape = out.draft(&finding.rule, String::new(), finding.primary.clone()).shape;
    finding.function = cx.values.program.funcs[switched.at().0].name.clone();
    cap(&mut finding, Confidence::Medium, format!("{library} logs it by itself"));
    if let Switched::Outside(_) = switched {
        on_request(&mut finding);
        cap(&mut finding, Confidence::Low, "the level is chosen outside of the code that was read".into());
    }
    out.add(finding);
}
