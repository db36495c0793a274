//! Is the module that asks the program that was started, or was it only imported?
//!
//! Programs ask in many spellings: `require.main === module`, `import.meta.url === pathToFileURL(process.argv[1]).href`,
//! `process.argv[1].endsWith("cli.js")`. What they share is that something that tells where the module is meets something
//! that tells what was started; which places tell that is in `rules/main.toml`.

use std::collections::BTreeSet;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::bounds::MAX_WAY;
use crate::ir::func::{BlockId, End, FuncId, LocalId};
use crate::ir::instr::{Base, Call, Const, Field, Imported, InstrId, Op, Oper, Place, TextPart};
use crate::ir::program::ModuleId;
use crate::resolve::solve::Values;
use crate::source::paths;

use super::abs::Abs;
use super::explore::{Explorer, Prepared, State};

/// What a value tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tells {
    /// Where the module itself is.
    Own,
    /// Which program was started.
    Started,
}

/// What a function stores to each of its local variables, in order of the code.
pub(super) type StoredLocals = FxHashMap<LocalId, Vec<InstrId>>;

impl Explorer<'_> {
    /// What a place is known to hold because the module is the program, or is not.
    pub(super) fn main_place(&self, func: FuncId, place: &Place) -> Option<Abs> {
        let text = self.written(func, place)?;
        let words = self.values.models.main_words();
        let is_main = self.is_main(func);
        if let Some(name) = words.names.iter().find(|name| name.place == text) {
            return Some(Abs::Const(Const::str(if is_main { &name.main } else { &name.other })));
        }
        if words.flags.contains(&text) {
            return Some(Abs::Const(Const::Bool(is_main)));
        }
        words.imported.contains(&text).then_some(Abs::Const(Const::Bool(!is_main)))
    }

    /// What a comparison gives, where it asks for the started program. That there is one is certain: `!process.argv[1]`.
    pub(super) fn main_test(&self, func: FuncId, oper: Oper, operands: &[InstrId]) -> Option<Abs> {
        if let (Oper::Not | Oper::IsMissing, [one], true) = (oper, operands, self.asks(func)) {
            let Op::Load(place) = &self.values.program.funcs[func].instrs[*one].op else { return None };
            let is_started = self.values.models.main_words().started.contains(&self.written(func, place)?);
            return is_started.then_some(Abs::Const(Const::Bool(false)));
        }
        let (Oper::Eq | Oper::Ne, [a, b], true) = (oper, operands, self.asks(func)) else { return None };
        self.compared(func, [self.tells(func, *a, MAX_WAY), self.tells(func, *b, MAX_WAY)], [*a, *b], oper == Oper::Ne)
    }

    /// The same for a method such as `endsWith`.
    pub(super) fn main_test_call(&self, func: FuncId, call: &Call) -> Option<Abs> {
        let ([arg], Some((owner, Field::Name(_)))) = (&*call.args, call.callee.split_last()) else { return None };
        if !self.asks(func) {
            return None;
        }
        let receiver = self.place_tells(func, &owner, MAX_WAY)?;
        self.compared(func, [Some(receiver), self.tells(func, arg.value, MAX_WAY)], [arg.value, arg.value], false)
    }

    fn compared(&self, func: FuncId, tells: [Option<Tells>; 2], values: [InstrId; 2], negated: bool) -> Option<Abs> {
        let truth = |holds: bool| Some(Abs::Const(Const::Bool(holds != negated)));
        match tells {
            [Some(Tells::Own), Some(Tells::Started)] | [Some(Tells::Started), Some(Tells::Own)] => {
                truth(self.is_main(func))
            }
            [Some(Tells::Started), None] | [None, Some(Tells::Started)] => {
                let text =
                    values.iter().find_map(|value| match &self.values.program.funcs[func].instrs[*value].op {
                        Op::Const(Const::Str(text)) => Some(text),
                        _ => None,
                    })?;
                // What may be its name stays open: nobody knows how it was started.
                if self.may_be_started_as(text)? { None } else { truth(false) }
            }
            _ => None,
        }
    }

    /// Does the function's module name the started program at all?
    fn asks(&self, func: FuncId) -> bool {
        self.prepared.asking.contains(&self.values.program.funcs[func].module)
    }

    fn is_main(&self, func: FuncId) -> bool {
        self.main == Some(self.values.program.funcs[func].module)
    }

    /// May the program be known by a name with this text in it? `None` when nobody knows the program.
    fn may_be_started_as(&self, text: &str) -> Option<bool> {
        let main = self.main?;
        let (name, _) = paths::name(text).rsplit_once('.').unwrap_or((paths::name(text), ""));
        Some(self.values.linker.names_of_program(main).any(|known| name.is_empty() || known.contains(name)))
    }

    /// What a value was made of tells.
    fn tells(&self, func: FuncId, value: InstrId, left: usize) -> Option<Tells> {
        let left = left.checked_sub(1)?;
        let key = (func, value, left);
        if let Some(known) = self.prepared.told.borrow().get(&key) {
            return *known;
        }
        let told = self.made_of(func, value, left);
        self.prepared.told.borrow_mut().insert(key, told);
        told
    }

    fn made_of(&self, func: FuncId, value: InstrId, left: usize) -> Option<Tells> {
        match &self.values.program.funcs[func].instrs[value].op {
            Op::Load(place) => self.place_tells(func, place, left),
            Op::Store(_, value) | Op::Await(value) => self.tells(func, *value, left),
            Op::Text(parts) => parts.iter().find_map(|part| match part {
                TextPart::Hole(value, _) => self.tells(func, *value, left),
                TextPart::Lit(_) => None,
            }),
            Op::Operator(Oper::Add, values) => values.iter().find_map(|value| self.tells(func, *value, left)),
            Op::Call(call) => {
                let receiver = call.callee.split_last().and_then(|(owner, _)| self.place_tells(func, &owner, left));
                receiver.or_else(|| call.args.iter().find_map(|arg| self.tells(func, arg.value, left)))
            }
            _ => None,
        }
    }

    fn place_tells(&self, func: FuncId, place: &Place, left: usize) -> Option<Tells> {
        let left = left.checked_sub(1)?;
        let words = self.values.models.main_words();
        if let Some(text) = self.written(func, place) {
            let begins = |known: &String| {
                text.strip_prefix(known.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
            };
            // The longer list first: `require.main` and the like are no module's own.
            if words.started.iter().any(begins) {
                return Some(Tells::Started);
            }
            return words.own.iter().any(begins).then_some(Tells::Own);
        }
        match &place.base {
            Base::Value(value) => self.tells(func, *value, left),
            Base::Local(local) => {
                let stored = self.stored_locals(func);
                let values = stored.get(local).map_or(&[][..], Vec::as_slice);
                values.iter().find_map(|value| self.tells(func, *value, left))
            }
            Base::Cell(cell) => match self.prepared.stores.get(cell).map(Vec::as_slice) {
                Some([(from, store)]) => self.tells(*from, *store, left),
                _ => None,
            },
            Base::Global(_) => None,
        }
    }

    /// What a function stores to each of its local variables.
    fn stored_locals(&self, func: FuncId) -> Rc<StoredLocals> {
        let mut known = self.prepared.stored_locals.borrow_mut();
        let stored = known.entry(func).or_insert_with(|| {
            let mut stored = StoredLocals::default();
            for instr in self.values.program.funcs[func].instrs.iter() {
                if let Op::Store(Place { base: Base::Local(to), path }, value) = &instr.op
                    && path.is_empty()
                {
                    stored.entry(*to).or_default().push(*value);
                }
            }
            Rc::new(stored)
        });
        stored.clone()
    }

    /// How a place is written from a global name or an import on.
    fn written(&self, func: FuncId, place: &Place) -> Option<String> {
        let mut text = match &place.base {
            Base::Global(name) => name.to_string(),
            Base::Cell(cell) => {
                let [(from, store)] = self.prepared.stores.get(cell)?.as_slice() else { return None };
                let Op::Store(_, value) = &self.values.program.funcs[*from].instrs[*store].op else { return None };
                self.import_name(*from, *value)?
            }
            Base::Value(value) => self.import_name(func, *value)?,
            Base::Local(_) => return None,
        };
        for field in &place.path {
            match field {
                Field::Name(name) => text.push_str(&format!(".{name}")),
                Field::Index(at) => text.push_str(&format!("[{at}]")),
                Field::Variant(..) | Field::Any => return None,
            }
        }
        Some(text)
    }

    fn import_name(&self, func: FuncId, value: InstrId) -> Option<String> {
        import_name(&self.values.program.funcs[func].instrs[value].op)
    }
}

/// The instructions of a module's own code that only run where the module is the program.
pub(crate) fn only_in_main(values: &Values<'_>, prepared: &Rc<Prepared>, module: ModuleId) -> FxHashSet<InstrId> {
    let init = values.program.modules[module].init;
    let body = &values.program.funcs[init];
    if !body.blocks.iter().any(|block| matches!(block.end, End::Branch { .. })) {
        return FxHashSet::default();
    }
    let reached = |main: Option<ModuleId>| {
        let explorer = Explorer::new(values, prepared.clone(), main);
        let mut seen = BTreeSet::from([body.entry()]);
        let mut open = vec![body.entry()];
        while let Some(block) = open.pop() {
            let block = &body.blocks[block];
            let mut next: Vec<BlockId> = block.end.successors().chain(block.unwind).collect();
            if let End::Branch { on, yes, no } = block.end
                && let Some(Abs::Const(Const::Bool(holds))) = explorer.value(init, on, &State::default())
            {
                next.retain(|to| yes == no || *to != if holds { no } else { yes });
            }
            open.extend(next.into_iter().filter(|to| seen.insert(*to)));
        }
        seen
    };
    let (as_main, imported) = (reached(Some(module)), reached(None));
    as_main.difference(&imported).flat_map(|block| body.blocks[*block].instrs.iter().copied()).collect()
}

/// How an import is written: `node:process` is `process`.
fn import_name(op: &Op) -> Option<String> {
    let Op::Import(import) = op else { return None };
    let from = import.from.rsplit(':').next()?;
    Some(match &import.what {
        Imported::Named(name) => format!("{from}.{name}"),
        _ => from.to_owned(),
    })
}

/// Does a module's own code ask what the module is called: `if __name__ == "__main__"`?
pub(super) fn asks_for_name(values: &Values<'_>, module: ModuleId) -> bool {
    let names = &values.models.main_words().names;
    let init = &values.program.funcs[values.program.modules[module].init];
    let asks = |op: &Op| match op {
        Op::Load(Place { base: Base::Global(name), .. }) => names.iter().any(|known| known.place == name.as_str()),
        _ => false,
    };
    init.instrs.iter().any(|instr| asks(&instr.op))
}

/// The modules that name the started program.
pub(super) fn asking(values: &Values<'_>) -> FxHashSet<ModuleId> {
    let words = values.models.main_words();
    let is_start = |text: &str| words.started.iter().any(|word| word.split('.').next() == text.split('.').next());
    let mut asking = FxHashSet::default();
    for func in values.program.funcs.iter() {
        let asks = |op: &Op| match op {
            Op::Load(Place { base: Base::Global(name), .. }) => is_start(name),
            Op::Call(call) => matches!(&call.callee.base, Base::Global(name) if is_start(name)),
            op => import_name(op).is_some_and(|name| is_start(&name)),
        };
        if func.instrs.iter().any(|instr| asks(&instr.op)) {
            asking.insert(func.module);
        }
    }
    asking
}
