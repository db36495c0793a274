//! One server process: its entry explored to the end, and what of it is live.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rustc_hash::FxHashSet;

use crate::base::Symbol;
use crate::base::bounds::{MAX_DISPROVED, MAX_SERVER_DEPTH};
use crate::ir::func::FuncId;
use crate::ir::program::{ClassId, ClassKind, ModuleId};
use crate::models::handlers::HandlerKind;
use crate::models::index::{RowRef, Table};
use crate::models::serving::TransportKind;
use crate::resolve::beside::Registered;
use crate::resolve::ports::PortValue;
use crate::resolve::solve::Values;
use crate::resolve::values::{At, Key, Obj, Value};

use super::abs::Facts;
use super::assumed::Assumed;
use super::by_trait::run_by_trait;
use super::explore::{Context, Explorer, FrameId, Mode, Phase, Prepared, Serve, Told};
use super::live::{Live, live};
use super::needed::needed;

/// What a process starts with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Start {
    /// Packages that are loaded before that module, outermost first: a console script of Python imports it by its whole name.
    pub(crate) packages: Vec<ModuleId>,
    /// The module that is run first.
    pub(crate) module: Option<ModuleId>,
    /// Is that module the program (`__name__ == "__main__"`), not an import of a launcher?
    pub(crate) is_main: bool,
    /// The function called then.
    pub(crate) func: Option<FuncId>,
}

/// A process that serves, explored under the assumption that it serves on the transport it was found to use.
pub(crate) struct Process<'v> {
    pub(crate) explorer: Explorer<'v>,
    pub(crate) live: Live,
    /// The same for whichever transport is chosen, where that makes a difference: what is logged and given to the agent is
    /// so over HTTP, too.
    pub(crate) on_any_transport: Option<OnAny>,
    /// The exploration that tells it.
    pub(crate) any_explorer: Option<Explorer<'v>>,
    /// The serve calls, those on stdio first.
    pub(crate) serves: Vec<Serve>,
    /// All calls that start to serve, also those that it does not get to where it serves on stdio.
    pub(crate) may_serve: BTreeSet<At>,
    pub(crate) handlers: Vec<Handler>,
}

impl<'v> Process<'v> {
    /// The exploration that tells what is live.
    pub(crate) fn explorer_of(&self, live: &Live) -> Option<&Explorer<'v>> {
        if std::ptr::eq(live, &self.live) { Some(&self.explorer) } else { self.any_explorer.as_ref() }
    }
}

impl Process<'_> {
    /// What holds wherever it serves on a transport. `None` where it never does.
    pub(crate) fn facts_on(&self, kind: TransportKind) -> Option<Facts> {
        let serves = self.serves.iter().filter(|serve| serve.kind == kind);
        serves.map(|serve| serve.facts.clone()).reduce(|a, b| a.meet(&b))
    }
}

/// What of a process is live when no transport is taken for granted.
pub(crate) struct OnAny {
    pub(crate) live: Live,
    /// The functions of its frames.
    pub(crate) funcs: BTreeSet<FuncId>,
    handlers: Vec<Handler>,
}

/// A function that runs when the agent asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Handler {
    pub(crate) func: FuncId,
    pub(crate) row: RowRef,
    pub(crate) kind: HandlerKind,
    pub(crate) name: Option<Symbol>,
    /// The registration call; none for handlers by annotation or base class.
    pub(crate) at: Option<At>,
}

/// A process of which it is known how it gets to serving, on whichever transport.
pub(crate) struct Begun<'v, 's> {
    start: &'s Start,
    first: Explorer<'v>,
    roots: Vec<FrameId>,
    later: Vec<(FrameId, At, Mode)>,
}

/// A process that was explored as far as its own code runs: not what it hands over to run later.
pub(crate) struct Entered<'v, 's> {
    start: &'s Start,
    first: Explorer<'v>,
    roots: Vec<FrameId>,
}

/// Explores the code that the process runs which `start` begins. `serving`: the functions from which a call that serves can be
/// reached.
pub(crate) fn enter<'v, 's>(
    values: &'v Values<'v>,
    prepared: &Rc<Prepared>,
    serving: &Rc<FxHashSet<FuncId>>,
    start: &'s Start,
    told: Told,
) -> Entered<'v, 's> {
    let main = if start.is_main { start.module } else { None };
    let mut first = Explorer::new(values, prepared.clone(), main);
    first.told = told;
    first.loaded = prepared.imports.loaded(values, start);
    first.any_transport = true;
    first.to_serving = serving.clone();
    let roots = run_roots(&mut first, start);
    Entered { start, first, roots }
}

impl<'v, 's> Entered<'v, 's> {
    /// Explores also what runs later, as far as it gets to serving. `None` when nothing ever serves.
    pub(crate) fn begin(self) -> Option<Begun<'v, 's>> {
        let Entered { start, mut first, roots } = self;
        let (told, serving) = (first.told, first.to_serving.clone());
        // What runs later and does not get to serving need not be looked at.
        let may_serve = |func: FuncId| told.serves_at.is_some() || serving.contains(&func);
        let later = run_later_if(&mut first, &roots, may_serve);
        (!first.serves.is_empty()).then_some(Begun { start, first, roots, later })
    }

    /// What its own code comes through.
    pub(crate) fn passed(&self) -> Passed {
        let mut passed = Passed::default();
        passed.add(&self.first);
        passed
    }
}

impl<'v> Begun<'v, '_> {
    /// Explores all that the process runs.
    pub(crate) fn process(self) -> Process<'v> {
        let Begun { start, mut first, roots, later } = self;
        let values = first.values;
        let assumed = Assumed::new(&first, &later).of_process(&roots);
        let needed = needed(values, &first.prepared.stores, first.serves.values());
        let is_piped =
            first.serves.keys().any(|(_, kind)| matches!(kind, TransportKind::Stdio | TransportKind::Unknown));
        let begin = |doubted: Option<FxHashSet<At>>| {
            let mut explorer = Explorer::new(values, first.prepared.clone(), first.main);
            explorer.told = first.told;
            explorer.loaded = first.loaded.clone();
            explorer.needed = needed.clone();
            explorer.assumed = assumed.clone();
            explorer.is_piped = is_piped;
            explorer.doubted = doubted;
            explorer.to_serving = first.to_serving.clone();
            explorer.take_knowledge(&first);
            explorer
        };
        let mut explorer = begin(Some(FxHashSet::default()));
        let (mut marked, mut live) = explore_all(&mut explorer, start);
        for round in 1.. {
            let disproved = explorer.disproved();
            if disproved.is_empty() {
                break;
            }
            // What every frame knows of the variables that are filled must be what the next one does.
            let filled = explorer.filled.clone();
            let mut is_redone = round < MAX_DISPROVED && explorer.redo(&disproved);
            if is_redone {
                (marked, live) = explore_all(&mut explorer, start);
                is_redone = explorer.filled == filled;
            }
            if !is_redone {
                explorer = begin(explorer.doubted.take().filter(|_| round < MAX_DISPROVED));
                (marked, live) = explore_all(&mut explorer, start);
            }
        }
        let is_other = |(_, kind): &(At, TransportKind)| !matches!(kind, TransportKind::Stdio | TransportKind::Unknown);
        let chooses = first.serves.keys().any(is_other) || first.runs_more_than(&explorer);
        let on_any_transport = chooses.then(|| on_any(&mut first, &roots));
        let mut serves: Vec<Serve> = explorer.serves.values().cloned().collect();
        // Other transports that the same program serves on, where they are chosen.
        let others = first.serves.iter().filter(|(key, _)| is_other(key) && !explorer.serves.contains_key(*key));
        serves.extend(others.map(|(_, serve)| serve.clone()));
        serves.sort_by_key(|serve| serve.kind);
        let mut handlers = all_handlers(&explorer, &live, marked);
        for handler in on_any_transport.iter().flat_map(|any| &any.handlers) {
            if !handlers.iter().any(|known| known.func == handler.func) {
                handlers.push(handler.clone());
            }
        }
        let may_serve = first.serves.keys().chain(explorer.serves.keys()).map(|(at, _)| *at).collect();
        let any_explorer = on_any_transport.is_some().then_some(first);
        Process { explorer, live, on_any_transport, any_explorer, serves, may_serve, handlers }
    }

    /// What it comes through on the way to serving.
    pub(crate) fn passed(&self) -> Passed {
        let mut passed = Passed::default();
        passed.add(&self.first);
        passed
    }
}

/// What processes come through, live or not.
#[derive(Default)]
pub(crate) struct Passed {
    /// Calls, stores and imports.
    pub(crate) sites: FxHashSet<At>,
    /// What is handed over to run later.
    pub(crate) later: FxHashSet<FuncId>,
    /// The calls that serve, with what they serve on.
    pub(crate) transports: FxHashSet<(At, TransportKind)>,
    /// The functions that are called before it serves, with nothing that tells them what to do.
    pub(crate) called: FxHashSet<FuncId>,
}

impl Passed {
    fn add(&mut self, explorer: &Explorer<'_>) {
        for frame in explorer.frames.iter() {
            let events = frame.blocks.visited().flat_map(|visited| &visited.events);
            self.sites.extend(events.map(|event| (frame.func, event.instr)));
        }
        self.later.extend(explorer.later.iter().map(|(func, ..)| *func));
        self.transports.extend(explorer.serves.keys().copied());
        self.called.extend(explorer.called_plainly());
    }

    /// Of some processes all together.
    pub(crate) fn of<'p, 'v: 'p>(processes: impl Iterator<Item = &'p Process<'v>>) -> Self {
        let mut passed = Self::default();
        for process in processes {
            passed.add(&process.explorer);
            process.any_explorer.iter().for_each(|any| passed.add(any));
        }
        passed
    }
}

/// Explores what a process runs from its start, and what runs later.
fn explore_all(explorer: &mut Explorer<'_>, start: &Start) -> (Vec<Handler>, Live) {
    let roots = run_roots(explorer, start);
    explorer.keep_filled(&roots);
    // What only runs later may be what starts to serve: a block of async code that is handed to something.
    loop {
        let n_serves = explorer.serves.len();
        let marked = mark_handlers(explorer);
        let live = settle(explorer, &roots);
        if explorer.serves.len() == n_serves {
            return (marked, live);
        }
    }
}

/// What of a process is live, with the destructors and library traits of classes that turn out to be used.
fn settle(explorer: &mut Explorer<'_>, roots: &[FrameId]) -> Live {
    let mut later = run_later(explorer, roots);
    loop {
        let live = live(explorer, roots, &later);
        let n_known = explorer.later.len();
        run_by_trait(explorer, &live);
        if explorer.later.len() == n_known {
            return live;
        }
        later = run_later(explorer, roots);
    }
}

fn on_any(explorer: &mut Explorer<'_>, roots: &[FrameId]) -> OnAny {
    let marked = mark_handlers(explorer);
    let live = settle(explorer, roots);
    let funcs = live.reached.keys().map(|(frame, _)| explorer.frames[*frame].func).collect();
    let handlers = all_handlers(explorer, &live, marked);
    OnAny { live, funcs, handlers }
}

fn run_roots(explorer: &mut Explorer<'_>, start: &Start) -> Vec<FrameId> {
    let program = explorer.values.program;
    let modules = start.packages.iter().copied().chain(start.module);
    let init = modules.map(|module| program.modules[module].init);
    let mut roots: Vec<FrameId> = Vec::new();
    let before_main = start.module.into_iter().flat_map(|module| explorer.values.run_before_main(module));
    let all: Vec<FuncId> = init.chain(before_main).chain(start.func).collect();
    for func in all {
        let (phase, rebinds, settings) = match roots.last() {
            Some(last) => {
                let outcome = &explorer.frames[*last].outcome;
                (outcome.phase, outcome.rebinds.clone(), explorer.settings_filled(&outcome.filled))
            }
            None => (Phase::BEFORE, Rc::default(), Rc::default()),
        };
        if phase == Phase::default() {
            break;
        }
        for module in start.packages.iter().copied().chain(start.module) {
            explorer.mark_ran(module);
        }
        roots.push(explorer.frame(func, Context { phase, rebinds, settings, ..Context::default() }));
    }
    roots
}

/// Explores everything that runs while serving, also what that in turn hands over.
fn run_later(explorer: &mut Explorer<'_>, roots: &[FrameId]) -> Vec<(FrameId, At, Mode)> {
    run_later_if(explorer, roots, |_| true)
}

/// The same for the functions that are `wanted`.
fn run_later_if(
    explorer: &mut Explorer<'_>,
    roots: &[FrameId],
    wanted: impl Fn(FuncId) -> bool,
) -> Vec<(FrameId, At, Mode)> {
    let mut rebinds: BTreeSet<u32> = BTreeSet::new();
    for serve in explorer.serves.values() {
        rebinds.extend(&serve.rebinds);
    }
    for root in roots {
        rebinds.extend(explorer.frames[*root].outcome.rebinds.iter());
    }
    let rebinds = Rc::new(rebinds);
    let serves_itself = roots.iter().any(|root| explorer.frames[*root].outcome.serves);
    let mut frames = Vec::new();
    let mut next = 0;
    loop {
        let Some((func, at, mode)) = explorer.later.get(next).copied() else {
            if explorer.start_apps() {
                continue;
            }
            break;
        };
        next += 1;
        if !wanted(func) {
            continue;
        }
        let context = |phase| Context { phase, rebinds: rebinds.clone(), ..Context::default() };
        let first = if mode == Mode::Ahead { Phase::BEFORE } else { Phase::SERVING };
        let mut frame = explorer.frame(func, context(first));
        // What starts to serve runs before that, if nothing else does. Who answers HTTP requests does that serving already, also
        // those that never get to a transport.
        let serves = explorer.frames[frame].outcome.serves;
        if serves && !serves_itself && mode == Mode::Now && !explorer.answers_requests(func, at) {
            frame = explorer.frame(func, context(Phase::BEFORE));
        }
        frames.push((frame, at, mode));
    }
    frames
}

/// Handlers that no call registers: annotated methods and methods of base classes of the served objects.
fn mark_handlers(explorer: &mut Explorer<'_>) -> Vec<Handler> {
    let values = explorer.values;
    let with_sdk = explorer.serves.values().filter(|serve| !serve.by_hand);
    let serves: Vec<(At, RowRef)> = with_sdk.map(|serve| (serve.at, serve.row)).collect();
    let mut served: BTreeSet<ClassId> = BTreeSet::new();
    for (at, row) in &serves {
        for port in
            ["self", "arg.0"].into_iter().map(str::to_owned).chain(values.models.serve(*row).server.iter().cloned())
        {
            let Ok(port) = crate::models::path::port(&port) else { continue };
            if let PortValue::Known(found) = values.port_values(*at, &port) {
                collect_classes(values, &found, &mut served, MAX_SERVER_DEPTH);
            }
        }
    }
    wrapped_classes(values, &mut served);
    let Some(first) = serves.first().map(|(at, _)| *at) else { return Vec::new() };
    let libraries: BTreeSet<u32> = serves.iter().map(|(_, row)| row.file).collect();
    let language = values.language(first.0);
    let mut handlers = Vec::new();
    for (func, row) in values.marked_handlers() {
        let owner = owner(values, *func);
        let is_served = owner.is_some_and(|class| served.contains(&class));
        let fits = is_served || (served.is_empty() || owner.is_none()) && libraries.contains(&row.file);
        let by_class = !values.models.handler(*row).implements.is_empty() && libraries.contains(&row.file);
        if values.language(*func) != language
            || !(fits || by_class)
            || matches!(values.models.handler(*row).kind, HandlerKind::Other | HandlerKind::Route)
        {
            continue;
        }
        explorer.run_later(*func, first, Mode::Now);
        handlers.push(Handler {
            func: *func,
            row: *row,
            kind: values.models.handler(*row).kind,
            name: values.annotated_name(*func, *row),
            at: None,
        });
    }
    handlers
}

/// The classes among values, also behind library wrappers, up to some depth: `Router::new(server)`.
fn collect_classes(values: &Values<'_>, found: &[Value], into: &mut BTreeSet<ClassId>, depth: usize) {
    let mut seen: FxHashSet<Value> = FxHashSet::default();
    let mut level = found.to_vec();
    for left in (0..=depth).rev() {
        let mut inner = Vec::new();
        for value in level {
            if !seen.insert(value.clone()) {
                continue;
            }
            match value {
                Value::Instance(class) | Value::Typed(class) => {
                    into.insert(class);
                    into.extend(values.classes.descendants(class));
                }
                // The name of a struct without fields is its only value.
                Value::Class(class) if values.program.classes[class].kind == ClassKind::Struct => {
                    into.insert(class);
                }
                Value::Api(_, Some(at)) if left > 0 => {
                    let Some(call) = values.call_at(at) else { continue };
                    let slots = call.args.iter().map(|arg| values.instr_slot(at.0, arg.value));
                    let slots = slots.chain(values.receiver_slot(at));
                    inner.extend(slots.flat_map(|slot| values.of_slot(slot).items()).cloned());
                }
                Value::Func(func) if left > 0 => {
                    inner.extend(values.of_slot(values.ret_slot(func)).items().iter().cloned());
                }
                _ => {}
            }
        }
        level = inner;
    }
}

/// The classes with handlers of their own among the fields of served ones: a layer around a server, which hands requests on.
fn wrapped_classes(values: &Values<'_>, served: &mut BTreeSet<ClassId>) {
    let told = values.marked_handlers().iter();
    let told =
        told.filter(|(_, row)| !matches!(values.models.handler(*row).kind, HandlerKind::Other | HandlerKind::Route));
    let handling: BTreeSet<ClassId> = told.filter_map(|(func, _)| owner(values, *func)).collect();
    let mut open: Vec<ClassId> = served.iter().copied().collect();
    while let Some(class) = open.pop() {
        let obj = Obj::Instances(values.classes.top(class));
        let mut inner = BTreeSet::new();
        for field in &values.program.classes[class].fields {
            if let Some(slot) = values.known_field(&obj, &Key::Name(field.name.clone())) {
                collect_classes(values, values.of_slot(slot).items(), &mut inner, MAX_SERVER_DEPTH);
            }
        }
        open.extend(inner.into_iter().filter(|inner| handling.contains(inner) && served.insert(*inner)));
    }
}

/// The class or trait whose method a function is.
pub(super) fn owner(values: &Values<'_>, func: FuncId) -> Option<ClassId> {
    values.classes.owner(func).or(values.program.funcs[func].owner)
}

/// All handlers of the process: marked ones and those that live calls register.
fn all_handlers(explorer: &Explorer<'_>, live: &Live, marked: Vec<Handler>) -> Vec<Handler> {
    let values = explorer.values;
    let mut handlers = marked;
    for at in live.sites.keys() {
        for row in values.call_rows(*at, Table::Handler) {
            let data = values.models.handler(row);
            if !values.holds(*at, &data.when) || !values.version_allows(Some(at.0), row, data.versions.as_deref()) {
                continue;
            }
            let kind = match data.kind {
                HandlerKind::Route if values.hand_written_serves().contains_key(at) => HandlerKind::Dispatch,
                HandlerKind::Route => continue,
                kind => kind,
            };
            for func in values.port_funcs(*at, &data.func) {
                let registered = Registered { func, name: None, ports: &data.func };
                let names = values.registered_names(*at, registered, &data.name);
                let names = if names.is_empty() { vec![None] } else { names.into_iter().map(Some).collect() };
                for name in names {
                    let is_known =
                        handlers.iter().any(|known| known.func == func && known.kind == kind && known.name == name);
                    if !is_known {
                        handlers.push(Handler { func, row, kind, name, at: Some(*at) });
                    }
                }
            }
        }
    }
    for at in live.sites.keys() {
        for (row, funcs) in values.assigned_handlers(*at) {
            let kind = values.models.handler(row).kind;
            handlers.extend(funcs.into_iter().map(|func| Handler { func, row, kind, name: None, at: Some(*at) }));
        }
    }
    let known: BTreeMap<FuncId, HandlerKind> = handlers.iter().map(|handler| (handler.func, handler.kind)).collect();
    // A function that is also registered under a telling kind is not listed as something else.
    handlers
        .retain(|handler| handler.kind != HandlerKind::Other || known.get(&handler.func) == Some(&HandlerKind::Other));
    handlers
}
