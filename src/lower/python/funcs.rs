//! Functions, lambdas, parameters, decorators.

use tree_sitter::Node;

use crate::base::Symbol;
use crate::base::span::Span;
use crate::ir::build::NewFunc;
use crate::ir::func::{FuncId, FuncKind, ParamKind};
use crate::ir::instr::{Arg, ArgKind, Base, CallStyle, Const, InstrId, Op, Place};
use crate::ir::types::{Annotation, AnnotationArg, AnnotationValue, TypeRef};
use crate::lower::fields::KindName;

use super::{Frame, Lowering, field, first_part, has_token, parts, span};

/// A decorator whose expression was evaluated.
pub(super) struct Decorator {
    value: InstrId,
    annotation: Option<Annotation>,
    span: Span,
}

impl Decorator {
    pub(super) fn annotation(&self) -> Option<Annotation> {
        self.annotation.clone()
    }

    /// The last name of what decorates: `property`, `setter` of `@x.setter`.
    fn last_name(&self) -> Option<&str> {
        self.annotation.as_ref().and_then(|annotation| annotation.name.last_name()).map(Symbol::as_str)
    }
}

impl<'t> Lowering<'t> {
    /// `@a @b def f` and `@a class C`: decorators are evaluated first, in order, and applied last to first.
    pub(super) fn decorated(&mut self, node: Node<'t>) {
        let mut decorators = Vec::new();
        for part in parts(node) {
            if part.kind_name() == "decorator"
                && let Some(expression) = first_part(part)
            {
                let annotation = self.annotation(expression);
                let value = self.expr(expression);
                decorators.push(Decorator { value, annotation, span: span(part) });
            }
        }
        match field(node, "definition") {
            Some(class) if class.kind_name() == "class_definition" => self.class(class, &decorators),
            Some(function) => self.function(function, &decorators),
            None => {}
        }
    }

    fn annotation(&mut self, expression: Node<'t>) -> Option<Annotation> {
        let (callee, arguments) = match expression.kind_name() {
            "call" => (field(expression, "function")?, field(expression, "arguments")),
            _ => (expression, None),
        };
        let name = self.dotted(self.src(callee))?;
        let mut args = Vec::new();
        for arg in arguments.map(parts).unwrap_or_default() {
            let (name, value) = match arg.kind_name() {
                "keyword_argument" => (field(arg, "name").map(|name| self.src(name).into()), field(arg, "value")?),
                _ => (None, arg),
            };
            args.push(AnnotationArg { name, value: self.annotation_value(value) });
        }
        Some(Annotation { name, args, span: span(expression) })
    }

    fn annotation_value(&self, node: Node<'t>) -> AnnotationValue {
        if let Some(text) = self.constant_text(node) {
            return AnnotationValue::Const(Const::Str(text.into()));
        }
        match node.kind_name() {
            "true" => AnnotationValue::Const(Const::Bool(true)),
            "false" => AnnotationValue::Const(Const::Bool(false)),
            "none" => AnnotationValue::Const(Const::Null),
            "integer" => AnnotationValue::Const(super::literals::number(self.src(node), false)),
            _ => AnnotationValue::Path(self.src(node).chars().filter(|c| !c.is_whitespace()).collect()),
        }
    }

    /// Applies decorators to a function or class.
    pub(super) fn decorate(&mut self, mut value: InstrId, decorators: &[Decorator]) -> InstrId {
        for decorator in decorators.iter().rev() {
            let args = vec![Arg { value, kind: ArgKind::Positional }];
            value = self.b.call(Place::value(decorator.value), args, CallStyle::Decorator, decorator.span);
        }
        value
    }

    pub(super) fn function(&mut self, node: Node<'t>, decorators: &[Decorator]) {
        let Some(name) = field(node, "name") else { return };
        let class = self.frame().classes.last().map(|class| class.id);
        let kind = if class.is_some() { method_kind(self.src(name), decorators) } else { FuncKind::Plain };
        let class_param = class.is_some().then(|| self.class_param(self.src(name), decorators)).flatten();
        let new = NewFunc {
            name: self.src(name).into(),
            kind,
            is_async: has_token(node, "async"),
            is_generator: false,
            span: span(node),
            name_span: span(name),
        };
        let func = self.enter(new);
        self.b.func_mut().owner = class;
        self.b.func_mut().annotations = decorators.iter().filter_map(Decorator::annotation).collect();
        let ret = field(node, "return_type").map(|ty| self.type_ref(ty));
        self.b.func_mut().ret = ret;
        let receiver = field(node, "parameters").and_then(|list| {
            let first = match class_param {
                Some((name, place)) => First::Class(name, place),
                None if kind.takes_receiver() => First::Receiver,
                None => First::Param,
            };
            self.params(list, first)
        });
        self.frame().method_of = class.map(|class| (class, receiver));
        if let Some(body) = field(node, "body") {
            self.declare_func_names(body);
            self.statements(body);
        }
        self.leave();

        if let Some(class) = class {
            let name = self.src(name).into();
            self.b.class_mut(class).methods.push((name, func));
        }
        let closure = self.push(Op::Closure(func), node);
        let value = self.decorate(closure, decorators);
        // `@x.setter` replaces the property by itself with a setter.
        if kind != FuncKind::Setter {
            self.store_name(name, value);
        }
    }

    pub(super) fn lambda(&mut self, node: Node<'t>, name: &str) -> InstrId {
        let at = span(node);
        let new = NewFunc {
            name: name.into(),
            kind: FuncKind::Lambda,
            is_async: false,
            is_generator: false,
            span: at,
            name_span: at,
        };
        let func = self.enter(new);
        if let Some(list) = field(node, "parameters") {
            self.params(list, First::Param);
        }
        if let Some(body) = field(node, "body") {
            let value = self.expr(body);
            self.b.ret(Some(value));
        }
        self.leave();
        self.push(Op::Closure(func), node)
    }

    /// For a method that is given its class: the class's name and place.
    fn class_param(&mut self, name: &str, decorators: &[Decorator]) -> Option<(Symbol, Place)> {
        let is_given = decorators.iter().any(|decorator| decorator.last_name() == Some("classmethod"))
            || matches!(name, "__init_subclass__" | "__class_getitem__");
        let class = self.frame().classes.last().filter(|_| is_given)?;
        let (id, place) = (class.id, class.place.clone());
        Some((self.b.class_mut(id).name.clone(), place))
    }

    fn enter(&mut self, new: NewFunc) -> FuncId {
        self.frames.push(Frame::default());
        self.b.enter_func(new)
    }

    fn leave(&mut self) {
        self.b.leave_func();
        self.frames.pop();
    }

    // ---- parameters ----------------------------------------------------------------------------------------------

    /// Adds the parameters; gives the name of the receiver if there is one.
    fn params(&mut self, list: Node<'t>, first: First) -> Option<Symbol> {
        let nodes = parts(list);
        // Defaults and annotations mean the names around the function, so they come before its own are bound.
        let prepared: Vec<_> = nodes.iter().map(|node| self.prepare_param(*node)).collect();
        let mut receiver = None;
        let mut named_only = false;
        let mut at = 0_usize;
        for (node, prepared) in nodes.into_iter().zip(prepared) {
            match node.kind_name() {
                "keyword_separator" => named_only = true,
                "positional_separator" => {}
                _ => {
                    let is_plain = prepared.kind == ParamKind::Plain;
                    let name = prepared.name.map(|name| self.src(name));
                    if at == 0 && is_plain && matches!(first, First::Receiver) {
                        let name = name.unwrap_or("self");
                        self.b.receiver(name);
                        receiver = Some(name.into());
                    } else if at == 0
                        && is_plain
                        && let First::Class(class, place) = &first
                    {
                        // `cls` is the class, and no argument of a call stands there.
                        let place = match place.base {
                            Base::Local(_) => self.b.lookup(class),
                            _ => place.clone(),
                        };
                        let value = self.b.load(place, span(node));
                        let local = Place::local(self.b.temp(name.unwrap_or("cls"), None));
                        self.b.store(local.clone(), value, span(node));
                        self.b.bind(name.unwrap_or("cls").into(), local);
                    } else {
                        let kind = if named_only && is_plain { ParamKind::NamedOnly } else { prepared.kind };
                        named_only |= prepared.kind == ParamKind::Rest;
                        self.add_param(node, Prepared { kind, ..prepared });
                    }
                    at += 1;
                }
            }
        }
        receiver
    }

    fn prepare_param(&mut self, node: Node<'t>) -> Prepared<'t> {
        let ty = field(node, "type").map(|ty| self.type_ref(ty));
        let default = match (node.kind_name(), field(node, "value")) {
            ("default_parameter" | "typed_default_parameter", Some(value)) => Some(self.expr(value)),
            _ => None,
        };
        // The IR wants a default in the first block.
        let default = default.filter(|_| self.b.current() == self.b.func().entry());
        let inner = match node.kind_name() {
            "default_parameter" | "typed_default_parameter" => field(node, "name"),
            "typed_parameter" => first_part(node),
            _ => Some(node),
        };
        let (name, kind) = match inner {
            Some(splat) if splat.kind_name() == "list_splat_pattern" => (first_part(splat), ParamKind::Rest),
            Some(splat) if splat.kind_name() == "dictionary_splat_pattern" => (first_part(splat), ParamKind::RestNamed),
            inner => (inner, ParamKind::Plain),
        };
        Prepared { name, kind, ty, default }
    }

    fn add_param(&mut self, node: Node<'t>, prepared: Prepared<'t>) {
        let Some(name) = prepared.name else { return };
        let is_pattern = name.kind_name() != "identifier";
        let text = if is_pattern { "<pattern>" } else { self.src(name) };
        let local = self.b.param(text.into(), prepared.kind, prepared.ty, span(node));
        if let Some(param) = self.b.func_mut().params.last_mut() {
            param.default = prepared.default;
        }
        if is_pattern {
            // Python 2: `def f(a, (b, c))`.
            self.declare_target(name);
            let value = self.b.load(Place::local(local), span(name));
            self.assign(name, value);
        } else {
            self.b.bind(text.into(), Place::local(local));
        }
    }
}

/// What the first parameter of a function is.
enum First {
    Param,
    /// The object whose method it is.
    Receiver,
    /// The class whose method it is: its name and place.
    Class(Symbol, Place),
}

struct Prepared<'t> {
    name: Option<Node<'t>>,
    kind: ParamKind,
    ty: Option<TypeRef>,
    default: Option<InstrId>,
}

fn method_kind(name: &str, decorators: &[Decorator]) -> FuncKind {
    let by_decorator = decorators.iter().find_map(|decorator| match decorator.last_name()? {
        "staticmethod" | "classmethod" => Some(FuncKind::Static),
        "property" | "cached_property" | "getter" => Some(FuncKind::Getter),
        "setter" | "deleter" => Some(FuncKind::Setter),
        _ => None,
    });
    match (by_decorator, name) {
        (Some(kind), _) => kind,
        (None, "__init__") => FuncKind::Constructor,
        // Static without a decorator, by definition of the language.
        (None, "__new__" | "__init_subclass__" | "__class_getitem__") => FuncKind::Static,
        (None, _) => FuncKind::Method,
    }
}
