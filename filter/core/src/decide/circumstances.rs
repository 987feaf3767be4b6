//! What conditions are evaluated with, and what they came to: each at most once for an operation, or
//! for each occurrence of a field where it looks at what that is given.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use crate::http::GraphqlRequest;
use crate::identity::CallerValues;
use crate::json::Json;
use crate::plan::{Chosen, Coercion, OccurrenceId, Plan, Target, Use};
use crate::policy::Policy;
use crate::policy::condition::{Steps, Value, Variable, Variables};
use crate::policy::rules::{ConditionId, Truth};
use crate::policy::schema::{FieldId, InputId};

/// One request as conditions see it. `Debug` shows none of it.
pub struct Circumstances<'q> {
    policy: &'q Policy,
    plan: &'q Plan,
    caller: Option<&'q CallerValues>,
    request: Option<&'q Value<'static>>,
    /// Of it, if a condition looks at it.
    operation: Option<Value<'q>>,
    /// What the request has for each of the plan's variables.
    given: Vec<Option<&'q Json<'q>>>,
    state: RefCell<State>,
}

struct State {
    known: BTreeMap<(ConditionId, Option<Place>), Truth>,
    /// All conditions of an operation share them, and the arguments that are made for them.
    steps: Steps,
}

/// Where a field is asked for, and the field whose defaults are taken there.
type Place = (OccurrenceId, FieldId);

impl<'q> Circumstances<'q> {
    /// Those of an operation that was planned.
    #[must_use]
    pub fn new(
        policy: &'q Policy,
        plan: &'q Plan,
        Chosen { source, name, kind }: Chosen<'q>,
        asked: &'q GraphqlRequest<'q>,
        caller: Option<&'q CallerValues>,
        request: Option<&'q Value<'static>>,
        steps: u32,
    ) -> Self {
        let value = |name: &str| asked.value(name);
        let given = if policy.reads(Variable::Args) || policy.costs().is_some() {
            let names = plan.variables.iter().map(|variable| variable.name.text(source));
            names.map(|name| name.and_then(value)).collect()
        } else {
            Vec::new()
        };
        let operation = policy.reads(Variable::Operation).then(|| {
            Value::members([
                ("name", name.map_or(Value::Null, Value::text)),
                ("type", Value::text(kind.name())),
            ])
        });
        let state = State { known: BTreeMap::new(), steps: Steps::new(steps) };
        Self { policy, plan, caller, request, operation, given, state: RefCell::new(state) }
    }

    /// What a condition comes to where a field is asked for.
    pub(super) fn truth(&self, id: ConditionId, one: Option<&Use>) -> Truth {
        let reads = self.policy.condition(id).map(|condition| condition.reads());
        let arguments = reads.filter(|reads| reads.variable(Variable::Args));
        let arguments = arguments.map(|reads| reads.arguments());
        let mut state = self.state.borrow_mut();
        let State { known, steps } = &mut *state;
        let left = Cell::new(steps.left());
        let coercion = self.coercion(&left);
        let place = one.filter(|_| arguments.is_some()).and_then(|one| place(one, coercion));
        *steps = Steps::new(left.get());
        let key = (id, place);
        if let Some(truth) = known.get(&key) {
            return *truth;
        }
        let args = place.zip(arguments).and_then(|((occurrence, field), wanted)| {
            coercion.arguments(occurrence, field, wanted)
        });
        *steps = Steps::new(left.get());
        let truth = self.evaluate(id, args.as_ref(), steps);
        known.insert(key, truth);
        truth
    }

    /// What the request has for each of the plan's variables.
    pub(super) fn given(&self) -> &[Option<&'q Json<'q>>] {
        &self.given
    }

    fn coercion<'c>(&'c self, left: &'c Cell<u32>) -> Coercion<'c> {
        let Self { policy, plan, given, .. } = self;
        Coercion { plan, schema: policy.schema(), given, left }
    }

    fn evaluate(&self, id: ConditionId, args: Option<&Value<'_>>, steps: &mut Steps) -> Truth {
        let Self { policy, caller, request, operation, .. } = self;
        let caller = caller.map_or_else(Variables::default, CallerValues::variables);
        let variables =
            Variables { args, operation: operation.as_ref(), request: *request, ..caller };
        policy.truth(id, &variables, steps)
    }
}

fn place(one: &Use, coercion: Coercion<'_>) -> Option<Place> {
    let occurrence = one.occurrence?;
    let field = match one.target {
        Target::Field(field) | Target::Input(InputId::Argument(field, _)) => field,
        // Their conditions cannot look at arguments.
        Target::Input(InputId::Member(..) | InputId::Value(..))
        | Target::Type(_)
        | Target::Unknown { .. } => return None,
    };
    Some((occurrence, coercion.field(occurrence, field)?))
}

impl std::fmt::Debug for Circumstances<'_> {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("Circumstances(_)")
    }
}
