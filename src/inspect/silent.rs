//! Why rules say nothing of a line that runs.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Finding, Step};
use crate::flow::domain::Kind;
use crate::flow::reach::Reach;
use crate::flow::summary::{Drain, Sink};
use crate::models::schema::Stream;
use crate::report::line::Silent;
use crate::rules::flow::rule_of;
use crate::rules::stdout::silent::{Silence, free_stdout, silent as silent_about_stdout, stream_word};

use super::Subject;
use super::calls::Call;
use super::place::Place;
use super::running::Run;
use super::values;

/// The rules about values that leave to logs and streams, and those about what the agent gets, by the kinds they are about.
const OUT: &[(&str, &[Kind])] = &[
    ("env-in-log", &[Kind::Env, Kind::EnvAll]),
    ("credential-in-log", &[Kind::Credential, Kind::Headers]),
    ("argument-in-log", &[Kind::Argument]),
    ("response-in-log", &[Kind::Response]),
];
const TO_AGENT: &[(&str, &[Kind])] =
    &[("env-in-result", &[Kind::Env, Kind::EnvAll]), ("error-in-result", &[Kind::Error, Kind::Stack])];

pub(super) fn silent(
    subject: &Subject<'_>,
    reach: &mut Reach<'_>,
    runs: &[Run<'_>],
    place: &Place,
    calls: &[Call],
) -> Vec<Silent> {
    let mut found: Vec<Silence> = Vec::new();
    for call in calls {
        for run in runs {
            let Some(sites) = run.unit.process.live.sites.get(&call.at) else { continue };
            found.extend(silent_about_stdout(subject.cx, run.unit, call.at, sites));
        }
        for sink in &call.sinks {
            values_silent(subject, reach, call, *sink, &mut found);
        }
    }
    for (_, why) in &mut found {
        if why.is_empty() {
            let free = runs.iter().filter(|run| run.site.is_some()).find_map(|run| free_stdout(run.unit));
            *why = free.unwrap_or("it is told at another place, or as another rule").into();
        }
    }
    let told: BTreeSet<&str> = here(subject, place).map(|finding| finding.rule.as_str()).collect();
    let mut by_why: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    for (rule, why) in found {
        if !told.contains(rule) {
            by_why.entry(why).or_default().insert(rule);
        }
    }
    by_why.into_iter().map(|(why, rules)| Silent { rules: rules.into_iter().collect(), why }).collect()
}

/// The findings of the line's own code.
fn here<'s>(subject: &'s Subject<'_>, place: &'s Place) -> impl Iterator<Item = &'s Finding> {
    subject.findings.iter().filter(|finding| {
        let mut own = place.instrs.iter().chain(&place.calls);
        own.any(|at| values::within(subject, finding.primary.loc, *at))
    })
}

fn values_silent(subject: &Subject<'_>, reach: &Reach<'_>, call: &Call, sink: Sink, found: &mut Vec<Silence>) {
    let rules = if sink.drain == Drain::Agent { TO_AGENT } else { OUT };
    let spec = sink.row.and_then(|row| subject.cx.values.models.sink(row).stream.as_ref());
    let stream = spec.map(|spec| subject.cx.values.stream_of(sink.at, spec));
    for (rule, kinds) in rules {
        let why = match stream {
            Some(stream)
                if sink.drain == Drain::Write && !matches!(stream, Stream::Stdout | Stream::Stderr | Stream::Log) =>
            {
                format!("the stream is {}", stream_word(stream))
            }
            _ => value_silent(subject, reach, call, sink, (rule, kinds)),
        };
        found.push((rule, why));
    }
}

fn value_silent(
    subject: &Subject<'_>,
    reach: &Reach<'_>,
    call: &Call,
    sink: Sink,
    (rule, kinds): (&str, &[Kind]),
) -> String {
    for value in &call.values {
        if !values::kinds(reach, value).iter().any(|kind| kinds.contains(kind)) {
            continue;
        }
        for leak in values::leaks(reach, value, sink) {
            if !kinds.contains(&leak.source.kind) {
                continue;
            }
            match rule_of(subject.cx, &reach.taint, &leak) {
                Ok(found) if found == rule => return elsewhere(subject, rule, sink),
                Ok(_) => {}
                Err(why) => return why.to_owned(),
            }
        }
    }
    let lost = call.values.iter().flat_map(|value| &value.lost).find(|(kind, _)| kinds.contains(kind));
    match lost {
        Some((_, text)) => text.clone(),
        None => "no value of that kind reaches the call".into(),
    }
}

/// A value that the rule is about reaches the call, and the finding stands somewhere else.
fn elsewhere(subject: &Subject<'_>, rule: &str, sink: Sink) -> String {
    let passes = |step: &Step| values::within(subject, step.loc, sink.at);
    let told = subject
        .findings
        .iter()
        .filter(|finding| finding.rule == rule)
        .find(|finding| finding.path.iter().chain(&finding.related).any(passes));
    match told {
        Some(finding) => format!("told at {}, the place to edit", subject.at(finding.primary.loc)),
        None => "the value is told where it is graver, or comes from code that does not run in this server".into(),
    }
}
