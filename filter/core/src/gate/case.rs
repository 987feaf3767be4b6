//! One operation of one request, as it is put to the decision.

use crate::decide::{Circumstances, Question};
use crate::denial::Reason;
use crate::document::Document;
use crate::http::GraphqlRequest;
use crate::identity::Principal;
use crate::plan::{Choice, Plan, Supplied};
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
    /// The document: the request's, or what it was rewritten to.
    pub document: &'c Document<'c>,
    /// Its operation.
    pub choice: Choice,
}

impl Case<'_> {
    /// Asks about the operation, of which this is the plan.
    ///
    /// # Errors
    /// The refusal, where a condition of a selection has no value.
    pub fn ask<T>(&self, plan: &Plan, judge: impl FnOnce(&Question<'_>) -> T) -> Result<T, Reason> {
        let Self { policy, principal, head, request, document, choice } = *self;
        let source = document.source;
        let included = plan.evaluate(source, &|name| request.boolean(name))?;
        let supplied = Supplied::new(plan, policy, source, &|name| request.value(name));
        let operation = choice.of(document).ok_or(Reason::Internal)?;
        let values = principal.values.as_deref();
        let operation = (source, operation);
        let circumstances = Circumstances::new(policy, plan, operation, request, values, head);
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
