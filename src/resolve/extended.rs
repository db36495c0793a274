//! Methods that a trait of the program gives to what is not of the program.
//!
//! ```text
//! trait Note { fn note(self) -> Self; }
//! impl<T, E: Display> Note for Result<T, E> { fn note(self) -> Self { … } }
//!
//! open(path).note()
//! ```
//!
//! A call is one of these where the trait is in scope and nothing else is known to be called. This is asked when the values of
//! receivers are settled: a method of the object's own comes first.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use crate::base::Symbol;
use crate::base::bounds::MAX_GUESSES;
use crate::ir::func::FuncId;
use crate::ir::instr::{Field, Imported, Op};
use crate::ir::program::{ClassId, ClassKind, Language, ModuleId};
use crate::models::path::Step;

use super::link::Target;
use super::solve::{CallKind, Values};
use super::values::{SlotId, Value};

/// Methods of a name that types outside the program have by a trait.
type Extensions = BTreeMap<Symbol, Vec<(ClassId, FuncId)>>;

impl Values<'_> {
    /// Links calls of such methods; true if one was found.
    pub(super) fn extend_receivers(&mut self) -> bool {
        let extensions = self.extensions();
        if extensions.is_empty() {
            return false;
        }
        let scopes = self.traits_in_scope();
        let mut found = false;
        for number in 0..self.calls.len() {
            let site = self.calls[number].clone();
            let Some(call) = self.call_at(site.at) else { continue };
            let Some(Field::Name(name)) = call.callee.path.last() else { continue };
            let Some(candidates) = extensions.get(name) else { continue };
            if self.call_graph.contains_key(&site.at) || site.receiver.is_none_or(|slot| !self.can_be_extended(slot)) {
                continue;
            }
            if self.is_method_of_library(site.callee) {
                continue;
            }
            let n_args = call.args.len();
            let module = self.program.funcs[site.at.0].module;
            let mut funcs: Vec<FuncId> = Vec::new();
            for (interface, func) in candidates {
                let is_seen = scopes.contains(&(module, *interface));
                if is_seen && self.program.funcs[*func].params.len() == n_args && !funcs.contains(func) {
                    funcs.push(*func);
                }
            }
            if funcs.len() > MAX_GUESSES {
                continue;
            }
            let kind = if funcs.len() == 1 { CallKind::Direct } else { CallKind::Guessed };
            for func in funcs {
                if let (Some(receiver), Some(local)) = (site.receiver, self.program.funcs[func].receiver) {
                    self.copy(receiver, self.local_slot(func, local));
                }
                self.call_func(site.at, func, site.result, kind);
                found = true;
            }
        }
        found
    }

    /// The methods of traits of the program that are implemented for other types, those that the traits themselves give included.
    fn extensions(&mut self) -> Extensions {
        let mut res = Extensions::new();
        for block in 0..self.impls.len() {
            let (data, interfaces) = self.foreign_impl(block);
            for interface in interfaces {
                let program = self.program;
                let given = program.classes[interface].methods.iter();
                let given = given.filter(|(name, _)| data.methods.iter().all(|(own, _)| own != name));
                for (name, func) in data.methods.iter().chain(given) {
                    if program.funcs[*func].receiver.is_some() && !self.models.is_everywhere(name) {
                        res.entry(name.clone()).or_default().push((interface, *func));
                    }
                }
            }
        }
        res
    }

    /// The traits of the program that can be called on in each module.
    fn traits_in_scope(&self) -> FxHashSet<(ModuleId, ClassId)> {
        let mut res = FxHashSet::default();
        let program = self.program;
        let own = program.classes.iter_enumerated().filter(|(_, class)| class.kind == ClassKind::Interface);
        res.extend(own.map(|(id, class)| (class.module, id)));
        let mut stars: Vec<(ModuleId, ModuleId)> = Vec::new();
        for (id, func) in program.funcs.iter_enumerated().filter(|(id, _)| self.language(*id) == Language::Rust) {
            for (instr, data) in func.instrs.iter_enumerated() {
                let Op::Import(import) = &data.op else { continue };
                if import.what != Imported::All {
                    let found = self.settled_so_far(self.instr_slot(id, instr));
                    res.extend(found.filter_map(|value| match value {
                        Value::Class(class) if program.classes[*class].kind == ClassKind::Interface => {
                            Some((func.module, *class))
                        }
                        _ => None,
                    }));
                } else if let Target::Module(from, rest) = self.linker.resolve(func.module, &import.from)
                    && rest.is_empty()
                {
                    stars.push((func.module, from));
                }
            }
        }
        // What a star brings may have come to that module by another one.
        loop {
            let brought: Vec<_> = stars
                .iter()
                .flat_map(|(to, from)| {
                    res.iter().filter(move |(module, _)| module == from).map(|(_, class)| (*to, *class))
                })
                .filter(|pair| !res.contains(pair))
                .collect();
            if brought.is_empty() {
                return res;
            }
            res.extend(brought);
        }
    }

    fn settled_so_far(&self, slot: SlotId) -> impl Iterator<Item = &Value> {
        self.slots[slot].values.items().iter().map(|id| &self.numbers[*id])
    }

    /// Is it something else than an object of the program, which has its own methods?
    fn can_be_extended(&self, receiver: SlotId) -> bool {
        !self.settled_so_far(receiver).any(|value| matches!(value, Value::Class(_) | Value::Module(_) | Value::Func(_)))
    }

    fn is_method_of_library(&self, callee: SlotId) -> bool {
        self.settled_so_far(callee).any(|value| match value {
            Value::Func(_) => true,
            Value::Api(node, _) => {
                let made = self.models.index.step(*node, &Step::Call);
                self.models.index.node(made).is_modelled()
            }
            _ => false,
        })
    }
}
