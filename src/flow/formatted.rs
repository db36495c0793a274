//! What an object shows whose type says itself how it is put into a text: Rust's `impl Debug for Config` and `impl Display`.
//!
//! Such a method is a function of the program like any other: what it writes, or gives to the formatter, is what shows. A
//! field that it leaves out, or writes `***` for, does not.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::Symbol;
use crate::base::idx::Id;
use crate::ir::func::{FuncId, Function};
use crate::ir::instr::{Const, Hole, InstrId, Op, RecordKind, TextPart};
use crate::ir::program::{Class, ClassId, ClassKind, Language, Program, Variant};
use crate::ir::types::{Annotation, AnnotationValue, TypeRef};
use crate::models::index::Table;
use crate::resolve::solve::Values;
use crate::resolve::values::{At, Key, Obj, Site, Value, ValueSet};

use super::domain::{Entry, RECEIVER, Root};
use super::no_error::is_no_error;
use super::shown::is_exception;
use super::summary::Bound;
use super::trace::What;
use super::transfer::Pass;
use super::tree::Tree;

/// The method of both traits, and the parameter that it writes to.
const METHOD: &str = "fmt";
const FORMATTER: u32 = 0;

/// The method of a script that says how an object is put into a text.
const TO_TEXT: &str = "toString";

/// Those of Python, each before those that it stands in for.
const PYTHON_TEXTS: [(&str, Hole); 3] =
    [("__repr__", Hole::Debug), ("__str__", Hole::Display), ("__repr__", Hole::Display)];

/// The interface of errors, which is derived as well.
const ERROR: &str = "Error";

/// How objects of the program's classes are put into a text.
#[derive(Default)]
pub(super) struct Formats {
    /// The methods that say so, each with the hole that it is for.
    methods: FxHashMap<(ClassId, Hole), FuncId>,
    /// The classes of errors. They stand beside what a function gives: `Result<Settings, LoadError>`.
    errors: FxHashSet<ClassId>,
}

impl Formats {
    fn is_empty(&self) -> bool {
        self.methods.is_empty()
    }
}

/// Those that a program writes out.
pub(super) fn formats(values: &Values<'_>) -> Formats {
    let program = values.program;
    let rust = program.modules.iter().filter(|module| module.language == Language::Rust);
    let mut found = Formats::default();
    let mut errors: FxHashSet<&Symbol> = FxHashSet::default();
    for block in rust.flat_map(|module| &module.impls) {
        let hole = match block.interface.as_ref().and_then(|interface| name_of(program, interface)) {
            Some("Debug") => Hole::Debug,
            Some("Display") => Hole::Display,
            Some(ERROR) => {
                errors.extend(type_name(program, &block.target));
                continue;
            }
            _ => continue,
        };
        for (_, func) in block.methods.iter().filter(|(name, _)| name == METHOD) {
            if let Some(class) = values.classes.owner(*func) {
                found.methods.entry((class, hole)).or_insert(*func);
            }
        }
    }
    for (id, class) in program.classes.iter_enumerated().filter(|(_, class)| class.kind == ClassKind::Class) {
        let (ways, language): (&[_], _) = match program.modules[class.module].language {
            Language::Script => (&[(TO_TEXT, Hole::Display)], Language::Script),
            Language::Python => (&PYTHON_TEXTS, Language::Python),
            Language::Rust => continue,
        };
        // What the text of an exception shows is told by its fields.
        if is_exception(values, id) {
            continue;
        }
        for (method, hole) in ways {
            if let [func] = *values.classes.methods(id, method)
                && values.language(func) == language
            {
                found.methods.entry((id, *hole)).or_insert(func);
            }
        }
    }
    if !found.is_empty() {
        let is_error = |class: &Class| errors.contains(&class.name) || class.annotations.iter().any(derives_error);
        found.errors.extend(program.classes.iter_enumerated().filter(|(_, class)| is_error(class)).map(|(id, _)| id));
    }
    found
}

fn name_of<'p>(program: &'p Program, ty: &'p TypeRef) -> Option<&'p str> {
    type_name(program, ty).map(Symbol::as_str)
}

fn type_name<'p>(program: &'p Program, ty: &'p TypeRef) -> Option<&'p Symbol> {
    let TypeRef::Named(named) = ty else { return None };
    program.type_name(named)
}

/// `#[derive(Error)]`
fn derives_error(annotation: &Annotation) -> bool {
    annotation.args.iter().any(|arg| match &arg.value {
        AnnotationValue::Path(path) => path.rsplit(':').next() == Some(ERROR),
        _ => false,
    })
}

/// The methods that the texts of a function call, and in Python what it writes as it is.
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
    let of_texts = texts.flatten().filter_map(move |part| match part {
        TextPart::Hole(value, hole) => format_of(values, formats, values.of(id, *value), *hole),
        TextPart::Lit(_) => None,
    });
    let is_python = values.language(id) == Language::Python && !formats.is_empty();
    let calls = func.instrs.iter_enumerated().filter_map(move |(at, instr)| match &instr.op {
        Op::Call(call) if is_python && !values.call_rows((id, at), Table::Sink).is_empty() => Some(call),
        _ => None,
    });
    let written = calls.flat_map(|call| &call.args);
    of_texts.chain(written.filter_map(move |arg| format_of(values, formats, values.of(id, arg.value), Hole::Display)))
}

/// The method for a value that can be nothing but objects of one class, in an option or a reference of a library. The error
/// that stood beside one in a result does not count, unless it is the only one.
fn format_of(values: &Values<'_>, formats: &Formats, set: &ValueSet, hole: Hole) -> Option<FuncId> {
    let mut classes: BTreeSet<ClassId> = set.items().iter().filter_map(class_of).collect();
    if classes.len() > 1 {
        classes.retain(|class| !formats.errors.contains(class));
    }
    let hole = if hole == Hole::Chain { Hole::Display } else { hole };
    let class = classes.first().filter(|_| classes.len() == 1 && !set.is_cut)?;
    let method = *formats.methods.get(&(*class, hole))?;
    // An error may be there only because it stood beside what a library gave.
    let is_given = |value: &Value| matches!(value, Value::Api(_, Some(_)));
    if formats.errors.contains(class) && set.items().iter().any(is_given) {
        return None;
    }
    set.items().iter().all(|value| class_of(value).is_some() || is_around(values, value)).then_some(method)
}

fn class_of(value: &Value) -> Option<ClassId> {
    match value {
        Value::Instance(class) | Value::Typed(class) | Value::Variant(class, _) => Some(*class),
        _ => None,
    }
}

/// May the value stand beside the objects of a class without being another object: the literal that one of them was made
/// by, an `Ok` or `Some` around it, what a library puts around one, the library's error in place of one?
fn is_around(values: &Values<'_>, value: &Value) -> bool {
    match value {
        Value::Record(Site::Instr((func, at))) => match &values.program.funcs[*func].instrs[*at].op {
            Op::Record(record) => record.ty.is_some() || record.kind == RecordKind::Variant,
            _ => false,
        },
        Value::Unknown | Value::Const(Const::Null) | Value::Api(..) => true,
        _ => false,
    }
}

/// Is there a part of an error's class that is known by that key?
fn has_part(class: &Class, key: &str) -> bool {
    let is_of = |variant: &Variant| {
        let is_numbered = key.strip_prefix(variant.name.as_str()).is_some_and(|rest| rest.starts_with('.'));
        is_numbered || variant.fields.iter().any(|field| field.name == key)
    };
    class.fields.iter().any(|field| field.name == key) || class.variants.iter().any(is_of)
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
        let errors: Vec<ClassId> = {
            let classes = taint.values.of(self.id, value).items().iter().filter_map(class_of);
            classes.filter(|class| taint.formats.errors.contains(class)).collect()
        };
        let program = taint.values.program;
        let is_of_error = |entry: &Entry| {
            entry.at.first().is_some_and(|key| errors.iter().any(|class| has_part(&program.classes[*class], key)))
        };
        // The method's own class knows what it shows.
        let own = taint.values.classes.owner(func);
        let is_own = |entry: &Entry| {
            entry.at.first().is_some_and(|key| own.is_some_and(|class| has_part(&program.classes[class], key)))
        };
        let is_own_error = |entry: &Entry| is_no_error(entry) && is_of_error(entry) && !is_own(entry);
        let mut shown = held.only(|entry| self.is_raw_error(entry) || is_own_error(entry));
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
        if formats.is_empty() || entry.at.is_empty() {
            return true;
        }
        let mut set = values.of(self.id, value);
        for depth in 0..=entry.at.len() {
            if let Some(func) = format_of(values, formats, set, hole) {
                let rest = &entry.at[depth..];
                let summary = &self.taint.summaries[func.index()];
                let outs = summary.outs.iter().map(|(_, entry)| entry);
                return summary.returns.entries().iter().chain(outs).any(|shown| {
                    shown.root == Root::Param(RECEIVER) && shown.path.iter().zip(rest).all(|(own, key)| own == key)
                });
            }
            let (Some(class), Some(key)) = (set.items().iter().find_map(class_of), entry.at.get(depth)) else {
                return true;
            };
            let obj = Obj::Instances(values.classes.top(class));
            let Some(slot) = values.known_field(&obj, &Key::Name(key.clone())) else { return true };
            set = values.of_slot(slot);
        }
        true
    }
}
