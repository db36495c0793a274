//! What a call does: the summaries of the program's functions, the rows of library models, and what is taken to happen
//! where nobody knows.

use std::rc::Rc;

use crate::base::idx::Id;
use crate::ir::func::{FuncId, FuncKind, ParamKind};
use crate::ir::instr::{ArgKind, Base, Call, CallStyle, Field, InstrId, Op};
use crate::ir::program::Language;
use crate::models::index::{RowRef, Table};
use crate::models::lists::ErrorFate;
use crate::models::path::{Port, PortHead, PortStep};
use crate::models::schema::CallbackTime;
use crate::resolve::ports::argument;
use crate::resolve::solve::CallKind;
use crate::resolve::values::{At, Value};

use super::bounds::{MAX_CALLEES, MAX_WRAPPER, MIN_WRAPPER_CALLERS};
use super::domain::{ANY, ERR, Entry, Form, Kind, Marks, RECEIVER, Root, Tree, What};
use super::summary::{Bound, Hit, Summary};
use super::transfer::{Applied, Pass, is_no_error};
use super::words::Keeps;

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
    pub(super) fn call(&mut self, call: &Call, id: InstrId) -> Tree {
        let at = (self.id, id);
        let callees: Vec<(FuncId, CallKind)> =
            self.taint.values.callees(at).iter().take(MAX_CALLEES).copied().collect();
        let receiver = match call.callee.split_last() {
            Some((place, _)) => self.load(&place, at),
            None => Tree::default(),
        };
        let mut result = Tree::default();
        let mut is_known = false;
        for (func, kind) in &callees {
            if *kind == CallKind::Callback {
                continue;
            }
            is_known = true;
            let marks = if *kind == CallKind::Guessed { Marks::GUESSED } else { Marks::default() };
            let bound = self.bind(call, *func, &receiver);
            result.join(&self.apply(at, *func, &bound, marks));
        }
        self.construct(call, at, &callees, &mut result);
        self.sinks(call, at, &receiver);
        let calls_library = self.is_library(at);
        if !is_known || calls_library {
            result.join(&self.library(call, id, &receiver, is_known));
        }
        self.callbacks(call, at, &callees, &receiver, &mut result);
        result
    }

    fn is_library(&self, at: At) -> bool {
        let Some(slot) = self.taint.values.callee_slot(at) else { return false };
        self.taint.values.of_slot(slot).items().iter().any(|value| matches!(value, Value::Api(..)))
    }

    // ---- functions of the program --------------------------------------------------------------------------------

    /// What a function's parameters hold at a call.
    fn bind(&self, call: &Call, func: FuncId, receiver: &Tree) -> Bound {
        let params = &self.taint.values.program.funcs[func].params;
        let mut bound = Bound { params: vec![Tree::default(); params.len()], receiver: receiver.clone() };
        let rest = params.iter().position(|param| param.kind == ParamKind::Rest);
        let rest_named = params.iter().position(|param| param.kind == ParamKind::RestNamed);
        let mut position = 0;
        for arg in &call.args {
            let held = &self.given[arg.value.index()];
            match &arg.kind {
                ArgKind::Positional => {
                    match params.get(position) {
                        Some(param) if param.kind == ParamKind::Plain => {
                            bound.params[position].join(held);
                        }
                        _ => {
                            if let Some(rest) = rest {
                                bound.params[rest].join(&held.under(&[ANY.into()]));
                            }
                        }
                    }
                    position += 1;
                }
                ArgKind::Named(name) => {
                    let is_rest = |kind: ParamKind| matches!(kind, ParamKind::Rest | ParamKind::RestNamed);
                    let target = params.iter().position(|param| param.name == *name && !is_rest(param.kind));
                    match (target, rest_named) {
                        (Some(index), _) => bound.params[index].join(held),
                        (None, Some(index)) => bound.params[index].join(&held.under(std::slice::from_ref(name))),
                        (None, None) => false,
                    };
                }
                ArgKind::Spread => {
                    let items = held.read(ANY);
                    for (index, param) in params.iter().enumerate().skip(position) {
                        match param.kind {
                            ParamKind::Plain => bound.params[index].join(&items),
                            ParamKind::Rest => bound.params[index].join(held),
                            _ => false,
                        };
                    }
                }
                ArgKind::SpreadNamed => {
                    for (index, param) in params.iter().enumerate() {
                        match param.kind {
                            ParamKind::Plain | ParamKind::NamedOnly => {
                                bound.params[index].join(&held.read(&param.name))
                            }
                            ParamKind::RestNamed => bound.params[index].join(held),
                            ParamKind::Rest => false,
                        };
                    }
                }
            }
        }
        bound
    }

    /// Joins the effects of a function that a library calls. What it logs, it logs itself: the call that hands it over says
    /// nothing of a log.
    fn called_back(&mut self, at: At, func: FuncId, bound: &Bound) -> Tree {
        self.joined(at, func, bound, Marks::default(), false)
    }

    /// Joins the effects of a function of the program; gives what it returns.
    pub(super) fn apply(&mut self, at: At, func: FuncId, bound: &Bound, marks: Marks) -> Tree {
        self.joined(at, func, bound, marks, true)
    }

    fn joined(&mut self, at: At, func: FuncId, bound: &Bound, marks: Marks, is_direct: bool) -> Tree {
        if let Some(seen) = &mut self.bound {
            seen.push((at, func, bound.clone()));
        }
        let summary = self.taint.summaries[func.index()].clone();
        let key = (at.1, func, is_direct);
        // A block that is visited once more mostly hands on what it handed on before: all that came of it is noted already.
        if let Some(known) = self.applied.get(&key)
            && Rc::ptr_eq(&known.summary, &summary)
            && known.marks == marks
            && known.bound.equals(bound)
        {
            let result = known.result.clone();
            self.put_outs(at, func, &summary, bound, &mut Tree::default());
            return result;
        }
        let result = self.effects(at, func, &summary, bound, marks, is_direct);
        self.applied.insert(key, Applied { summary, bound: bound.clone(), marks, result: result.clone() });
        result
    }

    fn effects(
        &mut self,
        at: At,
        func: FuncId,
        summary: &Summary,
        bound: &Bound,
        marks: Marks,
        is_direct: bool,
    ) -> Tree {
        let passed = (at, What::Passed(func));
        let mut result = Tree::default();
        if !self.is_constructor(func) {
            for entry in summary.returns.entries() {
                bound.fill_each(entry, Some(&passed), |mut entry| {
                    entry.marks = entry.marks.with(marks);
                    result.add(entry.then(at, What::Returned(func)));
                });
            }
        }
        for hit in &summary.hits {
            let open = is_direct && hit.open && summary.is_wrapper && hit.entry.root != Root::Param(RECEIVER);
            let primary = if open { at } else { hit.primary };
            bound.fill_each(&hit.entry, Some(&passed), |mut entry| {
                entry.marks = entry.marks.with(marks);
                self.hit(Hit { sink: hit.sink, primary, open, entry });
            });
        }
        for (heap, entry) in &summary.writes {
            bound.fill_each(entry, Some(&passed), |entry| self.write(*heap, entry));
        }
        self.put_outs(at, func, summary, bound, &mut result);
        let mut raised = Tree::default();
        for entry in summary.throws.entries() {
            bound.fill_each(entry, Some(&passed), |entry| {
                raised.add(entry.then(at, What::Thrown(func)));
            });
        }
        if !raised.is_empty() || summary.may_raise {
            self.fail(at, &raised, summary.may_raise, &mut result);
        }
        result
    }

    fn is_constructor(&self, func: FuncId) -> bool {
        self.taint.values.program.funcs[func].kind == FuncKind::Constructor
    }

    /// What a function puts into its parameters goes to what was handed to it; into the new object, if it makes one.
    fn put_outs(&mut self, at: At, func: FuncId, summary: &Summary, bound: &Bound, made: &mut Tree) {
        for (param, entry) in &summary.outs {
            let mut tree = Tree::default();
            bound.fill_each(entry, Some(&(at, What::Passed(func))), |entry| {
                tree.add(entry);
            });
            if *param == RECEIVER && self.is_constructor(func) {
                made.join(&tree);
            } else {
                self.put_into_port(at, func, *param, &tree);
            }
        }
    }

    /// A call fails: into the handler around it, or into the promise that it gives and that a callback waits for.
    pub(super) fn fail(&mut self, at: At, raised: &Tree, by_library: bool, result: &mut Tree) {
        if self.chained.contains(&at.1) {
            result.join(&raised.under(&[ERR.into()]));
        } else {
            self.raise(raised, by_library);
        }
    }

    /// A function put something into its parameter: into the place that was passed.
    fn put_into_port(&mut self, at: At, func: FuncId, param: u32, tree: &Tree) {
        let Op::Call(call) = &self.func.instrs[at.1].op else { return };
        if param == RECEIVER {
            if let Some((place, _)) = call.callee.split_last() {
                self.put(&place, tree, at);
            }
            return;
        }
        let name = self.taint.values.program.funcs[func].params.get(param as usize).map(|param| param.name.clone());
        let named = name.and_then(|name| argument(call, &PortHead::Named(name)));
        let value = named.or_else(|| argument(call, &PortHead::Arg(i32::try_from(param).unwrap_or(i32::MAX))));
        if let Some(value) = value {
            self.put_value(value, tree, at);
        }
    }

    /// Adds to what a value holds, in the place it was read from.
    pub(super) fn put_value(&mut self, value: InstrId, tree: &Tree, at: At) {
        match &self.func.instrs[value].op {
            Op::Load(place) => {
                let place = place.clone();
                self.put(&place, tree, at);
            }
            _ => {
                self.given[value.index()].join(tree);
            }
        }
    }

    /// Construction of a class without a constructor of the program: data classes, tuple structs, variants.
    fn construct(&mut self, call: &Call, at: At, callees: &[(FuncId, CallKind)], result: &mut Tree) {
        let program = self.taint.values.program;
        let Some(slot) = self.taint.values.callee_slot(at) else { return };
        let values = self.taint.values.of_slot(slot).items().to_vec();
        for value in &values {
            let (prefix, fields) = match value {
                Value::Class(class) => (None, Some(&program.classes[*class].fields)),
                Value::Variant(_, name) => (Some(name.clone()), None),
                _ => continue,
            };
            if prefix.is_none() && callees.iter().any(|(func, _)| program.funcs[*func].kind == FuncKind::Constructor) {
                continue;
            }
            let mut position = 0;
            let mut made = Tree::default();
            for arg in &call.args {
                let held = &self.given[arg.value.index()];
                let key = match &arg.kind {
                    ArgKind::Positional => {
                        let key = match (&prefix, fields.and_then(|fields| fields.get(position))) {
                            (Some(name), _) => format!("{name}.{position}").into(),
                            (None, Some(field)) => field.name.clone(),
                            (None, None) => position.to_string().into(),
                        };
                        position += 1;
                        key
                    }
                    ArgKind::Named(name) => name.clone(),
                    ArgKind::Spread | ArgKind::SpreadNamed => {
                        made.join(held);
                        continue;
                    }
                };
                made.join(&held.under(&[key]));
            }
            if let Value::Class(class) = value {
                self.fill_instances(&[Value::Instance(*class)], &made, at);
            }
            result.join(&made);
        }
    }

    // ---- libraries -----------------------------------------------------------------------------------------------

    /// What a library call gives; also what it raises and puts into its arguments.
    fn library(&mut self, call: &Call, id: InstrId, receiver: &Tree, is_known: bool) -> Tree {
        let at = (self.id, id);
        let values = self.taint.values;
        let mut result = Tree::default();
        if let (Some((_, Field::Name(name))), false) = (call.callee.split_last(), is_known)
            && self.taint.words.is_clean_method(self.language, name)
        {
            return result;
        }
        let sourced = self.call_sources(at, &mut result);
        let flows: Vec<RowRef> = values.call_rows(at, Table::Flow);
        let is_clean = !values.call_rows(at, Table::Clean).is_empty();
        let is_sink = !values.call_rows(at, Table::Sink).is_empty();
        let mut raised = Tree::default();
        for row in &flows {
            self.flow_row(call, at, *row, receiver, &mut result, &mut raised);
        }
        // What a method of every text, list or result does is no other library's work: it raises nothing.
        let mut by_name = false;
        if flows.is_empty() && !is_clean && !is_known && !sourced && !is_sink {
            let kept = self.by_name(call, at, receiver);
            by_name = kept.is_some();
            result.join(&kept.unwrap_or_else(|| self.obscure(call, id, receiver)));
        }
        if !is_known && !is_clean && !is_sink && !by_name && call.style != CallStyle::Macro {
            self.library_raises(at, &raised, &mut result);
        }
        result
    }

    fn library_raises(&mut self, at: At, raised: &Tree, result: &mut Tree) {
        if self.language == Language::Rust {
            let mut error = self.source(Kind::Error, at, None);
            error.at.push(ERR.into());
            result.add(error);
            result.join(&raised.under(&[ERR.into()]));
        } else {
            self.fail(at, raised, true, result);
        }
    }

    fn flow_row(&mut self, call: &Call, at: At, row: RowRef, receiver: &Tree, result: &mut Tree, raised: &mut Tree) {
        let flow = self.taint.values.models.flow(row);
        let mut moved = Tree::default();
        for from in &flow.from {
            let held = self.port_tree(call, from, receiver);
            let keeps_error = from.head == PortHead::Receiver || !from.path.is_empty();
            moved.join(&if keeps_error { held } else { held.only(is_no_error) });
            if flow.text
                && from.path.is_empty()
                && let Some(value) = argument(call, &from.head)
            {
                moved.join(&self.inside(value, at));
            }
        }
        let moved = moved.map(|entry| Some(entry.then(at, What::Through)));
        let moved = if flow.text { moved.formed(Form::Text, at) } else { moved };
        if moved.is_empty() {
            return;
        }
        for to in &flow.to {
            match &to.head {
                PortHead::Return => {
                    result.join(&moved.under(&port_keys(to)));
                }
                PortHead::Throws if to.path.is_empty() => {
                    raised.join(&moved.formed(Form::Text, at));
                }
                PortHead::Throws => {
                    raised.join(&moved.formed(Form::Text, at).under(&port_keys(to)));
                }
                PortHead::Receiver => {
                    if let Some((place, _)) = call.callee.split_last() {
                        let tree = moved.under(&port_keys(to));
                        self.put(&place, &tree, at);
                        if let Base::Value(value) = &place.base
                            && place.path.is_empty()
                        {
                            self.put_value(*value, &tree, at);
                        }
                    }
                }
                head => {
                    if let Some(value) = argument(call, head) {
                        let tree = moved.under(&port_keys(to));
                        self.put_value(value, &tree, at);
                    }
                }
            }
        }
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

    /// What a method gives whose name all texts and lists have, on an object that nothing is known of.
    fn by_name(&self, call: &Call, at: At, receiver: &Tree) -> Option<Tree> {
        let Some(Field::Name(name)) = call.callee.path.last() else { return None };
        let words = &self.taint.words;
        if self.callee_of(at) == Callee::Function && receiver.is_empty() {
            return None;
        }
        if let Some(fate) = self.error_fate(name) {
            let kept = if fate == ErrorFate::Shown { receiver.clone() } else { receiver.only(is_no_error) };
            return Some(kept.map(|entry| Some(entry.then(at, What::Through))));
        }
        if words.is_mapping_method(self.language, name) {
            let callees = self.taint.values.callees(at);
            return callees.iter().any(|(_, kind)| *kind == CallKind::Callback).then(Tree::default);
        }
        let keeps = words.keeping_method(self.language, name)?;
        let mut tree = match keeps {
            Keeps::Text => receiver.only(is_no_error).formed(Form::Text, at),
            Keeps::Part => receiver.clone(),
        };
        if let Some(first) = words.first_added(name) {
            for arg in call.args.iter().skip(first) {
                tree.join(&self.given[arg.value.index()].only(is_no_error).formed(Form::Text, at));
            }
        }
        let is_inside = |entry: Entry| (entry.form != Form::Held).then(|| entry.then(at, What::Through));
        Some(tree.map(is_inside))
    }

    /// What becomes of the error of a result by a method of this name.
    fn error_fate(&self, name: &str) -> Option<ErrorFate> {
        if self.language == Language::Rust { self.taint.values.models.error_fate(name) } else { None }
    }

    /// A library call that no model describes. What is computed from a value holds it; what is fetched with it does not.
    fn obscure(&mut self, call: &Call, id: InstrId, receiver: &Tree) -> Tree {
        let at = (self.id, id);
        let mut tree = Tree::default();
        let callee = self.callee_of(at);
        let is_fetched = self.awaited.contains(&id);
        let of_receiver = receiver.map(|entry| {
            if entry.form == Form::Held || is_fetched && entry.form == Form::Exact { None } else { Some(entry) }
        });
        tree.join(&of_receiver);
        let keeps_args = match callee {
            Callee::Function => true,
            Callee::Method | Callee::Unknown => self.language != Language::Python || !receiver.is_empty(),
        };
        if !is_fetched && keeps_args {
            let form =
                if call.style == CallStyle::New || self.is_constructor_name(call) { Form::Held } else { Form::Text };
            for arg in &call.args {
                let held = &self.given[arg.value.index()];
                let has_fields = |entry: &Entry| entry.at.first().is_some_and(|key| key != ANY);
                let held = held.only(is_no_error).map(|entry| {
                    let form = if has_fields(&entry) { Form::Held } else { form };
                    if entry.form == Form::Held { None } else { Some(entry.formed(form, at)) }
                });
                tree.join(&held);
            }
            self.keep_in_container(call, at);
        }
        tree.marked(Marks::OBSCURE).map(|entry| Some(entry.then(at, What::Through)))
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

    /// A method of an object or array literal keeps what it is given.
    fn keep_in_container(&mut self, call: &Call, at: At) {
        let Some((place, _)) = call.callee.split_last() else { return };
        let Some(slot) = self.taint.values.receiver_slot(at) else { return };
        let is_container =
            self.taint.values.of_slot(slot).items().iter().any(|value| matches!(value, Value::Record(_)));
        if !is_container {
            return;
        }
        let mut kept = Tree::default();
        for arg in &call.args {
            kept.join(&self.given[arg.value.index()].under(&[ANY.into()]));
        }
        self.put(&place, &kept, at);
    }

    // ---- callbacks -----------------------------------------------------------------------------------------------

    /// Functions handed to a library: what it calls them with, and what comes of their results.
    fn callbacks(&mut self, call: &Call, at: At, callees: &[(FuncId, CallKind)], receiver: &Tree, result: &mut Tree) {
        if callees.iter().all(|(_, kind)| *kind != CallKind::Callback) {
            return;
        }
        let rows = self.taint.values.call_rows(at, Table::Callback);
        let fate = match call.callee.path.last() {
            Some(Field::Name(name)) => self.error_fate(name),
            _ => None,
        };
        for (func, kind) in callees {
            if *kind != CallKind::Callback {
                continue;
            }
            let params = self.taint.values.program.funcs[*func].params.len();
            let mut bound = Bound { params: vec![Tree::default(); params], receiver: Tree::default() };
            let row = rows.iter().find(|row| self.is_callback_of(call, at, **row, *func)).copied();
            let mut returns = true;
            match row.map(|row| self.taint.values.models.callback(row)) {
                Some(callback) => {
                    returns = callback.returns;
                    for (index, gives) in callback.gives.iter().enumerate().take(params) {
                        bound.params[index] = self.port_tree(call, gives, receiver);
                    }
                    if callback.runs == CallbackTime::Failure && params > 0 {
                        let error = self.source(Kind::Error, at, None);
                        bound.params[0].add(error);
                        bound.params[0].join(&self.caught_tree(&receiver.read(ERR), at));
                    } else if self.chained.contains(&at.1) {
                        result.join(&receiver.map(|entry| {
                            if entry.at.first().is_some_and(|key| key == ERR) { Some(entry) } else { None }
                        }));
                    }
                }
                None if self.is_registration(at) => returns = false,
                None if !self.iterates(call) => {}
                None => {
                    // The error of a result, the items of a container, or whatever the receiver is.
                    let items = receiver.read(if fate.is_some() { ERR } else { ANY });
                    for param in &mut bound.params {
                        param.join(&items.map(|entry| if entry.form == Form::Held { None } else { Some(entry) }));
                    }
                }
            }
            let given = self.called_back(at, *func, &bound);
            if fate == Some(ErrorFate::Mapped) {
                result.join(&given.under(&[ERR.into()]));
            } else if returns && fate != Some(ErrorFate::Shown) {
                result.join(&given);
                result.join(&given.under(&[ANY.into()]));
            }
        }
    }

    fn iterates(&self, call: &Call) -> bool {
        matches!(call.callee.path.last(), Some(Field::Name(name)) if self.taint.values.models.iterates(name))
    }

    fn is_registration(&self, at: At) -> bool {
        let values = self.taint.values;
        [Table::Handler, Table::Crash, Table::Serve, Table::Sink]
            .iter()
            .any(|table| !values.call_rows(at, *table).is_empty())
    }

    fn is_callback_of(&self, call: &Call, at: At, row: RowRef, func: FuncId) -> bool {
        let callback = self.taint.values.models.callback(row);
        callback.func_ports.iter().any(|port| match argument(call, &port.head) {
            Some(value) if port.path.is_empty() => {
                self.taint.values.of(at.0, value).items().contains(&Value::Func(func))
            }
            Some(_) => true,
            None => matches!(port.head, PortHead::AllArgs | PortHead::ArgsFrom(_) | PortHead::Receiver),
        })
    }

    // ---- ports ---------------------------------------------------------------------------------------------------

    /// What stands at a port of a call.
    pub(super) fn port_tree(&self, call: &Call, port: &Port, receiver: &Tree) -> Tree {
        let mut tree = match &port.head {
            PortHead::Receiver => receiver.clone(),
            PortHead::AllArgs | PortHead::ArgsFrom(_) => {
                let from = if let PortHead::ArgsFrom(from) = port.head { from as usize } else { 0 };
                let mut all = Tree::default();
                for arg in call.args.iter().skip(from) {
                    let held = &self.given[arg.value.index()];
                    match &arg.kind {
                        ArgKind::Spread => all.join(&held.read(ANY)),
                        ArgKind::Named(_) if port.path.is_empty() => all.join(held),
                        _ => all.join(held),
                    };
                }
                all
            }
            head => match argument(call, head) {
                Some(value) => self.given[value.index()].clone(),
                None => Tree::default(),
            },
        };
        for key in port_keys(port) {
            tree = tree.read(&key);
        }
        tree
    }

    // ---- wrappers ------------------------------------------------------------------------------------------------

    /// Does the function do nothing but hand on to a log? It makes no object, gives nothing back, and all it calls is sinks,
    /// other such helpers, and functions of libraries that compute something.
    pub(super) fn is_wrapper(&self) -> bool {
        if self.summary.hits.iter().all(|hit| !hit.open)
            || self.func.instrs.len() > MAX_WRAPPER
            || matches!(self.func.kind, FuncKind::Init | FuncKind::Constructor)
            || self.taint.values.callers(self.id).len() < MIN_WRAPPER_CALLERS
        {
            return false;
        }
        let gives_back = self.func.blocks.iter().any(|block| match block.end {
            crate::ir::func::End::Return(Some(value)) => {
                !matches!(self.func.instrs[value].op, Op::Const(_)) && !self.given[value.index()].is_empty()
            }
            _ => false,
        });
        !gives_back
            && self.func.instrs.iter_enumerated().all(|(id, instr)| match &instr.op {
                Op::Call(_) => {
                    let callees = self.taint.values.callees((self.id, id));
                    callees.iter().all(|(func, _)| {
                        let summary = &self.taint.summaries[func.index()];
                        *func == self.id || summary.is_wrapper || summary.hits.is_empty() && summary.writes.is_empty()
                    })
                }
                Op::Await(_) => !self.func.is_async || !self.awaits_program(&instr.op),
                _ => true,
            })
    }

    fn awaits_program(&self, op: &Op) -> bool {
        let Op::Await(value) = op else { return false };
        matches!(self.func.instrs[*value].op, Op::Call(_)) && self.taint.values.callees((self.id, *value)).is_empty()
    }
}

/// The field path of a port.
pub(super) fn port_keys(port: &Port) -> Vec<crate::base::Symbol> {
    port.path
        .iter()
        .map(|step| match step {
            PortStep::Name(name) if name == "Err" => ERR.into(),
            PortStep::Name(name) => name.clone(),
            PortStep::Index(at) => at.to_string().into(),
            PortStep::Element | PortStep::Param(_) | PortStep::Return => ANY.into(),
        })
        .collect()
}
