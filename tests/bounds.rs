//! Very large programs: the audit ends, finds what is there or says what it left out, and its work grows with the program,
//! not faster.
//!
//! Work is counted, not timed (`mcpleaks debug until flows`), so that a failure repeats on every machine. Each shape
//! is a server in three languages with much of one thing, and a secret that is logged at the far end of it.
#![expect(clippy::expect_used, reason = "in a test a panic is a failed test")]

use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    Script,
    Python,
    Rust,
}

use Language::{Python, Rust, Script};

impl Language {
    const ALL: [Self; 3] = [Script, Python, Rust];

    fn file(self) -> &'static str {
        match self {
            Script => "index.ts",
            Python => "server.py",
            Rust => "main.rs",
        }
    }

    /// The one of three texts that is in this language.
    fn pick(self, texts: [&str; 3]) -> String {
        texts[self as usize].to_owned()
    }

    /// A secret of the environment.
    fn secret(self) -> &'static str {
        match self {
            Script => "process.env.API_KEY",
            Python => "os.environ['API_KEY']",
            Rust => "std::env::var(\"API_KEY\").unwrap_or_default()",
        }
    }

    /// A server whose only tool runs `body`; `items` stand outside of it. Lines of `body` begin at the margin.
    fn server(self, items: &str, body: &str) -> String {
        match self {
            Script => format!(
                "import {{ McpServer }} from \"@modelcontextprotocol/sdk/server/mcp.js\";\n\
                 import {{ StdioServerTransport }} from \"@modelcontextprotocol/sdk/server/stdio.js\";\n\
                 const server = new McpServer({{ name: \"demo\", version: \"1.0.0\" }});\n{items}\n\
                 server.registerTool(\"look\", {{ inputSchema: {{ query: z.string() }} }}, async ({{ query }}) => {{\n\
                 {body}\nreturn {{ content: [] }};\n}});\n\
                 await server.connect(new StdioServerTransport());\n"
            ),
            Python => {
                let body: String = body.lines().map(|line| format!("    {line}\n")).collect();
                format!(
                    "import os, sys\nfrom mcp.server.fastmcp import FastMCP\nmcp = FastMCP(\"demo\")\n{items}\n\
                     @mcp.tool()\ndef look(query: str) -> str:\n{body}    return \"\"\n\
                     if __name__ == \"__main__\":\n    mcp.run()\n"
                )
            }
            Rust => format!(
                "use rmcp::{{ServerHandler, ServiceExt, tool, tool_handler, tool_router, transport::stdio}};\n\
                 #[derive(Clone)]\nstruct Notes;\n{items}\n\
                 #[tool_router]\nimpl Notes {{\n\
                 #[tool(description = \"look\")]\n\
                 async fn look(&self, Parameters(Query {{ query }}): Parameters<Query>) -> String {{\n\
                 {body}\nString::new()\n}}\n}}\n\
                 #[tool_handler]\nimpl ServerHandler for Notes {{}}\n\
                 #[tokio::main]\nasync fn main() -> anyhow::Result<()> {{\n\
                 let service = Notes.serve(stdio()).await?;\nservice.waiting().await?;\nOk(())\n}}\n"
            ),
        }
    }
}

/// Repeats a template for each number; `{n}` is the number, `{next}` the one after it.
fn each(range: std::ops::Range<usize>, template: &str) -> String {
    let mut text = String::new();
    for n in range {
        text += &template.replace("{n}", &n.to_string()).replace("{next}", &(n + 1).to_string());
    }
    text
}

/// A secret goes down a chain of calls and is logged at its end.
fn chain(language: Language, n: usize) -> String {
    let (link, end) = match language {
        Script => ("function f{n}(v) { f{next}(v); }\n", "function f{n}(v) { console.error(v); }\n"),
        Python => ("def f{n}(v):\n    f{next}(v)\n", "def f{n}(v):\n    print(v, file=sys.stderr)\n"),
        Rust => ("fn f{n}(v: String) { f{next}(v); }\n", "fn f{n}(v: String) { eprintln!(\"{v}\"); }\n"),
    };
    let end = end.replace("{v}", "\u{1}").replace("{n}", &n.to_string()).replace('\u{1}', "{v}");
    let semi = if language == Python { "" } else { ";" };
    language.server(&(each(0..n, link) + &end), &format!("f0({}){semi}", language.secret()))
}

/// What is given back along a chain of calls is logged.
fn chain_back(language: Language, n: usize) -> String {
    let link = language.pick([
        "function f{n}() { return f{next}(); }\n",
        "def f{n}():\n    return f{next}()\n",
        "fn f{n}() -> String { f{next}() }\n",
    ]);
    let secret = language.secret();
    let end = match language {
        Script => format!("function f{n}() {{ return {secret}; }}\n"),
        Python => format!("def f{n}():\n    return {secret}\n"),
        Rust => format!("fn f{n}() -> String {{ {secret} }}\n"),
    };
    let log = language.pick(["console.error(f0());", "print(f0(), file=sys.stderr)", "eprintln!(\"{}\", f0());"]);
    language.server(&(each(0..n, &link) + &end), &log)
}

/// A list, the secret in its middle, is logged.
fn list(language: Language, n: usize) -> String {
    let (half, secret) = (each(0..n / 2, "\"item {n}\",\n"), language.secret());
    let items = format!("{half}{secret},\n{half}");
    let body = match language {
        Script => format!("const all = [\n{items}];\nconsole.error(all);"),
        Python => format!("all = [\n{items}]\nprint(all, file=sys.stderr)"),
        Rust => format!("let all = vec![\n{items}];\neprintln!(\"{{all:?}}\");"),
    };
    language.server("", &body)
}

/// A table by name, the secret in its middle; another field and the secret are logged.
fn table(language: Language, n: usize) -> String {
    let secret = language.secret();
    match language {
        Script | Python => {
            let (a, b) = (each(0..n / 2, "\"k{n}\": \"v{n}\",\n"), each(n / 2..n, "\"k{n}\": \"v{n}\",\n"));
            let items = format!("{{\n{a}\"secret\": {secret},\n{b}}}");
            let body = match language {
                Script => format!("const all = {items};\nconsole.error(all.k1, all.secret);"),
                _ => format!("all = {items}\nprint(all[\"k1\"], all[\"secret\"], file=sys.stderr)"),
            };
            language.server("", &body)
        }
        Rust => {
            let (a, b) = (each(0..n / 2, "k{n}: String,\n"), each(n / 2..n, "k{n}: String,\n"));
            let items = format!("struct All {{\n{a}secret: String,\n{b}}}\n");
            let (a, b) = (each(0..n / 2, "k{n}: String::new(),\n"), each(n / 2..n, "k{n}: String::new(),\n"));
            let body = format!(
                "let all = All {{\n{a}secret: {secret},\n{b}}};\neprintln!(\"{{}} {{}}\", all.k1, all.secret);"
            );
            language.server(&items, &body)
        }
    }
}

/// Functions that all call the next and the first one carry the secret round.
fn circle(language: Language, n: usize) -> String {
    let link = language.pick([
        "function f{n}(v, k) { if (k) { return f{next}(v, k - 1); } f0(v, k); return k; }\n",
        "def f{n}(v, k):\n    if k:\n        return f{next}(v, k - 1)\n    f0(v, k)\n    return k\n",
        "fn f{n}(v: String, k: u32) -> u32 { if k > 0 { return f{next}(v.clone(), k - 1); } f0(v, k); k }\n",
    ]);
    let end = language.pick([
        "function f{n}(v, k) { console.error(v); return f0(v, k); }\n",
        "def f{n}(v, k):\n    print(v, file=sys.stderr)\n    return f0(v, k)\n",
        "fn f{n}(v: String, k: u32) -> u32 { eprintln!(\"{}\", v); f0(v, k) }\n",
    ]);
    let call = format!("f0({}, 9)", language.secret()) + if language == Python { "" } else { ";" };
    language.server(&(each(0..n, &link) + &each(n..n + 1, &end)), &call)
}

/// A bundle: many short functions, ten lines each; the secret is handed to every tenth.
fn bundle(language: Language, n_lines: usize) -> String {
    let unit = language.pick([
        "function f{n}(a, b) {\n  let x = a;\n  if (a) {\n    x = g(x);\n  } else {\n    x = b;\n  }\n  g(x, b);\n  return x;\n}\n",
        "def f{n}(a, b):\n  x = a\n  if b:\n    x = g(x)\n  else:\n    x = b\n  g(x)\n  g(b)\n  return x\n\n",
        "fn f{n}(a: S, b: S) -> S {\n  let mut x = a;\n  if t(b) {\n    x = g(x);\n  } else {\n    x = b;\n  }\n  g(b);\n  x\n}\n",
    ]);
    let before = language.pick([
        "function g(v) {\n  console.error(v);\n  return v;\n}\n",
        "def g(v):\n  print(v, file=sys.stderr)\n  return v\n",
        "type S = String;\nfn t(v: S) -> bool { v.is_empty() }\nfn g(v: S) -> S {\n  eprintln!(\"{}\", v);\n  v\n}\n",
    ]);
    let call = language.pick(["f{n}(query, SECRET);\n", "f{n}(query, SECRET)\n", "f{n}(query, SECRET);\n"]);
    let n = n_lines / 10;
    let calls = each(0..n / 10, &call).replace("SECRET", language.secret());
    language.server(&(before + &each(0..n, &unit)), &calls)
}

/// A class with many methods, the last of which logs what it is given.
fn methods(language: Language, n: usize) -> String {
    let one = language.pick([
        "  m{n}(v) { this.last = v; return this.m{next}(v); }\n",
        "    def m{n}(self, v):\n        self.last = v\n        return self.other\n",
        "  fn m{n}(&self, v: String) -> String { self.other.clone() + &v }\n",
    ]);
    let many = each(0..n, &one);
    let secret = language.secret();
    match language {
        Script => {
            let items = format!("class Big {{\n  other = 1;\n{many}  m{n}(v) {{ console.error(this.last); }}\n}}\n");
            language.server(&items, &format!("const big = new Big();\nbig.m1({secret});\nbig.m{n}(query);"))
        }
        Python => {
            let items = format!(
                "class Big:\n    def __init__(self):\n        self.other = 1\n{many}\
                 \x20   def m{n}(self, v):\n        print(self.last, file=sys.stderr)\n"
            );
            language.server(&items, &format!("big = Big()\nbig.m1({secret})\nbig.m{n}(query)"))
        }
        Rust => {
            let items = format!(
                "struct Big {{ other: String }}\nimpl Big {{\n{many}\
                 \x20 fn m{n}(&self, v: String) {{ eprintln!(\"{{v}} {{}}\", self.other); }}\n}}\n"
            );
            language.server(
                &items,
                &format!("let big = Big {{ other: {secret} }};\nbig.m1(query.clone());\nbig.m{n}(query);"),
            )
        }
    }
}

/// A server with many tools, each of which logs the secret.
fn tools(language: Language, n: usize) -> String {
    let secret = language.secret();
    match language {
        Script => {
            let one = "server.registerTool(\"t{n}\", {}, async ({ query }) => {\n  note(query, SECRET);\n  return { content: [] };\n});\n";
            let items = "function note(a, b) {\n  console.error(b);\n}\n".to_owned() + &each(0..n, one);
            language.server(&items.replace("SECRET", secret), "")
        }
        Python => {
            let one = "@mcp.tool()\ndef t{n}(query: str) -> str:\n    note(query, SECRET)\n    return \"\"\n";
            let items = "def note(a, b):\n    print(b, file=sys.stderr)\n".to_owned() + &each(0..n, one);
            language.server(&items.replace("SECRET", secret), "pass")
        }
        Rust => {
            let one = "#[tool(description = \"t\")]\nasync fn t{n}(&self, Parameters(Query { query }): Parameters<Query>) -> String {\n  note(query, SECRET);\n  String::new()\n}\n";
            let many = each(0..n, one).replace("SECRET", secret);
            let items = "fn note(a: String, b: String) { eprintln!(\"{b}\"); }\n";
            let text = language.server(items, "");
            text.replacen("#[tool(description = \"look\")]", &(many + "#[tool(description = \"look\")]"), 1)
        }
    }
}

/// Conditions inside one another (in Python, whose own parser stops at a hundred, one after another).
fn nested(language: Language, n: usize) -> String {
    let secret = language.secret();
    let body = match language {
        Script => {
            let (open, close) =
                (each(0..n, "if (query === \"{n}\") {\n"), "} else { console.error(query); }\n".repeat(n));
            format!("{open}console.error({secret});\n{close}")
        }
        Python => {
            let arms = each(0..n, "elif query == \"{n}\":\n    print(query, file=sys.stderr)\n");
            format!("if query == \"first\":\n    pass\n{arms}else:\n    print({secret}, file=sys.stderr)\n")
        }
        Rust => {
            let open = each(0..n, "if query == \"{n}\" {\n");
            let close = "} else { eprintln!(\"{query}\"); }\n".repeat(n);
            format!("{open}eprintln!(\"{{}}\", {secret});\n{close}")
        }
    };
    language.server("", &body)
}

/// A dispatcher with many arms; each calls a function, one is handed the secret.
fn arms(language: Language, n: usize) -> String {
    let secret = language.secret();
    let body = match language {
        Script => {
            let arms = each(0..n, "case \"c{n}\": x = f{n}(query, x); break;\n");
            format!("let x = {secret};\nswitch (query) {{\n{arms}}}\nconsole.error(x);")
        }
        Python => {
            let arms = each(0..n, "    case \"c{n}\":\n        x = f{n}(query, x)\n");
            format!("x = {secret}\nmatch query:\n{arms}print(x, file=sys.stderr)")
        }
        Rust => {
            let arms = each(0..n, "\"c{n}\" => f{n}(query.clone(), x),\n");
            format!("let x = {secret};\nlet x = match query.as_str() {{\n{arms}_ => x,\n}};\neprintln!(\"{{x}}\");")
        }
    };
    let one = language.pick([
        "function f{n}(q, x) { return q + x; }\n",
        "def f{n}(q, x):\n    return q + x\n",
        "fn f{n}(q: String, x: String) -> String { q + &x }\n",
    ]);
    language.server(&each(0..n, &one), &body)
}

/// One function of very many statements, each of which makes a variable of the one before.
fn statements(language: Language, n: usize) -> String {
    let secret = language.secret();
    let (first, one, last) = match language {
        Script => (format!("let v0 = {secret};\n"), "let v{next} = v{n} + query;\n", "console.error(v{n});"),
        Python => (format!("v0 = {secret}\n"), "v{next} = v{n} + query\n", "print(v{n}, file=sys.stderr)"),
        Rust => (
            format!("let v0 = {secret};\n"),
            "let v{next} = format!(\"{v{n}} {query}\");\n",
            "eprintln!(\"{}\", v{n});",
        ),
    };
    language.server("", &(first + &each(0..n, one) + &each(n..n + 1, last)))
}

type Shape = fn(Language, usize) -> String;

/// What there is much of, and how much.
const SHAPES: [(&str, Shape, usize); 11] = [
    ("chain", chain, 3_000),
    ("chain-back", chain_back, 3_000),
    ("list", list, 10_000),
    ("table", table, 10_000),
    ("circle", circle, 200),
    ("bundle", bundle, 100_000),
    ("methods", methods, 5_000),
    ("tools", tools, 5_000),
    ("nested", nested, 2_000),
    ("arms", arms, 5_000),
    ("statements", statements, 20_000),
];

fn folder(name: &str) -> PathBuf {
    let res = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bounds").join(name);
    if res.exists() {
        std::fs::remove_dir_all(&res).expect("target is writable");
    }
    std::fs::create_dir_all(&res).expect("target is writable");
    res
}

/// A folder with one server of a shape.
fn server(name: &str, make: Shape, language: Language, n: usize) -> PathBuf {
    let file = language.file();
    let res = folder(&format!("{name}-{n}-{}", file.rsplit('.').next().unwrap_or_default()));
    std::fs::write(res.join(file), make(language, n)).expect("target is writable");
    res
}

fn run(args: &[&str], folder: &Path) -> String {
    let output =
        Command::new(env!("CARGO_BIN_EXE_mcpleaks")).args(args).arg(folder).output().expect("the program runs");
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 1 | 3)), "{}: {:?}\n{err}", folder.display(), output.status);
    assert!(!err.contains("panicked"), "{err}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The secret is found at the far end, or the report says what was left out.
fn are_found_or_told(language: Language) {
    for (name, make, n) in SHAPES {
        let folder = server(name, make, language, n);
        let report: serde_json::Value =
            serde_json::from_str(&run(&["--format", "json"], &folder)).expect("a whole report");
        let findings = report["findings"].as_array().expect("a list");
        let is_found = findings.iter().any(|finding| finding["rule"] == "env-in-log");
        let left_out = report["not_analysed"].as_array().expect("a list");
        let is_told = left_out.iter().any(|row| {
            row["reason"].as_str().is_some_and(|reason| reason.contains("deeper") || reason.contains("circles"))
        });
        assert!(is_found || is_told, "{}: {left_out:?}", folder.display());
        let is_cut = matches!(name, "chain" | "chain-back") || name == "nested" && language != Python;
        assert!(is_told || !is_cut, "{}: nothing is said of what was left out", folder.display());
    }
}

#[test]
fn large_scripts_are_found_or_told() {
    are_found_or_told(Script);
}

#[test]
fn large_python_is_found_or_told() {
    are_found_or_told(Python);
}

#[test]
fn large_rust_is_found_or_told() {
    are_found_or_told(Rust);
}

#[test]
fn sinks_that_callers_are_not_told_of_are_told() {
    let make = |language: Language, n_lines| {
        let lines = each(0..n_lines, "    print(f\"{n} {value}\", file=sys.stderr)\n");
        language.server(&format!("def tell(value):\n{lines}"), "tell(os.environ['API_KEY'])\n")
    };
    let told =
        |n_lines| run(&["--format", "json"], &server("sinks", make, Python, n_lines)).contains("comes to more than");
    assert!(!told(100));
    assert!(told(9_000));
}

/// A table of hundreds of handlers, and a function that calls them with what it is given: what each of them logs is found.
#[test]
fn a_dispatcher_of_many_handlers_loses_none() {
    let make = |language: Language, n| {
        let handler = "def h{n}(query):\n".to_owned()
            + &each(0..4, "    print(\"LINE {n}\", query, file=sys.stderr)\n").replace("LINE", "step");
        let handlers: String = (0..n).map(|at| handler.replacen("{n}", &at.to_string(), 1)).collect();
        let table = format!("TABLE = {{{}}}\n", each(0..n, "'t{n}': h{n}, "));
        let dispatch = "def dispatch(name, query):\n    return TABLE[name](query)\n";
        language.server(&format!("{handlers}{table}{dispatch}"), "dispatch(query, query)\n")
    };
    let report: serde_json::Value =
        serde_json::from_str(&run(&["--format", "json"], &server("dispatcher", make, Python, 400))).expect("a report");
    let findings = report["findings"].as_array().expect("a list");
    assert_eq!(findings.iter().filter(|finding| finding["rule"] == "argument-in-log").count(), 1_600);
}

/// Settings that a program writes itself, each only where all of them are there: each is asked for once.
#[test]
fn settings_that_are_written_by_others_come_to_an_end() {
    let make = |language: Language, n: usize| {
        let set: Vec<String> = (0..n).map(|n| format!("os.environ.get(\"HUB_{n}\")")).collect();
        let template =
            format!("def fill{{n}}():\n    if {}:\n        os.environ[\"HUB_{{n}}\"] = \"1\"\n", set.join(" and "));
        let calls = each(0..n, "fill{n}()\n");
        let logged = format!("if os.environ.get(\"HUB_0\"):\n    print({}, file=sys.stderr)\n", language.secret());
        language.server(&each(0..n, &template), &format!("{calls}{logged}"))
    };
    let report: serde_json::Value =
        serde_json::from_str(&run(&["--format", "json"], &server("settings", make, Python, 14))).expect("a report");
    let findings = report["findings"].as_array().expect("a list");
    assert!(findings.iter().any(|finding| finding["rule"] == "env-in-log"));
}

/// The steps of the passes, as `debug until flows` counts them.
fn steps(folder: &Path) -> Vec<usize> {
    let text = run(&["debug", "until", "flows", "--threads", "1"], folder);
    let (_, steps) = text.split_once("steps: ").expect("it tells the steps");
    steps.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

#[test]
fn work_grows_as_the_program_does() {
    for (name, make, n) in SHAPES {
        for language in Language::ALL {
            let (small, large) = (n / 10, n / 5);
            let few = steps(&server(name, make, language, small));
            let many = steps(&server(name, make, language, large));
            assert_eq!(few.len(), 3, "{few:?}");
            for (few, many) in few.iter().zip(&many) {
                let most = few * 2 + few / 4 + 200;
                assert!(
                    *many <= most,
                    "{name} in {}: {few} steps for {small}, {many} for twice as many",
                    language.file()
                );
            }
        }
    }
}

#[test]
fn a_large_script_that_nothing_names_costs_no_pass() {
    let page = each(
        0..8_000,
        "function f{n}(a, b) {\n  const c = [a, b];\n  return g(c, a.b, { a, b });\n}\nf{n}(1, f{n});\n",
    );
    let of_server = |name: &str, imports: &str, page: &str| {
        let folder = server(name, |language, _| language.server("", "console.error(query);"), Script, 0);
        let index = folder.join("index.ts");
        let text = std::fs::read_to_string(&index).expect("it was written");
        std::fs::write(index, format!("{imports}{text}")).expect("target is writable");
        if !page.is_empty() {
            std::fs::write(folder.join("page.js"), page).expect("target is writable");
        }
        steps(&folder)
    };
    let without = of_server("page-none", "", "");
    assert_eq!(of_server("page-beside", "", &page), without);
    assert!(of_server("page-imported", "import \"./page.js\";\n", &page)[0] > without[0] * 2);
    let answers = format!("{page}\nconst is = (method) => method === \"tools/call\";\n");
    assert!(of_server("page-speaks", "", &answers)[0] > without[0] * 2);
}

#[test]
fn threads_change_nothing() {
    let folder = folder("threads");
    for (name, make, n) in SHAPES {
        for language in Language::ALL {
            let file = language.file().rsplit('.').next().unwrap_or_default();
            std::fs::write(folder.join(format!("{name}.{file}")), make(language, n / 20)).expect("target is writable");
        }
    }
    let one = run(&["--format", "json", "--pedantic", "--threads", "1"], &folder);
    assert!(one.contains("env-in-log"));
    assert!(
        one == run(&["--format", "json", "--pedantic", "--threads", "2"], &folder),
        "two threads find something else"
    );
}
