//! From where in a function serving can still follow.
//!
//! A function that does something else than to serve often says so in what it gives back: `if (handled(options)) return;`. So
//! of the ways out of a function only those count by whose results its caller goes on to serve.

use std::collections::BTreeSet;

use crate::base::Symbol;
use crate::base::bounds::{MAX_PATH, MAX_STATIC_DEPTH};
use crate::ir::func::{BlockId, End, Function};
use crate::ir::instr::{Base, Const, Entry, Field, InstrId, Op, Oper, Place};

use super::domain::has_value;
use super::explore::{Event, Frame};

/// Can serving follow when a function returns?
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Leads {
    Never,
    /// When it gives back what is wanted: the number of a [`Wanted`].
    When(u32),
    Always,
}

/// What a function has to give back so that its caller goes on to serve: all of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Wanted(Vec<Part>);

/// What a part of a result has to be.
#[derive(Clone, Debug, PartialEq)]
struct Part {
    /// Where in the result.
    path: Vec<Field>,
    test: Test,
}

#[derive(Clone, Debug, PartialEq)]
enum Test {
    /// It counts as true, or as false.
    Truthy(bool),
    /// It is the constant, or is not.
    Is(Const, bool),
    /// It is the variant of that name, or is not.
    Variant(Symbol, bool),
}

/// The blocks from whose start (or end) serving can be reached.
#[derive(Default)]
pub(super) struct Leading {
    pub(super) start: BTreeSet<BlockId>,
    pub(super) end: BTreeSet<BlockId>,
}

/// A branch on the result of a call.
pub(super) struct Decision {
    pub(super) call: InstrId,
    block: BlockId,
    /// The test whose success leads to the first successor.
    part: Part,
}

/// How serving starts from a function.
pub(super) struct Ways<'a> {
    /// Does something in the function start to serve, now or later?
    pub(super) starts: &'a dyn Fn(&Event) -> bool,
    /// Does a way out of the function lead to it, with what is given back there?
    pub(super) returns: &'a dyn Fn(Option<InstrId>) -> bool,
}

/// `without`: a step that is not taken.
pub(super) fn leading(frame: &Frame, func: &Function, ways: &Ways<'_>, without: Option<(BlockId, BlockId)>) -> Leading {
    let mut res = Leading::default();
    // Backwards to a fixpoint; blocks are few and the order is nearly topological.
    loop {
        let mut changed = false;
        for (block, visited) in frame.blocks.iter().rev() {
            let block = &block;
            let at_end = visited.ends
                && match &func.blocks[*block].end {
                    End::Return(value) => (ways.returns)(*value),
                    End::Throw(_) | End::Stop => visited.unwind.is_some_and(|to| res.start.contains(&to)),
                    End::Goto(_) | End::Branch { .. } => {
                        visited.next.iter().any(|to| without != Some((*block, *to)) && res.start.contains(to))
                    }
                };
            let raised = visited.unwind.is_some_and(|to| res.start.contains(&to));
            let at_start = at_end || raised || visited.events.iter().any(ways.starts);
            changed |= (at_end || raised) && res.end.insert(*block);
            changed |= at_start && res.start.insert(*block);
        }
        if !changed {
            return res;
        }
    }
}

/// The branches of a function that the result of a call decides.
pub(super) fn decisions(func: &Function) -> Vec<Decision> {
    let of_block = |(block, data): (BlockId, &crate::ir::func::Block)| {
        let End::Branch { on, .. } = data.end else { return None };
        let (on, test) = test_of(func, on, true)?;
        let (call, path) = result_of(func, on)?;
        Some(Decision { call, block, part: Part { path, test } })
    };
    func.blocks.iter_enumerated().filter_map(of_block).collect()
}

/// What the call has to give back so that serving follows.
pub(super) fn wanted<'d>(
    decisions: impl Iterator<Item = &'d Decision>,
    frame: &Frame,
    func: &Function,
    known: &Leading,
    ways: &Ways<'_>,
) -> Option<Wanted> {
    let parts: Vec<Part> = decisions.filter_map(|decision| wanted_part(decision, frame, func, known, ways)).collect();
    (!parts.is_empty()).then_some(Wanted(parts))
}

/// What a branch asks of the result, where only one side of it leads to serving and no other way does.
fn wanted_part(decision: &Decision, frame: &Frame, func: &Function, known: &Leading, ways: &Ways<'_>) -> Option<Part> {
    let End::Branch { yes, no, .. } = func.blocks[decision.block].end else { return None };
    let next = &frame.blocks.get(decision.block)?.next;
    let leads = |to: BlockId| next.contains(&to) && known.start.contains(&to);
    let to = match (leads(yes), leads(no)) {
        (true, false) => yes,
        (false, true) => no,
        _ => return None,
    };
    let block_of_call = func.blocks.iter_enumerated().find(|(_, data)| data.instrs.contains(&decision.call))?.0;
    let others = leading(frame, func, ways, Some((decision.block, to)));
    if others.end.contains(&block_of_call) {
        return None;
    }
    let test = match &decision.part.test {
        Test::Truthy(wants) => Test::Truthy(*wants == (to == yes)),
        Test::Is(constant, wants) => Test::Is(constant.clone(), *wants == (to == yes)),
        Test::Variant(name, wants) => Test::Variant(name.clone(), *wants == (to == yes)),
    };
    Some(Part { path: decision.part.path.clone(), test })
}

/// What a call has to give back whose result the function itself gives back.
pub(super) fn handed_on(func: &Function, block: BlockId, call: InstrId, own: &Wanted) -> Option<Wanted> {
    let End::Return(Some(value)) = func.blocks[block].end else { return None };
    let (made, path) = result_of(func, value)?;
    let within = |part: &Part| Part { path: path.iter().chain(&part.path).cloned().collect(), test: part.test.clone() };
    let parts: Vec<Part> = own.0.iter().map(within).collect();
    // A function that gives back a part of what it gives back itself would go on for ever.
    (made == call && parts.iter().all(|part| part.path.len() <= MAX_PATH)).then_some(Wanted(parts))
}

/// May the function give back what is wanted by returning `value`?
pub(super) fn may_give(func: &Function, value: Option<InstrId>, wanted: &Wanted) -> bool {
    let gives = |part: &Part| match value {
        None if part.path.is_empty() => part.test.on(&Const::Undefined),
        None => None,
        Some(value) => given(func, value, &part.path, &part.test, MAX_STATIC_DEPTH),
    };
    wanted.0.iter().all(|part| gives(part) != Some(false))
}

fn given(func: &Function, value: InstrId, path: &[Field], test: &Test, depth: usize) -> Option<bool> {
    let depth = depth.checked_sub(1)?;
    if let (Test::Variant(name, wants), [], Some(made)) = (test, path, variant_made(&func.instrs[value].op)) {
        return Some(same_variant(made, name) == *wants);
    }
    match (&func.instrs[value].op, path) {
        (Op::Const(constant), []) => test.on(constant),
        (Op::Record(_) | Op::Closure(_), []) => match test {
            Test::Truthy(wants) => Some(*wants),
            Test::Is(_, wants) => Some(!wants),
            Test::Variant(..) => None,
        },
        (Op::Record(record), [first, rest @ ..]) => {
            let mut fields = record.entries.iter().rev();
            match fields.find(|entry| {
                matches!(entry, Entry::Spread(_)) || matches!(entry, Entry::Field(field, _) if field == first)
            }) {
                Some(Entry::Field(_, inner)) => given(func, *inner, rest, test, depth),
                Some(Entry::Spread(_)) => None,
                None => test.on(&Const::Undefined),
            }
        }
        (Op::Await(inner), _) => given(func, *inner, path, test, depth),
        (Op::Load(place), _) => {
            let whole: Vec<Field> = place.path.iter().chain(path).cloned().collect();
            let each = match place.base {
                Base::Local(_) => stored_before(func, &place.base, value)?,
                _ => vec![assigned(func, &place.base)?],
            };
            let depth = if each.len() > 1 { depth / 2 } else { depth };
            let mut all = each.into_iter().map(|inner| given(func, inner, &whole, test, depth));
            let first = all.next()??;
            all.all(|other| other == Some(first)).then_some(first)
        }
        _ => None,
    }
}

impl Test {
    /// None where the languages differ.
    fn on(&self, constant: &Const) -> Option<bool> {
        let is_nothing = |constant: &Const| matches!(constant, Const::Null | Const::Undefined);
        match self {
            Self::Truthy(wants) => {
                let is_true = match constant {
                    Const::Bool(value) => *value,
                    Const::Null | Const::Undefined => false,
                    Const::Int(value) => *value != 0,
                    Const::Str(text) => !text.is_empty(),
                    Const::Num(_) => return None,
                };
                Some(is_true == *wants)
            }
            Self::Is(other, wants) if is_nothing(other) && is_nothing(constant) => {
                (other == constant).then_some(*wants)
            }
            Self::Is(other, wants) => Some((other == constant) == *wants),
            Self::Variant(name, wants) => (*constant == Const::Null).then(|| same_variant("None", name) == *wants),
        }
    }
}

/// What is tested, behind negations and comparisons with a constant.
fn test_of(func: &Function, on: InstrId, wants: bool) -> Option<(InstrId, Test)> {
    let constant = |value: InstrId| match &func.instrs[value].op {
        Op::Const(constant) => Some(constant.clone()),
        _ => None,
    };
    match &func.instrs[on].op {
        Op::Operator(Oper::Not, values) => test_of(func, *values.first()?, !wants),
        Op::Operator(oper @ (Oper::Eq | Oper::Ne), values) => {
            let [left, right] = values[..] else { return None };
            let (value, constant) = match (constant(left), constant(right)) {
                (None, Some(constant)) => (left, constant),
                (Some(constant), None) => (right, constant),
                _ => return None,
            };
            Some((value, Test::Is(constant, wants == (*oper == Oper::Eq))))
        }
        Op::Operator(Oper::IsVariant, values) => {
            let [value, variant] = values[..] else { return None };
            let name = match &func.instrs[variant].op {
                Op::Const(Const::Str(name)) => name,
                Op::Load(place) => named(place)?,
                _ => return None,
            };
            Some((value, Test::Variant(name.clone(), wants)))
        }
        _ => Some((on, Test::Truthy(wants))),
    }
}

/// The variant that an instruction makes: `Loaded::Exit`, `Loaded::Config(port)`, `Ok(value)`.
fn variant_made(op: &Op) -> Option<&Symbol> {
    let is_variant = |name: &&Symbol| name.starts_with(|first: char| first.is_uppercase());
    match op {
        Op::Record(record) => match record.entries.as_slice() {
            [Entry::Field(Field::Variant(name, _), _)] => Some(name),
            _ => None,
        },
        Op::Load(place) => named(place).filter(is_variant),
        Op::Call(call) => named(&call.callee).filter(is_variant),
        _ => None,
    }
}

/// The last name of a path of items.
fn named(place: &Place) -> Option<&Symbol> {
    match (&place.base, place.path.last()?) {
        (Base::Local(_), _) => None,
        (_, Field::Name(name)) => Some(name),
        _ => None,
    }
}

/// Are two variants one, where `Option` and `Result` are made of each other?
fn same_variant(one: &str, other: &str) -> bool {
    match (has_value(one), has_value(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

/// The call that a value is the result of, or which part of the result it is.
fn result_of(func: &Function, value: InstrId) -> Option<(InstrId, Vec<Field>)> {
    let mut value = value;
    let mut path: Vec<Field> = Vec::new();
    for _ in 0..MAX_STATIC_DEPTH {
        match &func.instrs[value].op {
            Op::Call(_) => return Some((value, path)),
            Op::Await(inner) => value = *inner,
            Op::Load(place) => {
                path.splice(0..0, place.path.iter().cloned());
                value = assigned(func, &place.base)?;
            }
            _ => return None,
        }
    }
    None
}

/// What a variable was assigned, if that happens once.
pub(super) fn assigned(func: &Function, variable: &Base) -> Option<InstrId> {
    if let Base::Value(value) = variable {
        return Some(*value);
    }
    let mut stores = func.instrs.iter().filter_map(|instr| match &instr.op {
        Op::Store(to, value) if to.base == *variable => Some((to.path.is_empty(), *value)),
        _ => None,
    });
    match (stores.next(), stores.next()) {
        (Some((true, value)), None) => Some(value),
        _ => None,
    }
}

/// What is stored to a local variable, where something is on each way to an instruction: the arms of `ready ? 0 : 1`.
fn stored_before(func: &Function, variable: &Base, at: InstrId) -> Option<Vec<InstrId>> {
    let Base::Local(_) = variable else { return None };
    let stored = |instr: &InstrId| match &func.instrs[*instr].op {
        Op::Store(to, value) if to.base == *variable => Some((to.path.is_empty(), *value)),
        _ => None,
    };
    let stores = |block: BlockId| func.blocks[block].instrs.iter().filter_map(stored);
    let mut open = vec![func.entry()];
    let mut seen: BTreeSet<BlockId> = open.iter().copied().collect();
    while let Some(block) = open.pop() {
        let data = &func.blocks[block];
        let is_stored = stores(block).next().is_some();
        if !is_stored && data.instrs.contains(&at) {
            return None;
        }
        let next = data.end.successors().filter(|_| !is_stored).chain(data.unwind);
        open.extend(next.filter(|next| seen.insert(*next)));
    }
    let all: Vec<(bool, InstrId)> = func.blocks.ids().flat_map(stores).collect();
    let is_whole = all.iter().all(|(is_whole, _)| *is_whole);
    is_whole.then(|| all.into_iter().map(|(_, value)| value).collect())
}
