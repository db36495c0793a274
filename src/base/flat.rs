//! A map of a handful of things, kept in one sorted list: it is copied far more often than it is changed.

use std::borrow::Borrow;
use std::cmp::Ordering;

/// Values by key, in order of the keys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Flat<K, V>(Vec<(K, V)>);

impl<K, V> Default for Flat<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Ord, V> Flat<K, V> {
    pub(crate) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.place(key).ok().map(|at| &self.0[at].1)
    }

    pub(crate) fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.place(key).is_ok()
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        match self.place(&key) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (key, value)),
        }
    }

    pub(crate) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
    {
        if let Ok(at) = self.place(key) {
            self.0.remove(at);
        }
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&K, &V) -> bool) {
        self.0.retain(|(key, value)| keep(key, value));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.0.iter_mut().map(|(key, value)| (&*key, value))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The keys of two maps, in order, each with its values here and there.
    pub(crate) fn beside<'m>(&'m self, other: &'m Self) -> Beside<'m, K, V> {
        Beside { own: &self.0, others: &other.0 }
    }

    fn place<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        self.0.binary_search_by(|(known, _)| known.borrow().cmp(key))
    }
}

/// The keys must come in order.
impl<K, V> FromIterator<(K, V)> for Flat<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

/// See [`Flat::beside`].
pub(crate) struct Beside<'m, K, V> {
    own: &'m [(K, V)],
    others: &'m [(K, V)],
}

impl<'m, K: Ord, V> Iterator for Beside<'m, K, V> {
    type Item = (&'m K, Option<&'m V>, Option<&'m V>);

    fn next(&mut self) -> Option<Self::Item> {
        let order = match (self.own.first(), self.others.first()) {
            (Some((own, _)), Some((other, _))) => own.cmp(other),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return None,
        };
        let own = if order == Ordering::Greater { None } else { self.own.split_off_first() };
        let other = if order == Ordering::Less { None } else { self.others.split_off_first() };
        let (key, _) = own.or(other)?;
        Some((key, own.map(|(_, value)| value), other.map(|(_, value)| value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(items: &[(u32, char)]) -> Flat<u32, char> {
        let mut flat = Flat::default();
        for (key, value) in items {
            flat.insert(*key, *value);
        }
        flat
    }

    #[test]
    fn keys_stay_in_order() {
        let mut flat = flat(&[(3, 'c'), (1, 'a'), (2, 'x'), (2, 'b')]);
        assert_eq!(flat.iter().map(|(key, value)| (*key, *value)).collect::<Vec<_>>(), [(1, 'a'), (2, 'b'), (3, 'c')]);
        flat.remove(&2);
        assert_eq!((flat.get(&2), flat.get(&3), flat.len()), (None, Some(&'c'), 2));
    }

    #[test]
    fn keys_of_two_maps_come_with_both_values() {
        let (own, other) = (flat(&[(1, 'a'), (3, 'c')]), flat(&[(2, 'b'), (3, 'd'), (4, 'e')]));
        let found: Vec<_> = own.beside(&other).map(|(key, own, other)| (*key, own.copied(), other.copied())).collect();
        let expected = [(1, Some('a'), None), (2, None, Some('b')), (3, Some('c'), Some('d')), (4, None, Some('e'))];
        assert_eq!(found, expected);
    }
}
