//! stub
use crate::base::span::FileId;
use crate::ir::program::Language;
use crate::source::version::Allowed;
pub(crate) struct Versions;
impl Versions {
    pub(crate) fn allows(&self, _language: Language, _file: FileId, _package: &str, _condition: &str) -> Allowed { Allowed::Maybe }
}
