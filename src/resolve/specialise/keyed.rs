//! A function of its own for each name that one keeps something under, or looks it up.
//!
//! ```text
//! def keep(session, key, value): _sessions[session][key] = value
//! def kept(session, key): return _sessions.get(session, {}).get(key)
//! ```
//!
//! What is kept under one name does not come out under another one. Values are followed once a function, so each use with other
//! names gets a copy of it. Only small functions are copied, and only where what they share is a variable of a module, or a class
//! whose methods for all objects they are (`@classmethod`); and functions that hand a name on to such a method.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::Symbol;
use crate::base::bounds::{MAX_COPIED_FUNCTION, MAX_KEYED_FUNCTION, MAX_KEYED_NAMES, MAX_STATIC_DEPTH};
use crate::ir::func::{FuncId, FuncKind, Function, LocalId, ParamKind};
use crate::ir::instr::{ArgKind, Base, Call, Const, Field, Import, Imported, InstrId, Op, Place};
use crate::ir::program::{CellId, ClassId, Program};
use crate::resolve::link::Target;
use crate::resolve::values::At;

use super::picking::OwnCalls;
use super::{Meaning, Reader, call_instead};

/// The names that a use gives, by the number of the parameter.
pub(super) type Names = Vec<(usize, Symbol)>;

/// Gives each use with other names a copy of the function; `left`: how many instructions may be copied yet.
pub(super) fn copy_for_each(
    program: &mut Program,
    uses: BTreeMap<FuncId, Vec<(At, Names)>>,
    trees: &Trees,
    left: &mut usize,
) {
    for (func, uses) in uses {
        let tree = program.tree(func, &trees.children);
        let size: usize = tree.iter().map(|func| program.funcs[*func].instrs.len()).sum();
        let mut copies: BTreeMap<Names, FuncId> = BTreeMap::new();
        for (call, names) in uses {
            if let Some(copy) = copies.get(&names) {
                call_instead(program, call, *copy);
                continue;
            }
            let Some(rest) = left.checked_sub(size) else { return };
            *left = rest;
            let Some(copy) = program.copy(&tree, &trees.cells).get(&func).copied() else { return };
            for (number, name) in &names {
                name_param(&mut program.funcs[copy], *number, name);
            }
            copies.insert(names, copy);
            call_instead(program, call, copy);
        }
    }
}

/// What stands in functions: those declared in them, and the variables that they share with those.
pub(super) struct Trees {
    pub(super) children: BTreeMap<FuncId, Vec<FuncId>>,
    pub(super) cells: BTreeMap<FuncId, Vec<CellId>>,
}

impl Trees {
    pub(super) fn of(program: &Program) -> Self {
        let mut cells: BTreeMap<FuncId, Vec<CellId>> = BTreeMap::new();
        for (id, cell) in program.cells.iter_enumerated() {
            cells.entry(cell.owner).or_default().push(id);
        }
        Self { children: program.children(), cells }
    }
}

/// A function that keeps or looks up something under a name that it is given.
struct Keyed {
    /// The numbers of the parameters that are names, and how deep in the variable what they name is at least.
    names: BTreeMap<usize, usize>,
    /// The variables of modules that it uses.
    cells: BTreeSet<CellId>,
    /// How deep something is kept, if it is.
    keeps: Option<usize>,
}

/// A name of something that is in a variable itself is at the first level; what is deeper is all the same.
const DEEP: usize = 2;

/// Local variables that are given a variable of a module and nothing else: `cls`.
type Aliases = BTreeMap<LocalId, CellId>;

fn aliases(func: &Function) -> Aliases {
    let mut found: BTreeMap<LocalId, Option<CellId>> = BTreeMap::new();
    for instr in func.instrs.iter() {
        if let Op::Store(Place { base: Base::Local(local), path }, value) = &instr.op
            && path.is_empty()
        {
            let cell = match &func.instrs[*value].op {
                Op::Load(Place { base: Base::Cell(cell), path }) if path.is_empty() => Some(*cell),
                _ => None,
            };
            found.entry(*local).and_modify(|known| *known = None).or_insert(cell);
        }
    }
    found.into_iter().filter_map(|(local, cell)| Some((local, cell?))).collect()
}

fn cell_of(base: &Base, aliases: &Aliases) -> Option<CellId> {
    match base {
        Base::Cell(cell) => Some(*cell),
        Base::Local(local) => aliases.get(local).copied(),
        Base::Value(_) | Base::Global(_) => None,
    }
}

fn level(place: &Place, aliases: &Aliases) -> usize {
    match cell_of(&place.base, aliases) {
        Some(_) => place.path.len().min(DEEP),
        None => DEEP,
    }
}

impl Reader<'_> {
    /// The calls of such functions that give names, in the functions from one on, with those; each function with all of these uses.
    pub(super) fn keyed_uses(&self, first: FuncId) -> BTreeMap<FuncId, Vec<(At, Names)>> {
        let mut keyed: BTreeMap<FuncId, Keyed> =
            self.program.funcs.iter_enumerated().filter_map(|(id, func)| Some((id, self.keyed(func)?))).collect();
        for (id, func) in self.program.funcs.iter_enumerated() {
            if let Some(one) = self.hands_name_on(id, func, &keyed) {
                keyed.insert(id, one);
            }
        }
        // Of `rooms[room][key]` the last name tells one field of a record from another, the first one only whose record it is.
        let mut kept: BTreeMap<CellId, usize> = BTreeMap::new();
        for one in keyed.values() {
            for cell in one.keeps.iter().flat_map(|_| &one.cells) {
                let deepest = kept.entry(*cell).or_default();
                *deepest = (*deepest).max(one.keeps.unwrap_or_default());
            }
        }
        keyed.retain(|_, one| {
            let wanted = one.cells.iter().filter_map(|cell| kept.get(cell)).max().copied();
            one.names.retain(|_, level| wanted.is_some_and(|wanted| *level >= wanted));
            !one.names.is_empty()
        });
        let numbers = keyed.iter().map(|(func, one)| (*func, one.names.keys().copied().collect())).collect();
        let mut uses = self.uses_with_names(&numbers);
        self.add_handed(&numbers, &mut uses);
        uses.values_mut().for_each(|uses| uses.retain(|((func, _), _)| *func >= first));
        let is_told_apart = |uses: &[(At, Names)]| {
            let all: BTreeSet<&Names> = uses.iter().map(|(_, names)| names).collect();
            all.len() <= MAX_KEYED_NAMES
        };
        uses.retain(|_, uses| !uses.is_empty() && is_told_apart(uses));
        uses
    }

    /// A function that hands a name it is given on to a method of a class that keeps or looks up something under it.
    fn hands_name_on(&self, id: FuncId, func: &Function, keyed: &BTreeMap<FuncId, Keyed>) -> Option<Keyed> {
        let is_at_top = func.parent.is_some_and(|parent| self.program.funcs[parent].kind == FuncKind::Init);
        let is_plain = func.kind == FuncKind::Plain && !func.is_generator && func.receiver.is_none();
        if !is_at_top || !is_plain || func.params.is_empty() || func.instrs.len() > MAX_COPIED_FUNCTION {
            return None;
        }
        let is_set = |local: LocalId| {
            let mut ops = func.instrs.iter().map(|instr| &instr.op);
            ops.any(|op| matches!(op, Op::Store(Place { base: Base::Local(set), path }, _) if *set == local && path.is_empty()))
        };
        let param = |value: InstrId| match &func.instrs[value].op {
            Op::Load(Place { base: Base::Local(local), path }) if path.is_empty() && !is_set(*local) => {
                func.params.iter().position(|param| param.local == *local)
            }
            _ => None,
        };
        let (mut names, mut cells) = (BTreeMap::new(), BTreeSet::new());
        for (_, call, callee) in self.calls_of_own(id) {
            let Some(inner) = keyed.get(&callee).filter(|_| self.program.funcs[callee].kind == FuncKind::Static) else {
                continue;
            };
            let mut given = call.args.iter().take_while(|arg| arg.kind == ArgKind::Positional).enumerate();
            if let Some(number) =
                given.find(|(at, _)| inner.names.contains_key(at)).and_then(|(_, arg)| param(arg.value))
            {
                names.insert(number, DEEP);
                cells.extend(&inner.cells);
            }
        }
        (!names.is_empty()).then_some(Keyed { names, cells, keeps: None })
    }

    /// Adds where such a function is handed over, with the names beside it that it will be called with: `safely(find, kind="games")`.
    fn add_handed(&self, wanted: &BTreeMap<FuncId, BTreeSet<usize>>, uses: &mut BTreeMap<FuncId, Vec<(At, Names)>>) {
        if wanted.is_empty() {
            return;
        }
        for (func, body) in self.program.funcs.iter_enumerated() {
            for instr in body.instrs.iter() {
                let Op::Call(call) = &instr.op else { continue };
                if !call.args.iter().any(|arg| matches!(arg.kind, ArgKind::Named(_))) {
                    continue;
                }
                for arg in &call.args {
                    if let Op::Load(place) = &body.instrs[arg.value].op
                        && let Some(Meaning::Func(handed)) = self.place(func, place, MAX_STATIC_DEPTH)
                        && let Some(numbers) = wanted.get(&handed)
                        && let names = self.names_beside(func, call, &self.program.funcs[handed], numbers)
                        && !names.is_empty()
                    {
                        uses.entry(handed).or_default().push(((func, arg.value), names));
                    }
                }
            }
        }
    }

    /// The names that a call gives by the names of a function's parameters.
    fn names_beside(&self, func: FuncId, call: &Call, handed: &Function, numbers: &BTreeSet<usize>) -> Names {
        let given = call.args.iter().filter_map(|arg| {
            let ArgKind::Named(name) = &arg.kind else { return None };
            let number = handed.params.iter().position(|param| param.name == *name)?;
            let text = self.name_of(&self.program.funcs[func].instrs[arg.value].op)?;
            numbers.contains(&number).then_some((number, text))
        });
        let mut names: Names = given.collect();
        names.sort();
        names
    }

    /// The method for all objects of a class that a place is: `Registry.get`.
    fn static_method(&self, place: &Place) -> Option<FuncId> {
        let (Base::Cell(cell), [Field::Name(name)]) = (&place.base, &*place.path) else { return None };
        let class = self.class(*cell, MAX_STATIC_DEPTH)?;
        let (_, method) = self.program.classes[class].methods.iter().find(|(method, _)| method == name)?;
        (self.program.funcs[*method].kind == FuncKind::Static).then_some(*method)
    }

    fn class(&self, cell: CellId, depth: usize) -> Option<ClassId> {
        let depth = depth.checked_sub(1)?;
        let [(func, value)] = self.stores.get(&cell)?.as_slice() else { return None };
        let body = &self.program.funcs[*func];
        match &body.instrs[*value].op {
            Op::Class(class) => Some(*class),
            Op::Import(import) => {
                let Import { from, what: Imported::Named(name), .. } = import.as_ref() else { return None };
                let Target::Module(module, rest) = self.linker.resolve(body.module, from) else { return None };
                let meant = self.program.modules[module].exports.names.get(name).filter(|_| rest.is_empty())?;
                self.class(*meant, depth)
            }
            _ => None,
        }
    }

    /// The calls of some functions that give names for the parameters with these numbers, with those names.
    pub(super) fn uses_with_names(
        &self,
        wanted: &BTreeMap<FuncId, BTreeSet<usize>>,
    ) -> BTreeMap<FuncId, Vec<(At, Names)>> {
        let mut uses: BTreeMap<FuncId, Vec<(At, Names)>> = BTreeMap::new();
        if wanted.is_empty() {
            return uses;
        }
        for func in self.program.funcs.ids() {
            for (id, call, callee) in self.calls_of_own(func) {
                if let Some(numbers) = wanted.get(&callee)
                    && let names = self.names_given(func, call, &self.program.funcs[callee], numbers)
                    && !names.is_empty()
                {
                    uses.entry(callee).or_default().push(((func, id), names));
                }
            }
        }
        uses
    }

    /// The calls in a function that hand something to a function of the program, as far as the text tells which.
    pub(super) fn calls_of_own(&self, func: FuncId) -> OwnCalls<'_> {
        let body = &self.program.funcs[func];
        // `from notes.rooms import keep` in a function, `const get = (name) => …`.
        let mut put: BTreeMap<LocalId, Option<InstrId>> = BTreeMap::new();
        for instr in body.instrs.iter() {
            if let Op::Store(Place { base: Base::Local(local), path }, value) = &instr.op
                && path.is_empty()
            {
                let known = matches!(body.instrs[*value].op, Op::Import(_) | Op::Closure(_)).then_some(*value);
                put.entry(*local).and_modify(|known| *known = None).or_insert(known);
            }
        }
        let mut calls = Vec::new();
        for (id, instr) in body.instrs.iter_enumerated() {
            let Op::Call(call) = &instr.op else { continue };
            let callee = match (&call.callee.base, &*call.callee.path) {
                _ if call.args.is_empty() => None,
                (Base::Local(local), []) => {
                    put.get(local).copied().flatten().and_then(|value| self.value(func, value, MAX_STATIC_DEPTH))
                }
                (Base::Local(_) | Base::Global(_), _) => None,
                _ => self.place(func, &call.callee, MAX_STATIC_DEPTH),
            };
            let callee = match callee {
                Some(Meaning::Func(callee)) => Some(callee),
                _ if call.args.is_empty() => None,
                _ => self.static_method(&call.callee),
            };
            if let Some(callee) = callee {
                calls.push((id, call.as_ref(), callee));
            }
        }
        calls
    }

    fn keyed(&self, func: &Function) -> Option<Keyed> {
        let is_at_top = func.parent.is_some_and(|parent| self.program.funcs[parent].kind == FuncKind::Init);
        let is_static = func.kind == FuncKind::Static && func.owner.is_some();
        let is_plain = (is_static || matches!(func.kind, FuncKind::Plain | FuncKind::Lambda)) && !func.is_generator;
        if !is_at_top || !is_plain || func.params.is_empty() || func.instrs.len() > MAX_KEYED_FUNCTION {
            return None;
        }
        let param = |value: InstrId| match &func.instrs[value].op {
            Op::Load(Place { base: Base::Local(local), path }) if path.is_empty() => {
                func.params.iter().position(|param| param.local == *local)
            }
            _ => None,
        };
        let is_set = |local: LocalId| {
            let mut ops = func.instrs.iter().map(|instr| &instr.op);
            ops.any(|op| matches!(op, Op::Store(Place { base: Base::Local(set), path }, _) if *set == local && path.is_empty()))
        };
        let note = |names: &mut BTreeMap<usize, usize>, number: usize, level: usize| {
            let known = names.entry(number).or_insert(level);
            *known = level.min(*known);
        };
        let aliases = if is_static { aliases(func) } else { Aliases::new() };
        let (mut names, mut cells, mut keeps) = (BTreeMap::new(), BTreeSet::new(), None);
        for (at, key) in &func.keys {
            let Some(number) = param(*key) else { continue };
            let (Op::Load(place) | Op::Store(place, _)) = &func.instrs[*at].op else { continue };
            note(&mut names, number, level(place, &aliases));
            if matches!(func.instrs[*at].op, Op::Store(..)) {
                keeps = keeps.max(Some(level(place, &aliases)));
            }
        }
        for instr in func.instrs.iter() {
            match &instr.op {
                Op::Closure(_) | Op::Class(_) => return None,
                Op::Call(call) if matches!(call.callee.path.last(), Some(Field::Name(_))) => {
                    if let Some(number) = call.args.first().and_then(|arg| param(arg.value)) {
                        note(&mut names, number, level(&call.callee, &aliases));
                    }
                }
                _ => {}
            }
            let bases = match &instr.op {
                Op::Load(place) | Op::Store(place, _) => Some(&place.base),
                Op::Call(call) => Some(&call.callee.base),
                _ => None,
            };
            if let Some(cell) = bases.and_then(|base| cell_of(base, &aliases))
                && self.program.funcs[self.program.cells[cell].owner].kind == FuncKind::Init
            {
                cells.insert(cell);
            }
        }
        names.retain(|number, _| !is_set(func.params[*number].local));
        (!names.is_empty() && !cells.is_empty()).then_some(Keyed { names, cells, keeps })
    }

    /// The names that a call gives a function, as far as they are written out.
    fn names_given(&self, func: FuncId, call: &Call, callee: &Function, numbers: &BTreeSet<usize>) -> Names {
        let body = &self.program.funcs[func];
        let mut names = Names::new();
        let mut position = 0;
        for arg in &call.args {
            let number = match &arg.kind {
                ArgKind::Positional => {
                    position += 1;
                    Some(position - 1)
                }
                ArgKind::Named(name) => callee.params.iter().position(|param| param.name == *name),
                _ => break,
            };
            let is_name = |number: &usize| {
                numbers.contains(number)
                    && callee
                        .params
                        .get(*number)
                        .is_some_and(|param| matches!(param.kind, ParamKind::Plain | ParamKind::NamedOnly))
            };
            if let Some(number) = number.filter(is_name)
                && let Some(name) = self.name_of(&body.instrs[arg.value].op)
            {
                names.push((number, name));
            }
        }
        names.sort();
        names
    }

    /// A name that is written out, kept in a variable that is given nothing else, or kept by a class under a name of its own:
    /// `Key.EMAIL`.
    fn name_of(&self, op: &Op) -> Option<Symbol> {
        match op {
            Op::Const(Const::Str(text)) => Some(text.clone()),
            Op::Load(Place { base: Base::Cell(cell), path }) if path.is_empty() => {
                let [(func, value)] = self.stores.get(cell)?.as_slice() else { return None };
                match &self.program.funcs[*func].instrs[*value].op {
                    Op::Const(Const::Str(text)) => Some(text.clone()),
                    _ => None,
                }
            }
            Op::Load(Place { base: Base::Cell(cell), path }) => match path.as_ref() {
                [member @ Field::Name(_)] => self.constant(*cell, member, MAX_STATIC_DEPTH),
                _ => None,
            },
            _ => None,
        }
    }

    fn constant(&self, cell: CellId, member: &Field, depth: usize) -> Option<Symbol> {
        let depth = depth.checked_sub(1)?;
        let [(func, value)] = self.stores.get(&cell)?.as_slice() else { return None };
        let body = &self.program.funcs[*func];
        if let Op::Import(import) = &body.instrs[*value].op {
            let Import { from, what: Imported::Named(name), .. } = import.as_ref() else { return None };
            let Target::Module(module, rest) = self.linker.resolve(body.module, from) else { return None };
            let meant = self.program.modules[module].exports.names.get(name).filter(|_| rest.is_empty())?;
            return self.constant(*meant, member, depth);
        }
        let mut stored = body.instrs.iter().filter_map(|instr| match &instr.op {
            Op::Store(Place { base: Base::Cell(to), path }, value) if *to == cell && **path == [member.clone()] => {
                Some(&body.instrs[*value].op)
            }
            _ => None,
        });
        match (stored.next(), stored.next()) {
            (Some(Op::Const(Const::Str(text))), None) => Some(text.clone()),
            _ => None,
        }
    }
}

/// In a function, the name stands in the place of the parameter.
fn name_param(func: &mut Function, number: usize, name: &Symbol) {
    let Some(local) = func.params.get(number).map(|param| param.local) else { return };
    let is_read =
        |op: &Op| matches!(op, Op::Load(Place { base: Base::Local(read), path }) if *read == local && path.is_empty());
    let reads: BTreeSet<InstrId> =
        func.instrs.iter_enumerated().filter(|(_, instr)| is_read(&instr.op)).map(|(id, _)| id).collect();
    for read in &reads {
        func.instrs[*read].op = Op::Const(Const::Str(name.clone()));
    }
    let named: Vec<InstrId> = func.keys.iter().filter(|(_, key)| reads.contains(key)).map(|(at, _)| *at).collect();
    for at in named {
        func.keys.remove(&at);
        if let Op::Load(place) | Op::Store(place, _) = &mut func.instrs[at].op
            && let Some(last @ Field::Any) = place.path.last_mut()
        {
            *last = Field::Name(name.clone());
        }
    }
}
