//! The reached blocks of a frame, in order. A process has many thousand frames, most with a block or two.

use crate::ir::func::BlockId;

use super::explore::Visited;

#[derive(Default)]
pub(crate) struct Blocks(Box<[(BlockId, Visited)]>);

impl Blocks {
    /// Of blocks in their order.
    pub(super) fn new(sorted: impl IntoIterator<Item = (BlockId, Visited)>) -> Self {
        Self(sorted.into_iter().collect())
    }

    pub(crate) fn get(&self, block: BlockId) -> Option<&Visited> {
        let at = self.0.binary_search_by_key(&block, |(known, _)| *known).ok()?;
        Some(&self.0[at].1)
    }

    pub(crate) fn contains(&self, block: BlockId) -> bool {
        self.get(block).is_some()
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (BlockId, &Visited)> {
        self.0.iter().map(|(block, visited)| (*block, visited))
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = BlockId> {
        self.iter().map(|(block, _)| block)
    }

    pub(crate) fn visited(&self) -> impl Iterator<Item = &Visited> {
        self.0.iter().map(|(_, visited)| visited)
    }
}
