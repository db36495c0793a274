//! Patterns and ports: the small notations of model files, parsed.

use crate::base::Symbol;

/// One step from one library value to the next.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Step {
    /// `.name`
    Member(Symbol),
    /// `()`, `new`.
    Call,
    /// `[]`, a computed or numbered key.
    Element,
}

/// One step of a pattern.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PatternStep {
    One(Step),
    /// `*`: any one member.
    AnyMember,
    /// `list_*`: one whose name begins so.
    MemberFrom(Symbol),
    /// `**`: any number of members.
    Deep,
}

/// A pattern without braces: its first name and the steps from there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    pub(crate) root: Symbol,
    pub(crate) steps: Vec<PatternStep>,
}

/// Parses a pattern; `{a,b}` gives one pattern for each.
pub(crate) fn patterns(text: &str) -> Result<Vec<Pattern>, String> {
    expand(text)?.iter().map(|text| pattern(text)).collect()
}

/// The first names of the patterns that a text stands for, without parsing the rest.
///
/// # Errors
/// When a brace is not closed.
pub(crate) fn roots(text: &str) -> Result<Vec<Symbol>, String> {
    let is_end = |c: char| matches!(c, '.' | '(' | '[');
    let first = &text[..text.find(is_end).unwrap_or(text.len())];
    if !first.contains('{') {
        return Ok(vec![Symbol::new(first)]);
    }
    // What stands in braces may have dots: `{app.log,console}.info`.
    let mut found: Vec<Symbol> = Vec::new();
    for way in expand(text)? {
        let root = Symbol::new(&way[..way.find(is_end).unwrap_or(way.len())]);
        if !found.contains(&root) {
            found.push(root);
        }
    }
    Ok(found)
}

/// The ways to write what a text with braces stands for: `{a,b}`.
pub(super) fn alternatives(text: &str) -> Result<Vec<String>, String> {
    expand(text)
}

fn expand(text: &str) -> Result<Vec<String>, String> {
    let Some(open) = text.find('{') else {
        return if text.contains('}') {
            Err(format!("`{text}` closes a brace that it never opened"))
        } else {
            Ok(vec![text.into()])
        };
    };
    let Some(len) = text[open..].find('}') else { return Err(format!("`{text}` never closes its brace")) };
    let (before, inner, after) = (&text[..open], &text[open + 1..open + len], &text[open + len + 1..]);
    let tails = expand(after)?;
    let mut all = Vec::new();
    for name in inner.split(',') {
        for tail in &tails {
            all.push(format!("{before}{}{tail}", name.trim()));
        }
    }
    Ok(all)
}

fn pattern(text: &str) -> Result<Pattern, String> {
    let mut root = None;
    let mut steps = Vec::new();
    for (at, segment) in text.split('.').enumerate() {
        let name_len = segment.find(['(', '[']).unwrap_or(segment.len());
        let (name, mut suffix) = segment.split_at(name_len);
        match (at, name) {
            (_, "") => return Err(format!("`{text}` has an empty name")),
            (0, "*" | "**") => return Err(format!("`{text}` starts with `{name}`; it must start with a name")),
            (0, name) => root = Some(Symbol::new(name)),
            (_, "*") => steps.push(PatternStep::AnyMember),
            (_, "**") => steps.push(PatternStep::Deep),
            (_, name) => steps.push(match name.strip_suffix('*') {
                Some(start) if !start.contains('*') => PatternStep::MemberFrom(start.into()),
                _ => PatternStep::One(Step::Member(name.into())),
            }),
        }
        while !suffix.is_empty() {
            let element = suffix.strip_prefix('[').and_then(|rest| rest.split_once(']'));
            let (step, rest) = match (suffix.strip_prefix("()"), element) {
                (Some(rest), _) => (Step::Call, rest),
                (None, Some((index, rest))) if index.chars().all(|c| c.is_ascii_digit()) => (Step::Element, rest),
                _ => return Err(format!("`{text}`: expected `()` or `[]` at `{suffix}`")),
            };
            steps.push(PatternStep::One(step));
            suffix = rest;
        }
    }
    root.map(|root| Pattern { root, steps }).ok_or_else(|| "an empty pattern".into())
}

/// Where a value stands at a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Port {
    pub(crate) head: PortHead,
    pub(crate) path: Vec<PortStep>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PortHead {
    /// `arg.2`; negative counts from the end.
    Arg(i32),
    /// `arg.1..`
    ArgsFrom(u32),
    /// `arg.*`
    AllArgs,
    /// `arg.name`
    Named(Symbol),
    /// `self`: the receiver; for ports of a function, its receiver parameter.
    Receiver,
    Return,
    Throws,
    /// `value`: what an assignment writes.
    Value,
    /// `param.0`, of a handler function.
    Param(u32),
    /// `param.*`
    AllParams,
    /// `chain.METHOD.…`: the same at the call METHOD of the builder chain.
    Chain(Symbol, Box<Port>),
    /// `caught`: the error that is being handled where the call stands.
    Caught,
    /// `sent`: what goes through the channel that the receiver is an end of, or that the call makes.
    Sent,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PortStep {
    Name(Symbol),
    Index(u32),
    Element,
    /// `.param.0` of a function value.
    Param(u32),
    /// `.return` of a function value.
    Return,
}

/// Parses a port.
pub(crate) fn port(text: &str) -> Result<Port, String> {
    let flat = text.replace('[', ".[");
    let words: Vec<&str> = flat.split('.').filter(|word| !word.is_empty()).collect();
    let bad = |what: &str| Err(format!("port `{text}`: {what}"));
    // `arg.1..` loses its dots above; it is told by the text.
    if let Some(from) = text.strip_prefix("arg.").and_then(|rest| rest.strip_suffix("..")) {
        return match from.parse() {
            Ok(from) => Ok(Port { head: PortHead::ArgsFrom(from), path: Vec::new() }),
            Err(_) => bad("`arg.N..` needs a number"),
        };
    }
    let (head, rest) = match words.as_slice() {
        ["arg", "*", rest @ ..] => (PortHead::AllArgs, rest),
        ["arg", name, rest @ ..] => match name.parse::<i32>() {
            Ok(at) => (PortHead::Arg(at), rest),
            Err(_) => (PortHead::Named((*name).into()), rest),
        },
        ["param", "*", rest @ ..] => (PortHead::AllParams, rest),
        ["param", at, rest @ ..] => match at.parse() {
            Ok(at) => (PortHead::Param(at), rest),
            Err(_) => return bad("`param` needs a number or `*`"),
        },
        ["self", rest @ ..] => (PortHead::Receiver, rest),
        ["return", rest @ ..] => (PortHead::Return, rest),
        ["throws", rest @ ..] => (PortHead::Throws, rest),
        ["value", rest @ ..] => (PortHead::Value, rest),
        ["sent", rest @ ..] => (PortHead::Sent, rest),
        ["caught", rest @ ..] => (PortHead::Caught, rest),
        ["chain", method, rest @ ..] => {
            let inner = port(&rest.join(".").replace(".[", "["))?;
            return Ok(Port { head: PortHead::Chain((*method).into(), Box::new(inner)), path: Vec::new() });
        }
        _ => return bad("starts with none of arg, param, self, return, throws, value, sent, caught, chain"),
    };
    Ok(Port { head, path: port_path(text, rest)? })
}

fn port_path(text: &str, words: &[&str]) -> Result<Vec<PortStep>, String> {
    let mut path = Vec::new();
    let mut rest = words;
    while let [word, tail @ ..] = rest {
        rest = tail;
        let step = match (*word, tail) {
            ("param", [at, after @ ..]) if at.parse::<u32>().is_ok() => {
                rest = after;
                PortStep::Param(at.parse().unwrap_or(0))
            }
            ("return", _) => PortStep::Return,
            ("[]" | "*", _) => PortStep::Element,
            (word, _) => match word.strip_prefix('[') {
                Some(index) => match index.trim_end_matches(']').parse() {
                    Ok(index) => PortStep::Index(index),
                    Err(_) => return Err(format!("port `{text}`: `{word}` is no index")),
                },
                None => PortStep::Name(word.into()),
            },
        };
        path.push(step);
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_expand_and_calls_are_steps() {
        let found = patterns("Logger.{info,warn}().child").expect("parses");
        assert_eq!(found.len(), 2);
        assert_eq!(
            found[1].steps,
            [
                PatternStep::One(Step::Member("warn".into())),
                PatternStep::One(Step::Call),
                PatternStep::One(Step::Member("child".into())),
            ]
        );
    }

    #[test]
    fn ports_have_heads_and_paths() {
        assert_eq!(
            port("arg.2.stdio[1]").expect("parses"),
            Port { head: PortHead::Arg(2), path: vec![PortStep::Name("stdio".into()), PortStep::Index(1)] }
        );
        assert_eq!(port("arg.1..").expect("parses").head, PortHead::ArgsFrom(1));
        assert_eq!(port("arg.-1.param.0").expect("parses").path, [PortStep::Param(0)]);
        assert!(matches!(port("chain.with_writer.arg.0").expect("parses").head, PortHead::Chain(_, _)));
        assert!(port("argument.0").is_err());
    }
}
