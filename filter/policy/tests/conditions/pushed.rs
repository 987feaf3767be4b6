//! Catalogs and tables become data that is looked up.

use std::collections::BTreeMap;
use std::path::Path;

use fieldgate_core::policy::condition::Value;
use fieldgate_core::policy::data::DataError;
use fieldgate_policy::catalog::Catalog;
use fieldgate_policy::data::build;
use serde_json::json;

#[test]
fn every_entity_of_a_catalog_has_its_owners() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/backstage/catalog");
    let catalog = Catalog::import(&[folder]).unwrap();
    let data = build(Some(&catalog), &BTreeMap::new()).unwrap();
    assert!(data.owner_table().len() > 10);
    for (entity, owners) in catalog.owners() {
        let expected: Vec<&str> = owners.iter().map(|owner| owner.as_str()).collect();
        let found = data.owners(&entity.as_str().to_uppercase());
        let list = Value::List(expected.iter().map(|owner| Value::text(owner)).collect());
        assert_eq!(found, (!expected.is_empty()).then_some(&list), "{entity}");
        let first = expected.first().map(|owner| Value::text(owner));
        assert_eq!(data.owner(entity.as_str()), first.as_ref(), "{entity}");
    }
}

#[test]
fn tables_are_what_was_written() {
    let table = BTreeMap::from([
        ("a".to_owned(), json!({"z": [1, null], "b": "x"})),
        ("b".to_owned(), json!({"b": "x", "z": [1, null]})),
        ("c".to_owned(), json!(1.5)),
    ]);
    let tables = BTreeMap::from([("t".to_owned(), table)]);
    let data = build(None, &tables).unwrap();
    let list = Value::List(vec![Value::Int(1), Value::Null]);
    let map = Value::members([("b", Value::text("x")), ("z", list)]);
    assert_eq!(data.entry("t", "a"), Some(Some(&map)));
    assert_eq!(data.entry("t", "b"), Some(Some(&map)));
    assert_eq!(data.entry("t", "c"), Some(Some(&Value::Double(1.5))));
    assert_eq!(data.entry("t", "d"), Some(None));
    assert_eq!(data.entry("u", "a"), None);
}

#[test]
fn more_than_the_filter_loads_is_an_error() {
    let of = |key: String, value| {
        build(None, &BTreeMap::from([("t".to_owned(), BTreeMap::from([(key, value)]))]))
    };
    assert_eq!(of("a".repeat(256), json!(1)), Err(DataError::Keys));
    let deep = (0..8).fold(json!(1), |inner, _| json!([inner]));
    assert_eq!(of("a".to_owned(), deep), Err(DataError::Value));
    let many = (0..65).map(|at| (format!("t{at}"), BTreeMap::new())).collect();
    assert_eq!(build(None, &many), Err(DataError::Tables));
}
