//! The files of one commit, written to a temporary folder as they are stored: no line ends changed, no filter run, links and
//! submodules left out.

use std::fs;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::process::Stdio;

use crate::base::bounds::{MAX_FILE_BYTES, MAX_MANIFEST_BYTES};

use super::{Temporary, answer, complaint, git, not_started};

/// Most files written. The largest public servers are part of repositories with some 30,000.
const MAX_FILES: usize = 200_000;

/// Most bytes written.
const MAX_BYTES: u64 = 2 << 30;

/// A temporary folder with the files of a commit; it is removed with the value.
pub(crate) struct Tree {
    folder: Temporary,
}

/// A file of a commit.
struct Blob {
    id: String,
    bytes: u64,
    path: PathBuf,
}

impl Tree {
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("files")
    }

    /// Writes the files of `commit` in the repository at `place`.
    pub(super) fn write(place: &Path, commit: &str) -> Result<Self, String> {
        let res = Self { folder: Temporary::new()? };
        let root = res.path();
        // The mark of a repository: ignore files above a scanned folder hold in one only.
        fs::create_dir_all(root.join(".git")).map_err(|err| format!("can't write to the temporary folder: {err}"))?;
        let listed = answer(git(place, None).args(["ls-tree", "-r", "-z", "-l", "--full-tree", commit]))?;
        let blobs: Vec<Blob> = listed.split('\0').filter_map(blob).filter(Blob::is_read).collect();
        let bytes: u64 = blobs.iter().map(|blob| blob.bytes).sum();
        if blobs.len() > MAX_FILES || bytes > MAX_BYTES {
            return Err(format!(
                "the commit has {} files of {} MiB, more than the {MAX_FILES} or {} MiB that are compared",
                blobs.len(),
                bytes >> 20,
                MAX_BYTES >> 20
            ));
        }
        contents(place, &root, &blobs)?;
        Ok(res)
    }
}

impl Blob {
    /// Does an audit read files of this size? Manifests may be larger than sources.
    fn is_read(&self) -> bool {
        let is_manifest = || crate::source::manifest::is_manifest(&self.path.to_string_lossy());
        self.bytes <= MAX_FILE_BYTES || self.bytes <= MAX_MANIFEST_BYTES && is_manifest()
    }
}

/// A row of `ls-tree -l`: `100644 blob <id> <size>\t<path>`. Links and submodules are none of ours.
fn blob(row: &str) -> Option<Blob> {
    let (head, path) = row.split_once('\t')?;
    let mut words = head.split_whitespace();
    let (mode, _, id, bytes) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let path = PathBuf::from(path);
    // Git itself refuses such trees when it writes them; other programs write trees, too.
    let is_inside = path.components().all(|part| match part {
        Component::Normal(name) => !name.eq_ignore_ascii_case(".git"),
        _ => false,
    });
    (mode.starts_with("100") && is_inside).then_some(Blob { id: id.to_owned(), bytes: bytes.parse().ok()?, path })
}

fn create(root: &Path, path: &Path) -> Result<fs::File, String> {
    let file = root.join(path);
    file.parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::File::create(file))
        .map_err(|err| format!("can't write {}: {err}", path.display()))
}

/// Asks one git process for all contents, in order.
fn contents(place: &Path, root: &Path, blobs: &[Blob]) -> Result<(), String> {
    let mut child = git(place, None)
        .args(["cat-file", "--batch", "--buffer"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|err| not_started(&err))?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let (Some(stdin), Some(stdout)) = (stdin, stdout) else { return Err("git can't be talked to".to_owned()) };
    let written = std::thread::scope(|scope| {
        // Who asks for all before it reads any waits for ever: both pipes are full by then.
        scope.spawn(move || {
            let mut stdin = BufWriter::new(stdin);
            for blob in blobs {
                if writeln!(stdin, "{}", blob.id).is_err() {
                    return;
                }
            }
        });
        let mut stdout = BufReader::new(stdout);
        let res = blobs.iter().try_for_each(|blob| receive(&mut stdout, root, blob));
        // The asking thread ends when nobody listens to the answers.
        drop(stdout);
        res
    });
    let output = child.wait_with_output().map_err(|err| not_started(&err))?;
    match written {
        Err(what) if output.stderr.is_empty() => Err(what),
        Err(what) => Err(format!("{what}: {}", complaint(&output.stderr))),
        Ok(()) => Ok(()),
    }
}

/// One answer: a line `<id> blob <size>`, the bytes, a line break.
fn receive(from: &mut impl BufRead, root: &Path, blob: &Blob) -> Result<(), String> {
    let fault = |what: &str| format!("git gave no content for {}: {what}", blob.path.display());
    let mut head = String::new();
    from.read_line(&mut head).map_err(|err| fault(&err.to_string()))?;
    let bytes: u64 =
        head.trim().rsplit(' ').next().and_then(|bytes| bytes.parse().ok()).ok_or_else(|| fault(head.trim()))?;
    let mut file = create(root, &blob.path)?;
    let copied = std::io::copy(&mut from.by_ref().take(bytes), &mut file).map_err(|err| fault(&err.to_string()))?;
    let mut end = [0; 1];
    from.read_exact(&mut end).map_err(|err| fault(&err.to_string()))?;
    if copied == bytes { Ok(()) } else { Err(fault("the answer ended early")) }
}
