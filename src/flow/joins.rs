//! Where paths of the exploration meet: what is known on both of them.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::base::Symbol;
use crate::base::idx::{Id, Naming};
use crate::ir::func::{Block, FuncId, Function, LocalId};
use crate::ir::instr::{Const, InstrId, Op};
use crate::ir::program::CellId;
use crate::resolve::values::At;

use super::abs::{Abs, Facts, truth};
use super::choices::Chosen;
use super::explore::{Explorer, State};
use super::lazy::both;

/// A variable whose value is followed along the paths of one function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Var {
    Local(LocalId),
    /// Of a module, where nothing but the module's own code writes it.
    Cell(CellId),
    /// What a call gave here, where it gives something else under other arguments of the function.
    Given(InstrId),
}

impl Var {
    /// The name of what it holds, of which nothing else is known.
    pub(super) fn sym(self, func: FuncId) -> Symbol {
        match self {
            Self::Local(local) => local_sym(func, local),
            Self::Cell(cell) => cell_sym(cell),
            Self::Given(call) => given_sym(func, call),
        }
    }
}

/// The name of what a variable that outlives its function holds.
pub(super) fn cell_sym(cell: CellId) -> Symbol {
    Naming::default().text("cell ").id(cell).done()
}

/// The variable that has such a name.
pub(super) fn cell_of(sym: &str) -> Option<CellId> {
    let number = sym.strip_prefix("cell ")?.trim_start_matches(|c: char| !c.is_ascii_digit());
    number.parse().ok().map(CellId::new)
}

/// The name of what a local holds of which nothing else is known.
pub(super) fn local_sym(func: FuncId, local: LocalId) -> Symbol {
    Naming::default().id(func).text(".").id(local).done()
}

/// The name of what an instruction gives.
pub(super) fn given_sym(func: FuncId, id: InstrId) -> Symbol {
    Naming::default().id(func).text(".").id(id).done()
}

/// The name of what a function is given for a parameter, by the number of that.
pub(super) fn param_sym(func: FuncId, at: usize) -> Symbol {
    Naming::default().text("param ").id(func).text(" ").number(at).done()
}

pub(super) fn meet(a: &Rc<BTreeSet<u32>>, b: &Rc<BTreeSet<u32>>) -> Rc<BTreeSet<u32>> {
    if a == b { a.clone() } else { Rc::new(a.intersection(b).copied().collect()) }
}

/// Joins `other` into `state`; true when that lost knowledge.
pub(super) fn join(func: FuncId, state: &mut State, other: &State, process: &mut InProcess<'_>) -> bool {
    let (facts, phase, rebinds) = (state.facts.clone(), state.phase, state.rebinds.clone());
    let mut decided = Vec::new();
    let mut changed = join_vars(func, state, other, process, &mut decided);
    state.phase = state.phase.union(other.phase);
    state.rebinds = meet(&state.rebinds, &other.rebinds);
    let filled = both(&state.filled, &other.filled);
    changed |= filled != state.filled;
    state.filled = filled;
    if !Rc::ptr_eq(&state.facts, &other.facts) && state.facts != other.facts {
        state.facts = Rc::new(state.facts.meet(&other.facts));
    }
    for (unknown, holds) in decided {
        process.chosen.alternatives.forget(&unknown);
        let facts = Rc::make_mut(&mut state.facts);
        let unknown = Abs::Sym(unknown);
        facts.forget(&unknown);
        if let Some(holds) = holds {
            facts.assume(&unknown, holds);
        }
    }
    changed |= state.phase != phase;
    changed |= !Rc::ptr_eq(&state.rebinds, &rebinds) && state.rebinds != rebinds;
    changed || !Rc::ptr_eq(&state.facts, &facts) && state.facts != facts
}

impl Explorer<'_> {
    /// What a call gave that ran before.
    pub(super) fn given_at(&self, func: FuncId, call: InstrId, state: &State) -> Option<Abs> {
        state.vars.get(Var::Given(call)).or_else(|| self.seen_at(func, call)?.as_ref()).cloned()
    }

    /// Keeps what a call gives here, where it was seen to give something else: `os.getenv(name)` in a function that several
    /// callers ask for their own variables.
    pub(super) fn note_given(&self, at: At, abs: Option<&Abs>, state: &mut State) {
        let is_other = self.seen.get(&at).is_some_and(|known| known.as_ref() != abs);
        if let Some(abs) = abs.filter(|abs| is_other && **abs != Abs::Sym(given_sym(at.0, at.1))) {
            state.vars.insert(Var::Given(at.1), abs.clone());
        }
    }

    /// What is known where something in a block is raised. That may be anywhere in it: of the variables that it changes nothing
    /// is known there.
    pub(super) fn raised_in(&self, func: &Function, block: &Block, state: &State) -> State {
        let mut raised = state.clone();
        for instr in &block.instrs {
            let Op::Store(place, _) = &func.instrs[*instr].op else { continue };
            if let Some(var) = self.var(&place.base) {
                raised.vars.remove(var);
            }
        }
        raised
    }
}

/// What is known in a process beside the state at one place.
pub(super) struct InProcess<'p> {
    pub(super) assumed: &'p Facts,
    pub(super) chosen: &'p mut Chosen,
}

/// `found`: the unknowns that variables are from now on, each with the truth value that it has on both ways.
fn join_vars(
    func: FuncId,
    state: &mut State,
    other: &State,
    process: &mut InProcess<'_>,
    found: &mut Vec<(Symbol, Option<bool>)>,
) -> bool {
    let InProcess { assumed, chosen } = process;
    let mut changed = false;
    for var in state.vars.unlike(&other.vars) {
        let (a, b) = (state.vars.get(var), other.vars.get(var));
        let sym = var.sym(func);
        chosen.alternatives.resume(&sym);
        // A setting, or the text that it defaults to: `env.MODE || "stdio"` goes by the setting's name.
        if let (Some(setting @ Abs::Sym(_)), Some(Abs::Const(text @ Const::Str(_))))
        | (Some(Abs::Const(text @ Const::Str(_))), Some(setting @ Abs::Sym(_))) = (a, b)
        {
            chosen.note_default(setting, text);
            if a != Some(setting) {
                let setting = setting.clone();
                state.vars.insert(var, setting);
                changed = true;
            }
            continue;
        }
        // Different here and there: from now on an unknown with a name of its own.
        if let (Some(a), Some(b)) = (a, b) {
            let unknown = Abs::Sym(sym.clone());
            let is_known = *a == unknown;
            if (*a == unknown || *b == unknown) && !chosen.alternatives.knows(&sym) {
                chosen.alternatives.give_up(&sym);
            }
            let sides = [(a, &state.facts), (b, &other.facts)];
            for (abs, facts) in sides.into_iter().filter(|(abs, _)| **abs != unknown) {
                chosen.note(&unknown, abs, facts, assumed);
                changed |= chosen.alternatives.note(&sym, abs, facts);
                chosen.alternatives.note_fields(&sym, abs, facts);
            }
            let (a, b) = (truth(a, &[&state.facts, assumed]), truth(b, &[&other.facts, assumed]));
            found.push((sym, a.filter(|a| b == Some(*a))));
            if !is_known {
                state.vars.insert(var, unknown);
                changed = true;
            }
        } else if a.is_some() {
            chosen.give_up(&sym);
            chosen.alternatives.give_up(&sym);
            state.vars.remove(var);
            changed = true;
        }
    }
    changed
}
