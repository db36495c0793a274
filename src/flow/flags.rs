//! Flags of the command line: `--http`, which a program looks for itself, or a library finds for it.
//!
//! ```text
//! handler = StreamHandler(sys.stderr if "--stdio" in sys.argv else sys.stdout)
//! parser.add_argument("--stdio", action="store_true")
//! if parser.parse_args().stdio: …          # the same flag
//! ```

use rustc_hash::FxHashMap;
use smol_str::format_smolstr;

use crate::base::Symbol;
use crate::ir::func::FuncId;
use crate::ir::instr::{Const, Field, InstrId, Op, Place};
use crate::models::index::Table;
use crate::models::path::PortHead;
use crate::resolve::solve::Values;
use crate::resolve::values::{At, Value};

use super::explore::Explorer;

/// The kinds of source that are the words of the command line, and that say which flags there are.
pub(super) const WORDS: &str = "argv";
const FLAG: &str = "flag";

/// The flags that a library looks for, by the field in which it keeps what it found; none where it is that of two.
pub(super) fn flags(values: &Values<'_>) -> FxHashMap<Symbol, Option<Symbol>> {
    let mut found: FxHashMap<Symbol, Option<Symbol>> = FxHashMap::default();
    for (func, body) in values.program.funcs.iter_enumerated() {
        let calls = body.instrs.iter_enumerated().filter(|(_, instr)| matches!(instr.op, Op::Call(_)));
        for at in calls.map(|(id, _)| (func, id)) {
            let Some((field, texts)) = declared(values, at) else { continue };
            let flag = if is_flag(values, at) { texts.into_iter().find(|text| text.starts_with("--")) } else { None };
            found
                .entry(field)
                .and_modify(|known| *known = known.take().filter(|known| flag.as_ref() == Some(known)))
                .or_insert(flag);
        }
    }
    found
}

/// The field that an option is kept in which a call declares, and the texts that name it.
fn declared(values: &Values<'_>, at: At) -> Option<(Symbol, Vec<Symbol>)> {
    let mut rows = values.call_rows(at, Table::Flow).into_iter().map(|row| values.models.flow(row));
    let row = rows.find(|row| !row.kept_as.is_empty() && row.to.iter().any(|port| port.head == PortHead::Sent))?;
    let texts: Vec<Symbol> =
        row.kept_as.iter().filter_map(|port| values.port_text(at, std::slice::from_ref(port))).collect();
    let named = texts.iter().find(|text| text.starts_with("--") || !text.starts_with('-'))?;
    Some((named.trim_start_matches('-').replace('-', "_").into(), texts))
}

fn is_flag(values: &Values<'_>, at: At) -> bool {
    let mut rows = values.call_rows(at, Table::Source).into_iter().map(|row| values.models.source(row));
    rows.any(|row| row.kind == FLAG && values.holds(at, &row.when))
}

fn flag_sym(flag: &str) -> Symbol {
    format_smolstr!("argv.has({flag:?})")
}

impl Explorer<'_> {
    /// The flag for which a condition looks among the words of the command line.
    pub(super) fn flag_asked(&self, func: FuncId, item: InstrId, list: InstrId) -> Option<Symbol> {
        let Op::Const(Const::Str(flag)) = &self.values.program.funcs[func].instrs[item].op else { return None };
        let index = &self.values.models.index;
        let is_words = |value: &Value| match value {
            Value::Api(node, _) => {
                let node = index.node(*node);
                node.rows(Table::SourceRead).any(|row| self.values.models.source(row).kind == WORDS)
            }
            _ => false,
        };
        let is_asked = flag.starts_with('-') && self.values.of(func, list).items().iter().any(is_words);
        is_asked.then(|| flag_sym(flag))
    }

    /// The flag that a field tells of in what a library made of the command line.
    pub(super) fn flag_place(&self, func: FuncId, place: &Place) -> Option<Symbol> {
        let (owner, Field::Name(name)) = place.split_last()? else { return None };
        let flag = self.prepared.flags.get(name)?.as_ref()?;
        let is_found = |value: &Value| match value {
            Value::Api(_, Some(made)) => {
                let mut rows = self.values.call_rows(*made, Table::Flow).into_iter();
                rows.any(|row| self.values.models.flow(row).from.iter().any(|port| port.head == PortHead::Sent))
            }
            _ => false,
        };
        self.values.place_values(func, &owner)?.iter().any(is_found).then(|| flag_sym(flag))
    }
}
