//! The shape of a model file: what a TOML file under `rules/models/` may say. Loading refuses everything else.
//!
//! Patterns name library members: `root.member.{a,b}.*()`. The first segment is the file's root, one of its `globals`, or a
//! type any file of the language declares; in `moves` and `default_of` also the root or a global of another file. `()` is a
//! call (or `new`), `*` any one member, `list_*` one whose name begins so, `**` any number of members (none too), `[]` an element. Rust's `::` is written `.` too.
//!
//! Ports name values at a call: `arg.0`, `arg.-1` (the last positional), `arg.1..`, `arg.*` (all, named ones too),
//! `arg.name` (a named argument), `self` (the receiver), `return`, `throws`, `value` (what an assignment writes),
//! `chain.METHOD.arg.0` (the argument of METHOD in the builder chain that made the receiver), `sent` (in `flow` rows: what goes
//! through the channel; in `gives` of a callback, too); then `.field`, `[1]`, `[]`,
//! `.param.0` (parameter of a function value), `.return`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::flows::{
    ChannelRow, CleanRow, ErrorText, FlowRow, PasswordPartRow, PlainRow, RequestRow, ServerPartRow, SourceRow,
    TextPartRow, UnshownRow,
};
use super::handlers::HandlerRow;
use super::levels::{EchoRow, Fills, LevelRow, LineRow, Printed, Records, ShownFrom, ShownWith, Unset};
use super::loaders::LoaderRow;
use super::serving::{ServeRow, ServerRow, ServingCommand, TransportRow};
use crate::ir::instr::ArgKind;
use crate::ir::program::Language;

/// What a user says of names beside the models, in the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct OwnNames {
    /// Environment variables that hold secrets, whatever their names look like.
    pub(crate) secret: Vec<String>,
    /// Environment variables that hold nothing to hide.
    pub(crate) plain: Vec<String>,
}

/// One file: one library.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModelFile {
    /// The library's name, as messages say it.
    pub(crate) library: String,
    pub(crate) language: LanguageName,
    /// First segment of this file's patterns; default: `library`.
    pub(crate) root: Option<String>,
    /// Import specifiers that give the root. Script: the exact specifier or `name/*` for sub-paths (the sub-path is dropped).
    /// Python and Rust: the first name of the dotted path; the rest are members.
    #[serde(default)]
    pub(crate) imports: Vec<String>,
    /// Files of the audited program that the model stands for: what imports them gets the root, and their code is not followed.
    #[serde(default)]
    pub(crate) files: Vec<String>,
    /// Members of the root that are another library, or a member of one, which begins with its import specifier:
    /// `serde_json = "serde_json"`, `header = "http.header"`.
    #[serde(default)]
    pub(crate) reexports: BTreeMap<String, String>,
    /// Names every file of the language has without an import; each is the first segment of a pattern.
    #[serde(default)]
    pub(crate) globals: Vec<String>,
    /// Name in manifests and lock files, against which `versions` are read; default: `library`.
    pub(crate) package: Option<String>,
    /// Which version was read, and how. The program's own models all say it.
    #[serde(default)]
    pub(crate) checked: Checked,
    #[serde(default, rename = "type")]
    pub(crate) types: Vec<TypeRow>,
    #[serde(default, rename = "stream")]
    pub(crate) streams: Vec<StreamRow>,
    #[serde(default, rename = "sink")]
    pub(crate) sinks: Vec<SinkRow>,
    #[serde(default, rename = "logger")]
    pub(crate) loggers: Vec<LoggerRow>,
    #[serde(default, rename = "child")]
    pub(crate) children: Vec<ChildRow>,
    #[serde(default, rename = "rebind")]
    pub(crate) rebinds: Vec<RebindRow>,
    #[serde(default, rename = "transport")]
    pub(crate) transports: Vec<TransportRow>,
    #[serde(default, rename = "serve")]
    pub(crate) serves: Vec<ServeRow>,
    #[serde(default, rename = "server")]
    pub(crate) servers: Vec<ServerRow>,
    #[serde(default, rename = "handler")]
    pub(crate) handlers: Vec<HandlerRow>,
    #[serde(default, rename = "exit")]
    pub(crate) exits: Vec<ExitRow>,
    #[serde(default, rename = "naming")]
    pub(crate) namings: Vec<NamingRow>,
    #[serde(default, rename = "terminal")]
    pub(crate) terminals: Vec<TerminalRow>,
    #[serde(default, rename = "command_line")]
    pub(crate) command_lines: Vec<CommandLineRow>,
    #[serde(default, rename = "crash")]
    pub(crate) crashes: Vec<CrashRow>,
    #[serde(default, rename = "callback")]
    pub(crate) callbacks: Vec<CallbackRow>,
    #[serde(default, rename = "loader")]
    pub(crate) loaders: Vec<LoaderRow>,
    #[serde(default, rename = "channel")]
    pub(crate) channels: Vec<ChannelRow>,
    #[serde(default, rename = "source")]
    pub(crate) sources: Vec<SourceRow>,
    #[serde(default, rename = "flow")]
    pub(crate) flows: Vec<FlowRow>,
    #[serde(default, rename = "clean")]
    pub(crate) cleans: Vec<CleanRow>,
    #[serde(default, rename = "plain")]
    pub(crate) plains: Vec<PlainRow>,
    #[serde(default)]
    pub(crate) unshown: Vec<UnshownRow>,
    #[serde(default, rename = "line")]
    pub(crate) lines: Vec<LineRow>,
    #[serde(default, rename = "server_part")]
    pub(crate) server_parts: Vec<ServerPartRow>,
    #[serde(default, rename = "password_part")]
    pub(crate) password_parts: Vec<PasswordPartRow>,
    #[serde(default, rename = "text_part")]
    pub(crate) text_parts: Vec<TextPartRow>,
    #[serde(default, rename = "request")]
    pub(crate) requests: Vec<RequestRow>,
    #[serde(default, rename = "echo")]
    pub(crate) echoes: Vec<EchoRow>,
    #[serde(default, rename = "level")]
    pub(crate) levels: Vec<LevelRow>,
    /// What its loggers show while nothing gives one of them an output.
    pub(crate) unset: Option<Unset>,
    /// Error classes, each with the classes that it is a kind of, which are listed, too:
    /// `"httpx.HTTPStatusError" = ["httpx.HTTPError"]`.
    #[serde(default)]
    pub(crate) errors: BTreeMap<String, Vec<String>>,
}

impl ModelFile {
    /// The command of the library that serves an object which it finds in a file.
    pub(crate) fn serving_command(&self) -> Option<&ServingCommand> {
        self.servers.iter().find_map(|server| server.command.as_ref())
    }
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LanguageName {
    Script,
    Python,
    Rust,
}

impl LanguageName {
    pub(crate) fn language(self) -> Language {
        match self {
            Self::Script => Language::Script,
            Self::Python => Language::Python,
            Self::Rust => Language::Rust,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Checked {
    pub(crate) version: String,
    #[expect(dead_code, reason = "for readers of the file; a test refuses one of our own without it")]
    pub(crate) against: String,
}

/// A kind of object that several expressions give: builders, loggers, clients.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TypeRow {
    pub(crate) name: String,
    /// Expressions that give one: `pino()`, `Logger.child()`.
    #[serde(default)]
    pub(crate) from: Vec<String>,
    /// Type names an annotation may use for it, and classes whose instances (also of subclasses) are one: `pino.Logger`; in
    /// Rust also attributes of an `impl` block that make its type one.
    #[serde(default)]
    pub(crate) named: Vec<String>,
    /// Members by which an unknown value of whatever library is taken for one: `then`.
    #[serde(default)]
    pub(crate) told_by: Vec<String>,
    /// Members of what a module exports by default that a platform calls with one: `export default { fetch(request) {…} }`.
    #[serde(default)]
    pub(crate) exported: Vec<String>,
    /// Going through it gives pairs of a key and what is kept under that, which methods name alone.
    #[serde(default)]
    pub(crate) pairs: bool,
    /// Going through it gives names: the keys under which something is kept.
    #[serde(default)]
    pub(crate) names: bool,
    /// It counts as false although it is there.
    #[serde(default)]
    pub(crate) falsy: bool,
    /// Members that it has in no version: code that asks for one is for objects of another kind.
    #[serde(default)]
    pub(crate) lacks: Vec<String>,
    /// Fields of which its text shows nothing: a table of headers, those that sign in.
    #[serde(default)]
    pub(crate) hides: Vec<String>,
    /// What is written out so in the language is one.
    pub(crate) literal: Option<Literal>,
    /// What it is given to call is called only where one of these methods is, or where it is itself handed to something else:
    /// an application for the web, which is run.
    pub(crate) run_by: Option<Vec<String>>,
}

/// Something that is written out: `{"a": 1}`, `[1, 2]`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Literal {
    Table,
    List,
}

/// Where output goes.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Stream {
    Stdout,
    Stderr,
    /// A file that people read to learn what happened.
    Log,
    File,
    /// Captured by the program or discarded.
    None,
    Unknown,
}

/// How to find the stream of a call.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum StreamSpec {
    Fixed(Stream),
    Ports(StreamPorts),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StreamPorts {
    /// The first port that has a value decides: by what stream that value denotes, or by `map`.
    pub(crate) from: Vec<String>,
    /// Constants (as text: `2`, `inherit`, `true`, `null` for Python's `None`) to streams.
    #[serde(default)]
    pub(crate) map: BTreeMap<String, Stream>,
    /// When no port has a value.
    pub(crate) default: Stream,
    /// When a port's value is a constant that `map` lacks, or an object that denotes no known stream; default `unknown`.
    pub(crate) other: Option<Stream>,
}

/// A condition on the values of a call. Unknown values satisfy `not` and `present`, never `is` and `ends`. A port with
/// `None` or `null` has no value.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Condition {
    pub(crate) port: String,
    /// The value is one of these constants.
    #[serde(default)]
    pub(crate) is: Vec<toml::Value>,
    /// The value is a text that ends with one of these.
    #[serde(default)]
    pub(crate) ends: Vec<String>,
    /// The value is none of these constants.
    #[serde(default)]
    pub(crate) not: Vec<toml::Value>,
    /// None of the values the port can have is one of these constants: a list does not hold it.
    #[serde(default)]
    pub(crate) lacks: Vec<toml::Value>,
    /// The port has a value at all (`true`) or has none (`false`).
    pub(crate) present: Option<bool>,
    /// It is known what the value is (`true`), or it may be anything (`false`).
    pub(crate) known: Option<bool>,
    /// The value is a query of a database that asks for counts and nothing else (`true`), or is none (`false`).
    pub(crate) counts: Option<bool>,
    /// The call names the argument (`true`), or does not (`false`), whatever stands there: `json(content_type=None)`.
    pub(crate) written: Option<bool>,
    /// The value has this shape. A port without a value never has one, an unknown value may have any.
    pub(crate) shape: Option<ValueShape>,
}

/// What overloaded library functions tell their arguments apart by.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ValueShape {
    Text,
    Function,
    /// Neither text nor function nor another constant: a record, an instance, a library's object.
    Object,
}

/// A value that denotes a stream: `process.stderr`, `pino.destination(2)`, `sys.stdout`, `Console(stderr=True)`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StreamRow {
    /// Expressions without a call at the end.
    #[serde(default)]
    pub(crate) values: Vec<String>,
    /// Expressions that end with a call.
    #[serde(default)]
    pub(crate) calls: Vec<String>,
    pub(crate) stream: StreamSpec,
    /// It leads there whatever else is put in place of the stream afterwards: a duplicate.
    #[serde(default)]
    pub(crate) keeps: bool,
    #[serde(default)]
    pub(crate) when: Vec<Condition>,
    pub(crate) versions: Option<String>,
}

/// A call that writes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SinkRow {
    pub(crate) kind: SinkKind,
    pub(crate) calls: Vec<String>,
    /// Ports whose values are written.
    #[serde(default)]
    pub(crate) takes: Vec<String>,
    /// For `write`: where to. `{ from = ["self"], default = "unknown" }` asks the receiver.
    pub(crate) stream: Option<StreamSpec>,
    #[serde(default)]
    pub(crate) when: Vec<Condition>,
    pub(crate) versions: Option<String>,
    /// Said in the label, when the reason is not plain: "the banner of version 17".
    pub(crate) note: Option<String>,
    /// `low` or `medium` when even the library does it only at times.
    pub(crate) confidence: Option<crate::finding::Confidence>,
    /// JSON is made of what is written.
    pub(crate) errors: Option<ErrorText>,
    /// For `log`: where the code says which records the logger shows.
    pub(crate) shown: Option<ShownFrom>,
    /// For `log`: it shows only in a program that has the logger show such things.
    pub(crate) shown_with: Option<ShownWith>,
    /// How many fields deep an object is shown: with 3, `a.b.c` is and `a.b.c.d` is not.
    pub(crate) depth: Option<usize>,
    /// What follows the text is written only where the text has a place for it.
    pub(crate) fills: Option<Fills>,
    /// Letters that stand for a number, each behind a `%` of the text: what is put in such a place is one, or is not written.
    pub(crate) numbers: Option<String>,
    /// For `log`: where the program says which fields of a record are printed.
    pub(crate) printed: Option<Printed>,
    /// For `log`: it is not written by itself, but in front of each record that is made inside the function.
    #[serde(default)]
    pub(crate) in_front: bool,
    /// For `agent`: an answer to an HTTP request, which tells the agent only where the program answers the protocol's requests itself.
    #[serde(default)]
    pub(crate) by_hand: bool,
    /// For `agent`: a log notification of the protocol, which is for the people behind the client first.
    #[serde(default)]
    pub(crate) notification: bool,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SinkKind {
    /// Writes text to a stream at once: `console.log`, `print`, `process.stdout.write`, `println!`.
    Write,
    /// The library itself prints, whatever it is given: a banner, a warning.
    Noise,
    /// Prints a stack trace or exception.
    Trace,
    /// Hands a record to a logger; where that writes is the logger's configuration.
    Log,
    /// Tells the agent: log notifications, results.
    Agent,
}

/// A call that makes or configures a logger. Reported by `stdout-logger` when its stream is stdout.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoggerRow {
    #[serde(default)]
    pub(crate) calls: Vec<String>,
    /// Places assigned to: `logging.StreamHandler().stream`; the port of what is written is `value`.
    #[serde(default)]
    pub(crate) places: Vec<String>,
    /// Of all calls in a process with this word only the first has an effect: `logging.root`.
    pub(crate) once: Option<String>,
    /// The row tells what holds by default: nothing where the program makes one of these calls.
    #[serde(default)]
    pub(crate) default_of: Vec<String>,
    /// What it writes: nothing where the program switches that off by a call or an assignment that runs later.
    pub(crate) records: Option<Records>,
    pub(crate) stream: StreamSpec,
    /// Ports that configure redaction.
    #[serde(default)]
    pub(crate) redacts: Vec<String>,
    #[serde(default)]
    pub(crate) when: Vec<Condition>,
    pub(crate) versions: Option<String>,
    /// Not where the manifest asks for this feature of the library.
    pub(crate) without_feature: Option<String>,
    pub(crate) note: Option<String>,
    pub(crate) confidence: Option<crate::finding::Confidence>,
    /// What to do instead, when the general help does not fit: "pass `pino.destination(2)`".
    pub(crate) help: Option<String>,
}

/// A call that starts a child process (or worker). `stdout` says where the child's stdout goes: `stdout` = inherited.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChildRow {
    pub(crate) calls: Vec<String>,
    pub(crate) stdout: StreamSpec,
    /// Ports that name the program or command line.
    #[serde(default)]
    pub(crate) command: Vec<String>,
    #[serde(default)]
    pub(crate) when: Vec<Condition>,
    pub(crate) versions: Option<String>,
    /// What it runs is code of this program, or this program anew: worth a look when somebody asks for everything.
    #[serde(default)]
    pub(crate) own_code: bool,
    pub(crate) note: Option<String>,
}

/// An assignment or call after which other writes go elsewhere.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RebindRow {
    /// Places assigned to: `console.log`, `sys.stdout`, `process.stdout.write`.
    #[serde(default)]
    pub(crate) places: Vec<String>,
    /// Calls that do it: `os.dup2()`, `contextlib.redirect_stdout()`.
    #[serde(default)]
    pub(crate) calls: Vec<String>,
    /// Where the output goes afterwards; default `{ from = ["value"], default = "unknown" }`.
    pub(crate) stream: Option<StreamSpec>,
    /// Patterns of the calls and stream values that move with it.
    pub(crate) moves: Vec<String>,
    /// The transport writes through this place: rebinding it before serving sends the protocol elsewhere.
    #[serde(default)]
    pub(crate) carries_protocol: bool,
    /// Child processes that inherit stdout move with it (only a change of the descriptor does that).
    #[serde(default)]
    pub(crate) moves_children: bool,
    /// Undone at the end of the `with` block that holds it.
    #[serde(default)]
    pub(crate) scoped: bool,
    #[serde(default)]
    pub(crate) when: Vec<Condition>,
    pub(crate) versions: Option<String>,
}

/// A call that ends the process.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExitRow {
    #[serde(default)]
    pub(crate) calls: Vec<String>,
    /// Classes of errors by which a process is told to end: a clause for them handles no crash.
    #[serde(default)]
    pub(crate) errors: Vec<String>,
    #[serde(default)]
    pub(crate) when: Vec<Condition>,
}

/// Asks for something by its name, or gives it one: a tool, a prompt. What stands there is a name, and no value.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NamingRow {
    pub(crate) calls: Vec<String>,
    /// The arguments that are names.
    pub(crate) names: Vec<String>,
}

/// Asks whether standard input or output is a terminal. Of a server on stdio neither is: its client holds the other ends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TerminalRow {
    /// Members that say it, which are missing where it is none: `process.stdout.isTTY`.
    #[serde(default)]
    pub(crate) reads: Vec<String>,
    #[serde(default)]
    pub(crate) calls: Vec<String>,
    #[serde(default)]
    pub(crate) when: Vec<Condition>,
}

/// A call that looks at the command line and runs what was registered for it: what the library's callbacks that run `alone` were
/// given.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommandLineRow {
    pub(crate) calls: Vec<String>,
}

/// A call (or assignment) that installs a handler for crashes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CrashRow {
    #[serde(default)]
    pub(crate) calls: Vec<String>,
    /// Places assigned to: `sys.excepthook`.
    #[serde(default)]
    pub(crate) places: Vec<String>,
    /// Ports with the handler function (`value` for an assignment).
    pub(crate) handler: Vec<String>,
    pub(crate) covers: Vec<Crash>,
    #[serde(default)]
    pub(crate) when: Vec<Condition>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Crash {
    Exception,
    Rejection,
    /// A signal or exit hook: runs while serving may still go on.
    Signal,
}

/// What a library does with the functions it is given. Without a row they are taken to be called, at once or later.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallbackRow {
    #[serde(default)]
    pub(crate) calls: Vec<String>,
    /// Attributes of functions that run before the program's main function (Rust).
    #[serde(default)]
    pub(crate) annotations: Vec<String>,
    /// Ports with the functions; none: nothing that the call is given is called, and no method of it.
    #[serde(default)]
    pub(crate) func: Vec<String>,
    pub(crate) runs: CallbackTime,
    /// Ports that flow into the function's parameters, in order: `["self[]"]` for `Array.map`.
    #[serde(default)]
    pub(crate) gives: Vec<String>,
    /// Conditions under which they do.
    #[serde(default)]
    pub(crate) gives_when: Vec<Condition>,
    /// Parameters of the function that are objects of the library: port to type name, `{ "param.0" = "Context" }`.
    #[serde(default)]
    pub(crate) objects: BTreeMap<String, String>,
    /// The function is called with the call's own arguments, from one of them on: `to_thread(func, *args, **kwargs)`.
    pub(crate) passes: Option<Passes>,
    /// A port with the name of what it is called with where that comes through a channel: of an event.
    pub(crate) topic: Option<String>,
    /// The function's result is in the call's result.
    #[serde(default)]
    pub(crate) returns: bool,
    /// A port that the function's result is put into: `set.spawn(work)`.
    pub(crate) puts: Option<String>,
    /// From then on the object's calls that fail call the function with their error: what it throws is what they throw.
    #[serde(default)]
    pub(crate) replaces_errors: bool,
    /// That stands in an `Ok` there: an error that the function gives is not the error of the call.
    #[serde(default)]
    pub(crate) in_ok: bool,
}

/// Which arguments of a call a function is called with.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Passes {
    /// The number of the first.
    pub(crate) from: usize,
    /// Those with names, too, and not only what stands by position.
    #[serde(default)]
    pub(crate) named: bool,
}

impl Passes {
    pub(crate) fn takes(self, kind: &ArgKind) -> bool {
        self.named || matches!(kind, ArgKind::Positional | ArgKind::Spread)
    }
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CallbackTime {
    /// During the call.
    Now,
    /// After it: events, timers, tasks.
    Later,
    Never,
    /// It is given back as it is, and runs where whoever has it calls it; after the call where nobody is seen to.
    Kept,
    /// Instead of what follows: the action of one sub-command among several.
    Alone,
    /// When the computation that the receiver is fails: `promise.catch(f)`.
    Failure,
    /// Before the action that the command line asks for: what a group of commands does first.
    Ahead,
}
