//! The values at a model's port of a call, read from the finished value pass.

use crate::base::Symbol;
use crate::base::bounds::MAX_CHAIN;
use crate::ir::func::FuncId;
use crate::ir::instr::{Arg, ArgKind, Base, Call, Const, Field, Import, Imported, InstrId, Op, Place};
use crate::ir::program::ModuleId;
use crate::models::index::{NodeId, RowRef, Table};
use crate::models::path::{Port, PortHead, PortStep, Step};
use crate::models::schema::CallbackTime;
use crate::models::serving::TransportSpec;

use super::generate::key_of;
use super::link::Target;
use super::solve::{CallKind, Values};
use super::values::{At, Key, Obj, Site, SlotId, Value};

/// What stands at a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PortValue {
    /// The call has no such argument, the object no such field; `null` and `undefined` count as that.
    Missing,
    /// One of these.
    Known(Vec<Value>),
    Unknown,
}

/// The argument of a call that an `arg.…` port names.
pub(crate) fn argument(call: &Call, head: &PortHead) -> Option<InstrId> {
    let positional = |arg: &&Arg| arg.kind == ArgKind::Positional;
    match head {
        PortHead::Arg(at) if *at >= 0 => {
            let at = usize::try_from(*at).ok()?;
            let before_spread = call.args.iter().take_while(|arg| arg.kind != ArgKind::Spread);
            before_spread.filter(positional).nth(at).map(|arg| arg.value)
        }
        PortHead::Arg(at) => {
            let from_end = usize::try_from(-at - 1).ok()?;
            call.args.iter().filter(positional).rev().nth(from_end).map(|arg| arg.value)
        }
        PortHead::Named(name) => {
            call.args.iter().find(|arg| arg.kind == ArgKind::Named(name.clone())).map(|arg| arg.value)
        }
        _ => None,
    }
}

/// Where a positional argument is in a list that is spread: the list, and the step to the argument.
pub(super) fn in_spread(call: &Call, head: &PortHead) -> Option<(InstrId, PortStep)> {
    let PortHead::Arg(wanted) = head else { return None };
    let at = call.args.iter().position(|arg| arg.kind == ArgKind::Spread)?;
    let list = call.args.get(at)?.value;
    match usize::try_from(*wanted) {
        Ok(wanted) => Some((list, PortStep::Index(u32::try_from(wanted.checked_sub(at)?).ok()?))),
        Err(_) if at + 1 == call.args.len() => Some((list, PortStep::Element)),
        Err(_) => None,
    }
}

/// Where a named argument is in an object that is spread: the object, and the step to the argument.
pub(crate) fn in_named_spread(call: &Call, head: &PortHead) -> Option<(InstrId, PortStep)> {
    let PortHead::Named(name) = head else { return None };
    let spread = call.args.iter().find(|arg| arg.kind == ArgKind::SpreadNamed)?;
    Some((spread.value, PortStep::Name(name.clone())))
}

impl Values<'_> {
    /// The slot of what a call's method is called on.
    pub(crate) fn receiver_slot(&self, at: At) -> Option<SlotId> {
        self.calls[self.call_number(at)? as usize].receiver
    }

    /// The slot of what is called.
    pub(crate) fn callee_slot(&self, at: At) -> Option<SlotId> {
        Some(self.calls[self.call_number(at)? as usize].callee)
    }

    /// The values at a port of the call at `at`.
    pub(crate) fn port_values(&self, at: At, port: &Port) -> PortValue {
        let Some(call) = self.call_at(at) else { return PortValue::Unknown };
        let head = match &port.head {
            PortHead::Receiver => self.receiver_slot(at).map_or(PortValue::Missing, |slot| self.slot_value(slot)),
            PortHead::Return => self.slot_value(self.instr_slot(at.0, at.1)),
            PortHead::Chain(method, inner) => return self.chain_values(at, method, inner),
            PortHead::AllArgs | PortHead::ArgsFrom(_) => {
                let from = if let PortHead::ArgsFrom(from) = port.head { from as usize } else { 0 };
                let values =
                    call.args.iter().skip(from).flat_map(|arg| self.of(at.0, arg.value).items().iter().cloned());
                PortValue::Known(values.collect())
            }
            head => match argument(call, head) {
                Some(arg) => self.slot_value(self.instr_slot(at.0, arg)),
                None => self.spread_value(at, call, head),
            },
        };
        self.follow(head, &port.path)
    }

    /// An argument that is not written out may be in what is spread: `run(**kwargs)`.
    fn spread_value(&self, at: At, call: &Call, head: &PortHead) -> PortValue {
        let mut found = PortValue::Missing;
        for arg in call.args.iter().filter(|arg| matches!(arg.kind, ArgKind::Spread | ArgKind::SpreadNamed)) {
            if let Some((spread, step)) = in_spread(call, head) {
                return self.follow(self.slot_value(self.instr_slot(at.0, spread)), &[step]);
            }
            let PortHead::Named(name) = head else { return PortValue::Unknown };
            if arg.kind == ArgKind::Spread {
                if self.is_given_nothing((at.0, arg.value)) {
                    continue;
                }
                return PortValue::Unknown;
            }
            let whole = self.slot_value(self.instr_slot(at.0, arg.value));
            match (self.follow(whole, &[PortStep::Name(name.clone())]), &mut found) {
                (PortValue::Known(more), PortValue::Known(known)) => known.extend(more),
                (PortValue::Missing, _) => {}
                (PortValue::Unknown, _) => return PortValue::Unknown,
                (more, found) => *found = more,
            }
        }
        found
    }

    /// Is a list that is spread the rest of what a function is given, `*args`, and does no call give it any?
    fn is_given_nothing(&self, list: At) -> bool {
        let is_rest = |value: &Value| matches!(value, Value::Record(Site::Rest(..)));
        let lists = self.of(list.0, list.1).items();
        let holds = |value: &Value| {
            let held = self.object_of(value).and_then(|obj| self.known_field(&obj, &Key::All));
            held.is_some_and(|held| !self.of_slot(held).is_empty())
        };
        !lists.is_empty() && lists.iter().all(|value| is_rest(value) && !holds(value))
    }

    pub(super) fn slot_value(&self, slot: SlotId) -> PortValue {
        let set = self.of_slot(slot);
        let tells = |value: &&Value| !matches!(value, Value::Const(Const::Null | Const::Undefined) | Value::Unknown);
        let values: Vec<Value> = set.items().iter().filter(tells).cloned().collect();
        if !values.is_empty() {
            return PortValue::Known(values);
        }
        let is_nothing = !set.is_empty() && !set.is_cut && !set.items().contains(&Value::Unknown);
        if is_nothing { PortValue::Missing } else { PortValue::Unknown }
    }

    pub(super) fn follow(&self, mut head: PortValue, path: &[PortStep]) -> PortValue {
        for step in path {
            let PortValue::Known(values) = &head else { return head };
            let mut found = Vec::new();
            let mut unknown = false;
            for value in values {
                match self.step_value(value, step) {
                    PortValue::Known(more) => {
                        found.extend(more.into_iter().filter(|value| !found.contains(value)).collect::<Vec<_>>())
                    }
                    PortValue::Unknown => unknown = true,
                    PortValue::Missing => {}
                }
            }
            head = match (found.is_empty(), unknown) {
                (false, _) => PortValue::Known(found),
                (true, true) => PortValue::Unknown,
                (true, false) => PortValue::Missing,
            };
        }
        head
    }

    fn step_value(&self, value: &Value, step: &PortStep) -> PortValue {
        let field = match step {
            PortStep::Name(name) => Field::Name(name.clone()),
            PortStep::Index(at) => Field::Index(*at),
            PortStep::Element => Field::Any,
            PortStep::Return => {
                return match value {
                    Value::Func(func) => self.slot_value(self.ret_slot(*func)),
                    _ => PortValue::Unknown,
                };
            }
            PortStep::Param(at) => {
                return match value {
                    Value::Func(func) => match self.program.funcs[*func].params.get(*at as usize) {
                        Some(param) => self.slot_value(self.local_slot(*func, param.local)),
                        None => PortValue::Missing,
                    },
                    _ => PortValue::Unknown,
                };
            }
        };
        let Some(obj) = self.object_of(value) else {
            return if matches!(value, Value::Const(_)) { PortValue::Missing } else { PortValue::Unknown };
        };
        let key = match key_of(&field) {
            Key::Some => Key::All,
            key => key,
        };
        match self.known_field(&obj, &key).map(|slot| self.slot_value(slot)) {
            Some(PortValue::Known(values)) => PortValue::Known(values),
            _ if let Some(methods) = self.methods_at(value, &field) => PortValue::Known(methods),
            // A field that nobody writes by name may still come by a spread or an unknown key.
            _ if self.is_open(&obj) || !matches!(value, Value::Record(_)) => PortValue::Unknown,
            Some(PortValue::Unknown) if !self.stores_to(&obj, &key).is_empty() => PortValue::Unknown,
            _ => PortValue::Missing,
        }
    }

    /// The methods of an object that a field of it is, if its class has any of that name.
    fn methods_at(&self, value: &Value, field: &Field) -> Option<Vec<Value>> {
        let Field::Name(name) = field else { return None };
        let methods = match value {
            Value::Instance(class) | Value::Typed(class) if self.is_getter(*class, name) => return None,
            Value::Instance(class) | Value::Class(class) => self.classes.methods(*class, name),
            Value::Typed(class) => self.classes.virtual_methods(*class, name),
            _ => return None,
        };
        (!methods.is_empty()).then(|| methods.into_iter().map(Value::Func).collect())
    }

    /// The rows of a table that speak of the call at `at`, as far as its version allows.
    pub(crate) fn call_rows(&self, at: At, table: Table) -> Vec<RowRef> {
        let Some(number) = self.call_number(at) else { return Vec::new() };
        match self.rows_of_calls.get(number as usize) {
            // Of most calls no model speaks.
            Some(rows) if rows.is_empty() => Vec::new(),
            Some(rows) => rows.iter().copied().filter(|row| row.table == table).collect(),
            None => self.rows_called(number).into_iter().filter(|row| row.table == table).collect(),
        }
    }

    /// Looks up the rows of all calls, once everything is known of them.
    pub(super) fn find_rows(&mut self) {
        let numbers = 0..u32::try_from(self.calls.len()).unwrap_or(u32::MAX);
        self.rows_of_calls = numbers.map(|number| self.rows_called(number).into()).collect();
    }

    /// The sources among a library's functions that a call is handed, and runs for what they give:
    /// `asyncio.to_thread(sys.stdin.readline)`.
    fn sources_handed(&self, at: At, rows: &[RowRef]) -> Vec<RowRef> {
        let index = &self.models.index;
        let running = rows.iter().filter(|row| row.table == Table::Callback).map(|row| self.models.callback(*row));
        let ports = running.filter(|row| row.returns && row.runs == CallbackTime::Now).flat_map(|row| &row.func_ports);
        let mut found = Vec::new();
        for port in ports {
            let PortValue::Known(handed) = self.port_values(at, port) else { continue };
            for value in handed {
                let Value::Api(node, _) = value else { continue };
                found.extend(index.node(index.step(node, &Step::Call)).rows(Table::Source));
            }
        }
        found
    }

    fn rows_called(&self, number: u32) -> Vec<RowRef> {
        let mut rows = Vec::new();
        let mut called: Vec<NodeId> = self.told.get(&number).cloned().unwrap_or_default();
        let meant = self.of_slot(self.calls[number as usize].callee).items();
        let is_of_program = meant.iter().any(|value| matches!(value, Value::Func(_)));
        for value in meant {
            if let Value::Api(node, _) = value
                && !(is_of_program && self.stands_elsewhere(number, value))
            {
                called.push(self.models.index.step(*node, &Step::Call));
            }
        }
        for node in called {
            for row in &self.models.index.node(node).rows {
                if !rows.contains(row) {
                    rows.push(*row);
                }
            }
        }
        rows.extend(self.rows_of_bases(number));
        let at = self.calls[number as usize].at;
        rows.extend(self.served_by_handing(at, &rows));
        rows.extend(self.sources_handed(at, &rows));
        if rows.is_empty() {
            rows.extend(self.served_by_transport(number, at));
            rows.extend(self.served_unseen(number, at));
        }
        rows
    }

    /// Is it by a key that nobody knows that a function of a library may stand where a call looks for one, while the program puts
    /// others there by name? `tools.run = run; for (const key in found) tools[key] = found[key]`
    fn stands_elsewhere(&self, number: u32, value: &Value) -> bool {
        let site = &self.calls[number as usize];
        let name = self.call_at(site.at).and_then(|call| call.callee.path.last());
        let (Some(receiver), Some(Field::Name(name))) = (site.receiver, name) else { return false };
        let key = Key::Name(name.clone());
        let holds = |obj: &Obj, key: &Key| {
            self.known_field(obj, key).is_some_and(|slot| self.of_slot(slot).items().contains(value))
        };
        let is_stored = |at: &At| match &self.program.funcs[at.0].instrs[at.1].op {
            Op::Store(_, stored) => self.of(at.0, *stored).items().contains(value),
            _ => true,
        };
        let mut objs = self.of_slot(receiver).items().iter().filter_map(|held| self.object_of(held));
        let mut is_held = false;
        let elsewhere = objs.all(|obj| {
            if !holds(&obj, &key) && !holds(&obj, &Key::All) {
                return true;
            }
            is_held = true;
            let stores = self.stores_to(&obj, &key);
            !matches!(obj, Obj::Record(_)) && !stores.is_empty() && !stores.iter().any(is_stored)
        });
        is_held && elsewhere
    }

    /// What serves by a method of an object of which nothing is known, as it is handed a transport: that of a server which
    /// a module makes that is not there.
    fn served_by_transport(&self, number: u32, at: At) -> Vec<RowRef> {
        let call = &self.calls[number as usize];
        let index = &self.models.index;
        let tells_nothing = |value: &Value| match value {
            Value::Api(node, _) => !index.node(*node).is_modelled(),
            value => *value == Value::Unknown,
        };
        let is_unknown = |slot: SlotId| self.of_slot(slot).items().iter().all(tells_nothing);
        let Some(Field::Name(method)) = self.call_at(at).and_then(|call| call.callee.path.last()) else {
            return Vec::new();
        };
        let is_transport =
            |value: &Value| matches!(value, Value::Api(node, _) if index.node(*node).has(Table::Transport));
        let is_handed = |row: &RowRef| {
            let TransportSpec::Ports(ports) = &self.models.serve(*row).transport else { return false };
            let values = ports.from.iter().filter_map(|text| Some(self.port_values(at, self.models.port(text)?)));
            values.into_iter().any(|value| matches!(value, PortValue::Known(values) if values.iter().any(is_transport)))
        };
        let rows = index.handed(self.language(at.0), method).filter(is_handed);
        let is_guessed = |(_, kind): &(FuncId, CallKind)| *kind == CallKind::Guessed;
        if is_unknown(call.callee) && self.callees(at).iter().all(is_guessed) { rows.collect() } else { Vec::new() }
    }

    /// What starts to serve in a library's function that a call is handed and calls, at once or in a task or thread:
    /// `anyio.run(server.run_stdio)`, `Thread(target=server.run)`. Another process has no client.
    fn served_by_handing(&self, at: At, rows: &[RowRef]) -> Vec<RowRef> {
        if rows.iter().any(|row| row.table == Table::Child) {
            return Vec::new();
        }
        let callbacks = rows.iter().filter(|row| row.table == Table::Callback).map(|row| self.models.callback(*row));
        let calls = |runs| matches!(runs, CallbackTime::Now | CallbackTime::Later);
        let ports = callbacks.filter(|row| calls(row.runs)).flat_map(|row| &row.func_ports);
        let mut found = Vec::new();
        for port in ports {
            let PortValue::Known(values) = self.port_values(at, port) else { continue };
            for value in values {
                let Value::Api(node, _) = value else { continue };
                let called = self.models.index.step(node, &Step::Call);
                found.extend(self.models.index.node(called).rows(Table::Serve));
            }
        }
        found
    }

    /// How messages name what the call at `at` calls: `console.info`.
    pub(crate) fn call_name(&self, at: At) -> Option<Symbol> {
        let callee = self.callee_slot(at)?;
        self.of_slot(callee).items().iter().find_map(|value| match value {
            Value::Api(node, _) => Some(self.models.index.node(*node).name.clone()),
            _ => None,
        })
    }

    /// How the source names what a call calls, its last two names at most: `log.info`. Where it has no name there, the
    /// library's own.
    pub(crate) fn call_text(&self, at: At) -> Option<Symbol> {
        let callee = &self.call_at(at)?.callee;
        let base = match &callee.base {
            Base::Local(local) => Some(self.program.funcs[at.0].locals[*local].name.clone()),
            Base::Cell(cell) => Some(self.program.cells[*cell].name.clone()),
            Base::Global(name) => Some(name.clone()),
            Base::Value(_) => None,
        };
        let fields = callee.path.iter().map(|field| match field {
            Field::Name(name) => Some(name.clone()),
            _ => None,
        });
        let names: Option<Vec<Symbol>> = std::iter::once(base).chain(fields).collect();
        match names.as_deref() {
            Some([.., object, member]) => Some(format!("{object}.{member}").into()),
            _ => self.call_name(at),
        }
    }

    /// What a place of a function can hold. `None` for a place that no instruction reads or writes.
    pub(crate) fn place_values(&self, func: FuncId, place: &Place) -> Option<&[Value]> {
        self.values_along(func, &place.base, &place.path)
    }

    /// What the first `depth` steps of a place lead to.
    pub(crate) fn prefix_values(&self, func: FuncId, place: &Place, depth: usize) -> &[Value] {
        self.values_along(func, &place.base, &place.path[..depth]).unwrap_or_default()
    }

    fn values_along(&self, func: FuncId, base: &Base, path: &[Field]) -> Option<&[Value]> {
        let mut slot = match base {
            Base::Local(local) => self.local_slot(func, *local),
            Base::Cell(cell) => self.cell_slot(*cell),
            Base::Value(value) => self.instr_slot(func, *value),
            Base::Global(name) => *self.globals.get(&(self.program.funcs[func].module, name.clone()))?,
        };
        for field in path {
            slot = self.loaded(slot, field)?;
        }
        Some(self.of_slot(slot).items())
    }

    /// The modules that an import runs, in order.
    pub(crate) fn runs(&self, from: ModuleId, import: &Import) -> Vec<ModuleId> {
        if let Some(child) = self.linker.own_child(from, import) {
            return vec![child];
        }
        let Target::Module(module, rest) = self.linker.resolve(from, &import.from) else {
            let Imported::Named(name) = &import.what else { return Vec::new() };
            return self.linker.submodule_from(from, &import.from, name).into_iter().collect();
        };
        let mut all = self.linker.packages_around(module);
        all.push(module);
        let name = match &import.what {
            Imported::Named(name) => Some(name),
            _ => rest.first(),
        };
        if let Some(name) = name
            && !self.program.modules[module].exports.names.contains_key(name)
        {
            all.extend(self.linker.submodule(module, name));
        }
        all.retain(|module| *module != from);
        all
    }

    /// The calls that built the receiver of the call at `at`, the last one first.
    pub(crate) fn chain(&self, at: At) -> Vec<At> {
        let mut found: Vec<At> = Vec::new();
        let mut open = vec![at];
        while let Some(call) = open.pop() {
            // What a call gave may be called itself: `promisify(exec)(…)`.
            let Some(made_of) = self.receiver_slot(call).or_else(|| self.callee_slot(call)) else { continue };
            for value in self.of_slot(made_of).items() {
                if let Value::Api(_, Some(made)) = value
                    && !found.contains(made)
                    && found.len() < MAX_CHAIN
                {
                    found.push(*made);
                    open.push(*made);
                }
            }
        }
        found
    }

    fn chain_values(&self, at: At, method: &str, inner: &Port) -> PortValue {
        let chain = self.chain(at);
        let is_method = |call: &&At| self.is_call_of(**call, method);
        // A lock and what it holds are made by methods of one name: what either was given counts.
        let made: Vec<At> =
            chain.iter().filter(is_method).copied().filter(|made| self.is_receiver(at, *made)).collect();
        if let [_, _, ..] = &*made {
            let given = made.iter().filter_map(|made| match self.port_values(*made, inner) {
                PortValue::Known(values) => Some(values),
                PortValue::Missing | PortValue::Unknown => None,
            });
            let given: Vec<Value> = given.flatten().collect();
            return if given.is_empty() { PortValue::Unknown } else { PortValue::Known(given) };
        }
        // A builder may also be told by a statement of its own: `command.stdout(…); command.spawn()`.
        match chain
            .iter()
            .find(is_method)
            .copied()
            .or_else(|| self.built_beside(&chain).iter().find(is_method).copied())
        {
            Some(made) => self.port_values(made, inner),
            None => PortValue::Missing,
        }
    }

    /// Is a method or function of this name called here?
    pub(crate) fn is_call_of(&self, call: At, method: &str) -> bool {
        let path = self.call_at(call).map(|call| &call.callee.path);
        match path.and_then(|path| path.last()) {
            Some(Field::Name(name)) => name == method,
            _ => self.is_imported(call, method),
        }
    }

    /// Is the method at `at` called on what the call at `made` gave?
    fn is_receiver(&self, at: At, made: At) -> bool {
        let values = self.receiver_slot(at).map(|slot| self.of_slot(slot).items());
        values.into_iter().flatten().any(|value| matches!(value, Value::Api(_, Some(known)) if *known == made))
    }

    /// Is what is called at `at` the library function of this name, imported by it?
    fn is_imported(&self, at: At, name: &str) -> bool {
        let Some(slot) = self.callee_slot(at) else { return false };
        self.of_slot(slot).items().iter().any(|value| match value {
            Value::Api(node, None) => self.models.index.node(*node).name.rsplit('.').next() == Some(name),
            _ => false,
        })
    }

    /// The calls of methods on what the calls made, and on what those give in turn.
    fn built_beside(&self, chain: &[At]) -> Vec<At> {
        let mut found: Vec<At> = chain.to_vec();
        let mut next = 0;
        while let Some(made) = found.get(next) {
            let more = self.built_on.get(made).into_iter().flatten().filter(|call| !found.contains(call));
            let more: Vec<At> = more.take(MAX_CHAIN.saturating_sub(found.len())).copied().collect();
            found.extend(more);
            next += 1;
        }
        found
    }
}

impl Values<'_> {
    /// The text constants at the first of the ports that has one.
    pub(crate) fn port_text(&self, at: At, ports: &[String]) -> Option<Symbol> {
        ports.iter().filter_map(|text| self.models.port(text)).find_map(|port| match self.port_values(at, port) {
            PortValue::Known(values) => values.iter().find_map(|value| match value {
                Value::Const(Const::Str(text)) => Some(text.clone()),
                _ => None,
            }),
            _ => None,
        })
    }

    /// The functions at any of the ports. An object that is an instance of a class offers its methods by name.
    pub(crate) fn port_funcs(&self, at: At, ports: &[String]) -> Vec<FuncId> {
        let mut funcs = Vec::new();
        for port in ports.iter().filter_map(|text| self.models.port(text)) {
            if let PortValue::Known(values) = self.port_values(at, port) {
                for func in values.iter().flat_map(|value| self.called_as(value)) {
                    if !funcs.contains(&func) {
                        funcs.push(func);
                    }
                }
            }
        }
        funcs
    }
}

impl Values<'_> {
    /// The calls that can reach a function.
    pub(crate) fn callers(&self, func: FuncId) -> &[At] {
        self.callers.get(&func).map_or(&[], Vec::as_slice)
    }

    /// Does the instruction assign to a library place that a row of the table names?
    pub(crate) fn assigns(&self, at: At, table: Table) -> bool {
        !self.assigned_rows(at, table).is_empty()
    }

    /// The rows of a table that name the library place which the instruction assigns to.
    pub(crate) fn assigned_rows(&self, at: At, table: Table) -> Vec<RowRef> {
        let Op::Store(place, _) = &self.program.funcs[at.0].instrs[at.1].op else { return Vec::new() };
        let Some(field) = place.path.last() else { return Vec::new() };
        let step = match field {
            Field::Name(name) => Step::Member(name.clone()),
            _ => Step::Element,
        };
        let mut rows = Vec::new();
        for value in self.prefix_values(at.0, place, place.path.len() - 1) {
            if let Value::Api(node, _) = value {
                let member = self.models.index.step(*node, &step);
                rows.extend(self.models.index.node(member).rows(table));
            }
        }
        rows
    }

    /// The calls that made the objects to which the instruction assigns.
    pub(crate) fn assigned_owners(&self, at: At) -> Vec<At> {
        let Op::Store(place, _) = &self.program.funcs[at.0].instrs[at.1].op else { return Vec::new() };
        let owners = place.split_last().map_or(&[][..], |_| self.prefix_values(at.0, place, place.path.len() - 1));
        owners.iter().filter_map(|value| if let Value::Api(_, made) = value { *made } else { None }).collect()
    }

    /// What an assignment writes.
    pub(crate) fn assigned_values(&self, at: At) -> Vec<Value> {
        match &self.program.funcs[at.0].instrs[at.1].op {
            Op::Store(_, value) => self.of(at.0, *value).items().to_vec(),
            _ => Vec::new(),
        }
    }

    /// Handlers that the assignment at `at` registers.
    pub(crate) fn assigned_handlers(&self, at: At) -> Vec<(RowRef, Vec<FuncId>)> {
        let rows = self.assigned_rows(at, Table::HandlerPlace);
        let funcs = |value: Value| if let Value::Func(func) = value { Some(func) } else { None };
        rows.into_iter().map(|row| (row, self.assigned_values(at).into_iter().filter_map(funcs).collect())).collect()
    }
}
