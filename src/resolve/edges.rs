//! The constraints of the value pass: what happens to the values of a slot.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::Symbol;
use crate::base::few::Few;
use crate::ir::instr::Field;
use crate::ir::program::{ClassId, ModuleId};
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
    /// The same, where the value is a text: what else the member may be goes there already.
    Key(SlotId, SlotId),
    /// The member of this name goes to the slot, if the value is an object of a library.
    OfLibrary(Symbol, SlotId),
    /// What the slot holds goes into the value's field. The instruction is the store.
    Store(Field, SlotId, At),
    /// The value is called.
    Call(u32),
    /// The value is an object: its class goes to the slot.
    Class(SlotId),
    /// The value is a class or a function that a library calls to make objects: what is made goes to the slot.
    MadeBy(SlotId),
    /// The value is a type: an instance of it goes to the slot.
    Instance(SlotId),
    /// The same, for a type that says nothing itself when no model describes it: `Query<Login>` is a `Login`.
    Wrapper(SlotId),
    /// The value is spread into the object.
    Spread(Obj),
    /// The value is the type of a literal with these fields, which goes to the slot as an instance.
    Struct(Obj, SlotId),
    /// The value is a base of the class.
    Base(ClassId, usize),
    /// The value is the type that an `impl` block (by number) adds methods to.
    ImplTarget(u32),
    /// The value is the trait of an `impl` block.
    ImplOf(u32),
    /// The value is an attribute of an `impl` block.
    ImplBy(u32),
    /// The value is handed to a library call (by number), which calls it as the row says.
    Invoke(u32, Option<RowRef>),
    /// The value is in a field of an object that is handed to a library call (by number).
    InvokeField(u32),
    /// The value names a module that a call (by number) loads.
    Loaded(u32),
    /// The value is a package of which a call (by number) tells the modules; with `true`, those in the packages inside it, too.
    Inside(bool, u32),
    /// The value is what a call (by number) tells the members of; a module stands for what is in it, whatever that is called.
    Members(u32),
    /// The value says which members of the module in the slot a call (by number) gives.
    Predicate(SlotId, u32),
    /// The value is a module of which a call (by number) gives the functions.
    Functions(u32),
    /// The value, if it is a module, goes to the slot, and stands for what is in it.
    Whole(SlotId),
    /// The value stands for what is in a module: of that, the classes go to the second slot that derive from one in the first.
    Kind(SlotId, SlotId),
    /// The classes of the module that derive from the value go to the slot.
    Derived(ModuleId, SlotId),
    /// The value is registered as a handler by a call, as the row says.
    Register(u32, RowRef),
    /// The value is put into a member of a library's object, which makes it a handler as the row says.
    Assigned(RowRef),
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

/// A constraint as a slot keeps it: nearly all hand values on to another slot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kept {
    Copy(SlotId),
    Other(Rc<Edge>),
}

impl From<Edge> for Kept {
    fn from(edge: Edge) -> Self {
        match edge {
            Edge::Copy(to) => Self::Copy(to),
            edge => Self::Other(Rc::new(edge)),
        }
    }
}

impl Kept {
    /// The slot that a member of the values is loaded to, if it is that member.
    fn loads(&self, field: &Field) -> Option<SlotId> {
        match self {
            Self::Other(edge) => match &**edge {
                Edge::Load(known, to) if known == field => Some(*to),
                _ => None,
            },
            Self::Copy(_) => None,
        }
    }

    fn is_load(&self) -> bool {
        matches!(self, Self::Other(edge) if matches!(**edge, Edge::Load(..)))
    }
}

/// The constraints of a slot, in order of arrival, each once.
#[derive(Default)]
pub(super) struct Edges {
    items: Few<Kept>,
    /// The same, once they are many.
    many: Option<Box<ManyEdges>>,
}

#[derive(Default)]
struct ManyEdges {
    known: FxHashSet<Kept>,
    /// Where members are loaded to.
    loads: FxHashMap<Field, SlotId>,
}

impl ManyEdges {
    /// True when it is new.
    fn insert(&mut self, kept: &Kept) -> bool {
        if let Kept::Other(edge) = kept
            && let Edge::Load(field, to) = &**edge
        {
            self.loads.entry(field.clone()).or_insert(*to);
        }
        self.known.insert(kept.clone())
    }
}

/// From this many constraints on, a slot's are looked up in hash tables.
const MANY_EDGES: usize = 24;

impl Edges {
    /// Adds a constraint; true when it is new.
    pub(super) fn insert(&mut self, edge: Edge) -> bool {
        let kept = Kept::from(edge);
        let is_new = match &mut self.many {
            Some(many) => many.insert(&kept),
            None => !self.items.as_slice().contains(&kept),
        };
        if !is_new {
            return false;
        }
        self.items.push(kept);
        if self.many.is_none() && self.len() > MANY_EDGES {
            let mut many = ManyEdges::default();
            for kept in self.items.as_slice() {
                many.insert(kept);
            }
            self.many = Some(Box::new(many));
        }
        true
    }

    pub(super) fn len(&self) -> usize {
        self.items.as_slice().len()
    }

    pub(super) fn get(&self, at: usize) -> Option<&Kept> {
        self.items.as_slice().get(at)
    }

    /// Keeps only what is asked for when nothing is propagated any more.
    pub(super) fn settle(&mut self) {
        self.items.retain(Kept::is_load);
        if let Some(many) = &mut self.many {
            many.known = FxHashSet::default();
        }
    }

    /// Where a member of the slot is loaded to, if anywhere.
    pub(super) fn loaded(&self, field: &Field) -> Option<SlotId> {
        match &self.many {
            Some(many) => many.loads.get(field).copied(),
            None => self.items.as_slice().iter().find_map(|kept| kept.loads(field)),
        }
    }
}
