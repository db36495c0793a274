//! Conditional compilation: what only exists while testing, or without a feature that is on, is not part of the program.

use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Lit, Meta, MetaNameValue, Stmt, Token};

use crate::source::manifest::features::Features;

/// Do these attributes keep an item out of the program? Conditions other than `test` and
/// features that are on may hold or not; both sides are lowered.
pub(super) fn is_off(attrs: &[Attribute], features: &Features) -> bool {
    attrs.iter().any(|attr| {
        let path = attr.path();
        if path.is_ident("cfg") {
            return condition(&attr.meta, features) == Some(false);
        }
        path.segments.last().is_some_and(|last| last.ident == "test")
    })
}

/// Is it left open whether a statement with these attributes is part of the program?
pub(super) fn is_open(attrs: &[Attribute], features: &Features) -> bool {
    attrs.iter().any(|attr| attr.path().is_ident("cfg") && condition(&attr.meta, features).is_none())
}

/// The feature that has to be asked for before what has these attributes is built.
pub(super) fn missing(attrs: &[Attribute], features: &Features) -> Option<String> {
    let conditions = attrs.iter().filter(|attr| attr.path().is_ident("cfg"));
    conditions.filter_map(|attr| attr.meta.require_list().ok()).flat_map(parts).find_map(|meta| needed(&meta, features))
}

fn needed(meta: &Meta, features: &Features) -> Option<String> {
    match meta {
        Meta::List(list) if list.path.is_ident("all") => parts(list).iter().find_map(|meta| needed(meta, features)),
        _ => feature(meta).filter(|name| features.off.contains(name)),
    }
}

/// `feature = "name"`
fn feature(meta: &Meta) -> Option<String> {
    let Meta::NameValue(MetaNameValue { path, value: Expr::Lit(ExprLit { lit: Lit::Str(name), .. }), .. }) = meta
    else {
        return None;
    };
    path.is_ident("feature").then(|| name.value())
}

/// What stands before a statement.
pub(super) fn of_statement(stmt: &Stmt) -> &[Attribute] {
    match stmt {
        Stmt::Local(local) => &local.attrs,
        Stmt::Macro(mac) => &mac.attrs,
        Stmt::Expr(expr, _) => of_expr(expr),
        // Items are asked when they are collected.
        Stmt::Item(_) => &[],
    }
}

/// What stands before an expression: in `#[cfg(unix)] a = b` the parser gives it to the part that it stands before.
fn of_expr(expr: &Expr) -> &[Attribute] {
    match expr {
        Expr::Assign(x) => of_expr(&x.left),
        Expr::Binary(x) => of_expr(&x.left),
        Expr::Cast(x) => of_expr(&x.expr),
        Expr::Await(x) => &x.attrs,
        Expr::Block(x) => &x.attrs,
        Expr::Break(x) => &x.attrs,
        Expr::Call(x) => &x.attrs,
        Expr::Continue(x) => &x.attrs,
        Expr::Field(x) => &x.attrs,
        Expr::ForLoop(x) => &x.attrs,
        Expr::If(x) => &x.attrs,
        Expr::Index(x) => &x.attrs,
        Expr::Loop(x) => &x.attrs,
        Expr::Macro(x) => &x.attrs,
        Expr::Match(x) => &x.attrs,
        Expr::MethodCall(x) => &x.attrs,
        Expr::Path(x) => &x.attrs,
        Expr::Return(x) => &x.attrs,
        Expr::Struct(x) => &x.attrs,
        Expr::Try(x) => &x.attrs,
        Expr::Tuple(x) => &x.attrs,
        Expr::Unary(x) => &x.attrs,
        Expr::Unsafe(x) => &x.attrs,
        Expr::While(x) => &x.attrs,
        _ => &[],
    }
}

/// The value of `cfg(condition)` outside of tests; `None` when it depends on more than that.
fn condition(cfg: &Meta, features: &Features) -> Option<bool> {
    let Meta::List(list) = cfg else { return None };
    evaluate(parts(list).first()?, features)
}

/// The value of one condition outside of tests.
pub(super) fn evaluate(meta: &Meta, features: &Features) -> Option<bool> {
    match meta {
        Meta::Path(path) if path.is_ident("test") => Some(false),
        Meta::List(list) => {
            let values: Vec<_> = parts(list).iter().map(|part| evaluate(part, features)).collect();
            let name = list.path.get_ident().map(ToString::to_string).unwrap_or_default();
            match name.as_str() {
                "not" => values.first().copied().flatten().map(|value| !value),
                "all" if values.contains(&Some(false)) => Some(false),
                "all" if values.iter().all(|value| *value == Some(true)) => Some(true),
                "any" if values.contains(&Some(true)) => Some(true),
                "any" if values.iter().all(|value| *value == Some(false)) => Some(false),
                _ => None,
            }
        }
        // One that is off may be asked for.
        _ => feature(meta).filter(|name| features.on.contains(name)).map(|_| true),
    }
}

/// The comma-separated metas in the parentheses; none when they are something else.
pub(super) fn parts(list: &syn::MetaList) -> Vec<Meta> {
    let parser = Punctuated::<Meta, Token![,]>::parse_terminated;
    parser.parse2(list.tokens.clone()).map(|metas| metas.into_iter().collect()).unwrap_or_default()
}
