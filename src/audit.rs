//! One audit, from folders to a report: read, lower, resolve, find the servers, run the rules.

mod before;
mod describe;
mod generated;
mod hints;
mod launched;
mod loaded;
mod named;
mod parents;
mod servers;
pub(crate) mod stages;
mod unloaded;

use std::collections::{BTreeMap, BTreeSet};
use std::mem::ManuallyDrop;
use std::path::Path;
use std::time::Instant;

use rayon::prelude::*;

use self::generated::{Generated, Imports};
use crate::base::bounds::{ANALYSIS_STACK, MAX_CALL_DEPTH, MAX_FILE_BYTES, MAX_SINKS, STACK_SIZE};
use crate::base::idx::IndexVec;
use crate::base::span::{FileId, LineIndex, Loc};
use crate::catalogue::Catalogue;
use crate::config::Options;
use crate::finding::{Level, Persona};
use crate::flow::words::Words;
use crate::inspect::Subject;
use crate::ir::program::Program;
use crate::lower::{Around, LowerNote, LowerNoteKind, Lowered, lower};
use crate::models::Models;
use crate::report::{FilesInfo, NotAnalysed, Report, Server, Texts};
use crate::resolve::converted::convert;
use crate::resolve::folders::add_folders;
use crate::resolve::handed::put_around;
use crate::resolve::link::Linker;
use crate::resolve::outside::add_outside;
use crate::resolve::solve::solve;
use crate::resolve::specialise::specialise;
use crate::resolve::versions::Versions;
use crate::rules::flow::spans::Inside;
use crate::rules::{self, Cx, RuleText, TaintWork};
use crate::source::files::Dialect;
use crate::source::paths::is_copied;
use crate::source::walk::{WalkOptions, scan};
use crate::source::workspace::{Role, SkipReason, Workspace};

/// Examines what `options` names, and asks something of what the passes found out, while they are still there.
///
/// # Errors
/// When a path can't be read, or a model or catalogue file is wrong; the text says which and what to do.
pub(crate) fn audit_and<T: Send>(
    options: &Options,
    ask: impl FnOnce(&Subject<'_>) -> T + Send,
) -> Result<(Report, T), String> {
    let began = Instant::now();
    let (pool, workspace) = read(options)?;
    let run = Run { options, pool: &pool, workspace: &workspace, only: None };
    let (mut report, answer, unread) = on_analysis_stack(|| analyse(&run, Generated::Named, ask))?;
    report.elapsed = began.elapsed();
    report.texts = texts(workspace, &unread);
    Ok((report, answer))
}

/// What all passes of one audit need.
struct Run<'r> {
    options: &'r Options,
    pool: &'r rayon::ThreadPool,
    workspace: &'r Workspace,
    /// The files that are looked at, where all of them are too many.
    only: Option<&'r BTreeSet<FileId>>,
}

/// What the front ends made of the files.
struct LoweredAll {
    program: Program,
    notes: IndexVec<FileId, Vec<LowerNote>>,
    /// Generated files that nothing names.
    unread: BTreeSet<FileId>,
}

/// Walks and reads; gives the threads for what follows, too.
fn read(options: &Options) -> Result<(rayon::ThreadPool, Workspace), String> {
    let threads = options.threads.unwrap_or(0);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .stack_size(STACK_SIZE)
        .build()
        .map_err(|err| format!("can't start threads: {err}"))?;
    let walk = WalkOptions { no_ignore: options.no_ignore, max_file_bytes: MAX_FILE_BYTES, threads };
    let workspace = pool.install(|| scan(&options.paths, &walk))?;
    Ok((pool, workspace))
}

/// Lowers all files of the program (not its tests, nor what no server can load) on all cores; in order of their paths.
fn lower_all(run: &Run<'_>, generated: Generated) -> LoweredAll {
    let Run { options, pool, workspace, only } = *run;
    let empty = || Lowered { program: Program::default(), notes: Vec::new() };
    let mut lowered: IndexVec<FileId, Lowered> = workspace.files.iter().map(|_| empty()).collect();
    let mut unread = workspace.generated.clone();
    if generated == Generated::All {
        unread.clear();
    }
    for id in generated::named(workspace, options) {
        unread.remove(&id);
    }
    let mut next: Vec<FileId> = workspace.files.ids().filter(|id| !unread.contains(id)).collect();
    let mut imports = Imports::default();
    let around = Around::of(workspace);
    while !next.is_empty() {
        next.retain(|id| workspace.roles[*id] != Role::Test);
        let done: Vec<Lowered> =
            pool.install(|| next.par_iter().map(|id| lower(&workspace.files[*id], &around)).collect());
        for (id, file) in next.drain(..).zip(done) {
            if !unread.is_empty() {
                imports.add(&file.program, id, workspace);
            }
            lowered[id] = file;
        }
        next = unread.iter().copied().filter(|id| imports.name(&workspace.files[*id].path)).collect();
        unread.retain(|id| !next.contains(id));
    }
    let mut notes = IndexVec::new();
    let mut parts = IndexVec::new();
    for file in lowered.into_items() {
        notes.push(file.notes);
        parts.push(file.program);
    }
    unloaded::leave_out(&mut parts, workspace, options);
    if let Some(only) = only {
        let aside: Vec<FileId> = parts.iter_enumerated().map(|(id, _)| id).filter(|id| !only.contains(id)).collect();
        aside.into_iter().for_each(|id| parts[id] = Program::default());
    }
    LoweredAll { program: Program::join(parts.into_items()), notes, unread }
}

fn on_analysis_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(ANALYSIS_STACK);
        match thread.spawn_scoped(scope, work).map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(value)) => value,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(err) => std::panic::resume_unwind(Box::new(err)),
        }
    })
}

fn analyse<T>(
    run: &Run<'_>,
    generated: Generated,
    ask: impl FnOnce(&Subject<'_>) -> T,
) -> Result<(Report, T, BTreeSet<FileId>), String> {
    let Run { options, workspace, .. } = *run;
    let LoweredAll { program, notes, unread } = lower_all(run, generated);
    let mut report = describe(options, workspace, &notes, &unread);
    // A process audits once, or twice to compare: to give back piece by piece what the passes made would take longer than some
    // of them.
    let mut program = ManuallyDrop::new(program);
    let models = ManuallyDrop::new(Models::load(&options.own, |language| program.speaks(language))?);
    let catalogue = Catalogue::load()?;
    named::check(options, &models, workspace)?;
    add_folders(&mut program, workspace);
    let linker = Linker::new(&program, workspace)
        .modelled(models.index.imported())
        .described(named::described(&models, workspace));
    put_around(&mut program, &models);
    convert(&mut program);
    add_outside(&mut program, &workspace.manifests, &linker, &models);
    specialise(&mut program, &linker, &models);
    program.part_raising();
    let versions = Versions::new(workspace);
    let values = ManuallyDrop::new(solve(&program, &models, &linker, &versions));
    let (found, aside) = servers::find(&values, workspace, options);
    if found.is_empty()
        && values.is_cut
        && run.only.is_none()
        && let Some(loaded) = loaded::by_entries(&values, workspace, options)
    {
        return analyse(&Run { only: Some(&loaded), ..*run }, generated, ask);
    }
    if found.is_empty() && !unread.is_empty() {
        return analyse(run, Generated::All, ask);
    }
    report.remarks.extend(aside);
    let without = named::without_server(&found, workspace, options);
    if found.is_empty() {
        let (hints, candidates) = hints::hints(&values, workspace);
        report.hints = hints;
        if values.is_cut {
            let text = "the program is too large for all values to be followed, and a server may be in it: name a folder of it";
            report.hints.push(text.into());
        }
        report.hints.extend(not_read(workspace));
        report.entry_candidates = candidates;
        report.names_entries = !options.entries.is_empty() || !options.servers.is_empty();
    }
    report.hints.splice(0..0, without);
    let text_at = |loc: Loc| {
        let text = &workspace.files[loc.file].text;
        text.get(loc.span.start as usize..loc.span.end as usize).unwrap_or_default().to_owned()
    };
    let servers: Vec<Server> =
        found.iter().map(|server| describe::server(&values, workspace, &text_at, server)).collect();
    let units: ManuallyDrop<Vec<rules::Unit<'_>>> =
        ManuallyDrop::new(found.into_iter().enumerate().map(|(number, server)| server.unit(number)).collect());
    let words = Words::load(models.own_names());
    let cx = Cx { values: &values, units: &units, words: &words, texts: &text_at, inside: Inside::default() };
    let rule_texts: BTreeMap<String, RuleText> = catalogue
        .iter()
        .map(|rule| {
            let help = rule.text.help.clone();
            let help_in = rule.text.help_in.iter().filter_map(|(name, help)| Some((name.language()?, help.clone())));
            let text = RuleText { level: rule.level, persona: rule.persona, help, help_in: help_in.collect() };
            (rule.id.clone(), text)
        })
        .collect();
    let ran = rules::run(&cx, &rule_texts, rules::Which::All);
    report.not_analysed.extend(widened(run, &cx, &ran));
    let mut findings = ran.findings;
    for finding in findings.iter_mut().filter(|finding| !finding.path.is_empty()) {
        if is_copied(&workspace.files[finding.primary.loc.file].path) {
            finding.level = Level::Note;
            finding.persona = Persona::Pedantic;
            finding.doubts.push("it is in a copy of another project's code".into());
        }
    }
    findings.sort_by(|a, b| (a.primary.loc, &a.rule).cmp(&(b.primary.loc, &b.rule)));
    let names: Vec<String> = servers.iter().map(|server| server.name.clone()).collect();
    let answer = ask(&Subject { cx: &cx, workspace, unread: &unread, findings: &findings, servers: &names });
    report.findings = findings;
    report.servers = servers;
    Ok((report, answer, unread))
}

/// What was left out since a limit of a pass over the whole program was reached.
fn widened(run: &Run<'_>, cx: &Cx<'_>, ran: &rules::Ran) -> Option<NotAnalysed> {
    let mut reasons = Vec::new();
    if run.only.is_some() {
        let what = "the program is too large for all values to be followed: of its scripts, those were looked at that its entries load";
        reasons.push(what.to_owned());
    }
    if cx.values.is_cut {
        reasons.push("the program is too large for all values to be followed".to_owned());
    }
    if cx.units.iter().any(|unit| unit.process.explorer.n_deep > 0) {
        reasons.push(format!("of calls nested deeper than {MAX_CALL_DEPTH} it is not known what they give back"));
    }
    let TaintWork { n_unsettled, n_full, .. } = ran.taint;
    if n_unsettled > 0 {
        reasons.push(format!("{n_unsettled} functions that call each other in circles were not followed to the end"));
    }
    if n_full > 0 {
        reasons.push(format!(
            "what {n_full} functions are given comes to more than {MAX_SINKS} places each, and the rest is left out"
        ));
    }
    if reasons.is_empty() {
        return None;
    }
    let reason = format!("{}; what is reported may lack steps", reasons.join("; "));
    Some(NotAnalysed { path: ".".into(), reason, in_part: true })
}

/// When no server was found: the files that it may be in, though nobody read them.
fn not_read(workspace: &Workspace) -> impl Iterator<Item = String> {
    let may_hold_code = |reason: &SkipReason| match reason {
        SkipReason::TooLarge
        | SkipReason::Minified
        | SkipReason::Generated
        | SkipReason::BuildOutput
        | SkipReason::Unreadable(_) => true,
        SkipReason::Binary | SkipReason::Declarations | SkipReason::NotUtf8 | SkipReason::BadManifest(..) => false,
    };
    let skipped = workspace.skipped.iter().filter(move |skipped| may_hold_code(&skipped.reason));
    skipped.map(|skipped| format!("{} was not read ({}): a server may be in it", skipped.path, skipped.reason))
}

/// What the report says of the files.
fn describe(
    options: &Options,
    workspace: &Workspace,
    notes: &IndexVec<FileId, Vec<LowerNote>>,
    unread: &BTreeSet<FileId>,
) -> Report {
    let mut files = FilesInfo { folders: workspace.skipped_dirs.clone(), ..FilesInfo::default() };
    let mut looked_at: BTreeMap<String, usize> = BTreeMap::new();
    let mut not_analysed: Vec<NotAnalysed> = workspace
        .skipped
        .iter()
        .map(|skipped| NotAnalysed {
            path: skipped.path.clone(),
            reason: skipped.reason.to_string(),
            in_part: matches!(skipped.reason, SkipReason::NotUtf8 | SkipReason::BadManifest(..)),
        })
        .collect();
    for (id, file) in workspace.files.iter_enumerated() {
        if workspace.roles[id] == Role::Test {
            files.tests += 1;
            continue;
        }
        if unread.contains(&id) {
            let reason = SkipReason::Generated.to_string();
            not_analysed.push(NotAnalysed { path: file.path.clone(), reason, in_part: false });
            continue;
        }
        let refused = notes[id].iter().find(|note| note.kind == LowerNoteKind::Refused);
        let lines = LineIndex::new(&file.text);
        if refused.is_none() {
            files.analysed += 1;
            files.lines += lines.line_count() as usize;
            *looked_at.entry(language_name(file.dialect).into()).or_default() += 1;
        }
        if let Some(note) = refused.or(notes[id].first()) {
            let line = lines.line(note.span.start);
            let rest = if refused.is_none() { "; the rest of the file was read" } else { "" };
            let reason = format!("{} at line {line}{rest}", note.text);
            not_analysed.push(NotAnalysed { path: file.path.clone(), reason, in_part: refused.is_none() });
        }
    }
    not_analysed.sort();
    // One file, one row: all that is wrong with it.
    not_analysed.dedup_by(|next, row| {
        let is_same = next.path == row.path;
        if is_same && next.reason != row.reason {
            row.reason = format!("{}; {}", row.reason, next.reason);
            row.in_part &= next.in_part;
        }
        is_same
    });
    let root_name = match options.paths.as_slice() {
        [path] => path.display().to_string(),
        _ => workspace.root.display().to_string(),
    };
    Report {
        root_name,
        root: workspace.root.clone(),
        path_prefix: prefix(&workspace.root),
        files,
        looked_at,
        not_analysed,
        ..Report::default()
    }
}

fn language_name(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::TypeScript | Dialect::Tsx => "TypeScript",
        Dialect::JavaScript => "JavaScript",
        Dialect::Python => "Python",
        Dialect::Rust => "Rust",
    }
}

/// The scanned root as seen from the current folder, with a slash behind it; empty when it is the same or outside.
fn prefix(root: &Path) -> String {
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    let root = root.canonicalize();
    let (Ok(here), Ok(root)) = (here, root) else { return String::new() };
    match root.strip_prefix(&here) {
        Ok(below) if below.as_os_str().is_empty() => String::new(),
        Ok(below) => format!("{}/", below.to_string_lossy().replace('\\', "/")),
        Err(_) => String::new(),
    }
}

/// What a file that somebody names is called in the report: seen from the scanned root, or as it was named.
pub(crate) fn names_of_file(root: &Path, wanted: &str) -> Vec<String> {
    let plain = wanted.replace('\\', "/");
    let plain = plain.strip_prefix("./").unwrap_or(&plain).to_owned();
    let below = || {
        let (root, file) = (root.canonicalize().ok()?, Path::new(wanted).canonicalize().ok()?);
        Some(file.strip_prefix(root).ok()?.to_string_lossy().replace('\\', "/"))
    };
    below().into_iter().chain([plain]).collect()
}

fn texts(workspace: Workspace, unread: &BTreeSet<FileId>) -> Texts {
    let mut texts = Texts::default();
    let ids: Vec<FileId> = workspace.files.ids().collect();
    for (id, file) in ids.into_iter().zip(workspace.files.into_items()) {
        texts.insert(id, file.path, file.text);
        if workspace.roles[id] == Role::Test || unread.contains(&id) {
            texts.leave_aside(id);
        }
    }
    texts
}
