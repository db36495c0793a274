//! Macros that wait for the first of several futures: `pattern = future[, if guard] => body`.

use syn::parse::{Parse, ParseStream};
use syn::{Block, Expr, Ident, Pat, Token, token};

use crate::base::span::Span;
use crate::ir::build::ScopeKind;
use crate::ir::instr::{Op, Place};

use super::{Cx, Dest};

pub(super) struct Select {
    arms: Vec<Arm>,
    otherwise: Option<Expr>,
}

struct Arm {
    pat: Pat,
    future: Expr,
    guard: Option<Expr>,
    body: Expr,
}

impl Parse for Select {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut res = Self { arms: Vec::new(), otherwise: None };
        // `biased;`
        if input.peek(Ident) && input.peek2(Token![;]) {
            input.parse::<Ident>()?;
            input.parse::<Token![;]>()?;
        }
        while !input.is_empty() {
            if input.peek(Token![else]) {
                input.parse::<Token![else]>()?;
                input.parse::<Token![=>]>()?;
                res.otherwise = Some(body(input)?);
            } else {
                res.arms.push(arm(input)?);
            }
        }
        if res.arms.is_empty() {
            return Err(input.error("no arm"));
        }
        Ok(res)
    }
}

fn arm(input: ParseStream<'_>) -> syn::Result<Arm> {
    let pat = Pat::parse_multi_with_leading_vert(input)?;
    input.parse::<Token![=]>()?;
    let future = input.parse()?;
    let guard = if input.peek(Token![,]) {
        input.parse::<Token![,]>()?;
        input.parse::<Token![if]>()?;
        Some(input.parse()?)
    } else {
        None
    };
    input.parse::<Token![=>]>()?;
    Ok(Arm { pat, future, guard, body: body(input)? })
}

/// A body in braces ends without a comma, like that of a `match` arm.
fn body(input: ParseStream<'_>) -> syn::Result<Expr> {
    let body = if input.peek(token::Brace) {
        let block: Block = input.parse()?;
        Expr::Block(syn::ExprBlock { attrs: Vec::new(), label: None, block })
    } else {
        input.parse()?
    };
    if input.peek(Token![,]) {
        input.parse::<Token![,]>()?;
    }
    Ok(body)
}

impl Cx {
    /// All futures run; one of the bodies does.
    pub(super) fn select(&mut self, select: &Select, dest: Dest, span: Span) {
        let values = self.begun(select.arms.iter().map(|arm| &arm.future));
        let join = self.b.new_block();
        for (at, (arm, value)) in select.arms.iter().zip(values).enumerate() {
            let is_last = at + 1 == select.arms.len() && select.otherwise.is_none() && arm.guard.is_none();
            let next = self.b.new_block();
            if !is_last {
                let chosen = self.b.push(Op::Unknown("select", vec![value]), span);
                let yes = self.b.new_block();
                self.b.branch(chosen, yes, next);
                self.b.switch_to(yes);
            }
            self.b.enter_scope(ScopeKind::Block);
            if let Some(guard) = &arm.guard {
                self.condition(guard, next);
            }
            self.pattern(&arm.pat, &Place::value(value), if is_last { None } else { Some(next) });
            self.into(&arm.body, dest);
            self.b.leave_scope();
            self.b.goto(join);
            self.b.switch_to(next);
        }
        if let Some(otherwise) = &select.otherwise {
            self.into(otherwise, dest);
        }
        self.b.goto(join);
        self.b.switch_to(join);
    }
}
