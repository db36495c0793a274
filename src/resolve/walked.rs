//! What a program finds by going through its packages: the modules in a folder, the classes in them.
//!
//! ```text
//! for _, name, _ in walk_packages(package.__path__, package.__name__ + "."):
//!     module = import_module(name)
//!     for name in dir(module):
//!         found = getattr(module, name)
//!         if issubclass(found, Tool):
//! ```
//!
//! No text is made of the names: a module stands for its own name, and for whatever is in it, until a condition says which
//! classes are meant. Of what is asked whether it is a function, `getmembers(module, isfunction)`, the functions are meant that
//! the module defines under names of its own for others, without `_` in front.

use crate::base::Symbol;
use crate::ir::func::{FuncId, FuncKind, Function};
use crate::ir::instr::{Base, Const, InstrId, Op, Oper, Place, TextPart};
use crate::ir::program::{ClassId, Language, ModuleId};
use crate::models::index::{RowRef, Table};
use crate::models::path::Step;

use super::edges::Edge;
use super::ports::argument;
use super::solve::Values;
use super::values::{Key, Obj, Site, SlotId, Value};

/// Where a package keeps the folders in which it is.
const PATH: &str = "__path__";

/// What each item has that tells of a module: its name.
const NAME_OF_ITEM: &str = "name";

/// Where in an item the name of a module stands, and in a pair of a name and a value the value.
const SECOND: u32 = 1;

/// What a function does with the members of modules.
#[derive(Default)]
pub(super) struct Walk {
    /// It asks of what kind a class is.
    asks_kind: bool,
    /// Calls (by number) that tell the members of what is in a slot, as long as it is not known to.
    waiting: Vec<(SlotId, u32)>,
    /// It asks whether something is a function.
    asks_function: bool,
    /// Calls that tell the members of a module, of which the function asks that, or with which it is handed over to do so.
    asked: Vec<(SlotId, u32)>,
}

impl Values<'_> {
    /// A call goes through a package or a module, or asks of what kind a class is.
    pub(super) fn walk_row(&mut self, number: u32, row: RowRef) {
        let loader = self.models.loader(row);
        let at = self.calls[number as usize].at;
        for port in &loader.lists {
            if let Some(path) = self.models.port(port).and_then(|port| self.port_slot(number, port)) {
                self.add_edge(path, Edge::Inside(loader.deep, number));
            }
        }
        // `walk_packages([folder], f"{package}.")`
        let mut prefixes = loader.prefix.iter().filter_map(|port| self.models.port(port));
        if let Some(prefix) = prefixes.find_map(|port| argument(self.call_at(at)?, &port.head))
            && let Some(package) = self.before_dot(at.0, prefix)
        {
            let package = self.instr_slot(at.0, package);
            self.add_edge(package, Edge::Inside(loader.deep, number));
        }
        for port in &loader.members {
            if let Some(module) = self.models.port(port).and_then(|port| self.port_slot(number, port)) {
                // What nobody asks for a kind stays unknown: it may be a function that is called.
                let walk = self.walks.entry(at.0).or_default();
                match walk.asks_kind {
                    true => self.add_edge(module, Edge::Members(number)),
                    false => walk.waiting.push((module, number)),
                }
                self.ask_function(at.0, module, number);
                for port in loader.predicate.iter().filter_map(|port| self.models.port(port)) {
                    if let Some(predicate) = self.port_slot(number, port) {
                        self.add_edge(predicate, Edge::Predicate(module, number));
                    }
                }
            }
        }
        if loader.asks_function {
            self.asks_function(at.0);
            // The function that asks may stand in the one that goes through the module.
            if let Some(outer) = self.program.funcs[at.0].parent {
                self.asks_function(outer);
            }
        }
        if loader.asks_kind.is_some() {
            let walk = self.walks.entry(at.0).or_default();
            walk.asks_kind = true;
            for (module, number) in std::mem::take(&mut walk.waiting) {
                self.add_edge(module, Edge::Members(number));
            }
        }
        if let Some(asked) = &loader.asks_kind
            && let (Some(class), Some(of)) = (self.models.port(&asked.class), self.models.port(&asked.of))
            && let Some(of) = self.port_slot(number, of)
            && let Some(variable) = self.call_at(at).and_then(|call| argument(call, &class.head))
            && let Op::Load(place) = &self.program.funcs[at.0].instrs[variable].op
            && place.path.is_empty()
        {
            let kept = match place.base {
                Base::Local(local) => self.local_slot(at.0, local),
                Base::Cell(cell) => self.cell_slot(cell),
                Base::Value(_) | Base::Global(_) => return,
            };
            self.add_edge(kept, Edge::Kind(of, kept));
        }
    }

    /// The value that stands in front of the dot at the end of a text.
    fn before_dot(&self, func: FuncId, text: InstrId) -> Option<InstrId> {
        let instrs = &self.program.funcs[func].instrs;
        let is_dot = |value: InstrId| matches!(&instrs[value].op, Op::Const(Const::Str(text)) if text == ".");
        let text = match &instrs[text].op {
            Op::Load(Place { base: Base::Local(local), path }) if path.is_empty() => {
                self.set_once(func, *local).unwrap_or(text)
            }
            _ => text,
        };
        match &instrs[text].op {
            Op::Text(parts) => match &parts[..] {
                [TextPart::Hole(value, _), TextPart::Lit(dot)] if dot == "." => Some(*value),
                _ => None,
            },
            Op::Operator(Oper::Add, operands) => match operands[..] {
                [value, dot] if is_dot(dot) => Some(value),
                _ => None,
            },
            Op::Const(Const::Str(_)) => Some(text),
            _ => None,
        }
    }

    /// A call gives back the names of the modules in a package, which may be told by its name.
    pub(super) fn modules_inside(&mut self, package: &Value, deep: bool, number: u32) {
        let at = self.calls[number as usize].at;
        let named = match package {
            Value::Module(package) => Some(*package),
            Value::Const(Const::Str(name)) => self.module_named(at.0, name.trim_end_matches('.')),
            _ => None,
        };
        let Some(package) = &named else { return };
        let second = self.pairs_made(number, SECOND);
        let named = self.filled_slot(&Obj::Record(Site::Instr(at)), Key::Name(NAME_OF_ITEM.into()));
        self.copy(second, named);
        let mut open = vec![*package];
        while let Some(package) = open.pop() {
            for (_, module) in self.linker.submodules(package) {
                self.add(second, &Value::Module(module));
                if deep {
                    open.push(module);
                }
            }
        }
    }

    /// A call gives back the names of all that is in a module, or pairs with them. Of other objects nothing is known so.
    pub(super) fn members_of(&mut self, value: &Value, number: u32) {
        if let Value::Module(_) = value {
            let (items, second) = (self.list_made(number), self.pairs_made(number, SECOND));
            self.add(items, value);
            self.add(second, value);
        }
    }

    /// A function goes through the members of a module, or is handed over to say which are meant.
    fn ask_function(&mut self, func: FuncId, module: SlotId, number: u32) {
        let walk = self.walks.entry(func).or_default();
        if walk.asks_function {
            self.add_edge(module, Edge::Functions(number));
        } else {
            walk.asked.push((module, number));
        }
    }

    fn asks_function(&mut self, func: FuncId) {
        let walk = self.walks.entry(func).or_default();
        walk.asks_function = true;
        for (module, number) in std::mem::take(&mut walk.asked) {
            self.add_edge(module, Edge::Functions(number));
        }
    }

    /// What says which members of a module are meant.
    pub(super) fn predicate(&mut self, value: &Value, module: SlotId, number: u32) {
        match value {
            Value::Func(func) => self.ask_function(*func, module, number),
            Value::Api(node, None) => {
                let called = self.models.index.node(self.models.index.step(*node, &Step::Call));
                if called.rows(Table::Loader).any(|row| self.models.loader(row).asks_function) {
                    self.add_edge(module, Edge::Functions(number));
                }
            }
            _ => {}
        }
    }

    /// A call gives back the functions of a module, in pairs with their names.
    pub(super) fn functions_of(&mut self, value: &Value, number: u32) {
        let Value::Module(module) = value else { return };
        let (program, second) = (self.program, self.pairs_made(number, SECOND));
        let init = program.modules[*module].init;
        let is_found =
            |func: &Function| func.parent == Some(init) && func.kind == FuncKind::Plain && !func.name.starts_with('_');
        for (id, _) in program.funcs.iter_enumerated().filter(|(_, func)| func.module == *module && is_found(func)) {
            self.add(second, &Value::Func(id));
        }
    }

    /// What is in a module, under whichever of its names.
    pub(super) fn whole_of(&mut self, value: &Value, to: SlotId) {
        if let Value::Module(_) = value {
            self.add(to, value);
        }
    }

    /// Is it where a package keeps its path?
    pub(super) fn is_package_path(&self, module: ModuleId, name: &Symbol) -> bool {
        name == PATH && self.program.modules[module].language == Language::Python
    }

    pub(super) fn of_kind(&mut self, value: &Value, of: SlotId, to: SlotId) {
        if let Value::Module(module) = value {
            self.add_edge(of, Edge::Derived(*module, to));
        }
    }

    pub(super) fn derived_in(&mut self, base: &Value, module: ModuleId, to: SlotId) {
        if let Value::Class(_) | Value::Api(_, None) = base {
            self.derived_in.push((base.clone(), module, to));
            self.find_derived();
        }
    }

    /// The classes that derive from what is asked for. Asked again whenever the base of a class is found.
    pub(super) fn find_derived(&mut self) {
        let program = self.program;
        for (base, module, to) in self.derived_in.clone() {
            let derives = |class: ClassId| match &base {
                Value::Class(base) => self.classes.descendants(*base).contains(&class),
                Value::Api(node, None) => self.classes.api_bases(class).contains(node),
                _ => false,
            };
            let own = program.classes.iter_enumerated().filter(|(_, class)| class.module == module);
            let found: Vec<ClassId> = own.map(|(id, _)| id).filter(|id| derives(*id)).collect();
            for class in found {
                self.add(to, &Value::Class(class));
            }
        }
    }
}
