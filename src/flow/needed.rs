//! Imports without which a process cannot serve: what is left for the day when the SDK is missing does not run in a server.
//!
//! ```text
//! try:
//!     from sdk import Server
//! except ImportError:
//!     print("install the SDK")
//! ```
//!
//! What serves is known to be a library's; then the import of what serves gave that library's thing.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::ir::func::{BlockId, FuncId, FuncKind};
use crate::ir::instr::{Base, Import, Imported, Op, Place};
use crate::ir::program::CellId;
use crate::models::index::Table;
use crate::models::path::Step;
use crate::models::serving::TransportKind;
use crate::resolve::solve::Values;
use crate::resolve::values::{At, Value};

use super::explore::{Serve, can_raise};

/// Blocks whose end a process that serves has to get to: nothing behind the import it needs can fail there.
pub(super) type Needed = FxHashSet<(FuncId, BlockId)>;

/// What is needed where these calls serve, if they are all one library's as far as they may serve on stdio.
pub(super) fn needed<'s>(
    values: &Values<'_>,
    stores: &FxHashMap<CellId, Vec<At>>,
    serves: impl Iterator<Item = &'s Serve>,
) -> Needed {
    let mut library = None;
    let on_stdio = |serve: &&Serve| matches!(serve.kind, TransportKind::Stdio | TransportKind::Unknown);
    for serve in serves.filter(on_stdio) {
        if serve.by_hand || *library.get_or_insert(serve.row.file) != serve.row.file {
            return Needed::default();
        }
    }
    let Some(library) = library else { return Needed::default() };
    let find = Find { values, stores, library };
    let program = values.program;
    let inits = program.funcs.iter_enumerated().filter(|(_, func)| func.kind == FuncKind::Init);
    let blocks =
        inits.flat_map(|(id, func)| func.blocks.iter_enumerated().map(move |(block, body)| (id, func, block, body)));
    let tried = blocks.filter(|(.., body)| body.unwind.is_some());
    let passed = tried.filter(|(id, func, _, body)| {
        let last = body
            .instrs
            .iter()
            .rposition(|instr| can_raise(&func.instrs[*instr].op) && !find.is_of_library((*id, *instr)));
        let behind = last.map_or(0, |last| last + 1);
        body.instrs[behind..].iter().any(|instr| find.is_needed((*id, *instr)))
    });
    passed.map(|(id, _, block, _)| (id, block)).collect()
}

struct Find<'f, 'p> {
    values: &'f Values<'p>,
    stores: &'f FxHashMap<CellId, Vec<At>>,
    /// The file of the library that serves.
    library: u32,
}

impl Find<'_, '_> {
    fn import(&self, (func, id): At) -> Option<&Import> {
        match &self.values.program.funcs[func].instrs[id].op {
            Op::Import(import) => Some(import),
            _ => None,
        }
    }

    fn is_of_library(&self, at: At) -> bool {
        let Some(import) = self.import(at) else { return false };
        let imports = &self.values.models.files[self.library as usize].imports;
        imports.iter().any(|name| import.from.split('.').next() == Some(name))
    }

    /// Does it import what serves, and does nothing else that is imported stand in for it?
    fn is_needed(&self, at: At) -> bool {
        if !self.is_of_library(at) || !self.gives_server(at) {
            return false;
        }
        let is_other = |store: &At| {
            let Op::Store(_, value) = &self.values.program.funcs[store.0].instrs[store.1].op else { return true };
            (store.0, *value) != at
                && !self
                    .values
                    .of(store.0, *value)
                    .items()
                    .iter()
                    .all(|value| matches!(value, Value::Const(_) | Value::Class(_)))
        };
        self.cell(at).and_then(|cell| self.stores.get(&cell)).is_some_and(|stores| !stores.iter().any(is_other))
    }

    /// Is it the library itself, or a thing of it that makes a server or a transport when it is called?
    fn gives_server(&self, at: At) -> bool {
        let index = &self.values.models.index;
        let makes = |value: &Value| {
            let Value::Api(node, _) = value else { return false };
            let made = index.node(index.step(*node, &Step::Call));
            [Table::Server, Table::Serve, Table::Transport]
                .into_iter()
                .any(|table| made.rows(table).any(|row| row.file == self.library))
        };
        let whole = self.import(at).is_some_and(|import| import.what == Imported::Module && !import.from.contains('.'));
        whole || self.values.of(at.0, at.1).items().iter().any(makes)
    }

    /// The variable that an import is put into.
    fn cell(&self, (func, import): At) -> Option<CellId> {
        let instrs = &self.values.program.funcs[func].instrs;
        instrs.iter().find_map(|instr| match &instr.op {
            Op::Store(Place { base: Base::Cell(cell), path }, value) if *value == import && path.is_empty() => {
                Some(*cell)
            }
            _ => None,
        })
    }
}
