//! Conditions, `if`, `match`, loops, `?` and `return`.

use syn::{
    BinOp, Expr, ExprBlock, ExprBreak, ExprContinue, ExprForLoop, ExprIf, ExprLoop, ExprMatch, ExprReturn, ExprTry,
    ExprWhile, Label, Lifetime, Pat, UnOp,
};

use crate::base::Symbol;
use crate::base::span::Span;
use crate::ir::build::ScopeKind;
use crate::ir::func::BlockId;
use crate::ir::instr::{Const, Entry, Field, InstrId, Op, Oper, Place, Record, RecordKind};

use super::macros::Matches;
use super::{Cx, Dest, conditional};

/// A loop or labelled block around the code being lowered.
pub(super) struct Loop {
    label: Option<Symbol>,
    end: BlockId,
    /// `None` for a labelled block.
    next: Option<BlockId>,
    dest: Dest,
}

impl Cx {
    /// Goes on where the condition holds; the other way leads to `no`. Names that `let` binds are in scope behind it.
    pub(super) fn condition(&mut self, expr: &Expr, no: BlockId) {
        match expr {
            Expr::Paren(x) => self.condition(&x.expr, no),
            Expr::Group(x) => self.condition(&x.expr, no),
            Expr::Let(x) => {
                let subject = self.place(&x.expr);
                self.pattern(&x.pat, &subject, Some(no));
            }
            Expr::Binary(x) if matches!(x.op, BinOp::And(_)) => {
                self.condition(&x.left, no);
                self.condition(&x.right, no);
            }
            Expr::Binary(x) if matches!(x.op, BinOp::Or(_)) => {
                let (right, yes) = (self.b.new_block(), self.b.new_block());
                self.condition(&x.left, right);
                self.b.goto(yes);
                self.b.switch_to(right);
                self.condition(&x.right, no);
                self.b.goto(yes);
                self.b.switch_to(yes);
            }
            Expr::Macro(x) if let Some(asked) = Matches::of(&x.mac) => self.asked(&asked, no),
            // `if !matches!(side, "white" | "black")`
            Expr::Unary(x) if matches!(x.op, UnOp::Not(_)) && is_matches(&x.expr) => {
                let otherwise = self.b.new_block();
                self.condition(&x.expr, otherwise);
                self.b.goto(no);
                self.b.switch_to(otherwise);
            }
            other => {
                let value = self.expr(other);
                let yes = self.b.new_block();
                self.b.branch(value, yes, no);
                self.b.switch_to(yes);
            }
        }
    }

    /// The value of `a && b`, `a || b` and of `let` used as a value.
    pub(super) fn condition_value(&mut self, expr: &Expr, span: Span) -> InstrId {
        let result = self.b.temp("value", None);
        let (no, join) = (self.b.new_block(), self.b.new_block());
        match expr {
            Expr::Binary(x) => {
                let left = self.expr(&x.left);
                self.b.store(Place::local(result), left, span);
                let (yes, no) = if matches!(x.op, BinOp::And(_)) { (no, join) } else { (join, no) };
                self.b.branch(left, yes, no);
                self.b.switch_to(if yes == join { no } else { yes });
                let right = self.expr(&x.right);
                self.b.store(Place::local(result), right, span);
            }
            other => {
                self.condition(other, no);
                let yes = self.b.constant(Const::Bool(true), span);
                self.b.store(Place::local(result), yes, span);
                self.b.goto(join);
                self.b.switch_to(no);
                let no = self.b.constant(Const::Bool(false), span);
                self.b.store(Place::local(result), no, span);
            }
        }
        self.b.goto(join);
        self.b.switch_to(join);
        self.b.load(Place::local(result), span)
    }

    pub(super) fn if_into(&mut self, expr: &ExprIf, dest: Dest) {
        let join = self.b.new_block();
        let (no, dest_here) = match expr.else_branch {
            Some(_) => (self.b.new_block(), dest),
            None => (join, Dest::Nowhere),
        };
        self.b.enter_scope(ScopeKind::Block);
        self.condition(&expr.cond, no);
        self.block_into(&expr.then_branch, dest_here);
        self.b.leave_scope();
        self.b.goto(join);
        if let Some((_, otherwise)) = &expr.else_branch {
            self.b.switch_to(no);
            self.into(otherwise, dest);
            self.b.goto(join);
        }
        self.b.switch_to(join);
        if expr.else_branch.is_none() {
            self.deliver_unit(dest);
        }
    }

    pub(super) fn match_into(&mut self, expr: &ExprMatch, dest: Dest) {
        let subject = self.place(&expr.expr);
        let join = self.b.new_block();
        let arms: Vec<_> = expr.arms.iter().filter(|arm| !conditional::is_off(&arm.attrs, &self.features)).collect();
        for (at, arm) in arms.iter().enumerate() {
            // One arm always matches: the last needs no test, unless it has a guard (which no last arm has). What it asks of several
            // values is no more than all others together leave, but nobody puts that together: `(false, false) => …`.
            let is_last = at + 1 == arms.len() && !matches!(arm.pat, Pat::Guard(_)) && !asks_parts(&arm.pat);
            let next = if is_last { None } else { Some(self.b.new_block()) };
            self.b.enter_scope(ScopeKind::Block);
            self.pattern(&arm.pat, &subject, next);
            self.into(&arm.body, dest);
            self.b.leave_scope();
            self.b.goto(join);
            if let Some(next) = next {
                self.b.switch_to(next);
            }
        }
        self.b.stop();
        self.b.switch_to(join);
    }

    /// `value?`: an `Err` is returned, an `Ok` gives its payload. Options are read the same way.
    pub(super) fn question_mark(&mut self, expr: &ExprTry, span: Span) -> InstrId {
        let subject = self.expr(&expr.expr);
        let subject = Place::value(subject);
        let value = self.value_at(&subject, span);
        let name = self.b.constant(Const::str("Err"), span);
        let is_err = self.b.push(Op::Operator(Oper::IsVariant, vec![value, name]), span);
        let (failed, passed) = (self.b.new_block(), self.b.new_block());
        self.b.branch(is_err, failed, passed);
        self.b.switch_to(failed);
        let payload = self.b.load(subject.then(Field::Variant("Err".into(), 0)), span);
        let err = self.variant("Err", payload, span);
        self.b.ret(Some(err));
        self.b.switch_to(passed);
        self.b.load(subject.then(Field::Variant("Ok".into(), 0)), span)
    }

    pub(super) fn variant(&mut self, name: &str, payload: InstrId, span: Span) -> InstrId {
        let entries = vec![Entry::Field(Field::Variant(name.into(), 0), payload)];
        self.b.push(Op::Record(Box::new(Record { kind: RecordKind::Variant, ty: None, entries })), span)
    }

    pub(super) fn return_value(&mut self, expr: &ExprReturn) {
        match &expr.expr {
            Some(value) => self.into(value, Dest::Return),
            None => self.b.ret(None),
        }
        // A block as the value may have ended without handing on a value.
        self.b.ret(None);
    }

    // ---- loops ---------------------------------------------------------------------------------------------------

    fn enter_loop(&mut self, label: Option<&Label>, next: Option<BlockId>, end: BlockId, dest: Dest) {
        let label = label.map(|label| Symbol::from(label.name.ident.to_string()));
        self.loops.push(Loop { label, end, next, dest });
    }

    pub(super) fn labelled_block(&mut self, expr: &ExprBlock, dest: Dest) {
        let end = self.b.new_block();
        self.enter_loop(expr.label.as_ref(), None, end, dest);
        self.block_into(&expr.block, dest);
        self.loops.pop();
        self.b.goto(end);
        self.b.switch_to(end);
    }

    pub(super) fn loop_into(&mut self, expr: &ExprLoop, dest: Dest) {
        let (head, end) = (self.b.new_block(), self.b.new_block());
        self.b.goto(head);
        self.b.switch_to(head);
        self.enter_loop(expr.label.as_ref(), Some(head), end, dest);
        self.block_into(&expr.body, Dest::Nowhere);
        self.loops.pop();
        self.b.goto(head);
        self.b.switch_to(end);
    }

    pub(super) fn while_loop(&mut self, expr: &ExprWhile) {
        let (head, end) = (self.b.new_block(), self.b.new_block());
        self.b.goto(head);
        self.b.switch_to(head);
        self.b.enter_scope(ScopeKind::Block);
        self.condition(&expr.cond, end);
        self.enter_loop(expr.label.as_ref(), Some(head), end, Dest::Nowhere);
        self.block_into(&expr.body, Dest::Nowhere);
        self.loops.pop();
        self.b.leave_scope();
        self.b.goto(head);
        self.b.switch_to(end);
    }

    pub(super) fn for_loop(&mut self, expr: &ExprForLoop) {
        let items = self.place(&expr.expr);
        let (head, body, end) = (self.b.new_block(), self.b.new_block(), self.b.new_block());
        let span = self.expr_span(&expr.expr);
        let all = self.value_at(&items, span);
        self.b.goto(head);
        self.b.switch_to(head);
        let more = self.b.push(Op::Unknown("next", vec![all]), span);
        self.b.branch(more, body, end);
        self.b.switch_to(body);
        self.b.enter_scope(ScopeKind::Block);
        self.pattern(&expr.pat, &Place::value(all).then(Field::Any), None);
        self.enter_loop(expr.label.as_ref(), Some(head), end, Dest::Nowhere);
        self.block_into(&expr.body, Dest::Nowhere);
        self.loops.pop();
        self.b.leave_scope();
        self.b.goto(head);
        self.b.switch_to(end);
    }

    pub(super) fn break_loop(&mut self, expr: &ExprBreak) {
        let Some((_, end, dest)) = self.target(expr.label.as_ref(), false) else {
            if let Some(value) = &expr.expr {
                self.into(value, Dest::Nowhere);
            }
            return self.b.stop();
        };
        match &expr.expr {
            Some(value) => self.into(value, dest),
            None => self.deliver_unit(dest),
        }
        self.b.goto(end);
    }

    pub(super) fn continue_loop(&mut self, expr: &ExprContinue) {
        match self.target(expr.label.as_ref(), true) {
            Some((Some(next), ..)) => self.b.goto(next),
            _ => self.b.stop(),
        }
    }

    fn target(&self, label: Option<&Lifetime>, continues: bool) -> Option<(Option<BlockId>, BlockId, Dest)> {
        let found = self.loops.iter().rev().find(|outer| match label {
            Some(label) => outer.label.as_ref().is_some_and(|name| label.ident == name.as_str()),
            None => outer.next.is_some(),
        })?;
        if continues && found.next.is_none() {
            return None;
        }
        Some((found.next, found.end, found.dest))
    }
}

/// Does a pattern ask something of more than one part of a tuple?
fn asks_parts(pat: &Pat) -> bool {
    let Pat::Tuple(tuple) = pat else { return false };
    let asks =
        |pat: &&Pat| matches!(pat, Pat::Lit(_) | Pat::Path(_) | Pat::TupleStruct(_) | Pat::Struct(_) | Pat::Range(_));
    tuple.elems.iter().filter(asks).count() > 1
}

fn is_matches(expr: &Expr) -> bool {
    match expr {
        Expr::Paren(x) => is_matches(&x.expr),
        Expr::Group(x) => is_matches(&x.expr),
        Expr::Macro(x) => Matches::of(&x.mac).is_some(),
        _ => false,
    }
}
