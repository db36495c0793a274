//! What one instruction does to the state of the exploration: values it makes, functions it runs, phases it changes.

use std::rc::Rc;

use crate::base::Symbol;
use crate::base::idx::Naming;
use crate::ir::func::FuncId;
use crate::ir::instr::{Base, Call, CallStyle, Entry, Field, Import, InstrId, Op, Place};
use crate::ir::program::{Language, ModuleId};
use crate::models::index::{RowRef, Table};
use crate::models::path::Step;
use crate::models::schema::{CallbackTime, Crash, Stream};
use crate::resolve::ports::PortValue;
use crate::resolve::solve::CallKind;
use crate::resolve::values::{At, Site, Value};

use super::abs::Abs;
use super::explore::{Context, Event, Explorer, Mode, Phase, Rebind, State};
use super::joins::{Var, cell_sym, given_sym};
use super::lazy::{Filled, both};
use super::loaded::is_loaded;
use super::settings::chosen_command;

impl Explorer<'_> {
    /// Executes an instruction. Gives what happened, and whether control goes on behind it.
    pub(super) fn instr(&mut self, func: FuncId, id: InstrId, state: &mut State) -> (Option<Event>, bool) {
        let program = self.values.program;
        let op = &program.funcs[func].instrs[id].op;
        let read = self.read((func, id), state);
        let (mut event, goes_on) = match op {
            Op::Call(call) => self.call(func, id, call, state),
            Op::Await(value) => {
                let event = self.blocks_awaited((func, id), state);
                self.wait_for(func, *value, state);
                (event, true)
            }
            Op::Import(import) => (self.import(func, id, import, state), true),
            Op::Store(place, value) => {
                self.fill((func, id), place, state);
                self.fill_setting((func, id), state);
                (self.store(func, id, place, *value, state), true)
            }
            Op::Load(_) if self.serves_by_hand((func, id)) => {
                let mut event = self.event(id, state);
                self.serve_by_hand((func, id), &mut event, state);
                (Some(event), true)
            }
            _ => (None, true),
        };
        match (&mut event, read) {
            (Some(event), Some(read)) => event.frames.extend(read.frames),
            (None, read) => event = read,
            (Some(_), None) => {}
        }
        if self.prepared.stores_at.has(self.values, (func, id)) {
            let abs = self.eval(func, id, op, state);
            self.note(func, id, abs);
        }
        (event, goes_on)
    }

    /// Getters run where the property is read.
    fn read(&mut self, at: At, state: &mut State) -> Option<Event> {
        if self.prepared.getters.is_empty() {
            return None;
        }
        let prepared = self.prepared.clone();
        let getters = prepared.getters.get(&at)?;
        let mut event = self.event(at.1, state);
        for getter in getters {
            if !is_loaded(self.values, self.loaded.as_deref(), *getter) {
                continue;
            }
            let context = self.context(state);
            let frame = self.frame(*getter, context);
            self.enter(&mut event, frame, Mode::Now, state);
        }
        Some(event)
    }

    /// Blocks of async code run where they are waited for.
    fn blocks_awaited(&mut self, at: At, state: &mut State) -> Option<Event> {
        let values = self.values;
        let mut event = self.event(at.1, state);
        let before = state.clone();
        for (block, _) in values.callees(at) {
            let context = self.context(&before);
            let frame = self.frame(*block, context);
            self.enter(&mut event, frame, Mode::Now, state);
        }
        (!event.frames.is_empty()).then_some(event)
    }

    /// What any function is entered with.
    fn context(&self, state: &State) -> Context {
        let settings = self.settings_filled(&state.filled);
        Context { phase: state.phase, rebinds: state.rebinds.clone(), settings, ..Context::default() }
    }

    fn event(&self, id: InstrId, state: &State) -> Event {
        Event {
            instr: id,
            phase: state.phase,
            rebinds: state.rebinds.clone(),
            frames: Vec::new(),
            serves: false,
            on_stdio: false,
            facts: state.facts.clone(),
        }
    }

    // ---- stores --------------------------------------------------------------------------------------------------

    fn store(&mut self, func: FuncId, id: InstrId, place: &Place, value: InstrId, state: &mut State) -> Option<Event> {
        if place.path.is_empty()
            && let Some(var) = self.var(&place.base)
        {
            let unknown = var.sym(func);
            let abs = self.operand(func, value, state).or_else(|| self.made((func, value), state));
            let abs = abs.or_else(|| self.closure((func, value)));
            if matches!(var, Var::Cell(_)) {
                self.chosen.alternatives.suspend(&unknown);
            }
            let abs = abs.unwrap_or_else(|| {
                self.chosen.alternatives.forget(&unknown);
                self.chosen.alternatives.give_up(&unknown);
                let unknown = Abs::Sym(unknown);
                if state.facts.speaks_of(&unknown) {
                    Rc::make_mut(&mut state.facts).forget(&unknown);
                }
                unknown
            });
            state.vars.insert(var, abs);
            return None;
        }
        if let (Base::Cell(cell), []) = (&place.base, &*place.path) {
            self.note_stored(func, place, value);
            let sym = Abs::Sym(cell_sym(*cell));
            if state.facts.speaks_of(&sym) {
                Rc::make_mut(&mut state.facts).forget(&sym);
            }
            return None;
        }
        let (owner, field) = place.split_last()?;
        let Field::Name(name) = field else { return None };
        let owners = self.values.place_values(func, &owner)?;
        let event = self.event(id, state);
        let mut found = false;
        for owner in owners {
            let Value::Api(node, _) = *owner else { continue };
            let member = self.values.models.index.step(node, &Step::Member(name.clone()));
            found |= self.store_api((func, id), (node, member), value, state);
        }
        found.then_some(event)
    }

    // ---- imports -------------------------------------------------------------------------------------------------

    fn import(&mut self, func: FuncId, id: InstrId, import: &Import, state: &mut State) -> Option<Event> {
        if import.type_only {
            return None;
        }
        let mut event = self.event(id, state);
        for module in self.run_by((func, id), import).iter() {
            self.run_module((func, id), *module, &mut event, state);
        }
        (!event.frames.is_empty()).then_some(event)
    }

    /// The modules that an import runs.
    fn run_by(&self, at: At, import: &Import) -> Rc<[ModuleId]> {
        let mut known = self.prepared.runs.borrow_mut();
        let from = self.values.program.funcs[at.0].module;
        known.entry(at).or_insert_with(|| self.values.runs(from, import).into()).clone()
    }

    /// A module's own code runs where it is loaded first.
    fn run_module(&mut self, at: At, module: ModuleId, event: &mut Event, state: &mut State) {
        let program = self.values.program;
        let first = *self.ran.entry(module).or_insert(at);
        if first != at || module == program.funcs[at.0].module {
            return;
        }
        let context = self.context(state);
        let frame = self.frame(program.modules[module].init, context);
        self.enter(event, frame, Mode::Now, state);
        let filled = self.frames[frame].outcome.filled.clone();
        self.take_filled(&filled, state);
    }

    // ---- calls ---------------------------------------------------------------------------------------------------

    fn is_awaited(&self, func: FuncId, id: InstrId) -> bool {
        self.prepared.awaited.has(self.values, (func, id))
    }

    fn call(&mut self, func: FuncId, id: InstrId, call: &Call, state: &mut State) -> (Option<Event>, bool) {
        let at = (func, id);
        let met = self.order.len();
        self.order.entry(at).or_insert(met);
        let mut event = self.event(id, state);
        let mut goes_on = true;
        let mut ret: Option<Option<Abs>> = None;
        let mut filled: Option<Filled> = None;
        let mut n_direct = 0;
        let mut n_ending = 0;
        let mut is_left = false;
        let mut several = Vec::new();
        let before = state.clone();
        if call.style == CallStyle::Implicit {
            self.leave_scope(at, call, state);
        }
        let values = self.values;
        let picked = self.picked(at, call, &before);
        for (callee, kind) in values.callees(at).iter().copied() {
            let is_other = kind == CallKind::Direct && picked.as_ref().is_some_and(|picked| !picked.contains(&callee));
            if is_other || !is_loaded(self.values, self.loaded.as_deref(), callee) || !self.is_defined(callee) {
                continue;
            }
            if kind == CallKind::Callback && self.is_other(func, call, callee, &before) {
                continue;
            }
            if kind == CallKind::Callback {
                self.callback(at, callee, &before, &mut event, state);
                continue;
            }
            n_direct += 1;
            // What is started and not waited for holds up nobody, even if it never ends.
            let is_started = self.values.program.funcs[callee].is_async && !self.is_awaited(func, id);
            let args = self.arguments(at, call, callee, &before);
            let context = Context {
                asked: self.asked(callee, &args, &before),
                receiver: self.own_variant(at, call, callee, &before),
                named: self.named_beside(func, call, callee, &before),
                args,
                ..self.context(&before)
            };
            let frame = self.frame(callee, context);
            let outcome = self.frames[frame].outcome.clone();
            if !outcome.returns && !self.is_open(frame) && !is_started {
                n_ending += 1;
            }
            let is_generator = self.values.program.funcs[callee].is_generator;
            let given = outcome.ret.clone().filter(|abs| !is_generator && !names_own(abs, callee));
            several.push(outcome.given.clone().filter(|_| !is_generator));
            ret = Some(match ret {
                None => given,
                Some(known) if known == given => known,
                Some(_) => None,
            });
            self.enter(&mut event, frame, Mode::Now, state);
            if is_started && self.runs_on(at, before.phase, frame) {
                self.run_later(callee, at, Mode::Now);
            }
            if self.fills_for_caller(callee, is_started) {
                filled = Some(filled.map_or_else(|| outcome.filled.clone(), |known| both(&known, &outcome.filled)));
            } else {
                filled = Some(Filled::default());
            }
            if is_started && !outcome.returns && outcome.on_stdio {
                state.phase = state.phase.union(Phase::SERVING);
            }
            is_left |= is_started && outcome.serves && self.is_left_to_run(at);
        }
        if is_left {
            state.phase = before.phase.union(Phase::SERVING);
        }
        if let Some(filled) = filled {
            self.take_filled(&filled, state);
        }
        if n_direct > 0 && n_ending == n_direct {
            goes_on = false;
        }
        for (callee, _) in values.callees(at).iter().filter(|(_, kind)| *kind == CallKind::Direct) {
            self.call_single(at, *callee, &before, state);
        }
        self.forget_remade(at, &event, state);
        self.note_apps(at, call);
        goes_on &= self.library(at, call, &mut event, state);
        self.wait_in_call(at, call, state);
        if !self.prepared.looked_at.has(values, at) {
            return (Some(event), goes_on);
        }
        let abs = match ret {
            Some(Some(abs)) if n_direct > 0 => Some(abs),
            _ if n_direct > 0 => {
                let constant = self.constant(func, id).map(Abs::Const);
                constant.or_else(|| Some(Abs::Sym(self.one_of((func, id), &several, state))))
            }
            _ => self.call_sym(func, id, call, state).or_else(|| Some(Abs::Sym(given_sym(func, id)))),
        };
        if let Some(Abs::Sym(sym)) = &abs {
            self.note_object(sym, at);
            self.note_env_default(at, sym);
        }
        self.note_given(at, abs.as_ref(), state);
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
        event.on_stdio |= outcome.on_stdio;
        if outcome.returns {
            let only = event.frames.len() == 1;
            state.phase = if only { outcome.phase } else { state.phase.union(outcome.phase) };
            let gained: Vec<u32> = outcome.rebinds.difference(&state.rebinds).copied().collect();
            for id in gained.into_iter().filter(|_| only) {
                self.put_in_force(id, state);
            }
        }
    }

    /// A function that was handed to a library or container.
    fn callback(&mut self, at: At, callee: FuncId, before: &State, event: &mut Event, state: &mut State) {
        if self.waits_for_app(at, callee) {
            return;
        }
        let rows = self.rows_for(at, callee);
        let mut runs: Vec<CallbackTime> = rows.iter().map(|row| self.values.models.callback(*row).runs).collect();
        // A decorator keeps the function, or puts another one around it.
        let is_decorator = || self.values.call_at(at).is_some_and(|call| call.style == CallStyle::Decorator);
        let handlers = self.values.call_rows(at, Table::Handler);
        if runs.is_empty() && handlers.is_empty() && is_decorator() && self.is_called(callee) {
            return;
        }
        if runs.is_empty() && (!handlers.is_empty() || is_decorator()) {
            runs.push(CallbackTime::Later);
        }
        if runs.contains(&CallbackTime::Kept) {
            if self.values.callers(callee).iter().any(|other| *other != at) {
                return;
            }
            runs = vec![CallbackTime::Later];
        }
        let holds = |row: &RowRef| self.values.holds(at, &self.values.models.handler(*row).when);
        if rows.is_empty() && !handlers.is_empty() && !handlers.iter().any(holds) {
            return;
        }
        if runs.contains(&CallbackTime::Never) || self.is_crash_handler(at) {
            return;
        }
        if runs.contains(&CallbackTime::Ahead) {
            self.run_later(callee, at, Mode::Ahead);
            return;
        }
        let mode = if runs.contains(&CallbackTime::Alone) || runs.is_empty() && self.is_one_command(at, callee, before)
        {
            Mode::Alone
        } else if (runs.contains(&CallbackTime::Failure) || self.asks_about_error(at)) && self.receiver_serves(at) {
            Mode::Crash
        } else {
            Mode::Now
        };
        if runs.is_empty() && mode == Mode::Now || runs.contains(&CallbackTime::Later) {
            self.run_later(callee, at, Mode::Now);
        }
        if runs.contains(&CallbackTime::Later) && runs.iter().all(|runs| *runs == CallbackTime::Later) {
            return;
        }
        if mode == Mode::Crash {
            self.run_later(callee, at, Mode::Crash);
            return;
        }
        if mode == Mode::Alone && self.is_of_other_command_line(at) {
            return;
        }
        if let (Mode::Alone, Some(row)) = (mode, rows.first()) {
            self.commands.insert(at, row.file);
        }
        let context = self.context(before);
        let frame = self.frame(callee, context);
        let (ending, serves) = (!self.frames[frame].outcome.returns, self.frames[frame].outcome.on_stdio);
        let keep = state.clone();
        if mode == Mode::Alone {
            Rc::make_mut(&mut event.facts).assume(&Abs::Sym(chosen_command()), true);
        }
        self.enter(event, frame, mode, state);
        if mode == Mode::Now {
            // It may not run at all, or not yet.
            state.phase = state.phase.union(keep.phase);
            if ending && !serves {
                *state = keep;
            }
        }
    }

    /// What is said of a function that a library is handed: of `promise.then(go, fail)` one row is about each.
    fn rows_for(&self, at: At, callee: FuncId) -> Vec<RowRef> {
        let rows = self.values.call_rows(at, Table::Callback);
        if rows.len() < 2 {
            return rows;
        }
        let is_about = |row: &RowRef| {
            self.values.models.callback(*row).func_ports.iter().any(|port| match self.values.port_values(at, port) {
                PortValue::Known(values) => values.contains(&Value::Func(callee)),
                _ => false,
            })
        };
        let own: Vec<RowRef> = rows.iter().copied().filter(is_about).collect();
        if own.is_empty() { rows } else { own }
    }

    /// Does the program call a function by its name? Then a decorator that no model describes is one that puts something
    /// around it, and it runs where it is called: `@retry def fetch()`. What is only registered nobody calls.
    fn is_called(&self, func: FuncId) -> bool {
        let values = self.values;
        let calls = |at: &At| values.callees(*at).iter().any(|(to, kind)| *to == func && *kind == CallKind::Direct);
        values.callers(func).iter().any(|at| at.0 != func && calls(at))
    }

    /// Is a function one of several commands: it stands in a table by a name, and another one that serves is handed over with
    /// it? In a script an object literal holds options just as well: `{ setup, run }`.
    fn is_one_command(&mut self, at: At, callee: FuncId, before: &State) -> bool {
        let values = self.values;
        let Some(call) = values.call_at(at).filter(|_| values.language(at.0) == Language::Python) else { return false };
        let names = |made: At| {
            let body = &values.program.funcs[made.0];
            let Op::Record(record) = &body.instrs[made.1].op else { return false };
            record.entries.iter().any(|entry| match entry {
                Entry::Field(Field::Name(_), value) => values.of(made.0, *value).items().contains(&Value::Func(callee)),
                _ => false,
            })
        };
        let is_table = |value: &Value| matches!(value, Value::Record(Site::Instr(made)) if names(*made));
        if !call.args.iter().any(|arg| values.of(at.0, arg.value).items().iter().any(is_table)) {
            return false;
        }
        values.callees(at).iter().any(|(other, kind)| {
            let context = self.context(before);
            *other != callee && *kind == CallKind::Callback && {
                let frame = self.frame(*other, context);
                self.frames[frame].outcome.serves
            }
        })
    }

    fn is_crash_handler(&self, at: At) -> bool {
        !self.values.call_rows(at, Table::Crash).is_empty()
    }

    /// What a library call does to the process: serving, exits, crash handlers, rebindings.
    fn library(&mut self, at: At, call: &Call, event: &mut Event, state: &mut State) -> bool {
        for row in self.values.call_rows(at, Table::Rebind) {
            let rebind = self.values.models.rebind(row);
            let is_version = self.values.version_allows(Some(at.0), row, rebind.versions.as_deref());
            if !is_version || !self.values.holds(at, &rebind.when) {
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
        self.fill_setting(at, state);
        for module in self.values.loads(at) {
            self.run_module(at, module, event, state);
        }
        if !self.serve_by_rows(at, event, state) {
            return false;
        }
        if self.serves_by_hand(at) {
            self.serve_by_hand(at, event, state);
        }
        for row in self.values.call_rows(at, Table::CommandLine) {
            self.command_lines.insert((row.file, at));
        }
        let exits = self.values.call_rows(at, Table::Exit);
        let ends = exits.iter().any(|row| self.values.holds(at, &self.values.models.exit(*row).when));
        let _ = call;
        !ends
    }
}

/// Does a value have a name that only one run of the function has: of a parameter, of a variable, of what a call in it gave?
/// Another call of the function gives another value, which would have the same name.
pub(super) fn names_own(abs: &Abs, func: FuncId) -> bool {
    let Some(sym) = abs.sym() else { return false };
    let (local, param) = own_names(func);
    sym.contains(&*local) || sym.contains(&*param)
}

/// What the names begin with that only a function has for what it holds, and for what it is given.
pub(super) fn own_names(func: FuncId) -> (Symbol, Symbol) {
    (Naming::default().id(func).text(".").done(), Naming::default().text("param ").id(func).text(" ").done())
}
