//! A policy that has something of everything.

use fieldgate_core::document::Normalised;
use fieldgate_core::policy::PolicyParts;
use fieldgate_core::policy::ceiling::{Ceiling, Counter, Mode};
use fieldgate_core::policy::condition::{Expression, Function, Node, Operator, Value, Variable};
use fieldgate_core::policy::cost::{Costs, ListSize};
use fieldgate_core::policy::data::{Data, DataParts};
use fieldgate_core::policy::documents::{DocumentMode, Entry, Trusted, TrustedParts};
use fieldgate_core::policy::rules::{
    Access, Caller, Clause, ConditionId, Grant, Need, Otherwise, Requirement, Role, RoleSet,
    RuleId, ScopeId,
};
use fieldgate_core::policy::schema::{
    FieldId, FieldParts, InputId, InputParts, Schema, SchemaParts, TypeId, TypeKind, TypeParts,
    TypeRef,
};

const LEAF: TypeId = TypeId(1);
const ORDER: TypeId = TypeId(7);

pub(crate) fn parts() -> PolicyParts {
    let input =
        |name: &str, of| InputParts { name: name.into(), ty: TypeRef::to(of), default: None };
    let field = |name: &str, returns, arguments: &[&str]| FieldParts {
        name: name.into(),
        returns: TypeRef::to(returns).non_null(),
        arguments: arguments.iter().map(|name| input(name, LEAF)).collect(),
    };
    let of = |name: &str, kind, possible: &[u32], fields: Vec<FieldParts>| TypeParts {
        possible: possible.iter().map(|id| TypeId(*id)).collect(),
        fields,
        ..TypeParts::new(name, kind)
    };
    let listed = TypeRef::to(ORDER).non_null().list().unwrap();
    let order = InputParts { default: Some(r#"["UP"]"#.into()), ty: listed, ..input("by", LEAF) };
    let types = vec![
        of("Any", TypeKind::Union, &[4, 5], Vec::new()),
        of("ID", TypeKind::Scalar, &[], Vec::new()),
        of("Mutation", TypeKind::Object, &[], vec![field("drop", LEAF, &["id"])]),
        of("Node", TypeKind::Interface, &[4], vec![field("id", LEAF, &[])]),
        of("Page", TypeKind::Object, &[], vec![field("id", LEAF, &[]), field("é", LEAF, &[])]),
        of(
            "Query",
            TypeKind::Object,
            &[],
            vec![field("all", TypeId(0), &["after", "first"]), field("node", TypeId(3), &["id"])],
        ),
        TypeParts {
            members: vec![order, input("id", LEAF)],
            ..TypeParts::new("ZFilter", TypeKind::Input)
        },
        TypeParts {
            values: vec!["DOWN".into(), "UP".into()],
            ..TypeParts::new("ZOrder", TypeKind::Enum)
        },
        TypeParts {
            members: vec![input("by", ORDER), input("id", LEAF)],
            ..TypeParts::new("ZPick", TypeKind::OneOf)
        },
    ];
    let schema =
        SchemaParts { types, query: TypeId(5), mutation: Some(TypeId(2)), subscription: None };
    let role = |name: &str, groups: &[&str], scopes: &[&str]| Role {
        name: name.into(),
        groups: groups.iter().map(|name| Box::from(*name)).collect(),
        scopes: scopes.iter().map(|name| Box::from(*name)).collect(),
        condition: None,
    };
    let clause = |bits, rules: &[u32]| Clause {
        roles: RoleSet::from_bits(bits),
        condition: None,
        rules: rules.iter().map(|id| RuleId(*id)).collect(),
    };
    let access = |grants: Vec<Clause>, denies| Access {
        grants: grants.into_iter().map(|clause| Grant { any: vec![clause] }).collect(),
        denies,
        ..Access::default()
    };
    let need = |roles, scopes: &[u32], caller| Need {
        roles: RoleSet::from_bits(roles),
        scopes: scopes.iter().map(|id| ScopeId(*id)).collect(),
        caller,
    };
    let any = vec![need(0, &[0, 1], Caller::Verified), need(1, &[], Caller::Anyone)];
    let required = Access {
        requires: vec![Requirement { rule: RuleId(0), any }],
        otherwise: Otherwise::Allow,
        ..Access::default()
    };
    // `has(claims.level)`, and `owner(subject.id) == args.id`.
    let of = |variable| Box::new(Node::Variable(variable));
    let select = |variable, name: &str| Node::Select { of: of(variable), name: name.into() };
    let owner = Node::Call(Function::Owner, vec![select(Variable::Subject, "id")]);
    let operands = Box::new([owner, select(Variable::Args, "id")]);
    let conditions = vec![
        Expression::new(Node::Has { of: of(Variable::Claims), name: "level".into() }).unwrap(),
        Expression::new(Node::Binary(Operator::Equal, operands)).unwrap(),
    ];
    let ours = Value::List(vec![Value::text("group:default/ops")]);
    let data = DataParts {
        owners: vec![("component:default/app".into(), 0)],
        tables: vec![("tiers".into(), vec![("app".into(), 1)])],
        values: vec![ours, Value::Int(3)],
    };
    let conditional = Role { condition: Some(ConditionId(0)), ..role("b", &[], &["read"]) };
    let either = Grant {
        any: vec![clause(1, &[0]), Clause { condition: Some(ConditionId(1)), ..clause(2, &[1]) }],
    };
    let ceiling =
        |roles, mode, most: &[_]| Ceiling { rule: RuleId(1), roles, mode, most: most.to_vec() };
    let size = ListSize {
        assumed: 7,
        least: 2,
        slicing: vec![vec!["first".into()], vec!["by".into(), "id".into()]],
        sized: vec!["edges".into(), "nodes".into()],
    };
    let costs = Costs {
        list_size: 10,
        fields: vec![(FieldId(0), 3), (FieldId(4), 0)],
        inputs: vec![(InputId::Argument(FieldId(0), 0), 2), (InputId::Member(TypeId(6), 1), 5)],
        lists: vec![(FieldId(4), size)],
    };
    PolicyParts {
        revision: "1".into(),
        roles: vec![role("a", &["x", "y"], &[]), conditional],
        conditions,
        data: Data::new(data).unwrap(),
        actors: vec![("bot".into(), RoleSet::from_bits(2))],
        rules: vec!["r0".into(), "r1".into()],
        accesses: vec![
            access(Vec::new(), Vec::new()),
            access(vec![clause(1, &[0])], Vec::new()),
            access(vec![clause(3, &[0, 1]), clause(1, &[1])], vec![clause(2, &[1])]),
            required,
            Access { grants: vec![either], ..Access::default() },
        ],
        scopes: vec!["audit".into(), "read".into()],
        field_access: vec![1, 0, 2, 1, 2, 0],
        type_access: vec![(TypeId(3), 3), (TypeId(4), 3)],
        input_access: vec![
            (InputId::Argument(FieldId(0), 0), 2),
            (InputId::Member(TypeId(6), 1), 3),
            (InputId::Value(ORDER, 1), 1),
        ],
        floor: Some(4),
        ceilings: vec![
            ceiling(Some(RoleSet::from_bits(1)), Mode::Enforce, &[(Counter::Cost, 9)]),
            ceiling(None, Mode::Measure, &[(Counter::Tokens, 1), (Counter::Depth, 0)]),
        ],
        costs: Some(costs),
        documents: documents(),
        expanded: vec![TypeId(0), TypeId(3)],
        ..PolicyParts::new("small", Schema::new(&schema).unwrap())
    }
}

/// Two texts with the same tokens, and two sets.
fn documents() -> Trusted {
    let text = |text: &str| (text.into(), Normalised::new(text, 100).unwrap());
    let ids = |ids: &[(&str, u32)]| ids.iter().map(|(id, at)| ((*id).into(), *at)).collect();
    let entry = |mode, set| Entry { mode, set: Some(set) };
    let off = Entry { mode: DocumentMode::Off, set: None };
    Trusted::new(TrustedParts {
        texts: vec![text("{ node }"), text("{node}")],
        sets: vec![ids(&[("a", 0), ("é", 1)]), ids(&[("a", 1)])],
        others: entry(DocumentMode::Log, 1),
        clients: vec![("app".into(), entry(DocumentMode::IdOnly, 0)), ("bot".into(), off)],
    })
    .unwrap()
}
