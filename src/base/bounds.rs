//! Every limit of the analysis, each with its reason.
//!
//! A limit is a count, never a time: results depend on the input alone. What the limits of a whole pass left out is told in
//! the report (`audit::widened`); where a value met one, the finding's confidence is lower. Limits of an output format, and of how much a finding
//! tells, stand with those.

// ---- Reading --------------------------------------------------------------------------------------------------------

/// Larger files are bundles or data. The largest hand-written source files of servers have some 500 KB.
pub(crate) const MAX_FILE_BYTES: u64 = 2 << 20;

/// Lock files of large workspaces pass the limit for sources by far.
pub(crate) const MAX_MANIFEST_BYTES: u64 = 64 << 20;

/// Longest chain of `extends` followed; guards against circles.
pub(crate) const MAX_EXTENDS: usize = 8;

// ---- Parsing and lowering -------------------------------------------------------------------------------------------

/// From so many instructions on a file is looked at closer: can any server load it? Files that somebody wrote have fewer; a
/// readable bundle of 1 MB has several times as many.
pub(crate) const LARGE_FILE: usize = 60_000;

/// Stack of a lowering thread, in bytes. syn recurses per nesting level and dies at some 1,000 levels on 8 MB; the
/// front ends refuse deeper files first (see each one's depth below).
pub(crate) const STACK_SIZE: usize = 64 << 20;

/// Deepest nesting of a script that is lowered. Written code stays below 60; a level costs some 10 KB of stack in a debug build.
pub(crate) const SCRIPT_DEPTH: usize = 1_000;

/// Parser steps (of 100 operations each) granted to every file of a script. Written and bundled code needs less than one step
/// for 50 bytes.
pub(crate) const SCRIPT_STEPS: usize = 5_000;

/// Bytes of a file that grant one more parser step.
pub(crate) const SCRIPT_BYTES_PER_STEP: usize = 20;

/// Deepest nesting of Python that is lowered. Code people write stays below 100; the stack bears some 10,000.
pub(crate) const PYTHON_DEPTH: usize = 2_000;

/// Parser steps (each some 100 operations) granted to every file. Python as people write it takes one step for 150 to
/// 300 bytes, the densest literals one for 20 bytes.
pub(crate) const PYTHON_STEPS: usize = 2_000;

/// Bytes of a file that grant one more parser step.
pub(crate) const PYTHON_BYTES_PER_STEP: usize = 10;

/// Copies of `finally` bodies made for the ways out of a file's `try` statements; nested ones would double each other.
pub(crate) const MAX_FINALLY_COPIES: usize = 500;

/// Deepest nesting of brackets read in a string annotation.
pub(crate) const PYTHON_TYPE_DEPTH: usize = 16;

/// Deepest nesting of Rust that is read. With [`STACK_SIZE`] an unoptimised build survived four times as much in every form tried.
pub(crate) const RUST_DEPTH: usize = 1_500;

/// Tokens that calls of a file's own macros (`macro_rules!`) hand over and are replaced by, all together. Macros that write a server's
/// tools take some ten thousand; one that calls itself twice makes any number.
pub(crate) const MAX_MACRO_TOKENS: usize = 100_000;

/// Most macros inside what macros were replaced by: the compiler's own limit.
pub(crate) const MAX_MACRO_NESTING: usize = 128;

// ---- The value pass -------------------------------------------------------------------------------------------------

/// Steps of propagation before the pass gives up on more values, however small the program.
pub(crate) const FIRST_STEPS: usize = 4_000_000;

/// And more by the size of the program: real servers need three to ten a slot.
pub(crate) const STEPS_PER_SLOT: usize = 24;

/// Rounds of guesses at unknown receivers. Each round can make others possible; few chains are longer than this.
pub(crate) const GUESS_ROUNDS: usize = 3;

/// Most constants a slot keeps; with more, nothing is known of its constants.
/// A selector has a handful of values; more is data.
pub(crate) const MAX_CONSTS: u16 = 8;

/// Most library values a slot keeps. Real variables hold one or two; a registry of clients a dozen.
pub(crate) const MAX_APIS: u16 = 24;

/// Most literals a slot keeps. Variants of one shape are a few; a table of data is no reason to follow each row.
pub(crate) const MAX_RECORDS: u16 = 32;

/// Most objects, and functions in their fields, that a library is taken to be handed as options. A wrapper around a client's
/// constructor gets those of a few callers; a serialiser all that is logged.
pub(crate) const MAX_OPTIONS: usize = 8;

/// Most rows of a dispatch table a slot keeps: literals that hold a handler or a table of such, names of methods.
/// Servers have up to some three hundred tools.
pub(crate) const MAX_ROWS: u16 = 400;

/// Most other names of one object in a function that are kept, and longest chain from name to name: a list in an object in a
/// table is three.
pub(crate) const MAX_OTHER_NAMES: usize = 8;
pub(crate) const MAX_NAME_CHAIN: usize = 3;

/// Shortest beginning of a name that tells which methods are meant: `"on_" + name`.
pub(crate) const MIN_PREFIX: usize = 3;

/// Most things that a call may be of for a finding about one of them to be more than a guess. A logger whose method is chosen
/// by level has half a dozen.
pub(crate) const MAX_MEANT: usize = 8;

/// Most instances a slot keeps: a variable that can be more kinds of object is a framework's plumbing.
pub(crate) const MAX_INSTANCES: u16 = 40;

/// Most functions and classes a slot keeps. Dispatch tables hold some hundred handlers.
pub(crate) const MAX_OBJECTS: usize = 560;

/// Objects of the program beside the most library values: real variables hold the ones or the others.
pub(crate) const MAX_DROWNED: u16 = 8;

/// Most methods of one name among which an unknown receiver is guessed.
pub(crate) const MAX_GUESSES: usize = 3;

/// Longest chain of base classes that is followed.
pub(crate) const MAX_BASES: usize = 32;

/// Most classes for whose objects what a constructor above them puts into a field is kept apart: the clients of a dozen services. Each
/// is one more place where the classes above read the field.
pub(crate) const MAX_FILLED_APART: usize = 24;

/// Longest builder chain that is read back.
pub(crate) const MAX_CHAIN: usize = 64;

/// Deepest wrapping of streams that is looked through: `Box::new(BufWriter::new(stdout().lock()))` is four.
pub(crate) const MAX_WRAPS: usize = 8;

// ---- The exploration of a process -----------------------------------------------------------------------------------

/// Stack of the thread that resolves and explores, in bytes: its recursion is bounded by counts (see `flow::explore`),
/// this is several times what they need. Pages that are not touched cost nothing.
pub(crate) const ANALYSIS_STACK: usize = 1 << 30;

/// Most contexts of one function; then its parameters count as unknown, but for switches (`required=True`), which may make as
/// many again. Loggers with a level parameter have six.
pub(crate) const MAX_CONTEXTS: usize = 16;

/// How often one frame is explored again since something was disproved that it relied on, or that what it calls did: a few times
/// in recursions.
pub(crate) const MAX_REDONE: u32 = 8;

/// How often a process is looked at until nothing that was relied on is disproved; then nothing is relied on. One time more is
/// nearly always enough.
pub(crate) const MAX_DISPROVED: usize = 6;

/// Deepest call chain that is explored on the way down; what is called at its end is explored afterwards, and what it gives
/// back is not known to its caller. Programs stay below a hundred.
pub(crate) const MAX_CALL_DEPTH: usize = 600;

/// Most visits of one block in one frame before its state is taken as it is. States only lose knowledge, so few are needed.
pub(crate) const MAX_STATE_VISITS: u32 = 8;

/// Most questions to what a function is given that have to be answered for something to get somewhere; what more are asked says
/// nothing. Two or three are, where any is.
pub(crate) const MAX_ASKED: usize = 6;

/// Most conditions that are told apart under which one thing reaches one place; one for each arm of what chooses among them. What
/// comes by further ways is taken for one of them.
pub(crate) const MAX_WAYS_TO_SINK: usize = 3;

/// Most times that the blocks of a function are gone through to see under which conditions they run; then they run under any. Once
/// for each loop inside a loop.
pub(crate) const MAX_CONDITION_ROUNDS: usize = 6;

/// Most facts kept on one path; conditions that choose a transport are few.
pub(crate) const MAX_FACTS: usize = 32;

/// Most choices among ways that facts keep, most ways of one, and most facts of a way: a condition names two or three settings.
pub(crate) const MAX_CHOICES: usize = 8;
pub(crate) const MAX_WAYS: usize = 8;
pub(crate) const MAX_WAY_FACTS: usize = 8;

/// Most constants that one symbol is known not to be. A dispatcher's last arm excludes hundreds, which tells nothing.
pub(crate) const MAX_EXCLUDED: usize = 32;

/// Longest name of a symbol; a longer one tells nobody anything.
pub(crate) const MAX_SYM: usize = 160;

/// Most ways to one place that raises what was caught which are told apart. Conditions ask for two or three things.
pub(crate) const MAX_WAYS_TO_RAISE: usize = 8;

/// Names in a list of fields that are left out of a table. Lists of headers to hide have a dozen.
pub(crate) const MAX_LEFT_OUT: usize = 24;

/// Most literals that are asked whether they lack a field. Where more come together, some may be left out.
pub(crate) const MAX_LITERALS: usize = 4;

/// Longest chain of single assignments that is followed to find out what a variable is.
pub(crate) const MAX_ALIASES: usize = 12;

/// Most places where a variable is set that are asked for the name of the module in it: a folder and those below it are two.
pub(crate) const MAX_NAMINGS: usize = 4;

/// Longest way back from a path to the file that it begins at: `str(Path(__file__).resolve().parent / "notes" / "server.py")`
/// and the variables in between are nine.
pub(crate) const MAX_PATH_STEPS: usize = 16;

/// Most values looked at on the way back from a place that waits to the coroutines it waits for. Lists of tasks have a dozen.
pub(crate) const MAX_PARTS_OF_TASKS: usize = 256;

/// Most frames looked at on the way back from a place where a value leaks to the function that it came into. The calls between
/// them are few; behind a helper that all tools call stands the whole program.
pub(crate) const MAX_CALLING_FRAMES: usize = 2_000;

/// Most meetings of one instruction that are kept; rules need one of each kind.
pub(crate) const MAX_MEETINGS: usize = 8;

/// Through how many functions a result is followed that each hands back: `return command(rest)`, which `return check()`s.
pub(crate) const MAX_HANDED_BACK: usize = 3;

/// Most functions looked through to find out where a function writes that replaces a writer. Such a filter is small.
pub(crate) const MAX_REPLACED: usize = 16;

/// Deepest wrapping of a served object by library calls and functions: `Router::new(with_log(server))` is two.
pub(crate) const MAX_SERVER_DEPTH: usize = 4;

/// Deepest choice among transports that is looked through: literals in a table are two.
pub(crate) const MAX_TRANSPORT_DEPTH: usize = 4;

/// Longest way back from a value to the place that it was made of.
pub(crate) const MAX_WAY: usize = 8;

// ---- The taint pass -------------------------------------------------------------------------------------------------

/// How deep the fields of an object are followed that is written whole.
pub(crate) const MAX_SHOWN_DEPTH: usize = 2;

/// Most classes of a value that is shown with its fields: an object's own and a declared one, or an object's two.
pub(crate) const MAX_SHOWN_CLASSES: usize = 2;

/// Most parameters asked about on the way back from one line. A logging helper that everything calls has some hundred
/// callers, each with a few parameters of its own.
pub(crate) const MAX_PARAMS: usize = 4_000;

/// Longest field path followed. Real configuration objects are at most `config.api.auth.key` deep; SDK arguments are at
/// `request.params.arguments.query`. What is deeper belongs to the object that holds it.
pub(crate) const MAX_PATH: usize = 4;

/// Most origins one value keeps. A settings object has a few dozen fields, what a dispatcher of thirty tools gives back some
/// sixty origins; more is a table of data. Counted apart for sources and for symbols. Of what a function gives back
/// those are kept that came the shortest way.
pub(crate) const MAX_ENTRIES: usize = 80;

/// Most parts of one origin, deeper than its fields or in more than a field, that one value keeps. Code that knows the shape of
/// its data names a dozen; more are objects that hold each other, followed round and round.
pub(crate) const MAX_DEEP: usize = 24;

/// Most sinks a function's summary passes on to its callers. A dispatcher of some hundred tools has a thousand log calls behind it,
/// each of which its arguments reach as themselves and in texts.
pub(crate) const MAX_SINKS: usize = 8_192;

/// Most writes to variables that outlive the call a summary passes on.
pub(crate) const MAX_WRITES: usize = 128;

/// Most errors in what a function returns. All of them say the same: what failed inside. What an error carries is not
/// counted, and errors in debug format apart from others.
pub(crate) const MAX_ERRORS: usize = 6;

/// Most calls inside a call that are looked at to see where in a function they get. A logger has a handful of helpers.
pub(crate) const MAX_ENTERED: usize = 64;

/// How deep in conditions, and in the functions they ask, what they ask for is looked for: `if is_managed()`, which gives what a method
/// gives, is two for each of them.
pub(crate) const MAX_ASKED_DEPTH: usize = 12;

/// How deep in conditions, and in the functions they ask, a check of a value is looked for: `if (!isKnown(name))` is two.
pub(crate) const MAX_CHECK_DEPTH: usize = 6;

/// In how many places a container is made of which it is asked whether the program names all that is in it. What is made in more
/// is passed around so much that nobody lists it; each may be made of others.
pub(crate) const MAX_LISTS: usize = 16;

/// Most schemas that are looked into for what describes one argument. One that is made of others is made of a handful.
pub(crate) const MAX_SCHEMAS: usize = 64;

/// Most blocks of a function whose answer is taken for a check of what it was given. Two stand for each field that it looks at.
pub(crate) const MAX_GUARD_BLOCKS: usize = 96;

/// Most states of such a function that are looked at: one for a block, two for each variable that is true or false there.
pub(crate) const MAX_GUARD_STEPS: usize = 400;

/// Most visits of one block. States only grow; two rounds carry a value round a loop, the others are for nested loops.
pub(crate) const MAX_VISITS: u32 = 5;

/// Most rounds over functions that call each other in a circle.
pub(crate) const MAX_ROUNDS: usize = 4;

/// From this many functions on, a circle that still grew when it was left is told. Small ones are recursion over data, which
/// only finds longer and longer paths into it.
pub(crate) const LARGE_CIRCLE: usize = 32;

/// Longest trace. Nobody reads more steps; beyond it a value is followed without a trace of the middle.
pub(crate) const MAX_TRACE: u32 = 48;

/// Most callees of one call whose effects are joined. A dispatch table calls some hundred handlers.
pub(crate) const MAX_CALLEES: usize = 1_024;

/// Most facts about variables that outlive a call. Real servers have some thousand.
pub(crate) const MAX_HEAP_FACTS: usize = 200_000;

/// Most instructions of a function whose calls hand a value to a log only: a logging helper is small.
pub(crate) const MAX_WRAPPER: usize = 160;

/// Most fields of one long-lived variable in which one source is followed. More are linked objects that hold each other,
/// and to say that all of them hold the source would be wrong nearly everywhere.
pub(crate) const MAX_HEAP_PARTS: usize = 6;

/// Most fields of one source, each in a field of its own, in one long-lived variable: a settings object that was read from the
/// environment. Large ones have some dozen.
pub(crate) const MAX_HEAP_FIELDS: usize = 64;

/// How deep in a place a field of a source is a setting: `config.http.auth.token`.
pub(crate) const MAX_FIELD_DEPTH: usize = 3;

/// Most sources in one long-lived variable. A settings object has a few dozen; a variable with more is a table of data.
pub(crate) const MAX_HEAP_SOURCES: usize = 64;

/// Most parts in which one long-lived variable is followed into another, beside fields.
pub(crate) const MAX_WRITE_PARTS: usize = 24;

/// Fewest calls of a logging helper: what is called once is an ordinary function that logs, and is edited itself.
pub(crate) const MIN_WRAPPER_CALLERS: usize = 2;

/// Most words in a text that a logging helper puts around what it is given. `[server] Error in tool:` is a label that all
/// callers share; `removed 3 entries of project x from the cache` is a message, edited where it is written.
pub(crate) const MAX_LABEL_WORDS: usize = 4;

// ---- Copies of decorators ---------------------------------------------------------------------------------------------

/// Most instructions of a decorator that is copied for each use. Decorators have some dozen; one with more is a framework.
pub(crate) const MAX_COPIED_FUNCTION: usize = 400;

/// Least letters of a word in capitals by which a program marks its errors: `LOGIN_NEEDED`. Shorter ones stand in other words.
pub(crate) const MIN_MARK: usize = 3;

/// Most decorators on top of each other behind which a function is known by its own name.
pub(crate) const MAX_DECORATORS: usize = 8;

/// How often what is used in copies is copied in turn: a decorator that uses another one on the function it makes.
pub(crate) const MAX_COPY_ROUNDS: usize = 3;

/// Most instructions of a function that is copied for each name that it keeps something under. Those that are meant have a
/// dozen lines; what does more than keep is a part of the program like any other.
pub(crate) const MAX_KEYED_FUNCTION: usize = 120;

/// Most names that such a function is called with. With more it is a table of data and no record with a few fields.
pub(crate) const MAX_KEYED_NAMES: usize = 40;

/// Most instructions of a function that is copied for each name by which it picks a part of something: `text(args, "day")`. Such
/// helpers look whether it is there and what type it has.
pub(crate) const MAX_PICKING_FUNCTION: usize = 80;

/// Most names that such a function is called with: as many as all tools of a large server have arguments.
pub(crate) const MAX_PICKED_NAMES: usize = 150;

/// How often the calls in copies are looked at: `needed(args, key)` calls `text(args, key)`, which calls `part(args, key)`.
pub(crate) const MAX_PICKING_ROUNDS: usize = 3;

/// Most instructions that those copies add to a program.
pub(crate) const MAX_PICKING_COPIES: usize = 30_000;

/// Most instructions that copies add to a program: as many as a server of some ten thousand lines has.
pub(crate) const MAX_COPIES: usize = 60_000;

/// Most steps from a name to what it means, when only the text is read: imports of imports, aliases.
pub(crate) const MAX_STATIC_DEPTH: usize = 12;

/// How deep the parts of a computed log level are looked into: `getattr(logging, os.getenv("L", "INFO").upper())` has three.
pub(crate) const MAX_LEVEL_DEPTH: usize = 5;

/// Deepest chain of conditions, functions and variables from a filter of levels to the words that it compares.
pub(crate) const MAX_FILTER_DEPTH: usize = 12;

/// Most values that are looked at to tell whether a logger's own filter leaves a call out: a filter is a function or two.
pub(crate) const MAX_FILTER_VALUES: usize = 500;

/// Most steps from a filter of log records back to the calls that it is made by: a builder, its directives, what stands in where
/// a variable is not set.
pub(crate) const MAX_FILTER_STEPS: usize = 64;

// ---- The rules ------------------------------------------------------------------------------------------------------

/// Longest chain of calls followed back from a place to the entry.
pub(crate) const MAX_WAY_BACK: usize = 10_000;

/// Deepest chain of values that is followed to see whether a write is the protocol itself.
pub(crate) const MAX_SLICE: usize = 24;

/// Most names of fields that are taken out of such a value: a message is at most `state.answer.body.text` deep.
pub(crate) const MAX_SLICE_NAMES: usize = 4;

/// Deepest nesting of a written text in which words are looked for: `head + (word + value)`, by way of a variable.
pub(crate) const MAX_WORDS: usize = 12;

/// Longest text that is taken for the name of a level or mode, which tells a function what to do. Messages are longer.
pub(crate) const MAX_MODE: usize = 24;

/// The same of a text in capitals, the name of a variable of the environment: `SHELVES_WITHOUT_ANY_PLACEHOLDERS`.
pub(crate) const MAX_VARIABLE: usize = 64;
