//! mcpleaks: static analysis of MCP servers.
#![expect(dead_code, reason = "under construction")]

mod base;
mod debug;
mod finding;
mod ir;
mod lower;
mod models;
mod resolve;
mod source;

pub use debug::debug_ir;
