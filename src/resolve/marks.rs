//! Functions and classes that a library finds by their attributes and base types, not by a call.

use crate::base::Symbol;
use crate::ir::func::{FuncId, FuncKind, LocalId};
use crate::ir::instr::{Base, Const, Field, Op};
use crate::ir::program::{ClassId, Language, ModuleId};
use crate::ir::types::{Annotation, AnnotationValue, NamedType, TypeRef};
use crate::models::handlers::HandlerKind;
use crate::models::index::{NodeId, RowRef, Table};
use crate::models::path::{PortHead, Step};
use crate::models::schema::Literal;

use super::beside::Registered;
use super::ports::PortValue;
use super::solve::Values;
use super::values::{At, Value};

/// The port of the object that a method is called on.
const RECEIVER: &str = "self";

impl Values<'_> {
    /// Makes the slots of all attribute names, so that they can be looked up when the pass is done.
    pub(super) fn annotation_names(&mut self) {
        let program = self.program;
        for (_, func) in program.funcs.iter_enumerated() {
            let init = program.modules[func.module].init;
            for annotation in &func.annotations {
                self.type_slot(init, &annotation.name);
            }
        }
        for class in program.classes.iter() {
            let init = program.modules[class.module].init;
            for annotation in &class.annotations {
                self.type_slot(init, &annotation.name);
            }
        }
    }

    /// What a name means at the top level of a module, as library values.
    fn named_nodes(&self, module: ModuleId, name: &NamedType) -> Vec<NodeId> {
        let init = self.program.modules[module].init;
        let key = (init, name.base.clone(), name.path.clone());
        let Some(slot) = self.types.get(&key) else { return Vec::new() };
        let nodes = self.of_slot(*slot).items().iter().filter_map(|value| match value {
            Value::Api(node, _) => Some(*node),
            _ => None,
        });
        nodes.collect()
    }

    /// The rows that an attribute's name stands in.
    pub(crate) fn annotation_rows(&self, module: ModuleId, annotation: &Annotation, table: Table) -> Vec<RowRef> {
        let nodes = self.named_nodes(module, &annotation.name);
        nodes.into_iter().flat_map(|node| self.models.index.node(node).rows(table).collect::<Vec<_>>()).collect()
    }

    /// Functions that are handlers by an attribute or by their class, with the row that says so.
    pub(crate) fn marked_handlers(&self) -> &[(FuncId, RowRef)] {
        &self.marked
    }

    /// Functions that a library runs before the main function of the package of a module.
    pub(crate) fn run_before_main(&self, module: ModuleId) -> impl Iterator<Item = FuncId> {
        let home = move |func: &FuncId| self.linker.is_one_package(self.program.funcs[*func].module, module);
        self.before_main.iter().copied().filter(home)
    }

    pub(super) fn find_marked(&mut self) {
        let program = self.program;
        let mut found = Vec::new();
        for (id, func) in program.funcs.iter_enumerated() {
            for annotation in &func.annotations {
                if !self.annotation_rows(func.module, annotation, Table::CallbackMark).is_empty() {
                    self.before_main.push(id);
                }
                for row in self.annotation_rows(func.module, annotation, Table::HandlerMark) {
                    if !found.contains(&(id, row)) {
                        found.push((id, row));
                    }
                }
            }
        }
        for class in program.classes.ids() {
            for base in self.classes.api_bases(class) {
                for row in self.models.index.node(base).rows(Table::HandlerMark) {
                    for method in &self.models.handler(row).methods {
                        for func in self.classes.implementing(class, method) {
                            if !found.contains(&(func, row)) {
                                found.push((func, row));
                            }
                        }
                    }
                }
            }
        }
        found.sort();
        self.marked = found;
    }

    /// The name an attribute gives its tool, else the function's.
    pub(crate) fn annotated_name(&self, func: FuncId, row: RowRef) -> Option<Symbol> {
        let data = &self.program.funcs[func];
        let wanted: Vec<&str> =
            self.models.handler(row).name.iter().filter_map(|port| port.strip_prefix("arg.")).collect();
        let given = data.annotations.iter().flat_map(|annotation| &annotation.args).find_map(|arg| {
            match (&arg.name, &arg.value) {
                (Some(name), AnnotationValue::Const(Const::Str(text))) if wanted.contains(&name.as_str()) => {
                    Some(text.clone())
                }
                _ => None,
            }
        });
        // A tool that is an object of its arguments is called as its class is.
        let is_class = self.models.handler(row).args.iter().any(|port| port == RECEIVER);
        let class = self.classes.owner(func).filter(|_| is_class).map(|class| self.program.classes[class].name.clone());
        Some(given.or(class).unwrap_or_else(|| data.name.clone()))
    }

    /// Methods of a class that libraries or the language call on its objects: destructors, library traits it implements.
    pub(crate) fn called_by_libraries(&self, class: ClassId) -> Vec<FuncId> {
        let by_mark = self.marked.iter().filter(|(func, row)| {
            self.models.handler(*row).kind == HandlerKind::Other && self.classes.owner(*func) == Some(class)
        });
        let mut all: Vec<FuncId> = by_mark.map(|(func, _)| *func).collect();
        all.extend(self.classes.trait_methods(class));
        all.sort();
        all.dedup();
        all
    }

    /// Methods of a class made from one of a library that the library calls when it is handed an object of it, or the class.
    pub(crate) fn called_when_handed_over(&self, class: ClassId) -> Vec<FuncId> {
        if !self.extends_library(class) {
            return Vec::new();
        }
        let is_public = |name: &str| name == "__call__" || !name.starts_with(['_', '#']);
        let is_plain = |func: FuncId| self.program.funcs[func].kind == FuncKind::Method;
        let methods = self.program.classes[class].methods.iter();
        methods.filter(|(name, func)| is_public(name) && is_plain(*func)).map(|(_, func)| *func).collect()
    }

    /// Does the class extend one of a library that no model describes, and that calls what its subclasses define?
    pub(crate) fn extends_library(&self, class: ClassId) -> bool {
        let is_active = |base: NodeId| {
            let node = self.models.index.node(base);
            let name = node.name.rsplit(['.', ':']).next().unwrap_or_default().trim_end_matches("()").to_owned();
            !self.models.index.is_named(&node) && !self.models.is_passive_base(&name)
        };
        self.language_of_class(class) != Language::Rust && self.classes.api_bases(class).into_iter().any(is_active)
    }

    /// Is it known of a library call that it calls nothing of what it is given?
    pub(crate) fn calls_nothing(&self, at: At) -> bool {
        let is_never = |row: &RowRef| self.models.callback(*row).func_ports.is_empty();
        !self.call_rows(at, Table::Clean).is_empty() || self.call_rows(at, Table::Callback).iter().any(is_never)
    }

    /// Is what is called a method of a list or table of the program's own, or of what the language provides? It keeps what it
    /// is handed, or looks for it.
    pub(crate) fn is_into_container(&self, at: At) -> bool {
        let language = self.language(at.0);
        let index = &self.models.index;
        let written = [Literal::List, Literal::Table].map(|literal| index.literal(language, literal));
        // What is in a field of an object literal is called there, and may be anything: `{ add: library.add }`.
        let is_known = |value: &&Value| **value != Value::Unknown;
        let has_own =
            self.callee_slot(at).is_some_and(|slot| self.of_slot(slot).items().iter().any(|value| is_known(&value)));
        let is_container = |value: &Value| match value {
            Value::Record(_) => !has_own,
            Value::Api(node, _) => {
                written.contains(&Some(*node)) || index.global(language, &index.node(*node).library).is_some()
            }
            _ => false,
        };
        let receiver = self.receiver_slot(at).map_or(&[][..], |slot| self.of_slot(slot).items());
        let mut known = receiver.iter().filter(|value| is_known(value)).peekable();
        known.peek().is_some() && known.all(is_container)
    }

    /// The rows of the library's constructor that a call reaches which makes an object of a class of the program: of one that
    /// is made from the library's and has no constructor of its own.
    pub(crate) fn rows_of_library_part(&self, at: At, table: Table) -> Vec<RowRef> {
        let mut rows = Vec::new();
        let Some(called) = self.callee_slot(at).filter(|_| self.callees(at).is_empty()) else { return rows };
        for value in self.of_slot(called).items() {
            let Value::Class(class) = value else { continue };
            for base in self.classes.api_bases(*class) {
                let made = self.models.index.step(base, &Step::Call);
                rows.extend(self.models.index.node(made).rows(table));
            }
        }
        rows
    }

    /// Does a library fill objects of the class from outside?
    pub(crate) fn is_filled_by_library(&self, class: ClassId) -> bool {
        let derives = |annotation: &Annotation| {
            annotation.args.iter().any(|arg| match &arg.value {
                AnnotationValue::Path(path) => self.models.is_filling(path.rsplit(':').next().unwrap_or(path)),
                _ => false,
            })
        };
        self.program.classes[class].annotations.iter().any(derives)
    }

    /// The names under which a handler's arguments are declared, as far as its parameters tell.
    pub(crate) fn argument_names(
        &self,
        func: FuncId,
        row: RowRef,
        at: Option<At>,
        name: Option<&Symbol>,
    ) -> Vec<String> {
        let handler = self.models.handler(row);
        let registered =
            Registered { func, name: name.map(|name| (name, handler.name.as_slice())), ports: &handler.func };
        let func = self.program.known_as(func);
        let data = &self.program.funcs[func];
        if let Some(declared) = at.and_then(|at| self.schema_names(at, registered, &handler.schema)) {
            return declared;
        }
        let mut names: Vec<String> = Vec::new();
        for port in handler.args.iter().filter_map(|text| self.models.port(text)) {
            match &port.head {
                PortHead::AllParams => {
                    let kept =
                        data.params.iter().filter(|param| !self.is_context(param.ty.as_ref(), &handler.except_types));
                    for param in kept {
                        match self.declared_in_type(param.ty.as_ref()) {
                            Some(fields) => names.extend(fields),
                            None => names.push(param.name.to_string()),
                        }
                    }
                }
                PortHead::Receiver => {
                    let class = self.classes.owner(func).map(|class| &self.program.classes[class]);
                    names.extend(class.iter().flat_map(|class| &class.fields).map(|field| field.name.to_string()));
                }
                PortHead::Param(at) => {
                    let Some(param) = data.params.get(*at as usize) else { continue };
                    names.extend(self.fields_read(func, param.local));
                }
                _ => {}
            }
        }
        names.dedup();
        names
    }

    /// The names that the schema at a registration declares.
    fn schema_names(&self, at: At, handler: Registered<'_>, ports: &[String]) -> Option<Vec<String>> {
        for port in ports.iter().filter_map(|text| self.models.port(text)) {
            let PortValue::Known(found) = self.registered_with(at, handler, port) else { continue };
            for schema in &found {
                let names = self.schema_fields(schema);
                if !names.is_empty() {
                    return Some(names.iter().map(ToString::to_string).collect());
                }
            }
        }
        None
    }

    /// The fields of the program's class that a library's wrapper holds: `Parameters<Search>`.
    fn declared_in_type(&self, ty: Option<&TypeRef>) -> Option<Vec<String>> {
        let Some(TypeRef::Named(wrapper)) = ty else { return None };
        let ([TypeRef::Named(inner)], None | Some(_)) = (wrapper.args.as_slice(), wrapper.last_name()) else {
            return None;
        };
        let (Base::Cell(cell), []) = (&inner.base, inner.path.as_slice()) else { return None };
        self.of_slot(self.cell_slot(*cell)).items().iter().find_map(|value| match value {
            Value::Class(class) => {
                Some(self.program.classes[*class].fields.iter().map(|field| field.name.to_string()).collect())
            }
            _ => None,
        })
    }

    /// Is a type one of those by whose names a library knows what it hands over itself?
    pub(crate) fn is_context(&self, ty: Option<&TypeRef>, except: &[String]) -> bool {
        match ty {
            Some(TypeRef::Named(named)) => {
                let name = self.program.type_name(named);
                name.is_some_and(|name| except.iter().any(|except| except == name.as_str()))
            }
            Some(TypeRef::Union(parts)) => parts.iter().any(|part| self.is_context(Some(part), except)),
            _ => false,
        }
    }

    /// The fields that a function reads of a parameter, in order.
    fn fields_read(&self, func: FuncId, local: LocalId) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for instr in self.program.funcs[func].instrs.iter() {
            if let Op::Load(place) = &instr.op
                && place.base == Base::Local(local)
                && let Some(Field::Name(name)) = place.path.first()
                && !names.iter().any(|known| known == name.as_str())
            {
                names.push(name.to_string());
            }
        }
        names
    }
}
