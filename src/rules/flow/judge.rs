//! Is a leak a finding, of which rule, and how grave?

use crate::base::Symbol;
use crate::finding::{Level, Persona};
use crate::flow::domain::{ANY, Entry, FIRST, Form, Kind, Marks, Root, SourcePlace};
use crate::flow::places::is_never_error;
use crate::flow::solve::{Leak, Taint, is_error_part};
use crate::flow::summary::Drain;
use crate::flow::trace::What;
use crate::flow::words::{ResponsePart, Secrecy, Words, has_scheme, is_other_part};
use crate::ir::func::{FuncId, FuncKind};
use crate::ir::program::Language;
use crate::models::handlers::HandlerKind;
use crate::models::levels::LogLevel;
use crate::resolve::values::At;
use crate::rules::Cx;

use super::levels;
use super::spans::{self, Written};
use crate::rules::stdout::protocol::{is_log_notification, takes_log_notification};

/// What a leak is.
#[derive(Clone, Debug)]
pub(super) struct Verdict {
    pub(super) rule: &'static str,
    /// None: the catalogue's.
    pub(super) level: Option<Level>,
    pub(super) pedantic: bool,
    pub(super) doubts: Vec<String>,
    /// What leaks, in words.
    pub(super) what: String,
}

impl Verdict {
    /// The gravest first.
    pub(super) fn rank(&self) -> (bool, Level, bool) {
        (!self.pedantic, self.level.unwrap_or(Level::Error), self.doubts.is_empty())
    }

    /// As a note that is shown on request only.
    fn on_request(self) -> Self {
        Self { level: Some(Level::Note), pedantic: true, ..self }
    }

    pub(super) fn persona(&self) -> Option<Persona> {
        if self.pedantic { Some(Persona::Pedantic) } else { None }
    }
}

pub(super) fn judge(cx: &Cx<'_>, taint: &Taint<'_>, leak: &Leak) -> Option<Verdict> {
    let to_agent = leak.hit.sink.drain == Drain::Agent;
    let is_no_secret = match leak.source.kind {
        Kind::Env | Kind::Credential => is_no_secret_part(&leak.hit.entry),
        // The names in it are those of variables.
        Kind::EnvAll => leak.hit.entry.marks.has(Marks::OTHER_PART),
        _ => false,
    };
    if is_no_secret {
        return None;
    }
    if is_no_text(taint, leak)
        || is_without_password(taint.words(), leak)
        || is_no_error(leak)
        || is_own(taint.words(), leak)
        || is_redacted(leak)
        || taint.is_left_out(leak.hit.sink, &leak.hit.entry)
        || taint.is_left_out_of_lines(leak.hit.sink, &leak.hit.entry)
    {
        return None;
    }
    let mut verdict = match (leak.source.kind, to_agent) {
        (Kind::Env | Kind::EnvAll, _) => env(taint.words(), leak, to_agent)?,
        (Kind::Credential | Kind::Headers, false) if is_scheme(leak) => return None,
        (Kind::Credential, false) => credential(taint.words(), leak)?,
        (Kind::Headers, false) => headers(cx, taint, leak)?,
        (Kind::Argument, false) => argument(cx, taint, leak)?,
        (Kind::Response, false) => response(cx, taint.words(), leak)?,
        (Kind::Error | Kind::Stack, true) => error(cx, leak)?,
        (Kind::Error, false) => answer_in_error(cx, taint.words(), leak)?,
        (Kind::Response, true) if leak.hit.entry.marks.has(Marks::RAISED) => raised_response(cx, taint.words(), leak)?,
        _ => return None,
    };
    // The name of a variable, and not what that holds.
    if matches!(leak.source.kind, Kind::Env | Kind::Credential) && taint.is_looked_up_by(leak.hit.entry.root) {
        verdict = verdict.on_request();
    }
    let written = if to_agent { Written::Always } else { spans::written(cx, leak.hit.sink) };
    if written == Written::Never {
        verdict = verdict.on_request();
        verdict.doubts.push("it stands in front of what is logged inside, and the program logs nothing there".into());
    }
    if taint.is_not_printed(leak.hit.sink, &leak.hit.entry) {
        verdict = verdict.on_request();
        verdict.doubts.push("the lines of the logger, as the program makes them, leave it out".into());
    }
    if let Root::Source(_) = leak.hit.entry.root
        && !to_agent
        && cx.values.call_name(leak.hit.sink.at).is_some_and(|name| name.ends_with("debug") || name.ends_with("trace"))
    {
        verdict.doubts.push("it is logged at debug level only".into());
    } else if let Written::With(LogLevel::Debug | LogLevel::Trace) = written {
        verdict.doubts.push("it stands in front of records at debug level only".into());
    } else if !to_agent && levels::is_quiet(cx, taint.words(), &leak.hit) {
        verdict.doubts.push("it is logged at debug level only".into());
    }
    Some(verdict)
}

/// Is it the first word of a header that tells which kind of credential follows: `header.split(" ")[0]`?
fn is_scheme(leak: &Leak) -> bool {
    let path = &leak.hit.entry.path;
    let name = path.iter().rfind(|name| name.chars().any(char::is_alphabetic)).or(leak.source.name.as_ref());
    path.last().is_some_and(|last| last.as_str() == FIRST) && name.is_some_and(|name| has_scheme(name))
}

/// Is it a secret, or an argument that is a text, where the program made sure that no text gets?
fn is_no_text(taint: &Taint<'_>, leak: &Leak) -> bool {
    let is_text = match leak.source.kind {
        Kind::Env | Kind::Credential => true,
        Kind::Argument => leak.hit.entry.path.is_empty() && taint.is_text_argument(&leak.source.place),
        _ => false,
    };
    is_text && leak.hit.entry.marks.has(Marks::NO_TEXT)
}

/// Is it something that is never an error, where the program made sure that nothing else gets?
fn is_no_error(leak: &Leak) -> bool {
    let entry = &leak.hit.entry;
    let of_error = entry.path.iter().position(|name| ERROR_TEXTS.contains(&name.as_str())).unwrap_or(entry.path.len());
    entry.marks.has(Marks::ERROR)
        && !entry.marks.has(Marks::RAISED)
        && is_never_error(&leak.source, &entry.path[..of_error])
}

/// Is it an address whose password was overwritten?
fn is_without_password(words: &Words, leak: &Leak) -> bool {
    let entry = &leak.hit.entry;
    let is_secret = matches!(leak.source.kind, Kind::Env | Kind::EnvAll | Kind::Credential);
    let mut names = entry.path.iter().chain(leak.source.name.as_ref());
    is_secret && entry.marks.has(Marks::NO_USER) && names.any(|name| words.is_address(name))
}

/// Is it a name that the program gave to something itself? A secret stays one, though the program knows it.
fn is_own(words: &Words, leak: &Leak) -> bool {
    let is_secret = || match (leak.source.kind, &leak.source.name) {
        (Kind::Env, Some(name)) => words.env(name) == Secrecy::Secret,
        (kind, _) => matches!(kind, Kind::EnvAll | Kind::Credential | Kind::Headers),
    };
    leak.hit.entry.marks.has(Marks::OWN) && !is_secret()
}

/// Did a helper of the program replace the secret?
fn is_redacted(leak: &Leak) -> bool {
    matches!(leak.source.kind, Kind::Env | Kind::EnvAll | Kind::Credential | Kind::Headers)
        && leak.hit.entry.marks.has(Marks::REDACTED)
}

/// The fields of an error that are its text.
const ERROR_TEXTS: &[&str] = &["message", "stack"];

/// Is an entry of a secret only a part of it whose name tells that it is something else?
fn is_no_secret_part(entry: &Entry) -> bool {
    // Of what is no error, a script asks for a message in vain: `id instanceof Error ? id.message : String(id)`.
    let is_name = |name: &&Symbol| {
        name.as_str() != ANY
            && !ERROR_TEXTS.contains(&name.as_str())
            && name.chars().any(char::is_alphabetic)
            && !name.contains('.')
    };
    entry.marks.has(Marks::OTHER_PART) || entry.path.iter().rfind(is_name).is_some_and(is_other_part)
}

/// Why a leak that `judge` gives no verdict on is no finding.
pub(super) fn why_none(taint: &Taint<'_>, leak: &Leak) -> &'static str {
    let to_agent = leak.hit.sink.drain == Drain::Agent;
    match (leak.source.kind, to_agent) {
        _ if is_no_text(taint, leak) => "no text gets there: the program asked for its type",
        _ if is_no_error(leak) => "only an error gets there: the program asked for that",
        _ if leak.hit.entry.marks.has(Marks::NO_USER) => "it is an address whose password was overwritten",
        _ if leak.hit.entry.marks.has(Marks::OWN) => "it is a name that the program gave to something itself",
        _ if is_redacted(leak) => "a helper of the program replaces the secret",
        (Kind::Env | Kind::Credential, _) if is_no_secret_part(&leak.hit.entry) => {
            "only a part of it is used, whose name is that of no secret"
        }
        (Kind::Credential | Kind::Headers, false) if is_scheme(leak) => "it only tells the kind of the credential",
        (Kind::Env | Kind::EnvAll, _) => "the variable's name is that of a harmless setting",
        (Kind::Headers, false) => "the header is none that carries credentials",
        (Kind::Argument, false) => "it can only be a number, a truth value or one of a few constants, or is a name",
        (Kind::Response, false) if leak.source.row.is_some() => {
            "it says nothing of the content, or is logged far from where it came from"
        }
        (Kind::Response, false) => "what is read of the response says nothing of its body",
        (Kind::Error | Kind::Stack, true) => "what is read of the error is no text of it",
        (Kind::Credential | Kind::Headers | Kind::Argument | Kind::Response, true) => "the agent may have it",
        (Kind::Error | Kind::Stack, false) => "errors may be logged; what they carry is judged by itself",
        (Kind::Credential, false) => "it says nothing of the credential",
    }
}

fn verdict(rule: &'static str, what: String) -> Verdict {
    Verdict { rule, level: None, pedantic: false, doubts: Vec::new(), what }
}

fn env(words: &Words, leak: &Leak, to_agent: bool) -> Option<Verdict> {
    let rule = if to_agent { "env-in-result" } else { "env-in-log" };
    let entry = &leak.hit.entry;
    let name = match leak.source.kind {
        Kind::EnvAll => entry.path.first().filter(|name| name.as_str() != "*"),
        _ => leak.source.name.as_ref(),
    };
    let Some(name) = name else {
        if leak.source.kind == Kind::EnvAll && entry.path.is_empty() {
            return Some(verdict(rule, "the whole environment".into()));
        }
        // The name in each pair of a name with a value.
        let path = || entry.path.iter().map(Symbol::as_str);
        if leak.source.kind == Kind::EnvAll && path().eq([ANY, FIRST]) {
            return None;
        }
        let mut verdict = verdict(rule, "an environment variable".into());
        verdict.level = Some(Level::Note);
        verdict.doubts.push("which variable it is, is not known".into());
        return Some(verdict);
    };
    let mut verdict = verdict(rule, format!("`{name}` from the environment"));
    let secrecy = match words.env(name) {
        Secrecy::Secret | Secrecy::Unknown if entry.marks.has(Marks::FILE) => Secrecy::Posture,
        secrecy => secrecy,
    };
    match secrecy {
        Secrecy::Plain => return None,
        Secrecy::Secret => {}
        Secrecy::Unknown => {
            verdict.level = Some(Level::Note);
            // Most fields of a settings class say how the program works.
            verdict.pedantic = leak.source.by_name;
            verdict.doubts.push(format!("the name `{name}` does not tell whether it is a secret"));
        }
        Secrecy::Posture => {
            verdict.level = Some(Level::Note);
            verdict.pedantic = true;
        }
    }
    Some(verdict)
}

fn credential(words: &Words, leak: &Leak) -> Option<Verdict> {
    let name = leak.source.name.clone().unwrap_or_default();
    if is_left(words, leak) {
        return Some(verdict("credential-in-log", LEFT.into()).on_request());
    }
    let what = if name.is_empty() { "credential material".into() } else { format!("the credential `{name}`") };
    Some(verdict("credential-in-log", what))
}

/// What is left of headers.
const LEFT: &str = "all headers but those for signing in";

/// Are these headers without the one that signs in?
fn is_left(words: &Words, leak: &Leak) -> bool {
    leak.hit.entry.without.iter().any(|name| name == words.worst_header())
}

fn headers(cx: &Cx<'_>, taint: &Taint<'_>, leak: &Leak) -> Option<Verdict> {
    if leak.hit.entry.marks.has(Marks::OTHER_PART) {
        return None;
    }
    let (SourcePlace::Instr((func, _)) | SourcePlace::Param(func, _)) = leak.source.place;
    // Of Rust's pairs of a header's name and its value, the value stands second; other languages give pairs no places.
    let is_value = |name: &str| name == "1" && cx.values.language(func) == Language::Rust;
    let mut names = leak.hit.entry.path.iter().map(Symbol::as_str).filter(|name| *name != ANY && !is_value(name));
    let is_table = taint.is_sent_table(&leak.source.place);
    let first = names.next();
    let is_left = first.is_none() && is_left(taint.words(), leak);
    let what = match first {
        // Whoever goes through a table name by name tells by the name what may be shown.
        None if is_table && leak.hit.entry.path.iter().any(|name| name == ANY) => return None,
        None if is_table => "the table of headers that requests are sent with".to_owned(),
        None if is_left => LEFT.to_owned(),
        None => "all headers, the Authorization header among them,".to_owned(),
        Some(name) => {
            taint.words().credential(name)?;
            format!("the header `{name}`")
        }
    };
    let verdict = verdict("credential-in-log", what);
    Some(if is_left { verdict.on_request() } else { verdict })
}

/// Fields of a message, and of the address it is sent to, that are the protocol's.
const ENVELOPE: &[&str] = &["method", "id", "jsonrpc", "sessionId", "session_id"];

/// What a client says of itself, and of the protocol, when it begins.
const OPENING: &[&str] = &["protocolVersion", "protocol_version", "clientInfo", "client_info", "capabilities"];

fn argument(cx: &Cx<'_>, taint: &Taint<'_>, leak: &Leak) -> Option<Verdict> {
    const OUTER: &[&str] = &["params", "arguments", "*", "request", "args", "kwargs", "0"];
    let entry = &leak.hit.entry;
    // The name of the tool, the method and the id of the request are no values.
    let mut handlers = cx.units.iter().flat_map(|unit| &unit.process.handlers);
    let is_message = match leak.source.place {
        SourcePlace::Instr(_) => true,
        SourcePlace::Param(func, _) => handlers
            .any(|handler| handler.func == func && cx.values.models.handler(handler.row).kind == HandlerKind::Route),
    };
    let is_payload = |name: &str| name.rsplit_once('.').is_some_and(|(_, at)| at.parse::<u32>().is_ok());
    let mut fields = entry.path.iter().map(Symbol::as_str).filter(|name| *name != "*" && !is_payload(name));
    if is_message
        && match (fields.next(), fields.next()) {
            (Some(first), _) if ENVELOPE.contains(&first) => true,
            (Some("params"), Some(second)) => second == "name" || OPENING.contains(&second),
            _ => false,
        }
    {
        return None;
    }
    if is_message && cx.values.answers_without_arguments(leak.hit.primary.0) {
        return None;
    }
    if entry.marks.has(Marks::SPOKEN) && is_object(cx, leak) {
        return None;
    }
    let inner = entry.path.iter().find(|name| !OUTER.contains(&name.as_str()) && !is_payload(name));
    // What is read of a text is no argument of its own: `urlsplit(page).path`.
    let inner = inner.filter(|_| !taint.is_text_argument(&leak.source.place));
    if let (Some(name), SourcePlace::Param(func, _)) = (inner, &leak.source.place) {
        let mut handlers = cx.units.iter().flat_map(|unit| &unit.process.handlers).filter(|known| known.func == *func);
        if handlers.clone().next().is_some() && handlers.all(|handler| taint.is_plain_argument(handler, name)) {
            return None;
        }
    }
    // What is in a plain argument is no more than that, whatever the field is called: `session_id.eq`.
    if inner.into_iter().chain(&leak.source.name).any(|name| taint.words().is_plain_argument(name)) {
        return None;
    }
    let name = inner.or(leak.source.name.as_ref()).cloned().unwrap_or_default();
    let is_made_up = name.strip_prefix("arg").unwrap_or(&name).parse::<u32>().is_ok();
    let what = if is_made_up || name.starts_with('<') || name.is_empty() || OUTER.contains(&name.as_str()) {
        "the arguments".into()
    } else {
        format!("the argument `{name}`")
    };
    let mut verdict = verdict("argument-in-log", what);
    if !entry.marks.has(Marks::REDACTED) && holds_credential(cx, taint, leak, inner.or(leak.source.name.as_ref())) {
        verdict.level = Some(Level::Error);
    }
    if entry.marks.has(Marks::ANSWER) {
        verdict.pedantic = true;
        verdict.doubts.push("it is read from what a library call gave back".into());
    }
    Some(verdict)
}

/// Is an argument called as a credential is, or one of those that a tool declares, where all of them are logged?
fn holds_credential(cx: &Cx<'_>, taint: &Taint<'_>, leak: &Leak, name: Option<&Symbol>) -> bool {
    let is_secret = |name: &str| taint.words().credential(name) == Some(Secrecy::Secret);
    if name.is_some_and(|name| is_secret(name)) {
        return true;
    }
    let SourcePlace::Param(func, _) = leak.source.place else { return false };
    let is_left = |name: &String| !leak.hit.entry.without.iter().any(|field| field == name);
    let handlers = cx.units.iter().flat_map(|unit| &unit.process.handlers).filter(|known| known.func == func);
    let mut names =
        handlers.flat_map(|tool| cx.values.argument_names(tool.func, tool.row, tool.at, tool.name.as_ref()));
    is_object(cx, leak) && names.any(|name| is_secret(&name) && is_left(&name))
}

/// Is it all that a tool of a script is handed? That is an object, and a text that it is put into shows nothing of it.
fn is_object(cx: &Cx<'_>, leak: &Leak) -> bool {
    let SourcePlace::Param(func, Some(0)) = leak.source.place else { return false };
    let mut handlers = cx.units.iter().flat_map(|unit| &unit.process.handlers).filter(|known| known.func == func);
    let mut is_tool = || {
        handlers.any(|handler| {
            matches!(cx.values.models.handler(handler.row).kind, HandlerKind::Tool | HandlerKind::Dispatch)
        })
    };
    let is_all = leak.hit.entry.path.iter().all(|name| name == "params" || name == "arguments");
    is_all && cx.values.language(func) == Language::Script && is_tool()
}

/// What of an answer its headers are.
const HEADERS: &str = "headers";

fn response(cx: &Cx<'_>, words: &Words, leak: &Leak) -> Option<Verdict> {
    // What comes in where the program answers requests is what the agent asks.
    if matches!(leak.source.place, SourcePlace::Instr(at) if cx.values.hand_written_serves().contains_key(&at)) {
        return None;
    }
    // A header of the whole answer that an error holds: `error.response.headers["retry-after"]`.
    if let [first, .., header] = &leak.hit.entry.path[..]
        && first.as_str() == HEADERS
        && words.credential(header).is_none()
    {
        return None;
    }
    let row = leak.source.row.map(|row| cx.values.models.source(row));
    let says = row.and_then(|row| row.says.as_deref());
    let tells = |name: &&Symbol| name.chars().any(char::is_alphabetic) && !words.is_whole(name);
    let mut names = leak.hit.entry.path.iter().rev().filter(tells);
    let part = names.next();
    // Which server an address is says no more than the address: `new URL(doc.jwks_uri).origin`.
    let part = if leak.hit.entry.marks.has(Marks::NO_PATH) { names.next().or(part) } else { part };
    let is_label = leak.hit.entry.marks.has(Marks::LABEL);
    let part = match part.map(|name| (words.response_part(name), name)) {
        // One field, handed over as an address or a name: its own name need not tell that it is a label.
        Some((ResponsePart::Body, name)) if is_label && !words.is_prose(name) => ResponsePart::Label,
        Some((part, _)) => part,
        None if is_label => ResponsePart::Label,
        None => ResponsePart::Body,
    };
    let is_near = row.is_some_and(|row| row.near);
    if is_near && (part == ResponsePart::Label || moves(cx, leak) > 1) {
        return None;
    }
    let mut verdict = verdict("response-in-log", says.unwrap_or("the body of a response").into());
    match part {
        ResponsePart::Plain => return None,
        ResponsePart::Label => {
            verdict.what = format!("a part of {}", says.unwrap_or("a response"));
            verdict.level = Some(Level::Note);
            verdict.pedantic = true;
        }
        // A field that is no text, though the program takes it for one.
        ResponsePart::Body
            if is_near || leak.hit.entry.marks.has(Marks::NO_TEXT) && !leak.hit.entry.path.is_empty() =>
        {
            verdict.level = Some(Level::Note);
            verdict.pedantic = true;
        }
        ResponsePart::Body => {}
    }
    Some(verdict)
}

/// How many functions the value was given to, or kept for, until it was logged: none, where the function that asked for it
/// does that, or one within the other.
fn moves(cx: &Cx<'_>, leak: &Leak) -> usize {
    let program = cx.values.program;
    let (SourcePlace::Instr((source, _)) | SourcePlace::Param(source, _)) = leak.source.place;
    let logged = leak.hit.primary.0;
    let is_inside = |inner: FuncId, outer: FuncId| {
        let mut next = Some(inner);
        while let Some(func) = next.filter(|func| program.funcs[*func].kind != FuncKind::Init) {
            if func == outer {
                return true;
            }
            next = program.funcs[func].parent;
        }
        inner == outer
    };
    if is_inside(source, logged) || is_inside(logged, source) {
        return 0;
    }
    let steps = leak.hit.entry.trace.steps();
    let is_move = |what: &What| matches!(what, What::Passed(_) | What::Returned(_) | What::Thrown(_) | What::Stored(_));
    steps.iter().take_while(|(at, _)| *at != leak.hit.primary).filter(|(_, what)| is_move(what)).count().max(1)
}

/// What the other side answered, as a field of an error of a client that no model describes.
fn answer_in_error(cx: &Cx<'_>, words: &Words, leak: &Leak) -> Option<Verdict> {
    let found = response(cx, words, leak).filter(|_| words.is_answer_in_error(&leak.hit.entry.path))?;
    let why = "an error carries it, if that error is raised at all";
    Some(Verdict { doubts: found.doubts.into_iter().chain([why.into()]).collect(), ..found })
}

/// What the other side answered, in the text of an error that the program raised.
fn raised_response(cx: &Cx<'_>, words: &Words, leak: &Leak) -> Option<Verdict> {
    // What is told near its source only is what the tool was asked for, an error or not.
    if leak.source.row.is_some_and(|row| cx.values.models.source(row).near) {
        return None;
    }
    let found = response(cx, words, leak)?;
    let mut verdict = verdict("error-in-result", format!("{}, in an error,", found.what));
    verdict.level = Some(Level::Note);
    verdict.pedantic = true;
    Some(verdict)
}

fn error(cx: &Cx<'_>, leak: &Leak) -> Option<Verdict> {
    const PLAIN: &[&str] = &[
        "code",
        "name",
        "status",
        "statusCode",
        "status_code",
        "errno",
        "returncode",
        "exitCode",
        "__name__",
        "__class__",
        "constructor",
    ];
    let entry = &leak.hit.entry;
    let language = cx.values.language(leak.hit.primary.0);
    let is_plain = entry.path.iter().any(|name| PLAIN.contains(&name.as_str()));
    // An error is no text.
    if is_plain || entry.marks.has(Marks::TEXT) && entry.path.is_empty() && entry.form == Form::Exact {
        return None;
    }
    let is_stack = leak.source.kind == Kind::Stack || entry.path.last().is_some_and(|name| name == "stack");
    // What is read of a text is no error any more.
    let is_itself = entry.form == Form::Exact && entry.path.is_empty() && !entry.marks.has(Marks::PARSED);
    let is_no_raw = Marks::NO_ERROR.with(Marks::OWN_ERROR).with(Marks::PASSED);
    if is_itself && entry.marks.has(is_no_raw) {
        return None;
    }
    let is_all = language == Language::Script && entry.path.is_empty() && !is_error_part(entry);
    let is_whole = is_all && (is_itself || entry.form == Form::Debug && !entry.marks.has(Marks::NO_ERROR));
    // A message of the program's own making may go through a function that sends all of them.
    let is_handed_on = |(at, what): &(At, What)| matches!(what, What::Passed(_)) && takes_log_notification(cx, *at);
    let is_notification = leak.hit.sink.row.is_some_and(|row| cx.values.models.sink(row).notification)
        || is_log_notification(cx, leak.hit.sink.at)
        || leak.hit.entry.trace.steps().iter().any(is_handed_on);
    if is_stack || entry.form == Form::Debug && language != Language::Script || is_whole {
        let what = if is_stack {
            "a stack trace"
        } else if is_whole {
            "a whole error"
        } else {
            "an error in debug format"
        };
        let verdict = verdict("error-in-result", what.into());
        return Some(if is_notification { verdict.on_request() } else { verdict });
    }
    Some(verdict("error-in-result", "the text of an error".into()).on_request())
}
