//! Front end for rust.

use crate::source::files::SourceFile;

use super::Lowered;

pub(crate) fn lower(file: &SourceFile) -> Lowered {
    let builder = crate::ir::build::Builder::new(file.id, file.dialect.language());
    Lowered { program: builder.finish(), notes: Vec::new() }
}
