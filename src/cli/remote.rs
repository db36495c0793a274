//! A repository that lies elsewhere: fetched with the system's git into a temporary folder, which is gone afterwards.
//!
//! What is fetched is hostile until shown otherwise. Only the newest commit comes, without submodules, large files and links;
//! no hook, filter or template of anybody runs, nothing asks for a password, and time and size have limits.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use super::{Input, Terminal};
use crate::git::{self, Temporary};

/// Ways to fetch, as git calls them. `git` and `http` are missing: nobody vouches for what comes over them.
const PROTOCOLS: &[&str] = &["https", "ssh", "file"];

/// What a fetch may take.
#[derive(Clone, Copy)]
struct Limits {
    time: Duration,
    /// Bytes on disk, with git's own.
    bytes: u64,
}

/// A large monorepo's newest commit comes in a minute or two and has some 500 MB.
const LIMITS: Limits = Limits { time: Duration::from_secs(300), bytes: 2 << 30 };

/// How often time and size are looked at.
const TICK: Duration = Duration::from_millis(20);
const TICKS_BETWEEN_SIZES: u32 = 25;

/// Of what git says, at most this much is read.
const MAX_SAID: u64 = 64 << 10;

/// An address, taken apart.
#[derive(Debug, PartialEq, Eq)]
struct Address {
    url: String,
    protocol: &'static str,
    /// Branch, tag or full commit id; `HEAD` where none is named.
    reference: String,
}

/// A fetched repository; its folder lives as long as this does.
pub(super) struct Fetched {
    /// What the user called it.
    pub(super) name: String,
    _folder: Temporary,
}

/// Fetches the repository that `input` names, if it names one, and points `input` at it.
///
/// # Errors
/// When the address is not one to fetch from, or git can't; the text says what to do.
pub(super) fn fetch(input: &mut Input, terminal: Terminal) -> Result<Option<Fetched>, String> {
    let mut found = Vec::new();
    for path in &input.paths {
        let text = path.to_string_lossy();
        found.extend(address(&text)?.map(|address| (text.into_owned(), address)));
    }
    let Some((name, address)) = found.pop() else { return Ok(None) };
    if input.paths.len() > 1 {
        return Err("an address of a repository has to stand alone: examine the others in runs of their own".to_owned());
    }
    let folder = Temporary::new()?;
    let root = folder.path().join("repository");
    super::progress::during("fetching", terminal, || clone(&address, &root, LIMITS))
        .map_err(|what| format!("can't fetch {name}: {what}"))?;
    for entry in &mut input.entry {
        *entry = root.join(&*entry);
    }
    input.paths = vec![root];
    Ok(Some(Fetched { name, _folder: folder }))
}

/// The address in an argument; `None` for a path.
fn address(text: &str) -> Result<Option<Address>, String> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return if is_short_ssh(text) { short_ssh(text).map(Some) } else { Ok(None) };
    };
    let Some(protocol) = PROTOCOLS.iter().find(|known| scheme.eq_ignore_ascii_case(known)) else {
        return Err(format!("can't fetch over `{scheme}`: use one of https://, ssh://, file://"));
    };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if host.rsplit_once('@').is_some_and(|(user, _)| user.contains(':')) {
        return Err(
            "the address holds a password, which others can see: leave it to git's credential helper".to_owned()
        );
    }
    if path.len() < 2 || (host.is_empty() && *protocol != "file") {
        return Err(format!("{text} names no repository: https://HOST/OWNER/REPOSITORY"));
    }
    let is_whole = *protocol == "file" && Path::new(path).exists();
    let (path, reference) = if is_whole { (path, None) } else { split_reference(path) };
    finish(format!("{protocol}://{host}{path}"), protocol, reference).map(Some)
}

/// `git@host:owner/repository`, unless a file is called that.
fn is_short_ssh(text: &str) -> bool {
    let host = text.split_once(':').map(|(host, _)| host);
    host.is_some_and(|host| host.contains('@') && !host.contains(['/', '\\'])) && !Path::new(text).exists()
}

fn short_ssh(text: &str) -> Result<Address, String> {
    let (host, path) = text.split_once(':').unwrap_or((text, ""));
    let (path, reference) = split_reference(path);
    if path.is_empty() || host.starts_with('-') {
        return Err(format!("{text} names no repository: git@HOST:OWNER/REPOSITORY"));
    }
    finish(format!("{host}:{path}"), "ssh", reference)
}

/// `/owner/repository@ref`; an `@` that starts a name is part of it.
fn split_reference(path: &str) -> (&str, Option<&str>) {
    match path.rsplit_once('@') {
        Some((before, after)) if !before.is_empty() && !before.ends_with('/') => (before, Some(after)),
        _ => (path, None),
    }
}

fn finish(url: String, protocol: &'static str, reference: Option<&str>) -> Result<Address, String> {
    let reference = reference.unwrap_or("HEAD");
    let is_plain = |char: char| char.is_alphanumeric() || "-._/+".contains(char);
    if reference.is_empty() || reference.starts_with('-') || !reference.chars().all(is_plain) {
        return Err(format!("`{reference}` is no branch, tag or commit: write https://HOST/OWNER/REPOSITORY@BRANCH"));
    }
    Ok(Address { url, protocol, reference: reference.to_owned() })
}

/// Three steps instead of `git clone`, which takes no commit ids. The user's configuration counts for the network only
/// (proxies, credentials): what is checked out passes no filter.
fn clone(address: &Address, root: &Path, limits: Limits) -> Result<(), String> {
    let until = Instant::now() + limits.time;
    std::fs::create_dir(root).map_err(|err| format!("can't make a temporary folder: {err}"))?;
    let step = |words: &[&str], alone: bool| {
        let mut git = git::git(root, Some(address.protocol));
        if alone {
            git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        }
        watched(git.args(words), root, limits, until)
    };
    step(&["init", "--quiet", "--template="], true)?;
    let fetch = ["fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--"];
    step(&[&fetch[..], &[&address.url, &address.reference]].concat(), false)?;
    step(&["checkout", "--quiet", "--detach", "FETCH_HEAD"], true)
}

/// Runs git to its end, or ends it at a limit.
fn watched(git: &mut Command, root: &Path, limits: Limits, until: Instant) -> Result<(), String> {
    let io = |err: std::io::Error| format!("can't run git: {err}");
    let mut said = tempfile::tempfile().map_err(io)?;
    let mut child = git.stderr(said.try_clone().map_err(io)?).spawn().map_err(|err| git::not_started(&err))?;
    let mut stopped = None;
    let mut ticks = 0_u32;
    let status = loop {
        if let Some(status) = child.try_wait().map_err(io)? {
            break status;
        }
        ticks = ticks.wrapping_add(1);
        if Instant::now() >= until {
            stopped = Some(format!("it takes more than {} seconds", limits.time.as_secs()));
        } else if ticks.is_multiple_of(TICKS_BETWEEN_SIZES) && size(root) > limits.bytes {
            stopped = Some(too_large(limits));
        }
        if stopped.is_some() {
            // It may have ended by itself meanwhile.
            let _ = child.kill();
            break child.wait().map_err(io)?;
        }
        std::thread::sleep(TICK);
    };
    match stopped {
        Some(why) => Err(format!("{why}: fetch it yourself, and name the folder")),
        None if size(root) > limits.bytes => {
            Err(format!("{}: fetch it yourself, and name the folder", too_large(limits)))
        }
        None => outcome(status, &mut said),
    }
}

fn too_large(limits: Limits) -> String {
    format!("it has more than {} MiB", limits.bytes >> 20)
}

fn outcome(status: ExitStatus, said: &mut File) -> Result<(), String> {
    if status.success() {
        return Ok(());
    }
    let mut text = Vec::new();
    // When that can't be read, the status has to do.
    let _ = said.seek(SeekFrom::Start(0)).and_then(|_| said.take(MAX_SAID).read_to_end(&mut text));
    let text = String::from_utf8_lossy(&text);
    let reason = text.lines().find_map(|line| line.strip_prefix("fatal: ")).or_else(|| text.lines().next());
    let reason = reason.map_or_else(|| status.to_string(), str::to_owned);
    let hint = if reason.contains("find remote ref") {
        ": a branch, a tag or a full commit id stands behind the `@`"
    } else if reason.contains("could not read Username") {
        ": there is none, or it is private and git's credential helper knows no password for it"
    } else {
        ""
    };
    Err(format!("git says \"{reason}\"{hint}"))
}

/// Bytes of all files below a folder.
fn size(root: &Path) -> u64 {
    let mut open: Vec<PathBuf> = vec![root.to_owned()];
    let mut sum = 0_u64;
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(about) if about.is_dir() => open.push(entry.path()),
                Ok(about) => sum = sum.saturating_add(about.len()),
                // Git takes away files of its own while it works.
                Err(_) => {}
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Option<(String, String)> {
        address(text).expect("an address or a path").map(|address| (address.url, address.reference))
    }

    #[test]
    fn addresses_are_told_from_paths() {
        let some = |url: &str, reference: &str| Some((url.to_owned(), reference.to_owned()));
        assert_eq!(parts("https://example.org/o/r"), some("https://example.org/o/r", "HEAD"));
        assert_eq!(parts("https://example.org/o/r@feature/x"), some("https://example.org/o/r", "feature/x"));
        assert_eq!(parts("ssh://git@example.org/o/r@v1.2"), some("ssh://git@example.org/o/r", "v1.2"));
        assert_eq!(parts("git@example.org:o/r.git@v1"), some("git@example.org:o/r.git", "v1"));
        assert_eq!(parts("file:///@scope/r"), some("file:///@scope/r", "HEAD"));
        for path in [".", "src/a.ts", "packages/@scope/server", "C:\\server", "./https:/x"] {
            assert_eq!(parts(path), None, "{path}");
        }
    }

    #[test]
    fn dangerous_addresses_are_refused() {
        for (text, why) in [
            ("ext::sh://x", "can't fetch over"),
            ("http://example.org/o/r", "can't fetch over `http`"),
            ("https://me:secret@example.org/o/r", "holds a password"),
            ("https://example.org/o/r@--upload-pack=x", "is no branch"),
            ("https://example.org", "names no repository"),
            ("-oProxyCommand=x@y:z", "names no repository"),
        ] {
            let said = address(text).expect_err(text);
            assert!(said.contains(why) && !said.contains("secret"), "{said}");
        }
    }

    #[test]
    fn limits_end_a_fetch() {
        let folder = tempfile::tempdir().expect("a folder");
        let address = Address { url: "file:///nowhere".into(), protocol: "file", reference: "HEAD".into() };
        let small = clone(&address, &folder.path().join("a"), Limits { bytes: 1, ..LIMITS });
        assert!(small.expect_err("over the limit").contains("more than 0 MiB"));
        let short = clone(&address, &folder.path().join("b"), Limits { time: Duration::ZERO, ..LIMITS });
        assert!(short.expect_err("over the limit").contains("more than 0 seconds"));
    }
}
