//! Format strings: `"{name} of {0:?} {:>5}"`.

use crate::base::Symbol;
use crate::ir::instr::Hole;

pub(super) enum Piece {
    Lit(String),
    Hole { arg: HoleArg, hole: Hole },
}

/// Which argument a hole shows.
pub(super) enum HoleArg {
    /// The next one that no hole before took; behind as many widths as are given by `*`.
    Next(usize),
    At(usize),
    Name(Symbol),
}

/// Reads a format string. `None` when it is none: a brace that opens no hole.
pub(super) fn pieces(text: &str) -> Option<Vec<Piece>> {
    let mut res = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        literal.push_str(&rest[..at]);
        let found = &rest[at..];
        if let Some(after) = found.strip_prefix("{{").or_else(|| found.strip_prefix("}}")) {
            literal.push_str(&found[..1]);
            rest = after;
            continue;
        }
        let inner = found.strip_prefix('{')?;
        let (spec, after) = inner.split_once('}')?;
        if !literal.is_empty() {
            res.push(Piece::Lit(std::mem::take(&mut literal)));
        }
        res.push(hole(spec)?);
        rest = after;
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        res.push(Piece::Lit(literal));
    }
    Some(res)
}

fn hole(spec: &str) -> Option<Piece> {
    let (arg, format) = spec.split_once(':').unwrap_or((spec, ""));
    let (arg, format) = (arg.trim(), format.trim());
    let arg = if arg.is_empty() {
        HoleArg::Next(usize::from(format.contains(".*")))
    } else if let Ok(at) = arg.parse() {
        HoleArg::At(at)
    } else if is_name(arg) {
        HoleArg::Name(arg.strip_prefix("r#").unwrap_or(arg).into())
    } else {
        return None;
    };
    let hole = match format {
        debug if debug.ends_with('?') => Hole::Debug,
        chain if chain.contains('#') => Hole::Chain,
        _ => Hole::Display,
    };
    Some(Piece::Hole { arg, hole })
}

fn is_name(text: &str) -> bool {
    let text = text.strip_prefix("r#").unwrap_or(text);
    let starts = text.starts_with(|first: char| first.is_alphabetic() || first == '_');
    starts && text.chars().all(|char| char.is_alphanumeric() || char == '_')
}
