//! Several ways to start one server: a script that a manifest names, `python -m package`, a file that calls the main function.

use crate::flow::frames::Serve;
use crate::flow::process::{Passed, Process, Start};
use crate::ir::func::FuncId;
use crate::ir::instr::{Base, InstrId, Op};
use crate::ir::program::{Language, Module, ModuleId};
use crate::models::index::Table;
use crate::models::serving::TransportKind;
use crate::resolve::solve::CallKind;
use crate::resolve::values::{At, Value};

use super::servers::{Candidate, Finder, Found};

impl<'v> Finder<'v, '_> {
    /// The server found so far that the candidate starts, too: both come through the same on the way to serving, but for
    /// what merely leads there. `passed`: what the candidate comes through.
    pub(super) fn started_otherwise(&mut self, candidate: &Candidate, passed: &Passed) -> Option<&mut Found<'v>> {
        let is_same = |found: &Found<'v>| {
            found.is_hosted == candidate.is_hosted
                && found.doubts == candidate.doubts
                && found.passed.transports == passed.transports
                && found.passed.later == passed.later
                && found.passed.sites.symmetric_difference(&passed.sites).all(|at| self.only_leads_on(*at))
        };
        let at = self.found.iter().position(is_same)?;
        self.found.get_mut(at)
    }

    /// The server found so far that a program starts which does nothing beside: `from notes import main; main()`. What comes of
    /// that need not be explored again.
    pub(super) fn started_only(&mut self, candidate: &Candidate) -> Option<&mut Found<'v>> {
        let is_told_so = |found: &Found<'v>| found.is_hosted == candidate.is_hosted && found.doubts == candidate.doubts;
        let at = self.found.iter().position(is_told_so)?;
        let does_nothing_else = self.only_starts(&candidate.start, &self.found[at]);
        self.found.get_mut(at).filter(|_| does_nothing_else)
    }

    /// Does a program do nothing but call the function with which a server starts, and what else the process of that comes through
    /// on the way to serving?
    fn only_starts(&self, start: &Start, found: &Found<'v>) -> bool {
        let (Some(module), None, true) = (start.module, start.func, start.is_main) else { return false };
        let (Some(main), false) = (found.start.func, found.start.is_main) else { return false };
        let loaded = |start: &Start| {
            let mut loaded = (*self.prepared.loaded(self.values, start)?).clone();
            loaded.insert(module);
            Some(loaded)
        };
        let init = self.values.program.modules[module].init;
        let instrs = || self.values.program.funcs[init].instrs.ids().map(|id| (init, id));
        let (own, others) = (loaded(start), loaded(&found.start));
        own.is_some()
            && own == others
            && instrs().any(|at| self.values.callees(at).contains(&(main, CallKind::Direct)))
            && instrs().all(|at| self.only_calls(at, found))
    }

    /// Does an instruction do nothing that the process of a server does not do, but for calling what that comes through?
    fn only_calls(&self, at: At, found: &Found<'v>) -> bool {
        let values = self.values;
        let passed = &found.passed;
        if passed.sites.contains(&at) {
            return true;
        }
        let is_run = |callee: &(FuncId, CallKind)| callee.1 == CallKind::Direct && passed.called.contains(&callee.0);
        match &values.program.funcs[at.0].instrs[at.1].op {
            Op::Import(import) => {
                let runs = values.runs(values.program.funcs[at.0].module, import);
                runs.iter().all(|module| passed.called.contains(&values.program.modules[*module].init))
            }
            Op::Call(_) => {
                let ends = || !values.call_rows(at, Table::Exit).is_empty();
                let callees = values.callees(at);
                self.only_leads_on(at)
                    && values.loads(at).is_empty()
                    && callees.iter().all(is_run)
                    && (!callees.is_empty() || ends())
            }
            Op::Store(..) => self.only_leads_on(at),
            Op::Load(_) => !self.prepared.runs_getter(at) && !values.hand_written_serves().contains_key(&at),
            Op::Const(_) | Op::Closure(_) | Op::Operator(..) => true,
            _ => false,
        }
    }

    /// Does an instruction do no more than bring the process to the next function: an import, a definition, a call that is
    /// given nothing but functions and their results, `sys.exit(asyncio.run(main()))`?
    fn only_leads_on(&self, at: At) -> bool {
        match &self.values.program.funcs[at.0].instrs[at.1].op {
            Op::Import(_) => true,
            Op::Store(place, _) => place.path.is_empty() && matches!(place.base, Base::Cell(_)),
            Op::Call(call) => call.args.iter().all(|arg| self.is_call_or_func(at.0, arg.value)) && !self.tells(at),
            _ => false,
        }
    }

    fn is_call_or_func(&self, func: FuncId, value: InstrId) -> bool {
        match &self.values.program.funcs[func].instrs[value].op {
            Op::Call(_) | Op::Closure(_) => true,
            Op::Load(_) => {
                let set = self.values.of(func, value);
                !set.is_cut && set.items().iter().all(|value| matches!(value, Value::Func(_)))
            }
            _ => false,
        }
    }

    /// Other ways to start a server that was found: a script that calls its main function, `python -m package.server` where
    /// a manifest names the function. One that does nothing but that is the same server.
    pub(super) fn launchers(&mut self) {
        let program = self.values.program;
        let imported = self.imported_modules();
        // What is imported and does not ask how it was started is no program of its own.
        let is_program = |(module, data): &(ModuleId, &Module)| {
            data.language == Language::Python
                && (!imported.contains(module) || self.prepared.asks_for_start(self.values, *module))
        };
        let modules: Vec<ModuleId> =
            program.modules.iter_enumerated().filter(is_program).map(|(module, _)| module).collect();
        let mut passed = None;
        for module in modules {
            let Some(candidate) = self.script(module, false) else { continue };
            self.tried.insert((Some(module), None));
            if self.found.iter().any(|found| self.only_starts(&candidate.start, found)) {
                continue;
            }
            let entered = self.enter(&candidate.start);
            let passed = passed.get_or_insert_with(|| {
                let mut all = Passed::of(self.found.iter().map(|found| &found.process));
                self.found.iter().for_each(|found| all.sites.extend(&found.passed.sites));
                all
            });
            // What runs later gets to the same calls that serve, where it is what later runs there, too.
            if !self.may_do_more(&entered.passed(), passed) {
                continue;
            }
            let Some(begun) = entered.begin() else { continue };
            let passed_by = begun.passed();
            if !self.may_do_more(&passed_by, passed) {
                continue;
            }
            let process = begun.process();
            if self.does_more(&process) {
                self.keep(candidate, passed_by, process);
            }
        }
    }

    /// Does a call write, log or start something? What ends the process has the last word in it: `sys.exit(main())`.
    fn tells(&self, at: At) -> bool {
        const TELLING: [Table; 6] =
            [Table::Sink, Table::Logger, Table::LoggerDefault, Table::Child, Table::Rebind, Table::Crash];
        let has = |table: Table| !self.values.call_rows(at, table).is_empty();
        TELLING.into_iter().any(has) && !has(Table::Exit)
    }

    /// Does a process that serves what another one does write, log or start what that one does not?
    fn does_more(&self, process: &Process<'_>) -> bool {
        let on_stdio = |serve: &Serve| matches!(serve.kind, TransportKind::Stdio | TransportKind::Unknown);
        let is_new = |at: &&At| !self.found.iter().any(|found| found.process.live.sites.contains_key(at));
        process.serves.iter().any(on_stdio) && process.live.sites.keys().filter(is_new).any(|at| self.tells(*at))
    }

    /// The same, by what it comes through on the way to serving: what runs after that is what those run that serve the same.
    fn may_do_more(&self, begun: &Passed, others: &Passed) -> bool {
        let serves_there = |at: At| others.transports.iter().any(|(other, _)| *other == at);
        !begun.transports.iter().all(|(at, _)| serves_there(*at))
            || !begun.later.is_subset(&others.later)
            || begun.sites.difference(&others.sites).any(|at| self.tells(*at))
    }
}
