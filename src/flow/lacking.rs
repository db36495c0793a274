//! Objects of scripts without a field that a place is asked for: beside `run({ quiet: true })`, in `run()` and `run({})` nothing
//! is quiet, nor where `options.quiet = true` stands behind a condition. A field is only known to be the one constant that is put there where each of the objects has it.
//! And members that a library's objects do not have, as models say.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::ir::func::{BlockId, End, FuncId, FuncKind, Function};
use crate::ir::instr::{Entry, Field, InstrId, Op, Place, RecordKind};
use crate::ir::program::{CellId, ClassKind, Language};
use crate::models::index::Table;
use crate::models::path::{PortHead, Step};
use crate::resolve::ports::argument;
use crate::resolve::solve::CallKind;
use crate::resolve::values::{At, Key, Obj, Site, Value};

use super::explore::Explorer;

impl Explorer<'_> {
    /// Is a place of a script one that nothing is ever put into, or inside of one: `options.sync?.debug`, where no call gives `sync`?
    pub(super) fn is_in_nothing(&self, func: FuncId, place: &Place) -> bool {
        let Some((owner, Field::Name(name))) = place.split_last() else { return false };
        self.is_never_put(func, &owner, &Key::Name(name.clone())) || self.is_in_nothing(func, &owner)
    }

    /// Does the process make an object without the field that an instruction loads, among those which can be meant?
    pub(super) fn may_lack(&self, func: FuncId, id: InstrId) -> bool {
        let known = self.prepared.lacking.borrow().get(&(func, id)).cloned();
        let lacking = known.unwrap_or_else(|| {
            let found = self.lacking(func, id);
            self.prepared.lacking.borrow_mut().insert((func, id), found.clone());
            found
        });
        if lacking.iter().any(|obj| !self.is_unmade(obj)) {
            return true;
        }
        self.rely_on_unmade(&lacking);
        false
    }

    /// Is a member asked for that models say no such object has: `getattr(server, "tool", None)`?
    pub(super) fn is_lacked(&self, func: FuncId, id: InstrId) -> bool {
        let index = &self.values.models.index;
        let is_lacked = |value: &Value| matches!(value, Value::Api(node, _) if index.node(*node).has(Table::Lacked));
        if !self.values.of(func, id).items().iter().any(is_lacked) {
            return false;
        }
        let Op::Load(place) = &self.values.program.funcs[func].instrs[id].op else { return false };
        let Some((owner, Field::Name(name))) = place.split_last() else { return false };
        let step = Step::Member(name.clone());
        let lacks_it = |value: &Value| match value {
            Value::Api(node, _) => index.node(index.step(*node, &step)).has(Table::Lacked),
            // Whatever else a library's call may give nobody knows.
            value => *value == Value::Unknown,
        };
        let held = self.values.place_values(func, &owner).unwrap_or_default();
        held.iter().all(lacks_it) && !self.is_given_openly(func, &owner)
    }

    fn lacking(&self, func: FuncId, id: InstrId) -> Rc<[Obj]> {
        let Op::Load(place) = &self.values.program.funcs[func].instrs[id].op else { return Rc::default() };
        let Some((owner, Field::Name(name))) = place.split_last() else { return Rc::default() };
        let key = Key::Name(name.clone());
        let held = self.values.place_values(func, &owner).unwrap_or_default().iter();
        let lacking = held.filter_map(|value| match value {
            Value::Record(site @ Site::Instr(made)) if self.lacks_field(*made, &key) => Some(Obj::Record(*site)),
            Value::Instance(_) | Value::Typed(_) => {
                self.values.object_of(value).filter(|obj| self.may_go_without(obj, &key))
            }
            _ => None,
        });
        lacking.collect()
    }

    /// Is a field of the objects of a class put there on some ways only: `constructor() { if (process.env.BRIEF) this.brief = true }`?
    fn may_go_without(&self, obj: &Obj, key: &Key) -> bool {
        let Obj::Instances(class) = obj else { return false };
        let data = &self.values.program.classes[*class];
        let stores = self.values.stores_to(obj, key);
        data.kind == ClassKind::Class
            && self.values.program.modules[data.module].language == Language::Script
            && !self.values.is_open(obj)
            && !stores.is_empty()
            && !self.is_surely_put(None, stores)
    }

    /// Does a variable of a script hold nothing on some ways, which is declared without a value: `let quiet; if (asked) quiet = true`?
    pub(super) fn may_be_unset(&self, cell: CellId) -> bool {
        let data = &self.values.program.cells[cell];
        if !data.is_bare || self.values.language(data.owner) != Language::Script {
            return false;
        }
        let known = self.prepared.unset.borrow().get(&cell).copied();
        known.unwrap_or_else(|| {
            let stores = self.stores_of(cell);
            let found = !stores.is_empty() && !self.is_surely_put(None, stores);
            self.prepared.unset.borrow_mut().insert(cell, found);
            found
        })
    }

    /// Does a script make an object here that never gets a field?
    fn lacks_field(&self, made: At, key: &Key) -> bool {
        let Op::Record(record) = &self.values.program.funcs[made.0].instrs[made.1].op else { return false };
        let obj = Obj::Record(Site::Instr(made));
        self.values.language(made.0) == Language::Script
            && record.kind == RecordKind::Object
            && record.entries.iter().all(|entry| matches!(entry, Entry::Field(Field::Name(_), _)))
            && !self.values.is_open(&obj)
            && !self.is_surely_put(Some(made), self.values.stores_to(&obj, key))
            && !self.is_unused_default(made)
    }

    /// Is something put somewhere whatever way control takes: by a literal, or on every way through a function, behind the
    /// literal where that is in it? Not so in
    /// `const options = {}; for (const word of words) if (word === "--help") options.help = true`.
    fn is_surely_put(&self, made: Option<At>, stores: &[At]) -> bool {
        stores.iter().any(|(func, store)| {
            let body = &self.values.program.funcs[*func];
            if !matches!(body.instrs[*store].op, Op::Store(..)) {
                return true;
            }
            let made = made.filter(|made| made.0 == *func);
            let runs = || self.values.callers(*func).iter().any(|at| self.calls(*at, *func));
            if made.is_none() && !matches!(body.kind, FuncKind::Init | FuncKind::Constructor) && !runs() {
                return false;
            }
            let start = match made {
                Some(made) => body.blocks.ids().find(|block| body.blocks[*block].instrs.contains(&made.1)),
                None => Some(body.entry()),
            };
            start.is_some_and(|start| !returns_without(body, start, |block| holds_one(body, block, *func, stores)))
        })
    }

    fn calls(&self, at: At, func: FuncId) -> bool {
        self.values.callees(at).contains(&(func, CallKind::Direct))
    }

    /// Is a value the default of a parameter for which each call gives something?
    pub(super) fn is_unused_default(&self, (func, id): At) -> bool {
        let params = &self.values.program.funcs[func].params;
        let Some(at) = params.iter().position(|param| param.default == Some(id)) else { return false };
        let Ok(head) = i32::try_from(at).map(PortHead::Arg) else { return false };
        let is_given = |caller: &At| {
            self.calls(*caller, func)
                && self.values.call_at(*caller).is_some_and(|call| argument(call, &head).is_some())
        };
        let callers = self.values.callers(func);
        !callers.is_empty() && callers.iter().all(is_given)
    }
}

fn holds_one(body: &Function, block: BlockId, func: FuncId, instrs: &[At]) -> bool {
    instrs.iter().any(|(of, instr)| *of == func && body.blocks[block].instrs.contains(instr))
}

/// Can control come back from a function, from a block on, without getting to one that `is_passed` holds of?
fn returns_without(body: &Function, start: BlockId, is_passed: impl Fn(BlockId) -> bool) -> bool {
    let mut seen = BTreeSet::from([start]);
    let mut open = vec![start];
    while let Some(block) = open.pop() {
        if is_passed(block) {
            continue;
        }
        let end = &body.blocks[block].end;
        if matches!(end, End::Return(_)) {
            return true;
        }
        open.extend(end.successors().filter(|next| seen.insert(*next)));
    }
    false
}
