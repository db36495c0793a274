//! What an unknown is, on each of the ways that led to it: `const mode = env.PORT ? "http" : "stdio"`.
//!
//! Who learns that the mode is `stdio` learns that there is no port; who knows that there is no port knows the mode.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::Symbol;
use crate::base::bounds::{MAX_ALIASES, MAX_WAYS};
use crate::base::idx::Naming;
use crate::ir::instr::Const;
use crate::resolve::values::At;

use super::abs::{Abs, Facts, member, truth};
use super::choices::{Choice, known_beside};
use super::variants::variant;

/// What a value is, with what holds where it is that.
pub(super) type Given = BTreeMap<Abs, Rc<Facts>>;

/// The alternatives of unknowns.
#[derive(Clone, Default)]
pub(crate) struct Alternatives {
    /// None where they are not all known.
    by_unknown: FxHashMap<Symbol, Option<Given>>,
    /// The unknowns of which alternatives tell something about a symbol.
    told_by: FxHashMap<Symbol, FxHashSet<Symbol>>,
    /// Those of variables that are something else for now, until the ways meet again.
    aside: FxHashMap<Symbol, Option<Given>>,
    /// Symbols that name the objects which literals make, with what is in them.
    made: FxHashMap<Symbol, Rc<Fields>>,
    /// Symbols that name one object or function each, with an instruction that gives it.
    objects: FxHashMap<Symbol, At>,
    /// The fields of which there are alternatives, by the unknown that the object is.
    fields: FxHashMap<Symbol, BTreeSet<Symbol>>,
}

/// What the fields of an object hold; `None` for what is not known.
pub(super) type Fields = BTreeMap<Symbol, Option<Abs>>;

impl Alternatives {
    /// On one way the unknown is `abs`, and the facts hold. True when that was not known.
    pub(super) fn note(&mut self, unknown: &Symbol, abs: &Abs, facts: &Rc<Facts>) -> bool {
        let entry = self.by_unknown.entry(unknown.clone()).or_insert_with(|| Some(Given::new()));
        let Some(given) = entry else { return false };
        let is_new = add(given, abs, facts);
        if given.len() > MAX_WAYS {
            *entry = None;
            return true;
        }
        if is_new {
            let told = facts.iter().map(|(sym, _)| sym).chain(asked(abs).map(|(sym, ..)| sym));
            for sym in told {
                self.told_by.entry(sym.clone()).or_default().insert(unknown.clone());
            }
        }
        is_new
    }

    /// A symbol names the object that a literal makes. Of a field that holds one thing now and another one then nothing is known.
    pub(super) fn made(&mut self, sym: &Symbol, fields: Fields) {
        let known = self.made.entry(sym.clone()).or_insert_with(|| Rc::new(fields.clone()));
        if **known != fields {
            for (name, value) in Rc::make_mut(known) {
                if fields.get(name) != Some(value) {
                    *value = None;
                }
            }
        }
    }

    /// The fields of an object that a literal makes.
    pub(super) fn fields_of(&self, sym: &Symbol) -> Option<&Fields> {
        self.made.get(sym).map(|fields| &**fields)
    }

    /// A symbol names the object, or function, that an instruction gives.
    pub(super) fn stands_for(&mut self, sym: &Symbol, at: At) {
        self.objects.entry(sym.clone()).or_insert(at);
    }

    /// The instruction that gives what a symbol names.
    pub(super) fn object(&self, sym: &Symbol) -> Option<At> {
        self.objects.get(sym).copied()
    }

    /// What is in a field of an object that a literal makes.
    pub(super) fn field_of_made(&self, object: &Symbol, field: &Symbol) -> Option<Abs> {
        self.made.get(object)?.get(field)?.clone()
    }

    /// On one way the unknown is `abs`: what of the fields of the unknown is known by that.
    pub(super) fn note_fields(&mut self, unknown: &Symbol, abs: &Abs, facts: &Rc<Facts>) {
        let made = if let Abs::Sym(sym) = abs { self.made.get(sym).cloned() } else { None };
        if made.is_none() && !self.fields.contains_key(unknown) {
            return;
        }
        let own = made.as_deref().cloned().unwrap_or_default();
        let is_first = self.of(unknown).is_some_and(|given| given.len() == 1);
        let mut known = self.fields.remove(unknown).unwrap_or_default();
        known.extend(own.keys().cloned());
        for name in &known {
            let field = field_sym(unknown, name);
            if !is_first && !self.knows(&field) {
                self.give_up(&field);
            }
            match own.get(name) {
                Some(Some(value)) => _ = self.note(&field, value, facts),
                None if made.is_some() => _ = self.note(&field, &Abs::Const(Const::Undefined), facts),
                _ => self.give_up(&field),
            }
        }
        self.fields.insert(unknown.clone(), known);
    }

    /// The variable is something else, until the ways meet again.
    pub(super) fn suspend(&mut self, unknown: &Symbol) {
        if let Some(given) = self.by_unknown.remove(unknown) {
            self.aside.insert(unknown.clone(), given);
        }
    }

    pub(super) fn resume(&mut self, unknown: &Symbol) {
        if let Some(given) = self.aside.remove(unknown) {
            self.by_unknown.entry(unknown.clone()).or_insert(given);
        }
    }

    /// What a variable is in the end, whatever it was on the way.
    pub(super) fn settle(&mut self, unknown: &Symbol, abs: &Abs, facts: &Rc<Facts>) {
        self.resume(unknown);
        if !matches!(abs, Abs::Sym(sym) if sym == unknown) {
            self.by_unknown.insert(unknown.clone(), Some(Given::new()));
            self.note(unknown, abs, facts);
        }
    }

    /// On some way the unknown is what nobody knows.
    pub(super) fn give_up(&mut self, unknown: &Symbol) {
        self.by_unknown.insert(unknown.clone(), None);
    }

    /// The symbol stands for something else from now on: what was told of it is no longer so.
    pub(super) fn forget(&mut self, sym: &Symbol) {
        for unknown in self.told_by.remove(sym).into_iter().flatten() {
            self.by_unknown.remove(&unknown);
        }
    }

    /// What a function gives back, on each of the ways out of it, for its caller: without what only the function itself has
    /// names for. `None` where nobody knows what it is.
    pub(super) fn outside(&self, given: &Given, is_own: &dyn Fn(&Symbol) -> bool) -> Option<Given> {
        let mut found = Given::new();
        self.collect_outside(given, &Facts::default(), is_own, &mut found, MAX_ALIASES)?;
        (found.len() <= MAX_WAYS).then_some(found)
    }

    fn collect_outside(
        &self,
        given: &Given,
        beside: &Facts,
        is_own: &dyn Fn(&Symbol) -> bool,
        found: &mut Given,
        depth: usize,
    ) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        for (abs, way) in given {
            if way.contradicts(beside) {
                continue;
            }
            let mut facts = (**way).clone();
            facts.learn(beside);
            match asked(abs) {
                Some((sym, [], false)) if is_own(sym) && self.of(sym).is_some() => {
                    self.collect_outside(self.of(sym)?, &facts, is_own, found, depth)?;
                }
                Some((sym, ..)) if is_own(sym) && !self.made.contains_key(sym) && !self.objects.contains_key(sym) => {
                    return None;
                }
                _ => {
                    facts.leave_out(is_own);
                    add(found, abs, &Rc::new(facts));
                }
            }
        }
        Some(())
    }

    pub(super) fn of(&self, unknown: &Symbol) -> Option<&Given> {
        self.by_unknown.get(unknown)?.as_ref()
    }

    /// Are there alternatives, or is it known that nobody knows them?
    pub(super) fn knows(&self, unknown: &Symbol) -> bool {
        self.by_unknown.contains_key(unknown)
    }

    /// Is the value true where all the facts hold? `None` when nobody knows.
    pub(super) fn truth(&self, abs: &Abs, facts: [&Facts; 2]) -> Option<bool> {
        self.truth_in(abs, &facts, MAX_ALIASES)
    }

    fn truth_in(&self, abs: &Abs, facts: &[&Facts], depth: usize) -> Option<bool> {
        if let Some(known) = truth(abs, facts) {
            return Some(known);
        }
        let depth = depth.checked_sub(1)?;
        let (sym, is, negated) = asked(abs)?;
        if self.made.contains_key(sym) {
            // An object that is not empty; which variant of an enum it is does not show here.
            let is_other = |constant: &Const| matches!(constant, Const::Str(text) if variant(text).is_some());
            return if is.iter().any(is_other) { None } else { Some(is.is_empty() != negated) };
        }
        let mut answer = None;
        for (value, way) in self.of(sym)? {
            if facts.iter().any(|facts| way.contradicts(facts)) {
                continue;
            }
            let facts: Vec<&Facts> = facts.iter().copied().chain([&**way]).collect();
            let found = self.truth_in(&question(value, is)?, &facts, depth)?;
            if *answer.get_or_insert(found) != found {
                return None;
            }
        }
        answer.map(|holds| holds != negated)
    }

    /// Adds to the facts that a value is true (or false), and what that tells of the way that led to it. `beside`: what else
    /// holds.
    pub(super) fn assume(&self, facts: &mut Facts, abs: &Abs, holds: bool, beside: &Facts) {
        self.assume_in(facts, abs, holds, beside, MAX_ALIASES);
    }

    fn assume_in(&self, facts: &mut Facts, abs: &Abs, holds: bool, beside: &Facts, depth: usize) {
        facts.assume(abs, holds);
        let (Some(depth), Some((sym, is, negated))) = (depth.checked_sub(1), asked(abs)) else { return };
        let Some(given) = self.of(sym) else { return };
        let holds = holds != negated;
        let mut open: Vec<(Option<Abs>, &Facts)> = Vec::new();
        for (value, way) in given {
            let question = question(value, is);
            if way.contradicts(facts) || way.contradicts(beside) {
                continue;
            }
            let answer = question.as_ref().and_then(|abs| self.truth_in(abs, &[&*facts, beside, way], depth));
            if answer.is_none_or(|answer| answer == holds) {
                open.push((question, way));
            }
        }
        if let [(question, way)] = &open[..] {
            facts.learn(way);
            if let Some(question) = question {
                self.assume_in(facts, question, holds, beside, depth);
            }
            return;
        }
        let way = |(question, way): &(Option<Abs>, &Facts)| {
            let mut way = (*way).clone();
            if let Some(question) = question {
                way.assume(question, holds);
            }
            known_beside(&way, facts)
        };
        if let Some(choice) = Choice::among(open.iter().map(way).collect()) {
            facts.choose(choice);
        }
    }
}

/// The name of a field of what a symbol stands for.
pub(super) fn field_sym(object: &Symbol, field: &Symbol) -> Symbol {
    Naming::default().text(object).text(".").text(field).done()
}

/// One more way, on which the value is `abs`; none where they are too many.
pub(super) fn with(mut given: Given, abs: &Abs, facts: &Rc<Facts>) -> Option<Given> {
    add(&mut given, abs, facts);
    (given.len() <= MAX_WAYS).then_some(given)
}

/// Adds a way on which the value is `abs`; true when that was not known.
fn add(given: &mut Given, abs: &Abs, facts: &Rc<Facts>) -> bool {
    let Some(known) = given.get_mut(abs) else {
        given.insert(abs.clone(), facts.clone());
        return true;
    };
    if Rc::ptr_eq(known, facts) || known == facts {
        return false;
    }
    let both = known.meet(facts);
    let is_new = **known != both;
    *known = Rc::new(both);
    is_new
}

/// The symbol that a value asks about, the constants that it is compared with, and whether the answer is turned around.
fn asked(abs: &Abs) -> Option<(&Symbol, &[Const], bool)> {
    match abs {
        Abs::Const(_) => None,
        Abs::Sym(sym) => Some((sym, &[], false)),
        Abs::Test(test) => Some((&test.sym, &test.is, test.negated)),
    }
}

/// The question about an unknown, asked of what it is on one way.
fn question(value: &Abs, is: &[Const]) -> Option<Abs> {
    if is.is_empty() { Some(value.clone()) } else { member(value, is) }
}

#[cfg(test)]
mod tests {
    use super::super::abs::not;
    use super::*;

    fn under(sym: &str, holds: bool) -> Rc<Facts> {
        let mut facts = Facts::default();
        facts.assume(&Abs::Sym(sym.into()), holds);
        Rc::new(facts)
    }

    /// `const mode = port ? "http" : "stdio"`
    fn mode() -> (Alternatives, Abs) {
        let mut known = Alternatives::default();
        known.note(&"mode".into(), &Abs::Const(Const::str("http")), &under("port", true));
        known.note(&"mode".into(), &Abs::Const(Const::str("stdio")), &under("port", false));
        (known, Abs::test("mode".into(), Some(Const::str("stdio")), false))
    }

    #[test]
    fn what_a_value_is_tells_which_way_was_taken() {
        let (known, is_stdio) = mode();
        let mut facts = Facts::default();
        known.assume(&mut facts, &is_stdio, true, &Facts::default());
        assert_eq!(truth(&Abs::Sym("port".into()), &[&facts]), Some(false));
    }

    #[test]
    fn the_way_that_was_taken_tells_what_a_value_is() {
        let (known, is_stdio) = mode();
        let nothing = Facts::default();
        assert_eq!(known.truth(&is_stdio, [&under("port", true), &nothing]), Some(false));
        assert_eq!(known.truth(&not(&is_stdio), [&under("port", true), &nothing]), Some(true));
        assert_eq!(known.truth(&is_stdio, [&nothing, &nothing]), None);
    }

    #[test]
    fn what_is_told_of_a_symbol_is_forgotten_with_it() {
        let (mut known, is_stdio) = mode();
        known.forget(&"port".into());
        assert_eq!(known.truth(&is_stdio, [&under("port", true), &Facts::default()]), None);
        assert!(!known.knows(&"mode".into()));
    }
}
