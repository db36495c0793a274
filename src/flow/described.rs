//! The calls that make the schemas by which handlers are described: what a function in one is called with comes from the agent.

use rustc_hash::FxHashSet;

use crate::resolve::ports::PortValue;
use crate::resolve::solve::Values;
use crate::resolve::values::{At, Value};

use super::process::Process;

/// The calls that make the fields of such schemas: `z.string().transform(parse)`.
pub(super) fn described(values: &Values<'_>, processes: &[&Process<'_>]) -> FxHashSet<At> {
    let mut found = FxHashSet::default();
    for handler in processes.iter().flat_map(|process| &process.handlers) {
        let Some(at) = handler.at else { continue };
        let ports = values.models.handler(handler.row).schema.iter().filter_map(|text| values.models.port(text));
        for port in ports {
            let PortValue::Known(schemas) = values.port_values(at, port) else { continue };
            for name in schemas.iter().flat_map(|schema| values.schema_fields(schema)) {
                for field in values.described(&schemas, &name).unwrap_or_default() {
                    let Value::Api(_, Some(made)) = field else { continue };
                    found.insert(made);
                    found.extend(values.chain(made));
                }
            }
        }
    }
    found
}
