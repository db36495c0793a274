//! Calls of functions and methods.

use syn::punctuated::Punctuated;
use syn::{AngleBracketedGenericArguments, Expr, ExprCall, ExprMethodCall, Path, PathArguments, Token};

use crate::base::Symbol;
use crate::base::span::Span;
use crate::ir::func::ParamKind;
use crate::ir::instr::{Arg, ArgKind, Base, CallStyle, Field, InstrId, Op, Place};

use super::Cx;
use super::patterns::PRELUDE_VARIANTS;
use super::types::symbol;

/// Methods of options, results and iterators that call what they are handed last with one value.
const APPLYING: [&str; 11] = [
    "map",
    "map_or",
    "map_or_else",
    "map_err",
    "map_while",
    "and_then",
    "filter_map",
    "find_map",
    "flat_map",
    "inspect_err",
    "for_each",
];

/// Types of the prelude whose methods a path may name: `map_while(Result::ok)`.
const PRELUDE_HOLDERS: [&str; 2] = ["Option", "Result"];

impl Cx {
    pub(super) fn call(&mut self, call: &ExprCall, span: Span) -> InstrId {
        if let Some(name) = prelude_variant(&call.func)
            && self.is_prelude(name)
            && let Some(payload) = call.args.first()
        {
            let payload = self.expr(payload);
            return self.variant(name, payload, span);
        }
        let callee = self.place(&call.func);
        let args = call.args.iter().map(|arg| positional(self.handed(arg))).collect();
        let value = self.b.call(callee, args, CallStyle::Plain, span);
        if let Expr::Path(path) = &*call.func
            && let Some(PathArguments::AngleBracketed(types)) = path.path.segments.last().map(|last| &last.arguments)
        {
            self.call_types(value, types);
        }
        value
    }

    pub(super) fn method_call(&mut self, call: &ExprMethodCall, span: Span) -> InstrId {
        let receiver = self.place(&call.receiver);
        let args = match APPLYING.iter().any(|name| call.method == name) {
            true => {
                let last = call.args.len().saturating_sub(1);
                let args = call.args.iter().enumerate();
                args.map(|(at, arg)| positional(if at == last { self.applied(arg) } else { self.expr(arg) })).collect()
            }
            false => self.arguments(&call.args),
        };
        let value = self.b.call(receiver.then(Field::Name(symbol(&call.method))), args, CallStyle::Plain, span);
        if let Some(types) = &call.turbofish {
            self.call_types(value, types);
        }
        value
    }

    fn handed(&mut self, arg: &Expr) -> InstrId {
        match arg {
            Expr::Closure(closure) => {
                let span = self.expr_span(arg);
                self.closure_handed(closure, span)
            }
            arg => self.expr(arg),
        }
    }

    /// A function that is called with one value. One that a type's path names is what a closure that calls it is: `map(Name::from)`.
    fn applied(&mut self, arg: &Expr) -> InstrId {
        let Expr::Path(path) = arg else { return self.expr(arg) };
        let variant = prelude_variant(arg).filter(|name| self.is_prelude(name));
        if variant.is_none() && !is_of_type(&path.path) {
            return self.expr(arg);
        }
        let span = self.expr_span(arg);
        let id = self.enter_lambda("<closure>", false, span);
        let local = self.b.param("value".into(), ParamKind::Plain, None, span);
        let made = match (variant, method_of_prelude(&path.path)) {
            (Some(name), _) => {
                let given = self.b.load(Place::local(local), span);
                self.variant(name, given, span)
            }
            (None, Some((owner, method))) if self.is_prelude(owner) => {
                let callee = Place::local(local).then(Field::Name(method));
                self.b.call(callee, Vec::new(), CallStyle::Plain, span)
            }
            (None, _) => {
                let given = self.b.load(Place::local(local), span);
                let callee = self.path(path.qself.as_ref(), &path.path);
                self.b.call(callee, vec![positional(given)], CallStyle::Plain, span)
            }
        };
        self.b.ret(Some(made));
        self.b.leave_func();
        self.b.push(Op::Closure(id), span)
    }

    fn is_prelude(&mut self, name: &str) -> bool {
        matches!(self.b.lookup(name).base, Base::Global(_))
    }

    /// The types that a call names itself: `parse::<Login>()`.
    fn call_types(&mut self, call: InstrId, named: &AngleBracketedGenericArguments) {
        let types = self.type_args(&PathArguments::AngleBracketed(named.clone()));
        self.b.set_call_types(call, types);
    }

    fn arguments(&mut self, args: &Punctuated<Expr, Token![,]>) -> Vec<Arg> {
        args.iter().map(|arg| positional(self.expr(arg))).collect()
    }
}

pub(super) fn positional(value: InstrId) -> Arg {
    Arg { value, kind: ArgKind::Positional }
}

/// Does a path name a function or variant of a type, or a type that is made like a tuple?
fn is_of_type(path: &Path) -> bool {
    let mut names = path.segments.iter().rev().map(|segment| segment.ident.to_string());
    let is_type = |name: &String| {
        name.starts_with(|first: char| first.is_uppercase()) && !PRELUDE_VARIANTS.contains(&name.as_str())
    };
    match (names.next(), names.next()) {
        (Some(_), Some(owner)) => is_type(&owner) || owner == "str",
        (Some(name), None) => is_type(&name),
        (None, _) => false,
    }
}

/// The type of the prelude and the method of it that a path names.
fn method_of_prelude(path: &Path) -> Option<(&'static str, Symbol)> {
    let [owner, method] = path.segments.iter().collect::<Vec<_>>()[..] else { return None };
    let owner = PRELUDE_HOLDERS.into_iter().find(|name| owner.ident == name)?;
    Some((owner, symbol(&method.ident)))
}

fn prelude_variant(func: &Expr) -> Option<&'static str> {
    let Expr::Path(path) = func else { return None };
    let ident = path.path.get_ident()?;
    PRELUDE_VARIANTS.into_iter().find(|name| ident == name)
}
