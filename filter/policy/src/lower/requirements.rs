//! What the schema's directives and `types` ask for, whatever rules say.
//!
//! A field has those of itself, of its parent type and of the type that it returns, and so has what
//! it implements. They are ANDed one by one, each an OR of ANDs: their product is never built, as it
//! says the same in more words.

use std::collections::{BTreeMap, BTreeSet};

use fieldgate_core::policy::rules::{Caller, Need, Requirement, RoleSet, RuleId, ScopeId};
use fieldgate_core::policy::schema::{FieldId, InputId, TypeId};

use super::RoleNames;
use super::coordinates::{Coordinate, fields_of};
use crate::diagnostic::Findings;
use crate::policy::PolicySource;
use crate::schema::SchemaSource;
use crate::schema::document::{Alternatives, Document, Marks};
use crate::source::Text;

/// Adds a finding for each role that a `@policy` names and the policy does not declare.
pub(super) fn check(source: &PolicySource, document: &Document, findings: &mut Findings) {
    let all = document.types.values().flat_map(|of| {
        std::iter::once(&of.marks).chain(of.fields.iter().map(|field| &field.marks))
    });
    for policies in all.filter_map(|marks| marks.policies.as_ref()) {
        for role in policies.any.iter().flatten() {
            source.expect_role(role, findings);
        }
    }
}

pub(super) struct Requirements {
    names: Vec<String>,
    scopes: Vec<String>,
    types: BTreeMap<TypeId, Vec<Requirement>>,
    /// Those of fields themselves.
    fields: BTreeMap<FieldId, Vec<Requirement>>,
    /// The parent of each field, and what it returns.
    ends: BTreeMap<FieldId, [TypeId; 2]>,
}

impl Requirements {
    /// Rule ids from `first` on are theirs.
    pub(super) fn new(
        source: &PolicySource,
        schema: &SchemaSource,
        roles: &RoleNames,
        first: usize,
    ) -> Self {
        let SchemaSource { schema, document } = schema;
        let all = document.types.values().flat_map(|of| {
            std::iter::once(&of.marks).chain(of.fields.iter().map(|field| &field.marks))
        });
        let scopes: BTreeSet<&str> = all
            .filter_map(|marks| marks.scopes.as_ref())
            .flat_map(|scopes| scopes.any.iter().flatten().map(|scope| scope.text.as_str()))
            .collect();
        let mut reading = Reading {
            first,
            names: Vec::new(),
            roles,
            scopes: scopes.iter().copied().zip((0..).map(ScopeId)).collect(),
        };
        let (mut types, mut fields, mut ends) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (id, def) in schema.types() {
            let marks = document.marks_of_type(def.name);
            let mut requirements = reading.of(marks, def.name);
            let reach = source.types.iter().filter(|of| of.name.text == def.name);
            requirements.extend(reach.map(|of| reading.reach(def.name, &of.reach)));
            types.insert(id, requirements);
            for (field, field_def) in fields_of(schema, &def) {
                let marks = document.marks_of_field(def.name, field_def.name);
                let requirements = reading.of(marks, &schema.coordinate(field));
                fields.insert(field, requirements);
                ends.insert(field, [id, field_def.returns.named]);
            }
        }
        let names = reading.names;
        let scopes = scopes.into_iter().map(str::to_owned).collect();
        Self { names, scopes, types, fields, ends }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    pub(super) fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scopes.iter().map(String::as_str)
    }

    /// Of reaching a type.
    pub(super) fn of_type(&self, of: TypeId) -> Vec<Requirement> {
        self.types.get(&of).cloned().unwrap_or_default()
    }

    /// Of a field that is one of these.
    pub(super) fn of_field(&self, field: Coordinate, sources: &[Coordinate]) -> Vec<Requirement> {
        let mut all = BTreeSet::new();
        for source in sources.iter().chain([&field]) {
            let id = match source {
                Coordinate::Field(id) | Coordinate::Input(InputId::Argument(id, _)) => *id,
                Coordinate::Input(InputId::Member(..) | InputId::Value(..)) => continue,
            };
            all.extend(self.fields.get(&id).into_iter().flatten().cloned());
            for end in self.ends.get(&id).into_iter().flatten() {
                all.extend(self.types.get(end).into_iter().flatten().cloned());
            }
        }
        all.into_iter().collect()
    }
}

struct Reading<'a> {
    first: usize,
    names: Vec<String>,
    roles: &'a RoleNames,
    scopes: BTreeMap<&'a str, ScopeId>,
}

impl Reading<'_> {
    fn of(&mut self, marks: Option<&Marks>, coordinate: &str) -> Vec<Requirement> {
        let Some(Marks { authenticated, scopes, policies, .. }) = marks else { return Vec::new() };
        let mut requirements = Vec::new();
        let verified = |scopes| Need { roles: RoleSet::EMPTY, scopes, caller: Caller::Verified };
        if authenticated.is_some() {
            let rule = self.name(format!("@authenticated {coordinate}"));
            requirements.push(Requirement { rule, any: vec![verified(Vec::new())] });
        }
        if let Some(Alternatives { any, .. }) = scopes {
            let rule = self.name(format!("@requiresScopes {coordinate}"));
            let ids = |list: &Vec<Text>| -> Vec<ScopeId> {
                list.iter().filter_map(|one| self.scopes.get(one.text.as_str()).copied()).collect()
            };
            let any = any.iter().map(|list| verified(ids(list))).collect();
            requirements.push(Requirement { rule, any });
        }
        if let Some(Alternatives { any, .. }) = policies {
            let rule = self.name(format!("@policy {coordinate}"));
            let need = |list: &Vec<Text>| Need {
                roles: self.roles.set(list),
                scopes: Vec::new(),
                caller: Caller::Anyone,
            };
            requirements.push(Requirement { rule, any: any.iter().map(need).collect() });
        }
        requirements
    }

    fn reach(&mut self, of: &str, roles: &[Text]) -> Requirement {
        let rule = self.name(format!("types.{of}.reach"));
        let need = |role: &Text| Need {
            roles: self.roles.set(std::slice::from_ref(role)),
            scopes: Vec::new(),
            caller: Caller::Anyone,
        };
        Requirement { rule, any: roles.iter().map(need).collect() }
    }

    fn name(&mut self, name: String) -> RuleId {
        let at = self.first + self.names.len();
        self.names.push(name);
        RuleId(u32::try_from(at).unwrap_or(u32::MAX))
    }
}
