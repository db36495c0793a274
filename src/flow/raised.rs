//! Secrets in errors that nothing in the program puts there: a library raises them in a helper, and handlers let them through.
//!
//! ```text
//! def fetch(path): answer = client.get(path, params={"key": KEY}); answer.raise_for_status()
//! def search(text): return fetch(f"search/{text}")
//! def details(number): return fetch(f"details/{number}")
//! ```

use crate::ir::func::FuncId;
use crate::resolve::values::At;

use super::domain::{Entry, Heap, Kind, Root};
use super::solve::Taint;
use super::summary::Sink;
use super::trace::What;

impl Taint<'_> {
    /// Where a secret gets into an error that a helper lets through, and each handler that calls it: in the helper, once for all.
    /// What a handler raises anew it decides itself.
    pub(super) fn place_of_raise(&self, sink: Sink, entry: &Entry) -> Option<At> {
        if !self.may_be_secret(entry.root) {
            return None;
        }
        let steps = entry.trace.steps();
        let mut func = sink.at.0;
        let mut before = uncaught(&steps, func);
        while let [rest @ .., (at, What::Thrown(callee))] = before
            && at.0 == func
            && entry.formed.is_none_or(|formed| formed.0 != func)
        {
            func = *callee;
            before = uncaught(rest, func);
        }
        if func == sink.at.0 {
            return None;
        }
        // A text of the program's own stands below what raises it: `url = f"{BASE}?key={KEY}"` is none of an error.
        let last = before.last().map(|(at, _)| *at);
        [entry.formed, last].into_iter().flatten().filter(|at| at.0 == func).max()
    }

    /// Is something no error and no response, or may it be that: what a variable of the program holds?
    fn may_be_secret(&self, root: Root) -> bool {
        match root {
            Root::Source(source) => {
                matches!(self.names.sources[source].kind, Kind::Env | Kind::EnvAll | Kind::Credential | Kind::Headers)
            }
            Root::Heap(heap) => matches!(self.names.heaps[heap], Heap::Cell(_) | Heap::Field(..)),
            Root::Param(_) => false,
        }
    }
}

/// The steps before an error is caught and raised again as it is: `except ValueError: return ""`, `with client: …`.
fn uncaught(mut steps: &[(At, What)], func: FuncId) -> &[(At, What)] {
    while let [rest @ .., (at, What::Caught | What::Given)] = steps
        && at.0 == func
    {
        steps = rest;
    }
    steps
}
