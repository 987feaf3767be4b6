//! What is too large is refused by its size, before it costs what it says.

use fieldgate_core::policy::blob::{BlobError, decode, encode};
use fieldgate_core::policy::schema::SchemaError;
use fieldgate_core::policy::{Policy, PolicyError, PolicyParts};

use crate::small::parts;
use crate::{sealed, wrap};

const LIMIT: u32 = 16 << 20;

/// By what it says of itself, whatever the body is.
#[test]
fn a_blob_of_too_many_bytes() {
    for bytes in [LIMIT + 1, u32::MAX] {
        let error = decode(&sealed(bytes, &[])).unwrap_err();
        assert_eq!(error, BlobError::TooLarge { bytes, limit: LIMIT });
    }
    assert_eq!(decode(&sealed(LIMIT, &[])), Err(BlobError::Corrupt));
    let error = BlobError::TooLarge { bytes: LIMIT + 1, limit: LIMIT };
    assert_eq!(
        error.to_string(),
        "policy blob is too large: 16777217 bytes unpacked, of at most 16777216"
    );
    assert_eq!(error.help(), Some("remove from the schema what no rule names"));
    // A body that unpacks to more than it says is another matter.
    let more = miniz_oxide::deflate::compress_to_vec(&[0; 100], 1);
    assert_eq!(decode(&sealed(99, &more)), Err(BlobError::Corrupt));
}

#[test]
fn a_policy_of_too_many_bytes() {
    let rules = vec!["x".repeat(17 << 20).into()];
    let policy = Policy::new(PolicyParts { rules, accesses: Vec::new(), ..without_fields() });
    let Err(BlobError::TooLarge { bytes, limit: LIMIT }) = encode(&policy.unwrap()) else {
        panic!("it is too large");
    };
    assert!(bytes > 17 << 20, "{bytes}");
}

/// Its schema has one type, which has no field.
fn without_fields() -> PolicyParts {
    use fieldgate_core::policy::schema::{Schema, SchemaParts, TypeId, TypeKind, TypeParts};
    let query = TypeParts::new("Query", TypeKind::Object);
    let schema =
        SchemaParts { types: vec![query], query: TypeId(0), mutation: None, subscription: None };
    let schema = Schema::new(&schema).unwrap();
    let (field_access, type_access, input_access) = (Vec::new(), Vec::new(), Vec::new());
    let (floor, ceilings, costs) = (None, Vec::new(), None);
    PolicyParts {
        schema,
        field_access,
        type_access,
        input_access,
        floor,
        ceilings,
        costs,
        expanded: Vec::new(),
        ..parts()
    }
}

#[test]
fn a_blob_of_nothing() {
    assert_eq!(decode(&wrap(&[])), Err(BlobError::Payload));
}

/// What is behind the number is no such sequence: it alone is the reason.
#[test]
fn counted_before_it_is_read() {
    // No name, no revision.
    let zeros = |count: u8| vec![0; usize::from(count)];
    let roles =
        |count: u8| decode(&wrap(&[&[0, 0, count][..], &zeros(count)].concat())).unwrap_err();
    assert_eq!(roles(65), BlobError::Policy(PolicyError::TooManyRoles));
    assert_eq!(roles(64), BlobError::Payload);
    // No roles, actors, rules and scopes; fields that all have the first access, of those without
    // anything in them, and neither types, inputs, a floor, limits nor costs.
    let accesses = |accesses: u8, fields: u8| {
        let accesses = [&[accesses][..], &zeros(accesses * 4)].concat();
        let fields = [&[fields][..], &zeros(fields + 5)].concat();
        decode(&wrap(&[&[0, 0, 0, 0, 0, 0][..], &fields, &accesses].concat())).unwrap_err()
    };
    assert_eq!(accesses(3, 2), BlobError::Policy(PolicyError::UnusedAccess));
    assert_eq!(accesses(2, 2), BlobError::Payload);
    // No roles, .. and no floor, and limits of zeros: the first rule, for everybody, of nothing.
    let ceilings = |count: u8| {
        decode(&wrap(&[&[0; 10][..], &[count], &vec![0; usize::from(count) * 4]].concat()))
            .unwrap_err()
    };
    assert_eq!(ceilings(65), BlobError::Policy(PolicyError::Ceiling));
    assert_eq!(ceilings(63), BlobError::Payload);
    // No accesses, conditions and data, names, default values and types, and fields of zeros.
    let arguments = |lists: u8, fields: u8| {
        let fields = [&[fields][..], &zeros(fields * 4)].concat();
        decode(&wrap(&[&[0; 27][..], &fields, &[lists], &zeros(lists)].concat())).unwrap_err()
    };
    assert_eq!(arguments(3, 2), BlobError::Schema(SchemaError::Tables));
    assert_eq!(arguments(2, 2), BlobError::Payload);
}

/// One for each member of a payload: a policy of nothing, whose root type is not there.
#[test]
fn a_payload_of_zeros() {
    let zeros = |count: usize| decode(&wrap(&vec![0; count])).unwrap_err();
    assert_eq!(zeros(33), BlobError::Schema(SchemaError::Root));
    assert_eq!((zeros(32), zeros(34)), (BlobError::Payload, BlobError::Payload));
}
