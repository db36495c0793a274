//! Texts that are put together: what of the values in them shows, and what of it stands in the path of a URL, or behind a `?`,
//! in its query. Where a text is cut off there, nothing of that is left.

use crate::base::bounds::MAX_STATIC_DEPTH;
use crate::base::idx::Id;
use crate::ir::func::FuncId;
use crate::ir::instr::{
    Base, Call, Const, Entry, Field, Hole, InstrId, Op, Oper, PASSWORD_REGEX, QUERY_REGEX, RecordKind, TextPart,
};
use crate::ir::program::Language;
use crate::ir::types::TypeRef;
use crate::resolve::solve::CallKind;
use crate::resolve::values::{At, Site, Value};

use super::domain::{self, ANY, ERR, Form, Marks, Root};
use super::leading::assigned;
use super::no_error::is_no_error;
use super::shown::Shown;
use super::transfer::Pass;
use super::tree::Tree;
use super::words::Keeps;

/// What the query of a URL stands behind.
const QUERY_SIGN: char = '?';

/// What the path of a URL stands behind, and what the server of one does.
const PATH_SIGN: char = '/';
const SCHEME_SIGN: &str = "://";

/// What the parts of a text so far say of the next one.
#[derive(Clone, Copy, Default)]
struct Behind {
    path: bool,
    query: bool,
}

impl Behind {
    /// Behind a text that is written out, too.
    fn and(self, text: &str) -> Self {
        let path = self.path || text.replace(SCHEME_SIGN, "").contains(PATH_SIGN);
        Self { path, query: self.query || text.contains(QUERY_SIGN) }
    }

    fn mark(self, shown: Tree) -> Tree {
        let shown = if self.path { shown.marked(Marks::PATH) } else { shown };
        if self.query { shown.marked(Marks::QUERY) } else { shown }
    }
}

/// The type of Rust that holds a value or an error, and the method that makes one of it with the same error.
const RESULT: &str = "Result";
const MAP: &str = "map";

/// What stands between the password of an address and the server.
const USER_SIGN: &str = "@";

/// What stands between its user and its password.
const USER_END: char = ':';

/// What stands between a name and what it stands for in a text, or between the scheme of an address and the rest.
const PAIR_SIGNS: [&str; 3] = ["=", ":", "://"];

/// Does a part of a text stand where the password of an address does: `https://${user}:${password}@${host}`?
fn is_password(parts: &[TextPart], at: usize) -> bool {
    let literal = |part: &TextPart| match part {
        TextPart::Lit(text) => text.to_string(),
        TextPart::Hole(..) => String::new(),
    };
    let before: String = parts[..at].iter().map(literal).collect();
    let is_behind_user = before.rsplit_once(SCHEME_SIGN).is_some_and(|(_, user)| user.ends_with(USER_END));
    is_behind_user && matches!(parts.get(at + 1), Some(TextPart::Lit(text)) if text.starts_with(USER_SIGN))
}

impl Pass<'_, '_> {
    pub(super) fn text(&mut self, parts: &[TextPart], at: At) -> Tree {
        let mut tree = Tree::default();
        let mut behind = Behind::default();
        for (n, part) in parts.iter().enumerate() {
            match part {
                TextPart::Lit(text) => behind = behind.and(text),
                TextPart::Hole(value, hole) => {
                    let shown = behind.mark(self.in_hole(*value, *hole, at));
                    tree.join(&if is_password(parts, n) { shown.marked(Marks::PASSWORD) } else { shown });
                }
            }
        }
        tree
    }

    fn in_hole(&mut self, value: InstrId, hole: Hole, at: At) -> Tree {
        let form = match hole {
            Hole::Display | Hole::Chain => Form::Text,
            Hole::Debug if self.language == Language::Rust => Form::Debug,
            Hole::Debug => Form::Text,
        };
        if let Some(shown) = self.formatted(value, hole, at) {
            return shown.formed(form, at);
        }
        // What is written out around values shows each as it shows itself: `Some(token)`, `(name, token)`.
        if form == Form::Debug
            && let Op::Record(record) = &self.func.instrs[value].op
            && matches!(record.kind, RecordKind::Variant | RecordKind::Array | RecordKind::Tuple)
            && !record.entries.iter().any(|entry| matches!(entry, Entry::Spread(_)))
        {
            let mut tree = Tree::default();
            for entry in &record.entries.clone() {
                if let Entry::Field(_, part) = entry {
                    tree.join(&self.in_hole(*part, hole, at));
                }
            }
            return tree;
        }
        // A result that may be an error is unpacked before it is shown.
        let held = self.shown(value, form);
        let held = if hole == Hole::Display { self.uppermost(&held) } else { held };
        // But a whole one shows its error in a text that shows what is inside: `format!("{result:?}")`.
        let is_whole = form == Form::Debug && self.gives_result(value, MAX_STATIC_DEPTH);
        let error = if is_whole { held.read(ERR).formed(form, at) } else { Tree::default() };
        let held = held.only(|entry| is_no_error(entry) && self.shows_inside(value, hole, entry));
        let held = if self.language == Language::Python { self.seen(value, held, at) } else { held };
        let mut tree = held.formed(form, at);
        if self.language != Language::Script && (hole == Hole::Debug || self.language == Language::Python) {
            tree.join(&self.inside(value, Shown::Text, at).formed(form, at));
        }
        tree.join(&error);
        tree
    }

    /// Is a value the result of a function of the program which says that it gives one, as it is?
    fn gives_result(&self, value: InstrId, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        match &self.func.instrs[value].op {
            Op::Load(place) if place.path.is_empty() => {
                assigned(self.func, &place.base).is_some_and(|from| self.gives_result(from, depth))
            }
            Op::Await(value) => self.gives_result(*value, depth),
            Op::Call(call) => {
                let program = self.taint.values.program;
                let is_result = |func: FuncId| match &program.funcs[func].ret {
                    Some(TypeRef::Named(named)) => program.type_name(named).is_some_and(|name| name == RESULT),
                    _ => false,
                };
                let callees = self.taint.values.callees((self.id, value));
                let is_own = !callees.is_empty()
                    && callees.iter().all(|(func, kind)| *kind == CallKind::Direct && is_result(*func));
                let of = match (&*call.callee.path, &call.callee.base) {
                    ([Field::Name(name)], Base::Value(of)) if name == MAP => Some(*of),
                    _ => None,
                };
                is_own || of.is_some_and(|of| self.gives_result(of, depth))
            }
            _ => false,
        }
    }

    /// What of a value a text shows that says nothing of what an error was made of.
    pub(super) fn uppermost(&self, held: &Tree) -> Tree {
        if self.language != Language::Rust {
            return held.clone();
        }
        held.map(|mut entry| {
            if !matches!(entry.root, Root::Source(_)) {
                entry.marks = entry.marks.with(Marks::UPPERMOST);
            }
            (!entry.marks.has(Marks::BENEATH)).then_some(entry)
        })
    }

    /// What a sum of texts holds.
    pub(super) fn added(&self, operands: &[InstrId], at: At) -> Tree {
        if self.language == Language::Python && operands.iter().any(|operand| self.is_count(*operand)) {
            return Tree::default();
        }
        let mut tree = Tree::default();
        if self.language == Language::Python && operands.iter().any(|operand| self.is_own_list(*operand)) {
            for operand in operands {
                tree.join(&self.given[operand.index()].copied());
            }
            return tree;
        }
        let mut behind = Behind::default();
        for operand in operands {
            tree.join(&behind.mark(self.shown(*operand, Form::Text).formed(Form::Text, at)));
            behind = self.behind(*operand, behind, MAX_STATIC_DEPTH);
        }
        tree
    }

    /// Is it a list that the program writes out? What is added to one is another list.
    fn is_own_list(&self, value: InstrId) -> bool {
        let values = self.taint.values;
        values.of(self.id, value).items().iter().any(|value| match value {
            Value::Record(Site::Instr((func, at))) => {
                matches!(&values.program.funcs[*func].instrs[*at].op, Op::Record(made) if made.kind == RecordKind::Array)
            }
            _ => false,
        })
    }

    /// Is it a number, or a variable that began as one and is only added to? What Python adds to a number is one.
    pub(super) fn is_count(&self, value: InstrId) -> bool {
        let is_number = |value: InstrId| matches!(self.func.instrs[value].op, Op::Const(Const::Int(_) | Const::Num(_)));
        let Op::Load(place) = &self.func.instrs[value].op else { return is_number(value) };
        let Base::Local(local) = place.base else { return false };
        if !place.path.is_empty() || self.func.params.iter().any(|param| param.local == local) {
            return false;
        }
        let loads_it = |value: &InstrId| matches!(&self.func.instrs[*value].op, Op::Load(from) if from == place);
        let mut begins = false;
        let adds = self.func.instrs.iter().all(|instr| match &instr.op {
            Op::Store(to, value) if to.base == place.base => {
                begins |= is_number(*value);
                is_number(*value)
                    || matches!(&self.func.instrs[*value].op, Op::Operator(Oper::Add, parts) if parts.iter().any(loads_it))
            }
            _ => true,
        });
        begins && adds
    }

    /// What a text says of what follows it, by what is written out of it.
    fn behind(&self, text: InstrId, known: Behind, depth: usize) -> Behind {
        let Some(depth) = depth.checked_sub(1) else { return known };
        match &self.func.instrs[text].op {
            Op::Const(Const::Str(text)) => known.and(text),
            Op::Text(parts) => parts.iter().fold(known, |known, part| match part {
                TextPart::Lit(text) => known.and(text),
                TextPart::Hole(..) => known,
            }),
            Op::Operator(Oper::Add, operands) => {
                operands.iter().fold(known, |known, operand| self.behind(*operand, known, depth))
            }
            _ => known,
        }
    }

    /// What the first part of a text holds that was split where a name ends and what the name stands for begins:
    /// `cookie.split("=")`, `decoded.split(":")`, or where the query begins: `url.split("?")`. It is a name, then, of whatever is
    /// a secret in the other part, or has no query.
    pub(super) fn first_part(&self, of: &Base, tree: Tree) -> Tree {
        match self.separator(of) {
            Some(sign) if PAIR_SIGNS.contains(&sign) => tree.marked(Marks::OTHER_PART),
            Some(sign) if sign.strip_prefix(QUERY_SIGN) == Some("") => tree.without_query(),
            _ => tree,
        }
    }

    /// What a part behind the first one holds of a text that was split where the password of an address ends: the server,
    /// `address.split("@")[1]`.
    pub(super) fn later_part(&self, of: &Base, tree: Tree) -> Tree {
        if self.separator(of) == Some(USER_SIGN) { tree.without_password() } else { tree }
    }

    /// What a method gives that takes one item: of a split text the last one, `address.split("@").pop()`, `.at(-1)`.
    pub(super) fn item_taken(&self, call: &Call, receiver: &Tree) -> Tree {
        let item = receiver.only(|entry| !entry.marks.has(Marks::UNREAD)).map(|entry| Some(item_of(entry)));
        let words = self.taint.words;
        let is_from_end = match call.args.first() {
            None => {
                matches!(call.callee.path.last(), Some(Field::Name(name)) if words.is_last_method(self.language, name))
            }
            Some(arg) => matches!(self.func.instrs[arg.value].op, Op::Const(Const::Int(-1 | 1..))),
        };
        if is_from_end { self.later_part(&call.callee.base, item) } else { item }
    }

    /// Where a text was split, if a value is the parts of one.
    fn separator(&self, parts: &Base) -> Option<&str> {
        let made = match parts {
            Base::Value(value) => *value,
            Base::Local(_) => assigned(self.func, parts)?,
            _ => return None,
        };
        let Op::Call(call) = &self.func.instrs[made].op else { return None };
        let (Some(Field::Name(method)), Some(separator)) = (call.callee.path.last(), call.args.first()) else {
            return None;
        };
        match &self.func.instrs[separator.value].op {
            Op::Const(Const::Str(sign))
                if matches!(self.taint.words.keeping_method(self.language, method), Some(Keeps::Part)) =>
            {
                Some(sign)
            }
            _ => None,
        }
    }

    /// Does a method replace the query of a text: `url.replace(/\?.*/, "")`?
    pub(super) fn cuts_query(&self, call: &Call) -> bool {
        let pattern = call.args.first().map(|arg| &self.func.instrs[arg.value].op);
        matches!(pattern, Some(Op::Unknown(what, _)) if *what == QUERY_REGEX)
    }

    /// Does a method replace the password in a URL: `url.replace(/:[^@]+@/, ":***@")`? The replacement does not bring back the
    /// group of the pattern that it is in.
    pub(super) fn cuts_password(&self, call: &Call) -> bool {
        let [pattern, given] = call.args.as_slice() else { return false };
        let (Op::Unknown(what, group), Op::Const(Const::Str(given))) =
            (&self.func.instrs[pattern.value].op, &self.func.instrs[given.value].op)
        else {
            return false;
        };
        let brings_back = |group: &InstrId| match self.func.instrs[*group].op {
            Op::Const(Const::Int(number)) => given.contains(&format!("${number}")),
            _ => true,
        };
        *what == PASSWORD_REGEX && !given.contains("$&") && !group.iter().any(brings_back)
    }
}

impl Tree {
    /// The same with nothing of what stands behind the server of a URL.
    pub(super) fn only_server(&self) -> Self {
        let is_behind = Marks::QUERY.with(Marks::PATH);
        self.only(|entry| !entry.marks.has(is_behind)).marked(Marks::NO_QUERY.with(Marks::NO_PATH))
    }

    /// The same with nothing of what stands in the query of a URL.
    pub(super) fn without_query(&self) -> Self {
        self.only(|entry| !entry.marks.has(Marks::QUERY)).marked(Marks::NO_QUERY)
    }
    /// The same with nothing of what stands in an address as its password.
    pub(super) fn without_password(&self) -> Self {
        self.only(|entry| !entry.marks.has(Marks::PASSWORD)).marked(Marks::NO_USER)
    }
}

/// What an item of a list has of what the list has.
fn item_of(mut entry: domain::Entry) -> domain::Entry {
    if entry.at.first().is_some_and(|key| key == ANY || key.parse::<u32>().is_ok()) {
        entry.step_inside(1);
    }
    entry
}
