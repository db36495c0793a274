//! Variables that are written several times, and with one constant only in the process that is looked at:
//! `let isStdio = true`, and `setIsStdio(false)` where another transport was chosen.
//!
//! What runs in a process is known when its exploration is over. Before that a variable is taken to keep the constant that
//! it was seen to be given; where a later store says something else, the process is explored again without that.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::ir::func::{FuncId, FuncKind};
use crate::ir::instr::{Base, Const, InstrId, Op};
use crate::ir::program::Language;
use crate::resolve::solve::Values;
use crate::resolve::values::{At, Obj, Site, Value};

use super::abs::Abs;
use super::explore::Explorer;

/// Constants that were relied on, by the first store, with all the stores that have to agree.
pub(super) type Relied = FxHashMap<At, (Vec<At>, Const)>;

/// Where the functions are defined that their module has under one name with others.
pub(super) fn defined<'s>(values: &Values<'_>, stores: impl Iterator<Item = &'s Vec<At>>) -> FxHashMap<FuncId, At> {
    let func_at = |at: &At| {
        let body = &values.program.funcs[at.0];
        match &body.instrs[at.1].op {
            Op::Store(_, value) if body.kind == FuncKind::Init && values.language(at.0) == Language::Python => {
                if let Op::Closure(func) = body.instrs[*value].op {
                    Some((func, *at))
                } else {
                    None
                }
            }
            _ => None,
        }
    };
    stores.filter(|stores| stores.len() > 1).flatten().filter_map(func_at).collect()
}

impl Explorer<'_> {
    /// The constant that a variable holds which is loaded by an instruction and written by `stores`.
    pub(super) fn settled(&self, func: FuncId, id: InstrId, stores: &[At]) -> Option<Abs> {
        let first =
            stores.first().filter(|first| self.doubted.as_ref().is_some_and(|doubted| !doubted.contains(first)))?;
        if let Some((_, known)) = self.relied.borrow().get(first) {
            return Some(Abs::Const(known.clone()));
        }
        let set = self.values.of(func, id);
        // A declared type says nothing of which constants there are: `isStdio: boolean`.
        let is_constant = |value: &Value| matches!(value, Value::Const(_) | Value::Api(_, None));
        if set.is_cut || !set.items().iter().all(is_constant) {
            return None;
        }
        let is_first = |at: &At| matches!(self.values.program.funcs[at.0].kind, FuncKind::Init | FuncKind::Constructor);
        if !stores.iter().any(|at| is_first(at) && self.seen.contains_key(at)) {
            return None;
        }
        let constant = self.only_stored(stores)?;
        let others = stores.iter().filter(|at| !self.seen.contains_key(*at));
        if !others
            .into_iter()
            .all(|at| self.takes_parameter(*at) || self.has_run(at.0) || self.comes_before(*at, (func, id)))
        {
            return None;
        }
        self.relied.borrow_mut().insert(*first, (stores.to_vec(), constant.clone()));
        Some(Abs::Const(constant))
    }

    /// The one constant that the stores which ran put there.
    fn only_stored(&self, stores: &[At]) -> Option<Const> {
        let mut all = None;
        for at in stores {
            let Some(seen) = self.seen.get(at) else { continue };
            let Some(Abs::Const(seen)) = seen else { return None };
            if all.get_or_insert(seen) != &seen {
                return None;
            }
        }
        all.cloned()
    }

    /// What a place of a script holds that one store writes to, which did not run although its function did: nothing.
    pub(super) fn never_stored(&self, at: At) -> Option<Abs> {
        let is_trusted = self.doubted.as_ref().is_some_and(|doubted| !doubted.contains(&at));
        let is_store = matches!(self.values.program.funcs[at.0].instrs[at.1].op, Op::Store(..));
        if !is_trusted || !is_store || self.values.language(at.0) != Language::Script {
            return None;
        }
        if self.seen.contains_key(&at) || !self.has_run(at.0) {
            return None;
        }
        self.unstored.borrow_mut().insert(at);
        Some(Abs::Const(Const::Undefined))
    }

    /// Does a store write what the caller gives: `function setQuiet(is) { quiet = is }`?
    fn takes_parameter(&self, (func, id): At) -> bool {
        let body = &self.values.program.funcs[func];
        let Op::Store(_, value) = &body.instrs[id].op else { return false };
        let Op::Load(place) = &body.instrs[*value].op else { return false };
        place.path.is_empty() && body.params.iter().any(|param| place.base == Base::Local(param.local))
    }

    /// Was a function run to its end?
    fn has_run(&self, func: FuncId) -> bool {
        self.was_explored(func) && !self.is_running(func)
    }

    /// Does control get to an instruction before it gets to another one of the same function (loops aside)?
    fn comes_before(&self, first: At, then: At) -> bool {
        let body = &self.values.program.funcs[then.0];
        let order = self.order_of(then.0);
        let place = |at: At| {
            let (block, data) = body.blocks.iter_enumerated().find(|(_, block)| block.instrs.contains(&at.1))?;
            Some((order.get(&block)?, data.instrs.iter().position(|instr| *instr == at.1)))
        };
        first.0 == then.0 && place(first).zip(place(then)).is_some_and(|(first, then)| first < then)
    }

    /// Of functions that a module defines under one name, was this one defined so far?
    pub(super) fn is_defined(&self, func: FuncId) -> bool {
        let defined = self.prepared.defined.get(&func);
        defined.is_none_or(|at| self.seen.contains_key(at) || !self.was_explored(at.0))
    }

    /// Is an object made in a function that was not entered so far?
    pub(super) fn is_unmade(&self, obj: &Obj) -> bool {
        made_at(obj).is_some_and(|at| {
            !self.was_explored(at.0) && self.doubted.as_ref().is_some_and(|doubted| !doubted.contains(&at))
        })
    }

    /// What is known of a place is so only if these objects are made nowhere in the process.
    pub(super) fn rely_on_unmade(&self, objs: &[Obj]) {
        self.unmade.borrow_mut().extend(objs.iter().filter_map(made_at));
    }

    /// The variables that were relied on and turned out to hold something else, too, each by its first store, the objects
    /// that turned out to be made, and the stores that turned out to run.
    pub(super) fn disproved(&self) -> FxHashSet<At> {
        let relied = self.relied.borrow();
        let wrong = relied.iter().filter(|(_, (stores, known))| self.only_stored(stores).as_ref() != Some(known));
        let unmade = self.unmade.borrow();
        let made = unmade.iter().filter(|at| self.was_explored(at.0));
        let unstored = self.unstored.borrow();
        let stored = unstored.iter().filter(|at| self.seen.contains_key(*at));
        wrong.map(|(first, _)| *first).chain(made.copied()).chain(stored.copied()).collect()
    }
}

/// The instruction that makes an object.
fn made_at(obj: &Obj) -> Option<At> {
    match obj {
        Obj::Record(Site::Instr(at)) | Obj::Api(at) => Some(*at),
        _ => None,
    }
}
