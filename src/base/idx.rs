//! Newtype ids and vectors indexed by them. The only place where a bare `usize` is an index.

use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

use smol_str::SmolStrBuilder;

use super::Symbol;

/// A dense id: position of its item in an [`IndexVec`].
pub(crate) trait Id: Copy + Eq + Ord + std::hash::Hash + std::fmt::Debug {
    /// What stands before the number where the id is printed.
    const PREFIX: &'static str;
    /// The id of the item at `position`.
    fn new(position: usize) -> Self;
    /// The position of the item.
    fn index(self) -> usize;
}

/// Declares id types: `ids! { FuncId "fn", BlockId "bb" }`; the text is the prefix in printed IR.
macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident $prefix:literal),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) struct $name(u32);

        impl $crate::base::idx::Id for $name {
            const PREFIX: &'static str = $prefix;
            fn new(position: usize) -> Self {
                Self(u32::try_from(position).unwrap_or(u32::MAX))
            }
            fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }
    )+};
}
pub(crate) use ids;

/// A name put together of ids and what stands around them, as they are printed. The exploration makes one for nearly every value
/// that it looks at: this takes a fraction of the time of formatting.
#[derive(Default)]
pub(crate) struct Naming(SmolStrBuilder);

impl Naming {
    pub(crate) fn text(mut self, text: &str) -> Self {
        self.0.push_str(text);
        self
    }

    pub(crate) fn id<I: Id>(self, id: I) -> Self {
        self.text(I::PREFIX).number(id.index())
    }

    pub(crate) fn number(self, number: usize) -> Self {
        let mut digits = [b'0'; u64::MAX.ilog10() as usize + 1];
        let (mut rest, mut n_digits) = (number, 0);
        for digit in digits.iter_mut().rev() {
            *digit = b"0123456789"[rest % 10];
            rest /= 10;
            n_digits += 1;
            if rest == 0 {
                break;
            }
        }
        self.text(str::from_utf8(&digits[digits.len() - n_digits..]).unwrap_or_default())
    }

    pub(crate) fn done(self) -> Symbol {
        self.0.finish()
    }
}

/// A vector whose positions are ids of type `I`.
#[derive(Clone)]
pub(crate) struct IndexVec<I, T> {
    items: Vec<T>,
    id: PhantomData<I>,
}

impl<I: Id, T> IndexVec<I, T> {
    pub(crate) fn new() -> Self {
        Self { items: Vec::new(), id: PhantomData }
    }

    pub(crate) fn push(&mut self, item: T) -> I {
        let id = I::new(self.items.len());
        self.items.push(item);
        id
    }

    /// As many items, with room for more.
    pub(crate) fn filled(n_items: usize, n_more: usize, make: impl FnMut() -> T) -> Self {
        let mut items = Vec::with_capacity(n_items + n_more);
        items.resize_with(n_items, make);
        Self { items, id: PhantomData }
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The id that the next `push` will return.
    pub(crate) fn next_id(&self) -> I {
        I::new(self.items.len())
    }

    pub(crate) fn get(&self, id: I) -> Option<&T> {
        self.items.get(id.index())
    }

    pub(crate) fn ids(&self) -> impl DoubleEndedIterator<Item = I> + use<I, T> {
        (0..self.items.len()).map(I::new)
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, T> {
        self.items.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> std::slice::IterMut<'_, T> {
        self.items.iter_mut()
    }

    pub(crate) fn iter_enumerated(&self) -> impl DoubleEndedIterator<Item = (I, &T)> {
        self.items.iter().enumerate().map(|(n, item)| (I::new(n), item))
    }

    /// The items without their ids.
    pub(crate) fn into_items(self) -> Vec<T> {
        self.items
    }

    /// Moves all items of `other` behind the own ones.
    pub(crate) fn append(&mut self, other: Self) {
        self.items.extend(other.items);
    }
}

impl<I: Id, T> Default for IndexVec<I, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<I, T: std::fmt::Debug> std::fmt::Debug for IndexVec<I, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(&self.items).finish()
    }
}

impl<I: Id, T> Index<I> for IndexVec<I, T> {
    type Output = T;
    fn index(&self, id: I) -> &T {
        &self.items[id.index()]
    }
}

impl<I: Id, T> IndexMut<I> for IndexVec<I, T> {
    fn index_mut(&mut self, id: I) -> &mut T {
        &mut self.items[id.index()]
    }
}

impl<I: Id, T> FromIterator<T> for IndexVec<I, T> {
    fn from_iter<It: IntoIterator<Item = T>>(items: It) -> Self {
        Self { items: items.into_iter().collect(), id: PhantomData }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    ids! {
        WordId "word",
        MarkId "$",
    }

    #[test]
    fn ids_are_named_as_they_are_printed() {
        for number in [0, 7, 10, 4_294_967_295] {
            let (word, mark) = (WordId::new(number), MarkId::new(number));
            let name = Naming::default().text("a ").id(word).text(".").id(mark).number(number).done();
            assert_eq!(name, format!("a {word}.{mark}{number}"));
        }
    }
}
