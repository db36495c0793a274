//! What the user asked for, free of the command line's syntax.

use std::path::PathBuf;

/// Options of an audit: everything that decides what is found, nothing about how it is shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// Files and folders to scan; never empty.
    pub(crate) paths: Vec<PathBuf>,
    /// Threads to use; `None` for one per core.
    pub(crate) threads: Option<usize>,
    /// Read what `.gitignore` leaves out, too.
    pub(crate) no_ignore: bool,
    /// Take every server for one that serves stdio.
    pub(crate) all_stdio: bool,
    /// Files that start a server, whatever manifests say.
    pub(crate) entries: Vec<PathBuf>,
    /// A folder with more library models.
    pub(crate) models: Option<PathBuf>,
}
