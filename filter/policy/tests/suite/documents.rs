//! Trusted documents of a bundle: what they are put together to, and who may ask for which.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use fieldgate_core::document::Normalised;
use fieldgate_core::limits::TRUSTED_DOCUMENTS;
use fieldgate_core::policy::blob;
use fieldgate_core::policy::documents::{DocumentMode, Trusted};
use fieldgate_policy::bundle::Bundle;
use fieldgate_policy::diagnostic::Code;

fn bundles() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bundles")
}

fn bundle() -> Bundle {
    Bundle::load(&bundles().join("documents"), None).unwrap()
}

/// Texts by id, of a client.
fn of<'t>(trusted: &'t Trusted, client: Option<&str>) -> BTreeMap<&'t str, &'t str> {
    trusted.of(client).documents().collect()
}

fn sha256(text: &str) -> String {
    let digest = hmac_sha256::Hash::hash(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A bundle with these files beside those of another one.
fn with(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("documents").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    for file in ["fieldgate.yaml", "schema.graphql"] {
        fs::copy(bundles().join("documents").join(file), folder.join(file)).unwrap();
    }
    for (file, text) in files {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

const POLICY: &str = "
version: 1
name: documents
roles: { reader: { groups: [readers] } }
rules:
  - { id: read, fields: ['*.*'], allow: [reader] }
";

#[test]
fn an_operation_is_put_together_with_what_it_needs() {
    let bundle = bundle();
    let web = of(bundle.policy().documents(), Some("web"));
    let mut texts: Vec<&str> = web.values().copied().collect();
    texts.sort_unstable();
    // Its own file in its order, then those of others as they are first spread.
    let first = "fragment Short on Item { name }\n\n\
                 \"\"\"Two operations with a description, and fragments of this file and of another one.\"\"\"\n\
                 query First { items { ...Short ...Priced } }\n\n\
                 fragment Priced on Item { price parts { ...Deep } }\n\n\
                 fragment Deep on Item { parts { ...Short } }";
    let second = "fragment Short on Item { name }\n\n\
                  mutation Second { save(id: \"1\") { ...Short } }";
    assert_eq!(texts, [first, second]);
    for (id, text) in web {
        assert_eq!(id, sha256(text));
    }
}

#[test]
fn a_file_that_is_a_document_is_taken_as_it_stands() {
    let bundle = bundle();
    let trusted = bundle.policy().documents();
    for (client, file) in [(None, "one.graphql"), (Some("tool"), "shared/one.gql")] {
        let path = bundles().join("documents/documents").join(file);
        let text = fs::read_to_string(path).unwrap();
        assert_eq!(of(trusted, client).get(sha256(&text).as_str()), Some(&text.as_str()));
    }
}

#[test]
fn each_client_has_its_own() {
    let bundle = bundle();
    let trusted = bundle.policy().documents();
    let expected = [
        (None, DocumentMode::Safelist, 4),
        (Some("unknown"), DocumentMode::Safelist, 4),
        (Some("other"), DocumentMode::Safelist, 4),
        (Some("web"), DocumentMode::IdOnly, 2),
        (Some("both"), DocumentMode::Safelist, 6),
        (Some("tool"), DocumentMode::Log, 1),
        (Some("old"), DocumentMode::Off, 0),
    ];
    for (client, mode, count) in expected {
        let asked = trusted.of(client);
        assert_eq!((asked.mode(), asked.documents().count()), (mode, count), "{client:?}");
    }
    // One text of a file and of a manifest, twice with the same tokens.
    let texts = trusted.texts().filter(|text| text.trim() == "{ items { id } }");
    assert_eq!(texts.count(), 1);
    let both = trusted.of(Some("both"));
    assert_eq!(both.by_id("same"), Some("{ items { id } }\n"));
    assert_eq!(both.knows(&Normalised::new("{items{id}}", 9).unwrap()), Some("same"));
    assert_eq!(both.by_id("1d1"), Some("query Relay { items { id } }"));
    assert!(both.by_id("custom").unwrap().contains(r#"save(id: "é\u0041")"#));
    let apollo = "query Apollo { items { name } }";
    assert_eq!(both.by_id(&sha256(apollo)), Some(apollo));
    assert_eq!(both.by_id(&format!("sha256:{}", sha256(apollo))), Some(apollo));
}

#[test]
fn without_a_word_of_documents_there_are_none() {
    let bundle = Bundle::load(&bundles().join("minimal"), None).unwrap();
    assert_eq!(*bundle.policy().documents(), Trusted::default());
}

/// The order of clients, of files in a list and of entries in a manifest has no meaning.
#[test]
fn order_without_meaning_does_not_show() {
    let digest = |name: &str, documents: &str, manifest: &str| {
        let policy = format!("{POLICY}documents:\n{documents}");
        let one = ("documents/one.graphql", "query A { items { id } }");
        let two = ("two/two.gql", "query B { items { name } }");
        let files = [("policy.yaml", policy.as_str()), ("m.json", manifest), one, two];
        let bundle = Bundle::load(&with(name, &files), None).unwrap();
        let (blob, digest) = blob::encode(bundle.policy()).unwrap();
        assert_eq!(blob::decode(&blob).unwrap().0, *bundle.policy());
        digest
    };
    let (a, b) = (r#""a": "{ items { id } }""#, r#""b": "{ items { name } }""#);
    let documents = "  clients:
    x: { from: [two, m.json] }
    y: { mode: id_only, from: documents }
    z: { from: m.json }
";
    let other_order = "  clients:
    z: { from: [m.json, ./m.json] }
    y: { mode: id_only }
    x: { from: [./m.json, two/two.gql] }
  from: [documents]
  mode: safelist
";
    let expected = digest("order", documents, &format!("{{{a}, {b}}}"));
    assert_eq!(digest("other-order", other_order, &format!("{{{b},\n{a}}}")), expected);
    let more = format!("{{{a}, {b}, \"c\": \"{{ items {{ id }} }}\"}}");
    assert_ne!(digest("more", documents, &more), expected);
}

#[cfg(unix)]
#[test]
fn a_link_to_a_folder_is_not_followed() {
    let policy = format!("{POLICY}documents: {{}}\n");
    let one = ("documents/one.graphql", "query A { items { id } }");
    let folder = with("link", &[("policy.yaml", &policy), one]);
    std::os::unix::fs::symlink("..", folder.join("documents/up")).unwrap();
    let bundle = Bundle::load(&folder, None).unwrap();
    let codes: Vec<Code> = bundle.warnings().iter().map(|one| one.code).collect();
    assert_eq!(codes, [Code::LinkNotFollowed]);
    assert_eq!(bundle.policy().documents().texts().len(), 1);
}

#[test]
fn more_than_the_filter_loads_is_an_error() {
    let policy = format!("{POLICY}documents: {{ from: m.json }}\n");
    let entry = |at: usize| format!("\"{at}\": \"{{ items {{ id }} }}\"");
    let entries: Vec<String> = (0..=TRUSTED_DOCUMENTS).map(entry).collect();
    let manifest = format!("{{{}}}", entries.join(","));
    let folder = with("many", &[("policy.yaml", &policy), ("m.json", &manifest)]);
    let findings = Bundle::load(&folder, None).unwrap_err();
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0].code, Code::Unloadable);
    assert!(findings[0].message.contains("more than 65536 trusted documents"), "{}", findings[0]);
}

/// Fragments that spread one another, far more than a stack could hold, and in a circle.
#[test]
fn long_chains_of_fragments_end() {
    let policy = format!("{POLICY}documents: {{}}\n");
    let mut text = "query A { items { ...F0 } }\n".to_owned();
    for at in 0..20_000 {
        text += &format!("fragment F{at} on Item {{ ...F{} }}\n", (at + 1) % 20_000);
    }
    let folder = with("chain", &[("policy.yaml", &policy), ("documents/a.graphql", &text)]);
    let findings = Bundle::load(&folder, None).unwrap_err();
    assert!(findings.iter().all(|one| one.code == Code::DocumentInvalid), "{findings:#?}");
}
