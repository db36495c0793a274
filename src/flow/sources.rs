//! Where values of interest come from: reads and calls that models name, what handlers are given.

use crate::base::Symbol;
use crate::base::bounds::MAX_CHECK_DEPTH;
use crate::ir::func::{FuncId, Param, ParamKind};
use crate::ir::instr::{Base, Call, Field, InstrId, Op, Place, Record, TextPart};
use crate::ir::program::{ClassKind, Language};
use crate::ir::types::TypeRef;
use crate::models::index::{NodeId, RowRef, Table};
use crate::models::path::{Port, PortHead, PortStep, Step};
use crate::resolve::beside::Registered;
use crate::resolve::ports::PortValue;
use crate::resolve::solve::Values;
use crate::resolve::values::{At, Value};

use super::apply::port_keys;
use super::domain::{ANY, Entry, Kind, Marks, Root, Source, SourcePlace};
use super::flags::WORDS;
use super::process::Handler;
use super::shown::TEXT_TYPES;
use super::solve::Taint;
use super::summary::Bound;
use super::trace::Trace;
use super::transfer::Pass;
use super::tree::Tree;
use super::words::Secrecy;

/// Types whose values say nothing worth hiding: numbers, truth values, one of a few constants.
pub(super) const PLAIN_TYPES: &[&str] = &[
    "number", "boolean", "bool", "int", "float", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64",
    "i128", "isize", "f32", "f64", "Literal",
];

/// Types of things of one kind, in Rust.
const COLLECTIONS: &[&str] = &["Vec", "VecDeque", "HashSet", "BTreeSet"];

/// What a function gives that may fail.
const RESULT: &str = "Result";

/// Numbers that are what a text is made of.
const BYTE_TYPES: &[&str] = &["u8"];

/// The call that made what is called: `app.get("/notes/{name}")` of a decorator.
fn decorator(values: &Values<'_>, at: At) -> At {
    match values.call_at(at).map(|call| &call.callee) {
        Some(Place { base: Base::Value(made), path }) if path.is_empty() => (at.0, *made),
        _ => at,
    }
}

/// Has the pattern of an address a place for a parameter: `/notes/{name}`, `/{path:path}`?
fn has_place_for(address: &str, param: &str) -> bool {
    let places = address.split('{').skip(1).filter_map(|rest| rest.split(['}', ':']).next());
    places.into_iter().any(|name| name == param)
}

impl Pass<'_, '_> {
    /// Adds the sources that the first `depth` steps of a place are.
    pub(super) fn read_sources(&mut self, place: &Place, depth: usize, tree: &mut Tree, at: At) {
        let nodes = self.nodes_read(place, depth);
        for (node, made) in &nodes {
            let rows: Vec<RowRef> = self.taint.values.models.index.node(*node).rows(Table::SourceRead).collect();
            for row in rows {
                let source = self.taint.values.models.source(row);
                if source.kind == WORDS
                    && let Some(entry) = self.credential_of_words(at)
                {
                    tree.add(entry);
                }
                let Some(kind) = Kind::named(&source.kind) else { continue };
                if !self.taint.values.read_holds(row, *made)
                    || !self.taint.values.version_allows(Some(self.id), row, source.versions.as_deref())
                {
                    continue;
                }
                let is_computed = depth == place.path.len() && !matches!(place.path.last(), Some(Field::Name(_)));
                let name = match place.path.get(depth.wrapping_sub(1)) {
                    Some(Field::Name(name)) => Some(name.clone()),
                    Some(_) if is_computed => {
                        let known = self.taint.values.computed_key(at.0, at.1);
                        known.or_else(|| if kind == Kind::Env { self.secret_name(at.1) } else { None })
                    }
                    _ => None,
                };
                let key = self.func.keys.get(&at.1).filter(|_| is_computed).copied();
                let entry = self.source_by(row, kind, at, name, key);
                // The whole environment was read on the way to one variable of it.
                if kind == Kind::Env {
                    *tree = tree.map(|known| if self.is_kind(&known, Kind::EnvAll) { None } else { Some(known) });
                }
                tree.add(entry);
            }
        }
        if let Some(Field::Name(name)) = depth.checked_sub(1).and_then(|last| place.path.get(last))
            && let owners = self.taint.values.prefix_values(self.id, place, depth - 1)
            && self.taint.reads_env(owners, name)
        {
            let entry = self.env_field(at, owners, name.clone());
            tree.add(entry);
        }
    }

    /// What is written out of a variable's name that is put together, if that tells that the variable is a secret:
    /// `PASSWORD_*` of `` `PASSWORD_${number}` ``.
    fn secret_name(&self, load: InstrId) -> Option<Symbol> {
        let Op::Text(parts) = &self.func.instrs[*self.func.keys.get(&load)?].op else { return None };
        let written = parts.iter().map(|part| match part {
            TextPart::Lit(text) => text.as_str(),
            TextPart::Hole(..) => ANY,
        });
        let name = written.collect::<String>();
        (self.taint.words.env(&name) == Secrecy::Secret).then(|| name.into())
    }

    /// The library members that the last of the first `depth` steps of a place reads, with the call that made the object: what
    /// a variable was assigned earlier is no reading.
    fn nodes_read(&self, place: &Place, depth: usize) -> Vec<(NodeId, Option<At>)> {
        let values = self.taint.values.prefix_values(self.id, place, depth);
        let found = values.iter().filter_map(|value| match value {
            Value::Api(node, made) => Some((*node, *made)),
            _ => None,
        });
        let Some(field) = depth.checked_sub(1).and_then(|last| place.path.get(last)) else { return found.collect() };
        let owners = self.taint.values.prefix_values(self.id, place, depth - 1);
        let step = match field {
            Field::Name(name) => Step::Member(name.clone()),
            Field::Index(_) | Field::Any => Step::Element,
            Field::Variant(..) => return Vec::new(),
        };
        let reached: Vec<NodeId> = owners
            .iter()
            .filter_map(|owner| match owner {
                Value::Api(node, _) => Some(self.taint.values.models.index.step(*node, &step)),
                _ => None,
            })
            .collect();
        found.filter(|(node, _)| reached.contains(node)).collect()
    }

    /// Is what the first steps of a place lead to the name of the server in an address: `new URL(address).hostname`?
    pub(super) fn names_server(&self, place: &Place, depth: usize) -> bool {
        let index = &self.taint.values.models.index;
        self.nodes_read(place, depth).iter().any(|(node, _)| index.node(*node).has(Table::ServerPart))
    }

    /// Does a model say that what the first steps of a place lead to holds nothing of what it belongs to: `frame.shape`?
    pub(super) fn is_clean_read(&self, place: &Place, depth: usize) -> bool {
        let index = &self.taint.values.models.index;
        self.nodes_read(place, depth).iter().any(|(node, _)| index.node(*node).has(Table::Clean))
    }

    /// Does a model say that the first steps of a place read a source?
    pub(super) fn is_source_read(&self, place: &Place, depth: usize) -> bool {
        let index = &self.taint.values.models.index;
        self.nodes_read(place, depth).iter().any(|(node, _)| index.node(*node).has(Table::SourceRead))
    }

    /// What an import of a library's member brings, when the member is a source: `import { env } from "process"`.
    pub(super) fn import_sources(&mut self, tree: &mut Tree, at: At) {
        let values = self.taint.values;
        for value in values.of(at.0, at.1).items() {
            let Value::Api(node, None) = value else { continue };
            for row in values.models.index.node(*node).rows(Table::SourceRead) {
                if let Some(kind) = Kind::named(&values.models.source(row).kind) {
                    let entry = self.source(kind, at, None);
                    tree.add(entry);
                }
            }
        }
    }

    pub(super) fn is_kind(&self, entry: &Entry, kind: Kind) -> bool {
        matches!(entry.root, Root::Source(source) if self.taint.names.sources[source].kind == kind)
    }

    /// Adds the sources that the library call is; true when there is one.
    pub(super) fn call_sources(&mut self, at: At, result: &mut Tree) -> bool {
        let values = self.taint.values;
        let mut found = false;
        for row in self.source_rows(at) {
            found = true;
            let source = values.models.source(row);
            self.note_name(at, source.name.as_deref());
            let Some(entry) = self.called_source(row, at) else { continue };
            if !source.params.is_empty() {
                continue;
            }
            if source.gives.is_empty() {
                result.add(entry);
                continue;
            }
            let in_no_param = |port: &&Port| param_of(port).is_none();
            for port in source.gives.iter().filter_map(|text| values.models.port(text)).filter(in_no_param) {
                let given = Tree::of(entry.clone()).under(&port_keys(port));
                match &port.head {
                    PortHead::Return => {
                        result.join(&given);
                    }
                    PortHead::Throws => {
                        let given = if source.unlisted { given.marked(Marks::IN_ERROR) } else { given };
                        self.fail_in_library(at, &given.of_error(self.library_error()), false, result);
                    }
                    head => {
                        let Some(call) = values.call_at(at) else { continue };
                        if let Some(value) = crate::resolve::ports::argument(call, head) {
                            self.put_value(value, &given, at);
                        }
                    }
                }
            }
        }
        found
    }

    /// What the library calls a function with that it is handed, where models say so: `exec(command, (error, stdout) => …)`.
    pub(super) fn callback_sources(&mut self, call: &Call, at: At, func: FuncId, bound: &mut Bound) {
        let values = self.taint.values;
        let n_params = values.program.funcs[func].params.len();
        for row in self.source_rows(at) {
            let source = values.models.source(row);
            if source.most_params.is_some_and(|most| n_params > most)
                || source.least_params.is_some_and(|least| n_params < least)
            {
                continue;
            }
            for (index, param) in values.program.funcs[func].params.iter().enumerate() {
                let holds = |ty: &&String| values.is_kind_of_named(param.ty.as_ref(), std::slice::from_ref(*ty));
                let Some(field) = source.params.keys().find(holds).and_then(|ty| source.params.get(ty)) else {
                    continue;
                };
                let Some(entry) = self.called_source(row, at) else { continue };
                let keys: &[Symbol] = if field.is_empty() { &[] } else { &[field.as_str().into()] };
                bound.params[index].join(&Tree::of(entry).under(keys));
            }
            for port in source.gives.iter().filter_map(|text| values.models.port(text)) {
                let Some((index, inner)) = param_of(port) else { continue };
                let is_given = crate::resolve::ports::argument(call, &port.head)
                    .is_some_and(|value| values.of(at.0, value).items().contains(&Value::Func(func)));
                let (true, Some(entry)) = (is_given, self.called_source(row, at)) else { continue };
                if let Some(param) = bound.params.get_mut(index as usize) {
                    param.join(&Tree::of(entry).under(&port_keys(&inner)));
                }
            }
        }
    }

    /// The rows by which a library call is a source.
    fn source_rows(&self, at: At) -> Vec<RowRef> {
        let values = self.taint.values;
        let mut rows = values.call_rows(at, Table::Source);
        rows.retain(|row| {
            let source = values.models.source(*row);
            Kind::named(&source.kind).is_some()
                && values.holds(at, &source.when)
                && values.version_allows(Some(at.0), *row, source.versions.as_deref())
                && (!source.of_schema || self.taint.described.contains(&at))
        });
        rows
    }

    /// A variable that names what a source is asked for holds no secret, whatever the name was taken from:
    /// `env::var(&reference[2..])`.
    fn note_name(&mut self, at: At, port: Option<&str>) {
        let values = self.taint.values;
        let (Some(port), Some(call)) = (port.and_then(|text| values.models.port(text)), values.call_at(at)) else {
            return;
        };
        let Some(value) = crate::resolve::ports::argument(call, &port.head) else { return };
        if let Op::Load(Place { base: base @ Base::Local(_), path }) = &self.func.instrs[value].op
            && path.is_empty()
            && let Some(var) = self.var(base)
            && let Some(tree) = self.state_mut().get_mut(&var)
        {
            *tree = tree.marked(Marks::OTHER_PART);
        }
    }

    /// Is a text what a library made of something: of several that it may have been, none is that text? `pattern.match(text).group(1)`
    fn is_made_by_library(&self, text: InstrId) -> bool {
        let values = self.taint.values;
        matches!(self.func.instrs[text].op, Op::Call(_))
            && values.callees((self.id, text)).is_empty()
            && values.of(self.id, text).single_const().is_none()
    }

    fn called_source(&mut self, row: RowRef, at: At) -> Option<Entry> {
        let values = self.taint.values;
        let source = values.models.source(row);
        let name = source.name.as_ref().and_then(|port| values.port_text(at, std::slice::from_ref(port)));
        let key = source.name.as_ref().and_then(|port| {
            let port = values.models.port(port).filter(|port| port.path.is_empty())?;
            crate::resolve::ports::argument(values.call_at(at)?, &port.head)
        });
        let name = name.filter(|_| !key.is_some_and(|key| self.is_made_by_library(key)));
        let entry = self.source_by(row, Kind::named(&source.kind)?, at, name, key);
        source.lacks.iter().try_fold(entry, |entry, field| entry.lacking(&field.as_str().into()))
    }
}

/// The parameter of a function handed over that a port names, and the port in it.
fn param_of(port: &Port) -> Option<(u32, Port)> {
    let (PortStep::Param(index), inner) = port.path.split_first()? else { return None };
    Some((*index, Port { head: PortHead::Param(*index), path: inner.to_vec() }))
}

impl Pass<'_, '_> {
    /// Is the place a variable of a type whose values say nothing, in a language that sees to it: `let number: u32 = …`?
    pub(super) fn holds_plain(&self, place: &Place) -> bool {
        let ty = match &place.base {
            Base::Local(local) => self.func.locals[*local].ty.as_ref(),
            Base::Cell(cell) => self.taint.values.program.cells[*cell].ty.as_ref(),
            Base::Value(_) | Base::Global(_) => None,
        };
        place.path.is_empty() && self.language == Language::Rust && self.taint.is_plain_type(ty)
    }

    /// Is it a field of a struct whose values say nothing: `Options { limit: text.parse()? }`?
    pub(super) fn is_plain_field(&self, record: &Record, field: &Field, at: At) -> bool {
        let (Field::Name(name), true, Language::Rust) = (field, record.ty.is_some(), self.language) else {
            return false;
        };
        let program = self.taint.values.program;
        self.taint.values.of(at.0, at.1).items().iter().any(|value| match value {
            Value::Instance(class) => {
                let mut fields = program.classes[*class].fields.iter();
                fields.any(|field| field.name == *name && self.taint.is_plain_type(field.ty.as_ref()))
            }
            _ => false,
        })
    }

    /// Does the function give numbers and truth values, if all goes well: `fn port(text: &str) -> Result<u16, Error>`?
    pub(super) fn gives_number(&self) -> bool {
        if self.language != Language::Rust {
            return false;
        }
        let ty = match &self.func.ret {
            Some(TypeRef::Named(named))
                if self.taint.values.program.type_name(named).is_some_and(|name| name == RESULT) =>
            {
                named.args.first()
            }
            ty => ty.as_ref(),
        };
        self.taint.is_plain_type(ty)
    }

    /// Does a call name the one type that it gives, whose values say nothing: `text.parse::<u32>()`?
    pub(super) fn gives_plain(&self, call: &Call) -> bool {
        matches!(&*call.types, [ty] if self.language == Language::Rust && self.taint.is_plain_type(Some(ty)))
    }
}

impl Taint<'_> {
    /// Is a type one of numbers and truth values?
    pub(super) fn is_plain_type(&self, ty: Option<&TypeRef>) -> bool {
        self.is_type_of(ty, PLAIN_TYPES)
    }

    /// Is a source an argument that is declared to be a text?
    pub(crate) fn is_text_argument(&self, place: &SourcePlace) -> bool {
        let SourcePlace::Param(func, Some(at)) = *place else { return false };
        let param = self.values.program.funcs[func].params.get(at as usize);
        param.is_some_and(|param| self.is_type_of(param.ty.as_ref(), TEXT_TYPES))
    }

    /// Is a type one of a list, an enumeration, or made of nothing else?
    pub(super) fn is_type_of(&self, ty: Option<&TypeRef>, names: &[&str]) -> bool {
        match ty {
            Some(TypeRef::Named(named)) => match self.values.program.type_name(named).map(Symbol::as_str) {
                Some("Option" | "Optional") if named.args.len() == 1 => self.is_type_of(named.args.first(), names),
                Some("Annotated") => self.is_type_of(named.args.first(), names),
                Some(name) if COLLECTIONS.contains(&name) => self.are_items_of(named.args.first(), names),
                Some(name) => names.contains(&name) || self.is_enumeration(&named.base, &named.path),
                None => false,
            },
            Some(TypeRef::Union(parts)) => {
                let is_nothing = |part: &TypeRef| matches!(part, TypeRef::Named(named) if matches!(self.values.program.type_name(named).map(Symbol::as_str), Some("None" | "null" | "undefined")));
                !parts.is_empty() && parts.iter().all(|part| is_nothing(part) || self.is_type_of(Some(part), names))
            }
            Some(TypeRef::Tuple(parts)) => {
                !parts.is_empty() && parts.iter().all(|part| self.is_type_of(Some(part), names))
            }
            Some(TypeRef::List(item)) => self.are_items_of(Some(item), names),
            _ => false,
        }
    }

    /// The same of what stands in a row; bytes in a row are a text.
    fn are_items_of(&self, item: Option<&TypeRef>, names: &[&str]) -> bool {
        !self.is_type_of(item, BYTE_TYPES) && self.is_type_of(item, names)
    }

    /// Is a type one of a list of names without anything in them, or another name for one of a few constants?
    fn is_enumeration(&self, base: &Base, path: &[Symbol]) -> bool {
        let (Base::Cell(cell), []) = (base, path) else { return false };
        let is_one = |value: &Value| match value {
            Value::Api(node, None) => self.values.models.index.node(*node).has(Table::PlainType),
            Value::Class(class) => {
                let class = &self.values.program.classes[*class];
                class.kind == ClassKind::Enum && class.variants.iter().all(|variant| variant.fields.is_empty())
            }
            _ => false,
        };
        let meant = self.values.of_slot(self.values.cell_slot(*cell)).items();
        !meant.is_empty() && meant.iter().all(is_one)
    }

    /// Is a Rust return type surely no `Result`: nothing, or a type of another name that the program does not give to one?
    pub(super) fn gives_no_result(&self, ret: Option<&TypeRef>) -> bool {
        match ret {
            None => true,
            Some(TypeRef::Named(named)) => {
                let name = self.values.program.type_name(named).map(Symbol::as_str);
                let is_alias = |name: &str| {
                    let classes = &self.values.program.classes;
                    classes.iter().any(|class| class.kind == ClassKind::Alias && class.name == name)
                };
                name.is_some_and(|name| {
                    name.len() > 1
                        && !name.ends_with("Result")
                        && !self.values.models.holds_results(name)
                        && !is_alias(name)
                })
            }
            Some(_) => false,
        }
    }

    /// Does the library check that an argument of a handler is a number, a truth value or one of a few constants?
    pub(crate) fn is_plain_argument(&self, handler: &Handler, name: &str) -> bool {
        let values = self.values;
        let checks = values.models.handler(handler.row).declared.as_deref();
        if checks.is_some_and(|versions| values.version_allows(Some(handler.func), handler.row, Some(versions)))
            && self.declared.get(name) == Some(&true)
        {
            return true;
        }
        let Some(at) = handler.at else { return false };
        let name = Symbol::from(name);
        let with_name = |port: &Port| {
            let mut port = port.clone();
            port.path.push(PortStep::Name(name.clone()));
            port
        };
        let row = values.models.handler(handler.row);
        let registered = Registered {
            func: handler.func,
            name: handler.name.as_ref().map(|name| (name, &*row.name)),
            ports: &row.func,
        };
        row.schema.iter().filter_map(|text| values.models.port(text)).any(|port| {
            let described = match values.registered_with(at, registered, port) {
                PortValue::Known(schemas) => values.described(&schemas, &name),
                PortValue::Missing | PortValue::Unknown => None,
            };
            let described = match described.filter(|found| !found.is_empty()) {
                Some(found) => PortValue::Known(found),
                None => values.registered_with(at, registered, &with_name(port)),
            };
            matches!(described, PortValue::Known(found) if self.are_plain(&found))
        })
    }

    /// Are all values descriptions of data that says nothing?
    pub(super) fn are_plain(&self, found: &[Value]) -> bool {
        self.are_plain_within(found, MAX_CHECK_DEPTH)
    }

    fn are_plain_within(&self, found: &[Value], depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let (values, models) = (self.values, self.values.models);
        let is_plain_at = |call: At, port: &Port| match values.port_values(call, port) {
            PortValue::Known(inner) => self.are_plain_within(&inner, depth),
            PortValue::Missing | PortValue::Unknown => false,
        };
        let describes = |value: &Value| match value {
            Value::Api(_, Some(call)) => values.call_rows(*call, Table::Plain).iter().any(|row| {
                let mut others = models.plain(*row).of.iter().filter_map(|text| models.port(text));
                self.lists_words(*call, *row) && others.all(|port| is_plain_at(*call, port))
            }),
            _ => false,
        };
        !found.is_empty() && found.iter().all(describes)
    }

    /// Is the field declared as a number or truth value, whichever of the values it is read from?
    pub(super) fn is_plain_field(&self, values: &[Value], key: &str) -> bool {
        let declared: Vec<bool> = values
            .iter()
            .filter_map(|value| match value {
                Value::Instance(class) | Value::Typed(class) => {
                    let field = self.values.program.classes[*class].fields.iter().find(|field| field.name == key)?;
                    Some(self.is_plain_type(field.ty.as_ref()))
                }
                _ => None,
            })
            .collect();
        !declared.is_empty() && declared.iter().all(|plain| *plain)
    }

    /// What the parameters of a handler hold when the agent's request arrives.
    pub(super) fn handler_arguments(&mut self, handler: &Handler) -> Bound {
        let values = self.values;
        let func = &values.program.funcs[handler.func];
        let row = values.models.handler(handler.row);
        let mut bound = Bound { params: vec![Tree::default(); func.params.len()], receiver: Tree::default() };
        for port in row.args.iter().filter_map(|text| values.models.port(text)) {
            let keys = port_keys(port);
            match &port.head {
                PortHead::Receiver => {
                    let tree = self.argument(handler.func, None, "arguments");
                    bound.receiver.join(&tree.under(&keys));
                }
                PortHead::Param(index) => self.argument_at(handler.func, *index, &keys, &mut bound),
                // What a decorator's function takes by name it hands on; by place the library gives it nothing.
                PortHead::AllParams if func.stands_for.is_some() => {
                    let mut named = (0_u32..).zip(&func.params);
                    let Some((index, param)) = named.find(|(_, param)| param.kind == ParamKind::RestNamed) else {
                        continue;
                    };
                    let wrapped = &values.program.funcs[values.program.known_as(handler.func)];
                    let is_other = |param: &&Param| {
                        self.is_plain_type(param.ty.as_ref())
                            || self.values.is_context(param.ty.as_ref(), &row.except_types)
                            || self.values.is_made_by_program(param.ty.as_ref())
                    };
                    let others: Vec<Symbol> =
                        wrapped.params.iter().filter(is_other).map(|param| param.name.clone()).collect();
                    let tree = self.argument(handler.func, Some(index), &param.name);
                    let tree = tree.map(|entry| others.iter().try_fold(entry, Entry::lacking));
                    bound.params[index as usize].join(&tree.under(&keys));
                }
                PortHead::AllParams => {
                    let address = handler.at.and_then(|at| values.port_text(decorator(values, at), &row.address));
                    for (index, param) in (0_u32..).zip(&func.params) {
                        if self.is_plain_type(param.ty.as_ref())
                            || address.as_ref().is_some_and(|address| has_place_for(address, &param.name))
                            || self.values.is_context(param.ty.as_ref(), &row.except_types)
                            || self.values.is_made_by_program(param.ty.as_ref())
                            || param.default.is_some_and(|value| self.is_listed(handler.func, value))
                        {
                            continue;
                        }
                        let tree = self.argument(handler.func, Some(index), &param.name);
                        bound.params[index as usize].join(&tree.under(&keys));
                    }
                }
                _ => {}
            }
        }
        bound
    }

    /// What a handler is given at a position; one that takes all that comes by position (`*args`) has it there in its list.
    fn argument_at(&mut self, func: FuncId, position: u32, keys: &[Symbol], bound: &mut Bound) {
        let program = self.values.program;
        let params = &program.funcs[func].params;
        let rest = (0_u32..).zip(params).find(|(_, param)| param.kind == ParamKind::Rest);
        let index = rest.map_or(position, |(first, _)| first.min(position));
        let Some(param) = params.get(index as usize).filter(|param| param.kind != ParamKind::RestNamed) else { return };
        let in_list = (param.kind == ParamKind::Rest).then(|| (position - index).to_string().into());
        let meant = match in_list {
            Some(_) => program.funcs[program.known_as(func)].params.get(position as usize).unwrap_or(param),
            None => param,
        };
        if self.is_plain_type(meant.ty.as_ref()) {
            return;
        }
        let keys: Vec<Symbol> = in_list.into_iter().chain(keys.iter().cloned()).collect();
        let tree = self.argument(func, Some(index), &meant.name);
        bound.params[index as usize].join(&tree.under(&keys));
    }

    fn argument(&mut self, func: FuncId, param: Option<u32>, name: &str) -> Tree {
        let place = SourcePlace::Param(func, param);
        let source =
            Source { kind: Kind::Argument, place, name: Some(name.into()), by_name: false, row: None, asked: None };
        let id = self.names.source(source);
        Tree::of(Entry::new(Root::Source(id), Trace::default()))
    }
}
