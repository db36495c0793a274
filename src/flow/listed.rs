//! Does a program itself name what is in a container?
//!
//! A container tells what the program names when all of it is put in where it is made: a list of names, a table of handlers.
//! One that other functions fill, as a cache, holds whatever was asked for before.

use crate::base::bounds::{MAX_CHECK_DEPTH, MAX_LISTS};
use crate::ir::func::Function;
use crate::ir::instr::{Base, Call, Entry as RecordEntry, Field, InstrId, Op, Oper, Place, Record, RecordKind};
use crate::ir::program::Language;
use crate::models::index::Table;
use crate::resolve::values::{At, Key, Obj, Site, Value};

use super::checks::{Check, Checks, Tells, made_at, returned};

impl Checks<'_, '_> {
    pub(super) fn is_listed_receiver(&self, at: At, depth: usize) -> bool {
        let slot = self.values.receiver_slot(at);
        slot.is_some_and(|slot| self.is_listed(self.values.of_slot(slot).items(), depth))
    }

    /// Is all that is in a container put there by the program where it makes it? What else the container may be is not asked.
    pub(super) fn is_listed(&self, container: &[Value], depth: usize) -> bool {
        // An object of a library is a container only where it is known to have items: a client has a `get`, too.
        let has_items = |made: At| {
            let is_map = |value: &Value| matches!(value, Value::Api(node, Some(at)) if *at == made && self.values.models.index.gives_pairs(*node));
            container.contains(&Value::Record(Site::Instr(made))) || container.iter().any(is_map)
        };
        let is_known = |made: At| {
            has_items(made) && self.is_named_by_program(made) || depth > 0 && self.is_made_of_listed(made, depth - 1)
        };
        if told(container).nth(MAX_LISTS).is_some() {
            return false;
        }
        let mut is_one = false;
        for value in told(container).filter(|value| !self.is_struct(value)) {
            if made_at(value).is_some_and(is_known) {
                is_one = true;
            } else if !self.is_clean(value)
                && !self.is_around(value)
                && !made_at(value)
                    .is_some_and(|made| self.stays_empty(made) || depth > 0 && self.is_from_listed(made, depth - 1))
            {
                // What a container is made of comes along with it; this is something else.
                return false;
            }
        }
        is_one
    }

    /// `tools.find(tool => tool.name === name)`.
    pub(super) fn searched(&self, call: &Call, at: InstrId) -> Option<Check> {
        let (Some(Field::Name(name)), [arg]) = (call.callee.path.last(), call.args.as_slice()) else { return None };
        let Op::Closure(inner) = &self.func.instrs[arg.value].op else { return None };
        if !self.words.is_search_method(self.values.language(self.id), name)
            || !self.is_listed_receiver((self.id, at), MAX_CHECK_DEPTH)
        {
            return None;
        }
        let body = &self.values.program.funcs[*inner];
        let Op::Operator(Oper::Eq, operands) = &body.instrs[returned(body)?].op else { return None };
        let inner = Checks { id: *inner, func: body, ..*self };
        let places: Vec<Place> = operands.iter().filter_map(|value| inner.place(*value, MAX_CHECK_DEPTH)).collect();
        let is_param =
            |base: &Base| matches!(base, Base::Local(local) if body.params.iter().any(|param| param.local == *local));
        // `TABLE.iter().find(|(name, _)| name == wanted)`
        let is_part = |base: &Base| {
            let stored = inner.only_store(&Place { base: base.clone(), path: Box::default() });
            matches!(stored.map(|stored| &body.instrs[stored].op), Some(Op::Load(from)) if is_param(&from.base))
        };
        let of_item = |place: &&Place| is_param(&place.base) || is_part(&place.base);
        let outer = |place: &&Place| matches!(place.base, Base::Cell(_));
        places.iter().find(of_item)?;
        Some(Check { place: places.iter().find(outer)?.clone(), tells: Tells::Harmless, holds: true })
    }

    /// Is it a list that is written out, all of whose items are constants, whatever they are called: `(proxy.read, proxy.write)`?
    pub(super) fn is_list_of_constants(&self, list: InstrId) -> bool {
        let Op::Record(record) = &self.func.instrs[list].op else { return false };
        let is_constant = |entry: &RecordEntry| match entry {
            RecordEntry::Field(_, value) => match &self.func.instrs[*value].op {
                Op::Const(_) => true,
                Op::Load(place) => self.holds_constants(place),
                _ => false,
            },
            RecordEntry::Spread(_) => false,
        };
        record.kind != RecordKind::Object && !record.entries.is_empty() && record.entries.iter().all(is_constant)
    }

    /// Is a place a field of objects of the program that nothing but constants is ever put into?
    fn holds_constants(&self, place: &Place) -> bool {
        let Some((_, Field::Name(field))) = place.split_last() else { return false };
        let objects = self.values.prefix_values(self.id, place, place.path.len() - 1);
        let are_texts = |(func, value): &At| self.values.of(*func, *value).texts().is_some();
        let mut told = told(objects).peekable();
        told.peek().is_some()
            && told.all(|object| {
                let Value::Instance(class) = object else { return false };
                let object = Obj::Instances(self.values.classes.top(*class));
                let stores = self.values.stores_to(&object, &Key::Name(field.clone()));
                !stores.is_empty() && !self.values.is_open(&object) && stores.iter().all(are_texts)
            })
    }

    /// Is it an empty literal that nothing is put into: `HOSTS = {}` before `HOSTS = load()`?
    fn stays_empty(&self, made: At) -> bool {
        let is_empty = |record: &Record| record.entries.is_empty();
        matches!(&self.values.program.funcs[made.0].instrs[made.1].op, Op::Record(record) if is_empty(record))
            && !self.filled.contains(&made)
            && self.values.stores_to(&Obj::Record(Site::Instr(made)), &Key::Some).is_empty()
    }

    fn is_named_by_program(&self, made: At) -> bool {
        if self.filled.contains(&made) {
            return false;
        }
        let func = &self.values.program.funcs[made.0];
        match &func.instrs[made.1].op {
            Op::Record(record) => {
                let is_filled = || !self.values.stores_to(&Obj::Record(Site::Instr(made)), &Key::Some).is_empty();
                // What stands in for a table that is not there has nothing in it: `TABLES.get(kind, {}).get(name)`.
                let is_empty = || made.0 == self.id && record.entries.is_empty() && !is_filled();
                made.0 != self.id && (!record.entries.is_empty() || is_filled())
                    || is_constant(func, record)
                    || is_empty()
            }
            Op::Call(_) if made.0 != self.id => !self.has_unknown(made),
            // `new Set(["a", "b"])` where it is asked.
            Op::Call(call) => {
                let inner = |value| matches!(&func.instrs[value].op, Op::Record(record) if is_constant(func, record));
                !call.args.is_empty() && call.args.iter().all(|arg| inner(arg.value))
            }
            _ => false,
        }
    }

    /// Does a container that a call makes hold something, too, that is not known: `(given or "all,none").split(",")`?
    fn has_unknown(&self, made: At) -> bool {
        let items = self.values.known_field(&Obj::Record(Site::Instr(made)), &Key::Some);
        self.values.takes_apart(made)
            && items.is_some_and(|items| self.values.of_slot(items).items().contains(&Value::Unknown))
    }

    /// Is a container made of the names of one that the program lists: `tuple(TABLE)`, `TABLE.keys()`, `frozenset({"a", "b"})`?
    fn is_made_of_listed(&self, made: At, depth: usize) -> bool {
        let Op::Call(call) = &self.values.program.funcs[made.0].instrs[made.1].op else { return false };
        let gives_names = matches!(call.callee.path.last(), Some(Field::Name(name)) if self.values.models.names(name));
        if !gives_names && self.values.call_rows(made, Table::Flow).is_empty() {
            return false;
        }
        match call.args.as_slice() {
            [] => self.is_listed_receiver(made, depth),
            [arg] => {
                let items = self.values.of(made.0, arg.value).items();
                let mut made = told(items).peekable();
                self.is_listed(items, depth) || made.peek().is_some() && made.all(|value| self.is_clean(value))
            }
            _ => false,
        }
    }

    /// Is it what a library says of an item of a table that the program lists: `TABLES.get(kind, {})`?
    fn is_from_listed(&self, made: At, depth: usize) -> bool {
        let Op::Call(call) = &self.values.program.funcs[made.0].instrs[made.1].op else { return false };
        let looks_up = |name: &str| self.words.is_lookup_method(self.values.language(made.0), name);
        matches!(call.callee.path.last(), Some(Field::Name(name)) if looks_up(name))
            && self.is_listed_receiver(made, depth)
    }

    /// An object of a struct of Rust is in the container, and is none itself.
    fn is_struct(&self, value: &Value) -> bool {
        match value {
            Value::Instance(_) => self.values.language(self.id) == Language::Rust,
            Value::Record(Site::Instr((func, made))) => {
                let op = &self.values.program.funcs[*func].instrs[*made].op;
                self.values.language(*func) == Language::Rust && matches!(op, Op::Record(record) if record.ty.is_some())
            }
            _ => false,
        }
    }

    /// Is it what stands around a container in Rust, or what is handed out to reach it: a lock, a shared pointer?
    fn is_around(&self, value: &Value) -> bool {
        let Value::Api(_, Some((func, made))) = value else { return false };
        let Op::Call(call) = &self.values.program.funcs[*func].instrs[*made].op else { return false };
        if self.values.language(*func) != Language::Rust {
            return false;
        }
        let models = self.values.models;
        match (call.args.as_slice(), &*call.callee.path) {
            ([], [.., Field::Name(method)]) => models.opens(method) || models.gives_the_same(method),
            // `Arc::new(rooms)`, `std::sync::Mutex::new(rooms)`
            ([_], [.., Field::Name(ty), Field::Name(_)]) => models.is_transparent(ty),
            ([_], [Field::Name(_)]) => {
                matches!(call.callee.base, Base::Cell(ty) if models.is_transparent(&self.values.program.cells[ty].name))
            }
            _ => false,
        }
    }

    /// Does a library make it of nothing that came from outside: the members of a type?
    fn is_clean(&self, value: &Value) -> bool {
        let Some(made) = made_at(value) else { return false };
        let mut clean = self.values.call_rows(made, Table::Clean).into_iter().map(|row| self.values.models.clean(row));
        clean.any(|row| row.numbers.is_empty() && row.lacking.is_empty())
    }
}

/// What a value is beside what it is declared to be, which says nothing more of a container.
fn told(items: &[Value]) -> impl Iterator<Item = &Value> {
    let is_told =
        |value: &&Value| !matches!(value, Value::Unknown | Value::Const(_) | Value::Api(_, None) | Value::Typed(_));
    items.iter().filter(is_told)
}

/// Does a list or table consist of what is written there? Of a table, the names do.
pub(super) fn is_constant(func: &Function, record: &Record) -> bool {
    !record.entries.is_empty()
        && record.entries.iter().all(|entry| match entry {
            RecordEntry::Field(field, value) => {
                record.kind == RecordKind::Object && matches!(field, Field::Name(_))
                    || matches!(func.instrs[*value].op, Op::Const(_))
            }
            RecordEntry::Spread(_) => false,
        })
}
