//! What is called of the files that manifests name: `rules/entries.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::base::embedded;

/// A file that cannot be read is one that a test refuses.
static STARTED: LazyLock<Started> = LazyLock::new(|| embedded::read("entries.toml").unwrap_or_default());

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Started {
    /// The export of a worker that a platform calls for each request.
    pub(crate) worker: String,
    pub(crate) commands: Vec<Commands>,
}

/// Commands that a library runs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Commands {
    /// The keys in package.json that lead to their file or folder.
    pub(crate) at: Vec<String>,
    /// The export of each file that is called.
    pub(crate) calls: String,
}

pub(crate) fn started() -> &'static Started {
    &STARTED
}

#[cfg(test)]
mod tests {
    use super::started;

    #[test]
    fn what_is_called_is_known() {
        assert!(!started().worker.is_empty() && !started().commands.is_empty(), "rules/entries.toml is not read");
    }
}
