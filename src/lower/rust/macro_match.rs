//! Does a call of a macro match a pattern, and what do the pattern's variables stand for?

use std::collections::BTreeMap;

use proc_macro2::{Delimiter, Group, Ident, Spacing, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::discouraged::Speculative;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Lit, Token, braced, bracketed, parenthesized};

use crate::base::Symbol;

use super::macro_rules::{Part, Repeat, unmatched};
use super::scan::is_prefix;
use super::types::symbol;

/// What a variable stands for: once, or in each round of a repetition.
pub(super) enum Binding {
    One(Vec<TokenTree>),
    Many(Vec<Binding>),
}

pub(super) type Bindings = BTreeMap<Symbol, Binding>;

/// What a variable can stand for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Block,
    Expr,
    Ident,
    Item,
    Lifetime,
    Literal,
    Meta,
    Pat,
    PatParam,
    Path,
    Stmt,
    Tt,
    Ty,
    Vis,
}

impl Kind {
    pub(super) fn of(word: &Ident) -> Option<Self> {
        Some(match word.to_string().as_str() {
            "block" => Self::Block,
            "expr" | "expr_2021" => Self::Expr,
            "ident" => Self::Ident,
            "item" => Self::Item,
            "lifetime" => Self::Lifetime,
            "literal" => Self::Literal,
            "meta" => Self::Meta,
            "pat" => Self::Pat,
            "pat_param" => Self::PatParam,
            "path" => Self::Path,
            "stmt" => Self::Stmt,
            "tt" => Self::Tt,
            "ty" => Self::Ty,
            "vis" => Self::Vis,
            _ => return None,
        })
    }
}

/// Signs of several characters that are one token to a macro.
const SIGNS: [&str; 24] = [
    "==", "!=", "<=", ">=", "&&", "||", "::", "->", "=>", "..", "...", "..=", "+=", "-=", "*=", "/=", "%=", "^=", "&=",
    "|=", "<<", ">>", "<<=", ">>=",
];

/// What the variables stand for, where all of the tokens match.
pub(super) fn matched(pattern: &[Part], tokens: TokenStream) -> Option<Bindings> {
    let read = |input: ParseStream<'_>| {
        let mut bound = Bindings::new();
        sequence(pattern, input, &mut bound)?;
        Ok(bound)
    };
    read.parse2(tokens).ok()
}

fn sequence(parts: &[Part], input: ParseStream<'_>, bound: &mut Bindings) -> syn::Result<()> {
    for part in parts {
        match part {
            Part::Token(expected) => token(expected, input)?,
            Part::Group(delimiter, parts) => group(*delimiter, parts, input, bound)?,
            Part::Var(name, Some(kind)) => {
                bound.insert(symbol(name), Binding::One(fragment(*kind, input)?));
            }
            Part::Repeat(repeat) => rounds(repeat, input, bound)?,
            Part::Var(_, None) | Part::Crate => return Err(input.error("no pattern")),
        }
    }
    Ok(())
}

fn token(expected: &TokenTree, input: ParseStream<'_>) -> syn::Result<()> {
    input.step(|cursor| {
        let found = match expected {
            TokenTree::Ident(word) => cursor.ident().filter(|(found, _)| *found == *word).map(|(_, rest)| rest),
            TokenTree::Literal(literal) => {
                cursor.literal().filter(|(found, _)| found.to_string() == literal.to_string()).map(|(_, rest)| rest)
            }
            TokenTree::Punct(sign) => match cursor.token_tree() {
                Some((TokenTree::Punct(found), rest)) if found.as_char() == sign.as_char() => Some(rest),
                _ => None,
            },
            TokenTree::Group(_) => None,
        };
        found.map(|rest| ((), rest)).ok_or_else(|| cursor.error("another token"))
    })
}

fn group(delimiter: Delimiter, parts: &[Part], input: ParseStream<'_>, bound: &mut Bindings) -> syn::Result<()> {
    let content;
    match delimiter {
        Delimiter::Parenthesis => {
            parenthesized!(content in input);
        }
        Delimiter::Brace => {
            braced!(content in input);
        }
        Delimiter::Bracket => {
            bracketed!(content in input);
        }
        Delimiter::None => return sequence(parts, input, bound),
    }
    sequence(parts, &content, bound)?;
    if content.is_empty() { Ok(()) } else { Err(content.error("more tokens")) }
}

/// As many rounds as match. A separator that no further round follows is left for what comes next.
fn rounds(repeat: &Repeat, input: ParseStream<'_>, bound: &mut Bindings) -> syn::Result<()> {
    let mut res = unmatched(repeat);
    let mut n_rounds = 0;
    while !input.is_empty() && (n_rounds == 0 || !repeat.is_optional) {
        let ahead = input.fork();
        let mut round = Bindings::new();
        let separated = n_rounds == 0 || repeat.separator.iter().all(|sign| token(sign, &ahead).is_ok());
        if !separated || sequence(&repeat.parts, &ahead, &mut round).is_err() || ahead.cursor() == input.cursor() {
            break;
        }
        input.advance_to(&ahead);
        n_rounds += 1;
        for (name, one) in round {
            if let Some(Binding::Many(rounds)) = res.get_mut(&name) {
                rounds.push(one);
            }
        }
    }
    bound.extend(res);
    Ok(())
}

/// The tokens that a variable stands for.
fn fragment(kind: Kind, input: ParseStream<'_>) -> syn::Result<Vec<TokenTree>> {
    let begin = input.cursor();
    let mut is_whole = true;
    match kind {
        Kind::Block => drop(input.parse::<syn::Block>()?),
        Kind::Expr => is_whole = is_closed(&input.parse::<Expr>()?),
        Kind::Ident => {
            let ident = Ident::parse_any(input)?;
            if ident == "_" {
                return Err(input.error("no name"));
            }
        }
        Kind::Item => drop(input.parse::<syn::Item>()?),
        Kind::Lifetime => drop(input.parse::<syn::Lifetime>()?),
        Kind::Literal => {
            input.parse::<Option<Token![-]>>()?;
            input.parse::<Lit>()?;
        }
        Kind::Meta => drop(input.parse::<syn::Meta>()?),
        Kind::Pat => drop(syn::Pat::parse_multi_with_leading_vert(input)?),
        Kind::PatParam => drop(syn::Pat::parse_single(input)?),
        Kind::Path => drop(input.parse::<syn::Path>()?),
        Kind::Stmt => statement(input)?,
        Kind::Tt => one_token(input)?,
        Kind::Ty => drop(syn::Type::without_plus(input)?),
        Kind::Vis => drop(input.parse::<syn::Visibility>()?),
    }
    let end = input.cursor();
    let mut tokens = Vec::new();
    let mut cursor = begin;
    while cursor != end {
        let Some((token, rest)) = cursor.token_tree() else { return Err(input.error("a part of a group")) };
        tokens.push(token);
        cursor = rest;
    }
    if is_whole || tokens.len() < 2 {
        return Ok(tokens);
    }
    // `$a * 2` with `1 + x` is not `1 + x * 2`.
    let span = tokens.first().zip(tokens.last()).and_then(|(first, last)| first.span().join(last.span()));
    let mut group = Group::new(Delimiter::None, tokens.into_iter().collect());
    group.set_span(span.unwrap_or_else(|| begin.span()));
    Ok(vec![TokenTree::Group(group)])
}

/// Does nothing that stands beside an expression change what belongs to it?
fn is_closed(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::Array(_)
            | Expr::Await(_)
            | Expr::Call(_)
            | Expr::Field(_)
            | Expr::Group(_)
            | Expr::Index(_)
            | Expr::Lit(_)
            | Expr::Macro(_)
            | Expr::MethodCall(_)
            | Expr::Paren(_)
            | Expr::Path(_)
            | Expr::Try(_)
            | Expr::Tuple(_)
    )
}

/// A statement without the semicolon at its end.
fn statement(input: ParseStream<'_>) -> syn::Result<()> {
    if !input.peek(Token![let]) {
        let ahead = input.fork();
        if ahead.parse::<syn::Item>().is_ok() {
            input.advance_to(&ahead);
            return Ok(());
        }
        return input.parse::<Expr>().map(drop);
    }
    while !input.is_empty() && !input.peek(Token![;]) {
        one_token(input)?;
    }
    Ok(())
}

/// One token as a macro counts them: a sign of several characters is one, and so is a lifetime.
fn one_token(input: ParseStream<'_>) -> syn::Result<()> {
    input.step(|cursor| {
        if let Some((_, rest)) = cursor.lifetime() {
            return Ok(((), rest));
        }
        let Some((token, mut rest)) = cursor.token_tree() else { return Err(cursor.error("nothing")) };
        let TokenTree::Punct(mut last) = token else { return Ok(((), rest)) };
        let mut sign = last.as_char().to_string();
        while last.spacing() == Spacing::Joint
            && let Some((TokenTree::Punct(next), behind)) = rest.token_tree()
            && SIGNS.contains(&format!("{sign}{}", next.as_char()).as_str())
        {
            sign.push(next.as_char());
            (last, rest) = (next, behind);
        }
        Ok(((), rest))
    })
}

/// The same with each `[<get_ name>]` as the name that it makes, in the place of its last part.
pub(super) fn joined(tokens: TokenStream) -> TokenStream {
    let join = |token| match token {
        TokenTree::Group(group) => name_of(&group).map(TokenTree::Ident).unwrap_or_else(|| {
            let mut inner = Group::new(group.delimiter(), joined(group.stream()));
            inner.set_span(group.span());
            TokenTree::Group(inner)
        }),
        token => token,
    };
    tokens.into_iter().map(join).collect()
}

fn name_of(group: &Group) -> Option<Ident> {
    let parts: Vec<TokenTree> = group.stream().into_iter().collect();
    let [TokenTree::Punct(open), parts @ .., TokenTree::Punct(close)] = parts.as_slice() else { return None };
    if group.delimiter() != Delimiter::Bracket || open.as_char() != '<' || close.as_char() != '>' {
        return None;
    }
    let mut name = String::new();
    for part in parts {
        match part {
            TokenTree::Ident(word) => name.push_str(&word.unraw().to_string()),
            TokenTree::Literal(text) => name.push_str(text.to_string().trim_matches('"')),
            // `name:upper` is another one.
            _ => return None,
        }
    }
    let span = parts.iter().rev().find_map(|part| matches!(part, TokenTree::Ident(_)).then(|| part.span()))?;
    syn::parse_str::<Ident>(&name).ok().map(|mut ident| {
        ident.set_span(span);
        ident
    })
}

/// How many tokens are these, and how deep do they nest, as `scan` counts it? `None` for more tokens than that.
pub(super) fn measure(tokens: &TokenStream, most: usize) -> Option<(usize, usize)> {
    let mut n_tokens = 0;
    let (mut depth, mut deepest, mut links) = (0, 0, 0);
    let mut open = vec![(tokens.clone().into_iter(), Delimiter::None, 0)];
    // What ended with a brace goes on only with a sign or `else`.
    let mut ended = false;
    while let Some((inner, delimiter, outer)) = open.last_mut() {
        let Some(token) = inner.next() else {
            depth -= *outer;
            links = *outer;
            ended = *delimiter == Delimiter::Brace;
            open.pop();
            continue;
        };
        n_tokens += 1;
        if n_tokens > most {
            return None;
        }
        let goes_on = match &token {
            TokenTree::Punct(sign) => sign.as_char() != '#',
            TokenTree::Ident(word) => word == "else",
            _ => false,
        };
        if std::mem::take(&mut ended) && !goes_on {
            links = 0;
        }
        match token {
            TokenTree::Group(group) => {
                depth += links + 1;
                open.push((group.stream().into_iter(), group.delimiter(), links + 1));
                links = 0;
            }
            TokenTree::Punct(sign) if matches!(sign.as_char(), ',' | ';') => links = 0,
            TokenTree::Punct(_) => links += 1,
            TokenTree::Ident(word) if is_prefix(word.to_string().as_bytes()) => links += 1,
            _ => {}
        }
        deepest = deepest.max(depth + links);
    }
    Some((n_tokens, deepest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_counted_and_how_deep_they_nest() {
        let tokens: TokenStream = "f(a, (b))".parse().unwrap_or_default();
        assert_eq!(measure(&tokens, 100), Some((6, 2)));
        assert_eq!(measure(&tokens, 3), None);
    }
}
