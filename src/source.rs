//! The only disk access: which files there are, their text, and what the manifests beside them say.

pub(crate) mod classify;
pub(crate) mod files;
pub(crate) mod manifest;
pub(crate) mod paths;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod version;
pub(crate) mod walk;
pub(crate) mod workspace;
