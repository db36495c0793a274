//! Functions, parameters and basic blocks.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::Symbol;
use crate::base::idx::{Id as _, IndexVec, ids};
use crate::base::span::Span;

use super::instr::{Base, Instr, InstrId, Op, Oper, Place};
use super::program::{ClassId, ModuleId};
use super::types::{Annotation, TypeRef};

ids! {
    /// A function of the program (of the module, while a front end builds it).
    FuncId "fn",
    /// A basic block of one function.
    BlockId "bb",
    /// A variable of one function that lives no longer than the call.
    LocalId "$",
}

/// A function, method, closure, or the top-level code of a module.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    /// As declared; `<lambda>` for a nameless one (or the name of the variable or property it is assigned to), `<module>` for top-level code.
    pub(crate) name: Symbol,
    pub(crate) module: ModuleId,
    pub(crate) kind: FuncKind,
    /// The class whose body declares it. Rust methods get theirs when `impl` blocks are linked.
    pub(crate) owner: Option<ClassId>,
    /// The function whose body declares it.
    pub(crate) parent: Option<FuncId>,
    /// The function that this one, a decorator's, is called in place of, and to which it hands on whatever it is given.
    pub(crate) stands_for: Option<FuncId>,
    pub(crate) is_async: bool,
    pub(crate) is_generator: bool,
    pub(crate) params: Vec<Param>,
    /// `this`, `self`: a local (not in `params`).
    pub(crate) receiver: Option<LocalId>,
    pub(crate) ret: Option<TypeRef>,
    pub(crate) annotations: Vec<Annotation>,
    pub(crate) locals: IndexVec<LocalId, Local>,
    pub(crate) blocks: IndexVec<BlockId, Block>,
    pub(crate) instrs: IndexVec<InstrId, Instr>,
    /// Loads, stores and calls of a field whose name is computed, and the value that is its name: `settings[KEY]`.
    pub(crate) keys: BTreeMap<InstrId, InstrId>,
    /// Calls in what handles an error, and where that was caught: `except OSError: log.exception("failed")`.
    pub(crate) handling: BTreeMap<InstrId, InstrId>,
    pub(crate) span: Span,
    /// Where a report points to name the function.
    pub(crate) name_span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum FuncKind {
    /// Top-level code of a module.
    Init,
    Plain,
    Method,
    /// Without a receiver: `static`, `@staticmethod`, Rust associated function. A `@classmethod` is `Static` too: its first parameter is a local that holds the class.
    Static,
    /// `constructor`, `__init__`. Rust has none.
    Constructor,
    /// A property read runs it.
    Getter,
    Setter,
    /// Closure, arrow function, lambda.
    Lambda,
}

#[derive(Clone, Debug)]
pub(crate) struct Param {
    /// The name as declared; a made-up one for a pattern.
    pub(crate) name: Symbol,
    /// The local it arrives in; patterns are taken apart by `Load`s at the start of the body.
    /// A captured parameter is stored from here into its cell there.
    pub(crate) local: LocalId,
    pub(crate) kind: ParamKind,
    pub(crate) ty: Option<TypeRef>,
    /// Value when the argument is missing; an instruction of the first block.
    pub(crate) default: Option<InstrId>,
    pub(crate) annotations: Vec<Annotation>,
    pub(crate) span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ParamKind {
    /// By position (and, in Python, by name).
    Plain,
    /// Python keyword-only.
    NamedOnly,
    /// `...rest`, `*args`.
    Rest,
    /// `**kwargs`.
    RestNamed,
}

#[derive(Clone, Debug)]
pub(crate) struct Local {
    pub(crate) name: Symbol,
    pub(crate) ty: Option<TypeRef>,
}

#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) instrs: Vec<InstrId>,
    pub(crate) end: End,
    /// Where an exception raised in this block goes; `None` leaves the function.
    pub(crate) unwind: Option<BlockId>,
}

/// How a block ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Goto(BlockId),
    Branch {
        on: InstrId,
        yes: BlockId,
        no: BlockId,
    },
    Return(Option<InstrId>),
    Throw(InstrId),
    /// Control never gets past it (after `loop {}` without break, an unfinished block).
    Stop,
}

impl End {
    /// The blocks control can go to next, `unwind` aside.
    pub(crate) fn successors(&self) -> impl Iterator<Item = BlockId> {
        let (a, b) = match self {
            Self::Goto(to) => (Some(*to), None),
            Self::Branch { yes, no, .. } => (Some(*yes), Some(*no)),
            Self::Return(_) | Self::Throw(_) | Self::Stop => (None, None),
        };
        a.into_iter().chain(b)
    }
}

impl Function {
    /// What a variable is given from which a value is loaded, where the answer of a condition is among it and left out: of
    /// `asked === "http" && { port }` the literal. An answer has nothing in it that could be spread.
    pub(crate) fn given_beside_answers(&self, value: InstrId) -> Option<Vec<InstrId>> {
        let Op::Load(Place { base: base @ Base::Local(local), path }) = &self.instrs[value].op else { return None };
        if !path.is_empty() || self.params.iter().any(|param| param.local == *local) {
            return None;
        }
        let stores = self.instrs.iter().filter_map(|instr| match &instr.op {
            Op::Store(to, value) if to.base == *base && to.path.is_empty() => Some(*value),
            _ => None,
        });
        let is_answer = |value: &InstrId| match &self.instrs[*value].op {
            Op::Operator(oper, _) => {
                !matches!(oper, Oper::Add | Oper::Arith | Oper::TypeOf | Oper::Without | Oper::Slice)
            }
            _ => false,
        };
        let (answers, others): (Vec<InstrId>, Vec<InstrId>) = stores.partition(is_answer);
        (!answers.is_empty()).then_some(others)
    }

    /// One that does nothing yet.
    pub(crate) fn new(name: Symbol, module: ModuleId, kind: FuncKind, span: Span) -> Self {
        Self {
            name,
            module,
            kind,
            owner: None,
            parent: None,
            stands_for: None,
            is_async: false,
            is_generator: false,
            params: Vec::new(),
            receiver: None,
            ret: None,
            annotations: Vec::new(),
            locals: IndexVec::new(),
            blocks: [Block { instrs: Vec::new(), end: End::Stop, unwind: None }].into_iter().collect(),
            instrs: IndexVec::new(),
            keys: BTreeMap::new(),
            handling: BTreeMap::new(),
            span,
            name_span: span,
        }
    }

    /// Can control get from a block to another one, or is it the same?
    pub(crate) fn leads_to(&self, from: BlockId, to: BlockId) -> bool {
        let mut seen = BTreeSet::from([from]);
        let mut open = vec![from];
        while let Some(block) = open.pop() {
            if block == to {
                return true;
            }
            open.extend(self.blocks[block].end.successors().filter(|next| seen.insert(*next)));
        }
        false
    }

    /// Blocks that control can reach, in an order in which a block comes after those that lead to it (loops aside).
    pub(crate) fn order(&self) -> Vec<BlockId> {
        let mut seen = vec![false; self.blocks.len()];
        let mut order = Vec::new();
        let mut stack = vec![(self.entry(), false)];
        while let Some((block, done)) = stack.pop() {
            if done {
                order.push(block);
                continue;
            }
            if std::mem::replace(&mut seen[block.index()], true) {
                continue;
            }
            stack.push((block, true));
            let body = &self.blocks[block];
            let mut next: Vec<_> = body.end.successors().collect();
            next.extend(body.unwind);
            // Pushed last is visited first and so comes last in the reversed order: push in source order.
            stack.extend(next.into_iter().filter(|to| !seen[to.index()]).map(|to| (to, false)));
        }
        order.reverse();
        order
    }

    /// The block control enters first.
    pub(crate) fn entry(&self) -> BlockId {
        crate::base::idx::Id::new(0)
    }

    /// Calls `visit` with the base of every place and named type in the function.
    pub(crate) fn bases_mut(&mut self, visit: &mut dyn FnMut(&mut Base)) {
        let annotations =
            self.annotations.iter_mut().chain(self.params.iter_mut().flat_map(|param| &mut param.annotations));
        annotations.for_each(|annotation| annotation.bases_mut(visit));
        self.ret.iter_mut().for_each(|ty| ty.bases_mut(visit));
        self.params.iter_mut().filter_map(|param| param.ty.as_mut()).for_each(|ty| ty.bases_mut(visit));
        self.locals.iter_mut().filter_map(|local| local.ty.as_mut()).for_each(|ty| ty.bases_mut(visit));
        for instr in self.instrs.iter_mut() {
            if let Op::Record(record) = &mut instr.op {
                record.ty.iter_mut().for_each(|ty| ty.bases_mut(visit));
            }
            if let Op::Call(call) = &mut instr.op {
                call.types.iter_mut().for_each(|ty| ty.bases_mut(visit));
            }
            instr.op.places_mut(|place| visit(&mut place.base));
        }
    }
}
