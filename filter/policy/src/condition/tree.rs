//! The parser's tree -> the core's, with the shape of each part.

use std::collections::BTreeMap;

use cel::IdedExpr;
use cel::common::ast::{EntryExpr, Expr, IdedEntryExpr, LiteralValue, SelectExpr};
use fieldgate_core::limits::CONDITION_DEPTH;
use fieldgate_core::policy::condition::{Node, Value};

use super::kind::Kinds;
use super::place::Places;
use super::{Scope, Shape};
use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::suggest::did_you_mean;

/// A part of a condition, and what is known of its value.
pub(super) type Part = (Node, Shape);

pub(super) struct Reader<'a> {
    pub(super) scope: &'a Scope,
    pub(super) places: &'a Places<'a>,
    findings: &'a mut Findings,
    /// The elements of the macros around, outermost first.
    locals: Vec<(String, Shape)>,
    is_too_deep: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        scope: &'a Scope,
        places: &'a Places<'a>,
        findings: &'a mut Findings,
    ) -> Self {
        Self { scope, places, findings, locals: Vec::new(), is_too_deep: false }
    }

    /// A part that is `depth` deep; `None` if it has a finding.
    pub(super) fn read(&mut self, part: &IdedExpr, depth: u32) -> Option<Part> {
        if depth >= CONDITION_DEPTH {
            if !self.is_too_deep {
                let message = format!("a condition nests deeper than {CONDITION_DEPTH}");
                self.error(Code::ConditionSize, part, message);
            }
            self.is_too_deep = true;
            return None;
        }
        let depth = depth + 1;
        match &part.expr {
            Expr::Literal(literal) => self.literal(part, literal),
            Expr::Ident(name) => self.name(part, name),
            Expr::Select(select) => {
                let (of, shape) = self.member(part, select, depth)?;
                Some((Node::Select { of, name: select.field.as_str().into() }, shape))
            }
            Expr::Call(call) => self.call(part, call, depth),
            Expr::List(list) => {
                let parts = self.all(&list.elements, depth)?;
                let (elements, shapes): (Vec<Node>, Vec<Shape>) = parts.into_iter().unzip();
                let element = shapes.into_iter().reduce(Shape::or).unwrap_or(Shape::Dyn);
                Some((Node::list(elements), Shape::List(Box::new(element))))
            }
            Expr::Map(map) => self.map(&map.entries, depth),
            Expr::Struct(_) => {
                self.unsupported(part, "a condition cannot make a message");
                None
            }
            Expr::Comprehension(_) | Expr::Unspecified => {
                self.unsupported(part, "a condition cannot have this");
                None
            }
        }
    }

    /// All of them: what is wrong with one does not hide what is wrong with another.
    pub(super) fn all(&mut self, parts: &[IdedExpr], depth: u32) -> Option<Vec<Part>> {
        let parts: Vec<Option<Part>> = parts.iter().map(|part| self.read(part, depth)).collect();
        parts.into_iter().collect()
    }

    /// What is inside of a macro, where its element has a name.
    pub(super) fn inside(
        &mut self,
        name: &str,
        element: Shape,
        body: &IdedExpr,
        depth: u32,
    ) -> Option<Part> {
        self.locals.push((name.to_owned(), element));
        let read = self.read(body, depth);
        self.locals.pop();
        read
    }

    fn literal(&mut self, part: &IdedExpr, literal: &LiteralValue) -> Option<Part> {
        let (value, shape) = match literal {
            LiteralValue::Null => (Value::Null, Shape::Null),
            LiteralValue::Boolean(value) => (Value::Bool(*value.inner()), Shape::Boolean),
            LiteralValue::Int(value) => (Value::Int(*value.inner()), Shape::Int),
            LiteralValue::UInt(value) => (Value::Uint(*value.inner()), Shape::Uint),
            LiteralValue::Double(value) => (Value::Double(*value.inner()), Shape::Double),
            LiteralValue::String(text) => {
                (Value::String(text.inner().to_owned().into()), Shape::String)
            }
            LiteralValue::Bytes(_) => {
                self.unsupported(part, "a condition cannot have bytes");
                return None;
            }
        };
        Some((Node::Literal(value), shape))
    }

    fn name(&mut self, part: &IdedExpr, name: &str) -> Option<Part> {
        let local = self.locals.iter().rev().zip(0..).find(|((local, _), _)| local == name);
        if let Some(((_, shape), outer)) = local {
            return Some((Node::Local(outer), shape.clone()));
        }
        if let Some((variable, shape)) = self.scope.variable(name) {
            return Some((Node::Variable(variable), shape.clone()));
        }
        let locals: Vec<&str> = self.locals.iter().map(|(local, _)| local.as_str()).collect();
        let variables: Vec<&str> = self.scope.variables().collect();
        let near = did_you_mean(name, [locals, variables].concat());
        let is_response = name == "object";
        let hint = is_response.then(|| "only `where` looks at the response".to_owned());
        let hint = hint.or(near).unwrap_or_else(|| {
            let known: Vec<String> = self.scope.variables().map(|one| format!("`{one}`")).collect();
            format!("there is {}", known.join(", "))
        });
        let message = format!("unknown variable `{name}`");
        self.add(Code::ConditionUnknown, part, message, Some(hint));
        None
    }

    /// What a member is selected of, and the member's shape.
    pub(super) fn member(
        &mut self,
        part: &IdedExpr,
        select: &SelectExpr,
        depth: u32,
    ) -> Option<(Box<Node>, Shape)> {
        let (of, shape) = self.read(&select.operand, depth)?;
        let member = match shape.present() {
            Shape::Map(members) => self.known(part, members, &select.field)?,
            Shape::Entries(value) => (**value).clone(),
            Shape::Dyn => Shape::Dyn,
            other => {
                let message = format!("{other} has no member `{}`", select.field);
                self.error(Code::ConditionType, part, message);
                return None;
            }
        };
        Some((Box::new(of), member))
    }

    /// A member of what has these and no others.
    pub(super) fn known(
        &mut self,
        part: &IdedExpr,
        members: &BTreeMap<String, Shape>,
        name: &str,
    ) -> Option<Shape> {
        if let Some(shape) = members.get(name) {
            return Some(shape.clone());
        }
        let names = || members.keys().map(String::as_str);
        let hint = did_you_mean(name, names()).or_else(|| {
            let known: Vec<String> = names().map(|one| format!("`{one}`")).collect();
            (!known.is_empty()).then(|| format!("there is {}", known.join(", ")))
        });
        self.add(Code::ConditionUnknown, part, format!("unknown member `{name}`"), hint);
        None
    }

    fn map(&mut self, entries: &[IdedEntryExpr], depth: u32) -> Option<Part> {
        let mut read = Vec::new();
        let mut members = Some(BTreeMap::new());
        for entry in entries {
            let EntryExpr::MapEntry(entry) = &entry.expr else { continue };
            let pair = (self.read(&entry.key, depth), self.read(&entry.value, depth));
            let (Some((key, key_shape)), Some((value, shape))) = pair else {
                read.push(None);
                continue;
            };
            let keys = Kinds::STRING.or(Kinds::INTEGER).or(Kinds::BOOLEAN);
            if !Kinds::of(&key_shape).intersects(keys) {
                let message = format!("{key_shape} cannot be a key");
                self.error(Code::ConditionType, &entry.key, message);
                read.push(None);
                continue;
            }
            match (&key, &mut members) {
                (Node::Literal(Value::String(name)), Some(members)) => {
                    members.insert(name.to_string(), shape);
                }
                (_, members) => *members = None,
            }
            read.push(Some([key, value]));
        }
        let shape = members.map_or_else(|| Shape::Entries(Box::new(Shape::Dyn)), Shape::Map);
        Some((Node::Map(read.into_iter().collect::<Option<_>>()?), shape))
    }

    pub(super) fn error(&mut self, code: Code, part: &IdedExpr, message: impl Into<String>) {
        self.add(code, part, message.into(), None);
    }

    pub(super) fn unsupported(&mut self, part: &IdedExpr, message: impl Into<String>) {
        self.error(Code::ConditionUnsupported, part, message);
    }

    pub(super) fn add(
        &mut self,
        code: Code,
        part: &IdedExpr,
        message: String,
        help: Option<String>,
    ) {
        let place = self.places.of(part);
        self.findings.add(Diagnostic::error(code, &place, message).maybe_help(help));
    }
}
