//! Which switches does an error's way to the agent need: `debug ? error.stack : "failed"`?

use crate::base::idx::Id as _;
use crate::flow::domain::Kind;
use crate::flow::live::Live;
use crate::flow::settings::switches_on;
use crate::flow::solve::Leak;
use crate::flow::trace::What;
use crate::ir::func::{BlockId, FuncId, Function};
use crate::ir::instr::{Base, InstrId, Op};
use crate::resolve::values::At;
use crate::rules::place::conditions;
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
    // What a literal holds has no step of its own.
    let mut reads = Vec::new();
    let (func, given) = leak.hit.primary;
    let mut seen = Vec::new();
    read_back(&cx.values.program.funcs[func], given, MAX_BACK, &mut seen, &mut reads);
    let blocks = reads.iter().filter_map(|read| block_of(cx, (func, *read)));
    let mut asked = blocks.map(|block| asked_in(cx, unit, live, (func, block)));
    if let Some(first) = asked.next() {
        let others: Vec<Vec<String>> = asked.collect();
        found.extend(first.into_iter().filter(|switch| others.iter().all(|asked| asked.contains(switch))));
    }
    found.sort();
    found.dedup();
    found
}

fn block_of(cx: &Cx<'_>, at: At) -> Option<BlockId> {
    let mut blocks = cx.values.program.funcs[at.0].blocks.iter_enumerated();
    blocks.find(|(_, block)| block.instrs.contains(&at.1)).map(|(id, _)| id)
}

/// The switches that a block of a function needs and the function does not.
fn asked_in(cx: &Cx<'_>, unit: &Unit<'_>, live: &Live, (func, block): (FuncId, BlockId)) -> Vec<String> {
    let explorer = unit.process.explorer_of(live);
    let start = live.sites.range((func, InstrId::new(0))..).next().filter(|((of, _), _)| *of == func);
    let (Some(explorer), Some(start)) = (explorer, start.and_then(|(_, sites)| sites.first())) else {
        return Vec::new();
    };
    let Some(visited) = explorer.frames[start.frame].blocks.get(block) else { return Vec::new() };
    let own = conditions(cx, unit, start);
    let mut here = switches_on(&visited.facts, explorer, cx.words);
    here.retain(|switch| !own.contains(switch));
    here
}

/// Where the function reads what it caught for the value that an instruction gives.
fn read_back(func: &Function, id: InstrId, depth: usize, seen: &mut Vec<InstrId>, reads: &mut Vec<InstrId>) {
    if depth == 0 || seen.contains(&id) {
        return;
    }
    seen.push(id);
    let op = &func.instrs[id].op;
    if let Op::Load(place) = op
        && let Base::Local(_) = &place.base
    {
        let stored = func.instrs.iter().filter_map(|instr| match &instr.op {
            Op::Store(to, value) if to.base == place.base => Some(*value),
            _ => None,
        });
        for value in stored.collect::<Vec<_>>() {
            if matches!(func.instrs[value].op, Op::Caught) {
                reads.push(id);
            } else {
                read_back(func, value, depth - 1, seen, reads);
            }
        }
    }
    op.operands(|value| read_back(func, value, depth - 1, seen, reads));
}
