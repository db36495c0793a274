//! The values of a slot while the pass runs: by number, since most work is to hand them on.

use std::ops::Index;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::Symbol;
use crate::base::bounds::{MAX_APIS, MAX_CONSTS, MAX_DROWNED, MAX_INSTANCES, MAX_OBJECTS, MAX_RECORDS, MAX_ROWS};
use crate::base::few::Few;
use crate::base::idx::{Id, IndexVec, ids};
use crate::ir::instr::Const;

use super::values::{Site, Value, ValueSet};

ids! {
    /// A value, each once.
    ValueId "value",
}

/// The values of a program, numbered in order of arrival.
#[derive(Default)]
pub(super) struct Numbers {
    values: IndexVec<ValueId, Value>,
    ids: FxHashMap<Value, ValueId>,
    /// By number: is it what a dispatch table consists of?
    rows: IndexVec<ValueId, bool>,
    /// Literals that hold functions, or literals that do: rows of a table of handlers.
    holders: FxHashSet<Site>,
    /// Names of the program's methods.
    methods: FxHashSet<Symbol>,
}

impl Numbers {
    pub(super) fn new(methods: FxHashSet<Symbol>) -> Self {
        Self { methods, ..Self::default() }
    }

    /// Notes a literal that holds a function, before it goes anywhere.
    pub(super) fn note_holder(&mut self, literal: Site) {
        self.holders.insert(literal);
    }

    pub(super) fn is_holder(&self, literal: Site) -> bool {
        self.holders.contains(&literal)
    }

    /// Is the value what a dispatch table consists of: a literal with a handler in it, the name of a method?
    fn dispatches(&self, value: &Value) -> bool {
        match value {
            Value::Record(site) => self.holders.contains(site),
            Value::Const(Const::Str(text)) => self.methods.contains(text),
            _ => false,
        }
    }

    /// Is the value what a dispatch table consists of?
    pub(super) fn is_row(&self, value: ValueId) -> bool {
        self.rows[value]
    }

    fn len(&self) -> usize {
        self.values.len()
    }

    pub(super) fn number(&mut self, value: &Value) -> ValueId {
        if let Some(known) = self.ids.get(value) {
            return *known;
        }
        let id = self.values.push(value.clone());
        self.rows.push(self.dispatches(value));
        self.ids.insert(value.clone(), id);
        id
    }
}

impl Index<ValueId> for Numbers {
    type Output = Value;

    fn index(&self, id: ValueId) -> &Value {
        &self.values[id]
    }
}

/// From this many values on, membership is asked of a hash set.
const MANY: usize = 32;

/// What a slot is known to hold so far. In order of arrival, which is deterministic.
#[derive(Default)]
pub(super) struct Growing {
    items: Few<ValueId>,
    /// The same values, once they are many.
    known: Option<Box<FxHashSet<ValueId>>>,
    consts: u16,
    /// What dispatch tables consist of.
    rows: u16,
    apis: u16,
    records: u16,
    instances: u16,
    /// Something is known of it.
    tells: bool,
    /// A bound was hit: there is more than `items` says.
    is_cut: bool,
}

impl Growing {
    /// Adds a value; true when it is new.
    pub(super) fn insert(&mut self, id: ValueId, numbers: &Numbers) -> bool {
        let is_known = match &self.known {
            Some(known) => known.contains(&id),
            None => self.items().contains(&id),
        };
        if is_known {
            return false;
        }
        let value = &numbers[id];
        let (count, max) = match value {
            _ if numbers.rows[id] => (&mut self.rows, MAX_ROWS),
            Value::Const(_) => (&mut self.consts, MAX_CONSTS),
            Value::Api(..) => (&mut self.apis, MAX_APIS),
            Value::Record(_) => (&mut self.records, MAX_RECORDS),
            Value::Instance(_) | Value::Typed(_) => (&mut self.instances, MAX_INSTANCES),
            _ => (&mut 0, u16::MAX),
        };
        if *count >= max || self.items.as_slice().len() >= MAX_OBJECTS {
            self.is_cut = true;
            return false;
        }
        *count += 1;
        self.tells |= *value != Value::Unknown;
        self.items.push(id);
        match &mut self.known {
            Some(known) => {
                known.insert(id);
            }
            None => {
                let items = self.items.as_slice();
                if items.len() > MANY {
                    self.known = Some(Box::new(items.iter().copied().collect()));
                }
            }
        }
        true
    }

    pub(super) fn items(&self) -> &[ValueId] {
        self.items.as_slice()
    }

    /// Does it hold so many sorts of things that none of them tells anything? A place through which a whole program's data
    /// goes: what is made of it is no longer followed.
    pub(super) fn is_drowned(&self) -> bool {
        self.apis >= MAX_APIS && (self.consts >= MAX_CONSTS || self.records + self.instances >= MAX_DROWNED)
    }

    /// Is nothing known of it?
    pub(super) fn is_empty(&self) -> bool {
        !self.tells && !self.is_cut
    }
}

/// What slots hold in the end: many hold the same.
#[derive(Default)]
pub(super) struct Sets {
    sets: Vec<ValueSet>,
    /// By number of the slot.
    of_slots: Vec<u32>,
    nothing: ValueSet,
}

impl Sets {
    pub(super) fn new(grown: impl Iterator<Item = Growing>, numbers: &Numbers) -> Self {
        let mut sets = vec![ValueSet::default()];
        // Most slots hold nothing, or one value: those are found without a look at a table.
        let mut single: Vec<u32> = vec![0; numbers.len()];
        let mut known: FxHashMap<(Few<ValueId>, bool), u32> = FxHashMap::default();
        let of_slots = grown.map(|grown| {
            let mut add = |items: &[ValueId], is_cut| {
                sets.push(ValueSet::new(items.iter().map(|id| numbers[*id].clone()), is_cut));
                u32::try_from(sets.len() - 1).unwrap_or(u32::MAX)
            };
            match (grown.items(), grown.is_cut) {
                ([], false) => 0,
                ([only], false) => {
                    let number = &mut single[only.index()];
                    if *number == 0 {
                        *number = add(&[*only], false);
                    }
                    *number
                }
                _ => *known
                    .entry((grown.items, grown.is_cut))
                    .or_insert_with_key(|(items, is_cut)| add(items.as_slice(), *is_cut)),
            }
        });
        let of_slots = of_slots.collect();
        Self { sets, of_slots, nothing: ValueSet::default() }
    }

    /// What the slot with the number holds.
    pub(super) fn get(&self, slot: usize) -> &ValueSet {
        self.of_slots.get(slot).and_then(|set| self.sets.get(*set as usize)).unwrap_or(&self.nothing)
    }
}
