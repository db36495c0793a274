//! Which conditions on what a function is given its blocks run under, and which of them a call of it rules out.
//!
//! A block runs where all branches on the way to it went its way. Of those the ones count that ask for a part of a
//! parameter: `if (!options.quiet)`, `match source { None => … }`. A call rules a condition out by what it hands over: a constant, an
//! object that is written out, a default that it leaves. Where it hands on what its own function was given, the condition is one
//! of that function.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::Symbol;
use crate::base::bounds::{MAX_ASKED_DEPTH, MAX_CHECK_DEPTH, MAX_CONDITION_ROUNDS, MAX_GUARD_BLOCKS, MAX_PATH};
use crate::base::idx::{Id, IndexVec};
use crate::ir::func::{BlockId, End, FuncId, FuncKind, Function, LocalId, Param, ParamKind};
use crate::ir::instr::{Base, Call, Const, Entry, Field, InstrId, Op, Oper, Place};
use crate::ir::program::{CellId, Language};
use crate::resolve::solve::{CallKind, Values};
use crate::resolve::values::At;

use super::domain::RECEIVER;
use super::path::Path;
use super::prepared::Prepared;
use super::transfer::{Pass, key_of};
use super::tree::Tree;
use super::when::{Asked, Held, Is, Part, SWITCH, When};

/// What is known of all functions, as far as somebody asked.
pub(super) struct Conditions {
    pub(super) prepared: Option<Rc<Prepared>>,
    bodies: RefCell<FxHashMap<FuncId, Rc<Body>>>,
    /// The fields that get what they hold when their object is made, and nothing else later on.
    kept: OnceCell<FxHashSet<Symbol>>,
}

/// What is known of one function.
#[derive(Clone, Default)]
pub(super) struct Body {
    /// By block; none where all of them run under any condition.
    when: Box<[When]>,
    stores: OnceCell<FxHashMap<Base, Vec<Stored>>>,
    /// By block, the one that control comes through last on all ways to it.
    above: OnceCell<Vec<Option<BlockId>>>,
    /// The variables that it puts something into by a method, or takes something out of.
    filled: OnceCell<FxHashSet<LocalId>>,
}

/// Something is stored to a variable.
#[derive(Clone, Copy)]
struct Stored {
    block: BlockId,
    value: InstrId,
    /// To the variable itself, not to something in it.
    is_whole: bool,
}

impl Conditions {
    pub(super) fn new(prepared: Option<Rc<Prepared>>) -> Self {
        Self { prepared, bodies: RefCell::default(), kept: OnceCell::new() }
    }

    pub(super) fn of(&self, values: &Values<'_>, id: FuncId) -> Rc<Body> {
        if let Some(known) = self.bodies.borrow().get(&id) {
            return known.clone();
        }
        let func = &values.program.funcs[id];
        let body = Rc::<Body>::default();
        // What a function asks of its own answers says nothing.
        self.bodies.borrow_mut().insert(id, body.clone());
        let when = Scope { all: self, values, id, func, body: &body }.blocks();
        if when.is_empty() {
            return body;
        }
        let body = Rc::new(Body { when, ..Rc::unwrap_or_clone(body) });
        self.bodies.borrow_mut().insert(id, body.clone());
        body
    }

    fn stays(&self, values: &Values<'_>, path: &[Symbol]) -> bool {
        path.is_empty() || {
            let kept = self.kept.get_or_init(|| kept_fields(values));
            path.iter().all(|name| kept.contains(name))
        }
    }

    pub(super) fn stores_of(&self, cell: CellId) -> &[At] {
        self.prepared.as_ref().and_then(|prepared| prepared.stores.get(&cell)).map_or(&[], Vec::as_slice)
    }
}

/// The names of fields that literals and constructors fill, and nothing else does.
fn kept_fields(values: &Values<'_>) -> FxHashSet<Symbol> {
    let (mut kept, mut changed) = (FxHashSet::default(), FxHashSet::default());
    for func in values.program.funcs.iter() {
        if func.kind == FuncKind::Getter {
            changed.insert(func.name.clone());
        }
        for instr in func.instrs.iter() {
            match &instr.op {
                Op::Store(place, _) => {
                    let is_made = func.kind == FuncKind::Constructor && place.path.len() == 1;
                    let into = if is_made { &mut kept } else { &mut changed };
                    if let Some(Field::Name(name)) = place.path.last() {
                        into.insert(name.clone());
                    }
                }
                // What a method is called on, it may change: `self.items.append(item)`.
                Op::Call(call) => {
                    if let [.., Field::Name(name), Field::Name(method)] = &call.callee.path[..]
                        && !values.models.gives_the_same(method)
                        && values.models.spelling(method).is_none()
                    {
                        changed.insert(name.clone());
                    }
                }
                Op::Record(record) => kept.extend(record.entries.iter().filter_map(|entry| match entry {
                    Entry::Field(Field::Name(name), _) => Some(name.clone()),
                    _ => None,
                })),
                _ => {}
            }
        }
    }
    kept.retain(|name| !changed.contains(name));
    kept
}

fn stores(func: &Function) -> FxHashMap<Base, Vec<Stored>> {
    let mut found: FxHashMap<Base, Vec<Stored>> = FxHashMap::default();
    for (block, body) in func.blocks.iter_enumerated() {
        for id in &body.instrs {
            if let Op::Store(place, value) = &func.instrs[*id].op
                && matches!(place.base, Base::Local(_) | Base::Cell(_))
            {
                let stored = Stored { block, value: *value, is_whole: place.path.is_empty() };
                found.entry(place.base.clone()).or_default().push(stored);
            }
        }
    }
    found
}

/// By block, the one that control comes through last on all ways to it.
fn above(func: &Function) -> Vec<Option<BlockId>> {
    let order = func.order();
    let mut place = vec![usize::MAX; func.blocks.len()];
    for (at, block) in order.iter().enumerate() {
        place[block.index()] = at;
    }
    let mut before: IndexVec<BlockId, Vec<BlockId>> = func.blocks.iter().map(|_| Vec::new()).collect();
    for block in &order {
        let body = &func.blocks[*block];
        for to in body.end.successors().chain(body.unwind) {
            before[to].push(*block);
        }
    }
    let mut above: Vec<Option<BlockId>> = vec![None; func.blocks.len()];
    let mut changed = true;
    while changed {
        changed = false;
        for block in order.iter().skip(1) {
            let mut common: Option<BlockId> = None;
            for from in &before[*block] {
                if *from != func.entry() && above[from.index()].is_none() {
                    continue;
                }
                common = Some(match common {
                    None => *from,
                    Some(mut a) => {
                        let mut b = *from;
                        while a != b {
                            let lower = if place[a.index()] > place[b.index()] { &mut a } else { &mut b };
                            let Some(up) = above[lower.index()] else { break };
                            *lower = up;
                        }
                        a
                    }
                });
            }
            if above[block.index()] != common {
                above[block.index()] = common;
                changed = true;
            }
        }
    }
    above
}

impl Body {
    pub(super) fn when(&self, block: BlockId) -> When {
        self.when.get(block.index()).cloned().unwrap_or_default()
    }

    /// Does control come through the one block on all ways to the other?
    fn is_above(&self, func: &Function, upper: BlockId, lower: BlockId) -> bool {
        let all = self.above.get_or_init(|| above(func));
        let mut at = Some(lower);
        while let Some(block) = at {
            if block == upper {
                return true;
            }
            at = all[block.index()];
        }
        false
    }
}

/// A function in which something is asked.
pub(super) struct Scope<'a, 'v> {
    pub(super) all: &'a Conditions,
    pub(super) values: &'a Values<'v>,
    pub(super) id: FuncId,
    pub(super) func: &'a Function,
    pub(super) body: &'a Body,
}

impl Scope<'_, '_> {
    /// The conditions of the blocks; none where there are none.
    fn blocks(&self) -> Box<[When]> {
        let when = self.runs(&[]).unwrap_or_default();
        when.into_iter().map(Option::unwrap_or_default).collect()
    }

    /// Under which condition each block runs where some branches never go the one way or the other; `None` of one that does not.
    /// Nothing where there are no conditions, and all branches go both ways.
    pub(super) fn runs(&self, never: &[(BlockId, bool)]) -> Option<Vec<Option<When>>> {
        if !self.func.blocks.iter().any(|block| matches!(block.end, End::Branch { .. })) {
            return None;
        }
        let order = self.func.order();
        let mut asked: FxHashMap<BlockId, [Option<When>; 2]> = FxHashMap::default();
        for block in &order {
            if let End::Branch { on, yes, no } = self.func.blocks[*block].end
                && yes != no
            {
                let told = [true, false].map(|holds| When::of(self.asked(on, holds, *block, MAX_ASKED_DEPTH)));
                if told.iter().any(|when| when.as_ref().is_none_or(|when| !when.is_always())) {
                    asked.insert(*block, told);
                }
            }
        }
        if asked.is_empty() && never.is_empty() {
            return None;
        }
        let mut when: Vec<Option<When>> = vec![None; self.func.blocks.len()];
        when[self.func.entry().index()] = Some(When::default());
        for _ in 0..MAX_CONDITION_ROUNDS {
            let mut changed = false;
            for block in &order {
                let Some(here) = when[block.index()].clone() else { continue };
                let body = &self.func.blocks[*block];
                let mut lead = |to: BlockId, also: Option<&When>| {
                    let Some(there) = also.map_or_else(|| Some(here.clone()), |also| here.and(also)) else { return };
                    let known = &mut when[to.index()];
                    let joined = known.as_ref().map_or_else(|| there.clone(), |known| known.or(&there));
                    if known.as_ref() != Some(&joined) {
                        *known = Some(joined);
                        changed = true;
                    }
                };
                let goes = |holds: bool| !never.contains(&(*block, holds));
                match (&body.end, asked.get(block)) {
                    (End::Branch { yes, no, .. }, Some([holds, fails])) => {
                        holds.iter().filter(|_| goes(true)).for_each(|when| lead(*yes, Some(when)));
                        fails.iter().filter(|_| goes(false)).for_each(|when| lead(*no, Some(when)));
                    }
                    (End::Branch { yes, no, .. }, None) => {
                        for (to, _) in [(*yes, true), (*no, false)].into_iter().filter(|(_, holds)| goes(*holds)) {
                            lead(to, None);
                        }
                    }
                    (end, _) => end.successors().for_each(|to| lead(to, None)),
                }
                body.unwind.iter().for_each(|to| lead(*to, None));
            }
            if !changed {
                return Some(when);
            }
        }
        None
    }

    /// What is asked of what the function is given where a value is true, or is false.
    fn asked(&self, value: InstrId, holds: bool, block: BlockId, depth: usize) -> Vec<Asked> {
        let Some(depth) = depth.checked_sub(1) else { return Vec::new() };
        let ask = |of: InstrId, is: Is, holds: bool| self.asked_of(of, &is, holds, block, depth);
        match &self.func.instrs[value].op {
            Op::Operator(Oper::Not, operands) => match operands[..] {
                [of] => self.asked(of, !holds, block, depth),
                _ => Vec::new(),
            },
            Op::Operator(oper @ (Oper::Eq | Oper::Ne), operands) => {
                let holds = holds == (*oper == Oper::Eq);
                let [a, b] = operands[..] else { return Vec::new() };
                let (of, constant) = match (&self.func.instrs[a].op, &self.func.instrs[b].op) {
                    (_, Op::Const(constant)) => (a, constant),
                    (Op::Const(constant), _) => (b, constant),
                    _ => return Vec::new(),
                };
                if let Op::Operator(Oper::TypeOf, operands) = &self.func.instrs[of].op {
                    let is_undefined = matches!(constant, Const::Str(name) if name == "undefined");
                    return match operands[..] {
                        [of] if is_undefined || holds => ask(of, Is::Equal(Const::Undefined), holds == is_undefined),
                        _ => Vec::new(),
                    };
                }
                ask(of, Is::Equal(constant.clone()), holds)
            }
            Op::Operator(Oper::IsMissing, operands) if self.language() == Language::Script => match operands[..] {
                [of] => ask(of, Is::Equal(Const::Undefined), holds),
                _ => Vec::new(),
            },
            Op::Operator(Oper::IsVariant, operands) => match operands[..] {
                [of, variant] => {
                    self.variant_named(variant).map_or_else(Vec::new, |name| ask(of, Is::Variant(name), holds))
                }
                _ => Vec::new(),
            },
            Op::Load(_) | Op::Call(_) | Op::Await(_) => ask(value, Is::True, holds),
            _ => Vec::new(),
        }
    }

    /// What is asked of what the function is given where a question to a value is answered so.
    pub(super) fn asked_of(&self, value: InstrId, is: &Is, holds: bool, block: BlockId, depth: usize) -> Vec<Asked> {
        let Some(depth) = depth.checked_sub(1) else { return Vec::new() };
        if let Some(of) = self.part_of(value, block, MAX_CHECK_DEPTH) {
            return vec![Asked { of, is: is.clone(), holds }];
        }
        match &self.func.instrs[value].op {
            Op::Load(place) => match self.stored_once(value, block) {
                Some((value, block)) if *is == Is::True => {
                    let mut asked = self.asked(value, holds, block, depth);
                    // Of several things that a variable keeps together, those count that are the same for all calls.
                    if matches!(self.func.instrs[value].op, Op::Load(_)) && self.stored_once(value, block).is_none() {
                        asked.retain(|asked| {
                            asked.of.param == SWITCH || self.part_of(value, block, MAX_CHECK_DEPTH).is_some()
                        });
                    }
                    asked
                }
                Some((value, block)) => self.asked_of(value, is, holds, block, depth),
                None if *is == Is::True => self.asked_of_all(place, holds, block, depth),
                None => Vec::new(),
            },
            Op::Call(_) => self.asked_by_call(value, false, (is, holds), block, depth),
            Op::Await(called) => self.asked_by_call(*called, true, (is, holds), block, depth),
            _ => Vec::new(),
        }
    }

    /// The same where a variable holds one of several values, `a or b`: where that is false, all are; where `a and b` is true,
    /// all are.
    fn asked_of_all(&self, place: &Place, holds: bool, block: BlockId, depth: usize) -> Vec<Asked> {
        let Some([first, .., last]) = self.stores(&place.base).map(Vec::as_slice) else { return Vec::new() };
        let stored = self.stores(&place.base).map_or(&[][..], Vec::as_slice);
        let leads_on = |one: &Stored, next: &Stored| match self.func.blocks[one.block].end {
            End::Branch { on, yes, no } => {
                let further = if holds { yes } else { no };
                on == one.value && yes != no && self.body.is_above(self.func, further, next.block)
            }
            _ => false,
        };
        let is_chain = place.path.is_empty()
            && stored.iter().all(|stored| stored.is_whole)
            && self.is_of_function(&place.base)
            && self.body.is_above(self.func, first.block, block)
            && !self.body.is_above(self.func, block, last.block)
            && stored.windows(2).all(|pair| leads_on(&pair[0], &pair[1]));
        if !is_chain {
            return Vec::new();
        }
        stored.iter().flat_map(|stored| self.asked(stored.value, holds, stored.block, depth)).collect()
    }

    /// The same of what a function of the program gives back: under which conditions it gives that.
    fn asked_by_call(
        &self,
        id: InstrId,
        is_awaited: bool,
        (is, holds): (&Is, bool),
        block: BlockId,
        depth: usize,
    ) -> Vec<Asked> {
        let at = (self.id, id);
        let (Op::Call(call), [(callee, kind)]) = (&self.func.instrs[id].op, self.values.callees(at)) else {
            return Vec::new();
        };
        let func = &self.values.program.funcs[*callee];
        let is_plain = func.is_async == is_awaited && !func.is_generator && func.blocks.len() <= MAX_GUARD_BLOCKS;
        if !is_plain || *kind != CallKind::Direct {
            return Vec::new();
        }
        let body = self.all.of(self.values, *callee);
        let inside = Scope { id: *callee, func, body: &body, ..*self };
        let mut found: Option<When> = None;
        for left in func.order() {
            let End::Return(given) = func.blocks[left].end else { continue };
            let held = match given {
                Some(given) => inside.held(given, &[], left, MAX_CHECK_DEPTH),
                None => Held::Const(Const::Undefined),
            };
            if is.answer(&held) == Some(!holds) {
                continue;
            }
            let mut asked = body.when(left).asked().to_vec();
            match (held, given) {
                (Held::Part(of), _) => asked.push(Asked { of, is: is.clone(), holds }),
                (Held::Unknown, Some(given)) if *is == Is::True => {
                    asked.extend(inside.asked(given, holds, left, depth))
                }
                _ => {}
            }
            if let Some(when) = When::of(asked) {
                found = Some(found.map_or_else(|| when.clone(), |found| found.or(&when)));
            }
        }
        found.and_then(|when| self.further((call, at), *callee, &when, block, depth)).unwrap_or_default()
    }

    /// The variant that a value is asked to be.
    fn variant_named(&self, variant: InstrId) -> Option<Symbol> {
        match &self.func.instrs[variant].op {
            Op::Const(Const::Str(name)) => Some(name.clone()),
            Op::Load(place) => match place.path.last() {
                Some(Field::Name(name)) => Some(name.clone()),
                _ => None,
            },
            _ => None,
        }
    }

    /// What a variable was given, if that happens once, and before it is read in the block.
    fn stored_once(&self, load: InstrId, block: BlockId) -> Option<(InstrId, BlockId)> {
        let Op::Load(place) = &self.func.instrs[load].op else { return None };
        if !place.path.is_empty() { None } else { self.written_once(&place.base, block) }
    }

    pub(super) fn written_once(&self, base: &Base, block: BlockId) -> Option<(InstrId, BlockId)> {
        let [stored] = self.stores(base)?[..] else { return None };
        let is_one = stored.is_whole && self.is_of_function(base) && self.body.is_above(self.func, stored.block, block);
        is_one.then_some((stored.value, stored.block))
    }

    fn stores(&self, base: &Base) -> Option<&Vec<Stored>> {
        self.body.stores.get_or_init(|| stores(self.func)).get(base)
    }

    /// Is it a variable that no other function writes?
    fn is_of_function(&self, base: &Base) -> bool {
        match base {
            Base::Local(_) => true,
            Base::Cell(cell) => {
                self.func.kind != FuncKind::Init
                    && self.values.program.cells[*cell].owner == self.id
                    && self.all.stores_of(*cell).iter().all(|at| at.0 == self.id)
            }
            Base::Value(_) | Base::Global(_) => false,
        }
    }

    pub(super) fn language(&self) -> Language {
        self.values.language(self.id)
    }

    /// The part of what the function is given that a value of it is.
    fn part_of(&self, value: InstrId, block: BlockId, depth: usize) -> Option<Part> {
        let depth = depth.checked_sub(1)?;
        match &self.func.instrs[value].op {
            Op::Load(place) => self.part(place, block, depth),
            Op::Call(call) => match self.same_as(call) {
                Some(place) => self.part(&place, block, depth),
                None => self.option_asked(call).or_else(|| self.switch_given(value, block)),
            },
            Op::Operator(..) => self.switch_given(value, block),
            _ => None,
        }
    }

    /// What a method is asked for that gives it as it is: `source.as_deref()`.
    pub(super) fn same_as(&self, call: &Call) -> Option<Place> {
        let (of, Field::Name(method)) = call.callee.split_last()? else { return None };
        (call.args.is_empty() && self.values.models.gives_the_same(method)).then_some(of)
    }

    pub(super) fn part(&self, place: &Place, block: BlockId, depth: usize) -> Option<Part> {
        self.switch_at(place).or_else(|| self.part_of_given(place)).or_else(|| self.part_given(place, block, depth))
    }

    fn part_given(&self, place: &Place, block: BlockId, depth: usize) -> Option<Part> {
        let depth = depth.checked_sub(1)?;
        let keys: Vec<Symbol> = place.path.iter().map(key_of).collect::<Option<_>>()?;
        if place.path.contains(&Field::Any) || keys.len() > MAX_PATH {
            return None;
        }
        let of = match &place.base {
            Base::Value(value) => self.part_of(*value, block, depth)?,
            Base::Global(_) => return None,
            base => match (self.param(base), self.stores(base)) {
                (Some(param), None) => Part { param, path: Path::new(), default: None, stays: !self.is_filled(base) },
                (Some(_), Some(_)) => return None,
                (None, _) => match self.written_once(base, block) {
                    Some((value, block)) => self.part_of(value, block, depth)?,
                    None => self.with_default(base, block, depth)?,
                },
            },
        };
        if keys.is_empty() {
            return Some(of);
        }
        if of.default.is_some() || of.path.len() + keys.len() > MAX_PATH {
            return None;
        }
        let path = of.path.then(&Path::from(&keys[..]));
        let stays = of.stays && self.all.stays(self.values, &path);
        Some(Part { path, stays, ..of })
    }

    /// Is it a container that the function puts something into, or takes something out of?
    fn is_filled(&self, base: &Base) -> bool {
        let filled = self.body.filled.get_or_init(|| {
            let models = self.values.models;
            let fills = |method: &str| models.keeps(method) || models.removes(method) || models.merges(method);
            let touched = |op: &Op| match op {
                Op::Call(call) => match (&call.callee.base, &call.callee.path[..]) {
                    (Base::Local(local), [Field::Name(method)]) if fills(method) => Some(*local),
                    _ => None,
                },
                Op::Store(Place { base: Base::Local(local), path }, _) if !path.is_empty() => Some(*local),
                _ => None,
            };
            self.func.instrs.iter().filter_map(|instr| touched(&instr.op)).collect()
        });
        matches!(base, Base::Local(local) if filled.contains(local))
    }

    pub(super) fn param(&self, base: &Base) -> Option<u32> {
        let Base::Local(local) = base else { return None };
        if self.func.receiver == Some(*local) {
            return Some(RECEIVER);
        }
        let takes = |param: &Param| matches!(param.kind, ParamKind::Plain | ParamKind::NamedOnly);
        let at = self.func.params.iter().position(|param| param.local == *local && takes(param))?;
        u32::try_from(at).ok()
    }

    /// A part that a constant takes the place of where it is missing: `({ quiet = true }) => …`.
    fn with_default(&self, base: &Base, block: BlockId, depth: usize) -> Option<Part> {
        let [first, second] = self.stores(base)?[..] else { return None };
        if !first.is_whole
            || !second.is_whole
            || !self.is_of_function(base)
            || !self.body.is_above(self.func, first.block, block)
        {
            return None;
        }
        let End::Branch { on, yes, .. } = self.func.blocks[first.block].end else { return None };
        let is_missing = |op: &Op| matches!(op, Op::Operator(Oper::IsMissing, of) if of[..] == [first.value]);
        let Op::Const(default) = &self.func.instrs[second.value].op else { return None };
        if yes != second.block || !is_missing(&self.func.instrs[on].op) || second.block == block {
            return None;
        }
        let part = self.part_of(first.value, first.block, depth)?;
        Some(part.or_else(default))
    }
}

impl Part {
    /// The same where a constant takes its place if it is missing.
    pub(super) fn or_else(self, default: &Const) -> Self {
        Self { default: self.default.or_else(|| Some(default.clone())), ..self }
    }
}

impl Pass<'_, '_> {
    /// Under which conditions the block runs that is looked at.
    pub(super) fn here(&self) -> When {
        self.body.when(self.block)
    }

    /// A value, as it is got to in the block that is looked at.
    pub(super) fn got_here(&self, tree: Tree) -> Tree {
        let here = self.here();
        if here.is_always() { tree } else { tree.map(|entry| entry.also(&here)) }
    }
}
