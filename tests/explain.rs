//! `mcpleaks explain FILE:LINE` and `mcpleaks debug flow`: one line looked at, and why it is a finding or none.
#![expect(clippy::expect_used, reason = "in a test a panic is a failed test")]

use std::path::PathBuf;
use std::process::Command;

const SERVER: &str = r#"import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { z } from "zod";
import { note } from "./log.js";

const server = new McpServer({ name: "demo", version: "1.0.0" });
server.registerTool("search", { inputSchema: { query: z.string() } }, async ({ query }) => {
  note("searching", query);
  console.error(Boolean(process.env.API_KEY), process.env.PORT);
  console.log("done");
  return { content: [] };
});
function never() {
  console.log("nobody calls this");
}
process.on("unhandledRejection", (reason) => console.error(reason));
for (const { name, run } of [
  { name: "open", run: () => console.log("open") },
  { name: "close", run: () => console.log("closed") },
]) {
  server.registerTool(name, {}, async () => ({ content: run() ?? [] }));
}
await server.connect(new StdioServerTransport());
"#;

const LOG: &str = r#"export function note(text: string, what: unknown) {
  console.error(text, what);
}
export function other() {
  note("a", 1);
}
"#;

/// The two files below `target`, and what the program prints when it is run in their folder.
fn run(name: &str, args: &[&str]) -> (Option<i32>, String) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(folder.join("src")).expect("target is writable");
    let manifest = r#"{"name":"demo","main":"src/index.ts","dependencies":{"@modelcontextprotocol/sdk":"1.20.0"}}"#;
    for (file, text) in [("package.json", manifest), ("src/index.ts", SERVER), ("src/log.ts", LOG)] {
        std::fs::write(folder.join(file), text).expect("target is writable");
    }
    let output = Command::new(env!("CARGO_BIN_EXE_mcpleaks")).args(args).current_dir(folder).output();
    let output = output.expect("the program runs");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).expect("UTF-8"))
}

#[track_caller]
fn says(text: &str, parts: &[&str]) {
    // Lines are wrapped: words in one row.
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in parts {
        assert!(flat.contains(part), "no `{part}` in\n{text}");
    }
}

#[test]
fn a_finding_is_told_with_its_server_its_time_and_its_values() {
    let (code, text) = run("explain-finding", &["explain", "src/index.ts:8"]);
    assert_eq!(code, Some(0), "{text}");
    says(
        &text,
        &[
            "runs in server demo, while the server is serving (handler of tool `search`)",
            "`note` is `note()` at src/log.ts:1",
            "what it is given is written at src/log.ts:2",
            "\"searching\" <- a constant",
            "query <- the argument `query` of `search` (src/index.ts:7)",
            "warning[argument-in-log]",
        ],
    );
}

#[test]
fn a_function_that_is_registered_for_several_tools_is_told_with_all() {
    let (code, text) = run("explain-several", &["explain", "src/index.ts:19"]);
    assert_eq!(code, Some(0), "{text}");
    says(&text, &["handler of tools `close`, `open`"]);
}

#[test]
fn a_silent_line_is_told_with_what_left_the_value_behind() {
    let (code, text) = run("explain-silent", &["explain", "./src/index.ts:9"]);
    assert_eq!(code, Some(0), "{text}");
    says(
        &text,
        &[
            "writes to stderr",
            "not the environment variable `API_KEY` (src/index.ts:9): it is left behind in `Boolean()`",
            "the environment variable `PORT` (src/index.ts:9); harmless here",
            "nothing is reported here",
            "stdout-write: the stream is stderr",
        ],
    );
}

#[test]
fn a_line_that_never_runs_says_why() {
    let (code, text) = run("explain-never", &["explain", "src/index.ts:14"]);
    assert_eq!(code, Some(0), "{text}");
    says(&text, &["does not run in server demo: nothing calls `never()`, and nothing registers it"]);
    let (_, text) = run("explain-never", &["explain", "src/log.ts:5"]);
    says(&text, &["does not run in server demo: nothing calls `other()`"]);
}

#[test]
fn values_are_followed_back_to_the_callers() {
    let (_, text) = run("explain-callers", &["explain", "src/log.ts:2"]);
    says(&text, &["what <- the argument `query` of `search` (src/index.ts:7)", "by way of `note` (src/index.ts:8)"]);
}

#[test]
fn lines_and_files_that_are_not_there_are_wrong_use() {
    for (subject, said) in [
        ("src/index.ts:400", "there is no line 400 in src/index.ts: it has 23 lines"),
        ("src/no.ts:1", "not among the files that were read"),
        ("stdout-wrote", "did you mean `stdout-write`?"),
    ] {
        let (code, text) = run("explain-wrong", &["explain", subject]);
        assert_eq!(code, Some(2), "{text}");
        says(&text, &[said]);
    }
}

#[test]
fn a_summary_says_what_a_function_does_with_what_it_is_given() {
    for name in ["note", "src/log.ts:2"] {
        let (code, text) = run("debug-flow", &["debug", "flow", name]);
        assert_eq!(code, Some(0), "{text}");
        says(&text, &["note(text, what) src/log.ts:1", "writes at src/log.ts:2 <- parameter `what`"]);
    }
    let (code, text) = run("debug-flow", &["debug", "flow", "nothing"]);
    assert_eq!(code, Some(2), "{text}");
    says(&text, &["there is no function `nothing`"]);
}

/// A list that was joined is a text: a library that gets it is not handed the functions in the list's items.
#[test]
fn a_joined_list_hands_on_no_function() {
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/response-in-log/js-joined");
    let output = Command::new(env!("CARGO_BIN_EXE_mcpleaks"))
        .args(["explain", "index.js:8"])
        .current_dir(fixture)
        .output()
        .expect("the program runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    says(&text, &["`colours.cyan` is of picocolors"]);
}
