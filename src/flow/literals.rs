//! Objects that are written out, as far as conditions ask for their fields: `record({ level: "info", data })`, where the function
//! tells its arms apart by `event.level`.
//!
//! An object is known here by what is in it. Two that have the same in the fields which a function asks for are one
//! to it, so that it is entered once for both.

use std::collections::BTreeSet;
use std::rc::Rc;

use smol_str::format_smolstr;

use crate::base::Symbol;
use crate::base::bounds::{MAX_STATIC_DEPTH, MAX_SYM};
use crate::ir::func::{End, FuncId};
use crate::ir::instr::{ArgKind, Base, Const, Entry, Field, InstrId, Op, Place, RecordKind};
use crate::ir::program::Language;
use crate::resolve::solve::CallKind;
use crate::resolve::values::{At, Key, Obj, Site, Value};

use super::abs::{Abs, Facts};
use super::alternatives::{Fields, field_sym};
use super::explore::{Explorer, State};
use super::joins::given_sym;
use super::step::names_own;

/// The fields by which a function, or one that it hands the object on to, decides what to do; by the number of a parameter.
pub(super) type AskedFields = Rc<BTreeSet<Symbol>>;

impl Explorer<'_> {
    /// The name of the object that a literal makes.
    pub(super) fn made(&mut self, at: At, state: &State) -> Option<Abs> {
        // What only the function itself has a name for is another thing each time.
        let fields = self.fields_of_literal(at, state, |abs| !names_own(abs, at.0))?;
        let sym = given_sym(at.0, at.1);
        self.chosen.alternatives.made(&sym, fields);
        self.chosen.alternatives.stands_for(&sym, at);
        Some(Abs::Sym(sym))
    }

    /// What the fields of the object hold which a literal makes, of those that nobody writes once more.
    fn fields_of_literal(&self, made: At, state: &State, is_meant: impl Fn(&Abs) -> bool) -> Option<Fields> {
        let func = &self.values.program.funcs[made.0];
        let Op::Record(record) = &func.instrs[made.1].op else { return None };
        if record.kind != RecordKind::Object || record.entries.is_empty() {
            return None;
        }
        let obj = Obj::Record(Site::Instr(made));
        let is_kept = |name: &Symbol| {
            self.values.stores_to(&obj, &Key::Name(name.clone())).len() <= 1 && !self.values.is_open(&obj)
        };
        let known = |name: &Symbol, value: InstrId| match &func.instrs[value].op {
            Op::Const(constant) => is_kept(name).then(|| Abs::Const(constant.clone())),
            Op::Load(_) => self.operand(made.0, value, state).filter(|abs| is_meant(abs) && is_kept(name)),
            _ => None,
        };
        let field = |entry: &Entry| match entry {
            Entry::Field(Field::Name(name), value) => Some((name.clone(), known(name, *value))),
            _ => None,
        };
        Some(record.entries.iter().filter_map(field).collect())
    }

    /// What a field of an object that was written out holds.
    pub(super) fn field_of_made(&self, place: &Place, state: &State) -> Option<Abs> {
        let [Field::Name(name)] = &place.path[..] else { return None };
        let Abs::Sym(object) = state.vars.get(self.var(&place.base)?)? else { return None };
        self.chosen.alternatives.field_of_made(object, name)
    }

    /// The constant that a table of the program keeps under a key which is known here: `ORDER[level]`.
    pub(super) fn kept_under(&self, func: FuncId, id: InstrId, place: &Place, state: &State) -> Option<Abs> {
        let (table, Field::Any) = place.split_last()? else { return None };
        let key = *self.values.program.funcs[func].keys.get(&id)?;
        let Abs::Const(Const::Str(name)) = self.operand(func, key, state)? else { return None };
        let [value @ Value::Record(Site::Instr(_))] = self.values.place_values(func, &table)? else { return None };
        let obj = self.values.object_of(value).filter(|obj| !self.values.is_open(obj))?;
        let kept = self.values.known_field(&obj, &Key::Name(name))?;
        self.values.of_slot(kept).single_const().cloned().map(Abs::Const)
    }

    /// The argument of a call, where it is an object that is written out: by the fields that the called function asks for.
    pub(super) fn handed_literal(
        &mut self,
        at: At,
        abs: Option<&Abs>,
        (callee, param): (FuncId, usize),
        state: &State,
    ) -> Option<Abs> {
        let fields = match abs {
            None => self.fields_of_literal(at, state, |abs| !self.tells_nothing(abs, at.0, callee, state)),
            Some(Abs::Sym(sym)) => self.chosen.alternatives.fields_of(sym).cloned(),
            Some(_) => None,
        };
        let fields = fields?;
        let asked = self.asked_fields(callee, param, MAX_STATIC_DEPTH);
        // `const options = { quiet: true }; run(options)`
        let at = abs.and_then(Abs::sym).and_then(|sym| self.chosen.alternatives.object(sym)).unwrap_or(at);
        let known = asked.iter().filter_map(|name| {
            let value = fields.get(name).cloned().flatten();
            let value = value.or_else(|| self.missing(at, name).map(Abs::Const))?;
            Some((name.clone(), value))
        });
        let mut text = String::new();
        let mut kept = Fields::new();
        for (name, value) in known {
            let field = match &value {
                Abs::Const(value) => format!("{name} {value:?}, "),
                Abs::Sym(sym) => format!("{name} {sym}, "),
                Abs::Test(_) => format!("{name} {value:?}, "),
            };
            // What does not fit into the name does not tell two objects apart.
            if text.len() + field.len() <= MAX_SYM {
                text.push_str(&field);
                kept.insert(name, Some(value));
            }
        }
        if kept.is_empty() {
            return None;
        }
        let sym: Symbol = format_smolstr!("object {{{text}}}");
        self.chosen.alternatives.made(&sym, kept);
        Some(Abs::Sym(sym))
    }

    /// Does a function ask for a field of an object of which a condition has told what is in the field?
    pub(super) fn is_asked_about(&self, object: &Abs, callee: FuncId, param: usize, facts: &Facts) -> bool {
        let Abs::Sym(object) = object else { return false };
        let is_known = |name: &Symbol| {
            let field = field_sym(object, name);
            facts.get(&field).or(self.assumed.get(&field)).is_some()
        };
        self.asked_fields(callee, param, MAX_STATIC_DEPTH).iter().any(is_known)
    }

    /// A field that a literal does not have is not there, where the language says so and nobody adds it.
    fn missing(&self, at: At, name: &Symbol) -> Option<Const> {
        let values = self.values;
        let Op::Record(record) = &values.program.funcs[at.0].instrs[at.1].op else { return None };
        let obj = Obj::Record(Site::Instr(at));
        let is_named = |entry: &Entry| matches!(entry, Entry::Field(Field::Name(known), _) if known != name);
        let is_missing = values.language(at.0) == Language::Script
            && record.entries.iter().all(is_named)
            && values.stores_to(&obj, &Key::Name(name.clone())).is_empty()
            && !values.is_open(&obj)
            && !self.prepared.handed_out.contains(&at);
        is_missing.then_some(Const::Undefined)
    }

    /// The fields of what a parameter holds by which the function decides, itself or by what it hands the parameter on to.
    fn asked_fields(&self, func: FuncId, param: usize, depth: usize) -> AskedFields {
        if let Some(known) = self.prepared.asked_fields.borrow().get(&(func, param)) {
            return known.clone();
        }
        let Some(depth) = depth.checked_sub(1) else { return AskedFields::default() };
        // A function that hands it on to itself asks for nothing more.
        self.prepared.asked_fields.borrow_mut().insert((func, param), AskedFields::default());
        let found = Rc::new(self.find_asked_fields(func, param, depth));
        self.prepared.asked_fields.borrow_mut().insert((func, param), found.clone());
        found
    }

    fn find_asked_fields(&self, func: FuncId, param: usize, depth: usize) -> BTreeSet<Symbol> {
        let body = &self.values.program.funcs[func];
        let Some(param) = body.params.get(param) else { return BTreeSet::new() };
        let whole = Place::local(param.local);
        let is_it = |value: InstrId| matches!(&body.instrs[value].op, Op::Load(place) if *place == whole);
        let mut found = BTreeSet::new();
        for value in self.tested(func) {
            if let Op::Load(place) = &body.instrs[value].op
                && let (true, [Field::Name(name)]) = (place.base == whole.base, &place.path[..])
            {
                found.insert(name.clone());
            }
        }
        for (id, instr) in body.instrs.iter_enumerated() {
            if let Op::Load(place) = &instr.op
                && let (true, [Field::Name(name)]) = (place.base == whole.base, &place.path[..])
                && self.is_one_of_several(func, id)
            {
                found.insert(name.clone());
            }
            let Op::Call(call) = &instr.op else { continue };
            let given =
                call.args.iter().enumerate().filter(|(_, arg)| arg.kind == ArgKind::Positional && is_it(arg.value));
            for (position, _) in given {
                for (callee, _) in
                    self.values.callees((func, id)).iter().filter(|(_, kind)| *kind != CallKind::Callback)
                {
                    found.extend(self.asked_fields(*callee, position, depth).iter().cloned());
                }
            }
        }
        found
    }

    /// Can a value be one of several objects of the program, or of its functions, of which the one does what another does not?
    fn is_one_of_several(&self, func: FuncId, id: InstrId) -> bool {
        let is_object = |value: &&Value| matches!(value, Value::Func(_) | Value::Record(_) | Value::Instance(_));
        self.values.of(func, id).items().iter().filter(is_object).nth(1).is_some()
    }

    /// The instructions whose values the conditions of a function test, also by way of its variables.
    fn tested(&self, func: FuncId) -> BTreeSet<InstrId> {
        let body = &self.values.program.funcs[func];
        let mut open: Vec<InstrId> = body
            .blocks
            .iter()
            .filter_map(|block| if let End::Branch { on, .. } = block.end { Some(on) } else { None })
            .collect();
        let mut found = BTreeSet::new();
        while let Some(value) = open.pop() {
            if !found.insert(value) {
                continue;
            }
            match &body.instrs[value].op {
                Op::Operator(_, operands) => open.extend(operands.iter().copied()),
                Op::Load(place) if matches!(place.base, Base::Local(_)) && place.path.is_empty() => {
                    open.extend(body.instrs.iter().filter_map(|instr| match &instr.op {
                        Op::Store(to, stored) if to == place => Some(*stored),
                        _ => None,
                    }));
                }
                _ => {}
            }
        }
        found
    }
}
