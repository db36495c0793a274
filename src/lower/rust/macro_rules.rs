//! A macro's definition (`macro_rules!`), and what a call of it is replaced by.
//!
//! The tokens of the call keep their places. Those of the definition stand where the call does, and in a repetition where what it
//! is repeated for begins: a macro that is handed a list of tools has a place for each. An arm that does not
//! match is passed over, also where a part of it is begun and not finished (the compiler would stop there).

use std::collections::BTreeMap;

use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use syn::ItemMacro;

use crate::base::Symbol;

use super::macro_match::{Binding, Bindings, Kind, matched, measure};
use super::types::symbol;

pub(super) struct Rules {
    arms: Vec<Arm>,
    /// What stands for `$crate`.
    krate: Symbol,
    /// An arm declares something at its top, which what follows the call sees.
    pub(super) declares: bool,
}

struct Arm {
    pattern: Vec<Part>,
    body: Vec<Part>,
}

/// A part of a pattern, or of what it is replaced by.
pub(super) enum Part {
    Token(TokenTree),
    Group(Delimiter, Vec<Part>),
    /// `$name`; in a pattern with what it stands for.
    Var(Ident, Option<Kind>),
    Repeat(Repeat),
    Crate,
}

/// `$(…),*`
pub(super) struct Repeat {
    pub(super) parts: Vec<Part>,
    pub(super) separator: Vec<TokenTree>,
    pub(super) is_optional: bool,
    /// The variables inside.
    pub(super) names: Vec<Symbol>,
}

/// Words by which something is declared.
const DECLARING: [&str; 13] =
    ["let", "fn", "struct", "enum", "union", "impl", "trait", "type", "const", "static", "mod", "use", "macro_rules"];

impl Rules {
    /// `None` for what is no list of rules.
    pub(super) fn of(item: &ItemMacro, krate: Symbol) -> Option<Self> {
        let mut tokens = item.mac.tokens.clone().into_iter().peekable();
        let mut arms = Vec::new();
        while let Some(TokenTree::Group(pattern)) = tokens.next() {
            let arrow = (tokens.next()?, tokens.next()?);
            if !is_sign(&arrow.0, '=') || !is_sign(&arrow.1, '>') {
                return None;
            }
            let TokenTree::Group(body) = tokens.next()? else { return None };
            arms.push(Arm { pattern: parts(pattern.stream(), true)?, body: parts(body.stream(), false)? });
            if tokens.peek().is_some_and(|token| is_sign(token, ';')) {
                tokens.next();
            }
        }
        let declares = arms.iter().any(|arm| declares(&arm.body, arm));
        (tokens.next().is_none() && !arms.is_empty()).then_some(Self { arms, krate, declares })
    }

    /// What a call with these tokens is replaced by; at most so many tokens, of which those that it takes are taken off.
    /// Also gives the places for rounds of repetitions.
    pub(super) fn expand(&self, tokens: TokenStream, at: Span, left: &mut usize) -> Option<(TokenStream, Vec<Span>)> {
        let (n_tokens, _) = measure(&tokens, *left).or_else(|| {
            *left = 0;
            None
        })?;
        let mut found = None;
        for arm in &self.arms {
            // To try an arm is to read the tokens.
            *left = left.saturating_sub(n_tokens + 1);
            if *left == 0 {
                return None;
            }
            if let Some(bound) = matched(&arm.pattern, tokens.clone()) {
                found = Some((arm, bound));
                break;
            }
        }
        let (arm, bound) = found?;
        let known: Known<'_> = bound.iter().map(|(name, bound)| (name.clone(), bound)).collect();
        let mut fill = Fill { at, rounds: Vec::new(), krate: &self.krate, left };
        let mut out = Vec::new();
        fill.parts(&arm.body, &known, &mut out)?;
        Some((out.into_iter().collect(), fill.rounds))
    }
}

fn declares(body: &[Part], arm: &Arm) -> bool {
    body.iter().any(|part| match part {
        Part::Token(TokenTree::Ident(word)) => DECLARING.iter().any(|declaring| word == declaring),
        Part::Var(name, _) => is_whole(name, &arm.pattern),
        Part::Repeat(repeat) => declares(&repeat.parts, arm),
        _ => false,
    })
}

/// Does a variable stand for statements or items, or for any tokens?
fn is_whole(name: &Ident, pattern: &[Part]) -> bool {
    pattern.iter().any(|part| match part {
        Part::Var(other, Some(kind)) => other == name && matches!(kind, Kind::Item | Kind::Stmt | Kind::Tt),
        Part::Group(_, parts) => is_whole(name, parts),
        Part::Repeat(repeat) => is_whole(name, &repeat.parts),
        _ => false,
    })
}

fn is_sign(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign)
}

fn parts(tokens: TokenStream, is_pattern: bool) -> Option<Vec<Part>> {
    let mut res = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(sign) if sign.as_char() == '$' => match tokens.next()? {
                TokenTree::Ident(word) if word == "crate" => res.push(Part::Crate),
                TokenTree::Ident(name) => {
                    let mut kind = None;
                    if is_pattern {
                        let colon = tokens.next()?;
                        let TokenTree::Ident(word) = tokens.next()? else { return None };
                        kind = Some(Kind::of(&word).filter(|_| is_sign(&colon, ':'))?);
                    }
                    res.push(Part::Var(name, kind));
                }
                TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {
                    let mut separator = Vec::new();
                    let sign = loop {
                        match tokens.next()? {
                            TokenTree::Punct(sign) if matches!(sign.as_char(), '*' | '+' | '?') => {
                                break sign.as_char();
                            }
                            token => separator.push(token),
                        }
                    };
                    let parts = parts(group.stream(), is_pattern)?;
                    let mut names = Vec::new();
                    variables(&parts, &mut names);
                    res.push(Part::Repeat(Repeat { parts, separator, is_optional: sign == '?', names }));
                }
                _ => return None,
            },
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
                res.extend(parts(group.stream(), is_pattern)?);
            }
            TokenTree::Group(group) => res.push(Part::Group(group.delimiter(), parts(group.stream(), is_pattern)?)),
            token => res.push(Part::Token(token)),
        }
    }
    Some(res)
}

fn variables(parts: &[Part], out: &mut Vec<Symbol>) {
    for part in parts {
        match part {
            Part::Var(name, _) => out.push(symbol(name)),
            Part::Group(_, parts) => variables(parts, out),
            Part::Repeat(repeat) => out.extend(repeat.names.iter().cloned()),
            Part::Token(_) | Part::Crate => {}
        }
    }
}

/// What the variables stand for in one round of a repetition.
type Known<'b> = BTreeMap<Symbol, &'b Binding>;

struct Fill<'f> {
    /// Where tokens of the definition stand.
    at: Span,
    rounds: Vec<Span>,
    krate: &'f str,
    left: &'f mut usize,
}

impl Fill<'_> {
    /// `None` where there are too many tokens (none is left), or variables are not repeated as the definition has it.
    fn parts(&mut self, parts: &[Part], known: &Known<'_>, out: &mut Vec<TokenTree>) -> Option<()> {
        for part in parts {
            self.take(1)?;
            match part {
                Part::Token(token) => {
                    let mut token = token.clone();
                    token.set_span(self.at);
                    out.push(token);
                }
                Part::Crate => out.push(TokenTree::Ident(Ident::new(self.krate, self.at))),
                Part::Group(delimiter, parts) => {
                    let mut inner = Vec::new();
                    self.parts(parts, known, &mut inner)?;
                    let mut group = Group::new(*delimiter, inner.into_iter().collect());
                    group.set_span(self.at);
                    out.push(TokenTree::Group(group));
                }
                Part::Var(name, _) => match known.get(&symbol(name)) {
                    Some(Binding::One(tokens)) => {
                        self.take(tokens.len())?;
                        out.extend(tokens.iter().cloned());
                    }
                    Some(Binding::Many(_)) => return None,
                    // That of a macro which is defined in there.
                    None => {
                        let mut sign = Punct::new('$', Spacing::Alone);
                        sign.set_span(self.at);
                        out.push(TokenTree::Punct(sign));
                        out.push(TokenTree::Ident(Ident::new(&name.to_string(), self.at)));
                    }
                },
                Part::Repeat(repeat) => self.repeat(repeat, known, out)?,
            }
        }
        Some(())
    }

    fn take(&mut self, n_tokens: usize) -> Option<()> {
        *self.left = self.left.saturating_sub(n_tokens);
        (*self.left > 0).then_some(())
    }

    fn repeat(&mut self, repeat: &Repeat, known: &Known<'_>, out: &mut Vec<TokenTree>) -> Option<()> {
        let repeated: Vec<(&Symbol, &Vec<Binding>)> = repeat
            .names
            .iter()
            .filter_map(|name| match known.get(name) {
                Some(Binding::Many(rounds)) => Some((name, rounds)),
                _ => None,
            })
            .collect();
        let (_, first) = repeated.first()?;
        if repeated.iter().any(|(_, rounds)| rounds.len() != first.len()) {
            return None;
        }
        let outer = self.at;
        let has_own = repeat.parts.iter().any(|part| matches!(part, Part::Token(TokenTree::Ident(_))));
        for at in 0..first.len() {
            let mut inner = known.clone();
            for (name, rounds) in &repeated {
                inner.insert((*name).clone(), &rounds[at]);
            }
            if at > 0 {
                for separator in &repeat.separator {
                    let mut separator = separator.clone();
                    separator.set_span(self.at);
                    out.push(separator);
                }
            }
            self.take(repeat.separator.len() + 1)?;
            let begin = repeated.iter().find_map(|(_, rounds)| match &rounds[at] {
                Binding::One(tokens) => tokens.first().map(TokenTree::span),
                Binding::Many(_) => None,
            });
            if let (true, Some(begin)) = (has_own, begin) {
                self.at = begin;
                self.rounds.push(begin);
            }
            self.parts(&repeat.parts, &inner, out)?;
            self.at = outer;
        }
        Some(())
    }
}

/// The variables of a pattern that may match nothing.
pub(super) fn unmatched(repeat: &Repeat) -> Bindings {
    repeat.names.iter().map(|name| (name.clone(), Binding::Many(Vec::new()))).collect()
}
