//! Methods of a library's objects that a call is handed, and runs for what they give: `asyncio.to_thread(request.execute)`. What
//! they raise, the call raises.

use crate::ir::instr::{Call, Field, Op, Place};
use crate::models::index::{RowRef, Table};
use crate::models::path::{PortHead, Step};
use crate::models::schema::CallbackTime;
use crate::resolve::ports::argument;
use crate::resolve::values::{At, Value};

use super::transfer::Pass;
use super::tree::Tree;

impl Pass<'_, '_> {
    /// Adds what methods that are handed over raise of their own object.
    pub(super) fn raised_by_bound(&mut self, call: &Call, at: At, result: &mut Tree, raised: &mut Tree) {
        for (object, rows) in self.bound(call, at) {
            let held = self.load(&object, at);
            for row in rows {
                self.flow_row(call, at, row, &held, result, raised);
            }
        }
    }

    /// The objects whose methods a call runs, each with what is raised.
    fn bound(&self, call: &Call, at: At) -> Vec<(Place, Vec<RowRef>)> {
        let values = self.taint.values;
        let (models, index) = (values.models, &values.models.index);
        let raises = |row: &RowRef| {
            let flow = models.flow(*row);
            flow.from.iter().all(|port| port.head == PortHead::Receiver)
                && flow.to.iter().all(|port| port.head == PortHead::Throws)
        };
        let mut found = Vec::new();
        for row in values.call_rows(at, Table::Callback).into_iter().map(|row| models.callback(row)) {
            if !row.returns || row.runs != CallbackTime::Now {
                continue;
            }
            for value in row.func_ports.iter().filter_map(|port| argument(call, &port.head)) {
                let Op::Load(place) = &self.func.instrs[value].op else { continue };
                let Some((object, Field::Name(_))) = place.split_last() else { continue };
                let mut rows = Vec::new();
                for held in values.of(self.id, value).items() {
                    if let Value::Api(node, Some(_)) = held {
                        rows.extend(index.node(index.step(*node, &Step::Call)).rows(Table::Flow).filter(raises));
                    }
                }
                if !rows.is_empty() {
                    found.push((object, rows));
                }
            }
        }
        found
    }
}
