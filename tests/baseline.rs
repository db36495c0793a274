//! Baselines, from outside: what they know, what they never hide, and what stays in them.
#![expect(clippy::expect_used, reason = "in a test a panic is a failed test")]

use std::path::{Path, PathBuf};
use std::process::Command;

const MANIFEST: &str = r#"{"name":"notes","version":"1.0.0","type":"module","bin":"index.js","dependencies":{"@modelcontextprotocol/sdk":"1.20.0"}}"#;
const HEAD: &str = r#"import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { greet } from "./greet.js";
const server = new McpServer({ name: "notes", version: "1.0.0" });
process.on("unhandledRejection", (reason) => { console.error("rejected", reason); process.exit(1); });
greet();
await server.connect(new StdioServerTransport());
"#;
const GREETING: &str = "export function greet() {\n  console.log(\"hello\", { to: \"all\" });\n}\n";
const POLITE: &str = "export function greet() {\n  console.error(\"hello\");\n}\n";

fn write(folder: &Path, name: &str, text: &str) {
    let file = folder.join(name);
    std::fs::create_dir_all(file.parent().expect("below the folder")).expect("target is writable");
    std::fs::write(file, text).expect("target is writable");
}

/// Servers with a fault each, in a fresh folder.
fn project(name: &str, servers: &[&str]) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("baseline").join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).expect("target is writable");
    }
    for server in servers {
        let within = folder.join(server);
        write(&within, "package.json", MANIFEST);
        write(&within, "index.js", HEAD);
        write(&within, "greet.js", GREETING);
    }
    folder
}

fn run(folder: &Path, words: &[&str]) -> (Option<i32>, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_mcpleaks"));
    let output = program.current_dir(folder).args(words).env_remove("CI").output().expect("the program runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), text)
}

fn text_of(folder: &Path, file: &str) -> String {
    std::fs::read_to_string(folder.join(file)).expect("it was written")
}

#[test]
fn parts_are_known_and_stay() {
    let folder = project("parts", &["packages/a", "packages/b"]);
    assert_eq!(run(&folder, &["--write-baseline", "known.json"]).0, Some(0));
    let whole = text_of(&folder, "known.json");
    for part in ["packages/a", "packages/b", "packages/a/index.js"] {
        let (code, text) = run(&folder, &[part, "--baseline", "known.json"]);
        assert_eq!(code, Some(0), "{part}\n{text}");
    }
    let (code, text) = run(&folder.join("packages/a"), &["--baseline", "../../known.json"]);
    assert_eq!(code, Some(0), "{text}");
    write(&folder, "packages/a/greet.js", POLITE);
    for words in [&["packages/a"][..], &["packages/b"], &["--entry", "packages/b/index.js"]] {
        assert_eq!(run(&folder, &[words, &["--baseline", "known.json"]].concat()).0, Some(0));
        assert_eq!(text_of(&folder, "known.json"), whole, "a part takes nothing out");
    }
    let (_, text) = run(&folder, &["--baseline", "known.json"]);
    assert!(text.contains("1 entry matches nothing any more and was taken out"), "{text}");
    let rest = text_of(&folder, "known.json");
    assert!(rest.matches("\"function\"").count() == 1 && rest.contains("\"file\": \"packages/b/greet.js\""), "{rest}");
}

#[test]
fn writing_for_a_part_leaves_the_others() {
    let folder = project("write-part", &["a", "b"]);
    run(&folder, &["--write-baseline", "known.json"]);
    write(&folder, "a/greet.js", &GREETING.replace("hello", "good day"));
    assert_eq!(run(&folder, &["--baseline", "known.json", "a"]).0, Some(1));
    run(&folder, &["--write-baseline", "known.json", "a"]);
    let (code, text) = run(&folder, &["--baseline", "known.json"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("2 known from the baseline") && !text.contains("taken out"), "{text}");
}

#[test]
fn a_baseline_in_a_folder_beside() {
    let folder = project("beside", &["a", "b"]);
    std::fs::create_dir_all(folder.join(".git")).expect("target is writable");
    std::fs::create_dir_all(folder.join(".github")).expect("target is writable");
    run(&folder, &["--write-baseline", ".github/known.json"]);
    for part in [".", "a", "b"] {
        let (code, text) = run(&folder, &[part, "--baseline", ".github/known.json"]);
        assert_eq!(code, Some(0), "{part}\n{text}");
    }
    // One from outside of the repository knows the root only.
    let outside = folder.parent().expect("it has one").join("beside.json");
    let name = outside.to_string_lossy().into_owned();
    run(&folder, &["--write-baseline", &name]);
    assert_eq!(run(&folder, &["--baseline", &name]).0, Some(0));
}

#[test]
fn formatters_make_nothing_new() {
    let folder = project("format", &["."]);
    run(&folder, &["--write-baseline", "known.json"]);
    for text in [
        "export function greet() {\n  console.log('hello', { to: 'all' })\n}\n",
        "export function greet() {\n  console.log(\n    'hello',\n    {\n      to: 'all',\n    },\n  );\n}\n",
    ] {
        write(&folder, "greet.js", text);
        let (code, said) = run(&folder, &["--baseline", "known.json"]);
        assert_eq!(code, Some(0), "{said}");
    }
    write(&folder, "greet.js", "export function greet() {\n  console.log('hello', { to: 'nobody' })\n}\n");
    assert_eq!(run(&folder, &["--baseline", "known.json"]).0, Some(1), "another text is another statement");
}

#[test]
fn a_deleted_file_hides_nothing_in_one_that_was_there() {
    let folder = project("deleted", &["."]);
    write(&folder, "other.js", POLITE);
    run(&folder, &["--write-baseline", "known.json"]);
    std::fs::remove_file(folder.join("greet.js")).expect("it is there");
    write(&folder, "index.js", &HEAD.replace("greet.js", "other.js"));
    write(&folder, "other.js", GREETING);
    let (code, text) = run(&folder, &["--baseline", "known.json"]);
    assert_eq!(code, Some(1), "{text}");
    // A new one is the old one with another name.
    std::fs::remove_file(folder.join("other.js")).expect("it is there");
    write(&folder, "greet.js", GREETING);
    write(&folder, "index.js", HEAD);
    run(&folder, &["--write-baseline", "known.json"]);
    std::fs::rename(folder.join("greet.js"), folder.join("hello.js")).expect("it is there");
    write(&folder, "index.js", &HEAD.replace("greet.js", "hello.js"));
    let (code, text) = run(&folder, &["--baseline", "known.json"]);
    assert_eq!(code, Some(0), "{text}");
}
