//! Lists of words beside the models: how transports, containers and the started program are told.

use rustc_hash::{FxHashMap, FxHashSet};

/// What command lines and variables call the transports: `rules/transports.toml`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Transports {
    pub(super) stdio: String,
    pub(super) others: Vec<String>,
    pub(super) message_field: String,
    pub(super) method_field: String,
    pub(super) log_method: String,
    pub(super) plain_methods: Vec<String>,
}

/// How containers are told: `rules/containers.toml`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Containers {
    pub(super) keeps: FxHashSet<String>,
    pub(super) makes: FxHashSet<String>,
    pub(super) of_literals: FxHashSet<String>,
    pub(super) of_lists: FxHashSet<String>,
    pub(super) keyed: FxHashSet<String>,
    pub(super) merges: FxHashSet<String>,
    pub(super) removes: FxHashSet<String>,
    pub(super) extends: FxHashSet<String>,
    pub(super) everywhere: FxHashSet<String>,
    /// Of texts: they put in what a function gives which they are handed behind what they look for.
    pub(super) writes_in: FxHashSet<String>,
    pub(super) lists: FxHashSet<String>,
    pub(super) pairs: FxHashSet<String>,
    pub(super) names: FxHashSet<String>,
    pub(super) maps: FxHashSet<String>,
    pub(super) iterates: FxHashSet<String>,
    pub(super) folds: FxHashMap<String, usize>,
    pub(super) payload: FxHashSet<String>,
    pub(super) iterators: FxHashSet<String>,
    pub(super) optional: FxHashSet<String>,
    pub(super) both: FxHashSet<String>,
    pub(super) asks: FxHashSet<String>,
    pub(super) compares: FxHashSet<String>,
    pub(super) present: FxHashSet<String>,
    pub(super) absent: FxHashSet<String>,
    pub(super) looks_up: FxHashSet<String>,
    pub(super) splits: FxHashSet<String>,
    pub(super) members: FxHashSet<String>,
    pub(super) opens: FxHashSet<String>,
    pub(super) inside: FxHashSet<String>,
    pub(super) inside_items: FxHashSet<String>,
    pub(super) numbered: FxHashSet<String>,
    pub(super) same: FxHashSet<String>,
    pub(super) cases: FxHashSet<String>,
    pub(super) trims: FxHashSet<String>,
    pub(super) text_has: FxHashSet<String>,
    pub(super) text_begins: FxHashSet<String>,
    pub(super) text_ends: FxHashSet<String>,
    pub(super) small: FxHashSet<String>,
    pub(super) listens: FxHashSet<String>,
    pub(super) wraps: Vec<String>,
    pub(super) transparent: FxHashSet<String>,
    pub(super) tables: FxHashSet<String>,
    pub(super) texts: FxHashSet<String>,
    pub(super) errors: ErrorMethods,
}

/// What a method asks of a text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextQuestion {
    Has,
    Begins,
    Ends,
}

impl TextQuestion {
    /// The answer of a text that is asked about another one.
    pub(crate) fn holds(self, text: &str, part: &str) -> bool {
        match self {
            Self::Has => text.contains(part),
            Self::Begins => text.starts_with(part),
            Self::Ends => text.ends_with(part),
        }
    }
}

/// How a method spells a text in another way.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// In another case.
    Case,
    /// Without what it begins or ends with.
    Trimmed,
}

/// Methods of a result that may hold an error.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ErrorMethods {
    pub(super) maps: Vec<String>,
    pub(super) replaces: Vec<String>,
    pub(super) shows: Vec<String>,
    pub(super) covers: Vec<String>,
    pub(super) uncovers: Vec<String>,
    pub(super) drops: Vec<String>,
    pub(super) gives: Vec<String>,
    pub(super) takes_out: Vec<String>,
    /// Types other than results that may hold one.
    pub(super) holders: Vec<String>,
}

/// What becomes of the error of a result by a method of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorFate {
    /// A function makes another error of it.
    Mapped,
    /// A function makes of it what is given back instead.
    Replaced,
    /// A function looks at it.
    Shown,
    /// Another text is put above it.
    Covered,
    /// It is given up.
    Dropped,
    /// It is given back itself.
    Given,
}

impl ErrorMethods {
    pub(super) fn fate(&self, method: &str) -> Option<ErrorFate> {
        let fates = [
            (&self.maps, ErrorFate::Mapped),
            (&self.replaces, ErrorFate::Replaced),
            (&self.shows, ErrorFate::Shown),
            (&self.covers, ErrorFate::Covered),
            (&self.drops, ErrorFate::Dropped),
            (&self.gives, ErrorFate::Given),
        ];
        fates.into_iter().find(|(names, _)| names.iter().any(|name| name == method)).map(|(_, fate)| fate)
    }
}

/// Which library classes do not call what their subclasses define: `rules/bases.toml`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Bases {
    pub(super) passive: FxHashSet<String>,
    pub(super) passive_ends: Vec<String>,
    pub(super) filled: FxHashSet<String>,
    pub(super) makers: FxHashSet<String>,
    pub(super) own_makers: FxHashSet<String>,
    pub(super) variables: FxHashSet<String>,
    pub(super) defaults: FxHashSet<String>,
    pub(super) bare: FxHashSet<String>,
    pub(super) reads: FxHashSet<String>,
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
    /// Variables of the environment that are not set in a program which serves.
    pub(crate) unset: Vec<String>,
    /// Global names that only browsers and platforms have, and no process that serves on its streams.
    pub(crate) absent: Vec<String>,
    /// Those that a program in a package does not have either, unless it is a project for the runtime that has them.
    pub(crate) absent_in_packages: Vec<String>,
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
