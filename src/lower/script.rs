//! Front end for TypeScript and JavaScript: syntax tree to IR, one file at a time.
//!
//! Optional chaining, casts and parentheses vanish. A chain such as `a.b(c).d + e` is a *spine*: it is lowered in a loop from
//! its innermost operand outwards, so long chains need no stack. What is nested deeper than [`SCRIPT_DEPTH`] becomes `Unknown`.
//! Nothing here knows a library; `require`, `module` and `exports` are the language's module system where no scope declares them.

mod classes;
mod control;
mod exprs;
mod funcs;
mod literals;
mod logic;
mod modules;
mod names;
mod patterns;
mod shapes;
mod stmts;
mod types;

use std::ops::ControlFlow;

use tree_sitter::{Node, ParseOptions, ParseState, Parser, Tree};

use crate::base::Symbol;
use crate::base::bounds::{SCRIPT_BYTES_PER_STEP, SCRIPT_DEPTH, SCRIPT_STEPS};
use crate::base::span::{LineIndex, Span};
use crate::ir::build::Builder;
use crate::ir::instr::{InstrId, Op};
use crate::ir::program::CellId;
use crate::ir::types::TypeRef;
use crate::lower::fields::KindName;
use crate::source::files::{Dialect, SourceFile};

use super::{LowerNote, LowerNoteKind, Lowered};

pub(crate) fn lower(file: &SourceFile) -> Lowered {
    // The tree outlives the lowerer, which holds nodes of it.
    let tree = parse(file);
    let mut lowerer = Lowerer::new(file);
    match &tree {
        Some(tree) => {
            lowerer.note_errors(tree.root_node());
            lowerer.program(tree.root_node());
        }
        None => lowerer.note(Span::default(), LowerNoteKind::Refused, "takes the parser too long".into()),
    }
    Lowered { program: lowerer.b.finish(), notes: lowerer.notes }
}

pub(super) fn parse_only(file: &SourceFile) -> usize {
    parse(file).map_or(0, |tree| tree.root_node().child_count() as usize)
}

/// Types of another module that the grammar cannot read are names of the same length where it gets stuck.
fn parse(file: &SourceFile) -> Option<Tree> {
    let tree = parse_bytes(file, file.text.as_bytes())?;
    match imported_types_renamed(&file.text).filter(|_| tree.root_node().has_error()) {
        Some(renamed) => parse_bytes(file, &renamed),
        None => Some(tree),
    }
}

/// What is a member of a promise, so that `import("x").then` is no type.
const OF_PROMISES: [&str; 3] = ["then", "catch", "finally"];

/// The text with a name in place of `import("./box.js")` in types: `import("./box.js").Box<string>`. None where there is none.
fn imported_types_renamed(text: &str) -> Option<Vec<u8>> {
    let mut renamed: Option<Vec<u8>> = None;
    for (at, opening) in text.match_indices("import(") {
        let inner = &text[at + opening.len()..];
        let Some(quote) = inner.chars().next().filter(|sign| matches!(sign, '"' | '\'')) else { continue };
        let Some((module, rest)) = inner[1..].split_once(quote) else { continue };
        let Some(member) = rest.strip_prefix(").").filter(|_| !module.contains('\n')) else { continue };
        let len =
            member.find(|sign: char| !sign.is_alphanumeric() && sign != '_' && sign != '$').unwrap_or(member.len());
        let (name, behind) = member.split_at(len);
        if name.is_empty() || OF_PROMISES.contains(&name) || behind.starts_with('(') {
            continue;
        }
        let end = text.len() - rest.len() + 1;
        renamed.get_or_insert_with(|| text.as_bytes().to_vec())[at..end].fill(b'_');
    }
    renamed
}

fn parse_bytes(file: &SourceFile, bytes: &[u8]) -> Option<Tree> {
    let language = match file.dialect {
        Dialect::Tsx => tree_sitter_typescript::LANGUAGE_TSX,
        Dialect::JavaScript => tree_sitter_javascript::LANGUAGE,
        _ => tree_sitter_typescript::LANGUAGE_TYPESCRIPT,
    };
    let mut parser = Parser::new();
    parser.set_language(&language.into()).ok()?;
    let mut left = SCRIPT_STEPS + bytes.len() / SCRIPT_BYTES_PER_STEP;
    let mut step = |_: &ParseState| {
        left = left.saturating_sub(1);
        if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let mut read = |at: usize, _| bytes.get(at..).unwrap_or_default();
    parser.parse_with_options(&mut read, None, Some(ParseOptions::new().progress_callback(&mut step)))
}

/// The state of lowering one file; `'t` is the syntax tree and the text.
struct Lowerer<'t> {
    text: &'t str,
    b: Builder,
    notes: Vec<LowerNote>,
    depth: usize,
    /// Loops, labels and `finally` blocks around the current statement, within the current function.
    frames: Vec<control::Frame>,
    /// Classes around the current code, innermost last.
    classes: Vec<classes::ClassCx<'t>>,
    /// Type parameters in scope with what bounds them.
    type_params: Vec<(&'t str, TypeRef)>,
    /// Types being read are kept outside the current function.
    types_outlive: bool,
    /// What `module.exports` is, once the file mentions it.
    exports: Option<CellId>,
    /// Names that hold a made `require` (`createRequire(…)`).
    requires: Vec<Symbol>,
}

impl<'t> Lowerer<'t> {
    fn new(file: &'t SourceFile) -> Self {
        Self {
            text: &file.text,
            b: Builder::new(file.id, file.dialect.language()),
            notes: Vec::new(),
            depth: 0,
            frames: Vec::new(),
            classes: Vec::new(),
            type_params: Vec::new(),
            types_outlive: false,
            exports: None,
            requires: Vec::new(),
        }
    }

    fn note(&mut self, span: Span, kind: LowerNoteKind, text: String) {
        self.notes.push(LowerNote { span, kind, text });
    }

    /// One note for the first syntax error of the file.
    fn note_errors(&mut self, root: Node<'t>) {
        if !root.has_error() {
            return;
        }
        let Some(at) = first_error(root, self.text).map(span) else { return };
        let line = LineIndex::new(self.text).line(at.start);
        self.note(at, LowerNoteKind::Partial, format!("syntax error in line {line}"));
    }

    /// Runs `work` one level deeper; `None` and one note a file when that is too deep.
    fn deeper<R>(&mut self, node: Node<'t>, work: impl FnOnce(&mut Self) -> R) -> Option<R> {
        if self.depth >= SCRIPT_DEPTH {
            let text = format!("nested deeper than {SCRIPT_DEPTH} levels");
            if self.notes.iter().all(|note| note.text != text) {
                self.note(span(node), LowerNoteKind::Partial, text);
            }
            return None;
        }
        self.depth += 1;
        let res = work(self);
        self.depth -= 1;
        Some(res)
    }

    fn unknown(&mut self, what: &'static str, operands: Vec<InstrId>, node: Node<'t>) -> InstrId {
        self.b.push(Op::Unknown(what, operands), span(node))
    }

    /// The source text of a node.
    fn text(&self, node: Node<'t>) -> &'t str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }
}

fn span(node: Node<'_>) -> Span {
    Span::new(node.start_byte(), node.end_byte())
}

fn field<'t>(node: Node<'t>, name: &str) -> Option<Node<'t>> {
    super::fields::child(node, name)
}

/// The named children of a node, without comments.
fn named<'t>(node: Node<'t>) -> Vec<Node<'t>> {
    node.named_children(&mut node.walk()).filter(|child| !is_comment(*child)).collect()
}

fn first_named(node: Node<'_>) -> Option<Node<'_>> {
    let mut walk = node.walk();
    let mut children = node.named_children(&mut walk);
    children.find(|child| !is_comment(*child))
}

/// Has the node a child of this kind (a keyword or a mark)?
fn has_child(node: Node<'_>, kind: &str) -> bool {
    node.children(&mut node.walk()).any(|child| child.kind_name() == kind)
}

fn is_comment(node: Node<'_>) -> bool {
    matches!(node.kind_name(), "comment" | "html_comment")
}

/// Is it the `type` of `export type * from "./berths.js"`, which the parser does not know? Nothing of that is there at run time.
fn is_exported_type(node: Node<'_>, text: &str) -> bool {
    node.is_error()
        && text.get(node.byte_range()) == Some("type")
        && node
            .parent()
            .is_some_and(|parent| parent.kind_name() == "export_statement" && field(parent, "source").is_some())
}

/// The first `ERROR` or missing node in text order.
fn first_error<'t>(root: Node<'t>, text: &str) -> Option<Node<'t>> {
    let mut walk = root.walk();
    loop {
        let node = walk.node();
        let is_known = is_exported_type(node, text);
        if (node.is_error() || node.is_missing()) && !is_known {
            return Some(node);
        }
        if node.has_error() && !is_known && walk.goto_first_child() {
            continue;
        }
        while !walk.goto_next_sibling() {
            if !walk.goto_parent() {
                return None;
            }
        }
    }
}
