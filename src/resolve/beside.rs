//! What a registration in a loop takes from the same object as the handler: the name and the schema of each tool in a list.
//!
//! ```text
//! for (const tool of tools) server.registerTool(tool.name, { inputSchema: tool.inputSchema }, tool.handler);
//! ```
//!
//! Taken for itself, each port can be what any of the objects has there; of one handler it is what stands beside it.

use std::collections::BTreeSet;

use crate::base::Symbol;
use crate::base::bounds::{MAX_ALIASES, MAX_CHAIN};
use crate::ir::func::{FuncId, LocalId};
use crate::ir::instr::{ArgKind, Base, Const, Entry, Field, InstrId, Op, Place};
use crate::models::path::{Port, PortHead, PortStep};

use super::ports::{PortValue, argument};
use super::solve::Values;
use super::values::{At, Value};

/// A handler as a registration names it.
#[derive(Clone, Copy)]
pub(crate) struct Registered<'h> {
    pub(crate) func: FuncId,
    /// Under which name, where that is known, and the ports that hold the name.
    pub(crate) name: Option<(&'h Symbol, &'h [String])>,
    /// The ports of the registration that hold the handler.
    pub(crate) ports: &'h [String],
}

/// The field of an object that an argument is.
struct Part {
    base: Base,
    path: Vec<PortStep>,
}

impl Values<'_> {
    /// The names under which the call at `at` registers a handler. Empty where none is known, or not which of several it is.
    pub(crate) fn registered_names(&self, at: At, handler: Registered<'_>, ports: &[String]) -> BTreeSet<Symbol> {
        for port in ports.iter().filter_map(|text| self.models.port(text)) {
            let (values, is_beside) = match self.beside(at, handler, port) {
                Some(beside) => (beside, true),
                None => (self.of_each(at, port).unwrap_or_else(|| self.port_values(at, port)), false),
            };
            let PortValue::Known(values) = values else { continue };
            let mut names: BTreeSet<Symbol> = values.iter().filter_map(text_of).collect();
            if names.len() > 1
                && let Some(handed) = self.texts_handed(at, port)
                && handed.iter().any(|text| names.contains(text))
            {
                names.retain(|name| handed.contains(name));
            }
            match names.len() {
                0 => {}
                1 => return names,
                // What is written in place is registered anew under each of them.
                _ if is_beside || self.is_written_in(at, handler) && !self.is_made_by_call(at, port) => return names,
                _ => return BTreeSet::new(),
            }
        }
        BTreeSet::new()
    }

    /// What a port that is a part of an object is in each of the objects that it can be: of many tools the names are more than
    /// one value is told to be.
    fn of_each(&self, at: At, port: &Port) -> Option<PortValue> {
        let part = self.part_of(at, port).filter(|part| !part.path.is_empty())?;
        let PortValue::Known(objects) = self.reached(at.0, &part.base, &[])? else { return None };
        let mut found = Vec::new();
        for object in &objects {
            if let PortValue::Known(values) = self.follow_from(object, &part.path) {
                found.extend(values);
            }
        }
        (!found.is_empty()).then_some(PortValue::Known(found))
    }

    /// What stands at a port of the call at `at` for one handler that it registers, by its name where several share it.
    pub(crate) fn registered_with(&self, at: At, handler: Registered<'_>, port: &Port) -> PortValue {
        let of_one = self.beside(at, handler, port).or_else(|| self.handed_with_name(at, handler, port));
        let of_one = of_one.or_else(|| self.beside_name(at, handler, port));
        of_one.unwrap_or_else(|| self.port_values(at, port))
    }

    /// What the callers hand over that name the handler, where a function which registers one is handed all of it:
    /// `register("find", { word: z.string() }, find)`.
    fn handed_with_name(&self, at: At, handler: Registered<'_>, port: &Port) -> Option<PortValue> {
        let (name, ports) = handler.name?;
        let params = &self.program.funcs[at.0].params;
        let index_of = |part: &Part| params.iter().position(|param| part.base == Base::Local(param.local));
        let wanted = self.part_of(at, port)?;
        let mut named = ports.iter().filter_map(|text| self.part_of(at, self.models.port(text)?));
        let named = named.find(|part| part.path.is_empty())?;
        let (wanted_at, named_at) = (index_of(&wanted)?, index_of(&named)?);
        let mut found = Vec::new();
        for caller in self.callers(at.0).iter().filter(|_| wanted_at != named_at) {
            let call = self.call_at(*caller)?;
            let given = |index: usize| {
                let arg = call.args.get(index).filter(|arg| arg.kind == ArgKind::Positional)?;
                Some(self.of(caller.0, arg.value).items())
            };
            if given(named_at)?.iter().any(|value| text_of(value).as_ref() == Some(name)) {
                found.extend(given(wanted_at)?.iter().cloned());
            }
        }
        (!found.is_empty()).then(|| self.follow(PortValue::Known(found), &wanted.path))
    }

    /// The values of a port that is a part of the same object as the name: those of the objects with the name of the handler.
    fn beside_name(&self, at: At, handler: Registered<'_>, port: &Port) -> Option<PortValue> {
        let (name, ports) = handler.name?;
        let wanted = self.part_of(at, port)?;
        let ports = ports.iter().filter_map(|text| self.models.port(text));
        let named = ports.filter_map(|port| self.part_of(at, port)).find(|named| named.base == wanted.base)?;
        let PortValue::Known(mut objects) = self.reached(at.0, &named.base, &[])? else { return None };
        let name = Value::Const(Const::Str(name.clone()));
        objects.retain(
            |object| matches!(self.follow_from(object, &named.path), PortValue::Known(found) if found == [name.clone()]),
        );
        // What a library keeps in a schema is not known: `tool.schema.shape` describes what `tool.schema` does.
        let mut ways = (1..=wanted.path.len()).rev().map(|n_steps| &wanted.path[..n_steps]);
        ways.find_map(|way| match self.follow(PortValue::Known(objects.clone()), way) {
            found @ PortValue::Known(_) => Some(found),
            PortValue::Missing | PortValue::Unknown => None,
        })
    }

    /// The values of a port that is a part of the same object as the handler: those of the objects that hold the handler.
    fn beside(&self, at: At, handler: Registered<'_>, port: &Port) -> Option<PortValue> {
        let wanted = self.part_of(at, port)?;
        let ports = handler.ports.iter().filter_map(|text| self.models.port(text));
        let held = ports.filter_map(|port| self.part_of(at, port)).find(|held| held.base == wanted.base)?;
        let n_shared = held.path.iter().zip(&wanted.path).take_while(|(one, other)| one == other).count();
        let PortValue::Known(objects) = self.reached(at.0, &held.base, &held.path[..n_shared])? else { return None };
        let holds = |object: &Value, part: &Part, value: &Value| match part.path.get(n_shared..) {
            Some(path) => matches!(self.follow_from(object, path), PortValue::Known(found) if found.contains(value)),
            None => false,
        };
        let func = Value::Func(handler.func);
        let mut holders: Vec<Value> = objects.into_iter().filter(|object| holds(object, &held, &func)).collect();
        // What stands for several objects, as the instances of a class do, tells nothing of one of them.
        let n_held = |object: &Value| match self.follow_from(object, &held.path[n_shared..]) {
            PortValue::Known(found) => found.len(),
            _ => 0,
        };
        if holders.iter().any(|object| n_held(object) > 1) {
            return Some(PortValue::Unknown);
        }
        if let Some((name, ports)) = handler.name {
            let name = Value::Const(Const::Str(name.clone()));
            let parts: Vec<Part> = ports.iter().filter_map(|text| self.part_of(at, self.models.port(text)?)).collect();
            let is_named = |object: &Value| parts.iter().any(|part| holds(object, part, &name));
            if holders.iter().any(is_named) {
                holders.retain(is_named);
            }
        }
        (!holders.is_empty()).then(|| self.follow(PortValue::Known(holders), &wanted.path[n_shared..]))
    }

    /// Is the handler written in place, or made there by a function that makes no other: `guarded(tool.run)`?
    fn is_written_in(&self, at: At, handler: Registered<'_>) -> bool {
        let Some(call) = self.call_at(at) else { return false };
        call.args.iter().any(|arg| match &self.program.funcs[at.0].instrs[arg.value].op {
            Op::Closure(func) => *func == handler.func,
            Op::Call(_) => {
                let made = self.of(at.0, arg.value).items().iter().filter(|value| matches!(value, Value::Func(_)));
                made.eq([&Value::Func(handler.func)])
            }
            _ => false,
        })
    }

    /// The texts that a function of the program is handed which makes what is at a port. Those that other calls of it are handed
    /// are no values of this one: `nameOf("SEARCH_NAME", "search")`.
    fn texts_handed(&self, at: At, port: &Port) -> Option<BTreeSet<Symbol>> {
        let (mut func, mut value) = (at.0, argument(self.call_at(at)?, &port.head).filter(|_| port.path.is_empty())?);
        for _ in 0..MAX_ALIASES {
            match &self.program.funcs[func].instrs[value].op {
                Op::Call(call) => {
                    let texts = call.args.iter().filter_map(|arg| match self.of(func, arg.value).single_const()? {
                        Const::Str(text) => Some(text.clone()),
                        _ => None,
                    });
                    return (!self.callees((func, value)).is_empty()).then(|| texts.collect());
                }
                Op::Load(place) if place.path.is_empty() => match place.base {
                    Base::Local(local) => value = self.set_once(func, local)?,
                    Base::Cell(cell) => {
                        func = self.program.cells[cell].owner;
                        value = self.only_store(func, place)?;
                    }
                    Base::Value(inner) => value = inner,
                    Base::Global(_) => return None,
                },
                _ => return None,
            }
        }
        None
    }

    /// What a function puts into a variable, if it does that once.
    fn only_store(&self, func: FuncId, place: &Place) -> Option<InstrId> {
        let mut stores = self.program.funcs[func].instrs.iter().filter_map(|instr| match &instr.op {
            Op::Store(to, value) if to == place => Some(*value),
            _ => None,
        });
        stores.next().filter(|_| stores.next().is_none())
    }

    /// Does a function of the program make what is at a port? What it makes of others is among its values.
    fn is_made_by_call(&self, at: At, port: &Port) -> bool {
        let (calls, head) = match &port.head {
            PortHead::Chain(_, inner) => (self.chain(at), &inner.head),
            head => (vec![at], head),
        };
        let mut made = calls.into_iter().filter_map(|call| Some((call.0, argument(self.call_at(call)?, head)?)));
        made.any(|made| !self.callees(made).is_empty())
    }

    fn follow_from(&self, object: &Value, path: &[PortStep]) -> PortValue {
        self.follow(PortValue::Known(vec![object.clone()]), path)
    }

    fn reached(&self, func: FuncId, base: &Base, path: &[PortStep]) -> Option<PortValue> {
        let slot = match base {
            Base::Local(local) => self.local_slot(func, *local),
            Base::Cell(cell) => self.cell_slot(*cell),
            Base::Value(value) => self.instr_slot(func, *value),
            Base::Global(_) => return None,
        };
        Some(self.follow(self.slot_value(slot), path))
    }

    /// The object and the way into it that a port of a call is written as.
    fn part_of(&self, at: At, port: &Port) -> Option<Part> {
        let call = self.call_at(at)?;
        let mut value = argument(call, &port.head)?;
        let mut inner = port.path.as_slice();
        // `{ inputSchema: tool.schema }`, written in place.
        while let (Op::Record(record), [PortStep::Name(name), rest @ ..]) =
            (&self.program.funcs[at.0].instrs[value].op, inner)
        {
            value = record.entries.iter().rev().find_map(|entry| match entry {
                Entry::Field(Field::Name(field), value) if field == name => Some(*value),
                _ => None,
            })?;
            inner = rest;
        }
        let mut part = self.part_loaded(at.0, value)?;
        part.path.extend(inner.iter().cloned());
        Some(part)
    }

    /// What a loaded value is a part of; a variable that is set once is what it is set to.
    fn part_loaded(&self, func: FuncId, mut value: InstrId) -> Option<Part> {
        let mut found = None;
        for _ in 0..MAX_CHAIN {
            let Op::Load(place) = &self.program.funcs[func].instrs[value].op else { break };
            let Some(path) = steps(place) else { break };
            let is_variable = path.is_empty();
            found = Some(Part { base: place.base.clone(), path });
            match place.base {
                Base::Local(local) if is_variable => match self.set_once(func, local) {
                    Some(set) => value = set,
                    None => break,
                },
                _ => break,
            }
        }
        found
    }

    /// What a variable is set to, if that happens once.
    pub(super) fn set_once(&self, func: FuncId, local: LocalId) -> Option<InstrId> {
        let mut stores = self.program.funcs[func].instrs.iter().filter_map(|instr| match &instr.op {
            Op::Store(place, value) if place.base == Base::Local(local) => Some((place.path.is_empty(), *value)),
            _ => None,
        });
        match (stores.next(), stores.next()) {
            (Some((true, value)), None) => Some(value),
            _ => None,
        }
    }
}

fn text_of(value: &Value) -> Option<Symbol> {
    match value {
        Value::Const(Const::Str(text)) => Some(text.clone()),
        _ => None,
    }
}

/// The way into an object that a place takes, as steps of a port. `None` where a field has no name.
fn steps(place: &Place) -> Option<Vec<PortStep>> {
    let step = |field: &Field| match field {
        Field::Name(name) => Some(PortStep::Name(name.clone())),
        Field::Index(at) => Some(PortStep::Index(*at)),
        Field::Any => Some(PortStep::Element),
        _ => None,
    };
    place.path.iter().map(step).collect()
}
