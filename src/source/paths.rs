//! Paths of the scan as text: relative to its root, with `/`, the root itself is the empty text.

/// The folder of a file or folder; the root's is the root.
pub(crate) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

/// The last part of a path.
pub(crate) fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// The folder itself, then each one around it, the root last.
pub(crate) fn upward(dir: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(dir), |dir| (!dir.is_empty()).then(|| parent(dir)))
}

/// `path` seen from `dir`, without `.` and `..`; `None` when it leaves the root.
pub(crate) fn join(dir: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = dir.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// `path` without the folder `dir` in front; `None` when it isn't below it.
pub(crate) fn below<'p>(path: &'p str, dir: &str) -> Option<&'p str> {
    if dir.is_empty() { Some(path) } else { path.strip_prefix(dir)?.strip_prefix('/') }
}

/// The extension of a path's last part, without the dot.
pub(crate) fn extension(path: &str) -> &str {
    name(path).rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map_or("", |(_, ext)| ext)
}

/// The path without its extension.
pub(crate) fn without_extension(path: &str) -> &str {
    match extension(path) {
        "" => path,
        ext => path.get(..path.len() - ext.len() - 1).unwrap_or(path),
    }
}

/// Is a folder of this name the usual place for copies of other projects?
pub(crate) fn holds_copies(folder: &str) -> bool {
    matches!(
        folder,
        "vendor" | "_vendor" | "vendored" | "_vendored" | "third_party" | "third-party" | "thirdparty" | "_third_party"
    )
}

/// Does the file belong to a copy of another project? What is to be mended in it is mended there.
pub(crate) fn is_copied(path: &str) -> bool {
    parent(path).split('/').any(holds_copies)
}
