//! Switches: values that are the same in the whole process, because they are made of variables of the environment and of
//! constants only.
//!
//! ```python
//! class Config:
//!     def __init__(self):
//!         self.managed = os.environ.get("MANAGED", "false").lower() == "true"
//! …
//! account = found if config.is_managed() else user
//! if config.is_managed(): log.info(account)      # never `user`
//! ```
//!
//! A condition that asks for one is a condition of whatever function asks it, and the same in all of them: no call answers it. What
//! got somewhere under a switch does not go on under its contrary. A switch is named by what it is made of, written out.

use std::fmt::Write as _;

use crate::base::Symbol;
use crate::base::bounds::{MAX_CHECK_DEPTH, MAX_SYM};
use crate::ir::func::{BlockId, FuncKind};
use crate::ir::instr::{ArgKind, Base, Call, Const, Entry, Field, Imported, InstrId, Op, Place, RecordKind};
use crate::ir::program::{ClassId, ModuleId};
use crate::models::index::Table;
use crate::resolve::link::Target;
use crate::resolve::values::{At, Key, Obj, Value};

use super::conditions::Scope;
use super::domain::{Kind, RECEIVER};
use super::explore::Explorer;
use super::path::Path;
use super::settings::{env_symbol, reads_env};
use super::when::{Is, Part, SWITCH, When};
use super::words::Words;

/// What begins the name of a variable of the environment.
const ENV_WORD: &str = "env ";

/// What ends a list that is written out.
const ARGS_END: &str = ",)";

/// A switch, written out.
#[derive(Default)]
struct Written {
    text: String,
    /// Does any of it come from the environment?
    is_of_env: bool,
}

impl Scope<'_, '_> {
    /// The switch that an instruction of the function gives: `os.getenv("MODE")`.
    pub(super) fn switch_given(&self, value: InstrId, block: BlockId) -> Option<Part> {
        let mut written = Written::default();
        self.write_out(value, block, &mut written, MAX_CHECK_DEPTH)?;
        written.part()
    }

    /// The switch that a variable of a module or a field is.
    pub(super) fn switch_at(&self, place: &Place) -> Option<Part> {
        let stored = self.switch_stored(place)?;
        let mut written = Written::default();
        self.write_stored(stored, &mut written, MAX_CHECK_DEPTH)?;
        written.part()
    }

    /// Where something is put there, if that happens once.
    fn switch_stored(&self, place: &Place) -> Option<At> {
        let (owner, name) = match (&place.base, &*place.path) {
            (Base::Cell(cell), []) => match self.all.stores_of(*cell) {
                [at] if self.values.program.funcs[at.0].kind == FuncKind::Init => return Some(*at),
                _ => return None,
            },
            (_, [.., Field::Name(name)]) => (place.split_last()?.0, name),
            _ => return None,
        };
        // `usage.DEV_MODE`
        if let Some([Value::Module(module)]) = self.values.place_values(self.id, &owner) {
            return self.exported(*module, name);
        }
        let class = if owner.path.is_empty() && self.param(&owner.base) == Some(RECEIVER) {
            self.func.owner?
        } else {
            self.class_at(&owner)?
        };
        let is_open = self.all.prepared.as_ref().is_none_or(|prepared| prepared.stored_openly.contains(name));
        let class = self.values.classes.top(class);
        let stores = |obj| self.values.stores_to(&obj, &Key::Name(name.clone()));
        match (stores(Obj::Instances(class)), stores(Obj::Statics(class))) {
            ([at], []) if self.values.program.funcs[at.0].kind == FuncKind::Constructor && !is_open => Some(*at),
            ([], [at]) if self.values.program.funcs[at.0].kind == FuncKind::Init && !is_open => Some(*at),
            _ => None,
        }
    }

    /// Where a variable of a module gets what it holds, if that happens once.
    fn exported(&self, module: ModuleId, name: &Symbol) -> Option<At> {
        let cell = self.values.program.modules[module].exports.names.get(name)?;
        match self.all.stores_of(*cell) {
            [at] if self.values.program.funcs[at.0].kind == FuncKind::Init => Some(*at),
            _ => None,
        }
    }

    /// The one class of the program of which the objects there are.
    fn class_at(&self, place: &Place) -> Option<ClassId> {
        let mut class = None;
        for value in self.values.place_values(self.id, place)? {
            match value {
                Value::Instance(found) | Value::Typed(found) if class.is_none_or(|class| class == *found) => {
                    class = Some(*found);
                }
                // Nothing has no fields.
                Value::Const(Const::Null | Const::Undefined) => {}
                _ => return None,
            }
        }
        class
    }

    fn write_stored(&self, (func, store): At, to: &mut Written, depth: usize) -> Option<()> {
        let body = &self.values.program.funcs[func];
        let Op::Store(_, value) = &body.instrs[store].op else { return None };
        let block = body.blocks.ids().find(|block| body.blocks[*block].instrs.contains(&store))?;
        let known = self.all.of(self.values, func);
        let inside = Scope { id: func, func: body, body: &known, ..*self };
        inside.write_out(*value, block, to, depth)
    }

    /// Writes out what a value is made of; `None` where that is anything but the environment and constants.
    fn write_out(&self, value: InstrId, block: BlockId, to: &mut Written, depth: usize) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match &self.func.instrs[value].op {
            Op::Const(constant) => write!(to.text, "{constant:?}").ok(),
            Op::Operator(oper, operands) => {
                write!(to.text, "{oper:?}").ok()?;
                self.write_list(operands.iter().copied(), block, to, depth)
            }
            Op::Record(record) if record.kind != RecordKind::Object => {
                let items: Option<Vec<InstrId>> = record
                    .entries
                    .iter()
                    .map(|entry| match entry {
                        Entry::Field(_, value) => Some(*value),
                        Entry::Spread(_) => None,
                    })
                    .collect();
                self.write_list(items?.into_iter(), block, to, depth)
            }
            Op::Load(place) => self.write_place(place, value, block, to, depth),
            Op::Call(call) => self.write_call(call, value, block, to, depth),
            // `from usage import DEV_MODE`
            Op::Import(import) => {
                let Imported::Named(name) = &import.what else { return None };
                match self.values.linker.resolve(self.func.module, &import.from) {
                    Target::Module(module, rest) if rest.is_empty() => {
                        self.write_stored(self.exported(module, name)?, to, depth)
                    }
                    _ => None,
                }
            }
            _ => None,
        }?;
        (to.text.len() <= MAX_SYM).then_some(())
    }

    fn write_list(
        &self,
        values: impl Iterator<Item = InstrId>,
        block: BlockId,
        to: &mut Written,
        depth: usize,
    ) -> Option<()> {
        to.text.push('(');
        for value in values {
            self.write_out(value, block, to, depth)?;
            to.text.push(',');
        }
        to.text.push(')');
        Some(())
    }

    fn write_place(&self, place: &Place, load: InstrId, block: BlockId, to: &mut Written, depth: usize) -> Option<()> {
        let is_env = |value: &Value| matches!(value, Value::Api(node, None) if reads_env(self.values, *node));
        if let Some((_, Field::Name(name))) = place.split_last()
            && self.values.of(self.id, load).items().iter().any(is_env)
        {
            return self.write_variable(name, to);
        }
        if place.path.is_empty()
            && let Some((value, block)) = self.written_once(&place.base, block)
        {
            return self.write_out(value, block, to, depth);
        }
        self.write_stored(self.switch_stored(place)?, to, depth)
    }

    /// A variable of the environment, where the program writes none itself under that name.
    fn write_variable(&self, name: &str, to: &mut Written) -> Option<()> {
        let symbol = env_symbol(name);
        if self.all.prepared.as_ref()?.lazy.written(&symbol).next().is_some() {
            return None;
        }
        to.is_of_env = true;
        to.text.push_str(&symbol);
        Some(())
    }

    fn write_call(&self, call: &Call, at: InstrId, block: BlockId, to: &mut Written, depth: usize) -> Option<()> {
        if call.args.iter().any(|arg| matches!(arg.kind, ArgKind::Spread | ArgKind::SpreadNamed)) {
            return None;
        }
        let args = || call.args.iter().map(|arg| arg.value);
        let rows = self.values.call_rows((self.id, at), Table::Source).into_iter();
        let mut rows = rows.map(|row| self.values.models.source(row));
        if let Some(row) = rows.find(|row| Kind::named(&row.kind) == Some(Kind::Env)) {
            let name = self.values.port_text((self.id, at), std::slice::from_ref(row.name.as_ref()?))?;
            self.write_variable(&name, to)?;
            return self.write_list(args(), block, to, depth);
        }
        match (&call.callee.base, &*call.callee.path) {
            // `value.lower()`
            (Base::Value(of), [Field::Name(method)]) => {
                self.write_out(*of, block, to, depth)?;
                write!(to.text, ".{method}").ok()?;
            }
            (base @ (Base::Local(_) | Base::Cell(_)), [Field::Name(method)]) => {
                self.write_place(&Place::of(base.clone()), at, block, to, depth)?;
                write!(to.text, ".{method}").ok()?;
            }
            // `bool(value)`
            (Base::Global(name), []) if !call.args.is_empty() => to.text.push_str(name),
            _ => return None,
        }
        self.write_list(args(), block, to, depth)
    }
}

/// The switches that have to be on for something to get where it is, and are off where nothing is said of them:
/// `if os.getenv("DEBUG", "") == "yes": line = f"{line}: {error}"`.
pub(crate) fn switches_for(when: &When, explorer: &Explorer<'_>, words: &Words) -> Vec<String> {
    let on = when.asked().iter().filter(|asked| asked.of.param == SWITCH && asked.of.default.is_none());
    let named = on.filter_map(|asked| {
        let text = asked.of.path.first()?;
        let is_on = match (&asked.is, asked.holds) {
            (Is::True, true) => is_off_at_first(text, words),
            (Is::Equal(Const::Bool(true)), holds) => holds && is_off_at_first(text, words),
            (Is::Equal(Const::Str(value)), true) => !value.is_empty() && default_of(text).0 != *value,
            _ => false,
        };
        let name = variable_in(text)?;
        let is_assumed = explorer.assumed.get(&env_symbol(name)).is_some();
        (is_on && !is_assumed).then(|| name.to_owned())
    });
    named.collect()
}

/// The variable that a switch is made of, which is written out.
fn variable_in(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once(ENV_WORD)?;
    rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().filter(|name| !name.is_empty())
}

/// What is taken where the variable is not set, and what is written behind that.
fn default_of(text: &str) -> (&str, &str) {
    let call = variable_in(text).map(|name| format!("{ENV_WORD}{name}("));
    let Some((_, rest)) = call.and_then(|call| text.split_once(call.as_str())) else { return ("", text) };
    let (args, behind) = rest.split_once(ARGS_END).unwrap_or((rest, ""));
    (args.split('"').nth(3).unwrap_or_default(), behind)
}

/// Is a switch off where the variable is not set: a comparison with other texts than that, or a flag by its name?
fn is_off_at_first(text: &str, words: &Words) -> bool {
    let (default, behind) = default_of(text);
    if text.starts_with("Eq(") || text.starts_with("In(") {
        return !behind.split('"').skip(1).step_by(2).any(|known| known.eq_ignore_ascii_case(default));
    }
    text.starts_with(ENV_WORD) && default.is_empty() && variable_in(text).is_some_and(|name| words.is_switch(name))
}

impl Written {
    fn part(self) -> Option<Part> {
        let name = self.text.into();
        self.is_of_env.then(|| Part { param: SWITCH, path: Path::from(&[name][..]), default: None, stays: true })
    }
}
