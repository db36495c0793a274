//! The program's own redaction helpers: functions that give back what they are given with the secrets in it replaced.
//!
//! A helper is known by its name, and by what it replaces: a text such as `[REDACTED]`, or a list with the names of secrets. A
//! list that does not have a name does not cover it.

use rustc_hash::FxHashMap;

use crate::base::bounds::MAX_STATIC_DEPTH;
use crate::base::idx::Id;
use crate::ir::func::{FuncId, FuncKind};
use crate::ir::instr::{
    Base, Call, Const, Entry, Field, InstrId, Op, Oper, PASSWORD_REGEX, Place, QUERY_REGEX, REGEX, TextPart,
};
use crate::ir::program::{CellId, Program};

use super::domain::{ANY, Entry as Origin, Form, Kind, Marks, Root, Source};
use super::trace::What;
use super::transfer::Pass;
use super::tree::Tree;
use super::words::{Secrecy, Words};

/// What a helper replaces.
#[derive(Debug, Default)]
pub(super) struct Redactor {
    /// The names it has, without separators, in lower case; empty when it goes by patterns or replaces everything.
    names: Vec<String>,
}

impl Redactor {
    /// Is what goes by this name replaced?
    pub(super) fn covers(&self, name: &str) -> bool {
        let name = squeezed(name);
        self.names.is_empty() || self.names.iter().any(|known| name.contains(known))
    }
}

/// The redaction helpers of a program.
pub(super) fn redactors(program: &Program, words: &Words) -> FxHashMap<FuncId, Redactor> {
    let named: Vec<FuncId> = program
        .funcs
        .iter_enumerated()
        .filter(|(_, func)| {
            !matches!(func.kind, FuncKind::Init | FuncKind::Constructor) && words.is_redaction(&func.name)
        })
        .map(|(id, _)| id)
        .collect();
    if named.is_empty() {
        return FxHashMap::default();
    }
    let (children, lists) = (program.children(), program.assigned());
    let read = |id: FuncId| {
        let mut texts = Texts { program, lists: &lists, found: Vec::new(), by_pattern: false, takes_part: false };
        for inner in program.tree(id, &children) {
            for instr in program.funcs[inner].instrs.ids() {
                texts.value(inner, instr, MAX_STATIC_DEPTH);
                texts.takes_part |= takes_part(&program.funcs[inner].instrs[instr].op, words);
            }
        }
        texts.redactor(words)
    };
    named.into_iter().filter_map(|id| Some((id, read(id)?))).collect()
}

impl Pass<'_, '_> {
    /// Does the function replace what the entry is, as far as that is known?
    pub(super) fn is_redacted(&self, func: FuncId, entry: &Origin) -> bool {
        let Some(redactor) = self.taint.redactors.get(&func) else { return false };
        // The first characters of a secret are none of its replacement.
        if entry.marks.has(Marks::PART) {
            return false;
        }
        let Root::Source(source) = entry.root else { return true };
        let source = &self.taint.names.sources[source];
        let inner = entry.path.iter().rfind(|name| name.chars().any(char::is_alphabetic));
        match (source.kind, inner.or(source.name.as_ref())) {
            (Kind::Headers, None) => redactor.covers(self.taint.words.worst_header()),
            (Kind::Headers | Kind::Credential, Some(name)) if self.taint.words.is_headers(name) => {
                redactor.covers(self.taint.words.worst_header())
            }
            (Kind::Env | Kind::EnvAll | Kind::Credential | Kind::Headers, Some(name)) => redactor.covers(name),
            (_, None) => true,
            (_, Some(_)) => false,
        }
    }
}

impl Pass<'_, '_> {
    /// What an object holds without the very value that a method of it is handed first: `line.replace(token, "[REDACTED]")`. None
    /// where nothing is left out.
    pub(super) fn without_first(&self, call: &Call, receiver: &Tree) -> Option<Tree> {
        let first = &self.given[call.args.first()?.value.index()];
        let is_whole = |entry: &&Origin| {
            entry.form == Form::Exact
                && entry.at.is_empty()
                && !entry.marks.has(Marks::PART)
                && entry.path.iter().all(|name| name != ANY)
        };
        let taken: Vec<&Origin> = first.entries().iter().filter(is_whole).collect();
        // What was made of the value, and is not what the text was made of, is another text.
        let is_itself = |known: &Origin, entry: &Origin| {
            let made = entry.trace.steps();
            known.trace.steps().iter().all(|step| step.1 != What::Through || made.contains(step))
        };
        let is_left = |entry: &Origin| {
            !taken.iter().any(|known| {
                known.path == entry.path && self.is_same_source(known.root, entry.root) && is_itself(known, entry)
            })
        };
        (!taken.is_empty()).then(|| receiver.only(is_left))
    }

    /// Are they one source, or the same variable of the environment?
    fn is_same_source(&self, one: Root, other: Root) -> bool {
        let (Root::Source(first), Root::Source(second)) = (one, other) else { return one == other };
        let sources = &self.taint.names.sources;
        let is_same = || sources[first].name.is_some() && sources[first].name == sources[second].name;
        let is_env = |source: &Source| source.kind == Kind::Env;
        first == second || is_env(&sources[first]) && is_env(&sources[second]) && is_same()
    }
}

/// The constant texts of a function and of the lists that it reads.
struct Texts<'p> {
    program: &'p Program,
    lists: &'p FxHashMap<CellId, Vec<(FuncId, InstrId)>>,
    found: Vec<&'p str>,
    by_pattern: bool,
    /// It takes a part of a text: what is left of a secret is still one.
    takes_part: bool,
}

impl<'p> Texts<'p> {
    fn value(&mut self, func: FuncId, value: InstrId, depth: usize) {
        let Some(depth) = depth.checked_sub(1) else { return };
        match &self.program.funcs[func].instrs[value].op {
            Op::Const(Const::Str(text)) => self.found.push(text),
            Op::Text(parts) => {
                let literals = parts.iter().filter_map(|part| match part {
                    TextPart::Lit(text) => Some(text.as_str()),
                    TextPart::Hole(..) => None,
                });
                self.found.extend(literals);
            }
            Op::Unknown(what, _) if [REGEX, QUERY_REGEX, PASSWORD_REGEX].contains(what) => self.by_pattern = true,
            Op::Load(place) => self.list(place, depth),
            Op::Call(call) => self.list(&call.callee, depth),
            _ => {}
        }
    }

    /// A list in a variable: what it was assigned, with all that is in it.
    fn list(&mut self, place: &Place, depth: usize) {
        let Base::Cell(cell) = place.base else { return };
        for (func, value) in self.lists.get(&cell).into_iter().flatten() {
            if self.program.funcs[*func].kind == FuncKind::Init {
                self.inside(*func, *value, depth);
            }
        }
    }

    fn inside(&mut self, func: FuncId, value: InstrId, depth: usize) {
        let Some(depth) = depth.checked_sub(1) else { return };
        match &self.program.funcs[func].instrs[value].op {
            Op::Record(record) => {
                for entry in &record.entries {
                    match entry {
                        Entry::Field(Field::Name(name), inner) => {
                            self.found.push(name);
                            self.inside(func, *inner, depth);
                        }
                        Entry::Field(_, inner) | Entry::Spread(inner) => self.inside(func, *inner, depth),
                    }
                }
            }
            Op::Call(call) => call.args.iter().for_each(|arg| self.inside(func, arg.value, depth)),
            _ => self.value(func, value, depth),
        }
    }

    /// A helper has a text in place of what it replaces, or the name of a secret.
    fn redactor(self, words: &Words) -> Option<Redactor> {
        let is_secret = |text: &&&str| words.credential(text) == Some(Secrecy::Secret) || words.is_part_of_secret(text);
        let names: Vec<String> = self.found.iter().filter(is_secret).map(|text| squeezed(text)).collect();
        // Asterisks by a pattern may stand for a few characters only.
        let is_whole = |text: &&&str| !self.by_pattern || text.chars().any(char::is_alphabetic);
        let replaces = self.found.iter().filter(is_whole).any(|text| words.is_placeholder(text));
        if self.takes_part || names.is_empty() && !replaces {
            return None;
        }
        Some(Redactor { names: if self.by_pattern { Vec::new() } else { names } })
    }
}

/// Does an instruction take a part of a text?
fn takes_part(op: &Op, words: &Words) -> bool {
    match op {
        Op::Operator(Oper::Slice, _) => true,
        Op::Call(call) => matches!(call.callee.path.last(), Some(Field::Name(name)) if words.is_part_method(name)),
        _ => false,
    }
}

fn squeezed(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
