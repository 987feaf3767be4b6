//! The bounds on requests and records, with unit and default, and where the number comes from.
//!
//! Two kinds: [`Limits`] can be set in the configuration, up to the cap beside each; the constants
//! cannot be lifted by anybody. Where a bound on a request is exceeded it is refused, never cut short;
//! bounds on a record cut the record.

/// The longest bearer token read where nothing else is configured, in bytes. Real tokens with groups
/// stay under 4 KiB; proxies' header limits begin at 8 KiB.
pub const TOKEN_BYTES: usize = 8192;

/// The most keys that are tried for a token without `kid`.
pub const KEY_TRIES: usize = 4;

/// Verified tokens that are kept under one configuration, in bytes with what they say.
pub const KNOWN_BYTES: usize = 16 << 20;

/// Documents that are kept under one configuration, in bytes with what they touch.
pub const DOCUMENTS_BYTES: usize = 16 << 20;

/// What an entry of those takes beside its texts and lists, in bytes: its place among the others, and
/// what records say of it. Measured: `make memory`.
pub const KEPT_BYTES: usize = 128 * size_of::<usize>();

/// The most groups of a caller.
pub const GROUPS: usize = 1000;

/// The most prior actors.
pub const PRIOR_ACTORS: usize = 8;

/// The longest subject, in bytes.
pub const SUBJECT_BYTES: usize = 1024;

/// The most names in one list of what is revoked: 8 MiB of digests.
pub const REVOKED: usize = 1 << 20;

/// The most keys in a set: a few generations in rotation, with room.
pub const KEYS: usize = 64;

/// The longest set, in bytes: [`KEYS`] keys with their certificates.
pub const KEY_SET_BYTES: usize = 256 * 1024;

/// The longest discovery document, in bytes: real ones have 2 to 8 KiB.
pub const DISCOVERY_BYTES: usize = 64 * 1024;

/// The most rules of a policy that bound operations: each is looked at for each request.
pub const CEILINGS: usize = 64;

/// The greatest cost that is told: what is dearer counts as this. Readers of records have doubles.
pub const MOST_COST: u64 = (1 << 53) - 1;

/// Requests that wait for keys under one configuration: each holds its headers. One more is refused at
/// once, as one whose keys cannot be had.
pub const WAITING_REQUESTS: usize = 1_000;

/// Headers and bodies of requests that wait for keys under one configuration, in bytes. Nobody knows yet
/// who sent them; a thousand ordinary ones have about 4 MiB.
pub const WAITING_BYTES: usize = 16 << 20;

/// Waiting requests that are judged in one call of the host, where other keys have come: the rest in
/// the next, so that other requests get their turn.
pub const JUDGED_AT_ONCE: usize = 50;

/// The longest `kid`, in bytes: certificate thumbprints and URLs fit.
pub const KID_BYTES: usize = 256;

/// Brackets of any kind open at one time in a document, and fragments spread within one another:
/// what recursion depth depends on. A wasm stack of 1 MiB held 6,000 small frames when measured.
pub const NESTING: u32 = 200;

/// Object types looked at for one operation: a selection on an interface looks at each object type
/// that it can be. Bounds the work behind `expanded_fields`: a look costs about a name's comparison.
pub const CONCRETE_TYPES: u32 = 100_000;

/// The same for each selection with a condition, which has a budget of its own: what is looked at in
/// one that is switched off must not be felt outside.
pub const CONDITIONAL_TYPES: u32 = 10_000;

/// Variables that a request gives.
pub const VARIABLES: usize = 1_000;

/// Files that come with one request, and places that they are for.
pub const UPLOADS: usize = 100;

/// Steps of one evaluation of a role's condition: a thousand groups held against a hundred names. They take
/// about a millisecond.
pub const CONDITION_STEPS: u32 = 100_000;

/// Steps of all conditions of an operation, or of all operations of a batch, each of which has the same
/// part of them, and of the arguments that are made for them: ten that take
/// as long as one may, or ten thousand usual ones. They take about ten milliseconds.
pub const OPERATION_STEPS: u32 = 1_000_000;

/// Nodes of a condition within one another: what its recursion depends on. CEL asks for 32 of calls
/// and of member selections, and for 24 of operators.
pub const CONDITION_DEPTH: u32 = 64;

/// Nodes of a condition: a comparison has four.
pub const CONDITION_NODES: usize = 1_000;

/// Nodes of all conditions of a policy: 6 MiB.
pub const CONDITIONS_NODES: usize = 1 << 16;

/// Patterns of all conditions of a policy: 4 MiB, if each is as large as can be.
pub const CONDITIONS_PATTERNS: usize = 128;

/// The longest text of a pattern, in bytes.
pub const PATTERN_BYTES: usize = 1024;

/// What a pattern may compile to, in bytes: about a thousand states.
pub const PATTERN_PROGRAM_BYTES: usize = 32 * 1024;

/// Tables of data beside that of owners.
pub const DATA_TABLES: usize = 64;

/// Entries of all tables: twice and a half what lookups are measured with.
pub const DATA_ENTRIES: usize = 1 << 18;

/// The longest key of a table, in bytes: references have up to 191.
pub const DATA_KEY_BYTES: usize = 255;

/// The keys of all tables, in bytes.
pub const DATA_BYTES: usize = 16 << 20;

/// The distinct values of all tables, each with those inside of it: 16 MiB.
pub const DATA_VALUES: usize = 1 << 19;

/// Values of a table within one another.
pub const DATA_DEPTH: u32 = 8;

/// Trusted documents, and their ids in all sets together: an application of thousands of screens has
/// a few thousand.
pub const TRUSTED_DOCUMENTS: usize = 1 << 16;

/// Their texts and ids, in bytes: half of what is unpacked of a policy.
pub const TRUSTED_BYTES: usize = 8 << 20;

/// The longest id of one, in bytes: a SHA-256 has 64 digits.
pub const TRUSTED_ID_BYTES: usize = 255;

/// The most clients with documents of their own.
pub const TRUSTED_CLIENTS: usize = 1_000;

/// Denied coordinates in one audit record; the operations of a batch share them.
pub const LISTED: usize = 100;

/// Requested coordinates in one audit record: more than an operation has that anybody
/// wrote. The operations of a batch share them.
pub const LISTED_REQUESTED: usize = 10_000;

/// Characters of a caller-chosen string (operation name, path, subject) that reach a record.
pub const RECORDED_CHARS: usize = 256;

/// The bounds that a configuration sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Request body, bytes. Envoy's own default buffer is 1 MiB.
    pub body_bytes: u32,
    /// Lexical tokens of the document. Apollo Router's default is 15,000.
    pub tokens: u32,
    /// Fields nested in one another.
    pub depth: u32,
    /// Root fields of the operation, after expansion.
    pub root_fields: u32,
    /// Aliased fields, after expansion.
    pub aliases: u32,
    /// Directives, after expansion.
    pub directives: u32,
    /// Selections after fragments are expanded.
    pub expanded_fields: u32,
    /// Lists and objects nested in one another in `variables`.
    pub variables_depth: u32,
    /// A token, or the claims of one that another filter has verified, in bytes.
    pub token_bytes: u32,
    /// Verified tokens that are kept under one configuration. None turns it off.
    pub known_tokens: u32,
    /// Documents that are kept under one configuration. None turns it off.
    pub known_documents: u32,
    /// Requests in one batch. None turns batches off.
    pub batch: u32,
    /// URL query of a GET, in bytes.
    pub url_query_bytes: u32,
    /// Whether documents may ask for answers in parts, by `@defer` and `@stream`.
    pub incremental: bool,
}

impl Limits {
    /// What a configuration that names no limit gets.
    pub const DEFAULT: Self = Self {
        body_bytes: 1 << 20,
        tokens: 15_000,
        depth: 32,
        root_fields: 32,
        aliases: 64,
        directives: 64,
        expanded_fields: 10_000,
        variables_depth: 64,
        token_bytes: 8192,
        known_tokens: 1_000,
        known_documents: 1_000,
        batch: 0,
        url_query_bytes: 16 << 10,
        incremental: false,
    };

    /// The largest request body that is read, in bytes.
    #[must_use]
    pub fn body(&self) -> usize {
        usize::try_from(self.body_bytes).unwrap_or(usize::MAX)
    }

    /// The longest token that is read, in bytes.
    #[must_use]
    pub fn token(&self) -> usize {
        usize::try_from(self.token_bytes).unwrap_or_default()
    }

    /// How many verified tokens are kept.
    #[must_use]
    pub fn known(&self) -> usize {
        usize::try_from(self.known_tokens).unwrap_or_default()
    }

    /// How many documents are kept.
    #[must_use]
    pub fn documents(&self) -> usize {
        usize::try_from(self.known_documents).unwrap_or_default()
    }

    /// What no configuration can exceed.
    pub const CAP: Self = Self {
        body_bytes: 8 << 20,
        tokens: 100_000,
        depth: NESTING,
        root_fields: 1_000,
        aliases: 10_000,
        // Each condition has a budget of object types: see CONDITIONAL_TYPES.
        directives: 1_000,
        expanded_fields: 100_000,
        variables_depth: 100,
        // Envoy takes 60 KiB of headers, unless it is told otherwise.
        token_bytes: 48 << 10,
        known_tokens: 100_000,
        known_documents: 100_000,
        batch: 100,
        // Envoy takes 60 KiB of headers, unless it is told otherwise.
        url_query_bytes: 48 << 10,
        incremental: true,
    };
}
