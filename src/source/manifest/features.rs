//! Cargo's features: which are on when a workspace is built as its manifests say.
//!
//! On is what `default` switches on, what a program requires that is built only with it, and what another package of the workspace
//! asks for. Whoever builds may ask for more.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::cargo::Package;
use super::normalized;
use crate::ir::program::Language;

/// The features of a package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Features {
    pub(crate) on: BTreeSet<String>,
    /// Declared, and off unless somebody asks for it.
    pub(crate) off: BTreeSet<String>,
}

const DEFAULT: &str = "default";

/// The features of each package, by its folder.
pub(super) fn all(packages: &BTreeMap<String, Package>) -> BTreeMap<String, Arc<Features>> {
    let folders = |name: &str| {
        let is_named = |package: &Package| {
            package
                .name
                .as_deref()
                .is_some_and(|own| normalized(Language::Rust, own) == normalized(Language::Rust, name))
        };
        packages.iter().filter(move |(_, package)| is_named(package)).map(|(dir, _)| dir.clone()).collect::<Vec<_>>()
    };
    let mut on: BTreeSet<(String, String)> = BTreeSet::new();
    let mut open: Vec<(String, String)> = Vec::new();
    for (dir, package) in packages {
        open.extend(package.required.iter().map(|name| (dir.clone(), name.clone())));
        open.push((dir.clone(), DEFAULT.to_owned()));
        for dependency in package.dependencies.values() {
            for dir in folders(&dependency.package) {
                open.extend(dependency.features.iter().map(|name| (dir.clone(), name.clone())));
            }
        }
    }
    while let Some((dir, name)) = open.pop() {
        let Some(switched) = packages.get(&dir).and_then(|package| package.features.get(&name)) else { continue };
        if !on.insert((dir.clone(), name)) {
            continue;
        }
        for other in switched {
            match other.split_once('/') {
                // `store/traced`, `store?/traced`
                Some((package, name)) => {
                    open.extend(folders(package.trim_end_matches('?')).into_iter().map(|dir| (dir, name.to_owned())));
                }
                None => open.push((dir.clone(), other.clone())),
            }
        }
    }
    let of = |(dir, package): (&String, &Package)| {
        let (on, off) = package.features.keys().cloned().partition(|name| on.contains(&(dir.clone(), name.clone())));
        (dir.clone(), Arc::new(Features { on, off }))
    };
    packages.iter().map(of).collect()
}
