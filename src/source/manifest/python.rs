//! What a Python project says of itself, in any of its manifests.

use std::collections::BTreeMap;

use toml::Value;

use super::{Fault, normalized, toml_at, toml_table};
use crate::ir::program::Language;
use crate::source::paths;

/// A folder with Python manifests; what they say is put together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Project {
    pub(crate) name: Option<String>,
    pub(crate) version: Option<String>,
    /// Command name to `package.module:function`.
    pub(crate) scripts: BTreeMap<String, String>,
    /// Normalized name to version specifiers (empty for any).
    pub(crate) dependencies: BTreeMap<String, String>,
    /// Folders with packages in them that the build settings name, seen from the project's folder.
    pub(crate) package_dirs: Vec<String>,
    /// Folders of projects that it is installed with, as its manifests write them.
    pub(crate) local: Vec<String>,
    /// The folders with packages in them of the projects beside it that it is installed with, seen from the root of the scan.
    pub(crate) beside: Vec<String>,
}

/// Reads the manifest called `name` into `project`.
pub(crate) fn parse(name: &str, text: &str, project: &mut Project) -> Result<(), Fault> {
    match name {
        "pyproject.toml" => pyproject(&toml_table(text)?, project),
        "Pipfile" => pipfile(&toml_table(text)?, project),
        "setup.cfg" => setup_cfg(text, project),
        "setup.py" => setup_py(text, project),
        _ => text.lines().for_each(|line| project.require(line)),
    }
    Ok(())
}

/// Reads a file of a wheel's metadata folder into `project`.
pub(crate) fn parse_wheel(name: &str, text: &str, project: &mut Project) {
    if name == "entry_points.txt" {
        let mut is_scripts = false;
        for line in text.lines() {
            if line.starts_with('[') {
                is_scripts = matches!(line.trim(), "[console_scripts]" | "[gui_scripts]");
            } else if is_scripts {
                project.script(line);
            }
        }
        return;
    }
    for line in text.lines().take_while(|line| !line.is_empty()) {
        match line.split_once(':') {
            Some(("Requires-Dist", requirement)) => project.require(requirement),
            Some(("Name", name)) => project.name = Some(name.trim().to_owned()),
            Some(("Version", version)) => project.version = Some(version.trim().to_owned()),
            _ => {}
        }
    }
}

/// The requirements in the `# /// script` head of a single file.
pub(crate) fn script_requirements(text: &str) -> Option<BTreeMap<String, String>> {
    let mut lines = text.lines().skip_while(|line| line.trim_end() != "# /// script");
    lines.next()?;
    let mut head = String::new();
    for line in lines.take_while(|line| line.trim_end() != "# ///" && line.starts_with('#')) {
        head.push_str(line.get(1..).unwrap_or_default().trim_start_matches(' '));
        head.push('\n');
    }
    let table = toml_table(&head).ok()?;
    let mut project = Project::default();
    project.require_all(table.get("dependencies"));
    Some(project.dependencies)
}

fn pyproject(table: &toml::Table, project: &mut Project) {
    let at = |keys: &[&str]| toml_at(table, keys);
    let poetry = |key: &str| at(&["tool", "poetry", key]);
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    project.name = text(at(&["project", "name"]).or(poetry("name"))).or(project.name.take());
    project.version = text(at(&["project", "version"]).or(poetry("version"))).or(project.version.take());
    let scripts = [at(&["project", "scripts"]), at(&["project", "gui-scripts"]), poetry("scripts")];
    let points = at(&["project", "entry-points"]);
    let more = ["console_scripts", "gui_scripts"].map(|group| points.and_then(|points| points.get(group)));
    for (name, target) in scripts.into_iter().chain(more).flatten().filter_map(Value::as_table).flatten() {
        let target = target.as_str().or(target.get("reference").or(target.get("callable")).and_then(Value::as_str));
        if let Some(target) = target {
            project.scripts.insert(name.clone(), target.to_owned());
        }
    }
    project.require_all(at(&["project", "dependencies"]));
    for groups in [at(&["project", "optional-dependencies"]), at(&["dependency-groups"])] {
        for (_, list) in groups.and_then(Value::as_table).into_iter().flatten() {
            project.require_all(Some(list));
        }
    }
    project.require_table(poetry("dependencies"));
    project.require_table(poetry("dev-dependencies"));
    for (_, group) in poetry("group").and_then(Value::as_table).into_iter().flatten() {
        project.require_table(group.get("dependencies"));
    }
    for (_, source) in at(&["tool", "uv", "sources"]).and_then(Value::as_table).into_iter().flatten() {
        // A list has one source a platform.
        let several = source.as_array().into_iter().flatten();
        project.local.extend(several.chain([source]).filter_map(local_path));
    }
    package_dirs(table, project);
}

/// The folder of a dependency that is a table with a path.
fn local_path(dependency: &Value) -> Option<String> {
    dependency.get("path").and_then(Value::as_str).map(str::to_owned)
}

fn package_dirs(table: &toml::Table, project: &mut Project) {
    let at = |keys: &[&str]| toml_at(table, keys);
    let mut dirs: Vec<String> = Vec::new();
    let strings = |value: Option<&Value>| -> Vec<String> {
        let list = value.and_then(Value::as_array).into_iter().flatten();
        list.filter_map(|one| one.as_str().map(str::to_owned)).collect()
    };
    dirs.extend(strings(at(&["tool", "setuptools", "packages", "find", "where"])));
    if let Some(dir) = at(&["tool", "setuptools", "package-dir", ""]).and_then(Value::as_str) {
        dirs.push(dir.to_owned());
    }
    for package in strings(at(&["tool", "hatch", "build", "targets", "wheel", "packages"])) {
        dirs.push(paths::parent(&package).to_owned());
    }
    for package in at(&["tool", "poetry", "packages"]).and_then(Value::as_array).into_iter().flatten() {
        dirs.extend(package.get("from").and_then(Value::as_str).map(str::to_owned));
    }
    dirs.extend(at(&["tool", "maturin", "python-source"]).and_then(Value::as_str).map(str::to_owned));
    dirs.extend(at(&["tool", "uv", "build-backend", "module-root"]).and_then(Value::as_str).map(str::to_owned));
    project.package_dirs.extend(dirs);
}

fn pipfile(table: &toml::Table, project: &mut Project) {
    project.require_table(table.get("packages"));
    project.require_table(table.get("dev-packages"));
}

fn setup_cfg(text: &str, project: &mut Project) {
    let mut section = "";
    let mut key = "";
    for line in text.lines().filter(|line| !line.trim_start().starts_with(['#', ';'])) {
        let mut value = line.trim();
        if line.starts_with('[') {
            section = value;
            continue;
        }
        if !line.starts_with([' ', '\t'])
            && let Some((name, rest)) = line.split_once('=')
        {
            key = name.trim();
            value = rest.trim();
        }
        match (section, key) {
            ("[metadata]", "name") if !value.is_empty() => project.name = Some(value.to_owned()),
            ("[metadata]", "version") if !value.is_empty() => project.version = Some(value.to_owned()),
            ("[options.entry_points]", "console_scripts" | "gui_scripts") => project.script(value),
            ("[options]", "install_requires") | ("[options.extras_require]", _) => project.require(value),
            ("[options.packages.find]", "where") if !value.is_empty() => project.package_dirs.push(value.to_owned()),
            ("[options]", "package_dir") => {
                project.package_dirs.extend(value.strip_prefix('=').map(|dir| dir.trim().to_owned()));
            }
            _ => {}
        }
    }
}

/// Only literal arguments are seen; the file is a program and nothing runs it.
fn setup_py(text: &str, project: &mut Project) {
    for target in ["console_scripts", "gui_scripts"].iter().flat_map(|key| quoted_list(text, key)) {
        project.script(target);
    }
    for requirement in quoted_list(text, "install_requires") {
        project.require(requirement);
    }
    let argument = |key: &str| quoted(text.split_once(key)?.1.get(..200).unwrap_or(text.split_once(key)?.1)).next();
    project.name = project.name.take().or_else(|| argument("name=").map(str::to_owned));
    project.version = project.version.take().or_else(|| argument("version=").map(str::to_owned));
    if text.contains("package_dir=") && text.contains("\"src\"") {
        project.package_dirs.push("src".into());
    }
}

/// The string literals of the list that follows `key`.
fn quoted_list<'t>(text: &'t str, key: &str) -> Vec<&'t str> {
    let Some((_, rest)) = text.split_once(key) else { return Vec::new() };
    // The list starts right behind the key: `key=[`, `"key": [`.
    let Some((between, rest)) = rest.split_once('[') else { return Vec::new() };
    if between.len() > 10 {
        return Vec::new();
    }
    // `]` inside a literal belongs to the extras of a requirement.
    let mut end = rest.len();
    let mut quote: Option<char> = None;
    for (at, c) in rest.char_indices() {
        match (quote, c) {
            (None, ']') => {
                end = at;
                break;
            }
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    quoted(rest.get(..end).unwrap_or_default()).collect()
}

fn quoted(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.find(['"', '\''])?;
        let quote = rest.get(start..)?.chars().next()?;
        let (inner, after) = rest.get(start + 1..)?.split_once(quote)?;
        rest = after;
        Some(inner)
    })
}

impl Project {
    /// Takes a line `name = package.module:function`.
    fn script(&mut self, line: &str) {
        if let Some((name, target)) = line.split_once('=') {
            let target = target.split('[').next().unwrap_or_default().trim();
            self.scripts.insert(name.trim().to_owned(), target.to_owned());
        }
    }

    /// Takes a requirement: `name[extra] >= 1, < 2 ; marker`, `name (>=1)`, `name @ url`.
    fn require(&mut self, requirement: &str) {
        let text = requirement.split([';', '#']).next().unwrap_or_default().trim();
        let end =
            text.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.')).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        if name.is_empty() || name.starts_with(['-', '.']) || rest.starts_with(['/', ':']) {
            self.local.extend(installed_path(text).map(str::to_owned));
            return;
        }
        let rest = rest.trim_start();
        let rest = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(rest, |(_, rest)| rest).trim();
        // Options of requirement files (`--hash=…`, a trailing `\`) follow the specifiers.
        if let Some(place) = rest.strip_prefix('@') {
            self.local.extend(installed_path(place.trim()).map(str::to_owned));
        }
        let rest = rest.split(" --").next().unwrap_or_default().trim_end_matches('\\');
        let specifiers = if rest.starts_with('@') { "" } else { rest.trim().trim_matches(['(', ')']).trim() };
        let entry = self.dependencies.entry(normalized(Language::Python, name)).or_default();
        if entry.is_empty() {
            *entry = specifiers.to_owned();
        }
    }

    fn require_all(&mut self, list: Option<&Value>) {
        for requirement in list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            self.require(requirement);
        }
    }

    /// Takes a table of name and version, with the `^` and `~` that only this form has.
    fn require_table(&mut self, table: Option<&Value>) {
        for (name, value) in table.and_then(Value::as_table).into_iter().flatten() {
            if name == "python" {
                continue;
            }
            let version = value.as_str().or(value.get("version").and_then(Value::as_str)).unwrap_or_default();
            let specifiers: Vec<String> = version.split(',').map(|part| plain_specifier(part.trim())).collect();
            self.dependencies.entry(normalized(Language::Python, name)).or_insert_with(|| specifiers.join(", "));
            self.local.extend(local_path(value));
        }
    }

    /// The folders that its packages are in, for a project in `dir`.
    pub(crate) fn roots<'p>(&'p self, dir: &'p str) -> impl Iterator<Item = String> + 'p {
        let named = self.package_dirs.iter().map(String::as_str);
        named.chain(["src", ""]).filter_map(move |below| paths::join(dir, below))
    }
}

/// The folder of a requirement that is one: `-e ../core[extra]`, `./core`, `file:../core`.
fn installed_path(requirement: &str) -> Option<&str> {
    let editable = ["-e", "--editable"].iter().find_map(|option| requirement.strip_prefix(option));
    let text = editable.map_or(requirement, |rest| rest.trim_start_matches(['=', ' ']));
    let path = text.strip_prefix("file:").unwrap_or(text).split(['[', '#']).next()?.trim();
    let is_folder = editable.is_some() || path.starts_with('.');
    (is_folder && !path.contains(':') && !path.starts_with(['/', '-'])).then_some(path)
}

/// `^1.2` as `>=1.2, <2`, `~1.2` as `>=1.2, <1.3`, `1.2` as `==1.2`, `*` as nothing.
fn plain_specifier(text: &str) -> String {
    let numbers = |version: &str| -> Vec<u64> { version.split('.').map_while(|part| part.parse().ok()).collect() };
    let upper = |version: &str, keep: usize| {
        let mut parts = numbers(version);
        parts.truncate(keep.max(1));
        if let Some(last) = parts.last_mut() {
            *last = last.saturating_add(1);
        }
        let parts: Vec<String> = parts.iter().map(u64::to_string).collect();
        format!(">={version}, <{}", parts.join("."))
    };
    if let Some(version) = text.strip_prefix('^') {
        let zeros = numbers(version).iter().take_while(|part| **part == 0).count();
        return upper(version, (zeros + 1).min(numbers(version).len()));
    }
    match text.strip_prefix('~').filter(|rest| !rest.starts_with('=')) {
        Some(version) => upper(version, numbers(version).len().min(2)),
        None if text == "*" => String::new(),
        None if text.starts_with(|c: char| c.is_ascii_digit()) => format!("=={text}"),
        None => text.to_owned(),
    }
}
