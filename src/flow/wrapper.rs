//! Logging helpers of the program: functions that do nothing but hand what they are given on to a log. A finding belongs to
//! their callers, who decide what is logged.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::base::bounds::{MAX_CHECK_DEPTH, MAX_LABEL_WORDS, MAX_WRAPPER, MIN_WRAPPER_CALLERS};
use crate::base::idx::Id;
use crate::ir::func::{BlockId, End, FuncId, FuncKind};
use crate::ir::instr::{self as ir, Base, Const, Field, InstrId, Op, Oper, Place, TextPart};
use crate::ir::program::CellId;
use crate::models::index::Table;
use crate::models::schema::SinkKind;
use crate::resolve::solve::CallKind;
use crate::resolve::values::{At, Value};

use super::callbacks::used;
use super::domain::{Entry, Heap, HeapId, RECEIVER, Root};
use super::summary::{Helper, Hit};
use super::transfer::Pass;

impl Pass<'_, '_> {
    /// Is the function a logging helper? It makes no object, gives nothing back, adds no message of its own, and all it calls
    /// is sinks, other such helpers, and functions that compute something.
    pub(super) fn helper(&self) -> Helper {
        let is_one = self.summary.hits.iter().any(|hit| hit.open)
            && self.func.instrs.len() <= MAX_WRAPPER
            && !matches!(self.func.kind, FuncKind::Init | FuncKind::Constructor)
            && !self.sends()
            && !self.works_on_kept()
            && !self.works_on_given()
            && self.func.instrs.iter_enumerated().all(|(id, instr)| match &instr.op {
                op @ Op::Call(call) => {
                    let is_short = || self.n_words(op) <= MAX_LABEL_WORDS;
                    self.only_logs(id)
                        && !self.picks_one(id)
                        && (is_short() || self.tells_of_caught(call) || self.is_beside(id))
                }
                Op::Await(_) => !self.func.is_async || !self.awaits_library(&instr.op),
                // What is said of an error that was caught here says nothing of what it was given.
                Op::Text(parts) if self.is_of_caught(parts) => true,
                op => self.n_words(op) <= MAX_LABEL_WORDS || self.is_beside(id),
            })
            && (!self.gives_back_something()
                || self.taint.words.is_log_function(&self.func.name) && self.is_left_by_callers());
        match self.n_callers() {
            _ if !is_one => Helper::None,
            n if n < MIN_WRAPPER_CALLERS && !self.is_named_logger() => Helper::Part,
            _ => Helper::Shared,
        }
    }

    /// Does the function, which nothing names a logger, put what it is given into a channel, or into a variable of a module:
    /// `self._outgoing.put_nowait(data)`? It is there for that, and logs beside it.
    fn sends(&self) -> bool {
        let is_given = |entry: &Entry| matches!(entry.root, Root::Param(at) if at != RECEIVER);
        let mut writes = self.summary.writes.iter().filter(|(_, entry)| is_given(entry));
        // It is kept where others find it, too: `pools.set(user, pool)`.
        let is_kept = |heap: &Heap| matches!(heap, Heap::Sent(..) | Heap::Cell(_));
        writes.any(|(heap, _)| is_kept(&self.taint.names.heaps[*heap]))
            && !self.taint.words.tells_of_logging(&self.func.name)
    }

    /// Does the function, which nothing names a logger, hand what it is given to an object of a library that is kept elsewhere and of
    /// which nothing is known, and do nothing with the answer: `self.graph.add_node(name)`? That is what it is there for, too.
    fn works_on_kept(&self) -> bool {
        let values = self.taint.values;
        let is_foreign = |value: &Value| match value {
            Value::Api(node, made) => made.is_some() && !values.models.index.node(*node).is_modelled(),
            _ => false,
        };
        let works = |id: InstrId, call: &ir::Call| {
            let Some((owner, _)) = call.callee.split_last() else { return false };
            let is_kept = match owner.base {
                Base::Local(local) => Some(local) == self.func.receiver && !owner.path.is_empty(),
                Base::Cell(_) => true,
                _ => false,
            };
            is_kept
                && !self.used[id.index()]
                && values.callees((self.id, id)).is_empty()
                && self.hands_on(id)
                && values.place_values(self.id, &owner).is_some_and(|held| held.iter().any(is_foreign))
        };
        let mut instrs = self.func.instrs.iter_enumerated();
        instrs.any(|(id, instr)| matches!(&instr.op, Op::Call(call) if works(id, call)))
            && !self.taint.words.tells_of_logging(&self.func.name)
    }

    /// Does the function, which nothing names a logger, have an object of a library that it is given do something with what it is given
    /// beside: `cursor.execute(query)`? That it says so first is its own affair.
    fn works_on_given(&self) -> bool {
        let values = self.taint.values;
        let models = values.models;
        let params = || self.func.params.iter().map(|param| param.local);
        let is_of_library = |value: &Value| matches!(value, Value::Api(_, Some(_)));
        let works = |id: InstrId, call: &ir::Call| {
            let (Base::Local(local), [ir::Field::Name(name)]) = (&call.callee.base, &*call.callee.path) else {
                return false;
            };
            params().any(|param| param == *local)
                && !self.used[id.index()]
                && !models.keeps(name)
                && !models.is_everywhere(name)
                && values.callees((self.id, id)).is_empty()
                && values.call_rows((self.id, id), Table::Sink).is_empty()
                && self.hands_on(id)
                && values
                    .place_values(self.id, &Place::local(*local))
                    .is_some_and(|held| held.iter().any(is_of_library))
        };
        let mut instrs = self.func.instrs.iter_enumerated();
        instrs.any(|(id, instr)| matches!(&instr.op, Op::Call(call) if works(id, call)))
            && !self.taint.words.tells_of_logging(&self.func.name)
    }

    /// Does a call run one of the functions of a table, of which another one keeps what it is given, and does not log? Which one it
    /// is, is no matter of logging: `NOTES[method](params, session)`.
    fn picks_one(&self, call: InstrId) -> bool {
        let Op::Call(called) = &self.func.instrs[call].op else { return false };
        let callees = self.taint.values.callees((self.id, call));
        let keeps = |(func, _): &(FuncId, CallKind)| {
            let summary = &self.taint.summaries[func.index()];
            let body = &self.taint.values.program.funcs[*func];
            let is_given = |base: &Base| body.params.iter().any(|param| *base == Base::Local(param.local));
            let puts = |op: &Op| matches!(op, Op::Store(Place { base, path }, _) if is_given(base) && !path.is_empty());
            let keeps = !summary.writes.is_empty() || body.instrs.iter().any(|instr| puts(&instr.op));
            summary.helper == Helper::None && keeps
        };
        called.callee.path.is_empty()
            && callees.len() > 1
            && callees.iter().any(keeps)
            && !self.taint.words.tells_of_logging(&self.func.name)
    }

    /// Is an instruction on a way on which nothing is written of what the function was given? What is said there is about the
    /// logging itself: `if (!file) { console.error("there is no file to write to"); return; }`.
    fn is_beside(&self, id: InstrId) -> bool {
        let block_of = |id: InstrId| self.func.blocks.ids().find(|block| self.func.blocks[*block].instrs.contains(&id));
        let hits = self.summary.hits.iter().filter(|hit| hit.open && hit.primary.0 == self.id);
        let written: Vec<BlockId> = hits.filter_map(|hit| block_of(hit.primary.1)).collect();
        block_of(id).is_some_and(|own| {
            !written.is_empty()
                && written.iter().all(|block| !self.func.leads_to(own, *block) && !self.func.leads_to(*block, own))
        })
    }

    /// Is a text made of nothing but an error that was caught here?
    fn is_of_caught(&self, parts: &[TextPart]) -> bool {
        let mut holes =
            parts.iter().filter_map(|part| if let TextPart::Hole(value, _) = part { Some(*value) } else { None });
        holes.next().is_some_and(|value| self.is_caught(value)) && holes.all(|value| self.is_caught(value))
    }

    /// Is a call given nothing but an error that was caught here, and a text that goes with it: `console.error("not kept:", error)`?
    fn tells_of_caught(&self, call: &ir::Call) -> bool {
        let is_text = |value: InstrId| matches!(self.func.instrs[value].op, Op::Const(Const::Str(_)));
        call.args.iter().any(|arg| self.is_caught(arg.value))
            && call.args.iter().all(|arg| is_text(arg.value) || self.is_caught(arg.value))
    }

    /// Is a value an error that was caught here, or a field of one?
    pub(super) fn is_caught(&self, value: InstrId) -> bool {
        let is_error = |value: InstrId| matches!(self.func.instrs[value].op, Op::Caught);
        match &self.func.instrs[value].op {
            Op::Load(Place { base, .. }) => self.func.instrs.iter().any(|instr| match &instr.op {
                Op::Store(to, value) => to.base == *base && to.path.is_empty() && is_error(*value),
                _ => false,
            }),
            _ => is_error(value),
        }
    }

    /// Is the function called as one that logs: by its own name, or by one under which it is kept, `logger.error`?
    fn is_named_logger(&self) -> bool {
        let (values, words) = (self.taint.values, self.taint.words);
        let names = |at: &At| {
            let last = values.call_at(*at).and_then(|call| call.callee.path.last());
            matches!(last, Some(Field::Name(name)) if words.is_log_function(name))
        };
        let callers = values.callers(self.id);
        words.is_log_function(&self.func.name) || !callers.is_empty() && callers.iter().all(names)
    }

    /// How many places of the program call the function. What a decorator makes in several forms of what it is put around is
    /// one: `return wrapper if inspect.iscoroutinefunction(func) else plain`.
    fn n_callers(&self) -> usize {
        let values = self.taint.values;
        let program = values.program;
        let is_captured = |cell: CellId| program.funcs[program.cells[cell].owner].kind != FuncKind::Init;
        let calls = |at: &&At| values.callees(**at).contains(&(self.id, CallKind::Direct));
        let place = |at: &At| match values.call_at(*at).map(|call| &call.callee) {
            Some(Place { base: Base::Cell(cell), path }) if path.is_empty() && is_captured(*cell) => Err(*cell),
            _ => Ok(*at),
        };
        values.callers(self.id).iter().filter(calls).map(place).collect::<BTreeSet<_>>().len()
    }

    /// Does the function give back what it was given, what it computed, or one constant here and another one there?
    fn gives_back_something(&self) -> bool {
        let constants = self.func.blocks.iter().filter_map(|block| match block.end {
            End::Return(Some(value)) => match &self.func.instrs[value].op {
                Op::Const(constant) => Some(constant),
                _ => None,
            },
            _ => None,
        });
        let mut constants = constants.filter(|constant| !matches!(constant, Const::Null | Const::Undefined));
        let first = constants.next();
        constants.any(|other| first != Some(other)) || self.gives_back_a_value()
    }

    /// Does nobody who calls the function take what it gives back: `audit.log(tool, action);` of one that gives the entry?
    fn is_left_by_callers(&self) -> bool {
        let values = self.taint.values;
        let mut uses: FxHashMap<FuncId, Vec<bool>> = FxHashMap::default();
        let callers = values.callers(self.id);
        !callers.is_empty()
            && callers.iter().all(|(caller, call)| {
                let body = &values.program.funcs[*caller];
                let used = uses.entry(*caller).or_insert_with(|| used(body));
                let is_left = |value: InstrId| !used[value.index()];
                let is_waited_for = |(id, instr): (InstrId, &ir::Instr)| {
                    matches!(instr.op, Op::Await(called) if called == *call) && is_left(id)
                };
                values.callees((*caller, *call)).contains(&(self.id, CallKind::Direct))
                    && (is_left(*call) || body.instrs.iter_enumerated().any(is_waited_for))
            })
    }

    fn gives_back_a_value(&self) -> bool {
        self.func.blocks.iter().any(|block| match block.end {
            End::Return(Some(value)) => {
                !matches!(self.func.instrs[value].op, Op::Const(_)) && !self.given[value.index()].is_empty()
                    || self.is_computed(value, MAX_CHECK_DEPTH)
            }
            _ => false,
        })
    }

    /// Does a value, or what it is a field of, come out of a call that does not log?
    fn is_computed(&self, value: InstrId, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        match &self.func.instrs[value].op {
            Op::Call(_) => !self.is_log_call(value),
            Op::Await(inner) => self.is_computed(*inner, depth),
            Op::Operator(_, parts) => parts.iter().any(|part| self.is_computed(*part, depth)),
            Op::Record(record) => record.entries.iter().any(|entry| match entry {
                ir::Entry::Field(_, value) | ir::Entry::Spread(value) => self.is_computed(*value, depth),
            }),
            Op::Load(Place { base: Base::Value(of), .. }) => self.is_computed(*of, depth),
            Op::Load(Place { base, path }) => self.func.instrs.iter().any(|instr| match &instr.op {
                Op::Store(to, stored) => {
                    to.base == *base && path.starts_with(&to.path) && self.is_computed(*stored, depth)
                }
                _ => false,
            }),
            _ => false,
        }
    }

    /// Is a call one of a sink, or of another logging helper?
    fn is_log_call(&self, call: InstrId) -> bool {
        let values = self.taint.values;
        let at = (self.id, call);
        let is_helper = |func: FuncId| func == self.id || self.taint.summaries[func.index()].helper != Helper::None;
        !values.call_rows(at, Table::Sink).is_empty() || values.callees(at).iter().any(|(func, _)| is_helper(*func))
    }

    /// Does a call do nothing beside logging? What a library calls of the things it is handed counts if it was written here.
    fn only_logs(&self, call: InstrId) -> bool {
        let values = self.taint.values;
        let is_own = |func: FuncId| values.program.funcs[func].parent == Some(self.id);
        let callees = values.callees((self.id, call));
        // One of several implementations that logs makes the others loggers, too: they keep the record, or send it.
        let is_helper = |func: FuncId| func == self.id || self.taint.summaries[func.index()].helper != Helper::None;
        callees.iter().any(|(func, kind)| *kind == CallKind::Direct && is_helper(*func))
            || callees.iter().all(|(func, kind)| {
                let summary = &self.taint.summaries[func.index()];
                // What a library hands to a function in here, as the error of a promise, that one may log; so what is caught.
                let is_handed = |hit: &Hit| matches!(hit.entry.root, Root::Param(at) if at != RECEIVER);
                let is_other = *kind == CallKind::Callback || is_own(*func) && !self.hands_on(call);
                let is_aside = is_other && summary.hits.iter().all(is_handed);
                // What a condition asks, and keeps for its inner functions, is its own; so is what only those find there that are
                // called at once.
                let is_kept = |heap: HeapId| match self.taint.names.heaps[heap] {
                    Heap::Cell(cell) | Heap::Inner(cell) => {
                        values.program.cells[cell].owner == *func
                            && (self.is_condition(call) || self.used[call.index()] && self.keeps_for_now(*func))
                    }
                    _ => self.taint.names.heaps[heap] == Heap::VariableNames,
                };
                (summary.hits.is_empty() || is_aside) && summary.writes.iter().all(|(heap, _)| is_kept(*heap))
                    || *kind == CallKind::Callback && !is_own(*func)
            })
    }

    /// Are all functions inside another one handed, where they stand, to what goes through a container or a text and calls them
    /// there: `Object.keys(data).forEach((key) => …)`?
    fn keeps_for_now(&self, func: FuncId) -> bool {
        let (program, models) = (self.taint.values.program, self.taint.values.models);
        let instrs = &program.funcs[func].instrs;
        let is_called = |made: InstrId| {
            let hands_it = |call: &ir::Call| {
                matches!(call.callee.path.last(), Some(Field::Name(name)) if models.iterates(name) || models.writes_in(name))
                    && call.args.iter().any(|arg| arg.value == made)
            };
            let mut users = instrs.iter().filter(|instr| {
                let mut uses = false;
                instr.op.operands(|operand| uses |= operand == made);
                uses
            });
            users.all(|instr| matches!(&instr.op, Op::Call(call) if hands_it(call)))
        };
        instrs.iter_enumerated().all(|(id, instr)| !matches!(instr.op, Op::Closure(_)) || is_called(id))
    }

    /// Does a condition of the function ask a call?
    fn is_condition(&self, call: InstrId) -> bool {
        let asks = |on: InstrId| match &self.func.instrs[on].op {
            Op::Operator(Oper::Not, operands) => operands.contains(&call),
            _ => on == call,
        };
        self.func.blocks.iter().any(|block| matches!(block.end, End::Branch { on, .. } if asks(on)))
    }

    /// Is something among the arguments of a call that the function was given?
    fn hands_on(&self, call: InstrId) -> bool {
        let Op::Call(call) = &self.func.instrs[call].op else { return false };
        let is_given = |entry: &Entry| matches!(entry.root, Root::Param(at) if at != RECEIVER);
        call.args.iter().any(|arg| self.given[arg.value.index()].entries().iter().any(is_given))
    }

    /// How many words of its own a text has.
    fn n_words(&self, op: &Op) -> usize {
        let count = |text: &str| {
            let is_word = |word: &&str| word.chars().filter(|c| c.is_alphabetic()).count() > 1;
            text.split(|c: char| !c.is_alphanumeric()).filter(is_word).count()
        };
        match op {
            Op::Text(parts) => {
                parts.iter().map(|part| if let TextPart::Lit(text) = part { count(text) } else { 0 }).sum()
            }
            Op::Call(call) => {
                // A text in one piece is a name or a path, however many words it is made of.
                let literal = |value| match &self.func.instrs[value].op {
                    Op::Const(Const::Str(text)) if text.trim().contains(char::is_whitespace) => count(text),
                    Op::Const(Const::Str(_)) => 1,
                    _ => 0,
                };
                call.args.iter().map(|arg| literal(arg.value)).max().unwrap_or(0)
            }
            _ => 0,
        }
    }

    /// Is a call one of a log, or one that tells the agent? What writes somewhere may write a file.
    fn tells(&self, call: InstrId) -> bool {
        let values = self.taint.values;
        let rows = values.call_rows((self.id, call), Table::Sink);
        rows.into_iter().any(|row| matches!(values.models.sink(row).kind, SinkKind::Log | SinkKind::Agent))
    }

    /// Is a call of a library waited for that does something else than to log?
    fn awaits_library(&self, op: &Op) -> bool {
        let Op::Await(value) = op else { return false };
        matches!(self.func.instrs[*value].op, Op::Call(_))
            && self.taint.values.callees((self.id, *value)).is_empty()
            && !self.tells(*value)
    }
}
