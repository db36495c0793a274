//! The configuration, from outside: each of its sections has the effect that it promises, in each file it may stand in.
#![expect(clippy::expect_used, reason = "in a test a panic is a failed test")]

use std::path::{Path, PathBuf};
use std::process::Command;

const MANIFEST: &str = r#"{"name":"notes","version":"1.0.0","type":"module","bin":"index.js","dependencies":{"@modelcontextprotocol/sdk":"1.20.0"}}"#;
const PYTHON: &str = "[project]\nname = \"notes\"\nversion = \"1.0.0\"\ndependencies = [\"mcp==1.9.4\"]\n";
const RUST: &str = "[package]\nname = \"notes\"\nversion = \"1.0.0\"\n[dependencies]\nrmcp = \"0.8\"\ntokio = \"1\"\n";
const HEAD: &str = r#"import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
const server = new McpServer({ name: "notes", version: "1.0.0" });
process.on("unhandledRejection", (reason) => { console.error("rejected", reason); process.exit(1); });
"#;
const SERVE: &str = "await server.connect(new StdioServerTransport());\n";

/// A fresh folder with files.
fn project(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("config").join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).expect("target is writable");
    }
    std::fs::create_dir_all(&folder).expect("target is writable");
    for (name, text) in files {
        write(&folder, name, text);
    }
    folder
}

/// A server of JavaScript with these lines before it serves.
fn script(name: &str, lines: &str) -> PathBuf {
    project(name, &[("package.json", MANIFEST), ("index.js", &format!("{HEAD}{lines}{SERVE}"))])
}

fn write(folder: &Path, name: &str, text: &str) {
    let file = folder.join(name);
    std::fs::create_dir_all(file.parent().expect("below the folder")).expect("target is writable");
    std::fs::write(file, text).expect("target is writable");
}

fn run(folder: &Path, args: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_mcpleaks"))
        .current_dir(folder)
        .args(args)
        .env_remove("CI")
        .output()
        .expect("the program runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), text)
}

/// Rules and lines of the findings, with the configuration given.
fn findings(folder: &Path, config: &str) -> Vec<String> {
    write(folder, "mcpleaks.toml", config);
    let (code, text) = run(folder, &["--format", "json", "--fail-on", "never"]);
    assert_eq!(code, Some(0), "{text}");
    let report: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let row = |finding: &serde_json::Value| {
        let at = &finding["primary"]["at"];
        format!("{} {}:{}", finding["rule"], at["file"], at["line"]).replace('"', "")
    };
    report["findings"].as_array().expect("a list").iter().map(row).collect()
}

#[test]
fn names_of_variables_say_what_the_configuration_says() {
    let folder = script("env", "console.error(process.env.ACME_TYPE);\nconsole.error(process.env.ACME_KEY);\n");
    assert_eq!(findings(&folder, ""), ["env-in-log index.js:6"]);
    assert_eq!(
        findings(&folder, "[env]\nsecret = [\"ACME_TYPE\"]\n"),
        ["env-in-log index.js:5", "env-in-log index.js:6"]
    );
    assert_eq!(findings(&folder, "[env]\nplain = [\"ACME_KEY\"]\n"), [""; 0]);
}

#[test]
fn own_sanitizers_clean_and_own_loggers_log() {
    let lines = "import { mask, note } from \"acme-log\";\n\
                 console.error(mask(process.env.ACME_KEY));\nnote(process.env.ACME_KEY);\n";
    let folder = script("model", lines);
    assert_eq!(findings(&folder, ""), [""; 0], "nothing is known of the library");
    let model = "[[model]]\nlibrary = \"acme-log\"\nlanguage = \"script\"\nimports = [\"acme-log\"]\n";
    let flow = "flow = [{ calls = [\"acme-log.mask()\"], from = [\"arg.0\"], to = [\"return\"] }]\n";
    let sink =
        "sink = [{ kind = \"write\", stream = \"stderr\", calls = [\"acme-log.note()\"], takes = [\"arg.*\"] }]\n";
    let clean = "clean = [{ calls = [\"acme-log.mask()\"] }]\n";
    assert_eq!(findings(&folder, &format!("{model}{flow}")), ["env-in-log index.js:6"]);
    assert_eq!(findings(&folder, &format!("{model}{sink}")), ["env-in-log index.js:7"]);
    assert_eq!(findings(&folder, &format!("{model}{clean}{sink}")), ["env-in-log index.js:7"]);
    let both = findings(&folder, &format!("{model}{}", sink.replace("stderr", "stdout")));
    assert_eq!(both, ["env-in-log index.js:7", "stdout-write index.js:7"]);
}

/// Modules of the program itself, with their own code aside: in each language, however they are imported.
#[test]
fn own_modules_are_what_a_model_says() {
    let lines = "import { mask } from \"./lib/mask.js\";\nimport * as log from \"./lib/mask.js\";\n\
                 console.error(mask(process.env.ACME_KEY));\nconsole.error(log.mask(process.env.ACME_KEY));\n";
    let folder = script("own-module", lines);
    write(&folder, "lib/mask.js", "export function mask(text) {\n  return text.replace(/^..../, \"****\");\n}\n");
    assert_eq!(findings(&folder, ""), ["env-in-log index.js:7", "env-in-log index.js:8"]);
    let model = "[[model]]\nlibrary = \"mask\"\nlanguage = \"script\"\nfiles = [\"lib/mask.js\"]\n\
                 clean = [{ calls = [\"mask.mask()\"] }]\n";
    assert_eq!(findings(&folder, model), [""; 0]);

    let server = "import os, sys\nfrom mcp.server.fastmcp import FastMCP\nfrom acme.mask import mask\nfrom acme import mask as m\n\
                  mcp = FastMCP(\"notes\")\nprint(mask(os.environ[\"ACME_KEY\"]), file=sys.stderr)\n\
                  print(m.mask(os.environ[\"ACME_KEY\"]), file=sys.stderr)\nmcp.run()\n";
    let mask = "def mask(text):\n    return \"****\" + text[4:]\n";
    let files = [("server.py", server), ("acme/__init__.py", ""), ("acme/mask.py", mask), ("pyproject.toml", PYTHON)];
    let folder = project("own-module-python", &files);
    assert_eq!(findings(&folder, ""), ["env-in-log server.py:6", "env-in-log server.py:7"]);
    let model = model.replace("script", "python").replace("lib/mask.js", "acme/mask.py");
    assert_eq!(findings(&folder, &model), [""; 0]);
    std::fs::remove_file(folder.join("acme/__init__.py")).expect("it is there");
    assert_eq!(findings(&folder, &model), [""; 0], "a folder without __init__.py");

    let server = "mod mask;\nuse rmcp::{ServerHandler, ServiceExt, transport::stdio};\nstruct Notes;\nimpl ServerHandler for Notes {}\n\
                  #[tokio::main]\nasync fn main() {\n    let key = std::env::var(\"ACME_KEY\").unwrap();\n    \
                  eprintln!(\"{}\", mask::mask(&key));\n    eprintln!(\"{}\", crate::mask::mask(&key));\n    \
                  Notes.serve(stdio()).await.unwrap();\n}\n";
    let mask = "pub fn mask(text: &str) -> String {\n    format!(\"****{}\", &text[4..])\n}\n";
    let folder = project("own-module-rust", &[("src/main.rs", server), ("src/mask.rs", mask), ("Cargo.toml", RUST)]);
    assert_eq!(findings(&folder, ""), ["env-in-log src/main.rs:8", "env-in-log src/main.rs:9"]);
    let model = model.replace("python", "rust").replace("acme/mask.py", "src/mask.rs");
    assert_eq!(findings(&folder, &model), [""; 0]);
}

#[test]
fn manifests_say_all_that_the_file_says() {
    let lines = "import { mask } from \"./lib/mask.js\";\nconsole.error(mask(process.env.ACME_KEY));\n\
                 console.error(process.env.ACME_TYPE);\n";
    let folder = script("sections", lines);
    write(&folder, "lib/mask.js", "export function mask(text) {\n  return text.slice(0, 4) + \"****\";\n}\n");
    let (code, text) = run(&folder, &[]);
    assert!(code == Some(1) && text.contains("index.js:6"), "{text}");
    let section = r#""mcpleaks": {"env": {"secret": ["ACME_TYPE"]}, "model": [{"library": "mask", "language": "script",
        "files": ["lib/mask.js"], "clean": [{"calls": ["mask.mask()"]}]}]}}"#;
    write(&folder, "package.json", &MANIFEST.replace("}}", &format!("}}, {section}")));
    let (code, text) = run(&folder, &[]);
    assert!(code == Some(1) && text.contains("index.js:7") && !text.contains("index.js:6"), "{text}");
    // From another folder, too: paths in the configuration are seen from its own.
    let (_, other) = run(folder.parent().expect("it has one"), &["sections", "--quiet"]);
    assert!(other.contains("index.js:7") && !other.contains("index.js:6"), "{other}");
    let python = "[[tool.mcpleaks.model]]\nlibrary = \"mask\"\nlanguage = \"script\"\nfiles = [\"lib/mask.js\"]\n\
                  clean = [{ calls = [\"mask.mask()\"] }]\n[tool.mcpleaks.env]\nplain = [\"ACME_TYPE\"]\n";
    write(&folder, "pyproject.toml", python);
    let (code, text) = run(&folder, &[]);
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn what_is_misspelt_is_wrong_use() {
    let folder = script("misspelt", "");
    let model = "[[model]]\nlibrary = \"acme\"\nlanguage = \"script\"\nimports = [\"acme\"]\n";
    write(&folder, "tool.py", "x = 1\n");
    for (config, said) in [
        ("[env]\nsecrets = [\"A\"]\n".to_owned(), "did you mean `secret`?"),
        ("[[server]]\nentri = \"index.js\"\n".to_owned(), "did you mean `entry`?"),
        ("[[server]]\nentry = \"index.js\"\ntransport = \"stdoi\"\n".to_owned(), "did you mean `stdio`?"),
        ("[[server]]\nentry = \"main.js\"\n".to_owned(), "[[server]] entry main.js: there is no such file"),
        (format!("{model}clean = [{{ cals = [\"acme.mask()\"] }}]\n"), "[[model]] 1 (acme)"),
        (format!("{model}clean = [{{ cals = [\"acme.mask()\"] }}]\n"), "did you mean `calls`?"),
        (format!("{model}cleen = [{{ calls = [\"acme.mask()\"] }}]\n"), "did you mean `clean`?"),
        (format!("{model}clean = [{{ calls = [\"other.mask()\"] }}]\n"), "other"),
        (model.replace("imports", "globals").replace("[\"acme\"]", "[]"), "it applies to nothing"),
        (
            format!("{model}files = [\"tool.py\"]\n"),
            "[[model]] files tool.py: the model of acme is of another language",
        ),
        (format!("{}files = [\"index.js\"]\n", model.replace("acme", "pino")), "call yours by another name"),
        (format!("{model}files = [\"mask.js\"]\n"), "[[model]] files mask.js: there is no such file"),
    ] {
        write(&folder, "mcpleaks.toml", &config);
        let (code, text) = run(&folder, &[]);
        assert_eq!(code, Some(2), "{config}\n{text}");
        assert!(text.contains(said), "{config}\n{text}");
    }
    std::fs::remove_file(folder.join("mcpleaks.toml")).expect("it is there");
    for (section, name) in [(r#""env": {"secrets": []}"#, "secret"), (r#""servers": []"#, "server")] {
        write(&folder, "package.json", &MANIFEST.replace("}}", &format!("}}, \"mcpleaks\": {{{section}}}}}")));
        let (code, text) = run(&folder, &[]);
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains("package.json") && text.contains(&format!("did you mean `{name}`?")), "{text}");
    }
    write(&folder, "package.json", MANIFEST);
    write(&folder, "pyproject.toml", "[tool.mcpleaks]\nserver = [{ entri = \"index.js\" }]\n");
    let (code, text) = run(&folder, &[]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("pyproject.toml") && text.contains("did you mean `entry`?"), "{text}");
}

/// Names and transports of the servers.
fn servers(folder: &Path) -> Vec<String> {
    let (_, text) = run(folder, &["servers", "--format", "json"]);
    let list: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let row = |server: &serde_json::Value| {
        let transports = server["transports"].as_array().expect("a list").iter().map(|transport| &transport["kind"]);
        format!("{} {}", server["name"], transports.map(ToString::to_string).collect::<Vec<_>>().join(" "))
            .replace('"', "")
    };
    list["servers"].as_array().expect("a list").iter().map(row).collect()
}

#[test]
fn a_declared_server_serves_what_it_is_declared_to() {
    let folder = script("server", "console.log(\"starting\");\n");
    let declared = |transport: &str| {
        format!("[[server]]\nname = \"hand-made\"\nentry = \"index.js\"\ntransport = \"{transport}\"\n")
    };
    assert_eq!(findings(&folder, &declared("stdio")), ["stdout-write index.js:5"]);
    assert_eq!(servers(&folder), ["hand-made stdio"]);
    assert_eq!(findings(&folder, &declared("http")), [""; 0], "stdout is free there");
    assert_eq!(servers(&folder), ["hand-made http"]);
    assert_eq!(findings(&folder, "[[server]]\nentry = \"index.js\"\n"), ["stdout-write index.js:5"]);
    assert_eq!(servers(&folder), ["index stdio"]);
}

#[test]
fn servers_that_are_declared_apart_are_told_apart() {
    let folder = script("apart", "");
    write(&folder, "other.js", "import \"./index.js\";\n");
    let declared = |name: &str, entry: &str| format!("[[server]]\nname = \"{name}\"\nentry = \"{entry}\"\n");
    write(&folder, "mcpleaks.toml", &(declared("first", "index.js") + &declared("second", "other.js")));
    assert_eq!(servers(&folder), ["first stdio", "second stdio"]);
}

#[test]
fn a_declared_server_needs_no_sdk_that_is_known() {
    let start = "import { tool, start } from \"acme-mcp\";\ntool(\"greet\", () => {\n  console.log(\"called\");\n});\n\
                 console.log(\"starting\");\nprocess.on(\"unhandledRejection\", () => process.exit(1));\nstart();\n";
    let folder = project("unknown-sdk", &[("package.json", MANIFEST), ("index.js", start)]);
    assert_eq!(run(&folder, &[]).0, Some(3));
    let declared = "[[server]]\nentry = \"index.js\"\n";
    write(&folder, "mcpleaks.toml", declared);
    let (code, text) = run(&folder, &[]);
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("index.js is named as an entry") && text.contains("`transport`"), "{text}");
    let with = |transport: &str| format!("{declared}transport = \"{transport}\"\n");
    assert_eq!(findings(&folder, &with("stdio")), ["stdout-write index.js:3", "stdout-write index.js:5"]);
    assert_eq!(servers(&folder), ["index stdio"]);
    assert_eq!(findings(&folder, &with("http")), [""; 0]);
    assert_eq!(servers(&folder), ["index http"]);

    let server = "import acme_mcp\n\ndef main():\n    print(\"starting\")\n    acme_mcp.serve()\n\n\
                  if __name__ == \"__main__\":\n    main()\n";
    let folder = project("unknown-sdk-python", &[("server.py", server)]);
    assert_eq!(findings(&folder, &with("stdio").replace("index.js", "server.py")), ["stdout-write server.py:4"]);

    // Something else calls the main function: a script of an installed package.
    let server = "import acme_mcp\n\ndef main():\n    print(\"starting\")\n    acme_mcp.serve()\n";
    write(&folder, "server.py", server);
    assert_eq!(findings(&folder, &with("stdio").replace("index.js", "server.py")), ["stdout-write server.py:4"]);
    let server = "from mcp.server.fastmcp import FastMCP\nmcp = FastMCP(\"notes\")\n@mcp.tool()\ndef greet() -> str:\n    \
                  print(\"called\")\n    return \"hello\"\n\ndef main():\n    mcp.run()\n";
    write(&folder, "server.py", server);
    assert_eq!(findings(&folder, "[[server]]\nentry = \"server.py\"\n"), ["stdout-write server.py:5"]);
    assert_eq!(servers(&folder), ["server stdio"]);

    let server = "#[tokio::main]\nasync fn main() -> anyhow::Result<()> {\n    println!(\"starting\");\n    \
                  acme_mcp::serve().await?;\n    Ok(())\n}\n";
    let folder = project("unknown-sdk-rust", &[("Cargo.toml", RUST), ("src/main.rs", server)]);
    assert_eq!(findings(&folder, &with("stdio").replace("index.js", "src/main.rs")), ["stdout-write src/main.rs:3"]);
}

#[test]
fn a_part_is_examined_under_the_configuration_of_the_whole() {
    let folder = script("part", "console.log(\"starting\");\n");
    write(&folder, "other/main.js", "export const x = 1;\n");
    write(&folder, "mcpleaks.toml", "[[server]]\nentry = \"index.js\"\ntransport = \"stdio\"\n");
    let (code, text) = run(&folder, &["other", "--config", "mcpleaks.toml"]);
    assert_eq!(code, Some(3), "{text}");
    // Its paths are seen from its folder, whatever is examined.
    let part = script("part/server", "console.log(\"starting\");\n");
    write(&folder, "mcpleaks.toml", "[[ignore]]\npath = \"server/index.js\"\nreason = \"a sample\"\n");
    let (code, text) = run(&folder, &["server", "--config", "mcpleaks.toml"]);
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = run(&part, &["--config", "../mcpleaks.toml"]);
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn an_entry_that_is_not_there_is_wrong_use() {
    let folder = script("no-entry", "");
    write(&folder, "other.js", "export const x = 1;\n");
    write(&folder, "test/other.js", "export const x = 1;\n");
    for (entry, said) in [
        ("src/nothing.ts", "--entry src/nothing.ts: there is no such file"),
        ("test/other.js", "tests are not examined"),
        ("package.json", "the file is not examined"),
    ] {
        let (code, text) = run(&folder, &["--entry", entry]);
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains(said), "{text}");
    }
}

#[test]
fn an_example_that_is_named_as_an_entry_is_a_crate() {
    let manifest = format!("{RUST}[[example]]\nname = \"tour\"\npath = \"src/tour.rs\"\n");
    let shared = "use rmcp::{ServerHandler, tool_handler};\npub struct Notes;\n#[tool_handler]\nimpl ServerHandler for Notes {}\n";
    let main = "mod shared;\nuse rmcp::{ServiceExt, transport::stdio};\nuse shared::Notes;\n#[tokio::main]\nasync fn main() {\n    let server = Notes.serve(stdio()).await.unwrap();\n    println!(\"running\");\n    server.waiting().await.unwrap();\n}\n";
    let files = [("Cargo.toml", manifest.as_str()), ("src/tour.rs", main), ("src/shared/mod.rs", shared)];
    let folder = project("example", &files);
    let (code, text) = run(&folder, &["--entry", "src/tour.rs"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("stdout-write"), "{text}");
}
