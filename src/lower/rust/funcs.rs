//! Functions, closures and async blocks.
//!
//! An async block is lowered as a closure without parameters: it is called where it is awaited, or by what it is handed to.

use syn::{Attribute, Block, Expr, ExprAsync, ExprClosure, FnArg, Pat, Signature, Stmt};

use crate::base::Symbol;
use crate::base::span::Span;
use crate::ir::build::NewFunc;
use crate::ir::func::{FuncId, FuncKind, ParamKind};
use crate::ir::instr::{CallStyle, InstrId, Op, Place};
use crate::ir::types::TypeRef;

use super::types::symbol;
use super::{Cx, Dest, conditional};

/// A function with a body.
pub(super) struct Fn<'a> {
    pub(super) attrs: &'a [Attribute],
    pub(super) sig: &'a Signature,
    pub(super) body: &'a Block,
    /// Stands in an `impl` or a trait.
    pub(super) is_member: bool,
}

impl Cx {
    pub(super) fn function(&mut self, func: &Fn<'_>) -> FuncId {
        let sig = func.sig;
        let kind = match (func.is_member, sig.receiver().is_some()) {
            (true, true) => FuncKind::Method,
            (true, false) => FuncKind::Static,
            (false, _) => FuncKind::Plain,
        };
        let new = NewFunc {
            name: symbol(&sig.ident),
            kind,
            is_async: sig.asyncness.is_some(),
            is_generator: false,
            span: self.between(sig.fn_token.span, func.body.brace_token.span.close()),
            name_span: self.at(sig.ident.span()),
        };
        let annotations = self.annotations(func.attrs);
        let loops = std::mem::take(&mut self.loops);
        self.enter_generics(&sig.generics);
        let id = self.b.enter_func(new);
        let ret = self.return_type(&sig.output);
        let head = self.b.func_mut();
        head.annotations = annotations;
        head.ret = ret;
        let mut patterns = Vec::new();
        for input in sig.inputs.iter() {
            match input {
                FnArg::Receiver(_) => {
                    self.b.receiver("self");
                }
                FnArg::Typed(typed) if !conditional::is_off(&typed.attrs, &self.features) => {
                    let ty = self.type_ref(&typed.ty);
                    let annotations = self.annotations(&typed.attrs);
                    self.parameter(&typed.pat, Some(ty), &mut patterns);
                    if let Some(param) = self.b.func_mut().params.last_mut() {
                        param.annotations = annotations;
                    }
                }
                FnArg::Typed(_) => {}
            }
        }
        self.take_apart(patterns);
        let mut recorded = self.recorded(func.attrs);
        if let Some(recorded) = &mut recorded {
            self.record_call(recorded, sig);
        }
        self.block_into(func.body, Dest::Return);
        if let Some(recorded) = &recorded {
            self.record_returns(recorded);
        }
        self.b.leave_func();
        self.leave_generics();
        self.loops = loops;
        id
    }

    /// Declares a parameter; one that is a pattern is noted, to be taken apart once all are declared.
    fn parameter<'p>(&mut self, pat: &'p Pat, ty: Option<TypeRef>, patterns: &mut Vec<(&'p Pat, Place)>) {
        let span = self.span_of(pat);
        let simple = match pat {
            Pat::Ident(ident) if ident.subpat.is_none() => Some(symbol(&ident.ident)),
            _ => None,
        };
        let at = self.b.func().params.len();
        let name = simple.clone().unwrap_or_else(|| format!("arg{at}").into());
        let local = self.b.param(name, ParamKind::Plain, ty, span);
        match simple {
            Some(name) => self.b.bind(name, Place::local(local)),
            None => patterns.push((pat, Place::local(local))),
        }
    }

    fn take_apart(&mut self, patterns: Vec<(&Pat, Place)>) {
        for (pat, place) in patterns {
            self.pattern(pat, &place, None);
        }
    }

    pub(super) fn closure(&mut self, closure: &ExprClosure, span: Span) -> InstrId {
        self.closure_giving(closure, None, span)
    }

    /// A closure that is handed to a function. `post(|request| async move { … })` is handed an async closure: what calls it waits
    /// for what it gives. Items of a list are mapped to blocks that others wait for.
    pub(super) fn closure_handed(&mut self, closure: &ExprClosure, span: Span) -> InstrId {
        self.closure_giving(closure, future_given(&closure.body), span)
    }

    fn closure_giving(&mut self, closure: &ExprClosure, future: Option<(&[Stmt], &ExprAsync)>, span: Span) -> InstrId {
        let id = self.enter_lambda("<closure>", closure.asyncness.is_some() || future.is_some(), span);
        let loops = std::mem::take(&mut self.loops);
        let ret = self.return_type(&closure.output);
        self.b.func_mut().ret = ret;
        let mut patterns = Vec::new();
        for input in &closure.inputs {
            match input {
                Pat::Type(typed) => {
                    let ty = self.type_ref(&typed.ty);
                    self.parameter(&typed.pat, Some(ty), &mut patterns);
                }
                pat => self.parameter(pat, None, &mut patterns),
            }
        }
        self.take_apart(patterns);
        match future {
            Some((before, block)) => {
                self.statements(before, Dest::Nowhere);
                self.block_into(&block.block, Dest::Return);
            }
            None => self.into(&closure.body, Dest::Return),
        }
        self.b.leave_func();
        self.loops = loops;
        self.b.push(Op::Closure(id), span)
    }

    /// A future that is waited for where it stands: an async block runs there.
    pub(super) fn future(&mut self, expr: &Expr) -> InstrId {
        let value = self.expr(expr);
        match expr {
            Expr::Async(_) => self.b.call(Place::value(value), Vec::new(), CallStyle::Plain, self.expr_span(expr)),
            _ => value,
        }
    }

    /// What futures give that are all begun before one is waited for: none holds up the others.
    pub(super) fn begun<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) -> Vec<InstrId> {
        let begun: Vec<_> = exprs.into_iter().map(|expr| (self.future(expr), self.expr_span(expr))).collect();
        begun.into_iter().map(|(future, at)| self.b.push(Op::Await(future), at)).collect()
    }

    pub(super) fn async_block(&mut self, block: &ExprAsync, span: Span) -> InstrId {
        let id = self.enter_lambda("<async>", true, span);
        let loops = std::mem::take(&mut self.loops);
        self.block_into(&block.block, Dest::Return);
        self.b.leave_func();
        self.loops = loops;
        self.b.push(Op::Closure(id), span)
    }

    pub(super) fn enter_lambda(&mut self, name: &'static str, is_async: bool, span: Span) -> FuncId {
        let name = Symbol::new_static(name);
        let kind = FuncKind::Lambda;
        self.b.enter_func(NewFunc { name, kind, is_async, is_generator: false, span, name_span: span })
    }
}

/// The block of async code that a closure gives, with what stands before it.
fn future_given(body: &Expr) -> Option<(&[Stmt], &ExprAsync)> {
    match body {
        Expr::Async(block) => Some((&[], block)),
        Expr::Block(body) if body.label.is_none() => match body.block.stmts.split_last()? {
            (Stmt::Expr(Expr::Async(block), None), before) => Some((before, block)),
            _ => None,
        },
        _ => None,
    }
}
