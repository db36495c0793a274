//! Modules that a script loads by a path that the code makes: `import(path.join(folder, file))`.
//!
//! A path is told as far as it is written out: up to the first part that is not known. Whoever goes through a folder loads
//! what is there. What a call is given is taken to be joined by it, as `path.join` and `new URL` do; where no such folder is
//! in the scan, nothing is loaded.

use crate::base::bounds::MAX_ALIASES;
use crate::ir::func::{FuncId, LocalId};
use crate::ir::instr::{ArgKind, Base, Const, Field, InstrId, Op, Oper, TextPart};
use crate::ir::program::ModuleId;

use super::link::Target;
use super::link::script::Extent;
use super::solve::Values;
use super::values::{Value, ValueSet};

/// By which names a module knows where it is itself.
const HERE: [&str; 3] = ["__dirname", "__filename", "import.meta"];

/// What is known of a path.
struct Written {
    text: String,
    /// Nothing is behind the text.
    is_whole: bool,
    /// All that is behind it is one thing that is not known, which may lead into folders: `./tools/${path}`.
    may_go_down: bool,
    /// The module beside which it begins.
    from: Option<ModuleId>,
}

impl Values<'_> {
    /// The modules that a path names or, where only its beginning is known, those in the folder.
    pub(crate) fn loads_by_path(&self, func: FuncId, path: InstrId) -> Vec<ModuleId> {
        let own = self.program.funcs[func].module;
        if let Some(names) = self.names(func, path) {
            let module = |name: &str| match self.linker.resolve(own, name) {
                Target::Module(module, rest) if rest.is_empty() => Some(module),
                _ => None,
            };
            return names.into_iter().filter_map(module).collect();
        }
        let Some(written) = self.written(func, path, MAX_ALIASES) else { return Vec::new() };
        let text = written.text.trim_start_matches('/');
        let extent = match (written.is_whole, written.may_go_down) {
            (true, _) => Extent::File,
            (false, false) => Extent::Folder,
            (false, true) => Extent::Below,
        };
        self.linker.modules_at(written.from.unwrap_or(own), text, extent, written.from.is_some())
    }

    /// Is each name known by which a loader may be called?
    pub(crate) fn is_told(&self, func: FuncId, name: InstrId) -> bool {
        self.names(func, name).is_some()
    }

    /// The texts that a name is, where it is nothing else.
    fn names(&self, func: FuncId, name: InstrId) -> Option<Vec<&str>> {
        texts(self.of(func, name)).filter(|_| self.is_kept(func, name, MAX_ALIASES))
    }

    /// Is it read from somewhere as it is? What a call or a text is made of is among its values, but not what it is.
    fn is_kept(&self, func: FuncId, value: InstrId, left: usize) -> bool {
        let Some(left) = left.checked_sub(1) else { return false };
        let all_kept = |owner: FuncId, base: &Base| {
            let mut stores = self.program.funcs[owner].instrs.iter().filter_map(|instr| match &instr.op {
                Op::Store(place, value) if place.base == *base => Some(*value),
                _ => None,
            });
            stores.all(|value| self.is_kept(owner, value, left))
        };
        match &self.program.funcs[func].instrs[value].op {
            Op::Const(_) => true,
            Op::Load(place) => match &place.base {
                _ if !place.path.is_empty() => true,
                Base::Local(_) => all_kept(func, &place.base),
                Base::Cell(cell) => all_kept(self.program.cells[*cell].owner, &place.base),
                Base::Value(value) => self.is_kept(func, *value, left),
                Base::Global(_) => false,
            },
            _ => false,
        }
    }

    fn written(&self, func: FuncId, value: InstrId, left: usize) -> Option<Written> {
        let left = left.checked_sub(1)?;
        let body = &self.program.funcs[func];
        let whole =
            |text: &str| Some(Written { text: text.to_owned(), is_whole: true, may_go_down: false, from: None });
        if let Some([text]) = self.names(func, value).as_deref() {
            return whole(text);
        }
        match &body.instrs[value].op {
            Op::Const(Const::Str(text)) => whole(text),
            Op::Text(parts) => {
                let part = |part: &TextPart| match part {
                    TextPart::Lit(text) => whole(text),
                    TextPart::Hole(value, _) => self.written(func, *value, left),
                };
                let path = joined(parts.iter().map(part), "")?;
                let may_go_down = match parts.as_slice() {
                    [TextPart::Lit(_), TextPart::Hole(..)] => !path.is_whole,
                    _ => false,
                };
                Some(Written { may_go_down, ..path })
            }
            Op::Operator(Oper::Add, values) => joined(values.iter().map(|value| self.written(func, *value, left)), ""),
            // `process.cwd()`
            Op::Call(call) if call.args.is_empty() && matches!(call.callee.base, Base::Global(_)) => whole(""),
            Op::Call(call) if call.args.iter().all(|arg| arg.kind == ArgKind::Positional) => {
                joined(call.args.iter().map(|arg| self.written(func, arg.value, left)), "/")
            }
            // What is in a list that is made of a path is no part of it.
            Op::Load(place) if place.path.iter().all(|field| matches!(field, Field::Name(_))) => match &place.base {
                Base::Global(name) if HERE.contains(&name.as_str()) => {
                    Some(Written { text: String::new(), is_whole: true, may_go_down: false, from: Some(body.module) })
                }
                // `new URL(…).href`
                Base::Value(value) => self.written(func, *value, left),
                Base::Local(local) => self.written_local(func, *local, left),
                Base::Cell(cell) if place.path.is_empty() => {
                    let (owner, value) = self.kept_once(*cell)?;
                    self.written(owner, value, left)
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn written_local(&self, func: FuncId, local: LocalId, left: usize) -> Option<Written> {
        let Some(at) = self.program.funcs[func].params.iter().position(|param| param.local == local) else {
            return self.written(func, self.set_once(func, local)?, left);
        };
        let [caller] = self.callers(func) else { return None };
        let given = self.call_at(*caller)?.args.get(at).filter(|arg| arg.kind == ArgKind::Positional)?;
        self.written(caller.0, given.value, left)
    }
}

/// The texts that values are, if they are nothing else.
fn texts(values: &ValueSet) -> Option<Vec<&str>> {
    if values.is_empty() || values.is_cut {
        return None;
    }
    let mut texts = Vec::new();
    for value in values.items() {
        let Value::Const(Const::Str(text)) = value else { return None };
        texts.push(text.as_str());
    }
    Some(texts)
}

/// Parts of a path, up to the first one that is not known.
fn joined(mut parts: impl Iterator<Item = Option<Written>>, between: &str) -> Option<Written> {
    let mut path = parts.next()??;
    for part in parts {
        if !path.is_whole {
            break;
        }
        if !path.text.is_empty() {
            path.text.push_str(between);
        }
        let Some(part) = part else {
            path.is_whole = false;
            break;
        };
        path.text.push_str(&part.text);
        path.from = path.from.or(part.from);
        path.is_whole = part.is_whole;
        path.may_go_down = part.may_go_down;
    }
    Some(path)
}
