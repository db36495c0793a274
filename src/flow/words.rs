//! Which names tell that a value is secret. The lists are data: `rules/names.toml`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;
use serde::Deserialize;

use crate::base::name_words::{ends_in, has_phrase, words};
use crate::base::{Symbol, embedded};
use crate::ir::program::Language;
use crate::models::schema::OwnNames;

/// What a name says of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Secrecy {
    Plain,
    /// Neither secret nor plain.
    Posture,
    Unknown,
    Secret,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Words {
    env: EnvWords,
    credential: CredentialWords,
    headers: HeaderWords,
    clean_methods: MethodWords,
    text_methods: MethodWords,
    part_methods: MethodWords,
    lookup_methods: MethodWords,
    copying_methods: MethodWords,
    item_methods: MethodWords,
    last_methods: MethodWords,
    position_methods: MethodWords,
    numbering_methods: MethodWords,
    pairing_methods: MethodWords,
    infallible_methods: MethodWords,
    failing_methods: MethodWords,
    membership_methods: MethodWords,
    index_methods: MethodWords,
    search_methods: MethodWords,
    digit_methods: MethodWords,
    spelling_methods: MethodWords,
    mapping_methods: MethodWords,
    cutting_methods: MethodWords,
    parts: PartWords,
    response: ResponseWords,
    argument: ArgumentWords,
    /// The first argument that a method adds to what it gives.
    added: BTreeMap<String, usize>,
    /// The first argument that a method gives as it is.
    handed: BTreeMap<String, usize>,
    showing: ShowingWords,
    redaction: RedactionWords,
    switches: SwitchWords,
    log_functions: LogWords,
    /// What the user says of variables, in words; it wins.
    #[serde(skip)]
    own_secret: Vec<String>,
    #[serde(skip)]
    own_plain: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct SwitchWords {
    words: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct LogWords {
    words: Vec<String>,
    quiet: Vec<String>,
    levels: Vec<String>,
}

/// What a part of a response is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResponsePart {
    /// Says nothing of the body: a status.
    Plain,
    /// Says which or how many: an id, a count, a link.
    Label,
    Body,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ResponseWords {
    in_errors: Vec<String>,
    plain: Vec<String>,
    labels: Vec<String>,
    prose: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ArgumentWords {
    plain: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct PartWords {
    whole: Vec<String>,
    names: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ShowingWords {
    methods: Vec<String>,
    hides: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RedactionWords {
    names: Vec<String>,
    placeholders: Vec<String>,
    parts: Vec<String>,
    secrets: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct MethodWords {
    script: Vec<String>,
    python: Vec<String>,
    rust: Vec<String>,
}

impl MethodWords {
    fn has(&self, language: Language, name: &str) -> bool {
        let names = match language {
            Language::Script => &self.script,
            Language::Python => &self.python,
            Language::Rust => &self.rust,
        };
        names.iter().any(|known| known == name)
    }
}

/// What a method gives that keeps what its object holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keeps {
    /// A text made of it.
    Text,
    /// Some of it, as it is.
    Part,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct EnvWords {
    plain: Vec<String>,
    plain_ends: Vec<String>,
    secret_ends: Vec<String>,
    addresses: Vec<String>,
    posture_ends: Vec<String>,
    secret: Vec<String>,
    besides: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct CredentialWords {
    names: Vec<String>,
    ends: Vec<String>,
    besides: Vec<String>,
    likely: Vec<String>,
    contexts: Vec<String>,
    holders: Vec<String>,
    asked: MethodWords,
    together: Vec<Together>,
}

/// A name that means a credential beside others.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Together {
    name: String,
    others: Vec<Vec<String>>,
    #[serde(default)]
    owners: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderWords {
    fields: Vec<String>,
    worst: String,
    of: Vec<String>,
    owners: Vec<String>,
    asked: Vec<String>,
    schemed: Vec<String>,
}

static OF_BINARY: LazyLock<Words> = LazyLock::new(|| embedded::read("names.toml").unwrap_or_default());

thread_local! {
    static OTHER_PARTS: RefCell<FxHashMap<Symbol, bool>> = RefCell::default();
}

/// Does the name of a part of something that holds a secret tell that the part is something else: `claims.email`,
/// `client.name`? Asked for the lists of the binary: what a value is made of does not depend on a project's own.
pub(crate) fn is_other_part(name: &Symbol) -> bool {
    OTHER_PARTS.with_borrow_mut(|known| *known.entry(name.clone()).or_insert_with(|| OF_BINARY.tells_other_part(name)))
}

/// Does a header or variable of this name begin with a word that only tells the kind of the credential behind it?
pub(crate) fn has_scheme(name: &str) -> bool {
    let name = words(name);
    OF_BINARY.headers.schemed.iter().any(|known| ends_in(&name, known))
}

impl Words {
    /// The lists the binary carries, and what a user says of variables.
    pub(crate) fn load(own: &OwnNames) -> Self {
        let mut res = OF_BINARY.clone();
        res.own_secret = own.secret.iter().map(|name| words(name)).collect();
        res.own_plain = own.plain.iter().map(|name| words(name)).collect();
        res
    }

    fn tells_other_part(&self, name: &str) -> bool {
        let is_name = name.chars().any(char::is_alphabetic) && !name.contains('.');
        is_name
            && !self.parts.whole.contains(&words(name))
            && self.env(name) != Secrecy::Secret
            && self.credential(name).is_none()
            && !self.is_headers(name)
    }

    /// Is a variable of this name the one for the name of something: `cookie_name`?
    pub(super) fn is_of_name(&self, name: &str) -> bool {
        let name = words(name);
        self.parts.names.iter().any(|known| ends_in(&name, known))
    }

    /// Methods by which a class says itself what of its objects is shown.
    pub(crate) fn showing_methods(&self) -> &[String] {
        &self.showing.methods
    }

    /// The header that gives most away.
    pub(crate) fn worst_header(&self) -> &str {
        &self.headers.worst
    }

    /// Does a function's name say that it replaces secrets?
    pub(crate) fn is_redaction(&self, name: &str) -> bool {
        words(name).split(' ').any(|word| self.redaction.names.iter().any(|known| known == word))
    }

    /// Is a text what is put in place of a secret?
    pub(crate) fn is_placeholder(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.redaction.placeholders.iter().any(|known| text.contains(known.as_str()))
    }

    /// Does a method leave some characters of a text?
    pub(crate) fn is_part_method(&self, name: &str) -> bool {
        self.redaction.parts.iter().any(|known| known == name)
    }

    /// Is a text a name, or a part of one, by which a helper finds the secrets that it replaces?
    pub(crate) fn is_part_of_secret(&self, text: &str) -> bool {
        self.redaction.secrets.iter().any(|known| text.eq_ignore_ascii_case(known))
    }

    /// Annotations of a field that say how it is shown.
    pub(crate) fn hiding(&self) -> &[String] {
        &self.showing.hides
    }

    /// Does a setting of this name turn something on?
    pub(crate) fn is_switch(&self, name: &str) -> bool {
        words(name).split(' ').any(|word| self.switches.words.iter().any(|known| known == word))
    }

    /// Does a function's name say that it logs, and nothing else: `info`, `logError`?
    pub(crate) fn is_log_function(&self, name: &str) -> bool {
        let name = words(name);
        !name.is_empty() && name.split(' ').all(|word| self.log_functions.words.iter().any(|known| known == word))
    }

    /// Does a function's name say, among other things, that it logs: `log_line`?
    pub(crate) fn tells_of_logging(&self, name: &str) -> bool {
        words(name).split(' ').any(|word| self.log_functions.words.iter().any(|known| known == word))
    }

    /// Does a function's name say that it logs what is shown on request only: `log.debug`?
    pub(crate) fn is_quiet_function(&self, name: &str) -> bool {
        let last = name.rsplit(['.', ':']).next().unwrap_or(name);
        self.is_log_function(last)
            && words(last).split(' ').any(|word| self.log_functions.quiet.iter().any(|known| known == word))
    }

    /// Does a name tell of the level that decides what is logged: `level`, `shouldLog`, `isDebugEnabled`?
    pub(crate) fn tells_level(&self, name: &str) -> bool {
        let name = words(name);
        self.log_functions.levels.iter().any(|known| has_phrase(&name, known))
    }

    /// What the name of an environment variable says.
    pub(crate) fn env(&self, name: &str) -> Secrecy {
        let name = words(name);
        let ends_with =
            |end: &String| name.strip_suffix(end.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with(' '));
        let ends = |list: &[String]| list.iter().any(ends_with);
        if self.own_secret.contains(&name) {
            return Secrecy::Secret;
        }
        if self.own_plain.contains(&name) {
            return Secrecy::Plain;
        }
        // Some addresses hold a password.
        if self.env.plain.contains(&name) {
            Secrecy::Plain
        } else if self.env.secret.iter().any(|word| word.contains(' ') && has_phrase(&name, word))
            || ends(&self.env.secret_ends)
        {
            Secrecy::Secret
        } else if ends(&self.env.posture_ends) {
            Secrecy::Posture
        } else if ends(&self.env.plain_ends) {
            Secrecy::Plain
        } else if self.env.secret.iter().any(|word| has_phrase(&name, word)) {
            let is_besides = name.split(' ').any(|word| self.env.besides.iter().any(|known| known == word));
            if is_besides && !ends(&self.env.secret) { Secrecy::Posture } else { Secrecy::Secret }
        } else {
            Secrecy::Unknown
        }
    }

    /// Does a name tell that it is an address, which may hold a password?
    pub(crate) fn is_address(&self, name: &str) -> bool {
        let name = words(name);
        let is_end =
            |end: &String| name == *end || name.strip_suffix(end.as_str()).is_some_and(|rest| rest.ends_with(' '));
        self.env.addresses.iter().any(is_end)
    }

    /// Does a method of this name give something that does not hold the object?
    pub(crate) fn is_clean_method(&self, language: Language, name: &str) -> bool {
        self.clean_methods.has(language, name)
    }

    /// Does a method of this name tell where in a text something stands?
    pub(crate) fn is_position_method(&self, language: Language, name: &str) -> bool {
        self.position_methods.has(language, name)
    }

    /// Does a method of this name give what the object holds, and in which form?
    pub(crate) fn keeping_method(&self, language: Language, name: &str) -> Option<Keeps> {
        if self.text_methods.has(language, name) {
            Some(Keeps::Text)
        } else if self.part_methods.has(language, name) {
            Some(Keeps::Part)
        } else {
            None
        }
    }

    /// Does a method of this name give the text without what it is handed first?
    pub(crate) fn is_cutting_method(&self, language: Language, name: &str) -> bool {
        self.cutting_methods.has(language, name)
    }

    /// Does a method of this name give what is kept under its first argument?
    pub(crate) fn is_lookup_method(&self, language: Language, name: &str) -> bool {
        self.lookup_methods.has(language, name)
    }

    /// Does a method of this name give the last item of a list?
    pub(crate) fn is_last_method(&self, language: Language, name: &str) -> bool {
        self.last_methods.has(language, name)
    }

    /// Does a method of this name give one item of a list?
    pub(crate) fn is_item_method(&self, language: Language, name: &str) -> bool {
        self.item_methods.has(language, name)
    }

    /// Does a method of this name give a copy of what it is called on, or of a part of that?
    pub(crate) fn is_copying_method(&self, language: Language, name: &str) -> bool {
        self.copying_methods.has(language, name)
    }

    /// Does a method of this name give pairs of an item and one of what it is handed?
    pub(crate) fn is_pairing_method(&self, language: Language, name: &str) -> bool {
        self.pairing_methods.has(language, name)
    }

    /// Does a method of this name give pairs of a number and an item?
    pub(crate) fn is_numbering_method(&self, language: Language, name: &str) -> bool {
        self.numbering_methods.has(language, name)
    }

    /// Does no method of this name give a result with an error of its own?
    pub(crate) fn is_infallible_method(&self, language: Language, name: &str) -> bool {
        self.infallible_methods.has(language, name)
    }

    /// May a method of texts of this name give an error in place of what the text holds?
    pub(crate) fn is_failing_method(&self, language: Language, name: &str) -> bool {
        self.failing_methods.has(language, name)
    }

    /// Does a method of this name tell whether a container has its argument?
    pub(crate) fn is_membership_method(&self, language: Language, name: &str) -> bool {
        self.membership_methods.has(language, name)
    }

    /// Does a method of this name tell where in a container its argument stands?
    pub(crate) fn is_index_method(&self, language: Language, name: &str) -> bool {
        self.index_methods.has(language, name)
    }

    /// Does a method of this name say whether a text is a number?
    pub(crate) fn is_digit_method(&self, language: Language, name: &str) -> bool {
        self.digit_methods.has(language, name)
    }

    /// Does a method of this name find what fulfils the function that it is handed?
    pub(crate) fn is_search_method(&self, language: Language, name: &str) -> bool {
        self.search_methods.has(language, name)
    }

    /// Does a method of this name give the same text in another spelling?
    pub(crate) fn is_spelling_method(&self, language: Language, name: &str) -> bool {
        self.spelling_methods.has(language, name)
    }

    /// Does a method of this name give nothing but what the function gives that it is handed?
    pub(crate) fn is_mapping_method(&self, language: Language, name: &str) -> bool {
        self.mapping_methods.has(language, name)
    }

    /// The first argument that a method adds to what it gives.
    pub(crate) fn first_added(&self, name: &str) -> Option<usize> {
        self.added.get(name).copied()
    }

    /// The first argument that a method gives as it is, or what the object holds: `given.or(kept)`.
    pub(crate) fn first_handed(&self, language: Language, name: &str) -> Option<usize> {
        if language == Language::Rust { self.handed.get(name).copied() } else { None }
    }

    /// Does an object of this name hold credentials in fields whose own name leaves it open?
    pub(crate) fn holds_credentials(&self, name: &str) -> bool {
        self.credential.holders.contains(&name.to_lowercase())
    }

    /// Does the name of a function or class tell that it has to do with credentials?
    pub(crate) fn is_credential_context(&self, name: &str) -> bool {
        let name = words(name);
        self.credential.contexts.iter().any(|word| has_phrase(&name, word))
    }

    /// Does the name of a class tell that a field of it whose name leaves it open is a credential?
    pub(crate) fn is_credential_owner(&self, name: &str) -> bool {
        let last = words(name).rsplit(' ').next().is_some_and(|last| self.holds_credentials(last));
        last || self.is_credential_context(name)
    }

    /// Does a field hold a credential, going by the other fields of its object?
    pub(crate) fn is_credential_among(&self, field: &str, owner: &str, all: &[&str]) -> bool {
        let field = words(field);
        let mut told = self.credential.together.iter().filter(|told| told.name == field).peekable();
        if told.peek().is_none() {
            return false;
        }
        let all: Vec<String> = all.iter().map(|name| words(name)).collect();
        let owner = words(owner);
        told.any(|told| {
            told.others.iter().any(|others| others.iter().all(|other| all.contains(other)))
                && (told.owners.is_empty() || told.owners.iter().any(|word| has_phrase(&owner, word)))
        })
    }

    /// Does the name of a part leave open what it is?
    pub(crate) fn is_whole(&self, name: &str) -> bool {
        let name = words(name);
        self.parts.whole.contains(&name)
            && !self.response.plain.contains(&name)
            && !self.response.labels.contains(&name)
    }

    /// Is an argument of this name one that says nothing worth hiding: the id of a session?
    pub(crate) fn is_plain_argument(&self, name: &str) -> bool {
        self.argument.plain.contains(&words(name))
    }

    /// What a part of this name of a response is.
    pub(crate) fn response_part(&self, name: &str) -> ResponsePart {
        let name = words(name);
        let is_label =
            |end: &String| name == *end || name.strip_suffix(end.as_str()).is_some_and(|rest| rest.ends_with(' '));
        if self.response.plain.contains(&name) {
            ResponsePart::Plain
        } else if self.response.labels.iter().any(is_label) {
            ResponsePart::Label
        } else {
            ResponsePart::Body
        }
    }

    /// Is a part of an error what the other side answered: `error.response.data`?
    pub(crate) fn is_answer_in_error(&self, path: &[Symbol]) -> bool {
        let begins = |known: &String| {
            let mut rest = path.iter();
            known.split('.').all(|name| rest.next().is_some_and(|own| own == name))
        };
        self.response.in_errors.iter().any(begins)
    }

    /// Does a part of this name of a response hold what people wrote?
    pub(crate) fn is_prose(&self, name: &str) -> bool {
        let name = words(name);
        self.response.prose.iter().any(|word| name.split(' ').next_back().is_some_and(|last| last == word))
    }

    /// Does a field of this name of a request hold its headers?
    pub(crate) fn is_headers(&self, name: &str) -> bool {
        self.headers.fields.contains(&words(name))
    }

    /// Does a field of an object hold the headers of all requests, going by its name and that of the object's type?
    pub(super) fn is_headers_of_settings(&self, name: &str, owner: &str) -> bool {
        let (name, owner) = (words(name), words(owner));
        self.headers.fields.iter().any(|known| ends_in(&name, known))
            && self.headers.owners.iter().any(|known| ends_in(&owner, known))
    }

    /// The fields of a request that hold its headers.
    pub(crate) fn headers_fields(&self) -> &[String] {
        &self.headers.fields
    }

    /// Does a method of this name give the header of a request that it is asked for?
    pub(crate) fn asks_for_header(&self, name: &str) -> bool {
        self.headers.asked.iter().any(|known| known == name)
    }

    /// Does a method of this name give the field of an object that it is asked for?
    pub(crate) fn asks_for_field(&self, language: Language, name: &str) -> bool {
        self.credential.asked.has(language, name)
    }

    /// Is an object of this name a request that came in?
    pub(crate) fn is_request(&self, name: &str) -> bool {
        self.headers.of.contains(&words(name))
    }

    /// Does a field, header or parameter of this name hold a credential? `Unknown`: it is likely.
    pub(crate) fn credential(&self, name: &str) -> Option<Secrecy> {
        let name = words(name);
        let is_besides = || name.split(' ').any(|word| self.credential.besides.iter().any(|known| known == word));
        let ends = |end: &String| ends_in(&name, end);
        if self.credential.names.contains(&name) || self.credential.ends.iter().any(ends) && !is_besides() {
            Some(Secrecy::Secret)
        } else if self.credential.likely.contains(&name) {
            Some(Secrecy::Unknown)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_by_their_words() {
        let words = Words::load(&OwnNames::default());
        assert_eq!(words.env("OPENAI_API_KEY"), Secrecy::Secret);
        assert_eq!(words.env("LOG_LEVEL"), Secrecy::Plain);
        assert_eq!(words.env("KEY_PATH"), Secrecy::Posture);
        assert_eq!(words.env("WORKSPACE"), Secrecy::Unknown);
        assert_eq!(words.credential("clientSecret"), Some(Secrecy::Secret));
        assert_eq!(words.credential("max_tokens"), None);
        assert_eq!(words.credential("userTrackerToken"), Some(Secrecy::Secret));
        assert_eq!(words.credential("next_page_token"), None);
        assert!(words.is_headers("headers") && words.is_request("httpRequest") && !words.is_request("response"));
        assert_eq!(words.env("ISSUER_TOKEN_URL"), Secrecy::Posture);
        assert!(words.is_clean_method(Language::Rust, "len"));
        assert!(!words.is_clean_method(Language::Rust, "clone"));
    }
}
