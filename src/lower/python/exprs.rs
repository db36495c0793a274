//! Expressions.

use tree_sitter::Node;

use crate::ir::instr::{Const, Entry, Field, InstrId, Op, Oper, Order, Place, Record, RecordKind};
use crate::lower::fields::KindName;

use super::{Lowering, field, first_part, has_token, parts, span};

impl<'t> Lowering<'t> {
    pub(super) fn expr(&mut self, node: Node<'t>) -> InstrId {
        match self.deeper(node, |cx| cx.expr_kind(node)) {
            Some(value) => value,
            None => self.unknown("deep nesting", Vec::new(), node),
        }
    }

    fn expr_kind(&mut self, node: Node<'t>) -> InstrId {
        match node.kind_name() {
            "identifier" | "attribute" | "subscript" => {
                let place = self.place(node);
                self.load_place(place, node)
            }
            "call" => self.call(node),
            "string" | "concatenated_string" => self.string(node),
            "integer" | "float" | "true" | "false" | "none" => self.literal(node),
            "binary_operator" => self.binary(node),
            "unary_operator" => self.unary(node),
            "not_operator" => self.operator_on_parts(Oper::Not, node),
            "comparison_operator" => self.comparison(node),
            "boolean_operator" => self.boolean(node),
            "conditional_expression" => self.conditional(node),
            "named_expression" => self.walrus(node),
            "await" => {
                let value = self.inner(node);
                self.push(Op::Await(value), node)
            }
            "yield" => self.yielded(node),
            "lambda" => self.lambda(node, "<lambda>"),
            "list" | "set" | "list_pattern" => self.sequence(RecordKind::Array, node),
            "tuple" | "expression_list" | "pattern_list" | "tuple_pattern" => self.sequence(RecordKind::Tuple, node),
            "dictionary" => self.dictionary(node),
            "list_comprehension" | "set_comprehension" | "dictionary_comprehension" | "generator_expression" => {
                self.comprehension(node)
            }
            "parenthesized_expression" | "type" => self.inner(node),
            "assignment" => match self.assignment(node) {
                Some(value) => value,
                None => self.unknown("assignment", Vec::new(), node),
            },
            "augmented_assignment" => self.augmented(node),
            "slice" => self.operator_on_parts(Oper::Slice, node),
            "ellipsis" => self.unknown("ellipsis", Vec::new(), node),
            _ => self.unknown_parts("expression", node),
        }
    }

    /// The value of the first part.
    pub(super) fn inner(&mut self, node: Node<'t>) -> InstrId {
        match first_part(node) {
            Some(inner) => self.expr(inner),
            None => self.unknown("nothing", Vec::new(), node),
        }
    }

    /// Something not modelled, with all its parts as operands.
    pub(super) fn unknown_parts(&mut self, what: &'static str, node: Node<'t>) -> InstrId {
        let values = parts(node).into_iter().map(|part| self.expr(part)).collect();
        self.unknown(what, values, node)
    }

    fn operator_on_parts(&mut self, oper: Oper, node: Node<'t>) -> InstrId {
        let values = parts(node).into_iter().map(|part| self.expr(part)).collect();
        self.push(Op::Operator(oper, values), node)
    }

    /// `a + b + c …`: the left sides nest, so they are walked in a loop.
    fn binary(&mut self, node: Node<'t>) -> InstrId {
        let mut chain = Vec::new();
        let mut leftmost = node;
        while leftmost.kind_name() == "binary_operator" {
            chain.push(leftmost);
            let Some(left) = field(leftmost, "left") else { return self.unknown_parts("operator", leftmost) };
            leftmost = left;
        }
        let mut value = None;
        for step in chain.into_iter().rev() {
            let operator = field(step, "operator").map(|operator| operator.kind_name()).unwrap_or_default();
            let right = field(step, "right");
            let template = if operator == "%" && value.is_none() { self.constant_text(leftmost) } else { None };
            if let (Some(template), Some(right)) = (template, right) {
                value = Some(self.percent(&template, right, step));
                continue;
            }
            let left = match value {
                Some(left) => left,
                None => self.expr(leftmost),
            };
            let mut operands = vec![left];
            operands.extend(right.map(|right| self.expr(right)));
            let oper = if operator == "+" { Oper::Add } else { Oper::Arith };
            value = Some(self.push(Op::Operator(oper, operands), step));
        }
        match value {
            Some(value) => value,
            None => self.unknown("operator", Vec::new(), node),
        }
    }

    fn unary(&mut self, node: Node<'t>) -> InstrId {
        match field(node, "argument") {
            Some(number) if matches!(number.kind_name(), "integer" | "float") && has_token(node, "-") => {
                self.negative_number(node, number)
            }
            _ => self.operator_on_parts(Oper::Arith, node),
        }
    }

    /// `a < b`, or a chain `a < b < c`, which stops at the first comparison that fails.
    fn comparison(&mut self, node: Node<'t>) -> InstrId {
        let mut cursor = node.walk();
        let operators: Vec<_> =
            node.children_by_field_name("operators", &mut cursor).map(|op| oper(op.kind_name())).collect();
        let mut sides = parts(node).into_iter();
        let Some(first) = sides.next() else { return self.unknown("comparison", Vec::new(), node) };
        let mut left = self.expr(first);
        if let [only] = operators[..] {
            let mut operands = vec![left];
            operands.extend(sides.next().map(|side| self.expr(side)));
            return self.push(Op::Operator(only, operands), node);
        }
        let result = Place::local(self.b.temp("chain", None));
        let done = self.b.new_block();
        let n_last = operators.len().saturating_sub(1);
        for (at, (oper, side)) in operators.into_iter().zip(sides).enumerate() {
            let right = self.expr(side);
            let holds = self.push(Op::Operator(oper, vec![left, right]), node);
            self.b.store(result.clone(), holds, span(node));
            if at < n_last {
                let next = self.b.new_block();
                self.b.branch(holds, next, done);
                self.b.switch_to(next);
            }
            left = right;
        }
        self.b.goto(done);
        self.b.switch_to(done);
        self.b.load(result, span(node))
    }

    /// `a and b and c`, `a or b`: the value is that of the operand that decides.
    fn boolean(&mut self, node: Node<'t>) -> InstrId {
        let (is_and, operands) = boolean_operands(node);
        let result = Place::local(self.b.temp(if is_and { "and" } else { "or" }, None));
        let done = self.b.new_block();
        let n_last = operands.len().saturating_sub(1);
        for (at, operand) in operands.into_iter().enumerate() {
            let value = self.expr(operand);
            self.b.store(result.clone(), value, span(operand));
            if at < n_last {
                let next = self.b.new_block();
                let (yes, no) = if is_and { (next, done) } else { (done, next) };
                self.b.branch(value, yes, no);
                self.b.switch_to(next);
            }
        }
        self.b.goto(done);
        self.b.switch_to(done);
        self.b.load(result, span(node))
    }

    /// `a if condition else b`.
    fn conditional(&mut self, node: Node<'t>) -> InstrId {
        let sides = parts(node);
        let [then, condition, otherwise] = sides[..] else { return self.unknown_parts("conditional", node) };
        let result = Place::local(self.b.temp("value", None));
        let (yes, no, done) = (self.b.new_block(), self.b.new_block(), self.b.new_block());
        self.condition(condition, yes, no);
        for (block, side) in [(yes, then), (no, otherwise)] {
            self.b.switch_to(block);
            let value = self.expr(side);
            self.b.store(result.clone(), value, span(side));
            self.b.goto(done);
        }
        self.b.switch_to(done);
        self.b.load(result, span(node))
    }

    fn walrus(&mut self, node: Node<'t>) -> InstrId {
        let (Some(name), Some(value)) = (field(node, "name"), field(node, "value")) else {
            return self.unknown_parts("walrus", node);
        };
        let value = self.expr(value);
        self.store_name(name, value);
        value
    }

    fn yielded(&mut self, node: Node<'t>) -> InstrId {
        self.b.func_mut().is_generator = true;
        let value = match first_part(node) {
            Some(inner) => self.expr(inner),
            None => self.b.constant(Const::Null, span(node)),
        };
        if !has_token(node, "from") {
            return self.push(Op::Yield(value), node);
        }
        let item = self.b.load(Place::value(value).then(Field::Any), span(node));
        self.push(Op::Yield(item), node)
    }

    fn sequence(&mut self, kind: RecordKind, node: Node<'t>) -> InstrId {
        let mut entries = Vec::new();
        let mut is_counted = true;
        for (at, part) in parts(node).into_iter().enumerate() {
            if matches!(part.kind_name(), "list_splat" | "list_splat_pattern") {
                let value = self.inner(part);
                entries.push(Entry::Spread(value));
                is_counted = false;
                continue;
            }
            let value = self.expr(part);
            let step = u32::try_from(at).ok().filter(|_| is_counted && node.kind_name() != "set");
            entries.push(Entry::Field(step.map_or(Field::Any, Field::Index), value));
        }
        self.push(Op::Record(Box::new(Record { kind, ty: None, entries })), node)
    }

    fn dictionary(&mut self, node: Node<'t>) -> InstrId {
        let mut entries = Vec::new();
        for part in parts(node) {
            let (Some(key), Some(value)) = (field(part, "key"), field(part, "value")) else {
                let value = self.inner(part);
                entries.push(Entry::Spread(value));
                continue;
            };
            let step = match self.constant_key(key) {
                Some(step) => step,
                None => {
                    self.expr(key);
                    Field::Any
                }
            };
            let value = self.expr(value);
            entries.push(Entry::Field(step, value));
        }
        self.push(Op::Record(Box::new(Record { kind: RecordKind::Object, ty: None, entries })), node)
    }
}

/// The operands of a chain of the same boolean operator, and whether it is `and`.
pub(super) fn boolean_operands(node: Node<'_>) -> (bool, Vec<Node<'_>>) {
    let operator = |node: Node<'_>| field(node, "operator").is_some_and(|operator| operator.kind_name() == "and");
    let is_and = operator(node);
    let mut operands = Vec::new();
    let mut left = node;
    while left.kind_name() == "boolean_operator" && operator(left) == is_and {
        operands.extend(field(left, "right"));
        match field(left, "left") {
            Some(inner) => left = inner,
            None => break,
        }
    }
    operands.push(left);
    operands.reverse();
    (is_and, operands)
}

fn oper(text: &str) -> Oper {
    match text {
        "==" | "is" => Oper::Eq,
        "!=" | "<>" | "is not" => Oper::Ne,
        "in" => Oper::In,
        "not in" => Oper::NotIn,
        "<" => Oper::Compare(Order::Less),
        "<=" => Oper::Compare(Order::AtMost),
        ">" => Oper::Compare(Order::Greater),
        _ => Oper::Compare(Order::AtLeast),
    }
}
