//! What conditions are evaluated with, and what they came to: each at most once for an operation, or
//! for each occurrence of a field where it looks at what that is given.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::document::Operation;
use crate::http::GraphqlRequest;
use crate::identity::CallerValues;
use crate::json::Json;
use crate::limits::OPERATION_STEPS;
use crate::plan::{Coercion, OccurrenceId, Plan};
use crate::policy::Policy;
use crate::policy::condition::{Steps, Value, Variable, Variables};
use crate::policy::rules::{ConditionId, Truth};

/// One request as conditions see it. `Debug` shows none of it.
pub struct Circumstances<'q> {
    policy: &'q Policy,
    plan: &'q Plan,
    caller: Option<&'q CallerValues>,
    request: Option<&'q Value<'static>>,
    operation: Value<'q>,
    /// What the request has for each of the plan's variables.
    given: Vec<Option<&'q Json<'q>>>,
    state: RefCell<State>,
}

struct State {
    known: BTreeMap<(ConditionId, Option<OccurrenceId>), Truth>,
    /// All conditions of an operation share them.
    steps: Steps,
}

impl<'q> Circumstances<'q> {
    /// Those of an operation, `source` being the text that was planned.
    #[must_use]
    pub fn new(
        policy: &'q Policy,
        plan: &'q Plan,
        (source, operation): (&str, &Operation<'q>),
        asked: &'q GraphqlRequest<'q>,
        caller: Option<&'q CallerValues>,
        request: Option<&'q Value<'static>>,
    ) -> Self {
        let value = |name: &str| asked.value(name);
        let given = if policy.reads(Variable::Args) {
            let names = plan.variables.iter().map(|variable| variable.name.text(source));
            names.map(|name| name.and_then(value)).collect()
        } else {
            Vec::new()
        };
        let operation = Value::members([
            ("name", operation.name.map_or(Value::Null, |name| Value::text(name.text))),
            ("type", Value::text(operation.kind.name())),
        ]);
        let state = State { known: BTreeMap::new(), steps: Steps::new(OPERATION_STEPS) };
        Self { policy, plan, caller, request, operation, given, state: RefCell::new(state) }
    }

    /// What a condition comes to where a field is asked for.
    pub(super) fn truth(&self, id: ConditionId, occurrence: Option<OccurrenceId>) -> Truth {
        let reads = self.policy.condition(id).map(|condition| condition.reads());
        let reads_arguments = reads.is_some_and(|reads| reads.variable(Variable::Args));
        let occurrence = occurrence.filter(|_| reads_arguments);
        let mut state = self.state.borrow_mut();
        let State { known, steps } = &mut *state;
        *known.entry((id, occurrence)).or_insert_with(|| self.evaluate(id, occurrence, steps))
    }

    fn evaluate(
        &self,
        id: ConditionId,
        occurrence: Option<OccurrenceId>,
        steps: &mut Steps,
    ) -> Truth {
        let Self { policy, plan, caller, request, operation, given, .. } = self;
        let coercion = Coercion { plan, schema: policy.schema(), given };
        let args = occurrence.and_then(|occurrence| coercion.arguments(occurrence));
        let caller = caller.map_or_else(Variables::default, CallerValues::variables);
        let variables = Variables {
            args: args.as_ref(),
            operation: Some(operation),
            request: *request,
            ..caller
        };
        policy.truth(id, &variables, steps)
    }
}

impl std::fmt::Debug for Circumstances<'_> {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("Circumstances(_)")
    }
}
