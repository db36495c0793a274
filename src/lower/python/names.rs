//! Which names does a function, a module or a comprehension assign?
//!
//! Python decides that by looking at the whole body before running it, so this walks a body once before it is lowered. The
//! walk does not enter functions, lambdas and classes inside, and enters expressions only when the file has a `:=`.

use rustc_hash::FxHashSet;
use tree_sitter::Node;

use crate::base::Symbol;
use crate::ir::instr::{Base, Place};
use crate::lower::fields::KindName;

use super::{Lowering, field, fields, first_part, parts, span};

/// The names a body mentions as its own or somebody else's.
#[derive(Default)]
struct Scan<'t> {
    assigned: Vec<Node<'t>>,
    /// `global` and `nonlocal`.
    global: Vec<Node<'t>>,
    nonlocal: Vec<Node<'t>>,
}

impl<'t> Lowering<'t> {
    pub(super) fn declare_module_names(&mut self, root: Node<'t>) {
        let scan = self.scan(root);
        for node in scan.assigned {
            self.b.declare(self.src(node), None, span(node));
        }
        if !self.text.contains("global") {
            return;
        }
        // A function can make a module variable that the module itself never assigns.
        let mut todo = vec![root];
        while let Some(node) = todo.pop() {
            if node.kind_name() == "global_statement" {
                for name in parts(node) {
                    self.b.declare(self.src(name), None, span(name));
                }
            } else if is_statement_like(node.kind_name()) {
                todo.extend(parts(node).into_iter().rev());
            }
        }
    }

    /// Declares the variables of the function just entered whose parameters are bound.
    pub(super) fn declare_func_names(&mut self, body: Node<'t>) {
        let scan = self.scan(body);
        let mut foreign = FxHashSet::default();
        for node in scan.global {
            let name = self.src(node);
            foreign.insert(name);
            if let Some(cell) = self.b.module_cell(name) {
                self.b.bind(name.into(), Place::of(Base::Cell(cell)));
            }
        }
        foreign.extend(scan.nonlocal.into_iter().map(|node| self.src(node)));
        for node in scan.assigned {
            let name = self.src(node);
            if !foreign.contains(name) {
                self.b.declare(name, None, span(node));
            }
        }
    }

    /// Declares the names of a target in the innermost scope (comprehension variables).
    pub(super) fn declare_target(&mut self, target: Node<'t>) {
        let mut names = Vec::new();
        target_names(target, &mut names);
        for node in names {
            self.b.shadow(self.src(node), None, span(node));
        }
    }

    /// Where an assignment to `name` writes.
    pub(super) fn name_target(&mut self, name: Node<'t>) -> Place {
        let text = self.src(name);
        if let Some(class) = self.frame().classes.last() {
            let place = class.place.then(crate::ir::instr::Field::name(text));
            self.b.bind(Symbol::from(text), place.clone());
            return place;
        }
        match self.b.lookup(text) {
            Place { base: Base::Global(_), .. } => self.b.declare_in_func(text, None, span(name)),
            place => place,
        }
    }

    fn scan(&self, body: Node<'t>) -> Scan<'t> {
        let mut scan = Scan::default();
        let mut todo = vec![body];
        while let Some(node) = todo.pop() {
            let before = todo.len();
            scan.node(node, self.has_walrus, &mut todo);
            todo[before..].reverse();
        }
        scan
    }
}

impl<'t> Scan<'t> {
    /// Notes what `node` itself assigns and adds the nodes to look into.
    fn node(&mut self, node: Node<'t>, has_walrus: bool, todo: &mut Vec<Node<'t>>) {
        match node.kind_name() {
            "assignment" | "augmented_assignment" => {
                field(node, "left").into_iter().for_each(|left| target_names(left, &mut self.assigned));
                todo.extend(
                    field(node, "right").filter(|right| has_walrus || right.kind_name().ends_with("assignment")),
                );
            }
            "for_statement" => {
                field(node, "left").into_iter().for_each(|left| target_names(left, &mut self.assigned));
                todo.extend(parts(node).into_iter().skip(1));
            }
            "function_definition" | "class_definition" => self.assigned.extend(field(node, "name")),
            "lambda" => {}
            "decorated_definition" => todo.extend(field(node, "definition")),
            "named_expression" => {
                self.assigned.extend(field(node, "name"));
                todo.extend(field(node, "value"));
            }
            "as_pattern_target" => parts(node).into_iter().for_each(|part| target_names(part, &mut self.assigned)),
            "except_clause" => {
                field(node, "alias").into_iter().for_each(|alias| target_names(alias, &mut self.assigned));
                todo.extend(parts(node));
            }
            "import_statement" | "import_from_statement" => imported_names(node, &mut self.assigned),
            "global_statement" => self.global.extend(parts(node)),
            "nonlocal_statement" => self.nonlocal.extend(parts(node)),
            "type_alias_statement" => {
                let left = field(node, "left").and_then(alias_name);
                self.assigned.extend(left);
            }
            "case_clause" => {
                for part in parts(node) {
                    match part.kind_name() {
                        "case_pattern" => capture_names(part, &mut self.assigned),
                        _ => todo.push(part),
                    }
                }
            }
            kind if has_walrus || is_statement_like(kind) => todo.extend(parts(node)),
            _ => {}
        }
    }
}

/// The name that a `type` statement makes, without its parameters.
pub(super) fn alias_name(left: Node<'_>) -> Option<Node<'_>> {
    let mut node = left;
    while node.kind_name() != "identifier" {
        node = first_part(node)?;
    }
    Some(node)
}

/// The names that an assignment to `target` binds.
fn target_names<'t>(target: Node<'t>, names: &mut Vec<Node<'t>>) {
    let mut todo = vec![target];
    while let Some(node) = todo.pop() {
        match node.kind_name() {
            "identifier" => names.push(node),
            "pattern_list"
            | "tuple_pattern"
            | "list_pattern"
            | "list_splat_pattern"
            | "tuple"
            | "list"
            | "expression_list"
            | "list_splat"
            | "parenthesized_expression"
            | "as_pattern_target" => {
                todo.extend(parts(node).into_iter().rev());
            }
            _ => {}
        }
    }
}

fn imported_names<'t>(node: Node<'t>, names: &mut Vec<Node<'t>>) {
    for name in fields(node, "name") {
        match name.kind_name() {
            "aliased_import" => names.extend(field(name, "alias")),
            // `import a.b` binds `a`.
            _ => names.extend(first_part(name)),
        }
    }
}

/// The names that a `case` pattern captures.
fn capture_names<'t>(pattern: Node<'t>, names: &mut Vec<Node<'t>>) {
    let mut todo = vec![pattern];
    while let Some(node) = todo.pop() {
        match node.kind_name() {
            "dotted_name" => {
                let inner = parts(node);
                if let [name] = inner[..] {
                    names.push(name);
                }
            }
            "class_pattern" | "keyword_pattern" => todo.extend(parts(node).into_iter().skip(1).rev()),
            "identifier" => names.push(node),
            "string" | "concatenated_string" => {}
            _ => todo.extend(parts(node).into_iter().rev()),
        }
    }
}

/// Can statements stand below a node of this kind?
fn is_statement_like(kind: &str) -> bool {
    kind.ends_with("_statement")
        || kind.ends_with("_clause")
        || kind.ends_with("_definition")
        || matches!(kind, "module" | "block" | "ERROR" | "with_item" | "as_pattern")
}
