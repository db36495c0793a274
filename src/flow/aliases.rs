//! Which places of a function hold one object: what is put into it by one of its names is found by the others.
//!
//! `const list = notes.items; list.push(title)` fills `notes.items`, `config = {"headers": headers}; headers["x"] = key` fills
//! `config`. Told from the instructions alone, whatever their order: an object that has had two names may be known by both.

use std::cell::OnceCell;

use rustc_hash::FxHashMap;

use crate::base::bounds::{MAX_NAME_CHAIN, MAX_OTHER_NAMES};
use crate::ir::func::Function;
use crate::ir::instr::{Base, Call, Const, Entry, Field, InstrId, Op, Place};
use crate::models::Models;

/// The names of the objects of one function. Found out when first asked for.
#[derive(Default)]
pub(super) struct Aliases {
    found: OnceCell<Found>,
}

/// By variable.
#[derive(Default)]
struct Found {
    /// The other places in which the object is that it holds.
    others: FxHashMap<Base, Vec<Place>>,
    /// The places that are written by what is stored to it: it holds what `lock()` or `get_mut(key)` gave.
    opened: FxHashMap<Base, Vec<Place>>,
    /// How many objects it is given.
    n_given: FxHashMap<Base, usize>,
}

/// Where a value was taken from.
struct Taken {
    place: Place,
    /// By a method that lets the container be written through what it gives: `lock()`, `get_mut(key)`.
    opened: bool,
}

impl Aliases {
    /// The other places which what is put into a place is put into, too. `through`: the variable itself is written, by a
    /// reference to what a container holds.
    pub(super) fn of(&self, models: &Models, func: &Function, place: &Place, through: bool) -> Vec<Place> {
        let mut found: Vec<Place> = Vec::new();
        let mut last = vec![place.clone()];
        for depth in 0..MAX_NAME_CHAIN {
            let mut next = Vec::new();
            for place in &last {
                // `let tags = fresh; tags = old.tags`: what is put into `fresh` is not in `old.tags` for that.
                if depth > 0 && self.has_several(models, func, place) {
                    continue;
                }
                for other in self.once(models, func, place, through && depth == 0) {
                    if found.len() < MAX_OTHER_NAMES && other != *place && !found.contains(&other) {
                        found.push(other.clone());
                        next.push(other);
                    }
                }
            }
            last = next;
        }
        found
    }

    /// Is a place a variable that is given several objects, one after the other?
    fn has_several(&self, models: &Models, func: &Function, place: &Place) -> bool {
        let found = self.found.get_or_init(|| find(models, func));
        place.path.is_empty() && found.n_given.get(&place.base).is_some_and(|n| *n > 1)
    }

    fn once(&self, models: &Models, func: &Function, place: &Place, through: bool) -> Vec<Place> {
        let under = |other: &Place| place.path.iter().fold(other.clone(), |other, field| other.then(field.clone()));
        if let Base::Value(value) = place.base {
            return taken_from(models, func, value).map(|taken| under(&taken.place)).into_iter().collect();
        }
        let found = self.found.get_or_init(|| find(models, func));
        let places = if through { &found.opened } else { &found.others };
        places.get(&place.base).into_iter().flatten().map(under).collect()
    }
}

fn find(models: &Models, func: &Function) -> Found {
    let mut found = Found::default();
    let mut opened = FxHashMap::<Base, Vec<Place>>::default();
    let mut given = FxHashMap::<Base, Vec<Option<Place>>>::default();
    let mut note = |variable: &Base, other: Place| {
        let others = found.others.entry(variable.clone()).or_default();
        if other.base != *variable && others.len() < MAX_OTHER_NAMES && !others.contains(&other) {
            others.push(other);
        }
    };
    for instr in func.instrs.iter() {
        match &instr.op {
            Op::Store(place, value) if is_variable(&place.base) => {
                if place.path.is_empty() && !matches!(func.instrs[*value].op, Op::Const(_)) {
                    // `others[kind] ?? (others[kind] = [])` is the same one either way.
                    let taken = taken_from(models, func, *value).map(|taken| taken.place);
                    let given = given.entry(place.base.clone()).or_default();
                    if taken.is_none() || !given.contains(&taken) {
                        given.push(taken);
                    }
                }
                if place.path.is_empty()
                    && let Some(taken) = taken_from(models, func, *value)
                {
                    if taken.opened {
                        opened.entry(place.base.clone()).or_default().push(taken.place.clone());
                    }
                    note(&place.base, taken.place);
                }
                if let Some(held) = variable_read(func, *value) {
                    note(held, place.clone());
                }
                if let Op::Record(record) = &func.instrs[*value].op {
                    for entry in &record.entries {
                        let Entry::Field(field, value) = entry else { continue };
                        if let Some(held) = variable_read(func, *value) {
                            note(held, place.then(field.clone()));
                        }
                    }
                }
            }
            Op::Call(call) => {
                let Some((place, Field::Name(method))) = call.callee.split_last() else { continue };
                if !models.keeps(method) || !is_variable(&place.base) {
                    continue;
                }
                for arg in &call.args {
                    if let Some(held) = variable_read(func, arg.value) {
                        note(held, place.then(Field::Any));
                    }
                }
            }
            _ => {}
        }
    }
    let n_given = given.into_iter().map(|(base, given)| (base, given.len())).collect();
    Found { opened, n_given, ..found }
}

fn is_variable(base: &Base) -> bool {
    matches!(base, Base::Local(_) | Base::Cell(_))
}

/// The variable that a value is read from.
fn variable_read(func: &Function, value: InstrId) -> Option<&Base> {
    match &func.instrs[value].op {
        Op::Load(place) if place.path.is_empty() && is_variable(&place.base) => Some(&place.base),
        _ => None,
    }
}

/// The place in a variable that a value is in, if it is in one.
fn taken_from(models: &Models, func: &Function, value: InstrId) -> Option<Taken> {
    match &func.instrs[value].op {
        Op::Load(place) => taken_at(models, func, place),
        Op::Store(place, _) if is_variable(&place.base) => Some(Taken { place: place.clone(), opened: false }),
        Op::Call(call) => taken_by(models, func, call),
        // A lock that is waited for.
        Op::Await(lock) => match &func.instrs[*lock].op {
            Op::Call(call) if call.args.is_empty() => taken_by(models, func, call),
            _ => None,
        },
        _ => None,
    }
}

fn taken_at(models: &Models, func: &Function, place: &Place) -> Option<Taken> {
    let Base::Value(inner) = place.base else {
        return is_variable(&place.base).then(|| Taken { place: place.clone(), opened: false });
    };
    let taken = taken_from(models, func, inner)?;
    let is_pairs = match &func.instrs[inner].op {
        Op::Call(call) => matches!(call.callee.path.last(), Some(Field::Name(name)) if models.pairs(name)),
        _ => false,
    };
    let path = match &*place.path {
        // What is under the key, of a pair of both.
        [Field::Any, Field::Index(1), rest @ ..] if is_pairs => [&[Field::Any], rest].concat(),
        [Field::Variant(..), rest @ ..] => rest.to_vec(),
        path => path.to_vec(),
    };
    let whole = path.into_iter().fold(taken.place, |place, field| place.then(field));
    Some(Taken { place: whole, ..taken })
}

fn taken_by(models: &Models, func: &Function, call: &Call) -> Option<Taken> {
    let (place, Field::Name(method)) = call.callee.split_last()? else { return None };
    let gives_item = models.gives_item_itself(method);
    if !gives_item && !models.gives_inside(method) {
        return None;
    }
    let taken = taken_at(models, func, &place)?;
    let key = call.args.first().map(|key| &func.instrs[key.value].op);
    let place = match key {
        Some(Op::Const(Const::Str(name))) if gives_item => taken.place.then(Field::Name(name.clone())),
        _ if gives_item => taken.place.then(Field::Any),
        _ => taken.place,
    };
    Some(Taken { place, opened: true })
}
