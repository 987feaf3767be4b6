//! Lookups, and parts that are refused.

use super::{DocumentMode, Entry, Trusted, TrustedError, TrustedParts};
use crate::document::Normalised;
use crate::limits::{TRUSTED_BYTES, TRUSTED_CLIENTS, TRUSTED_DOCUMENTS, TRUSTED_ID_BYTES};

const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn hash(text: &str) -> Normalised {
    Normalised::new(text, 100).unwrap()
}

fn ids(ids: &[(&str, u32)]) -> Vec<(Box<str>, u32)> {
    ids.iter().map(|(id, at)| ((*id).into(), *at)).collect()
}

fn entry(mode: DocumentMode, set: u32) -> Entry {
    Entry { mode, set: Some(set) }
}

fn parts() -> TrustedParts {
    let texts = ["{ b }", "{a}", "{b}", "{c}"];
    TrustedParts {
        texts: texts.map(|text| (text.into(), hash(text))).into(),
        sets: vec![ids(&[(HEX, 1), ("e", 2), ("f", 0)]), ids(&[("e", 3)])],
        others: entry(DocumentMode::Safelist, 0),
        clients: vec![
            ("app".into(), entry(DocumentMode::IdOnly, 1)),
            ("bot".into(), entry(DocumentMode::Log, 0)),
            ("cli".into(), Entry::default()),
        ],
    }
}

#[test]
fn each_client_has_its_own() {
    let trusted = Trusted::new(parts()).unwrap();
    for (client, mode, e) in [
        (None, DocumentMode::Safelist, Some("{b}")),
        (Some(""), DocumentMode::Safelist, Some("{b}")),
        (Some("apps"), DocumentMode::Safelist, Some("{b}")),
        (Some("app"), DocumentMode::IdOnly, Some("{c}")),
        (Some("bot"), DocumentMode::Log, Some("{b}")),
        (Some("cli"), DocumentMode::Off, None),
    ] {
        let asked = trusted.of(client);
        assert_eq!((asked.mode(), asked.by_id("e")), (mode, e), "{client:?}");
        let known = asked.knows(&hash("{c}"));
        assert_eq!(known, (client == Some("app")).then_some("e"), "{client:?}");
    }
    let none = Trusted::default();
    for client in [None, Some("app")] {
        let asked = none.of(client);
        assert_eq!((asked.mode(), asked.by_id("x")), (DocumentMode::Off, None));
        assert_eq!(asked.knows(&hash("{a}")), None);
        assert_eq!(asked.documents().count(), 0);
    }
}

#[test]
fn documents_are_found_by_id_and_by_tokens() {
    let trusted = Trusted::new(parts()).unwrap();
    let asked = trusted.of(None);
    let found: Vec<_> = asked.documents().collect();
    assert_eq!(found, [(HEX, "{a}"), ("e", "{b}"), ("f", "{ b }")]);
    for (id, text) in found {
        assert_eq!(asked.by_id(id), Some(text));
    }
    assert_eq!(asked.by_id(&format!("sha256:{HEX}")), Some("{a}"));
    let upper = HEX.to_uppercase();
    for id in ["", "E", "ee", "sha256:e", "sha256:", &upper, &format!("sha256:{upper}")] {
        assert_eq!(asked.by_id(id), None, "{id}");
    }
    for id in [format!("sha256:sha256:{HEX}"), format!(" {HEX}"), format!("sha512:{HEX}")] {
        assert_eq!(asked.by_id(&id), None, "{id}");
    }
    assert_eq!(asked.knows(&hash("{a}#")), Some(HEX));
    // Two of them have these tokens.
    assert_eq!(asked.knows(&hash("{b,}")), Some("e"));
    assert_eq!(asked.knows(&hash("{c}")), None);
    assert_eq!(asked.knows(&hash("")), None);
}

#[test]
fn each_of_many_is_found() {
    let mut texts: Vec<String> = (0..200).map(|n| format!("{{f{n}}}")).collect();
    texts.sort();
    let own = |text: &String| (text.as_str().into(), hash(text));
    let trusted = TrustedParts {
        texts: texts.iter().map(own).collect(),
        sets: vec![(0..200_u32).map(|n| (format!("{n:03}").into(), 199 - n)).collect()],
        others: entry(DocumentMode::Safelist, 0),
        clients: Vec::new(),
    };
    let trusted = Trusted::new(trusted).unwrap();
    let asked = trusted.of(None);
    for (text, n) in texts.iter().rev().zip(0..) {
        let id = format!("{n:03}");
        assert_eq!(asked.by_id(&id), Some(text.as_str()));
        assert_eq!(asked.knows(&hash(&format!("{text} #"))), Some(id.as_str()));
        assert_eq!(asked.knows(&hash(&format!("{text}{text}"))), None);
    }
}

/// An id that has the prefix itself is found as it is.
#[test]
fn an_id_is_first_what_it_is() {
    let id = format!("sha256:{HEX}");
    let sets = vec![ids(&[(HEX, 0), (&id, 1)])];
    let texts = vec![("{a}".into(), hash("{a}")), ("{b}".into(), hash("{b}"))];
    let others = entry(DocumentMode::Log, 0);
    let trusted = Trusted::new(TrustedParts { texts, sets, others, clients: Vec::new() });
    let trusted = trusted.unwrap();
    assert_eq!(trusted.of(None).by_id(HEX), Some("{a}"));
    assert_eq!(trusted.of(None).by_id(&id), Some("{b}"));
}

#[test]
fn what_is_not_as_described_is_refused() {
    let refused = |change: &dyn Fn(&mut TrustedParts)| {
        let mut parts = parts();
        change(&mut parts);
        Trusted::new(parts).unwrap_err()
    };
    let order: [&dyn Fn(&mut TrustedParts); 5] = [
        &|parts| parts.texts.swap(0, 1),
        &|parts| parts.clients.swap(0, 1),
        &|parts| parts.clients.push(("cli".into(), Entry::default())),
        &|parts| parts.sets = vec![ids(&[("x", 0), ("x", 1), ("y", 2)]), ids(&[("x", 3)])],
        &|parts| parts.sets = vec![ids(&[("y", 0), ("x", 1)]), ids(&[("x", 2), ("y", 3)])],
    ];
    for change in order {
        assert_eq!(refused(change), TrustedError::Order);
    }
    // No set, no text, a set and a text that nobody has, and off with a set.
    let place: [&dyn Fn(&mut TrustedParts); 6] = [
        &|parts| parts.others.set = Some(2),
        &|parts| parts.others.set = None,
        &|parts| parts.others.mode = DocumentMode::Off,
        &|parts| parts.sets.push(Vec::new()),
        &|parts| parts.sets = vec![ids(&[("x", 0), ("y", 1)]), ids(&[("x", 3)])],
        &|parts| parts.sets = vec![ids(&[("w", 0), ("x", 1), ("y", 2)]), ids(&[("x", 4)])],
    ];
    for change in place {
        assert_eq!(refused(change), TrustedError::Place);
    }
    let long = "x".repeat(TRUSTED_ID_BYTES.saturating_add(1));
    for id in ["", &long] {
        let id = |parts: &mut TrustedParts| parts.sets[1] = ids(&[(id, 3)]);
        assert_eq!(refused(&id), TrustedError::Id);
    }
    let many = |parts: &mut TrustedParts| {
        let names = 0..=TRUSTED_DOCUMENTS;
        parts.sets[1] = names.map(|n| (format!("{n:07}").into(), 3)).collect();
    };
    assert_eq!(refused(&many), TrustedError::Size);
    let clients = |parts: &mut TrustedParts| {
        let names = 0..=TRUSTED_CLIENTS;
        parts.clients = names.map(|n| (format!("{n:07}").into(), parts.others)).collect();
    };
    assert_eq!(refused(&clients), TrustedError::Size);
    let large = |parts: &mut TrustedParts| parts.texts[3].0 = "~".repeat(TRUSTED_BYTES).into();
    assert_eq!(refused(&large), TrustedError::Size);
}
