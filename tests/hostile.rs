//! Text of the audited program gives no orders: not to a terminal, not to GitHub's log reader, not to a reader of Markdown.
#![expect(clippy::expect_used, reason = "in a test a panic is a failed test")]
#![cfg(unix)]

use std::path::PathBuf;
use std::process::Command;

/// Clears the screen, turns the reading direction, ends a line, gives workflow orders in both spellings.
const EVIL: &str = "e\u{1b}[2J\u{202e}\u{9b}31m\n::error::taken%0A::add-mask::x\r##[add-mask]y";

/// A server whose file name, tool name, texts and names of variables are hostile, with findings of several rules.
fn server() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("hostile");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).expect("target is writable");
    }
    std::fs::create_dir_all(folder.join("src")).expect("target is writable");
    let in_code = EVIL.replace('\n', "\\n").replace('\r', "\\r");
    let code = format!(
        "import {{ McpServer }} from \"@modelcontextprotocol/sdk/server/mcp.js\";\n\
         import {{ StdioServerTransport }} from \"@modelcontextprotocol/sdk/server/stdio.js\";\n\
         const server = new McpServer({{ name: \"x\", version: \"1\" }});\n\
         server.tool(\"{in_code}\", {{ \"{in_code}\": z.string() }}, async (args) => {{\n\
         /* {raw} */ console.log(\"{in_code}\", args[\"{in_code}\"], process.env[\"{in_code}_API_KEY\"]); // {raw}\n\
         return {{ content: [] }};\n}});\n\
         await server.connect(new StdioServerTransport());\n",
        raw = EVIL.replace(['\n', '\r'], ""),
    );
    std::fs::write(folder.join("src").join(format!("{EVIL}.ts").replace('/', "_")), code).expect("names can be odd");
    std::fs::write(folder.join("src").join(format!("{EVIL}.py")), [0, 1, 2]).expect("names can be odd");
    let manifest = serde_json::json!({ "name": EVIL, "bin": { EVIL: format!("src/{EVIL}.ts") } });
    std::fs::write(folder.join("package.json"), manifest.to_string()).expect("target is writable");
    folder
}

#[test]
fn no_output_carries_orders() {
    let folder = server();
    let file = format!("{}:5", folder.join("src").join(format!("{EVIL}.ts")).display());
    let root = folder.to_str().expect("UTF-8");
    let mut found = 0;
    for args in [
        &[root][..],
        &[root, "-v", "--pedantic"],
        &[root, "--color", "never", "-q"],
        &[root, "--format", "json"],
        &[root, "--format", "sarif"],
        &[root, "--format", "github"],
        &[root, "--format", "markdown"],
        &["servers", root],
        &["servers", root, "--format", "json"],
        &["explain", &file, root],
        &["debug", "flow", EVIL, root],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_mcpleaks")).args(args).output().expect("the program runs");
        let text = String::from_utf8([output.stdout, output.stderr].concat()).expect("UTF-8");
        assert!(output.status.code().is_some_and(|code| code < 4), "{args:?}: {text}");
        let active = |char: char| char.is_control() && char != '\n' || matches!(char, '\u{202a}'..='\u{202e}');
        assert!(!text.contains(active), "{args:?}: {text:?}");
        assert!(!text.contains("##["), "{args:?}: {text}");
        let is_github = args.contains(&"github");
        for line in text.lines() {
            let is_order = line.trim_start().starts_with("::");
            assert!(!is_order || is_github && line.contains("title="), "{args:?}: {line}");
        }
        found += text.matches("stdout-write").count();
    }
    assert!(found > 6, "the hostile server is found: {found}");
}
