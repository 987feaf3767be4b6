//! Published keys: when to fetch them, what an answer is worth, and which keys are in force now.
//!
//! A state machine without IO: [`KeyStore::due`] says what to fetch, the host fetches, and
//! [`KeyStore::answered`] takes what came. A fetch that fails leaves the last good keys in force for
//! a bounded time. A key that is not known is asked for at once, one fetch at a time and at a bounded
//! rate, while whoever needs it waits: so a rotation refuses nobody, and nobody can make a proxy
//! flood an identity provider.
//!
//! Time is whole seconds; spread comes from a seed. Deliberately absent: retries within a fetch,
//! redirects (an identity provider that moves is a change of configuration).

mod answer;
mod location;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::token::UnixTime;
use crate::token::keys::KeySet;

use answer::Fetched;
pub use answer::{Answer, FetchFault};
pub use location::Url;

/// How the keys of one issuer are had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteKeys {
    /// What to ask for.
    pub location: Location,
    /// The host's name for where to send it.
    pub cluster: Box<str>,
    /// How long one answer may take, in milliseconds.
    pub timeout_ms: u32,
    /// Seconds between fetches, where the answer does not say.
    pub refresh: u64,
    /// Seconds for which keys stay in force without a good answer.
    pub max_stale: u64,
    /// Seconds between the starts of two fetches, at least.
    pub refetch: u64,
    /// Seconds that a request waits for a key, at most.
    pub wait: u64,
}

/// What to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// The key set itself.
    Jwks(Url),
    /// A discovery document that names it (OpenID Connect Discovery 1.0 section 4).
    Discovery {
        /// The document.
        document: Url,
        /// The `issuer` that it has to have (section 4.3).
        issuer: Box<str>,
        /// Where to send the request for the keys, if their host is another one.
        jwks_cluster: Option<Box<str>>,
    },
}

/// One request for the host to make: a GET.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// Whose keys: what [`KeyStore::answered`] is given back.
    pub issuer: usize,
    /// The host's name for where to send it.
    pub cluster: Box<str>,
    /// Scheme, authority and path.
    pub url: Url,
    /// How long the answer may take, in milliseconds.
    pub timeout_ms: u32,
}

/// What became of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Make this request too.
    Next(Fetch),
    /// There are new keys.
    Fetched,
    /// There are none; what was in force stays.
    Failed(FetchFault),
    /// Nobody asked.
    Stray,
}

/// The published keys of every issuer that publishes any.
#[derive(Clone, Debug, Default)]
pub struct KeyStore {
    issuers: Vec<(usize, Published)>,
}

/// The keys of one issuer, and what is under way.
#[derive(Clone, Debug)]
struct Published {
    rules: RemoteKeys,
    keys: Option<Good>,
    flight: Option<Flight>,
    /// The number of fetches begun.
    begun: u64,
    /// When the last one began.
    begun_at: Option<UnixTime>,
    /// When the next one is due by itself.
    next: UnixTime,
    /// Whether somebody waits for a key.
    wanted: bool,
    failures: u32,
    spread: Spread,
}

#[derive(Clone, Debug)]
struct Good {
    set: KeySet,
    /// The SHA-256 of its text: the same again is no news.
    digest: [u8; 32],
    /// Which set this is, counted.
    number: u64,
    until: UnixTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flight {
    Discovery,
    Jwks,
}

/// A request's claim to wait for one issuer's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    issuer: usize,
    /// The first fetch that begins after the request came: what it does not bring, there is not.
    fetch: u64,
    /// The set that the request has been judged by, or 0.
    judged_by: u64,
    since: UnixTime,
    until: UnixTime,
}

/// Where a wait stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// There is nothing new.
    On,
    /// There are other keys: judge again, and wait on if the key is still missing.
    Look,
    /// There are other keys, and no more are waited for: judge for the last time.
    LastLook,
    /// No more are waited for, and those in force have been judged by.
    Over,
}

impl KeyStore {
    /// A store without keys, for issuers by their position in the settings. The first fetches are
    /// due at once.
    pub fn new(remotes: impl Iterator<Item = (usize, RemoteKeys)>, seed: u64) -> Self {
        let published = |(issuer, rules): (usize, RemoteKeys)| {
            let salt = u64::try_from(issuer).unwrap_or_default();
            (issuer, Published::new(rules, Spread(seed.wrapping_add(salt))))
        };
        Self { issuers: remotes.map(published).collect() }
    }

    /// Whether there is anything to fetch, ever.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.issuers.is_empty()
    }

    /// The keys of an issuer that are in force; none if there are none that are young enough.
    #[must_use]
    pub fn keys(&self, issuer: usize, now: UnixTime) -> Option<&KeySet> {
        let good = self.published(issuer)?.keys.as_ref()?;
        (now < good.until).then_some(&good.set)
    }

    /// Which keys of an issuer are in force, as a number that never comes again; none if there are none.
    #[must_use]
    pub fn number(&self, issuer: usize, now: UnixTime) -> Option<u64> {
        let good = self.published(issuer)?.keys.as_ref()?;
        (now < good.until).then_some(good.number)
    }

    /// What to fetch now. Each is on its way from here on: the host has to come back with
    /// [`Self::answered`], whatever happens.
    pub fn due(&mut self, now: UnixTime) -> Vec<Fetch> {
        let each = self.issuers.iter_mut();
        each.filter_map(|(issuer, published)| published.due(*issuer, now)).collect()
    }

    /// Takes what came of a fetch.
    pub fn answered(&mut self, issuer: usize, answer: &Answer<'_>, now: UnixTime) -> Progress {
        match self.issuers.iter_mut().find(|(known, _)| *known == issuer) {
            Some((_, published)) => published.answered(issuer, answer, now),
            None => Progress::Stray,
        }
    }

    /// Asks for a key that is not among those in force, for a request that came now. None if no
    /// fetch would come in time, or the issuer publishes nothing: then there is nothing to wait for.
    pub fn want(&mut self, issuer: usize, now: UnixTime) -> Option<Wait> {
        let (_, published) = self.issuers.iter_mut().find(|(known, _)| *known == issuer)?;
        let until = now.plus(published.rules.wait);
        if published.flight.is_none() && published.earliest() > until {
            return None;
        }
        published.wanted = true;
        let (fetch, judged_by) = (published.begun.saturating_add(1), published.number());
        Some(Wait { issuer, fetch, judged_by, since: now, until })
    }

    /// Whether somebody waits for a fetch that may begin now.
    #[must_use]
    pub fn is_due(&self, now: UnixTime) -> bool {
        self.issuers.iter().any(|(_, published)| published.wanted && published.is_due(now))
    }

    /// Where a wait stands, after [`Self::answered`] or when time has passed.
    pub fn waiting(&mut self, wait: &mut Wait, now: UnixTime) -> Waiting {
        let Some((_, published)) = self.issuers.iter_mut().find(|(known, _)| *known == wait.issuer)
        else {
            return Waiting::Over;
        };
        // A clock that was set back would make a wait as long as that.
        let over = published.done() >= wait.fetch || now >= wait.until || now < wait.since;
        let news = published.number() != wait.judged_by;
        wait.judged_by = published.number();
        match (over, news) {
            (true, true) => Waiting::LastLook,
            (true, false) => Waiting::Over,
            (false, true) => Waiting::Look,
            (false, false) => {
                // What was under way when the request came is not the answer to it: another fetch
                // is.
                published.wanted = true;
                Waiting::On
            }
        }
    }

    fn published(&self, issuer: usize) -> Option<&Published> {
        self.issuers.iter().find(|(known, _)| *known == issuer).map(|(_, published)| published)
    }
}

impl Published {
    fn new(rules: RemoteKeys, spread: Spread) -> Self {
        Self {
            rules,
            keys: None,
            flight: None,
            begun: 0,
            begun_at: None,
            next: UnixTime(0),
            wanted: false,
            failures: 0,
            spread,
        }
    }

    /// The earliest time at which a fetch may begin.
    fn earliest(&self) -> UnixTime {
        self.begun_at.map_or(UnixTime(0), |begun| begun.plus(self.rules.refetch))
    }

    /// The number of fetches that have ended: one at a time, so all but the one under way.
    fn done(&self) -> u64 {
        match self.flight {
            None => self.begun,
            Some(_) => self.begun.saturating_sub(1),
        }
    }

    /// The number of the set in force, or 0.
    fn number(&self) -> u64 {
        self.keys.as_ref().map_or(0, |good| good.number)
    }

    fn is_due(&self, now: UnixTime) -> bool {
        let asked = self.wanted || now >= self.next;
        self.flight.is_none() && asked && now >= self.earliest()
    }

    /// Where the clock was set back, what was to come by it comes as if the last fetch were now: no
    /// key stays in force longer for it.
    fn set_back(&mut self, now: UnixTime) {
        if self.begun_at.is_some_and(|begun| now < begun) {
            self.begun_at = Some(now);
            self.next = now;
            if let Some(good) = &mut self.keys {
                good.until = good.until.min(now.plus(self.rules.max_stale));
            }
        }
    }

    fn due(&mut self, issuer: usize, now: UnixTime) -> Option<Fetch> {
        self.set_back(now);
        if !self.is_due(now) {
            return None;
        }
        let (flight, url) = match &self.rules.location {
            Location::Jwks(url) => (Flight::Jwks, url.clone()),
            Location::Discovery { document, .. } => (Flight::Discovery, document.clone()),
        };
        self.flight = Some(flight);
        self.begun = self.begun.saturating_add(1);
        self.begun_at = Some(now);
        self.wanted = false;
        Some(self.fetch(issuer, self.rules.cluster.clone(), url))
    }

    fn fetch(&self, issuer: usize, cluster: Box<str>, url: Url) -> Fetch {
        Fetch { issuer, cluster, url, timeout_ms: self.rules.timeout_ms }
    }

    fn answered(&mut self, issuer: usize, answer: &Answer<'_>, now: UnixTime) -> Progress {
        let read = match (self.flight.take(), &self.rules.location) {
            (None, _) => return Progress::Stray,
            (
                Some(Flight::Discovery),
                Location::Discovery { document, issuer: name, jwks_cluster },
            ) => match answer.jwks_uri(document, name) {
                Err(fault) => Err(fault),
                Ok(url) => {
                    let cluster = jwks_cluster.as_ref().unwrap_or(&self.rules.cluster).clone();
                    self.flight = Some(Flight::Jwks);
                    return Progress::Next(self.fetch(issuer, cluster, url));
                }
            },
            (Some(Flight::Discovery | Flight::Jwks), _) => answer.keys(),
        };
        match read {
            Ok(Fetched { set, digest, max_age }) => {
                self.wanted = false;
                let every = max_age.unwrap_or(self.rules.refresh).clamp(REFRESH_MIN, REFRESH_MAX);
                // A fetch that fails is to find keys that are still in force.
                let every = every.min(self.rules.max_stale.checked_div(2).unwrap_or(every));
                let same = self.keys.as_ref().filter(|good| good.digest == digest);
                let number = same.map_or(self.number().saturating_add(1), |good| good.number);
                let until = now.plus(self.rules.max_stale);
                self.keys = Some(Good { set, digest, number, until });
                self.failures = 0;
                self.next = now.plus(self.spread.around(every));
                Progress::Fetched
            }
            Err(fault) => {
                let backoff = 1_u64.checked_shl(self.failures).unwrap_or(u64::MAX);
                self.failures = self.failures.saturating_add(1);
                let backoff = backoff.max(self.rules.refetch).min(self.rules.refresh);
                self.next = now.plus(self.spread.around(backoff));
                Progress::Failed(fault)
            }
        }
    }
}

/// Seconds between fetches, at least, whatever `Cache-Control` says.
pub const REFRESH_MIN: u64 = 60;
/// Seconds between fetches, at most: a day.
pub const REFRESH_MAX: u64 = 86_400;

/// A sequence of numbers that differs from seed to seed, so that the proxies of a fleet do not ask
/// in step. It is no secret.
#[derive(Clone)]
struct Spread(u64);

impl Spread {
    /// Nine to eleven tenths of a time.
    fn around(&mut self, seconds: u64) -> u64 {
        // Knuth's linear congruential generator; its high bits are the good ones.
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let high = self.0.checked_shr(33).unwrap_or_default();
        let permille = high.checked_rem(201).unwrap_or_default().saturating_add(900);
        seconds.saturating_mul(permille).checked_div(1000).unwrap_or(seconds).max(1)
    }
}

impl fmt::Debug for Spread {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("Spread(_)")
    }
}
