//! The command line: its words, its help, and what becomes of them.
//!
//! `main_with` does all that the program does except touching the process: it gets arguments and writers, and returns the exit
//! code. Exit codes are part of the interface: CI jobs depend on them.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::Options;
use crate::finding::{Confidence, Level};
use crate::report::Wanted;

mod run;

pub use run::main_with;

/// Nothing at or above the bar.
const CLEAN: u8 = 0;
/// Findings at or above the bar.
const FOUND: u8 = 1;
/// Wrong use, unreadable input, output that could not be written.
const WRONG_USE: u8 = 2;
/// No server to examine.
const NOTHING_TO_EXAMINE: u8 = 3;

/// What the program may know of where its output goes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terminal {
    /// Standard output is a terminal.
    pub out: bool,
    /// Standard error is a terminal.
    pub err: bool,
    /// Columns, where known.
    pub width: Option<usize>,
    /// `NO_COLOR` is set and not empty.
    pub no_color: bool,
    /// `TERM` is `dumb`, or the locale has no UTF-8: no escapes, no boxes.
    pub dumb: bool,
}

const ABOUT: &str = "Finds what an MCP server lets out: writes that corrupt the protocol on stdout, secrets and arguments in \
logs, raw errors that reach the agent. Reads TypeScript, JavaScript, Python and Rust; runs nothing, sends nothing.";

const EXAMPLES: &str = "\
Examples:
  mcpleaks                                  examine the current folder
  mcpleaks packages/server --pedantic       one package, with notes on posture
  mcpleaks --entry src/worker.ts            when the server is started in an unusual way
  mcpleaks --format sarif --output mcpleaks.sarif --fail-on never
                                            for code scanning
  mcpleaks --format github --min-confidence medium
                                            annotations in a pull request
  mcpleaks servers                          which servers are here, and what can the agent call?
  mcpleaks explain stdout-write             what a rule means, with examples
  mcpleaks ./rules                          a folder that is called like a command

Exit codes:
  0  nothing found at or above --fail-on
  1  something found
  2  wrong use, unreadable input, or output that could not be written
  3  no MCP server found: nothing was examined";

#[derive(Debug, Parser)]
#[command(name = "mcpleaks", version, about = ABOUT, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    scan: Scan,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the rules
    Rules(RulesArgs),
    /// Say what a rule means, with examples
    Explain(ExplainArgs),
    /// List the servers found, their transports, and what the agent can call
    Servers(ServersArgs),
    /// Look into the intermediate results (for people who work on mcpleaks)
    #[command(subcommand)]
    Debug(Debug),
}

#[derive(Debug, Args)]
struct Scan {
    #[command(flatten)]
    input: Input,
    /// How to write the report
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
    #[command(flatten)]
    output: Output,
    /// Show findings on posture, too: notes a maintainer can disagree with
    #[arg(long)]
    pedantic: bool,
    /// Leave out findings below this level
    #[arg(long, value_name = "LEVEL", default_value = "note")]
    min_level: Level,
    /// Leave out findings of which the analysis is less certain
    #[arg(long, value_name = "CONFIDENCE", default_value = "low")]
    min_confidence: Confidence,
    /// Lowest level of a shown finding that makes the exit code 1
    #[arg(long, value_name = "LEVEL", default_value = "warning")]
    fail_on: FailOn,
}

#[derive(Debug, Args)]
struct Input {
    /// Files and folders to examine
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
    /// A file that starts a server, whatever the manifests say; can be given several times
    #[arg(long, value_name = "FILE")]
    entry: Vec<PathBuf>,
    /// Take every server for one that serves stdio
    #[arg(long)]
    stdio: bool,
    /// Read what .gitignore leaves out, too
    #[arg(long)]
    no_ignore: bool,
    /// A folder with more library models (TOML files)
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
    /// Threads to use [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

#[derive(Debug, Args)]
struct Output {
    /// Write the report to a file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// When to use colours; NO_COLOR is honoured
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: Color,
    /// Cut no list
    #[arg(long, short, conflicts_with = "quiet")]
    verbose: bool,
    /// Write findings only
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Debug, Args)]
struct RulesArgs {
    /// How to write the list
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: ListFormat,
}

#[derive(Debug, Args)]
struct ExplainArgs {
    /// Id of the rule: see `mcpleaks rules`
    rule: String,
    /// Write the rule's page as Markdown
    #[arg(long)]
    markdown: bool,
}

#[derive(Debug, Args)]
struct ServersArgs {
    #[command(flatten)]
    input: Input,
    /// How to write the list
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: ListFormat,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Subcommand)]
enum Debug {
    /// Print the intermediate representation of one file
    Ir {
        /// The file
        file: PathBuf,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people at a terminal
    Human,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// A documented, versioned shape for programs
    Json,
    /// Annotations for GitHub Actions
    Github,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ListFormat {
    /// For people
    Human,
    /// For programs
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Even in a file
    Always,
    /// Not at all
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Error,
    Warning,
    Note,
    /// Findings never change the exit code
    Never,
}

impl Input {
    fn options(self) -> Options {
        Options {
            paths: self.paths,
            threads: self.threads.map(usize::from),
            no_ignore: self.no_ignore,
            all_stdio: self.stdio,
            entries: self.entry,
            models: self.models,
        }
    }
}

impl Scan {
    fn wanted(&self) -> Wanted {
        Wanted { pedantic: self.pedantic, level: self.min_level, confidence: self.min_confidence }
    }
}

impl FailOn {
    fn level(self) -> Option<Level> {
        match self {
            Self::Error => Some(Level::Error),
            Self::Warning => Some(Level::Warning),
            Self::Note => Some(Level::Note),
            Self::Never => None,
        }
    }
}
