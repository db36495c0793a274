//! Places: variables, paths, fields and elements.

use syn::{Expr, ExprIndex, Lit, Member, Path, QSelf};

use crate::base::Symbol;
use crate::ir::instr::{Base, Field, Imported, InstrId, Op, Place};

use super::Cx;
use super::types::symbol;

impl Cx {
    /// The place an expression denotes; the value of any other expression. References and dereferences are seen through.
    pub(super) fn place(&mut self, expr: &Expr) -> Place {
        match expr {
            Expr::Path(x) => self.path(x.qself.as_ref(), &x.path),
            Expr::Paren(x) => self.place(&x.expr),
            Expr::Group(x) => self.place(&x.expr),
            Expr::Reference(x) => self.place(&x.expr),
            Expr::RawAddr(x) => self.place(&x.expr),
            Expr::Unary(x) if matches!(x.op, syn::UnOp::Deref(_)) => self.place(&x.expr),
            Expr::Field(x) => {
                let base = self.place(&x.base);
                base.then(member(&x.member))
            }
            Expr::Index(x) if !matches!(*x.index, Expr::Range(_)) => self.element(x),
            other => {
                let value = self.expr(other);
                Place::value(value)
            }
        }
    }

    /// What stands at a place.
    pub(super) fn value_at(&mut self, place: &Place, span: crate::base::span::Span) -> InstrId {
        match (&place.base, place.path.is_empty()) {
            (Base::Value(value), true) => *value,
            _ => self.b.load(place.clone(), span),
        }
    }

    fn element(&mut self, index: &ExprIndex) -> Place {
        let base = self.place(&index.expr);
        let key = match &*index.index {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Int(number) => number.base10_parse().ok().map(Field::Index),
                Lit::Str(text) => Some(Field::Name(text.value().into())),
                _ => None,
            },
            _ => None,
        };
        let key = key.unwrap_or_else(|| {
            self.expr(&index.index);
            Field::Any
        });
        base.then(key)
    }

    /// The place a path names.
    pub(super) fn path(&mut self, qself: Option<&QSelf>, path: &Path) -> Place {
        let names: Vec<Symbol> = path.segments.iter().map(|segment| symbol(&segment.ident)).collect();
        if let Some(qself) = qself {
            let ty = self.type_ref(&qself.ty);
            let base = self.type_place(&ty).unwrap_or_else(|| Place::global("<type>"));
            return extend(base, names.get(qself.position..).unwrap_or_default());
        }
        let Some((first, rest)) = names.split_first() else { return Place::global("") };
        if path.leading_colon.is_some() {
            return extend(Place::global(first), rest);
        }
        if matches!(first.as_str(), "crate" | "super") || (first == "self" && !rest.is_empty()) {
            let span = self.span_of(path);
            return self.path_from_module(&names, span);
        }
        if let Some(place) = self.named_type_place(first) {
            return extend(place, rest);
        }
        if rest.is_empty() {
            return self.b.lookup(first);
        }
        extend(self.b.lookup_item(first), rest)
    }

    /// `crate::a::Type::new`: imports what the module has, up to the first type; the rest is a path in it.
    fn path_from_module(&mut self, names: &[Symbol], span: crate::base::span::Span) -> Place {
        let keywords = names.iter().take_while(|name| matches!(name.as_str(), "crate" | "super" | "self")).count();
        let is_type = |name: &Symbol| name.starts_with(|first: char| first.is_uppercase());
        let at = names.iter().skip(keywords).position(is_type).map_or(names.len() - 1, |at| at + keywords);
        let (from, rest) = names.split_at(at);
        let value = match rest.split_first() {
            Some((name, _)) if at >= keywords => self.b.import(&from.join("::"), Imported::Named(name.clone()), span),
            _ => self.b.import(&names.join("::"), Imported::Module, span),
        };
        let rest = if at >= keywords { rest.get(1..).unwrap_or_default() } else { &[] };
        extend(Place::value(value), rest)
    }

    /// The place of a macro: what its path means among the items.
    pub(super) fn macro_place(&mut self, path: &Path) -> Place {
        match path.get_ident() {
            Some(ident) if path.leading_colon.is_none() => self.b.lookup_item(&symbol(ident)),
            _ => self.path(None, path),
        }
    }

    pub(super) fn assign(&mut self, target: &Expr, value: InstrId, span: crate::base::span::Span) {
        match target {
            Expr::Infer(_) => {}
            Expr::Tuple(x) => {
                for (at, elem) in (0..).zip(&x.elems) {
                    let part = self.b.push(Op::Load(Place::value(value).then(Field::Index(at))), span);
                    self.assign(elem, part, span);
                }
            }
            target => {
                let place = self.place(target);
                self.b.store(place, value, span);
            }
        }
    }
}

pub(super) fn member(member: &Member) -> Field {
    match member {
        Member::Named(ident) => Field::Name(symbol(ident)),
        Member::Unnamed(index) => Field::Index(index.index),
    }
}

fn extend(base: Place, names: &[Symbol]) -> Place {
    let path: Vec<_> = base.path.iter().cloned().chain(names.iter().cloned().map(Field::Name)).collect();
    Place::new(base.base, path)
}
