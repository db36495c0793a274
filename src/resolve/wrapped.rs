//! What an object of Python that hands its calls on to another one has inside: `class Careful(Driver)` with a field
//! `inner: Driver` is declared to wrap any driver, itself included, and wraps what its constructor is given.
//!
//! Only fields count that are given nothing but a parameter of the class's own functions, where all calls of these are known and
//! give objects that the program makes.

use std::collections::BTreeSet;

use crate::base::bounds::MAX_ALIASES;
use crate::ir::func::FuncId;
use crate::ir::instr::{ArgKind, Base, Const, Field, Op, Place};
use crate::ir::program::{ClassId, Language};

use super::solve::{CallKind, Values};
use super::values::{At, Key, Obj, Value};

type Classes = BTreeSet<ClassId>;

impl Values<'_> {
    /// Takes the methods out of calls that no object has which is in the field that they are called on.
    pub(super) fn find_wrapped(&mut self) {
        let calls: Vec<At> =
            self.call_graph.iter().filter(|(_, callees)| callees.len() > 1).map(|(at, _)| *at).collect();
        let found: Vec<(At, Vec<FuncId>)> = calls
            .into_iter()
            .filter(|at| self.language(at.0) == Language::Python)
            .filter_map(|at| Some((at, self.never_called(at)?)))
            .collect();
        for (at, never) in found {
            if let Some(callees) = self.call_graph.get_mut(&at) {
                callees.retain(|(func, _)| !never.contains(func));
            }
            for func in never {
                if let Some(callers) = self.callers.get_mut(&func) {
                    callers.retain(|caller| *caller != at);
                }
            }
        }
    }

    /// The functions that a call on a field of its own object does not get to, of those that it is taken to.
    fn never_called(&self, at: At) -> Option<Vec<FuncId>> {
        let func = &self.program.funcs[at.0];
        let callee = &self.call_at(at)?.callee;
        let (Base::Local(owner), [Field::Name(field), Field::Name(method)]) = (&callee.base, &*callee.path) else {
            return None;
        };
        let class = func.owner.filter(|_| func.receiver == Some(*owner))?;
        let items = self.of_slot(self.receiver_slot(at)?).items();
        if !items.iter().any(|value| matches!(value, Value::Typed(_))) || self.callees(at).iter().any(is_indirect) {
            return None;
        }
        let obj = Obj::Instances(self.classes.top(class));
        let stores = self.stores_to(&obj, &Key::Name(field.clone()));
        if self.is_open(&obj) || stores.is_empty() {
            return None;
        }
        let mut inside = Classes::new();
        for (func, id) in stores.iter().filter(|(func, _)| self.is_of_relative(*func, class)) {
            let Op::Store(_, value) = self.program.funcs[*func].instrs[*id].op else { return None };
            inside.extend(self.made_for((*func, value), MAX_ALIASES)?);
        }
        let has: BTreeSet<FuncId> = inside.iter().flat_map(|class| self.classes.methods(*class, method)).collect();
        let never = self.callees(at).iter().map(|(func, _)| *func).filter(|func| !has.contains(func));
        (!has.is_empty()).then(|| never.collect())
    }

    /// Can what a function puts into fields be in an object of a class? Classes with a base in common have their fields in
    /// common here, and what one puts into its own is not in the other.
    fn is_of_relative(&self, func: FuncId, class: ClassId) -> bool {
        let is_derived = |class, from| self.classes.descendants(from).contains(&class);
        self.program.funcs[func]
            .owner
            .is_none_or(|owner| owner == class || is_derived(owner, class) || is_derived(class, owner))
    }

    /// The classes of the objects that a value is, where the program makes all of them.
    fn made_for(&self, (func, value): At, depth: usize) -> Option<Classes> {
        let depth = depth.checked_sub(1)?;
        let body = &self.program.funcs[func];
        match &body.instrs[value].op {
            Op::Const(Const::Null) => Some(Classes::new()),
            Op::Call(_) => {
                let class = |value: &Value| if let Value::Class(class) = value { Some(*class) } else { None };
                self.of_slot(self.callee_slot((func, value))?).items().iter().map(class).collect()
            }
            Op::Load(Place { base: Base::Local(local), path }) if path.is_empty() => {
                let mut stores = body.instrs.iter().filter_map(|instr| match &instr.op {
                    Op::Store(Place { base: Base::Local(to), path }, value) if to == local && path.is_empty() => {
                        Some(*value)
                    }
                    _ => None,
                });
                match (body.params.iter().position(|param| param.local == *local), stores.next()) {
                    (Some(at), None) => self.given_to(func, at, depth),
                    (None, Some(only)) if stores.next().is_none() => self.made_for((func, only), depth),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The same for a parameter: what all calls give.
    fn given_to(&self, func: FuncId, at: usize, depth: usize) -> Option<Classes> {
        let body = &self.program.funcs[func];
        let callers = self.callers(func);
        let mut all = Classes::new();
        for caller in callers {
            let call = self.call_at(*caller)?;
            let is_plain = call.args.iter().all(|arg| matches!(arg.kind, ArgKind::Positional | ArgKind::Named(_)));
            let is_bound = self.handed_receiver(*caller, func).is_some();
            if !is_plain || is_bound || self.callees(*caller).iter().any(is_indirect) {
                return None;
            }
            let named = ArgKind::Named(body.params[at].name.clone());
            let positional = call.args.iter().filter(|arg| arg.kind == ArgKind::Positional).nth(at);
            let given = call.args.iter().find(|arg| arg.kind == named).or(positional).map(|arg| (caller.0, arg.value));
            let given = given.or_else(|| body.params[at].default.map(|default| (func, default)))?;
            all.extend(self.made_for(given, depth)?);
        }
        (!callers.is_empty()).then_some(all)
    }
}

fn is_indirect((_, kind): &(FuncId, CallKind)) -> bool {
    *kind != CallKind::Direct
}
