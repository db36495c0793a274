//! What of a table is left where the program asked for the name of each field:
//!
//! ```text
//! {k: v for k, v in headers.items() if k.lower() not in HIDDEN}
//! ```
//!
//! Where the name is known to be none of some, what those fields hold does not get.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::base::Symbol;
use crate::base::bounds::{MAX_CHECK_DEPTH, MAX_LEFT_OUT};
use crate::base::idx::Id;
use crate::ir::func::LocalId;
use crate::ir::instr::{Base, Call, Const, Entry as RecordEntry, Field, InstrId, Op, Place};
use crate::resolve::values::{At, Value};

use super::checks::{Check, Tells, made_at};
use super::domain::{ANY, Entry, Form, Kind, Marks, Root};
use super::transfer::{Pass, State, Var};
use super::tree::Tree;

/// Where in a pair the name stands, and where what is kept under it.
const KEY: Field = Field::Index(0);
const KEPT: Field = Field::Index(1);

impl Pass<'_, '_> {
    /// In a state where the check fails, what was kept under the names that it is about is gone.
    pub(super) fn know_key(&mut self, on: InstrId, check: &Check, fails: &mut State) {
        if check.tells != Tells::Harmless && check.tells != Tells::Own {
            return;
        }
        let Some((table, kept)) = self.pair_of(&check.place) else { return };
        let mut names = BTreeSet::new();
        self.names_in(on, &mut names, MAX_CHECK_DEPTH);
        if names.is_empty() || names.len() > MAX_LEFT_OUT {
            return;
        }
        if self.asks_spelled(on) {
            names = names.iter().flat_map(spellings).collect();
        }
        let all = self.table_at(table);
        for local in kept {
            let Some(known) = fails.get(&Var::Local(local)) else { continue };
            let left = self.left_of(known, &all, &names);
            Rc::make_mut(fails).insert(Var::Local(local), left);
        }
    }

    /// What a table has no longer after a call that takes it out: `headers.pop("Authorization", None)`.
    pub(super) fn take_out(&mut self, call: &Call, at: At) {
        let (Some((table, Field::Name(method))), Some(name)) = (call.callee.split_last(), call.args.first()) else {
            return;
        };
        if self.var(&table.base).is_none() || !self.taint.values.models.removes(method) {
            return;
        }
        if let Some(Const::Str(name)) = self.taint.values.of(self.id, name.value).single_const() {
            self.store(&table.then(Field::Name(name.clone())), &Tree::default(), at);
        }
    }

    /// The call that went through a table, and the variables for what is kept under the key that a place is.
    fn pair_of(&self, key: &Place) -> Option<(InstrId, Vec<LocalId>)> {
        let stored = |part: Field| {
            self.func.instrs.iter().filter_map(move |instr| {
                let Op::Store(Place { base: Base::Local(local), path }, value) = &instr.op else { return None };
                let Op::Load(Place { base: Base::Value(pairs), path: from }) = &self.func.instrs[*value].op else {
                    return None;
                };
                (path.is_empty() && **from == [Field::Any, part.clone()]).then_some((*local, *pairs))
            })
        };
        let Base::Local(key) = key.base else { return None };
        let (_, pairs) = stored(KEY).find(|(local, _)| *local == key)?;
        let kept: Vec<LocalId> = stored(KEPT).filter(|(_, of)| *of == pairs).map(|(local, _)| local).collect();
        (!kept.is_empty()).then_some((pairs, kept))
    }

    /// What the table holds that a call goes through by pairs: `table.items()`, `Object.entries(table)`.
    pub(super) fn table_at(&mut self, pairs: InstrId) -> Tree {
        let Op::Call(call) = &self.func.instrs[pairs].op else { return Tree::default() };
        match (call.callee.split_last(), call.args.as_slice()) {
            (Some((table, Field::Name(method))), []) if self.taint.values.models.pairs(method) => {
                self.load(&table, (self.id, pairs))
            }
            (Some((_, Field::Name(method))), [table]) if self.taint.values.models.pairs(method) => {
                self.given[table.value.index()].clone()
            }
            _ => Tree::default(),
        }
    }

    /// What is left of what is kept in a table when it is not under one of the names.
    fn left_of(&self, known: &Tree, table: &Tree, names: &BTreeSet<Symbol>) -> Tree {
        let is_under = |entry: &Entry, under: fn(&str) -> bool| entry.at.first().is_some_and(|name| under(name));
        let is_open = |entry: &Entry| entry.at.is_empty() || is_under(entry, |name| name == ANY);
        // What comes from elsewhere than the fields that are known stays.
        let from_named = |entry: &Entry| table.entries().iter().any(|part| part.root == entry.root && !is_open(part));
        let is_left = |part: &Entry| part.at.first().is_some_and(|name| !names.contains(name));
        let from_open: Vec<&Entry> = table.entries().iter().filter(|part| is_open(part)).collect();
        known.map(|mut entry| {
            let mut of_root = table.entries().iter().filter(|part| part.root == entry.root);
            if from_named(&entry) {
                return of_root.any(is_left).then_some(entry);
            }
            let whole =
                from_open.iter().find(|part| part.root == entry.root && part.form == Form::Exact && part.at.is_empty());
            let Some(whole) = whole else { return Some(entry) };
            if let Root::Source(source) = entry.root {
                let hides = names.contains(self.taint.words.worst_header());
                if hides && matches!(self.taint.names.sources[source].kind, Kind::Headers | Kind::Credential) {
                    entry.marks = entry.marks.with(Marks::REDACTED);
                }
                return Some(entry);
            }
            // The table itself, without those fields, stands for any of the others.
            entry.path = whole.path.clone();
            names.iter().try_fold(entry, Entry::lacking)
        })
    }

    /// Does a condition ask for a name in one spelling: `name.lower() in HIDDEN`, `HIDDEN.has(name.toLowerCase())`?
    fn asks_spelled(&self, on: InstrId) -> bool {
        match &self.func.instrs[on].op {
            Op::Operator(_, operands) => operands.iter().any(|value| self.asks_spelled(*value)),
            Op::Call(call) => call.args.is_empty() || call.args.iter().any(|arg| self.asks_spelled(arg.value)),
            _ => false,
        }
    }

    /// The names that a condition compares with.
    fn names_in(&self, on: InstrId, names: &mut BTreeSet<Symbol>, depth: usize) {
        let Some(depth) = depth.checked_sub(1) else { return };
        match &self.func.instrs[on].op {
            Op::Const(Const::Str(name)) => _ = names.insert(name.clone()),
            Op::Operator(_, operands) => operands.iter().for_each(|value| self.names_in(*value, names, depth)),
            Op::Call(_) if self.taint.values.receiver_slot((self.id, on)).is_some() => {
                let slot = self.taint.values.receiver_slot((self.id, on));
                let values = slot.map(|slot| self.taint.values.of_slot(slot).items()).unwrap_or_default();
                self.names_among(values, names);
            }
            _ => self.names_among(self.taint.values.of(self.id, on).items(), names),
        }
    }

    /// The names in lists that are written out.
    fn names_among(&self, values: &[Value], names: &mut BTreeSet<Symbol>) {
        let program = self.taint.values.program;
        for made in values.iter().filter_map(made_at) {
            let func = &program.funcs[made.0];
            let mut lists = vec![made.1];
            if let Op::Call(call) = &func.instrs[made.1].op {
                lists = call.args.iter().map(|arg| arg.value).collect();
            }
            for list in lists {
                let Op::Record(record) = &func.instrs[list].op else { continue };
                for entry in &record.entries {
                    if let RecordEntry::Field(_, value) = entry
                        && let Op::Const(Const::Str(name)) = &func.instrs[*value].op
                    {
                        names.insert(name.clone());
                    }
                }
            }
        }
    }
}

/// What of a table gets into another one, pair by pair, where the program asked for the names: `kept` is what is kept under them.
pub(super) fn still_there(table: &Tree, kept: &Tree) -> Tree {
    table.map(|mut entry| {
        let mut of_root = kept.entries().iter().filter(|part| part.root == entry.root).peekable();
        of_root.peek()?;
        // What was asked of the values was asked of all that is kept.
        if entry.at.is_empty() && of_root.clone().all(|part| part.marks.has(Marks::REDACTED)) {
            entry.marks = entry.marks.with(Marks::REDACTED);
        }
        if let Some(part) = of_root.find(|part| part.path == entry.path && entry.at.is_empty()) {
            part.without.iter().for_each(|name| entry.without.include(name));
            entry.marks = entry.marks.with(part.marks.only(Marks::REDACTED));
        }
        Some(entry)
    })
}

/// A name in the spellings that it may have where the program asks for it in one of them: `authorization`, `Authorization`.
fn spellings(name: &Symbol) -> [Symbol; 3] {
    let lower = name.to_lowercase();
    let words = lower.split('-').map(|word| {
        let mut letters = word.chars();
        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect::<String>()
    });
    [words.collect::<Vec<_>>().join("-").into(), lower.to_uppercase().into(), lower.into()]
}
