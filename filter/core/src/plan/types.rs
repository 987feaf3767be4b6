//! The side of the walk that asks the schema: on which type it stands, which object types are still
//! possible there, and what a field or a type condition leads to.
//!
//! It never ends the walk. What the schema does not have comes back as a reason, is noted as a use
//! that nobody is granted, and what is below is walked without a schema: so the answer to a request
//! never depends on whether something that the caller may not see exists.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::ConditionId;
use crate::denial::Reason;
use crate::document::Field;
use crate::limits::{CONCRETE_TYPES, CONDITIONAL_TYPES};
use crate::policy::schema::{FieldDef, FieldId, Schema, TypeDef, TypeId};

/// Where the walk stands in the schema.
#[derive(Clone, Debug)]
pub(super) struct Ground<'s> {
    /// The type that the enclosing field or type condition names: what validation looks at.
    pub(super) parent: TypeId,
    /// The object types that are still possible, sorted, at least one: what is decided. Borrowed
    /// where they are all that `parent` can be.
    possible: Cow<'s, [TypeId]>,
}

impl Ground<'_> {
    /// The object types that are still possible.
    pub(super) fn objects(&self) -> &[TypeId] {
        &self.possible
    }
}

/// What a field leads to.
#[derive(Debug)]
pub(super) struct Found<'s> {
    /// The field on the parent type: the same for every request that asks for it there.
    pub(super) on_parent: FieldId,
    /// Its definition there, by which it is validated.
    pub(super) definition: FieldDef<'s>,
    /// The field on each object type still possible.
    pub(super) on_objects: Vec<FieldId>,
    /// Whether those are all the object types that the parent can be.
    pub(super) whole: bool,
    /// Where its selections stand; none below a leaf.
    pub(super) below: Option<Ground<'s>>,
}

/// A schema being asked by one walk, which may look at [`CONCRETE_TYPES`] object types, and in each
/// conditional selection at [`CONDITIONAL_TYPES`]. What is known already costs the same again, so
/// that no selection makes another one cheaper or dearer.
pub(super) struct Types<'s> {
    schema: &'s Schema,
    looked_at: BTreeMap<Option<ConditionId>, u32>,
    /// Where the selections of a field stand, for fields asked on all that their parent can be.
    below_whole: BTreeMap<FieldId, Ground<'s>>,
}

impl<'s> Types<'s> {
    pub(super) fn new(schema: &'s Schema) -> Self {
        Self { schema, looked_at: BTreeMap::new(), below_whole: BTreeMap::new() }
    }

    /// The ground of a root type.
    pub(super) fn root(&self, root: TypeId) -> Option<Ground<'s>> {
        whole(root, &self.schema.type_def(root)?)
    }

    /// The ground inside a type condition (spec 5.5.1.2, 5.5.1.3, 5.5.2.3).
    ///
    /// Whether it can be met is judged on the enclosing type, as the specification has it. Where
    /// earlier conditions have left nothing in common the inside is valid and never executed; it is
    /// decided as if it were, so that no text goes upstream that the caller may not ask for.
    pub(super) fn narrow(
        &mut self,
        ground: &Ground<'s>,
        on: &str,
        condition: Option<ConditionId>,
    ) -> Result<Ground<'s>, Reason> {
        let id = self.schema.type_named(on).ok_or(Reason::UnknownType)?;
        let target = self.schema.type_def(id).ok_or(Reason::UnknownType)?;
        let target_whole = whole(id, &target).ok_or(Reason::UnknownType)?;
        let parent = self.schema.type_def(ground.parent).ok_or(Reason::UnknownType)?;
        let types = ground.possible.len().saturating_add(parent.possible.len());
        self.look_at(types, condition)?;
        let meets = |object: &TypeId| target.possible.binary_search(object).is_ok();
        if !parent.possible.iter().any(meets) {
            return Err(Reason::FragmentImpossible);
        }
        let possible: Vec<TypeId> = ground.possible.iter().copied().filter(meets).collect();
        if possible.is_empty() || possible.len() == target.possible.len() {
            return Ok(target_whole);
        }
        Ok(Ground { parent: id, possible: Cow::Owned(possible) })
    }

    /// What a field of the ground leads to. `__typename` is not asked for here.
    pub(super) fn field(
        &mut self,
        ground: &Ground<'s>,
        field: &Field<'_>,
        condition: Option<ConditionId>,
    ) -> Result<Found<'s>, Reason> {
        let name = field.name.text;
        // Spec 4.2: the meta-fields of introspection are fields of the query root alone.
        if matches!(name, "__schema" | "__type") && ground.parent == self.schema.query() {
            return Err(Reason::IntrospectionDisabled);
        }
        let name = self.schema.name(name).ok_or(Reason::UnknownField)?;
        let on_parent = self.schema.field(ground.parent, name).ok_or(Reason::UnknownField)?;
        let definition = self.definition(on_parent)?;
        let takes = |name: &str| self.schema.argument(&definition, name).is_some();
        if !field.arguments.iter().all(|argument| takes(argument.name.text)) {
            return Err(Reason::UnknownArgument);
        }
        let returned = definition.returns.named;
        let is_leaf = self.schema.type_def(returned).ok_or(Reason::UnknownField)?.kind.is_leaf();
        if is_leaf != field.selection_set.is_none() {
            return Err(Reason::SelectionInvalid);
        }
        self.look_at(ground.possible.len(), condition)?;
        let on_object = |object: &TypeId| self.schema.field(*object, name);
        let on_objects: Option<Vec<FieldId>> = ground.possible.iter().map(on_object).collect();
        let on_objects = on_objects.ok_or(Reason::UnknownField)?;
        let whole = matches!(ground.possible, Cow::Borrowed(_));
        let below = match (is_leaf, whole, self.below_whole.get(&on_parent)) {
            (true, _, _) => None,
            (false, true, Some(known)) => Some(known.clone()),
            (false, _, _) => Some(self.below(returned, &on_objects)?),
        };
        if let Some(below) = &below {
            if let Cow::Owned(gathered) = &below.possible {
                self.look_at(gathered.len(), condition)?;
            }
            if whole {
                self.below_whole.insert(on_parent, below.clone());
            }
        }
        Ok(Found { on_parent, definition, on_objects, whole, below })
    }

    /// What is below a field: whatever it returns on any of the object types, which may be less
    /// than what it returns on an interface.
    fn below(&self, parent: TypeId, on_objects: &[FieldId]) -> Result<Ground<'s>, Reason> {
        let mut returned: Vec<TypeId> = Vec::with_capacity(1);
        for field in on_objects {
            let returns = self.definition(*field)?.returns.named;
            if returned.last() != Some(&returns) {
                returned.push(returns);
            }
        }
        returned.sort_unstable();
        returned.dedup();
        let definition = |id: TypeId| self.schema.type_def(id).ok_or(Reason::UnknownField);
        if returned == [parent] {
            return whole(parent, &definition(parent)?).ok_or(Reason::UnknownField);
        }
        let mut possible: Vec<TypeId> = Vec::new();
        for id in returned {
            possible.extend_from_slice(definition(id)?.possible);
        }
        possible.sort_unstable();
        possible.dedup();
        if possible.is_empty() {
            return Err(Reason::UnknownField);
        }
        Ok(Ground { parent, possible: Cow::Owned(possible) })
    }

    fn definition(&self, field: FieldId) -> Result<FieldDef<'s>, Reason> {
        self.schema.field_def(field).ok_or(Reason::UnknownField)
    }

    pub(super) fn look_at(
        &mut self,
        types: usize,
        condition: Option<ConditionId>,
    ) -> Result<(), Reason> {
        let types = u32::try_from(types).unwrap_or(u32::MAX);
        let most = if condition.is_none() { CONCRETE_TYPES } else { CONDITIONAL_TYPES };
        let looked_at = self.looked_at.entry(condition).or_default();
        *looked_at = looked_at.saturating_add(types);
        if *looked_at > most { Err(Reason::LimitConcreteTypes) } else { Ok(()) }
    }
}

/// All that a type can be; none for a leaf, and for an abstract type that no object type has.
fn whole<'s>(parent: TypeId, definition: &TypeDef<'s>) -> Option<Ground<'s>> {
    let possible = Cow::Borrowed(definition.possible);
    (!possible.is_empty()).then_some(Ground { parent, possible })
}
