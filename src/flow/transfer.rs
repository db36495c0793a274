//! One function: a forward pass over its blocks that says which origins each value holds.
//!
//! Local variables are followed in order of execution; what outlives the call is a heap place, named by a symbol and filled
//! in when all functions are known. Calls are in `apply`, variables and fields in `places`.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::base::Symbol;
use crate::base::bounds::MAX_VISITS;
use crate::base::idx::Id;
use crate::ir::func::{BlockId, End, FuncId, FuncKind, Function, LocalId};
use crate::ir::instr::{Base, Const, Entry as RecordEntry, Field, InstrId, Op, Oper, Record, RecordKind};
use crate::ir::program::{CellId, Language};
use crate::resolve::values::At;

use super::aliases::Aliases;
use super::apply::Way;
use super::callbacks::{chained, used};
use super::conditions::Body;
use super::domain::{ANY, ARGS, ERR, Entry, Form, Kind, Marks, Root, Source, SourcePlace};
use super::keys::still_there;
use super::no_error::is_no_error;
use super::rounds::Rounds;
use super::solve::Taint;
use super::summary::{Bound, Summary};
use super::trace::{Trace, What};
use super::tree::Tree;

/// A variable of the function itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Var {
    Local(LocalId),
    /// One that inner functions use, too: what they find in it may be of any call; the function itself finds what it put there.
    Shared(CellId),
}

/// What the function's variables hold at one point. Shared between the blocks until one of them stores something.
pub(super) type State = Rc<BTreeMap<Var, Tree>>;

/// A call as it was followed once.
pub(super) struct Applied {
    pub(super) summary: Rc<Summary>,
    pub(super) bound: Bound,
    pub(super) marks: Marks,
    pub(super) result: Tree,
}

/// The pass over one function.
pub(super) struct Pass<'t, 'v> {
    pub(super) taint: &'t mut Taint<'v>,
    pub(super) id: FuncId,
    pub(super) func: &'v Function,
    pub(super) body: Rc<Body>,
    pub(super) language: Language,
    /// Its return type is no result that may hold an error.
    pub(super) gives_no_error: bool,
    /// What each instruction gives.
    pub(super) given: Vec<Tree>,
    pub(super) state: State,
    pub(super) summary: Summary,
    /// What is raised into a handler block, and whether library code can raise there.
    pub(super) raised: BTreeMap<BlockId, (Tree, bool)>,
    /// Values that are waited for.
    pub(super) awaited: BTreeSet<InstrId>,
    /// By instruction: is something done with what it gives?
    pub(super) used: Vec<bool>,
    /// Calls whose promise is handed a callback at once: `f().catch(…)`.
    pub(super) chained: BTreeSet<InstrId>,
    /// The block that is looked at, and the handler of what is raised in it.
    pub(super) block: BlockId,
    pub(super) unwind: Option<BlockId>,
    /// Handler blocks that have to be looked at again.
    pub(super) again: BTreeSet<BlockId>,
    /// What came of calls, by call, callee, and how the call makes it run.
    pub(super) applied: FxHashMap<(InstrId, FuncId, Way), Applied>,
    /// What the library throws at the call that is looked at, where a function of the program is in the way.
    pub(super) intercepted: Tree,
    /// What calls hand to functions of the program, where somebody asks for it.
    pub(super) bound: Option<Vec<Handed>>,
    pub(super) aliases: Aliases,
    pub(super) rounds: Rounds,
}

/// What a call hands to a function of the program.
pub(super) type Handed = (At, FuncId, Bound);

/// Runs the pass over a function.
pub(super) fn run(taint: &mut Taint<'_>, id: FuncId) -> Summary {
    let mut pass = Pass::new(taint, id);
    pass.blocks();
    pass.finish()
}

/// What each instruction of a function gives, and what its calls hand on.
pub(super) fn look(taint: &mut Taint<'_>, id: FuncId) -> (Vec<Tree>, Vec<Handed>) {
    let mut pass = Pass::new(taint, id);
    pass.bound = Some(Vec::new());
    pass.blocks();
    (pass.given, pass.bound.unwrap_or_default())
}

impl<'t, 'v> Pass<'t, 'v> {
    fn new(taint: &'t mut Taint<'v>, id: FuncId) -> Self {
        let values = taint.values;
        let func = &values.program.funcs[id];
        let chained = chained(taint.values, id);
        let language = taint.values.language(id);
        let gives_no_error =
            language == Language::Rust && func.kind != FuncKind::Lambda && taint.gives_no_result(func.ret.as_ref());
        Self {
            language,
            gives_no_error,
            body: taint.conditions.of(taint.values, id),
            taint,
            chained,
            used: used(func),
            id,
            func,
            given: vec![Tree::default(); func.instrs.len()],
            state: State::default(),
            summary: Summary::default(),
            raised: BTreeMap::new(),
            awaited: func
                .instrs
                .iter()
                .filter_map(|instr| if let Op::Await(value) = instr.op { Some(value) } else { None })
                .collect(),
            block: func.entry(),
            unwind: None,
            again: BTreeSet::new(),
            bound: None,
            applied: FxHashMap::default(),
            aliases: Aliases::default(),
            intercepted: Tree::default(),
            rounds: Rounds::of(values, func),
        }
    }
}

impl Pass<'_, '_> {
    fn blocks(&mut self) {
        let order = self.func.order();
        let n_blocks = self.func.blocks.len();
        let mut entry: Vec<Option<State>> = vec![None; n_blocks];
        entry[self.func.entry().index()] = Some(self.arrival());
        let mut visits: Vec<u32> = vec![0; n_blocks];
        let mut position: Vec<Option<usize>> = vec![None; n_blocks];
        for (at, block) in order.iter().enumerate() {
            position[block.index()] = Some(at);
        }
        let mut open: BTreeSet<usize> = [0].into();
        while let Some(at) = open.pop_first() {
            let block = order[at];
            if self.taint.entered.is_never_run(self.id, block) {
                continue;
            }
            let n_visits = &mut visits[block.index()];
            *n_visits += 1;
            if *n_visits > MAX_VISITS {
                continue;
            }
            self.taint.n_steps += 1;
            self.state = entry[block.index()].clone().unwrap_or_default();
            let before = self.state.clone();
            let body = &self.func.blocks[block];
            self.block = block;
            self.unwind = body.unwind;
            for instr in &body.instrs {
                self.instr(*instr);
            }
            let mut next: Vec<(BlockId, State)> = Vec::new();
            self.end(&body.end, &mut next);
            if let Some(unwind) = body.unwind {
                let mut both = before;
                merge(&mut both, &self.state);
                next.push((unwind, both));
            }
            for (to, state) in next {
                let is_back = position[to.index()].is_some_and(|to| to <= at);
                let is_round = is_back && self.rounds.add(to, &state);
                let changed = match &mut entry[to.index()] {
                    Some(known) => merge(known, &state),
                    unknown @ None => {
                        *unknown = Some(state);
                        true
                    }
                };
                if (changed || is_round)
                    && let Some(at) = position[to.index()]
                {
                    open.insert(at);
                }
            }
            for block in std::mem::take(&mut self.again) {
                if entry[block.index()].is_some()
                    && let Some(at) = position[block.index()]
                {
                    open.insert(at);
                }
            }
        }
    }

    pub(super) fn state_mut(&mut self) -> &mut BTreeMap<Var, Tree> {
        Rc::make_mut(&mut self.state)
    }

    /// The variable that a place is, or is in, if it is one of this function.
    pub(super) fn var(&self, base: &Base) -> Option<Var> {
        match base {
            Base::Local(local) => Some(Var::Local(*local)),
            Base::Cell(cell) if self.is_own(*cell) => Some(Var::Shared(*cell)),
            _ => None,
        }
    }

    pub(super) fn is_own(&self, cell: CellId) -> bool {
        self.taint.values.program.cells[cell].owner == self.id && self.func.kind != FuncKind::Init
    }

    /// What the locals hold when the function is entered.
    fn arrival(&mut self) -> State {
        let mut state = BTreeMap::new();
        for (at, param) in (0_u32..).zip(&self.func.params) {
            if self.taint.is_plain_type(param.ty.as_ref()) {
                continue;
            }
            let mut tree = Tree::of(Entry::new(Root::Param(at), Trace::default()));
            if let Some(entry) = self.credential_param(at) {
                tree.add(entry);
            }
            state.insert(Var::Local(param.local), tree);
        }
        if let Some(receiver) = self.func.receiver {
            state.insert(
                Var::Local(receiver),
                Tree::of(Entry::new(Root::Param(super::domain::RECEIVER), Trace::default())),
            );
        }
        for cell in self.asked_of_others() {
            state.insert(Var::Shared(cell), self.captured(cell));
        }
        Rc::new(state)
    }

    fn end(&mut self, end: &End, next: &mut Vec<(BlockId, State)>) {
        match end {
            End::Goto(to) => next.push((*to, self.state.clone())),
            End::Branch { on, yes, no } => {
                let (mut holds, mut fails) = (self.state.clone(), self.state.clone());
                for check in self.told_by(*on) {
                    self.know_key(*on, &check, if check.holds { &mut fails } else { &mut holds });
                    self.know(if check.holds { &mut holds } else { &mut fails }, &check);
                }
                self.know_class(*on, &mut holds, &mut fails);
                self.know_table(*on, &mut holds, &mut fails);
                self.know_record(*on, &mut holds, &mut fails);
                next.push((*yes, holds));
                // What is gone through at least once is left with what the rounds made.
                match self.rounds.after(self.block) {
                    Some(state) => next.extend(state.map(|state| (*no, state))),
                    None => next.push((*no, fails)),
                }
            }
            End::Return(Some(value)) => {
                let made = self.made(*value);
                let is_number = self.gives_number();
                let tree = self.given[value.index()].map(|entry| {
                    if is_number && is_no_error(&entry) {
                        return None;
                    }
                    let is_handler = self.taint.handlers.contains(&self.id);
                    let written = if is_handler { *value } else { self.written(*value, made, &entry.at) };
                    Some(entry.then((self.id, written), What::Given))
                });
                let tree = self.beside(*value, tree);
                self.returned(&tree);
            }
            End::Throw(value) => {
                let made = self.made(*value);
                let mut tree = self.given[value.index()].map(|entry| {
                    let written = self.written(*value, made, &entry.at);
                    Some(entry.then((self.id, written), What::Given))
                });
                if let Some(kind) = self.kind_raised(*value) {
                    tree = tree.of_error(Some(kind));
                }
                if self.is_passed_by(*value, self.block) {
                    tree = tree
                        .map(|entry| (entry.marks.has(Marks::RAISED) && !self.is_raw_error(&entry)).then_some(entry));
                }
                if let Op::Caught = self.func.instrs[*value].op {
                    tree = self.left_for_raising(*value, tree);
                    tree = self.picked(tree);
                }
                tree.join(&self.raised_again(*value));
                if let Op::Caught = self.func.instrs[*value].op {
                    tree = self.left_by_words(*value, tree);
                }
                self.raise(&tree.marked(Marks::RAISED), false);
            }
            End::Return(None) | End::Stop => {}
        }
    }

    fn finish(mut self) -> Summary {
        self.summary.helper = self.helper();
        let is_of_handed = self.summary.entries().any(|entry| entry.via.is_some_and(|(_, by)| by == self.id));
        self.summary.is_of_handed = is_of_handed;
        self.summary
    }

    // ---- instructions --------------------------------------------------------------------------------------------

    fn instr(&mut self, id: InstrId) {
        let at = (self.id, id);
        let tree = match &self.func.instrs[id].op {
            Op::Const(_) | Op::Closure(_) | Op::Class(_) => return,
            Op::Load(place) => self.load(place, at),
            Op::Store(place, value) => {
                let mut tree = self.given[value.index()].clone();
                if let Op::Caught = self.func.instrs[*value].op {
                    tree = self.left_for(self.block, *value, tree);
                }
                self.credential_local(place, *value, &mut tree, at);
                self.credential_text(place, *value, &mut tree, at);
                self.label_local(place, &mut tree);
                self.name_local(place, *value, &mut tree);
                if self.holds_plain(place) {
                    tree = Tree::default();
                }
                let whole = self.same_pairs(place, *value, id).map(|(into, pairs)| {
                    let whole = self.table_at(pairs).copied();
                    (into, still_there(&whole, &tree))
                });
                match whole.filter(|(_, whole)| !whole.is_empty()) {
                    Some((into, whole)) => self.put(&into, &whole, at),
                    None => {
                        let stored = self.got_here(tree.clone());
                        self.store(place, &stored, at);
                    }
                }
                tree
            }
            Op::Record(record) => {
                let mut tree = self.record(record, at);
                if self.taint.sent_headers.contains(&at) {
                    let entry = self.source(Kind::Headers, at, None);
                    tree.add(entry);
                }
                tree
            }
            Op::Text(parts) => self.text(parts, at),
            Op::Operator(oper, operands) => self.operator(*oper, operands, at),
            Op::Call(call) => {
                self.made_again(id);
                let tree = self.call(call, id);
                self.came_back(id);
                tree
            }
            Op::Import(import) => {
                let mut tree = self.taint.import_tree(self.id, import);
                self.import_sources(&mut tree, at);
                tree
            }
            Op::Await(value) => {
                let mut tree = self.given[value.index()].clone();
                // Blocks of async code that run when they are waited for.
                for (block, _) in self.taint.values.callees(at) {
                    tree.join(&self.apply(at, *block, &Bound::default(), Marks::default()));
                }
                tree
            }
            Op::Yield(value) => {
                let tree = self.given[value.index()].under(&[ANY.into()]);
                self.returned(&tree);
                Tree::default()
            }
            Op::Caught => self.caught(id),
            Op::Unknown(_, operands) => {
                let mut tree = Tree::default();
                for operand in operands {
                    tree.join(&self.given[operand.index()]);
                }
                tree
            }
        };
        self.given[id.index()] = tree;
        for param in &self.func.params {
            if param.default == Some(id) {
                let tree = self.given[id.index()].clone();
                self.state_mut().entry(Var::Local(param.local)).or_default().join(&tree);
            }
        }
    }

    /// What a handler block receives: what the program raised, and an error of whatever library failed.
    fn caught(&mut self, id: InstrId) -> Tree {
        let at = (self.id, id);
        let (raised, mut by_library) =
            self.handler_of(id).and_then(|block| self.raised.get(&block)).cloned().unwrap_or_default();
        by_library |= raised.entries().iter().any(|entry| self.is_raw_error(entry));
        let mut tree = self.caught_tree(&raised, at);
        if by_library {
            tree.add(self.source(Kind::Error, at, None));
        }
        tree
    }

    pub(super) fn is_raw_error(&self, entry: &Entry) -> bool {
        matches!(entry.root, Root::Source(source)
            if matches!(self.taint.names.sources[source].kind, Kind::Error | Kind::Stack))
    }

    /// Is it a text of the program with a stack trace in it?
    fn is_stack(&self, entry: &Entry) -> bool {
        let is_trace =
            || matches!(entry.root, Root::Source(source) if self.taint.names.sources[source].kind == Kind::Stack);
        entry.form != Form::Exact && (is_trace() || entry.path.last().is_some_and(|field| field == "stack"))
    }

    /// What the program put into the errors that are caught here. The text of a script's error is in its `message` and its
    /// `stack`, and in nothing else of it.
    pub(super) fn caught_tree(&self, raised: &Tree, at: At) -> Tree {
        let mut tree = Tree::default();
        for entry in raised.entries() {
            // What a text of the program tells of an error is told of the one that is caught, too; a stack is more than that.
            if self.is_raw_error(entry) && !self.is_stack(entry) {
                continue;
            }
            let entry = entry.clone().then(at, What::Caught);
            if self.language == Language::Script && entry.form != Form::Exact && entry.at.is_empty() {
                for key in ["message", "stack"] {
                    let mut part = entry.clone();
                    part.at.push(key.into());
                    part.marks = part.marks.with(Marks::IN_ERROR);
                    tree.add(part);
                }
                continue;
            }
            tree.add(entry);
        }
        tree
    }

    pub(super) fn source(&mut self, kind: Kind, at: At, name: Option<Symbol>) -> Entry {
        self.source_of(Source { kind, place: SourcePlace::Instr(at), name, by_name: false, row: None, asked: None }, at)
    }

    /// A credential that is known by the name of what it was read from or kept in. `held`: what else is known of it.
    pub(super) fn credential(&mut self, at: At, name: Symbol, held: &Tree) -> Entry {
        let by_name = !held.is_empty();
        let place = SourcePlace::Instr(at);
        self.source_of(Source { kind: Kind::Credential, place, name: Some(name), by_name, row: None, asked: None }, at)
    }

    pub(super) fn source_of(&mut self, source: Source, at: At) -> Entry {
        let marks = self.taint.gravity(&source);
        let source = self.taint.names.source(source);
        Entry { marks, ..Entry::new(Root::Source(source), Trace::default().then(at, What::Source)) }
    }

    fn record(&mut self, record: &Record, at: At) -> Tree {
        let mut tree = Tree::default();
        for entry in &record.entries {
            match entry {
                RecordEntry::Field(field, value) => {
                    if self.is_plain_field(record, field, at) {
                        continue;
                    }
                    if let Field::Name(name) = field {
                        tree = tree.map(|known| known.lacking(name));
                    }
                    let Some(key) = key_of(field) else {
                        // Whether a library's function gives a result at all, nobody knows.
                        let held = &self.given[value.index()];
                        tree.join(&held.only(|entry| is_no_error(entry) || !self.is_raw_error(entry)).in_ok());
                        continue;
                    };
                    // A result whose error nobody looked at is told by the code that unpacks it.
                    // What the program itself put into the error of one in a tuple is found there.
                    let is_item = self.language == Language::Rust && matches!(field, Field::Index(_));
                    let is_kept = |entry: &Entry| is_no_error(entry) || is_item && !self.is_raw_error(entry);
                    let held = self.given[value.index()].only(is_kept);
                    if !held.is_empty() {
                        tree.join(&held.map(|part| Some(part.kept_as(&key))).under(&[key]));
                    }
                }
                // `[*table]` has the keys.
                RecordEntry::Spread(value)
                    if record.kind != RecordKind::Object
                        && (self.gives_names(self.taint.values.of(self.id, *value).items())
                            || self.is_unpacked_table(*value)) => {}
                RecordEntry::Spread(value) => {
                    tree.join(&self.given[value.index()].copied());
                }
            }
        }
        if !tree.is_empty() && record.ty.is_some() {
            let values = self.taint.values.of(at.0, at.1).items().to_vec();
            self.fill_instances(&values, &tree, at);
        }
        tree
    }

    /// What of a value shows when it is put into a text.
    pub(super) fn shown(&self, value: InstrId, form: Form) -> Tree {
        self.shown_of(&self.given[value.index()], form)
    }

    /// The same of what a value holds.
    pub(super) fn shown_of(&self, held: &Tree, form: Form) -> Tree {
        // An object put into a template is `[object Object]`; an error's or a text's own text is what it is.
        if self.language == Language::Script && form == Form::Text {
            return held.map(|mut entry| {
                // The same of what a parameter or place turns out to hold.
                if !matches!(entry.root, Root::Source(_)) && entry.form == Form::Exact && !entry.is_all_shown() {
                    entry.marks = entry.marks.with(Marks::SPOKEN);
                }
                (!entry.is_unspoken()).then_some(entry)
            });
        }
        if self.language == Language::Python { held.only(|entry| !self.is_kept_in_error(entry)) } else { held.clone() }
    }

    /// Is it in a field of an exception that its text does not show? That shows what the base class was made with.
    pub(super) fn is_kept_in_error(&self, entry: &Entry) -> bool {
        let is_field = |key: &Symbol| key != ANY && key != ERR && key != ARGS && key.parse::<u32>().is_err();
        entry.marks.has(Marks::RAISED)
            && entry.at.first().is_some_and(|key| is_field(key) && !self.taint.spoken.contains(key))
    }

    fn operator(&mut self, oper: Oper, operands: &[InstrId], at: At) -> Tree {
        match oper {
            Oper::Add => self.added(operands, at),
            Oper::Slice => match operands.first() {
                Some(whole) => self.given[whole.index()].map(|mut entry| {
                    entry.marks = entry.marks.with(Marks::PART);
                    Some(entry)
                }),
                None => Tree::default(),
            },
            Oper::Without => {
                let Some((whole, names)) = operands.split_first() else { return Tree::default() };
                let names: Vec<Symbol> = names
                    .iter()
                    .filter_map(|name| match &self.func.instrs[*name].op {
                        Op::Const(Const::Str(text)) => Some(text.clone()),
                        _ => None,
                    })
                    .collect();
                self.given[whole.index()].map(|entry| names.iter().try_fold(entry, Entry::lacking))
            }
            // What is computed with a number, or of one thing alone, is a number: `seconds - 30`.
            Oper::Arith if operands.len() == 1 || operands.iter().any(|operand| self.is_count(*operand)) => {
                Tree::default()
            }
            Oper::Arith if self.language == Language::Python => {
                let mut tree = Tree::default();
                for operand in operands {
                    tree.join(&self.given[operand.index()].formed(Form::Text, at));
                }
                tree
            }
            _ => Tree::default(),
        }
    }
}

/// The key of a field; none for the payload of `Ok` and `Some`, which is the value itself.
pub(super) fn key_of(field: &Field) -> Option<Symbol> {
    Some(match field {
        Field::Name(name) => name.clone(),
        Field::Index(at) => at.to_string().into(),
        Field::Variant(name, 0) if name == "Ok" || name == "Some" => return None,
        Field::Variant(name, at) => format!("{name}.{at}").into(),
        Field::Any => ANY.into(),
    })
}

/// Joins what variables hold; true when there is more now.
pub(super) fn merge(into: &mut State, from: &State) -> bool {
    if Rc::ptr_eq(into, from) {
        return false;
    }
    let into = Rc::make_mut(into);
    let mut changed = false;
    for (var, tree) in from.iter() {
        if tree.is_empty() {
            continue;
        }
        changed |= into.entry(*var).or_default().join(tree);
    }
    changed
}
