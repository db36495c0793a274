//! Does a write tell people something, in words that no message of the protocol has around it?

use crate::base::bounds::MAX_WORDS;
use crate::ir::instr::{Base, Const, Op, Oper, Place, TextPart};
use crate::models::index::Table;
use crate::models::path::PortHead;
use crate::resolve::ports::argument;
use crate::resolve::values::At;
use crate::rules::Cx;

/// What text written in the code begins with where a program puts JSON together by hand.
const JSON_STARTS: [&str; 8] = ["{", "}", "\"", ",", "[{", "[\"", "[[", "]"];

/// Are there words around the written data that are neither JSON nor a header before it?
pub(super) fn tells(cx: &Cx<'_>, at: At) -> bool {
    let Some(call) = cx.values.call_at(at) else { return false };
    let mut words = Words { cx, found: Vec::new() };
    for row in cx.values.call_rows(at, Table::Sink) {
        let takes = cx.values.models.sink(row).takes.iter().filter_map(|text| cx.values.models.port(text));
        for port in takes.filter(|port| port.path.is_empty()) {
            match port.head {
                PortHead::AllArgs => call.args.iter().for_each(|arg| words.collect((at.0, arg.value), MAX_WORDS)),
                PortHead::ArgsFrom(from) => {
                    let args = call.args.iter().skip(from as usize);
                    args.for_each(|arg| words.collect((at.0, arg.value), MAX_WORDS));
                }
                _ => argument(call, &port.head).into_iter().for_each(|arg| words.collect((at.0, arg), MAX_WORDS)),
            }
        }
    }
    let ends_header = |text: &&str| text.contains("\r\n") || text.contains("\n\n");
    !words.found.iter().any(ends_header) && words.found.iter().any(|text| is_prose(text))
}

fn is_prose(text: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || !c.is_ascii();
    text.contains(is_word) && !JSON_STARTS.iter().any(|start| text.trim_start().starts_with(start))
}

/// The texts written in the code that a value is made of.
struct Words<'c, 'v> {
    cx: &'c Cx<'v>,
    found: Vec<&'c str>,
}

impl<'c> Words<'c, '_> {
    fn collect(&mut self, (func, value): At, depth: usize) {
        let body = &self.cx.values.program.funcs[func];
        let Some(depth) = depth.checked_sub(1) else { return };
        match &body.instrs[value].op {
            Op::Const(Const::Str(text)) => self.found.push(text),
            Op::Text(parts) => {
                for part in parts {
                    match part {
                        TextPart::Lit(text) => self.found.push(text),
                        TextPart::Hole(value, _) => self.collect((func, *value), depth),
                    }
                }
            }
            Op::Operator(Oper::Add, operands) => operands.iter().for_each(|value| self.collect((func, *value), depth)),
            Op::Load(Place { base: base @ Base::Local(_), path }) if path.is_empty() => {
                let mut stores = body.instrs.iter().filter_map(|instr| match &instr.op {
                    Op::Store(place, value) if place.base == *base && place.path.is_empty() => Some(*value),
                    _ => None,
                });
                // One that is assigned twice may be either.
                if let (Some(value), None) = (stores.next(), stores.next()) {
                    self.collect((func, value), depth);
                }
            }
            _ => {}
        }
    }
}
