//! Calls of macros that the program defines (`macro_rules!`) are replaced by what the definition makes of them.
//!
//! What comes from the call keeps its place in the file; what the definition adds stands where the call does. Where nothing can be made
//! of a call (no arm matches, the result does not parse, a bound is met), it is lowered as that of an unknown macro.
//!
//! Variables that a definition declares for itself are told from those of the same name around the call by a scope of their own, and
//! not inside the expressions that the call hands over: there the innermost one is meant.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use proc_macro2::{Ident, Span as Token, TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::{Block, Expr, ImplItem, Item, ItemMacro, ItemUse, Macro, Pat, Path, Stmt, Type};

use crate::base::Symbol;
use crate::base::bounds::{MAX_MACRO_NESTING, MAX_MACRO_TOKENS, RUST_DEPTH};
use crate::base::span::{FileId, Loc, Span};
use crate::ir::instr::{Const, InstrId, Place};
use crate::ir::program::WrittenBy;
use crate::lower::{LowerNote, LowerNoteKind};
use crate::source::files::SourceFile;

use super::macro_index::Macros;
use super::macro_match::{joined, measure};
use super::macro_rules::Rules;
use super::patterns::bound_names;
use super::types::symbol;
use super::{Cx, Dest, conditional};

/// The macros that are known in a file, and how far their expansion has got.
pub(super) struct OwnMacros {
    file: FileId,
    path: String,
    /// Of the modules and blocks around, innermost last.
    scopes: Vec<BTreeMap<Symbol, Meaning>>,
    around: Arc<Macros>,
    /// Those of other files that were asked for.
    read: BTreeMap<usize, Option<Rc<Known>>>,
    /// Modules that the file declares.
    modules: BTreeSet<Symbol>,
    /// All names of some module of the program are imported.
    has_glob: bool,
    layer: Layer,
    left: usize,
    /// Calls that a bound left as they are.
    lost: BTreeSet<Span>,
}

/// How deep in expansions the lowering is.
#[derive(Clone, Copy, Default)]
pub(super) struct Layer {
    levels: usize,
    /// How deep what they are made of layers, all together.
    depth: usize,
}

/// What a name means in the place of a macro.
enum Meaning {
    Defined(Rc<Known>),
    /// What a `use` has from there; only of names that macros have somewhere.
    Imported(Vec<Symbol>),
}

/// A macro with the place of its definition.
struct Known {
    rules: Rules,
    /// It puts names together.
    joins: bool,
    name: Symbol,
    /// Nowhere in the program where it is a library's.
    at: Option<Loc>,
}

impl OwnMacros {
    pub(super) fn new(file: &SourceFile, around: &Arc<Macros>) -> Self {
        Self {
            file: file.id,
            path: file.path.clone(),
            scopes: vec![BTreeMap::new()],
            around: Arc::clone(around),
            read: BTreeMap::new(),
            modules: BTreeSet::new(),
            has_glob: false,
            layer: Layer::default(),
            left: MAX_MACRO_TOKENS,
            lost: BTreeSet::new(),
        }
    }

    /// What was left as it is.
    pub(super) fn note(&self) -> Option<LowerNote> {
        let span = *self.lost.first()?;
        let calls = if self.lost.len() == 1 { "call" } else { "calls" };
        let text = format!(
            "{} {calls} of the program's own macros made too many tokens, or one in another too deep",
            self.lost.len()
        );
        Some(LowerNote { span, kind: LowerNoteKind::Partial, text })
    }
}

/// Statements or items, and how deep in expansions each stands.
pub(super) struct Nested<T> {
    pub(super) parts: Vec<T>,
    pub(super) layers: Vec<Layer>,
}

impl<T> Nested<T> {
    fn push(&mut self, part: T, layer: Layer) {
        self.parts.push(part);
        self.layers.push(layer);
    }
}

impl Cx {
    // ---- which macro? --------------------------------------------------------------------------------------------

    /// Takes note of what items define; also of what modules among them let out.
    pub(super) fn define_macros<'i>(&mut self, items: impl Iterator<Item = &'i Item>) {
        for item in items {
            match item {
                Item::Macro(x) => self.define_macro(x),
                Item::Use(x) if !self.own.around.is_empty() => self.import_macros(x),
                Item::Mod(x) => {
                    self.own.modules.insert(symbol(&x.ident));
                    if let Some((_, items)) = &x.content
                        && x.attrs.iter().any(|attr| attr.path().is_ident("macro_use"))
                    {
                        self.define_macros(items.iter());
                    }
                }
                _ => {}
            }
        }
    }

    fn define_macro(&mut self, item: &ItemMacro) {
        let Some(ident) = &item.ident else { return };
        if conditional::is_off(&item.attrs, &self.features) || !item.mac.path.is_ident("macro_rules") {
            return;
        }
        let name = symbol(ident);
        let at = Some(Loc { file: self.own.file, span: self.at(ident.span()) });
        let known =
            Rules::of(item, "crate".into()).map(|rules| Rc::new(Known { rules, joins: false, name: name.clone(), at }));
        if let (Some(known), Some(scope)) = (known, self.own.scopes.last_mut()) {
            scope.insert(name, Meaning::Defined(known));
        }
    }

    fn import_macros(&mut self, item: &ItemUse) {
        for leaf in self.leaves(item) {
            if leaf.is_glob {
                self.own.has_glob |= leaf.path.first().is_some_and(|head| self.begins_here(head));
            } else if let (Some(name), Some(last), Some(scope)) =
                (leaf.name, leaf.path.last(), self.own.scopes.last_mut())
                && self.own.around.knows(last)
            {
                scope.insert(name, Meaning::Imported(leaf.path));
            }
        }
    }

    pub(super) fn enter_macro_scope(&mut self) {
        self.own.scopes.push(BTreeMap::new());
    }

    pub(super) fn leave_macro_scope(&mut self) {
        self.own.scopes.pop();
    }

    /// Does a path that begins so lead into this crate?
    fn begins_here(&self, head: &str) -> bool {
        matches!(head, "crate" | "self" | "super") || self.own.modules.contains(head)
    }

    fn own_macro(&mut self, path: &Path) -> Option<Rc<Known>> {
        let last = symbol(&path.segments.last()?.ident);
        if path.segments.len() == 1 {
            return match self.own.scopes.iter().rev().find_map(|scope| scope.get(&last)) {
                Some(Meaning::Defined(known)) => Some(Rc::clone(known)),
                Some(Meaning::Imported(path)) => self.macro_at(&path.clone()),
                None if self.own.around.knows(&last) => self.macro_in_scope(last),
                None => None,
            };
        }
        if !self.own.around.knows(&last) {
            return None;
        }
        let path: Vec<Symbol> = path.segments.iter().map(|segment| symbol(&segment.ident)).collect();
        self.macro_at(&path)
    }

    fn macro_in_scope(&mut self, name: Symbol) -> Option<Rc<Known>> {
        let found = self.own.around.in_scope(&self.own.path, &name);
        let found = self.first_of(&found);
        if found.is_some() || !self.own.has_glob {
            return found;
        }
        self.macro_at(&["crate".into(), name])
    }

    fn macro_at(&mut self, path: &[Symbol]) -> Option<Rc<Known>> {
        let is_own = self.begins_here(path.first()?);
        let found = self.own.around.by_path(&self.own.path, path, is_own);
        self.first_of(&found)
    }

    /// The first of some definitions of the program that is built.
    fn first_of(&mut self, found: &[usize]) -> Option<Rc<Known>> {
        found.iter().find_map(|at| self.read_macro(*at))
    }

    fn read_macro(&mut self, at: usize) -> Option<Rc<Known>> {
        if let Some(known) = self.own.read.get(&at) {
            return known.clone();
        }
        let around = Arc::clone(&self.own.around);
        let defined = around.get(at)?;
        let item = syn::parse_str::<ItemMacro>(&defined.text).ok();
        let item = item.filter(|item| !conditional::is_off(&item.attrs, &self.features));
        let known = item.and_then(|item| {
            let krate = around.crate_of(at, &self.own.path).unwrap_or_else(|| "crate".into());
            let name = symbol(item.ident.as_ref()?);
            Some(Rc::new(Known { rules: Rules::of(&item, krate)?, joins: defined.joins, name, at: defined.at }))
        });
        self.own.read.insert(at, known.clone());
        known
    }

    /// How deep in expansions is what is lowered now?
    pub(super) fn layer(&self) -> Layer {
        self.own.layer
    }

    // ---- what is it replaced by? ---------------------------------------------------------------------------------

    /// The tokens that a call is replaced by, and how deep they stand then.
    fn expansion(&mut self, mac: &Macro) -> Option<(TokenStream, Layer)> {
        let known = self.own_macro(&mac.path)?;
        let first = mac.path.segments.first().map_or(mac.bang_token.span, |part| part.ident.span());
        let at = first.join(mac.delimiter.span().close()).unwrap_or(first);
        let layer = self.own.layer;
        let mut left = self.own.left;
        let expanded = self.expanded(&known.rules, mac, at, &mut left);
        // Each call counts, also of a macro that makes nothing.
        self.own.left = left.saturating_sub(1);
        let (tokens, rounds, depth) = match expanded {
            Ok(found) => {
                let (tokens, rounds, depth) = found?;
                (if known.joins { joined(tokens) } else { tokens }, rounds, depth)
            }
            Err(TooLarge) => {
                let span = self.at(at);
                self.own.lost.insert(span);
                return None;
            }
        };
        if let Some(definition) = known.at {
            for place in std::iter::once(at).chain(rounds) {
                let span = self.at(place);
                self.b.written_by(WrittenBy { span, name: known.name.clone(), definition });
            }
        }
        Some((tokens, Layer { levels: layer.levels + 1, depth: layer.depth + depth }))
    }

    /// `Ok(None)` where no arm matches.
    fn expanded(&self, rules: &Rules, mac: &Macro, at: Token, left: &mut usize) -> Result<Option<Expanded>, TooLarge> {
        let layer = self.own.layer;
        if layer.levels >= MAX_MACRO_NESTING {
            return Err(TooLarge);
        }
        let Some((tokens, rounds)) = rules.expand(mac.tokens.clone(), at, left) else {
            return if *left == 0 { Err(TooLarge) } else { Ok(None) };
        };
        let (n_tokens, depth) = measure(&tokens, *left).ok_or(TooLarge)?;
        *left -= n_tokens;
        if layer.depth + depth > RUST_DEPTH { Err(TooLarge) } else { Ok(Some((tokens, rounds, depth))) }
    }

    /// Lowers what an expansion made.
    pub(super) fn within<T>(&mut self, layer: Layer, lower: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.own.layer, layer);
        let res = lower(self);
        self.own.layer = before;
        res
    }

    /// Lowers a call of the program's own macro; `false` where it is none, or nothing can be made of it.
    pub(super) fn own_macro_into(&mut self, mac: &Macro, dest: Dest) -> bool {
        let Some((tokens, layer)) = self.expansion(mac) else { return false };
        if let Ok(expr) = syn::parse2::<Expr>(tokens.clone()) {
            self.within(layer, |cx| cx.into(&expr, dest));
            return true;
        }
        let Ok(stmts) = Block::parse_within.parse2(tokens) else { return false };
        self.within(layer, |cx| cx.statements(&stmts, dest));
        true
    }

    pub(super) fn own_macro_value(&mut self, mac: &Macro, span: Span) -> Option<InstrId> {
        let (tokens, layer) = self.expansion(mac)?;
        if let Ok(expr) = syn::parse2::<Expr>(tokens.clone()) {
            return Some(self.within(layer, |cx| cx.expr(&expr)));
        }
        let stmts = Block::parse_within.parse2(tokens).ok()?;
        let result = self.b.temp("value", None);
        self.within(layer, |cx| cx.statements(&stmts, Dest::Local(result)));
        if !self.b.is_reachable() {
            return Some(self.b.constant(Const::Null, span));
        }
        Some(self.b.load(Place::local(result), span))
    }

    /// The pattern that a macro stands for.
    pub(super) fn own_macro_pattern(&mut self, mac: &Macro) -> Option<(Pat, Layer)> {
        let (tokens, layer) = self.expansion(mac)?;
        Some((Pat::parse_multi_with_leading_vert.parse2(tokens).ok()?, layer))
    }

    pub(super) fn own_macro_type(&mut self, mac: &Macro) -> Option<(Type, Layer)> {
        let (tokens, layer) = self.expansion(mac)?;
        Some((syn::parse2(tokens).ok()?, layer))
    }

    // ---- what declares something ---------------------------------------------------------------------------------

    /// Statements with what macros among them declare; `None` where they are as they were.
    pub(super) fn spread_statements(&mut self, stmts: &[Stmt]) -> Option<Nested<Stmt>> {
        let is_call = |stmt: &Stmt| matches!(stmt, Stmt::Macro(_));
        if !stmts.iter().any(is_call) || (self.own.scopes.iter().all(BTreeMap::is_empty) && self.own.around.is_empty())
        {
            return None;
        }
        let mut declares = false;
        for stmt in stmts {
            if let Stmt::Macro(x) = stmt {
                declares |= self.own_macro(&x.mac.path).is_some_and(|known| known.rules.declares);
            }
        }
        if !declares {
            return None;
        }
        let mut res = Nested { parts: Vec::new(), layers: Vec::new() };
        self.spread(stmts.to_vec(), self.own.layer, &mut res);
        Some(res)
    }

    fn spread(&mut self, stmts: Vec<Stmt>, layer: Layer, out: &mut Nested<Stmt>) {
        self.define_macros(stmts.iter().filter_map(|stmt| match stmt {
            Stmt::Item(item) => Some(item),
            _ => None,
        }));
        for stmt in stmts {
            match self.within(layer, |cx| cx.declared_by(&stmt)) {
                Some((stmts, inner)) => self.spread(stmts, inner, out),
                None => out.push(stmt, layer),
            }
        }
    }

    /// The statements that a call stands for, where what follows sees what they declare.
    fn declared_by(&mut self, stmt: &Stmt) -> Option<(Vec<Stmt>, Layer)> {
        let Stmt::Macro(call) = stmt else { return None };
        if !self.own_macro(&call.mac.path).is_some_and(|known| known.rules.declares) {
            return None;
        }
        let (tokens, layer) = self.expansion(&call.mac)?;
        let mut stmts = Block::parse_within.parse2(tokens).ok()?;
        let is_seen = |stmt: &Stmt| match stmt {
            Stmt::Item(_) | Stmt::Macro(_) => true,
            Stmt::Local(local) => {
                let mut names = Vec::new();
                bound_names(&local.pat, &mut names);
                // What the definition itself names is not seen behind the call.
                names.iter().any(|name| mentions(&call.mac.tokens, name))
            }
            Stmt::Expr(..) => false,
        };
        if !stmts.iter().any(is_seen) {
            return None;
        }
        match (stmts.last_mut(), call.semi_token) {
            (Some(Stmt::Expr(_, end)), Some(semi)) => *end = Some(semi),
            (Some(Stmt::Macro(last)), Some(semi)) => last.semi_token = Some(semi),
            _ => {}
        }
        Some((stmts, layer))
    }

    /// Items with what macros among them stand for; `None` where they are as they were.
    pub(super) fn spread_items(&mut self, items: &[&Item]) -> Option<Nested<Item>> {
        if !items.iter().any(|item| self.item_call(item).is_some_and(|mac| self.own_macro(&mac.path).is_some())) {
            return None;
        }
        let mut res = Nested { parts: Vec::new(), layers: Vec::new() };
        let items = items.iter().map(|item| (*item).clone()).collect();
        self.spread_item(items, self.own.layer, &mut res);
        Some(res)
    }

    fn item_call<'i>(&self, item: &'i Item) -> Option<&'i Macro> {
        match item {
            Item::Macro(x) if x.ident.is_none() => Some(&x.mac),
            _ => None,
        }
    }

    fn spread_item(&mut self, items: Vec<Item>, layer: Layer, out: &mut Nested<Item>) {
        for item in items {
            let made = self.item_call(&item).and_then(|mac| {
                let (tokens, layer) = self.within(layer, |cx| cx.expansion(mac))?;
                Some((syn::parse2::<syn::File>(tokens).ok()?.items, layer))
            });
            match made {
                Some((items, inner)) => {
                    self.define_macros(items.iter());
                    self.spread_item(items, inner, out);
                }
                None => out.push(item, layer),
            }
        }
    }

    /// The members of an `impl` that a macro in it stands for.
    pub(super) fn own_macro_members(&mut self, mac: &Macro) -> Option<(Vec<ImplItem>, Layer)> {
        let members = |input: ParseStream<'_>| {
            let mut res = Vec::new();
            while !input.is_empty() {
                res.push(input.parse()?);
            }
            Ok(res)
        };
        let (tokens, layer) = self.expansion(mac)?;
        Some((members.parse2(tokens).ok()?, layer))
    }
}

fn mentions(tokens: &TokenStream, name: &Ident) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(word) => word == *name,
        TokenTree::Group(group) => mentions(&group.stream(), name),
        _ => false,
    })
}

/// What a call is replaced by, the places for rounds of repetitions, and how deep it layers.
type Expanded = (TokenStream, Vec<Token>, usize);

/// A bound is met.
struct TooLarge;
