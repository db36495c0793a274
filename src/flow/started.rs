//! Coroutines that are made in one place and waited for in another: `gather(serve(), poll())`, `create_task(serve())`.
//!
//! The call only makes the coroutine. What follows runs before it and beside it, up to where it is waited for. A coroutine
//! that a call is handed of which nothing is known counts as waited for there.

use rustc_hash::FxHashSet;

use crate::base::bounds::MAX_PARTS_OF_TASKS;
use crate::ir::func::FuncId;
use crate::ir::instr::{Base, Call, ENTER, Entry, Field, InstrId, LEAVE, Op, Place, Record};
use crate::ir::program::Language;
use crate::models::index::Table;
use crate::models::path::Step;
use crate::models::schema::CallbackTime;
use crate::resolve::solve::Values;
use crate::resolve::values::{At, Value};

use super::explore::{Explorer, FrameId, Phase, State};

/// The calls whose value is handed to what runs coroutines, by itself or in a list.
pub(super) fn started(values: &Values<'_>) -> FxHashSet<At> {
    let mut found = FxHashSet::default();
    for (func, data) in values.program.funcs.iter_enumerated() {
        if values.language(func) != Language::Python {
            continue;
        }
        for (id, instr) in data.instrs.iter_enumerated() {
            let handed: Vec<InstrId> = match &instr.op {
                Op::Call(call) if !values.call_rows((func, id), Table::Callback).is_empty() => handed(call).collect(),
                Op::Record(record) => entries(record).collect(),
                _ => continue,
            };
            let calls = handed.into_iter().filter(|value| matches!(data.instrs[*value].op, Op::Call(_)));
            found.extend(calls.map(|value| (func, value)));
        }
    }
    found
}

/// The calls whose coroutine is handed to what runs it beside the code that goes on: `tokio::spawn(work(inbox))`.
pub(super) fn left_beside(values: &Values<'_>) -> FxHashSet<At> {
    let is_later = |at: At| {
        let rows = values.call_rows(at, Table::Callback);
        !rows.is_empty() && rows.iter().all(|row| values.models.callback(*row).runs == CallbackTime::Later)
    };
    let mut found = FxHashSet::default();
    for (func, data) in values.program.funcs.iter_enumerated() {
        for (id, instr) in data.instrs.iter_enumerated() {
            let Op::Call(call) = &instr.op else { continue };
            let mut made = handed(call).filter(|value| matches!(data.instrs[*value].op, Op::Call(_))).peekable();
            if made.peek().is_some() && is_later((func, id)) {
                found.extend(made.map(|value| (func, value)));
            }
        }
    }
    found
}

fn handed(call: &Call) -> impl Iterator<Item = InstrId> {
    call.args.iter().map(|arg| arg.value)
}

/// What stands in a list, not what stands under a name.
fn entries(record: &Record) -> impl Iterator<Item = InstrId> {
    record.entries.iter().filter_map(|entry| match entry {
        Entry::Field(Field::Name(_), _) => None,
        Entry::Field(_, value) | Entry::Spread(value) => Some(*value),
    })
}

impl Explorer<'_> {
    /// Is the value of the call at `at` a coroutine that something else runs?
    pub(super) fn is_left_to_run(&self, at: At) -> bool {
        self.prepared.started.contains(&at)
    }

    /// Does what a call starts go on beside the code behind it, also when the process serves?
    pub(super) fn runs_on(&self, at: At, phase: Phase, frame: FrameId) -> bool {
        phase == Phase::BEFORE && !self.frames[frame].outcome.serves && self.prepared.left_beside.contains(&at)
    }

    /// Behind the place that waits for what serves, serving is over.
    pub(super) fn wait_for(&self, func: FuncId, value: InstrId, state: &mut State) {
        if state.phase.has(Phase::SERVING) && self.is_serving(func, value, &mut FxHashSet::default()) {
            state.phase = Phase::AFTER;
        }
    }

    /// A call that runs the coroutines that it is handed, or ends the block whose tasks they are.
    pub(super) fn wait_in_call(&self, at: At, call: &Call, state: &mut State) {
        if !state.phase.has(Phase::SERVING) || self.values.language(at.0) != Language::Python {
            return;
        }
        let leaves = matches!(call.callee.path.last(), Some(Field::Name(name)) if LEAVE.contains(&name.as_str()));
        let waits = if leaves {
            self.is_block_of_serving(at)
        } else {
            self.runs(at, CallbackTime::Now) && self.hands_over_serving(at.0, call)
        };
        if waits {
            state.phase = Phase::AFTER;
        }
    }

    fn runs(&self, at: At, time: CallbackTime) -> bool {
        let rows = self.values.call_rows(at, Table::Callback);
        rows.iter().any(|row| self.values.models.callback(*row).runs == time)
    }

    fn hands_over_serving(&self, func: FuncId, call: &Call) -> bool {
        let mut seen = FxHashSet::default();
        handed(call).any(|value| self.is_serving(func, value, &mut seen))
    }

    /// Is a value a coroutine that serves, or what runs one, or a list with one in it? `seen`: the values that were looked at.
    fn is_serving(&self, func: FuncId, value: InstrId, seen: &mut FxHashSet<InstrId>) -> bool {
        if !seen.insert(value) || seen.len() > MAX_PARTS_OF_TASKS {
            return false;
        }
        let data = &self.values.program.funcs[func];
        match &data.instrs[value].op {
            Op::Call(call) => {
                let at = (func, value);
                if self.is_left_to_run(at) && (self.serving_calls.contains(&at) || self.call_may_serve(at)) {
                    return true;
                }
                !self.values.call_rows(at, Table::Callback).is_empty()
                    && handed(call).any(|value| self.is_serving(func, value, seen))
            }
            Op::Record(record) => entries(record).any(|value| self.is_serving(func, value, seen)),
            Op::Load(place) => match (&place.base, &*place.path) {
                (Base::Value(value), []) => self.is_serving(func, *value, seen),
                (Base::Local(local), []) => data.instrs.iter().any(|instr| match &instr.op {
                    Op::Store(Place { base: Base::Local(to), path }, value) if to == local && path.is_empty() => {
                        self.is_serving(func, *value, seen)
                    }
                    _ => false,
                }),
                _ => false,
            },
            _ => false,
        }
    }

    /// Does a block end at `at` whose group of tasks was handed what serves?
    fn is_block_of_serving(&self, at: At) -> bool {
        let nodes = |at: At| {
            let slot = self.values.receiver_slot(at);
            let values = slot.map_or(&[][..], |slot| self.values.of_slot(slot).items());
            values.iter().filter_map(|value| if let Value::Api(node, _) = value { Some(*node) } else { None })
        };
        let index = &self.values.models.index;
        let entered = |node, enter: &str| index.step(index.step(node, &Step::Member(enter.into())), &Step::Call);
        let group: Vec<_> =
            nodes(at).flat_map(|node| ENTER.map(|enter| entered(node, enter)).into_iter().chain([node])).collect();
        let data = &self.values.program.funcs[at.0];
        !group.is_empty()
            && data.instrs.iter_enumerated().any(|(id, instr)| {
                let made = (at.0, id);
                let Op::Call(call) = &instr.op else { return false };
                nodes(made).any(|node| group.contains(&node))
                    && self.runs(made, CallbackTime::Later)
                    && (self.serving_calls.contains(&made) || self.hands_over_serving(at.0, call))
            })
    }
}
