//! What is surely there: values that are objects, whoever calls, so that a condition that asks for one is true; entries of
//! literals, whatever is spread into them.
//!
//! What a place can hold does not tell that, since what is never given is not among it. So a variable has to be written once and
//! at once, a parameter to be given by all callers, a field to be an entry of each literal that it is read from.

use std::rc::Rc;

use rustc_hash::FxHashSet;

use crate::base::Symbol;
use crate::base::bounds::{MAX_CHECK_DEPTH, MAX_LITERALS};
use crate::ir::func::{End, FuncId, FuncKind, LocalId};
use crate::ir::instr::{Base, CallStyle, Const, Entry, Field, InstrId, Op, Oper, Place, RecordKind};
use crate::ir::program::Language;
use crate::models::index::{NodeId, RowRef, Table};
use crate::models::path::{PortHead, Step};
use crate::resolve::ports::argument;
use crate::resolve::solve::{CallKind, Values};
use crate::resolve::values::{At, Key, Obj, Site, Value};

use super::explore::Explorer;
use super::occupied::occupied;

/// Methods by which a logger of a library is told.
const LOG_METHODS: [&str; 2] = ["info", "error"];

/// The object literals of scripts that are handed to a library, which may put something into them; the lists of Python to which
/// that may happen, or a method does it, or a list that is added to.
pub(super) fn handed_out(values: &Values<'_>) -> FxHashSet<At> {
    let mut found = FxHashSet::default();
    let mut add = |items: &[Value]| {
        found.extend(items.iter().filter_map(|value| match value {
            Value::Record(Site::Instr(made)) => Some(*made),
            _ => None,
        }));
    };
    for (func, data) in values.program.funcs.iter_enumerated() {
        let language = values.language(func);
        if language == Language::Rust {
            continue;
        }
        let puts_in = |field: &Field| matches!(field, Field::Name(name) if language == Language::Python && values.models.keeps(name));
        for (id, instr) in data.instrs.iter_enumerated() {
            match &instr.op {
                Op::Call(call) => {
                    if call.callee.path.last().is_some_and(puts_in)
                        && let Some(receiver) = values.receiver_slot((func, id))
                    {
                        add(values.of_slot(receiver).items());
                    }
                    let given = || call.args.iter().flat_map(|arg| values.of(func, arg.value).items());
                    let is_own = |(_, kind): &(FuncId, CallKind)| *kind != CallKind::Callback;
                    let is_left = || language == Language::Python && leaves_all(values, (func, id));
                    let is_literal = |value: &Value| matches!(value, Value::Record(Site::Instr(_)));
                    if given().any(is_literal) && !values.callees((func, id)).iter().any(is_own) && !is_left() {
                        call.args.iter().for_each(|arg| add(values.of(func, arg.value).items()));
                    }
                }
                // `note = faults.append`
                Op::Load(place) if place.path.last().is_some_and(puts_in) => {
                    let owner = place.split_last().and_then(|(owner, _)| values.place_values(func, &owner));
                    add(owner.unwrap_or_default());
                }
                Op::Operator(Oper::Add, operands) if language == Language::Python => {
                    operands.iter().for_each(|value| add(values.of(func, *value).items()));
                }
                _ => {}
            }
        }
    }
    found
}

/// Does a library's call put nothing into what it is given: `json.dumps(found)`?
fn leaves_all(values: &Values<'_>, at: At) -> bool {
    let flows = values.call_rows(at, Table::Flow);
    let gives_back = |row: &RowRef| values.models.flow(*row).to.iter().all(|port| port.head == PortHead::Return);
    let is_told = |table: &Table| !values.call_rows(at, *table).is_empty();
    flows.iter().all(gives_back) && (!flows.is_empty() || [Table::Clean, Table::Sink].iter().any(is_told))
}

impl Explorer<'_> {
    /// What a condition says that asks whether an object is there which surely is: `given.logger`, `given.logger === undefined`.
    pub(super) fn asks_for_object(&self, func: FuncId, on: InstrId) -> Option<bool> {
        // In Python an object can say itself that it is nothing; those that are looked at there do not.
        if self.values.language(func) == Language::Rust {
            return None;
        }
        let instrs = &self.values.program.funcs[func].instrs;
        match &instrs[on].op {
            Op::Load(_) if self.is_falsy((func, on)) => Some(false),
            Op::Operator(Oper::Not, asked) if self.is_falsy((func, *asked.first()?)) => Some(true),
            Op::Operator(Oper::IsMissing | Oper::Not, asked) => {
                self.is_object((func, *asked.first()?)).then_some(false)
            }
            Op::Operator(oper @ (Oper::Eq | Oper::Ne), sides) => {
                let [asked, nothing] = sides[..] else { return None };
                let is_asked = matches!(instrs[nothing].op, Op::Const(Const::Null)) && self.is_object((func, asked));
                is_asked.then_some(*oper == Oper::Ne)
            }
            Op::Load(_) => self.is_object((func, on)).then_some(true),
            _ => None,
        }
    }

    /// What a condition says that asks whether anything is in a list that a function of Python makes empty, and that nothing is
    /// ever put into: `if result["warnings"]:`; or in one that each way puts something into.
    pub(super) fn asks_for_items(&self, func: FuncId, on: InstrId) -> Option<bool> {
        if self.values.language(func) != Language::Python {
            return None;
        }
        match &self.values.program.funcs[func].instrs[on].op {
            Op::Operator(Oper::Not, asked) => self.is_there(func, *asked.first()?).map(|is| !is),
            Op::Load(_) => self.is_there(func, on),
            _ => None,
        }
    }

    fn is_there(&self, func: FuncId, id: InstrId) -> Option<bool> {
        let mut known = self.prepared.occupied.borrow_mut();
        let known = known.entry(func).or_insert_with(|| Rc::new(occupied(self.values, func)));
        if known.contains(&id) { Some(true) } else { self.stays_empty(func, id).then_some(false) }
    }

    fn stays_empty(&self, func: FuncId, id: InstrId) -> bool {
        let Op::Load(place) = &self.values.program.funcs[func].instrs[id].op else { return false };
        self.held_at(func, place)
            .is_some_and(|held| !held.is_empty() && held.iter().all(|value| self.is_empty_list(value)))
    }

    fn is_empty_list(&self, value: &Value) -> bool {
        let Value::Record(site @ Site::Instr(made)) = value else { return false };
        let body = &self.values.program.funcs[made.0];
        let list = Obj::Record(*site);
        let is_empty = |op: &Op| match op {
            Op::Record(record) => record.kind == RecordKind::Array && record.entries.is_empty(),
            _ => false,
        };
        // Into what a module has anybody may put something.
        body.kind != FuncKind::Init
            && is_empty(&body.instrs[made.1].op)
            && !self.values.is_open(&list)
            && self.values.stores_to(&list, &Key::All).is_empty()
            && !self.prepared.handed_out.contains(made)
    }

    /// All that a variable of a function holds, or a field of the literals in it. `None` where that is not known.
    fn held_at(&self, func: FuncId, place: &Place) -> Option<Vec<Value>> {
        let (Base::Local(local), [] | [Field::Name(_)]) = (&place.base, &*place.path) else { return None };
        let body = &self.values.program.funcs[func];
        if body.params.iter().any(|param| param.local == *local) {
            return None;
        }
        let mut held: Vec<Value> = Vec::new();
        for instr in body.instrs.iter() {
            match &instr.op {
                Op::Store(to, value) if to.base == place.base && to.path.is_empty() => {
                    held.extend(self.given_back(func, *value)?);
                }
                _ => {}
            }
        }
        let [Field::Name(name)] = &*place.path else { return Some(held) };
        let mut inside: Vec<Value> = Vec::new();
        for value in held {
            let is_elsewhere =
                matches!(&value, Value::Record(Site::Instr(made)) if self.prepared.handed_out.contains(made));
            let obj = self.values.object_of(&value).filter(|obj| !is_elsewhere && !self.values.is_open(obj))?;
            let slot = self.values.known_field(&obj, &Key::Name(name.clone()))?;
            inside.extend(self.values.of_slot(slot).items().iter().cloned());
        }
        Some(inside)
    }

    /// What an instruction gives; of a call of the program's functions what they give back.
    fn given_back(&self, func: FuncId, id: InstrId) -> Option<Vec<Value>> {
        let values = self.values;
        let Op::Call(_) = &values.program.funcs[func].instrs[id].op else {
            return Some(values.of(func, id).items().to_vec());
        };
        let callees = values.callees((func, id));
        let is_plain = |(callee, kind): &(FuncId, CallKind)| {
            let body = &values.program.funcs[*callee];
            *kind == CallKind::Direct && !body.is_async && !body.is_generator
        };
        if callees.is_empty() || !callees.iter().all(is_plain) {
            return None;
        }
        let given = callees.iter().flat_map(|(callee, _)| values.of_slot(values.ret_slot(*callee)).items());
        // What they are declared to give says nothing of what is in there: `-> dict`.
        Some(given.filter(|value| !matches!(value, Value::Api(_, None))).cloned().collect())
    }

    /// Can a value only be objects of libraries that count as false: the answer in an error of requests?
    fn is_falsy(&self, at: At) -> bool {
        let index = &self.values.models.index;
        let held = self.values.of(at.0, at.1).items();
        let is_one = |value: &Value| matches!(value, Value::Api(node, _) if index.is_falsy(*node));
        held.iter().any(is_one) && held.iter().all(|value| is_one(value) || *value == Value::Unknown)
    }

    /// Is what an instruction gives surely an object?
    pub(crate) fn is_object(&self, at: At) -> bool {
        if let Some(known) = self.prepared.objects.borrow().get(&at) {
            return *known;
        }
        let is_object = self.is_made(at, None, MAX_CHECK_DEPTH);
        self.prepared.objects.borrow_mut().insert(at, is_object);
        is_object
    }

    /// Is a place surely a method of an object of the program: `typeof log.info === "function"`?
    pub(super) fn is_method(&self, func: FuncId, place: &Place) -> bool {
        let Some((owner, Field::Name(name))) = place.split_last() else { return false };
        self.is_object_at(func, &owner, Some(name), MAX_CHECK_DEPTH)
    }

    /// Is an object made here, or taken from where one is: one with a `method`, where that is asked?
    fn is_made(&self, (func, id): At, method: Option<&Symbol>, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let has_it = || method.is_none_or(|name| self.has_method((func, id), name));
        match &self.values.program.funcs[func].instrs[id].op {
            Op::Closure(_) | Op::Class(_) => has_it(),
            Op::Record(_) => self.values.language(func) == Language::Script && has_it(),
            Op::Call(call) => {
                let makes =
                    call.style == CallStyle::New || self.makes_logger((func, id)) || self.gives_made((func, id), depth);
                makes && has_it()
            }
            Op::Load(place) => self.is_object_at(func, place, method, depth),
            _ => false,
        }
    }

    fn is_object_at(&self, func: FuncId, place: &Place, method: Option<&Symbol>, depth: usize) -> bool {
        match place.split_last() {
            Some((owner, Field::Name(name))) => {
                let key = Key::Name(name.clone());
                self.is_entry(func, &owner, &key, method, depth) || self.is_kept(func, &owner, &key, method, depth)
            }
            Some(_) => false,
            None => self.is_object_in(func, &place.base, method, depth),
        }
    }

    /// Does each way out of the functions that a call gets to give an object which is made there?
    fn gives_made(&self, at: At, depth: usize) -> bool {
        let callees = self.values.callees(at);
        let makes = |(callee, kind): &(FuncId, CallKind)| {
            let body = &self.values.program.funcs[*callee];
            let gives = |end: &End| match end {
                End::Return(value) => value.is_some_and(|value| self.is_made((*callee, value), None, depth)),
                _ => true,
            };
            *kind == CallKind::Direct
                && body.kind != FuncKind::Constructor
                && !body.is_async
                && !body.is_generator
                && body.blocks.iter().all(|block| gives(&block.end))
        };
        !callees.is_empty() && callees.iter().all(makes)
    }

    /// Is what is made there of classes of the program that have the method, or written out with it?
    fn has_method(&self, at: At, name: &Symbol) -> bool {
        let mut made = self.values.of(at.0, at.1).items().iter().filter(|value| **value != Value::Unknown).peekable();
        let key = Key::Name(name.clone());
        let is_closure = |at: At| matches!(self.values.program.funcs[at.0].instrs[at.1].op, Op::Closure(_));
        let has_it = |value: &Value| match value {
            Value::Instance(class) => !self.values.classes.methods(*class, name).is_empty(),
            Value::Record(site) => self
                .own_entry(value, &key)
                .is_some_and(|entry| is_closure(entry) && self.values.stores_to(&Obj::Record(*site), &key) == [entry]),
            _ => false,
        };
        made.peek().is_some() && made.all(has_it)
    }

    /// Does a call give a logger of a library, and never nothing?
    fn makes_logger(&self, at: At) -> bool {
        let index = &self.values.models.index;
        let logs = |node: NodeId, name: &str| {
            let method = index.step(index.step(node, &Step::Member(name.into())), &Step::Call);
            index.node(method).has(Table::Sink)
        };
        let is_logger = |value: &Value| match value {
            Value::Api(node, Some(made)) => *made == at && LOG_METHODS.iter().all(|name| logs(*node, name)),
            _ => false,
        };
        let given = self.values.of(at.0, at.1).items();
        // Whatever else it may be nobody knows.
        self.values.callees(at).is_empty()
            && given.iter().any(is_logger)
            && given.iter().all(|value| is_logger(value) || *value == Value::Unknown)
    }

    /// Is a field of objects of a class of Python set by nothing but their constructors, and to an object?
    fn is_kept(&self, func: FuncId, owner: &Place, key: &Key, method: Option<&Symbol>, depth: usize) -> bool {
        let held = self.values.place_values(func, owner).unwrap_or_default();
        let is_set = |store: &At| {
            let body = &self.values.program.funcs[store.0];
            let is_at_once = body.kind == FuncKind::Constructor && body.blocks[body.entry()].instrs.contains(&store.1);
            matches!(&body.instrs[store.1].op, Op::Store(_, value) if is_at_once && self.is_made((store.0, *value), method, depth))
        };
        self.values.language(func) == Language::Python
            && !held.is_empty()
            && held.iter().all(|value| {
                let is_own = matches!(value, Value::Instance(_) | Value::Typed(_));
                let Some(obj) = self.values.object_of(value).filter(|_| is_own) else { return false };
                let stores = self.values.stores_to(&obj, key);
                !stores.is_empty() && stores.iter().all(is_set)
            })
    }

    /// Does a variable hold an object wherever it is read?
    fn is_object_in(&self, func: FuncId, base: &Base, method: Option<&Symbol>, depth: usize) -> bool {
        let program = self.values.program;
        let stores: Vec<At> = match base {
            Base::Value(value) => return self.is_made((func, *value), method, depth),
            // What a library's own object has is not asked here.
            Base::Global(_) if method.is_some() => return false,
            Base::Global(_) => {
                let held = self.values.place_values(func, &Place { base: base.clone(), path: Box::default() });
                let is_namespace = |value: &Value| matches!(value, Value::Api(node, _) if self.values.models.index.node(*node).is_modelled());
                return held.is_some_and(|held| !held.is_empty() && held.iter().all(is_namespace));
            }
            Base::Cell(cell) => self.stores_of(*cell).to_vec(),
            Base::Local(local) => {
                let stores = program.funcs[func].instrs.iter_enumerated().filter(
                    |(_, instr)| matches!(&instr.op, Op::Store(to, _) if to.base == *base && to.path.is_empty()),
                );
                let stores: Vec<At> = stores.map(|(id, _)| (func, id)).collect();
                if stores.is_empty() {
                    return self.is_given(func, *local, method, depth);
                }
                stores
            }
        };
        let [(func, store)] = stores.as_slice() else { return false };
        let body = &program.funcs[*func];
        let is_at_once = body.blocks[body.entry()].instrs.contains(store);
        matches!(&body.instrs[*store].op, Op::Store(_, value) if is_at_once && self.is_made((*func, *value), method, depth))
    }

    /// Does each call of the function give an object for the parameter?
    fn is_given(&self, func: FuncId, local: LocalId, method: Option<&Symbol>, depth: usize) -> bool {
        let params = &self.values.program.funcs[func].params;
        let Some(at) = params.iter().position(|param| param.local == local) else { return false };
        let Ok(head) = i32::try_from(at).map(PortHead::Arg) else { return false };
        let gives = |caller: &At| {
            let is_direct = |(callee, kind): &(FuncId, CallKind)| *callee != func || *kind == CallKind::Direct;
            let by_name = PortHead::Named(params[at].name.clone());
            let given = self
                .values
                .call_at(*caller)
                .and_then(|call| argument(call, &head).or_else(|| argument(call, &by_name)));
            self.values.callees(*caller).iter().all(is_direct)
                && given.is_some_and(|given| self.is_made((caller.0, given), method, depth))
        };
        let callers = self.values.callers(func);
        !callers.is_empty() && callers.iter().all(gives)
    }

    /// Is a field an entry of each of the literals that a place can hold, and an object there?
    fn is_entry(&self, func: FuncId, owner: &Place, key: &Key, method: Option<&Symbol>, depth: usize) -> bool {
        let held = self.values.place_values(func, owner).unwrap_or_default();
        // What stands in for what every call gives is not there.
        let is_default =
            |value: &Value| matches!(value, Value::Record(Site::Instr(made)) if self.is_unused_default(*made));
        let mut held = held.iter().filter(|value| !self.is_of_interface(value) && !is_default(value)).peekable();
        held.peek().is_some()
            && held.all(|value| {
                let Some(given) = self.own_entry(value, key) else { return false };
                let obj = self.values.object_of(value);
                obj.is_some_and(|obj| self.values.stores_to(&obj, key) == [given]) && self.is_made(given, method, depth)
            })
    }

    /// The entry that a literal itself has for a field, unless something may stand over it that is spread into it.
    pub(crate) fn own_entry(&self, value: &Value, key: &Key) -> Option<At> {
        let Value::Record(Site::Instr(made)) = value else { return None };
        let Op::Record(record) = &self.values.program.funcs[made.0].instrs[made.1].op else { return None };
        let mut left = record.entries.iter().rev();
        loop {
            match left.next()? {
                Entry::Field(field, value) if is_for(field, key) => return Some((made.0, *value)),
                Entry::Spread(value) if !self.lacks((made.0, *value), key) => return None,
                Entry::Field(..) | Entry::Spread(_) => {}
            }
        }
    }

    /// Can a value only be literals without a field, into which nothing is put under its name: `token ? { token } : {}`, or
    /// nothing that has fields: `token && { token }`?
    fn lacks(&self, (func, value): At, key: &Key) -> bool {
        let is_without = |value: &Value| {
            let Value::Record(site @ Site::Instr(made)) = value else { return false };
            let Op::Record(record) = &self.values.program.funcs[made.0].instrs[made.1].op else { return false };
            let obj = Obj::Record(*site);
            record.entries.iter().all(|entry| matches!(entry, Entry::Field(Field::Name(_), _)))
                && !self.values.is_open(&obj)
                && self.values.stores_to(&obj, key).is_empty()
        };
        if let Some(parts) = self.values.program.funcs[func].given_beside_answers(value) {
            return parts.into_iter().all(|part| self.lacks((func, part), key));
        }
        let set = self.values.of(func, value);
        !set.is_cut && !set.items().is_empty() && set.items().iter().all(is_without)
    }

    /// What is stored to a field of an object, without what stands under something else in the literal that the object is:
    /// `{ on: true, ...options }`, where all options say it. `None` where that is all.
    pub(super) fn on_top(&self, obj: &Obj, key: &Key) -> Option<Vec<At>> {
        let program = self.values.program;
        let stores = self.values.stores_to(obj, key);
        let Obj::Record(Site::Instr((func, made))) = obj else { return None };
        let Op::Record(record) = &program.funcs[*func].instrs[*made].op else { return None };
        if stores.len() < 2 {
            return None;
        }
        let mut left = stores.to_vec();
        let mut is_under = false;
        for entry in record.entries.iter().rev() {
            match entry {
                Entry::Field(field, value) if is_for(field, key) => {
                    left.retain(|at| !is_under || *at != (*func, *value));
                    is_under = true;
                }
                Entry::Field(..) => {}
                Entry::Spread(value) => {
                    let spread = self.values.of(*func, *value).items();
                    let objs = || spread.iter().filter_map(|value| self.values.object_of(value));
                    if is_under {
                        left.retain(|at| !objs().any(|obj| self.values.stores_to(&obj, key).contains(at)));
                    }
                    let mut there = spread.iter().filter(|value| !self.is_of_interface(value)).peekable();
                    is_under |= there.peek().is_some()
                        && there.all(|value| self.own_entry(value, key).is_some())
                        && self.is_object((*func, *value));
                }
            }
        }
        Some(left)
    }

    /// Is nothing put under a name into the literals that a place of a script can hold, wherever they go?
    pub(super) fn is_never_put(&self, func: FuncId, owner: &Place, key: &Key) -> bool {
        let held = self.values.place_values(func, owner).unwrap_or_default();
        if self.values.language(func) != Language::Script || held.len() > MAX_LITERALS {
            return false;
        }
        // Nothing has no fields, either, and is what a parameter holds for which nothing is given.
        let is_nothing = |value: &Value| matches!(value, Value::Const(Const::Null | Const::Undefined));
        let mut held = held.iter().filter(|value| !self.is_of_interface(value) && !is_nothing(value)).peekable();
        held.peek().is_some()
            && held.all(|value| {
                let Value::Record(site @ Site::Instr(made)) = value else { return false };
                let obj = Obj::Record(*site);
                let instr = &self.values.program.funcs[made.0].instrs[made.1];
                matches!(&instr.op, Op::Record(record) if record.kind == RecordKind::Object)
                    && !self.values.is_open(&obj)
                    && self.values.stores_to(&obj, key).is_empty()
                    && !self.prepared.handed_out.contains(made)
            })
            && !self.is_given_openly(func, owner)
    }

    /// Is a place a parameter for which some call of the function gives what nobody knows? What the other calls give does
    /// not tell what is in it then: `run({ quiet: true })` in a handler, `action((options) => run(options))` in a command.
    pub(super) fn is_given_openly(&self, func: FuncId, place: &Place) -> bool {
        let Base::Local(local) = place.base else { return false };
        place.path.is_empty() && self.is_open_param(func, local, MAX_CHECK_DEPTH)
    }

    fn is_open_param(&self, func: FuncId, local: LocalId, depth: usize) -> bool {
        let program = self.values.program;
        let Some(at) = program.funcs[func].params.iter().position(|param| param.local == local) else { return false };
        if let Some(known) = self.prepared.open_params.borrow().get(&(func, at)) {
            return *known;
        }
        let (Some(depth), Ok(head)) = (depth.checked_sub(1), i32::try_from(at).map(PortHead::Arg)) else {
            return false;
        };
        // What a function hands on to itself is nothing new.
        self.prepared.open_params.borrow_mut().insert((func, at), false);
        let is_open = self.values.callers(func).iter().any(|caller| {
            if !self.values.callees(*caller).contains(&(func, CallKind::Direct)) {
                return false;
            }
            let Some(given) = self.values.call_at(*caller).and_then(|call| argument(call, &head)) else { return false };
            let Op::Load(Place { base: Base::Local(local), path }) = &program.funcs[caller.0].instrs[given].op else {
                return false;
            };
            let is_param = program.funcs[caller.0].params.iter().any(|param| param.local == *local);
            is_param
                && path.is_empty()
                && (self.values.of(caller.0, given).items().is_empty() || self.is_open_param(caller.0, *local, depth))
        });
        self.prepared.open_params.borrow_mut().insert((func, at), is_open);
        is_open
    }

    fn is_of_interface(&self, value: &Value) -> bool {
        self.values.object_of(value).is_some_and(|obj| self.is_declared(&obj))
    }
}

fn is_for(field: &Field, key: &Key) -> bool {
    matches!((field, key), (Field::Name(name), Key::Name(key)) if name == key)
}
