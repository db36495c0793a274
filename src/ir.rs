//! The one intermediate representation that three languages are lowered into.
//!
//! A [`program::Program`] holds modules, functions, classes and cells. A function is basic blocks of flat instructions; an
//! instruction's id names its value. A *place* is a variable with a field path (`a.b[0].c` is one place). What a front end
//! does not model is [`instr::Op::Unknown`] with its operands, so data still flows through it.
//!
//! | file | holds |
//! | --- | --- |
//! | `program` | modules, classes, cells, exports; joining the modules of many files into one program |
//! | `func` | functions, parameters, blocks |
//! | `instr` | instructions, places, calls |
//! | `types` | types as the source names them |
//! | `build`, `draft` | the only constructor: scopes, captured variables, blocks under construction |
//! | `print` | the text dump that `mcpleaks debug ir` shows and the lowering tests compare |
//! | `verify` | the invariants, checked in tests and debug builds |

pub(crate) mod build;
pub(crate) mod copy;
mod draft;
pub(crate) mod func;
pub(crate) mod instr;
mod parted;
pub(crate) mod print;
pub(crate) mod program;
pub(crate) mod types;
pub(crate) mod verify;
