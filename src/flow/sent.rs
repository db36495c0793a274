//! What goes through channels and emitters, as the taint pass follows it.
//!
//! What is put in at one end comes out at the other. Several things may go through one channel apart from each other: what
//! settles a promise and what rejects it, the events of an emitter. Each is a *lane* of the channel, told by the path of the
//! port `sent` and by the constant texts at the row's `topic`.

use rustc_hash::FxHashMap;

use crate::base::Symbol;
use crate::ir::func::FuncKind;
use crate::ir::instr::{Base, Call, Const, Place};
use crate::models::Flow;
use crate::models::index::Table;
use crate::models::path::{Port, PortHead};
use crate::resolve::channels::Channel;
use crate::resolve::ports::{PortValue, argument};
use crate::resolve::values::{At, Value};

use super::apply::port_keys;
use super::domain::{Entry, Form, Heap, HeapId, Marks, Root};
use super::summary::substitute;
use super::trace::Trace;
use super::transfer::Pass;
use super::tree::Tree;

/// What is put, out of variables of the function that makes a channel, into a lane that comes out there: each call of that
/// function has its own.
#[derive(Default)]
pub(super) struct OwnLanes(FxHashMap<HeapId, Vec<Entry>>);

impl OwnLanes {
    fn add(&mut self, lane: HeapId, entry: Entry) {
        let known = self.0.entry(lane).or_default();
        if !known.iter().any(|known| known.same(&entry, entry.known())) {
            known.push(entry);
        }
    }
}

impl Pass<'_, '_> {
    /// What goes through the channels that a call makes or that its receiver is an end of.
    pub(super) fn sent(&mut self, at: At, port: &Port, topic: Option<&Port>) -> Tree {
        let mut tree = Tree::default();
        for heap in self.lanes(at, port, topic) {
            let lane = self.taint.names.heap(heap);
            tree.add(Entry::new(Root::Heap(lane), Trace::default()));
            for entry in self.taint.own_lanes.0.get(&lane).cloned().unwrap_or_default() {
                let Root::Heap(variable) = entry.root else { continue };
                let (Heap::Cell(cell) | Heap::Inner(cell)) = self.taint.names.heaps[variable] else { continue };
                let held = self.load(&Place { base: Base::Cell(cell), path: Box::default() }, at);
                substitute(
                    &entry,
                    &held,
                    |before| before,
                    |entry| {
                        tree.add(entry);
                    },
                );
            }
        }
        tree
    }

    pub(super) fn send(&mut self, at: At, (port, topic): (&Port, Option<&Port>), moved: &Tree) {
        for heap in self.lanes(at, port, topic) {
            let heap = self.taint.names.heap(heap);
            for entry in moved.entries() {
                self.write(heap, entry.clone(), |entry| entry);
            }
        }
    }

    /// Keeps what is written to a lane apart where the function that reads it knows what it is. False where it does not.
    pub(super) fn keep_own(&mut self, lane: HeapId, entry: &Entry) -> bool {
        let (Heap::Sent(Channel::Made(made), _), Root::Heap(from)) = (&self.taint.names.heaps[lane], entry.root) else {
            return false;
        };
        let (Heap::Cell(cell) | Heap::Inner(cell)) = self.taint.names.heaps[from] else { return false };
        let values = self.taint.values;
        let is_own = values.program.cells[cell].owner == made.0 && values.program.funcs[made.0].kind != FuncKind::Init;
        let is_kept =
            is_own && values.call_rows(*made, Table::Channel).into_iter().any(|row| values.models.channel(row).here);
        if is_kept {
            self.taint.own_lanes.add(lane, entry.clone());
        }
        is_kept
    }

    /// What a call that raises what it is handed moves there: as what `throw` raises. An error of a library that only passes
    /// through is nothing that the program made.
    pub(super) fn raised_whole(&self, call: &Call, flow: &Flow, moved: Tree) -> Tree {
        let raises = |port: &Port| port.head == PortHead::Throws || port.head == PortHead::Sent;
        if !flow.to.iter().any(raises) {
            return moved;
        }
        let given = flow.from.iter().find_map(|port| argument(call, &port.head));
        let kind = given.and_then(|value| self.kind_raised(value));
        let moved = if kind.is_some() { moved.of_error(kind) } else { moved };
        let passes = |entry: &Entry| {
            entry.form == Form::Exact && entry.at.is_empty() && entry.path.is_empty() && self.is_raw_error(entry)
        };
        moved.only(|entry| !passes(entry)).marked(Marks::RAISED)
    }

    /// The lanes that a port names. What has a topic of which nothing is known goes through none.
    fn lanes(&self, at: At, port: &Port, topic: Option<&Port>) -> Vec<Heap> {
        let values = self.taint.values;
        let part: Symbol = port_keys(port).join(".").into();
        let lanes: Vec<Symbol> = match topic.map(|topic| values.port_values(at, topic)) {
            None => vec![part],
            Some(PortValue::Known(topics)) => {
                let text = |topic: &Value| match topic {
                    Value::Const(Const::Str(text)) => Some(format!("{text}.{part}").into()),
                    _ => None,
                };
                topics.iter().filter_map(text).collect()
            }
            Some(PortValue::Missing | PortValue::Unknown) => Vec::new(),
        };
        let channels = values.channels(at);
        let of = |channel| lanes.iter().map(move |lane| Heap::Sent(channel, lane.clone()));
        channels.into_iter().flat_map(of).collect()
    }
}
