//! Does a query ask a database for counts and nothing else: `SELECT COUNT(*) AS n FROM boats`?

use crate::base::bounds::MAX_ALIASES;
use crate::ir::func::FuncId;
use crate::ir::instr::{Base, Const, InstrId, Op, TextPart};
use crate::models::path::{Port, PortHead};

use super::ports::argument;
use super::solve::Values;
use super::values::At;

/// What a query begins with, what stands behind all that it asks for, and what counts.
const SELECT: &str = "SELECT ";
const FROM: &str = " FROM ";
const COUNT: &str = "COUNT(";

/// What stands for a value that is put into the query.
const HOLE: &str = "?";

impl Values<'_> {
    /// Is the text that a call is given such a query?
    pub(super) fn given_counts(&self, at: At, port: &Port) -> bool {
        if let PortHead::Chain(method, inner) = &port.head {
            let made = self.chain(at).into_iter().find(|call| self.is_call_of(*call, method));
            return made.is_some_and(|made| self.given_counts(made, inner));
        }
        let given = self.call_at(at).and_then(|call| argument(call, &port.head));
        let query = given.filter(|_| port.path.is_empty()).and_then(|given| self.query(at.0, given, MAX_ALIASES));
        query.is_some_and(|query| only_counts(&query))
    }

    /// A text that is written out, but for what is put into it.
    fn query(&self, func: FuncId, value: InstrId, left: usize) -> Option<String> {
        let left = left.checked_sub(1)?;
        match &self.program.funcs[func].instrs[value].op {
            Op::Const(Const::Str(text)) => Some(text.to_string()),
            Op::Text(parts) => {
                let text = |part: &TextPart| match part {
                    TextPart::Lit(text) => text.to_string(),
                    TextPart::Hole(..) => HOLE.to_owned(),
                };
                Some(parts.iter().map(text).collect())
            }
            Op::Load(place) if place.path.is_empty() => match &place.base {
                Base::Value(value) => self.query(func, *value, left),
                Base::Local(local) => self.query(func, self.set_once(func, *local)?, left),
                Base::Cell(cell) => {
                    let (owner, value) = self.kept_once(*cell)?;
                    self.query(owner, value, left)
                }
                Base::Global(_) => None,
            },
            _ => None,
        }
    }
}

/// Is all that a query asks for a count?
fn only_counts(query: &str) -> bool {
    let query = query.split_whitespace().collect::<Vec<_>>().join(" ").to_uppercase();
    let Some((asked, _)) = query.strip_prefix(SELECT).and_then(|rest| rest.split_once(FROM)) else { return false };
    let mut depth = 0_usize;
    let mut items = vec![String::new()];
    for c in asked.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match items.last_mut() {
            Some(item) if c != ',' || depth > 0 => item.push(c),
            _ => items.push(String::new()),
        }
    }
    items.iter().all(|item| {
        let Some(counted) = item.trim().strip_prefix(COUNT) else { return false };
        // Behind it stands nothing but the name of the column.
        let behind = counted.split_once(')').map_or("", |(_, behind)| behind.trim());
        behind.is_empty()
            || behind.strip_prefix("AS ").unwrap_or(behind).chars().all(|c| c.is_alphanumeric() || "_\"`".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_that_count_are_told_from_others() {
        assert!(only_counts("SELECT COUNT(*) AS n FROM boats"));
        assert!(only_counts("select count(distinct berth) n,\n  COUNT(*)\nfrom berths where harbour = ?"));
        assert!(!only_counts("SELECT name, COUNT(*) FROM boats GROUP BY name"));
        assert!(!only_counts("SELECT COUNT(*) || name FROM boats"));
        assert!(!only_counts("SELECT counter FROM boats"));
        assert!(!only_counts("SELECT ? FROM boats"));
    }
}
