//! Is what a handler hands to a check of a class an object of that class already?
//!
//! ```text
//! @mcp.tool()
//! def add(notes: list[Note]):                       # the library has made notes of the arguments
//!     [Note.model_validate(note) for note in notes] # gives them back, and raises nothing
//! ```

use crate::base::bounds::MAX_ALIASES;
use crate::ir::instr::{Base, Call, Field, InstrId, Op, Place};
use crate::ir::types::TypeRef;
use crate::resolve::values::{At, Value};

use super::leading::assigned;
use super::transfer::Pass;

impl Pass<'_, '_> {
    /// Is the first argument of a call an object of the class that its method is called on, as a handler declares it?
    pub(super) fn is_own_instance(&self, call: &Call, at: At) -> bool {
        let values = self.taint.values;
        if !self.taint.handlers.contains(&self.id) {
            return false;
        }
        let declared = call.args.first().and_then(|arg| self.declared_as(arg.value, MAX_ALIASES));
        let Some(TypeRef::Named(named)) = declared else { return false };
        let Some(class) = values.class_of(named) else { return false };
        let held = values.receiver_slot(at).map(|slot| values.of_slot(slot).items()).unwrap_or_default();
        let is_it = |own: &Value| matches!(own, Value::Class(own) if *own == class || values.classes.descendants(*own).contains(&class));
        held.iter().any(is_it)
    }

    /// The type that a parameter is declared to have which a value is, or an item of.
    fn declared_as(&self, value: InstrId, left: usize) -> Option<&TypeRef> {
        let left = left.checked_sub(1)?;
        let Op::Load(Place { base, path }) = &self.func.instrs[value].op else { return None };
        let of_base = match base {
            Base::Local(local) => match self.func.params.iter().find(|param| param.local == *local) {
                Some(param) => param.ty.as_ref(),
                None => self.declared_as(assigned(self.func, base)?, left),
            },
            Base::Value(of) => self.declared_as(*of, left),
            Base::Cell(_) | Base::Global(_) => None,
        };
        match &**path {
            [] => of_base,
            [Field::Any] => match of_base? {
                TypeRef::List(item) => Some(item),
                TypeRef::Named(named) => named.args.first().filter(|_| named.args.len() == 1),
                _ => None,
            },
            _ => None,
        }
    }
}
