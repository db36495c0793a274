//! Functions that a platform finds in what a module exports by default, and calls with an object of its own:
//!
//! ```text
//! export default { async fetch(request, env) { … } };
//! ```

use crate::ir::instr::{Base, Entry, Field, Op};

use super::solve::Values;
use super::values::Value;

impl Values<'_> {
    /// The first parameter of each such function is what the platform hands to it, where its type does not say what it is.
    pub(super) fn given_by_platforms(&mut self) {
        let program = self.program;
        for module in program.modules.iter() {
            let Some(exported) = module.exports.names.get("default") else { continue };
            let body = &program.funcs[module.init];
            let made = body.instrs.iter().filter_map(|instr| match &instr.op {
                Op::Store(to, value) if to.base == Base::Cell(*exported) && to.path.is_empty() => Some(*value),
                _ => None,
            });
            let entries = made.filter_map(|value| match &body.instrs[value].op {
                Op::Record(record) => Some(&record.entries),
                _ => None,
            });
            for entry in entries.flatten() {
                if let Entry::Field(Field::Name(member), value) = entry
                    && let Some(node) = self.models.index.exported(module.language, member)
                    && let Op::Closure(func) = body.instrs[*value].op
                    && let Some(param) = program.funcs[func].params.first().filter(|param| param.ty.is_none())
                {
                    let slot = self.local_slot(func, param.local);
                    self.add(slot, &Value::Api(node, None));
                }
            }
        }
    }
}
