//! The catalogue as SARIF rule objects, with the properties GitHub's code scanning reads.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_sarif::sarif::{MultiformatMessageString, PropertyBag, ReportingConfiguration, ReportingDescriptor};

use crate::catalogue::{Catalogue, Rule, capital};
use crate::finding::Persona;

/// GitHub refuses a rule with more than 20 tags, and shows 10.
const MAX_TAGS: usize = 10;

/// One object per rule, in the catalogue's order: results refer to it by position.
pub(crate) fn descriptors(catalogue: &Catalogue) -> Vec<ReportingDescriptor> {
    catalogue.iter().map(descriptor).collect()
}

fn descriptor(rule: &Rule) -> ReportingDescriptor {
    let mut res = ReportingDescriptor::builder()
        .id(&rule.id)
        .name(rule.pascal())
        .short_description(text(&format!("{}.", capital(&rule.title))))
        .full_description(text(&first_paragraph(&rule.text.why)))
        .help(help(rule))
        .default_configuration(ReportingConfiguration::builder().level(rule.level.word()).build())
        .properties(properties(rule))
        .build();
    res.help_uri = rule.page();
    res
}

fn help(rule: &Rule) -> MultiformatMessageString {
    let plain = format!("{}\n\n{}.", rule.text.why.trim(), capital(&rule.text.help));
    MultiformatMessageString::builder().text(plain).markdown(rule.markdown()).build()
}

fn properties(rule: &Rule) -> PropertyBag {
    let mut tags = vec!["security".to_owned(), "mcp".to_owned()];
    tags.extend(rule.cwe.iter().map(|n| format!("external/cwe/cwe-{n:03}")));
    if rule.persona == Persona::Pedantic {
        tags.insert(2, "pedantic".to_owned());
    }
    // The catalogue is ours and has no such rule: a test sees to that, and this to what is uploaded.
    tags.truncate(MAX_TAGS);
    let values = BTreeMap::from([
        ("precision".to_owned(), Value::from(rule.precision.word())),
        ("problem.severity".to_owned(), Value::from(problem_severity(rule))),
        ("security-severity".to_owned(), Value::from(format!("{:.1}", rule.security_severity))),
    ]);
    PropertyBag::builder().tags(tags).additional_properties(values).build()
}

/// GitHub's word for a level.
fn problem_severity(rule: &Rule) -> &'static str {
    match rule.level {
        crate::finding::Level::Error => "error",
        crate::finding::Level::Warning => "warning",
        crate::finding::Level::Note => "recommendation",
    }
}

fn first_paragraph(text: &str) -> String {
    let lines = text.trim().lines().take_while(|line| !line.trim().is_empty());
    lines.collect::<Vec<_>>().join(" ")
}

fn text(text: &str) -> MultiformatMessageString {
    MultiformatMessageString::builder().text(text).build()
}
