//! Which of the objects that a program writes out a value still can be, once one of their fields was asked for.
//!
//! ```text
//! answer = open_account(key)          # {"code": -1, "message": …} or {"code": 0, "key": key}
//! if answer.get("code", -1) != 0:
//!     log.error("failed: %s", answer) # the first of them, which has no key
//! ```
//!
//! What only the others have is not in it there. A field that is not a constant in an object says nothing of that one. Where none of
//! them is left, there is nothing in it: `if (answer.isError)` of an answer that never is one.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::base::Symbol;
use crate::base::bounds::{MAX_CHECK_DEPTH, MAX_LISTS};
use crate::ir::func::{End, FuncId, LocalId};
use crate::ir::instr::{Base, Const, Entry as RecordEntry, Field, InstrId, Op, Oper, Place, Record, RecordKind};
use crate::ir::program::Language;
use crate::resolve::solve::CallKind;
use crate::resolve::values::{At, Key, Obj, Site, Value};

use super::domain::{ANY, ERR, OK};
use super::transfer::{Pass, State};
use super::tree::Tree;

/// What a condition asks of a field.
struct Asked {
    /// The object, in a variable.
    of: Place,
    field: Symbol,
    /// What an object gives that lacks the field.
    default: Const,
    test: Test,
}

enum Test {
    IsTrue,
    Is(Const),
    IsThere,
}

/// By variable, the objects that it can hold, if they are all written out.
pub(super) type Records<'v> = FxHashMap<(FuncId, LocalId), Option<Rc<AllWritten<'v>>>>;

/// All objects that a variable can hold.
#[derive(Default)]
pub(super) struct AllWritten<'v> {
    written: Vec<Written<'v>>,
    /// Some come out of a call of which it is not known for sure what it calls.
    is_guessed: bool,
}

/// What an object has under a name.
enum Held {
    Nothing,
    Something,
    Constant(Const),
}

/// An object that is written out.
pub(super) struct Written<'v> {
    obj: Obj,
    at: At,
    record: &'v Record,
}

impl<'v> Pass<'_, 'v> {
    /// In the states where a condition holds and where it fails, what is known of the object that it asks.
    pub(super) fn know_record(&self, on: InstrId, holds: &mut State, fails: &mut State) {
        match &self.func.instrs[on].op {
            Op::Operator(Oper::Not, operands) if operands.len() == 1 => self.know_record(operands[0], fails, holds),
            Op::Operator(Oper::Ne, operands) => self.know_asked(self.equal_to(operands), fails, holds),
            Op::Operator(Oper::NotIn, operands) => self.know_asked(self.there(operands), fails, holds),
            Op::Operator(Oper::Eq, operands) => self.know_asked(self.equal_to(operands), holds, fails),
            Op::Operator(Oper::In, operands) => self.know_asked(self.there(operands), holds, fails),
            _ => self.know_asked(self.field_read(on, Test::IsTrue), holds, fails),
        }
    }

    fn know_asked(&self, asked: Option<Asked>, holds: &mut State, fails: &mut State) {
        let Some(asked) = asked else { return };
        let Some(records) = self.records_of(&asked.of) else { return };
        for (state, is) in [(holds, true), (fails, false)] {
            let all = records.written.iter();
            let left: Vec<&Written<'_>> =
                all.filter(|record| self.answer(record, &asked).is_none_or(|answer| answer == is)).collect();
            if left.len() == records.written.len() || left.is_empty() && !self.is_all_that_is_in(&records) {
                continue;
            }
            let Some(known) = self.held_in(state, &asked.of) else { continue };
            if left.is_empty() {
                *known = Tree::default();
                continue;
            }
            *known = known.only(|entry| {
                let named = entry.at.first().filter(|key| ![ANY, ERR, OK].contains(&key.as_str()));
                named.is_none_or(|name| left.iter().any(|record| self.may_hold(record, name)))
            });
        }
    }

    /// Are these the objects for sure, with what they are written with and nothing else?
    fn is_all_that_is_in(&self, records: &AllWritten<'v>) -> bool {
        let prepared = self.taint.conditions.prepared.as_ref();
        let is_kept_inside = |record: &Written<'_>| prepared.is_some_and(|all| !all.handed_out.contains(&record.at));
        self.language == Language::Script && !records.is_guessed && records.written.iter().all(is_kept_inside)
    }

    /// The objects that a variable can hold, if they are all written out.
    fn records_of(&self, place: &Place) -> Option<Rc<AllWritten<'v>>> {
        let Base::Local(local) = place.base else { return None };
        let key = (self.id, local);
        if let Some(known) = self.taint.records.borrow().get(&key) {
            return known.clone();
        }
        let mut found = AllWritten::default();
        let found = self.written_into(self.id, local, MAX_CHECK_DEPTH, &mut found).map(|()| Rc::new(found));
        self.taint.records.borrow_mut().insert(key, found.clone());
        found
    }

    /// The objects that a variable of a function is given.
    fn written_into(&self, func: FuncId, local: LocalId, depth: usize, found: &mut AllWritten<'v>) -> Option<()> {
        let body = &self.taint.values.program.funcs[func];
        let arrives = body.receiver == Some(local) || body.params.iter().any(|param| param.local == local);
        let whole = Place::local(local);
        let mut stores = body.instrs.iter().filter_map(|instr| match &instr.op {
            Op::Store(place, value) if *place == whole => Some(*value),
            _ => None,
        });
        if arrives { None } else { stores.try_for_each(|value| self.written_as(func, value, depth, found)) }
    }

    /// The objects that a value can be: what is written there, what a variable was given, what functions give back.
    fn written_as(&self, func: FuncId, value: InstrId, depth: usize, found: &mut AllWritten<'v>) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        let values = self.taint.values;
        match &values.program.funcs[func].instrs[value].op {
            Op::Record(record) if record.kind == RecordKind::Object => {
                let at = (func, value);
                if found.written.iter().all(|known| known.at != at) {
                    found.written.push(Written { obj: Obj::Record(Site::Instr(at)), at, record });
                }
                (found.written.len() <= MAX_LISTS).then_some(())
            }
            Op::Const(Const::Null | Const::Undefined) => Some(()),
            Op::Await(inner) => self.written_as(func, *inner, depth, found),
            Op::Load(Place { base: Base::Local(local), path }) if path.is_empty() => {
                self.written_into(func, *local, depth, found)
            }
            Op::Call(_) => {
                let callees = values.callees((func, value));
                callees.first()?;
                let called = values.callee_slot((func, value)).map(|slot| values.of_slot(slot));
                let is_func = |value: &Value| matches!(value, Value::Func(_));
                found.is_guessed |= called.is_none_or(|set| set.is_cut || !set.items().iter().all(is_func));
                callees.iter().try_for_each(|(callee, kind)| {
                    let body = &values.program.funcs[*callee];
                    let mut given = body.blocks.iter().filter_map(|block| match block.end {
                        End::Return(value) => value,
                        _ => None,
                    });
                    let is_plain = *kind != CallKind::Callback && !body.is_generator;
                    if is_plain {
                        given.try_for_each(|value| self.written_as(*callee, value, depth, found))
                    } else {
                        None
                    }
                })
            }
            _ => None,
        }
    }

    /// Does an object answer what is asked with yes? Nothing where that is not known.
    fn answer(&self, written: &Written<'_>, asked: &Asked) -> Option<bool> {
        let value = match (&asked.test, self.held_by(written, &asked.field)?) {
            (Test::IsThere, held) => return Some(!matches!(held, Held::Nothing)),
            (_, Held::Something) => return None,
            (_, Held::Constant(held)) => held,
            (_, Held::Nothing) => asked.default.clone(),
        };
        match &asked.test {
            Test::Is(other) => Some(value == *other),
            Test::IsTrue => match value {
                Const::Bool(is) => Some(is),
                Const::Null | Const::Undefined => Some(false),
                Const::Int(number) => Some(number != 0),
                Const::Str(text) => Some(!text.is_empty()),
                Const::Num(_) => None,
            },
            Test::IsThere => None,
        }
    }

    /// What an object has under a name. Unknown where more than the literal puts it there.
    fn held_by(&self, written: &Written<'_>, name: &Symbol) -> Option<Held> {
        let values = self.taint.values;
        if self.is_open(written) {
            return None;
        }
        let is_it = |entry: &&RecordEntry| matches!(entry, RecordEntry::Field(Field::Name(field), _) if field == name);
        let entry = written.record.entries.iter().rfind(is_it);
        let own = entry.and_then(|entry| if let RecordEntry::Field(_, value) = entry { Some(*value) } else { None });
        let is_own = |at: &At| own.is_some_and(|own| (written.at.0, own) == *at);
        if !values.stores_to(&written.obj, &Key::Name(name.clone())).iter().all(is_own) {
            return None;
        }
        let Some(own) = own else { return Some(Held::Nothing) };
        Some(values.of(written.at.0, own).single_const().cloned().map_or(Held::Something, Held::Constant))
    }

    /// Can an object hold something under a name?
    fn may_hold(&self, written: &Written<'_>, name: &Symbol) -> bool {
        let is_it = |entry: &RecordEntry| matches!(entry, RecordEntry::Field(Field::Name(field), _) if field == name);
        self.is_open(written)
            || written.record.entries.iter().any(is_it)
            || !self.taint.values.stores_to(&written.obj, &Key::Name(name.clone())).is_empty()
    }

    /// May more be in an object than is written by name?
    fn is_open(&self, written: &Written<'_>) -> bool {
        let is_named = |entry: &RecordEntry| matches!(entry, RecordEntry::Field(Field::Name(_), _));
        self.taint.values.is_open(&written.obj) || !written.record.entries.iter().all(is_named)
    }

    /// `answer["code"] == 0`
    fn equal_to(&self, operands: &[InstrId]) -> Option<Asked> {
        let [a, b] = *operands else { return None };
        let constant =
            |id: InstrId| if let Op::Const(known) = &self.func.instrs[id].op { Some(known.clone()) } else { None };
        match (constant(a), constant(b)) {
            (None, Some(known)) => self.field_read(a, Test::Is(known)),
            (Some(known), None) => self.field_read(b, Test::Is(known)),
            _ => None,
        }
    }

    /// `"error" in answer`
    fn there(&self, operands: &[InstrId]) -> Option<Asked> {
        let [name, of] = *operands else { return None };
        match (&self.func.instrs[name].op, &self.func.instrs[of].op) {
            (Op::Const(Const::Str(name)), Op::Load(of)) if of.path.is_empty() => {
                Some(Asked { of: of.clone(), field: name.clone(), default: Const::Null, test: Test::IsThere })
            }
            _ => None,
        }
    }

    /// `answer["code"]`, `answer.get("code", -1)`
    fn field_read(&self, value: InstrId, test: Test) -> Option<Asked> {
        let constant =
            |id: InstrId| if let Op::Const(known) = &self.func.instrs[id].op { Some(known.clone()) } else { None };
        let (of, field, default) = match &self.func.instrs[value].op {
            Op::Load(place) => match place.split_last()? {
                (of, Field::Name(field)) => (of, field.clone(), Const::Undefined),
                _ => return None,
            },
            Op::Call(call) => match (call.callee.split_last()?, call.args.as_slice()) {
                ((of, Field::Name(method)), [name, default @ ..])
                    if default.len() < 2 && self.taint.words.asks_for_field(self.language, method) =>
                {
                    let Const::Str(field) = constant(name.value)? else { return None };
                    let default = match default {
                        [default] => constant(default.value)?,
                        _ => Const::Null,
                    };
                    (of, field, default)
                }
                _ => return None,
            },
            _ => return None,
        };
        of.path.is_empty().then_some(Asked { of, field, default, test })
    }
}
