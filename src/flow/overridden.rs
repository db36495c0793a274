//! Which of the methods that override each other runs for the object at hand.
//!
//! ```text
//! class Language:
//!     def params(self): return self.base()    # `base` of whichever class the object is of
//!
//! class Ada(Language):
//!     def start(self): log.info(self.params())    # that is `Ada`, or a class that derives from it: never `Php.base`
//! ```
//!
//! What such a call brings along holds on the condition that the object's class has that method. A call on an object of which
//! the class is known answers it.

use crate::ir::func::{FuncId, FuncKind};
use crate::ir::instr::{Base, Call, Field, Op};
use crate::ir::program::ClassId;
use crate::resolve::solve::CallKind;
use crate::resolve::values::{At, Value};

use super::conditions::Scope;
use super::construct::own_object;
use super::domain::RECEIVER;
use super::path::Path;
use super::when::{Asked, Is, Part, When};

impl Scope<'_, '_> {
    /// On which condition a call runs a function, if it is a method of the object itself that classes override.
    pub(super) fn overridden(&self, at: At, func: FuncId) -> Option<When> {
        let callees = self.values.callees(at);
        let Op::Call(call) = &self.func.instrs[at.1].op else { return None };
        let (Base::Local(local), [Field::Name(_)]) = (&call.callee.base, &*call.callee.path) else { return None };
        let is_own = self.func.receiver == Some(*local) && self.func.kind != FuncKind::Constructor;
        if !is_own || callees.len() < 2 || callees.iter().any(|(_, kind)| *kind != CallKind::Direct) {
            return None;
        }
        self.values.classes.owner(func)?;
        let of = Part { param: RECEIVER, path: Path::new(), default: None, stays: true };
        When::of(vec![Asked { of, is: Is::Runs(func), holds: true }])
    }

    /// May a call be made on an object whose class has a method, by this name, that is the function?
    pub(super) fn may_run(&self, call: &Call, at: At, method: FuncId) -> bool {
        let (values, classes) = (self.values, &self.values.classes);
        let name = &values.program.funcs[method].name;
        let own = own_object(self.func, self.language(), call);
        let on_own = match &call.callee.base {
            Base::Local(local) => self.func.receiver == Some(*local) && call.callee.path.len() == 1,
            _ => false,
        };
        let some_run = |class: ClassId| {
            // What a mixin calls is a method of another base of the class that both are in.
            let mut under = classes.descendants(class).into_iter();
            classes.virtual_methods(class, name).contains(&method)
                || under.any(|class| classes.methods(class, name).contains(&method))
        };
        if own.is_some() || on_own {
            return classes.owner(self.id).is_none_or(some_run);
        }
        let held = values.receiver_slot(at).map(|slot| values.of_slot(slot).items()).unwrap_or_default();
        let mut classed = held.iter().filter_map(|value| match value {
            Value::Instance(class) => Some(classes.methods(*class, name).contains(&method)),
            Value::Typed(class) => Some(some_run(*class)),
            _ => None,
        });
        let first = classed.next();
        first != Some(false) || classed.any(|runs| runs)
    }
}
