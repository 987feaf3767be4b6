//! What fields and inputs cost, and how long lists are taken to be: `@cost` and `@listSize` of a
//! schema (IBM GraphQL Cost Directives; <https://specs.apollo.dev/cost/v0.1>), resolved for each
//! coordinate where they differ from what its type costs by itself.

use super::schema::{FieldDef, FieldId, InputDef, InputId, Schema, TypeKind, TypeRef};

/// The costs of a schema's coordinates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Costs {
    /// How many items a list has of which nothing is said.
    pub list_size: u32,
    /// Fields that cost something else than others of their type, sorted.
    pub fields: Vec<(FieldId, u32)>,
    /// The same for arguments and input fields.
    pub inputs: Vec<(InputId, u32)>,
    /// The lists of which something is said, sorted: of a field, or of fields below it.
    pub lists: Vec<(FieldId, ListSize)>,
}

/// How many items a list has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListSize {
    /// So many, where no argument says.
    pub assumed: u32,
    /// No fewer than so many, whatever arguments say.
    pub least: u32,
    /// The arguments that say, each as a path into it; the largest number counts.
    pub slicing: Vec<Vec<Box<str>>>,
    /// The fields of what is returned that are the list, sorted; none if the field is it.
    pub sized: Vec<Box<str>>,
}

impl Costs {
    /// What each thing that a field returns costs: 1 if it is composite and 0 if not, unless the
    /// schema says otherwise.
    #[must_use]
    pub fn of_field(&self, id: FieldId, field: &FieldDef<'_>, schema: &Schema) -> u32 {
        let own = self.fields.binary_search_by_key(&id, |(id, _)| *id).ok();
        let own = own.and_then(|at| self.fields.get(at)).map(|(_, weight)| *weight);
        own.unwrap_or_else(|| weight_of(field.returns, schema))
    }

    /// What an argument or an input field costs where it is given: 1 for an input object and 0 for
    /// what is none, unless the schema says otherwise.
    #[must_use]
    pub fn of_input(&self, id: InputId, input: &InputDef<'_>, schema: &Schema) -> u32 {
        let own = self.inputs.binary_search_by_key(&id, |(id, _)| *id).ok();
        let own = own.and_then(|at| self.inputs.get(at)).map(|(_, weight)| *weight);
        own.unwrap_or_else(|| weight_of(input.ty, schema))
    }

    /// What is said of the lists of a field, if anything.
    #[must_use]
    pub fn list(&self, id: FieldId) -> Option<&ListSize> {
        let at = self.lists.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.lists.get(at).map(|(_, size)| size)
    }

    /// Whether everything is sorted, and of this schema.
    pub(super) fn fit(&self, schema: &Schema) -> bool {
        let Self { list_size: _, fields, inputs, lists } = self;
        let known = |id: &FieldId| schema.field_def(*id).is_some();
        let sized = |size: &ListSize| size.sized.is_sorted_by(|one, next| one < next);
        fields.is_sorted_by(|(one, _), (next, _)| one < next)
            && inputs.is_sorted_by(|(one, _), (next, _)| one < next)
            && lists.is_sorted_by(|(one, _), (next, _)| one < next)
            && fields.iter().all(|(id, _)| known(id))
            && inputs.iter().all(|(id, _)| schema.has_input(*id))
            && lists.iter().all(|(id, size)| known(id) && sized(size))
    }
}

impl ListSize {
    /// Whether it is about that field of what is returned.
    #[must_use]
    pub fn sizes(&self, field: &str) -> bool {
        self.sized.binary_search_by(|one| one.as_ref().cmp(field)).is_ok()
    }
}

/// What anything of a type costs by itself.
#[must_use]
pub fn weight_of(ty: TypeRef, schema: &Schema) -> u32 {
    match schema.kind(ty.named) {
        Some(TypeKind::Scalar | TypeKind::Enum) => 0,
        Some(
            TypeKind::Object
            | TypeKind::Interface
            | TypeKind::Union
            | TypeKind::Input
            | TypeKind::OneOf,
        )
        | None => 1,
    }
}
