//! The data files that the binary carries: rules, models, lists of words.
//!
//! They are written in TOML and carried as JSON (`build.rs`), which is read several times as fast: an audit of a small server
//! takes less time than reading the models of its language from TOML.

use serde::de::DeserializeOwned;

/// Path below `rules/`, and the content as JSON; sorted by path.
pub(crate) const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// The content of a file.
///
/// # Errors
/// One sentence that names the file.
pub(crate) fn read<T: DeserializeOwned>(path: &str) -> Result<T, String> {
    let at = FILES.binary_search_by_key(&path, |(known, _)| known);
    let (_, text) = at.map(|at| FILES[at]).map_err(|_| format!("rules/{path}: no such file"))?;
    parse(path, text)
}

/// What a carried file says; `path` is only for the message.
///
/// # Errors
/// One sentence that names the file.
pub(crate) fn parse<T: DeserializeOwned>(path: &str, json: &str) -> Result<T, String> {
    serde_json::from_str(json).map_err(|error| format!("rules/{path}: {error}"))
}
