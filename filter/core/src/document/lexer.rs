//! Source text -> tokens, one at a time ("Lexical Tokens"), counted against a bound.
//!
//! Works on bytes: every character that means something outside strings and comments is ASCII,
//! but for the byte order mark, and no byte of a longer character equals an ASCII one.
//! It checks strings but does not decode them; `text` does, where a value is asked for.

use super::text::{self, Escape};
use super::{DocumentError, DocumentErrorKind, Span};

/// What a token is; `End` stands behind the last one and is not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    Bang,
    Dollar,
    Ampersand,
    ParenthesisOpen,
    ParenthesisClose,
    Spread,
    Colon,
    Equals,
    At,
    BracketOpen,
    BracketClose,
    BraceOpen,
    Pipe,
    BraceClose,
    Name,
    Int,
    Float,
    String,
    BlockString,
    End,
}

/// A token and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) span: Span,
}

/// What a byte can begin outside strings and comments.
#[derive(Clone, Copy)]
enum Class {
    Blank,
    Comment,
    Mark,
    Name,
    Number,
    Quote,
    Dot,
    Punctuator(TokenKind),
    Invalid,
}

/// The class of every byte.
static CLASSES: [Class; 256] = classes();

const fn classes() -> [Class; 256] {
    let mut classes = [Class::Invalid; 256];
    let mut rest: &mut [Class] = &mut classes;
    let mut byte = 0_u8;
    while let Some((class, behind)) = rest.split_first_mut() {
        *class = classify(byte);
        byte = byte.wrapping_add(1);
        rest = behind;
    }
    classes
}

const fn classify(byte: u8) -> Class {
    match byte {
        // `WhiteSpace`, `LineTerminator` and `Comma`: no other blank of ASCII or Unicode
        // separates tokens.
        b'\t' | b' ' | b'\n' | b'\r' | b',' => Class::Blank,
        b'#' => Class::Comment,
        // `UnicodeBOM`: the first byte of U+FEFF in UTF-8.
        0xEF => Class::Mark,
        b'A'..=b'Z' | b'a'..=b'z' | b'_' => Class::Name,
        b'0'..=b'9' | b'-' => Class::Number,
        b'"' => Class::Quote,
        b'.' => Class::Dot,
        b'!' => Class::Punctuator(TokenKind::Bang),
        b'$' => Class::Punctuator(TokenKind::Dollar),
        b'&' => Class::Punctuator(TokenKind::Ampersand),
        b'(' => Class::Punctuator(TokenKind::ParenthesisOpen),
        b')' => Class::Punctuator(TokenKind::ParenthesisClose),
        b':' => Class::Punctuator(TokenKind::Colon),
        b'=' => Class::Punctuator(TokenKind::Equals),
        b'@' => Class::Punctuator(TokenKind::At),
        b'[' => Class::Punctuator(TokenKind::BracketOpen),
        b']' => Class::Punctuator(TokenKind::BracketClose),
        b'{' => Class::Punctuator(TokenKind::BraceOpen),
        b'|' => Class::Punctuator(TokenKind::Pipe),
        b'}' => Class::Punctuator(TokenKind::BraceClose),
        _ => Class::Invalid,
    }
}

fn class(byte: u8) -> Class {
    // A byte is always below 256.
    CLASSES.get(usize::from(byte)).copied().unwrap_or(Class::Invalid)
}

/// Whether a name goes on with a byte.
static CONTINUES_NAME: [bool; 256] = continuing();

const fn continuing() -> [bool; 256] {
    let mut continues = [false; 256];
    let mut rest: &mut [bool] = &mut continues;
    let mut byte = 0_u8;
    while let Some((one, behind)) = rest.split_first_mut() {
        *one = byte.is_ascii_alphanumeric() || byte == b'_';
        byte = byte.wrapping_add(1);
        rest = behind;
    }
    continues
}

fn continues_name(byte: u8) -> bool {
    // A byte is always below 256.
    CONTINUES_NAME.get(usize::from(byte)).copied().unwrap_or(false)
}

/// The position in the source and the tokens taken so far.
pub(super) struct Lexer<'a> {
    bytes: &'a [u8],
    /// INVARIANT: at most the source's length, which fits `u32`; always between two characters
    /// when a token begins.
    position: usize,
    tokens: u32,
    limit: u32,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(source: &'a str, limit: u32) -> Result<Self, Box<DocumentError>> {
        match u32::try_from(source.len()) {
            Ok(_) => Ok(Self { bytes: source.as_bytes(), position: 0, tokens: 0, limit }),
            Err(_) => {
                Err(Box::new(DocumentError { kind: DocumentErrorKind::SourceTooLong, at: 0 }))
            }
        }
    }

    /// How many tokens were taken.
    pub(super) fn tokens(&self) -> u32 {
        self.tokens
    }

    /// The next token.
    pub(super) fn next(&mut self) -> Result<Token, Box<DocumentError>> {
        loop {
            let Some(byte) = self.byte(0) else {
                return Ok(self.token(TokenKind::End, self.position));
            };
            let class = class(byte);
            match class {
                Class::Blank => self.skip(1),
                Class::Comment => self.comment(),
                Class::Mark if self.is_next(b"\xEF\xBB\xBF") => self.skip(3),
                Class::Mark
                | Class::Name
                | Class::Number
                | Class::Quote
                | Class::Dot
                | Class::Punctuator(_)
                | Class::Invalid => return self.significant(class),
            }
        }
    }

    fn significant(&mut self, class: Class) -> Result<Token, Box<DocumentError>> {
        let start = self.position;
        // Before the token is looked at: a token over the bound costs nothing, however long.
        if self.tokens >= self.limit {
            return Err(self.error(DocumentErrorKind::TokenLimit, start));
        }
        self.tokens = self.tokens.saturating_add(1);
        let kind = match class {
            Class::Name => {
                self.skip_while(continues_name);
                TokenKind::Name
            }
            Class::Punctuator(kind) => {
                self.skip(1);
                kind
            }
            Class::Dot if self.is_next(b"...") => {
                self.skip(3);
                TokenKind::Spread
            }
            Class::Number => self.number()?,
            Class::Quote if self.is_next(b"\"\"\"") => self.block_string()?,
            Class::Quote => self.string()?,
            Class::Dot | Class::Mark | Class::Invalid | Class::Blank | Class::Comment => {
                return Err(self.error(DocumentErrorKind::InvalidCharacter, start));
            }
        };
        Ok(self.token(kind, start))
    }

    /// `Comment`: up to a line terminator, which no Unicode line separator is.
    fn comment(&mut self) {
        self.skip_while(|byte| byte != b'\n' && byte != b'\r');
    }

    /// `IntValue` and `FloatValue`.
    fn number(&mut self) -> Result<TokenKind, Box<DocumentError>> {
        let mut kind = TokenKind::Int;
        if self.byte(0) == Some(b'-') {
            self.skip(1);
        }
        // `IntegerPart`: no zero before another digit.
        if self.byte(0) == Some(b'0') {
            self.skip(1);
        } else {
            self.digits()?;
        }
        if self.byte(0) == Some(b'.') {
            kind = TokenKind::Float;
            self.skip(1);
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.byte(0) {
            kind = TokenKind::Float;
            self.skip(1);
            if let Some(b'+' | b'-') = self.byte(0) {
                self.skip(1);
            }
            self.digits()?;
        }
        // The lookahead restriction of both: not `Digit`, `.` or `NameStart`.
        match self.byte(0) {
            Some(byte) if byte == b'.' || continues_name(byte) => {
                Err(self.error(DocumentErrorKind::InvalidNumber, self.position))
            }
            Some(_) | None => Ok(kind),
        }
    }

    /// `Digit+`.
    fn digits(&mut self) -> Result<(), Box<DocumentError>> {
        match self.byte(0) {
            Some(b'0'..=b'9') => {
                self.skip_while(|byte| byte.is_ascii_digit());
                Ok(())
            }
            Some(_) | None => Err(self.error(DocumentErrorKind::InvalidNumber, self.position)),
        }
    }

    /// `StringValue` in single quotation marks. `SourceCharacter` is any Unicode scalar
    /// value, control characters included.
    fn string(&mut self) -> Result<TokenKind, Box<DocumentError>> {
        self.skip(1);
        loop {
            self.skip_while(|byte| !matches!(byte, b'"' | b'\\' | b'\n' | b'\r'));
            match self.byte(0) {
                Some(b'"') => {
                    self.skip(1);
                    return Ok(TokenKind::String);
                }
                Some(b'\\') => match text::escape(self.rest()) {
                    Some(Escape { length, .. }) => self.skip(length),
                    None => {
                        return Err(self.error(DocumentErrorKind::InvalidEscape, self.position));
                    }
                },
                Some(_) | None => {
                    return Err(self.error(DocumentErrorKind::UnterminatedString, self.position));
                }
            }
        }
    }

    /// `BlockString`: only `\"""` is an escape in it.
    fn block_string(&mut self) -> Result<TokenKind, Box<DocumentError>> {
        self.skip(3);
        loop {
            self.skip_while(|byte| byte != b'"' && byte != b'\\');
            if self.is_next(b"\"\"\"") {
                self.skip(3);
                return Ok(TokenKind::BlockString);
            }
            if self.is_next(b"\\\"\"\"") {
                self.skip(4);
            } else if self.byte(0).is_some() {
                self.skip(1);
            } else {
                return Err(self.error(DocumentErrorKind::UnterminatedString, self.position));
            }
        }
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.position.saturating_add(ahead)).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.position..).unwrap_or_default()
    }

    fn is_next(&self, bytes: &[u8]) -> bool {
        self.rest().starts_with(bytes)
    }

    fn skip(&mut self, bytes: usize) {
        self.position = self.position.saturating_add(bytes);
    }

    fn skip_while(&mut self, keep: impl Fn(u8) -> bool) {
        let rest = self.rest();
        self.skip(rest.iter().position(|byte| !keep(*byte)).unwrap_or(rest.len()));
    }

    fn token(&self, kind: TokenKind, start: usize) -> Token {
        Token { kind, span: Span { start: offset(start), end: offset(self.position) } }
    }

    fn error(&self, kind: DocumentErrorKind, at: usize) -> Box<DocumentError> {
        Box::new(DocumentError { kind, at: offset(at) })
    }
}

/// A position as spans hold it; exact, since `new` refuses a source that is longer.
fn offset(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}
