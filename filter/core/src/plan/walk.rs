//! The walk: every selection once for each place in which it can be executed.

use std::collections::BTreeSet;

use crate::denial::Reason;
use crate::document::{
    Argument, Document, Field, FragmentSpread, InlineFragment, Name, Operation, OperationKind,
    Selection, SelectionSet,
};
use crate::limits::{CONCRETE_FIELDS, Limits, NESTING};
use crate::policy::schema::{FieldId, Schema, TypeId, TypeKind};

use super::arguments::unique_arguments;
use super::condition;
use super::index::Fragments;
use super::{Condition, ConditionId, FieldUse, PathId, PathNode, Plan, PlanError, Target, Usage};

pub(super) fn walk(
    document: &Document<'_>,
    at: usize,
    fragments: &Fragments<'_, '_>,
    schema: &Schema,
    limits: &Limits,
) -> Result<Plan, PlanError> {
    let operation =
        document.operations.get(at).ok_or(PlanError { reason: Reason::Internal, at: None })?;
    // Subscriptions need a transport that this endpoint does not serve.
    let root = match operation.kind {
        OperationKind::Query => Some(schema.query),
        OperationKind::Mutation => schema.mutation,
        OperationKind::Subscription => None,
    };
    let root = root.ok_or(PlanError::new(Reason::OperationTypeNotAllowed, operation.span))?;
    let mut visited = Vec::new();
    visited.resize(document.fragments.len(), false);
    let mut walk = Walk {
        operation,
        fragments,
        schema,
        limits,
        plan: Plan {
            operation: at,
            fragments: Vec::new(),
            uses: Vec::new(),
            path: Vec::new(),
            conditions: Vec::new(),
            usage: Usage { tokens: document.tokens, ..Usage::default() },
        },
        active: Vec::new(),
        visited,
        widest: BTreeSet::new(),
        concrete: 0,
    };
    condition::none(&operation.directives)?;
    for variable in &operation.variables {
        condition::none(&variable.directives)?;
    }
    let scope = Scope {
        parent: root,
        possible: vec![root],
        path: None,
        condition: None,
        depth: 0,
        nesting: 0,
        fresh: true,
    };
    walk.selection_set(&operation.selection_set, &scope)?;
    let mut plan = walk.plan;
    plan.fragments.sort_unstable();
    Ok(plan)
}

/// Where the walk stands.
#[derive(Clone)]
struct Scope {
    /// The type that the enclosing field or type condition names: what validation looks at.
    parent: TypeId,
    /// The object types that are still possible here, sorted: what is decided.
    possible: Vec<TypeId>,
    path: Option<PathId>,
    condition: Option<ConditionId>,
    depth: u32,
    nesting: u32,
    /// Whether this part of the document is walked for the first time.
    fresh: bool,
}

struct Walk<'w, 'd, 'a> {
    operation: &'d Operation<'a>,
    fragments: &'w Fragments<'d, 'a>,
    schema: &'w Schema,
    limits: &'w Limits,
    plan: Plan,
    /// The fragments that are being spread, outermost first.
    active: Vec<usize>,
    /// For each fragment whether it was spread before.
    visited: Vec<bool>,
    /// Fields recorded for every object type that their parent can be at all.
    widest: BTreeSet<(Option<FieldId>, Option<ConditionId>)>,
    concrete: u32,
}

impl<'d, 'a> Walk<'_, 'd, 'a> {
    fn selection_set(&mut self, set: &'d SelectionSet<'a>, scope: &Scope) -> Result<(), PlanError> {
        if scope.nesting > NESTING {
            return Err(PlanError::new(Reason::LimitNesting, set.span));
        }
        for selection in &set.selections {
            let span = selection.span();
            let usage = &mut self.plan.usage;
            spend(&mut usage.expanded_fields, self.limits.expanded_fields, || {
                PlanError::new(Reason::LimitExpandedFields, span)
            })?;
            let condition = self.condition(selection, scope.condition)?;
            match selection {
                Selection::Field(field) => self.field(field, scope, condition)?,
                Selection::InlineFragment(InlineFragment {
                    type_condition, selection_set, ..
                }) => {
                    let narrowed = match type_condition {
                        None => Some(scope.within(condition)),
                        Some(on) => self.narrow(scope, *on, condition),
                    };
                    if let Some(narrowed) = narrowed {
                        self.selection_set(selection_set, &narrowed)?;
                    }
                }
                Selection::FragmentSpread(spread) => self.spread(spread, scope, condition)?,
            }
        }
        Ok(())
    }

    fn spread(
        &mut self,
        spread: &FragmentSpread<'a>,
        scope: &Scope,
        condition: Option<ConditionId>,
    ) -> Result<(), PlanError> {
        let found = self.fragments.named(spread.name.text);
        let (at, fragment) =
            found.ok_or(PlanError::new(Reason::FragmentUnknown, spread.name.span))?;
        if self.active.contains(&at) {
            return Err(PlanError::new(Reason::FragmentCycle, spread.name.span));
        }
        condition::none(&fragment.directives)?;
        let fresh = self.first_visit(at);
        if let Some(narrowed) = self.narrow(scope, fragment.type_condition, condition) {
            self.active.push(at);
            self.selection_set(&fragment.selection_set, &Scope { fresh, ..narrowed })?;
            self.active.pop();
        }
        Ok(())
    }

    fn field(
        &mut self,
        field: &'d Field<'a>,
        scope: &Scope,
        condition: Option<ConditionId>,
    ) -> Result<(), PlanError> {
        let depth = scope.depth.saturating_add(1);
        if depth > self.limits.depth {
            return Err(PlanError::new(Reason::LimitDepth, field.span));
        }
        let usage = &mut self.plan.usage;
        usage.depth = usage.depth.max(depth);
        if scope.path.is_none() {
            spend(&mut usage.root_fields, self.limits.root_fields, || {
                PlanError::new(Reason::LimitRootFields, field.span)
            })?;
        }
        if field.alias.is_some() {
            spend(&mut usage.aliases, self.limits.aliases, || {
                PlanError::new(Reason::LimitAliases, field.span)
            })?;
        }
        if scope.fresh {
            unique_arguments(&field.arguments)?;
        }
        let (key, name) = (field.response_key().span, field.name.text);
        let at = self.node(PathNode { key, name: field.name.span, parent: scope.path });
        let unknown = |reason| FieldUse {
            target: Target::Unknown { reason, parent: scope.parent },
            at,
            condition,
        };

        // Spec 4.1: `__typename` is a field of every composite type; it tells what the caller
        // reached anyway.
        if name == "__typename" {
            match (field.arguments.is_empty(), &field.selection_set) {
                (true, None) => {}
                (true, Some(_)) => self.plan.uses.push(unknown(Reason::SelectionInvalid)),
                (false, _) => self.plan.uses.push(unknown(Reason::UnknownArgument)),
            }
            return Ok(());
        }
        if matches!(name, "__schema" | "__type") && scope.parent == self.schema.query {
            return Err(PlanError::new(Reason::IntrospectionDisabled, field.name.span));
        }
        let found = self.schema.field_named(scope.parent, name);
        let Some(definition) = found.and_then(|id| self.schema.field_def(id)) else {
            self.plan.uses.push(unknown(Reason::UnknownField));
            return Ok(());
        };
        let takes = |argument: &Argument<'_>| {
            let arguments = &definition.arguments;
            arguments.binary_search_by(|known| (**known).cmp(argument.name.text)).is_ok()
        };
        if !field.arguments.iter().all(takes) {
            self.plan.uses.push(unknown(Reason::UnknownArgument));
            return Ok(());
        }
        self.record(field, scope, at, condition)?;
        let returns = self.schema.type_def(definition.returns).map(|returns| returns.kind);
        match (&field.selection_set, returns) {
            (None, Some(TypeKind::Leaf)) => Ok(()),
            (Some(set), Some(TypeKind::Object | TypeKind::Interface | TypeKind::Union)) => {
                let below = Scope {
                    parent: definition.returns,
                    possible: self.possible_below(field, scope),
                    path: Some(at),
                    condition,
                    depth,
                    nesting: scope.nesting.saturating_add(1),
                    fresh: scope.fresh,
                };
                self.selection_set(set, &below)
            }
            (Some(_), Some(TypeKind::Leaf) | None)
            | (None, Some(TypeKind::Object | TypeKind::Interface | TypeKind::Union) | None) => {
                self.plan.uses.push(unknown(Reason::SelectionInvalid));
                Ok(())
            }
        }
    }

    fn node(&mut self, node: PathNode) -> PathId {
        let at = PathId(self.plan.path.len());
        self.plan.path.push(node);
        at
    }

    /// Notes the field on every object type that its parent can be. What was noted for all of them
    /// before needs no second note: the first place is the one that is named.
    fn record(
        &mut self,
        field: &Field<'_>,
        scope: &Scope,
        at: PathId,
        condition: Option<ConditionId>,
    ) -> Result<(), PlanError> {
        let on_parent = self.schema.field_named(scope.parent, field.name.text);
        let parent = self.schema.type_def(scope.parent);
        let widest = parent.is_some_and(|parent| parent.possible == scope.possible);
        if widest && !self.widest.insert((on_parent, condition)) {
            return Ok(());
        }
        for object in &scope.possible {
            spend(&mut self.concrete, CONCRETE_FIELDS, || {
                PlanError::new(Reason::LimitExpandedFields, field.name.span)
            })?;
            let target = match self.schema.field_named(*object, field.name.text) {
                Some(id) => Target::Field(id),
                None => Target::Unknown { reason: Reason::UnknownField, parent: *object },
            };
            self.plan.uses.push(FieldUse { target, at, condition });
        }
        Ok(())
    }

    /// The object types that can be below a field: what it returns on each object type that its
    /// parent can be, which may be less than what it returns on an interface.
    fn possible_below(&self, field: &Field<'_>, scope: &Scope) -> Vec<TypeId> {
        let on = |object: &TypeId| self.schema.field_named(*object, field.name.text);
        let returns = |id: FieldId| self.schema.field_def(id).map(|field| field.returns);
        let mut returned: Vec<TypeId> =
            scope.possible.iter().filter_map(on).filter_map(returns).collect();
        returned.sort_unstable();
        returned.dedup();
        let definitions = returned.iter().filter_map(|id| self.schema.type_def(*id));
        let mut possible: Vec<TypeId> = definitions.flat_map(|def| def.possible.clone()).collect();
        possible.sort_unstable();
        possible.dedup();
        possible
    }

    fn first_visit(&mut self, fragment: usize) -> bool {
        let Some(visited) = self.visited.get_mut(fragment) else {
            return true;
        };
        let first = !std::mem::replace(visited, true);
        if first {
            self.plan.fragments.push(fragment);
        }
        first
    }

    /// The scope inside a type condition (spec 5.5.1.2, 5.5.1.3, 5.5.2.3); none if the type is not
    /// there or cannot be met, which is noted as a use that nobody is granted.
    ///
    /// Whether the condition can be met is judged on the enclosing type, as the specification has
    /// it. Where earlier conditions have left nothing in common, the inside is valid, is never
    /// executed, and there is nothing to decide.
    fn narrow(
        &mut self,
        scope: &Scope,
        on: Name<'_>,
        condition: Option<ConditionId>,
    ) -> Option<Scope> {
        let id = self.schema.type_named(on.text);
        let target = id.and_then(|id| self.schema.type_def(id));
        let parent = self.schema.type_def(scope.parent);
        let meets = |object: &TypeId| {
            target.is_some_and(|target| target.possible.binary_search(object).is_ok())
        };
        // A leaf has no possible object types: it is as unknown here as a type that is not there.
        let reason = if target.is_none_or(|target| target.kind == TypeKind::Leaf) {
            Some(Reason::UnknownType)
        } else if !parent.is_some_and(|parent| parent.possible.iter().any(meets)) {
            Some(Reason::FragmentImpossible)
        } else {
            None
        };
        match (id, reason) {
            (Some(id), None) => {
                let possible = scope.possible.iter().copied().filter(meets).collect();
                Some(Scope { parent: id, possible, ..scope.within(condition) })
            }
            (_, reason) => {
                let reason = reason.unwrap_or(Reason::UnknownType);
                let node = PathNode { key: on.span, name: on.span, parent: scope.path };
                let at = self.node(node);
                let target = Target::Unknown { reason, parent: scope.parent };
                self.plan.uses.push(FieldUse { target, at, condition });
                None
            }
        }
    }

    /// The condition under which a selection is executed, given that of what encloses it.
    fn condition(
        &mut self,
        selection: &Selection<'a>,
        parent: Option<ConditionId>,
    ) -> Result<Option<ConditionId>, PlanError> {
        for directive in selection.directives() {
            spend(&mut self.plan.usage.directives, self.limits.directives, || {
                PlanError::new(Reason::LimitDirectives, directive.span)
            })?;
        }
        let tests = condition::tests(selection.directives(), self.operation)?;
        if tests.is_empty() {
            return Ok(parent);
        }
        let id = ConditionId(self.plan.conditions.len());
        self.plan.conditions.push(Condition { parent, selection: selection.span(), tests });
        Ok(Some(id))
    }
}

impl Scope {
    fn within(&self, condition: Option<ConditionId>) -> Self {
        Self { condition, nesting: self.nesting.saturating_add(1), ..self.clone() }
    }
}

fn spend(used: &mut u32, limit: u32, exceeded: impl Fn() -> PlanError) -> Result<(), PlanError> {
    *used = used.checked_add(1).filter(|used| *used <= limit).ok_or_else(exceeded)?;
    Ok(())
}
