//! Blob bytes -> validated [`Policy`], and back. The transport form of a policy:
//!
//! ```text
//! "FGPB"   magic                                    4 bytes
//! version  FORMAT, little endian                    2 bytes
//! digest   SHA-256 of what follows                 32 bytes
//! length   of the payload before compression, LE    4 bytes
//! body     the payload, raw DEFLATE (RFC 1951)
//! ```
//!
//! The payload is the postcard encoding of `wire`'s tables, which are sorted when they are built:
//! the same policy gives the same bytes. The digest is the policy's identity, and that of its bytes:
//! it covers them as they travel, a third of what they unpack to, and leaves a blob one spelling. It
//! guards against corruption, not against an attacker who can push configuration: such a one needs
//! no forgery.

mod access;
mod bounded;
mod data;
mod documents;
mod expression;
mod limits;
mod schema;
mod value;
mod wire;

use std::fmt;

use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;

use self::wire::Wire;
use super::condition::ExpressionError;
use super::data::DataError;
use super::documents::TrustedError;
use super::schema::SchemaError;
use super::{Policy, PolicyError};

const MAGIC: &[u8; 4] = b"FGPB";
/// The format that this version writes and reads.
pub const FORMAT: u16 = 7;
/// The largest payload that is unpacked: a hundred thousand owners have 3 MiB, and GitHub's schema a
/// quarter of one; far under a VM's memory.
const MAX_PAYLOAD_BYTES: u32 = 16 << 20;
const COMPRESSION_LEVEL: u8 = 9;

/// The SHA-256 of a policy as it travels: its identity.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The first twelve hex digits, for people.
    #[must_use]
    pub fn short(&self) -> String {
        self.to_string().chars().take(12).collect()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// Why bytes are not a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlobError {
    /// Too short, or it does not begin as a blob does.
    NotABlob,
    /// Written by another version of fieldgate.
    Format(u16),
    /// It is cut off, or the body does not unpack to the stated length.
    Corrupt,
    /// The payload has more bytes than are unpacked.
    TooLarge {
        /// How many it has.
        bytes: u32,
        /// How many it may have.
        limit: u32,
    },
    /// The digest is not that of what follows it.
    Digest,
    /// The payload is not a policy's.
    Payload,
    /// The payload has no valid schema index.
    Schema(SchemaError),
    /// The payload is that of no valid policy.
    Policy(PolicyError),
    /// The payload has a condition that cannot be evaluated.
    Condition(ExpressionError),
    /// The payload has no valid data.
    Data(DataError),
    /// The payload has no valid trusted documents.
    Documents(TrustedError),
}

impl BlobError {
    /// What to do about it, where there is more to say than to build it again.
    #[must_use]
    pub const fn help(&self) -> Option<&'static str> {
        match self {
            Self::TooLarge { .. } => Some("remove from the schema what no rule names"),
            Self::NotABlob
            | Self::Format(_)
            | Self::Corrupt
            | Self::Digest
            | Self::Payload
            | Self::Schema(_)
            | Self::Policy(_)
            | Self::Condition(_)
            | Self::Data(_)
            | Self::Documents(_) => None,
        }
    }
}

impl fmt::Display for BlobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotABlob => f.write_str("not a policy blob"),
            Self::Format(found) => {
                write!(f, "policy blob has format {found}, this filter reads format {FORMAT}")
            }
            Self::Corrupt => f.write_str("policy blob is corrupt: it cannot be unpacked"),
            Self::TooLarge { bytes, limit } => {
                write!(f, "policy blob is too large: {bytes} bytes unpacked, of at most {limit}")
            }
            Self::Digest => f.write_str("policy blob is corrupt: it is not as it was written"),
            Self::Payload => f.write_str("policy blob is corrupt: its payload cannot be read"),
            Self::Schema(error) => write!(f, "policy blob is inconsistent: {error}"),
            Self::Policy(error) => write!(f, "policy blob is inconsistent: {error}"),
            Self::Condition(error) => write!(f, "policy blob is inconsistent: {error}"),
            Self::Data(error) => write!(f, "policy blob is inconsistent: {error}"),
            Self::Documents(error) => write!(f, "policy blob is inconsistent: {error}"),
        }
    }
}

impl std::error::Error for BlobError {}

/// The blob of a policy, and its digest.
///
/// # Errors
/// [`BlobError::TooLarge`] for a policy that no filter would unpack.
pub fn encode(policy: &Policy) -> Result<(Vec<u8>, Digest), BlobError> {
    let payload =
        postcard::to_allocvec(&Wire::new(policy.parts())?).map_err(|_| BlobError::Payload)?;
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    if length > MAX_PAYLOAD_BYTES {
        return Err(BlobError::TooLarge { bytes: length, limit: MAX_PAYLOAD_BYTES });
    }
    let body = compress_to_vec(&payload, COMPRESSION_LEVEL);
    let covered = [&length.to_le_bytes()[..], &body].concat();
    let digest = hmac_sha256::Hash::hash(&covered);
    Ok(([&MAGIC[..], &FORMAT.to_le_bytes(), &digest, &covered].concat(), Digest(digest)))
}

/// The policy in a blob, and its digest.
///
/// # Errors
/// One [`BlobError`] for each way in which bytes can fail to be a policy; nothing is half read.
pub fn decode(blob: &[u8]) -> Result<(Policy, Digest), BlobError> {
    let (magic, rest) = blob.split_first_chunk::<4>().ok_or(BlobError::NotABlob)?;
    if magic != MAGIC {
        return Err(BlobError::NotABlob);
    }
    let (format, rest) = rest.split_first_chunk::<2>().ok_or(BlobError::NotABlob)?;
    let format = u16::from_le_bytes(*format);
    if format != FORMAT {
        return Err(BlobError::Format(format));
    }
    let (digest, covered) = rest.split_first_chunk::<32>().ok_or(BlobError::Corrupt)?;
    if hmac_sha256::Hash::hash(covered) != *digest {
        return Err(BlobError::Digest);
    }
    let (length, body) = covered.split_first_chunk::<4>().ok_or(BlobError::Corrupt)?;
    let length = u32::from_le_bytes(*length);
    if length > MAX_PAYLOAD_BYTES {
        return Err(BlobError::TooLarge { bytes: length, limit: MAX_PAYLOAD_BYTES });
    }
    let length = usize::try_from(length).map_err(|_| BlobError::Corrupt)?;
    let payload = decompress_to_vec_with_limit(body, length).map_err(|_| BlobError::Corrupt)?;
    if payload.len() != length {
        return Err(BlobError::Corrupt);
    }
    let policy = Policy::new(Wire::read(&payload)?.into_parts()?).map_err(BlobError::Policy)?;
    Ok((policy, Digest(*digest)))
}

/// For the tests of its parts: bytes that were cut or changed are refused, or read as something else
/// that is written as it was read.
#[cfg(test)]
fn no_bytes_are_read_as_what_was_not_written<T: PartialEq + fmt::Debug>(
    whole: &[u8],
    read: impl Fn(&[u8]) -> Result<T, BlobError>,
    write: impl Fn(&T) -> Vec<u8>,
) {
    for end in 0..whole.len() {
        assert!(whole.get(..end).is_some_and(|part| read(part).is_err()), "{end}");
    }
    let mut read_again = 0_usize;
    for at in 0..whole.len() {
        for bit in 0..8 {
            let mut other = whole.to_vec();
            other.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << bit);
            if let Ok(item) = read(&other) {
                assert_eq!(read(&write(&item)).as_ref(), Ok(&item));
                read_again = read_again.saturating_add(1);
            }
        }
    }
    assert!(read_again > 0, "no change is read");
}
