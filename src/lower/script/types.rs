//! Type annotations, interfaces and type aliases.

use tree_sitter::Node;

use crate::base::Symbol;
use crate::ir::instr::{Base, Op};
use crate::ir::program::{ClassKind, FieldDecl};
use crate::ir::types::{NamedType, TypeRef};
use crate::lower::fields::KindName;

use super::{Lowerer, field, first_named, named, span};

/// Types that TypeScript makes of that of a function or class, which a program does not declare: `ReturnType<typeof make>` is no
/// class of that name.
const OF_FUNCS: [&str; 6] =
    ["ReturnType", "Parameters", "ConstructorParameters", "InstanceType", "ThisParameterType", "OmitThisParameter"];

/// Types that have the fields of another one, whatever they say of them: `Partial<Settings>`.
const OF_FIELDS: [&str; 4] = ["Partial", "Required", "Readonly", "NonNullable"];

fn has_fields_of_another(made: &NamedType) -> bool {
    matches!(&made.base, Base::Global(name) if OF_FIELDS.contains(&name.as_str()))
        && made.path.is_empty()
        && made.args.len() == 1
}

fn is_made_of_func(base: &Base) -> bool {
    matches!(base, Base::Global(name) if OF_FUNCS.contains(&name.as_str()))
}

impl<'t> Lowerer<'t> {
    /// The type of an annotation node (`: T`, or a bare type); `None` where it says nothing (`any`).
    pub(super) fn annotation(&mut self, node: Node<'t>) -> Option<TypeRef> {
        let ty = match node.kind_name() {
            "type_annotation" => self.ty(first_named(node)?),
            "type_predicate_annotation" | "asserts_annotation" | "type_predicate" | "asserts" => TypeRef::Other,
            _ => self.ty(node),
        };
        (ty != TypeRef::Other).then_some(ty)
    }

    pub(super) fn ty(&mut self, node: Node<'t>) -> TypeRef {
        self.deeper(node, |cx| cx.ty_inner(node)).unwrap_or(TypeRef::Other)
    }

    fn ty_inner(&mut self, node: Node<'t>) -> TypeRef {
        match node.kind_name() {
            "type_identifier" | "identifier" | "nested_type_identifier" | "nested_identifier" | "member_expression" => {
                self.named_type(node, Vec::new())
            }
            "predefined_type" => match self.text(node) {
                "any" | "unknown" | "never" => TypeRef::Other,
                name => TypeRef::named(Base::Global(name.into()), Vec::new()),
            },
            "generic_type" => self.generic_type(node),
            "array_type" => match first_named(node) {
                Some(item) => TypeRef::List(Box::new(self.ty(item))),
                None => TypeRef::Other,
            },
            "union_type" => self.union(node),
            "intersection_type" => {
                let parts = self.flat(node, "intersection_type");
                TypeRef::Union(parts.into_iter().map(|part| self.ty(part)).collect())
            }
            // Of an object that is not named, all that decides is whether it holds numbers and truth values only.
            "object_type" => self.unnamed(node),
            "tuple_type" => TypeRef::Tuple(named(node).into_iter().map(|part| self.tuple_item(part)).collect()),
            "function_type" | "constructor_type" => {
                let ret = field(node, "return_type").or_else(|| field(node, "type"));
                let ret = ret.map_or(TypeRef::Other, |ret| self.ty(ret));
                TypeRef::Func(Box::new(ret))
            }
            "parenthesized_type" | "readonly_type" | "optional_type" | "rest_type" | "type_annotation" => {
                first_named(node).map_or(TypeRef::Other, |inner| self.ty(inner))
            }
            "literal_type" => match first_named(node).map(|inner| inner.kind_name()) {
                Some("null") => TypeRef::named(Base::Global("null".into()), Vec::new()),
                Some("undefined") => TypeRef::named(Base::Global("undefined".into()), Vec::new()),
                Some("string") => TypeRef::named(Base::Global("string".into()), Vec::new()),
                _ => TypeRef::Other,
            },
            _ => TypeRef::Other,
        }
    }

    /// The types of the fields of an object, as of a tuple; what is more than that is not modelled.
    fn unnamed(&mut self, node: Node<'t>) -> TypeRef {
        let is_plain = |member: &Node<'t>| member.kind_name() == "property_signature";
        let members = named(node);
        if members.is_empty() || !members.iter().all(is_plain) {
            return TypeRef::Other;
        }
        let types = members.into_iter().map(|member| field(member, "type").and_then(|ty| self.annotation(ty)));
        TypeRef::Tuple(types.map(|ty| ty.unwrap_or(TypeRef::Other)).collect())
    }

    fn tuple_item(&mut self, node: Node<'t>) -> TypeRef {
        match field(node, "type") {
            Some(ty) => self.annotation(ty).unwrap_or(TypeRef::Other),
            None => self.ty(node),
        }
    }

    fn union(&mut self, node: Node<'t>) -> TypeRef {
        let parts = self.flat(node, "union_type");
        let mut res: Vec<TypeRef> = Vec::new();
        for part in parts {
            let ty = self.ty(part);
            if !res.contains(&ty) {
                res.push(ty);
            }
        }
        match res.len() {
            1 => res.pop().unwrap_or(TypeRef::Other),
            _ => TypeRef::Union(res),
        }
    }

    /// The members of `A | B | C`, which nests to the left.
    fn flat(&self, node: Node<'t>, kind: &str) -> Vec<Node<'t>> {
        let mut parts = Vec::new();
        let mut todo = vec![node];
        while let Some(next) = todo.pop() {
            if next.kind_name() == kind {
                todo.extend(named(next).into_iter().rev());
            } else {
                parts.push(next);
            }
        }
        parts
    }

    fn generic_type(&mut self, node: Node<'t>) -> TypeRef {
        let args = match field(node, "type_arguments") {
            Some(args) => named(args).into_iter().map(|arg| self.ty(arg)).collect(),
            None => Vec::new(),
        };
        match field(node, "name") {
            Some(name) => match self.named_type(name, args) {
                TypeRef::Named(mut made) if has_fields_of_another(&made) => made.args.remove(0),
                TypeRef::Named(made) if made.path.is_empty() && is_made_of_func(&made.base) => TypeRef::Other,
                ty => ty,
            },
            None => TypeRef::Other,
        }
    }

    fn named_type(&mut self, node: Node<'t>, args: Vec<TypeRef>) -> TypeRef {
        let mut names: Vec<Symbol> = self.text(node).split('.').map(|part| part.trim().into()).collect();
        if names.is_empty() {
            return TypeRef::Other;
        }
        let first = names.remove(0);
        if names.is_empty()
            && let Some((_, bound)) = self.type_params.iter().rev().find(|(name, _)| *name == first.as_str())
        {
            return bound.clone();
        }
        let mut place = self.name(&first);
        if self.types_outlive {
            place = self.b.outlive(place);
        }
        TypeRef::Named(Box::new(NamedType { base: place.base, path: names, args }))
    }

    /// Brings the type parameters of a declaration into scope; gives how many there were before, for `truncate`.
    pub(super) fn enter_type_params(&mut self, decl: Node<'t>) -> usize {
        let before = self.type_params.len();
        let Some(params) = field(decl, "type_parameters") else { return before };
        for param in named(params) {
            let Some(name) = field(param, "name") else { continue };
            let bound = field(param, "constraint").and_then(first_named);
            let bound = bound.map_or(TypeRef::Other, |bound| self.ty(bound));
            self.type_params.push((self.text(name), bound));
        }
        before
    }

    /// Types read by `work` belong to a class, not to the function around it.
    pub(super) fn class_types<R>(&mut self, work: impl FnOnce(&mut Self) -> R) -> R {
        let before = std::mem::replace(&mut self.types_outlive, true);
        let res = work(self);
        self.types_outlive = before;
        res
    }

    /// An interface or a type alias: a class whose value is stored under the name, so that types resolve.
    pub(super) fn type_declaration(&mut self, decl: Node<'t>) {
        let Some(name) = field(decl, "name") else { return };
        let text = self.text(name);
        let is_interface = decl.kind_name() == "interface_declaration";
        let kind = if is_interface { ClassKind::Interface } else { ClassKind::Alias };
        let class = self.b.class(text.into(), kind, span(decl));
        let params = self.enter_type_params(decl);
        let (bases, fields) = self.class_types(|cx| {
            if is_interface {
                (cx.interface_bases(decl), cx.members(field(decl, "body")))
            } else {
                cx.alias(field(decl, "value"))
            }
        });
        self.type_params.truncate(params);
        let res = self.b.class_mut(class);
        res.bases = bases;
        res.fields = fields;
        let value = self.b.push(Op::Class(class), span(decl));
        let place = self.name(text);
        self.b.store(place, value, span(name));
    }

    fn interface_bases(&mut self, decl: Node<'t>) -> Vec<TypeRef> {
        let clauses = named(decl).into_iter().filter(|child| child.kind_name() == "extends_type_clause");
        let bases: Vec<_> = clauses.flat_map(named).collect();
        bases.into_iter().map(|base| self.ty(base)).collect()
    }

    fn alias(&mut self, value: Option<Node<'t>>) -> (Vec<TypeRef>, Vec<FieldDecl>) {
        let Some(value) = value else { return (Vec::new(), Vec::new()) };
        if value.kind_name() == "object_type" {
            return (Vec::new(), self.members(Some(value)));
        }
        (vec![self.ty(value)], Vec::new())
    }

    /// The properties of an interface body or object type.
    fn members(&mut self, body: Option<Node<'t>>) -> Vec<FieldDecl> {
        let mut fields = Vec::new();
        for member in body.map(named).unwrap_or_default() {
            let Some(name) = field(member, "name") else { continue };
            let ty = match member.kind_name() {
                "property_signature" => field(member, "type").and_then(|ty| self.annotation(ty)),
                "method_signature" => {
                    let ret = field(member, "return_type").and_then(|ret| self.annotation(ret));
                    Some(TypeRef::Func(Box::new(ret.unwrap_or(TypeRef::Other))))
                }
                _ => continue,
            };
            let name_text = self.key_text(name);
            fields.push(FieldDecl { name: name_text, ty, annotations: Vec::new(), span: span(member) });
        }
        fields
    }
}
