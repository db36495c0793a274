//! Calls that start to serve.

use crate::base::Symbol;
use crate::base::bounds::MAX_TRANSPORT_DEPTH;
use crate::ir::func::FuncId;
use crate::ir::instr::{Base, Const, Field};
use crate::ir::program::Language;
use crate::models::index::{RowRef, Table};
use crate::models::path::PortStep;
use crate::models::schema::CallbackTime;
use crate::models::serving::{TransportKind, TransportSpec};
use crate::resolve::ports::{argument, in_named_spread};
use crate::resolve::solve::Values;
use crate::resolve::values::{At, Value};
use crate::source::version::Allowed;

use super::abs::Abs;
use super::explore::{Event, Explorer, Phase, Serve, State};
use super::failed::result_of;
use super::frames::Output;
use super::joins::given_sym;

impl Explorer<'_> {
    /// Is the receiver of the call at `at` a computation that serves: `main().catch(…)`?
    pub(super) fn receiver_serves(&self, at: At) -> bool {
        let Some(call) = self.values.call_at(at) else { return false };
        let Base::Value(value) = call.callee.base else { return false };
        let serves = |made: At| self.serving_calls.contains(&made) || self.call_may_serve(made);
        let func = &self.values.program.funcs[at.0];
        result_of(self.values.models, func, value, |call| serves((at.0, call)))
    }

    /// Does a method call the function that it is given for an error alone: `result.inspect_err(|e| …)`?
    pub(super) fn asks_about_error(&self, at: At) -> bool {
        let method = self.values.call_at(at).and_then(|call| call.callee.split_last());
        self.values.language(at.0) == Language::Rust
            && matches!(method, Some((_, Field::Name(name))) if self.values.models.error_fate(name).is_some())
    }

    pub(super) fn call_may_serve(&self, at: At) -> bool {
        self.values.callees(at).iter().any(|(func, _)| self.serving_funcs.contains(func))
    }

    /// A call that starts a server, whichever one was chosen: `(run_stdio if … else run_http)()`. False when it never comes
    /// back and serves no stdio.
    pub(super) fn serve_by_rows(&mut self, at: At, event: &mut Event, state: &mut State) -> bool {
        let before = state.phase;
        let (mut left, mut serves): (Option<Phase>, bool) = (None, false);
        for row in self.values.call_rows(at, Table::Serve) {
            let serve = self.values.models.serve(row);
            let version = self.values.version_of(Some(at.0), row, serve.versions.as_deref());
            if version == Allowed::No || !self.values.holds(at, &serve.when) {
                continue;
            }
            serves = true;
            state.phase = before;
            if self.serve(at, row, event, state) {
                left = Some(left.map_or(state.phase, |known| known.union(state.phase)));
            }
        }
        state.phase = left.unwrap_or(before);
        left.is_some() || !serves
    }

    /// One way to serve; false when it never comes back and serves no stdio.
    fn serve(&mut self, at: At, row: RowRef, event: &mut Event, state: &mut State) -> bool {
        let serve = self.values.models.serve(row);
        let named = self.named_transport(at, &serve.transport, state);
        let (mut kind, output) = match &named {
            Some((kind, _)) => (*kind, Output::Stdout),
            None => {
                let given = self.transport_given(at, &serve.transport, state);
                given.unwrap_or_else(|| self.transport(at, &serve.transport))
            }
        };
        if self.values.serves_unseen(at) {
            kind = TransportKind::Unknown;
        }
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
        let blocks = serve.blocks && !self.runs_beside(at);
        self.serves.entry((at, kind)).and_modify(|known| known.facts = known.facts.meet(&facts)).or_insert_with(|| {
            Serve {
                at,
                row,
                kind,
                diverts_stdout,
                output,
                name: named.and_then(|(_, name)| name),
                by_hand: false,
                facts: (*facts).clone(),
                rebinds: (*state.rebinds).clone(),
            }
        });
        event.serves |= on_stdio || self.any_transport;
        if on_stdio {
            event.on_stdio = true;
            self.serving_calls.insert(at);
        }
        if on_stdio || self.any_transport {
            state.phase = match (blocks, self.is_left_to_run(at)) {
                (true, true) => state.phase.union(Phase::SERVING),
                (true, false) => Phase::AFTER,
                (false, _) => Phase::SERVING,
            };
        } else if self.any_transport && !blocks {
            state.phase = Phase::SERVING;
        }
        on_stdio || !blocks
    }

    /// Does a call hand over what serves to a task or a thread, and go on?
    fn runs_beside(&self, at: At) -> bool {
        let rows = self.values.call_rows(at, Table::Callback);
        !rows.is_empty() && rows.iter().all(|row| self.values.models.callback(*row).runs == CallbackTime::Later)
    }

    /// The transport that a call is told by a name which is known here: each caller of `start(transport)` may give another one.
    fn named_transport(&self, at: At, spec: &TransportSpec, state: &State) -> Option<(TransportKind, Option<Symbol>)> {
        let (TransportSpec::Ports(ports), Some(call)) = (spec, self.values.call_at(at)) else { return None };
        for port in ports.from.iter().filter_map(|text| self.values.models.port(text)) {
            let given = match argument(call, &port.head) {
                Some(value) if port.path.is_empty() => self.operand(at.0, value, state)?,
                Some(_) => return None,
                None => match in_named_spread(call, &port.head) {
                    Some((all, PortStep::Name(name))) => {
                        let named = self.handed_on(at.0, all, state);
                        Abs::Const(named.iter().find(|(known, _)| *known == name)?.1.clone())
                    }
                    _ => continue,
                },
            };
            let Abs::Const(given) = given else { return None };
            let kind = *ports.map.get(Values::const_text(&given).as_str())?;
            return Some((kind, if let Const::Str(name) = given { Some(name) } else { None }));
        }
        None
    }

    /// A transport that is handed to a function which leads to serving: another caller may hand over another one. It gets the
    /// name of the argument, unless it has come by another call already.
    pub(super) fn transport_handed(
        &self,
        (func, value): At,
        (callee, nth): (FuncId, usize),
        abs: Option<Abs>,
    ) -> Option<Abs> {
        let index = &self.values.models.index;
        let is_transport = |value: &Value| match value {
            Value::Api(node, _) => index.node(*node).has(Table::Transport),
            Value::Instance(class) | Value::Typed(class) => {
                let bases = self.values.classes.api_bases(*class);
                bases.into_iter().any(|base| index.node(index.instance(base)).has(Table::Transport))
            }
            _ => false,
        };
        let is_known = matches!(&abs, Some(Abs::Sym(sym)) if self.transports.borrow().contains_key(sym));
        if is_known || !self.to_serving.contains(&callee) {
            return abs;
        }
        // One of the program's own is one where another caller hands over one that is known: `connect(new Nowhere())`.
        let is_own = |value: &Value| matches!(value, Value::Instance(_));
        let given = self.values.of(func, value).items();
        let others = || {
            let param = self.values.program.funcs[callee].params.get(nth)?;
            Some(self.values.of_slot(self.values.local_slot(callee, param.local)).items())
        };
        let is_one = given.iter().any(is_transport)
            || given.iter().any(is_own) && others().is_some_and(|others| others.iter().any(is_transport));
        if !is_one {
            return abs;
        }
        let sym = given_sym(func, value);
        self.transports.borrow_mut().insert(sym.clone(), (func, value));
        Some(Abs::Sym(sym))
    }

    /// The transport that this very caller handed over.
    fn transport_given(&self, at: At, spec: &TransportSpec, state: &State) -> Option<(TransportKind, Output)> {
        let (TransportSpec::Ports(ports), Some(call)) = (spec, self.values.call_at(at)) else { return None };
        let port =
            ports.from.iter().find_map(|text| self.values.models.port(text)).filter(|port| port.path.is_empty())?;
        let Some(Abs::Sym(sym)) = self.operand(at.0, argument(call, &port.head)?, state) else { return None };
        let (func, value) = *self.transports.borrow().get(&sym)?;
        let values = self.values.of(func, value).items();
        values.iter().filter_map(|value| self.transport_value(value, ports, MAX_TRANSPORT_DEPTH)).min()
    }

    /// The value that chooses the transport at a serve call chooses stdio, where that is served.
    fn assume_transport(&self, at: At, spec: &TransportSpec, state: &mut State) {
        let (TransportSpec::Ports(ports), Some(call)) = (spec, self.values.call_at(at)) else { return };
        for port in ports.from.iter().filter_map(|text| self.values.models.port(text)) {
            let Some(value) = argument(call, &port.head).filter(|_| port.path.is_empty()) else {
                continue;
            };
            if let Some(Abs::Sym(sym)) = self.operand(at.0, value, state) {
                let word = Const::str(self.values.models.stdio_word());
                let test = Abs::test(sym, Some(word), false);
                self.assume(&test, true, state);
            }
        }
    }

    /// Does the instruction serve without an SDK that is known?
    pub(super) fn serves_by_hand(&self, at: At) -> bool {
        self.told.serves_at == Some(at) || self.values.hand_written_serves().contains_key(&at)
    }

    /// What takes requests in a program that speaks the protocol itself, or what a user says to serve.
    pub(super) fn serve_by_hand(&mut self, at: At, event: &mut Event, state: &mut State) {
        let row = RowRef { file: 0, table: Table::Serve, row: 0 };
        let known = self.values.hand_written_serves().get(&at).copied().unwrap_or(TransportKind::Stdio);
        let kind = self.told.transport.unwrap_or(known);
        let facts = state.facts.clone();
        self.serves.entry((at, kind)).and_modify(|known| known.facts = known.facts.meet(&facts)).or_insert_with(|| {
            Serve {
                at,
                row,
                kind,
                diverts_stdout: false,
                output: Output::Stdout,
                name: None,
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
        }
        // What is registered to answer requests does not wait for them: what follows runs.
        if on_stdio || self.any_transport {
            state.phase = Phase::SERVING;
        }
    }
}
