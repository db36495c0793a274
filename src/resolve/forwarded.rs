//! Which stream does a call mean that hands on what its function was given?
//!
//! ```text
//! def start(*command, **options):
//!     return subprocess.Popen(command, **options)
//! ```
//!
//! Taken over all callers the port can be anything, so each caller is asked by itself. A function whose callers are not all
//! known, or that changes what it was given, gives no answer here.

use crate::ir::func::{FuncId, LocalId, ParamKind};
use crate::ir::instr::{ArgKind, Base, Call, Field, InstrId, Op, Place};
use crate::models::path::{Port, PortHead, PortStep};
use crate::models::schema::{Stream, StreamPorts, StreamSpec};

use super::ports::{PortValue, argument, in_spread};
use super::solve::{CallKind, Values};
use super::values::At;

/// Where the value of a port comes from.
enum Origin {
    /// From the call itself.
    Call,
    /// It is the parameter with this number.
    Param(usize),
    /// It is the argument with this number, among those that are handed on as a list.
    Nth(usize),
    /// It is among the named arguments that are handed on.
    Rest,
}

impl Values<'_> {
    /// For a call whose stream is decided by arguments of its function: what each caller decides.
    pub(crate) fn streams_by_caller(&self, at: At, spec: &StreamSpec) -> Option<Vec<(At, Stream)>> {
        let (StreamSpec::Ports(ports), Some(call)) = (spec, self.call_at(at)) else { return None };
        let origins: Vec<(&Port, Origin)> = ports
            .from
            .iter()
            .filter_map(|text| self.models.port(text))
            .map(|port| (port, self.origin(at.0, call, port)))
            .collect();
        if origins.iter().all(|(_, origin)| matches!(origin, Origin::Call)) {
            return None;
        }
        let callers = self.callers(at.0);
        let decide = |caller: &At| Some((*caller, self.stream_for(at, *caller, &origins, ports)?));
        if callers.is_empty() { None } else { callers.iter().map(decide).collect() }
    }

    fn origin(&self, func: FuncId, call: &Call, port: &Port) -> Origin {
        let params = &self.program.funcs[func].params;
        let param = |value: InstrId| match &self.program.funcs[func].instrs[value].op {
            Op::Load(Place { base: Base::Local(local), path }) if path.is_empty() => {
                let at = params.iter().position(|param| param.local == *local)?;
                (!self.is_changed(func, *local)).then_some((at, params[at].kind))
            }
            _ => None,
        };
        if !port.path.is_empty() || !matches!(port.head, PortHead::Arg(_) | PortHead::Named(_)) {
            return Origin::Call;
        }
        if let Some(value) = argument(call, &port.head) {
            return match param(value) {
                Some((at, ParamKind::Plain | ParamKind::NamedOnly)) => Origin::Param(at),
                _ => Origin::Call,
            };
        }
        if let Some((list, PortStep::Index(nth))) = in_spread(call, &port.head) {
            return match param(list) {
                Some((at, ParamKind::Rest)) => Origin::Nth(at + nth as usize),
                _ => Origin::Call,
            };
        }
        let mut spread = call.args.iter().filter(|arg| arg.kind == ArgKind::SpreadNamed);
        match (&port.head, spread.next(), spread.next()) {
            (PortHead::Named(_), Some(arg), None) if matches!(param(arg.value), Some((_, ParamKind::RestNamed))) => {
                Origin::Rest
            }
            _ => Origin::Call,
        }
    }

    /// Does the function store to the parameter, or call a method of it that puts something in?
    fn is_changed(&self, func: FuncId, local: LocalId) -> bool {
        self.program.funcs[func].instrs.iter().any(|instr| match &instr.op {
            Op::Store(place, _) => place.base == Base::Local(local),
            Op::Call(call) => {
                call.callee.base == Base::Local(local)
                    && matches!(call.callee.path.last(), Some(Field::Name(name)) if self.models.keeps(name))
            }
            _ => false,
        })
    }

    fn stream_for(&self, at: At, caller: At, origins: &[(&Port, Origin)], ports: &StreamPorts) -> Option<Stream> {
        let call = self.call_at(caller)?;
        let is_direct = self.callees(caller).iter().any(|(func, kind)| *func == at.0 && *kind == CallKind::Direct);
        let spreads = |arg: &crate::ir::instr::Arg| matches!(arg.kind, ArgKind::Spread | ArgKind::SpreadNamed);
        if !is_direct || call.args.iter().any(spreads) {
            return None;
        }
        let given =
            |head: &PortHead| argument(call, head).map(|value| self.slot_value(self.instr_slot(caller.0, value)));
        for (port, origin) in origins {
            let value = match origin {
                Origin::Call => self.port_values(at, port),
                Origin::Nth(at) => given(&PortHead::Arg(i32::try_from(*at).ok()?)).unwrap_or(PortValue::Missing),
                Origin::Rest => given(&port.head).unwrap_or(PortValue::Missing),
                Origin::Param(index) => {
                    let param = &self.program.funcs[at.0].params[*index];
                    let by_position = match param.kind {
                        ParamKind::Plain => given(&PortHead::Arg(i32::try_from(*index).ok()?)),
                        _ => None,
                    };
                    let default = || param.default.map(|value| self.slot_value(self.instr_slot(at.0, value)));
                    by_position
                        .or_else(|| given(&PortHead::Named(param.name.clone())))
                        .or_else(default)
                        .unwrap_or(PortValue::Missing)
                }
            };
            match value {
                PortValue::Missing => {}
                PortValue::Unknown => return Some(ports.other.unwrap_or(Stream::Unknown)),
                PortValue::Known(values) => return Some(self.stream_of_values(&values, Some(ports))),
            }
        }
        Some(ports.default)
    }
}
