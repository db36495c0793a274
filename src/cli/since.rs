//! `--since REV`: what was there before the commits asked about is no news.

use std::collections::BTreeSet;
use std::path::Path;

use crate::config::Options;
use crate::finding::Settled;
use crate::report::Report;
use crate::triage::baseline::{Baseline, Place};

/// Marks what an earlier commit has, too, examined as the present was: `audit` does that.
///
/// # Errors
/// When there is no such commit, or it can't be examined.
pub(super) fn apply(
    revision: &str,
    options: &Options,
    report: &mut Report,
    audit: impl FnOnce(&Options) -> Result<Report, String>,
) -> Result<(), String> {
    let (tree, below) = crate::git::earlier(&report.root, revision)?;
    let root = tree.path().join(below);
    let place = |path: &Path| {
        let below = path.canonicalize().ok()?.strip_prefix(report.root.canonicalize().ok()?).ok()?.to_owned();
        Some(if below.as_os_str().is_empty() { root.clone() } else { root.join(below) }).filter(|path| path.exists())
    };
    let mut earlier = options.clone();
    earlier.paths = options.paths.iter().filter_map(|path| place(path)).collect();
    earlier.move_files(place);
    // What is examined is younger than the commit: all of it is new.
    if earlier.paths.is_empty() || earlier.entries.is_empty() && !options.entries.is_empty() {
        return Ok(());
    }
    let old = audit(&earlier)?;
    let open: Vec<_> = old.findings.iter().filter(|finding| finding.settled.is_none()).collect();
    let scanned = BTreeSet::from([".".to_owned()]);
    let place = |folder| Place { prefix: "", scanned: &scanned, folder };
    Baseline::of(&old, &open, &place(&old.root)).apply(report, &Settled::Earlier, &place(&report.root.clone()));
    Ok(())
}
