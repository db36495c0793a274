//! The file of a baseline: where it is read and written, and from which folder its paths are seen.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Terminal;
use super::run::write_file;
use crate::config::Options;
use crate::finding::{Finding, Settled};
use crate::report::{Remark, Report, count};
use crate::triage::baseline::{Baseline, Place};

/// Writes what is found now; gives what to tell the user. What the file says of other parts of the project stays.
///
/// # Errors
/// When it can't be written.
pub(super) fn write(file: &Path, options: &Options, report: &Report, shown: &[&Finding]) -> Result<String, String> {
    let seen = Seen::new(file, options, report);
    let earlier = std::fs::read_to_string(file).ok().and_then(|text| Baseline::parse(&text).ok());
    let now = Baseline::of(report, shown, &seen.place());
    let baseline = match earlier {
        Some(earlier) => now.with(earlier),
        None => now,
    };
    write_file(file, &baseline.text(), "the baseline")?;
    let name = file.display();
    Ok(format!("wrote {name}: later runs with --baseline {name} fail on new findings only"))
}

/// Marks what a baseline knows. What was mended disappears from the file, except on a CI machine.
///
/// # Errors
/// When it can't be read, or is none.
pub(super) fn apply(file: &Path, options: &Options, report: &mut Report, terminal: Terminal) -> Result<(), String> {
    let text = std::fs::read_to_string(file).map_err(|err| {
        format!("can't read the baseline {}: write one with --write-baseline ({err})", file.display())
    })?;
    let baseline = Baseline::parse(&text).map_err(|what| format!("{}: {what}", file.display()))?;
    let seen = Seen::new(file, options, report);
    // What a part of the servers, or of the files, does not show may be there all the same.
    let is_whole = options.entries.is_empty() && baseline.is_covered_by(&seen.place());
    let outcome = baseline.apply(report, &Settled::Known, &seen.place());
    if outcome.gone == 0 || !is_whole {
        return Ok(());
    }
    let (gone, them, were) = match outcome.gone {
        1 => (count(1, "entry matches nothing", ""), "it disappears", "was"),
        n => (count(n, "", "entries match nothing"), "they disappear", "were"),
    };
    let text = if terminal.ci {
        format!("{gone} any more: run with this baseline once more outside of CI, and {them} from it")
    } else {
        write_file(file, &outcome.rest.text(), "the baseline")?;
        format!("{gone} any more and {were} taken out: commit the file")
    };
    report.remarks.push(Remark { path: file.display().to_string(), line: 0, text });
    Ok(())
}

/// What is examined, seen from the folder that the paths of a baseline start at.
struct Seen {
    anchor: PathBuf,
    prefix: String,
    scanned: BTreeSet<String>,
}

impl Seen {
    fn new(file: &Path, options: &Options, report: &Report) -> Self {
        let anchor = anchor(file, &report.root);
        let below = |path: &Path| {
            let path = path.canonicalize().ok()?;
            Some(path.strip_prefix(&anchor).ok()?.to_string_lossy().replace('\\', "/"))
        };
        let prefix = below(&report.root).filter(|prefix| !prefix.is_empty()).map(|prefix| prefix + "/");
        let scanned = options.paths.iter().filter_map(|path| below(path));
        let scanned = scanned.map(|path| if path.is_empty() { ".".to_owned() } else { path }).collect();
        Self { prefix: prefix.unwrap_or_default(), scanned, anchor }
    }

    fn place(&self) -> Place<'_> {
        Place { prefix: &self.prefix, scanned: &self.scanned, folder: &self.anchor }
    }
}

/// The folder that paths are seen from: that of the file; where this lies beside what is examined (`.github/`, in the same
/// repository), the one that holds both; the scanned root for a file from somewhere else.
fn anchor(file: &Path, root: &Path) -> PathBuf {
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(folder) = folder.canonicalize() else { return root };
    if root.starts_with(&folder) {
        return folder;
    }
    let common = root.ancestors().find(|above| folder.starts_with(above));
    let repository = root.ancestors().find(|above| above.join(".git").exists());
    match (common, repository) {
        (Some(common), Some(repository)) if common.starts_with(repository) => common.to_owned(),
        _ => root,
    }
}
