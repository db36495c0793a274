//! The vocabulary of the value pass: what a variable can hold.

use rustc_hash::FxHashSet;

use crate::base::Symbol;
use crate::base::bounds::{MAX_APIS, MAX_CONSTS, MAX_DROWNED, MAX_INSTANCES, MAX_OBJECTS, MAX_RECORDS};
use crate::base::idx::ids;
use crate::ir::func::FuncId;
use crate::ir::instr::{Const, InstrId};
use crate::ir::program::{ClassId, ModuleId};
use crate::models::index::NodeId;

ids! {
    /// A variable of the value pass: instruction result, local, cell, field, parameter, result of a function.
    SlotId "slot",
}

/// An instruction of the program.
pub(crate) type At = (FuncId, InstrId);

/// One thing a slot can hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Value {
    Func(FuncId),
    Class(ClassId),
    /// An object made by constructing exactly this class.
    Instance(ClassId),
    /// An object declared to be of this class: it, a subclass, or an implementor.
    Typed(ClassId),
    /// A variant of an enum (with payload or without).
    Variant(ClassId, Symbol),
    /// An object, array or tuple literal, by where it is made; the parameters of a rest list, by their function.
    Record(Site),
    /// A value of a library: the node says which, the site the call that made it (of a builder chain: the last one).
    Api(NodeId, Option<At>),
    Module(ModuleId),
    Const(Const),
    /// Something that is not known: the result of an operator, of a call nobody knows, of a caught exception.
    Unknown,
}

/// Where an object was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Site {
    Instr(At),
    /// The list or map that a rest parameter is: function, position of the parameter.
    Rest(FuncId, u32),
}

/// Something that has fields.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Obj {
    Record(Site),
    /// All instances of a class and its relatives: keyed by the topmost base class of the program.
    Instances(ClassId),
    /// The class itself: static members.
    Statics(ClassId),
    /// The payload of an enum variant.
    Variant(ClassId, Symbol),
    /// An object of a library, by the call that made it.
    Api(At),
    /// A function with properties.
    Func(FuncId),
}

/// Which field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Key {
    Name(Symbol),
    /// Stored under an unknown key: may be read under any.
    Some,
    /// Everything stored, whatever the key.
    All,
}

/// From this many values on, membership is asked of a hash set.
const MANY: usize = 12;

/// What a slot can hold. In order of arrival, which is deterministic.
#[derive(Clone, Debug, Default)]
pub(crate) struct ValueSet {
    items: Vec<Value>,
    /// The same values, once they are many.
    known: Option<Box<FxHashSet<Value>>>,
    consts: u8,
    apis: u8,
    records: u8,
    instances: u8,
    /// A bound was hit: there is more than `items` says.
    pub(crate) is_cut: bool,
}

impl ValueSet {
    /// Adds a value; true when it is new.
    pub(crate) fn insert(&mut self, value: &Value) -> bool {
        let is_known = match &self.known {
            Some(known) => known.contains(value),
            None => self.items.contains(value),
        };
        if is_known {
            return false;
        }
        let (count, max) = match value {
            Value::Const(_) => (&mut self.consts, MAX_CONSTS),
            Value::Api(..) => (&mut self.apis, MAX_APIS),
            Value::Record(_) => (&mut self.records, MAX_RECORDS),
            Value::Instance(_) | Value::Typed(_) => (&mut self.instances, MAX_INSTANCES),
            _ => (&mut 0, u8::MAX),
        };
        if *count >= max || self.items.len() >= MAX_OBJECTS {
            self.is_cut = true;
            return false;
        }
        *count += 1;
        // Most slots hold one value: room for more is made when a second one comes.
        if self.items.is_empty() {
            self.items.reserve_exact(1);
        }
        self.items.push(value.clone());
        match &mut self.known {
            Some(known) => {
                known.insert(value.clone());
            }
            None if self.items.len() > MANY => self.known = Some(Box::new(self.items.iter().cloned().collect())),
            None => {}
        }
        true
    }

    pub(crate) fn items(&self) -> &[Value] {
        &self.items
    }

    /// Does it hold so many sorts of things that none of them tells anything? A place through which a whole program's data
    /// goes: what is made of it is no longer followed.
    pub(crate) fn is_drowned(&self) -> bool {
        self.apis >= MAX_APIS && (self.consts >= MAX_CONSTS || self.records + self.instances >= MAX_DROWNED)
    }

    /// Is nothing known of it?
    pub(crate) fn is_empty(&self) -> bool {
        self.items.iter().all(|value| *value == Value::Unknown) && !self.is_cut
    }

    /// The one constant it is, if it can be nothing else.
    pub(crate) fn single_const(&self) -> Option<&Const> {
        match self.items.as_slice() {
            [Value::Const(value)] if !self.is_cut => Some(value),
            _ => None,
        }
    }
}
