//! Modules, classes, cells, and the program they are joined into.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::Symbol;
use crate::base::bounds::MAX_DECORATORS;
use crate::base::idx::{Id, IndexVec, ids};
use crate::base::span::{FileId, Loc, Span};

use super::func::{FuncId, FuncKind, Function};
use super::instr::{Base, InstrId, Op};
use super::types::{Annotation, NamedType, TypeRef};

ids! {
    /// A module: a file, or a Rust inline `mod`.
    ModuleId "mod",
    /// A class, struct, enum, trait, interface or type alias.
    ClassId "class",
    /// A variable that outlives one call.
    CellId "@",
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Language {
    /// TypeScript and JavaScript.
    Script,
    Python,
    Rust,
}

/// A variable that outlives one call: module variable, captured variable.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) name: Symbol,
    /// The function whose variable it is: the module's init for module variables.
    pub(crate) owner: FuncId,
    pub(crate) ty: Option<TypeRef>,
    pub(crate) span: Span,
    /// Declared without a value: nothing is in it before something is stored there.
    pub(crate) is_bare: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Class {
    pub(crate) name: Symbol,
    pub(crate) module: ModuleId,
    pub(crate) kind: ClassKind,
    /// Superclasses, supertraits, implemented interfaces; for an alias the one type it stands for.
    pub(crate) bases: Vec<TypeRef>,
    pub(crate) methods: Vec<(Symbol, FuncId)>,
    pub(crate) fields: Vec<FieldDecl>,
    /// Enum variants, in order.
    pub(crate) variants: Vec<Variant>,
    pub(crate) annotations: Vec<Annotation>,
    pub(crate) span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ClassKind {
    Class,
    Struct,
    Enum,
    /// Trait or interface: methods without a body are not listed in `methods`.
    Interface,
    Alias,
}

#[derive(Clone, Debug)]
pub(crate) struct FieldDecl {
    pub(crate) name: Symbol,
    pub(crate) ty: Option<TypeRef>,
    pub(crate) annotations: Vec<Annotation>,
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
pub(crate) struct Variant {
    pub(crate) name: Symbol,
    pub(crate) fields: Vec<FieldDecl>,
    pub(crate) annotations: Vec<Annotation>,
    pub(crate) span: Span,
}

/// A Rust `impl` block: methods that belong to a type named elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct Impl {
    pub(crate) target: TypeRef,
    pub(crate) interface: Option<TypeRef>,
    pub(crate) methods: Vec<(Symbol, FuncId)>,
    pub(crate) annotations: Vec<Annotation>,
    pub(crate) span: Span,
}

/// What other modules can import from a module.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exports {
    /// `export`, `export default` (as `default`); every module name in Python and Rust.
    pub(crate) names: BTreeMap<Symbol, CellId>,
    /// `export * from "x"`, Python/Rust `*` imports at module level: the specifiers.
    pub(crate) stars: Vec<Symbol>,
    /// CommonJS: the cell that `module.exports` is. `exports.x = v` is a store to a field of it.
    pub(crate) object: Option<CellId>,
}

/// One file, or one inline `mod` of a Rust file.
#[derive(Clone, Debug)]
pub(crate) struct Module {
    pub(crate) file: FileId,
    pub(crate) language: Language,
    /// For an inline `mod`: the module around it and its name.
    pub(crate) within: Option<(ModuleId, Symbol)>,
    /// Top-level code.
    pub(crate) init: FuncId,
    /// Every name declared at the top level.
    pub(crate) names: BTreeMap<Symbol, CellId>,
    pub(crate) exports: Exports,
    pub(crate) impls: Vec<Impl>,
    /// What is built only with a feature that is off unless somebody asks for it.
    pub(crate) optional: Vec<(Span, Symbol)>,
    /// Calls of macros that the program defines, which stand for what the definition has; outer ones first.
    pub(crate) written: Vec<WrittenBy>,
}

/// What stands in a place is written by a macro of the program.
#[derive(Clone, Debug)]
pub(crate) struct WrittenBy {
    /// The call.
    pub(crate) span: Span,
    pub(crate) name: Symbol,
    pub(crate) definition: Loc,
}

/// Everything that was lowered. While a front end works, ids count within the file; `join` makes them count in the program.
#[derive(Clone, Debug, Default)]
pub(crate) struct Program {
    pub(crate) modules: IndexVec<ModuleId, Module>,
    pub(crate) funcs: IndexVec<FuncId, Function>,
    pub(crate) classes: IndexVec<ClassId, Class>,
    pub(crate) cells: IndexVec<CellId, Cell>,
    /// Functions that make the calls which are made from outside the program. They are added to the whole.
    pub(crate) outside: Vec<Outside>,
    /// Functions that give back an object of functions that they are given, and are called for each row of a table of
    /// handlers: `makeTool(name, run)`. Found in the whole.
    pub(crate) row_makers: BTreeSet<FuncId>,
    /// Where errors are converted though nothing says so. Found in the whole.
    pub(crate) conversions: Vec<Conversion>,
}

/// A call that converts the error of what is asked before.
#[derive(Clone, Debug)]
pub(crate) struct Conversion {
    pub(crate) call: (FuncId, InstrId),
    pub(crate) asked: (FuncId, InstrId),
    /// The function that converts.
    pub(crate) by: FuncId,
    /// Those that give an error which it converts.
    pub(crate) asks: BTreeSet<FuncId>,
}

/// A function that makes a call which is made from outside the program.
#[derive(Clone, Debug)]
pub(crate) struct Outside {
    pub(crate) func: FuncId,
    /// What is called, as the module of the function names it: `mcp.run`.
    pub(crate) name: Symbol,
    /// A command of a library makes it (on any file that somebody names), not a script that a manifest asks for.
    pub(crate) by_library: bool,
}

impl Program {
    /// Is any of it in the language?
    pub(crate) fn speaks(&self, language: Language) -> bool {
        self.modules.iter().any(|module| module.language == language)
    }

    /// Joins the programs of many files, in the given order, into one.
    pub(crate) fn join(parts: impl IntoIterator<Item = Program>) -> Program {
        let mut whole = Program::default();
        for mut part in parts {
            Shift {
                modules: whole.modules.len(),
                funcs: whole.funcs.len(),
                classes: whole.classes.len(),
                cells: whole.cells.len(),
            }
            .program(&mut part);
            whole.modules.append(part.modules);
            whole.funcs.append(part.funcs);
            whole.classes.append(part.classes);
            whole.cells.append(part.cells);
        }
        whole
    }

    /// What a type is called where it is declared or imported, without what stands before its name.
    pub(crate) fn type_name<'t>(&'t self, named: &'t NamedType) -> Option<&'t Symbol> {
        named.path.last().or(match &named.base {
            Base::Global(name) => Some(name),
            Base::Cell(cell) => Some(&self.cells[*cell].name),
            Base::Local(_) | Base::Value(_) => None,
        })
    }

    /// Is it a function that makes a call which is made from outside the program?
    pub(crate) fn is_outside(&self, func: FuncId) -> bool {
        self.outside.iter().any(|outside| outside.func == func)
    }

    /// The function as a reader knows it: of a decorator's, the one that it stands for, also where several decorators stand on top of
    /// each other.
    pub(crate) fn known_as(&self, mut func: FuncId) -> FuncId {
        for _ in 0..MAX_DECORATORS {
            match self.funcs[func].stands_for {
                Some(inner) => func = inner,
                None => break,
            }
        }
        func
    }
}

/// Moves every id of a file's program behind those of the files before it.
struct Shift {
    modules: usize,
    funcs: usize,
    classes: usize,
    cells: usize,
}

impl Shift {
    fn program(&self, part: &mut Program) {
        for module in part.modules.iter_mut() {
            self.module(module);
        }
        for func in part.funcs.iter_mut() {
            self.function(func);
        }
        for class in part.classes.iter_mut() {
            self.class(class);
        }
        for cell in part.cells.iter_mut() {
            self.func_id(&mut cell.owner);
            self.types(cell.ty.as_mut());
        }
    }

    fn module(&self, module: &mut Module) {
        if let Some((outer, _)) = &mut module.within {
            shift(outer, self.modules);
        }
        self.func_id(&mut module.init);
        for cell in module.names.values_mut().chain(module.exports.names.values_mut()) {
            shift(cell, self.cells);
        }
        if let Some(cell) = &mut module.exports.object {
            shift(cell, self.cells);
        }
        for block in &mut module.impls {
            self.types(std::iter::once(&mut block.target).chain(block.interface.as_mut()));
            self.annotations(&mut block.annotations);
            for (_, func) in &mut block.methods {
                self.func_id(func);
            }
        }
    }

    fn class(&self, class: &mut Class) {
        shift(&mut class.module, self.modules);
        self.types(&mut class.bases);
        self.annotations(&mut class.annotations);
        for (_, func) in &mut class.methods {
            self.func_id(func);
        }
        self.fields(&mut class.fields);
        for variant in &mut class.variants {
            self.fields(&mut variant.fields);
            self.annotations(&mut variant.annotations);
        }
    }

    fn fields(&self, fields: &mut [FieldDecl]) {
        for field in fields {
            self.types(field.ty.as_mut());
            self.annotations(&mut field.annotations);
        }
    }

    fn function(&self, func: &mut Function) {
        shift(&mut func.module, self.modules);
        if let Some(owner) = &mut func.owner {
            shift(owner, self.classes);
        }
        for id in func.parent.iter_mut().chain(&mut func.stands_for) {
            self.func_id(id);
        }
        for instr in func.instrs.iter_mut() {
            match &mut instr.op {
                Op::Closure(id) => self.func_id(id),
                Op::Class(id) => shift(id, self.classes),
                _ => {}
            }
        }
        func.bases_mut(&mut |base| self.base(base));
    }

    fn annotations(&self, annotations: &mut [Annotation]) {
        for annotation in annotations {
            annotation.bases_mut(&mut |base| self.base(base));
        }
    }

    fn types<'t>(&self, types: impl IntoIterator<Item = &'t mut TypeRef>) {
        for ty in types {
            ty.bases_mut(&mut |base| self.base(base));
        }
    }

    fn base(&self, base: &mut Base) {
        if let Base::Cell(cell) = base {
            shift(cell, self.cells);
        }
    }

    fn func_id(&self, id: &mut FuncId) {
        shift(id, self.funcs);
    }
}

fn shift<I: Id>(id: &mut I, by: usize) {
    *id = I::new(id.index() + by);
}

impl FuncKind {
    /// Does a call bind the receiver?
    pub(crate) fn takes_receiver(self) -> bool {
        matches!(self, Self::Method | Self::Constructor | Self::Getter | Self::Setter)
    }
}
