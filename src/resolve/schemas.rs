//! The fields that a schema names, where it is made of an object literal, or out of other schemas.
//!
//! ```text
//! base.extend({ name: z.string() }).shape    { ...base.shape, name: z.string() }    tool.schema?.shape ?? {}
//! ```
//!
//! Of a schema that is made of another one, the call that makes it is asked before the one that made the other.

use std::collections::BTreeSet;

use crate::base::Symbol;
use crate::base::bounds::MAX_SCHEMAS;
use crate::ir::instr::{Entry, Field, Op, Record};
use crate::models::index::Table;
use crate::models::path::{Port, PortHead};

use super::ports::PortValue;
use super::solve::Values;
use super::values::{At, Site, Value};

/// Schemas already looked into while one question is answered.
type Looked = BTreeSet<Value>;

struct Asked<'n> {
    name: &'n Symbol,
    looked: Looked,
}

impl Values<'_> {
    /// What describes a field in the schemas that values are: nothing in those that do not name it. `None` where a schema may
    /// name it that is not known.
    pub(crate) fn described(&self, schemas: &[Value], name: &Symbol) -> Option<Vec<Value>> {
        let mut asked = Asked { name, looked: BTreeSet::new() };
        let mut found = Vec::new();
        // What a variable is declared as tells less than what it is known to be given: `function cached<T extends ZodType>(schema: T)`.
        let is_made = |schema: &Value| matches!(schema, Value::Record(_) | Value::Api(_, Some(_)));
        let is_declared = |schema: &Value| matches!(schema, Value::Api(_, None) | Value::Typed(_));
        let has_made = schemas.iter().any(is_made);
        for schema in schemas.iter().filter(|schema| !(has_made && is_declared(schema))) {
            found.extend(self.described_in(schema, &mut asked)?);
        }
        Some(found)
    }

    fn described_in(&self, schema: &Value, asked: &mut Asked<'_>) -> Option<Vec<Value>> {
        if !asked.looked.insert(schema.clone()) {
            return Some(Vec::new());
        }
        if asked.looked.len() > MAX_SCHEMAS {
            return None;
        }
        match schema {
            Value::Record(Site::Instr(at)) => self.described_by(*at, self.literal(*at)?, asked),
            Value::Api(_, Some(made)) => {
                for call in std::iter::once(*made).chain(self.chain(*made)) {
                    let mut found = Vec::new();
                    for part in self.made_of(call)? {
                        found.extend(self.described_in(&part, asked)?);
                    }
                    if !found.is_empty() {
                        return Some(found);
                    }
                }
                Some(Vec::new())
            }
            _ => None,
        }
    }

    /// The last entry of a literal that names the field counts.
    fn described_by(&self, at: At, literal: &Record, asked: &mut Asked<'_>) -> Option<Vec<Value>> {
        for entry in literal.entries.iter().rev() {
            let mut found = Vec::new();
            match entry {
                Entry::Field(Field::Name(known), value) if known == asked.name => {
                    let described = self.of(at.0, *value).items();
                    // `{ name: true }` says of which fields something is meant.
                    let is_mark = |value: &Value| matches!(value, Value::Const(_));
                    let tells = |value: &&Value| !is_mark(value) && **value != Value::Unknown;
                    found.extend(described.iter().filter(tells).cloned());
                    if found.is_empty() && !described.iter().any(is_mark) {
                        return None;
                    }
                }
                Entry::Field(Field::Name(_) | Field::Index(_), _) => {}
                Entry::Field(..) => return None,
                Entry::Spread(value) => match self.slot_value(self.instr_slot(at.0, *value)) {
                    PortValue::Known(spread) => {
                        for schema in &spread {
                            found.extend(self.described_in(schema, asked)?);
                        }
                    }
                    PortValue::Missing => {}
                    PortValue::Unknown => return None,
                },
            }
            if !found.is_empty() {
                return Some(found);
            }
        }
        Some(Vec::new())
    }

    /// The names of all fields in a schema, in order, as far as they are known.
    pub(crate) fn schema_fields(&self, schema: &Value) -> Vec<Symbol> {
        let mut found = Vec::new();
        self.add_fields(schema, &mut BTreeSet::new(), &mut found);
        found
    }

    fn add_fields(&self, schema: &Value, looked: &mut Looked, found: &mut Vec<Symbol>) {
        if looked.len() >= MAX_SCHEMAS || !looked.insert(schema.clone()) {
            return;
        }
        match schema {
            // A list of pairs describes nothing.
            Value::Record(Site::Instr(at)) if self.pairs.contains(at) => {}
            Value::Record(Site::Instr(at)) => {
                for entry in self.literal(*at).into_iter().flat_map(|literal| &literal.entries) {
                    match entry {
                        Entry::Field(Field::Name(name), value) => {
                            let is_mark = |value: &Value| matches!(value, Value::Const(_));
                            let described = self.of(at.0, *value).items();
                            if !found.contains(name) && (described.is_empty() || !described.iter().all(is_mark)) {
                                found.push(name.clone());
                            }
                        }
                        Entry::Field(..) => {}
                        Entry::Spread(value) => {
                            self.of(at.0, *value)
                                .items()
                                .iter()
                                .for_each(|spread| self.add_fields(spread, looked, found));
                        }
                    }
                }
                // Those that are stored later.
                let literal = self.literal(*at).map(|literal| literal.entries.as_slice()).unwrap_or_default();
                let is_written = |name: &Symbol| {
                    literal.iter().any(|entry| matches!(entry, Entry::Field(Field::Name(known), _) if known == name))
                };
                let stored = self.object_of(schema).and_then(|obj| self.field_names.get(&obj));
                for name in stored.into_iter().flatten() {
                    if !found.contains(name) && !is_written(name) {
                        found.push(name.clone());
                    }
                }
            }
            Value::Api(_, Some(made)) => {
                let mut calls = self.chain(*made);
                calls.insert(0, *made);
                for call in calls.into_iter().rev() {
                    let parts = self.made_of(call).unwrap_or_default();
                    parts.iter().for_each(|part| self.add_fields(part, looked, found));
                }
            }
            _ => {}
        }
    }

    fn literal(&self, at: At) -> Option<&Record> {
        match &self.program.funcs[at.0].instrs[at.1].op {
            Op::Record(record) => Some(record),
            _ => None,
        }
    }

    /// The literals and schemas that a call makes a schema of, if any. `None` where it makes something else of it: by a function.
    fn made_of(&self, call: At) -> Option<Vec<Value>> {
        let given = Port { head: PortHead::Arg(0), path: Vec::new() };
        let given = match self.port_values(call, &given) {
            PortValue::Known(given) => given,
            PortValue::Missing => return Some(Vec::new()),
            PortValue::Unknown => return None,
        };
        // A check changes nothing: `schema.refine((args) => …)`.
        let is_check = !self.call_rows(call, Table::Callback).is_empty();
        let mut parts = Vec::new();
        for value in given {
            match value {
                Value::Func(_) if is_check => {}
                Value::Const(_) => {}
                Value::Record(_) | Value::Api(_, Some(_)) => parts.push(value),
                _ => return None,
            }
        }
        Some(parts)
    }
}
