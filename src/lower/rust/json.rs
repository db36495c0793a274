//! Data literals in macros: `{ "name": value, "list": [a, b] }`.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream};
use syn::{Expr, Ident, LitStr, Token, braced, bracketed, token};

use crate::base::span::Span;
use crate::ir::instr::{Const, Entry, Field, InstrId, RecordKind};

use super::Cx;

pub(super) enum Json {
    Null,
    Object(Vec<(Key, Json)>),
    Array(Vec<Json>),
    Expr(Box<Expr>),
}

pub(super) enum Key {
    Text(String),
    Expr(Box<Expr>),
}

/// Do these tokens look like an object literal?
pub(super) fn is_object(tokens: &TokenStream) -> bool {
    let mut tokens = tokens.clone().into_iter();
    let (Some(TokenTree::Group(group)), None) = (tokens.next(), tokens.next()) else { return false };
    let mut inner = group.stream().into_iter();
    group.delimiter() == Delimiter::Brace
        && matches!(inner.next(), Some(TokenTree::Literal(key)) if key.to_string().starts_with('"'))
        && matches!(inner.next(), Some(TokenTree::Punct(colon)) if colon.as_char() == ':')
}

impl Parse for Json {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(Ident) && input.fork().parse::<Ident>()? == "null" {
            input.parse::<Ident>()?;
            return Ok(Self::Null);
        }
        if input.peek(token::Brace) {
            let content;
            braced!(content in input);
            return object(&content).map(Self::Object);
        }
        if input.peek(token::Bracket) {
            let content;
            bracketed!(content in input);
            let items = content.parse_terminated(Self::parse, Token![,])?;
            return Ok(Self::Array(items.into_iter().collect()));
        }
        input.parse().map(|expr| Self::Expr(Box::new(expr)))
    }
}

fn object(input: ParseStream<'_>) -> syn::Result<Vec<(Key, Json)>> {
    let mut entries = Vec::new();
    while !input.is_empty() {
        let key = if input.peek(LitStr) && input.peek2(Token![:]) {
            Key::Text(input.parse::<LitStr>()?.value())
        } else {
            Key::Expr(Box::new(input.parse()?))
        };
        input.parse::<Token![:]>()?;
        entries.push((key, input.parse()?));
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(entries)
}

impl Cx {
    pub(super) fn json(&mut self, json: &Json, span: Span) -> InstrId {
        match json {
            Json::Null => self.b.constant(Const::Null, span),
            Json::Expr(expr) => self.expr(expr),
            Json::Array(items) => {
                let mut entries = Vec::new();
                for (at, item) in (0..).zip(items) {
                    entries.push(Entry::Field(Field::Index(at), self.json(item, span)));
                }
                self.record(RecordKind::Array, entries, span)
            }
            Json::Object(fields) => {
                let mut entries = Vec::new();
                for (key, value) in fields {
                    let field = match key {
                        Key::Text(name) => Field::name(name),
                        Key::Expr(expr) => {
                            self.expr(expr);
                            Field::Any
                        }
                    };
                    entries.push(Entry::Field(field, self.json(value, span)));
                }
                self.record(RecordKind::Object, entries, span)
            }
        }
    }
}
