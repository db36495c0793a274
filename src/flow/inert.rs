//! Variables that hold nothing but code and what the program writes out: imports of libraries, functions, classes, constants.
//! No source is ever in one, so that nobody has to follow it. Every call of a library's function would be, else: `json.dumps`.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::ir::func::FuncId;
use crate::ir::instr::{Base, Field, InstrId, Op, Place, TextPart};
use crate::ir::program::CellId;
use crate::models::index::Table;
use crate::resolve::solve::Values;
use crate::resolve::values::{At, Value};

use super::exported::Exported;

/// What is known of the variables of a program.
#[derive(Default)]
pub(super) struct Inert {
    /// Where each is written as a whole.
    stores: FxHashMap<CellId, Vec<At>>,
    /// Those into which something is put, or that are written from outside their module.
    changed: FxHashSet<CellId>,
    known: FxHashMap<CellId, bool>,
}

impl Inert {
    pub(super) fn new(values: &Values<'_>, exported: &mut Exported) -> Self {
        let mut inert = Self::default();
        for (func, body) in values.program.funcs.iter_enumerated() {
            for (id, instr) in body.instrs.iter_enumerated() {
                match &instr.op {
                    Op::Store(place, value) => inert.stored(values, exported, (func, id), place, *value),
                    Op::Call(call) => {
                        if let (Base::Cell(cell), Some(Field::Name(name))) =
                            (&call.callee.base, call.callee.path.last())
                            && values.models.keeps(name)
                        {
                            inert.changed.insert(*cell);
                        }
                    }
                    _ => {}
                }
            }
        }
        inert
    }

    fn stored(&mut self, values: &Values<'_>, exported: &mut Exported, at: At, place: &Place, value: InstrId) {
        if let Base::Cell(cell) = place.base {
            if place.path.is_empty() {
                self.stores.entry(cell).or_default().push((at.0, value));
            } else {
                self.changed.insert(cell);
            }
        }
        for (depth, field) in place.path.iter().enumerate() {
            let Field::Name(name) = field else { continue };
            for value in values.prefix_values(at.0, place, depth) {
                if let Value::Module(module) = value {
                    self.changed.extend(exported.cells(values, *module, name));
                }
            }
        }
    }

    /// Does a variable hold nothing but code and constants?
    pub(super) fn is_inert(&mut self, values: &Values<'_>, exported: &mut Exported, cell: CellId) -> bool {
        if let Some(known) = self.known.get(&cell) {
            return *known;
        }
        let Some(stores) = self.stores.get(&cell).filter(|_| !self.changed.contains(&cell)).cloned() else {
            self.known.insert(cell, false);
            return false;
        };
        // Of variables that are made of each other nothing is taken for granted: what was assumed of one would stay with the others.
        self.known.insert(cell, false);
        let is_inert = stores.iter().all(|(func, value)| self.is_inert_value(values, exported, *func, *value));
        self.known.insert(cell, is_inert);
        is_inert
    }

    fn is_inert_value(&mut self, values: &Values<'_>, exported: &mut Exported, func: FuncId, id: InstrId) -> bool {
        match &values.program.funcs[func].instrs[id].op {
            Op::Const(_) | Op::Closure(_) | Op::Class(_) => true,
            Op::Text(parts) => parts.iter().all(|part| matches!(part, TextPart::Lit(_))),
            Op::Load(Place { base: Base::Cell(cell), path }) if path.is_empty() => {
                self.is_inert(values, exported, *cell)
            }
            Op::Import(import) => {
                let is_source = |value: &Value| match value {
                    Value::Api(node, None) => values.models.index.node(*node).has(Table::SourceRead),
                    _ => false,
                };
                !values.of(func, id).items().iter().any(is_source)
                    && exported
                        .imported(values, func, import)
                        .into_iter()
                        .all(|cell| self.is_inert(values, exported, cell))
            }
            _ => false,
        }
    }
}
