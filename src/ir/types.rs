//! Types as the source names them. What they mean is for `resolve` to say.

use crate::base::Symbol;

use super::instr::Base;

/// A type annotation, reduced to what decides which methods and fields a value has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TypeRef {
    /// A named type with its arguments: `Promise<Foo>`, `Arc<dyn Log>`, `list[int]`, `pino.Logger`.
    /// References, `dyn`, `impl`, `mut` and lifetimes are dropped.
    Named(Box<NamedType>),
    /// `A | B`, `Optional[A]` (as `A | None`), Rust bounds `A + B`.
    Union(Vec<TypeRef>),
    /// A tuple.
    Tuple(Vec<TypeRef>),
    /// A function type: its result.
    Func(Box<TypeRef>),
    /// An array, slice or list of one type.
    List(Box<TypeRef>),
    /// Not modelled: literal types, conditional types, `any`, `_`.
    Other,
}

/// A name in scope with a path: `tracing_subscriber::fmt::Layer` is base `tracing_subscriber`, path `fmt`, `Layer`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamedType {
    pub(crate) base: Base,
    pub(crate) path: Vec<Symbol>,
    pub(crate) args: Vec<TypeRef>,
}

impl NamedType {
    /// The last name: `Layer` of `fmt::Layer`. `None` when the base is a resolved variable and the path is empty.
    pub(crate) fn last_name(&self) -> Option<&Symbol> {
        self.path.last().or(match &self.base {
            Base::Global(name) => Some(name),
            _ => None,
        })
    }
}

/// The annotation of a field that belongs to its class, not to the objects.
pub(crate) const OF_CLASS: &str = "ClassVar";

/// A decorator or attribute, for languages where it is more than a call (Rust), and for look-ups by name.
#[derive(Clone, Debug)]
pub(crate) struct Annotation {
    /// The name in scope, without arguments.
    pub(crate) name: NamedType,
    pub(crate) args: Vec<AnnotationArg>,
    pub(crate) span: crate::base::span::Span,
}

#[derive(Clone, Debug)]
pub(crate) struct AnnotationArg {
    pub(crate) name: Option<Symbol>,
    pub(crate) value: AnnotationValue,
}

#[derive(Clone, Debug)]
pub(crate) enum AnnotationValue {
    Const(super::instr::Const),
    /// A bare path or anything else, as its source text without white space.
    Path(Symbol),
    /// `name(a, b = c)`: something with arguments of its own.
    List,
}

impl TypeRef {
    /// A named type without arguments.
    pub(crate) fn named(base: Base, path: Vec<Symbol>) -> Self {
        Self::Named(Box::new(NamedType { base, path, args: Vec::new() }))
    }

    /// Calls `visit` with the base of every named type in it.
    pub(crate) fn bases_mut(&mut self, visit: &mut dyn FnMut(&mut Base)) {
        match self {
            Self::Named(named) => named.bases_mut(visit),
            Self::Union(parts) | Self::Tuple(parts) => parts.iter_mut().for_each(|part| part.bases_mut(visit)),
            Self::Func(inner) | Self::List(inner) => inner.bases_mut(visit),
            Self::Other => {}
        }
    }
}

impl NamedType {
    fn bases_mut(&mut self, visit: &mut dyn FnMut(&mut Base)) {
        visit(&mut self.base);
        self.args.iter_mut().for_each(|arg| arg.bases_mut(visit));
    }
}

impl Annotation {
    /// Calls `visit` with the base of the annotation's name.
    pub(crate) fn bases_mut(&mut self, visit: &mut dyn FnMut(&mut Base)) {
        self.name.bases_mut(visit);
    }
}
