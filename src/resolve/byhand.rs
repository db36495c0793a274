//! Servers without an SDK: a loop that reads requests from standard input.

use std::collections::BTreeSet;

use crate::ir::instr::{Const, Op};
use crate::ir::program::{Language, ModuleId};
use crate::models::index::{RowRef, Table};
use crate::models::path::Step;

use super::solve::Values;
use super::values::{At, Value};

/// Methods of the protocol that a program which speaks it by hand compares with.
const PROTOCOL_WORDS: [&str; 2] = ["tools/call", "tools/list"];

impl Values<'_> {
    /// Reads of standard input in programs that name the protocol's methods and use no SDK to serve.
    pub(crate) fn hand_written_serves(&self) -> &BTreeSet<At> {
        &self.by_hand
    }

    pub(super) fn find_by_hand(&mut self) {
        let mut speaking: BTreeSet<Language> = BTreeSet::new();
        let mut with_sdk: BTreeSet<Language> = BTreeSet::new();
        let mut reads: Vec<(ModuleId, At)> = Vec::new();
        for (func, data) in self.program.funcs.iter_enumerated() {
            let language = self.language(func);
            for (id, instr) in data.instrs.iter_enumerated() {
                let at = (func, id);
                match &instr.op {
                    Op::Const(Const::Str(text)) if PROTOCOL_WORDS.contains(&text.as_str()) => {
                        speaking.insert(language);
                    }
                    Op::Call(_) => {
                        if !self.call_rows(at, Table::Serve).is_empty() {
                            with_sdk.insert(language);
                        }
                        let is_read = |row: &RowRef| {
                            let source = self.models.source(*row);
                            source.kind == "stdin" && self.holds(at, &source.when)
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
        self.by_hand = reads
            .into_iter()
            .filter(|(module, _)| {
                let language = self.program.modules[*module].language;
                speaking.contains(&language) && !with_sdk.contains(&language)
            })
            .map(|(_, at)| at)
            .collect();
    }

    fn reads_stdin(&self, at: At) -> bool {
        self.of(at.0, at.1).items().iter().any(|value| match value {
            Value::Api(node, _) => {
                let reads =
                    |row: RowRef| self.models.source(row).kind == "stdin" && self.models.source(row).when.is_empty();
                let data = self.models.index.node(*node);
                // Also a method that reads, handed to something that calls it: `run_in_executor(None, sys.stdin.readline)`.
                let called = self.models.index.node(self.models.index.step(*node, &Step::Call));
                data.rows(Table::SourceRead).chain(called.rows(Table::Source)).any(reads)
            }
            _ => false,
        })
    }
}
