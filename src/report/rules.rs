//! Prints the catalogue: `mcpleaks rules` and `mcpleaks explain`.

use std::fmt::Write as _;

use serde::Serialize;

use super::escape;
use super::wrap::wrap;
use crate::catalogue::{Catalogue, Example, Rule, capital};
use crate::finding::Persona;

#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    title: &'a str,
    shape: &'static str,
    level: &'static str,
    pedantic: bool,
    precision: &'static str,
    security_severity: f64,
    cwe: &'a [u32],
    implemented: bool,
    /// Kinds of values and of places that a flow rule is about, and the gates that lower it to a level.
    from: &'a [String],
    into: &'a [String],
    gates: &'a [String],
    gated_level: Option<&'static str>,
    examples: &'a [Example],
}

/// A line per rule.
pub(crate) fn list(catalogue: &Catalogue) -> String {
    let mut res = String::new();
    for rule in catalogue.iter() {
        let mut marks = String::new();
        if rule.persona == Persona::Pedantic {
            marks.push_str(" (with --pedantic)");
        }
        if !rule.implemented {
            marks.push_str(" (not looked for yet)");
        }
        let _ = writeln!(res, "{:<23} {:<8} {}{marks}", rule.id, rule.level.word(), rule.title);
    }
    res.push_str("\nmcpleaks explain RULE says what a rule means, with examples\n");
    res
}

/// The same for programs.
pub(crate) fn json(catalogue: &Catalogue) -> String {
    let rows: Vec<_> = catalogue.iter().map(row).collect();
    let text = serde_json::to_string_pretty(&serde_json::json!({ "version": 1, "rules": rows }));
    escape::json(&text.unwrap_or_default()) + "\n"
}

/// All about one rule, for a terminal.
pub(crate) fn explain(rule: &Rule, width: usize) -> String {
    let mut res = wrap(&format!("{}[{}]: {}", rule.level.word(), rule.id, rule.title), width, "", "  ");
    if rule.persona == Persona::Pedantic {
        res.push_str("shown with --pedantic only\n");
    }
    if !rule.implemented {
        res.push_str("not looked for yet\n");
    }
    res.push('\n');
    prose(&mut res, &rule.text.why, width);
    res.push_str(&wrap(&capital(&rule.text.help), width, "What to do: ", "  "));
    res.push('\n');
    prose(&mut res, &rule.text.rulings, width);
    for example in &rule.examples {
        let name = example.language.heading();
        let _ = writeln!(res, "{name}, reported:\n");
        code(&mut res, &example.bad);
        let _ = writeln!(res, "\n{name}, not reported:\n");
        code(&mut res, &example.good);
        res.push('\n');
    }
    if let Some(page) = rule.page() {
        let _ = writeln!(res, "{page}");
    }
    res
}

fn row(rule: &Rule) -> Row<'_> {
    let flow = rule.flow.as_ref();
    let gate = flow.and_then(|flow| flow.through.as_ref());
    Row {
        shape: rule.shape.word(),
        from: flow.map_or(&[], |flow| flow.from.as_slice()),
        into: flow.map_or(&[], |flow| flow.into.as_slice()),
        gates: gate.map_or(&[], |gate| gate.gate.as_slice()),
        gated_level: gate.map(|gate| gate.level.word()),
        id: &rule.id,
        title: &rule.title,
        level: rule.level.word(),
        pedantic: rule.persona == Persona::Pedantic,
        precision: rule.precision.word(),
        security_severity: rule.security_severity,
        cwe: &rule.cwe,
        implemented: rule.implemented,
        examples: &rule.examples,
    }
}

/// Markdown paragraphs and list items, each filled anew to the width.
fn prose(res: &mut String, text: &str, width: usize) {
    let mut block = String::new();
    for line in text.trim().lines().chain([""]) {
        let line = line.trim();
        if line.is_empty() || line.starts_with("- ") {
            fill(res, &block, width);
            block.clear();
        }
        if line.is_empty() {
            res.push('\n');
        } else {
            block.push_str(if block.is_empty() { "" } else { " " });
            block.push_str(line);
        }
    }
}

fn fill(res: &mut String, block: &str, width: usize) {
    if !block.is_empty() {
        let rest = if block.starts_with("- ") { "  " } else { "" };
        res.push_str(&wrap(block, width, "", rest));
    }
}

fn code(res: &mut String, text: &str) {
    for line in text.trim().lines() {
        let _ = writeln!(res, "{}", format!("    {line}").trim_end());
    }
}
