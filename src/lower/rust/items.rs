//! Items: what a module, or a block, declares.

use std::sync::Arc;

use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{
    Attribute, Fields, ImplItem, Item, ItemEnum, ItemImpl, ItemMod, ItemTrait, Token, TraitItem, Type, TypeParamBound,
};

use crate::base::Symbol;
use crate::base::span::Span;
use crate::ir::func::FuncId;
use crate::ir::instr::{Base, Field, Imported, Op, Place};
use crate::ir::program::{ClassId, ClassKind, FieldDecl, Impl, Variant};
use crate::ir::types::TypeRef;

use super::expand::Layer;
use super::funcs::Fn;
use super::types::symbol;
use super::{Cx, conditional};

/// Where items stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Module,
    Block,
}

impl Cx {
    /// Notes that something is built only with a feature that is off unless somebody asks for it.
    pub(super) fn note_optional(&mut self, attrs: &[Attribute], node: &impl Spanned) {
        if let Some(feature) = conditional::missing(attrs, &self.features) {
            let span = self.span_of(node);
            self.b.optional(span, feature.into());
        }
    }

    /// Lowers items, which see each other whatever their order. Initialisers of constants come last.
    pub(super) fn items(&mut self, items: &[&Item], level: Level) {
        self.define_macros(items.iter().copied());
        let layer = self.layer();
        match self.spread_items(items) {
            Some(spread) => self.items_at(&spread.parts.iter().zip(spread.layers).collect::<Vec<_>>(), level),
            None => self.items_at(&items.iter().map(|item| (*item, layer)).collect::<Vec<_>>(), level),
        }
    }

    /// The same where no macro among them is left to be replaced.
    pub(super) fn items_at(&mut self, items: &[(&Item, Layer)], level: Level) {
        let items: Vec<(&Item, Layer)> =
            items.iter().copied().filter(|(item, _)| !conditional::is_off(attrs(item), &self.features)).collect();
        for (item, _) in &items {
            self.note_optional(attrs(item), item);
            self.declare_names(item, level);
        }
        for (item, layer) in &items {
            self.within(*layer, |cx| cx.item(item, level));
        }
        for (item, layer) in &items {
            self.within(*layer, |cx| cx.initialiser(item));
        }
    }

    pub(super) fn declare(&mut self, name: &str, ty: Option<TypeRef>, span: Span, level: Level) -> Place {
        match level {
            Level::Module => self.b.declare(name, ty, span),
            Level::Block => self.b.declare_item(name, ty, span),
        }
    }

    fn declare_names(&mut self, item: &Item, level: Level) {
        let ident = match item {
            Item::Use(x) => return self.declare_uses(x, level),
            Item::Macro(x) => return self.declare_macro(x, level),
            Item::ForeignMod(x) => {
                for item in &x.items {
                    if let syn::ForeignItem::Fn(func) = item {
                        let span = self.at(func.sig.ident.span());
                        self.declare(&symbol(&func.sig.ident), None, span, level);
                    }
                }
                return;
            }
            Item::ExternCrate(x) => x.rename.as_ref().map_or(&x.ident, |(_, name)| name),
            Item::Const(x) => &x.ident,
            Item::Static(x) => &x.ident,
            Item::Fn(x) => &x.sig.ident,
            Item::Enum(x) => &x.ident,
            Item::Struct(x) => &x.ident,
            Item::Union(x) => &x.ident,
            Item::Trait(x) => &x.ident,
            Item::TraitAlias(x) => &x.ident,
            Item::Type(x) => &x.ident,
            Item::Mod(x) => &x.ident,
            _ => return,
        };
        if ident == "_" {
            return;
        }
        let span = self.at(ident.span());
        let place = self.declare(&symbol(ident), None, span, level);
        if let Base::Cell(cell) = place.base
            && !matches!(item, Item::ExternCrate(_))
        {
            self.own_items.insert(cell);
        }
    }

    fn item(&mut self, item: &Item, level: Level) {
        match item {
            Item::Use(x) => self.uses(x, level),
            Item::ExternCrate(x) => self.extern_crate(x),
            Item::Mod(x) => self.module(x),
            Item::Fn(x) => {
                let func = self.function(&Fn { attrs: &x.attrs, sig: &x.sig, body: &x.block, is_member: false });
                let span = self.at(x.sig.ident.span());
                let value = self.b.push(Op::Closure(func), span);
                self.define(&symbol(&x.sig.ident), value, span);
            }
            Item::Struct(x) => {
                let class = self.class(&x.ident, ClassKind::Struct, &x.attrs);
                self.enter_generics(&x.generics);
                let fields = self.fields(&x.fields);
                self.leave_generics();
                self.b.class_mut(class).fields = fields;
                self.derived_text(item);
            }
            Item::Union(x) => {
                self.class(&x.ident, ClassKind::Struct, &x.attrs);
            }
            Item::Enum(x) => {
                self.enumeration(x);
                self.derived_text(item);
            }
            Item::Trait(x) => self.interface(x),
            Item::TraitAlias(x) => {
                let class = self.class(&x.ident, ClassKind::Interface, &x.attrs);
                self.b.class_mut(class).bases = self.supertraits(&x.bounds);
            }
            Item::Type(x) => {
                let class = self.class(&x.ident, ClassKind::Alias, &x.attrs);
                self.enter_generics(&x.generics);
                let ty = self.type_ref(&x.ty);
                self.leave_generics();
                self.b.class_mut(class).bases = vec![ty];
            }
            Item::Impl(x) => self.implementation(x),
            _ => {}
        }
    }

    fn initialiser(&mut self, item: &Item) {
        match item {
            Item::Const(x) => self.constant_item(&x.ident, &x.ty, &x.expr),
            Item::Static(x) => self.constant_item(&x.ident, &x.ty, &x.expr),
            Item::Macro(x) => self.item_macro(x),
            _ => {}
        }
    }

    pub(super) fn constant_item(&mut self, ident: &syn::Ident, ty: &Type, expr: &syn::Expr) {
        let span = self.at(ident.span());
        let value = self.expr(expr);
        if ident == "_" {
            return;
        }
        let place = self.b.lookup_item(&symbol(ident));
        if let Base::Cell(cell) = place.base {
            let ty = self.type_ref(ty);
            self.b.set_cell_type(cell, ty);
        }
        self.b.store(place, value, span);
    }

    fn define(&mut self, name: &str, value: crate::ir::instr::InstrId, span: Span) {
        let place = self.b.lookup_item(name);
        let is_first = match place.base {
            Base::Cell(cell) => self.defined.insert(cell),
            _ => true,
        };
        if is_first {
            self.b.store(place, value, span);
            return;
        }
        // Of two with one name each is for other builds: `#[cfg(unix)] fn` and `#[cfg(not(unix))] fn`.
        let unknown = self.b.push(Op::Unknown("cfg", Vec::new()), span);
        let (with, behind) = (self.b.new_block(), self.b.new_block());
        self.b.branch(unknown, with, behind);
        self.b.switch_to(with);
        self.b.store(place, value, span);
        self.b.goto(behind);
        self.b.switch_to(behind);
    }

    fn module(&mut self, item: &ItemMod) {
        let Some((_, items)) = &item.content else { return self.mod_file(item) };
        let name = symbol(&item.ident);
        let span = self.between(item.mod_token.span, item.ident.span());
        let outer = self.b.module();
        let generics = std::mem::take(&mut self.generics);
        let self_types = std::mem::take(&mut self.self_types);
        self.b.enter_module(Some((outer, name.clone())), span);
        self.enter_macro_scope();
        self.items(&items.iter().collect::<Vec<_>>(), Level::Module);
        self.b.export_all_names();
        self.leave_macro_scope();
        self.b.leave_module();
        self.generics = generics;
        self.self_types = self_types;
        let value = self.b.import(&format!("self::{name}"), Imported::Module, span);
        self.define(&name, value, span);
    }

    fn class(&mut self, ident: &syn::Ident, kind: ClassKind, attrs: &[syn::Attribute]) -> ClassId {
        let span = self.at(ident.span());
        let name = symbol(ident);
        let class = self.b.class(name.clone(), kind, span);
        self.b.class_mut(class).annotations = self.annotations(attrs);
        let value = self.b.push(Op::Class(class), span);
        self.define(&name, value, span);
        class
    }

    fn fields(&mut self, fields: &Fields) -> Vec<FieldDecl> {
        let mut res = Vec::new();
        for (at, field) in fields.iter().enumerate() {
            let name: Symbol = field.ident.as_ref().map_or_else(|| at.to_string().into(), symbol);
            let ty = Some(self.type_ref(&field.ty));
            let annotations = self.annotations(&field.attrs);
            let span = field.ident.as_ref().map_or_else(|| self.span_of(&field.ty), |ident| self.at(ident.span()));
            res.push(FieldDecl { name, ty, annotations, span });
        }
        res
    }

    fn enumeration(&mut self, item: &ItemEnum) {
        let class = self.class(&item.ident, ClassKind::Enum, &item.attrs);
        self.enter_generics(&item.generics);
        let mut variants = Vec::new();
        let features = Arc::clone(&self.features);
        for variant in item.variants.iter().filter(|variant| !conditional::is_off(&variant.attrs, &features)) {
            let fields = self.fields(&variant.fields);
            let annotations = self.annotations(&variant.attrs);
            let span = self.at(variant.ident.span());
            variants.push(Variant { name: symbol(&variant.ident), fields, annotations, span });
        }
        self.leave_generics();
        self.b.class_mut(class).variants = variants;
    }

    fn supertraits(&mut self, bounds: &Punctuated<TypeParamBound, Token![+]>) -> Vec<TypeRef> {
        match self.bounds(bounds.iter()) {
            TypeRef::Other => Vec::new(),
            TypeRef::Union(bounds) => bounds,
            bound => vec![bound],
        }
    }

    fn interface(&mut self, item: &ItemTrait) {
        let class = self.class(&item.ident, ClassKind::Interface, &item.attrs);
        let base = self.b.lookup_item(&symbol(&item.ident)).base;
        self.self_types.push(TypeRef::named(base, Vec::new()));
        self.enter_generics(&item.generics);
        let bases = self.supertraits(&item.supertraits);
        let mut methods = Vec::new();
        for member in &item.items {
            if let TraitItem::Fn(x) = member
                && let Some(body) = &x.default
                && !conditional::is_off(&x.attrs, &self.features)
            {
                let func = self.function(&Fn { attrs: &x.attrs, sig: &x.sig, body, is_member: true });
                self.b.finished_func_mut(func).owner = Some(class);
                methods.push((symbol(&x.sig.ident), func));
            }
        }
        self.leave_generics();
        self.self_types.pop();
        let class = self.b.class_mut(class);
        class.bases = bases;
        class.methods = methods;
    }

    pub(super) fn implementation(&mut self, item: &ItemImpl) {
        self.enter_generics(&item.generics);
        let target = self.type_ref(&item.self_ty);
        self.self_types.push(target.clone());
        let interface = item.trait_.as_ref().map(|(path, _)| self.path_type(path));
        let annotations = self.annotations(&item.attrs);
        let mut methods = Vec::new();
        self.members(&item.items, &target, &mut methods);
        self.self_types.pop();
        self.leave_generics();
        let span = self.between(item.impl_token.span, item.brace_token.span.open());
        self.b.add_impl(Impl { target, interface, methods, annotations, span });
    }

    fn members(&mut self, members: &[ImplItem], target: &TypeRef, methods: &mut Vec<(Symbol, FuncId)>) {
        for member in members {
            match member {
                ImplItem::Fn(x) if !conditional::is_off(&x.attrs, &self.features) => {
                    self.note_optional(&x.attrs, x);
                    let func = self.function(&Fn { attrs: &x.attrs, sig: &x.sig, body: &x.block, is_member: true });
                    methods.push((symbol(&x.sig.ident), func));
                }
                ImplItem::Const(x) if !conditional::is_off(&x.attrs, &self.features) => {
                    let span = self.at(x.ident.span());
                    let value = self.expr(&x.expr);
                    if let Some(place) = self.type_place(target) {
                        self.b.store(place.then(Field::Name(symbol(&x.ident))), value, span);
                    }
                }
                ImplItem::Macro(x) if !conditional::is_off(&x.attrs, &self.features) => {
                    if let Some((made, layer)) = self.own_macro_members(&x.mac) {
                        self.within(layer, |cx| cx.members(&made, target, methods));
                    }
                }
                _ => {}
            }
        }
    }
}

fn attrs(item: &Item) -> &[syn::Attribute] {
    match item {
        Item::Const(x) => &x.attrs,
        Item::Enum(x) => &x.attrs,
        Item::ExternCrate(x) => &x.attrs,
        Item::Fn(x) => &x.attrs,
        Item::ForeignMod(x) => &x.attrs,
        Item::Impl(x) => &x.attrs,
        Item::Macro(x) => &x.attrs,
        Item::Mod(x) => &x.attrs,
        Item::Static(x) => &x.attrs,
        Item::Struct(x) => &x.attrs,
        Item::Trait(x) => &x.attrs,
        Item::TraitAlias(x) => &x.attrs,
        Item::Type(x) => &x.attrs,
        Item::Union(x) => &x.attrs,
        Item::Use(x) => &x.attrs,
        _ => &[],
    }
}
