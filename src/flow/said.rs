//! What a condition asks of the text of a caught error: whether one of some marks is in it, words in capitals that
//! the program writes there itself.
//!
//! ```python
//! except Exception as exc:
//!     if not quiet or any(word in str(exc) for word in LOGIN_WORDS):
//!         raise
//! ```
//!
//! An error whose text the program wrote without such a word comes out of this only where `quiet` is false. Of what else is in
//! its text nobody knows: that a library or a response happens to have the very word is left out.

use crate::base::Symbol;
use crate::base::bounds::{MAX_CHECK_DEPTH, MIN_MARK};
use crate::base::idx::Id;
use crate::ir::func::{BlockId, End};
use crate::ir::instr::{Call, Field, InstrId, Op, Oper, Place, TextPart};
use crate::ir::program::Language;
use crate::models::index::Table;
use crate::resolve::ports::argument;

use super::checks::{Checks, returned};
use super::conditions::Scope;
use super::domain::Entry;
use super::solve::Taint;
use super::transfer::Pass;
use super::tree::Tree;

/// A text has one of the words in it.
struct Said {
    place: Place,
    words: Vec<Symbol>,
}

impl Checks<'_, '_> {
    /// What a condition says of a text where it holds.
    fn said(&self, on: InstrId, depth: usize) -> Option<Said> {
        let depth = depth.checked_sub(1)?;
        match &self.func.instrs[on].op {
            Op::Operator(Oper::In, operands) => {
                let [word, text] = operands[..] else { return None };
                let words = self.values.of(self.id, word).texts()?.into_iter().cloned().collect();
                Some(Said { place: self.text_place(text, depth)?, words })
            }
            Op::Load(place) if place.path.is_empty() => self.said(self.only_store(place)?, depth),
            Op::Call(call) => self.said_of_some(call, on, depth).or_else(|| self.said_by_callee(call, on, depth)),
            _ => None,
        }
    }

    /// `any(word in text for word in WORDS)`
    fn said_of_some(&self, call: &Call, at: InstrId, depth: usize) -> Option<Said> {
        let models = self.values.models;
        let rows = self.values.call_rows((self.id, at), Table::Clean);
        let port = rows.into_iter().find_map(|row| models.port(models.clean(row).true_of_some.as_deref()?))?;
        let Op::Load(list) = &self.func.instrs[argument(call, &port.head)?].op else { return None };
        let mut items = self.func.instrs.iter().filter_map(|instr| match &instr.op {
            Op::Store(place, value) if place.base == list.base && *place.path == [Field::Any] => Some(*value),
            _ => None,
        });
        let item = items.next().filter(|_| items.next().is_none())?;
        self.said(item, depth)
    }

    /// `is_login_error(exc)`
    fn said_by_callee(&self, call: &Call, at: InstrId, depth: usize) -> Option<Said> {
        let [(callee, _)] = self.values.callees((self.id, at)) else { return None };
        let func = &self.values.program.funcs[*callee];
        let inner = Checks { id: *callee, func, ..*self };
        let said = inner.said(returned(func)?, depth)?;
        let arg = call.args.get(inner.param(&said.place)?)?;
        Some(Said { place: self.text_place(arg.value, depth)?, ..said })
    }

    /// The place of which a value is the text, also by way of a variable.
    fn text_place(&self, value: InstrId, depth: usize) -> Option<Place> {
        let place = self.place(value, depth)?;
        match self.only_store(&place).map(|stored| (stored, &self.func.instrs[stored].op)) {
            Some((stored, Op::Call(_))) => self.text_place(stored, depth.checked_sub(1)?),
            _ => Some(place),
        }
    }
}

/// Is a word one that only a program writes, as a mark: in capitals? `404` and `not found` come in the texts of others.
fn is_marker(word: &str) -> bool {
    let is_mark = |part: &str| part.len() >= MIN_MARK && part.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    word.split_whitespace().any(is_mark)
}

impl Pass<'_, '_> {
    /// What of a caught error is raised again in the block that is looked at, and when: not where a condition asks for words that
    /// its text lacks.
    pub(super) fn left_by_words(&self, caught: InstrId, tree: Tree) -> Tree {
        if self.language != Language::Python || tree.is_empty() {
            return tree;
        }
        let mut words: Vec<Symbol> = Vec::new();
        let mut never: Vec<(BlockId, bool)> = Vec::new();
        for (id, block) in self.func.blocks.iter_enumerated() {
            if let End::Branch { on, yes, no } = block.end
                && yes != no
                && let Some((said, holds)) = self.says(on, true, caught)
                && said.words.iter().all(|word| is_marker(word))
            {
                words.extend(said.words);
                never.push((id, holds));
            }
        }
        if never.is_empty() {
            return tree;
        }
        let Taint { values, conditions, .. } = &*self.taint;
        let scope = Scope { all: conditions, values, id: self.id, func: self.func, body: &self.body };
        let when = scope.runs(&never).and_then(|when| when.get(self.block.index()).cloned());
        let Some(when) = when else { return tree };
        tree.map(|entry| match &when {
            _ if !self.lacks_words(&entry, &words) => Some(entry),
            Some(when) => entry.also(when),
            None => None,
        })
    }

    /// What a condition says of the text of a caught error, and whether where it is true.
    fn says(&self, on: InstrId, holds: bool, caught: InstrId) -> Option<(Said, bool)> {
        if let Op::Operator(Oper::Not, operands) = &self.func.instrs[on].op {
            return self.says(*operands.first()?, !holds, caught);
        }
        let Taint { values, words, filled, guards, .. } = &*self.taint;
        let checks = Checks { values, words, filled, guards, id: self.id, func: self.func };
        let said = checks.said(on, MAX_CHECK_DEPTH)?;
        (checks.only_store(&said.place) == Some(caught)).then_some((said, holds))
    }

    /// Did the program write the text that something is in, and none of the words?
    fn lacks_words(&self, entry: &Entry, words: &[Symbol]) -> bool {
        let mut is_written = false;
        for (at, _) in entry.trace.steps() {
            let func = &self.taint.values.program.funcs[at.0];
            let written = match &func.instrs[at.1].op {
                Op::Text(parts) => Some(parts),
                Op::Call(call) => call.args.iter().find_map(|arg| match &func.instrs[arg.value].op {
                    Op::Text(parts) => Some(parts),
                    _ => None,
                }),
                _ => None,
            };
            let Some(parts) = written else { continue };
            is_written = true;
            let has_word = |part: &TextPart| match part {
                TextPart::Lit(text) => {
                    let text = text.to_lowercase();
                    words.iter().any(|word| text.contains(&word.to_lowercase()))
                }
                TextPart::Hole(..) => false,
            };
            if parts.iter().any(has_word) {
                return false;
            }
        }
        is_written
    }
}
