//! What was on, on each of the ways that meet at a place: `if (env.A || env.B)`, `const verbose = env.A || has("--verbose")`.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::Symbol;
use crate::base::bounds::{MAX_CHOICES, MAX_WAYS};
use crate::ir::instr::Const;

use super::abs::{Abs, Fact, Facts, truth};

/// The facts by which symbols are true on one way.
pub(crate) type Way = Vec<(Symbol, Fact)>;

/// All facts of one of the ways hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Choice(BTreeSet<Way>);

impl Choice {
    fn of(way: Way) -> Self {
        Self(BTreeSet::from([way]))
    }

    pub(crate) fn ways(&self) -> impl Iterator<Item = &Way> {
        self.0.iter()
    }

    /// This one or another; none when that are too many ways.
    fn or(&self, other: &Self) -> Option<Self> {
        let ways: BTreeSet<Way> = self.0.union(&other.0).cloned().collect();
        (ways.len() <= MAX_WAYS).then_some(Self(ways))
    }

    fn holds(&self, facts: &Facts) -> bool {
        self.0.iter().any(|way| way.iter().all(|(sym, fact)| facts.get(sym) == Some(fact)))
    }

    pub(super) fn names(&self, sym: &Symbol) -> bool {
        self.0.iter().flatten().any(|(known, _)| known == sym)
    }
}

/// The choices that hold where two ways meet.
pub(super) fn met(a: &Facts, b: &Facts) -> Vec<Choice> {
    let own = |facts: &Facts, other: &Facts| -> Vec<Choice> {
        let way: Way = facts.on().filter(|(sym, fact)| other.get(sym) != Some(fact)).collect();
        let own = if way.is_empty() { None } else { Some(Choice::of(way)) };
        facts.choices().iter().cloned().chain(own).collect()
    };
    let (of_a, of_b) = (own(a, b), own(b, a));
    let both =
        |choice: &&Choice| (of_a.contains(choice) || choice.holds(a)) && (of_b.contains(choice) || choice.holds(b));
    let mut found: Vec<Choice> = of_a.iter().chain(&of_b).filter(both).cloned().collect();
    for (a, b) in of_a.iter().flat_map(|a| of_b.iter().map(move |b| (a, b))) {
        if !found.contains(a) && !found.contains(b) {
            found.extend(a.or(b));
        }
    }
    found.sort();
    found.dedup();
    found.truncate(MAX_CHOICES);
    found
}

/// Unknowns that stand for what a path chose, each with the ways on which it is true; none when it may be true on one where
/// nothing is on.
#[derive(Clone, Default)]
pub(crate) struct Chosen {
    ways: FxHashMap<Symbol, Option<Choice>>,
    /// The texts that settings default to.
    defaults: FxHashSet<(Symbol, Const)>,
}

impl Chosen {
    /// On one of the ways the unknown is `abs`, and the facts hold.
    pub(super) fn note(&mut self, unknown: &Abs, abs: &Abs, facts: &Facts, assumed: &Facts) {
        let Abs::Sym(unknown) = unknown else { return };
        if truth(abs, [facts, assumed]) == Some(false) {
            return;
        }
        let mut facts = facts.clone();
        facts.assume(abs, true);
        let way: Way = facts.on().collect();
        if way.is_empty() {
            return self.give_up(unknown);
        }
        let way = Choice::of(way);
        self.ways
            .entry(unknown.clone())
            .and_modify(|known| *known = known.take().and_then(|known| known.or(&way)))
            .or_insert(Some(way));
    }

    /// Nothing is known of what has to be on.
    pub(super) fn give_up(&mut self, unknown: &Symbol) {
        self.ways.insert(unknown.clone(), None);
    }

    pub(crate) fn of(&self, unknown: &Symbol) -> Option<&Choice> {
        self.ways.get(unknown)?.as_ref()
    }

    /// A setting is a text unless it is set.
    pub(super) fn note_default(&mut self, setting: &Abs, text: &Const) {
        if let Abs::Sym(sym) = setting {
            self.defaults.insert((sym.clone(), text.clone()));
        }
    }

    /// Does a fact hold of a setting that is not set?
    pub(crate) fn is_default(&self, sym: &Symbol, fact: &Fact) -> bool {
        matches!(fact, Fact::Is(value) if self.defaults.contains(&(sym.clone(), value.clone())))
    }
}
