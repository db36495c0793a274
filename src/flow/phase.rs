//! Where a process is in its life: before serving, serving, after.

/// Where a process is in its life; a set, since paths meet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Phase(u8);

impl Phase {
    /// Serving has not begun.
    pub(crate) const BEFORE: Self = Self(1);
    /// The transport is up.
    pub(crate) const SERVING: Self = Self(2);
    /// A blocking serve call has come back.
    pub(crate) const AFTER: Self = Self(4);

    pub(crate) fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The one phase that decides what a called function's writes mean.
    pub(super) fn decisive(self) -> Self {
        [Self::SERVING, Self::BEFORE].into_iter().find(|phase| self.has(*phase)).unwrap_or(Self::AFTER)
    }
}
