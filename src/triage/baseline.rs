//! A baseline: the findings a team knows of and will mend later. What is in it does not fail a run.
//!
//! An entry names a finding by rule, function and the shape of its statement, so that it is recognised after lines moved and
//! after reformatting. It holds for its own file; for another one only when its own is gone: a renamed file. So a new
//! finding of the same kind elsewhere is never hidden.

use std::collections::{BTreeMap, BTreeSet};

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
    findings: Vec<Entry>,
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
    pub(crate) fn of(report: &Report, shown: &[&Finding]) -> Self {
        let mut counts: BTreeMap<(String, [String; 3]), usize> = BTreeMap::new();
        for finding in shown {
            *counts.entry((file_of(report, finding), key(finding))).or_default() += 1;
        }
        let entry = |((file, [rule, function, shape]), count): ((String, [String; 3]), usize)| Entry {
            file,
            rule,
            function,
            shape,
            count,
        };
        Self { version: VERSION, findings: counts.into_iter().map(entry).collect() }
    }

    pub(crate) fn text(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Marks the findings that the baseline knows.
    pub(crate) fn apply(mut self, report: &mut Report, mark: &Settled) -> Outcome {
        let files: BTreeSet<String> = report.texts.iter().map(|file| file.path.clone()).collect();
        let mut used = vec![0; self.findings.len()];
        for in_own_file in [true, false] {
            for at in 0..report.findings.len() {
                let finding = &report.findings[at];
                if finding.settled.is_some() {
                    continue;
                }
                let (file, [rule, function, shape]) = (file_of(report, finding), key(finding));
                let known = self.findings.iter().zip(&used).position(|(entry, used)| {
                    let is_its_file = if in_own_file { entry.file == file } else { !files.contains(&entry.file) };
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
        let gone = self.findings.iter().zip(&used).map(|(entry, used)| entry.count - used).sum();
        for (entry, used) in self.findings.iter_mut().zip(used) {
            entry.count = used;
        }
        self.findings.retain(|entry| entry.count > 0);
        Outcome { gone, rest: self }
    }
}

fn file_of(report: &Report, finding: &Finding) -> String {
    report.texts.get(finding.primary.loc.file).map(|file| file.path.clone()).unwrap_or_default()
}

fn key(finding: &Finding) -> [String; 3] {
    let digits: String = Sha256::digest(&finding.shape).iter().map(|byte| format!("{byte:02x}")).collect();
    [finding.rule.to_string(), finding.function.to_string(), digits[..SHAPE_DIGITS].to_owned()]
}
