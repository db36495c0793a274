//! Variants of enums as constants: which one a value is, and what is asked of what it holds.

use crate::base::Symbol;
use crate::base::bounds::MAX_SYM;
use crate::ir::func::FuncId;
use crate::ir::instr::{Base, Const, Entry, Field, InstrId, Op, Record, RecordKind};
use crate::ir::types::TypeRef;

use super::abs::{Abs, equal};
use super::domain::has_value;
use super::explore::Explorer;
use super::known::add_field;

/// What a variant of an enum is called among constants, apart from texts.
const VARIANT: &str = "variant ";

/// The constant that stands for a variant of an enum.
pub(super) fn variant_const(name: &str) -> Const {
    Const::Str(format!("{VARIANT}{name}").into())
}

/// The variant that a constant stands for.
pub(super) fn variant(text: &str) -> Option<&str> {
    text.strip_prefix(VARIANT)
}

/// The variant that a value is asked to be, by one name for those that a value keeps when `Option` and `Result` are made of
/// each other (`.ok()`).
pub(super) fn fate(variant: Abs) -> Abs {
    let Abs::Const(Const::Str(name)) = &variant else { return variant };
    match has_value(name) {
        Some(true) => Abs::Const(Const::str("Ok")),
        Some(false) => Abs::Const(Const::str("Err")),
        None => variant,
    }
}

impl Explorer<'_> {
    /// The variant of an enum that a literal makes, with what it holds: `Kind::Http { port: 80 }`, `Some(port)`.
    pub(super) fn variant_literal<'r>(&self, record: &'r Record) -> Option<&'r Symbol> {
        match (record.kind, record.entries.as_slice(), &record.ty) {
            (RecordKind::Variant, [Entry::Field(Field::Variant(name, _), _), ..], _) => Some(name),
            (RecordKind::Object, _, Some(TypeRef::Named(ty))) => {
                let (name, path) = ty.path.split_last()?;
                let of = match (path.last(), &ty.base) {
                    (Some(of), _) | (None, Base::Global(of)) => of,
                    (None, Base::Cell(cell)) => &self.values.program.cells[*cell].name,
                    _ => return None,
                };
                of.starts_with(char::is_uppercase).then_some(name)
            }
            _ => None,
        }
    }

    /// The literal of a variant that a value is compared with, and the value.
    pub(super) fn beside_variant(&self, func: FuncId, values: &[InstrId]) -> Option<(&Record, InstrId)> {
        let variant = |value: InstrId| match &self.values.program.funcs[func].instrs[value].op {
            Op::Record(record) if self.variant_literal(record).is_some() => Some(&**record),
            _ => None,
        };
        let [a, b] = *values else { return None };
        variant(b).map(|is| (is, a)).or_else(|| variant(a).map(|is| (is, b)))
    }

    /// Is a value the variant that a literal makes? That is asked of what the variant holds, if that is one constant:
    /// `mode == Ok("http")`. Of what it holds otherwise nothing is known.
    pub(super) fn holds_constant(&self, func: FuncId, is: &Record, value: &Abs) -> Option<Abs> {
        let ([Entry::Field(field @ Field::Variant(..), held)], Abs::Sym(of)) = (&is.entries[..], value) else {
            return None;
        };
        let Op::Const(held) = &self.values.program.funcs[func].instrs[*held].op else { return None };
        let mut name = of.to_string();
        add_field(&mut name, field)?;
        equal(&Abs::Sym(name.into()), &Abs::Const(held.clone())).filter(|_| of.len() < MAX_SYM)
    }
}
