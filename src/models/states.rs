//! The automaton of all patterns: positions in them, and where a step leads from each.
//!
//! It is built root by root, when an expression is met that starts with it: of all the libraries that models describe a
//! program uses a few.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use crate::base::Symbol;
use crate::base::idx::IndexVec;
use crate::ir::program::Language;

use super::index::{RowRef, StateId};
use super::path::{PatternStep, Step, patterns, roots};

/// What a pattern has to end with, and what it leads to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Call,
    Value,
    Any,
    Type,
}

/// A pattern that is not compiled yet.
#[derive(Clone)]
pub(super) struct Waiting {
    /// The model it is from, for messages.
    pub(super) library: Symbol,
    pub(super) text: Symbol,
    pub(super) row: RowRef,
    pub(super) end: End,
}

#[derive(Default)]
struct State {
    next: BTreeMap<Step, StateId>,
    any_member: Option<StateId>,
    /// By how their names begin: `list_*`.
    members_from: Vec<(Symbol, StateId)>,
    /// `**`: stays here on any member.
    loops: bool,
    /// States entered without a step: the position behind `**`, the root of the type this expression has.
    silent: Vec<StateId>,
    rows: Vec<RowRef>,
}

#[derive(Default)]
pub(super) struct States {
    items: IndexVec<StateId, State>,
    /// First names of patterns: roots, globals, types.
    roots: FxHashMap<(Language, Symbol), StateId>,
    /// The same the other way round.
    root_names: FxHashMap<StateId, Symbol>,
    /// Type row → the state that its members start from.
    type_roots: FxHashMap<RowRef, StateId>,
    /// By the state of their root, in order of the files.
    waiting: FxHashMap<StateId, Vec<Waiting>>,
}

impl States {
    /// The state of a root, made if there is none.
    pub(super) fn root(&mut self, language: Language, name: &str) -> StateId {
        let (items, names) = (&mut self.items, &mut self.root_names);
        *self.roots.entry((language, name.into())).or_insert_with(|| {
            let state = items.push(State::default());
            names.insert(state, name.into());
            state
        })
    }

    pub(super) fn known_root(&self, language: Language, name: &str) -> Option<StateId> {
        self.roots.get(&(language, name.into())).copied()
    }

    pub(super) fn note_type(&mut self, row: RowRef, state: StateId) {
        self.type_roots.insert(row, state);
    }

    pub(super) fn type_root(&self, row: RowRef) -> Option<StateId> {
        self.type_roots.get(&row).copied()
    }

    /// Takes a pattern, to be compiled when its root is met.
    ///
    /// # Errors
    /// When it starts with a name that nothing has.
    pub(super) fn wait(&mut self, language: Language, pattern: Waiting) -> Result<(), String> {
        for root in roots(&pattern.text)? {
            let Some(state) = self.known_root(language, &root) else {
                return Err(format!(
                    "`{}` starts with `{root}`, which is no root, global or type of the language",
                    pattern.text
                ));
            };
            self.waiting.entry(state).or_default().push(pattern.clone());
        }
        Ok(())
    }

    /// Compiles what starts with a root, if that was not done yet; gives what is wrong with it.
    pub(super) fn build(&mut self, root: StateId) -> Vec<String> {
        let Some(waiting) = self.waiting.remove(&root) else { return Vec::new() };
        let Some(name) = self.root_names.get(&root).cloned() else { return Vec::new() };
        let mut faults = Vec::new();
        for pattern in waiting {
            if let Err(what) = self.add(root, &name, &pattern) {
                faults.push(format!("model of {}: {what}", pattern.library));
            }
        }
        faults
    }

    /// Compiles everything; gives what is wrong.
    pub(super) fn build_all(&mut self) -> Vec<String> {
        let mut waiting: Vec<StateId> = self.waiting.keys().copied().collect();
        waiting.sort();
        waiting.into_iter().flat_map(|root| self.build(root)).collect()
    }

    fn add(&mut self, root: StateId, name: &Symbol, waiting: &Waiting) -> Result<(), String> {
        let Waiting { text, row, end, .. } = waiting;
        for pattern in patterns(text)?.into_iter().filter(|pattern| pattern.root == *name) {
            let ends_with_call = pattern.steps.last() == Some(&PatternStep::One(Step::Call));
            match end {
                End::Call if !ends_with_call => return Err(format!("`{text}` must end with `()`")),
                End::Value if ends_with_call => return Err(format!("`{text}` must not end with `()`")),
                _ => {}
            }
            let mut at = root;
            for step in pattern.steps {
                at = self.follow(at, step);
            }
            if *end == End::Type {
                let root = self.type_roots.get(row).copied();
                self.items[at].silent.extend(root);
            } else {
                self.items[at].rows.push(*row);
            }
        }
        Ok(())
    }

    fn follow(&mut self, from: StateId, step: PatternStep) -> StateId {
        let known = match &step {
            PatternStep::One(step) => self.items[from].next.get(step).copied(),
            PatternStep::AnyMember => self.items[from].any_member,
            PatternStep::MemberFrom(start) => {
                self.items[from].members_from.iter().find(|(known, _)| known == start).map(|(_, to)| *to)
            }
            PatternStep::Deep => None,
        };
        if let Some(known) = known {
            return known;
        }
        let to = self.items.push(State::default());
        match step {
            PatternStep::One(step) => {
                self.items[from].next.insert(step, to);
            }
            PatternStep::AnyMember => self.items[from].any_member = Some(to),
            PatternStep::MemberFrom(start) => self.items[from].members_from.push((start, to)),
            PatternStep::Deep => {
                self.items[to].loops = true;
                self.items[from].silent.push(to);
            }
        }
        to
    }

    // ---- what is asked -------------------------------------------------------------------------------------------

    pub(super) fn rows(&self, state: StateId) -> impl Iterator<Item = RowRef> + '_ {
        self.items[state].rows.iter().copied()
    }

    /// Where one step leads, by that very step.
    pub(super) fn next(&self, from: StateId, step: &Step) -> Option<StateId> {
        self.items[from].next.get(step).copied()
    }

    /// Adds all states that a step leads to.
    pub(super) fn step(&self, from: StateId, step: &Step, to: &mut Vec<StateId>) {
        let state = &self.items[from];
        to.extend(state.next.get(step));
        if let Step::Member(name) = step {
            to.extend(state.any_member);
            let from_start = state.members_from.iter().filter(|(start, _)| name.starts_with(start.as_str()));
            to.extend(from_start.map(|(_, to)| *to));
            if state.loops {
                to.push(from);
            }
        }
    }

    /// The states with all that are entered silently, and the name of a type root among the latter.
    pub(super) fn closure(&mut self, states: Vec<StateId>) -> (Box<[StateId]>, Option<Symbol>) {
        let mut all: BTreeSet<StateId> = states.iter().copied().collect();
        let mut open: Vec<StateId> = all.iter().copied().collect();
        let mut entered = None;
        while let Some(state) = open.pop() {
            // What is wrong with a pattern that is carried is told by the tests, with a user's when models are loaded.
            self.build(state);
            for next in &self.items[state].silent {
                if all.insert(*next) {
                    open.push(*next);
                    entered = entered.or_else(|| self.root_names.get(next).cloned());
                }
            }
        }
        (all.into_iter().collect(), entered)
    }

    /// Of some states, those at and behind a `**`.
    pub(super) fn behind_loops(&self, states: &[StateId]) -> BTreeSet<StateId> {
        let below = states.iter().filter(|state| self.items[**state].loops);
        below.flat_map(|state| self.items[*state].silent.iter().copied().chain([*state])).collect()
    }
}
