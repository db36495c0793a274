//! Does what the command line says.

use std::cell::OnceCell;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;

use clap::Parser;

use super::remote::Fetched;
use super::{CLEAN, Cli, Color, Command, Debug, ExplainArgs, FOUND, Format, ListFormat, NOTHING_TO_EXAMINE};
use super::{Input, Output, Scan, ServersArgs, Terminal, WRONG_USE};
use crate::catalogue::Catalogue;
use crate::config::{Config, FailOn, Options};
use crate::inspect::{self, Subject};
use crate::report::human::{Detail, Style};
use crate::report::{Report, escape, github, gitlab, human, json, junit, line, markdown, rules, sarif, servers};
use crate::triage;

/// Width of a report that is no terminal's.
const PLAIN_WIDTH: usize = 100;

/// Runs the program: `args` with the program's name in front, a writer each for results and for messages. Returns the exit
/// code.
pub fn main_with(
    args: impl IntoIterator<Item = OsString>,
    out: &mut dyn Write,
    err: &mut dyn Write,
    terminal: Terminal,
) -> u8 {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(message) => return usage(&message, out, err, terminal),
    };
    match run(cli, out, err, terminal) {
        Ok(code) => code,
        Err(what) => {
            // When standard error is gone too, only the exit code is left.
            let _ = writeln!(err, "error: {}", lines(&what));
            WRONG_USE
        }
    }
}

fn usage(message: &clap::Error, out: &mut dyn Write, err: &mut dyn Write, terminal: Terminal) -> u8 {
    let to_err = message.use_stderr();
    let text = message.render();
    let colour = !terminal.no_color && !terminal.dumb && if to_err { terminal.err } else { terminal.out };
    let text = if colour { text.ansi().to_string() } else { lines(&text.to_string()) + "\n" };
    let written = if to_err { err.write_all(text.as_bytes()) } else { out.write_all(text.as_bytes()) };
    if to_err || written.is_err() { WRONG_USE } else { CLEAN }
}

fn run(cli: Cli, out: &mut dyn Write, err: &mut dyn Write, terminal: Terminal) -> Result<u8, String> {
    match cli.command {
        None => scan(cli.scan, out, err, terminal),
        Some(Command::Rules(args)) => {
            let catalogue = Catalogue::load()?;
            let text = match args.format {
                ListFormat::Human => rules::list(catalogue),
                ListFormat::Json => rules::json(catalogue),
            };
            print(out, &text)
        }
        Some(Command::Explain(args)) => explain(args, out, terminal),
        Some(Command::Init(args)) => print(out, &super::init::init(&args.folder)?),
        Some(Command::Completions { shell }) => print(out, &super::shell::completions(shell)),
        Some(Command::Man { command, dir: None }) => print(out, &super::shell::man(&command)?),
        Some(Command::Man { dir: Some(dir), .. }) => print(out, &super::shell::man_pages(&dir)?),
        Some(Command::SelfCheck { models }) => print(out, &crate::self_check::self_check(models.as_deref())?),
        Some(Command::Servers(args)) => list_servers(args, out, terminal),
        Some(Command::Debug(Debug::Until { stage, mut input })) => {
            let (_fetched, config) = prepare(&mut input, None, terminal)?;
            print(out, &crate::audit::stages::run(&input.options(&config), stage)?)
        }
        Some(Command::Debug(Debug::Ir { file })) => print(out, &crate::debug::debug_ir(&file)?),
        Some(Command::Debug(Debug::Flow { function, mut input })) => {
            let (_fetched, config) = prepare(&mut input, None, terminal)?;
            let options = input.options(&config);
            let ask = |subject: &Subject<'_>| inspect::summaries(subject, &function);
            print(out, &(lines(&audit_and(&options, ask, terminal)?.1?) + "\n"))
        }
    }
}

fn scan(mut args: Scan, out: &mut dyn Write, err: &mut dyn Write, terminal: Terminal) -> Result<u8, String> {
    let catalogue = Catalogue::load()?;
    let (fetched, config) = prepare(&mut args.input, args.config.as_deref(), terminal)?;
    if fetched.is_some() && args.since.is_some() {
        return Err("--since needs the history, which is not fetched: clone the repository, and name the folder".into());
    }
    check_rules(&config, catalogue)?;
    let (wanted, format) = (args.wanted(&config), args.format);
    let fail_on = args.fail_on.or(config.fail_on).unwrap_or(FailOn::Warning);
    let baseline = args.baseline.or(config.baseline.clone());
    let output = args.output;
    let options = args.input.options(&config);
    let prefix = OnceCell::new();
    let audited = |options: &Options| {
        let mut report = audit(options, terminal)?;
        // The files of an earlier commit are called as those of the present.
        let prefix = prefix.get_or_init(|| config.prefix(&report.root));
        triage::policy::apply(&mut report, &config, prefix)?;
        triage::comments::apply(&mut report, catalogue);
        Ok(report)
    };
    let mut report = audited(&options)?;
    if let Some(fetched) = &fetched {
        report.root_name.clone_from(&fetched.name);
    }
    if let Some(file) = &args.write_baseline {
        let text = super::known::write(file, &options, &report, &report.select(wanted).shown)?;
        return print(out, &format!("{}\n", escape::visible(&text)));
    }
    if let Some(file) = &baseline {
        super::known::apply(file, &options, &mut report, terminal)?;
    }
    if let Some(revision) = &args.since {
        super::since::apply(revision, &options, &mut report, audited)?;
    }
    if !args.only.is_empty() {
        triage::only(&mut report, &args.only);
    }
    let selection = report.select(wanted);
    let text = match format {
        Format::Human => human::render(&report, &selection, style(&output, terminal)),
        Format::Sarif => sarif::render(&report, &selection, catalogue),
        Format::Json => json::render(&report, &selection),
        Format::Github => github::render(&report, &selection),
        Format::Markdown => markdown::render(&report, &selection),
        Format::Gitlab => gitlab::render(&report, &selection),
        Format::Junit => junit::render(&report, &selection)?,
    };
    write(&output, out, &text)?;
    let nothing = report.servers.is_empty() && report.findings.is_empty();
    if nothing && (format != Format::Human || output.output.is_some() || output.quiet) {
        say_nothing_found(&report, err, terminal);
    }
    let bar = fail_on.level();
    let failed = bar.is_some_and(|bar| selection.shown.iter().any(|finding| finding.level >= bar));
    Ok(match (failed, nothing) {
        (true, _) => FOUND,
        (false, true) => NOTHING_TO_EXAMINE,
        (false, false) => CLEAN,
    })
}

/// Rules that a configuration names have to exist: a misspelt one would change nothing, silently.
fn check_rules(config: &Config, catalogue: &Catalogue) -> Result<(), String> {
    let named = config.rules.keys().chain(config.ignore.iter().filter_map(|ignore| ignore.rule.as_ref()));
    for rule in named {
        if catalogue.get(rule).is_none() {
            let guess = catalogue.nearest(rule).map(|near| format!("did you mean `{near}`?"));
            let guess = guess.unwrap_or_else(|| "`mcpleaks rules` lists those that do".to_owned());
            return Err(format!("the configuration names the rule `{rule}`, which does not exist: {guess}"));
        }
    }
    Ok(())
}

fn list_servers(mut args: ServersArgs, out: &mut dyn Write, terminal: Terminal) -> Result<u8, String> {
    let (fetched, config) = prepare(&mut args.input, None, terminal)?;
    let mut report = audit(&args.input.options(&config), terminal)?;
    if let Some(fetched) = &fetched {
        report.root_name.clone_from(&fetched.name);
    }
    let text = match args.format {
        ListFormat::Human => servers::table(&report, style(&args.output, terminal)),
        ListFormat::Json => json::render_servers(&report),
    };
    write(&args.output, out, &text)?;
    Ok(if report.servers.is_empty() { NOTHING_TO_EXAMINE } else { CLEAN })
}

fn explain(args: ExplainArgs, out: &mut dyn Write, terminal: Terminal) -> Result<u8, String> {
    if let Some((file, line)) = args.subject.rsplit_once(':').and_then(|(file, line)| Some((file, line.parse().ok()?)))
    {
        let (file, style) = (file.to_owned(), style(&args.output, terminal));
        let text = explain_line(args.input, (&file, line), style, terminal)?;
        return write(&args.output, out, &text).map(|()| CLEAN);
    }
    let catalogue = Catalogue::load()?;
    let Some(rule) = catalogue.get(&args.subject) else {
        let guess = match catalogue.nearest(&args.subject) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`mcpleaks rules` lists them; a line is named as FILE:LINE".to_owned(),
        };
        return Err(format!("there is no rule `{}`: {guess}", args.subject));
    };
    let width = terminal.width.unwrap_or(PLAIN_WIDTH).clamp(40, PLAIN_WIDTH);
    let text = if args.markdown { rule.markdown() } else { rules::explain(rule, width) };
    write(&args.output, out, &text).map(|()| CLEAN)
}

/// Why a line is a finding, or none.
fn explain_line(
    mut input: Input,
    (file, number): (&str, u32),
    style: Style,
    terminal: Terminal,
) -> Result<String, String> {
    let (_fetched, config) = prepare(&mut input, None, terminal)?;
    let ask = |subject: &Subject<'_>| {
        let names = crate::audit::names_of_file(&subject.workspace.root, file);
        inspect::line(subject, &names, number)
    };
    let (mut report, told) = audit_and(&input.options(&config), ask, terminal)?;
    let prefix = config.prefix(&report.root);
    triage::policy::apply(&mut report, &config, &prefix)?;
    triage::comments::apply(&mut report, Catalogue::load()?);
    Ok(line::render(&report, &told?, style))
}

/// The audit, with a sign that it runs when that takes long and somebody is waiting.
fn audit(options: &Options, terminal: Terminal) -> Result<Report, String> {
    audit_and(options, |_| (), terminal).map(|(report, ())| report)
}

/// The same, and asks something of what was found out on the way.
fn audit_and<T: Send>(
    options: &Options,
    ask: impl FnOnce(&Subject<'_>) -> T + Send,
    terminal: Terminal,
) -> Result<(Report, T), String> {
    super::progress::during("analysing", terminal, || crate::audit::audit_and(options, ask))
}

/// Where the program that is to be examined lies, if it had to be fetched; and the configuration that counts. What others wrote
/// down for themselves decides nothing, and its paths are not to be trusted.
fn prepare(input: &mut Input, file: Option<&Path>, terminal: Terminal) -> Result<(Option<Fetched>, Config), String> {
    let fetched = super::remote::fetch(input, terminal)?;
    input.check()?;
    let config = match (file, &fetched) {
        (Some(file), None) => Config::read(file)?,
        (Some(file), Some(_)) => Config::read(file)?.moved(&input.folder()),
        (None, Some(_)) => Config::default(),
        (None, None) => Config::of_folder(&input.folder())?,
    };
    Ok((fetched, config))
}

fn say_nothing_found(report: &Report, err: &mut dyn Write, terminal: Terminal) {
    let style =
        Style { colour: false, unicode: false, width: terminal.width.unwrap_or(PLAIN_WIDTH), detail: Detail::Normal };
    let _ = err.write_all(servers::none_found(report, style).as_bytes());
}

fn style(output: &Output, terminal: Terminal) -> Style {
    let to_terminal = terminal.out && output.output.is_none();
    let colour = match output.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => to_terminal && !terminal.no_color && !terminal.dumb,
    };
    let detail = match (output.quiet, output.verbose) {
        (true, _) => Detail::Quiet,
        (_, true) => Detail::Verbose,
        _ => Detail::Normal,
    };
    let width = if to_terminal { terminal.width } else { None };
    Style { colour, unicode: !terminal.dumb, width: width.unwrap_or(PLAIN_WIDTH), detail }
}

fn write(output: &Output, out: &mut dyn Write, text: &str) -> Result<(), String> {
    match &output.output {
        Some(path) => write_file(path, text, "the report"),
        None => print(out, text).map(|_| ()),
    }
}

pub(super) fn write_file(path: &Path, text: &str, what: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|err| {
        let hint = match err.kind() {
            io::ErrorKind::NotFound => "the folder does not exist: make it first, or name another file",
            io::ErrorKind::PermissionDenied => "it may not be written here: name a file that may",
            io::ErrorKind::IsADirectory => "that is a folder: name a file in it",
            _ => "name another file",
        };
        format!("can't write {what} to {}: {hint} ({err})", path.display())
    })
}

/// Writes to standard output. A reader that has gone (`| head`) is no error.
fn print(out: &mut dyn Write, text: &str) -> Result<u8, String> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(CLEAN),
        Err(err) if err.kind() == io::ErrorKind::BrokenPipe => Ok(CLEAN),
        Err(err) => Err(format!("can't write the report: {err}")),
    }
}

/// Text of several lines made harmless: arguments and paths are echoed in messages.
fn lines(text: &str) -> String {
    // A log reader takes a line that starts with `::` for a command.
    let line = |line: &str| {
        let shown = escape::visible(line);
        if shown.trim_start().starts_with("::") { shown.replacen(':', "<U+003A>", 1) } else { shown }
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}
