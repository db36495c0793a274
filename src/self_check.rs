//! `mcpleaks self-check`: does an installed program have all its parts, and do they load?

use std::fmt::Write as _;
use std::sync::Arc;

use crate::base::idx::Id;
use crate::base::span::FileId;
use crate::catalogue::Catalogue;
use crate::models::Models;
use crate::models::load::Own;
use crate::models::schema::ModelFile;
use crate::source::files::{Dialect, SourceFile};

/// A small program for each grammar, in words that the others do not understand.
const PROGRAMS: &[(&str, Dialect, &str)] = &[
    (
        "TypeScript",
        Dialect::TypeScript,
        "export function twice(x: number): number { return x * 2 satisfies number; }\n",
    ),
    ("TSX", Dialect::Tsx, "export const view = (name: string) => <p title={name}>hello</p>;\n"),
    ("JavaScript", Dialect::JavaScript, "export const view = async ({ name }) => (await name)?.length ?? 0;\n"),
    (
        "Python",
        Dialect::Python,
        "async def twice(x: int) -> int:\n    match x:\n        case _:\n            return x * 2\n",
    ),
    ("Rust", Dialect::Rust, "pub async fn twice(x: u32) -> Option<u32> { x.checked_mul(2) }\n"),
];

/// What is there, a line each; with `models`, the user's own as well.
///
/// # Errors
/// All that is there, with what is wrong.
pub(crate) fn self_check(models: Option<&std::path::Path>) -> Result<String, String> {
    let mut faults = Vec::new();
    let mut res = format!("mcpleaks {}\n", env!("CARGO_PKG_VERSION"));
    let mut read = Vec::new();
    for (name, dialect, text) in PROGRAMS {
        match reads(*dialect, text) {
            Ok(()) => read.push(*name),
            Err(what) => faults.push(format!("the grammar of {name} does not read its own language: {what}")),
        }
    }
    let _ = writeln!(res, "grammars: {}", read.join(", "));
    match Catalogue::load() {
        Ok(catalogue) => {
            let all = catalogue.iter().count();
            let run = catalogue.iter().filter(|rule| rule.implemented).count();
            let _ = writeln!(res, "rules: {all}, of which {run} are looked for");
        }
        Err(what) => faults.push(what),
    }
    match Models::load(&Own { folder: models.map(Into::into), ..Own::default() }, |_| true) {
        Ok(models) => {
            let rows: usize = models.files.iter().map(rows).sum();
            let _ = writeln!(res, "models: {} files with {rows} rows", models.files.len());
            // An audit compiles what it needs; here everything has to.
            faults.extend(models.index.build_all().err().into_iter().flatten());
        }
        Err(what) => faults.push(what),
    }
    if faults.is_empty() { Ok(res + "everything loads\n") } else { Err(faults.join("\n")) }
}

/// Is the text understood without a rest?
fn reads(dialect: Dialect, text: &str) -> Result<(), String> {
    let file = SourceFile {
        id: FileId::new(0),
        path: "self-check".to_owned(),
        dialect,
        text: text.to_owned(),
        features: Arc::default(),
    };
    let lowered = crate::debug::on_big_stack(|| crate::lower::lower(&file, &crate::lower::Around::default()));
    match lowered.notes.first() {
        Some(note) => Err(note.text.clone()),
        None => crate::ir::verify::verify(&lowered.program).first().map_or(Ok(()), |fault| Err(fault.to_string())),
    }
}

fn rows(file: &ModelFile) -> usize {
    let of_values = file.types.len() + file.streams.len() + file.sources.len() + file.flows.len() + file.cleans.len();
    let of_output = file.sinks.len() + file.loggers.len() + file.children.len() + file.rebinds.len();
    let of_servers = file.transports.len() + file.serves.len() + file.servers.len() + file.handlers.len();
    let of_control = file.exits.len()
        + file.command_lines.len()
        + file.terminals.len()
        + file.crashes.len()
        + file.callbacks.len()
        + file.loaders.len()
        + file.channels.len();
    let of_others = file.lines.len()
        + file.plains.len()
        + file.echoes.len()
        + file.requests.len()
        + file.levels.len()
        + file.unshown.len();
    of_values + of_output + of_servers + of_control + of_others
}
