//! Branches, loops, `switch`, `try` and the jumps out of them.
//!
//! A `finally` body is lowered once. Every way into it (the end of `try`, an exception, a `return` or `break` that crosses it)
//! is a *route*; behind the body each route goes on where it was headed, chosen by a test that nothing is known about.

use tree_sitter::Node;

use crate::base::Symbol;
use crate::base::span::Span;
use crate::ir::build::ScopeKind;
use crate::ir::func::{BlockId, LocalId};
use crate::ir::instr::{Base, Field, InstrId, Op, Oper, Place};
use crate::lower::fields::KindName;

use super::{Lowerer, field, first_named, has_child, named, span};

/// Something around the current statement that a jump can go to or must pass.
pub(super) enum Frame {
    Target { labels: Vec<Symbol>, after: BlockId, again: Option<BlockId>, takes_plain_break: bool },
    Finally { entry: BlockId, value: LocalId, routes: Vec<Route> },
}

/// Where control goes on behind a `finally` body.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Route {
    Break(Option<Symbol>),
    Continue(Option<Symbol>),
    Return,
    Throw,
}

impl<'t> Lowerer<'t> {
    pub(super) fn control(&mut self, node: Node<'t>) {
        self.labeled(node, Vec::new());
    }

    /// A statement with the labels before it.
    fn labeled(&mut self, node: Node<'t>, mut labels: Vec<Symbol>) {
        match node.kind_name() {
            "labeled_statement" => {
                labels.extend(field(node, "label").map(|label| Symbol::from(self.text(label))));
                if let Some(body) = field(node, "body") {
                    self.label_body(body, labels);
                }
            }
            "if_statement" => self.if_statement(node),
            "while_statement" => self.while_loop(node, labels),
            "do_statement" => self.do_loop(node, labels),
            "for_statement" => self.for_loop(node, labels),
            "for_in_statement" => self.for_each(node, labels),
            "switch_statement" => self.switch(node, labels),
            "try_statement" => self.try_statement(node),
            "break_statement" => self.jump(Route::Break(self.label(node)), span(node)),
            "continue_statement" => self.jump(Route::Continue(self.label(node)), span(node)),
            "with_statement" => {
                if let Some(object) = field(node, "object") {
                    self.expr(object);
                }
                self.field_stmt(node, "body");
            }
            _ => {
                self.parts("statement", node);
            }
        }
    }

    fn label(&self, node: Node<'t>) -> Option<Symbol> {
        field(node, "label").map(|label| self.text(label).into())
    }

    fn label_body(&mut self, body: Node<'t>, labels: Vec<Symbol>) {
        let is_loop = matches!(
            body.kind_name(),
            "while_statement" | "do_statement" | "for_statement" | "for_in_statement" | "switch_statement"
        );
        if is_loop || body.kind_name() == "labeled_statement" {
            let done = self.deeper(body, |cx| cx.labeled(body, labels));
            return done.unwrap_or_default();
        }
        let after = self.b.new_block();
        self.frames.push(Frame::Target { labels, after, again: None, takes_plain_break: false });
        self.stmt(body);
        self.frames.pop();
        self.b.goto(after);
        self.b.switch_to(after);
    }

    fn field_stmt(&mut self, node: Node<'t>, name: &str) {
        if let Some(stmt) = field(node, name) {
            // A lone declaration (`if (x) function f() {}`) needs its scope too.
            match stmt.kind_name() {
                "statement_block" => self.stmt(stmt),
                _ => self.block(&[stmt]),
            }
        }
    }

    fn if_statement(&mut self, mut node: Node<'t>) {
        let after = self.b.new_block();
        // `else if` chains are lowered in a loop.
        while let Some(test) = field(node, "condition") {
            let (yes, no) = (self.b.new_block(), self.b.new_block());
            let alternative = field(node, "alternative").and_then(first_named);
            let no = if alternative.is_some() { no } else { after };
            self.condition(test, yes, no);
            self.b.switch_to(yes);
            self.field_stmt(node, "consequence");
            self.b.goto(after);
            let Some(other) = alternative else { break };
            self.b.switch_to(no);
            if other.kind_name() == "if_statement" {
                node = other;
                continue;
            }
            match other.kind_name() {
                "statement_block" => self.stmt(other),
                _ => self.block(&[other]),
            }
            self.b.goto(after);
            break;
        }
        self.b.goto(after);
        self.b.switch_to(after);
    }

    // ---- loops ---------------------------------------------------------------------------------------------------

    fn loop_body(&mut self, node: Node<'t>, labels: Vec<Symbol>, after: BlockId, again: BlockId) {
        self.frames.push(Frame::Target { labels, after, again: Some(again), takes_plain_break: true });
        self.field_stmt(node, "body");
        self.frames.pop();
        self.b.goto(again);
    }

    fn while_loop(&mut self, node: Node<'t>, labels: Vec<Symbol>) {
        let (head, body, after) = (self.b.new_block(), self.b.new_block(), self.b.new_block());
        self.b.goto(head);
        self.b.switch_to(head);
        self.loop_test(field(node, "condition"), body, after);
        self.b.switch_to(body);
        self.loop_body(node, labels, after, head);
        self.b.switch_to(after);
    }

    /// `while (true)` and `for (;;)` have no way out but `break`.
    fn loop_test(&mut self, test: Option<Node<'t>>, body: BlockId, after: BlockId) {
        let test = test.filter(|test| !matches!(test.kind_name(), ";" | "empty_statement"));
        let test = match test {
            Some(test) if test.kind_name() == "expression_statement" => first_named(test),
            other => other,
        };
        match test {
            Some(test) if !is_true(test) => self.condition(test, body, after),
            _ => self.b.goto(body),
        }
    }

    fn do_loop(&mut self, node: Node<'t>, labels: Vec<Symbol>) {
        let (body, test, after) = (self.b.new_block(), self.b.new_block(), self.b.new_block());
        self.b.goto(body);
        self.b.switch_to(body);
        self.loop_body(node, labels, after, test);
        self.b.switch_to(test);
        self.loop_test(field(node, "condition"), body, after);
        self.b.switch_to(after);
    }

    fn for_loop(&mut self, node: Node<'t>, labels: Vec<Symbol>) {
        self.b.enter_scope(ScopeKind::Block);
        if let Some(init) = field(node, "initializer") {
            match init.kind_name() {
                "lexical_declaration" => {
                    self.declare_variables(init, false);
                    self.variables(init);
                }
                "variable_declaration" => self.variables(init),
                "expression_statement" => self.stmt(init),
                ";" | "empty_statement" => {}
                _ => {
                    self.expr(init);
                }
            }
        }
        let (head, body) = (self.b.new_block(), self.b.new_block());
        let (next, after) = (self.b.new_block(), self.b.new_block());
        self.b.goto(head);
        self.b.switch_to(head);
        self.loop_test(field(node, "condition"), body, after);
        self.b.switch_to(body);
        self.loop_body(node, labels, after, next);
        self.b.switch_to(next);
        if let Some(increment) = field(node, "increment") {
            self.expr(increment);
        }
        self.b.goto(head);
        self.b.switch_to(after);
        self.b.leave_scope();
    }

    fn for_each(&mut self, node: Node<'t>, labels: Vec<Symbol>) {
        let (Some(left), Some(right)) = (field(node, "left"), field(node, "right")) else { return };
        let at = span(left);
        let whole = self.expr(right);
        self.b.enter_scope(ScopeKind::Block);
        let kind = field(node, "kind");
        if kind.is_some_and(|kind| kind.kind_name() != "var") {
            self.declare_pattern(left, None, false);
        }
        let (head, body, after) = (self.b.new_block(), self.b.new_block(), self.b.new_block());
        self.b.goto(head);
        self.b.switch_to(head);
        let more = self.b.push(Op::Unknown("next", vec![whole]), at);
        self.b.branch(more, body, after);
        self.b.switch_to(body);
        let item = Place::new(Base::Value(whole), [Field::Any]);
        if field(node, "operator").is_some_and(|operator| operator.kind_name() == "in") {
            // A name, not what is kept under it.
            let key = self.b.push(Op::Unknown("key", Vec::new()), at);
            self.assign(left, key);
        } else if has_child(node, "await") {
            let item = self.b.load(item, at);
            let item = self.b.push(Op::Await(item), at);
            self.assign(left, item);
        } else {
            self.bind(left, item);
        }
        self.loop_body(node, labels, after, head);
        self.b.switch_to(after);
        self.b.leave_scope();
    }

    // ---- switch --------------------------------------------------------------------------------------------------

    fn switch(&mut self, node: Node<'t>, labels: Vec<Symbol>) {
        let (Some(value), Some(body)) = (field(node, "value"), field(node, "body")) else { return };
        let value = self.expr(value);
        let cases: Vec<_> = named(body);
        let blocks: Vec<_> = cases.iter().map(|_| self.b.new_block()).collect();
        let after = self.b.new_block();
        let mut default = after;
        self.b.enter_scope(ScopeKind::Block);
        for (case, block) in cases.iter().zip(&blocks) {
            let Some(label) = field(*case, "value") else {
                default = *block;
                continue;
            };
            let at = span(label);
            let label = self.expr(label);
            let on = self.b.push(Op::Operator(Oper::Eq, vec![value, label]), at);
            let next = self.b.new_block();
            self.b.branch(on, *block, next);
            self.b.switch_to(next);
        }
        self.b.goto(default);
        let bodies: Vec<Vec<_>> = cases.iter().map(|case| case_body(*case)).collect();
        self.hoist_switch(&bodies, blocks.first().copied());
        self.frames.push(Frame::Target { labels, after, again: None, takes_plain_break: true });
        for (at, (stmts, block)) in bodies.iter().zip(&blocks).enumerate() {
            self.b.switch_to(*block);
            self.stmts(stmts);
            self.b.goto(blocks.get(at + 1).copied().unwrap_or(after));
        }
        self.frames.pop();
        self.b.leave_scope();
        self.b.switch_to(after);
    }

    /// All cases are one scope; its functions are stored where the first case starts.
    fn hoist_switch(&mut self, bodies: &[Vec<Node<'t>>], first: Option<BlockId>) {
        if let Some(first) = first {
            let all: Vec<_> = bodies.iter().flatten().copied().collect();
            self.b.switch_to(first);
            self.hoist(&all, false);
        }
    }

    // ---- try -----------------------------------------------------------------------------------------------------

    fn try_statement(&mut self, node: Node<'t>) {
        let Some(body) = field(node, "body") else { return };
        match field(node, "finalizer").and_then(|clause| field(clause, "body")) {
            Some(last) => self.try_finally(node, body, last),
            None => match field(node, "handler") {
                Some(handler) => self.try_catch(body, handler),
                None => self.stmt(body),
            },
        }
    }

    fn try_catch(&mut self, body: Node<'t>, handler: Node<'t>) {
        let (caught, after) = (self.b.new_block(), self.b.new_block());
        let before = self.b.set_unwind(Some(caught));
        self.stmt(body);
        self.b.goto(after);
        self.b.set_unwind(before);
        self.b.switch_to(caught);
        let at = field(handler, "parameter").map_or_else(|| span(handler), span);
        let error = self.b.push(Op::Caught, at);
        self.b.enter_scope(ScopeKind::Block);
        if let Some(pattern) = field(handler, "parameter") {
            self.declare_pattern(pattern, None, false);
            self.assign(pattern, error);
        }
        self.field_stmt(handler, "body");
        self.b.leave_scope();
        self.b.goto(after);
        self.b.switch_to(after);
    }

    fn try_finally(&mut self, node: Node<'t>, body: Node<'t>, last: Node<'t>) {
        let (failed, entry) = (self.b.new_block(), self.b.new_block());
        // What is returned and what was raised are kept apart: a raised value is never returned.
        let (value, raised) = (self.b.temp("pending", None), self.b.temp("raised", None));
        self.frames.push(Frame::Finally { entry, value, routes: vec![Route::Throw] });
        let before = self.b.set_unwind(Some(failed));
        match field(node, "handler") {
            Some(handler) => self.try_catch(body, handler),
            None => self.stmt(body),
        }
        self.b.goto(entry);
        self.b.set_unwind(before);
        let Some(Frame::Finally { routes, .. }) = self.frames.pop() else { return };
        self.b.switch_to(failed);
        let error = self.b.push(Op::Caught, span(last));
        self.b.store(Place::local(raised), error, span(last));
        self.b.goto(entry);
        self.b.switch_to(entry);
        self.stmt(last);
        self.routes(&routes, (value, raised), span(last));
    }

    /// Behind a `finally` body: every route goes on, and the plain end falls through.
    fn routes(&mut self, routes: &[Route], (value, raised): (LocalId, LocalId), at: Span) {
        for route in routes {
            let (taken, next) = (self.b.new_block(), self.b.new_block());
            let on = self.b.push(Op::Unknown("finally", Vec::new()), at);
            self.b.branch(on, taken, next);
            self.b.switch_to(taken);
            match route {
                Route::Return => {
                    let value = self.b.load(Place::local(value), at);
                    self.leave_with(value);
                }
                Route::Throw => {
                    let value = self.b.load(Place::local(raised), at);
                    self.b.throw(value);
                }
                other => self.jump(other.clone(), at),
            }
            self.b.switch_to(next);
        }
    }

    // ---- jumps ---------------------------------------------------------------------------------------------------

    pub(super) fn return_statement(&mut self, node: Node<'t>) {
        match first_named(node) {
            Some(value) => {
                let value = self.expr(value);
                self.leave_with(value);
            }
            None => self.leave(),
        }
    }

    /// Returns a value, through the innermost `finally`.
    fn leave_with(&mut self, value: InstrId) {
        let around = self.frames.iter().rposition(|frame| matches!(frame, Frame::Finally { .. }));
        match around {
            Some(around) => {
                let at = self.cross(around, Route::Return);
                if let Some((entry, pending)) = at {
                    self.b.store(Place::local(pending), value, Span::default());
                    self.b.goto(entry);
                }
            }
            None => self.b.ret(Some(value)),
        }
    }

    fn leave(&mut self) {
        let around = self.frames.iter().rposition(|frame| matches!(frame, Frame::Finally { .. }));
        match around.and_then(|around| self.cross(around, Route::Return)) {
            Some((entry, _)) => self.b.goto(entry),
            None => self.b.ret(None),
        }
    }

    /// Adds a route to a `finally`; gives its entry and the variable for what is returned.
    fn cross(&mut self, around: usize, route: Route) -> Option<(BlockId, LocalId)> {
        match self.frames.get_mut(around) {
            Some(Frame::Finally { entry, value, routes }) => {
                if !routes.contains(&route) {
                    routes.push(route);
                }
                Some((*entry, *value))
            }
            _ => None,
        }
    }

    /// `break` or `continue`, through the `finally` blocks on the way.
    fn jump(&mut self, route: Route, at: Span) {
        for around in (0..self.frames.len()).rev() {
            let target = match &self.frames[around] {
                Frame::Finally { .. } => {
                    if let Some((entry, _)) = self.cross(around, route) {
                        self.b.goto(entry);
                    }
                    return;
                }
                Frame::Target { labels, after, again, takes_plain_break } => match &route {
                    Route::Break(None) if *takes_plain_break => Some(*after),
                    Route::Break(Some(label)) if labels.contains(label) => Some(*after),
                    Route::Continue(None) => *again,
                    Route::Continue(Some(label)) if labels.contains(label) => *again,
                    _ => None,
                },
            };
            if let Some(target) = target {
                return self.b.goto(target);
            }
        }
        // No such loop: a syntax error that the parser let pass.
        self.b.push(Op::Unknown("jump", Vec::new()), at);
    }
}

fn case_body(case: Node<'_>) -> Vec<Node<'_>> {
    let mut walk = case.walk();
    case.children_by_field_name("body", &mut walk).filter(|stmt| stmt.is_named()).collect()
}

fn is_true(mut node: Node<'_>) -> bool {
    while node.kind_name() == "parenthesized_expression" {
        let Some(inner) = first_named(node) else { return false };
        node = inner;
    }
    node.kind_name() == "true"
}
