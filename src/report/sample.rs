//! Hand-made reports for the tests of the formats.

use std::collections::BTreeMap;

use std::time::Duration;

use super::{FilesInfo, Handler, HandlerInfo, NotAnalysed, Report, Server, Transport, TransportInfo};
use crate::base::idx::Id;
use crate::base::span::{FileId, Loc, Span};
use crate::finding::{Confidence, Finding, Level, Persona, Step};

const CONNECT: &str = "\
import { Pool } from \"./pool\";

export async function connect(url: string, host: string) {
  const pool = await Pool.open(url);
  console.info(`[db] connected to ${host}`);
  return pool;
}
";
const SEARCH: &str = "\
server.registerTool(\"search\", { inputSchema: { query: z.string() } }, async ({ query }) => {
  log.debug(\"searching\", { query });
  return { content: [] };
});
";
const LOG: &str = "\
export const log = {
  debug(msg: string, fields: object) {
    process.stderr.write(JSON.stringify({ msg, ...fields }) + \"\\n\");
  },
};
";
const INDEX: &str = "\
import { connect } from \"./db/connect\";

async function main() {
  await connect(process.env.DATABASE_URL, \"db\");
  await server.connect(new StdioServerTransport());
}
main();
";

/// Two servers, three findings, files left out.
pub(super) fn notes() -> Report {
    let mut report = Report { root_name: ".".into(), elapsed: Duration::from_millis(64), ..Report::default() };
    let paths =
        [("src/db/connect.ts", CONNECT), ("src/index.ts", INDEX), ("src/log.ts", LOG), ("src/search.ts", SEARCH)];
    for (at, (path, text)) in paths.iter().enumerate() {
        report.texts.insert(FileId::new(at), *path, *text);
    }
    report.files = FilesInfo { analysed: 41, lines: 6_210, tests: 12, folders: BTreeMap::default() };
    report.looked_at.insert("TypeScript".into(), 41);
    report.servers = vec![stdio_server(), http_server()];
    report.findings = vec![stdout_write(), argument_in_log(), unhandled_rejection(), audit_event()];
    let left =
        [("dist/bundle.min.js", "minified"), ("src/broken.py", "syntax error at 12; the rest of the file was read")];
    report.not_analysed = left
        .iter()
        .map(|(path, reason)| NotAnalysed {
            path: (*path).into(),
            reason: (*reason).into(),
            in_part: reason.contains("the rest"),
        })
        .collect();
    report
}

/// A finding whose every text tries to take over the terminal, the log reader or the document.
pub(super) fn hostile() -> Report {
    let evil = "\u{1b}[2J\u{202e}\n::error::taken\r##[add-mask]x %0A [a](1) {0} \u{9b}1m";
    let mut report = Report { root_name: format!("r{evil}"), ..Report::default() };
    let text = format!(
        "const a = 1;\n\tprint(\"\u{1b}]0;x\u{7}\u{202e}::error::\u{85}ä日\", secret);{}\nend\n",
        " x".repeat(400)
    );
    report.texts.insert(FileId::new(0), format!("src/{evil}.py"), text.clone());
    let at = text.find("secret").unwrap_or_default();
    report.servers = vec![Server {
        name: evil.into(),
        language: "Python".into(),
        sdk: Some(evil.into()),
        entry: evil.into(),
        handlers: vec![HandlerInfo {
            kind: Handler::Tool,
            name: Some(evil.into()),
            args: vec![evil.into()],
            loc: loc(0, 0, 5),
        }],
        ..Server::default()
    }];
    let mut finding = stdout_write();
    finding.message = format!("`{evil}` is written");
    finding.primary = Step { loc: loc(0, at, at + 6), text: evil.into() };
    finding.reached = vec![Step { loc: loc(0, 0, 5), text: evil.into() }];
    finding.related = vec![Step { loc: loc(0, 0, 5), text: evil.into() }];
    finding.help = evil.into();
    finding.confidence = Confidence::Low;
    finding.doubts = vec![evil.into()];
    report.findings = vec![finding];
    report.not_analysed = vec![NotAnalysed { path: evil.into(), reason: evil.into(), in_part: false }];
    report
}

pub(super) fn nothing() -> Report {
    Report {
        root_name: ".".into(),
        looked_at: [("TypeScript".to_owned(), 38), ("Python".to_owned(), 1)].into(),
        hints: vec!["src/worker.ts imports the SDK but never connects a transport".into()],
        entry_candidates: vec!["src/worker.ts".into()],
        files: FilesInfo { analysed: 39, lines: 1_000, tests: 0, folders: BTreeMap::default() },
        elapsed: Duration::from_millis(9),
        ..Report::default()
    }
}

/// One finding with twelve callers and a path of fourteen steps, all in a minified file.
pub(super) fn long() -> Report {
    let mut report = notes();
    let text = format!("{}leak(key);{}\n", "var a=1;".repeat(60), "b();".repeat(200));
    report.texts.insert(FileId::new(0), "src/min.js", text.clone());
    let at = text.find("key").unwrap_or_default();
    let step = |n: usize| Step { loc: loc(0, n * 8, n * 8 + 3), text: format!("step {n}") };
    let mut finding = argument_in_log();
    finding.path = (0..14).map(step).collect();
    finding.primary = Step { loc: loc(0, at, at + 3), text: "written to stderr".into() };
    finding.path.push(finding.primary.clone());
    finding.reached = (0..12).map(step).collect();
    finding.related = (0..12).map(step).collect();
    report.findings = vec![finding];
    report
}

fn loc(file: usize, start: usize, end: usize) -> Loc {
    Loc { file: FileId::new(file), span: Span::new(start, end) }
}

/// The first place of `what` in `text`.
fn step(file: usize, text: &str, what: &str, label: &str) -> Step {
    let at = text.find(what).unwrap_or_default();
    Step { loc: loc(file, at, at + what.len()), text: label.into() }
}

fn stdio_server() -> Server {
    let handler = |name: &str, args: &[&str]| HandlerInfo {
        kind: Handler::Tool,
        name: Some(name.into()),
        args: args.iter().map(|arg| (*arg).into()).collect(),
        loc: loc(3, 0, 19),
    };
    Server {
        name: "notes-mcp".into(),
        language: "TypeScript".into(),
        sdk: Some("@modelcontextprotocol/sdk 1.21.0".into()),
        entry: "src/index.ts".into(),
        entry_how: "package.json bin \"notes-mcp\"".into(),
        transports: vec![TransportInfo {
            kind: Transport::Stdio,
            how: "StdioServerTransport connected".into(),
            loc: Some(step(1, INDEX, "server.connect(new", "").loc),
        }],
        handlers: vec![handler("search", &["query", "limit"]), handler("read", &["id"])],
        files: vec![FileId::new(0), FileId::new(1)],
    }
}

fn http_server() -> Server {
    Server {
        name: "notes-http".into(),
        language: "TypeScript".into(),
        sdk: Some("@modelcontextprotocol/sdk 1.21.0".into()),
        entry: "src/http.ts".into(),
        entry_how: "package.json scripts.start:http".into(),
        transports: vec![TransportInfo {
            kind: Transport::Http,
            how: "StreamableHTTPServerTransport".into(),
            loc: None,
        }],
        ..Server::default()
    }
}

fn stdout_write() -> Finding {
    Finding {
        rule: "stdout-write".into(),
        level: Level::Error,
        persona: Persona::Regular,
        confidence: Confidence::High,
        doubts: Vec::new(),
        message: "`console.info` writes to stdout while the server speaks JSON-RPC on it".into(),
        primary: step(
            0,
            CONNECT,
            "console.info",
            "stdout, not stderr: only console.warn, .error, .trace and .assert use stderr",
        ),
        path: Vec::new(),
        reached: vec![
            step(1, INDEX, "import { connect", "imports ./db/connect"),
            step(1, INDEX, "main();", "main()"),
            step(1, INDEX, "connect(process", "connect()"),
        ],
        phase: Some("before the transport starts"),
        related: Vec::new(),
        help: "use console.error".into(),
        servers: vec![0],
        function: "connect".into(),
        shape: "console.info(`[db]connectedto${host}`)".into(),
        settled: None,
    }
}

fn argument_in_log() -> Finding {
    let written = step(2, LOG, "JSON.stringify({ msg, ...fields })", "written to stderr");
    let handed = step(3, SEARCH, "{ query });", "handed to log.debug");
    let handed = Step {
        loc: Loc { span: Span::new(handed.loc.span.start as usize, handed.loc.span.end as usize - 2), ..handed.loc },
        ..handed
    };
    Finding {
        rule: "argument-in-log".into(),
        level: Level::Warning,
        persona: Persona::Regular,
        confidence: Confidence::Medium,
        doubts: vec!["the receiver of `.debug()` is a guess".into()],
        message: "the argument `query` of tool `search` is written to a log".into(),
        primary: handed.clone(),
        path: vec![step(3, SEARCH, "{ query }) =>", "the agent's value arrives here"), handed, written],
        reached: Vec::new(),
        phase: None,
        related: Vec::new(),
        help: "log the names: `arg_keys: Object.keys(args)`".into(),
        servers: vec![0, 1],
        function: "search".into(),
        shape: "log.debug(\"searching\",{query})".into(),
        settled: None,
    }
}

fn unhandled_rejection() -> Finding {
    Finding {
        rule: "unhandled-rejection".into(),
        level: Level::Note,
        message: "nothing catches unhandled rejections: the first one ends the server without a word to the log".into(),
        primary: step(1, INDEX, "await server.connect(new StdioServerTransport())", "the process starts serving here"),
        reached: Vec::new(),
        phase: None,
        help: "install a handler with `process.on(\"unhandledRejection\", …)` that writes to stderr".into(),
        function: "main".into(),
        shape: "awaitserver.connect(newStdioServerTransport())".into(),
        settled: None,
        ..stdout_write()
    }
}

fn audit_event() -> Finding {
    Finding { rule: "audit-event-missing".into(), persona: Persona::Pedantic, ..unhandled_rejection() }
}
