//! Front end for Rust: syn parses a file, this lowers its items.
//!
//! Names: items (functions, types, modules, imports) are cells, in a function body too; variables are locals. A path's first
//! segment is looked up among the items only, so that `let config = config::load()` does not hide the module. Everything
//! is declared before any body is lowered; initialisers of constants run last in the module's init.
//!
//! Macros are recognised by the shape of their tokens (`macros`), but for those that the program itself defines, which are expanded.
//! What `cfg(test)` guards is not part of the program.
//!
//! | file | holds |
//! | --- | --- |
//! | `scan`, `parse` | refusing what would overflow the stack; parsing with recovery item by item |
//! | `items`, `uses`, `funcs`, `attrs`, `conditional`, `types` | declarations |
//! | `exprs`, `calls`, `places`, `blocks`, `control`, `patterns` | bodies |
//! | `macros`, `macro_args`, `format`, `json`, `select` | macro calls |
//! | `expand`, `macro_rules`, `macro_match`, `macro_index` | macros of the program's own: replacing a call, definitions, patterns, those of other files |
//! | `derived` | what a derive writes by which an object is put into a text |
//! | `recorded` | attributes that record calls |
//! | `spans` | from syn's spans to ours |

mod attrs;
mod blocks;
mod calls;
mod conditional;
mod control;
mod derived;
mod expand;
mod exprs;
mod format;
mod funcs;
mod items;
mod json;
mod macro_args;
pub(crate) mod macro_index;
mod macro_match;
mod macro_rules;
mod macros;
mod parse;
mod patterns;
mod places;
mod recorded;
mod scan;
mod select;
mod spans;
mod types;
mod uses;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::base::Symbol;
use crate::base::span::Span;
use crate::ir::build::Builder;
use crate::ir::func::BlockId;
use crate::ir::program::CellId;
use crate::ir::types::TypeRef;
use crate::source::files::SourceFile;
use crate::source::manifest::features::Features;

use super::{LowerNote, LowerNoteKind, Lowered};

/// One file being lowered.
struct Cx {
    b: Builder,
    /// What stands before the text that was parsed: a byte order mark, a `#!` line.
    offset: usize,
    lines: spans::Lines,
    /// What `Self` means, innermost last.
    self_types: Vec<TypeRef>,
    /// Type parameters in scope and the bounds that say what they can do, innermost last.
    generics: Vec<BTreeMap<Symbol, TypeRef>>,
    loops: Vec<control::Loop>,
    parts: Vec<Vec<crate::ir::func::LocalId>>,
    /// Inside an alternative of `A(x) | B(x)`: names are declared already.
    in_alternative: bool,
    /// Those that the file is built with.
    features: Arc<Features>,
    /// The cells of items that this file defines (not imports).
    own_items: BTreeSet<CellId>,
    /// Those of them that have a definition already.
    defined: BTreeSet<CellId>,
    own: expand::OwnMacros,
}

pub(crate) fn lower(file: &SourceFile, around: &Arc<macro_index::Macros>) -> Lowered {
    // syn and proc-macro2 panic on rare input of fuzzers; a file is all that may be lost.
    let lowered = std::panic::catch_unwind(|| lower_text(file, around));
    // All syntax trees are gone here: their spans would be void.
    proc_macro2::extra::invalidate_current_thread_spans();
    lowered.unwrap_or_else(|_| {
        let note = LowerNote {
            span: Span::default(),
            kind: LowerNoteKind::Refused,
            text: "the parser failed on this file".into(),
        };
        Lowered { program: Builder::new(file.id, file.dialect.language()).finish(), notes: vec![note] }
    })
}

pub(super) fn parse_only(file: &SourceFile) -> usize {
    let offset = parse::preamble(&file.text);
    let count = std::panic::catch_unwind(|| parse::parse(&file.text[offset..], offset).items.len());
    proc_macro2::extra::invalidate_current_thread_spans();
    count.unwrap_or_default()
}

fn lower_text(file: &SourceFile, around: &Arc<macro_index::Macros>) -> Lowered {
    let mut builder = Builder::new(file.id, file.dialect.language());
    builder.func_mut().span = Span::new(0, file.text.len());
    let offset = parse::preamble(&file.text);
    let parsed = parse::parse(&file.text[offset..], offset);
    let mut cx = Cx {
        b: builder,
        offset,
        lines: spans::Lines::of(&file.text[offset..]),
        self_types: Vec::new(),
        generics: Vec::new(),
        loops: Vec::new(),
        parts: Vec::new(),
        in_alternative: false,
        features: Arc::clone(&file.features),
        own_items: BTreeSet::new(),
        defined: BTreeSet::new(),
        own: expand::OwnMacros::new(file, around),
    };
    let items: Vec<_> = parsed.items.iter().collect();
    cx.items(&items, items::Level::Module);
    cx.b.export_all_names();
    let notes = parsed.notes.into_iter().chain(cx.own.note()).collect();
    Lowered { program: cx.b.finish(), notes }
}

/// Where the value of an expression goes.
#[derive(Clone, Copy)]
enum Dest {
    Nowhere,
    Local(crate::ir::func::LocalId),
    /// Each part of a tuple has a variable of its own: `let (a, b) = match x { … => (1, 2), … }`.
    Parts(Parts),
    Return,
}

/// The variables for the parts of a tuple, by their place in the list of all.
#[derive(Clone, Copy)]
struct Parts(usize);

/// Where control goes when a pattern or condition does not hold; `None` where it always does.
type Otherwise = Option<BlockId>;
