//! Where paths of the exploration meet: what is known on both of them.

use std::collections::BTreeSet;
use std::rc::Rc;

use smol_str::format_smolstr;

use crate::base::Symbol;
use crate::ir::func::{FuncId, LocalId};
use crate::ir::instr::{Const, InstrId};

use super::abs::{Abs, Facts, truth};
use super::choices::Chosen;
use super::explore::State;

/// The name of what a local holds of which nothing else is known.
pub(super) fn local_sym(func: FuncId, local: LocalId) -> Symbol {
    format_smolstr!("{func}.{local}")
}

/// The name of what an instruction gives.
pub(super) fn given_sym(func: FuncId, id: InstrId) -> Symbol {
    format_smolstr!("{func}.{id}")
}

pub(super) fn meet(a: &Rc<BTreeSet<u32>>, b: &Rc<BTreeSet<u32>>) -> Rc<BTreeSet<u32>> {
    if a == b { a.clone() } else { Rc::new(a.intersection(b).copied().collect()) }
}

/// Joins `other` into `state`; true when that lost knowledge.
pub(super) fn join(func: FuncId, state: &mut State, other: &State, assumed: &Facts, chosen: &mut Chosen) -> bool {
    let (facts, phase, rebinds) = (state.facts.clone(), state.phase, state.rebinds.clone());
    let mut decided = Vec::new();
    let mut changed = join_locals(func, state, other, assumed, (&mut decided, chosen));
    state.phase = state.phase.union(other.phase);
    state.rebinds = meet(&state.rebinds, &other.rebinds);
    if !Rc::ptr_eq(&state.facts, &other.facts) && state.facts != other.facts {
        state.facts = Rc::new(state.facts.meet(&other.facts));
    }
    for (unknown, holds) in decided {
        let facts = Rc::make_mut(&mut state.facts);
        facts.forget(&unknown);
        if let Some(holds) = holds {
            facts.assume(&unknown, holds);
        }
    }
    changed |= state.phase != phase;
    changed |= !Rc::ptr_eq(&state.rebinds, &rebinds) && state.rebinds != rebinds;
    changed || !Rc::ptr_eq(&state.facts, &facts) && state.facts != facts
}

/// Unknowns, each with the truth value that it has on both ways.
type Decided = Vec<(Abs, Option<bool>)>;

/// `found`: what is found out about the unknowns that the locals are from now on.
fn join_locals(
    func: FuncId,
    state: &mut State,
    other: &State,
    assumed: &Facts,
    found: (&mut Decided, &mut Chosen),
) -> bool {
    let (decided, chosen) = found;
    if Rc::ptr_eq(&state.locals, &other.locals) {
        return false;
    }
    let mut keys: Vec<LocalId> = state.locals.keys().chain(other.locals.keys()).copied().collect();
    keys.retain(|local| state.locals.get(local) != other.locals.get(local));
    keys.sort_unstable();
    keys.dedup();
    let mut changed = false;
    for local in keys {
        let (a, b) = (state.locals.get(&local), other.locals.get(&local));
        // A setting, or the text that it defaults to: `env.MODE || "stdio"` goes by the setting's name.
        if let (Some(sym @ Abs::Sym(_)), Some(Abs::Const(text @ Const::Str(_))))
        | (Some(Abs::Const(text @ Const::Str(_))), Some(sym @ Abs::Sym(_))) = (a, b)
        {
            chosen.note_default(sym, text);
            if a != Some(sym) {
                let sym = sym.clone();
                Rc::make_mut(&mut state.locals).insert(local, sym);
                changed = true;
            }
            continue;
        }
        // Different here and there: from now on an unknown with a name of its own.
        if let (Some(a), Some(b)) = (a, b) {
            let unknown = Abs::Sym(local_sym(func, local));
            let is_known = *a == unknown;
            for (abs, facts) in [(a, &state.facts), (b, &other.facts)].into_iter().filter(|(abs, _)| **abs != unknown) {
                chosen.note(&unknown, abs, facts, assumed);
            }
            let (a, b) = (truth(a, [&state.facts, assumed]), truth(b, [&other.facts, assumed]));
            decided.push((unknown.clone(), a.filter(|a| b == Some(*a))));
            if !is_known {
                Rc::make_mut(&mut state.locals).insert(local, unknown);
                changed = true;
            }
        } else if a.is_some() {
            chosen.give_up(&local_sym(func, local));
            Rc::make_mut(&mut state.locals).remove(&local);
            changed = true;
        }
    }
    changed
}
