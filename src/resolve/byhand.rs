//! Servers without an SDK: a loop that reads requests from standard input.

use std::collections::BTreeSet;

use crate::base::bounds::MAX_WAY_BACK;
use crate::ir::func::FuncId;
use crate::ir::instr::{Const, Op};
use crate::ir::program::{Language, ModuleId};
use crate::models::index::{RowRef, Table};
use crate::models::path::Step;

use super::solve::Values;
use super::values::{At, Value};

/// Methods of the protocol that a program which speaks it by hand compares with.
const PROTOCOL_WORDS: [&str; 2] = ["tools/call", "tools/list"];

/// The kind of source that standard input is.
const STDIN: &str = "stdin";

/// The code nearest to a read of standard input that names the protocol's methods.
struct Nearest {
    read_in: FuncId,
    /// Calls back from the read.
    calls: usize,
    /// All that is called from there.
    below: BTreeSet<FuncId>,
}

impl Values<'_> {
    /// Reads of standard input in programs that name the protocol's methods and use no SDK to serve.
    pub(crate) fn hand_written_serves(&self) -> &BTreeSet<At> {
        &self.by_hand
    }

    pub(super) fn find_by_hand(&mut self) {
        let mut speaking: BTreeSet<Language> = BTreeSet::new();
        let mut speakers: BTreeSet<FuncId> = BTreeSet::new();
        let mut with_sdk: BTreeSet<Language> = BTreeSet::new();
        let mut reads: Vec<(ModuleId, At)> = Vec::new();
        for (func, data) in self.program.funcs.iter_enumerated() {
            let language = self.language(func);
            for (id, instr) in data.instrs.iter_enumerated() {
                let at = (func, id);
                match &instr.op {
                    Op::Const(Const::Str(text)) if PROTOCOL_WORDS.contains(&text.as_str()) => {
                        speaking.insert(language);
                        speakers.insert(func);
                    }
                    Op::Call(_) => {
                        if !self.call_rows(at, Table::Serve).is_empty() {
                            with_sdk.insert(language);
                        }
                        let is_read = |row: &RowRef| {
                            let source = self.models.source(*row);
                            source.kind == STDIN && self.holds(at, &source.when)
                        };
                        if self.call_rows(at, Table::Source).iter().any(is_read) {
                            reads.push((data.module, at));
                        }
                    }
                    Op::Load(_) if self.reads_stdin(at) => reads.push((data.module, at)),
                    _ => {}
                }
            }
        }
        reads.retain(|(module, _)| {
            let language = self.program.modules[*module].language;
            speaking.contains(&language) && !with_sdk.contains(&language)
        });
        self.by_hand = self.of_requests(reads.into_iter().map(|(_, at)| at).collect(), &speakers);
    }

    /// The reads of requests among all reads of standard input: those nearest to the code that compares with the protocol's
    /// methods. A command beside the server reads standard input, too.
    fn of_requests(&self, reads: Vec<At>, speakers: &BTreeSet<FuncId>) -> BTreeSet<At> {
        let near: Vec<(At, Option<Nearest>)> =
            reads.iter().map(|read| (*read, self.nearest(read.0, speakers))).collect();
        let known: Vec<&Nearest> = near.iter().filter_map(|(_, near)| near.as_ref()).collect();
        if known.is_empty() {
            return reads.into_iter().collect();
        }
        // Of two as near, the one that the other leads to.
        let is_nearer = |one: &Nearest, other: &Nearest| {
            other.below.contains(&one.read_in)
                && (one.calls < other.calls || one.calls == other.calls && !one.below.contains(&other.read_in))
        };
        let is_request = |near: &Nearest| !known.iter().any(|other| is_nearer(other, near));
        near.iter().filter(|(_, near)| near.as_ref().is_some_and(is_request)).map(|(at, _)| *at).collect()
    }

    /// How many calls one has to go back from a function until one of `speakers` is called from there.
    fn nearest(&self, read_in: FuncId, speakers: &BTreeSet<FuncId>) -> Option<Nearest> {
        let mut seen = BTreeSet::from([read_in]);
        let mut level = vec![read_in];
        for calls in 0..MAX_WAY_BACK {
            let below = self.called_from(&level);
            if !below.is_disjoint(speakers) {
                return Some(Nearest { read_in, calls, below });
            }
            let back = level.iter().flat_map(|func| self.callers(*func)).map(|at| at.0);
            level = back.filter(|func| seen.insert(*func)).collect();
            if level.is_empty() {
                break;
            }
        }
        None
    }

    /// The functions and all that they call, directly or not.
    fn called_from(&self, from: &[FuncId]) -> BTreeSet<FuncId> {
        let mut seen: BTreeSet<FuncId> = from.iter().copied().collect();
        let mut next = from.to_vec();
        while let Some(func) = next.pop() {
            for (id, instr) in self.program.funcs[func].instrs.iter_enumerated() {
                if matches!(instr.op, Op::Call(_)) {
                    next.extend(
                        self.callees((func, id)).iter().map(|(func, _)| *func).filter(|func| seen.insert(*func)),
                    );
                }
            }
        }
        seen
    }

    /// Does a function get hold of standard input?
    pub(crate) fn touches_stdin(&self, func: FuncId) -> bool {
        let is_stdin_read = |row: &RowRef| self.models.source(*row).kind == STDIN;
        self.program.funcs[func].instrs.iter_enumerated().any(|(id, instr)| match instr.op {
            Op::Load(_) => self.reads_stdin((func, id)),
            Op::Call(_) => {
                self.reads_stdin((func, id)) || self.call_rows((func, id), Table::Source).iter().any(is_stdin_read)
            }
            _ => false,
        })
    }

    fn reads_stdin(&self, at: At) -> bool {
        self.of(at.0, at.1).items().iter().any(|value| self.is_stdin(value))
    }

    /// Is a value standard input, or something that reads it?
    pub(crate) fn is_stdin(&self, value: &Value) -> bool {
        let Value::Api(node, _) = value else { return false };
        let reads = |row: RowRef| self.models.source(row).kind == STDIN && self.models.source(row).when.is_empty();
        let data = self.models.index.node(*node);
        // Also a method that reads, handed to something that calls it: `run_in_executor(None, sys.stdin.readline)`.
        let called = self.models.index.node(self.models.index.step(*node, &Step::Call));
        data.rows(Table::SourceRead).chain(called.rows(Table::Source)).any(reads)
    }
}
