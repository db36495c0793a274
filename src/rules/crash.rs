//! Does anything in a serving process catch stray rejections and exceptions?

use crate::finding::Step;
use crate::ir::program::Language;
use crate::models::index::Table;
use crate::models::schema::{Crash, TransportKind};

use super::{Cx, Findings, Unit, loc};

pub(super) fn run(cx: &Cx<'_>, unit: &Unit<'_>, out: &mut Findings<'_>) {
    let Some(serve) = unit.process.serves.iter().min_by_key(|serve| (serve.kind, serve.at)) else { return };
    if serve.kind == TransportKind::Other || is_covered(cx, unit) {
        return;
    }
    let language = cx.values.language(serve.at.0);
    let message = match language {
        Language::Script => "nothing in this process catches unhandled promise rejections: one ends the server",
        Language::Python => "no handler reports exceptions that escape threads and tasks of this process",
        Language::Rust => {
            "no panic hook reports panics of this process; a panicking handler leaves its request unanswered"
        }
    };
    let step = Step { loc: loc(cx.values.program, serve.at), text: "the process starts serving here".into() };
    let mut finding = out.draft("unhandled-rejection", message.into(), step);
    if language != Language::Script {
        finding.level = crate::finding::Level::Note;
        finding.persona = crate::finding::Persona::Pedantic;
        finding.help = match language {
            Language::Python => {
                "set sys.excepthook, threading.excepthook and the loop's exception handler to log to stderr"
            }
            _ => "install a panic hook with std::panic::set_hook that logs to stderr",
        }
        .into();
    }
    finding.function = cx.values.program.funcs[serve.at.0].name.clone();
    finding.servers = vec![unit.number];
    for why in &unit.doubts {
        super::place::doubt(&mut finding, why.clone());
    }
    out.add(finding);
}

fn is_covered(cx: &Cx<'_>, unit: &Unit<'_>) -> bool {
    unit.process.live.sites.keys().any(|at| {
        let by_call = cx.values.call_rows(*at, Table::Crash).into_iter().any(|row| {
            let crash = cx.values.models.crash(row);
            crash.covers.iter().any(|covers| *covers != Crash::Signal) && cx.values.holds(*at, &crash.when)
        });
        by_call || cx.values.assigns(*at, Table::CrashPlace)
    })
}
