//! `case` patterns: a chain of tests, then loads of what they capture.

use tree_sitter::Node;

use crate::ir::func::BlockId;
use crate::ir::instr::{Entry, Field, InstrId, Op, Oper, Place, Record, RecordKind};
use crate::lower::fields::KindName;

use super::{Lowering, field, fields, first_part, has_token, is_trivia, parts, span};

impl<'t> Lowering<'t> {
    pub(super) fn tuple_of(&mut self, values: Vec<InstrId>, node: Node<'t>) -> InstrId {
        let entry = |(at, value)| Entry::Field(u32::try_from(at).map_or(Field::Any, Field::Index), value);
        let entries = values.into_iter().enumerate().map(entry).collect();
        self.push(Op::Record(Box::new(Record { kind: RecordKind::Tuple, ty: None, entries })), node)
    }

    /// One `case`; goes on where it does not match. Tells whether its body reaches `done`.
    pub(super) fn case(&mut self, clause: Node<'t>, subject: InstrId, done: BlockId) -> bool {
        let fail = self.b.new_block();
        let patterns: Vec<_> = parts(clause).into_iter().filter(|part| part.kind_name() == "case_pattern").collect();
        let whole = Place::value(subject);
        match patterns[..] {
            [only] => self.pattern(only, &whole, fail),
            _ => self.items(&patterns, &whole, fail),
        }
        if let Some(guard) = field(clause, "guard").and_then(first_part) {
            let holds = self.b.new_block();
            self.condition(guard, holds, fail);
            self.b.switch_to(holds);
        }
        if let Some(body) = field(clause, "consequence") {
            self.statements(body);
        }
        let reached = self.b.is_reachable();
        if reached {
            self.b.goto(done);
        }
        self.b.switch_to(fail);
        reached
    }

    fn pattern(&mut self, node: Node<'t>, from: &Place, fail: BlockId) {
        self.deeper(node, |cx| cx.pattern_kind(node, from, fail));
    }

    fn pattern_kind(&mut self, node: Node<'t>, from: &Place, fail: BlockId) {
        let inner = parts(node);
        match (node.kind_name(), &inner[..]) {
            // `_` has no named part.
            ("case_pattern", []) => {}
            ("case_pattern", [number]) if has_token(node, "-") => {
                let value = self.negative_number(node, *number);
                self.equals(from, value, node, fail);
            }
            ("case_pattern", [only]) => self.pattern(*only, from, fail),
            ("dotted_name", [name]) => self.capture(*name, from),
            ("identifier", _) => self.capture(node, from),
            ("dotted_name", [base, rest @ ..]) => {
                let path: Vec<_> = rest.iter().map(|name| Field::name(self.src(*name))).collect();
                let place = path.into_iter().fold(self.b.lookup(self.src(*base)), |place, step| place.then(step));
                let value = self.load_place(place, node);
                self.equals(from, value, node, fail);
            }
            ("as_pattern", [pattern, name]) => {
                self.pattern(*pattern, from, fail);
                self.capture(*name, from);
            }
            ("union_pattern", _) => self.alternatives(node, from, fail),
            ("tuple_pattern", [only]) if !has_token(node, ",") => self.pattern(*only, from, fail),
            ("list_pattern" | "tuple_pattern", items) => self.items(items, from, fail),
            ("dict_pattern", _) => self.dict_pattern(node, from, fail),
            ("class_pattern", [class, arguments @ ..]) => self.class_pattern(*class, arguments, from, fail),
            ("splat_pattern", [name]) => self.capture(*name, from),
            ("splat_pattern", _) => {}
            _ => {
                let value = self.expr(node);
                self.equals(from, value, node, fail);
            }
        }
    }

    fn capture(&mut self, name: Node<'t>, from: &Place) {
        if self.src(name) != "_" {
            let value = self.load_place(from.clone(), name);
            self.store_name(name, value);
        }
    }

    fn equals(&mut self, from: &Place, value: InstrId, node: Node<'t>, fail: BlockId) {
        let subject = self.load_place(from.clone(), node);
        let holds = self.push(Op::Operator(Oper::Eq, vec![subject, value]), node);
        self.match_test(holds, fail);
    }

    fn alternatives(&mut self, node: Node<'t>, from: &Place, fail: BlockId) {
        let matched = self.b.new_block();
        let mut is_negative = false;
        let mut cursor = node.walk();
        for alternative in node.children(&mut cursor).filter(|child| !is_trivia(*child)) {
            if !alternative.is_named() && alternative.kind_name() != "_" {
                is_negative = alternative.kind_name() == "-";
                continue;
            }
            let next = self.b.new_block();
            match alternative.kind_name() {
                "_" => {}
                "integer" | "float" if is_negative => {
                    let value = self.negative_number(alternative, alternative);
                    self.equals(from, value, alternative, next);
                }
                _ => self.pattern(alternative, from, next),
            }
            self.b.goto(matched);
            self.b.switch_to(next);
        }
        self.b.goto(fail);
        self.b.switch_to(matched);
    }

    fn items(&mut self, items: &[Node<'t>], from: &Place, fail: BlockId) {
        let Some(first) = items.first() else { return };
        let subject = self.load_place(from.clone(), *first);
        let fits = self.unknown("sequence pattern", vec![subject], *first);
        self.match_test(fits, fail);
        let mut is_counted = true;
        for (at, item) in items.iter().enumerate() {
            let inner = first_part(*item).filter(|inner| inner.kind_name() == "splat_pattern");
            if let Some(splat) = inner.or(Some(*item).filter(|item| item.kind_name() == "splat_pattern")) {
                is_counted = false;
                if let Some(name) = first_part(splat) {
                    let rest = self.rest_of(from, at, splat);
                    self.capture(name, &Place::value(rest));
                }
                continue;
            }
            let index = u32::try_from(at).ok().filter(|_| is_counted);
            self.pattern(*item, &from.then(index.map_or(Field::Any, Field::Index)), fail);
        }
    }

    fn dict_pattern(&mut self, node: Node<'t>, from: &Place, fail: BlockId) {
        let whole = self.load_place(from.clone(), node);
        let mut known = vec![whole];
        for (key, value) in fields(node, "key").into_iter().zip(fields(node, "value")) {
            let step = self.constant_key(key).unwrap_or(Field::Any);
            let key_value = self.expr(key);
            let has = self.push(Op::Operator(Oper::In, vec![key_value, whole]), key);
            self.match_test(has, fail);
            known.push(key_value);
            self.pattern(value, &from.then(step), fail);
        }
        let rest = parts(node).into_iter().find(|part| part.kind_name() == "splat_pattern").and_then(first_part);
        if let Some(rest) = rest {
            let value = self.push(Op::Operator(Oper::Without, known), rest);
            self.capture(rest, &Place::value(value));
        }
    }

    fn class_pattern(&mut self, class: Node<'t>, arguments: &[Node<'t>], from: &Place, fail: BlockId) {
        let mut names = parts(class).into_iter().map(|name| self.src(name));
        let base = names.next().unwrap_or_default();
        let path: Vec<_> = names.map(Field::name).collect();
        let place = path.into_iter().fold(self.b.lookup(base), |place, step| place.then(step));
        let subject = self.load_place(from.clone(), class);
        let class_value = self.b.load(place, span(class));
        let is = self.push(Op::Operator(Oper::InstanceOf, vec![subject, class_value]), class);
        self.match_test(is, fail);
        for argument in arguments {
            let keyword = first_part(*argument).filter(|inner| inner.kind_name() == "keyword_pattern");
            match keyword.map(parts).as_deref() {
                Some([name, pattern, ..]) => {
                    let step = Field::name(self.src(*name));
                    self.pattern(*pattern, &from.then(step), fail);
                }
                // `case str(text)` captures the whole; which field it is for other classes is not known here.
                _ => self.pattern(*argument, from, fail),
            }
        }
    }
}
