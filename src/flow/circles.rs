//! Functions that call each other.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::bounds::MAX_CALLEES;
use crate::ir::func::FuncId;
use crate::resolve::solve::Values;

use super::formatted::{Formats, called};
use super::reading::getters;

/// The functions that can be reached, in groups that call each other, callees first.
pub(super) fn circles(values: &Values<'_>, formats: &Formats, roots: &BTreeSet<FuncId>) -> Vec<Vec<FuncId>> {
    let program = values.program;
    let getters = getters(values);
    let callees = |func: FuncId| -> Vec<FuncId> {
        let mut found: BTreeSet<FuncId> = BTreeSet::new();
        for (id, _) in program.funcs[func].instrs.iter_enumerated() {
            found.extend(values.callees((func, id)).iter().take(MAX_CALLEES).map(|(callee, _)| *callee));
            found.extend(getters.get(&(func, id)).into_iter().flatten());
        }
        found.extend(called(values, formats, func, &program.funcs[func]));
        found.into_iter().collect()
    };
    // Tarjan's algorithm with an explicit stack: call chains can be thousands deep.
    struct Visit {
        func: FuncId,
        next: Vec<FuncId>,
        at: usize,
    }
    let mut index: FxHashMap<FuncId, (usize, usize)> = FxHashMap::default();
    let mut on_stack: FxHashSet<FuncId> = FxHashSet::default();
    let mut stack: Vec<FuncId> = Vec::new();
    let mut groups: Vec<Vec<FuncId>> = Vec::new();
    for root in roots {
        if index.contains_key(root) {
            continue;
        }
        let mut visits = vec![Visit { func: *root, next: callees(*root), at: 0 }];
        index.insert(*root, (index.len(), index.len()));
        stack.push(*root);
        on_stack.insert(*root);
        while let Some(visit) = visits.last_mut() {
            let func = visit.func;
            if let Some(next) = visit.next.get(visit.at).copied() {
                visit.at += 1;
                match index.get(&next).copied() {
                    None => {
                        index.insert(next, (index.len(), index.len()));
                        stack.push(next);
                        on_stack.insert(next);
                        visits.push(Visit { func: next, next: callees(next), at: 0 });
                    }
                    Some((number, _)) if on_stack.contains(&next) => {
                        if let Some(known) = index.get_mut(&func) {
                            known.1 = known.1.min(number);
                        }
                    }
                    Some(_) => {}
                }
                continue;
            }
            visits.pop();
            let (number, low) = index.get(&func).copied().unwrap_or_default();
            if let Some(parent) = visits.last()
                && let Some(known) = index.get_mut(&parent.func)
            {
                known.1 = known.1.min(low);
            }
            if low == number {
                let mut group = Vec::new();
                while let Some(member) = stack.pop() {
                    on_stack.remove(&member);
                    group.push(member);
                    if member == func {
                        break;
                    }
                }
                group.sort_unstable();
                groups.push(group);
            }
        }
    }
    groups
}
