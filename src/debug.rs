//! What `mcpleaks debug` prints: views of the intermediate results, for people who work on mcpleaks or doubt a finding.

use std::path::Path;
use std::sync::Arc;

use crate::base::idx::Id;
use crate::base::span::{FileId, LineIndex};
use crate::ir;
use crate::source::files::{Dialect, SourceFile};

/// The IR of one file as text, with a line for each note of the front end and each broken invariant.
///
/// # Errors
/// When the file can't be read or its name is that of no known language.
pub(crate) fn debug_ir(path: &Path) -> Result<String, String> {
    let bytes = std::fs::read(path).map_err(|err| format!("can't read {}: {err}", path.display()))?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let extension = path.extension().and_then(|ext| ext.to_str()).unwrap_or_default();
    let dialect = match extension {
        "ts" | "mts" | "cts" => Dialect::TypeScript,
        "tsx" => Dialect::Tsx,
        "js" | "mjs" | "cjs" | "jsx" => Dialect::JavaScript,
        "py" => Dialect::Python,
        "rs" => Dialect::Rust,
        _ => return Err(format!("{} is no TypeScript, JavaScript, Python or Rust file", path.display())),
    };
    let lines = LineIndex::new(&text);
    let file = SourceFile {
        id: FileId::new(0),
        path: path.to_string_lossy().into_owned(),
        dialect,
        text,
        features: Arc::default(),
    };
    let lowered = on_big_stack(|| crate::lower::lower(&file, &crate::lower::Around::default()));
    let mut out = ir::print::print(&lowered.program);
    for note in &lowered.notes {
        let at = lines.line_col(&file.text, note.span.start);
        out.push_str(&format!("note {}:{} {:?}: {}\n", at.line, at.column, note.kind, note.text));
    }
    for fault in ir::verify::verify(&lowered.program) {
        out.push_str(&format!("fault {fault}\n"));
    }
    Ok(out)
}

/// Runs `work` with the stack that front ends need.
pub(crate) fn on_big_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(crate::base::bounds::STACK_SIZE);
        match thread.spawn_scoped(scope, work).map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(value)) => value,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(err) => std::panic::resume_unwind(Box::new(err)),
        }
    })
}
