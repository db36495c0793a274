//! What is known of the variables of a function at one point. Shared between the points until one of them changes it.

use std::rc::Rc;

use super::abs::Abs;
use super::joins::Var;

/// Values by variable, in order of the variables: functions have a handful.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Vars(Rc<Vec<(Var, Abs)>>);

impl Vars {
    pub(super) fn get(&self, var: Var) -> Option<&Abs> {
        self.place(var).ok().map(|at| &self.0[at].1)
    }

    pub(super) fn insert(&mut self, var: Var, abs: Abs) {
        let place = self.place(var);
        let items = Rc::make_mut(&mut self.0);
        match place {
            Ok(at) => items[at].1 = abs,
            Err(at) => items.insert(at, (var, abs)),
        }
    }

    pub(super) fn remove(&mut self, var: Var) {
        if let Ok(at) = self.place(var) {
            Rc::make_mut(&mut self.0).remove(at);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Var, &Abs)> {
        self.0.iter().map(|(var, abs)| (*var, abs))
    }

    fn place(&self, var: Var) -> Result<usize, usize> {
        self.0.binary_search_by_key(&var, |(known, _)| *known)
    }

    /// The variables of which not the same is known here and there, in order.
    pub(super) fn unlike(&self, other: &Self) -> Vec<Var> {
        let mut found = Vec::new();
        if Rc::ptr_eq(&self.0, &other.0) {
            return found;
        }
        let (mut own, mut others) = (self.0.iter().peekable(), other.0.iter().peekable());
        loop {
            match (own.peek(), others.peek()) {
                (Some((a, known)), Some((b, other))) if a == b => {
                    if known != other {
                        found.push(*a);
                    }
                    own.next();
                    others.next();
                }
                (Some((a, _)), Some((b, _))) if a > b => {
                    found.push(*b);
                    others.next();
                }
                (Some((a, _)), _) => {
                    found.push(*a);
                    own.next();
                }
                (None, Some((b, _))) => {
                    found.push(*b);
                    others.next();
                }
                (None, None) => return found,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::base::idx::Id;
    use crate::ir::func::LocalId;

    use super::*;

    fn vars(known: &[(usize, &str)]) -> Vars {
        let mut vars = Vars::default();
        for (local, sym) in known {
            vars.insert(Var::Local(LocalId::new(*local)), Abs::Sym((*sym).into()));
        }
        vars
    }

    #[test]
    fn what_is_known_on_one_side_only_is_unlike() {
        let (a, b) = (vars(&[(3, "c"), (1, "a"), (5, "e")]), vars(&[(1, "a"), (2, "b"), (3, "x"), (7, "g")]));
        assert_eq!(a.unlike(&b), [2, 3, 5, 7].map(|local| Var::Local(LocalId::new(local))));
    }
}
