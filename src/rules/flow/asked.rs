//! Which switches does an error's way to the agent need: `debug ? error.stack : "failed"`?

use crate::base::idx::Id as _;
use crate::flow::domain::Kind;
use crate::flow::explore::Explorer;
use crate::flow::live::Live;
use crate::flow::settings::switches_on;
use crate::flow::solve::Leak;
use crate::flow::trace::What;
use crate::flow::tree::STACK;
use crate::ir::func::{BlockId, End, FuncId, Function};
use crate::ir::instr::{Base, Field, InstrId, Op, Place};
use crate::resolve::values::At;
use crate::rules::{Cx, Unit};

/// Longest way back from what a function gives to an error that it caught.
const MAX_BACK: usize = 24;

/// Those that the way needs and its handler does not.
pub(super) fn switches_on_way(cx: &Cx<'_>, unit: &Unit<'_>, live: &Live, leak: &Leak) -> Vec<String> {
    if !matches!(leak.source.kind, Kind::Error | Kind::Stack) {
        return Vec::new();
    }
    let mut found: Vec<String> = Vec::new();
    for (at, what) in leak.hit.entry.trace.steps() {
        if what != What::Caught {
            found.extend(block_of(cx, at).map(|block| asked_in(cx, unit, live, (at.0, block))).unwrap_or_default());
        }
    }
    // What a literal holds has no step of its own, nor what a function of the program gives back.
    let (func, given) = leak.hit.primary;
    let body = &cx.values.program.funcs[func];
    let caught = reads_for(body, given, |place| keeps_caught(body, place));
    let caught: Vec<At> = caught.into_iter().map(|read| (func, read)).collect();
    found.extend(asked_by_all(cx, unit, live, &caught));
    if is_stack(leak) {
        let is_read = |place: &Place| matches!(place.path.last(), Some(Field::Name(name)) if name == STACK);
        let mut reads: Vec<At> = reads_for(body, given, is_read).into_iter().map(|read| (func, read)).collect();
        for (_, what) in leak.hit.entry.trace.steps() {
            let What::Returned(callee) = what else { continue };
            let body = &cx.values.program.funcs[callee];
            let returned = body.blocks.iter().filter_map(|block| match block.end {
                End::Return(value) => value,
                _ => None,
            });
            reads.extend(returned.flat_map(|value| reads_for(body, value, is_read)).map(|read| (callee, read)));
        }
        found.extend(asked_by_all(cx, unit, live, &reads));
    }
    found.sort();
    found.dedup();
    found
}

fn is_stack(leak: &Leak) -> bool {
    leak.source.kind == Kind::Stack || leak.hit.entry.path.last().is_some_and(|name| name == STACK)
}

/// The switches that the blocks of all reads need.
fn asked_by_all(cx: &Cx<'_>, unit: &Unit<'_>, live: &Live, reads: &[At]) -> Vec<String> {
    let blocks = reads.iter().filter_map(|read| Some((read.0, block_of(cx, *read)?)));
    let mut asked = blocks.map(|block| asked_in(cx, unit, live, block));
    let mut first = asked.next().unwrap_or_default();
    let others: Vec<Vec<String>> = asked.collect();
    first.retain(|switch| others.iter().all(|asked| asked.contains(switch)));
    first
}

fn block_of(cx: &Cx<'_>, at: At) -> Option<BlockId> {
    let mut blocks = cx.values.program.funcs[at.0].blocks.iter_enumerated();
    blocks.find(|(_, block)| block.instrs.contains(&at.1)).map(|(id, _)| id)
}

/// The switches that a block of a function needs and the function does not.
fn asked_in(cx: &Cx<'_>, unit: &Unit<'_>, live: &Live, (func, block): (FuncId, BlockId)) -> Vec<String> {
    let explorer = unit.process.explorer_of(live);
    let met = |explorer: &Explorer<'_>| {
        let start = live.sites.range((func, InstrId::new(0))..).next().filter(|((of, _), _)| *of == func);
        let with_call = start.and_then(|(_, sites)| sites.first()).map(|site| site.frame);
        with_call.or_else(|| live.reached.keys().map(|(frame, _)| *frame).find(|id| explorer.frames[*id].func == func))
    };
    let Some((explorer, frame)) = explorer.and_then(|explorer| Some((explorer, met(explorer)?))) else {
        return Vec::new();
    };
    let visited = |block: BlockId| explorer.frames[frame].blocks.get(block);
    let own = visited(cx.values.program.funcs[func].entry())
        .map(|entry| switches_on(&entry.facts, explorer, cx.words))
        .unwrap_or_default();
    let Some(visited) = visited(block) else { return Vec::new() };
    let mut here = switches_on(&visited.facts, explorer, cx.words);
    here.retain(|switch| !own.contains(switch));
    here
}

/// Where the function reads, for the value that an instruction gives, the places that are asked for.
fn reads_for(func: &Function, value: InstrId, is_read: impl Fn(&Place) -> bool) -> Vec<InstrId> {
    let mut reads = Vec::new();
    read_back(func, value, MAX_BACK, &mut Vec::new(), &is_read, &mut reads);
    reads
}

fn read_back(
    func: &Function,
    id: InstrId,
    depth: usize,
    seen: &mut Vec<InstrId>,
    is_read: &dyn Fn(&Place) -> bool,
    reads: &mut Vec<InstrId>,
) {
    if depth == 0 || seen.contains(&id) {
        return;
    }
    seen.push(id);
    let op = &func.instrs[id].op;
    if let Op::Load(place) = op
        && let Base::Local(_) = &place.base
    {
        if is_read(place) {
            reads.push(id);
        }
        for value in stored_in(func, place) {
            read_back(func, value, depth - 1, seen, is_read, reads);
        }
    }
    op.operands(|value| read_back(func, value, depth - 1, seen, is_read, reads));
}

/// Is it in a variable that keeps what the function caught?
fn keeps_caught(func: &Function, place: &Place) -> bool {
    stored_in(func, place).any(|value| matches!(func.instrs[value].op, Op::Caught))
}

fn stored_in<'f>(func: &'f Function, place: &'f Place) -> impl Iterator<Item = InstrId> + 'f {
    func.instrs.iter().filter_map(|instr| match &instr.op {
        Op::Store(to, value) if to.base == place.base => Some(*value),
        _ => None,
    })
}
