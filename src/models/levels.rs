//! The rows about log levels: what libraries log by themselves at which level, and which calls switch a level on.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::schema::Condition;

/// How grave a record is; a logger shows those of its own level and above.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogLevel {
    Trace,
    Debug,
    Info,
    Warning,
    Error,
    /// Nothing is shown.
    Off,
}

impl LogLevel {
    /// The level that a word means, whoever's word it is: `INFO`, `warn`.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Some(match word.trim().to_ascii_lowercase().as_str() {
            "trace" | "notset" => Self::Trace,
            "debug" => Self::Debug,
            "info" => Self::Info,
            "warn" | "warning" => Self::Warning,
            "error" | "critical" | "fatal" => Self::Error,
            "off" | "silent" => Self::Off,
            _ => return None,
        })
    }

    /// The word for it in messages.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Off => "off",
        }
    }
}

/// Where the level of one logger stands.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShownFrom {
    /// Port of the call that makes the logger, a field of an object literal there. A later store to a field of that name on
    /// the logger may show more.
    pub(crate) level: String,
    /// Port of the outputs that it is made with: one that is made with a level of its own may show more.
    pub(crate) outputs: Option<String>,
    /// Ports of the log call: where one has a value, that may show more.
    #[serde(default)]
    pub(crate) unless: Vec<String>,
}

/// The calls that have a logger show what it otherwise keeps to itself.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShownWith {
    pub(crate) calls: Vec<String>,
    /// One of these holds of the call.
    pub(crate) any: Vec<Condition>,
}

/// Which arguments a text has places for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fills {
    /// The letters that stand for a place, each behind a `%`.
    pub(crate) letters: String,
    /// Ports: of all, where something is handed over there.
    #[serde(default)]
    pub(crate) unless: Vec<String>,
}

/// Where a program says itself which fields of a record its logger prints.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Printed {
    /// The port of the format. A function that a format calls, by a `callback` row, makes the line.
    pub(crate) format: String,
    /// The port of the outputs, of which each may have a format of its own.
    pub(crate) outputs: String,
    /// The port of that, at the call that makes the output.
    pub(crate) own: String,
    /// The port, at the call that puts formats together, of the one that makes the line.
    pub(crate) last: String,
    /// Fields that are in the line in any case.
    pub(crate) always: Vec<String>,
    /// Without a format the lines are as a `line` row says.
    #[serde(default)]
    pub(crate) json: bool,
}

/// A format of log lines in which what stands beside the message is JSON, or nothing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LineRow {
    pub(crate) calls: Vec<String>,
    /// Ports of other formats: it is such a one where these are.
    #[serde(default)]
    pub(crate) of: Vec<String>,
}

/// What a library itself logs once the program switches a level on: a finding at the place that sets the level.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EchoRow {
    /// Calls after which the library logs; without one of them in the program it does not.
    pub(crate) calls: Vec<String>,
    /// Ports whose values it logs; may be empty.
    #[serde(default)]
    pub(crate) takes: Vec<String>,
    /// What it logs that is not handed to these calls; a server's own arguments are `argument`.
    #[serde(default)]
    pub(crate) shows: Vec<Shown>,
    /// The least level that shows it: `info`, `debug`, `trace`.
    pub(crate) level: LogLevel,
    /// Name of the logger or target, as level settings say it.
    pub(crate) logger: String,
    /// What is logged, for messages: "the whole URL with its query".
    pub(crate) says: String,
    /// The call asks for it by what it is given: the finding is there, and not where a level is set.
    #[serde(default)]
    pub(crate) asked: bool,
    #[serde(default)]
    pub(crate) when: Vec<Condition>,
    pub(crate) versions: Option<String>,
    /// What to do instead, where giving the logger a level is not it.
    pub(crate) help: Option<String>,
}

/// Records that a logger writes, as level settings name it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Records {
    pub(crate) logger: String,
    pub(crate) level: LogLevel,
}

/// What a library shows of the traffic that it carries.

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Shown {
    Argument,
    Response,
    /// What its callers sign in with.
    Credential,
}

impl Shown {
    /// The rule that the record is a finding of.
    pub(crate) fn rule(self) -> &'static str {
        match self {
            Self::Argument => "argument-in-log",
            Self::Response => "response-in-log",
            Self::Credential => "credential-in-log",
        }
    }
}

/// What loggers show while the process gives none of them an output: `logging.lastResort`. `off`: nothing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unset {
    pub(crate) level: LogLevel,
    /// Calls that give a logger an output, whichever it is.
    pub(crate) calls: Vec<String>,
    /// Places of which an assignment does.
    #[serde(default)]
    pub(crate) places: Vec<String>,
    /// So does whatever a `logger` row of some library is about.
    #[serde(default)]
    pub(crate) loggers: bool,
    /// So do the calls of `level` rows of whatever library that have an effect `once` under this word.
    pub(crate) once: Option<String>,
    /// What is called so does, too, whatever it is a member of.
    #[serde(default)]
    pub(crate) members: Vec<String>,
    /// Parts of the names of functions that no model describes, and that may do it.
    #[serde(default)]
    pub(crate) parts: Vec<String>,
}

/// A function of the program that says of each record whether it is shown.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Decides {
    /// Port with the function.
    pub(crate) func: String,
    /// Members that say where a record comes from, or how grave it is: a function that asks none of them lets through what a
    /// library logs. One that does is taken to hold it back, at whatever level.
    pub(crate) asks: Vec<String>,
}

/// A call that sets which records are shown.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LevelRow {
    #[serde(default)]
    pub(crate) calls: Vec<String>,
    /// Places of a logger which set the `default` where `true` is assigned to them: `logger.disabled`. The ports are those of the
    /// call that made the logger.
    #[serde(default)]
    pub(crate) places: Vec<String>,
    /// Ports with the level: a word, a constant of the library named by one, a number of `numbers`, or words for several
    /// loggers at once (`info,protocol=warn`). The first that has a value decides.
    #[serde(default)]
    pub(crate) level: Vec<String>,
    #[serde(default)]
    pub(crate) numbers: BTreeMap<String, LogLevel>,
    /// When no port has a value; without it such a call sets nothing.
    pub(crate) default: Option<LogLevel>,
    /// The call says by what it is not given that it is the `default`, which nothing else replaces.
    #[serde(default)]
    pub(crate) fixed: bool,
    /// Ports with the name of the one logger that it is set for; where none has a value, it is set for all.
    #[serde(default)]
    pub(crate) logger: Vec<String>,
    /// Members by which a program asks whether it has set up the logger already.
    #[serde(default)]
    pub(crate) set_up: Vec<String>,
    /// Of all calls in a process with this word only the first has an effect: `logging.root`.
    pub(crate) once: Option<String>,
    /// Ports with a filter that only one of the program's sinks asks, besides what is set for all: `layer.with_filter(filter)`.
    #[serde(default)]
    pub(crate) apart: Vec<String>,
    /// The call is handed a function that decides on each record.
    pub(crate) decides: Option<Decides>,
    /// A variable of the environment that the library reads may set any level instead.
    #[serde(default)]
    pub(crate) environment: bool,
    /// The name of that variable; without `environment` the call gives it a value.
    pub(crate) variable: Option<String>,
    /// Holds only while no variable of the environment says something else.
    #[serde(default)]
    pub(crate) replaced: bool,
    /// Only the sinks of this library are asked, and they are asked nothing else.
    #[serde(default)]
    pub(crate) own: bool,
    /// The call takes away the output that the library begins with, which shows all: without it, no level hides anything.
    #[serde(default)]
    pub(crate) clears: bool,
    #[serde(default)]
    pub(crate) when: Vec<Condition>,
    pub(crate) versions: Option<String>,
}
