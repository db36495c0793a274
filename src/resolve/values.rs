//! The vocabulary of the value pass: what a variable can hold.

use crate::base::Symbol;
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

/// What a slot can hold. In order of arrival, which is deterministic.
#[derive(Debug, Default)]
pub(crate) struct ValueSet {
    items: Box<[Value]>,
    /// A bound was hit: there is more than `items` says.
    pub(crate) is_cut: bool,
}

impl ValueSet {
    pub(super) fn new(items: impl Iterator<Item = Value>, is_cut: bool) -> Self {
        Self { items: items.collect(), is_cut }
    }

    pub(crate) fn items(&self) -> &[Value] {
        &self.items
    }

    /// Is nothing known of it?
    pub(crate) fn is_empty(&self) -> bool {
        self.items.iter().all(|value| *value == Value::Unknown) && !self.is_cut
    }

    /// The texts it is, if it can be nothing else.
    pub(crate) fn texts(&self) -> Option<Vec<&Symbol>> {
        // What it is declared as says nothing beside that.
        let told = self.items.iter().filter(|value| !matches!(value, Value::Api(_, None)));
        let texts: Option<Vec<&Symbol>> =
            told.map(|value| if let Value::Const(Const::Str(text)) = value { Some(text) } else { None }).collect();
        texts.filter(|texts| !texts.is_empty() && !self.is_cut)
    }

    /// The one constant it is, if it can be nothing else.
    pub(crate) fn single_const(&self) -> Option<&Const> {
        match &*self.items {
            [Value::Const(value)] if !self.is_cut => Some(value),
            _ => None,
        }
    }
}
