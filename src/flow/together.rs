//! What a function gives back together: `return None, name` here and `return response.status_code, response.text` there.
//!
//! ```python
//! status, text = details(error)
//! if status is None:
//!     log.error(text)             # never the text of a response
//! ```
//!
//! What one return gives carries what stands beside it, as a condition on what the function gives. For the call that is a condition
//! on what the call gave, which a branch may contradict. It holds until the call is made again.

use crate::base::Symbol;
use crate::base::bounds::MAX_CHECK_DEPTH;
use crate::base::idx::Id;
use crate::ir::func::{BlockId, End, Function};
use crate::ir::instr::{Base, Const, Entry, Field, InstrId, Op, Place, Record, RecordKind};
use crate::resolve::solve::CallKind;

use super::conditions::Scope;
use super::path::Path;
use super::transfer::Pass;
use super::tree::Tree;
use super::when::{Asked, GIVEN, Held, Is, Part, RESULT, When};

/// What stands at a place of a tuple, if it is written out.
fn items(record: &Record) -> Option<Vec<InstrId>> {
    let item = |entry: &Entry| match entry {
        Entry::Field(Field::Index(_), value) => Some(*value),
        _ => None,
    };
    record.entries.iter().map(item).collect()
}

fn tuple(func: &Function, value: InstrId) -> Option<Vec<InstrId>> {
    match &func.instrs[value].op {
        Op::Record(record) if record.kind == RecordKind::Tuple && record.entries.len() > 1 => items(record),
        _ => None,
    }
}

fn key(at: usize) -> Symbol {
    at.to_string().into()
}

impl Scope<'_, '_> {
    /// What is so of what the function gives where it gives this.
    fn given_together(&self, value: InstrId, block: BlockId) -> Option<When> {
        let items = tuple(self.func, value)?;
        let returned = self.func.blocks.iter().filter_map(|block| match block.end {
            End::Return(given) => tuple(self.func, given?),
            _ => None,
        });
        let others: Vec<Vec<InstrId>> = returned.collect();
        let mut asked = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let is_null = |other: &Vec<InstrId>| {
                other.get(at).is_some_and(|other| matches!(self.func.instrs[*other].op, Op::Const(Const::Null)))
            };
            let (is, holds) = match self.held(*item, &[], block, MAX_CHECK_DEPTH) {
                Held::Const(value) => (Is::Equal(value), true),
                Held::Variant(name) => (Is::Variant(name), true),
                Held::Thing => (Is::True, true),
                // Where another way out says that there is none, what has a field or is put together is there.
                Held::Unknown if others.iter().any(is_null) && self.is_made(*item) => (Is::Equal(Const::Null), false),
                Held::Unknown | Held::Empty | Held::Part(_) => continue,
            };
            let of = Part { param: RESULT, path: Path::from(&[key(at)][..]), default: None, stays: true };
            asked.push(Asked { of, is, holds });
        }
        When::of(asked).filter(|when| !when.is_always())
    }

    fn is_made(&self, value: InstrId) -> bool {
        match &self.func.instrs[value].op {
            Op::Load(place) => matches!(place.path.last(), Some(Field::Name(_))),
            Op::Operator(..) | Op::Text(_) | Op::Record(_) => true,
            _ => false,
        }
    }

    /// The part of what a call of the program's own function gave that a place is.
    pub(super) fn part_of_given(&self, place: &Place) -> Option<Part> {
        let (Base::Value(value), [Field::Index(at)]) = (&place.base, &*place.path) else { return None };
        let call = match self.func.instrs[*value].op {
            Op::Await(called) => called,
            _ => *value,
        };
        let (Op::Call(_), [(_, CallKind::Direct)]) = (&self.func.instrs[call].op, self.values.callees((self.id, call)))
        else {
            return None;
        };
        Some(Part {
            param: GIVEN,
            path: Path::from(&[call_key(call), at.to_string().into()][..]),
            default: None,
            stays: true,
        })
    }
}

/// What names a call of a function in conditions.
pub(super) fn call_key(call: InstrId) -> Symbol {
    format!("%{}", call.index()).into()
}

/// What is asked of what a function gives, as a question to what the call gave.
pub(super) fn given_by(call: InstrId, of: &Part) -> Held {
    let path = Path::from(&[call_key(call)][..]).then(&of.path);
    Held::Part(Part { param: GIVEN, path, ..of.clone() })
}

impl Pass<'_, '_> {
    /// What a return gives, each thing with what stands beside it.
    pub(super) fn beside(&self, value: InstrId, tree: Tree) -> Tree {
        if tree.is_empty() || self.func.is_generator {
            return tree;
        }
        let (all, values) = (&self.taint.conditions, self.taint.values);
        let scope = Scope { all, values, id: self.id, func: self.func, body: &self.body };
        match scope.given_together(value, self.block) {
            Some(when) => tree.map(|entry| entry.also(&when)),
            None => tree,
        }
    }

    /// A call is made: what was known of what it gave the last time is no longer so.
    pub(super) fn made_again(&mut self, call: InstrId) {
        let key = call_key(call);
        let is_of_it = |asked: &Asked| asked.of.param == GIVEN && asked.of.path.first() == Some(&key);
        let tells = |tree: &Tree| tree.entries().iter().any(|entry| entry.when.asked().iter().any(is_of_it));
        if !self.state.values().any(tells) {
            return;
        }
        for tree in self.state_mut().values_mut() {
            *tree = tree.map(|mut entry| {
                let left = entry.when.asked().iter().filter(|asked| !is_of_it(asked)).cloned().collect();
                entry.when = When::of(left).unwrap_or_default();
                Some(entry)
            });
        }
    }
}
