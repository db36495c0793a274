//! Imports: `use`, `mod x;`, `extern crate`.

use syn::{ItemExternCrate, ItemMod, ItemUse, UseTree};

use crate::base::Symbol;
use crate::base::span::Span;
use crate::ir::instr::{Base, Imported};

use super::Cx;
use super::items::Level;
use super::types::symbol;

/// One leaf of a `use` tree: `a::b::c as d`.
pub(super) struct Leaf {
    pub(super) path: Vec<Symbol>,
    /// `None` for a glob and for `as _`.
    pub(super) name: Option<Symbol>,
    pub(super) is_glob: bool,
    span: Span,
}

impl Cx {
    pub(super) fn declare_uses(&mut self, item: &ItemUse, level: Level) {
        for leaf in self.leaves(item) {
            if let Some(name) = leaf.name {
                self.declare(&name, None, leaf.span, level);
            }
        }
    }

    pub(super) fn uses(&mut self, item: &ItemUse, level: Level) {
        for leaf in self.leaves(item) {
            if leaf.is_glob {
                let from = self.specifier(&leaf.path, item.leading_colon.is_some());
                self.b.import(&from, Imported::All, leaf.span);
                if level == Level::Module {
                    self.b.exports_mut().stars.push(from.into());
                }
                continue;
            }
            let Some((last, init)) = leaf.path.split_last() else { continue };
            // `use a;` and `use super as up;` import whole modules.
            let value = if init.is_empty() || matches!(last.as_str(), "super" | "self" | "crate") {
                let from = self.specifier(&leaf.path, item.leading_colon.is_some());
                self.b.import(&from, Imported::Module, leaf.span)
            } else {
                let from = self.specifier(init, item.leading_colon.is_some());
                self.b.import(&from, Imported::Named(last.clone()), leaf.span)
            };
            // `use crate::notes::Note as _;` only brings the trait into scope.
            if let Some(name) = leaf.name {
                let place = self.b.lookup_item(&name);
                self.b.store(place, value, leaf.span);
            }
        }
    }

    /// A path as an import names it: `self::` is added where the path starts at an item of this file's module.
    pub(super) fn specifier(&mut self, path: &[Symbol], is_absolute: bool) -> String {
        let text = path.join("::");
        let starts_here = path.first().is_some_and(|first| self.is_own_item(first));
        if starts_here && !is_absolute { format!("self::{text}") } else { text }
    }

    fn is_own_item(&self, name: &str) -> bool {
        matches!(self.b.lookup_item(name).base, Base::Cell(cell) if self.own_items.contains(&cell))
    }

    pub(super) fn leaves(&mut self, item: &ItemUse) -> Vec<Leaf> {
        let mut res = Vec::new();
        self.leaf(&item.tree, &mut Vec::new(), &mut res);
        res
    }

    fn leaf(&mut self, tree: &UseTree, path: &mut Vec<Symbol>, out: &mut Vec<Leaf>) {
        match tree {
            UseTree::Path(x) => {
                path.push(symbol(&x.ident));
                self.leaf(&x.tree, path, out);
                path.pop();
            }
            UseTree::Name(x) => {
                let span = self.at(x.ident.span());
                out.push(named_leaf(path, symbol(&x.ident), None, span));
            }
            UseTree::Rename(x) => {
                let span = self.between(x.ident.span(), x.rename.span());
                out.push(named_leaf(path, symbol(&x.ident), Some(symbol(&x.rename)), span));
            }
            UseTree::Glob(x) => {
                let span = self.at(x.star_token.span);
                out.push(Leaf { path: path.clone(), name: None, is_glob: true, span });
            }
            UseTree::Group(x) => x.items.iter().for_each(|tree| self.leaf(tree, path, out)),
        }
    }

    /// `mod x;`: the module is another file.
    pub(super) fn mod_file(&mut self, item: &ItemMod) {
        let name = symbol(&item.ident);
        let span = self.between(item.mod_token.span, item.ident.span());
        let path = item.attrs.iter().find(|attr| attr.path().is_ident("path"));
        let file = path.and_then(|attr| match &attr.meta {
            syn::Meta::NameValue(syn::MetaNameValue { value: syn::Expr::Lit(literal), .. }) => match &literal.lit {
                syn::Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        });
        let from = file.map_or_else(|| format!("self::{name}"), |file| format!("path:{file}"));
        let value = self.b.import(&from, Imported::Module, span);
        let place = self.b.lookup_item(&name);
        self.b.store(place, value, span);
    }

    pub(super) fn extern_crate(&mut self, item: &ItemExternCrate) {
        let span = self.between(item.extern_token.span, item.ident.span());
        let name = item.rename.as_ref().map_or(&item.ident, |(_, name)| name);
        let from = if item.ident == "self" { "crate".into() } else { symbol(&item.ident) };
        let value = self.b.import(&from, Imported::Module, span);
        let place = self.b.lookup_item(&symbol(name));
        self.b.store(place, value, span);
    }
}

fn named_leaf(path: &[Symbol], ident: Symbol, rename: Option<Symbol>, span: Span) -> Leaf {
    let mut path = path.to_vec();
    // `use a::b::{self}` is `use a::b`.
    if ident != "self" || path.is_empty() {
        path.push(ident);
    }
    let name = rename.or_else(|| path.last().cloned()).filter(|name| name != "_");
    Leaf { path, name, is_glob: false, span }
}
