//! Standard streams and the writers of them that a program puts something else in place of.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::base::bounds::MAX_REPLACED;
use crate::ir::func::FuncId;
use crate::ir::instr::{Call, Field, InstrId, LEAVE, Op};
use crate::ir::program::{ClassId, Language};
use crate::models::index::{NodeId, Table};
use crate::models::path::Step;
use crate::models::schema::{SinkKind, Stream, StreamSpec};
use crate::resolve::values::{At, Value};

use super::explore::{Explorer, Mode, Rebind, State};

impl Explorer<'_> {
    pub(super) fn store_api(
        &mut self,
        at: At,
        (object, member): (NodeId, NodeId),
        value: InstrId,
        state: &mut State,
    ) -> bool {
        let data = self.values.models.index.node(member);
        for row in data.rows(Table::CrashPlace) {
            for value in self.values.of(at.0, value).items().to_vec() {
                if let Value::Func(handler) = value {
                    self.run_later(handler, at, Mode::Crash);
                }
            }
            let _ = row;
        }
        let mut found = [Table::CrashPlace, Table::LoggerPlace, Table::LevelPlace].iter().any(|table| data.has(*table));
        // An object that no model describes may call what is put on it whenever it likes: `client.onFailure = report`.
        let is_foreign = !data.is_modelled() && !self.values.models.index.node(object).is_modelled();
        if data.has(Table::HandlerPlace) || is_foreign && self.values.language(at.0) == Language::Script {
            for value in self.values.of(at.0, value).items().to_vec() {
                if let Value::Func(handler) = value {
                    self.run_later(handler, at, Mode::Now);
                }
            }
            found |= !is_foreign;
        }
        for row in data.rows(Table::RebindPlace) {
            let versions = self.values.models.rebind(row).versions.as_deref();
            if !self.values.version_allows(Some(at.0), row, versions) {
                continue;
            }
            let values = self.values.of(at.0, value).items().to_vec();
            let (stream, is_filter) = self.rebound_stream(&values);
            let id = self.rebind(Rebind { at, row, stream, is_filter });
            self.put_in_force(id, state);
            found = true;
        }
        found
    }

    /// From now on a rebinding is in force, and no earlier assignment to the same place.
    pub(super) fn put_in_force(&self, id: u32, state: &mut State) {
        let is_assigned =
            |rebind: &Rebind| matches!(self.values.program.funcs[rebind.at.0].instrs[rebind.at.1].op, Op::Store(..));
        let new = &self.rebinds[id as usize];
        let is_over = |known: &u32| {
            let known = &self.rebinds[*known as usize];
            known.row == new.row && is_assigned(known) && is_assigned(new)
        };
        let rebinds = Rc::make_mut(&mut state.rebinds);
        rebinds.retain(|known| !is_over(known));
        rebinds.insert(id);
    }

    /// Where writes go after something was replaced by one of the values; and whether it hands on to the original.
    fn rebound_stream(&self, values: &[Value]) -> (Stream, bool) {
        for value in values {
            match value {
                Value::Api(node, _) => {
                    let stream = self.values.stream_of_values(std::slice::from_ref(value), None);
                    if stream != Stream::Unknown {
                        return (stream, false);
                    }
                    let called = self.values.models.index.step(*node, &Step::Call);
                    for row in self.values.models.index.node(called).rows(Table::Sink) {
                        if let Some(StreamSpec::Fixed(stream)) = &self.values.models.sink(row).stream {
                            return (*stream, false);
                        }
                    }
                }
                Value::Func(func) => return self.replaced_by(*func),
                // What it writes to stderr says nothing of its other members: a protocol may take the stream from one of them.
                Value::Instance(class) if self.hands_on(*class) => return (Stream::Stdout, false),
                _ => {}
            }
        }
        (Stream::Unknown, false)
    }

    /// Do all methods of a class by which a stream is written to hand what they get to stdout, whatever that is?
    ///     class Both:
    ///         def write(self, text):
    ///             self.out.write(text); self.file.write(text)
    fn hands_on(&self, class: ClassId) -> bool {
        let mut writers = self.values.classes.methods(class, "write").into_iter().peekable();
        writers.peek().is_some()
            && writers.all(|func| {
                self.values.program.funcs[func].blocks.len() == 1 && self.replaced_by(func).0 == Stream::Stdout
            })
    }

    /// A function put in place of a writer: does it write to stdout itself (a filter), to stderr, or nowhere?
    fn replaced_by(&self, func: FuncId) -> (Stream, bool) {
        let mut streams = BTreeSet::new();
        let mut open = vec![func];
        let mut seen = BTreeSet::new();
        while let Some(func) = open.pop() {
            if !seen.insert(func) || seen.len() > MAX_REPLACED {
                continue;
            }
            for (id, instr) in self.values.program.funcs[func].instrs.iter_enumerated() {
                if let Op::Closure(inner) = instr.op {
                    open.push(inner);
                }
                if !matches!(instr.op, Op::Call(_)) {
                    continue;
                }
                let at = (func, id);
                open.extend(self.values.callees(at).iter().map(|(callee, _)| *callee));
                for row in self.values.call_rows(at, Table::Sink) {
                    let sink = self.values.models.sink(row);
                    match &sink.stream {
                        Some(spec) => _ = streams.insert(self.values.stream_of(at, spec)),
                        None if sink.kind == SinkKind::Log => _ = streams.insert(Stream::Log),
                        None => {}
                    }
                }
            }
        }
        if streams.contains(&Stream::Stdout) {
            return (Stream::Stdout, true);
        }
        (streams.first().copied().unwrap_or(Stream::None), false)
    }

    /// At the end of a `with` block what was redirected for the block is as it was.
    pub(super) fn leave_scope(&self, at: At, call: &Call, state: &mut State) {
        let leaves = matches!(call.callee.path.last(), Some(Field::Name(name)) if LEAVE.contains(&name.as_str()));
        let Some(manager) = self.values.receiver_slot(at).filter(|_| leaves && !state.rebinds.is_empty()) else {
            return;
        };
        let made: Vec<At> = self
            .values
            .of_slot(manager)
            .items()
            .iter()
            .filter_map(|value| if let Value::Api(_, made) = value { *made } else { None })
            .collect();
        let is_undone = |id: &u32| {
            let rebind = &self.rebinds[*id as usize];
            made.contains(&rebind.at) && self.values.models.rebind(rebind.row).scoped
        };
        if state.rebinds.iter().any(is_undone) {
            Rc::make_mut(&mut state.rebinds).retain(|id| !is_undone(id));
        }
    }
}
