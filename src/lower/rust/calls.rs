//! Calls of functions and methods.

use syn::punctuated::Punctuated;
use syn::{Expr, ExprCall, ExprMethodCall, Token};

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
        self.b.call(callee, args, CallStyle::Plain, span)
    }

    pub(super) fn method_call(&mut self, call: &ExprMethodCall, span: Span) -> InstrId {
        let receiver = self.place(&call.receiver);
        let args = self.arguments(&call.args);
        self.b.call(receiver.then(Field::Name(symbol(&call.method))), args, CallStyle::Plain, span)
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
