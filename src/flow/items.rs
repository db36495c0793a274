//! What going through a container gives: its items, pairs of a key and what is kept under it, or its keys alone.

use crate::base::Symbol;
use crate::base::idx::Id;
use crate::ir::func::{End, FuncId, ParamKind};
use crate::ir::instr::{Base, Call, Entry, Field, InstrId, Op, Oper, Place, RecordKind};
use crate::ir::program::Language;
use crate::models::path::{Port, PortHead};
use crate::resolve::ports::argument;
use crate::resolve::solve::CallKind;
use crate::resolve::values::{At, Site, Value};

use super::domain::{ANY, KEYS, Marks};
use super::leading::assigned;
use super::transfer::{Pass, State};
use super::tree::Tree;

/// Methods by which objects of a class are gone through.
const GOING_THROUGH: [&str; 4] = ["__iter__", "__aiter__", "__getitem__", "__next__"];

impl Pass<'_, '_> {
    /// Are all of the values containers that are gone through pair by pair?
    pub(super) fn gives_pairs(&self, values: &[Value]) -> bool {
        let index = &self.taint.values.models.index;
        let is_one = |value: &Value| matches!(value, Value::Api(node, _) if index.gives_pairs(*node));
        // The items of what a call makes are in a list that the same call makes.
        let is_items = |made: At| {
            values.iter().any(|value| is_one(value) && matches!(value, Value::Api(_, Some(at)) if *at == made))
        };
        let is_pairs = |value: &Value| match value {
            Value::Record(Site::Instr(made)) => is_items(*made),
            // What it is declared to be says nothing more of it.
            Value::Const(_) | Value::Unknown | Value::Typed(_) | Value::Api(_, None) => true,
            value => is_one(value),
        };
        values.iter().any(is_one) && values.iter().all(is_pairs)
    }

    /// Does a call give what is gone through pair by pair, whatever else is said of what it gives: `table.iter()`?
    pub(super) fn is_call_for_pairs(&self, base: &Base) -> bool {
        let Base::Value(value) = base else { return false };
        let values = self.taint.values;
        let is_its_own = |found: &Value| match found {
            Value::Api(node, Some(made)) => *made == (self.id, *value) && values.models.index.gives_pairs(*node),
            _ => false,
        };
        values.call_at((self.id, *value)).is_some() && values.of(self.id, *value).items().iter().any(is_its_own)
    }

    /// Is what a place names an item of something that Python goes through, and not what is kept under a key?
    pub(super) fn goes_through(&self, place: &Place, at: At) -> bool {
        self.language == Language::Python
            && matches!(place.base, Base::Value(_))
            && place.path.first() == Some(&Field::Any)
            && !self.func.keys.contains_key(&at.1)
    }

    /// What a script finds that goes through an object with a loop: none of the fields that have names. Of an object of a class of the
    /// program it is what that makes of them.
    pub(super) fn gone_through(&self, tree: Tree, place: &Place, at: At) -> Tree {
        let is_loop = self.language == Language::Script
            && matches!(place.base, Base::Value(_))
            && place.path.first() == Some(&Field::Any)
            && !self.func.keys.contains_key(&at.1);
        let is_own = |value: &Value| matches!(value, Value::Instance(_) | Value::Typed(_));
        if !is_loop || self.taint.values.prefix_values(self.id, place, 0).iter().any(is_own) {
            return tree;
        }
        let is_item = |key: &Symbol| [ANY, KEYS].contains(&key.as_str()) || key.parse::<u32>().is_ok();
        // What a library's object gives is what its model says, and nothing else that is known of the object.
        let is_told = self.is_source_read(place, 1);
        tree.only(|entry| entry.at.first().map_or(!is_told, is_item))
    }

    /// The table into which a store puts the pairs of another one as they are, and the call that goes through that one: what is kept under a key stays under
    /// it in `{key: value for key, value in table.items() if value}`.
    pub(super) fn same_pairs(&self, place: &Place, value: InstrId, store: InstrId) -> Option<(Place, InstrId)> {
        let (into, Field::Any) = place.split_last()? else { return None };
        let of_pair = |id: InstrId, number: u32| {
            let Op::Load(Place { base: variable @ Base::Local(_), path }) = &self.func.instrs[id].op else {
                return None;
            };
            let taken = assigned(self.func, variable).filter(|_| path.is_empty())?;
            match &self.func.instrs[taken].op {
                Op::Load(Place { base: Base::Value(pairs), path }) if **path == [Field::Any, Field::Index(number)] => {
                    Some(*pairs)
                }
                _ => None,
            }
        };
        let pairs = of_pair(*self.func.keys.get(&store)?, 0)?;
        if of_pair(value, 1)? != pairs {
            return None;
        }
        let Op::Call(call) = &self.func.instrs[pairs].op else { return None };
        let Some(Field::Name(method)) = call.callee.path.last() else { return None };
        (call.args.is_empty() && self.taint.values.models.pairs(method)).then_some((into, pairs))
    }

    /// Is what a call goes through at a port a table?
    pub(super) fn goes_through_table(&self, call: &Call, from: &Port) -> bool {
        let given: Vec<InstrId> = match from.head {
            PortHead::AllArgs => call.args.iter().map(|arg| arg.value).collect(),
            _ => argument(call, &from.head).into_iter().collect(),
        };
        let is_table = |value: &InstrId| {
            self.gives_names(self.taint.values.of(self.id, *value).items())
                || self.is_unpacked_table(*value)
                || is_told_table(&self.given[value.index()])
        };
        !given.is_empty() && given.iter().all(is_table)
    }

    /// In the state where a condition holds that asks whether a variable is a table, it is one.
    pub(super) fn know_table(&self, on: InstrId, holds: &mut State, fails: &mut State) {
        let Op::Operator(oper, operands) = &self.func.instrs[on].op else { return };
        match (oper, &operands[..]) {
            (Oper::Not, [asked]) => self.know_table(*asked, fails, holds),
            (Oper::InstanceOf, [of, class]) if self.is_table_class(*class) => {
                let Op::Load(place) = &self.func.instrs[*of].op else { return };
                let Some(known) = self.held_in(holds, place) else { return };
                *known = known.map(|mut entry| {
                    if entry.at.is_empty() {
                        entry.marks = entry.marks.with(Marks::TABLE);
                    }
                    Some(entry)
                });
            }
            _ => {}
        }
    }

    fn is_table_class(&self, class: InstrId) -> bool {
        let index = &self.taint.values.models.index;
        let is_one = |value: &Value| matches!(value, Value::Api(node, _) if index.gives_names(index.instance(*node)));
        let known = self.taint.values.of(self.id, class).items();
        self.language == Language::Python && !known.is_empty() && known.iter().all(is_one)
    }

    /// The values that have items. An object of a class that declares fields, and no way to go through it, has none: what its fields
    /// hold does not come out of it so.
    pub(super) fn with_items(&self, values: &[Value]) -> Vec<Value> {
        let classes = &self.taint.values.classes;
        let has_none = |value: &Value| {
            matches!(value, Value::Instance(class) | Value::Typed(class)
                if !self.taint.values.program.classes[*class].fields.is_empty()
                    && GOING_THROUGH.iter().all(|name| classes.methods(*class, name).is_empty()))
        };
        values.iter().filter(|value| !has_none(value)).cloned().collect()
    }

    /// Leaves out the objects of which a container is asked for one.
    pub(super) fn without_held(&self, values: &[Value], field: &Field) -> Vec<Value> {
        let is_held = |value: &Value| matches!(value, Value::Instance(class) | Value::Typed(class) if self.taint.values.is_of_container(*class, field));
        values.iter().filter(|value| !is_held(value)).cloned().collect()
    }

    /// Is a value a table that a function of the program gives beside something else: `first, known = sites()`?
    pub(super) fn is_unpacked_table(&self, value: InstrId) -> bool {
        let values = self.taint.values;
        let place = match &self.func.instrs[value].op {
            Op::Load(place) if place.path.is_empty() && matches!(place.base, Base::Local(_)) => {
                let Some(taken) = assigned(self.func, &place.base) else { return false };
                let Op::Load(place) = &self.func.instrs[taken].op else { return false };
                place
            }
            Op::Load(place) => place,
            _ => return false,
        };
        let [Field::Index(number)] = *place.path else { return false };
        let Some(mut call) = assigned(self.func, &place.base) else { return false };
        if let Op::Await(awaited) = self.func.instrs[call].op {
            call = awaited;
        }
        let callees = values.callees((self.id, call));
        let gives_table = |(callee, kind): &(FuncId, CallKind)| {
            let func = &values.program.funcs[*callee];
            let mut given = func.blocks.iter().filter_map(|block| match block.end {
                End::Return(value) => value,
                _ => None,
            });
            let is_table = |value: InstrId| match &func.instrs[value].op {
                Op::Record(record) if record.kind == RecordKind::Tuple => match record.entries.get(number as usize) {
                    Some(Entry::Field(_, item)) => self.gives_names(values.of(*callee, *item).items()),
                    _ => false,
                },
                _ => false,
            };
            *kind == CallKind::Direct && !func.is_generator && given.all(is_table)
        };
        self.language == Language::Python && !callees.is_empty() && callees.iter().all(gives_table)
    }

    pub(super) fn goes_through_unpacked(&self, place: &Place) -> bool {
        matches!(place.base, Base::Value(value) if self.is_unpacked_table(value))
    }

    /// Are all of the values tables, of which Python gives the keys to who goes through them? Those are names.
    pub(super) fn gives_names(&self, values: &[Value]) -> bool {
        let program = self.taint.values.program;
        let is_table =
            |value: &Value| matches!(value, Value::Api(node, _) if self.taint.values.models.index.gives_names(*node));
        let is_one = |value: &Value| match value {
            Value::Api(..) => is_table(value),
            Value::Record(Site::Instr((func, made))) => match &program.funcs[*func].instrs[*made].op {
                Op::Record(record) => record.kind == RecordKind::Object,
                // What is in the table that a call makes is in a list that the same call makes.
                _ => values
                    .iter()
                    .any(|value| is_table(value) && matches!(value, Value::Api(_, Some(at)) if *at == (*func, *made))),
            },
            Value::Record(Site::Rest(func, param)) => {
                program.funcs[*func].params.get(*param as usize).is_some_and(|param| param.kind == ParamKind::RestNamed)
            }
            _ => false,
        };
        let is_list =
            |value: &Value| matches!(value, Value::Api(node, _) if self.taint.values.models.index.is_list(*node));
        // What is made or declared as a table is one, whatever else is not known of it, unless it may be a list.
        let is_told = values.iter().any(is_table);
        let may_be = |value: &Value| match value {
            Value::Const(_) => true,
            Value::Unknown => is_told,
            value @ Value::Api(..) => is_told && !is_list(value),
            _ => false,
        };
        self.language == Language::Python
            && values.iter().any(is_one)
            && values.iter().all(|value| is_one(value) || may_be(value))
    }
}

/// Did the program ask whether it is a table, where that holds?
pub(super) fn is_told_table(held: &Tree) -> bool {
    let mut whole = held.entries().iter().filter(|entry| entry.at.is_empty()).peekable();
    whole.peek().is_some() && whole.all(|entry| entry.marks.has(Marks::TABLE))
}
