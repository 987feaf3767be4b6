//! Who asks: what their tokens say, and what that makes them under every policy of `rules`.

use super::schema::Name;

#[derive(Debug)]
pub(crate) struct Caller {
    /// None sends no token.
    pub(crate) groups: Option<&'static [Name]>,
    /// More claims of the token, as JSON with a comma before each.
    pub(crate) claims: &'static str,
    /// What `level` is of them.
    pub(crate) level: Level,
    pub(crate) scopes: &'static [Name],
    pub(crate) client: Option<Name>,
    pub(crate) actor: Option<Name>,
    /// The roles of every party to the token, the subject first.
    pub(crate) parties: &'static [u64],
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Level {
    Number(i32),
    Text,
    Missing,
}

const NOBODY: Caller = Caller {
    groups: Some(&[]),
    claims: "",
    level: Level::Missing,
    scopes: &[],
    client: None,
    actor: None,
    parties: &[0],
};

pub(crate) const CALLERS: [Caller; 9] = [
    Caller { groups: Some(&["g0"]), parties: &[0b1], ..NOBODY },
    Caller {
        groups: Some(&["g1", "other"]),
        claims: r#","level":5,"scope":"s0""#,
        level: Level::Number(5),
        scopes: &["s0"],
        parties: &[0b1_0010],
        ..NOBODY
    },
    Caller {
        groups: Some(&["g0", "g1", "g2"]),
        claims: r#","level":1,"scope":"s2 s1 s0 s9""#,
        level: Level::Number(1),
        scopes: &["s0", "s1", "s2"],
        parties: &[0b111],
        ..NOBODY
    },
    Caller {
        groups: Some(&["g3", "g0"]),
        claims: r#","level":"high","scope":"s1""#,
        level: Level::Text,
        scopes: &["s1"],
        parties: &[0b1001],
        ..NOBODY
    },
    Caller { claims: r#","level":3"#, level: Level::Number(3), parties: &[0b1_0000], ..NOBODY },
    Caller {
        groups: Some(&["g0", "g1", "g2", "g3"]),
        claims: r#","level":4,"scope":"s0 s1","act":{"sub":"agent"}"#,
        level: Level::Number(4),
        scopes: &["s0", "s1"],
        actor: Some("agent"),
        parties: &[0b1_1111, 0b11],
        ..NOBODY
    },
    Caller {
        groups: Some(&["g2"]),
        claims: r#","level":0,"azp":"agent","act":{"sub":"bot"}"#,
        level: Level::Number(0),
        client: Some("agent"),
        actor: Some("bot"),
        parties: &[0b100, 0b11, 0b1],
        ..NOBODY
    },
    Caller {
        groups: Some(&["g0", "g1"]),
        claims: r#","act":{"sub":"stranger"}"#,
        actor: Some("stranger"),
        parties: &[0b11, 0],
        ..NOBODY
    },
    // By the setting `anonymous`.
    Caller { groups: None, parties: &[0b1], ..NOBODY },
];

impl Caller {
    /// The roles of which it cannot be said whether the subject has them.
    pub(crate) fn unclear(&self) -> u64 {
        match self.level {
            Level::Text | Level::Missing if self.groups.is_some() => 0b1_0000,
            Level::Text | Level::Missing | Level::Number(_) => 0,
        }
    }
}
