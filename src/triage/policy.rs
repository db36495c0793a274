//! What the configuration says of findings: levels of rules, and paths that are left alone.

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::config::{Config, RuleLevel};
use crate::finding::{Level, Settled};
use crate::report::Report;

/// Changes levels and marks what the configuration leaves alone; `prefix` is the scanned root as seen from its folder.
///
/// # Errors
/// When a pattern is none.
pub(crate) fn apply(report: &mut Report, config: &Config, prefix: &str) -> Result<(), String> {
    let patterns: Vec<Gitignore> = config
        .ignore
        .iter()
        .map(|rule| {
            let mut builder = GitignoreBuilder::new("");
            builder
                .add_line(None, &rule.path)
                .map_err(|err| format!("[[ignore]] path \"{}\" is no pattern as in .gitignore: {err}", rule.path))?;
            builder
                .build()
                .map_err(|err| format!("[[ignore]] path \"{}\" is no pattern as in .gitignore: {err}", rule.path))
        })
        .collect::<Result<_, String>>()?;
    let Report { findings, texts, .. } = report;
    for finding in findings.iter_mut() {
        match config.rules.get(finding.rule.as_str()) {
            Some(RuleLevel::Off) => {
                let reason = "the rule is turned off".to_owned();
                finding.settled.get_or_insert(Settled::Accepted { by: "the configuration", reason });
            }
            Some(RuleLevel::Note) => finding.level = Level::Note,
            Some(RuleLevel::Warning) => finding.level = Level::Warning,
            Some(RuleLevel::Error) => finding.level = Level::Error,
            None => {}
        }
        let Some(file) = texts.get(finding.primary.loc.file) else { continue };
        let path = format!("{prefix}{}", file.path);
        let left_alone = config.ignore.iter().zip(&patterns).find(|(ignore, pattern)| {
            ignore.rule.as_ref().is_none_or(|rule| *rule == finding.rule.as_str())
                && pattern.matched_path_or_any_parents(&path, false).is_ignore()
        });
        if let Some((ignore, _)) = left_alone {
            finding.settled.get_or_insert(Settled::Accepted { by: "the configuration", reason: ignore.reason.clone() });
        }
    }
    Ok(())
}
