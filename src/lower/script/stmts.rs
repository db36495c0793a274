//! Statements that go straight on; the ones that branch are in `control`.

use tree_sitter::Node;

use crate::ir::instr::Const;
use crate::lower::fields::KindName;

use super::names::is_name;
use super::{Lowerer, field, first_named, named, span};

impl<'t> Lowerer<'t> {
    pub(super) fn stmts(&mut self, stmts: &[Node<'t>]) {
        for stmt in stmts {
            self.stmt(*stmt);
        }
    }

    pub(super) fn stmt(&mut self, node: Node<'t>) {
        if self.deeper(node, |cx| cx.stmt_inner(node)).is_none() {
            self.unknown("deep nesting", Vec::new(), node);
        }
    }

    fn stmt_inner(&mut self, node: Node<'t>) {
        match node.kind_name() {
            "expression_statement" => {
                if let Some(inner) = first_named(node) {
                    self.expr(inner);
                }
            }
            "lexical_declaration" | "variable_declaration" | "using_declaration" => self.variables(node),
            "statement_block" => self.block(&named(node)),
            "return_statement" => self.return_statement(node),
            "throw_statement" => {
                let value = match first_named(node) {
                    Some(inner) => self.expr(inner),
                    None => self.b.constant(Const::Undefined, span(node)),
                };
                self.b.throw(value);
            }
            "class_declaration" | "abstract_class_declaration" => self.class_declaration(node, &[]),
            "enum_declaration" => self.enumeration(node),
            "internal_module" | "module" => self.namespace(node),
            "import_alias" => self.import_alias(node),
            "export_statement" => self.export(node),
            "ERROR" => self.error(node),
            // Hoisted, or without code.
            "import_statement"
            | "function_declaration"
            | "generator_function_declaration"
            | "function_signature"
            | "interface_declaration"
            | "type_alias_declaration"
            | "ambient_declaration"
            | "empty_statement"
            | "debugger_statement"
            | "hash_bang_line"
            | "comment" => {}
            _ => self.control(node),
        }
    }

    pub(super) fn variables(&mut self, node: Node<'t>) {
        for declarator in named(node) {
            let Some(name) = field(declarator, "name") else { continue };
            let Some(value) = field(declarator, "value") else {
                if is_name(name) {
                    let place = self.name(self.text(name));
                    self.b.declare_bare(&place);
                }
                continue;
            };
            if is_name(name) {
                let value = self.named_expr(value, self.text(name));
                let place = self.name(self.text(name));
                self.b.store(place, value, span(declarator));
            } else {
                let from = self.place(value);
                self.bind(name, from);
            }
        }
    }

    /// What stands inside a syntax error, as far as it reads as statements or expressions.
    fn error(&mut self, node: Node<'t>) {
        for part in named(node) {
            let kind = part.kind_name();
            if kind.ends_with("_statement") || kind.ends_with("_declaration") || kind == "statement_block" {
                self.stmt(part);
            } else if kind.ends_with("_expression") || kind == "template_string" {
                self.expr(part);
            }
        }
    }
}
