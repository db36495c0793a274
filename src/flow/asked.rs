//! What a variable of the environment is called that a helper of the program asks for by a name it is given.
//!
//! ```python
//! def read(name): return os.environ.get(name)
//! level, password = read("LOG_LEVEL"), read("PASSWORD")
//! ```
//!
//! In the helper it is any of the variables that callers name, so there it has the name of the gravest; what a call of the
//! helper gives has the name that this call hands over.

use crate::base::Symbol;
use crate::base::bounds::MAX_CHECK_DEPTH;
use crate::base::idx::Id;
use crate::ir::func::{FuncId, LocalId, ParamKind};
use crate::ir::instr::{Base, Const, Entry as RecordEntry, Field, InstrId, Op, Oper, Place, RecordKind, TextPart};
use crate::ir::program::CellId;
use crate::models::index::RowRef;
use crate::models::path::PortHead;
use crate::resolve::ports::argument;
use crate::resolve::values::{At, Value};

use super::domain::{ANY, Entry, Form, Heap, Kind, Root, Source, SourcePlace};
use super::transfer::Pass;
use super::words::Secrecy;

/// The parameter that a source is named by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Asked {
    func: FuncId,
    param: u32,
    /// The name, with [`GIVEN`] where the parameter stands in it.
    pattern: Symbol,
}

/// Stands for what is given in a name that is put together: no sign of a name.
const GIVEN: &str = "\0";

impl Asked {
    fn is_same(&self, other: &Self) -> bool {
        (self.func, self.param) == (other.func, other.param)
    }

    /// The name of the variable where the parameter is this text. A program that puts a name together spells it in one way.
    fn name(&self, text: &str) -> Symbol {
        let around = self.pattern.chars();
        let is_upper = around.clone().any(char::is_uppercase) && !around.clone().any(char::is_lowercase);
        let text = if is_upper { text.to_uppercase() } else { text.to_owned() };
        self.pattern.replace(GIVEN, &text).into()
    }

    /// What `inner` asks for where this is given as its parameter; of names put together twice only the last step is known.
    fn handed_to(self, inner: &Self) -> Self {
        let pattern = if inner.pattern == GIVEN { self.pattern } else { inner.pattern.clone() };
        Self { pattern, ..self }
    }
}

impl Pass<'_, '_> {
    /// A source that a row of a model tells of. `key`: what gives it its name.
    pub(super) fn source_by(
        &mut self,
        row: RowRef,
        kind: Kind,
        at: At,
        name: Option<Symbol>,
        key: Option<InstrId>,
    ) -> Entry {
        let told = self.taint.values.models.source(row);
        let row = (told.says.is_some() || told.near).then_some(row);
        if let Some(key) = key.filter(|_| kind == Kind::Env) {
            self.note_variable_name(key);
        }
        let asked = key.filter(|_| kind == Kind::Env).and_then(|key| self.asked_by(key));
        let gravest = asked.as_ref().and_then(|asked| self.gravest_given(asked));
        let name = gravest.or(name).filter(|name| kind != Kind::Env || may_be_variable(name));
        self.source_of(Source { kind, place: SourcePlace::Instr(at), name, by_name: false, row, asked }, at)
    }

    /// What a variable is looked up by is its name.
    fn note_variable_name(&mut self, key: InstrId) {
        let heap = self.taint.names.heap(Heap::VariableNames);
        let named = self.given[key.index()].only(|entry| entry.at.is_empty() && entry.form == Form::Exact);
        for entry in named.into_entries() {
            self.write(heap, entry, |entry| entry);
        }
    }

    /// The parameter that a value is, as it was given or with something of the program's own around it: `f"NOTES_{name}"`,
    /// `name.upper()`, an item of a list of such.
    fn asked_by(&self, key: InstrId) -> Option<Asked> {
        self.asked_within(key, MAX_CHECK_DEPTH)
    }

    fn asked_within(&self, key: InstrId, depth: usize) -> Option<Asked> {
        let depth = depth.checked_sub(1)?;
        match &self.func.instrs[key].op {
            Op::Load(place) => self.asked_in(place, depth),
            Op::Text(parts) => {
                let parts = parts.iter().map(|part| match part {
                    TextPart::Hole(value, _) => Err(*value),
                    TextPart::Lit(text) => Ok(text.to_string()),
                });
                self.one_asked(parts, depth)
            }
            Op::Operator(Oper::Add, operands) => self.one_asked(operands.iter().map(|value| Err(*value)), depth),
            Op::Call(call) => match call.callee.split_last()? {
                (place, Field::Name(method))
                    if call.args.is_empty() && self.taint.words.is_spelling_method(self.language, method) =>
                {
                    match place.base {
                        Base::Value(value) if place.path.is_empty() => self.asked_within(value, depth),
                        _ => self.asked_in(&place, depth),
                    }
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The one parameter that some of the parts of a text are, which are written out or values.
    fn one_asked(&self, parts: impl Iterator<Item = Result<String, InstrId>>, depth: usize) -> Option<Asked> {
        let mut found: Option<Asked> = None;
        let mut pattern = String::new();
        for part in parts {
            let value = match part {
                Ok(text) => {
                    pattern.push_str(&text);
                    continue;
                }
                Err(value) => value,
            };
            match self.asked_within(value, depth) {
                Some(asked) if found.as_ref().is_none_or(|first| first.is_same(&asked)) => {
                    pattern.push_str(&asked.pattern);
                    found = Some(asked);
                }
                Some(_) => return None,
                None => match self.taint.values.of(self.id, value).single_const() {
                    Some(Const::Str(text)) => pattern.push_str(text),
                    _ => pattern.push_str(ANY),
                },
            }
        }
        Some(Asked { pattern: pattern.into(), ..found? })
    }

    fn asked_in(&self, place: &Place, depth: usize) -> Option<Asked> {
        let local = match (&place.base, &*place.path) {
            (Base::Local(local), []) => *local,
            (Base::Cell(cell), []) => self.kept_for_inner(*cell)?,
            // `for key in [f"NOTES_{name}", name]`
            (Base::Value(list), [Field::Any]) => {
                let Op::Record(record) = &self.func.instrs[self.made_of(*list)?].op else { return None };
                let item = |entry: &RecordEntry| match entry {
                    RecordEntry::Field(_, value) => self.asked_within(*value, depth),
                    RecordEntry::Spread(_) => None,
                };
                let asked: Option<Vec<Asked>> = record.entries.iter().map(item).collect();
                let asked = asked.filter(|_| record.kind != RecordKind::Object)?;
                return asked.first().filter(|first| asked.iter().all(|other| other.is_same(first))).cloned();
            }
            _ => return None,
        };
        let is_param = |kind| matches!(kind, ParamKind::Plain | ParamKind::NamedOnly);
        let at = self.func.params.iter().position(|param| param.local == local);
        match (at, self.put_into(local).as_slice()) {
            (Some(at), []) if is_param(self.func.params[at].kind) => {
                Some(Asked { func: self.id, param: u32::try_from(at).ok()?, pattern: GIVEN.into() })
            }
            (None, [value]) => self.asked_within((*value)?, depth),
            _ => None,
        }
    }

    /// What a value is that a variable is given once.
    fn made_of(&self, value: InstrId) -> Option<InstrId> {
        match &self.func.instrs[value].op {
            Op::Load(Place { base: Base::Local(local), path }) if path.is_empty() => match &*self.put_into(*local) {
                [value] => *value,
                _ => None,
            },
            _ => Some(value),
        }
    }

    /// The values that are put into a variable; nothing for what is put into a part of it.
    fn put_into(&self, local: LocalId) -> Vec<Option<InstrId>> {
        let stores = self.func.instrs.iter().filter_map(|instr| match &instr.op {
            Op::Store(place, value) if place.base == Base::Local(local) => {
                Some(Some(*value).filter(|_| place.path.is_empty()))
            }
            _ => None,
        });
        stores.collect()
    }

    /// What a variable of the function holds that functions inside it use, too: `os.environ.get(name)`, and `lambda: name`.
    /// It is put there at the beginning; `None` where anything else is.
    fn kept_for_inner(&self, cell: CellId) -> Option<LocalId> {
        let program = self.taint.values.program;
        if program.cells[cell].owner != self.id {
            return None;
        }
        let mut kept = None;
        let mut open = vec![self.id];
        while let Some(func) = open.pop() {
            let instrs = &program.funcs[func].instrs;
            for instr in instrs.iter() {
                match &instr.op {
                    Op::Closure(inner) => open.push(*inner),
                    Op::Store(place, value) if place.base == Base::Cell(cell) => match &instrs[*value].op {
                        Op::Load(Place { base: Base::Local(local), path })
                            if func == self.id && kept.is_none() && path.is_empty() && place.path.is_empty() =>
                        {
                            kept = Some(*local);
                        }
                        _ => return None,
                    },
                    _ => {}
                }
            }
        }
        kept
    }

    /// Of the names that are asked for, where a parameter can be one of some texts, that of the gravest secret.
    fn gravest_given(&self, asked: &Asked) -> Option<Symbol> {
        let place = Place::local(self.func.params.get(asked.param as usize)?.local);
        self.gravest_of(asked, self.taint.values.place_values(self.id, &place)?)
    }

    fn gravest_of(&self, asked: &Asked, values: &[Value]) -> Option<Symbol> {
        let names = values.iter().filter_map(|value| match value {
            Value::Const(Const::Str(text)) if may_be_variable(text) => Some(asked.name(text)),
            _ => None,
        });
        let words = self.taint.words;
        let rank = |name: &Symbol| match words.env(name) {
            Secrecy::Secret => 0,
            Secrecy::Unknown => 1,
            Secrecy::Posture => 2,
            Secrecy::Plain => 3,
        };
        names.min_by_key(rank)
    }

    /// What comes out of a call of `func`, with the name that the call asks for.
    pub(super) fn named_by_call(&mut self, at: At, func: FuncId, mut entry: Entry) -> Entry {
        let Root::Source(known) = entry.root else { return entry };
        let source = &self.taint.names.sources[known];
        let Some(asked) = source.asked.as_ref().filter(|asked| asked.func == func) else { return entry };
        let given = self.handed_value(at, func, asked.param);
        let default = || self.taint.values.program.funcs[func].params[asked.param as usize].default;
        let name = match given {
            Some(key) => self.gravest_of(asked, self.taint.values.of(self.id, key).items()),
            None => default()
                .and_then(|key| self.taint.values.of(func, key).single_const())
                .and_then(as_text)
                .map(|text| asked.name(&text)),
        };
        let source = Source {
            name: name.or_else(|| source.name.clone()),
            asked: given.and_then(|key| self.asked_by(key)).map(|outer| outer.handed_to(asked)),
            ..source.clone()
        };
        entry.root = Root::Source(self.taint.names.source(source));
        entry
    }

    /// What a call hands over as a parameter, if it stands among the arguments.
    pub(super) fn handed_value(&self, at: At, func: FuncId, param: u32) -> Option<InstrId> {
        let Op::Call(call) = &self.func.instrs[at.1].op else { return None };
        let values = self.taint.values;
        let name = values.program.funcs[func].params.get(param as usize).map(|param| param.name.clone());
        let named = name.and_then(|name| argument(call, &PortHead::Named(name)));
        let is_handed = values.handed_receiver(at, func).is_some();
        let position = i32::try_from(param).map_or(i32::MAX, |param| param.saturating_add(i32::from(is_handed)));
        named.or_else(|| argument(call, &PortHead::Arg(position)))
    }
}

/// May a text be the name of a variable of the environment, as far as its signs go? `*` stands for what is not known of it.
fn may_be_variable(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|sign| sign.is_alphanumeric() || "_-.*()".contains(sign))
}

fn as_text(constant: &Const) -> Option<Symbol> {
    match constant {
        Const::Str(text) => Some(text.clone()),
        _ => None,
    }
}
