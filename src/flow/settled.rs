//! Variables that are written several times, and with one constant only in the process that is looked at:
//! `let isStdio = true`, and `setIsStdio(false)` where another transport was chosen.
//!
//! What runs in a process is known when its exploration is over. Before that a variable is taken to keep the constant that
//! it was seen to be given; where a later store says something else, the process is explored again without that (see `redone`).

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::idx::Id;
use crate::ir::func::{FuncId, FuncKind};
use crate::ir::instr::{Base, Const, InstrId, Op};
use crate::ir::program::Language;
use crate::resolve::solve::Values;
use crate::resolve::values::{At, Key, Obj, Site, Value};

use super::abs::Abs;
use super::explore::{Explorer, UNREACHED};

/// Constants that were relied on, by the first store, with all the stores that have to agree.
pub(super) type Relied = FxHashMap<At, ReliedOn>;

pub(super) struct ReliedOn {
    stores: Vec<At>,
    constant: Const,
    /// It is there before any of them.
    is_made: bool,
}

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
        if let Some(known) = self.relied.borrow().get(first) {
            self.relies_on(*first);
            return Some(Abs::Const(known.constant.clone()));
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
        self.rely_on(stores, constant, false)
    }

    /// The constant in a field of a struct, where its objects are made with it (`Books::default()`, `Books { open: false }`)
    /// and what runs in the process puts nothing else there.
    pub(super) fn kept_as_made(&self, obj: &Obj, key: &Key) -> Option<Abs> {
        let made = self.values.made_by_default(obj, key);
        let stores = self.values.stores_to(obj, key);
        let Some(first) = stores.first() else { return made.map(Abs::Const) };
        if self.doubted.as_ref().is_none_or(|doubted| doubted.contains(first)) {
            return None;
        }
        if let Some(known) = self.relied.borrow().get(first) {
            self.relies_on(*first);
            return Some(Abs::Const(known.constant.clone()));
        }
        let is_entry = |at: &At| !matches!(self.values.program.funcs[at.0].instrs[at.1].op, Op::Store(..));
        if made.is_none() && !stores.iter().any(|at| is_entry(at) && self.seen.contains_key(at)) {
            return None;
        }
        let stored = stores.iter().any(|at| self.seen.contains_key(at)).then(|| self.only_stored(stores));
        let constant = match (&made, stored) {
            (Some(made), None) => made.clone(),
            (made, Some(stored)) => stored.filter(|stored| made.as_ref().is_none_or(|made| made == stored))?,
            (None, None) => return None,
        };
        let mut others = stores.iter().filter(|at| !self.seen.contains_key(*at));
        if !others.all(|at| !self.was_entered(at.0) || self.has_run(at.0) || self.is_passed(*at)) {
            return None;
        }
        self.rely_on(stores, constant, made.is_some())
    }

    fn rely_on(&self, stores: &[At], constant: Const, is_made: bool) -> Option<Abs> {
        let relied = ReliedOn { stores: stores.to_vec(), constant: constant.clone(), is_made };
        let first = *stores.first()?;
        self.relied.borrow_mut().insert(first, relied);
        self.relies_on(first);
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
        self.relies_on(at);
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
        self.was_entered(func) && !self.is_running(func)
    }

    /// Does control get to an instruction before it gets to another one of the same function (loops aside)?
    fn comes_before(&self, first: At, then: At) -> bool {
        let body = &self.values.program.funcs[then.0];
        let order = self.order_of(then.0);
        let place = |at: At| {
            let (block, data) = body.blocks.iter_enumerated().find(|(_, block)| block.instrs.contains(&at.1))?;
            let place = order.get(block.index()).filter(|place| **place != UNREACHED)?;
            Some((place, data.instrs.iter().position(|instr| *instr == at.1)))
        };
        first.0 == then.0 && place(first).zip(place(then)).is_some_and(|(first, then)| first < then)
    }

    /// Does an instruction stand where the running function no longer gets to?
    fn is_passed(&self, (func, id): At) -> bool {
        let body = &self.values.program.funcs[func];
        let block = body.blocks.iter_enumerated().find(|(_, block)| block.instrs.contains(&id));
        let mut here = self.way.iter().filter(|(running, _)| *running == func);
        block.is_some_and(|(block, _)| here.all(|(_, here)| !body.leads_to(*here, block)))
    }

    /// Of functions that a module defines under one name, was this one defined so far?
    pub(super) fn is_defined(&self, func: FuncId) -> bool {
        let defined = self.prepared.defined.get(&func);
        defined.is_none_or(|at| self.seen.contains_key(at) || !self.was_entered(at.0))
    }

    /// Is an object made in a function that was not entered so far?
    pub(super) fn is_unmade(&self, obj: &Obj) -> bool {
        made_at(obj).is_some_and(|at| {
            !self.was_entered(at.0) && self.doubted.as_ref().is_some_and(|doubted| !doubted.contains(&at))
        })
    }

    /// What is known of a place is so only if these objects are made nowhere in the process.
    pub(super) fn rely_on_unmade(&self, objs: &[Obj]) {
        for at in objs.iter().filter_map(made_at) {
            self.unmade.borrow_mut().insert(at);
            self.relies_on(at);
        }
    }

    /// The variables that were relied on and turned out to hold something else, too, each by its first store, the objects
    /// that turned out to be made, and the stores that turned out to run.
    pub(super) fn disproved(&self) -> FxHashSet<At> {
        let relied = self.relied.borrow();
        let is_wrong = |known: &ReliedOn| match self.only_stored(&known.stores) {
            Some(stored) => stored != known.constant,
            None => !known.is_made || known.stores.iter().any(|at| self.seen.contains_key(at)),
        };
        let wrong = relied.iter().filter(|(_, known)| is_wrong(known));
        let unmade = self.unmade.borrow();
        let made = unmade.iter().filter(|at| self.was_entered(at.0));
        let unstored = self.unstored.borrow();
        let stored = unstored.iter().filter(|at| self.seen.contains_key(*at));
        let not_first = self.not_first.borrow();
        let first = not_first.iter().filter(|at| self.first_given.contains(*at));
        let all = wrong.map(|(first, _)| *first).chain(made.copied()).chain(stored.copied()).chain(first.copied());
        // What is doubted already is no longer relied on.
        all.filter(|at| self.doubted.as_ref().is_none_or(|doubted| !doubted.contains(at))).collect()
    }

    /// The frame that is explored takes something for granted.
    pub(super) fn relies_on(&self, at: At) {
        if let Some(frame) = self.running.last() {
            self.relied_in.borrow_mut().entry(at).or_default().insert(*frame);
        }
    }
}

/// The instruction that makes an object.
fn made_at(obj: &Obj) -> Option<At> {
    match obj {
        Obj::Record(Site::Instr(at)) | Obj::Api(at) => Some(*at),
        _ => None,
    }
}
