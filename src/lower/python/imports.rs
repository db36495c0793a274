//! Imports, where the language executes them.

use tree_sitter::Node;

use crate::base::Symbol;
use crate::ir::func::{FuncKind, Function};
use crate::ir::instr::{Import, Imported, InstrId, Op, Place};
use crate::lower::fields::KindName;

use super::{Lowering, field, fields, first_part};

impl<'t> Lowering<'t> {
    /// `import a`, `import a.b`, `import a.b as c`.
    pub(super) fn import(&mut self, node: Node<'t>) {
        for name in fields(node, "name") {
            let (module, alias) = self.import_name(name);
            if let Some(alias) = alias {
                let value = self.import_op(&module, Imported::Module, name);
                self.store_name(alias, value);
                continue;
            }
            let Some(first) = first_part(name) else { continue };
            let value = self.import_op(self.src(first), Imported::Module, name);
            self.store_name(first, value);
            if module != self.src(first) {
                self.import_op(&module, Imported::Effect, name);
            }
        }
    }

    /// `from x import y`, `from .x import y as z`, `from x import *`.
    pub(super) fn import_from(&mut self, node: Node<'t>) {
        let Some(module) = field(node, "module_name") else { return };
        let from = without_space(self.src(module));
        let names = fields(node, "name");
        if names.is_empty() {
            self.import_op(&from, Imported::All, node);
            if self.b.func().kind == FuncKind::Init {
                self.b.exports_mut().stars.push(from);
            }
            return;
        }
        for name in names {
            let (imported, alias) = self.import_name(name);
            let value = self.import_op(&from, Imported::Named(imported), name);
            self.store_name(alias.unwrap_or(name), value);
        }
    }

    /// `globals()[name] = getattr(module, name)`: a module that has what another one has, as after `from module import *`.
    pub(super) fn mirror(&mut self, target: Node<'t>, value: InstrId) {
        let is_own = field(target, "value").is_some_and(|of| self.src(of) == "globals()");
        let func = self.b.func();
        if target.kind_name() != "subscript" || !is_own || func.kind != FuncKind::Init {
            return;
        }
        let Op::Call(call) = &func.instrs[value].op else { return };
        let [of, _] = call.args.as_slice() else { return };
        if call.callee == Place::global("getattr")
            && let Op::Load(place) = &func.instrs[of.value].op
            && let Some(from) = imported_as(func, place)
        {
            self.b.exports_mut().stars.push(from);
        }
    }

    fn import_name(&self, name: Node<'t>) -> (Symbol, Option<Node<'t>>) {
        match name.kind_name() {
            "aliased_import" => {
                let whole = field(name, "name").map(|inner| self.src(inner)).unwrap_or_default();
                (without_space(whole), field(name, "alias"))
            }
            _ => (without_space(self.src(name)), None),
        }
    }

    fn import_op(&mut self, from: &str, what: Imported, node: Node<'t>) -> InstrId {
        let import = Import { from: from.into(), what, type_only: self.type_only };
        self.push(Op::Import(Box::new(import)), node)
    }
}

fn without_space(text: &str) -> Symbol {
    text.chars().filter(|c| !c.is_whitespace() && *c != '\\').collect()
}

/// The module that an import put into a variable, as an import of it names it.
fn imported_as(func: &Function, variable: &Place) -> Option<Symbol> {
    func.instrs.iter().rev().find_map(|instr| {
        let Op::Store(to, value) = &instr.op else { return None };
        let Op::Import(import) = &func.instrs[*value].op else { return None };
        match &import.what {
            _ if to != variable => None,
            Imported::Module => Some(import.from.clone()),
            Imported::Named(name) if import.from.ends_with('.') => Some(format!("{}{name}", import.from).into()),
            Imported::Named(name) => Some(format!("{}.{name}", import.from).into()),
            _ => None,
        }
    })
}
