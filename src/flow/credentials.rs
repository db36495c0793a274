//! What holds a credential by its name: fields, variables, parameters and headers that are asked for.

use crate::base::Symbol;
use crate::ir::func::FuncId;
use crate::ir::instr::{Arg, Base, Call, Const, Field, InstrId, Op, Place};
use crate::ir::program::Language;
use crate::resolve::solve::CallKind;
use crate::resolve::values::{At, Value};

use super::domain::{Entry, Kind, Marks, Root, Source, SourcePlace};
use super::solve::Taint;
use super::trace::{Trace, What};
use super::transfer::Pass;
use super::tree::Tree;
use super::words::{ResponsePart, Secrecy};

/// Where in a pair the name stands.
const FIRST_OF_PAIR: Field = Field::Index(0);

impl Pass<'_, '_> {
    /// A field that holds a credential by its name: `headers.authorization`, `config.apiKey`.
    pub(super) fn credential_field(&mut self, place: &Place, tree: &mut Tree, at: At) {
        let Some((_, Field::Name(name))) = place.split_last() else { return };
        if self.taint.words.is_headers(name) && self.is_request(&place.base, &place.path[..place.path.len() - 1]) {
            let entry = self.source(Kind::Headers, at, Some(name.clone()));
            tree.add(entry);
        } else if tree.entries().iter().all(|entry| !matches!(entry.root, Root::Source(_)))
            && let owners = self.taint.values.prefix_values(self.id, place, place.path.len() - 1)
            && owners.iter().any(|owner| self.holds_headers(owner, name))
        {
            let entry = self.source(Kind::Headers, at, Some(name.clone()));
            tree.add(entry);
        }
        self.named_credential(place, name, tree, at);
    }

    /// Are the headers that go with each request in a field of an object of settings which a library fills?
    pub(super) fn holds_headers(&self, owner: &Value, field: &Symbol) -> bool {
        let (Value::Instance(class) | Value::Typed(class)) = owner else { return false };
        let values = self.taint.values;
        self.language == Language::Rust
            && self.taint.words.is_headers_of_settings(field, &values.program.classes[*class].name)
            && values.is_filled_by_library(*class)
    }

    /// The same where the object is asked for what it has under the name: `config.get("password")`.
    pub(super) fn asked_credential(&mut self, call: &Call, at: At, tree: &mut Tree) {
        let Some((Field::Name(method), object)) = call.callee.path.split_last() else { return };
        let Some(key) = call.args.first().filter(|_| self.taint.words.asks_for_field(self.language, method)) else {
            return;
        };
        let Some(Const::Str(name)) = self.taint.values.of(at.0, key.value).single_const() else { return };
        // What a table that is written out has under the name is known; a default is not in it.
        let values = self.taint.values;
        let is_default =
            |value: &Value| call.args.iter().skip(1).any(|arg| values.of(at.0, arg.value).items().contains(value));
        let is_written = |value: &Value| matches!(value, Value::Const(Const::Str(_))) && !is_default(value);
        if values.of(at.0, at.1).items().iter().any(is_written) {
            return;
        }
        if self.is_asked_together(call, name) {
            let entry = self.credential(at, name.clone(), tree);
            tree.add(entry);
            return;
        }
        let path = object.iter().cloned().chain([Field::Name(name.clone())]).collect();
        self.named_credential(&Place { base: call.callee.base.clone(), path }, name, tree, at);
    }

    /// Does the function ask for others in the same way, so that the name means a credential: `query("code")` and `query("state")`
    /// in what answers `/callback`?
    fn is_asked_together(&self, call: &Call, name: &Symbol) -> bool {
        let values = self.taint.values;
        let text = |func: FuncId, call: &Call| match values.of(func, call.args.first()?.value).single_const()? {
            Const::Str(text) => Some(text.clone()),
            _ => None,
        };
        let asked = self.func.instrs.iter().filter_map(|instr| match &instr.op {
            Op::Call(other) if other.callee == call.callee => text(self.id, other),
            _ => None,
        });
        let asked: Vec<Symbol> = asked.collect();
        let asked: Vec<&str> = asked.iter().map(Symbol::as_str).collect();
        // `app.get("/callback", (context) => …)`
        let address = self.func.parent.and_then(|around| {
            let body = &values.program.funcs[around];
            let is_self = |arg: &Arg| matches!(body.instrs[arg.value].op, Op::Closure(func) if func == self.id);
            body.instrs.iter().find_map(|instr| match &instr.op {
                Op::Call(call) if call.args.iter().any(is_self) => text(around, call),
                _ => None,
            })
        });
        let address = address.as_ref().unwrap_or(&self.func.name).replace('/', " ");
        self.taint.words.is_credential_among(name, &address, &asked)
    }

    fn named_credential(&mut self, place: &Place, name: &Symbol, tree: &mut Tree, at: At) {
        let Some(secrecy) = self.taint.credential(name) else { return };
        if secrecy != Secrecy::Secret && !self.taint.is_credential_holder(place) {
            return;
        }
        let values = self.taint.values.place_values(self.id, place).unwrap_or_default();
        let is_other = |value: &Value| {
            matches!(value, Value::Const(_) | Value::Func(_) | Value::Class(_) | Value::Module(_) | Value::Variant(..))
        };
        if !values.is_empty() && values.iter().all(is_other)
            || values.iter().any(|value| self.taint.is_hidden_value(value))
        {
            return;
        }
        if tree.entries().iter().any(|entry| matches!(entry.root, Root::Source(_))) {
            return;
        }
        // What a client sends in its headers is nothing that the program knew before.
        let is_sent =
            place.path.iter().any(|field| matches!(field, Field::Name(name) if self.taint.words.is_headers(name)));
        let known = if is_sent { &Tree::default() } else { &*tree };
        let entry = self.credential(at, name.clone(), known);
        tree.add(entry);
    }

    /// Adds the header that a request is asked for by its name: `req.get("authorization")`, or all: `scope.get("headers")`. What
    /// a request is, is known by its name, or by its headers being in the receiver. True when the call gives a
    /// header, and nothing else of the request.
    pub(super) fn asked_header(&mut self, call: &Call, at: At, receiver: &Tree, result: &mut Tree) -> bool {
        let Some((Field::Name(method), object)) = call.callee.path.split_last() else { return false };
        // `request.header("authorization", value)` on a request that is being made; a default is only handed over elsewhere.
        if self.language == Language::Rust && call.args.len() > 1 {
            return false;
        }
        let Some(key) = call.args.first().filter(|_| self.taint.words.asks_for_header(method)) else { return false };
        let Some(Const::Str(name)) = self.taint.values.of(at.0, key.value).single_const() else { return false };
        let name: Symbol = name.to_lowercase().into();
        let is_request = self.is_request(&call.callee.base, object);
        if is_request && self.taint.words.is_headers(&name) {
            let entry = self.source(Kind::Headers, at, Some(name.clone()));
            result.add(entry);
        }
        let is_headers = |field: &Symbol| self.taint.words.headers_fields().iter().any(|known| known == field.as_str());
        let has_headers = receiver.entries().iter().any(|entry| entry.at.first().is_some_and(is_headers));
        if self.taint.credential(&name).is_none() {
            return is_request || has_headers;
        }
        if is_request {
            let mut entry = self.source(Kind::Headers, at, Some(name.clone()));
            entry.path.push(name.clone());
            result.add(entry);
        }
        for field in self.taint.words.headers_fields() {
            // The environment is asked for a variable, not for a header.
            let is_header = |entry: &Entry| !self.is_kind(entry, Kind::EnvAll);
            let held = receiver.read(field).read(&name);
            result.join(&held.map(|entry| is_header(&entry).then(|| entry.then(at, What::Through))));
        }
        true
    }

    /// Is the object in a place a request, by its name?
    fn is_request(&self, base: &Base, path: &[Field]) -> bool {
        match (path.last(), base) {
            (Some(Field::Name(name)), _) => self.taint.words.is_request(name),
            (Some(_), _) => false,
            (None, Base::Local(local)) => self.taint.words.is_request(&self.func.locals[*local].name),
            (None, Base::Cell(cell)) => self.taint.words.is_request(&self.taint.values.program.cells[*cell].name),
            (None, _) => false,
        }
    }

    /// What a call gave is kept under the name of a credential.
    pub(super) fn credential_local(&mut self, place: &Place, value: InstrId, tree: &mut Tree, at: At) {
        let (Base::Local(local), []) = (&place.base, &*place.path) else { return };
        let name = self.func.locals[*local].name.clone();
        let Some(secrecy) = self.taint.credential(&name) else { return };
        if secrecy != Secrecy::Secret && !self.is_credential_context()
            || tree.entries().iter().any(|entry| matches!(entry.root, Root::Source(_)))
            || self.taint.is_plain_type(self.func.locals[*local].ty.as_ref())
            || !self.is_made_by_program(value)
        {
            return;
        }
        let entry = self.credential(at, name, tree);
        tree.add(entry);
    }

    /// What is told near its source only says nothing of a body where it is kept as a label: `branch`, `version`, `count`.
    pub(super) fn label_local(&mut self, place: &Place, tree: &mut Tree) {
        let name = match (&place.base, &*place.path) {
            (Base::Local(local), []) => &self.func.locals[*local].name,
            (Base::Cell(cell), []) => &self.taint.values.program.cells[*cell].name,
            _ => return,
        };
        let (values, sources) = (self.taint.values, &self.taint.names.sources);
        let is_near = |entry: &Entry| match entry.root {
            Root::Source(source) => sources[source].row.is_some_and(|row| values.models.source(row).near),
            _ => false,
        };
        if tree.entries().iter().any(is_near) && self.taint.words.response_part(name) != ResponsePart::Body {
            *tree = tree.map(|mut entry| {
                if is_near(&entry) && entry.at.is_empty() {
                    entry.marks = entry.marks.with(Marks::LABEL);
                }
                Some(entry)
            });
        }
    }

    /// The first of a pair, kept under a name that tells that it is none: `for (cookie_name, value) in &cookies`.
    pub(super) fn name_local(&self, place: &Place, value: InstrId, tree: &mut Tree) {
        let (Base::Local(local), [], Op::Load(from)) = (&place.base, &*place.path, &self.func.instrs[value].op) else {
            return;
        };
        if from.path.last() == Some(&FIRST_OF_PAIR) && self.taint.words.is_of_name(&self.func.locals[*local].name) {
            *tree = tree.marked(Marks::OTHER_PART);
        }
    }

    /// Is the value what a function of the program gave, and no truth value or number?
    fn is_made_by_program(&self, value: InstrId) -> bool {
        match &self.func.instrs[value].op {
            Op::Await(value) => self.is_made_by_program(*value),
            // What `?` took out of a result.
            Op::Load(Place { base: Base::Value(value), path }) if matches!(&**path, [Field::Variant(_, 0)]) => {
                self.is_made_by_program(*value)
            }
            Op::Call(_) => {
                let callees = self.taint.values.callees((self.id, value));
                let program = self.taint.values.program;
                let gives_text = |func: FuncId| {
                    !self.taint.is_plain_type(program.funcs[func].ret.as_ref()) && !self.gives_consts(func)
                };
                !callees.is_empty()
                    && callees.iter().all(|(func, kind)| *kind != CallKind::Callback && gives_text(*func))
            }
            _ => false,
        }
    }

    fn gives_consts(&self, func: FuncId) -> bool {
        let set = self.taint.values.of_slot(self.taint.values.ret_slot(func));
        !set.items().is_empty() && set.items().iter().all(|value| matches!(value, Value::Const(_)))
    }

    /// Do the names of the function and its class tell that it has to do with credentials?
    fn is_credential_context(&self) -> bool {
        let words = self.taint.words;
        let values = self.taint.values;
        let owner = values.classes.owner(self.id).or(self.func.owner);
        words.is_credential_context(&self.func.name)
            || owner.is_some_and(|class| words.is_credential_context(&values.program.classes[class].name))
    }

    /// A parameter that holds a credential by its name.
    pub(super) fn credential_param(&mut self, index: u32) -> Option<Entry> {
        let param = self.func.params.get(index as usize)?;
        if self.taint.handlers.contains(&self.id)
            || self.taint.credential(&param.name)? != Secrecy::Secret && !self.is_credential_context()
        {
            return None;
        }
        let source = Source {
            kind: Kind::Credential,
            place: SourcePlace::Param(self.id, Some(index)),
            name: Some(param.name.clone()),
            by_name: true,
            row: None,
            asked: None,
        };
        let id = self.taint.names.source(source);
        Some(Entry { marks: Marks::GRAVE, ..Entry::new(Root::Source(id), Trace::default()) })
    }
}

impl Taint<'_> {
    /// Is a source one that stays where a value has no room for all that is in it? Answers of services and arguments are many, and
    /// so are errors and settings that are no secrets.
    pub(super) fn gravity(&self, source: &Source) -> Marks {
        let is_grave = match (source.kind, &source.name) {
            (Kind::Argument | Kind::Response | Kind::Error, _) => false,
            (Kind::Env, Some(name)) => self.words.env(name) == Secrecy::Secret,
            _ => true,
        };
        if is_grave { Marks::GRAVE } else { Marks::default() }
    }

    /// Does a place whose last name is `token` hold a credential, going by the names before it?
    pub(super) fn is_credential_holder(&self, place: &Place) -> bool {
        place.path.iter().rev().skip(1).any(|field| match field {
            Field::Name(name) => self.words.holds_credentials(name),
            _ => false,
        })
    }
}
