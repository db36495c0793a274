//! Annotations as types: what they name, `Optional` and `Annotated` taken off.

use tree_sitter::Node;

use crate::base::bounds::PYTHON_TYPE_DEPTH;
use crate::ir::instr::{Base, Field, Place};
use crate::ir::types::{NamedType, TypeRef};
use crate::lower::fields::KindName;

use super::{Lowering, first_part, parts};

impl<'t> Lowering<'t> {
    pub(super) fn type_ref(&mut self, node: Node<'t>) -> TypeRef {
        self.deeper(node, |cx| cx.type_kind(node)).unwrap_or(TypeRef::Other)
    }

    fn type_kind(&mut self, node: Node<'t>) -> TypeRef {
        match node.kind_name() {
            "type" | "parenthesized_expression" => {
                first_part(node).map_or(TypeRef::Other, |inner| self.type_ref(inner))
            }
            // Bare, it leaves the type to the value: `logger: Final = getLogger()`.
            "identifier" | "attribute" | "member_type" if is_mark(self.src(node)) => TypeRef::Other,
            "identifier" | "attribute" | "member_type" | "none" => self.named_type(node, Vec::new()),
            "generic_type" | "subscript" => {
                let inner = parts(node);
                let Some((head, args)) = inner.split_first() else { return TypeRef::Other };
                let args: Vec<_> = match args {
                    [only] if only.kind_name() == "type_parameter" => parts(*only),
                    _ => args.to_vec(),
                };
                self.generic(*head, &args)
            }
            "union_type" => TypeRef::Union(parts(node).into_iter().map(|part| self.type_ref(part)).collect()),
            "binary_operator" => self.union_operator(node),
            "string" => {
                let Some(content) = first_content(node) else { return TypeRef::Other };
                let text = self.src(content);
                self.type_text(text)
            }
            _ => TypeRef::Other,
        }
    }

    fn union_operator(&mut self, node: Node<'t>) -> TypeRef {
        let mut found = Vec::new();
        let mut left = node;
        while left.kind_name() == "binary_operator" {
            let sides = parts(left);
            let [before, after] = sides[..] else { break };
            found.push(self.type_ref(after));
            left = before;
        }
        found.push(self.type_ref(left));
        found.reverse();
        TypeRef::Union(found)
    }

    fn generic(&mut self, head: Node<'t>, args: &[Node<'t>]) -> TypeRef {
        let name = self.src(head).rsplit('.').next().unwrap_or_default();
        let special = Special::of(name);
        // `Callable[[A], R]`, `Annotated[X, …]`, `Literal[…]`: only some arguments are types.
        let args = match special {
            Some(Special::First) => args.get(..1).unwrap_or_default(),
            Some(Special::Func) => args.get(args.len().saturating_sub(1)..).unwrap_or_default(),
            Some(Special::Literal) => &[],
            _ => args,
        };
        let args = args.iter().map(|arg| self.type_ref(*arg)).collect();
        match special {
            Some(special) => special.apply(args),
            None => self.named_type(head, args),
        }
    }

    fn named_type(&mut self, node: Node<'t>, args: Vec<TypeRef>) -> TypeRef {
        let text = self.src(node);
        self.named_text(text, args)
    }

    /// The type that a dotted name in scope names.
    pub(super) fn named_text(&mut self, text: &str, args: Vec<TypeRef>) -> TypeRef {
        match self.dotted(text) {
            Some(mut named) => {
                named.args = args;
                TypeRef::Named(Box::new(named))
            }
            None => TypeRef::Other,
        }
    }

    /// A dotted name in scope; `None` for any other text.
    pub(super) fn dotted(&mut self, text: &str) -> Option<NamedType> {
        let mut names = text.split('.').map(str::trim);
        let is_name = |name: &str| {
            !name.is_empty()
                && !name.starts_with(|c: char| c.is_ascii_digit())
                && name.chars().all(|c| c == '_' || c.is_alphanumeric())
        };
        let first = names.next().filter(|name| is_name(name))?;
        let rest: Vec<_> = names.collect();
        if !rest.iter().all(|name| is_name(name)) {
            return None;
        }
        let Place { base, path } = self.b.lookup(first);
        if matches!(base, Base::Value(_)) {
            return None;
        }
        let mut names = Vec::new();
        for step in path {
            match step {
                Field::Name(name) => names.push(name),
                _ => return None,
            }
        }
        names.extend(rest.into_iter().map(Into::into));
        Some(NamedType { base, path: names, args: Vec::new() })
    }

    /// An annotation written as a string.
    fn type_text(&mut self, text: &str) -> TypeRef {
        self.type_text_at(text, 0)
    }

    fn type_text_at(&mut self, text: &str, level: usize) -> TypeRef {
        let text = text.trim();
        let alternatives = split_top(text, '|');
        if level > PYTHON_TYPE_DEPTH {
            return TypeRef::Other;
        }
        if alternatives.len() > 1 {
            return TypeRef::Union(alternatives.into_iter().map(|part| self.type_text_at(part, level + 1)).collect());
        }
        let Some((head, rest)) = text.split_once('[') else {
            return if is_mark(text) { TypeRef::Other } else { self.named_text(text, Vec::new()) };
        };
        let Some(inner) = rest.strip_suffix(']') else { return TypeRef::Other };
        let args = split_top(inner, ',').into_iter().map(|part| self.type_text_at(part, level + 1)).collect();
        match Special::of(head.trim().rsplit('.').next().unwrap_or_default()) {
            Some(special) => special.apply(args),
            None => self.named_text(head, args),
        }
    }
}

/// Type constructors of the language that stand for a shape.
#[derive(Clone, Copy)]
enum Special {
    Optional,
    Union,
    /// Stands for its first argument.
    First,
    List,
    Tuple,
    Func,
    /// One of a few constants, which are no types.
    Literal,
}

impl Special {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "Optional" => Self::Optional,
            "Union" => Self::Union,
            "Annotated" | "Final" | "ClassVar" | "Required" | "NotRequired" | "ReadOnly" | "InitVar" | "TypeAlias" => {
                Self::First
            }
            "list" | "List" | "set" | "Set" | "frozenset" | "FrozenSet" | "Sequence" | "Iterable" | "Collection"
            | "MutableSequence" | "deque" => Self::List,
            "tuple" | "Tuple" => Self::Tuple,
            "Callable" => Self::Func,
            "Literal" => Self::Literal,
            _ => return None,
        })
    }

    fn apply(self, mut args: Vec<TypeRef>) -> TypeRef {
        match self {
            Self::Optional => {
                args.push(TypeRef::named(Base::Global("None".into()), Vec::new()));
                TypeRef::Union(args)
            }
            Self::Union => TypeRef::Union(args),
            Self::First => args.into_iter().next().unwrap_or(TypeRef::Other),
            Self::List => TypeRef::List(Box::new(args.into_iter().next().unwrap_or(TypeRef::Other))),
            Self::Tuple => TypeRef::Tuple(args),
            Self::Func => TypeRef::Func(Box::new(args.pop().unwrap_or(TypeRef::Other))),
            Self::Literal => TypeRef::named(Base::Global("Literal".into()), Vec::new()),
        }
    }
}

/// Is it a mark around a type, which alone names none: `Final`, `typing.ClassVar`?
fn is_mark(text: &str) -> bool {
    matches!(Special::of(text.rsplit('.').next().unwrap_or_default()), Some(Special::First))
}

fn first_content(string: Node<'_>) -> Option<Node<'_>> {
    parts(string).into_iter().find(|part| part.kind_name() == "string_content")
}

/// Splits at `by` outside brackets.
fn split_top(text: &str, by: char) -> Vec<&str> {
    let mut level = 0_usize;
    text.split(|c| {
        match c {
            '[' | '(' => level += 1,
            ']' | ')' => level = level.saturating_sub(1),
            _ => {}
        }
        c == by && level == 0
    })
    .collect()
}
