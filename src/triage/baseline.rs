//! A baseline: the findings a team knows of and will mend later. What is in it does not fail a run.
//!
//! An entry names a finding by rule, function and the shape of its statement, so that it is recognised after lines moved and
//! after reformatting. It holds for its own file; for another one only when its own is gone and the other one was not there
//! before: a renamed file. So a new finding of the same kind elsewhere is never hidden. Paths are seen from one folder, the
//! *anchor*, whichever part of it is examined; entries of files that are not examined stay as they are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::finding::{Finding, Settled};
use crate::report::Report;

const VERSION: u32 = 1;

/// Length of the shape's hash in hexadecimal digits: enough that two statements of a function never share one.
const SHAPE_DIGITS: usize = 16;

#[derive(Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Baseline {
    version: u32,
    /// The folders and files that were examined; `.` is the anchor.
    #[serde(default)]
    scanned: BTreeSet<String>,
    /// All files that were read then.
    #[serde(default)]
    files: BTreeSet<String>,
    findings: Vec<Entry>,
}

/// Where a report's paths lie.
pub(crate) struct Place<'a> {
    /// The scanned root as seen from the anchor, with a slash behind it; empty when they are the same.
    pub(crate) prefix: &'a str,
    /// The folders and files that are examined, seen from the anchor.
    pub(crate) scanned: &'a BTreeSet<String>,
    /// The anchor itself: there files are looked for that are not examined.
    pub(crate) folder: &'a Path,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    file: String,
    rule: String,
    function: String,
    shape: String,
    count: usize,
}

/// What a baseline did.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// How many entries match nothing any more.
    pub(crate) gone: usize,
    /// The baseline without them.
    pub(crate) rest: Baseline,
}

impl Baseline {
    /// Reads a baseline.
    ///
    /// # Errors
    /// When it is no baseline, or one of another version; the text says what to do.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let again = "write it again with --write-baseline";
        let baseline: Self =
            serde_json::from_str(text).map_err(|err| format!("that is no baseline of mcpleaks ({err}): {again}"))?;
        if baseline.version == VERSION {
            Ok(baseline)
        } else {
            Err(format!(
                "it is of version {}, this program writes and reads version {VERSION}: {again}",
                baseline.version
            ))
        }
    }

    /// All findings that a report would show now.
    pub(crate) fn of(report: &Report, shown: &[&Finding], place: &Place<'_>) -> Self {
        let mut counts: BTreeMap<(String, [String; 3]), usize> = BTreeMap::new();
        for finding in shown {
            *counts.entry((file_of(report, finding, place), key(finding))).or_default() += 1;
        }
        let entry = |((file, [rule, function, shape]), count): ((String, [String; 3]), usize)| Entry {
            file,
            rule,
            function,
            shape,
            count,
        };
        Self {
            version: VERSION,
            scanned: place.scanned.clone(),
            files: files(report, place),
            findings: counts.into_iter().map(entry).collect(),
        }
    }

    /// Takes over what an earlier baseline says of files that were not examined now.
    pub(crate) fn with(mut self, earlier: Self) -> Self {
        let scanned = std::mem::take(&mut self.scanned);
        self.findings.extend(earlier.findings.into_iter().filter(|entry| !is_below(&entry.file, &scanned)));
        self.findings.sort();
        self.files.extend(earlier.files.into_iter().filter(|file| !is_below(file, &scanned)));
        let outside = earlier.scanned.into_iter().filter(|path| !is_below(path, &scanned));
        self.scanned = outside.chain(scanned.iter().cloned()).collect();
        self
    }

    /// Was nothing examined for it that is not examined now? What is missing then was mended.
    pub(crate) fn is_covered_by(&self, place: &Place<'_>) -> bool {
        self.scanned.iter().all(|path| is_below(path, place.scanned))
    }

    pub(crate) fn text(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Marks the findings that the baseline knows.
    pub(crate) fn apply(mut self, report: &mut Report, mark: &Settled, place: &Place<'_>) -> Outcome {
        let now = files(report, place);
        let exists = |file: &String| place.folder.join(file).exists();
        let gone = |file: &String| !now.contains(file) && !exists(file);
        let mut used = vec![0; self.findings.len()];
        for in_own_file in [true, false] {
            for at in 0..report.findings.len() {
                let finding = &report.findings[at];
                if finding.settled.is_some() {
                    continue;
                }
                let (file, [rule, function, shape]) = (file_of(report, finding, place), key(finding));
                if !in_own_file && self.files.contains(&file) {
                    continue;
                }
                let known = self.findings.iter().zip(&used).position(|(entry, used)| {
                    let is_its_file = if in_own_file { entry.file == file } else { gone(&entry.file) };
                    is_its_file
                        && *used < entry.count
                        && entry.rule == rule
                        && entry.function == function
                        && entry.shape == shape
                });
                if let Some(known) = known {
                    used[known] += 1;
                    report.findings[at].settled = Some(mark.clone());
                }
            }
        }
        let mut n_gone = 0;
        for (entry, used) in self.findings.iter_mut().zip(used) {
            // Of a file that is there and was not examined nobody knows.
            if now.contains(&entry.file) || !exists(&entry.file) {
                n_gone += entry.count - used;
                entry.count = used;
            }
        }
        self.findings.retain(|entry| entry.count > 0);
        Outcome { gone: n_gone, rest: self }
    }
}

/// Is the path one of those, or below one?
fn is_below(path: &str, those: &BTreeSet<String>) -> bool {
    let is_in = |folder: &String| {
        path.strip_prefix(folder.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    those.contains(".") || those.iter().any(is_in)
}

/// The files that are examined.
fn files(report: &Report, place: &Place<'_>) -> BTreeSet<String> {
    let examined = report.texts.iter().filter(|file| file.is_examined);
    examined.map(|file| format!("{}{}", place.prefix, file.path)).collect()
}

fn file_of(report: &Report, finding: &Finding, place: &Place<'_>) -> String {
    let file = report.texts.get(finding.primary.loc.file);
    file.map(|file| format!("{}{}", place.prefix, file.path)).unwrap_or_default()
}

fn key(finding: &Finding) -> [String; 3] {
    let digits: String = Sha256::digest(&finding.shape).iter().map(|byte| format!("{byte:02x}")).collect();
    [finding.rule.to_string(), finding.function.to_string(), digits[..SHAPE_DIGITS].to_owned()]
}
