//! Where objects of the program's classes are made. A process that comes to none of these places has no object of the class, so
//! that its methods do not run, whatever another program that shares the code keeps in a field.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::ir::func::{BlockId, FuncId, FuncKind};
use crate::ir::instr::{CallStyle, Entry, InstrId, Op};
use crate::ir::program::{ClassId, Language};
use crate::resolve::solve::Values;
use crate::resolve::values::{At, Value};

/// The blocks of functions that a process comes to.
pub(super) type Reached = BTreeMap<FuncId, BTreeSet<BlockId>>;

/// Where objects of classes are made, of scripts.
#[derive(Default)]
pub(super) struct Making {
    sites: FxHashMap<ClassId, Vec<At>>,
    /// Classes that something else may make objects of: a library that is handed one, or a table of them.
    handed_on: FxHashSet<ClassId>,
}

impl Making {
    pub(super) fn new(values: &Values<'_>) -> Self {
        let mut making = Self::default();
        for (func, body) in values.program.funcs.iter_enumerated() {
            if values.language(func) != Language::Script {
                continue;
            }
            for (id, instr) in body.instrs.iter_enumerated() {
                match &instr.op {
                    Op::Call(call) => {
                        if call.style == CallStyle::New {
                            let slot = values.callee_slot((func, id));
                            for class in slot.into_iter().flat_map(|slot| classes(values.of_slot(slot).items())) {
                                making.sites.entry(class).or_default().push((func, id));
                            }
                        }
                        if values.callees((func, id)).is_empty() {
                            call.args.iter().for_each(|arg| making.hand_on(values, (func, arg.value)));
                        }
                    }
                    Op::Record(record) => {
                        for entry in &record.entries {
                            let (Entry::Field(_, value) | Entry::Spread(value)) = entry;
                            making.hand_on(values, (func, *value));
                        }
                    }
                    _ => {}
                }
            }
        }
        making
    }

    /// The place where objects of a class are made, where there is one only.
    pub(super) fn only_site(&self, class: ClassId) -> Option<At> {
        let [site] = self.sites.get(&class)?[..] else { return None };
        (!self.handed_on.contains(&class)).then_some(site)
    }

    fn hand_on(&mut self, values: &Values<'_>, (func, value): At) {
        self.handed_on.extend(classes(values.of(func, value).items()));
    }

    /// Is a function a method of objects of which the process makes none, and another program does?
    pub(super) fn is_of_none(&self, values: &Values<'_>, func: FuncId, reached: &Reached) -> bool {
        let body = &values.program.funcs[func];
        if !matches!(body.kind, FuncKind::Method | FuncKind::Getter | FuncKind::Setter) {
            return false;
        }
        let Some(owner) = values.classes.owner(func) else { return false };
        let mut classes = values.classes.descendants(owner);
        classes.push(owner);
        let mut is_made = false;
        for class in &classes {
            let data = &values.program.classes[*class];
            let is_plain = data.annotations.is_empty() && values.classes.api_bases(*class).is_empty();
            if !is_plain || self.handed_on.contains(class) {
                return false;
            }
            let sites = self.sites.get(class).map(Vec::as_slice).unwrap_or_default();
            if sites.iter().any(|(maker, site)| comes_to(values, reached, *maker, *site)) {
                return false;
            }
            is_made |= !sites.is_empty();
        }
        is_made
    }
}

fn classes(items: &[Value]) -> impl Iterator<Item = ClassId> {
    items.iter().filter_map(|value| if let Value::Class(class) = value { Some(*class) } else { None })
}

fn comes_to(values: &Values<'_>, reached: &Reached, func: FuncId, site: InstrId) -> bool {
    let body = &values.program.funcs[func].blocks;
    reached.get(&func).is_some_and(|blocks| blocks.iter().any(|block| body[*block].instrs.contains(&site)))
}
