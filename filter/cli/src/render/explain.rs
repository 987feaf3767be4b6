//! An explanation -> a tree of lines, or one JSON object.

use fieldgate_core::audit::{Caller, Exceeded};
use fieldgate_core::decide::Because;
use fieldgate_core::denial::Reason;
use fieldgate_core::policy::ceiling::{self, Mode};
use fieldgate_core::token::TokenError;
use fieldgate_policy::cases::Verdict;
use fieldgate_policy::explain::{
    Change, Clause, Explanation, Field, Grant, Needs, Outcome, Part, Party, Refusal, Request,
    Requirement, Use,
};
use serde_json::{Map, Value, json};

use super::expansion::{expansion_json, expansion_lines};
use super::matrix::because;
use super::{Form, Ink, line, paint};

/// Who asks, the tree, and the verdict.
pub(crate) fn explanation(explanation: &Explanation, form: Form, ink: Ink) -> String {
    match form {
        Form::Json => line(&explanation_json(explanation)),
        Form::Human | Form::Plain => human(explanation, ink),
    }
}

/// What to do about a token that is missing or not accepted.
pub(crate) fn hint(explanation: &Explanation, form: Form) -> String {
    let reason = explanation.refusal.as_ref().map(|refusal| refusal.reason);
    match (reason, form) {
        (Some(Reason::Token(TokenError::Missing)), Form::Human | Form::Plain) => {
            "help: `--claims` gives the claims of a token\n".to_owned()
        }
        (Some(Reason::Token(_)), Form::Human | Form::Plain) => format!(
            "help: `iss`, `aud`, `iat` and `exp` are filled in where they are left out; it is {}\n",
            Request::TIME
        ),
        (Some(_) | None, _) => String::new(),
    }
}

/// Each party with its name in the token, if it has one, and its roles.
fn parties(caller: &Caller) -> Vec<(Party, Option<&str>, &[String])> {
    let Caller { identity, roles, actor_roles, client_roles, .. } = caller;
    let identity = identity.as_ref();
    let subject = identity.map(|identity| identity.subject.as_str());
    let actor = identity.and_then(|identity| identity.actors.first()).map(String::as_str);
    let client = identity.and_then(|identity| identity.client.as_deref());
    let actor = actor_roles.as_ref().map(|roles| (Party::Actor, actor, roles.as_slice()));
    let client = client_roles.as_ref().map(|roles| (Party::Client, client, roles.as_slice()));
    let subject = Some((Party::Subject, subject, roles.as_slice()));
    [subject, actor, client].into_iter().flatten().collect()
}

fn human(explanation: &Explanation, ink: Ink) -> String {
    let Explanation { caller, operation, fields, verdict, refusal, .. } = explanation;
    let Explanation { cost, exceeded, changes, expansion, .. } = explanation;
    let parties = caller.as_ref().map(parties).unwrap_or_default();
    let mut text = String::new();
    for (party, name, roles) in &parties {
        let name = name.map(|name| format!("`{}`", name.escape_debug()));
        let name = name.unwrap_or_else(|| "without a token".to_owned());
        text += &format!("{} {name}: {}\n", party.name(), some(roles, "no role"));
    }
    if let Some((kind, operation)) = operation.as_ref().and_then(|one| Some((one.kind?, one))) {
        let name = operation.name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
        let between = if parties.is_empty() { "" } else { "\n" };
        text += &format!("{between}{kind}{name}\n");
    }
    let lines = Lines { parties: &parties, ink };
    fields.iter().for_each(|field| lines.field(field, 0, &mut text));
    if !text.is_empty() {
        text += "\n";
    }
    text += &verdict_lines(verdict, refusal.as_ref(), ink);
    cost.iter().for_each(|cost| text += &format!("  it costs {cost}\n"));
    exceeded.iter().for_each(|one| text += &exceeded_line(one));
    changes.iter().for_each(|change| text += &change_line(change));
    text += &expansion.as_ref().map(expansion_lines).unwrap_or_default();
    text
}

/// How the lines of the tree are written.
struct Lines<'a> {
    parties: &'a [(Party, Option<&'a str>, &'a [String])],
    ink: Ink,
}

impl Lines<'_> {
    fn field(&self, field: &Field, depth: usize, text: &mut String) {
        let Field { part, key, name, at: _, uses, fields } = field;
        let indent = "  ".repeat(depth);
        if uses.is_empty() {
            // Spec 4.1; anything else is below what is not there.
            let mark = if name == "__typename" { "free " } else { "-    " };
            *text += &format!("{mark} {indent}{key}\n");
        }
        for one in uses {
            let Use { coordinate, outcome, switched_off, grants, .. } = one;
            let (mark, colour) = match (switched_off, outcome) {
                (true, _) => ("off  ", "2"),
                (false, Outcome::Granted) => ("allow", "32"),
                (false, Outcome::Denied(..) | Outcome::Unknown(_)) => ("deny ", "31"),
            };
            let mark = paint(mark, colour, self.ink);
            let by =
                if *outcome == Outcome::Granted { self.granted_by(grants) } else { String::new() };
            let what = match part {
                Part::Field | Part::Input => format!("{key}: {coordinate}{by}"),
                Part::TypeCondition => format!("... on {key}"),
                Part::RootType => key.clone(),
                Part::Floor => format!("every operation{by}"),
            };
            *text += &format!("{mark} {indent}{what}\n");
            let reasons = self.reasons(one);
            reasons.iter().for_each(|why| *text += &format!("        {indent}{why}\n"));
        }
        fields.iter().for_each(|field| self.field(field, depth + 1, text));
    }

    /// The rules, each with the roles of the caller that meet it.
    fn granted_by(&self, grants: &[Grant]) -> String {
        if grants.is_empty() {
            return String::new();
        }
        let clause = |clause: &Clause| {
            let met = clause.met_by.iter().map(|(party, roles)| {
                let of = if self.parties.len() > 1 { party.name() } else { "" };
                format!("{of} {}", roles.join(", ")).trim_start().to_owned()
            });
            let condition = clause.condition.as_ref().map(|one| format!(" if {}", one.text));
            let (rules, met) = (clause.rules.join(" or "), met.collect::<Vec<_>>().join("; "));
            format!("{rules} ({met}){}", condition.unwrap_or_default())
        };
        let grant = |Grant { any }: &Grant| {
            let met = any.iter().filter(|clause| clause.speaks() && is_met(clause)).map(clause);
            met.collect::<Vec<_>>().join(" or ")
        };
        format!(" by {}", grants.iter().map(grant).collect::<Vec<_>>().join(" and "))
    }

    /// Why a coordinate is denied, and what becomes of it if it is switched off.
    fn reasons(&self, one: &Use) -> Vec<String> {
        let Use { outcome, switched_off, grants, denies, requires, coordinate: _ } = one;
        let mut reasons = match outcome {
            Outcome::Granted => return Vec::new(),
            Outcome::Unknown(reason) => vec![format!("refused: {}", reason.code())],
            Outcome::Denied(Because::DenyRule, _) => self.forbidden(denies),
            Outcome::Denied(Because::ConditionError, rules) => {
                vec![format!("the condition of {} cannot be evaluated", rules.join(", "))]
            }
            Outcome::Denied(Because::Requirement, _) => unmet(requires),
            Outcome::Denied(Because::NoGrant | Because::Unknown, _) if grants.is_empty() => {
                vec!["no rule grants it".to_owned()]
            }
            Outcome::Denied(Because::NoGrant | Because::Unknown, _) => self.missing(grants),
        };
        if *switched_off {
            reasons
                .push("cut out of what is forwarded, as `@skip` or `@include` has it".to_owned());
        }
        reasons
    }

    fn forbidden(&self, denies: &[Clause]) -> Vec<String> {
        let clause = |Clause { rules, met_by, condition, .. }: &Clause| {
            let condition = condition.as_ref().map(|one| format!(" if {}", one.text));
            let rules = rules.join(" and ") + &condition.unwrap_or_default();
            let met = met_by.iter().filter(|(_, roles)| !roles.is_empty());
            let reason = |(party, roles): &(Party, Vec<String>)| {
                format!("{rules} denies it to {}; the {} has it", roles.join(", "), party.name())
            };
            met.map(reason).collect::<Vec<_>>()
        };
        denies.iter().filter(|clause| clause.speaks()).flat_map(clause).collect()
    }

    fn missing(&self, grants: &[Grant]) -> Vec<String> {
        let grant = |Grant { any }: &Grant| {
            let parties = self.parties.iter().map(|(party, ..)| *party);
            let unmet = parties.filter(|party| {
                !any.iter().any(|clause| clause.speaks() && has_role(clause, *party))
            });
            unmet.flat_map(|party| self.unmet_by(any, party)).collect::<Vec<_>>()
        };
        grants.iter().flat_map(grant).collect()
    }

    /// What a party lacks: a role of some rules, and what does not hold of others.
    fn unmet_by(&self, any: &[Clause], party: Party) -> Vec<String> {
        let (held, others): (Vec<&Clause>, Vec<&Clause>) =
            any.iter().partition(|clause| has_role(clause, party));
        let conditions = held.iter().filter_map(|clause| {
            let condition = clause.condition.as_ref()?;
            let rules = clause.rules.join(" or ");
            Some(format!("{rules}: it does not hold that {}", condition.text))
        });
        let mut lines: Vec<String> = conditions.collect();
        if !others.is_empty() {
            let rules: Vec<&str> =
                others.iter().flat_map(|one| &one.rules).map(String::as_str).collect();
            let mut roles: Vec<String> =
                others.iter().flat_map(|one| &one.roles).cloned().collect();
            roles.sort();
            roles.dedup();
            let own = self.parties.iter().find(|(one, ..)| *one == party);
            let own = own.map(|(.., roles)| *roles).unwrap_or_default();
            let (rules, needed) = (rules.join(" or "), any_of(&roles));
            let (party, own) = (party.name(), some(own, "no role"));
            lines.push(format!("{rules} needs {needed}; the {party} has {own}"));
        }
        lines
    }
}

fn has_role(clause: &Clause, party: Party) -> bool {
    clause.met_by.iter().any(|(one, roles)| *one == party && !roles.is_empty())
}

/// Whether some party has a role of it.
fn is_met(clause: &Clause) -> bool {
    clause.met_by.iter().any(|(_, roles)| !roles.is_empty())
}

fn unmet(requires: &[Requirement]) -> Vec<String> {
    let reason = |Requirement { rule, any, met_by }: &Requirement| {
        let needed = any.join(", or ");
        let unmet = met_by.iter().filter(|(_, met)| !met).map(move |(party, _)| *party);
        unmet
            .map(move |party| format!("{rule} needs {needed}; not met by the {}", party.name()))
            .collect::<Vec<_>>()
    };
    requires.iter().flat_map(reason).collect()
}

fn verdict_lines(verdict: &Verdict, refusal: Option<&Refusal>, ink: Ink) -> String {
    let Some(Refusal { reason, at, detail, status, code }) = refusal else {
        return paint("allow", "32", ink) + "\n";
    };
    let word = match verdict {
        Verdict::Deny(_) => "deny",
        Verdict::Allow | Verdict::Refuse(_) => "refuse",
    };
    let place = at.map(|(line, column)| format!(" at {line}:{column}")).unwrap_or_default();
    let detail = detail.as_ref().map(|detail| format!(" ({detail})")).unwrap_or_default();
    let word = paint(word, "31", ink);
    format!("{word}: {}{place}{detail}; the client gets {status} {code}\n", reason.code())
}

fn exceeded_line(exceeded: &Exceeded) -> String {
    let Exceeded { rule, limit: ceiling::Exceeded { counter, most, used, mode, rule: _ } } =
        exceeded;
    let measured = match mode {
        Mode::Enforce => "",
        Mode::Measure => ", which is only recorded",
    };
    format!(
        "  the limit `{rule}` lets it have {most} of {}; it has {used}{measured}\n",
        counter.name()
    )
}

fn change_line(change: &Change) -> String {
    let Change { party, without, needs } = change;
    let with = match needs {
        Needs::Nothing => None,
        Needs::OneOf(roles) => Some(format!("with {}", any_of(roles))),
        Needs::All(roles) => Some(format!("with {} together", roles.join(", "))),
        Needs::Impossible => {
            return format!("  no roles of the {} would change it\n", party.name());
        }
    };
    let without = (!without.is_empty()).then(|| format!("without {}", without.join(", ")));
    let parts: Vec<String> = [without, with].into_iter().flatten().collect();
    format!("  the {} would be granted every field {}\n", party.name(), parts.join(" and "))
}

fn any_of(roles: &[String]) -> String {
    match roles {
        [one] => one.clone(),
        roles => format!("one of {}", some(roles, "no role")),
    }
}

fn some(names: &[String], none: &str) -> String {
    if names.is_empty() { none.to_owned() } else { names.join(", ") }
}

fn explanation_json(explanation: &Explanation) -> Value {
    let Explanation {
        caller,
        operation,
        fields,
        verdict,
        refusal,
        cost,
        exceeded,
        changes,
        expansion,
    } = explanation;
    let parties = caller.as_ref().map(parties).unwrap_or_default();
    let parties = parties.into_iter().map(|(party, name, roles)| {
        (party.name().to_owned(), json!({ "name": name, "roles": roles }))
    });
    let verdict = match verdict {
        Verdict::Allow => "allow",
        Verdict::Deny(_) => "deny",
        Verdict::Refuse(_) => "refuse",
    };
    json!({
        "caller": parties.collect::<Map<String, Value>>(),
        "operation": operation.as_ref().map(|one| json!({ "name": one.name, "type": one.kind })),
        "fields": fields.iter().map(field_json).collect::<Vec<_>>(),
        "verdict": verdict,
        "refusal": refusal.as_ref().map(|Refusal { reason, at, detail, status, code }| json!({
            "reason": reason.code(),
            "line": at.map(|(line, _)| line),
            "column": at.map(|(_, column)| column),
            "detail": detail,
            "status": status,
            "code": code,
        })),
        "cost": cost,
        "exceeded": exceeded.iter().map(Exceeded::to_json).collect::<Vec<_>>(),
        "changes": changes.iter().map(change_json).collect::<Vec<_>>(),
        "expansion": expansion.as_ref().map(expansion_json),
    })
}

fn field_json(field: &Field) -> Value {
    let Field { part, key, name, at: (line, column), uses, fields } = field;
    let part = match part {
        Part::Field => "field",
        Part::TypeCondition => "type_condition",
        Part::RootType => "root_type",
        Part::Input => "input",
        Part::Floor => "floor",
    };
    json!({
        "part": part,
        "key": key,
        "name": name,
        "line": line,
        "column": column,
        "on": uses.iter().map(use_json).collect::<Vec<_>>(),
        "fields": fields.iter().map(field_json).collect::<Vec<_>>(),
    })
}

fn use_json(one: &Use) -> Value {
    let Use { coordinate, outcome, switched_off, grants, denies, requires } = one;
    let (why, rules) = match outcome {
        Outcome::Granted => (None, None),
        Outcome::Denied(why, rules) => (Some(because(*why)), Some(rules)),
        Outcome::Unknown(reason) => (Some(reason.code()), None),
    };
    let clause = |Clause { rules, roles, met_by, condition }: &Clause| {
        let met = met_by.iter().map(|(party, roles)| (party.name().to_owned(), json!(roles)));
        let condition = condition.as_ref().map(|one| json!({ "if": one.text, "holds": one.holds }));
        json!({
            "rules": rules,
            "any_of": roles,
            "met_by": met.collect::<Map<String, Value>>(),
            "condition": condition,
        })
    };
    let clauses = |all: &[Clause]| all.iter().map(clause).collect::<Vec<_>>();
    let requirement = |Requirement { rule, any, met_by }: &Requirement| {
        let met = met_by.iter().map(|(party, met)| (party.name().to_owned(), json!(met)));
        json!({ "rule": rule, "any_of": any, "met_by": met.collect::<Map<String, Value>>() })
    };
    json!({
        "coordinate": coordinate,
        "allowed": *outcome == Outcome::Granted,
        "because": why,
        "rules": rules,
        "switched_off": switched_off,
        "grants": grants.iter().map(|grant| clauses(&grant.any)).collect::<Vec<_>>(),
        "denies": clauses(denies),
        "requires": requires.iter().map(requirement).collect::<Vec<_>>(),
    })
}

fn change_json(change: &Change) -> Value {
    let Change { party, without, needs } = change;
    let (possible, one_of, all_of) = match needs {
        Needs::Nothing => (true, None, None),
        Needs::OneOf(roles) => (true, Some(roles), None),
        Needs::All(roles) => (true, None, Some(roles)),
        Needs::Impossible => (false, None, None),
    };
    json!({
        "party": party.name(),
        "possible": possible,
        "without": without,
        "with_one_of": one_of,
        "with_all_of": all_of,
    })
}
