//! Options that a function takes by whatever name: `def note(text, **options)`. What a call does not give is not there.
//!
//! ```python
//! if options.get("verbose"): …        # for `note(text)` it is not
//! ```

use crate::ir::func::ParamKind;
use crate::ir::instr::{ArgKind, Base, Call, Const, Field, InstrId, Op, Place};

use super::conditions::Scope;
use super::path::Path;
use super::when::{Held, Part};

impl Scope<'_, '_> {
    /// The option that a call asks for, where the function changes none of them.
    pub(super) fn option_asked(&self, call: &Call) -> Option<Part> {
        let (table, Field::Name(method)) = call.callee.split_last()? else { return None };
        let (name, default) = match call.args.as_slice() {
            [name] if method == ASK => (name.value, Const::Null),
            [name, default] => match &self.func.instrs[default.value].op {
                Op::Const(default) => (name.value, default.clone()),
                _ => return None,
            },
            _ => return None,
        };
        let Op::Const(Const::Str(name)) = &self.func.instrs[name].op else { return None };
        let param = self.rest_named(&table).filter(|_| self.values.models.looks_up(method) && !self.changes(&table))?;
        let path = Path::from(std::slice::from_ref(name));
        Some(Part { param, path, default: Some(default), stays: true })
    }

    /// What a call gives a function of its options; `param`: which of its parameters has them.
    pub(super) fn option_given(&self, call: &Call, of: &Part) -> Held {
        let Some(name) = of.path.iter().next() else { return Held::Unknown };
        let is_it = |kind: &ArgKind| matches!(kind, ArgKind::Named(given) if given == name);
        if let Some(arg) = call.args.iter().find(|arg| is_it(&arg.kind)) {
            return match &self.func.instrs[arg.value].op {
                Op::Const(value) => Held::Const(value.clone()),
                _ => Held::Unknown,
            };
        }
        let mut spread = call.args.iter().filter(|arg| arg.kind == ArgKind::SpreadNamed).map(|arg| arg.value);
        match (spread.next(), spread.next()) {
            (None, _) => of.default.clone().map_or(Held::Unknown, Held::Const),
            (Some(all), None) => self.handed_on(all, of).map_or(Held::Unknown, Held::Part),
            _ => Held::Unknown,
        }
    }

    /// The same option of the function's own, where it hands all of them on.
    fn handed_on(&self, all: InstrId, of: &Part) -> Option<Part> {
        let Op::Load(table) = &self.func.instrs[all].op else { return None };
        let param = self.rest_named(table).filter(|_| !self.changes(table))?;
        Some(Part { param, ..of.clone() })
    }

    /// The parameter with the options that a place is.
    fn rest_named(&self, place: &Place) -> Option<u32> {
        let Base::Local(local) = place.base else { return None };
        let mut params = self.func.params.iter();
        let at = params.position(|param| param.local == local && param.kind == ParamKind::RestNamed)?;
        u32::try_from(at).ok().filter(|_| place.path.is_empty())
    }

    /// Does the function change what is in a table?
    fn changes(&self, table: &Place) -> bool {
        let models = self.values.models;
        let fills = |method: &str| models.keeps(method) || models.merges(method) || method == PUT;
        self.func.instrs.iter().any(|instr| match &instr.op {
            Op::Store(place, _) => place.base == table.base,
            Op::Call(call) if call.callee.base == table.base => {
                matches!(call.callee.path.last(), Some(Field::Name(method)) if fills(method))
            }
            _ => false,
        })
    }
}

/// The method that gives nothing where there is none, and the one that puts something in.
const ASK: &str = "get";
const PUT: &str = "setdefault";
