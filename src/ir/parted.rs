//! What is raised again, told apart by the ways that lead there:
//!
//! ```text
//! except Exception as error:
//!     if not quiet or is_fatal(error):
//!         raise                       # once where `quiet` is false, and once where the error is a fatal one
//! ```

use crate::base::bounds::MAX_WAYS_TO_RAISE;

use super::func::{BlockId, End, Function};
use super::program::Program;

impl Program {
    /// Gives each way to a block that does nothing but raise a block of its own.
    pub(crate) fn part_raising(&mut self) {
        self.funcs.iter_mut().for_each(part);
    }
}

fn part(func: &mut Function) {
    let only_raises = |func: &Function, block: BlockId| {
        let data = &func.blocks[block];
        data.instrs.is_empty() && matches!(data.end, End::Throw(_)) && block != func.entry()
    };
    let raising: Vec<BlockId> = func.blocks.ids().filter(|block| only_raises(func, *block)).collect();
    for block in raising {
        let leads = |end: &End| matches!(end, End::Branch { yes, no, .. } if (*yes == block) != (*no == block));
        let ways: Vec<BlockId> =
            func.blocks.iter_enumerated().filter(|(_, data)| leads(&data.end)).map(|(id, _)| id).collect();
        for from in ways.into_iter().skip(1).take(MAX_WAYS_TO_RAISE) {
            let own = func.blocks.push(func.blocks[block].clone());
            if let End::Branch { yes, no, .. } = &mut func.blocks[from].end {
                let way = if *yes == block { yes } else { no };
                *way = own;
            }
        }
    }
}
