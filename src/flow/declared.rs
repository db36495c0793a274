//! What the program declares of the arguments of its tools, as a JSON schema beside them: `{"properties": {"size": {"enum": …}}}`.

use rustc_hash::FxHashMap;

use crate::base::Symbol;
use crate::base::bounds::MAX_CHECK_DEPTH;
use crate::ir::func::{FuncId, Function};
use crate::ir::instr::{Const, Entry, Field, InstrId, Op, Record};
use crate::ir::program::Program;
use crate::models::index::RowRef;
use crate::resolve::values::{At, Value};

use super::solve::Taint;

/// The words of JSON schema.
const PROPERTIES: &str = "properties";
const ITEMS: &str = "items";
const ENUM: &str = "enum";
const TYPE: &str = "type";
const PLAIN: &[&str] = &["integer", "number", "boolean"];

/// The names of arguments, and whether each is declared as a number, a truth value or one of a few constants wherever it is
/// declared.
pub(super) fn declared(program: &Program) -> FxHashMap<Symbol, bool> {
    let mut found: FxHashMap<Symbol, bool> = FxHashMap::default();
    for func in program.funcs.iter() {
        let records = func.instrs.iter().filter_map(|instr| match &instr.op {
            Op::Record(record) => field(record, PROPERTIES),
            _ => None,
        });
        for properties in records {
            let Op::Record(properties) = &func.instrs[properties].op else { continue };
            for entry in &properties.entries {
                let Entry::Field(Field::Name(name), value) = entry else { continue };
                let is_plain = is_plain(func, *value, MAX_CHECK_DEPTH);
                found.entry(name.clone()).and_modify(|known| *known &= is_plain).or_insert(is_plain);
            }
        }
    }
    found
}

impl Taint<'_> {
    /// Is the default of a parameter a description that only lets one of a few constants through: `kind = Field(pattern=…)`?
    pub(super) fn is_listed(&self, func: FuncId, default: InstrId) -> bool {
        let known = self.values.of(func, default).items().iter().filter(|value| **value != Value::Unknown);
        self.are_plain(&known.cloned().collect::<Vec<_>>())
    }

    /// Does the pattern that a row asks for, if it does, list words and nothing else?
    pub(super) fn lists_words(&self, at: At, row: RowRef) -> bool {
        let ports = &self.values.models.plain(row).lists;
        ports.is_empty() || self.values.port_text(at, ports).is_some_and(|pattern| is_list_of_words(&pattern))
    }
}

/// Is a pattern `^(old|new)$`, or the like?
fn is_list_of_words(pattern: &str) -> bool {
    let Some(inner) = pattern.strip_prefix('^').and_then(|rest| rest.strip_suffix('$')) else { return false };
    let group = inner.strip_prefix("(?:").or_else(|| inner.strip_prefix('('));
    let Some(words) = group.and_then(|rest| rest.strip_suffix(')')) else { return false };
    words.split('|').all(|word| !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || "-_ ".contains(c)))
}

fn field(record: &Record, wanted: &str) -> Option<InstrId> {
    record.entries.iter().find_map(|entry| match entry {
        Entry::Field(Field::Name(name), value) if name == wanted => Some(*value),
        _ => None,
    })
}

fn is_plain(func: &Function, schema: InstrId, depth: usize) -> bool {
    let (Op::Record(schema), Some(depth)) = (&func.instrs[schema].op, depth.checked_sub(1)) else { return false };
    let has_plain_type = field(schema, TYPE).is_some_and(|ty| match &func.instrs[ty].op {
        Op::Const(Const::Str(ty)) => PLAIN.contains(&ty.as_str()),
        _ => false,
    });
    has_plain_type
        || field(schema, ENUM).is_some()
        || field(schema, ITEMS).is_some_and(|items| is_plain(func, items, depth))
}
