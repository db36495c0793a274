//! The command line: its words, its help, and what becomes of them.
//!
//! `main_with` does all that the program does except touching the process: it gets arguments and writers, and returns the exit
//! code. Exit codes are part of the interface: CI jobs depend on them.

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::audit::stages::Stage;
use crate::base::spelling::nearest;
use crate::config::{Config, FailOn, Options};
use crate::finding::{Confidence, Level};
use crate::models::load::Own;
use crate::report::Wanted;

mod init;
mod known;
mod progress;
mod remote;
mod run;
mod shell;
mod since;

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
    /// `CI` is set and not empty: nothing but the report may be written.
    pub ci: bool,
    /// `TERM` is `dumb`, or the locale has no UTF-8: no escapes, no boxes.
    pub dumb: bool,
}

const ABOUT: &str = "Finds what an MCP server lets out: writes that corrupt the protocol on stdout, secrets and arguments in \
logs, raw errors that reach the agent. Reads TypeScript, JavaScript, Python and Rust; runs nothing of it, sends nothing.";

const EXAMPLES: &str = "\
Examples:
  mcpleaks                                  examine the current folder
  mcpleaks packages/server --pedantic       one package, with notes on posture
  mcpleaks https://example.org/owner/repository@v1.2.0
                                            fetched with git, examined, and thrown away
  mcpleaks --entry src/worker.ts            when the server is started in an unusual way
  mcpleaks --format sarif --output mcpleaks.sarif --fail-on never
                                            for code scanning
  mcpleaks --format github --min-confidence medium
                                            annotations in a pull request
  mcpleaks --write-baseline mcpleaks-baseline.json
                                            accept what is there; later: --baseline mcpleaks-baseline.json
  mcpleaks --since main                     what this branch introduced
  mcpleaks init                             write a configuration to start from
  mcpleaks servers                          which servers are here, and what can the agent call?
  mcpleaks explain stdout-write             what a rule means, with examples
  mcpleaks explain src/log.ts:12            why a line is a finding, or none
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
    /// Say what a rule means, with examples; or what is known of one line: why it is a finding, or none
    Explain(ExplainArgs),
    /// Write a commented mcpleaks.toml, and show what to put into a workflow and a commit hook
    Init(InitArgs),
    /// List the servers found, their transports, and what the agent can call
    Servers(ServersArgs),
    /// Print completions for a shell: `mcpleaks completions bash > ~/.local/share/bash-completion/completions/mcpleaks`
    Completions {
        /// The shell
        #[arg(value_name = "SHELL")]
        shell: clap_complete::Shell,
    },
    /// Print the manual page: `mcpleaks man | man -l -`, `mcpleaks man explain | man -l -`
    Man {
        /// The command; none for the program itself
        #[arg(value_name = "COMMAND")]
        command: Vec<String>,
        /// Write the pages of the program and of all its commands into this folder
        #[arg(long, value_name = "DIR", conflicts_with = "command")]
        dir: Option<PathBuf>,
    },
    /// Say what this program carries (grammars, rules, models), and whether all of it loads
    SelfCheck {
        /// A folder with library models of your own, to be checked as well
        #[arg(long, value_name = "DIR")]
        models: Option<PathBuf>,
    },
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
    /// Leave out findings below this level [default: note]
    #[arg(long, value_name = "LEVEL")]
    min_level: Option<Level>,
    /// Leave out findings of which the analysis is less certain [default: low]
    #[arg(long, value_name = "CONFIDENCE")]
    min_confidence: Option<Confidence>,
    /// Lowest level of a shown finding that makes the exit code 1 [default: warning]
    #[arg(long, value_name = "LEVEL")]
    fail_on: Option<FailOn>,
    /// Only findings that touch these files, as a commit hook wants them; the whole of PATH is examined all the same
    #[arg(long, value_name = "FILE", num_args = 1..)]
    only: Vec<PathBuf>,
    /// Findings in this file are known and fail nothing; what is mended disappears from it, except where CI is set
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Only findings that came up since this commit (or since the branch left it); the range ends at the files as they are
    #[arg(long, value_name = "REV")]
    since: Option<String>,
    /// Write what is found now to a baseline, and fail nothing
    #[arg(long, value_name = "FILE", conflicts_with_all = ["baseline", "only", "since"])]
    write_baseline: Option<PathBuf>,
    /// The configuration [default: mcpleaks.toml, or a section of pyproject.toml or package.json, in PATH]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
struct Input {
    /// Files and folders to examine; or one repository elsewhere: https://HOST/OWNER/REPOSITORY, git@HOST:OWNER/REPOSITORY,
    /// file:///FOLDER, each with @BRANCH, @TAG or @COMMIT behind it if wanted
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
    /// Id of a rule (see `mcpleaks rules`), or FILE:LINE
    #[arg(value_name = "RULE|FILE:LINE")]
    subject: String,
    /// Write the rule's page as Markdown
    #[arg(long)]
    markdown: bool,
    /// The program that the line belongs to
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Args)]
struct InitArgs {
    /// Where to write it
    #[arg(value_name = "FOLDER", default_value = ".")]
    folder: PathBuf,
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
    /// Print what a function does with the values it is given: returns, throws, stores, logs
    Flow {
        /// Name of the function (`search`, `Client.search`), or FILE:LINE for the one around a line
        function: String,
        #[command(flatten)]
        input: Input,
    },
    /// Run the audit up to a stage and report nothing, so that stages can be timed (see tests/bench)
    Until {
        /// The last stage
        stage: Stage,
        #[command(flatten)]
        input: Input,
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
    /// For the summary of a job or a comment on a pull request
    Markdown,
    /// Code quality of GitLab: findings at the lines of a merge request
    Gitlab,
    /// JUnit XML, for other CI servers
    Junit,
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

impl Input {
    /// The folder whose configuration counts: the first of the paths, or the one that holds it.
    fn folder(&self) -> PathBuf {
        let first = self.paths.first().cloned().unwrap_or_default();
        if first.is_file() { first.parent().map(PathBuf::from).unwrap_or_default() } else { first }
    }

    /// Are the paths there?
    ///
    /// # Errors
    /// For the first that is not, with what may have been meant.
    fn check(&self) -> Result<(), String> {
        let Some(path) = self.paths.iter().find(|path| !path.exists()) else { return Ok(()) };
        let name = path.to_string_lossy();
        let command = Cli::command();
        let commands = command.get_subcommands().map(clap::Command::get_name);
        let host = name.split('/').next().unwrap_or_default();
        let meant = if let Some(command) = nearest(&name, commands) {
            format!("did you mean the command `{command}`?")
        } else if host.contains('.') && !host.starts_with('.') && name.matches('/').count() > 1 {
            format!("a repository elsewhere is named by its whole address, https://{name}")
        } else {
            "paths are seen from the current folder".to_owned()
        };
        Err(format!("there is no file or folder {name}: {meant}"))
    }

    fn options(self, config: &Config) -> Options {
        Options {
            paths: self.paths,
            threads: self.threads.map(usize::from),
            no_ignore: self.no_ignore,
            all_stdio: self.stdio || config.stdio,
            entries: self.entry,
            servers: config.servers.clone(),
            own: Own {
                folder: self.models.or_else(|| config.models.clone()),
                tables: config.tables.clone(),
                names: config.env.clone(),
            },
        }
    }
}

impl Scan {
    fn wanted(&self, config: &Config) -> Wanted {
        Wanted {
            pedantic: self.pedantic || config.pedantic,
            level: self.min_level.or(config.min_level).unwrap_or(Level::Note),
            confidence: self.min_confidence.or(config.min_confidence).unwrap_or(Confidence::Low),
        }
    }
}
