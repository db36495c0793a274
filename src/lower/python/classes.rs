//! Classes: their body runs where it stands, its names are fields of the class.

use tree_sitter::Node;

use crate::ir::build::ScopeKind;
use crate::ir::instr::Op;
use crate::ir::program::{ClassId, ClassKind, Variant};
use crate::ir::types::TypeRef;
use crate::lower::fields::KindName;

use super::funcs::Decorator;
use super::{ClassBody, Lowering, field, parts, span};

impl<'t> Lowering<'t> {
    pub(super) fn class(&mut self, node: Node<'t>, decorators: &[Decorator]) {
        let Some(name) = field(node, "name") else { return };
        let bases = self.bases(node);
        let superclasses = field(node, "superclasses").map(parts).unwrap_or_default();
        let is_enum = superclasses.into_iter().any(|base| is_enum_base(self.src(base)));
        let kind = if is_enum { ClassKind::Enum } else { ClassKind::Class };
        let id = self.b.class(self.src(name).into(), kind, span(node));
        let class = self.b.class_mut(id);
        class.bases = bases;
        class.annotations = decorators.iter().filter_map(Decorator::annotation).collect();
        let value = self.push(Op::Class(id), node);
        let place = self.name_target(name);
        self.b.store(place.clone(), value, span(name));

        self.b.enter_scope(ScopeKind::ClassBody);
        self.frame().classes.push(ClassBody { id, place: place.clone(), is_enum });
        if let Some(body) = field(node, "body") {
            self.statements(body);
        }
        self.frame().classes.pop();
        self.b.leave_scope();

        if !decorators.is_empty() {
            let decorated = self.decorate(value, decorators);
            self.b.store(place, decorated, span(name));
        }
    }

    /// The superclasses; keyword arguments and bases that are no names are evaluated.
    fn bases(&mut self, node: Node<'t>) -> Vec<TypeRef> {
        let mut bases = Vec::new();
        for base in field(node, "superclasses").map(parts).unwrap_or_default() {
            match base.kind_name() {
                "identifier" | "attribute" => bases.push(self.type_ref(base)),
                // `Generic[T]`, `Base[Arg]`: the list types here are classes, so the head alone is named.
                "subscript" => bases.push(self.generic_base(base)),
                "keyword_argument" => {
                    if let Some(value) = field(base, "value") {
                        self.expr(value);
                    }
                }
                _ => {
                    self.expr(base);
                    bases.push(TypeRef::Other);
                }
            }
        }
        bases
    }

    fn generic_base(&mut self, base: Node<'t>) -> TypeRef {
        let inner = parts(base);
        let Some((head, args)) = inner.split_first() else { return TypeRef::Other };
        let args = args.iter().map(|arg| self.type_ref(*arg)).collect();
        self.named_text(self.src(*head), args)
    }

    pub(super) fn add_variant(&mut self, class: ClassId, name: Node<'t>) {
        let text = self.src(name);
        let variants = &mut self.b.class_mut(class).variants;
        if !text.starts_with('_') && !variants.iter().any(|variant| variant.name == text) {
            let (fields, annotations) = (Vec::new(), Vec::new());
            variants.push(Variant { name: text.into(), fields, annotations, span: span(name) });
        }
    }
}

/// Is it one of the language's enumeration classes? What an imported name stands for is not known here, so its own
/// name decides.
fn is_enum_base(name: &str) -> bool {
    let name = name.rsplit('.').next().unwrap_or_default();
    matches!(name, "Enum" | "IntEnum" | "StrEnum" | "Flag" | "IntFlag" | "ReprEnum")
}
