//! Roles as bits: who holds which, and the numbers of rules, scopes and conditions.

mod access;

pub use self::access::{Access, Caller, Clause, Grant, Need, Otherwise, Party, Requirement};
pub use self::access::{Truth, Verdict};

/// A role as declared: who holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// The role's name.
    pub name: Box<str>,
    /// A subject holds the role if it is in any of these groups, or there are none,
    pub groups: Vec<Box<str>>,
    /// and its token has all of these scopes,
    pub scopes: Vec<Box<str>>,
    /// and this holds of its claims. A role with none of the three is held by nobody for what its
    /// token says.
    pub condition: Option<ConditionId>,
}

impl Role {
    /// Whether a subject with these groups and scopes holds the role, if its condition holds.
    #[must_use]
    pub fn is_held(&self, groups: &[Box<str>], scopes: &[Box<str>]) -> bool {
        let conditional =
            !self.groups.is_empty() || !self.scopes.is_empty() || self.condition.is_some();
        conditional && self.admits(groups) && self.is_in_scope(scopes)
    }

    /// Whether a token with these scopes may be used for the role.
    #[must_use]
    pub fn is_in_scope(&self, scopes: &[Box<str>]) -> bool {
        self.scopes.iter().all(|one| scopes.contains(one))
    }

    /// Whether a subject in these groups holds the role if its token has the scopes.
    #[must_use]
    pub fn admits(&self, groups: &[Box<str>]) -> bool {
        self.groups.is_empty() || self.groups.iter().any(|group| groups.contains(group))
    }
}

/// Whether a text can be a scope (RFC 6749 section 3.3): visible ASCII but `"` and `\`. It goes into
/// challenges as it is.
#[must_use]
pub fn is_scope(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    !text.is_empty() && text.bytes().all(inner)
}

/// A set of roles, one bit a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoleSet(u64);

impl RoleSet {
    /// No role.
    pub const EMPTY: Self = Self(0);
    /// One bit a role: the width of the set.
    pub const MAX_ROLES: usize = 64;

    /// The set from its bits.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The set as bits.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// The first `count` roles.
    #[must_use]
    pub fn first(count: usize) -> Self {
        Self::singles().take(count).fold(Self::EMPTY, Self::union)
    }

    /// The sets of one role each, in declaration order.
    pub fn singles() -> impl Iterator<Item = Self> {
        (0..u64::BITS).map(|bit| Self(1 << bit))
    }

    /// Roles in either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The roles in both.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether any role is in both.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether every role of `other` is in it.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// The position of a rule's id in the policy's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleId(pub u32);

impl RuleId {
    pub(crate) fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// The position of a condition in the policy's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConditionId(pub u32);

impl ConditionId {
    pub(crate) fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// The position of a scope in the policy's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScopeId(pub u32);

impl ScopeId {
    pub(crate) fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// Those of the policy's scopes that a token has: a bit each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeSet(Box<[u64]>);

impl ScopeSet {
    /// The scopes of the list that are among `held`.
    pub(crate) fn new(list: &[Box<str>], held: &[Box<str>]) -> Self {
        let word = |scopes: &[Box<str>]| {
            let bits = scopes.iter().zip(RoleSet::singles());
            let bits = bits.filter(|(scope, _)| held.contains(scope)).map(|(_, bit)| bit.bits());
            bits.fold(0, |word, bit| word | bit)
        };
        Self(list.chunks(RoleSet::MAX_ROLES).map(word).collect())
    }

    /// Whether it is there.
    #[must_use]
    pub fn contains(&self, scope: ScopeId) -> bool {
        let at = scope.index();
        self.0.get(at >> 6).is_some_and(|word| word >> (at & 63) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::{RoleSet, ScopeId, ScopeSet};

    #[test]
    fn sixty_four_roles_fit() {
        assert_eq!(RoleSet::first(64).bits(), u64::MAX);
        assert_eq!(RoleSet::singles().count(), RoleSet::MAX_ROLES);
    }

    #[test]
    fn scopes_beyond_a_word() {
        let list: Vec<Box<str>> = (0..130).map(|at| format!("s{at}").into()).collect();
        let held = ["s0", "s63", "s64", "s129", "other"].map(Box::from);
        let set = ScopeSet::new(&list, &held);
        let found: Vec<u32> = (0..200).filter(|at| set.contains(ScopeId(*at))).collect();
        assert_eq!(found, [0, 63, 64, 129]);
    }
}
