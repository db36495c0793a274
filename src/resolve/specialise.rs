//! A function of its own for each use of a decorator.
//!
//! `@tracked def read(…)` and `@tracked def write(…)` are both the function that `tracked` returns, but each around another
//! function. Values are followed once a function, so what goes through one would come out of the other. Here, before values
//! are followed, each use of a function that wraps what it is given, gives it back, or puts it into an object that it writes
//! out, gets a copy of it; so does each use of
//! one that makes such a function: `@requires("notes.read")`, `@register("search") class Search`, `withRetry(3)(handler)`.

mod keyed;
mod names;
mod picking;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use crate::base::bounds::{MAX_COPIED_FUNCTION, MAX_COPIES, MAX_COPY_ROUNDS, MAX_STATIC_DEPTH};
use crate::base::idx::Id;
use crate::ir::func::{End, FuncId, FuncKind};
use crate::ir::instr::{Base, Call, CallStyle, Entry, Field, Imported, Instr, InstrId, Op, Oper, Place, RecordKind};
use crate::ir::program::{CellId, ModuleId, Program};
use crate::models::Models;
use crate::models::index::{NodeId, Table};
use crate::models::path::{PortHead, Step};

use keyed::Trees;

use super::decided::{Asked, decide, hands_on_everything};
use super::link::{Linker, Target};
use super::ports::argument;
use super::values::At;

/// What a name means, as far as the text alone tells.
enum Meaning {
    Func(FuncId),
    Module(ModuleId),
}

/// What a wrapper is given: the function that is wrapped, the same where nothing is put around it before, and where it is given.
type Given = (Option<FuncId>, Option<FuncId>, Option<At>);

/// A use of a function that wraps.
struct Use {
    call: At,
    wrapper: FuncId,
    /// The function that is wrapped, if the text tells.
    wrapped: Option<FuncId>,
    /// The same where nothing else is put around it before.
    handed: Option<FuncId>,
    /// What the wrapper is called with.
    around: Option<At>,
}

/// Gives each use of a wrapping function a copy of it.
pub(crate) fn specialise(program: &mut Program, linker: &Linker<'_>, models: &Models) {
    picking::copy_pickers(program, linker, models);
    let mut left = MAX_COPIES;
    // What is copied may hand its name on.
    let mut first = FuncId::new(0);
    for _ in 0..MAX_COPY_ROUNDS {
        let next = FuncId::new(program.funcs.len());
        let keyed = Reader::new(program, linker, models).keyed_uses(first);
        if keyed.is_empty() {
            break;
        }
        let trees = Trees::of(program);
        keyed::copy_for_each(program, keyed, &trees, &mut left);
        first = next;
    }
    // What is copied may use another wrapper, and each copy of it is a use of its own.
    let mut used: BTreeSet<FuncId> = BTreeSet::new();
    let mut first = FuncId::new(0);
    for _ in 0..MAX_COPY_ROUNDS {
        let next = FuncId::new(program.funcs.len());
        copy_wrappers(program, linker, models, first, (&mut used, &mut left));
        if program.funcs.len() == next.index() {
            return;
        }
        first = next;
    }
}

/// The same for the uses in the functions from `first` on. `used`: the wrappers of which one use has the function itself; `left`:
/// how many instructions may be copied yet.
fn copy_wrappers(
    program: &mut Program,
    linker: &Linker<'_>,
    models: &Models,
    first: FuncId,
    (used, left): (&mut BTreeSet<FuncId>, &mut usize),
) {
    let trees = Trees::of(program);
    let Trees { children, cells } = &trees;
    let reader = Reader::new(program, linker, models);
    let uses = reader.uses(first);
    let returned: BTreeMap<FuncId, Option<FuncId>> =
        uses.iter().map(|one| (one.wrapper, reader.innermost(one.wrapper))).collect();
    let asked: BTreeMap<FuncId, Vec<Asked>> =
        returned.keys().map(|wrapper| (*wrapper, reader.asked(&program.tree(*wrapper, children)))).collect();
    let row_makers: Vec<FuncId> = returned.keys().copied().filter(|wrapper| reader.tables(*wrapper)).collect();
    let is_async: Vec<Option<bool>> =
        uses.iter().map(|one| reader.is_async(one.around?, &asked, MAX_STATIC_DEPTH)).collect();
    program.row_makers.extend(row_makers);
    for (Use { call, wrapper, wrapped, handed, .. }, is_async) in uses.into_iter().zip(is_async) {
        let inner = returned.get(&wrapper).copied().flatten();
        let mut made = inner;
        let asks = is_async.and_then(|_| asked.get(&wrapper)).map_or(&[][..], Vec::as_slice);
        // The first use has the function itself, unless it is another one for what it is put around.
        if !used.insert(wrapper) || !asks.is_empty() {
            let tree = program.tree(wrapper, children);
            let size: usize = tree.iter().map(|func| program.funcs[*func].instrs.len()).sum();
            if size > MAX_COPIED_FUNCTION || size > *left {
                continue;
            }
            *left -= size;
            let copies = program.copy(&tree, cells);
            made = inner.and_then(|inner| copies.get(&inner).copied());
            call_instead(program, call, copies[&wrapper]);
            if program.row_makers.contains(&wrapper) {
                program.row_makers.insert(copies[&wrapper]);
            }
            for one in asks {
                let (Some(func), Some(is_async)) = (copies.get(&one.func).copied(), is_async) else { continue };
                decide(program, Asked { func, ..*one }, is_async);
            }
            if !asks.is_empty() {
                for copy in
                    copies.values().filter(|copy| hands_on_everything(program, **copy)).copied().collect::<Vec<_>>()
                {
                    program.funcs[copy].stands_for = handed.or(wrapped);
                }
                continue;
            }
        }
        if let (Some(made), Some(wrapped)) = (made, wrapped)
            && hands_on_everything(program, made)
        {
            program.funcs[made].stands_for = Some(wrapped);
        }
    }
}

/// Makes the call call `func`; what is no call, but a function that is read, is `func`.
fn call_instead(program: &mut Program, call: At, func: FuncId) {
    let body = &mut program.funcs[call.0];
    if let Op::Load(_) = body.instrs[call.1].op {
        body.instrs[call.1].op = Op::Closure(func);
        return;
    }
    let span = body.instrs[call.1].span;
    let closure = body.instrs.push(Instr { op: Op::Closure(func), span });
    for block in body.blocks.iter_mut() {
        if let Some(at) = block.instrs.iter().position(|instr| *instr == call.1) {
            block.instrs.insert(at, closure);
        }
    }
    if let Op::Call(call) = &mut body.instrs[call.1].op {
        call.callee = Place::value(closure);
    }
}

fn first_argument(func: FuncId, call: &Call) -> Option<At> {
    call.args.first().map(|arg| (func, arg.value))
}

struct Reader<'p> {
    program: &'p Program,
    linker: &'p Linker<'p>,
    models: &'p Models,
    stores: FxHashMap<CellId, Vec<At>>,
    /// What functions were found to give back.
    known: RefCell<FxHashMap<FuncId, Option<FuncId>>>,
}

impl<'p> Reader<'p> {
    fn new(program: &'p Program, linker: &'p Linker<'p>, models: &'p Models) -> Self {
        Self { program, linker, models, stores: program.assigned(), known: RefCell::default() }
    }
}

impl Reader<'_> {
    /// The uses of wrapping functions in the functions from one on, in order.
    fn uses(&self, from: FuncId) -> Vec<Use> {
        let mut uses = Vec::new();
        for (func, body) in self.program.funcs.iter_enumerated().filter(|(func, _)| *func >= from) {
            // The calls whose results are called with a function, and that function.
            let mut factories: BTreeMap<InstrId, Given> = BTreeMap::new();
            let mut calls: Vec<(InstrId, &Call)> = Vec::new();
            for (id, instr) in body.instrs.iter_enumerated() {
                let Op::Call(call) = &instr.op else { continue };
                calls.push((id, call));
                if let Some(given) = self.given(func, call)
                    && let Base::Value(made) = call.callee.base
                    && call.callee.path.is_empty()
                {
                    factories.insert(made, (given, self.handed(func, call), first_argument(func, call)));
                }
            }
            for (id, call) in calls {
                let given = || Some((self.given(func, call)?, self.handed(func, call), first_argument(func, call)));
                let Some((wrapped, handed, around)) = factories.get(&id).copied().or_else(given) else { continue };
                if let Some(Meaning::Func(wrapper)) = self.place(func, &call.callee, MAX_STATIC_DEPTH)
                    && (self.wraps(wrapper) || self.tables(wrapper))
                    && !self.is_inside(func, wrapper)
                {
                    uses.push(Use { call: (func, id), wrapper, wrapped, handed, around });
                }
            }
        }
        uses
    }

    /// Is one of the arguments a function? Gives which, if the text tells.
    fn given(&self, func: FuncId, call: &Call) -> Option<Option<FuncId>> {
        call.args.iter().find_map(|arg| {
            let function = self.function(func, arg.value, MAX_STATIC_DEPTH);
            function.or_else(|| self.built(func, arg.value, MAX_STATIC_DEPTH).map(Some))
        })
    }

    /// The function that is an argument itself.
    fn handed(&self, func: FuncId, call: &Call) -> Option<FuncId> {
        call.args.iter().find_map(|arg| match self.value(func, arg.value, MAX_STATIC_DEPTH) {
            Some(Meaning::Func(handed)) => Some(handed),
            Some(Meaning::Module(_)) => None,
            None => self.built(func, arg.value, MAX_STATIC_DEPTH),
        })
    }

    /// The function that a value is which was declared in the one that was called for it: `handler = self.handler_of(tool)`.
    fn built(&self, func: FuncId, value: InstrId, depth: usize) -> Option<FuncId> {
        let depth = depth.checked_sub(1)?;
        match &self.program.funcs[func].instrs[value].op {
            Op::Call(call) => {
                let builder = match self.place(func, &call.callee, depth) {
                    Some(Meaning::Func(builder)) => builder,
                    _ => self.own_method(func, &call.callee)?,
                };
                let body = &self.program.funcs[builder];
                let mut given = body.blocks.iter().filter_map(|block| match block.end {
                    End::Return(value) => value,
                    _ => None,
                });
                let only = given.next().filter(|_| given.next().is_none())?;
                let is_plain = !body.is_async && !body.is_generator;
                let inner = self.function(builder, only, depth).flatten().filter(|_| is_plain)?;
                (self.program.funcs[inner].parent == Some(builder)).then_some(inner)
            }
            Op::Load(place) if place.path.is_empty() && matches!(place.base, Base::Local(_)) => {
                let [(func, only)] = self.stores_to_local(func, &place.base)[..] else { return None };
                self.built(func, only, depth)
            }
            _ => None,
        }
    }

    /// The method of its own class that a method calls.
    fn own_method(&self, func: FuncId, callee: &Place) -> Option<FuncId> {
        let body = &self.program.funcs[func];
        let (Base::Local(local), [Field::Name(name)]) = (&callee.base, &*callee.path) else { return None };
        let class = &self.program.classes[body.owner.filter(|_| body.receiver == Some(*local))?];
        class.methods.iter().find(|(method, _)| method == name).map(|(_, method)| *method)
    }

    /// Is a value an async function, also where something is put around it that tells, or picks what is alike?
    fn is_async(&self, (func, value): At, asked: &BTreeMap<FuncId, Vec<Asked>>, depth: usize) -> Option<bool> {
        let depth = depth.checked_sub(1)?;
        let known = match self.value(func, value, depth) {
            Some(Meaning::Func(known)) => Some(known),
            Some(Meaning::Module(_)) => return None,
            None => self.built(func, value, depth),
        };
        let of = |func: FuncId| self.program.funcs[func].is_async && !self.program.funcs[func].is_generator;
        if known.is_some() {
            return known.map(of);
        }
        let body = &self.program.funcs[func];
        match &body.instrs[value].op {
            Op::Call(call) => {
                let made = match (&call.callee.base, &*call.callee.path) {
                    (Base::Value(made), []) => match &body.instrs[*made].op {
                        Op::Call(factory) => &factory.callee,
                        _ => &call.callee,
                    },
                    _ => &call.callee,
                };
                let Some(Meaning::Func(wrapper)) = self.place(func, made, depth) else { return None };
                let picks = asked.get(&wrapper).is_some_and(|asked| !asked.is_empty());
                if picks || self.returned(wrapper).is_none() && self.gives_back(wrapper) {
                    return self.is_async(first_argument(func, call)?, asked, depth);
                }
                self.innermost(wrapper).map(of)
            }
            Op::Load(place) if place.path.is_empty() => match place.base {
                Base::Cell(cell) => match self.stores.get(&cell)?.as_slice() {
                    [at] => self.is_async(*at, asked, depth),
                    _ => None,
                },
                _ => match self.stores_to_local(func, &place.base)[..] {
                    [at] => self.is_async(at, asked, depth),
                    _ => None,
                },
            },
            _ => None,
        }
    }

    /// The conditions in functions that ask whether their first parameter is an async function.
    fn asked(&self, tree: &[FuncId]) -> Vec<Asked> {
        let mut found = Vec::new();
        for func in tree.iter().copied() {
            for (block, data) in self.program.funcs[func].blocks.iter_enumerated() {
                let End::Branch { on, .. } = data.end else { continue };
                if let Some(holds) = self.asks_async(func, on, MAX_STATIC_DEPTH) {
                    found.push(Asked { func, block, holds });
                }
            }
        }
        found
    }

    /// Is a value the answer whether the first parameter of a function is async? Gives the answer for one that is.
    fn asks_async(&self, func: FuncId, value: InstrId, depth: usize) -> Option<bool> {
        let depth = depth.checked_sub(1)?;
        let body = &self.program.funcs[func];
        match &body.instrs[value].op {
            Op::Operator(Oper::Not, asked) => Some(!self.asks_async(func, *asked.first()?, depth)?),
            Op::Call(call) => {
                let node = self.library(&call.callee, depth)?;
                let index = &self.models.index;
                let called = index.node(index.step(node, &Step::Call));
                let asks = called.rows(Table::Clean).any(|row| self.models.clean(row).asks_async);
                let given = &body.instrs[call.args.first()?.value].op;
                (asks && matches!(given, Op::Load(place) if self.is_first_param(func, place))).then_some(true)
            }
            Op::Load(Place { base, path }) if path.is_empty() => {
                let mut stores = match base {
                    Base::Cell(cell) => self.stores.get(cell)?.clone(),
                    _ => self.stores_to_local(func, base),
                };
                let (func, only) = stores.pop().filter(|_| stores.is_empty())?;
                self.asks_async(func, only, depth)
            }
            _ => None,
        }
    }

    fn stores_to_local(&self, func: FuncId, base: &Base) -> Vec<At> {
        let stores = self.program.funcs[func].instrs.iter().filter_map(|instr| match &instr.op {
            Op::Store(to, value) if to.base == *base && to.path.is_empty() => Some((func, *value)),
            _ => None,
        });
        stores.collect()
    }

    fn is_first_param(&self, func: FuncId, place: &Place) -> bool {
        let first = |func: FuncId| self.program.funcs[func].params.first();
        place.path.is_empty()
            && match place.base {
                Base::Local(local) => first(func).is_some_and(|param| param.local == local),
                Base::Cell(cell) => {
                    let cell = &self.program.cells[cell];
                    first(cell.owner).is_some_and(|param| param.name == cell.name)
                }
                Base::Value(_) | Base::Global(_) => false,
            }
    }

    /// The member of a library that a place names.
    fn library(&self, place: &Place, depth: usize) -> Option<NodeId> {
        let depth = depth.checked_sub(1)?;
        let Base::Cell(cell) = place.base else { return None };
        let [(at, value)] = self.stores.get(&cell)?.as_slice() else { return None };
        let module = self.program.funcs[*at].module;
        let language = self.program.modules[module].language;
        let index = &self.models.index;
        let mut node = match &self.program.funcs[*at].instrs[*value].op {
            Op::Import(import) => {
                let Target::Library { specifier, path } = self.linker.resolve(module, &import.from) else {
                    return None;
                };
                let name = match &import.what {
                    Imported::Named(name) => Some(name.clone()),
                    Imported::Module => None,
                    _ => return None,
                };
                let root = index.import(language, &specifier);
                path.into_iter().chain(name).fold(root, |node, step| index.step(node, &Step::Member(step)))
            }
            Op::Load(place) => self.library(place, depth)?,
            _ => return None,
        };
        for field in &place.path {
            let Field::Name(name) = field else { return None };
            node = index.step(node, &Step::Member(name.clone()));
        }
        Some(node)
    }

    /// The function that a value is, or is made around.
    fn function(&self, func: FuncId, value: InstrId, depth: usize) -> Option<Option<FuncId>> {
        let depth = depth.checked_sub(1)?;
        let body = &self.program.funcs[func];
        match &body.instrs[value].op {
            Op::Closure(inner) => Some(Some(*inner)),
            Op::Class(_) => Some(None),
            Op::Call(call) => {
                if let Some(passed) = self.passed_on(call, depth) {
                    return self.function(func, passed, depth);
                }
                let wraps =
                    || matches!(self.place(func, &call.callee, depth), Some(Meaning::Func(inner)) if self.wraps(inner));
                let args = || call.args.iter().find_map(|arg| self.function(func, arg.value, depth));
                if call.style == CallStyle::Decorator || wraps() { args() } else { None }
            }
            Op::Load(place) if place.path.is_empty() => match place.base {
                Base::Cell(cell) => match self.stores.get(&cell)?.as_slice() {
                    [(func, value)] => self.function(*func, *value, depth),
                    _ => None,
                },
                Base::Local(_) => {
                    let mut stores = body.instrs.iter().filter_map(|instr| match &instr.op {
                        Op::Store(to, value) if to == place => Some(*value),
                        _ => None,
                    });
                    let only = stores.next().filter(|_| stores.next().is_none())?;
                    self.function(func, only, depth)
                }
                Base::Value(_) | Base::Global(_) => None,
            },
            _ => None,
        }
    }

    /// What a call of a library gives back of what it is given, and nothing else: `cast(Handler, wrapper)`.
    fn passed_on(&self, call: &Call, depth: usize) -> Option<InstrId> {
        let node = self.library(&call.callee, depth)?;
        let index = &self.models.index;
        let called = index.node(index.step(node, &Step::Call));
        let mut rows = called.rows(Table::Flow).map(|row| self.models.flow(row));
        let row = rows.next().filter(|row| !row.text && rows.next().is_none())?;
        let ([from], [to]) = (row.from.as_slice(), row.to.as_slice()) else { return None };
        let is_whole = from.path.is_empty() && to.path.is_empty() && to.head == PortHead::Return;
        if is_whole { argument(call, &from.head) } else { None }
    }

    /// Does the function give back one declared in it that keeps what it was given?
    fn wraps(&self, func: FuncId) -> bool {
        let body = &self.program.funcs[func];
        let is_at_top = body.parent.is_none_or(|parent| self.program.funcs[parent].kind == FuncKind::Init);
        is_at_top
            && matches!(body.kind, FuncKind::Plain | FuncKind::Lambda | FuncKind::Static)
            && !body.params.is_empty()
            && (self.returned(func).is_some() || self.gives_back(func))
            && !body.instrs.iter().any(|instr| matches!(instr.op, Op::Class(_)))
    }

    /// Does the function give back an object that is written out there, with what it was given in it?
    ///
    /// ```text
    /// const tool = (name, schema, run) => ({ name, schema, run });
    /// ```
    fn tables(&self, func: FuncId) -> bool {
        let body = &self.program.funcs[func];
        let is_given = |value: InstrId| match &body.instrs[value].op {
            Op::Load(Place { base: Base::Local(local), path }) => {
                path.is_empty() && body.params.iter().any(|param| param.local == *local)
            }
            Op::Closure(_) => true,
            _ => false,
        };
        let is_made = |value: InstrId| match &body.instrs[value].op {
            Op::Record(record) if record.kind == RecordKind::Object => {
                record.entries.iter().any(|entry| matches!(entry, Entry::Field(_, value) if is_given(*value)))
            }
            _ => false,
        };
        let is_at_top = body.parent.is_none_or(|parent| self.program.funcs[parent].kind == FuncKind::Init);
        is_at_top
            && matches!(body.kind, FuncKind::Plain | FuncKind::Lambda | FuncKind::Static)
            && body.blocks.iter().any(|block| matches!(block.end, End::Return(Some(value)) if is_made(value)))
    }

    /// The function declared in it that a function gives back. One that gives back what it gives back itself gives none.
    fn returned(&self, func: FuncId) -> Option<FuncId> {
        if let Some(known) = self.known.borrow().get(&func) {
            return *known;
        }
        self.known.borrow_mut().insert(func, None);
        let found = self.declared_and_returned(func);
        self.known.borrow_mut().insert(func, found);
        found
    }

    fn declared_and_returned(&self, func: FuncId) -> Option<FuncId> {
        let body = &self.program.funcs[func];
        body.blocks
            .iter()
            .find_map(|block| match block.end {
                End::Return(Some(value)) => self.one_of(func, value),
                _ => None,
            })
            .filter(|inner| self.program.funcs[*inner].parent == Some(func))
    }

    /// The function that a value is, or the first one that it may be: `later if is_async else now`.
    fn one_of(&self, func: FuncId, value: InstrId) -> Option<FuncId> {
        let known = |value: InstrId| self.function(func, value, MAX_STATIC_DEPTH).flatten();
        known(value).or_else(|| match &self.program.funcs[func].instrs[value].op {
            Op::Load(place) if place.path.is_empty() && matches!(place.base, Base::Local(_)) => {
                self.stores_to_local(func, &place.base).into_iter().find_map(|(_, value)| known(value))
            }
            _ => None,
        })
    }

    /// Does the function give back what it is given: a decorator that registers?
    fn gives_back(&self, func: FuncId) -> bool {
        let body = &self.program.funcs[func];
        let is_param = |place: &Place| match place.base {
            Base::Local(local) => body.params.iter().any(|param| param.local == local),
            Base::Cell(cell) => {
                let cell = &self.program.cells[cell];
                cell.owner == func && body.params.iter().any(|param| param.name == cell.name)
            }
            Base::Value(_) | Base::Global(_) => false,
        };
        body.blocks.iter().any(|block| match block.end {
            End::Return(Some(value)) => {
                matches!(&body.instrs[value].op, Op::Load(place) if place.path.is_empty() && is_param(place))
            }
            _ => false,
        })
    }

    /// What is left when all that a function makes has been called with something.
    fn innermost(&self, func: FuncId) -> Option<FuncId> {
        let mut last = None;
        let mut next = self.returned(func);
        while let Some(inner) = next {
            last = Some(inner);
            next = self.returned(inner);
        }
        last
    }

    fn is_inside(&self, mut func: FuncId, outer: FuncId) -> bool {
        loop {
            if func == outer {
                return true;
            }
            match self.program.funcs[func].parent {
                Some(parent) => func = parent,
                None => return false,
            }
        }
    }
}
