//! Which log level does a call set, and for which loggers?
//!
//! A level may be a word, a constant named by one, a number, or a list of words for several loggers (`info,protocol=warn`). Where it
//! is computed, the words in what it is computed from tell what is meant: `getattr(logging, os.getenv("LEVEL", "INFO"))`.

use std::collections::BTreeSet;

use crate::base::Symbol;
use crate::base::bounds::{MAX_FILTER_STEPS, MAX_LEVEL_DEPTH};
use crate::ir::func::{End, FuncId};
use crate::ir::instr::{Const, Field, InstrId, Op};
use crate::models::index::{RowRef, Table};
use crate::models::levels::{Decides, LevelRow, LogLevel};
use crate::models::path::PortHead;

use super::ports::{PortValue, argument};
use super::solve::Values;
use super::values::{At, Value};

/// The loggers that a level is set for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Loggers {
    All,
    Named(Symbol),
    /// One whose name is not known.
    One,
}

/// One thing that a call sets.
#[derive(Clone, Debug)]
pub(crate) struct Set {
    pub(crate) loggers: Loggers,
    /// None: it is not known.
    pub(crate) level: Option<LogLevel>,
}

impl Values<'_> {
    /// The rows of what loggers keep to themselves unless they are told to show it, and are told so in the program.
    pub(crate) fn shown_on_request(&self) -> BTreeSet<RowRef> {
        let mut found = BTreeSet::new();
        for (rows, site) in self.rows_of_calls.iter().zip(&self.calls) {
            for row in rows.iter().filter(|row| row.table == Table::SinkShown) {
                let mut conditions = self.models.sink(*row).shown_with.iter().flat_map(|with| &with.any);
                if conditions.any(|condition| self.holds(site.at, std::slice::from_ref(condition))) {
                    found.insert(*row);
                }
            }
        }
        found
    }

    /// What the call or assignment at `at` sets, as the row tells it.
    pub(crate) fn levels_set(&self, at: At, row: RowRef) -> Vec<Set> {
        let level = self.models.level(row);
        if matches!(self.program.funcs[at.0].instrs[at.1].op, Op::Store(..)) {
            return self.switched_off(at, level);
        }
        if !self.holds(at, &level.when) || !self.version_allows(Some(at.0), row, level.versions.as_deref()) {
            return Vec::new();
        }
        if let Some(decides) = &level.decides {
            let holds_back = self.asks_for_origin(at, decides);
            let set = Set { loggers: Loggers::One, level: level.default };
            return if holds_back { vec![set] } else { Vec::new() };
        }
        let names = self.logger_names(at, level);
        let mut found = Vec::new();
        let mut is_given = false;
        for port in level.level.iter().filter_map(|text| self.models.port(text)) {
            let value = self.port_values(at, port);
            if value == PortValue::Missing {
                continue;
            }
            is_given = true;
            if let PortValue::Known(values) = &value {
                found.extend(values.iter().flat_map(|value| self.said_by(level, value)));
            }
            if found.is_empty()
                && port.path.is_empty()
                && let (Some(call), PortHead::Arg(_) | PortHead::Named(_)) = (self.call_at(at), &port.head)
                && let Some(value) = argument(call, &port.head)
            {
                self.said_inside(level, at.0, value, MAX_LEVEL_DEPTH, &mut found);
            }
            break;
        }
        if !is_given {
            let default = level.default.map(|level| (None, Some(level)));
            found.extend(default);
        } else if found.is_empty() {
            found.push((None, None));
        }
        let of = |(target, level): (Option<Symbol>, Option<LogLevel>)| match target {
            Some(name) => vec![Set { loggers: Loggers::Named(name), level }],
            None => names.iter().map(|loggers| Set { loggers: loggers.clone(), level }).collect(),
        };
        found.into_iter().flat_map(of).collect()
    }

    /// Does the function that a call is handed, or one that it calls, ask where a record comes from? One that is not known may.
    fn asks_for_origin(&self, at: At, decides: &Decides) -> bool {
        let given = self.models.port(&decides.func).map(|port| self.port_values(at, port));
        let Some(PortValue::Known(given)) = given else { return true };
        let func = |value: &Value| if let Value::Func(func) = value { Some(*func) } else { None };
        let mut open: Vec<FuncId> = given.iter().filter_map(func).collect();
        if open.is_empty() {
            return true;
        }
        let mut found: BTreeSet<FuncId> = open.iter().copied().collect();
        let is_asked = |name: &Symbol| decides.asks.iter().any(|member| member == name.as_str());
        while let Some(func) = open.pop() {
            for (id, instr) in self.program.funcs[func].instrs.iter_enumerated() {
                let Op::Call(call) = &instr.op else { continue };
                if matches!(call.callee.path.last(), Some(Field::Name(name)) if is_asked(name)) {
                    return true;
                }
                let inner = self.callees((func, id)).iter().map(|(callee, _)| *callee);
                open.extend(inner.filter(|callee| found.len() < MAX_FILTER_STEPS && found.insert(*callee)));
            }
        }
        false
    }

    /// The loggers that an assignment of `true` gives the row's level.
    fn switched_off(&self, at: At, level: &LevelRow) -> Vec<Set> {
        let assigned = self.assigned_values(at);
        if assigned.is_empty() || assigned.iter().any(|value| *value != Value::Const(Const::Bool(true))) {
            return Vec::new();
        }
        let names = self.assigned_owners(at).into_iter().flat_map(|made| self.logger_names(made, level));
        names.map(|loggers| Set { loggers, level: level.default }).collect()
    }

    fn logger_names(&self, at: At, level: &LevelRow) -> Vec<Loggers> {
        for port in level.logger.iter().filter_map(|text| self.models.port(text)) {
            let PortValue::Known(values) = self.port_values(at, port) else {
                if self.port_values(at, port) == PortValue::Missing {
                    continue;
                }
                return vec![Loggers::One];
            };
            let name = |value: &Value| match value {
                Value::Const(Const::Str(name)) if name.is_empty() || name.as_str() == "root" => Loggers::All,
                Value::Const(Const::Str(name)) => Loggers::Named(name.clone()),
                _ => Loggers::One,
            };
            return values.iter().map(name).collect();
        }
        vec![Loggers::All]
    }

    /// The levels that one value says.
    fn said_by(&self, row: &LevelRow, value: &Value) -> Vec<(Option<Symbol>, Option<LogLevel>)> {
        let word = match value {
            Value::Const(Const::Str(text)) => text.clone(),
            Value::Const(constant) => {
                let level = row.numbers.get(Self::const_text(constant).as_str());
                return level.map(|level| (None, Some(*level))).into_iter().collect();
            }
            Value::Api(node, _) => {
                let name = &self.models.index.node(*node).name;
                name.rsplit('.').next().unwrap_or_default().into()
            }
            _ => return Vec::new(),
        };
        word.split(',').filter_map(directive).collect()
    }

    /// The instructions that make the value at `at`: calls in a chain, what they are given, and what closures among that give.
    pub(crate) fn makers(&self, at: At) -> BTreeSet<At> {
        let mut found = BTreeSet::from([at]);
        let mut open = vec![at];
        while let Some((func, value)) = open.pop() {
            let op = &self.program.funcs[func].instrs[value].op;
            let mut next = Vec::new();
            op.operands(|part| next.push((func, part)));
            next.extend(self.of(func, value).items().iter().filter_map(|value| match value {
                Value::Api(_, made) => *made,
                _ => None,
            }));
            if let Op::Closure(inner) = op {
                next.extend(self.given_back(*inner));
            }
            open.extend(next.into_iter().filter(|at| found.len() < MAX_FILTER_STEPS && found.insert(*at)));
        }
        found
    }

    /// What a function gives back.
    fn given_back(&self, func: FuncId) -> impl Iterator<Item = At> {
        self.program.funcs[func].blocks.iter().filter_map(move |block| match block.end {
            End::Return(value) => Some((func, value?)),
            _ => None,
        })
    }

    /// The levels said by what a value is computed from.
    fn said_inside(
        &self,
        row: &LevelRow,
        func: FuncId,
        value: InstrId,
        depth: usize,
        found: &mut Vec<(Option<Symbol>, Option<LogLevel>)>,
    ) {
        for value in self.of(func, value).items() {
            found.extend(self.said_by(row, value));
        }
        // `LEVEL.to_string()`
        let receiver = self.call_at((func, value)).and_then(|_| self.receiver_slot((func, value)));
        if let (true, Some(slot)) = (found.is_empty(), receiver) {
            found.extend(self.of_slot(slot).items().iter().flat_map(|value| self.said_by(row, value)));
        }
        let (true, Some(depth)) = (found.is_empty(), depth.checked_sub(1)) else { return };
        let mut parts = Vec::new();
        let op = &self.program.funcs[func].instrs[value].op;
        op.operands(|part| parts.push((func, part)));
        // `unwrap_or_else(|_| "info".into())`
        if let Op::Closure(inner) = op {
            parts.extend(self.given_back(*inner));
        }
        for (func, part) in parts {
            self.said_inside(row, func, part, depth, found);
        }
    }
}

/// `info`, `protocol=warn`, `net::proto[span]=trace`.
fn directive(text: &str) -> Option<(Option<Symbol>, Option<LogLevel>)> {
    match text.rsplit_once('=') {
        None => Some((None, Some(LogLevel::parse(text)?))),
        Some((target, level)) => {
            let target = target.split('[').next().unwrap_or_default().trim();
            Some((Some(target.into()), Some(LogLevel::parse(level)?)))
        }
    }
}
