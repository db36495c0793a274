use crate::base::idx::Id;

use super::super::domain::{HeapId, SourceId};
use super::super::trace::Trace;
use super::*;

fn part(root: Root, path: &[&str], at: &str) -> Entry {
    let path: Vec<Symbol> = path.iter().map(|name| Symbol::from(*name)).collect();
    let at: [Symbol; 1] = [at.into()];
    Entry { path: Path::from(&path[..]), at: Path::from(&at[..]), ..Entry::new(root, Trace::default()) }
}

#[test]
fn deep_parts_of_one_origin_leave_room_for_others() {
    let (linked, key) = (Root::Heap(HeapId::new(0)), Root::Heap(HeapId::new(1)));
    let mut tree = Tree::default();
    for number in 0..MAX_ENTRIES {
        tree.add(part(linked, &["next", "next"], &format!("field{number}")));
    }
    assert_eq!(tree.entries().len(), MAX_DEEP);
    assert!(tree.add(part(key, &[], "key")), "another origin");
    assert!(tree.add(part(linked, &["name"], "name")), "a field of the same one");
}

#[test]
fn sources_are_counted_apart_from_symbols() {
    let mut tree = Tree::default();
    for number in 0..=MAX_ENTRIES {
        tree.add(part(Root::Heap(HeapId::new(number)), &[], "all"));
    }
    assert_eq!(tree.entries().len(), MAX_ENTRIES);
    assert!(tree.add(part(Root::Source(SourceId::new(0)), &[], "key")));
}

#[test]
fn a_grave_source_takes_the_room_of_one_that_is_none() {
    let error = |number, path: &[&str]| part(Root::Source(SourceId::new(number)), path, "text");
    let mut tree = Tree::default();
    for number in 0..MAX_ENTRIES {
        tree.add(error(number, &["message"]));
    }
    assert!(!tree.add(error(MAX_ENTRIES, &["message"])), "no more room for what every error has");
    assert!(tree.add(error(MAX_ENTRIES, &["stack"])));
    assert_eq!(tree.entries().len(), MAX_ENTRIES);
    assert!(!tree.add(error(MAX_ENTRIES, &["stack"])), "it is known");
    assert!(tree.entries().iter().any(|entry| entry.root == Root::Source(SourceId::new(0))), "the last one gave way");
}
