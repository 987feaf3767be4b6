//! The names of the schema, which of its fields a caller may have, and names that it does not have.

use std::collections::BTreeSet;

use fieldgate_core::policy::Policy;
use fieldgate_core::policy::rules::{Access, RoleSet};

/// What a caller may know.
pub(crate) struct Names<'a> {
    policy: &'a Policy,
    held: RoleSet,
}

impl<'a> Names<'a> {
    /// Those of a caller in some groups.
    pub(crate) fn new(policy: &'a Policy, groups: &[&str]) -> Self {
        let groups: Vec<Box<str>> = groups.iter().map(|group| (*group).into()).collect();
        Self { policy, held: policy.roles_of(&groups, &[]) }
    }

    /// Every field of every object type: `Type.field`, and whether the caller may have it.
    pub(crate) fn coordinates(&self) -> impl Iterator<Item = (String, bool)> {
        let schema = self.policy.schema();
        let fields = schema.types().flat_map(|(_, def)| def.fields());
        fields.map(move |id| {
            let access = self.policy.access(id);
            (schema.coordinate(id), access.is_some_and(|access| self.is_open(access)))
        })
    }

    /// The policy of the portal has no conditions and its schema no requirements: with either, nothing
    /// would be open here.
    fn is_open(&self, access: &Access) -> bool {
        let Access { grants, denies, requires, .. } = access;
        let held = |roles: RoleSet| roles.intersects(self.held);
        let granted = grants.iter().all(|grant| {
            grant.any.iter().any(|clause| clause.condition.is_none() && held(clause.roles))
        });
        let denied = denies.iter().any(|deny| held(deny.roles));
        !grants.is_empty() && granted && !denied && requires.is_empty()
    }

    pub(crate) fn granted(&self) -> BTreeSet<String> {
        self.coordinates().filter(|(_, open)| *open).map(|(coordinate, _)| coordinate).collect()
    }

    /// The names of all fields and arguments: what a scanner has to guess.
    pub(crate) fn words(&self) -> BTreeSet<String> {
        let schema = self.policy.schema();
        let mut words = BTreeSet::new();
        for id in schema.types().flat_map(|(_, def)| def.fields()) {
            let Some(field) = schema.field_def(id) else { continue };
            words.insert(field.name.to_owned());
            words.extend(schema.arguments(&field).map(|argument| argument.name.to_owned()));
        }
        for (_, def) in schema.types() {
            words.extend(schema.members(&def).map(|member| member.name.to_owned()));
        }
        words
    }

    /// Every name that says something: also of types and values.
    pub(crate) fn all(&self) -> BTreeSet<String> {
        let schema = self.policy.schema();
        let mut names = self.words();
        for (_, def) in schema.types() {
            names.insert(def.name.to_owned());
            names.extend(schema.values(&def).map(str::to_owned));
        }
        names
    }

    /// The names of what the caller may have, and of what comes with that.
    pub(crate) fn known(&self) -> BTreeSet<String> {
        let schema = self.policy.schema();
        let mut known = BTreeSet::new();
        for (of, def) in schema.types() {
            for id in def.fields() {
                let access = self.policy.access(id);
                let open = access.is_some_and(|access| self.is_open(access));
                let Some(field) = schema.field_def(id).filter(|_| open) else { continue };
                known.extend([def.name.to_owned(), field.name.to_owned()]);
                known.extend(schema.type_def(field.returns.named).map(|of| of.name.to_owned()));
                known.extend(schema.arguments(&field).map(|one| one.name.to_owned()));
            }
            // The roots are free (`__typename`).
            if of == schema.query() || Some(of) == schema.mutation() {
                known.insert(def.name.to_owned());
            }
        }
        known
    }
}

/// As many names that a schema does not have: its own, read backwards.
pub(crate) fn decoys(words: &BTreeSet<String>) -> BTreeSet<String> {
    let backwards = words.iter().map(|word| word.chars().rev().collect::<String>());
    let is_name = |word: &String| word.starts_with(|first: char| first.is_ascii_alphabetic());
    backwards.filter(|word| is_name(word) && !words.contains(word)).collect()
}
