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
    /// The scripts of a package that try a program out.
    trying: Vec<String>,
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

impl Started {
    /// Does a script of a package try a program out: `test`, `bench:memory`?
    pub(crate) fn tries(&self, script: &str) -> bool {
        let kind = script.split(':').next().unwrap_or(script);
        self.trying.iter().any(|known| known == kind)
    }
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
