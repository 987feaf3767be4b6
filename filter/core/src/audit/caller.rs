//! Who asked, in the record.

use super::cut;
use super::form::{Form, Written};

/// A known caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Who it is; none for an anonymous one.
    pub identity: Option<Identity>,
    /// The subject's roles, or those of anonymous callers.
    pub roles: Vec<String>,
    /// The roles of `act.sub`, if there is one.
    pub actor_roles: Option<Vec<String>>,
    /// The roles of the client, if it is one that acts for users.
    pub client_roles: Option<Vec<String>>,
    pub(super) written: Written,
}

/// What a verified token says of the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// `iss`
    pub issuer: String,
    /// Whether another filter has verified the token.
    pub attested: bool,
    /// `sub`
    pub subject: String,
    /// `jti`
    pub token_id: Option<String>,
    /// `azp` or `client_id`
    pub client: Option<String>,
    /// `act.sub`, and then the actors before it, latest first.
    pub actors: Vec<String>,
}

impl Caller {
    /// One that is known by this, with these roles.
    pub(crate) fn new(
        identity: Option<Identity>,
        roles: Vec<String>,
        actor_roles: Option<Vec<String>>,
        client_roles: Option<Vec<String>>,
    ) -> Self {
        Self { identity, roles, actor_roles, client_roles, written: Written::default() }
    }

    /// About how much memory it takes, with what is written of it in both forms.
    pub(crate) fn bytes(&self) -> usize {
        let lists = [Some(&self.roles), self.actor_roles.as_ref(), self.client_roles.as_ref()];
        let roles = lists.into_iter().flatten().flatten();
        let actors = self.identity.iter().flat_map(|identity| &identity.actors);
        let names = roles.chain(actors);
        // As a text of its own, and in each form with its quotes or lengths.
        let one = |name: &String| {
            name.len().saturating_mul(3).saturating_add(size_of::<String>()).saturating_add(16)
        };
        names.map(one).fold(0, usize::saturating_add)
    }

    pub(super) fn write(&self, record: &mut impl Form) {
        let Self { identity, roles, actor_roles, client_roles, written: _ } = self;
        match identity {
            Some(identity) => identity.write(record),
            None => record.flag("anonymous", true),
        }
        let mut names = |name, roles: &[String]| {
            record.texts(name, roles.iter().map(String::as_str));
        };
        names("roles", roles);
        actor_roles.iter().for_each(|roles| names("actor_roles", roles));
        client_roles.iter().for_each(|roles| names("client_roles", roles));
    }
}

impl Identity {
    fn write(&self, record: &mut impl Form) {
        let Self { issuer, attested, subject, token_id, client, actors } = self;
        record.text("issuer", cut(issuer));
        if *attested {
            record.flag("attested", true);
        }
        record.text("subject", cut(subject));
        record.maybe("token_id", token_id.as_deref().map(cut));
        record.maybe("client", client.as_deref().map(cut));
        if !actors.is_empty() {
            record.texts("actors", actors.iter().map(|actor| cut(actor)));
        }
    }
}
