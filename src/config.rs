//! What the user asked for, free of the command line's syntax.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::base::spelling;
use crate::finding::{Confidence, Level};
use crate::models::load::{Own, from_table};
use crate::models::schema::OwnNames;

/// Options of an audit: everything that decides what is found, nothing about how it is shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// Files and folders to scan; never empty.
    pub(crate) paths: Vec<PathBuf>,
    /// Threads to use; `None` for one per core.
    pub(crate) threads: Option<usize>,
    /// Read what `.gitignore` leaves out, too.
    pub(crate) no_ignore: bool,
    /// Take every server for one that serves stdio.
    pub(crate) all_stdio: bool,
    /// Files that start a server, whatever manifests say.
    pub(crate) entries: Vec<PathBuf>,
    /// Servers that the configuration declares, besides those that are found.
    pub(crate) servers: Vec<Declared>,
    /// What the user adds to the models.
    pub(crate) own: Own,
}

/// A server declared by hand.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Declared {
    /// The file that starts it.
    pub(crate) entry: PathBuf,
    pub(crate) name: Option<String>,
    /// What it serves on, whatever the program looks like.
    pub(crate) transport: Option<DeclaredTransport>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DeclaredTransport {
    Stdio,
    Http,
}

/// What a team writes down once: `mcpleaks.toml`, or a section of pyproject.toml or package.json. The command line wins.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default, expecting = "settings by name")]
pub(crate) struct Config {
    pub(crate) pedantic: bool,
    pub(crate) min_level: Option<Level>,
    pub(crate) min_confidence: Option<Confidence>,
    pub(crate) fail_on: Option<FailOn>,
    pub(crate) stdio: bool,
    /// Servers that are not found by themselves; paths are seen from the file's folder.
    #[serde(rename = "server")]
    pub(crate) servers: Vec<Declared>,
    /// What the names of environment variables say.
    pub(crate) env: OwnNames,
    /// Models of own loggers, sinks and sanitizers, as in a file below `models`.
    #[serde(rename = "model")]
    pub(crate) tables: Vec<toml::Table>,
    /// A folder with library models: own loggers, sinks, sanitizers.
    pub(crate) models: Option<PathBuf>,
    pub(crate) baseline: Option<PathBuf>,
    /// The folder of the file.
    #[serde(skip)]
    folder: PathBuf,
    /// Levels by rule.
    pub(crate) rules: BTreeMap<String, RuleLevel>,
    pub(crate) ignore: Vec<Ignore>,
}

/// A path that is left alone.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ignore {
    /// A pattern as in `.gitignore`.
    pub(crate) path: String,
    /// Only this rule.
    pub(crate) rule: Option<String>,
    pub(crate) reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RuleLevel {
    Off,
    Note,
    Warning,
    Error,
}

/// Which findings make a run fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FailOn {
    Error,
    Warning,
    Note,
    /// Findings never change the exit code
    Never,
}

impl Options {
    /// Finds the files that the user names in another place; those that are not there are left out.
    pub(crate) fn move_files(&mut self, place: impl Fn(&Path) -> Option<PathBuf>) {
        self.entries = self.entries.iter().filter_map(|path| place(path)).collect();
        self.servers.retain_mut(|server| place(&server.entry).map(|path| server.entry = path).is_some());
        for files in self.own.tables.iter_mut().filter_map(|table| table.get_mut("files")?.as_array_mut()) {
            files.retain_mut(|file| {
                let moved = file.as_str().and_then(|path| place(Path::new(path)));
                moved.map(|path| *file = toml::Value::String(path.to_string_lossy().into_owned())).is_some()
            });
        }
    }
}

impl FailOn {
    pub(crate) fn level(self) -> Option<Level> {
        match self {
            Self::Error => Some(Level::Error),
            Self::Warning => Some(Level::Warning),
            Self::Note => Some(Level::Note),
            Self::Never => None,
        }
    }
}

impl Config {
    /// The configuration of a folder: `mcpleaks.toml`, else `[tool.mcpleaks]` of pyproject.toml, else `"mcpleaks"` of
    /// package.json, else none. Paths in it are made relative to the folder.
    ///
    /// # Errors
    /// When one is there and can't be read, or says something unknown; the text names the file and what it may say.
    pub(crate) fn of_folder(folder: &Path) -> Result<Self, String> {
        let own = folder.join("mcpleaks.toml");
        if own.is_file() {
            return Self::read(&own);
        }
        let python = folder.join("pyproject.toml");
        if let Ok(text) = std::fs::read_to_string(&python) {
            let document = match toml::from_str::<toml::Table>(&text) {
                // A manifest that nobody can read says nothing to us, unless it tries to.
                Err(err) if text.contains("[tool.mcpleaks") => return Err(fault(&python, &err)),
                document => document.unwrap_or_default(),
            };
            if let Some(section) = document.get("tool").and_then(|tool| tool.get("mcpleaks")) {
                let config: Self = section.clone().try_into().map_err(|err| fault(&python, &err))?;
                return config.checked(&python);
            }
        }
        let npm = folder.join("package.json");
        if let Ok(text) = std::fs::read_to_string(&npm)
            && let Ok(mut document) = serde_json::from_str::<serde_json::Value>(&text)
            && let Some(section) = document.get_mut("mcpleaks")
        {
            let config: Self = serde_json::from_value(section.take()).map_err(|err| fault(&npm, &err))?;
            return config.checked(&npm);
        }
        Ok(Self::default())
    }

    /// The configuration in a file.
    ///
    /// # Errors
    /// As for `of_folder`.
    pub(crate) fn read(file: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(file).map_err(|err| match err.kind() {
            std::io::ErrorKind::NotFound => {
                format!("there is no configuration {}: `mcpleaks init` writes one", file.display())
            }
            _ => format!("can't read the configuration {}: {err}", file.display()),
        })?;
        let config: Self = toml::from_str(&text).map_err(|err| fault(file, &err))?;
        config.checked(file)
    }

    /// With paths as seen from the current folder.
    fn checked(mut self, file: &Path) -> Result<Self, String> {
        for (number, table) in (1..).zip(&self.tables) {
            from_table(number, table).map_err(|what| format!("{}: {what}", shown(file)))?;
        }
        let folder = file.parent().unwrap_or(Path::new(""));
        let entries = self.servers.iter_mut().map(|server| &mut server.entry);
        for path in entries.chain(&mut self.models).chain(&mut self.baseline) {
            *path = folder.join(&*path);
        }
        let files = self.tables.iter_mut().filter_map(|table| table.get_mut("files")?.as_array_mut());
        for file in files.flatten() {
            if let toml::Value::String(path) = file {
                *path = folder.join(&*path).to_string_lossy().into_owned();
            }
        }
        self.folder = folder.to_owned();
        Ok(self)
    }

    /// The same for a program that lies somewhere else: its files are seen from there.
    pub(crate) fn moved(mut self, root: &Path) -> Self {
        let there = |path: &Path| path.strip_prefix(&self.folder).map(|below| root.join(below));
        for server in &mut self.servers {
            server.entry = there(&server.entry).unwrap_or_default();
        }
        let files = self.tables.iter_mut().filter_map(|table| table.get_mut("files")?.as_array_mut());
        for file in files.flatten() {
            if let Some(path) = file.as_str().and_then(|path| there(Path::new(path)).ok()) {
                *file = toml::Value::String(path.to_string_lossy().into_owned());
            }
        }
        self
    }

    /// A folder as seen from that of the configuration, with a slash behind it; empty when they are the same, or it lies
    /// outside.
    pub(crate) fn prefix(&self, root: &Path) -> String {
        let folder = if self.folder.as_os_str().is_empty() { Path::new(".") } else { &self.folder };
        let (Ok(folder), Ok(root)) = (folder.canonicalize(), root.canonicalize()) else { return String::new() };
        match root.strip_prefix(folder) {
            Ok(below) if !below.as_os_str().is_empty() => below.to_string_lossy().replace('\\', "/") + "/",
            _ => String::new(),
        }
    }
}

fn shown(file: &Path) -> std::path::Display<'_> {
    file.strip_prefix(".").unwrap_or(file).display()
}

fn fault(file: &Path, what: &dyn std::fmt::Display) -> String {
    let text = what.to_string();
    format!("{}: {}{}", shown(file), text.trim_end(), spelling::hint(&text))
}
