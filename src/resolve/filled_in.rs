//! Functions whose first arguments are filled in before they are called: `partial(progress.send, client)`.

use crate::ir::func::{FuncId, ParamKind};
use crate::ir::instr::ArgKind;
use crate::models::index::Table;
use crate::models::schema::CallbackTime;

use super::ports::PortValue;
use super::solve::Values;
use super::values::{At, Value};

impl Values<'_> {
    /// How many parameters of a function, from the first on, are filled in where a call calls it. None where what the call gives
    /// would be too much then: the function itself comes there, too.
    pub(crate) fn filled_in(&self, at: At, func: FuncId) -> usize {
        let callee = self.callee_slot(at).map(|slot| self.of_slot(slot).items()).unwrap_or_default();
        let mut filled = callee.iter().filter_map(|value| match value {
            Value::Api(_, Some(made)) => self.filled_by(*made, func),
            _ => None,
        });
        let Some(first) = filled.next().filter(|first| filled.all(|other| other == *first)) else { return 0 };
        let params = &self.program.funcs[func].params;
        let n_given =
            self.call_at(at).map_or(0, |call| call.args.iter().filter(|arg| arg.kind == ArgKind::Positional).count());
        let takes_all = params.iter().any(|param| param.kind == ParamKind::Rest);
        let n_plain = params.iter().filter(|param| param.kind == ParamKind::Plain).count();
        if takes_all || first + n_given <= n_plain { first } else { 0 }
    }

    /// How many parameters of the function a call fills in that gives it back.
    fn filled_by(&self, made: At, func: FuncId) -> Option<usize> {
        let rows = self.call_rows(made, Table::Callback);
        let mut rows = rows.iter().map(|row| self.models.callback(*row));
        let row = rows.find(|row| row.passes.is_some() && row.returns && row.runs == CallbackTime::Later)?;
        let holds = |value: PortValue| matches!(value, PortValue::Known(values) if values.contains(&Value::Func(func)));
        if !row.func_ports.iter().any(|port| holds(self.port_values(made, port))) {
            return None;
        }
        let given = self.call_at(made)?.args.iter().skip(row.passes?.from);
        Some(given.take_while(|arg| arg.kind == ArgKind::Positional).count())
    }
}
