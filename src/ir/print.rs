//! The text form of IR, for `mcpleaks debug ir` and the lowering tests.
//!
//! Values print as `%n`, locals as `name$n`, cells as `@name`, blocks as `bbN`. Values are numbered in printing order, so two
//! programs that do the same print the same.

use std::fmt::Write as _;

use crate::base::idx::Id;

use super::func::{BlockId, End, FuncId, Function};
use super::instr::{ArgKind, Base, CallStyle, Const, Entry, Field, Hole, Imported, InstrId, Op, Place, TextPart};
use super::program::{Class, Program};
use super::types::{NamedType, TypeRef};

/// Prints every function of the program, in order of their ids.
pub(crate) fn print(program: &Program) -> String {
    let mut out = String::new();
    for class in program.classes.iter() {
        print_class(program, class, &mut out);
    }
    for (id, func) in program.funcs.iter_enumerated() {
        print_func(program, id, func, &mut out);
    }
    out
}

fn print_class(program: &Program, class: &Class, out: &mut String) {
    let bases: Vec<_> = class.bases.iter().map(|ty| Names { program, func: None }.ty(ty)).collect();
    let fields: Vec<_> = class.fields.iter().map(|field| field.name.as_str()).collect();
    let variants: Vec<_> = class.variants.iter().map(|variant| variant.name.as_str()).collect();
    let methods: Vec<_> = class.methods.iter().map(|(name, id)| format!("{name} = {id}")).collect();
    let _ = write!(out, "{:?} {}", class.kind, class.name);
    for (label, items) in [
        (" :", bases.join(", ")),
        (" fields", fields.join(", ")),
        (" variants", variants.join(", ")),
        (" methods", methods.join(", ")),
    ] {
        if !items.is_empty() {
            let _ = write!(out, "{label} {items}");
        }
    }
    out.push('\n');
}

/// Prints one function.
pub(crate) fn print_func(program: &Program, id: FuncId, func: &Function, out: &mut String) {
    let mut numbers = vec![None; func.instrs.len()];
    let order = func.order();
    let mut next = 0_u32;
    for block in &order {
        for instr in &func.blocks[*block].instrs {
            numbers[instr.index()] = Some(next);
            next += 1;
        }
    }
    let mut printer = Printer { names: Names { program, func: Some(func) }, func, numbers, order, out };
    printer.header(id);
    printer.body();
}

struct Names<'p> {
    program: &'p Program,
    func: Option<&'p Function>,
}

struct Printer<'p, 'o> {
    names: Names<'p>,
    func: &'p Function,
    numbers: Vec<Option<u32>>,
    order: Vec<BlockId>,
    out: &'o mut String,
}

impl Printer<'_, '_> {
    fn header(&mut self, id: FuncId) {
        let func = self.func;
        let prefix = if func.is_async { "async " } else { "" };
        let params: Vec<_> = func
            .params
            .iter()
            .map(|param| {
                let ty = param.ty.as_ref().map(|ty| format!(": {}", self.names.ty(ty))).unwrap_or_default();
                let kind = match param.kind {
                    super::func::ParamKind::Plain => "",
                    super::func::ParamKind::NamedOnly => "=",
                    super::func::ParamKind::Rest => "*",
                    super::func::ParamKind::RestNamed => "**",
                };
                format!("{kind}{}{}{ty}", param.name, param.local)
            })
            .collect();
        let ret = func.ret.as_ref().map(|ty| format!(" -> {}", self.names.ty(ty))).unwrap_or_default();
        let _ = writeln!(self.out, "{prefix}{:?} {id} {}({}){ret}", func.kind, func.name, params.join(", "));
    }

    fn body(&mut self) {
        for block in self.order.clone() {
            let body = &self.func.blocks[block];
            let unwind = body.unwind.map(|to| format!(" unwind {}", self.block(to))).unwrap_or_default();
            let _ = writeln!(self.out, "  {}:{unwind}", self.block(block));
            for instr in &body.instrs {
                let text = self.op(&self.func.instrs[*instr].op);
                let by = self.func.keys.get(instr).map(|key| format!(" by {}", self.value(*key))).unwrap_or_default();
                let _ = writeln!(self.out, "    {} = {text}{by}", self.value(*instr));
            }
            let end = match &body.end {
                End::Goto(to) => format!("goto {}", self.block(*to)),
                End::Branch { on, yes, no } => {
                    format!("branch {} ? {} : {}", self.value(*on), self.block(*yes), self.block(*no))
                }
                End::Return(None) => "return".into(),
                End::Return(Some(value)) => format!("return {}", self.value(*value)),
                End::Throw(value) => format!("throw {}", self.value(*value)),
                End::Stop => "stop".into(),
            };
            let _ = writeln!(self.out, "    {end}");
        }
    }

    fn block(&self, block: BlockId) -> String {
        let at = self.order.iter().position(|other| *other == block);
        at.map_or_else(|| "bb?".into(), |at| format!("bb{at}"))
    }

    fn value(&self, id: InstrId) -> String {
        self.numbers[id.index()].map_or_else(|| "%dead".into(), |number| format!("%{number}"))
    }

    fn values(&self, ids: &[InstrId]) -> String {
        ids.iter().map(|id| self.value(*id)).collect::<Vec<_>>().join(", ")
    }

    fn op(&self, op: &Op) -> String {
        match op {
            Op::Const(value) => constant(value),
            Op::Load(place) => format!("load {}", self.place(place)),
            Op::Store(place, value) => format!("store {} <- {}", self.place(place), self.value(*value)),
            Op::Record(record) => {
                let ty = record.ty.as_ref().map(|ty| format!(" {}", self.names.ty(ty))).unwrap_or_default();
                let entries: Vec<_> = record
                    .entries
                    .iter()
                    .map(|entry| match entry {
                        Entry::Field(key, value) => format!("{}: {}", field(key), self.value(*value)),
                        Entry::Spread(value) => format!("...{}", self.value(*value)),
                    })
                    .collect();
                format!("{:?}{ty} {{{}}}", record.kind, entries.join(", ")).to_lowercase()
            }
            Op::Text(parts) => {
                let parts: Vec<_> = parts
                    .iter()
                    .map(|part| match part {
                        TextPart::Lit(text) => format!("{text:?}"),
                        TextPart::Hole(value, Hole::Display) => self.value(*value),
                        TextPart::Hole(value, Hole::Chain) => format!("#{}", self.value(*value)),
                        TextPart::Hole(value, Hole::Debug) => format!("?{}", self.value(*value)),
                    })
                    .collect();
                format!("text {}", parts.join(" "))
            }
            Op::Operator(oper, values) => format!("{} {}", format!("{oper:?}").to_lowercase(), self.values(values)),
            Op::Call(call) => {
                let args: Vec<_> = call
                    .args
                    .iter()
                    .map(|arg| {
                        let value = self.value(arg.value);
                        match &arg.kind {
                            ArgKind::Positional => value,
                            ArgKind::Named(name) => format!("{name} = {value}"),
                            ArgKind::Spread => format!("...{value}"),
                            ArgKind::SpreadNamed => format!("**{value}"),
                        }
                    })
                    .collect();
                let style = match call.style {
                    CallStyle::Plain => "call",
                    CallStyle::New => "new",
                    CallStyle::Macro => "macro",
                    CallStyle::Decorator => "decorate",
                    CallStyle::Implicit => "implicit",
                };
                let types: Vec<_> = call.types.iter().map(|ty| self.names.ty(ty)).collect();
                let types = if types.is_empty() { String::new() } else { format!("::<{}>", types.join(", ")) };
                format!("{style} {}{types}({})", self.place(&call.callee), args.join(", "))
            }
            Op::Closure(id) => format!("closure {id}"),
            Op::Class(id) => format!("class {}", self.names.program.classes[*id].name),
            Op::Import(import) => {
                let what = match &import.what {
                    Imported::Module => String::new(),
                    Imported::Default => " default".into(),
                    Imported::Named(name) => format!(" {name}"),
                    Imported::Effect => " effect".into(),
                    Imported::All => " *".into(),
                };
                format!("import {:?}{what}", import.from.as_str())
            }
            Op::Await(value) => format!("await {}", self.value(*value)),
            Op::Yield(value) => format!("yield {}", self.value(*value)),
            Op::Caught => "caught".into(),
            Op::Unknown(what, values) => format!("unknown {what} {}", self.values(values)).trim_end().into(),
        }
    }

    fn place(&self, place: &Place) -> String {
        let mut text = match &place.base {
            Base::Value(value) => self.value(*value),
            base => self.names.base(base),
        };
        for step in &place.path {
            match step {
                Field::Name(name) => {
                    let _ = write!(text, ".{name}");
                }
                step => text.push_str(&field(step)),
            }
        }
        text
    }
}

impl Names<'_> {
    fn base(&self, base: &Base) -> String {
        match base {
            Base::Local(local) => match self.func.and_then(|func| func.locals.get(*local)) {
                Some(var) => format!("{}{local}", var.name),
                None => local.to_string(),
            },
            Base::Cell(cell) => format!("@{}", self.program.cells[*cell].name),
            Base::Value(value) => value.to_string(),
            Base::Global(name) => name.to_string(),
        }
    }

    fn ty(&self, ty: &TypeRef) -> String {
        let list = |types: &[TypeRef], by: &str| types.iter().map(|ty| self.ty(ty)).collect::<Vec<_>>().join(by);
        match ty {
            TypeRef::Named(named) => self.named(named),
            TypeRef::Union(parts) => list(parts, " | "),
            TypeRef::Tuple(parts) => format!("({})", list(parts, ", ")),
            TypeRef::Func(ret) => format!("fn -> {}", self.ty(ret)),
            TypeRef::List(item) => format!("[{}]", self.ty(item)),
            TypeRef::Other => "_".into(),
        }
    }

    fn named(&self, named: &NamedType) -> String {
        let mut text = self.base(&named.base);
        for name in &named.path {
            let _ = write!(text, ".{name}");
        }
        if !named.args.is_empty() {
            let args: Vec<_> = named.args.iter().map(|arg| self.ty(arg)).collect();
            let _ = write!(text, "<{}>", args.join(", "));
        }
        text
    }
}

fn field(field: &Field) -> String {
    match field {
        Field::Name(name) => name.to_string(),
        Field::Index(at) => format!("[{at}]"),
        Field::Variant(name, at) => format!("<{name}.{at}>"),
        Field::Any => "[*]".into(),
    }
}

fn constant(value: &Const) -> String {
    match value {
        Const::Str(text) => format!("{:?}", text.as_str()),
        Const::Int(number) => number.to_string(),
        Const::Num(text) => text.to_string(),
        Const::Bool(flag) => flag.to_string(),
        Const::Null => "null".into(),
        Const::Undefined => "undefined".into(),
    }
}
