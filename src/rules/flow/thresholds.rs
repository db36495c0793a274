//! Filters of levels that a program makes itself: `if (ORDER[level] >= ORDER[process.env.LOG_LEVEL ?? "error"])`. Is what a call
//! logs left out where nothing is set in the environment?
//!
//! In such a filter two levels are compared: that of the call, a word that it is made with, and the threshold, which the
//! environment gives or else a word in the code. Which of them may be the larger is not asked: graver records are always shown.

use std::cell::Cell;
use std::collections::BTreeSet;

use crate::base::Symbol;
use crate::base::bounds::{MAX_FILTER_DEPTH, MAX_FILTER_VALUES, MAX_OPTIONS};
use crate::flow::domain::Kind;
use crate::flow::summary::Hit;
use crate::ir::func::{BlockId, End, FuncId, Function, LocalId};
use crate::ir::instr::{ArgKind, Base, Const, Field, InstrId, Op, Oper, Place};
use crate::models::index::Table;
use crate::models::levels::LogLevel;
use crate::resolve::values::{At, Key, Value};
use crate::rules::{Cx, Unit};

use super::levels::calls_inside;

/// What is known of a value that is a level, or a number that stands for one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Told {
    levels: Vec<LogLevel>,
    /// The variable of the environment that gives it where it is set.
    env: Option<Symbol>,
}

impl Told {
    fn level(level: LogLevel) -> Self {
        Self { levels: vec![level], env: None }
    }

    fn only(&self) -> Option<LogLevel> {
        if let [level] = *self.levels { Some(level) } else { None }
    }

    fn join(&mut self, other: Self) {
        self.levels.extend(other.levels);
        self.levels.sort_unstable();
        self.levels.dedup();
        self.env = self.env.take().or(other.env);
    }
}

/// The levels that a function was called with.
#[derive(Default)]
struct Given(Vec<(FuncId, LocalId, Told)>);

impl Given {
    fn of(&self, func: FuncId, local: LocalId) -> Option<&Told> {
        self.0.iter().find(|known| (known.0, known.1) == (func, local)).map(|(_, _, told)| told)
    }
}

/// What is known of a condition.
enum Decision {
    /// It holds, or does not; and the variable of the environment that would make it another one.
    Is(bool, Option<Symbol>),
    /// It leaves the call out, unless this variable asks for more.
    Away(Symbol),
}

struct Filters<'a, 'v> {
    cx: &'a Cx<'v>,
    unit: &'a Unit<'v>,
    /// How many more values are looked at.
    left: Cell<usize>,
}

/// The variable of the environment that has to be set for what is handed over at the primary place to be written.
pub(super) fn off_by_default(cx: &Cx<'_>, unit: &Unit<'_>, hit: &Hit) -> Option<String> {
    let filters = Filters { cx, unit, left: Cell::new(MAX_FILTER_VALUES) };
    let mut given = Given::default();
    let mut caller = hit.primary;
    for at in calls_inside(hit) {
        given = filters.given(caller, at.0, &given, MAX_FILTER_DEPTH);
        if let Some(env) = filters.hides(at, &given) {
            return Some(env.to_string());
        }
        caller = at;
    }
    None
}

impl Filters<'_, '_> {
    fn func(&self, func: FuncId) -> &Function {
        &self.cx.values.program.funcs[func]
    }

    /// The levels that a call hands to a function.
    fn given(&self, call: At, func: FuncId, outer: &Given, depth: usize) -> Given {
        let values = self.cx.values;
        let is_called = values.callees(call).iter().any(|(callee, _)| *callee == func);
        let Some(data) = values.call_at(call).filter(|_| is_called) else { return Given::default() };
        let by_position = data.args.iter().take_while(|arg| arg.kind == ArgKind::Positional);
        let params = self.func(func).params.iter().zip(by_position);
        let told = params.map(|(param, arg)| (func, param.local, self.told(call.0, arg.value, outer, depth)));
        Given(told.filter(|(_, _, told)| *told != Told::default()).collect())
    }

    /// Is a call not reached where nothing is set in the environment? Gives the variable that decides.
    fn hides(&self, at: At, given: &Given) -> Option<Symbol> {
        let func = self.func(at.0);
        let (block, _) = func.blocks.iter_enumerated().find(|(_, block)| block.instrs.contains(&at.1))?;
        let mut decided = None;
        let mut seen = BTreeSet::from([func.entry()]);
        let mut open = vec![func.entry()];
        while let Some(from) = open.pop() {
            if from == block {
                return None;
            }
            let data = &func.blocks[from];
            let mut next: Vec<BlockId> = data.end.successors().chain(data.unwind).collect();
            if let End::Branch { on, yes, no } = data.end {
                let decision = self.decision(at.0, on, given, MAX_FILTER_DEPTH);
                let (left, env) = match decision {
                    Some(Decision::Is(is, env)) => (Some(if is { no } else { yes }), env),
                    Some(Decision::Away(env)) => {
                        let leads = |from: BlockId| func.leads_to(from, block);
                        let left = match (leads(yes), leads(no)) {
                            (true, false) => Some(yes),
                            (false, true) => Some(no),
                            _ => None,
                        };
                        (left, left.and(Some(env)))
                    }
                    None => (None, None),
                };
                next.retain(|to| Some(*to) != left);
                decided = decided.or(env);
            }
            open.extend(next.into_iter().filter(|to| seen.insert(*to)));
        }
        decided
    }

    /// What a condition is for a call of a level, where nothing is set in the environment.
    fn decision(&self, func: FuncId, on: InstrId, given: &Given, depth: usize) -> Option<Decision> {
        let depth = depth.checked_sub(1)?;
        match &self.func(func).instrs[on].op {
            Op::Operator(Oper::Not, operands) => Some(match self.decision(func, *operands.first()?, given, depth)? {
                Decision::Is(is, env) => Decision::Is(!is, env),
                away => away,
            }),
            Op::Operator(oper @ (Oper::Eq | Oper::Ne), operands) => {
                let [one, other] = operands.as_slice() else { return None };
                let (one, other) = (self.told(func, *one, given, depth), self.told(func, *other, given, depth));
                let known = [&one, &other].iter().all(|told| told.env.is_none());
                let is_same = one.only()? == other.only()?;
                known.then_some(Decision::Is(is_same == (*oper == Oper::Eq), None))
            }
            Op::Call(_) => self.compared(func, on, given, depth).map(Decision::Away).or_else(|| {
                let [(callee, _)] = self.cx.values.callees((func, on)) else { return None };
                let (is, env) = self.by_default(*callee, depth)?;
                Some(Decision::Is(is, Some(env)))
            }),
            _ => self.compared(func, on, given, depth).map(Decision::Away),
        }
    }

    /// What a function answers where nothing is set in the environment, and the variable that it asks for.
    fn by_default(&self, func: FuncId, depth: usize) -> Option<(bool, Symbol)> {
        let body = self.func(func);
        let mut env = None;
        let mut block = body.entry();
        for _ in 0..depth {
            match body.blocks[block].end {
                End::Goto(to) => block = to,
                End::Branch { on, yes, no } => {
                    let (is, asked) = self.unset(func, on, depth)?;
                    block = if is { yes } else { no };
                    env = env.or(Some(asked));
                }
                End::Return(Some(value)) => {
                    return match (&body.instrs[value].op, env) {
                        (Op::Const(Const::Bool(is)), Some(env)) => Some((*is, env)),
                        _ => self.unset(func, value, depth),
                    };
                }
                _ => return None,
            }
        }
        None
    }

    /// Whether a condition holds that asks for a variable of the environment which is not set.
    fn unset(&self, func: FuncId, value: InstrId, depth: usize) -> Option<(bool, Symbol)> {
        let depth = depth.checked_sub(1)?;
        match &self.func(func).instrs[value].op {
            Op::Operator(Oper::Not, operands) => {
                self.unset(func, *operands.first()?, depth).map(|(is, env)| (!is, env))
            }
            Op::Load(place) => match self.env(func, value, place) {
                Some(env) => Some((false, env)),
                None => match self.stored(func, place).as_slice() {
                    [(func, only)] if place.path.is_empty() => self.unset(*func, *only, depth),
                    _ => None,
                },
            },
            _ => None,
        }
    }

    /// The variable that gives the threshold in a comparison by which a level is left out.
    fn compared(&self, func: FuncId, value: InstrId, given: &Given, depth: usize) -> Option<Symbol> {
        let depth = depth.checked_sub(1)?;
        let body = self.func(func);
        match &body.instrs[value].op {
            Op::Operator(Oper::Compare(_), operands) => {
                let [one, other] = operands.as_slice() else { return None };
                let (one, other) = (self.told(func, *one, given, depth), self.told(func, *other, given, depth));
                let (own, threshold) = if one.env.is_some() { (other, one) } else { (one, other) };
                let is_hidden = own.env.is_none() && own.only()? < threshold.only()?;
                threshold.env.filter(|_| is_hidden)
            }
            Op::Operator(Oper::Not | Oper::Eq, operands) => {
                operands.iter().find_map(|operand| self.compared(func, *operand, given, depth))
            }
            Op::Load(place) if place.path.is_empty() => {
                self.stored(func, place).into_iter().find_map(|(func, value)| self.compared(func, value, given, depth))
            }
            Op::Call(_) => {
                let [(callee, _)] = self.cx.values.callees((func, value)) else { return None };
                let given = self.given((func, value), *callee, given, depth);
                let is_compare =
                    |instr: &InstrId| matches!(self.func(*callee).instrs[*instr].op, Op::Operator(Oper::Compare(_), _));
                let mut compares = self.func(*callee).instrs.ids().filter(is_compare);
                compares.find_map(|instr| self.compared(*callee, instr, &given, depth))
            }
            _ => None,
        }
    }

    /// What is told of a value that may be a level.
    fn told(&self, func: FuncId, value: InstrId, given: &Given, depth: usize) -> Told {
        let (Some(depth), Some(left)) = (depth.checked_sub(1), self.left.get().checked_sub(1)) else {
            return Told::default();
        };
        self.left.set(left);
        let body = self.func(func);
        match &body.instrs[value].op {
            Op::Const(Const::Str(word)) => LogLevel::parse(word).map(Told::level).unwrap_or_default(),
            Op::Load(place) => self.placed(func, value, place, given, depth),
            Op::Store(_, inner) => self.told(func, *inner, given, depth),
            Op::Call(call) => {
                if let Some(env) = self.unit.process.explorer.env_read(func, value) {
                    return Told { env: Some(env), ..Told::default() };
                }
                if let [(callee, _)] = self.cx.values.callees((func, value)) {
                    let given = self.given((func, value), *callee, given, depth);
                    return self.returned(*callee, &given, depth);
                }
                let Some((of, Field::Name(name))) = call.callee.split_last() else { return Told::default() };
                let language = self.cx.values.language(func);
                match call.args.as_slice() {
                    // Where in a list of levels it stands.
                    [arg] if self.cx.words.is_index_method(language, name) => self.told(func, arg.value, given, depth),
                    [] => match of.base {
                        Base::Value(of) => self.told(func, of, given, depth),
                        _ => self.placed(func, value, &of, given, depth),
                    },
                    _ => Told::default(),
                }
            }
            _ => Told::default(),
        }
    }

    /// The same of what a function gives back.
    fn returned(&self, func: FuncId, given: &Given, depth: usize) -> Told {
        let mut all = Told::default();
        for block in self.func(func).blocks.iter() {
            if let End::Return(Some(value)) = block.end {
                all.join(self.told(func, value, given, depth));
            }
        }
        all
    }

    /// The same of what a place holds.
    fn placed(&self, func: FuncId, at: InstrId, place: &Place, given: &Given, depth: usize) -> Told {
        if let Some(env) = self.env(func, at, place) {
            return Told { env: Some(env), ..Told::default() };
        }
        match (place.path.last(), &place.base) {
            // What stands under a level in a table, or is called so among others, stands for it.
            (Some(Field::Name(name)), _) if LogLevel::parse(name).is_some() => {
                LogLevel::parse(name).map(Told::level).unwrap_or_default()
            }
            (Some(Field::Any), _) => match self.func(func).keys.get(&at) {
                Some(key) => self.told(func, *key, given, depth),
                None => Told::default(),
            },
            (None, Base::Local(local)) if given.of(func, *local).is_some() => {
                given.of(func, *local).cloned().unwrap_or_default()
            }
            _ => {
                let mut all = Told::default();
                for (func, value) in self.stored(func, place) {
                    all.join(self.told(func, value, given, depth));
                }
                all
            }
        }
    }

    /// What a parameter is where nothing is known of the call: what the few callers hand over, and what it is by default.
    fn handed(&self, func: FuncId, param: usize) -> Vec<At> {
        let values = self.cx.values;
        let callers = values.callers(func);
        let given = callers.iter().take(MAX_OPTIONS).filter_map(|at| {
            let arg = values.call_at(*at)?.args.get(param)?;
            (arg.kind == ArgKind::Positional).then_some((at.0, arg.value))
        });
        let by_default = self.func(func).params[param].default.map(|value| (func, value));
        given.chain(by_default).collect()
    }

    fn env(&self, func: FuncId, at: InstrId, place: &Place) -> Option<Symbol> {
        let name = match place.path.last()? {
            Field::Name(name) => name,
            _ => return None,
        };
        let values = self.cx.values;
        let reads_env = |value: &Value| match value {
            Value::Api(node, None) => values
                .models
                .index
                .node(*node)
                .rows(Table::SourceRead)
                .any(|row| Kind::named(&values.models.source(row).kind) == Some(Kind::Env)),
            _ => false,
        };
        values.of(func, at).items().iter().any(reads_env).then(|| name.clone())
    }

    /// The values that are put into a place.
    fn stored(&self, func: FuncId, place: &Place) -> Vec<At> {
        let stored = |(func, at): At| match &self.func(func).instrs[at].op {
            Op::Store(_, value) => (func, *value),
            _ => (func, at),
        };
        match (&place.base, place.split_last()) {
            (Base::Local(local), None) => {
                let param = self.func(func).params.iter().position(|param| param.local == *local);
                let stores = self.func(func).instrs.iter().filter_map(|instr| match &instr.op {
                    Op::Store(to, value) if to == place => Some((func, *value)),
                    _ => None,
                });
                stores.chain(param.into_iter().flat_map(|at| self.handed(func, at))).collect()
            }
            (Base::Cell(cell), None) => {
                self.unit.process.explorer.stores_of(*cell).iter().copied().map(stored).collect()
            }
            (_, Some((owner, Field::Name(name)))) => {
                let values = self.cx.values;
                let objs = values
                    .place_values(func, &owner)
                    .unwrap_or_default()
                    .iter()
                    .filter_map(|value| values.object_of(value));
                let key = Key::Name(name.clone());
                objs.flat_map(|obj| values.stores_to(&obj, &key).to_vec()).map(stored).collect()
            }
            _ => Vec::new(),
        }
    }
}
