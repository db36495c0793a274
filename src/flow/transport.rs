//! Which transport a server is connected to.

use std::collections::BTreeSet;

use crate::base::Symbol;
use crate::base::bounds::MAX_TRANSPORT_DEPTH;
use crate::ir::func::FuncId;
use crate::ir::instr::{Base, Const, Field};
use crate::ir::program::{ClassId, ClassKind};
use crate::models::index::Table;
use crate::models::path::Step;
use crate::models::schema::Stream;
use crate::models::serving::{TransportKind, TransportPorts, TransportSpec};
use crate::resolve::ports::PortValue;
use crate::resolve::solve::Values;
use crate::resolve::values::{At, Key, Obj, Value};

use super::explore::Explorer;
use super::frames::Output;
use super::variants::{variant, variant_const};

/// From so many methods in common on, an object that a transport holds is a transport too: sending and closing, not closing
/// alone.
const SHARED_METHODS: usize = 2;

impl Explorer<'_> {
    /// Which transport a serve call uses, and where that writes.
    pub(crate) fn transport(&self, at: At, spec: &TransportSpec) -> (TransportKind, Output) {
        let ports = match spec {
            TransportSpec::Fixed(kind) => return (*kind, Output::Stdout),
            TransportSpec::Ports(ports) => ports,
        };
        for text in &ports.from {
            let Some(port) = self.values.models.port(text) else { continue };
            let values = match self.values.port_values(at, port) {
                PortValue::Missing => continue,
                PortValue::Unknown => return (TransportKind::Unknown, Output::Stdout),
                PortValue::Known(values) if values.iter().any(|value| self.is_served(value)) => continue,
                PortValue::Known(values) => values,
            };
            let kinds: Vec<(TransportKind, Output)> =
                values.iter().filter_map(|value| self.transport_value(value, ports, MAX_TRANSPORT_DEPTH)).collect();
            let known = kinds.into_iter().min();
            // Chosen by a name that may come from outside: `chosen = os.environ.get("TRANSPORT")`, and one name in its place.
            let is_open =
                known.is_some_and(|(kind, _)| kind != TransportKind::Stdio) && self.is_named_openly(&values, ports);
            return known.filter(|_| !is_open).unwrap_or((TransportKind::Unknown, Output::Stdout));
        }
        (ports.default, Output::Stdout)
    }

    /// Is a value the method that serves, handed to what calls it: `to_thread(server.run)`?
    fn is_served(&self, value: &Value) -> bool {
        let index = &self.values.models.index;
        matches!(value, Value::Api(node, _) if index.node(index.step(*node, &Step::Call)).has(Table::Serve))
    }

    /// Is one of the values the name of a transport, and another one not known?
    fn is_named_openly(&self, values: &[Value], ports: &TransportPorts) -> bool {
        let is_name = |value: &Value| match value {
            Value::Const(value) => ports.map.contains_key(Values::const_text(value).as_str()),
            _ => false,
        };
        let is_open = |value: &Value| match value {
            Value::Unknown => true,
            // Not what the variable is declared as.
            Value::Api(node, site) => {
                (site.is_some() || self.values.models.index.node(*node).has(Table::SourceRead))
                    && self.transport_value(value, ports, 1).is_none()
            }
            _ => false,
        };
        values.iter().any(is_name) && values.iter().any(is_open)
    }

    pub(super) fn transport_value(
        &self,
        value: &Value,
        ports: &TransportPorts,
        depth: usize,
    ) -> Option<(TransportKind, Output)> {
        if depth == 0 {
            return None;
        }
        match value {
            Value::Const(value) => {
                let text = Values::const_text(value);
                ports.map.get(text.as_str()).map(|kind| (*kind, Output::Stdout))
            }
            Value::Variant(_, name) => ports.map.get(name.as_str()).map(|kind| (*kind, Output::Stdout)),
            Value::Api(node, site) => {
                let data = self.values.models.index.node(*node);
                let Some(row) = data.rows(Table::Transport).find(|row| {
                    let versions = self.values.models.transport(*row).versions.as_deref();
                    self.values.version_allows(site.map(|at| at.0), *row, versions)
                }) else {
                    return self.is_named_other((*site)?).then_some((TransportKind::Http, Output::Stdout));
                };
                let transport = self.values.models.transport(row);
                let given = |at: At| {
                    let ports = transport.own_stream.iter().filter_map(|text| self.values.models.port(text));
                    ports.filter_map(|port| self.output_given(&self.values.port_values(at, port))).max()
                };
                let output = site.and_then(given).unwrap_or(Output::Stdout);
                Some((transport.is, output))
            }
            // A pair of streams, a subclass of a transport.
            Value::Record(_) => {
                let obj = self.values.object_of(value)?;
                let all = self.values.known_field(&obj, &Key::All)?;
                let parts = self.values.of_slot(all).items();
                parts.iter().filter_map(|part| self.transport_value(part, ports, depth - 1)).min()
            }
            Value::Instance(class) | Value::Typed(class) => {
                let bases = self.values.classes.api_bases(*class);
                let inherited = bases.into_iter().find_map(|base| {
                    let instance = self.values.models.index.instance(base);
                    self.transport_value(&Value::Api(instance, None), ports, depth - 1)
                });
                inherited.or_else(|| self.own_transport(*class, ports, depth - 1))
            }
            _ => None,
        }
    }

    /// Where a transport writes that is handed a stream.
    fn output_given(&self, stream: &PortValue) -> Option<Output> {
        match stream {
            PortValue::Missing => None,
            PortValue::Unknown => Some(Output::Own),
            PortValue::Known(values) if self.values.stream_of_values(values, None) != Stream::Stdout => {
                Some(Output::Own)
            }
            PortValue::Known(values) => {
                let is_made = |value: &Value| matches!(value, Value::Api(_, Some(_)));
                Some(if values.iter().all(is_made) { Output::Kept } else { Output::Stdout })
            }
        }
    }

    /// Does the class of an object that no model describes say by its name what it runs over: `new HttpServerTransport()`?
    fn is_named_other(&self, made: At) -> bool {
        let program = self.values.program;
        let Some(callee) = self.values.call_at(made).map(|call| &call.callee) else { return false };
        let class = match (callee.path.last(), &callee.base) {
            (Some(Field::Name(name)), _) => name,
            (None, Base::Cell(cell)) => &program.cells[*cell].name,
            (None, Base::Local(local)) => &program.funcs[made.0].locals[*local].name,
            _ => return false,
        };
        let words = class_words(class);
        let models = self.values.models;
        class.starts_with(char::is_uppercase)
            && words.iter().any(|word| models.is_other_transport(word))
            && !words.iter().any(|word| word.eq_ignore_ascii_case(models.stdio_word()))
    }

    /// What a transport of the program's own is, by what its objects hold and read: another transport, standard input,
    /// neither. What only writes to stdout may be logging. `None` for a type whose code is not known.
    fn own_transport(&self, class: ClassId, ports: &TransportPorts, depth: usize) -> Option<(TransportKind, Output)> {
        if self.is_list_of_names(class) {
            return None;
        }
        let code = self.code_of(class);
        if code.is_empty() {
            return None;
        }
        let fields = Obj::Instances(self.values.classes.top(class));
        let held = self.values.known_field(&fields, &Key::All).map(|all| self.values.of_slot(all).items());
        let inner = held.into_iter().flatten().filter(|value| match value {
            Value::Instance(inner) | Value::Typed(inner) => self.is_alike(class, *inner),
            Value::Api(..) => true,
            _ => false,
        });
        let mut found: Vec<(TransportKind, Output)> = Vec::new();
        for value in inner {
            let is_stdout = || self.values.stream_of_values(std::slice::from_ref(value), None) == Stream::Stdout;
            if self.values.is_stdin(value) || is_stdout() {
                found.push((TransportKind::Stdio, Output::Stdout));
            }
            found.extend(self.transport_value(value, ports, depth));
        }
        if code.iter().any(|func| self.values.touches_stdin(*func)) {
            found.push((TransportKind::Stdio, Output::Stdout));
        }
        Some(found.into_iter().min().unwrap_or((TransportKind::Other, Output::Stdout)))
    }

    /// Is a class nothing but names for what it can be? Methods beside them make no transport of it.
    fn is_list_of_names(&self, class: ClassId) -> bool {
        let class = &self.values.program.classes[class];
        class.kind == ClassKind::Enum && class.variants.iter().all(|variant| variant.fields.is_empty())
    }

    /// The methods of a class and its relatives, with the functions in them.
    fn code_of(&self, class: ClassId) -> Vec<FuncId> {
        let (program, classes) = (self.values.program, &self.values.classes);
        let mut family = classes.bases_of(class);
        family.extend(classes.descendants(class));
        family.push(class);
        let is_method = |func: &FuncId| classes.owner(*func).is_some_and(|owner| family.contains(&owner));
        let children = program.children();
        program.funcs.ids().filter(is_method).flat_map(|method| program.tree(method, &children)).collect()
    }

    /// Does another class do what a transport does, as one that is wrapped in it? Told by the methods that both have.
    fn is_alike(&self, class: ClassId, other: ClassId) -> bool {
        let names = |class: ClassId| {
            let methods = &self.values.program.classes[class].methods;
            methods.iter().map(|(name, _)| name.clone()).collect::<BTreeSet<Symbol>>()
        };
        class != other && names(class).intersection(&names(other)).count() >= SHARED_METHODS
    }
}

/// Texts, and variants of the program's enums, that stand for other transports.
pub(super) fn other_transport(values: &Values<'_>) -> impl Fn(&Const) -> bool {
    |value| matches!(value, Const::Str(word) if values.models.is_other_transport(variant(word).unwrap_or(word)))
}

/// Texts, and variants, that stand for stdio.
pub(super) fn stdio_transport(values: &Values<'_>) -> impl Fn(&Const) -> bool {
    let stdio = values.models.stdio_word();
    move |value| matches!(value, Const::Str(word) if variant(word).unwrap_or(word).eq_ignore_ascii_case(stdio))
}

/// What chooses among transports and is none of `known`, if that is stdio: when it is none of the others, or the only one that
/// its enum has besides.
pub(super) fn left_transport(values: &Values<'_>, known: &[Const]) -> Option<Const> {
    let words =
        || known.iter().filter_map(|value| if let Const::Str(word) = value { Some(word.as_str()) } else { None });
    let is_other = other_transport(values);
    let stdio = values.models.stdio_word();
    let Some(named) = words().find_map(variant) else {
        return known.iter().any(is_other).then(|| Const::str(stdio));
    };
    let enums = values.program.classes.iter().filter(|class| class.kind == ClassKind::Enum);
    enums.filter(|class| class.variants.iter().any(|variant| variant.name == *named)).find_map(|class| {
        let own = class.variants.iter().find(|variant| variant.name.eq_ignore_ascii_case(stdio))?;
        let is_left = |name: &Symbol| !words().filter_map(variant).any(|word| *name == *word);
        let is_last = class.variants.iter().filter(|variant| is_left(&variant.name)).count() == 1;
        let is_decided = is_left(&own.name) && (is_last || known.iter().any(&is_other));
        is_decided.then(|| variant_const(&own.name))
    })
}

/// The words of a class name: those of `MyHTTPTransport` are `My`, `HTTP`, `Transport`.
fn class_words(name: &str) -> Vec<&str> {
    let bytes = name.as_bytes();
    let is_lower = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_lowercase);
    let begins = |at: usize| bytes[at].is_ascii_uppercase() && (is_lower(at - 1) || is_lower(at + 1));
    let ends: Vec<usize> = (1..bytes.len()).filter(|at| begins(*at)).chain([name.len()]).collect();
    let mut start = 0;
    let mut words = Vec::new();
    for end in ends {
        words.extend(name.get(start..end));
        start = end;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn class_names_have_words() {
        assert_eq!(class_words("StreamableHTTPServerTransport"), ["Streamable", "HTTP", "Server", "Transport"]);
        assert_eq!(class_words("SseTransport"), ["Sse", "Transport"]);
        assert_eq!(class_words("SSE"), ["SSE"]);
    }
}
