//! A plan -> the tree of its fields, each with what decides it.

use fieldgate_core::decide::{Because, Denied};
use fieldgate_core::denial::Reason;
use fieldgate_core::document::{OperationKind, Span};
use fieldgate_core::plan::{self, PathNode, Target};
use fieldgate_core::policy::rules;

use super::{Case, Party};

/// What a line of the tree is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A field.
    Field,
    /// A type condition that nothing meets.
    TypeCondition,
    /// The root type of the operation, which is not there.
    RootType,
    /// An argument, an input field, an enum value, or a variable that holds one.
    Input,
    /// What every operation needs.
    Floor,
}

/// One field at one place of the operation.
#[derive(Clone, Debug)]
pub struct Field {
    /// What it is.
    pub part: Part,
    /// Its key in the response; the type of a type condition; the type of the operation.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Line and column of its name, from 1.
    pub at: (u32, u32),
    /// On each object type that its parent can still be. None for `__typename` of types that
    /// everybody may reach, and below what the schema does not have.
    pub uses: Vec<Use>,
    /// What is selected on it.
    pub fields: Vec<Field>,
}

/// One coordinate at one place.
#[derive(Clone, Debug)]
pub struct Use {
    /// `Type.field`; for a type condition its type, and for a root type the operation's kind.
    pub coordinate: String,
    /// What is said to it.
    pub outcome: Outcome,
    /// Whether `@skip` or `@include` switch it off: then it refuses nothing.
    pub switched_off: bool,
    /// All of these have to be met; of a field there has to be one.
    pub grants: Vec<Grant>,
    /// None of these may be met.
    pub denies: Vec<Clause>,
    /// All of these have to be met, too.
    pub requires: Vec<Requirement>,
}

/// The rules of one tier: any of the clauses is enough.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Its clauses.
    pub any: Vec<Clause>,
}

/// What is asked for beside rules.
#[derive(Clone, Debug)]
pub struct Requirement {
    /// What asks for it: a directive, or a type.
    pub rule: String,
    /// What would do, in words: any of these.
    pub any: Vec<String>,
    /// Each party, and whether it does.
    pub met_by: Vec<(Party, bool)>,
}

/// What is said to a coordinate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every party is granted it.
    Granted,
    /// It is denied: by these deny rules, or for want of one of these rules.
    Denied(Because, Vec<String>),
    /// The schema does not have it.
    Unknown(Reason),
}

/// Rules that speak as one: any of the roles meets them.
#[derive(Clone, Debug)]
pub struct Clause {
    /// The rules.
    pub rules: Vec<String>,
    /// Any of these.
    pub roles: Vec<String>,
    /// Each party with those of the roles that it has.
    pub met_by: Vec<(Party, Vec<String>)>,
    /// What has to hold, too.
    pub condition: Option<Condition>,
}

/// A condition of a rule, for one request.
#[derive(Clone, Debug)]
pub struct Condition {
    /// As it is written.
    pub text: String,
    /// What it comes to; none where it cannot be evaluated.
    pub holds: Option<bool>,
}

impl Clause {
    /// Whether the condition, if there is one, lets it speak.
    #[must_use]
    pub fn speaks(&self) -> bool {
        self.condition.as_ref().is_none_or(|condition| condition.holds == Some(true))
    }
}

impl Case<'_> {
    pub(super) fn tree(&self) -> Vec<Field> {
        let mut uses: Vec<Vec<Use>> = self.question.plan.path.iter().map(|_| Vec::new()).collect();
        let mut parts = vec![Part::Field; uses.len()];
        for one in self.question.uses() {
            parts.get_mut(one.at.position()).iter_mut().for_each(|at| **at = self.part(one.target));
            uses.get_mut(one.at.position()).iter_mut().for_each(|at| at.push(self.judge(one)));
        }
        // A node's parent comes before it: from the last to the first, each is complete when it goes
        // to its parent.
        let mut below: Vec<Vec<Field>> =
            self.question.plan.path.iter().map(|_| Vec::new()).collect();
        let mut roots = Vec::new();
        for (at, node) in self.question.plan.path.iter().enumerate().rev() {
            let mut fields = below.pop().unwrap_or_default();
            fields.reverse();
            let (part, uses) = (parts.pop().unwrap_or(Part::Field), uses.pop().unwrap_or_default());
            // A variable of which no rule speaks is nothing to tell of.
            if uses.is_empty() && self.text(node.key).starts_with('$') {
                continue;
            }
            let field = self.field(node, part, uses, fields);
            let parent = node.parent.filter(|parent| parent.position() < at);
            let level = parent.and_then(|parent| below.get_mut(parent.position()));
            level.unwrap_or(&mut roots).push(field);
        }
        roots.extend(self.floor());
        roots.reverse();
        roots
    }

    /// A line for what every operation needs, if anything.
    fn floor(&self) -> Option<Field> {
        let floor = self.question.policy.floor()?;
        let name = "*".to_owned();
        let outcome = self.outcome(self.question.below_floor());
        let uses = vec![self.shown(name.clone(), outcome, Some(floor), None)];
        Some(Field {
            part: Part::Floor,
            key: name.clone(),
            name,
            at: (1, 1),
            uses,
            fields: Vec::new(),
        })
    }

    fn text(&self, span: Span) -> &str {
        span.text(self.source).unwrap_or_default()
    }

    fn field(&self, node: &PathNode, part: Part, uses: Vec<Use>, fields: Vec<Field>) -> Field {
        let at = node.name.location(self.source);
        let (key, name) = match part {
            Part::Field | Part::TypeCondition | Part::Input => {
                (self.text(node.key).to_owned(), self.text(node.name).to_owned())
            }
            // The place is that of the first selection.
            Part::RootType | Part::Floor => {
                (self.kind.name().to_owned(), self.kind.name().to_owned())
            }
        };
        Field { part, key, name, at, uses, fields }
    }

    /// What a use is of, where it is not of a field.
    fn part(&self, target: Target) -> Part {
        match target {
            Target::Input(_) => Part::Input,
            Target::Unknown { reason, .. } if is_of_input(reason) => Part::Input,
            Target::Field(_) | Target::Type(_) | Target::Unknown { parent: Some(_), .. } => {
                Part::Field
            }
            Target::Unknown { parent: None, .. } => {
                let schema = self.question.policy.schema();
                let root = match self.kind {
                    OperationKind::Query => Some(schema.query()),
                    OperationKind::Mutation => schema.mutation(),
                    OperationKind::Subscription => None,
                };
                if root.is_some() { Part::TypeCondition } else { Part::RootType }
            }
        }
    }

    fn judge(&self, one: &plan::Use) -> Use {
        let denial = self.question.denial(one);
        let outcome = match (one.target, denial) {
            (Target::Unknown { reason, .. }, _) => Outcome::Unknown(reason),
            (_, denial) => self.outcome(denial),
        };
        let access = match one.target {
            Target::Field(field) => self.question.policy.access(field),
            Target::Type(of) => self.question.policy.type_access(of),
            Target::Input(input) => self.question.policy.input_access(input),
            Target::Unknown { .. } => None,
        };
        self.shown(self.coordinate(one), outcome, access, Some(one))
    }

    fn outcome(&self, denial: Option<Denied>) -> Outcome {
        match denial {
            None => Outcome::Granted,
            Some(Denied { because, rules, .. }) => {
                Outcome::Denied(because, self.rule_names(&rules))
            }
        }
    }

    /// What decides a use, or the operation as a whole.
    fn shown(
        &self,
        coordinate: String,
        outcome: Outcome,
        access: Option<&rules::Access>,
        one: Option<&plan::Use>,
    ) -> Use {
        let rules::Access { grants, denies, requires, .. } = access.cloned().unwrap_or_default();
        let clauses = |clauses: &[rules::Clause]| {
            clauses.iter().map(|clause| self.clause(clause, one)).collect()
        };
        Use {
            coordinate,
            outcome,
            switched_off: !self.question.included.includes(one.and_then(|one| one.condition)),
            grants: grants.iter().map(|grant| Grant { any: clauses(&grant.any) }).collect(),
            denies: clauses(&denies),
            requires: requires.iter().map(|one| self.requirement(one)).collect(),
        }
    }

    fn clause(&self, clause: &rules::Clause, one: Option<&plan::Use>) -> Clause {
        let met = |(party, roles): (Party, rules::RoleSet)| {
            (party, self.names(clause.roles.intersection(roles)))
        };
        Clause {
            rules: self.rule_names(&clause.rules),
            roles: self.names(clause.roles),
            met_by: self.parties().into_iter().map(met).collect(),
            condition: clause.condition.map(|id| self.condition(id, one)),
        }
    }

    fn condition(&self, id: rules::ConditionId, one: Option<&plan::Use>) -> Condition {
        let text = usize::try_from(id.0).ok().and_then(|at| self.conditions.get(at));
        let holds = match self.question.truth(id, one) {
            rules::Truth::Holds => Some(true),
            rules::Truth::Fails => Some(false),
            rules::Truth::Error => None,
        };
        Condition { text: text.cloned().unwrap_or_default(), holds }
    }

    fn requirement(&self, requirement: &rules::Requirement) -> Requirement {
        let rules::Requirement { rule, any } = requirement;
        let need = |rules::Need { roles, scopes, caller }: &rules::Need| {
            let roles = self.names(*roles).into_iter().map(|role| format!("role {role}"));
            let scopes = scopes.iter().filter_map(|scope| self.question.policy.scope_name(*scope));
            let scopes = scopes.map(|scope| format!("scope {scope}"));
            let needed: Vec<String> = roles.chain(scopes).collect();
            match (needed.is_empty(), caller) {
                (false, _) => needed.join(" and "),
                (true, rules::Caller::Verified) => "a verified token".to_owned(),
                (true, rules::Caller::Anyone) => "nothing".to_owned(),
            }
        };
        let parties = self.parties().into_iter().map(|(party, _)| party);
        let met = self.question.authority.parties().map(|party| requirement.is_met(&party));
        Requirement {
            rule: self.question.policy.rule_name(*rule).to_owned(),
            any: any.iter().map(need).collect(),
            met_by: parties.zip(met).collect(),
        }
    }

    fn rule_names(&self, rules: &[rules::RuleId]) -> Vec<String> {
        rules.iter().map(|rule| self.question.policy.rule_name(*rule).to_owned()).collect()
    }

    fn coordinate(&self, one: &plan::Use) -> String {
        let schema = self.question.policy.schema();
        let type_name = |of| schema.type_def(of).map_or("", |def| def.name);
        let name = self.question.plan.place(one.at).map_or("", |place| self.text(place));
        match one.target {
            Target::Field(field) => schema.coordinate(field),
            Target::Type(of) => type_name(of).to_owned(),
            Target::Input(input) => schema.input_coordinate(input),
            Target::Unknown { parent: None, .. } if self.part(one.target) == Part::RootType => {
                self.kind.name().to_owned()
            }
            Target::Unknown { parent: None, .. } => name.to_owned(),
            Target::Unknown { parent: Some(parent), .. } => {
                format!("{}.{name}", type_name(parent))
            }
        }
    }
}

/// Whether it is something that is given, and not something that is asked for.
fn is_of_input(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::UnknownInputField
            | Reason::UnknownEnumValue
            | Reason::ValueInvalid
            | Reason::ArgumentMissing
            | Reason::VariableType
            | Reason::VariableValue
    )
}
