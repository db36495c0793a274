//! All patterns of a language as one automaton, so that "which rows speak of this expression?" is one look-up.
//!
//! A *state* is a position in the patterns. A *node* ([`NodeId`]) is the set of states an expression is in: what resolve
//! calls an API value. Stepping a node (`.member`, `()`, `[]`) gives another node. An expression of a library that no
//! pattern speaks of is in no state: its node only remembers the library. There are finitely many nodes.

mod nodes;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::base::Symbol;
use crate::base::idx::ids;
use crate::ir::program::Language;

use super::packages::Packages;
use super::path::{PatternStep, Step, patterns};
use super::schema::{Literal, ModelFile};
use super::states::{End, States, Waiting};

pub(crate) use nodes::Node;
use nodes::Nodes;

ids! {
    /// A set of pattern positions: what is known of an expression of a library.
    NodeId "api",
    /// A position in the patterns of a language.
    StateId "state",
}

/// Which row of which table of which file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RowRef {
    pub(crate) file: u32,
    pub(crate) table: Table,
    pub(crate) row: u32,
}

impl RowRef {
    /// Is it the same row, whichever of its patterns led there? Both have to be of one kind of row: a rebinding's places and
    /// what it moves.
    pub(crate) fn is_of(self, other: Self) -> bool {
        (self.file, self.row) == (other.file, other.row)
    }
}

/// The tables that patterns lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Table {
    /// `named` of a type: the expression is the type itself.
    TypeName,
    Stream,
    Sink,
    /// A call after which a logger shows more.
    SinkShown,
    Logger,
    /// A place whose assignment configures a logger.
    LoggerPlace,
    /// An error by which a process is told to end.
    ExitError,
    /// A place that switches a logger off.
    LevelPlace,
    /// A call, or a place, that gives a logger an output.
    Output,
    /// A call after which a logger's default no longer holds.
    LoggerDefault,
    Child,
    /// A call that rebinds.
    Rebind,
    /// A place that can be rebound.
    RebindPlace,
    /// Moves with the rebind.
    RebindMoves,
    Transport,
    Serve,
    Server,
    /// A member that no object of a type has.
    Lacked,
    /// Attributes and base types that make a server.
    ServerMark,
    Handler,
    /// A place whose assignment registers a handler.
    HandlerPlace,
    /// Attributes and base types that make handlers.
    HandlerMark,
    /// What a handler of the row yields is here, too.
    Yielded,
    Request,
    Echo,
    Level,
    Exit,
    CommandLine,
    /// Asks for something by its name, or gives it one.
    Naming,
    Terminal,
    TerminalRead,
    Crash,
    CrashPlace,
    Callback,
    /// Attributes that have a function run before the main one.
    CallbackMark,
    Loader,
    /// A call that makes a channel.
    Channel,
    /// A call that puts something around an end of a channel.
    ChannelAround,
    /// Objects that are one channel together.
    ChannelObject,
    Source,
    SourceRead,
    Flow,
    Clean,
    Plain,
    Unshown,
    Line,
    PlainType,
    ServerPart,
    PasswordPart,
    TextPart,
    /// A class of errors.
    ErrorClass,
}

/// The automaton of all model files, and the nodes seen so far.
pub(crate) struct Index {
    states: RefCell<States>,
    /// Import specifier → root name.
    imports: BTreeMap<(Language, Symbol), Symbol>,
    /// `name/*` specifiers, without the star.
    import_prefixes: BTreeMap<(Language, Symbol), Symbol>,
    globals: BTreeSet<(Language, Symbol)>,
    packages: Packages,
    /// By root, members that are other libraries, with their import specifiers.
    reexports: BTreeMap<StateId, BTreeMap<Symbol, Symbol>>,
    /// Members that tell the type of an unknown value.
    told_by: BTreeMap<(Language, Symbol), StateId>,
    /// Types whose objects count as false.
    falsy: BTreeSet<StateId>,
    /// What the texts of objects leave out.
    hides: BTreeMap<StateId, Vec<Symbol>>,
    /// Types whose items are pairs.
    pairs: BTreeSet<StateId>,
    /// Types whose items are names.
    names: BTreeSet<StateId>,
    /// Types that are lists.
    lists: BTreeSet<StateId>,
    /// Types that only call what they are given where something runs them, with the methods that do.
    run_by: BTreeMap<StateId, Vec<Symbol>>,
    /// Types of what is written out.
    literals: BTreeMap<(Language, Literal), Symbol>,
    /// Types of what a platform hands to a member of what a module exports by default.
    exported: BTreeMap<(Language, Symbol), Symbol>,
    /// Methods that serve on any object, if they are handed a transport.
    handed: BTreeMap<(Language, Symbol), BTreeSet<RowRef>>,
    nodes: RefCell<Nodes>,
}

impl Index {
    /// Takes the patterns of all files; they are compiled when an expression is met that they may speak of. Every mistake is
    /// one sentence that names the library; those within a pattern are told by `build_all`.
    pub(crate) fn new(files: &[ModelFile]) -> Result<Self, Vec<String>> {
        let mut index = Self {
            states: RefCell::default(),
            imports: BTreeMap::new(),
            import_prefixes: BTreeMap::new(),
            globals: BTreeSet::new(),
            packages: Packages::default(),
            reexports: BTreeMap::new(),
            told_by: BTreeMap::new(),
            falsy: BTreeSet::new(),
            hides: BTreeMap::new(),
            pairs: BTreeSet::new(),
            names: BTreeSet::new(),
            lists: BTreeSet::new(),
            run_by: BTreeMap::new(),
            exported: BTreeMap::new(),
            literals: BTreeMap::new(),
            handed: BTreeMap::new(),
            nodes: RefCell::default(),
        };
        let mut faults = Vec::new();
        for (at, file) in files.iter().enumerate() {
            index.declare(u32::try_from(at).unwrap_or(u32::MAX), file);
        }
        for (at, file) in files.iter().enumerate() {
            index.add_file(u32::try_from(at).unwrap_or(u32::MAX), file, &mut faults);
            index.add_handed(u32::try_from(at).unwrap_or(u32::MAX), file);
        }
        if faults.is_empty() { Ok(index) } else { Err(faults) }
    }

    /// Compiles all patterns.
    ///
    /// # Errors
    /// Every mistake in a pattern, one sentence each.
    pub(crate) fn build_all(&self) -> Result<(), Vec<String>> {
        let faults = self.states.borrow_mut().build_all();
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    fn declare(&mut self, at: u32, file: &ModelFile) {
        let language = file.language.language();
        let root = Symbol::new(file.root.as_deref().unwrap_or(&file.library));
        let states = self.states.get_mut();
        let state = states.root(language, &root);
        if !file.reexports.is_empty() {
            let members = file.reexports.iter().map(|(member, of)| (member.as_str().into(), of.as_str().into()));
            self.reexports.entry(state).or_default().extend(members);
        }
        for specifier in &file.imports {
            self.packages.note(language, specifier);
            match specifier.strip_suffix("/*") {
                Some(prefix) => self.import_prefixes.insert((language, prefix.into()), root.clone()),
                None => self.imports.insert((language, specifier.into()), root.clone()),
            };
        }
        if !file.files.is_empty() {
            self.imports.insert((language, file.library.as_str().into()), root.clone());
        }
        for name in &file.globals {
            states.root(language, name);
            self.globals.insert((language, name.into()));
        }
        for (row, ty) in file.types.iter().enumerate() {
            let state = states.root(language, &ty.name);
            let row = RowRef { file: at, table: Table::TypeName, row: u32::try_from(row).unwrap_or(u32::MAX) };
            states.note_type(row, state);
            if ty.pairs {
                self.pairs.insert(state);
            }
            if !ty.hides.is_empty() {
                self.hides.insert(state, ty.hides.iter().map(|name| name.as_str().into()).collect());
            }
            if ty.falsy {
                self.falsy.insert(state);
            }
            if ty.names {
                self.names.insert(state);
            }
            if let Some(methods) = &ty.run_by {
                self.run_by.insert(state, methods.iter().map(Symbol::new).collect());
            }
            if let Some(literal) = ty.literal {
                if literal == Literal::List {
                    self.lists.insert(state);
                }
                self.literals.insert((language, literal), ty.name.as_str().into());
            }
            for member in &ty.exported {
                self.exported.insert((language, member.into()), ty.name.as_str().into());
            }
            for member in &ty.told_by {
                self.told_by.insert((language, member.into()), state);
            }
        }
    }

    fn add_file(&mut self, at: u32, file: &ModelFile, faults: &mut Vec<String>) {
        let language = file.language.language();
        let library = &file.library;
        let states = self.states.get_mut();
        let mut add = |table: Table, row: usize, texts: &[String], end: End| {
            let row = RowRef { file: at, table, row: u32::try_from(row).unwrap_or(u32::MAX) };
            for text in texts {
                let waiting = Waiting { library: library.as_str().into(), text: text.as_str().into(), row, end };
                if let Err(what) = states.wait(language, waiting) {
                    faults.push(format!("model of {library}: {what}"));
                }
            }
        };
        for (n, row) in file.types.iter().enumerate() {
            add(Table::TypeName, n, &row.from, End::Type);
            add(Table::TypeName, n, &row.named, End::Any);
            let lacked: Vec<String> = row.lacks.iter().map(|member| format!("{}.{member}", row.name)).collect();
            add(Table::Lacked, n, &lacked, End::Any);
        }
        for (n, row) in file.streams.iter().enumerate() {
            add(Table::Stream, n, &row.values, End::Value);
            add(Table::Stream, n, &row.calls, End::Call);
        }
        for (n, row) in file.sinks.iter().enumerate() {
            add(Table::Sink, n, &row.calls, End::Call);
            if let Some(with) = &row.shown_with {
                add(Table::SinkShown, n, &with.calls, End::Call);
            }
        }
        for (n, row) in file.loggers.iter().enumerate() {
            add(Table::Logger, n, &row.calls, End::Call);
            add(Table::LoggerPlace, n, &row.places, End::Value);
            add(Table::LoggerDefault, n, &row.default_of, End::Any);
        }
        for (n, row) in file.children.iter().enumerate() {
            add(Table::Child, n, &row.calls, End::Call);
        }
        for (n, row) in file.rebinds.iter().enumerate() {
            add(Table::Rebind, n, &row.calls, End::Call);
            add(Table::RebindPlace, n, &row.places, End::Value);
            add(Table::RebindMoves, n, &row.moves, End::Any);
        }
        for (n, row) in file.transports.iter().enumerate() {
            add(Table::Transport, n, &row.values, End::Value);
            add(Table::Transport, n, &row.calls, End::Call);
        }
        for (n, row) in file.serves.iter().enumerate() {
            add(Table::Serve, n, &row.calls, End::Call);
        }
        for (n, row) in file.servers.iter().enumerate() {
            add(Table::Server, n, &row.calls, End::Call);
            add(Table::ServerMark, n, &row.annotations, End::Any);
            add(Table::ServerMark, n, &row.implements, End::Any);
        }
        for (n, row) in file.handlers.iter().enumerate() {
            add(Table::Handler, n, &row.calls, End::Call);
            add(Table::HandlerPlace, n, &row.places, End::Value);
            add(Table::Yielded, n, &row.yields_at, End::Value);
            add(Table::HandlerMark, n, &row.annotations, End::Any);
            add(Table::HandlerMark, n, &row.implements, End::Any);
        }
        for (n, row) in file.exits.iter().enumerate() {
            add(Table::Exit, n, &row.calls, End::Call);
            add(Table::ExitError, n, &row.errors, End::Any);
        }
        for (n, row) in file.command_lines.iter().enumerate() {
            add(Table::CommandLine, n, &row.calls, End::Call);
        }
        for (n, row) in file.crashes.iter().enumerate() {
            add(Table::Crash, n, &row.calls, End::Call);
            add(Table::CrashPlace, n, &row.places, End::Value);
        }
        for (n, row) in file.callbacks.iter().enumerate() {
            add(Table::Callback, n, &row.calls, End::Call);
            add(Table::CallbackMark, n, &row.annotations, End::Any);
        }
        for (n, row) in file.loaders.iter().enumerate() {
            add(Table::Loader, n, &row.calls, End::Call);
        }
        for (n, row) in file.namings.iter().enumerate() {
            add(Table::Naming, n, &row.calls, End::Call);
        }
        for (n, row) in file.terminals.iter().enumerate() {
            add(Table::Terminal, n, &row.calls, End::Call);
            add(Table::TerminalRead, n, &row.reads, End::Any);
        }
        for (n, row) in file.channels.iter().enumerate() {
            add(Table::Channel, n, &row.calls, End::Call);
            add(Table::ChannelAround, n, &row.around, End::Call);
            add(Table::ChannelObject, n, &row.objects, End::Any);
        }
        for (n, row) in file.sources.iter().enumerate() {
            add(Table::Source, n, &row.calls, End::Call);
            add(Table::SourceRead, n, &row.reads, End::Any);
        }
        for (n, row) in file.flows.iter().enumerate() {
            add(Table::Flow, n, &row.calls, End::Call);
        }
        for (n, row) in file.requests.iter().enumerate() {
            add(Table::Request, n, &row.calls, End::Call);
        }
        for (n, row) in file.echoes.iter().enumerate() {
            add(Table::Echo, n, &row.calls, End::Call);
        }
        for (n, row) in file.levels.iter().enumerate() {
            add(Table::Level, n, &row.calls, End::Call);
            add(Table::LevelPlace, n, &row.places, End::Value);
        }
        if let Some(row) = &file.unset {
            add(Table::Output, 0, &row.calls, End::Call);
            add(Table::Output, 0, &row.places, End::Value);
        }
        for (n, row) in file.cleans.iter().enumerate() {
            add(Table::Clean, n, &row.calls, End::Call);
            add(Table::Clean, n, &row.reads, End::Value);
        }
        for (n, row) in file.unshown.iter().enumerate() {
            add(Table::Unshown, n, &row.calls, End::Call);
        }
        for (n, row) in file.lines.iter().enumerate() {
            add(Table::Line, n, &row.calls, End::Call);
        }
        for (n, row) in file.plains.iter().enumerate() {
            add(Table::Plain, n, &row.calls, End::Call);
            add(Table::PlainType, n, &row.types, End::Value);
        }
        for (n, row) in file.server_parts.iter().enumerate() {
            add(Table::ServerPart, n, &row.reads, End::Any);
        }
        for (n, row) in file.password_parts.iter().enumerate() {
            add(Table::PasswordPart, n, &row.writes, End::Any);
        }
        for (n, row) in file.text_parts.iter().enumerate() {
            add(Table::TextPart, n, &row.writes, End::Any);
        }
        // A class without a dot is the language's own.
        for (n, class) in file.errors.keys().enumerate().filter(|(_, class)| class.contains('.')) {
            add(Table::ErrorClass, n, std::slice::from_ref(class), End::Any);
        }
    }

    fn add_handed(&mut self, at: u32, file: &ModelFile) {
        for (n, row) in file.serves.iter().enumerate().filter(|(_, row)| row.handed) {
            let row_ref = RowRef { file: at, table: Table::Serve, row: u32::try_from(n).unwrap_or(u32::MAX) };
            for pattern in row.calls.iter().filter_map(|text| patterns(text).ok()).flatten() {
                if let [.., PatternStep::One(Step::Member(method)), PatternStep::One(Step::Call)] = &*pattern.steps {
                    let key = (file.language.language(), method.clone());
                    self.handed.entry(key).or_default().insert(row_ref);
                }
            }
        }
    }
}
