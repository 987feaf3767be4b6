//! The side of the walk that asks the schema: on which type it stands, which object types are still
//! possible there, and what a field or a type condition leads to.
//!
//! It never ends the walk. What the schema does not have comes back as a reason, is noted as a use
//! that nobody is granted, and what is below is walked without a schema: so the answer to a request
//! never depends on whether something that the caller may not see exists.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::ConditionId;
use crate::denial::Reason;
use crate::document::Field;
use crate::limits::{CONCRETE_TYPES, CONDITIONAL_TYPES};
use crate::policy::schema::{FieldDef, FieldId, Schema, TypeId};

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
    /// Outside of conditions, and in each.
    looked_at: u32,
    looked_at_in: BTreeMap<ConditionId, u32>,
    /// Where the selections of a field stand that returns different types on the object types that
    /// its parent can be, for fields asked on all of them.
    gathered: BTreeMap<FieldId, Ground<'s>>,
    /// Room that is used again.
    on_objects: Vec<FieldId>,
}

impl<'s> Types<'s> {
    pub(super) fn new(schema: &'s Schema) -> Self {
        Self {
            schema,
            looked_at: 0,
            looked_at_in: BTreeMap::new(),
            gathered: BTreeMap::new(),
            on_objects: Vec::new(),
        }
    }

    /// The ground of a type: all that it can be. None for a leaf, and for an abstract type that
    /// no object type has.
    pub(super) fn whole(&self, parent: TypeId) -> Option<Ground<'s>> {
        let possible = self.schema.possible(parent).filter(|possible| !possible.is_empty())?;
        Some(Ground { parent, possible: Cow::Borrowed(possible) })
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
        let target = self.whole(id).ok_or(Reason::UnknownType)?;
        let parent = self.schema.possible(ground.parent).ok_or(Reason::UnknownType)?;
        self.look_at(ground.possible.len().saturating_add(parent.len()), condition)?;
        let meets = |object: &TypeId| target.possible.binary_search(object).is_ok();
        if !parent.iter().any(meets) {
            return Err(Reason::FragmentImpossible);
        }
        let possible: Vec<TypeId> = ground.possible.iter().copied().filter(meets).collect();
        if possible.is_empty() || possible.len() == target.possible.len() {
            return Ok(target);
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
        let schema = self.schema;
        let on_parent = schema.field_named(ground.parent, name).ok_or(Reason::UnknownField)?;
        let definition = schema.field_def(on_parent).ok_or(Reason::UnknownField)?;
        let takes = |name: &str| schema.argument(&definition, name).is_some();
        if !field.arguments.iter().all(|argument| takes(argument.name.text)) {
            return Err(Reason::UnknownArgument);
        }
        let returned = definition.returns.named;
        let is_leaf = schema.kind(returned).ok_or(Reason::UnknownField)?.is_leaf();
        if is_leaf != field.selection_set.is_none() {
            return Err(Reason::SelectionInvalid);
        }
        self.look_at(ground.possible.len(), condition)?;
        let mut on_objects = std::mem::take(&mut self.on_objects);
        on_objects.clear();
        for object in &*ground.possible {
            let same = *object == ground.parent;
            let own = if same { Some(on_parent) } else { schema.like(on_parent, *object) };
            on_objects.push(own.ok_or(Reason::UnknownField)?);
        }
        let whole = matches!(ground.possible, Cow::Borrowed(_));
        let below = match is_leaf {
            true => None,
            false => Some(self.below(on_parent, returned, &on_objects, whole)?),
        };
        if let Some(Ground { possible: Cow::Owned(gathered), .. }) = &below {
            self.look_at(gathered.len(), condition)?;
        }
        Ok(Found { on_parent, definition, on_objects, whole, below })
    }

    /// Takes back what was found, once it was looked at.
    pub(super) fn done(&mut self, found: Found<'s>) {
        self.on_objects = found.on_objects;
    }

    /// What is below a field: whatever it returns on any of the object types, which may be less
    /// than what it returns on an interface.
    fn below(
        &mut self,
        on_parent: FieldId,
        parent: TypeId,
        on_objects: &[FieldId],
        whole: bool,
    ) -> Result<Ground<'s>, Reason> {
        let returns = |field: &FieldId| self.schema.returns(*field).map(|ty| ty.named);
        if on_objects.iter().all(|field| returns(field) == Some(parent)) {
            return self.whole(parent).ok_or(Reason::UnknownField);
        }
        if let (true, Some(known)) = (whole, self.gathered.get(&on_parent)) {
            return Ok(known.clone());
        }
        let returned: BTreeSet<TypeId> = on_objects
            .iter()
            .map(|field| returns(field).ok_or(Reason::UnknownField))
            .collect::<Result<_, _>>()?;
        let mut possible: Vec<TypeId> = Vec::new();
        for id in returned {
            possible.extend_from_slice(self.schema.possible(id).ok_or(Reason::UnknownField)?);
        }
        possible.sort_unstable();
        possible.dedup();
        if possible.is_empty() {
            return Err(Reason::UnknownField);
        }
        let below = Ground { parent, possible: Cow::Owned(possible) };
        if whole {
            self.gathered.insert(on_parent, below.clone());
        }
        Ok(below)
    }

    #[inline]
    pub(super) fn look_at(
        &mut self,
        types: usize,
        condition: Option<ConditionId>,
    ) -> Result<(), Reason> {
        let types = u32::try_from(types).unwrap_or(u32::MAX);
        let (looked_at, most) = match condition {
            None => (&mut self.looked_at, CONCRETE_TYPES),
            Some(id) => (self.looked_at_in.entry(id).or_default(), CONDITIONAL_TYPES),
        };
        *looked_at = looked_at.saturating_add(types);
        if *looked_at > most { Err(Reason::LimitConcreteTypes) } else { Ok(()) }
    }
}
