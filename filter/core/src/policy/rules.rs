//! Roles as bits, and the verdict on one coordinate.
//!
//! Rules arrive lowered: the precedence of the source language (exact over `Type.*` over `*.field`
//! over `*.*`, object AND interface) has been worked out at build time, so that a verdict is a few
//! AND operations. Deny wins; no grant, no access.

/// A role as declared: who holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// The role's name.
    pub name: Box<str>,
    /// A subject holds the role if it is in any of these groups, or there are none,
    pub groups: Vec<Box<str>>,
    /// and its token has all of these scopes. A role without groups and scopes is held by nobody
    /// for what its token says.
    pub scopes: Vec<Box<str>>,
}

impl Role {
    /// Whether a subject with these groups and scopes holds the role.
    #[must_use]
    pub fn is_held(&self, groups: &[Box<str>], scopes: &[Box<str>]) -> bool {
        let conditional = !self.groups.is_empty() || !self.scopes.is_empty();
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

/// Rules that speak as one: any of `roles` satisfies the clause.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Clause {
    /// Any of these.
    pub roles: RoleSet,
    /// The rules that it was lowered from, for the audit record.
    pub rules: Vec<RuleId>,
}

/// What decides a coordinate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Access {
    /// All of them must be satisfied, and there must be one.
    pub grants: Vec<Clause>,
    /// None of them may be.
    pub denies: Vec<Clause>,
}

/// The answer for one coordinate and one set of roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every clause is satisfied and no deny applies.
    Granted,
    /// These deny rules apply.
    Forbidden(Vec<RuleId>),
    /// A clause is not satisfied: the rules that would have granted. Empty if no rule grants it.
    NotGranted(Vec<RuleId>),
}

impl Access {
    /// Whether a principal with `roles` has access. The hot path: no allocation.
    #[must_use]
    pub fn grants(&self, roles: RoleSet) -> bool {
        !self.grants.is_empty()
            && self.grants.iter().all(|clause| clause.roles.intersects(roles))
            && !self.denies.iter().any(|clause| clause.roles.intersects(roles))
    }

    /// The same with its reasons.
    #[must_use]
    pub fn verdict(&self, roles: RoleSet) -> Verdict {
        let rules_of = |clauses: &[Clause], hit: &dyn Fn(&Clause) -> bool| {
            let hits = clauses.iter().filter(|clause| hit(clause));
            let mut rules: Vec<RuleId> = hits.flat_map(|clause| clause.rules.clone()).collect();
            rules.sort_unstable();
            rules.dedup();
            rules
        };
        if self.grants(roles) {
            return Verdict::Granted;
        }
        let forbidding = rules_of(&self.denies, &|clause| clause.roles.intersects(roles));
        if !forbidding.is_empty() {
            return Verdict::Forbidden(forbidding);
        }
        Verdict::NotGranted(rules_of(&self.grants, &|clause| !clause.roles.intersects(roles)))
    }
}

#[cfg(test)]
mod tests {
    use super::{Access, Clause, RoleSet, RuleId, Verdict};

    const A: RoleSet = RoleSet::from_bits(1);
    const B: RoleSet = RoleSet::from_bits(2);
    const C: RoleSet = RoleSet::from_bits(4);

    fn clause(roles: RoleSet, rule: u32) -> Clause {
        Clause { roles, rules: vec![RuleId(rule)] }
    }

    #[test]
    fn no_grant_no_access() {
        let access = Access::default();
        assert_eq!(access.verdict(A), Verdict::NotGranted(vec![]));
    }

    #[test]
    fn all_clauses_and_no_deny() {
        let access = Access {
            grants: vec![clause(A, 1), clause(B.union(C), 2)],
            denies: vec![clause(C, 3)],
        };
        assert_eq!(access.verdict(A), Verdict::NotGranted(vec![RuleId(2)]));
        assert_eq!(access.verdict(A.union(B)), Verdict::Granted);
        assert_eq!(access.verdict(A.union(C)), Verdict::Forbidden(vec![RuleId(3)]));
        assert!(!access.grants(RoleSet::EMPTY));
    }

    #[test]
    fn sixty_four_roles_fit() {
        assert_eq!(RoleSet::first(64).bits(), u64::MAX);
        assert_eq!(RoleSet::singles().count(), RoleSet::MAX_ROLES);
    }
}
