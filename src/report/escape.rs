//! Makes text of the audited program harmless: to the terminal, to GitHub's log reader, in JSON and in URIs.
//!
//! A character that a terminal acts on, or that turns the reading direction, is written as its code point: `<U+001B>`.

use std::fmt::Write as _;

/// `text` for one line on a terminal or in a log.
pub(crate) fn visible(text: &str) -> String {
    let mut res = String::with_capacity(text.len());
    for (at, char) in text.char_indices() {
        push_visible(&mut res, text, at, char);
    }
    res
}

/// Writes the character at byte `at` of `text` as `visible` would.
pub(crate) fn push_visible(res: &mut String, text: &str, at: usize, char: char) {
    // GitHub's log reader takes `##[command]` anywhere in a line for an order.
    let order = char == '[' && text.get(..at).is_some_and(|before| before.ends_with("##"));
    if order || is_active(char) {
        // Writing to a string does not fail.
        let _ = write!(res, "<U+{:04X}>", u32::from(char));
    } else {
        res.push(char);
    }
}

/// Does a terminal or an editor do something other than draw it?
pub(crate) fn is_active(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Finished JSON with all active characters as `\u` escapes, and orders to GitHub's log reader broken. In valid JSON both can
/// only stand inside strings.
pub(crate) fn json(text: &str) -> String {
    let mut res = String::with_capacity(text.len());
    let mut done = 0;
    let harmless = |char: &char| (' '..='~').contains(char) && *char != '[' || *char == '\n';
    for (at, char) in text.char_indices().filter(|(_, char)| !harmless(char)) {
        let order = char == '[' && text[..at].ends_with("##");
        if order || is_active(char) {
            res.push_str(&text[done..at]);
            done = at + char.len_utf8();
            for unit in char.encode_utf16(&mut [0; 2]) {
                let _ = write!(res, "\\u{unit:04x}");
            }
        }
    }
    res.push_str(&text[done..]);
    res
}

/// The message of a workflow command.
pub(crate) fn workflow_data(text: &str) -> String {
    let mut res = String::with_capacity(text.len());
    for (at, char) in text.char_indices() {
        match char {
            '%' => res.push_str("%25"),
            '\r' => res.push_str("%0D"),
            '\n' => res.push_str("%0A"),
            _ => push_visible(&mut res, text, at, char),
        }
    }
    res
}

/// A property of a workflow command. Nothing but its escapes: a path must stay the path.
pub(crate) fn workflow_property(text: &str) -> String {
    workflow_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A relative path as the path of a URI reference.
pub(crate) fn uri(path: &str) -> String {
    let mut res = String::with_capacity(path.len());
    for byte in path.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte);
        if plain {
            res.push(char::from(byte));
        } else {
            let _ = write!(res, "%{byte:02X}");
        }
    }
    res
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_orders_become_code_points() {
        assert_eq!(visible("a\u{1b}[31mb\u{202e}c\u{9b}\r\n"), "a<U+001B>[31mb<U+202E>c<U+009B><U+000D><U+000A>");
        assert_eq!(visible("##[add-mask]x #[x] ::y"), "##<U+005B>add-mask]x #[x] ::y");
        assert_eq!(visible("größe 日本"), "größe 日本");
    }

    #[test]
    fn workflow_text_cannot_start_a_command() {
        assert_eq!(workflow_data("50%\r\n::error::x"), "50%25%0D%0A::error::x");
        assert_eq!(workflow_property("a,b:c\n"), "a%2Cb%3Ac%0A");
    }

    #[test]
    fn json_keeps_its_meaning() {
        let text = serde_json::to_string("\u{202e}\u{9b}\u{e0041}ä").expect("a string");
        let safe = json(&text);
        assert_eq!(safe, r#""\u202e\u009b\udb40\udc41ä""#);
        assert_eq!(serde_json::from_str::<String>(&safe).expect("valid"), "\u{202e}\u{9b}\u{e0041}ä");
        assert_eq!(json(r###""x##[add-mask]""###), r###""x##\u005badd-mask]""###);
    }

    #[test]
    fn uris_are_ascii_and_relative() {
        assert_eq!(uri("a b/ü#1%:.ts"), "a%20b/%C3%BC%231%25%3A.ts");
    }
}
