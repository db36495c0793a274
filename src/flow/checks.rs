//! What the condition of a branch tells of a value: that it is one of those that the program itself names (see `listed`), or
//! a number.

use rustc_hash::FxHashSet;

use crate::base::bounds::MAX_CHECK_DEPTH;
use crate::base::idx::Id;
use crate::ir::func::{End, FuncId, Function};
use crate::ir::instr::{ArgKind, Base, Call, Const, Field, InstrId, Op, Oper, Place};
use crate::ir::program::Language;
use crate::models::index::{RowRef, Table};
use crate::models::path::Step;
use crate::resolve::ports::argument;
use crate::resolve::solve::Values;
use crate::resolve::values::{At, Site, Value};

use super::domain::has_value;
use super::guards::{Guards, Told};
use super::listed::is_constant;
use super::questions::Question;
use super::shown::TEXT_TYPES;
use super::sources::PLAIN_TYPES;
use super::words::Words;

/// What is known of a place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tells {
    /// It is a number, or a value that the program names.
    Harmless,
    /// It is a name that the program gave to something while it ran: an id of its own, or a secret that it knows.
    Own,
    /// It is a text, and no object.
    Text,
    /// It is no text.
    NoText,
    /// It is no error.
    NoError,
    /// It is an error.
    Error,
    /// It has none of the fields that a row of a model names.
    Lacks(RowRef),
}

/// A place of a function, and what is known of it where the condition holds, or where it fails.
pub(super) struct Check {
    pub(super) place: Place,
    pub(super) tells: Tells,
    pub(super) holds: bool,
}

impl Check {
    pub(super) fn negated(self) -> Self {
        Self { holds: !self.holds, ..self }
    }
}

/// The conditions of one function.
#[derive(Clone, Copy)]
pub(super) struct Checks<'a, 'v> {
    pub(super) values: &'a Values<'v>,
    pub(super) words: &'a Words,
    /// Containers that are filled elsewhere than where they are made.
    pub(super) filled: &'a FxHashSet<At>,
    /// What the answers of functions tell.
    pub(super) guards: &'a Guards,
    pub(super) id: FuncId,
    pub(super) func: &'a Function,
}

/// What `typeof` says of a text.
const TEXT_TYPE: &str = "string";

/// What all errors of a script's libraries are.
pub(super) const ERROR_CLASS: &str = "Error";

/// The instruction that made an object.
pub(super) fn made_at(value: &Value) -> Option<At> {
    match value {
        Value::Record(Site::Instr(at)) | Value::Api(_, Some(at)) => Some(*at),
        _ => None,
    }
}

impl Checks<'_, '_> {
    /// What a condition tells.
    pub(super) fn of(&self, on: InstrId) -> Vec<Check> {
        let mut found = self.guarded(on);
        if found.is_empty() {
            let told = self.of_one(on);
            let other = |check: &Check| {
                let tells = match check.tells {
                    Tells::Text => Tells::NoText,
                    Tells::NoError => Tells::Error,
                    _ => return None,
                };
                Some(Check { place: check.place.clone(), tells, holds: !check.holds })
            };
            let other = told.as_ref().and_then(other);
            found.extend(told.into_iter().chain(other));
        }
        found.extend(self.lacks_message(on));
        found.extend(self.is_result(on));
        found.extend(self.is_object(on));
        found.extend(self.kept_beside(on));
        found.extend(found.iter().filter_map(|check| self.of_spelled(check)).collect::<Vec<_>>());
        found
    }

    /// `title && "named"`: where the condition fails, what is given is the condition's own value, and nothing is in it.
    fn kept_beside(&self, on: InstrId) -> Option<Check> {
        let Op::Store(place, value) = &self.func.instrs.get(InstrId::new(on.index() + 1))?.op else { return None };
        let is_kept = *value == on && matches!(place.base, Base::Local(_)) && place.path.is_empty();
        is_kept.then(|| Check { place: place.clone(), tells: Tells::Harmless, holds: false })
    }

    /// What a condition tells of one place.
    pub(super) fn of_one(&self, on: InstrId) -> Option<Check> {
        self.within(on, MAX_CHECK_DEPTH)
    }

    /// What the answer of a function of the program tells that asks about several things.
    fn guarded(&self, on: InstrId) -> Vec<Check> {
        let Some(Question { call, holds, fails, is_awaited }) = self.question(on) else { return Vec::new() };
        let is_promise = |callee: &FuncId| self.values.program.funcs[*callee].is_async && !is_awaited;
        if self.values.callees((self.id, call)).iter().any(|(callee, _)| is_promise(callee)) {
            return Vec::new();
        }
        self.told_of_given(call, |told| {
            let answer = told.answer?;
            if holds.implies(answer) {
                return Some(true);
            }
            fails.implies(answer).then_some(false)
        })
    }

    /// What it tells of what a function was given that it came back at all: `requireKnown(name)` raises for others.
    pub(super) fn of_return(&self, call: InstrId) -> Vec<Check> {
        let mut told = self.told_of_given(call, |told| told.answer.is_none().then_some(true));
        told.extend(self.proven(call));
        told
    }

    /// What a function of the program tells of what a call gives it, where `holds` says for which answer.
    fn told_of_given(&self, at: InstrId, holds: impl Fn(&Told) -> Option<bool>) -> Vec<Check> {
        let ([(callee, _)], Op::Call(call)) = (self.values.callees((self.id, at)), &self.func.instrs[at].op) else {
            return Vec::new();
        };
        let told = self.guards.get(callee).into_iter().flatten().filter_map(|told| {
            let holds = holds(told)?;
            let (arg, _) = call
                .args
                .get(..=told.position)?
                .split_last()
                .filter(|(arg, before)| before.iter().chain([*arg]).all(|arg| arg.kind == ArgKind::Positional))?;
            let given = self.place(arg.value, MAX_CHECK_DEPTH)?;
            let place = told.path.iter().fold(given, |place, field| place.then(field.clone()));
            Some(Check { place, tells: told.tells, holds })
        });
        told.collect()
    }

    fn within(&self, on: InstrId, depth: usize) -> Option<Check> {
        let depth = depth.checked_sub(1)?;
        match &self.func.instrs[on].op {
            Op::Operator(Oper::Not, operands) => Some(self.within(*operands.first()?, depth)?.negated()),
            Op::Operator(oper, operands) => match (oper, operands.as_slice()) {
                (Oper::Eq, [a, b]) => self.equal(*a, *b, depth),
                (Oper::Ne, [a, b]) => Some(self.equal(*a, *b, depth)?.negated()),
                (Oper::In, [key, container]) => {
                    self.member(*key, *container).or_else(|| self.has_result_field(*key, *container))
                }
                (Oper::NotIn, [key, container]) => Some(self.member(*key, *container)?.negated()),
                (Oper::IsVariant, [value, variant]) => {
                    let check = self.found(*value, depth)?;
                    Some(if self.is_something(*variant)? { check } else { check.negated() })
                }
                (Oper::InstanceOf, [value, class]) if self.is_builtin(*class, PLAIN_TYPES) => self.is_one(*value),
                (Oper::InstanceOf, [value, class]) if self.is_builtin(*class, TEXT_TYPES) => {
                    Some(Check { tells: Tells::Text, ..self.is_one(*value)? })
                }
                (Oper::InstanceOf, [value, class]) if self.is_error_class(*class) => {
                    Some(Check { place: self.place(*value, MAX_CHECK_DEPTH)?, tells: Tells::NoError, holds: false })
                }
                (Oper::InstanceOf, [value, class]) if self.is_exception(*class) => {
                    Some(Check { place: self.place(*value, MAX_CHECK_DEPTH)?, tells: Tells::Error, holds: true })
                }
                (Oper::InstanceOf, [value, class]) => self.is_other(*value, self.lacking_class(*class)?),
                _ => None,
            },
            // Where it fails, nothing is in it: `name.strip()`.
            Op::Call(call) => self.asked(call, on, depth).or_else(|| self.found(on, depth)).or_else(|| {
                let empty = self.place(on, MAX_CHECK_DEPTH)?;
                Some(Check { place: empty, tells: Tells::Harmless, holds: false })
            }),
            Op::Load(place) => self
                .found(on, depth)
                .or_else(|| Some(Check { place: place.clone(), tells: Tells::Harmless, holds: false })),
            _ => None,
        }
    }

    /// What it tells that two values are the same.
    fn equal(&self, a: InstrId, b: InstrId, depth: usize) -> Option<Check> {
        match (self.constant(a), self.constant(b)) {
            (Some(Const::Null | Const::Undefined), None) => self.is_nothing(b, depth),
            (None, Some(Const::Null | Const::Undefined)) => self.is_nothing(a, depth),
            (Some(Const::Bool(is)), None) => self.is_truth(b, *is, depth),
            (None, Some(Const::Bool(is))) => self.is_truth(a, *is, depth),
            (None, Some(Const::Int(-1))) => match &self.func.instrs[a].op {
                Op::Call(call) => Some(self.held(call, a, Words::is_index_method)?.negated()),
                _ => self.is_one(a),
            },
            (None, Some(Const::Str(name))) if name == TEXT_TYPE => match &self.func.instrs[a].op {
                Op::Operator(Oper::TypeOf, operands) => {
                    Some(Check { tells: Tells::Text, ..self.is_one(*operands.first()?)? })
                }
                _ => self.is_one(a),
            },
            (None, Some(Const::Str(name))) if PLAIN_TYPES.contains(&name.as_str()) => match &self.func.instrs[a].op {
                Op::Operator(Oper::TypeOf, operands) => self.is_one(*operands.first()?),
                _ => self.is_one(a),
            },
            (Some(_), None) => self.is_one(b),
            (None, Some(_)) => self.is_one(a),
            _ if self.is_literal(b) => self.is_one(a),
            _ if self.is_literal(a) => self.is_one(b),
            _ => None,
        }
    }

    /// What it tells that there is no value: nothing was found, or nothing is in it.
    fn is_nothing(&self, value: InstrId, depth: usize) -> Option<Check> {
        self.found(value, depth).map(Check::negated).or_else(|| self.is_one(value))
    }

    /// What it tells that a value is true, or is false: what the answer tells that the value is, or that it is no text.
    fn is_truth(&self, value: InstrId, is: bool, depth: usize) -> Option<Check> {
        let answer = match &self.func.instrs[value].op {
            Op::Load(_) => self.found(value, depth),
            _ => self.within(value, depth),
        };
        match answer {
            Some(check) => Some(if is { check } else { check.negated() }),
            None => self.is_one(value),
        }
    }

    /// The value is a known one.
    fn is_one(&self, value: InstrId) -> Option<Check> {
        Some(Check { place: self.place(value, MAX_CHECK_DEPTH)?, tells: Tells::Harmless, holds: true })
    }

    /// The value is one of the names in a container. What is not written out there the program may have been told.
    fn is_one_of(&self, value: InstrId, container: &[Value]) -> Option<Check> {
        let is_written = |made: At| {
            let func = &self.values.program.funcs[made.0];
            let is_literal =
                |value: InstrId| matches!(&func.instrs[value].op, Op::Record(record) if is_constant(func, record));
            match &func.instrs[made.1].op {
                Op::Call(call) => call.args.iter().any(|arg| is_literal(arg.value)),
                _ => is_literal(made.1),
            }
        };
        let tells = if container.iter().filter_map(made_at).any(is_written) { Tells::Harmless } else { Tells::Own };
        Some(Check { tells, ..self.is_one(value)? })
    }

    fn member(&self, key: InstrId, container: InstrId) -> Option<Check> {
        let is_listed = match &self.func.instrs[container].op {
            // `name in table.keys()`
            Op::Call(call) if call.args.is_empty() => self.is_listed_receiver((self.id, container), MAX_CHECK_DEPTH),
            _ => false,
        };
        let held = self.values.of(self.id, container).items();
        if is_listed || self.is_list_of_constants(container) {
            self.is_one(key)
        } else if self.is_listed(held, MAX_CHECK_DEPTH) {
            self.is_one_of(key, held)
        } else {
            None
        }
    }

    /// A call that is true only for known values.
    fn asked(&self, call: &Call, at: InstrId, depth: usize) -> Option<Check> {
        self.held(call, at, Words::is_membership_method)
            .or_else(|| self.searched(call, at))
            .or_else(|| self.numbered(call, at))
            .or_else(|| self.had(call, at))
            .or_else(|| self.narrowed(call, at))
            .or_else(|| self.answered(call, at, depth))
            .or_else(|| self.present(call, depth))
            .or_else(|| self.made_of_digits(call))
    }

    /// `TABLE.get(name).is_some()`, `TABLE.get(name).is_none_or(…)`: something was found where it says so.
    fn present(&self, call: &Call, depth: usize) -> Option<Check> {
        let (Place { base: Base::Value(option), path }, Field::Name(name)) = call.callee.split_last()? else {
            return None;
        };
        if self.values.language(self.id) != Language::Rust || !path.is_empty() {
            return None;
        }
        let says = self.values.models.says_present(name)?;
        let Some(check) = self.found(option, depth) else { return self.asks_for_password(option, says) };
        Some(if says { check } else { check.negated() })
    }

    /// `page.isdigit()`: where it holds, the text is a number.
    fn made_of_digits(&self, call: &Call) -> Option<Check> {
        let (owner, Field::Name(name)) = call.callee.split_last()? else { return None };
        if !call.args.is_empty() || !self.words.is_digit_method(self.values.language(self.id), name) {
            return None;
        }
        let place = match owner {
            Place { base: Base::Value(text), path } if path.is_empty() => self.place(text, MAX_CHECK_DEPTH)?,
            owner => owner,
        };
        Some(Check { place, tells: Tells::Harmless, holds: true })
    }

    /// `NAMES.includes(name)`, `TABLE.has(name)`, `NAMES.indexOf(name)`, `TABLE.get(name)`: the argument is in the container
    /// when the method, of a sort of methods, says so.
    fn held(&self, call: &Call, at: InstrId, is_such: fn(&Words, Language, &str) -> bool) -> Option<Check> {
        let (Some(Field::Name(name)), [arg, others @ ..]) = (call.callee.path.last(), call.args.as_slice()) else {
            return None;
        };
        // `known.pop(id, None)` gives nothing where there is none.
        if !others.iter().all(|other| matches!(self.func.instrs[other.value].op, Op::Const(Const::Null))) {
            return None;
        }
        let is_such = is_such(self.words, self.values.language(self.id), name);
        if !is_such || !self.is_listed_receiver((self.id, at), MAX_CHECK_DEPTH) {
            return None;
        }
        let container = self.values.of_slot(self.values.receiver_slot((self.id, at))?).items();
        self.is_one_of(arg.value, container)
    }

    /// `Number.isInteger(size)`: the argument is a number when the library says so.
    fn numbered(&self, call: &Call, at: InstrId) -> Option<Check> {
        let models = self.values.models;
        let rows = self.values.call_rows((self.id, at), Table::Clean);
        let mut ports = rows.iter().flat_map(|row| &models.clean(*row).numbers).filter_map(|text| models.port(text));
        self.is_one(argument(call, &ports.find(|port| port.path.is_empty())?.head)?)
    }

    /// `Object.hasOwn(TABLE, name)`: the name is in the table when the library says so.
    fn had(&self, call: &Call, at: InstrId) -> Option<Check> {
        let models = self.values.models;
        let mut rows = self.values.call_rows((self.id, at), Table::Clean).into_iter();
        let member = rows.find_map(|row| models.clean(row).member.as_ref())?;
        let given = |text: &str| argument(call, &models.port(text)?.head);
        self.member(given(&member.name)?, given(&member.of)?)
    }

    /// `isAxiosError(error)`: where it is false, the error is none of the library.
    fn narrowed(&self, call: &Call, at: InstrId) -> Option<Check> {
        let mut rows = self.values.call_rows((self.id, at), Table::Clean).into_iter();
        self.is_other(call.args.first()?.value, rows.find(|row| self.is_lacking(*row))?)
    }

    /// The row of a class whose objects have fields that others do not.
    fn lacking_class(&self, class: InstrId) -> Option<RowRef> {
        let index = &self.values.models.index;
        self.values.of(self.id, class).items().iter().find_map(|value| match value {
            Value::Api(node, None) => {
                let made = index.step(*node, &Step::Call);
                index.node(made).rows(Table::Clean).find(|row| self.is_lacking(*row))
            }
            _ => None,
        })
    }

    fn is_lacking(&self, row: RowRef) -> bool {
        !self.values.models.clean(row).lacking.is_empty()
    }

    /// Where it fails, the value has none of the fields that the row names.
    fn is_other(&self, value: InstrId, row: RowRef) -> Option<Check> {
        Some(Check { place: self.place(value, MAX_CHECK_DEPTH)?, tells: Tells::Lacks(row), holds: false })
    }

    /// A function of the program whose answer tells it: `isKnown(name)`.
    fn answered(&self, call: &Call, at: InstrId, depth: usize) -> Option<Check> {
        self.by_callee(call, at, |inner, answer| inner.within(answer, depth))
    }

    /// What is told of an argument of a call by what the function of the program gives back.
    fn by_callee(&self, call: &Call, at: InstrId, tells: impl Fn(&Self, InstrId) -> Option<Check>) -> Option<Check> {
        let [(callee, _)] = self.values.callees((self.id, at)) else { return None };
        let func = &self.values.program.funcs[*callee];
        let inner = Checks { id: *callee, func, ..*self };
        self.of_given(call, &inner, tells(&inner, returned(func)?)?)
    }

    /// What a function tells of a parameter, told of what a call gives it there.
    fn of_given(&self, call: &Call, callee: &Self, check: Check) -> Option<Check> {
        let arg = call.args.get(callee.param(&check.place)?)?;
        Some(Check { place: self.place(arg.value, MAX_CHECK_DEPTH)?, ..check })
    }

    /// The same of a function that looks it up in one table after the other: whatever it gives that is something was found.
    fn found_by_callee(&self, call: &Call, at: InstrId, depth: usize) -> Option<Check> {
        let [(callee, _)] = self.values.callees((self.id, at)) else { return None };
        let func = &self.values.program.funcs[*callee];
        let inner = Checks { id: *callee, func, ..*self };
        let given =
            func.blocks.iter().filter_map(|block| if let End::Return(value) = block.end { value } else { None });
        self.of_given(call, &inner, inner.found_in_each(given, depth)?)
    }

    /// The position of the parameter that a place is; one that inner functions use is kept in a variable for them.
    pub(super) fn param(&self, place: &Place) -> Option<usize> {
        let local = match (&place.base, place.path.as_ref()) {
            (Base::Local(local), []) => *local,
            (Base::Cell(_), []) => match &self.func.instrs[self.only_store(place)?].op {
                Op::Load(Place { base: Base::Local(local), path }) if path.is_empty() => *local,
                _ => return None,
            },
            _ => return None,
        };
        self.func.params.iter().position(|param| param.local == local)
    }

    /// A value that is there only if a known one was looked up: `TABLE[name]`, `TABLE.get(name)`, a variable that is one
    /// of these or what a condition gave, what a function gives that looks it up.
    pub(super) fn found(&self, value: InstrId, depth: usize) -> Option<Check> {
        // Waiting for it is no step.
        if let Op::Await(inner) = &self.func.instrs[value].op {
            return self.found(*inner, depth);
        }
        let depth = depth.checked_sub(1)?;
        match &self.func.instrs[value].op {
            Op::Call(call) => {
                let lookup = self.held(call, value, Words::is_lookup_method).or_else(|| self.searched(call, value));
                lookup
                    .or_else(|| self.found(self.handed_on(call)?, depth))
                    .or_else(|| self.found_by_callee(call, value, depth))
            }
            Op::Load(place) if place.path.is_empty() => {
                let Some(stored) = self.only_store(place) else { return self.found_each_time(place, depth) };
                match &self.func.instrs[stored].op {
                    Op::Operator(..) => self.within(stored, depth),
                    Op::Call(call) => self.asked(call, stored, depth).or_else(|| self.found(stored, depth)),
                    Op::Load(_) | Op::Await(_) => self.found(stored, depth),
                    _ => None,
                }
            }
            Op::Load(place) => {
                let key = *self.func.keys.get(&value)?;
                let holder = self.values.prefix_values(self.id, place, place.path.len() - 1);
                if self.is_listed(holder, MAX_CHECK_DEPTH) { self.is_one_of(key, holder) } else { None }
            }
            _ => None,
        }
    }

    /// The option or result that a call hands on, whatever becomes of its error or value: `found.ok_or_else(…)`.
    pub(super) fn handed_on(&self, call: &Call) -> Option<InstrId> {
        let language = self.values.language(self.id);
        match (call.callee.split_last()?, language) {
            ((Place { base: Base::Value(inner), path }, Field::Name(name)), Language::Rust) if path.is_empty() => {
                let keeps = self.values.models.error_fate(name).is_some()
                    || self.words.is_mapping_method(language, name)
                    || call.args.is_empty() && self.words.keeping_method(language, name).is_some();
                keeps.then_some(inner)
            }
            _ => None,
        }
    }

    /// The value that a variable of the function holds, if it is given one only.
    pub(super) fn only_store(&self, variable: &Place) -> Option<InstrId> {
        let is_own = match &variable.base {
            Base::Local(local) => self.func.params.iter().all(|param| param.local != *local),
            Base::Cell(cell) => self.values.program.cells[*cell].owner == self.id,
            Base::Value(_) | Base::Global(_) => false,
        };
        if !is_own {
            return None;
        }
        let mut stores = self.func.instrs.iter().filter_map(|instr| match &instr.op {
            Op::Store(place, value) if place == variable => Some(*value),
            _ => None,
        });
        stores.next().filter(|_| stores.next().is_none())
    }

    pub(super) fn constant(&self, id: InstrId) -> Option<&Const> {
        match &self.func.instrs[id].op {
            Op::Const(value) => Some(value),
            _ => None,
        }
    }

    /// A list or table that is written out.
    fn is_literal(&self, id: InstrId) -> bool {
        matches!(&self.func.instrs[id].op, Op::Record(record) if is_constant(self.func, record))
    }

    /// Does a variant of an option or result say that there is a value, or that there is none?
    pub(super) fn is_something(&self, variant: InstrId) -> Option<bool> {
        match self.constant(variant)? {
            Const::Str(name) => has_value(name),
            _ => None,
        }
    }

    fn is_error_class(&self, class: InstrId) -> bool {
        let Op::Load(Place { base: Base::Global(name), path }) = &self.func.instrs[class].op else { return false };
        self.values.language(self.id) == Language::Script && path.is_empty() && name == ERROR_CLASS
    }

    /// Is the class one of the language's own, of which all objects are errors: `isinstance(result, BaseException)`?
    fn is_exception(&self, class: InstrId) -> bool {
        let Op::Load(Place { base: Base::Global(name), path }) = &self.func.instrs[class].op else { return false };
        let language = self.values.language(self.id);
        language == Language::Python && path.is_empty() && self.values.models.errors.named(language, name).is_some()
    }

    /// Is it a class of the language, one of these?
    fn is_builtin(&self, class: InstrId, names: &[&str]) -> bool {
        match &self.func.instrs[class].op {
            Op::Load(Place { base: Base::Global(name), path }) => path.is_empty() && names.contains(&name.as_str()),
            _ => false,
        }
    }
}

/// The one value that a function gives back.
pub(super) fn returned(func: &Function) -> Option<InstrId> {
    let mut found = func.blocks.iter().filter_map(|block| match block.end {
        End::Return(value) => Some(value),
        _ => None,
    });
    let first = found.next()?;
    if found.next().is_some() { None } else { first }
}
