//! What does a text end with: `path.join(folder, "server.log")`?
//!
//! The end is told where it is written out: at the end of a text, as the last of what a call is given (which joins it, as
//! `path.join` does), or where a variable or field gets that which is set once.

use crate::base::bounds::MAX_ALIASES;
use crate::ir::func::{FuncId, LocalId};
use crate::ir::instr::{ArgKind, Base, Const, Field, InstrId, Op, Oper, Place, TextPart};
use crate::models::path::{Port, PortHead};

use super::ports::argument;
use super::solve::Values;
use super::values::{At, Key, Obj};

impl Values<'_> {
    /// Does the text that a call is given end with one of these?
    pub(super) fn given_ends_with(&self, at: At, port: &Port, ends: &[String]) -> bool {
        if let PortHead::Chain(method, inner) = &port.head {
            let made = self.chain(at).into_iter().find(|call| self.is_call_of(*call, method));
            return made.is_some_and(|made| self.given_ends_with(made, inner, ends));
        }
        let given = self.call_at(at).and_then(|call| argument(call, &port.head));
        given.is_some_and(|given| port.path.is_empty() && self.ends_with(at.0, given, ends, MAX_ALIASES))
    }

    fn ends_with(&self, func: FuncId, value: InstrId, ends: &[String], left: usize) -> bool {
        let Some(left) = left.checked_sub(1) else { return false };
        let is_end = |text: &str| ends.iter().any(|end| text.ends_with(end.as_str()));
        match &self.program.funcs[func].instrs[value].op {
            Op::Const(Const::Str(text)) => is_end(text),
            Op::Text(parts) => match parts.last() {
                Some(TextPart::Lit(text)) => is_end(text),
                Some(TextPart::Hole(value, _)) => self.ends_with(func, *value, ends, left),
                None => false,
            },
            Op::Operator(Oper::Add, values) => {
                values.last().is_some_and(|value| self.ends_with(func, *value, ends, left))
            }
            Op::Call(call) if self.callees((func, value)).is_empty() => {
                let last = call.args.last().filter(|arg| arg.kind == ArgKind::Positional);
                last.is_some_and(|arg| self.ends_with(func, arg.value, ends, left))
            }
            Op::Load(place) => self.place_ends_with(func, place, ends, left),
            _ => false,
        }
    }

    fn place_ends_with(&self, func: FuncId, place: &Place, ends: &[String], left: usize) -> bool {
        if let Some((owner, Field::Name(name))) = place.split_last() {
            let held = self.place_values(func, &owner).unwrap_or_default();
            let mut objs: Vec<Obj> = held.iter().filter_map(|value| self.object_of(value)).collect();
            objs.dedup();
            let mut stores = objs.iter().flat_map(|obj| self.stores_to(obj, &Key::Name(name.clone()))).copied();
            return match (stores.next(), stores.next()) {
                (Some((func, store)), None) => {
                    let stored = match self.program.funcs[func].instrs[store].op {
                        Op::Store(_, value) => value,
                        _ => store,
                    };
                    self.ends_with(func, stored, ends, left)
                }
                _ => false,
            };
        }
        match &place.base {
            Base::Value(value) if place.path.is_empty() => self.ends_with(func, *value, ends, left),
            Base::Local(local) if place.path.is_empty() => match self.set_once(func, *local) {
                Some(value) => self.ends_with(func, value, ends, left),
                None => self.param_ends_with(func, *local, ends, left),
            },
            Base::Cell(cell) if place.path.is_empty() => {
                self.kept_once(*cell).is_some_and(|(owner, value)| self.ends_with(owner, value, ends, left))
            }
            _ => false,
        }
    }

    /// Does each caller give such a text?
    fn param_ends_with(&self, func: FuncId, local: LocalId, ends: &[String], left: usize) -> bool {
        let params = &self.program.funcs[func].params;
        let (Some(at), callers) = (params.iter().position(|param| param.local == local), self.callers(func)) else {
            return false;
        };
        let gives = |caller: &At| {
            let given = self.call_at(*caller).and_then(|call| call.args.get(at));
            given.is_some_and(|given| {
                given.kind == ArgKind::Positional && self.ends_with(caller.0, given.value, ends, left)
            })
        };
        !callers.is_empty() && callers.iter().all(gives)
    }
}
