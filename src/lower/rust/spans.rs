//! From proc-macro2's spans to ours.
//!
//! syn's own `Spanned` prints a node's tokens again to find its ends. Expressions nest and every one needs a span, so
//! theirs are found by walking to the first and last token; everything else is small.

use proc_macro2::{LineColumn, Span as Token};
use syn::Expr;
use syn::spanned::Spanned;

use crate::base::span::Span;

use super::Cx;

/// Where the lines of a text begin. proc-macro2 knows the line and column of a token at once; to know the bytes it counts them.
pub(super) struct Lines(Vec<Line>);

struct Line {
    start: usize,
    /// Its columns are its bytes.
    is_ascii: bool,
}

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        let mut start = 0;
        let lines = text.split('\n').map(|line| {
            let res = Line { start, is_ascii: line.is_ascii() };
            start += line.len() + 1;
            res
        });
        Self(lines.collect())
    }

    /// The byte at a place, unless characters have to be counted.
    fn byte(&self, place: LineColumn) -> Option<usize> {
        let line = self.0.get(place.line.checked_sub(1)?)?;
        line.is_ascii.then_some(line.start + place.column)
    }
}

impl Cx {
    pub(super) fn at(&self, token: Token) -> Span {
        let (first, last) = (self.lines.byte(token.start()), self.lines.byte(token.end()));
        let (first, last) = first.zip(last).unwrap_or_else(|| {
            let range = token.byte_range();
            (range.start, range.end)
        });
        Span::new(first + self.offset, last + self.offset)
    }

    pub(super) fn between(&self, first: Token, last: Token) -> Span {
        self.at(first).to(self.at(last))
    }

    pub(super) fn span_of(&self, node: &impl Spanned) -> Span {
        self.at(node.span())
    }

    pub(super) fn expr_span(&self, expr: &Expr) -> Span {
        self.between(first(expr), last(expr))
    }
}

fn first(mut expr: &Expr) -> Token {
    loop {
        expr = match expr {
            Expr::Assign(x) => &x.left,
            Expr::Await(x) => &x.base,
            Expr::Binary(x) => &x.left,
            Expr::Call(x) => &x.func,
            Expr::Cast(x) => &x.expr,
            Expr::Field(x) => &x.base,
            Expr::Index(x) => &x.expr,
            Expr::MethodCall(x) => &x.receiver,
            Expr::Try(x) => &x.expr,
            Expr::Group(x) => &x.expr,
            Expr::Array(x) => return x.bracket_token.span.open(),
            Expr::Async(x) => return x.async_token.span,
            Expr::Block(x) => return x.label.as_ref().map_or(x.block.brace_token.span.open(), |it| it.name.span()),
            Expr::Break(x) => return x.break_token.span,
            Expr::Closure(x) => return closure_start(x),
            Expr::ForLoop(x) => return x.for_token.span,
            Expr::If(x) => return x.if_token.span,
            Expr::Let(x) => return x.let_token.span,
            Expr::Lit(x) => return x.lit.span(),
            Expr::Loop(x) => return x.loop_token.span,
            Expr::Match(x) => return x.match_token.span,
            Expr::Paren(x) => return x.paren_token.span.open(),
            Expr::Reference(x) => return x.and_token.span,
            Expr::Return(x) => return x.return_token.span,
            Expr::Struct(x) => return x.path.segments.first().map_or(x.brace_token.span.open(), |it| it.ident.span()),
            Expr::Macro(x) => return x.mac.path.segments.first().map_or(x.mac.bang_token.span, |it| it.ident.span()),
            Expr::Tuple(x) => return x.paren_token.span.open(),
            Expr::Unsafe(x) => return x.unsafe_token.span,
            Expr::While(x) => return x.while_token.span,
            other => return other.span(),
        }
    }
}

fn closure_start(closure: &syn::ExprClosure) -> Token {
    let asyncness = closure.asyncness.as_ref().map(|it| it.span);
    asyncness.or(closure.capture.as_ref().map(|it| it.span)).unwrap_or(closure.inputs_begin.span)
}

fn last(mut expr: &Expr) -> Token {
    loop {
        expr = match expr {
            Expr::Assign(x) => &x.right,
            Expr::Binary(x) => &x.right,
            Expr::Closure(x) => &x.body,
            Expr::Let(x) => &x.expr,
            Expr::Group(x) => &x.expr,
            Expr::RawAddr(x) => &x.expr,
            Expr::Reference(x) => &x.expr,
            Expr::Unary(x) => &x.expr,
            Expr::If(x) => match &x.else_branch {
                Some((_, otherwise)) => otherwise,
                None => return x.then_branch.brace_token.span.close(),
            },
            Expr::Return(syn::ExprReturn { expr: Some(value), .. })
            | Expr::Break(syn::ExprBreak { expr: Some(value), .. }) => value,
            Expr::Array(x) => return x.bracket_token.span.close(),
            Expr::Async(x) => return x.block.brace_token.span.close(),
            Expr::Await(x) => return x.await_token.span,
            Expr::Block(x) => return x.block.brace_token.span.close(),
            Expr::Call(x) => return x.paren_token.span.close(),
            Expr::Cast(x) => return x.ty.span(),
            Expr::Field(x) => return x.member.span(),
            Expr::ForLoop(x) => return x.body.brace_token.span.close(),
            Expr::Index(x) => return x.bracket_token.span.close(),
            Expr::Lit(x) => return x.lit.span(),
            Expr::Loop(x) => return x.body.brace_token.span.close(),
            Expr::Macro(x) => return x.mac.delimiter.span().close(),
            Expr::Match(x) => return x.brace_token.span.close(),
            Expr::MethodCall(x) => return x.paren_token.span.close(),
            Expr::Paren(x) => return x.paren_token.span.close(),
            Expr::Struct(x) => return x.brace_token.span.close(),
            Expr::Try(x) => return x.question_token.span,
            Expr::Tuple(x) => return x.paren_token.span.close(),
            Expr::Unsafe(x) => return x.block.brace_token.span.close(),
            Expr::While(x) => return x.body.brace_token.span.close(),
            other => return other.span(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_byte_where_columns_are_bytes() {
        let lines = Lines::of("fn a() {}\r\nlet ü = 1;\nfn b() {}");
        let byte = |line, column| lines.byte(LineColumn { line, column });
        assert_eq!((byte(1, 3), byte(3, 3)), (Some(3), Some(26)));
        assert_eq!((byte(2, 6), byte(4, 0)), (None, None));
    }
}
