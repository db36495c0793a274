//! The rules: what is a finding, given what runs where.
//!
//! A rule sees processes, calls and streams, never syntax. Texts, levels and personas come from the catalogue; what a rule
//! adds is the place, the way there and the doubts.

pub(crate) mod crash;
pub(crate) mod flow;
pub(crate) mod name;
pub(crate) mod place;
pub(crate) mod stdout;

use std::collections::BTreeMap;

use crate::base::span::Loc;
use crate::finding::{Confidence, Finding, Level, Persona};
use crate::flow::live::Live;
use crate::flow::process::Process;
use crate::flow::words::Words;
use crate::ir::program::{Language, Program};
use crate::models::serving::TransportKind;
use crate::resolve::solve::Values;
use crate::resolve::values::At;

use flow::spans::Inside;

/// What rules are given.
pub(crate) struct Cx<'a> {
    pub(crate) values: &'a Values<'a>,
    pub(crate) units: &'a [Unit<'a>],
    /// Which names tell what a value is.
    pub(crate) words: &'a Words,
    /// Source text of files.
    pub(crate) texts: &'a dyn Fn(Loc) -> String,
    /// What is logged inside functions, as far as it was asked for.
    pub(crate) inside: Inside,
}

/// A server: one process that serves.
pub(crate) struct Unit<'a> {
    /// Its index in the report.
    pub(crate) number: usize,
    pub(crate) process: Process<'a>,
    /// Why it is not certain that this is a server somebody starts so; empty when it is.
    pub(crate) doubts: Vec<String>,
    /// It reads requests of the protocol itself, without an SDK.
    pub(crate) by_hand: bool,
    /// A platform runs it for each request, and goes on whatever becomes of one.
    pub(crate) is_hosted: bool,
    /// It is no server itself, but starts one as a child that has its stdout: by this call.
    pub(crate) starts: Option<At>,
}

impl Unit<'_> {
    /// It speaks the protocol by hand over stdio: what it serialises and writes to stdout is the protocol.
    pub(crate) fn writes_protocol(&self) -> bool {
        let on_stdio = |kind: TransportKind| matches!(kind, TransportKind::Stdio | TransportKind::Unknown);
        self.starts.is_none() && self.process.serves.iter().any(|serve| serve.by_hand && on_stdio(serve.kind))
    }

    /// Does the process get to the instruction, whatever it serves on?
    pub(crate) fn runs(&self, at: At) -> bool {
        self.lives().any(|live| live.sites.contains_key(&at))
    }

    /// What runs where stdio is served, and then what runs on whatever transport.
    pub(crate) fn lives(&self) -> impl Iterator<Item = &Live> {
        let any = self.process.on_any_transport.iter().map(|any| &any.live);
        std::iter::once(&self.process.live).chain(any)
    }
}

/// What the catalogue says of a rule, as far as findings need it.
#[derive(Clone, Debug)]
pub(crate) struct RuleText {
    pub(crate) level: Level,
    pub(crate) persona: Persona,
    pub(crate) help: String,
    /// The same in the words of one language.
    pub(crate) help_in: BTreeMap<Language, String>,
}

/// Which rules are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// Those that ask what is written where.
    Streams,
    All,
}

/// What the rules give, and what the taint pass that they ask says of itself.
pub(crate) struct Ran {
    pub(crate) findings: Vec<Finding>,
    pub(crate) taint: TaintWork,
}

/// What the taint pass did, and what it left undone.
#[derive(Clone, Copy, Default)]
pub(crate) struct TaintWork {
    pub(crate) n_steps: usize,
    /// Functions that it left while they still grew.
    pub(crate) n_unsettled: usize,
    /// Functions of which callers are not told all sinks.
    pub(crate) n_full: usize,
}

/// Runs the rules; findings at the same place are merged, their servers joined.
pub(crate) fn run(cx: &Cx<'_>, catalogue: &BTreeMap<String, RuleText>, which: Which) -> Ran {
    let mut out = Findings { cx, catalogue, found: BTreeMap::new() };
    for unit in cx.units {
        stdout::run(cx, unit, &mut out);
        crash::run(cx, unit, &mut out);
    }
    let taint = if which == Which::All { flow::run(cx, &mut out) } else { TaintWork::default() };
    let mut findings: Vec<Finding> = out.found.into_values().collect();
    place::tell_macros(cx.values.program, &mut findings);
    Ran { findings, taint }
}

/// The findings so far, by rule and place.
pub(crate) struct Findings<'a> {
    cx: &'a Cx<'a>,
    catalogue: &'a BTreeMap<String, RuleText>,
    found: BTreeMap<(Loc, String), Finding>,
}

impl Findings<'_> {
    /// A finding of the rule with the catalogue's level and help, to be filled in.
    pub(crate) fn draft(&self, rule: &str, message: String, primary: crate::finding::Step) -> Finding {
        let text = self.catalogue.get(rule);
        Finding {
            rule: rule.into(),
            level: text.map_or(Level::Warning, |text| text.level),
            persona: text.map_or(Persona::Regular, |text| text.persona),
            confidence: Confidence::High,
            doubts: Vec::new(),
            message,
            shape: crate::finding::shape(&(self.cx.texts)(primary.loc)),
            settled: None,
            path: Vec::new(),
            reached: Vec::new(),
            phase: None,
            related: Vec::new(),
            help: text.map(|text| self.help(text, primary.loc)).unwrap_or_default(),
            primary,
            servers: Vec::new(),
            function: crate::base::Symbol::default(),
        }
    }

    fn help(&self, text: &RuleText, at: Loc) -> String {
        let values = self.cx.values;
        let language = values.linker.module_of_file(at.file).map(|module| values.program.modules[module].language);
        language.and_then(|language| text.help_in.get(&language)).unwrap_or(&text.help).clone()
    }

    /// Adds a finding, or the server to the one already at its place.
    pub(crate) fn add(&mut self, finding: Finding) {
        let key = (finding.primary.loc, finding.rule.to_string());
        match self.found.get_mut(&key) {
            None => {
                self.found.insert(key, finding);
            }
            Some(known) => {
                for server in &finding.servers {
                    if !known.servers.contains(server) {
                        known.servers.push(*server);
                    }
                }
                if finding.confidence > known.confidence {
                    let servers = known.servers.clone();
                    *known = Finding { servers, ..finding };
                } else if finding.level > known.level && finding.confidence == known.confidence {
                    known.level = finding.level;
                }
            }
        }
    }
}

/// Where an instruction stands.
pub(crate) fn loc(program: &Program, at: crate::resolve::values::At) -> Loc {
    let func = &program.funcs[at.0];
    Loc { file: program.modules[func.module].file, span: func.instrs[at.1].span }
}
