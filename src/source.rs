//! The only disk access: which files there are, their text, and what the manifests beside them say.

pub(crate) mod files;
pub(crate) mod version;
