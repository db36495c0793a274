//! The worklist of the value pass: slots, the constraints between them, and the fixpoint.
//!
//! Flow-insensitive: one set per variable for the whole run. Constraints are made by `generate`; what a value means for one
//! is in `members` and `calls`.

use std::num::NonZeroU32;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::Symbol;
use crate::base::bounds::{FIRST_STEPS, GUESS_ROUNDS, STEPS_PER_SLOT};
use crate::base::idx::{Id, IndexVec};
use crate::ir::func::FuncId;
use crate::ir::instr::{Const, Field, InstrId};
use crate::ir::program::{CellId, ClassId, Language, ModuleId, Program};
use crate::models::Models;
use crate::models::index::NodeId;

use super::containers::MethodCall;
use super::edges::{Edge, Edges, Kept};
use super::growing::{Growing, Numbers, Sets, ValueId};
use super::hierarchy::Classes;
use super::holders::Holders;
use super::link::Linker;
use super::values::{At, Key, Obj, Site, SlotId, Value, ValueSet};
use super::versions::Versions;

/// What is left to propagate: a new value of a slot to all its edges, or a new edge to all values of its slot.
pub(super) enum Work {
    Value(SlotId, ValueId),
    Edge(SlotId, u32),
}

/// A call as a constraint.
#[derive(Clone, Debug)]
pub(super) struct CallSite {
    pub(super) at: At,
    /// The place called without its last step, where it has one.
    pub(super) receiver: Option<SlotId>,
    pub(super) callee: SlotId,
    pub(super) result: SlotId,
}

/// Up to this many values a slot is worked on at once: a variable of a few types, a dispatch table.
const MAX_EARLY: usize = 12;

/// Why a call edge exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum CallKind {
    Direct,
    /// The function was handed to a library, which calls it.
    Callback,
    /// The receiver is not known; the name fits.
    Guessed,
}

#[derive(Default)]
pub(super) struct Slot {
    /// While the pass runs.
    pub(super) values: Growing,
    pub(super) edges: Edges,
    /// It is declared to hold texts: no number gets there, whatever a key that nobody knows may name.
    pub(super) is_text: bool,
}

/// The result of the value pass.
pub(crate) struct Values<'p> {
    pub(crate) program: &'p Program,
    pub(crate) models: &'p Models,
    pub(crate) linker: &'p Linker<'p>,
    pub(crate) versions: &'p Versions<'p>,
    pub(crate) classes: Classes,
    pub(super) slots: IndexVec<SlotId, Slot>,
    pub(super) numbers: Numbers,
    /// Which literals hold handlers, while constraints are made.
    pub(super) holders: Holders,
    unknown: ValueId,
    /// What slots hold in the end.
    sets: Sets,
    pub(super) queue: Vec<Work>,
    /// Work on slots that hold many values.
    crowded: Vec<Work>,
    /// Methods of literals that seem to have none of that name: they wait until all else is done.
    pub(super) waiting: Vec<(Site, MethodCall)>,
    /// The work done: values that met constraints.
    pub(crate) n_steps: usize,
    /// The pass gave up before everything was propagated.
    pub(crate) is_cut: bool,
    instr_base: Vec<usize>,
    local_base: Vec<usize>,
    cell_base: usize,
    ret_base: usize,
    pub(super) fields: FxHashMap<(Obj, Key), SlotId>,
    /// Names under which something is put into an object, in order of first mention.
    pub(super) field_names: FxHashMap<Obj, Vec<crate::base::Symbol>>,
    /// Slots of fields that something is put into by name.
    pub(super) filled: FxHashSet<SlotId>,
    /// By object, those that it was spread into.
    pub(super) spread_into: FxHashMap<Obj, Vec<Obj>>,
    /// What functions yield that are registered by a row of the models.
    pub(super) yielded: FxHashMap<(u32, u32), SlotId>,
    /// Calls that make channels.
    pub(super) channels: FxHashSet<At>,
    /// What the functions are called with that a call hands to a method of a container.
    pub(super) handed_over: FxHashMap<u32, SlotId>,
    /// Calls that make lists of pairs.
    pub(super) pairs: FxHashSet<At>,
    /// Instructions that store to a field.
    pub(super) stores: FxHashMap<(Obj, Key), Vec<At>>,
    /// Objects that something unknown was spread into.
    pub(super) open_records: FxHashSet<Obj>,
    /// Objects that a derived maker of their struct makes, too.
    pub(super) made_by_default: FxHashSet<Obj>,
    pub(super) calls: Vec<CallSite>,
    /// By instruction, the number of the call that it is.
    call_of: Vec<Option<NonZeroU32>>,
    /// Of the function of which constraints are made: by store to a field of a variable, what that surely holds there.
    pub(super) given_before: FxHashMap<InstrId, InstrId>,
    /// By number of the call, methods of what is written out that it calls.
    pub(super) told: FxHashMap<u32, Vec<NodeId>>,
    /// By call: the classes of libraries of which the object is made that it makes, or makes a part of.
    pub(super) makes_bases: FxHashMap<u32, Vec<NodeId>>,
    /// The rows of the models that speak of each call; filled in at the end.
    pub(super) rows_of_calls: Vec<Box<[crate::models::index::RowRef]>>,
    /// The calls of methods on what a call made, in order of functions and instructions; filled in at the end.
    pub(super) built_on: FxHashMap<At, Vec<At>>,
    /// Functions that calls of a library are taken to call because an object that they are handed has them in a field.
    pub(super) called_in_fields: FxHashMap<At, Vec<FuncId>>,
    /// By call that is handed a loader of modules to call: what it calls the loader with.
    pub(super) handed_loaders: FxHashMap<At, Vec<SlotId>>,
    /// What functions do with the members of modules.
    pub(super) walks: FxHashMap<FuncId, super::walked::Walk>,
    /// Classes of modules that derive from a class, and where they go.
    pub(super) derived_in: Vec<(Value, ModuleId, SlotId)>,
    /// By call of a library, the functions that throw instead of it.
    pub(super) error_handlers: FxHashMap<At, Vec<FuncId>>,
    pub(super) edges_done: FxHashSet<(At, FuncId)>,
    /// Functions that a call hands to a container, whose items they are called with.
    pub(super) handed_items: FxHashSet<(At, FuncId)>,
    pub(crate) call_graph: FxHashMap<At, Vec<(FuncId, CallKind)>>,
    /// The call graph the other way round, in order of functions and instructions.
    pub(super) callers: FxHashMap<FuncId, Vec<At>>,
    pub(super) globals: FxHashMap<(crate::ir::program::ModuleId, crate::base::Symbol), SlotId>,
    pub(super) aliases: FxHashMap<ClassId, SlotId>,
    /// All that a module exports.
    pub(super) namespaces: FxHashMap<ModuleId, SlotId>,
    pub(super) supers: FxHashMap<FuncId, SlotId>,
    /// Names that both a field of a Rust type and a method have.
    pub(super) getters: FxHashSet<Symbol>,
    pub(super) types: FxHashMap<(FuncId, crate::ir::instr::Base, Vec<crate::base::Symbol>), SlotId>,
    pub(super) impls: Vec<super::impls::ImplBlock>,
    /// Calls that no callee is known for, though something of the program was called.
    pub(super) guessed: FxHashSet<At>,
    /// Handlers by attribute or class.
    pub(super) marked: Vec<(FuncId, crate::models::index::RowRef)>,
    /// Functions that run before the main one.
    pub(super) before_main: Vec<FuncId>,
    /// What starts a server without an SDK: reads of standard input, registrations of what answers HTTP requests.
    pub(super) by_hand: std::collections::BTreeMap<At, crate::models::serving::TransportKind>,
    /// Functions by which a program without an SDK answers requests that call no tool.
    pub(super) answers_others: std::collections::BTreeSet<FuncId>,
}

/// Runs the value pass.
pub(crate) fn solve<'p>(
    program: &'p Program,
    models: &'p Models,
    linker: &'p Linker<'p>,
    versions: &'p Versions<'p>,
) -> Values<'p> {
    let mut values = Values::new(program, models, linker, versions);
    values.generate();
    values.run();
    for _ in 0..GUESS_ROUNDS {
        if !values.convert_errors() {
            break;
        }
        values.run();
    }
    for _ in 0..GUESS_ROUNDS {
        let is_extended = values.extend_receivers();
        if is_extended {
            values.run();
        }
        let is_guessed = values.guess_receivers();
        if !values.convert_errors() && !is_guessed && !is_extended {
            break;
        }
        values.run();
    }
    for _ in 0..GUESS_ROUNDS {
        if !values.hand_to_foreign() {
            break;
        }
    }
    values.settle();
    values.find_data();
    values.find_rows();
    values.find_built();
    values.find_marked();
    values.find_error_handlers();
    values.reverse_calls();
    values.find_wrapped();
    values.find_by_hand();
    values
}

impl<'p> Values<'p> {
    fn new(program: &'p Program, models: &'p Models, linker: &'p Linker<'p>, versions: &'p Versions<'p>) -> Self {
        let mut next = 0;
        let mut take = |count: usize| {
            let base = next;
            next += count;
            base
        };
        let instr_base = program.funcs.iter().map(|func| take(func.instrs.len())).collect();
        let n_instrs = program.funcs.iter().map(|func| func.instrs.len()).sum();
        let local_base = program.funcs.iter().map(|func| take(func.locals.len())).collect();
        let cell_base = take(program.cells.len());
        let ret_base = take(program.funcs.len() * 2);
        // Fields and members of values come to about as many again; memory that is never used costs nothing.
        let slots = IndexVec::filled(next, next, Slot::default);
        let methods = program.classes.iter().flat_map(|class| class.methods.iter().map(|(name, _)| name.clone()));
        let mut numbers = Numbers::new(methods.collect());
        let unknown = numbers.number(&Value::Unknown);
        Self {
            program,
            models,
            linker,
            versions,
            classes: Classes::default(),
            slots,
            numbers,
            holders: Holders::new(program),
            unknown,
            sets: Sets::default(),
            queue: Vec::new(),
            crowded: Vec::new(),
            waiting: Vec::new(),
            n_steps: 0,
            is_cut: false,
            instr_base,
            local_base,
            cell_base,
            ret_base,
            fields: FxHashMap::default(),
            spread_into: FxHashMap::default(),
            yielded: FxHashMap::default(),
            channels: FxHashSet::default(),
            handed_over: FxHashMap::default(),
            pairs: FxHashSet::default(),
            field_names: FxHashMap::default(),
            filled: FxHashSet::default(),
            stores: FxHashMap::default(),
            open_records: FxHashSet::default(),
            made_by_default: FxHashSet::default(),
            calls: Vec::new(),
            call_of: vec![None; n_instrs],
            given_before: FxHashMap::default(),
            told: FxHashMap::default(),
            makes_bases: FxHashMap::default(),
            rows_of_calls: Vec::new(),
            built_on: FxHashMap::default(),
            called_in_fields: FxHashMap::default(),
            handed_loaders: FxHashMap::default(),
            walks: FxHashMap::default(),
            derived_in: Vec::new(),
            error_handlers: FxHashMap::default(),
            edges_done: FxHashSet::default(),
            handed_items: FxHashSet::default(),
            call_graph: FxHashMap::default(),
            callers: FxHashMap::default(),
            globals: FxHashMap::default(),
            aliases: FxHashMap::default(),
            namespaces: FxHashMap::default(),
            supers: FxHashMap::default(),
            getters: FxHashSet::default(),
            types: FxHashMap::default(),
            impls: Vec::new(),
            guessed: FxHashSet::default(),
            marked: Vec::new(),
            before_main: Vec::new(),
            by_hand: std::collections::BTreeMap::new(),
            answers_others: std::collections::BTreeSet::new(),
        }
    }

    fn reverse_calls(&mut self) {
        let mut edges: Vec<(At, FuncId)> =
            self.call_graph.iter().flat_map(|(at, callees)| callees.iter().map(|(func, _)| (*at, *func))).collect();
        edges.sort_unstable();
        for (at, func) in edges {
            self.callers.entry(func).or_default().push(at);
        }
    }

    // ---- calls ---------------------------------------------------------------------------------------------------

    pub(super) fn add_call(&mut self, call: CallSite) -> u32 {
        let slot = self.instr_slot(call.at.0, call.at.1).index();
        self.calls.push(call);
        let number = u32::try_from(self.calls.len()).ok().and_then(NonZeroU32::new);
        self.call_of[slot] = number;
        number.map_or(u32::MAX, |number| number.get() - 1)
    }

    /// The number of the call that an instruction is.
    pub(super) fn call_number(&self, (func, instr): At) -> Option<u32> {
        let number = *self.call_of.get(self.instr_slot(func, instr).index())?;
        number.map(|number| number.get() - 1)
    }

    // ---- slots ---------------------------------------------------------------------------------------------------

    pub(crate) fn instr_slot(&self, func: FuncId, instr: InstrId) -> SlotId {
        SlotId::new(self.instr_base[func.index()] + instr.index())
    }

    pub(crate) fn local_slot(&self, func: FuncId, local: crate::ir::func::LocalId) -> SlotId {
        SlotId::new(self.local_base[func.index()] + local.index())
    }

    pub(crate) fn cell_slot(&self, cell: CellId) -> SlotId {
        SlotId::new(self.cell_base + cell.index())
    }

    /// What a function returns.
    pub(crate) fn ret_slot(&self, func: FuncId) -> SlotId {
        SlotId::new(self.ret_base + func.index() * 2)
    }

    /// What a generator hands out.
    pub(crate) fn yield_slot(&self, func: FuncId) -> SlotId {
        SlotId::new(self.ret_base + func.index() * 2 + 1)
    }

    pub(super) fn fresh(&mut self) -> SlotId {
        self.slots.push(Slot::default())
    }

    /// What an instruction can be.
    pub(crate) fn of(&self, func: FuncId, instr: InstrId) -> &ValueSet {
        self.of_slot(self.instr_slot(func, instr))
    }

    /// The names of the fields that a load may read, where they are computed and can be nothing but known texts.
    pub(crate) fn computed_keys(&self, func: FuncId, load: InstrId) -> Option<Vec<&Symbol>> {
        self.of(func, *self.program.funcs[func].keys.get(&load)?).texts()
    }

    /// The name of the field that a load reads, where it is computed and can be one text only: `settings[KEY]`.
    pub(crate) fn computed_key(&self, func: FuncId, load: InstrId) -> Option<Symbol> {
        let key = *self.program.funcs[func].keys.get(&load)?;
        match self.of(func, key).single_const() {
            Some(Const::Str(name)) => Some(name.clone()),
            _ => None,
        }
    }

    pub(crate) fn of_slot(&self, slot: SlotId) -> &ValueSet {
        self.sets.get(slot.index())
    }

    /// The functions a call can reach.
    pub(crate) fn callees(&self, at: At) -> &[(FuncId, CallKind)] {
        self.call_graph.get(&at).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn language(&self, func: FuncId) -> Language {
        self.program.modules[self.program.funcs[func].module].language
    }

    /// The slot that a member of a slot was loaded into, if any instruction loads it.
    pub(crate) fn loaded(&self, of: SlotId, field: &Field) -> Option<SlotId> {
        self.slots[of].edges.loaded(field)
    }

    // ---- propagation ---------------------------------------------------------------------------------------------

    /// Notes that a literal holds a function.
    pub(super) fn note_holder(&mut self, literal: Site) {
        self.numbers.note_holder(literal);
    }

    /// Was the literal noted to hold a function?
    pub(super) fn is_holder(&self, literal: Site) -> bool {
        self.numbers.is_holder(literal)
    }

    /// Is a function among what the slot is known to hold so far?
    pub(super) fn holds_function(&self, slot: SlotId) -> bool {
        self.slots[slot].values.items().iter().any(|id| matches!(self.numbers[*id], Value::Func(_)))
    }

    pub(super) fn add(&mut self, slot: SlotId, value: &Value) {
        let id = self.numbers.number(value);
        self.add_known(slot, id);
    }

    fn add_known(&mut self, slot: SlotId, value: ValueId) {
        if self.slots[slot].is_text && is_number(&self.numbers[value]) {
            return;
        }
        if self.slots[slot].values.insert(value, &self.numbers) {
            self.put_off(slot, Work::Value(slot, value));
        }
    }

    /// Queues work. What comes of a slot that holds many values already tells little: it waits until all else is done.
    fn put_off(&mut self, slot: SlotId, work: Work) {
        let queue = if self.slots[slot].values.items().len() > MAX_EARLY { &mut self.crowded } else { &mut self.queue };
        queue.push(work);
    }

    /// Adds a constraint, once. What the slot already holds is queued for it: nothing here recurses.
    pub(super) fn add_edge(&mut self, slot: SlotId, edge: Edge) {
        let data = &mut self.slots[slot];
        if edge == Edge::Copy(slot) || !data.edges.insert(edge) {
            return;
        }
        if !data.values.items().is_empty() {
            let last = u32::try_from(data.edges.len() - 1).unwrap_or(u32::MAX);
            self.put_off(slot, Work::Edge(slot, last));
        }
    }

    pub(super) fn copy(&mut self, from: SlotId, to: SlotId) {
        self.add_edge(from, Edge::Copy(to));
    }

    pub(super) fn run(&mut self) {
        let budget = FIRST_STEPS + STEPS_PER_SLOT * self.slots.len();
        loop {
            let Some(work) = self.queue.pop().or_else(|| self.crowded.pop()) else {
                let Some((literal, method)) = self.waiting.pop() else { return };
                self.generic_method(literal, &method);
                continue;
            };
            if self.n_steps > budget {
                self.is_cut = true;
                self.queue.clear();
                self.crowded.clear();
                self.waiting.clear();
                return;
            }
            match work {
                Work::Value(slot, value) if self.is_worthless(slot, value) => self.n_steps += 1,
                Work::Value(slot, value) => {
                    let mut at = 0;
                    while let Some(edge) = self.slots[slot].edges.get(at) {
                        match edge {
                            Kept::Copy(to) => self.add_known(*to, value),
                            Kept::Other(edge) => self.apply(&edge.clone(), value),
                        }
                        at += 1;
                    }
                    self.n_steps += at + 1;
                }
                Work::Edge(slot, edge) => {
                    let Some(edge) = self.slots[slot].edges.get(edge as usize).cloned() else { continue };
                    let mut at = 0;
                    while let Some(value) = self.slots[slot].values.items().get(at).copied() {
                        match &edge {
                            _ if self.is_worthless(slot, value) => {}
                            Kept::Copy(to) => self.add_known(*to, value),
                            Kept::Other(edge) => self.apply(edge, value),
                        }
                        at += 1;
                    }
                    self.n_steps += at + 1;
                }
            }
        }
    }

    /// Does the value say nothing, coming from this slot?
    fn is_worthless(&self, slot: SlotId, value: ValueId) -> bool {
        value != self.unknown && self.slots[slot].values.is_drowned() && !self.numbers.is_row(value)
    }

    fn apply(&mut self, edge: &Edge, number: ValueId) {
        let value = &self.numbers[number];
        match edge {
            Edge::Copy(to) => self.add_known(*to, number),
            Edge::Joined(to) if matches!(value, Value::Record(_)) => self.add_known(*to, number),
            Edge::Outcome(to) if !matches!(value, Value::Func(_)) => self.add_known(*to, number),
            Edge::Joined(_) | Edge::Outcome(_) => {}
            edge => self.meet(edge, &value.clone()),
        }
    }

    /// What a value means for a constraint that does more than to hand it on.
    fn meet(&mut self, edge: &Edge, value: &Value) {
        match edge {
            Edge::Copy(_) | Edge::Joined(_) | Edge::Outcome(_) => {}
            Edge::Awaited(at, to) => self.awaited(value, *at, *to),
            Edge::Load(field, to) => self.load_member(value, field, *to),
            Edge::Called(name, to) => self.called_member(value, name, *to),
            Edge::Member(of, to) => self.named_member(value, *of, *to),
            Edge::Key(of, to) => {
                if let Value::Const(Const::Str(name)) = value {
                    self.add_edge(*of, Edge::OfLibrary(name.clone(), *to));
                }
            }
            Edge::OfLibrary(name, to) => {
                if let Value::Api(..) = value {
                    self.load_member(value, &Field::Name(name.clone()), *to);
                }
            }
            Edge::Store(field, from, at) => self.store_member(value, field, *from, *at),
            Edge::Call(call) => self.call_value(*call, value),
            Edge::Class(to) => {
                if let Value::Instance(class) | Value::Typed(class) = value {
                    self.add(*to, &Value::Class(*class));
                }
            }
            Edge::MadeBy(to) => match value {
                Value::Func(func) => self.copy(self.ret_slot(*func), *to),
                value => self.instance_of(value, *to),
            },
            Edge::Instance(to) => self.instance_of(value, *to),
            Edge::Wrapper(to) => {
                if !matches!(value, Value::Api(node, _) if !self.models.index.node(*node).is_modelled()) {
                    self.instance_of(value, *to);
                }
            }
            Edge::Spread(into) => self.spread(value, into),
            Edge::Struct(obj, to) => self.struct_of(value, obj, *to),
            Edge::Base(class, place) => self.base_of(value, *class, *place),
            Edge::ImplTarget(block) => self.impl_target(value, *block),
            Edge::ImplOf(block) => self.impl_of(value, *block),
            Edge::ImplBy(block) => self.impl_by(value, *block),
            Edge::Invoke(call, row) => self.invoke(value, *call, *row),
            Edge::InvokeField(call) => self.invoke_field(value, *call),
            Edge::Loaded(call) => self.loaded_by_name(value, *call),
            Edge::Inside(deep, call) => self.modules_inside(value, *deep, *call),
            Edge::Whole(to) => self.whole_of(value, *to),
            Edge::Members(call) => self.members_of(value, *call),
            Edge::Predicate(module, call) => self.predicate(value, *module, *call),
            Edge::Functions(call) => self.functions_of(value, *call),
            Edge::Kind(of, to) => self.of_kind(value, *of, *to),
            Edge::Derived(module, to) => self.derived_in(value, *module, *to),
            Edge::Register(call, row) => self.register(value, *call, *row),
            Edge::Assigned(row) => self.give_params(value, *row),
            Edge::Asked(call, to) => self.asked(value, *call, *to),
            Edge::Around(to) => self.around_channel(value, *to),
            Edge::Channel(call, row) => self.end_of_channel(value, *call, *row),
            Edge::InvokeWith(call, items) => self.invoke_with(value, *call, *items),
            Edge::Container(call, name, to) => self.container(value, *call, name, *to),
        }
    }

    /// Ends the propagation: from now on it is only asked what slots hold, and where members were loaded to.
    fn settle(&mut self) {
        let grown = self.slots.iter_mut().map(|slot| {
            slot.edges.settle();
            std::mem::take(&mut slot.values)
        });
        self.sets = Sets::new(grown, &self.numbers);
        self.numbers = Numbers::default();
        self.holders = Holders::default();
        self.queue = Vec::new();
        self.crowded = Vec::new();
        self.waiting = Vec::new();
    }

    /// The object whose fields a value has.
    pub(crate) fn object_of(&self, value: &Value) -> Option<Obj> {
        Some(match value {
            Value::Record(site) => Obj::Record(*site),
            Value::Instance(class) | Value::Typed(class) => Obj::Instances(self.classes.top(*class)),
            Value::Class(class) => Obj::Statics(*class),
            Value::Variant(class, name) => Obj::Variant(*class, name.clone()),
            Value::Api(_, Some(at)) => Obj::Api(*at),
            Value::Func(func) => Obj::Func(*func),
            Value::Api(_, None) | Value::Module(_) | Value::Const(_) | Value::Unknown => return None,
        })
    }

    pub(super) fn record_at(at: At) -> Value {
        Value::Record(Site::Instr(at))
    }

    pub(super) fn class_of_func(&self, func: FuncId) -> Option<ClassId> {
        self.classes.owner(func).or(self.program.funcs[func].owner)
    }
}

fn is_number(value: &Value) -> bool {
    matches!(value, Value::Const(Const::Int(_) | Const::Num(_) | Const::Bool(_)))
}
