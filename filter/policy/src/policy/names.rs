//! Names that authors choose, and lists of declared roles.

use std::collections::BTreeSet;

use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::source::Text;
use crate::suggest::did_you_mean;
use crate::yaml::Node;
use crate::yaml::shape;

/// Names end up in metrics, log lines and headers.
const NAME_CHARS: usize = 64;

/// Whether a text can be the name of a policy, role or rule, or a revision.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let inner = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.');
    let begins = text.starts_with(|char: char| char.is_ascii_alphanumeric());
    begins && text.chars().all(inner) && text.len() <= NAME_CHARS
}

/// A list of declared roles.
pub(super) fn read_roles(
    node: &Node,
    declared: &BTreeSet<&str>,
    findings: &mut Findings,
) -> Option<Vec<Text>> {
    let roles = shape::strings(node, findings)?;
    if roles.is_empty() && shape::list(node, findings).is_some_and(<[Node]>::is_empty) {
        let message = "this list has to name a role";
        findings.add(Diagnostic::error(Code::EmptyList, &node.place, message));
    }
    roles.iter().for_each(|role| expect_declared(role, declared, findings));
    Some(roles)
}

pub(super) fn expect_declared(role: &Text, declared: &BTreeSet<&str>, findings: &mut Findings) {
    if declared.contains(role.text.as_str()) {
        return;
    }
    let hint = did_you_mean(&role.text, declared.iter().copied());
    let hint = hint.unwrap_or_else(|| "declare it under `roles`".to_owned());
    let message = format!("unknown role `{}`", role.text);
    findings.add(Diagnostic::error(Code::UnknownRole, &role.place, message).help(hint));
}

pub(super) fn read_name(node: &Node, findings: &mut Findings) -> Option<Text> {
    let name = shape::string(node, findings)?;
    expect_name(&name, findings);
    Some(name)
}

pub(super) fn expect_name(name: &Text, findings: &mut Findings) {
    if is_name(&name.text) {
        return;
    }
    let message = format!("`{}` cannot be used as a name", name.text.escape_debug());
    let help = format!(
        "use at most {NAME_CHARS} letters, digits, `-`, `_` and `.`, a letter or digit first"
    );
    findings.add(Diagnostic::error(Code::InvalidName, &name.place, message).help(help));
}
