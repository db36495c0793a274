//! Which methods are called on what a call made.

use rustc_hash::FxHashSet;

use super::solve::Values;
use super::values::{At, Value};

impl Values<'_> {
    /// Notes which calls are methods of what other calls made.
    pub(super) fn find_built(&mut self) {
        let mut found: Vec<(At, At)> = Vec::new();
        for call in &self.calls {
            let Some(receiver) = call.receiver else { continue };
            let made = self.of_slot(receiver).items().iter().filter_map(|value| match value {
                Value::Api(_, Some(made)) => Some((*made, call.at)),
                _ => None,
            });
            found.extend(made);
        }
        found.sort_unstable();
        found.dedup();
        for (made, at) in found {
            self.built_on.entry(made).or_default().push(at);
        }
    }

    /// Is a method that fulfils a condition called on what the call at `made` gave, or on what such methods give in turn?
    pub(crate) fn is_used(&self, made: At, wanted: impl Fn(At) -> bool) -> bool {
        let mut seen: FxHashSet<At> = FxHashSet::from_iter([made]);
        let mut open = vec![made];
        while let Some(made) = open.pop() {
            for used in self.built_on.get(&made).into_iter().flatten() {
                if wanted(*used) {
                    return true;
                }
                if seen.insert(*used) {
                    open.push(*used);
                }
            }
        }
        false
    }

    /// Of the methods called on what the call at `made` gave, and on what those give in turn, the last ones: is there one, and
    /// does none fulfil a condition?
    pub(crate) fn is_used_without(&self, made: At, wanted: impl Fn(At) -> bool) -> bool {
        let mut seen: FxHashSet<At> = FxHashSet::from_iter([made]);
        let mut open = vec![made];
        while let Some(made) = open.pop() {
            for used in self.built_on.get(&made).into_iter().flatten() {
                if !self.built_on.contains_key(used) && wanted(*used) {
                    return false;
                }
                if seen.insert(*used) {
                    open.push(*used);
                }
            }
        }
        seen.len() > 1
    }
}
