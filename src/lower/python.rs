//! Front end for Python: one file, parsed with tree-sitter, to IR.
//!
//! A *frame* is what the front end keeps of a function under construction beside the builder: the class bodies, loops and
//! cleanups (`finally`, `with`) around the statement being lowered. Names are declared before the code of their function is
//! lowered (`names`). Nothing here knows a library; what is not modelled becomes `Unknown` with its operands.
//!
//! Not done: evaluation of annotations, metaclasses, `eval`, the body of a name-mangled attribute.

mod calls;
mod classes;
mod comprehensions;
mod control;
mod exprs;
mod formats;
mod funcs;
mod imports;
mod literals;
mod matching;
mod names;
mod statements;
mod types;

use std::ops::ControlFlow;

use tree_sitter::{Node, ParseOptions, ParseState, Parser, Tree};

use crate::base::Symbol;
use crate::base::bounds::{PYTHON_BYTES_PER_STEP, PYTHON_DEPTH, PYTHON_STEPS};
use crate::base::span::Span;
use crate::ir::build::Builder;
use crate::ir::func::BlockId;
use crate::ir::instr::{InstrId, Op, Place};
use crate::ir::program::ClassId;
use crate::lower::fields::KindName;
use crate::source::files::SourceFile;

use super::{LowerNote, LowerNoteKind, Lowered};

pub(crate) fn lower(file: &SourceFile) -> Lowered {
    let tree = parse(&file.text);
    let mut lowering = Lowering::new(file);
    match &tree {
        Some(tree) => lowering.module(tree.root_node()),
        None => {
            let span = Span::new(0, file.text.len());
            lowering.note(span, LowerNoteKind::Refused, "parsing takes too long; this does not look like Python");
        }
    }
    let mut notes = lowering.notes;
    notes.sort_by_key(|note| note.span);
    Lowered { program: lowering.b.finish(), notes }
}

pub(super) fn parse_only(file: &SourceFile) -> usize {
    parse(&file.text).map_or(0, |tree| tree.root_node().child_count() as usize)
}

/// `None` when the parser needs more steps than a Python file of that size does.
fn parse(text: &str) -> Option<Tree> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_python::LANGUAGE.into()).ok()?;
    let bytes = text.as_bytes();
    let mut steps_left = PYTHON_STEPS.saturating_add(bytes.len() / PYTHON_BYTES_PER_STEP);
    let mut progress = |_: &ParseState| {
        steps_left = steps_left.saturating_sub(1);
        if steps_left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let mut read = |offset: usize, _| bytes.get(offset..).unwrap_or_default();
    parser.parse_with_options(&mut read, None, Some(ParseOptions::new().progress_callback(&mut progress)))
}

/// A file being lowered.
struct Lowering<'t> {
    b: Builder,
    text: &'t str,
    notes: Vec<LowerNote>,
    frames: Vec<Frame<'t>>,
    depth: usize,
    /// In the body of `if TYPE_CHECKING:`.
    type_only: bool,
    /// The file has a `:=`, so expressions can assign names.
    has_walrus: bool,
    finally_copies: usize,
    noted: Noted,
}

/// Notes that are given once a file.
#[derive(Default)]
struct Noted {
    depth: bool,
    python2: bool,
}

/// What is around the statement being lowered, in one function.
#[derive(Default)]
struct Frame<'t> {
    /// Class bodies, innermost last.
    classes: Vec<ClassBody>,
    loops: Vec<Loop>,
    /// What a jump out of here runs first, innermost last.
    cleanups: Vec<Cleanup<'t>>,
    /// The exceptions of the handlers around, innermost last: what a bare `raise` raises.
    caught: Vec<InstrId>,
    /// For a method: its class and the name of its receiver.
    method_of: Option<(ClassId, Option<Symbol>)>,
}

struct ClassBody {
    id: ClassId,
    place: Place,
    is_enum: bool,
}

struct Loop {
    next: BlockId,
    done: BlockId,
    /// How many cleanups stood around the loop.
    cleanups: usize,
    /// Was there a jump to `done`?
    has_break: bool,
}

struct Cleanup<'t> {
    what: CleanupKind<'t>,
    /// Where exceptions of the cleanup itself go.
    unwind: Option<BlockId>,
}

#[derive(Clone, Copy)]
enum CleanupKind<'t> {
    Finally(Node<'t>),
    Exit { manager: InstrId, is_async: bool, span: Span },
}

impl<'t> Lowering<'t> {
    fn new(file: &'t SourceFile) -> Self {
        Self {
            b: Builder::new(file.id, file.dialect.language()),
            text: &file.text,
            notes: Vec::new(),
            frames: vec![Frame::default()],
            depth: 0,
            type_only: false,
            has_walrus: file.text.contains(":="),
            finally_copies: 0,
            noted: Noted::default(),
        }
    }

    fn module(&mut self, root: Node<'t>) {
        let whole = Span::new(0, self.text.len());
        self.b.func_mut().span = whole;
        if root.has_error() {
            let span = first_error(root).map_or(whole, span);
            self.note(span, LowerNoteKind::Partial, "syntax error");
        }
        self.declare_module_names(root);
        self.statements(root);
        self.b.export_all_names();
    }

    // ---- around the builder --------------------------------------------------------------------------------------

    fn note(&mut self, span: Span, kind: LowerNoteKind, text: &str) {
        self.notes.push(LowerNote { span, kind, text: text.into() });
    }

    fn src(&self, node: Node<'t>) -> &'t str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    fn push(&mut self, op: Op, node: Node<'t>) -> InstrId {
        self.b.push(op, span(node))
    }

    fn unknown(&mut self, what: &'static str, operands: Vec<InstrId>, node: Node<'t>) -> InstrId {
        self.push(Op::Unknown(what, operands), node)
    }

    /// The function being lowered.
    fn frame(&mut self) -> &mut Frame<'t> {
        if self.frames.is_empty() {
            self.frames.push(Frame::default());
        }
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }

    /// Runs `work` one level deeper; `None`, and a note, when that is too deep.
    fn deeper<T>(&mut self, node: Node<'t>, work: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= PYTHON_DEPTH {
            if !std::mem::replace(&mut self.noted.depth, true) {
                let text = format!("nested deeper than {PYTHON_DEPTH} levels");
                self.note(span(node), LowerNoteKind::Partial, &text);
            }
            return None;
        }
        self.depth += 1;
        let res = work(self);
        self.depth -= 1;
        Some(res)
    }
}

fn span(node: Node<'_>) -> Span {
    Span::new(node.start_byte(), node.end_byte())
}

/// The named children without comments.
fn parts<'t>(node: Node<'t>) -> Vec<Node<'t>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).filter(|child| !is_trivia(*child)).collect()
}

fn first_part<'t>(node: Node<'t>) -> Option<Node<'t>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).find(|child| !is_trivia(*child))
}

fn field<'t>(node: Node<'t>, name: &str) -> Option<Node<'t>> {
    super::fields::child(node, name)
}

fn fields<'t>(node: Node<'t>, name: &str) -> Vec<Node<'t>> {
    let mut cursor = node.walk();
    node.children_by_field_name(name, &mut cursor).filter(|child| child.is_named() && !is_trivia(*child)).collect()
}

/// Is there a direct child that is the token `text` (`async`, `=`)?
fn has_token(node: Node<'_>, text: &str) -> bool {
    let mut cursor = node.walk();
    node.children(&mut cursor).any(|child| !child.is_named() && child.kind_name() == text)
}

fn is_trivia(node: Node<'_>) -> bool {
    matches!(node.kind_name(), "comment" | "line_continuation")
}

/// The first node in source order that is no Python.
fn first_error(root: Node<'_>) -> Option<Node<'_>> {
    let mut node = root;
    loop {
        if node.is_error() || node.is_missing() {
            return Some(node);
        }
        let mut cursor = node.walk();
        let inner = node.children(&mut cursor).find(|child| child.has_error() || child.is_missing());
        node = inner?;
    }
}
