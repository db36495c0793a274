//! Which findings are still news: accepted by a comment or the configuration, known from a baseline, or outside the files
//! that somebody asks about.
//!
//! Triage marks findings and changes levels; it removes none, so that each format can say what was set aside.

pub(crate) mod baseline;
pub(crate) mod comments;
pub(crate) mod policy;

use std::collections::BTreeSet;

use crate::finding::Settled;
use crate::report::Report;

/// Sets aside what touches none of `files`: paths as seen from the current folder.
pub(crate) fn only(report: &mut Report, files: &[std::path::PathBuf]) {
    let wanted: BTreeSet<String> = files.iter().map(|file| plain(&file.to_string_lossy())).collect();
    let prefix = report.path_prefix.clone();
    let Report { findings, texts, .. } = report;
    for finding in findings.iter_mut().filter(|finding| finding.settled.is_none()) {
        let steps = finding.path.iter().chain(&finding.related).chain(std::iter::once(&finding.primary));
        let mut files = steps.filter_map(|step| texts.get(step.loc.file));
        if !files.any(|file| wanted.contains(&format!("{prefix}{}", file.path)) || wanted.contains(&file.path)) {
            finding.settled = Some(Settled::Elsewhere);
        }
    }
}

/// A path with `/` and without `./` in front.
fn plain(path: &str) -> String {
    let path = path.replace('\\', "/");
    path.strip_prefix("./").unwrap_or(&path).to_owned()
}
