//! Expressions. References, dereferences, casts and parentheses are seen through.

use syn::{BinOp, Expr, ExprBinary, ExprStruct, Lit, UnOp};

use crate::base::span::Span;
use crate::ir::instr::{Const, Entry, Field, InstrId, Op, Oper, Order, Place, Record, RecordKind};

use super::places::member;
use super::{Cx, Dest};

impl Cx {
    pub(super) fn expr(&mut self, expr: &Expr) -> InstrId {
        let span = self.expr_span(expr);
        match expr {
            Expr::Lit(x) => self.literal(&x.lit, span),
            Expr::Path(x) if x.path.is_ident("None") => self.b.constant(Const::Null, span),
            Expr::Path(_) | Expr::Field(_) => {
                let place = self.place(expr);
                self.value_at(&place, span)
            }
            Expr::Index(x) => match &*x.index {
                Expr::Range(range) => self.slice(&x.expr, range, span),
                _ => {
                    let place = self.place(expr);
                    self.value_at(&place, span)
                }
            },
            Expr::Paren(x) => self.expr(&x.expr),
            Expr::Group(x) => self.expr(&x.expr),
            Expr::Reference(x) => self.expr(&x.expr),
            Expr::RawAddr(x) => self.expr(&x.expr),
            Expr::Cast(x) => self.expr(&x.expr),
            Expr::Unary(x) => self.unary(&x.op, &x.expr, span),
            Expr::Binary(x) => self.binary(x, expr, span),
            Expr::Assign(x) => {
                let value = self.expr(&x.right);
                self.assign(&x.left, value, span);
                value
            }
            Expr::Call(x) => self.call(x, span),
            Expr::MethodCall(x) => self.method_call(x, span),
            Expr::Macro(x) => self.macro_call(&x.mac, span),
            Expr::Await(x) => {
                let value = self.future(&x.base);
                self.b.push(Op::Await(value), span)
            }
            Expr::Try(x) => self.question_mark(x, span),
            Expr::Closure(x) => self.closure(x, span),
            Expr::Async(x) => self.async_block(x, span),
            other => self.composite(other, span),
        }
    }

    /// Literals with parts, and what branches.
    fn composite(&mut self, expr: &Expr, span: Span) -> InstrId {
        match expr {
            Expr::Struct(x) => self.struct_literal(x, span),
            Expr::Array(x) => self.sequence(RecordKind::Array, x.elems.iter(), span),
            Expr::Tuple(x) if x.elems.is_empty() => self.b.constant(Const::Null, span),
            Expr::Tuple(x) => self.sequence(RecordKind::Tuple, x.elems.iter(), span),
            Expr::Repeat(x) => {
                let elem = self.expr(&x.expr);
                self.expr(&x.len);
                self.record(RecordKind::Array, vec![Entry::Field(Field::Any, elem)], span)
            }
            Expr::Range(x) => {
                let bounds: Vec<_> = x.start.iter().chain(&x.end).map(|bound| self.expr(bound)).collect();
                self.b.push(Op::Unknown("range", bounds), span)
            }
            Expr::Yield(x) => {
                let value = match &x.expr {
                    Some(value) => self.expr(value),
                    None => self.b.constant(Const::Null, span),
                };
                self.b.func_mut().is_generator = true;
                self.b.push(Op::Yield(value), span)
            }
            Expr::TryBlock(x) => {
                let result = self.b.temp("value", None);
                self.block_into(&x.block, Dest::Local(result));
                self.b.load(Place::local(result), span)
            }
            Expr::Let(_) => self.condition_value(expr, span),
            Expr::While(_) | Expr::ForLoop(_) | Expr::Return(_) | Expr::Break(_) | Expr::Continue(_) => {
                self.into(expr, Dest::Nowhere);
                self.b.constant(Const::Null, span)
            }
            Expr::If(_) | Expr::Match(_) | Expr::Loop(_) | Expr::Block(_) | Expr::Unsafe(_) | Expr::Const(_) => {
                self.branching_value(expr, span)
            }
            Expr::Verbatim(tokens) => self.scan_tokens(tokens.clone(), "tokens", span),
            _ => self.b.push(Op::Unknown("expression", Vec::new()), span),
        }
    }

    pub(super) fn literal(&mut self, lit: &Lit, span: Span) -> InstrId {
        self.b.constant(constant(lit), span)
    }

    pub(super) fn record(&mut self, kind: RecordKind, entries: Vec<Entry>, span: Span) -> InstrId {
        self.b.push(Op::Record(Box::new(Record { kind, ty: None, entries })), span)
    }

    pub(super) fn sequence<'e>(
        &mut self,
        kind: RecordKind,
        elems: impl Iterator<Item = &'e Expr>,
        span: Span,
    ) -> InstrId {
        let mut entries = Vec::new();
        for (at, elem) in (0..).zip(elems) {
            let value = self.expr(elem);
            entries.push(Entry::Field(Field::Index(at), value));
        }
        self.record(kind, entries, span)
    }

    fn struct_literal(&mut self, expr: &ExprStruct, span: Span) -> InstrId {
        let mut entries = Vec::new();
        for field in &expr.fields {
            let value = self.expr(&field.expr);
            entries.push(Entry::Field(member(&field.member), value));
        }
        if let Some(rest) = &expr.rest {
            // `..base` fills in what is not named, and a later entry wins.
            let rest = match made_by_default(rest, &expr.path) {
                Some(made) => self.expr(&made),
                None => self.expr(rest),
            };
            entries.insert(0, Entry::Spread(rest));
        }
        let ty = Some(self.path_type(&expr.path));
        self.b.push(Op::Record(Box::new(Record { kind: RecordKind::Object, ty, entries })), span)
    }

    fn slice(&mut self, whole: &Expr, range: &syn::ExprRange, span: Span) -> InstrId {
        let mut operands = vec![self.expr(whole)];
        for bound in range.start.iter().chain(&range.end) {
            operands.push(self.expr(bound));
        }
        self.b.push(Op::Operator(Oper::Slice, operands), span)
    }

    fn unary(&mut self, op: &UnOp, operand: &Expr, span: Span) -> InstrId {
        let value = self.expr(operand);
        match op {
            UnOp::Deref(_) => value,
            UnOp::Not(_) => self.b.push(Op::Operator(Oper::Not, vec![value]), span),
            _ => match self.b.op(value) {
                Op::Const(Const::Int(number)) => {
                    let negative = number.wrapping_neg();
                    self.b.constant(Const::Int(negative), span)
                }
                _ => self.b.push(Op::Operator(Oper::Arith, vec![value]), span),
            },
        }
    }

    fn binary(&mut self, binary: &ExprBinary, expr: &Expr, span: Span) -> InstrId {
        let (oper, assigns) = operator(&binary.op);
        let Some(oper) = oper else { return self.condition_value(expr, span) };
        if assigns {
            let right = self.expr(&binary.right);
            let place = self.place(&binary.left);
            let before = self.value_at(&place, span);
            let value = self.b.push(Op::Operator(oper, vec![before, right]), span);
            return self.b.store(place, value, span);
        }
        let left = self.expr(&binary.left);
        let right = self.expr(&binary.right);
        self.b.push(Op::Operator(oper, vec![left, right]), span)
    }
}

/// The operator and whether it assigns; `None` for the two that branch.
fn operator(op: &BinOp) -> (Option<Oper>, bool) {
    match op {
        BinOp::And(_) | BinOp::Or(_) => (None, false),
        BinOp::Add(_) => (Some(Oper::Add), false),
        BinOp::AddAssign(_) => (Some(Oper::Add), true),
        BinOp::Eq(_) => (Some(Oper::Eq), false),
        BinOp::Ne(_) => (Some(Oper::Ne), false),
        BinOp::Lt(_) => (Some(Oper::Compare(Order::Less)), false),
        BinOp::Le(_) => (Some(Oper::Compare(Order::AtMost)), false),
        BinOp::Gt(_) => (Some(Oper::Compare(Order::Greater)), false),
        BinOp::Ge(_) => (Some(Oper::Compare(Order::AtLeast)), false),
        BinOp::SubAssign(_)
        | BinOp::MulAssign(_)
        | BinOp::DivAssign(_)
        | BinOp::RemAssign(_)
        | BinOp::BitXorAssign(_)
        | BinOp::BitAndAssign(_)
        | BinOp::BitOrAssign(_)
        | BinOp::ShlAssign(_)
        | BinOp::ShrAssign(_) => (Some(Oper::Arith), true),
        _ => (Some(Oper::Arith), false),
    }
}

pub(super) fn constant(lit: &Lit) -> Const {
    match lit {
        Lit::Str(text) => Const::Str(text.value().into()),
        Lit::ByteStr(bytes) => Const::Str(String::from_utf8_lossy(&bytes.value()).into()),
        Lit::CStr(text) => Const::Str(text.value().to_string_lossy().into()),
        Lit::Char(char) => Const::Str(char.value().to_string().into()),
        Lit::Byte(byte) => Const::Int(byte.value().into()),
        Lit::Int(number) => match number.base10_parse() {
            Ok(value) => Const::Int(value),
            Err(_) => Const::Num(number.base10_digits().into()),
        },
        Lit::Float(number) => Const::Num(number.base10_digits().into()),
        Lit::Bool(flag) => Const::Bool(flag.value),
        other => Const::Num(other.suffix().into()),
    }
}

/// What `..Default::default()` is in a literal of a struct: `Options::default()`.
fn made_by_default(rest: &Expr, of: &syn::Path) -> Option<Expr> {
    let Expr::Call(call) = rest else { return None };
    let Expr::Path(func) = &*call.func else { return None };
    let mut names = func.path.segments.iter().rev();
    let (method, owner) = (names.next()?, names.next()?);
    if func.qself.is_some() || method.ident != "default" || owner.ident != "Default" {
        return None;
    }
    let mut path = of.clone();
    path.segments.push(method.clone());
    let func = Expr::Path(syn::ExprPath { attrs: Vec::new(), qself: None, path });
    Some(Expr::Call(syn::ExprCall { func: Box::new(func), ..call.clone() }))
}
