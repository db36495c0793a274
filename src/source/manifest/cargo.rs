//! Cargo.toml: targets and dependencies.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use super::{Fault, normalized, toml_at, toml_table};
use crate::ir::program::Language;
use crate::source::paths;

/// One Cargo.toml; a virtual workspace has no name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Package {
    pub(crate) name: Option<String>,
    /// Name in code and root file of the library, once the sources are known.
    pub(crate) lib: Option<(String, String)>,
    /// Name and root file of each program, once the sources are known.
    pub(crate) bins: Vec<(String, String)>,
    /// The same of the examples: no servers of the package, but crates of their own.
    pub(crate) examples: Vec<(String, String)>,
    /// By the name that code uses, with `_`.
    pub(crate) dependencies: BTreeMap<String, Dependency>,
    pub(crate) dev_dependencies: BTreeMap<String, Dependency>,
    /// `[workspace.dependencies]`.
    pub(crate) shared: BTreeMap<String, Dependency>,
    pub(crate) members: Vec<String>,
    /// `[features]`, each with what it switches on.
    pub(super) features: BTreeMap<String, Vec<String>>,
    /// Features without which one of the programs is not built.
    pub(super) required: Vec<String>,
    lib_name: Option<String>,
    lib_path: Option<String>,
    listed_bins: Vec<(Option<String>, Option<String>)>,
    listed_examples: Vec<(Option<String>, Option<String>)>,
    finds_bins: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Dependency {
    /// The package's own name, where `package =` renames it; with `_`.
    pub(crate) package: String,
    /// Version requirement; empty where none is given.
    pub(crate) requirement: String,
    pub(crate) path: Option<String>,
    /// Features of the package that are asked for.
    pub(super) features: Vec<String>,
    is_inherited: bool,
}

pub(crate) fn parse(text: &str) -> Result<Package, Fault> {
    let table = toml_table(text)?;
    let text_at = |keys: &[&str]| toml_at(&table, keys).and_then(Value::as_str).map(str::to_owned);
    let listed = |kind: &str| -> Vec<_> {
        let targets = table.get(kind).and_then(Value::as_array).into_iter().flatten();
        let text_of = |target: &Value, key: &str| target.get(key).and_then(Value::as_str).map(str::to_owned);
        targets.map(|target| (text_of(target, "name"), text_of(target, "path"))).collect()
    };
    let mut res = Package {
        name: text_at(&["package", "name"]),
        features: features(&table),
        required: table.get("bin").and_then(Value::as_array).into_iter().flatten().flat_map(required).collect(),
        lib_name: text_at(&["lib", "name"]),
        lib_path: text_at(&["lib", "path"]),
        listed_bins: listed("bin"),
        listed_examples: listed("example"),
        finds_bins: toml_at(&table, &["package", "autobins"]).and_then(Value::as_bool).unwrap_or(true),
        ..Package::default()
    };
    let members = toml_at(&table, &["workspace", "members"]).and_then(Value::as_array);
    res.members = members.into_iter().flatten().filter_map(|one| one.as_str().map(str::to_owned)).collect();
    if let Some(Value::Table(shared)) = toml_at(&table, &["workspace", "dependencies"]) {
        dependencies(shared, &mut res.shared);
    }
    let targets = table.get("target").and_then(Value::as_table).into_iter().flatten();
    let tables: Vec<&Table> = std::iter::once(&table).chain(targets.filter_map(|(_, one)| one.as_table())).collect();
    for table in tables {
        for (key, value) in table {
            let Value::Table(listed) = value else { continue };
            match key.as_str() {
                "dependencies" | "build-dependencies" => dependencies(listed, &mut res.dependencies),
                "dev-dependencies" => dependencies(listed, &mut res.dev_dependencies),
                _ => {}
            }
        }
    }
    Ok(res)
}

fn features(table: &Table) -> BTreeMap<String, Vec<String>> {
    let listed = table.get("features").and_then(Value::as_table).into_iter().flatten();
    listed.map(|(name, value)| (name.clone(), texts(Some(value)))).collect()
}

fn required(bin: &Value) -> Vec<String> {
    texts(bin.get("required-features"))
}

fn texts(list: Option<&Value>) -> Vec<String> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|one| one.as_str().map(str::to_owned)).collect()
}

fn dependencies(listed: &Table, out: &mut BTreeMap<String, Dependency>) {
    for (name, value) in listed {
        let text_of = |key: &str| value.get(key).and_then(Value::as_str);
        let code_name = normalized(Language::Rust, name);
        let dependency = Dependency {
            package: normalized(Language::Rust, text_of("package").unwrap_or(name)),
            requirement: value.as_str().or(text_of("version")).unwrap_or_default().to_owned(),
            path: text_of("path").map(str::to_owned),
            features: texts(value.get("features")),
            is_inherited: value.get("workspace").and_then(Value::as_bool).unwrap_or(false),
        };
        out.entry(code_name).or_insert(dependency);
    }
}

/// Fills in what members take over from the workspace around them (`workspace = true`).
pub(crate) fn link_workspaces(packages: &mut BTreeMap<String, Package>) {
    let shared: BTreeMap<String, BTreeMap<String, Dependency>> =
        packages.iter().map(|(dir, package)| (dir.clone(), package.shared.clone())).collect();
    for (dir, package) in packages.iter_mut() {
        for (name, dependency) in package.dependencies.iter_mut().chain(&mut package.dev_dependencies) {
            if !dependency.is_inherited {
                continue;
            }
            let found = paths::upward(dir).find_map(|above| shared.get(above)?.get(name));
            if let Some(found) = found {
                let own = std::mem::take(&mut dependency.features);
                *dependency = found.clone();
                dependency.features.extend(own);
            }
        }
    }
}

impl Package {
    /// The requirement on a package, by its own name.
    pub(crate) fn requirement(&self, package: &str) -> Option<&String> {
        let mut all = self.dependencies.values().chain(self.dev_dependencies.values());
        all.find(|dependency| dependency.package == package).map(|dependency| &dependency.requirement)
    }

    /// Is a feature of another package asked for?
    pub(crate) fn asks_feature(&self, package: &str, feature: &str) -> bool {
        let mut all = self.dependencies.values().chain(self.shared.values());
        all.any(|dependency| dependency.package == package && dependency.features.iter().any(|name| name == feature))
    }

    /// Finds the root files of the targets, the listed ones and those at the usual places.
    pub(crate) fn find_targets(&mut self, dir: &str, sources: &BTreeSet<String>) {
        let Some(name) = self.name.clone() else { return };
        let at = |path: &str| paths::join(dir, path).filter(|path| sources.contains(path));
        let lib_name = self.lib_name.clone().unwrap_or_else(|| name.clone());
        let lib_path = at(self.lib_path.as_deref().unwrap_or("src/lib.rs"));
        self.lib = lib_path.map(|path| (normalized(Language::Rust, &lib_name), path));
        let mut bins: BTreeMap<String, String> = BTreeMap::new();
        for (bin, path) in &self.listed_bins {
            let bin = bin.clone().unwrap_or_else(|| name.clone());
            let usual = [format!("src/bin/{bin}.rs"), format!("src/bin/{bin}/main.rs"), "src/main.rs".into()];
            let path = path.as_deref().and_then(at).or_else(|| usual.iter().find_map(|path| at(path)));
            if let Some(path) = path {
                bins.insert(path, bin);
            }
        }
        if self.finds_bins {
            if let Some(path) = at("src/main.rs") {
                bins.entry(path).or_insert(name);
            }
            let folder = paths::join(dir, "src/bin").unwrap_or_default();
            for path in sources {
                let Some(below) = paths::below(path, &folder) else { continue };
                let bin = below.strip_suffix("/main.rs").or_else(|| below.strip_suffix(".rs"));
                if let Some(bin) = bin.filter(|bin| !bin.contains('/')) {
                    bins.entry(path.clone()).or_insert_with(|| bin.to_owned());
                }
            }
        }
        self.bins = bins.into_iter().map(|(path, bin)| (bin, path)).collect();
        let example = |(name, path): &(Option<String>, Option<String>)| {
            let name = name.clone()?;
            let path = at(&path.clone().unwrap_or_else(|| format!("examples/{name}.rs")))?;
            Some((name, path))
        };
        self.examples = self.listed_examples.iter().filter_map(example).collect();
    }
}
