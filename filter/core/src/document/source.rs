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
        let quoted = self.text.bytes().map(|byte| match byte {
            b'"' | b'\\' => 2,
            byte if byte < b' ' => 6,
            _ => 1_usize,
        });
        quoted.fold(self.text.len(), usize::saturating_add)
    }
}

impl From<&str> for Source {
    fn from(text: &str) -> Self {
        Self { text: text.into(), quoted: OnceCell::new() }
    }
}
