//! A function while it is built: its blocks so far, the scopes that are open in it, and the variables that inner functions mention.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::base::Symbol;
use crate::base::idx::Id;

use super::build::ScopeKind;
use super::func::{BlockId, FuncId, Function, LocalId};
use super::instr::{Base, Instr, InstrId, Op, Place};
use super::program::CellId;

/// A function under construction.
pub(super) struct Draft {
    pub(super) id: FuncId,
    pub(super) func: Function,
    pub(super) current: BlockId,
    /// Control does not reach the place after the last instruction.
    pub(super) ended: bool,
    pub(super) unwind: Option<BlockId>,
    /// The computed name of the field that the next load may be of.
    pub(super) key: Option<InstrId>,
    /// The caught error that is handled by what is pushed.
    pub(super) handled: Option<InstrId>,
    pub(super) scopes: Vec<Scope>,
    pub(super) promoted: BTreeMap<LocalId, CellId>,
    /// Names outside are not visible in here (a Rust inline `mod`).
    pub(super) is_barrier: bool,
}

pub(super) struct Scope {
    pub(super) kind: ScopeKind,
    pub(super) names: FxHashMap<Symbol, Place>,
}

impl Draft {
    /// Rewrites the captured variables to their cells; captured parameters are copied into theirs first.
    pub(super) fn promote(&mut self) {
        if self.promoted.is_empty() {
            return;
        }
        let promoted = &self.promoted;
        self.func.bases_mut(&mut |base| {
            if let Base::Local(local) = base
                && let Some(cell) = promoted.get(local)
            {
                *base = Base::Cell(*cell);
            }
        });
        let arriving: Vec<_> = self.func.params.iter().map(|param| param.local).chain(self.func.receiver).collect();
        let span = self.func.name_span;
        let mut copies = Vec::new();
        for local in arriving {
            if let Some(cell) = self.promoted.get(&local) {
                let value = self.func.instrs.push(Instr { op: Op::Load(Place::local(local)), span });
                let to = Place::of(Base::Cell(*cell));
                copies.push(value);
                copies.push(self.func.instrs.push(Instr { op: Op::Store(to, value), span }));
            }
        }
        let entry = BlockId::new(0);
        self.func.blocks[entry].instrs.splice(0..0, copies);
    }
}
