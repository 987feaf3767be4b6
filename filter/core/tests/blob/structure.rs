//! Payloads that were changed behind a good digest: no panic, and what decodes is a policy with
//! every invariant, which is written and read back as the same one.

use std::collections::{BTreeMap, HashSet};

use fieldgate_core::document::Normalised;
use fieldgate_core::policy::blob::{decode, encode};
use fieldgate_core::policy::ceiling::Counter;
use fieldgate_core::policy::documents::{DocumentMode, Trusted};
use fieldgate_core::policy::rules::{Caller, Otherwise, Party, RoleSet, ScopeSet, Truth};
use fieldgate_core::policy::schema::{FieldId, InputDef, TypeDef, TypeId, TypeKind};
use fieldgate_core::policy::{Policy, PolicyParts};
use miniz_oxide::inflate::decompress_to_vec;

use crate::small::parts;
use crate::wrap;

/// What is before the body of a blob.
const HEAD: usize = 42;

fn payload(policy: &Policy) -> Vec<u8> {
    decompress_to_vec(&encode(policy).unwrap().0[HEAD..]).unwrap()
}

/// Everything that the gate takes for granted of a policy.
fn sound(policy: &Policy) {
    let schema = policy.schema();
    let types: Vec<(TypeId, TypeDef<'_>)> = schema.types().collect();
    assert!(types.windows(2).all(|pair| pair[0].1.name < pair[1].1.name));
    let mut fields = HashSet::new();
    for (id, def) in &types {
        assert_eq!(schema.type_named(def.name), Some(*id));
        assert!(def.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
        match def.kind {
            TypeKind::Object => assert_eq!(def.possible, [*id]),
            TypeKind::Union => assert_eq!(def.fields().len(), 0),
            TypeKind::Scalar | TypeKind::Enum | TypeKind::Input | TypeKind::OneOf => {
                assert!(def.fields().len() == 0 && def.possible.is_empty());
            }
            TypeKind::Interface => {}
        }
        for member in schema.members(def) {
            assert!(matches!(def.kind, TypeKind::Input | TypeKind::OneOf));
            assert_eq!(schema.member(def, member.name), Some(member));
            sound_input(policy, &member);
        }
        for (value, at) in schema.values(def).zip(0..) {
            assert_eq!(def.kind, TypeKind::Enum);
            assert_eq!(schema.value(def, value), Some(at));
        }
        assert!(def.possible.windows(2).all(|pair| pair[0] < pair[1]));
        for possible in def.possible {
            assert_eq!(schema.type_def(*possible).unwrap().kind, TypeKind::Object);
        }
        let mut before: Option<&str> = None;
        for field in def.fields() {
            assert!(fields.insert(field), "a field of two types");
            sound_field(policy, def, field);
            let name = schema.field_def(field).unwrap().name;
            assert!(before < Some(name));
            before = Some(name);
            assert_eq!(schema.field_named(*id, name), Some(field));
        }
    }
    assert_eq!(fields.len(), schema.field_count());
    for ceiling in policy.ceilings() {
        assert!(
            ceiling.roles.is_none_or(|it| RoleSet::first(policy.parts().roles.len()).contains(it))
        );
        assert!(usize::try_from(ceiling.rule.0).unwrap() < policy.parts().rules.len());
        let of_cost = ceiling.most.iter().any(|(counter, _)| *counter == Counter::Cost);
        assert!(!of_cost || policy.costs().is_some());
    }
    if let Some(costs) = policy.costs() {
        assert!(costs.fields.iter().all(|(id, _)| fields.contains(id)));
        assert!(costs.lists.iter().all(|(id, _)| fields.contains(id)));
        assert!(costs.inputs.iter().all(|(id, _)| schema.has_input(*id)));
    }
    let beyond = u32::try_from(schema.field_count()).unwrap();
    assert!(policy.access(FieldId(beyond)).is_none());
    assert!(schema.type_def(TypeId(u32::try_from(types.len()).unwrap())).is_none());
    for root in [Some(schema.query()), schema.mutation()].into_iter().flatten() {
        assert_eq!(schema.type_def(root).unwrap().kind, TypeKind::Object);
    }
    let abstracts = [TypeKind::Interface, TypeKind::Union];
    let expands = types.iter().filter(|(id, _)| policy.expands(*id));
    assert!(expands.clone().all(|(_, def)| abstracts.contains(&def.kind)));
    assert_eq!(expands.count(), policy.parts().expanded.len());
    sound_documents(policy.documents());
    let (again, digest) = encode(policy).unwrap();
    let (back, same) = decode(&again).unwrap();
    assert!(&back == policy && same == digest);
}

fn sound_field(policy: &Policy, of: &TypeDef<'_>, field: FieldId) {
    let (schema, parts) = (policy.schema(), policy.parts());
    let def = schema.field_def(field).unwrap();
    assert!(schema.type_def(def.returns.named).unwrap().kind.is_output());
    assert_eq!(schema.coordinate(field), format!("{}.{}", of.name, def.name));
    let arguments: Vec<InputDef<'_>> = schema.arguments(&def).collect();
    assert!(arguments.windows(2).all(|pair| pair[0].name < pair[1].name));
    for argument in &arguments {
        assert_eq!(schema.argument(&def, argument.name), Some(*argument));
        sound_input(policy, argument);
    }
    let access = policy.access(field).unwrap();
    for clause in access.clauses() {
        assert!(RoleSet::first(parts.roles.len()).contains(clause.roles));
        let known = |rule: u32| usize::try_from(rule).unwrap() < parts.rules.len();
        assert!(clause.rules.iter().all(|rule| known(rule.0)));
    }
    for need in access.requires.iter().flat_map(|requirement| &requirement.any) {
        assert!(need.scopes.iter().all(|scope| policy.scope_name(*scope).is_some()));
    }
    let scopes = ScopeSet::default();
    let (held, unclear) = (RoleSet::EMPTY, RoleSet::EMPTY);
    let nobody = Party { held, unclear, scopes: &scopes, caller: Caller::Anyone };
    let granted = access.grants(&nobody, &|_| Truth::Error);
    assert!(!granted || access.otherwise == Otherwise::Allow, "nobody is granted something");
}

fn sound_documents(trusted: &Trusted) {
    let hashes: BTreeMap<&str, &Normalised> = trusted.texts().zip(trusted.hashes()).collect();
    assert_eq!(hashes.len(), trusted.texts().len());
    for client in trusted.clients().map(Some).chain([None]) {
        let asked = trusted.of(client);
        let ids: BTreeMap<&str, &str> = asked.documents().collect();
        assert!(asked.mode() != DocumentMode::Off || ids.is_empty());
        for (id, text) in &ids {
            assert_eq!(asked.by_id(id), Some(*text));
            let first = asked.knows(hashes[text]).unwrap();
            assert!(first <= *id && hashes[ids[first]] == hashes[text]);
        }
        let mut known = hashes.values().filter_map(|hash| asked.knows(hash));
        assert!(known.all(|id| ids.contains_key(id)));
    }
}

fn sound_input(policy: &Policy, input: &InputDef<'_>) {
    assert!(policy.schema().type_def(input.ty.named).unwrap().kind.is_input());
}

/// How payloads fared: how many are policies, and why the others are none.
#[derive(Default)]
struct Fared {
    accepted: usize,
    refused: BTreeMap<String, usize>,
}

impl Fared {
    fn with(&mut self, payload: &[u8]) {
        match decode(&wrap(payload)) {
            Ok((policy, _)) => {
                self.accepted += 1;
                sound(&policy);
            }
            Err(error) => *self.refused.entry(format!("{error:?}")).or_default() += 1,
        }
    }

    /// That it met both, and enough ways to be refused to have been everywhere.
    fn everywhere(&self) {
        let Self { accepted, refused } = self;
        assert!(*accepted > 100 && refused.len() > 10, "{accepted} accepted, {refused:?}");
    }
}

#[test]
fn every_byte_changed() {
    let policy = Policy::new(parts()).unwrap();
    let good = payload(&policy);
    assert_eq!(decode(&wrap(&good)).unwrap().0, policy);
    sound(&policy);
    let mut fared = Fared::default();
    for at in 0..good.len() {
        for value in 0..=u8::MAX {
            let mut changed = good.clone();
            changed[at] = value;
            fared.with(&changed);
        }
    }
    fared.everywhere();
}

#[test]
fn every_beginning() {
    let good = payload(&Policy::new(parts()).unwrap());
    for end in (0..good.len()).filter(|end| *end != good.len() - 3) {
        assert!(decode(&wrap(&good[..end])).is_err(), "the first {end} bytes");
    }
    assert!(decode(&wrap(&[&good[..], &[0]].concat())).is_err(), "one byte more");
    // What comes last is left out where it is empty, and not there in another spelling.
    let strict = payload(&Policy::new(PolicyParts { expanded: Vec::new(), ..parts() }).unwrap());
    assert_eq!(strict, good[..strict.len()]);
    assert!(decode(&wrap(&strict)).is_ok());
    for more in [&[0][..], &[1], &[1, 1], &[2, 3, 0], &[2, 3, 3], &[2, 0, 3, 0], &[9, 0], &[100]] {
        assert!(decode(&wrap(&[&strict, more].concat())).is_err(), "{more:?}");
    }
    assert_eq!(good, [&strict[..], &[2, 0, 3]].concat());
}

/// Bytes changed, added, removed, swapped and copied: one to three of these at once.
#[test]
fn bytes_moved() {
    let good = payload(&Policy::new(parts()).unwrap());
    let mut fared = Fared::default();
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut below = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % u64::try_from(bound).unwrap()).unwrap()
    };
    for _ in 0..20_000 {
        let mut changed = good.clone();
        for _ in 0..=below(3) {
            let at = below(changed.len());
            match below(5) {
                0 => changed[at] ^= 1 << below(8),
                1 => changed.insert(at, u8::try_from(below(256)).unwrap()),
                2 => drop(changed.remove(at)),
                3 => {
                    let other = below(changed.len());
                    changed.swap(at, other);
                }
                _ => {
                    let count = below(12).min(changed.len() - at);
                    let to = below(changed.len() - count + 1);
                    changed.copy_within(at..at + count, to);
                }
            }
        }
        fared.with(&changed);
    }
    fared.everywhere();
}
