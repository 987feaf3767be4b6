//! The part of the walk that is about what an operation gives: its variables, and the arguments of
//! its fields.

use crate::denial::Reason;
use crate::document::{Field, Span};
use crate::plan::given::literal;
use crate::plan::literal::{Literals, Noted};
use crate::plan::types::{Found, Ground};
use crate::plan::variables::{DefaultValue, Variable, VariableId, type_of};
use crate::plan::{ConditionId, Occurrence, OccurrenceId, PathId, PathNode, Presence, Target};
use crate::policy::rules::Access;
use crate::policy::schema::{FieldDef, InputDef, InputId, TypeId};

use super::Walk;

impl<'s, 'd, 'a> Walk<'s, 'd, 'a> {
    /// Spec 5.8.2, and 5.6.1 for defaults. After the selections: what is wrong with a value of a
    /// type is told to whoever is granted what it is for.
    pub(super) fn judge_variables(&mut self) {
        for (variable, id) in self.operation.variables.iter().zip(0..) {
            let Some(Variable { ty, at, .. }) = self.plan.variables.get(id).copied() else {
                return;
            };
            let Some(ty) = ty else {
                self.note(Target::Unknown { reason: Reason::UnknownType, parent: None }, at, None);
                continue;
            };
            if let Some(value) = &variable.default {
                let definition = InputDef { name: variable.name.text, at: 0, ty, default: None };
                let presence = Presence::Defaulted(VariableId::new(id));
                let mut literals = self.literals(variable.name.span, Some(at), None, None);
                literals.value(value, &definition, presence);
            }
        }
    }

    pub(super) fn define_variables(&mut self) {
        let schema = self.policy.schema();
        for variable in &self.operation.variables {
            let Span { start, end } = variable.name.span;
            let name = Span { start: start.saturating_sub(1), end };
            let at = self.plan.node(PathNode { key: name, name, parent: None });
            let ty = type_of(&variable.ty, schema);
            let default = DefaultValue::of(variable.default.as_ref());
            self.plan.variables.push(Variable { name: variable.name.span, ty, default, at });
            // Only conditions ask what it is.
            let default = variable.default.as_ref().filter(|_| self.reads_arguments);
            let default = default.map(|value| literal(value, &self.names, self.source));
            self.plan.defaults.push(default);
        }
    }

    fn literals(
        &mut self,
        holder: Span,
        at: Option<PathId>,
        condition: Option<ConditionId>,
        occurrence: Option<OccurrenceId>,
    ) -> Literals<'_, 'd, 'a> {
        let Self { policy, names, plan, source, .. } = self;
        let noted = Noted::default();
        Literals { policy, names, plan, source, at, condition, occurrence, holder, noted }
    }

    /// Where a field is asked for, if a condition looks at what it is given there.
    pub(super) fn occurrence(
        &mut self,
        field: &Field<'_>,
        found: &Found<'s>,
    ) -> Option<OccurrenceId> {
        if !self.reads_arguments {
            return None;
        }
        let (policy, schema) = (self.policy, self.policy.schema());
        let reads = |access: Option<&Access>| access.is_some_and(|it| policy.reads_arguments(it));
        let wanted = found.on_objects.iter().any(|id| {
            reads(policy.access(*id))
                || schema.field_def(*id).is_some_and(|own| {
                    let mut given = schema.arguments(&own);
                    given.any(|one| reads(policy.input_access(InputId::Argument(*id, one.at))))
                })
        });
        if !wanted {
            return None;
        }
        let next = OccurrenceId(self.plan.occurrences.len());
        let id = *self.occurrences.entry(field.span.start).or_insert(next);
        if id == next {
            let occurrence = Occurrence::new(found.on_parent, field, &self.names, self.source);
            self.plan.occurrences.push(occurrence);
        }
        Some(id)
    }

    /// Notes which object types with a rule are told of; with the others, where some may do.
    pub(super) fn reach(
        &mut self,
        ground: &Ground<'s>,
        at: PathId,
        condition: Option<ConditionId>,
    ) {
        let policy = self.policy;
        let guarded = |object: &TypeId| policy.type_access(*object).is_some();
        let all = policy.expands(ground.parent) && ground.objects().iter().any(guarded);
        let looked =
            if all { self.types.look_at(ground.objects().len(), condition) } else { Ok(()) };
        if let Err(reason) = looked {
            let parent = Some(ground.parent);
            return self.note(Target::Unknown { reason, parent }, at, condition);
        }
        for object in ground.objects().iter().filter(|object| all || guarded(object)) {
            self.note(Target::Type(*object), at, condition);
        }
    }

    /// Notes what a field is given, on each of its object types.
    pub(super) fn arguments(
        &mut self,
        field: &'d Field<'a>,
        found: &Found<'s>,
        at: PathId,
        condition: Option<ConditionId>,
        occurrence: Option<OccurrenceId>,
    ) {
        let schema = self.policy.schema();
        let Found { on_parent, definition, on_objects, .. } = found;
        let first = !self.is_in_fragment() || self.read.insert((field.span.start, condition));
        for argument in &field.arguments {
            let holder = argument.name.span;
            let mut literals = self.literals(holder, Some(at), condition, occurrence);
            let presence = literals.presence(&argument.value, Presence::Always);
            let named = |of: &FieldDef<'s>| schema.argument(of, argument.name.text);
            let of = named(definition);
            for object in on_objects {
                let own = match object == on_parent {
                    true => of,
                    false => schema.field_def(*object).as_ref().and_then(named),
                };
                if let Some(own) = own {
                    let id = InputId::Argument(*object, own.at);
                    literals.note(id, argument.name.span, presence);
                }
            }
            if let (true, Some(of)) = (first, of) {
                literals.value(&argument.value, &of, presence);
            }
        }
        if first && self.lacks_argument(field, definition) {
            let target = Target::Unknown { reason: Reason::ArgumentMissing, parent: None };
            self.note(target, at, condition);
        }
    }

    /// Spec 5.4.3.
    fn lacks_argument(&self, field: &Field<'_>, definition: &FieldDef<'_>) -> bool {
        let is_given = |name: &str| field.arguments.iter().any(|given| given.name.text == name);
        self.policy.schema().required(definition).any(|one| !is_given(one.name))
    }
}
