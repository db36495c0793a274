//! What places hold: local variables in order of execution, variables and fields that outlive the call as symbols.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::base::Symbol;
use crate::base::idx::Id;
use crate::ir::func::FuncKind;
use crate::ir::instr::{Base, Const, Entry as RecordEntry, Field, Op, Place, RecordKind};
use crate::ir::program::{CellId, ClassId, Language};
use crate::models::index::{RowRef, Table};
use crate::models::path::Step;
use crate::resolve::values::{At, Site, Value};

use super::checks::{Check, Tells};
use super::domain::{ANY, ERR, Entry, Form, Heap, HeapId, KEYS, Kind, Marks, OK, Root, Source};
use super::items::is_told_table;
use super::no_error::is_no_error;
use super::path::Path;
use super::summary::{Bound, Hit};
use super::trace::{Trace, What};
use super::transfer::{Pass, State, Var, key_of};
use super::tree::Tree;

/// Where in a pair of a container stands what is kept.
const KEY_IN_PAIR: &str = "0";
const KEPT_IN_PAIR: &str = "1";

impl Pass<'_, '_> {
    /// What a place holds.
    pub(super) fn load(&mut self, place: &Place, at: At) -> Tree {
        if self.is_name(place) {
            return Tree::default();
        }
        let mut tree = match &place.base {
            Base::Local(local) => self.state.get(&Var::Local(*local)).cloned().unwrap_or_default(),
            Base::Cell(cell) => {
                let own = self.var(&place.base).map(|var| self.state.get(&var).cloned().unwrap_or_default());
                match own {
                    Some(own) if !self.taint.shared.contains(cell) => own,
                    Some(mut own) => {
                        let heap = self.taint.names.heap(Heap::Inner(*cell));
                        own.add(Entry::new(Root::Heap(heap), Trace::default()));
                        own
                    }
                    None => {
                        let known = self.state.get(&Var::Shared(*cell)).cloned();
                        known.unwrap_or_else(|| self.captured(*cell))
                    }
                }
            }
            Base::Value(value) => self.given[value.index()].clone(),
            Base::Global(_) => Tree::default(),
        };
        if place.path.is_empty() {
            if let Base::Global(_) = place.base {
                self.read_sources(place, 0, &mut tree, at);
            }
            return tree;
        }
        tree = self.gone_through(tree, place, at);
        for depth in 0..place.path.len() {
            let values = self.taint.values.prefix_values(self.id, place, depth);
            let field = &place.path[depth];
            let own;
            let values = match depth == 0 && self.goes_through(place, at) {
                true if self.gives_names(values) || self.goes_through_unpacked(place) || is_told_table(&tree) => {
                    return Tree::default();
                }
                true => {
                    own = self.with_items(values);
                    &own[..]
                }
                // What is in a container stands for it in Rust: what its fields hold is no item.
                false if matches!(field, Field::Any | Field::Index(_)) && self.language == Language::Rust => {
                    own = self.without_held(values, field);
                    &own[..]
                }
                false => values,
            };
            // A key that is a constant elsewhere: `book[Fields.ID]`.
            let is_last = depth + 1 == place.path.len();
            let taint_values = self.taint.values;
            let named = (is_last && *field == Field::Any).then(|| {
                let named = taint_values.computed_keys(at.0, at.1);
                let named = named.map(|names| names.into_iter().cloned().map(Field::Name).collect());
                named.or_else(|| self.counted_from_end(at, values))
            });
            let by_call = || depth == 0 && self.is_call_for_pairs(&place.base);
            let gives_pairs = *field == Field::Any && (self.gives_pairs(values) || by_call());
            let keys = if gives_pairs { tree.read(KEYS) } else { Tree::default() };
            tree = match named.flatten() {
                Some(fields) => {
                    let mut all = Tree::default();
                    for field in &fields {
                        all.join(&self.member(&tree, values, field, at));
                    }
                    all
                }
                // Nobody but the constructor has put anything there yet.
                None if depth == 0 && self.is_set_in_constructor(place, at) => {
                    let is_plain = key_of(field).is_some_and(|key| self.taint.is_plain_field(values, &key));
                    if is_plain { Tree::default() } else { self.member(&tree, &[], field, at) }
                }
                None => self.member(&tree, values, field, at),
            };
            if gives_pairs {
                tree = tree.under(&[KEPT_IN_PAIR.into()]);
                tree.join(&keys.under(&[KEY_IN_PAIR.into()]));
            }
            let from_end = || self.func.keys.get(&at.1).map(|key| &self.func.instrs[*key].op);
            match field {
                Field::Index(0) if depth == 0 => tree = self.first_part(&place.base, tree),
                Field::Index(_) if depth == 0 => tree = self.later_part(&place.base, tree),
                Field::Any if depth == 0 && matches!(from_end(), Some(Op::Const(Const::Int(-1)))) => {
                    tree = self.later_part(&place.base, tree);
                }
                _ => {}
            }
            if !tree.is_empty() && self.is_clean_read(place, depth + 1) {
                tree = Tree::default();
            }
            self.read_sources(place, depth + 1, &mut tree, at);
            if !tree.is_empty() && self.names_server(place, depth + 1) {
                tree = tree.only_server().marked(Marks::OTHER_PART);
            }
        }
        self.credential_field(place, &mut tree, at);
        tree
    }

    /// The places in tuples that are written out which a load counts from their end: `*_, last = pair`.
    fn counted_from_end(&self, at: At, values: &[Value]) -> Option<Vec<Field>> {
        let program = self.taint.values.program;
        let Op::Const(Const::Int(number)) = self.func.instrs[*self.func.keys.get(&at.1)?].op else { return None };
        let from_end = usize::try_from(number.unsigned_abs()).ok().filter(|_| number < 0)?;
        let mut found = Vec::new();
        for value in values.iter().filter(|value| !matches!(value, Value::Unknown | Value::Api(_, None))) {
            let Value::Record(Site::Instr((func, made))) = value else { return None };
            let Op::Record(record) = &program.funcs[*func].instrs[*made].op else { return None };
            let is_plain = |entry: &RecordEntry| matches!(entry, RecordEntry::Field(Field::Index(_), _));
            if record.kind != RecordKind::Tuple || !record.entries.iter().all(is_plain) {
                return None;
            }
            let field = Field::Index(u32::try_from(record.entries.len().checked_sub(from_end)?).ok()?);
            if !found.contains(&field) {
                found.push(field);
            }
        }
        (!found.is_empty()).then_some(found)
    }

    fn member(&mut self, of: &Tree, values: &[Value], field: &Field, at: At) -> Tree {
        let Some(key) = key_of(field) else {
            // The payload of `Ok` or `Some` is the value itself.
            return of.out_of_ok();
        };
        if self.taint.is_plain_field(values, &key) {
            return Tree::default();
        }
        let mut tree = if self.taint.is_clean_field(self.language, &key) { Tree::default() } else { of.read(&key) };
        for value in values {
            match value {
                Value::Module(module) => {
                    for cell in self.taint.exported(*module, &key) {
                        self.taint.add_cell(cell, &mut tree);
                    }
                }
                // What a pattern takes out of a variant is nothing that other classes have.
                Value::Instance(class) | Value::Typed(class) if !self.may_have(*class, field) => {}
                Value::Instance(class) | Value::Typed(class) => {
                    let homes = self.taint.homes.read(self.taint.values, *class, &key);
                    let getter = self.taint.values.classes.methods(*class, &key);
                    for func in getter {
                        if self.taint.values.program.funcs[func].kind == FuncKind::Getter {
                            let bound = Bound { params: Vec::new(), receiver: of.clone() };
                            tree.join(&self.apply(at, func, &bound, Marks::default()));
                        }
                    }
                    let stands_for = self.taint.values.dereferenced(*class, field).into_iter();
                    for class in stands_for.chain(homes.iter().copied()) {
                        let heap = self.taint.names.heap(Heap::Field(class, key.clone()));
                        tree.add(Entry::new(Root::Heap(heap), Trace::default()));
                    }
                }
                Value::Class(class) => {
                    let heap = self.taint.names.heap(Heap::Field(*class, key.clone()));
                    tree.add(Entry::new(Root::Heap(heap), Trace::default()));
                }
                _ => {}
            }
        }
        tree
    }

    fn may_have(&self, class: ClassId, field: &Field) -> bool {
        let Field::Variant(name, _) = field else { return true };
        self.taint.values.program.classes[class].variants.iter().any(|variant| variant.name == *name)
    }

    /// Puts a value into a place.
    pub(super) fn store(&mut self, place: &Place, tree: &Tree, at: At) {
        let keys: Vec<Symbol> = place.path.iter().filter_map(key_of).collect();
        if let Some(var) = self.var(&place.base)
            && keys.is_empty()
        {
            self.state_mut().insert(var, tree.clone());
            if let Base::Cell(cell) = &place.base {
                self.put_shared(*cell, tree, at);
            }
            // `*entry = title`
            if self.language == Language::Rust {
                self.put_in_aliases(place, tree, at, true);
            }
            return;
        }
        if let Some(var) = self.var(&place.base) {
            forget(self.state_mut(), var, &keys);
        }
        if self.is_password_of_address(place) {
            let mut state = std::mem::take(&mut self.state);
            self.without_password(&mut state, place);
            self.state = state;
        }
        self.put_in(place, tree, at, keys.len());
        // `url.search = query`
        if let Some(row) = self.row_of_member(place, Table::TextPart)
            && let Some((address, _)) = place.split_last()
        {
            let whole = tree.only(is_no_error).formed(Form::Text, at);
            let whole = if self.taint.values.models.text_part(row).query { whole.marked(Marks::QUERY) } else { whole };
            self.put_in(&address, &whole, at, keys.len());
        }
    }

    /// In a state, a variable holds a text.
    fn keep_text(&self, state: &mut State, place: &Place) {
        if let Some(var) = self.var(&place.base)
            && place.path.is_empty()
            && let Some(known) = Rc::make_mut(state).get_mut(&var)
        {
            *known = known
                .marked(Marks::TEXT)
                .map(|entry| (entry.at.is_empty() && !self.is_raw_error(&entry)).then_some(entry));
        }
    }

    /// In a state, what a condition tells is known.
    pub(super) fn know(&self, state: &mut State, check: &Check) {
        match check.tells {
            Tells::Own if check.place.path.is_empty() => {
                if let Some(known) = self.held_in(state, &check.place) {
                    *known = known.marked(Marks::OWN);
                }
            }
            Tells::Harmless | Tells::Own => {
                self.clear(state, &check.place);
                self.without_password_in_text(state, &check.place);
            }
            Tells::Text => self.keep_text(state, &check.place),
            Tells::NoText => self.keep_no_text(state, &check.place),
            Tells::NoError => self.keep_no_error(state, &check.place),
            Tells::Error => self.keep_errors(state, &check.place),
            Tells::Lacks(row) => {
                for field in &self.taint.values.models.clean(row).lacking {
                    self.clear(state, &check.place.then(Field::name(field)));
                }
            }
        }
    }

    /// What a variable holds in a state, if the place is one.
    pub(super) fn held_in<'s>(&self, state: &'s mut State, place: &Place) -> Option<&'s mut Tree> {
        let var = self.known_var(&place.base, state).filter(|_| place.path.is_empty())?;
        Rc::make_mut(state).get_mut(&var)
    }

    /// In a state, what a place holds is no text: neither a variable of the environment nor what was made a text.
    fn keep_no_text(&self, state: &mut State, place: &Place) {
        let Some(known) = self.held_in(state, place) else { return };
        *known = known.map(|mut entry| {
            if !entry.at.is_empty() {
                return Some(entry);
            }
            entry.marks = entry.marks.with(Marks::NO_TEXT);
            (entry.form == Form::Exact || entry.form == Form::Held).then_some(entry)
        });
    }

    /// In a state, what a place holds is no error.
    fn keep_no_error(&self, state: &mut State, place: &Place) {
        let Some(known) = self.held_in(state, place) else { return };
        *known = known.only(|entry| !self.is_of_error(entry)).map(|mut entry| {
            if entry.at.is_empty() {
                entry.marks = entry.marks.with(Marks::NO_ERROR);
            }
            Some(entry)
        });
    }

    /// In a state, what a place holds is an error: no value that was never one. What a parameter or variable stands for may turn
    /// out to be such a value.
    fn keep_errors(&self, state: &mut State, place: &Place) {
        let is_script = self.language == Language::Script;
        let is_itself = |entry: &Entry| entry.at.is_empty() && (entry.form == Form::Exact || !is_script);
        let is_value = |entry: &Entry| match entry.root {
            Root::Source(source) => {
                let path = if is_script { &*entry.path } else { &[] };
                is_itself(entry)
                    && !entry.marks.has(Marks::RAISED)
                    && is_never_error(&self.taint.names.sources[source], path)
            }
            Root::Param(_) | Root::Heap(_) => false,
        };
        let may_be_own = is_script || self.may_hold_own_error(place);
        // What the program put into a field of an object is in no error of a library.
        let is_field = |entry: &Entry| {
            let is_named = entry.at.first().is_some_and(|key| ![ANY, ERR, OK].contains(&key.as_str()));
            is_named && entry.error.is_none() && !entry.marks.has(Marks::RAISED)
        };
        let Some(known) = self.held_in(state, place) else { return };
        *known = known.only(|entry| !is_value(entry) && (may_be_own || !is_field(entry))).map(|mut entry| {
            if is_script && is_itself(&entry) && !matches!(entry.root, Root::Source(_)) {
                entry.marks = entry.marks.with(Marks::ERROR);
            }
            Some(entry)
        });
    }

    /// In a state, nothing is left of what a place held.
    fn clear(&self, state: &mut State, place: &Place) {
        let keys: Vec<Symbol> = place.path.iter().filter_map(key_of).collect();
        if let Some(var) = self.known_var(&place.base, state) {
            forget(Rc::make_mut(state), var, &keys);
            // Of what is not there the variable itself tells what it holds.
            if self.var(&place.base).is_none() {
                Rc::make_mut(state).entry(var).or_default();
            }
        }
        if self.is_password_of_address(place) {
            self.without_password(state, place);
        }
    }

    /// The row of a table that speaks of a place as a member of what a library made.
    pub(super) fn row_of_member(&self, place: &Place, table: Table) -> Option<RowRef> {
        let Some(Field::Name(name)) = place.path.last() else { return None };
        let index = &self.taint.values.models.index;
        self.taint.values.prefix_values(self.id, place, place.path.len() - 1).iter().find_map(|value| match value {
            Value::Api(node, _) => index.node(index.step(*node, &Step::Member(name.clone()))).rows(table).next(),
            _ => None,
        })
    }

    /// Adds a value to what the object in a place holds.
    pub(super) fn put(&mut self, place: &Place, tree: &Tree, at: At) {
        self.put_in(place, tree, at, place.path.len() + 1);
    }

    /// Adds a value to what a place holds, under all names that what it is put into has in the function. `depth`: how far inside
    /// what the variable of the place holds the change is.
    fn put_in(&mut self, place: &Place, tree: &Tree, at: At, depth: usize) {
        if tree.is_empty() {
            return;
        }
        self.put_once(place, tree, at, depth);
        self.put_in_aliases(place, tree, at, false);
    }

    fn put_in_aliases(&mut self, place: &Place, tree: &Tree, at: At, through: bool) {
        if tree.is_empty() {
            return;
        }
        for other in self.aliases.of(self.taint.values.models, self.func, place, through) {
            self.put_once(&other, tree, at, other.path.len() + 1);
        }
    }

    fn put_once(&mut self, place: &Place, tree: &Tree, at: At, depth: usize) {
        let keys: Vec<Symbol> = place.path.iter().filter_map(key_of).collect();
        let under = tree.under(&keys);
        if let Some(var) = self.var(&place.base) {
            self.put_out(var, &under, depth);
            self.state_mut().entry(var).or_default().join(&under);
        }
        if let Base::Cell(cell) = &place.base {
            self.put_shared(*cell, &under, at);
        }
        for depth in 0..place.path.len() {
            let values = self.taint.values.prefix_values(self.id, place, depth);
            let keys: Vec<Symbol> = place.path[depth..].iter().filter_map(key_of).collect();
            let Some((key, rest)) = keys.split_first() else { continue };
            for value in values {
                let heaps: Vec<Heap> = match value {
                    Value::Instance(class) | Value::Typed(class) => {
                        let homes = self.taint.homes.of(self.taint.values, *class, key);
                        homes.iter().map(|home| Heap::Field(*home, key.clone())).collect()
                    }
                    Value::Class(class) => vec![Heap::Field(*class, key.clone())],
                    Value::Module(module) => self.taint.exported(*module, key).into_iter().map(Heap::Cell).collect(),
                    _ => Vec::new(),
                };
                for heap in heaps {
                    let heap = self.taint.names.heap(heap);
                    for mut entry in tree.under(rest).into_entries() {
                        entry.step_inside(0);
                        self.write(heap, entry, |entry| entry.then(at, What::Stored(key.clone())));
                    }
                }
            }
        }
    }

    /// Adds to what functions find in a variable that outlives the call, or that they share.
    fn put_shared(&mut self, cell: CellId, tree: &Tree, at: At) {
        let program = self.taint.values.program;
        let name = program.cells[cell].name.clone();
        let is_inner = !self.is_own(cell) && program.funcs[program.cells[cell].owner].kind != FuncKind::Init;
        for heap in std::iter::once(Heap::Cell(cell)).chain(is_inner.then_some(Heap::Inner(cell))) {
            let heap = self.taint.names.heap(heap);
            for entry in tree.entries() {
                self.write(heap, entry.clone(), |entry| entry.then(at, What::Stored(name.clone())));
            }
        }
    }

    /// A store into what a parameter holds is seen by the caller; one into a copy of that is not.
    fn put_out(&mut self, var: Var, tree: &Tree, depth: usize) {
        let Some(held) = self.state.get(&var) else { return };
        let targets: Vec<(u32, Path)> = held
            .entries()
            .iter()
            .filter(|entry| entry.at.is_empty() && entry.form == Form::Exact)
            .filter(|entry| depth > 1 || !entry.marks.has(Marks::COPY))
            .filter_map(|entry| match entry.root {
                Root::Param(index) => Some((index, entry.path.clone())),
                _ => None,
            })
            .collect();
        for (index, path) in targets {
            for entry in tree.under(&path).into_entries() {
                self.summary.add_out(index, entry);
            }
        }
    }

    /// What an object of a class is made with goes to the fields of the class.
    pub(super) fn fill_instances(&mut self, values: &[Value], tree: &Tree, at: At) {
        for value in values {
            let Value::Instance(class) = value else { continue };
            for entry in tree.entries() {
                let Some((key, rest)) = entry.at.split_first() else { continue };
                for home in self.taint.homes.of(self.taint.values, *class, key).iter() {
                    let heap = self.taint.names.heap(Heap::Field(*home, key.clone()));
                    let mut inner = Entry { at: rest.into(), ..entry.clone() };
                    inner.step_inside(0);
                    self.write(heap, inner, |entry| entry.then(at, What::Stored(key.clone())));
                }
            }
        }
    }

    pub(super) fn write(&mut self, heap: HeapId, entry: Entry, finish: impl FnOnce(Entry) -> Entry) {
        let Some(mut entry) = entry.also(&self.here()) else { return };
        // What a place holds is any of what is put there.
        entry.marks = entry.marks.lacking(Marks::NO_TEXT.with(Marks::TABLE));
        match entry.root {
            Root::Param(_) => self.summary.add_write(heap, entry, finish),
            _ if self.taint.entered.is_idle(self.id) => {}
            Root::Heap(_) if self.keep_own(heap, &entry) => {}
            Root::Source(_) | Root::Heap(_) => self.taint.add_write(heap, entry, finish),
        }
    }

    /// Is there room for one more thing of an origin that is written to a place?
    pub(super) fn takes_write(&self, heap: HeapId, root: Root) -> bool {
        match root {
            Root::Param(_) => !self.summary.is_full_of_writes(),
            Root::Source(_) | Root::Heap(_) => self.taint.takes_write(heap, root),
        }
    }

    /// `finish`: what is done to a hit that is new.
    pub(super) fn hit(&mut self, hit: Hit, finish: impl FnOnce(Entry) -> Entry) {
        if self.taint.is_too_deep(hit.sink, &hit.entry) {
            return;
        }
        let Some(entry) = hit.entry.also(&self.here()) else { return };
        let hit = Hit { entry, ..hit };
        match hit.entry.root {
            Root::Param(_) => self.summary.add_hit(hit, finish),
            _ if self.taint.entered.is_idle(self.id) => {}
            Root::Source(_) | Root::Heap(_) => self.taint.add_hit(hit, finish),
        }
    }

    /// Is there room for one more hit of an origin?
    pub(super) fn takes_hit(&self, root: Root) -> bool {
        !matches!(root, Root::Param(_)) || !self.summary.is_full_of_hits()
    }
}

/// Takes away what a variable, or a field in it, holds.
fn forget(state: &mut BTreeMap<Var, Tree>, var: Var, keys: &[Symbol]) {
    if keys.is_empty() {
        state.remove(&var);
    } else if !keys.iter().any(|key| key == ANY)
        && let Some(known) = state.get_mut(&var)
    {
        known.clear(keys);
        if let [key] = keys {
            *known = known.map(|entry| entry.lacking(key));
        }
    }
}

/// Is a part of a source nothing that can be an error? What a library gives beside an answer may be one.
pub(crate) fn is_never_error(source: &Source, path: &[Symbol]) -> bool {
    match source.kind {
        Kind::Error | Kind::Stack => false,
        Kind::Response => path.is_empty(),
        _ => true,
    }
}
