//! The children of a tree-sitter node by the name of their field: what the library does by comparing names one by one is looked
//! up in a table here.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;
use tree_sitter::{Language, Node};

/// By grammar.
static TABLES: LazyLock<Vec<(Language, FxHashMap<String, u16>)>> = LazyLock::new(|| {
    let grammars = [
        tree_sitter_typescript::LANGUAGE_TYPESCRIPT,
        tree_sitter_typescript::LANGUAGE_TSX,
        tree_sitter_javascript::LANGUAGE,
        tree_sitter_python::LANGUAGE,
    ];
    grammars.into_iter().map(|grammar| table(grammar.into())).collect()
});

fn table(language: Language) -> (Language, FxHashMap<String, u16>) {
    let ids = 1..=u16::try_from(language.field_count()).unwrap_or(u16::MAX);
    let names = ids.filter_map(|id| Some((language.field_name_for_id(id)?.to_owned(), id))).collect();
    (language, names)
}

/// The child of a node in a field. `None` where there is none, or no such field.
pub(super) fn child<'t>(node: Node<'t>, name: &str) -> Option<Node<'t>> {
    let language = node.language();
    let (_, ids) = TABLES.iter().find(|(known, _)| *known == *language)?;
    node.child_by_field_id(*ids.get(name)?)
}
