//! `--since REV`: only what a range of commits introduced is news.
#![expect(clippy::expect_used, reason = "in a test a panic is a failed test")]

use std::path::{Path, PathBuf};
use std::process::Command;

const SERVER: &str = r#"import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
const server = new McpServer({ name: "notes", version: "1.0.0" });
process.on("unhandledRejection", (reason) => { console.error("rejected", reason); process.exit(1); });
console.log("starting");
await server.connect(new StdioServerTransport());
"#;
const MANIFEST: &str = r#"{"name":"notes","version":"1.0.0","type":"module","bin":"index.js","dependencies":{"@modelcontextprotocol/sdk":"1.20.0"}}"#;

fn git(folder: &Path, words: &[&str]) {
    let mut git = Command::new("git");
    git.current_dir(folder).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    git.args(["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]);
    let done = git.args(words).output().expect("git runs");
    assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
}

fn commit(folder: &Path) {
    git(folder, &["add", "."]);
    git(folder, &["commit", "--quiet", "-m", "a change"]);
}

/// A repository with one commit, on the branch `main`; a branch `topic` is checked out.
fn repository(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("since").join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).expect("target is writable");
    }
    std::fs::create_dir_all(folder.join("temporary")).expect("target is writable");
    write(&folder, ".gitignore", "temporary\n");
    for (file, text) in files {
        write(&folder, file, text);
    }
    git(&folder, &["init", "--quiet"]);
    commit(&folder);
    git(&folder, &["checkout", "--quiet", "-b", "topic"]);
    folder
}

fn server(name: &str) -> PathBuf {
    repository(name, &[("package.json", MANIFEST), ("index.js", SERVER)])
}

fn write(folder: &Path, file: &str, text: &str) {
    let path = folder.join(file);
    std::fs::create_dir_all(path.parent().expect("below the folder")).expect("writable");
    std::fs::write(path, text).expect("writable");
}

/// Runs the program, and sees to it that nothing is left over.
fn run(folder: &Path, words: &[&str]) -> (Option<i32>, String) {
    let temporary = folder.join("temporary");
    let mut program = Command::new(env!("CARGO_BIN_EXE_mcpleaks"));
    let output = program.current_dir(folder).args(words).env("TMPDIR", &temporary).output().expect("the program runs");
    let left = std::fs::read_dir(&temporary).expect("readable").count();
    assert_eq!(left, 0, "{words:?} left something behind");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), text)
}

#[test]
fn what_was_there_before_is_no_news() {
    let folder = server("before");
    let (code, text) = run(&folder, &["--since", "main"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("1 there before the commits asked about"), "{text}");
    // The fault moves, and another one comes: committed, and not.
    write(&folder, "index.js", &(SERVER.replace("console.log(", "\nconsole.log(") + "console.log(\"served\");\n"));
    for is_committed in [false, true] {
        if is_committed {
            commit(&folder);
        }
        let (code, text) = run(&folder, &["--since", "main"]);
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains("index.js:8") && text.contains("1 error") && !text.contains("mcpleaks-"), "{text}");
    }
    assert_eq!(run(&folder, &["--since", "HEAD"]).0, Some(0));
    let (_, json) = run(&folder, &["--since", "main", "--format", "json"]);
    assert!(json.contains("\"earlier\": 1"), "{json}");
}

#[test]
fn what_the_other_branch_did_since_is_none_of_this_one_s() {
    let folder = server("merge-base");
    write(&folder, "index.js", &(SERVER.to_owned() + "console.log(\"served\");\n"));
    commit(&folder);
    git(&folder, &["checkout", "--quiet", "main"]);
    write(&folder, "index.js", &SERVER.replace("console.log", "console.error"));
    commit(&folder);
    git(&folder, &["checkout", "--quiet", "topic"]);
    let (code, text) = run(&folder, &["--since", "main"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("index.js:7") && text.contains("1 error"), "{text}");
}

#[test]
fn a_folder_of_the_repository_with_an_entry_by_hand() {
    let files = [("packages/a/package.json", MANIFEST), ("packages/a/index.js", SERVER)];
    let folder = repository("folder", &files);
    write(&folder, "packages/a/index.js", &(SERVER.to_owned() + "console.log(\"served\");\n"));
    for words in [&["packages/a"][..], &["packages/a/index.js"], &["packages/a", "--entry", "packages/a/index.js"]] {
        let (code, text) = run(&folder, &[words, &["--since", "main"]].concat());
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains("index.js:7") && text.contains("1 error"), "{text}");
    }
    write(&folder, "packages/b/package.json", MANIFEST);
    write(&folder, "packages/b/index.js", SERVER);
    let (code, text) = run(&folder, &["packages/b", "--since", "main"]);
    assert_eq!(code, Some(1), "all of what is younger than the commit is new\n{text}");
}

#[test]
fn an_acceptance_that_is_taken_back_is_news() {
    let accepted = SERVER.replace("console.log", "// mcpleaks: ignore[stdout-write] a sample\nconsole.log");
    let folder = repository("accepted", &[("package.json", MANIFEST), ("index.js", &accepted)]);
    assert_eq!(run(&folder, &["--since", "main"]).0, Some(0));
    write(&folder, "index.js", SERVER);
    assert_eq!(run(&folder, &["--since", "main"]).0, Some(1));
}

#[test]
fn what_cannot_be_compared_is_said() {
    let folder = server("wrong");
    for (revision, said) in [
        ("nowhere", "--since nowhere: there is no such commit in this clone"),
        ("main..topic", "it ends at the files as they are"),
        ("--all", "--since"),
    ] {
        let (code, text) = run(&folder, &[&format!("--since={revision}")]);
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains(said), "{text}");
    }
    let (code, text) = run(&folder, &[&format!("file://{}", folder.display()), "--since", "main"]);
    assert!(code == Some(2) && text.contains("needs the history"), "{text}");
    let outside = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("since/outside");
    std::fs::create_dir_all(outside.join("temporary")).expect("writable");
    write(&outside, "index.js", SERVER);
    // The repository of mcpleaks is around it; a broken one in between hides that.
    write(&outside, ".git", "gitdir: /nowhere\n");
    let (code, text) = run(&outside, &["--since", "main"]);
    assert!(code == Some(2) && text.contains("needs a git repository"), "{text}");
}
