//! Names of things that a library is asked for, or that it is told to call something: of a tool that is registered, or called for
//! the agent.
//!
//! ```text
//! log.info("registering %s", definition.name)
//! mcp.tool(name=definition.name)(run)
//! ```
//!
//! What is handed over there is a name and no value, wherever in the function it is told.

use rustc_hash::FxHashMap;

use crate::ir::func::{FuncId, Function};
use crate::ir::instr::{Base, Field, Op, Place};
use crate::models::index::Table;
use crate::resolve::ports::argument;
use crate::resolve::solve::Values;

use super::transfer::Pass;

/// By function, the places in its variables that hold such names.
pub(super) type Named = FxHashMap<FuncId, Vec<Place>>;

pub(super) fn named(values: &Values<'_>) -> Named {
    let mut found = Named::default();
    for (id, func) in values.program.funcs.iter_enumerated() {
        for (at, instr) in func.instrs.iter_enumerated() {
            let Op::Call(call) = &instr.op else { continue };
            for row in values.call_rows((id, at), Table::Naming) {
                let ports = values.models.naming(row).names.iter().filter_map(|text| values.models.port(text));
                let given = ports.filter_map(|port| argument(call, &port.head));
                let places = given.filter_map(|given| match &func.instrs[given].op {
                    Op::Load(place) if holds_one(func, place) => Some(place.clone()),
                    _ => None,
                });
                let places: Vec<Place> = places.collect();
                if !places.is_empty() {
                    found.entry(id).or_default().extend(places);
                }
            }
        }
    }
    found
}

/// Is the place in a variable of the function that is given one value only?
fn holds_one(func: &Function, place: &Place) -> bool {
    let is_put = |op: &Op| matches!(op, Op::Store(to, _) if to.base == place.base);
    let n_put = func.instrs.iter().filter(|instr| is_put(&instr.op)).count();
    match place.base {
        Base::Local(local) if !place.path.contains(&Field::Any) => {
            n_put == usize::from(func.params.iter().all(|param| param.local != local))
        }
        _ => false,
    }
}

impl Pass<'_, '_> {
    /// Does a place hold the name of something?
    pub(super) fn is_name(&self, place: &Place) -> bool {
        self.taint.named.get(&self.id).is_some_and(|named| named.contains(place))
    }
}
