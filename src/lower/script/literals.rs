//! Literals: strings, numbers, templates, property keys.

use tree_sitter::Node;

use crate::base::Symbol;
use crate::ir::instr::{
    Arg, ArgKind, CallStyle, Const, Entry, Field, Hole, InstrId, Op, PASSWORD_REGEX, Place, QUERY_REGEX, REGEX, Record,
    RecordKind, TextPart,
};
use crate::lower::fields::KindName;

use super::{Lowerer, first_named, named, span};

impl<'t> Lowerer<'t> {
    pub(super) fn literal(&mut self, node: Node<'t>) -> InstrId {
        let value = match node.kind_name() {
            "string" => Const::Str(self.string(node)),
            "number" => number(self.text(node)),
            "true" => Const::Bool(true),
            "false" => Const::Bool(false),
            "null" => Const::Null,
            "undefined" => Const::Undefined,
            "template_string" => return self.template(node),
            "array" => return self.array(node),
            "object" => return self.object(node),
            _ => {
                let pattern = self.text(node);
                if let Some(group) = group_of_password(pattern) {
                    let group = group.map(|number| self.b.constant(Const::Int(number), span(node)));
                    return self.unknown(PASSWORD_REGEX, group.into_iter().collect(), node);
                }
                let what = if is_of_query(pattern) { QUERY_REGEX } else { REGEX };
                let words = words_of(pattern).into_iter();
                let words = words.map(|word| self.b.constant(Const::Str(word.into()), span(node))).collect();
                return self.unknown(what, words, node);
            }
        };
        self.b.constant(value, span(node))
    }

    /// The text a string literal stands for.
    pub(super) fn string(&self, node: Node<'t>) -> Symbol {
        let text = self.text(node);
        let mut chars = text.chars();
        chars.next();
        chars.next_back();
        cook(chars.as_str())
    }

    /// The text of a string or of a template without holes.
    pub(super) fn constant_text(&self, node: Node<'t>) -> Option<Symbol> {
        match node.kind_name() {
            "string" => Some(self.string(node)),
            "template_string" if named(node).iter().all(|part| part.kind_name() != "template_substitution") => {
                Some(self.string(node))
            }
            _ => None,
        }
    }

    fn template(&mut self, node: Node<'t>) -> InstrId {
        if let Some(text) = self.constant_text(node) {
            return self.b.constant(Const::Str(text), span(node));
        }
        let mut parts = Vec::new();
        for part in self.template_parts(node) {
            parts.push(match part {
                Ok(text) => TextPart::Lit(text),
                Err(hole) => TextPart::Hole(self.expr(hole), Hole::Display),
            });
        }
        self.b.push(Op::Text(parts), span(node))
    }

    /// The literal texts (`Ok`) and holes (`Err`) of a template.
    fn template_parts(&self, node: Node<'t>) -> Vec<Result<Symbol, Node<'t>>> {
        let mut parts = Vec::new();
        let mut literal_from = node.start_byte() + 1;
        let literal = |from: usize, to: usize, parts: &mut Vec<_>| {
            let text = self.text.get(from..to).unwrap_or_default();
            if !text.is_empty() {
                parts.push(Ok(cook(text)));
            }
        };
        for hole in named(node) {
            if hole.kind_name() == "template_substitution" {
                literal(literal_from, hole.start_byte(), &mut parts);
                literal_from = hole.end_byte();
                parts.extend(first_named(hole).map(Err));
            }
        }
        literal(literal_from, node.end_byte().saturating_sub(1), &mut parts);
        parts
    }

    /// ``tag`text ${hole}` ``: a call with the texts and then the holes.
    pub(super) fn tagged(&mut self, tag: Place, template: Node<'t>, node: Node<'t>) -> InstrId {
        let at = span(template);
        let (mut texts, mut holes) = (Vec::new(), Vec::new());
        for part in self.template_parts(template) {
            match part {
                Ok(text) => {
                    let key = Field::Index(u32::try_from(texts.len()).unwrap_or(u32::MAX));
                    texts.push(Entry::Field(key, self.b.constant(Const::Str(text), at)));
                }
                Err(hole) => holes.push(self.expr(hole)),
            }
        }
        let texts = Op::Record(Box::new(Record { kind: RecordKind::Array, ty: None, entries: texts }));
        let texts = self.b.push(texts, at);
        let values = std::iter::once(texts).chain(holes);
        let args = values.map(|value| Arg { value, kind: ArgKind::Positional }).collect();
        self.b.call(tag, args, CallStyle::Implicit, span(node))
    }

    /// The key of a property; a computed one is lowered for its effects.
    pub(super) fn key(&mut self, node: Node<'t>) -> Field {
        match node.kind_name() {
            "computed_property_name" => {
                let Some(inner) = first_named(node) else { return Field::Any };
                let value = self.expr(inner);
                match self.b.op(value) {
                    Op::Const(Const::Str(name)) => Field::Name(name.clone()),
                    _ => Field::Any,
                }
            }
            "number" => match self.text(node).parse() {
                Ok(at) => Field::Index(at),
                Err(_) => Field::name(self.text(node)),
            },
            _ => Field::Name(self.key_text(node)),
        }
    }

    /// The name a property key spells.
    pub(super) fn key_text(&self, node: Node<'t>) -> Symbol {
        match node.kind_name() {
            "string" => self.string(node),
            "computed_property_name" => match first_named(node).and_then(|inner| self.constant_text(inner)) {
                Some(name) => name,
                None => self.text(node).into(),
            },
            _ => self.text(node).into(),
        }
    }
}

fn number(text: &str) -> Const {
    let digits: String = text.chars().filter(|c| *c != '_').collect();
    let lower = digits.to_ascii_lowercase();
    let parsed = match lower.get(..2) {
        Some("0x") => i64::from_str_radix(lower.get(2..).unwrap_or_default().trim_end_matches('n'), 16),
        Some("0o") => i64::from_str_radix(lower.get(2..).unwrap_or_default().trim_end_matches('n'), 8),
        Some("0b") => i64::from_str_radix(lower.get(2..).unwrap_or_default().trim_end_matches('n'), 2),
        _ => lower.trim_end_matches('n').parse(),
    };
    parsed.map_or_else(|_| Const::Num(digits.into()), Const::Int)
}

/// Resolves the escapes of a literal's text.
fn cook(raw: &str) -> Symbol {
    if !raw.contains('\\') {
        return raw.into();
    }
    let mut res = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            res.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => res.push('\n'),
            Some('r') => res.push('\r'),
            Some('t') => res.push('\t'),
            Some('b') => res.push('\u{8}'),
            Some('f') => res.push('\u{c}'),
            Some('v') => res.push('\u{b}'),
            Some('0') => res.push('\0'),
            Some('x') => res.extend(code(&mut chars, 2)),
            Some('u') => res.extend(unicode(&mut chars)),
            Some('\n') | None => {}
            Some(other) => res.push(other),
        }
    }
    res.into()
}

fn unicode(chars: &mut std::str::Chars<'_>) -> Option<char> {
    let Some(rest) = chars.as_str().strip_prefix('{') else { return code(chars, 4) };
    let digits = rest.split('}').next().unwrap_or_default();
    let res = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
    chars.by_ref().find(|c| *c == '}');
    res
}

fn code(chars: &mut std::str::Chars<'_>, digits: usize) -> Option<char> {
    let text: String = chars.by_ref().take(digits).collect();
    u32::from_str_radix(&text, 16).ok().and_then(char::from_u32)
}

/// Is it a pattern of a `?` and all behind it: `/\?.*$/`?
fn is_of_query(pattern: &str) -> bool {
    let rest =
        pattern.strip_prefix(r"/\?").or_else(|| pattern.strip_prefix("/[?]")).or_else(|| pattern.strip_prefix("/[?#]"));
    rest.is_some_and(|rest| rest.starts_with(".*") || rest.starts_with(".+"))
}

/// Of a pattern that matches all between the `:` or `//` of a URL and the `@` behind its password, the number of the group that the
/// password is in, if it is in one: `/:\/\/[^@]+@/`, `/\/\/([^:]+):([^@]+)@/`.
fn group_of_password(pattern: &str) -> Option<Option<i64>> {
    let (pattern, _) = pattern.strip_prefix('/')?.rsplit_once('/')?;
    let ends = ["@", "(@)", "(?=@)", "@)"];
    let before = ends.iter().find_map(|end| pattern.strip_suffix(end))?;
    let inner = before.strip_suffix(')');
    let repeated = inner.unwrap_or(before);
    let repeated = repeated.strip_suffix('?').unwrap_or(repeated);
    let class = repeated.strip_suffix(['+', '*'])?;
    let front = match class.strip_suffix(']') {
        Some(class) => {
            let (front, class) = class.rsplit_once("[^")?;
            class.contains('@').then_some(front)?
        }
        None => class.strip_suffix('.').filter(|front| !front.ends_with('\\')).or_else(|| class.strip_suffix("\\S"))?,
    };
    let (front, is_group) = match (inner, front.strip_suffix('(')) {
        (Some(_), Some(front)) => (front, true),
        (Some(_), None) => return None,
        (None, _) => (front, false),
    };
    let is_start = front.strip_suffix(')').unwrap_or(front).ends_with([':', '/']);
    let n_before = || front.match_indices('(').filter(|(at, _)| !front[at + 1..].starts_with('?')).count();
    is_start.then(|| is_group.then(|| i64::try_from(n_before() + 1).unwrap_or(i64::MAX)))
}

/// The words that a regular expression is a list of: `/^(token|api-key)$/i`.
fn words_of(pattern: &str) -> Vec<&str> {
    let Some((pattern, _)) = pattern.strip_prefix("/^(").and_then(|rest| rest.rsplit_once(")$/")) else {
        return Vec::new();
    };
    let pattern = pattern.strip_prefix("?:").unwrap_or(pattern);
    let is_word = |word: &&str| !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || "-_".contains(c));
    let words: Vec<&str> = pattern.split('|').collect();
    if words.iter().all(is_word) { words } else { Vec::new() }
}
