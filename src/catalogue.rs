//! The rules as data: what each is called, what it means, how severe it is, examples.
//!
//! A rule is one file, `rules/catalogue/<id>.toml`. Its page in `docs/rules`, `mcpleaks explain` and its SARIF object are all
//! made from it. How a rule finds what it finds is not in here.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::base::embedded;
use crate::finding::{Level, Persona};
use crate::ir::program::Language;

/// Where a rule's page is, without the id.
const PAGES: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/rules/");

/// All rules, by id.
#[derive(Debug)]
pub(crate) struct Catalogue {
    rules: BTreeMap<String, Rule>,
}

/// One rule's file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    pub(crate) id: String,
    /// What is wrong, in a phrase: "a secret from the environment reaches a log".
    pub(crate) title: String,
    pub(crate) shape: Shape,
    /// The usual level; a finding can have another one.
    pub(crate) level: Level,
    pub(crate) persona: Persona,
    /// Numbers of the Common Weakness Enumeration; empty where none fits.
    #[serde(default)]
    pub(crate) cwe: Vec<u32>,
    /// 0.0 to 10.0, as GitHub's code scanning sorts by.
    pub(crate) security_severity: f64,
    pub(crate) precision: Precision,
    /// Does the program look for it yet?
    #[serde(default = "yes")]
    pub(crate) implemented: bool,
    /// For the shape `flow`.
    pub(crate) flow: Option<Flow>,
    pub(crate) text: Text,
    #[serde(default, rename = "example")]
    pub(crate) examples: Vec<Example>,
}

/// How a rule is looked for.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Shape {
    /// A value of a kind reaches a place of a kind.
    Flow,
    /// A statement of a kind stands where it runs.
    Site,
    /// Something is absent, or configured so that it means harm.
    Check,
}

/// How often a finding of the rule is right.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Precision {
    Low,
    Medium,
    High,
    VeryHigh,
}

/// Kinds of sources and sinks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Flow {
    pub(crate) from: Vec<String>,
    pub(crate) into: Vec<String>,
    pub(crate) through: Option<Through>,
}

/// A condition on the way that changes the level.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Through {
    pub(crate) gate: Vec<String>,
    pub(crate) level: Level,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Text {
    /// A finding's sentence, with `{source}` and `{sink}` where the shape has them.
    pub(crate) message: String,
    /// One action.
    pub(crate) help: String,
    /// The same in the words of one language, where that says more.
    #[serde(default)]
    pub(crate) help_in: BTreeMap<ExampleLanguage, String>,
    /// Markdown: why it matters.
    pub(crate) why: String,
    /// Markdown: what fires, what is clean, exceptions.
    pub(crate) rulings: String,
}

/// A whole program of one file: `bad` is reported by the rule, `good` is not.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Example {
    pub(crate) language: ExampleLanguage,
    pub(crate) bad: String,
    pub(crate) good: String,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ExampleLanguage {
    Script,
    Python,
    Rust,
    /// A deployment file.
    Config,
}

impl ExampleLanguage {
    /// None for files that are no code.
    pub(crate) fn language(self) -> Option<Language> {
        Some(match self {
            Self::Script => Language::Script,
            Self::Python => Language::Python,
            Self::Rust => Language::Rust,
            Self::Config => return None,
        })
    }
}

fn yes() -> bool {
    true
}

impl Catalogue {
    /// The rules that the binary carries.
    ///
    /// # Errors
    /// All faults of all files, a line each. A released binary has none; a test sees to it.
    pub(crate) fn load() -> Result<&'static Self, String> {
        static LOADED: OnceLock<Result<Catalogue, String>> = OnceLock::new();
        LOADED.get_or_init(Self::read).as_ref().map_err(Clone::clone)
    }

    fn read() -> Result<Self, String> {
        let mut rules = BTreeMap::new();
        let mut faults = String::new();
        for (path, text) in embedded::FILES {
            let Some(id) = path.strip_prefix("catalogue/").and_then(|name| name.strip_suffix(".toml")) else {
                continue;
            };
            match embedded::parse::<Rule>(path, text) {
                Ok(rule) => {
                    for fault in rule.faults(id) {
                        let _ = writeln!(faults, "rules/{path}: {fault}");
                    }
                    rules.insert(rule.id.clone(), rule);
                }
                Err(err) => {
                    let _ = writeln!(faults, "{err}");
                }
            }
        }
        if faults.is_empty() { Ok(Self { rules }) } else { Err(faults) }
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Rule> {
        self.rules.get(id)
    }

    /// Sorted by id.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules.values()
    }

    /// The id that looks most like `wrong`, if one does.
    pub(crate) fn nearest(&self, wrong: &str) -> Option<&str> {
        crate::base::spelling::nearest(wrong, self.rules.keys().map(String::as_str))
    }
}

impl Rule {
    /// `StdoutWrite`, as SARIF wants names.
    pub(crate) fn pascal(&self) -> String {
        let mut res = String::new();
        for word in self.id.split('-') {
            let mut chars = word.chars();
            res.extend(chars.next().map(|first| first.to_ascii_uppercase()));
            res.push_str(chars.as_str());
        }
        res
    }

    /// Address of the rule's page, when the project has a home.
    pub(crate) fn page(&self) -> Option<String> {
        (!env!("CARGO_PKG_REPOSITORY").is_empty()).then(|| format!("{PAGES}{}.md", self.id))
    }

    /// The rule's page.
    pub(crate) fn markdown(&self) -> String {
        let mut res = format!("# {}\n\n{}.\n\n", self.id, capital(&self.title));
        let _ = writeln!(res, "| | |\n| --- | --- |\n| level | {} |", self.level.word());
        let shown = match self.persona {
            Persona::Regular => "always",
            Persona::Pedantic => "with `--pedantic`",
        };
        let _ = writeln!(res, "| shown | {shown} |");
        let _ = writeln!(res, "| precision | {} |", self.precision.word());
        if !self.cwe.is_empty() {
            let links = self.cwe.iter().map(|n| format!("[CWE-{n}](https://cwe.mitre.org/data/definitions/{n}.html)"));
            let _ = writeln!(res, "| weakness | {} |", links.collect::<Vec<_>>().join(", "));
        }
        if !self.implemented {
            res.push_str(
                "\n**Not looked for yet.** The rule is described here so that its meaning is settled first.\n",
            );
        }
        let _ = write!(res, "\n{}\n\n## What to do\n\n{}.\n", self.text.why.trim(), capital(&self.text.help));
        let _ = write!(res, "\n## What fires, and what does not\n\n{}\n", self.text.rulings.trim());
        for example in &self.examples {
            let (name, fence) = example.language.names();
            let _ = write!(res, "\n## Example: {name}\n\nReported:\n\n```{fence}\n{}\n```\n", example.bad.trim());
            let _ = write!(res, "\nNot reported:\n\n```{fence}\n{}\n```\n", example.good.trim());
        }
        res
    }

    fn faults(&self, id: &str) -> Vec<String> {
        let mut res = Vec::new();
        if self.id != id {
            res.push(format!("id is `{}`, the file is called `{id}`", self.id));
        }
        if !(0.0..=10.0).contains(&self.security_severity) {
            res.push("security_severity is not between 0.0 and 10.0".to_owned());
        }
        if (self.shape == Shape::Flow) != self.flow.is_some() {
            res.push("a rule has a [flow] table if, and only if, its shape is `flow`".to_owned());
        }
        for (name, text) in [("title", &self.title), ("message", &self.text.message), ("help", &self.text.help)] {
            let placeholders = text.replace("{source}", "").replace("{sink}", "");
            if name == "message" && placeholders.contains(['{', '}']) {
                res.push("message has a placeholder other than {source} and {sink}".to_owned());
            }
            if text.ends_with('.') || text.contains('\n') || text.is_empty() {
                res.push(format!("{name} is not one line without a dot at its end"));
            }
        }
        res
    }
}

impl Precision {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::VeryHigh => "very-high",
        }
    }
}

impl Shape {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Flow => "flow",
            Self::Site => "site",
            Self::Check => "check",
        }
    }
}

impl ExampleLanguage {
    pub(crate) fn heading(self) -> &'static str {
        self.names().0
    }

    /// For a heading, and for a fence.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Script => ("TypeScript", "ts"),
            Self::Python => ("Python", "python"),
            Self::Rust => ("Rust", "rust"),
            Self::Config => ("deployment", "ini"),
        }
    }
}

/// `text` with a capital letter in front, for prose; code in backticks stays.
pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_rules_load() {
        let catalogue = Catalogue::load().unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!(catalogue.iter().count(), 16);
    }

    #[test]
    fn every_rule_shows_what_it_means() {
        let catalogue = Catalogue::load().expect("loads");
        for rule in catalogue.iter() {
            assert!(!rule.examples.is_empty(), "{} has no example", rule.id);
            assert!(rule.markdown().starts_with(&format!("# {}\n", rule.id)));
        }
    }

    #[test]
    fn a_slip_of_the_pen_finds_the_rule() {
        let catalogue = Catalogue::load().expect("loads");
        assert_eq!(catalogue.nearest("stdout-wirte"), Some("stdout-write"));
        assert_eq!(catalogue.nearest("zzz"), None);
    }
}
