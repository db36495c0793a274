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
//! in the program keep theirs together. What the constructor of that class puts there is handed to it for one of the others, as
//! a rule, and lives with that one:
//!
//! ```text
//! class Source { constructor(key) { this.key = key; } }
//! class Alpha extends Source { constructor() { super(process.env.ALPHA_KEY); } }
//! class Beta extends Source {}                // new Beta(process.env.BETA_KEY)
//! ```

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::Symbol;
use crate::base::bounds::{MAX_BASES, MAX_FILLED_APART};
use crate::ir::func::FuncKind;
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
    filled: Filled,
    known: RefCell<Homes>,
    known_read: RefCell<Homes>,
}

/// The fields that constructors fill for objects of classes which derive from theirs.
#[derive(Default)]
struct Filled {
    /// The class with which such a field lives.
    home: FxHashMap<(ClassId, Symbol), ClassId>,
    /// By the class with which it lives: for which classes it is filled.
    classes: FxHashMap<(ClassId, Symbol), Vec<ClassId>>,
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
        let (known, known_read) = (RefCell::default(), RefCell::default());
        let mut homes = Self { used, mixed, filled: Filled::default(), known, known_read };
        homes.filled = homes.find_filled(values);
        homes
    }

    fn find_filled(&self, values: &Values<'_>) -> Filled {
        let mut filled = Filled::default();
        for class in values.program.classes.ids().filter(|class| !self.mixed.contains(&values.classes.top(*class))) {
            for base in bases(values, class) {
                for field in filled_by_constructor(values, base) {
                    let Some(home) = self.home(values, class, &field).filter(|home| *home != class) else { continue };
                    let classes = filled.classes.entry((home, field)).or_default();
                    if !classes.contains(&class) {
                        classes.push(class);
                    }
                }
            }
        }
        filled.classes.retain(|_, classes| classes.len() <= MAX_FILLED_APART);
        for ((home, field), classes) in &filled.classes {
            filled.home.extend(classes.iter().map(|class| ((*class, field.clone()), *home)));
        }
        filled
    }

    /// With which class lives what a constructor puts into a field of the class `of` while it makes an object of another one?
    pub(super) fn filled_for(&self, made: ClassId, of: ClassId, field: &Symbol) -> ClassId {
        let home = |class: ClassId| self.filled.home.get(&(class, field.clone())).copied();
        match home(made) {
            Some(known) if known == of || home(of) == Some(known) => made,
            _ => of,
        }
    }

    /// The classes with which that lives which a field of an object may hold.
    pub(super) fn read(&self, values: &Values<'_>, class: ClassId, field: &Symbol) -> Rc<[ClassId]> {
        let homes = self.of(values, class, field);
        let key = (class, field.clone());
        if let Some(known) = self.known_read.borrow().get(&key) {
            return known.clone();
        }
        let apart = homes.iter().filter_map(|home| self.filled.classes.get(&(*home, field.clone()))).flatten();
        let apart: Vec<ClassId> = apart.copied().collect();
        let found = if apart.is_empty() {
            homes
        } else {
            let mut line = values.classes.descendants(class);
            line.push(class);
            line.extend(bases(values, class));
            homes.iter().copied().chain(apart.into_iter().filter(|class| line.contains(class))).collect()
        };
        self.known_read.borrow_mut().insert(key, found.clone());
        found
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
        found.push(class);
        found.extend(bases(values, class));
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

/// The bases of a class in the program, the nearest first.
fn bases(values: &Values<'_>, class: ClassId) -> Vec<ClassId> {
    let above = |class: &ClassId| values.classes.bases_of(*class).first().copied();
    std::iter::successors(above(&class), above).take(MAX_BASES).collect()
}

/// The fields into which the constructor of a class puts something itself.
fn filled_by_constructor(values: &Values<'_>, class: ClassId) -> Vec<Symbol> {
    let program = values.program;
    let methods = program.classes[class].methods.iter().map(|(_, func)| &program.funcs[*func]);
    let mut fields = Vec::new();
    for func in methods.filter(|func| func.kind == FuncKind::Constructor) {
        for instr in func.instrs.iter() {
            if let Op::Store(Place { base: Base::Local(local), path }, _) = &instr.op
                && func.receiver == Some(*local)
                && let Some(Field::Name(name)) = path.first()
            {
                fields.push(name.clone());
            }
        }
    }
    fields
}
