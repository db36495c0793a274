//! Which names a block declares, before its code is lowered: hoisting.
//!
//! `var` belongs to the function, everything else to the block. Imports, functions, classes and types are declared before variables,
//! because the types of variables mention them. Function declarations are stored at the block's start.

use rustc_hash::FxHashSet;
use tree_sitter::Node;

use crate::base::span::Span;
use crate::ir::build::ScopeKind;
use crate::ir::func::FuncKind;
use crate::ir::instr::{Base, Op, Place};
use crate::ir::types::TypeRef;
use crate::lower::fields::KindName;

use super::{Lowerer, field, first_named, has_child, named, span};

/// Global objects whose properties are the global variables.
const GLOBAL_OBJECTS: [&str; 3] = ["globalThis", "global", "window"];

impl<'t> Lowerer<'t> {
    /// Lowers the statements of a block in a scope of its own.
    pub(super) fn block(&mut self, stmts: &[Node<'t>]) {
        self.b.enter_scope(ScopeKind::Block);
        self.hoist(stmts, false);
        self.stmts(stmts);
        self.b.leave_scope();
    }

    /// Declares what `stmts` declare in the current scope (and, for a function's body, every `var` in it), then stores
    /// function declarations and types.
    pub(super) fn hoist(&mut self, stmts: &[Node<'t>], is_body: bool) {
        let inner: Vec<_> = stmts.iter().filter_map(|stmt| declaration_in(*stmt)).collect();
        for decl in &inner {
            self.declare_item(*decl);
        }
        let values: FxHashSet<&str> = inner.iter().flat_map(|decl| self.simple_names(*decl)).collect();
        let mut types = Vec::new();
        for decl in &inner {
            if matches!(decl.kind_name(), "interface_declaration" | "type_alias_declaration")
                && let Some(name) = field(*decl, "name")
            {
                let text = self.text(name);
                if !values.contains(text) && !self.b.is_declared_here(text) {
                    self.b.declare(text, None, span(name));
                    types.push(*decl);
                }
            }
        }
        for decl in &inner {
            if matches!(decl.kind_name(), "lexical_declaration" | "using_declaration") {
                self.declare_variables(*decl, false);
            }
        }
        if is_body {
            self.declare_vars(stmts);
        }
        for decl in types {
            self.type_declaration(decl);
        }
        for decl in inner {
            if matches!(decl.kind_name(), "function_declaration" | "generator_function_declaration") {
                self.function_declaration(decl);
            }
        }
    }

    pub(super) fn declare_item(&mut self, decl: Node<'t>) {
        match decl.kind_name() {
            "function_declaration"
            | "generator_function_declaration"
            | "class_declaration"
            | "abstract_class_declaration"
            | "enum_declaration" => {
                if let Some(name) = field(decl, "name") {
                    self.b.declare(self.text(name), None, span(name));
                }
            }
            "internal_module" | "module" => {
                if let Some(name) = field(decl, "name").map(|name| leftmost(name))
                    && name.kind_name() == "identifier"
                {
                    self.b.declare(self.text(name), None, span(name));
                }
            }
            "import_alias" => {
                if let Some(name) = first_named(decl) {
                    self.b.declare(self.text(name), None, span(name));
                }
            }
            "import_statement" => {
                for name in import_names(decl) {
                    self.b.declare(self.text(name), None, span(name));
                }
            }
            _ => {}
        }
    }

    fn function_declaration(&mut self, decl: Node<'t>) {
        let Some(name) = field(decl, "name") else { return };
        let text = self.text(name);
        let func = self.function(decl, text, FuncKind::Plain);
        let value = self.b.push(Op::Closure(func), span(decl));
        let place = self.name(text);
        self.b.store(place, value, span(name));
    }

    /// Names that `const x = …` statements declare, patterns aside.
    fn simple_names(&self, decl: Node<'t>) -> Vec<&'t str> {
        if !matches!(decl.kind_name(), "lexical_declaration" | "variable_declaration") {
            return Vec::new();
        }
        let names = named(decl).into_iter().filter_map(|declarator| field(declarator, "name"));
        names.map(|name| self.text(name)).collect()
    }

    /// Declares the names of `let`, `const` or `var`.
    pub(super) fn declare_variables(&mut self, decl: Node<'t>, in_func: bool) {
        for declarator in named(decl) {
            let Some(name) = field(declarator, "name") else { continue };
            if self.makes_require(declarator) {
                let text = self.text(name);
                self.requires.push(text.into());
            }
            let ty = match field(declarator, "type") {
                Some(ty) => self.annotation(ty),
                None => None,
            };
            self.declare_pattern(name, ty, in_func);
        }
    }

    /// `const require = createRequire(import.meta.url)`.
    fn makes_require(&self, declarator: Node<'t>) -> bool {
        let Some(value) = field(declarator, "value") else { return false };
        if value.kind_name() != "call_expression" {
            return false;
        }
        let Some(callee) = field(value, "function") else { return false };
        let callee = if callee.kind_name() == "member_expression" { field(callee, "property") } else { Some(callee) };
        callee.is_some_and(|callee| self.text(callee) == "createRequire")
    }

    /// Declares every name a pattern binds; only a plain name gets the type.
    pub(super) fn declare_pattern(&mut self, pattern: Node<'t>, ty: Option<TypeRef>, in_func: bool) {
        if is_name(pattern) {
            self.declare_one(self.text(pattern), ty, span(pattern), in_func);
            return;
        }
        let mut todo = vec![pattern];
        while let Some(node) = todo.pop() {
            match node.kind_name() {
                "identifier" | "shorthand_property_identifier_pattern" => {
                    self.declare_one(self.text(node), None, span(node), in_func);
                }
                "pair_pattern" => todo.extend(field(node, "value")),
                "assignment_pattern" | "object_assignment_pattern" => todo.extend(field(node, "left")),
                "object_pattern" | "array_pattern" | "rest_pattern" => todo.extend(named(node).into_iter().rev()),
                _ => {}
            }
        }
    }

    fn declare_one(&mut self, name: &str, ty: Option<TypeRef>, span: Span, in_func: bool) {
        if in_func {
            self.b.declare_in_func(name, ty, span);
        } else {
            self.b.declare(name, ty, span);
        }
    }

    /// Declares every `var` under `stmts`, functions inside aside.
    fn declare_vars(&mut self, stmts: &[Node<'t>]) {
        let mut todo: Vec<Node<'t>> = stmts.iter().rev().copied().collect();
        while let Some(node) = todo.pop() {
            match node.kind_name() {
                "variable_declaration" => self.declare_variables(node, true),
                "for_in_statement" => {
                    if field(node, "kind").is_some_and(|kind| kind.kind_name() == "var")
                        && let Some(left) = field(node, "left")
                    {
                        self.declare_pattern(left, None, true);
                    }
                    todo.extend(field(node, "body"));
                }
                "export_statement" => todo.extend(field(node, "declaration")),
                "statement_block" | "if_statement" | "else_clause" | "for_statement" | "while_statement"
                | "do_statement" | "try_statement" | "catch_clause" | "finally_clause" | "switch_statement"
                | "switch_body" | "switch_case" | "switch_default" | "labeled_statement" | "with_statement"
                | "ERROR" => todo.extend(named(node).into_iter().rev()),
                _ => {}
            }
        }
    }

    /// The place that a name means.
    pub(super) fn name(&mut self, name: &str) -> Place {
        let place = self.b.lookup(name);
        if name == "exports" && matches!(place.base, Base::Global(_)) {
            return self.exports_place();
        }
        place
    }

    /// `module.exports`, and `exports` where the file does not declare it.
    pub(super) fn exports_place(&mut self) -> Place {
        let cell = match self.exports {
            Some(cell) => cell,
            None => {
                let cell = self.b.hidden_cell("exports", Span::default());
                self.exports = Some(cell);
                self.b.exports_mut().object = Some(cell);
                cell
            }
        };
        Place::of(Base::Cell(cell))
    }
}

/// Is this base the global object?
pub(super) fn is_global_object(base: &Base) -> bool {
    matches!(base, Base::Global(name) if GLOBAL_OBJECTS.contains(&name.as_str()))
}

pub(super) fn is_name(node: Node<'_>) -> bool {
    matches!(node.kind_name(), "identifier" | "shorthand_property_identifier_pattern" | "type_identifier")
}

/// The declaration a statement is or exports.
pub(super) fn declaration_in(stmt: Node<'_>) -> Option<Node<'_>> {
    match stmt.kind_name() {
        "export_statement" => field(stmt, "declaration").and_then(declaration_in),
        "expression_statement" => first_named(stmt).filter(|inner| inner.kind_name() == "internal_module"),
        "ambient_declaration" => {
            // `declare` says that something exists elsewhere; only types are made here.
            let inner = first_named(stmt)?;
            matches!(inner.kind_name(), "interface_declaration" | "type_alias_declaration").then_some(inner)
        }
        _ => Some(stmt),
    }
}

/// The identifiers that an import statement binds.
fn import_names(import: Node<'_>) -> Vec<Node<'_>> {
    let mut names = Vec::new();
    let mut todo = named(import);
    while let Some(node) = todo.pop() {
        match node.kind_name() {
            "identifier" => names.push(node),
            "import_specifier" => names.extend(field(node, "alias").or_else(|| field(node, "name"))),
            "import_clause" | "named_imports" | "namespace_import" | "import_require_clause" => {
                todo.extend(named(node))
            }
            _ => {}
        }
    }
    names
}

/// `A` of `A.B.C`.
pub(super) fn leftmost(mut name: Node<'_>) -> Node<'_> {
    while matches!(name.kind_name(), "nested_identifier" | "nested_type_identifier" | "member_expression") {
        let Some(inner) = first_named(name) else { break };
        name = inner;
    }
    name
}

/// `import type`, `export type`.
pub(super) fn is_type_only(node: Node<'_>) -> bool {
    has_child(node, "type") || has_child(node, "typeof")
}
