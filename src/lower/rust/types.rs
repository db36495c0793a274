//! Types as the source names them.
//!
//! References, `dyn`, `impl` and lifetimes are dropped; a type parameter stands for its bounds; `Self` for the type that the
//! impl block is for.

use std::collections::BTreeMap;

use syn::ext::IdentExt;
use syn::{
    GenericArgument, GenericParam, Generics, Path, PathArguments, ReturnType, Type, TypeParamBound, WherePredicate,
};

use crate::base::Symbol;
use crate::ir::instr::{Base, Field, Place};
use crate::ir::types::{NamedType, TypeRef};

use super::Cx;

/// Bounds that say nothing about which methods matter.
const MARKERS: [&str; 4] = ["Send", "Sync", "Unpin", "Sized"];

pub(super) fn symbol(ident: &proc_macro2::Ident) -> Symbol {
    ident.unraw().to_string().into()
}

impl Cx {
    pub(super) fn type_ref(&mut self, ty: &Type) -> TypeRef {
        match ty {
            Type::Reference(x) => self.type_ref(&x.elem),
            Type::Ptr(x) => self.type_ref(&x.elem),
            Type::Paren(x) => self.type_ref(&x.elem),
            Type::Group(x) => self.type_ref(&x.elem),
            Type::Array(x) => TypeRef::List(Box::new(self.type_ref(&x.elem))),
            Type::Slice(x) => TypeRef::List(Box::new(self.type_ref(&x.elem))),
            Type::Tuple(x) => TypeRef::Tuple(x.elems.iter().map(|elem| self.type_ref(elem)).collect()),
            Type::FnPtr(x) => TypeRef::Func(Box::new(self.return_type(&x.output).unwrap_or(TypeRef::Tuple(vec![])))),
            Type::ImplTrait(x) => self.bounds(x.bounds.iter()),
            Type::TraitObject(x) => self.bounds(x.bounds.iter()),
            Type::Path(x) if x.qself.is_none() => self.path_type(&x.path),
            Type::Macro(x) => match self.own_macro_type(&x.mac) {
                Some((ty, layer)) => self.within(layer, |cx| cx.type_ref(&ty)),
                None => TypeRef::Other,
            },
            _ => TypeRef::Other,
        }
    }

    pub(super) fn return_type(&mut self, output: &ReturnType) -> Option<TypeRef> {
        match output {
            ReturnType::Default => None,
            ReturnType::Type(_, ty) => Some(self.type_ref(ty)),
        }
    }

    pub(super) fn path_type(&mut self, path: &Path) -> TypeRef {
        let names: Vec<Symbol> = path.segments.iter().map(|segment| symbol(&segment.ident)).collect();
        let Some((first, rest)) = names.split_first() else { return TypeRef::Other };
        if let Some(PathArguments::Parenthesized(func)) = path.segments.last().map(|segment| &segment.arguments) {
            let ret = self.return_type(&func.output).unwrap_or(TypeRef::Tuple(vec![]));
            return TypeRef::Func(Box::new(ret));
        }
        let args = path.segments.last().map(|segment| self.type_args(&segment.arguments)).unwrap_or_default();
        if let Some(known) = self.named_type(first) {
            return match known {
                known if rest.is_empty() => known,
                TypeRef::Named(mut named) => {
                    named.path.extend(rest.iter().cloned());
                    named.args = args;
                    TypeRef::Named(named)
                }
                _ => TypeRef::Other,
            };
        }
        let place = if path.leading_colon.is_some() { Place::global(first) } else { self.b.lookup_item(first) };
        TypeRef::Named(Box::new(NamedType { base: place.base, path: rest.to_vec(), args }))
    }

    /// What `Self` or a type parameter stands for.
    fn named_type(&self, name: &str) -> Option<TypeRef> {
        if name == "Self" {
            return self.self_types.last().cloned();
        }
        self.generics.iter().rev().find_map(|params| params.get(name)).cloned()
    }

    pub(super) fn type_args(&mut self, args: &PathArguments) -> Vec<TypeRef> {
        let PathArguments::AngleBracketed(args) = args else { return Vec::new() };
        let mut res = Vec::new();
        for arg in &args.args {
            match arg {
                GenericArgument::Type(ty) => res.push(self.type_ref(ty)),
                GenericArgument::AssocType(assoc) => res.push(self.type_ref(&assoc.ty)),
                _ => {}
            }
        }
        res
    }

    pub(super) fn bounds<'a>(&mut self, bounds: impl Iterator<Item = &'a TypeParamBound>) -> TypeRef {
        let mut res = Vec::new();
        for bound in bounds {
            if let TypeParamBound::Trait(bound) = bound
                && bound.path.segments.last().is_none_or(|last| !MARKERS.iter().any(|marker| last.ident == marker))
            {
                res.push(self.path_type(&bound.path));
            }
        }
        match res.len() {
            0 => TypeRef::Other,
            1 => res.swap_remove(0),
            _ => TypeRef::Union(res),
        }
    }

    /// Brings the type parameters of an item into scope; [`Cx::leave_generics`] ends it.
    pub(super) fn enter_generics(&mut self, generics: &Generics) {
        self.generics.push(BTreeMap::new());
        for param in &generics.params {
            if let GenericParam::Type(param) = param {
                let ty = self.bounds(param.bounds.iter());
                self.add_bound(symbol(&param.ident), ty);
            }
        }
        for predicate in generics.where_clause.iter().flat_map(|clause| &clause.predicates) {
            if let WherePredicate::Type(predicate) = predicate
                && let Type::Path(path) = &predicate.bounded_ty
                && let Some(ident) = path.path.get_ident()
            {
                let ty = self.bounds(predicate.bounds.iter());
                self.add_bound(symbol(ident), ty);
            }
        }
    }

    fn add_bound(&mut self, name: Symbol, ty: TypeRef) {
        let Some(params) = self.generics.last_mut() else { return };
        match params.get_mut(&name) {
            Some(known) if *known != TypeRef::Other => {}
            Some(known) => *known = ty,
            None => {
                params.insert(name, ty);
            }
        }
    }

    pub(super) fn leave_generics(&mut self) {
        self.generics.pop();
    }

    /// The place at which a type's associated items are found: `Foo` for `Foo::new`.
    pub(super) fn type_place(&self, ty: &TypeRef) -> Option<Place> {
        let TypeRef::Named(named) = ty else { return None };
        let path: Vec<_> = named.path.iter().cloned().map(Field::Name).collect();
        Some(Place::new(named.base.clone(), path))
    }

    /// The place of `Self` or of a type parameter's bound.
    pub(super) fn named_type_place(&self, name: &str) -> Option<Place> {
        let ty = self.named_type(name)?;
        Some(self.type_place(&ty).unwrap_or_else(|| Place::of(Base::Global(name.into()))))
    }
}
