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
use crate::base::bounds::{MAX_CHECK_DEPTH, MAX_CONDITION_ROUNDS, MAX_PATH};
use crate::base::idx::{Id, IndexVec};
use crate::ir::func::{BlockId, End, FuncId, FuncKind, Function, Param, ParamKind};
use crate::ir::instr::{
    ArgKind, Base, Call, CallStyle, Const, Entry, Field, InstrId, Op, Oper, Place, Record, RecordKind, TextPart,
};
use crate::ir::program::Language;
use crate::resolve::solve::Values;
use crate::resolve::values::{At, Key, Obj, Site, Value};

use super::apply::Way;
use super::domain::RECEIVER;
use super::path::Path;
use super::prepared::Prepared;
use super::transfer::{Pass, key_of};
use super::tree::Tree;
use super::when::{Asked, Held, Is, Part, When};

/// What is known of all functions, as far as somebody asked.
pub(super) struct Conditions {
    prepared: Option<Rc<Prepared>>,
    bodies: RefCell<FxHashMap<FuncId, Rc<Body>>>,
    /// The fields that get what they hold when their object is made, and nothing else later on.
    kept: OnceCell<FxHashSet<Symbol>>,
}

/// What is known of one function.
#[derive(Default)]
pub(super) struct Body {
    /// By block; none where all of them run under any condition.
    when: Box<[When]>,
    stores: FxHashMap<Base, Vec<Stored>>,
    /// By block, the one that control comes through last on all ways to it.
    above: Vec<Option<BlockId>>,
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
        let mut body = Body { stores: stores(func), above: above(func), when: Box::default() };
        let scope = Scope { all: self, values, id, func, body: &body };
        body.when = scope.blocks();
        let body = Rc::new(body);
        self.bodies.borrow_mut().insert(id, body.clone());
        body
    }

    fn stays(&self, values: &Values<'_>, path: &[Symbol]) -> bool {
        path.is_empty() || {
            let kept = self.kept.get_or_init(|| kept_fields(values));
            path.iter().all(|name| kept.contains(name))
        }
    }

    fn stores_of(&self, cell: crate::ir::program::CellId) -> &[At] {
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
    fn is_above(&self, upper: BlockId, lower: BlockId) -> bool {
        let mut at = Some(lower);
        while let Some(block) = at {
            if block == upper {
                return true;
            }
            at = self.above[block.index()];
        }
        false
    }
}

/// A function in which something is asked.
struct Scope<'a, 'v> {
    all: &'a Conditions,
    values: &'a Values<'v>,
    id: FuncId,
    func: &'a Function,
    body: &'a Body,
}

impl Scope<'_, '_> {
    /// The conditions of the blocks; none where there are none.
    fn blocks(&self) -> Box<[When]> {
        let given = self.func.receiver.is_some() || !self.func.params.is_empty();
        let asks = |end: &End| matches!(end, End::Branch { .. });
        if !given || !self.func.blocks.iter().any(|block| asks(&block.end)) {
            return Box::default();
        }
        let order = self.func.order();
        let mut asked: FxHashMap<BlockId, [Option<When>; 2]> = FxHashMap::default();
        for block in &order {
            if let End::Branch { on, yes, no } = self.func.blocks[*block].end
                && yes != no
            {
                let told = [true, false].map(|holds| When::of(self.asked(on, holds, *block, MAX_CHECK_DEPTH)));
                if told.iter().any(|when| when.as_ref().is_none_or(|when| !when.is_always())) {
                    asked.insert(*block, told);
                }
            }
        }
        if asked.is_empty() {
            return Box::default();
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
                match (&body.end, asked.get(block)) {
                    (End::Branch { yes, no, .. }, Some([holds, fails])) => {
                        holds.iter().for_each(|when| lead(*yes, Some(when)));
                        fails.iter().for_each(|when| lead(*no, Some(when)));
                    }
                    (end, _) => end.successors().for_each(|to| lead(to, None)),
                }
                body.unwind.iter().for_each(|to| lead(*to, None));
            }
            if !changed {
                let when = when.into_iter().map(Option::unwrap_or_default);
                return when.collect();
            }
        }
        Box::default()
    }

    /// What is asked of what the function is given where a value is true, or is false.
    fn asked(&self, value: InstrId, holds: bool, block: BlockId, depth: usize) -> Vec<Asked> {
        let Some(depth) = depth.checked_sub(1) else { return Vec::new() };
        let is = |of: Option<Part>, is: Is, holds: bool| of.map(|of| Asked { of, is, holds }).into_iter().collect();
        let part = |value: InstrId| self.part_of(value, block, depth);
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
                        [of] if is_undefined || holds => {
                            is(part(of), Is::Equal(Const::Undefined), holds == is_undefined)
                        }
                        _ => Vec::new(),
                    };
                }
                is(part(of), Is::Equal(constant.clone()), holds)
            }
            Op::Operator(Oper::IsMissing, operands) if self.language() == Language::Script => match operands[..] {
                [of] => is(part(of), Is::Equal(Const::Undefined), holds),
                _ => Vec::new(),
            },
            Op::Operator(Oper::IsVariant, operands) => match operands[..] {
                [of, variant] => {
                    self.variant_named(variant).map_or_else(Vec::new, |name| is(part(of), Is::Variant(name), holds))
                }
                _ => Vec::new(),
            },
            Op::Load(_) | Op::Call(_) => {
                let of = part(value);
                if of.is_some() {
                    return is(of, Is::True, holds);
                }
                match self.stored_once(value, block) {
                    Some((value, block)) => self.asked(value, holds, block, depth),
                    None => Vec::new(),
                }
            }
            _ => Vec::new(),
        }
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

    fn written_once(&self, base: &Base, block: BlockId) -> Option<(InstrId, BlockId)> {
        let [stored] = self.body.stores.get(base)?[..] else { return None };
        let is_one = stored.is_whole && self.is_of_function(base) && self.body.is_above(stored.block, block);
        is_one.then_some((stored.value, stored.block))
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

    fn language(&self) -> Language {
        self.values.language(self.id)
    }

    /// The part of what the function is given that a value of it is.
    fn part_of(&self, value: InstrId, block: BlockId, depth: usize) -> Option<Part> {
        let depth = depth.checked_sub(1)?;
        match &self.func.instrs[value].op {
            Op::Load(place) => self.part(place, block, depth),
            Op::Call(call) => self.part(&self.same_as(call)?, block, depth),
            _ => None,
        }
    }

    /// What a method is asked for that gives it as it is: `source.as_deref()`.
    fn same_as(&self, call: &Call) -> Option<Place> {
        let (of, Field::Name(method)) = call.callee.split_last()? else { return None };
        (call.args.is_empty() && self.values.models.gives_the_same(method)).then_some(of)
    }

    fn part(&self, place: &Place, block: BlockId, depth: usize) -> Option<Part> {
        let depth = depth.checked_sub(1)?;
        let keys: Vec<Symbol> = place.path.iter().map(key_of).collect::<Option<_>>()?;
        if place.path.contains(&Field::Any) || keys.len() > MAX_PATH {
            return None;
        }
        let of = match &place.base {
            Base::Value(value) => self.part_of(*value, block, depth)?,
            Base::Global(_) => return None,
            base => match (self.param(base), self.body.stores.get(base)) {
                (Some(param), None) => Part { param, path: Path::new(), default: None, stays: true },
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

    fn param(&self, base: &Base) -> Option<u32> {
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
        let [first, second] = self.body.stores.get(base)?[..] else { return None };
        if !first.is_whole || !second.is_whole || !self.is_of_function(base) || !self.body.is_above(first.block, block)
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

    /// What is known of a value, or of something in it.
    fn held(&self, value: InstrId, keys: &[Symbol], block: BlockId, depth: usize) -> Held {
        let Some(depth) = depth.checked_sub(1) else { return Held::Unknown };
        match &self.func.instrs[value].op {
            Op::Const(value) if keys.is_empty() => Held::Const(value.clone()),
            Op::Record(record) => self.held_in_record(record, value, keys, block, depth),
            Op::Text(parts) if keys.is_empty() => {
                let has_text = |part: &TextPart| matches!(part, TextPart::Lit(text) if !text.is_empty());
                if parts.iter().any(has_text) { Held::Thing } else { Held::Unknown }
            }
            Op::Closure(_) | Op::Class(_) | Op::Caught if keys.is_empty() => Held::Thing,
            Op::Call(call)
                if call.style == CallStyle::New && keys.is_empty() && self.language() == Language::Script =>
            {
                Held::Thing
            }
            Op::Call(call) => {
                self.same_as(call).map_or(Held::Unknown, |place| self.held_at(&place, keys, block, depth))
            }
            Op::Load(place) => match self.held_at(place, keys, block, depth) {
                Held::Unknown if keys.is_empty() => self.variant_of(value),
                held => held,
            },
            _ => Held::Unknown,
        }
    }

    fn held_in_record(&self, record: &Record, made: InstrId, keys: &[Symbol], block: BlockId, depth: usize) -> Held {
        if record.kind == RecordKind::Variant {
            return match (&record.entries[..], keys) {
                ([Entry::Field(Field::Variant(name, _), _), ..], []) => Held::Variant(name.clone()),
                _ => Held::Unknown,
            };
        }
        let Some((key, inner)) = keys.split_first() else {
            return match self.language() {
                Language::Script => Held::Thing,
                Language::Python if record.entries.is_empty() => Held::Empty,
                Language::Python if record.entries.iter().any(|entry| matches!(entry, Entry::Field(..))) => Held::Thing,
                Language::Python | Language::Rust => Held::Unknown,
            };
        };
        let obj = Obj::Record(Site::Instr((self.id, made)));
        let n_stores = self.values.stores_to(&obj, &Key::Name(key.clone())).len();
        if self.values.is_open(&obj) || self.language() == Language::Python {
            return Held::Unknown;
        }
        let mut found = None;
        for entry in &record.entries {
            match entry {
                Entry::Field(field, value) if key_of(field).is_some_and(|name| name == *key) => found = Some(*value),
                Entry::Field(Field::Name(_), _) => {}
                // `Options { quiet: true, ..rest }`: what is named is not taken from the rest.
                Entry::Spread(_) if self.language() == Language::Rust => {}
                Entry::Field(..) | Entry::Spread(_) => return Held::Unknown,
            }
        }
        match found {
            Some(value) if n_stores <= 1 => self.held(value, inner, block, depth),
            None if n_stores == 0 && self.language() == Language::Script && self.is_kept_inside(made) => {
                if inner.is_empty() { Held::Const(Const::Undefined) } else { Held::Unknown }
            }
            _ => Held::Unknown,
        }
    }

    /// Is an object handed to no library, which could put something into it?
    fn is_kept_inside(&self, made: InstrId) -> bool {
        self.all.prepared.as_ref().is_some_and(|prepared| !prepared.handed_out.contains(&(self.id, made)))
    }

    fn held_at(&self, place: &Place, keys: &[Symbol], block: BlockId, depth: usize) -> Held {
        let Some(depth) = depth.checked_sub(1) else { return Held::Unknown };
        let mut whole: Vec<Field> = place.path.to_vec();
        whole.extend(keys.iter().map(|key| Field::Name(key.clone())));
        let whole = Place { base: place.base.clone(), path: whole.into() };
        if let Some(part) = self.part(&whole, block, depth) {
            return Held::Part(part);
        }
        let Some(mut inner) = place.path.iter().map(key_of).collect::<Option<Vec<_>>>() else { return Held::Unknown };
        inner.extend_from_slice(keys);
        let held = match &place.base {
            Base::Value(value) => self.held(*value, &inner, block, depth),
            Base::Global(_) => Held::Unknown,
            base => match self.written_once(base, block) {
                Some((value, block)) => self.held(value, &inner, block, depth),
                None => self.constant_of(base, &inner),
            },
        };
        // What is put into a container later on fills it, or leaves it empty.
        let is_container = self.language() == Language::Python && matches!(held, Held::Thing | Held::Empty);
        if is_container && inner.is_empty() { Held::Unknown } else { held }
    }

    /// The constant that a variable of a module holds, whoever reads it.
    fn constant_of(&self, base: &Base, keys: &[Symbol]) -> Held {
        let Base::Cell(cell) = base else { return Held::Unknown };
        let [(func, id)] = self.all.stores_of(*cell)[..] else { return Held::Unknown };
        let body = &self.values.program.funcs[func];
        match &body.instrs[id].op {
            Op::Store(_, value) if keys.is_empty() && body.kind == FuncKind::Init => match &body.instrs[*value].op {
                Op::Const(value) => Held::Const(value.clone()),
                _ => Held::Unknown,
            },
            _ => Held::Unknown,
        }
    }

    /// The variant without a payload that a value is: `Kind::Stdio`.
    fn variant_of(&self, value: InstrId) -> Held {
        match self.values.of(self.id, value).items() {
            [Value::Variant(_, name)] if self.names_variant(value, name) => Held::Variant(name.clone()),
            _ => Held::Unknown,
        }
    }

    fn names_variant(&self, value: InstrId, name: &Symbol) -> bool {
        matches!(&self.func.instrs[value].op, Op::Load(place) if matches!(place.path.last(), Some(Field::Name(last)) if last == name))
    }
}

impl Part {
    /// The same where a constant takes its place if it is missing.
    fn or_else(self, default: &Const) -> Self {
        Self { default: self.default.or_else(|| Some(default.clone())), ..self }
    }
}

/// What a call hands over as a parameter.
enum Argument {
    Given(InstrId),
    Left,
    Unknown,
}

/// `n_before`: so many arguments stand before those of the parameters.
fn argument(call: &Call, params: &[Param], at: usize, n_before: usize) -> Argument {
    let mut position = 0;
    let mut is_open = false;
    for arg in call.args.iter().skip(n_before) {
        match &arg.kind {
            ArgKind::Positional if position == at && !is_open => return Argument::Given(arg.value),
            ArgKind::Positional => position += 1,
            ArgKind::Named(name) if params.get(at).is_some_and(|param| param.name == *name) => {
                return Argument::Given(arg.value);
            }
            ArgKind::Named(_) => {}
            ArgKind::Spread | ArgKind::SpreadNamed => is_open = true,
        }
    }
    if is_open { Argument::Unknown } else { Argument::Left }
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

    /// The condition of a function, as a call of it sees it; `None` where the call rules it out.
    pub(super) fn told_by_call(&self, at: At, func: FuncId, way: Way, when: &When) -> Option<When> {
        if when.is_always() || way != Way::Direct {
            return Some(When::default());
        }
        let Op::Call(call) = &self.func.instrs[at.1].op else { return Some(When::default()) };
        let mut further = Vec::new();
        for asked in when.asked() {
            match self.handed_over(call, at, func, &asked.of) {
                Held::Part(of) => further.push(Asked { of, ..asked.clone() }),
                held => match asked.is.answer(&held) {
                    Some(so) if so != asked.holds => return None,
                    _ => {}
                },
            }
        }
        When::of(further)
    }

    /// What a call hands over as a part of what a function is given.
    fn handed_over(&self, call: &Call, at: At, func: FuncId, of: &Part) -> Held {
        let values = self.taint.values;
        let callee = &values.program.funcs[func];
        let scope = Scope { all: &self.taint.conditions, values, id: self.id, func: self.func, body: &self.body };
        let handed = values.handed_receiver(at, func);
        if of.param == RECEIVER {
            if callee.kind == FuncKind::Constructor {
                return Held::Unknown;
            }
            let own = self.own_object(call).or_else(|| call.callee.split_last().map(|(place, _)| place));
            return match (handed, own) {
                (Some(object), _) => scope.held(object, &of.path, self.block, MAX_CHECK_DEPTH),
                (None, Some(place)) => scope.held_at(&place, &of.path, self.block, MAX_CHECK_DEPTH),
                (None, None) => Held::Unknown,
            };
        }
        let Some(param) = callee.params.get(of.param as usize) else { return Held::Unknown };
        let language = values.language(func);
        let default = param.default.map(|default| match &callee.instrs[default].op {
            Op::Const(value) if of.path.is_empty() => Held::Const(value.clone()),
            _ => Held::Unknown,
        });
        let held = match argument(call, &callee.params, of.param as usize, usize::from(handed.is_some())) {
            Argument::Given(value) => match scope.held(value, &of.path, self.block, MAX_CHECK_DEPTH) {
                Held::Const(Const::Undefined) if language == Language::Script && of.path.is_empty() => {
                    default.unwrap_or(Held::Const(Const::Undefined))
                }
                Held::Part(part) if language == Language::Script && of.path.is_empty() => match default {
                    Some(Held::Const(value)) => Held::Part(part.or_else(&value)),
                    Some(_) => Held::Unknown,
                    None => Held::Part(part),
                },
                held => held,
            },
            Argument::Left => match default {
                Some(held) => held,
                // What has to be given and is not, a decorator gives.
                None if language == Language::Script && of.path.is_empty() => Held::Const(Const::Undefined),
                None => Held::Unknown,
            },
            Argument::Unknown => Held::Unknown,
        };
        match (held, &of.default) {
            (Held::Const(Const::Undefined), Some(default)) => Held::Const(default.clone()),
            (Held::Part(part), Some(default)) => Held::Part(part.or_else(default)),
            (held, _) => held,
        }
    }
}
