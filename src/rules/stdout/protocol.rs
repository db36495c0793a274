//! Is what is written to stdout the protocol itself?
//!
//! A value is followed backwards from the write, with the names of the fields that are still to be taken out of it: the text
//! in `answer.text` is the protocol where `answer` was made of `{ text: JSON.stringify(message) }`, and `text.length` is not.

use rustc_hash::FxHashSet;

use crate::base::Symbol;
use crate::base::bounds::{MAX_ALIASES, MAX_SLICE, MAX_SLICE_NAMES};
use crate::ir::func::{End, FuncId};
use crate::ir::instr::{Arg, Base, Const, Entry, Field, InstrId, Op, Place, Record, RecordKind, TextPart};
use crate::ir::program::Language;
use crate::models::index::Table;
use crate::models::path::{Port, PortHead};
use crate::models::schema::StreamSpec;
use crate::resolve::channels::Channel;
use crate::resolve::ports::argument;
use crate::resolve::solve::CallKind;
use crate::resolve::values::{At, Key, Obj, Site, Value};
use crate::rules::Cx;

use super::prose::tells;

/// Does a write hand out a message of the protocol? In a server that speaks it by hand any serialised data counts that is not
/// seen to be something else, beside an SDK only what is seen to be a message.
pub(in crate::rules) fn is_protocol(cx: &Cx<'_>, at: At, by_hand: bool) -> bool {
    let mut slice = Slice { cx, by_hand, seen: FxHashSet::default(), buffers: FxHashSet::default() };
    by_hand && ends_message(cx, at) || !tells(cx, at) && (slice.hands_on(at) || slice.serialised(at, &[], MAX_SLICE))
}

/// Is what is written a log for the people behind the client, put together by hand: `{ method: "notifications/message", … }`?
pub(in crate::rules) fn is_log_notification(cx: &Cx<'_>, at: At) -> bool {
    let Some(call) = cx.values.call_at(at) else { return false };
    call.args.iter().any(|arg| holds_log(cx, at.0, arg.value, MAX_ALIASES))
}

/// Is a call handed such a message: `send({ method: "notifications/message", … })`?
pub(in crate::rules) fn takes_log_notification(cx: &Cx<'_>, at: At) -> bool {
    cx.values.call_at(at).is_some_and(|call| call.args.iter().any(|arg| is_log(cx, at.0, arg.value)))
}

fn is_log(cx: &Cx<'_>, func: FuncId, value: InstrId) -> bool {
    let values = cx.values;
    let is_one = |value: &Value| {
        let method = Key::Name(values.models.method_field().into());
        let named = values.object_of(value).and_then(|obj| values.known_field(&obj, &method));
        let named = named.and_then(|slot| values.of_slot(slot).single_const());
        matches!(named, Some(Const::Str(name)) if name == values.models.log_method())
    };
    let given = values.of(func, value).items();
    !given.is_empty() && given.iter().all(is_one)
}

fn holds_log(cx: &Cx<'_>, func: FuncId, value: InstrId, depth: usize) -> bool {
    let values = cx.values;
    let Some(depth) = depth.checked_sub(1) else { return false };
    let body = &values.program.funcs[func];
    match &body.instrs[value].op {
        Op::Call(call) => {
            call.args.iter().any(|arg| is_log(cx, func, arg.value) || holds_log(cx, func, arg.value, depth))
        }
        Op::Load(place) if place.path.is_empty() => {
            let mut stored = body.instrs.iter().filter_map(|instr| match &instr.op {
                Op::Store(to, value) if to == place => Some(*value),
                _ => None,
            });
            match (stored.next(), stored.next()) {
                (Some(stored), None) => holds_log(cx, func, stored, depth),
                _ => false,
            }
        }
        op => {
            let mut holds = false;
            op.operands(|operand| holds |= holds_log(cx, func, operand, depth));
            holds
        }
    }
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
    seen: FxHashSet<(At, Vec<Symbol>)>,
    /// The buffers that were asked about.
    buffers: FxHashSet<(FuncId, Base)>,
}

impl Slice<'_, '_> {
    /// Is what `names` take out of a value text of the protocol?
    fn serialised(&mut self, at: At, names: &[Symbol], depth: usize) -> bool {
        if depth == 0 || names.len() > MAX_SLICE_NAMES || !self.seen.insert((at, names.to_vec())) {
            return false;
        }
        let values = self.cx.values;
        if names.is_empty() && values.of(at.0, at.1).items().iter().any(|value| self.is_serialised(value)) {
            return true;
        }
        let func = &values.program.funcs[at.0];
        let mut inner = |id: InstrId| self.serialised((at.0, id), names, depth - 1);
        match &func.instrs[at.1].op {
            Op::Const(Const::Str(text)) => names.is_empty() && self.is_message_text(text),
            Op::Text(parts) => {
                names.is_empty()
                    && parts.iter().enumerate().any(|(place, part)| match part {
                        TextPart::Lit(text) => self.is_message_text(text),
                        TextPart::Hole(value, _) => {
                            may_begin(parts, place) && self.serialised((at.0, *value), names, depth - 1)
                        }
                    })
            }
            Op::Operator(_, operands) | Op::Unknown(_, operands) => operands.iter().any(|value| inner(*value)),
            Op::Await(value) | Op::Store(_, value) => inner(*value),
            Op::Call(_) => self.called(at, names, depth),
            Op::Record(record) => self.recorded(at.0, record, names, depth),
            Op::Load(place) => self.loaded(at.0, place, names, depth),
            _ => false,
        }
    }

    /// In Rust a message that was read from a text is that text again where all of it is written.
    fn hands_on(&self, at: At) -> bool {
        let Some(call) = self.cx.values.call_at(at) else { return false };
        let is_whole = |value: InstrId| match &self.cx.values.program.funcs[at.0].instrs[value].op {
            Op::Text(parts) => parts.iter().enumerate().any(|(place, part)| match part {
                TextPart::Hole(value, _) => may_begin(parts, place) && self.is_parsed((at.0, *value), MAX_ALIASES),
                TextPart::Lit(_) => false,
            }),
            _ => false,
        };
        self.by_hand
            && self.cx.values.language(at.0) == Language::Rust
            && call.args.iter().any(|arg| is_whole(arg.value))
    }

    fn is_parsed(&self, (func, value): At, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let body = &self.cx.values.program.funcs[func];
        match &body.instrs[value].op {
            Op::Call(call) => {
                // `serde_json::from_str(&text).map_err(…)`
                let handed = match (&call.callee.base, &*call.callee.path) {
                    (Base::Value(inner), [Field::Name(method)]) => {
                        Some(*inner).filter(|_| self.cx.values.models.error_fate(method).is_some())
                    }
                    _ => None,
                };
                self.parses((func, value)) || handed.is_some_and(|inner| self.is_parsed((func, inner), depth))
            }
            Op::Load(place) if place.path.iter().all(|field| matches!(field, Field::Variant(..))) => {
                match &place.base {
                    Base::Value(inner) => self.is_parsed((func, *inner), depth),
                    base => {
                        let stored = body.instrs.iter().filter_map(|instr| match &instr.op {
                            Op::Store(to, value) if to.base == *base && to.path.is_empty() => Some(*value),
                            _ => None,
                        });
                        let stored: Vec<InstrId> = stored.collect();
                        !stored.is_empty() && stored.iter().all(|value| self.is_parsed((func, *value), depth))
                    }
                }
            }
            _ => false,
        }
    }

    /// Does a library's call read what it gives out of a text?
    fn parses(&self, at: At) -> bool {
        let values = self.cx.values;
        values.call_rows(at, Table::Flow).iter().any(|row| values.models.flow(*row).parses)
    }

    fn called(&mut self, at: At, names: &[Symbol], depth: usize) -> bool {
        let values = self.cx.values;
        let Some(call) = values.call_at(at) else { return false };
        // What is read out of a text is no text of the protocol.
        if self.parses(at) {
            return false;
        }
        // A function of the program tells by what it returns; a library hands on what it is given.
        if values.callees(at).iter().any(|(_, kind)| *kind == CallKind::Direct) {
            return self.returned(at, names, depth);
        }
        if self.returned(at, names, depth) || self.sent(at, depth) {
            return true;
        }
        if call.args.iter().any(|arg| self.serialised((at.0, arg.value), names, depth - 1)) {
            return true;
        }
        call.callee.split_last().is_some_and(|(receiver, _)| self.loaded(at.0, &receiver, names, depth))
            || matches!(call.callee.base, Base::Value(value) if call.callee.path.is_empty()
                && self.serialised((at.0, value), names, depth - 1))
    }

    /// `json!({ "jsonrpc": … }).to_string()`: the text of a message, whichever way it is made.
    fn recorded(&mut self, func: FuncId, record: &Record, names: &[Symbol], depth: usize) -> bool {
        let models = self.cx.values.models;
        let message_field = models.message_field();
        if names.is_empty() && !self.by_hand && self.names_other_method(func, record) {
            return false;
        }
        record.entries.iter().any(|entry| match (entry, names) {
            (Entry::Field(Field::Name(name), _), []) => *name == *message_field,
            (Entry::Field(Field::Name(name), value), [wanted, rest @ ..]) => {
                name == wanted && self.serialised((func, *value), rest, depth - 1)
            }
            (Entry::Field(_, value), _) => self.serialised((func, *value), names, depth - 1),
            (Entry::Spread(value), _) => !names.is_empty() && self.serialised((func, *value), names, depth - 1),
        })
    }

    fn loaded(&mut self, func: FuncId, place: &Place, names: &[Symbol], depth: usize) -> bool {
        let mut wanted = named(&place.path);
        wanted.extend_from_slice(names);
        match &place.base {
            Base::Value(value) => self.serialised((func, *value), &wanted, depth - 1),
            base => self.stored(func, base, &wanted, depth),
        }
    }

    /// Is a text written in the code a message, or the begin of one?
    fn is_message_text(&self, text: &str) -> bool {
        text.trim_start().starts_with('{') && text.contains(&format!("\"{}\"", self.cx.values.models.message_field()))
    }

    fn is_serialised(&self, value: &Value) -> bool {
        let Value::Api(node, made) = value else { return false };
        let models = self.cx.values.models;
        let data = models.index.node(*node);
        let is_text = data.rows(Table::Source).any(|row| models.source(row).kind == "serialised");
        is_text
            && if self.by_hand {
                !made.is_some_and(|made| self.is_other(made))
            } else {
                made.is_some_and(|made| self.is_message(made))
            }
    }

    /// Does a call that serialises take an object with the field that every message has?
    fn is_message(&self, at: At) -> bool {
        let values = self.cx.values;
        let is_message = |value: &Value| {
            values.object_of(value).is_some_and(|obj| self.has_message_field(&obj) && !self.has_other_method(&obj))
        };
        values
            .call_at(at)
            .is_some_and(|call| call.args.iter().any(|arg| values.of(at.0, arg.value).items().iter().any(is_message)))
    }

    /// Is all that a call serialises written out in the code, without the field that every message has?
    fn is_other(&self, at: At) -> bool {
        let values = self.cx.values;
        let Some(given) = values.call_at(at).and_then(|call| call.args.first()) else { return false };
        let given = values.of(at.0, given.value);
        !given.is_cut && !given.items().is_empty() && given.items().iter().all(|value| self.is_other_object(value))
    }

    fn is_other_object(&self, value: &Value) -> bool {
        let values = self.cx.values;
        let Value::Record(site @ Site::Instr((func, instr))) = value else { return false };
        let Op::Record(record) = &values.program.funcs[*func].instrs[*instr].op else { return false };
        let obj = Obj::Record(*site);
        let is_named = |entry: &Entry| matches!(entry, Entry::Field(Field::Name(_), _));
        record.kind == RecordKind::Object
            && record.ty.is_none()
            && !record.entries.is_empty()
            && record.entries.iter().all(is_named)
            && !values.is_open(&obj)
            && !self.has_message_field(&obj)
    }

    fn has_message_field(&self, obj: &Obj) -> bool {
        let values = self.cx.values;
        values.known_field(obj, &Key::Name(values.models.message_field().into())).is_some()
    }

    /// Does an object say that it is a message which the protocol does not have: `method: "log"`? Beside an SDK that is a log
    /// in the shape of JSON-RPC.
    fn has_other_method(&self, obj: &Obj) -> bool {
        let values = self.cx.values;
        let named = values.known_field(obj, &Key::Name(values.models.method_field().into()));
        named.map(|slot| values.of_slot(slot)).is_some_and(|named| {
            !named.items().is_empty()
                && named.items().iter().all(|value| match value {
                    Value::Const(Const::Str(name)) => !values.models.is_method(name),
                    _ => false,
                })
        })
    }

    fn names_other_method(&self, func: FuncId, record: &Record) -> bool {
        let values = self.cx.values;
        let field = values.models.method_field();
        record.entries.iter().any(|entry| match entry {
            Entry::Field(Field::Name(name), value) if *name == *field => {
                let known = values.of(func, *value);
                matches!(known.single_const(), Some(Const::Str(name)) if !values.models.is_method(name))
            }
            _ => false,
        })
    }

    fn returned(&mut self, at: At, names: &[Symbol], depth: usize) -> bool {
        let values = self.cx.values;
        let called = values.callees(at).iter().filter(|(_, kind)| *kind != CallKind::Callback);
        called.map(|(callee, _)| callee).any(|callee| {
            values.program.funcs[*callee].blocks.iter().any(|block| match block.end {
                End::Return(Some(value)) => self.serialised((*callee, value), names, depth - 1),
                _ => false,
            })
        })
    }

    /// Is serialised data put into the channel that a call takes something out of? Where nothing of the program puts anything
    /// there, what it gave the other end to speaks the protocol.
    fn sent(&mut self, at: At, depth: usize) -> bool {
        let values = self.cx.values;
        let is_sent = |port: &Port| port.head == PortHead::Sent;
        if !values.call_rows(at, Table::Flow).iter().any(|row| values.models.flow(*row).from.iter().any(is_sent)) {
            return false;
        }
        values
            .channels(at)
            .into_iter()
            .filter_map(|channel| match channel {
                Channel::Made(made) => Some(made),
                Channel::Class(_) | Channel::Objects(_) => None,
            })
            .any(|made| {
                let puts = values.puts(made);
                self.by_hand && puts.is_empty() || puts.iter().any(|put| self.serialised(*put, &[], depth - 1))
            })
    }

    /// Is what is stored to a variable serialised data: by an assignment of the function, or by an argument of a caller?
    fn stored(&mut self, func: FuncId, base: &Base, names: &[Symbol], depth: usize) -> bool {
        let values = self.cx.values;
        let body = &values.program.funcs[func];
        for instr in body.instrs.iter() {
            if let Op::Store(place, value) = &instr.op
                && place.base == *base
                && let Some(rest) = names.strip_prefix(&*named(&place.path))
                && self.serialised((func, *value), rest, depth - 1)
            {
                return true;
            }
        }
        if names.is_empty() && (self.becomes_message(func, base) || self.filled(func, base, depth)) {
            return true;
        }
        let Base::Local(local) = base else { return false };
        let Some(index) = body.params.iter().position(|param| param.local == *local) else { return false };
        values.callers(func).iter().any(|at| {
            let arg = values.call_at(*at).and_then(|call| call.args.get(index));
            arg.is_some_and(|arg| self.serialised((at.0, arg.value), names, depth - 1))
        })
    }

    /// Is the field that every message has put into a variable: `answer.insert("jsonrpc", …)`, `answer["jsonrpc"] = …`?
    fn becomes_message(&self, func: FuncId, base: &Base) -> bool {
        let values = self.cx.values;
        let field = values.models.message_field();
        let body = &values.program.funcs[func];
        let is_it = |value: &Value| matches!(value, Value::Const(Const::Str(text)) if *text == *field);
        // `"jsonrpc".to_string()` is that text, too.
        let is_named = |value: InstrId| {
            let text = match &body.instrs[value].op {
                Op::Call(call) if call.args.is_empty() => match call.callee.base {
                    Base::Value(text) => text,
                    _ => value,
                },
                _ => value,
            };
            values.of(func, text).items().iter().any(is_it)
        };
        body.instrs.iter().any(|instr| match &instr.op {
            Op::Store(place, _) => {
                place.base == *base && matches!(&*place.path, [Field::Name(name)] if *name == *field)
            }
            Op::Call(call) if call.callee.base == *base => {
                let puts = matches!(&*call.callee.path, [Field::Name(method)] if values.models.keeps(method));
                puts && call.args.len() > 1 && is_named(call.args[0].value)
            }
            _ => false,
        })
    }

    /// Is a variable a buffer that serialised data is written to: by a call that serialises, or by a function that hands it to one?
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
            let writes_to_it = call.args.get(index).is_some_and(|arg| self.written_to((func, id)).contains(&arg.value));
            if writes_to_it && values.of(func, id).items().iter().any(|value| self.is_serialised(value)) {
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

    /// The arguments that a call writes to.
    fn written_to(&self, at: At) -> Vec<InstrId> {
        let values = self.cx.values;
        let Some(call) = values.call_at(at) else { return Vec::new() };
        let mut found = Vec::new();
        for row in values.call_rows(at, Table::Sink) {
            let Some(StreamSpec::Ports(ports)) = &values.models.sink(row).stream else { continue };
            let ports = ports.from.iter().filter_map(|text| values.models.port(text));
            found.extend(ports.filter_map(|port| argument(call, &port.head)));
        }
        // What a serialiser is given that fills it later: `Serializer::new(&mut buffer)`.
        for row in values.call_rows(at, Table::Source) {
            let ports = values.models.source(row).gives.iter().filter_map(|text| values.models.port(text));
            found.extend(ports.filter_map(|port| argument(call, &port.head)));
        }
        found
    }
}

/// May a part of a text be where a message begins, or inside of one that is put together by hand? Before a message there is
/// nothing on its line: `[${time}] ${JSON.stringify(data)}` is none.
fn may_begin(parts: &[TextPart], place: usize) -> bool {
    let (Some(TextPart::Lit(before)), Some(first)) = (place.checked_sub(1).map(|at| &parts[at]), parts.first()) else {
        return true;
    };
    let is_by_hand =
        matches!(first, TextPart::Lit(text) if text.trim_start().starts_with(['{', '[', '"']) && text.contains('"'));
    let is_header =
        |part: &TextPart| matches!(part, TextPart::Lit(text) if text.contains("\r\n") || text.contains("\n\n"));
    is_by_hand || before.ends_with('\n') || parts.iter().any(is_header)
}

/// The names in a path. What a variant or a list holds is as good as the whole.
fn named(path: &[Field]) -> Vec<Symbol> {
    let name = |field: &Field| if let Field::Name(name) = field { Some(name.clone()) } else { None };
    path.iter().filter_map(name).collect()
}
