//! The class hierarchy: which methods an object of a class has, its own and those of its bases.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::Symbol;
use crate::base::bounds::MAX_BASES;
use crate::base::idx::Id;
use crate::ir::func::FuncId;
use crate::ir::program::{ClassId, ClassKind, Language, Program};
use crate::models::index::NodeId;

/// The class hierarchy, as far as it is known.
#[derive(Default)]
pub(crate) struct Classes {
    /// Base classes and traits within the program.
    pub(super) bases: FxHashMap<ClassId, Vec<ClassId>>,
    /// Subclasses and implementors.
    pub(super) derived: FxHashMap<ClassId, Vec<ClassId>>,
    /// Base classes and traits of libraries.
    pub(super) api_bases: FxHashMap<ClassId, Vec<NodeId>>,
    methods: FxHashMap<(ClassId, Symbol), Vec<FuncId>>,
    owners: FxHashMap<FuncId, ClassId>,
    interfaces: Vec<bool>,
    /// Where each base stands among those of its class.
    pub(super) places: FxHashMap<(ClassId, ClassId), usize>,
    /// The orders in which classes and their bases are asked, as far as they were needed.
    orders: RefCell<FxHashMap<ClassId, Rc<[ClassId]>>>,
    /// Classes whose bases are asked one after the other.
    in_order: Vec<bool>,
    /// Methods of a Rust type's own, of no trait.
    pub(super) own: FxHashSet<FuncId>,
    /// Methods that implement a library's trait.
    pub(super) by_trait: FxHashMap<ClassId, Vec<FuncId>>,
    /// Methods of a trait implemented for types that are not of the program.
    pub(super) foreign: FxHashMap<(ClassId, Symbol), Vec<FuncId>>,
}

impl Classes {
    pub(super) fn new(program: &Program) -> Self {
        let mut classes = Self {
            interfaces: program.classes.iter().map(|class| class.kind == ClassKind::Interface).collect(),
            in_order: program
                .classes
                .iter()
                .map(|class| program.modules[class.module].language == Language::Python)
                .collect(),
            ..Self::default()
        };
        for (id, class) in program.classes.iter_enumerated() {
            for (name, method) in &class.methods {
                classes.add_method(id, name, *method);
            }
        }
        classes
    }

    pub(super) fn add_method(&mut self, class: ClassId, name: &Symbol, method: FuncId) {
        let list = self.methods.entry((class, name.clone())).or_default();
        if !list.contains(&method) {
            list.push(method);
        }
        self.owners.entry(method).or_insert(class);
    }

    /// The class a method belongs to.
    pub(crate) fn owner(&self, func: FuncId) -> Option<ClassId> {
        self.owners.get(&func).copied()
    }

    /// The topmost base class (not interface) within the program: what fields are keyed by.
    pub(crate) fn top(&self, class: ClassId) -> ClassId {
        let mut at = class;
        for _ in 0..MAX_BASES {
            let next = self.bases.get(&at).into_iter().flatten().find(|base| !self.is_interface(**base));
            match next {
                Some(base) => at = *base,
                None => break,
            }
        }
        at
    }

    /// Base classes and traits within the program.
    pub(crate) fn bases_of(&self, class: ClassId) -> Vec<ClassId> {
        self.bases.get(&class).cloned().unwrap_or_default()
    }

    /// Methods of a class that implement a trait of a library, which calls them.
    pub(crate) fn trait_methods(&self, class: ClassId) -> Vec<FuncId> {
        self.by_trait.get(&class).cloned().unwrap_or_default()
    }

    /// Does any class implement a trait of a library?
    pub(crate) fn any_by_trait(&self) -> bool {
        !self.by_trait.is_empty()
    }

    fn is_interface(&self, class: ClassId) -> bool {
        self.interfaces.get(class.index()).copied().unwrap_or_default()
    }

    /// The methods of that name an instance of exactly this class has: its own, else those of traits and inherited ones.
    pub(crate) fn methods(&self, class: ClassId, name: &str) -> Vec<FuncId> {
        if self.in_order.get(class.index()).copied().unwrap_or_default() {
            if let Some(own) = self.methods.get(&(class, name.into())) {
                return own.clone();
            }
            let order = self.order(class);
            return order
                .iter()
                .find_map(|class| self.methods.get(&(*class, name.into())).cloned())
                .unwrap_or_default();
        }
        let mut found = self.find_methods(class, name, &mut Vec::new());
        if found.iter().any(|method| self.own.contains(method)) {
            found.retain(|method| self.own.contains(method));
        }
        found
    }

    /// The methods of that name by which a class does what its bases and traits ask for.
    pub(crate) fn implementing(&self, class: ClassId, name: &str) -> Vec<FuncId> {
        let mut found = self.find_methods(class, name, &mut Vec::new());
        found.retain(|method| !self.own.contains(method));
        found
    }

    /// A base was found: the orders may be others.
    pub(super) fn forget_orders(&self) {
        self.orders.borrow_mut().clear();
    }

    /// A class and its bases in the order in which they are asked for a method, as Python's `__mro__` has them: each behind all that
    /// derive from it, and the bases of each in the order in which they are written.
    fn order(&self, class: ClassId) -> Rc<[ClassId]> {
        if let Some(known) = self.orders.borrow().get(&class) {
            return known.clone();
        }
        let order: Rc<[ClassId]> = self.linear(class, MAX_BASES).into();
        self.orders.borrow_mut().insert(class, order.clone());
        order
    }

    fn linear(&self, class: ClassId, depth: usize) -> Vec<ClassId> {
        let mut order = vec![class];
        let Some(depth) = depth.checked_sub(1) else { return order };
        let bases = self.bases.get(&class).cloned().unwrap_or_default();
        let mut lists: Vec<Vec<ClassId>> = bases.iter().map(|base| self.linear(*base, depth)).collect();
        lists.push(bases);
        loop {
            lists.retain(|list| !list.is_empty());
            let heads = lists.iter().map(|list| list[0]);
            let is_free = |head: &ClassId| !lists.iter().any(|list| list[1..].contains(head));
            // Where no order fits all, Python makes no such class.
            let Some(next) = heads.clone().find(is_free).or_else(|| heads.clone().next()) else { return order };
            lists.iter_mut().for_each(|list| list.retain(|known| *known != next));
            if !order.contains(&next) {
                order.push(next);
            }
        }
    }

    /// What is asked for a method behind a class by objects of the classes that derive from it, where that goes on with other bases
    /// of theirs.
    pub(super) fn behind(&self, class: ClassId) -> Vec<ClassId> {
        if !self.in_order.get(class.index()).copied().unwrap_or_default() {
            return Vec::new();
        }
        let mut found = Vec::new();
        for derived in self.descendants(class) {
            let order = self.order(derived);
            let next = order.iter().skip_while(|known| **known != class).nth(1);
            found.extend(next.filter(|next| !found.contains(*next)));
        }
        found
    }

    fn find_methods(&self, class: ClassId, name: &str, seen: &mut Vec<ClassId>) -> Vec<FuncId> {
        if seen.contains(&class) || seen.len() > MAX_BASES {
            return Vec::new();
        }
        seen.push(class);
        if let Some(found) = self.methods.get(&(class, name.into())) {
            return found.clone();
        }
        self.bases.get(&class).into_iter().flatten().flat_map(|base| self.find_methods(*base, name, seen)).collect()
    }

    /// The methods an object declared to be of this class can have: also those of subclasses and implementors.
    pub(crate) fn virtual_methods(&self, class: ClassId, name: &str) -> Vec<FuncId> {
        let mut all = self.methods(class, name);
        for derived in self.descendants(class) {
            let found = self.methods.get(&(derived, name.into())).into_iter().flatten();
            all.extend(found.filter(|method| !self.own.contains(method)));
        }
        all.extend(self.foreign.get(&(class, name.into())).into_iter().flatten());
        all.sort();
        all.dedup();
        all
    }

    /// Subclasses and implementors, however far.
    pub(crate) fn descendants(&self, class: ClassId) -> Vec<ClassId> {
        let mut all: Vec<ClassId> = self.derived.get(&class).cloned().unwrap_or_default();
        let mut at = 0;
        while let Some(next) = all.get(at).copied() {
            for derived in self.derived.get(&next).into_iter().flatten() {
                if !all.contains(derived) && *derived != class {
                    all.push(*derived);
                }
            }
            at += 1;
        }
        all
    }

    /// Library classes and traits that the class extends or implements, its program bases included.
    pub(crate) fn api_bases(&self, class: ClassId) -> Vec<NodeId> {
        let mut all = self.api_bases.get(&class).cloned().unwrap_or_default();
        let mut open: Vec<ClassId> = self.bases.get(&class).cloned().unwrap_or_default();
        let mut at = 0;
        while let Some(next) = open.get(at).copied() {
            all.extend(self.api_bases.get(&next).into_iter().flatten());
            for base in self.bases.get(&next).into_iter().flatten() {
                if !open.contains(base) && open.len() < MAX_BASES {
                    open.push(*base);
                }
            }
            at += 1;
        }
        all
    }
}
