//! What values can be: which module a name comes from, and what follows from that.

pub(crate) mod link;
