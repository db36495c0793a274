//! Texts in which the program itself finds a credential: what is shown of the text may be that. So may the words of the command
//! line, where the program looks for a token among them.
//!
//! ```text
//! const text = readFileSync(file, "utf8");
//! console.error("begins with:", text.slice(0, 200));
//! const token = JSON.parse(text).access_token;
//!
//! console.error("started as", process.argv);
//! const option = process.argv.find((word) => word.startsWith("--token="));
//! ```

use rustc_hash::FxHashSet;

use crate::base::Symbol;
use crate::ir::func::Function;
use crate::ir::instr::{Base, Const, Field, InstrId, Op, Place};
use crate::models::index::Table;
use crate::resolve::values::At;

use super::domain::{Entry, Kind, Marks, Root};
use super::transfer::Pass;
use super::tree::Tree;
use super::words::Secrecy;

/// What an option of a command line begins with, and what stands between the words of its name; what no option begins with that
/// is spelled so, but a header does.
const OPTION_SIGN: &str = "--";
const WORD_SIGN: char = '-';
const HEADER_SIGN: &str = "x-";

impl Pass<'_, '_> {
    /// What a call gave is kept, and a credential is read out of it. Nothing of the text is in what is read from it: the fields
    /// of that have names of their own.
    pub(super) fn credential_text(&mut self, place: &Place, value: InstrId, tree: &mut Tree, at: At) {
        let is_text_of_call = matches!(place.base, Base::Local(_)) && place.path.is_empty() && self.is_of_call(value);
        if !is_text_of_call {
            return;
        }
        let is_known = |kind: Kind| !matches!(kind, Kind::Response | Kind::Error | Kind::Stack);
        let sources = &self.taint.names.sources;
        let mut known = tree.entries().iter().filter_map(|entry| match entry.root {
            Root::Source(source) => Some(sources[source].kind),
            _ => None,
        });
        if known.any(is_known) {
            return;
        }
        let Some(name) = self.credential_read_out(&place.base) else { return };
        let mut entry = self.credential(at, name, &Tree::default());
        entry.marks = entry.marks.with(Marks::UNREAD);
        tree.add(entry);
    }

    /// Is it what a call gives, or a part of that?
    fn is_of_call(&self, value: InstrId) -> bool {
        match &self.func.instrs[value].op {
            Op::Call(_) => true,
            Op::Await(of) | Op::Load(Place { base: Base::Value(of), .. }) => self.is_of_call(*of),
            _ => false,
        }
    }

    /// The name of a credential that the function asks for in what it reads from a text.
    fn credential_read_out(&self, text: &Base) -> Option<Symbol> {
        let is_text = |value: InstrId| matches!(&self.func.instrs[value].op, Op::Load(place) if place.base == *text && place.path.is_empty());
        let mut read: FxHashSet<Base> = FxHashSet::default();
        for (id, instr) in self.func.instrs.iter_enumerated() {
            match &instr.op {
                Op::Call(call)
                    if call.args.first().is_some_and(|arg| is_text(arg.value)) && self.parses((self.id, id)) =>
                {
                    read.insert(Base::Value(id));
                }
                Op::Load(place) if read.contains(&place.base) => {
                    read.insert(Base::Value(id));
                    let mut names = place.path.iter().filter_map(|field| match field {
                        Field::Name(name) => Some(name),
                        _ => None,
                    });
                    if let Some(name) = names.find(|name| self.taint.credential(name) == Some(Secrecy::Secret)) {
                        return Some(name.clone());
                    }
                }
                Op::Store(place, value) if place.path.is_empty() && read.contains(&Base::Value(*value)) => {
                    read.insert(place.base.clone());
                }
                _ => {}
            }
        }
        None
    }

    /// The credential for which the module looks among the words of the command line: under `--token=`, or as a field of what a
    /// library made of them. Nothing of all the words is in one of them that is read.
    pub(super) fn credential_of_words(&mut self, at: At) -> Option<Entry> {
        let program = self.taint.values.program;
        let module = self.func.module;
        let mut options = program.funcs.iter().filter(|func| func.module == module).flat_map(options_asked);
        let name = options.find(|name| self.taint.credential(name).is_some())?;
        let mut entry = self.credential(at, name, &Tree::default());
        entry.marks = entry.marks.with(Marks::UNREAD);
        Some(entry)
    }

    fn parses(&self, at: At) -> bool {
        let values = self.taint.values;
        values.call_rows(at, Table::Flow).into_iter().any(|row| values.models.flow(row).parses)
    }
}

/// What a function names as options of a command line: the texts `--token=`, and fields of a variable that are spelled so,
/// `options["team-password"]`.
fn options_asked(func: &Function) -> impl Iterator<Item = Symbol> {
    func.instrs.iter().filter_map(|instr| match &instr.op {
        Op::Const(Const::Str(text)) => text.strip_prefix(OPTION_SIGN).map(|option| option.trim_end_matches('=').into()),
        Op::Load(Place { base: Base::Local(_) | Base::Cell(_), path }) => match &**path {
            [Field::Name(name)] if name.contains(WORD_SIGN) && !name.starts_with(HEADER_SIGN) => Some(name.clone()),
            _ => None,
        },
        _ => None,
    })
}
