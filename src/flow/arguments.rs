//! What a called function is known to be given, as far as that chooses what it does: the arguments of its context.

use std::rc::Rc;

use crate::base::Symbol;
use crate::base::bounds::{MAX_MODE, MAX_VARIABLE};
use crate::ir::func::{End, FuncId, LocalId, Param, ParamKind};
use crate::ir::instr::{ArgKind, Base, Call, Const, Field, InstrId, Op, Place};
use crate::ir::program::Language;
use crate::resolve::solve::CallKind;
use crate::resolve::values::{At, Value};

use super::abs::{Abs, truth};
use super::explore::{Explorer, State};
use super::step::names_own;
use super::variants::variant;

impl Explorer<'_> {
    /// What is known of the arguments, by the callee's parameters.
    pub(super) fn arguments(&mut self, (func, id): At, call: &Call, callee: FuncId, state: &State) -> Vec<Option<Abs>> {
        let params = &self.values.program.funcs[callee].params;
        let takes = |at: &usize| {
            params.get(*at).is_some_and(|param| matches!(param.kind, ParamKind::Plain | ParamKind::NamedOnly))
        };
        let named = |name: &Symbol| params.iter().position(|param| param.name == *name).filter(takes);
        let mut known: Vec<Option<Abs>> = vec![None; params.len()];
        let mut given = vec![false; params.len()];
        let mut position = Some(0);
        let mut is_open = false;
        let handed = self.values.handed_receiver((func, id), callee);
        for arg in call.args.iter().skip(usize::from(handed.is_some())) {
            let at = match &arg.kind {
                ArgKind::Positional => {
                    let at = position;
                    position = position.map(|at| at + 1);
                    at.filter(takes)
                }
                ArgKind::Named(name) => named(name),
                // What is behind it has no position that is known.
                ArgKind::Spread => {
                    is_open = true;
                    position = None;
                    None
                }
                ArgKind::SpreadNamed => {
                    is_open = true;
                    for (name, value) in self.handed_on(func, arg.value, state) {
                        if let Some(at) = named(&name) {
                            known[at] = Some(Abs::Const(value));
                        }
                    }
                    None
                }
            };
            let Some(at) = at else { continue };
            given[at] = true;
            if self.calls_given(callee, at)
                && let Some(closure) = self.closure((func, arg.value))
            {
                known[at] = Some(closure);
                continue;
            }
            let abs = self.operand(func, arg.value, state).filter(selects);
            let object = self.handed_literal((func, arg.value), abs.as_ref(), (callee, at), state);
            let is_object = object.is_some();
            let abs = object.or(abs);
            let abs = self.transport_handed((func, arg.value), (callee, at), abs);
            let is_known = |abs: &Abs| {
                is_object
                    || !self.tells_nothing(abs, func, callee, state)
                    || self.is_asked_about(abs, callee, at, &state.facts)
            };
            known[at] = abs.filter(is_known);
        }
        for (at, param) in params.iter().enumerate() {
            if takes(&at) && !given[at] && !is_open {
                known[at] = match param.default {
                    // What has to be given and is not, a decorator gives: `@click.option("--http") def main(http)`.
                    None if self.values.language(callee) == Language::Python => None,
                    None => Some(Abs::Const(Const::Undefined)),
                    Some(default) => match &self.values.program.funcs[callee].instrs[default].op {
                        Op::Const(value) => Some(Abs::Const(value.clone())),
                        _ => None,
                    },
                };
            }
        }
        known
    }

    /// Does a function call what it is given for a parameter, or hand that on, which is a function of its own for several
    /// callers: `async function connected(work) { return await work() }`?
    fn calls_given(&self, callee: FuncId, param: usize) -> bool {
        let body = &self.values.program.funcs[callee];
        let Some(whole) = body.params.get(param).map(|param| Place::local(param.local)) else { return false };
        let is_func = |value: &&Value| matches!(value, Value::Func(_));
        body.instrs.iter_enumerated().any(|(id, instr)| match &instr.op {
            Op::Call(call) if call.callee == whole => {
                let direct = self.values.callees((callee, id)).iter().filter(|(_, kind)| *kind == CallKind::Direct);
                direct.count() > 1
            }
            Op::Load(place) if *place == whole => {
                self.values.of(callee, id).items().iter().filter(is_func).nth(1).is_some()
            }
            _ => false,
        })
    }

    /// The constants that a call gives under names for which the callee has no parameter, where it leads to serving.
    pub(super) fn named_beside(
        &self,
        func: FuncId,
        call: &Call,
        callee: FuncId,
        state: &State,
    ) -> Rc<Vec<(Symbol, Const)>> {
        let params = &self.values.program.funcs[callee].params;
        let takes_all = params.iter().any(|param| param.kind == ParamKind::RestNamed);
        if !takes_all || !self.to_serving.contains(&callee) {
            return Rc::default();
        }
        let mut named: Vec<(Symbol, Const)> = Vec::new();
        for arg in &call.args {
            match &arg.kind {
                ArgKind::Named(name) => {
                    if let Some(abs @ Abs::Const(value)) = &self.operand(func, arg.value, state)
                        && selects(abs)
                    {
                        named.push((name.clone(), value.clone()));
                    }
                }
                ArgKind::SpreadNamed => named.extend(self.handed_on(func, arg.value, state)),
                ArgKind::Positional | ArgKind::Spread => {}
            }
        }
        named.retain(|(name, _)| params.iter().all(|param| param.name != *name));
        named.sort();
        Rc::new(named)
    }

    /// What a function hands on of what it was given by names: all of `**kwargs`, but for what it asks for or puts in there
    /// itself.
    pub(super) fn handed_on(&self, func: FuncId, value: InstrId, state: &State) -> Vec<(Symbol, Const)> {
        let data = &self.values.program.funcs[func];
        let is_rest = |param: &&Param| param.kind == ParamKind::RestNamed;
        let Some(all) = data.params.iter().find(is_rest).map(|param| Place::local(param.local)) else {
            return Vec::new();
        };
        if state.named.is_empty() || !matches!(&data.instrs[value].op, Op::Load(place) if *place == all) {
            return Vec::new();
        }
        let mut named = (*state.named).clone();
        for instr in data.instrs.iter() {
            let touched = match &instr.op {
                Op::Store(place, _) if place.base == all.base => place.path.first().cloned(),
                Op::Call(call) if call.callee.base == all.base && self.changes_table(call) => {
                    let key = call.args.first().map(|key| &data.instrs[key.value].op);
                    match key {
                        Some(Op::Const(Const::Str(name))) => Some(Field::Name(name.clone())),
                        _ => Some(Field::Any),
                    }
                }
                _ => continue,
            };
            match touched {
                Some(Field::Name(touched)) => named.retain(|(name, _)| *name != touched),
                _ => named.clear(),
            }
        }
        named
    }

    /// What a function was given under a name for which it has no parameter: `kwargs["mode"]`.
    pub(super) fn given_by_name(&self, func: FuncId, place: &Place, state: &State) -> Option<Abs> {
        let (table, Field::Name(name)) = place.split_last()? else { return None };
        self.looked_up(func, &table, name, state)
    }

    /// The same, asked for by a method: `kwargs.get("mode")`.
    pub(super) fn given_by_lookup(&self, func: FuncId, call: &Call, state: &State) -> Option<Abs> {
        let (table, Field::Name(method)) = call.callee.split_last()? else { return None };
        let key = call.args.first().filter(|_| self.values.models.looks_up(method))?;
        match &self.values.program.funcs[func].instrs[key.value].op {
            Op::Const(Const::Str(name)) => self.looked_up(func, &table, name, state),
            _ => None,
        }
    }

    fn looked_up(&self, func: FuncId, table: &Place, name: &Symbol, state: &State) -> Option<Abs> {
        if state.named.is_empty() || !table.path.is_empty() {
            return None;
        }
        let data = &self.values.program.funcs[func];
        let is_it = |param: &Param| param.kind == ParamKind::RestNamed && table.base == Base::Local(param.local);
        let is_written = |op: &Op| match op {
            Op::Store(place, _) => place.base == table.base,
            Op::Call(call) if call.callee.base == table.base => {
                matches!(call.callee.path.last(), Some(Field::Name(method)) if self.values.models.merges(method))
            }
            _ => false,
        };
        if !data.params.iter().any(is_it) || data.instrs.iter().any(|instr| is_written(&instr.op)) {
            return None;
        }
        let (_, given) = state.named.iter().find(|(known, _)| known == name)?;
        Some(Abs::Const(given.clone()))
    }

    fn changes_table(&self, call: &Call) -> bool {
        let Some(Field::Name(method)) = call.callee.path.last() else { return true };
        self.values.models.keeps(method) || self.values.models.removes(method)
    }

    /// Is an argument an unknown that only the caller has a name for? What leads to serving may tell by it what else holds
    /// there; elsewhere the function does the same with any other unknown.
    pub(super) fn tells_nothing(&self, abs: &Abs, caller: FuncId, callee: FuncId, state: &State) -> bool {
        let Some(unknown) = abs.sym() else { return false };
        !self.to_serving.contains(&callee)
            && names_own(abs, caller)
            && self.chosen.of(unknown).is_none()
            && truth(abs, &[&state.facts, &self.assumed]).is_none()
    }

    /// The arguments of which the conditions on the way to the call say whether they are true, where the callee asks, too.
    pub(super) fn asked(&self, callee: FuncId, args: &[Option<Abs>], state: &State) -> Vec<(usize, bool)> {
        let callee = &self.values.program.funcs[callee];
        let asks = |of: LocalId| {
            let is_it =
                |value: &InstrId| matches!(&callee.instrs[*value].op, Op::Load(place) if *place == Place::local(of));
            callee.blocks.iter().any(|block| match block.end {
                End::Branch { on, .. } => match &callee.instrs[on].op {
                    Op::Operator(_, operands) => operands.iter().any(is_it),
                    _ => is_it(&on),
                },
                _ => false,
            })
        };
        let known = args.iter().enumerate().filter_map(|(at, abs)| match abs {
            Some(abs @ Abs::Sym(_)) => Some((at, truth(abs, &[&state.facts])?)),
            _ => None,
        });
        known.filter(|(at, _)| callee.params.get(*at).is_some_and(|param| asks(param.local))).collect()
    }
}

/// Is it worth a context of its own? Texts are: levels, modes and variables of the environment are texts; messages exhaust the
/// contexts harmlessly.
fn selects(abs: &Abs) -> bool {
    let is_variable = |text: &str| text.bytes().all(|sign| matches!(sign, b'A'..=b'Z' | b'0'..=b'9' | b'_'));
    match abs {
        Abs::Const(Const::Str(text)) if variant(text).is_some() => true,
        Abs::Const(Const::Str(text)) if text.len() <= MAX_MODE => !text.contains(' '),
        Abs::Const(Const::Str(text)) => text.len() <= MAX_VARIABLE && is_variable(text),
        _ => true,
    }
}
