//! Servers without an SDK: a loop that reads requests from standard input, a function that answers HTTP requests.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::bounds::MAX_WAY_BACK;
use crate::ir::func::FuncId;
use crate::ir::instr::{Base, Const, Entry, Field, InstrId, Op, Oper, Place};
use crate::ir::program::{Language, ModuleId};
use crate::models::handlers::HandlerKind;
use crate::models::index::{RowRef, Table};
use crate::models::path::{Port, PortHead, Step};
use crate::models::serving::TransportKind;

use super::ports::PortValue;
use super::solve::{CallKind, Values};
use super::values::{At, Value};

/// Methods of the protocol that a program which speaks it by hand compares with.
const PROTOCOL_WORDS: [&str; 2] = ["tools/call", "tools/list"];

/// The kind of source that standard input is.
const STDIN: &str = "stdin";

/// The code nearest to a read of standard input that names the protocol's methods.
struct Nearest {
    read_in: FuncId,
    /// Calls back from the read.
    calls: usize,
    /// All that is called from there.
    below: BTreeSet<FuncId>,
}

/// Methods of the protocol that whoever answers requests by hand tells apart; the first is told from one of the others.
pub(crate) const ANSWERED: [&str; 3] = ["tools/call", "tools/list", "initialize"];

/// Functions that answer HTTP requests, or messages from elsewhere, with the call that registers each.
type Routes = BTreeSet<(At, FuncId)>;

/// What a program has to do with requests that no SDK reads.
#[derive(Default)]
struct Seen {
    /// Languages in which the protocol's methods are named.
    speaking: BTreeSet<Language>,
    /// The functions that name a method, and which.
    speakers: BTreeSet<(FuncId, usize)>,
    /// The methods of requests that the program makes itself, as a client does.
    sent: BTreeSet<(Language, usize)>,
    /// The functions that compare with each of the methods.
    comparing: [BTreeSet<FuncId>; ANSWERED.len()],
    /// Those that a table has under each of them.
    tabled: [BTreeSet<FuncId>; ANSWERED.len()],
    /// The modules whose code has an SDK serve, and the functions that do it.
    with_sdk: BTreeSet<ModuleId>,
    serving: BTreeSet<FuncId>,
    reads: Vec<At>,
    /// Functions that answer HTTP requests, with the call that registers each.
    routes: Vec<(At, FuncId)>,
    /// Reads of the body of an HTTP request that a platform hands over.
    bodies: Vec<At>,
    /// Functions that an SDK is given to run tools, with the call that gives each.
    of_sdk: Routes,
}

impl Values<'_> {
    /// Where requests come in that no SDK reads, in programs that know the protocol's methods: reads of standard input, and
    /// registrations of functions that answer HTTP requests.
    pub(crate) fn hand_written_serves(&self) -> &BTreeMap<At, TransportKind> {
        &self.by_hand
    }

    /// Does a function answer requests that call no tool? What those carry is of the protocol: versions, names, a page.
    pub(crate) fn answers_without_arguments(&self, func: FuncId) -> bool {
        self.answers_others.contains(&func)
    }

    pub(super) fn find_by_hand(&mut self) {
        let seen = self.look_by_hand();
        if seen.speaking.is_empty() {
            return;
        }
        let language = |at: &At| self.language(at.0);
        let has_sdk: BTreeSet<Language> =
            seen.with_sdk.iter().map(|module| self.program.modules[*module].language).collect();
        let before = self.modules_before();
        let around_sdk = reaching(&before, seen.with_sdk.iter().copied());
        // A program that serves by an SDK reads no requests itself; one beside it in the same package may.
        let is_apart = |at: &At| {
            let around = reaching(&before, std::iter::once(self.program.funcs[at.0].module));
            !has_sdk.contains(&language(at)) || around.is_disjoint(&around_sdk)
        };
        let (beside, alone): (Vec<At>, Vec<At>) = seen
            .reads
            .iter()
            .filter(|at| seen.speaking.contains(&language(at)))
            .partition(|at| has_sdk.contains(&language(at)));
        let comparing: BTreeSet<FuncId> = seen.comparing.iter().flatten().copied().collect();
        // What answers HTTP requests is not asked by who reads standard input.
        let routes: Routes = seen.routes.iter().copied().collect();
        // Who tells the methods apart answers requests; a client only names them.
        let mut found = self.of_requests(alone.clone(), &comparing, &routes, false);
        if found.is_empty() {
            let answers = |(func, word): &&(FuncId, usize)| !seen.sent.contains(&(self.language(*func), *word));
            let speakers: BTreeSet<FuncId> = seen.speakers.iter().filter(answers).map(|(func, _)| *func).collect();
            let speaking: BTreeSet<Language> = speakers.iter().map(|func| self.language(*func)).collect();
            let alone = alone.into_iter().filter(|at| speaking.contains(&language(at))).collect();
            // Where a message from elsewhere leads to them, requests come from there.
            let leading = self.leading_to(speakers.clone());
            let or_all = !routes.iter().any(|(_, func)| leading.contains(func));
            found = self.of_requests(alone, &speakers, &routes, or_all);
        }
        // So does code that answers all that a server is asked, and is not what the SDK reads through.
        let is_whole = |at: &At| {
            let near = self.nearest(at.0, &comparing, &routes);
            near.is_some_and(|near| {
                near.below.is_disjoint(&seen.serving)
                    && seen.comparing[1..].iter().any(|of| !near.below.is_disjoint(of))
                    && !near.below.is_disjoint(&seen.comparing[0])
            })
        };
        let bodies: Vec<At> = seen.bodies.iter().copied().filter(|at| is_apart(at) && is_whole(at)).collect();
        let bodies = self.of_requests(bodies, &comparing, &Routes::new(), false);
        let beside = beside.into_iter().filter(|at| is_apart(at) || is_whole(at)).collect();
        found.extend(self.of_requests(beside, &comparing, &routes, false));
        let mut by_hand: BTreeMap<At, TransportKind> = found.into_iter().map(|at| (at, TransportKind::Stdio)).collect();
        by_hand.extend(bodies.into_iter().map(|at| (at, TransportKind::Http)));
        // A route beside an SDK answers by itself all that it is asked, in one module that it calls for sure; a client tells methods
        // apart, too, but begins nothing. One of a copy of an SDK does so for the program around it.
        let is_own = |func: &FuncId| {
            let below = self.called_for_sure(*func);
            let [calling, .., beginning] = &seen.comparing;
            let modules = |comparing: &BTreeSet<FuncId>| -> BTreeSet<ModuleId> {
                comparing.intersection(&below).map(|func| self.program.funcs[*func].module).collect()
            };
            below.is_disjoint(&seen.serving) && !modules(calling).is_disjoint(&modules(beginning))
        };
        let own: BTreeSet<FuncId> = seen.routes.iter().map(|(_, func)| *func).filter(is_own).collect();
        let [calling, others @ ..] = seen.comparing.map(|funcs| self.leading_to(funcs));
        // What an SDK would call may be called by hand; to give it to the SDK is not to call it.
        let tools: BTreeSet<FuncId> = seen.of_sdk.iter().map(|(_, func)| *func).collect();
        let runs_tools = |func: &FuncId| !self.called_beside(&[*func], &seen.of_sdk).is_disjoint(&tools);
        let is_other = |func: &FuncId| others.iter().any(|comparing| comparing.contains(func));
        let is_copied =
            |at: &At| has_sdk.contains(&language(at)) && self.linker.is_copied(self.program.funcs[at.0].module);
        let answers =
            |at: &At, func: &FuncId| is_other(func) && (is_apart(at) || own.contains(func)) || runs_tools(func);
        let routes = seen.routes.iter().filter(|(at, func)| calling.contains(func) && answers(at, func));
        let routes = routes.filter(|(at, _)| !is_copied(at));
        by_hand.extend(routes.map(|(at, _)| (*at, TransportKind::Http)));
        self.by_hand = by_hand;
        let [calling, others @ ..] = seen.tabled;
        self.answers_others = others.into_iter().flatten().filter(|func| !calling.contains(func)).collect();
    }

    fn look_by_hand(&self) -> Seen {
        let mut seen = Seen::default();
        for (func, data) in self.program.funcs.iter_enumerated() {
            let constant = |id: &InstrId| match &data.instrs[*id].op {
                Op::Const(Const::Str(text)) => ANSWERED.iter().position(|word| word == text),
                _ => None,
            };
            for (id, instr) in data.instrs.iter_enumerated() {
                let at = (func, id);
                match &instr.op {
                    Op::Const(Const::Str(text)) => {
                        if let Some(word) = protocol_word(text) {
                            seen.speaking.insert(self.language(func));
                            seen.speakers.insert((func, word));
                        }
                    }
                    Op::Operator(Oper::Eq | Oper::Ne, operands) => {
                        for word in operands.iter().filter_map(constant) {
                            seen.comparing[word].insert(func);
                        }
                    }
                    Op::Record(record) => {
                        self.look_at_table(func, &record.entries, &mut seen);
                        self.look_at_request(func, &record.entries, &mut seen);
                    }
                    Op::Call(_) => self.look_at_call(at, &mut seen),
                    // What a variable was given was read before.
                    Op::Load(Place { base: Base::Local(_), path }) if path.is_empty() => {}
                    Op::Load(_) if self.reads_stdin(at) => seen.reads.push(at),
                    _ => {}
                }
            }
        }
        seen
    }

    /// `{"tools/list": list_tools, "tools/call": call_tool}`: what is called by the name of a method told the methods apart.
    fn look_at_table(&self, func: FuncId, entries: &[Entry], seen: &mut Seen) {
        let named = |entry: &Entry| match entry {
            Entry::Field(Field::Name(name), value) => {
                ANSWERED.iter().position(|word| *word == name.as_str()).map(|word| (word, *value))
            }
            _ => None,
        };
        let is_protocol = |word: usize| PROTOCOL_WORDS.contains(&ANSWERED[word]);
        if !entries.iter().filter_map(named).any(|(word, _)| is_protocol(word)) {
            return;
        }
        for (word, value) in entries.iter().filter_map(named) {
            let answering = self.of(func, value).items().iter().filter_map(|value| match value {
                Value::Func(answering) => Some(*answering),
                _ => None,
            });
            let answering: Vec<FuncId> = answering.collect();
            seen.comparing[word].extend(&answering);
            seen.tabled[word].extend(&answering);
            if is_protocol(word) && !answering.is_empty() {
                seen.speaking.insert(self.language(func));
            }
        }
    }

    /// `{"jsonrpc": "2.0", "method": method, …}`, where the method is known.
    fn look_at_request(&self, func: FuncId, entries: &[Entry], seen: &mut Seen) {
        for entry in entries {
            let Entry::Field(Field::Name(name), value) = entry else { continue };
            if name.as_str() != "method" {
                continue;
            }
            let word = |value: &Value| match value {
                Value::Const(Const::Str(text)) => protocol_word(text),
                _ => None,
            };
            let mut words: Vec<usize> = self.of(func, *value).items().iter().filter_map(word).collect();
            // `method.to_string()`
            let receiver = Port { head: PortHead::Receiver, path: Vec::new() };
            if self.gives_its_receiver((func, *value))
                && let PortValue::Known(values) = self.port_values((func, *value), &receiver)
            {
                words.extend(values.iter().filter_map(word));
            }
            seen.sent.extend(words.into_iter().map(|word| (self.language(func), word)));
        }
    }

    fn gives_its_receiver(&self, at: At) -> bool {
        let method = self.call_at(at).filter(|call| call.args.is_empty()).and_then(|call| call.callee.path.last());
        matches!(method, Some(Field::Name(method)) if self.models.gives_the_same(method) || self.models.spelling(method).is_some())
    }

    fn look_at_call(&self, at: At, seen: &mut Seen) {
        if !self.call_rows(at, Table::Serve).is_empty() {
            seen.with_sdk.insert(self.program.funcs[at.0].module);
            seen.serving.insert(at.0);
        }
        let is_read = |row: &RowRef| {
            let source = self.models.source(*row);
            source.kind == STDIN
                && !source.to_end
                && self.holds(at, &source.when)
                && (!source.single || self.is_repeated(at))
        };
        let sources = self.call_rows(at, Table::Source);
        if sources.iter().any(is_read) {
            seen.reads.push(at);
        }
        if sources.iter().any(|row| self.models.source(*row).requests) {
            seen.bodies.push(at);
        }
        for row in self.call_rows(at, Table::Handler) {
            let handler = self.models.handler(row);
            match handler.kind {
                HandlerKind::Route if self.holds(at, &handler.when) => {
                    seen.routes.extend(self.port_funcs(at, &handler.func).into_iter().map(|func| (at, func)));
                }
                HandlerKind::Tool | HandlerKind::Dispatch => {
                    seen.of_sdk.extend(self.port_funcs(at, &handler.func).into_iter().map(|func| (at, func)));
                }
                _ => {}
            }
        }
    }

    /// The functions given, and all from which calls lead to one of them.
    fn leading_to(&self, funcs: BTreeSet<FuncId>) -> BTreeSet<FuncId> {
        let mut open: Vec<FuncId> = funcs.iter().copied().collect();
        let mut seen = funcs;
        while let Some(func) = open.pop() {
            open.extend(self.callers(func).iter().map(|at| at.0).filter(|caller| seen.insert(*caller)));
        }
        seen
    }

    /// For each module, those that import it; in a language that links everything together also those that call its functions.
    fn modules_before(&self) -> BTreeMap<ModuleId, BTreeSet<ModuleId>> {
        let mut before: BTreeMap<ModuleId, BTreeSet<ModuleId>> = BTreeMap::new();
        for (func, data) in self.program.funcs.iter_enumerated() {
            // Elsewhere what is called was imported.
            let is_linked = self.language(func) == Language::Rust;
            for caller in self.callers(func).iter().filter(|_| is_linked) {
                before.entry(data.module).or_default().insert(self.program.funcs[caller.0].module);
            }
            for instr in data.instrs.iter() {
                if let Op::Import(import) = &instr.op
                    && !import.type_only
                {
                    for module in self.runs(data.module, import) {
                        before.entry(module).or_default().insert(data.module);
                    }
                }
            }
        }
        before
    }

    /// The reads of requests among all reads of standard input: those nearest to the code that compares with the protocol's
    /// methods. A command beside the server reads standard input, too.
    /// Where no way is known from any of them to that code, all are taken for it if `or_all`.
    fn of_requests(&self, reads: Vec<At>, speakers: &BTreeSet<FuncId>, routes: &Routes, or_all: bool) -> BTreeSet<At> {
        let near: Vec<(At, Option<Nearest>)> =
            reads.iter().map(|read| (*read, self.nearest(read.0, speakers, routes))).collect();
        let known: Vec<&Nearest> = near.iter().filter_map(|(_, near)| near.as_ref()).collect();
        if known.is_empty() && or_all {
            return reads.into_iter().collect();
        }
        // Of two as near, the one that the other leads to.
        let is_nearer = |one: &Nearest, other: &Nearest| {
            other.below.contains(&one.read_in)
                && (one.calls < other.calls || one.calls == other.calls && !one.below.contains(&other.read_in))
        };
        let is_request = |near: &Nearest| !known.iter().any(|other| is_nearer(other, near));
        near.iter().filter(|(_, near)| near.as_ref().is_some_and(is_request)).map(|(at, _)| *at).collect()
    }

    /// How many calls one has to go back from a function until one of `speakers` is called from there. What is called with a
    /// message from elsewhere is not called with what was read.
    fn nearest(&self, read_in: FuncId, speakers: &BTreeSet<FuncId>, routes: &Routes) -> Option<Nearest> {
        let mut seen = BTreeSet::from([read_in]);
        let mut level = vec![read_in];
        for calls in 0..MAX_WAY_BACK {
            let below = self.called_beside(&level, routes);
            if !below.is_disjoint(speakers) {
                return Some(Nearest { read_in, calls, below });
            }
            let back = level.iter().flat_map(|func| self.callers(*func)).map(|at| at.0);
            level = back.filter(|func| seen.insert(*func)).collect();
            if level.is_empty() {
                break;
            }
        }
        None
    }

    /// Can control come to an instruction again and again: in a loop or a recursion, or in what is handed to something that calls
    /// it?
    fn is_repeated(&self, at: At) -> bool {
        let mut seen = BTreeSet::from([at]);
        let mut open = vec![at];
        while let Some((func, id)) = open.pop() {
            let body = &self.program.funcs[func];
            let mut block = body.blocks.iter_enumerated().filter(|(_, data)| data.instrs.contains(&id));
            let is_in_loop = block.any(|(block, data)| data.end.successors().any(|next| body.leads_to(next, block)));
            if is_in_loop || body.is_generator {
                return true;
            }
            for caller in self.callers(func) {
                let is_called = |(callee, kind): &(FuncId, CallKind)| *callee == func && *kind != CallKind::Callback;
                if caller.0 == func || !self.callees(*caller).iter().any(is_called) {
                    return true;
                }
                if seen.insert(*caller) {
                    open.push(*caller);
                }
            }
        }
        false
    }

    /// A function and all that it calls where it is known what is called.
    fn called_for_sure(&self, from: FuncId) -> BTreeSet<FuncId> {
        let mut seen = BTreeSet::from([from]);
        let mut next = vec![from];
        while let Some(func) = next.pop() {
            for id in self.program.funcs[func].instrs.ids() {
                let callees = self.callees((func, id)).iter().filter(|(_, kind)| *kind == CallKind::Direct);
                next.extend(callees.map(|(callee, _)| *callee).filter(|callee| seen.insert(*callee)));
            }
        }
        seen
    }

    /// The functions and all that they call, directly or not, but for what is registered to answer requests from elsewhere.
    fn called_beside(&self, from: &[FuncId], routes: &Routes) -> BTreeSet<FuncId> {
        let mut seen: BTreeSet<FuncId> = from.iter().copied().collect();
        let mut next = from.to_vec();
        while let Some(func) = next.pop() {
            for (id, instr) in self.program.funcs[func].instrs.iter_enumerated() {
                if matches!(instr.op, Op::Call(_)) {
                    let at = (func, id);
                    let callees = self.callees(at).iter().map(|(callee, _)| *callee);
                    next.extend(callees.filter(|callee| !routes.contains(&(at, *callee)) && seen.insert(*callee)));
                }
            }
        }
        seen
    }

    /// Does a function get hold of standard input?
    pub(crate) fn touches_stdin(&self, func: FuncId) -> bool {
        let is_stdin_read = |row: &RowRef| self.models.source(*row).kind == STDIN;
        self.program.funcs[func].instrs.iter_enumerated().any(|(id, instr)| match instr.op {
            Op::Load(_) => self.reads_stdin((func, id)),
            Op::Call(_) => {
                self.reads_stdin((func, id)) || self.call_rows((func, id), Table::Source).iter().any(is_stdin_read)
            }
            _ => false,
        })
    }

    fn reads_stdin(&self, at: At) -> bool {
        self.of(at.0, at.1).items().iter().any(|value| self.is_stdin(value))
    }

    /// Is a value standard input, or something that reads it?
    pub(crate) fn is_stdin(&self, value: &Value) -> bool {
        let Value::Api(node, made) = value else { return false };
        let index = &self.models.index;
        let (read, called) = (index.node(*node), index.node(index.step(*node, &Step::Call)));
        let is_read = |row: RowRef| self.models.source(row).kind == STDIN && self.read_holds(row, *made);
        // Also a method that reads, handed to something that calls it: `run_in_executor(None, sys.stdin.readline)`.
        let reads = |row: RowRef| self.models.source(row).kind == STDIN && self.models.source(row).when.is_empty();
        read.rows(Table::SourceRead).any(is_read) || called.rows(Table::Source).any(reads)
    }

    /// Do the conditions of a source hold that is read from what the call at `made` gave?
    pub(crate) fn read_holds(&self, row: RowRef, made: Option<At>) -> bool {
        let when = &self.models.source(row).when;
        when.is_empty() || made.is_some_and(|made| self.holds(made, when))
    }
}

fn protocol_word(text: &str) -> Option<usize> {
    PROTOCOL_WORDS.iter().position(|word| *word == text)
}

/// The modules given, and all that lead to one of them.
fn reaching(before: &BTreeMap<ModuleId, BTreeSet<ModuleId>>, to: impl Iterator<Item = ModuleId>) -> BTreeSet<ModuleId> {
    let mut open: Vec<ModuleId> = to.collect();
    let mut seen: BTreeSet<ModuleId> = open.iter().copied().collect();
    while let Some(module) = open.pop() {
        open.extend(before.get(&module).into_iter().flatten().copied().filter(|before| seen.insert(*before)));
    }
    seen
}
