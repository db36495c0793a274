//! Reading a user's model files: TOML text to [`ModelFile`], with mistakes told by file and line.
//!
//! Patterns and ports are checked when all files are known, by [`super::Models::new`].

use serde::Deserialize as _;

use super::schema::ModelFile;
use crate::base::spelling;

/// What a user adds to the models that the program carries.
#[derive(Clone, Debug, Default)]
pub(crate) struct Own {
    /// A folder with model files.
    pub(crate) folder: Option<std::path::PathBuf>,
    /// Models in the configuration, checked when that was read.
    pub(crate) tables: Vec<toml::Table>,
    pub(crate) names: super::schema::OwnNames,
}

impl Own {
    /// Does the user add no model?
    pub(super) fn is_empty(&self) -> bool {
        self.folder.is_none() && self.tables.is_empty()
    }
}

/// A model in the configuration; `number` counts from 1.
///
/// # Errors
/// One sentence that names the model.
pub(crate) fn from_table(number: usize, table: &toml::Table) -> Result<ModelFile, String> {
    let name = table.get("library").and_then(toml::Value::as_str).map(|name| format!(" ({name})"));
    let told = |what: &str| format!("[[model]] {number}{}: {what}", name.as_deref().unwrap_or_default());
    let model = ModelFile::deserialize(toml::Value::Table(table.clone()))
        .map_err(|error| told(&format!("{}{}", error.message(), spelling::hint(error.message()))))?;
    if model.imports.is_empty() && model.files.is_empty() && model.globals.is_empty() {
        return Err(told(
            "it applies to nothing: say which `imports` give a library, or which `files` of the program it stands for",
        ));
    }
    Ok(model)
}

/// The model files that could be read; what is wrong with the others goes to `faults`.
pub(super) fn all(read: impl Iterator<Item = Result<ModelFile, String>>, faults: &mut Vec<String>) -> Vec<ModelFile> {
    read.filter_map(|file| file.map_err(|what| faults.push(what)).ok()).collect()
}

/// Parses one model file; `path` is only for the message.
///
/// # Errors
/// One sentence that starts with `path:line:`.
pub(crate) fn parse(path: &str, text: &str) -> Result<ModelFile, String> {
    toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let line = text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1;
        format!("{path}:{line}: {}{}", error.message(), spelling::hint(error.message()))
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use walkdir::WalkDir;

    use super::*;
    use crate::models::Models;

    #[test]
    fn every_model_file_is_sound() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/rules/models");
        let mut faults = Vec::new();
        let mut files = Vec::new();
        for entry in WalkDir::new(root).sort_by_file_name() {
            let entry = entry.expect("the directory can be read");
            if entry.path().extension().is_none_or(|extension| extension != "toml") {
                continue;
            }
            let path = entry.path().display().to_string();
            let text = fs::read_to_string(entry.path()).expect("the file can be read");
            assert!(text.contains("checked"), "{path} does not say which version was read");
            match parse(&path, &text) {
                Ok(file) => files.push(file),
                Err(what) => faults.push(what),
            }
        }
        match Models::new(files) {
            Ok(models) => faults.extend(models.index.build_all().err().into_iter().flatten()),
            Err(more) => faults.extend(more),
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    #[test]
    fn a_mistake_is_told_by_file_and_line() {
        let text = "library = \"x\"\nlanguage = \"script\"\nchecked = { version = \"1\", against = \"run\" }\n[[sink]]\nkind = \"wriet\"\n";
        let what = parse("x.toml", text).expect_err("no such kind");
        assert!(what.starts_with("x.toml:5: "), "{what}");
    }
}
