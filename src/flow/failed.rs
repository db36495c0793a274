//! What runs because serving failed, told by the result of what serves: `if let Err(e) = run().await { … }`,
//! `serve().await.inspect_err(|e| …)`.

use std::collections::BTreeSet;

use rustc_hash::FxHashSet;

use crate::base::bounds::MAX_ALIASES;
use crate::ir::func::{BlockId, End, Function, LocalId};
use crate::ir::instr::{Base, Const, Entry, Field, InstrId, Op, Oper, Place};
use crate::models::Models;
use crate::models::index::Table;
use crate::resolve::values::Value;

use super::domain::has_value;
use super::explore::{Explorer, Frame};

/// The blocks that are entered where what starts to serve gave an error.
pub(super) fn failed_blocks(explorer: &Explorer<'_>, frame: &Frame) -> BTreeSet<BlockId> {
    let events = frame.blocks.visited().flat_map(|visited| &visited.events);
    let serving: FxHashSet<InstrId> = events.filter(|event| event.on_stdio).map(|event| event.instr).collect();
    if serving.is_empty() {
        return BTreeSet::new();
    }
    let func = &explorer.values.program.funcs[frame.func];
    let failed = |(id, _)| {
        let End::Branch { on, yes, no } = func.blocks[id].end else { return None };
        let (value, is_failed) = asked_for_error(func, on)?;
        let is_of_serving = result_of(explorer.values.models, func, value, |call| serving.contains(&call));
        (yes != no && is_of_serving).then_some((id, if is_failed { yes } else { no }))
    };
    let steps: BTreeSet<(BlockId, BlockId)> = frame.blocks.iter().filter_map(failed).collect();
    // The second arm of `Ok(0) => …, Ok(_) => …` is also tried where the first one does not fit but for its variant.
    let is_only_way = |to: BlockId| {
        let mut blocks = frame.blocks.iter();
        blocks.all(|(from, visited)| !visited.next.contains(&to) || steps.contains(&(from, to)))
    };
    steps.iter().map(|(_, to)| *to).filter(|to| is_only_way(*to)).collect()
}

/// The blocks that are entered where the process is told to end: `except KeyboardInterrupt`. That is no failure.
pub(super) fn ended_blocks(explorer: &Explorer<'_>, frame: &Frame) -> BTreeSet<BlockId> {
    let values = explorer.values;
    let func = &values.program.funcs[frame.func];
    let tells_to_end = |class: InstrId| {
        let items = values.of(frame.func, class).items();
        let is_exit = |value: &Value| match value {
            Value::Api(node, _) => values.models.index.node(*node).has(Table::ExitError),
            _ => false,
        };
        !items.is_empty() && items.iter().all(is_exit)
    };
    let clause = |(id, _)| {
        let End::Branch { on, yes, .. } = func.blocks[id].end else { return None };
        let Op::Operator(Oper::InstanceOf, operands) = &func.instrs[on].op else { return None };
        let [error, classes] = operands.as_slice() else { return None };
        let is_caught = matches!(func.instrs[*error].op, Op::Caught);
        let ends = match &func.instrs[*classes].op {
            Op::Record(record) => record.entries.iter().all(|entry| match entry {
                Entry::Field(_, class) => tells_to_end(*class),
                Entry::Spread(_) => false,
            }),
            _ => tells_to_end(*classes),
        };
        (is_caught && ends).then_some(yes)
    };
    frame.blocks.iter().filter_map(clause).collect()
}

/// The result that a condition asks, and whether it is an error where the condition holds.
fn asked_for_error(func: &Function, on: InstrId) -> Option<(InstrId, bool)> {
    let Op::Operator(Oper::IsVariant, operands) = &func.instrs[on].op else { return None };
    let [value, variant] = operands.as_slice() else { return None };
    let Op::Const(Const::Str(name)) = &func.instrs[*variant].op else { return None };
    Some((*value, !has_value(name)?))
}

/// Is a value the result of a call that `is_wanted` wants, waited for, kept in a variable, or with its error mapped?
pub(super) fn result_of(models: &Models, func: &Function, value: InstrId, is_wanted: impl Fn(InstrId) -> bool) -> bool {
    let mut value = value;
    for _ in 0..MAX_ALIASES {
        if is_wanted(value) {
            return true;
        }
        let place = match &func.instrs[value].op {
            Op::Await(inner) => {
                value = *inner;
                continue;
            }
            Op::Load(place) => place.clone(),
            Op::Call(call) => match call.callee.split_last() {
                Some((owner, Field::Name(name))) if models.error_fate(name).is_some() => owner,
                _ => return false,
            },
            _ => return false,
        };
        let next = match (&place.base, &*place.path) {
            (Base::Value(inner), []) => Some(*inner),
            (Base::Local(local), []) => only_store(func, *local),
            _ => None,
        };
        let Some(next) = next else { return false };
        value = next;
    }
    false
}

fn only_store(func: &Function, local: LocalId) -> Option<InstrId> {
    let mut stores = func.instrs.iter().filter_map(|instr| match &instr.op {
        Op::Store(place, value) if *place == Place::local(local) => Some(*value),
        _ => None,
    });
    let only = stores.next()?;
    stores.next().is_none().then_some(only)
}
