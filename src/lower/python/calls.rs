//! Places and calls: `a.b[0]`, `f(x, *rest, key=v)`.

use tree_sitter::Node;

use crate::ir::instr::{
    Arg, ArgKind, Base, CallStyle, Const, Entry, Field, InstrId, Op, Oper, Place, Record, RecordKind,
};
use crate::lower::fields::KindName;

use super::{Lowering, field, fields, first_part, parts, span};

impl<'t> Lowering<'t> {
    /// The place that an expression names; that of its value when it names none.
    pub(super) fn place(&mut self, node: Node<'t>) -> Place {
        match self.deeper(node, |cx| cx.place_kind(node)) {
            Some(place) => place,
            None => Place::value(self.unknown("deep nesting", Vec::new(), node)),
        }
    }

    fn place_kind(&mut self, node: Node<'t>) -> Place {
        match node.kind_name() {
            "identifier" => self.b.lookup(self.src(node)),
            "attribute" => {
                let (Some(object), Some(name)) = (field(node, "object"), field(node, "attribute")) else {
                    return Place::value(self.unknown_parts("attribute", node));
                };
                let name = Field::name(self.src(name));
                if self.is_super(object) {
                    return Place::global("super").then(name);
                }
                self.place(object).then(name)
            }
            "subscript" => self.subscript(node),
            "parenthesized_expression" => match first_part(node) {
                Some(inner) => self.place(inner),
                None => Place::value(self.unknown("parentheses", Vec::new(), node)),
            },
            _ => Place::value(self.expr(node)),
        }
    }

    /// Is it a call of `super`?
    fn is_super(&mut self, node: Node<'t>) -> bool {
        let callee = if node.kind_name() == "call" { field(node, "function") } else { None };
        let Some(name) = callee.filter(|callee| callee.kind_name() == "identifier").map(|callee| self.src(callee))
        else {
            return false;
        };
        name == "super" && matches!(self.b.lookup(name).base, Base::Global(_))
    }

    fn subscript(&mut self, node: Node<'t>) -> Place {
        let Some(value) = field(node, "value") else { return Place::value(self.unknown_parts("subscript", node)) };
        let keys = fields(node, "subscript");
        // `locals()["name"]`
        if let [key] = keys[..]
            && self.src(value) == "locals()"
            && let Some(place) = self.local_named(key)
        {
            return place;
        }
        let whole = self.place(value);
        if let [key] = keys[..] {
            if key.kind_name() == "slice" {
                let mut operands = vec![self.load_place(whole, value)];
                operands.extend(parts(key).into_iter().map(|bound| self.expr(bound)).collect::<Vec<_>>());
                return Place::value(self.push(Op::Operator(Oper::Slice, operands), node));
            }
            if let Some(step) = self.constant_key(key) {
                return whole.then(step);
            }
            let key = self.expr(key);
            self.b.computed_key(key);
            return whole.then(Field::Any);
        }
        for key in keys {
            let bounds = if key.kind_name() == "slice" { parts(key) } else { vec![key] };
            for bound in bounds {
                self.expr(bound);
            }
        }
        whole.then(Field::Any)
    }

    /// The step that a literal key is.
    pub(super) fn constant_key(&self, key: Node<'t>) -> Option<Field> {
        match key.kind_name() {
            "string" | "concatenated_string" => self.constant_text(key).map(|text| Field::Name(text.into())),
            "integer" => match super::literals::number(self.src(key), false) {
                Const::Int(at) => u32::try_from(at).ok().map(Field::Index),
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn load_place(&mut self, place: Place, node: Node<'t>) -> InstrId {
        match place {
            Place { base: Base::Value(value), path } if path.is_empty() => value,
            place => self.b.load(place, span(node)),
        }
    }

    pub(super) fn call(&mut self, node: Node<'t>) -> InstrId {
        let Some(callee) = field(node, "function") else { return self.unknown_parts("call", node) };
        let arguments = field(node, "arguments");
        if let Some(template) = self.format_template(callee) {
            let args = self.args(arguments);
            return self.format_call(&template, &args, node);
        }
        if let Some(value) = self.local_asked(callee, arguments, node) {
            return value;
        }
        let place = self.place(callee);
        if place == Place::global("getattr")
            && let Some(value) = self.get_attribute(arguments, node)
        {
            return value;
        }
        let args = self.args(arguments);
        if place == Place::global("dict")
            && let Some(entries) = named_entries(&args)
        {
            return self.push(Op::Record(Box::new(Record { kind: RecordKind::Object, ty: None, entries })), node);
        }
        match args.as_slice() {
            [value, class] if place == Place::global("isinstance") => {
                self.b.push(Op::Operator(Oper::InstanceOf, vec![value.value, class.value]), span(node))
            }
            _ => self.b.call(place, args, CallStyle::Plain, span(node)),
        }
    }

    /// `getattr(x, "name", default)` is `x.name`, or the default where that is missing.
    fn get_attribute(&mut self, arguments: Option<Node<'t>>, node: Node<'t>) -> Option<InstrId> {
        let arguments = parts(arguments?);
        let (object, name, default) = match *arguments.as_slice() {
            [object, name] => (object, name, None),
            [object, name, default] => (object, name, Some(default)),
            _ => return None,
        };
        let name = self.constant_text(name).filter(|_| !object.kind_name().contains("splat"))?;
        let place = self.place(object).then(Field::name(&name));
        let value = self.b.load(place, span(node));
        Some(match default {
            Some(default) => self.or_default(value, default, node),
            None => value,
        })
    }

    /// `locals().get("name", default)` is the variable `name`, or the default where nothing has been put there.
    fn local_asked(&mut self, callee: Node<'t>, arguments: Option<Node<'t>>, node: Node<'t>) -> Option<InstrId> {
        let table = field(callee, "object").filter(|_| callee.kind_name() == "attribute")?;
        if self.src(table) != "locals()" || self.src(field(callee, "attribute")?) != "get" {
            return None;
        }
        let (name, default) = match *parts(arguments?).as_slice() {
            [name] => (name, None),
            [name, default] => (name, Some(default)),
            _ => return None,
        };
        let place = self.local_named(name)?;
        let value = self.b.load(place, span(node));
        Some(match default {
            Some(default) => self.or_default(value, default, node),
            None => value,
        })
    }

    /// The variable of this function that a text names.
    fn local_named(&mut self, name: Node<'t>) -> Option<Place> {
        let name = self.constant_text(name)?;
        Some(self.b.lookup(&name)).filter(|place| matches!(place.base, Base::Local(_)))
    }

    /// A value, or a default where there is none.
    fn or_default(&mut self, value: InstrId, default: Node<'t>, node: Node<'t>) -> InstrId {
        let temp = Place::local(self.b.temp("value", None));
        self.b.store(temp.clone(), value, span(node));
        let is_missing = self.b.push(Op::Operator(Oper::IsMissing, [value].into()), span(node));
        let (missing, after) = (self.b.new_block(), self.b.new_block());
        self.b.branch(is_missing, missing, after);
        self.b.switch_to(missing);
        let default = self.expr(default);
        self.b.store(temp.clone(), default, span(node));
        self.b.goto(after);
        self.b.switch_to(after);
        self.b.load(temp, span(node))
    }

    /// The text of `"…"` when the callee is `"…".format`.
    fn format_template(&self, callee: Node<'t>) -> Option<String> {
        if callee.kind_name() != "attribute" || self.src(field(callee, "attribute")?) != "format" {
            return None;
        }
        self.constant_text(field(callee, "object")?)
    }

    pub(super) fn args(&mut self, arguments: Option<Node<'t>>) -> Vec<Arg> {
        let Some(arguments) = arguments else { return Vec::new() };
        if arguments.kind_name() == "generator_expression" {
            return vec![Arg { value: self.expr(arguments), kind: ArgKind::Positional }];
        }
        parts(arguments).into_iter().map(|arg| self.arg(arg)).collect()
    }

    fn arg(&mut self, node: Node<'t>) -> Arg {
        let (inner, kind) = match node.kind_name() {
            "keyword_argument" => {
                let name = field(node, "name").map(|name| self.src(name)).unwrap_or_default();
                (field(node, "value"), ArgKind::Named(name.into()))
            }
            "list_splat" => (first_part(node), ArgKind::Spread),
            "dictionary_splat" => (first_part(node), ArgKind::SpreadNamed),
            _ => (Some(node), ArgKind::Positional),
        };
        let value = match inner {
            Some(inner) => self.expr(inner),
            None => self.unknown("argument", Vec::new(), node),
        };
        Arg { value, kind }
    }
}

/// `dict(a=x, **rest)` is `{"a": x, **rest}`.
fn named_entries(args: &[Arg]) -> Option<Vec<Entry>> {
    let entry = |arg: &Arg| match &arg.kind {
        ArgKind::Named(name) => Some(Entry::Field(Field::name(name), arg.value)),
        ArgKind::SpreadNamed => Some(Entry::Spread(arg.value)),
        ArgKind::Positional | ArgKind::Spread => None,
    };
    if args.is_empty() { None } else { args.iter().map(entry).collect() }
}
