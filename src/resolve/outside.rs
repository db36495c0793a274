//! Calls that no code of the program makes.
//!
//! A manifest may name what is no function: `notes = "notes.app:mcp.run"`, or `notes = "notes.app:main"` where the module says
//! `main = mcp.run`. The script that an installer writes calls it, with nothing in the parentheses. And a command of a library
//! may serve the object that it finds in a file: `mcp run server.py`. For each such call there is a function here that makes it,
//! so that all that asks about calls knows of it. Nothing in the program calls these functions.

use std::collections::BTreeSet;

use crate::base::Symbol;
use crate::base::idx::IndexVec;
use crate::base::span::Span;
use crate::ir::func::{Block, End, FuncId, FuncKind, Function};
use crate::ir::instr::{Base, Call, CallStyle, Field, Instr, InstrId, Op, Place};
use crate::ir::program::{CellId, Language, ModuleId, Outside, Program};
use crate::models::Models;
use crate::source::manifest::Manifests;

use super::link::Linker;

/// Adds to the program the functions that call what is called from outside.
pub(crate) fn add_outside(program: &mut Program, manifests: &Manifests, linker: &Linker<'_>, models: &Models) {
    let mut named: BTreeSet<(ModuleId, Symbol)> = BTreeSet::new();
    for entry in manifests.entries() {
        let file = linker.file_by_path(&entry.path).filter(|_| entry.language == Language::Python);
        if let (Some(module), Some(name)) = (file.and_then(|file| linker.module_of_file(file)), entry.function)
            && names_member(program, module, &name)
        {
            named.insert((module, name.into()));
        }
    }
    for (module, name) in named {
        if let Some(func) = caller(program, module, &name) {
            program.outside.push(Outside { func, name, by_library: false });
        }
    }
    let mut served: BTreeSet<(ModuleId, Symbol)> = BTreeSet::new();
    for (language, command) in models.serving_commands() {
        let of_language = program.modules.iter_enumerated().filter(|(_, module)| module.language == language);
        for (module, data) in of_language {
            let object = command.objects.iter().find(|name| data.exports.names.contains_key(name.as_str()));
            served.extend(object.map(|object| (module, format!("{object}.{}", command.method).into())));
        }
    }
    for (module, name) in served {
        if let Some(func) = caller(program, module, &name) {
            program.outside.push(Outside { func, name, by_library: true });
        }
    }
}

/// Does a name that a manifest gives stand for a member of something: `mcp.run`, or `main` after `main = mcp.run`?
fn names_member(program: &Program, module: ModuleId, name: &str) -> bool {
    let data = &program.modules[module];
    let Some(cell) = data.exports.names.get(name) else { return name.contains('.') };
    let init = &program.funcs[data.init];
    let is_member = |op: &Op| matches!(op, Op::Load(place) if !place.path.is_empty());
    init.instrs.iter().any(|instr| {
        matches!(&instr.op, Op::Store(place, value)
            if place.base == Base::Cell(*cell) && place.path.is_empty() && is_member(&init.instrs[*value].op))
    })
}

/// A new function that calls, with nothing, what a dotted name of a module stands for.
fn caller(program: &mut Program, module: ModuleId, name: &Symbol) -> Option<FuncId> {
    let mut parts = name.split('.');
    let cell = *program.modules[module].exports.names.get(parts.next()?)?;
    let path: Vec<Field> = parts.map(|part| Field::Name(part.into())).collect();
    let span = set_at(program, module, cell);
    let mut instrs: IndexVec<InstrId, Instr> = IndexVec::new();
    let callee = Place::new(Base::Cell(cell), path);
    let call = Call { callee, args: Vec::new(), style: CallStyle::Plain, types: Vec::new() };
    let call = instrs.push(Instr { op: Op::Call(Box::new(call)), span });
    let block = Block { instrs: vec![call], end: End::Return(None), unwind: None };
    let mut func = Function::new(name.clone(), module, FuncKind::Plain, span);
    func.instrs = instrs;
    func.blocks = [block].into_iter().collect();
    Some(program.funcs.push(func))
}

/// Where a variable of a module gets its value.
fn set_at(program: &Program, module: ModuleId, cell: CellId) -> Span {
    let init = &program.funcs[program.modules[module].init];
    let sets = |op: &Op| matches!(op, Op::Store(place, _) if place.base == Base::Cell(cell) && place.path.is_empty());
    let set = init.instrs.iter().find(|instr| sets(&instr.op));
    set.map_or(program.cells[cell].span, |instr| instr.span)
}
