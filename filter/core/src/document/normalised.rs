//! Query text -> [`Normalised`]: the text without what separates its tokens ("Ignored Tokens").
//!
//! Two texts have the same one if they are the same tokens in the same order: white space, line ends,
//! commas, comments and byte order marks make no difference, and everything else does, also what
//! could mean the same: `"a"` and `"\u0061"`, `query { a }` and `{ a }`, the order of definitions.
//! It does not read the grammar: whoever compares texts reads one of them elsewhere.

use std::fmt;

use super::lexer::{Lexer, Token, TokenKind};
use super::{DocumentError, Span};

/// The SHA-256 of a text's tokens.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Normalised([u8; 32]);

impl Normalised {
    /// That of a text with at most so many tokens.
    ///
    /// # Errors
    /// What is no token, or one token too many.
    pub fn new(source: &str, tokens: u32) -> Result<Self, DocumentError> {
        digest(source, tokens).map_err(|error| *error)
    }

    /// One that was made before.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Normalised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Normalised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Normalised({self})")
    }
}

fn digest(source: &str, tokens: u32) -> Result<Normalised, Box<DocumentError>> {
    let mut lexer = Lexer::new(source, tokens)?;
    let mut taken = Tokens::of(source);
    loop {
        let token = lexer.next()?;
        if token.kind == TokenKind::End {
            return Ok(taken.normalised());
        }
        taken.push(token);
    }
}

/// Tokens as they are hashed: what a token is, and where its text is not in that, its text, with its
/// length before it where anything can be in it. No name or number has a byte that says what a token
/// is, so that its end is where the next one begins: no two sequences of tokens are the same bytes.
pub(super) struct Tokens<'a> {
    source: &'a str,
    hash: hmac_sha256::Hash,
    /// What is hashed next, all at once.
    bytes: Vec<u8>,
}

/// How much is hashed at once, or twice as much: nobody who sends a long text has memory taken for it.
const AT_ONCE: usize = 1024;

impl<'a> Tokens<'a> {
    /// None yet of a text.
    pub(super) fn of(source: &'a str) -> Self {
        Self { source, hash: hmac_sha256::Hash::new(), bytes: Vec::with_capacity(AT_ONCE) }
    }

    pub(super) fn push(&mut self, Token { kind, span }: Token) {
        match code(kind) {
            Code::End => {}
            Code::Punctuator(code) => self.bytes.push(code),
            Code::Word(code) => {
                self.bytes.push(code);
                self.text(span);
            }
            Code::Text(code) => {
                self.bytes.push(code);
                self.bytes.extend_from_slice(&span.end.saturating_sub(span.start).to_le_bytes());
                self.text(span);
            }
        }
        if self.bytes.len() >= AT_ONCE {
            self.hash();
        }
    }

    fn text(&mut self, span: Span) {
        // INVARIANT: a token stands between two characters of its source.
        let text = span.text(self.source).unwrap_or_default().as_bytes();
        if text.len() > AT_ONCE {
            self.hash();
            self.hash.update(text);
        } else {
            self.bytes.extend_from_slice(text);
        }
    }

    fn hash(&mut self) {
        self.hash.update(&*self.bytes);
        self.bytes.clear();
    }

    pub(super) fn normalised(mut self) -> Normalised {
        self.hash();
        Normalised(self.hash.finalize())
    }
}

enum Code {
    End,
    Punctuator(u8),
    /// Of letters, digits and `_+-.`.
    Word(u8),
    Text(u8),
}

/// The numbers are in policy blobs: another one is another format.
const fn code(kind: TokenKind) -> Code {
    match kind {
        TokenKind::End => Code::End,
        TokenKind::Bang => Code::Punctuator(1),
        TokenKind::Dollar => Code::Punctuator(2),
        TokenKind::Ampersand => Code::Punctuator(3),
        TokenKind::ParenthesisOpen => Code::Punctuator(4),
        TokenKind::ParenthesisClose => Code::Punctuator(5),
        TokenKind::Spread => Code::Punctuator(6),
        TokenKind::Colon => Code::Punctuator(7),
        TokenKind::Equals => Code::Punctuator(8),
        TokenKind::At => Code::Punctuator(9),
        TokenKind::BracketOpen => Code::Punctuator(10),
        TokenKind::BracketClose => Code::Punctuator(11),
        TokenKind::BraceOpen => Code::Punctuator(12),
        TokenKind::Pipe => Code::Punctuator(13),
        TokenKind::BraceClose => Code::Punctuator(14),
        TokenKind::Name => Code::Word(15),
        TokenKind::Int => Code::Word(16),
        TokenKind::Float => Code::Word(17),
        TokenKind::String => Code::Text(18),
        TokenKind::BlockString => Code::Text(19),
    }
}
