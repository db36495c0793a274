//! Which servers are here: entries that serve, and serve calls that no entry reaches.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::base::span::FileId;
use crate::config::{Declared, DeclaredTransport, Options};
use crate::flow::explore::{Prepared, Told};
use crate::flow::prepared::prepare;
use crate::flow::process::{Begun, Entered, Passed, Process, Start, enter};
use crate::ir::func::FuncId;
use crate::ir::instr::Op;
use crate::ir::program::{Language, ModuleId};
use crate::models::index::Table;
use crate::models::serving::TransportKind;
use crate::report::Remark;
use crate::resolve::solve::Values;
use crate::resolve::values::{At, Key, Value};
use crate::rules::Unit;
use crate::source::manifest::entries::StartedBy;
use crate::source::paths;
use crate::source::workspace::{PACKAGE_MAIN, Role, Workspace};

use super::before::{Before, Leading};
use super::named;

/// How an entry was found that the configuration declares.
const DECLARED: &str = "[[server]] in the configuration";

/// What a program's main function is called, where something else than the language calls it.
const MAIN: &str = "main";

/// A server that was found.
pub(super) struct Found<'v> {
    pub(super) name: String,
    /// How its entry was found: `package.json bin "notes-mcp"`.
    pub(super) how: String,
    pub(super) entry: FileId,
    pub(super) start: Start,
    pub(super) process: Process<'v>,
    /// What it comes through on the way to serving.
    pub(super) passed: Passed,
    pub(super) doubts: Vec<String>,
    by_hand: bool,
    pub(super) is_hosted: bool,
    /// It starts the server as a child.
    pub(super) is_parent: bool,
}

impl<'v> Found<'v> {
    pub(super) fn unit(self, number: usize) -> Unit<'v> {
        let starts = self.process.explorer.told.serves_at.filter(|_| self.is_parent);
        let Self { process, doubts, by_hand, is_hosted, .. } = self;
        Unit { number, process, doubts, by_hand, is_hosted, starts }
    }
}

/// A way to start a process that is worth a look.
pub(super) struct Candidate {
    pub(super) start: Start,
    pub(super) name: String,
    pub(super) how: String,
    pub(super) doubts: Vec<String>,
    /// A platform runs it, for each request.
    pub(super) is_hosted: bool,
    /// It starts the server as a child.
    pub(super) is_parent: bool,
}

/// Finds the servers, sorted by entry and name; and says which folders of examples were left aside.
pub(super) fn find<'v>(
    values: &'v Values<'v>,
    workspace: &Workspace,
    options: &Options,
) -> (Vec<Found<'v>>, Vec<Remark>) {
    let (serving, prepared) = (serving_calls(values), prepare(values));
    let before = Before::new(values, &prepared);
    let mut finder = Finder {
        values,
        workspace,
        prepared,
        to_serving: before.leading(values, serving.iter()),
        told: Told { transport: options.all_stdio.then_some(TransportKind::Stdio), serves_at: None },
        serving,
        covered: BTreeSet::new(),
        before,
        to_open: None,
        tried: BTreeSet::new(),
        role: Role::Source,
        found: Vec::new(),
    };
    for path in &options.entries {
        finder.given_entry(path);
    }
    for server in &options.servers {
        finder.declared(server);
    }
    let mut aside = Vec::new();
    if options.entries.is_empty() {
        finder.look();
        // Where there is nothing else, the examples are what there is.
        if finder.found.is_empty() {
            finder.role = Role::Example;
            finder.look();
        } else {
            aside = finder.left_aside();
        }
        finder.parents();
    }
    let mut found = finder.found;
    found.sort_by(|a, b| (a.entry, &a.name).cmp(&(b.entry, &b.name)));
    (found, aside)
}

pub(super) struct Finder<'v, 'w> {
    pub(super) values: &'v Values<'v>,
    pub(super) workspace: &'w Workspace,
    pub(super) prepared: Rc<Prepared>,
    /// What the user says of the servers looked for.
    pub(super) told: Told,
    /// Calls that start to serve, anywhere in the program.
    serving: BTreeSet<At>,
    /// Those that a server found so far reaches, on whichever transport.
    covered: BTreeSet<At>,
    pub(super) before: Before,
    /// What leads to a call that serves.
    to_serving: Leading,
    /// What leads to one that no server covers yet, and how many were covered when it was found out.
    to_open: Option<(usize, Leading)>,
    pub(super) tried: BTreeSet<(Option<ModuleId>, Option<FuncId>)>,
    /// What the files are among which entries are looked for.
    role: Role,
    pub(super) found: Vec<Found<'v>>,
}

/// Calls that start to serve: by a library, or what takes requests in a program that knows the protocol's words.
fn serving_calls(values: &Values<'_>) -> BTreeSet<At> {
    let mut calls = BTreeSet::new();
    for (func, data) in values.program.funcs.iter_enumerated() {
        for (id, instr) in data.instrs.iter_enumerated() {
            if matches!(instr.op, Op::Call(_)) && !values.call_rows((func, id), Table::Serve).is_empty() {
                calls.insert((func, id));
            }
        }
    }
    calls.extend(values.hand_written_serves().keys());
    calls
}

impl<'v> Finder<'v, '_> {
    fn look(&mut self) {
        self.manifest_entries();
        self.scripts();
        self.launchers();
        self.loose_functions();
        self.commands();
    }

    /// The folders of examples in which files start servers.
    fn left_aside(&mut self) -> Vec<Remark> {
        let mut starting: BTreeMap<&str, usize> = BTreeMap::new();
        for (module, data) in self.values.program.modules.iter_enumerated() {
            let start = Start { packages: Vec::new(), module: Some(module), is_main: true, func: None };
            if self.workspace.roles[data.file] == Role::Example
                && data.within.is_none()
                && self.reaches_serving(&start, true)
                && let path = &self.workspace.files[data.file].path
                && let Some(folder) = Role::example_folder(path).or_else(|| self.workspace.manifests.own_copy(path))
            {
                *starting.entry(folder).or_default() += 1;
            }
        }
        let remark = |(folder, n): (&str, usize)| {
            let files =
                if n == 1 { "1 file here starts a server".to_owned() } else { format!("{n} files here start servers") };
            let text = format!("{files}, left aside as examples; to audit them: mcpleaks {folder}");
            Remark { path: folder.to_owned(), line: 0, text }
        };
        starting.into_iter().map(remark).collect()
    }

    fn given_entry(&mut self, path: &std::path::Path) {
        let Some(id) = named::file(self.workspace, path) else { return };
        let name = stem(&self.workspace.files[id].path);
        self.by_user(id, &name, "--entry");
    }

    /// A file that a user names: what runs with it serves, or its main function, which something else calls.
    fn by_user(&mut self, file: FileId, name: &str, how: &str) -> bool {
        let n_found = self.found.len();
        for function in [None, Some(MAIN)] {
            if self.found.len() == n_found
                && let Some(start) = self.start(file, function)
            {
                let (name, how) = (name.to_owned(), how.to_owned());
                let candidate = Candidate { start, name, how, doubts: Vec::new(), is_hosted: false, is_parent: false };
                // What a user names is told by itself, also where it starts what another one does.
                if self.is_worth_a_look(&candidate) {
                    self.explore(candidate);
                }
            }
        }
        self.found.len() > n_found
    }

    fn declared(&mut self, server: &Declared) {
        let Some(id) = named::file(self.workspace, &server.entry) else { return };
        let name = server.name.clone().unwrap_or_else(|| stem(&self.workspace.files[id].path));
        let of_all = self.told;
        self.told.transport = match server.transport {
            Some(DeclaredTransport::Stdio) => Some(TransportKind::Stdio),
            Some(DeclaredTransport::Http) => Some(TransportKind::Http),
            None => of_all.transport,
        };
        if !self.by_user(id, &name, DECLARED) && server.transport.is_some() {
            self.serving_somehow(id, name);
        }
        self.told = of_all;
    }

    /// A server that no call is known to start: its user knows better. What comes last in its file starts it.
    fn serving_somehow(&mut self, file: FileId, name: String) {
        let main = self.start(file, Some(MAIN)).or_else(|| self.start(file, None));
        let Some(start) = main else { return };
        let program = self.values.program;
        let init = start.module.map(|module| program.modules[module].init);
        let last_call = |func: FuncId| {
            let mut instrs = program.funcs[func].instrs.iter_enumerated();
            instrs.rfind(|(_, instr)| matches!(instr.op, Op::Call(_))).map(|(id, _)| (func, id))
        };
        let Some(mut at) = start.func.or(init).and_then(last_call) else { return };
        let mut seen = BTreeSet::from([at.0]);
        while let [(callee, _)] = self.values.callees(at) {
            let Some(inner) = last_call(*callee).filter(|_| seen.insert(*callee)) else { break };
            at = inner;
        }
        self.told.serves_at = Some(at);
        self.explore(Candidate {
            start,
            name,
            how: DECLARED.into(),
            doubts: Vec::new(),
            is_hosted: false,
            is_parent: false,
        });
    }

    fn manifest_entries(&mut self) {
        let mut entries = self.workspace.manifests.entries();
        // A server that is started in several ways goes by the name of the program that is installed.
        entries.sort_by_key(|entry| entry.by);
        for entry in entries {
            let Some(id) = self.values.linker.file_by_path(&entry.path) else { continue };
            if self.workspace.roles[id] != self.role {
                continue;
            }
            let Some(start) = self.start(id, entry.function.as_deref()) else { continue };
            let is_hosted = entry.by == StartedBy::Platform;
            self.consider(Candidate {
                start,
                name: entry.name,
                how: entry.how,
                doubts: Vec::new(),
                is_hosted,
                is_parent: false,
            });
        }
    }

    /// How the process begins that a file, or a function in it, starts.
    pub(super) fn start(&self, file: FileId, function: Option<&str>) -> Option<Start> {
        let module = self.values.linker.module_of_file(file)?;
        let wanted = match (function, self.values.program.modules[module].language) {
            (Some(function), _) => Some(function),
            (None, Language::Rust) => Some(MAIN),
            (None, _) => None,
        };
        let func = wanted.and_then(|wanted| self.function(module, wanted));
        let func = func.or_else(|| self.outside(module, function?));
        // Something else may be called, too: the object that a library made of the commands below it.
        let names = &self.values.program.modules[module].exports.names;
        let has = |name: &str| name.split('.').any(|part| names.contains_key(part));
        if wanted.is_some() && func.is_none() && !function.is_some_and(has) {
            return None;
        }
        // `python -m package` and console scripts import by name; a file that is run by its path is in no package.
        let path = &self.workspace.files[file].path;
        let is_by_name = function.is_some() || paths::name(path) == PACKAGE_MAIN;
        let packages = if is_by_name { self.values.linker.packages_around(module) } else { Vec::new() };
        Some(Start { packages, module: Some(module), is_main: function.is_none(), func })
    }

    /// The function that a module's name stands for.
    fn function(&self, module: ModuleId, name: &str) -> Option<FuncId> {
        let names = &self.values.program.modules[module].exports.names;
        let values_of = |name: &str| {
            let slot = names.get(name).map(|cell| self.values.cell_slot(*cell));
            slot.into_iter().flat_map(|slot| self.values.of_slot(slot).items())
        };
        let (owner, name) = name.rsplit_once('.').unwrap_or(("", name));
        let methods = values_of(owner).flat_map(|value| self.methods_of(value, name));
        let own = values_of(name).filter_map(|value| if let Value::Func(func) = value { Some(*func) } else { None });
        let mut funcs = methods.chain(own);
        let first = funcs.next()?;
        // Of several that go by the name, the others are for the day when nothing can be served.
        let serves = |func: &FuncId| self.to_serving.funcs.contains(func);
        if serves(&first) { Some(first) } else { funcs.find(serves).or(Some(first)) }
    }

    /// The function that calls what a manifest names.
    fn outside(&self, module: ModuleId, name: &str) -> Option<FuncId> {
        let program = self.values.program;
        let mut named = program.outside.iter().filter(|outside| !outside.by_library && outside.name == name);
        named.find(|outside| program.funcs[outside.func].module == module).map(|outside| outside.func)
    }

    /// The functions that an object has under a name.
    fn methods_of(&self, value: &Value, name: &str) -> Vec<FuncId> {
        let values = self.values;
        if let Value::Class(class) | Value::Instance(class) = value {
            return values.classes.methods(*class, name);
        }
        let Some(obj) = values.object_of(value) else { return Vec::new() };
        let slot = values.known_field(&obj, &Key::Name(name.into()));
        let held = slot.into_iter().flat_map(|slot| values.of_slot(slot).items());
        held.filter_map(|value| if let Value::Func(func) = value { Some(*func) } else { None }).collect()
    }

    fn consider(&mut self, candidate: Candidate) {
        if self.is_worth_a_look(&candidate) {
            let (key, n_found) = ((candidate.start.module, candidate.start.func), self.found.len());
            self.explore_unless_known(candidate);
            if self.found.len() > n_found {
                self.tried.insert(key);
            }
        }
    }

    /// Was it not tried yet, and can it get to a call that serves?
    fn is_worth_a_look(&mut self, candidate: &Candidate) -> bool {
        let key = (candidate.start.module, candidate.start.func);
        // What a manifest names may be no function of the program: the file may still serve when it is run.
        let is_part = candidate.start.func.is_none() && !candidate.start.is_main;
        let is_new = if is_part { !self.tried.contains(&key) } else { self.tried.insert(key) };
        is_new && self.reaches_serving(&candidate.start, false)
    }

    /// Another way to start a server that was found is told with that.
    fn explore_unless_known(&mut self, candidate: Candidate) {
        if let Some(found) = self.started_only(&candidate) {
            found.how = format!("{}, {}", found.how, candidate.how);
            return;
        }
        let Some(begun) = self.begin(&candidate.start) else { return };
        let passed = begun.passed();
        if let Some(found) = self.started_otherwise(&candidate, &passed) {
            found.how = format!("{}, {}", found.how, candidate.how);
            return;
        }
        let process = begun.process();
        self.keep(candidate, passed, process);
    }

    pub(super) fn explore(&mut self, candidate: Candidate) {
        let Some(begun) = self.begin(&candidate.start) else { return };
        let passed = begun.passed();
        let process = begun.process();
        self.keep(candidate, passed, process);
    }

    fn begin<'s>(&self, start: &'s Start) -> Option<Begun<'v, 's>> {
        self.enter(start).begin()
    }

    pub(super) fn enter<'s>(&self, start: &'s Start) -> Entered<'v, 's> {
        enter(self.values, &self.prepared, &self.to_serving.funcs, start, self.told)
    }

    pub(super) fn keep(&mut self, candidate: Candidate, passed: Passed, process: Process<'v>) {
        self.covered.extend(&process.may_serve);
        let program = self.values.program;
        let module = candidate.start.module.or(candidate.start.func.map(|func| program.funcs[func].module));
        let Some(module) = module else { return };
        let by_hand = !candidate.is_parent && process.serves.iter().any(|serve| serve.by_hand);
        self.found.push(Found {
            name: candidate.name,
            how: candidate.how,
            entry: program.modules[module].file,
            start: candidate.start,
            process,
            passed,
            doubts: candidate.doubts,
            by_hand,
            is_hosted: candidate.is_hosted,
            is_parent: candidate.is_parent,
        });
    }

    /// Can the call graph get from the start to a serve call (one that no server covers yet, if `fresh`)?
    fn reaches_serving(&mut self, start: &Start, fresh: bool) -> bool {
        if !fresh || self.covered.is_empty() {
            return self.to_serving.has(start, self.values);
        }
        if self.to_open.as_ref().is_none_or(|(covered, _)| *covered != self.covered.len()) {
            let open = self.serving.difference(&self.covered);
            self.to_open = Some((self.covered.len(), self.before.leading(self.values, open)));
        }
        self.to_open.as_ref().is_some_and(|(_, leading)| leading.has(start, self.values))
    }

    /// Files that nobody names as an entry but that serve when they are run.
    fn scripts(&mut self) {
        let program = self.values.program;
        let imported = self.imported_modules();
        let mut modules: Vec<ModuleId> = program.modules.ids().collect();
        modules.sort_by_key(|module| (imported.contains(module), *module));
        for module in modules {
            if let Some(candidate) = self.script(module, true) {
                self.consider(candidate);
            }
        }
    }

    /// A module that serves when its file is run (what no server covers yet, if `fresh`), unless that was tried.
    pub(super) fn script(&mut self, module: ModuleId, fresh: bool) -> Option<Candidate> {
        let data = &self.values.program.modules[module];
        if data.within.is_some() || self.workspace.roles[data.file] != self.role || data.language == Language::Rust {
            return None;
        }
        let start = Start { packages: Vec::new(), module: Some(module), is_main: true, func: None };
        if self.tried.contains(&(start.module, None)) || !self.reaches_serving(&start, fresh) {
            return None;
        }
        let path = &self.workspace.files[data.file].path;
        let (name, how) = (stem(path), "run as a script".to_owned());
        let manifests = &self.workspace.manifests;
        let is_unnamed = manifests.names_entries(data.language, path) && !manifests.is_entry(path);
        if is_unnamed && self.is_twin(data.language, path) {
            return None;
        }
        let unnamed = (is_unnamed, "no manifest names this file as an entry");
        let is_bundle = is_unnamed && self.workspace.files[data.file].is_bundle();
        let bundle = (is_bundle, "it is a bundle of other files, which nothing starts");
        let left_out = (manifests.is_left_out(path), "the settings of the compiler leave this file out of the build");
        let doubts = [unnamed, bundle, left_out].into_iter().filter(|(is_so, _)| *is_so).map(|(_, why)| why.to_owned());
        Some(Candidate { start, name, how, doubts: doubts.collect(), is_hosted: false, is_parent: false })
    }

    /// Is it what a bundler wrote beside the entry of a server that was found, for those who import it in another way:
    /// `server.cjs` beside `server.js`?
    fn is_twin(&self, language: Language, path: &str) -> bool {
        self.found.iter().any(|found| {
            let entry = &self.workspace.files[found.entry];
            entry.dialect.language() == language
                && entry.path != path
                && paths::without_extension(&entry.path) == paths::without_extension(path)
                && self.workspace.manifests.is_entry(&entry.path)
        })
    }

    pub(super) fn imported_modules(&self) -> BTreeSet<ModuleId> {
        let program = self.values.program;
        let mut imported = BTreeSet::new();
        for func in program.funcs.iter() {
            for instr in func.instrs.iter() {
                if let Op::Import(import) = &instr.op {
                    imported.extend(self.values.runs(func.module, import));
                }
            }
        }
        imported
    }

    /// Serve calls in functions that no entry reaches: each outermost caller is taken for an entry, in doubt.
    fn loose_functions(&mut self) {
        let program = self.values.program;
        // A program that serves and has functions that would, too, does not call those; one in another language is another.
        let modules = self.found.iter().filter_map(|found| self.values.linker.module_of_file(found.entry));
        let found: BTreeSet<Language> = modules.map(|module| program.modules[module].language).collect();
        for at in self.serving.clone() {
            if self.covered.contains(&at)
                || program.is_outside(at.0)
                || found.contains(&self.values.language(at.0))
                || self.workspace.roles[program.modules[program.funcs[at.0].module].file] != self.role
            {
                continue;
            }
            let func = self.outermost_caller(at.0);
            // A program that was looked at and does not get there.
            if self.tried.iter().any(|(_, tried)| *tried == Some(func)) {
                continue;
            }
            let data = &program.funcs[func];
            let module = (data.language_runs(program)).then_some(data.module);
            let start = Start { packages: Vec::new(), module, is_main: false, func: Some(func) };
            let path = &self.workspace.files[program.modules[data.module].file].path;
            let mut doubts =
                vec![format!("no entry of the program was found to call `{}()`: it may be dead code", data.name)];
            if self.is_left_out(data.module) {
                doubts.push("no `mod` of the crate names this file: the build leaves it out".into());
            }
            let how = format!("function {}()", data.name);
            self.consider(Candidate { start, name: stem(path), how, doubts, is_hosted: false, is_parent: false });
        }
    }

    /// Is it in a file of Rust that is no part of the crate around it?
    fn is_left_out(&self, module: ModuleId) -> bool {
        let file = self.values.program.modules[module].file;
        let (manifests, path) = (&self.workspace.manifests, &self.workspace.files[file].path);
        self.values.program.modules[module].language == Language::Rust
            && manifests.names_entries(Language::Rust, path)
            && !manifests.is_crate_root(path)
            && self.values.linker.module_of_file(file).is_some_and(|whole| !self.imported_modules().contains(&whole))
    }

    /// Objects that no call of the program serves: a command of their library is taken to do it, `mcp run server.py`.
    fn commands(&mut self) {
        let program = self.values.program;
        let is_read = |at: &At| self.workspace.roles[program.modules[program.funcs[at.0].module].file] == self.role;
        let by_library: BTreeSet<FuncId> =
            program.outside.iter().filter(|outside| outside.by_library).map(|outside| outside.func).collect();
        let (objects, calls): (Vec<At>, Vec<At>) =
            self.serving.iter().filter(|at| is_read(at)).partition(|at| by_library.contains(&at.0));
        let serving: BTreeSet<Language> = calls.iter().map(|at| self.values.language(at.0)).collect();
        let imported = self.imported_modules();
        let of_program = |at: &&At| !imported.contains(&program.funcs[at.0].module);
        // The object may be made in one file, and its tools in another one, which then is the one that is named.
        let has_programs = objects.iter().any(|at| of_program(&at));
        for at in objects.iter().filter(|at| !has_programs || of_program(at)) {
            let rows = self.values.call_rows(*at, Table::Serve);
            let command = rows.first().and_then(|row| self.values.models.file(*row).serving_command());
            let Some(command) = command.filter(|_| !serving.contains(&self.values.language(at.0))) else { continue };
            let module = program.funcs[at.0].module;
            let path = &self.workspace.files[program.modules[module].file].path;
            let how = format!("{} {path}", command.name);
            let doubts = vec![format!("no call of the program serves it: `{how}` would")];
            let start = Start { packages: Vec::new(), module: Some(module), is_main: false, func: Some(at.0) };
            self.consider(Candidate { start, name: stem(path), how, doubts, is_hosted: false, is_parent: false });
        }
    }

    fn outermost_caller(&self, func: FuncId) -> FuncId {
        let program = self.values.program;
        let mut at = func;
        let mut seen = BTreeSet::from([func]);
        loop {
            let caller = self.values.callers(at).iter().map(|(caller, _)| *caller).find(|caller| {
                program.funcs[*caller].kind != crate::ir::func::FuncKind::Init && !seen.contains(caller)
            });
            match caller {
                Some(caller) => {
                    seen.insert(caller);
                    at = caller;
                }
                None => return at,
            }
        }
    }
}

fn stem(path: &str) -> String {
    let mut parts = path.rsplit('/');
    let file = parts.next().unwrap_or(path);
    let stem = file.split('.').next().unwrap_or(file);
    match (stem, parts.next()) {
        ("index" | "main" | "server" | "__main__" | "__init__" | "mod" | "lib" | "cli", Some(dir)) if dir != "src" => {
            dir.into()
        }
        _ => stem.into(),
    }
}
