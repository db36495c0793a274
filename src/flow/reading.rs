//! Where reading a property runs code of the program: a getter.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::Symbol;
use crate::ir::func::{FuncId, FuncKind};
use crate::ir::instr::{Field, InstrId, Op, Place};
use crate::resolve::solve::Values;
use crate::resolve::values::{At, Value};

use super::abs::Abs;
use super::explore::Explorer;

/// The getters that instructions run.
pub(super) fn getters(values: &Values<'_>) -> FxHashMap<At, Vec<FuncId>> {
    let program = values.program;
    let is_getter = |func: FuncId| program.funcs[func].kind == FuncKind::Getter;
    let names: FxHashSet<&Symbol> =
        program.funcs.iter().filter(|func| func.kind == FuncKind::Getter).map(|func| &func.name).collect();
    let mut found: FxHashMap<At, Vec<FuncId>> = FxHashMap::default();
    if names.is_empty() {
        return found;
    }
    for (func, body) in program.funcs.iter_enumerated() {
        for (id, instr) in body.instrs.iter_enumerated() {
            let Some(place) = read(&instr.op) else { continue };
            for (depth, field) in place.path.iter().enumerate() {
                let Field::Name(name) = field else { continue };
                if !names.contains(name) {
                    continue;
                }
                for value in values.prefix_values(func, place, depth) {
                    let (Value::Instance(class) | Value::Typed(class)) = value else { continue };
                    let run = found.entry((func, id)).or_default();
                    let methods = values.classes.methods(*class, name).into_iter().filter(|method| is_getter(*method));
                    run.extend(methods.filter(|method| !run.contains(method)).collect::<Vec<_>>());
                }
            }
        }
    }
    found.retain(|_, run| !run.is_empty());
    found
}

impl Explorer<'_> {
    /// The constant that the getter of a property gives, whichever of several it is: `get quiet() { return true; }`.
    pub(super) fn given_by_getter(&self, func: FuncId, id: InstrId, place: &Place) -> Option<Abs> {
        let Field::Name(name) = place.path.last()? else { return None };
        let funcs = &self.values.program.funcs;
        let mut own = self.prepared.getters.get(&(func, id))?.iter().filter(|getter| funcs[**getter].name == *name);
        let given = |getter: &FuncId| self.values.of_slot(self.values.ret_slot(*getter)).single_const();
        let first = given(own.next()?)?;
        own.all(|getter| given(getter) == Some(first)).then(|| Abs::Const(first.clone()))
    }
}

/// What an instruction reads, a call its callee.
fn read(op: &Op) -> Option<&Place> {
    match op {
        Op::Load(place) => Some(place),
        Op::Call(call) => Some(&call.callee),
        _ => None,
    }
}
