//! A function of its own for each name by which one picks a part of something.
//!
//! ```text
//! function text(args, key) { const value = args[key]; return typeof value === "string" ? value : ""; }
//! const day = text(args, "day"), secret = text(args, "secret");
//! ```
//!
//! What it gives for one name is not what it gives for another. Values are followed once a function, so each use with another
//! name gets a copy of it. Only small functions that give something back are copied. What only hands a name on, as
//! `needed(args, key)` does that calls `text`, is copied in its turn: the calls in a copy give names, too.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::Symbol;
use crate::base::bounds::{MAX_PICKED_NAMES, MAX_PICKING_COPIES, MAX_PICKING_FUNCTION, MAX_PICKING_ROUNDS};
use crate::ir::func::{End, FuncId, FuncKind};
use crate::ir::instr::{Base, Call, Field, InstrId, Op, Place};
use crate::ir::program::Program;
use crate::models::Models;
use crate::models::path::PortHead;
use crate::resolve::link::Linker;
use crate::resolve::ports::argument;
use crate::resolve::values::At;

use super::Reader;
use super::keyed::{Names, Trees, copy_for_each};

/// Calls of functions of the program, each with the function.
pub(super) type OwnCalls<'p> = Vec<(InstrId, &'p Call, FuncId)>;

/// Gives each use of a function that picks something a copy for the name.
pub(super) fn copy_pickers(program: &mut Program, linker: &Linker<'_>, models: &Models) {
    let mut left = MAX_PICKING_COPIES;
    for _ in 0..MAX_PICKING_ROUNDS {
        let trees = Trees::of(program);
        let reader = Reader::new(program, linker, models);
        let uses = reader.picking_uses(&trees);
        if uses.is_empty() {
            return;
        }
        copy_for_each(program, uses, &trees, &mut left);
    }
}

impl Reader<'_> {
    /// The calls of such functions that give names, with those.
    fn picking_uses(&self, trees: &Trees) -> BTreeMap<FuncId, Vec<(At, Names)>> {
        let is_short = |id: &FuncId| {
            let func = &self.program.funcs[*id];
            !func.params.is_empty() && func.instrs.len() <= MAX_PICKING_FUNCTION
        };
        let short = self.program.funcs.ids().filter(is_short);
        let trees = short.map(|id| (id, self.program.tree(id, &trees.children)));
        let small: Vec<(FuncId, Vec<FuncId>)> = trees.filter(|(id, tree)| self.is_small(*id, tree)).collect();
        let mut picking: BTreeMap<FuncId, BTreeSet<usize>> = BTreeMap::new();
        for (id, tree) in &small {
            let names = self.picked_by(*id, tree);
            if !names.is_empty() {
                picking.insert(*id, names);
            }
        }
        self.hand_on(&mut picking, &small);
        let mut uses = self.uses_with_names(&picking);
        for (func, uses) in &mut uses {
            uses.retain(|((from, _), _)| !self.is_inside(*from, *func));
        }
        uses.retain(|_, uses| {
            let all: BTreeSet<&Names> = uses.iter().map(|(_, names)| names).collect();
            (1..=MAX_PICKED_NAMES).contains(&all.len())
        });
        uses
    }

    /// Adds the functions that hand a parameter on to one that picks by it.
    fn hand_on(&self, picking: &mut BTreeMap<FuncId, BTreeSet<usize>>, small: &[(FuncId, Vec<FuncId>)]) {
        if picking.is_empty() {
            return;
        }
        let calls: Vec<(FuncId, FuncId, OwnCalls<'_>)> = small
            .iter()
            .flat_map(|(id, tree)| tree.iter().map(|inner| (*id, *inner, self.calls_of_own(*inner))))
            .collect();
        for _ in 0..MAX_PICKING_ROUNDS {
            let mut found: Vec<(FuncId, usize)> = Vec::new();
            for (id, inner, calls) in &calls {
                for (_, call, callee) in calls.iter().filter(|(.., callee)| callee != id) {
                    let params = &self.program.funcs[*callee].params;
                    let picks = picking.get(callee).into_iter().flatten();
                    let handed = picks.filter_map(|number| handed(call, *number, &params.get(*number)?.name));
                    found.extend(handed.filter_map(|value| Some((*id, self.param_of(*id, *inner, value)?))));
                }
            }
            let known: usize = picking.values().map(BTreeSet::len).sum();
            for (func, param) in found {
                picking.entry(func).or_default().insert(param);
            }
            if known == picking.values().map(BTreeSet::len).sum::<usize>() {
                return;
            }
        }
    }

    /// Is a function small, with all that is declared in it, and does it give something back?
    fn is_small(&self, id: FuncId, tree: &[FuncId]) -> bool {
        let func = &self.program.funcs[id];
        let is_plain = matches!(func.kind, FuncKind::Plain | FuncKind::Lambda | FuncKind::Static) && !func.is_generator;
        let size: usize = tree.iter().map(|func| self.program.funcs[*func].instrs.len()).sum();
        let has_class = || {
            let mut instrs = tree.iter().flat_map(|func| self.program.funcs[*func].instrs.iter());
            instrs.any(|instr| matches!(instr.op, Op::Class(_)))
        };
        let mut ends = func.blocks.iter().map(|block| &block.end);
        is_plain && size <= MAX_PICKING_FUNCTION && ends.any(|end| matches!(end, End::Return(Some(_)))) && !has_class()
    }

    /// The numbers of the parameters by which a function picks a part of something.
    fn picked_by(&self, id: FuncId, tree: &[FuncId]) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        for inner in tree {
            let body = &self.program.funcs[*inner];
            let loads = body.keys.iter().filter_map(|(at, key)| match &body.instrs[*at].op {
                Op::Load(place) => Some((&place.base, *key)),
                _ => None,
            });
            let looks_up = body.instrs.iter().filter_map(|instr| match &instr.op {
                Op::Call(call) => match call.callee.path.last() {
                    Some(Field::Name(method)) if self.models.looks_up(method) => {
                        Some((&call.callee.base, call.args.first()?.value))
                    }
                    _ => None,
                },
                _ => None,
            });
            for (base, key) in loads.chain(looks_up) {
                let Some(param) = self.param_of(id, *inner, key) else { continue };
                // What is kept in a variable of a module is told apart by who keeps it.
                if self.is_of_module(base) {
                    return BTreeSet::new();
                }
                found.insert(param);
            }
        }
        found
    }

    fn is_of_module(&self, base: &Base) -> bool {
        let owner = if let Base::Cell(cell) = base { Some(self.program.cells[*cell].owner) } else { None };
        owner.is_some_and(|owner| self.program.funcs[owner].kind == FuncKind::Init)
    }

    /// The number of the parameter of `func` that a value is, in the function itself or in one that is declared there.
    fn param_of(&self, func: FuncId, inner: FuncId, value: InstrId) -> Option<usize> {
        let Op::Load(Place { base, path }) = &self.program.funcs[inner].instrs[value].op else { return None };
        let body = &self.program.funcs[func];
        let local = match base {
            Base::Local(local) if inner == func => *local,
            Base::Cell(cell) if self.program.cells[*cell].owner == func => match self.stores.get(cell)?.as_slice() {
                [(owner, stored)] if *owner == func => match &body.instrs[*stored].op {
                    Op::Load(Place { base: Base::Local(local), path }) if path.is_empty() => *local,
                    _ => return None,
                },
                _ => return None,
            },
            _ => return None,
        };
        let is_set = || {
            let mut ops = body.instrs.iter().map(|instr| &instr.op);
            ops.any(|op| matches!(op, Op::Store(Place { base: Base::Local(set), path }, _) if *set == local && path.is_empty()))
        };
        let number = body.params.iter().position(|param| param.local == local).filter(|_| path.is_empty())?;
        (!is_set()).then_some(number)
    }
}

/// What a call hands over as the parameter with a number or name.
fn handed(call: &Call, number: usize, name: &Symbol) -> Option<InstrId> {
    let by_name = argument(call, &PortHead::Named(name.clone()));
    by_name.or_else(|| argument(call, &PortHead::Arg(i32::try_from(number).ok()?)))
}
