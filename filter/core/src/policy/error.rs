//! Why a policy is none.

use std::fmt;

use super::rules::RoleSet;

/// Why parts do not make a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyError {
    /// More roles than [`RoleSet::MAX_ROLES`].
    TooManyRoles,
    /// A scope that cannot be one, or scopes that are not sorted.
    Scope,
    /// Actors are not sorted, or one is named twice.
    ActorOrder,
    /// `field_access` has not one entry a field, or one points nowhere.
    FieldAccess,
    /// `type_access` or `input_access` is not sorted, or names what does not exist.
    Coordinate,
    /// `expanded` is not sorted, or names what is neither an interface nor a union.
    Expanded,
    /// There are more accesses than coordinates.
    UnusedAccess,
    /// A clause names a role, rule, scope or condition that does not exist.
    Clause,
    /// A limit names a role or rule that does not exist, or a cost of which there is none.
    Ceiling,
    /// Costs are not sorted, or are of what does not exist.
    Cost,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyRoles => write!(f, "more than {} roles", RoleSet::MAX_ROLES),
            Self::Scope => f.write_str("a scope cannot be one, or scopes are not sorted"),
            Self::ActorOrder => f.write_str("actors are not sorted and unique"),
            Self::FieldAccess => f.write_str("a field has no access entry"),
            Self::Coordinate => f.write_str("a type or an input has an access entry out of place"),
            Self::Expanded => f.write_str("an expanded type is out of place, or is not abstract"),
            Self::UnusedAccess => f.write_str("there are more access entries than coordinates"),
            Self::Clause => f.write_str("a clause names an unknown role, rule, scope or condition"),
            Self::Ceiling => f.write_str(
                "a limit names an unknown role or rule, or an unknown cost, or is one too many",
            ),
            Self::Cost => f.write_str("a cost is out of place"),
        }
    }
}

impl std::error::Error for PolicyError {}
