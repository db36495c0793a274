//! Macro calls, recognised by the shape of their tokens.
//!
//! In this order: a few macros of the language whose result has parts (`vec!`, `matches!`, data literals); a list of
//! arguments, of which a format string takes those it shows; arms of a select; statements; and at last whatever calls are
//! found among the tokens. Everything but the first is a `Call` of the macro, through what its name means in the file.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Expr, Ident, ItemMacro, Lit, Macro, Pat, Stmt, Token, Type};

use crate::base::Symbol;
use crate::base::span::Span;
use crate::ir::build::ScopeKind;
use crate::ir::func::BlockId;
use crate::ir::instr::{
    Arg, ArgKind, CallStyle, Const, Entry, Field, Imported, InstrId, Op, Place, RecordKind, TextPart,
};

use super::calls::positional;
use super::format::{HoleArg, Piece, pieces};
use super::items::Level;
use super::json::{self, Json};
use super::macro_args::{MacroArg, MacroArgs, dotted};
use super::select::Select;
use super::types::symbol;
use super::{Cx, Dest, conditional};

/// Macros in which a name alone, in front of the message, is a field: `info!(user, "hello")`.
const WITH_FIELDS: [&str; 12] = [
    "trace",
    "debug",
    "info",
    "warn",
    "error",
    "event",
    "span",
    "trace_span",
    "debug_span",
    "info_span",
    "warn_span",
    "error_span",
];

impl Cx {
    pub(super) fn macro_into(&mut self, mac: &Macro, span: Span, dest: Dest) {
        if self.own_macro_into(mac, dest) {
            return;
        }
        let name = last_name(mac);
        if name == "select"
            && let Ok(select) = mac.parse_body::<Select>()
        {
            return self.select(&select, dest, span);
        }
        let value = self.macro_call(mac, span);
        if name == "bail" {
            return;
        }
        self.deliver(value, dest, span);
    }

    pub(super) fn macro_call(&mut self, mac: &Macro, span: Span) -> InstrId {
        if let Some(value) = self.own_macro_value(mac, span) {
            return value;
        }
        let name = last_name(mac);
        match name.as_str() {
            "stringify" => return self.b.constant(Const::Str(mac.tokens.to_string().into()), span),
            "concat" => {
                if let Some(text) = concatenated(mac) {
                    return self.b.constant(Const::Str(text.into()), span);
                }
            }
            "select" if mac.parse_body::<Select>().is_ok() => {
                let result = self.b.temp("value", None);
                self.macro_into(mac, span, Dest::Local(result));
                return self.b.load(Place::local(result), span);
            }
            "cfg" => {
                let condition = mac.parse_body::<syn::Meta>().ok();
                return match condition.and_then(|meta| conditional::evaluate(&meta, &self.features)) {
                    Some(holds) => self.b.constant(Const::Bool(holds), span),
                    None => self.b.push(Op::Unknown("cfg", Vec::new()), span),
                };
            }
            "vec" => {
                if let Some(value) = self.vector(mac, span) {
                    return value;
                }
            }
            "matches" => {
                if let Some(value) = self.matches(mac, span) {
                    return value;
                }
            }
            "json" => {
                if let Ok(json) = mac.parse_body::<Json>() {
                    return self.json(&json, span);
                }
            }
            "ensure" => {
                if let Some(value) = self.ensured(mac, span) {
                    return value;
                }
            }
            "join" | "try_join" => {
                if let Some(value) = self.joined(mac, name == "try_join", span) {
                    return value;
                }
            }
            _ => {}
        }
        let args = self.macro_arguments(mac, &name, span);
        if let (true, [text]) = (is_text(mac), args.as_slice())
            && matches!(self.b.op(text.value), Op::Text(_) | Op::Const(Const::Str(_)))
        {
            return text.value;
        }
        let callee = self.macro_place(&mac.path);
        let value = self.b.call(callee, args, CallStyle::Macro, span);
        if name == "bail" {
            let err = self.variant("Err", value, span);
            self.b.ret(Some(err));
        }
        value
    }

    fn macro_arguments(&mut self, mac: &Macro, name: &str, span: Span) -> Vec<Arg> {
        if json::is_object(&mac.tokens)
            && let Ok(json) = mac.parse_body::<Json>()
        {
            return vec![positional(self.json(&json, span))];
        }
        // A lone `for … { yield … }` would also be an argument.
        let is_stream = mentions_yield(mac.tokens.clone());
        if !is_stream && let Ok(MacroArgs(args)) = mac.parse_body() {
            return self.argument_list(args, WITH_FIELDS.contains(&name));
        }
        if let Ok(stmts) = mac.parse_body_with(syn::Block::parse_within) {
            return vec![positional(self.body(&stmts, is_stream, span))];
        }
        vec![positional(self.scan_tokens(mac.tokens.clone(), "macro", span))]
    }

    /// Statements in a macro: they run where they stand, or when the stream is polled if they yield.
    fn body(&mut self, stmts: &[Stmt], is_stream: bool, span: Span) -> InstrId {
        if is_stream {
            let func = self.enter_lambda("<stream>", true, span);
            let loops = std::mem::take(&mut self.loops);
            self.b.func_mut().is_generator = true;
            self.statements(stmts, Dest::Return);
            self.b.leave_func();
            self.loops = loops;
            return self.b.push(Op::Closure(func), span);
        }
        let result = self.b.temp("value", None);
        self.statements(stmts, Dest::Local(result));
        self.b.load(Place::local(result), span)
    }

    // ---- lists of arguments --------------------------------------------------------------------------------------

    fn argument_list(&mut self, args: Vec<MacroArg>, has_fields: bool) -> Vec<Arg> {
        let format = args.iter().enumerate().find_map(|(at, arg)| format_string(arg).map(|pieces| (at, pieces)));
        let message = args.iter().position(|arg| arg.name.is_none() && literal(arg).is_some());
        let mut res = Vec::new();
        let Some((at, pieces)) = format else {
            for (at, arg) in args.into_iter().enumerate() {
                let is_field = has_fields && message.is_none_or(|message| at < message);
                res.push(self.macro_argument(arg, is_field));
            }
            return res;
        };
        let mut args = args.into_iter();
        for arg in args.by_ref().take(at) {
            res.push(self.macro_argument(arg, has_fields));
        }
        let Some(format) = args.next() else { return res };
        let shown = args.map(|arg| (self.macro_argument(arg, false), false)).collect();
        self.formatted(pieces, shown, self.expr_span(&format.value), &mut res);
        res
    }

    /// Makes the text; arguments that no hole shows stay arguments.
    fn formatted(&mut self, pieces: Vec<Piece>, mut shown: Vec<(Arg, bool)>, span: Span, out: &mut Vec<Arg>) {
        let positions: Vec<usize> = (0..shown.len()).filter(|at| shown[*at].0.kind == ArgKind::Positional).collect();
        let mut next = 0;
        let mut parts = Vec::new();
        for piece in pieces {
            let (arg, hole) = match piece {
                Piece::Lit(text) => {
                    parts.push(TextPart::Lit(text.into()));
                    continue;
                }
                Piece::Hole { arg, hole } => (arg, hole),
            };
            let found = match &arg {
                HoleArg::Next(widths) => {
                    positions.iter().skip(next).take(*widths).for_each(|at| shown[*at].1 = true);
                    next += widths + 1;
                    positions.get(next - 1).copied()
                }
                HoleArg::At(at) => positions.get(*at).copied(),
                HoleArg::Name(name) => {
                    shown.iter().position(|(arg, _)| matches!(&arg.kind, ArgKind::Named(other) if other == name))
                }
            };
            let value = match (found, arg) {
                (Some(at), _) => {
                    shown[at].1 = true;
                    shown[at].0.value
                }
                (None, HoleArg::Name(name)) => {
                    let place = self.b.lookup(&name);
                    self.value_at(&place, span)
                }
                (None, _) => self.b.push(Op::Unknown("missing argument", Vec::new()), span),
            };
            parts.push(TextPart::Hole(value, hole));
        }
        let text = self.b.push(Op::Text(parts), span);
        out.push(positional(text));
        out.extend(shown.into_iter().filter(|(_, is_shown)| !is_shown).map(|(arg, _)| arg));
    }

    pub(super) fn macro_argument(&mut self, arg: MacroArg, can_be_field: bool) -> Arg {
        let span = self.expr_span(&arg.value);
        let mut value = self.expr(&arg.value);
        if let Some(hole) = arg.sigil {
            value = self.b.push(Op::Text(vec![TextPart::Hole(value, hole)]), span);
        }
        let name = arg.name.or_else(|| if can_be_field { dotted(&arg.value) } else { None });
        Arg { value, kind: name.map_or(ArgKind::Positional, ArgKind::Named) }
    }

    // ---- macros whose result has parts ---------------------------------------------------------------------------

    /// `vec![a, b]`, `vec![a; n]`.
    fn vector(&mut self, mac: &Macro, span: Span) -> Option<InstrId> {
        if let Ok(elems) = mac.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated) {
            return Some(self.sequence(RecordKind::Array, elems.iter(), span));
        }
        let repeat = |input: ParseStream<'_>| {
            let elem: Expr = input.parse()?;
            input.parse::<Token![;]>()?;
            let len: Expr = input.parse()?;
            Ok((elem, len))
        };
        let (elem, len) = repeat.parse2(mac.tokens.clone()).ok()?;
        let elem = self.expr(&elem);
        self.expr(&len);
        Some(self.record(RecordKind::Array, vec![Entry::Field(Field::Any, elem)], span))
    }

    /// `matches!(value, pattern if guard)`: a condition.
    fn matches(&mut self, mac: &Macro, span: Span) -> Option<InstrId> {
        let asked = Matches::of(mac)?;
        let result = Place::local(self.b.temp("value", None));
        let (no, join) = (self.b.new_block(), self.b.new_block());
        self.asked(&asked, no);
        for (block, holds) in [(None, true), (Some(no), false)] {
            if let Some(block) = block {
                self.b.switch_to(block);
            }
            let value = self.b.constant(Const::Bool(holds), span);
            self.b.store(result.clone(), value, span);
            self.b.goto(join);
        }
        self.b.switch_to(join);
        Some(self.b.load(result, span))
    }

    /// Goes on where it matches, and to `no` elsewhere.
    pub(super) fn asked(&mut self, asked: &Matches, no: BlockId) {
        self.b.enter_scope(ScopeKind::Block);
        let subject = self.place(&asked.value);
        self.pattern(&asked.pat, &subject, Some(no));
        if let Some(guard) = &asked.guard {
            self.condition(guard, no);
        }
        self.b.leave_scope();
    }

    /// `ensure!(condition, "message {x}")`: where the condition fails, the function returns the error that the rest makes.
    fn ensured(&mut self, mac: &Macro, span: Span) -> Option<InstrId> {
        let MacroArgs(mut args) = mac.parse_body().ok()?;
        if args.is_empty() || args.iter().any(|arg| arg.name.is_some() || arg.sigil.is_some()) {
            return None;
        }
        let condition = args.remove(0).value;
        let (no, join) = (self.b.new_block(), self.b.new_block());
        self.b.enter_scope(ScopeKind::Block);
        self.condition(&condition, no);
        self.b.leave_scope();
        self.b.goto(join);
        self.b.switch_to(no);
        let args = self.argument_list(args, false);
        let callee = self.macro_place(&mac.path);
        let value = self.b.call(callee, args, CallStyle::Macro, span);
        let err = self.variant("Err", value, span);
        self.b.ret(Some(err));
        self.b.switch_to(join);
        Some(self.b.push(Op::Unknown("unit", Vec::new()), span))
    }

    /// `join!(a, b)`: a tuple of what the futures give; `try_join!` an `Ok` of one.
    fn joined(&mut self, mac: &Macro, may_fail: bool, span: Span) -> Option<InstrId> {
        let started = mac.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated).ok()?;
        let mut entries = Vec::new();
        let mut results = Vec::new();
        for (at, mut value) in (0..).zip(self.begun(&started)) {
            results.push(value);
            if may_fail {
                value = self.b.load(Place::value(value).then(Field::Variant("Ok".into(), 0)), span);
            }
            entries.push(Entry::Field(Field::Index(at), value));
        }
        let tuple = self.record(RecordKind::Tuple, entries, span);
        if !may_fail {
            return Some(tuple);
        }
        let errors = results
            .into_iter()
            .map(|value| self.b.load(Place::value(value).then(Field::Variant("Err".into(), 0)), span))
            .collect();
        let error = self.b.push(Op::Unknown("first error", errors), span);
        let variants = [("Ok", tuple), ("Err", error)];
        let entries = variants.map(|(name, value)| Entry::Field(Field::Variant(name.into(), 0), value)).to_vec();
        Some(self.record(RecordKind::Variant, entries, span))
    }

    // ---- tokens of no known shape --------------------------------------------------------------------------------

    /// Finds calls (`name!(…)`, `path::name(…)`) among tokens and lowers them.
    pub(super) fn scan_tokens(&mut self, tokens: TokenStream, what: &'static str, span: Span) -> InstrId {
        let mut values = Vec::new();
        self.scan(tokens, &mut values);
        self.b.push(Op::Unknown(what, values), span)
    }

    fn scan(&mut self, tokens: TokenStream, values: &mut Vec<InstrId>) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut start = 0;
        for (at, token) in tokens.iter().enumerate() {
            let TokenTree::Group(group) = token else {
                // A call starts at the first token of its path or receiver.
                if !continues(token) {
                    start = at + 1;
                }
                continue;
            };
            if start < at
                && group.delimiter() != Delimiter::None
                && let Ok(expr) = syn::parse2::<Expr>(tokens[start..=at].iter().cloned().collect())
                && matches!(expr, Expr::Call(_) | Expr::MethodCall(_) | Expr::Macro(_))
            {
                values.push(self.expr(&expr));
            } else {
                match group.delimiter() {
                    Delimiter::Brace => match syn::Block::parse_within.parse2(group.stream()) {
                        Ok(stmts) => self.statements(&stmts, Dest::Nowhere),
                        Err(_) => self.scan(group.stream(), values),
                    },
                    _ => self.scan(group.stream(), values),
                }
            }
            start = at + 1;
        }
    }

    // ---- macros in the place of items ----------------------------------------------------------------------------

    pub(super) fn declare_macro(&mut self, item: &ItemMacro, level: Level) {
        if item.ident.is_some() {
            return;
        }
        for found in statics(&item.mac) {
            let span = self.at(found.ident.span());
            self.declare(&symbol(&found.ident), None, span, level);
        }
    }

    pub(super) fn item_macro(&mut self, item: &ItemMacro) {
        if item.ident.is_some() {
            return;
        }
        let found = statics(&item.mac);
        if !found.is_empty() {
            found.iter().for_each(|it| self.constant_item(&it.ident, &it.ty, &it.expr));
            return;
        }
        let first = item.mac.path.segments.first().map_or(item.mac.bang_token.span, |part| part.ident.span());
        let span = self.between(first, item.mac.delimiter.span().close());
        if item.mac.path.segments.len() > 1 {
            for name in listed_names(item.mac.tokens.clone()) {
                self.b.import(&format!("self::{name}"), Imported::Module, span);
            }
        }
        self.macro_call(&item.mac, span);
    }
}

/// Names that stand alone in a list, and are written as those of modules are: a macro of a library among the items of a module
/// may declare the modules of these names, if there are files for them.
///
/// ```text
/// library::tools!(State, (Read, read, "read"), (Write, write, "write"));
/// ```
fn listed_names(tokens: TokenStream) -> Vec<Symbol> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is_comma = |token: Option<&TokenTree>| match token {
        Some(TokenTree::Punct(punct)) => punct.as_char() == ',',
        Some(_) => false,
        None => true,
    };
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(ident) => {
                let is_alone =
                    is_comma(at.checked_sub(1).and_then(|before| tokens.get(before))) && is_comma(tokens.get(at + 1));
                if is_alone && !ident.to_string().contains(char::is_uppercase) {
                    found.push(symbol(ident));
                }
            }
            TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {
                found.extend(listed_names(group.stream()));
            }
            _ => {}
        }
    }
    found
}

/// `matches!(value, pattern if guard)`.
pub(super) struct Matches {
    value: Expr,
    pat: Pat,
    guard: Option<Expr>,
}

impl Matches {
    /// The parts, where a macro is that one.
    pub(super) fn of(mac: &Macro) -> Option<Self> {
        let parse = |input: ParseStream<'_>| {
            let value: Expr = input.parse()?;
            input.parse::<Token![,]>()?;
            let pat = Pat::parse_multi_with_leading_vert(input)?;
            let guard = if input.peek(Token![if]) {
                input.parse::<Token![if]>()?;
                Some(input.parse::<Expr>()?)
            } else {
                None
            };
            input.parse::<Option<Token![,]>>()?;
            Ok(Self { value, pat, guard })
        };
        if last_name(mac) != "matches" {
            return None;
        }
        parse.parse2(mac.tokens.clone()).ok()
    }
}

/// `static ref NAME: Type = value;`, with or without `ref`.
struct Static {
    ident: Ident,
    ty: Type,
    expr: Expr,
}

fn statics(mac: &Macro) -> Vec<Static> {
    let parse = |input: ParseStream<'_>| {
        let mut res = Vec::new();
        while !input.is_empty() {
            syn::Attribute::parse_outer(input)?;
            input.parse::<syn::Visibility>()?;
            input.parse::<Token![static]>()?;
            input.parse::<Option<Token![ref]>>()?;
            let ident = input.parse()?;
            input.parse::<Token![:]>()?;
            let ty = input.parse()?;
            input.parse::<Token![=]>()?;
            let expr = input.parse()?;
            input.parse::<Option<Token![;]>>()?;
            res.push(Static { ident, ty, expr });
        }
        Ok(res)
    };
    mac.parse_body_with(parse).unwrap_or_default()
}

fn last_name(mac: &Macro) -> Symbol {
    mac.path.segments.last().map(|last| symbol(&last.ident)).unwrap_or_default()
}

fn literal(arg: &MacroArg) -> Option<String> {
    if arg.sigil.is_some() { None } else { literal_text(&arg.value) }
}

/// The text that an expression is, as a format string may be written.
fn literal_text(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Lit(syn::ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
        Expr::Group(x) => literal_text(&x.expr),
        Expr::Macro(x) => match last_name(&x.mac).as_str() {
            "stringify" => Some(x.mac.tokens.to_string()),
            "concat" => concatenated(&x.mac),
            _ => None,
        },
        _ => None,
    }
}

/// `concat!("a ", "b")` of texts.
fn concatenated(mac: &Macro) -> Option<String> {
    let parts = mac.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated).ok()?;
    parts.iter().map(literal_text).collect()
}

/// Is it the macro that makes a text and does nothing else with it?
fn is_text(mac: &Macro) -> bool {
    let names: Vec<String> = mac.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    matches!(names.as_slice(), ["format"] | ["std" | "alloc", "format"])
}

/// The pieces of an argument that is a format string with holes.
fn format_string(arg: &MacroArg) -> Option<Vec<Piece>> {
    let text = if arg.name.is_none() { literal(arg)? } else { return None };
    let pieces = pieces(&text)?;
    pieces.iter().any(|piece| matches!(piece, Piece::Hole { .. })).then_some(pieces)
}

fn mentions_yield(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "yield",
        TokenTree::Group(group) => mentions_yield(group.stream()),
        _ => false,
    })
}

/// Can this token stand inside the callee of a call?
fn continues(token: &TokenTree) -> bool {
    match token {
        TokenTree::Ident(ident) => !matches!(ident.to_string().as_str(), "if" | "in" | "let" | "return" | "else"),
        TokenTree::Punct(punct) => matches!(punct.as_char(), ':' | '.' | '!' | '&'),
        _ => false,
    }
}
