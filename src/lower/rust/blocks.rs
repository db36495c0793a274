//! Blocks and statements.

use std::sync::Arc;

use syn::{Block, Expr, Item, Local, Pat, Stmt};

use crate::base::Symbol;
use crate::base::span::Span;
use crate::ir::build::ScopeKind;
use crate::ir::func::{BlockId, LocalId};
use crate::ir::instr::{Const, Field, InstrId, Op, Place};

use super::expand::Layer;
use super::items::Level;
use super::types::symbol;
use super::{Cx, Dest, Parts, conditional};

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
            Expr::Tuple(x) if self.parts_of(dest).len() == x.elems.len() => {
                for (elem, part) in x.elems.iter().zip(self.parts_of(dest)) {
                    self.into(elem, Dest::Local(part));
                }
            }
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
            Dest::Parts(_) => {
                for (at, local) in (0..).zip(self.parts_of(dest)) {
                    let part = self.b.push(Op::Load(Place::value(value).then(Field::Index(at))), span);
                    self.b.store(Place::local(local), part, span);
                }
            }
            Dest::Return => self.b.ret(Some(value)),
        }
    }

    fn parts_of(&self, dest: Dest) -> Vec<LocalId> {
        let Dest::Parts(Parts(at)) = dest else { return Vec::new() };
        self.parts.get(at).cloned().unwrap_or_default()
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
        self.enter_macro_scope();
        self.define_macros(stmts.iter().filter_map(item));
        match self.spread_statements(stmts) {
            Some(spread) => self.statements_at(&spread.parts, &spread.layers, dest),
            None => self.statements_at(stmts, &[], dest),
        }
        self.leave_macro_scope();
    }

    /// `layers`: how deep in expansions each stands, where they do not all stand as deep as what is around.
    fn statements_at(&mut self, stmts: &[Stmt], layers: &[Layer], dest: Dest) {
        let here = self.layer();
        let layer = |at: usize| layers.get(at).copied().unwrap_or(here);
        let items: Vec<(&Item, Layer)> =
            stmts.iter().enumerate().filter_map(|(at, stmt)| Some((item(stmt)?, layer(at)))).collect();
        // Items have a scope of their own around the variables, which may have the same names.
        self.b.enter_scope(ScopeKind::Block);
        self.items_at(&items, Level::Block);
        self.b.enter_scope(ScopeKind::Block);
        // `#[cfg(unix)] { a } #[cfg(not(unix))] { b }`: each of the last ones can be the value of the block.
        let features = Arc::clone(&self.features);
        let open = |stmt: &Stmt| conditional::is_open(conditional::of_statement(stmt), &features);
        let sure = stmts.iter().rposition(|stmt| !open(stmt)).map_or(0, |at| at + 1);
        let tail = stmts.len().saturating_sub(1).min(sure);
        let mut has_value = false;
        for (at, stmt) in stmts.iter().enumerate() {
            if conditional::is_off(conditional::of_statement(stmt), &self.features) {
                continue;
            }
            let dest = if at >= tail { dest } else { Dest::Nowhere };
            if open(stmt) {
                let behind = self.perhaps(stmt);
                self.within(layer(at), |cx| cx.statement(stmt, dest));
                self.b.goto(behind);
                self.b.switch_to(behind);
            } else {
                has_value = self.within(layer(at), |cx| cx.statement(stmt, dest)) && at >= tail;
            }
        }
        if !has_value {
            self.deliver_unit(dest);
        }
        self.b.leave_scope();
        self.b.leave_scope();
    }

    /// Lowers a statement; tells whether it gave the value.
    fn statement(&mut self, stmt: &Stmt, dest: Dest) -> bool {
        match stmt {
            Stmt::Local(local) => self.local(local),
            Stmt::Expr(expr, None) => {
                self.into(expr, dest);
                return true;
            }
            Stmt::Expr(expr, Some(_)) => self.into(expr, Dest::Nowhere),
            Stmt::Macro(x) => {
                let first = x.mac.path.segments.first().map_or(x.mac.bang_token.span, |part| part.ident.span());
                let span = self.between(first, x.mac.delimiter.span().close());
                let has_value = x.semi_token.is_none();
                self.macro_into(&x.mac, span, if has_value { dest } else { Dest::Nowhere });
                return has_value;
            }
            Stmt::Item(_) => {}
        }
        false
    }

    /// What follows is not part of every build; gives the block behind it.
    fn perhaps(&mut self, stmt: &Stmt) -> BlockId {
        self.note_optional(conditional::of_statement(stmt), stmt);
        let span = match conditional::of_statement(stmt).first() {
            Some(attr) => self.between(attr.pound_token.span, attr.bracket_token.span.close()),
            None => self.span_of(stmt),
        };
        let unknown = self.b.push(Op::Unknown("cfg", Vec::new()), span);
        let (with, behind) = (self.b.new_block(), self.b.new_block());
        self.b.branch(unknown, with, behind);
        self.b.switch_to(with);
        behind
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
            // `#[cfg(unix)] let x = a; #[cfg(not(unix))] let x = b;` is one variable.
            let other =
                if conditional::is_open(&local.attrs, &self.features) { self.b.declared_here(&name) } else { None };
            let variable = other.unwrap_or_else(|| self.b.temp(&name, ty));
            self.into(&init.expr, Dest::Local(variable));
            self.b.bind(name, Place::local(variable));
            return;
        }
        if init.diverge.is_none()
            && ty.is_none()
            && let Some(names) = plain_parts(pat, &init.expr)
        {
            let parts = names.iter().map(|name| self.b.temp(name, None)).collect();
            self.parts.push(parts);
            let dest = Dest::Parts(Parts(self.parts.len() - 1));
            self.into(&init.expr, dest);
            for (name, variable) in names.into_iter().zip(self.parts_of(dest)) {
                self.b.bind(name, Place::local(variable));
            }
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

fn item(stmt: &Stmt) -> Option<&Item> {
    match stmt {
        Stmt::Item(item) => Some(item),
        _ => None,
    }
}

/// The names that a tuple of plain names binds to what one of several ways gives; `_` names nothing.
fn plain_parts(pat: &Pat, init: &Expr) -> Option<Vec<Symbol>> {
    let (Pat::Tuple(tuple), Expr::If(_) | Expr::Match(_)) = (pat, init) else { return None };
    let name = |pat: &Pat| match pat {
        Pat::Ident(ident) if ident.subpat.is_none() && ident.by_ref.is_none() => {
            let name = symbol(&ident.ident);
            // A constant in scope looks like a name, too.
            (!name.starts_with(|first: char| first.is_uppercase())).then_some(name)
        }
        Pat::Wild(_) => Some("_".into()),
        _ => None,
    };
    tuple.elems.iter().map(name).collect()
}
