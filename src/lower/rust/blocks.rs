//! Blocks and statements.

use syn::{Block, Expr, Item, Local, Pat, Stmt};

use crate::base::span::Span;
use crate::ir::build::ScopeKind;
use crate::ir::instr::{Const, InstrId, Place};

use super::items::Level;
use super::types::symbol;
use super::{Cx, Dest, conditional};

impl Cx {
    /// Lowers an expression and hands its value on. Blocks, `if` and `match` hand on the value of each branch.
    pub(super) fn into(&mut self, expr: &Expr, dest: Dest) {
        match expr {
            Expr::Paren(x) => self.into(&x.expr, dest),
            Expr::Group(x) => self.into(&x.expr, dest),
            Expr::Block(x) if x.label.is_none() => self.block_into(&x.block, dest),
            Expr::Block(x) => self.labelled_block(x, dest),
            Expr::Unsafe(x) => self.block_into(&x.block, dest),
            Expr::Const(x) => self.block_into(&x.block, dest),
            Expr::If(x) => self.if_into(x, dest),
            Expr::Match(x) => self.match_into(x, dest),
            Expr::Loop(x) => self.loop_into(x, dest),
            Expr::While(x) => {
                self.while_loop(x);
                self.deliver_unit(dest);
            }
            Expr::ForLoop(x) => {
                self.for_loop(x);
                self.deliver_unit(dest);
            }
            Expr::Return(x) => self.return_value(x),
            Expr::Break(x) => self.break_loop(x),
            Expr::Continue(x) => self.continue_loop(x),
            Expr::Macro(x) => self.macro_into(&x.mac, self.expr_span(expr), dest),
            other => {
                let value = self.expr(other);
                self.deliver(value, dest, self.expr_span(other));
            }
        }
    }

    pub(super) fn deliver(&mut self, value: InstrId, dest: Dest, span: Span) {
        if !self.b.is_reachable() {
            return;
        }
        match dest {
            Dest::Nowhere => {}
            Dest::Local(local) => {
                self.b.store(Place::local(local), value, span);
            }
            Dest::Return => self.b.ret(Some(value)),
        }
    }

    pub(super) fn deliver_unit(&mut self, dest: Dest) {
        if let Dest::Return = dest {
            self.b.ret(None);
        }
    }

    /// The value of an expression that branches.
    pub(super) fn branching_value(&mut self, expr: &Expr, span: Span) -> InstrId {
        let result = self.b.temp("value", None);
        self.into(expr, Dest::Local(result));
        if !self.b.is_reachable() {
            return self.b.constant(Const::Null, span);
        }
        self.b.load(Place::local(result), span)
    }

    pub(super) fn block_into(&mut self, block: &Block, dest: Dest) {
        self.statements(&block.stmts, dest);
    }

    pub(super) fn statements(&mut self, stmts: &[Stmt], dest: Dest) {
        let items: Vec<&Item> = stmts
            .iter()
            .filter_map(|stmt| match stmt {
                Stmt::Item(item) => Some(item),
                _ => None,
            })
            .collect();
        // Items have a scope of their own around the variables, which may have the same names.
        self.b.enter_scope(ScopeKind::Block);
        self.items(&items, Level::Block);
        self.b.enter_scope(ScopeKind::Block);
        let mut has_value = false;
        for (at, stmt) in stmts.iter().enumerate() {
            let is_last = at + 1 == stmts.len();
            match stmt {
                Stmt::Local(local) if !conditional::is_off(&local.attrs) => self.local(local),
                Stmt::Expr(expr, None) if is_last => {
                    has_value = true;
                    self.into(expr, dest);
                }
                Stmt::Expr(expr, _) => self.into(expr, Dest::Nowhere),
                Stmt::Macro(x) if !conditional::is_off(&x.attrs) => {
                    let first = x.mac.path.segments.first().map_or(x.mac.bang_token.span, |part| part.ident.span());
                    let span = self.between(first, x.mac.delimiter.span().close());
                    has_value = is_last && x.semi_token.is_none();
                    self.macro_into(&x.mac, span, if has_value { dest } else { Dest::Nowhere });
                }
                _ => {}
            }
        }
        if !has_value {
            self.deliver_unit(dest);
        }
        self.b.leave_scope();
        self.b.leave_scope();
    }

    fn local(&mut self, local: &Local) {
        let (pat, ty) = match &local.pat {
            Pat::Type(typed) => (&*typed.pat, Some(self.type_ref(&typed.ty))),
            pat => (pat, None),
        };
        let ident = match pat {
            Pat::Ident(ident) if ident.subpat.is_none() => Some(&ident.ident),
            _ => None,
        };
        let Some(init) = &local.init else {
            if let Some(ident) = ident {
                let span = self.at(ident.span());
                self.b.shadow(&symbol(ident), ty, span);
            }
            return;
        };
        if let (Some(ident), None) = (ident, &init.diverge) {
            // The variable is in scope only behind its initialiser.
            let name = symbol(ident);
            let variable = self.b.temp(&name, ty);
            self.into(&init.expr, Dest::Local(variable));
            self.b.bind(name, Place::local(variable));
            return;
        }
        let subject = self.typed_subject(&init.expr, ty);
        let Some((_, diverge)) = &init.diverge else { return self.pattern(pat, &subject, None) };
        // The other way is lowered first: it does not see the names that the pattern binds.
        let (matching, otherwise) = (self.b.new_block(), self.b.new_block());
        self.b.goto(matching);
        self.b.switch_to(otherwise);
        self.into(diverge, Dest::Nowhere);
        self.b.stop();
        self.b.switch_to(matching);
        self.pattern(pat, &subject, Some(otherwise));
    }

    /// What a pattern takes apart; a declared type is kept on a variable for it.
    fn typed_subject(&mut self, init: &Expr, ty: Option<crate::ir::types::TypeRef>) -> Place {
        if ty.is_none() {
            return self.place(init);
        }
        let whole = self.b.temp("value", ty);
        self.into(init, Dest::Local(whole));
        Place::local(whole)
    }
}
