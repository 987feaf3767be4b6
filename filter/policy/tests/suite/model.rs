//! The rules of the policy language, read off its description as plainly as it is written: slow,
//! without tables, one principal and one field at a time. What lowering is compared with.

use std::collections::BTreeSet;

/// A schema and rules over it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    pub(crate) types: Vec<ModelType>,
    pub(crate) rules: Vec<ModelRule>,
}

/// An object type or an interface.
#[derive(Clone, Debug)]
pub(crate) struct ModelType {
    pub(crate) name: String,
    pub(crate) is_interface: bool,
    pub(crate) fields: BTreeSet<String>,
    pub(crate) implements: BTreeSet<String>,
}

/// A rule; `None` in a pattern is `*`.
#[derive(Clone, Debug)]
pub(crate) struct ModelRule {
    pub(crate) id: String,
    pub(crate) patterns: Vec<(Option<String>, Option<String>)>,
    pub(crate) denies: bool,
    pub(crate) roles: BTreeSet<String>,
}

/// The answer for one field and one principal, with the rules that speak for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Granted,
    Forbidden(BTreeSet<String>),
    NotGranted(BTreeSet<String>),
}

impl Model {
    pub(crate) fn answer(&self, parent: &str, field: &str, roles: &BTreeSet<String>) -> Answer {
        let sources = self.sources(parent, field);
        let mut forbidding = BTreeSet::new();
        for rule in self.rules.iter().filter(|rule| rule.denies) {
            let matches = sources.iter().any(|source| {
                let fits = |(of, name): &(Option<String>, Option<String>)| {
                    of.as_ref().is_none_or(|of| of == source)
                        && name.as_ref().is_none_or(|name| name == field)
                };
                rule.patterns.iter().any(fits)
            });
            if matches && !rule.roles.is_disjoint(roles) {
                forbidding.insert(rule.id.clone());
            }
        }
        if !forbidding.is_empty() {
            return Answer::Forbidden(forbidding);
        }

        let mut clauses: Vec<Vec<&ModelRule>> = Vec::new();
        for source in &sources {
            let exact = self.allowing(Some(source), Some(field));
            let whole = self.allowing(Some(source), None);
            if !exact.is_empty() {
                clauses.push(exact);
            } else if !whole.is_empty() {
                clauses.push(whole);
            }
        }
        if clauses.is_empty() {
            let name = self.allowing(None, Some(field));
            let all = self.allowing(None, None);
            if !name.is_empty() {
                clauses.push(name);
            } else if !all.is_empty() {
                clauses.push(all);
            }
        }
        let mut missing = BTreeSet::new();
        let mut granted = !clauses.is_empty();
        for clause in clauses {
            if clause.iter().all(|rule| rule.roles.is_disjoint(roles)) {
                granted = false;
                missing.extend(clause.iter().map(|rule| rule.id.clone()));
            }
        }
        if granted { Answer::Granted } else { Answer::NotGranted(missing) }
    }

    /// The type itself and, of an object type, its interfaces that declare the field.
    fn sources(&self, parent: &str, field: &str) -> Vec<String> {
        let of = self.types.iter().find(|of| of.name == parent).unwrap();
        let mut sources = vec![of.name.clone()];
        if !of.is_interface {
            for interface in self.types.iter().filter(|other| of.implements.contains(&other.name)) {
                if interface.fields.contains(field) {
                    sources.push(interface.name.clone());
                }
            }
        }
        sources
    }

    /// The allow rules with exactly this pattern.
    fn allowing(&self, parent: Option<&str>, field: Option<&str>) -> Vec<&ModelRule> {
        let pattern = (parent.map(str::to_owned), field.map(str::to_owned));
        let rules = self.rules.iter().filter(|rule| !rule.denies);
        rules.filter(|rule| rule.patterns.contains(&pattern)).collect()
    }

    pub(crate) fn sdl(&self) -> String {
        let mut text = String::new();
        for ModelType { name, is_interface, fields, implements } in &self.types {
            let keyword = if *is_interface { "interface" } else { "type" };
            let of: Vec<&str> = implements.iter().map(String::as_str).collect();
            let of = if of.is_empty() {
                String::new()
            } else {
                format!(" implements {}", of.join(" & "))
            };
            let fields: Vec<String> = fields.iter().map(|field| format!("{field}: ID")).collect();
            text += &format!("{keyword} {name}{of} {{ {} }}\n", fields.join(" "));
        }
        text
    }

    pub(crate) fn yaml(&self) -> String {
        let mut text = "version: 1\nname: random\nroles:\n".to_owned();
        for role in ["x", "y", "z"] {
            text += &format!("  {role}: {{ groups: [{role}-group] }}\n");
        }
        text += if self.rules.is_empty() { "rules: []\n" } else { "rules:\n" };
        let star = |part: &Option<String>| part.clone().unwrap_or_else(|| "*".to_owned());
        for ModelRule { id, patterns, denies, roles } in &self.rules {
            let patterns: Vec<String> = patterns
                .iter()
                .map(|(of, field)| format!("'{}.{}'", star(of), star(field)))
                .collect();
            let effect = if *denies { "deny" } else { "allow" };
            let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
            let (fields, roles) = (patterns.join(", "), roles.join(", "));
            text += &format!("  - {{ id: {id}, fields: [{fields}], {effect}: [{roles}] }}\n");
        }
        text
    }
}
