//! What holds on each of the ways that meet at a place: `if (env.A || env.B)`, `const verbose = env.A || has("--verbose")`.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::Symbol;
use crate::base::bounds::{MAX_CHOICES, MAX_WAY_FACTS, MAX_WAYS};
use crate::ir::instr::Const;

use super::abs::{Abs, Fact, Facts, as_written, truth};
use super::alternatives::Alternatives;

/// What is known of symbols on one way, in order.
pub(crate) type Way = Rc<[(Symbol, Fact)]>;

/// All facts of one of the ways hold. The ways are in order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Choice(Rc<[Way]>);

impl Choice {
    fn of(way: Way) -> Self {
        Self(Rc::new([way]))
    }

    /// One of several ways; none when nothing is known on one of them, or when they are too many.
    pub(super) fn among(mut ways: Vec<Way>) -> Option<Self> {
        ways.sort();
        ways.dedup();
        (ways.len() <= MAX_WAYS && ways.iter().all(|way| !way.is_empty())).then(|| Self(ways.into()))
    }

    pub(crate) fn ways(&self) -> impl Iterator<Item = &Way> {
        self.0.iter()
    }

    /// This one or another; none when that are too many ways.
    fn or(&self, other: &Self) -> Option<Self> {
        Self::among(self.0.iter().chain(&*other.0).cloned().collect())
    }

    fn holds(&self, facts: &Facts) -> bool {
        self.0.iter().any(|way| way.iter().all(|(sym, fact)| facts.get(sym) == Some(fact)))
    }

    /// Is something on whichever way it was?
    fn is_on(&self) -> bool {
        self.0.iter().all(|way| way.iter().any(|(_, fact)| fact.is_on()))
    }

    /// Does it say nothing: what is known of the one symbol is this or that?
    fn is_trivial(&self) -> bool {
        let mut syms = self.0.iter().map(|way| if let [(sym, _)] = &**way { Some(sym) } else { None });
        let first = syms.next().flatten();
        first.is_some() && syms.all(|sym| sym == first)
    }

    pub(super) fn names(&self, sym: &Symbol) -> bool {
        self.0.iter().any(|way| way.iter().any(|(known, _)| known == sym))
    }

    /// What is asked `by` facts about a symbol, where all the ways that the facts leave open say the same.
    pub(super) fn tells(&self, sym: &Symbol, facts: &[&Facts], by: impl Fn(&Fact) -> Option<bool>) -> Option<bool> {
        if !self.names(sym) {
            return None;
        }
        let is_open = |way: &&Way| {
            !way.iter()
                .any(|(sym, fact)| facts.iter().any(|facts| facts.get(sym).is_some_and(|known| known.excludes(fact))))
        };
        let said = |way: &Way| way.iter().find(|(known, _)| known == sym).and_then(|(_, fact)| by(fact));
        let mut open = self.0.iter().filter(is_open);
        let first = said(open.next()?)?;
        open.all(|way| said(way) == Some(first)).then_some(first)
    }
}

/// What the one knows and the other does not, what is on first.
pub(super) fn known_beside(facts: &Facts, other: &Facts) -> Way {
    let own = facts.beside(other).filter(|(_, own, other)| own != other);
    let mut own: Vec<(&Symbol, &Fact)> = own.filter_map(|(sym, own, _)| Some((sym, own?))).collect();
    if own.len() > MAX_WAY_FACTS {
        own.sort_by_key(|(_, fact)| !fact.is_on());
        own.truncate(MAX_WAY_FACTS);
        own.sort();
    }
    own.into_iter().map(|(sym, fact)| (sym.clone(), fact.clone())).collect()
}

/// The choices that hold where two ways meet.
pub(super) fn met(a: &Facts, b: &Facts) -> Vec<Choice> {
    let own = |facts: &Facts, other: &Facts| -> Vec<Choice> {
        let way = known_beside(facts, other);
        let own = if way.is_empty() { None } else { Some(Choice::of(way)) };
        facts.choices().iter().cloned().chain(own).collect()
    };
    let (of_a, of_b) = (own(a, b), own(b, a));
    let both =
        |choice: &&Choice| (of_a.contains(choice) || choice.holds(a)) && (of_b.contains(choice) || choice.holds(b));
    let mut found: Vec<Choice> = of_a.iter().chain(&of_b).filter(both).cloned().collect();
    for (a, b) in of_a.iter().flat_map(|a| of_b.iter().map(move |b| (a, b))) {
        if !found.contains(a) && !found.contains(b) {
            found.extend(a.or(b).filter(|choice| !choice.is_trivial()));
        }
    }
    found.sort();
    found.dedup();
    // What has to be on says most.
    found.sort_by_key(|choice| !choice.is_on());
    found.truncate(MAX_CHOICES);
    found.sort();
    found
}

/// Unknowns that stand for what a path chose, each with the ways on which it is true; none when it may be true on one where
/// nothing is on.
#[derive(Clone, Default)]
pub(crate) struct Chosen {
    ways: FxHashMap<Symbol, Option<Choice>>,
    pub(super) alternatives: Alternatives,
    /// The texts that settings default to.
    defaults: FxHashMap<Symbol, FxHashSet<Const>>,
}

impl Chosen {
    /// On one of the ways the unknown is `abs`, and the facts hold.
    pub(super) fn note(&mut self, unknown: &Abs, abs: &Abs, facts: &Facts, assumed: &Facts) {
        let Abs::Sym(unknown) = unknown else { return };
        let is_given_up = matches!(self.ways.get(unknown), Some(None));
        if is_given_up || truth(abs, &[facts, assumed]) == Some(false) {
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
            let sym = as_written(sym).unwrap_or_else(|| sym.clone());
            self.defaults.entry(sym).or_default().insert(text.clone());
        }
    }

    /// Does a fact hold of a setting that is not set?
    pub(crate) fn is_default(&self, sym: &Symbol, fact: &Fact) -> bool {
        // Settings are compared in lower case: `os.getenv("QUIET", "True").lower() == "true"`.
        let holds = |value: &Const| match value {
            Const::Str(text) => fact.allows(value) || fact.allows(&Const::str(&text.to_lowercase())),
            _ => fact.allows(value),
        };
        self.defaults.get(sym).is_some_and(|defaults| defaults.iter().any(holds))
    }
}
