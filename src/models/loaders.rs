//! Rows about calls that load modules, and about those that tell what is in packages and modules.

use serde::Deserialize;

/// A call that loads modules by names which the code does not tell: plugins.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoaderRow {
    pub(crate) calls: Vec<String>,
    /// Ports of the name of the module that is loaded and given back: its beginning may be known.
    #[serde(default)]
    pub(crate) module: Vec<String>,
    /// Ports of the package in which a name is that begins with a dot.
    #[serde(default)]
    pub(crate) package: Vec<String>,
    /// Ports of a pattern of paths, or of a list of such, beside the module with the call: a table of the modules is given back.
    #[serde(default)]
    pub(crate) pattern: Vec<String>,
    /// Ports of the path of the file that is loaded and given back.
    #[serde(default)]
    pub(crate) file: Vec<String>,
    /// Ports of the path of a package: the names of the modules in it are given back, each the second of an item, or its `name`.
    #[serde(default)]
    pub(crate) lists: Vec<String>,
    /// Those of the modules in packages inside it are, too.
    #[serde(default)]
    pub(crate) deep: bool,
    /// Ports of a text that the names of the modules begin with: the package's name, and a dot.
    #[serde(default)]
    pub(crate) prefix: Vec<String>,
    /// Ports of a module of which the names of all that is in it are given back, or pairs of the names and what is there; no
    /// module is loaded.
    #[serde(default)]
    pub(crate) members: Vec<String>,
    /// Ports of a function that says which of them are meant.
    #[serde(default)]
    pub(crate) predicate: Vec<String>,
    /// The call asks whether something is a function; no module is loaded. Of what was found by going through modules, functions are meant.
    #[serde(default)]
    pub(crate) asks_function: bool,
    /// The call asks whether a class is of a kind; no module is loaded. Of what was found by going through modules, the classes are
    /// meant for which it is true.
    pub(crate) asks_kind: Option<KindPorts>,
    /// The name is that of something in a module, `notes.web:app`, and nothing is loaded where the thing itself is given.
    #[serde(default)]
    pub(crate) of_part: bool,
}

/// What a class is asked about.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KindPorts {
    /// The port of the class that is asked about.
    pub(crate) class: String,
    /// That of the class which it may derive from.
    pub(crate) of: String,
}
