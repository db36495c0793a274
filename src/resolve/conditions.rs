//! Whether the conditions of a model's row hold of a call.

use crate::ir::instr::{ArgKind, Const};
use crate::models::path::PortHead;
use crate::models::schema::{Condition, ValueShape};

use super::ports::PortValue;
use super::solve::Values;
use super::values::{At, Value};

impl Values<'_> {
    /// Do all conditions of a row hold at the call?
    pub(crate) fn holds(&self, at: At, conditions: &[Condition]) -> bool {
        conditions.iter().all(|condition| {
            let Some(port) = self.models.port(&condition.port) else { return false };
            if condition.written.is_some_and(|written| written != self.is_written(at, &port.head)) {
                return false;
            }
            let values = self.port_values(at, port);
            let counts = |counts: bool| counts == self.given_counts(at, port);
            condition.counts.is_none_or(counts) && self.condition(&values, condition)
                || !condition.ends.is_empty() && self.given_ends_with(at, port, &condition.ends)
        })
    }

    /// Does a call name an argument?
    fn is_written(&self, at: At, head: &PortHead) -> bool {
        let PortHead::Named(name) = head else { return false };
        self.call_at(at)
            .is_some_and(|call| call.args.iter().any(|arg| matches!(&arg.kind, ArgKind::Named(known) if known == name)))
    }

    pub(crate) fn condition(&self, value: &PortValue, condition: &Condition) -> bool {
        if let Some(present) = condition.present
            && present == matches!(value, PortValue::Missing)
        {
            return false;
        }
        let is_known =
            || matches!(value, PortValue::Known(values) if !values.is_empty() && !values.contains(&Value::Unknown));
        if condition.known.is_some_and(|known| known != is_known()) {
            return false;
        }
        let one_of = |listed: &[toml::Value], value: &Value| match value {
            Value::Const(found) => listed.iter().any(|text| same_const(text, found)),
            // A member of a library's own vocabulary may be listed by its name: CallToolRequestSchema.
            Value::Api(node, _) => {
                let name = self.models.index.node(*node).name.clone();
                let last = name.rsplit('.').next().unwrap_or_default().to_owned();
                listed.iter().any(|text| text.as_str() == Some(last.as_str()) || text.as_str() == Some(name.as_str()))
            }
            Value::Variant(_, name) => listed.iter().any(|text| text.as_str() == Some(name.as_str())),
            _ => false,
        };
        if let Some(shape) = condition.shape
            && !has_shape(value, shape)
        {
            return false;
        }
        if !condition.is.is_empty() {
            let PortValue::Known(values) = value else { return false };
            if !values.iter().any(|value| one_of(&condition.is, value)) {
                return false;
            }
        }
        if !condition.ends.is_empty() {
            let ends = |value: &Value| match value {
                Value::Const(Const::Str(text)) => condition.ends.iter().any(|end| text.ends_with(end.as_str())),
                _ => false,
            };
            if !matches!(value, PortValue::Known(values) if values.iter().any(ends)) {
                return false;
            }
        }
        if !condition.not.is_empty()
            && let PortValue::Known(values) = value
            && values.iter().all(|value| one_of(&condition.not, value))
        {
            return false;
        }
        let holds_one = |values: &[Value]| values.iter().any(|value| one_of(&condition.lacks, value));
        !matches!(value, PortValue::Known(values) if holds_one(values))
    }
}

fn has_shape(value: &PortValue, shape: ValueShape) -> bool {
    let fits = |value: &Value| match (value, shape) {
        (Value::Unknown, _) => true,
        (Value::Const(Const::Str(_)), ValueShape::Text) => true,
        (Value::Const(_), _) | (_, ValueShape::Text) => false,
        (Value::Func(_), shape) => shape == ValueShape::Function,
        (Value::Api(..), _) => true,
        (_, shape) => shape == ValueShape::Object,
    };
    match value {
        PortValue::Missing => false,
        PortValue::Unknown => true,
        PortValue::Known(values) => values.iter().any(fits),
    }
}

fn same_const(listed: &toml::Value, found: &Const) -> bool {
    match (listed, found) {
        (toml::Value::String(text), Const::Str(found)) => text == found.as_str(),
        (toml::Value::Integer(number), Const::Int(found)) => number == found,
        (toml::Value::Boolean(flag), Const::Bool(found)) => flag == found,
        _ => false,
    }
}
