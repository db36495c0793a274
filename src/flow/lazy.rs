//! Variables that are empty until something is put there once: `if _client is None: _client = connect()`. Where the process has
//! filled one before it serves, what runs while serving finds it so.
//!
//! A way through the program *fills* a variable when it stores something there, or found that something is there already.
//!
//! A variable of the environment to which the program itself only ever writes one constant is filled by that, too: what runs
//! afterwards finds it there (`process.env.SPEAKS_MCP = "1"`).

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::Symbol;
use crate::ir::func::{FuncId, FuncKind};
use crate::ir::instr::{Base, Const, InstrId, Op, Place};
use crate::ir::program::CellId;
use crate::resolve::solve::Values;
use crate::resolve::values::{At, Value};

use super::abs::{Abs, Facts, truth};
use super::explore::{Context, Explorer, FrameId, Phase, State};
use super::joins::cell_sym;
use super::settings::{is_env, only_asked_for, written_settings};
use super::singles::is_single;

/// The symbols of variables that are filled.
pub(super) type Filled = Rc<BTreeSet<Symbol>>;

/// The variables of a program to which nothing is stored but what is there for certain, once its module is loaded.
#[derive(Default)]
pub(super) struct Lazy {
    /// What holds of one that is filled: a condition, and whether it is true.
    holds: FxHashMap<Symbol, (Abs, bool)>,
    /// Where the program writes those of the environment.
    settings: FxHashMap<At, Symbol>,
    /// Those of them that the program writes at the beginning of modules, and only asks for: marks of its own.
    marks: FxHashSet<Symbol>,
}

impl Lazy {
    pub(super) fn new(values: &Values<'_>, stores: &FxHashMap<CellId, Vec<At>>) -> Self {
        let mut lazy = Self::default();
        let is_first = |at: &At| values.program.funcs[at.0].kind == FuncKind::Init;
        for (cell, stores) in stores {
            let (emptied, filled): (Vec<&At>, Vec<&At>) = stores.iter().partition(|at| is_emptied(values, **at));
            if emptied.is_empty()
                || filled.is_empty()
                || !emptied.iter().all(|at| is_first(at))
                || filled.iter().any(|at| is_first(at))
            {
                continue;
            }
            let stored = filled.iter().map(|at| stored(values, **at)).collect::<Option<Vec<_>>>();
            let Some(stored) = stored else { continue };
            let sym = cell_sym(*cell);
            let holds = if stored.iter().all(|stored| *stored == Stored::Object) {
                (Abs::Sym(sym.clone()), true)
            } else {
                (Abs::test(sym.clone(), Some(Const::Null), false), false)
            };
            lazy.holds.insert(sym, holds);
        }
        let mut marks: BTreeMap<Symbol, Const> = BTreeMap::new();
        for (setting, written) in written_settings(values) {
            let first = written[0].1.clone();
            let (Some(constant), true) = (&first, written.iter().all(|(_, is)| *is == first)) else { continue };
            lazy.settings.extend(written.iter().map(|(at, _)| (*at, setting.clone())));
            if written.iter().all(|(at, _)| is_first(at)) {
                marks.insert(setting.clone(), constant.clone());
            }
            lazy.holds.insert(setting.clone(), (Abs::test(setting, Some(constant.clone()), false), true));
        }
        if !marks.is_empty() {
            lazy.marks = only_asked_for(values, marks);
        }
        lazy
    }

    /// Is a symbol a variable of the environment by which the program tells itself something?
    pub(super) fn is_mark(&self, sym: &Symbol) -> bool {
        self.marks.contains(sym)
    }

    /// Where the program writes a variable of the environment.
    pub(super) fn written(&self, setting: &Symbol) -> impl Iterator<Item = At> {
        self.settings.iter().filter(move |(_, written)| *written == setting).map(|(at, _)| *at)
    }

    /// Is a symbol a variable of the environment that the program writes itself?
    pub(super) fn is_setting(&self, sym: &Symbol) -> bool {
        is_env(sym) && self.holds.contains_key(sym)
    }
}

/// What a variable is filled with.
#[derive(PartialEq, Eq)]
enum Stored {
    /// True in every condition.
    Object,
    /// Something that may be empty in itself: a list.
    Other,
}

fn stored_value(values: &Values<'_>, at: At) -> Option<InstrId> {
    match values.program.funcs[at.0].instrs[at.1].op {
        Op::Store(_, value) => Some(value),
        _ => None,
    }
}

fn is_emptied(values: &Values<'_>, at: At) -> bool {
    stored_value(values, at).is_some_and(|value| {
        matches!(values.program.funcs[at.0].instrs[value].op, Op::Const(Const::Null | Const::Undefined))
    })
}

/// What a store puts there, if that is something for certain. What a library's call gives is.
fn stored(values: &Values<'_>, at: At) -> Option<Stored> {
    let mut value = stored_value(values, at)?;
    let body = &values.program.funcs[at.0];
    while let Op::Await(inner) = body.instrs[value].op {
        value = inner;
    }
    let items = values.of(at.0, value).items();
    let is_made = match &body.instrs[value].op {
        Op::Call(_) | Op::Record(_) | Op::Closure(_) => true,
        _ => !items.is_empty() && items.iter().all(|value| *value != Value::Unknown),
    };
    if !is_made || items.iter().any(|value| matches!(value, Value::Const(Const::Null | Const::Undefined))) {
        return None;
    }
    let index = &values.models.index;
    let is_object = |value: &Value| match value {
        Value::Func(_) | Value::Class(_) | Value::Instance(_) => true,
        // What the language itself provides may be a list or table.
        Value::Api(node, _) => index.global(values.language(at.0), &index.node(*node).library).is_none(),
        _ => false,
    };
    let mut known = items.iter().filter(|value| **value != Value::Unknown).peekable();
    let is_object = known.peek().is_some() && known.all(is_object);
    Some(if is_object { Stored::Object } else { Stored::Other })
}

pub(super) fn both(a: &Filled, b: &Filled) -> Filled {
    if a == b { a.clone() } else { Rc::new(a.intersection(b).cloned().collect()) }
}

pub(super) fn either(a: &Filled, b: &Filled) -> Filled {
    if b.is_subset(a) { a.clone() } else { Rc::new(a.union(b).cloned().collect()) }
}

impl Explorer<'_> {
    /// A store, as far as it fills a variable.
    pub(super) fn fill(&self, at: At, place: &Place, state: &mut State) {
        if let (Base::Cell(cell), []) = (&place.base, &*place.path)
            && let sym = cell_sym(*cell)
            && self.prepared.lazy.holds.contains_key(&sym)
            && !is_emptied(self.values, at)
        {
            Rc::make_mut(&mut state.filled).insert(sym);
        }
    }

    /// What writes a variable of the environment fills it.
    pub(super) fn fill_setting(&self, at: At, state: &mut State) {
        if let Some(setting) = self.prepared.lazy.settings.get(&at) {
            self.take_filled(&Rc::new(BTreeSet::from([setting.clone()])), state);
        }
    }

    /// What is filled by what just ran: the variables of the environment hold what is written to them from here on.
    pub(super) fn take_filled(&self, filled: &Filled, state: &mut State) {
        for setting in filled.iter().filter(|sym| is_env(sym) && !state.filled.contains(*sym)) {
            let facts = Rc::make_mut(&mut state.facts);
            facts.forget(&Abs::Sym(setting.clone()));
            let (abs, holds) = &self.prepared.lazy.holds[setting];
            facts.assume(abs, *holds);
        }
        state.filled = either(&state.filled, filled);
    }

    /// What a called function finds filled, of what can't be told by its phase.
    pub(super) fn settings_filled(&self, filled: &Filled) -> Filled {
        if self.prepared.lazy.settings.is_empty() && self.prepared.singles.is_empty() {
            return Filled::default();
        }
        Rc::new(filled.iter().filter(|sym| is_env(sym) || is_single(sym)).cloned().collect())
    }

    /// On this way a condition was true or false: was a variable found to be filled?
    pub(super) fn found_filled(&self, test: &Abs, state: &mut State) {
        let sym = match test {
            Abs::Const(_) => return,
            Abs::Sym(sym) => sym,
            Abs::Test(test) => &test.sym,
        };
        let Some((abs, holds)) = self.prepared.lazy.holds.get(sym) else { return };
        let says = |abs: &Abs| truth(abs, &[&state.facts]);
        let is_empty = Abs::test(sym.clone(), Some(Const::Null), false);
        if says(abs) == Some(*holds) || !is_env(sym) && says(&is_empty) == Some(false) {
            Rc::make_mut(&mut state.filled).insert(sym.clone());
        }
    }

    /// What is filled where something starts to serve: `before` the instruction, or in what runs in place of it.
    pub(super) fn filled_there(&self, before: &Filled, frames: impl Iterator<Item = FrameId>) -> Filled {
        let serving = frames.filter(|frame| self.frames[*frame].outcome.on_stdio);
        let inner = serving.map(|frame| self.frames[frame].outcome.filled_at_serve.clone().unwrap_or_default());
        inner.reduce(|a, b| both(&a, &b)).map_or_else(|| before.clone(), |inner| either(before, &inner))
    }

    /// Takes over what is filled when the process serves, after what it runs from its start was explored.
    pub(super) fn keep_filled(&mut self, roots: &[FrameId]) {
        let mut so_far = Filled::default();
        let mut kept: Option<Filled> = None;
        for root in roots {
            let outcome = &self.frames[*root].outcome;
            if outcome.on_stdio {
                let here = either(&so_far, &outcome.filled_at_serve.clone().unwrap_or_default());
                kept = Some(kept.map_or_else(|| here.clone(), |kept| both(&kept, &here)));
            }
            so_far = either(&so_far, &outcome.filled);
        }
        self.filled = kept.unwrap_or_default();
    }

    /// What is known of variables where a function begins.
    pub(super) fn known_filled(&self, context: &Context, facts: &mut Facts) {
        let when_serving = (context.phase == Phase::SERVING).then_some(&self.filled);
        for sym in [Some(&context.settings), when_serving].into_iter().flatten().flat_map(|filled| filled.iter()) {
            if let Some((abs, holds)) = self.prepared.lazy.holds.get(sym) {
                facts.assume(abs, *holds);
            }
        }
    }

    /// Does what a called function fills count for its caller: is it over when the call is?
    pub(super) fn fills_for_caller(&self, callee: FuncId, is_started: bool) -> bool {
        !is_started && !self.values.program.funcs[callee].is_generator
    }
}
