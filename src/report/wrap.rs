//! Breaks text into lines of a width, with an indent for all lines but the first.

use std::fmt::Write as _;

/// Narrower than this nothing is wrapped well; a terminal that says so is not believed.
pub(crate) const MIN_WIDTH: usize = 40;

/// `text` behind `first`, wrapped at `width` columns, the following lines behind `rest`.
pub(crate) fn wrap(text: &str, width: usize, first: &str, rest: &str) -> String {
    let mut res = String::from(first);
    let mut used = first.chars().count();
    let mut fresh = true;
    for word in text.split(' ') {
        let len = word.chars().count();
        // A log reader takes a line that starts with `::` for a command, whatever the indent.
        let fits = used + usize::from(!fresh) + len <= width || word.starts_with("::");
        if !fresh && !fits {
            res.truncate(res.trim_end_matches(' ').len());
            let _ = write!(res, "\n{rest}");
            used = rest.chars().count();
            fresh = true;
        }
        if fresh && word.is_empty() {
            continue;
        }
        if !fresh {
            res.push(' ');
            used += 1;
        }
        res.push_str(word);
        used += len;
        fresh = false;
    }
    res.push('\n');
    res
}
