//! A found server in the report's words.

use std::collections::BTreeSet;

use crate::base::span::FileId;
use crate::ir::program::Language;
use crate::models::schema::{HandlerKind, TransportKind};
use crate::report::{Handler, HandlerInfo, Server, Transport, TransportInfo};
use crate::resolve::solve::Values;
use crate::rules::loc;
use crate::source::workspace::Workspace;

use super::servers::Found;

pub(super) fn server(values: &Values<'_>, workspace: &Workspace, found: &Found<'_>) -> Server {
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
        let how = values.call_text(serve.at).map(|name| format!("{name}()")).unwrap_or_default();
        transports.push(TransportInfo { kind, how, loc: Some(loc(program, serve.at)) });
    }
    let handlers = found.process.handlers.iter().filter_map(|handler| {
        let kind = match handler.kind {
            HandlerKind::Tool => Handler::Tool,
            HandlerKind::Prompt => Handler::Prompt,
            HandlerKind::Resource => Handler::Resource,
            HandlerKind::Dispatch => Handler::Dispatch,
            HandlerKind::Other | HandlerKind::Middleware => return None,
        };
        let func = &program.funcs[handler.func];
        let place = crate::base::span::Loc { file: program.modules[func.module].file, span: func.name_span };
        let args = values.argument_names(handler.func, handler.row);
        Some(HandlerInfo { kind, name: handler.name.as_ref().map(ToString::to_string), args, loc: place })
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
