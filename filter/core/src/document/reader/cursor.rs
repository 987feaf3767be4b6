//! The steps over tokens that every production is made of.

use super::Reader;
use crate::document::lexer::{Token, TokenKind};
use crate::document::{DocumentError, DocumentErrorKind, Expected, Name, Span};

impl<'a> Reader<'a> {
    /// Takes a bracket that opens, and counts it.
    pub(super) fn open(&mut self) -> Result<(), Box<DocumentError>> {
        if self.open >= self.limit {
            return Err(self.error(DocumentErrorKind::NestingLimit));
        }
        self.open = self.open.saturating_add(1);
        self.nesting = self.nesting.max(self.open);
        self.take()?;
        Ok(())
    }

    /// Takes a bracket that closes.
    pub(super) fn close(&mut self) -> Result<(), Box<DocumentError>> {
        self.open = self.open.saturating_sub(1);
        self.take()?;
        Ok(())
    }

    /// The text of the token ahead, if it is a name.
    pub(super) fn keyword(&self) -> Option<&'a str> {
        match self.ahead.kind {
            TokenKind::Name => self.ahead.span.text(self.source),
            _ => None,
        }
    }

    /// Takes a name.
    pub(super) fn name(&mut self, expected: Expected) -> Result<Name<'a>, Box<DocumentError>> {
        match self.keyword() {
            Some(text) => Ok(Name { text, span: self.take()?.span }),
            None => Err(self.expected(expected)),
        }
    }

    pub(super) fn expect(
        &mut self,
        kind: TokenKind,
        expected: Expected,
    ) -> Result<(), Box<DocumentError>> {
        match self.skip(kind)? {
            true => Ok(()),
            false => Err(self.expected(expected)),
        }
    }

    /// Takes the token ahead if it is of that kind, and says whether it was.
    pub(super) fn skip(&mut self, kind: TokenKind) -> Result<bool, Box<DocumentError>> {
        if self.ahead.kind != kind {
            return Ok(false);
        }
        self.take()?;
        Ok(true)
    }

    pub(super) fn take(&mut self) -> Result<Token, Box<DocumentError>> {
        let next = self.lexer.next()?;
        let token = std::mem::replace(&mut self.ahead, next);
        self.end = token.span.end;
        if let Some(taken) = &mut self.taken {
            taken.push(token);
        }
        Ok(token)
    }

    /// From `start` to the end of the last token taken.
    pub(super) fn span(&self, start: u32) -> Span {
        Span { start, end: self.end }
    }

    pub(super) fn expected(&self, expected: Expected) -> Box<DocumentError> {
        self.error(DocumentErrorKind::Expected(expected))
    }

    pub(super) fn error(&self, kind: DocumentErrorKind) -> Box<DocumentError> {
        Box::new(DocumentError { kind, at: self.ahead.span.start })
    }
}
