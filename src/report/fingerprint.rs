//! Names a finding so that it is recognised in the next run: after lines moved, after the file was renamed.
//!
//! A fingerprint is a hash over the rule, the enclosing function's name, the statement's text without white space, and an
//! ordinal among findings for which all three are equal. Neither path nor line is part of it.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::finding::Finding;

/// Fingerprints of `findings`, in their order. The order decides the ordinals, so it must be the sorted one.
pub(crate) fn fingerprints(findings: &[&Finding]) -> Vec<String> {
    let mut seen: BTreeMap<(&str, &str, &str), usize> = BTreeMap::new();
    let mut res = Vec::with_capacity(findings.len());
    for finding in findings {
        let key = (finding.rule.as_str(), finding.function.as_str(), finding.shape.as_str());
        let ordinal = seen.entry(key).or_default();
        res.push(hash(key, *ordinal));
        *ordinal += 1;
    }
    res
}

fn hash((rule, function, shape): (&str, &str, &str), ordinal: usize) -> String {
    let mut hasher = Sha256::new();
    for part in [rule, function, shape, &ordinal.to_string()] {
        // The length in front keeps `ab`+`c` and `a`+`bc` apart.
        hasher.update(part.len().to_string());
        hasher.update(b":");
        hasher.update(part);
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
