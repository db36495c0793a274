//! Attributes as annotations: `#[tool(description = "x")]`, `#[derive(Debug)]`, `#[arg(long, env = "X")]`.
//!
//! Doc comments are left out.

use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::discouraged::Speculative;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Expr, Ident, Lit, Meta, Token, token};

use crate::ir::types::{Annotation, AnnotationArg, AnnotationValue, NamedType};

use super::types::symbol;
use super::{Cx, conditional, exprs};

impl Cx {
    pub(super) fn annotations(&mut self, attrs: &[Attribute]) -> Vec<Annotation> {
        let mut res = Vec::new();
        for attr in attrs {
            let span = self.between(attr.pound_token.span, attr.bracket_token.span.close());
            self.annotation(&attr.meta, span, &mut res);
        }
        res
    }

    fn annotation(&mut self, meta: &Meta, span: crate::base::span::Span, out: &mut Vec<Annotation>) {
        let path = meta.path();
        if path.is_ident("doc") || path.is_ident("cfg") {
            return;
        }
        if path.is_ident("cfg_attr")
            && let Meta::List(list) = meta
        {
            let parts = conditional::parts(list);
            if let Some((when, inner)) = parts.split_first()
                && conditional::evaluate(when, &self.features) != Some(false)
            {
                inner.iter().for_each(|meta| self.annotation(meta, span, out));
            }
            return;
        }
        let names: Vec<_> = path.segments.iter().map(|segment| symbol(&segment.ident)).collect();
        let Some((first, rest)) = names.split_first() else { return };
        let base = self.b.lookup_item(first).base;
        let args = match meta {
            Meta::Path(_) => Vec::new(),
            Meta::List(list) => arguments(list.tokens.clone()),
            Meta::NameValue(pair) => vec![AnnotationArg { name: None, value: expr_value(&pair.value) }],
        };
        out.push(Annotation { name: NamedType { base, path: rest.to_vec(), args: Vec::new() }, args, span });
    }
}

fn arguments(tokens: TokenStream) -> Vec<AnnotationArg> {
    parse_arguments.parse2(tokens.clone()).unwrap_or_else(|_| {
        let text = compact(tokens);
        vec![AnnotationArg { name: None, value: AnnotationValue::Path(text.into()) }]
    })
}

fn parse_arguments(input: ParseStream<'_>) -> syn::Result<Vec<AnnotationArg>> {
    let mut args = Vec::new();
    while !input.is_empty() {
        args.push(argument(input)?);
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(args)
}

fn argument(input: ParseStream<'_>) -> syn::Result<AnnotationArg> {
    if input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==]) {
        let name = Ident::parse_any(input)?;
        input.parse::<Token![=]>()?;
        return Ok(AnnotationArg { name: Some(symbol(&name)), value: value(input)? });
    }
    if input.peek(Ident::peek_any) && input.peek2(token::Paren) {
        let fork = input.fork();
        let name = Ident::parse_any(&fork)?;
        let _: proc_macro2::Group = fork.parse()?;
        if fork.is_empty() || fork.peek(Token![,]) {
            input.advance_to(&fork);
            return Ok(AnnotationArg { name: Some(symbol(&name)), value: AnnotationValue::List });
        }
    }
    Ok(AnnotationArg { name: None, value: value(input)? })
}

/// Everything up to the next comma.
fn value(input: ParseStream<'_>) -> syn::Result<AnnotationValue> {
    let fork = input.fork();
    if let Ok(lit) = fork.parse::<Lit>()
        && (fork.is_empty() || fork.peek(Token![,]))
    {
        input.parse::<Lit>()?;
        return Ok(AnnotationValue::Const(exprs::constant(&lit)));
    }
    let mut tokens = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        tokens.extend([input.parse::<TokenTree>()?]);
    }
    Ok(AnnotationValue::Path(compact(tokens).into()))
}

/// The value of `#[name = value]`: a literal in all but rare cases.
fn expr_value(expr: &Expr) -> AnnotationValue {
    match expr {
        Expr::Lit(literal) => AnnotationValue::Const(exprs::constant(&literal.lit)),
        _ => AnnotationValue::Path(crate::base::Symbol::default()),
    }
}

/// Source text without white space.
fn compact(tokens: TokenStream) -> String {
    tokens.to_string().split_whitespace().collect()
}
