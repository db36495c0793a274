//! What the taint pass knows of a value: which origins are in it, where in it, and how they got there.
//!
//! An *origin* is a source of the program, or a symbol that stands for what a caller or a variable will hold: a parameter, a
//! *heap* place (cell, field of a class). A *tree* lists the origins of a value with the field each sits in. The *form* says
//! what became of the origin: the value itself, a text of it, an object that keeps it inside.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::rc::Rc;

use rustc_hash::FxHasher;

use crate::base::Symbol;
use crate::base::bounds::{MAX_ENTRIES, MAX_PATH, MAX_TRACE};
use crate::base::idx::{IndexVec, ids};
use crate::ir::func::FuncId;
use crate::ir::program::{CellId, ClassId};
use crate::resolve::values::At;

use super::words::is_other_part;

ids! {
    /// A source of the program.
    SourceId "source",
    /// A variable that outlives one call.
    HeapId "heap",
}

/// Names of fields from a value inwards; `*` for an unknown key. Shared: nearly all copies are never changed. Its hash is kept,
/// since paths are compared far more often than they are made.
#[derive(Clone, Default)]
pub(crate) struct Path {
    keys: Option<Rc<[Symbol]>>,
    hash: u64,
}

impl PartialEq for Path {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self[..] == other[..]
    }
}

impl Eq for Path {}

impl PartialOrd for Path {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Path {
    fn cmp(&self, other: &Self) -> Ordering {
        self[..].cmp(&other[..])
    }
}

impl Hash for Path {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl Path {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    fn of(keys: Rc<[Symbol]>) -> Self {
        if keys.is_empty() {
            return Self::default();
        }
        let mut hasher = FxHasher::default();
        keys.hash(&mut hasher);
        Self { hash: hasher.finish(), keys: Some(keys) }
    }

    pub(crate) fn push(&mut self, key: Symbol) {
        *self = self.iter().cloned().chain([key]).collect();
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Adds a name to a sorted list of them, once.
    pub(crate) fn include(&mut self, key: &Symbol) {
        if let Err(at) = self.binary_search(key) {
            *self = self[..at].iter().chain([key]).chain(&self[at..]).cloned().collect();
        }
    }

    /// Without all behind the first `len` names.
    fn truncate(&mut self, len: usize) {
        if len < self.len() {
            *self = Self::from(&self[..len]);
        }
    }

    /// Without the first `count` names.
    fn skip(&mut self, count: usize) {
        if count > 0 {
            *self = Self::from(&self[count.min(self.len())..]);
        }
    }

    /// This one, then the other.
    pub(crate) fn then(&self, other: &Self) -> Self {
        match (&self.keys, &other.keys) {
            (_, None) => self.clone(),
            (None, _) => other.clone(),
            (Some(first), Some(second)) => first.iter().chain(second.iter()).cloned().collect(),
        }
    }
}

impl From<&[Symbol]> for Path {
    fn from(keys: &[Symbol]) -> Self {
        Self::of(keys.into())
    }
}

impl FromIterator<Symbol> for Path {
    fn from_iter<T: IntoIterator<Item = Symbol>>(keys: T) -> Self {
        Self::of(keys.into_iter().collect())
    }
}

impl Deref for Path {
    type Target = [Symbol];

    fn deref(&self) -> &[Symbol] {
        self.keys.as_deref().unwrap_or_default()
    }
}

impl std::fmt::Debug for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.iter().collect::<Vec<_>>().fmt(f)
    }
}

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
    /// Known by its name only: what it holds may be a source that is known otherwise.
    pub(crate) by_name: bool,
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
    /// It came out of a function, or went into it, that another function was handed and called: which, and by whom.
    pub(crate) via: Option<Via>,
    pub(crate) trace: Trace,
}

/// A function, and the one that calls it as its parameter.
pub(crate) type Via = (FuncId, FuncId);

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
            trace,
        }
    }

    fn same(&self, other: &Self) -> bool {
        self.root == other.root
            && self.form == other.form
            && self.via == other.via
            && self.at == other.at
            && self.path == other.path
    }

    /// The same for entries that are the same.
    fn key(&self) -> u64 {
        let mut hasher = FxHasher::default();
        (self.root, self.form, self.via, self.at.hash, self.path.hash).hash(&mut hasher);
        hasher.finish()
    }

    /// The same, as what a function of a parameter gave or was given, if it is one.
    pub(crate) fn by_way_of(mut self, via: Option<Via>) -> Self {
        self.via = via.or(self.via);
        self
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

    /// Something under an unknown key is read by a name that tells what it is.
    fn note_part(&mut self, known: &str, key: &str) {
        if known == ANY && key != ANY && is_other_part(&key.into()) {
            self.marks = self.marks.with(Marks::OTHER_PART);
        }
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
    /// Only a part whose name tells that it is no secret.
    pub(crate) const OTHER_PART: Self = Self(16);
    /// The program raised it, or gave it back as the error of a result.
    pub(crate) const RAISED: Self = Self(32);

    pub(crate) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// The origins in a value. Shared until one of the holders adds to it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    items: Option<Rc<Items>>,
}

/// Entries, each with its key beside it: trees are searched far more often than they are changed.
#[derive(Clone, Debug, Default)]
struct Items {
    entries: Vec<Entry>,
    keys: Vec<u64>,
}

impl Items {
    fn push(&mut self, entry: Entry, key: u64) {
        self.entries.push(entry);
        self.keys.push(key);
    }

    fn position(&self, entry: &Entry, key: u64) -> Option<usize> {
        let fits = |(at, known): (usize, &u64)| (*known == key && self.entries[at].same(entry)).then_some(at);
        self.keys.iter().enumerate().find_map(fits)
    }

    fn retain(&mut self, keep: impl Fn(&Entry) -> bool) {
        self.entries.retain(keep);
        self.keys = self.entries.iter().map(Entry::key).collect();
    }
}

impl Tree {
    pub(crate) fn of(entry: Entry) -> Self {
        let keys = vec![entry.key()];
        Self { items: Some(Rc::new(Items { entries: vec![entry], keys })) }
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        self.items.as_ref().map_or(&[], |items| items.entries.as_slice())
    }

    pub(crate) fn into_entries(self) -> Vec<Entry> {
        self.items.map(Rc::unwrap_or_clone).unwrap_or_default().entries
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries().is_empty()
    }

    fn items_mut(&mut self) -> &mut Items {
        Rc::make_mut(self.items.get_or_insert_default())
    }

    /// Do both hold the same, since one is a copy of the other?
    fn is_shared_with(&self, other: &Self) -> bool {
        match (&self.items, &other.items) {
            (Some(own), Some(other)) => Rc::ptr_eq(own, other),
            (None, None) => true,
            _ => false,
        }
    }

    /// Do both hold the same, however it got there?
    pub(crate) fn equals(&self, other: &Self) -> bool {
        let is_same =
            |(own, other): (&Entry, &Entry)| own.same(other) && own.marks == other.marks && own.formed == other.formed;
        self.is_shared_with(other)
            || self.entries().len() == other.entries().len() && self.entries().iter().zip(other.entries()).all(is_same)
    }

    /// Adds an entry; true when it is new.
    pub(crate) fn add(&mut self, mut entry: Entry) -> bool {
        if entry.at.len() > MAX_PATH {
            entry.at.truncate(MAX_PATH);
            entry.marks = entry.marks.with(Marks::WIDENED);
        }
        self.admit(Cow::Owned(entry))
    }

    fn admit(&mut self, entry: Cow<'_, Entry>) -> bool {
        let key = entry.key();
        match self.items.as_ref().and_then(|items| items.position(&entry, key)) {
            Some(at) => self.meet(at, &entry),
            None if self.is_full_for(&entry.root, MAX_ENTRIES) => false,
            None => {
                self.items_mut().push(entry.into_owned(), key);
                true
            }
        }
    }

    /// The same origin came another way: it loses the marks that it does not have there, and lacks only the fields that it
    /// lacks there, too. True when it lacks fewer than before.
    fn meet(&mut self, at: usize, entry: &Entry) -> bool {
        let known = &self.entries()[at];
        let marks = Marks(known.marks.0 & entry.marks.0);
        let without: Path = known.without.iter().filter(|field| entry.without.contains(field)).cloned().collect();
        let is_more = without.len() < known.without.len();
        if marks != known.marks || is_more {
            let known = &mut self.items_mut().entries[at];
            known.marks = marks;
            known.without = without;
        }
        is_more
    }

    /// Are there as many origins of that sort as a value keeps? Sources of the program are counted apart from symbols: however
    /// many variables a value was made from, a source is not forgotten for them.
    pub(crate) fn is_full_for(&self, root: &Root, most: usize) -> bool {
        let is_source = |root: &Root| matches!(root, Root::Source(_));
        self.entries().len() >= most
            && self.entries().iter().filter(|known| is_source(&known.root) == is_source(root)).count() >= most
    }

    /// Adds all of another tree; true when something is new.
    pub(crate) fn join(&mut self, other: &Tree) -> bool {
        if other.is_empty() || self.is_shared_with(other) {
            return false;
        }
        if self.is_empty() {
            self.items.clone_from(&other.items);
            return true;
        }
        let mut changed = false;
        for entry in other.entries() {
            // What is in a tree is short enough already.
            changed |= self.admit(Cow::Borrowed(entry));
        }
        changed
    }

    /// What a field of the value holds.
    pub(crate) fn read(&self, key: &str) -> Tree {
        let mut res = Tree::default();
        for entry in self.entries() {
            match entry.at.first() {
                None => {
                    if let Some(inner) = extend(entry, key) {
                        res.add(inner);
                    }
                }
                Some(first) if fits(first, key) => {
                    let mut inner = entry.clone();
                    inner.note_part(first, key);
                    inner.at.skip(1);
                    res.add(inner);
                }
                Some(_) => {}
            }
        }
        res
    }

    /// The entries of what a path leads to, each once for each way there.
    pub(crate) fn entries_at<'t>(&'t self, path: &'t [Symbol]) -> impl Iterator<Item = Cow<'t, Entry>> {
        self.entries().iter().filter_map(|entry| entry_at(entry, path))
    }

    /// The value without what the named field holds (a store to it follows).
    pub(crate) fn clear(&mut self, path: &[Symbol]) {
        if self.entries().iter().any(|entry| entry.at.starts_with(path)) {
            self.items_mut().retain(|entry| !entry.at.starts_with(path));
        }
    }

    /// The whole as the content of a field.
    pub(crate) fn under(&self, path: &[Symbol]) -> Tree {
        if path.is_empty() {
            return self.clone();
        }
        let mut res = Tree::default();
        let path = Path::from(path);
        for entry in self.entries() {
            let mut entry = entry.clone();
            entry.at = path.then(&entry.at);
            res.add(entry);
        }
        res
    }

    /// Each entry changed.
    pub(crate) fn map(&self, change: impl Fn(Entry) -> Option<Entry>) -> Tree {
        let mut res = Tree::default();
        for entry in self.entries() {
            if let Some(entry) = change(entry.clone()) {
                res.add(entry);
            }
        }
        res
    }

    /// The entries that fulfil a condition, and all there are when all do.
    pub(crate) fn only(&self, keep: impl Fn(&Entry) -> bool) -> Tree {
        if self.entries().iter().all(&keep) {
            return self.clone();
        }
        let mut kept = self.clone();
        kept.items_mut().retain(keep);
        kept
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

/// Can a field that is known by one name be the one that is asked for by the other? The error of a result is none of the items
/// in it.
fn fits(known: &Symbol, key: &str) -> bool {
    known == key || known == ANY || key == ANY && known != ERR
}

/// What a path leads to in one entry.
fn entry_at<'t>(entry: &'t Entry, path: &[Symbol]) -> Option<Cow<'t, Entry>> {
    let n_inside = path.len().min(entry.at.len());
    if !entry.at.iter().zip(&path[..n_inside]).all(|(known, key)| fits(known, key)) {
        return None;
    }
    if path.is_empty() {
        return Some(Cow::Borrowed(entry));
    }
    let mut inner = entry.clone();
    for (known, key) in entry.at.iter().zip(&path[..n_inside]) {
        inner.note_part(known, key);
    }
    inner.at.skip(n_inside);
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
        Form::Text | Form::Debug if key == ERR => return None,
        Form::Text | Form::Debug => {
            if is_other_part(&key.into()) {
                inner.marks = inner.marks.with(Marks::OTHER_PART);
            }
            return Some(inner);
        }
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
        // What is further inside is known by this part of it.
        if is_other_part(&key.into()) {
            inner.marks = inner.marks.with(Marks::OTHER_PART);
        }
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
