//! Comprehensions and generator expressions: a loop in place that stores into an array.
//!
//! Its variables live in a scope of their own. A generator runs at once here, not when it is consumed.

use tree_sitter::Node;

use crate::ir::build::ScopeKind;
use crate::ir::func::BlockId;
use crate::ir::instr::{Field, InstrId, Op, Place, Record, RecordKind};
use crate::lower::fields::KindName;

use super::{Lowering, field, fields, first_part, has_token, parts, span};

impl<'t> Lowering<'t> {
    pub(super) fn comprehension(&mut self, node: Node<'t>) -> InstrId {
        let is_dict = node.kind_name() == "dictionary_comprehension";
        let kind = if is_dict { RecordKind::Object } else { RecordKind::Array };
        let empty = self.push(Op::Record(Box::new(Record { kind, ty: None, entries: Vec::new() })), node);
        let result = Place::local(self.b.temp("items", None));
        self.b.store(result.clone(), empty, span(node));
        let done = self.b.new_block();
        self.b.enter_scope(ScopeKind::Block);
        let mut next = done;
        for clause in parts(node).into_iter().skip(1) {
            match clause.kind_name() {
                "for_in_clause" => next = self.comprehension_loop(clause, next),
                "if_clause" => {
                    if let Some(condition) = first_part(clause) {
                        let yes = self.b.new_block();
                        self.condition(condition, yes, next);
                        self.b.switch_to(yes);
                    }
                }
                _ => {}
            }
        }
        if let Some(body) = field(node, "body") {
            self.comprehension_item(body, result.then(Field::Any));
        }
        self.b.goto(next);
        self.b.leave_scope();
        self.b.switch_to(done);
        self.b.load(result, span(node))
    }

    /// Starts the loop of a `for` clause; gives the block that fetches the next item.
    fn comprehension_loop(&mut self, clause: Node<'t>, done: BlockId) -> BlockId {
        let sources = fields(clause, "right");
        let iterated = match sources[..] {
            [only] => self.expr(only),
            _ => {
                let values = sources.into_iter().map(|source| self.expr(source)).collect();
                self.unknown("iterables", values, clause)
            }
        };
        let (head, body) = self.loop_head(iterated, done, clause);
        self.b.switch_to(body);
        if let Some(target) = field(clause, "left") {
            self.declare_target(target);
            self.assign_item(target, iterated, has_token(clause, "async"));
        }
        head
    }

    fn comprehension_item(&mut self, body: Node<'t>, to: Place) {
        let value = match (field(body, "key"), field(body, "value")) {
            (Some(key), Some(value)) if body.kind_name() == "pair" => {
                let key = self.expr(key);
                let value = self.expr(value);
                self.b.computed_key(key);
                value
            }
            _ => self.expr(body),
        };
        self.b.store(to, value, span(body));
    }
}
