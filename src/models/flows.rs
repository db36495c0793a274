//! The rows about data: where values come from, how they move through calls, and which calls leave nothing of them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::schema::Condition;

/// Where JSON that is made of values holds the texts of errors: those are no fields that JSON shows.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErrorText {
    /// Of an error that is handed over itself.
    #[serde(default)]
    pub(crate) whole: bool,
    /// Of one under these keys.
    #[serde(default)]
    pub(crate) keys: Vec<String>,
    /// Ports: of all, where something is handed over there.
    #[serde(default)]
    pub(crate) unless: Vec<String>,
    /// Message and stack of each, by whoever makes the JSON.
    #[serde(default)]
    pub(crate) texts: bool,
}

/// Where values of interest come from.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceRow {
    /// `env`, `env-all`, `response`, `credential`, `argument`, `stdin`, `error`, `stack` (a formatted trace),
    /// `headers` (names and values of which some are credentials), `serialised` (text of an object: what a protocol sends).
    pub(crate) kind: String,
    /// Members whose reading is the source: `process.env.*`. Of these `when` tells about the call that made the object.
    #[serde(default)]
    pub(crate) reads: Vec<String>,
    #[serde(default)]
    pub(crate) calls: Vec<String>,
    /// Port with the name (of the environment variable); for `reads` the last member.
    pub(crate) name: Option<String>,
    /// Port with what it gives where nothing has the name.
    pub(crate) default: Option<String>,
    /// Ports that get the value; default `return`. `arg.1.param.0`: what the library calls a function with that it is handed.
    #[serde(default)]
    pub(crate) gives: Vec<String>,
    /// What functions are called with that are handed over, by the last name of a parameter's type, or of a class that it derives
    /// from: the field of the parameter that it is in; none: the parameter itself.
    #[serde(default)]
    pub(crate) params: BTreeMap<String, String>,
    /// What it gives in an error is in fields that JSON leaves out.
    #[serde(default)]
    pub(crate) unlisted: bool,
    /// For what a function is called with: it holds for functions with at most so many parameters, or at least so many, where
    /// the library goes by that.
    pub(crate) most_params: Option<usize>,
    pub(crate) least_params: Option<usize>,
    /// Fields that what it gives does not have.
    #[serde(default)]
    pub(crate) lacks: Vec<String>,
    #[serde(default)]
    pub(crate) when: Vec<Condition>,
    pub(crate) versions: Option<String>,
    /// For `response`: what it is, in the words of a message; default "the body of a response".
    pub(crate) says: Option<String>,
    /// Told on request only, since most programs of the kind log it on purpose, where the function that asked for it does or one
    /// that gets it from there; not further on: there it is data of the program, the branch that it works on or a record of its own.
    #[serde(default)]
    pub(crate) near: bool,
    /// It holds of calls that make the schema of a handler's arguments only.
    #[serde(default)]
    pub(crate) of_schema: bool,
    /// For `stdin`: it is over only when the other side has closed it. Whoever waits for that answers no requests.
    #[serde(default)]
    pub(crate) to_end: bool,
    /// For `stdin`: it reads one line, or one piece: requests come that way where it is done again and again.
    #[serde(default)]
    pub(crate) single: bool,
    /// For `argument`: it is the body of a request that the program answers. One that speaks the protocol by hand serves there.
    #[serde(default)]
    pub(crate) requests: bool,
}

/// A call that sends a request, or makes what sends requests.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestRow {
    pub(crate) calls: Vec<String>,
    /// Ports with the headers. A table of the program's that arrives there holds credentials if it is filled with what the code
    /// does not know: `--header "Authorization: Bearer …"`.
    pub(crate) headers: Vec<String>,
}

/// How data moves through a library call. Without a row a library call's result holds its arguments and receiver, in doubt.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FlowRow {
    pub(crate) calls: Vec<String>,
    pub(crate) from: Vec<String>,
    pub(crate) to: Vec<String>,
    /// What is moved becomes a text here: `String(x)`.
    #[serde(default)]
    pub(crate) text: bool,
    /// The same, and the text shows what is in its fields: `inspect(x)`.
    #[serde(default)]
    pub(crate) debug: bool,
    /// Of an object of the program, what is in its fields is moved, too (a `text` shows it anyhow): `str(x)`.
    #[serde(default)]
    pub(crate) shows: bool,
    /// A text is read here: what it holds has fields again: `JSON.parse(x)`.
    #[serde(default)]
    pub(crate) parses: bool,
    /// What is moved is a copy: what is put into it later is not put into what it was made of: `dict(x)`.
    #[serde(default)]
    pub(crate) copies: bool,
    /// What is given back is the very object that is handed over.
    #[serde(default)]
    pub(crate) same: bool,
    /// An object of the class comes out that the method is called on: `Model.validate(x)`.
    #[serde(default)]
    pub(crate) instance: bool,
    /// An object of the class itself comes out as it is: nothing is raised. `Model.model_validate(model)`.
    #[serde(default)]
    pub(crate) leaves_own: bool,
    /// The class of what is taken comes out, and nothing that is in it: `type(self)`.
    #[serde(default)]
    pub(crate) class: bool,
    /// An object of the class that is taken comes out, and nothing that is in it: `container.get(Service)`.
    #[serde(default)]
    pub(crate) object: bool,
    /// It goes through what is moved: of a table the keys are moved, which are names: `list(x)`.
    #[serde(default)]
    pub(crate) items: bool,
    /// What is made of it names a thing, and is no secret: the path of a file.
    #[serde(default)]
    pub(crate) names: bool,
    /// What is made of it is the path of a file: no secret, whatever the name of the variable says that it stands in.
    #[serde(default)]
    pub(crate) of_file: bool,
    /// Only this part of the address is moved that is handed over.
    pub(crate) of_address: Option<AddressPart>,
    /// The call gives no error of its own.
    #[serde(default)]
    pub(crate) infallible: bool,
    /// A result is moved with its error: `Box::pin(future)`. What is thrown is what is handed over itself, not a text of it.
    #[serde(default)]
    pub(crate) whole: bool,
    /// What is moved stands in an `Ok` of the result: an error in it is not the error of the call: `timeout(limit, future)`.
    #[serde(default)]
    pub(crate) in_ok: bool,
    /// A port with the name of a member: what is moved is that member, and not the whole: `getattr(x, name)`.
    pub(crate) member: Option<String>,
    /// A port with the name under which it goes through a channel, apart from what goes there under others: of an event.
    pub(crate) topic: Option<String>,
    /// The field, or the fields with dots between them, in which what comes out of a channel has it: `config.url`.
    pub(crate) sent_in: Option<String>,
    /// Ports of texts that name the field under which it is kept. Of several options on a command line that is the long one.
    #[serde(default)]
    pub(crate) kept_as: Vec<String>,
    /// Ports of object literals: only fields of the names that they have are moved, where they tell all names.
    #[serde(default)]
    pub(crate) only: Vec<String>,
    /// Ports of lists, sets and tables that are written out: the fields that they name are not moved.
    #[serde(default)]
    pub(crate) drops: Vec<String>,
    /// Fields of what is handed over that are not moved: options.
    #[serde(default)]
    pub(crate) without: Vec<String>,
    /// JSON is made of what is moved.
    pub(crate) errors: Option<ErrorText>,
    /// It is an error, over which another text stands from then on.
    #[serde(default)]
    pub(crate) beneath: bool,
    /// It stands behind the `?` of a URL.
    #[serde(default)]
    pub(crate) query: bool,
    /// It is moved to fields that JSON leaves out: the text of an error.
    #[serde(default)]
    pub(crate) unlisted: bool,
    /// Ports with what is put in place of parts of a text: where that says that something is left out, secrets are.
    #[serde(default)]
    pub(crate) redacts: Vec<String>,
    /// Conditions on the call under which it moves.
    #[serde(default)]
    pub(crate) when: Vec<Condition>,
    /// Versions of the library in which it moves.
    pub(crate) versions: Option<String>,
    /// The class of what it throws, as `errors` lists it: only clauses for that class or one that it is a kind of take it.
    pub(crate) raises: Option<String>,
}

/// A call that makes a channel, a queue or the like: what is put in at one end comes out at the other, wherever both are. The
/// `flow` rows of its methods name that by the port `sent`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChannelRow {
    #[serde(default)]
    pub(crate) calls: Vec<String>,
    /// All objects of a kind that the library makes and hands out are one: what one function that gets one puts there, another
    /// one takes out.
    #[serde(default)]
    pub(crate) objects: Vec<String>,
    /// Calls that put an end of a channel into something through which it is used as before, or that give a part of it: a lock.
    #[serde(default)]
    pub(crate) around: Vec<String>,
    /// What is put into it comes out of the call that makes it: a promise, which is waited for where it is made.
    #[serde(default)]
    pub(crate) here: bool,
}

/// A call whose result holds nothing of what it was given: hashes, lengths, key lists, redaction.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CleanRow {
    #[serde(default)]
    pub(crate) calls: Vec<String>,
    /// Members that hold nothing of what they belong to: how large a table is, what its columns are called.
    #[serde(default)]
    pub(crate) reads: Vec<String>,
    /// Ports at which only a number makes it true: `Number.isInteger(x)`.
    #[serde(default)]
    pub(crate) numbers: Vec<String>,
    /// Ports at which only a number lets it come back: `int(text)`.
    #[serde(default)]
    pub(crate) proves: Vec<String>,
    /// Which port is handed a name, and which the table that it is true of: `Object.hasOwn(table, name)`.
    pub(crate) member: Option<MemberPorts>,
    /// A port: it is true where that is: `Boolean(x)`.
    pub(crate) truth_of: Option<String>,
    /// A port: it is false where nothing is there: `callable(x)`.
    pub(crate) false_of_nothing: Option<String>,
    /// A port: it is true only where something in the list there is: `any(tests)`.
    pub(crate) true_of_some: Option<String>,
    /// It asks whether something of a level is logged. What runs only where it is has that level, and is behind no switch.
    #[serde(default)]
    pub(crate) asks_level: bool,
    /// It asks whether its first argument is an async function.
    #[serde(default)]
    pub(crate) asks_async: bool,
    /// Fields that the first argument does not have where it is false: `isAxiosError(error)`. The same of an object that is
    /// none of the class.
    #[serde(default)]
    pub(crate) lacking: Vec<String>,
}

/// The ports of a call that asks whether a table has a name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MemberPorts {
    pub(crate) name: String,
    pub(crate) of: String,
}

/// Members of what a library makes of an address that only say which server it is: nothing of the query, and no secret.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServerPartRow {
    pub(crate) reads: Vec<String>,
}

/// A part of an address.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AddressPart {
    /// Which server it is: no secret, and nothing of what stands behind that.
    Server,
    /// What stands before the query.
    Path,
}

/// Members of what a library makes of an address that hold its password: once it is overwritten, the address holds none.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordPartRow {
    pub(crate) writes: Vec<String>,
}

/// A member of what is made of an address that is a part of its text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TextPartRow {
    pub(crate) writes: Vec<String>,
    /// It stands behind what says which server and which thing are meant.
    #[serde(default)]
    pub(crate) query: bool,
}

/// A call that describes a field which is left out where its object is shown: `field(repr=False)`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnshownRow {
    pub(crate) calls: Vec<String>,
    #[serde(default)]
    pub(crate) when: Vec<Condition>,
}

/// A call that describes values which say nothing worth hiding: numbers, truth values, one of a few constants.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlainRow {
    #[serde(default)]
    pub(crate) calls: Vec<String>,
    /// Types that are such a description themselves, under whatever name: `Kind = Literal["old", "new"]`.
    #[serde(default)]
    pub(crate) types: Vec<String>,
    /// Ports of a pattern: it is one of a few constants where that only lists words: `^(old|new)$`.
    #[serde(default)]
    pub(crate) lists: Vec<String>,
    /// Ports of other descriptions: it describes the same as these, or less: `text.pipe(kind)`.
    #[serde(default)]
    pub(crate) of: Vec<String>,
}
