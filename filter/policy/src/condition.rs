//! The text of a condition -> [`Expression`]: CEL, read and checked as far as can be known before
//! there is a request.
//!
//! The parser is that of the `cel` crate, without its macros: what `exists` and its like mean is the
//! core's. What the core cannot evaluate, and what cannot be right for any request, is a finding: an
//! unknown name, a text compared with a list, a result that is no boolean. What is found out only with a
//! request (a claim that is not there, a number in place of a text) is an error then, which denies.

mod function;
mod kind;
mod operator;
mod parse;
mod place;
mod scope;
mod tree;

use fieldgate_core::policy::condition::{Expression, ExpressionError, Variables};
use fieldgate_core::policy::data::Data;

use self::kind::Kinds;
use self::place::Places;
pub use self::scope::{Scope, Shape};
use self::tree::Reader;
use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::source::Text;

/// The longest condition, in bytes: a screen of text. The parser's time grows with it.
const BYTES: usize = 4096;

/// Reads a condition; `None` if there is an error among the findings.
pub fn read(text: &Text, scope: &Scope, findings: &mut Findings) -> Option<Expression> {
    if text.text.len() > BYTES {
        let message = format!("a condition has at most {BYTES} bytes");
        findings.add(Diagnostic::error(Code::ConditionSize, &text.place, message));
        return None;
    }
    parse::parse(text, findings, |tree, places, findings| check(tree, places, scope, findings))
}

fn check(
    tree: &cel::IdedExpr,
    places: &Places<'_>,
    scope: &Scope,
    findings: &mut Findings,
) -> Option<Expression> {
    let mut reader = Reader::new(scope, places, findings);
    let (root, shape) = reader.read(tree, 0)?;
    if !Kinds::of(&shape).intersects(Kinds::BOOLEAN) {
        let message = format!("a condition is true or false, and this is {shape}");
        let place = places.of(tree);
        findings.add(Diagnostic::error(Code::ConditionType, &place, message));
        return None;
    }
    let expression = match Expression::new(root) {
        Ok(expression) => expression,
        Err(error) => {
            let code = match error {
                ExpressionError::Depth | ExpressionError::Nodes => Code::ConditionSize,
                ExpressionError::Local | ExpressionError::Arguments | ExpressionError::Number => {
                    Code::ConditionType
                }
            };
            findings.add(Diagnostic::error(code, places.whole(), error.to_string()));
            return None;
        }
    };
    if expression.reads().is_nothing() {
        let outcome = match expression.evaluate(&Variables::default(), &Data::default()) {
            Ok(value) => format!("this condition is always {value}"),
            Err(error) => format!("this condition always fails: {error}"),
        };
        let finding = Diagnostic::warning(Code::ConditionConstant, places.whole(), outcome);
        findings.add(finding.help("let it look at who asks, or at what for"));
    }
    Some(expression)
}
