//! Servers for people: the line under a report's findings, the table of `mcpleaks servers`, and what to say when there are none.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::escape::visible;
use super::human::{Detail, MAX_LIST, Style};
use super::wrap::wrap;
use super::{Handler, HandlerInfo, Report, Server, Transport, TransportInfo, count};

const SEPARATOR: &str = "   ";

/// `server  notes-mcp (TypeScript, sdk 1.21.0)   src/index.ts   stdio (src/index.ts:31)   9 tools`, wrapped.
pub(crate) fn line(report: &Report, server: &Server, style: Style) -> String {
    let mut parts = vec![format!("{} ({})", visible(&server.name), made_with(server)), visible(&server.entry)];
    let transports = server.transports.iter().map(|transport| short_transport(report, transport));
    let mut transports = transports.collect::<Vec<_>>();
    transports.dedup();
    let mut text = if transports.is_empty() { "transport unknown".to_owned() } else { transports.join(", ") };
    if !transports.is_empty() && server.transports.iter().all(|transport| transport.kind == Transport::Http) {
        text.push_str(" only: stdout rules do not apply");
    }
    parts.push(text);
    let handlers = handler_counts(server);
    if !handlers.is_empty() {
        parts.push(handlers);
    }
    wrap(&parts.join(SEPARATOR), style.width, "server  ", "        ")
}

/// All servers with their transports and handlers.
pub(crate) fn table(report: &Report, style: Style) -> String {
    if report.servers.is_empty() {
        return none_found(report, style);
    }
    let mut res = String::new();
    for (at, server) in report.servers.iter().enumerate() {
        if at > 0 {
            res.push('\n');
        }
        let how =
            if server.entry_how.is_empty() { String::new() } else { format!(" ({})", visible(&server.entry_how)) };
        let _ =
            writeln!(res, "{}  {}  entry {}{how}", visible(&server.name), made_with(server), visible(&server.entry));
        for transport in &server.transports {
            let place = transport.loc.map(|loc| format!(" at {}", visible(&report.at(loc)))).unwrap_or_default();
            field(&mut res, transport.kind.word(), &format!("{}{place}", visible(&transport.how)), style);
        }
        for (kind, handlers) in by_kind(server) {
            field(&mut res, kind.plural(), &signatures(report, &handlers, style.detail), style);
        }
        let _ = writeln!(res, "    {}", count(server.files.len(), "file", "files"));
    }
    res
}

/// Says that there is no server, what was looked at, and what to do.
pub(crate) fn none_found(report: &Report, style: Style) -> String {
    let looked: Vec<_> = report
        .looked_at
        .iter()
        .filter(|(_, n)| **n > 0)
        .map(|(language, n)| count(*n, &format!("{language} file"), &format!("{language} files")))
        .collect();
    let looked = if looked.is_empty() {
        "no TypeScript, JavaScript, Python or Rust files".to_owned()
    } else {
        looked.join(", ")
    };
    let text = format!("no MCP server found in {} ({looked} looked at)", visible(&report.root_name));
    let mut res = wrap(&text, style.width, "", "  ");
    let shown = if style.detail == Detail::Verbose { usize::MAX } else { MAX_LIST };
    for hint in report.hints.iter().take(shown) {
        res.push_str(&wrap(&visible(hint), style.width, "  note: ", "    "));
    }
    if report.hints.len() > shown {
        let _ = writeln!(res, "  note: {} more, named by -v", report.hints.len() - shown);
    }
    let entry = report.entry_candidates.first().map_or("FILE".to_owned(), |path| visible(path));
    let help = if report.names_entries {
        "declare the server in mcpleaks.toml, [[server]] with `entry` and `transport`: docs/configuration.md".to_owned()
    } else {
        format!("name the file that starts the server: mcpleaks --entry {entry}")
    };
    res.push_str(&wrap(&help, style.width, "  help: ", "    "));
    res
}

fn made_with(server: &Server) -> String {
    match &server.sdk {
        Some(sdk) => visible(&format!("{}, {sdk}", server.language)),
        None => visible(&server.language),
    }
}

fn short_transport(report: &Report, transport: &TransportInfo) -> String {
    let word = match transport.kind {
        Transport::Stdio => "stdio",
        Transport::Http => "HTTP",
        Transport::Other => "another transport",
        Transport::Unknown => "transport unknown",
    };
    match transport.loc {
        Some(loc) => format!("{word} ({})", visible(&report.at(loc))),
        None => word.to_owned(),
    }
}

fn handler_counts(server: &Server) -> String {
    let counts = by_kind(server).into_iter().map(|(kind, handlers)| {
        let one = if kind == Handler::Dispatch { "dispatcher" } else { kind.word() };
        count(handlers.len(), one, kind.plural())
    });
    counts.collect::<Vec<_>>().join(", ")
}

fn by_kind(server: &Server) -> BTreeMap<Handler, Vec<&HandlerInfo>> {
    let mut res: BTreeMap<Handler, Vec<&HandlerInfo>> = BTreeMap::new();
    for handler in &server.handlers {
        res.entry(handler.kind).or_default().push(handler);
    }
    res
}

/// `search(query, limit)  read(id)  … 7 more`
fn signatures(report: &Report, handlers: &[&HandlerInfo], detail: Detail) -> String {
    let shown = if detail == Detail::Verbose { usize::MAX } else { MAX_LIST };
    let mut parts = Vec::new();
    for handler in handlers.iter().take(shown) {
        let name = match &handler.name {
            Some(name) => visible(name),
            None => visible(&report.at(handler.loc)),
        };
        parts.push(format!("{name}({})", visible(&handler.args.join(", "))));
    }
    if handlers.len() > shown {
        parts.push(format!("and {} more, named by -v", handlers.len() - shown));
    }
    parts.join("  ")
}

fn field(res: &mut String, name: &str, text: &str, style: Style) {
    res.push_str(&wrap(text, style.width, &format!("    {name:<10}  "), "                "));
}
