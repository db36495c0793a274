//! What a misspelt word was meant to be.

/// The word that looks most like `wrong`, if one does.
pub(crate) fn nearest<'w>(wrong: &str, words: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    words.min_by_key(|word| edits(wrong, word)).filter(|word| edits(wrong, word) <= word.chars().count() / 2)
}

/// The same for what a reader of TOML or JSON says of an unknown word: it lists those that it knows. A line to put below.
pub(crate) fn hint(fault: &str) -> String {
    let near = fault.rsplit_once("unknown ").and_then(|(_, rest)| {
        let mut quoted = rest.split('`').skip(1).step_by(2);
        nearest(quoted.next()?, quoted)
    });
    near.map(|near| format!("\ndid you mean `{near}`?")).unwrap_or_default()
}

/// How many letters have to be put in, taken out or changed to make `b` of `a`.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (at, from) in a.chars().enumerate() {
        let mut next = vec![at + 1];
        for (to, pair) in b.iter().zip(row.windows(2)) {
            let [diagonal, above] = pair else { continue };
            let left = next.last().copied().unwrap_or_default();
            next.push((diagonal + usize::from(from != *to)).min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_similar_words_are_guessed() {
        let words = || ["stdout-write", "env-in-log"].into_iter();
        assert_eq!(nearest("stdout-wirte", words()), Some("stdout-write"));
        assert_eq!(nearest("colour", words()), None);
    }

    #[test]
    fn a_reader_s_list_is_read() {
        let fault = "1 | unknown = 1\nunknown field `pedantik`, expected one of `pedantic`, `min-level`";
        assert_eq!(hint(fault), "\ndid you mean `pedantic`?");
        assert_eq!(hint("unknown variant `colour`, expected `stdio` or `http`"), "");
        assert_eq!(hint("missing field `reason`"), "");
    }
}
