//! Which literals are rows of a table of handlers? Asked before values are followed: how many of a kind a variable keeps
//! depends on it.
//!
//! A *holder* is a literal with a function in it, or with another holder: `{ name: "open", run: open }`,
//! `{ area: "files", tools: [...] }`; so is one that is handed over beside a function. A variable of a module that is set
//! once is looked into, and what is imported from another module.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::Symbol;
use crate::base::bounds::MAX_WAY;
use crate::ir::func::FuncId;
use crate::ir::instr::{Arg, Base, Entry, Field, Imported, InstrId, Op, Place, Record, RecordKind};
use crate::ir::program::{CellId, Language, ModuleId, Program};

use super::containers::BIND;
use super::link::Target;
use super::solve::Values;
use super::values::{At, Site};

/// What was found out about literals and variables so far.
#[derive(Default)]
pub(super) struct Holders {
    /// What is put into variables.
    stores: FxHashMap<CellId, Vec<At>>,
    known: FxHashMap<At, Holds>,
    /// By function: the literals in it that a call is given beside a function.
    beside: FxHashMap<FuncId, FxHashSet<InstrId>>,
}

/// What a value has to do with handlers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Nothing,
    /// It is a function.
    Function,
    /// It is a literal that holds one.
    Handlers,
}

impl Holders {
    pub(super) fn new(program: &Program) -> Self {
        Self { stores: program.assigned(), known: FxHashMap::default(), beside: FxHashMap::default() }
    }
}

impl Values<'_> {
    /// Is a function of the program in a field of the literal, as far as is known before values are followed? Or a literal that
    /// has one: `["open", { handler: open }]`.
    pub(super) fn has_handler(&mut self, func: FuncId, record: &Record) -> bool {
        let program = self.program;
        record.entries.iter().any(|entry| match entry {
            Entry::Field(_, value) => match self.holding(func, *value, MAX_WAY) {
                Holds::Handlers => true,
                Holds::Function => is_row(program, func, record),
                Holds::Nothing => match &program.funcs[func].instrs[*value].op {
                    Op::Load(Place { base: Base::Local(local), path })
                        if path.is_empty() && program.row_makers.contains(&func) =>
                    {
                        program.funcs[func].params.iter().any(|param| param.local == *local)
                    }
                    Op::Load(place) if place.path.len() <= 1 && record.kind == RecordKind::Object => {
                        let slot = self.place(func, place);
                        self.holds_function(slot)
                    }
                    Op::Record(_) => self.is_holder(Site::Instr((func, *value))),
                    _ => false,
                },
            },
            Entry::Spread(value) => self.holding(func, *value, MAX_WAY) == Holds::Handlers,
        })
    }

    /// Is the literal handed over together with a function: `register("open", { inputSchema }, open)`? A helper that is given a
    /// table's rows so is given as many of them.
    pub(super) fn is_beside_handler(&mut self, (func, literal): At) -> bool {
        if let Some(known) = self.holders.beside.get(&func) {
            return known.contains(&literal);
        }
        let mut found = FxHashSet::default();
        let body = &self.program.funcs[func];
        for instr in body.instrs.iter() {
            let Op::Call(call) = &instr.op else { continue };
            let is_literal = |arg: &&Arg| matches!(body.instrs[arg.value].op, Op::Record(_));
            if call.args.iter().any(|arg| is_literal(&arg))
                && call.args.iter().any(|arg| self.holding(func, arg.value, MAX_WAY) == Holds::Function)
            {
                found.extend(call.args.iter().filter(is_literal).map(|arg| arg.value));
            }
        }
        let is_one = found.contains(&literal);
        self.holders.beside.insert(func, found);
        is_one
    }

    fn holding(&mut self, func: FuncId, value: InstrId, left: usize) -> Holds {
        let Some(left) = left.checked_sub(1) else { return Holds::Nothing };
        let program = self.program;
        match &program.funcs[func].instrs[value].op {
            Op::Closure(_) => Holds::Function,
            // `this.open.bind(this)`
            Op::Call(call) if self.language(func) == Language::Script => match call.callee.path.last() {
                Some(Field::Name(name)) if name == BIND => Holds::Function,
                _ => Holds::Nothing,
            },
            Op::Load(place) if place.path.is_empty() => match &place.base {
                Base::Cell(cell) => self.holds_variable(*cell, left),
                _ => Holds::Nothing,
            },
            Op::Store(_, value) => self.holding(func, *value, left),
            Op::Import(import) => match &import.what {
                Imported::Named(name) => self.holds_export(program.funcs[func].module, &import.from, name, left),
                Imported::Default => {
                    self.holds_export(program.funcs[func].module, &import.from, &Symbol::new_static("default"), left)
                }
                _ => Holds::Nothing,
            },
            Op::Record(record) => {
                let at = (func, value);
                if let Some(known) = self.holders.known.get(&at) {
                    return *known;
                }
                self.holders.known.insert(at, Holds::Nothing);
                let mut holds = Holds::Nothing;
                for entry in &record.entries {
                    let inner = match entry {
                        Entry::Field(_, value) | Entry::Spread(value) => self.holding(func, *value, left),
                    };
                    let is_field = matches!(entry, Entry::Field(..)) && is_row(program, func, record);
                    if inner == Holds::Handlers || inner == Holds::Function && is_field {
                        holds = Holds::Handlers;
                        break;
                    }
                }
                self.holders.known.insert(at, holds);
                holds
            }
            _ => Holds::Nothing,
        }
    }

    fn holds_variable(&mut self, cell: CellId, left: usize) -> Holds {
        match self.holders.stores.get(&cell).map(Vec::as_slice) {
            Some([(func, value)]) => self.holding(*func, *value, left),
            _ => Holds::Nothing,
        }
    }

    fn holds_export(&mut self, module: ModuleId, from: &Symbol, name: &Symbol, left: usize) -> Holds {
        let Target::Module(target, rest) = self.linker.resolve(module, from) else { return Holds::Nothing };
        let Some(left) = left.checked_sub(1).filter(|_| rest.is_empty()) else { return Holds::Nothing };
        let exports = &self.program.modules[target].exports;
        if let Some(cell) = exports.names.get(name) {
            return self.holds_variable(*cell, left);
        }
        for star in &exports.stars {
            let holds = self.holds_export(target, star, name, left);
            if holds != Holds::Nothing {
                return holds;
            }
        }
        Holds::Nothing
    }
}

/// Is what the literal holds told by a name or a place, so that a function in it is one of a row's parts: `{ run: open }`,
/// `(open, "Opens")`, `["open", open]`? A list of functions is no row.
fn is_row(program: &Program, func: FuncId, record: &Record) -> bool {
    let is_constant = |entry: &Entry| match entry {
        Entry::Field(_, value) => matches!(program.funcs[func].instrs[*value].op, Op::Const(_)),
        Entry::Spread(_) => false,
    };
    match record.kind {
        RecordKind::Object | RecordKind::Tuple => true,
        RecordKind::Array => record.entries.iter().any(is_constant),
        RecordKind::Variant => false,
    }
}
