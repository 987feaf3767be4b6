//! A plan -> the tree of its fields, each with what decides it.

use fieldgate_core::decide::{self, Because, Denied};
use fieldgate_core::denial::Reason;
use fieldgate_core::document::{OperationKind, Span};
use fieldgate_core::plan::{FieldUse, PathNode, Target};
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
    /// On each object type that its parent can still be. None for `__typename`, which is free, and
    /// below what the schema does not have.
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
    /// All of these have to be met, and there has to be one.
    pub grants: Vec<Clause>,
    /// None of these may be met.
    pub denies: Vec<Clause>,
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
}

impl Case<'_> {
    pub(super) fn tree(&self) -> Vec<Field> {
        let mut uses: Vec<Vec<Use>> = self.plan.path.iter().map(|_| Vec::new()).collect();
        let mut parts = vec![Part::Field; uses.len()];
        for one in &self.plan.uses {
            parts.get_mut(one.at.position()).iter_mut().for_each(|at| **at = self.part(one.target));
            uses.get_mut(one.at.position()).iter_mut().for_each(|at| at.push(self.judge(one)));
        }
        // A node's parent comes before it: from the last to the first, each is complete when it goes
        // to its parent.
        let mut below: Vec<Vec<Field>> = self.plan.path.iter().map(|_| Vec::new()).collect();
        let mut roots = Vec::new();
        for (at, node) in self.plan.path.iter().enumerate().rev() {
            let mut fields = below.pop().unwrap_or_default();
            fields.reverse();
            let (part, uses) = (parts.pop().unwrap_or(Part::Field), uses.pop().unwrap_or_default());
            let field = self.field(node, part, uses, fields);
            let parent = node.parent.filter(|parent| parent.position() < at);
            let level = parent.and_then(|parent| below.get_mut(parent.position()));
            level.unwrap_or(&mut roots).push(field);
        }
        roots.reverse();
        roots
    }

    fn field(&self, node: &PathNode, part: Part, uses: Vec<Use>, fields: Vec<Field>) -> Field {
        let at = node.name.location(self.source);
        let text = |span: Span| span.text(self.source).unwrap_or_default().to_owned();
        let (key, name) = match part {
            Part::Field | Part::TypeCondition => (text(node.key), text(node.name)),
            // The place is that of the first selection.
            Part::RootType => (self.kind.name().to_owned(), self.kind.name().to_owned()),
        };
        Field { part, key, name, at, uses, fields }
    }

    /// What a use is of, where it is not of a field.
    fn part(&self, target: Target) -> Part {
        match target {
            Target::Field(_) | Target::Unknown { parent: Some(_), .. } => Part::Field,
            Target::Unknown { parent: None, .. } => {
                let schema = self.policy.schema();
                let root = match self.kind {
                    OperationKind::Query => Some(schema.query()),
                    OperationKind::Mutation => schema.mutation(),
                    OperationKind::Subscription => None,
                };
                if root.is_some() { Part::TypeCondition } else { Part::RootType }
            }
        }
    }

    fn judge(&self, one: &FieldUse) -> Use {
        let denial = decide::denial(self.policy, &self.authority, one);
        let outcome = match (one.target, denial) {
            (Target::Unknown { reason, .. }, _) => Outcome::Unknown(reason),
            (Target::Field(_), None) => Outcome::Granted,
            (Target::Field(_), Some(Denied { because, rules, .. })) => {
                Outcome::Denied(because, self.rule_names(&rules))
            }
        };
        let access = match one.target {
            Target::Field(field) => self.policy.access(field),
            Target::Unknown { .. } => None,
        };
        let clauses =
            |clauses: &[rules::Clause]| clauses.iter().map(|one| self.clause(one)).collect();
        Use {
            coordinate: self.coordinate(one),
            outcome,
            switched_off: !self.included.includes(one.condition),
            grants: access.map(|access| clauses(&access.grants)).unwrap_or_default(),
            denies: access.map(|access| clauses(&access.denies)).unwrap_or_default(),
        }
    }

    fn clause(&self, clause: &rules::Clause) -> Clause {
        let met = |(party, roles): (Party, rules::RoleSet)| {
            (party, self.names(clause.roles.intersection(roles)))
        };
        Clause {
            rules: self.rule_names(&clause.rules),
            roles: self.names(clause.roles),
            met_by: self.parties().into_iter().map(met).collect(),
        }
    }

    fn rule_names(&self, rules: &[rules::RuleId]) -> Vec<String> {
        rules.iter().map(|rule| self.policy.rule_name(*rule).to_owned()).collect()
    }

    fn coordinate(&self, one: &FieldUse) -> String {
        let schema = self.policy.schema();
        let name = self.plan.place(one.at).and_then(|place| place.text(self.source));
        let name = name.unwrap_or_default();
        match one.target {
            Target::Field(field) => schema.coordinate(field),
            Target::Unknown { parent: None, .. } if self.part(one.target) == Part::RootType => {
                self.kind.name().to_owned()
            }
            Target::Unknown { parent: None, .. } => name.to_owned(),
            Target::Unknown { parent: Some(parent), .. } => {
                format!("{}.{name}", schema.type_def(parent).map_or("", |parent| parent.name))
            }
        }
    }
}
