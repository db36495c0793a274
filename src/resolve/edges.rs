//! The constraints of the value pass: what happens to the values of a slot.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::Symbol;
use crate::ir::instr::Field;
use crate::ir::program::ClassId;
use crate::models::index::RowRef;

use super::values::{At, Obj, SlotId};

/// What happens to every value that arrives in a slot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Edge {
    Copy(SlotId),
    /// The value goes to the slot, unless it is a function: what a task gives is not the task.
    Outcome(SlotId),
    /// The value is waited for by the instruction, whose result the slot holds. A block of async code runs there.
    Awaited(At, SlotId),
    /// The value, if it is a list or table, goes to the slot: `TOOLS + MORE`.
    Joined(SlotId),
    /// The value's member goes to the slot.
    Load(Field, SlotId),
    /// The same, for a member that is called: a method may have the name of a field.
    Called(Symbol, SlotId),
    /// The value names the member of what the first slot holds that goes to the second.
    Member(SlotId, SlotId),
    /// What the slot holds goes into the value's field. The instruction is the store.
    Store(Field, SlotId, At),
    /// The value is called.
    Call(u32),
    /// The value is an object: its class goes to the slot.
    Class(SlotId),
    /// The value is a type: an instance of it goes to the slot.
    Instance(SlotId),
    /// The same, for a type that says nothing itself when no model describes it: `Query<Login>` is a `Login`.
    Wrapper(SlotId),
    /// The value is spread into the object.
    Spread(Obj),
    /// The value is the type of a literal with these fields, which goes to the slot as an instance.
    Struct(Obj, SlotId),
    /// The value is a base of the class.
    Base(ClassId),
    /// The value is the type that an `impl` block (by number) adds methods to.
    ImplTarget(u32),
    /// The value is the trait of an `impl` block.
    ImplOf(u32),
    /// The value is handed to a library call (by number), which calls it as the row says.
    Invoke(u32, Option<RowRef>),
    /// The value is in a field of an object that is handed to a library call (by number).
    InvokeField(u32),
    /// The value names a module that a call (by number) loads.
    Loaded(u32),
    /// The value is registered as a handler by a call, as the row says.
    Register(u32, RowRef),
    /// The value is handed to a container's method, which calls it with the container's items.
    InvokeWith(u32, SlotId),
    /// The value is the end of a channel that a call (by number) puts something into or takes it out of, as the row says.
    Channel(u32, RowRef),
    /// The value goes to the slot if the function that a call (by number) hands over may say yes to it.
    Asked(u32, SlotId),
    /// The value, if it is the end of a channel, is used through the slot.
    Around(SlotId),
    /// A method of this name is called on the value: a container's generic behaviour.
    Container(u32, Symbol, SlotId),
}

/// The constraints of a slot, in order of arrival, each once.
#[derive(Default)]
pub(super) struct Edges {
    items: Vec<Edge>,
    /// The same, once they are many.
    many: Option<Box<ManyEdges>>,
}

#[derive(Default)]
struct ManyEdges {
    known: FxHashSet<Edge>,
    /// Where members are loaded to.
    loads: FxHashMap<Field, SlotId>,
}

impl ManyEdges {
    /// True when it is new.
    fn insert(&mut self, edge: &Edge) -> bool {
        if let Edge::Load(field, to) = edge {
            self.loads.entry(field.clone()).or_insert(*to);
        }
        self.known.insert(edge.clone())
    }
}

/// From this many constraints on, a slot's are looked up in hash tables.
const MANY_EDGES: usize = 24;

impl Edges {
    /// Adds a constraint; true when it is new.
    pub(super) fn insert(&mut self, edge: Edge) -> bool {
        let is_new = match &mut self.many {
            Some(many) => many.insert(&edge),
            None => !self.items.contains(&edge),
        };
        if !is_new {
            return false;
        }
        // Most slots have one constraint: room for more is made when a second one comes.
        if self.items.is_empty() {
            self.items.reserve_exact(1);
        }
        self.items.push(edge);
        if self.many.is_none() && self.items.len() > MANY_EDGES {
            let mut many = ManyEdges::default();
            for edge in &self.items {
                many.insert(edge);
            }
            self.many = Some(Box::new(many));
        }
        true
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn get(&self, at: usize) -> Option<&Edge> {
        self.items.get(at)
    }

    /// Keeps only what is asked for when nothing is propagated any more.
    pub(super) fn settle(&mut self) {
        self.items.retain(|edge| matches!(edge, Edge::Load(..)));
        self.items.shrink_to_fit();
        if let Some(many) = &mut self.many {
            many.known = FxHashSet::default();
        }
    }

    /// Where a member of the slot is loaded to, if anywhere.
    pub(super) fn loaded(&self, field: &Field) -> Option<SlotId> {
        match &self.many {
            Some(many) => many.loads.get(field).copied(),
            None => self.items.iter().find_map(|edge| match edge {
                Edge::Load(known, to) if known == field => Some(*to),
                _ => None,
            }),
        }
    }
}
