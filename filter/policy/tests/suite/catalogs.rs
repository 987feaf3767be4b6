//! Catalogs as data: each folder of `catalogs/` with everything that the importer says of it, and
//! the data file if there is one. `UPDATE_EXPECT=1 cargo test` rewrites the expectations.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fieldgate_policy::catalog::{Catalog, Counts};
use fieldgate_policy::diagnostic::{Code, Diagnostic};
use fieldgate_policy::source::SourceFile;
use fieldgate_policy::yaml;

use crate::bundles::describe;

fn outcome(paths: &[PathBuf]) -> String {
    match Catalog::import(paths) {
        Ok(catalog) => {
            let mut text: String = catalog.warnings().iter().map(describe).collect();
            let Counts { files, entities, owned, unowned, not_ownable } = catalog.counts();
            writeln!(text, "{files} files, {entities} entities").unwrap();
            writeln!(text, "{owned} owned, {unowned} unowned, {not_ownable} others").unwrap();
            text + &catalog.to_json()
        }
        Err(findings) => findings.iter().map(describe).collect(),
    }
}

/// Findings name files as they are found, so they are asked for as from anywhere.
fn folders() -> Vec<PathBuf> {
    let entries = Path::new("tests/catalogs").read_dir().unwrap();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    assert!(folders.len() > 12, "the catalogs are not where they should be");
    folders
}

#[test]
fn every_catalog_is_judged_as_expected() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut differing = Vec::new();
    for folder in folders() {
        let found = outcome(std::slice::from_ref(&folder));
        let expected = folder.join("expected.txt");
        if update {
            fs::write(&expected, found).unwrap();
        } else if fs::read_to_string(&expected).unwrap_or_default() != found {
            differing.push(format!("--- {}\n{found}", folder.display()));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn each_fault_is_in_a_catalog_and_follows_the_grammar() {
    let mut codes = BTreeSet::new();
    for folder in folders() {
        let findings = match Catalog::import(&[folder]) {
            Ok(catalog) => catalog.warnings().to_owned(),
            Err(findings) => findings,
        };
        for Diagnostic { code, message, help, .. } in findings {
            codes.insert(code);
            assert!(!message.starts_with(|first: char| first.is_ascii_uppercase()), "{message}");
            for text in [Some(&message), help.as_ref()].into_iter().flatten() {
                assert!(!text.ends_with('.') && !text.contains('\n'), "{code}: {text}");
            }
        }
    }
    let expected = [
        Code::FileEncoding,
        Code::YamlSyntax,
        Code::YamlDuplicateKey,
        Code::YamlNotSupported,
        Code::MissingKey,
        Code::WrongType,
        Code::InvalidName,
        Code::NoEntity,
        Code::InvalidRef,
        Code::OwnerKind,
        Code::OwnerIgnored,
        Code::UnownedEntity,
        Code::DuplicateEntity,
        Code::LocationNotRead,
    ];
    for code in expected {
        assert!(codes.contains(&code), "{code}");
    }
}

#[test]
fn the_example_is_imported_whole() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/backstage/catalog");
    let catalog = Catalog::import(&[folder]).unwrap();
    assert!(catalog.warnings().is_empty(), "{:#?}", catalog.warnings());
    let expected = Counts { files: 8, entities: 82, owned: 54, unowned: 0, not_ownable: 28 };
    assert_eq!(catalog.counts(), expected);
}

/// A folder of this test alone, empty.
fn empty_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn codes(paths: &[PathBuf]) -> Vec<Code> {
    Catalog::import(paths).unwrap_err().into_iter().map(|one| one.code).collect()
}

fn component(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\n{spec}---\n"
    )
}

#[test]
fn a_file_is_read_once_and_the_order_of_paths_is_none() {
    let folder = PathBuf::from("tests/catalogs/shorthand");
    let file = folder.join("catalog-info.yaml");
    let once = outcome(std::slice::from_ref(&folder));
    for paths in [[folder.clone(), file.clone()], [file.clone(), folder], [file.clone(), file]] {
        assert_eq!(outcome(&paths), once);
    }
}

#[test]
fn files_that_are_not_read() {
    let folder = empty_folder("catalog-files");
    assert_eq!(codes(&[folder.join("none.yaml")]), [Code::FileMissing]);
    assert_eq!(codes(std::slice::from_ref(&folder)), [Code::NoEntity]);
    let large = folder.join("large.yaml");
    fs::File::create(&large).unwrap().set_len((16 << 20) + 1).unwrap();
    assert_eq!(codes(&[large]), [Code::FileTooLarge]);
}

/// It could lead back to where it stands.
#[cfg(unix)]
#[test]
fn a_link_to_a_folder_is_told() {
    let folder = empty_folder("catalog-link");
    fs::write(folder.join("a.yaml"), component("a", "spec: { owner: b }\n")).unwrap();
    std::os::unix::fs::symlink(&folder, folder.join("again")).unwrap();
    std::os::unix::fs::symlink("a.yaml", folder.join("other.yaml")).unwrap();
    let catalog = Catalog::import(&[folder]).unwrap();
    let codes: Vec<Code> = catalog.warnings().iter().map(|one| one.code).collect();
    assert_eq!((codes, catalog.counts().files), (vec![Code::LinkNotFollowed], 1));
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_told() {
    let folder = empty_folder("catalog-socket");
    fs::write(folder.join("a.yaml"), component("a", "spec: { owner: b }\n")).unwrap();
    let _listener = std::os::unix::net::UnixListener::bind(folder.join("b.yaml")).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.join("c.yaml")).unwrap();
    let findings = Catalog::import(&[folder]).unwrap_err();
    let said = |text: &str| findings.iter().any(|one| one.message.contains(text));
    assert_eq!(findings.len(), 2, "{findings:#?}");
    assert!(said("b.yaml` is not a regular file") && said("c.yaml` cannot be read"));
}

#[test]
fn two_thousand_entities_in_a_second() {
    let folder = empty_folder("catalog-speed");
    for file in 0..20 {
        let one = |at: u32| {
            let spec =
                if at.is_multiple_of(10) { String::new() } else { format!("  owner: team-{at}\n") };
            component(&format!("service-{file}-{at}"), &format!("spec:\n  type: service\n{spec}"))
        };
        let text: String = (0..100).map(one).collect();
        fs::write(folder.join(format!("{file}.yaml")), text).unwrap();
    }
    let start = Instant::now();
    let catalog = Catalog::import(&[folder]).unwrap();
    let text = catalog.to_json();
    let elapsed = start.elapsed();
    println!("2000 entities are imported in {} ms", elapsed.as_millis());
    let expected = Counts { files: 20, entities: 2000, owned: 1800, unowned: 200, not_ownable: 0 };
    assert_eq!(catalog.counts(), expected);
    assert_eq!(catalog.warnings().len(), 200);
    assert_eq!(text.lines().count(), 2002);
    assert!(elapsed < Duration::from_secs(1), "{elapsed:?}");
}

/// The data file is JSON, and YAML as this library reads it.
#[test]
fn the_data_file_has_one_reading() {
    let catalog = Catalog::import(&[PathBuf::from("tests/catalogs/shorthand")]).unwrap();
    let text = catalog.to_json();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut findings = fieldgate_policy::diagnostic::Findings::default();
    let node = yaml::read(&SourceFile::new("owners.json", text), &mut findings).unwrap();
    assert_eq!((node.to_json(), findings.into_sorted()), (json.clone(), Vec::new()));
    let found: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    let expected: Vec<&str> = catalog.owners().keys().map(|one| one.as_str()).collect();
    assert_eq!(found, expected);
}
