//! Channels and queues: what is put in at one end comes out at the other, wherever the two have gone.
//!
//! A *channel* is the call that makes it; its ends are values of the library that this call made. Which methods put something
//! in and which take it out is told by `flow` rows with the port `sent`.

use crate::base::Symbol;
use crate::ir::instr::Op;
use crate::ir::program::ClassId;
use crate::models::index::{Node, NodeId, RowRef, Table};
use crate::models::path::{Port, PortHead, PortStep, Step};

use super::edges::Edge;
use super::solve::Values;
use super::values::{At, Key, Obj, SlotId, Value};

/// What is put in at one end comes out at the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Channel {
    /// By the call that makes it.
    Made(At),
    /// All objects of a kind that a library makes.
    Objects(NodeId),
    /// All objects of a class of the program that is one: `class Store extends EventEmitter`.
    Class(ClassId),
}

/// The field of a channel in which the value pass keeps what goes through it. No name that code can spell.
const SENT: &str = "<sent>";

fn sent_key() -> Key {
    Key::Name(Symbol::new_static(SENT))
}

impl Values<'_> {
    /// Is it a call that makes a channel, or that puts something around an end of one?
    pub(super) fn note_channel(&mut self, at: At, made: &Node, receiver: Option<SlotId>, result: SlotId) {
        if made.has(Table::Channel) {
            self.channels.insert(at);
        }
        let program = self.program;
        if made.has(Table::ChannelAround)
            && let Op::Call(call) = &program.funcs[at.0].instrs[at.1].op
        {
            for arg in &call.args {
                let from = self.instr_slot(at.0, arg.value);
                self.add_edge(from, Edge::Around(result));
            }
            if let Some(receiver) = receiver {
                self.add_edge(receiver, Edge::Around(result));
            }
        }
    }

    /// Applies a row to a call that makes a channel, or has one of its ends as its receiver.
    pub(super) fn channel_flow(&mut self, number: u32, row: RowRef) {
        let site = self.calls[number as usize].clone();
        if self.makes_channel(site.at) {
            self.between_ends(site.at, number, row);
        } else {
            // An end may be a function: `resolve(answer)`, also one that is kept somewhere: `waiting.resolve(answer)`.
            for end in site.receiver.into_iter().chain([site.callee]) {
                self.add_edge(end, Edge::Channel(number, row));
            }
        }
    }

    pub(super) fn end_of_channel(&mut self, value: &Value, number: u32, row: RowRef) {
        let Value::Api(_, Some(made)) = value else { return };
        if self.makes_channel(*made) {
            self.between_ends(*made, number, row);
        }
    }

    /// Something is put around an end, as a lock: it is used through that.
    pub(super) fn around_channel(&mut self, value: &Value, to: SlotId) {
        if matches!(value, Value::Api(_, Some(made)) if self.makes_channel(*made)) {
            self.add(to, value);
        }
    }

    fn between_ends(&mut self, made: At, number: u32, row: RowRef) {
        let models = self.models;
        let flow = models.flow(row);
        // What is kept by name, or in a lane of its own, is not told apart here.
        let has_lane = |port: &Port| port.head == PortHead::Sent && !port.path.is_empty();
        let is_apart = !flow.kept_as.is_empty() || !flow.sent_in.is_empty() || flow.topic.is_some();
        if is_apart || flow.from.iter().chain(&flow.to).any(has_lane) {
            return;
        }
        let channel = Obj::Api(made);
        let sent = self.filled_slot(&channel, sent_key());
        let at = self.calls[number as usize].at;
        for from in &flow.from {
            let from_slot = if from.head == PortHead::Sent { Some(sent) } else { self.port_slot(number, from) };
            let Some(from_slot) = from_slot else { continue };
            for to in &flow.to {
                match (&to.head, to.path.as_slice()) {
                    (PortHead::Sent, []) => {
                        let put = self.call_at(at).and_then(|call| super::ports::argument(call, &from.head));
                        if let Some(put) = put {
                            self.note_store(&channel, sent_key(), (at.0, put));
                        }
                        self.copy(from_slot, sent);
                    }
                    (PortHead::Return, []) => self.copy(from_slot, self.calls[number as usize].result),
                    // One of the two ends is what comes out of it: a future.
                    (PortHead::Return, [PortStep::Index(index)]) => {
                        let end = self.filled_slot(&channel, Key::Name(index.to_string().into()));
                        self.copy(from_slot, end);
                    }
                    _ => {}
                }
            }
        }
    }

    /// Does the instruction call what makes a channel?
    pub(super) fn makes_channel(&self, at: At) -> bool {
        self.channels.contains(&at)
    }

    /// The channels that a call makes, or that its receiver, or the function itself that is called, is an end of.
    pub(crate) fn channels(&self, at: At) -> Vec<Channel> {
        if self.makes_channel(at) {
            return vec![Channel::Made(at)];
        }
        let ends = self.receiver_slot(at).into_iter().chain(self.callee_slot(at));
        let mut found = Vec::new();
        for value in ends.flat_map(|end| self.of_slot(end).items()) {
            let channel = match value {
                Value::Api(_, Some(made)) if self.makes_channel(*made) => Channel::Made(*made),
                Value::Api(node, _) if self.models.index.node(*node).has(Table::ChannelObject) => {
                    Channel::Objects(*node)
                }
                Value::Instance(class) | Value::Typed(class) if self.is_channel(*class) => {
                    Channel::Class(self.classes.top(*class))
                }
                _ => continue,
            };
            if !found.contains(&channel) {
                found.push(channel);
            }
        }
        found
    }

    /// Is the class made of one of a library whose objects are channels?
    fn is_channel(&self, class: ClassId) -> bool {
        let index = &self.models.index;
        let makes = |base: NodeId| index.node(index.step(base, &Step::Call)).has(Table::Channel);
        self.classes.api_bases(class).into_iter().any(makes)
    }

    /// Where what goes through a channel is kept.
    pub(crate) fn sent_slot(&self, made: At) -> Option<SlotId> {
        self.known_field(&Obj::Api(made), &sent_key())
    }

    /// What is put into a channel, by the instructions that make it.
    pub(crate) fn puts(&self, made: At) -> &[At] {
        self.stores_to(&Obj::Api(made), &sent_key())
    }
}
