//! What the taint pass knows of a value: which origins are in it, where in it, and how they got there.
//!
//! An *origin* is a source of the program, or a symbol that stands for what a caller or a variable will hold: a parameter, a
//! *heap* place (cell, field of a class). A *tree* lists the origins of a value with the field each sits in. The *form* says
//! what became of the origin: the value itself, a text of it, an object that keeps it inside.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::base::Symbol;
use crate::base::idx::{IndexVec, ids};
use crate::ir::func::FuncId;
use crate::ir::program::{CellId, ClassId};
use crate::resolve::values::At;

use super::bounds::{MAX_ENTRIES, MAX_PATH, MAX_TRACE};

ids! {
    /// A source of the program.
    SourceId "source",
    /// A variable that outlives one call.
    HeapId "heap",
}

/// Names of fields from a value inwards; `*` for an unknown key.
pub(crate) type Path = Vec<Symbol>;

/// The field name for an unknown key.
pub(crate) const ANY: &str = "*";

/// The field of a result that holds its error.
pub(crate) const ERR: &str = "Err.0";

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
}

/// A variable that outlives one call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Heap {
    Cell(CellId),
    /// A field of all instances of a class.
    Field(ClassId, Symbol),
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
    /// Fields of that part that are not in it: taken out, or overwritten.
    pub(crate) without: Path,
    pub(crate) form: Form,
    /// Where the form became another one than `Exact`.
    pub(crate) formed: Option<At>,
    pub(crate) marks: Marks,
    pub(crate) trace: Trace,
}

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
            trace,
        }
    }

    fn same(&self, other: &Self) -> bool {
        self.root == other.root
            && self.form == other.form
            && self.at == other.at
            && self.path == other.path
            && self.without == other.without
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
            None if self.form == Form::Exact && !self.without.contains(field) => {
                self.without.push(field.clone());
                self.without.sort();
            }
            _ => {}
        }
        Some(self)
    }

    /// The same as a text, made at the instruction.
    pub(crate) fn formed(mut self, form: Form, at: At) -> Self {
        self.at.clear();
        if self.form == Form::Exact {
            self.form = form;
            self.formed = Some(at);
        }
        self
    }
}

/// What lowers the confidence in an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Marks(u8);

impl Marks {
    /// Went through a library call that no model describes.
    pub(crate) const OBSCURE: Self = Self(1);
    /// Went through a call whose target is a guess.
    pub(crate) const GUESSED: Self = Self(2);
    /// A limit was hit on the way.
    pub(crate) const WIDENED: Self = Self(4);
    /// Only a part of the value.
    pub(crate) const PART: Self = Self(8);

    pub(crate) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// The origins in a value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    entries: Vec<Entry>,
}

impl Tree {
    pub(crate) fn of(entry: Entry) -> Self {
        Self { entries: vec![entry] }
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(crate) fn into_entries(self) -> Vec<Entry> {
        self.entries
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds an entry; true when it is new.
    pub(crate) fn add(&mut self, mut entry: Entry) -> bool {
        if entry.at.len() > MAX_PATH {
            entry.at.truncate(MAX_PATH);
            entry.marks = entry.marks.with(Marks::WIDENED);
        }
        if let Some(known) = self.entries.iter_mut().find(|known| known.same(&entry)) {
            known.marks = Marks(known.marks.0 & entry.marks.0);
            return false;
        }
        if self.entries.len() >= MAX_ENTRIES {
            return false;
        }
        self.entries.push(entry);
        true
    }

    /// Adds all of another tree; true when something is new.
    pub(crate) fn join(&mut self, other: &Tree) -> bool {
        let mut changed = false;
        for entry in &other.entries {
            changed |= self.add(entry.clone());
        }
        changed
    }

    /// What a field of the value holds.
    pub(crate) fn read(&self, key: &str) -> Tree {
        let mut res = Tree::default();
        for entry in &self.entries {
            match entry.at.first() {
                None => {
                    if let Some(inner) = extend(entry, key) {
                        res.add(inner);
                    }
                }
                Some(first) if first == key || first == ANY || key == ANY => {
                    let mut inner = entry.clone();
                    inner.at.remove(0);
                    res.add(inner);
                }
                Some(_) => {}
            }
        }
        res
    }

    /// The entries of what a path leads to, each once for each way there.
    pub(crate) fn entries_at<'t>(&'t self, path: &'t [Symbol]) -> impl Iterator<Item = Cow<'t, Entry>> {
        self.entries.iter().filter_map(|entry| entry_at(entry, path))
    }

    /// The value without what the named field holds (a store to it follows).
    pub(crate) fn clear(&mut self, path: &[Symbol]) {
        self.entries.retain(|entry| !entry.at.starts_with(path));
    }

    /// The whole as the content of a field.
    pub(crate) fn under(&self, path: &[Symbol]) -> Tree {
        if path.is_empty() {
            return self.clone();
        }
        let mut res = Tree::default();
        for entry in &self.entries {
            let mut entry = entry.clone();
            entry.at.splice(0..0, path.iter().cloned());
            res.add(entry);
        }
        res
    }

    /// Each entry changed.
    pub(crate) fn map(&self, change: impl Fn(Entry) -> Option<Entry>) -> Tree {
        let mut res = Tree::default();
        for entry in &self.entries {
            if let Some(entry) = change(entry.clone()) {
                res.add(entry);
            }
        }
        res
    }

    /// A text (or other value) made of this one.
    pub(crate) fn formed(&self, form: Form, at: At) -> Tree {
        self.map(|entry| Some(entry.formed(form, at)))
    }

    pub(crate) fn marked(&self, marks: Marks) -> Tree {
        self.map(|mut entry| {
            entry.marks = entry.marks.with(marks);
            Some(entry)
        })
    }
}

/// What a path leads to in one entry.
fn entry_at<'t>(entry: &'t Entry, path: &[Symbol]) -> Option<Cow<'t, Entry>> {
    let n_inside = path.len().min(entry.at.len());
    let fits = |(known, key): (&Symbol, &Symbol)| known == key || known == ANY || key == ANY;
    if !entry.at.iter().zip(&path[..n_inside]).all(fits) {
        return None;
    }
    if path.is_empty() {
        return Some(Cow::Borrowed(entry));
    }
    let mut inner = entry.clone();
    inner.at.drain(..n_inside);
    for key in &path[n_inside..] {
        inner = extend(&inner, key)?;
    }
    Some(Cow::Owned(inner))
}

/// The field of an origin. A text's field is a part of the text; an object that a library made says nothing of its fields.
fn extend(entry: &Entry, key: &str) -> Option<Entry> {
    if entry.without.iter().any(|field| field == key) {
        return None;
    }
    let mut inner = entry.clone();
    match entry.form {
        Form::Held => return None,
        Form::Text | Form::Debug => return if key == ERR { None } else { Some(inner) },
        Form::Exact => {}
    }
    if let Root::Source(_) = entry.root
        && key == ERR
    {
        return None;
    }
    inner.without.clear();
    if inner.path.len() < MAX_PATH {
        inner.path.push(key.into());
    } else {
        inner.marks = inner.marks.with(Marks::WIDENED);
    }
    Some(inner)
}

/// What happened to a value at a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// It came into being.
    Source,
    /// Handed to a function of the program.
    Passed(FuncId),
    Returned(FuncId),
    Thrown(FuncId),
    /// Kept in a variable or field.
    Stored(Symbol),
    /// Through a library call.
    Through,
    Caught,
    Given,
}

/// How a value got where it is: a list of steps, shared between values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trace(Option<Rc<Node>>);

#[derive(Debug)]
struct Node {
    len: u32,
    before: Trace,
    step: Tail,
}

#[derive(Debug)]
enum Tail {
    Step(At, What),
    More(Trace),
}

impl Trace {
    pub(crate) fn len(&self) -> u32 {
        self.0.as_ref().map_or(0, |node| node.len)
    }

    pub(crate) fn then(self, at: At, what: What) -> Self {
        let len = self.len() + 1;
        if len > MAX_TRACE {
            return self;
        }
        Self(Some(Rc::new(Node { len, before: self, step: Tail::Step(at, what) })))
    }

    /// This one, then all of the other.
    pub(crate) fn followed_by(self, other: &Trace) -> Self {
        let len = self.len() + other.len();
        if other.len() == 0 || len > MAX_TRACE {
            return self;
        }
        if self.len() == 0 {
            return other.clone();
        }
        Self(Some(Rc::new(Node { len, before: self, step: Tail::More(other.clone()) })))
    }

    /// The steps in order.
    pub(crate) fn steps(&self) -> Vec<(At, What)> {
        let mut found = Vec::new();
        let mut open = vec![self.clone()];
        while let Some(Trace(node)) = open.pop() {
            let Some(node) = node else { continue };
            match &node.step {
                Tail::Step(at, what) => found.push((*at, what.clone())),
                Tail::More(_) => {}
            }
            open.push(node.before.clone());
            if let Tail::More(more) = &node.step {
                open.push(more.clone());
            }
        }
        found.reverse();
        found
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
