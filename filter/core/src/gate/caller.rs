//! Who asks: by the token that the request shows, by claims that another filter verified, or nobody.

use std::rc::Rc;

use super::arrival::Refused;
use super::{Arrival, Open, facts};
use crate::audit::Facts;
use crate::http::Head;
use crate::identity::Principal;
use crate::policy::condition::Variable;
use crate::settings::Configuration;
use crate::token::bearer::RawToken;
use crate::token::compact::Jws;
use crate::token::verify::{said, take, verify};
use crate::token::{TokenError, attested};

/// The token that a request shows.
enum Shown<'a> {
    Nothing,
    /// One that was verified, by its caller.
    Known(Rc<Principal>),
    Unknown(RawToken<'a>),
}

impl Open {
    /// Who asks.
    ///
    /// # Errors
    /// Why nobody can be said to.
    pub(super) fn caller(
        &self,
        head: &Head<'_>,
        facts: &mut Facts,
        arrival: &Arrival<'_>,
    ) -> Result<Rc<Principal>, Refused> {
        let Self { configuration, known, .. } = self;
        let Configuration { settings, policy, .. } = configuration;
        let Arrival { metadata, published, verifier, now, .. } = *arrival;
        let (issuers, longest) = (&settings.issuers, settings.limits.token());
        let presented = settings.tokens.find(head, longest)?;
        let recalled = presented.and_then(|token| known.recall(token, published, now));
        let shown = match (recalled, presented) {
            (Some(principal), _) => Shown::Known(principal),
            (None, Some(token)) => Shown::Unknown(token.read()?),
            (None, None) => Shown::Nothing,
        };
        let principal = match (shown, attested::find(metadata, issuers, longest)?) {
            (Shown::Known(principal), None) => principal,
            (Shown::Unknown(token), None) => {
                let jws = Jws::read(&token)?;
                let claims = verify(&jws, issuers, published, verifier, now)?;
                let all = policy.reads(Variable::Claims).then(|| said(&jws)).transpose()?;
                let principal = Rc::new(Principal::new(claims, all.as_ref(), issuers, policy));
                facts::noted(&principal, configuration);
                known.keep(token, &principal, published, now);
                principal
            }
            (Shown::Nothing, Some(attested)) => {
                let claims = take(&attested, issuers, now)?;
                Rc::new(Principal::new(claims, Some(attested.claims()), issuers, policy))
            }
            (Shown::Nothing, None) => {
                Rc::new(Principal::anonymous(settings.anonymous, head, policy)?)
            }
            (Shown::Known(_) | Shown::Unknown(_), Some(_)) => {
                return Err(TokenError::Duplicate.into());
            }
        };
        facts.note_caller(&principal, configuration);
        Ok(principal)
    }
}
