//! Functions that are handed to a library: what it calls them with, and what comes of their results.

use std::collections::BTreeSet;

use crate::base::idx::Id;
use crate::ir::func::{End, FuncId, Function};
use crate::ir::instr::{self, Base, Call, CallStyle, Field, InstrId, Op, Place};
use crate::ir::program::{ClassKind, Language};
use crate::models::Callback;
use crate::models::index::{RowRef, Table};
use crate::models::lists::ErrorFate;
use crate::models::path::{Port, PortHead, PortStep};
use crate::models::schema::CallbackTime;
use crate::resolve::ports::argument;
use crate::resolve::solve::{CallKind, Values};
use crate::resolve::values::{At, Site, Value};

use super::domain::{ANY, ERR, Entry, Form, Kind};
use super::mapped::Mapped;
use super::no_error::is_no_error;
use super::solve::is_error_part;
use super::summary::Bound;
use super::transfer::Pass;
use super::tree::Tree;

impl Pass<'_, '_> {
    /// Functions handed to a library: what it calls them with, and what comes of their results.
    pub(super) fn callbacks(
        &mut self,
        call: &Call,
        at: At,
        callees: &[(FuncId, CallKind)],
        receiver: &Tree,
        result: &mut Tree,
    ) {
        if callees.iter().all(|(_, kind)| *kind != CallKind::Callback) {
            return;
        }
        let rows = self.taint.values.call_rows(at, Table::Callback);
        let fate = match call.callee.path.last() {
            Some(Field::Name(name)) => self.error_fate(name),
            _ => None,
        };
        let start = self.fold_start(call);
        let answers_failure = self.answers_failure(call, at, receiver);
        for (func, kind) in callees {
            if *kind != CallKind::Callback {
                continue;
            }
            let params = self.taint.values.program.funcs[*func].params.len();
            let mut bound = Bound { params: vec![Tree::default(); params], receiver: Tree::default() };
            if self.taint.values.error_handlers(at).contains(func) {
                if let Some(error) = bound.params.first_mut() {
                    error.add(self.source(Kind::Error, at, None));
                    error.join(&self.caught_tree(&self.intercepted, at));
                }
                let given = self.called_back(at, *func, &bound, true);
                result.join(&given);
                continue;
            }
            let row = rows.iter().find(|row| self.is_callback_of(call, at, **row, *func)).copied();
            // What a decorator gives is the function, and nobody has called that yet.
            let mut returns = call.style != CallStyle::Decorator;
            match row.map(|row| self.taint.values.models.callback(row)) {
                Some(callback) => {
                    returns &= callback.returns;
                    let is_given = self.taint.values.holds(at, &callback.gives_when);
                    for (index, gives) in callback.gives.iter().enumerate().take(params).filter(|_| is_given) {
                        bound.params[index] = match gives.head {
                            PortHead::Sent => self.sent(at, gives, callback.topic.as_ref()),
                            // What is waited for is there: `load().then(show)` shows nothing of a rejection.
                            PortHead::Receiver if self.language == Language::Script && gives.path.is_empty() => {
                                receiver.only(|entry| !is_error_part(entry))
                            }
                            _ => self.port_tree(call, gives, receiver),
                        };
                    }
                    if let Some(passes) = callback.passes.filter(|_| is_given) {
                        self.bind_given(call, *func, passes, 0, &mut bound);
                    }
                    if callback.runs == CallbackTime::Failure && params > 0 {
                        let error = self.source(Kind::Error, at, None);
                        bound.params[0].add(error);
                        bound.params[0].join(&self.caught_tree(&receiver.read(ERR), at));
                    } else if self.chained.contains(&at.1) && !answers_failure {
                        result.join(&receiver.map(|entry| {
                            if entry.at.first().is_some_and(|key| key == ERR) { Some(entry) } else { None }
                        }));
                    }
                }
                None if self.is_registration(at) || self.makes_object(call, at) => returns = false,
                None if !self.iterates(call) => {}
                None => {
                    returns = !self.asks(call);
                    // The error of a result, what is in an option, the items of a container, or whatever the receiver is.
                    let items = match fate {
                        Some(_) => receiver.read(ERR),
                        None if self.hands_payload(call) => receiver.out_of_ok(),
                        None => self.payload_or_items(at, &receiver.only(|entry| !is_error_part(entry))),
                    };
                    let items = items.map(|entry| (entry.form != Form::Held).then_some(entry));
                    match &start {
                        Some(start) => {
                            for (param, held) in bound.params.iter_mut().zip([start, &items]) {
                                param.join(held);
                            }
                        }
                        None => self.hand_items(call, &items, receiver, &mut bound.params),
                    }
                }
            }
            self.callback_sources(call, at, *func, &mut bound);
            let runs_now = match row.map(|row| self.taint.values.models.callback(row).runs) {
                Some(runs) => matches!(runs, CallbackTime::Now | CallbackTime::Failure),
                None => !self.is_registration(at) && (self.language != Language::Script || self.is_used(at.1)),
            };
            let mut given = self.called_back(at, *func, &bound, runs_now);
            if let (Some(start), Some(before)) = (&start, bound.params.first_mut()) {
                before.join(&given);
                given = self.called_back(at, *func, &bound, runs_now);
                result.join(start);
                result.join(&given);
                continue;
            }
            let row = row.map(|row| (row, self.taint.values.models.callback(row)));
            if row.is_some_and(|(_, callback)| callback.in_ok) {
                given = given.in_ok();
            }
            if let Some(port) = row.and_then(|(_, callback)| callback.puts.as_ref()) {
                self.put_at(call, at, port, &given);
            } else if fate == Some(ErrorFate::Mapped) {
                result.join(&given.under(&[ERR.into()]));
            } else if fate == Some(ErrorFate::Covered) {
                result.join(&given.only(is_no_error).formed(Form::Text, at).under(&[ERR.into()]));
            } else if returns && fate != Some(ErrorFate::Shown) {
                // What is called one after the other gives a list; the error of one may be that of the whole.
                let is_listed = row.is_some_and(|(_, callback)| self.gives_list(callback));
                let mapped = self.mapped(call);
                let is_listed = is_listed || mapped == Some(Mapped::Items);
                result.join(&if is_listed { given.only(is_error_part) } else { given.clone() });
                let collects = row.is_some_and(|(_, callback)| self.collects(callback));
                // What a function makes of an option's or result's value is no item of anything.
                let is_payload = self.hands_payload(call) || mapped == Some(Mapped::Payload);
                if self.iterates(call) && !is_payload || collects {
                    // An error that the function gives is one of the whole: `find(x).and_then(|found| found.name())`.
                    let is_kept = |entry: &Entry| self.language != Language::Rust || collects || is_no_error(entry);
                    let items = given.only(is_kept);
                    result.join(&items.under(&[ANY.into()]));
                }
            }
        }
        self.intercepted = Tree::default();
    }

    /// Hands the items of a container to a function. The number of an item, or its key, says nothing.
    fn hand_items(&self, call: &Call, items: &Tree, all: &Tree, params: &mut [Tree]) {
        let is_numbered = self.language == Language::Script
            && matches!(call.callee.path.last(), Some(Field::Name(name)) if self.taint.values.models.numbers_items(name));
        match params {
            [item, _, rest @ ..] if is_numbered => {
                item.join(items);
                for param in rest {
                    param.join(all);
                }
            }
            params => {
                for param in params {
                    param.join(items);
                }
            }
        }
    }

    /// Is it a method that only options and results have, which hands what is in there to a function?
    fn hands_payload(&self, call: &Call) -> bool {
        matches!(call.callee.path.last(), Some(Field::Name(name)) if self.taint.values.models.hands_payload(name))
    }

    /// What a method hands to a function: the items of a container, or what an option or a result holds. An object of a struct is
    /// gone through by nothing, so it is handed over as it is: `load().map(|config| Command::Run(config))`.
    fn payload_or_items(&self, at: At, held: &Tree) -> Tree {
        let has_field = |entry: &Entry| entry.at.first().is_some_and(|key| key != ANY && key.parse::<u32>().is_err());
        if self.language != Language::Rust || !held.entries().iter().any(has_field) {
            return held.read(ANY);
        }
        let values = self.taint.values;
        let found = values.receiver_slot(at).map(|slot| values.of_slot(slot).items()).unwrap_or_default();
        let is_of_struct = |entry: &Entry| {
            let Some(key) = entry.at.first() else { return false };
            found.iter().any(|value| match value {
                Value::Instance(class) | Value::Typed(class) => {
                    let class = &values.program.classes[*class];
                    class.kind == ClassKind::Struct && class.fields.iter().any(|field| field.name == *key)
                }
                Value::Record(Site::Instr((func, made))) => match &values.program.funcs[*func].instrs[*made].op {
                    Op::Record(record) => record
                        .entries
                        .iter()
                        .any(|entry| matches!(entry, instr::Entry::Field(Field::Name(name), _) if name == key)),
                    _ => false,
                },
                _ => false,
            })
        };
        let mut handed = held.only(is_of_struct);
        handed.join(&held.only(|entry| !is_of_struct(entry)).read(ANY));
        handed
    }

    /// What the function is called with before it gave anything, where it is called with what it gave before.
    fn fold_start(&self, call: &Call) -> Option<Tree> {
        let Some(Field::Name(name)) = call.callee.path.last() else { return None };
        let start = call.args.get(self.taint.values.models.folds_from(name)?)?;
        // `reduce(func, items)` is no method, and its items are no start.
        (self.language != Language::Python).then(|| self.given[start.value.index()].clone())
    }

    /// Is what the call gives waited for, handed on or kept, so that what its callbacks raise comes out of it?
    fn is_used(&self, call: InstrId) -> bool {
        self.chained.contains(&call) || self.used[call.index()]
    }

    /// Does the call make an object that keeps the functions that it is given?
    fn makes_object(&self, call: &Call, at: At) -> bool {
        let callee = self.taint.values.callee_slot(at);
        let is_class = callee.is_some_and(|slot| {
            self.taint.values.of_slot(slot).items().iter().any(|value| matches!(value, Value::Class(_)))
        });
        is_class || call.style == CallStyle::New
    }

    /// Is the function that is handed over only asked for a truth value?
    fn asks(&self, call: &Call) -> bool {
        matches!(call.callee.path.last(), Some(Field::Name(name)) if self.taint.values.models.asks(name))
    }

    pub(super) fn iterates(&self, call: &Call) -> bool {
        matches!(call.callee.path.last(), Some(Field::Name(name)) if self.taint.values.models.iterates(name))
    }

    /// Is what several calls of the functions give in the call's result, each in a place of its own?
    fn collects(&self, callback: &Callback) -> bool {
        let has_items = |port: &Port| {
            matches!(port.head, PortHead::AllArgs | PortHead::ArgsFrom(_)) || port.path.contains(&PortStep::Element)
        };
        callback.gives.iter().chain(&callback.func_ports).any(has_items)
    }

    /// Are functions called that stand in a list, so that the results are in one, too?
    fn gives_list(&self, callback: &Callback) -> bool {
        let is_item = |port: &Port| port.path.contains(&PortStep::Element);
        self.language == Language::Rust && callback.func_ports.iter().any(is_item)
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
}

/// The values of a function that another instruction or the end of a block takes.
pub(super) fn used(func: &Function) -> Vec<bool> {
    let mut used = vec![false; func.instrs.len()];
    for instr in func.instrs.iter() {
        instr.op.operands(|value| used[value.index()] = true);
    }
    for block in func.blocks.iter() {
        let taken = match &block.end {
            End::Return(value) => *value,
            End::Throw(value) => Some(*value),
            End::Branch { on, .. } => Some(*on),
            _ => None,
        };
        if let Some(value) = taken {
            used[value.index()] = true;
        }
    }
    used
}

/// Calls in a script whose result is the object of a call that takes a callback for failures or for the value waited for.
pub(super) fn chained(values: &Values<'_>, id: FuncId) -> BTreeSet<InstrId> {
    if values.language(id) != Language::Script {
        return BTreeSet::new();
    }
    let func = &values.program.funcs[id];
    let waits = |at: InstrId| {
        values.call_rows((id, at), Table::Callback).into_iter().any(|row| {
            let callback = values.models.callback(row);
            let takes_whole = |port: &Port| port.head == PortHead::Receiver && port.path.is_empty();
            callback.runs == CallbackTime::Failure
                || callback.gives_when.is_empty() && callback.gives.iter().any(takes_whole)
        })
    };
    let mut found = BTreeSet::new();
    for (at, instr) in func.instrs.iter_enumerated() {
        let Op::Call(call) = &instr.op else { continue };
        if let Some((Place { base: Base::Value(value), path }, _)) = call.callee.split_last()
            && path.is_empty()
            && matches!(func.instrs[value].op, Op::Call(_))
            && waits(at)
        {
            found.insert(value);
        }
    }
    found
}
