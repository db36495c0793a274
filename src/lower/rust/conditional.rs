//! Conditional compilation: what only exists while testing is not part of the program.

use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Token};

/// Do these attributes keep an item out of the program? Conditions other than `test` may hold or not; both sides are lowered.
pub(super) fn is_off(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| {
        let path = attr.path();
        if path.is_ident("cfg") {
            return condition(&attr.meta) == Some(false);
        }
        path.segments.last().is_some_and(|last| last.ident == "test")
    })
}

/// The value of `cfg(condition)` outside of tests; `None` when it depends on more than that.
fn condition(cfg: &Meta) -> Option<bool> {
    let Meta::List(list) = cfg else { return None };
    evaluate(parts(list).first()?)
}

/// The value of one condition outside of tests.
pub(super) fn evaluate(meta: &Meta) -> Option<bool> {
    match meta {
        Meta::Path(path) if path.is_ident("test") => Some(false),
        Meta::List(list) => {
            let values: Vec<_> = parts(list).iter().map(evaluate).collect();
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
        _ => None,
    }
}

/// The comma-separated metas in the parentheses; none when they are something else.
pub(super) fn parts(list: &syn::MetaList) -> Vec<Meta> {
    let parser = Punctuated::<Meta, Token![,]>::parse_terminated;
    parser.parse2(list.tokens.clone()).map(|metas| metas.into_iter().collect()).unwrap_or_default()
}
