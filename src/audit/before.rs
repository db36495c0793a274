//! Which code leads to a call that serves, as far as the call graph tells.

use std::collections::BTreeSet;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::flow::explore::Prepared;
use crate::flow::main_module::only_in_main;
use crate::flow::process::Start;
use crate::ir::func::{FuncId, FuncKind};
use crate::ir::instr::{InstrId, Op};
use crate::ir::program::ModuleId;
use crate::resolve::solve::Values;
use crate::resolve::values::At;

/// For each function, those that call it or import its module.
pub(super) struct Before {
    callers: FxHashMap<FuncId, Vec<FuncId>>,
    /// What the code of a module does only where the module is the program: `if __name__ == "__main__"`.
    as_main: FxHashMap<ModuleId, AsMain>,
}

struct AsMain {
    instrs: FxHashSet<InstrId>,
    /// The functions that it calls, and the code of the modules that it imports.
    runs: Vec<FuncId>,
}

/// What leads to some calls.
pub(super) struct Leading {
    /// Functions that get there from wherever they are called.
    pub(super) funcs: Rc<FxHashSet<FuncId>>,
    /// Modules that do where they are the program.
    programs: FxHashSet<ModuleId>,
}

impl Leading {
    /// Can a process that begins so get to one of the calls?
    pub(super) fn has(&self, start: &Start, values: &Values<'_>) -> bool {
        let init = start.module.map(|module| values.program.modules[module].init);
        init.into_iter().chain(start.func).any(|func| self.funcs.contains(&func))
            || start.is_main && start.module.is_some_and(|module| self.programs.contains(&module))
    }
}

impl Before {
    pub(super) fn new(values: &Values<'_>, prepared: &Rc<Prepared>) -> Self {
        let program = values.program;
        let mut as_main: FxHashMap<ModuleId, AsMain> = FxHashMap::default();
        for (module, data) in program.modules.iter_enumerated() {
            let instrs = only_in_main(values, prepared, module);
            if !instrs.is_empty() {
                let runs = instrs.iter().flat_map(|id| runs(values, (data.init, *id))).collect();
                as_main.insert(module, AsMain { instrs, runs });
            }
        }
        let mut callers: FxHashMap<FuncId, Vec<FuncId>> = FxHashMap::default();
        for (func, body) in program.funcs.iter_enumerated() {
            let aside = as_main.get(&body.module).filter(|_| program.modules[body.module].init == func);
            for id in body.instrs.ids().filter(|id| aside.is_none_or(|aside| !aside.instrs.contains(id))) {
                for inner in runs(values, (func, id)) {
                    callers.entry(inner).or_default().push(func);
                }
            }
        }
        Self { callers, as_main }
    }

    /// What leads to some calls.
    pub(super) fn leading<'a>(&self, values: &Values<'_>, calls: impl Iterator<Item = &'a At>) -> Leading {
        let program = values.program;
        let mut programs = FxHashSet::default();
        let mut open: Vec<FuncId> = Vec::new();
        for (func, id) in calls {
            let module = program.funcs[*func].module;
            let is_aside = || self.as_main.get(&module).is_some_and(|aside| aside.instrs.contains(id));
            if program.modules[module].init == *func && is_aside() {
                programs.insert(module);
            } else {
                open.push(*func);
            }
        }
        let mut funcs: FxHashSet<FuncId> = open.iter().copied().collect();
        while let Some(func) = open.pop() {
            open.extend(self.callers.get(&func).into_iter().flatten().copied().filter(|before| funcs.insert(*before)));
        }
        let gets_there = |aside: &AsMain| aside.runs.iter().any(|func| funcs.contains(func));
        programs.extend(self.as_main.iter().filter(|(_, aside)| gets_there(aside)).map(|(module, _)| *module));
        Leading { funcs: Rc::new(funcs), programs }
    }
}

/// The functions that an instruction runs.
fn runs(values: &Values<'_>, (func, id): At) -> BTreeSet<FuncId> {
    let program = values.program;
    match &program.funcs[func].instrs[id].op {
        Op::Call(_) => {
            let loaded = values.loads((func, id)).into_iter().map(|module| program.modules[module].init);
            values.callees((func, id)).iter().map(|(callee, _)| *callee).chain(loaded).collect()
        }
        // Whoever makes a block of async code has it run, one way or another.
        Op::Closure(inner) if program.funcs[*inner].kind == FuncKind::Lambda => BTreeSet::from([*inner]),
        Op::Import(import) if !import.type_only => {
            let modules = values.runs(program.funcs[func].module, import);
            modules.into_iter().map(|module| program.modules[module].init).collect()
        }
        _ => BTreeSet::new(),
    }
}
