//! A found server in the report's words.

use std::collections::BTreeSet;

use crate::base::span::{FileId, Loc};
use crate::flow::explore::Serve;
use crate::ir::program::Language;
use crate::models::handlers::HandlerKind;
use crate::models::serving::{TransportKind, TransportSpec};
use crate::report::{Handler, HandlerInfo, Server, Transport, TransportInfo};
use crate::resolve::ports::PortValue;
use crate::resolve::solve::Values;
use crate::resolve::values::Value;
use crate::rules::loc;
use crate::rules::name::{called_in, handler_name};
use crate::source::workspace::Workspace;

use super::servers::Found;

/// What a server is, in words. `texts` gives source text without white space.
pub(super) fn server(
    values: &Values<'_>,
    workspace: &Workspace,
    texts: &dyn Fn(Loc) -> String,
    found: &Found<'_>,
) -> Server {
    let program = values.program;
    let entry = &workspace.files[found.entry];
    let language = super::language_name(entry.dialect).to_owned();
    let mut transports: Vec<TransportInfo> = Vec::new();
    for serve in &found.process.serves {
        let kind = match serve.kind {
            TransportKind::Stdio => Transport::Stdio,
            TransportKind::Http => Transport::Http,
            TransportKind::Other => Transport::Other,
            TransportKind::Unknown => Transport::Unknown,
        };
        let called = called_in(values, texts, serve.at);
        let how = if found.is_parent {
            format!("by the server that {called}() starts")
        } else if found.process.explorer.told.serves_at == Some(serve.at) {
            format!("declared in the configuration; taken to start with {called}()")
        } else {
            transport_how(values, serve, &called)
        };
        transports.push(TransportInfo { kind, how, loc: Some(loc(program, serve.at)) });
    }
    let handlers = found.process.handlers.iter().filter_map(|handler| {
        let kind = match handler.kind {
            HandlerKind::Tool => Handler::Tool,
            HandlerKind::Prompt => Handler::Prompt,
            HandlerKind::Resource => Handler::Resource,
            HandlerKind::Dispatch => Handler::Dispatch,
            HandlerKind::Other | HandlerKind::Side | HandlerKind::Middleware | HandlerKind::Route => return None,
        };
        let func = &program.funcs[program.known_as(handler.func)];
        let place = Loc { file: program.modules[func.module].file, span: func.name_span };
        let args = values.argument_names(handler.func, handler.row, handler.at, handler.name.as_ref());
        Some(HandlerInfo { kind, name: handler_name(program, handler).map(|name| name.to_string()), args, loc: place })
    });
    Server {
        name: found.name.clone(),
        language,
        sdk: sdk(values, workspace, found),
        entry: entry.path.clone(),
        entry_how: found.how.clone(),
        transports,
        handlers: handlers.collect(),
        files: files(values, found),
    }
}

/// The call that serves and what decides about its transport: `server.connect(StdioServerTransport)`.
fn transport_how(values: &Values<'_>, serve: &Serve, called: &str) -> String {
    if serve.by_hand {
        return format!("requests read by {called}(), by no SDK,");
    }
    if let Some(name) = &serve.name {
        return format!("{called}({:?})", name.as_str());
    }
    let TransportSpec::Ports(ports) = &values.models.serve(serve.row).transport else { return format!("{called}()") };
    for port in ports.from.iter().filter_map(|text| values.models.port(text)) {
        let found = match values.port_values(serve.at, port) {
            PortValue::Missing => continue,
            PortValue::Unknown => return format!("{called}() with one that is not known from the code"),
            PortValue::Known(found) => found,
        };
        let mut names: Vec<String> = found
            .iter()
            .filter_map(|value| match value {
                Value::Const(value) => Some(format!("{:?}", Values::const_text(value))),
                Value::Variant(_, name) => Some(name.to_string()),
                Value::Api(node, _) => {
                    let name = values.models.index.node(*node).name.clone();
                    Some(name.rsplit(['.', ':']).next().unwrap_or(&name).trim_end_matches("()").to_owned())
                }
                Value::Instance(class) | Value::Typed(class) => Some(values.program.classes[*class].name.to_string()),
                _ => None,
            })
            .collect();
        names.sort();
        names.dedup();
        return format!("{called}({})", names.join(" or "));
    }
    format!("{called}() by default")
}

/// The SDK whose call serves, with the version that manifests or lock files name.
fn sdk(values: &Values<'_>, workspace: &Workspace, found: &Found<'_>) -> Option<String> {
    let serve = found.process.serves.first().filter(|serve| !serve.by_hand)?;
    let file = values.models.file(serve.row);
    let module = &values.program.modules[values.program.funcs[serve.at.0].module];
    let package = file.package.as_deref().unwrap_or(&file.library);
    let version = workspace.manifests.version_text(module.language, &workspace.files[module.file].path, package);
    Some(match version {
        Some(version) => format!("{package} {version}"),
        None => package.to_owned(),
    })
}

/// The files that the process can load: those of every explored function.
fn files(values: &Values<'_>, found: &Found<'_>) -> Vec<FileId> {
    let program = values.program;
    let explored =
        found.process.explorer.frames.iter().map(|frame| program.modules[program.funcs[frame.func].module].file);
    let mut files: BTreeSet<FileId> = explored.collect();
    files.insert(found.entry);
    files.into_iter().collect()
}

impl crate::ir::func::Function {
    /// Does the module of the function run when it is loaded?
    pub(crate) fn language_runs(&self, program: &crate::ir::program::Program) -> bool {
        program.modules[self.module].language != Language::Rust
    }
}
