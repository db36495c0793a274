//! Does a method that options, results and iterators have go through items, or is it about the one value inside? What it is called on tells.
//!
//! ```text
//! names.iter().map(make)         a list of what `make` gives
//! config.get("name").map(make)   what `make` gives, if there is a name
//! ```

use crate::base::bounds::MAX_ALIASES;
use crate::ir::func::LocalId;
use crate::ir::instr::{Base, Call, Field, InstrId, Op};
use crate::ir::program::Language;
use crate::ir::types::TypeRef;
use crate::models::methods::Gives;

use super::transfer::Pass;

/// What a function's answers are in that is handed to such a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mapped {
    Items,
    Payload,
}

/// Types that hold one value or none.
const OPTIONAL: &[&str] = &["Option", "Result"];

impl Pass<'_, '_> {
    /// `None` where nothing tells.
    pub(super) fn mapped(&self, call: &Call) -> Option<Mapped> {
        let Some(Field::Name(name)) = call.callee.path.last() else { return None };
        let models = self.taint.values.models;
        if self.language != Language::Rust {
            return None;
        }
        // What stands in where nothing is inside: `value.unwrap_or_else(make)`.
        if models.takes_out(name) {
            return Some(Mapped::Payload);
        }
        if !models.maps(name) {
            return None;
        }
        match models.gives_of(name) {
            Some(Gives::Items) => Some(Mapped::Items),
            _ => self.of_receiver(call, MAX_ALIASES),
        }
    }

    fn of_receiver(&self, call: &Call, depth: usize) -> Option<Mapped> {
        let [_] = &*call.callee.path else { return None };
        match call.callee.base {
            Base::Value(made) => self.of_value(made, depth.checked_sub(1)?),
            Base::Local(local) => self.of_local(local, depth.checked_sub(1)?),
            _ => None,
        }
    }

    fn of_value(&self, value: InstrId, depth: usize) -> Option<Mapped> {
        match &self.func.instrs[value].op {
            Op::Call(call) => {
                let own = self.taint.values.callees((self.id, value));
                // A function of the program is called as it likes.
                if let [(func, _), ..] = own
                    && !self.taint.values.program.funcs[*func].name.starts_with('<')
                {
                    return self.of_type(self.taint.values.program.funcs[*func].ret.as_ref());
                }
                let Some(Field::Name(name)) = call.callee.path.last() else { return None };
                match self.taint.values.models.gives_of(name)? {
                    Gives::Items => Some(Mapped::Items),
                    Gives::Payload => Some(Mapped::Payload),
                    Gives::AsReceiver => self.of_receiver(call, depth),
                }
            }
            Op::Load(place) => match (&place.base, &*place.path) {
                (Base::Local(local), []) => self.of_local(*local, depth.checked_sub(1)?),
                (Base::Value(value), []) => self.of_value(*value, depth.checked_sub(1)?),
                _ => None,
            },
            _ => None,
        }
    }

    fn of_local(&self, local: LocalId, depth: usize) -> Option<Mapped> {
        if let Some(ty) = &self.func.locals[local].ty {
            return self.of_type(Some(ty));
        }
        let stores = self.func.instrs.iter().filter_map(|instr| match &instr.op {
            Op::Store(place, value) if place.base == Base::Local(local) && place.path.is_empty() => Some(*value),
            _ => None,
        });
        let stored: Vec<InstrId> = stores.take(2).collect();
        let [value] = stored.as_slice() else { return None };
        self.of_value(*value, depth)
    }

    fn of_type(&self, ty: Option<&TypeRef>) -> Option<Mapped> {
        let Some(TypeRef::Named(named)) = ty else { return None };
        let name = self.taint.values.program.type_name(named)?;
        OPTIONAL.contains(&name.as_str()).then_some(Mapped::Payload)
    }
}
