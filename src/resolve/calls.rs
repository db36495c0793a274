//! What a call does to values: arguments go to parameters, results come back, libraries call what they are given.

use std::collections::BTreeMap;

use crate::base::Symbol;
use crate::base::bounds::MAX_GUESSES;
use crate::ir::func::{FuncId, FuncKind, ParamKind};
use crate::ir::instr::{ArgKind, Call, CallStyle, Field, InstrId, Op};
use crate::ir::program::{ClassId, Language};
use crate::models::index::{NodeId, RowRef, Table};
use crate::models::path::{Port, PortHead, PortStep, Step};
use crate::models::schema::{CallbackTime, Passes};

use super::edges::Edge;
use super::solve::{CallKind, Values};
use super::values::{At, Key, Obj, Site, SlotId, Value};

impl Values<'_> {
    /// The call at an instruction that is one.
    pub(crate) fn call_at(&self, at: At) -> Option<&Call> {
        match &self.program.funcs[at.0].instrs.get(at.1)?.op {
            Op::Call(call) => Some(call),
            _ => None,
        }
    }

    pub(super) fn call_value(&mut self, number: u32, value: &Value) {
        let site = self.calls[number as usize].clone();
        match value {
            Value::Func(func) => self.call_func(site.at, *func, site.result, CallKind::Direct),
            Value::Class(class) => self.construct(site.at, *class, site.result),
            Value::Variant(class, name) => {
                self.add(site.result, value);
                self.fill_variant(site.at, *class, name);
            }
            Value::Api(node, _) => self.call_api(number, *node),
            Value::Instance(class) | Value::Typed(class) => self.call_object(site.at, *class, site.result),
            Value::Record(_) | Value::Module(_) | Value::Const(_) | Value::Unknown => {}
        }
    }

    /// Binds the call's arguments and result to a function of the program.
    pub(super) fn call_func(&mut self, at: At, func: FuncId, result: SlotId, kind: CallKind) {
        if !self.link_call(at, func, kind) {
            return;
        }
        self.bind_args(at, func);
        self.link_result(at, func, result);
    }

    /// Notes the call edge; true when it is new. A function that is called may have been found first as one that the call may
    /// hand on: from then on it is known to be called.
    pub(super) fn link_call(&mut self, at: At, func: FuncId, kind: CallKind) -> bool {
        if !self.edges_done.insert((at, func)) {
            let edges = self.call_graph.entry(at).or_default().iter_mut();
            let mut handed = edges.filter(|known| known.0 == func && known.1 == CallKind::Callback);
            let Some(known) = handed.next().filter(|_| kind == CallKind::Direct) else { return false };
            known.1 = kind;
            return true;
        }
        self.call_graph.entry(at).or_default().push((func, kind));
        true
    }

    /// A value is waited for. A block of async code is called there, wherever it was made: `async fn run(work: impl Future) { work.await }`.
    pub(super) fn awaited(&mut self, value: &Value, at: At, result: SlotId) {
        match value {
            Value::Func(func) if self.is_async_block(*func) => {
                self.link_call(at, *func, CallKind::Direct);
                self.link_result(at, *func, result);
            }
            value => self.add(result, value),
        }
    }

    fn is_async_block(&self, func: FuncId) -> bool {
        let data = &self.program.funcs[func];
        self.language(func) == Language::Rust
            && data.kind == FuncKind::Lambda
            && data.is_async
            && data.params.is_empty()
    }

    pub(super) fn link_result(&mut self, at: At, func: FuncId, result: SlotId) {
        let data = &self.program.funcs[func];
        if data.is_generator {
            let yields = self.yield_slot(func);
            self.copy(yields, result);
            // What is gone through has them as its items. What a decorator makes of a generator is something else.
            if data.annotations.is_empty() {
                self.add(result, &Self::record_at(at));
                let items = self.field_slot(&Obj::Record(Site::Instr(at)), Key::Some);
                self.copy(yields, items);
            }
        }
        let ret = self.ret_slot(func);
        self.copy(ret, result);
        if data.is_async
            && let Some(node) = self.models.index.root(self.language(func), "async")
        {
            let made = self.models.index.step(node, &Step::Call);
            if self.models.index.node(made).is_modelled() {
                self.add(result, &Value::Api(made, Some(at)));
            }
        }
    }

    /// The argument that is the object of a method which is called on its class: `Base.keep(self, book)`.
    pub(crate) fn handed_receiver(&self, at: At, func: FuncId) -> Option<InstrId> {
        let data = &self.program.funcs[func];
        if data.receiver.is_none() || data.kind == FuncKind::Static {
            return None;
        }
        let args = &self.call_at(at)?.args;
        match self.language(func) {
            Language::Python => {}
            // The name of a struct without fields is an object, too: what is given tells `Shelf::keep(shelf, book)`.
            Language::Rust if args.len() == data.params.len() + 1 => {}
            _ => return None,
        }
        let on = self.of_slot(self.receiver_slot(at)?).items();
        let is_class = on.iter().any(|value| matches!(value, Value::Class(_)));
        let is_object = on.iter().any(|value| matches!(value, Value::Instance(_) | Value::Typed(_)));
        let first = args.first().filter(|arg| arg.kind == ArgKind::Positional)?;
        (is_class && !is_object).then_some(first.value)
    }

    pub(super) fn bind_args(&mut self, at: At, func: FuncId) {
        let program = self.program;
        self.bind_missing(at, func);
        let handed = self.handed_receiver(at, func);
        if let (Some(object), Some(receiver)) = (handed, program.funcs[func].receiver) {
            let from = self.instr_slot(at.0, object);
            self.copy(from, self.local_slot(func, receiver));
        }
        self.bind_given(at, func, Passes { from: usize::from(handed.is_some()), named: true });
    }

    /// Arguments of a call go to the parameters of a function.
    fn bind_given(&mut self, at: At, func: FuncId, passes: Passes) {
        let program = self.program;
        let Op::Call(call) = &program.funcs[at.0].instrs[at.1].op else { return };
        let params = &program.funcs[func].params;
        let slot_of = |this: &Self, index: usize| this.local_slot(func, params[index].local);
        let rest = params.iter().position(|param| param.kind == ParamKind::Rest);
        let rest_named = params.iter().position(|param| param.kind == ParamKind::RestNamed);
        let rest_obj = |index: usize| Obj::Record(Site::Rest(func, u32::try_from(index).unwrap_or(u32::MAX)));
        let mut position = 0;
        let mut after_spread = false;
        for arg in call.args.iter().skip(passes.from).filter(|arg| passes.takes(&arg.kind)) {
            let from = self.instr_slot(at.0, arg.value);
            // Which item of a list stands at a position; of the list spread there, or of the rest that begins there.
            let nth = |position: usize, first: usize| match u32::try_from(position.saturating_sub(first)) {
                Ok(nth) if !after_spread => Field::Index(nth),
                _ => Field::Any,
            };
            match &arg.kind {
                ArgKind::Positional => {
                    match params.get(position) {
                        Some(param) if param.kind == ParamKind::Plain => self.copy(from, slot_of(self, position)),
                        _ => {
                            if let Some(index) = rest {
                                let list = Value::Record(Site::Rest(func, u32::try_from(index).unwrap_or(u32::MAX)));
                                self.store_member(&list, &nth(position, index), from, (at.0, arg.value));
                            }
                        }
                    }
                    position += 1;
                }
                ArgKind::Named(name) => {
                    let target = params.iter().position(|param| {
                        param.name == *name && !matches!(param.kind, ParamKind::Rest | ParamKind::RestNamed)
                    });
                    match (target, rest_named) {
                        (Some(index), _) => self.copy(from, slot_of(self, index)),
                        (None, Some(index)) => {
                            let obj = rest_obj(index);
                            let key = Key::Name(name.clone());
                            self.note_store(&obj, key.clone(), (at.0, arg.value));
                            let to = self.filled_slot(&obj, key);
                            self.copy(from, to);
                        }
                        (None, None) => {}
                    }
                }
                ArgKind::Spread => {
                    for (index, param) in params.iter().enumerate().skip(position) {
                        if param.kind == ParamKind::Plain {
                            self.add_edge(from, Edge::Load(nth(index, position), slot_of(self, index)));
                        }
                    }
                    after_spread = true;
                    if let Some(index) = rest {
                        self.add_edge(from, Edge::Spread(rest_obj(index)));
                    }
                }
                ArgKind::SpreadNamed => {
                    for param in params.iter().skip(position) {
                        if matches!(param.kind, ParamKind::Plain | ParamKind::NamedOnly) {
                            let to = self.local_slot(func, param.local);
                            self.add_edge(from, Edge::Load(Field::Name(param.name.clone()), to));
                        }
                    }
                    if let Some(index) = rest_named {
                        self.add_edge(from, Edge::Spread(rest_obj(index)));
                    }
                }
            }
        }
    }

    /// Parameters that a call gives nothing hold nothing.
    fn bind_missing(&mut self, at: At, func: FuncId) {
        let program = self.program;
        if self.language(func) != Language::Script {
            return;
        }
        let Op::Call(call) = &program.funcs[at.0].instrs[at.1].op else { return };
        if call.args.iter().any(|arg| arg.kind != ArgKind::Positional) {
            return;
        }
        for param in program.funcs[func].params.iter().skip(call.args.len()) {
            if param.kind == ParamKind::Plain && param.default.is_none() {
                let slot = self.local_slot(func, param.local);
                self.add(slot, &Value::Const(crate::ir::instr::Const::Undefined));
            }
        }
    }

    // ---- libraries -----------------------------------------------------------------------------------------------

    fn call_api(&mut self, number: u32, node: NodeId) {
        let site = self.calls[number as usize].clone();
        let made = self.models.index.step(node, &Step::Call);
        let program = self.program;
        let Op::Call(call) = &program.funcs[site.at.0].instrs[site.at.1].op else { return };
        if self.calls_parent(call) {
            self.make_bases(number, self.class_around(site.at.0));
        }
        self.note_channel(site.at, &self.models.index.node(made), site.receiver, site.result);
        // A class stays that class, whatever a library decorates it with; it is no function that calls what it is given.
        let data = self.models.index.node(made);
        let says = |row: &RowRef| row.table != Table::Callback || !self.models.callback(*row).func_ports.is_empty();
        let is_other = data.is_modelled() && (data.rows.is_empty() || data.rows.iter().any(says));
        let is_same = data.rows(Table::Flow).any(|row| self.models.flow(row).same);
        if !is_same && (is_other || !self.decorates_class(site.at)) {
            self.add(site.result, &Value::Api(made, Some(site.at)));
        }
        if call.style == CallStyle::Decorator
            && let Some(arg) = call.args.first()
        {
            let from = self.instr_slot(site.at.0, arg.value);
            self.copy(from, site.result);
        }
        let data = self.models.index.node(made);
        // `monitor.wrapServer(server)` gives something that is used as the server.
        if !data.is_modelled()
            && let (Some(Field::Name(name)), Some(arg)) = (call.callee.path.last(), call.args.first())
            && self.models.wraps(name)
            && self.models.error_fate(name).is_none()
        {
            let from = self.instr_slot(site.at.0, arg.value);
            self.copy(from, site.result);
        }
        for row in data.rows(Table::Flow) {
            self.flow_row(number, row);
        }
        self.keep_maker(number, made);
        for row in data.rows(Table::Loader).filter(|row| !self.models.loader(*row).of_part) {
            let is_table = !self.models.loader(row).pattern.is_empty();
            for module in self.loads_by(site.at, row) {
                let to = if is_table { self.filled_slot(&Obj::Api(site.at), Key::All) } else { site.result };
                self.add(to, &Value::Module(module));
            }
            for port in &self.models.loader(row).module {
                let slot = self.models.port(port).and_then(|port| self.port_slot(number, port));
                if let Some(slot) = slot {
                    self.add_edge(slot, Edge::Loaded(number));
                }
            }
            self.walk_row(number, row);
        }
        for row in data.rows(Table::Handler) {
            for port in &self.models.handler(row).func {
                let slot = self.models.port(port).and_then(|port| self.port_slot(number, port));
                if let Some(slot) = slot {
                    self.add_edge(slot, Edge::Register(number, row));
                }
            }
        }
        let callbacks: Vec<RowRef> = data.rows(Table::Callback).collect();
        for row in &callbacks {
            for port in &self.models.callback(*row).func_ports {
                let slot = self.port_slot(number, port);
                if let Some(slot) = slot {
                    self.add_edge(slot, Edge::Invoke(number, Some(*row)));
                }
            }
        }
        // What only looks at a value calls no function that is in it: `len(handlers)`. An object that is made keeps it.
        // Nor what only is the name of something: `tools.get(name)` in Python, where no route is declared so.
        let compares = matches!(call.callee.path.last(), Some(Field::Name(name))
            if self.models.compares(name) || self.models.looks_up(name) && self.language(site.at.0) == Language::Python);
        let only_looks = compares || data.has(Table::Clean) && call.style != CallStyle::New;
        if callbacks.is_empty() && !only_looks && !(data.rows.is_empty() && self.is_of_looked_up(&site)) {
            for arg in &call.args {
                let slot = self.instr_slot(site.at.0, arg.value);
                self.add_edge(slot, Edge::Invoke(number, None));
            }
        }
    }

    /// Is a call the decorator of a class, by itself or around others?
    fn decorates_class(&self, at: At) -> bool {
        let instrs = &self.program.funcs[at.0].instrs;
        let mut inner = at.1;
        while let Op::Call(call) = &instrs[inner].op {
            match call.args.first().filter(|_| call.style == CallStyle::Decorator) {
                Some(arg) => inner = arg.value,
                None => return false,
            }
        }
        matches!(instrs[inner].op, Op::Class(_))
    }

    pub(super) fn flow_row(&mut self, number: u32, row: RowRef) {
        let flow = self.models.flow(row);
        // What loses fields is another object, and what is read of a text is no text.
        let is_read = flow.parses && self.language(self.calls[number as usize].at.0) == Language::Rust;
        if !flow.only.is_empty() || is_read {
            return;
        }
        if flow.moves_sent() {
            self.channel_flow(number, row);
            return;
        }
        self.keep_items(number, row);
        self.join_made(number, row);
        let site = &self.calls[number as usize];
        if let (true, Some(receiver), result) = (flow.instance, site.receiver, site.result) {
            self.add_edge(receiver, Edge::Instance(result));
        }
        for to in flow.to.iter().filter(|to| to.head == PortHead::Return) {
            let into = match to.path.as_slice() {
                [] => self.calls[number as usize].result,
                [PortStep::Element] => self.list_made(number),
                [PortStep::Element, PortStep::Index(place), ..] => self.pairs_made(number, *place),
                _ => continue,
            };
            for from in &flow.from {
                if self.is_empty_stand_in(number, &flow.from, from) {
                    continue;
                }
                let Some(from) = self.port_slot(number, from) else { continue };
                match &flow.member {
                    Some(name) => self.member_named_by(number, name, from, into),
                    None if flow.in_ok => self.add_edge(from, Edge::Outcome(into)),
                    None if flow.class => self.add_edge(from, Edge::Class(into)),
                    None if flow.object => self.add_edge(from, Edge::Instance(into)),
                    None => self.copy(from, into),
                }
                if let ([_], true) = (flow.to.as_slice(), flow.copies && to.path.is_empty() && !flow.items) {
                    self.copy_made(number, from);
                }
            }
        }
    }

    /// A call makes a table of its own with what is in another one: `dict(settings)`.
    fn copy_made(&mut self, number: u32, from: SlotId) {
        let (at, result) = (self.calls[number as usize].at, self.calls[number as usize].result);
        self.add(result, &Self::record_at(at));
        self.add_edge(from, Edge::Spread(Obj::Record(Site::Instr(at))));
    }

    /// A list that a library made keeps what its method is given: `layers.push(layer)`.
    fn keep_items(&mut self, number: u32, row: RowRef) {
        let site = self.calls[number as usize].clone();
        let is_item = |to: &Port| to.head == PortHead::Receiver && to.path == [PortStep::Element];
        let (Some(list), Some(call)) = (site.receiver, self.call_at(site.at)) else { return };
        if self.language(site.at.0) != Language::Rust || !self.models.flow(row).to.iter().any(is_item) {
            return;
        }
        let items: Vec<InstrId> = call.args.iter().map(|arg| arg.value).collect();
        for item in items {
            let from = self.instr_slot(site.at.0, item);
            self.add_edge(list, Edge::Store(Field::Any, from, (site.at.0, item)));
        }
    }

    /// A value arrives where a library will call it.
    pub(super) fn invoke(&mut self, value: &Value, number: u32, row: Option<RowRef>) {
        let site = self.calls[number as usize].clone();
        match value {
            Value::Func(func) => {
                self.link_call(site.at, *func, CallKind::Callback);
                for param in &self.program.funcs[*func].params {
                    let slot = self.local_slot(*func, param.local);
                    self.add(slot, &Value::Unknown);
                }
                let Some(row) = row else { return };
                let callback = self.models.callback(row);
                self.give_objects(*func, &callback.objects);
                // What is only given under a condition has something of the value, and is another one.
                let always = callback.gives_when.is_empty();
                for (index, gives) in callback.gives.iter().enumerate().filter(|_| always) {
                    let (Some(param), Some(from)) =
                        (self.program.funcs[*func].params.get(index), self.port_slot(number, gives))
                    else {
                        continue;
                    };
                    let to = self.local_slot(*func, param.local);
                    self.copy(from, to);
                }
                if let Some(passes) = callback.passes {
                    self.bind_given(site.at, *func, passes);
                }
                if callback.returns {
                    self.link_result(site.at, *func, site.result);
                }
                // What is handed over one by one, or called one after the other, gives a list.
                let ports = callback.gives.first().or(callback.func_ports.first());
                if callback.returns && ports.is_some_and(|first| first.path.last() == Some(&PortStep::Element)) {
                    let items = self.list_made(number);
                    self.link_result(site.at, *func, items);
                }
            }
            Value::Api(node, _) => {
                self.hand_loader(number, *node, row);
                // What a thread runs gives what it would give here: `to_thread(requests.get, url)`.
                let made = self.models.index.step(*node, &Step::Call);
                let is_run = row.map(|row| self.models.callback(row));
                if is_run.is_some_and(|row| row.returns && row.runs == CallbackTime::Now && row.passes.is_some())
                    && self.models.index.node(made).is_modelled()
                {
                    self.add(site.result, &Value::Api(made, Some(site.at)));
                }
            }
            Value::Record(record) if row.is_none() => {
                let all = self.field_slot(&Obj::Record(*record), Key::All);
                self.add_edge(all, Edge::InvokeField(number));
            }
            _ => {}
        }
    }

    /// A function in a field of an object literal that is handed to a library. What lies deeper in it is not called: with
    /// objects that hold each other, everything would be.
    pub(super) fn invoke_field(&mut self, value: &Value, number: u32) {
        if let Value::Func(func) = value {
            let at = self.calls[number as usize].at;
            if !self.edges_done.contains(&(at, *func)) {
                self.called_in_fields.entry(at).or_default().push(*func);
            }
            self.invoke(value, number, None);
        }
    }

    /// A function is registered as a handler.
    pub(super) fn register(&mut self, value: &Value, number: u32, row: RowRef) {
        if let Value::Instance(_) = value {
            for func in self.called_as(value) {
                self.register(&Value::Func(func), number, row);
            }
        }
        let Value::Func(func) = value else { return };
        self.link_call(self.calls[number as usize].at, *func, CallKind::Callback);
        if !self.models.handler(row).yields_at.is_empty() {
            let (from, to) = (self.yield_slot(*func), self.yielded_slot(row));
            self.copy(from, to);
        }
        self.give_params(value, row);
    }

    /// What functions yield that are registered by a row.
    pub(super) fn yielded_slot(&mut self, row: RowRef) -> SlotId {
        let key = (row.file, row.row);
        if let Some(known) = self.yielded.get(&key) {
            return *known;
        }
        let slot = self.fresh();
        self.yielded.insert(key, slot);
        slot
    }

    /// The slot of a port of a call, made with loads where it has a path. `None` where the call has no such argument.
    pub(super) fn port_slot(&mut self, number: u32, port: &Port) -> Option<SlotId> {
        let site = self.calls[number as usize].clone();
        let program = self.program;
        let Op::Call(call) = &program.funcs[site.at.0].instrs[site.at.1].op else { return None };
        let mut spread = None;
        let mut slot = match &port.head {
            PortHead::Receiver => site.receiver?,
            PortHead::Return => site.result,
            PortHead::AllArgs | PortHead::ArgsFrom(_) => {
                let from = if let PortHead::ArgsFrom(from) = port.head { from as usize } else { 0 };
                let all = self.fresh();
                for arg in call.args.iter().skip(from) {
                    let slot = self.instr_slot(site.at.0, arg.value);
                    self.copy(slot, all);
                }
                all
            }
            head => {
                let given = super::ports::argument(call, head);
                let named = || super::ports::in_named_spread(call, head).filter(|_| given.is_none());
                match super::ports::in_spread(call, head).or_else(named) {
                    Some((whole, step)) => {
                        spread = Some(step);
                        self.instr_slot(site.at.0, whole)
                    }
                    None => self.instr_slot(site.at.0, given?),
                }
            }
        };
        for step in spread.iter().chain(&port.path) {
            let next = self.fresh();
            match step {
                PortStep::Name(name) => self.add_edge(slot, Edge::Load(Field::Name(name.clone()), next)),
                PortStep::Index(index) => self.add_edge(slot, Edge::Load(Field::Index(*index), next)),
                PortStep::Element => self.add_edge(slot, Edge::Load(Field::Any, next)),
                PortStep::Param(_) | PortStep::Return => return None,
            }
            slot = next;
        }
        Some(slot)
    }

    pub(super) fn language_of_class(&self, class: ClassId) -> Language {
        self.program.modules[self.program.classes[class].module].language
    }

    // ---- guesses -------------------------------------------------------------------------------------------------

    /// Calls of methods on receivers of which nothing is known go to the methods of that name, if they are few.
    pub(super) fn guess_receivers(&mut self) -> bool {
        let program = self.program;
        let mut by_name: BTreeMap<(Language, Symbol), Vec<FuncId>> = BTreeMap::new();
        for (id, func) in program.funcs.iter_enumerated() {
            if func.kind == FuncKind::Method && self.class_of_func(id).is_some() {
                by_name.entry((self.language(id), func.name.clone())).or_default().push(id);
            }
        }
        let mut guessed = false;
        for number in 0..self.calls.len() {
            let site = self.calls[number].clone();
            let Some(call) = self.call_at(site.at) else { continue };
            let Some(Field::Name(name)) = call.callee.path.last() else { continue };
            if self.models.is_everywhere(name) {
                continue;
            }
            let key = (self.language(site.at.0), name.clone());
            let known = |slot: SlotId| !self.slots[slot].values.is_empty();
            if known(site.callee) || site.receiver.is_none_or(known) || self.call_graph.contains_key(&site.at) {
                continue;
            }
            let Some(candidates) = by_name.get(&key).filter(|found| found.len() <= MAX_GUESSES) else { continue };
            let n_args = call.args.len();
            for func in candidates.clone() {
                let n_params = program.funcs[func].params.len();
                if n_args <= n_params {
                    self.guessed.insert(site.at);
                    self.call_func(site.at, func, site.result, CallKind::Guessed);
                    guessed = true;
                }
            }
        }
        guessed
    }

    /// The class in which a function is, or one around it.
    pub(super) fn class_around(&self, func: FuncId) -> Option<ClassId> {
        let mut at = Some(func);
        while let Some(id) = at {
            if let Some(class) = self.class_of_func(id) {
                return Some(class);
            }
            at = self.program.funcs[id].parent;
        }
        None
    }

    /// The values `super` stands for in a function: an instance of each base of its class, and of those that are asked
    /// behind it in classes that derive from it and others.
    pub(super) fn super_slot(&mut self, func: FuncId) -> SlotId {
        let slot = self.fresh();
        let Some(class) = self.class_around(func) else { return slot };
        for base in self.classes.bases_of(class).into_iter().chain(self.classes.behind(class)) {
            self.add(slot, &Value::Instance(base));
        }
        for base in self.classes.api_bases(class) {
            let instance = self.models.index.instance(base);
            self.add(slot, &Value::Api(instance, None));
        }
        slot
    }
}
