//! Objects, arrays and JSX.

use tree_sitter::Node;

use crate::ir::func::FuncKind;
use crate::ir::instr::{Entry, Field, InstrId, Op, Record, RecordKind};
use crate::lower::fields::KindName;

use super::{Lowerer, field, first_named, has_child, named, span};

impl<'t> Lowerer<'t> {
    pub(super) fn array(&mut self, node: Node<'t>) -> InstrId {
        let mut entries = Vec::new();
        let mut at = 0_u32;
        // Behind a spread the position is not known.
        let mut is_counted = true;
        for part in node.children(&mut node.walk()) {
            if part.kind_name() == "," {
                at += 1;
            } else if part.kind_name() == "spread_element" {
                is_counted = false;
                if let Some(inner) = first_named(part) {
                    entries.push(Entry::Spread(self.expr(inner)));
                }
            } else if part.is_named() && !super::is_comment(part) {
                let key = if is_counted { Field::Index(at) } else { Field::Any };
                entries.push(Entry::Field(key, self.expr(part)));
            }
        }
        self.record(RecordKind::Array, entries, node)
    }

    fn record(&mut self, kind: RecordKind, entries: Vec<Entry>, node: Node<'t>) -> InstrId {
        self.b.push(Op::Record(Box::new(Record { kind, ty: None, entries })), span(node))
    }

    pub(super) fn object(&mut self, node: Node<'t>) -> InstrId {
        let mut entries = Vec::new();
        for part in named(node) {
            match part.kind_name() {
                "pair" => {
                    let (Some(key), Some(value)) = (field(part, "key"), field(part, "value")) else { continue };
                    let name = self.key_text(key);
                    let key = self.key(key);
                    let value = match value.kind_name() {
                        "function_expression" => self.function_expression(value, &name, FuncKind::Method),
                        _ => self.named_expr(value, &name),
                    };
                    entries.push(Entry::Field(key, value));
                }
                "spread_element" => {
                    if let Some(inner) = first_named(part) {
                        entries.push(Entry::Spread(self.expr(inner)));
                    }
                }
                "method_definition" => {
                    let Some(name) = field(part, "name") else { continue };
                    let text = self.key_text(name);
                    let key = self.key(name);
                    let value = self.closure(part, &text, accessor(part));
                    entries.push(Entry::Field(key, value));
                }
                "shorthand_property_identifier" => {
                    let key = Field::name(self.text(part));
                    entries.push(Entry::Field(key, self.expr(part)));
                }
                _ => entries.push(Entry::Field(Field::Any, self.expr(part))),
            }
        }
        self.record(RecordKind::Object, entries, node)
    }

    /// An element: what its attributes and children hold flows into it.
    pub(super) fn jsx(&mut self, node: Node<'t>) -> InstrId {
        let mut values = Vec::new();
        let mut todo: Vec<_> = named(node).into_iter().rev().collect();
        while let Some(part) = todo.pop() {
            match part.kind_name() {
                "jsx_opening_element" | "jsx_attribute" | "jsx_expression" => {
                    todo.extend(named(part).into_iter().rev());
                }
                "jsx_element" | "jsx_self_closing_element" | "string" => values.push(self.expr(part)),
                "spread_element" => values.extend(first_named(part).map(|inner| self.expr(inner))),
                "property_identifier"
                | "jsx_text"
                | "jsx_closing_element"
                | "html_character_reference"
                | "jsx_namespace_name"
                | "type_arguments" => {}
                // `<div>` names no variable.
                "identifier" if self.text(part).starts_with(char::is_lowercase) && !in_braces(part) => {}
                _ => values.push(self.expr(part)),
            }
        }
        self.unknown("jsx", values, node)
    }
}

fn in_braces(node: Node<'_>) -> bool {
    node.prev_sibling().is_some_and(|before| before.kind_name() == "{")
}

/// `get x()`, `set x(v)` or a plain method.
pub(super) fn accessor(method: Node<'_>) -> FuncKind {
    if has_child(method, "get") {
        FuncKind::Getter
    } else if has_child(method, "set") {
        FuncKind::Setter
    } else {
        FuncKind::Method
    }
}
