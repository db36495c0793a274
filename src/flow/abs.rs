//! What is known of a value at one point of the program, and what conditions say about it.
//!
//! A *symbol* names a value that is not known but is the same wherever the name appears: an environment variable, an option
//! of the command line, a field that is written once. A *fact* is what the conditions on the way say about a symbol. Facts
//! that hold where a server starts on stdio hold for the whole process.

use std::collections::BTreeSet;

use crate::base::Symbol;
use crate::base::bounds::{MAX_CHOICES, MAX_EXCLUDED, MAX_FACTS};
use crate::base::flat::{Beside, Flat};
use crate::ir::instr::Const;
use crate::models::lists::Spelling;

use super::choices::{Choice, met};

/// What a value is known to be. `None` elsewhere in this module's users means nothing is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Abs {
    Const(Const),
    /// An unknown with a name.
    Sym(Symbol),
    Test(Box<Test>),
}

/// A truth value: is the unknown one of these constants (or, without any, truthy)?
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Test {
    pub(crate) sym: Symbol,
    pub(crate) is: Vec<Const>,
    pub(crate) negated: bool,
}

impl Abs {
    pub(crate) fn test(sym: Symbol, is: Option<Const>, negated: bool) -> Self {
        Self::Test(Box::new(Test { sym, is: is.into_iter().collect(), negated }))
    }

    /// Is the unknown one of these constants?
    fn one_of(sym: Symbol, is: &[Const]) -> Self {
        Self::Test(Box::new(Test { sym, is: is.to_vec(), negated: false }))
    }

    /// The unknown that it is, or is about.
    pub(crate) fn sym(&self) -> Option<&Symbol> {
        match self {
            Self::Const(_) => None,
            Self::Sym(sym) => Some(sym),
            Self::Test(test) => Some(&test.sym),
        }
    }
}

/// What stands before the method by which a text was spelled in another case, in the name of what that gave.
const IN_CASE: char = '\u{1}';

/// What stands before the method that left out what a text begins or ends with.
const TRIMMED: char = '\u{2}';

/// The name of a text in another spelling: `mode.toLowerCase()`.
pub(crate) fn spelled(of: &Symbol, method: &str, spelling: Spelling) -> Symbol {
    let mark = match spelling {
        Spelling::Case => IN_CASE,
        Spelling::Trimmed => TRIMMED,
    };
    format!("{of}{mark}{method}").into()
}

/// The name of a text that a name gives in another spelling. Both are compared with constants as one: nobody asks for what no
/// spelling of a text can be.
pub(crate) fn as_written(sym: &Symbol) -> Option<Symbol> {
    without(sym, &[IN_CASE, TRIMMED])
}

/// The same where it is asked whether there is a text: it is empty in one case as in the other.
fn as_asked(sym: &Symbol) -> Symbol {
    without(sym, &[IN_CASE]).unwrap_or_else(|| sym.clone())
}

fn without(sym: &Symbol, marks: &[char]) -> Option<Symbol> {
    // Hardly any name has one, and every condition asks.
    if !sym.bytes().any(|byte| byte == IN_CASE as u8 || byte == TRIMMED as u8) {
        return None;
    }
    let mut written = sym.as_str();
    while let Some((of, method)) = written.rsplit_once(marks)
        && method.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
    {
        written = of;
    }
    (written.len() < sym.len()).then(|| written.into())
}

/// What is known of a symbol.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Fact {
    Is(Const),
    /// One of these constants.
    OneOf(Vec<Const>),
    /// None of these constants.
    Not(Vec<Const>),
    Truthy,
    Falsy,
}

impl Fact {
    /// What holds when the one or the other does.
    fn meet(&self, other: &Self) -> Option<Self> {
        let left_out = |values: &[Const], also: &dyn Fn(&Const) -> bool| {
            let both: Vec<Const> = values.iter().filter(|value| also(value)).cloned().collect();
            if both.is_empty() { None } else { Some(Self::Not(both)) }
        };
        match (self, other) {
            (a, b) if a == b => Some(a.clone()),
            (Self::Not(a), Self::Not(b)) => left_out(a, &|value| b.contains(value)),
            (a, Self::Not(not)) | (Self::Not(not), a) => {
                let known = a.candidates()?;
                left_out(not, &|value| !known.iter().any(|known| same(value, known)))
            }
            (a, b) => {
                let mut either = a.candidates()?.to_vec();
                either.extend(b.candidates()?.iter().cloned());
                either.sort();
                either.dedup();
                (either.len() <= MAX_EXCLUDED).then_some(Self::OneOf(either))
            }
        }
    }

    /// What is one of these constants.
    fn of<'c>(values: impl Iterator<Item = &'c Const>) -> Self {
        let mut values: Vec<Const> = values.cloned().collect();
        values.sort();
        values.dedup();
        match values.as_slice() {
            [only] => Self::Is(only.clone()),
            _ => Self::OneOf(values),
        }
    }

    /// Can it be that constant?
    pub(super) fn allows(&self, value: &Const) -> bool {
        match self {
            Self::Is(known) => same(known, value),
            Self::OneOf(known) => known.iter().any(|known| same(known, value)),
            Self::Not(known) => !known.iter().any(|known| same(known, value)),
            Self::Truthy => is_truthy(value),
            Self::Falsy => !is_truthy(value),
        }
    }

    /// Is there no value of which both hold?
    pub(super) fn excludes(&self, other: &Self) -> bool {
        match (self.candidates(), other.candidates()) {
            (Some(known), _) => !known.iter().any(|value| other.allows(value)),
            (None, Some(known)) => !known.iter().any(|value| self.allows(value)),
            (None, None) => matches!((self, other), (Self::Truthy, Self::Falsy) | (Self::Falsy, Self::Truthy)),
        }
    }

    /// By it a value is known to be true.
    pub(super) fn is_on(&self) -> bool {
        truthy_by(self) == Some(true)
    }

    /// The constants that it can be, where they are known.
    fn candidates(&self) -> Option<&[Const]> {
        match self {
            Self::Is(value) => Some(std::slice::from_ref(value)),
            Self::OneOf(values) => Some(values),
            Self::Not(_) | Self::Truthy | Self::Falsy => None,
        }
    }

    /// The same, known not to be a constant.
    fn excluding(&self, value: &Const) -> Self {
        match self {
            Self::Is(_) => self.clone(),
            Self::OneOf(known) => {
                let left: Vec<Const> = known.iter().filter(|known| !same(known, value)).cloned().collect();
                match left.as_slice() {
                    [] => self.clone(),
                    [only] => Self::Is(only.clone()),
                    _ => Self::OneOf(left),
                }
            }
            Self::Not(known) if known.len() >= MAX_EXCLUDED => self.clone(),
            Self::Not(known) => Self::Not(known.iter().chain([value]).cloned().collect()),
            Self::Truthy | Self::Falsy => Self::Not(vec![value.clone()]),
        }
    }
}

/// Facts by symbol.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Facts {
    by_sym: Flat<Symbol, Fact>,
    /// Each holds, too.
    choices: Vec<Choice>,
}

impl Facts {
    /// Adds what `abs` being true (or false) says.
    pub(crate) fn assume(&mut self, abs: &Abs, holds: bool) {
        let (sym, fact) = match abs {
            Abs::Const(_) => return,
            Abs::Sym(sym) => (&as_asked(sym), if holds { Fact::Truthy } else { Fact::Falsy }),
            Abs::Test(test) => {
                let Test { sym, is, negated } = &**test;
                let holds = holds != *negated;
                let known = self.by_sym.get(sym);
                let fact = match (is.as_slice(), holds) {
                    ([], true) => Fact::Truthy,
                    ([], false) => Fact::Falsy,
                    ([value], true) => Fact::Is(value.clone()),
                    (values, true) => {
                        Fact::of(values.iter().filter(|value| known.is_none_or(|known| known.allows(value))))
                    }
                    (values, false) => values
                        .iter()
                        .fold(known.cloned().unwrap_or(Fact::Not(Vec::new())), |fact, value| fact.excluding(value)),
                };
                (sym, fact)
            }
        };
        if fact == Fact::Truthy
            && let Some(written) = as_written(sym)
            && self.get(&written).is_none()
        {
            self.insert(&written, Fact::Truthy);
        }
        if !matches!(self.by_sym.get(sym), Some(Fact::Is(_))) {
            self.insert(sym, fact);
        }
    }

    fn insert(&mut self, sym: &Symbol, fact: Fact) {
        if self.by_sym.len() < MAX_FACTS || self.by_sym.contains_key(sym) {
            self.by_sym.insert(sym.clone(), fact);
        }
    }

    /// The symbol stands for something else from now on.
    pub(crate) fn forget(&mut self, abs: &Abs) {
        if let Some(sym) = abs.sym() {
            self.by_sym.retain(|known, _| known != sym && as_written(known).as_ref() != Some(sym));
            self.choices.retain(|choice| !choice.names(sym));
        }
    }

    /// The same of all symbols whose names begin so.
    pub(crate) fn forget_all(&mut self, begin: &str) {
        let named: Vec<Symbol> =
            self.by_sym.iter().map(|(sym, _)| sym).filter(|sym| sym.starts_with(begin)).cloned().collect();
        for sym in named {
            self.forget(&Abs::Sym(sym));
        }
    }

    /// Is anything known of a symbol whose name begins so?
    pub(crate) fn names_any(&self, begin: &str) -> bool {
        self.by_sym.iter().any(|(sym, _)| sym.starts_with(begin))
    }

    /// Is anything known of the symbol?
    pub(crate) fn speaks_of(&self, abs: &Abs) -> bool {
        abs.sym()
            .is_some_and(|sym| self.by_sym.contains_key(sym) || self.choices.iter().any(|choice| choice.names(sym)))
    }

    /// Is the symbol named, by itself or in another spelling?
    pub(super) fn names(&self, sym: &Symbol) -> bool {
        let written = as_written(sym);
        let is_it =
            |known: &Symbol| known == sym || written.as_ref() == Some(known) || as_written(known).as_ref() == Some(sym);
        self.by_sym.iter().any(|(known, _)| is_it(known))
            || self.choices.iter().flat_map(Choice::ways).any(|way| way.iter().any(|(known, _)| is_it(known)))
    }

    /// What both sides know.
    pub(crate) fn meet(&self, other: &Self) -> Self {
        let both = |(sym, own, other): (&Symbol, Option<&Fact>, Option<&Fact>)| Some((sym.clone(), own?.meet(other?)?));
        let both = self.beside(other).filter_map(both);
        Self { by_sym: both.collect(), choices: met(self, other) }
    }

    /// Is a symbol known to be one of the constants that `accepts` accepts?
    pub(crate) fn says(&self, accepts: impl Fn(&Const) -> bool) -> bool {
        self.by_sym.iter().any(|(_, fact)| fact.candidates().is_some_and(|known| known.iter().all(&accepts)))
    }

    /// What both say together.
    pub(crate) fn and(&self, other: &Self) -> Self {
        let mut both = other.clone();
        for (sym, fact) in self.by_sym.iter() {
            both.by_sym.insert(sym.clone(), fact.clone());
        }
        both.choices.extend(self.choices.iter().cloned());
        both.choices.truncate(MAX_CHOICES);
        both
    }

    /// A symbol that is known not to be some constants is taken to be what is left of them: what chooses among transports
    /// and is not the one, is the other. `open`: symbols of which that is not so.
    pub(crate) fn decide(&mut self, left: impl Fn(&[Const]) -> Option<Const>, open: &BTreeSet<Symbol>) {
        for (sym, fact) in self.by_sym.iter_mut() {
            if let Fact::Not(known) = fact
                && !open.contains(sym)
                && let Some(value) = left(known)
            {
                *fact = Fact::Is(value);
            }
        }
    }

    /// The symbols that are known not to be the constants that `accepts` accepts; these are texts.
    pub(crate) fn denying(&self, accepts: impl Fn(&Const) -> bool) -> impl Iterator<Item = &Symbol> {
        let denies = move |fact: &Fact| match fact {
            Fact::Is(known) => !accepts(known),
            Fact::OneOf(known) => !known.iter().any(&accepts),
            Fact::Not(known) => known.iter().any(&accepts),
            Fact::Falsy => true,
            Fact::Truthy => false,
        };
        self.by_sym.iter().filter(move |(_, fact)| denies(fact)).map(|(sym, _)| sym)
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.by_sym.len() == 0 && self.choices.is_empty()
    }

    /// The facts by which symbols are known to be true.
    pub(crate) fn on(&self) -> impl Iterator<Item = (Symbol, Fact)> + '_ {
        let on = self.by_sym.iter().filter(|(sym, fact)| fact.is_on() && as_written(sym).is_none());
        on.map(|(sym, fact)| (sym.clone(), fact.clone()))
    }

    /// The symbols that are known here or there, in order, with what is known of them here and there.
    pub(super) fn beside<'f>(&'f self, other: &'f Self) -> Beside<'f, Symbol, Fact> {
        self.by_sym.beside(&other.by_sym)
    }

    /// What is known of each symbol.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Symbol, &Fact)> {
        self.by_sym.iter()
    }

    /// Is something known of a symbol that can't be where the others hold?
    pub(crate) fn contradicts(&self, others: &Self) -> bool {
        let (few, many) = if self.by_sym.len() < others.by_sym.len() { (self, others) } else { (others, self) };
        few.by_sym.iter().any(|(sym, fact)| many.get(sym).is_some_and(|known| known.excludes(fact)))
    }

    /// Adds what holds, too.
    pub(super) fn learn(&mut self, others: &Self) {
        for (sym, fact) in others.by_sym.iter() {
            if self.by_sym.len() < MAX_FACTS && !self.by_sym.contains_key(sym) {
                self.by_sym.insert(sym.clone(), fact.clone());
            }
        }
        others.choices.iter().for_each(|choice| self.choose(choice.clone()));
    }

    /// All symbols of which something is known.
    pub(super) fn symbols(&self) -> impl Iterator<Item = &Symbol> {
        let chosen = self.choices.iter().flat_map(Choice::ways).flat_map(|way| way.iter());
        self.by_sym.iter().map(|(sym, _)| sym).chain(chosen.map(|(sym, _)| sym))
    }

    /// Leaves out what is known of some symbols.
    pub(super) fn leave_out(&mut self, is_left_out: &dyn Fn(&Symbol) -> bool) {
        self.by_sym.retain(|sym, _| !is_left_out(sym));
        self.choices.retain(|choice| !choice.ways().any(|way| way.iter().any(|(sym, _)| is_left_out(sym))));
    }

    /// Adds that one of several ways was taken.
    pub(super) fn choose(&mut self, choice: Choice) {
        if self.choices.len() < MAX_CHOICES && !self.choices.contains(&choice) {
            self.choices.push(choice);
            self.choices.sort();
        }
    }

    pub(crate) fn choices(&self) -> &[Choice] {
        &self.choices
    }

    pub(super) fn get(&self, sym: &Symbol) -> Option<&Fact> {
        self.by_sym.get(sym)
    }
}

/// Is the value true, as the conditions of all three languages see it, where all the facts hold? `None` when nobody knows.
pub(crate) fn truth(abs: &Abs, facts: &[&Facts]) -> Option<bool> {
    let (sym, is, negated) = match abs {
        Abs::Const(value) => return Some(is_truthy(value)),
        Abs::Sym(sym) => (&as_asked(sym), &[][..], false),
        Abs::Test(test) => (&test.sym, test.is.as_slice(), test.negated),
    };
    let by = |fact: &Fact| match is {
        [] => truthy_by(fact),
        [value] => is_by(fact, value),
        values => is_one_by(fact, values),
    };
    let holds = facts.iter().find_map(|facts| by(facts.get(sym)?));
    let holds = holds.or_else(|| {
        let written = if is.is_empty() { as_written(sym)? } else { return None };
        facts.iter().find_map(|facts| trimmed_by(facts.get(&written)?))
    });
    let holds = holds.or_else(|| {
        let mut choices = facts.iter().flat_map(|facts| facts.choices());
        choices.find_map(|choice| choice.tells(sym, facts, by))
    })?;
    Some(holds != negated)
}

fn truthy_by(fact: &Fact) -> Option<bool> {
    match fact {
        Fact::Is(value) => Some(is_truthy(value)),
        Fact::Truthy => Some(true),
        Fact::Falsy => Some(false),
        Fact::OneOf(values) => {
            let first = is_truthy(values.first()?);
            values.iter().all(|value| is_truthy(value) == first).then_some(first)
        }
        Fact::Not(_) => None,
    }
}

/// Is a text something where only what it begins or ends with is left out of it?
fn trimmed_by(fact: &Fact) -> Option<bool> {
    match fact {
        Fact::Is(Const::Str(text)) => Some(!text.trim().is_empty()),
        Fact::Is(_) | Fact::Falsy => Some(false),
        Fact::OneOf(_) | Fact::Not(_) | Fact::Truthy => None,
    }
}

fn is_by(fact: &Fact, value: &Const) -> Option<bool> {
    match fact {
        Fact::Is(known) => Some(same(known, value)),
        Fact::OneOf(known) if !known.iter().any(|known| same(known, value)) => Some(false),
        Fact::Not(known) if known.iter().any(|known| same(known, value)) => Some(false),
        Fact::Falsy if is_truthy(value) => Some(false),
        Fact::Truthy if !is_truthy(value) => Some(false),
        Fact::Truthy if *value == Const::Bool(true) => Some(true),
        Fact::Falsy if *value == Const::Bool(false) => Some(true),
        _ => None,
    }
}

fn is_one_by(fact: &Fact, values: &[Const]) -> Option<bool> {
    let is_one = |known: &Const| values.iter().any(|value| same(known, value));
    match fact {
        Fact::Is(known) => Some(is_one(known)),
        Fact::OneOf(known) if known.iter().all(is_one) => Some(true),
        _ => values.iter().all(|value| is_by(fact, value) == Some(false)).then_some(false),
    }
}

/// Equality of constants; `null` and `undefined` are the same nothing.
pub(crate) fn same(a: &Const, b: &Const) -> bool {
    let nothing = |value: &Const| matches!(value, Const::Null | Const::Undefined);
    a == b || (nothing(a) && nothing(b))
}

pub(super) fn is_truthy(value: &Const) -> bool {
    match value {
        Const::Str(text) => !text.is_empty(),
        Const::Int(number) => *number != 0,
        Const::Num(_) => true,
        Const::Bool(flag) => *flag,
        Const::Null | Const::Undefined => false,
    }
}

/// Is it the text of which many are spellings that only have blanks?
fn is_blank(value: &Const) -> bool {
    matches!(value, Const::Str(text) if text.is_empty())
}

/// `!abs`.
pub(crate) fn not(abs: &Abs) -> Abs {
    match abs {
        Abs::Const(value) => Abs::Const(Const::Bool(!is_truthy(value))),
        Abs::Sym(sym) => Abs::test(as_asked(sym), None, true),
        Abs::Test(test) => Abs::Test(Box::new(Test { negated: !test.negated, ..(**test).clone() })),
    }
}

/// `a == b`.
pub(crate) fn equal(a: &Abs, b: &Abs) -> Option<Abs> {
    match (a, b) {
        (Abs::Const(a), Abs::Const(b)) => Some(Abs::Const(Const::Bool(same(a, b)))),
        (Abs::Sym(sym), Abs::Const(value)) | (Abs::Const(value), Abs::Sym(sym)) => {
            let written = if is_blank(value) { None } else { as_written(sym) };
            Some(Abs::test(written.unwrap_or_else(|| sym.clone()), Some(value.clone()), false))
        }
        (Abs::Test(_), Abs::Const(Const::Bool(flag))) => Some(if *flag { a.clone() } else { not(a) }),
        (Abs::Const(Const::Bool(flag)), Abs::Test(_)) => Some(if *flag { b.clone() } else { not(b) }),
        _ => None,
    }
}

/// `a in [b, c]`.
pub(crate) fn member(a: &Abs, of: &[Const]) -> Option<Abs> {
    match a {
        Abs::Const(value) => Some(Abs::Const(Const::Bool(of.iter().any(|known| same(known, value))))),
        Abs::Sym(sym) if (1..=MAX_EXCLUDED).contains(&of.len()) => {
            let written = if of.iter().any(is_blank) { None } else { as_written(sym) };
            Some(Abs::one_of(written.unwrap_or_else(|| sym.clone()), of))
        }
        Abs::Sym(_) => None,
        Abs::Test(_) => {
            if let [only] = of {
                equal(a, &Abs::Const(only.clone()))
            } else {
                None
            }
        }
    }
}

#[cfg(test)]
mod tests;
