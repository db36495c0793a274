//! The constraints each instruction makes.

use crate::base::Symbol;
use crate::ir::func::{BlockId, End, FuncId, ParamKind};
use crate::ir::instr::{Base, Const, Entry, Field, Import, Imported, InstrId, Op, Oper, Place, REGEX, TextPart};
use crate::ir::program::{Language, ModuleId};
use crate::ir::types::{NamedType, TypeRef};
use crate::models::index::NodeId;
use crate::models::path::Step;
use crate::models::schema::Literal;

use super::edges::Edge;
use super::getters::getters;
use super::hierarchy::Classes;
use super::link::Target;
use super::reaching::stored_before;
use super::solve::{CallSite, Values};
use super::values::{Key, Obj, Site, SlotId, Value};

/// The type of texts, where the models of a language have one.
const TEXT: &str = "Text";

/// What the languages call the type of nothing.
const NOTHING_TYPES: &[&str] = &["None", "null", "undefined", "void"];

/// What the languages call the type of texts.
const TEXT_TYPES: &[&str] = &["string", "str", "String"];

impl Values<'_> {
    /// Makes the constraints of the whole program.
    pub(super) fn generate(&mut self) {
        let program = self.program;
        self.classes = Classes::new(program);
        self.getters = getters(program);
        self.declarations();
        for (id, func) in program.funcs.iter_enumerated() {
            self.signature(id);
            self.given_before = stored_before(func);
            for block in func.blocks.iter() {
                for instr in &block.instrs {
                    self.instr(id, *instr);
                }
                match block.end {
                    End::Return(Some(value)) => self.copy(self.instr_slot(id, value), self.ret_slot(id)),
                    End::Branch { on, yes, .. } => self.caught_as(id, on, yes),
                    _ => {}
                }
            }
        }
        self.given_before.clear();
        self.given_by_platforms();
        for (id, cell) in program.cells.iter_enumerated() {
            if let Some(ty) = &cell.ty {
                let slot = self.cell_slot(id);
                self.typed(cell.owner, ty, slot);
            }
        }
    }

    /// The variable of a handler that is for errors of some classes holds one of those.
    fn caught_as(&mut self, func: FuncId, on: InstrId, yes: BlockId) {
        let body = &self.program.funcs[func];
        let Op::Operator(Oper::InstanceOf, operands) = &body.instrs[on].op else { return };
        let Some((caught, classes)) = operands.split_first() else { return };
        if !matches!(body.instrs[*caught].op, Op::Caught) {
            return;
        }
        let variable = body.blocks[yes].instrs.iter().find_map(|instr| match &body.instrs[*instr].op {
            Op::Store(Place { base: Base::Local(local), path }, value) if value == caught && path.is_empty() => {
                Some(*local)
            }
            _ => None,
        });
        let Some(variable) = variable else { return };
        let to = self.local_slot(func, variable);
        for class in classes {
            let each = match &body.instrs[*class].op {
                Op::Record(record) => {
                    record.entries.iter().map(|(Entry::Field(_, class) | Entry::Spread(class))| *class).collect()
                }
                _ => vec![*class],
            };
            for class in each {
                let class = self.instr_slot(func, class);
                self.add_edge(class, Edge::Instance(to));
            }
        }
    }

    /// Imports, classes and named functions come first: fields are keyed by class hierarchies, which must be known by then.
    fn declarations(&mut self) {
        let program = self.program;
        for module in program.modules.iter() {
            let func = &program.funcs[module.init];
            for block in func.blocks.iter() {
                for instr in &block.instrs {
                    match &func.instrs[*instr].op {
                        Op::Import(_) | Op::Class(_) | Op::Closure(_) => self.instr(module.init, *instr),
                        Op::Store(place, _) if place.path.is_empty() => self.instr(module.init, *instr),
                        _ => {}
                    }
                }
            }
        }
        for module in program.modules.ids() {
            self.link_impls(module);
        }
        self.link_classes();
        self.annotation_names();
        self.run();
    }

    fn signature(&mut self, id: FuncId) {
        let program = self.program;
        let func = &program.funcs[id];
        for (at, param) in func.params.iter().enumerate() {
            let slot = self.local_slot(id, param.local);
            if let Some(ty) = &param.ty {
                self.typed(id, ty, slot);
                self.slots[slot].is_text = self.is_text_type(ty);
            }
            if let Some(default) = param.default {
                self.copy(self.instr_slot(id, default), slot);
            }
            if matches!(param.kind, ParamKind::Rest | ParamKind::RestNamed) {
                let rest = Value::Record(Site::Rest(id, u32::try_from(at).unwrap_or(u32::MAX)));
                self.add(slot, &rest);
            }
        }
        for (local, var) in func.locals.iter_enumerated() {
            if let Some(ty) = &var.ty
                && !func.params.iter().any(|param| param.local == local)
            {
                let slot = self.local_slot(id, local);
                self.typed(id, ty, slot);
            }
        }
        if let Some(ty) = &func.ret {
            let slot = self.ret_slot(id);
            self.typed(id, ty, slot);
        }
    }

    fn instr(&mut self, func: FuncId, id: InstrId) {
        let program = self.program;
        let out = self.instr_slot(func, id);
        let slot = |this: &Self, value: InstrId| this.instr_slot(func, value);
        match &program.funcs[func].instrs[id].op {
            Op::Const(value) => self.add(out, &Value::Const(value.clone())),
            Op::Load(place) => {
                let from = self.place(func, place);
                self.copy(from, out);
                self.named_by_key((func, id), place, out);
            }
            Op::Store(place, value) => {
                let from = slot(self, *value);
                self.copy(from, out);
                self.store(func, place, from, (func, id));
            }
            Op::Record(record) => {
                let value = Self::record_at((func, id));
                let obj = Obj::Record(Site::Instr((func, id)));
                for entry in &record.entries {
                    match entry {
                        Entry::Field(field, value) => {
                            let key = key_of(field);
                            let to = self.filled_slot(&obj, key.clone());
                            self.note_store(&obj, key, (func, *value));
                            self.copy(slot(self, *value), to);
                        }
                        Entry::Spread(value) => {
                            let given = program.funcs[func].given_beside_answers(*value);
                            for part in given.unwrap_or_else(|| vec![*value]) {
                                self.add_edge(slot(self, part), Edge::Spread(obj.clone()));
                            }
                        }
                    }
                }
                if self.has_handler(func, record) || self.is_beside_handler((func, id)) {
                    self.note_holder(Site::Instr((func, id)));
                }
                match &record.ty {
                    Some(ty) => self.struct_literal(func, ty, &obj, out, &value),
                    None => self.add(out, &value),
                }
            }
            Op::Text(parts) => {
                let value = match parts.as_slice() {
                    [TextPart::Lit(text)] => Value::Const(Const::Str(text.clone())),
                    _ => Value::Unknown,
                };
                self.add(out, &value);
            }
            Op::Operator(Oper::Without | Oper::Slice, values) => {
                if let Some(whole) = values.first() {
                    self.copy(slot(self, *whole), out);
                }
            }
            Op::Operator(Oper::Add | Oper::Arith, values) => {
                self.add(out, &Value::Unknown);
                for value in values {
                    let from = slot(self, *value);
                    self.add_edge(from, Edge::Joined(out));
                }
            }
            Op::Operator(..) | Op::Caught => self.add(out, &Value::Unknown),
            Op::Call(call) => {
                let receiver = call.callee.split_last().map(|(place, _)| self.place(func, &place));
                let callee = match (receiver, call.callee.path.last()) {
                    (Some(receiver), Some(Field::Name(name))) if self.getters.contains(name) => {
                        let to = self.fresh();
                        self.add_edge(receiver, Edge::Called(name.clone(), to));
                        to
                    }
                    (Some(_), Some(Field::Any)) if program.funcs[func].keys.contains_key(&id) => {
                        let (all, one) = (self.place(func, &call.callee), self.fresh());
                        self.copy(all, one);
                        self.named_by_key((func, id), &call.callee, one);
                        one
                    }
                    _ => self.place(func, &call.callee),
                };
                let number = self.add_call(CallSite { at: (func, id), receiver, callee, result: out });
                self.add_edge(callee, Edge::Call(number));
                if self.separator(number).is_none() {
                    self.add(out, &Value::Unknown);
                }
                call.types.iter().for_each(|ty| self.typed(func, ty, out));
                if let (Some(receiver), Some((_, Field::Name(name)))) = (receiver, call.callee.split_last()) {
                    self.container_call((func, id), receiver, name.clone(), out);
                    self.text_method(func, &call.callee, name, callee);
                }
            }
            Op::Closure(inner) => self.add(out, &Value::Func(*inner)),
            Op::Class(class) => self.add(out, &Value::Class(*class)),
            Op::Import(import) => self.import(program.funcs[func].module, import, out),
            Op::Await(value) => {
                let from = slot(self, *value);
                self.add_edge(from, Edge::Awaited((func, id), out));
            }
            Op::Yield(value) => {
                let to = self.yield_slot(func);
                self.copy(slot(self, *value), to);
            }
            Op::Unknown(what, values) => {
                self.add(out, &Value::Unknown);
                for value in values.iter().filter(|_| *what != REGEX) {
                    self.copy(slot(self, *value), out);
                }
            }
        }
    }

    /// A method of a text that is written out: `", ".join(…)`.
    fn text_method(&mut self, func: FuncId, callee: &Place, name: &Symbol, to: SlotId) {
        let (Base::Value(value), [_]) = (&callee.base, &*callee.path) else { return };
        let is_text = matches!(self.program.funcs[func].instrs[*value].op, Op::Const(Const::Str(_)) | Op::Text(_));
        if let Some(text) = self.models.index.root(self.language(func), TEXT).filter(|_| is_text) {
            let member = self.models.index.step(text, &Step::Member(name.clone()));
            self.add(to, &Value::Api(member, None));
        }
    }

    // ---- places --------------------------------------------------------------------------------------------------

    fn base(&mut self, func: FuncId, base: &Base) -> SlotId {
        match base {
            Base::Local(local) => self.local_slot(func, *local),
            Base::Cell(cell) => self.cell_slot(*cell),
            Base::Value(value) => self.instr_slot(func, *value),
            Base::Global(name) if name == "super" && self.language(func) != Language::Rust => {
                match self.supers.get(&func) {
                    Some(slot) => *slot,
                    None => {
                        let slot = self.super_slot(func);
                        self.supers.insert(func, slot);
                        slot
                    }
                }
            }
            Base::Global(name) => self.global(self.program.funcs[func].module, name),
        }
    }

    /// The slot of what a place holds.
    pub(super) fn place(&mut self, func: FuncId, place: &Place) -> SlotId {
        let mut at = self.base(func, &place.base);
        for field in &place.path {
            at = self.member_slot(at, field);
        }
        at
    }

    /// One member of a slot; the same slot for the same member.
    fn member_slot(&mut self, of: SlotId, field: &Field) -> SlotId {
        if let Some(known) = self.loaded(of, field) {
            return known;
        }
        let to = self.fresh();
        self.add_edge(of, Edge::Load(field.clone(), to));
        to
    }

    fn store(&mut self, func: FuncId, place: &Place, from: SlotId, at: (FuncId, InstrId)) {
        match place.split_last() {
            None => {
                let to = self.base(func, &place.base);
                self.copy(from, to);
            }
            Some((owner, field)) => {
                let owner = match self.given_before.get(&at.1) {
                    Some(value) => self.instr_slot(func, *value),
                    None => self.place(func, &owner),
                };
                self.add_edge(owner, Edge::Store(field.clone(), from, at));
            }
        }
    }

    /// A name that no scope declares: what a star import brings, the language's own, a crate.
    pub(super) fn global(&mut self, module: ModuleId, name: &Symbol) -> SlotId {
        if let Some(slot) = self.globals.get(&(module, name.clone())) {
            return *slot;
        }
        let slot = self.fresh();
        self.globals.insert((module, name.clone()), slot);
        let language = self.program.modules[module].language;
        if self.star_import(module, name, slot) {
            return slot;
        }
        let known = self.models.index.global(language, name).or_else(|| self.global_within(language, name));
        if let Some(node) = known {
            self.add(slot, &Value::Api(node, None));
        } else if language == Language::Rust {
            match self.linker.resolve(module, name) {
                Target::Module(target, rest) => self.module_path(target, &rest, slot),
                Target::Library { specifier, path } => self.library_path(language, &specifier, &path, slot),
                Target::Missing => {}
            }
        } else {
            let node = self.models.index.import(language, name);
            if !self.models.index.node(node).is_modelled() {
                self.add(slot, &Value::Api(node, None));
            }
        }
        slot
    }

    /// A name of the language that holds a dot, `import.meta`, is a member of what stands before that.
    fn global_within(&self, language: Language, name: &str) -> Option<NodeId> {
        let (owner, member) = name.split_once('.')?;
        let index = &self.models.index;
        Some(index.step(index.global(language, owner)?, &Step::Member(member.into())))
    }

    fn star_import(&mut self, module: ModuleId, name: &Symbol, slot: SlotId) -> bool {
        let stars = self.program.modules[module].exports.stars.clone();
        let language = self.program.modules[module].language;
        let mut found = false;
        for star in stars {
            match self.linker.resolve(module, &star) {
                Target::Module(target, rest) if rest.is_empty() => {
                    let mut seen = vec![module];
                    if self.exports_name(target, name, &mut seen) {
                        self.load_member(&Value::Module(target), &Field::Name(name.clone()), slot);
                        found = true;
                    }
                }
                Target::Module(target, rest) => {
                    // use crate::Kind::*: the variants of an enum.
                    let inner = self.fresh();
                    self.module_path(target, &rest, inner);
                    self.add_edge(inner, Edge::Load(Field::Name(name.clone()), slot));
                }
                Target::Library { specifier, path } => {
                    let mut owner = self.models.index.import(language, &specifier);
                    for step in &path {
                        owner = self.models.index.step(owner, &Step::Member(step.clone()));
                    }
                    let node = self.models.index.step(owner, &Step::Member(name.clone()));
                    // `**` in a pattern speaks of every name; only a name that is written out says that the library has it.
                    let any = self.models.index.step(owner, &Step::Member(Symbol::new_static("<any name>")));
                    if node != any && self.models.index.node(node).is_modelled() {
                        self.add(slot, &Value::Api(node, None));
                        found = true;
                    }
                }
                Target::Missing => {}
            }
        }
        found
    }

    // ---- imports -------------------------------------------------------------------------------------------------

    pub(super) fn import(&mut self, module: ModuleId, import: &Import, out: SlotId) {
        let language = self.program.modules[module].language;
        if let Some(child) = self.linker.own_child(module, import) {
            self.submodule(child, out);
            return;
        }
        match self.linker.resolve(module, &import.from) {
            Target::Module(target, rest) => {
                let whole = match rest.as_slice() {
                    [] => {
                        let slot = self.fresh();
                        self.add(slot, &Value::Module(target));
                        slot
                    }
                    rest => {
                        let slot = self.fresh();
                        self.module_path(target, rest, slot);
                        slot
                    }
                };
                match &import.what {
                    Imported::Module | Imported::Effect => {
                        self.copy(whole, out);
                        self.common_js(target, out);
                    }
                    Imported::Named(name) => {
                        self.add_edge(whole, Edge::Load(Field::Name(name.clone()), out));
                    }
                    Imported::Default => {
                        self.add_edge(whole, Edge::Load(Field::name("default"), out));
                        self.common_js(target, out);
                    }
                    Imported::All => {}
                }
            }
            Target::Library { specifier, path } => {
                let name = match &import.what {
                    Imported::Named(name) => Some(name.clone()),
                    Imported::All => return,
                    _ => None,
                };
                let path: Vec<_> = path.into_iter().chain(name).collect();
                self.library_path(language, &specifier, &path, out);
            }
            Target::Missing => {
                if let Imported::Named(name) = &import.what
                    && let Some(sub) = self.linker.submodule_from(module, &import.from, name)
                {
                    self.submodule(sub, out);
                }
            }
        }
    }

    /// A module that is reached by its name in another one.
    pub(super) fn submodule(&mut self, module: ModuleId, to: SlotId) {
        let value = match self.linker.library_for(module) {
            Some(library) => Value::Api(self.models.index.import(self.program.modules[module].language, library), None),
            None => Value::Module(module),
        };
        self.add(to, &value);
    }

    /// `require(x)` of a CommonJS module is what it assigned to `module.exports`.
    fn common_js(&mut self, target: ModuleId, out: SlotId) {
        if let Some(cell) = self.program.modules[target].exports.object {
            self.copy(self.cell_slot(cell), out);
        }
    }

    fn module_path(&mut self, target: ModuleId, path: &[Symbol], out: SlotId) {
        let mut at = self.fresh();
        self.add(at, &Value::Module(target));
        for name in path {
            at = self.member_slot(at, &Field::Name(name.clone()));
        }
        self.copy(at, out);
    }

    fn library_path(&mut self, language: Language, specifier: &Symbol, path: &[Symbol], out: SlotId) {
        let mut node = self.models.index.import(language, specifier);
        for name in path {
            node = self.models.index.step(node, &Step::Member(name.clone()));
        }
        self.add(out, &Value::Api(node, None));
    }

    // ---- types ---------------------------------------------------------------------------------------------------

    /// A declared type gives the slot an instance of it.
    pub(super) fn typed(&mut self, func: FuncId, ty: &TypeRef, to: SlotId) {
        match ty {
            // `Client | None`: nothing has no methods.
            TypeRef::Named(named) if self.is_nothing_type(named) => {}
            TypeRef::Named(named) => {
                let class = self.type_slot(func, named);
                let is_wrapper = !named.args.is_empty()
                    && self.language(func) == Language::Rust
                    && self.models.is_transparent(self.type_name(named));
                self.add_edge(class, if is_wrapper { Edge::Wrapper(to) } else { Edge::Instance(to) });
                let is_table = self.models.is_table(self.type_name(named));
                for arg in named.args.iter().filter(|_| !is_table) {
                    self.typed(func, arg, to);
                }
            }
            TypeRef::Union(parts) => {
                for part in parts {
                    match part {
                        // Beside a table, a list has to be told from it: what goes through a table gets its keys.
                        TypeRef::List(_) => {
                            let list = self.models.index.literal(self.language(func), Literal::List);
                            list.into_iter().for_each(|list| self.add(to, &Value::Api(list, None)));
                        }
                        _ => self.typed(func, part, to),
                    }
                }
            }
            TypeRef::List(_) | TypeRef::Tuple(_) | TypeRef::Func(_) | TypeRef::Other => {}
        }
    }

    fn is_nothing_type(&self, named: &NamedType) -> bool {
        matches!(&named.base, Base::Global(name) if NOTHING_TYPES.contains(&name.as_str())) && named.path.is_empty()
    }

    /// Is it the type of texts, and nothing beside it?
    pub(super) fn is_text_type(&self, ty: &TypeRef) -> bool {
        matches!(ty, TypeRef::Named(named) if TEXT_TYPES.contains(&self.type_name(named)))
    }

    /// The last name of a type, as the source writes it.
    fn type_name<'a>(&'a self, named: &'a NamedType) -> &'a str {
        match (named.last_name(), &named.base) {
            (Some(name), _) => name.as_str(),
            (None, Base::Cell(cell)) => self.program.cells[*cell].name.as_str(),
            (None, _) => "",
        }
    }

    /// The slot of the class or library type that a name means.
    pub(super) fn type_slot(&mut self, func: FuncId, named: &NamedType) -> SlotId {
        let key = (func, named.base.clone(), named.path.clone());
        if let Some(slot) = self.types.get(&key) {
            return *slot;
        }
        let path: Vec<Field> = named.path.iter().cloned().map(Field::Name).collect();
        let slot = self.place(func, &Place::new(named.base.clone(), path));
        self.types.insert(key, slot);
        slot
    }

    /// A literal of a named type is an instance of it, too; what the literal holds, the type's fields hold.
    fn struct_literal(&mut self, func: FuncId, ty: &TypeRef, obj: &Obj, out: SlotId, value: &Value) {
        self.add(out, value);
        if let TypeRef::Named(named) = ty {
            let class = self.type_slot(func, named);
            self.add_edge(class, Edge::Struct(obj.clone(), out));
        }
    }
}

/// The key under which a field is stored.
pub(super) fn key_of(field: &Field) -> Key {
    match field {
        Field::Name(name) => Key::Name(name.clone()),
        Field::Index(at) => Key::Name(at.to_string().into()),
        Field::Variant(name, at) => Key::Name(format!("{name}.{at}").into()),
        Field::Any => Key::Some,
    }
}
