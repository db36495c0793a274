//! What is kept in containers by their methods, and what is looked up there by a name.

use crate::base::Symbol;
use crate::base::idx::Id;
use crate::ir::instr::{Arg, ArgKind, Base, Call, Const, Field, InstrId, Op, Place};
use crate::ir::program::Language;
use crate::resolve::values::{At, Value};

use super::domain::ANY;
use super::leading::assigned;
use super::no_error::is_no_error;
use super::trace::What;
use super::transfer::Pass;
use super::tree::Tree;

impl Pass<'_, '_> {
    /// Is the first argument the key of what the call gives?
    pub(super) fn looks_up(&self, call: &Call) -> bool {
        match call.callee.path.last() {
            Some(Field::Name(name)) => self.taint.words.is_lookup_method(self.language, name),
            _ => false,
        }
    }

    /// Does it tell where something stands in a text: `line.find(':')`? What is handed a function finds an item.
    pub(super) fn tells_position(&self, call: &Call, at: At, name: &str) -> bool {
        let is_function = |arg: &Arg| {
            let known = self.taint.values.of(self.id, arg.value).items();
            known.iter().any(|value| matches!(value, Value::Func(_)))
        };
        self.taint.words.is_position_method(self.language, name)
            && call.args.len() == 1
            && !call.args.iter().any(is_function)
            && !self.awaited.contains(&at.1)
    }

    /// What `settings.get("token")` gives, on an object that no model describes: the field of that name, or what is handed
    /// over to be given instead.
    pub(super) fn looked_up(&self, call: &Call, at: At, receiver: &Tree) -> Option<Tree> {
        let (key, others) = call.args.split_first()?;
        let is_waited_for = self.awaited.contains(&at.1);
        if !self.looks_up(call) || is_waited_for {
            return None;
        }
        // Under a key of which nothing is known is one of the items: `args.get(name)`, `rows.iter().find(|row| …)`.
        let is_item = self.language == Language::Rust
            && matches!(call.callee.path.last(), Some(Field::Name(name)) if self.taint.words.is_item_method(self.language, name))
            && !self.slices(call);
        let name = match self.taint.values.of(at.0, key.value).single_const() {
            Some(Const::Str(name)) => name.clone(),
            Some(Const::Int(place)) if is_item && *place >= 0 => place.to_string().into(),
            Some(_) => return None,
            None => match self.named_by_constant(key.value) {
                Some(name) => name,
                None if is_item => ANY.into(),
                None => return None,
            },
        };
        let mut tree = receiver.only(is_no_error).read(&name);
        for other in others {
            tree.join(&self.given[other.value.index()].only(is_no_error));
        }
        Some(tree.map(|entry| Some(entry.then(at, What::Through))))
    }

    /// What a library's constant names that is looked up: `headers.get(header::AUTHORIZATION)`.
    fn named_by_constant(&self, key: InstrId) -> Option<Symbol> {
        let values = self.taint.values;
        let Op::Load(place) = &self.func.instrs[key].op else { return None };
        let name = match (place.path.last(), &place.base) {
            (Some(Field::Name(name)), _) => name,
            (None, Base::Cell(cell)) => &values.program.cells[*cell].name,
            _ => return None,
        };
        let is_library = values.of(self.id, key).items().iter().any(|value| matches!(value, Value::Api(_, None)));
        let is_constant = self.language == Language::Rust && is_library && !name.contains(char::is_lowercase);
        is_constant.then(|| name.to_lowercase().into())
    }

    /// Does a call put into a table what another one has under the same name: `chosen.set(id, accounts.get(id))`? The name is
    /// one that is in the other table already.
    pub(super) fn moves_between_tables(&self, call: &Call) -> bool {
        let [key, kept, ..] = call.args.as_slice() else { return false };
        let Op::Load(key) = &self.func.instrs[key.value].op else { return false };
        let found = match &self.func.instrs[kept.value].op {
            Op::Load(Place { base, path }) if path.is_empty() => assigned(self.func, base),
            _ => Some(kept.value),
        };
        let Some(Op::Call(found)) = found.map(|found| &self.func.instrs[found].op) else { return false };
        let asked = found.args.first().map(|arg| &self.func.instrs[arg.value].op);
        self.looks_up(found) && matches!(asked, Some(Op::Load(asked)) if asked == key)
    }

    /// A method of an object or array literal keeps what it is given.
    pub(super) fn keep_in_container(&mut self, call: &Call, at: At) {
        let Some((place, _)) = call.callee.split_last() else { return };
        let Some(slot) = self.taint.values.receiver_slot(at) else { return };
        let values = self.taint.values.of_slot(slot).items();
        // What is in a library's container may be a list that a default made: `found["open"].append(title)`.
        let is_list = || {
            values.iter().all(|value| matches!(value, Value::Unknown | Value::Api(..)))
                && matches!(call.callee.path.last(), Some(Field::Name(name)) if self.taint.values.models.is_of_lists(name))
        };
        if !values.iter().any(|value| matches!(value, Value::Record(_))) && !is_list() {
            return;
        }
        let is_merging =
            matches!(call.callee.path.last(), Some(Field::Name(name)) if self.taint.values.models.merges(name));
        let merges = is_merging && self.gives_names(values);
        let extends =
            matches!(call.callee.path.last(), Some(Field::Name(name)) if self.taint.values.models.extends(name));
        let mut kept = Tree::default();
        for arg in &call.args {
            let given = &self.given[arg.value.index()];
            kept.join(&match &arg.kind {
                ArgKind::Named(name) if merges => given.under(std::slice::from_ref(name)),
                _ if merges => given.copied(),
                _ if extends => given.read(ANY).under(&[ANY.into()]),
                _ => given.under(&[ANY.into()]),
            });
        }
        self.put(&place, &kept, at);
    }
}
