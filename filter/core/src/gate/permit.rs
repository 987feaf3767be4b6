//! What a caller asks -> a [`Permit`], which is made here alone, where nothing is denied.

use std::rc::Rc;

use super::case::Case;
use super::prepared::{Documents, Prepared, read};
use super::text::Text;
use crate::audit::{Asked, Facts};
use crate::challenge;
use crate::denial::Reason;
use crate::document::OperationKind;
use crate::http::{
    GraphqlBody, GraphqlRequest, Head, Media, Method, Methods, MultipartRequest, UrlRequest,
};
use crate::identity::Principal;
use crate::plan::Usage;
use crate::policy::Policy;
use crate::policy::ceiling::Used;
use crate::policy::condition::Value;
use crate::reply::Refusal;
use crate::rewrite::rewrite;
use crate::settings::Settings;

/// The right to forward one request: what to forward.
pub(super) struct Permit(Vec<u8>);

/// An operation of which nothing is denied, as it may be forwarded.
struct Granted(Rc<Prepared>);

/// Who asks, by which method, and under what.
#[derive(Clone, Copy)]
pub(super) struct Asker<'a> {
    pub(super) settings: &'a Settings,
    pub(super) policy: &'a Policy,
    pub(super) documents: &'a Documents,
    pub(super) principal: &'a Principal,
    /// The head of the request for conditions, if one looks at it.
    pub(super) head: Option<&'a Value<'static>>,
    pub(super) method: Method,
    /// Steps that the conditions of an operation have.
    pub(super) steps: u32,
}

impl Asker<'_> {
    /// Judges a body.
    ///
    /// # Errors
    /// The refusal.
    pub(super) fn judge(
        &self,
        media: &Media,
        body: &[u8],
        facts: &mut Facts,
    ) -> Result<Permit, Refusal> {
        let limits = &self.settings.limits;
        match media {
            Media::Json => match GraphqlBody::read(body, limits)? {
                GraphqlBody::One(request) => self.judge_one(&request, body.len(), facts),
                GraphqlBody::Batch(requests) => self.judge_batch(&requests, body.len(), facts),
            },
            Media::Multipart(boundary) => {
                let upload = MultipartRequest::read(boundary, body, limits)?;
                let granted = self.grant_one(&upload.request, body.len(), facts)?;
                let Permit(operations) = self.permit(&upload.request, &granted)?;
                let defined = granted.0.variables().collect();
                Ok(Permit(upload.forward(&operations, &defined)?))
            }
        }
    }

    /// Judges the request in the URL of a GET.
    ///
    /// # Errors
    /// The refusal.
    pub(super) fn judge_url(&self, head: &Head<'_>, facts: &mut Facts) -> Result<Permit, Refusal> {
        let Settings { tokens, limits, .. } = self.settings;
        head.expect_no_forgery(self.settings)?;
        let query = head.query().unwrap_or_default();
        let url = UrlRequest::read(query, tokens, limits.url_query_bytes)?;
        let request = url.request(limits.variables_depth)?;
        self.judge_one(&request, query.len(), facts)
    }

    /// Judges one request, of so many bytes.
    ///
    /// # Errors
    /// The refusal.
    fn judge_one(
        &self,
        request: &GraphqlRequest<'_>,
        bytes: usize,
        facts: &mut Facts,
    ) -> Result<Permit, Refusal> {
        let granted = self.grant_one(request, bytes, facts)?;
        self.permit(request, &granted)
    }

    fn grant_one(
        &self,
        request: &GraphqlRequest<'_>,
        bytes: usize,
        facts: &mut Facts,
    ) -> Result<Granted, Refusal> {
        let (granted, used) = self.authorize(request, bytes, &mut facts.asked)?;
        facts.asked.note_used(used, &self.principal.authority, self.policy)?;
        Ok(granted)
    }

    /// Judges each request of a batch, also behind one that is refused: records have all of them. What
    /// they use is bounded together.
    fn judge_batch(
        &self,
        requests: &[GraphqlRequest<'_>],
        bytes: usize,
        facts: &mut Facts,
    ) -> Result<Permit, Refusal> {
        let mut body = vec![b'['];
        let mut refused = None;
        // Together they have what one has.
        let share =
            u32::try_from(requests.len()).ok().and_then(|many| self.steps.checked_div(many));
        let one = Self { steps: share.unwrap_or_default(), ..*self };
        let mut all = Used { cost: Some(0), body_bytes: bytes, usage: Usage::default() };
        for request in requests {
            let mut asked = Asked::default();
            // What is too much together is not even looked at.
            let judged = match all.usage.exceeded(&self.settings.limits) {
                None => one.authorize(request, bytes, &mut asked),
                Some(reason) => Err(reason.into()),
            };
            all.usage = all.usage.plus(asked.usage.unwrap_or_default());
            let judged =
                judged.and_then(|(granted, used)| Ok((self.permit(request, &granted)?, used)));
            match judged {
                Ok((permit, used)) => {
                    all.cost = all.cost.zip(used.cost).map(|(sum, one)| sum.saturating_add(one));
                    asked.used = Some(used);
                    if body.len() > 1 {
                        body.push(b',');
                    }
                    body.extend(permit.into_bytes());
                }
                Err(refusal) => {
                    asked.refused = Some(refusal.reason());
                    refused = refused.or(Some(refusal.somewhere()));
                }
            }
            facts.batch.push(asked);
        }
        body.push(b']');
        facts.asked.usage = Some(all.usage);
        if let Some(refusal) = refused {
            return Err(refusal);
        }
        if let Some(reason) = all.usage.exceeded(&self.settings.limits) {
            return Err(reason.into());
        }
        facts.asked.note_used(all, &self.principal.authority, self.policy)?;
        Ok(Permit(body))
    }

    /// Judges an operation but for the limits of the policy, and tells what it uses.
    fn authorize(
        &self,
        request: &GraphqlRequest<'_>,
        body_bytes: usize,
        asked: &mut Asked,
    ) -> Result<(Granted, Used), Refusal> {
        let Self { settings, policy, documents, principal, head, method, steps } = *self;
        let Settings { limits, scope_challenge, .. } = settings;
        let name = request.operation_name.as_deref();
        let asking = Text::of(request, principal, policy)?;
        let text = asking.text;
        let prepared = match documents.recall(text, name) {
            Some(prepared) => prepared,
            None => {
                let prepared = Prepared::new(text, name, policy, limits, asking.compares())
                    .map_err(|unprepared| asked.note_unprepared(*unprepared))?;
                let prepared = Rc::new(prepared);
                documents.keep(&prepared);
                prepared
            }
        };
        asked.note_prepared(&prepared);
        let (trust, may) = asking.trust(&prepared, limits);
        asked.trust = trust;
        may?;
        if method != Method::Post && prepared.chosen().kind != OperationKind::Query {
            return Err(Refusal::from(Reason::MutationNotSafe).allowing(Methods::post()));
        }
        let case = Case { policy, principal, head, request, chosen: prepared.chosen(), steps };
        let (decision, used) = case.ask(&prepared.plan, |question| {
            asked.note_requested(&prepared, question.included, policy);
            let decision = question.decide();
            let Some(reason) = decision.reason() else {
                let usage = prepared.plan.usage;
                return Ok((decision, Used { cost: question.cost(), body_bytes, usage }));
            };
            asked.note_denied(&decision, &prepared, policy);
            let refusal =
                Refusal::at(reason, decision.place(&prepared.plan), prepared.source.text());
            Err(refusal.asking(challenge::of_denial(principal, question, *scope_challenge)))
        })??;
        if prepared.is_whole && decision.removed.is_empty() {
            return Ok((Granted(prepared), used));
        }

        // What is forwarded is what was authorized, and a new text is a new document, in which the
        // variables that are left are decided too. The client never saw it: no place in it is told.
        let (document, choice) = read(prepared.source.text(), name, limits)?;
        let text = rewrite(&document, choice, &prepared.plan, &decision.removed);
        let prepared = Prepared::new(&text.ok_or(Reason::Internal)?, name, policy, limits, false)
            .map_err(|unprepared| Refusal::from(unprepared.refusal.reason()))?;
        let case = Case { chosen: prepared.chosen(), ..case };
        case.ask(&prepared.plan, |question| {
            let decision = question.decide();
            // What selections are denied has been taken out: anything else would be a defect.
            if !decision.removed.is_empty() || decision.denies_selections(&prepared.plan) {
                return Err(Reason::Internal.into());
            }
            let Some(reason) = decision.reason() else { return Ok(()) };
            asked.note_denied(&decision, &prepared, policy);
            let challenge = challenge::of_denial(principal, question, *scope_challenge);
            Err(Refusal::from(reason).asking(challenge))
        })??;
        Ok((Granted(Rc::new(prepared)), used))
    }

    fn permit(
        &self,
        request: &GraphqlRequest<'_>,
        Granted(prepared): &Granted,
    ) -> Result<Permit, Refusal> {
        let (name, allowed) = (prepared.chosen().name, &self.settings.endpoint.extensions);
        Ok(Permit(request.forward(&prepared.source, name, prepared.variables(), allowed)?))
    }
}

impl Permit {
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}
