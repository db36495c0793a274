//! Spellings of a text: what is known of one of them is known of the text.
//!
//! ```python
//! lowered = word.lower()
//! if lowered in RESERVED: …       # `word` is one of the reserved words, too
//! int(str(word).strip())          # where this comes back, `word` is a number
//! ```

use crate::base::bounds::MAX_CHECK_DEPTH;
use crate::ir::instr::{ArgKind, Base, Call, Field, InstrId, Op, Place};
use crate::ir::program::{ClassKind, Language};
use crate::models::index::Table;
use crate::models::path::PortHead;
use crate::resolve::ports::argument;
use crate::resolve::values::Value;

use super::checks::{Check, Checks, Tells};

/// The method by which an enumeration gives a member for a value that is none of theirs.
const MISSING: &str = "_missing_";

impl Checks<'_, '_> {
    /// The place that a value was read from; a text is told by its other spellings, too: `name.lower()`.
    pub(super) fn place(&self, value: InstrId, depth: usize) -> Option<Place> {
        let depth = depth.checked_sub(1)?;
        let language = self.values.language(self.id);
        match &self.func.instrs[value].op {
            Op::Load(place) if !place.path.contains(&Field::Any) => Some(place.clone()),
            Op::Call(call) => {
                if let Some(text) = self.text_of(call, value) {
                    return self.place(text, depth);
                }
                let (place, Field::Name(name)) = call.callee.split_last()? else { return None };
                let is_spelling = call.args.is_empty() && self.words.is_spelling_method(language, name);
                if !is_spelling {
                    return None;
                }
                match place.base {
                    Base::Value(inner) if place.path.is_empty() => self.place(inner, depth),
                    _ => Some(place),
                }
            }
            _ => None,
        }
    }

    /// What a call of a library makes a text of, which is that text where it is one: `str(word)`.
    fn text_of(&self, call: &Call, at: InstrId) -> Option<InstrId> {
        let [arg] = call.args.as_slice() else { return None };
        let models = self.values.models;
        let takes_it = |head: &PortHead| matches!(head, PortHead::Arg(0) | PortHead::AllArgs);
        let mut rows = self.values.call_rows((self.id, at), Table::Flow).into_iter().map(|row| models.flow(row));
        let is_text = rows.any(|flow| (flow.text || flow.shows) && flow.from.iter().any(|from| takes_it(&from.head)));
        (is_text && arg.kind == ArgKind::Positional).then_some(arg.value)
    }

    /// The same of what a variable is another spelling of, that is no other text by then.
    pub(super) fn of_spelled(&self, check: &Check) -> Option<Check> {
        if !matches!(check.tells, Tells::Harmless | Tells::Own) || !check.place.path.is_empty() {
            return None;
        }
        let spelled = self.only_store(&check.place)?;
        let place = match &self.func.instrs[spelled].op {
            Op::Call(_) => self.place(spelled, MAX_CHECK_DEPTH)?,
            _ => return None,
        };
        let Base::Local(local) = place.base else { return None };
        let is_param = self.func.params.iter().any(|param| param.local == local);
        let is_store = |op: &Op| matches!(op, Op::Store(to, _) if to.base == place.base);
        let n_stores = self.func.instrs.iter().filter(|instr| is_store(&instr.op)).count();
        (n_stores <= usize::from(!is_param)).then_some(Check { place, ..*check })
    }

    /// Where a call comes back that raises for all but numbers, or for all but the members of an enumeration, it was given one.
    pub(super) fn proven(&self, call: InstrId) -> Option<Check> {
        let models = self.values.models;
        let data = self.values.call_at((self.id, call))?;
        let rows = self.values.call_rows((self.id, call), Table::Clean);
        let mut ports = rows.iter().flat_map(|row| &models.clean(*row).proves).filter_map(|text| models.port(text));
        let given = match ports.next() {
            Some(port) => argument(data, &port.head)?,
            None => self.member_asked(data)?,
        };
        let place = self.place(given, MAX_CHECK_DEPTH)?;
        Some(Check { place, tells: Tells::Harmless, holds: true })
    }

    /// What an enumeration of the program is asked for by its value: `Mode(text)` of Python.
    fn member_asked(&self, call: &Call) -> Option<InstrId> {
        let [arg] = call.args.as_slice() else { return None };
        let is_enumeration = |value: &Value| match value {
            Value::Class(class) => {
                let class = &self.values.program.classes[*class];
                class.kind == ClassKind::Enum && !class.methods.iter().any(|(name, _)| name == MISSING)
            }
            _ => false,
        };
        let meant = self.values.place_values(self.id, &call.callee)?;
        let is_one = self.values.language(self.id) == Language::Python
            && arg.kind == ArgKind::Positional
            && !meant.is_empty()
            && meant.iter().all(is_enumeration);
        is_one.then_some(arg.value)
    }
}
