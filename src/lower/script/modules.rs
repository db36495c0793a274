//! The module as a whole: imports, exports, namespaces.
//!
//! Imports and re-exports run before the module's own code, wherever they stand.

use tree_sitter::Node;

use crate::base::Symbol;
use crate::base::span::Span;
use crate::ir::build::ScopeKind;
use crate::ir::func::FuncKind;
use crate::ir::instr::{Base, Field, Import, Imported, InstrId, Op, Place, Record, RecordKind};
use crate::ir::program::CellId;
use crate::lower::fields::KindName;

use super::names::{declaration_in, is_type_only, leftmost};
use super::{Lowerer, field, first_named, has_child, is_exported_type, named, span};

impl<'t> Lowerer<'t> {
    pub(super) fn program(&mut self, root: Node<'t>) {
        self.b.func_mut().span = span(root);
        let stmts = if root.is_error() { vec![root] } else { named(root) };
        for import in stmts.iter().filter(|stmt| stmt.kind_name() == "import_statement") {
            self.declare_item(*import);
        }
        for stmt in &stmts {
            match stmt.kind_name() {
                "import_statement" => self.import(*stmt),
                "export_statement" if field(*stmt, "source").is_some() => self.reexport(*stmt),
                _ => {}
            }
        }
        self.hoist(&stmts, true);
        self.export_early(&stmts);
        self.stmts(&stmts);
    }

    // ---- imports -------------------------------------------------------------------------------------------------

    fn import(&mut self, node: Node<'t>) {
        let at = span(node);
        let type_only = is_type_only(node);
        let clause =
            named(node).into_iter().find(|part| matches!(part.kind_name(), "import_clause" | "import_require_clause"));
        let source = field(node, "source").or_else(|| clause.and_then(|clause| field(clause, "source")));
        let Some(source) = source else { return };
        let from = self.string(source);
        let Some(clause) = clause else {
            self.b.import(&from, Imported::Effect, at);
            return;
        };
        if clause.kind_name() == "import_require_clause" {
            if let Some(name) = first_named(clause) {
                self.import_as(name, &from, Imported::Module, type_only);
            }
            return;
        }
        for part in named(clause) {
            match part.kind_name() {
                "identifier" => self.import_as(part, &from, Imported::Default, type_only),
                "namespace_import" => {
                    if let Some(name) = first_named(part) {
                        self.import_as(name, &from, Imported::Module, type_only);
                    }
                }
                "named_imports" => {
                    for specifier in named(part) {
                        self.import_specifier(specifier, &from, type_only);
                    }
                }
                _ => {}
            }
        }
    }

    fn import_specifier(&mut self, specifier: Node<'t>, from: &Symbol, type_only: bool) {
        let Some(name) = field(specifier, "name") else { return };
        let what = imported(self.key_text(name));
        let target = field(specifier, "alias").unwrap_or(name);
        self.import_as(target, from, what, type_only || is_type_only(specifier));
    }

    fn import_as(&mut self, name: Node<'t>, from: &Symbol, what: Imported, type_only: bool) {
        let value = self.import_value(from, what, type_only, span(name));
        let place = self.b.lookup(self.text(name));
        self.b.store(place, value, span(name));
    }

    fn import_value(&mut self, from: &Symbol, what: Imported, type_only: bool, at: Span) -> InstrId {
        self.b.push(Op::Import(Box::new(Import { from: from.clone(), what, type_only })), at)
    }

    /// `import A = B.C`.
    pub(super) fn import_alias(&mut self, node: Node<'t>) {
        let parts = named(node);
        let (Some(name), Some(target)) = (parts.first(), parts.get(1)) else { return };
        let target_place = self.dotted(*target);
        let value = self.b.load(target_place, span(*target));
        let place = self.name(self.text(*name));
        self.b.store(place, value, span(node));
    }

    // ---- exports -------------------------------------------------------------------------------------------------

    /// `export … from "x"`.
    fn reexport(&mut self, node: Node<'t>) {
        let Some(source) = field(node, "source") else { return };
        let from = self.string(source);
        let type_only =
            has_child(node, "type") || named(node).into_iter().any(|part| is_exported_type(part, self.text));
        for part in named(node) {
            match part.kind_name() {
                "export_clause" => {
                    for specifier in named(part) {
                        let Some(name) = field(specifier, "name") else { continue };
                        let what = imported(self.key_text(name));
                        let to = self.key_text(field(specifier, "alias").unwrap_or(name));
                        let type_only = type_only || is_type_only(specifier);
                        self.reexport_as(to, &from, what, type_only, span(specifier));
                    }
                    return;
                }
                "namespace_export" => {
                    if let Some(name) = first_named(part) {
                        let to = self.key_text(name);
                        self.reexport_as(to, &from, Imported::Module, type_only, span(part));
                    }
                    return;
                }
                _ => {}
            }
        }
        if has_child(node, "*") {
            self.b.exports_mut().stars.push(from.clone());
            self.import_value(&from, Imported::Effect, type_only, span(node));
        }
    }

    fn reexport_as(&mut self, to: Symbol, from: &Symbol, what: Imported, type_only: bool, at: Span) {
        let value = self.import_value(from, what, type_only, at);
        let cell = self.export_cell(to, at);
        self.b.store(Place::of(Base::Cell(cell)), value, at);
    }

    /// A variable that only other modules see, under its export name.
    fn export_cell(&mut self, name: Symbol, at: Span) -> CellId {
        let cell = self.b.hidden_cell(&name, at);
        self.b.exports_mut().names.insert(name, cell);
        cell
    }

    /// Export rows of everything that has a name already.
    fn export_early(&mut self, stmts: &[Node<'t>]) {
        for stmt in
            stmts.iter().filter(|stmt| stmt.kind_name() == "export_statement" && field(**stmt, "source").is_none())
        {
            for clause in named(*stmt).into_iter().filter(|part| part.kind_name() == "export_clause") {
                for specifier in named(clause) {
                    let Some(name) = field(specifier, "name") else { continue };
                    let to = self.key_text(field(specifier, "alias").unwrap_or(name));
                    self.export_name(to, self.text(name));
                }
            }
            let Some(decl) = declaration_in(*stmt) else { continue };
            let is_default = has_child(*stmt, "default");
            for name in self.declared_names(decl) {
                let to = if is_default { "default" } else { name };
                self.export_name(to.into(), name);
            }
        }
    }

    fn export_name(&mut self, to: Symbol, name: &str) {
        if let Some(cell) = self.b.module_cell(name) {
            self.b.exports_mut().names.insert(to, cell);
        }
    }

    /// The names a declaration declares.
    fn declared_names(&self, decl: Node<'t>) -> Vec<&'t str> {
        match decl.kind_name() {
            "lexical_declaration" | "variable_declaration" | "using_declaration" => {
                let mut names = Vec::new();
                let mut todo: Vec<_> = named(decl).into_iter().filter_map(|part| field(part, "name")).collect();
                while let Some(node) = todo.pop() {
                    match node.kind_name() {
                        "identifier" | "shorthand_property_identifier_pattern" => names.push(self.text(node)),
                        "pair_pattern" => todo.extend(field(node, "value")),
                        "assignment_pattern" | "object_assignment_pattern" => todo.extend(field(node, "left")),
                        _ => todo.extend(named(node)),
                    }
                }
                names
            }
            "import_alias" => first_named(decl).map(|name| self.text(name)).into_iter().collect(),
            "export_statement" => Vec::new(),
            _ => field(decl, "name").map(|name| self.text(leftmost(name))).into_iter().collect(),
        }
    }

    /// An export statement at its place.
    pub(super) fn export(&mut self, node: Node<'t>) {
        if field(node, "source").is_some() {
            return;
        }
        if let Some(decl) = field(node, "declaration") {
            let decorators: Vec<_> = named(node).into_iter().filter(|part| part.kind_name() == "decorator").collect();
            return match decl.kind_name() {
                "class_declaration" | "abstract_class_declaration" => self.class_declaration(decl, &decorators),
                _ => self.stmt(decl),
            };
        }
        if let Some(value) = field(node, "value") {
            let value = self.default_value(value);
            let cell = self.export_cell("default".into(), span(node));
            self.b.store(Place::of(Base::Cell(cell)), value, span(node));
        } else if has_child(node, "=")
            && let Some(value) = first_named(node)
        {
            let value = self.expr(value);
            let place = self.exports_place();
            self.b.store(place, value, span(node));
        }
    }

    fn default_value(&mut self, value: Node<'t>) -> InstrId {
        match value.kind_name() {
            "function_expression" | "generator_function" => self.function_expression(value, "default", FuncKind::Plain),
            _ => self.named_expr(value, "default"),
        }
    }

    // ---- namespaces ----------------------------------------------------------------------------------------------

    /// `namespace N { … }`: an object whose fields are what it exports.
    pub(super) fn namespace(&mut self, node: Node<'t>) {
        let (Some(name), Some(body)) = (field(node, "name"), field(node, "body")) else { return };
        let place = self.dotted(name);
        if matches!(place.base, Base::Global(_)) {
            return;
        }
        let object = Op::Record(Box::new(Record { kind: RecordKind::Object, ty: None, entries: Vec::new() }));
        let object = self.b.push(object, span(node));
        self.b.store(place.clone(), object, span(name));
        let stmts = named(body);
        self.b.enter_scope(ScopeKind::Block);
        self.hoist(&stmts, false);
        self.stmts(&stmts);
        for stmt in stmts.iter().filter(|stmt| stmt.kind_name() == "export_statement") {
            let Some(decl) = declaration_in(*stmt) else { continue };
            for name in self.declared_names(decl) {
                let inner = self.b.lookup(name);
                let value = self.b.load(inner, span(decl));
                self.b.store(place.then(Field::name(name)), value, span(decl));
            }
        }
        self.b.leave_scope();
    }
}

fn imported(name: Symbol) -> Imported {
    if name == "default" { Imported::Default } else { Imported::Named(name) }
}
