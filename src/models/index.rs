//! All patterns of a language as one automaton, so that "which rows speak of this expression?" is one look-up.
//!
//! A *state* is a position in the patterns. A *node* ([`NodeId`]) is the set of states an expression is in: what resolve
//! calls an API value. Stepping a node (`.member`, `()`, `[]`) gives another node. An expression of a library that no
//! pattern speaks of is in no state: its node only remembers the library. There are finitely many nodes.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use crate::base::Symbol;
use crate::base::idx::{IndexVec, ids};
use crate::ir::program::Language;

use super::packages::Packages;
use super::path::{PatternStep, Step, patterns};
use super::schema::{Literal, ModelFile};
use super::states::{End, States, Waiting};

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
    PlainType,
    ServerPart,
    PasswordPart,
    TextPart,
    /// A class of errors.
    ErrorClass,
}

/// What is known of a set of states.
pub(crate) struct Node {
    states: Box<[StateId]>,
    /// How a message names it: `console.info`, `Logger.child`.
    pub(crate) name: Symbol,
    /// The library it came from, as its import specifier names it.
    pub(crate) library: Symbol,
    pub(crate) language: Language,
    pub(crate) rows: Box<[RowRef]>,
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
    /// Methods that serve on any object, if they are handed a transport.
    handed: BTreeMap<(Language, Symbol), BTreeSet<RowRef>>,
    nodes: RefCell<Nodes>,
}

#[derive(Default)]
struct Nodes {
    items: IndexVec<NodeId, std::rc::Rc<Node>>,
    by_key: FxHashMap<(Box<[StateId]>, Symbol, Language), NodeId>,
    /// By node, where each step leads that was taken from there.
    steps: IndexVec<NodeId, FxHashMap<Step, NodeId>>,
    /// The nodes of roots, and of instances of types, as far as somebody asked.
    roots: FxHashMap<StateId, NodeId>,
    instances: FxHashMap<NodeId, NodeId>,
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
        }
        for (n, row) in file.unshown.iter().enumerate() {
            add(Table::Unshown, n, &row.calls, End::Call);
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

    // ---- nodes ---------------------------------------------------------------------------------------------------

    /// The names by which the libraries are imported that models describe.
    pub(crate) fn imported(&self) -> BTreeSet<(Language, Symbol)> {
        self.imports.keys().cloned().collect()
    }

    /// The node of an imported module: `pino`, `tracing_subscriber`. A library without a model gets a node without rows.
    pub(crate) fn import(&self, language: Language, specifier: &str) -> NodeId {
        let exact = self.imports.get(&(language, specifier.into()));
        let by_prefix = || {
            let ends = specifier.match_indices('/').map(|(at, _)| at);
            ends.rev().find_map(|end| self.import_prefixes.get(&(language, specifier[..end].into())))
        };
        let state = exact.or_else(by_prefix).and_then(|root| self.states.borrow().known_root(language, root));
        self.intern(state.into_iter().collect(), specifier.into(), specifier.into(), language)
    }

    /// The node of a name the language itself provides, if a model speaks of it.
    pub(crate) fn global(&self, language: Language, name: &str) -> Option<NodeId> {
        let is_global = self.globals.contains(&(language, Symbol::new(name)));
        if is_global { self.root(language, name) } else { None }
    }

    /// The node of a name or type that a model declares under `name`, whether or not it is a global.
    pub(crate) fn root(&self, language: Language, name: &str) -> Option<NodeId> {
        let state = self.states.borrow().known_root(language, name)?;
        if let Some(known) = self.nodes.borrow().roots.get(&state) {
            return Some(*known);
        }
        let node = self.intern(vec![state], name.into(), name.into(), language);
        self.nodes.borrow_mut().roots.insert(state, node);
        Some(node)
    }

    /// The node of what is written out so in a language, if a model says which type that is.
    pub(crate) fn literal(&self, language: Language, literal: Literal) -> Option<NodeId> {
        self.root(language, self.literals.get(&(language, literal))?)
    }

    /// The node one step further.
    pub(crate) fn step(&self, from: NodeId, step: &Step) -> NodeId {
        if let Some(known) = self.nodes.borrow().steps[from].get(step) {
            return *known;
        }
        let node = self.node(from);
        let mut states = Vec::new();
        let mut known = self.states.borrow_mut();
        for state in &node.states {
            known.step(*state, step, &mut states);
            if let (Step::Member(name), Some(members)) = (step, self.reexports.get(state))
                && let Some(of) = members.get(name)
            {
                states.extend(self.reexported(&mut known, node.language, of));
            }
        }
        let package = self.packages.member(node.language, &node.library, step);
        let described = package.as_ref().and_then(|path| self.imports.get(&(node.language, path.clone())));
        states.extend(described.and_then(|root| known.known_root(node.language, root)));
        if let (Step::Member(name), true) = (step, states.is_empty())
            && let Some(ty) = self.told_by.get(&(node.language, name.clone()))
        {
            known.build(*ty);
            states.extend(known.next(*ty, step));
        }
        drop(known);
        let library = package.unwrap_or_else(|| node.library.clone());
        let name = if states.is_empty() { library.clone() } else { step_name(&node.name, step) };
        let to = self.intern(states, name, library, node.language);
        self.nodes.borrow_mut().steps[from].insert(step.clone(), to);
        to
    }

    /// The states of what is another library, or a member of one: `http.header`.
    fn reexported(&self, known: &mut States, language: Language, of: &str) -> Vec<StateId> {
        let mut names = of.split('.').map(Symbol::from);
        let root = names.next().and_then(|specifier| self.imports.get(&(language, specifier)));
        let start = root.and_then(|root| known.known_root(language, root)).into_iter().collect();
        names.fold(start, |states: Vec<StateId>, name| {
            let mut next = Vec::new();
            for state in known.closure(states).0 {
                known.step(state, &Step::Member(name.clone()), &mut next);
            }
            next
        })
    }

    /// The node one step further from what no call made: a type of Python in brackets is that type, `Server[State]("notes")`.
    pub(crate) fn step_of_type(&self, from: NodeId, step: &Step) -> NodeId {
        let to = self.step(from, step);
        let node = self.node(from);
        let is_type = |name: &str| name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase);
        let is_generic = *step == Step::Element
            && node.language == Language::Python
            && node.name.rsplit('.').next().is_some_and(is_type)
            && !self.node(to).is_modelled()
            && self.node(self.step(from, &Step::Call)).is_modelled();
        if is_generic { from } else { to }
    }

    /// The node of a member by which an unknown value is taken for an object of a type.
    pub(crate) fn told(&self, language: Language, member: &Symbol) -> Option<NodeId> {
        let ty = *self.told_by.get(&(language, member.clone()))?;
        let state = {
            let mut known = self.states.borrow_mut();
            known.build(ty);
            known.next(ty, &Step::Member(member.clone()))?
        };
        Some(self.intern(vec![state], member.clone(), member.clone(), language))
    }

    /// The node of an instance of the type that `node` names: by `named` rows, or else by constructing it.
    pub(crate) fn instance(&self, node: NodeId) -> NodeId {
        if let Some(known) = self.nodes.borrow().instances.get(&node) {
            return *known;
        }
        let data = self.node(node);
        let types: Vec<StateId> = data
            .rows
            .iter()
            .filter(|row| row.table == Table::TypeName)
            .filter_map(|row| self.states.borrow().type_root(*row))
            .collect();
        let made = self.node(self.step(node, &Step::Call));
        let states = types.into_iter().chain(made.states.iter().copied()).collect();
        let instance = self.intern(states, data.name.clone(), data.library.clone(), data.language);
        self.nodes.borrow_mut().instances.insert(node, instance);
        instance
    }

    /// The rows of calls that serve by a method of this name, whatever it is called on, if they are handed a transport.
    pub(crate) fn handed(&self, language: Language, method: &Symbol) -> impl Iterator<Item = RowRef> + '_ {
        self.handed.get(&(language, method.clone())).into_iter().flatten().copied()
    }

    /// Does going through an object give pairs of a key and what is kept under it?
    pub(crate) fn gives_pairs(&self, id: NodeId) -> bool {
        self.node(id).states.iter().any(|state| self.pairs.contains(state))
    }

    /// The fields that the text of an object leaves out.
    pub(crate) fn hides(&self, id: NodeId) -> &[Symbol] {
        self.node(id).states.iter().find_map(|state| self.hides.get(state)).map_or(&[], Vec::as_slice)
    }

    /// Does an object count as false where a condition asks for it?
    pub(crate) fn is_falsy(&self, id: NodeId) -> bool {
        self.node(id).states.iter().any(|state| self.falsy.contains(state))
    }

    /// Is an object what the language writes out as a list? Going through it gives what is in it.
    pub(crate) fn is_list(&self, id: NodeId) -> bool {
        self.node(id).states.iter().any(|state| self.lists.contains(state))
    }

    /// Does going through an object give the keys under which something is kept?
    pub(crate) fn gives_names(&self, id: NodeId) -> bool {
        self.node(id).states.iter().any(|state| self.names.contains(state))
    }

    /// The methods that run an object which calls what it is given only then; `None` for any other object.
    pub(crate) fn run_by(&self, id: NodeId) -> Option<&[Symbol]> {
        self.node(id).states.iter().find_map(|state| self.run_by.get(state)).map(Vec::as_slice)
    }

    /// Was an object met that calls what it is given only where something runs it?
    pub(crate) fn knows_of_runs(&self) -> bool {
        let nodes = self.nodes.borrow();
        nodes.items.iter().any(|node| node.states.iter().any(|state| self.run_by.contains_key(state)))
    }

    pub(crate) fn node(&self, id: NodeId) -> std::rc::Rc<Node> {
        self.nodes.borrow().items[id].clone()
    }

    /// Does a pattern speak of this very name, and not only of every name below a package (`package.**.Client`)?
    pub(crate) fn is_named(&self, node: &Node) -> bool {
        let states = self.states.borrow();
        let loose = states.behind_loops(&node.states);
        node.states.iter().any(|state| !loose.contains(state))
    }

    fn intern(&self, states: Vec<StateId>, name: Symbol, library: Symbol, language: Language) -> NodeId {
        let mut known = self.states.borrow_mut();
        let (states, named) = known.closure(states);
        let key = (states.clone(), library.clone(), language);
        let mut nodes = self.nodes.borrow_mut();
        if let Some(known) = nodes.by_key.get(&key) {
            return *known;
        }
        let rows: BTreeSet<RowRef> = states.iter().flat_map(|state| known.rows(*state)).collect();
        let name = named.unwrap_or(name);
        let node = Node { states, name, library, language, rows: rows.into_iter().collect() };
        let id = nodes.items.push(std::rc::Rc::new(node));
        nodes.by_key.insert(key, id);
        nodes.steps.push(FxHashMap::default());
        id
    }
}

fn step_name(from: &Symbol, step: &Step) -> Symbol {
    match step {
        Step::Member(name) => format!("{from}.{name}").into(),
        // A call's own name reads better without the parentheses; the result of one is told by its type's name.
        Step::Call | Step::Element => from.clone(),
    }
}

impl Node {
    /// Does any pattern speak of this expression or of what it leads to?
    pub(crate) fn is_modelled(&self) -> bool {
        !self.states.is_empty()
    }

    pub(crate) fn rows(&self, table: Table) -> impl Iterator<Item = RowRef> + '_ {
        self.rows.iter().copied().filter(move |row| row.table == table)
    }

    pub(crate) fn has(&self, table: Table) -> bool {
        self.rows(table).next().is_some()
    }
}
