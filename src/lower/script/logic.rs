//! Conditions, `&&`, `||`, `??` and the ternary: branches and a fresh local.

use tree_sitter::Node;

use crate::ir::func::BlockId;
use crate::ir::instr::{InstrId, Op, Oper, Place};
use crate::lower::fields::KindName;

use super::{Lowerer, field, first_named, span};

impl<'t> Lowerer<'t> {
    /// Ends the block with a branch on a condition; `&&`, `||` and `!` of them become branches of their own.
    pub(super) fn condition(&mut self, node: Node<'t>, yes: BlockId, no: BlockId) {
        if self.deeper(node, |cx| cx.condition_inner(node, yes, no)).is_none() {
            let on = self.unknown("deep nesting", Vec::new(), node);
            self.b.branch(on, yes, no);
        }
    }

    fn condition_inner(&mut self, node: Node<'t>, yes: BlockId, no: BlockId) {
        match (node.kind_name(), operator(node)) {
            ("parenthesized_expression", _) => {
                if let Some(inner) = first_named(node).filter(|inner| inner.kind_name() != "sequence_expression") {
                    return self.condition(inner, yes, no);
                }
            }
            ("binary_expression", Some(kind @ ("&&" | "||"))) => {
                if let (Some(left), Some(right)) = (field(node, "left"), field(node, "right")) {
                    let next = self.b.new_block();
                    match kind {
                        "&&" => self.condition(left, next, no),
                        _ => self.condition(left, yes, next),
                    }
                    self.b.switch_to(next);
                    return self.condition(right, yes, no);
                }
            }
            ("unary_expression", Some("!")) => {
                if let Some(inner) = field(node, "argument")
                    && is_logical(inner)
                {
                    return self.condition(inner, no, yes);
                }
            }
            _ => {}
        }
        let on = self.expr(node);
        self.b.branch(on, yes, no);
    }

    /// `left && right` as a value.
    pub(super) fn logical(&mut self, left: InstrId, kind: &str, right: Node<'t>) -> InstrId {
        let at = span(right);
        let res = Place::local(self.b.temp("value", None));
        self.b.store(res.clone(), left, at);
        self.logical_assignment(res, left, kind, right)
    }

    /// Stores `right` to a place if `left`, its value, calls for it; gives the value the place has then.
    pub(super) fn logical_assignment(&mut self, to: Place, left: InstrId, kind: &str, right: Node<'t>) -> InstrId {
        let at = span(right);
        let (other, next) = (self.b.new_block(), self.b.new_block());
        match kind {
            "&&" => self.b.branch(left, other, next),
            "||" => self.b.branch(left, next, other),
            _ => {
                let missing = self.b.push(Op::Operator(Oper::IsMissing, vec![left]), at);
                self.b.branch(missing, other, next);
            }
        }
        self.b.switch_to(other);
        let value = self.expr(right);
        self.b.store(to.clone(), value, at);
        self.b.goto(next);
        self.b.switch_to(next);
        self.b.load(to, at)
    }

    pub(super) fn ternary(&mut self, node: Node<'t>) -> InstrId {
        let (Some(test), Some(yes), Some(no)) =
            (field(node, "condition"), field(node, "consequence"), field(node, "alternative"))
        else {
            return self.parts("ternary", node);
        };
        let res = Place::local(self.b.temp("value", None));
        let (on_yes, on_no, next) = (self.b.new_block(), self.b.new_block(), self.b.new_block());
        self.condition(test, on_yes, on_no);
        for (block, part) in [(on_yes, yes), (on_no, no)] {
            self.b.switch_to(block);
            let value = self.expr(part);
            self.b.store(res.clone(), value, span(part));
            self.b.goto(next);
        }
        self.b.switch_to(next);
        self.b.load(res, span(node))
    }
}

fn operator(node: Node<'_>) -> Option<&'static str> {
    let kind = node.child_by_field_name("operator")?.kind_name();
    ["&&", "||", "!"].into_iter().find(|known| *known == kind)
}

/// `(a && b)`, `(a || b)`.
fn is_logical(mut node: Node<'_>) -> bool {
    while node.kind_name() == "parenthesized_expression" {
        let Some(inner) = first_named(node) else { return false };
        node = inner;
    }
    node.kind_name() == "binary_expression" && matches!(operator(node), Some("&&" | "||"))
}
