//! The children of a tree-sitter node by the name of their field, and what kind of node it is: what the library does by comparing
//! and checking names one by one is looked up in a table here.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;
use tree_sitter::{Language, Node};

/// The names of a grammar.
struct Grammar {
    language: Language,
    /// The numbers of fields by their names.
    fields: FxHashMap<String, u16>,
    /// The names of the kinds by their numbers.
    kinds: Vec<String>,
}

static GRAMMARS: LazyLock<Vec<Grammar>> = LazyLock::new(|| {
    let grammars = [
        tree_sitter_typescript::LANGUAGE_TYPESCRIPT,
        tree_sitter_typescript::LANGUAGE_TSX,
        tree_sitter_javascript::LANGUAGE,
        tree_sitter_python::LANGUAGE,
    ];
    grammars.into_iter().map(|grammar| Grammar::of(grammar.into())).collect()
});

impl Grammar {
    fn of(language: Language) -> Self {
        let ids = 1..=u16::try_from(language.field_count()).unwrap_or(u16::MAX);
        let fields = ids.filter_map(|id| Some((language.field_name_for_id(id)?.to_owned(), id))).collect();
        let ids = 0..u16::try_from(language.node_kind_count()).unwrap_or(u16::MAX);
        let kinds = ids.map(|id| language.node_kind_for_id(id).unwrap_or_default().to_owned()).collect();
        Self { language, fields, kinds }
    }

    fn of_node(node: Node<'_>) -> Option<&'static Self> {
        let language = node.language();
        GRAMMARS.iter().find(|known| known.language == *language)
    }
}

/// The child of a node in a field. `None` where there is none, or no such field.
pub(super) fn child<'t>(node: Node<'t>, name: &str) -> Option<Node<'t>> {
    node.child_by_field_id(*Grammar::of_node(node)?.fields.get(name)?)
}

pub(super) trait KindName<'t> {
    /// What the grammar calls a node.
    fn kind_name(&self) -> &'t str;
}

impl<'t> KindName<'t> for Node<'t> {
    fn kind_name(&self) -> &'t str {
        // What could not be parsed has a number beside those of the grammar.
        let known = Grammar::of_node(*self).and_then(|grammar| grammar.kinds.get(usize::from(self.kind_id())));
        known.map_or_else(|| self.kind(), String::as_str)
    }
}
