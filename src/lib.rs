//! mcpleaks: static analysis of MCP servers.
#![expect(dead_code, reason = "under construction")]

mod base;
mod catalogue;
mod cli;
mod config;
mod debug;
mod finding;
mod ir;
mod lower;
mod models;
mod report;
mod source;

pub use cli::{Terminal, main_with};

/// Examines what `options` names. A stub until the analysis is joined to the report.
#[expect(clippy::unnecessary_wraps, reason = "the analysis behind it can fail")]
fn audit(options: &config::Options) -> Result<report::Report, String> {
    let root = options.paths.first().map(|path| path.display().to_string()).unwrap_or_default();
    Ok(report::Report { root_name: root, ..report::Report::default() })
}
