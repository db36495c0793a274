//! Texts put together by `"…" % x` and `"…".format(…)` where the template is a literal.

use tree_sitter::Node;

use crate::base::Symbol;
use crate::ir::instr::{Arg, ArgKind, Field, Hole, InstrId, Op, Oper, Place, TextPart};
use crate::lower::fields::KindName;

use super::{Lowering, field, first_part, parts, span};

/// Letters of places that take numbers only.
const NUMBERS: &str = "diouxXfFeEgG";

/// A template taken apart.
enum Piece {
    Lit(String),
    Fill { key: Key, path: Vec<Field>, hole: Hole, shows: Shows },
}

/// What a place shows of what is put there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shows {
    All,
    /// `%d`, `{:.2f}`: anything else is an error.
    Number,
}

enum Key {
    Next,
    Position(usize),
    Name(Symbol),
}

/// What fills a template.
#[derive(Default)]
struct Fillings {
    positional: Vec<InstrId>,
    named: Vec<(Symbol, InstrId)>,
    /// Values whose number is not known: they can be behind every key.
    spread: Vec<InstrId>,
}

impl<'t> Lowering<'t> {
    /// `"…" % right`.
    pub(super) fn percent(&mut self, template: &str, right: Node<'t>, node: Node<'t>) -> InstrId {
        let pieces = percent_pieces(template);
        let is_named = pieces.iter().any(|piece| matches!(piece, Piece::Fill { key: Key::Name(_), .. }));
        let n_fills = pieces.iter().filter(|piece| matches!(piece, Piece::Fill { .. })).count();
        let mut fillings = Fillings::default();
        match right.kind_name() {
            "tuple" => {
                for part in parts(right) {
                    match part.kind_name() {
                        "list_splat" => fillings.spread.extend(first_part(part).map(|inner| self.expr(inner))),
                        _ => fillings.positional.push(self.expr(part)),
                    }
                }
            }
            "dictionary" if is_named => self.named_fillings(right, &mut fillings),
            _ => {
                let value = self.expr(right);
                if is_named {
                    self.fields_of(value, &pieces, right, &mut fillings);
                } else if n_fills > 1 {
                    for at in 0..n_fills {
                        let index = u32::try_from(at).map_or(Field::Any, Field::Index);
                        let item = self.b.load(Place::value(value).then(index), span(right));
                        fillings.positional.push(item);
                    }
                } else {
                    fillings.positional.push(value);
                }
            }
        }
        self.fill(pieces, &fillings, node)
    }

    /// `"…".format(args)`.
    pub(super) fn format_call(&mut self, template: &str, args: &[Arg], node: Node<'t>) -> InstrId {
        let mut fillings = Fillings::default();
        for arg in args {
            match &arg.kind {
                ArgKind::Positional => fillings.positional.push(arg.value),
                ArgKind::Named(name) => fillings.named.push((name.clone(), arg.value)),
                ArgKind::Spread | ArgKind::SpreadNamed => fillings.spread.push(arg.value),
            }
        }
        let mut pieces = Vec::new();
        format_pieces(template, &mut pieces);
        self.fill(pieces, &fillings, node)
    }

    fn named_fillings(&mut self, dictionary: Node<'t>, fillings: &mut Fillings) {
        for part in parts(dictionary) {
            let (key, value) = (field(part, "key"), field(part, "value"));
            let Some(value) = value.or_else(|| first_part(part)) else { continue };
            let filling = self.expr(value);
            match key.and_then(|key| self.constant_text(key)) {
                Some(name) => fillings.named.push((name.into(), filling)),
                None => fillings.spread.push(filling),
            }
        }
    }

    fn fields_of(&mut self, value: InstrId, pieces: &[Piece], node: Node<'t>, fillings: &mut Fillings) {
        for piece in pieces {
            if let Piece::Fill { key: Key::Name(name), .. } = piece {
                let item = self.b.load(Place::value(value).then(Field::Name(name.clone())), span(node));
                fillings.named.push((name.clone(), item));
            }
        }
    }

    fn fill(&mut self, pieces: Vec<Piece>, fillings: &Fillings, node: Node<'t>) -> InstrId {
        let mut text = Vec::new();
        let mut next = 0_usize;
        for piece in pieces {
            let (key, path, hole, shows) = match piece {
                Piece::Lit(literal) => {
                    text.push(TextPart::Lit(literal.into()));
                    continue;
                }
                Piece::Fill { key, path, hole, shows } => (key, path, hole, shows),
            };
            let found = match key {
                Key::Next => {
                    next += 1;
                    fillings.positional.get(next - 1).copied()
                }
                Key::Position(at) => fillings.positional.get(at).copied(),
                Key::Name(name) => {
                    fillings.named.iter().rev().find(|(other, _)| *other == name).map(|(_, value)| *value)
                }
            };
            let candidates = match found {
                Some(value) => vec![value],
                None => fillings.spread.clone(),
            };
            for value in candidates {
                let value = if path.is_empty() {
                    value
                } else {
                    self.push(Op::Load(Place::new(crate::ir::instr::Base::Value(value), path.clone())), node)
                };
                let value = self.shown(value, shows, node);
                text.push(TextPart::Hole(value, hole));
            }
        }
        self.finish_text(text, node)
    }

    /// What a place shows of a value: a number is computed from it.
    pub(super) fn shown(&mut self, value: InstrId, shows: Shows, node: Node<'t>) -> InstrId {
        match shows {
            Shows::All => value,
            Shows::Number => self.push(Op::Operator(Oper::Arith, vec![value]), node),
        }
    }
}

/// Reads `%s`, `%(name)r`, `%-10.3f`, `%*d`, `%%`.
fn percent_pieces(template: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('%') {
        literal.push_str(before);
        let (key, after) = match after.strip_prefix('(').and_then(|inner| inner.split_once(')')) {
            Some((name, after)) => (Some(name), after),
            None => (None, after),
        };
        let flags = after.find(|c: char| !matches!(c, '#' | '0'..='9' | '-' | ' ' | '+' | '*' | '.' | 'h' | 'l' | 'L'));
        let (spec, tail) = after.split_at(flags.unwrap_or(after.len()));
        let mut chars = tail.chars();
        rest = chars.as_str();
        match chars.next() {
            Some('%') => literal.push('%'),
            Some(conversion) => {
                pieces.push(Piece::Lit(std::mem::take(&mut literal)));
                for _ in spec.matches('*') {
                    pieces.push(Piece::Fill {
                        key: Key::Next,
                        path: Vec::new(),
                        hole: Hole::Display,
                        shows: Shows::All,
                    });
                }
                let hole = if matches!(conversion, 'r' | 'a') { Hole::Debug } else { Hole::Display };
                let shows = if NUMBERS.contains(conversion) { Shows::Number } else { Shows::All };
                let key = key.map_or(Key::Next, |name| Key::Name(name.into()));
                pieces.push(Piece::Fill { key, path: Vec::new(), hole, shows });
            }
            None => {}
        }
        if !tail.is_empty() {
            rest = chars.as_str();
        }
    }
    literal.push_str(rest);
    pieces.push(Piece::Lit(literal));
    pieces
}

/// Reads `{}`, `{0}`, `{name.attr[key]!r:>{width}}`, `{{`.
fn format_pieces(template: &str, pieces: &mut Vec<Piece>) {
    let mut literal = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, after) = rest.split_at(at);
        literal.push_str(before);
        let doubled = after.starts_with("{{") || after.starts_with("}}");
        if doubled || after.starts_with('}') {
            literal.push_str(after.get(..1).unwrap_or_default());
            rest = after.get(if doubled { 2 } else { 1 }..).unwrap_or_default();
            continue;
        }
        let inside = after.get(1..).unwrap_or_default();
        let end = closing(inside);
        let (spec, tail) = inside.split_at(end);
        rest = tail.get(1..).unwrap_or_default();
        pieces.push(Piece::Lit(std::mem::take(&mut literal)));
        format_field(spec, pieces);
    }
    literal.push_str(rest);
    pieces.push(Piece::Lit(literal));
}

/// What a format shows: `.2f`, `,`, `>8,.1%`. What a class of the program or a date reads itself (`%Y-%m-%d`) shows all.
pub(super) fn shown_by(format: &str) -> Shows {
    let (body, kind) = match format.char_indices().next_back() {
        Some((at, kind)) if kind.is_ascii_alphabetic() || kind == '%' => (&format[..at], Some(kind)),
        _ => (format, None),
    };
    let is_kind = kind.is_some_and(|kind| kind == '%' || kind == 'n' || NUMBERS.contains(kind) || kind == 'b');
    let is_width = |c: char| matches!(c, '0'..='9' | '.' | ',' | '_' | '+' | '-' | ' ' | '#' | '<' | '>' | '^' | '=');
    let is_number = body.chars().all(is_width) && (is_kind || kind.is_none() && body.contains(','));
    if is_number { Shows::Number } else { Shows::All }
}

/// Where the `}` that ends a field stands.
fn closing(inside: &str) -> usize {
    let mut level = 0_usize;
    for (at, c) in inside.char_indices() {
        match c {
            '{' => level += 1,
            '}' if level == 0 => return at,
            '}' => level -= 1,
            _ => {}
        }
    }
    inside.len()
}

fn format_field(spec: &str, pieces: &mut Vec<Piece>) {
    let name_end = spec.find(['!', ':']).unwrap_or(spec.len());
    let (name, rest) = spec.split_at(name_end);
    let hole = if rest.starts_with("!r") || rest.starts_with("!a") { Hole::Debug } else { Hole::Display };
    let head_end = name.find(['.', '[']).unwrap_or(name.len());
    let (head, path) = name.split_at(head_end);
    let key = match (head, head.parse()) {
        ("", _) => Key::Next,
        (_, Ok(position)) => Key::Position(position),
        (name, Err(_)) => Key::Name(name.into()),
    };
    let path = path.split(['.', '[']).map(|step| step.trim_end_matches(']')).filter(|step| !step.is_empty());
    let path = path.map(|step| step.parse().map_or_else(|_| Field::name(step), Field::Index)).collect();
    let shows = rest.split_once(':').map_or(Shows::All, |(_, format)| shown_by(format));
    pieces.push(Piece::Fill { key, path, hole, shows });
    // Fields in the format: `{:>{width}}`; they don't nest further.
    let mut nested = rest;
    while let Some((_, after)) = nested.split_once('{') {
        let (inner, tail) = after.split_once('}').unwrap_or((after, ""));
        let key = match (inner, inner.parse()) {
            ("", _) => Key::Next,
            (_, Ok(position)) => Key::Position(position),
            (name, Err(_)) => Key::Name(name.into()),
        };
        pieces.push(Piece::Fill { key, path: Vec::new(), hole: Hole::Display, shows: Shows::All });
        nested = tail;
    }
}
