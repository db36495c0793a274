//! Where a field of an object lives: with the class that has it, not with all that derive from the same one.
//!
//! ```python
//! class Alpha(Source):
//!     def __init__(self): self.key = os.getenv("ALPHA_KEY")
//! class Beta(Source):
//!     def __init__(self): self.key = os.getenv("BETA_KEY")      # no object has both
//! ```
//!
//! The topmost class that uses a field itself, or declares it, shares it with all that derive from it. Classes with several bases
//! in the program keep theirs together.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::Symbol;
use crate::base::bounds::MAX_BASES;
use crate::ir::instr::{Base, Field, Op, Place};
use crate::ir::program::ClassId;
use crate::resolve::solve::Values;
use crate::resolve::values::{Key, Obj};

type Homes = FxHashMap<(ClassId, Symbol), Rc<[ClassId]>>;

/// The fields that classes use, and where they live, as far as somebody asked.
pub(crate) struct FieldHomes {
    used: FxHashSet<(ClassId, Symbol)>,
    /// The topmost classes of families in which a class has several bases.
    mixed: FxHashSet<ClassId>,
    known: RefCell<Homes>,
}

impl FieldHomes {
    pub(super) fn new(values: &Values<'_>) -> Self {
        let mut used = FxHashSet::default();
        for func in values.program.funcs.iter() {
            let (Some(class), Some(receiver)) = (func.owner, func.receiver) else { continue };
            let mut note = |place: &Place| {
                if let (Base::Local(local), [Field::Name(name), ..]) = (&place.base, &*place.path)
                    && *local == receiver
                {
                    used.insert((class, name.clone()));
                }
            };
            for instr in func.instrs.iter() {
                match &instr.op {
                    Op::Load(place) | Op::Store(place, _) => note(place),
                    Op::Call(call) => note(&call.callee),
                    _ => {}
                }
            }
        }
        let classes = &values.program.classes;
        used.extend(
            classes
                .iter_enumerated()
                .flat_map(|(id, class)| class.fields.iter().map(move |field| (id, field.name.clone()))),
        );
        let has_several = |class: &ClassId| values.classes.bases_of(*class).len() > 1;
        let mixed = classes.ids().filter(has_several);
        let family = |class: ClassId| {
            let mut open = vec![class];
            let mut tops = FxHashSet::default();
            while let Some(class) = open.pop() {
                if tops.insert(values.classes.top(class)) {
                    open.extend(values.classes.bases_of(class));
                }
            }
            tops
        };
        let mixed = mixed.flat_map(family).collect();
        Self { used, mixed, known: RefCell::default() }
    }

    /// The classes with which a field of an object lives.
    pub(super) fn of(&self, values: &Values<'_>, class: ClassId, field: &Symbol) -> Rc<[ClassId]> {
        let key = (class, field.clone());
        if let Some(known) = self.known.borrow().get(&key) {
            return known.clone();
        }
        let found: Rc<[ClassId]> = self.find(values, class, field).into();
        self.known.borrow_mut().insert(key, found.clone());
        found
    }

    /// A class with its bases, and with those that derive from it.
    pub(super) fn relatives(values: &Values<'_>, class: ClassId) -> Vec<ClassId> {
        let mut found = values.classes.descendants(class);
        let mut at = Some(class);
        for _ in 0..MAX_BASES {
            let Some(class) = at else { break };
            found.push(class);
            at = values.classes.bases_of(class).first().copied();
        }
        found.push(values.classes.top(class));
        found
    }

    fn find(&self, values: &Values<'_>, class: ClassId, field: &Symbol) -> Vec<ClassId> {
        let top = values.classes.top(class);
        if class == top && values.classes.descendants(class).is_empty() || self.mixed.contains(&top) {
            return vec![top];
        }
        if let Some(home) = self.home(values, class, field) {
            return vec![home];
        }
        let derived = values.classes.descendants(class).into_iter();
        let mut homes: Vec<ClassId> = derived.filter_map(|class| self.home(values, class, field)).collect();
        homes.push(top);
        homes.sort_unstable();
        homes.dedup();
        homes
    }

    /// The topmost of a class and its bases that uses the field.
    fn home(&self, values: &Values<'_>, class: ClassId, field: &Symbol) -> Option<ClassId> {
        let is_static = |class: ClassId| !values.stores_to(&Obj::Statics(class), &Key::Name(field.clone())).is_empty();
        let (mut at, mut home) = (Some(class), None);
        for _ in 0..MAX_BASES {
            let Some(class) = at else { break };
            if self.used.contains(&(class, field.clone())) || is_static(class) {
                home = Some(class);
            }
            at = values.classes.bases_of(class).first().copied();
        }
        home
    }
}
