//! What names mean in a program, as far as the text alone tells: before values are followed.

use crate::base::Symbol;
use crate::ir::func::FuncId;
use crate::ir::instr::{Base, Field, Import, Imported, InstrId, Op, Place};
use crate::ir::program::{CellId, ModuleId};
use crate::resolve::link::Target;

use super::{Meaning, Reader};

impl Reader<'_> {
    pub(super) fn place(&self, func: FuncId, place: &Place, depth: usize) -> Option<Meaning> {
        let mut meaning = match &place.base {
            Base::Cell(cell) => self.cell(*cell, depth)?,
            Base::Value(value) => self.value(func, *value, depth)?,
            Base::Local(_) | Base::Global(_) => return None,
        };
        for field in &place.path {
            let (Meaning::Module(module), Field::Name(name)) = (&meaning, field) else { return None };
            meaning = self.member(*module, name, depth)?;
        }
        Some(meaning)
    }

    pub(super) fn cell(&self, cell: CellId, depth: usize) -> Option<Meaning> {
        match self.stores.get(&cell)?.as_slice() {
            [(func, value)] => self.value(*func, *value, depth),
            _ => None,
        }
    }

    pub(super) fn value(&self, func: FuncId, value: InstrId, depth: usize) -> Option<Meaning> {
        let depth = depth.checked_sub(1)?;
        let body = &self.program.funcs[func];
        match &body.instrs[value].op {
            Op::Closure(inner) => Some(Meaning::Func(*inner)),
            Op::Load(place) => self.place(func, place, depth),
            Op::Import(import) => self.import(body.module, import, depth),
            _ => None,
        }
    }

    pub(super) fn import(&self, module: ModuleId, import: &Import, depth: usize) -> Option<Meaning> {
        if let Some(child) = self.linker.own_child(module, import) {
            return Some(Meaning::Module(child));
        }
        let (target, rest) = match self.linker.resolve(module, &import.from) {
            Target::Module(target, rest) => (target, rest),
            Target::Missing => {
                let Imported::Named(name) = &import.what else { return None };
                return self.linker.submodule_from(module, &import.from, name).map(Meaning::Module);
            }
            Target::Library { .. } => return None,
        };
        let name = match &import.what {
            Imported::Named(name) => Some(name.clone()),
            Imported::Default => Some("default".into()),
            Imported::Module | Imported::Effect | Imported::All => None,
        };
        let mut meaning = Meaning::Module(target);
        for name in rest.into_iter().chain(name) {
            let Meaning::Module(module) = meaning else { return None };
            meaning = self.member(module, &name, depth)?;
        }
        Some(meaning)
    }

    pub(super) fn member(&self, module: ModuleId, name: &Symbol, depth: usize) -> Option<Meaning> {
        let depth = depth.checked_sub(1)?;
        let exports = &self.program.modules[module].exports;
        if let Some(cell) = exports.names.get(name) {
            return self.cell(*cell, depth);
        }
        if let Some(sub) = self.linker.submodule(module, name) {
            return Some(Meaning::Module(sub));
        }
        exports.stars.iter().find_map(|from| match self.linker.resolve(module, from) {
            Target::Module(target, rest) if rest.is_empty() => self.member(target, name, depth),
            _ => None,
        })
    }
}
