//! What `?` makes of an error: `impl From<ParseError> for ToolError` runs where a function that declares to give a `ToolError` asks one
//! that declares to give a `ParseError`.
//!
//! Before values are followed, the text tells where that may be: a conversion becomes a call there, as it does in
//! `.map_err(|e| e.into())`. Which function is asked, the values tell: only of one that declares such an error is it converted.
//! Types are known by their names here, so one that shares its name with another one is left alone.

use rustc_hash::FxHashMap;

use crate::base::Symbol;
use crate::ir::func::{End, FuncId, FuncKind, Function};
use crate::ir::instr::{Arg, ArgKind, Base, Call, CallStyle, Entry, Field, Instr, InstrId, Op, Place};
use crate::ir::program::{ClassKind, Conversion, Language, Program};
use crate::ir::types::TypeRef;

use super::solve::{CallKind, Values};
use super::values::At;

const TRAIT: &str = "From";
const METHOD: &str = "from";
const INTO: &str = "into";
const MAP_ERR: &str = "map_err";
const ERR: &str = "Err";
const RESULT: &str = "Result";

/// The conversions that a program defines, by what is made and of what.
type Known = FxHashMap<(Symbol, Symbol), FuncId>;

/// Makes a call of each conversion that the text does not call.
pub(crate) fn convert(program: &mut Program) {
    let known = known(program);
    if known.is_empty() {
        return;
    }
    let aliases = aliases(program);
    let mut errors: FxHashMap<Symbol, Vec<Symbol>> = FxHashMap::default();
    let mut declared: FxHashMap<FuncId, Symbol> = FxHashMap::default();
    for (id, func) in program.funcs.iter_enumerated().filter(|(_, func)| is_rust(program, func)) {
        let Some(error) = func.ret.as_ref().and_then(|ret| error_type(program, &aliases, ret)) else { continue };
        errors.entry(func.name.clone()).or_default().push(error.clone());
        declared.insert(id, error);
    }
    let mut found: Vec<(At, At, Place, FuncId)> = Vec::new();
    for (id, func) in program.funcs.iter_enumerated().filter(|(_, func)| is_rust(program, func)) {
        let asks = asks(program, id, func);
        for (at, asked, payload) in asks {
            // What a closure that converts hands on is the error of the function around it.
            let Some(to) = declared.get(&asked.0) else { continue };
            let Op::Call(call) = &program.funcs[asked.0].instrs[asked.1].op else { continue };
            let Some(name) = called(program, call) else { continue };
            for from in errors.get(name).into_iter().flatten() {
                let Some(by) = known.get(&(to.clone(), from.clone())) else { continue };
                if !found.iter().rev().take_while(|last| last.0 == at).any(|last| last.3 == *by) {
                    found.push((at, asked, payload.clone(), *by));
                }
            }
        }
    }
    let of = |by: FuncId| known.iter().find(|(_, func)| **func == by).map(|((_, from), _)| from);
    let mut last: Option<(At, At)> = None;
    for (at, asked, payload, by) in found {
        let call = match last {
            Some((place, call)) if place == at => call,
            _ => put_in(program, at, payload),
        };
        last = Some((at, call));
        let asks = declared.iter().filter(|(_, error)| of(by) == Some(*error)).map(|(func, _)| *func).collect();
        program.conversions.push(Conversion { call, asked, by, asks });
    }
}

impl Values<'_> {
    /// Calls the conversions of what is asked where values tell that; true if there is one that was not called before.
    pub(super) fn convert_errors(&mut self) -> bool {
        let program = self.program;
        let before = self.edges_done.len();
        for Conversion { call, asked, by, asks } in &program.conversions {
            let callees = self.call_graph.get(asked).into_iter().flatten();
            if callees.into_iter().any(|(callee, kind)| *kind != CallKind::Callback && asks.contains(callee)) {
                let result = self.instr_slot(call.0, call.1);
                self.call_func(*call, *by, result, CallKind::Direct);
            }
        }
        self.edges_done.len() > before
    }
}

fn is_rust(program: &Program, func: &Function) -> bool {
    program.modules[func.module].language == Language::Rust
}

fn known(program: &Program) -> Known {
    let mut known: FxHashMap<(Symbol, Symbol), Vec<FuncId>> = FxHashMap::default();
    for block in program.modules.iter().flat_map(|module| &module.impls) {
        let (TypeRef::Named(target), Some(TypeRef::Named(interface))) = (&block.target, &block.interface) else {
            continue;
        };
        let Some(TypeRef::Named(source)) = interface.args.first() else { continue };
        let is_from = program.type_name(interface).is_some_and(|name| name == TRAIT);
        let (Some(to), Some(from)) = (program.type_name(target), program.type_name(source)) else { continue };
        if let Some((_, func)) = block.methods.iter().find(|(name, _)| is_from && name == METHOD)
            && to != from
        {
            known.entry((to.clone(), from.clone())).or_default().push(*func);
        }
    }
    if known.is_empty() {
        return Known::default();
    }
    let mut classes: FxHashMap<&Symbol, usize> = FxHashMap::default();
    for class in program.classes.iter().filter(|class| class.kind != ClassKind::Alias) {
        *classes.entry(&class.name).or_default() += 1;
    }
    let count = |name: &Symbol| classes.get(name).copied().unwrap_or_default();
    let only = known.into_iter().filter_map(|((to, from), funcs)| match &funcs[..] {
        [func] if count(&to) <= 1 && count(&from) == 1 => Some(((to, from), *func)),
        _ => None,
    });
    only.collect()
}

/// The errors of types that stand for a result: `type Result<T> = std::result::Result<T, ToolError>`. Of several by one name, none.
fn aliases(program: &Program) -> FxHashMap<&Symbol, Option<Symbol>> {
    let mut found = FxHashMap::default();
    for class in program.classes.iter().filter(|class| class.kind == ClassKind::Alias) {
        let Some(TypeRef::Named(stands_for)) = class.bases.first() else { continue };
        let (Some(name), [_, TypeRef::Named(error)]) = (program.type_name(stands_for), &stands_for.args[..]) else {
            continue;
        };
        if name == RESULT {
            let error = program.type_name(error).cloned();
            found.entry(&class.name).and_modify(|known| *known = None).or_insert(error);
        }
    }
    found
}

/// The error that a function declares to give.
fn error_type(program: &Program, aliases: &FxHashMap<&Symbol, Option<Symbol>>, ret: &TypeRef) -> Option<Symbol> {
    let TypeRef::Named(named) = ret else { return None };
    let name = program.type_name(named)?;
    match &named.args[..] {
        [_, TypeRef::Named(error)] if name == RESULT => program.type_name(error).cloned(),
        [] | [_] => aliases.get(name).cloned().flatten(),
        _ => None,
    }
}

/// The last name of what is called.
fn called<'p>(program: &'p Program, call: &'p Call) -> Option<&'p Symbol> {
    match (&call.callee.base, call.callee.path.last()) {
        (_, Some(Field::Name(name))) => Some(name),
        (Base::Cell(cell), None) => Some(&program.cells[*cell].name),
        _ => None,
    }
}

/// Where a function hands on the error of what it asks: behind which instruction or which call that is, what it asks, and the error.
fn asks(program: &Program, id: FuncId, func: &Function) -> Vec<(At, At, Place)> {
    let mut found = Vec::new();
    for block in func.blocks.iter() {
        // What is written as `?` and nothing else.
        let ([payload, err], End::Return(Some(given))) = (&block.instrs[..], &block.end) else { continue };
        let (Op::Load(place), Op::Record(record)) = (&func.instrs[*payload].op, &func.instrs[*err].op) else {
            continue;
        };
        let is_handed_on = matches!(&record.entries[..], [Entry::Field(_, value)] if value == payload) && given == err;
        if let (Base::Value(asked), [Field::Variant(name, 0)], true) = (&place.base, &*place.path, is_handed_on)
            && name == ERR
            && let Some(asked) = call_behind(func, *asked)
        {
            found.push(((id, *payload), (id, asked), Place::value(*payload)));
        }
    }
    let ([param], Some(parent), FuncKind::Lambda) = (&func.params[..], func.parent, func.kind) else { return found };
    let into = func.instrs.iter_enumerated().find_map(|(at, instr)| match &instr.op {
        Op::Call(call) if call.callee == Place::local(param.local).then(Field::name(INTO)) => Some(at),
        _ => None,
    });
    let Some(into) = into else { return found };
    let outer = &program.funcs[parent];
    let is_it = |value: InstrId| matches!(outer.instrs[value].op, Op::Closure(func) if func == id);
    found.extend(outer.instrs.iter().find_map(|instr| match &instr.op {
        Op::Call(call) if call.args.iter().any(|arg| is_it(arg.value)) => {
            match (&call.callee.base, &*call.callee.path) {
                (Base::Value(asked), [Field::Name(name)]) if name == MAP_ERR => {
                    Some(((id, into), (parent, call_behind(outer, *asked)?), Place::local(param.local)))
                }
                _ => None,
            }
        }
        _ => None,
    }));
    found
}

fn call_behind(func: &Function, value: InstrId) -> Option<InstrId> {
    match &func.instrs[value].op {
        Op::Await(inner) => call_behind(func, *inner),
        Op::Call(_) => Some(value),
        _ => None,
    }
}

/// Makes the conversion a call, or gives the one that there is what it converts. The call is where it was.
fn put_in(program: &mut Program, at: At, payload: Place) -> At {
    let body = &mut program.funcs[at.0];
    let span = body.instrs[at.1].span;
    let is_written = matches!(body.instrs[at.1].op, Op::Call(_));
    let arg = |value| vec![Arg { value, kind: ArgKind::Positional }];
    let op = match is_written {
        true => Op::Load(payload),
        false => {
            let callee = payload.then(Field::name(INTO));
            Op::Call(Box::new(Call { callee, args: arg(at.1), style: CallStyle::Implicit, types: Vec::new() }))
        }
    };
    let made = body.instrs.push(Instr { op, span });
    let Some((block, place)) = body.blocks.ids().find_map(|block| {
        let place = body.blocks[block].instrs.iter().position(|instr| *instr == at.1)?;
        Some((block, place))
    }) else {
        return at;
    };
    body.blocks[block].instrs.insert(place + usize::from(!is_written), made);
    if is_written {
        if let Op::Call(call) = &mut body.instrs[at.1].op {
            call.args = arg(made);
        }
        return at;
    }
    if let Some(err) = body.blocks[block].instrs.get(place + 2).copied()
        && let Op::Record(record) = &mut body.instrs[err].op
        && let Some(Entry::Field(_, value)) = record.entries.first_mut()
    {
        *value = made;
    }
    (at.0, made)
}
