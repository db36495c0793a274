//! Jumps: conditions, loops, `try`, `with`, `return`, `raise`.
//!
//! A `finally` body is copied to every way out: the normal one, the exception, and each `return`, `break` and `continue`
//! that leaves through it. The same holds for the `__exit__` of a `with`.

use tree_sitter::Node;

use crate::base::bounds::MAX_FINALLY_COPIES;
use crate::base::span::Span;
use crate::ir::func::BlockId;
use crate::ir::instr::{Arg, ArgKind, CallStyle, Const, ENTER, Field, InstrId, LEAVE, Op, Oper, Place};
use crate::lower::fields::KindName;

use super::exprs::boolean_operands;
use super::{Cleanup, CleanupKind, Loop, Lowering, field, fields, first_part, has_token, parts, span};

/// The classes that every error is of.
const ALL_ERRORS: [&str; 2] = ["Exception", "BaseException"];

impl<'t> Lowering<'t> {
    /// Goes to `yes` or `no`; `and` and `or` become jumps.
    pub(super) fn condition(&mut self, node: Node<'t>, yes: BlockId, no: BlockId) {
        self.deeper(node, |cx| cx.condition_kind(node, yes, no));
    }

    fn condition_kind(&mut self, node: Node<'t>, yes: BlockId, no: BlockId) {
        match (node.kind_name(), first_part(node)) {
            ("parenthesized_expression", Some(inner)) => self.condition(inner, yes, no),
            ("boolean_operator", _) => {
                let (is_and, mut operands) = boolean_operands(node);
                let last = operands.pop();
                for operand in operands {
                    let next = self.b.new_block();
                    let (on_yes, on_no) = if is_and { (next, no) } else { (yes, next) };
                    self.condition(operand, on_yes, on_no);
                    self.b.switch_to(next);
                }
                if let Some(last) = last {
                    self.condition(last, yes, no);
                }
            }
            _ => {
                let value = self.expr(node);
                self.b.branch(value, yes, no);
            }
        }
    }

    /// Goes on at `block`, which is dead when nothing led to it.
    fn join(&mut self, block: BlockId, is_reached: bool) {
        self.b.switch_to(block);
        if !is_reached {
            self.b.stop();
        }
    }

    /// Jumps to `block` if control gets here; tells whether it does.
    fn goto_if_alive(&mut self, block: BlockId) -> bool {
        let alive = self.b.is_reachable();
        if alive {
            self.b.goto(block);
        }
        alive
    }

    /// Sets the target of exceptions without bringing dead code to life.
    fn unwind_to(&mut self, block: Option<BlockId>) -> Option<BlockId> {
        let alive = self.b.is_reachable();
        let before = self.b.set_unwind(block);
        if !alive {
            self.b.stop();
        }
        before
    }

    // ---- if ------------------------------------------------------------------------------------------------------

    pub(super) fn if_statement(&mut self, node: Node<'t>) {
        let done = self.b.new_block();
        let mut arms = vec![node];
        let mut otherwise = None;
        for clause in fields(node, "alternative") {
            match clause.kind_name() {
                "elif_clause" => arms.push(clause),
                _ => otherwise = field(clause, "body"),
            }
        }
        let mut reached = false;
        for (at, arm) in arms.iter().enumerate() {
            // Where the last condition fails and no `else` follows, control is behind the statement.
            let is_last = at + 1 == arms.len() && otherwise.is_none();
            let no = if is_last { done } else { self.b.new_block() };
            reached |= is_last && self.b.is_reachable();
            reached |= self.if_arm(*arm, no, done);
        }
        if let Some(body) = otherwise {
            self.statements(body);
            reached |= self.goto_if_alive(done);
        }
        self.join(done, reached);
    }

    /// One condition and its body; goes on at `no` where the condition fails. Tells whether the body reaches its end.
    fn if_arm(&mut self, arm: Node<'t>, no: BlockId, done: BlockId) -> bool {
        let Some(condition) = field(arm, "condition") else {
            self.b.goto(no);
            self.b.switch_to(no);
            return false;
        };
        let yes = self.b.new_block();
        self.condition(condition, yes, no);
        self.b.switch_to(yes);
        let is_checking = matches!(self.src(condition).rsplit('.').next(), Some("TYPE_CHECKING"));
        let before = self.type_only;
        self.type_only |= is_checking;
        if let Some(body) = field(arm, "consequence") {
            self.statements(body);
        }
        self.type_only = before;
        let reached = self.goto_if_alive(done);
        self.b.switch_to(no);
        reached
    }

    // ---- loops ---------------------------------------------------------------------------------------------------

    pub(super) fn while_statement(&mut self, node: Node<'t>) {
        let Some(condition) = field(node, "condition") else { return };
        let (head, body) = (self.b.new_block(), self.b.new_block());
        let done = self.b.new_block();
        self.b.goto(head);
        self.b.switch_to(head);
        let is_endless = matches!(self.src(condition), "True" | "1");
        let otherwise = if is_endless { self.b.new_block() } else { self.otherwise(node, done) };
        if is_endless {
            self.b.goto(body);
        } else {
            self.condition(condition, body, otherwise);
        }
        self.b.switch_to(body);
        self.loop_body(node, head, done);
        self.join(otherwise, !is_endless);
        self.loop_end(node, otherwise, done);
    }

    pub(super) fn for_statement(&mut self, node: Node<'t>) {
        let (Some(target), Some(right)) = (field(node, "left"), field(node, "right")) else { return };
        let iterated = self.expr(right);
        let done = self.b.new_block();
        let otherwise = self.otherwise(node, done);
        let (head, body) = self.loop_head(iterated, otherwise, node);
        self.b.switch_to(body);
        self.assign_item(target, iterated, has_token(node, "async"));
        self.loop_body(node, head, done);
        self.b.switch_to(otherwise);
        self.loop_end(node, otherwise, done);
    }

    /// The block that asks an iteration for its next item, and the one that has it.
    pub(super) fn loop_head(&mut self, iterated: InstrId, done: BlockId, node: Node<'t>) -> (BlockId, BlockId) {
        let (head, body) = (self.b.new_block(), self.b.new_block());
        self.b.goto(head);
        self.b.switch_to(head);
        let more = self.unknown("next", vec![iterated], node);
        self.b.branch(more, body, done);
        (head, body)
    }

    fn loop_body(&mut self, node: Node<'t>, next: BlockId, done: BlockId) {
        let cleanups = self.frame().cleanups.len();
        self.frame().loops.push(Loop { next, done, cleanups, has_break: false });
        if let Some(body) = field(node, "body") {
            self.statements(body);
        }
        self.goto_if_alive(next);
    }

    /// Where a loop goes on that ended by itself: a block for its `else`, if it has one, or behind the loop.
    fn otherwise(&mut self, node: Node<'t>, done: BlockId) -> BlockId {
        if field(node, "alternative").is_some() { self.b.new_block() } else { done }
    }

    /// Runs `else` where the loop ended by itself (control is there), then goes on behind the loop.
    fn loop_end(&mut self, node: Node<'t>, otherwise: BlockId, done: BlockId) {
        let has_break = self.frame().loops.pop().is_some_and(|ended| ended.has_break);
        if otherwise == done {
            return;
        }
        if let Some(body) = field(node, "alternative").and_then(|clause| field(clause, "body")) {
            self.statements(body);
        }
        let reached = self.goto_if_alive(done);
        self.join(done, reached || has_break);
    }

    pub(super) fn break_statement(&mut self) {
        let alive = self.b.is_reachable();
        let Some(innermost) = self.frame().loops.last_mut() else { return };
        innermost.has_break |= alive;
        let (done, keep) = (innermost.done, innermost.cleanups);
        self.leave_through(keep);
        self.b.goto(done);
    }

    pub(super) fn continue_statement(&mut self) {
        let Some(innermost) = self.frame().loops.last() else { return };
        let (next, keep) = (innermost.next, innermost.cleanups);
        self.leave_through(keep);
        self.b.goto(next);
    }

    // ---- leaving -------------------------------------------------------------------------------------------------

    pub(super) fn return_statement(&mut self, node: Node<'t>) {
        let value = first_part(node).map(|value| self.expr(value));
        self.leave_through(0);
        self.b.ret(value);
    }

    /// Runs the cleanups of the frame but for the outer `keep`.
    fn leave_through(&mut self, keep: usize) {
        if self.frame().cleanups.len() <= keep || !self.b.is_reachable() {
            return;
        }
        let left = self.frame().cleanups.split_off(keep);
        let mut before = None;
        let mut done = Vec::new();
        for cleanup in left.iter().rev() {
            let old = self.unwind_to(cleanup.unwind);
            before.get_or_insert(old);
            // The cleanups outside of this one are still around it.
            let outer = left.len() - 1 - done.len();
            self.frame().cleanups.extend(left.iter().take(outer).map(|other| Cleanup { ..*other }));
            self.cleanup(cleanup.what);
            self.frame().cleanups.truncate(keep);
            done.push(());
        }
        self.frame().cleanups.extend(left);
        // What follows the jump is dead, but the blocks made for it belong to the `try` again.
        if let Some(before) = before {
            self.unwind_to(before);
        }
    }

    fn cleanup(&mut self, what: CleanupKind<'t>) {
        match what {
            CleanupKind::Finally(body) => {
                if self.finally_copies < MAX_FINALLY_COPIES {
                    self.finally_copies += 1;
                    // A jump in it to a loop around the `try` leaves the loop's own cleanups alone.
                    self.statements(body);
                }
            }
            CleanupKind::Exit { manager, is_async, span } => {
                self.exit_call(manager, is_async, None, span);
            }
        }
    }

    /// `raise`, `raise error`, `raise error from cause`.
    pub(super) fn raise_statement(&mut self, node: Node<'t>) {
        let cause = field(node, "cause");
        let value = first_part(node).filter(|value| Some(*value) != cause);
        let error = match value {
            Some(value) => self.expr(value),
            None => match self.frame().caught.last().copied() {
                Some(caught) => caught,
                None => self.unknown("raise", Vec::new(), node),
            },
        };
        if let Some(cause) = cause.filter(|cause| cause.kind_name() != "none") {
            let cause = self.expr(cause);
            self.b.store(Place::value(error).then(Field::name("__cause__")), cause, span(node));
        }
        self.b.throw(error);
    }

    // ---- try -----------------------------------------------------------------------------------------------------

    pub(super) fn try_statement(&mut self, node: Node<'t>) {
        let clauses = parts(node);
        let of_kind = |kind: &'static str| clauses.iter().copied().filter(move |clause| clause.kind_name() == kind);
        let last = of_kind("finally_clause").next().and_then(block_of);
        let done = self.b.new_block();
        let Some(last) = last else {
            let reached = self.guarded(node, done);
            self.join(done, reached);
            return;
        };
        let on_error = self.b.new_block();
        let outer = self.unwind_to(Some(on_error));
        self.frame().cleanups.push(Cleanup { what: CleanupKind::Finally(last), unwind: outer });
        let inner_done = self.b.new_block();
        let reached = self.guarded(node, inner_done);
        self.join(inner_done, reached);
        self.frame().cleanups.pop();
        self.unwind_to(outer);
        self.statements(last);
        let reached = self.goto_if_alive(done);

        // `on_error` was made under the outer unwind.
        self.b.switch_to(on_error);
        let caught = self.push(Op::Caught, last);
        self.frame().caught.push(caught);
        let outer = self.b.set_handled(Some(caught));
        self.cleanup(CleanupKind::Finally(last));
        self.frame().caught.pop();
        self.b.set_handled(outer);
        self.b.throw(caught);
        self.join(done, reached);
    }

    /// Body, handlers and `else` of a `try`. Tells whether `done` is reached.
    fn guarded(&mut self, node: Node<'t>, done: BlockId) -> bool {
        let clauses = parts(node);
        let handlers: Vec<_> = clauses.iter().copied().filter(|clause| clause.kind_name() == "except_clause").collect();
        let otherwise = clauses.iter().copied().find(|clause| clause.kind_name() == "else_clause");
        let body = field(node, "body");
        let on_error = if handlers.is_empty() { None } else { Some(self.b.new_block()) };
        let outer = on_error.map(|block| self.unwind_to(Some(block)));
        if let Some(body) = body {
            self.statements(body);
        }
        if let Some(outer) = outer {
            self.unwind_to(outer);
        }
        if let Some(body) = otherwise.and_then(|clause| field(clause, "body")) {
            self.statements(body);
        }
        let mut reached = self.goto_if_alive(done);
        let Some(on_error) = on_error else { return reached };
        self.b.switch_to(on_error);
        let caught = self.push(Op::Caught, node);
        self.frame().caught.push(caught);
        let outer = self.b.set_handled(Some(caught));
        let mut is_bare = false;
        for handler in handlers {
            is_bare |= self.catches_all(handler);
            reached |= self.handler(handler, caught, done);
        }
        self.frame().caught.pop();
        self.b.set_handled(outer);
        // Else what no clause is for ends the program.
        if !is_bare {
            self.b.throw(caught);
        }
        reached
    }

    /// Does an `except` clause let no error through? What it does not catch ends the program.
    fn catches_all(&self, handler: Node<'t>) -> bool {
        let mut classes = fields(handler, "value");
        while let [only] = classes[..]
            && matches!(only.kind_name(), "as_pattern" | "tuple" | "parenthesized_expression")
        {
            classes = if only.kind_name() == "tuple" { parts(only) } else { first_part(only).into_iter().collect() };
        }
        classes.is_empty()
            || classes.iter().any(|class| class.kind_name() == "identifier" && ALL_ERRORS.contains(&self.src(*class)))
    }

    /// One `except` clause; goes on where it does not apply.
    fn handler(&mut self, handler: Node<'t>, caught: InstrId, done: BlockId) -> bool {
        let mut classes = fields(handler, "value");
        let mut alias = field(handler, "alias");
        if let [only] = classes[..]
            && only.kind_name() == "as_pattern"
        {
            alias = field(only, "alias");
            classes = first_part(only).into_iter().collect();
        }
        let mut otherwise = None;
        if !classes.is_empty() {
            let mut operands = vec![caught];
            operands.extend(classes.into_iter().map(|class| self.expr(class)).collect::<Vec<_>>());
            let applies = self.push(Op::Operator(Oper::InstanceOf, operands), handler);
            let (yes, no) = (self.b.new_block(), self.b.new_block());
            self.b.branch(applies, yes, no);
            self.b.switch_to(yes);
            otherwise = Some(no);
        }
        if let Some(alias) = alias {
            self.assign(alias, caught);
        }
        if let Some(body) = block_of(handler) {
            self.statements(body);
        }
        let reached = self.goto_if_alive(done);
        if let Some(otherwise) = otherwise {
            self.b.switch_to(otherwise);
        }
        reached
    }

    // ---- with ----------------------------------------------------------------------------------------------------

    pub(super) fn with_statement(&mut self, node: Node<'t>) {
        let is_async = has_token(node, "async");
        let clause = parts(node).into_iter().find(|part| part.kind_name() == "with_clause");
        let mut items = clause.map(parts).unwrap_or_default();
        // `with (a as b, c as d):` can come as one tuple.
        if let [only] = items[..]
            && let Some(tuple) = field(only, "value").filter(|value| value.kind_name() == "tuple")
        {
            items = parts(tuple);
        }
        let mut open = Vec::new();
        for item in items {
            let mut item = field(item, "value").unwrap_or(item);
            // `with (a as b):`
            while let Some(inner) = first_part(item).filter(|_| item.kind_name() == "parenthesized_expression") {
                item = inner;
            }
            open.push(self.enter_with(item, is_async));
        }
        if let Some(body) = field(node, "body") {
            self.statements(body);
        }
        while let Some((manager, on_error, outer)) = open.pop() {
            self.leave_with(manager, on_error, outer, is_async, node);
        }
    }

    fn enter_with(&mut self, item: Node<'t>, is_async: bool) -> (InstrId, BlockId, Option<BlockId>) {
        let (value, alias) = match item.kind_name() {
            "as_pattern" => (first_part(item).unwrap_or(item), field(item, "alias")),
            _ => (item, None),
        };
        let manager = self.expr(value);
        let name = if is_async { ENTER[1] } else { ENTER[0] };
        let callee = Place::value(manager).then(Field::name(name));
        let mut entered = self.b.call(callee, Vec::new(), CallStyle::Implicit, span(value));
        if is_async {
            entered = self.push(Op::Await(entered), value);
        }
        let on_error = self.b.new_block();
        let outer = self.unwind_to(Some(on_error));
        let what = CleanupKind::Exit { manager, is_async, span: span(value) };
        self.frame().cleanups.push(Cleanup { what, unwind: outer });
        if let Some(alias) = alias {
            self.assign(alias, entered);
        }
        (manager, on_error, outer)
    }

    fn leave_with(
        &mut self,
        manager: InstrId,
        on_error: BlockId,
        outer: Option<BlockId>,
        is_async: bool,
        node: Node<'t>,
    ) {
        self.frame().cleanups.pop();
        self.unwind_to(outer);
        let done = self.b.new_block();
        let reached = self.b.is_reachable();
        if reached {
            self.exit_call(manager, is_async, None, span(node));
            self.b.goto(done);
        }
        self.b.switch_to(on_error);
        let caught = self.push(Op::Caught, node);
        self.exit_call(manager, is_async, Some(caught), span(node));
        self.b.throw(caught);
        self.join(done, reached);
    }

    fn exit_call(&mut self, manager: InstrId, is_async: bool, error: Option<InstrId>, span: Span) {
        let name = if is_async { LEAVE[1] } else { LEAVE[0] };
        let callee = Place::value(manager).then(Field::name(name));
        let error = error.map(|value| Arg { value, kind: ArgKind::Positional });
        let left = self.b.call(callee, error.into_iter().collect(), CallStyle::Implicit, span);
        if is_async {
            self.b.push(Op::Await(left), span);
        }
    }

    pub(super) fn match_test(&mut self, value: InstrId, fail: BlockId) {
        let holds = self.b.new_block();
        self.b.branch(value, holds, fail);
        self.b.switch_to(holds);
    }

    /// The values of `match a, b:` as one.
    pub(super) fn match_statement(&mut self, node: Node<'t>) {
        let subjects = fields(node, "subject");
        let subject = match subjects[..] {
            [only] => self.expr(only),
            [] => self.b.constant(Const::Null, span(node)),
            _ => {
                let values: Vec<_> = subjects.into_iter().map(|subject| self.expr(subject)).collect();
                self.tuple_of(values, node)
            }
        };
        let done = self.b.new_block();
        let mut reached = false;
        for clause in field(node, "body").map(|body| fields(body, "alternative")).unwrap_or_default() {
            reached |= self.case(clause, subject, done);
        }
        reached |= self.goto_if_alive(done);
        self.join(done, reached);
    }
}

fn block_of(clause: Node<'_>) -> Option<Node<'_>> {
    parts(clause).into_iter().find(|part| part.kind_name() == "block")
}
