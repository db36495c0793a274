//! Comments that accept a finding: `// mcpleaks: ignore[stdout-write] the banner goes out before the transport is up`.

use crate::catalogue::Catalogue;
use crate::finding::Settled;
use crate::report::{Remark, Report};

/// What starts such a comment.
const MARK: &str = "mcpleaks:";

/// One comment.
struct Directive {
    path: String,
    /// The line it stands in, from 1.
    line: u32,
    /// The line it speaks of.
    target: u32,
    rules: Vec<String>,
    reason: String,
    used: bool,
}

/// Marks what comments accept, and remarks on comments that accept nothing or say too little.
pub(crate) fn apply(report: &mut Report, catalogue: &Catalogue) {
    let mut remarks = Vec::new();
    let mut directives = Vec::new();
    for file in report.texts.iter().filter(|file| file.is_examined && file.text.contains(MARK)) {
        let lines: Vec<&str> = file.text.lines().collect();
        for (at, line) in (0_usize..).zip(&lines) {
            let Some((is_alone, words)) = comment(line) else { continue };
            let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
            let mut remark = |text: String| remarks.push(Remark { path: file.path.clone(), line: number, text });
            let Some((rules, reason)) = parse(words) else {
                remark("write it as `mcpleaks: ignore[RULE] reason`: this comment accepts nothing".into());
                continue;
            };
            if let Some(unknown) = rules.iter().find(|rule| catalogue.get(rule).is_none()) {
                let guess = catalogue.nearest(unknown).map(|near| format!(": did you mean `{near}`?"));
                remark(format!("there is no rule `{unknown}`{}", guess.unwrap_or_default()));
            }
            if reason.is_empty() {
                remark("say why behind the brackets: without a reason this comment accepts nothing".into());
                continue;
            }
            let next = lines[at + 1..].iter().position(|line| !line.trim().is_empty() && !is_comment(line));
            let target = if is_alone { at + 2 + next.unwrap_or_default() } else { at + 1 };
            directives.push(Directive {
                path: file.path.clone(),
                line: number,
                target: u32::try_from(target).unwrap_or(u32::MAX),
                rules,
                reason,
                used: false,
            });
        }
    }
    let Report { findings, texts, .. } = report;
    for finding in findings.iter_mut() {
        let Some(file) = texts.get(finding.primary.loc.file) else { continue };
        let place = file.place(finding.primary.loc);
        let fits = |directive: &&mut Directive| {
            directive.path == file.path
                && (place.line..=place.end_line).contains(&directive.target)
                && directive.rules.iter().any(|rule| *rule == finding.rule)
        };
        if let Some(directive) = directives.iter_mut().find(fits) {
            directive.used = true;
            finding.settled.get_or_insert(Settled::Accepted { by: "a comment", reason: directive.reason.clone() });
        }
    }
    for directive in directives.into_iter().filter(|directive| !directive.used) {
        let text = format!("no finding of {} is here: the comment can go", directive.rules.join(", "));
        remarks.push(Remark { path: directive.path, line: directive.line, text });
    }
    report.remarks.extend(remarks);
}

/// The words behind the mark, and whether the line holds nothing but the comment.
fn comment(line: &str) -> Option<(bool, &str)> {
    let (before, words) = line.split_once(MARK)?;
    let before = before.trim_end();
    let start = ["//", "#", "/*", "*"].iter().find_map(|mark| before.strip_suffix(mark))?;
    let code = start.trim().trim_start_matches('{').trim_end_matches('/');
    Some((code.is_empty(), words.trim().trim_end_matches('}').trim_end_matches("*/").trim()))
}

fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    ["//", "#", "/*", "*", "@"].iter().any(|mark| line.starts_with(mark))
}

/// Rules and reason of `ignore[a, b] reason`.
fn parse(words: &str) -> Option<(Vec<String>, String)> {
    let (rules, reason) = words.strip_prefix("ignore[")?.split_once(']')?;
    let rules: Vec<String> = rules.split(',').map(|rule| rule.trim().to_owned()).collect();
    if rules.iter().any(String::is_empty) { None } else { Some((rules, reason.trim().to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_told_from_texts() {
        assert_eq!(comment("// mcpleaks: ignore[a] b"), Some((true, "ignore[a] b")));
        assert_eq!(comment("print(x)  # mcpleaks: ignore[a] b"), Some((false, "ignore[a] b")));
        assert_eq!(comment("{/* mcpleaks: ignore[a] b */}"), Some((true, "ignore[a] b")));
        assert_eq!(comment("log(\"mcpleaks: ignore[a] b\")"), None);
    }

    #[test]
    fn rules_and_reason() {
        assert_eq!(parse("ignore[a, b] why"), Some((vec!["a".into(), "b".into()], "why".into())));
        assert_eq!(parse("ignore why"), None);
        assert_eq!(parse("ignore[] why"), None);
    }
}
