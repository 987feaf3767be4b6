//! One operation of one request, as it is put to the decision.

use crate::decide::{Circumstances, Question};
use crate::denial::Reason;
use crate::http::GraphqlRequest;
use crate::identity::Principal;
use crate::plan::{Chosen, Plan, Supplied};
use crate::policy::Policy;
use crate::policy::condition::Value;

/// Who asks what, of which policy.
#[derive(Clone, Copy, Debug)]
pub struct Case<'c> {
    /// The policy.
    pub policy: &'c Policy,
    /// Who asks.
    pub principal: &'c Principal,
    /// The head of the request for conditions, if one looks at it.
    pub head: Option<&'c Value<'static>>,
    /// The request.
    pub request: &'c GraphqlRequest<'c>,
    /// The operation: of the request's document, or of what that was rewritten to.
    pub chosen: Chosen<'c>,
    /// Steps that its conditions have, and the arguments that are made for them.
    pub steps: u32,
}

impl Case<'_> {
    /// Asks about the operation, of which this is the plan.
    ///
    /// # Errors
    /// The refusal, where a condition of a selection has no value.
    pub fn ask<T>(&self, plan: &Plan, judge: impl FnOnce(&Question<'_>) -> T) -> Result<T, Reason> {
        let Self { policy, principal, head, request, chosen, steps } = *self;
        let source = chosen.source;
        let included = plan.evaluate(source, &|name| request.boolean(name))?;
        let supplied = Supplied::new(plan, policy, source, &|name| request.value(name));
        let values = principal.values.as_deref();
        let circumstances = Circumstances::new(policy, plan, chosen, request, values, head, steps);
        let authority = &principal.authority;
        Ok(judge(&Question {
            plan,
            policy,
            authority,
            included: &included,
            supplied: &supplied,
            circumstances: &circumstances,
        }))
    }
}
