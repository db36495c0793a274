//! What a call of a function answers to what the function asks of its parameters: what it hands over, or what it says of a part of
//! what its own function was given.

use crate::base::Symbol;
use crate::base::bounds::{MAX_ASKED_DEPTH, MAX_CHECK_DEPTH};
use crate::ir::func::{BlockId, FuncId, FuncKind, Param, ParamKind};
use crate::ir::instr::{
    ArgKind, Base, Call, CallStyle, Const, Entry, Field, InstrId, Op, Place, Record, RecordKind, TextPart,
};
use crate::ir::program::Language;
use crate::resolve::values::{At, Key, Obj, Site, Value};

use super::apply::Way;
use super::conditions::Scope;
use super::construct::own_object;
use super::domain::RECEIVER;
use super::together::given_by;
use super::transfer::{Pass, key_of};
use super::when::{Asked, GIVEN, Held, Is, Part, RESULT, SWITCH, When};

/// What a call hands over as a parameter.
enum Argument {
    Given(InstrId),
    Left,
    Unknown,
}

/// `n_before`: so many arguments stand before those of the parameters.
fn argument(call: &Call, params: &[Param], at: usize, n_before: usize) -> Argument {
    let mut position = 0;
    let mut is_open = false;
    for arg in call.args.iter().skip(n_before) {
        match &arg.kind {
            ArgKind::Positional if position == at && !is_open => return Argument::Given(arg.value),
            ArgKind::Positional => position += 1,
            ArgKind::Named(name) if params.get(at).is_some_and(|param| param.name == *name) => {
                return Argument::Given(arg.value);
            }
            ArgKind::Named(_) => {}
            ArgKind::Spread | ArgKind::SpreadNamed => is_open = true,
        }
    }
    if is_open { Argument::Unknown } else { Argument::Left }
}

impl Pass<'_, '_> {
    /// The condition of a function, as a call of it sees it; `None` where the call rules it out. `known`: what was asked of the
    /// same call before.
    pub(super) fn told_by_call(
        &self,
        at: At,
        func: FuncId,
        way: Way,
        when: &When,
        known: &mut Vec<(When, Option<When>)>,
    ) -> Option<When> {
        if way != Way::Direct {
            return Some(When::default());
        }
        let (all, values) = (&self.taint.conditions, self.taint.values);
        let scope = Scope { all, values, id: self.id, func: self.func, body: &self.body };
        let own = scope.overridden(at, func);
        if when.is_always() {
            return Some(own.unwrap_or_default());
        }
        if let Some((_, told)) = known.iter().find(|(asked, _)| asked == when) {
            return told.clone();
        }
        let told = self.find_told_by_call(at, func, when);
        let told = match own {
            Some(own) => told.and_then(|told| told.and(&own)),
            None => told,
        };
        known.push((when.clone(), told.clone()));
        told
    }

    fn find_told_by_call(&self, at: At, func: FuncId, when: &When) -> Option<When> {
        let Op::Call(call) = &self.func.instrs[at.1].op else { return Some(When::default()) };
        let (all, values) = (&self.taint.conditions, self.taint.values);
        let scope = Scope { all, values, id: self.id, func: self.func, body: &self.body };
        When::of(scope.further((call, at), func, when, self.block, MAX_ASKED_DEPTH)?)
    }
}

impl Scope<'_, '_> {
    /// What is known of a value, or of something in it.
    pub(super) fn held(&self, value: InstrId, keys: &[Symbol], block: BlockId, depth: usize) -> Held {
        let Some(depth) = depth.checked_sub(1) else { return Held::Unknown };
        match &self.func.instrs[value].op {
            Op::Const(value) if keys.is_empty() => Held::Const(value.clone()),
            Op::Record(record) => self.held_in_record(record, value, keys, block, depth),
            Op::Text(parts) if keys.is_empty() => {
                let has_text = |part: &TextPart| matches!(part, TextPart::Lit(text) if !text.is_empty());
                if parts.iter().any(has_text) { Held::Thing } else { Held::Unknown }
            }
            Op::Closure(_) | Op::Class(_) | Op::Caught if keys.is_empty() => Held::Thing,
            Op::Call(call)
                if call.style == CallStyle::New && keys.is_empty() && self.language() == Language::Script =>
            {
                Held::Thing
            }
            Op::Call(call) => match self.same_as(call) {
                Some(place) => self.held_at(&place, keys, block, depth),
                None if keys.is_empty() => self.variant_of(value, &call.callee),
                None => Held::Unknown,
            },
            Op::Load(place) => match self.held_at(place, keys, block, depth) {
                Held::Unknown if keys.is_empty() => self.variant_of(value, place),
                held => held,
            },
            _ => Held::Unknown,
        }
    }

    fn held_in_record(&self, record: &Record, made: InstrId, keys: &[Symbol], block: BlockId, depth: usize) -> Held {
        if record.kind == RecordKind::Variant {
            return match (&record.entries[..], keys) {
                ([Entry::Field(Field::Variant(name, _), _), ..], []) => Held::Variant(name.clone()),
                _ => Held::Unknown,
            };
        }
        let Some((key, inner)) = keys.split_first() else {
            return match self.language() {
                Language::Script => Held::Thing,
                Language::Python if record.entries.is_empty() => Held::Empty,
                Language::Python if record.entries.iter().any(|entry| matches!(entry, Entry::Field(..))) => Held::Thing,
                Language::Python | Language::Rust => Held::Unknown,
            };
        };
        let obj = Obj::Record(Site::Instr((self.id, made)));
        let n_stores = self.values.stores_to(&obj, &Key::Name(key.clone())).len();
        if self.values.is_open(&obj) || self.language() == Language::Python {
            return Held::Unknown;
        }
        let mut found = None;
        for entry in &record.entries {
            match entry {
                Entry::Field(field, value) if key_of(field).is_some_and(|name| name == *key) => found = Some(*value),
                Entry::Field(Field::Name(_), _) => {}
                // `Options { quiet: true, ..rest }`: what is named is not taken from the rest.
                Entry::Spread(_) if self.language() == Language::Rust => {}
                Entry::Field(..) | Entry::Spread(_) => return Held::Unknown,
            }
        }
        match found {
            Some(value) if n_stores <= 1 => self.held(value, inner, block, depth),
            None if n_stores == 0 && self.language() == Language::Script && self.is_kept_inside(made) => {
                if inner.is_empty() { Held::Const(Const::Undefined) } else { Held::Unknown }
            }
            _ => Held::Unknown,
        }
    }

    /// Is an object handed to no library, which could put something into it?
    fn is_kept_inside(&self, made: InstrId) -> bool {
        self.all.prepared.as_ref().is_some_and(|prepared| !prepared.handed_out.contains(&(self.id, made)))
    }

    fn held_at(&self, place: &Place, keys: &[Symbol], block: BlockId, depth: usize) -> Held {
        let Some(depth) = depth.checked_sub(1) else { return Held::Unknown };
        let mut whole: Vec<Field> = place.path.to_vec();
        whole.extend(keys.iter().map(|key| Field::Name(key.clone())));
        let whole = Place { base: place.base.clone(), path: whole.into() };
        if let Some(part) = self.part(&whole, block, depth) {
            return Held::Part(part);
        }
        let Some(mut inner) = place.path.iter().map(key_of).collect::<Option<Vec<_>>>() else { return Held::Unknown };
        inner.extend_from_slice(keys);
        let held = match &place.base {
            Base::Value(value) => self.held(*value, &inner, block, depth),
            Base::Global(_) => Held::Unknown,
            base => match self.written_once(base, block) {
                Some((value, block)) => self.held(value, &inner, block, depth),
                None => self.constant_of(base, &inner),
            },
        };
        // What is put into a container later on fills it, or leaves it empty.
        let is_container = self.language() == Language::Python && matches!(held, Held::Thing | Held::Empty);
        if is_container && inner.is_empty() { Held::Unknown } else { held }
    }

    /// The constant that a variable of a module holds, whoever reads it.
    fn constant_of(&self, base: &Base, keys: &[Symbol]) -> Held {
        let Base::Cell(cell) = base else { return Held::Unknown };
        let [(func, id)] = self.all.stores_of(*cell)[..] else { return Held::Unknown };
        let body = &self.values.program.funcs[func];
        match &body.instrs[id].op {
            Op::Store(_, value) if keys.is_empty() && body.kind == FuncKind::Init => match &body.instrs[*value].op {
                Op::Const(value) => Held::Const(value.clone()),
                _ => Held::Unknown,
            },
            _ => Held::Unknown,
        }
    }

    /// The variant that a value is which is read there, or made by calling it: `Kind::Stdio`, `Kind::Http(port)`.
    fn variant_of(&self, value: InstrId, named: &Place) -> Held {
        match (self.values.of(self.id, value).items(), named.path.last()) {
            ([Value::Variant(_, name)], Some(Field::Name(last))) if last == name => Held::Variant(name.clone()),
            _ => Held::Unknown,
        }
    }

    /// What is asked of what a function is given, as questions to what the one is given that calls it; `None` where the call
    /// answers otherwise.
    pub(super) fn further(
        &self,
        (call, at): (&Call, At),
        func: FuncId,
        when: &When,
        block: BlockId,
        depth: usize,
    ) -> Option<Vec<Asked>> {
        let mut further = Vec::new();
        for asked in when.asked() {
            if let Is::Runs(method) = asked.is
                && asked.of.param == RECEIVER
                && asked.of.path.is_empty()
                && !self.may_run(call, at, method)
            {
                return None;
            }
            match self.handed_over(call, at, func, &asked.of, block) {
                Held::Part(of) => further.push(Asked { of, ..asked.clone() }),
                held => match asked.is.answer(&held) {
                    Some(so) if so != asked.holds => return None,
                    Some(_) => {}
                    // `open(is_managed(), name)`
                    None => {
                        let given = self.value_handed_over(call, at, func, &asked.of);
                        let asked_of = |value| self.asked_of(value, &asked.is, asked.holds, block, depth);
                        further.extend(given.map_or_else(Vec::new, asked_of));
                    }
                },
            }
        }
        Some(further)
    }

    /// What stands among the arguments of a call for a parameter of the function.
    fn value_handed_over(&self, call: &Call, at: At, func: FuncId, of: &Part) -> Option<InstrId> {
        let params = &self.values.program.funcs[func].params;
        let param = params.get(of.param as usize)?;
        if !of.path.is_empty() || of.default.is_some() || !matches!(param.kind, ParamKind::Plain | ParamKind::NamedOnly)
        {
            return None;
        }
        let is_handed = self.values.handed_receiver(at, func).is_some();
        match argument(call, params, of.param as usize, usize::from(is_handed)) {
            Argument::Given(value) => Some(value),
            Argument::Left | Argument::Unknown => None,
        }
    }

    /// What a call hands over as a part of what a function is given.
    fn handed_over(&self, call: &Call, at: At, func: FuncId, of: &Part, block: BlockId) -> Held {
        match of.param {
            SWITCH => return Held::Part(of.clone()),
            RESULT => return given_by(at.1, of),
            GIVEN => return Held::Unknown,
            _ => {}
        }
        let values = self.values;
        let callee = &values.program.funcs[func];
        let handed = values.handed_receiver(at, func);
        if of.param == RECEIVER {
            if callee.kind == FuncKind::Constructor {
                return Held::Unknown;
            }
            let own = own_object(self.func, self.language(), call)
                .or_else(|| call.callee.split_last().map(|(place, _)| place));
            return match (handed, own) {
                (Some(object), _) => self.held(object, &of.path, block, MAX_CHECK_DEPTH),
                (None, Some(place)) => self.held_at(&place, &of.path, block, MAX_CHECK_DEPTH),
                (None, None) => Held::Unknown,
            };
        }
        let Some(param) = callee.params.get(of.param as usize) else { return Held::Unknown };
        if param.kind == ParamKind::RestNamed {
            return self.option_given(call, of);
        }
        let language = values.language(func);
        let default = param.default.map(|default| match &callee.instrs[default].op {
            Op::Const(value) if of.path.is_empty() => Held::Const(value.clone()),
            // `({ quiet = true } = {}) => …`
            Op::Record(record) if language == Language::Script && record.entries.is_empty() && of.path.len() == 1 => {
                Held::Const(Const::Undefined)
            }
            _ => Held::Unknown,
        });
        let held = match argument(call, &callee.params, of.param as usize, usize::from(handed.is_some())) {
            Argument::Given(value) => match self.held(value, &of.path, block, MAX_CHECK_DEPTH) {
                Held::Const(Const::Undefined) if language == Language::Script && of.path.is_empty() => {
                    default.unwrap_or(Held::Const(Const::Undefined))
                }
                Held::Part(part) if language == Language::Script && of.path.is_empty() => match default {
                    Some(Held::Const(value)) => Held::Part(part.or_else(&value)),
                    Some(_) => Held::Unknown,
                    None => Held::Part(part),
                },
                held => held,
            },
            Argument::Left => match default {
                Some(held) => held,
                // What has to be given and is not, a decorator gives.
                None if language == Language::Script && of.path.is_empty() => Held::Const(Const::Undefined),
                None => Held::Unknown,
            },
            Argument::Unknown => Held::Unknown,
        };
        match (held, &of.default) {
            (Held::Const(Const::Undefined), Some(default)) => Held::Const(default.clone()),
            (Held::Part(part), Some(default)) => Held::Part(part.or_else(default)),
            (held, _) => held,
        }
    }
}
