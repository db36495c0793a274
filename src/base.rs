//! Typed ids, index vectors, byte spans, the data the binary carries: the vocabulary below everything else.
//!
//! Knows nothing of servers, rules or languages.

pub(crate) mod bounds;
pub(crate) mod embedded;
pub(crate) mod few;
pub(crate) mod flat;
pub(crate) mod idx;
pub(crate) mod name_words;
pub(crate) mod span;
pub(crate) mod spelling;

/// A name as it stands in the source. Compared and ordered by its text, so results never depend on the order of interning.
pub(crate) type Symbol = smol_str::SmolStr;
