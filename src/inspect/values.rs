//! Which values reach a call: what they are, where they come from, what became of them on the way, and what a check or a
//! harmless function left behind of them.

use std::collections::BTreeSet;

use crate::base::Symbol;
use crate::base::span::Loc;
use crate::flow::domain::{Entry, Form, Kind, Marks, Root, Source, SourcePlace};
use crate::flow::reach::Reach;
use crate::flow::solve::Leak;
use crate::flow::summary::{Hit, Sink};
use crate::flow::trace::What;
use crate::flow::tree::Tree;
use crate::ir::func::End;
use crate::ir::instr::{Base, InstrId, Op, Oper, Place};
use crate::resolve::values::{At, Value};
use crate::rules::flow::rule_of;
use crate::rules::loc;
use crate::rules::name::{called, handler_name};

use super::Subject;

/// Deepest chain of variables that is followed back to find where a value was left behind.
const MAX_BACK: usize = 6;

/// Most places on the way that are named.
const MAX_WAY: usize = 4;

/// Most origins of one value that are told: an object that a dispatcher hands on has dozens.
const MAX_ORIGINS: usize = 8;

/// A value of the line.
pub(super) struct Found {
    at: At,
    pub(super) text: String,
    /// The sources in it.
    pub(super) tree: Tree,
    /// The sources it was made of and holds no more, each with what left it behind.
    pub(super) lost: Vec<(Kind, String)>,
}

pub(super) fn value(subject: &Subject<'_>, reach: &mut Reach<'_>, at: At) -> Found {
    let tree = reach.of(at);
    let mut lost = Lost { subject, reach, kept: roots(&tree), seen: BTreeSet::new(), found: Vec::new() };
    lost.back(at, MAX_BACK);
    let mut found = lost.found;
    found.sort();
    found.dedup();
    Found { at, text: subject.instr_text(at), tree, lost: found }
}

fn roots(tree: &Tree) -> BTreeSet<Root> {
    tree.entries().iter().map(|entry| entry.root).collect()
}

/// Each source of a value in a sentence, with what the rules make of it at the sinks.
pub(super) fn told(subject: &Subject<'_>, reach: &Reach<'_>, found: &Found, sinks: &[Sink]) -> Vec<String> {
    // One source in many forms and by many ways is told once, the first way with it.
    let mut origins: Vec<(String, String, usize)> = Vec::new();
    let is_error =
        |entry: &Entry| matches!(entry.root, Root::Source(id) if is_error(reach.taint.names.sources[id].kind));
    let (errors, values): (Vec<&Entry>, Vec<&Entry>) = found.tree.entries().iter().partition(|entry| is_error(entry));
    for entry in values.into_iter().chain(errors) {
        let Root::Source(source) = entry.root else { continue };
        let source = reach.taint.names.sources[source].clone();
        let (named, path) = with_name(&source, &entry.path);
        let mut origin = origin(subject, &named);
        if !path.is_empty() {
            origin.push_str(&format!(", its `{}`", path.join(".")));
        }
        if let Some(known) = origins.iter_mut().find(|known| known.0 == origin) {
            known.2 += 1;
            continue;
        }
        let rest = rest(subject, reach, entry, &source, sinks);
        origins.push((origin, rest, 0));
    }
    let n_origins = origins.len();
    let mut res: Vec<String> = origins
        .into_iter()
        .take(MAX_ORIGINS)
        .map(|(origin, rest, more)| {
            let more = if more > 0 { format!(" (and in {more} other ways)") } else { String::new() };
            format!("{origin}{rest}{more}")
        })
        .collect();
    if n_origins > MAX_ORIGINS {
        res.push(format!("{} more", n_origins - MAX_ORIGINS));
    }
    res.extend(found.lost.iter().map(|(_, text)| text.clone()));
    if res.is_empty() {
        res.push(nothing(subject, found.at).into());
    }
    res
}

/// What became of a source, the way it took, and what the rules make of it.
fn rest(subject: &Subject<'_>, reach: &Reach<'_>, entry: &Entry, source: &Source, sinks: &[Sink]) -> String {
    let mut text = became(entry).to_owned();
    let way = way(subject, entry, source);
    if !way.is_empty() {
        text.push_str(&format!(", by way of {}", way.join(", ")));
    }
    for sink in sinks {
        let hit = Hit { sink: *sink, primary: sink.at, open: false, entry: entry.clone() };
        let leak = Leak { source: source.clone(), hit };
        text.push_str(&match rule_of(subject.cx, &reach.taint, &leak) {
            Ok(rule) => format!("; what {rule} is about"),
            Err(why) => format!("; harmless here: {why}"),
        });
    }
    text
}

fn is_error(kind: Kind) -> bool {
    matches!(kind, Kind::Error | Kind::Stack)
}

fn nothing(subject: &Subject<'_>, at: At) -> &'static str {
    let values = subject.cx.values;
    let set = values.of(at.0, at.1);
    let is_const = |value: &Value| matches!(value, Value::Const(_));
    match &values.program.funcs[at.0].instrs[at.1].op {
        Op::Const(_) => "a constant",
        Op::Closure(_) => "a function",
        _ if !set.is_cut && !set.items().is_empty() && set.items().iter().all(is_const) => "a constant",
        _ => "nothing that the rules follow",
    }
}

/// A parameter that is taken apart at once has a made-up name: the argument is the part that is read.
fn with_name<'e>(source: &Source, path: &'e [Symbol]) -> (Source, &'e [Symbol]) {
    let is_made_up = |name: &Symbol| name.strip_prefix("arg").is_some_and(|rest| rest.parse::<u32>().is_ok());
    let is_payload = |name: &Symbol| name.rsplit_once('.').is_some_and(|(_, at)| at.parse::<u32>().is_ok());
    let mut source = source.clone();
    let is_whole = |name: &Symbol| is_made_up(name) || is_payload(name);
    if source.kind != Kind::Argument || !source.name.as_ref().is_some_and(is_whole) {
        return (source, path);
    }
    let inner = path.iter().position(|name| !is_payload(name)).unwrap_or(path.len());
    source.name = path.get(inner).cloned();
    (source, path.get(inner + 1..).unwrap_or_default())
}

/// The kind of a source, its name and its place.
pub(super) fn origin(subject: &Subject<'_>, source: &Source) -> String {
    let program = subject.cx.values.program;
    let name = source.name.as_deref().unwrap_or_default();
    let named =
        |what: &str| if name.is_empty() { format!("{what} of no known name") } else { format!("{what} `{name}`") };
    let what = match source.kind {
        Kind::Env => named("the environment variable"),
        Kind::EnvAll => "the whole environment".into(),
        Kind::Credential => named("the credential"),
        Kind::Headers => "the headers of a request".into(),
        Kind::Argument => {
            let what = if name.is_empty() { "the arguments".to_owned() } else { named("the argument") };
            argument_of(subject, source).map_or(what.clone(), |tool| format!("{what} of {tool}"))
        }
        Kind::Response => "a response".into(),
        Kind::Error => "an error".into(),
        Kind::Stack => "a stack trace".into(),
    };
    let place = match &source.place {
        SourcePlace::Instr(at) => subject.at_instr(*at),
        SourcePlace::Param(func, index) => {
            let body = &program.funcs[*func];
            let param = index.and_then(|index| body.params.get(index as usize));
            let span = param.map_or(body.name_span, |param| param.span);
            subject.at(Loc { file: program.modules[body.module].file, span })
        }
    };
    format!("{what} ({place})")
}

fn argument_of(subject: &Subject<'_>, source: &Source) -> Option<String> {
    let SourcePlace::Param(func, _) = source.place else { return None };
    let handlers = subject.cx.units.iter().flat_map(|unit| &unit.process.handlers);
    let program = subject.cx.values.program;
    let named = handlers.filter(|handler| handler.func == func).find_map(|handler| handler_name(program, handler));
    named.map(|name| format!("`{name}`"))
}

/// What became of a source on the way, as the end of a sentence.
fn became(entry: &Entry) -> &'static str {
    match entry.form {
        Form::Exact if entry.marks.has(Marks::PART) => ", a part of it",
        Form::Exact => "",
        Form::Text if entry.marks.has(Marks::PART) => ", a part of it in a text",
        Form::Text => ", in a text",
        Form::Debug => ", in a text that shows its inside",
        Form::Held => ", inside an object of a library, which does not show it",
    }
}

/// The places that keep or hand on the value on its way.
fn way(subject: &Subject<'_>, entry: &Entry, source: &Source) -> Vec<String> {
    let program = subject.cx.values.program;
    let own = match source.place {
        SourcePlace::Instr(at) => Some(subject.at_instr(at)),
        SourcePlace::Param(..) => None,
    };
    let mut way: Vec<String> = Vec::new();
    for (at, what) in entry.trace.steps() {
        let text = match what {
            What::Source | What::Given => continue,
            What::Passed(func) | What::Returned(func) | What::Thrown(func) => format!("`{}`", program.funcs[func].name),
            What::Stored(name) => format!("`{name}`"),
            What::Through => format!("`{}`", called(subject.cx, at)),
            What::Caught => "an error".into(),
        };
        let place = subject.at_instr(at);
        let step = if text.is_empty() { place.clone() } else { format!("{text} ({place})") };
        if own.as_deref() != Some(place.as_str()) && way.last() != Some(&step) {
            way.push(step);
        }
    }
    if way.len() > MAX_WAY {
        let n_left_out = way.len() - MAX_WAY;
        way.splice(MAX_WAY / 2..MAX_WAY / 2 + n_left_out, [format!("{n_left_out} more places")]);
    }
    way
}

/// Goes back from a value and collects the sources it was made of and does not hold.
struct Lost<'s, 'a, 'r, 'v> {
    subject: &'s Subject<'a>,
    reach: &'r mut Reach<'v>,
    kept: BTreeSet<Root>,
    seen: BTreeSet<At>,
    found: Vec<(Kind, String)>,
}

impl Lost<'_, '_, '_, '_> {
    fn back(&mut self, at: At, depth: usize) {
        if depth == 0 || !self.seen.insert(at) {
            return;
        }
        let program = self.subject.cx.values.program;
        let body = &program.funcs[at.0];
        let mut operands: Vec<InstrId> = Vec::new();
        body.instrs[at.1].op.operands(|operand| operands.push(operand));
        let own = roots(&self.reach.of(at));
        for operand in operands {
            let inner = (at.0, operand);
            self.drop(inner, &own, &self.verb(at));
            self.back(inner, depth);
        }
        let Op::Load(Place { base, path }) = &body.instrs[at.1].op else { return };
        if !path.is_empty() {
            return;
        }
        for (func, body) in program.funcs.iter_enumerated() {
            let is_cell = matches!(base, Base::Cell(_));
            if func != at.0 && !is_cell {
                continue;
            }
            for (id, instr) in body.instrs.iter_enumerated() {
                if let Op::Store(place, value) = &instr.op
                    && place.base == *base
                    && place.path.is_empty()
                {
                    self.chosen((func, id));
                    self.back((func, *value), depth - 1);
                }
            }
        }
    }

    /// `x ? "set" : "missing"`: the condition that leads to a store chooses the value and does not go into it.
    fn chosen(&mut self, store: At) {
        let body = &self.subject.cx.values.program.funcs[store.0];
        let Some((block, _)) = body.blocks.iter_enumerated().find(|(_, block)| block.instrs.contains(&store.1)) else {
            return;
        };
        let line = body.instrs[store.1].span;
        for from in body.blocks.iter() {
            let End::Branch { on, yes, no } = from.end else { continue };
            if (yes == block || no == block) && line.to(body.instrs[on].span) == line {
                self.drop((store.0, on), &BTreeSet::new(), "only decides which constant it is");
            }
        }
    }

    /// Notes the sources of a value that are neither in what was made of it nor in the value asked about.
    fn drop(&mut self, at: At, own: &BTreeSet<Root>, verb: &str) {
        for entry in self.reach.of(at).entries() {
            let Root::Source(source) = entry.root else { continue };
            if own.contains(&entry.root) || self.kept.contains(&entry.root) {
                continue;
            }
            let source = self.reach.taint.names.sources[source].clone();
            if is_error(source.kind) {
                continue;
            }
            let place = self.subject.at_instr(at);
            self.found.push((source.kind, format!("not {}: it {verb} ({place})", origin(self.subject, &source))));
        }
    }

    /// What an instruction does to the operands it does not hand on.
    fn verb(&self, at: At) -> String {
        let values = self.subject.cx.values;
        let body = &values.program.funcs[at.0];
        match &body.instrs[at.1].op {
            Op::Operator(Oper::Eq | Oper::Ne | Oper::Compare(_) | Oper::In | Oper::NotIn, _) => {
                "is only compared".into()
            }
            Op::Operator(Oper::Not | Oper::IsMissing | Oper::IsVariant, _) => {
                "is only asked whether it is there".into()
            }
            Op::Operator(Oper::TypeOf | Oper::InstanceOf, _) => "is only asked what it is".into(),
            Op::Operator(Oper::Without, _) => "is in fields that are left out".into(),
            Op::Call(_) => format!("is left behind in `{}()`", called(self.subject.cx, at)),
            Op::Load(place) if !place.path.is_empty() => "is read in a part that says nothing of it".into(),
            _ => "is left behind".into(),
        }
    }
}

/// The sources of a value by kind, for rules that say nothing.
pub(super) fn kinds(reach: &Reach<'_>, found: &Found) -> BTreeSet<Kind> {
    let sources = found.tree.entries().iter().filter_map(|entry| match entry.root {
        Root::Source(source) => Some(reach.taint.names.sources[source].kind),
        _ => None,
    });
    sources.collect()
}

/// The leaks that the sources of a value are at a sink.
pub(super) fn leaks(reach: &Reach<'_>, found: &Found, sink: Sink) -> Vec<Leak> {
    let entries = found.tree.entries().iter();
    entries
        .filter_map(|entry| {
            let Root::Source(source) = entry.root else { return None };
            let source = reach.taint.names.sources[source].clone();
            Some(Leak { source, hit: Hit { sink, primary: sink.at, open: false, entry: entry.clone() } })
        })
        .collect()
}

/// Is the place of an instruction within another's?
pub(super) fn within(subject: &Subject<'_>, inner: Loc, outer: At) -> bool {
    let outer = loc(subject.cx.values.program, outer);
    inner.file == outer.file && outer.span.start <= inner.span.start && inner.span.end <= outer.span.end
}
