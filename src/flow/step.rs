//! What one instruction does to the state of the exploration: values it makes, functions it runs, phases it changes.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::base::Symbol;
use crate::ir::func::{FuncId, ParamKind};
use crate::ir::instr::{
    ArgKind, Base, Call, CallStyle, Const, Field, Import, Imported, InstrId, LEAVE, Op, Oper, Place,
};
use crate::ir::program::CellId;
use crate::models::index::{RowRef, Table};
use crate::models::path::Step;
use crate::models::schema::{CallbackTime, Crash, Stream, StreamSpec, TransportKind, TransportSpec};
use crate::resolve::link::Target;
use crate::resolve::ports::PortValue;
use crate::resolve::solve::CallKind;
use crate::resolve::values::{At, Obj, Value};
use crate::source::version::Allowed;

use super::abs::{Abs, equal, not};
use super::explore::{Context, Event, Explorer, Mode, Phase, Rebind, Serve, State};

/// Longest name of a symbol; a longer one tells nobody anything.
const MAX_SYM: usize = 160;

/// Longest chain of single assignments that is followed to find out what a variable is.
const MAX_ALIASES: usize = 12;

impl Explorer<'_> {
    /// Executes an instruction. Gives what happened, and whether control goes on behind it.
    pub(super) fn instr(&mut self, func: FuncId, id: InstrId, state: &mut State) -> (Option<Event>, bool) {
        let program = self.values.program;
        let op = &program.funcs[func].instrs[id].op;
        let (event, goes_on) = match op {
            Op::Call(call) => self.call(func, id, call, state),
            Op::Import(import) => (self.import(func, id, import, state), true),
            Op::Store(place, value) => (self.store(func, id, place, *value, state), true),
            Op::Load(_) if self.values.hand_written_serves().contains(&(func, id)) => {
                let mut event = self.event(id, state);
                self.serve_by_hand((func, id), &mut event, state);
                (Some(event), true)
            }
            _ => (None, true),
        };
        let abs = self.eval(func, id, op, state);
        self.note(func, id, abs);
        (event, goes_on)
    }

    fn event(&self, id: InstrId, state: &State) -> Event {
        Event {
            instr: id,
            phase: state.phase,
            rebinds: state.rebinds.clone(),
            frames: Vec::new(),
            serves: false,
            facts: state.facts.clone(),
        }
    }

    // ---- values --------------------------------------------------------------------------------------------------

    fn note(&mut self, func: FuncId, id: InstrId, abs: Option<Abs>) {
        self.seen
            .entry((func, id))
            .and_modify(|known| {
                if *known != abs {
                    *known = None;
                }
            })
            .or_insert(abs);
    }

    /// What a value is known to be after the instruction that makes it ran.
    pub(super) fn value(&self, func: FuncId, id: InstrId, state: &State) -> Option<Abs> {
        self.eval(func, id, &self.values.program.funcs[func].instrs[id].op, state)
    }

    fn eval(&self, func: FuncId, id: InstrId, op: &Op, state: &State) -> Option<Abs> {
        match op {
            Op::Const(value) => Some(Abs::Const(value.clone())),
            Op::Load(place) => self.load(func, id, place, state),
            Op::Store(_, value) | Op::Await(value) => self.operand(func, *value, state),
            Op::Operator(oper, values) => {
                let operand = |at: usize| self.operand(func, *values.get(at)?, state);
                match oper {
                    Oper::Not => Some(not(&operand(0)?)),
                    Oper::Eq | Oper::IsVariant => equal(&operand(0)?, &operand(1)?),
                    Oper::Ne => Some(not(&equal(&operand(0)?, &operand(1)?)?)),
                    Oper::IsMissing => equal(&operand(0)?, &Abs::Const(Const::Undefined)),
                    _ => None,
                }
            }
            Op::Call(call) => {
                self.seen.get(&(func, id)).cloned().flatten().or_else(|| self.call_sym(func, id, call, state))
            }
            Op::Import(_) => self.imported(func, id, 0),
            _ => None,
        }
    }

    fn operand(&self, func: FuncId, id: InstrId, state: &State) -> Option<Abs> {
        match &self.values.program.funcs[func].instrs[id].op {
            // What a call gave was noted when it ran.
            Op::Call(_) => self.seen.get(&(func, id)).cloned().flatten(),
            op => self.eval(func, id, op, state),
        }
    }

    fn load(&self, func: FuncId, id: InstrId, place: &Place, state: &State) -> Option<Abs> {
        if let (Base::Local(local), []) = (&place.base, &*place.path)
            && let Some(abs) = state.locals.get(local)
        {
            return Some(abs.clone());
        }
        if let (Base::Global(name), []) = (&place.base, &*place.path)
            && name == "__name__"
        {
            let is_main = self.main == Some(self.values.program.funcs[func].module);
            return Some(Abs::Const(Const::str(if is_main { "__main__" } else { "<module>" })));
        }
        if let Some(value) = self.constant(func, id) {
            return Some(Abs::Const(value));
        }
        if let (Base::Cell(cell), []) = (&place.base, &*place.path) {
            return self.cell(*cell, 0);
        }
        if let Some(abs) = self.single_field(func, place) {
            return Some(abs);
        }
        self.place_sym(func, place, state).map(Abs::Sym)
    }

    /// The constant an instruction gives whatever the path, if it is one.
    fn constant(&self, func: FuncId, id: InstrId) -> Option<Const> {
        let set = self.values.of(func, id);
        if let Some(value) = set.single_const() {
            return Some(value.clone());
        }
        // An enum member: its variant, or the one constant it stands for.
        let mut variant = None;
        for value in set.items() {
            match value {
                Value::Variant(_, name) if variant.is_none() => variant = Some(name),
                Value::Const(_) => {}
                _ => return None,
            }
        }
        let variant = variant?;
        let mut consts =
            set.items().iter().filter_map(|value| if let Value::Const(value) = value { Some(value) } else { None });
        match (consts.next(), consts.next()) {
            (Some(value), None) => Some(value.clone()),
            (None, _) => Some(Const::Str(format!("variant {variant}").into())),
            _ => None,
        }
    }

    /// A variable that is written once is what was written.
    fn cell(&self, cell: CellId, depth: usize) -> Option<Abs> {
        let sym = || Some(Abs::Sym(format!("cell {cell}").into()));
        let stores = self.cell_stores.get(&cell).map_or(&[][..], Vec::as_slice);
        let [(func, store)] = stores else { return sym() };
        if depth > MAX_ALIASES {
            return sym();
        }
        if let Some(known) = self.seen.get(&(*func, *store)) {
            return known.clone().or_else(sym);
        }
        let Op::Store(_, value) = &self.values.program.funcs[*func].instrs[*store].op else { return sym() };
        match &self.values.program.funcs[*func].instrs[*value].op {
            Op::Import(_) => self.imported(*func, *value, depth + 1).or_else(sym),
            _ => sym(),
        }
    }

    /// What an import of a name gives: what the exporting module keeps under it.
    fn imported(&self, func: FuncId, id: InstrId, depth: usize) -> Option<Abs> {
        let program = self.values.program;
        let Op::Import(import) = &program.funcs[func].instrs[id].op else { return None };
        if let Some(value) = self.constant(func, id) {
            return Some(Abs::Const(value));
        }
        let Imported::Named(name) = &import.what else { return None };
        match self.values.linker.resolve(program.funcs[func].module, &import.from) {
            Target::Module(module, rest) if rest.is_empty() => {
                let cell = program.modules[module].exports.names.get(name)?;
                self.cell(*cell, depth)
            }
            _ => None,
        }
    }

    /// A field of one known object that is written once is what was written.
    fn single_field(&self, func: FuncId, place: &Place) -> Option<Abs> {
        let (owner, field) = place.split_last()?;
        let Field::Name(name) = field else { return None };
        let objects = self.values.place_values(func, &owner)?;
        let mut objs: Vec<Obj> = objects.iter().filter_map(|value| self.values.object_of(value)).collect();
        objs.dedup();
        let [obj] = objs.as_slice() else { return None };
        let key = crate::resolve::values::Key::Name(name.clone());
        let sym = || Some(Abs::Sym(format!("{obj:?}.{name}").into()));
        if self.values.is_open(obj) {
            return sym();
        }
        match self.values.stores_to(obj, &key) {
            [at] => {
                // A store's own value is the value written; a literal's entry is named by its value.
                self.seen.get(at).cloned().flatten().or_else(sym)
            }
            [] => None,
            _ => sym(),
        }
    }

    /// The name of what a place holds.
    fn place_sym(&self, func: FuncId, place: &Place, state: &State) -> Option<Symbol> {
        let mut text = match &place.base {
            Base::Local(local) => match state.locals.get(local) {
                Some(Abs::Sym(sym)) => sym.to_string(),
                Some(_) => return None,
                None => match self.param_name(func, *local) {
                    Some(name) => name,
                    None => self.single_local(func, *local)?,
                },
            },
            Base::Cell(cell) => match self.cell(*cell, 0)? {
                Abs::Sym(sym) => sym.to_string(),
                _ => return None,
            },
            Base::Value(value) => match self.operand(func, *value, state)? {
                Abs::Sym(sym) => sym.to_string(),
                _ => return None,
            },
            Base::Global(name) => name.to_string(),
        };
        for field in &place.path {
            match field {
                Field::Name(name) => text.push_str(&format!(".{name}")),
                Field::Index(at) => text.push_str(&format!("[{at}]")),
                // `Some(x)`, `Ok(x)`: the payload goes by the name of the whole.
                Field::Variant(..) => {}
                Field::Any => return None,
            }
        }
        if text.len() > MAX_SYM { None } else { Some(text.into()) }
    }

    fn param_name(&self, func: FuncId, local: crate::ir::func::LocalId) -> Option<String> {
        let params = &self.values.program.funcs[func].params;
        let at = params.iter().position(|param| param.local == local)?;
        Some(format!("param {func} {at}"))
    }

    fn single_local(&self, func: FuncId, local: crate::ir::func::LocalId) -> Option<String> {
        Some(format!("{func}.{local}"))
    }

    /// The name of what an unresolved or library call gives: `param.trim()` is `param`, `argv.includes("--http")` itself.
    fn call_sym(&self, func: FuncId, id: InstrId, call: &Call, state: &State) -> Option<Abs> {
        if let Some(value) = self.constant(func, id) {
            return Some(Abs::Const(value));
        }
        let (owner, method) = call.callee.split_last().unzip();
        let mut text = match (&owner, method) {
            (Some(owner), Some(Field::Name(name))) => {
                let of = match self.values.place_values(func, owner).unwrap_or_default().as_slice() {
                    [Value::Api(node, _)] if self.values.models.index.node(*node).is_modelled() => {
                        Some(self.values.models.index.node(*node).name.clone())
                    }
                    _ => None,
                };
                let of = of.or_else(|| self.place_sym(func, owner, state))?;
                let keeps = call.args.is_empty() && !name.starts_with("is") && !name.starts_with("has");
                if keeps {
                    return Some(Abs::Sym(of));
                }
                format!("{of}.{name}")
            }
            (None, _) => self.place_sym(func, &call.callee, state)?.to_string(),
            _ => return None,
        };
        text.push('(');
        for arg in &call.args {
            match self.operand(func, arg.value, state) {
                Some(Abs::Const(value)) => text.push_str(&format!("{value:?},")),
                Some(Abs::Sym(sym)) => text.push_str(&format!("{sym},")),
                _ if matches!(self.values.program.funcs[func].instrs[arg.value].op, Op::Closure(_)) => return None,
                _ => text.push_str(&format!("{id},")),
            }
        }
        text.push(')');
        if text.len() > MAX_SYM { None } else { Some(Abs::Sym(text.into())) }
    }

    // ---- stores --------------------------------------------------------------------------------------------------

    fn store(&mut self, func: FuncId, id: InstrId, place: &Place, value: InstrId, state: &mut State) -> Option<Event> {
        if let (Base::Local(local), []) = (&place.base, &*place.path) {
            match self.operand(func, value, state) {
                Some(abs) => state.locals.insert(*local, abs),
                None => state.locals.insert(*local, Abs::Sym(format!("{func}.{local}").into())),
            };
            return None;
        }
        let (owner, field) = place.split_last()?;
        let Field::Name(name) = field else { return None };
        let owners = self.values.place_values(func, &owner)?;
        let event = self.event(id, state);
        let mut found = false;
        for owner in owners {
            let Value::Api(node, _) = owner else { continue };
            let member = self.values.models.index.step(node, &Step::Member(name.clone()));
            found |= self.store_api((func, id), member, value, state);
        }
        found.then_some(event)
    }

    fn store_api(&mut self, at: At, member: crate::models::index::NodeId, value: InstrId, state: &mut State) -> bool {
        let data = self.values.models.index.node(member);
        for row in data.rows(Table::CrashPlace) {
            for value in self.values.of(at.0, value).items().to_vec() {
                if let Value::Func(handler) = value {
                    self.run_later(handler, at, Mode::Crash);
                }
            }
            let _ = row;
        }
        let mut found = data.has(Table::CrashPlace) || data.has(Table::LoggerPlace);
        if data.has(Table::HandlerPlace) {
            for value in self.values.of(at.0, value).items().to_vec() {
                if let Value::Func(handler) = value {
                    self.run_later(handler, at, Mode::Now);
                }
            }
            found = true;
        }
        for row in data.rows(Table::RebindPlace) {
            let values = self.values.of(at.0, value).items().to_vec();
            let (stream, is_filter) = self.rebound_stream(&values);
            let id = self.rebind(Rebind { at, row, stream, is_filter });
            Rc::make_mut(&mut state.rebinds).insert(id);
            found = true;
        }
        found
    }

    /// Where writes go after something was replaced by one of the values; and whether it hands on to the original.
    fn rebound_stream(&self, values: &[Value]) -> (Stream, bool) {
        for value in values {
            match value {
                Value::Api(node, _) => {
                    let stream = self.values.stream_of_values(std::slice::from_ref(value), None);
                    if stream != Stream::Unknown {
                        return (stream, false);
                    }
                    let called = self.values.models.index.step(*node, &Step::Call);
                    for row in self.values.models.index.node(called).rows(Table::Sink) {
                        if let Some(StreamSpec::Fixed(stream)) = &self.values.models.sink(row).stream {
                            return (*stream, false);
                        }
                    }
                }
                Value::Func(func) => return self.replaced_by(*func),
                _ => {}
            }
        }
        (Stream::Unknown, false)
    }

    /// A function put in place of a writer: does it write to stdout itself (a filter), to stderr, or nowhere?
    fn replaced_by(&self, func: FuncId) -> (Stream, bool) {
        let mut streams = BTreeSet::new();
        let mut open = vec![func];
        let mut seen = BTreeSet::new();
        while let Some(func) = open.pop() {
            if !seen.insert(func) || seen.len() > 16 {
                continue;
            }
            for (id, instr) in self.values.program.funcs[func].instrs.iter_enumerated() {
                if let Op::Closure(inner) = instr.op {
                    open.push(inner);
                }
                if !matches!(instr.op, Op::Call(_)) {
                    continue;
                }
                let at = (func, id);
                open.extend(self.values.callees(at).iter().map(|(callee, _)| *callee));
                for row in self.values.call_rows(at, Table::Sink) {
                    if let Some(spec) = &self.values.models.sink(row).stream {
                        streams.insert(self.values.stream_of(at, spec));
                    }
                }
            }
        }
        if streams.contains(&Stream::Stdout) {
            return (Stream::Stdout, true);
        }
        (streams.first().copied().unwrap_or(Stream::None), false)
    }

    // ---- imports -------------------------------------------------------------------------------------------------

    fn import(&mut self, func: FuncId, id: InstrId, import: &Import, state: &mut State) -> Option<Event> {
        if import.type_only {
            return None;
        }
        let program = self.values.program;
        let from = program.funcs[func].module;
        let mut event = self.event(id, state);
        for module in self.values.runs(from, import) {
            let first = *self.ran.entry(module).or_insert((func, id));
            if first != (func, id) || module == from {
                continue;
            }
            let context = Context { args: Vec::new(), phase: state.phase, rebinds: state.rebinds.clone() };
            let frame = self.frame(program.modules[module].init, context);
            self.enter(&mut event, frame, Mode::Now, state);
        }
        (!event.frames.is_empty()).then_some(event)
    }

    // ---- calls ---------------------------------------------------------------------------------------------------

    fn is_awaited(&self, func: FuncId, id: InstrId) -> bool {
        let instrs = self.values.program.funcs[func].instrs.iter();
        instrs.into_iter().any(|instr| matches!(instr.op, Op::Await(value) if value == id))
    }

    fn call(&mut self, func: FuncId, id: InstrId, call: &Call, state: &mut State) -> (Option<Event>, bool) {
        let at = (func, id);
        let met = self.order.len();
        self.order.entry(at).or_insert(met);
        let mut event = self.event(id, state);
        let mut goes_on = true;
        let mut ret: Option<Option<Abs>> = None;
        let mut n_direct = 0;
        let mut n_ending = 0;
        let before = state.clone();
        if call.style == CallStyle::Implicit {
            self.leave_scope(at, call, state);
        }
        for (callee, kind) in self.values.callees(at).to_vec() {
            if kind == CallKind::Callback {
                self.callback(at, callee, &before, &mut event, state);
                continue;
            }
            n_direct += 1;
            let context = Context {
                args: self.arguments(func, call, callee, &before),
                phase: before.phase,
                rebinds: before.rebinds.clone(),
            };
            let frame = self.frame(callee, context);
            let outcome = self.frames[frame].outcome.clone();
            // What is started and not waited for holds up nobody, even if it never ends.
            let is_started = self.values.program.funcs[callee].is_async && !self.is_awaited(func, id);
            if !outcome.returns && !self.is_open(frame) && !is_started {
                n_ending += 1;
            }
            let is_generator = self.values.program.funcs[callee].is_generator;
            let given = if is_generator { None } else { outcome.ret.clone() };
            ret = Some(match ret {
                None => given,
                Some(known) if known == given => known,
                Some(_) => None,
            });
            self.enter(&mut event, frame, Mode::Now, state);
            if is_started && !outcome.returns && outcome.serves {
                state.phase = state.phase.union(Phase::SERVING);
            }
        }
        if n_direct > 0 && n_ending == n_direct {
            goes_on = false;
        }
        goes_on &= self.library(at, call, &mut event, state);
        let abs = match ret {
            Some(Some(abs)) if n_direct > 0 => Some(abs),
            _ if n_direct > 0 => {
                self.constant(func, id).map(Abs::Const).or_else(|| Some(Abs::Sym(format!("{func}.{id}").into())))
            }
            _ => self.call_sym(func, id, call, state).or_else(|| Some(Abs::Sym(format!("{func}.{id}").into()))),
        };
        self.note(func, id, abs);
        (Some(event), goes_on)
    }

    /// A frame runs in place of an instruction.
    fn enter(&mut self, event: &mut Event, frame: super::explore::FrameId, mode: Mode, state: &mut State) {
        let outcome = &self.frames[frame].outcome;
        event.frames.push((frame, mode));
        if mode != Mode::Now {
            return;
        }
        event.serves |= outcome.serves;
        if outcome.returns {
            let only = event.frames.len() == 1;
            state.phase = if only { outcome.phase } else { state.phase.union(outcome.phase) };
            let gained: Vec<u32> = outcome.rebinds.difference(&state.rebinds).copied().collect();
            if !gained.is_empty() && only {
                Rc::make_mut(&mut state.rebinds).extend(gained);
            }
        }
    }

    /// What is known of the arguments, by the callee's parameters.
    fn arguments(&self, func: FuncId, call: &Call, callee: FuncId, state: &State) -> Vec<Option<Abs>> {
        let params = &self.values.program.funcs[callee].params;
        let mut known: Vec<Option<Abs>> = vec![None; params.len()];
        let mut given = vec![false; params.len()];
        let mut position = 0;
        for arg in &call.args {
            let at = match &arg.kind {
                ArgKind::Positional => {
                    position += 1;
                    Some(position - 1)
                }
                ArgKind::Named(name) => params.iter().position(|param| param.name == *name),
                ArgKind::Spread | ArgKind::SpreadNamed => return vec![None; params.len()],
            };
            let Some(at) = at.filter(|at| {
                params.get(*at).is_some_and(|param| matches!(param.kind, ParamKind::Plain | ParamKind::NamedOnly))
            }) else {
                continue;
            };
            given[at] = true;
            known[at] = self.operand(func, arg.value, state).filter(selects);
        }
        for (at, param) in params.iter().enumerate() {
            let takes = matches!(param.kind, ParamKind::Plain | ParamKind::NamedOnly);
            if takes && !given[at] {
                known[at] = match param.default {
                    None => Some(Abs::Const(Const::Undefined)),
                    Some(default) => match &self.values.program.funcs[callee].instrs[default].op {
                        Op::Const(value) => Some(Abs::Const(value.clone())),
                        _ => None,
                    },
                };
            }
        }
        known
    }

    /// A function that was handed to a library or container.
    fn callback(&mut self, at: At, callee: FuncId, before: &State, event: &mut Event, state: &mut State) {
        let rows = self.values.call_rows(at, Table::Callback);
        let runs: Vec<CallbackTime> = rows.iter().map(|row| self.values.models.callback(*row).runs).collect();
        if runs.contains(&CallbackTime::Never) || self.is_crash_handler(at) {
            return;
        }
        let mode = if runs.contains(&CallbackTime::Alone) {
            Mode::Alone
        } else if runs.contains(&CallbackTime::Failure) && self.receiver_serves(at) {
            Mode::Crash
        } else {
            Mode::Now
        };
        if runs.is_empty() || runs.contains(&CallbackTime::Later) {
            self.run_later(callee, at, Mode::Now);
        }
        if runs.contains(&CallbackTime::Later) && runs.iter().all(|runs| *runs == CallbackTime::Later) {
            return;
        }
        if mode == Mode::Crash {
            self.run_later(callee, at, Mode::Crash);
            return;
        }
        let context = Context { args: Vec::new(), phase: before.phase, rebinds: before.rebinds.clone() };
        let frame = self.frame(callee, context);
        let (ending, serves) = (!self.frames[frame].outcome.returns, self.frames[frame].outcome.serves);
        let keep = state.clone();
        self.enter(event, frame, mode, state);
        if mode == Mode::Now {
            // It may not run at all, or not yet.
            state.phase = state.phase.union(keep.phase);
            if ending && !serves {
                *state = keep;
            }
        }
    }

    /// Is the receiver of the call at `at` a computation that serves: `main().catch(…)`?
    fn receiver_serves(&self, at: At) -> bool {
        let Some(call) = self.values.call_at(at) else { return false };
        let Base::Value(value) = call.callee.base else { return false };
        let made = (at.0, value);
        self.serving_calls.contains(&made) || self.call_may_serve(made)
    }

    fn call_may_serve(&self, at: At) -> bool {
        self.values.callees(at).iter().any(|(func, _)| self.serving_funcs.contains(func))
    }

    fn is_crash_handler(&self, at: At) -> bool {
        !self.values.call_rows(at, Table::Crash).is_empty()
    }

    /// At the end of a `with` block what was redirected for the block is as it was.
    fn leave_scope(&self, at: At, call: &Call, state: &mut State) {
        let leaves = matches!(call.callee.path.last(), Some(Field::Name(name)) if LEAVE.contains(&name.as_str()));
        let Some(manager) = self.values.receiver_slot(at).filter(|_| leaves && !state.rebinds.is_empty()) else {
            return;
        };
        let made: Vec<At> = self
            .values
            .of_slot(manager)
            .items()
            .iter()
            .filter_map(|value| if let Value::Api(_, made) = value { *made } else { None })
            .collect();
        let is_undone = |id: &u32| {
            let rebind = &self.rebinds[*id as usize];
            made.contains(&rebind.at) && self.values.models.rebind(rebind.row).scoped
        };
        if state.rebinds.iter().any(is_undone) {
            Rc::make_mut(&mut state.rebinds).retain(|id| !is_undone(id));
        }
    }

    /// What a library call does to the process: serving, exits, crash handlers, rebindings.
    fn library(&mut self, at: At, call: &Call, event: &mut Event, state: &mut State) -> bool {
        for row in self.values.call_rows(at, Table::Rebind) {
            let rebind = self.values.models.rebind(row);
            if !self.values.holds(at, &rebind.when) {
                continue;
            }
            let stream = rebind.stream.as_ref().map_or(Stream::Unknown, |spec| self.values.stream_of(at, spec));
            let id = self.rebind(Rebind { at, row, stream, is_filter: false });
            Rc::make_mut(&mut state.rebinds).insert(id);
        }
        for row in self.values.call_rows(at, Table::Crash) {
            let crash = self.values.models.crash(row);
            if !self.values.holds(at, &crash.when) {
                continue;
            }
            let mode = if crash.covers.contains(&Crash::Signal) { Mode::Now } else { Mode::Crash };
            for port in &crash.handler {
                let Some(port) = self.values.models.port(port) else { continue };
                if let PortValue::Known(values) = self.values.port_values(at, port) {
                    for value in values {
                        if let Value::Func(handler) = value {
                            self.run_later(handler, at, mode);
                        }
                    }
                }
            }
        }
        for row in self.values.call_rows(at, Table::Serve) {
            if !self.serve(at, row, event, state) {
                return false;
            }
        }
        if self.values.hand_written_serves().contains(&at) {
            self.serve_by_hand(at, event, state);
        }
        let exits = self.values.call_rows(at, Table::Exit);
        let ends = exits.iter().any(|row| self.values.holds(at, &self.values.models.exit(*row).when));
        let _ = call;
        !ends
    }

    /// A call that starts a server; false when it never comes back and serves no stdio.
    fn serve(&mut self, at: At, row: RowRef, event: &mut Event, state: &mut State) -> bool {
        let serve = self.values.models.serve(row);
        let version = self.values.version_of(Some(at.0), row, serve.versions.as_deref());
        if version == Allowed::No || !self.values.holds(at, &serve.when) {
            return true;
        }
        let (mut kind, own_stream) = self.transport(at, &serve.transport);
        if self.force_stdio && kind != TransportKind::Other {
            kind = TransportKind::Stdio;
        }
        let on_stdio = matches!(kind, TransportKind::Stdio | TransportKind::Unknown);
        if on_stdio {
            self.assume_transport(at, &serve.transport, state);
        }
        let facts = state.facts.clone();
        let diverts_stdout = serve.diverts_stdout;
        let blocks = serve.blocks;
        self.serves.entry((at, kind)).and_modify(|known| known.facts = known.facts.meet(&facts)).or_insert_with(|| {
            Serve {
                at,
                row,
                kind,
                diverts_stdout,
                own_stream,
                by_hand: false,
                facts: (*facts).clone(),
                rebinds: (*state.rebinds).clone(),
            }
        });
        if on_stdio {
            event.serves = true;
            self.serving_calls.insert(at);
            state.phase = if blocks { Phase::AFTER } else { Phase::SERVING };
        }
        on_stdio || !blocks
    }

    /// The value that chooses the transport at a serve call chooses stdio, where that is served.
    fn assume_transport(&self, at: At, spec: &TransportSpec, state: &mut State) {
        let (TransportSpec::Ports(ports), Some(call)) = (spec, self.values.call_at(at)) else { return };
        for port in ports.from.iter().filter_map(|text| self.values.models.port(text)) {
            let Some(value) = crate::resolve::ports::argument(call, &port.head).filter(|_| port.path.is_empty()) else {
                continue;
            };
            if let Some(Abs::Sym(sym)) = self.operand(at.0, value, state) {
                let word = Const::str(self.values.models.stdio_word());
                let test = Abs::Test { sym, is: Some(word), negated: false };
                Rc::make_mut(&mut state.facts).assume(&test, true);
            }
        }
    }

    /// A read of standard input in a program that speaks the protocol itself.
    fn serve_by_hand(&mut self, at: At, event: &mut Event, state: &mut State) {
        let row = RowRef { file: 0, table: Table::Serve, row: 0 };
        let facts = state.facts.clone();
        self.serves
            .entry((at, TransportKind::Stdio))
            .and_modify(|known| known.facts = known.facts.meet(&facts))
            .or_insert_with(|| Serve {
                at,
                row,
                kind: TransportKind::Stdio,
                diverts_stdout: false,
                own_stream: false,
                by_hand: true,
                facts: (*facts).clone(),
                rebinds: (*state.rebinds).clone(),
            });
        event.serves = true;
        self.serving_calls.insert(at);
        state.phase = Phase::SERVING;
    }

    /// Which transport a serve call uses, and whether that has a stream of its own.
    pub(crate) fn transport(&self, at: At, spec: &TransportSpec) -> (TransportKind, bool) {
        let ports = match spec {
            TransportSpec::Fixed(kind) => return (*kind, false),
            TransportSpec::Ports(ports) => ports,
        };
        for text in &ports.from {
            let Some(port) = self.values.models.port(text) else { continue };
            let values = match self.values.port_values(at, port) {
                PortValue::Missing => continue,
                PortValue::Unknown => return (TransportKind::Unknown, false),
                PortValue::Known(values) => values,
            };
            let kinds: Vec<(TransportKind, bool)> =
                values.iter().filter_map(|value| self.transport_value(value, ports, 4)).collect();
            return kinds.into_iter().min().unwrap_or((TransportKind::Unknown, false));
        }
        (ports.default, false)
    }

    fn transport_value(
        &self,
        value: &Value,
        ports: &crate::models::schema::TransportPorts,
        depth: usize,
    ) -> Option<(TransportKind, bool)> {
        if depth == 0 {
            return None;
        }
        match value {
            Value::Const(value) => {
                let text = crate::resolve::solve::Values::const_text(value);
                ports.map.get(text.as_str()).map(|kind| (*kind, false))
            }
            Value::Variant(_, name) => ports.map.get(name.as_str()).map(|kind| (*kind, false)),
            Value::Api(node, site) => {
                let data = self.values.models.index.node(*node);
                let row = data.rows(Table::Transport).next()?;
                let transport = self.values.models.transport(row);
                let own = site.is_some_and(|at| {
                    transport.own_stream.iter().any(|text| {
                        let Some(port) = self.values.models.port(text) else { return false };
                        match self.values.port_values(at, port) {
                            PortValue::Missing => false,
                            PortValue::Unknown => true,
                            PortValue::Known(values) => self.values.stream_of_values(&values, None) != Stream::Stdout,
                        }
                    })
                });
                Some((transport.is, own))
            }
            // A pair of streams, a subclass of a transport.
            Value::Record(_) => {
                let obj = self.values.object_of(value)?;
                let all = self.values.known_field(&obj, &crate::resolve::values::Key::All)?;
                let parts = self.values.of_slot(all).items().to_vec();
                parts.iter().filter_map(|part| self.transport_value(part, ports, depth - 1)).min()
            }
            Value::Instance(class) | Value::Typed(class) => {
                let bases = self.values.classes.api_bases(*class);
                bases.into_iter().find_map(|base| {
                    let instance = self.values.models.index.instance(base);
                    self.transport_value(&Value::Api(instance, None), ports, depth - 1)
                })
            }
            _ => None,
        }
    }
}

/// Is it worth a context of its own? Texts are: levels and modes are texts; messages exhaust the contexts harmlessly.
fn selects(abs: &Abs) -> bool {
    match abs {
        Abs::Const(Const::Str(text)) => text.len() <= 24 && !text.contains(' '),
        _ => true,
    }
}
