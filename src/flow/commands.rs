//! Commands of a command line that is not the one of the process: a script beside a package imports the package, which makes a
//! command line of its own, and runs another one.
//!
//! ```text
//! from notes import server        # whose module has `app = Typer()` and `@app.command() def serve()`
//!
//! app = Typer()
//! …
//! app()                           # no command of the other one runs
//! ```

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::func::FuncId;
use crate::ir::instr::Op;
use crate::ir::program::Language;
use crate::models::index::{NodeId, Table};
use crate::models::schema::CallbackTime;
use crate::resolve::solve::Values;
use crate::resolve::values::{At, SlotId, Value};

use super::explore::Explorer;
use super::loaded::is_loaded;

/// An object of a library, by the call that made it: a method of it is of the same call, and another thing.
type Made = (NodeId, At);

/// Where command lines are used.
#[derive(Default)]
pub(super) struct CommandLines {
    /// The functions that call each.
    called: BTreeMap<Made, Vec<FuncId>>,
    /// The functions that hand each to something else than another one.
    handed: BTreeMap<Made, Vec<FuncId>>,
    /// Each with those that it is put into.
    within: BTreeMap<Made, BTreeSet<Made>>,
}

impl CommandLines {
    pub(super) fn new(values: &Values<'_>) -> Self {
        let mut found = Self::default();
        let funcs =
            values.program.funcs.iter_enumerated().filter(|(func, _)| values.language(*func) == Language::Python);
        let calls: Vec<At> = funcs
            .flat_map(|(func, body)| {
                let calls = body.instrs.iter_enumerated().filter(|(_, instr)| matches!(instr.op, Op::Call(_)));
                calls.map(move |(id, _)| (func, id))
            })
            .collect();
        let registering = calls.iter().filter(|at| registers_one(values, **at));
        let mut known: BTreeSet<Made> = registering.flat_map(|at| made_of(values, *at)).collect();
        if known.is_empty() {
            return found;
        }
        let given: Vec<(At, Vec<Made>)> = calls.iter().map(|at| (*at, given_to(values, *at))).collect();
        loop {
            let n_known = known.len();
            for (at, given) in &given {
                let outer = receivers(values, *at);
                for inner in given.iter().filter(|inner| known.contains(inner)).copied().collect::<Vec<Made>>() {
                    known.extend(&outer);
                    found.within.entry(inner).or_default().extend(&outer);
                }
            }
            if known.len() == n_known {
                break;
            }
        }
        for (at, given) in given {
            let callees = values.callee_slot(at).into_iter().flat_map(|slot| made_in(values, slot));
            for made in callees.filter(|made| known.contains(made)) {
                found.called.entry(made).or_default().push(at.0);
            }
            let is_put = !receivers(values, at).is_empty();
            for made in given.into_iter().filter(|made| !is_put && known.contains(made)) {
                found.handed.entry(made).or_default().push(at.0);
            }
        }
        found
    }

    /// Does one of the functions of which that holds use it, or one that it is put into?
    fn is_used(&self, made: &Made, is_here: &dyn Fn(&FuncId) -> bool) -> bool {
        let mut open = vec![*made];
        let mut seen = BTreeSet::new();
        while let Some(made) = open.pop() {
            let used = [self.called.get(&made), self.handed.get(&made)];
            if used.into_iter().flatten().flatten().any(is_here) {
                return true;
            }
            if seen.insert(made) {
                open.extend(self.within.get(&made).into_iter().flatten());
            }
        }
        false
    }
}

/// The objects that a call is given.
fn given_to(values: &Values<'_>, at: At) -> Vec<Made> {
    let args = values.call_at(at).into_iter().flat_map(|call| &call.args);
    args.flat_map(|arg| made_in(values, values.instr_slot(at.0, arg.value))).collect()
}

/// The objects that a call is a method of.
fn receivers(values: &Values<'_>, at: At) -> Vec<Made> {
    values.receiver_slot(at).into_iter().flat_map(|slot| made_in(values, slot)).collect()
}

/// Is a command registered, one of those of which one runs?
fn registers_one(values: &Values<'_>, at: At) -> bool {
    let mut rows = values.call_rows(at, Table::Callback).into_iter();
    rows.any(|row| values.models.callback(row).runs == CallbackTime::Alone)
}

/// The command lines for which a call registers a command: what its chain of calls begins with.
fn made_of(values: &Values<'_>, at: At) -> Vec<Made> {
    let chain = values.chain(at).into_iter().chain([at]);
    chain.flat_map(|call| receivers(values, call)).collect()
}

fn made_in(values: &Values<'_>, slot: SlotId) -> Vec<Made> {
    let made = values.of_slot(slot).items().iter().filter_map(|value| match value {
        Value::Api(node, Some(made)) => Some((*node, *made)),
        _ => None,
    });
    made.collect()
}

impl Explorer<'_> {
    /// Is a command registered for a command line that nothing in the process uses, where the program that was started calls
    /// another one?
    pub(super) fn is_of_other_command_line(&self, at: At) -> bool {
        let values = self.values;
        let Some(main) = self.main.filter(|_| values.language(at.0) == Language::Python) else { return false };
        let lines = self.prepared.command_lines.get_or_init(|| CommandLines::new(values));
        let own = made_of(values, at);
        let is_here = |func: &FuncId| is_loaded(values, self.loaded.as_deref(), *func);
        let is_started = |(made, funcs): (&Made, &Vec<FuncId>)| {
            !own.contains(made) && funcs.iter().any(|func| values.program.funcs[*func].module == main)
        };
        !own.is_empty() && own.iter().all(|made| !lines.is_used(made, &is_here)) && lines.called.iter().any(is_started)
    }
}
