//! stub
/// Does a version satisfy a condition?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Allowed { Yes, No, Maybe }
