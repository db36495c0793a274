//! What is set aside, from outside: comments, baselines, the files of a commit, the configuration.
#![expect(clippy::expect_used, reason = "in a test a panic is a failed test")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const SERVER: &str = r#"import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { greet } from "./greet.js";
const server = new McpServer({ name: "notes", version: "1.0.0" });
process.on("unhandledRejection", (reason) => { console.error("rejected", reason); process.exit(1); });
console.log("starting");
greet();
await server.connect(new StdioServerTransport());
"#;
const GREETING: &str = "export function greet() {\n  console.log(\"hello\");\n}\n";

/// A server with a fault in each of its two files, in a fresh folder.
fn server(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("triage").join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).expect("target is writable");
    }
    std::fs::create_dir_all(&folder).expect("target is writable");
    let manifest = r#"{"name":"notes","version":"1.0.0","type":"module","bin":"index.js","dependencies":{"@modelcontextprotocol/sdk":"1.20.0"}}"#;
    write(&folder, "package.json", manifest);
    write(&folder, "index.js", SERVER);
    write(&folder, "greet.js", GREETING);
    folder
}

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("target is writable");
}

fn run_with(folder: &Path, args: &[&str], ci: bool) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_mcpleaks"));
    program.current_dir(folder).args(args).env_remove("CI");
    if ci {
        program.env("CI", "true");
    }
    program.output().expect("the program runs")
}

fn run(folder: &Path, args: &[&str]) -> (Option<i32>, String) {
    let output = run_with(folder, args, false);
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), text)
}

#[test]
fn a_comment_with_a_reason_accepts_one_finding() {
    let folder = server("comment");
    write(
        &folder,
        "greet.js",
        &GREETING.replace("  console", "  // mcpleaks: ignore[stdout-write] it is a test\n  console"),
    );
    let (code, text) = run(&folder, &[]);
    assert_eq!(code, Some(1), "the other finding is left\n{text}");
    assert!(text.contains("1 error") && text.contains("1 accepted by comments"), "{text}");
    let (_, sarif) = run(&folder, &["--format", "sarif"]);
    assert!(sarif.contains("\"inSource\"") && sarif.contains("it is a test"), "{sarif}");
}

#[test]
fn comments_that_accept_nothing_are_named() {
    let folder = server("remarks");
    let text = GREETING.replace("  console", "  // mcpleaks: ignore[stdout-write]\n  console");
    write(&folder, "greet.js", &(text + "// mcpleaks: ignore[stdout-wirte] because\nexport const x = 1;\n"));
    let (code, text) = run(&folder, &[]);
    assert_eq!(code, Some(1));
    for part in ["2 errors", "greet.js:2: say why", "did you mean `stdout-write`?", "the comment can go"] {
        assert!(text.contains(part), "no {part} in\n{text}");
    }
}

#[test]
fn comments_in_tests_are_no_matter() {
    let folder = server("comment-in-test");
    std::fs::create_dir_all(folder.join("test")).expect("target is writable");
    write(&folder, "test/greet.test.js", "// mcpleaks: ignore[stdout-write] a sample\nexport const sample = 1;\n");
    let (_, text) = run(&folder, &[]);
    assert!(text.contains("2 errors") && !text.contains("the comment can go"), "{text}");
}

#[test]
fn a_baseline_survives_moves_and_hides_nothing_new() {
    let folder = server("baseline");
    let (code, _) = run(&folder, &["--write-baseline", "known.json"]);
    assert_eq!(code, Some(0));
    assert_eq!(run(&folder, &["--baseline", "known.json"]).0, Some(0));
    // Lines move, the statement is laid out anew, the file gets another name.
    std::fs::remove_file(folder.join("greet.js")).expect("it is there");
    write(&folder, "hello.js", "// a greeting\n\nexport function greet() {\n  console.log(\n    \"hello\" );\n}\n");
    write(&folder, "index.js", &SERVER.replace("./greet.js", "./hello.js"));
    let (code, text) = run(&folder, &["--baseline", "known.json"]);
    assert_eq!(code, Some(0), "{text}");
    // The same statement once more is new.
    write(&folder, "hello.js", "export function greet() {\n  console.log(\"hello\");\n  console.log(\"hello\");\n}\n");
    let (code, text) = run(&folder, &["--baseline", "known.json"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("1 error") && text.contains("2 known from the baseline"), "{text}");
}

#[test]
fn a_mended_finding_does_not_pay_for_the_same_one_elsewhere() {
    let folder = server("baseline-elsewhere");
    run(&folder, &["--write-baseline", "known.json"]);
    write(&folder, "greet.js", "export { greet } from \"./other.js\";\nexport const polite = true;\n");
    write(&folder, "other.js", GREETING);
    let (code, text) = run(&folder, &["--baseline", "known.json"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("other.js:2") && text.contains("1 known from the baseline"), "{text}");
}

#[test]
fn a_baseline_shrinks_except_in_ci() {
    let folder = server("shrinks");
    run(&folder, &["--write-baseline", "known.json"]);
    write(&folder, "greet.js", "export function greet() {}\n");
    let before = std::fs::read_to_string(folder.join("known.json")).expect("it was written");
    let output = run_with(&folder, &["--baseline", "known.json"], true);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(std::fs::read_to_string(folder.join("known.json")).expect("still there"), before);
    let (_, text) = run(&folder, &["--baseline", "known.json"]);
    assert!(text.contains("1 entry matches nothing any more and was taken out"), "{text}");
    let after = std::fs::read_to_string(folder.join("known.json")).expect("still there");
    assert!(after.len() < before.len() && !after.contains("\"function\": \"greet\""), "{after}");
}

#[test]
fn a_broken_baseline_is_wrong_use() {
    let folder = server("broken");
    write(&folder, "known.json", "[]");
    let (code, text) = run(&folder, &["--baseline", "known.json"]);
    assert_eq!(code, Some(2));
    assert!(text.contains("--write-baseline"), "{text}");
}

#[test]
fn only_the_files_of_a_commit() {
    let folder = server("only");
    let (code, text) = run(&folder, &["--only", "package.json"]);
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = run(&folder, &["--only", "greet.js"]);
    assert_eq!(code, Some(1));
    assert!(text.contains("1 error") && text.contains("1 away from the files asked about"), "{text}");
}

#[test]
fn the_configuration_sets_levels_and_leaves_paths_alone() {
    let folder = server("config");
    write(
        &folder,
        "mcpleaks.toml",
        "[rules]\nstdout-write = \"warning\"\n[[ignore]]\npath = \"greet.js\"\nreason = \"generated\"\n",
    );
    let (code, text) = run(&folder, &[]);
    assert_eq!(code, Some(1));
    assert!(text.contains("1 warning") && text.contains("1 accepted by comments or the configuration"), "{text}");
    assert_eq!(run(&folder, &["--fail-on", "error"]).0, Some(0));
}

#[test]
fn a_configuration_with_a_misspelt_word_is_wrong_use() {
    let folder = server("misspelt");
    write(&folder, "mcpleaks.toml", "pedantik = true\n");
    let (code, text) = run(&folder, &[]);
    assert_eq!(code, Some(2));
    assert!(text.contains("mcpleaks.toml") && text.contains("did you mean `pedantic`?"), "{text}");
    write(&folder, "mcpleaks.toml", "[[ignore]]\npath = \"a\"\nreson = \"b\"\n");
    let (code, text) = run(&folder, &[]);
    assert_eq!(code, Some(2));
    assert!(text.contains("did you mean `reason`?"), "{text}");
    write(&folder, "mcpleaks.toml", "[rules]\nstdout-wirte = \"off\"\n");
    let (code, text) = run(&folder, &[]);
    assert_eq!(code, Some(2));
    assert!(text.contains("did you mean `stdout-write`?"), "{text}");
}

#[test]
fn sections_of_manifests_are_read() {
    let folder = server("section");
    let manifest = r#"{"name":"notes","type":"module","bin":"index.js","dependencies":{"@modelcontextprotocol/sdk":"1.20.0"},"mcpleaks":{"fail-on":"never"}}"#;
    write(&folder, "package.json", manifest);
    assert_eq!(run(&folder, &[]).0, Some(0));
    write(&folder, "pyproject.toml", "[tool.mcpleaks]\nfail-on = \"error\"\n");
    assert_eq!(run(&folder, &[]).0, Some(1));
}

#[test]
fn init_writes_a_configuration_once() {
    let folder = server("init");
    let (code, text) = run(&folder, &["init"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("id: mcpleaks") && text.contains("security-events: write"), "{text}");
    assert_eq!(run(&folder, &[]).0, Some(1), "the written configuration is valid");
    assert_eq!(run(&folder, &["init"]).0, Some(2));
}

#[test]
fn markdown_holds_no_markup_of_the_audited_program() {
    let folder = server("markdown");
    write(&folder, "greet.js", "export function greet() {\n  console.log(\"</td><script> @all | x\");\n}\n");
    let (_, text) = run(&folder, &["--format", "markdown"]);
    assert!(text.starts_with("## mcpleaks") && text.contains("greet.js:2"), "{text}");
    assert!(!text.contains("<script>"), "{text}");
}
