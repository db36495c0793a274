//! What a call does: the summaries of the functions of the program that it can call, applied to what it is given. What
//! libraries do is in `library` and `callbacks`.

use std::borrow::Cow;
use std::rc::Rc;

use crate::base::Symbol;
use crate::base::bounds::MAX_CALLEES;
use crate::base::idx::Id;
use crate::ir::func::{FuncId, FuncKind, Param, ParamKind};
use crate::ir::instr::{ArgKind, Call, Field, InstrId, Op};
use crate::ir::program::Language;
use crate::ir::types::TypeRef;
use crate::models::index::Table;
use crate::models::path::{Port, PortHead, PortStep};
use crate::models::schema::{CallbackTime, Passes};
use crate::resolve::ports::argument;
use crate::resolve::solve::CallKind;
use crate::resolve::values::{At, Value};

use super::domain::{ANY, ERR, Entry, KEYS, Marks, RECEIVER, Root, Via};
use super::handed::Handed;
use super::no_error::is_no_error;
use super::shown::TEXT_TYPES;
use super::solve::is_error_part;
use super::sources::PLAIN_TYPES;
use super::summary::{Bound, Helper, Hit, Summary, substitute};
use super::trace::What;
use super::transfer::{Applied, Pass};
use super::tree::Tree;
use super::when::When;
use super::words::ResponsePart;

/// The field of a script's error that is its text.
pub(super) const MESSAGE: &str = "message";

/// How a call makes a function run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Way {
    /// By calling it.
    Direct,
    /// By handing it to a library that calls it at once.
    Back,
    /// By handing it to a library that keeps it for later.
    Later,
}

impl Pass<'_, '_> {
    pub(super) fn call(&mut self, call: &Call, id: InstrId) -> Tree {
        let at = (self.id, id);
        let callees: Vec<(FuncId, CallKind)> =
            self.taint.values.callees(at).iter().take(MAX_CALLEES).copied().collect();
        let receiver = match (self.own_object(call), call.callee.split_last()) {
            (Some(own), _) => self.load(&own, at),
            (None, Some((place, _))) => self.load(&place, at),
            (None, None) => Tree::default(),
        };
        let mut result = Tree::default();
        let mut is_known = false;
        for (func, kind) in &callees {
            if *kind == CallKind::Callback {
                continue;
            }
            is_known = true;
            let marks = if *kind == CallKind::Guessed { Marks::GUESSED } else { Marks::default() };
            let bound = self.bind(call, at, *func, &receiver);
            result.join(&self.apply(at, *func, &bound, marks));
        }
        self.construct(call, at, &callees, &mut result);
        // A variant holds what it is made with, each thing in its place, whatever else has its name: `Error::Http(text)`.
        let makes_variant = self.makes_variant(at);
        is_known |= makes_variant;
        if !is_known {
            self.make_base(call, at);
        }
        self.sinks(call, at, &receiver);
        self.echoes(call, at, &receiver);
        let calls_library = !makes_variant && self.is_library(at);
        if !is_known || calls_library {
            self.overwrite_password(call, at);
            let given = match self.answers_failure(call, at, &receiver) {
                true => {
                    self.library(call, id, &receiver.map(|entry| entry.lacking(&Symbol::new_static(ERR))), is_known)
                }
                false => self.library(call, id, &receiver, is_known),
            };
            result.join(&if self.gives_plain(call) { given.only(|entry| !is_no_error(entry)) } else { given });
        }
        self.callbacks(call, at, &callees, &receiver, &mut result);
        if !is_known {
            self.take_out(call, at);
        }
        result
    }

    /// Is a promise that may be rejected handed a function that is called with what it is rejected with? Nothing of that is in
    /// what the call gives but by the function: `load().catch(() => [])`.
    pub(super) fn answers_failure(&self, call: &Call, at: At, receiver: &Tree) -> bool {
        let values = self.taint.values;
        let is_handed = |port: &Port| argument(call, &port.head).is_some();
        receiver.entries().iter().any(is_error_part)
            && values.call_rows(at, Table::Callback).into_iter().any(|row| {
                let callback = values.models.callback(row);
                callback.runs == CallbackTime::Failure && callback.func_ports.iter().any(is_handed)
            })
    }

    fn is_library(&self, at: At) -> bool {
        self.calls_any(at, |value| matches!(value, Value::Api(..)))
    }

    fn makes_variant(&self, at: At) -> bool {
        self.calls_any(at, |value| matches!(value, Value::Variant(..)))
    }

    fn calls_any(&self, at: At, is_one: impl Fn(&Value) -> bool) -> bool {
        let Some(slot) = self.taint.values.callee_slot(at) else { return false };
        self.taint.values.of_slot(slot).items().iter().any(is_one)
    }

    // ---- functions of the program --------------------------------------------------------------------------------

    /// What a function's parameters hold at a call.
    fn bind(&self, call: &Call, at: At, func: FuncId, receiver: &Tree) -> Bound {
        let n_params = self.taint.values.program.funcs[func].params.len();
        let mut bound = Bound { params: vec![Tree::default(); n_params], receiver: receiver.clone() };
        let handed = self.taint.values.handed_receiver(at, func);
        if let Some(object) = handed {
            bound.receiver.join(&self.given[object.index()]);
        }
        let passes = Passes { from: usize::from(handed.is_some()), named: true };
        self.bind_given(call, func, passes, self.taint.values.filled_in(at, func), &mut bound);
        bound
    }

    /// The same of the arguments that go to them, from the parameter at `first` on.
    pub(super) fn bind_given(&self, call: &Call, func: FuncId, passes: Passes, first: usize, bound: &mut Bound) {
        let params = &self.taint.values.program.funcs[func].params;
        let rest = params.iter().position(|param| param.kind == ParamKind::Rest);
        let rest_named = params.iter().position(|param| param.kind == ParamKind::RestNamed);
        let mut position = first;
        let mut after_spread = false;
        for arg in call.args.iter().skip(passes.from).filter(|arg| passes.takes(&arg.kind)) {
            let held = &self.given[arg.value.index()];
            // Which item of a list stands at a position; of the list spread there, or of the rest that begins there.
            let nth = |position: usize, first: usize| -> Symbol {
                if after_spread { ANY.into() } else { position.saturating_sub(first).to_string().into() }
            };
            match &arg.kind {
                ArgKind::Positional => {
                    match params.get(position) {
                        Some(param) if param.kind == ParamKind::Plain && self.takes_text(param) => {
                            bound.params[position].join(&held.only(is_no_error));
                        }
                        Some(param) if param.kind == ParamKind::Plain => {
                            bound.params[position].join(held);
                        }
                        _ => {
                            if let Some(rest) = rest {
                                bound.params[rest].join(&held.under(&[nth(position, rest)]));
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
                    for (index, param) in params.iter().enumerate().skip(position) {
                        match param.kind {
                            ParamKind::Plain if self.is_handed_by_library(param) => false,
                            ParamKind::Plain => bound.params[index].join(&held.read(&nth(index, position))),
                            ParamKind::Rest if index == position && !after_spread => bound.params[index].join(held),
                            ParamKind::Rest => bound.params[index].join(&held.read(ANY).under(&[ANY.into()])),
                            _ => false,
                        };
                    }
                    after_spread = true;
                }
                ArgKind::SpreadNamed => {
                    // What is given by position or by its own name is not in the table.
                    for (index, param) in params.iter().enumerate().skip(position) {
                        match param.kind {
                            ParamKind::Plain | ParamKind::NamedOnly if self.is_handed_by_library(param) => false,
                            ParamKind::Plain | ParamKind::NamedOnly if !is_named(call, &param.name) => {
                                bound.params[index].join(&held.read(&param.name))
                            }
                            ParamKind::RestNamed => bound.params[index].join(held),
                            _ => false,
                        };
                    }
                }
            }
        }
    }

    /// Is a parameter declared as what a library adds to the arguments: `ctx: Context`? Where all that a function was given is
    /// handed on (`*args, **kwargs`), it is what the library added.
    fn is_handed_by_library(&self, param: &Param) -> bool {
        let values = self.taint.values;
        values.is_context(param.ty.as_ref(), &values.models.handed_types)
    }

    /// Is a parameter declared as a text or number, so that no result which may be an error can be handed over there?
    fn takes_text(&self, param: &Param) -> bool {
        self.language == Language::Rust
            && matches!(&param.ty, Some(TypeRef::Named(named)) if named.args.is_empty()
            && self.taint.values.program.type_name(named).is_some_and(|name| {
                TEXT_TYPES.contains(&name.as_str()) || PLAIN_TYPES.contains(&name.as_str())
            }))
    }

    /// Joins the effects of a function that a library calls. What it logs, it logs itself: the call that hands it over says
    /// nothing of a log.
    /// `runs_now`: it is called before the library's function ends, so that what it raises comes out of the call.
    pub(super) fn called_back(&mut self, at: At, func: FuncId, bound: &Bound, runs_now: bool) -> Tree {
        self.joined(at, func, bound, Marks::default(), if runs_now { Way::Back } else { Way::Later })
    }

    /// Joins the effects of a function of the program; gives what it returns.
    pub(super) fn apply(&mut self, at: At, func: FuncId, bound: &Bound, marks: Marks) -> Tree {
        self.joined(at, func, bound, marks, Way::Direct)
    }

    fn joined(&mut self, at: At, func: FuncId, bound: &Bound, marks: Marks, way: Way) -> Tree {
        if let Some(seen) = &mut self.bound {
            seen.push((at, func, bound.clone()));
        }
        let summary = self.taint.summaries[func.index()].clone();
        let key = (at.1, func, way);
        let is_here = self.is_made_here(at, func);
        // A block that is visited once more mostly hands on what it handed on before: all that came of it is noted already.
        if let Some(known) = self.applied.get(&key)
            && Rc::ptr_eq(&known.summary, &summary)
            && known.marks == marks
            && !is_here
            && known.bound.equals(bound)
        {
            let result = known.result.clone();
            self.put_outs(at, func, way, (&summary, bound), &mut Tree::default());
            return result;
        }
        self.taint.n_steps += summary.n_facts();
        let result = self.effects(at, func, &summary, bound, marks, way);
        self.applied.insert(key, Applied { summary, bound: bound.clone(), marks, result: result.clone() });
        result
    }

    fn effects(&mut self, at: At, func: FuncId, summary: &Summary, bound: &Bound, marks: Marks, way: Way) -> Tree {
        let passed = (at, What::Passed(func));
        let called = match way {
            Way::Direct => self.called_param(at, func),
            Way::Back => self.handed_param(at, func),
            Way::Later => None,
        };
        let asks = way == Way::Direct && summary.is_of_handed;
        let handed = Handed { func, by_call: asks.then(|| self.handed_functions(at)) };
        let (returns, throws) = match way {
            Way::Direct => self.left_at(at, func, summary),
            Way::Back | Way::Later => (Cow::Borrowed(&summary.returns), Cow::Borrowed(&summary.throws)),
        };
        let mut told = Vec::new();
        let mut result = Tree::default();
        if !self.is_constructor(func) {
            for entry in returns.entries().iter().filter_map(|entry| handed.fitting(entry)) {
                if bound.is_nothing(entry.root) {
                    continue;
                }
                let Some(when) = self.told_by_call(at, func, way, &entry.when, &mut told) else { continue };
                if let Some(held) = self.held_where_made(at, func, entry.root) {
                    let add = |entry: Entry| {
                        result.add(entry.then(at, What::Returned(func)));
                    };
                    substitute(&entry, &held, |before| before.then(at, What::Passed(func)), add);
                    continue;
                }
                bound.carry(&entry, Some(&passed), |carried| {
                    let Some(entry) = carried.entry().and_then(|entry| entry.also(&when)) else { return };
                    let mut entry = self.named_by_call(at, func, entry);
                    entry.marks = entry.marks.with(marks);
                    if self.is_redacted(func, &entry) {
                        entry.marks = entry.marks.with(Marks::REDACTED);
                    }
                    let finish = |entry| carried.traced(entry).then(at, What::Returned(func));
                    result.add_finished(entry.by_way_of(called), finish);
                });
            }
        }
        for hit in &summary.hits {
            if bound.is_nothing(hit.entry.root) {
                continue;
            }
            if way == Way::Direct && self.taint.entered.rules_out(at, func, hit.sink.at) {
                continue;
            }
            let Some(entry) = handed.fitting(&hit.entry) else { continue };
            let Some(when) = self.told_by_call(at, func, way, &entry.when, &mut told) else { continue };
            let is_open = way == Way::Direct && hit.open && summary.helper != Helper::None;
            let of_receiver = hit.entry.root == Root::Param(RECEIVER);
            // A function that calls itself is none of its callers.
            let is_shared = is_open && !of_receiver && func != self.id && summary.helper == Helper::Shared;
            let primary = if is_shared { at } else { hit.primary };
            let is_label = hit.entry.path.is_empty() && self.is_label(func, hit.entry.root);
            let marks = if is_label { marks.with(Marks::LABEL) } else { marks };
            bound.carry(&entry, Some(&passed), |carried| {
                if !self.takes_hit(carried.root()) {
                    return;
                }
                let Some(mut entry) = carried.entry().and_then(|entry| entry.also(&when)) else { return };
                entry.marks = entry.marks.with(marks);
                // What a logger keeps is handed over where it is made, not where it is used.
                let is_kept = is_open && of_receiver && summary.is_logger();
                let made = carried.held().filter(|_| is_kept).and_then(|held| self.taint.given_to_logger(func, held));
                let made = made.filter(|at| at.0 == self.id);
                let open = is_open && (!of_receiver || carried.root() == Root::Param(RECEIVER));
                let primary = made.unwrap_or(primary);
                let hit = Hit { sink: hit.sink, primary, open, entry: entry.by_way_of(called) };
                self.hit(hit, |entry| carried.traced(entry));
            });
        }
        let made = if way == Way::Direct { self.made_by(at, func) } else { None };
        for (heap, entry) in &summary.writes {
            if bound.is_nothing(entry.root) {
                continue;
            }
            let heap = &self.filled_for(made, *heap);
            let Some(entry) = handed.fitting(entry) else { continue };
            let Some(when) = self.told_by_call(at, func, way, &entry.when, &mut told) else { continue };
            bound.carry(&entry, Some(&passed), |carried| {
                if !self.takes_write(*heap, carried.root()) {
                    return;
                }
                if let Some(entry) = carried.entry().and_then(|entry| entry.also(&when)) {
                    self.write(*heap, entry.by_way_of(called), |entry| carried.traced(entry));
                }
            });
        }
        self.put_outs(at, func, way, (summary, bound), &mut result);
        if way == Way::Later {
            return result;
        }
        if !throws.is_empty() || summary.may_raise {
            let here = self.here();
            let fitting = throws.entries().iter().filter_map(|entry| handed.fitting(entry));
            let thrown: Vec<(Cow<'_, Entry>, When)> = fitting
                .filter_map(|entry| {
                    let when = self.told_by_call(at, func, way, &entry.when, &mut told)?.and(&here)?;
                    Some((entry, when))
                })
                .collect();
            self.thrown(at, func, (bound, called), summary.may_raise, thrown, &mut result);
        }
        result
    }

    /// Is a parameter named as what says nothing of a body: `task_id`, `url`?
    fn is_label(&mut self, func: FuncId, root: Root) -> bool {
        let Root::Param(at) = root else { return false };
        let (values, words) = (self.taint.values, self.taint.words);
        let Some(param) = values.program.funcs[func].params.get(at as usize) else { return false };
        let known = self.taint.labels.entry(param.name.clone());
        *known.or_insert_with(|| words.response_part(&param.name) != ResponsePart::Body)
    }

    /// What a function raises comes out of its call. It goes straight to where it is caught: most of it is known there.
    fn thrown<'e>(
        &mut self,
        at: At,
        func: FuncId,
        (bound, called): (&Bound, Option<Via>),
        by_library: bool,
        thrown: Vec<(Cow<'e, Entry>, When)>,
        result: &mut Tree,
    ) {
        let passed = (at, What::Passed(func));
        let made: Vec<Option<Tree>> =
            thrown.iter().map(|(entry, _)| self.held_where_raised(at, func, entry.root)).collect();
        let add = |known: &mut Tree| {
            let mut changed = false;
            for ((entry, when), made) in thrown.into_iter().zip(made) {
                if let Some(held) = made {
                    substitute(
                        &entry,
                        &held,
                        |before| before.then(at, What::Passed(func)),
                        |entry| {
                            let Some(entry) = entry.also(&when) else { return };
                            let finish = |entry: Entry| entry.then(at, What::Thrown(func));
                            changed |= known.add_finished(entry.by_way_of(called), finish);
                        },
                    );
                } else if let Root::Param(_) = entry.root {
                    bound.carry(&entry, Some(&passed), |carried| {
                        let Some(entry) = carried.entry().and_then(|entry| entry.also(&when)) else { return };
                        let finish = |entry| carried.traced(entry).then(at, What::Thrown(func));
                        changed |= known.add_finished(entry.by_way_of(called), finish);
                    });
                } else {
                    let entry =
                        if entry.when == when { entry } else { Cow::Owned(Entry { when, ..entry.into_owned() }) };
                    changed |= known.add_as(&entry, (called, entry.marks), |entry| entry.then(at, What::Thrown(func)));
                }
            }
            changed
        };
        if self.chained.contains(&at.1) {
            let mut raised = Tree::default();
            add(&mut raised);
            result.join(&raised.under(&[ERR.into()]));
        } else {
            self.raise_each(by_library, add);
        }
    }

    fn is_constructor(&self, func: FuncId) -> bool {
        self.taint.values.program.funcs[func].kind == FuncKind::Constructor
    }

    /// What a function puts into its parameters goes to what was handed to it; into the new object, if it makes one. What a
    /// library calls a function with is none of the arguments of the call that hands it over, but may be the items of a container.
    fn put_outs(&mut self, at: At, func: FuncId, way: Way, (summary, bound): (&Summary, &Bound), made: &mut Tree) {
        let container = match (way, &self.func.instrs[at.1].op) {
            (Way::Back | Way::Later, Op::Call(call)) if self.iterates(call) => {
                call.callee.split_last().map(|(container, _)| container)
            }
            _ => None,
        };
        if way != Way::Direct && container.is_none() {
            return;
        }
        for (param, entry) in summary.outs.iter().filter(|(param, _)| container.is_none() || *param == 0) {
            let mut tree = Tree::default();
            bound.carry(entry, Some(&(at, What::Passed(func))), |carried| {
                if let Some(entry) = carried.entry() {
                    let entry = self.named_by_call(at, func, entry);
                    tree.add_finished(entry, |entry| carried.traced(entry));
                }
            });
            if *param == RECEIVER && self.is_constructor(func) && !self.is_made_by_base(at, func) {
                made.join(&tree);
            } else if let Some(container) = &container {
                self.put(&container.then(Field::Any), &tree, at);
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

    /// A library's call fails: into a function that the program has put in the way, or as any call does.
    pub(super) fn fail_in_library(&mut self, at: At, raised: &Tree, by_library: bool, result: &mut Tree) {
        if self.taint.values.error_handlers(at).is_empty() {
            self.fail(at, raised, by_library, result);
        } else {
            self.intercepted.join(raised);
        }
    }

    /// A function put something into its parameter: into the place that was passed.
    fn put_into_port(&mut self, at: At, func: FuncId, param: u32, tree: &Tree) {
        if param == RECEIVER {
            let Op::Call(call) = &self.func.instrs[at.1].op else { return };
            if let Some(object) = self.taint.values.handed_receiver(at, func) {
                self.put_value(object, tree, at);
            } else if let Some(own) = self.own_object(call) {
                self.put(&own, tree, at);
            } else if let Some((place, _)) = call.callee.split_last() {
                self.put(&place, tree, at);
            }
            return;
        }
        let value = self.handed_value(at, func, param);
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
}

/// Does a call give an argument of this name?
fn is_named(call: &Call, name: &str) -> bool {
    call.args.iter().any(|arg| matches!(&arg.kind, ArgKind::Named(given) if given == name))
}

/// The field path of a port.
pub(super) fn port_keys(port: &Port) -> Vec<crate::base::Symbol> {
    port.path
        .iter()
        .map(|step| match step {
            PortStep::Name(name) if name == "Err" => ERR.into(),
            PortStep::Name(name) if name == "Keys" => KEYS.into(),
            PortStep::Name(name) => name.clone(),
            PortStep::Index(at) => at.to_string().into(),
            PortStep::Element | PortStep::Param(_) | PortStep::Return => ANY.into(),
        })
        .collect()
}
