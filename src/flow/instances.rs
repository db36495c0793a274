//! Fields that differ between the objects of a class: `Switch("QUIET").on` and `Switch("LOUD").on`. What is known of one says
//! nothing of another. Only those are looked at that a constructor makes of a constant which it is given.

use std::collections::BTreeSet;

use crate::base::bounds::MAX_CHECK_DEPTH;
use crate::ir::func::{FuncKind, Function, LocalId, Param};
use crate::ir::instr::{Base, Const, InstrId, Op};
use crate::ir::program::Language;
use crate::models::path::PortHead;
use crate::resolve::ports::argument;
use crate::resolve::values::At;

use super::explore::Explorer;

impl Explorer<'_> {
    /// Is something else put there for each object of the class, as those say who make them?
    pub(super) fn differs_by_object(&self, store: At) -> bool {
        if let Some(known) = self.prepared.by_object.borrow().get(&store) {
            return *known;
        }
        let differs = self.is_of_each(store);
        self.prepared.by_object.borrow_mut().insert(store, differs);
        differs
    }

    fn is_of_each(&self, (func, store): At) -> bool {
        let body = &self.values.program.funcs[func];
        let Op::Store(_, value) = &body.instrs[store].op else { return false };
        if body.kind != FuncKind::Constructor || self.values.language(func) == Language::Rust {
            return false;
        }
        let is_used = |(_, param): &(i32, &Param)| is_made_of(body, *value, param.local, MAX_CHECK_DEPTH);
        (0..).zip(&body.params).filter(is_used).any(|(at, param)| {
            let given = self.values.callers(func).iter().filter_map(|caller| {
                let call = self.values.call_at(*caller)?;
                let named = argument(call, &PortHead::Named(param.name.clone()));
                let given = named.or_else(|| argument(call, &PortHead::Arg(at)))?;
                match &self.values.program.funcs[caller.0].instrs[given].op {
                    Op::Const(Const::Str(text)) => Some(text),
                    _ => None,
                }
            });
            given.collect::<BTreeSet<_>>().len() > 1
        })
    }
}

/// Is a value made of a parameter: itself, or what a call gives that it is handed to?
fn is_made_of(func: &Function, value: InstrId, param: LocalId, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    match &func.instrs[value].op {
        Op::Load(place) if place.base == Base::Local(param) => true,
        Op::Load(place) if matches!(place.base, Base::Local(_)) => func.instrs.iter().any(|instr| {
            matches!(&instr.op, Op::Store(to, value) if to.base == place.base && to.path.is_empty() && is_made_of(func, *value, param, depth))
        }),
        op => {
            let mut found = false;
            op.operands(|operand| found = found || is_made_of(func, operand, param, depth));
            found
        }
    }
}
