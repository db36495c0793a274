//! Calls of functions and methods.

use syn::punctuated::Punctuated;
use syn::{AngleBracketedGenericArguments, Expr, ExprCall, ExprMethodCall, PathArguments, Token};

use crate::base::span::Span;
use crate::ir::instr::{Arg, ArgKind, Base, CallStyle, Field, InstrId};

use super::Cx;
use super::patterns::PRELUDE_VARIANTS;
use super::types::symbol;

impl Cx {
    pub(super) fn call(&mut self, call: &ExprCall, span: Span) -> InstrId {
        if let Some(name) = prelude_variant(&call.func)
            && matches!(self.b.lookup(name).base, Base::Global(_))
            && let Some(payload) = call.args.first()
        {
            let payload = self.expr(payload);
            return self.variant(name, payload, span);
        }
        let callee = self.place(&call.func);
        let args = self.arguments(&call.args);
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
        let args = self.arguments(&call.args);
        let value = self.b.call(receiver.then(Field::Name(symbol(&call.method))), args, CallStyle::Plain, span);
        if let Some(types) = &call.turbofish {
            self.call_types(value, types);
        }
        value
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

fn prelude_variant(func: &Expr) -> Option<&'static str> {
    let Expr::Path(path) = func else { return None };
    let ident = path.path.get_ident()?;
    PRELUDE_VARIANTS.into_iter().find(|name| ident == name)
}
