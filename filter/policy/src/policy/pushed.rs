//! `data`: what is pushed with a policy for conditions to look up, by the files that it comes from.

use std::collections::BTreeMap;
use std::path::PathBuf;

use fieldgate_core::policy::data::Data;

use super::names::expect_name;
use crate::catalog::Catalog;
use crate::data::{self, TableSource};
use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::folder::Folder;
use crate::source::Text;
use crate::yaml::shape::{self, Keys};
use crate::yaml::{self, Node};

/// Where data comes from: names inside the bundle.
#[derive(Clone, Debug, Default)]
pub struct DataSource {
    /// Entity files of a Backstage catalog, or a folder of them.
    pub owners: Option<Text>,
    /// Tables by name, each a file with one mapping.
    pub tables: Vec<(Text, Text)>,
}

impl DataSource {
    pub(super) fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let keys = Keys::read(node, &["owners", "tables"], findings)?;
        let owners = keys.optional("owners").and_then(|node| from(node, findings));
        let tables = keys.optional("tables").and_then(|node| shape::mapping(node, findings));
        let mut named = Vec::new();
        for member in tables.unwrap_or_default() {
            expect_name(&member.key, findings);
            let file = from(&member.value, findings);
            named.extend(file.map(|file| (member.key.clone(), file)));
        }
        Some(Self { owners, tables: named })
    }

    /// The data itself; none if there are errors among the findings.
    pub fn load(&self, folder: &Folder, findings: &mut Findings) -> Option<Data> {
        let Self { owners, tables } = self;
        let mut broken = false;
        let catalog = owners.as_ref().and_then(|name| {
            let catalog = read_catalog(name, folder, findings);
            broken |= catalog.is_none();
            catalog
        });
        let mut read = BTreeMap::new();
        for (name, file) in tables {
            let table = read_table(file, folder, findings);
            broken |= table.is_none();
            read.extend(table.map(|table| (name.text.clone(), table)));
        }
        if broken {
            return None;
        }
        match data::build(catalog.as_ref(), &read) {
            Ok(data) => Some(data),
            Err(error) => {
                findings.add(Diagnostic::anywhere(Code::Unloadable, error.to_string()));
                None
            }
        }
    }
}

fn from(node: &Node, findings: &mut Findings) -> Option<Text> {
    let keys = Keys::read(node, &["from"], findings)?;
    shape::string(keys.required("from", findings)?, findings)
}

fn read_catalog(name: &Text, folder: &Folder, findings: &mut Findings) -> Option<Catalog> {
    let path: PathBuf = folder.path(&name.text, Some(&name.place), findings)?;
    if !path.exists() {
        let message = format!("there is no file or folder `{}` in the bundle", name.text);
        findings.add(Diagnostic::error(Code::FileMissing, &name.place, message));
        return None;
    }
    match Catalog::import(&[path]) {
        Ok(catalog) => {
            catalog.warnings().iter().cloned().for_each(|warning| findings.add(warning));
            Some(catalog)
        }
        Err(all) => {
            all.into_iter().for_each(|finding| findings.add(finding));
            None
        }
    }
}

fn read_table(name: &Text, folder: &Folder, findings: &mut Findings) -> Option<TableSource> {
    let file = folder.read(&name.text, Some(&name.place), findings)?;
    let node = yaml::read(&file, findings)?;
    let members = shape::mapping(&node, findings)?;
    Some(members.iter().map(|one| (one.key.text.clone(), one.value.to_json())).collect())
}
