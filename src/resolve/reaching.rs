//! What a variable surely holds where something is put into a field of it.
//!
//! ```text
//! switch (name) {
//!   case "notes": found = notes; break;
//!   case "past": found = past; found.tools = found.tools.map(wrap);   // into `past`, and not into `notes`
//! }
//! ```
//!
//! Only of variables of a function that are given several things, and of which no type is declared.

use rustc_hash::FxHashMap;

use crate::ir::func::{BlockId, Function, LocalId};
use crate::ir::instr::{Base, Field, InstrId, Op, Place};

/// By store to a field of a variable: the value that the variable got last, on the only way there.
pub(super) fn stored_before(func: &Function) -> FxHashMap<InstrId, InstrId> {
    let mut given: FxHashMap<LocalId, usize> = FxHashMap::default();
    for param in &func.params {
        given.insert(param.local, 1);
    }
    for instr in func.instrs.iter() {
        if let Some((local, _)) = whole_store(&instr.op) {
            *given.entry(local).or_default() += 1;
        }
    }
    let is_typed = |local: LocalId| {
        func.locals[local].ty.is_some() || func.params.iter().any(|param| param.local == local && param.ty.is_some())
    };
    let mut found = FxHashMap::default();
    let mut before: Option<FxHashMap<BlockId, Option<BlockId>>> = None;
    for (block, body) in func.blocks.iter_enumerated() {
        for (at, id) in body.instrs.iter().enumerate() {
            let Some(local) = field_store(&func.instrs[*id].op) else { continue };
            if given.get(&local).is_none_or(|n_given| *n_given < 2) || is_typed(local) {
                continue;
            }
            let before = before.get_or_insert_with(|| only_ways(func));
            if let Some(value) = last_given(func, local, block, at, before) {
                found.insert(*id, value);
            }
        }
    }
    found
}

/// What a variable was given last before the instruction at a place of a block.
fn last_given(
    func: &Function,
    local: LocalId,
    mut block: BlockId,
    mut at: usize,
    before: &FxHashMap<BlockId, Option<BlockId>>,
) -> Option<InstrId> {
    for _ in 0..func.blocks.len() {
        let given = func.blocks[block].instrs.iter().take(at).rev().find_map(|id| {
            whole_store(&func.instrs[*id].op).filter(|(stored, _)| *stored == local).map(|(_, value)| value)
        });
        if given.is_some() {
            return given;
        }
        block = (*before.get(&block)?)?;
        at = usize::MAX;
    }
    None
}

/// By block: the one from which it is entered, if there is only one.
fn only_ways(func: &Function) -> FxHashMap<BlockId, Option<BlockId>> {
    let mut ways: FxHashMap<BlockId, Option<BlockId>> = FxHashMap::default();
    for (from, body) in func.blocks.iter_enumerated() {
        for to in body.end.successors() {
            ways.entry(to).and_modify(|way| *way = way.filter(|known| *known == from)).or_insert(Some(from));
        }
        // What handles an error is entered from anywhere in the block.
        if let Some(handler) = body.unwind {
            ways.insert(handler, None);
        }
    }
    ways.insert(func.entry(), None);
    ways
}

fn whole_store(op: &Op) -> Option<(LocalId, InstrId)> {
    match op {
        Op::Store(Place { base: Base::Local(local), path }, value) if path.is_empty() => Some((*local, *value)),
        _ => None,
    }
}

/// The variable into a field of which something is put.
fn field_store(op: &Op) -> Option<LocalId> {
    match op {
        Op::Store(Place { base: Base::Local(local), path }, _)
            if matches!(**path, [Field::Name(_) | Field::Any | Field::Index(_)]) =>
        {
            Some(*local)
        }
        _ => None,
    }
}
