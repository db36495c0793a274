//! How messages name what a call calls: as its source writes it.

use std::collections::BTreeSet;

use crate::base::Symbol;
use crate::base::span::{Loc, Span};
use crate::flow::process::Handler;
use crate::ir::func::{FuncId, FuncKind, ParamKind};
use crate::ir::instr::{Base, CallStyle, Field, Op};
use crate::ir::program::{Language, Program};
use crate::models::handlers::HandlerKind;
use crate::resolve::solve::Values;
use crate::resolve::values::At;

use super::{Cx, loc};

/// Longest name that is told whole; of a longer one the last two parts are.
const MAX_WHOLE: usize = 40;

/// Most tools of one function that are named: a loop may register fifty.
const MAX_LISTED: usize = 3;

/// Longest name at all.
const MAX_NAME: usize = 60;

/// `console.info`, `println!`, `clock::Clock::new().serve`.
pub(crate) fn called(cx: &Cx<'_>, at: At) -> String {
    called_in(cx.values, cx.texts, at)
}

/// The same for whoever has no rule's context; `texts` gives source text without white space.
pub(crate) fn called_in(values: &Values<'_>, texts: &dyn Fn(Loc) -> String, at: At) -> String {
    if let Some(name) = written(values, texts, at) {
        return name;
    }
    // `@server.tool(name="open")`: what is called is what another call gives.
    if let Some(Base::Value(made)) =
        values.call_at(at).filter(|call| call.callee.path.is_empty()).map(|call| &call.callee.base)
        && matches!(values.program.funcs[at.0].instrs[*made].op, Op::Call(_))
    {
        return called_in(values, texts, (at.0, *made));
    }
    if let Some(name) = values.call_text(at) {
        let is_macro = values.call_at(at).is_some_and(|call| call.style == CallStyle::Macro);
        return if is_macro { format!("{}!", name.replace('.', "::")) } else { name.to_string() };
    }
    let named = values.call_at(at).and_then(|call| match call.callee.path.last() {
        Some(Field::Name(name)) => Some(name.to_string()),
        _ => None,
    });
    let callee = || values.callees(at).first().map(|(func, _)| values.program.funcs[*func].name.to_string());
    named.or_else(callee).unwrap_or_else(|| "a call".into())
}

/// What the agent calls a handler: the name it is registered under; in Python that is the function's where none is given.
pub(crate) fn handler_name(program: &Program, handler: &Handler) -> Option<Symbol> {
    let func = &program.funcs[program.known_as(handler.func)];
    let by_func = || {
        // What takes whatever it is given stands for another function: `async def wrapper(*args, **kwargs)`.
        let is_wrapper = func.params.iter().any(|param| param.kind == ParamKind::Rest);
        let is_named = !matches!(func.kind, FuncKind::Lambda | FuncKind::Init) && !is_wrapper;
        let has_name = matches!(handler.kind, HandlerKind::Tool | HandlerKind::Prompt | HandlerKind::Resource);
        let is_python = program.modules[func.module].language == Language::Python;
        (is_named && has_name && is_python).then(|| func.name.clone())
    };
    handler.name.clone().or_else(by_func)
}

/// `handler of tool `search``, of a function that handlers are: one, or several that are registered with it in turn. `kind` is what
/// they are.
pub(crate) fn handles<'h>(
    program: &Program,
    kind: &str,
    func: FuncId,
    handlers: impl Iterator<Item = &'h Handler>,
) -> Option<String> {
    let told: Vec<_> =
        handlers.filter(|handler| handler.func == func).map(|handler| handler_name(program, handler)).collect();
    let is_other_too = told.iter().any(Option::is_none);
    let names: BTreeSet<Symbol> = told.into_iter().flatten().collect();
    let listed = || names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => None,
        _ if is_other_too => Some(format!("handler of several {kind}s")),
        1 => Some(format!("handler of {kind} {}", listed())),
        n if n <= MAX_LISTED => Some(format!("handler of {kind}s {}", listed())),
        n => Some(format!("handler of {n} {kind}s")),
    }
}

/// The text in front of the arguments, where the call is written as one.
fn written(values: &Values<'_>, texts: &dyn Fn(Loc) -> String, at: At) -> Option<String> {
    let call = values.call_at(at)?;
    if call.style == CallStyle::Implicit {
        return None;
    }
    let whole = loc(values.program, at);
    let body = &values.program.funcs[at.0];
    let args = call.args.iter().map(|arg| body.instrs[arg.value].span);
    let inside = args.filter(|arg| arg.start > whole.span.start && arg.end <= whole.span.end && arg.start < arg.end);
    let end = inside.map(|arg| arg.start).min();
    let text = texts(Loc { file: whole.file, span: Span { end: end.unwrap_or(whole.span.end), ..whole.span } });
    // What is left behind the last bracket belongs to an argument: `&`, `...`, a keyword, the quote of a format.
    let open = match end {
        Some(_) => text.rfind(['(', '[', '{'])?,
        None => [text.strip_suffix("()"), text.strip_suffix("[]"), text.strip_suffix("{}")]
            .into_iter()
            .flatten()
            .next()?
            .len(),
    };
    let name = text.get(..open)?.trim_end_matches('(').trim_start_matches('@');
    let name = without_types(name);
    let name = if call.style == CallStyle::New { name.strip_prefix("new")?.trim_start() } else { name };
    short(name)
}

/// A name without the types that a call of it names: `run::<Tools, _>`.
fn without_types(name: &str) -> &str {
    let mut depth = 0_i32;
    if name.ends_with('>') {
        for (at, char) in name.char_indices().rev() {
            depth += match char {
                '>' => 1,
                '<' => -1,
                _ => 0,
            };
            if depth == 0 {
                return name[..at].strip_suffix("::").unwrap_or(name);
            }
        }
    }
    name
}

/// A name that fits into a sentence. `None` where the text is none: an expression, a function written in place.
fn short(text: &str) -> Option<String> {
    let is_plain = |text: &str| !text.is_empty() && !text.contains(['\n', '"', '\'', '`', ';', '{', '=', '<']);
    if text.len() <= MAX_WHOLE && is_plain(text) && is_balanced(text) {
        return Some(text.to_owned());
    }
    let mut cut = Vec::new();
    let mut depth = 0_i32;
    for (at, char) in text.char_indices() {
        match char {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            '.' | ':' if depth == 0 => cut.push(at),
            _ => {}
        }
    }
    let tails = cut.iter().rev().filter_map(|at| text.get(at + 1..)).filter(|tail| !tail.starts_with([':', '.']));
    let fits = |tail: &&str| tail.len() <= MAX_NAME && is_plain(tail) && is_balanced(tail);
    let found: Vec<&str> = tails.take(2).take_while(fits).collect();
    found.last().map(|name| (*name).to_owned())
}

fn is_balanced(text: &str) -> bool {
    let count = |char: char| text.matches(char).count();
    count('(') == count(')') && count('[') == count(']')
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn short_names_are_told_whole() {
        assert_eq!(short("console.log").as_deref(), Some("console.log"));
        assert_eq!(short("println!").as_deref(), Some("println!"));
        assert_eq!(short("tracing_subscriber::fmt().init").as_deref(), Some("tracing_subscriber::fmt().init"));
    }

    #[test]
    fn of_long_ones_the_end() {
        let long = "tracing_subscriber::fmt().with_max_level(Level::INFO).with_writer(std::io::stderr).init";
        assert_eq!(short(long).as_deref(), Some("with_writer(std::io::stderr).init"));
        assert_eq!(short("logging.getLogger(\"a.b\").info").as_deref(), Some("info"));
        assert_eq!(short("(function(){})"), None);
    }
}
