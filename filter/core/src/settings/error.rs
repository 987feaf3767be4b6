//! Why bytes are not a configuration, and where that shows.

use std::fmt;

use super::VERSION;
use crate::policy::blob::BlobError;
use crate::token::keys::KeySetError;

/// Why bytes are not a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigurationError {
    /// There are none.
    Empty,
    /// Not JSON, an unknown or repeated key, or a value of another type. The path is like
    /// `issuers[0].leeway_seconds`, and `.` at the top.
    Shape {
        /// Where.
        path: String,
        /// What.
        message: String,
    },
    /// A version of the format that is not [`VERSION`].
    Version(u32),
    /// A value that has the right type and no meaning.
    Value {
        /// Where.
        path: String,
        /// What would have been right.
        message: &'static str,
    },
    /// An issuer's keys cannot be used.
    Keys {
        /// Where.
        path: String,
        /// Why.
        error: KeySetError,
    },
    /// The policy cannot be used.
    Policy(BlobError),
}

impl ConfigurationError {
    /// The kind of fault, in a word that does not change: a label of metrics.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Shape { .. } => "shape",
            Self::Version(_) => "version",
            Self::Value { .. } => "value",
            Self::Keys { .. } => "keys",
            Self::Policy(_) => "policy",
        }
    }

    /// Where in the configuration, as a path of keys and indices.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Empty => ".",
            Self::Shape { path, .. } | Self::Value { path, .. } | Self::Keys { path, .. } => path,
            Self::Version(_) => "version",
            Self::Policy(_) => "policy",
        }
    }
}

impl fmt::Display for ConfigurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the configuration is empty"),
            Self::Shape { path, message } => write!(f, "`{path}`: {message}"),
            Self::Version(found) => {
                write!(f, "`version`: configuration has version {found}, expected {VERSION}")
            }
            Self::Value { path, message } => write!(f, "`{path}`: {message}"),
            Self::Keys { path, error } => write!(f, "`{path}`: {error}"),
            Self::Policy(error) => write!(f, "`policy`: {error}"),
        }
    }
}

impl std::error::Error for ConfigurationError {}
