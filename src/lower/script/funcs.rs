//! Functions of every form.

use tree_sitter::Node;

use crate::ir::build::{NewFunc, ScopeKind};
use crate::ir::func::{FuncId, FuncKind, ParamKind};
use crate::ir::instr::{Base, Field, InstrId, Op, Oper, Place};
use crate::lower::fields::KindName;

use super::names::is_name;
use super::{Lowerer, field, first_named, has_child, named, span};

impl<'t> Lowerer<'t> {
    /// A function as a value.
    pub(super) fn closure(&mut self, node: Node<'t>, name: &str, kind: FuncKind) -> InstrId {
        let func = self.function(node, name, kind);
        self.b.push(Op::Closure(func), span(node))
    }

    /// `function f() {}` as an expression: its own name is visible inside it.
    pub(super) fn function_expression(&mut self, node: Node<'t>, name: &str, kind: FuncKind) -> InstrId {
        let Some(own) = field(node, "name") else { return self.closure(node, name, kind) };
        let text = self.text(own);
        self.b.enter_scope(ScopeKind::Block);
        let place = self.b.declare(text, None, span(own));
        let value = self.closure(node, text, kind);
        self.b.store(place, value, span(own));
        self.b.leave_scope();
        value
    }

    pub(super) fn function(&mut self, node: Node<'t>, name: &str, kind: FuncKind) -> FuncId {
        let func = self.enter(node, name, kind);
        let depth = self.type_params.len();
        self.in_function(|cx| {
            cx.enter_type_params(node);
            cx.receiver(node, kind);
            cx.params(node);
            let ret = field(node, "return_type").and_then(|ret| cx.annotation(ret));
            cx.b.func_mut().ret = ret;
            cx.parameter_properties(node, kind);
            if let Some(body) = field(node, "body") {
                cx.body(body);
            }
            if kind == FuncKind::Constructor {
                cx.fields_at_end();
            }
        });
        self.type_params.truncate(depth);
        self.b.leave_func();
        func
    }

    pub(super) fn enter(&mut self, node: Node<'t>, name: &str, kind: FuncKind) -> FuncId {
        self.b.enter_func(NewFunc {
            name: name.into(),
            kind,
            is_async: has_child(node, "async"),
            is_generator: has_child(node, "*"),
            span: span(node),
            name_span: field(node, "name").map_or_else(|| head(node), span),
        })
    }

    /// Runs `work` without the loops and labels of the function around it.
    pub(super) fn in_function(&mut self, work: impl FnOnce(&mut Self)) {
        let frames = std::mem::take(&mut self.frames);
        let outlive = std::mem::replace(&mut self.types_outlive, false);
        work(self);
        self.types_outlive = outlive;
        self.frames = frames;
    }

    /// Says what `this` means; an arrow function has the one around it.
    fn receiver(&mut self, node: Node<'t>, kind: FuncKind) {
        match kind {
            _ if node.kind_name() == "arrow_function" => {}
            FuncKind::Method | FuncKind::Constructor | FuncKind::Getter | FuncKind::Setter => {
                self.b.receiver("this");
            }
            FuncKind::Static => {
                let class = self.class_place();
                self.b.bind("this".into(), class);
            }
            _ => self.b.bind("this".into(), Place::global("this")),
        }
    }

    fn body(&mut self, body: Node<'t>) {
        if body.kind_name() == "statement_block" {
            let stmts = named(body);
            self.hoist(&stmts, true);
            self.stmts(&stmts);
        } else {
            let value = self.expr(body);
            self.b.ret(Some(value));
        }
    }

    fn params(&mut self, node: Node<'t>) {
        let params = match (field(node, "parameter"), field(node, "parameters")) {
            (Some(only), _) => vec![only],
            (None, Some(params)) => named(params),
            (None, None) => return,
        };
        let mut patterns = Vec::new();
        for param in params {
            let at = self.b.func().params.len();
            patterns.extend(self.param(param, at).map(|pattern| (at, pattern)));
        }
        for (at, (pattern, default)) in patterns {
            self.param_pattern(at, pattern, default);
        }
    }

    /// Adds a parameter; gives its pattern and default if it must be taken apart or filled in.
    fn param(&mut self, param: Node<'t>, at: usize) -> Option<(Option<Node<'t>>, Option<Node<'t>>)> {
        let pattern = field(param, "pattern").or_else(|| field(param, "left")).unwrap_or(param);
        let default = field(param, "value").or_else(|| field(param, "right"));
        let (pattern, kind) = match pattern.kind_name() {
            "rest_pattern" => (first_named(pattern)?, ParamKind::Rest),
            // `this: T` is a type, not a parameter.
            "this" => return None,
            _ => (pattern, ParamKind::Plain),
        };
        let ty = field(param, "type").and_then(|ty| self.annotation(ty));
        if is_name(pattern) {
            let name = self.text(pattern);
            let local = self.b.param(name.into(), kind, ty, span(pattern));
            self.b.bind(name.into(), Place::local(local));
            return default.map(|default| (None, Some(default)));
        }
        self.b.param(format!("arg{at}").into(), kind, ty, span(pattern));
        self.declare_pattern(pattern, None, false);
        Some((Some(pattern), default))
    }

    /// Sets the default of a parameter and takes its pattern apart.
    fn param_pattern(&mut self, at: usize, pattern: Option<Node<'t>>, default: Option<Node<'t>>) {
        let Some(param) = self.b.func().params.get(at) else { return };
        let (local, name) = (param.local, param.name.clone());
        if let Some(default) = default {
            let entry = self.b.current();
            let value = self.named_expr(default, &name);
            if self.b.current() == entry && entry == self.b.func().entry() {
                self.b.func_mut().params[at].default = Some(value);
            } else {
                self.fill_in(Place::local(local), value, default);
            }
        }
        if let Some(pattern) = pattern {
            self.bind(pattern, Place::local(local));
        }
    }

    /// A default that branches stands in no single block: it is stored where the parameter is missing.
    fn fill_in(&mut self, param: Place, value: InstrId, node: Node<'t>) {
        let at = span(node);
        let given = self.b.load(param.clone(), at);
        let missing = self.b.push(Op::Operator(Oper::IsMissing, vec![given]), at);
        let (fill, next) = (self.b.new_block(), self.b.new_block());
        self.b.branch(missing, fill, next);
        self.b.switch_to(fill);
        self.b.store(param, value, at);
        self.b.goto(next);
        self.b.switch_to(next);
    }

    /// `constructor(private name: T)` stores the parameter to the field; a class that extends none has its fields set next.
    fn parameter_properties(&mut self, node: Node<'t>, kind: FuncKind) {
        if kind != FuncKind::Constructor {
            return;
        }
        let this = self.b.lookup("this");
        for param in field(node, "parameters").map(named).unwrap_or_default() {
            let Some(name) = field(param, "pattern").filter(|_| is_property(param)) else { continue };
            let text = self.text(name);
            let place = self.name(text);
            let value = self.b.load(place, span(name));
            self.b.store(this.then(Field::name(text)), value, span(param));
        }
        self.fields_at_start();
    }

    /// The place of the class around the current function.
    pub(super) fn class_place(&mut self) -> Place {
        match self.classes.last() {
            Some(class) => {
                let name = class.name.clone();
                self.b.lookup(&name)
            }
            None => Place::of(Base::Global("this".into())),
        }
    }
}

/// Is this constructor parameter a field too?
pub(super) fn is_property(param: Node<'_>) -> bool {
    param
        .children(&mut param.walk())
        .any(|child| matches!(child.kind_name(), "accessibility_modifier" | "readonly" | "override_modifier"))
}

/// Where a report points to name a function without a name: what stands before its body.
fn head(node: Node<'_>) -> crate::base::span::Span {
    let whole = span(node);
    match field(node, "body") {
        Some(body) if body.start_byte() > node.start_byte() => {
            crate::base::span::Span::new(node.start_byte(), body.start_byte())
        }
        _ => whole,
    }
}
