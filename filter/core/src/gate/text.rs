//! Which text a request means, and whether its client may ask for it: the trusted documents of the
//! client that its token is of, never of one that the request names.

use super::prepared::Prepared;
use crate::audit::Trust;
use crate::denial::Reason;
use crate::http::{DocumentId, GraphqlRequest};
use crate::identity::Principal;
use crate::limits::Limits;
use crate::policy::Policy;
use crate::policy::documents::{Asked, DocumentMode};
use crate::token::verify::VerifiedClaims;

/// A document as it is asked for.
pub(super) struct Text<'r> {
    pub(super) text: &'r str,
    /// What its client may ask for.
    asked: Asked<'r>,
    /// The id by which it is a trusted one, where the request says one.
    id: Option<&'r str>,
}

impl<'r> Text<'r> {
    /// Finds the text. An id alone is worth nothing but among the trusted documents: nobody can
    /// register another text under it.
    ///
    /// # Errors
    /// The refusal.
    pub(super) fn of(
        request: &'r GraphqlRequest<'_>,
        principal: &Principal,
        policy: &'r Policy,
    ) -> Result<Self, Reason> {
        let client = principal.claims.as_ref().and_then(VerifiedClaims::client);
        let asked = policy.documents().of(client);
        let off = asked.mode() == DocumentMode::Off;
        let (text, id) = match (request.query.as_deref(), &request.id) {
            (Some(text), None) => (text, None),
            (None, Some(DocumentId::Sha256(_))) if off => {
                return Err(Reason::PersistedQueryNotSupported);
            }
            (_, Some(DocumentId::Given(_))) if off => return Err(Reason::UnknownMember),
            (None, Some(DocumentId::Sha256(id) | DocumentId::Given(id))) => {
                let text = asked.by_id(id).ok_or(Reason::PersistedQueryNotFound)?;
                (text, Some(&**id))
            }
            (Some(text), Some(id @ (DocumentId::Sha256(named) | DocumentId::Given(named)))) => {
                let trusted = asked.by_id(named) == Some(text);
                // Registering a text under its hash is asking it.
                let registers = matches!(id, DocumentId::Sha256(hash) if is_hash(hash, text));
                if !trusted && !registers {
                    return Err(Reason::DocumentIdMismatch);
                }
                (text, trusted.then_some(&**named))
            }
            (None, None) => return Err(Reason::QueryMissing),
        };
        Ok(Self { text, asked, id })
    }

    /// Whether it has to be known what the document is: not where it comes by its id, nor where none
    /// is trusted.
    pub(super) fn compares(&self) -> bool {
        let Self { asked, id, .. } = self;
        let by_text = matches!(asked.mode(), DocumentMode::Log | DocumentMode::Safelist);
        by_text && id.is_none() && !asked.is_empty()
    }

    /// Whether it is trusted, where that is asked, and whether it may be asked.
    pub(super) fn trust(
        &self,
        prepared: &Prepared,
        limits: &Limits,
    ) -> (Option<Trust>, Result<(), Reason>) {
        let Self { asked, id, .. } = self;
        let same = || match self.compares() {
            true => prepared.normalised(limits).and_then(|text| asked.knows(&text)),
            false => None,
        };
        let found = match asked.mode() {
            DocumentMode::Off => return (None, Ok(())),
            DocumentMode::Log | DocumentMode::Safelist => id.or_else(same),
            DocumentMode::IdOnly => *id,
        };
        let may = asked.mode() == DocumentMode::Log || found.is_some();
        let trust = found.map_or(Trust::Untrusted, |id| Trust::Trusted(id.to_owned()));
        (Some(trust), if may { Ok(()) } else { Err(Reason::DocumentNotTrusted) })
    }
}

/// Whether 64 digits are the SHA-256 of a text.
fn is_hash(digits: &str, text: &str) -> bool {
    let digest = hmac_sha256::Hash::hash(text.as_bytes());
    let digit =
        |pair: &[u8], at: usize| pair.get(at).and_then(|digit| char::from(*digit).to_digit(16));
    let mut pairs = digits.as_bytes().chunks_exact(2);
    digest.iter().all(|byte| {
        let both = pairs.next().and_then(|pair| digit(pair, 0).zip(digit(pair, 1)));
        both.map(|(high, low)| high << 4 | low) == Some((*byte).into())
    })
}
