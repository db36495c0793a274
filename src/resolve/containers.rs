//! Containers, and other receivers without such a method: what goes into them, what comes out.
//!
//! What a method does is told by its name (`rules/containers.toml`), on literals and on objects of libraries, in all languages.

use crate::base::Symbol;
use crate::ir::func::{End, FuncId};
use crate::ir::instr::{ArgKind, Base, Const, ENTER, Entry, Field, Op, Oper, Place, RecordKind};
use crate::ir::program::{ClassId, Language};
use crate::ir::types::TypeRef;
use crate::models::index::{NodeId, RowRef, Table};
use crate::models::path::{PortHead, Step};

use super::edges::Edge;
use super::solve::{CallKind, Values};
use super::values::{At, Key, Obj, Site, SlotId, Value};

/// Where in a pair of a key and a value the value stands.
const VALUE_IN_PAIR: u32 = 1;

/// The method by which a function of a script gets its object.
pub(super) const BIND: &str = "bind";

/// A call of a method, by number, and where what it gives goes.
pub(super) struct MethodCall {
    pub(super) number: u32,
    pub(super) name: Symbol,
    pub(super) result: SlotId,
}

impl<'p> Values<'p> {
    pub(super) fn container_call(&mut self, at: At, receiver: SlotId, name: Symbol, result: SlotId) {
        let Some(number) = self.call_number(at) else { return };
        self.add_edge(receiver, Edge::Container(number, name, result));
    }

    /// A method that the receiver's own code does not have: containers keep what they are given and give what they keep;
    /// other objects give themselves (`clone`, `unwrap`, `bind`, builder methods).
    pub(super) fn container(&mut self, value: &Value, number: u32, name: &Symbol, result: SlotId) {
        self.pieces(value, number);
        match value {
            Value::Record(site) => {
                if self.has_method(*site, name) || self.has_no_method(*site, name) {
                    return;
                }
                if self.is_struct(*site) {
                    self.add(result, value);
                    return;
                }
                let method = MethodCall { number, name: name.clone(), result };
                // What is put there may still turn up: `tool.execute = run`, `{ ...tool }`.
                if self.is_object_of_script(*site) {
                    self.waiting.push((*site, method));
                } else {
                    self.generic_method(*site, &method);
                }
            }
            Value::Api(node, Some(at)) => {
                self.bound(value, *node, number, name, result);
                let data = self.models.index.node(*node);
                let member = self.models.index.step(*node, &Step::Member(name.clone()));
                let made = self.models.index.step(member, &Step::Call);
                // What is put in the way of an object's errors, or of what goes through it, is not in the object.
                let is_plain = |row: &RowRef| match row.table {
                    Table::Callback => {
                        let callback = self.models.callback(*row);
                        !callback.replaces_errors && callback.gives.iter().all(|port| port.head != PortHead::Sent)
                    }
                    table => matches!(table, Table::Flow | Table::Clean),
                };
                // What a result gives when its error is looked at, changed or given up is what it holds.
                if data.is_modelled() && data.language == Language::Rust && self.models.error_fate(name).is_some() {
                    self.add(result, value);
                }
                // What is in it is of the library, too: `found.map_or(0, |found| found.start())`.
                if data.language == Language::Rust && self.models.iterates(name) {
                    let items = self.handed_over(number);
                    self.add(items, value);
                }
                let given = self.models.index.node(made);
                // A lock is taken for what it holds, until somebody asks it for that.
                if data.is_modelled() && !given.is_modelled() && self.opens(number, name) {
                    self.add(result, value);
                }
                // What a model says more of is not what the object keeps: `server.tool()` gives a decorator.
                let is_told = given.rows.is_empty() && given.is_modelled();
                // Objects of libraries that no model speaks of are no containers worth following.
                if data.is_modelled()
                    && data.language != Language::Rust
                    && !self.models.names(name)
                    && !self.models.makes_text(name)
                    && !is_told
                    && given.rows.iter().all(is_plain)
                {
                    self.keep(&Obj::Api(*at), number, name, result);
                    let is_never =
                        |row: &RowRef| row.table == Table::Callback && self.models.callback(*row).func_ports.is_empty();
                    let names_one = self.models.looks_up(name) && data.language == Language::Python;
                    if !given.rows.iter().any(is_never) && !self.models.compares(name) && !names_one {
                        self.hand_items(&Obj::Api(*at), number, name);
                    }
                    self.list_of(&Obj::Api(*at), number, name);
                }
            }
            Value::Api(node, None) => {
                self.bound(value, *node, number, name, result);
                // `super.set(name, tool)`
                if self.models.index.gives_pairs(*node)
                    && let Some(class) = self.class_of_super(number)
                {
                    self.own_table(class, number, name, result);
                }
            }
            // Whatever it is: what has a method of this name calls what it is handed.
            Value::Unknown if self.models.iterates(name) => {
                let items = self.handed_over(number);
                self.add(items, value);
            }
            Value::Instance(class) | Value::Typed(class) => {
                let has_own = !self.classes.virtual_methods(*class, name).is_empty();
                let is_table = |base| self.models.index.gives_pairs(self.models.index.instance(base));
                if !has_own && self.classes.api_bases(*class).into_iter().any(is_table) {
                    self.own_table(*class, number, name, result);
                }
                // What a context manager yields is what is entered, unless its class says otherwise.
                if !has_own && ENTER.contains(&name.as_str()) {
                    self.add(result, value);
                }
                let is_rust = self.language_of_class(*class) == Language::Rust;
                if !has_own && is_rust && !self.is_served(*class, name) {
                    self.add(result, value);
                    let items = self.handed_over(number);
                    self.add(items, value);
                }
            }
            Value::Func(func) => {
                // A method of a decorated function is one of the library's: `group.command()` is no group.
                if self.language(*func) != Language::Python {
                    self.add(result, value);
                }
                // What every text or container has, as `clone`, calls nothing. A plain function of Python has no methods that
                // a program calls: what stands there by such a name is something else, which may be in the same variable.
                let has_none =
                    self.language(*func) == Language::Python && self.program.funcs[*func].annotations.is_empty();
                let is_bound = name == BIND && self.language(*func) == Language::Script;
                if !has_none && !is_bound && !self.models.is_everywhere(name) {
                    let at = self.calls[number as usize].at;
                    self.link_call(at, *func, CallKind::Callback);
                }
            }
            _ => {}
        }
    }

    /// `"place.host".split(".")`: what comes of a text that is written out is a list of texts that are known. What comes of
    /// another text is not.
    fn pieces(&mut self, value: &Value, number: u32) {
        let Some(separator) = self.separator(number) else { return };
        if let Value::Const(Const::Str(text)) = value {
            let items = self.list_made(number);
            for piece in text.split(separator) {
                self.add(items, &Value::Const(Const::Str(piece.into())));
            }
        } else if !self.is_declared(value) {
            let site = &self.calls[number as usize];
            let (at, result) = (site.at, site.result);
            self.add(result, &Value::Unknown);
            let items = self.field_slot(&Obj::Record(Site::Instr(at)), Key::Some);
            self.add(items, &Value::Unknown);
        }
    }

    /// Is a value only what a variable is declared as, which tells nothing of the text that it holds?
    pub(super) fn is_declared(&self, value: &Value) -> bool {
        match value {
            Value::Typed(_) => true,
            Value::Api(node, None) => !self.models.index.node(*node).has(Table::SourceRead),
            _ => false,
        }
    }

    /// Does a value say nothing more of a text that may be one of those that are known beside it: it is declared so, or a piece
    /// of a text that was taken apart?
    pub(crate) fn is_some_text(&self, value: &Value) -> bool {
        self.is_declared(value) || matches!(value, Value::Api(_, Some(at)) if self.takes_apart(*at))
    }

    /// Does a call take a text apart at what is written out there?
    pub(crate) fn takes_apart(&self, at: At) -> bool {
        self.call_number(at).is_some_and(|number| self.separator(number).is_some())
    }

    /// What stands between the pieces that a call takes a text apart into, where that is written out.
    pub(super) fn separator(&self, number: u32) -> Option<&'p str> {
        let at = self.calls[number as usize].at;
        let instrs = &self.program.funcs[at.0].instrs;
        let Op::Call(call) = &instrs[at.1].op else { return None };
        let (Some(Field::Name(name)), [separator]) = (call.callee.path.last(), call.args.as_slice()) else {
            return None;
        };
        match &instrs[separator.value].op {
            Op::Const(Const::Str(text)) if self.models.splits(name) && !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// A method that a literal is not known to hold: that of all lists and tables.
    pub(super) fn generic_method(&mut self, site: Site, method: &MethodCall) {
        let MethodCall { number, name, result } = method;
        let (number, result) = (*number, *result);
        let obj = Obj::Record(site);
        let is_script = self.is_object_of_script(site);
        let holds = |slot: SlotId| is_script && self.filled.contains(&slot) || !self.slots[slot].values.is_empty();
        if self.known_field(&obj, &Key::Name(name.clone())).is_some_and(holds) {
            return;
        }
        let told = self.method_of_literal(site, name);
        if let Some(called) = told {
            self.call_literal(number, called);
        }
        if self.models.names(name) {
            self.list_made(number);
            return;
        }
        if self.models.makes_text(name) {
            return;
        }
        self.keep(&obj, number, name, result);
        if told.is_none() && !self.only_keeps(number, name) && !self.models.looks_up(name) {
            self.hand_items(&obj, number, name);
        }
        // What has the items, or some of them, is another list.
        if !self.asks_for_field(number, name) && !self.gives_list(name) {
            self.add(result, &Value::Record(site));
        }
        self.list_of(&obj, number, name);
    }

    /// Is it an object that is written out, whose fields are its methods?
    fn is_object_of_script(&self, made: Site) -> bool {
        let Site::Instr((func, id)) = made else { return false };
        let op = &self.program.funcs[func].instrs[id].op;
        self.language(func) == Language::Script && matches!(op, Op::Record(record) if record.kind == RecordKind::Object)
    }

    /// The class whose method calls one of the class that it extends.
    fn class_of_super(&self, number: u32) -> Option<ClassId> {
        let at = self.calls[number as usize].at;
        let base = &self.call_at(at)?.callee.base;
        matches!(base, Base::Global(name) if name == "super").then(|| self.class_around(at.0))?
    }

    /// A method that an object of the program has from the table that it extends: `class Tools extends Map`.
    fn own_table(&mut self, class: ClassId, number: u32, name: &Symbol, result: SlotId) {
        let obj = Obj::Instances(self.classes.top(class));
        self.keep(&obj, number, name, result);
        if !self.only_keeps(number, name) {
            self.hand_items(&obj, number, name);
        }
        self.list_of(&obj, number, name);
    }

    /// Has an object of the class a library serve by this method? What that gives is no such object.
    fn is_served(&self, class: ClassId, name: &Symbol) -> bool {
        let index = &self.models.index;
        self.classes.api_bases(class).into_iter().any(|base| {
            let member = index.step(index.instance(base), &Step::Member(name.clone()));
            index.node(index.step(member, &Step::Call)).has(Table::Serve)
        })
    }

    /// A library's function stays the same when it is bound to an object: `server.tool.bind(server)`.
    fn bound(&mut self, value: &Value, node: NodeId, number: u32, name: &Symbol, result: SlotId) {
        if name != BIND {
            return;
        }
        let index = &self.models.index;
        let made = index.step(index.step(node, &Step::Member(name.clone())), &Step::Call);
        let at = self.calls[number as usize].at;
        let is_whole = self.call_at(at).is_some_and(|call| call.args.len() <= 1);
        // What denotes a stream when it is bound writes there when it is called, whatever comes first.
        let made = index.node(made);
        let is_stream = !made.rows.is_empty() && made.rows.iter().all(|row| row.table == Table::Stream);
        if self.language(at.0) == Language::Script && (is_stream || is_whole && !made.is_modelled()) {
            self.add(result, value);
        }
    }

    /// Is the object one of a class of the program that has a method of this name? What that does is known.
    fn has_method(&mut self, made: Site, name: &Symbol) -> bool {
        let Site::Instr((func, id)) = made else { return false };
        let program = self.program;
        let Op::Record(record) = &program.funcs[func].instrs[id].op else { return false };
        let Some(TypeRef::Named(named)) = &record.ty else { return false };
        let classes = self.type_slot(func, named);
        self.slots[classes].values.items().iter().any(|id| match self.numbers[*id] {
            Value::Class(class) => !self.classes.virtual_methods(class, name).is_empty(),
            _ => false,
        })
    }

    /// Is the object a struct of Rust, whose methods give nothing that is in it but by their code?
    fn is_struct(&self, made: Site) -> bool {
        let Site::Instr((func, id)) = made else { return false };
        let op = &self.program.funcs[func].instrs[id].op;
        self.language(func) == Language::Rust && matches!(op, Op::Record(record) if record.ty.is_some())
    }

    /// Does a call ask a lock or a cell of Rust for what it holds?
    fn opens(&self, number: u32, name: &Symbol) -> bool {
        let at = self.calls[number as usize].at;
        self.models.opens(name)
            && self.language(at.0) == Language::Rust
            && self.call_at(at).is_some_and(|call| call.args.is_empty())
    }

    /// What functions among the arguments are called with. What they give is not in it.
    fn handed_over(&mut self, number: u32) -> SlotId {
        if let Some(items) = self.handed_over.get(&number) {
            return *items;
        }
        let items = self.fresh();
        self.handed_over.insert(number, items);
        let at = self.calls[number as usize].at;
        let program = self.program;
        let Op::Call(call) = &program.funcs[at.0].instrs[at.1].op else { return items };
        for arg in &call.args {
            let from = self.instr_slot(at.0, arg.value);
            self.add_edge(from, Edge::InvokeWith(number, items));
        }
        items
    }

    /// What a method gives that lists what is in the object, or pairs with it.
    fn list_of(&mut self, obj: &Obj, number: u32, name: &Symbol) {
        let items = if self.models.lists(name) {
            self.list_made(number)
        } else if self.models.pairs(name) {
            self.pairs_made(number, VALUE_IN_PAIR)
        } else {
            return;
        };
        let all = self.field_slot(obj, Key::All);
        self.give(all, number, name, items);
    }

    /// Does a method give nothing but a list of what is in the object?
    fn gives_list(&self, name: &Symbol) -> bool {
        (self.models.lists(name) || self.models.pairs(name)) && !self.models.asks(name)
    }

    /// What a method gives of the items of a container.
    fn give(&mut self, items: SlotId, number: u32, name: &Symbol, to: SlotId) {
        if self.asks_for_field(number, name) {
            self.add_edge(items, Edge::Asked(number, to));
        } else {
            self.copy(items, to);
        }
    }

    fn asks_for_field(&self, number: u32, name: &Symbol) -> bool {
        self.models.asks(name) && self.named_field(number).is_some()
    }

    /// The field of an item, and what it has to be, that the function which a call hands over asks for:
    /// `tools.find(tool => tool.name === "search")`.
    fn named_field(&self, number: u32) -> Option<(&Symbol, &Const)> {
        let at = self.calls[number as usize].at;
        let [arg] = self.call_at(at)?.args.as_slice() else { return None };
        let Op::Closure(inner) = self.program.funcs[at.0].instrs[arg.value].op else { return None };
        let asked = &self.program.funcs[inner];
        let [block] = asked.blocks.iter().collect::<Vec<_>>()[..] else { return None };
        let End::Return(Some(answer)) = block.end else { return None };
        let Op::Operator(Oper::Eq, operands) = &asked.instrs[answer].op else { return None };
        let item = asked.params.first()?.local;
        let field = operands.iter().find_map(|id| match &asked.instrs[*id].op {
            Op::Load(Place { base: Base::Local(local), path }) if *local == item => match &**path {
                [Field::Name(name)] => Some(name),
                _ => None,
            },
            _ => None,
        });
        let constant = operands.iter().find_map(|id| match &asked.instrs[*id].op {
            Op::Const(constant) => Some(constant),
            _ => None,
        });
        Some((field?, constant?))
    }

    /// An item goes on unless it is written out with another constant in the field that is asked for.
    pub(super) fn asked(&mut self, value: &Value, number: u32, to: SlotId) {
        let is_other = self.named_field(number).is_some_and(|(name, wanted)| {
            let Value::Record(Site::Instr((func, made))) = value else { return false };
            let body = &self.program.funcs[*func];
            let Op::Record(record) = &body.instrs[*made].op else { return false };
            let last = record.entries.iter().rev().find(|entry| match entry {
                Entry::Field(field, _) => matches!(field, Field::Name(known) if known == name),
                Entry::Spread(_) => true,
            });
            match last {
                Some(Entry::Field(_, value)) => {
                    matches!(&body.instrs[*value].op, Op::Const(known) if known != wanted)
                }
                _ => false,
            }
        });
        if !is_other {
            self.add(to, value);
        }
    }

    fn keep(&mut self, obj: &Obj, number: u32, name: &Symbol, result: SlotId) {
        if !self.gives_list(name) {
            let all = self.field_slot(obj, Key::All);
            self.give(all, number, name, result);
        }
        if !self.models.keeps(name) {
            return;
        }
        let program = self.program;
        let at = self.calls[number as usize].at;
        let Op::Call(call) = &program.funcs[at.0].instrs[at.1].op else { return };
        let is_pairs =
            matches!(obj, Obj::Record(Site::Instr(made)) if self.pairs.contains(made)) && call.args.len() == 2;
        for (place, arg) in call.args.iter().enumerate() {
            // `table.entry(name).or_insert_with(|| make(name))` keeps what is made.
            let from = match &program.funcs[at.0].instrs[arg.value].op {
                Op::Closure(func) if self.models.makes(name) => self.ret_slot(*func),
                _ => self.instr_slot(at.0, arg.value),
            };
            let merges = self.models.merges(name) && arg.kind == ArgKind::Positional;
            if arg.kind == ArgKind::Spread || merges {
                self.add_edge(from, Edge::Spread(obj.clone()));
            } else {
                if self.models.extends(name) {
                    let kept = self.filled_slot(obj, Key::Some);
                    self.add_edge(from, Edge::Load(Field::Any, kept));
                }
                let key = if is_pairs { Key::Name(place.to_string().into()) } else { Key::Some };
                let kept = self.filled_slot(obj, key);
                self.copy(from, kept);
            }
        }
    }

    /// Does a method of a list or object call nothing of what it is handed? `handlers.push(run)`, `handlers.insert("run", run)`.
    fn only_keeps(&self, number: u32, name: &Symbol) -> bool {
        let only_keeps = match self.language(self.calls[number as usize].at.0) {
            Language::Script => self.models.keeps(name),
            Language::Rust => self.models.is_keyed(name),
            Language::Python => false,
        };
        only_keeps || self.models.compares(name)
    }

    /// Functions among the arguments are called with what is in the object.
    fn hand_items(&mut self, obj: &Obj, number: u32, name: &Symbol) {
        let program = self.program;
        let at = self.calls[number as usize].at;
        let Op::Call(call) = &program.funcs[at.0].instrs[at.1].op else { return };
        let all = self.field_slot(obj, Key::All);
        let given = self.handed_over(number);
        self.copy(all, given);
        // Other things beside the function are handed on, too.
        if call.args.len() > 1 && self.models.iterates(name) && self.models.folds_from(name).is_none() {
            for arg in &call.args {
                let from = self.instr_slot(at.0, arg.value);
                self.copy(from, given);
            }
        }
    }

    /// A function given to a container's method is called with the container's items (`forEach`, `map`).
    pub(super) fn invoke_with(&mut self, value: &Value, number: u32, items: SlotId) {
        let Value::Func(func) = value else { return };
        let site = self.calls[number as usize].clone();
        let is_new = self.link_call(site.at, *func, CallKind::Callback);
        // Something else may have been there before that calls what it is handed; the items still are the container's.
        if !is_new && self.is_called_directly(site.at, *func) || !self.handed_items.insert((site.at, *func)) {
            return;
        }
        let program = self.program;
        let Op::Call(call) = &program.funcs[site.at.0].instrs[site.at.1].op else { return };
        let name = match call.callee.path.last() {
            Some(Field::Name(name)) => Some(name),
            _ => None,
        };
        let start = name.and_then(|name| self.models.folds_from(name)).and_then(|at| call.args.get(at));
        // What a list is folded into is none of its items.
        for param in program.funcs[*func].params.iter().skip(usize::from(start.is_some())) {
            let to = self.local_slot(*func, param.local);
            self.copy(items, to);
        }
        let Some(name) = name else {
            self.link_result(site.at, *func, site.result);
            return;
        };
        // A function that is only asked answers yes or no, whatever it says that with.
        if !self.models.asks(name) {
            self.link_result(site.at, *func, site.result);
        }
        // It begins with what is handed over, and goes on with what it made of that.
        if let (Some(start), Some(before)) = (start, program.funcs[*func].params.first()) {
            let (from, made) = (self.instr_slot(site.at.0, start.value), self.ret_slot(*func));
            let to = self.local_slot(*func, before.local);
            self.copy(from, to);
            self.copy(made, to);
            self.copy(from, site.result);
        }
        if self.models.maps(name) {
            let items = self.list_made(number);
            self.link_result(site.at, *func, items);
        }
    }

    fn is_called_directly(&self, at: At, func: FuncId) -> bool {
        let callees = self.call_graph.get(&at).into_iter().flatten();
        callees.into_iter().any(|(callee, kind)| *callee == func && *kind != CallKind::Callback)
    }

    /// A list that a call makes; gives the slot of its items.
    pub(super) fn list_made(&mut self, number: u32) -> SlotId {
        let (at, result) = (self.calls[number as usize].at, self.calls[number as usize].result);
        self.add(result, &Self::record_at(at));
        self.field_slot(&Obj::Record(Site::Instr(at)), Key::Some)
    }

    /// A list of pairs that a call makes; gives the slot of what stands at a place in each. The list is its own item: what is
    /// in its pairs is in it.
    pub(super) fn pairs_made(&mut self, number: u32, place: u32) -> SlotId {
        let items = self.list_made(number);
        let at = self.calls[number as usize].at;
        self.add(items, &Self::record_at(at));
        self.pairs.insert(at);
        self.filled_slot(&Obj::Record(Site::Instr(at)), Key::Name(place.to_string().into()))
    }
}
