//! Statements that do not jump: assignments, `del`, `assert`, and the table of all statements.

use tree_sitter::Node;

use crate::ir::instr::{Arg, ArgKind, Base, CallStyle, Const, Field, InstrId, Op, Oper, Place};
use crate::ir::program::{ClassKind, FieldDecl};
use crate::ir::types::{Annotation, OF_CLASS};
use crate::lower::fields::KindName;

use super::super::LowerNoteKind;
use super::names::alias_name;
use super::{Lowering, field, first_part, has_token, parts, span};

impl<'t> Lowering<'t> {
    /// The statements of a block or module.
    pub(super) fn statements(&mut self, block: Node<'t>) {
        let mut cursor = block.walk();
        for statement in block.named_children(&mut cursor) {
            self.statement(statement);
        }
    }

    pub(super) fn statement(&mut self, node: Node<'t>) {
        self.deeper(node, |cx| cx.statement_kind(node));
    }

    fn statement_kind(&mut self, node: Node<'t>) {
        match node.kind_name() {
            "expression_statement" => self.expression_statement(node),
            "import_statement" => self.import(node),
            "import_from_statement" => self.import_from(node),
            "function_definition" => self.function(node, &[]),
            "class_definition" => self.class(node, &[]),
            "decorated_definition" => self.decorated(node),
            "delete_statement" => self.delete(node),
            "assert_statement" => self.assert(node),
            "type_alias_statement" => self.type_alias(node),
            "print_statement" | "exec_statement" => self.python2(node),
            "block" | "ERROR" => self.statements(node),
            "comment"
            | "line_continuation"
            | "pass_statement"
            | "global_statement"
            | "nonlocal_statement"
            | "future_import_statement" => {}
            kind if kind.ends_with("_statement") => self.jump_statement(node),
            // What is left of a broken statement.
            _ => {
                self.expr(node);
            }
        }
    }

    fn jump_statement(&mut self, node: Node<'t>) {
        match node.kind_name() {
            "if_statement" => self.if_statement(node),
            "for_statement" => self.for_statement(node),
            "while_statement" => self.while_statement(node),
            "try_statement" => self.try_statement(node),
            "with_statement" => self.with_statement(node),
            "match_statement" => self.match_statement(node),
            "return_statement" => self.return_statement(node),
            "raise_statement" => self.raise_statement(node),
            "break_statement" => self.break_statement(),
            "continue_statement" => self.continue_statement(),
            _ => {
                self.unknown_parts("statement", node);
            }
        }
    }

    fn expression_statement(&mut self, node: Node<'t>) {
        for part in parts(node) {
            if part.kind_name() == "assignment" {
                self.assignment(part);
                continue;
            }
            // A text on its own is documentation.
            if part.kind_name() != "string" || self.constant_text(part).is_none() {
                self.expr(part);
            }
        }
    }

    // ---- assignment ----------------------------------------------------------------------------------------------

    /// `a = b = value`, `a: T = value`, `a: T`. Gives the value assigned, if one is.
    pub(super) fn assignment(&mut self, node: Node<'t>) -> Option<InstrId> {
        let mut targets = Vec::new();
        let mut rest = Some(node);
        while let Some(step) = rest.filter(|step| step.kind_name() == "assignment") {
            targets.extend(field(step, "left"));
            if let (Some(target), Some(ty)) = (field(step, "left"), field(step, "type")) {
                self.annotate(target, ty);
            }
            rest = field(step, "right");
        }
        let right = rest?;
        let value = match targets[..] {
            [name] if right.kind_name() == "lambda" && name.kind_name() == "identifier" => {
                self.lambda(right, self.src(name))
            }
            _ => self.expr(right),
        };
        for target in targets {
            self.assign(target, value);
            self.mirror(target, value);
        }
        Some(value)
    }

    fn annotate(&mut self, target: Node<'t>, annotation: Node<'t>) {
        let ty = self.type_ref(annotation);
        let name = self.src(target);
        let at = span(target);
        let decl = |name: &str, ty| FieldDecl { name: name.into(), ty: Some(ty), annotations: Vec::new(), span: at };
        if target.kind_name() == "identifier" {
            if let Some(class) = self.frame().classes.last().map(|class| class.id) {
                // `ClassVar[T]`: a field of the class, not of its objects.
                let head = self.src(annotation).split('[').next().unwrap_or_default().trim();
                let is_of_class = head.rsplit('.').next() == Some(OF_CLASS);
                let mark = if is_of_class { self.dotted(head) } else { None };
                let mark = mark.map(|name| Annotation { name, args: Vec::new(), span: at });
                let field = FieldDecl { annotations: mark.into_iter().collect(), ..decl(name, ty) };
                self.b.class_mut(class).fields.push(field);
                return;
            }
            let place = self.name_target(target);
            self.b.set_type(&place, ty);
            return;
        }
        // `self.x: T = …` in a method declares a field.
        let (Some((receiver, attribute)), Some((class, Some(own)))) = (name.split_once('.'), &self.frame().method_of)
        else {
            return;
        };
        if own == receiver && !attribute.contains(['.', '[', '(']) {
            let class = *class;
            self.b.class_mut(class).fields.push(decl(attribute, ty));
        }
    }

    pub(super) fn store_name(&mut self, name: Node<'t>, value: InstrId) {
        let place = self.name_target(name);
        self.b.store(place, value, span(name));
    }

    /// Stores a value to a target, taking it apart where the target is a pattern.
    pub(super) fn assign(&mut self, target: Node<'t>, value: InstrId) {
        match target.kind_name() {
            "identifier" => {
                if let Some(class) = self.frame().classes.last().filter(|class| class.is_enum).map(|class| class.id) {
                    self.add_variant(class, target);
                }
                self.store_name(target, value);
            }
            "dotted_name" | "as_pattern_target" | "parenthesized_expression" => {
                if let Some(inner) = first_part(target) {
                    self.assign(inner, value);
                }
            }
            "attribute" | "subscript" => {
                let place = self.place(target);
                self.b.store(place, value, span(target));
            }
            _ => self.unpack(target, &Place::value(value)),
        }
    }

    /// Stores the item of an iteration to a target.
    pub(super) fn assign_item(&mut self, target: Node<'t>, iterated: InstrId, is_async: bool) {
        let item = Place::value(iterated).then(Field::Any);
        if is_async {
            let value = self.b.load(item, span(target));
            let value = self.push(Op::Await(value), target);
            self.assign(target, value);
        } else {
            self.assign_from(target, &item);
        }
    }

    /// Stores what a place holds to a target.
    fn assign_from(&mut self, target: Node<'t>, from: &Place) {
        if is_pattern(target) {
            self.deeper(target, |cx| cx.unpack(target, from));
        } else {
            let value = self.b.load(from.clone(), span(target));
            self.assign(target, value);
        }
    }

    /// `a, (b, *c), d = from`.
    fn unpack(&mut self, target: Node<'t>, from: &Place) {
        let mut is_counted = true;
        let targets = parts(target);
        let n_targets = targets.len();
        for (at, part) in targets.into_iter().enumerate() {
            let index = u32::try_from(at).ok().filter(|_| is_counted);
            if matches!(part.kind_name(), "list_splat_pattern" | "list_splat") {
                is_counted = false;
                let rest = self.rest_of(from, at, part);
                if let Some(inner) = first_part(part) {
                    self.assign(inner, rest);
                }
                continue;
            }
            // Behind the rest they are counted from the end: `*_, last = from`.
            if index.is_none()
                && !is_pattern(part)
                && let Ok(from_end) = i64::try_from(n_targets - at)
            {
                let key = self.b.constant(Const::Int(-from_end), span(part));
                self.b.computed_key(key);
            }
            self.assign_from(part, &from.then(index.map_or(Field::Any, Field::Index)));
        }
    }

    /// The items from number `at` on.
    pub(super) fn rest_of(&mut self, from: &Place, at: usize, node: Node<'t>) -> InstrId {
        let whole = self.load_place(from.clone(), node);
        let start = self.b.constant(Const::Int(i64::try_from(at).unwrap_or(i64::MAX)), span(node));
        self.push(Op::Operator(Oper::Slice, vec![whole, start]), node)
    }

    /// `a += b`.
    pub(super) fn augmented(&mut self, node: Node<'t>) -> InstrId {
        let (Some(target), Some(right)) = (field(node, "left"), field(node, "right")) else {
            return self.unknown_parts("assignment", node);
        };
        let place = if target.kind_name() == "identifier" { self.name_target(target) } else { self.place(target) };
        let before = self.b.load(place.clone(), span(target));
        let right = self.expr(right);
        let oper = if has_token(node, "+=") { Oper::Add } else { Oper::Arith };
        let value = self.push(Op::Operator(oper, vec![before, right]), node);
        self.b.store(place, value, span(node))
    }

    // ---- the rest ------------------------------------------------------------------------------------------------

    fn delete(&mut self, node: Node<'t>) {
        let mut todo = parts(node);
        todo.reverse();
        while let Some(target) = todo.pop() {
            if is_pattern(target) || target.kind_name() == "parenthesized_expression" {
                todo.extend(parts(target).into_iter().rev());
                continue;
            }
            let place = self.place(target);
            if !matches!(place, Place { base: Base::Value(_), ref path } if path.is_empty())
                && place.path.last() != Some(&Field::Any)
            {
                let nothing = self.b.constant(Const::Undefined, span(target));
                self.b.store(place, nothing, span(target));
            }
        }
    }

    fn assert(&mut self, node: Node<'t>) {
        let operands = parts(node);
        let Some((condition, message)) = operands.split_first() else { return };
        let (holds, fails) = (self.b.new_block(), self.b.new_block());
        self.condition(*condition, holds, fails);
        self.b.switch_to(fails);
        let args = message.iter().map(|part| Arg { value: self.expr(*part), kind: ArgKind::Positional }).collect();
        let error = self.b.call(Place::global("AssertionError"), args, CallStyle::Implicit, span(node));
        self.b.throw(error);
        self.b.switch_to(holds);
    }

    fn type_alias(&mut self, node: Node<'t>) {
        let (Some(name), Some(right)) = (field(node, "left").and_then(alias_name), field(node, "right")) else {
            return;
        };
        let ty = self.type_ref(right);
        let class = self.b.class(self.src(name).into(), ClassKind::Alias, span(node));
        self.b.class_mut(class).bases.push(ty);
        let value = self.push(Op::Class(class), node);
        self.store_name(name, value);
    }

    /// `print x` and `exec "…"` are Python 2.
    fn python2(&mut self, node: Node<'t>) {
        if !std::mem::replace(&mut self.noted.python2, true) {
            self.note(span(node), LowerNoteKind::Partial, "Python 2 statement");
        }
        let callee = if node.kind_name() == "print_statement" { "print" } else { "exec" };
        let args = parts(node).into_iter().map(|part| {
            let value = if part.kind_name() == "chevron" { self.inner(part) } else { self.expr(part) };
            Arg { value, kind: ArgKind::Positional }
        });
        let args = args.collect();
        self.b.call(Place::global(callee), args, CallStyle::Plain, span(node));
    }
}

fn is_pattern(target: Node<'_>) -> bool {
    matches!(
        target.kind_name(),
        "pattern_list" | "tuple_pattern" | "list_pattern" | "tuple" | "list" | "expression_list"
    )
}
