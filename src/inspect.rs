//! A look at one line of the audited program: which servers run it and when, what its calls do, which values reach them, and
//! why rules speak or are silent.
//!
//! Nothing here decides anything: it asks the passes and the rules that `audit` ran, and tells their answers. The answer is
//! plain data (`report::line`); the findings of the line are added by whoever has the finished report.

use std::collections::BTreeSet;

use crate::base::span::{FileId, LineIndex, Loc};
use crate::base::spelling::nearest;
use crate::finding::Finding;
use crate::flow::reach::Reach;
use crate::flow::solve::taint;
use crate::flow::spread::Places;
use crate::ir::func::FuncId;
use crate::report::line::{LineReport, Running};
use crate::resolve::values::At;
use crate::rules::Cx;
use crate::source::workspace::{Role, Workspace};

mod calls;
mod place;
mod running;
mod silent;
mod summary;
mod values;

pub(crate) use summary::summaries;

/// A finished audit, to be asked.
pub(crate) struct Subject<'a> {
    pub(crate) cx: &'a Cx<'a>,
    pub(crate) workspace: &'a Workspace,
    /// Files that nobody needed to look into.
    pub(crate) unread: &'a BTreeSet<FileId>,
    pub(crate) findings: &'a [Finding],
    /// Names of the servers, in the order of the units.
    pub(crate) servers: &'a [String],
}

/// Longest piece of source text that an answer repeats.
const MAX_TEXT: usize = 60;

impl<'a> Subject<'a> {
    /// The finished taint pass, to be asked about single values.
    fn reach(&self) -> Reach<'a> {
        let processes: Vec<_> = self.cx.units.iter().map(|unit| &unit.process).collect();
        let (taint, _) = taint(self.cx.values, self.cx.words, &processes, Places::All);
        let handlers = processes.iter().flat_map(|process| process.handlers.iter().cloned()).collect();
        Reach::new(taint, handlers)
    }

    fn lines(&self, file: FileId) -> LineIndex {
        LineIndex::new(&self.workspace.files[file].text)
    }

    /// `src/log.ts:7`
    fn at(&self, loc: Loc) -> String {
        let file = &self.workspace.files[loc.file];
        format!("{}:{}", file.path, self.lines(loc.file).line(loc.span.start))
    }

    fn at_instr(&self, at: At) -> String {
        self.at(crate::rules::loc(self.cx.values.program, at))
    }

    fn at_func(&self, func: FuncId) -> String {
        let program = self.cx.values.program;
        let body = &program.funcs[func];
        self.at(Loc { file: program.modules[body.module].file, span: body.name_span })
    }

    /// The source text of a place on one line, cut where it is long.
    fn text(&self, loc: Loc) -> String {
        let text = &self.workspace.files[loc.file].text;
        let text = text.get(loc.span.start as usize..loc.span.end as usize).unwrap_or_default();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.chars().count() <= MAX_TEXT {
            return text;
        }
        text.chars().take(MAX_TEXT).chain("...".chars()).collect()
    }

    fn instr_text(&self, at: At) -> String {
        self.text(crate::rules::loc(self.cx.values.program, at))
    }
}

/// All that is to be said of a line (from 1) of a file, its findings aside. `paths` are names of the file, best first.
///
/// # Errors
/// When there is no such line; the text says so.
pub(crate) fn line(subject: &Subject<'_>, paths: &[String], line: u32) -> Result<LineReport, String> {
    let file = file(subject, paths)?;
    let n_lines = u32::try_from(subject.workspace.files[file].text.lines().count()).unwrap_or(u32::MAX);
    if line == 0 || line > n_lines {
        let path = &subject.workspace.files[file].path;
        return Err(format!("there is no line {line} in {path}: it has {n_lines} lines"));
    }
    Ok(told(subject, file, line))
}

fn file(subject: &Subject<'_>, paths: &[String]) -> Result<FileId, String> {
    let workspace = subject.workspace;
    let known = |path: &String| workspace.files.iter().find(|file| file.path == *path).map(|file| file.id);
    if let Some(file) = paths.iter().find_map(known) {
        return Ok(file);
    }
    let name = paths.first().map(String::as_str).unwrap_or_default();
    let all = || workspace.files.iter().map(|file| file.path.as_str());
    let ends =
        |path: &&str| paths.iter().any(|name| path.strip_suffix(name.as_str()).is_some_and(|rest| rest.ends_with('/')));
    if let Some(near) = all().find(ends).or_else(|| nearest(name, all())) {
        return Err(format!("{name} is not among the files that were read: did you mean {near}?"));
    }
    match workspace.skipped.iter().find(|skipped| paths.contains(&skipped.path)) {
        Some(skipped) => Err(format!("{} is not analysed: {}", skipped.path, skipped.reason)),
        None => Err(format!(
            "{name} is not among the files that were read: name the program's folder, too: mcpleaks explain FILE:LINE FOLDER"
        )),
    }
}

fn told(subject: &Subject<'_>, file: FileId, line: u32) -> LineReport {
    let source = &subject.workspace.files[file];
    let text = source.text.lines().nth(line.saturating_sub(1) as usize).unwrap_or_default().trim().to_owned();
    let mut report = LineReport::new(file, line, text);
    if subject.workspace.roles[file] == Role::Test {
        report.running.push(Running::of("it is in a test, and tests are left aside"));
        return report;
    }
    if subject.unread.contains(&file) {
        report.running.push(Running::of("it is in a generated file that nothing imports"));
        return report;
    }
    let Some(place) = place::find(subject, file, line) else {
        report.running.push(Running::of("no code of the program starts in this line"));
        return report;
    };
    if subject.cx.units.is_empty() {
        report.running.push(Running::of("no MCP server was found: nothing runs beside the protocol"));
        return report;
    }
    let runs = running::running(subject, &place);
    report.is_live = runs.iter().any(|run| run.site.is_some());
    report.running = running::told(&runs);
    let mut reach = subject.reach();
    let calls = calls::calls(subject, &mut reach, &place);
    if report.is_live {
        report.silent = silent::silent(subject, &mut reach, &runs, &place, &calls);
    }
    report.calls = calls.into_iter().map(|call| call.told).collect();
    report
}
