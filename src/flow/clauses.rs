//! Which errors the handlers of a `try` take, where each is for errors of some classes: they are asked in order, and what none
//! of them is for is raised again.

use crate::base::Symbol;
use crate::base::bounds::{MAX_BASES, MAX_CHECK_DEPTH, MAX_LEFT_OUT};
use crate::base::idx::Id;
use crate::ir::func::{Block, BlockId, End};
use crate::ir::instr::{ArgKind, Base, Call, CallStyle, Const, Entry as RecordEntry, Field, InstrId, Op, Oper, Place};
use crate::ir::program::{ClassId, Language};
use crate::ir::types::TypeRef;
use crate::models::errors::ErrorClass;
use crate::models::index::NodeId;
use crate::resolve::solve::CallKind;
use crate::resolve::values::{At, Value};

use super::checks::{ERROR_CLASS, returned};
use super::domain::{Entry, ErrorKind, Form, Marks, Root, SourcePlace, kind_name};
use super::trace::What;
use super::transfer::{Pass, State};
use super::tree::Tree;

/// The field in which an error of a script has the name of its class.
const CLASS_NAME: &str = "name";

/// The handlers of a `try`, as they are asked.
#[derive(Default)]
struct Clauses {
    /// The block of each, and the classes that it is for.
    asked: Vec<(BlockId, Vec<At>)>,
    /// Where what none of them is for is raised again.
    otherwise: Option<BlockId>,
}

/// Does a class take errors of a kind?
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    All,
    /// Some, or it is not known.
    Some,
    None,
}

impl Pass<'_, '_> {
    fn clauses(&self, caught: InstrId) -> Clauses {
        let mut found = Clauses::default();
        let is_start = |(_, block): &(BlockId, &Block)| block.instrs.first() == Some(&caught);
        let Some((mut at, _)) = self.func.blocks.iter_enumerated().find(is_start) else { return found };
        while let End::Branch { on, yes, no } = self.func.blocks[at].end
            && let Op::Operator(Oper::InstanceOf, operands) = &self.func.instrs[on].op
            && let Some((_, classes)) = operands.split_first().filter(|(of, _)| **of == caught)
        {
            found.asked.push((yes, classes.iter().flat_map(|class| self.each_class(*class)).collect()));
            at = no;
        }
        found.otherwise = Some(at);
        found
    }

    /// The classes that a clause names: one, or those of a tuple.
    fn each_class(&self, class: InstrId) -> Vec<At> {
        let Op::Record(record) = &self.func.instrs[class].op else { return vec![(self.id, class)] };
        let inside = record.entries.iter().map(|entry| match entry {
            RecordEntry::Field(_, class) | RecordEntry::Spread(class) => (self.id, *class),
        });
        inside.collect()
    }

    /// Is a caught error raised again in a block since no handler is for it, though one is for errors of a library? Those are
    /// taken to be what the library raises there. What a handler itself raises again, it has taken:
    ///
    /// ```text
    /// except requests.RequestException:
    ///     raise
    /// ```
    pub(super) fn is_passed_by(&self, caught: InstrId, block: BlockId) -> bool {
        // A class that every file knows, as `ValueError`, is not one of the library that failed.
        let is_imported = |class: &InstrId| match &self.func.instrs[*class].op {
            Op::Load(place) => !matches!(place.base, Base::Global(_)),
            _ => true,
        };
        let of_library = |(_, class): &At| {
            let known = self.taint.values.of(self.id, *class).items();
            is_imported(class) && known.iter().any(|value| matches!(value, Value::Api(..)))
        };
        let clauses = self.clauses(caught);
        clauses.otherwise == Some(block) && clauses.asked.iter().flat_map(|(_, classes)| classes).any(of_library)
    }

    /// What of a caught error is left for a block: what no earlier handler takes, and this one does.
    pub(super) fn left_for(&self, taking: BlockId, caught: InstrId, tree: Tree) -> Tree {
        if tree.entries().iter().all(|entry| entry.error.is_none()) {
            return tree;
        }
        let clauses = self.clauses(caught);
        let n_before = clauses.asked.iter().take_while(|(block, _)| *block != taking).count();
        let (before, from) = clauses.asked.split_at(n_before);
        tree.only(|entry| {
            let is_free = !before.iter().any(|(_, classes)| self.takes(classes, entry) == Takes::All);
            is_free && from.first().is_none_or(|(_, classes)| self.takes(classes, entry) != Takes::None)
        })
    }

    /// The error that is being handled where a call stands.
    pub(super) fn handled(&self, at: At) -> Tree {
        let Some(caught) = self.func.handling.get(&at.1).copied() else { return Tree::default() };
        let Some(handler) = self.handler_of(caught) else { return Tree::default() };
        let gets_here = |entry: &Entry| self.gets_to(self.block, handler, caught, entry, MAX_CHECK_DEPTH);
        self.given[caught.index()].only(gets_here)
    }

    /// What of a caught error is raised again here: where no handler was for it, what none takes; in a handler, what that takes.
    pub(super) fn left_for_raising(&self, caught: InstrId, tree: Tree) -> Tree {
        let clauses = self.clauses(caught);
        if clauses.otherwise != Some(self.block) {
            let Some(handler) = self.handler_of(caught) else { return tree };
            return tree.only(|entry| self.gets_to(self.block, handler, caught, entry, MAX_CHECK_DEPTH));
        }
        tree.only(|entry| !clauses.asked.iter().any(|(_, classes)| self.takes(classes, entry) == Takes::All))
    }

    /// What of a caught error is raised again here, where that hangs on what a function finds in it: `if is_fatal(error): raise`.
    pub(super) fn picked(&self, tree: Tree) -> Tree {
        let leads = |end: &End| match end {
            End::Branch { on, yes, no } if *yes == self.block && yes != no => Some((*on, true)),
            End::Branch { on, yes, no } if *no == self.block && yes != no => Some((*on, false)),
            _ => None,
        };
        let mut ways = self.func.blocks.iter().filter(|from| from.end.successors().any(|to| to == self.block));
        let Some((on, holds)) = ways.next().filter(|_| ways.next().is_none()).and_then(|from| leads(&from.end)) else {
            return tree;
        };
        if !self.finds_in(on, holds) {
            return tree;
        }
        tree.map(|mut entry| {
            if !self.is_raw_error(&entry) {
                entry.marks = entry.marks.with(Marks::PICKED);
            }
            Some(entry)
        })
    }

    /// Is a condition the answer of a function of the program that is handed a caught error, and asks for more than its class?
    fn finds_in(&self, on: InstrId, holds: bool) -> bool {
        match &self.func.instrs[on].op {
            Op::Operator(Oper::Not, operands) => operands.first().is_some_and(|asked| self.finds_in(*asked, !holds)),
            Op::Call(call) => {
                let is_own = matches!(self.taint.values.callees((self.id, on)), [(_, CallKind::Direct)]);
                holds
                    && is_own
                    && call.args.iter().any(|arg| self.is_caught(arg.value))
                    && self.asked_by_callee(call, on).is_none()
            }
            _ => false,
        }
    }

    /// The block in which an error is caught.
    pub(super) fn handler_of(&self, caught: InstrId) -> Option<BlockId> {
        let is_start = |(_, block): &(BlockId, &Block)| block.instrs.first() == Some(&caught);
        self.func.blocks.iter_enumerated().find(is_start).map(|(at, _)| at)
    }

    /// What the program made of the errors of libraries, where an error that it caught is raised again as it is. That one is an
    /// error of a library itself to the block that catches it: `caught` tells nothing of what is in its text.
    pub(super) fn raised_again(&self, value: InstrId) -> Tree {
        let again = self.given[value.index()].entries().iter().find_map(|entry| self.caught_at(entry));
        let Some((caught, handler)) = again.and_then(|caught| Some((caught, self.handler_of(caught)?))) else {
            return Tree::default();
        };
        let Some((raised, _)) = self.raised.get(&handler) else { return Tree::default() };
        let (from, to) = ((self.id, caught), (self.id, value));
        let is_made = |entry: &Entry| entry.marks.has(Marks::RAISED) && entry.form != Form::Exact;
        raised.map(|entry| {
            let gets_here = is_made(&entry)
                && self.is_raw_error(&entry)
                && self.gets_to(self.block, handler, caught, &entry, MAX_CHECK_DEPTH);
            gets_here.then(|| entry.then(from, What::Caught).then(to, What::Given))
        })
    }

    /// Where the function caught what an entry is, if it is an error and nothing but that.
    fn caught_at(&self, entry: &Entry) -> Option<InstrId> {
        let Root::Source(source) = entry.root else { return None };
        let SourcePlace::Instr((func, at)) = self.taint.names.sources[source].place else { return None };
        let is_whole = entry.form == Form::Exact && entry.path.is_empty() && entry.at.is_empty();
        (is_whole && func == self.id && matches!(self.func.instrs[at].op, Op::Caught)).then_some(at)
    }

    /// Does a caught error get to a block, as far as the classes tell that it is asked for on the way there?
    fn gets_to(&self, block: BlockId, handler: BlockId, caught: InstrId, entry: &Entry, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1).filter(|_| block != handler && entry.error.is_some()) else {
            return true;
        };
        let lets = |end: &End| {
            let End::Branch { on, yes, no } = end else { return true };
            match self.asked_class(*on, caught).filter(|_| yes != no) {
                Some((class, holds)) if holds == (*yes == block) => {
                    self.takes(&self.each_class(class), entry) != Takes::None
                }
                Some((class, _)) => self.takes(&self.each_class(class), entry) != Takes::All,
                None => true,
            }
        };
        let mut before =
            self.func.blocks.iter_enumerated().filter(|(_, from)| from.end.successors().any(|to| to == block));
        before.any(|(from, body)| lets(&body.end) && self.gets_to(from, handler, caught, entry, depth))
    }

    /// The class that a condition asks of a caught error, and whether it holds for errors of the class.
    fn asked_class(&self, on: InstrId, caught: InstrId) -> Option<(InstrId, bool)> {
        match &self.func.instrs[on].op {
            Op::Operator(Oper::Not, operands) => {
                let (class, holds) = self.asked_class(*operands.first()?, caught)?;
                Some((class, !holds))
            }
            Op::Operator(Oper::InstanceOf, operands) => match operands.as_slice() {
                [of, class] => {
                    let is_it = |entry: &Entry| self.caught_at(entry) == Some(caught);
                    let is_asked = *of == caught || self.given[of.index()].entries().iter().any(is_it);
                    is_asked.then_some((*class, true))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// In the states where a condition holds and where it fails: what a variable holds is an error of a class, or is none.
    pub(super) fn know_class(&self, on: InstrId, holds: &mut State, fails: &mut State) {
        match &self.func.instrs[on].op {
            Op::Operator(Oper::Not, operands) => {
                if let Some(of) = operands.first() {
                    self.know_class(*of, fails, holds);
                }
            }
            Op::Operator(Oper::InstanceOf, operands) => {
                if let [of, class] = operands[..] {
                    self.know_instance(of, &self.each_class(class), holds, fails);
                }
            }
            // `isNotFound(error)`
            Op::Call(call) => {
                if let Some((of, class)) = self.asked_by_callee(call, on) {
                    self.know_instance(of, &[class], holds, fails);
                }
            }
            Op::Operator(oper @ (Oper::Eq | Oper::Ne), operands) => {
                let [a, b] = operands[..] else { return };
                let state = if *oper == Oper::Eq { holds } else { fails };
                self.know_class_name(a, b, state);
                self.know_class_name(b, a, state);
            }
            _ => {}
        }
    }

    /// The argument of a call of a function that does nothing but ask whether its parameter is of a class, and that class.
    fn asked_by_callee(&self, call: &Call, at: InstrId) -> Option<(InstrId, At)> {
        let values = self.taint.values;
        let [(callee, CallKind::Direct)] = values.callees((self.id, at)) else { return None };
        let body = &values.program.funcs[*callee];
        let Op::Operator(Oper::InstanceOf, operands) = &body.instrs[returned(body)?].op else { return None };
        let [of, class] = operands[..] else { return None };
        let Op::Load(place) = &body.instrs[of].op else { return None };
        let param = body.params.iter().position(|param| *place == Place::local(param.local))?;
        let is_plain = !body.is_async && call.args.iter().all(|arg| arg.kind == ArgKind::Positional);
        is_plain.then_some((call.args.get(param)?.value, (*callee, class)))
    }

    /// In the states where a value is an object of one of the classes and where it is none.
    fn know_instance(&self, of: InstrId, classes: &[At], holds: &mut State, fails: &mut State) {
        let Op::Load(place) = &self.func.instrs[of].op else { return };
        for (state, unlike) in [(&mut *holds, Takes::None), (&mut *fails, Takes::All)] {
            if let Some(known) = self.held_in(state, place) {
                *known = known.only(|entry| self.takes(classes, entry) != unlike);
            }
        }
        if classes.iter().all(|class| self.is_raised_by_none(*class))
            && let Some(known) = self.held_in(holds, place)
        {
            *known = known.map(|mut entry| {
                if entry.at.is_empty() {
                    entry.marks = entry.marks.with(Marks::OWN_ERROR);
                }
                Some(entry)
            });
        }
        // The same of what a parameter or place turns out to hold.
        let kinds: Vec<Symbol> = classes.iter().flat_map(|class| self.kinds_of(*class)).collect();
        if !kinds.is_empty()
            && let Some(known) = self.held_in(fails, place)
        {
            *known = known.map(|mut entry| {
                if entry.at.is_empty() && entry.form == Form::Exact && !matches!(entry.root, Root::Source(_)) {
                    kinds.iter().for_each(|kind| entry.without.include(kind));
                }
                Some(entry)
            });
        }
    }

    /// The names of a class and of those that are kinds of it; none where there are too many.
    fn kinds_of(&self, (func, class): At) -> Vec<Symbol> {
        let values = self.taint.values;
        let errors = &values.models.errors;
        let kinds: Vec<ErrorKind> = match values.of(func, class).items() {
            [Value::Class(class)] => {
                let all = std::iter::once(*class).chain(values.classes.descendants(*class));
                all.map(ErrorKind::Own).collect()
            }
            [Value::Api(node, _)] => match errors.of_node(&values.models.index, *node) {
                Some(class) => errors.kinds_of(class).map(ErrorKind::Listed).collect(),
                None => Vec::new(),
            },
            _ => Vec::new(),
        };
        if kinds.len() > MAX_LEFT_OUT { Vec::new() } else { kinds.into_iter().map(kind_name).collect() }
    }

    /// `error.name === "AbortError"`: what the program made of another class gets there under no such name.
    fn know_class_name(&self, asked: InstrId, name: InstrId, state: &mut State) {
        let Op::Const(Const::Str(name)) = &self.func.instrs[name].op else { return };
        let Op::Load(Place { base, path }) = &self.func.instrs[asked].op else { return };
        let [Field::Name(field)] = &**path else { return };
        if field != CLASS_NAME || self.language != Language::Script {
            return;
        }
        let class = self.taint.values.models.errors.named(self.language, name);
        if let Some(known) = self.held_in(state, &Place { base: base.clone(), path: [].into() }) {
            *known = known.only(|entry| match entry.error {
                Some(ErrorKind::Made(made)) => class == Some(made),
                _ => true,
            });
        }
    }

    /// Is a class the program's own, or one of a library that raises no errors as far as the models know?
    fn is_raised_by_none(&self, (func, class): At) -> bool {
        let values = self.taint.values;
        let mut known = values.of(func, class).items().iter().filter_map(|value| match value {
            Value::Class(_) => Some(true),
            Value::Api(node, _) => Some(values.models.errors.is_silent(&values.models.index.node(*node).library)),
            _ => None,
        });
        self.language == Language::Script && known.next() == Some(true) && known.all(|one| one)
    }

    /// The kind of the error that is raised with a value. `None` where that is not known: a variable that can hold several.
    pub(super) fn kind_raised(&self, value: InstrId) -> Option<ErrorKind> {
        self.own_raised(value).or_else(|| match &self.func.instrs[value].op {
            Op::Call(call) if matches!(call.style, CallStyle::Plain | CallStyle::New) => match &call.callee.base {
                Base::Global(name) if call.callee.path.is_empty() => {
                    let class = self.taint.values.models.errors.named(self.language, name)?;
                    // What is made with more than its text may be of a narrower kind: `OSError(errno.ENOENT, "no file")`.
                    Some(if call.args.len() > 1 { ErrorKind::Listed(class) } else { ErrorKind::Made(class) })
                }
                _ => self.class_made((self.id, value)).map(ErrorKind::Made),
            },
            _ => None,
        })
    }

    /// The kind of an error of the program's own classes: one of them, or what all that it may be derive from.
    fn own_raised(&self, value: InstrId) -> Option<ErrorKind> {
        let values = self.taint.values;
        let held = values.of(self.id, value).items();
        let made =
            || held.iter().filter_map(|value| if let Value::Instance(class) = value { Some(*class) } else { None });
        let mut declared =
            held.iter().filter_map(|value| if let Value::Typed(class) = value { Some(*class) } else { None });
        match made().next() {
            Some(first) if made().all(|class| class == first) => Some(ErrorKind::Own(first)),
            Some(first) => {
                let is_above = |class: &ClassId| {
                    let under = values.classes.descendants(*class);
                    made().all(|made| made == *class || under.contains(&made))
                };
                let above = std::iter::once(first).chain(values.classes.bases_of(first)).find(is_above);
                above.map(ErrorKind::Under)
            }
            // `def error_of(answer) -> ServiceError`
            None => {
                let first = declared.next().filter(|_| declared.next().is_none())?;
                let is_error = !self.is_no_error_class(first);
                (self.language == Language::Python && is_error).then_some(ErrorKind::Under(first))
            }
        }
    }

    /// Does one of the classes take an error?
    fn takes(&self, classes: &[At], entry: &Entry) -> Takes {
        let Some(kind) = entry.error else { return Takes::Some };
        let each = classes.iter().map(|class| self.class_takes(*class, kind));
        each.fold(Takes::None, |all, one| match (all, one) {
            (Takes::All, _) | (_, Takes::All) => Takes::All,
            (Takes::None, Takes::None) => Takes::None,
            _ => Takes::Some,
        })
    }

    fn class_takes(&self, (func, class): At, kind: ErrorKind) -> Takes {
        let values = self.taint.values;
        let known = values.of(func, class).items();
        let is_class = |value: &&Value| matches!(value, Value::Class(_) | Value::Api(..));
        if known.iter().filter(is_class).count() > 1 {
            return Takes::Some;
        }
        for value in known {
            match value {
                Value::Class(class) => return self.own_takes(*class, kind),
                Value::Api(node, _) => {
                    return match values.models.errors.of_node(&values.models.index, *node) {
                        Some(listed) => self.listed_takes(listed, kind),
                        None => self.unlisted_takes(*node, kind),
                    };
                }
                _ => {}
            }
        }
        match &values.program.funcs[func].instrs[class].op {
            Op::Load(place) if place.path.is_empty() => match &place.base {
                Base::Global(name) => {
                    values.models.errors.named(self.language, name).map(|it| self.listed_takes(it, kind))
                }
                _ => None,
            },
            _ => None,
        }
        .unwrap_or(Takes::Some)
    }

    fn own_takes(&self, class: ClassId, kind: ErrorKind) -> Takes {
        let (ErrorKind::Own(raised) | ErrorKind::Under(raised)) = kind else { return Takes::None };
        let under = self.taint.values.classes.descendants(class);
        if raised == class || under.contains(&raised) {
            return Takes::All;
        }
        let mut kinds = self.taint.values.classes.descendants(raised).into_iter();
        let is_near = matches!(kind, ErrorKind::Under(_)) && kinds.any(|kind| kind == class || under.contains(&kind));
        if is_near { Takes::Some } else { Takes::None }
    }

    fn listed_takes(&self, class: ErrorClass, kind: ErrorKind) -> Takes {
        let errors = &self.taint.values.models.errors;
        match kind {
            ErrorKind::Listed(raised) | ErrorKind::Made(raised) if errors.is_kind_of(raised, class) => Takes::All,
            ErrorKind::Listed(raised) if errors.is_kind_of(class, raised) => Takes::Some,
            ErrorKind::Listed(_) | ErrorKind::Made(_) => Takes::None,
            ErrorKind::Own(raised) => {
                let bases = self.bases_outside(raised);
                match bases.iter().any(|base| base.is_some_and(|base| errors.is_kind_of(base, class))) {
                    true => Takes::All,
                    // What an unknown base is a kind of is not known.
                    false if bases.contains(&None) => Takes::Some,
                    false => Takes::None,
                }
            }
            ErrorKind::Under(raised) => {
                self.each_under(raised, |raised| self.listed_takes(class, ErrorKind::Own(raised)))
            }
        }
    }

    /// What is taken of a class and those that derive from it: what of the class itself is, all of them are.
    fn each_under(&self, class: ClassId, takes: impl Fn(ClassId) -> Takes) -> Takes {
        match takes(class) {
            Takes::None
                if self.taint.values.classes.descendants(class).into_iter().any(|kind| takes(kind) != Takes::None) =>
            {
                Takes::Some
            }
            own => own,
        }
    }

    /// Is it in something that is known to be an error?
    pub(super) fn is_of_error(&self, entry: &Entry) -> bool {
        let class = self.taint.values.models.errors.named(self.language, ERROR_CLASS);
        matches!((class, entry.error), (Some(class), Some(kind)) if self.listed_takes(class, kind) == Takes::All)
    }

    /// Are objects of a class never errors: is each class that it is made from the program's own, or a library's of another kind?
    fn is_no_error_class(&self, class: ClassId) -> bool {
        let values = self.taint.values;
        let models = values.models;
        let is_other = |node: &NodeId| {
            let node = models.index.node(*node);
            let name = node.name.rsplit('.').next().unwrap_or_default().trim_end_matches("()");
            (models.index.is_named(&node) || models.is_passive_base(name)) && !models.is_error_base(name)
        };
        self.bases_outside(class).iter().all(Option::is_none) && values.classes.api_bases(class).iter().all(is_other)
    }

    /// May a place hold an error of a class of the program's own?
    pub(super) fn may_hold_own_error(&self, place: &Place) -> bool {
        let held = self.taint.values.prefix_values(self.id, place, place.path.len());
        held.iter().any(|value| match value {
            Value::Instance(class) | Value::Typed(class) => !self.is_no_error_class(*class),
            _ => false,
        })
    }

    /// What libraries throw, where they all throw one thing: a script's.
    pub(super) fn library_error(&self) -> Option<ErrorKind> {
        let is_script = self.language == Language::Script;
        let class = is_script.then(|| self.taint.values.models.errors.named(self.language, ERROR_CLASS))?;
        class.map(ErrorKind::Listed)
    }

    /// A class of a library that no table lists takes what may be a kind of it.
    fn unlisted_takes(&self, class: NodeId, kind: ErrorKind) -> Takes {
        let values = self.taint.values;
        let library = &values.models.index.node(class).library;
        let is_near = match kind {
            // What is a kind of no other may be of any class that some library raises.
            ErrorKind::Listed(raised) if values.models.errors.is_root(raised) => {
                self.language != Language::Script || !values.models.errors.is_silent(library)
            }
            ErrorKind::Listed(raised) | ErrorKind::Made(raised) => values.models.errors.is_of(raised, library),
            ErrorKind::Under(raised) => {
                return self.each_under(raised, |raised| self.unlisted_takes(class, ErrorKind::Own(raised)));
            }
            ErrorKind::Own(raised) => {
                let bases = values.classes.api_bases(raised);
                bases.iter().any(|base| values.models.index.node(*base).library == *library)
            }
        };
        if is_near { Takes::Some } else { Takes::None }
    }

    /// The classes outside of the program that a class of it is a kind of; `None` for one that no table lists.
    fn bases_outside(&self, class: ClassId) -> Vec<Option<ErrorClass>> {
        let values = self.taint.values;
        let mut open = vec![class];
        let mut at = 0;
        let mut found = Vec::new();
        while let Some(next) = open.get(at).copied() {
            at += 1;
            for base in values.classes.bases_of(next) {
                if !open.contains(&base) && open.len() < MAX_BASES {
                    open.push(base);
                }
            }
            for base in &values.program.classes[next].bases {
                match base {
                    TypeRef::Named(named) => {
                        if let (Base::Global(name), []) = (&named.base, named.path.as_slice()) {
                            found.push(values.models.errors.named(self.language, name));
                        }
                    }
                    _ => found.push(None),
                }
            }
        }
        let nodes = values.classes.api_bases(class);
        found.extend(nodes.iter().map(|node| values.models.errors.of_node(&values.models.index, *node)));
        found
    }
}
