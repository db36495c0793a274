//! What is found out once for all processes of a program.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::Symbol;
use crate::ir::func::{FuncId, FuncKind};
use crate::ir::instr::{Base, Const, InstrId, Op};
use crate::ir::program::{CellId, ClassId, ModuleId};
use crate::resolve::solve::Values;
use crate::resolve::values::{At, Obj};

use super::commands::CommandLines;
use super::flags::flags;
use super::lazy::Lazy;
use super::literals::AskedFields;
use super::loaded::Imports;
use super::looked_at::{Instrs, looked_at};
use super::main_module::{self, StoredLocals, Tells, asks_for_name};
use super::making::Making;
use super::present::handed_out;
use super::process::Start;
use super::reading;
use super::settings;
use super::settled::defined;
use super::singles::Singles;
use super::started::{left_beside, started};
use super::unset::stored_openly;

/// What is found out once for all processes.
pub(crate) struct Prepared {
    /// The global names that the program stores something under itself: `globalThis.window = page`.
    pub(super) stored_globals: FxHashSet<Symbol>,
    /// Where every variable that outlives its function is stored to.
    pub(super) stores: FxHashMap<CellId, Vec<At>>,
    /// Those of them that only the code of their module writes, and more than once.
    pub(super) followed: FxHashSet<CellId>,
    /// Variables that functions inside read, but only their own function writes, and more than once: known on the way through it.
    pub(super) followed_inside: FxHashSet<CellId>,
    /// The instructions that store to fields and to variables that outlive their function: what they store is noted.
    pub(super) stores_at: Instrs,
    /// The names of fields that are stored to in objects of which nothing is known.
    pub(super) stored_openly: FxHashSet<Symbol>,
    /// Where functions are defined of which their module has several under one name: `if …: def run() … else: def run() …`.
    pub(super) defined: FxHashMap<FuncId, At>,
    /// The values that the exploration asks about.
    pub(super) looked_at: Instrs,
    /// The modules that imports run, as far as somebody asked.
    pub(super) runs: RefCell<FxHashMap<At, Rc<[ModuleId]>>>,
    /// Calls whose result is waited for at once.
    pub(super) awaited: Instrs,
    /// The getters that reading a property runs.
    pub(super) getters: FxHashMap<At, Vec<FuncId>>,
    /// Calls whose result, a coroutine, is handed to what runs it.
    pub(super) started: FxHashSet<At>,
    /// The calls whose coroutine runs beside what follows.
    pub(super) left_beside: FxHashSet<At>,
    /// The modules that ask which program was started, and what values tell of that, as far as somebody asked.
    pub(super) asking: FxHashSet<ModuleId>,
    pub(super) told: RefCell<FxHashMap<(FuncId, InstrId, usize), Option<Tells>>>,
    pub(super) stored_locals: RefCell<FxHashMap<FuncId, Rc<StoredLocals>>>,
    /// The constants that instructions give whatever the path, as far as somebody asked.
    pub(super) constants: RefCell<FxHashMap<At, Option<Const>>>,
    /// The objects without the field that instructions load, as far as somebody asked.
    pub(super) lacking: RefCell<FxHashMap<At, Rc<[Obj]>>>,
    /// Variables that hold nothing on some ways, as far as somebody asked.
    pub(super) unset: RefCell<FxHashMap<CellId, bool>>,
    /// Is what instructions give surely an object, as far as somebody asked?
    pub(super) objects: RefCell<FxHashMap<At, bool>>,
    /// The loads of functions that give a container with something in it, as far as somebody asked.
    pub(super) occupied: RefCell<FxHashMap<FuncId, Rc<FxHashSet<InstrId>>>>,
    /// Object literals that a library is handed.
    pub(super) handed_out: FxHashSet<At>,
    /// By which fields of what a parameter holds functions decide, as far as somebody asked.
    pub(super) asked_fields: RefCell<FxHashMap<(FuncId, usize), AskedFields>>,
    /// Parameters for which some call gives what nobody knows.
    pub(super) open_params: RefCell<FxHashMap<(FuncId, usize), bool>>,
    /// Stores by constructors, with whether they put something else into each object.
    pub(super) by_object: RefCell<FxHashMap<At, bool>>,
    /// What `order_of` gives, as far as somebody asked.
    pub(super) orders: RefCell<FxHashMap<FuncId, Rc<[usize]>>>,
    pub(super) imports: Imports,
    pub(super) lazy: Lazy,
    /// Where objects of the program's classes are made.
    pub(super) making: Making,
    pub(super) singles: Singles,
    /// There are objects that call what they are given only where something runs them.
    pub(super) has_apps: bool,
    /// Fields that a library fills, which are true where nothing is given for them.
    pub(super) on_by_default: FxHashSet<(ClassId, Symbol)>,
    /// Looked at when a command is registered.
    pub(super) command_lines: OnceCell<CommandLines>,
    /// Flags of the command line, by the fields in which libraries keep what they found.
    pub(super) flags: FxHashMap<Symbol, Option<Symbol>>,
}

impl Prepared {
    /// The modules that a process which begins so can load, if that is known.
    pub(crate) fn loaded(&self, values: &Values<'_>, start: &Start) -> Option<Rc<FxHashSet<ModuleId>>> {
        self.imports.loaded(values, start)
    }

    /// Does reading a property there run a getter?
    pub(crate) fn runs_getter(&self, at: At) -> bool {
        self.getters.contains_key(&at)
    }

    /// Does a module ask whether it is the program that was started?
    pub(crate) fn asks_for_start(&self, values: &Values<'_>, module: ModuleId) -> bool {
        self.asking.contains(&module) || asks_for_name(values, module)
    }
}

/// Finds it out.
pub(crate) fn prepare(values: &Values<'_>) -> Rc<Prepared> {
    let mut stores: FxHashMap<CellId, Vec<At>> = FxHashMap::default();
    let mut stored_globals: FxHashSet<Symbol> = FxHashSet::default();
    let mut awaited: FxHashSet<At> = FxHashSet::default();
    for (func, data) in values.program.funcs.iter_enumerated() {
        for (id, instr) in data.instrs.iter_enumerated() {
            let Op::Store(place, _) = &instr.op else { continue };
            match (&place.base, &*place.path) {
                (Base::Cell(cell), []) => stores.entry(*cell).or_default().push((func, id)),
                (Base::Global(name), []) => _ = stored_globals.insert(name.clone()),
                _ => {}
            }
        }
        for block in data.blocks.iter() {
            let mut called = None;
            for id in &block.instrs {
                match data.instrs[*id].op {
                    Op::Call(_) => called = Some(*id),
                    // What else is called or waited for between the two runs beside it.
                    Op::Await(value) if called == Some(value) => _ = awaited.insert((func, value)),
                    Op::Await(_) => called = None,
                    _ => {}
                }
            }
        }
    }
    // What functions write, too, is more than what the module's own code makes of it.
    let is_own = |stores: &Vec<At>| {
        let first = stores[0].0;
        stores.len() > 1
            && values.program.funcs[first].kind == FuncKind::Init
            && stores.iter().all(|(func, _)| *func == first)
    };
    let followed = stores.iter().filter(|(_, stores)| is_own(stores)).map(|(cell, _)| *cell).collect();
    let is_of_owner = |cell: CellId, stores: &[At]| {
        let owner = values.program.cells[cell].owner;
        stores.len() > 1
            && values.program.funcs[owner].kind != FuncKind::Init
            && stores.iter().all(|(func, _)| *func == owner)
    };
    let followed_inside =
        stores.iter().filter(|(cell, stores)| is_of_owner(**cell, stores)).map(|(cell, _)| *cell).collect();
    let stores_at: Vec<At> = stores.values().flatten().copied().chain(values.field_stores()).collect();
    let stored_openly = stored_openly(values);
    let defined = defined(values, stores.values());
    let lazy = Lazy::new(values, &stores);
    let making = Making::new(values);
    Rc::new(Prepared {
        stored_globals,
        stores,
        followed,
        followed_inside,
        defined,
        looked_at: looked_at(values, stores_at.iter()),
        runs: RefCell::default(),
        stores_at: Instrs::new(values, stores_at.into_iter()),
        stored_openly,
        awaited: Instrs::new(values, awaited.into_iter()),
        started: started(values),
        left_beside: left_beside(values),
        getters: reading::getters(values),
        asking: main_module::asking(values),
        told: RefCell::default(),
        stored_locals: RefCell::default(),
        constants: RefCell::default(),
        lacking: RefCell::default(),
        unset: RefCell::default(),
        objects: RefCell::default(),
        occupied: RefCell::default(),
        handed_out: handed_out(values),
        asked_fields: RefCell::default(),
        open_params: RefCell::default(),
        by_object: RefCell::default(),
        orders: RefCell::default(),
        imports: Imports::new(values),
        lazy,
        singles: Singles::new(values, &making),
        making,
        has_apps: values.models.index.knows_of_runs(),
        on_by_default: settings::on_by_default(values),
        command_lines: OnceCell::new(),
        flags: flags(values),
    })
}
