//! Every limit of the taint pass, each with its reason. Limits are counts, so that results never depend on the machine.

/// Longest field path followed. Real configuration objects are at most `config.api.auth.key` deep; SDK arguments are at
/// `request.params.arguments.query`. What is deeper belongs to the object that holds it.
pub(crate) const MAX_PATH: usize = 4;

/// Most origins one value keeps. A settings object has a few dozen fields, what a dispatcher of thirty tools gives back some
/// sixty origins; more is a table of data. Counted apart for sources and for symbols.
pub(crate) const MAX_ENTRIES: usize = 80;

/// Most sinks a function's summary passes on to its callers. A dispatcher's arguments reach some hundred log calls.
pub(crate) const MAX_SINKS: usize = 256;

/// Most writes to variables that outlive the call a summary passes on.
pub(crate) const MAX_WRITES: usize = 128;

/// Most origins in what a function returns, throws, or puts into one parameter.
pub(crate) const MAX_RESULT: usize = 80;

/// Most visits of one block. States only grow; two rounds carry a value round a loop, the others are for nested loops.
pub(crate) const MAX_VISITS: u32 = 5;

/// Most rounds over functions that call each other in a circle.
pub(crate) const MAX_ROUNDS: usize = 4;

/// Longest trace. Nobody reads more steps; beyond it a value is followed without a trace of the middle.
pub(crate) const MAX_TRACE: u32 = 48;

/// Most callees of one call whose effects are joined. A dispatch table calls some hundred handlers.
pub(crate) const MAX_CALLEES: usize = 160;

/// Most facts about variables that outlive a call. Real servers have some thousand.
pub(crate) const MAX_HEAP_FACTS: usize = 200_000;

/// Most instructions of a function whose calls hand a value to a log only: a logging helper is small.
pub(crate) const MAX_WRAPPER: usize = 160;

/// Most fields of one long-lived variable in which one source is followed. More are linked objects that hold each other,
/// and to say that all of them hold the source would be wrong nearly everywhere.
pub(crate) const MAX_HEAP_PARTS: usize = 6;

/// Most sources in one long-lived variable. A settings object has a few dozen; a variable with more is a table of data.
pub(crate) const MAX_HEAP_SOURCES: usize = 64;

/// Most fields in which one long-lived variable is followed into another.
pub(crate) const MAX_WRITE_PARTS: usize = 24;

/// Fewest calls of a logging helper: what is called once is an ordinary function that logs, and is edited itself.
pub(crate) const MIN_WRAPPER_CALLERS: usize = 2;
