//! What the passes ask of the automaton: the nodes of expressions, one step after the other.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::base::Symbol;
use crate::base::idx::IndexVec;
use crate::ir::program::Language;
use crate::models::path::Step;
use crate::models::schema::Literal;
use crate::models::states::States;

use super::{Index, NodeId, RowRef, StateId, Table};

/// What is known of a set of states.
pub(crate) struct Node {
    pub(super) states: Box<[StateId]>,
    /// How a message names it: `console.info`, `Logger.child`.
    pub(crate) name: Symbol,
    /// The library it came from, as its import specifier names it.
    pub(crate) library: Symbol,
    pub(crate) language: Language,
    pub(crate) rows: Box<[RowRef]>,
}

#[derive(Default)]
pub(super) struct Nodes {
    items: IndexVec<NodeId, std::rc::Rc<Node>>,
    by_key: FxHashMap<(Box<[StateId]>, Symbol, Language), NodeId>,
    /// By node, where each step leads that was taken from there.
    steps: IndexVec<NodeId, FxHashMap<Step, NodeId>>,
    /// The nodes of roots, and of instances of types, as far as somebody asked.
    roots: FxHashMap<StateId, NodeId>,
    instances: FxHashMap<NodeId, NodeId>,
}

impl Index {
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

    /// What a platform hands to a member of what a module exports by default.
    pub(crate) fn exported(&self, language: Language, member: &Symbol) -> Option<NodeId> {
        self.root(language, self.exported.get(&(language, member.clone()))?)
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
