//! Classes of which the program makes one object, by the first call of a function; what other calls hand over is not looked at:
//!
//! ```text
//! static get(config) {
//!     if (!Logger.instance) Logger.instance = new Logger(config);
//!     return Logger.instance;
//! }
//! ```
//!
//! What is in a field of that object is what the first call gave. Which call comes first, the exploration sees: after any of
//! them the object is there. Before it is over, a call that was not yet seen to come first is taken not to; where it does
//! later on, the process is explored again without that.

use rustc_hash::FxHashMap;
use smol_str::format_smolstr;

use crate::base::Symbol;
use crate::base::idx::Id;
use crate::ir::func::{BlockId, End, FuncId, FuncKind, Function};
use crate::ir::instr::{ArgKind, Base, Call, CallStyle, Const, Field, InstrId, Op, Oper, Place};
use crate::ir::program::{ClassId, Language};
use crate::models::path::PortHead;
use crate::resolve::ports::argument;
use crate::resolve::solve::{CallKind, Values};
use crate::resolve::values::{At, Key, Obj, Site, Value};

use super::explore::{Explorer, Phase, State};
use super::making::Making;

/// How the symbols begin that say that such a function was called.
const SINGLE: &str = "single ";

/// Such classes.
#[derive(Default)]
pub(super) struct Singles {
    of_class: FxHashMap<ClassId, Single>,
    /// The symbol that says that a function was called.
    called: FxHashMap<FuncId, Symbol>,
}

struct Single {
    maker: FuncId,
    /// By the number of a parameter of the constructor: that of the maker's parameter that is handed on there.
    handed: FxHashMap<usize, usize>,
}

impl Singles {
    pub(super) fn new(values: &Values<'_>, making: &Making) -> Self {
        let mut singles = Self::default();
        for class in values.program.classes.ids() {
            let Some((maker, made)) = making.only_site(class) else { continue };
            let func = &values.program.funcs[maker];
            let Op::Call(call) = &func.instrs[made].op else { continue };
            if !values.classes.descendants(class).is_empty() || !is_made_once(values, func, maker, made) {
                continue;
            }
            singles.of_class.insert(class, Single { maker, handed: handed_on(func, call) });
            singles.called.insert(maker, format_smolstr!("{SINGLE}{}", maker.index()));
        }
        singles
    }

    pub(super) fn is_empty(&self) -> bool {
        self.called.is_empty()
    }
}

/// Does a symbol say that such a function was called?
pub(super) fn is_single(sym: &Symbol) -> bool {
    sym.starts_with(SINGLE)
}

/// The parameters that a function hands on as they are.
fn handed_on(func: &Function, call: &Call) -> FxHashMap<usize, usize> {
    let given = call.args.iter().enumerate().filter(|(_, arg)| arg.kind == ArgKind::Positional);
    let of_param = |value: InstrId| {
        let Op::Load(place) = &func.instrs[value].op else { return None };
        let at = func.params.iter().position(|param| *place == Place::local(param.local))?;
        let is_set = func.instrs.iter().any(|instr| matches!(&instr.op, Op::Store(to, _) if to == place));
        (!is_set).then_some(at)
    };
    given.filter_map(|(at, arg)| Some((at, of_param(arg.value)?))).collect()
}

/// A way from one block to another.
type Edge = (BlockId, BlockId);

/// Is an object put into a place where nothing is in there, so that a call which comes back leaves one there, and is it the only
/// thing that is ever put there?
fn is_made_once(values: &Values<'_>, func: &Function, id: FuncId, made: InstrId) -> bool {
    let stores: Vec<(InstrId, &Place)> = func
        .instrs
        .iter_enumerated()
        .filter_map(|(at, instr)| match &instr.op {
            Op::Store(place, value) if *value == made => Some((at, place)),
            _ => None,
        })
        .collect();
    let [(store, place)] = stores[..] else { return false };
    if !matches!(place.base, Base::Cell(_)) || func.is_async || func.is_generator || !is_only_store(values, (id, store))
    {
        return false;
    }
    let Some((stored_in, _)) = func.blocks.iter_enumerated().find(|(_, block)| block.instrs.contains(&store)) else {
        return false;
    };
    // The ways on which there is nothing, and those on which there is something.
    let (mut empty, mut full): (Vec<Edge>, Vec<Edge>) = (Vec::new(), Vec::new());
    for (block, data) in func.blocks.iter_enumerated() {
        let End::Branch { on, yes, no } = data.end else { continue };
        let Some(is_full) = asks(func, on, place) else { continue };
        full.push((block, if is_full { yes } else { no }));
        empty.push((block, if is_full { no } else { yes }));
    }
    let comes_to = |wanted: &dyn Fn(BlockId) -> bool, closed: &dyn Fn(BlockId, BlockId) -> bool| {
        let mut open = vec![func.entry()];
        let mut seen = open.clone();
        while let Some(block) = open.pop() {
            if wanted(block) {
                return true;
            }
            for to in func.blocks[block].end.successors() {
                if !closed(block, to) && !seen.contains(&to) {
                    seen.push(to);
                    open.push(to);
                }
            }
        }
        false
    };
    let returns = |block: BlockId| matches!(func.blocks[block].end, End::Return(_)) && block != stored_in;
    !empty.is_empty()
        && !comes_to(&|block| block == stored_in, &|from, to| empty.contains(&(from, to)))
        && !comes_to(&returns, &|from, to| full.contains(&(from, to)) || from == stored_in)
}

/// Does a condition ask whether something is in a place? True where it holds if there is.
fn asks(func: &Function, on: InstrId, place: &Place) -> Option<bool> {
    match &func.instrs[on].op {
        Op::Load(asked) => (asked == place).then_some(true),
        Op::Operator(Oper::Not, asked) => Some(!asks(func, *asked.first()?, place)?),
        _ => None,
    }
}

/// Is nothing else than nothing stored to the place, or to one of its name?
fn is_only_store(values: &Values<'_>, store: At) -> bool {
    let place_at = |(func, id): At| match &values.program.funcs[func].instrs[id].op {
        Op::Store(place, value) => Some((place, *value)),
        _ => None,
    };
    let Some((wanted, _)) = place_at(store) else { return false };
    values.program.funcs.iter_enumerated().all(|(func, body)| {
        body.instrs.ids().all(|id| {
            let Some((place, value)) = place_at((func, id)).filter(|_| (func, id) != store) else { return true };
            // What another variable holds is another class; what an object is, is not known: `this.instance = …`.
            let is_it = place == wanted
                || !wanted.path.is_empty()
                    && place.path.last() == wanted.path.last()
                    && !matches!(place.base, Base::Cell(_));
            let is_nothing = matches!(body.instrs[value].op, Op::Const(Const::Null | Const::Undefined));
            !is_it || body.kind == FuncKind::Init && is_nothing
        })
    })
}

impl Explorer<'_> {
    /// A call of such a function: does it come first? After it the object is there.
    pub(super) fn call_single(&mut self, at: At, callee: FuncId, before: &State, state: &mut State) {
        let Some(called) = self.prepared.singles.called.get(&callee).cloned() else { return };
        let is_served = before.phase == Phase::SERVING && self.filled.contains(&called);
        if !before.filled.contains(&called) && !is_served {
            self.first_given.insert(at);
        }
        std::rc::Rc::make_mut(&mut state.filled).insert(called);
    }

    /// The objects in a field of the one object of a class: those that the calls gave which come first.
    pub(super) fn given_first(&self, func: FuncId, place: &Place) -> Option<Vec<Obj>> {
        let doubted = self.doubted.as_ref().filter(|_| !self.prepared.singles.is_empty())?;
        let (object, Field::Name(field)) = place.split_last()? else { return None };
        let objs = self.objects_in(func, &object)?;
        let [obj @ Obj::Instances(class)] = &objs[..] else { return None };
        let single = self.prepared.singles.of_class.get(class)?;
        let [(maker, store)] = self.values.stores_to(obj, &Key::Name(field.clone())) else { return None };
        let constructor = &self.values.program.funcs[*maker];
        let Op::Store(_, value) = constructor.instrs[*store].op else { return None };
        if constructor.kind != FuncKind::Constructor || self.values.is_open(obj) {
            return None;
        }
        let Op::Load(kept) = &constructor.instrs[value].op else { return None };
        let param = constructor.params.iter().position(|param| *kept == Place::local(param.local))?;
        let head = PortHead::Arg(i32::try_from(*single.handed.get(&param)?).ok()?);
        let (mut found, mut others) = (Vec::new(), Vec::new());
        for caller in self.values.callers(single.maker) {
            if !self.values.callees(*caller).iter().all(|callee| *callee == (single.maker, CallKind::Direct)) {
                return None;
            }
            if !self.first_given.contains(caller) && !doubted.contains(caller) {
                others.push(*caller);
                continue;
            }
            let Some(given) = argument(self.values.call_at(*caller)?, &head) else { continue };
            let given = self.values.of(caller.0, given);
            for value in given.items() {
                let Value::Record(Site::Instr(_)) = value else { return None };
                found.extend(self.values.object_of(value).filter(|obj| !found.contains(obj)));
            }
            if given.is_cut {
                return None;
            }
        }
        if found.is_empty() || others.is_empty() {
            return None;
        }
        others.iter().for_each(|at| self.relies_on(*at));
        self.not_first.borrow_mut().extend(others);
        Some(found)
    }

    /// The one constant that is in a list there, where a loop goes through it or a function is handed each of its items.
    pub(super) fn item_given_first(&self, func: FuncId, id: InstrId, place: &Place) -> Option<Const> {
        if self.prepared.singles.is_empty() || self.values.language(func) != Language::Script {
            return None;
        }
        let body = &self.values.program.funcs[func];
        let (func, list) = match (&place.base, &*place.path) {
            (Base::Value(list), [Field::Any]) if !body.keys.contains_key(&id) => match &body.instrs[*list].op {
                Op::Load(list) => (func, list.clone()),
                _ => return None,
            },
            (Base::Local(local), []) if body.params.first().is_some_and(|param| param.local == *local) => {
                self.gone_through_by(func)?
            }
            _ => return None,
        };
        let (owner, Field::Name(name)) = list.split_last()? else { return None };
        let mut found: Option<Const> = None;
        for obj in self.given_first(func, &owner)? {
            let held = self.values.known_field(&obj, &Key::Name(name.clone()))?;
            for constant in self.constants_of(self.values.of_slot(held).items())? {
                if found.get_or_insert_with(|| constant.clone()) != &constant {
                    return None;
                }
            }
        }
        found
    }

    /// The list whose items a function is called with that is written where it is handed over.
    fn gone_through_by(&self, func: FuncId) -> Option<(FuncId, Place)> {
        let outer = self.values.program.funcs[func].parent?;
        let body = &self.values.program.funcs[outer];
        let mut handed = body.instrs.iter().filter_map(|instr| match &instr.op {
            Op::Call(call) => {
                let [arg] = &call.args[..] else { return None };
                matches!(body.instrs[arg.value].op, Op::Closure(inner) if inner == func).then_some(call)
            }
            _ => None,
        });
        let call = handed.next().filter(|_| handed.next().is_none() && call_is_plain(body, func))?;
        let (list, Field::Name(method)) = call.callee.split_last()? else { return None };
        (call.style == CallStyle::Plain && self.values.models.iterates(method)).then_some((outer, list))
    }
}

/// Is a function written once, and nothing else done with it?
fn call_is_plain(outer: &Function, func: FuncId) -> bool {
    let mut closures =
        outer.instrs.iter_enumerated().filter(|(_, instr)| matches!(instr.op, Op::Closure(inner) if inner == func));
    let Some((closure, _)) = closures.next().filter(|_| closures.next().is_none()) else { return false };
    let mut n_uses = 0;
    for instr in outer.instrs.iter() {
        instr.op.operands(|operand| n_uses += usize::from(operand == closure));
    }
    n_uses == 1
}
