//! Functions and macros: their names, their arguments, and what comes out.

use cel::IdedExpr;
use cel::common::ast::{CallExpr, Expr};
use fieldgate_core::policy::condition::{Fold, Function, Node, Pattern, Value};

use super::Shape;
use super::kind::Kinds;
use super::tree::{Part, Reader};
use crate::diagnostic::Code;
use crate::suggest::did_you_mean;

/// How a function is called.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// `f(a)`
    Global,
    /// `a.f()`
    Member,
}

/// What a name can be.
#[derive(Clone, Copy)]
enum Named {
    Function(Function),
    Fold(Fold),
    Has,
    Matches,
    Data,
    Dyn,
}

/// Each name with the ways to call it, and the number of arguments in brackets.
const NAMES: [(&str, Style, usize, Named); 24] = [
    ("size", Style::Global, 1, Named::Function(Function::Size)),
    ("size", Style::Member, 0, Named::Function(Function::Size)),
    ("startsWith", Style::Member, 1, Named::Function(Function::StartsWith)),
    ("endsWith", Style::Member, 1, Named::Function(Function::EndsWith)),
    ("contains", Style::Member, 1, Named::Function(Function::Contains)),
    ("lowerAscii", Style::Member, 0, Named::Function(Function::LowerAscii)),
    ("upperAscii", Style::Member, 0, Named::Function(Function::UpperAscii)),
    ("int", Style::Global, 1, Named::Function(Function::Int)),
    ("uint", Style::Global, 1, Named::Function(Function::Uint)),
    ("double", Style::Global, 1, Named::Function(Function::Double)),
    ("string", Style::Global, 1, Named::Function(Function::String)),
    ("owner", Style::Global, 1, Named::Function(Function::Owner)),
    ("owners", Style::Global, 1, Named::Function(Function::Owners)),
    ("data", Style::Global, 2, Named::Data),
    ("has", Style::Global, 1, Named::Has),
    ("dyn", Style::Global, 1, Named::Dyn),
    ("matches", Style::Global, 2, Named::Matches),
    ("matches", Style::Member, 1, Named::Matches),
    ("all", Style::Member, 2, Named::Fold(Fold::All)),
    ("exists", Style::Member, 2, Named::Fold(Fold::Exists)),
    ("exists_one", Style::Member, 2, Named::Fold(Fold::ExistsOne)),
    ("existsOne", Style::Member, 2, Named::Fold(Fold::ExistsOne)),
    ("filter", Style::Member, 2, Named::Fold(Fold::Filter)),
    ("map", Style::Member, 2, Named::Fold(Fold::Map)),
];

/// Of CEL, and not of conditions.
const UNSUPPORTED: [&str; 7] =
    ["bool", "bytes", "duration", "timestamp", "type", "charAt", "substring"];

impl Reader<'_> {
    pub(super) fn call(&mut self, part: &IdedExpr, call: &CallExpr, depth: u32) -> Option<Part> {
        if call.target.is_none()
            && let Some(read) = self.operator(part, call, depth)
        {
            return read;
        }
        let name = call.func_name.as_str();
        let style = if call.target.is_some() { Style::Member } else { Style::Global };
        let known: Vec<_> = NAMES.iter().filter(|(known, ..)| *known == name).collect();
        if known.is_empty() {
            self.unknown_function(part, name);
            return None;
        }
        let Some((_, _, count, named)) = known.iter().find(|(_, known, ..)| *known == style) else {
            let help = match style {
                Style::Global => format!("write `a.{name}(..)`"),
                Style::Member => format!("write `{name}(a)`"),
            };
            let message = format!("`{name}` is not called like this");
            self.add(Code::ConditionType, part, message, Some(help));
            return None;
        };
        let given = call.args.len();
        // `map` can filter as well.
        if given != *count && !(given == 3 && matches!(named, Named::Fold(Fold::Map))) {
            let message = format!("`{name}` has {count} arguments, and not {given}");
            self.error(Code::ConditionType, part, message);
            return None;
        }
        match named {
            Named::Fold(fold) => self.fold(call, *fold, depth),
            Named::Has => self.has(call, depth),
            Named::Data => self.data(call, depth),
            Named::Dyn => {
                let [(node, _)] = self.exactly(call, depth)?;
                Some((node, Shape::Dyn))
            }
            Named::Matches => self.matches(part, call, depth),
            Named::Function(function) => self.function(part, call, *function, depth),
        }
    }

    fn unknown_function(&mut self, part: &IdedExpr, name: &str) {
        let is_time = name.starts_with("get") && name.len() > 3;
        if UNSUPPORTED.contains(&name) || is_time {
            self.unsupported(part, format!("conditions do not have CEL's `{name}`"));
            return;
        }
        let hint = did_you_mean(name, NAMES.iter().map(|(known, ..)| *known));
        self.add(Code::ConditionUnknown, part, format!("unknown function `{name}`"), hint);
    }

    fn function(
        &mut self,
        part: &IdedExpr,
        call: &CallExpr,
        function: Function,
        depth: u32,
    ) -> Option<Part> {
        let parts: Vec<&IdedExpr> = call.target.as_deref().into_iter().chain(&call.args).collect();
        let read: Vec<Option<Part>> = parts.iter().map(|part| self.read(part, depth)).collect();
        let read = read.into_iter().collect::<Option<Vec<Part>>>()?;
        let (fits, shape) = signature(function);
        for (_, given) in &read {
            if !Kinds::of(given).intersects(fits) {
                let message = format!("`{}` is not for {given}", function.name());
                self.error(Code::ConditionType, part, message);
                return None;
            }
        }
        Some((Node::Call(function, read.into_iter().map(|(node, _)| node).collect()), shape))
    }

    fn has(&mut self, call: &CallExpr, depth: u32) -> Option<Part> {
        let [argument] = call.args.as_slice() else { return None };
        let Expr::Select(select) = &argument.expr else {
            let help = "write `has(a.b)`".to_owned();
            let message = "`has` asks for a member".to_owned();
            self.add(Code::ConditionType, argument, message, Some(help));
            return None;
        };
        let (of, _) = self.member(argument, select, depth)?;
        Some((Node::Has { of, name: select.field.as_str().into() }, Shape::Boolean))
    }

    fn data(&mut self, call: &CallExpr, depth: u32) -> Option<Part> {
        let [name, key] = call.args.as_slice() else { return None };
        let key_read = self.read(key, depth);
        let (node, _) = self.read(name, depth)?;
        let Node::Literal(Value::String(table)) = node else {
            let message = "the name of a data table has to stand there, in quotes";
            self.error(Code::ConditionType, name, message);
            return None;
        };
        let tables = self.scope.tables();
        if !tables.contains(&*table) {
            let hint = did_you_mean(&table, tables.iter().map(String::as_str));
            let hint = hint.unwrap_or_else(|| "declare it under `data`".to_owned());
            let message = format!("unknown data table `{table}`");
            self.add(Code::ConditionUnknown, name, message, Some(hint));
            return None;
        }
        let (node, shape) = key_read?;
        self.text(key, &shape)?;
        Some((Node::Data { table: table.into(), key: Box::new(node) }, Shape::Dyn))
    }

    fn matches(&mut self, part: &IdedExpr, call: &CallExpr, depth: u32) -> Option<Part> {
        let mut parts = call.target.as_deref().into_iter().chain(&call.args);
        let (text, pattern) = (parts.next()?, parts.next()?);
        let text_read = self.read(text, depth);
        let (node, _) = self.read(pattern, depth)?;
        let Node::Literal(Value::String(literal)) = node else {
            let message = "a pattern has to stand there, in quotes";
            self.error(Code::ConditionPattern, pattern, message);
            return None;
        };
        if !literal.is_ascii() && ignores_case(&literal) {
            let message = "without regard to case are ASCII letters alone";
            self.error(Code::ConditionPattern, pattern, message);
            return None;
        }
        let compiled = match Pattern::new(&literal) {
            Ok(compiled) => compiled,
            Err(error) => {
                let message = format!("this is no pattern: {error}");
                self.error(Code::ConditionPattern, pattern, message);
                return None;
            }
        };
        let (node, shape) = text_read?;
        if !Kinds::of(&shape).intersects(Kinds::STRING) {
            self.error(Code::ConditionType, part, format!("`matches` is not for {shape}"));
            return None;
        }
        Some((Node::Matches { text: Box::new(node), pattern: compiled }, Shape::Boolean))
    }

    fn text(&mut self, part: &IdedExpr, shape: &Shape) -> Option<()> {
        if Kinds::of(shape).intersects(Kinds::STRING) {
            return Some(());
        }
        self.error(Code::ConditionType, part, format!("this has to be a string, and is {shape}"));
        None
    }

    fn fold(&mut self, call: &CallExpr, fold: Fold, depth: u32) -> Option<Part> {
        let target = call.target.as_deref()?;
        let range = self.read(target, depth);
        let element = range.as_ref().map_or(Shape::Dyn, |(_, shape)| shape.element());
        let (name, rest) = call.args.split_first()?;
        let Expr::Ident(local) = &name.expr else {
            let message = format!("the first argument of `{}` is a name", fold.name());
            self.error(Code::ConditionType, name, message);
            return None;
        };
        let (body, filter) = match rest {
            [body] => (body, None),
            [filter, body] => (body, Some(filter)),
            _ => return None,
        };
        let filter = match filter {
            Some(filter) => Some(self.test(local, &element, filter, depth)?),
            None => None,
        };
        let read = if fold == Fold::Map {
            self.inside(local, element.clone(), body, depth)
        } else {
            self.test(local, &element, body, depth).map(|body| (body, Shape::Boolean))
        };
        let ((range, shape), (body, result)) = (range?, read?);
        if !Kinds::of(&shape).intersects(Kinds::LIST.or(Kinds::MAP)) {
            let message = format!("`{}` is not for {shape}", fold.name());
            self.error(Code::ConditionType, target, message);
            return None;
        }
        let range = match filter {
            Some(filter) => {
                Node::Fold { fold: Fold::Filter, range: Box::new(range), body: Box::new(filter) }
            }
            None => range,
        };
        let shape = match fold {
            Fold::All | Fold::Exists | Fold::ExistsOne => Shape::Boolean,
            Fold::Filter => Shape::List(Box::new(element)),
            Fold::Map => Shape::List(Box::new(result)),
        };
        Some((Node::Fold { fold, range: Box::new(range), body: Box::new(body) }, shape))
    }

    /// What is asked of each element.
    fn test(&mut self, local: &str, element: &Shape, body: &IdedExpr, depth: u32) -> Option<Node> {
        let (node, shape) = self.inside(local, element.clone(), body, depth)?;
        self.boolean(body, &shape)?;
        Some(node)
    }
}

/// Whether a pattern has the flag `i` anywhere, as in `(?i)` or `(?s-i:..)`.
fn ignores_case(pattern: &str) -> bool {
    let groups = pattern.split("(?").skip(1);
    let flags = groups.filter_map(|group| group.split([':', ')', '<']).next());
    flags.into_iter().any(|flags| flags.contains('i'))
}

/// What each argument of a function can be, and the shape of its value.
fn signature(function: Function) -> (Kinds, Shape) {
    match function {
        Function::Size => (Kinds::STRING.or(Kinds::LIST).or(Kinds::MAP), Shape::Int),
        Function::StartsWith | Function::EndsWith | Function::Contains => {
            (Kinds::STRING, Shape::Boolean)
        }
        Function::LowerAscii | Function::UpperAscii => (Kinds::STRING, Shape::String),
        Function::Int => (Kinds::NUMBER.or(Kinds::STRING), Shape::Int),
        Function::Uint => (Kinds::NUMBER.or(Kinds::STRING), Shape::Uint),
        Function::Double => (Kinds::NUMBER, Shape::Double),
        Function::String => (Kinds::STRING.or(Kinds::INTEGER).or(Kinds::BOOLEAN), Shape::String),
        Function::Owner => (Kinds::STRING, Shape::Nullable(Box::new(Shape::String))),
        Function::Owners => (Kinds::STRING, Shape::List(Box::new(Shape::String))),
    }
}
