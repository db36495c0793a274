//! What an object shows whose type says itself how it is put into a text: Rust's `impl Debug for Config` and `impl Display`.
//!
//! Such a method is a function of the program like any other: what it writes, or gives to the formatter, is what shows. A
//! field that it leaves out, or writes `***` for, does not.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::base::Symbol;
use crate::base::idx::Id;
use crate::ir::func::{FuncId, Function};
use crate::ir::instr::{Const, Hole, InstrId, Op, TextPart};
use crate::ir::program::{ClassId, Language, Program};
use crate::ir::types::TypeRef;
use crate::resolve::solve::Values;
use crate::resolve::values::{At, Key, Obj, Site, Value, ValueSet};

use super::domain::{Entry, RECEIVER, Root};
use super::summary::Bound;
use super::trace::What;
use super::transfer::{Pass, is_no_error};
use super::tree::Tree;

/// The method of both traits, and the parameter that it writes to.
const METHOD: &str = "fmt";
const FORMATTER: u32 = 0;

/// The methods that say how objects of a class are put into a text, each with the hole that it is for.
pub(super) type Formats = FxHashMap<(ClassId, Hole), FuncId>;

/// Those that a program writes out.
pub(super) fn formats(values: &Values<'_>) -> Formats {
    let program = values.program;
    let rust = program.modules.iter().filter(|module| module.language == Language::Rust);
    let mut found = Formats::default();
    for block in rust.flat_map(|module| &module.impls) {
        let hole = match block.interface.as_ref().and_then(|interface| name_of(program, interface)) {
            Some("Debug") => Hole::Debug,
            Some("Display") => Hole::Display,
            _ => continue,
        };
        for (_, func) in block.methods.iter().filter(|(name, _)| name == METHOD) {
            if let Some(class) = values.classes.owner(*func) {
                found.entry((class, hole)).or_insert(*func);
            }
        }
    }
    found
}

fn name_of<'p>(program: &'p Program, ty: &'p TypeRef) -> Option<&'p str> {
    let TypeRef::Named(named) = ty else { return None };
    program.type_name(named).map(Symbol::as_str)
}

/// The methods that the texts of a function call.
pub(super) fn called<'f>(
    values: &'f Values<'_>,
    formats: &'f Formats,
    id: FuncId,
    func: &'f Function,
) -> impl Iterator<Item = FuncId> + 'f {
    let texts = func.instrs.iter().filter_map(|instr| match &instr.op {
        Op::Text(parts) if !formats.is_empty() => Some(parts),
        _ => None,
    });
    texts.flatten().filter_map(move |part| match part {
        TextPart::Hole(value, hole) => format_of(values, formats, values.of(id, *value), *hole),
        TextPart::Lit(_) => None,
    })
}

/// The method for a value that can be nothing but objects of one class, in an option or a reference of a library.
fn format_of(values: &Values<'_>, formats: &Formats, set: &ValueSet, hole: Hole) -> Option<FuncId> {
    let classes: BTreeSet<ClassId> = set.items().iter().filter_map(class_of).collect();
    let class = classes.first().filter(|_| classes.len() == 1 && !set.is_cut)?;
    let method = *formats.get(&(*class, hole))?;
    set.items().iter().all(|value| class_of(value).is_some() || is_around(values, value)).then_some(method)
}

fn class_of(value: &Value) -> Option<ClassId> {
    match value {
        Value::Instance(class) | Value::Typed(class) | Value::Variant(class, _) => Some(*class),
        _ => None,
    }
}

/// May the value stand beside the objects of a class without being another object: the literal that one of them was made
/// by, what a library puts around one?
fn is_around(values: &Values<'_>, value: &Value) -> bool {
    match value {
        Value::Record(Site::Instr((func, at))) => {
            matches!(&values.program.funcs[*func].instrs[*at].op, Op::Record(record) if record.ty.is_some())
        }
        Value::Api(node, None) => {
            let name = &values.models.index.node(*node).name;
            values.models.is_transparent(name.rsplit('.').next().unwrap_or_default())
        }
        Value::Unknown | Value::Const(Const::Null) | Value::Api(_, Some(_)) => true,
        _ => false,
    }
}

impl Pass<'_, '_> {
    /// What a hole shows of a value whose type says so itself. None when it does not.
    pub(super) fn formatted(&mut self, value: InstrId, hole: Hole, at: At) -> Option<Tree> {
        let taint = &*self.taint;
        if taint.formats.is_empty() {
            return None;
        }
        let func = format_of(taint.values, &taint.formats, taint.values.of(self.id, value), hole)?;
        let held = self.given[value.index()].clone();
        // An error beside the object, of a result whose both parts have one name.
        let mut shown = held.only(|entry| self.is_raw_error(entry));
        let summary = taint.summaries[func.index()].clone();
        let bound = Bound { params: Vec::new(), receiver: held };
        let outs = summary.outs.iter().filter(|(param, _)| *param == FORMATTER).map(|(_, entry)| entry);
        let given = summary.returns.entries().iter().filter(|entry| is_no_error(entry));
        let passed = (at, What::Passed(func));
        for entry in given.chain(outs) {
            bound.carry(entry, Some(&passed), |carried| {
                if let Some(entry) = carried.entry() {
                    shown.add(carried.traced(entry));
                }
            });
        }
        Some(shown)
    }

    /// Does an object inside another show what sits there in it, going by the types of the fields on the way?
    pub(super) fn shows_inside(&self, value: InstrId, hole: Hole, entry: &Entry) -> bool {
        let (values, formats) = (self.taint.values, &self.taint.formats);
        if formats.is_empty() || entry.at.len() < 2 {
            return true;
        }
        let mut set = values.of(self.id, value);
        for (depth, key) in entry.at.iter().enumerate() {
            if let Some(func) = format_of(values, formats, set, hole) {
                let rest = &entry.at[depth..];
                let summary = &self.taint.summaries[func.index()];
                let outs = summary.outs.iter().map(|(_, entry)| entry);
                return summary.returns.entries().iter().chain(outs).any(|shown| {
                    shown.root == Root::Param(RECEIVER) && shown.path.iter().zip(rest).all(|(own, key)| own == key)
                });
            }
            let Some(class) = set.items().iter().find_map(class_of) else { return true };
            let obj = Obj::Instances(values.classes.top(class));
            let Some(slot) = values.known_field(&obj, &Key::Name(key.clone())) else { return true };
            set = values.of_slot(slot);
        }
        true
    }
}
