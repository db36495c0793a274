//! Modules that a call loads by a name that the code makes: `import_module(f"tools.{name}")`.

use crate::base::Symbol;
use crate::base::bounds::{MAX_ALIASES, MAX_NAMINGS, MAX_PATH_STEPS};
use crate::ir::func::{FuncId, LocalId};
use crate::ir::instr::{Base, Const, Entry, Field, Import, Imported, InstrId, Op, Oper, Place, TextPart};
use crate::ir::program::{CellId, Language, ModuleId};
use crate::models::index::{NodeId, RowRef, Table};
use crate::models::loaders::LoaderRow;
use crate::models::path::{PortHead, Step};

use super::link::Target;
use super::ports::argument;
use super::solve::Values;
use super::values::{At, Value};

/// Where a module keeps its own name.
const NAME: &str = "__name__";

/// Where it keeps the path of its file.
const FILE: &str = "__file__";

/// Where it keeps the name of the package that it is in.
const PACKAGE: &str = "__package__";

/// The beginning of a module's name.
#[derive(Clone, Default)]
struct Beginning {
    /// The module by whose name it begins.
    package: Option<ModuleId>,
    /// What is written behind that.
    text: String,
    /// Nothing else is behind the text.
    is_whole: bool,
}

impl Values<'_> {
    /// The modules of the program that a call of a loader loads. Where the beginning of the name is all that is known, those
    /// in the package that it names: whoever goes through a folder loads what is there.
    pub(crate) fn loads(&self, at: At) -> Vec<ModuleId> {
        let mut modules: Vec<ModuleId> =
            self.call_rows(at, Table::Loader).into_iter().flat_map(|row| self.loads_by(at, row)).collect();
        let handed = self.handed_loaders.get(&at).into_iter().flatten();
        let names = handed.flat_map(|names| self.of_slot(*names).items());
        modules.extend(names.filter_map(|name| self.module_called(at.0, name)));
        modules.sort_unstable();
        modules.dedup();
        modules
    }

    /// A function of a library arrives where a call will have it called. What one that loads modules is called with names them:
    /// `partial(import_module, "tools.mail")`.
    pub(super) fn hand_loader(&mut self, number: u32, node: NodeId, row: Option<RowRef>) {
        let index = &self.models.index;
        if index.node(index.step(node, &Step::Call)).rows(Table::Loader).next().is_none() {
            return;
        }
        let at = self.calls[number as usize].at;
        let Some(callback) = row.map(|row| self.models.callback(row)) else { return };
        let passed = callback.passes.and_then(|passes| self.call_at(at)?.args.get(passes.from));
        let passed = passed.map(|arg| self.instr_slot(at.0, arg.value));
        let given = || callback.gives.first().and_then(|name| self.port_slot(number, name));
        if let Some(names) = passed.or_else(given) {
            self.handed_loaders.entry(at).or_default().push(names);
        }
    }

    /// Does a call load modules of which the code does not tell which they are?
    pub(crate) fn loads_unknown(&self, at: At) -> bool {
        self.call_rows(at, Table::Loader).into_iter().any(|row| {
            let loader = self.models.loader(row);
            if !loader.members.is_empty() || loader.asks_kind.is_some() || loader.asks_function {
                return false;
            }
            let name = self.given_at(at, &loader.module);
            let is_told = name.is_some_and(|name| match self.language(at.0) {
                Language::Script => self.is_told(at.0, name),
                // A name with a dot in front is one in a package that is given beside it.
                _ => {
                    let is_found = || !self.loads_by(at, row).is_empty();
                    self.is_spelled_out(at.0, name, MAX_ALIASES)
                        && (self.given_at(at, &loader.package).is_none() || is_found())
                }
            });
            !loader.of_part && !is_told
        })
    }

    /// Is each text that a value can be written out in the code: `f"tools.{PLACES[kind]}"`, where all that is in the table is?
    fn is_spelled_out(&self, func: FuncId, value: InstrId, left: usize) -> bool {
        let Some(left) = left.checked_sub(1) else { return false };
        let set = self.of(func, value);
        let is_text = |value: &Value| matches!(value, Value::Const(Const::Str(_)));
        if !set.is_cut
            && set.items().iter().any(is_text)
            && set.items().iter().all(|value| is_text(value) || self.is_declared(value))
        {
            return true;
        }
        match &self.program.funcs[func].instrs[value].op {
            Op::Text(parts) => parts.iter().all(|part| match part {
                TextPart::Lit(_) => true,
                TextPart::Hole(value, _) => self.is_spelled_out(func, *value, left),
            }),
            Op::Operator(Oper::Add, values) => values.iter().all(|value| self.is_spelled_out(func, *value, left)),
            Op::Load(Place { base: Base::Local(local), path }) if path.is_empty() => {
                self.set_once(func, *local).is_some_and(|value| self.is_spelled_out(func, value, left))
            }
            _ => false,
        }
    }

    /// What a call is given at the first of these ports where it is given something.
    fn given_at(&self, at: At, ports: &[String]) -> Option<InstrId> {
        let mut ports = ports.iter().filter_map(|port| self.models.port(port));
        ports.find_map(|port| argument(self.call_at(at)?, &port.head))
    }

    pub(super) fn loads_by(&self, at: At, row: RowRef) -> Vec<ModuleId> {
        let loader = self.models.loader(row);
        let given = |ports: &[String]| self.given_at(at, ports);
        if let Some(pattern) = given(&loader.pattern) {
            let own = self.program.funcs[at.0].module;
            return self.linker.modules_matching(own, &self.patterns(at.0, pattern));
        }
        if let Some(path) = given(&loader.file) {
            return self.module_at(at.0, path).into_iter().collect();
        }
        if self.language(at.0) == Language::Script {
            return given(&loader.module).map(|path| self.loads_by_path(at.0, path)).unwrap_or_default();
        }
        // Each name of a table: `for name, path in MODULES.items(): import_module(path)`. What a variable is declared as says nothing
        // beside the names: `MODULES: dict[str, str] = {…}`. Where it may hold something else, that counts, too.
        let names = given(&loader.module).map(|name| self.of(at.0, name).items()).unwrap_or_default();
        let is_name = |name: &Value| matches!(name, Value::Const(Const::Str(_)));
        let mut named: Vec<ModuleId> = match names {
            [_, _, ..] => names.iter().filter_map(|name| self.module_called(at.0, name)).collect(),
            _ => Vec::new(),
        };
        if names.len() > 1
            && names.iter().any(is_name)
            && names.iter().all(|name| is_name(name) || self.is_declared(name))
        {
            return named;
        }
        // What goes through a package gives the modules in it in place of their names.
        named.extend(
            names.iter().filter_map(|name| if let Value::Module(module) = name { Some(*module) } else { None }),
        );
        named.extend(self.loads_by_beginning(at, loader));
        named
    }

    /// The modules whose names begin as a text does that a loader is given.
    fn loads_by_beginning(&self, at: At, loader: &LoaderRow) -> Vec<ModuleId> {
        let given = |ports: &[String]| self.given_at(at, ports);
        let names = given(&loader.module).map(|name| self.beginnings(at.0, name, MAX_ALIASES)).unwrap_or_default();
        let mut modules = Vec::new();
        for mut name in names {
            if loader.of_part
                && let Some(end) = name.text.find(':')
            {
                name.text.truncate(end);
                name.is_whole = true;
            }
            // A name that begins with a dot is one in the package that is given beside it.
            let is_below = name.package.is_none() && name.text.starts_with('.');
            match given(&loader.package).filter(|_| is_below) {
                Some(package) => {
                    for package in self.beginnings(at.0, package, MAX_ALIASES) {
                        name.package = package.package.or_else(|| self.module_named(at.0, &package.text));
                        if name.package.is_some() {
                            modules.extend(self.modules_beginning(at.0, &name));
                        }
                    }
                }
                None => modules.extend(self.modules_beginning(at.0, &name)),
            }
        }
        modules
    }

    /// The patterns that are written out there: one, or a list of them.
    fn patterns(&self, func: FuncId, value: InstrId) -> Vec<&str> {
        let instrs = &self.program.funcs[func].instrs;
        let text = |value: InstrId| match &instrs[value].op {
            Op::Const(Const::Str(text)) => Some(text.as_str()),
            _ => None,
        };
        match &instrs[value].op {
            Op::Record(record) => {
                let item = |entry: &Entry| if let Entry::Field(_, value) = entry { text(*value) } else { None };
                record.entries.iter().filter_map(item).collect()
            }
            _ => text(value).into_iter().collect(),
        }
    }

    /// A call is found to load the module of a name.
    pub(super) fn loaded_by_name(&mut self, name: &Value, number: u32) {
        let (at, result) = (self.calls[number as usize].at, self.calls[number as usize].result);
        if let (Language::Script, Value::Const(Const::Str(text))) = (self.language(at.0), name) {
            let import = Import { from: text.clone(), what: Imported::Module, type_only: false };
            self.import(self.program.funcs[at.0].module, &import, result);
            return;
        }
        let walked = if let Value::Module(module) = name { Some(*module) } else { None };
        if let Some(module) = walked.or_else(|| self.module_called(at.0, name)) {
            self.add(result, &Value::Module(module));
        }
    }

    /// The module that a text names. What begins with a dot is in a package that is named apart.
    fn module_called(&self, func: FuncId, name: &Value) -> Option<ModuleId> {
        match name {
            Value::Const(Const::Str(text)) if !text.starts_with('.') => self.module_named(func, text),
            _ => None,
        }
    }

    fn modules_beginning(&self, func: FuncId, name: &Beginning) -> Vec<ModuleId> {
        if name.is_whole {
            let module = match name.package {
                Some(package) => self.module_within(package, &name.text),
                None => self.module_named(func, &name.text),
            };
            return module.into_iter().collect();
        }
        let Some((package, start)) = name.text.rsplit_once('.') else { return Vec::new() };
        let package = match name.package {
            Some(known) => self.module_within(known, package),
            None => self.module_named(func, package),
        };
        let inside = package.into_iter().flat_map(|package| self.linker.submodules(package));
        inside.filter(|(name, _)| name.starts_with(start)).map(|(_, module)| module).collect()
    }

    pub(super) fn module_named(&self, func: FuncId, name: &str) -> Option<ModuleId> {
        match self.linker.resolve(self.program.funcs[func].module, name) {
            Target::Module(module, rest) if rest.is_empty() => Some(module),
            _ => None,
        }
    }

    fn module_within(&self, package: ModuleId, path: &str) -> Option<ModuleId> {
        let mut names = path.split('.').filter(|name| !name.is_empty());
        names.try_fold(package, |module, name| self.linker.submodule(module, name))
    }

    /// What a text is known to begin with: more than one where callers give different names.
    fn beginnings(&self, func: FuncId, value: InstrId, left: usize) -> Vec<Beginning> {
        let Some(left) = left.checked_sub(1) else { return Vec::new() };
        let whole = |text: &str| Beginning { package: None, text: text.to_owned(), is_whole: true };
        let known = self.of(func, value).items();
        let texts = known.iter().filter_map(|value| match value {
            Value::Const(Const::Str(text)) => Some(whole(text)),
            _ => None,
        });
        let texts: Vec<Beginning> = texts.collect();
        // What it is declared as says nothing beside the texts.
        let n_declared = known.iter().filter(|value| self.is_declared(value)).count();
        if !texts.is_empty() && texts.len() + n_declared == known.len() {
            return texts;
        }
        let body = &self.program.funcs[func];
        match &body.instrs[value].op {
            Op::Const(Const::Str(text)) => vec![whole(text)],
            Op::Text(parts) => {
                let mut parts = parts.iter().map(|part| match part {
                    TextPart::Lit(text) => Ok(text.as_str()),
                    TextPart::Hole(value, _) => Err(*value),
                });
                self.joined(func, &mut parts, left)
            }
            Op::Operator(Oper::Add, values) => self.joined(func, &mut values.iter().map(|value| Err(*value)), left),
            Op::Load(place) => {
                let package = match (place.split_last(), &place.base) {
                    (Some((owner, Field::Name(name))), _) if name == NAME => match self.place_values(func, &owner) {
                        Some([Value::Module(module)]) => Some(*module),
                        _ => None,
                    },
                    (None, Base::Global(name)) if name == NAME => Some(body.module),
                    (None, Base::Global(name)) if name == PACKAGE => self.linker.package_around(body.module),
                    (None, Base::Local(local)) => return self.beginnings_in(func, *local, left),
                    _ => None,
                };
                package.into_iter().map(|package| Beginning { package: Some(package), ..whole("") }).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The same of a variable that is set in a few places, or that callers give.
    fn beginnings_in(&self, func: FuncId, local: LocalId, left: usize) -> Vec<Beginning> {
        let stores = self.program.funcs[func].instrs.iter().filter_map(|instr| match &instr.op {
            Op::Store(place, value) if place.base == Base::Local(local) && place.path.is_empty() => Some(*value),
            _ => None,
        });
        let stores: Vec<InstrId> = stores.take(MAX_NAMINGS + 1).collect();
        if !stores.is_empty() {
            let few = stores.len() <= MAX_NAMINGS;
            return stores.into_iter().filter(|_| few).flat_map(|value| self.beginnings(func, value, left)).collect();
        }
        let params = &self.program.funcs[func].params;
        let Some(at) = params.iter().position(|param| param.local == local) else { return Vec::new() };
        let (nth, named) = (i32::try_from(at).unwrap_or(i32::MAX), params[at].name.clone());
        let given = self.callers(func).iter().take(MAX_ALIASES).filter_map(|caller| {
            let call = self.call_at(*caller)?;
            let value = argument(call, &PortHead::Arg(nth)).or_else(|| argument(call, &PortHead::Named(named.clone())));
            Some((caller.0, value?))
        });
        given.flat_map(|(caller, value)| self.beginnings(caller, value, left)).collect()
    }

    fn joined(
        &self,
        func: FuncId,
        parts: &mut dyn Iterator<Item = Result<&str, InstrId>>,
        left: usize,
    ) -> Vec<Beginning> {
        let mut names = vec![Beginning { is_whole: true, ..Beginning::default() }];
        for part in parts {
            let known = match part {
                Ok(text) => vec![Beginning { package: None, text: text.to_owned(), is_whole: true }],
                Err(value) => self.beginnings(func, value, left),
            };
            if known.is_empty() || known.len() * names.len() > MAX_ALIASES {
                names.iter_mut().for_each(|name| name.is_whole = false);
                break;
            }
            let with = |name: &Beginning| {
                let name = name.clone();
                let join = move |part: &Beginning| Beginning {
                    package: part.package.or(name.package),
                    text: format!("{}{}", name.text, part.text),
                    is_whole: true,
                };
                known.iter().map(join).collect::<Vec<_>>()
            };
            names = names.iter().flat_map(with).collect();
        }
        names.retain(|name| name.package.is_some() || !name.text.is_empty());
        names
    }

    /// The module in the file whose path the code makes of its own: `Path(__file__).parent / "notes" / "server.py"`. In which
    /// of the folders around the code it begins is not told; the nearest that has the file is it.
    fn module_at(&self, func: FuncId, path: InstrId) -> Option<ModuleId> {
        let below = self.below_own_file(func, path, MAX_PATH_STEPS)?;
        self.linker.module_around(self.program.funcs[func].module, &below.join("/"))
    }

    /// What a path has behind that of the file with the code.
    fn below_own_file(&self, func: FuncId, value: InstrId, left: usize) -> Option<Vec<Symbol>> {
        let left = left.checked_sub(1)?;
        // Values are still being followed where this is asked first: only what is written out is surely known.
        let part = |value: InstrId| match &self.program.funcs[func].instrs[value].op {
            Op::Const(Const::Str(text)) => Ok(text.clone()),
            _ => Err(value),
        };
        let parts: Vec<Result<Symbol, InstrId>> = match &self.program.funcs[func].instrs[value].op {
            Op::Load(place) => match &place.base {
                Base::Global(name) if name == FILE => return Some(Vec::new()),
                Base::Value(value) => return self.below_own_file(func, *value, left),
                Base::Local(local) => return self.below_own_file(func, self.set_once(func, *local)?, left),
                Base::Cell(cell) => {
                    let (owner, value) = self.kept_once(*cell)?;
                    return self.below_own_file(owner, value, left);
                }
                Base::Global(_) => return None,
            },
            Op::Text(parts) => parts
                .iter()
                .map(|part| match part {
                    TextPart::Lit(text) => Ok(text.clone()),
                    TextPart::Hole(value, _) => Err(*value),
                })
                .collect(),
            Op::Operator(_, values) => values.iter().map(|value| part(*value)).collect(),
            Op::Call(call) => {
                let object = match call.callee.base {
                    Base::Value(object) => Some(Err(object)),
                    Base::Local(local) => self.set_once(func, local).map(Err),
                    Base::Cell(_) | Base::Global(_) => None,
                };
                object.into_iter().chain(call.args.iter().map(|arg| part(arg.value))).collect()
            }
            _ => return None,
        };
        let mut below = None;
        for part in parts {
            below = match (part, below) {
                (Ok(text), Some(known)) => Some(known).map(|mut known: Vec<Symbol>| {
                    known.push(text);
                    known
                }),
                (Ok(_), None) => None,
                (Err(value), _) => self.below_own_file(func, value, left),
            };
        }
        below
    }

    /// What a variable of a module is set to, if its code sets it once and nobody else does.
    pub(super) fn kept_once(&self, cell: CellId) -> Option<At> {
        let owner = self.program.cells[cell].owner;
        let mut stores = self.program.funcs[owner].instrs.iter().filter_map(|instr| match &instr.op {
            Op::Store(place, value) if place.base == Base::Cell(cell) => Some((place.path.is_empty(), *value)),
            _ => None,
        });
        match (stores.next(), stores.next()) {
            (Some((true, value)), None) => Some((owner, value)),
            _ => None,
        }
    }
}
