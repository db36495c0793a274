//! Objects of scripts without a field that a place is asked for: beside `run({ quiet: true })`, in `run()` and `run({})` nothing
//! is quiet. A field is only known to be the one constant that is put there where each of the objects has it.

use std::rc::Rc;

use crate::ir::func::FuncId;
use crate::ir::instr::{Entry, Field, InstrId, Op, RecordKind};
use crate::ir::program::Language;
use crate::models::path::PortHead;
use crate::resolve::ports::argument;
use crate::resolve::solve::CallKind;
use crate::resolve::values::{At, Key, Obj, Site, Value};

use super::explore::Explorer;

impl Explorer<'_> {
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

    fn lacking(&self, func: FuncId, id: InstrId) -> Rc<[Obj]> {
        let Op::Load(place) = &self.values.program.funcs[func].instrs[id].op else { return Rc::default() };
        let Some((owner, Field::Name(name))) = place.split_last() else { return Rc::default() };
        let key = Key::Name(name.clone());
        let held = self.values.place_values(func, &owner).unwrap_or_default().iter();
        let lacking = held.filter_map(|value| match value {
            Value::Record(site @ Site::Instr(made)) if self.lacks_field(*made, &key) => Some(Obj::Record(*site)),
            _ => None,
        });
        lacking.collect()
    }

    /// Does a script make an object here that never gets a field?
    fn lacks_field(&self, made: At, key: &Key) -> bool {
        let Op::Record(record) = &self.values.program.funcs[made.0].instrs[made.1].op else { return false };
        let obj = Obj::Record(Site::Instr(made));
        self.values.language(made.0) == Language::Script
            && record.kind == RecordKind::Object
            && record.entries.iter().all(|entry| matches!(entry, Entry::Field(Field::Name(_), _)))
            && !self.values.is_open(&obj)
            && self.values.stores_to(&obj, key).is_empty()
            && !self.is_unused_default(made)
    }

    /// Is a value the default of a parameter for which each call gives something?
    fn is_unused_default(&self, (func, id): At) -> bool {
        let params = &self.values.program.funcs[func].params;
        let Some(at) = params.iter().position(|param| param.default == Some(id)) else { return false };
        let Ok(head) = i32::try_from(at).map(PortHead::Arg) else { return false };
        let is_given = |caller: &At| {
            let is_direct = self.values.callees(*caller).contains(&(func, CallKind::Direct));
            is_direct && self.values.call_at(*caller).is_some_and(|call| argument(call, &head).is_some())
        };
        let callers = self.values.callers(func);
        !callers.is_empty() && callers.iter().all(is_given)
    }
}
