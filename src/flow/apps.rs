//! Applications: objects of a library that call what they are given only where something runs them.
//!
//! ```text
//! app = Flask(__name__)
//!
//! @app.route("/open")
//! def open_note(): …          # runs where `app.run()` does, or where `app` is handed to what runs it
//! ```
//!
//! The functions wait until a call that the process gets to runs the application. Of calls in the program, those of a library
//! count that is handed it: a server, a thread, another library; what only puts one application into another counts where
//! that one is run. An application of which it is not known where it was made is taken to be run.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::Symbol;
use crate::ir::func::FuncId;
use crate::ir::instr::{Call, CallStyle, Field, InstrId, Op};
use crate::ir::program::{Language, ModuleId};
use crate::models::handlers::HandlerKind;
use crate::models::index::{NodeId, Table};
use crate::models::serving::TransportKind;
use crate::resolve::solve::CallKind;
use crate::resolve::values::{At, Key, Value};

use super::explore::{Explorer, Mode};

/// What is known of the applications of a process.
#[derive(Default)]
pub(super) struct Apps {
    /// Functions that wait, the applications that they were given to, by the calls that made them, and the call that gave them.
    waiting: Vec<(FuncId, BTreeSet<At>, At)>,
    /// By application: the calls that run it.
    runs: BTreeMap<At, BTreeSet<At>>,
    /// Applications, each with one that it was given.
    within: BTreeSet<(At, At)>,
    started: BTreeSet<(FuncId, At)>,
    /// By call: what `apps_called` gives.
    called: FxHashMap<At, Option<BTreeSet<At>>>,
    /// Calls of which it is noted what they do.
    noted: FxHashSet<At>,
}

impl<'v> Explorer<'v> {
    /// Does a function that a call is given wait until an application is run?
    pub(super) fn waits_for_app(&mut self, at: At, callee: FuncId) -> bool {
        if !self.prepared.has_apps {
            return false;
        }
        if !self.apps.called.contains_key(&at) {
            let apps = self.apps_called(at).map(|apps| if apps.is_empty() { self.apps_asking(at) } else { apps });
            self.apps.called.insert(at, apps);
        }
        let Some(Some(apps)) = self.apps.called.get(&at).cloned() else { return false };
        if apps.is_empty() {
            return false;
        }
        let entry = (callee, apps, at);
        if !self.apps.waiting.contains(&entry) {
            self.apps.waiting.push(entry);
        }
        true
    }

    /// Notes what a call does to applications: it runs them, hands them to something, puts one into another.
    pub(super) fn note_apps(&mut self, at: At, call: &Call) {
        if !self.prepared.has_apps || !self.apps.noted.insert(at) {
            return;
        }
        if self.values.hand_written_serves().contains_key(&at) {
            self.run_apps(self.apps_called(at), at);
        }
        let values = self.values;
        let own = self.receivers(at);
        if let Some(Field::Name(method)) = call.callee.path.last()
            && own.iter().any(|(_, methods)| methods.contains(method))
        {
            let chain = values.chain(at).into_iter().filter(|call| self.makes_app(*call));
            self.run_apps(Some(own.iter().map(|(made, _)| *made).chain(chain).collect()), at);
        }
        for module in self.values.loads(at) {
            self.run_apps(Some(self.exported(module)), at);
        }
        let callee = values.callee_slot(at).map(|slot| values.of_slot(slot).items()).unwrap_or_default();
        // An application of a script is a function, too: `createServer((request, response) => app(request, response))`.
        let is_called = |value: &Value| matches!(value, Value::Api(node, Some(_)) if self.is_app(*node));
        if call.style == CallStyle::Plain && callee.iter().any(is_called) {
            let mut apps = BTreeSet::new();
            callee.iter().for_each(|value| self.add_app(value, &mut apps));
            self.run_apps(Some(apps), at);
        }
        let mut callees = values.callees(at).iter();
        let is_made = callees.all(|(_, kind)| *kind == CallKind::Callback)
            || callee.iter().any(|value| matches!(value, Value::Class(_)));
        if !is_made || values.calls_nothing(at) {
            return;
        }
        // What is made of an application is one around it: `http.createServer(app)`.
        let makes_app = self.makes_app(at);
        for arg in &call.args {
            let given = self.apps_given((at.0, arg.value));
            if own.is_empty() && makes_app {
                self.apps.within.extend(given.iter().map(|inner| (at, *inner)));
                continue;
            }
            if own.is_empty() {
                self.run_apps(Some(given), at);
                continue;
            }
            self.apps.within.extend(own.iter().flat_map(|(outer, _)| given.iter().map(|inner| (*outer, *inner))));
            // What serves the protocol within it is there to be run, wherever that is.
            if self.serves_protocol((at.0, arg.value)) {
                self.run_apps(Some(own.iter().map(|(made, _)| *made).collect()), at);
            }
        }
    }

    /// Has what waits for applications run later that are run by now. True where something is new.
    pub(super) fn start_apps(&mut self) -> bool {
        let on_stdio = |kind: TransportKind| matches!(kind, TransportKind::Stdio | TransportKind::Unknown);
        // What serves on HTTP alone is run from outside: `uvicorn notes.web:app`.
        let is_outside = !self.serves.is_empty() && !self.serves.values().any(|serve| on_stdio(serve.kind));
        let n_known = self.later.len();
        self.start_waiting(is_outside);
        // So is what has to run if anything is to be served: `export default app`.
        if self.later.len() == n_known && self.serves.is_empty() {
            self.start_waiting(true);
        }
        self.later.len() > n_known
    }

    fn start_waiting(&mut self, is_outside: bool) {
        for (func, apps, at) in self.apps.waiting.clone() {
            let runs: Vec<At> = if is_outside { vec![at] } else { self.runs_of(apps) };
            for run in runs {
                if self.apps.started.insert((func, run)) {
                    self.later.push((func, run, Mode::Now));
                }
            }
        }
    }

    /// Is a function one that answers HTTP requests, and registered by the call, or run with the application that the call runs?
    pub(super) fn answers_requests(&self, func: FuncId, at: At) -> bool {
        let mut waiting = self.apps.waiting.iter().filter(|(known, ..)| *known == func);
        self.is_route(at)
            || self.apps.started.contains(&(func, at)) && waiting.any(|(_, _, given)| self.is_route(*given))
    }

    /// Does a call register what answers HTTP requests?
    fn is_route(&self, at: At) -> bool {
        let rows = self.values.call_rows(at, Table::Handler);
        rows.into_iter().any(|row| self.values.models.handler(row).kind == HandlerKind::Route)
    }

    /// Does a function run by what runs an application, so that it only does if that call does?
    pub(super) fn is_run_by(&self, func: FuncId, run: At) -> bool {
        let is_given = |(known, _, at): &(FuncId, BTreeSet<At>, At)| *known == func && *at == run;
        self.apps.started.contains(&(func, run)) && !self.apps.waiting.iter().any(is_given)
    }

    /// The calls that run some of the applications, or one that they are put into.
    fn runs_of(&self, mut apps: BTreeSet<At>) -> Vec<At> {
        let mut open: Vec<At> = apps.iter().copied().collect();
        while let Some(inner) = open.pop() {
            let outer = self.apps.within.iter().filter(|(_, within)| *within == inner).map(|(outer, _)| *outer);
            open.extend(outer.filter(|outer| apps.insert(*outer)));
        }
        apps.iter().filter_map(|app| self.apps.runs.get(app)).flatten().copied().collect()
    }

    fn run_apps(&mut self, apps: Option<BTreeSet<At>>, at: At) {
        for app in apps.into_iter().flatten() {
            self.apps.runs.entry(app).or_default().insert(at);
        }
    }

    /// The applications that a call is a part of, by what made them: it makes one, is a method of one, or calls what such a
    /// method gave. `None` where all that is known is that there is one.
    fn apps_called(&self, at: At) -> Option<BTreeSet<At>> {
        let values = self.values;
        let index = &values.models.index;
        let mut found = BTreeSet::new();
        let is_app = |value: &Value| matches!(value, Value::Api(node, _) if index.run_by(*node).is_some());
        let mut is_open = false;
        for call in values.chain(at).into_iter().chain([at]) {
            // `new Promise(start)` that gives a server makes none, but calls what does.
            if self.makes_app(call) {
                found.insert(call);
            }
            let called = [values.receiver_slot(call), values.callee_slot(call)].into_iter().flatten();
            for value in called.flat_map(|slot| values.of_slot(slot).items()).filter(|value| is_app(value)) {
                if let Value::Api(_, made) = value {
                    is_open |= made.is_none();
                    found.extend(*made);
                }
            }
        }
        (!is_open || !found.is_empty()).then_some(found)
    }

    /// The applications that are given the function of which a call is the default of a parameter. It is for them to call what
    /// is in there; who calls the function itself only hands on the object that was made:
    ///
    /// ```text
    /// @app.post("/notes")
    /// def add_note(text: str, user: str = Depends(current_user)): …
    /// ```
    fn apps_asking(&self, at: At) -> BTreeSet<At> {
        let values = self.values;
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut open = vec![at];
        while let Some(default) = open.pop() {
            let is_default =
                values.program.funcs[default.0].params.iter().any(|param| param.default == Some(default.1));
            if !is_default || values.language(default.0) != Language::Python || !seen.insert(default) {
                continue;
            }
            for given in values.callers(default.0) {
                match self.apps_called(*given).unwrap_or_default() {
                    apps if apps.is_empty() => open.push(*given),
                    apps => found.extend(apps),
                }
            }
        }
        found
    }

    /// The applications that a call is a method of, with the methods that run each.
    fn receivers(&self, at: At) -> Vec<(At, &'v [Symbol])> {
        let values = self.values;
        let receivers = values.receiver_slot(at).into_iter().flat_map(|slot| values.of_slot(slot).items());
        let apps = receivers.filter_map(|value| match value {
            Value::Api(node, Some(made)) => Some((*made, values.models.index.run_by(*node)?)),
            _ => None,
        });
        apps.collect()
    }

    /// The applications among what a value can be: itself, in a list or table, or by a method that runs it.
    fn apps_given(&self, (func, value): At) -> BTreeSet<At> {
        let mut found = BTreeSet::new();
        for given in self.values.of(func, value).items() {
            self.add_app(given, &mut found);
            if matches!(given, Value::Record(_))
                && let Some(held) =
                    self.values.object_of(given).and_then(|obj| self.values.known_field(&obj, &Key::All))
            {
                self.values.of_slot(held).items().iter().for_each(|held| self.add_app(held, &mut found));
            }
        }
        found.extend(self.runner_of(func, value));
        found
    }

    fn add_app(&self, value: &Value, into: &mut BTreeSet<At>) {
        if let Value::Api(node, Some(made)) = value
            && self.is_app(*node)
        {
            into.insert(*made);
            // `app.use(log)` is the application itself.
            into.extend(self.values.chain(*made).into_iter().filter(|call| self.makes_app(*call)));
        }
    }

    /// `app.run`, handed to a thread.
    fn runner_of(&self, func: FuncId, value: InstrId) -> Vec<At> {
        let Op::Load(place) = &self.values.program.funcs[func].instrs[value].op else { return Vec::new() };
        let Some((owner, Field::Name(method))) = place.split_last() else { return Vec::new() };
        let owners = self.values.place_values(func, &owner).unwrap_or_default();
        let apps = owners.iter().filter_map(|owner| match owner {
            Value::Api(node, Some(made)) => {
                self.values.models.index.run_by(*node).filter(|methods| methods.contains(method)).map(|_| *made)
            }
            _ => None,
        });
        apps.collect()
    }

    /// The applications that a module has, or functions in it make.
    fn exported(&self, module: ModuleId) -> BTreeSet<At> {
        let values = self.values;
        let mut found = BTreeSet::new();
        for cell in values.program.modules[module].exports.names.values() {
            for value in values.of_slot(values.cell_slot(*cell)).items() {
                self.add_app(value, &mut found);
                if let Value::Func(func) = value {
                    let made = values.of_slot(values.ret_slot(*func)).items();
                    made.iter().for_each(|made| self.add_app(made, &mut found));
                }
            }
        }
        found
    }

    fn makes_app(&self, at: At) -> bool {
        let is_app = |value: &Value| matches!(value, Value::Api(node, Some(made)) if *made == at && self.is_app(*node));
        self.values.of(at.0, at.1).items().iter().any(is_app)
    }

    fn is_app(&self, node: NodeId) -> bool {
        self.values.models.index.run_by(node).is_some()
    }

    /// Is a value made by a call that serves the protocol?
    fn serves_protocol(&self, (func, value): At) -> bool {
        self.values.of(func, value).items().iter().any(|value| match value {
            Value::Api(_, Some(made)) => !self.values.call_rows(*made, Table::Serve).is_empty(),
            _ => false,
        })
    }
}
