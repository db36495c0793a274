//! How deep would the syntax tree of a text be? syn and this front end recurse; a text too deep for the stack is refused.
//!
//! The scan counts, per open bracket, the operators and keywords since the last `,` or `;` (a chain of operators, method
//! calls, `else if`s or prefixes nests once per link), and adds them up over all open brackets. Text, characters and comments
//! are skipped. It is a bound, not the depth.

use crate::base::bounds::RUST_DEPTH;

/// Where the text gets too deep.
pub(super) fn too_deep(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut depth = 0_usize;
    let mut open: Vec<usize> = Vec::new();
    let mut links = 0_usize;
    while let Some(&byte) = bytes.get(at) {
        let next = skip(bytes, at);
        if next > at {
            at = next;
            continue;
        }
        match byte {
            b'(' | b'[' | b'{' => {
                open.push(links);
                depth += links + 1;
                links = 0;
            }
            b')' | b']' | b'}' => {
                links = open.pop().unwrap_or(0);
                depth = depth.saturating_sub(links + 1);
                // `f()()`, `a[0][0]`: the pair is a link of the chain it stands in.
                links += 1;
                if byte == b'}' && !goes_on(bytes, at + 1) {
                    links = 0;
                }
            }
            b',' | b';' => links = 0,
            byte if byte.is_ascii_alphabetic() || byte == b'_' => {
                let len = word_len(bytes, at);
                if is_prefix(&bytes[at..at + len]) {
                    links += 1;
                }
                at += len;
                continue;
            }
            b' ' | b'\n' | b'\t' | b'\r' => {}
            byte if byte.is_ascii_punctuation() => links += 1,
            _ => {}
        }
        if depth + links > RUST_DEPTH {
            return Some(at);
        }
        at += 1;
    }
    None
}

pub(super) fn word_len(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count()
}

/// Words after which an expression or type goes one level down.
pub(super) fn is_prefix(word: &[u8]) -> bool {
    matches!(
        word,
        b"as" | b"else" | b"return" | b"break" | b"move" | b"async" | b"fn" | b"dyn" | b"impl" | b"mut" | b"ref"
    )
}

/// Does what ends before `at` go on behind its closing brace?
fn goes_on(bytes: &[u8], at: usize) -> bool {
    let rest = bytes.get(at..).unwrap_or_default().trim_ascii_start();
    rest.starts_with(b"else") || rest.first().is_some_and(|byte| b".?+-*/%&|^<>=".contains(byte))
}

/// The position after the comment, text or character that starts at `at`; `at` itself when none does.
pub(super) fn skip(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    match rest {
        [b'/', b'/', ..] => at + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()),
        [b'/', b'*', ..] => skip_comment(bytes, at),
        [b'"', ..] => skip_quoted(bytes, at + 1, b'"'),
        [b'\'', b'\\', ..] => skip_quoted(bytes, at + 1, b'\''),
        [b'\'', ..] => skip_char(bytes, at),
        [b'r' | b'b' | b'c', ..] if at == 0 || !is_word(bytes[at - 1]) => skip_raw(bytes, at),
        _ => at,
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn skip_comment(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    let mut depth = 0_usize;
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => {
                depth += 1;
                at += 2;
            }
            [b'*', b'/', ..] => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    at
}

fn skip_quoted(bytes: &[u8], start: usize, quote: u8) -> usize {
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            byte if *byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// A character, or the quote of a lifetime.
fn skip_char(bytes: &[u8], at: usize) -> usize {
    let width = match bytes.get(at + 1) {
        Some(byte) if *byte < 0x80 => 1,
        Some(byte) => byte.leading_ones() as usize,
        None => return at + 1,
    };
    if bytes.get(at + 1 + width) == Some(&b'\'') { at + width + 2 } else { at + 1 }
}

/// `r"…"`, `br#"…"#`; a plain `b"…"` is read as text on the next step.
fn skip_raw(bytes: &[u8], at: usize) -> usize {
    let mut start = at + 1;
    if bytes[at] != b'r' {
        if bytes.get(start) != Some(&b'r') {
            return at;
        }
        start += 1;
    }
    let hashes = bytes[start..].iter().take_while(|byte| **byte == b'#').count();
    if bytes.get(start + hashes) != Some(&b'"') {
        return at;
    }
    let mut end = start + hashes + 1;
    while let Some(found) = bytes.get(end..).and_then(|rest| rest.iter().position(|byte| *byte == b'"')) {
        end += found + 1;
        let closing = bytes[end..].iter().take(hashes).take_while(|byte| **byte == b'#').count();
        if closing == hashes {
            return end + hashes;
        }
    }
    bytes.len()
}
