//! The only constructor of IR: scopes, captured variables and blocks under construction, for one file.
//!
//! A front end keeps one [`Builder`] per file. Function bodies nest: `enter_func` … `leave_func`. Names are declared in scopes
//! before the code that uses them is lowered (hoisting is the front end's business) and looked up with [`Builder::lookup`].
//! A variable of a function that an inner function mentions becomes a cell; the places already emitted for it are rewritten
//! when the outer function is left. Code after a `return` goes into a block that nothing reaches.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::base::Symbol;
use crate::base::span::{FileId, Span};

use super::draft::{Draft, Scope};
use super::func::{Block, BlockId, End, FuncId, FuncKind, Function, Local, LocalId, Param, ParamKind};
use super::instr::{Base, Call, CallStyle, Const, Field, Import, Imported, Instr, InstrId, Op, Place};
use super::program::{
    Cell, CellId, Class, ClassId, ClassKind, Exports, Impl, Language, Module, ModuleId, Program, WrittenBy,
};
use super::types::TypeRef;

/// The program of one file under construction.
pub(crate) struct Builder {
    program: Program,
    file: FileId,
    language: Language,
    drafts: Vec<Draft>,
}

/// Who sees the names of a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScopeKind {
    /// The code in it and the functions in it.
    Block,
    /// The code directly in it only (a Python class body).
    ClassBody,
}

/// What a new function is.
pub(crate) struct NewFunc {
    pub(crate) name: Symbol,
    pub(crate) kind: FuncKind,
    pub(crate) is_async: bool,
    pub(crate) is_generator: bool,
    pub(crate) span: Span,
    pub(crate) name_span: Span,
}

impl Builder {
    /// Starts a file: its module and the function that is its top-level code.
    pub(crate) fn new(file: FileId, language: Language) -> Self {
        let mut builder = Self { program: Program::default(), file, language, drafts: Vec::new() };
        builder.enter_module(None, Span::default());
        builder
    }

    /// Ends the file.
    pub(crate) fn finish(mut self) -> Program {
        while !self.drafts.is_empty() {
            self.leave_func();
        }
        self.program
    }

    // ---- modules -------------------------------------------------------------------------------------------------

    /// Starts an inline module (`within`: the module around it and its name) whose code sees none of the outer names.
    pub(crate) fn enter_module(&mut self, within: Option<(ModuleId, Symbol)>, span: Span) -> ModuleId {
        let id = self.program.modules.next_id();
        let init = self.program.funcs.next_id();
        self.program.modules.push(Module {
            file: self.file,
            language: self.language,
            within,
            init,
            names: BTreeMap::new(),
            exports: Exports::default(),
            impls: Vec::new(),
            optional: Vec::new(),
            written: Vec::new(),
        });
        let name = Symbol::new_static("<module>");
        self.push_draft(
            id,
            NewFunc { name, kind: FuncKind::Init, is_async: false, is_generator: false, span, name_span: span },
            true,
        );
        id
    }

    /// Ends the module begun last; the one around it goes on.
    pub(crate) fn leave_module(&mut self) {
        self.leave_func();
    }

    /// The module whose code is being lowered.
    pub(crate) fn module(&self) -> ModuleId {
        self.draft().func.module
    }

    pub(crate) fn exports_mut(&mut self) -> &mut Exports {
        let module = self.module();
        &mut self.program.modules[module].exports
    }

    /// The cell of a name declared at the top level of the current module.
    pub(crate) fn module_cell(&self, name: &str) -> Option<CellId> {
        self.program.modules[self.module()].names.get(name).copied()
    }

    /// Makes every top-level name an export, as Python and Rust have it.
    pub(crate) fn export_all_names(&mut self) {
        let module = self.module();
        let module = &mut self.program.modules[module];
        module.exports.names = module.names.clone();
    }

    pub(crate) fn add_impl(&mut self, block: Impl) {
        let module = self.module();
        self.program.modules[module].impls.push(block);
    }

    /// What stands there is built only with a feature that is off unless somebody asks for it.
    pub(crate) fn optional(&mut self, span: Span, feature: Symbol) {
        let module = self.module();
        self.program.modules[module].optional.push((span, feature));
    }

    /// A call of a macro was replaced by what the macro's definition makes of it.
    pub(crate) fn written_by(&mut self, written: WrittenBy) {
        let module = self.module();
        self.program.modules[module].written.push(written);
    }

    // ---- functions and classes -----------------------------------------------------------------------------------

    /// Starts a function inside the current one. Its id can be used at once.
    pub(crate) fn enter_func(&mut self, new: NewFunc) -> FuncId {
        let module = self.module();
        self.push_draft(module, new, false)
    }

    /// Ends the function begun last. A body that can reach its end returns nothing.
    pub(crate) fn leave_func(&mut self) {
        let Some(mut draft) = self.drafts.pop() else { return };
        if !draft.ended {
            draft.func.blocks[draft.current].end = End::Return(None);
        }
        draft.promote();
        self.program.funcs[draft.id] = draft.func;
    }

    fn push_draft(&mut self, module: ModuleId, new: NewFunc, is_barrier: bool) -> FuncId {
        let parent = if is_barrier { None } else { self.drafts.last().map(|draft| draft.id) };
        let mut func = Function::new(new.name, module, new.kind, new.span);
        func.parent = parent;
        func.is_async = new.is_async;
        func.is_generator = new.is_generator;
        func.name_span = new.name_span;
        let id = self.program.funcs.push(func.clone());
        self.drafts.push(Draft {
            id,
            current: func.entry(),
            func,
            ended: false,
            unwind: None,
            key: None,
            handled: None,
            scopes: vec![Scope { kind: ScopeKind::Block, names: FxHashMap::default() }],
            promoted: BTreeMap::new(),
            is_barrier,
        });
        id
    }

    /// The function under construction, to set what only the front end knows (`ret`, `annotations`, `owner`, `is_generator`).
    pub(crate) fn func_mut(&mut self) -> &mut Function {
        &mut self.draft_mut().func
    }

    pub(crate) fn func(&self) -> &Function {
        &self.draft().func
    }

    pub(crate) fn func_id(&self) -> FuncId {
        self.draft().id
    }

    /// A function that was already left, to set its `owner` or `annotations` afterwards.
    pub(crate) fn finished_func_mut(&mut self, id: FuncId) -> &mut Function {
        &mut self.program.funcs[id]
    }

    /// Adds a parameter. `pattern` parameters get a made-up name and are taken apart by the front end.
    pub(crate) fn param(&mut self, name: Symbol, kind: ParamKind, ty: Option<TypeRef>, span: Span) -> LocalId {
        let local = self.temp(&name, ty.clone());
        self.func_mut().params.push(Param { name, local, kind, ty, default: None, annotations: Vec::new(), span });
        local
    }

    /// Adds the receiver (`this`, `self`) under the name by which the body mentions it.
    pub(crate) fn receiver(&mut self, name: &str) -> LocalId {
        let local = self.temp(name, None);
        self.func_mut().receiver = Some(local);
        self.bind(name.into(), Place::local(local));
        local
    }

    /// Adds a class to the module; its methods are set later with [`Builder::class_mut`].
    pub(crate) fn class(&mut self, name: Symbol, kind: ClassKind, span: Span) -> ClassId {
        let module = self.module();
        self.program.classes.push(Class {
            name,
            module,
            kind,
            bases: Vec::new(),
            methods: Vec::new(),
            fields: Vec::new(),
            variants: Vec::new(),
            annotations: Vec::new(),
            span,
        })
    }

    pub(crate) fn class_mut(&mut self, id: ClassId) -> &mut Class {
        &mut self.program.classes[id]
    }

    // ---- scopes --------------------------------------------------------------------------------------------------

    pub(crate) fn enter_scope(&mut self, kind: ScopeKind) {
        self.draft_mut().scopes.push(Scope { kind, names: FxHashMap::default() });
    }

    pub(crate) fn leave_scope(&mut self) {
        self.draft_mut().scopes.pop();
    }

    /// Declares a variable in the innermost scope: a module cell at the top level of a module, a local elsewhere.
    /// A name that the same scope already declares keeps its variable (use [`Builder::shadow`] for Rust's `let`).
    pub(crate) fn declare(&mut self, name: &str, ty: Option<TypeRef>, span: Span) -> Place {
        let depth = self.draft().scopes.len() - 1;
        self.declare_at(depth, name, ty, span)
    }

    /// Declares a variable in the outermost scope of the current function (`var`, Python).
    pub(crate) fn declare_in_func(&mut self, name: &str, ty: Option<TypeRef>, span: Span) -> Place {
        self.declare_at(0, name, ty, span)
    }

    fn declare_at(&mut self, depth: usize, name: &str, ty: Option<TypeRef>, span: Span) -> Place {
        if let Some(place) = self.draft().scopes[depth].names.get(name) {
            return place.clone();
        }
        let place = if depth == 0 && self.draft().func.kind == FuncKind::Init {
            self.new_module_cell(name, ty, span)
        } else {
            Place::local(self.temp(name, ty))
        };
        self.draft_mut().scopes[depth].names.insert(name.into(), place.clone());
        place
    }

    /// Declares a new variable even where the scope has one of that name; later look-ups find the new one.
    pub(crate) fn shadow(&mut self, name: &str, ty: Option<TypeRef>, span: Span) -> Place {
        let at_top = self.draft().scopes.len() == 1 && self.draft().func.kind == FuncKind::Init;
        let place = if at_top { self.new_module_cell(name, ty, span) } else { Place::local(self.temp(name, ty)) };
        self.bind(name.into(), place.clone());
        place
    }

    /// Declares an item in the innermost scope of a function body: a cell, as it is one for all calls of the function.
    pub(crate) fn declare_item(&mut self, name: &str, ty: Option<TypeRef>, span: Span) -> Place {
        let here = self.draft().scopes.last().and_then(|scope| scope.names.get(name));
        if let Some(place) = here {
            return place.clone();
        }
        let owner = self.func_id();
        let cell = self.program.cells.push(Cell { name: name.into(), owner, ty, span, is_bare: false });
        let place = Place::of(Base::Cell(cell));
        self.bind(name.into(), place.clone());
        place
    }

    /// Sets the declared type of a variable that was declared before its type was read.
    pub(crate) fn set_cell_type(&mut self, cell: CellId, ty: TypeRef) {
        self.program.cells[cell].ty = Some(ty);
    }

    /// A variable of a module is declared without a value.
    pub(crate) fn declare_bare(&mut self, place: &Place) {
        if let (Base::Cell(cell), []) = (&place.base, &*place.path) {
            self.program.cells[*cell].is_bare = true;
        }
    }

    /// Makes `name` stand for `place` in the innermost scope.
    pub(crate) fn bind(&mut self, name: Symbol, place: Place) {
        if let Some(scope) = self.draft_mut().scopes.last_mut() {
            scope.names.insert(name, place);
        }
    }

    /// Is `name` declared in the innermost scope?
    pub(crate) fn is_declared_here(&self, name: &str) -> bool {
        self.draft().scopes.last().is_some_and(|scope| scope.names.contains_key(name))
    }

    /// The variable of the function that `name` was given to in the innermost scope.
    pub(crate) fn declared_here(&self, name: &str) -> Option<LocalId> {
        match self.draft().scopes.last()?.names.get(name)?.base {
            Base::Local(local) => Some(local),
            _ => None,
        }
    }

    /// The place a name means here; [`Base::Global`] when no scope of the file declares it.
    pub(crate) fn lookup(&mut self, name: &str) -> Place {
        let inner = self.drafts.len() - 1;
        for level in (0..self.drafts.len()).rev() {
            let draft = &self.drafts[level];
            let visible = |scope: &&Scope| level == inner || scope.kind == ScopeKind::Block;
            let found = draft.scopes.iter().rev().filter(visible).find_map(|scope| scope.names.get(name)).cloned();
            match found {
                Some(place) if level == inner => return place,
                Some(place) => return self.capture(level, place),
                None if draft.is_barrier => break,
                None => {}
            }
        }
        Place::global(name)
    }

    /// The place an item (type, module, macro) of that name means here: variables of functions are passed over, as in
    /// Rust, where `let config = config::load()` leaves the module `config` visible.
    pub(crate) fn lookup_item(&self, name: &str) -> Place {
        for draft in self.drafts.iter().rev() {
            let items = draft.scopes.iter().rev().filter_map(|scope| scope.names.get(name));
            if let Some(place) = items.into_iter().find(|place| !matches!(place.base, Base::Local(_))) {
                return place.clone();
            }
            if draft.is_barrier {
                break;
            }
        }
        Place::global(name)
    }

    /// A variable of an outer function is mentioned in an inner one: it becomes a cell.
    fn capture(&mut self, level: usize, place: Place) -> Place {
        let Base::Local(local) = place.base else { return place };
        let owner = self.drafts[level].id;
        let cell = match self.drafts[level].promoted.get(&local) {
            Some(cell) => *cell,
            None => {
                let func = &self.drafts[level].func;
                let Local { name, ty } = func.locals[local].clone();
                let cell = self.program.cells.push(Cell { name, owner, ty, span: func.name_span, is_bare: false });
                self.drafts[level].promoted.insert(local, cell);
                cell
            }
        };
        Place { base: Base::Cell(cell), path: place.path }
    }

    fn new_module_cell(&mut self, name: &str, ty: Option<TypeRef>, span: Span) -> Place {
        let owner = self.func_id();
        let cell = self.program.cells.push(Cell { name: name.into(), owner, ty, span, is_bare: false });
        let module = self.module();
        self.program.modules[module].names.insert(name.into(), cell);
        Place::of(Base::Cell(cell))
    }

    /// A variable of the module that no name in the file means: a default export, a re-export, `module.exports`.
    pub(crate) fn hidden_cell(&mut self, name: &str, span: Span) -> CellId {
        let owner = self.program.modules[self.module()].init;
        self.program.cells.push(Cell { name: name.into(), owner, ty: None, span, is_bare: false })
    }

    /// The same variable as a cell, for what is kept outside the function that declares it (types of a class).
    pub(crate) fn outlive(&mut self, place: Place) -> Place {
        self.capture(self.drafts.len() - 1, place)
    }

    /// A variable without a scope: a fresh local for a value that several blocks write.
    pub(crate) fn temp(&mut self, name: &str, ty: Option<TypeRef>) -> LocalId {
        self.func_mut().locals.push(Local { name: name.into(), ty })
    }

    /// Gives the variable of a place its declared type.
    pub(crate) fn set_type(&mut self, place: &Place, ty: TypeRef) {
        match place.base {
            Base::Local(local) => self.func_mut().locals[local].ty = Some(ty),
            Base::Cell(cell) => self.program.cells[cell].ty = Some(ty),
            Base::Value(_) | Base::Global(_) => {}
        }
    }

    // ---- instructions --------------------------------------------------------------------------------------------

    /// Appends an instruction to the current block.
    pub(crate) fn push(&mut self, op: Op, span: Span) -> InstrId {
        self.open_block();
        let draft = self.draft_mut();
        let named = match &op {
            Op::Load(place) | Op::Store(place, _) => Some(place),
            Op::Call(call) => Some(&call.callee),
            _ => None,
        };
        let key = draft.key.take().filter(|_| named.is_some_and(|place| place.path.last() == Some(&Field::Any)));
        let handled = draft.handled.filter(|_| matches!(op, Op::Call(_)));
        let id = draft.func.instrs.push(Instr { op, span });
        draft.func.keys.extend(key.map(|key| (id, key)));
        draft.func.handling.extend(handled.map(|caught| (id, caught)));
        let current = draft.current;
        draft.func.blocks[current].instrs.push(id);
        id
    }

    /// The field that is read or written next is the one that this value names.
    pub(crate) fn computed_key(&mut self, key: InstrId) {
        self.draft_mut().key = Some(key);
    }

    /// Says which caught error is handled by what follows; gives the one before.
    pub(crate) fn set_handled(&mut self, caught: Option<InstrId>) -> Option<InstrId> {
        std::mem::replace(&mut self.draft_mut().handled, caught)
    }

    /// What names the field of the place made last, where something else comes before it is written.
    pub(crate) fn take_key(&mut self) -> Option<InstrId> {
        self.draft_mut().key.take()
    }

    pub(crate) fn load(&mut self, place: Place, span: Span) -> InstrId {
        self.push(Op::Load(place), span)
    }

    pub(crate) fn store(&mut self, place: Place, value: InstrId, span: Span) -> InstrId {
        self.push(Op::Store(place, value), span)
    }

    pub(crate) fn constant(&mut self, value: Const, span: Span) -> InstrId {
        self.push(Op::Const(value), span)
    }

    pub(crate) fn call(
        &mut self,
        callee: Place,
        args: Vec<super::instr::Arg>,
        style: CallStyle,
        span: Span,
    ) -> InstrId {
        self.push(Op::Call(Box::new(Call { callee, args, style, types: Vec::new() })), span)
    }

    /// Says which types a call names that was just made.
    pub(crate) fn set_call_types(&mut self, call: InstrId, types: Vec<TypeRef>) {
        if let Op::Call(call) = &mut self.func_mut().instrs[call].op {
            call.types = types;
        }
    }

    pub(crate) fn import(&mut self, from: &str, what: Imported, span: Span) -> InstrId {
        self.push(Op::Import(Box::new(Import { from: from.into(), what, type_only: false })), span)
    }

    /// What an instruction of the current function does.
    pub(crate) fn op(&self, id: InstrId) -> &Op {
        &self.draft().func.instrs[id].op
    }

    // ---- blocks --------------------------------------------------------------------------------------------------

    /// A new empty block with the current `unwind`. Nothing leads to it yet and it is not made current.
    pub(crate) fn new_block(&mut self) -> BlockId {
        let unwind = self.draft().unwind;
        self.func_mut().blocks.push(Block { instrs: Vec::new(), end: End::Stop, unwind })
    }

    /// Goes on appending at the end of `block`, which must not have ended.
    pub(crate) fn switch_to(&mut self, block: BlockId) {
        let draft = self.draft_mut();
        draft.current = block;
        draft.ended = false;
    }

    pub(crate) fn current(&self) -> BlockId {
        self.draft().current
    }

    /// Does control reach the place where the next instruction would go?
    pub(crate) fn is_reachable(&self) -> bool {
        !self.draft().ended
    }

    pub(crate) fn goto(&mut self, to: BlockId) {
        self.end(End::Goto(to));
    }

    pub(crate) fn branch(&mut self, on: InstrId, yes: BlockId, no: BlockId) {
        self.end(End::Branch { on, yes, no });
    }

    pub(crate) fn ret(&mut self, value: Option<InstrId>) {
        self.end(End::Return(value));
    }

    pub(crate) fn throw(&mut self, value: InstrId) {
        self.end(End::Throw(value));
    }

    pub(crate) fn stop(&mut self) {
        self.end(End::Stop);
    }

    fn end(&mut self, end: End) {
        let draft = self.draft_mut();
        if draft.ended {
            return;
        }
        let current = draft.current;
        draft.func.blocks[current].end = end;
        draft.ended = true;
    }

    /// Sets where exceptions of the blocks made from now on go; gives the former target, to be restored.
    /// The code that follows starts in a new block that the current one leads to.
    pub(crate) fn set_unwind(&mut self, to: Option<BlockId>) -> Option<BlockId> {
        let before = std::mem::replace(&mut self.draft_mut().unwind, to);
        let next = self.new_block();
        let reachable = self.is_reachable();
        if reachable {
            self.goto(next);
        }
        self.switch_to(next);
        before
    }

    /// After an end, instructions go into a block of their own that nothing reaches.
    fn open_block(&mut self) {
        if self.draft().ended {
            let dead = self.new_block();
            self.switch_to(dead);
        }
    }

    fn draft(&self) -> &Draft {
        // `new` opens the module's draft and only `finish` closes it.
        &self.drafts[self.drafts.len() - 1]
    }

    fn draft_mut(&mut self) -> &mut Draft {
        let last = self.drafts.len() - 1;
        &mut self.drafts[last]
    }
}
