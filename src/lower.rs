//! From source text to IR: one front end a language, the only users of tree-sitter and syn.
//!
//! Lowering is a pure function of a file's text (and of what other files define for it) and never fails on input: it returns
//! IR plus notes. No front end knows a rule or a library.

mod fields;
pub(crate) mod python;
pub(crate) mod rust;
pub(crate) mod script;

use std::sync::Arc;

use crate::base::span::Span;
use crate::ir::program::Program;
use crate::source::files::{Dialect, SourceFile};
use crate::source::workspace::Workspace;

use rust::macro_index::Macros;

/// What the files of a program define for each other that has to be known before one of them is lowered.
#[derive(Default)]
pub(crate) struct Around {
    macros: Arc<Macros>,
}

impl Around {
    /// Scans the files of a workspace; parses none.
    pub(crate) fn of(workspace: &Workspace) -> Self {
        Self { macros: Arc::new(Macros::of(workspace)) }
    }
}

/// What a front end made of one file.
pub(crate) struct Lowered {
    pub(crate) program: Program,
    pub(crate) notes: Vec<LowerNote>,
}

/// Something in a file that could not be read as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LowerNote {
    pub(crate) span: Span,
    pub(crate) kind: LowerNoteKind,
    /// What happened, for people: "syntax error", "nested deeper than 500 levels".
    pub(crate) text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LowerNoteKind {
    /// Part of the file was not understood; the rest was lowered.
    Partial,
    /// Nothing of the file was lowered.
    Refused,
}

/// Lowers one file of a program. Stack use is bounded; call it on a thread with [`STACK_SIZE`].
pub(crate) fn lower(file: &SourceFile, around: &Around) -> Lowered {
    match file.dialect {
        Dialect::TypeScript | Dialect::Tsx | Dialect::JavaScript => script::lower(file),
        Dialect::Python => python::lower(file),
        Dialect::Rust => rust::lower(file, &around.macros),
    }
}

/// Parses one file and throws the syntax tree away: what no analysis of the file can do without. Gives the nodes at its top.
pub(crate) fn parse_only(file: &SourceFile) -> usize {
    match file.dialect {
        Dialect::TypeScript | Dialect::Tsx | Dialect::JavaScript => script::parse_only(file),
        Dialect::Python => python::parse_only(file),
        Dialect::Rust => rust::parse_only(file),
    }
}
