//! A text -> the parser's tree, or what is wrong with it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use cel::parser::ParseError;
use cel::{Env, IdedExpr};

use super::place::{Places, within};
use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::source::Text;

/// The parser's recursion has a bound for brackets, but none for `a.a.a` and `a+a+a`: a few
/// kilobytes a level, of which a text has half as many as bytes.
const STACK_BYTES: usize = 64 << 20;

/// Parses, and gives the tree to `then`, which can recurse as deep.
pub(super) fn parse<T: Send>(
    text: &Text,
    findings: &mut Findings,
    then: impl FnOnce(&IdedExpr, &Places<'_>, &mut Findings) -> Option<T> + Send,
) -> Option<T> {
    let work = || {
        // A parser that panics must not take the tool down.
        let parsed = catch_unwind(AssertUnwindSafe(|| {
            let parser = Env::default().with_optional_support(false).parser();
            parser.parse_with_source_info(&text.text).map_err(|errors| errors.errors)
        }));
        match parsed {
            Ok(Ok((tree, offsets))) => then(&tree, &Places::new(text, offsets), findings),
            Ok(Err(errors)) => {
                findings.add(finding(text, errors.first()));
                None
            }
            Err(_) => {
                findings.add(finding(text, None));
                None
            }
        }
    };
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, work);
        thread.ok().map(thread::ScopedJoinHandle::join)
    })
    .and_then(Result::ok)
    .flatten()
}

/// The first of the errors: the others mostly follow from it.
fn finding(text: &Text, error: Option<&ParseError>) -> Diagnostic {
    let place = error.and_then(|error| {
        let (line, column) = error.pos;
        let (line, column) = (usize::try_from(line).ok()?, usize::try_from(column).ok()?);
        let before = text.text.split_inclusive('\n').take(line.checked_sub(1)?);
        let start = before.map(str::len).sum::<usize>();
        let rest = text.text.get(start..)?.char_indices().map(|(at, _)| at);
        let at = start + rest.chain([text.text.len() - start]).nth(column.checked_sub(1)?)?;
        let length = text.text.get(at..)?.chars().next().map_or(0, char::len_utf8);
        Some(within(text, at..at + length))
    });
    let place = place.unwrap_or_else(|| text.place.clone());
    let why = error.map(|error| explain(&error.msg)).unwrap_or_default();
    let finding = Diagnostic::error(Code::ConditionSyntax, &place, "this is no CEL expression");
    if why.is_empty() { finding } else { finding.label(why) }
}

/// The parser's own words as far as they are for people.
fn explain(message: &str) -> String {
    if message.contains("Recursion limit") {
        return "it nests too deep".to_owned();
    }
    let message = message.strip_prefix("Syntax error: ").unwrap_or(message);
    let known = ["mismatched input", "extraneous input", "missing", "token recognition error"];
    let known = known.iter().any(|start| message.starts_with(start));
    let head = message.split(" expecting {").next().unwrap_or_default();
    if known { head.replace('\'', "`") } else { message.to_owned() }
}
