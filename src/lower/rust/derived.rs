//! How an object is put into a text, where a derive writes that: by the convention that an attribute is called as the derived trait is,
//! it holds the text.
//!
//! ```text
//! #[derive(Debug, Error)]
//! enum Refused {
//!     #[error("no such gate: {0}")]
//!     Gate(String),
//! }
//! ```
//!
//! What the derive would write is lowered as if it stood there, at the place of the type's name.

use std::fmt::Write;

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Fields, Ident, Item, ItemImpl, LitStr, Meta, Token};

use super::Cx;
use super::types::symbol;

/// The traits by which such a text is derived, with the attribute of each.
const TRAITS: [(&str, &str); 2] = [("Error", "error"), ("Display", "display")];

/// What stands in the attribute where the only field is shown as it is.
const TRANSPARENT: &str = "transparent";

/// What an attribute says of the text.
enum Told {
    Text(LitStr, TokenStream),
    Transparent,
}

impl Cx {
    /// The derived `impl Display` of a type.
    pub(super) fn derived_text(&mut self, item: &Item) {
        let (attrs, ident, arms) = match item {
            Item::Struct(x) => (&x.attrs, &x.ident, vec![(&x.attrs, None, &x.fields)]),
            Item::Enum(x) => {
                let arms = x.variants.iter().map(|it| (&it.attrs, Some(&it.ident), &it.fields));
                (&x.attrs, &x.ident, arms.collect())
            }
            _ => return,
        };
        let Some((_, attribute)) = TRAITS.into_iter().find(|(derived, _)| derives(attrs, derived)) else { return };
        let mut text = format!(
            "impl ::std::fmt::Display for {ident} {{ fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {{ match self {{"
        );
        let mut is_told = false;
        for (attrs, variant, fields) in arms {
            let told = attrs.iter().find_map(|attr| told(attr, attribute));
            is_told |= told.is_some();
            arm(&mut text, variant, fields, told);
        }
        text.push_str("}}}");
        if let (true, Some(block)) = (is_told, block(&text, ident.span())) {
            self.implementation(&block);
        }
    }
}

/// `Self::Gate(_0) => write!(f, "no such gate: {_0}"),`
fn arm(text: &mut String, variant: Option<&Ident>, fields: &Fields, told: Option<Told>) {
    let variant = variant.map_or_else(String::new, |variant| format!("::{variant}"));
    let names: Vec<String> = match fields {
        Fields::Named(fields) => {
            fields.named.iter().filter_map(|field| Some(field.ident.as_ref()?.to_string())).collect()
        }
        fields => (0..fields.len()).map(|at| format!("_{at}")).collect(),
    };
    let pattern = match fields {
        Fields::Named(_) => format!("{{ {}, .. }}", names.join(", ")),
        Fields::Unnamed(_) => format!("({})", names.join(", ")),
        Fields::Unit => String::new(),
    };
    let (shown, args) = match told {
        Some(Told::Text(shown, args)) => (named_fields(&shown.value()), of_fields(args).to_string()),
        // Nothing is said of it, or that it shows what is inside.
        _ => (names.iter().map(|name| format!("{{{name}}}")).collect(), String::new()),
    };
    let _ = write!(text, "Self{variant} {pattern} => write!(f, {shown:?}, {args}),");
}

/// `{0}` is the first field, which is called `_0` here.
fn named_fields(text: &str) -> String {
    let mut res = String::new();
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        res.push(char);
        if char == '{' && chars.peek().is_some_and(char::is_ascii_digit) {
            res.push('_');
        }
    }
    res
}

/// `.0` and `.name` are fields where no object stands in front.
fn of_fields(args: TokenStream) -> TokenStream {
    let mut res: Vec<TokenTree> = Vec::new();
    let mut is_field = false;
    for token in args {
        let starts = res
            .last()
            .is_none_or(|last| matches!(last, TokenTree::Punct(sign) if matches!(sign.as_char(), ',' | '=' | '&')));
        match token {
            TokenTree::Punct(sign) if sign.as_char() == '.' && starts => is_field = true,
            TokenTree::Literal(at) if is_field => {
                is_field = false;
                res.push(TokenTree::Ident(Ident::new(&format!("_{at}"), at.span())));
            }
            TokenTree::Group(group) => {
                is_field = false;
                let inner = proc_macro2::Group::new(group.delimiter(), of_fields(group.stream()));
                res.push(TokenTree::Group(inner));
            }
            token => {
                is_field = false;
                res.push(token);
            }
        }
    }
    res.into_iter().collect()
}

fn derives(attrs: &[Attribute], wanted: &str) -> bool {
    attrs.iter().filter(|attr| attr.path().is_ident("derive")).any(|attr| {
        let paths = attr.parse_args_with(syn::punctuated::Punctuated::<syn::Path, Token![,]>::parse_terminated);
        paths.is_ok_and(|paths| paths.iter().any(|path| path.segments.last().is_some_and(|last| last.ident == wanted)))
    })
}

fn told(attr: &Attribute, name: &str) -> Option<Told> {
    let Meta::List(list) = &attr.meta else { return None };
    if list.path.segments.last().is_none_or(|last| symbol(&last.ident) != name) {
        return None;
    }
    let parse = |input: ParseStream<'_>| {
        if input.peek(Ident) {
            let word: Ident = input.parse()?;
            input.parse::<TokenStream>()?;
            return Ok((word == TRANSPARENT).then_some(Told::Transparent));
        }
        let text: LitStr = input.parse()?;
        input.parse::<Option<Token![,]>>()?;
        Ok(Some(Told::Text(text, input.parse()?)))
    };
    parse.parse2(list.tokens.clone()).ok().flatten()
}

/// The block that a text is, all of it at one place of the file.
fn block(text: &str, at: Span) -> Option<ItemImpl> {
    let tokens: TokenStream = text.parse().ok()?;
    syn::parse2(placed(tokens, at)).ok()
}

fn placed(tokens: TokenStream, at: Span) -> TokenStream {
    let place = |token| {
        let mut token = match token {
            TokenTree::Group(group) => {
                TokenTree::Group(proc_macro2::Group::new(group.delimiter(), placed(group.stream(), at)))
            }
            token => token,
        };
        token.set_span(at);
        token
    };
    tokens.into_iter().map(place).collect()
}
