//! The arguments of a macro call, in the forms that formatting and logging macros share.
//!
//! ```text
//! "text {}", expr, name = expr          positional, named
//! target: expr, parent: expr            named
//! ?x, %x, name = ?x, a.b.c = %x         a field shown with Debug or Display
//! name:? = x, name:% = x; "text"        the same, before the text of the message
//! { a = 1, b }                          fields in braces
//! ```

use syn::ext::IdentExt;
use syn::parse::discouraged::Speculative;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, Ident, LitStr, Member, Token, braced, token};

use crate::base::Symbol;
use crate::ir::instr::Hole;

use super::types::symbol;

pub(super) struct MacroArgs(pub(super) Vec<MacroArg>);

pub(super) struct MacroArg {
    pub(super) name: Option<Symbol>,
    /// `?x`, `%x`.
    pub(super) sigil: Option<Hole>,
    pub(super) value: Expr,
}

impl Parse for MacroArgs {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut args = Vec::new();
        arguments(input, &mut args)?;
        Ok(Self(args))
    }
}

fn arguments(input: ParseStream<'_>, out: &mut Vec<MacroArg>) -> syn::Result<()> {
    while !input.is_empty() {
        if !fields_in_braces(input, out) {
            out.push(argument(input)?);
        }
        if input.peek(Token![;]) && input.peek2(LitStr) {
            input.parse::<Token![;]>()?;
        } else if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(())
}

fn fields_in_braces(input: ParseStream<'_>, out: &mut Vec<MacroArg>) -> bool {
    if !input.peek(token::Brace) {
        return false;
    }
    let fork = input.fork();
    let mut fields = Vec::new();
    let read = |fork: ParseStream<'_>, fields: &mut Vec<MacroArg>| -> syn::Result<()> {
        let content;
        braced!(content in fork);
        arguments(&content, fields)
    };
    let is_fields = read(&fork, &mut fields).is_ok() && fields.iter().any(|field| field.name.is_some());
    if is_fields && (fork.is_empty() || fork.peek(Token![,])) {
        input.advance_to(&fork);
        out.append(&mut fields);
        return true;
    }
    false
}

fn argument(input: ParseStream<'_>) -> syn::Result<MacroArg> {
    let (name, shown) = name(input).unzip();
    let sigil = shown.flatten().or_else(|| sigil(input));
    let value: Expr = input.parse()?;
    let name = name.or_else(|| if sigil.is_some() { dotted(&value) } else { None });
    Ok(MacroArg { name, sigil, value })
}

fn sigil(input: ParseStream<'_>) -> Option<Hole> {
    if input.peek(Token![?]) {
        input.parse::<Token![?]>().ok()?;
        Some(Hole::Debug)
    } else if input.peek(Token![%]) {
        input.parse::<Token![%]>().ok()?;
        Some(Hole::Display)
    } else {
        None
    }
}

/// `name =`, `a.b =`, `"name" =`, `name:`, `name:? =` in front of a value, and how the name has it shown.
fn name(input: ParseStream<'_>) -> Option<(Symbol, Option<Hole>)> {
    let fork = input.fork();
    let name = if fork.peek(LitStr) {
        fork.parse::<LitStr>().ok()?.value()
    } else {
        let mut name = symbol(&Ident::parse_any(&fork).ok()?).to_string();
        while fork.peek(Token![.]) {
            fork.parse::<Token![.]>().ok()?;
            let part = Ident::parse_any(&fork).ok()?;
            name.push('.');
            name.push_str(&symbol(&part));
        }
        name
    };
    if fork.peek(Token![=]) && !fork.peek(Token![==]) && !fork.peek(Token![=>]) {
        fork.parse::<Token![=]>().ok()?;
    } else if fork.peek(Token![:]) && !fork.peek(Token![::]) {
        fork.parse::<Token![:]>().ok()?;
        input.advance_to(&fork);
        return Some((name.into(), shown_so(input)));
    } else {
        return None;
    }
    input.advance_to(&fork);
    Some((name.into(), None))
}

/// `? =`, `% =`, `debug =` behind the colon of a name.
fn shown_so(input: ParseStream<'_>) -> Option<Hole> {
    let fork = input.fork();
    let shown = sigil(&fork).or_else(|| match Ident::parse_any(&fork).ok()?.to_string().as_str() {
        "debug" | "sval" | "serde" => Some(Hole::Debug),
        "display" | "err" => Some(Hole::Display),
        _ => None,
    })?;
    if !fork.peek(Token![=]) || fork.peek(Token![==]) {
        return None;
    }
    fork.parse::<Token![=]>().ok()?;
    input.advance_to(&fork);
    Some(shown)
}

/// `a.b.c` as the name of the field that is short for it.
pub(super) fn dotted(expr: &Expr) -> Option<Symbol> {
    let mut parts = Vec::new();
    let mut expr = expr;
    loop {
        match expr {
            Expr::Field(field) => {
                let Member::Named(name) = &field.member else { return None };
                parts.push(symbol(name));
                expr = &field.base;
            }
            Expr::Path(path) => {
                parts.push(symbol(path.path.get_ident()?));
                break;
            }
            _ => return None,
        }
    }
    parts.reverse();
    Some(parts.join(".").into())
}
