//! package.json and the settings of the TypeScript compiler.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Fault;
use super::started::started;
use crate::base::bounds::MAX_EXTENDS;
use crate::source::paths;

/// One package.json.
#[derive(Clone, Debug, Default)]
pub(crate) struct Package {
    pub(crate) name: Option<String>,
    pub(crate) main: Option<String>,
    pub(crate) module: Option<String>,
    /// `source`: what bundlers call the file that `main` is made of.
    pub(crate) source: Option<String>,
    /// Command name to file.
    pub(crate) bin: BTreeMap<String, String>,
    pub(crate) commands: Vec<Commands>,
    /// Sub-path (`.`, `./x`, `./x/*`) and each file it may stand for, in the order of the manifest.
    pub(crate) exports: Vec<(String, String)>,
    /// `#name` and each file or package it may stand for.
    pub(crate) imports: Vec<(String, String)>,
    /// Script name to command line.
    pub(crate) scripts: BTreeMap<String, String>,
    /// Name to range, of all kinds of dependencies; the run-time ones win.
    pub(crate) dependencies: BTreeMap<String, String>,
}

/// Commands that a library runs, of what the files export.
#[derive(Clone, Debug)]
pub(crate) struct Commands {
    /// The file, or the folder of several.
    pub(crate) path: String,
    /// Where the manifest says so.
    pub(crate) key: String,
    /// What the library calls of what a file exports.
    pub(crate) calls: String,
}

/// One tsconfig.json; paths as written, seen from its folder.
#[derive(Clone, Debug, Default)]
pub(crate) struct TsConfig {
    pub(crate) extends: Vec<String>,
    /// Seen from the folder of this file, also where they come from an extended one.
    pub(crate) base_url: Option<String>,
    pub(crate) paths: Vec<(String, Vec<String>)>,
    pub(crate) root_dir: Option<String>,
    pub(crate) out_dir: Option<String>,
    /// What is compiled, and what of that is left out. Nothing where the file does not say.
    pub(crate) include: Vec<String>,
    pub(crate) exclude: Vec<String>,
}

pub(crate) fn parse_package(text: &str) -> Result<Package, Fault> {
    let value: Value = serde_json::from_str(text).map_err(|err| (err.line(), err.to_string()))?;
    let text_of = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let name = text_of("name");
    let mut bin = strings(value.get("bin"));
    if let Some(path) = text_of("bin") {
        let command = name.as_deref().map_or("", paths::name).to_owned();
        bin.insert(command, path);
    }
    let mut dependencies = BTreeMap::new();
    for kind in ["peerDependencies", "devDependencies", "optionalDependencies", "dependencies"] {
        dependencies.extend(strings(value.get(kind)));
    }
    let mut exports = Vec::new();
    match value.get("exports") {
        Some(Value::Object(map)) if map.keys().any(|key| key.starts_with('.')) => sub_paths(map, &mut exports),
        Some(value) => targets(".", value, &mut exports),
        None => {}
    }
    let mut imports = Vec::new();
    if let Some(Value::Object(map)) = value.get("imports") {
        sub_paths(map, &mut imports);
    }
    let mut commands = Vec::new();
    for row in &started().commands {
        let found = row.at.iter().try_fold(&value, |value, key| value.get(key));
        let path = found.and_then(|found| found.as_str().or_else(|| found.get("target")?.as_str()));
        if let Some(path) = path {
            commands.push(Commands { path: path.to_owned(), key: row.at.join("."), calls: row.calls.clone() });
        }
    }
    Ok(Package {
        commands,
        main: text_of("main"),
        module: text_of("module"),
        source: text_of("source"),
        scripts: strings(value.get("scripts")),
        name,
        bin,
        exports,
        imports,
        dependencies,
    })
}

fn strings(value: Option<&Value>) -> BTreeMap<String, String> {
    let entries = value.and_then(Value::as_object).into_iter().flatten();
    entries.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

fn sub_paths(map: &Map<String, Value>, out: &mut Vec<(String, String)>) {
    for (key, value) in map {
        targets(key, value, out);
    }
}

/// All files in a tree of conditions. Declarations are no code.
fn targets(key: &str, value: &Value, out: &mut Vec<(String, String)>) {
    match value {
        Value::String(path) => out.push((key.to_owned(), path.clone())),
        Value::Array(items) => items.iter().for_each(|item| targets(key, item, out)),
        Value::Object(map) => {
            for (_, value) in map.iter().filter(|(condition, _)| *condition != "types") {
                targets(key, value, out);
            }
        }
        _ => {}
    }
}

/// The program files that a command line starts: `node X`, `tsx watch X`, `bun run X`.
pub(crate) fn started_files(command: &str) -> Vec<String> {
    let mut files = Vec::new();
    for part in command.split(['&', ';', '|']) {
        let mut words = part.split_whitespace().map(|word| word.trim_matches(['"', '\'']));
        let is_runner = |word: &str| {
            matches!(word, "node" | "nodejs" | "tsx" | "ts-node" | "ts-node-esm" | "bun" | "deno" | "nodemon")
        };
        if !words.by_ref().any(is_runner) {
            continue;
        }
        let mut is_value = false;
        for word in words {
            let takes_value = matches!(
                word,
                "-r" | "--require" | "--import" | "--loader" | "--experimental-loader" | "-P" | "--project"
            );
            let is_file = !word.starts_with('-') && (word.contains('/') || !paths::extension(word).is_empty());
            if is_file && !is_value {
                files.push(word.to_owned());
                break;
            }
            if matches!(word, "-e" | "--eval" | "-p" | "--print") {
                break;
            }
            is_value = takes_value;
        }
    }
    files
}

pub(crate) fn parse_tsconfig(text: &str) -> Result<TsConfig, Fault> {
    let value: Value = jsonc_parser::parse_to_serde_value(text, &jsonc_parser::ParseOptions::default())
        .map_err(|err| (err.line_display(), err.kind().to_string()))?;
    let options = value.get("compilerOptions");
    let text_of = |key: &str| options.and_then(|options| options.get(key)).and_then(Value::as_str).map(str::to_owned);
    let list = |value: &Value| match value {
        Value::String(one) => vec![one.clone()],
        Value::Array(many) => many.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    };
    let paths = options.and_then(|options| options.get("paths")).and_then(Value::as_object);
    Ok(TsConfig {
        extends: value.get("extends").map(list).unwrap_or_default(),
        base_url: text_of("baseUrl"),
        paths: paths.into_iter().flatten().map(|(key, value)| (key.clone(), list(value))).collect(),
        root_dir: text_of("rootDir"),
        out_dir: text_of("outDir"),
        include: ["files", "include"].iter().filter_map(|key| value.get(key)).flat_map(list).collect(),
        exclude: value.get("exclude").map(list).unwrap_or_default(),
    })
}

/// Gives each settings file what it takes over from local files that it extends.
pub(crate) fn link_extends(configs: &mut BTreeMap<String, TsConfig>) {
    let original = configs.clone();
    for (path, config) in configs.iter_mut() {
        let own_dir = paths::parent(path).to_owned();
        let mut pending: Vec<(String, String)> =
            config.extends.iter().rev().map(|name| (own_dir.clone(), name.clone())).collect();
        for _ in 0..MAX_EXTENDS {
            let Some((dir, name)) = pending.first().cloned() else { break };
            pending.remove(0);
            let Some(base) = extended(&original, &dir, &name) else { continue };
            let base_dir = paths::parent(&base.0).to_owned();
            config.inherit(base.1, &own_dir, &base_dir);
            pending.extend(base.1.extends.iter().rev().map(|name| (base_dir.clone(), name.clone())));
        }
    }
}

fn extended<'c>(configs: &'c BTreeMap<String, TsConfig>, dir: &str, name: &str) -> Option<(String, &'c TsConfig)> {
    if !name.starts_with('.') {
        return None;
    }
    let path = paths::join(dir, name)?;
    let names = [path.clone(), format!("{path}.json"), format!("{path}/tsconfig.json")];
    names.into_iter().find_map(|name| configs.get(&name).map(|config| (name, config)))
}

impl TsConfig {
    fn inherit(&mut self, base: &TsConfig, own_dir: &str, base_dir: &str) {
        let moved = |path: &String| {
            let ups = "../".repeat(own_dir.split('/').filter(|part| !part.is_empty()).count());
            paths::join(base_dir, path).map(|path| format!("{ups}{path}"))
        };
        if self.paths.is_empty() {
            // Without `baseUrl` the targets are seen from the file that lists them.
            let from = base.base_url.clone().unwrap_or_default();
            let place = |target: &String| {
                if self.base_url.is_some() { Some(target.clone()) } else { moved(&format!("{from}/{target}")) }
            };
            self.paths = base
                .paths
                .iter()
                .map(|(key, targets)| (key.clone(), targets.iter().filter_map(place).collect()))
                .collect();
            if self.base_url.is_none() && !self.paths.is_empty() {
                self.base_url = Some(".".into());
            }
        } else if self.base_url.is_none() {
            self.base_url = base.base_url.as_ref().and_then(moved);
        }
        if self.base_url.is_none() {
            self.base_url = base.base_url.as_ref().and_then(moved);
        }
        if self.root_dir.is_none() {
            self.root_dir = base.root_dir.as_ref().and_then(moved);
        }
        if self.out_dir.is_none() {
            self.out_dir = base.out_dir.as_ref().and_then(moved);
        }
        if self.include.is_empty() {
            self.include = base.include.iter().filter_map(moved).collect();
        }
        if self.exclude.is_empty() {
            self.exclude = base.exclude.iter().filter_map(moved).collect();
        }
    }
}
