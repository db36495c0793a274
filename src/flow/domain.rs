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
    /// One that a model lists, or a kind of it.
    Listed(ErrorClass),
    /// One that a model lists, and no narrower kind of it: the program made it.
    Made(ErrorClass),
}

impl ErrorKind {
    /// Is its class one of the program's?
    pub(super) fn is_own(self) -> bool {
        matches!(self, Self::Own(_))
    }
}

/// What begins the names of classes among those of fields.
const KIND: &str = "instanceof ";

/// What an error of a class is called where it is told which ones a value is not, beside the fields that it does not have.
pub(super) fn kind_name(class: ErrorKind) -> Symbol {
    match class {
        ErrorKind::Own(class) => format_smolstr!("{KIND}{class}"),
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

/// What lowers the confidence in an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Marks(pub(super) u32);

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
    /// Came out of a helper that replaces secrets.
    pub(crate) const REDACTED: Self = Self(64);
    /// Was handed over under the name of a label: which thing it is about, how many there are, where.
    pub(crate) const LABEL: Self = Self(128);
    /// A field of what a library gave that no model describes: rather its answer than what it was given.
    pub(crate) const ANSWER: Self = Self(256);
    /// A copy, whose own fields are its own: `{ ...options }`. What is put into it is not put into the original.
    pub(crate) const COPY: Self = Self(512);
    /// The program asked whether it is a text: no object with fields gets here.
    pub(crate) const TEXT: Self = Self(1024);
    /// If it is a text, one that was read: what it holds has fields again.
    pub(crate) const PARSED: Self = Self(2048);
    /// The text of a script's error, still in it: JSON leaves it out.
    pub(crate) const IN_ERROR: Self = Self(4096);
    /// JSON was made of it.
    pub(crate) const JSON: Self = Self(8192);
    /// It is all of a text that the program serialised, as it was made: it can be read.
    pub(crate) const WRITTEN: Self = Self(268_435_456);
    /// The program asked whether it is an error: none gets here.
    pub(crate) const NO_ERROR: Self = Self(16384);
    /// It was put into a text as scripts do that: of an object no field shows in it.
    pub(crate) const SPOKEN: Self = Self(32768);
    /// The program asked whether it is a text: none gets here.
    pub(crate) const NO_TEXT: Self = Self(65_536);
    /// The program found something of its own under it.
    pub(crate) const OWN: Self = Self(131_072);
    /// It stands behind a `?` in a text.
    pub(crate) const QUERY: Self = Self(262_144);
    /// What stands behind the `?` of a text was cut off.
    pub(crate) const NO_QUERY: Self = Self(524_288);
    /// It stands behind the server in a text, if that is the address of one: behind the first `/` that follows the scheme.
    pub(crate) const PATH: Self = Self(67_108_864);
    /// What stands behind the server of an address was cut off.
    pub(crate) const NO_PATH: Self = Self(134_217_728);
    /// A handler raises it as it is: an error merely passes through.
    pub(crate) const PASSED: Self = Self(1_048_576);
    /// The program asked whether it is a table: what goes through it gets its keys.
    pub(crate) const TABLE: Self = Self(2_097_152);
    /// The program asked whether it is an error of a class that no library raises there: none of a library gets here.
    pub(crate) const OWN_ERROR: Self = Self(4_194_304);
    /// The program asked whether it is an error: nothing else gets here.
    pub(crate) const ERROR: Self = Self(33_554_432);
    /// What stands before the `@` of a URL was overwritten: user and password.
    pub(crate) const NO_USER: Self = Self(16_777_216);
    /// It is in an error that is raised again only where a function of the program finds something in the error.
    pub(crate) const PICKED: Self = Self(2_147_483_648);
    /// It stands under another text in an error: that is what a text of the error shows, Debug shows both.
    pub(crate) const BENEATH: Self = Self(536_870_912);
    /// It was put into a text that shows of an error only what stands uppermost.
    pub(crate) const UPPERMOST: Self = Self(1_073_741_824);
    /// Of what a value has no room for, this stays: a secret, a stack trace.
    pub(crate) const GRAVE: Self = Self(8_388_608);

    pub(crate) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn lacking(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(super) fn only(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// What of them says that less of a value, or less surely, gets there.
    pub(super) fn bars(self) -> Self {
        let doubts = Self::OBSCURE.with(Self::GUESSED).with(Self::WIDENED).with(Self::PICKED);
        let doubts = doubts.with(Self::PART).with(Self::ANSWER);
        let asked = Self::TEXT
            .with(Self::NO_TEXT)
            .with(Self::NO_ERROR)
            .with(Self::ERROR)
            .with(Self::OWN_ERROR)
            .with(Self::SPOKEN)
            .with(Self::BENEATH)
            .with(Self::UPPERMOST);
        Self(self.0 & doubts.with(asked).with(Self::LABEL).with(Self::silencing()).0)
    }

    /// Those of them because of which nothing is told of a secret.
    fn silencing() -> Self {
        Self::OTHER_PART
            .with(Self::REDACTED)
            .with(Self::OWN)
            .with(Self::NO_QUERY)
            .with(Self::NO_PATH)
            .with(Self::NO_USER)
    }

    /// What is known of a value that came by two ways. Each way has its own bars, and no way has only those that both have: of
    /// the one stay all that is more likely to be told.
    pub(super) fn meet(self, other: Self) -> Self {
        let rank = |bars: Self| {
            let n_silencing = (bars.0 & Self::silencing().0).count_ones();
            (n_silencing, bars.n_doubts(), bars.0.count_ones(), bars.0)
        };
        let bars = [self.bars(), other.bars()].into_iter().min_by_key(|bars| rank(*bars)).unwrap_or_default();
        let both = self.0 & other.0;
        Self(both & !Self(both).bars().0 | bars.0)
    }

    /// What of them tells two things apart that reach the same place: a harmless part of a secret beside the secret itself
    /// (`{ status: error.status, url: error.url }`), a text of an object beside the object, what is no text beside one, what the
    /// program knows beside what it does not.
    pub(super) fn telling(self) -> Self {
        let of_url = Self::NO_QUERY.with(Self::NO_PATH).with(Self::NO_USER);
        Self(
            self.0
                & Self::OTHER_PART
                    .with(Self::SPOKEN)
                    .with(Self::BENEATH)
                    .with(Self::UPPERMOST)
                    .with(Self::NO_TEXT)
                    .with(Self::ERROR)
                    .with(Self::OWN)
                    .with(Self::PICKED)
                    .with(of_url)
                    .0,
        )
    }

    /// What of them keeps two ways apart that one origin came by: a text, and what is no text, have different things in them; so
    /// have an error, and what is none. What is raised under a condition is there for another call than what is raised otherwise.
    fn apart(self) -> Self {
        self.only(Self::NO_TEXT.with(Self::ERROR).with(Self::PICKED))
    }

    /// How much of the way is not sure.
    pub(crate) fn n_doubts(self) -> u32 {
        (self.0 & Self::OBSCURE.with(Self::GUESSED).with(Self::WIDENED).with(Self::PICKED).0).count_ones()
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
