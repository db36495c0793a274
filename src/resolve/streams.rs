//! Which stream does a call or a value mean?
//!
//! The answer is `Unknown` rather than a guess when a value comes from outside the program. Where several streams are
//! possible, stdout wins: one of them is enough to break a server.

use std::collections::BTreeSet;

use crate::base::bounds::MAX_WRAPS;
use crate::ir::func::FuncId;
use crate::ir::program::Language;
use crate::models::index::{RowRef, Table};
use crate::models::schema::{Stream, StreamPorts, StreamSpec};
use crate::source::version::Allowed;

use super::ports::PortValue;
use super::solve::Values;
use super::values::{At, Key, Obj, Site, Value};

/// Values already looked into while one question is answered: each is looked into once, so that builders whose methods
/// give back many objects cost no more than there are objects.
type Looked = BTreeSet<Value>;

impl Values<'_> {
    /// The stream a row's specification gives for the call at `at`.
    pub(crate) fn stream_of(&self, at: At, spec: &StreamSpec) -> Stream {
        self.spec_stream(at, spec, MAX_WRAPS, &mut Looked::new())
    }

    fn spec_stream(&self, at: At, spec: &StreamSpec, depth: usize, looked: &mut Looked) -> Stream {
        let ports = match spec {
            StreamSpec::Fixed(stream) => return *stream,
            StreamSpec::Ports(ports) => ports,
        };
        for text in &ports.from {
            let Some(port) = self.models.port(text) else { continue };
            match self.port_values(at, port) {
                PortValue::Missing => {}
                PortValue::Unknown => return ports.other.unwrap_or(Stream::Unknown),
                PortValue::Known(values) => return self.values_stream(&values, Some(ports), depth, looked),
            }
        }
        ports.default
    }

    /// The stream that values denote.
    pub(crate) fn stream_of_values(&self, values: &[Value], ports: Option<&StreamPorts>) -> Stream {
        self.values_stream(values, ports, MAX_WRAPS, &mut Looked::new())
    }

    fn values_stream(
        &self,
        values: &[Value],
        ports: Option<&StreamPorts>,
        depth: usize,
        looked: &mut Looked,
    ) -> Stream {
        let other = ports.and_then(|ports| ports.other).unwrap_or(Stream::Unknown);
        let streams: Vec<Stream> =
            values.iter().map(|value| self.stream_of_value(value, ports, depth, looked).unwrap_or(other)).collect();
        // Stream's order puts stdout first.
        streams.into_iter().min().unwrap_or(other)
    }

    fn stream_of_value(
        &self,
        value: &Value,
        ports: Option<&StreamPorts>,
        depth: usize,
        looked: &mut Looked,
    ) -> Option<Stream> {
        if depth == 0
            || matches!(value, Value::Api(..) | Value::Func(_) | Value::Record(_)) && !looked.insert(value.clone())
        {
            return None;
        }
        match value {
            Value::Const(constant) => ports?.map.get(Self::const_text(constant).as_str()).copied(),
            Value::Variant(_, name) => ports?.map.get(name.as_str()).copied(),
            Value::Func(func) => {
                let made = self.of_slot(self.ret_slot(*func)).items().to_vec();
                if made.is_empty() { None } else { Some(self.values_stream(&made, None, depth - 1, looked)) }
            }
            Value::Api(node, site) => {
                let data = self.models.index.node(*node);
                for row in data.rows(Table::Stream) {
                    let stream = self.models.stream(row);
                    let func = site.map(|at| at.0);
                    if site.is_some_and(|at| !self.holds(at, &stream.when))
                        || !self.version_allows(func, row, stream.versions.as_deref())
                    {
                        continue;
                    }
                    return Some(match (&stream.stream, site) {
                        (StreamSpec::Fixed(stream), _) => *stream,
                        (spec, Some(at)) => self.spec_stream(*at, spec, depth - 1, looked),
                        (StreamSpec::Ports(ports), None) => ports.default,
                    });
                }
                let name =
                    ports.and_then(|ports| ports.map.get(data.name.rsplit('.').next().unwrap_or_default()).copied());
                name.or_else(|| self.wrapped_stream((*site)?, depth - 1, looked))
                    .or_else(|| self.held_stream(&Obj::Api((*site)?), depth - 1, looked))
            }
            Value::Record(Site::Instr(at)) if self.language(at.0) == Language::Rust => {
                self.held_stream(&Obj::Record(Site::Instr(*at)), depth - 1, looked)
            }
            Value::Record(_)
            | Value::Instance(_)
            | Value::Typed(_)
            | Value::Class(_)
            | Value::Module(_)
            | Value::Unknown => None,
        }
    }

    /// An option or a list writes to what is in it: `Some(layer)`, `vec![layer]`.
    fn held_stream(&self, obj: &Obj, depth: usize, looked: &mut Looked) -> Option<Stream> {
        let held = self.known_field(obj, &Key::All)?;
        let held = self.of_slot(held).items().iter().filter(|value| matches!(value, Value::Api(..) | Value::Record(_)));
        let streams = held.filter_map(|value| self.stream_of_value(value, None, depth, looked));
        streams.filter(|stream| *stream != Stream::Unknown).min()
    }

    /// A library object made from a stream writes to that stream: `BufWriter::new(stdout())`, `stdout().lock()`.
    fn wrapped_stream(&self, at: At, depth: usize, looked: &mut Looked) -> Option<Stream> {
        let call = self.call_at(at)?;
        let receiver = self.receiver_slot(at).map(|slot| self.of_slot(slot).items().to_vec()).unwrap_or_default();
        let args = call.args.iter().flat_map(|arg| self.of(at.0, arg.value).items().to_vec());
        args.chain(receiver)
            .filter(|value| matches!(value, Value::Api(..) | Value::Func(_)))
            .filter_map(|value| self.stream_of_value(&value, None, depth, looked))
            .filter(|stream| *stream != Stream::Unknown)
            .min()
    }

    /// May the row hold for the version that the code in `func` uses?
    pub(crate) fn version_allows(&self, func: Option<FuncId>, row: RowRef, versions: Option<&str>) -> bool {
        self.version_of(func, row, versions) != Allowed::No
    }

    /// Is the library of a row built with a feature where the code in `func` uses it?
    pub(crate) fn has_feature(&self, func: FuncId, row: RowRef, feature: Option<&str>) -> bool {
        let file = self.models.file(row);
        let package = file.package.as_deref().unwrap_or(&file.library);
        let module = &self.program.modules[self.program.funcs[func].module];
        feature.is_some_and(|feature| self.versions.asks_feature(module.file, package, feature))
    }

    /// Does the row hold for the version that the code in `func` uses?
    pub(crate) fn version_of(&self, func: Option<FuncId>, row: RowRef, versions: Option<&str>) -> Allowed {
        let (Some(condition), Some(func)) = (versions, func) else { return Allowed::Yes };
        let file = self.models.file(row);
        let package = file.package.as_deref().unwrap_or(&file.library);
        let module = &self.program.modules[self.program.funcs[func].module];
        self.versions.allows(module.language, module.file, package, condition)
    }
}
