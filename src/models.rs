//! Library knowledge as typed tables, read from `rules/models/**.toml`.

pub(crate) mod errors;
pub(crate) mod flows;
pub(crate) mod handlers;
pub(crate) mod index;
pub(crate) mod levels;
pub(crate) mod lists;
pub(crate) mod load;
pub(crate) mod loaders;
pub(crate) mod methods;
mod packages;
pub(crate) mod path;
mod port_texts;
pub(crate) mod schema;
pub(crate) mod serving;
mod states;

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::base::{Symbol, embedded};
use crate::ir::program::Language;

use errors::{ErrorClass, ErrorClasses};
use flows::{ChannelRow, CleanRow, ErrorText, PlainRow, RequestRow, SourceRow, TextPartRow, UnshownRow};
use handlers::HandlerRow;
use index::{Index, RowRef, Table};
use levels::{EchoRow, LevelRow, LineRow, Unset};
use lists::{Bases, Containers, MainWords, Transports};
use load::Own;
use loaders::LoaderRow;
use path::Port;
use schema::{
    ChildRow, Condition, CrashRow, ExitRow, LoggerRow, ModelFile, NamingRow, OwnNames, RebindRow, SinkRow, StreamRow,
    TerminalRow,
};
use serving::{ServeRow, ServingCommand, TransportRow};

/// Where the models of each language are. A program is mostly in one, and the others need not be read for it.
const FOLDERS: [(&str, Language); 3] =
    [("models/python/", Language::Python), ("models/rust/", Language::Rust), ("models/script/", Language::Script)];

/// All model files, checked and indexed.
pub(crate) struct Models {
    pub(crate) files: Vec<ModelFile>,
    pub(crate) index: Index,
    ports: FxHashMap<String, Port>,
    callbacks: FxHashMap<RowRef, Callback>,
    flows: FxHashMap<RowRef, Flow>,
    pub(crate) errors: ErrorClasses,
    containers: Containers,
    transports: Transports,
    main_words: MainWords,
    bases: Bases,
    own_names: OwnNames,
    /// Types by whose names libraries know what they hand to handlers themselves.
    pub(crate) handed_types: Vec<String>,
}

/// A callback row with its ports parsed.
pub(crate) struct Callback {
    pub(crate) runs: schema::CallbackTime,
    pub(crate) returns: bool,
    /// What it returns is put into this.
    pub(crate) puts: Option<Port>,
    /// Its object's calls call the function with their error, which throws instead of them.
    pub(crate) replaces_errors: bool,
    /// What it returns stands in an `Ok`.
    pub(crate) in_ok: bool,
    pub(crate) func_ports: Vec<Port>,
    pub(crate) gives: Vec<Port>,
    pub(crate) gives_when: Vec<Condition>,
    /// Its parameters that are objects of the library.
    pub(crate) objects: BTreeMap<String, String>,
    /// The arguments of the call that the function is called with, as they are.
    pub(crate) passes: Option<schema::Passes>,
    /// What names the lane of what comes through a channel.
    pub(crate) topic: Option<Port>,
}

/// A flow row with its ports parsed.
pub(crate) struct Flow {
    pub(crate) from: Vec<Port>,
    pub(crate) to: Vec<Port>,
    /// What is moved becomes a text.
    pub(crate) text: bool,
    /// The same, one that shows what is in the fields.
    pub(crate) debug: bool,
    /// A text is read.
    pub(crate) parses: bool,
    /// What is moved is a copy.
    pub(crate) copies: bool,
    /// What is given back is the very object that is handed over.
    pub(crate) same: bool,
    /// An object comes out of the class that the method is called on.
    pub(crate) instance: bool,
    /// One of the class itself comes out as it is, and nothing is raised.
    pub(crate) leaves_own: bool,
    /// An object of the class that is taken comes out, and nothing that is in it.
    pub(crate) object: bool,
    /// It goes through what is moved.
    pub(crate) items: bool,
    /// What is made of it names a thing, and is no secret.
    pub(crate) names: bool,
    /// What is made of it is the path of a file.
    pub(crate) of_file: bool,
    /// It gives no error of its own.
    pub(crate) beneath: bool,
    pub(crate) of_address: Option<flows::AddressPart>,
    pub(crate) infallible: bool,
    /// A result is moved with its error.
    pub(crate) whole: bool,
    /// Its class is moved, and nothing that is in it.
    pub(crate) class: bool,
    /// It stands in an `Ok` then.
    pub(crate) in_ok: bool,
    pub(crate) shows: bool,
    /// What names the member that is moved.
    pub(crate) member: Option<Port>,
    /// What names the lane of a channel.
    pub(crate) topic: Option<Port>,
    /// In which fields of what comes out of a channel it is.
    pub(crate) sent_in: Vec<Symbol>,
    /// What names the field under which it is kept.
    pub(crate) kept_as: Vec<String>,
    /// Object literals that tell the names of all fields which are moved.
    pub(crate) only: Vec<Port>,
    pub(crate) drops: Vec<Port>,
    /// Fields that are not moved.
    pub(crate) without: Vec<Symbol>,
    /// JSON is made of what is moved.
    pub(crate) errors: Option<ErrorText>,
    /// It is moved to fields that JSON leaves out.
    pub(crate) unlisted: bool,
    pub(crate) query: bool,
    /// What is put in place of parts of a text.
    pub(crate) redacts: Vec<String>,
    /// Conditions on the call under which it moves.
    pub(crate) when: Vec<Condition>,
    /// Versions of the library in which it moves.
    pub(crate) versions: Option<String>,
    /// The class of the error that the call throws.
    pub(crate) raises: Option<ErrorClass>,
}

impl Flow {
    /// Does the row speak of what goes through a channel?
    pub(crate) fn moves_sent(&self) -> bool {
        self.from.iter().chain(&self.to).any(|port| port.head == path::PortHead::Sent)
    }
}

macro_rules! row_accessors {
    ($($(#[$doc:meta])* $name:ident $field:ident $row:ident [$($table:ident)|+]),+ $(,)?) => {$(
        $(#[$doc])*
        pub(crate) fn $name(&self, row: RowRef) -> &$row {
            debug_assert!(matches!(row.table, $(Table::$table)|+));
            &self.files[row.file as usize].$field[row.row as usize]
        }
    )+};
}

impl Models {
    /// The models the binary carries of the languages that `speaks` accepts, and those of the user.
    ///
    /// # Errors
    /// Every mistake in a file, with its place.
    pub(crate) fn load(own: &Own, speaks: impl Fn(Language) -> bool) -> Result<Self, String> {
        let mut faults = Vec::new();
        // What the user adds must not take the name of a known library, whichever languages this program is in.
        let is_asked = |language: Language| !own.is_empty() || speaks(language);
        let languages = FOLDERS.into_iter().filter(|(_, language)| is_asked(*language));
        let folders: Vec<&str> = languages.map(|(folder, _)| folder).collect();
        let is_carried = |path: &str| folders.iter().any(|folder| path.starts_with(folder));
        let carried = embedded::FILES.iter().filter(|(path, _)| is_carried(path));
        let mut files = load::all(carried.map(|(path, json)| embedded::parse(path, json)), &mut faults);
        let folder = own.folder.as_deref().map(crate::source::models_in).transpose()?.unwrap_or_default();
        let mut added = load::all(folder.iter().map(|(path, text)| load::parse(path, text)), &mut faults);
        for (number, table) in (1..).zip(&own.tables) {
            match load::from_table(number, table) {
                Ok(file) => added.push(file),
                Err(what) => faults.push(what),
            }
        }
        for model in added.iter().filter(|model| !model.files.is_empty()) {
            if files.iter().any(|known| known.library == model.library && known.language == model.language) {
                let name = &model.library;
                faults.push(format!("model of {name}: mcpleaks knows a library {name}; call yours by another name"));
            }
        }
        files.extend(added);
        if !faults.is_empty() {
            return Err(faults.join("\n"));
        }
        let mut models = Self::new(files).map_err(|faults| faults.join("\n"))?;
        if !own.is_empty() {
            models.index.build_all().map_err(|faults| faults.join("\n"))?;
        }
        models.own_names = own.names.clone();
        Ok(models)
    }

    /// Checks and indexes the files.
    ///
    /// # Errors
    /// Every mistake in a pattern or port, one sentence each.
    pub(crate) fn new(files: Vec<ModelFile>) -> Result<Self, Vec<String>> {
        let index = Index::new(&files)?;
        let errors = ErrorClasses::new(&files)?;
        let handlers = files.iter().flat_map(|file| &file.handlers);
        let mut handed_types: Vec<String> = handlers.flat_map(|row| row.except_types.iter().cloned()).collect();
        handed_types.sort();
        handed_types.dedup();
        let mut models = Self {
            files,
            index,
            ports: FxHashMap::default(),
            callbacks: FxHashMap::default(),
            flows: FxHashMap::default(),
            errors,
            containers: embedded::read("containers.toml").map_err(|fault| vec![fault])?,
            transports: embedded::read("transports.toml").map_err(|fault| vec![fault])?,
            main_words: embedded::read("main.toml").map_err(|fault| vec![fault])?,
            bases: embedded::read("bases.toml").map_err(|fault| vec![fault])?,
            own_names: OwnNames::default(),
            handed_types,
        };
        let mut faults = Vec::new();
        models.parse_ports(&mut faults);
        if faults.is_empty() { Ok(models) } else { Err(faults) }
    }

    /// What the user says of names.
    pub(crate) fn own_names(&self) -> &OwnNames {
        &self.own_names
    }

    /// What loggers show without an output, by the file that says so.
    pub(crate) fn unset(&self) -> impl Iterator<Item = (u32, &Unset)> {
        (0..).zip(&self.files).filter_map(|(file, model)| Some((file, model.unset.as_ref()?)))
    }

    /// Files of the audited program that models stand for, each with the model.
    pub(crate) fn described(&self) -> impl Iterator<Item = (&str, &ModelFile)> {
        self.files.iter().flat_map(|model| model.files.iter().map(move |file| (file.as_str(), model)))
    }

    /// The commands of libraries that serve an object which they find in a file, with the language of the file.
    pub(crate) fn serving_commands(&self) -> impl Iterator<Item = (Language, &ServingCommand)> {
        self.files.iter().filter_map(|file| Some((file.language.language(), file.serving_command()?)))
    }

    /// Does the word mean a transport that is not stdio?
    pub(crate) fn is_other_transport(&self, word: &str) -> bool {
        self.transports.others.iter().any(|other| other.eq_ignore_ascii_case(word))
    }

    /// The word that chooses stdio.
    pub(crate) fn stdio_word(&self) -> &str {
        &self.transports.stdio
    }

    /// The field that every message of the protocol has.
    pub(crate) fn message_field(&self) -> &str {
        &self.transports.message_field
    }

    /// The field of a message that says which one it is.
    pub(crate) fn method_field(&self) -> &str {
        &self.transports.method_field
    }

    /// May the protocol have a method of that name?
    pub(crate) fn is_method(&self, name: &str) -> bool {
        name.contains('/') || self.transports.plain_methods.iter().any(|plain| plain == name)
    }

    /// The method of a message that is a log.
    pub(crate) fn log_method(&self) -> &str {
        &self.transports.log_method
    }

    /// Does a library fill the objects of a type for which this is derived?
    pub(crate) fn is_filling(&self, derived: &str) -> bool {
        self.bases.filled.contains(derived)
    }

    /// Does this word, in a mark of a field, say that it may be read from the environment?
    pub(crate) fn names_variable(&self, word: &str) -> bool {
        self.bases.variables.contains(word)
    }

    /// Does a function of this name make an object of a type that is filled from outside?
    pub(crate) fn is_filling_maker(&self, name: &str) -> bool {
        self.bases.makers.contains(name)
    }

    /// Does a function of this name make an object of its type, even if the source does not have it?
    pub(crate) fn is_own_maker(&self, name: &str) -> bool {
        self.bases.own_makers.contains(name)
    }

    /// Does this word, in a mark of a field, say what the field holds where nothing is given for it?
    pub(crate) fn names_default(&self, word: &str) -> bool {
        self.bases.defaults.contains(word)
    }

    /// Is a library class of this name an error?
    pub(crate) fn is_error_base(&self, name: &str) -> bool {
        self.bases.passive_ends.iter().any(|end| name.trim_end_matches("()").ends_with(end.as_str()))
    }

    /// Does a library class of this name leave alone what its subclasses define?
    pub(crate) fn is_passive_base(&self, name: &str) -> bool {
        self.bases.passive.contains(name) || self.bases.passive_ends.iter().any(|end| name.ends_with(end.as_str()))
    }

    /// Does a base class of this name say nothing of what is in an object?
    pub(crate) fn is_bare_base(&self, name: &str) -> bool {
        self.bases.bare.contains(name)
    }

    /// Does a class say by a method of this name how it is made of JSON?
    pub(crate) fn reads_json(&self, method: &str) -> bool {
        self.bases.reads.contains(method)
    }

    /// How a module asks whether it is the program.
    pub(crate) fn main_words(&self) -> &MainWords {
        &self.main_words
    }

    /// Does a library whose import is written so serve?
    pub(crate) fn serves(&self, language: crate::ir::program::Language, specifier: &str) -> bool {
        let named = |text: &String| {
            text == specifier || text.strip_suffix("/*").is_some_and(|prefix| specifier.starts_with(prefix))
        };
        self.files.iter().any(|file| {
            file.language.language() == language && !file.serves.is_empty() && file.imports.iter().any(named)
        })
    }

    /// A port that stands in some row.
    pub(crate) fn port(&self, text: &str) -> Option<&Port> {
        self.ports.get(text)
    }

    pub(crate) fn file(&self, row: RowRef) -> &ModelFile {
        &self.files[row.file as usize]
    }

    pub(crate) fn callback(&self, row: RowRef) -> &Callback {
        &self.callbacks[&row]
    }

    pub(crate) fn flow(&self, row: RowRef) -> &Flow {
        &self.flows[&row]
    }

    row_accessors! {
        stream streams StreamRow [Stream],
        sink sinks SinkRow [Sink | SinkShown],
        logger loggers LoggerRow [Logger | LoggerPlace | LoggerDefault],
        child children ChildRow [Child],
        rebind rebinds RebindRow [Rebind | RebindPlace | RebindMoves],
        transport transports TransportRow [Transport],
        serve serves ServeRow [Serve],
        handler handlers HandlerRow [Handler | HandlerMark | HandlerPlace],
        exit exits ExitRow [Exit | ExitError],
        loader loaders LoaderRow [Loader],
        crash crashes CrashRow [Crash | CrashPlace],
        naming namings NamingRow [Naming],
        terminal terminals TerminalRow [Terminal | TerminalRead],
        source sources SourceRow [Source | SourceRead],
        clean cleans CleanRow [Clean],
        channel channels ChannelRow [Channel | ChannelAround],
        plain plains PlainRow [Plain],
        unshown unshown UnshownRow [Unshown],
        line lines LineRow [Line],
        text_part text_parts TextPartRow [TextPart],
        request requests RequestRow [Request],
        echo echoes EchoRow [Echo],
        level levels LevelRow [Level | LevelPlace],
    }

    fn parse_ports(&mut self, faults: &mut Vec<String>) {
        let mut texts: Vec<(usize, String)> = Vec::new();
        for (at, file) in self.files.iter().enumerate() {
            port_texts::port_texts(file, &mut |text| texts.push((at, text.to_owned())));
        }
        for (at, text) in texts {
            match path::port(&text) {
                Ok(port) => {
                    self.ports.insert(text, port);
                }
                Err(what) => faults.push(format!("model of {}: {what}", self.files[at].library)),
            }
        }
        if !faults.is_empty() {
            return;
        }
        let parsed =
            |texts: &[String]| texts.iter().filter_map(|text| self.ports.get(text).cloned()).collect::<Vec<_>>();
        for (file, data) in self.files.iter().enumerate() {
            let row_ref = |table, row: usize| RowRef {
                file: u32::try_from(file).unwrap_or(u32::MAX),
                table,
                row: u32::try_from(row).unwrap_or(u32::MAX),
            };
            for (n, row) in data.callbacks.iter().enumerate() {
                let callback = Callback {
                    gives_when: row.gives_when.clone(),
                    objects: row.objects.clone(),
                    passes: row.passes,
                    runs: row.runs,
                    returns: row.returns,
                    puts: row.puts.as_ref().and_then(|port| self.ports.get(port).cloned()),
                    replaces_errors: row.replaces_errors,
                    in_ok: row.in_ok,
                    func_ports: parsed(&row.func),
                    gives: parsed(&row.gives),
                    topic: row.topic.as_ref().and_then(|port| self.ports.get(port).cloned()),
                };
                self.callbacks.insert(row_ref(Table::Callback, n), callback);
            }
            for (n, row) in data.flows.iter().enumerate() {
                let class = row.raises.as_deref().map(|class| self.errors.named(data.language.language(), class));
                if let (Some(class), Some(None)) = (&row.raises, class) {
                    faults.push(format!("model of {}: no table of errors lists `{class}`", data.library));
                }
                let flow = Flow {
                    from: parsed(&row.from),
                    to: parsed(&row.to),
                    text: row.text,
                    debug: row.debug,
                    parses: row.parses,
                    copies: row.copies,
                    same: row.same,
                    instance: row.instance,
                    leaves_own: row.leaves_own,
                    object: row.object,
                    items: row.items,
                    names: row.names,
                    of_file: row.of_file,
                    beneath: row.beneath,
                    of_address: row.of_address,
                    infallible: row.infallible,
                    whole: row.whole,
                    class: row.class,
                    in_ok: row.in_ok,
                    shows: row.shows || row.text,
                    member: row.member.as_ref().and_then(|port| self.ports.get(port).cloned()),
                    topic: row.topic.as_ref().and_then(|port| self.ports.get(port).cloned()),
                    sent_in: row.sent_in.iter().flat_map(|path| path.split('.')).map(Symbol::from).collect(),
                    kept_as: row.kept_as.clone(),
                    only: parsed(&row.only),
                    drops: parsed(&row.drops),
                    without: row.without.iter().map(Symbol::from).collect(),
                    errors: row.errors.clone(),
                    unlisted: row.unlisted,
                    query: row.query,
                    redacts: row.redacts.clone(),
                    when: row.when.clone(),
                    versions: row.versions.clone(),
                    raises: class.flatten(),
                };
                self.flows.insert(row_ref(Table::Flow, n), flow);
            }
        }
    }
}
