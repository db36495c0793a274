//! Settings: what whoever starts the process chooses, as symbols that are the same wherever they are read.
//!
//! A variable of the environment is the symbol `env NAME`, an option of the command line (a field that a library fills) is
//! `option CLASS.name`. A *switch* is a setting that conditions ask for. What only runs when one is switched on is less
//! sure to run than what runs by default; that a credential or an address is given is no such condition.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use crate::base::Symbol;
use crate::base::bounds::MAX_ALIASES;
use crate::ir::func::{End, FuncId, FuncKind, Function};
use crate::ir::instr::{Call, Const, Field, InstrId, Op, Oper, Place, TextPart};
use crate::ir::program::ClassId;
use crate::ir::types::{AnnotationArg, AnnotationValue};
use crate::models::flows::SourceRow;
use crate::models::index::{NodeId, Table};
use crate::models::path::Step;
use crate::resolve::ports::{PortValue, argument};
use crate::resolve::solve::Values;
use crate::resolve::values::{At, Value};

use super::abs::{Abs, Fact, Facts, truth};
use super::choices::Choice;
use super::domain::Kind;
use super::explore::{Explorer, State};
use super::joins::cell_of;
use super::words::{Secrecy, Words};

const ENV: &str = "env ";

/// The kind of source that says which command was chosen, and the symbol for what it says.
const COMMAND: &str = "command";
const OPTION: &str = "option ";

/// An option that is on where nothing is given for it.
const DEFAULT: &str = "default ";

/// What says which command of the command line was chosen.
pub(super) fn chosen_command() -> Symbol {
    Symbol::new_static(COMMAND)
}

impl Explorer<'_> {
    /// Is a setting a variable that only runners of tests set?
    pub(super) fn is_never_set(&self, setting: &str) -> bool {
        let unset = &self.values.models.main_words().unset;
        setting.strip_prefix(ENV).is_some_and(|name| unset.iter().any(|known| known == name))
    }

    /// Is a setting a variable by which another program of the same code tells that it runs: set where that one's module begins,
    /// which this process does not load?
    pub(super) fn is_mark_of_other(&self, setting: &Symbol) -> bool {
        let Some(loaded) = &self.loaded else { return false };
        let funcs = &self.values.program.funcs;
        let lazy = &self.prepared.lazy;
        lazy.is_mark(setting) && lazy.written(setting).all(|at| !loaded.contains(&funcs[at.0].module))
    }

    /// Is a global name one that a process which serves on its streams does not have, if the program does not make it?
    pub(super) fn is_absent(&self, name: &Symbol) -> bool {
        let words = self.values.models.main_words();
        let is_packaged = || self.main.is_some_and(|main| self.values.linker.is_of_package_only(main));
        self.is_piped
            && (words.absent.iter().any(|known| known == name)
                || words.absent_in_packages.iter().any(|known| known == name) && is_packaged())
            && !self.prepared.stored_globals.contains(name)
    }

    /// The variable of the environment that a place is which an instruction loads.
    pub(super) fn env_place(&self, func: FuncId, id: InstrId, place: &Place) -> Option<Symbol> {
        let (owner, field) = place.split_last()?;
        let name = match field {
            Field::Name(name) => name.clone(),
            _ => self.values.computed_key(func, id)?,
        };
        self.env_in(func, &owner, &name, self.values.of(func, id).items())
    }

    /// The variable of the environment that a place is on which a method is called: `process.env.MODE.trim()`.
    pub(super) fn env_owner(&self, func: FuncId, place: &Place) -> Option<Symbol> {
        let (owner, field) = place.split_last()?;
        let Field::Name(name) = field else { return None };
        self.env_in(func, &owner, name, self.values.place_values(func, place)?)
    }

    fn env_in(&self, func: FuncId, owner: &Place, name: &Symbol, held: &[Value]) -> Option<Symbol> {
        let is_env = |value: &Value| matches!(value, Value::Api(node, None) if reads_env(self.values, *node));
        // What is read may also be a copy that is kept under another name: `settings.mode`.
        let is_kept = |value: &Value| match value {
            Value::Api(node, _) => {
                !reads_env(self.values, self.values.models.index.step(*node, &Step::Member(name.clone())))
            }
            _ => true,
        };
        let is_read = held.iter().any(is_env)
            && !matches!(self.values.place_values(func, owner), Some(of @ [_, ..]) if of.iter().all(is_kept));
        is_read.then(|| format!("{ENV}{name}").into())
    }

    /// The variable of the environment that a library call reads: the one that the function is asked for here.
    pub(super) fn env_call(&self, func: FuncId, id: InstrId, call: &Call, state: &State) -> Option<Symbol> {
        let port = self.values.models.port(self.env_row((func, id))?.name.as_ref()?)?;
        let given = argument(call, &port.head);
        let is_made =
            |name: InstrId| matches!(self.values.program.funcs[func].instrs[name].op, Op::Text(_) | Op::Operator(..));
        let name = match given.and_then(|name| self.text_made(func, name, state)) {
            Some(name) => name,
            None if given.is_some_and(is_made) => return None,
            None => self.env_read(func, id)?.to_string(),
        };
        Some(format!("{ENV}{name}").into())
    }

    /// The text that a value is here, which may be put together: `f"NOTES_{name}"`.
    fn text_made(&self, func: FuncId, value: InstrId, state: &State) -> Option<String> {
        match &self.values.program.funcs[func].instrs[value].op {
            Op::Text(parts) => {
                let part = |part: &TextPart| match part {
                    TextPart::Lit(text) => Some(text.to_string()),
                    TextPart::Hole(value, _) => self.text_made(func, *value, state),
                };
                parts.iter().map(part).collect()
            }
            Op::Operator(Oper::Add, parts) => parts.iter().map(|part| self.text_made(func, *part, state)).collect(),
            _ => match self.operand(func, value, state)? {
                Abs::Const(Const::Str(text)) => Some(text.to_string()),
                _ => None,
            },
        }
    }

    /// Its name, where that is the same for all callers.
    pub(crate) fn env_read(&self, func: FuncId, id: InstrId) -> Option<Symbol> {
        let port = self.values.models.port(self.env_row((func, id))?.name.as_ref()?)?;
        let PortValue::Known(values) = self.values.port_values((func, id), port) else { return None };
        let mut texts = values.iter().filter_map(|value| match value {
            Value::Const(Const::Str(text)) => Some(text),
            _ => None,
        });
        let name = texts.next()?;
        texts.all(|other| other == name).then(|| name.clone())
    }

    fn env_row(&self, at: At) -> Option<&SourceRow> {
        let mut rows = self.values.call_rows(at, Table::Source).into_iter().map(|row| self.values.models.source(row));
        rows.find(|row| Kind::named(&row.kind) == Some(Kind::Env))
    }

    /// Notes what a call gives where the variable is not set that it reads: `os.getenv("MODE", "quiet")`.
    pub(super) fn note_env_default(&mut self, at: At, setting: &Symbol) {
        let row = if is_env(setting) { self.env_row(at) } else { None };
        let default = row.and_then(|row| row.default.as_ref());
        if let Some(text) = default.and_then(|port| self.values.port_text(at, std::slice::from_ref(port))) {
            self.chosen.note_default(&Abs::Sym(setting.clone()), &Const::Str(text));
        }
    }

    /// The command that a place names which was chosen on the command line: the same in the whole process.
    pub(super) fn command_place(&self, func: FuncId, id: InstrId, place: &Place) -> Option<Symbol> {
        let index = &self.values.models.index;
        let Some(Field::Name(member)) = place.path.last() else { return None };
        let is_command = |node: NodeId| {
            let node = index.node(node);
            node.rows(Table::SourceRead).any(|row| self.values.models.source(row).kind == COMMAND)
        };
        let known = self.values.of(func, id).items();
        let is_read = match known {
            [] | [Value::Unknown] => index.told(self.values.language(func), member).is_some_and(is_command),
            known => known.iter().any(|value| matches!(value, Value::Api(node, _) if is_command(*node))),
        };
        (is_read && !self.names_serving(func)).then(chosen_command)
    }

    /// Does a function name one that serves? Where no command was given it may run that: `ctx.invoke(serve)`.
    fn names_serving(&self, func: FuncId) -> bool {
        self.values.program.funcs[func].instrs.iter_enumerated().any(|(id, instr)| {
            let serves = |value: &Value| matches!(value, Value::Func(named) if self.to_serving.contains(named));
            matches!(instr.op, Op::Load(_)) && self.values.of(func, id).items().iter().any(serves)
        })
    }

    /// The option that a place is: a field of an object of the program that a library fills.
    pub(super) fn option_place(&self, func: FuncId, place: &Place) -> Option<Symbol> {
        let (owner, field) = place.split_last()?;
        let Field::Name(name) = field else { return None };
        self.values.place_values(func, &owner)?.iter().find_map(|value| match value {
            Value::Instance(class) | Value::Typed(class) if self.values.is_filled_by_library(*class) => {
                let is_on = self.prepared.on_by_default.contains(&(*class, name.clone()));
                Some(format!("{}{class}.{name}", if is_on { DEFAULT } else { OPTION }).into())
            }
            _ => None,
        })
    }
}

/// The symbol of a variable of the environment.
pub(super) fn env_symbol(name: &str) -> Symbol {
    format!("{ENV}{name}").into()
}

/// Is a symbol a variable of the environment?
pub(super) fn is_env(sym: &Symbol) -> bool {
    sym.starts_with(ENV)
}

/// The variables of the environment that the program writes: where, and with which constant if it is one.
pub(super) fn written_settings(values: &Values<'_>) -> BTreeMap<Symbol, Vec<(At, Option<Const>)>> {
    let index = &values.models.index;
    let mut found: BTreeMap<Symbol, Vec<(At, Option<Const>)>> = BTreeMap::new();
    let mut add = |name: &Symbol, at: At, is: Option<Const>| {
        found.entry(format!("{ENV}{name}").into()).or_default().push((at, is));
    };
    for (func, body) in values.program.funcs.iter_enumerated() {
        for (id, instr) in body.instrs.iter_enumerated() {
            let at = (func, id);
            match &instr.op {
                Op::Store(place, value) => {
                    let Some((owner, Field::Name(name))) = place.split_last() else { continue };
                    let is_env = |value: &Value| match value {
                        Value::Api(node, _) => reads_env(values, index.step(*node, &Step::Member(name.clone()))),
                        _ => false,
                    };
                    if values.place_values(func, &owner).is_some_and(|owners| owners.iter().any(is_env)) {
                        add(name, at, as_text(&body.instrs[*value].op));
                    }
                }
                Op::Call(_) => {
                    let rows = values.call_rows(at, Table::Source).into_iter().map(|row| values.models.source(row));
                    let mut writes =
                        rows.filter(|row| !row.gives.is_empty() && Kind::named(&row.kind) == Some(Kind::Env));
                    let Some(row) = writes.next() else { continue };
                    let name = row.name.as_ref().and_then(|name| values.port_text(at, std::slice::from_ref(name)));
                    if let Some(name) = name {
                        add(&name, at, values.port_text(at, &row.gives).map(Const::Str));
                    }
                }
                _ => {}
            }
        }
    }
    found
}

/// Those of some variables of the environment, each with the constant that is written to it, of which the program asks nothing but
/// whether they hold that or anything. A setting is also asked for something else: `MODE === "http"`, where `"stdio"` is written.
pub(super) fn only_asked_for(values: &Values<'_>, mut settings: BTreeMap<Symbol, Const>) -> FxHashSet<Symbol> {
    for (func, body) in values.program.funcs.iter_enumerated() {
        for (id, instr) in body.instrs.iter_enumerated() {
            let (place, is_whole) = match &instr.op {
                Op::Load(place) => (place, true),
                Op::Call(call) => (&call.callee, false),
                _ => continue,
            };
            for (n_before, field) in place.path.iter().enumerate() {
                let Field::Name(name) = field else { continue };
                let setting = Symbol::from(format!("{ENV}{name}"));
                let Some(constant) = settings.get(&setting) else { continue };
                let held = values.prefix_values(func, place, n_before + 1);
                let is_env = |value: &Value| matches!(value, Value::Api(node, None) if reads_env(values, *node));
                let is_last = n_before + 1 == place.path.len();
                if held.iter().any(is_env) && !(is_whole && is_last && is_only_asked_for(body, id, constant)) {
                    settings.remove(&setting);
                }
            }
        }
    }
    settings.into_keys().collect()
}

/// Is a value only asked whether it is something, or this?
fn is_only_asked_for(body: &Function, value: InstrId, constant: &Const) -> bool {
    let is_it = |id: &InstrId| matches!(&body.instrs[*id].op, Op::Const(known) if known == constant);
    let asks = |op: &Op| match op {
        Op::Operator(Oper::Not, _) => true,
        Op::Operator(Oper::Eq | Oper::Ne, operands) => operands.iter().all(|id| *id == value || is_it(id)),
        op => {
            let mut is_used = false;
            op.operands(|operand| is_used |= operand == value);
            !is_used
        }
    };
    let is_given = |end: &End| match end {
        End::Return(given) => *given == Some(value),
        End::Throw(given) => *given == value,
        _ => false,
    };
    body.instrs.iter().all(|instr| asks(&instr.op)) && !body.blocks.iter().any(|block| is_given(&block.end))
}

/// A text that is written in the source.
fn as_text(op: &Op) -> Option<Const> {
    match op {
        Op::Const(text @ Const::Str(_)) => Some(text.clone()),
        _ => None,
    }
}

/// Is what a library keeps there a variable of the environment?
pub(super) fn reads_env(values: &Values<'_>, node: NodeId) -> bool {
    let node = values.models.index.node(node);
    node.rows(Table::SourceRead).any(|row| Kind::named(&values.models.source(row).kind) == Some(Kind::Env))
}

/// The fields that a library fills and that are true where nothing is given for them:
///     #[serde(default = "yes")] log_calls: bool
///     fn yes() -> bool { true }
pub(super) fn on_by_default(values: &Values<'_>) -> FxHashSet<(ClassId, Symbol)> {
    let program = values.program;
    let makes_true = |maker: &str| {
        let name = maker.rsplit(':').next().unwrap_or(maker);
        let mut makers = program.funcs.iter().filter(|func| func.name == name);
        makers.any(|func| {
            func.blocks.iter().any(|block| match block.end {
                End::Return(Some(given)) => matches!(func.instrs[given].op, Op::Const(Const::Bool(true))),
                _ => false,
            })
        })
    };
    let is_on = |arg: &AnnotationArg| match &arg.value {
        AnnotationValue::Const(Const::Bool(is_on)) => *is_on,
        AnnotationValue::Const(Const::Str(text)) => text == "true" || makes_true(text),
        AnnotationValue::Path(path) => makes_true(path),
        _ => false,
    };
    let mut found = FxHashSet::default();
    for (class, data) in program.classes.iter_enumerated() {
        for field in &data.fields {
            let mut args = field.annotations.iter().flat_map(|annotation| &annotation.args);
            let names = |arg: &AnnotationArg| arg.name.as_ref().is_some_and(|name| values.models.names_default(name));
            if args.any(|arg| names(arg) && is_on(arg)) {
                found.insert((class, field.name.clone()));
            }
        }
    }
    found
}

/// The switches that have to be on where the facts hold, as messages name them. What the whole process assumes is no
/// condition of its own.
pub(crate) fn switches_on(facts: &Facts, explorer: &Explorer<'_>, words: &Words) -> Vec<String> {
    let asked = Asked { explorer, words };
    let of_facts = facts.on().filter_map(|(sym, fact)| asked.of(&sym, &fact, MAX_ALIASES));
    let own = facts.choices().iter().filter(|choice| !explorer.assumed.choices().contains(choice));
    let of_choices = own.filter_map(|choice| asked.one_of(choice, MAX_ALIASES));
    let mut found: Vec<String> = of_facts.chain(of_choices).collect();
    found.sort();
    found.dedup();
    found
}

/// Is a variable of the environment known to hold nothing where the facts hold: `if (!process.env.KEY)`?
pub(crate) fn is_unset(facts: &Facts, name: &str) -> bool {
    truth(&Abs::Sym(format!("{ENV}{name}").into()), &[facts]) == Some(false)
}

/// What conditions ask for in one process.
struct Asked<'a, 'v> {
    explorer: &'a Explorer<'v>,
    words: &'a Words,
}

impl Asked<'_, '_> {
    /// The switch that a fact asks for.
    fn of(&self, sym: &Symbol, fact: &Fact, depth: usize) -> Option<String> {
        let explorer = self.explorer;
        let is_own = || explorer.prepared.lazy.is_setting(sym) && !self.is_switched_on(sym, depth);
        if is_own() || explorer.assumed.get(sym).is_some() || explorer.chosen.is_default(sym, fact) {
            return None;
        }
        let own =
            switch(sym, matches!(fact, Fact::Is(_) | Fact::OneOf(_)), self.words).or_else(|| self.flag(sym, depth));
        own.or_else(|| self.one_of(self.explorer.chosen.of(sym)?, depth.checked_sub(1)?))
    }

    /// Does the program write a variable of the environment only where it is asked to:
    /// `if (argv.includes("--debug")) process.env.DEBUG = "1"`?
    fn is_switched_on(&self, sym: &Symbol, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let explorer = self.explorer;
        // Settings that are written where others are asked for are asked for one by one.
        if let Some(known) = explorer.switched_on.borrow().get(sym) {
            return *known;
        }
        explorer.switched_on.borrow_mut().insert(sym.clone(), false);
        let is_asked = |(func, write): &At| {
            let body = &explorer.values.program.funcs[*func];
            let Some(block) = body.blocks.ids().find(|block| body.blocks[*block].instrs.contains(write)) else {
                return false;
            };
            explorer.frames_of(*func).all(|frame| {
                let asks = |facts: &Facts| {
                    facts.on().any(|(other, fact)| other != *sym && self.of(&other, &fact, depth).is_some())
                };
                explorer.frames[frame].blocks.get(block).is_none_or(|visited| asks(&visited.facts))
            })
        };
        let is_on = explorer.prepared.lazy.written(sym).all(|at| is_asked(&at));
        explorer.switched_on.borrow_mut().insert(sym.clone(), is_on);
        is_on
    }

    /// The switch that a variable is which is off at first and switched on somewhere: `let verbose = false`. What is put there may
    /// be asked of another switch: `_verbose = settings.verbose`.
    fn flag(&self, sym: &Symbol, depth: usize) -> Option<String> {
        let cell = cell_of(sym)?;
        let program = self.explorer.values.program;
        let mut asked: Option<String> = None;
        let mut is_off_first = false;
        for at in self.explorer.stores_of(cell) {
            let (func, store) = *at;
            let body = &program.funcs[func];
            let is_first = body.kind == FuncKind::Init;
            let Op::Store(place, value) = &body.instrs[store].op else { return None };
            if !place.path.is_empty() {
                return None;
            }
            match &body.instrs[*value].op {
                Op::Const(Const::Bool(is_on)) if is_first => is_off_first = !is_on,
                Op::Const(Const::Bool(_)) => {}
                _ => {
                    asked = Some(self.asked_where_true(at, depth.checked_sub(1)?)?);
                    is_off_first |= is_first;
                }
            }
            if is_first && !is_off_first {
                return None;
            }
        }
        let name = program.cells[cell].name.as_str();
        let own = self.words.is_switch(name).then(|| name.to_owned());
        asked.or(own).filter(|_| is_off_first)
    }

    /// The switch that is on where what a store puts somewhere is true.
    fn asked_where_true(&self, store: &At, depth: usize) -> Option<String> {
        let stored = self.explorer.seen.get(store)?.as_ref()?;
        let mut facts = Facts::default();
        self.explorer.chosen.alternatives.assume(&mut facts, stored, true, &self.explorer.assumed);
        let of_facts = facts.on().find_map(|(sym, fact)| self.of(&sym, &fact, depth));
        of_facts.or_else(|| facts.choices().iter().find_map(|choice| self.one_of(choice, depth)))
    }

    /// The switches of which one has to be on: on each way there is one.
    fn one_of(&self, choice: &Choice, depth: usize) -> Option<String> {
        let mut names: Vec<String> = Vec::new();
        for way in choice.ways() {
            let mut on = way.iter().filter(|(_, fact)| fact.is_on());
            let name = on.find_map(|(sym, fact)| self.of(sym, fact, depth))?;
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Some(names.join("` or `"))
    }
}

/// The name of the switch that a symbol is, `compared` with a constant or not.
fn switch(sym: &str, compared: bool, words: &Words) -> Option<String> {
    let word =
        |text: &str| text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default().to_owned();
    if sym.starts_with(DEFAULT) {
        return None;
    }
    if let Some(rest) = sym.strip_prefix(ENV) {
        let name = word(rest);
        let is_secret = matches!(words.env(&name), Secrecy::Secret | Secrecy::Posture);
        return (words.is_switch(&name) || compared && !is_secret).then_some(name);
    }
    // `argv.includes("--verbose")`, `settings.get("debug")`: what is asked for.
    let asked = sym.strip_suffix(')').and_then(|call| call.rsplit('"').nth(1));
    let name = match asked {
        Some(text) => word(text.trim_start_matches('-')),
        None => sym.rsplit('.').next().map(word)?,
    };
    words.is_switch(&name).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_are_told_from_credentials_and_from_results() {
        let words = Words::load(&crate::models::schema::OwnNames::default());
        assert_eq!(switch("env ENABLE_LOGGING", false, &words).as_deref(), Some("ENABLE_LOGGING"));
        assert_eq!(switch("env SERVICE_URL", false, &words), None);
        assert_eq!(switch("env PROFILE", true, &words).as_deref(), Some("PROFILE"));
        assert_eq!(switch("env API_KEY", false, &words), None);
        assert_eq!(switch("option class4.verbose", false, &words).as_deref(), Some("verbose"));
        assert_eq!(switch("default class4.verbose", false, &words), None);
        assert_eq!(switch("param 4 0.config.debugMode", false, &words).as_deref(), Some("debugMode"));
        assert_eq!(switch("argv.includes(Str(\"--verbose\"),)", false, &words).as_deref(), Some("verbose"));
        assert_eq!(switch("http.get(fn1.$3,).status", false, &words), None);
    }
}
