//! What a value is known to be at one point of the exploration: a constant, or an unknown with a name.

use std::fmt::Write;
use std::rc::Rc;

use crate::base::Symbol;
use crate::base::bounds::{MAX_ALIASES, MAX_SYM};
use crate::ir::func::{FuncId, LocalId};
use crate::ir::instr::{Base, Call, Const, Field, Imported, InstrId, Op, Oper, Place};
use crate::ir::program::{CellId, ClassKind, Language};
use crate::models::index::{RowRef, Table};
use crate::resolve::link::Target;
use crate::resolve::ports::argument;
use crate::resolve::values::{At, Key, Obj, Site, Value};

use super::abs::{Abs, equal, member, not, spelled};
use super::alternatives::Given;
use super::domain::has_value;
use super::explore::{Explorer, State};
use super::joins::{cell_sym, given_sym, local_sym, param_sym};
use super::variants::{fate, variant_const};

/// What `typeof` says of a function.
const FUNCTION: &str = "function";

/// The variant that is asked for where a method asks whether a value is there: `is_ok()`, `is_some()`.
const PRESENT: &str = "Some";

/// Adds a field to the name of what has it.
pub(super) fn add_field(text: &mut String, field: &Field) -> Option<()> {
    match field {
        Field::Name(name) => {
            text.push('.');
            text.push_str(name);
        }
        Field::Index(at) => text.push_str(&format!("[{at}]")),
        Field::Variant(variant, at) => text.push_str(&format!("@{variant}.{at}")),
        Field::Any => return None,
    }
    Some(())
}

impl Explorer<'_> {
    pub(super) fn note(&mut self, func: FuncId, id: InstrId, abs: Option<Abs>) {
        self.seen
            .entry((func, id))
            .and_modify(|known| {
                if *known != abs {
                    *known = None;
                }
            })
            .or_insert(abs);
    }

    /// The unknown that a call gives, which is one of what the called functions give.
    pub(super) fn one_of(&mut self, at: At, given: &[Option<Rc<Given>>], state: &mut State) -> Symbol {
        let sym = given_sym(at.0, at.1);
        let alternatives = &mut self.chosen.alternatives;
        alternatives.forget(&sym);
        for given in given {
            let Some(given) = given else {
                alternatives.give_up(&sym);
                continue;
            };
            for (abs, facts) in &**given {
                alternatives.note(&sym, abs, facts);
                alternatives.note_fields(&sym, abs, facts);
            }
        }
        if alternatives.of(&sym).is_some() && state.facts.get(&sym).is_some() {
            Rc::make_mut(&mut state.facts).forget(&Abs::Sym(sym.clone()));
        }
        sym
    }

    /// What an instruction was seen to give.
    pub(super) fn seen_at(&self, func: FuncId, id: InstrId) -> Option<&Option<Abs>> {
        self.seen.get(&(func, id)).or_else(|| self.earlier.get(&(func, id)))
    }

    /// Does a place say whether one of the streams is a terminal that the client of this process holds?
    fn is_terminal_place(&self, func: FuncId, id: InstrId) -> bool {
        let index = &self.values.models.index;
        let says_so =
            |value: &Value| matches!(value, Value::Api(node, _) if index.node(*node).has(Table::TerminalRead));
        self.is_piped && self.values.of(func, id).items().iter().any(says_so)
    }

    /// The same of a call.
    fn is_terminal_call(&self, func: FuncId, id: InstrId) -> bool {
        let holds = |row: RowRef| self.values.holds((func, id), &self.values.models.terminal(row).when);
        self.is_piped && self.values.call_rows((func, id), Table::Terminal).into_iter().any(holds)
    }

    /// What a value is known to be after the instruction that makes it ran.
    pub(super) fn value(&self, func: FuncId, id: InstrId, state: &State) -> Option<Abs> {
        self.eval(func, id, &self.values.program.funcs[func].instrs[id].op, state)
    }

    pub(super) fn eval(&self, func: FuncId, id: InstrId, op: &Op, state: &State) -> Option<Abs> {
        match op {
            Op::Const(value) => Some(Abs::Const(value.clone())),
            Op::Load(place) => self.load(func, id, place, state),
            Op::Store(_, value) | Op::Await(value) => self.operand(func, *value, state),
            Op::Operator(oper, values) => {
                if let Some(abs) = self.main_test(func, *oper, values) {
                    return Some(abs);
                }
                let operand = |at: usize| self.operand(func, *values.get(at)?, state);
                match oper {
                    Oper::Not => Some(not(&operand(0)?)),
                    Oper::Eq | Oper::Ne if let Some((is, other)) = self.beside_variant(func, values) => {
                        let is_equal = self.holds_constant(func, is, &self.operand(func, other, state)?)?;
                        Some(if *oper == Oper::Ne { not(&is_equal) } else { is_equal })
                    }
                    Oper::Eq => equal(&operand(0)?, &operand(1)?),
                    Oper::IsVariant => equal(&operand(0)?, &operand(1).map(fate)?),
                    Oper::Ne => Some(not(&equal(&operand(0)?, &operand(1)?)?)),
                    // In a script that asks for a property: of a list, for a number.
                    Oper::In | Oper::NotIn if self.values.language(func) != Language::Python => None,
                    Oper::In | Oper::NotIn
                        if let Some(flag) = self.flag_asked(func, *values.first()?, *values.get(1)?) =>
                    {
                        Some(Abs::test(flag, None, *oper == Oper::NotIn))
                    }
                    Oper::In | Oper::NotIn
                        if let (Some(Abs::Const(Const::Str(part))), Some(Abs::Const(Const::Str(text)))) =
                            (operand(0), operand(1)) =>
                    {
                        Some(Abs::Const(Const::Bool(text.contains(part.as_str()) == (*oper == Oper::In))))
                    }
                    Oper::In => member(&operand(0)?, &self.constants_in(func, *values.get(1)?)?),
                    Oper::NotIn => Some(not(&member(&operand(0)?, &self.constants_in(func, *values.get(1)?)?)?)),
                    // Whether the runtime has something is the same in the whole process.
                    Oper::TypeOf => match &self.values.program.funcs[func].instrs[*values.first()?].op {
                        Op::Load(Place { base: Base::Global(name), path }) if path.is_empty() => {
                            let absent = self.is_absent(name).then(|| Abs::Const(Const::str("undefined")));
                            absent.or_else(|| Some(Abs::Sym(format!("typeof {name}").into())))
                        }
                        Op::Load(place) => self.is_method(func, place).then(|| Abs::Const(Const::str(FUNCTION))),
                        _ => None,
                    },
                    // The level of a record, and the least one that is shown.
                    Oper::Compare(order) => match (operand(0)?, operand(1)?) {
                        (Abs::Const(Const::Int(a)), Abs::Const(Const::Int(b))) => {
                            Some(Abs::Const(Const::Bool(order.holds(a.cmp(&b)))))
                        }
                        _ => None,
                    },
                    Oper::IsMissing => equal(&operand(0)?, &Abs::Const(Const::Undefined)),
                    _ => None,
                }
            }
            Op::Call(call) => self.given_at(func, id, state).or_else(|| self.call_sym(func, id, call, state)),
            Op::Import(_) => self.imported(func, id, 0),
            Op::Record(record) => {
                let name = self.variant_literal(record)?;
                let is_fate = has_value(name).is_some();
                Some(if is_fate { fate(Abs::Const(Const::Str(name.clone()))) } else { Abs::Const(variant_const(name)) })
            }
            _ => None,
        }
    }

    pub(super) fn operand(&self, func: FuncId, id: InstrId, state: &State) -> Option<Abs> {
        match &self.values.program.funcs[func].instrs[id].op {
            // What a call gave was noted when it ran.
            Op::Call(_) => self.given_at(func, id, state),
            op => self.eval(func, id, op, state),
        }
    }

    fn load(&self, func: FuncId, id: InstrId, place: &Place, state: &State) -> Option<Abs> {
        if place.path.is_empty()
            && let Some(abs) = self.var(&place.base).and_then(|var| state.vars.get(var))
        {
            return Some(abs.clone());
        }
        if let Some(abs) = self.main_place(func, place).or_else(|| self.given_by_name(func, place, state)) {
            return Some(abs);
        }
        if let Some(value) = self.constant(func, id) {
            return Some(Abs::Const(value));
        }
        if self.is_lacked(func, id) {
            return Some(Abs::Const(Const::Undefined));
        }
        if let Some(value) = self.item_given_first(func, id, place) {
            return Some(Abs::Const(value));
        }
        if let (Base::Cell(cell), []) = (&place.base, &*place.path) {
            let settled = self.settled(func, id, self.stores_of(*cell)).filter(|_| !self.may_be_unset(*cell));
            return settled.or_else(|| self.cell(*cell, 0));
        }
        if let Some(value) = self.field_of_made(place, state).or_else(|| self.kept_under(func, id, place, state)) {
            return Some(value);
        }
        if self.is_terminal_place(func, id) {
            return Some(Abs::Const(Const::Undefined));
        }
        if let Some(flag) = self.flag_place(func, place) {
            return Some(Abs::Sym(flag));
        }
        let setting = self.env_place(func, id, place).or_else(|| self.command_place(func, id, place));
        if let Some(setting) = setting.or_else(|| self.option_place(func, place)) {
            if self.is_never_set(&setting) || self.is_mark_of_other(&setting) {
                return Some(Abs::Const(Const::Undefined));
            }
            return Some(Abs::Sym(setting));
        }
        if let Some(abs) = self.given_by_getter(func, id, place).or_else(|| self.single_field(func, id, place)) {
            return Some(abs);
        }
        self.place_sym(func, place, state).map(Abs::Sym)
    }

    /// The constant an instruction gives whatever the path, if it is one.
    pub(super) fn constant(&self, func: FuncId, id: InstrId) -> Option<Const> {
        let is_constant = |value: &Value| matches!(value, Value::Const(_) | Value::Variant(..));
        if !self.values.of(func, id).items().iter().any(is_constant) {
            return None;
        }
        let known = self.prepared.constants.borrow().get(&(func, id)).cloned();
        let constant = known.unwrap_or_else(|| {
            let constant = self.find_constant(func, id);
            self.prepared.constants.borrow_mut().insert((func, id), constant.clone());
            constant
        });
        constant.filter(|_| !self.may_lack(func, id))
    }

    fn find_constant(&self, func: FuncId, id: InstrId) -> Option<Const> {
        let set = self.values.of(func, id);
        if let Op::Load(place) = &self.values.program.funcs[func].instrs[id].op
            && (matches!((&place.base, &*place.path), (Base::Cell(cell), []) if self.may_be_unset(*cell))
                || self.is_filled(func, place)
                || place.split_last().is_some_and(|(owner, _)| self.is_given_openly(func, &owner)))
        {
            return None;
        }
        if let Some(value) = set.single_const() {
            return Some(value.clone());
        }
        // An enum member: its variant, or the one constant it stands for.
        let mut variant = None;
        for value in set.items() {
            match value {
                Value::Variant(_, name) if variant.is_none() => variant = Some(name),
                Value::Const(_) => {}
                _ => return None,
            }
        }
        let variant = variant?;
        let mut consts =
            set.items().iter().filter_map(|value| if let Value::Const(value) = value { Some(value) } else { None });
        match (consts.next(), consts.next()) {
            (Some(value), None) => Some(value.clone()),
            (None, _) => Some(variant_const(variant)),
            _ => None,
        }
    }

    /// Is the place a field of an object that a library fills?
    pub(super) fn is_filled(&self, func: FuncId, place: &Place) -> bool {
        let Some((owner, _)) = place.split_last() else { return false };
        self.values.place_values(func, &owner).unwrap_or_default().iter().any(|value| match value {
            Value::Instance(class) | Value::Typed(class) => self.values.is_filled_by_library(*class),
            _ => false,
        })
    }

    /// What is known of a variable that is the same for the whole process.
    pub(super) fn variable(&self, base: &Base) -> Option<Abs> {
        if let Base::Cell(cell) = base { self.cell(*cell, 0) } else { None }
    }

    /// A variable that is written once is what was written.
    fn cell(&self, cell: CellId, depth: usize) -> Option<Abs> {
        let sym = || Some(Abs::Sym(cell_sym(cell)));
        let stores = self.prepared.stores.get(&cell).map_or(&[][..], Vec::as_slice);
        let [(func, store)] = stores else { return sym() };
        if depth > MAX_ALIASES {
            return sym();
        }
        if let Some(nothing) = self.never_stored((*func, *store)) {
            return Some(nothing);
        }
        if let Some(known) = self.seen_at(*func, *store) {
            let is_there = |abs: &Abs| !matches!(abs, Abs::Const(_)) || !self.may_be_unset(cell);
            return known.clone().filter(is_there).or_else(sym);
        }
        let Op::Store(_, value) = &self.values.program.funcs[*func].instrs[*store].op else { return sym() };
        match &self.values.program.funcs[*func].instrs[*value].op {
            Op::Import(_) => self.imported(*func, *value, depth + 1).or_else(sym),
            _ => sym(),
        }
    }

    /// What an import of a name gives: what the exporting module keeps under it.
    fn imported(&self, func: FuncId, id: InstrId, depth: usize) -> Option<Abs> {
        let program = self.values.program;
        let Op::Import(import) = &program.funcs[func].instrs[id].op else { return None };
        if let Some(value) = self.constant(func, id) {
            return Some(Abs::Const(value));
        }
        let Imported::Named(name) = &import.what else { return None };
        match self.values.linker.resolve(program.funcs[func].module, &import.from) {
            Target::Module(module, rest) if rest.is_empty() => {
                let cell = program.modules[module].exports.names.get(name)?;
                self.cell(*cell, depth)
            }
            _ => None,
        }
    }

    /// A field of one known object that is written once is what was written.
    pub(super) fn single_field(&self, func: FuncId, id: InstrId, place: &Place) -> Option<Abs> {
        let (owner, field) = place.split_last()?;
        let objs = self.objects_in(func, &owner)?;
        let objs = if objs.len() > 1 { self.given_first(func, &owner).unwrap_or(objs) } else { objs };
        let name = match field {
            Field::Name(name) => name.clone(),
            // `Output(stream)`, of which `output.0` is the stream.
            Field::Index(at) if self.values.language(func) == Language::Rust => at.to_string().into(),
            _ => return None,
        };
        let name = &name;
        let key = Key::Name(name.clone());
        if self.is_never_put(func, &owner, &key) || self.is_in_nothing(func, &owner) {
            return Some(Abs::Const(Const::Undefined));
        }
        if let Some(made) = self.field_of_struct(func, place, &objs, name) {
            return Some(made);
        }
        let [obj] = objs.as_slice() else {
            let same = self.same_in_made(func, place, objs, &key);
            return same.filter(|_| !self.may_lack(func, id)).map(Abs::Const);
        };
        let own: Symbol = format!("{obj:?}.{name}").into();
        if self.values.is_open(obj) {
            return Some(Abs::Sym(own));
        }
        let on_top = self.on_top(obj, &key);
        let stores = on_top.as_deref().unwrap_or_else(|| self.values.stores_to(obj, &key));
        if let [store] = stores
            && self.differs_by_object(*store)
        {
            return None;
        }
        if !self.is_of_library(obj) && !stores.is_empty() {
            self.note_kept(&own, name, stores);
        }
        match stores {
            [at] => {
                // A store's own value is the value written; a literal's entry is named by its value.
                let nothing = if self.is_of_library(obj) { None } else { self.never_stored(*at) };
                // The name of what was put there when less was assumed does not say that it is there in this process.
                let is_put =
                    |abs: &Abs| matches!(abs, Abs::Const(_)) || self.seen.contains_key(at) || !self.is_noted(&own);
                let put = || self.seen_at(at.0, at.1).cloned().flatten().filter(is_put);
                nothing.or_else(|| put().filter(|_| !self.may_lack(func, id))).or(Some(Abs::Sym(own)))
            }
            [] => None,
            several => {
                let settled = self.settled(func, id, several).filter(|_| !self.may_lack(func, id));
                settled.or(Some(Abs::Sym(own)))
            }
        }
    }

    /// Does an object have fields that a library puts there?
    fn is_of_library(&self, obj: &Obj) -> bool {
        match obj {
            Obj::Instances(class) => !self.values.classes.api_bases(*class).is_empty(),
            Obj::Record(_) => false,
            _ => true,
        }
    }

    /// A field that a struct declares is one of that struct, whatever it is wrapped in: `state.read().unwrap().open`.
    fn field_of_struct(&self, func: FuncId, place: &Place, objs: &[Obj], name: &Symbol) -> Option<Abs> {
        let mut structs = objs.iter().filter(|obj| match obj {
            Obj::Instances(class) => {
                let data = &self.values.program.classes[*class];
                data.kind == ClassKind::Struct && data.fields.iter().any(|field| field.name == *name)
            }
            _ => false,
        });
        let obj = structs.next()?;
        if structs.any(|other| other != obj) {
            return None;
        }
        self.kept_as_made(obj, &Key::Name(name.clone())).filter(|_| !self.is_filled(func, place))
    }

    /// The objects that a place can hold. Of a declared interface none is made: what is there is one of the others.
    pub(super) fn objects_in(&self, func: FuncId, place: &Place) -> Option<Vec<Obj>> {
        let values = self.values.place_values(func, place)?;
        let mut objs: Vec<Obj> = values.iter().filter_map(|value| self.values.object_of(value)).collect();
        objs.dedup();
        if !objs.iter().all(|obj| self.is_declared(obj)) {
            objs.retain(|obj| !self.is_declared(obj));
        }
        Some(objs)
    }

    /// Is an object one of a declared interface?
    pub(super) fn is_declared(&self, obj: &Obj) -> bool {
        matches!(obj, Obj::Instances(class) if self.values.program.classes[*class].kind == ClassKind::Interface)
    }

    /// The constant that a field is in each of several objects, or in each of those that the process was seen to make.
    fn same_in_made(&self, func: FuncId, place: &Place, objs: Vec<Obj>, key: &Key) -> Option<Const> {
        self.same_in_all(func, place, &objs, key).or_else(|| {
            let (unmade, made): (Vec<Obj>, Vec<Obj>) = objs.into_iter().partition(|obj| self.is_unmade(obj));
            let same = self.same_in_all(func, place, &made, key).filter(|_| !unmade.is_empty())?;
            self.rely_on_unmade(&unmade);
            Some(same)
        })
    }

    /// The constant that a field is in each of several objects; objects in which nothing was put there say nothing.
    fn same_in_all(&self, func: FuncId, place: &Place, objs: &[Obj], key: &Key) -> Option<Const> {
        let mut found: Option<Const> = None;
        for obj in objs {
            if self.values.is_open(obj) {
                return None;
            }
            // What a call made of the program's own is there as that, too; all else of a library holds what nobody knows.
            if let Obj::Api(made) = obj {
                if objs.contains(&Obj::Record(Site::Instr(*made))) { continue } else { return None }
            }
            let held = self.values.of_slot(self.values.known_field(obj, key)?);
            if held.items().is_empty() {
                continue;
            }
            let constant = held.single_const()?;
            if found.get_or_insert_with(|| constant.clone()) != constant {
                return None;
            }
        }
        found.filter(|_| !self.is_filled(func, place))
    }

    /// The name of what a place holds.
    pub(super) fn place_sym(&self, func: FuncId, place: &Place, state: &State) -> Option<Symbol> {
        let (kept, path) = match self.kept_object(func, place) {
            Some(kept) => (Some(kept), &place.path[1..]),
            None => (None, &place.path[..]),
        };
        let mut text = match &place.base {
            _ if kept.is_some() => kept?.to_string(),
            base @ (Base::Local(_) | Base::Cell(_))
                if let Some(abs) = self.var(base).and_then(|var| state.vars.get(var)) =>
            {
                let Abs::Sym(sym) = abs else { return None };
                sym.to_string()
            }
            Base::Local(local) => match self.param_name(func, *local) {
                Some(name) => name,
                None => self.single_local(func, *local)?,
            },
            Base::Cell(cell) => match self.cell(*cell, 0)? {
                Abs::Sym(sym) => sym.to_string(),
                _ => return None,
            },
            Base::Value(value) => match self.operand(func, *value, state)? {
                Abs::Sym(sym) => sym.to_string(),
                _ => return None,
            },
            Base::Global(name) => name.to_string(),
        };
        for field in path {
            add_field(&mut text, field)?;
        }
        if text.len() > MAX_SYM { None } else { Some(text.into()) }
    }

    /// The name of the object that is kept in the field with which a place begins, where that is written once: what is said of
    /// `self.settings.mode` in one method holds in the others.
    fn kept_object(&self, func: FuncId, place: &Place) -> Option<Symbol> {
        let [Field::Name(name), _, ..] = &place.path[..] else { return None };
        let Base::Local(local) = &place.base else { return None };
        let objs = self.objects_in(func, &Place::local(*local))?;
        let ([obj @ Obj::Instances(_)], false) = (&objs[..], objs.iter().any(|obj| self.values.is_open(obj))) else {
            return None;
        };
        let [at] = self.values.stores_to(obj, &Key::Name(name.clone())) else { return None };
        Some(match self.seen_at(at.0, at.1) {
            Some(Some(Abs::Sym(kept))) => kept.clone(),
            _ => format!("{obj:?}.{name}").into(),
        })
    }

    fn param_name(&self, func: FuncId, local: LocalId) -> Option<String> {
        let params = &self.values.program.funcs[func].params;
        let at = params.iter().position(|param| param.local == local)?;
        Some(param_sym(func, at).into())
    }

    fn single_local(&self, func: FuncId, local: LocalId) -> Option<String> {
        Some(local_sym(func, local).to_string())
    }

    /// The truth of what a call asks about: `Boolean(options.verbose)`. Of nothing, some are known to be false: `callable(None)`.
    fn truth_asked(&self, clean: &[RowRef], call: &Call, func: FuncId, state: &State) -> Option<Abs> {
        if let Some(port) = clean.iter().find_map(|row| self.values.models.clean(*row).false_of_nothing.as_deref()) {
            let value = argument(call, &self.values.models.port(port)?.head)?;
            let is_nothing = matches!(self.operand(func, value, state)?, Abs::Const(Const::Null | Const::Undefined));
            return is_nothing.then_some(Abs::Const(Const::Bool(false)));
        }
        let asked = clean.iter().find_map(|row| self.values.models.clean(*row).truth_of.as_deref())?;
        let value = argument(call, &self.values.models.port(asked)?.head)?;
        Some(not(&not(&self.operand(func, value, state)?)))
    }

    /// The name of what an unresolved or library call gives: `param.clone()` is `param`, `argv.includes("--http")` itself.
    pub(super) fn call_sym(&self, func: FuncId, id: InstrId, call: &Call, state: &State) -> Option<Abs> {
        if let Some(value) = self.constant(func, id) {
            return Some(Abs::Const(value));
        }
        let known = self.main_test_call(func, call).or_else(|| self.given_by_lookup(func, call, state));
        if let Some(abs) = known.or_else(|| self.of_known_text(func, call, state)) {
            return Some(abs);
        }
        if self.is_terminal_call(func, id) {
            return Some(Abs::Const(Const::Bool(false)));
        }
        if let Some(setting) = self.env_call(func, id, call, state) {
            return Some(Abs::Sym(setting));
        }
        let clean = self.values.call_rows((func, id), Table::Clean);
        if let Some(abs) = self.truth_asked(&clean, call, func, state) {
            return Some(abs);
        }
        if clean.iter().any(|row| self.values.models.clean(*row).asks_level) {
            return None;
        }
        let (owner, method) = call.callee.split_last().unzip();
        if let (Some(owner), Some(Field::Name(name)), [item]) = (&owner, method, &call.args[..])
            && self.values.models.tells_members(name)
            && let Some(listed) = match (&owner.base, &owner.path[..]) {
                (Base::Value(list), []) => self.constants_in(func, *list),
                _ => self.values.place_values(func, owner).and_then(|found| self.constants_of(found)),
            }
        {
            return member(&self.operand(func, item.value, state)?, &listed);
        }
        let mut text = match (&owner, method) {
            (Some(owner), Some(Field::Name(name))) => {
                let of = match self.values.place_values(func, owner).unwrap_or_default() {
                    _ if let Some(setting) = self.env_owner(func, owner) => Some(setting),
                    [Value::Api(node, _)] if self.values.models.index.node(*node).is_modelled() => {
                        Some(self.values.models.index.node(*node).name.clone())
                    }
                    _ => None,
                };
                let of = of.or_else(|| match self.held_in_place(func, id, owner, state) {
                    Some(Abs::Sym(of)) => Some(of),
                    _ => None,
                })?;
                if call.args.is_empty() && self.values.models.gives_the_same(name) {
                    return Some(Abs::Sym(of));
                }
                if let (true, Some(spelling)) = (call.args.is_empty(), self.values.models.spelling(name)) {
                    return (of.len() < MAX_SYM).then(|| Abs::Sym(spelled(&of, name, spelling)));
                }
                // `is_none()` is the other answer to what `is_some()` asks.
                if let (true, Some(says)) = (call.args.is_empty(), self.values.models.says_present(name)) {
                    let asked = equal(&Abs::Sym(of), &fate(Abs::Const(Const::str(PRESENT))))?;
                    return Some(if says { asked } else { not(&asked) });
                }
                // What else is asked of an object may be something else the next time: `queue.next()`.
                if call.args.is_empty() && !name.starts_with("is") && !name.starts_with("has") {
                    return None;
                }
                format!("{of}.{name}")
            }
            (None, _) => self.place_sym(func, &call.callee, state)?.to_string(),
            _ => return None,
        };
        text.push('(');
        for arg in &call.args {
            match self.operand(func, arg.value, state) {
                Some(Abs::Const(value)) => write!(text, "{value:?},").ok()?,
                Some(Abs::Sym(sym)) => write!(text, "{sym},").ok()?,
                _ if matches!(self.values.program.funcs[func].instrs[arg.value].op, Op::Closure(_)) => return None,
                // Another run of the function may give something else.
                _ => write!(text, "{},", given_sym(func, arg.value)).ok()?,
            }
        }
        text.push(')');
        if text.len() > MAX_SYM { None } else { Some(Abs::Sym(text.into())) }
    }
}
