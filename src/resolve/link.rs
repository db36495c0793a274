//! stub
use crate::base::Symbol;
use crate::ir::program::ModuleId;
pub(crate) enum Target { Module(ModuleId, Vec<Symbol>), Library { specifier: Symbol, path: Vec<Symbol> }, Missing }
pub(crate) struct Linker;
impl Linker {
    pub(crate) fn resolve(&self, _from: ModuleId, specifier: &str) -> Target { Target::Library { specifier: specifier.into(), path: Vec::new() } }
    pub(crate) fn submodule(&self, _module: ModuleId, _name: &str) -> Option<ModuleId> { None }
    pub(crate) fn packages_around(&self, _module: ModuleId) -> Vec<ModuleId> { Vec::new() }
}
