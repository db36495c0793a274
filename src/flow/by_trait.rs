//! Methods of the program's objects that no code of it calls: what a language calls when an object is dropped or shown, what a library
//! calls by a trait or base class of its own.

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::func::FuncId;
use crate::ir::instr::{ArgKind, Base, InstrId, Op};
use crate::ir::program::{ClassId, ClassKind, Language};
use crate::models::handlers::HandlerKind;
use crate::resolve::solve::Values;
use crate::resolve::values::{At, Key, Value};

use super::explore::{Explorer, Mode};
use super::live::Live;
use super::process::owner;

/// Methods that a language or library calls on objects of the program: destructors, implementations of library traits.
pub(super) fn run_by_trait(explorer: &mut Explorer<'_>, live: &Live) {
    let values = explorer.values;
    let mut used: BTreeSet<ClassId> = BTreeSet::new();
    let mut last = None;
    for (func, _) in live.sites.keys() {
        if last.replace(*func) != Some(*func) {
            used.extend(owner(values, *func));
        }
    }
    used.extend(made(values, live));
    // The library makes the objects of a class that is served itself: `Notes.serve("/mcp")`.
    let receivers = explorer.serves.values().filter_map(|serve| values.receiver_slot(serve.at));
    used.extend(receivers.flat_map(|slot| values.of_slot(slot).items()).filter_map(|value| match value {
        Value::Class(class) => Some(*class),
        _ => None,
    }));
    let Some(at) = explorer.serves.values().next().map(|serve| serve.at) else { return };
    for class in used {
        for func in values.called_by_libraries(class) {
            explorer.run_later(func, at, Mode::Now);
        }
    }
    // What is made there is called by whatever it is handed to, and when it is dropped.
    for class in kept(explorer, live) {
        for func in values.classes.trait_methods(class) {
            if values.program.funcs[func].receiver.is_some() {
                explorer.run_later(func, at, Mode::Now);
            }
        }
    }
    for (class, at) in handed_over(values, live) {
        for func in values.called_when_handed_over(class) {
            explorer.run_later(func, at, Mode::Now);
        }
    }
}

/// The classes with methods that a library finds, as far as live calls make objects of them: they need no other code that runs.
fn made(values: &Values<'_>, live: &Live) -> BTreeSet<ClassId> {
    let told = values.marked_handlers().iter();
    let told = told.filter(|(_, row)| values.models.handler(*row).kind == HandlerKind::Other);
    let classes: BTreeSet<ClassId> = told.filter_map(|(func, _)| owner(values, *func)).collect();
    if classes.is_empty() {
        return classes;
    }
    let called = live.sites.keys().filter_map(|at| values.callee_slot(*at));
    let called = called.flat_map(|slot| values.of_slot(slot).items()).filter_map(|value| match value {
        Value::Class(class) if classes.contains(class) => Some(*class),
        _ => None,
    });
    called.collect()
}

/// The classes of Rust that implement a trait of a library, as far as live code makes an object of them, keeps it or hands it over.
fn kept(explorer: &Explorer<'_>, live: &Live) -> BTreeSet<ClassId> {
    let values = explorer.values;
    let mut found = BTreeSet::new();
    if !values.classes.any_by_trait() {
        return found;
    }
    let mut add = |func: FuncId, value: InstrId| {
        for value in values.of(func, value).items() {
            match value {
                Value::Instance(class) => found.insert(*class),
                // The name of a struct without fields is its only value.
                Value::Class(class) => values.program.classes[*class].kind == ClassKind::Struct && found.insert(*class),
                _ => false,
            };
        }
    };
    let mut running: BTreeMap<FuncId, BTreeSet<InstrId>> = BTreeMap::new();
    for (frame, _) in live.reached.keys() {
        running.entry(explorer.frames[*frame].func).or_default();
    }
    for (func, instr) in live.sites.keys() {
        running.entry(*func).or_default().insert(*instr);
        match &values.program.funcs[*func].instrs[*instr].op {
            Op::Call(call) => call.args.iter().for_each(|arg| add(*func, arg.value)),
            Op::Store(_, value) => add(*func, *value),
            _ => {}
        }
    }
    // `let _guard = Guard { name };` is neither.
    for (func, sites) in running.iter().filter(|(func, _)| values.language(**func) == Language::Rust) {
        let data = &values.program.funcs[*func];
        for (at, block) in data.blocks.iter().enumerate() {
            if at > 0 && !block.instrs.iter().any(|instr| sites.contains(instr)) {
                continue;
            }
            for instr in block.instrs.iter().filter(|instr| is_struct(&data.instrs[**instr].op)) {
                add(*func, *instr);
            }
        }
    }
    found
}

fn is_struct(op: &Op) -> bool {
    matches!(op, Op::Record(record) if record.ty.is_some())
}

/// The classes that live calls hand to a library: the class itself, or an object of it.
fn handed_over(values: &Values<'_>, live: &Live) -> BTreeMap<ClassId, At> {
    let mut found = BTreeMap::new();
    for at in live.sites.keys() {
        let Some(call) = values.call_at(*at).filter(|_| values.callees(*at).is_empty()) else { continue };
        let mut classes = Vec::new();
        for arg in &call.args {
            let given = values.of(at.0, arg.value).items();
            let spread =
                given.iter().filter(|_| arg.kind == ArgKind::SpreadNamed).flat_map(|value| named_in(values, value));
            classes.extend(given.iter().chain(spread).filter_map(|value| match value {
                Value::Class(class) | Value::Instance(class) => Some(*class),
                _ => None,
            }));
        }
        if classes.is_empty() {
            continue;
        }
        // What only looks at a class calls none of its methods, nor does what calls nothing that it is given. What a language
        // provides without an import calls those that the language names.
        let is_builtin = |name: &str| values.models.index.global(values.language(at.0), name).is_some();
        let by_language =
            matches!((&call.callee.base, &*call.callee.path), (Base::Global(name), []) if is_builtin(name));
        if by_language || values.calls_nothing(*at) || values.is_into_container(*at) {
            continue;
        }
        for class in classes {
            found.entry(class).or_insert(*at);
        }
    }
    found
}

/// What the fields of an object hold whose fields a call takes for its named arguments: `connect(**options)`.
fn named_in<'v>(values: &'v Values<'_>, object: &Value) -> &'v [Value] {
    let all = values.object_of(object).and_then(|obj| values.known_field(&obj, &Key::All));
    all.map_or(&[], |slot| values.of_slot(slot).items())
}
