//! What a rule reports: a finding with its place, its steps and its certainty. Printing is for `report`.

use crate::base::Symbol;
use crate::base::span::Loc;

/// One thing a rule found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Id of the rule in the catalogue.
    pub(crate) rule: Symbol,
    pub(crate) level: Level,
    pub(crate) persona: Persona,
    pub(crate) confidence: Confidence,
    /// Why the confidence is not high, each a phrase: "the receiver of `.info()` is a guess".
    pub(crate) doubts: Vec<String>,
    /// What is wrong, in the user's words; no trailing dot.
    pub(crate) message: String,
    /// Where a maintainer would edit, with the label that says what happens there.
    pub(crate) primary: Step,
    /// How a value gets to the primary place (flow rules), in order of execution, the source first, the sink last.
    pub(crate) path: Vec<Step>,
    /// How control gets to the primary place from the server's entry, outermost first: "imports ./db/connect", "main()".
    pub(crate) reached: Vec<Step>,
    /// Whether that happens before the transport starts or while it serves; a phrase for the end of the `reached` line.
    pub(crate) phase: Option<&'static str>,
    /// Other places of the same finding (callers of a helper, the transport's start), with labels.
    pub(crate) related: Vec<Step>,
    /// One action that mends it.
    pub(crate) help: String,
    /// Indexes into the report's servers.
    pub(crate) servers: Vec<usize>,
    /// Name of the function that holds the primary place, `<module>` at top level; part of the fingerprint.
    pub(crate) function: Symbol,
    /// Dead switch, alias or trick that makes the statement's text a poor fingerprint is not in here: the text of the
    /// primary statement without white space.
    pub(crate) shape: String,
    /// Why it is no news; triage decides that.
    pub(crate) settled: Option<Settled>,
}

/// Why a finding is set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    /// Somebody accepted it: a comment, the configuration.
    Accepted { by: &'static str, reason: String },
    /// It stands in the baseline.
    Known,
    /// An earlier commit has it, too.
    Earlier,
    /// It touches none of the files asked about.
    Elsewhere,
}

/// A place with what happens there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Step {
    pub(crate) loc: Loc,
    pub(crate) text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    Note,
    Warning,
    Error,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Confidence {
    Low,
    Medium,
    High,
}

/// Whom a finding is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Persona {
    /// A maintainer would mend it.
    Regular,
    /// Posture; shown with `--pedantic`.
    Pedantic,
}

impl Level {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl Confidence {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    pub(crate) fn lowered(self) -> Self {
        match self {
            Self::High => Self::Medium,
            Self::Medium | Self::Low => Self::Low,
        }
    }
}

/// A statement's text as a formatter may not change it: without white space and semicolons at its end, without commas before
/// a closing bracket, and with one kind of quotes.
pub(crate) fn shape(text: &str) -> String {
    let mut res = String::with_capacity(text.len());
    let mut chars = text.chars().filter(|char| !char.is_whitespace()).peekable();
    while let Some(char) = chars.next() {
        match (char, chars.peek()) {
            ('\\', Some('\'' | '"')) | (',', Some(')' | ']' | '}')) => {}
            ('\'', _) => res.push('"'),
            _ => res.push(char),
        }
    }
    res.truncate(res.trim_end_matches(';').len());
    res
}

#[cfg(test)]
mod tests {
    use super::shape;

    #[test]
    fn formatters_change_no_shape() {
        let one = shape("log('it\\'s', {\n  a: 1,\n},\n);");
        assert_eq!(one, shape("log(\"it's\", { a: 1 })"));
        assert_ne!(one, shape("log(\"its\", { a: 1 })"));
        assert_ne!(shape("log(a)"), shape("log('a')"));
    }
}
