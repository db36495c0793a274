//! Damaged input through the whole audit: truncated, mutated, deeply nested, binary, with byte order marks, foreign line ends,
//! NUL bytes and broken UTF-8. No panic, no overflow, and each file that was not analysed is named.
//!
//! Everything is made from a fixed seed: a failure repeats.
#![expect(clippy::expect_used, reason = "in a test a panic is a failed test")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const SCRIPT: &str = r#"import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
const server = new McpServer({ name: "demo", version: "1.0.0" });
class Notes { #key = process.env.API_KEY; get key() { return this.#key; } async *all({ a, ...rest } = {}) { yield* rest; } }
server.registerTool("search", { inputSchema: { query: z.string() } }, async ({ query }) => {
  try { for (const x of [1, 2]) { label: while (x) { if (x?.y ?? 1) break label; } } } catch (error) { console.error(`${error} ${query}`); }
  switch (query) { case "a": console.log(query); default: return { content: [{ type: "text", text: String(new Notes().key) }] }; }
});
await server.connect(new StdioServerTransport());
"#;

const PYTHON: &str = r#"import os, sys
from mcp.server.fastmcp import FastMCP
mcp = FastMCP("demo")
class Notes:
    def __init__(self, **kw): self.key = os.environ["API_KEY"]
@mcp.tool()
async def search(query: str, *rest: int) -> str:
    """Look."""
    try:
        with open(query) as f, open("b") as g:
            print(f"{query!r:>{10}} {[x for x in rest if x]}", *rest, sep="")
    except (OSError, ValueError) as error:
        return str(error)
    finally:
        print(lambda a, b=1: a if b else {**rest}, file=sys.stderr)
    match query:
        case {"a": [x, *_]} if x: return x
        case _: return Notes().key
if __name__ == "__main__":
    mcp.run()
"#;

const RUST: &str = r##"use rmcp::{ServerHandler, ServiceExt, tool, tool_router, transport::stdio};
#[derive(Clone, Debug)]
struct Notes { key: String }
#[tool_router]
impl Notes {
    #[tool(description = "search")]
    async fn search(&self, Parameters(Query { text, .. }): Parameters<Query>) -> Result<String, String> {
        println!("{text:?} {}", self.key);
        let x = match text.as_str() { "a" | "b" if true => 1, other => other.len() };
        tokio::select! { _ = ctrl_c() => {}, v = rx.recv() => { eprintln!("{v:?}"); } }
        let f = move |a: &str| -> String { format!(r#"{a}"#) };
        Ok(f(&text).parse::<u32>()?.to_string())
    }
}
impl ServerHandler for Notes {}
#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let service = Notes { key: std::env::var("API_KEY")? }.serve(stdio()).await?;
    service.waiting().await?;
    Ok(())
}
"##;

const SOURCES: [(&str, &str); 3] = [("ts", SCRIPT), ("py", PYTHON), ("rs", RUST)];

/// Numbers from a seed (xorshift): the same ones on every machine.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end.max(1) as u64).unwrap_or_default()
    }
}

/// A fresh folder below `target`.
fn folder(name: &str) -> PathBuf {
    let res = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("robust").join(name);
    if res.exists() {
        std::fs::remove_dir_all(&res).expect("target is writable");
    }
    std::fs::create_dir_all(&res).expect("target is writable");
    res
}

fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("it has one")).expect("target is writable");
    std::fs::write(path, bytes).expect("target is writable");
}

fn run(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mcpleaks")).arg(folder).args(args).output().expect("the program runs")
}

/// Audits the folder: the exit code has to be one of those documented, and the report whole.
#[track_caller]
fn audit(folder: &Path) -> serde_json::Value {
    let output = run(folder, &["--format", "json", "--pedantic"]);
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 1 | 3)), "{}: {:?}\n{err}", folder.display(), output.status);
    assert!(!err.contains("panicked"), "{err}");
    serde_json::from_slice(&output.stdout).expect("a whole report")
}

#[track_caller]
fn is_named(report: &serde_json::Value, path: &str, reason: &str) {
    let rows = report["not_analysed"].as_array().expect("a list");
    let row = rows.iter().find(|row| row["path"] == path);
    let said = row.and_then(|row| row["reason"].as_str()).unwrap_or("nothing");
    assert!(said.contains(reason), "{path}: {said}");
}

#[test]
fn truncated_sources() {
    let folder = folder("truncated");
    for (extension, text) in SOURCES {
        for at in (0..text.len()).step_by(17).filter(|at| text.is_char_boundary(*at)) {
            write(&folder, &format!("{extension}/cut{at}.{extension}"), &text[..at]);
        }
    }
    audit(&folder);
}

#[test]
fn mutated_sources() {
    const JUNK: [&str; 14] =
        ["(", ")", "{", "}", "[", "`", "\"", "'''", "=>", "\\", "#", "\u{202e}", "${", "async fn match await lambda "];
    let mut numbers = Numbers(0x5eed);
    let folder = folder("mutated");
    for (extension, text) in SOURCES {
        for round in 0..60 {
            let mut chars: Vec<char> = text.chars().collect();
            for _ in 0..=numbers.below(4) {
                let at = numbers.below(chars.len());
                match numbers.below(4) {
                    0 => drop(chars.drain(at..(at + 1 + numbers.below(30)).min(chars.len()))),
                    1 => drop(chars.splice(at..at, JUNK[numbers.below(JUNK.len())].chars())),
                    2 => chars.truncate(at.max(1)),
                    _ => {
                        let to = numbers.below(chars.len());
                        chars.swap(at, to);
                    }
                }
                if chars.is_empty() {
                    chars.push(' ');
                }
            }
            write(&folder, &format!("{extension}/m{round}.{extension}"), chars.into_iter().collect::<String>());
        }
    }
    audit(&folder);
}

#[test]
fn deep_nesting_is_refused_or_read() {
    let folder = folder("deep");
    let deep = |open: &str, inner: &str, close: &str, n: usize| open.repeat(n) + inner + &close.repeat(n);
    for n in [200, 5_000, 40_000] {
        for (name, extension, text) in [
            ("array", "ts", format!("const x = {};\n", deep("[", "1", "]", n))),
            ("call", "ts", format!("{};\n", deep("f(", "1", ")", n))),
            ("arrow", "ts", format!("const f = {};\n", deep("() => ", "1", "", n))),
            ("unary", "ts", format!("const x = {}1;\n", "!".repeat(n))),
            ("chain", "ts", format!("const x = a{};\n", ".b()".repeat(n))),
            ("plus", "ts", format!("const x = 1{};\n", " + 1".repeat(n))),
            ("block", "ts", deep("{", ";", "}", n)),
            ("type", "ts", format!("type T = {};\n", deep("A<", "B", ">", n))),
            ("text", "ts", format!("const x = {};\n", deep("`${", "1", "}`", n))),
            ("elif", "ts", format!("if (a) {{}} {}\n", "else if (b) {} ".repeat(n))),
            ("list", "py", format!("x = {}\n", deep("[", "1", "]", n))),
            ("paren", "py", format!("x = {}\n", deep("(", "1", ")", n))),
            ("not", "py", format!("x = {}1\n", "not ".repeat(n))),
            ("lambda", "py", format!("x = {}1\n", "lambda: ".repeat(n))),
            ("chain", "py", format!("x = a{}\n", ".b()".repeat(n))),
            ("elif", "py", format!("if a:\n    pass\n{}", "elif b:\n    pass\n".repeat(n))),
            ("paren", "rs", format!("fn f() {{ let x = {}; }}\n", deep("(", "1", ")", n))),
            ("not", "rs", format!("fn f() {{ let x = {}true; }}\n", "!".repeat(n))),
            ("block", "rs", format!("fn f() {}\n", deep("{", "", "}", n))),
            ("chain", "rs", format!("fn f() {{ a{}; }}\n", ".b()".repeat(n))),
            ("plus", "rs", format!("fn f() {{ let x = 1{}; }}\n", " + 1".repeat(n))),
            ("type", "rs", format!("type T = {};\n", deep("Vec<", "u8", ">", n))),
            ("macro", "rs", format!("fn f() {{ println!(\"{{}}\", {}); }}\n", deep("(", "1", ")", n))),
            ("modules", "rs", deep("mod a {", "", "}", n)),
        ] {
            write(&folder, &format!("{extension}/{name}{n}.{extension}"), text);
        }
    }
    let indents: String = (0..900).map(|n| format!("{}if a:\n", " ".repeat(n))).collect();
    write(&folder, "py/indents.py", indents + &" ".repeat(900) + "pass\n");
    let report = audit(&folder);
    for path in ["ts/array40000.ts", "py/list40000.py", "rs/paren40000.rs"] {
        is_named(&report, path, "");
    }
}

#[test]
fn foreign_bytes_are_read_or_named() {
    let folder = folder("bytes");
    for (extension, text) in SOURCES {
        let name = |what: &str| format!("{extension}/{what}.{extension}");
        write(&folder, &name("bom"), format!("\u{feff}{text}"));
        write(&folder, &name("crlf"), text.replace('\n', "\r\n"));
        write(&folder, &name("cr"), text.replace('\n', "\r"));
        write(&folder, &name("empty"), "");
        write(&folder, &name("blank"), "\n\n\n");
        write(&folder, &name("nul"), text.replace("search", "sea\0rch"));
        write(
            &folder,
            &name("latin"),
            text.replace("search", "s\u{e9}arch").chars().map(|c| c as u8).collect::<Vec<u8>>(),
        );
        write(&folder, &name("utf16"), text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
        let mut numbers = Numbers(7);
        write(&folder, &name("noise"), (0..20_000).map(|_| numbers.below(256) as u8).collect::<Vec<u8>>());
        let marks: Vec<u8> = (0..20_000).map(|_| b"(){}[]<>;:,.!?'\"`\\/#@$%^&*-+=~| \n"[numbers.below(33)]).collect();
        write(&folder, &name("marks"), marks);
        write(&folder, &name("json"), format!("[{}]", "{\"a\": [1, 2, {\"b\": null}]},".repeat(4_000)));
    }
    let report = audit(&folder);
    for (extension, _) in SOURCES {
        let name = |what: &str| format!("{extension}/{what}.{extension}");
        // A script may hold a NUL in a text; in a name it is a mistake.
        is_named(&report, &name("nul"), if extension == "ts" { "syntax error" } else { "binary" });
        is_named(&report, &name("utf16"), "binary");
        is_named(&report, &name("latin"), "not UTF-8");
    }
    // Foreign line ends and marks change nothing of what is found.
    for (extension, _) in SOURCES {
        let lines = |what: &str| -> BTreeSet<(String, u64)> {
            let path = format!("{extension}/{what}.{extension}");
            let findings = report["findings"].as_array().expect("a list").iter();
            findings
                .filter(|finding| finding["primary"]["at"]["file"] == path.as_str())
                .filter_map(|finding| {
                    let rule = finding["rule"].as_str()?.to_owned();
                    Some((rule, finding["primary"]["at"]["line"].as_u64()?))
                })
                .collect()
        };
        assert_eq!(lines("bom"), lines("crlf"), "{extension}");
    }
}

#[test]
fn a_file_over_the_limit_is_named() {
    let folder = folder("large");
    write(&folder, "big.ts", "const x = 1; // a line of code\n".repeat(200_000));
    write(&folder, "small.ts", SCRIPT);
    let report = audit(&folder);
    is_named(&report, "big.ts", "size limit");
    assert_eq!(report["servers"].as_array().map(Vec::len), Some(1), "{report:#}");
}

#[test]
#[cfg(unix)]
fn symbolic_links_do_not_loop() {
    use std::os::unix::fs::symlink;
    let folder = folder("links");
    write(&folder, "src/index.ts", SCRIPT);
    symlink("..", folder.join("src/up")).expect("links can be made");
    symlink("self", folder.join("self")).expect("links can be made");
    symlink("index.ts", folder.join("src/again.ts")).expect("links can be made");
    symlink("/", folder.join("root")).expect("links can be made");
    symlink("nowhere.ts", folder.join("src/dangling.ts")).expect("links can be made");
    let report = audit(&folder);
    let files = report["summary"]["files_analysed"].as_u64().expect("a number");
    assert!((1..=2).contains(&files), "{report:#}");
}

#[test]
fn broken_manifests_are_named() {
    let folder = folder("manifests");
    write(&folder, "index.ts", SCRIPT);
    write(&folder, "package.json", "{\"name\": \"demo\", \"main\": ");
    write(&folder, "pyproject.toml", "[project\nname = 1");
    write(&folder, "Cargo.toml", [0xff, 0xfe, 0, 1]);
    write(&folder, "tsconfig.json", "{\"extends\": \"./tsconfig.json\"}");
    let report = audit(&folder);
    is_named(&report, "package.json", "manifest not understood");
    is_named(&report, "pyproject.toml", "manifest not understood");
}
