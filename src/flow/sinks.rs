//! Where values leave the program: logs, streams, the agent.

use std::collections::BTreeSet;

use crate::base::Symbol;
use crate::base::bounds::{MAX_SHOWN_CLASSES, MAX_SHOWN_DEPTH};
use crate::ir::instr::{Call, Const, InstrId};
use crate::ir::program::{ClassId, Language};
use crate::models::index::{NodeId, RowRef, Table};
use crate::models::path::{Port, PortHead};
use crate::models::schema::{SinkKind, Stream};
use crate::resolve::ports::argument;
use crate::resolve::values::{At, Key, Obj, Value, ValueSet};

use super::domain::{Entry, Form, Heap, Root};
use super::summary::{Drain, Hit, Sink};
use super::trace::Trace;
use super::transfer::{Pass, is_no_error};
use super::tree::Tree;
use super::words::Secrecy;

/// The arguments of a call that a port means.
fn port_args(call: &Call, head: &PortHead) -> Vec<InstrId> {
    match head {
        PortHead::AllArgs => call.args.iter().map(|arg| arg.value).collect(),
        PortHead::ArgsFrom(from) => call.args.iter().skip(*from as usize).map(|arg| arg.value).collect(),
        head => argument(call, head).into_iter().collect(),
    }
}

/// The values of a set that surely is an object of the program: of one class, or of two.
fn only_objects(set: &ValueSet) -> impl Iterator<Item = &Value> {
    let is_object = |value: &Value| matches!(value, Value::Instance(_) | Value::Typed(_));
    let is_nothing = |value: &Value| matches!(value, Value::Unknown | Value::Const(Const::Null | Const::Undefined));
    let is_sure = !set.is_cut
        && set.items().iter().all(|value| is_object(value) || is_nothing(value))
        && set.items().iter().filter(|value| is_object(value)).count() <= MAX_SHOWN_CLASSES;
    set.items().iter().filter(move |value| is_sure && is_object(value))
}

impl Pass<'_, '_> {
    /// Notes what the call hands to a log, a stream or the agent.
    pub(super) fn sinks(&mut self, call: &Call, at: At, receiver: &Tree) {
        let values = self.taint.values;
        for row in values.call_rows(at, Table::Sink) {
            let data = values.models.sink(row);
            if !values.holds(at, &data.when) || !values.version_allows(Some(at.0), row, data.versions.as_deref()) {
                continue;
            }
            let Some(drain) = Sink::drain_of(data.kind) else { continue };
            if drain == Drain::Write && !self.is_shown(at, row) {
                continue;
            }
            let ports: Vec<Port> = data.takes.iter().filter_map(|text| values.models.port(text).cloned()).collect();
            let all = [Port { head: PortHead::AllArgs, path: Vec::new() }];
            let ports = if ports.is_empty() && data.kind != SinkKind::Trace { &all[..] } else { &ports[..] };
            let sink = Sink { at, drain, row: Some(row) };
            let mut taken = Tree::default();
            for port in ports {
                taken.join(&self.port_tree(call, port, receiver));
                if port.path.is_empty() {
                    for value in port_args(call, &port.head) {
                        taken.join(&self.inside(value, at));
                    }
                }
            }
            for entry in taken.into_entries() {
                if entry.form == Form::Held || !is_no_error(&entry) {
                    continue;
                }
                self.hit(Hit { sink, primary: at, open: true, entry });
            }
        }
    }

    /// What an object of the program's classes shows when the whole of it is written: its fields, and those of the objects
    /// in them.
    pub(super) fn inside(&mut self, value: InstrId, at: At) -> Tree {
        let values = self.taint.values;
        let mut tree = Tree::default();
        for value in only_objects(values.of(self.id, value)) {
            self.fields_inside(value, &mut Vec::new(), &mut tree, at);
        }
        tree
    }

    fn fields_inside(&mut self, value: &Value, path: &mut Vec<Symbol>, tree: &mut Tree, at: At) {
        let (Value::Instance(class) | Value::Typed(class)) = value else { return };
        let values = self.taint.values;
        if path.len() >= MAX_SHOWN_DEPTH || !self.shows_fields(*class) {
            return;
        }
        let top = values.classes.top(*class);
        let mut fields: BTreeSet<Symbol> = self.taint.names.fields_of(top).into_iter().collect();
        fields.extend(values.program.classes[*class].fields.iter().map(|field| field.name.clone()));
        for field in fields {
            if self.taint.is_plain_field(std::slice::from_ref(value), &field) {
                continue;
            }
            let heap = self.taint.names.heap(Heap::Field(top, field.clone()));
            path.push(field.clone());
            let mut entry = Entry::new(Root::Heap(heap), Trace::default());
            entry.at = path.as_slice().into();
            tree.add(entry);
            if self.taint.words.credential(&field) == Some(Secrecy::Secret) {
                let mut entry = self.credential(at, field.clone(), tree);
                entry.at = path.as_slice().into();
                tree.add(entry);
            }
            if let Some(slot) = values.known_field(&Obj::Instances(top), &Key::Name(field)) {
                for inner in only_objects(values.of_slot(slot)) {
                    self.fields_inside(inner, path, tree, at);
                }
            }
            path.pop();
        }
    }

    /// Is an object of the class shown with its fields: by the language, or because the class was made for it, and not in
    /// a way of its own?
    fn shows_fields(&self, class: ClassId) -> bool {
        let values = self.taint.values;
        let data = &values.program.classes[class];
        if self.taint.words.showing_methods().iter().any(|name| !values.classes.methods(class, name).is_empty()) {
            return false;
        }
        match self.language {
            Language::Script => true,
            Language::Python | Language::Rust => {
                let is_data = |base: NodeId| !values.models.is_error_base(&values.models.index.node(base).name);
                !data.annotations.is_empty() || values.classes.api_bases(class).into_iter().any(is_data)
            }
        }
    }

    /// Does the write go to a stream that people read?
    fn is_shown(&self, at: At, row: RowRef) -> bool {
        match &self.taint.values.models.sink(row).stream {
            Some(spec) => matches!(self.taint.values.stream_of(at, spec), Stream::Stdout | Stream::Stderr),
            None => true,
        }
    }
}
