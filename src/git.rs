//! The system's `git`, and the files of an earlier commit.
//!
//! A repository is hostile until shown otherwise: whatever is asked of git, no hook, filter or template runs, and nothing asks for
//! a password. An earlier commit is not checked out: its objects are written to a temporary folder as they are.

mod temporary;
mod tree;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(crate) use temporary::Temporary;
pub(crate) use tree::Tree;

/// Variables that would point git at another repository, or change what it does: a hook that starts mcpleaks has them set.
const OF_ANOTHER_REPOSITORY: &[&str] = &[
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_COUNT",
];

/// Git in a folder, free to use the network by one protocol only, if at all.
pub(crate) fn git(folder: &Path, protocol: Option<&str>) -> Command {
    let mut git = Command::new("git");
    git.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null());
    for name in OF_ANOTHER_REPOSITORY {
        git.env_remove(name);
    }
    git.env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_ASKPASS", "")
        .env("SSH_ASKPASS", "")
        .env("GCM_INTERACTIVE", "never")
        .env("GIT_SSH_COMMAND", "ssh -oBatchMode=yes")
        .env("GIT_LFS_SKIP_SMUDGE", "1")
        .env("GIT_ALLOW_PROTOCOL", protocol.unwrap_or("none"))
        .env("LC_ALL", "C");
    let settings = [
        "core.hooksPath=/dev/null",
        "core.fsmonitor=false",
        "core.symlinks=false",
        "core.askPass=",
        "submodule.recurse=false",
        "gc.auto=0",
        "maintenance.auto=false",
    ];
    for setting in settings {
        git.args(["-c", setting]);
    }
    git
}

/// What it means that git did not start.
pub(crate) fn not_started(err: &std::io::Error) -> String {
    match err.kind() {
        std::io::ErrorKind::NotFound => "git is not installed, or not on the PATH: install it".to_owned(),
        _ => format!("can't run git: {err}"),
    }
}

/// The tree of an earlier commit of the repository around `folder`, and where in it `folder` lies.
///
/// The commit is the last one that `revision` and the current commit have in common: what the other branch did since is none
/// of this one's doing.
///
/// # Errors
/// When `folder` is in no repository or has no such commit; the text says what to do.
pub(crate) fn earlier(folder: &Path, revision: &str) -> Result<(Tree, PathBuf), String> {
    if revision.starts_with('-') || revision.contains("..") || revision.is_empty() {
        return Err(format!(
            "--since {revision}: that is no commit; name the one that the range starts after, it ends at the files as they are"
        ));
    }
    let ask = |words: &[&str]| answer(git(folder, None).args(words));
    let prefix = ask(&["rev-parse", "--show-prefix"])
        .map_err(|what| format!("--since needs a git repository around {}: {what}", folder.display()))?;
    let commit = format!("{revision}^{{commit}}");
    let tip = ask(&["rev-parse", "--quiet", "--verify", "--end-of-options", &commit]).map_err(|_| {
        format!(
            "--since {revision}: there is no such commit in this clone; see `git log`, or get it with `git fetch` (in a \
             workflow: actions/checkout with `fetch-depth: 0`)"
        )
    })?;
    // A clone without the history in between has no common commit: then the one named has to do.
    let base = ask(&["merge-base", tip.trim(), "HEAD"]).unwrap_or(tip);
    let tree = Tree::write(folder, base.trim()).map_err(|what| format!("--since {revision}: {what}"))?;
    Ok((tree, PathBuf::from(prefix.trim_end_matches(['\n', '\r']))))
}

/// Runs git to its end; gives what it wrote.
fn answer(command: &mut Command) -> Result<String, String> {
    let output = command.stdout(Stdio::piped()).output().map_err(|err| not_started(&err))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(complaint(&output.stderr))
    }
}

/// What git complained of: its first telling line.
fn complaint(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let telling = said.lines().find(|line| line.starts_with("fatal:") || line.starts_with("error:"));
    let line = telling.or(said.lines().next()).unwrap_or("git gave no reason");
    format!("git says \"{}\"", line.trim_start_matches("fatal: ").trim_start_matches("error: ").trim())
}
