//! Programs of a package that start one of its servers as a child which has their stdout:
//!
//! ```text
//! spawn("node", [path.join(here, "server.js")], { stdio: "inherit" })
//! ```
//!
//! What the program prints, the client reads among the messages of the server. The server is told by itself; what is told of
//! the program is what it writes.

use std::collections::BTreeSet;

use crate::ir::func::FuncId;
use crate::ir::instr::{Entry, InstrId, Op};
use crate::ir::program::{Language, ModuleId};
use crate::models::index::Table;
use crate::models::schema::Stream;
use crate::models::serving::TransportKind;
use crate::resolve::ports::argument;
use crate::resolve::values::{At, Site, Value};
use crate::source::manifest::entries::StartedBy;

use super::servers::{Candidate, Finder};

impl Finder<'_, '_> {
    pub(super) fn parents(&mut self) {
        let linker = self.values.linker;
        let mut programs = self.workspace.manifests.entries();
        programs.retain(|entry| entry.language == Language::Script && entry.by == StartedBy::Program);
        programs.retain(|entry| {
            let module = linker.file_by_path(&entry.path).and_then(|file| linker.module_of_file(file));
            module.is_some() && !self.found.iter().any(|found| found.start.module == module)
        });
        if programs.is_empty() {
            return;
        }
        for at in self.handing_on() {
            let leading = self.before.leading(self.values, std::iter::once(&at));
            for entry in &programs {
                let Some(start) = linker.file_by_path(&entry.path).and_then(|file| self.start(file, None)) else {
                    continue;
                };
                let is_known = self.found.iter().any(|found| found.start == start);
                if is_known || !leading.has(&start, self.values) {
                    continue;
                }
                let of_all = self.told;
                (self.told.transport, self.told.serves_at) = (Some(TransportKind::Stdio), Some(at));
                let (name, how) = (entry.name.clone(), entry.how.clone());
                self.explore(Candidate { start, name, how, doubts: Vec::new(), is_hosted: false, is_parent: true });
                self.told = of_all;
            }
        }
    }

    /// The calls that start a server which was found as a child with the stdout of its parent.
    fn handing_on(&self) -> Vec<At> {
        let on_stdio = |kind: TransportKind| matches!(kind, TransportKind::Stdio | TransportKind::Unknown);
        let serving = self.found.iter().filter(|found| found.process.serves.iter().any(|serve| on_stdio(serve.kind)));
        let servers: BTreeSet<ModuleId> = serving.filter_map(|found| found.start.module).collect();
        let program = self.values.program;
        let mut found = Vec::new();
        for (func, body) in program.funcs.iter_enumerated() {
            if self.values.language(func) != Language::Script {
                continue;
            }
            let calls = body.instrs.iter_enumerated().filter(|(_, instr)| matches!(instr.op, Op::Call(_)));
            let ids: Vec<InstrId> = calls.map(|(id, _)| id).collect();
            found.extend(ids.into_iter().map(|id| (func, id)).filter(|at| self.hands_on(*at, &servers)));
        }
        found
    }

    fn hands_on(&self, at: At, servers: &BTreeSet<ModuleId>) -> bool {
        self.values.call_rows(at, Table::Child).into_iter().any(|row| {
            let child = self.values.models.child(row);
            let starts_one = || {
                let ports = child.command.iter().filter_map(|text| self.values.models.port(text));
                let given = ports.filter_map(|port| argument(self.values.call_at(at)?, &port.head));
                let words = given.flat_map(|given| self.words(at.0, given));
                words
                    .flat_map(|(func, word)| self.values.loads_by_path(func, word))
                    .any(|module| servers.contains(&module))
            };
            self.values.stream_of(at, &child.stdout) == Stream::Stdout
                && self.values.holds(at, &child.when)
                && starts_one()
        })
    }

    /// The words of a command line: what is in a list, or what is given itself.
    fn words(&self, func: FuncId, given: InstrId) -> Vec<At> {
        let program = self.values.program;
        let lists = self.values.of(func, given).items().iter().filter_map(|value| match value {
            Value::Record(Site::Instr(made)) => Some(*made),
            _ => None,
        });
        let inside = lists.flat_map(|made| match &program.funcs[made.0].instrs[made.1].op {
            Op::Record(record) => record
                .entries
                .iter()
                .filter_map(|entry| match entry {
                    Entry::Field(_, value) => Some((made.0, *value)),
                    Entry::Spread(_) => None,
                })
                .collect(),
            _ => Vec::new(),
        });
        inside.chain([(func, given)]).collect()
    }
}
