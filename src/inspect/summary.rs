//! `mcpleaks debug flow FUNCTION`: what the taint pass knows of a function, as text.

use std::fmt::Write as _;

use crate::base::idx::Id;
use crate::flow::domain::{Entry, Form, Heap, HeapId, RECEIVER, Root};
use crate::flow::reach::Reach;
use crate::flow::summary::{Drain, Helper};
use crate::ir::func::FuncId;
use crate::resolve::channels::Channel;

use super::Subject;
use super::values::origin;

/// The summaries of all functions of a name: `search`, `Client.search`, or the one around `src/client.ts:12`.
///
/// # Errors
/// When there is none; the text says so.
pub(crate) fn summaries(subject: &Subject<'_>, wanted: &str) -> Result<String, String> {
    let program = subject.cx.values.program;
    let place = wanted.rsplit_once(':').and_then(|(path, line)| Some((path, line.parse::<u32>().ok()?)));
    let mut found: Vec<FuncId> = match place {
        Some((path, line)) => {
            let names = crate::audit::names_of_file(&subject.workspace.root, path);
            let place = super::place::find(subject, super::file(subject, &names)?, line);
            place.map(|place| place.func).into_iter().collect()
        }
        None => program.funcs.ids().filter(|id| names(subject, *id, wanted)).collect(),
    };
    if found.is_empty() {
        let near = crate::base::spelling::nearest(wanted, program.funcs.iter().map(|func| func.name.as_str()));
        let help = near.map(|near| format!("did you mean `{near}`?"));
        let help = help.unwrap_or_else(|| "name one, or a place in one, as FILE:LINE".to_owned());
        return Err(format!("there is no function `{wanted}`: {help}"));
    }
    found.sort_unstable();
    let reach = subject.reach();
    let mut res = String::new();
    for func in found {
        summary(subject, &reach, func, &mut res);
    }
    Ok(res)
}

fn names(subject: &Subject<'_>, func: FuncId, wanted: &str) -> bool {
    let values = subject.cx.values;
    let body = &values.program.funcs[func];
    match wanted.rsplit_once('.') {
        None => body.name == wanted,
        Some((class, name)) => {
            let owner = values.classes.owner(func).or(body.owner);
            body.name == name && owner.is_some_and(|owner| values.program.classes[owner].name == class)
        }
    }
}

fn summary(subject: &Subject<'_>, reach: &Reach<'_>, func: FuncId, res: &mut String) {
    let body = &subject.cx.values.program.funcs[func];
    let summary = &reach.taint.summaries[func.index()];
    let params: Vec<&str> = body.params.iter().map(|param| param.name.as_str()).collect();
    let _ = writeln!(res, "{}({})  {}", body.name, params.join(", "), subject.at_func(func));
    if summary.helper == Helper::Shared {
        let _ = writeln!(res, "  does nothing but hand on to a log: its callers are the ones who log");
    }
    if summary.may_raise {
        let _ = writeln!(res, "  can raise an error of a library");
    }
    let lines = res.len();
    let told = |entry: &Entry| told(subject, reach, func, entry);
    for entry in summary.returns.entries() {
        let _ = writeln!(res, "  returns{}  <- {}", inside(entry), told(entry));
    }
    for entry in summary.throws.entries() {
        let _ = writeln!(res, "  throws{}  <- {}", inside(entry), told(entry));
    }
    for (param, entry) in &summary.outs {
        let _ = writeln!(res, "  puts into {}{}  <- {}", param_name(subject, func, *param), inside(entry), told(entry));
    }
    for hit in &summary.hits {
        let drain = match hit.sink.drain {
            Drain::Log => "logs",
            Drain::Write => "writes",
            Drain::Agent => "tells the agent",
            Drain::Echo => "gives to a library that logs it",
        };
        let _ = writeln!(res, "  {drain} at {}  <- {}", subject.at_instr(hit.sink.at), told(&hit.entry));
    }
    for (heap, entry) in &summary.writes {
        let _ = writeln!(res, "  keeps in {}{}  <- {}", heap_name(subject, reach, *heap), inside(entry), told(entry));
    }
    if res.len() == lines {
        let _ = writeln!(res, "  does nothing with what it is given, or runs in no server");
    }
}

/// Where in the value: ` .field`.
fn inside(entry: &Entry) -> String {
    if entry.at.is_empty() { String::new() } else { format!(" .{}", entry.at.join(".")) }
}

fn told(subject: &Subject<'_>, reach: &Reach<'_>, func: FuncId, entry: &Entry) -> String {
    let mut text = match entry.root {
        Root::Source(source) => origin(subject, &reach.taint.names.sources[source]),
        Root::Param(index) => param_name(subject, func, index),
        Root::Heap(heap) => heap_name(subject, reach, heap),
    };
    if !entry.path.is_empty() {
        text.push_str(&format!(" .{}", entry.path.join(".")));
    }
    text.push_str(match entry.form {
        Form::Exact => "",
        Form::Text => ", as a text",
        Form::Debug => ", as a text that shows its inside",
        Form::Held => ", inside a library's object",
    });
    text
}

fn param_name(subject: &Subject<'_>, func: FuncId, index: u32) -> String {
    if index == RECEIVER {
        return "the receiver".into();
    }
    let param = subject.cx.values.program.funcs[func].params.get(index as usize);
    param.map_or_else(|| format!("parameter {index}"), |param| format!("parameter `{}`", param.name))
}

fn heap_name(subject: &Subject<'_>, reach: &Reach<'_>, heap: HeapId) -> String {
    let program = subject.cx.values.program;
    match &reach.taint.names.heaps[heap] {
        Heap::Cell(cell) | Heap::Inner(cell) => format!("variable `{}`", program.cells[*cell].name),
        Heap::Field(class, name) => format!("field `{}.{name}`", program.classes[*class].name),
        Heap::VariableNames => "the names of variables of the environment".into(),
        Heap::Sent(Channel::Made(made), _) => {
            format!("what goes through the channel made at {}", subject.at_instr(*made))
        }
        Heap::Sent(Channel::Objects(node), _) => {
            format!("what goes through objects of {}", subject.cx.values.models.index.node(*node).name)
        }
        Heap::Sent(Channel::Class(class), _) => {
            format!("what goes through objects of {}", subject.cx.values.program.classes[*class].name)
        }
    }
}
