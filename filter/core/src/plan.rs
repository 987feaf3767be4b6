//! Document + operation + policy -> [`Plan`]: every field that the operation can touch, on every
//! object type that its parent can still be, and every input that it gives and that has a rule, with
//! the conditions under which they are touched.
//!
//! One walk over the operation with its fragments expanded in place; limits are spent on the way.
//! A plan depends on the document and the policy alone - not on variables, not on who asks - so
//! that it can be kept by text. It validates as much of the document as a decision rests on (GraphQL
//! spec, September 2025, section 5), and leaves the rest to the server. What a request gives for its
//! variables is [`Supplied`] beside it.

mod arguments;
mod condition;
mod cost;
mod given;
mod index;
mod literal;
mod types;
mod usage;
mod variables;
mod walk;

pub use self::cost::Charges;
pub use self::given::{Coercion, Occurrence, OccurrenceId};
pub use self::index::{Choice, Chosen};
pub use self::variables::{Supplied, Variable, VariableId};
pub use usage::Usage;

use self::given::Literal;
use crate::denial::Reason;
use crate::document::{Document, OperationKind, Span};
use crate::limits::Limits;
use crate::policy::Policy;
use crate::policy::schema::{FieldId, InputId, TypeId};

/// Stands where every selection of a set was removed: valid, and absent from the response, as the
/// removed ones were. It asks for nothing, also of a type that must not be reached.
pub const PLACEHOLDER: &str = "__typename @include(if: false)";

/// What an operation touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The positions of the fragments that it reaches.
    pub fragments: Vec<usize>,
    /// Every field on every concrete type, and what they are given, in document order.
    pub uses: Vec<Use>,
    /// How many of them are of the selections: the rest is of the variables' definitions.
    pub selected: usize,
    /// The response keys of the fields, each with the field above it.
    pub path: Vec<PathNode>,
    /// The fields that may be granted on some object types alone, by the type that encloses them;
    /// sorted.
    pub expanded: Vec<PathId>,
    /// The `@skip` and `@include` conditions met on the way.
    pub conditions: Vec<Condition>,
    /// The operation's variables,
    pub variables: Vec<Variable>,
    /// and their default values.
    defaults: Vec<Option<Literal>>,
    /// Fields with what they are given, where a condition looks at that.
    pub occurrences: Vec<Occurrence>,
    /// What they cost, under a policy that asks.
    charges: Option<Charges>,
    /// High-water marks.
    pub usage: Usage,
}

/// One field on one concrete object type, or one input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// The coordinate.
    pub target: Target,
    /// Where in the response; for an input the field that it is given to.
    pub at: PathId,
    /// Under which condition, if any.
    pub condition: Option<ConditionId>,
    /// In which requests.
    pub presence: Presence,
    /// Of a field with such a condition, and of what is given to it: where it is asked for.
    pub occurrence: Option<OccurrenceId>,
}

/// In which requests a use is there at all (spec 6.4.1: an argument whose variable has no value is
/// not given).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Presence {
    /// In each.
    Always,
    /// In those with a value for the variable, its default included.
    Given(VariableId),
    /// In those where the variable has its default value.
    Defaulted(VariableId),
}

/// What a use is of. What the schema does not have is a use all the same - one that nobody is
/// granted - so that it is answered as a denied field is, in the order of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A field of an object type.
    Field(FieldId),
    /// An object type that is reached without a field of its own: `__typename`.
    Type(TypeId),
    /// Something that is given.
    Input(InputId),
    /// Nothing that the schema allows here; nothing below it is looked at.
    Unknown {
        /// In what way.
        reason: Reason,
        /// The type on which it was asked for; none for a type that is itself not there.
        parent: Option<TypeId>,
    },
}

/// A position in [`Plan::path`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PathId(usize);

impl PathId {
    /// The position.
    #[must_use]
    pub const fn position(self) -> usize {
        self.0
    }
}

/// A response key and the field that it is under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathNode {
    /// Where the key stands in the document: the alias, or else the name.
    pub key: Span,
    /// Where the name stands.
    pub name: Span,
    /// The field above.
    pub parent: Option<PathId>,
}

/// A position in [`Plan::conditions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConditionId(usize);

/// A selection with `@skip` or `@include`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The condition of what encloses it.
    pub parent: Option<ConditionId>,
    /// The selection that carries the directives.
    pub selection: Span,
    /// All of them must hold.
    pub tests: Vec<Test>,
}

/// One directive's condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Test {
    /// The value with which the selection stays: `true` for `@include`, `false` for `@skip`.
    pub stays_when: bool,
    /// What decides.
    pub operand: Operand,
}

/// The argument `if`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A literal.
    Literal(bool),
    /// A variable by its name's place, and its default.
    Variable {
        /// Where its name stands in the document.
        name: Span,
        /// Its default value.
        default: Option<bool>,
    },
}

/// Which places of a coordinate are noted, where they decide alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Notes {
    First,
    Every,
}

/// Why there is no plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanError {
    /// The refusal.
    pub reason: Reason,
    /// Where in the document, if at one place.
    pub at: Option<Span>,
    /// High-water marks so far.
    pub usage: Usage,
}

impl Plan {
    /// Plans an operation of the document.
    ///
    /// # Errors
    /// The first thing for which the operation has to be refused, whatever the schema is: what
    /// depends on the schema is in the plan, as a use that nobody is granted.
    pub fn new(
        document: &Document<'_>,
        operation: Choice,
        policy: &Policy,
        limits: &Limits,
    ) -> Result<Self, PlanError> {
        let fragments = index::Fragments::new(document)?;
        walk::walk(document, operation, &fragments, policy, limits, Notes::First)
    }

    /// The same, with a use also at each place that says no more than an earlier one: for whoever
    /// shows an operation whole. It decides as the other one does.
    ///
    /// # Errors
    /// As [`Plan::new`].
    pub fn at_every_place(
        document: &Document<'_>,
        operation: Choice,
        policy: &Policy,
        limits: &Limits,
    ) -> Result<Self, PlanError> {
        let fragments = index::Fragments::new(document)?;
        walk::walk(document, operation, &fragments, policy, limits, Notes::Every)
    }

    fn node(&mut self, node: PathNode) -> PathId {
        let at = PathId(self.path.len());
        self.path.push(node);
        at
    }

    fn shrink(&mut self) {
        self.uses.shrink_to_fit();
        self.path.shrink_to_fit();
        if let Some(charges) = &mut self.charges {
            charges.shrink();
        }
    }

    /// About how much memory it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let Self { fragments, uses, path, expanded, conditions, variables, .. } = self;
        let lists = [
            size_of_val(&**fragments),
            size_of_val(&**uses),
            size_of_val(&**path),
            size_of_val(&**expanded),
            size_of_val(&**conditions),
            conditions.iter().map(|one| size_of_val(&*one.tests)).fold(0, usize::saturating_add),
            size_of_val(&**variables),
            self.defaults.iter().flatten().map(Literal::bytes).fold(0, usize::saturating_add),
            self.occurrences.iter().map(Occurrence::bytes).fold(0, usize::saturating_add),
            self.charges.as_ref().map_or(0, Charges::bytes),
        ];
        lists.into_iter().fold(size_of::<Self>(), usize::saturating_add)
    }

    /// Where in the document the field stands, or what is given to it.
    #[must_use]
    pub fn place(&self, at: PathId) -> Option<Span> {
        self.path.get(at.0).map(|node| node.name)
    }

    /// Whether a position is that of a variable's definition, or of something in its default.
    #[must_use]
    pub fn is_of_variable(&self, at: PathId) -> bool {
        let mut root = at;
        // A node's parent comes before it, so that this ends.
        while let Some(parent) = self.path.get(root.0).and_then(|node| node.parent) {
            if parent.0 >= root.0 {
                break;
            }
            root = parent;
        }
        self.variables.iter().any(|variable| variable.at == root)
    }

    /// The response keys that lead to a field, outermost first.
    #[must_use]
    pub fn path_to<'a>(&self, at: PathId, source: &'a str) -> Vec<&'a str> {
        let mut keys = Vec::new();
        let mut next = Some(at);
        // A node's parent comes before it, so that this ends.
        while let Some(node) = next.and_then(|at| self.path.get(at.0)) {
            keys.push(node.key.text(source).unwrap_or_default());
            next = node.parent.filter(|parent| next.is_some_and(|at| parent.0 < at.0));
        }
        keys.reverse();
        keys
    }

    /// For each condition whether it holds, given the boolean that the request has for a variable.
    ///
    /// # Errors
    /// [`Reason::VariableInvalid`] if a variable has no boolean and no default; also where the
    /// condition could not matter, as servers may coerce all variables first (spec 6.1.2).
    pub fn evaluate(
        &self,
        source: &str,
        variable: &dyn Fn(&str) -> Given,
    ) -> Result<Included, Reason> {
        let mut included = Vec::with_capacity(self.conditions.len());
        for condition in &self.conditions {
            let parent = condition.parent.is_none_or(|id| holds(&included, id));
            let mut stays = true;
            for test in &condition.tests {
                let value = match test.operand {
                    Operand::Literal(value) => value,
                    Operand::Variable { name, default } => {
                        let name = name.text(source).ok_or(Reason::Internal)?;
                        match (variable(name), default) {
                            (Given::Boolean(value), _) | (Given::Nothing, Some(value)) => value,
                            (Given::Nothing, None) | (Given::Other, _) => {
                                return Err(Reason::VariableInvalid);
                            }
                        }
                    }
                };
                stays &= value == test.stays_when;
            }
            included.push(parent && stays);
        }
        Ok(Included(included))
    }

    /// The outermost selection that is switched off around a use under `condition`.
    #[must_use]
    pub fn switched_off(&self, condition: ConditionId, included: &Included) -> Option<Span> {
        let mut off = None;
        let mut next = Some(condition);
        while let Some((id, node)) = next.and_then(|id| Some((id, self.conditions.get(id.0)?))) {
            if !holds(&included.0, id) {
                off = Some(node.selection);
            }
            next = node.parent.filter(|parent| parent.0 < id.0);
        }
        off
    }
}

/// What a request gives for a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// Not there.
    Nothing,
    /// A boolean.
    Boolean(bool),
    /// Something else, null too.
    Other,
}

/// For each condition whether it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Included(Vec<bool>);

impl Included {
    /// Whether a use under `condition` is executed.
    #[must_use]
    pub fn includes(&self, condition: Option<ConditionId>) -> bool {
        condition.is_none_or(|id| holds(&self.0, id))
    }
}

/// An unknown condition counts as met: what it guards is decided, not passed over.
fn holds(included: &[bool], id: ConditionId) -> bool {
    included.get(id.0).copied().unwrap_or(true)
}

impl PlanError {
    fn nowhere(reason: Reason) -> Self {
        Self { reason, at: None, usage: Usage::default() }
    }

    fn new(reason: Reason, at: Span) -> Self {
        Self { reason, at: Some(at), usage: Usage::default() }
    }
}

impl OperationKind {
    /// The operation type as the specification names it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Mutation => "mutation",
            Self::Subscription => "subscription",
        }
    }
}
