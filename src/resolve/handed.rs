//! A function of its own for each sink that a library is handed to call it: `main().catch(console.error)` is read as
//! `main().catch((...args) => console.error(...args))`, so that what a library does with functions is followed there, too.
//!
//! This happens before values are followed, and what the text alone tells is enough: a name of the language in a script, handed
//! to a function of the language or by a method that calls what it is handed, whatever it is a method of, and that is none of the
//! program. What a container only keeps stays what it is. Elsewhere there are named arguments, which would be lost.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use crate::base::Symbol;
use crate::base::idx::IndexVec;
use crate::ir::func::{Block, End, FuncId, FuncKind, Function, Local, LocalId, Param, ParamKind};
use crate::ir::instr::{Arg, ArgKind, Base, Call, CallStyle, Field, Instr, InstrId, Op, Place};
use crate::ir::program::{Language, Program};
use crate::models::Models;
use crate::models::index::{NodeId, Table};
use crate::models::path::Step;

/// Puts a function around each sink that is handed to a library.
pub(crate) fn put_around(program: &mut Program, models: &Models) {
    let is_script = |body: &&Function| program.modules[body.module].language == Language::Script;
    let own: FxHashSet<&Symbol> = program.funcs.iter().filter(is_script).map(|body| &body.name).collect();
    let calls_it = |callee: &Place| match (&callee.base, callee.path.last()) {
        (Base::Global(_), _) => true,
        (_, Some(Field::Name(method))) => {
            let is_known = models.iterates(method)
                || models.listens(method)
                || models.index.told(Language::Script, method).is_some_and(|node| is_callback(node, models));
            is_known && !own.contains(method)
        }
        (_, _) => false,
    };
    let mut found: Vec<(FuncId, InstrId, Place)> = Vec::new();
    for (func, body) in program.funcs.iter_enumerated().filter(|(_, body)| is_script(body)) {
        for instr in body.instrs.iter() {
            let Op::Call(call) = &instr.op else { continue };
            if call.style != CallStyle::Plain || !calls_it(&call.callee) {
                continue;
            }
            for arg in call.args.iter().filter(|arg| arg.kind == ArgKind::Positional) {
                if let Op::Load(place) = &body.instrs[arg.value].op
                    && is_sink(place, models)
                {
                    found.push((func, arg.value, place.clone()));
                }
            }
        }
    }
    for (func, value, sink) in found {
        let around = around(&program.funcs[func], func, value, sink);
        let around = program.funcs.push(around);
        program.funcs[func].instrs[value].op = Op::Closure(around);
    }
}

fn is_callback(method: NodeId, models: &Models) -> bool {
    models.index.node(models.index.step(method, &Step::Call)).has(Table::Callback)
}

fn is_sink(place: &Place, models: &Models) -> bool {
    let (Base::Global(name), [_, ..]) = (&place.base, &*place.path) else { return false };
    let Some(mut node) = models.index.global(Language::Script, name) else { return false };
    for field in &place.path {
        let Field::Name(member) = field else { return false };
        node = models.index.step(node, &Step::Member(member.clone()));
    }
    models.index.node(models.index.step(node, &Step::Call)).has(Table::Sink)
}

/// `(...args) => sink(...args)`
fn around(outer: &Function, outer_id: FuncId, value: InstrId, sink: Place) -> Function {
    let span = outer.instrs[value].span;
    let name = Symbol::new("args");
    let mut locals: IndexVec<LocalId, Local> = IndexVec::new();
    let local = locals.push(Local { name: name.clone(), ty: None });
    let mut instrs: IndexVec<InstrId, Instr> = IndexVec::new();
    let given = instrs.push(Instr { op: Op::Load(Place::local(local)), span });
    let args = vec![Arg { value: given, kind: ArgKind::Spread }];
    let call = Call { callee: sink, args, style: CallStyle::Plain, types: Vec::new() };
    let gives = instrs.push(Instr { op: Op::Call(Box::new(call)), span });
    let block = Block { instrs: vec![given, gives], end: End::Return(Some(gives)), unwind: None };
    Function {
        name: "<lambda>".into(),
        module: outer.module,
        kind: FuncKind::Lambda,
        owner: None,
        parent: Some(outer_id),
        stands_for: None,
        is_async: false,
        is_generator: false,
        params: vec![Param {
            name,
            local,
            kind: ParamKind::Rest,
            ty: None,
            default: None,
            annotations: Vec::new(),
            span,
        }],
        receiver: None,
        ret: None,
        annotations: Vec::new(),
        locals,
        blocks: [block].into_iter().collect(),
        instrs,
        keys: BTreeMap::new(),
        handling: BTreeMap::new(),
        span,
        name_span: span,
    }
}
