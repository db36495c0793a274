//! Attributes that record what a function is called with, and what it gives: `#[instrument(skip(self), err)]`.
//!
//! The function stays itself. At its beginning stands a call of the attribute, with a field for each parameter that is not
//! skipped and for each one that the attribute adds; in front of each return a call for the error, or the value, if the
//! attribute asks for it. The level is the last name of what is called: `instrument.info(…)`, `instrument.record.error(…)`.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::{Attribute, FnArg, Meta, Signature};

use crate::base::Symbol;
use crate::base::span::Span;
use crate::ir::func::End;
use crate::ir::instr::{Arg, ArgKind, CallStyle, Field, Hole, InstrId, Op, Place, TextPart};

use super::Cx;
use super::calls::positional;
use super::macro_args::{MacroArgs, dotted};
use super::patterns::bound_names;
use super::types::symbol;

/// The attributes.
const RECORDING: [&str; 1] = ["instrument"];

/// The level of the span, and that of an error.
const SPAN_LEVEL: &str = "info";
const ERROR_LEVEL: &str = "error";

/// What stands before the level of what is written by itself, not in front of other records.
const RECORD: &str = "record";

/// What one attribute asks for.
pub(super) struct Recorded {
    callee: Place,
    span: Span,
    level: Symbol,
    skips: Vec<Symbol>,
    skips_all: bool,
    fields: Option<MacroArgs>,
    error: Option<Shown>,
    value: Option<Shown>,
}

/// How a result is shown, and at which level.
struct Shown {
    hole: Hole,
    level: Option<Symbol>,
}

impl Cx {
    /// The attribute of a function that records its calls.
    pub(super) fn recorded(&mut self, attrs: &[Attribute]) -> Option<Recorded> {
        let is_recording = |attr: &&Attribute| {
            attr.path().segments.last().is_some_and(|last| RECORDING.iter().any(|name| last.ident == name))
        };
        let attr = attrs.iter().find(is_recording)?;
        let mut found = Recorded {
            callee: self.macro_place(attr.path()),
            span: self.between(attr.pound_token.span, attr.bracket_token.span.close()),
            level: Symbol::new_static(SPAN_LEVEL),
            skips: Vec::new(),
            skips_all: false,
            fields: None,
            error: None,
            value: None,
        };
        if let Meta::List(list) = &attr.meta {
            for (name, value) in settings(list.tokens.clone()) {
                found.set(&name, value);
            }
        }
        Some(found)
    }

    /// What is recorded when the function is called.
    pub(super) fn record_call(&mut self, asked: &mut Recorded, sig: &Signature) {
        let fields = asked.fields.take().map(|MacroArgs(args)| args).unwrap_or_default();
        let names: Vec<Symbol> =
            fields.iter().filter_map(|field| field.name.clone().or_else(|| dotted(&field.value))).collect();
        let mut args = Vec::new();
        for param in sig.inputs.iter().filter(|_| !asked.skips_all) {
            let bound = match param {
                FnArg::Receiver(_) => vec![Symbol::new_static("self")],
                FnArg::Typed(typed) => {
                    let mut bound = Vec::new();
                    bound_names(&typed.pat, &mut bound);
                    bound.into_iter().map(symbol).collect()
                }
            };
            for name in bound.into_iter().filter(|name| !asked.skips.contains(name) && !names.contains(name)) {
                let place = self.b.lookup(&name);
                let value = self.b.load(place, asked.span);
                let value = self.b.push(Op::Text(vec![TextPart::Hole(value, Hole::Debug)]), asked.span);
                args.push(Arg { value, kind: ArgKind::Named(name) });
            }
        }
        for field in fields {
            args.push(self.macro_argument(field, true));
        }
        if !args.is_empty() {
            self.b.call(asked.at_level(&asked.level), args, CallStyle::Macro, asked.span);
        }
    }

    /// What is recorded when the function returns; all of it is lowered.
    pub(super) fn record_returns(&mut self, asked: &Recorded) {
        if asked.error.is_none() && asked.value.is_none() {
            return;
        }
        let returns: Vec<_> = self
            .b
            .func_mut()
            .blocks
            .iter_enumerated()
            .filter_map(
                |(block, data)| if let End::Return(Some(given)) = data.end { Some((block, given)) } else { None },
            )
            .collect();
        for (block, given) in returns {
            self.b.switch_to(block);
            if let Some(shown) = &asked.error {
                let level = shown.level.clone().unwrap_or(Symbol::new_static(ERROR_LEVEL));
                self.record_part(asked, given, Some("Err"), (shown.hole, &level));
            }
            if let Some(shown) = &asked.value {
                let level = shown.level.clone().unwrap_or_else(|| asked.level.clone());
                let part = asked.error.is_some().then_some("Ok");
                self.record_part(asked, given, part, (shown.hole, &level));
            }
            self.b.ret(Some(given));
        }
    }

    fn record_part(&mut self, asked: &Recorded, given: InstrId, part: Option<&str>, (hole, level): (Hole, &Symbol)) {
        let value = match part {
            Some(part) => self.b.load(Place::value(given).then(Field::Variant(part.into(), 0)), asked.span),
            None => given,
        };
        let text = self.b.push(Op::Text(vec![TextPart::Hole(value, hole)]), asked.span);
        let callee = asked.callee.then(Field::Name(Symbol::new_static(RECORD))).then(Field::Name(level.clone()));
        self.b.call(callee, vec![positional(text)], CallStyle::Macro, asked.span);
    }
}

impl Recorded {
    fn at_level(&self, level: &Symbol) -> Place {
        self.callee.then(Field::Name(level.clone()))
    }

    fn set(&mut self, name: &str, value: TokenStream) {
        match name {
            "skip_all" => self.skips_all = true,
            "skip" => self.skips.extend(value.into_iter().filter_map(word)),
            "fields" => self.fields = syn::parse2(value).ok(),
            "level" => self.level = level(value).unwrap_or(Symbol::new_static(SPAN_LEVEL)),
            "err" => self.error = Some(shown(value, Hole::Display)),
            "ret" => self.value = Some(shown(value, Hole::Debug)),
            _ => {}
        }
    }
}

/// `name`, `name = value`, `name(value)`, one after the other.
fn settings(tokens: TokenStream) -> Vec<(String, TokenStream)> {
    let mut found = Vec::new();
    let mut rest = tokens.into_iter().peekable();
    while let Some(token) = rest.next() {
        let TokenTree::Ident(name) = token else { continue };
        let mut value = TokenStream::new();
        while let Some(token) = rest.next_if(|token| !is_comma(token)) {
            match token {
                TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => value.extend(group.stream()),
                TokenTree::Punct(sign) if sign.as_char() == '=' && value.is_empty() => {}
                other => value.extend([other]),
            }
        }
        found.push((name.to_string(), value));
    }
    found
}

fn is_comma(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(sign) if sign.as_char() == ',')
}

/// `err(Debug, level = "warn")`
fn shown(asked: TokenStream, hole: Hole) -> Shown {
    let mut shown = Shown { hole, level: None };
    for (name, value) in settings(asked) {
        match name.as_str() {
            "Debug" => shown.hole = Hole::Debug,
            "Display" => shown.hole = Hole::Display,
            "level" => shown.level = level(value),
            _ => {}
        }
    }
    shown
}

/// `"debug"`, `Level::DEBUG`: the last name in it, in lower case.
fn level(value: TokenStream) -> Option<Symbol> {
    let last = value.into_iter().last()?.to_string();
    Some(last.trim_matches('"').to_lowercase().into())
}

fn word(token: TokenTree) -> Option<Symbol> {
    if let TokenTree::Ident(name) = token { Some(symbol(&name)) } else { None }
}
