//! A policy that has something of everything.

use fieldgate_core::policy::PolicyParts;
use fieldgate_core::policy::rules::{Access, Clause, Role, RoleSet, RuleId};
use fieldgate_core::policy::schema::{
    FieldParts, Schema, SchemaParts, TypeId, TypeKind, TypeParts,
};

const LEAF: TypeId = TypeId(1);

pub(crate) fn parts() -> PolicyParts {
    let field = |name: &str, returns, arguments: &[&str]| FieldParts {
        name: name.into(),
        returns,
        arguments: arguments.iter().map(|name| Box::from(*name)).collect(),
    };
    let of = |name: &str, kind, possible: &[u32], fields: Vec<FieldParts>| TypeParts {
        name: name.into(),
        kind,
        possible: possible.iter().map(|id| TypeId(*id)).collect(),
        fields,
    };
    let types = vec![
        of("Any", TypeKind::Union, &[4, 5], Vec::new()),
        of("ID", TypeKind::Leaf, &[], Vec::new()),
        of("Mutation", TypeKind::Object, &[], vec![field("drop", LEAF, &["id"])]),
        of("Node", TypeKind::Interface, &[4], vec![field("id", LEAF, &[])]),
        of("Page", TypeKind::Object, &[], vec![field("id", LEAF, &[]), field("é", LEAF, &[])]),
        of(
            "Query",
            TypeKind::Object,
            &[],
            vec![field("all", TypeId(0), &["after", "first"]), field("node", TypeId(3), &["id"])],
        ),
    ];
    let schema =
        SchemaParts { types, query: TypeId(5), mutation: Some(TypeId(2)), subscription: None };
    let role = |name: &str, groups: &[&str], scopes: &[&str]| Role {
        name: name.into(),
        groups: groups.iter().map(|name| Box::from(*name)).collect(),
        scopes: scopes.iter().map(|name| Box::from(*name)).collect(),
    };
    let clause = |bits, rules: &[u32]| Clause {
        roles: RoleSet::from_bits(bits),
        rules: rules.iter().map(|id| RuleId(*id)).collect(),
    };
    let access = |grants, denies| Access { grants, denies };
    PolicyParts {
        name: "small".into(),
        revision: "1".into(),
        schema: Schema::new(&schema).unwrap(),
        roles: vec![role("a", &["x", "y"], &[]), role("b", &[], &["read"])],
        actors: vec![("bot".into(), RoleSet::from_bits(2))],
        rules: vec!["r0".into(), "r1".into()],
        accesses: vec![
            access(Vec::new(), Vec::new()),
            access(vec![clause(1, &[0])], Vec::new()),
            access(vec![clause(3, &[0, 1]), clause(1, &[1])], vec![clause(2, &[1])]),
        ],
        field_access: vec![1, 0, 2, 1, 2, 0],
    }
}
