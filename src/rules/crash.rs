//! Does anything in a serving process catch stray rejections and exceptions?

use crate::finding::Step;
use crate::flow::live::Live;
use crate::ir::func::FuncKind;
use crate::ir::instr::Op;
use crate::ir::program::Language;
use crate::models::index::Table;
use crate::models::schema::Crash;
use crate::models::serving::TransportKind;

use crate::resolve::values::At;

use super::place::calls_to;
use super::{Cx, Findings, Unit, loc};

pub(super) fn run(cx: &Cx<'_>, unit: &Unit<'_>, out: &mut Findings<'_>) {
    let Some(serve) = unit.process.serves.iter().min_by_key(|serve| (serve.kind, serve.at)) else { return };
    let is_asked = serve.kind != TransportKind::Other && !unit.is_hosted && unit.starts.is_none();
    if !is_asked || is_covered(cx, unit, serve.kind) {
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
    let start = started_at(cx, unit, serve.at);
    let step = Step { loc: loc(cx.values.program, start), text: "the process starts serving here".into() };
    let mut finding = out.draft("unhandled-rejection", message.into(), step);
    if start != serve.at {
        let text = "the transport is opened here".into();
        finding.related.push(Step { loc: loc(cx.values.program, serve.at), text });
    }
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

/// The statement of the program's top level from which serving is reached, where handlers are installed before; the serve
/// call itself where there is none.
fn started_at<'u>(cx: &Cx<'_>, unit: &'u Unit<'_>, serve: At) -> At {
    let program = cx.values.program;
    let site_in = |live: &'u Live| live.sites.get(&serve).and_then(|sites| sites.first()).map(|site| (live, site));
    let Some((live, site)) = unit.lives().find_map(site_in) else { return serve };
    let calls = calls_to(live, site.frame, site.frame_crash);
    let is_top_call = |at: &&At| {
        let func = &program.funcs[at.0];
        func.kind == FuncKind::Init && matches!(func.instrs[at.1].op, Op::Call(_))
    };
    calls.iter().rev().find(is_top_call).copied().unwrap_or(serve)
}

fn is_covered(cx: &Cx<'_>, unit: &Unit<'_>, kind: TransportKind) -> bool {
    // A server that speaks over HTTP only has no code that runs beside stdio; what another one only installs for HTTP
    // catches nothing where it serves on stdio.
    let lives = unit.lives().take(if kind == TransportKind::Stdio { 1 } else { usize::MAX });
    lives.flat_map(|live| live.sites.keys()).any(|at| {
        let by_call = cx.values.call_rows(*at, Table::Crash).into_iter().any(|row| {
            let crash = cx.values.models.crash(row);
            crash.covers.iter().any(|covers| *covers != Crash::Signal) && cx.values.holds(*at, &crash.when)
        });
        by_call || cx.values.assigns(*at, Table::CrashPlace)
    })
}
