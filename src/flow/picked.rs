//! Which of several objects stands where a method is called, or which function: `const log = onStdio ? quiet : loud;
//! log.info("ready")`. What holds there tells which way was taken, and that which object it is.

use crate::base::Symbol;
use crate::base::bounds::MAX_ALIASES;
use crate::ir::func::FuncId;
use crate::ir::instr::{Base, Call, Const, Field, InstrId, Op, Place};
use crate::resolve::solve::CallKind;
use crate::resolve::values::{At, Key, Value};

use super::abs::{Abs, Facts};
use super::explore::{Explorer, State};
use super::joins::{cell_sym, given_sym};

impl Explorer<'_> {
    /// Notes that a symbol names the object, or function, that an instruction gives.
    pub(super) fn note_object(&mut self, sym: &Symbol, (func, id): At) {
        let is_object = |value: &Value| matches!(value, Value::Func(_) | Value::Record(_) | Value::Instance(_));
        let items = self.values.of(func, id).items();
        let is_known = |value: &Value| is_object(value) || *value == Value::Unknown && self.makes_own((func, id));
        if items.iter().any(is_object) && items.iter().all(is_known) {
            self.chosen.alternatives.stands_for(sym, (func, id));
        }
    }

    /// Does a call make an object of a class of the program, and nothing else?
    fn makes_own(&self, at: At) -> bool {
        let classes = self.values.callee_slot(at).map(|slot| self.values.of_slot(slot).items());
        classes.is_some_and(|items| !items.is_empty() && items.iter().all(|value| matches!(value, Value::Class(_))))
    }

    /// The name of the function that a closure makes.
    pub(super) fn closure(&mut self, at: At) -> Option<Abs> {
        let Op::Closure(_) = self.values.program.funcs[at.0].instrs[at.1].op else { return None };
        let sym = given_sym(at.0, at.1);
        self.chosen.alternatives.stands_for(&sym, at);
        Some(Abs::Sym(sym))
    }

    /// What is stored to a variable that is written once stands behind the variable's name.
    pub(super) fn note_stored(&mut self, func: FuncId, place: &Place, value: InstrId) {
        if let (Base::Cell(cell), []) = (&place.base, &*place.path)
            && self.stores_of(*cell).len() == 1
        {
            self.note_object(&cell_sym(*cell), (func, value));
        }
    }

    /// The functions of the program that a call can get to where it is made, of several that it gets to somewhere. `None` where
    /// nothing tells them apart.
    pub(super) fn picked(&self, at: At, call: &Call, state: &State) -> Option<Vec<FuncId>> {
        let callees = self.values.callees(at);
        let direct = || callees.iter().filter(|(_, kind)| *kind == CallKind::Direct).map(|(callee, _)| *callee);
        direct().nth(1)?;
        let (owner, method) = match call.callee.path.last() {
            Some(Field::Name(method)) => (call.callee.split_last()?.0, Some(method)),
            Some(_) => return None,
            None => (call.callee.clone(), None),
        };
        let mut objects = Vec::new();
        self.objects_named(&self.named(at, &owner, state)?, [&state.facts, &self.assumed], MAX_ALIASES, &mut objects)?;
        let gives = |callee: &FuncId| objects.iter().any(|object| self.gives(*object, method, *callee));
        let picked: Vec<FuncId> = direct().filter(gives).collect();
        (!picked.is_empty()).then_some(picked)
    }

    /// Is a function that a call hands over somewhere not the one that it hands over here: `job = quiet if on_stdio else loud;
    /// pool.submit(job)`?
    pub(super) fn is_other(&self, func: FuncId, call: &Call, callee: FuncId, state: &State) -> bool {
        let mut is_handed = false;
        for arg in &call.args {
            let items = self.values.of(func, arg.value).items();
            if !items.contains(&Value::Func(callee)) {
                continue;
            }
            let mut objects = Vec::new();
            let facts = [&state.facts, &self.assumed];
            let known = (items.len() > 1)
                .then(|| self.operand(func, arg.value, state))
                .flatten()
                .and_then(|abs| self.objects_named(&abs, facts, MAX_ALIASES, &mut objects));
            if known.is_none() || objects.is_empty() || objects.iter().any(|object| self.gives(*object, None, callee)) {
                return false;
            }
            is_handed = true;
        }
        is_handed
    }

    /// What is known of a variable, or of a field.
    fn named(&self, (func, id): At, place: &Place, state: &State) -> Option<Abs> {
        match (&place.base, &*place.path) {
            (Base::Value(value), []) => self.operand(func, *value, state),
            (base, []) => match self.var(base).and_then(|var| state.vars.get(var)) {
                Some(abs) => Some(abs.clone()),
                None => self.variable(base),
            },
            _ => self.single_field(func, id, place),
        }
    }

    /// The objects that an unknown can be where the facts hold, each by an instruction that gives it. `None` where they are not
    /// all known.
    fn objects_named(&self, abs: &Abs, facts: [&Facts; 2], depth: usize, found: &mut Vec<At>) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        let sym = match abs {
            Abs::Const(Const::Null | Const::Undefined) => return Some(()),
            Abs::Sym(sym) => sym,
            Abs::Const(_) | Abs::Test(_) => return None,
        };
        let alternatives = &self.chosen.alternatives;
        let Some(given) = alternatives.of(sym) else {
            found.push(alternatives.object(sym)?);
            return Some(());
        };
        for (abs, way) in given {
            if facts.iter().all(|facts| !way.contradicts(facts)) {
                self.objects_named(abs, facts, depth, found)?;
            }
        }
        Some(())
    }

    /// Is it the function that an object has under a name, or that stands there itself?
    fn gives(&self, object: At, method: Option<&Symbol>, func: FuncId) -> bool {
        let values = self.values;
        values.of(object.0, object.1).items().iter().any(|value| match (value, method) {
            (Value::Func(given), None) => *given == func,
            (Value::Instance(class), Some(_)) => values
                .classes
                .owner(func)
                .is_some_and(|owner| owner == *class || values.classes.descendants(owner).contains(class)),
            (_, Some(method)) => {
                let field =
                    values.object_of(value).and_then(|obj| values.known_field(&obj, &Key::Name(method.clone())));
                field.is_some_and(|slot| values.of_slot(slot).items().contains(&Value::Func(func)))
            }
            _ => false,
        })
    }
}
