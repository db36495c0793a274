//! What is known of the variables of a function at one point. Shared between the points until one of them changes it.

use std::rc::Rc;

use crate::base::flat::Flat;

use super::abs::Abs;
use super::joins::Var;

/// Values by variable: functions have a handful.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Vars(Rc<Flat<Var, Abs>>);

impl Vars {
    pub(super) fn get(&self, var: Var) -> Option<&Abs> {
        self.0.get(&var)
    }

    pub(super) fn insert(&mut self, var: Var, abs: Abs) {
        Rc::make_mut(&mut self.0).insert(var, abs);
    }

    pub(super) fn remove(&mut self, var: Var) {
        if self.0.contains_key(&var) {
            Rc::make_mut(&mut self.0).remove(&var);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Var, &Abs)> {
        self.0.iter().map(|(var, abs)| (*var, abs))
    }

    /// The variables of which not the same is known here and there, in order.
    pub(super) fn unlike(&self, other: &Self) -> Vec<Var> {
        if Rc::ptr_eq(&self.0, &other.0) {
            return Vec::new();
        }
        self.0.beside(&other.0).filter(|(_, own, other)| own != other).map(|(var, ..)| *var).collect()
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
