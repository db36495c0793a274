//! Destructuring: one `Load` with a path for every name.

use tree_sitter::Node;

use crate::ir::instr::{Const, Field, InstrId, Op, Oper, Place};
use crate::lower::fields::KindName;

use super::{Lowerer, field, first_named, named, span};

impl<'t> Lowerer<'t> {
    /// Binds or assigns what is at `from` to a pattern.
    pub(super) fn bind(&mut self, pattern: Node<'t>, from: Place) {
        let done = self.deeper(pattern, |cx| cx.bind_inner(pattern, from));
        done.unwrap_or_default();
    }

    fn bind_inner(&mut self, pattern: Node<'t>, from: Place) {
        match pattern.kind_name() {
            "object_pattern" | "object" => self.bind_object(pattern, &from),
            "array_pattern" | "array" => self.bind_array(pattern, &from),
            "assignment_pattern" | "object_assignment_pattern" | "assignment_expression" => {
                let (Some(left), Some(right)) = (field(pattern, "left"), field(pattern, "right")) else { return };
                self.bind_or_default(left, right, from);
            }
            "rest_pattern" | "parenthesized_expression" => {
                if let Some(inner) = first_named(pattern) {
                    self.bind(inner, from);
                }
            }
            _ => {
                let value = self.b.load(from, span(pattern));
                self.assign(pattern, value);
            }
        }
    }

    /// Stores a value to a name, a property or the parts of a pattern.
    pub(super) fn assign(&mut self, target: Node<'t>, value: InstrId) {
        match target.kind_name() {
            "object_pattern" | "array_pattern" | "object" | "array" | "assignment_pattern" => {
                self.bind(target, Place::value(value));
            }
            _ => {
                let place = self.place(target);
                self.b.store(place, value, span(target));
            }
        }
    }

    fn bind_or_default(&mut self, left: Node<'t>, right: Node<'t>, from: Place) {
        let at = span(left);
        let value = self.b.load(from, at);
        let is_pattern = matches!(left.kind_name(), "object_pattern" | "array_pattern");
        let place = if is_pattern { Place::local(self.b.temp("value", None)) } else { self.place(left) };
        self.b.store(place.clone(), value, at);
        let missing = self.b.push(Op::Operator(Oper::IsMissing, vec![value]), at);
        let (default, next) = (self.b.new_block(), self.b.new_block());
        self.b.branch(missing, default, next);
        self.b.switch_to(default);
        let value = self.named_expr(right, self.text(left));
        self.b.store(place.clone(), value, span(right));
        self.b.goto(next);
        self.b.switch_to(next);
        if is_pattern {
            self.bind(left, place);
        }
    }

    fn bind_object(&mut self, pattern: Node<'t>, from: &Place) {
        let mut taken = Vec::new();
        for part in named(pattern) {
            match part.kind_name() {
                "pair_pattern" | "pair" => {
                    let (Some(key), Some(target)) = (field(part, "key"), field(part, "value")) else { continue };
                    let key = self.key(key);
                    taken.push(key.clone());
                    self.bind(target, from.then(key));
                }
                "object_assignment_pattern" | "assignment_pattern" => {
                    let Some(left) = field(part, "left") else { continue };
                    let key = Field::name(self.text(left));
                    taken.push(key.clone());
                    self.bind(part, from.then(key));
                }
                "rest_pattern" | "spread_element" => {
                    let rest = self.without(from, &taken, part);
                    if let Some(target) = first_named(part) {
                        self.assign(target, rest);
                    }
                }
                _ => {
                    let key = Field::name(self.text(part));
                    taken.push(key.clone());
                    self.bind(part, from.then(key));
                }
            }
        }
    }

    /// What is left of `from` after the named fields were taken.
    fn without(&mut self, from: &Place, taken: &[Field], node: Node<'t>) -> InstrId {
        let mut operands = vec![self.b.load(from.clone(), span(node))];
        for key in taken {
            if let Field::Name(name) = key {
                operands.push(self.b.constant(Const::Str(name.clone()), span(node)));
            }
        }
        self.b.push(Op::Operator(Oper::Without, operands), span(node))
    }

    fn bind_array(&mut self, pattern: Node<'t>, from: &Place) {
        // `[, second]`: a hole has no node of its own, so commas are counted.
        let mut at = 0_u32;
        for part in pattern.children(&mut pattern.walk()) {
            if part.kind_name() == "," {
                at += 1;
            } else if matches!(part.kind_name(), "rest_pattern" | "spread_element") {
                let whole = self.b.load(from.clone(), span(part));
                let start = self.b.constant(Const::Int(at.into()), span(part));
                let rest = self.b.push(Op::Operator(Oper::Slice, vec![whole, start]), span(part));
                if let Some(target) = first_named(part) {
                    self.assign(target, rest);
                }
            } else if part.is_named() && !super::is_comment(part) {
                self.bind(part, from.then(Field::Index(at)));
            }
        }
    }
}
