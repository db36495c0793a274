//! mcpleaks: static analysis of MCP servers.

mod audit;
mod base;
mod catalogue;
mod cli;
mod config;
mod debug;
mod finding;
mod flow;
mod git;
mod inspect;
mod ir;
mod lower;
mod models;
mod report;
mod resolve;
mod rules;
mod self_check;
mod source;
mod triage;

pub use cli::{Terminal, main_with};
