//! Expressions. A spine (`a.b(c).d + e`) is lowered in a loop from its innermost operand outwards.

use tree_sitter::Node;

use crate::base::span::Span;
use crate::ir::func::FuncKind;
use crate::ir::instr::{
    Arg, ArgKind, Base, CallStyle, Const, Entry, Field, Imported, InstrId, Op, Oper, Order, PROTOTYPE, Place,
};
use crate::ir::types::TypeRef;
use crate::lower::fields::KindName;

use super::names::is_global_object;
use super::{Lowerer, field, first_named, named, span};

/// What a spine has come to: a place that is not read yet, or a value.
pub(super) enum Operand {
    Place(Base, Vec<Field>),
    Value(InstrId),
}

impl From<Place> for Operand {
    fn from(place: Place) -> Self {
        Self::Place(place.base, place.path.into_vec())
    }
}

impl Operand {
    fn into_place(self) -> Place {
        match self {
            Self::Place(base, path) => Place::new(base, path),
            Self::Value(value) => Place::value(value),
        }
    }

    fn then(self, step: Field) -> Self {
        let (base, mut path) = match self {
            Self::Place(base, path) => (base, path),
            Self::Value(value) => (Base::Value(value), Vec::new()),
        };
        path.push(step);
        Self::Place(base, path)
    }

    fn is_global(&self, name: &str) -> bool {
        matches!(self, Self::Place(Base::Global(global), path) if path.is_empty() && global == name)
    }
}

impl<'t> Lowerer<'t> {
    /// Lowers an expression to its value.
    pub(super) fn expr(&mut self, node: Node<'t>) -> InstrId {
        let operand = self.operand(node);
        self.value_of(operand, span(node))
    }

    /// The place an expression denotes: a variable or property, else the value it makes.
    pub(super) fn place(&mut self, node: Node<'t>) -> Place {
        self.operand(node).into_place()
    }

    pub(super) fn value_of(&mut self, operand: Operand, at: Span) -> InstrId {
        match operand {
            Operand::Place(base, path) => self.b.load(Place::new(base, path), at),
            Operand::Value(value) => value,
        }
    }

    fn operand(&mut self, node: Node<'t>) -> Operand {
        match self.deeper(node, |cx| cx.spine(node)) {
            Some(operand) => operand,
            None => Operand::Value(self.unknown("deep nesting", Vec::new(), node)),
        }
    }

    fn spine(&mut self, node: Node<'t>) -> Operand {
        let mut outer = Vec::new();
        let mut inner = node;
        while let Some(next) = self.awaited_argument(inner).or_else(|| spine_child(inner)) {
            outer.push(inner);
            inner = next;
        }
        let mut operand = self.leaf(inner);
        let mut last = inner;
        let mut waits = None;
        while let Some(node) = outer.pop() {
            if !matches!(
                node.kind_name(),
                "member_expression" | "subscript_expression" | "call_expression" | "non_null_expression"
            ) {
                operand = self.wait(operand, waits.take());
            }
            if self.awaited_argument(node).is_some() {
                waits = waits.or(Some(node));
            } else {
                operand = self.step(operand, last, node);
                waits = waits.or_else(|| awaited_callee(node));
            }
            last = node;
        }
        self.wait(operand, waits)
    }

    /// The `(load)` of `await (load)().name`, which the parser of JavaScript takes for what a function named `await` is called with.
    fn awaited_argument(&mut self, call: Node<'t>) -> Option<Node<'t>> {
        let callee = field(call, "function").filter(|callee| callee.kind_name() == "identifier")?;
        if call.kind_name() != "call_expression" || self.text(callee) != "await" {
            return None;
        }
        let args = field(call, "arguments").filter(|args| args.kind_name() == "arguments")?;
        let (argument, others) = named(args).split_first().map(|(first, others)| (*first, others.len()))?;
        let is_function = !matches!(self.b.lookup("await").base, Base::Global(_));
        (others == 0 && argument.kind_name() != "spread_element" && !is_function).then_some(argument)
    }

    /// Waits for what a chain of members and calls gives, where the parser took the `await` before it for a part of it.
    fn wait(&mut self, operand: Operand, waits: Option<Node<'t>>) -> Operand {
        let Some(node) = waits else { return operand };
        let value = self.value_of(operand, span(node));
        Operand::Value(self.b.push(Op::Await(value), span(node)))
    }

    /// Applies one link of a spine to what is left of it.
    fn step(&mut self, left: Operand, left_node: Node<'t>, node: Node<'t>) -> Operand {
        match node.kind_name() {
            "member_expression" => self.member(left, node),
            "subscript_expression" => {
                let key = field(node, "index").map_or(Field::Any, |index| self.subscript(index));
                match key {
                    Field::Name(_) => self.property(left, key),
                    key => left.then(key),
                }
            }
            "call_expression" => Operand::Value(self.call(left, left_node, node)),
            "binary_expression" => self.binary(left, left_node, node),
            // Parentheses, casts, `!`: the same value.
            _ => left,
        }
    }

    fn member(&mut self, left: Operand, node: Node<'t>) -> Operand {
        match field(node, "property") {
            Some(name) => {
                let name = Field::name(self.text(name));
                self.property(left, name)
            }
            None => left,
        }
    }

    fn property(&mut self, left: Operand, key: Field) -> Operand {
        if let (Operand::Place(base, path), Field::Name(name)) = (&left, &key)
            && path.is_empty()
        {
            if is_global_object(base) {
                return Place::global(name).into();
            }
            if name == "exports" && left.is_global("module") {
                return self.exports_place().into();
            }
        }
        left.then(key)
    }

    /// The key of `a[…]`; a computed one is lowered for its effects.
    fn subscript(&mut self, index: Node<'t>) -> Field {
        match index.kind_name() {
            "string" => Field::Name(self.string(index)),
            "number" => match self.text(index).parse() {
                Ok(at) => Field::Index(at),
                Err(_) => Field::name(self.text(index)),
            },
            _ => {
                let key = self.expr(index);
                match self.b.op(key) {
                    Op::Const(Const::Str(name)) => Field::Name(name.clone()),
                    _ => {
                        self.b.computed_key(key);
                        Field::Any
                    }
                }
            }
        }
    }

    // ---- calls ---------------------------------------------------------------------------------------------------

    fn call(&mut self, callee: Operand, callee_node: Node<'t>, node: Node<'t>) -> InstrId {
        let Some(args) = field(node, "arguments") else { return self.value_of(callee, span(node)) };
        if args.kind_name() == "template_string" {
            return self.tagged(callee.into_place(), args, node);
        }
        if let Some(import) = self.import_call(&callee, callee_node, args, node) {
            return import;
        }
        let is_super = callee_node.kind_name() == "super";
        let key = self.b.take_key();
        let args = self.args(args);
        let style = if is_super { CallStyle::Implicit } else { CallStyle::Plain };
        let (callee, args) = self.called_on(callee.into_place(), args);
        if let Some(key) = key {
            self.b.computed_key(key);
        }
        let is_method = !callee.path.is_empty();
        let res = self.b.call(callee, args, style, span(node));
        if is_super {
            self.fields_after_super();
        }
        // `services.resolve<Billing>("billing")` says what is in the box. A call that is told more than one type, or one of a
        // function by its name, gives something made of it.
        if is_method && let Some(types) = field(node, "type_arguments") {
            let types: Vec<TypeRef> = named(types).into_iter().map(|ty| self.ty(ty)).collect();
            if matches!(&*types, [TypeRef::Named(ty)] if ty.args.is_empty()) {
                self.b.set_call_types(res, types);
            }
        }
        res
    }

    /// A method that is called by way of its own `call` or `apply`, on the object that it was taken from or on one of that
    /// class: `server.tool.call(server, name)` is `server.tool(name)`, `Base.prototype.add.apply(this, [name])` is
    /// `Base.prototype.add(name)`.
    fn called_on(&self, callee: Place, args: Vec<Arg>) -> (Place, Vec<Arg>) {
        let ([object @ .., Field::Name(_), Field::Name(way)], [receiver, rest @ ..]) = (&*callee.path, &*args) else {
            return (callee, args);
        };
        let instrs = &self.b.func().instrs;
        let is_object = match &instrs[receiver.value].op {
            Op::Load(place) => place.base == callee.base && *place.path == *object,
            _ => false,
        };
        // What is read of a class of the language is called on everything: `Object.prototype.hasOwnProperty.call(table, key)`.
        let is_builtin = matches!((&callee.base, object), (Base::Global(_), [Field::Name(_)]));
        let is_class = matches!(object, [.., Field::Name(last)] if last == PROTOTYPE) && !is_builtin;
        let given = match (way.as_str(), rest) {
            _ if !is_object && !is_class => return (callee, args),
            ("call", rest) => rest.to_vec(),
            ("apply", []) => Vec::new(),
            ("apply", [list]) => match &instrs[list.value].op {
                Op::Record(record) => record
                    .entries
                    .iter()
                    .map(|entry| match entry {
                        Entry::Field(_, value) => Arg { value: *value, kind: ArgKind::Positional },
                        Entry::Spread(value) => Arg { value: *value, kind: ArgKind::Spread },
                    })
                    .collect(),
                _ => vec![Arg { value: list.value, kind: ArgKind::Spread }],
            },
            _ => return (callee, args),
        };
        let method = callee.path.split_last().map(|(_, path)| path.into());
        (Place { path: method.unwrap_or_default(), ..callee }, given)
    }

    /// `import("x")`, `require("x")`. With a name that is made at run time it stays a call.
    fn import_call(
        &mut self,
        callee: &Operand,
        callee_node: Node<'t>,
        args: Node<'t>,
        node: Node<'t>,
    ) -> Option<InstrId> {
        let is_import = callee_node.kind_name() == "import";
        let is_require = callee.is_global("require")
            || callee_node.kind_name() == "identifier"
                && self.requires.iter().any(|name| name == self.text(callee_node));
        if !is_import && !is_require {
            return None;
        }
        let from = first_named(args)?;
        if let Some(from) = self.constant_text(from) {
            return Some(self.b.import(&from, Imported::Module, span(node)));
        }
        None
    }

    pub(super) fn args(&mut self, args: Node<'t>) -> Vec<Arg> {
        let mut res = Vec::new();
        for arg in named(args) {
            let (kind, value) = match arg.kind_name() {
                "spread_element" => (ArgKind::Spread, first_named(arg)),
                _ => (ArgKind::Positional, Some(arg)),
            };
            if let Some(value) = value {
                let value = self.expr(value);
                res.push(Arg { value, kind });
            }
        }
        res
    }

    fn new_expression(&mut self, node: Node<'t>) -> InstrId {
        let callee = match field(node, "constructor") {
            Some(constructor) => self.place(constructor),
            None => Place::global("Object"),
        };
        let args = field(node, "arguments").map(|args| self.args(args)).unwrap_or_default();
        self.b.call(callee, args, CallStyle::New, span(node))
    }

    // ---- leaves --------------------------------------------------------------------------------------------------

    /// An expression that starts a spine.
    fn leaf(&mut self, node: Node<'t>) -> Operand {
        match node.kind_name() {
            "identifier"
            | "shorthand_property_identifier"
            | "shorthand_property_identifier_pattern"
            | "type_identifier"
            | "property_identifier" => self.name(self.text(node)).into(),
            "this" => self.b.lookup("this").into(),
            "super" | "import" => Place::global(node.kind_name()).into(),
            "meta_property" => Place::global(self.text(node)).into(),
            "nested_identifier" => self.dotted(node).into(),
            _ => Operand::Value(self.leaf_value(node)),
        }
    }

    /// `A.B.C` in the header of a namespace or alias.
    pub(super) fn dotted(&mut self, node: Node<'t>) -> Place {
        let mut parts = self.text(node).split('.').map(str::trim);
        let mut place = self.name(parts.next().unwrap_or_default());
        for part in parts {
            place = place.then(Field::name(part));
        }
        place
    }

    fn leaf_value(&mut self, node: Node<'t>) -> InstrId {
        match node.kind_name() {
            "string" | "number" | "true" | "false" | "null" | "undefined" | "regex" | "template_string" | "array"
            | "object" => self.literal(node),
            "function_expression" | "function" | "generator_function" | "arrow_function" | "class" => {
                self.named_expr(node, "<lambda>")
            }
            "new_expression" => self.new_expression(node),
            "assignment_expression" => self.assignment(node),
            "augmented_assignment_expression" => self.augmented(node),
            "update_expression" => self.update(node),
            "unary_expression" => self.unary(node),
            "ternary_expression" => self.ternary(node),
            "sequence_expression" => self.sequence(node),
            "await_expression" => {
                let value = self.inner(node);
                self.b.push(Op::Await(value), span(node))
            }
            "yield_expression" => self.yields(node),
            "internal_module" => {
                self.namespace(node);
                self.b.constant(Const::Undefined, span(node))
            }
            kind if kind.starts_with("jsx_") => self.jsx(node),
            "ERROR" => self.parts("syntax error", node),
            _ => self.parts("expression", node),
        }
    }

    /// Something not modelled: its expressions are operands.
    pub(super) fn parts(&mut self, what: &'static str, node: Node<'t>) -> InstrId {
        let parts = named(node).into_iter().filter(|part| is_expression(*part)).collect::<Vec<_>>();
        let parts = parts.into_iter().map(|part| self.expr(part)).collect();
        self.unknown(what, parts, node)
    }

    /// The value of a node's only operand.
    fn inner(&mut self, node: Node<'t>) -> InstrId {
        match first_named(node) {
            Some(inner) => self.expr(inner),
            None => self.b.constant(Const::Undefined, span(node)),
        }
    }

    fn yields(&mut self, node: Node<'t>) -> InstrId {
        let mut value = self.inner(node);
        if super::has_child(node, "*") {
            value = self.b.load(Place::new(Base::Value(value), [Field::Any]), span(node));
        }
        self.b.push(Op::Yield(value), span(node))
    }

    fn sequence(&mut self, node: Node<'t>) -> InstrId {
        let values: Vec<_> = named(node).into_iter().map(|part| self.expr(part)).collect();
        match values.last() {
            Some(last) => *last,
            None => self.unknown("expression", Vec::new(), node),
        }
    }

    /// An expression that takes the name of what it is assigned to, if it has none of its own.
    pub(super) fn named_expr(&mut self, node: Node<'t>, name: &str) -> InstrId {
        match node.kind_name() {
            "arrow_function" => self.closure(node, name, FuncKind::Lambda),
            "function_expression" | "function" | "generator_function" => {
                let kind = if name == "<lambda>" { FuncKind::Lambda } else { FuncKind::Plain };
                self.function_expression(node, name, kind)
            }
            "class" => self.class_expression(node, name),
            "parenthesized_expression" | "as_expression" | "satisfies_expression" | "non_null_expression" => {
                match first_named(node) {
                    Some(inner) => {
                        let res = self.deeper(node, |cx| cx.named_expr(inner, name));
                        res.unwrap_or_else(|| self.unknown("deep nesting", Vec::new(), node))
                    }
                    None => self.expr(node),
                }
            }
            _ => self.expr(node),
        }
    }

    // ---- assignment and operators --------------------------------------------------------------------------------

    fn assignment(&mut self, node: Node<'t>) -> InstrId {
        let (Some(left), Some(right)) = (field(node, "left"), field(node, "right")) else {
            return self.parts("assignment", node);
        };
        if matches!(left.kind_name(), "object_pattern" | "array_pattern") {
            let value = self.expr(right);
            self.bind(left, Place::value(value));
            return value;
        }
        let place = self.place(left);
        let key = self.b.take_key();
        let name = match place.path.last() {
            Some(Field::Name(name)) => name.as_str(),
            Some(_) => "<lambda>",
            None => self.text(left),
        };
        let name = name.to_owned();
        let is_method =
            !place.path.is_empty() && right.kind_name() == "function_expression" && !self.is_exports(&place.base);
        let value = if is_method {
            self.function_expression(right, &name, FuncKind::Method)
        } else {
            self.named_expr(right, &name)
        };
        if let Some(key) = key {
            self.b.computed_key(key);
        }
        self.b.store(place, value, span(node))
    }

    fn is_exports(&self, base: &Base) -> bool {
        matches!(base, Base::Cell(cell) if Some(*cell) == self.exports)
    }

    fn augmented(&mut self, node: Node<'t>) -> InstrId {
        let (Some(left), Some(right), Some(operator)) =
            (field(node, "left"), field(node, "right"), field(node, "operator"))
        else {
            return self.parts("assignment", node);
        };
        let at = span(node);
        let place = self.place(left);
        let before = self.b.load(place.clone(), span(left));
        let oper = match operator.kind_name() {
            "&&=" | "||=" | "??=" => {
                let kind = operator.kind_name().trim_end_matches('=');
                return self.logical_assignment(place, before, kind, right);
            }
            "+=" => Oper::Add,
            _ => Oper::Arith,
        };
        let value = self.expr(right);
        let value = self.b.push(Op::Operator(oper, vec![before, value]), at);
        self.b.store(place, value, at)
    }

    fn update(&mut self, node: Node<'t>) -> InstrId {
        let Some(target) = field(node, "argument") else { return self.parts("update", node) };
        let at = span(node);
        let place = self.place(target);
        let before = self.b.load(place.clone(), at);
        let one = self.b.constant(Const::Int(1), at);
        let value = self.b.push(Op::Operator(Oper::Arith, vec![before, one]), at);
        self.b.store(place, value, at)
    }

    fn unary(&mut self, node: Node<'t>) -> InstrId {
        let (Some(operator), Some(operand)) = (field(node, "operator"), field(node, "argument")) else {
            return self.parts("operator", node);
        };
        let at = span(node);
        if operator.kind_name() == "delete" {
            // What is deleted was something before: that a field is empty then is known where the code goes on, and nowhere else.
            let place = self.place(operand);
            let nothing = self.b.push(Op::Unknown("delete", Vec::new()), at);
            return self.b.store(place, nothing, at);
        }
        let value = self.expr(operand);
        let oper = match operator.kind_name() {
            "!" => Oper::Not,
            "typeof" => Oper::TypeOf,
            "void" => return self.b.constant(Const::Undefined, at),
            "-" => match self.b.op(value) {
                Op::Const(Const::Int(number)) => {
                    let number = number.wrapping_neg();
                    return self.b.constant(Const::Int(number), at);
                }
                _ => Oper::Arith,
            },
            _ => Oper::Arith,
        };
        self.b.push(Op::Operator(oper, vec![value]), at)
    }

    fn binary(&mut self, left: Operand, left_node: Node<'t>, node: Node<'t>) -> Operand {
        let at = span(node);
        let left = self.value_of(left, span(left_node));
        let (Some(right), Some(operator)) = (field(node, "right"), field(node, "operator")) else {
            return Operand::Value(left);
        };
        let oper = match operator.kind_name() {
            "&&" | "||" | "??" => return Operand::Value(self.logical(left, operator.kind_name(), right)),
            "==" | "===" => Oper::Eq,
            "!=" | "!==" => Oper::Ne,
            "<" => Oper::Compare(Order::Less),
            "<=" => Oper::Compare(Order::AtMost),
            ">" => Oper::Compare(Order::Greater),
            ">=" => Oper::Compare(Order::AtLeast),
            "+" => Oper::Add,
            "in" => Oper::In,
            "instanceof" => Oper::InstanceOf,
            _ => Oper::Arith,
        };
        let right = self.expr(right);
        Operand::Value(self.b.push(Op::Operator(oper, vec![left, right]), at))
    }
}

/// The `await` of `await load<T>(name)`, which the parser takes for `(await load)<T>(name)`.
fn awaited_callee(call: Node<'_>) -> Option<Node<'_>> {
    let callee = field(call, "function").filter(|_| call.kind_name() == "call_expression")?;
    (callee.kind_name() == "await_expression").then_some(callee)
}

/// The operand a spine goes on with, below `node`.
fn spine_child(node: Node<'_>) -> Option<Node<'_>> {
    match node.kind_name() {
        "member_expression" | "subscript_expression" => field(node, "object"),
        "call_expression" => awaited_callee(node).and_then(first_named).or_else(|| field(node, "function")),
        "binary_expression" => field(node, "left").filter(|left| left.kind_name() != "private_property_identifier"),
        "as_expression" | "satisfies_expression" | "non_null_expression" | "instantiation_expression" => {
            first_named(node)
        }
        "parenthesized_expression" => first_named(node),
        "type_assertion" => named(node).pop(),
        _ => None,
    }
}

fn is_expression(node: Node<'_>) -> bool {
    let kind = node.kind_name();
    matches!(kind, "identifier" | "string" | "number" | "array" | "object" | "this" | "template_string")
        || kind.ends_with("_expression")
        || kind.ends_with("_function")
        || kind.starts_with("jsx_")
        || kind == "ERROR"
}
