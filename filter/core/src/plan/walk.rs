//! The walk: every selection once for each place in which it can be executed. What ends it depends
//! on the document and the limits alone; what the schema has to say is asked in `types`.

mod inputs;
mod prices;
mod recorded;

use std::collections::{BTreeMap, BTreeSet};

use crate::denial::Reason;
use crate::document::{
    Document, Field, FragmentSpread, InlineFragment, Name, Operation, OperationKind, Selection,
    SelectionSet, Span,
};
use crate::limits::{Limits, NESTING};
use crate::policy::{self, Policy};

use self::prices::Outer;
use self::recorded::Recorded;

use super::arguments::Names;
use super::condition::{self, Directed};
use super::index::{Choice, Fragments};
use super::types::{Ground, Types};
use super::{
    Condition, ConditionId, Notes, OccurrenceId, Operand, PLACEHOLDER, PathId, PathNode, Plan,
    PlanError, Presence, Target, Usage, Use,
};

/// The most fields that there is room for from the beginning.
const ROOM: usize = 256;

pub(super) fn walk(
    document: &Document<'_>,
    choice: Choice,
    fragments: &Fragments<'_, '_>,
    policy: &Policy,
    limits: &Limits,
    notes: Notes,
) -> Result<Plan, PlanError> {
    let operation = choice.of(document).ok_or(PlanError::nowhere(Reason::Internal))?;
    // Mostly as many fields, or a few less; what is not needed is given back.
    let fields = usize::try_from(document.tokens / 3).unwrap_or_default().min(ROOM);
    let visited = vec![false; document.fragments.len()];
    let mut walk = Walk {
        operation,
        names: Names::new(&operation.variables)?,
        source: document.source,
        fragments,
        limits,
        policy,
        reads_arguments: policy.reads(policy::condition::Variable::Args),
        types: Types::new(policy.schema()),
        plan: Plan {
            fragments: Vec::new(),
            uses: Vec::with_capacity(fields.saturating_mul(2)),
            selected: 0,
            path: Vec::with_capacity(fields),
            expanded: Vec::new(),
            conditions: Vec::new(),
            variables: Vec::with_capacity(operation.variables.len()),
            defaults: Vec::with_capacity(operation.variables.len()),
            occurrences: Vec::new(),
            charges: None,
            usage: Usage { tokens: document.tokens, ..Usage::default() },
        },
        active: Vec::new(),
        visited,
        recorded: Recorded::of(policy.schema()),
        occurrences: BTreeMap::new(),
        read: BTreeSet::new(),
        priced: BTreeMap::new(),
        notes,
    };
    let walked = walk.operation();
    let mut plan = walk.plan;
    plan.fragments.sort_unstable();
    plan.shrink();
    match walked {
        Ok(()) => Ok(plan),
        Err(error) => Err(PlanError { usage: plan.usage, ..error }),
    }
}

/// Where the walk stands.
#[derive(Clone)]
struct Scope<'s> {
    /// In the schema; none below what is refused anyway.
    ground: Option<Ground<'s>>,
    path: Option<PathId>,
    condition: Option<ConditionId>,
    /// The field above, where costs are asked for.
    outer: Option<Outer<'s>>,
    depth: u32,
    nesting: u32,
    /// Whether this part of the document is walked for the first time.
    fresh: bool,
}

struct Walk<'s, 'd, 'a> {
    operation: &'d Operation<'a>,
    names: Names<'d, 'a>,
    source: &'a str,
    fragments: &'s Fragments<'d, 'a>,
    limits: &'s Limits,
    policy: &'s Policy,
    /// Whether any condition looks at what fields are given.
    reads_arguments: bool,
    types: Types<'s>,
    plan: Plan,
    /// The fragments that are being spread, outermost first.
    active: Vec<usize>,
    /// For each fragment whether it was spread before.
    visited: Vec<bool>,
    /// Fields recorded for every object type that their parent can be at all.
    recorded: Recorded,
    /// Occurrences, by where their field stands.
    occurrences: BTreeMap<u32, OccurrenceId>,
    /// Fields in fragments, by where they stand, whose arguments were read: a fragment is on one type
    /// wherever it is spread.
    read: BTreeSet<(u32, Option<ConditionId>)>,
    /// What such fields cost, likewise.
    priced: BTreeMap<u32, usize>,
    notes: Notes,
}

impl<'s, 'd, 'a> Walk<'s, 'd, 'a> {
    fn operation(&mut self) -> Result<(), PlanError> {
        let Operation { span, kind, variables, directives, selection_set, .. } = self.operation;
        condition::none(directives)?;
        for variable in variables {
            condition::none(&variable.directives)?;
            variable.default.iter().try_for_each(|default| self.names.value(default, 0))?;
        }
        let schema = self.policy.schema();
        let root = match kind {
            OperationKind::Query => Some(schema.query()),
            OperationKind::Mutation => schema.mutation(),
            // They need a transport that this endpoint does not serve.
            OperationKind::Subscription => {
                return Err(PlanError::new(Reason::OperationTypeNotAllowed, *span));
            }
        };
        self.define_variables();
        self.price_defaults();
        let ground = root.and_then(|root| self.types.whole(root));
        if ground.is_none() {
            let name = selection_set.selections.first().map_or(*span, Selection::span);
            let at = self.plan.node(PathNode { key: name, name, parent: None });
            self.note(Target::Unknown { reason: Reason::UnknownType, parent: None }, at, None);
        }
        let (path, condition, outer) = (None, None, None);
        let scope = Scope { ground, path, condition, outer, depth: 0, nesting: 0, fresh: true };
        self.selection_set(selection_set, &scope)?;
        self.plan.selected = self.plan.uses.len();
        self.judge_variables();
        self.names.all_used()
    }

    fn note(&mut self, target: Target, at: PathId, condition: Option<ConditionId>) {
        let (presence, occurrence) = (Presence::Always, None);
        self.plan.uses.push(Use { target, at, condition, presence, occurrence });
    }

    fn selection_set(
        &mut self,
        set: &'d SelectionSet<'a>,
        scope: &Scope<'s>,
    ) -> Result<(), PlanError> {
        if scope.nesting > NESTING {
            return Err(PlanError::new(Reason::LimitNesting, set.span));
        }
        for selection in &set.selections {
            let usage = &mut self.plan.usage;
            let limit = self.limits.expanded_fields;
            spend(&mut usage.expanded_fields, limit, Reason::LimitExpandedFields, selection)?;
            let condition = self.condition(selection, scope.condition)?;
            match selection {
                Selection::Field(field) => self.field(field, selection, scope, condition)?,
                Selection::InlineFragment(InlineFragment {
                    type_condition, selection_set, ..
                }) => {
                    let inside = match type_condition {
                        None => scope.within(scope.ground.clone(), condition),
                        Some(on) => self.narrow(scope, on.text, on.span, condition),
                    };
                    self.selection_set(selection_set, &inside)?;
                }
                Selection::FragmentSpread(spread) => self.spread(spread, scope, condition)?,
            }
        }
        Ok(())
    }

    fn spread(
        &mut self,
        spread: &FragmentSpread<'a>,
        scope: &Scope<'s>,
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
        let on = fragment.type_condition;
        let inside = self.narrow(scope, on.text, on.span, condition);
        self.active.push(at);
        self.selection_set(&fragment.selection_set, &Scope { fresh, ..inside })?;
        self.active.pop();
        Ok(())
    }

    fn field(
        &mut self,
        field: &'d Field<'a>,
        selection: &Selection<'a>,
        scope: &Scope<'s>,
        condition: Option<ConditionId>,
    ) -> Result<(), PlanError> {
        let depth = scope.depth.saturating_add(1);
        if depth > self.limits.depth {
            return Err(PlanError::new(Reason::LimitDepth, field.span));
        }
        let (usage, limits) = (&mut self.plan.usage, self.limits);
        usage.depth = usage.depth.max(depth);
        if scope.path.is_none() {
            let used = &mut usage.root_fields;
            spend(used, limits.root_fields, Reason::LimitRootFields, selection)?;
        }
        if field.alias.is_some() {
            spend(&mut usage.aliases, limits.aliases, Reason::LimitAliases, selection)?;
        }
        if scope.fresh {
            self.names.arguments(&field.arguments)?;
        }
        let (key, name) = (field.response_key().span, field.name.span);
        let at = self.plan.node(PathNode { key, name, parent: scope.path });
        let (ground, outer) = match &scope.ground {
            None => (None, None),
            Some(ground) => {
                if self.policy.expands(ground.parent) {
                    self.plan.expanded.push(at);
                }
                self.touch(ground, field, at, condition, scope.outer)
            }
        };
        let nesting = scope.nesting.saturating_add(1);
        let path = Some(at);
        let below = Scope { ground, path, condition, outer, depth, nesting, fresh: scope.fresh };
        field.selection_set.as_ref().map_or(Ok(()), |set| self.selection_set(set, &below))
    }

    /// Notes the uses of a field, and gives the ground below it, with what it costs: none below a
    /// leaf, and below what the schema does not have.
    fn touch(
        &mut self,
        ground: &Ground<'s>,
        field: &'d Field<'a>,
        at: PathId,
        condition: Option<ConditionId>,
        outer: Option<Outer<'s>>,
    ) -> (Option<Ground<'s>>, Option<Outer<'s>>) {
        let touched = if field.name.text == "__typename" {
            // Spec 4.1: a field of every composite type; it tells that the caller reached it.
            match (field.arguments.is_empty(), &field.selection_set) {
                (true, None) => {
                    if field.span.text(self.source) != Some(PLACEHOLDER) {
                        self.reach(ground, at, condition);
                    }
                    return (None, None);
                }
                (true, Some(_)) => Err(Reason::SelectionInvalid),
                (false, _) => Err(Reason::UnknownArgument),
            }
        } else {
            self.types.field(ground, field, condition)
        };
        match touched {
            Err(reason) => {
                let parent = Some(ground.parent);
                self.note(Target::Unknown { reason, parent }, at, condition);
                (None, None)
            }
            Ok(mut found) => {
                let occurrence = self.occurrence(field, &found);
                // What was noted for all that the parent can be needs no second note: the first
                // place is the one that is named.
                let new =
                    !found.whole || self.recorded.note(found.on_parent, condition, occurrence);
                if new || self.notes == Notes::Every {
                    let presence = Presence::Always;
                    let uses = found.on_objects.iter().map(|id| Target::Field(*id));
                    self.plan.uses.extend(uses.map(|target| Use {
                        target,
                        at,
                        condition,
                        presence,
                        occurrence,
                    }));
                }
                self.arguments(field, &found, at, condition, occurrence);
                let charged = self.charge(field, &found, outer, condition);
                let below = found.below.take();
                self.types.done(found);
                (below, charged)
            }
        }
    }

    /// Whether a fragment is being spread, which may be spread again; the rest is walked once.
    fn is_in_fragment(&self) -> bool {
        !self.active.is_empty()
    }

    /// The scope inside a type condition.
    fn narrow(
        &mut self,
        scope: &Scope<'s>,
        on: &str,
        name: Span,
        condition: Option<ConditionId>,
    ) -> Scope<'s> {
        let ground = scope.ground.as_ref().and_then(|ground| {
            let narrowed = self.types.narrow(ground, on, condition);
            narrowed
                .map_err(|reason| {
                    let at = self.plan.node(PathNode { key: name, name, parent: scope.path });
                    self.note(Target::Unknown { reason, parent: None }, at, condition);
                })
                .ok()
        });
        scope.within(ground, condition)
    }

    /// The condition under which a selection is executed, given that of what encloses it.
    fn condition(
        &mut self,
        selection: &Selection<'a>,
        parent: Option<ConditionId>,
    ) -> Result<Option<ConditionId>, PlanError> {
        let directives = selection.directives();
        if directives.is_empty() {
            return Ok(parent);
        }
        for _ in directives {
            let used = &mut self.plan.usage.directives;
            spend(used, self.limits.directives, Reason::LimitDirectives, selection)?;
        }
        let Directed { tests, delivery } =
            condition::directed(selection, self.operation, self.limits)?;
        let operands = tests.iter().filter_map(|test| match test.operand {
            Operand::Variable { name, .. } => Some(name),
            Operand::Literal(_) => None,
        });
        for span in operands.chain(delivery) {
            let text = span.text(self.source).unwrap_or_default();
            self.names.note(&Name { text, span })?;
        }
        if tests.is_empty() {
            return Ok(parent);
        }
        let id = ConditionId(self.plan.conditions.len());
        self.plan.conditions.push(Condition { parent, selection: selection.span(), tests });
        Ok(Some(id))
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
}

impl<'s> Scope<'s> {
    /// The same place of the response, inside a fragment.
    fn within(&self, ground: Option<Ground<'s>>, condition: Option<ConditionId>) -> Self {
        let Self { path, outer, depth, nesting, fresh, .. } = *self;
        Self { ground, path, condition, outer, depth, nesting: nesting.saturating_add(1), fresh }
    }
}

fn spend(
    used: &mut u32,
    limit: u32,
    exceeded: Reason,
    at: &Selection<'_>,
) -> Result<(), PlanError> {
    let spent = used.checked_add(1).filter(|spent| *spent <= limit);
    *used = spent.ok_or(PlanError::new(exceeded, at.span()))?;
    Ok(())
}
