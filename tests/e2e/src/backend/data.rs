//! A bundle's catalog files and plugin data -> the [`World`] that the backend answers from:
//! objects by reference, each with the properties that the schema's fields are named after.
//!
//! Knows Backstage's entity format and nothing of the schema. A string stands for the object of
//! that reference wherever the schema has an object.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

/// What the backend knows.
#[derive(Debug, Default)]
pub struct World {
    nodes: BTreeMap<String, Value>,
    /// Answers of root fields, by name.
    roots: Map<String, Value>,
    /// Whether to invent what is not known.
    pub inventive: bool,
}

impl World {
    /// A world that knows nothing and invents an answer of the right shape to everything.
    #[must_use]
    pub fn invented() -> Self {
        Self { inventive: true, ..Self::default() }
    }

    /// Reads `catalog/*.yaml` and `data/plugins.yaml` of a bundle; an invented world if it has
    /// neither.
    ///
    /// # Errors
    /// A file is not readable as YAML.
    pub fn load(bundle: &Path) -> Result<Self> {
        let catalog = bundle.join("catalog");
        if !catalog.is_dir() {
            return Ok(Self::invented());
        }
        let mut world = Self::default();
        let mut files: Vec<_> =
            fs::read_dir(&catalog)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
        files.sort();
        for file in files {
            let documents: Vec<Value> = serde_saphyr::from_multiple(&fs::read_to_string(&file)?)
                .with_context(|| format!("{}", file.display()))?;
            for document in &documents {
                world.add_entity(document);
            }
        }
        world.link();
        let plugins = bundle.join("data/plugins.yaml");
        if plugins.is_file() {
            let plugins: Map<String, Value> =
                serde_saphyr::from_str(&fs::read_to_string(&plugins)?)
                    .with_context(|| format!("{}", plugins.display()))?;
            world.merge_plugins(plugins);
        }
        Ok(world)
    }

    /// The object of a reference.
    #[must_use]
    pub fn node(&self, reference: &str) -> Option<&Value> {
        self.nodes.get(&reference.to_lowercase()).or_else(|| self.nodes.get(reference))
    }

    /// All objects of the given types, in the order of their references.
    pub fn nodes_of(&self, types: &[String]) -> impl Iterator<Item = &Value> {
        self.nodes.values().filter(|node| types.iter().any(|known| node["__typename"] == **known))
    }

    /// What a root field answers, if that is written down.
    #[must_use]
    pub fn root(&self, field: &str) -> Option<&Value> {
        self.roots.get(field)
    }

    fn add_entity(&mut self, document: &Value) {
        let (metadata, spec) = (&document["metadata"], &document["spec"]);
        let kind = document["kind"].as_str().expect("an entity has a kind");
        let name = metadata["name"].as_str().expect("an entity has a name");
        let namespace = metadata["namespace"].as_str().unwrap_or("default");
        let key = format!("{kind}:{namespace}/{name}").to_lowercase();
        let annotations = metadata["annotations"].as_object();
        let annotated = |ending: &str| {
            let mut all = annotations.iter().flat_map(|all| all.iter());
            all.find(|(name, _)| name.ends_with(ending)).map_or(Value::Null, |(_, v)| v.clone())
        };
        let mut node = json!({
            "__typename": kind, "id": key, "ref": key, "kind": kind,
            "name": name, "namespace": namespace,
            "tags": [], "links": [],
            "createdAt": annotated("/created-at"), "updatedAt": annotated("/updated-at"),
            "sourceLocation": annotated("/source-location"),
        });
        let members = node.as_object_mut().expect("an object");
        for part in [metadata, spec, &spec["profile"]] {
            members.extend(part.as_object().cloned().unwrap_or_default());
        }
        members.remove("profile");
        // A reference may leave out the kind that its place implies, and the namespace.
        for (field, kind) in [
            ("owner", "group"),
            ("system", "system"),
            ("domain", "domain"),
            ("subcomponentOf", "component"),
            ("parent", "group"),
            ("children", "group"),
            ("memberOf", "group"),
            ("members", "user"),
            ("dependsOn", "component"),
            ("providesApis", "api"),
            ("consumesApis", "api"),
        ] {
            match members.get_mut(field) {
                Some(Value::String(one)) => *one = whole(one, kind),
                Some(Value::Array(all)) => {
                    for one in all.iter_mut() {
                        *one = json!(whole(one.as_str().unwrap_or_default(), kind));
                    }
                }
                _ => {}
            }
        }
        if let Some(apis) = members.remove("providesApis") {
            members.insert("apis".to_owned(), apis);
        }
        if kind == "Group" {
            let parent = members.get("parent").cloned().unwrap_or_default();
            members.insert("owner".to_owned(), parent);
        }
        self.nodes.insert(key, node);
    }

    /// Writes each relation on its other end too, and all of them into `relations`.
    fn link(&mut self) {
        let forward: [(&str, &str, &str, &str); 9] = [
            ("owner", "ownerOf", "ownedBy", "ownerOf"),
            ("dependsOn", "dependencyOf", "dependsOn", "dependencyOf"),
            ("apis", "providers", "providesApi", "apiProvidedBy"),
            ("consumesApis", "consumers", "consumesApi", "apiConsumedBy"),
            ("system", "", "partOf", "hasPart"),
            ("domain", "systems", "partOf", "hasPart"),
            ("subcomponentOf", "", "partOf", "hasPart"),
            ("memberOf", "members", "memberOf", "hasMember"),
            ("children", "", "parentOf", "childOf"),
        ];
        let mut edges: Vec<(String, String, String, &str, &str)> = Vec::new();
        for (key, node) in &self.nodes {
            for (field, reverse, name, back) in forward {
                if field == "owner" && node["__typename"] == "Group" {
                    continue;
                }
                let reverse = match (field, node["__typename"].as_str().unwrap_or_default()) {
                    // A system of components has its APIs and resources apart.
                    ("system", "API") => "apis",
                    ("system", "Resource") => "resources",
                    ("system", _) => "components",
                    _ => reverse,
                };
                for target in references(&node[field]) {
                    edges.push((key.clone(), target, reverse.to_owned(), name, back));
                }
            }
        }
        for (key, target, reverse, name, back) in edges {
            if !reverse.is_empty() {
                self.push(&target, &reverse, json!(key));
            }
            self.push(
                &target,
                "relations",
                json!({ "type": back, "targetRef": key, "target": key }),
            );
            self.push(
                &key,
                "relations",
                json!({ "type": name, "targetRef": target, "target": target }),
            );
        }
        for node in self.nodes.values_mut().filter(|node| node["__typename"] == "User") {
            let short = |whole: String| whole.rsplit('/').next().unwrap_or_default().to_owned();
            let groups: Vec<_> = references(&node["memberOf"]).into_iter().map(short).collect();
            node["groups"] = json!(groups);
        }
    }

    /// Adds to a list of a node, unless it is there.
    fn push(&mut self, key: &str, field: &str, value: Value) {
        let Some(node) = self.nodes.get_mut(key) else { return };
        let list = node.as_object_mut().expect("an object").entry(field).or_insert(json!([]));
        if let Value::Array(all) = list
            && !all.contains(&value)
        {
            all.push(value);
        }
    }

    /// Merges what plugins know: properties of nodes by reference, further nodes, and answers of
    /// root fields.
    fn merge_plugins(&mut self, plugins: Map<String, Value>) {
        for (section, content) in plugins {
            let Value::Object(content) = content else { continue };
            if section == "query" {
                self.roots = content;
                continue;
            }
            for (key, members) in content {
                self.index(&members);
                let node = self.nodes.entry(key).or_insert_with(|| json!({}));
                if let (Value::Object(node), Value::Object(members)) = (node, members) {
                    node.extend(members);
                }
            }
        }
    }

    /// Objects with an `id` inside plugin data can be referred to as well.
    fn index(&mut self, value: &Value) {
        match value {
            Value::Array(all) => all.iter().for_each(|one| self.index(one)),
            Value::Object(members) => {
                for (field, inner) in members {
                    self.index(inner);
                    for one in inner.as_array().into_iter().flatten() {
                        if let Some(id) = one["id"].as_str() {
                            let mut one = one.clone();
                            if one["__typename"].is_null() {
                                one["__typename"] = json!(singular(field));
                            }
                            self.nodes.entry(id.to_owned()).or_insert(one);
                        }
                    }
                }
            }
            _ => {}
        }
    }
}

/// `ciRuns` -> `CiRun`, `vulnerabilities` -> `Vulnerability`: the type of a plugin list's entries.
fn singular(field: &str) -> String {
    let stem = match field.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => field.strip_suffix('s').unwrap_or(field).to_owned(),
    };
    let (first, rest) = stem.split_at(1);
    first.to_uppercase() + rest
}

fn whole(reference: &str, kind: &str) -> String {
    let (kind, rest) = reference.split_once(':').unwrap_or((kind, reference));
    let (namespace, name) = rest.split_once('/').unwrap_or(("default", rest));
    format!("{kind}:{namespace}/{name}").to_lowercase()
}

fn references(value: &Value) -> Vec<String> {
    match value {
        Value::String(one) => vec![one.clone()],
        Value::Array(all) => all.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}
