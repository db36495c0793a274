//! Once more round a loop: what is asked there is asked anew, and says nothing of the answer in the round before.
//!
//! ```text
//! let mut seen = false;
//! loop {
//!     if lines.next().is_none() { break }
//!     seen = true;
//! }
//! ```
//!
//! `seen` is true where the question of the last round but one was answered with no, whatever comes of the last one.

use std::rc::Rc;

use crate::base::Symbol;
use crate::base::idx::{Id, Naming};
use crate::ir::func::{BlockId, FuncId, Function};
use crate::ir::instr::InstrId;

use super::explore::{Explorer, State};

impl Explorer<'_> {
    /// Control goes from one block to another of a function. Where that begins a loop anew, what the instructions in the loop
    /// gave is forgotten. `order`: the place of each block, by its number.
    pub(super) fn go_round(&self, func: FuncId, [from, to]: [BlockId; 2], order: &[usize], state: &mut State) {
        let round = order[to.index()]..=order[from.index()];
        if round.is_empty() {
            return;
        }
        let body = &self.values.program.funcs[func];
        let begin = Naming::default().id(func).text(".").text(InstrId::PREFIX).done();
        let is_given_there =
            |sym: &Symbol| is_given_in(body, sym, &begin, |block| round.contains(&order[block.index()]));
        if state.facts.symbols().any(is_given_there) {
            Rc::make_mut(&mut state.facts).leave_out(&is_given_there);
        }
    }
}

/// Does a symbol name what an instruction gives that stands in one of the blocks? `begin`: how the names of what the function's
/// instructions give begin.
fn is_given_in(body: &Function, sym: &Symbol, begin: &str, is_there: impl Fn(BlockId) -> bool) -> bool {
    sym.match_indices(begin).any(|(at, _)| {
        let digits = &sym[at + begin.len()..];
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let Ok(number) = digits[..end].parse() else { return false };
        let id = InstrId::new(number);
        body.blocks.iter_enumerated().any(|(block, data)| is_there(block) && data.instrs.contains(&id))
    })
}
