//! wrangler.toml, wrangler.json and wrangler.jsonc: the workers that a platform runs when a request comes in.

use serde_json::Value;

use super::{Fault, toml_table};
use crate::source::paths;

/// What one file says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Worker {
    pub(crate) name: Option<String>,
    pub(crate) main: Option<String>,
}

pub(crate) fn is_settings(name: &str) -> bool {
    matches!(name, "wrangler.toml" | "wrangler.json" | "wrangler.jsonc")
}

pub(crate) fn parse(name: &str, text: &str) -> Result<Worker, Fault> {
    if paths::extension(name) == "toml" {
        let table = toml_table(text)?;
        let text_of = |key: &str| table.get(key).and_then(toml::Value::as_str).map(str::to_owned);
        return Ok(Worker { name: text_of("name"), main: text_of("main") });
    }
    let value: Value = jsonc_parser::parse_to_serde_value(text, &jsonc_parser::ParseOptions::default())
        .map_err(|err| (err.line_display(), err.kind().to_string()))?;
    let text_of = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    Ok(Worker { name: text_of("name"), main: text_of("main") })
}
