//! Instructions, places and calls.

use std::cmp::Ordering;

use crate::base::Symbol;
use crate::base::idx::ids;
use crate::base::span::Span;

use super::func::{FuncId, LocalId};
use super::program::{CellId, ClassId};
use super::types::TypeRef;

ids! {
    /// An instruction of one function, and the value it makes.
    InstrId "%",
}

/// One instruction. Its id in the function names its value.
#[derive(Clone, Debug)]
pub(crate) struct Instr {
    pub(crate) op: Op,
    pub(crate) span: Span,
}

/// What an instruction does.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    /// A literal.
    Const(Const),
    /// Reads a place.
    Load(Place),
    /// Writes a value to a place. Its own value is the value written.
    Store(Place, InstrId),
    /// An object, array, tuple, map, set or struct literal.
    Record(Box<Record>),
    /// Text put together from parts: template literal, f-string, `%` and `format` of a literal, formatting macros.
    Text(Vec<TextPart>),
    /// A pure operator on its operands.
    Operator(Oper, Vec<InstrId>),
    Call(Box<Call>),
    /// A function as a value: named function, closure, lambda, method of an object literal.
    Closure(FuncId),
    /// A class, struct, enum, trait or interface as a value.
    Class(ClassId),
    /// Runs another module (once) and gives what is imported from it. Stands where the language runs it.
    Import(Box<Import>),
    /// Waits for a promise, coroutine or future. Copies its data.
    Await(InstrId),
    /// Hands a value to the consumer of a generator or context manager.
    Yield(InstrId),
    /// The exception a handler block received. Only the first instruction of an `unwind` target.
    Caught,
    /// Something not modelled. Data flows from the operands into its value. The text names the construct.
    Unknown(&'static str, Vec<InstrId>),
}

/// A literal value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Const {
    Str(Symbol),
    Int(i64),
    /// A number that is no `i64`, as written.
    Num(Symbol),
    Bool(bool),
    /// `null`, `None`, Rust's `()` and `None`.
    Null,
    /// JavaScript's `undefined`; the value of a parameter that was not passed.
    Undefined,
}

/// What an `Unknown` is called that is a pattern, and one that is a pattern of a `?` and all behind it.
pub(crate) const REGEX: &str = "regex";
/// One that matches the password of a URL, with the `@` behind it. Its operand is the number of the group that it is in, if it is in
/// one.
pub(crate) const PASSWORD_REGEX: &str = "regex of a password";
pub(crate) const QUERY_REGEX: &str = "regex of a query";

/// A variable with a field path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place {
    pub(crate) base: Base,
    pub(crate) path: Box<[Field]>,
}

/// What a place starts from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Base {
    /// A variable of the running call (parameters and receivers included).
    Local(LocalId),
    /// A variable that outlives one call: module variable, captured variable.
    Cell(CellId),
    /// The value of an earlier instruction of the same function.
    Value(InstrId),
    /// A name that no scope of the file declares: language global, builtin, prelude, crate name.
    Global(Symbol),
}

/// One step of a field path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Field {
    /// `.name`, `["name"]`, `::name`.
    Name(Symbol),
    /// `[0]`, tuple field `.0`.
    Index(u32),
    /// The payload with this number of an enum variant: `Ok(x)` is `Variant("Ok", 0)`.
    Variant(Symbol, u32),
    /// Any element: a computed key, the item of an iteration.
    Any,
}

/// An object, array, tuple, map or struct literal.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) kind: RecordKind,
    /// The struct or class that is named, if one is.
    pub(crate) ty: Option<TypeRef>,
    /// In source order; a later entry wins.
    pub(crate) entries: Vec<Entry>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecordKind {
    /// JavaScript object, Python dict, Rust struct or map literal.
    Object,
    /// List, array, vector, set.
    Array,
    Tuple,
    /// An enum variant with payload: `Ok(x)`, `Some(x)`, `Error::Io(e)`; entries are `Field::Variant`.
    Variant,
}

#[derive(Clone, Debug)]
pub(crate) enum Entry {
    Field(Field, InstrId),
    /// `...x`, `**x`, `*x`, Rust's `..base`.
    Spread(InstrId),
}

#[derive(Clone, Debug)]
pub(crate) enum TextPart {
    Lit(Symbol),
    Hole(InstrId, Hole),
}

/// How a hole shows its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Hole {
    /// `${x}`, `{x}`, `%s`, `{}`.
    Display,
    /// `{x!r}`, `%r`, `{:?}`, tracing's `?x`.
    Debug,
    /// Rust's `{:#}`: of an error also what it was made of.
    Chain,
}

/// Pure operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Oper {
    /// `==`, `===`, Python `is`, a literal pattern.
    Eq,
    /// `!=`, `!==`, `is not`.
    Ne,
    Compare(Order),
    Not,
    /// `+` on anything (numbers or text).
    Add,
    /// Other arithmetic and bit operators.
    Arith,
    /// `key in container`; operands: key, container.
    In,
    /// `key not in container`.
    NotIn,
    TypeOf,
    /// `instanceof`; operands: value, class.
    InstanceOf,
    /// Is the value this enum variant? Operands: value, the variant (a `Load` of its path, or a string constant such as `"Err"`).
    IsVariant,
    /// A value that is not there: the test that a default parameter or a missing key makes; operand: the value.
    IsMissing,
    /// The input without the named fields (rest of a destructuring); operands: the whole, then one string constant a field.
    Without,
    /// A slice of a sequence or string; operands: the whole, then the bounds.
    Slice,
}

/// What is asked of two values, the first one of the operands in front.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Order {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

impl Order {
    /// Is it so of values that stand like this to each other?
    pub(crate) fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Less => ordering.is_lt(),
            Self::AtMost => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::AtLeast => ordering.is_ge(),
        }
    }
}

/// The field of a script's class that holds its methods.
pub(crate) const PROTOTYPE: &str = "prototype";

/// What a block calls at its beginning: `with`, `async with`.
pub(crate) const ENTER: [&str; 2] = ["__enter__", "__aenter__"];

/// Methods that a block which holds a resource calls when it is left, as Python names them.
pub(crate) const LEAVE: [&str; 2] = ["__exit__", "__aexit__"];

/// A call of any form.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// What is called. For a method the place ends with the method's name: the receiver is the place without it.
    pub(crate) callee: Place,
    pub(crate) args: Vec<Arg>,
    pub(crate) style: CallStyle,
    /// Types that the call names: `from_str::<Login>(text)`.
    pub(crate) types: Vec<super::types::TypeRef>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum CallStyle {
    Plain,
    /// `new X()`.
    New,
    /// A Rust macro: the callee is the macro's path without `!`.
    Macro,
    /// A decorator applied to its argument. Where the decorator is no function of the program, the result is the argument.
    Decorator,
    /// Not written as a call: `with`'s `__enter__`/`__exit__`, `super().__init__` that a language adds, tagged templates.
    Implicit,
}

#[derive(Clone, Debug)]
pub(crate) struct Arg {
    pub(crate) value: InstrId,
    pub(crate) kind: ArgKind,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ArgKind {
    Positional,
    /// Python keyword, Rust macro `name = value`, tracing field.
    Named(Symbol),
    /// `...x`, `*x`.
    Spread,
    /// `**x`.
    SpreadNamed,
}

/// An import, wherever the language lets it stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Import {
    /// The module as the source names it: `"./x.js"`, `"pino"`, Python `"pkg.mod"` or `"..mod"`, Rust `"crate::a"`, `"self::child"`.
    pub(crate) from: Symbol,
    pub(crate) what: Imported,
    /// Nothing of it exists at run time (`import type`).
    pub(crate) type_only: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Imported {
    /// The whole module: `import * as x`, `require(x)`, `import a.b`, `mod x`, `use a::b` of a module.
    Module,
    /// JavaScript's default export.
    Default,
    Named(Symbol),
    /// Only runs the module.
    Effect,
    /// Every public name: `from x import *`, `use x::*`. The scope's names that nothing else declares are looked up in it.
    All,
}

impl Place {
    pub(crate) fn new(base: Base, path: impl Into<Box<[Field]>>) -> Self {
        Self { base, path: path.into() }
    }

    pub(crate) fn of(base: Base) -> Self {
        Self { base, path: Box::default() }
    }

    pub(crate) fn local(local: LocalId) -> Self {
        Self::of(Base::Local(local))
    }

    pub(crate) fn value(value: InstrId) -> Self {
        Self::of(Base::Value(value))
    }

    pub(crate) fn global(name: &str) -> Self {
        Self::of(Base::Global(name.into()))
    }

    /// The same place with one more step.
    pub(crate) fn then(&self, field: Field) -> Self {
        let mut path = self.path.to_vec();
        path.push(field);
        Self { base: self.base.clone(), path: path.into() }
    }

    /// The place without its last step, and that step; `None` for a bare variable.
    pub(crate) fn split_last(&self) -> Option<(Self, &Field)> {
        let (last, init) = self.path.split_last()?;
        Some((Self { base: self.base.clone(), path: init.into() }, last))
    }
}

impl Field {
    pub(crate) fn name(name: &str) -> Self {
        Self::Name(name.into())
    }
}

impl Const {
    pub(crate) fn str(text: &str) -> Self {
        Self::Str(text.into())
    }
}

impl Op {
    /// Calls `visit` with every value this instruction reads.
    pub(crate) fn operands(&self, mut visit: impl FnMut(InstrId)) {
        let place = |place: &Place, visit: &mut dyn FnMut(InstrId)| {
            if let Base::Value(value) = place.base {
                visit(value);
            }
        };
        match self {
            Self::Const(_) | Self::Closure(_) | Self::Class(_) | Self::Import(_) | Self::Caught => {}
            Self::Load(from) => place(from, &mut visit),
            Self::Store(to, value) => {
                place(to, &mut visit);
                visit(*value);
            }
            Self::Record(record) => {
                for entry in &record.entries {
                    match entry {
                        Entry::Field(_, value) | Entry::Spread(value) => visit(*value),
                    }
                }
            }
            Self::Text(parts) => {
                for part in parts {
                    if let TextPart::Hole(value, _) = part {
                        visit(*value);
                    }
                }
            }
            Self::Operator(_, values) | Self::Unknown(_, values) => values.iter().copied().for_each(visit),
            Self::Call(call) => {
                place(&call.callee, &mut visit);
                for arg in &call.args {
                    visit(arg.value);
                }
            }
            Self::Await(value) | Self::Yield(value) => visit(*value),
        }
    }

    /// Calls `visit` with every place this instruction reads, writes or calls.
    pub(crate) fn places_mut(&mut self, mut visit: impl FnMut(&mut Place)) {
        match self {
            Self::Load(place) | Self::Store(place, _) => visit(place),
            Self::Call(call) => visit(&mut call.callee),
            _ => {}
        }
    }
}
