//! Types of which no library can make an object from what it receives: plain classes of the program. A function that takes one
//! is never handed what came from outside there; something of the program hands it over.

use crate::ir::instr::Base;
use crate::ir::program::{ClassId, ClassKind, Language};
use crate::ir::types::{NamedType, TypeRef};

use super::solve::Values;
use super::values::Value;

impl Values<'_> {
    /// Is a type a plain class of the program, or one with a field that is declared as one?
    pub(crate) fn is_made_by_program(&self, ty: Option<&TypeRef>) -> bool {
        ty.is_some_and(|ty| self.is_unread(ty, &mut Vec::new()))
    }

    /// Is a type one of those names, or a class of the program that derives from one?
    pub(crate) fn is_kind_of_named(&self, ty: Option<&TypeRef>, names: &[String]) -> bool {
        if self.is_context(ty, names) {
            return true;
        }
        match ty {
            Some(TypeRef::Union(parts)) => parts.iter().any(|part| self.is_kind_of_named(Some(part), names)),
            Some(TypeRef::Named(named)) => self.class_of(named).is_some_and(|class| self.derives_from(class, names)),
            _ => false,
        }
    }

    fn derives_from(&self, class: ClassId, names: &[String]) -> bool {
        let mut open = vec![class];
        let mut at = 0;
        while let Some(class) = open.get(at).copied() {
            for base in &self.program.classes[class].bases {
                if self.is_context(Some(base), names) {
                    return true;
                }
                let known = if let TypeRef::Named(named) = base { self.class_of(named) } else { None };
                open.extend(known.filter(|known| !open.contains(known)));
            }
            at += 1;
        }
        false
    }

    fn is_unread(&self, ty: &TypeRef, seen: &mut Vec<ClassId>) -> bool {
        match ty {
            TypeRef::Union(parts) => {
                let is_nothing =
                    |part: &&TypeRef| matches!(part, TypeRef::Named(named) if self.is_named(named, "None"));
                let mut parts = parts.iter().filter(|part| !is_nothing(part)).peekable();
                parts.peek().is_some() && parts.all(|part| self.is_unread(part, seen))
            }
            TypeRef::Named(named) if self.is_named(named, "Annotated") => {
                named.args.first().is_some_and(|inner| self.is_unread(inner, seen))
            }
            TypeRef::Named(named) => self.class_of(named).is_some_and(|class| self.is_plain(class, seen)),
            _ => false,
        }
    }

    fn is_plain(&self, class: ClassId, seen: &mut Vec<ClassId>) -> bool {
        let data = &self.program.classes[class];
        let says_how = || data.methods.iter().any(|(name, _)| self.models.reads_json(name));
        if seen.contains(&class)
            || data.kind != ClassKind::Class
            || self.language_of_class(class) != Language::Python
            || says_how()
        {
            return false;
        }
        seen.push(class);
        let is_bare = |base: &TypeRef, seen: &mut Vec<ClassId>| match base {
            TypeRef::Named(named) => match self.class_of(named) {
                Some(base) => self.is_plain(base, seen),
                None => self.program.type_name(named).is_some_and(|name| self.models.is_bare_base(name)),
            },
            _ => false,
        };
        if !data.bases.iter().all(|base| is_bare(base, seen)) {
            return false;
        }
        // A decorator may make a record of it, of which all fields are read.
        data.annotations.is_empty()
            || data.fields.iter().filter_map(|field| field.ty.as_ref()).any(|ty| self.is_unread(ty, seen))
    }

    fn is_named(&self, named: &NamedType, name: &str) -> bool {
        self.program.type_name(named).is_some_and(|known| known == name)
    }

    /// The class of the program that a name in scope means, if it is one only.
    pub(crate) fn class_of(&self, named: &NamedType) -> Option<ClassId> {
        let (Base::Cell(cell), []) = (&named.base, named.path.as_slice()) else { return None };
        let held = self.of_slot(self.cell_slot(*cell)).items().iter();
        // What a decorator makes of it is the class, too.
        let mut classes = held.filter_map(|value| if let Value::Class(class) = value { Some(*class) } else { None });
        classes.next().filter(|_| classes.next().is_none())
    }
}
