//! Who asked, in the record.

use serde_json::{Map, Value};

use super::{cut, insert};

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
    pub(super) fn write(&self, record: &mut Map<String, Value>) {
        let Self { identity, roles, actor_roles, client_roles } = self;
        match identity {
            Some(identity) => identity.write(record),
            None => insert(record, "anonymous", Some(true.into())),
        }
        record.insert("roles".to_owned(), roles.as_slice().into());
        insert(record, "actor_roles", actor_roles.as_deref().map(Value::from));
        insert(record, "client_roles", client_roles.as_deref().map(Value::from));
    }
}

impl Identity {
    fn write(&self, record: &mut Map<String, Value>) {
        let Self { issuer, attested, subject, token_id, client, actors } = self;
        record.insert("issuer".to_owned(), cut(issuer).into());
        insert(record, "attested", attested.then_some(true.into()));
        record.insert("subject".to_owned(), cut(subject).into());
        insert(record, "token_id", token_id.as_deref().map(|id| cut(id).into()));
        insert(record, "client", client.as_deref().map(|client| cut(client).into()));
        if !actors.is_empty() {
            let names: Vec<&str> = actors.iter().map(|actor| cut(actor)).collect();
            record.insert("actors".to_owned(), names.into());
        }
    }
}
