//! The only disk access: which files there are, their text, and what the manifests beside them say.

pub(crate) mod classify;
pub(crate) mod files;
mod imported;
pub(crate) mod manifest;
pub(crate) mod paths;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod version;
pub(crate) mod walk;
pub(crate) mod workspace;

use std::path::Path;

/// The model files of a user's folder: path and text, sorted by path.
///
/// # Errors
/// When the folder or a file in it can't be read.
pub(crate) fn models_in(folder: &Path) -> Result<Vec<(String, String)>, String> {
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.map_err(|err| format!("can't read the models in {}: {err}", folder.display()))?;
        let path = entry.path();
        if path.extension().is_some_and(|ext| ext == "toml") {
            let text = std::fs::read_to_string(path).map_err(|err| format!("can't read {}: {err}", path.display()))?;
            files.push((path.display().to_string(), text));
        }
    }
    Ok(files)
}
