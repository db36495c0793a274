//! What a library call gives: the rows of its model, what methods of every text, list or result do, and what is taken to
//! happen where nobody knows.

use std::borrow::Cow;

use crate::base::Symbol;
use crate::base::idx::Id;
use crate::ir::instr::{Arg, ArgKind, Base, Call, CallStyle, Const, Field, InstrId, Op};
use crate::ir::program::Language;
use crate::models::errors::ErrorClass;
use crate::models::flows::AddressPart;
use crate::models::index::{RowRef, Table};
use crate::models::lists::ErrorFate;
use crate::models::path::{Port, PortHead};
use crate::resolve::ports::{PortValue, argument};
use crate::resolve::solve::CallKind;
use crate::resolve::values::{At, Value};

use super::apply::{MESSAGE, port_keys};
use super::domain::{ANY, ARGS, ERR, Entry, ErrorKind, Form, KEYS, Kind, Marks};
use super::no_error::is_no_error;
use super::shown::Shown;
use super::solve::is_error_part;
use super::trace::What;
use super::transfer::Pass;
use super::tree::Tree;
use super::words::Keeps;

/// What a front end calls `a..b`.
const RANGE: &str = "range";

/// What models call a value that was made a text which is data.
const SERIALISED: &str = "serialised";

/// The places of a pair; of one of a number and an item the item's.
const HALVES: [&str; 2] = ["0", ITEM_OF_PAIR];
const ITEM_OF_PAIR: &str = "1";

/// What a value is, as far as it decides what a library call makes of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Callee {
    /// A function of a module: `path.join`, `json.dumps`.
    Function,
    /// A method of an object that a library made: `client.search`.
    Method,
    Unknown,
}

impl Pass<'_, '_> {
    /// What a library call gives; also what it raises and puts into its arguments.
    pub(super) fn library(&mut self, call: &Call, id: InstrId, receiver: &Tree, is_known: bool) -> Tree {
        let at = (self.id, id);
        let values = self.taint.values;
        let mut result = Tree::default();
        if let (Some((_, Field::Name(name))), false) = (call.callee.split_last(), is_known)
            && (self.taint.words.is_clean_method(self.language, name) || self.tells_position(call, at, name))
            && values.call_rows(at, Table::Flow).is_empty()
        {
            return result;
        }
        let sourced = self.call_sources(at, &mut result);
        let is_header = self.asked_header(call, at, receiver, &mut result);
        let flows: Vec<RowRef> = values.call_rows(at, Table::Flow);
        let is_clean = !values.call_rows(at, Table::Clean).is_empty();
        let is_sink = !values.call_rows(at, Table::Sink).is_empty();
        let mut raised = Tree::default();
        let gives_of_object =
            |row: &RowRef| values.models.flow(*row).from.iter().any(|port| port.head == PortHead::Receiver);
        let by_key = if flows.is_empty() || flows.iter().any(gives_of_object) {
            self.looked_up(call, at, receiver)
        } else {
            None
        };
        let found = by_key.as_ref().filter(|_| !flows.is_empty());
        if let Some(found) = found {
            result.join(found);
        }
        // What is looked up by its name is known; what is put into the object beside that is not.
        let puts_in = |row: &RowRef| values.models.flow(*row).to.iter().all(|port| port.head == PortHead::Receiver);
        for row in flows.iter().filter(|row| found.is_none() || puts_in(row)) {
            self.flow_row(call, at, *row, receiver, &mut result, &mut raised);
        }
        self.raised_by_bound(call, at, &mut result, &mut raised);
        // What a method of every text, list or result does is no other library's work: it raises nothing.
        let mut by_name = false;
        if flows.is_empty() && !is_clean && !is_known && !sourced && !is_sink && (by_key.is_some() || !is_header) {
            let kept = by_key.or_else(|| self.error_made(call, at)).or_else(|| self.by_name(call, at, receiver));
            by_name = kept.is_some() && !self.may_fail(call);
            if by_name && self.language == Language::Rust && self.awaited.contains(&id) {
                self.gives_results(at, &mut result);
            }
            result.join(&kept.unwrap_or_else(|| self.obscure(call, id, receiver)));
        }
        // What a variable holds by its declared type is an object, too.
        let is_method = self.callee_of(at) != Callee::Function || matches!(call.callee.base, Base::Local(_));
        if !is_known && !is_clean && !is_sink && !sourced && is_method {
            self.asked_credential(call, at, &mut result);
        }
        // In Rust what cannot write says so by its result.
        let fails_silently = is_sink && self.language != Language::Rust;
        if !is_known && !is_clean && !fails_silently && !by_name && call.style != CallStyle::Macro {
            self.library_raises(call, at, &raised, &mut result);
        }
        result
    }

    /// Is it a method that texts have, too, and that may fail: `text.parse()`?
    fn may_fail(&self, call: &Call) -> bool {
        matches!(call.callee.path.last(), Some(Field::Name(name)) if self.taint.words.is_failing_method(self.language, name))
    }

    /// No method of a text or list is waited for. What a stream gives may be an error: `Some(Err(e)) = stream.next().await`.
    fn gives_results(&mut self, at: At, result: &mut Tree) {
        let mut error = self.source(Kind::Error, at, None);
        error.at.push(ERR.into());
        result.join(&Tree::of(error).in_ok());
    }

    fn library_raises(&mut self, call: &Call, at: At, raised: &Tree, result: &mut Tree) {
        if self.language == Language::Rust {
            let values = self.taint.values;
            let can_fail = match &*call.callee.path {
                [.., Field::Name(name)] => {
                    // A method of a variable that is declared to be of a library's type is no function of it.
                    let is_method = matches!(call.callee.base, Base::Local(_));
                    self.callee_of(at) == Callee::Function && !is_method
                        || self.awaited.contains(&at.1)
                        || !self.taint.words.is_infallible_method(self.language, name)
                }
                _ => true,
            };
            if can_fail
                && !self.makes_by_name(call)
                && !values.call_rows(at, Table::Flow).iter().any(|row| values.models.flow(*row).infallible)
            {
                let mut error = self.source(Kind::Error, at, None);
                error.at.push(ERR.into());
                result.add(error);
            }
            result.join(&raised.under(&[ERR.into()]));
        } else {
            self.fail_in_library(at, raised, true, result);
        }
    }

    pub(super) fn flow_row(
        &mut self,
        call: &Call,
        at: At,
        row: RowRef,
        receiver: &Tree,
        result: &mut Tree,
        raised: &mut Tree,
    ) {
        let flow = self.taint.values.models.flow(row);
        let values = self.taint.values;
        if flow.class
            || flow.object
            || !values.version_allows(Some(at.0), row, flow.versions.as_deref())
            || !values.holds(at, &flow.when)
            || flow.to.iter().any(|to| port_keys(to).iter().any(|key| key == KEYS)) && self.moves_between_tables(call)
        {
            return;
        }
        let mut moved = Tree::default();
        for from in &flow.from {
            if flow.items && self.goes_through_table(call, from) {
                continue;
            }
            let mut held = match from.head {
                PortHead::Sent => self.sent(at, from, flow.topic.as_ref()),
                PortHead::Caught => self.handled(at),
                PortHead::AllArgs if flow.copies && from.path.is_empty() => self.all_by_name(call),
                _ => self.port_tree(call, from, receiver),
            };
            if !flow.without.is_empty() {
                let whole = Port { head: from.head.clone(), path: Vec::new() };
                let left = |entry: Entry| flow.without.iter().try_fold(entry, Entry::lacking);
                held = self.port_tree(call, &whole, receiver).map(left);
                for key in port_keys(from) {
                    held = held.read(&key);
                }
            }
            if flow.text && from.path.is_empty() {
                held = self.shown_of(&held, Form::Text);
            }
            if let Some(errors) = &flow.errors {
                held = self.taint.in_json(&held, errors, at);
            }
            let keeps_error =
                flow.whole || from.head == PortHead::Receiver || !from.path.is_empty() || flow.moves_sent();
            moved.join(&if keeps_error { held } else { held.only(is_no_error) });
            if flow.shows
                && from.path.is_empty()
                && let Some(value) = argument(call, &from.head)
            {
                moved.join(&self.inside(value, Shown::Fields, at));
            }
        }
        let dropped = self.names_listed(at, &flow.drops);
        if !dropped.is_empty() {
            moved = moved.map(|entry| dropped.iter().try_fold(entry, Entry::lacking));
        }
        if let Some(names) = self.names_of_fields(at, &flow.only) {
            let whole = moved;
            moved = Tree::default();
            for name in names {
                moved.join(&whole.read(&name).under(&[name]));
            }
        }
        if let Some(member) = &flow.member {
            moved = self.named_members(&moved, at, member);
        }
        let moved = moved.map(|entry| Some(entry.then(at, What::Through)));
        let moved = match (flow.text, flow.debug) {
            (_, true) => moved.formed(Form::Debug, at),
            (true, false) => moved.formed(Form::Text, at),
            (false, false) => moved,
        };
        let moved = if flow.copies { moved.copied() } else { moved };
        let moved = if flow.whole { self.raised_whole(call, flow, moved) } else { moved };
        let by = self.taint.values.port_text(at, &flow.redacts);
        let is_redacted = by.is_some_and(|text| self.taint.words.is_placeholder(&text));
        let moved = if is_redacted { moved.marked(Marks::REDACTED) } else { moved };
        let moved = if flow.names { moved.marked(Marks::OTHER_PART) } else { moved };
        let moved = if flow.of_file { moved.marked(Marks::FILE) } else { moved };
        let moved = match flow.of_address {
            Some(AddressPart::Server) => moved.only_server().marked(Marks::OTHER_PART),
            Some(AddressPart::Path) => moved.without_query(),
            None => moved,
        };
        let moved = if flow.beneath { moved.map(|entry| Some(entry.beneath())) } else { moved };
        let moved = if flow.query { moved.marked(Marks::QUERY) } else { moved };
        let moved = if flow.unlisted && !flow.parses { moved.marked(Marks::IN_ERROR) } else { moved };
        let moved = if flow.in_ok { moved.in_ok() } else { moved };
        let moved = if flow.parses { moved.only(|entry| !entry.marks.has(Marks::UNREAD)) } else { moved };
        if moved.is_empty() {
            return;
        }
        let moved = if flow.kept_as.is_empty() { moved } else { moved.under(&[self.kept_as(at, &flow.kept_as)]) };
        let kind = flow.raises.map(ErrorKind::Listed).or_else(|| self.library_error());
        let moved = if self.serialises(at) { moved.marked(Marks::WRITTEN) } else { moved };
        let reads_own = flow.parses && self.reads_own(call);
        // What was serialised before can be read.
        let unread = match flow.parses {
            true => Cow::Owned(moved.only(|entry| !entry.is_readable())),
            false => Cow::Borrowed(&moved),
        };
        for to in &flow.to {
            match &to.head {
                // What was just made a text can be read.
                PortHead::Throws if reads_own || flow.leaves_own && self.is_own_instance(call, at) => {}
                PortHead::Return if flow.parses => {
                    // What is read of an error's text is no error.
                    let read = moved.map(|entry| Some(if self.is_raw_error(&entry) { entry } else { entry.parsed() }));
                    result.join(&read.under(&port_keys(to)));
                }
                PortHead::Return => {
                    result.join(&moved.under(&port_keys(to)));
                }
                PortHead::Throws if flow.whole => {
                    raised.join(&unread.under(&port_keys(to)));
                }
                PortHead::Throws if to.path.is_empty() => {
                    // The other fields of an exception are not its text.
                    let path: &[Symbol] = if self.language == Language::Python { &[ARGS.into()] } else { &[] };
                    raised.join(&unread.formed(Form::Text, at).under(path).of_error(kind));
                }
                PortHead::Throws => {
                    let keys = port_keys(to);
                    // An object in another field of a script's error than its text is that object.
                    let is_kept = self.language == Language::Script && keys.first().is_some_and(|key| key != MESSAGE);
                    let told = if is_kept { unread.as_ref().clone() } else { unread.formed(Form::Text, at) };
                    let told = if flow.unlisted { told.marked(Marks::IN_ERROR) } else { told };
                    raised.join(&told.under(&keys).of_error(kind));
                }
                PortHead::Sent if flow.sent_in.is_empty() => self.send(at, (to, flow.topic.as_ref()), &moved),
                PortHead::Sent => self.send(at, (to, flow.topic.as_ref()), &moved.under(&flow.sent_in)),
                _ => self.put_at(call, at, to, &moved),
            }
        }
    }

    /// What a call is handed of which a table or an object is made: by name what has one.
    fn all_by_name(&self, call: &Call) -> Tree {
        let mut all = Tree::default();
        for arg in &call.args {
            let held = &self.given[arg.value.index()];
            match &arg.kind {
                ArgKind::Named(name) => all.join(&held.under(std::slice::from_ref(name))),
                ArgKind::Spread => all.join(&held.read(ANY)),
                ArgKind::Positional | ArgKind::SpreadNamed => all.join(held),
            };
        }
        all
    }

    /// Does a call read what another one serialised: `JSON.parse(JSON.stringify(settings))`?
    fn reads_own(&self, call: &Call) -> bool {
        call.args.first().is_some_and(|arg| {
            matches!(self.func.instrs[arg.value].op, Op::Call(_)) && self.serialises((self.id, arg.value))
        })
    }

    /// Is a call one of a library that gives a text which the same library can read?
    fn serialises(&self, at: At) -> bool {
        let values = self.taint.values;
        let is_serialised = |row: RowRef| values.models.source(row).kind == SERIALISED;
        values.call_rows(at, Table::Source).into_iter().any(is_serialised)
    }

    /// The field under which something is kept that the texts at ports name: `--api-key` is `api_key`.
    fn kept_as(&self, at: At, ports: &[String]) -> Symbol {
        let values = self.taint.values;
        let texts = || ports.iter().filter_map(|port| values.port_text(at, std::slice::from_ref(port)));
        let is_short = |text: &Symbol| text.starts_with('-') && !text.starts_with("--");
        let named = texts().find(|text| !is_short(text)).or_else(|| texts().next());
        let named =
            named.or_else(|| self.literal(argument(values.call_at(at)?, &values.models.port(ports.first()?)?.head)?));
        named.map_or(ANY.into(), |text| text.trim_start_matches('-').replace('-', "_").into())
    }

    /// The text that a value is, also where it is made another kind of text: `"page".to_owned()`.
    fn literal(&self, value: InstrId) -> Option<Symbol> {
        match &self.func.instrs[value].op {
            Op::Const(Const::Str(text)) => Some(text.clone()),
            Op::Call(call) if call.args.is_empty() => match (&call.callee.base, &*call.callee.path) {
                (Base::Value(of), [Field::Name(name)]) if self.taint.values.models.gives_the_same(name) => {
                    self.literal(*of)
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The members of a value that a port of a call can name.
    fn named_members(&self, of: &Tree, at: At, member: &Port) -> Tree {
        let values = self.taint.values;
        let PortValue::Known(names) = values.port_values(at, member) else { return of.read(ANY) };
        let is_text = |name: &&Value| matches!(name, Value::Const(Const::Str(_)));
        let is_told = |name: &&Value| !names.iter().any(|name| is_text(&name)) || !values.is_some_text(name);
        let mut found = Tree::default();
        for name in names.iter().filter(is_told) {
            found.join(&match name {
                Value::Const(Const::Str(name)) => of.read(name),
                _ => of.read(ANY),
            });
        }
        found
    }

    /// Which kind of thing is called.
    fn callee_of(&self, at: At) -> Callee {
        let Some(slot) = self.taint.values.callee_slot(at) else { return Callee::Unknown };
        let mut kind = Callee::Unknown;
        for value in self.taint.values.of_slot(slot).items() {
            match value {
                Value::Api(_, Some(_)) => return Callee::Method,
                Value::Api(_, None) => kind = Callee::Function,
                _ => {}
            }
        }
        kind
    }

    /// The listed error class of a library that a call makes an error of.
    pub(super) fn class_made(&self, at: At) -> Option<ErrorClass> {
        let models = self.taint.values.models;
        let callee = self.taint.values.of_slot(self.taint.values.callee_slot(at)?);
        callee.items().iter().find_map(|value| match value {
            Value::Api(node, None) => models.errors.of_node(&models.index, *node),
            _ => None,
        })
    }

    /// An exception of the language keeps what it is made with. So does one of a library that is made with a text alone, and
    /// things by their names: `httpx.HTTPStatusError("no such note", request=…, response=…)`.
    fn error_made(&self, call: &Call, at: At) -> Option<Tree> {
        if self.language != Language::Python || call.style != CallStyle::Plain {
            return None;
        }
        let is_builtin = match (&call.callee.base, &*call.callee.path) {
            (Base::Global(name), []) => self.taint.values.models.errors.named(self.language, name).is_some(),
            _ => false,
        };
        if !is_builtin {
            let n_plain = call.args.iter().filter(|arg| arg.kind == ArgKind::Positional).count();
            self.class_made(at).filter(|_| n_plain == 1)?;
        }
        let mut made = Tree::default();
        for (position, arg) in call.args.iter().enumerate() {
            let held = &self.given[arg.value.index()];
            let path: &[Symbol] = match &arg.kind {
                ArgKind::Positional => &[ARGS.into(), position.to_string().into()],
                ArgKind::Named(name) if !is_builtin => std::slice::from_ref(name),
                _ => &[ARGS.into()],
            };
            made.join(&held.under(path));
        }
        Some(made)
    }

    /// What a method gives whose name all texts and lists have, on an object that nothing is known of.
    fn by_name(&self, call: &Call, at: At, receiver: &Tree) -> Option<Tree> {
        let Some(Field::Name(name)) = call.callee.path.last() else { return None };
        let words = self.taint.words;
        let receiver = match self.callee_of(at) {
            Callee::Function => match self.object_given(call, name) {
                Some(object) => object,
                None if receiver.is_empty() => return None,
                None => receiver,
            },
            _ => receiver,
        };
        if let Some(fate) = self.error_fate(name) {
            let mut kept = match fate {
                ErrorFate::Shown => receiver.clone(),
                ErrorFate::Given => receiver.read(ERR),
                ErrorFate::Covered => {
                    receiver.map(|entry| Some(if is_error_part(&entry) { entry.beneath() } else { entry }))
                }
                _ if self.taint.values.models.takes_out(name) => receiver.out_of_ok(),
                _ => receiver.only(|entry| !is_error_part(entry)),
            };
            if fate == ErrorFate::Covered {
                for arg in &call.args {
                    let held = &self.given[arg.value.index()].only(is_no_error);
                    kept.join(&held.formed(Form::Text, at).under(&[ERR.into()]));
                }
            }
            if fate == ErrorFate::Mapped {
                for arg in &call.args {
                    kept.join(&self.given[arg.value.index()].under(&[ERR.into()]));
                }
            }
            return Some(kept.map(|entry| Some(entry.then(at, What::Through))));
        }
        if words.is_mapping_method(self.language, name) {
            let callees = self.taint.values.callees(at);
            // The error of a result stays what it is; something may be given in its place.
            let kept = || match self.language {
                Language::Rust if self.taint.values.models.takes_out(name) => {
                    let mut given = Tree::default();
                    for arg in &call.args {
                        given.join(&self.given[arg.value.index()]);
                    }
                    given
                }
                Language::Rust => receiver.only(|entry| !is_no_error(entry)),
                _ => Tree::default(),
            };
            return callees.iter().any(|(_, kind)| *kind == CallKind::Callback).then(kept);
        }
        if words.is_numbering_method(self.language, name) {
            let items = receiver.only(is_no_error).read(ANY).under(&[ANY.into(), ITEM_OF_PAIR.into()]);
            return Some(items.map(|entry| Some(entry.then(at, What::Through))));
        }
        if words.is_pairing_method(self.language, name) {
            let mut pairs = Tree::default();
            let handed = call.args.first().map(|arg| &self.given[arg.value.index()]);
            for (half, items) in HALVES.into_iter().zip([Some(receiver), handed].into_iter().flatten()) {
                pairs.join(&items.only(is_no_error).read(ANY).under(&[ANY.into(), half.into()]));
            }
            return Some(pairs.map(|entry| Some(entry.then(at, What::Through))));
        }
        let keeps = match self.slices(call) {
            true => Keeps::Part,
            false => words.keeping_method(self.language, name)?,
        };
        let uncovered = self.taint.values.models.uncovers(name).then(|| receiver.unmarked(Marks::BENEATH));
        let receiver = uncovered.as_ref().unwrap_or(receiver);
        let rest = if words.is_cutting_method(self.language, name) { self.without_first(call, receiver) } else { None };
        let receiver = rest.as_ref().unwrap_or(receiver);
        // Half of what was serialised cannot be read.
        let cut = (!call.args.is_empty()).then(|| receiver.unmarked(Marks::WRITTEN));
        let receiver = cut.as_ref().unwrap_or(receiver);
        let mut tree = match keeps {
            Keeps::Text if self.cuts_query(call) => receiver.only(is_no_error).without_query().formed(Form::Text, at),
            Keeps::Text if self.cuts_password(call) => {
                receiver.only(is_no_error).without_password().formed(Form::Text, at)
            }
            Keeps::Text => self.uppermost(&receiver.only(is_no_error)).formed(Form::Text, at),
            Keeps::Part if words.is_copying_method(self.language, name) => receiver.copied(),
            Keeps::Part if words.is_item_method(self.language, name) => self.item_taken(call, receiver),
            Keeps::Part => receiver.clone(),
        };
        if let Some(first) = words.first_added(name) {
            for arg in call.args.iter().skip(first) {
                tree.join(&self.given[arg.value.index()].only(is_no_error).formed(Form::Text, at));
            }
        }
        if let Some(first) = words.first_handed(self.language, name) {
            for arg in call.args.iter().skip(first) {
                tree.join(&self.given[arg.value.index()]);
            }
        }
        let is_inside = |entry: Entry| (entry.form != Form::Held).then(|| entry.then(at, What::Through));
        Some(tree.map(is_inside))
    }

    /// The object of a method that is called by the name of its type: `ToString::to_string(&title)`.
    fn object_given(&self, call: &Call, name: &str) -> Option<&Tree> {
        let [object] = call.args.as_slice() else { return None };
        let owner = match (call.callee.path.as_ref(), &call.callee.base) {
            ([.., Field::Name(owner), _], _) | ([_], Base::Global(owner)) => owner,
            ([_], Base::Cell(cell)) => &self.taint.values.program.cells[*cell].name,
            _ => return None,
        };
        let is_type = owner == "str"
            || owner.starts_with(|first: char| first.is_uppercase())
                && owner.contains(|char: char| char.is_lowercase());
        let is_method =
            self.language == Language::Rust && self.taint.words.keeping_method(self.language, name).is_some();
        (is_type && is_method).then(|| &self.given[object.value.index()])
    }

    /// Does the call give a part of a text or list: `token.get(..8)`?
    pub(super) fn slices(&self, call: &Call) -> bool {
        let is_range = |arg: &Arg| matches!(self.func.instrs[arg.value].op, Op::Unknown(RANGE, _));
        self.language == Language::Rust && self.looks_up(call) && call.args.first().is_some_and(is_range)
    }

    /// What becomes of the error of a result by a method of this name.
    pub(super) fn error_fate(&self, name: &str) -> Option<ErrorFate> {
        if self.language == Language::Rust { self.taint.values.models.error_fate(name) } else { None }
    }

    /// A library call that no model describes. What is computed from a value holds it; what is fetched with it does not.
    fn obscure(&mut self, call: &Call, id: InstrId, receiver: &Tree) -> Tree {
        let at = (self.id, id);
        let mut tree = Tree::default();
        let callee = self.callee_of(at);
        let is_fetched = self.awaited.contains(&id);
        let of_receiver = receiver.map(|entry| {
            let is_asked = entry.form == Form::Exact || entry.marks.has(Marks::OBSCURE);
            if entry.form == Form::Held || is_fetched && is_asked { None } else { Some(entry) }
        });
        tree.join(&of_receiver);
        let keeps_args = match callee {
            Callee::Function => true,
            Callee::Method | Callee::Unknown => self.language != Language::Python || !receiver.is_empty(),
        };
        if !is_fetched && keeps_args {
            let form =
                if call.style == CallStyle::New || self.is_constructor_name(call) { Form::Held } else { Form::Text };
            for arg in call.args.iter().skip(usize::from(self.looks_up(call))) {
                let held = &self.given[arg.value.index()];
                let is_name = |key: &Symbol| key != ANY && key.parse::<u32>().is_err();
                let has_fields = |entry: &Entry| entry.at.iter().any(is_name);
                let held = held.only(is_no_error).map(|entry| match entry.form {
                    Form::Held => None,
                    _ if has_fields(&entry) => Some(entry.held(at)),
                    _ => Some(entry.formed(form, at)),
                });
                tree.join(&held);
            }
        }
        let is_kept = |field: &Field| matches!(field, Field::Name(name) if self.taint.values.models.keeps(name));
        if !is_fetched && call.callee.path.last().is_some_and(is_kept) {
            self.keep_in_container(call, at);
        }
        let tree = tree.only(|entry| !entry.marks.has(Marks::UNREAD));
        tree.marked(Marks::OBSCURE).map(|entry| Some(entry.then(at, What::Through)))
    }

    /// `Json(answer)`: by the convention that only types and variants of Rust start with a capital, it makes one of them.
    fn makes_by_name(&self, call: &Call) -> bool {
        let name = match (call.callee.path.last(), &call.callee.base) {
            (Some(Field::Name(name)), _) | (None, Base::Global(name)) => name,
            (None, Base::Cell(cell)) => &self.taint.values.program.cells[*cell].name,
            _ => return false,
        };
        call.style == CallStyle::Plain && name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase)
    }

    /// `Client::new(key)`, `Client(key)`: by the convention that types start with a capital.
    fn is_constructor_name(&self, call: &Call) -> bool {
        let mut names = call.callee.path.iter().filter_map(|field| match field {
            Field::Name(name) => Some(name.as_str()),
            _ => None,
        });
        let base = match &call.callee.base {
            Base::Global(name) => Some(name.to_string()),
            Base::Cell(cell) => Some(self.taint.values.program.cells[*cell].name.to_string()),
            _ => None,
        };
        let capital =
            |name: &str| name.chars().next().is_some_and(char::is_uppercase) && name.chars().any(char::is_lowercase);
        match self.language {
            Language::Rust => false,
            _ => match names.next_back() {
                Some(last) => capital(last),
                None => base.is_some_and(|name| capital(&name)),
            },
        }
    }
}
