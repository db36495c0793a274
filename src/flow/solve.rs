//! The taint pass over a whole program: functions callees first, then what handlers are given, then what passes through
//! variables that outlive a call.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::Symbol;
use crate::base::bounds::{LARGE_CIRCLE, MAX_HEAP_FACTS, MAX_ROUNDS, MAX_WRITE_PARTS};
use crate::base::idx::Id;
use crate::ir::func::{End, FuncId, FuncKind};
use crate::ir::instr::{Base, Const, Field, Import, InstrId, Op, Place};
use crate::ir::program::{CellId, ClassId, Language, ModuleId};
use crate::models::handlers::{HandlerKind, ThrowShape};
use crate::models::index::RowRef;
use crate::resolve::channels::Channel;
use crate::resolve::solve::Values;
use crate::resolve::values::{At, Key, Obj, SlotId, Value};

use super::circles::circles;
use super::conditions::Conditions;
use super::declared::declared;
use super::described::described;
use super::domain::{ERR, Entry, Form, Heap, HeapId, Kind, Marks, Names, OK, Root, Source, SourceId};
use super::entered::Entered;
use super::exported::Exported;
use super::filled::filled_elsewhere;
use super::formatted::{Formats, formats};
use super::found::{Found, Write};
use super::from_env::filled_from_env;
use super::guards::{Guards, guards};
use super::homes::FieldHomes;
use super::inert::Inert;
use super::naming::{Named, named};
use super::parts::Parts;
use super::process::{Handler, Process};
use super::records::Records;
use super::redaction::{Redactor, redactors};
use super::sent::OwnLanes;
use super::sent_headers::sent_headers;
use super::shown::{TO_JSON, spoken};
use super::spread::Places;
use super::summary::{Bound, Drain, Hit, Sink, Summary};
use super::trace::{Trace, What};
use super::transfer;
use super::tree::Tree;
use super::words::{Secrecy, Words};

/// The state of the pass, and its result.
pub(crate) struct Taint<'v> {
    pub(super) values: &'v Values<'v>,
    pub(super) words: &'v Words,
    /// What names say of credentials, as far as somebody asked.
    credentials: RefCell<FxHashMap<Symbol, Option<Secrecy>>>,
    pub(crate) names: Names,
    pub(crate) summaries: Vec<Rc<Summary>>,
    /// Functions that the agent's requests arrive at.
    pub(super) handlers: FxHashSet<FuncId>,
    exported: Exported,
    /// The tables that are sent as headers and filled with what the code does not know.
    pub(super) sent_headers: FxHashSet<At>,
    inert: Inert,
    /// Visits of blocks and effects of calls: the work done.
    pub(crate) n_steps: usize,
    /// Functions that still grew when a circle of calls was left.
    pub(crate) n_unsettled: usize,
    /// Functions of which callers are not told all sinks.
    pub(crate) full: FxHashSet<FuncId>,
    /// What reaches a sink from a source, or from a heap place.
    pub(super) hits: Found<Hit>,
    pub(super) writes: Found<Write>,
    /// Writes of each place from each origin.
    parts: FxHashMap<(HeapId, Root), Parts>,
    /// Sources that name variables of the environment.
    pub(super) naming: BTreeSet<SourceId>,
    pub(super) own_lanes: OwnLanes,
    /// Places that hold nothing but objects of the program, and others.
    object_places: FxHashMap<HeapId, bool>,
    /// Helpers that replace secrets in what they give back.
    pub(super) redactors: FxHashMap<FuncId, Redactor>,
    /// Names of parameters, and whether each is that of a label.
    pub(super) labels: FxHashMap<Symbol, bool>,
    /// Variables of functions that inner functions change.
    pub(super) shared: FxHashSet<CellId>,
    /// What the program declares of arguments by name.
    pub(super) declared: FxHashMap<Symbol, bool>,
    /// The calls that make the schemas of handlers.
    pub(super) described: FxHashSet<At>,
    /// What loggers show only where they are told to, and are.
    pub(super) shown: BTreeSet<RowRef>,
    /// A class says what JSON shows of its objects: errors may well be among them.
    pub(super) shows_errors: bool,
    /// Methods that say how an object is put into a text.
    pub(super) formats: Formats,
    /// Fields that texts of exceptions may show.
    pub(super) spoken: FxHashSet<Symbol>,
    /// Classes whose objects a library fills from the environment.
    pub(super) from_env: FxHashSet<ClassId>,
    /// Containers that another function than the one that makes them fills.
    pub(super) filled: FxHashSet<At>,
    /// What libraries are handed as names of something.
    pub(super) named: Named,
    /// By variable, the objects that it can hold, if they are all written out.
    pub(super) records: RefCell<Records<'v>>,
    /// What the answers of functions tell of what they are given.
    pub(super) guards: Guards,
    /// Which part of a function each call of it runs.
    pub(super) entered: Entered,
    /// Under which conditions the blocks of functions run.
    pub(super) conditions: Conditions,
    pub(super) homes: FieldHomes,
    /// What sources reach the places that outlive a call, in the end.
    pub(super) kept: Vec<(HeapId, Entry)>,
}

/// A source that reaches a sink.
pub(crate) struct Leak {
    pub(crate) source: Source,
    pub(crate) hit: Hit,
}

/// Runs the pass for all servers of a program.
/// `words`: what names say. `places`: which of those that outlive a call are asked about afterwards.
pub(crate) fn taint<'v>(
    values: &'v Values<'v>,
    words: &'v Words,
    processes: &[&Process<'v>],
    places: Places,
) -> (Taint<'v>, Vec<Leak>) {
    let mut handlers: Vec<Handler> = Vec::new();
    let mut roots: BTreeSet<FuncId> = BTreeSet::new();
    for process in processes {
        roots.extend(process.live.reached.keys().map(|(frame, _)| process.explorer.frames[*frame].func));
        roots.extend(process.on_any_transport.iter().flat_map(|any| &any.funcs));
        for handler in &process.handlers {
            roots.insert(handler.func);
            if !handlers.iter().any(|known| known.func == handler.func && known.row == handler.row) {
                handlers.push(handler.clone());
            }
        }
    }
    let program = values.program;
    roots.extend(program.funcs.iter_enumerated().filter(|(_, func)| func.kind == FuncKind::Getter).map(|(id, _)| id));
    let filled = filled_elsewhere(values, processes);
    let mut exported = Exported::default();
    let mut taint = Taint {
        values,
        redactors: redactors(program, words),
        guards: guards(values, words, &filled),
        words,
        credentials: RefCell::default(),
        names: Names::default(),
        summaries: vec![Rc::default(); program.funcs.len()],
        handlers: handlers
            .iter()
            .filter(|handler| handler.kind != HandlerKind::Other)
            .map(|handler| handler.func)
            .collect(),
        inert: Inert::new(values, &mut exported),
        sent_headers: sent_headers(values, processes),
        exported,
        n_steps: 0,
        n_unsettled: 0,
        full: FxHashSet::default(),
        hits: Found::default(),
        writes: Found::default(),
        parts: FxHashMap::default(),
        naming: BTreeSet::new(),
        own_lanes: OwnLanes::default(),
        object_places: FxHashMap::default(),
        labels: FxHashMap::default(),
        shared: changed_inside(values),
        declared: declared(program),
        described: described(values, processes),
        shown: values.shown_on_request(),
        shows_errors: program.funcs.iter().any(|func| func.name == TO_JSON),
        formats: formats(values),
        spoken: spoken(values),
        from_env: filled_from_env(values),
        filled,
        named: named(values),
        records: RefCell::default(),
        entered: Entered::of(processes),
        homes: FieldHomes::new(values),
        conditions: Conditions::new(processes.first().map(|process| process.explorer.prepared.clone())),
        kept: Vec::new(),
    };
    for circle in circles(values, &taint.formats, &roots) {
        taint.circle(&circle);
    }
    for handler in &handlers {
        taint.handler(handler);
    }
    let leaks = taint.spread(places);
    (taint, leaks)
}

/// The variables of functions that another function than the one they belong to stores to, or calls a method on by which a
/// container takes what it is given.
fn changed_inside(values: &Values<'_>) -> FxHashSet<CellId> {
    let mut found = FxHashSet::default();
    for (func, body) in values.program.funcs.iter_enumerated() {
        for instr in body.instrs.iter() {
            let base = match &instr.op {
                Op::Store(place, _) => &place.base,
                Op::Call(call) => match call.callee.path.last() {
                    Some(Field::Name(name)) if values.models.keeps(name) => &call.callee.base,
                    _ => continue,
                },
                _ => continue,
            };
            if let Base::Cell(cell) = base
                && values.program.cells[*cell].owner != func
            {
                found.insert(*cell);
            }
        }
    }
    found
}

impl<'v> Taint<'v> {
    /// Functions that call each other, until what they do stops growing.
    fn circle(&mut self, funcs: &[FuncId]) {
        let within: FxHashSet<FuncId> = funcs.iter().copied().collect();
        // Functions one of whose callees does more than when they were looked at.
        let mut stale: FxHashSet<FuncId> = within.clone();
        for _ in 0..MAX_ROUNDS {
            for func in funcs {
                if !stale.remove(func) {
                    continue;
                }
                let summary = transfer::run(self, *func);
                if summary.is_full_of_hits() {
                    self.full.insert(*func);
                }
                let grew = summary.size() != self.summaries[func.index()].size();
                self.summaries[func.index()] = Rc::new(summary);
                // Whoever reads a property is no caller of its getter.
                if grew && self.values.program.funcs[*func].kind == FuncKind::Getter {
                    stale.extend(within.iter().copied());
                } else if grew {
                    stale.extend(self.values.callers(*func).iter().map(|at| at.0).filter(|from| within.contains(from)));
                }
            }
            if stale.is_empty() {
                return;
            }
        }
        if funcs.len() >= LARGE_CIRCLE {
            self.n_unsettled += stale.len();
        }
    }

    /// `finish`: what is done to a hit that is new.
    pub(super) fn add_hit(&mut self, hit: Hit, finish: impl FnOnce(Entry) -> Entry) {
        if self.is_too_deep(hit.sink, &hit.entry) {
            return;
        }
        let hit = Hit { entry: hit.entry.behind_switches(), ..hit };
        self.hits.add(hit, |_| true, |hit| Hit { entry: finish(hit.entry), ..hit });
    }

    pub(super) fn add_write(&mut self, heap: HeapId, entry: Entry, finish: impl FnOnce(Entry) -> Entry) {
        if !entry.at.is_empty() && self.holds_objects(heap) {
            return;
        }
        if !self.takes_write(heap, entry.root) {
            return;
        }
        let finish = |write: Write| Write { entry: finish(write.entry), ..write };
        let entry = entry.in_any_case();
        let mut parts = self.parts.get(&(heap, entry.root)).copied().unwrap_or_default();
        parts.count(&entry);
        let root = entry.root;
        if self.writes.add(Write { heap, entry }, |_| true, finish) {
            self.parts.insert((heap, root), parts);
        }
    }

    /// Is there room for one more thing of an origin that is written to a place?
    pub(super) fn takes_write(&self, heap: HeapId, root: Root) -> bool {
        let parts = self.parts.get(&(heap, root)).copied().unwrap_or_default();
        !parts.is_full(MAX_WRITE_PARTS) && self.writes.len() < MAX_HEAP_FACTS
    }

    /// Does a place hold objects of the program's classes? Their fields are places of their own: what is in a field is
    /// found there, and the object that is handed around does not carry it as well. What a method keeps for its inner functions
    /// is the very object that it was called on, as it is to the method.
    fn holds_objects(&mut self, heap: HeapId) -> bool {
        if let Some(known) = self.object_places.get(&heap) {
            return *known;
        }
        let is_own = self.is_receiver(heap);
        let holds = !is_own
            && self.slot_of(heap).is_some_and(|slot| {
                let set = self.values.of_slot(slot);
                let is_object = |value: &Value| matches!(value, Value::Instance(_) | Value::Typed(_));
                let is_nothing =
                    |value: &Value| matches!(value, Value::Unknown | Value::Const(Const::Null | Const::Undefined));
                !set.is_cut
                    && set.items().iter().any(is_object)
                    && set.items().iter().all(|value| is_object(value) || is_nothing(value))
            });
        self.object_places.insert(heap, holds);
        holds
    }

    /// Is a place the variable in which a method has the object that it is called on, for its inner functions?
    pub(super) fn is_receiver(&self, heap: HeapId) -> bool {
        let Heap::Cell(cell) = self.names.heaps[heap] else { return false };
        let func = &self.values.program.funcs[self.values.program.cells[cell].owner];
        let Some(receiver) = func.receiver else { return false };
        let is_it =
            |value: InstrId| matches!(&func.instrs[value].op, Op::Load(place) if *place == Place::local(receiver));
        func.instrs.iter().any(|instr| {
            matches!(&instr.op, Op::Store(Place { base: Base::Cell(to), path }, value) if *to == cell && path.is_empty() && is_it(*value))
        })
    }

    /// What the value pass knows of a place.
    fn slot_of(&self, heap: HeapId) -> Option<SlotId> {
        match &self.names.heaps[heap] {
            Heap::Cell(cell) | Heap::Inner(cell) => Some(self.values.cell_slot(*cell)),
            Heap::Field(class, key) => {
                let key = Key::Name(key.clone());
                let known = |obj: Obj| self.values.known_field(&obj, &key);
                known(Obj::Instances(self.values.classes.top(*class))).or_else(|| known(Obj::Statics(*class)))
            }
            Heap::Sent(Channel::Made(made), lane) if lane.is_empty() => self.values.sent_slot(*made),
            Heap::Sent(..) | Heap::VariableNames => None,
        }
    }

    /// Is a source something by which the program looks up a variable of the environment: `process.env[process.env.TOKEN_VARIABLE]`?
    pub(crate) fn is_looked_up_by(&self, root: Root) -> bool {
        matches!(root, Root::Source(source) if self.naming.contains(&source))
    }

    /// Does a name say that what it stands for is a credential?
    pub(super) fn credential(&self, name: &str) -> Option<Secrecy> {
        if let Some(known) = self.credentials.borrow().get(name) {
            return *known;
        }
        let told = self.words.credential(name);
        self.credentials.borrow_mut().insert(name.into(), told);
        told
    }

    // ---- handlers ------------------------------------------------------------------------------------------------

    /// The agent calls a handler: its arguments are sources, what it gives back is a sink.
    fn handler(&mut self, handler: &Handler) {
        if handler.kind == HandlerKind::Other {
            return;
        }
        let bound = self.handler_arguments(handler);
        let summary = self.summaries[handler.func.index()].clone();
        for hit in &summary.hits {
            for entry in bound.fill(&hit.entry) {
                let entry = Entry { when: hit.entry.when.clone(), ..entry };
                self.add_hit(Hit { entry, ..hit.clone() }, |entry| entry);
            }
        }
        for (heap, entry) in &summary.writes {
            for entry in bound.fill(entry) {
                self.add_write(*heap, entry, |entry| entry);
            }
        }
        let Some(at) = self.gives_back(handler.func) else { return };
        let sink = Sink { at, drain: Drain::Agent, row: None };
        // A result in the one that a handler gives is unpacked before it is shown.
        let is_given = |entry: &&Entry| entry.at.first().is_none_or(|first| first != OK);
        for entry in summary.returns.entries().iter().filter(is_given) {
            self.given(sink, entry, &bound);
        }
        if self.values.models.handler(handler.row).throws == ThrowShape::Masked {
            return;
        }
        for entry in summary.throws.entries() {
            // An error that merely passes through is the library's own business.
            if entry.form == Form::Exact && self.is_error(entry.root) && entry.at.is_empty() {
                continue;
            }
            if !self.is_told_of_error(handler, entry) {
                continue;
            }
            // Nor is one that went through a variable or a promise.
            let mut entry = entry.clone();
            if entry.form == Form::Exact && entry.at.is_empty() && entry.path.is_empty() {
                entry.marks = entry.marks.with(Marks::PASSED);
            }
            self.given(sink, &entry, &bound);
        }
    }

    /// Does what sits there in an error that a handler raises reach the agent? Of a script's error it is the message, and the
    /// data where the library sends that, of Python's what it was made with.
    fn is_told_of_error(&self, handler: &Handler, entry: &Entry) -> bool {
        let Some(field) = entry.at.first() else { return true };
        match self.values.language(handler.func) {
            Language::Script => match field.as_str() {
                "message" => true,
                "data" => self.values.models.handler(handler.row).throws == ThrowShape::MessageAndData,
                _ => false,
            },
            Language::Python => {
                field == super::domain::ANY || field == super::domain::ARGS || field.parse::<u32>().is_ok()
            }
            Language::Rust => true,
        }
    }

    fn given(&mut self, sink: Sink, entry: &Entry, bound: &Bound) {
        for entry in bound.fill(entry) {
            if entry.form == Form::Held
                || matches!(entry.root, Root::Source(source) if self.names.sources[source].kind == Kind::Argument)
            {
                continue;
            }
            let primary = self.edit_place(sink, &entry);
            self.add_hit(Hit { sink, primary, open: false, entry }, |entry| entry);
        }
    }

    /// Where a maintainer would change what a handler gives back. An error's text: where it is put together. Another value:
    /// where it enters the result, in the handler or in the function that builds the result for it.
    pub(crate) fn edit_place(&self, sink: Sink, entry: &Entry) -> At {
        let steps = entry.trace.steps();
        // An error in a field of the result was put there by the function that made the result.
        let is_in_field = entry.at.first().is_some_and(|field| field != ERR);
        if self.is_error(entry.root) || entry.marks.has(Marks::RAISED) && self.is_response(entry.root) {
            let in_helper = || {
                steps.iter().rev().find_map(|(_, what)| match what {
                    What::Returned(callee) if self.picks(*callee, entry) => {
                        let given = steps.iter().rev().find(|(at, what)| at.0 == *callee && *what == What::Given);
                        given.map(|(at, _)| *at).or_else(|| self.gives_back(*callee))
                    }
                    What::Returned(callee) => {
                        // A whole error, of which the helper is the first to make something else.
                        let through = steps.iter().find(|(_, what)| *what == What::Through);
                        let place = through.map(|(at, _)| *at).filter(|at| at.0 == *callee);
                        place.filter(|_| entry.path.is_empty() && self.puts_whole(*callee, entry))
                    }
                    _ => None,
                })
            };
            let last = || steps.last().map(|(at, _)| *at).filter(|_| !is_in_field);
            if let Some(place) = entry.formed.or_else(in_helper).or_else(last) {
                return place;
            }
        }
        if let Some(place) = self.place_of_raise(sink, entry) {
            return place;
        }
        let mut func = sink.at.0;
        // What was handed to a function is none of its own values, though it gives them back in the same place.
        let was_passed = |at: At, callee: FuncId| {
            steps.contains(&(at, What::Passed(callee))) && steps.contains(&(at, What::Returned(callee)))
        };
        let mut before = &steps[..];
        while let Some(at) = before.iter().rposition(|(at, what)| {
            at.0 == func
                && matches!(what, What::Returned(callee) | What::Thrown(callee)
                    if self.builds(*callee, entry) && !was_passed(*at, *callee))
        }) {
            let (What::Returned(callee) | What::Thrown(callee)) = before[at].1 else { break };
            before = &before[..at];
            if !before.iter().any(|((at, _), _)| *at == callee) {
                break;
            }
            func = callee;
        }
        let formed = entry.formed.filter(|at| at.0 == func);
        let last = || before.iter().rev().map(|(at, _)| *at).find(|at| at.0 == func);
        formed.or_else(last).unwrap_or(sink.at)
    }

    /// Where an error that was kept in a variable enters what a handler gives back: in a function that builds the result, though
    /// the handler makes a text of it. `entry`: what the variable brings to the sink.
    pub(super) fn entry_of_kept(&self, sink: Sink, entry: &Entry) -> Option<At> {
        let mut steps = entry.trace.steps();
        let mut func = sink.at.0;
        let mut found = None;
        let builds = |own: &Entry| own.root == entry.root && own.path == entry.path && !own.at.is_empty();
        while let Some((at, callee)) = steps.iter().enumerate().rev().find_map(|(at, (place, what))| match what {
            What::Returned(callee) if place.0 == func => Some((at, *callee)),
            _ => None,
        }) {
            steps.truncate(at);
            func = callee;
            if self.summaries[func.index()].returns.entries().iter().any(builds) {
                found = steps.iter().rev().map(|(at, _)| *at).find(|at| at.0 == func).or(found);
            }
        }
        found
    }

    /// Does the function pick the part of its parameter that the entry is, and put it where the entry sits?
    fn picks(&self, func: FuncId, entry: &Entry) -> bool {
        self.summaries[func.index()].returns.entries().iter().any(|own| {
            matches!(own.root, Root::Param(_))
                && own.at == entry.at
                && !own.path.is_empty()
                && entry.path.ends_with(&own.path)
        })
    }

    /// Does the function put a parameter where the entry sits, as it is?
    fn puts_whole(&self, func: FuncId, entry: &Entry) -> bool {
        let mut given = self.summaries[func.index()].returns.entries().iter();
        given.any(|own| matches!(own.root, Root::Param(_)) && own.at == entry.at && own.path.is_empty())
    }

    /// Does the function put values of its own at the place in a result where the entry sits?
    fn builds(&self, func: FuncId, entry: &Entry) -> bool {
        let summary = &self.summaries[func.index()];
        let mut given = summary.returns.entries().iter().chain(summary.throws.entries());
        // The text of a library's exception is none that the function puts there.
        let is_text = entry.at.len() == 1 && entry.at.first().is_some_and(|key| key == super::domain::ARGS);
        !is_text && given.any(|own| !matches!(own.root, Root::Param(_)) && !own.at.is_empty() && own.at == entry.at)
    }

    pub(super) fn is_error(&self, root: Root) -> bool {
        matches!(root, Root::Source(source) if matches!(self.names.sources[source].kind, Kind::Error | Kind::Stack))
    }

    fn is_response(&self, root: Root) -> bool {
        matches!(root, Root::Source(source) if self.names.sources[source].kind == Kind::Response)
    }

    /// The place where a function returns, else its first instruction.
    fn gives_back(&self, func: FuncId) -> Option<At> {
        let body = &self.values.program.funcs[func];
        let returned = body.blocks.iter().find_map(|block| match block.end {
            End::Return(value) => value,
            _ => None,
        });
        let first = || body.blocks[body.entry()].instrs.first().copied();
        Some((func, returned.or_else(first)?))
    }

    // ---- variables that outlive a call ---------------------------------------------------------------------------

    /// What an import brings: the variables of the module it names.
    pub(super) fn import_tree(&mut self, func: FuncId, import: &Import) -> Tree {
        let mut tree = Tree::default();
        for cell in self.exported.imported(self.values, func, import) {
            self.add_cell(cell, &mut tree);
        }
        tree
    }

    /// The variables that a module exports under a name.
    pub(super) fn exported(&mut self, module: ModuleId, name: &Symbol) -> Vec<CellId> {
        self.exported.cells(self.values, module, name)
    }

    /// Adds what functions find in a variable that outlives the call, if a source can ever be in it.
    pub(super) fn add_cell(&mut self, cell: CellId, tree: &mut Tree) {
        if !self.inert.is_inert(self.values, &mut self.exported, cell) {
            let heap = self.names.heap(Heap::Cell(cell));
            tree.add(Entry::new(Root::Heap(heap), Trace::default()));
        }
    }

    /// Fields that say nothing of the value they belong to.
    pub(super) fn is_clean_field(&self, language: Language, key: &str) -> bool {
        match language {
            Language::Script => matches!(key, "length" | "size" | "byteLength"),
            // What a function or class is called, whatever an object beside it holds.
            Language::Python => matches!(key, "__name__" | "__qualname__" | "__module__" | "__doc__"),
            Language::Rust => false,
        }
    }

    /// Which names tell that a value is secret.
    pub(crate) fn words(&self) -> &Words {
        self.words
    }
}

/// Is it the error part of a result, and not that of one inside it?
pub(crate) fn is_error_part(entry: &Entry) -> bool {
    entry.at.first().is_some_and(|key| key == ERR)
}
