//! Functions that are handed to a function of the program: what one of them gives or raises does not come out of a call that
//! hands over another one.

use std::borrow::Cow;

use crate::ir::func::FuncId;
use crate::ir::instr::{Base, Op};
use crate::resolve::values::{At, Value};

use super::domain::{Entry, Via};
use super::transfer::Pass;

/// Which functions a call hands to the one it calls.
pub(super) struct Handed {
    pub(super) func: FuncId,
    /// None: it is not known.
    pub(super) by_call: Option<Vec<(FuncId, Option<FuncId>)>>,
}

impl Handed {
    /// An entry of the called function's summary as it holds at this call: what came by way of a function that another call
    /// hands over does not.
    pub(super) fn fitting<'e>(&self, entry: &'e Entry) -> Option<Cow<'e, Entry>> {
        let (Some((through, by)), Some(handed)) = (entry.via, &self.by_call) else { return Some(Cow::Borrowed(entry)) };
        if by != self.func {
            return Some(Cow::Borrowed(entry));
        }
        let known = handed.iter().find(|(func, _)| *func == through);
        if known.is_none() && !handed.is_empty() {
            return None;
        }
        let mut entry = entry.clone();
        entry.via = known.and_then(|(_, owner)| Some((through, (*owner)?)));
        Some(Cow::Owned(entry))
    }
}

impl Pass<'_, '_> {
    /// The function that is called as a parameter, with the one whose parameter it is.
    pub(super) fn called_param(&self, at: At, func: FuncId) -> Option<Via> {
        let Op::Call(call) = &self.func.instrs[at.1].op else { return None };
        if !call.callee.path.is_empty() {
            return None;
        }
        Some((func, self.param_owner(&call.callee.base)?))
    }

    /// The same for one that a parameter is and that is handed on: `before.then(job)`.
    pub(super) fn handed_param(&self, at: At, func: FuncId) -> Option<Via> {
        let mut owners = self.handed_functions(at).into_iter().filter(|(handed, _)| *handed == func);
        let owner = owners.next()?.1?;
        owners.all(|(_, other)| other == Some(owner)).then_some((func, owner))
    }

    /// The function that a variable is a parameter of: this one, or one around it.
    fn param_owner(&self, base: &Base) -> Option<FuncId> {
        match base {
            Base::Local(local) => self.func.params.iter().any(|param| param.local == *local).then_some(self.id),
            Base::Cell(cell) => {
                let program = self.taint.values.program;
                let cell = &program.cells[*cell];
                let is_param = program.funcs[cell.owner].params.iter().any(|param| param.name == cell.name);
                is_param.then_some(cell.owner)
            }
            Base::Value(value) => match &self.func.instrs[*value].op {
                Op::Load(place) if place.path.is_empty() => self.param_owner(&place.base),
                _ => None,
            },
            Base::Global(_) => None,
        }
    }

    /// The functions among the arguments of a call; with the function whose parameter they come from, if they do.
    pub(super) fn handed_functions(&self, at: At) -> Vec<(FuncId, Option<FuncId>)> {
        let Op::Call(call) = &self.func.instrs[at.1].op else { return Vec::new() };
        let mut found = Vec::new();
        for arg in &call.args {
            let owner = self.param_owner(&Base::Value(arg.value));
            found.extend(self.taint.values.of(self.id, arg.value).items().iter().filter_map(|value| match value {
                Value::Func(func) => Some((*func, owner)),
                _ => None,
            }));
        }
        found
    }
}
