//! Is what is written to stdout the protocol itself?

use rustc_hash::FxHashSet;

use crate::base::bounds::MAX_SLICE;
use crate::ir::func::{End, FuncId};
use crate::ir::instr::{Arg, Base, Const, Entry, Field, InstrId, Op, Place, TextPart};
use crate::models::index::Table;
use crate::models::path::{Port, PortHead};
use crate::resolve::values::{At, Key, Value};
use crate::rules::Cx;

/// Does a write hand out a message of the protocol? In a server that speaks it by hand any serialised data counts, beside
/// an SDK only what is seen to be a message.
pub(in crate::rules) fn is_protocol(cx: &Cx<'_>, at: At, by_hand: bool) -> bool {
    by_hand && ends_message(cx, at)
        || Slice { cx, by_hand, seen: FxHashSet::default(), buffers: FxHashSet::default() }.serialised(at, MAX_SLICE)
}

/// Is nothing written but the end of a line, as after each message?
fn ends_message(cx: &Cx<'_>, at: At) -> bool {
    let Some(call) = cx.values.call_at(at) else { return false };
    let is_line_end = |value: InstrId| match &cx.values.program.funcs[at.0].instrs[value].op {
        Op::Const(Const::Str(text)) => !text.is_empty() && text.trim().is_empty(),
        _ => false,
    };
    !call.args.is_empty() && call.args.iter().all(|arg| is_line_end(arg.value))
}

/// The values that a written text was made of, followed backwards.
struct Slice<'c, 'v> {
    cx: &'c Cx<'v>,
    by_hand: bool,
    seen: FxHashSet<At>,
    /// The buffers that were asked about.
    buffers: FxHashSet<(FuncId, Base)>,
}

impl Slice<'_, '_> {
    fn serialised(&mut self, at: At, depth: usize) -> bool {
        if depth == 0 || !self.seen.insert(at) {
            return false;
        }
        let values = self.cx.values;
        if values.of(at.0, at.1).items().iter().any(|value| self.is_serialised(value)) {
            return true;
        }
        let func = &values.program.funcs[at.0];
        let mut inner = |id: InstrId| self.serialised((at.0, id), depth - 1);
        match &func.instrs[at.1].op {
            Op::Text(parts) => parts.iter().any(|part| matches!(part, TextPart::Hole(value, _) if inner(*value))),
            Op::Operator(_, operands) | Op::Unknown(_, operands) => operands.iter().any(|value| inner(*value)),
            Op::Await(value) | Op::Store(_, value) => inner(*value),
            Op::Call(call) => {
                call.args.iter().any(|arg| inner(arg.value))
                    || match &call.callee.base {
                        Base::Value(value) => inner(*value),
                        _ if call.callee.path.is_empty() => false,
                        base => self.stored(at.0, base, depth),
                    }
                    || self.returned(at, depth)
                    || self.sent(at, depth)
            }
            // `json!({ "jsonrpc": … }).to_string()`: the text of a message, whichever way it is made.
            Op::Record(record) => record.entries.iter().any(
                |entry| matches!(entry, Entry::Field(Field::Name(name), _) if *name == *values.models.message_field()),
            ),
            Op::Load(Place { base: Base::Value(value), .. }) => self.serialised((at.0, *value), depth - 1),
            Op::Load(place) => self.stored(at.0, &place.base, depth),
            _ => false,
        }
    }

    fn is_serialised(&self, value: &Value) -> bool {
        let Value::Api(node, made) = value else { return false };
        let models = self.cx.values.models;
        let data = models.index.node(*node);
        let is_text = data.rows(Table::Source).any(|row| models.source(row).kind == "serialised");
        is_text && (self.by_hand || made.is_some_and(|made| self.is_message(made)))
    }

    /// Does a call that serialises take an object with the field that every message has?
    fn is_message(&self, at: At) -> bool {
        let values = self.cx.values;
        let key = Key::Name(values.models.message_field().into());
        let is_message =
            |value: &Value| values.object_of(value).is_some_and(|obj| values.known_field(&obj, &key).is_some());
        values
            .call_at(at)
            .is_some_and(|call| call.args.iter().any(|arg| values.of(at.0, arg.value).items().iter().any(is_message)))
    }

    fn returned(&mut self, at: At, depth: usize) -> bool {
        let values = self.cx.values;
        values.callees(at).iter().any(|(callee, _)| {
            values.program.funcs[*callee].blocks.iter().any(|block| match block.end {
                End::Return(Some(value)) => self.serialised((*callee, value), depth - 1),
                _ => false,
            })
        })
    }

    /// Is serialised data put into the channel that a call takes something out of?
    fn sent(&mut self, at: At, depth: usize) -> bool {
        let values = self.cx.values;
        let is_sent = |port: &Port| port.head == PortHead::Sent;
        if !values.call_rows(at, Table::Flow).iter().any(|row| values.models.flow(*row).from.iter().any(is_sent)) {
            return false;
        }
        values.channels(at).into_iter().any(|made| values.puts(made).iter().any(|put| self.serialised(*put, depth - 1)))
    }

    /// Is what is stored to a variable serialised data: by an assignment of the function, or by an argument of a caller?
    fn stored(&mut self, func: FuncId, base: &Base, depth: usize) -> bool {
        let values = self.cx.values;
        let body = &values.program.funcs[func];
        for instr in body.instrs.iter() {
            if let Op::Store(place, value) = &instr.op
                && place.base == *base
                && self.serialised((func, *value), depth - 1)
            {
                return true;
            }
        }
        if self.filled(func, base, depth) {
            return true;
        }
        let Base::Local(local) = base else { return false };
        let Some(index) = body.params.iter().position(|param| param.local == *local) else { return false };
        values.callers(func).iter().any(|at| {
            let arg = values.call_at(*at).and_then(|call| call.args.get(index));
            arg.is_some_and(|arg| self.serialised((at.0, arg.value), depth - 1))
        })
    }

    /// Is a variable a buffer that a call puts serialised data into: one that serialises, or a function that hands it to one?
    fn filled(&mut self, func: FuncId, base: &Base, depth: usize) -> bool {
        if depth == 0 || !self.buffers.insert((func, base.clone())) {
            return false;
        }
        let values = self.cx.values;
        let body = &values.program.funcs[func];
        let mut handed = Vec::new();
        for (id, instr) in body.instrs.iter_enumerated() {
            let Op::Call(call) = &instr.op else { continue };
            let is_it = |arg: &Arg| matches!(&body.instrs[arg.value].op, Op::Load(place) if place.base == *base);
            let Some(index) = call.args.iter().position(is_it) else { continue };
            if values.of(func, id).items().iter().any(|value| self.is_serialised(value)) {
                return true;
            }
            for (callee, _) in values.callees((func, id)) {
                if let Some(param) = values.program.funcs[*callee].params.get(index) {
                    handed.push((*callee, Base::Local(param.local)));
                }
            }
        }
        handed.into_iter().any(|(callee, param)| self.filled(callee, &param, depth - 1))
    }
}
