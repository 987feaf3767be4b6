//! Valid tokens and key sets -> many that are neither, or in another spelling; what two readers make
//! of them, and where they differ.
//!
//! Everything is the same on every machine, but for the time and the salt of PSS.

mod algorithm;
mod change;
pub mod difference;
mod forge;
mod key_sets;
mod object;
pub mod ours;
mod random;
mod signatures;
mod spellings;
mod texts;
mod values;

pub use algorithm::Algorithm;

/// Who signs tokens.
#[derive(Debug)]
pub struct Issuer {
    /// The value of `iss`.
    pub name: &'static str,
    /// What it signs with, and a key for each.
    pub algorithms: &'static [Algorithm],
    /// Whether these keys are secrets.
    pub secret: bool,
}

/// All of them: one with public keys of every kind, one with a key that has the name of one of
/// those, and one with secrets.
pub static ISSUERS: [Issuer; 3] = [
    Issuer { name: "https://i1", algorithms: &algorithm::PUBLIC, secret: false },
    Issuer { name: "https://i2", algorithms: &algorithm::OTHER, secret: false },
    Issuer { name: "https://i3", algorithms: &algorithm::SECRET, secret: true },
];

impl Issuer {
    /// Its key set as it should be.
    #[must_use]
    pub fn sound_set(&self) -> String {
        key_sets::set(self.algorithms.iter().map(|algorithm| algorithm.jwk().text()))
    }

    /// The names of its algorithms, all of them.
    pub fn algorithm_names(&self) -> impl Iterator<Item = &'static str> {
        let names =
            |one: &'static Algorithm| [one.name].into_iter().chain(one.aliases.iter().copied());
        self.algorithms.iter().flat_map(names)
    }
}

/// Whom tokens are for.
pub const AUDIENCE: &str = "api";

/// What `typ` may be.
pub const TYPES: [&str; 2] = ["JWT", "at+jwt"];

/// The clock skew that readers allow.
pub const LEEWAY: u64 = 60;

/// When tokens are made.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// Seconds since the epoch.
    pub now: u64,
    /// How far from an edge of time a token stays, in seconds: 1, or more where readers look at a
    /// clock of their own.
    pub distance: u64,
}

/// A token, and what was changed in it.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// Where the change is: `header crit`, `claims aud`, `keys use`. Several are joined by ` + `.
    pub label: String,
    /// What comes after `Bearer `.
    pub token: String,
    /// The key set that it meets: a position in [`Mutants::sets`].
    pub set: usize,
}

/// A key set that an issuer has in place of its sound one.
#[derive(Clone, Debug)]
pub struct Set {
    /// Whose: a position in [`ISSUERS`].
    pub issuer: usize,
    /// What is published.
    pub text: String,
}

/// All of them.
#[derive(Clone, Debug)]
pub struct Mutants {
    /// Key sets; the first is sound.
    pub sets: Vec<Set>,
    /// The tokens, sound ones first.
    pub all: Vec<Mutant>,
}

/// Makes them.
#[must_use]
pub fn generate(clock: Clock) -> Mutants {
    let mut sets = vec![Set { issuer: 0, text: ISSUERS[0].sound_set() }];
    let mut all = Vec::new();
    let families = [
        forge::sound,
        spellings::all,
        signatures::all,
        change::single,
        texts::all,
        change::several,
    ];
    for family in families {
        let made = family(clock).into_iter();
        all.extend(made.map(|(label, token)| Mutant { label, token, set: 0 }));
    }
    for (label, set, tokens) in key_sets::all(clock) {
        let position = sets.len();
        sets.push(set);
        all.extend(tokens.into_iter().map(|token| Mutant {
            label: label.clone(),
            token,
            set: position,
        }));
    }
    Mutants { sets, all }
}
