//! Names taken apart into their words, however a language writes them.

/// Are the words the last ones of a name, or all? `*` is any one word.
pub(crate) fn ends_in(name: &str, end: &str) -> bool {
    if !end.contains('*') {
        return name.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with(' '));
    }
    let mut left = name.rsplit(' ');
    end.rsplit(' ').all(|word| left.next().is_some_and(|found| word == "*" || word == found))
}

/// Are the words somewhere in a name, one after the other?
pub(crate) fn has_phrase(name: &str, phrase: &str) -> bool {
    let is_whole = |(at, _): (usize, &str)| {
        let (before, behind) = (&name[..at], &name[at + phrase.len()..]);
        (before.is_empty() || before.ends_with(' ')) && (behind.is_empty() || behind.starts_with(' '))
    };
    // Nearly always they are not: to find that out takes far less than to get ready to tell where.
    name.contains(phrase) && name.match_indices(phrase).any(is_whole)
}

/// The words of a name: `clientSecret`, `CLIENT_SECRET` and `client-secret` are "client secret".
pub(crate) fn words(name: &str) -> String {
    let mut res = String::with_capacity(name.len() + 4);
    let mut previous_lower = false;
    for c in name.chars() {
        if c.is_alphanumeric() {
            if c.is_uppercase() && previous_lower && !res.ends_with(' ') {
                res.push(' ');
            }
            previous_lower = c.is_lowercase() || c.is_numeric();
            res.extend(c.to_lowercase());
        } else {
            if !res.is_empty() && !res.ends_with(' ') {
                res.push(' ');
            }
            previous_lower = false;
        }
    }
    res.trim_end().to_owned()
}
