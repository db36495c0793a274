//! A repository elsewhere is fetched, examined and thrown away; nothing in it, and nothing of the user's, runs meanwhile.
#![expect(clippy::expect_used, reason = "in a test a panic is a failed test")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A fresh folder below `target`.
fn folder(name: &str) -> PathBuf {
    let res = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    if res.exists() {
        std::fs::remove_dir_all(&res).expect("target is writable");
    }
    std::fs::create_dir_all(&res).expect("target is writable");
    res
}

fn git(folder: &Path, words: &[&str]) {
    let mut git = Command::new("git");
    git.current_dir(folder).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    git.args(["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]);
    let done = git.args(words).output().expect("git runs");
    assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// A repository with a fault, tagged `bad`; the newest commit has none.
fn repository(name: &str) -> PathBuf {
    let root = folder(name).join("server");
    std::fs::create_dir(&root).expect("target is writable");
    std::fs::write(root.join("package.json"), r#"{"name": "remote", "bin": "index.js"}"#).expect("writable");
    let server = "import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';\n\
        import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';\n\
        const server = new McpServer({ name: 'remote', version: '1.0.0' });\nSTART\n\
        await server.connect(new StdioServerTransport());\n";
    git(&root, &["init", "--quiet"]);
    for (start, tag) in [("console.log('up');", "bad"), ("console.error('up');", "good")] {
        std::fs::write(root.join("index.js"), server.replace("START", start)).expect("writable");
        git(&root, &["add", "."]);
        git(&root, &["commit", "--quiet", "-m", tag]);
        git(&root, &["tag", tag]);
    }
    root
}

/// Runs the program with a folder of its own for temporary files.
fn run(temporary: &Path, words: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_mcpleaks"));
    program.env("TMPDIR", temporary).args(words).output().expect("the program runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).expect("readable").next().is_none()
}

#[test]
fn the_commit_asked_for_is_examined_and_thrown_away() {
    let root = repository("remote");
    let temporary = folder("remote-temporary");
    let url = format!("file://{}", root.display());
    let newest = run(&temporary, &[&url, "--min-level", "error"]);
    assert_eq!(newest.status.code(), Some(0), "{}", said(&newest));
    let old = run(&temporary, &[&format!("{url}@bad"), "--quiet"]);
    assert_eq!(old.status.code(), Some(1), "{}", said(&old));
    assert!(said(&old).contains("[index.js:4:1]") && !said(&old).contains("mcpleaks-"), "{}", said(&old));
    // A configuration of one's own speaks of the files that were fetched.
    let config = temporary.parent().expect("it has one").join("remote-config.toml");
    let declared = "[[server]]\nname = \"declared\"\nentry = \"index.js\"\ntransport = \"http\"\n";
    std::fs::write(&config, declared).expect("writable");
    let http = run(&temporary, &[&format!("{url}@bad"), "--config", &config.to_string_lossy()]);
    assert!(said(&http).contains("declared") && !said(&http).contains("stdout-write"), "{}", said(&http));
    let servers = run(&temporary, &["servers", &url]);
    assert!(servers.status.success() && said(&servers).contains("remote"), "{}", said(&servers));
    let explained = run(&temporary, &["explain", "index.js:4", &format!("{url}@bad")]);
    assert!(explained.status.success() && said(&explained).contains("stdout-write"), "{}", said(&explained));
    assert!(is_empty(&temporary), "something is left over");
}

/// A signal ends the fetch, takes the folder away, and shows in the status.
#[cfg(unix)]
#[test]
fn a_signal_leaves_nothing_over() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::ExitStatusExt;
    use std::time::Duration;
    let tools = folder("remote-signal");
    // In place of git: it takes its time, and writes all the while.
    let slow = "#!/bin/sh\nfor n in 1 2 3 4 5 6 7 8 9; do mkdir -p here/$n && sleep 0.3 || exit 1; done\n";
    std::fs::write(tools.join("git"), slow).expect("writable");
    std::fs::set_permissions(tools.join("git"), std::fs::Permissions::from_mode(0o755)).expect("writable");
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").expect("there is one"));
    for (signal, number) in [("TERM", 15), ("INT", 2)] {
        let temporary = folder("remote-signal-temporary");
        let mut program = Command::new(env!("CARGO_BIN_EXE_mcpleaks"));
        program.env("PATH", &path).env("TMPDIR", &temporary).arg("https://example.org/o/r");
        let mut child = program.spawn().expect("the program runs");
        for _ in 0..200 {
            if !is_empty(&temporary) {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        std::thread::sleep(Duration::from_millis(200));
        assert!(!is_empty(&temporary), "it fetches into a folder");
        let sent = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().expect("kill runs");
        assert!(sent.success());
        assert_eq!(child.wait().expect("it ends").signal(), Some(number));
        assert!(is_empty(&temporary), "the folder is left over after {signal}");
    }
}

#[test]
fn nothing_runs_and_foreign_settings_do_not_count() {
    let root = repository("remote-hostile");
    let (home, temporary) = (folder("remote-home"), folder("remote-hostile-temporary"));
    let mark = home.join("ran");
    let command = format!("touch {}", mark.display());
    let hooks = home.join("hooks");
    std::fs::create_dir(&hooks).expect("writable");
    std::fs::write(hooks.join("post-checkout"), format!("#!/bin/sh\n{command}\n")).expect("writable");
    let done = Command::new("chmod").arg("+x").arg(hooks.join("post-checkout")).status().expect("chmod runs");
    assert!(done.success());
    let config = format!("[core]\n\thooksPath = {}\n[filter \"x\"]\n\tsmudge = {command}\n", hooks.display());
    std::fs::write(home.join("config"), config).expect("writable");
    std::fs::write(root.join(".gitattributes"), "* filter=x\n").expect("writable");
    std::fs::write(root.join("mcpleaks.toml"), "[rules]\nstdout-write = \"off\"\n").expect("writable");
    git(&root, &["checkout", "--quiet", "bad"]);
    git(&root, &["add", "."]);
    git(&root, &["commit", "--quiet", "-m", "hostile"]);
    git(&root, &["tag", "hostile"]);
    let output = Command::new(env!("CARGO_BIN_EXE_mcpleaks"))
        .env("TMPDIR", &temporary)
        .env("GIT_CONFIG_GLOBAL", home.join("config"))
        .env("GIT_DIR", "/nowhere")
        .args(["--min-level", "error", &format!("file://{}@hostile", root.display())])
        .output()
        .expect("the program runs");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(!mark.exists(), "a hook or a filter ran");
}

#[test]
fn what_cannot_be_fetched_is_said() {
    let root = repository("remote-wrong");
    let temporary = folder("remote-wrong-temporary");
    let there = format!("file://{}", root.display());
    for (url, why) in [
        (format!("{there}@nowhere"), "stands behind the `@`"),
        ("file:///nowhere/at/all".to_owned(), "git says"),
        ("http://example.org/o/r".to_owned(), "use one of https://"),
    ] {
        let output = run(&temporary, &[&url]);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(output.stdout.is_empty() && said(&output).contains(why), "{}", said(&output));
    }
    let two = run(&temporary, &[&there, "."]);
    assert!(two.status.code() == Some(2) && said(&two).contains("has to stand alone"), "{}", said(&two));
    assert!(is_empty(&temporary), "something is left over");
}
