//! What the methods of containers, options and results do, told by their names: `rules/containers.toml`.

use super::Models;
use super::lists::{ErrorFate, Spelling, TextQuestion};

/// What a method of Rust gives, as far as its name tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gives {
    /// What goes through items one by one.
    Items,
    /// An option or a result.
    Payload,
    /// The one or the other, as what it is called on is.
    AsReceiver,
}

impl Models {
    /// Does a container's method of this name keep its arguments?
    pub(crate) fn keeps(&self, method: &str) -> bool {
        self.containers.keeps.contains(method)
    }

    /// Does a container's method of this name keep what a function makes that it is handed?
    pub(crate) fn makes(&self, method: &str) -> bool {
        self.containers.makes.contains(method)
    }

    /// Do only lists have a method of this name, by which they take in what they are handed?
    pub(crate) fn is_of_lists(&self, method: &str) -> bool {
        self.containers.of_lists.contains(method)
    }

    /// Does a container's method of this name take out of it what it is handed the name of?
    pub(crate) fn removes(&self, method: &str) -> bool {
        self.containers.removes.contains(method)
    }

    /// Have lists, tuples, sets or tables that are written out in Python a method of this name?
    pub(crate) fn is_of_literals(&self, method: &str) -> bool {
        self.containers.of_literals.contains(method)
    }

    /// May such a method be handed the name first under which it keeps something?
    pub(crate) fn is_keyed(&self, method: &str) -> bool {
        self.containers.keyed.contains(method)
    }

    /// Does a table's method of this name put into it what another one has, under the same names?
    pub(crate) fn merges(&self, method: &str) -> bool {
        self.containers.merges.contains(method)
    }

    /// Does a list's method of this name put into it what is in another one?
    pub(crate) fn extends(&self, method: &str) -> bool {
        self.containers.extends.contains(method)
    }

    /// Is it a method of texts that puts in what a function gives which it is handed behind what it looks for?
    pub(crate) fn writes_in(&self, method: &str) -> bool {
        self.containers.writes_in.contains(method)
    }

    /// Do all texts or containers of a language have a method of this name, so that it tells nothing of what it is called on?
    pub(crate) fn is_everywhere(&self, method: &str) -> bool {
        let own = &self.containers;
        [&own.everywhere, &own.keeps, &own.lists, &own.pairs, &own.maps, &own.iterates]
            .iter()
            .any(|list| list.contains(method))
    }

    /// Does a container's method of this name give a list of what is in it?
    pub(crate) fn lists(&self, method: &str) -> bool {
        self.containers.lists.contains(method)
    }

    /// Does a container's method of this name give a list of pairs, each a key and what is kept under it?
    pub(crate) fn pairs(&self, method: &str) -> bool {
        self.containers.pairs.contains(method)
    }

    /// Does a container's method of this name give the keys of what is in it, and nothing else?
    pub(crate) fn names(&self, method: &str) -> bool {
        self.containers.names.contains(method)
    }

    /// Does a container's method of this name give a list of what the function makes that it is handed?
    pub(crate) fn maps(&self, method: &str) -> bool {
        self.containers.maps.contains(method)
    }

    /// Does a library's function of this name give back its first argument, with something around it?
    pub(crate) fn wraps(&self, function: &str) -> bool {
        self.containers.wraps.iter().any(|start| function.starts_with(start.as_str()))
    }

    /// Does a method of this name call its argument with what is in the object?
    pub(crate) fn iterates(&self, method: &str) -> bool {
        self.containers.iterates.contains(method)
    }

    /// Does a method of this name give what goes through items, or an option or a result? `None` for one that gives neither.
    pub(crate) fn gives_of(&self, method: &str) -> Option<Gives> {
        let own = &self.containers;
        if own.iterators.contains(method) {
            Some(Gives::Items)
        } else if own.optional.contains(method) {
            Some(Gives::Payload)
        } else {
            own.both.contains(method).then_some(Gives::AsReceiver)
        }
    }

    /// Which argument a method of this name begins with that calls its function with what it gave before.
    pub(crate) fn folds_from(&self, method: &str) -> Option<usize> {
        self.containers.folds.get(method).copied()
    }

    /// Does a method of this name ask the function that it is handed for a truth value?
    pub(crate) fn asks(&self, method: &str) -> bool {
        self.containers.asks.contains(method)
    }

    /// Does a list's method of this name say whether what it is handed is one of the items?
    pub(crate) fn tells_members(&self, method: &str) -> bool {
        self.containers.members.contains(method)
    }

    /// Does a text's method of this name give a list of the pieces between what it is handed?
    pub(crate) fn splits(&self, method: &str) -> bool {
        self.containers.splits.contains(method)
    }

    /// Does a table's method of this name give what is kept under the name that it is handed?
    pub(crate) fn looks_up(&self, method: &str) -> bool {
        self.containers.looks_up.contains(method)
    }

    /// Does a method of this name only compare what it is handed with what is in the object?
    pub(crate) fn compares(&self, method: &str) -> bool {
        self.containers.compares.contains(method)
    }

    /// Does a method of this name, called without arguments, give what a lock or a cell holds?
    pub(crate) fn opens(&self, method: &str) -> bool {
        self.containers.opens.contains(method)
    }

    /// Does a method of this name give what a container, lock or cell holds, and no copy of it?
    pub(crate) fn gives_inside(&self, method: &str) -> bool {
        self.containers.inside.contains(method)
    }

    /// Does a method of this name give one of the things in a container, and no copy of it?
    pub(crate) fn gives_item_itself(&self, method: &str) -> bool {
        self.containers.inside_items.contains(method)
    }

    /// Does a method of this name call a function with an item, with the number or key of it, and with all of them?
    pub(crate) fn numbers_items(&self, method: &str) -> bool {
        self.containers.numbered.contains(method)
    }

    /// What a method of an option or result answers where there is a value, if it answers otherwise where there is none.
    pub(crate) fn says_present(&self, method: &str) -> Option<bool> {
        if self.containers.present.contains(method) {
            return Some(true);
        }
        self.containers.absent.contains(method).then_some(false)
    }

    /// Does a method of this name, called without arguments, give what the object is, wrapped in another way?
    pub(crate) fn gives_the_same(&self, method: &str) -> bool {
        self.containers.same.contains(method)
    }

    /// How a method of this name, called without arguments, spells a text in another way, if it does.
    pub(crate) fn spelling(&self, method: &str) -> Option<Spelling> {
        if self.containers.cases.contains(method) {
            return Some(Spelling::Case);
        }
        self.containers.trims.contains(method).then_some(Spelling::Trimmed)
    }

    /// A text as a method of this name spells it that is called without arguments.
    pub(crate) fn spelled(&self, method: &str, text: &str) -> Option<String> {
        Some(match self.spelling(method)? {
            Spelling::Case if self.containers.small.contains(method) => text.to_lowercase(),
            Spelling::Case => text.to_uppercase(),
            // Which end is trimmed makes no difference where there is nothing to trim.
            Spelling::Trimmed => Some(text).filter(|text| text.trim() == *text)?.to_owned(),
        })
    }

    /// What a method of this name asks of a text, if it does.
    pub(crate) fn text_question(&self, method: &str) -> Option<TextQuestion> {
        let own = &self.containers;
        let mut questions = [
            (&own.text_has, TextQuestion::Has),
            (&own.text_begins, TextQuestion::Begins),
            (&own.text_ends, TextQuestion::Ends),
        ]
        .into_iter();
        questions.find(|(names, _)| names.contains(method)).map(|(_, question)| question)
    }

    /// Does a method of this name call the function that it is handed with what happens later?
    pub(crate) fn listens(&self, method: &str) -> bool {
        self.containers.listens.contains(method)
    }

    /// Does a type of this name show what it holds as if that stood there itself?
    pub(crate) fn is_transparent(&self, ty: &str) -> bool {
        self.containers.transparent.contains(ty)
    }

    /// Is a value of a type of this name a table, and none of what is kept in it?
    pub(crate) fn is_table(&self, ty: &str) -> bool {
        self.containers.tables.contains(ty)
    }

    /// Does a method make a text of what is in a container?
    pub(crate) fn makes_text(&self, method: &str) -> bool {
        self.containers.texts.contains(method)
    }

    /// What becomes of the error of a result by a method of this name.
    /// Does a method of this name give what an error was made of?
    pub(crate) fn uncovers(&self, method: &str) -> bool {
        self.containers.errors.uncovers.iter().any(|known| known == method)
    }

    pub(crate) fn error_fate(&self, method: &str) -> Option<ErrorFate> {
        self.containers.errors.fate(method)
    }

    /// Does a method of this name hand what is in a result or option to the function that it is given?
    pub(crate) fn hands_payload(&self, method: &str) -> bool {
        self.containers.payload.contains(method)
    }

    /// Does a method of this name give back what is in a result or option?
    pub(crate) fn takes_out(&self, method: &str) -> bool {
        self.containers.errors.takes_out.iter().any(|known| known == method)
    }

    /// May a value of a type of this name, which is no result by its name, hold one?
    pub(crate) fn holds_results(&self, name: &str) -> bool {
        self.containers.errors.holders.iter().any(|known| known == name)
    }
}
