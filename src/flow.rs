//! How does data move, what runs while stdio is served.
//!
//! | file | answers |
//! | --- | --- |
//! | `abs` | what is known of a value at one point: a constant, a name for an unknown, a test of one |
//! | `explore` | which code a process runs, in order, from its entry |
//! | `step` | what one instruction does to the state of the exploration |
//! | `process` | one server process, explored to the end |
//! | `live` | which of that can run in the same execution as serving stdio |

pub(crate) mod abs;
pub(crate) mod explore;
pub(crate) mod live;
pub(crate) mod process;
pub(crate) mod step;
