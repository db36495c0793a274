//! Numbers, strings, f-strings.

use tree_sitter::Node;

use crate::ir::instr::{Const, Hole, InstrId, Op, TextPart};
use crate::lower::fields::KindName;

use super::formats::{Shows, shown_by};
use super::{Lowering, field, has_token, parts, span};

impl<'t> Lowering<'t> {
    pub(super) fn literal(&mut self, node: Node<'t>) -> InstrId {
        let value = match node.kind_name() {
            "true" => Const::Bool(true),
            "false" => Const::Bool(false),
            "none" => Const::Null,
            _ => number(self.src(node), false),
        };
        self.push(Op::Const(value), node)
    }

    /// A string, f-string, or several in a row.
    pub(super) fn string(&mut self, node: Node<'t>) -> InstrId {
        let mut text = Vec::new();
        match node.kind_name() {
            "concatenated_string" => parts(node).into_iter().for_each(|part| self.string_parts(part, &mut text)),
            _ => self.string_parts(node, &mut text),
        }
        self.finish_text(text, node)
    }

    /// A `Text`, or a constant when nothing is filled in.
    pub(super) fn finish_text(&mut self, text: Vec<TextPart>, node: Node<'t>) -> InstrId {
        let mut joined: Vec<TextPart> = Vec::new();
        let mut literal = String::new();
        for part in text {
            match part {
                TextPart::Lit(more) => literal.push_str(&more),
                hole @ TextPart::Hole(..) => {
                    if !literal.is_empty() {
                        joined.push(TextPart::Lit(std::mem::take(&mut literal).into()));
                    }
                    joined.push(hole);
                }
            }
        }
        if joined.is_empty() {
            return self.push(Op::Const(Const::Str(literal.into())), node);
        }
        if !literal.is_empty() {
            joined.push(TextPart::Lit(literal.into()));
        }
        self.push(Op::Text(joined), node)
    }

    /// The text of a literal without holes; `None` for any other expression.
    pub(super) fn constant_text(&self, node: Node<'t>) -> Option<String> {
        let mut node = node;
        while node.kind_name() == "parenthesized_expression" {
            node = super::first_part(node)?;
        }
        let strings = match node.kind_name() {
            "string" => vec![node],
            "concatenated_string" => parts(node),
            _ => return None,
        };
        let mut text = String::new();
        for string in strings {
            let style = self.style(string);
            for part in parts(string) {
                match part.kind_name() {
                    "string_content" => decode(self.src(part), style, &mut text),
                    "interpolation" => return None,
                    _ => {}
                }
            }
        }
        Some(text)
    }

    fn string_parts(&mut self, string: Node<'t>, out: &mut Vec<TextPart>) {
        let style = self.style(string);
        for part in parts(string) {
            match part.kind_name() {
                "string_content" => {
                    let mut text = String::new();
                    decode(self.src(part), style, &mut text);
                    out.push(TextPart::Lit(text.into()));
                }
                "interpolation" => self.interpolation(part, out),
                _ => {}
            }
        }
    }

    /// `{x}`, `{x!r}`, `{x=}`, `{x:>{width}}`.
    fn interpolation(&mut self, node: Node<'t>, out: &mut Vec<TextPart>) {
        let Some(expression) = field(node, "expression") else { return };
        let format = field(node, "format_specifier");
        let conversion = field(node, "type_conversion").map(|conversion| self.src(conversion));
        let shows_itself = has_token(node, "=");
        if shows_itself {
            out.push(TextPart::Lit(format!("{}=", self.src(expression)).into()));
        }
        let value = self.expr(expression);
        let hole = match conversion {
            Some("!r" | "!a") => Hole::Debug,
            None if shows_itself && format.is_none() => Hole::Debug,
            _ => Hole::Display,
        };
        let text = format.map(|format| self.src(format).trim_start_matches(':'));
        let shows = match (hole, text) {
            (Hole::Display, Some(text)) if conversion.is_none() => shown_by(text),
            _ => Shows::All,
        };
        let value = self.shown(value, shows, node);
        out.push(TextPart::Hole(value, hole));
        for nested in format.map(parts).unwrap_or_default() {
            self.interpolation(nested, out);
        }
    }

    fn style(&self, string: Node<'t>) -> Style {
        let start = string.child(0).map(|start| self.src(start)).unwrap_or_default();
        let prefix = start.trim_end_matches(['"', '\'']).to_ascii_lowercase();
        Style { is_raw: prefix.contains('r'), is_format: prefix.contains(['f', 't']) }
    }

    /// `-1` and the like as a constant.
    pub(super) fn negative_number(&mut self, node: Node<'t>, number_node: Node<'t>) -> InstrId {
        let value = number(self.src(number_node), true);
        self.b.constant(value, span(node))
    }
}

#[derive(Clone, Copy)]
struct Style {
    is_raw: bool,
    is_format: bool,
}

pub(super) fn number(text: &str, is_negative: bool) -> Const {
    let plain: String = text.chars().filter(|c| *c != '_').collect::<String>().to_ascii_lowercase();
    let (digits, radix) = match plain.get(..2) {
        Some("0x") => (&plain[2..], 16),
        Some("0o") => (&plain[2..], 8),
        Some("0b") => (&plain[2..], 2),
        _ => (plain.as_str(), 10),
    };
    let sign = if is_negative { "-" } else { "" };
    match i64::from_str_radix(&format!("{sign}{digits}"), radix) {
        Ok(value) => Const::Int(value),
        Err(_) => Const::Num(format!("{sign}{text}").into()),
    }
}

/// Adds the characters that the inside of a literal stands for.
fn decode(source: &str, style: Style, out: &mut String) {
    let mut rest = source.chars();
    loop {
        let text = rest.as_str();
        let is_plain = |byte: u8| !matches!(byte, b'\\' | b'{' | b'}' | b'\r');
        let plain = text.bytes().position(|byte| !is_plain(byte)).unwrap_or(text.len());
        out.push_str(&text[..plain]);
        rest = text[plain..].chars();
        let Some(c) = rest.next() else { return };
        match c {
            '\\' if !style.is_raw => escape(&mut rest, out),
            '{' | '}' if style.is_format && rest.as_str().starts_with(c) => {
                rest.next();
                out.push(c);
            }
            // Line ends in a literal are `\n` whatever the file has.
            '\r' if rest.as_str().starts_with('\n') => {}
            c => out.push(c),
        }
    }
}

/// Reads what follows a backslash.
fn escape(rest: &mut std::str::Chars<'_>, out: &mut String) {
    let Some(c) = rest.next() else { return };
    match c {
        'n' => out.push('\n'),
        't' => out.push('\t'),
        'r' => out.push('\r'),
        'a' => out.push('\u{7}'),
        'b' => out.push('\u{8}'),
        'f' => out.push('\u{c}'),
        'v' => out.push('\u{b}'),
        '\\' | '\'' | '"' => out.push(c),
        '\n' => {}
        '\r' => {
            if rest.as_str().starts_with('\n') {
                rest.next();
            }
        }
        'x' => out.extend(digits(rest, 2, 16)),
        'u' => out.extend(digits(rest, 4, 16)),
        'U' => out.extend(digits(rest, 8, 16)),
        'N' if rest.as_str().starts_with('{') => {
            rest.by_ref().take_while(|c| *c != '}').for_each(drop);
            out.push('\u{fffd}');
        }
        '0'..='7' => {
            let more = rest.as_str().chars().take(2).take_while(|c| c.is_digit(8)).count();
            let first = c.to_digit(8).unwrap_or_default();
            let value = rest.by_ref().take(more).fold(first, |value, c| value * 8 + c.to_digit(8).unwrap_or_default());
            out.extend(char::from_u32(value));
        }
        c => {
            out.push('\\');
            out.push(c);
        }
    }
}

/// The character that the next `count` digits number.
fn digits(rest: &mut std::str::Chars<'_>, count: usize, radix: u32) -> Option<char> {
    let text: String = rest.as_str().chars().take(count).take_while(|c| c.is_digit(radix)).collect();
    rest.by_ref().take(text.len()).for_each(drop);
    u32::from_str_radix(&text, radix).ok().map(|code| char::from_u32(code).unwrap_or('\u{fffd}'))
}
