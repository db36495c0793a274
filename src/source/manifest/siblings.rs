//! Python projects of one checkout that another one is installed with: members of a workspace, dependencies by path.
//!
//! A project gets what it requires, and what that requires in turn. A requirement that has the name of a project beside it is
//! that project, whether or not the manifest says where it comes from: this is what the checkout is for.

use std::collections::{BTreeMap, BTreeSet};

use super::normalized;
use super::python::Project;
use crate::ir::program::Language;
use crate::source::paths;

/// Notes for each project the folders with packages in them of the projects that it is installed with, nearest first.
pub(super) fn link(projects: &mut BTreeMap<String, Project>) {
    if projects.len() < 2 {
        return;
    }
    let mut named: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (dir, project) in projects.iter() {
        if let Some(name) = &project.name {
            named.entry(normalized(Language::Python, name)).or_default().push(dir.clone());
        }
    }
    let found: Vec<(String, Vec<String>)> =
        projects.keys().map(|dir| (dir.clone(), installed_with(dir, projects, &named))).collect();
    for (dir, roots) in found {
        if let Some(project) = projects.get_mut(&dir) {
            project.beside = roots;
        }
    }
}

fn installed_with(
    dir: &str,
    projects: &BTreeMap<String, Project>,
    named: &BTreeMap<String, Vec<String>>,
) -> Vec<String> {
    let mut dirs = vec![dir.to_owned()];
    let mut seen = BTreeSet::from([dir.to_owned()]);
    let mut roots: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(here) = dirs.get(at).cloned() {
        at += 1;
        let Some(project) = projects.get(&here) else { continue };
        if here != dir {
            roots.extend(project.roots(&here).filter(|root| !roots.contains(root)).collect::<Vec<_>>());
        }
        let by_path = project.local.iter().filter_map(|path| paths::join(&here, path));
        let by_name = project.dependencies.keys().filter_map(|name| nearest(named.get(name)?, &here));
        for found in by_path.chain(by_name).collect::<Vec<_>>() {
            if projects.contains_key(&found) && seen.insert(found.clone()) {
                dirs.push(found);
            }
        }
    }
    roots
}

/// Of several folders the one that shares most of its way with `dir`: there may be copies of the whole checkout beside it.
fn nearest(dirs: &[String], dir: &str) -> Option<String> {
    let shared = |other: &str| other.split('/').zip(dir.split('/')).take_while(|(one, two)| one == two).count();
    dirs.iter().rev().max_by_key(|other| shared(other)).cloned()
}
