//! What the answer of a function of the program tells of what it was given, where it asks about more than one thing or answers in
//! several places: `if (limit && typeof limit !== "number") return false; return true`.
//!
//! Each way to an answer has passed conditions. What all the ways to `true` tell of a parameter holds where the answer is true.
//! What all the ways to an answer tell holds wherever the function comes back: `if (!TABLE[name]) throw new Error("no such name")`.

use std::collections::BTreeSet;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::bounds::{MAX_CHECK_DEPTH, MAX_GUARD_BLOCKS, MAX_GUARD_STEPS};
use crate::base::idx::IndexVec;
use crate::ir::func::{BlockId, End, FuncId, Function, LocalId};
use crate::ir::instr::{Base, Field, InstrId, Op, Oper, Place};
use crate::ir::program::Language;
use crate::resolve::solve::{CallKind, Values};
use crate::resolve::values::At;

use super::checks::{Check, Checks, Tells};
use super::questions::Answer;
use super::solve::Taint;
use super::transfer::Pass;
use super::words::Words;

/// What an answer tells of a parameter.
pub(super) struct Told {
    /// The parameter, by its position.
    pub(super) position: usize,
    /// The field of it.
    pub(super) path: Box<[Field]>,
    pub(super) tells: Tells,
    /// The answer; none where it holds for every one: the function raises otherwise.
    pub(super) answer: Option<Answer>,
}

/// What the answers of the functions tell that a condition asks, and of those that raise.
pub(super) type Guards = FxHashMap<FuncId, Vec<Told>>;

/// What is known of the places of a function at a point of it. Shared: most points know what those before them do.
type Facts = Rc<Vec<(Place, Tells)>>;

/// A variable, and what it is.
type Given = (LocalId, Answer);

pub(super) fn guards(values: &Values<'_>, words: &Words, filled: &FxHashSet<At>) -> Guards {
    let mut found = Guards::default();
    let none = Guards::default();
    let mut look = |callee: FuncId, is_asked: bool| {
        let func = &values.program.funcs[callee];
        let raises = || func.blocks.iter().any(|block| matches!(block.end, End::Throw(_)));
        if is_plain(func) && !found.contains_key(&callee) && (is_asked || raises()) {
            let checks = Checks { values, words, filled, guards: &none, id: callee, func };
            found.insert(callee, Guard::new(checks).told());
        }
    };
    let mut callers: Vec<(FuncId, FuncId)> = Vec::new();
    for (id, func) in values.program.funcs.iter_enumerated() {
        let checks = Checks { values, words, filled, guards: &none, id, func };
        let asked: Vec<(InstrId, bool)> = func
            .blocks
            .iter()
            .filter_map(|block| match block.end {
                End::Branch { on, .. } => checks.question(on).map(|question| (question.call, question.is_awaited)),
                _ => None,
            })
            .collect();
        for (call, instr) in func.instrs.iter_enumerated() {
            if matches!(instr.op, Op::Call(_))
                && let [(callee, _)] = values.callees((id, call))
            {
                look(*callee, asked.contains(&(call, values.program.funcs[*callee].is_async)));
                callers.push((id, *callee));
            }
        }
    }
    found.retain(|_, told| !told.is_empty());
    // What a function asks by a call of another one that raises it tells, too.
    let deeper: Vec<(FuncId, Vec<Told>)> = callers
        .into_iter()
        .filter(|(_, callee)| found.get(callee).is_some_and(|told| told.iter().any(|told| told.answer.is_none())))
        .map(|(caller, _)| caller)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .filter_map(|caller| {
            let func = &values.program.funcs[caller];
            let checks = Checks { values, words, filled, guards: &found, id: caller, func };
            is_plain(func).then(|| (caller, Guard::new(checks).told()))
        })
        .collect();
    found.extend(deeper.into_iter().filter(|(_, told)| !told.is_empty()));
    found
}

/// Is a function one whose answer may be a check of what it was given?
fn is_plain(func: &Function) -> bool {
    !func.is_generator && func.blocks.len() <= MAX_GUARD_BLOCKS && !func.params.is_empty()
}

/// One function that is asked.
struct Guard<'a, 'v> {
    checks: Checks<'a, 'v>,
    func: &'a Function,
    /// The blocks that lead to each.
    before: IndexVec<BlockId, Vec<BlockId>>,
    /// What holds at the end of a block, if a variable is so there; `None` where that cannot be.
    known: FxHashMap<(BlockId, Option<Given>), Option<Facts>>,
    left: usize,
}

impl<'a, 'v> Guard<'a, 'v> {
    fn new(checks: Checks<'a, 'v>) -> Self {
        let func = checks.func;
        let mut before: IndexVec<BlockId, Vec<BlockId>> = func.blocks.iter().map(|_| Vec::new()).collect();
        for (id, block) in func.blocks.iter_enumerated() {
            for to in block.end.successors() {
                before[to].push(id);
            }
        }
        Self { checks, func, before, known: FxHashMap::default(), left: MAX_GUARD_STEPS }
    }

    fn told(mut self) -> Vec<Told> {
        let mut found = Vec::new();
        let language = self.checks.values.language(self.checks.id);
        let answers = [Answer::True, Answer::False, Answer::Nothing, Answer::Something];
        for answer in [None].into_iter().chain(answers.map(Some)) {
            let is_asked = match answer {
                Some(Answer::Nothing) => language == Language::Python,
                Some(Answer::Something) => language != Language::Script,
                _ => true,
            };
            if !is_asked {
                continue;
            }
            let mut all = None;
            for (id, block) in self.func.blocks.iter_enumerated() {
                let End::Return(value) = block.end else { continue };
                let facts = match (value, answer) {
                    (Some(value), Some(answer)) => self.holding(id, value, answer),
                    (None, Some(Answer::True | Answer::Something)) => None,
                    _ => self.at(id),
                };
                meet(&mut all, facts);
            }
            for (place, tells) in all.unwrap_or_default().iter() {
                let position = self.func.params.iter().position(|param| place.base == Base::Local(param.local));
                let told = |position| Told { position, path: place.path.clone(), tells: *tells, answer };
                found.extend(position.map(told));
            }
        }
        found
    }

    /// What holds at the end of a block. `None` if control never gets there.
    fn at(&mut self, block: BlockId) -> Option<Facts> {
        self.remembered(block, None, |guard| {
            let mut facts = guard.at_start(block)?;
            let told = guard.told_by_calls(block);
            if !told.is_empty() {
                Rc::make_mut(&mut facts).extend(told);
            }
            Some(facts)
        })
    }

    /// What the calls in a block tell of the parameters since they came back.
    fn told_by_calls(&self, block: BlockId) -> Vec<(Place, Tells)> {
        let values = self.checks.values;
        let is_async = |call: InstrId| {
            values.callees((self.checks.id, call)).iter().any(|(callee, _)| values.program.funcs[*callee].is_async)
        };
        let calls = self.func.blocks[block].instrs.iter().copied();
        let calls = calls.filter(|id| matches!(self.func.instrs[*id].op, Op::Call(_)) && !is_async(*id));
        let told = calls.flat_map(|call| self.checks.of_return(call));
        told.filter_map(|check| Some((self.of_param(check.place, MAX_CHECK_DEPTH)?, check.tells))).collect()
    }

    fn at_start(&mut self, block: BlockId) -> Option<Facts> {
        // What is caught can come from anywhere.
        if block == self.func.entry() || self.before[block].is_empty() {
            return Some(Facts::default());
        }
        let mut all = None;
        for at in 0..self.before[block].len() {
            let from = self.before[block][at];
            let facts = match self.func.blocks[from].end {
                End::Branch { on, yes, no } if yes != no => {
                    self.holding(from, on, if yes == block { Answer::True } else { Answer::False })
                }
                _ => self.at(from),
            };
            meet(&mut all, facts);
        }
        all
    }

    /// What holds at the end of a block if a value is so there.
    fn holding(&mut self, block: BlockId, value: InstrId, is: Answer) -> Option<Facts> {
        match &self.func.instrs[value].op {
            _ if self.checks.excludes(is, value, MAX_CHECK_DEPTH) => None,
            Op::Operator(Oper::Not, operands) if operands.len() == 1 => match is.negated() {
                Some(is) => self.holding(block, operands[0], is),
                None => self.at(block),
            },
            Op::Load(Place { base: Base::Local(local), path }) if path.is_empty() && self.is_set_often(*local) => {
                self.variable(block, *local, is)
            }
            _ => {
                let mut facts = self.at(block)?;
                let check = self.checks.of_one(value).filter(|check| is.is(check.holds));
                let told = check.and_then(|check| Some((self.of_param(check.place, MAX_CHECK_DEPTH)?, check.tells)));
                if let Some(told) = told {
                    Rc::make_mut(&mut facts).push(told);
                }
                Some(facts)
            }
        }
    }

    /// What holds at the end of a block if a variable is so there.
    fn variable(&mut self, block: BlockId, local: LocalId, is: Answer) -> Option<Facts> {
        self.remembered(block, Some((local, is)), |guard| {
            if let Some(value) = guard.stored(block, local) {
                return guard.holding(block, value, is);
            }
            if guard.before[block].is_empty() {
                return Some(Facts::default());
            }
            let mut all = None;
            for at in 0..guard.before[block].len() {
                let from = guard.before[block][at];
                meet(&mut all, guard.variable_over(from, block, local, is));
            }
            all
        })
    }

    /// The same, on the way from one block to another.
    fn variable_over(&mut self, from: BlockId, to: BlockId, local: LocalId, is: Answer) -> Option<Facts> {
        match self.func.blocks[from].end {
            End::Branch { on, yes, no } if yes != no => {
                let holds = yes == to;
                if self.stored(from, local) == Some(on) && is.negated().is_some_and(|other| other.is(holds)) {
                    return None;
                }
                let mut facts = self.holding(from, on, if holds { Answer::True } else { Answer::False })?;
                let of_variable = self.variable(from, local, is)?;
                if !of_variable.is_empty() {
                    Rc::make_mut(&mut facts).extend(of_variable.iter().cloned());
                }
                Some(facts)
            }
            _ => self.variable(from, local, is),
        }
    }

    fn remembered(
        &mut self,
        block: BlockId,
        variable: Option<Given>,
        find: impl FnOnce(&mut Self) -> Option<Facts>,
    ) -> Option<Facts> {
        if let Some(known) = self.known.get(&(block, variable)) {
            return known.clone();
        }
        let Some(left) = self.left.checked_sub(1) else { return Some(Facts::default()) };
        self.left = left;
        // Round a loop nothing is known.
        self.known.insert((block, variable), Some(Facts::default()));
        let found = find(self);
        self.known.insert((block, variable), found.clone());
        found
    }

    /// What a block puts into a variable last.
    fn stored(&self, block: BlockId, local: LocalId) -> Option<InstrId> {
        self.func.blocks[block].instrs.iter().rev().find_map(|id| match &self.func.instrs[*id].op {
            Op::Store(place, value) if *place == Place::local(local) => Some(*value),
            _ => None,
        })
    }

    /// The values that are put into a variable, or into a part of it.
    fn stores(&self, local: LocalId) -> impl Iterator<Item = (&'a Place, InstrId)> {
        self.func.instrs.iter().filter_map(move |instr| match &instr.op {
            Op::Store(place, value) if place.base == Base::Local(local) => Some((place, *value)),
            _ => None,
        })
    }

    fn is_param(&self, local: LocalId) -> bool {
        self.func.params.iter().any(|param| param.local == local)
    }

    /// Is another value taken only where a value is empty: `id || this.first`, `id ?? this.first`?
    fn is_empty_before(&self, value: InstrId, instead: InstrId) -> bool {
        let block_of = |id: &InstrId| self.func.blocks.iter_enumerated().find(|(_, block)| block.instrs.contains(id));
        let (Some((_, first)), Some((other, _))) = (block_of(&value), block_of(&instead)) else { return false };
        let End::Branch { on, yes, no } = first.end else { return false };
        let is_missing = matches!(&self.func.instrs[on].op, Op::Operator(Oper::IsMissing, asked) if **asked == [value]);
        self.before[other].len() == 1 && (on == value && no == other || is_missing && yes == other) && yes != no
    }

    fn is_set_often(&self, local: LocalId) -> bool {
        !self.is_param(local) && self.stores(local).nth(1).is_some()
    }

    /// The place of a parameter that a place is, if nothing else is ever put there, or only where the parameter is empty.
    fn of_param(&self, place: Place, depth: usize) -> Option<Place> {
        let depth = depth.checked_sub(1)?;
        // One that inner functions ask for, too, is kept in a variable for them.
        if let Base::Cell(_) = place.base {
            let kept = self.checks.only_store(&Place { base: place.base.clone(), path: Box::default() })?;
            let Op::Load(from) = &self.func.instrs[kept].op else { return None };
            let from = place.path.iter().fold(from.clone(), |from, field| from.then(field.clone()));
            return self.of_param(from, depth);
        }
        let Base::Local(local) = place.base else { return None };
        let mut stores = self.stores(local);
        let first = stores.next();
        match first {
            None => self.is_param(local).then_some(place),
            Some((whole, value))
                if whole.path.is_empty()
                    && !self.is_param(local)
                    && stores.next().is_none_or(|(other, instead)| {
                        other.path.is_empty() && stores.next().is_none() && self.is_empty_before(value, instead)
                    }) =>
            {
                let Op::Load(from) = &self.func.instrs[value].op else { return None };
                let from = place.path.iter().fold(from.clone(), |from, field| from.then(field.clone()));
                self.of_param(from, depth)
            }
            Some(_) => None,
        }
    }
}

impl Pass<'_, '_> {
    /// What a condition tells.
    pub(super) fn told_by(&self, on: InstrId) -> Vec<Check> {
        let Taint { values, words, filled, guards, .. } = &*self.taint;
        Checks { values, words, filled, guards, id: self.id, func: self.func }.of(on)
    }

    /// What it tells of what a call gave that the function came back.
    pub(super) fn came_back(&mut self, call: InstrId) {
        let Taint { values, words, filled, guards, .. } = &*self.taint;
        let told = Checks { values, words, filled, guards, id: self.id, func: self.func }.of_return(call);
        let is_async = |(callee, _): &(FuncId, CallKind)| values.program.funcs[*callee].is_async;
        if told.is_empty() || values.callees((self.id, call)).iter().any(is_async) && !self.awaited.contains(&call) {
            return;
        }
        let mut state = std::mem::take(&mut self.state);
        for check in told {
            self.know(&mut state, &check);
        }
        self.state = state;
    }
}

/// What holds on one way and on the other. There is no way where nothing is given.
fn meet(all: &mut Option<Facts>, other: Option<Facts>) {
    let Some(other) = other else { return };
    match all {
        None => *all = Some(other),
        Some(all) if all.iter().all(|fact| other.contains(fact)) => {}
        Some(all) => Rc::make_mut(all).retain(|fact| other.contains(fact)),
    }
}
