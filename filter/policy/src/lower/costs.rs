//! What the schema says of costs -> what each coordinate costs.

use std::collections::BTreeMap;

use fieldgate_core::policy::cost::{Costs, ListSize, weight_of};
use fieldgate_core::policy::schema::{
    FieldId, InputDef, InputId, Schema, TypeDef, TypeId, TypeKind, TypeRef,
};

use crate::policy::CostSource;
use crate::schema::SchemaSource;
use crate::schema::document::{self, Document, Marks};

/// What differs from what types cost by themselves.
pub(super) fn costs(source: CostSource, schema: &SchemaSource) -> Costs {
    let SchemaSource { schema, document } = schema;
    let all = All { schema, document, list_size: source.list_size };
    let mut weights = BTreeMap::new();
    let mut lists = BTreeMap::new();
    // Objects before the interfaces that say nothing of their own.
    for interfaces in [false, true] {
        let is_turn = |def: &TypeDef<'_>| (def.kind == TypeKind::Interface) == interfaces;
        for (_, def) in schema.types().filter(|(_, def)| is_turn(def)) {
            for id in def.fields() {
                let weight = all.field(id, &def, &weights);
                weights.insert(id, weight);
                let size = all.list(id, &def, &lists);
                lists.extend(size.map(|size| (id, size)));
            }
        }
    }
    let of_type =
        |id: FieldId| schema.field_def(id).map_or(1, |def| weight_of(def.returns, schema));
    weights.retain(|id, weight| *weight != of_type(*id));
    Costs {
        list_size: source.list_size,
        fields: weights.into_iter().collect(),
        inputs: all.inputs(),
        lists: lists.into_iter().collect(),
    }
}

struct All<'a> {
    schema: &'a Schema,
    document: &'a Document,
    list_size: u32,
}

impl All<'_> {
    /// Its own, or else that of its type; an interface's field costs what the dearest of its objects'
    /// does.
    fn field(&self, id: FieldId, of: &TypeDef<'_>, known: &BTreeMap<FieldId, u32>) -> u32 {
        let Some(field) = self.schema.field_def(id) else { return 1 };
        let marks = self.document.marks_of_field(of.name, field.name);
        let own = marks.and_then(weight);
        let dearest = self.implementing(id, of).filter_map(|id| known.get(&id)).max();
        own.unwrap_or_else(|| {
            let returned = self.of_type(field.returns);
            dearest.map_or(returned, |dearest| returned.max(*dearest))
        })
    }

    fn list(
        &self,
        id: FieldId,
        of: &TypeDef<'_>,
        known: &BTreeMap<FieldId, ListSize>,
    ) -> Option<ListSize> {
        let field = self.schema.field_def(id)?;
        let marks = self.document.marks_of_field(of.name, field.name);
        let own = marks.and_then(|marks| marks.list_size.as_ref());
        let own = own.map(|size| self.size(size));
        own.or_else(|| self.longest(self.implementing(id, of).map(|id| known.get(&id))))
    }

    /// What is said of any of these lists, so that none is longer; none if nothing is.
    fn longest<'s>(&self, sizes: impl Iterator<Item = Option<&'s ListSize>>) -> Option<ListSize> {
        let sizes: Vec<Option<&ListSize>> = sizes.collect();
        let first = sizes.iter().flatten().next()?;
        if sizes.iter().all(|size| *size == Some(first)) {
            return Some(ListSize::clone(first));
        }
        let sizes_alike =
            |size: &Option<&ListSize>| size.is_some_and(|size| size.sized == first.sized);
        let least = if sizes.iter().all(sizes_alike) { 0 } else { self.list_size };
        let mut all = ListSize { assumed: least, least, slicing: Vec::new(), sized: Vec::new() };
        for size in sizes.iter().flatten() {
            all.slicing.extend_from_slice(&size.slicing);
            all.sized.extend_from_slice(&size.sized);
        }
        all.slicing.sort_unstable();
        all.slicing.dedup();
        all.sized.sort_unstable();
        all.sized.dedup();
        for size in sizes.iter().flatten() {
            all.assumed = all.assumed.max(size.assumed);
            // An argument speaks for the objects that name it: others are as long as they are.
            if !all.slicing.iter().all(|path| size.slicing.contains(path)) {
                all.least = all.least.max(size.assumed);
            }
        }
        Some(all)
    }

    /// The field on each of the objects that an interface can be.
    fn implementing(&self, id: FieldId, of: &TypeDef<'_>) -> impl Iterator<Item = FieldId> {
        let name = self.schema.field_def(id).map_or("", |field| field.name);
        let objects = if of.kind == TypeKind::Interface { of.possible } else { &[] };
        let field = |object: &TypeId| self.schema.field_named(*object, name);
        objects.iter().filter_map(field).collect::<Vec<FieldId>>().into_iter()
    }

    fn size(&self, size: &document::ListSize) -> ListSize {
        let path = |path: &str| path.split('.').map(Box::from).collect();
        let mut sized: Vec<Box<str>> =
            size.sized_fields.iter().map(|name| name.text.as_str().into()).collect();
        sized.sort_unstable();
        sized.dedup();
        ListSize {
            assumed: size
                .assumed_size
                .and_then(|size| u32::try_from(size).ok())
                .unwrap_or(self.list_size),
            least: 0,
            slicing: size.slicing_arguments.iter().map(|one| path(&one.text)).collect(),
            sized,
        }
    }

    /// What anything of a type costs; of an abstract one what the dearest of its objects does.
    fn of_type(&self, ty: TypeRef) -> u32 {
        let Some(def) = self.schema.type_def(ty.named) else { return 1 };
        let own = |name: &str| self.document.marks_of_type(name).and_then(weight);
        let by_itself = weight_of(ty, self.schema);
        let objects = || {
            let objects = def.possible.iter().filter_map(|id| self.schema.type_def(*id));
            objects.map(|object| own(object.name).unwrap_or(by_itself)).max()
        };
        own(def.name).or_else(objects).unwrap_or(by_itself)
    }

    /// An argument's own, or else that of its type; an interface's costs what the dearest of its
    /// objects' does.
    fn argument(&self, id: FieldId, of: &TypeDef<'_>, input: &InputDef<'_>) -> Option<u32> {
        let own = |id: FieldId| {
            let (object, field) = (self.schema.parent(id)?, self.schema.field_def(id)?);
            let object = self.schema.type_def(object)?;
            let marks = self.document.marks_of_argument(object.name, field.name, input.name);
            marks.and_then(weight)
        };
        own(id).or_else(|| {
            let dearest = self.implementing(id, of).filter_map(own).max()?;
            Some(dearest.max(self.of_type(input.ty)))
        })
    }

    fn inputs(&self) -> Vec<(InputId, u32)> {
        let mut found = Vec::new();
        let mut note = |id, input: &InputDef<'_>, own: Option<u32>| {
            let weight = own.unwrap_or_else(|| self.of_type(input.ty));
            if weight != weight_of(input.ty, self.schema) {
                found.push((id, weight));
            }
        };
        for (id, def) in self.schema.types() {
            for field in def.fields() {
                let Some(own) = self.schema.field_def(field) else { continue };
                for input in self.schema.arguments(&own) {
                    let weight = self.argument(field, &def, &input);
                    note(InputId::Argument(field, input.at), &input, weight);
                }
            }
            for input in self.schema.members(&def) {
                let marks = self.document.marks_of_input(def.name, input.name);
                note(InputId::Member(id, input.at), &input, marks.and_then(weight));
            }
        }
        found.sort_unstable();
        found
    }
}

fn weight(marks: &Marks) -> Option<u32> {
    marks.cost.as_ref().and_then(|cost| u32::try_from(cost.weight).ok())
}
