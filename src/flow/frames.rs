//! What an exploration finds: functions under contexts, the blocks in them that are reached, and what happens there.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::base::Symbol;
use crate::base::idx::ids;
use crate::ir::func::{BlockId, FuncId};
use crate::ir::instr::{Const, InstrId};
use crate::models::index::RowRef;
use crate::models::schema::Stream;
use crate::models::serving::TransportKind;
use crate::resolve::values::At;

use super::abs::{Abs, Facts};
use super::alternatives::Given;
use super::blocks::Blocks;
use super::lazy::Filled;
use super::phase::Phase;
use super::remade::Made;

ids! {
    /// A function under one context.
    FrameId "frame",
}

/// A rebinding that was executed: `console.log = console.error`.
#[derive(Clone, Debug)]
pub(crate) struct Rebind {
    pub(crate) at: At,
    pub(crate) row: RowRef,
    pub(crate) stream: Stream,
    /// The new value hands on to the original (a filter).
    pub(crate) is_filter: bool,
}

/// Where a transport writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Output {
    /// To stdout, as it finds it.
    Stdout,
    /// To what was made of stdout and handed over: where stdout leads by then does not matter.
    Kept,
    /// To a stream of its own.
    Own,
}

/// A call that starts to serve, as it was met.
#[derive(Clone, Debug)]
pub(crate) struct Serve {
    pub(crate) at: At,
    pub(crate) row: RowRef,
    pub(crate) kind: TransportKind,
    pub(crate) diverts_stdout: bool,
    pub(crate) output: Output,
    /// What chose it, where that was known on the way there.
    pub(crate) name: Option<Symbol>,
    /// Without an SDK.
    pub(crate) by_hand: bool,
    pub(crate) facts: Facts,
    pub(crate) rebinds: BTreeSet<u32>,
}

/// What is known when a function is entered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Context {
    pub(crate) args: Vec<Option<Abs>>,
    /// What the object is whose method it is, where the method may ask for that.
    pub(crate) receiver: Option<Abs>,
    /// Constants that are given under names for which there is no parameter of its own: `**kwargs` has them.
    pub(crate) named: Rc<Vec<(Symbol, Const)>>,
    /// Arguments, by number, that the caller asked about before: are they true?
    pub(crate) asked: Vec<(usize, bool)>,
    pub(crate) phase: Phase,
    pub(crate) rebinds: Rc<BTreeSet<u32>>,
    /// The variables of the environment that the program has written.
    pub(super) settings: Filled,
}

impl Context {
    /// Is nothing known of what the function is given?
    pub(super) fn is_plain(&self) -> bool {
        self.args.is_empty() && self.named.is_empty() && self.receiver.is_none()
    }

    /// The same without what it is given, but for what switches something on or off: `fetch(url, required=True)`. Of that there
    /// is little, and the function does other things by it.
    pub(super) fn switches(&self) -> Self {
        let is_switch = |value: &Const| matches!(value, Const::Bool(_));
        let args =
            self.args.iter().map(|arg| arg.clone().filter(|abs| matches!(abs, Abs::Const(value) if is_switch(value))));
        let mut args: Vec<Option<Abs>> = args.collect();
        while args.last().is_some_and(Option::is_none) {
            args.pop();
        }
        let named = self.named.iter().filter(|(_, value)| is_switch(value)).cloned().collect();
        let Self { phase, rebinds, settings, .. } = self.clone();
        Self { args, named: Rc::new(named), phase, rebinds, settings, ..Self::default() }
    }
}

/// How a called frame relates to its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Mode {
    /// Runs in place of the call.
    Now,
    /// An action of a command line: runs instead of what follows.
    Alone,
    /// Runs when the computation it is attached to fails.
    Crash,
    /// Runs before what serves, which follows if it comes back.
    Ahead,
}

/// What came of a frame.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) ret: Option<Abs>,
    /// What it gives back on each way out, where that differs and is known.
    pub(super) given: Option<Rc<Given>>,
    /// Control can come back.
    pub(crate) returns: bool,
    /// It goes on for ever: nothing in it ends it, nor the process.
    pub(crate) for_ever: bool,
    /// The frame can start to serve on stdio, or on any transport where that is asked.
    pub(crate) serves: bool,
    pub(crate) on_stdio: bool,
    /// The phase when control comes back.
    pub(crate) phase: Phase,
    pub(crate) rebinds: Rc<BTreeSet<u32>>,
    /// The variables that it filled when control comes back, and when it starts to serve.
    pub(super) filled: Filled,
    pub(super) filled_at_serve: Option<Filled>,
    /// What the objects keep that it makes.
    pub(super) made: Made,
}

/// A function explored under one context.
pub(crate) struct Frame {
    pub(crate) func: FuncId,
    pub(crate) context: Rc<Context>,
    pub(crate) outcome: Outcome,
    /// Reached blocks, with what was found in them.
    pub(crate) blocks: Blocks,
}

/// A reached block of a frame.
#[derive(Default)]
pub(crate) struct Visited {
    pub(crate) events: Vec<Event>,
    /// Control passes the block's end (no exit inside).
    pub(crate) ends: bool,
    /// Successors that facts allow.
    pub(crate) next: Vec<BlockId>,
    pub(crate) unwind: Option<BlockId>,
    /// What tests of switches led here.
    pub(crate) facts: Rc<Facts>,
}

/// Something that happens in a block: a call, import or store.
pub(crate) struct Event {
    pub(crate) instr: InstrId,
    pub(crate) phase: Phase,
    pub(crate) rebinds: Rc<BTreeSet<u32>>,
    pub(crate) frames: Vec<(FrameId, Mode)>,
    /// The instruction itself, or a frame that runs in its place, starts to serve.
    pub(crate) serves: bool,
    pub(crate) on_stdio: bool,
    /// What tests of switches led here.
    pub(crate) facts: Rc<Facts>,
}
