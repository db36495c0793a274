//! What of the program stands in a line.

use crate::base::idx::Id;
use crate::base::span::FileId;
use crate::ir::func::{End, FuncId};
use crate::ir::instr::{InstrId, Op};
use crate::resolve::values::At;

use super::Subject;

/// The code of a line.
pub(super) struct Place {
    /// The innermost function of the line.
    pub(super) func: FuncId,
    /// All instructions that start there.
    pub(super) instrs: Vec<At>,
    /// The calls to speak of: those that start there, else the smallest one around the line.
    pub(super) calls: Vec<At>,
    /// Values that a function gives back there.
    pub(super) returned: Vec<At>,
}

/// `None` where no instruction stands.
pub(super) fn find(subject: &Subject<'_>, file: FileId, line: u32) -> Option<Place> {
    let program = subject.cx.values.program;
    let lines = subject.lines(file);
    let mut instrs: Vec<At> = Vec::new();
    let mut around: Vec<At> = Vec::new();
    let mut inner: Option<FuncId> = None;
    for (func, body) in program.funcs.iter_enumerated() {
        if program.modules[body.module].file != file {
            continue;
        }
        let holds = (lines.line(body.span.start)..=lines.line(body.span.end)).contains(&line);
        let size = |id: FuncId| program.funcs[id].span.end - program.funcs[id].span.start;
        let starts_above = lines.line(body.span.start) < line || body.parent.is_none();
        if holds && starts_above && inner.is_none_or(|known| size(func) <= size(known)) {
            inner = Some(func);
        }
        for (id, instr) in body.instrs.iter_enumerated() {
            let (first, last) = (lines.line(instr.span.start), lines.line(instr.span.end));
            if first == line && instr.span.end > instr.span.start {
                instrs.push((func, id));
            } else if first <= line && line <= last && matches!(instr.op, Op::Call(_)) {
                around.push((func, id));
            }
        }
    }
    let func = instrs.first().map(|at| at.0);
    let func = inner.filter(|inner| instrs.is_empty() || instrs.iter().any(|at| at.0 == *inner)).or(func)?;
    let mut calls: Vec<At> = instrs.iter().copied().filter(|at| subject.cx.values.call_at(*at).is_some()).collect();
    if calls.is_empty() {
        let span = |at: &At| program.funcs[at.0].instrs[at.1].span;
        around.retain(|at| at.0 == func);
        calls.extend(around.into_iter().min_by_key(|at| (span(at).end - span(at).start, at.1.index())));
    }
    if instrs.is_empty() && calls.is_empty() {
        return None;
    }
    let returned = instrs.iter().copied().filter(|at| is_returned(subject, *at)).collect();
    Some(Place { func, instrs, calls, returned })
}

fn is_returned(subject: &Subject<'_>, at: At) -> bool {
    let body = &subject.cx.values.program.funcs[at.0];
    let gives = |id: InstrId| id == at.1;
    body.blocks.iter().any(|block| matches!(block.end, End::Return(Some(id)) | End::Throw(id) if gives(id)))
}
