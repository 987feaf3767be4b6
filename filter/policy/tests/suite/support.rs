//! Policies from texts.

use fieldgate_core::policy::Policy;
use fieldgate_core::policy::data::Data;
use fieldgate_core::policy::rules::{
    Access, Caller, Clause, Grant, Party, RoleSet, ScopeSet, Truth, Verdict,
};
use fieldgate_policy::diagnostic::Findings;
use fieldgate_policy::policy::PolicySource;
use fieldgate_policy::source::SourceFile;
use fieldgate_policy::{lower, schema, yaml};

/// The policy of two texts that are free of findings.
#[track_caller]
pub(crate) fn policy(schema: &str, policy: &str) -> Policy {
    let mut findings = Findings::default();
    let file = SourceFile::new("schema.graphql", schema.to_owned());
    let index = schema::read(&file, &mut findings);
    let file = SourceFile::new("policy.yaml", policy.to_owned());
    let node = yaml::read(&file, &mut findings);
    let source = node.map(|node| PolicySource::read(&node, &mut findings)).unwrap_or_default();
    let checked = index.as_ref().map(|index| lower::check(&source, index, &mut findings));
    assert!(!findings.has_errors(), "{:#?}\n{schema}\n{policy}", findings.into_sorted());
    lower::lower(&source, index.unwrap(), (&checked.unwrap(), Data::default()), None).unwrap()
}

/// What decides a coordinate.
#[track_caller]
pub(crate) fn access<'a>(policy: &'a Policy, coordinate: &str) -> &'a Access {
    let (parent, field) = coordinate.split_once('.').unwrap();
    let schema = policy.schema();
    let field = schema.field_named(schema.type_named(parent).unwrap(), field).unwrap();
    policy.access(field).unwrap()
}

/// `roles <- rules`, each clause; `grants` and `denies` apart.
pub(crate) fn describe(policy: &Policy, access: &Access) -> String {
    let clause = |Clause { roles, rules, condition: _ }: &Clause| {
        let roles: Vec<&str> = policy.role_names(*roles).collect();
        let rules: Vec<&str> = rules.iter().map(|rule| policy.rule_name(*rule)).collect();
        format!("{}<-{}", roles.join("|"), rules.join("+"))
    };
    let grant = |Grant { any }: &Grant| any.iter().map(clause).collect::<Vec<_>>().join(" or ");
    let grants: Vec<String> = access.grants.iter().map(grant).collect();
    let denies: Vec<String> = access.denies.iter().map(clause).collect();
    match (grants.is_empty(), denies.is_empty()) {
        (true, true) => "nobody".to_owned(),
        (false, true) => grants.join(" & "),
        (true, false) => format!("nobody, not {}", denies.join(", ")),
        (false, false) => format!("{}, not {}", grants.join(" & "), denies.join(", ")),
    }
}

/// The set of the roles of those names.
pub(crate) fn roles(policy: &Policy, names: &[&str]) -> RoleSet {
    let groups: Vec<Box<str>> = names.iter().map(|name| format!("{name}-group").into()).collect();
    policy.roles_of(&groups, &[])
}

/// What is said to whoever holds these roles, and no scope that the schema asks for.
pub(crate) fn verdict(access: &Access, held: RoleSet) -> Verdict {
    let scopes = ScopeSet::default();
    let party = Party { held, unclear: RoleSet::EMPTY, scopes: &scopes, caller: Caller::Verified };
    let verdict = access.verdict(&party, &|_| Truth::Error);
    assert_eq!(access.grants(&party, &|_| Truth::Error), verdict == Verdict::Granted);
    verdict
}
