//! Classes and enums.
//!
//! Instance fields are stores to `this` in the constructor (made up if the class has none), after `super(…)` where there is one.
//! Static fields and blocks are code behind the class, where `this` is the class.

use tree_sitter::Node;

use crate::base::Symbol;
use crate::base::span::Span;
use crate::ir::build::{NewFunc, ScopeKind};
use crate::ir::func::{FuncId, FuncKind, ParamKind};
use crate::ir::instr::{Arg, ArgKind, Base, CallStyle, Const, Field, InstrId, Op, Place};
use crate::ir::program::{ClassId, ClassKind, FieldDecl, Variant};
use crate::ir::types::{Annotation, AnnotationArg, AnnotationValue, NamedType, TypeRef};
use crate::lower::fields::KindName;

use super::funcs::is_property;
use super::shapes::accessor;
use super::{Lowerer, field, first_named, has_child, is_comment, named, span};

/// A class whose body is being lowered.
pub(super) struct ClassCx<'t> {
    /// The name under which its code finds it.
    pub(super) name: Symbol,
    is_derived: bool,
    /// Instance fields whose stores are not emitted yet.
    fields: Vec<Node<'t>>,
}

/// A member with the decorators before it.
struct Member<'t> {
    node: Node<'t>,
    decorators: Vec<Node<'t>>,
}

impl<'t> Lowerer<'t> {
    pub(super) fn class_declaration(&mut self, node: Node<'t>, outer_decorators: &[Node<'t>]) {
        let Some(name) = field(node, "name") else { return };
        let text = self.text(name);
        let place = self.name(text);
        self.class(node, text, &place, outer_decorators);
    }

    pub(super) fn class_expression(&mut self, node: Node<'t>, name: &str) -> InstrId {
        let name = field(node, "name").map_or(name, |own| self.text(own)).to_owned();
        self.b.enter_scope(ScopeKind::Block);
        let place = self.b.declare(&name, None, span(node));
        let value = self.class(node, &name, &place, &[]);
        self.b.leave_scope();
        value
    }

    fn class(&mut self, node: Node<'t>, name: &str, place: &Place, outer: &[Node<'t>]) -> InstrId {
        let at = span(node);
        let id = self.b.class(name.into(), ClassKind::Class, at);
        let value = self.b.push(Op::Class(id), at);
        self.b.store(place.clone(), value, field(node, "name").map_or(at, span));
        let depth = self.enter_type_params(node);
        let heritage = named(node).into_iter().find(|child| child.kind_name() == "class_heritage");
        let bases = heritage.map(|heritage| self.class_types(|cx| cx.heritage(heritage))).unwrap_or_default();
        self.b.class_mut(id).bases = bases;
        let members = field(node, "body").map(members).unwrap_or_default();
        let is_derived = heritage.is_some_and(extends);
        let fields = members.iter().map(|member| member.node).filter(|node| is_instance_field(*node)).collect();
        self.classes.push(ClassCx { name: name.into(), is_derived, fields });
        for member in &members {
            self.declare_field(id, member);
        }
        self.methods(id, &members, at);
        self.statics(place, &members);
        self.classes.pop();
        self.type_params.truncate(depth);
        let mut value = value;
        let own: Vec<_> = named(node).into_iter().filter(|child| child.kind_name() == "decorator").collect();
        // The decorator nearest to the class runs first.
        for decorator in outer.iter().chain(&own).rev() {
            let annotation = self.annotation_of(*decorator);
            self.b.class_mut(id).annotations.extend(annotation);
            value = self.decorate(*decorator, Some(value));
            self.b.store(place.clone(), value, span(*decorator));
        }
        value
    }

    fn heritage(&mut self, heritage: Node<'t>) -> Vec<TypeRef> {
        let mut bases = Vec::new();
        for clause in named(heritage) {
            match clause.kind_name() {
                "extends_clause" => {
                    let args = field(clause, "type_arguments").map(named).unwrap_or_default();
                    let args = args.into_iter().map(|arg| self.ty(arg)).collect();
                    bases.extend(field(clause, "value").map(|value| self.base(value, args)));
                }
                "implements_clause" => {
                    for base in named(clause) {
                        bases.push(self.ty(base));
                    }
                }
                _ => bases.push(self.base(clause, Vec::new())),
            }
        }
        bases
    }

    /// The class that `extends` names; a computed one is lowered and stays unnamed.
    fn base(&mut self, value: Node<'t>, args: Vec<TypeRef>) -> TypeRef {
        let place = self.place(value);
        let names = place.path.iter().map(|step| match step {
            Field::Name(name) => Some(name.clone()),
            _ => None,
        });
        match names.collect::<Option<Vec<_>>>() {
            Some(path) if !matches!(place.base, Base::Value(_)) => {
                let base = self.b.outlive(Place::of(place.base)).base;
                TypeRef::Named(Box::new(NamedType { base, path, args }))
            }
            _ => TypeRef::Other,
        }
    }

    fn declare_field(&mut self, id: ClassId, member: &Member<'t>) {
        let node = member.node;
        if is_field(node) {
            let Some(name) = field_name(node) else { return };
            let name_text = self.key_text(name);
            let ty = self.class_types(|cx| field(node, "type").and_then(|ty| cx.annotation(ty)));
            let annotations = member.decorators.iter().filter_map(|node| self.annotation_of(*node)).collect();
            self.b.class_mut(id).fields.push(FieldDecl { name: name_text, ty, annotations, span: span(node) });
        } else if self.is_constructor(node) {
            for param in field(node, "parameters").map(named).unwrap_or_default() {
                let Some(name) = field(param, "pattern").filter(|_| is_property(param)) else { continue };
                let ty = self.class_types(|cx| field(param, "type").and_then(|ty| cx.annotation(ty)));
                let name = self.text(name).into();
                self.b.class_mut(id).fields.push(FieldDecl { name, ty, annotations: Vec::new(), span: span(param) });
            }
        }
    }

    fn is_constructor(&self, node: Node<'t>) -> bool {
        node.kind_name() == "method_definition"
            && !has_child(node, "static")
            && field(node, "name").is_some_and(|name| self.text(name) == "constructor")
    }

    fn methods(&mut self, id: ClassId, members: &[Member<'t>], at: Span) {
        let mut has_constructor = false;
        for member in members {
            let node = member.node;
            if node.kind_name() != "method_definition" || field(node, "body").is_none() {
                continue;
            }
            let Some(name) = field(node, "name") else { continue };
            if name.kind_name() == "computed_property_name" {
                self.key(name);
            }
            let text = self.key_text(name);
            let kind = if self.is_constructor(node) {
                has_constructor = true;
                FuncKind::Constructor
            } else if has_child(node, "static") {
                FuncKind::Static
            } else {
                accessor(node)
            };
            let func = self.function(node, &text, kind);
            self.adopt(id, text, func);
            self.method_decorators(member, func);
        }
        let missing = self.classes.last().is_some_and(|class| !class.fields.is_empty());
        if !has_constructor && missing {
            let func = self.made_constructor(at);
            self.adopt(id, "constructor".into(), func);
        }
    }

    fn adopt(&mut self, id: ClassId, name: Symbol, func: FuncId) {
        self.b.finished_func_mut(func).owner = Some(id);
        self.b.class_mut(id).methods.push((name, func));
    }

    fn method_decorators(&mut self, member: &Member<'t>, func: FuncId) {
        for decorator in member.decorators.iter().rev() {
            let annotation = self.annotation_of(*decorator);
            self.b.finished_func_mut(func).annotations.extend(annotation);
            let value = self.b.push(Op::Closure(func), span(member.node));
            self.decorate(*decorator, Some(value));
        }
        let params = field(member.node, "parameters").map(named).unwrap_or_default();
        let params =
            params.into_iter().filter(|param| field(*param, "pattern").is_none_or(|name| name.kind_name() != "this"));
        for (at, param) in params.enumerate() {
            for decorator in named(param).into_iter().filter(|child| child.kind_name() == "decorator") {
                let annotation = self.annotation_of(decorator);
                if let Some(param) = self.b.finished_func_mut(func).params.get_mut(at) {
                    param.annotations.extend(annotation);
                }
                self.decorate(decorator, None);
            }
        }
    }

    /// The constructor of a class that has fields but declares none.
    fn made_constructor(&mut self, at: Span) -> FuncId {
        let func = self.b.enter_func(NewFunc {
            name: "constructor".into(),
            kind: FuncKind::Constructor,
            is_async: false,
            is_generator: false,
            span: at,
            name_span: at,
        });
        self.in_function(|cx| {
            cx.b.receiver("this");
            if cx.classes.last().is_some_and(|class| class.is_derived) {
                let args = cx.b.param("args".into(), ParamKind::Rest, None, at);
                let value = cx.b.load(Place::local(args), at);
                let args = vec![Arg { value, kind: ArgKind::Spread }];
                cx.b.call(Place::global("super"), args, CallStyle::Implicit, at);
            }
            cx.fields_at_end();
        });
        self.b.leave_func();
        func
    }

    /// At the start of a constructor: the fields of a class that extends none.
    pub(super) fn fields_at_start(&mut self) {
        if self.classes.last().is_some_and(|class| !class.is_derived) {
            self.fields_at_end();
        }
    }

    /// After `super(…)`: the fields of a class that extends another.
    pub(super) fn fields_after_super(&mut self) {
        if self.b.func().kind == FuncKind::Constructor {
            self.fields_at_end();
        }
    }

    /// Emits the field stores that were not emitted yet.
    pub(super) fn fields_at_end(&mut self) {
        let Some(class) = self.classes.last_mut() else { return };
        let fields = std::mem::take(&mut class.fields);
        if fields.is_empty() {
            return;
        }
        let this = self.b.lookup("this");
        for node in fields {
            self.field_store(&this, node);
        }
    }

    fn field_store(&mut self, to: &Place, node: Node<'t>) {
        let (Some(name), Some(value)) = (field_name(node), field(node, "value")) else { return };
        let text = self.key_text(name);
        let key = self.key(name);
        let value = self.named_expr(value, &text);
        self.b.store(to.then(key), value, span(node));
    }

    fn statics(&mut self, place: &Place, members: &[Member<'t>]) {
        self.b.enter_scope(ScopeKind::Block);
        self.b.bind("this".into(), place.clone());
        for member in members {
            let node = member.node;
            if is_field(node) && has_child(node, "static") {
                self.field_store(place, node);
            } else if node.kind_name() == "class_static_block"
                && let Some(body) = field(node, "body")
            {
                self.block(&named(body));
            }
            if is_field(node) {
                for decorator in member.decorators.iter().rev() {
                    self.decorate(*decorator, None);
                }
            }
        }
        self.b.leave_scope();
    }

    // ---- decorators ----------------------------------------------------------------------------------------------

    fn decorate(&mut self, decorator: Node<'t>, value: Option<InstrId>) -> InstrId {
        let callee = match first_named(decorator) {
            Some(inner) => self.place(inner),
            None => Place::global("undefined"),
        };
        let args = value.into_iter().map(|value| Arg { value, kind: ArgKind::Positional }).collect();
        self.b.call(callee, args, CallStyle::Decorator, span(decorator))
    }

    /// The name and constant arguments of a decorator.
    fn annotation_of(&mut self, decorator: Node<'t>) -> Option<Annotation> {
        let inner = first_named(decorator)?;
        let (callee, args) = match inner.kind_name() {
            "call_expression" => (field(inner, "function")?, field(inner, "arguments").map(named)),
            _ => (inner, None),
        };
        if !matches!(callee.kind_name(), "identifier" | "member_expression") {
            return None;
        }
        let mut names = self.text(callee).split('.').map(str::trim);
        let base = self.name(names.next()?);
        let base = self.b.outlive(base).base;
        let name = NamedType { base, path: names.map(Symbol::from).collect(), args: Vec::new() };
        let args = args
            .unwrap_or_default()
            .into_iter()
            .map(|arg| AnnotationArg { name: None, value: self.annotation_arg(arg) });
        Some(Annotation { name, args: args.collect(), span: span(decorator) })
    }

    fn annotation_arg(&self, arg: Node<'t>) -> AnnotationValue {
        match self.constant_text(arg) {
            Some(text) => AnnotationValue::Const(Const::Str(text)),
            None => {
                let text: String = self.text(arg).chars().filter(|c| !c.is_whitespace()).collect();
                AnnotationValue::Path(text.into())
            }
        }
    }

    // ---- enums ---------------------------------------------------------------------------------------------------

    pub(super) fn enumeration(&mut self, node: Node<'t>) {
        let (Some(name), Some(body)) = (field(node, "name"), field(node, "body")) else { return };
        let text = self.text(name);
        let id = self.b.class(text.into(), ClassKind::Enum, span(node));
        let place = self.name(text);
        let value = self.b.push(Op::Class(id), span(node));
        self.b.store(place.clone(), value, span(name));
        let mut next = Some(0);
        for member in named(body) {
            let key = field(member, "name").unwrap_or(member);
            let name = self.key_text(key);
            let value = match field(member, "value") {
                Some(value) => self.expr(value),
                None => match next {
                    Some(number) => self.b.constant(Const::Int(number), span(member)),
                    None => self.unknown("enum value", Vec::new(), member),
                },
            };
            next = match self.b.op(value) {
                Op::Const(Const::Int(number)) => number.checked_add(1),
                _ => None,
            };
            self.b.store(place.then(Field::Name(name.clone())), value, span(member));
            let variant = Variant { name, fields: Vec::new(), annotations: Vec::new(), span: span(member) };
            self.b.class_mut(id).variants.push(variant);
        }
    }
}

/// The members of a class body; decorators stand before or in theirs.
fn members(body: Node<'_>) -> Vec<Member<'_>> {
    let mut res = Vec::new();
    let mut decorators = Vec::new();
    for node in body.named_children(&mut body.walk()) {
        if is_comment(node) {
            continue;
        }
        if node.kind_name() == "decorator" {
            decorators.push(node);
            continue;
        }
        decorators.extend(named(node).into_iter().filter(|child| child.kind_name() == "decorator"));
        res.push(Member { node, decorators: std::mem::take(&mut decorators) });
    }
    res
}

fn is_field(node: Node<'_>) -> bool {
    matches!(node.kind_name(), "public_field_definition" | "field_definition")
}

fn is_instance_field(node: Node<'_>) -> bool {
    is_field(node) && !has_child(node, "static") && field(node, "value").is_some()
}

fn field_name(node: Node<'_>) -> Option<Node<'_>> {
    field(node, "name").or_else(|| field(node, "property"))
}

/// Does a heritage name a superclass (not only interfaces)?
fn extends(heritage: Node<'_>) -> bool {
    named(heritage).iter().any(|clause| clause.kind_name() != "implements_clause")
}
