//! The text of a document, and the same as a JSON string.

use std::cell::OnceCell;
use std::rc::Rc;

/// A document's text.
#[derive(Clone, Debug)]
pub struct Source {
    text: Rc<str>,
    /// With quotes, made when it is asked for.
    quoted: OnceCell<Box<str>>,
}

impl Source {
    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The same, to be kept elsewhere too.
    #[must_use]
    pub fn share(&self) -> Rc<str> {
        Rc::clone(&self.text)
    }

    /// The text as a JSON string.
    ///
    /// # Errors
    /// It cannot be written, which would be a defect.
    pub fn quoted(&self) -> serde_json::Result<&str> {
        if let Some(quoted) = self.quoted.get() {
            return Ok(quoted);
        }
        let quoted = serde_json::to_string(&*self.text)?;
        Ok(self.quoted.get_or_init(|| quoted.into()))
    }

    /// About how much memory it takes, with the JSON string that may not be made yet.
    #[must_use]
    pub fn bytes(&self) -> usize {
        // RFC 8259 section 7: `\u0001`, or two characters.
        let count = |is: fn(u8) -> bool| {
            self.text.bytes().fold(0_usize, |count, byte| count.wrapping_add(is(byte).into()))
        };
        let quoted = count(|byte| matches!(byte, b'"' | b'\\'));
        let control = count(|byte| byte < b' ').saturating_mul(5);
        self.text.len().saturating_mul(2).saturating_add(quoted).saturating_add(control)
    }
}

impl From<&str> for Source {
    fn from(text: &str) -> Self {
        Self { text: text.into(), quoted: OnceCell::new() }
    }
}
