//! What the taint pass knows of a value: which origins are in it, where in it, and how they got there.
//!
//! An *origin* is a source of the program, or a symbol that stands for what a caller or a variable will hold: a parameter, a
//! *heap* place (cell, field of a class). A *tree* lists the origins of a value with the field each sits in. The *form* says
//! what became of the origin: the value itself, a text of it, an object that keeps it inside.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use rustc_hash::FxHasher;
use smol_str::format_smolstr;

use crate::base::Symbol;
use crate::base::idx::{IndexVec, ids};
use crate::ir::func::FuncId;
use crate::ir::program::{CellId, ClassId};
use crate::models::errors::ErrorClass;
use crate::models::index::RowRef;
use crate::resolve::channels::Channel;
use crate::resolve::values::At;

use super::asked::Asked;
use super::path::Path;
use super::trace::{Trace, What};
use super::when::When;
use super::words::is_other_part;

pub(crate) use super::marks::Marks;

ids! {
    /// A source of the program.
    SourceId "source",
    /// A variable that outlives one call.
    HeapId "heap",
}

/// Where an exception of Python keeps what its text is made of.
pub(crate) const ARGS: &str = "args";

/// The field name for an unknown key.
pub(crate) const ANY: &str = "*";

/// The field of a table for its keys, where they are values of the program like what is kept under them.
pub(crate) const KEYS: &str = "key of";

/// The first item of a list.
pub(crate) const FIRST: &str = "0";

/// The field of a result that holds its error.
pub(crate) const ERR: &str = "Err.0";

/// What stands in front of the error of a result that is in another one, or in an option: `Ok(Err(reason))`. All else that is
/// in an `Ok` or a `Some` is the value itself.
pub(crate) const OK: &str = "Ok.0";

/// Is a variant that of a result or option with a value, or the one without? `None` for those of other enums.
pub(super) fn has_value(variant: &str) -> Option<bool> {
    match variant {
        "Some" | "Ok" => Some(true),
        "None" | "Err" => Some(false),
        _ => None,
    }
}

/// What kind of data a source gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Env,
    /// The whole environment.
    EnvAll,
    Credential,
    /// Names and values of which some are credentials: the headers of a request.
    Headers,
    Argument,
    Response,
    Error,
    /// A stack trace or a formatted exception.
    Stack,
}

impl Kind {
    /// The kind a model's source row names.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "env" => Self::Env,
            "env-all" => Self::EnvAll,
            "credential" => Self::Credential,
            "headers" => Self::Headers,
            "argument" | "stdin" => Self::Argument,
            "response" => Self::Response,
            "error" => Self::Error,
            "stack" => Self::Stack,
            _ => return None,
        })
    }
}

/// Where a source stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum SourcePlace {
    Instr(At),
    /// A parameter (`None`: the receiver) of a handler.
    Param(FuncId, Option<u32>),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Source {
    pub(crate) kind: Kind,
    pub(crate) place: SourcePlace,
    /// The name of the variable, parameter or field.
    pub(crate) name: Option<Symbol>,
    /// Known by its name only: what it holds may be a source that is known otherwise.
    pub(crate) by_name: bool,
    /// The row of a model that has more to say of it.
    pub(crate) row: Option<RowRef>,
    /// The parameter that its name is taken from.
    pub(crate) asked: Option<Asked>,
}

/// A variable that outlives one call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Heap {
    Cell(CellId),
    /// What inner functions put into a variable of a function: that one finds it there beside what it put there itself.
    Inner(CellId),
    /// A field of all instances of a class.
    Field(ClassId, Symbol),
    /// What goes through a channel, by its lane.
    Sent(Channel, Symbol),
    /// What the program looks up variables of the environment by.
    VariableNames,
}

/// Which parameter: by position, the receiver last of all.
pub(crate) const RECEIVER: u32 = u32::MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Root {
    Source(SourceId),
    Param(u32),
    Heap(HeapId),
}

/// What became of an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Form {
    /// The value itself.
    Exact,
    /// A text or other value made of it.
    Text,
    /// A text that shows its inside: `{:?}`.
    Debug,
    /// Inside an object that a library made of it.
    Held,
}

/// An origin with what is known of it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Where in the value.
    pub(crate) at: Path,
    pub(crate) root: Root,
    /// Which part of the root it is.
    pub(crate) path: Path,
    /// Fields of that part that are not in it: taken out, or overwritten; classes of errors that it is none of.
    pub(crate) without: Path,
    pub(crate) form: Form,
    /// Where the form became another one than `Exact`.
    pub(crate) formed: Option<At>,
    pub(crate) marks: Marks,
    /// It came out of a function, or went into it, that another function was handed and called: which, and by whom.
    pub(crate) via: Option<Via>,
    /// It is in an error of this class, not in anything made of it.
    pub(crate) error: Option<ErrorKind>,
    /// What has to be so for it to be there.
    pub(crate) when: When,
    pub(crate) trace: Trace,
}

/// What class an error is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ErrorKind {
    /// One of the program's.
    Own(ClassId),
    /// One of the program's, or one that derives from it.
    Under(ClassId),
    /// One that a model lists, or a kind of it.
    Listed(ErrorClass),
    /// One that a model lists, and no narrower kind of it: the program made it.
    Made(ErrorClass),
}

impl ErrorKind {
    /// Is its class one of the program's?
    pub(super) fn is_own(self) -> bool {
        matches!(self, Self::Own(_) | Self::Under(_))
    }
}

/// What begins the names of classes among those of fields.
const KIND: &str = "instanceof ";

/// What an error of a class is called where it is told which ones a value is not, beside the fields that it does not have.
pub(super) fn kind_name(class: ErrorKind) -> Symbol {
    match class {
        ErrorKind::Own(class) => format_smolstr!("{KIND}{class}"),
        ErrorKind::Under(class) => format_smolstr!("{KIND}{class} or under it"),
        ErrorKind::Listed(class) | ErrorKind::Made(class) => format_smolstr!("{KIND}{class}"),
    }
}

/// Is it such a name?
pub(super) fn is_kind_name(name: &Symbol) -> bool {
    name.starts_with(KIND)
}

/// A function, and the one that calls it as its parameter.
pub(crate) type Via = (FuncId, FuncId);

/// The way that an entry came by, and its marks.
pub(super) type Known = (Option<Via>, Marks);

impl Entry {
    pub(crate) fn new(root: Root, trace: Trace) -> Self {
        Self {
            at: Path::new(),
            root,
            path: Path::new(),
            without: Path::new(),
            form: Form::Exact,
            formed: None,
            marks: Marks::default(),
            via: None,
            error: None,
            when: When::default(),
            trace,
        }
    }

    /// Is it the same as another one that came by the way given, of which `marks` are known?
    pub(super) fn same(&self, other: &Self, (via, marks): Known) -> bool {
        self.root == other.root
            && self.form == other.form
            && self.via == via
            && self.marks.apart() == marks.apart()
            && self.error == other.error
            && self.at == other.at
            && self.path == other.path
    }

    /// What is known of it beside what it is.
    pub(super) fn known(&self) -> Known {
        (self.via, self.marks)
    }

    /// The same for entries that are the same. `via`: the way that it came by.
    pub(super) fn key(&self, (via, marks): Known) -> u64 {
        let mut hasher = FxHasher::default();
        (self.root, self.form, via, marks.apart(), self.error, self.at.digest(), self.path.digest()).hash(&mut hasher);
        hasher.finish()
    }

    /// The same, as what a function of a parameter gave or was given, if it is one.
    pub(crate) fn by_way_of(mut self, via: Option<Via>) -> Self {
        self.via = via.or(self.via);
        self
    }

    /// The same, where something else has to be so, too; none where that cannot be.
    pub(super) fn also(mut self, when: &When) -> Option<Self> {
        self.when = self.when.and(when)?;
        Some(self)
    }

    /// The same, whatever has to be so for it to be there.
    pub(super) fn in_any_case(self) -> Self {
        Self { when: When::default(), ..self }
    }

    /// The same, but for what is the same in the whole process.
    pub(super) fn behind_switches(self) -> Self {
        Self { when: self.when.of_switches(), ..self }
    }

    /// The same came to the same place under other conditions. `finish`: what is done to it.
    pub(super) fn meet(&mut self, other: Self, finish: impl FnOnce(Self) -> Self) {
        let either = self.when.or(&other.when);
        if either == self.when {
            return;
        }
        // What is always there is told, not what is there in some cases.
        if either == other.when {
            self.trace = finish(other).trace;
        }
        self.when = either;
    }

    /// The same after a step.
    pub(crate) fn then(mut self, at: At, what: What) -> Self {
        self.trace = self.trace.then(at, what);
        self
    }

    /// The same without a field; none when it is in that field.
    pub(crate) fn lacking(mut self, field: &Symbol) -> Option<Self> {
        match self.at.first() {
            Some(first) if first == field => return None,
            None if self.form == Form::Exact => self.without.include(field),
            _ => {}
        }
        Some(self)
    }

    /// The same outside the `Ok` or `Some` that it is in.
    pub(super) fn out_of_ok(mut self) -> Self {
        if self.at.first().is_some_and(|first| first == OK) {
            self.step_inside(1);
        }
        self
    }

    /// So many fields are read of what it is in.
    pub(super) fn step_inside(&mut self, n_fields: usize) {
        self.at.skip(n_fields);
        if self.at.is_empty() {
            self.marks = self.marks.lacking(Marks::IN_ERROR);
        }
    }

    /// Is it in a field of an object that a script's text of the object does not show? An error's text and the items of a
    /// list do.
    pub(super) fn is_unspoken(&self) -> bool {
        let is_item = |at: &&Symbol| *at == ANY || at.parse::<u32>().is_ok();
        !self.is_all_shown() && self.at.iter().find(|at| !is_item(at)).is_some_and(|at| at != "message")
    }

    /// Is it a text with all fields already, or will it be: JSON, also if a function of the program chooses what is in it?
    pub(super) fn is_all_shown(&self) -> bool {
        self.marks.has(Marks::JSON) || self.marks.has(Marks::WRITTEN)
    }

    /// Something under an unknown key is read by a name that tells what it is.
    pub(super) fn note_part(&mut self, known: &str, key: &str) {
        if known == ANY && key != ANY && is_other_part(&key.into()) {
            self.marks = self.marks.with(Marks::OTHER_PART);
        }
    }

    /// The same, kept under a name. What was read under an unknown key is what the name tells: `{ "x-request-id": headers[key] }`.
    pub(super) fn kept_as(mut self, name: &str) -> Self {
        if self.at.is_empty() && self.path.last().is_some_and(|key| key == ANY) {
            self.note_part(ANY, name);
        }
        self
    }

    /// The same inside an object that a library makes at the instruction.
    pub(super) fn held(mut self, at: At) -> Self {
        self.step_inside(self.at.len());
        self.error = None;
        self.form = Form::Held;
        self.formed = self.formed.or(Some(at));
        self
    }

    /// What a text of it holds, once it is read: it has its fields again.
    pub(super) fn parsed(mut self) -> Self {
        if self.form == Form::Text || self.form == Form::Debug && self.marks.has(Marks::JSON) {
            self.form = Form::Exact;
            self.formed = None;
        }
        // What a parameter or place holds may turn out to be a text.
        self.marks = match self.root {
            Root::Source(_) => self.marks.lacking(Marks::JSON),
            _ => self.marks.with(Marks::PARSED),
        };
        self.marks = self.marks.lacking(Marks::WRITTEN);
        self
    }

    /// Can it be read for sure, as the program serialised it?
    pub(super) fn is_readable(&self) -> bool {
        self.marks.has(Marks::WRITTEN) && !self.marks.has(Marks::PART.with(Marks::OBSCURE).with(Marks::WIDENED))
    }

    /// The same under another text in an error.
    pub(super) fn beneath(mut self) -> Self {
        self.marks = self.marks.with(Marks::BENEATH);
        self
    }

    /// The same as a text, made at the instruction.
    pub(crate) fn formed(mut self, form: Form, at: At) -> Self {
        let is_json = form == Form::Text && self.at.is_empty() && self.marks.has(Marks::JSON);
        self.step_inside(self.at.len());
        self.error = None;
        self.marks = self.marks.lacking(Marks::WRITTEN);
        if self.form == Form::Exact {
            // JSON shows all of an object in a text, too.
            self.form = if is_json { Form::Debug } else { form };
            self.formed = Some(at);
        }
        self
    }

    /// What a form becomes where this is found in what has it. Of a part of what was made JSON the text shows what it shows of
    /// any part.
    pub(super) fn formed_in(&self, outer: &Self) -> Form {
        let is_json = self.marks.has(Marks::JSON);
        match (self.form, outer.form) {
            (Form::Exact, Form::Text) if is_json => Form::Debug,
            (Form::Exact, Form::Debug) if outer.marks.has(Marks::JSON) && !is_json && !self.at.is_empty() => Form::Text,
            (Form::Exact, form) => form,
            (form, _) => form,
        }
    }
}

/// Sources and heap places by number.
#[derive(Default)]
pub(crate) struct Names {
    pub(crate) sources: IndexVec<SourceId, Source>,
    source_ids: BTreeMap<Source, SourceId>,
    pub(crate) heaps: IndexVec<HeapId, Heap>,
    heap_ids: BTreeMap<Heap, HeapId>,
}

impl Names {
    pub(crate) fn source(&mut self, source: Source) -> SourceId {
        if let Some(known) = self.source_ids.get(&source) {
            return *known;
        }
        let id = self.sources.push(source.clone());
        self.source_ids.insert(source, id);
        id
    }

    /// The fields of a class that something was found to read or write.
    pub(crate) fn fields_of(&self, class: ClassId) -> Vec<Symbol> {
        let from = Heap::Field(class, Symbol::from(""));
        self.heap_ids
            .range(from..)
            .map_while(|(heap, _)| match heap {
                Heap::Field(of, name) if *of == class => Some(name.clone()),
                _ => None,
            })
            .collect()
    }

    pub(crate) fn heap(&mut self, heap: Heap) -> HeapId {
        if let Some(known) = self.heap_ids.get(&heap) {
            return *known;
        }
        let id = self.heaps.push(heap.clone());
        self.heap_ids.insert(heap, id);
        id
    }
}
