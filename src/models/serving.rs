//! Rows about serving: the calls that start it, the transports they serve on, the objects that are served.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::schema::Condition;

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TransportKind {
    Stdio,
    Http,
    /// In-memory and test transports, WebSocket, TCP.
    Other,
    Unknown,
}

/// A value that denotes a transport.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TransportRow {
    #[serde(default)]
    pub(crate) values: Vec<String>,
    #[serde(default)]
    pub(crate) calls: Vec<String>,
    pub(crate) is: TransportKind,
    /// Ports that give the transport a stream of its own instead of the process's stdout.
    #[serde(default)]
    pub(crate) own_stream: Vec<String>,
    pub(crate) versions: Option<String>,
}

/// A call that starts serving.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServeRow {
    pub(crate) calls: Vec<String>,
    pub(crate) transport: TransportSpec,
    /// Control comes back only when serving has ended (Python's `run`); otherwise code after the call runs while serving.
    #[serde(default)]
    pub(crate) blocks: bool,
    /// While this call serves, file descriptor 1 is pointed at stderr (Python SDK 2).
    #[serde(default)]
    pub(crate) diverts_stdout: bool,
    /// Ports that hold server objects or functions that make them, besides `self`.
    #[serde(default)]
    pub(crate) server: Vec<String>,
    /// A method of this name serves, too, on an object of which nothing is known, where it is handed a transport that is known.
    #[serde(default)]
    pub(crate) handed: bool,
    #[serde(default)]
    pub(crate) when: Vec<Condition>,
    pub(crate) versions: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum TransportSpec {
    Fixed(TransportKind),
    Ports(TransportPorts),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TransportPorts {
    /// The first port that has a value decides: by the transport it denotes, or by `map`.
    pub(crate) from: Vec<String>,
    #[serde(default)]
    pub(crate) map: BTreeMap<String, TransportKind>,
    /// When no port has a value.
    pub(crate) default: TransportKind,
}

/// A call that makes a server object (before it serves).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServerRow {
    #[serde(default)]
    pub(crate) calls: Vec<String>,
    /// Attributes on an `impl` or type that make it a server.
    #[serde(default)]
    pub(crate) annotations: Vec<String>,
    /// Traits or classes whose implementors are servers.
    #[serde(default)]
    pub(crate) implements: Vec<String>,
    /// Ports that hold the server's name.
    #[serde(default)]
    pub(crate) name: Vec<String>,
    /// The command of the library that serves an object of this kind without a call in the file (`mcp run server.py`).
    pub(crate) command: Option<ServingCommand>,
    #[expect(dead_code, reason = "no server row differs by version yet")]
    pub(crate) versions: Option<String>,
}

/// A command of a library that serves the object which it finds in a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServingCommand {
    /// How people start it.
    pub(crate) name: String,
    /// What the object may be called; the first that is there is taken.
    pub(crate) objects: Vec<String>,
    /// The method of it that is called.
    pub(crate) method: String,
}
