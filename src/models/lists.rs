//! Lists of words beside the models: how transports, containers and the started program are told.

use rustc_hash::FxHashSet;

/// What command lines and variables call the transports: `rules/transports.toml`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Transports {
    pub(super) stdio: String,
    pub(super) others: Vec<String>,
    pub(super) message_field: String,
}

/// How containers are told: `rules/containers.toml`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Containers {
    pub(super) keeps: FxHashSet<String>,
    pub(super) iterates: FxHashSet<String>,
    pub(super) wraps: Vec<String>,
}

/// Which library classes do not call what their subclasses define: `rules/bases.toml`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Bases {
    pub(super) passive: FxHashSet<String>,
    pub(super) passive_ends: Vec<String>,
    pub(super) filled: FxHashSet<String>,
}

/// How a module asks whether it is the program: `rules/main.toml`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MainWords {
    /// Places that tell where the module is.
    pub(crate) own: Vec<String>,
    /// Places that tell which program was started.
    pub(crate) started: Vec<String>,
    /// Places that are true in the program.
    pub(crate) flags: Vec<String>,
    /// Places that are true in an imported module.
    pub(crate) imported: Vec<String>,
    pub(crate) names: Vec<MainName>,
}

/// A place that holds one text in the program and another one in an imported module.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MainName {
    pub(crate) place: String,
    pub(crate) main: String,
    pub(crate) other: String,
}
