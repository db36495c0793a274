//! Containers that hold what the program did not name: those that another function than the one that makes them puts something into.
//!
//! What is put there under a name that is written in the program, or that the program makes up itself, as an id is, leaves the
//! container one that tells what the program knows. So does what is put there before the server answers anybody.

use rustc_hash::FxHashSet;

use crate::base::bounds::{MAX_CHECK_DEPTH, MAX_LISTS};
use crate::ir::func::{FuncId, Function, Param};
use crate::ir::instr::{ArgKind, Base, Call, Const, Entry, Field, InstrId, Op, Oper, Place, TextPart};
use crate::models::index::Table;
use crate::models::path::PortHead;
use crate::resolve::ports::argument;
use crate::resolve::solve::{CallKind, Values};
use crate::resolve::values::At;

use super::checks::{made_at, returned};
use super::explore::{Explorer, Phase};
use super::live::{Live, Site};
use super::process::Process;

/// The containers, by the instruction that makes them.
pub(super) fn filled_elsewhere(values: &Values<'_>, processes: &[&Process<'_>]) -> FxHashSet<At> {
    let mut found = FxHashSet::default();
    let serving = run_while_serving(processes);
    for (func, body) in values.program.funcs.iter_enumerated().filter(|(func, _)| serving.contains(func)) {
        for (id, instr) in body.instrs.iter_enumerated() {
            let held = match &instr.op {
                Op::Store(place, _) if matches!(place.path.last(), Some(Field::Any)) => {
                    values.prefix_values(func, place, place.path.len() - 1)
                }
                Op::Call(call) => match (call.callee.path.last(), values.receiver_slot((func, id))) {
                    (Some(Field::Name(name)), Some(slot)) if values.models.keeps(name) => values.of_slot(slot).items(),
                    _ => continue,
                },
                _ => continue,
            };
            let base = match &instr.op {
                Op::Store(place, _) => &place.base,
                Op::Call(call) => &call.callee.base,
                _ => continue,
            };
            if holds_copy(values, func, body, base) {
                continue;
            }
            let mut made =
                held.iter().filter_map(made_at).filter(|made| made.0 != func && !found.contains(made)).peekable();
            if made.peek().is_some() && !(Names { values, func, body }).are_own(id) {
                let made: Vec<At> = made.collect();
                found.extend(made);
            }
        }
    }
    found
}

/// Is a variable given nothing but copies that the function makes? What is put into one is not put into what it was made of.
fn holds_copy(values: &Values<'_>, func: FuncId, body: &Function, base: &Base) -> bool {
    let Base::Local(_) = base else { return false };
    let is_copy = |value: &InstrId| {
        values.call_rows((func, *value), Table::Flow).into_iter().any(|row| values.models.flow(row).copies)
    };
    let mut given = body.instrs.iter().filter_map(|instr| match &instr.op {
        Op::Store(place, value) if place.base == *base && place.path.is_empty() => Some(value),
        _ => None,
    });
    given.next().is_some_and(is_copy) && given.all(is_copy)
}

/// The functions that run in some process while it serves.
fn run_while_serving(processes: &[&Process<'_>]) -> FxHashSet<FuncId> {
    let mut found = FxHashSet::default();
    let mut add = |live: &Live, explorer: &Explorer<'_>| {
        let frames = live.reached.keys().map(|(frame, _)| &explorer.frames[*frame]);
        found.extend(frames.filter(|frame| frame.context.phase.has(Phase::SERVING)).map(|frame| frame.func));
        let serves = |sites: &[Site]| sites.iter().any(|site| site.phase.has(Phase::SERVING));
        found.extend(live.sites.iter().filter(|(_, sites)| serves(sites)).map(|(at, _)| at.0));
    };
    for process in processes {
        add(&process.live, &process.explorer);
        if let (Some(any), Some(explorer)) = (&process.on_any_transport, &process.any_explorer) {
            add(&any.live, explorer);
        }
    }
    found
}

/// The names under which a function puts something into containers.
#[derive(Clone, Copy)]
struct Names<'a, 'v> {
    values: &'a Values<'v>,
    func: FuncId,
    body: &'a Function,
}

impl Names<'_, '_> {
    /// Does an instruction put something into a container under a name of the program's own only?
    fn are_own(self, id: InstrId) -> bool {
        match &self.body.instrs[id].op {
            Op::Store(..) => self.body.keys.get(&id).is_some_and(|key| self.is_name(*key)),
            Op::Call(call) => {
                let is_plain = call.args.iter().all(|arg| arg.kind == ArgKind::Positional);
                let is_keyed =
                    matches!(call.callee.path.last(), Some(Field::Name(name)) if self.values.models.is_keyed(name));
                let n_names = if is_keyed { 1 } else { call.args.len() };
                is_plain && !call.args.is_empty() && call.args.iter().take(n_names).all(|arg| self.is_name(arg.value))
            }
            _ => false,
        }
    }

    /// A number says where in a list something is put, and nothing of what that is.
    fn is_name(self, value: InstrId) -> bool {
        !matches!(self.body.instrs[value].op, Op::Const(Const::Int(_))) && self.is_own(value, MAX_CHECK_DEPTH)
    }

    /// Is a value written in the program, or made by it without anything that came from outside?
    fn is_own(self, value: InstrId, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        match &self.body.instrs[value].op {
            Op::Const(_) => true,
            Op::Text(parts) => parts.iter().all(|part| match part {
                TextPart::Lit(_) => true,
                TextPart::Hole(value, _) => self.is_own(*value, depth),
            }),
            Op::Await(value) => self.is_own(*value, depth),
            Op::Operator(Oper::Add | Oper::Arith | Oper::Slice, operands) => {
                operands.iter().all(|value| self.is_own(*value, depth))
            }
            Op::Load(place) => self.is_own_place(place, depth),
            Op::Call(call) => self.is_made(call, value, depth),
            _ => false,
        }
    }

    fn is_own_place(self, place: &Place, depth: usize) -> bool {
        match place.base {
            // `uuid4().hex`
            Base::Value(value) => self.is_own(value, depth),
            Base::Local(local) if self.body.params.iter().all(|param| param.local != local) => {
                let mut stores = self.body.instrs.iter().filter_map(|instr| match &instr.op {
                    Op::Store(to, value) if to.base == place.base => Some((to, *value)),
                    _ => None,
                });
                let first = stores.next().filter(|(to, _)| to.path.is_empty());
                first.is_some_and(|(_, value)| stores.next().is_none() && self.is_own(value, depth))
            }
            Base::Local(local) => {
                let is_it = |param: &Param| param.local == local;
                self.body.params.iter().position(is_it).is_some_and(|at| self.is_given_own(at, &place.path, depth))
            }
            _ => false,
        }
    }

    /// Does each call of the function give such a value for a parameter, or in a field of an object that is written out there?
    fn is_given_own(self, param: usize, path: &[Field], depth: usize) -> bool {
        let (values, Ok(head)) = (self.values, i32::try_from(param).map(PortHead::Arg)) else { return false };
        let callers = values.callers(self.func);
        !callers.is_empty()
            && callers.len() <= MAX_LISTS
            && callers.iter().all(|caller| {
                let inner = Names { func: caller.0, body: &values.program.funcs[caller.0], ..self };
                let is_direct = values.callees(*caller).iter().all(|(_, kind)| *kind == CallKind::Direct);
                let given = values.call_at(*caller).and_then(|call| argument(call, &head));
                is_direct && given.is_some_and(|given| inner.is_own_at(given, path, depth))
            })
    }

    /// Is what stands in a field of a value that the function writes out such a value?
    fn is_own_at(self, value: InstrId, path: &[Field], depth: usize) -> bool {
        let [field, rest @ ..] = path else { return self.is_own(value, depth) };
        let Op::Record(record) = &self.body.instrs[value].op else { return false };
        let mut entries = record.entries.iter().rev();
        let is_it =
            |entry: &&Entry| matches!(entry, Entry::Spread(_)) || matches!(entry, Entry::Field(to, _) if to == field);
        matches!(entries.find(is_it), Some(Entry::Field(_, value)) if self.is_own_at(*value, rest, depth))
    }

    /// Does a call make an id, or another text of one: `randomUUID()`, `str(uuid4())[:8]`, `newId()`?
    fn is_made(self, call: &Call, id: InstrId, depth: usize) -> bool {
        let values = self.values;
        let at = (self.func, id);
        let mut clean = values.call_rows(at, Table::Clean).into_iter().map(|row| values.models.clean(row));
        if clean.any(|row| row.numbers.is_empty() && row.lacking.is_empty()) {
            return true;
        }
        if let [(callee, kind)] = values.callees(at) {
            let inner = Names { func: *callee, body: &values.program.funcs[*callee], ..self };
            return *kind != CallKind::Callback && returned(inner.body).is_some_and(|value| inner.is_own(value, depth));
        }
        let are_args_own = call.args.iter().all(|arg| self.is_own(arg.value, depth));
        match call.callee.split_last() {
            Some((object, _)) if matches!(object.base, Base::Value(_) | Base::Local(_)) => {
                are_args_own && self.is_own_place(&object, depth)
            }
            _ => !call.args.is_empty() && are_args_own && !values.call_rows(at, Table::Flow).is_empty(),
        }
    }
}
