//! Patterns: tests that lead elsewhere when they fail, and bindings, each one `Load` with a path.

use syn::punctuated::Punctuated;
use syn::{ExprRange, Member, Pat, PatIdent, PatOr, PatStruct, Path, RangeLimits, Token};

use crate::base::Symbol;
use crate::base::span::Span;
use crate::ir::instr::{Base, Const, Entry, Field, InstrId, Op, Oper, Order, Place, RecordKind};

use super::places::member;
use super::types::symbol;
use super::{Cx, Otherwise};

/// Variants that every file knows without an import.
pub(super) const PRELUDE_VARIANTS: [&str; 4] = ["Ok", "Err", "Some", "None"];

impl Cx {
    /// Takes `subject` apart. Where a part does not match, control goes to `otherwise`.
    pub(super) fn pattern(&mut self, pat: &Pat, subject: &Place, otherwise: Otherwise) {
        let span = self.span_of(pat);
        match pat {
            Pat::Ident(x) => self.name_pattern(x, subject, otherwise, span),
            Pat::Paren(x) => self.pattern(&x.pat, subject, otherwise),
            Pat::Reference(x) => self.pattern(&x.pat, subject, otherwise),
            Pat::Type(x) => self.pattern(&x.pat, subject, otherwise),
            Pat::Guard(x) => {
                self.pattern(&x.pat, subject, otherwise);
                if let Some(no) = otherwise {
                    self.condition(&x.guard, no);
                }
            }
            Pat::Lit(x) => self.compare(Oper::Eq, subject, otherwise, span, |cx| cx.literal(&x.lit, span)),
            Pat::Const(x) => {
                let value = |cx: &mut Self| cx.branching_value(&syn::Expr::Const(x.clone()), span);
                self.compare(Oper::Eq, subject, otherwise, span, value);
            }
            Pat::Range(x) => self.range_pattern(x, subject, otherwise, span),
            Pat::Path(x) => self.path_test(x.qself.as_ref(), &x.path, subject, otherwise, span),
            Pat::TupleStruct(x) => {
                self.path_test(x.qself.as_ref(), &x.path, subject, otherwise, span);
                let name = x.path.segments.last().map(|last| symbol(&last.ident)).unwrap_or_default();
                self.elements(&x.elems, subject, otherwise, |at| Field::Variant(name.clone(), at));
            }
            Pat::Struct(x) => self.struct_pattern(x, subject, otherwise, span),
            Pat::Tuple(x) => match self.parts_of_tuple(subject, x.elems.len()) {
                Some(parts) if x.elems.iter().all(|elem| rest_name(elem).is_none()) => {
                    for (elem, part) in x.elems.iter().zip(parts) {
                        self.pattern(elem, &Place::value(part), otherwise);
                    }
                }
                _ => self.elements(&x.elems, subject, otherwise, Field::Index),
            },
            Pat::Slice(x) => {
                if let Some(no) = otherwise {
                    let value = self.value_at(subject, span);
                    let fits = self.b.push(Op::Unknown("slice pattern", vec![value]), span);
                    self.test(fits, no);
                }
                self.elements(&x.elems, subject, otherwise, Field::Index);
            }
            Pat::Or(x) => self.alternatives(x, subject, otherwise),
            Pat::Macro(x) => {
                if let Some((made, layer)) = self.own_macro_pattern(&x.mac) {
                    self.within(layer, |cx| cx.pattern(&made, subject, otherwise));
                }
            }
            _ => {}
        }
    }

    fn name_pattern(&mut self, pat: &PatIdent, subject: &Place, otherwise: Otherwise, span: Span) {
        let name = symbol(&pat.ident);
        // A variant or constant in scope looks like a name that is bound; upper case tells them apart.
        if pat.subpat.is_none() && pat.by_ref.is_none() && name.starts_with(|first: char| first.is_uppercase()) {
            return self.path_test(None, &Path::from(pat.ident.clone()), subject, otherwise, span);
        }
        match &pat.subpat {
            // The rest of a sequence: `rest @ ..`.
            Some((_, sub)) if matches!(**sub, Pat::Rest(_)) => {}
            Some((_, sub)) => self.pattern(sub, subject, otherwise),
            None => {}
        }
        self.bind_name(&name, subject, span);
    }

    fn bind_name(&mut self, name: &Symbol, subject: &Place, span: Span) {
        let value = self.value_at(subject, span);
        let variable = if self.in_alternative { self.b.lookup(name) } else { self.b.shadow(name, None, span) };
        self.b.store(variable, value, span);
    }

    fn test(&mut self, holds: InstrId, no: crate::ir::func::BlockId) {
        let yes = self.b.new_block();
        self.b.branch(holds, yes, no);
        self.b.switch_to(yes);
    }

    fn compare(
        &mut self,
        oper: Oper,
        subject: &Place,
        otherwise: Otherwise,
        span: Span,
        with: impl FnOnce(&mut Self) -> InstrId,
    ) {
        let Some(no) = otherwise else { return };
        let value = self.value_at(subject, span);
        let other = with(self);
        let holds = self.b.push(Op::Operator(oper, vec![value, other]), span);
        self.test(holds, no);
    }

    fn range_pattern(&mut self, range: &ExprRange, subject: &Place, otherwise: Otherwise, span: Span) {
        let end = if matches!(range.limits, RangeLimits::Closed(_)) { Order::AtMost } else { Order::Less };
        for (bound, order) in [(&range.start, Order::AtLeast), (&range.end, end)] {
            if let Some(bound) = bound {
                self.compare(Oper::Compare(order), subject, otherwise, span, |cx| cx.expr(bound));
            }
        }
    }

    /// Is the value this variant, or this constant?
    fn path_test(
        &mut self,
        qself: Option<&syn::QSelf>,
        path: &Path,
        subject: &Place,
        otherwise: Otherwise,
        span: Span,
    ) {
        let name = path.get_ident().map(symbol);
        if let Some(name) = name.filter(|name| PRELUDE_VARIANTS.contains(&name.as_str())) {
            let variant = |cx: &mut Self| cx.b.constant(Const::Str(name), span);
            return self.compare(Oper::IsVariant, subject, otherwise, span, variant);
        }
        if otherwise.is_none() {
            return;
        }
        let last = path.segments.last().map(|last| symbol(&last.ident)).unwrap_or_default();
        let is_constant = last.len() > 1 && !last.contains(|byte: char| byte.is_lowercase());
        let oper = if is_constant { Oper::Eq } else { Oper::IsVariant };
        let place = self.path(qself, path);
        self.compare(oper, subject, otherwise, span, |cx| cx.b.load(place, span));
    }

    /// The parts of a tuple that is taken apart where it is made: `match (a, b) { … }`.
    fn parts_of_tuple(&self, subject: &Place, n_parts: usize) -> Option<Vec<InstrId>> {
        let (Base::Value(made), []) = (&subject.base, &*subject.path) else { return None };
        let Op::Record(record) = self.b.op(*made) else { return None };
        if record.kind != RecordKind::Tuple || record.entries.len() != n_parts {
            return None;
        }
        let part = |entry: &Entry| if let Entry::Field(_, value) = entry { Some(*value) } else { None };
        record.entries.iter().map(part).collect()
    }

    /// Elements by position. Behind a `..` the position is not known.
    fn elements(
        &mut self,
        elems: &Punctuated<Pat, Token![,]>,
        subject: &Place,
        otherwise: Otherwise,
        field: impl Fn(u32) -> Field,
    ) {
        let mut is_behind_rest = false;
        for (at, elem) in (0..).zip(elems) {
            if let Some(rest) = rest_name(elem) {
                is_behind_rest = true;
                if let Some(name) = rest {
                    let span = self.span_of(elem);
                    self.bind_name(&symbol(name), subject, span);
                }
                continue;
            }
            let step = if is_behind_rest { Field::Any } else { field(at) };
            self.pattern(elem, &subject.then(step), otherwise);
        }
    }

    fn struct_pattern(&mut self, pat: &PatStruct, subject: &Place, otherwise: Otherwise, span: Span) {
        // A single name is a struct, which always matches, unless a `use` brought a variant into scope.
        let is_own_struct = match pat.path.get_ident() {
            Some(ident) => match self.b.lookup_item(&symbol(ident)).base {
                Base::Cell(cell) => self.own_items.contains(&cell),
                _ => false,
            },
            None => false,
        };
        if !is_own_struct {
            self.path_test(pat.qself.as_ref(), &pat.path, subject, otherwise, span);
        }
        for field in &pat.fields {
            let step = match (&field.member, &pat.path.segments.last()) {
                (Member::Unnamed(index), Some(last)) => Field::Variant(symbol(&last.ident), index.index),
                (named, _) => member(named),
            };
            self.pattern(&field.pat, &subject.then(step), otherwise);
        }
    }

    fn alternatives(&mut self, pat: &PatOr, subject: &Place, otherwise: Otherwise) {
        let was_in_alternative = self.in_alternative;
        if !was_in_alternative && let Some(first) = pat.cases.first() {
            let mut names = Vec::new();
            bound_names(first, &mut names);
            for name in names {
                let span = self.at(name.span());
                self.b.shadow(&symbol(name), None, span);
            }
        }
        self.in_alternative = true;
        let matched = self.b.new_block();
        let last = pat.cases.len() - 1;
        for (at, case) in pat.cases.iter().enumerate() {
            let next = self.b.new_block();
            let to = if at == last { otherwise } else { Some(next) };
            self.pattern(case, subject, to);
            self.b.goto(matched);
            self.b.switch_to(next);
        }
        self.in_alternative = was_in_alternative;
        self.b.switch_to(matched);
    }
}

/// Is this element `..` or `name @ ..`?
fn rest_name(pat: &Pat) -> Option<Option<&syn::Ident>> {
    match pat {
        Pat::Rest(_) => Some(None),
        Pat::Ident(x) => match &x.subpat {
            Some((_, sub)) if matches!(**sub, Pat::Rest(_)) => Some(Some(&x.ident)),
            _ => None,
        },
        _ => None,
    }
}

pub(super) fn bound_names<'p>(pat: &'p Pat, out: &mut Vec<&'p syn::Ident>) {
    match pat {
        Pat::Ident(x) => {
            if !x.ident.to_string().starts_with(char::is_uppercase) {
                out.push(&x.ident);
            }
            x.subpat.iter().for_each(|(_, sub)| bound_names(sub, out));
        }
        Pat::Paren(x) => bound_names(&x.pat, out),
        Pat::Reference(x) => bound_names(&x.pat, out),
        Pat::Type(x) => bound_names(&x.pat, out),
        Pat::TupleStruct(x) => x.elems.iter().for_each(|elem| bound_names(elem, out)),
        Pat::Tuple(x) => x.elems.iter().for_each(|elem| bound_names(elem, out)),
        Pat::Slice(x) => x.elems.iter().for_each(|elem| bound_names(elem, out)),
        Pat::Struct(x) => x.fields.iter().for_each(|field| bound_names(&field.pat, out)),
        Pat::Or(x) => x.cases.first().into_iter().for_each(|case| bound_names(case, out)),
        _ => {}
    }
}
