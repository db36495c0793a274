//! Fields of an object that is being made.
//!
//! ```text
//! def __init__(self):
//!     self.extra = {}
//!     log.info("starting with %s", self.extra)   # what was put there four lines above, and nothing else
//!     self.fill_extra()
//! ```

use std::collections::BTreeSet;

use crate::ir::func::{BlockId, FuncKind};
use crate::ir::instr::{Base, Field, InstrId, Op, Place};
use crate::resolve::values::At;

use super::transfer::Pass;

impl Pass<'_, '_> {
    /// Does a place begin with a field of the object that this constructor makes, after the constructor has stored to the field
    /// on each way there?
    pub(super) fn is_set_in_constructor(&self, place: &Place, at: At) -> bool {
        if self.func.kind != FuncKind::Constructor || at.0 != self.id {
            return false;
        }
        let (Base::Local(local), Some(field @ Field::Name(_))) = (&place.base, place.path.first()) else {
            return false;
        };
        self.func.receiver == Some(*local) && !self.is_reached_without(&Place::local(*local).then(field.clone()), at.1)
    }

    /// Is there a way to an instruction on which nothing is stored to a place?
    fn is_reached_without(&self, place: &Place, at: InstrId) -> bool {
        let stores = |instr: &InstrId| matches!(&self.func.instrs[*instr].op, Op::Store(to, _) if to == place);
        let mut open = vec![self.func.entry()];
        let mut seen: BTreeSet<BlockId> = open.iter().copied().collect();
        while let Some(block) = open.pop() {
            let data = &self.func.blocks[block];
            let stored = data.instrs.iter().position(stores);
            match data.instrs.iter().position(|instr| *instr == at) {
                Some(here) if stored.is_none_or(|stored| stored >= here) => return true,
                _ => {}
            }
            // What is raised in a block may be raised before it stores anything.
            let next = data.end.successors().filter(|_| stored.is_none()).chain(data.unwind);
            open.extend(next.filter(|next| seen.insert(*next)));
        }
        false
    }
}
