//! Calls that start to serve, and over which transport.

use std::rc::Rc;

use crate::base::bounds::MAX_TRANSPORT_DEPTH;
use crate::ir::instr::{Base, Const};
use crate::models::index::{RowRef, Table};
use crate::models::schema::{Stream, TransportKind, TransportPorts, TransportSpec};
use crate::resolve::ports::PortValue;
use crate::resolve::solve::Values;
use crate::resolve::values::{At, Key, Value};
use crate::source::version::Allowed;

use super::abs::Abs;
use super::explore::{Event, Explorer, Phase, Serve, State};

impl Explorer<'_> {
    /// Is the receiver of the call at `at` a computation that serves: `main().catch(…)`?
    pub(super) fn receiver_serves(&self, at: At) -> bool {
        let Some(call) = self.values.call_at(at) else { return false };
        let Base::Value(value) = call.callee.base else { return false };
        let made = (at.0, value);
        self.serving_calls.contains(&made) || self.call_may_serve(made)
    }

    pub(super) fn call_may_serve(&self, at: At) -> bool {
        self.values.callees(at).iter().any(|(func, _)| self.serving_funcs.contains(func))
    }

    /// A call that starts a server; false when it never comes back and serves no stdio.
    pub(super) fn serve(&mut self, at: At, row: RowRef, event: &mut Event, state: &mut State) -> bool {
        let serve = self.values.models.serve(row);
        let version = self.values.version_of(Some(at.0), row, serve.versions.as_deref());
        if version == Allowed::No || !self.values.holds(at, &serve.when) {
            return true;
        }
        let (mut kind, own_stream) = self.transport(at, &serve.transport);
        if let Some(told) = self.told.transport
            && kind != TransportKind::Other
        {
            kind = told;
        }
        let on_stdio = matches!(kind, TransportKind::Stdio | TransportKind::Unknown);
        if on_stdio {
            self.assume_transport(at, &serve.transport, state);
        }
        let facts = state.facts.clone();
        let diverts_stdout = serve.diverts_stdout;
        let blocks = serve.blocks;
        self.serves.entry((at, kind)).and_modify(|known| known.facts = known.facts.meet(&facts)).or_insert_with(|| {
            Serve {
                at,
                row,
                kind,
                diverts_stdout,
                own_stream,
                by_hand: false,
                facts: (*facts).clone(),
                rebinds: (*state.rebinds).clone(),
            }
        });
        event.serves |= on_stdio || self.any_transport;
        if on_stdio {
            event.on_stdio = true;
            self.serving_calls.insert(at);
            state.phase = if blocks { Phase::AFTER } else { Phase::SERVING };
        }
        on_stdio || !blocks
    }

    /// The value that chooses the transport at a serve call chooses stdio, where that is served.
    fn assume_transport(&self, at: At, spec: &TransportSpec, state: &mut State) {
        let (TransportSpec::Ports(ports), Some(call)) = (spec, self.values.call_at(at)) else { return };
        for port in ports.from.iter().filter_map(|text| self.values.models.port(text)) {
            let Some(value) = crate::resolve::ports::argument(call, &port.head).filter(|_| port.path.is_empty()) else {
                continue;
            };
            if let Some(Abs::Sym(sym)) = self.operand(at.0, value, state) {
                let word = Const::str(self.values.models.stdio_word());
                let test = Abs::Test { sym, is: Some(word), negated: false };
                Rc::make_mut(&mut state.facts).assume(&test, true);
            }
        }
    }

    /// Does the instruction serve without an SDK that is known?
    pub(super) fn serves_by_hand(&self, at: At) -> bool {
        self.told.serves_at == Some(at) || self.values.hand_written_serves().contains(&at)
    }

    /// A read of standard input in a program that speaks the protocol itself, or what a user says to serve.
    pub(super) fn serve_by_hand(&mut self, at: At, event: &mut Event, state: &mut State) {
        let row = RowRef { file: 0, table: Table::Serve, row: 0 };
        let kind = self.told.transport.unwrap_or(TransportKind::Stdio);
        let facts = state.facts.clone();
        self.serves.entry((at, kind)).and_modify(|known| known.facts = known.facts.meet(&facts)).or_insert_with(|| {
            Serve {
                at,
                row,
                kind,
                diverts_stdout: false,
                own_stream: false,
                by_hand: true,
                facts: (*facts).clone(),
                rebinds: (*state.rebinds).clone(),
            }
        });
        let on_stdio = matches!(kind, TransportKind::Stdio | TransportKind::Unknown);
        event.serves |= on_stdio || self.any_transport;
        if on_stdio {
            event.on_stdio = true;
            self.serving_calls.insert(at);
            state.phase = Phase::SERVING;
        }
    }

    /// Which transport a serve call uses, and whether that has a stream of its own.
    pub(crate) fn transport(&self, at: At, spec: &TransportSpec) -> (TransportKind, bool) {
        let ports = match spec {
            TransportSpec::Fixed(kind) => return (*kind, false),
            TransportSpec::Ports(ports) => ports,
        };
        for text in &ports.from {
            let Some(port) = self.values.models.port(text) else { continue };
            let values = match self.values.port_values(at, port) {
                PortValue::Missing => continue,
                PortValue::Unknown => return (TransportKind::Unknown, false),
                PortValue::Known(values) => values,
            };
            let kinds: Vec<(TransportKind, bool)> =
                values.iter().filter_map(|value| self.transport_value(value, ports, MAX_TRANSPORT_DEPTH)).collect();
            return kinds.into_iter().min().unwrap_or((TransportKind::Unknown, false));
        }
        (ports.default, false)
    }

    fn transport_value(&self, value: &Value, ports: &TransportPorts, depth: usize) -> Option<(TransportKind, bool)> {
        if depth == 0 {
            return None;
        }
        match value {
            Value::Const(value) => {
                let text = Values::const_text(value);
                ports.map.get(text.as_str()).map(|kind| (*kind, false))
            }
            Value::Variant(_, name) => ports.map.get(name.as_str()).map(|kind| (*kind, false)),
            Value::Api(node, site) => {
                let data = self.values.models.index.node(*node);
                let row = data.rows(Table::Transport).find(|row| {
                    let versions = self.values.models.transport(*row).versions.as_deref();
                    self.values.version_allows(site.map(|at| at.0), *row, versions)
                })?;
                let transport = self.values.models.transport(row);
                let own = site.is_some_and(|at| {
                    transport.own_stream.iter().any(|text| {
                        let Some(port) = self.values.models.port(text) else { return false };
                        match self.values.port_values(at, port) {
                            PortValue::Missing => false,
                            PortValue::Unknown => true,
                            PortValue::Known(values) => self.values.stream_of_values(&values, None) != Stream::Stdout,
                        }
                    })
                });
                Some((transport.is, own))
            }
            // A pair of streams, a subclass of a transport.
            Value::Record(_) => {
                let obj = self.values.object_of(value)?;
                let all = self.values.known_field(&obj, &Key::All)?;
                let parts = self.values.of_slot(all).items();
                parts.iter().filter_map(|part| self.transport_value(part, ports, depth - 1)).min()
            }
            Value::Instance(class) | Value::Typed(class) => {
                let bases = self.values.classes.api_bases(*class);
                bases.into_iter().find_map(|base| {
                    let instance = self.values.models.index.instance(base);
                    self.transport_value(&Value::Api(instance, None), ports, depth - 1)
                })
            }
            _ => None,
        }
    }
}
