//! Which code a process runs, in order, from its entry.
//!
//! An abstract interpreter over the call graph. A *frame* is a function under one *context*: what is known of its selecting
//! parameters, the phase of the process, the rebindings in force. Within a frame blocks are visited until nothing changes,
//! skipping the edges that facts exclude. Frames are shared: the same function in the same context is explored once.
//! What can follow what (does serving still come?) is asked afterwards, by `live`.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::Symbol;
use crate::base::bounds::{MAX_CALL_DEPTH, MAX_CONTEXTS, MAX_STATE_VISITS};
use crate::base::idx::{Id, IndexVec};
use crate::ir::func::{BlockId, End, FuncId, FuncKind};
use crate::ir::instr::{Base, Const, Op};
use crate::ir::program::{CellId, Language, ModuleId};
use crate::models::index::RowRef;
use crate::models::serving::TransportKind;
use crate::resolve::solve::Values;
use crate::resolve::values::At;

use super::abs::{Abs, Facts};
use super::apps::Apps;
use super::blocks::Blocks;
use super::choices::Chosen;
use super::ends::Ends;
use super::joins::{InProcess, Var, join};
use super::lazy::Filled;
use super::loaded::is_loaded;
use super::needed::Needed;
use super::settled::Relied;
use super::step::{names_own, own_names};
use super::vars::Vars;

pub(crate) use super::frames::{Context, Event, Frame, FrameId, Mode, Outcome, Rebind, Serve, Visited};
pub(crate) use super::phase::Phase;
pub(crate) use super::prepared::Prepared;

/// The place of a block to which nothing leads.
pub(super) const UNREACHED: usize = usize::MAX;

/// State between two instructions.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct State {
    pub(super) vars: Vars,
    /// What the function was given by names, beside its parameters.
    pub(super) named: Rc<Vec<(Symbol, Const)>>,
    pub(super) phase: Phase,
    pub(super) rebinds: Rc<BTreeSet<u32>>,
    pub(super) facts: Rc<Facts>,
    /// The variables that the way through the function filled.
    pub(super) filled: Filled,
}

/// What a user says of a server, whatever its code looks like.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Told {
    pub(crate) transport: Option<TransportKind>,
    /// The call that starts to serve, where none is known to.
    pub(crate) serves_at: Option<At>,
}

/// The exploration of one process.
pub(crate) struct Explorer<'v> {
    pub(super) values: &'v Values<'v>,
    /// What holds in the whole process.
    pub(crate) assumed: Facts,
    /// What has to be on for unknowns that paths chose to be true.
    pub(crate) chosen: Chosen,
    /// The unknowns by which it is decided what runs while the process serves.
    pub(super) asked: FxHashSet<Symbol>,
    /// What a user says of the server.
    pub(crate) told: Told,
    /// The modules that the process can load, if that is known.
    pub(super) loaded: Option<Rc<FxHashSet<ModuleId>>>,
    /// The blocks of imports that a process which serves comes through.
    pub(super) needed: Needed,
    /// Serving on whichever transport counts, not only on stdio.
    pub(super) any_transport: bool,
    /// It serves on stdio: its client holds the other ends of standard input and output.
    pub(super) is_piped: bool,
    /// The functions from which a call that serves can be reached.
    pub(super) to_serving: Rc<FxHashSet<FuncId>>,
    pub(crate) frames: IndexVec<FrameId, Frame>,
    by_context: FxHashMap<FuncId, FxHashMap<Rc<Context>, FrameId>>,
    open: FxHashSet<FrameId>,
    /// The same frames, the innermost last.
    pub(super) running: Vec<FrameId>,
    /// The blocks that are being gone through, the innermost last.
    pub(super) way: Vec<(FuncId, BlockId)>,
    /// Frames that run while serving: handlers, timers; with the call that hands the function over.
    pub(crate) later: Vec<(FuncId, At, Mode)>,
    later_seen: FxHashSet<(FuncId, Mode)>,
    pub(super) apps: Apps,
    /// The variables that are filled when the process serves.
    pub(super) filled: Filled,
    pub(crate) rebinds: Vec<Rebind>,
    rebind_ids: FxHashMap<(At, RowRef), u32>,
    pub(crate) serves: BTreeMap<(At, TransportKind), Serve>,
    /// The entry's module: `__name__` is `"__main__"` there.
    pub(super) main: Option<ModuleId>,
    pub(super) ran: FxHashMap<ModuleId, At>,
    /// What instructions were seen to give; `None` when they differ.
    pub(super) seen: FxHashMap<At, Option<Abs>>,
    /// The same, of an exploration that assumed less: for what was not met yet.
    pub(super) earlier: FxHashMap<At, Option<Abs>>,
    /// Variables that are taken to keep the one constant that they were seen to be given, and those of which that is not so;
    /// `None` for all.
    pub(super) doubted: Option<FxHashSet<At>>,
    pub(super) relied: RefCell<Relied>,
    /// The frames in which something was taken for granted that may turn out to be otherwise.
    pub(super) relied_in: RefCell<FxHashMap<At, FxHashSet<FrameId>>>,
    /// Objects that were taken not to be there, since the function that makes them was not entered.
    pub(super) unmade: RefCell<FxHashSet<At>>,
    /// Settings that the program writes: only where it is asked to? Asked for when the exploration is over.
    pub(super) switched_on: RefCell<FxHashMap<Symbol, bool>>,
    /// Stores that were taken not to run, since the function that they are in did without them.
    pub(super) unstored: RefCell<FxHashSet<At>>,
    /// The calls that may be the first of a function which makes the one object of a class, and those that are taken not to be.
    pub(super) first_given: FxHashSet<At>,
    pub(super) not_first: RefCell<FxHashSet<At>>,
    /// The stores behind the symbols of fields and variables that hold nothing before one of them ran.
    pub(super) kept: RefCell<FxHashMap<Symbol, Rc<[At]>>>,
    pub(super) prepared: Rc<Prepared>,
    /// Functions that were seen to start serving, and the calls that do it.
    pub(super) serving_funcs: FxHashSet<FuncId>,
    pub(super) serving_calls: FxHashSet<At>,
    /// Transports that are handed to what leads to serving, each by the name that it has there.
    pub(super) transports: RefCell<FxHashMap<Symbol, At>>,
    /// Calls that register a command, and calls that run the one that was asked for: each with the library's model.
    pub(super) commands: FxHashMap<At, u32>,
    pub(super) command_lines: BTreeSet<(u32, At)>,
    /// In which order calls were first met.
    pub(crate) order: FxHashMap<At, usize>,
    /// Calls too far down the chain to be explored in place: they are when the way up is done.
    deep: Vec<FrameId>,
    pub(crate) n_deep: usize,
    /// Visits of blocks: the work done.
    pub(crate) n_steps: usize,
}

impl<'v> Explorer<'v> {
    pub(crate) fn new(values: &'v Values<'v>, prepared: Rc<Prepared>, main: Option<ModuleId>) -> Self {
        Self {
            values,
            assumed: Facts::default(),
            chosen: Chosen::default(),
            asked: FxHashSet::default(),
            told: Told::default(),
            loaded: None,
            needed: Needed::default(),
            any_transport: false,
            is_piped: false,
            to_serving: Rc::default(),
            frames: IndexVec::new(),
            by_context: FxHashMap::default(),
            open: FxHashSet::default(),
            running: Vec::new(),
            way: Vec::new(),
            later: Vec::new(),
            later_seen: FxHashSet::default(),
            apps: Apps::default(),
            filled: Filled::default(),
            rebinds: Vec::new(),
            rebind_ids: FxHashMap::default(),
            serves: BTreeMap::new(),
            main,
            ran: FxHashMap::default(),
            seen: FxHashMap::default(),
            earlier: FxHashMap::default(),
            doubted: None,
            relied: RefCell::default(),
            relied_in: RefCell::default(),
            unmade: RefCell::default(),
            switched_on: RefCell::default(),
            unstored: RefCell::default(),
            first_given: FxHashSet::default(),
            not_first: RefCell::default(),
            kept: RefCell::default(),
            prepared,
            serving_funcs: FxHashSet::default(),
            serving_calls: FxHashSet::default(),
            transports: RefCell::default(),
            commands: FxHashMap::default(),
            command_lines: BTreeSet::new(),
            order: FxHashMap::default(),
            deep: Vec::new(),
            n_deep: 0,
            n_steps: 0,
        }
    }

    /// Explores a function under a context.
    pub(crate) fn frame(&mut self, func: FuncId, mut context: Context) -> FrameId {
        context.phase = context.phase.decisive();
        while context.args.last().is_some_and(Option::is_none) {
            context.args.pop();
        }
        let known = self.by_context.entry(func).or_default();
        if let Some(known) = known.get(&context) {
            return *known;
        }
        if known.len() >= MAX_CONTEXTS && !context.is_plain() {
            let switches = context.switches();
            let fits = known.len() < 2 * MAX_CONTEXTS;
            if !fits || switches != context {
                let wide = if fits { switches } else { Context { args: Vec::new(), named: Rc::default(), ..switches } };
                return self.frame(func, wide);
            }
        }
        let outcome = Outcome {
            ret: None,
            given: None,
            returns: true,
            for_ever: false,
            serves: false,
            on_stdio: false,
            phase: context.phase,
            rebinds: context.rebinds.clone(),
            filled: Filled::default(),
            filled_at_serve: None,
            made: None,
        };
        let context = Rc::new(context);
        let id = self.frames.push(Frame { func, context: context.clone(), outcome, blocks: Blocks::default() });
        self.by_context.entry(func).or_default().insert(context, id);
        self.explore(id);
        id
    }

    /// Explores a frame, and what is too far down below it.
    pub(super) fn explore(&mut self, id: FrameId) {
        if self.running.len() >= MAX_CALL_DEPTH {
            self.deep.push(id);
            return;
        }
        self.go_down(id);
        // What the callers made of these calls is that they come back; what happens in them is known now.
        while self.running.is_empty()
            && let Some(deep) = self.deep.pop()
        {
            self.n_deep += 1;
            self.go_down(deep);
        }
    }

    fn go_down(&mut self, id: FrameId) {
        let context = self.frames[id].context.clone();
        self.running.push(id);
        self.open.insert(id);
        self.run(id, &context);
        self.open.remove(&id);
        self.running.pop();
    }

    fn run(&mut self, id: FrameId, context: &Context) {
        let func_id = self.frames[id].func;
        let func = &self.values.program.funcs[func_id];
        let mut vars = Vars::default();
        for (param, abs) in func.params.iter().zip(&context.args) {
            if let Some(abs) = abs {
                vars.insert(Var::Local(param.local), abs.clone());
            }
        }
        if let (Some(receiver), Some(abs)) = (func.receiver, &context.receiver) {
            vars.insert(Var::Local(receiver), abs.clone());
        }
        let mut facts = Facts::default();
        for (at, is) in &context.asked {
            if let Some(Some(abs)) = context.args.get(*at) {
                facts.assume(abs, *is);
            }
        }
        self.known_filled(context, &mut facts);
        let start = State {
            vars,
            named: context.named.clone(),
            phase: context.phase,
            rebinds: context.rebinds.clone(),
            facts: Rc::new(facts),
            filled: context.settings.clone(),
        };
        let n_blocks = func.blocks.len();
        let mut states: Vec<Option<State>> = vec![None; n_blocks];
        states[func.entry().index()] = Some(start);
        let mut visits: Vec<u32> = vec![0; n_blocks];
        // A block comes after those that lead to it, so that it is seen once, with all that is known.
        let order = self.order_of(func_id);
        let mut queue = BTreeSet::from([(0, func.entry())]);
        let mut result = Ends::new();
        let mut found: Vec<Option<Visited>> = Vec::new();
        found.resize_with(n_blocks, || None);
        while let Some((_, block)) = queue.pop_first() {
            let Some(state) = states[block.index()].clone() else { continue };
            let n_visits = &mut visits[block.index()];
            *n_visits += 1;
            if *n_visits > MAX_STATE_VISITS {
                continue;
            }
            self.n_steps += 1;
            self.way.push((func_id, block));
            let (visited, edges) = self.block(func_id, block, state, &mut result);
            self.way.pop();
            found[block.index()] = Some(visited);
            for (to, mut state) in edges {
                self.go_round(func_id, [block, to], &order, &mut state);
                let changed = match &mut states[to.index()] {
                    unknown @ None => {
                        *unknown = Some(state);
                        true
                    }
                    Some(known) => {
                        let (assumed, chosen) = (&self.assumed, &mut self.chosen);
                        join(func_id, known, &state, &mut InProcess { assumed, chosen })
                    }
                };
                if changed {
                    queue.insert((order[to.index()], to));
                }
            }
        }
        let blocks = Blocks::new(func.blocks.ids().zip(found).filter_map(|(block, visited)| Some((block, visited?))));
        let serves = blocks.visited().flat_map(|visited| &visited.events).any(|event| event.serves);
        let on_stdio = blocks.visited().flat_map(|visited| &visited.events).any(|event| event.on_stdio);
        if on_stdio {
            self.serving_funcs.insert(func_id);
        }
        let returns = result.phase != Phase::default();
        let for_ever = !returns && blocks.visited().all(|visited| self.goes_on(visited));
        let ret = result.ret.flatten();
        let given = if ret.as_ref().is_none_or(|abs| names_own(abs, func_id)) {
            let (local, param) = own_names(func_id);
            let is_own = |sym: &Symbol| sym.contains(&*local) || sym.contains(&*param);
            result.given.and_then(|given| self.chosen.alternatives.outside(&given, &is_own)).map(Rc::new)
        } else {
            None
        };
        let made = self.made_in(func_id, blocks.visited());
        let frame = &mut self.frames[id];
        frame.blocks = blocks;
        frame.outcome = Outcome {
            ret,
            given,
            returns,
            for_ever,
            serves,
            on_stdio,
            phase: result.phase,
            rebinds: result.rebinds.unwrap_or_else(|| context.rebinds.clone()),
            filled: result.filled.unwrap_or_default(),
            filled_at_serve: result.filled_at_serve,
            made,
        };
    }

    /// Does something come behind a block, or does what it calls go on for ever?
    fn goes_on(&self, visited: &Visited) -> bool {
        let is_endless = |event: &Event| event.frames.iter().any(|(frame, _)| self.frames[*frame].outcome.for_ever);
        if visited.ends { !visited.next.is_empty() } else { visited.events.last().is_some_and(is_endless) }
    }

    /// The place of each block, by its number, in an order in which it comes after those that lead to it.
    pub(super) fn order_of(&self, func: FuncId) -> Rc<[usize]> {
        let mut orders = self.prepared.orders.borrow_mut();
        let order = orders.entry(func).or_insert_with(|| {
            let body = &self.values.program.funcs[func];
            let mut places = vec![UNREACHED; body.blocks.len()];
            for (place, block) in body.order().into_iter().enumerate() {
                places[block.index()] = place;
            }
            places.into()
        });
        order.clone()
    }

    /// Runs one block: what happens in it and the states its successors start from.
    fn block(
        &mut self,
        func_id: FuncId,
        block: BlockId,
        mut state: State,
        result: &mut Ends,
    ) -> (Visited, Vec<(BlockId, State)>) {
        let func = &self.values.program.funcs[func_id];
        let body = &func.blocks[block];
        let mut visited = Visited { ends: true, unwind: body.unwind, facts: state.facts.clone(), ..Visited::default() };
        let mut edges = Vec::new();
        let mut raised = body.unwind.map(|handler| (handler, self.raised_in(func, body, &state)));
        for instr in &body.instrs {
            let filled = state.filled.clone();
            let (event, goes_on) = self.instr(func_id, *instr, &mut state);
            if let Some(event) = event {
                if event.on_stdio {
                    let here = self.filled_there(&filled, event.frames.iter().map(|(frame, _)| *frame));
                    result.serves_with(&here);
                }
                if let Some((_, raised)) = raised.as_mut().filter(|_| event.serves) {
                    raised.phase = raised.phase.union(Phase::AFTER);
                }
                visited.events.push(event);
            }
            if !goes_on {
                visited.ends = false;
                break;
            }
        }
        if let Some((handler, mut raised)) = raised
            && !self.needed.contains(&(func_id, block))
            && body.instrs.iter().any(|instr| can_raise(&func.instrs[*instr].op)) | matches!(body.end, End::Throw(_))
        {
            raised.phase = raised.phase.union(state.phase);
            edges.push((handler, raised));
        }
        if visited.ends {
            self.end(func_id, &body.end, state, &mut visited, &mut edges, result);
        }
        (visited, edges)
    }

    fn end(
        &mut self,
        func: FuncId,
        end: &End,
        state: State,
        visited: &mut Visited,
        edges: &mut Vec<(BlockId, State)>,
        result: &mut Ends,
    ) {
        match end {
            End::Goto(to) => {
                visited.next.push(*to);
                edges.push((*to, state));
            }
            End::Branch { on, yes, no } => {
                let test = self.value(func, *on, &state);
                if state.phase.has(Phase::SERVING) {
                    self.asked.extend(test.as_ref().and_then(Abs::sym).cloned());
                }
                let known = test.as_ref().and_then(|abs| self.truth(abs, &state.facts));
                let known =
                    known.or_else(|| self.asks_for_object(func, *on)).or_else(|| self.asks_for_items(func, *on));
                for (to, holds) in [(*yes, true), (*no, false)] {
                    if known.is_some_and(|known| known != holds) {
                        continue;
                    }
                    let mut state = state.clone();
                    if let Some(abs) = &test {
                        self.assume(abs, holds, &mut state);
                        self.found_filled(abs, &mut state);
                    }
                    visited.next.push(to);
                    edges.push((to, state));
                }
            }
            End::Return(value) => {
                let abs = match value {
                    Some(value) => {
                        let at = (func, *value);
                        self.value(func, *value, &state).or_else(|| self.made(at, &state)).or_else(|| self.closure(at))
                    }
                    // A constructor gives nothing back, and yet the call gives an object.
                    None if self.values.program.funcs[func].kind == FuncKind::Constructor => None,
                    None => Some(Abs::Const(Const::Undefined)),
                };
                result.add(abs, &state);
                let outlives = |var: &Var| matches!(var, Var::Cell(cell) if self.prepared.followed.contains(cell));
                for (var, abs) in state.vars.iter().filter(|(var, _)| outlives(var)) {
                    self.chosen.alternatives.settle(&var.sym(func), abs, &state.facts);
                }
            }
            End::Throw(_) | End::Stop => {}
        }
    }

    /// The variable that is followed along the paths.
    pub(super) fn var(&self, base: &Base) -> Option<Var> {
        match base {
            Base::Local(local) => Some(Var::Local(*local)),
            Base::Cell(cell) => {
                let all = [&self.prepared.followed, &self.prepared.followed_inside];
                all.iter().any(|followed| followed.contains(cell)).then_some(Var::Cell(*cell))
            }
            Base::Global(_) | Base::Value(_) => None,
        }
    }

    /// Is a value true where the facts hold, in this process?
    pub(super) fn truth(&self, abs: &Abs, facts: &Facts) -> Option<bool> {
        self.chosen.alternatives.truth(abs, [facts, &self.assumed])
    }

    /// From here on a value is true, or false.
    pub(super) fn assume(&self, abs: &Abs, holds: bool, state: &mut State) {
        self.chosen.alternatives.assume(Rc::make_mut(&mut state.facts), abs, holds, &self.assumed);
    }

    /// Takes over what an earlier exploration of the same process learned of single values and serving functions.
    pub(super) fn take_knowledge(&mut self, other: &Self) {
        self.n_steps += other.n_steps;
        self.earlier = other.seen.clone();
        self.chosen = other.chosen.clone();
        self.serving_funcs = other.serving_funcs.clone();
        self.serving_calls = other.serving_calls.clone();
    }

    /// The functions that were entered as the process begins: before it serves, with nothing known.
    pub(super) fn called_plainly(&self) -> impl Iterator<Item = FuncId> {
        let plain = Context { phase: Phase::BEFORE, ..Context::default() };
        self.by_context.iter().filter(move |(_, known)| known.contains_key(&plain)).map(|(func, _)| *func)
    }

    /// Notes that a module's code was run by the process itself, not by an import.
    pub(super) fn mark_ran(&mut self, module: ModuleId) {
        let init = self.values.program.modules[module].init;
        self.ran.entry(module).or_insert((init, crate::base::idx::Id::new(usize::MAX)));
    }

    /// Notes that a function runs while the process serves.
    pub(super) fn run_later(&mut self, func: FuncId, at: At, mode: Mode) {
        if !self.later_seen.insert((func, mode)) {
            return;
        }
        self.later.push((func, at, mode));
        // Who calls a closure that gives an async block waits for the block: `|request| async move { … }`.
        let program = &self.values.program;
        let body = &program.funcs[func];
        let given = body.blocks.iter().filter_map(|block| match block.end {
            End::Return(Some(value)) => Some(value),
            _ => None,
        });
        for value in given {
            if let Op::Closure(inner) = body.instrs[value].op
                && program.funcs[inner].is_async
                && self.values.language(inner) == Language::Rust
            {
                self.run_later(inner, at, mode);
            }
        }
    }

    pub(super) fn rebind(&mut self, rebind: Rebind) -> u32 {
        let key = (rebind.at, rebind.row);
        if let Some(known) = self.rebind_ids.get(&key) {
            return *known;
        }
        let id = u32::try_from(self.rebinds.len()).unwrap_or(u32::MAX);
        self.rebinds.push(rebind);
        self.rebind_ids.insert(key, id);
        id
    }

    /// Where a variable that outlives its function is stored to.
    pub(crate) fn stores_of(&self, cell: CellId) -> &[At] {
        self.prepared.stores.get(&cell).map_or(&[], Vec::as_slice)
    }

    /// Is the frame still being explored (a recursion)?
    pub(super) fn is_open(&self, id: FrameId) -> bool {
        self.open.contains(&id)
    }

    /// Can the process load the file that a function is in?
    pub(crate) fn can_load(&self, func: FuncId) -> bool {
        is_loaded(self.values, self.loaded.as_deref(), func)
    }

    /// The frames of a function, in no order.
    pub(super) fn frames_of(&self, func: FuncId) -> impl Iterator<Item = FrameId> {
        self.by_context.get(&func).into_iter().flat_map(|known| known.values().copied())
    }

    /// Was a function entered?
    pub(crate) fn was_entered(&self, func: FuncId) -> bool {
        self.by_context.contains_key(&func)
    }

    /// Is one of its frames still being explored?
    pub(super) fn is_running(&self, func: FuncId) -> bool {
        self.open.iter().any(|id| self.frames[*id].func == func)
    }
}

pub(super) fn can_raise(op: &Op) -> bool {
    matches!(op, Op::Call(_) | Op::Await(_) | Op::Import(_) | Op::Load(_) | Op::Unknown(..) | Op::Operator(..))
}
