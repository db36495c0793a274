//! What variables, fields and parameters hold, of what is put there in code that the process gets to.
//!
//! The value pass tells all that a place may hold in any process; here `quiet ? console.error : console.log` is the one that is
//! chosen. Where all that is put there is reached, nothing is gained, and the value pass is right.

use crate::flow::settings::switches_on;
use crate::ir::func::{FuncId, LocalId};
use crate::ir::instr::{ArgKind, Base, Call, Field, Op, Place};
use crate::ir::program::Language;
use crate::models::index::{NodeId, RowRef};
use crate::models::path::{PortHead, PortStep, Step};
use crate::models::schema::{Stream, StreamPorts};
use crate::resolve::ports::argument;
use crate::resolve::solve::CallKind;
use crate::resolve::values::{At, Key, Obj, Site, Value};
use crate::rules::{Cx, Unit};

/// Most assignments from one variable to the next that are followed to a stream.
pub(super) const MAX_ASSIGNED: usize = 6;

/// Does the process get to where the variable is assigned whose member the call at `at` calls as a row says? Of `quiet ?
/// console.error : console.log` it may get to one only.
pub(super) fn is_live(cx: &Cx<'_>, unit: &Unit<'_>, at: At, row: RowRef) -> bool {
    let Some(call) = cx.values.call_at(at) else { return true };
    let mut found = Vec::new();
    // The writer itself is put there: `Logger.log = console.log`.
    if kept_in(cx, unit, (at.0, &call.callee), MAX_ASSIGNED, &mut found) == Some(false) && !found.is_empty() {
        let is_row = |value: &Value| leads_to(cx, value, &[], row);
        return found.iter().any(|(func, value)| cx.values.of(*func, *value).items().iter().any(is_row));
    }
    found.clear();
    let owner = call.callee.split_last().filter(|(owner, _)| !owner.path.is_empty());
    let kept = owner.and_then(|(owner, _)| kept_in(cx, unit, (at.0, &owner), MAX_ASSIGNED, &mut found));
    let (is_all, path) = match (kept, &call.callee.base) {
        (Some(is_all), _) => (is_all, &call.callee.path[call.callee.path.len() - 1..]),
        // What a parameter holds is its callers' affair.
        (None, Base::Local(local)) if is_param(cx, at.0, *local) => return true,
        (None, Base::Value(value)) => {
            (assigned(cx, unit, (at.0, *value), MAX_ASSIGNED, &mut found), &call.callee.path[..])
        }
        (None, base) => {
            let is_all = assigned_to(cx, unit, (at.0, base), MAX_ASSIGNED, &mut found).unwrap_or(true);
            (is_all, &call.callee.path[..])
        }
    };
    let is_row = |value: &Value| leads_to(cx, value, path, row);
    is_all
        || found.is_empty()
        || found.iter().any(|(func, value)| cx.values.of(*func, *value).items().iter().any(is_row))
}

fn is_param(cx: &Cx<'_>, func: FuncId, local: LocalId) -> bool {
    cx.values.program.funcs[func].params.iter().any(|param| param.local == local)
}

/// May calling what is at the end of a path, from a value, be what the row describes?
fn leads_to(cx: &Cx<'_>, value: &Value, path: &[Field], row: RowRef) -> bool {
    match value {
        Value::Api(node, _) => is_called(cx, *node, path, row),
        // What is not known is no member of a library that is.
        Value::Const(_) | Value::Func(_) | Value::Unknown => false,
        Value::Instance(class) => match path {
            [Field::Name(name)] => cx.values.classes.methods(*class, name).is_empty(),
            path => !path.is_empty(),
        },
        _ => !path.is_empty(),
    }
}

fn is_called(cx: &Cx<'_>, node: NodeId, path: &[Field], row: RowRef) -> bool {
    let index = &cx.values.models.index;
    let member = path.iter().fold(node, |node, field| match field {
        Field::Name(name) => index.step(node, &Step::Member(name.clone())),
        _ => index.step(node, &Step::Element),
    });
    index.node(index.step(member, &Step::Call)).rows(row.table).any(|known| known == row)
}

/// What was assigned to the place that a value is read from, in blocks that the process gets to; true when it gets to all.
pub(super) fn assigned(cx: &Cx<'_>, unit: &Unit<'_>, (func, value): At, depth: usize, found: &mut Vec<At>) -> bool {
    if let (Op::Load(place), 1..) = (&cx.values.program.funcs[func].instrs[value].op, depth) {
        let is_all = match place.path.is_empty() {
            true => assigned_to(cx, unit, (func, &place.base), depth, found),
            false => kept_in(cx, unit, (func, place), depth, found),
        };
        if let Some(is_all) = is_all {
            return is_all;
        }
    }
    found.push((func, value));
    true
}

/// The same for a variable. `None` when it is no variable, or nothing is known to be assigned to it.
fn assigned_to(
    cx: &Cx<'_>,
    unit: &Unit<'_>,
    (func, base): (FuncId, &Base),
    depth: usize,
    found: &mut Vec<At>,
) -> Option<bool> {
    let program = cx.values.program;
    let stores: Vec<At> = match base {
        Base::Local(_) => program.funcs[func].instrs.iter_enumerated().map(|(id, _)| (func, id)).collect(),
        Base::Cell(cell) => unit.process.explorer.stores_of(*cell).to_vec(),
        _ => return None,
    };
    let mut is_all = None;
    for at in stores {
        let Op::Store(to, from) = &program.funcs[at.0].instrs[at.1].op else { continue };
        if to.base != *base || !to.path.is_empty() {
            continue;
        }
        let is_here = gets_to(cx, unit, at) && assigned(cx, unit, (at.0, *from), depth - 1, found);
        is_all = Some(is_all.unwrap_or(true) && is_here);
    }
    match base {
        Base::Local(local) if is_all.is_none() => given(cx, unit, (func, *local), depth, found),
        _ => is_all,
    }
}

/// The same for a parameter: what the calls give that the process makes, and what it is where one gives nothing.
fn given(
    cx: &Cx<'_>,
    unit: &Unit<'_>,
    (func, local): (FuncId, LocalId),
    depth: usize,
    found: &mut Vec<At>,
) -> Option<bool> {
    let params = &cx.values.program.funcs[func].params;
    let at = params.iter().position(|param| param.local == local)?;
    let default = params[at].default?;
    let head = PortHead::Arg(i32::try_from(at).ok()?);
    let (live, others): (Vec<At>, Vec<At>) =
        cx.values.callers(func).iter().copied().partition(|caller| unit.process.live.sites.contains_key(caller));
    let mut is_all = others.is_empty();
    let mut all_give = true;
    for caller in &live {
        let is_direct = |(callee, kind): &(FuncId, CallKind)| *callee != func || *kind == CallKind::Direct;
        let is_plain = |call: &&Call| call.args.iter().all(|arg| arg.kind == ArgKind::Positional);
        let call = cx.values.call_at(*caller).filter(is_plain)?;
        if !cx.values.callees(*caller).iter().all(is_direct) || cx.values.handed_receiver(*caller, func).is_some() {
            return None;
        }
        match argument(call, &head) {
            Some(given) => {
                is_all &= assigned(cx, unit, (caller.0, given), depth - 1, found);
                // A script that gives `undefined` gives nothing.
                let is_script = cx.values.language(func) == Language::Script;
                all_give &= !is_script || unit.process.explorer.is_object((caller.0, given));
            }
            None => all_give = false,
        }
    }
    if live.is_empty() {
        return None;
    }
    if !all_give {
        found.push((func, default));
    }
    Some(is_all && !all_give)
}

/// The same for a field.
fn kept_in(
    cx: &Cx<'_>,
    unit: &Unit<'_>,
    (func, place): (FuncId, &Place),
    depth: usize,
    found: &mut Vec<At>,
) -> Option<bool> {
    let (owner, Field::Name(name)) = place.split_last()? else { return None };
    let objs: Option<Vec<Obj>> =
        cx.values.place_values(func, &owner)?.iter().map(|value| cx.values.object_of(value)).collect();
    let key = Key::Name(name.clone());
    let mut is_all = None;
    let depth = depth.checked_sub(1)?;
    let mut objs = objs?;
    objs.dedup();
    for obj in objs {
        let stores = cx.values.stores_to(&obj, &key);
        if cx.values.is_open(&obj) || stores.is_empty() {
            return None;
        }
        for at in stores {
            let is_here = gets_to(cx, unit, *at) && assigned(cx, unit, stored(cx, *at), depth, found);
            is_all = Some(is_all.unwrap_or(true) && is_here);
        }
    }
    is_all
}

/// What is at the end of a path in a table that is written out, of what the process puts into it:
///
/// ```text
/// handlers = {}
/// if on_http:
///     handlers["console"] = {"class": "logging.StreamHandler", "stream": "ext://sys.stdout"}
/// ```
///
/// `None` where the path leads elsewhere, and where it puts all there that the program does.
pub(super) fn at_path(cx: &Cx<'_>, unit: &Unit<'_>, given: At, path: &[PortStep]) -> Option<Vec<Value>> {
    let Put { held, is_all } = put_at(cx, unit, given, path)?;
    let found = held.iter().flat_map(|(func, value)| cx.values.of(*func, *value).items().iter().cloned());
    (!is_all).then(|| found.collect())
}

/// What the process puts somewhere.
pub(super) struct Put {
    pub(super) held: Vec<At>,
    /// It is all that the program puts there.
    is_all: bool,
}

/// What the process puts at the end of a path in a table that is written out.
pub(super) fn put_at(cx: &Cx<'_>, unit: &Unit<'_>, given: At, path: &[PortStep]) -> Option<Put> {
    let values = cx.values;
    let mut held = vec![given];
    let mut is_all = true;
    for step in path {
        let mut inside = Vec::new();
        for value in held.iter().flat_map(|(func, value)| values.of(*func, *value).items()) {
            let Value::Record(made) = value else { return None };
            let obj = Obj::Record(*made);
            let names = match step {
                PortStep::Name(name) => std::slice::from_ref(name),
                PortStep::Element => values.names_in(&obj),
                _ => return None,
            };
            if values.is_open(&obj) {
                // What a literal has behind what is spread into it stands over that.
                let PortStep::Name(name) = step else { return None };
                let key = Key::Name(name.clone());
                let own = unit.process.explorer.own_entry(value, &key)?;
                if values.stores_to(&obj, &key) != [own] {
                    return None;
                }
            }
            for at in names.iter().flat_map(|name| values.stores_to(&obj, &Key::Name(name.clone()))) {
                is_all &= gets_to(cx, unit, *at);
                if gets_to(cx, unit, *at) {
                    inside.push(stored(cx, *at));
                }
            }
            for at in if *step == PortStep::Element { added(cx, &obj) } else { Vec::new() } {
                is_all &= gets_to(cx, unit, at);
                if gets_to(cx, unit, at) {
                    inside.push(at);
                }
            }
        }
        held = inside;
    }
    Some(Put { held, is_all })
}

/// The tables that are added to a list by its methods: `targets.push({ target: "file" })`.
pub(super) fn added(cx: &Cx<'_>, list: &Obj) -> Vec<At> {
    let kept = cx.values.known_field(list, &Key::Some).map(|slot| cx.values.of_slot(slot).items());
    let made = kept.into_iter().flatten().filter_map(|value| match value {
        Value::Record(Site::Instr(made)) => Some(*made),
        _ => None,
    });
    made.collect()
}

/// The value that a store puts somewhere; what a literal holds is its own.
fn stored(cx: &Cx<'_>, at: At) -> At {
    match &cx.values.program.funcs[at.0].instrs[at.1].op {
        Op::Store(_, from) => (at.0, *from),
        _ => at,
    }
}

/// The switches that have to be on for a value to be stdout, where without them it is another stream:
/// `sys.stdout if is_on("LOG_TO_STDOUT") else sys.stderr`. Where several callers choose it, those that all of them need.
pub(super) fn switches_to_stdout(cx: &Cx<'_>, unit: &Unit<'_>, given: At, ports: &StreamPorts) -> Vec<String> {
    let mut found = Vec::new();
    assigned(cx, unit, given, MAX_ASSIGNED, &mut found);
    let (mut chosen, others): (Vec<At>, Vec<At>) = found.into_iter().partition(|(func, value)| {
        cx.values.stream_of_values(cx.values.of(*func, *value).items(), Some(ports)) == Stream::Stdout
    });
    chosen.dedup();
    if others.is_empty() {
        return Vec::new();
    }
    let needed = chosen.into_iter().map(|at| switches_before(cx, unit, at));
    needed.reduce(in_common).unwrap_or_default()
}

fn in_common(mut known: Vec<String>, others: Vec<String>) -> Vec<String> {
    known.retain(|switch| others.contains(switch));
    known
}

/// The switches that are on wherever the process comes to an instruction.
fn switches_before(cx: &Cx<'_>, unit: &Unit<'_>, (func, instr): At) -> Vec<String> {
    let blocks = &cx.values.program.funcs[func].blocks;
    let block = blocks.iter_enumerated().find(|(_, block)| block.instrs.contains(&instr));
    let Some((block, _)) = block else { return Vec::new() };
    let explorer = &unit.process.explorer;
    let frames = unit.process.live.reached.keys().map(|(frame, _)| &explorer.frames[*frame]);
    let visited = frames.filter(|frame| frame.func == func).filter_map(|frame| frame.blocks.get(block));
    visited.map(|visited| switches_on(&visited.facts, explorer, cx.words)).reduce(in_common).unwrap_or_default()
}

/// Is the block of an instruction entered in one of the calls of the function that belong to the process?
pub(super) fn gets_to(cx: &Cx<'_>, unit: &Unit<'_>, (func, instr): At) -> bool {
    let blocks = &cx.values.program.funcs[func].blocks;
    let Some((block, _)) = blocks.iter_enumerated().find(|(_, block)| block.instrs.contains(&instr)) else {
        return false;
    };
    let frames = &unit.process.explorer.frames;
    let reached = unit.process.live.reached.keys().map(|(frame, _)| &frames[*frame]);
    reached.filter(|frame| frame.func == func).any(|frame| frame.blocks.contains(block))
}
