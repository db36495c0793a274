//! Lock files: which versions of which packages get installed.
//!
//! YAML and yarn's own format are read line by line for the only two things wanted, name and version.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Fault, normalized, toml_table};
use crate::ir::program::Language;
use crate::source::paths;

/// Locked versions by normalized package name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lock {
    pub(crate) versions: BTreeMap<String, BTreeSet<String>>,
}

pub(crate) fn is_lock(name: &str) -> bool {
    language_of(name).is_some()
}

fn language_of(name: &str) -> Option<Language> {
    Some(match name {
        "package-lock.json" | "npm-shrinkwrap.json" | "yarn.lock" | "pnpm-lock.yaml" | "bun.lock" => Language::Script,
        "uv.lock" | "poetry.lock" | "pdm.lock" | "pylock.toml" => Language::Python,
        "Cargo.lock" => Language::Rust,
        _ => return None,
    })
}

/// Reads the lock file called `name`; nothing for a file of another kind.
pub(crate) fn parse(name: &str, text: &str) -> Result<Option<(Language, Lock)>, Fault> {
    let Some(language) = language_of(name) else { return Ok(None) };
    let mut lock = Lock::default();
    match name {
        "package-lock.json" | "npm-shrinkwrap.json" => npm(text, &mut lock)?,
        "bun.lock" => bun(text, &mut lock)?,
        "yarn.lock" => yarn(text, &mut lock),
        "pnpm-lock.yaml" => pnpm(text, &mut lock),
        _ => packages(language, text, &mut lock)?,
    }
    Ok(Some((language, lock)))
}

impl Lock {
    fn add(&mut self, name: &str, version: &str) {
        self.versions.entry(name.to_owned()).or_default().insert(version.to_owned());
    }

    pub(crate) fn merge(&mut self, other: Self) {
        for (name, versions) in other.versions {
            self.versions.entry(name).or_default().extend(versions);
        }
    }
}

fn npm(text: &str, lock: &mut Lock) -> Result<(), Fault> {
    let value: Value = serde_json::from_str(text).map_err(|err| (err.line(), err.to_string()))?;
    let version = |entry: &Value| entry.get("version").and_then(Value::as_str).map(str::to_owned);
    if let Some(packages) = value.get("packages").and_then(Value::as_object) {
        for (place, entry) in packages {
            // A copy nested in another package's folder is not the one the program imports.
            let Some((outer, name)) = place.rsplit_once("node_modules/") else { continue };
            if !outer.contains("node_modules/")
                && let Some(version) = version(entry)
            {
                lock.add(name, &version);
            }
        }
    } else if let Some(packages) = value.get("dependencies").and_then(Value::as_object) {
        for (name, entry) in packages {
            if let Some(version) = version(entry) {
                lock.add(name, &version);
            }
        }
    }
    Ok(())
}

fn bun(text: &str, lock: &mut Lock) -> Result<(), Fault> {
    let value: Value = jsonc_parser::parse_to_serde_value(text, &jsonc_parser::ParseOptions::default())
        .map_err(|err| (err.line_display(), err.kind().to_string()))?;
    for entry in value.get("packages").and_then(Value::as_object).into_iter().flatten() {
        let resolved = entry.1.get(0).and_then(Value::as_str);
        if let Some((name, version)) = resolved.and_then(split_at_version) {
            lock.add(name, version);
        }
    }
    Ok(())
}

/// `@scope/name@1.2.3` as name and version.
fn split_at_version(text: &str) -> Option<(&str, &str)> {
    let at = text.get(1..)?.find('@')? + 1;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// Blocks of `"name@range", "name@range2":` and an indented `version "1.2.3"` (yarn 1) or `version: 1.2.3` (later ones).
fn yarn(text: &str, lock: &mut Lock) {
    let mut name: Option<&str> = None;
    for line in text.lines() {
        if !line.starts_with([' ', '#']) {
            let first = line.trim_end_matches(':').split(',').next().unwrap_or_default().trim_matches('"');
            name = split_at_version(first).map(|(name, _)| name);
        } else if let Some(rest) = line.trim_start().strip_prefix("version")
            && let Some(name) = name.take_if(|_| rest.starts_with([' ', ':']))
        {
            let version = rest.trim_start_matches(':').trim().trim_matches('"');
            lock.add(name, version);
        }
    }
}

/// Keys of the `packages:` section: `/name/1.2.3:`, `/name@1.2.3(peer):`, `'@scope/name@1.2.3':`.
fn pnpm(text: &str, lock: &mut Lock) {
    let mut is_packages = false;
    for line in text.lines() {
        if !line.starts_with(' ') && !line.trim().is_empty() {
            is_packages = line.starts_with("packages:");
            continue;
        }
        let Some(key) = line.strip_prefix("  ").filter(|key| is_packages && !key.starts_with(' ')) else { continue };
        let key = key.trim_end().trim_end_matches(':').trim_matches('\'').trim_start_matches('/');
        let key = key.split('(').next().unwrap_or_default();
        let split = split_at_version(key)
            .or_else(|| key.rsplit_once('/').filter(|(_, version)| version.starts_with(|c: char| c.is_ascii_digit())));
        if let Some((name, version)) = split {
            lock.add(name, version.split('_').next().unwrap_or(version));
        }
    }
}

/// `[[package]]` tables with `name` and `version`: Cargo, uv, poetry, pdm.
fn packages(language: Language, text: &str, lock: &mut Lock) -> Result<(), Fault> {
    let table = toml_table(text)?;
    let list = table.get("package").or_else(|| table.get("packages")).and_then(toml::Value::as_array);
    for package in list.into_iter().flatten() {
        let text_of = |key: &str| package.get(key).and_then(toml::Value::as_str);
        if let (Some(name), Some(version)) = (text_of("name"), text_of("version")) {
            lock.add(&normalized(language, paths::name(name)), version);
        }
    }
    Ok(())
}
