//! Tables and lists that hold something on each way to a condition: `if not query:` behind branches each of which puts something
//! into `query`, or raises.
//!
//! Only variables of a function of Python count that hold what literals make there, and nothing but the function's own calls and
//! stores changes.

use std::collections::BTreeSet;

use rustc_hash::FxHashSet;

use crate::base::idx::IndexVec;
use crate::ir::func::{BlockId, End, FuncId, Function, LocalId};
use crate::ir::instr::{Arg, ArgKind, Base, Call, Const, Entry, Field, InstrId, Op, Oper};
use crate::resolve::solve::{CallKind, Values};

use super::explore::can_raise;

/// The variables in which something is for sure.
type Occupied = BTreeSet<LocalId>;

/// The loads of a function that give a container with something in it.
pub(super) fn occupied(values: &Values<'_>, id: FuncId) -> FxHashSet<InstrId> {
    let func = &values.program.funcs[id];
    let own = own_containers(func);
    let asks = func.blocks.iter().filter_map(|block| match block.end {
        End::Branch { on, .. } => asked(func, on),
        _ => None,
    });
    if !asks.into_iter().any(|(local, _)| own.contains(&local)) {
        return FxHashSet::default();
    }
    Ways { values, id, func, own }.found()
}

/// The variables that only hold what literals of the function make, under no other name.
fn own_containers(func: &Function) -> FxHashSet<LocalId> {
    let (mut own, mut others) = (FxHashSet::default(), FxHashSet::default());
    others.extend(func.params.iter().map(|param| param.local));
    let mut pass_on = |value: InstrId| others.extend(loaded(func, value));
    for instr in func.instrs.iter() {
        match &instr.op {
            Op::Store(_, value) => pass_on(*value),
            Op::Record(record) => record.entries.iter().for_each(|entry| match entry {
                Entry::Field(_, value) => pass_on(*value),
                Entry::Spread(_) => {}
            }),
            _ => {}
        }
    }
    for instr in func.instrs.iter() {
        let Op::Store(place, value) = &instr.op else { continue };
        if let (Base::Local(local), []) = (&place.base, &*place.path) {
            let is_made = matches!(func.instrs[*value].op, Op::Record(_));
            if is_made { &mut own } else { &mut others }.insert(*local);
        }
    }
    own.retain(|local| !others.contains(local));
    own
}

/// The variable that an instruction gives.
fn loaded(func: &Function, value: InstrId) -> Option<LocalId> {
    match &func.instrs[value].op {
        Op::Load(place) if place.path.is_empty() => match place.base {
            Base::Local(local) => Some(local),
            _ => None,
        },
        _ => None,
    }
}

/// The variable that a condition asks about, and whether it is true where the condition holds.
fn asked(func: &Function, on: InstrId) -> Option<(LocalId, bool)> {
    match &func.instrs[on].op {
        Op::Operator(Oper::Not, operands) => asked(func, *operands.first()?).map(|(local, is)| (local, !is)),
        _ => loaded(func, on).map(|local| (local, true)),
    }
}

struct Ways<'a, 'v> {
    values: &'a Values<'v>,
    id: FuncId,
    func: &'a Function,
    own: FxHashSet<LocalId>,
}

impl Ways<'_, '_> {
    /// Goes over the blocks until what all ways to each have in common changes no more.
    fn found(&self) -> FxHashSet<InstrId> {
        let order = self.func.order();
        let mut at: IndexVec<BlockId, Option<Occupied>> = self.func.blocks.iter().map(|_| None).collect();
        at[self.func.entry()] = Some(Occupied::new());
        let mut changes = true;
        while std::mem::take(&mut changes) {
            for block in &order {
                let Some(before) = at[*block].clone() else { continue };
                for (to, state) in self.leaving(*block, before) {
                    let known = at[to].take();
                    let both = known.as_ref().map_or_else(|| state.clone(), |known| known & &state);
                    changes |= known.as_ref() != Some(&both);
                    at[to] = Some(both);
                }
            }
        }
        let mut found = FxHashSet::default();
        for (block, state) in at.iter_enumerated() {
            let Some(mut state) = state.clone() else { continue };
            for id in &self.func.blocks[block].instrs {
                self.step(*id, &mut state);
                let is_there = |local: LocalId| self.own.contains(&local) && state.contains(&local);
                if loaded(self.func, *id).is_some_and(is_there) {
                    found.insert(*id);
                }
            }
        }
        found
    }

    /// What holds where a block is left, by each way.
    fn leaving(&self, block: BlockId, mut state: Occupied) -> Vec<(BlockId, Occupied)> {
        let body = &self.func.blocks[block];
        let mut raised = None;
        for id in &body.instrs {
            if can_raise(&self.func.instrs[*id].op) {
                raised = Some(raised.map_or_else(|| state.clone(), |known: Occupied| &known & &state));
            }
            self.step(*id, &mut state);
        }
        let raised = match body.end {
            End::Throw(_) => Some(raised.map_or_else(|| state.clone(), |known| &known & &state)),
            _ => raised,
        };
        let mut ways: Vec<(BlockId, Occupied)> = body.unwind.zip(raised).into_iter().collect();
        match body.end {
            End::Branch { on, yes, no } => {
                let asked = asked(self.func, on);
                for (to, holds) in [(yes, true), (no, false)] {
                    let mut state = state.clone();
                    if let Some((local, is)) = asked {
                        if is == holds {
                            state.insert(local)
                        } else {
                            state.remove(&local)
                        };
                    }
                    ways.push((to, state));
                }
            }
            _ => ways.extend(body.end.successors().map(|to| (to, state.clone()))),
        }
        ways
    }

    fn step(&self, id: InstrId, state: &mut Occupied) {
        match &self.func.instrs[id].op {
            Op::Store(place, value) => {
                let Base::Local(local) = place.base else { return };
                let is_there = match &*place.path {
                    [] => self.is_full(*value),
                    [_] if self.is_nothing(*value) => false,
                    [_] => state.contains(&local) || self.own.contains(&local),
                    _ => return,
                };
                if is_there {
                    state.insert(local)
                } else {
                    state.remove(&local)
                };
            }
            Op::Call(call) => self.call(id, call, state),
            _ => {}
        }
    }

    /// A literal with an entry of its own.
    fn is_full(&self, value: InstrId) -> bool {
        match &self.func.instrs[value].op {
            Op::Record(record) => record.entries.iter().any(|entry| matches!(entry, Entry::Field(..))),
            _ => false,
        }
    }

    /// `del table["name"]`
    fn is_nothing(&self, value: InstrId) -> bool {
        matches!(self.func.instrs[value].op, Op::Const(Const::Undefined))
    }

    fn call(&self, id: InstrId, call: &Call, state: &mut Occupied) {
        if self.values.callees((self.id, id)).iter().any(|(_, kind)| *kind != CallKind::Callback) {
            for arg in &call.args {
                loaded(self.func, arg.value).map(|local| state.remove(&local));
            }
        }
        let (Base::Local(local), [Field::Name(method)]) = (&call.callee.base, &*call.callee.path) else { return };
        let models = self.values.models;
        if models.removes(method) {
            state.remove(local);
        } else if models.keeps(method) {
            let is_all = models.merges(method) || models.extends(method);
            let puts_in = |arg: &Arg| match arg.kind {
                ArgKind::Positional if is_all => {
                    self.is_full(arg.value) || loaded(self.func, arg.value).is_some_and(|given| state.contains(&given))
                }
                ArgKind::Positional | ArgKind::Named(_) => true,
                ArgKind::Spread | ArgKind::SpreadNamed => false,
            };
            if call.args.iter().any(puts_in) {
                state.insert(*local);
            }
        }
    }
}
