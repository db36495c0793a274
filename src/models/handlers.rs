//! The rows about handlers: which functions run when the agent asks, with what, and what it gets when they fail.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::schema::Condition;
use super::serving::TransportKind;

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(rename_all = "lowercase")]
pub(crate) enum HandlerKind {
    Tool,
    Prompt,
    Resource,
    /// One function for all tools (or all prompts …) that looks at the name itself.
    Dispatch,
    /// Runs around every handler and sees what they are given.
    Middleware,
    /// Completions, subscriptions: gets values of the agent, and is none of the things that the agent asks for.
    Side,
    /// Lists, life cycle: runs while serving, gets no values of the agent worth following.
    Other,
    /// Answers HTTP requests. A handler of all tools where the program compares with the protocol's methods itself, nothing else.
    Route,
}

/// A registration of a function that runs when the agent asks. Several rows may hold for one call: what they say adds up.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HandlerRow {
    pub(crate) kind: HandlerKind,
    /// Registration calls; `func` says where the function is.
    #[serde(default)]
    pub(crate) calls: Vec<String>,
    /// Places assigned to: `Server.request_handlers[]`; the port of the handler is `value`.
    #[serde(default)]
    pub(crate) places: Vec<String>,
    /// Ports of a registration call that hold the handler (a function; an object's method: `arg.0.execute`).
    #[serde(default)]
    pub(crate) func: Vec<String>,
    /// Attributes on a function that make it one (Rust).
    #[serde(default)]
    pub(crate) annotations: Vec<String>,
    /// Classes or traits whose subclasses and implementors hold one, in `methods`.
    #[serde(default)]
    pub(crate) implements: Vec<String>,
    #[serde(default)]
    pub(crate) methods: Vec<String>,
    /// Ports of a registration call (or named arguments of an attribute: `arg.name`) with the tool's name.
    #[serde(default)]
    pub(crate) name: Vec<String>,
    /// Ports of the handler function where values of the agent arrive: `param.0`, `param.*`, `param.0.params.arguments`, `self`.
    #[serde(default)]
    pub(crate) args: Vec<String>,
    /// Parameters of the handler that are objects of the library: port to type name, `{ "param.1" = "RequestExtra" }`.
    #[serde(default)]
    pub(crate) gives: BTreeMap<String, String>,
    /// Where handlers find what the function yields: `Context.lifespan_context`.
    #[serde(default)]
    pub(crate) yields_at: Vec<String>,
    /// Types of parameters that `param.*` leaves out (contexts), by their last name.
    #[serde(default)]
    pub(crate) except_types: Vec<String>,
    /// Ports of a registration call, or of the one that makes a decorator, with the pattern of the address: a parameter that
    /// has a part of it (`/notes/{name}`) is given a name, and no value of the agent.
    #[serde(default)]
    pub(crate) address: Vec<String>,
    /// Ports of a registration call with the object that says what each argument has to be, where the library checks it.
    #[serde(default)]
    pub(crate) schema: Vec<String>,
    /// The versions that check the arguments against the JSON schema which the program declares for the tool elsewhere.
    pub(crate) declared: Option<String>,
    /// What the agent gets when the handler throws.
    #[serde(default)]
    pub(crate) throws: ThrowShape,
    /// Types of errors whose text the agent gets under `masked` as well: `fastmcp.exceptions.ToolError`.
    #[serde(default)]
    #[expect(dead_code, reason = "what a masked handler throws is left out as a whole yet")]
    pub(crate) unmasked: Vec<String>,
    /// It runs only where the server serves on that: a route beside the protocol's own.
    pub(crate) only_on: Option<TransportKind>,
    #[serde(default)]
    pub(crate) when: Vec<Condition>,
    pub(crate) versions: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ThrowShape {
    /// The text of the error.
    #[default]
    Message,
    /// The text and an own `data` field.
    MessageAndData,
    /// A fixed text.
    Masked,
    /// The whole error with its stack.
    Whole,
}
