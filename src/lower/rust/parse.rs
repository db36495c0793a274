//! Parsing a file, with recovery item by item: one construct that syn does not know must not lose the file.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::Item;

use crate::base::bounds::RUST_DEPTH;
use crate::base::span::Span;
use crate::lower::{LowerNote, LowerNoteKind};
use crate::source::manifest::features::Features;

use super::{conditional, scan};

pub(super) struct Parsed {
    pub(super) items: Vec<Item>,
    pub(super) notes: Vec<LowerNote>,
}

/// How many bytes stand before what a parser reads: a byte order mark and a `#!` line.
pub(super) fn preamble(text: &str) -> usize {
    let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let rest = &text[mark..];
    // `#![…]` is an inner attribute.
    let is_script = rest.starts_with("#!") && !rest[2..].trim_start().starts_with('[');
    if is_script { mark + rest.find('\n').unwrap_or(rest.len()) } else { mark }
}

/// Parses `text`, which stands at `offset` in its file.
pub(super) fn parse(text: &str, offset: usize) -> Parsed {
    let refuse = |at: usize, text: String| {
        let span = Span::new(offset + at, offset + at);
        Parsed { items: Vec::new(), notes: vec![LowerNote { span, kind: LowerNoteKind::Refused, text }] }
    };
    if let Some(at) = scan::too_deep(text) {
        return refuse(at, format!("nested deeper than {} levels", RUST_DEPTH));
    }
    let tokens: TokenStream = match text.parse() {
        Ok(tokens) => tokens,
        Err(err) => return refuse(proc_macro2::LexError::span(&err).byte_range().start, "not Rust text".into()),
    };
    match syn::parse2::<syn::File>(tokens.clone()) {
        Ok(file) if conditional::is_off(&file.attrs, &Features::default()) => {
            Parsed { items: Vec::new(), notes: Vec::new() }
        }
        Ok(file) => Parsed { items: file.items, notes: Vec::new() },
        Err(_) => recover(tokens, offset),
    }
}

/// Splits the tokens of a file into items, and parses each alone.
fn recover(tokens: TokenStream, offset: usize) -> Parsed {
    let mut parsed = Parsed { items: Vec::new(), notes: Vec::new() };
    for chunk in chunks(tokens) {
        let (Some(first), Some(last)) = (chunk.first(), chunk.last()) else { continue };
        let span = Span::new(first.span().byte_range().start + offset, last.span().byte_range().end + offset);
        match syn::parse2::<syn::File>(chunk.into_iter().collect()) {
            Ok(file) => parsed.items.extend(file.items),
            Err(err) => {
                let text = format!("syntax error: {err}");
                parsed.notes.push(LowerNote { span, kind: LowerNoteKind::Partial, text });
            }
        }
    }
    parsed
}

/// An item ends with `;` or with a pair of braces that nothing of the item follows.
fn chunks(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let mut res = Vec::new();
    let mut chunk = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let ends = match &token {
            TokenTree::Punct(punct) => punct.as_char() == ';',
            TokenTree::Group(group) => {
                group.delimiter() == Delimiter::Brace
                    && !matches!(tokens.peek(), Some(TokenTree::Punct(next)) if next.as_char() != '#')
            }
            _ => false,
        };
        chunk.push(token);
        // `use a::{b, c};` and `const X: T = T { … };` go on after the braces.
        if ends && !(matches!(chunk.last(), Some(TokenTree::Group(_))) && is_assignment(&chunk)) {
            res.push(std::mem::take(&mut chunk));
        }
    }
    res.push(chunk);
    res
}

/// Does the item end with a semicolon only (`const`, `static`, `use`)?
fn is_assignment(chunk: &[TokenTree]) -> bool {
    let words = chunk.iter().filter_map(|token| match token {
        TokenTree::Ident(ident) => Some(ident.to_string()),
        _ => None,
    });
    let mut words = words.skip_while(|word| word == "pub");
    match words.next().as_deref() {
        Some("use" | "static" | "type") => true,
        Some("const") => !words.next().is_some_and(|word| ["fn", "unsafe", "async", "extern"].contains(&word.as_str())),
        _ => false,
    }
}
