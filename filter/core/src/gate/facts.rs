//! What the pipeline notes for the audit record, stage by stage.

use std::rc::Rc;

use crate::audit::{
    self, Asked, Caller, Denied, Enforced, Exceeded, Facts, Identity, Requested, cut,
};
use crate::decide::{self, Decision};
use crate::denial::Reason;
use crate::document;
use crate::http::{Head, Method};
use crate::identity::{Authority, Principal};
use crate::limits::LISTED;
use crate::plan::{Included, PathId, Plan, Target};
use crate::policy::Policy;
use crate::policy::blob::Digest;
use crate::policy::ceiling::{self, Mode, Used};
use crate::reply::Refusal;
use crate::settings::{Configuration, Settings};
use crate::token::verify::VerifiedClaims;

use super::prepared::{Prepared, Unprepared};

/// What is in force under a configuration.
pub(super) fn enforced(configuration: &Configuration) -> Enforced {
    let Configuration { settings, policy, digest } = configuration;
    let name = policy.parts().name.to_string();
    Enforced::new(name, revision(policy, digest), digest.to_string(), settings.request_headers)
}

fn revision(policy: &Policy, digest: &Digest) -> String {
    match policy.parts().revision.as_ref() {
        "" => digest.short(),
        given => given.to_owned(),
    }
}

impl Facts {
    pub(super) fn of_head(head: &Head<'_>, enforced: Option<&Rc<Enforced>>) -> Self {
        let text = |bytes: &[u8]| cut(&String::from_utf8_lossy(bytes)).to_owned();
        let method = |bytes: &[u8]| {
            Method::read(bytes).map_or_else(|| text(bytes).into(), |known| known.name().into())
        };
        let path = head.path.and_then(|path| path.split(|byte| *byte == b'?').next());
        Self {
            enforced: enforced.cloned(),
            method: head.method.map(method),
            path: path.map(text),
            answers: head.answers(),
            ..Self::default()
        }
    }

    pub(super) fn note_caller(&mut self, principal: &Principal, configuration: &Configuration) {
        self.caller = Some(Rc::clone(noted(principal, configuration)));
    }
}

impl Asked {
    pub(super) fn note_prepared(&mut self, prepared: &Prepared) {
        self.operation = Some(Rc::clone(&prepared.noted));
        self.usage = Some(prepared.plan.usage);
    }

    /// Notes how far it got.
    pub(super) fn note_unprepared(&mut self, unprepared: Unprepared) -> Refusal {
        let Unprepared { refusal, noted, error } = unprepared;
        self.operation = Some(Rc::new(noted));
        self.usage = error.map(|error| error.usage);
        refusal
    }

    pub(super) fn note_requested(
        &mut self,
        prepared: &Prepared,
        included: &Included,
        policy: &Policy,
    ) {
        let list = || requested(&prepared.plan, included, policy);
        self.requested = Some(prepared.requested(list));
    }

    /// Notes what an operation used that is granted. Not before variables are decided:
    /// what is in them costs, and so would tell of what is denied.
    ///
    /// # Errors
    /// The refusal of what it may not use.
    pub(super) fn note_used(
        &mut self,
        used: Used,
        authority: &Authority,
        policy: &Policy,
    ) -> Result<(), Reason> {
        let exceeded = ceiling::exceeded(policy.ceilings(), authority, &used);
        let name = |limit: &ceiling::Exceeded| policy.rule_name(limit.rule).to_owned();
        let note = |limit| Exceeded { rule: name(&limit), limit };
        self.exceeded = exceeded.iter().copied().map(note).collect();
        self.used = Some(used);
        let enforced = exceeded.iter().find(|one| one.mode == Mode::Enforce);
        enforced.map_or(Ok(()), |one| Err(one.counter.reason()))
    }

    pub(super) fn note_denied(
        &mut self,
        decision: &Decision,
        prepared: &Prepared,
        policy: &Policy,
    ) {
        let (plan, source) = (&prepared.plan, prepared.source.text());
        let listed = decision.denied.iter().take(LISTED).map(|denied| {
            let decide::Denied { target, at, because, rules } = denied;
            let rules = rules.iter().map(|rule| policy.rule_name(*rule).to_owned());
            Denied {
                coordinate: coordinate(*target, *at, plan, policy, source),
                because: *because,
                rules: rules.collect(),
                path: at.map_or_else(String::new, |at| path(&plan.path_to(at, source))),
            }
        });
        self.denied = listed.collect();
        self.denied_total = decision.denied.len();
    }
}

fn requested(plan: &Plan, included: &Included, policy: &Policy) -> Rc<Requested> {
    let executed = plan.uses.iter().filter(|one| included.includes(one.condition));
    let fields = executed.filter_map(|one| match one.target {
        Target::Field(field) => Some(field),
        Target::Type(_) | Target::Input(_) | Target::Unknown { .. } => None,
    });
    let mut sorted = Vec::with_capacity(plan.uses.len());
    sorted.extend(fields);
    sorted.sort_unstable();
    sorted.dedup();
    Rc::new(policy.schema().coordinates(sorted.into_iter()).collect())
}

impl audit::Operation {
    pub(super) fn choose(&mut self, chosen: &document::Operation<'_>) {
        self.name = chosen.name.map(|name| cut(name.text).to_owned());
        self.kind = Some(chosen.kind.name());
    }
}

/// What records say of a caller.
pub(super) fn noted<'p>(principal: &'p Principal, configuration: &Configuration) -> &'p Rc<Caller> {
    principal.noted.get_or_init(|| Rc::new(caller(principal, configuration)))
}

fn caller(principal: &Principal, configuration: &Configuration) -> Caller {
    let Principal { claims, authority, values: _, noted: _ } = principal;
    let Configuration { settings, policy, .. } = configuration;
    let names = |roles| policy.role_names(roles).map(str::to_owned).collect();
    Caller::new(
        claims.as_ref().map(|claims| Identity::new(claims, settings)),
        names(authority.subject),
        authority.actor.map(names),
        authority.client.map(names),
    )
}

impl Identity {
    fn new(claims: &VerifiedClaims, settings: &Settings) -> Self {
        let issuer = settings.issuers.get(claims.issuer());
        let actors = claims.actor().into_iter().flat_map(|actor| {
            let earlier = actor.chain().iter().map(ToString::to_string);
            std::iter::once(actor.subject().to_owned()).chain(earlier)
        });
        Self {
            issuer: issuer.map_or_else(String::new, |issuer| issuer.issuer.to_string()),
            attested: claims.is_attested(),
            subject: claims.subject().to_owned(),
            token_id: claims.jti().map(str::to_owned),
            client: claims.client().map(str::to_owned),
            actors: actors.collect(),
        }
    }
}

/// Response keys as one text, `a.b.c`: each is cut before it is copied, as a caller chooses them.
fn path(keys: &[&str]) -> String {
    let mut path = String::new();
    for (at, key) in keys.iter().enumerate() {
        if at > 0 {
            path.push('.');
        }
        path.push_str(cut(key));
    }
    cut(&path).to_owned()
}

/// `Type.field`, also for one that is not there; for an unknown type its name alone; `*` for the
/// operation as a whole.
fn coordinate(
    target: Option<Target>,
    at: Option<PathId>,
    plan: &Plan,
    policy: &Policy,
    source: &str,
) -> String {
    let schema = policy.schema();
    let type_name = |of| schema.type_def(of).map_or("", |def| def.name);
    let place = at.and_then(|at| plan.place(at));
    let name = cut(place.and_then(|place| place.text(source)).unwrap_or_default());
    match target {
        None => "*".to_owned(),
        Some(Target::Field(field)) => schema.coordinate(field),
        Some(Target::Type(of)) => type_name(of).to_owned(),
        Some(Target::Input(input)) => schema.input_coordinate(input),
        Some(Target::Unknown { parent: None, .. }) => name.to_owned(),
        Some(Target::Unknown { parent: Some(parent), .. }) => {
            format!("{}.{name}", type_name(parent))
        }
    }
}
