//! The text of a document, and the same as a JSON string.

use std::cell::OnceCell;
use std::rc::Rc;

/// A document's text.
#[derive(Clone, Debug)]
pub struct Source {
    text: Rc<str>,
    /// How many bytes more it takes to write what cannot stand in a JSON string as it is.
    escapes: usize,
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
        let quoted = match self.escapes {
            0 => ["\"", &*self.text, "\""].concat(),
            _ => serde_json::to_string(&*self.text)?,
        };
        Ok(self.quoted.get_or_init(|| quoted.into()))
    }

    /// About how much memory it takes, with the JSON string that may not be made yet.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.text.len().saturating_mul(2).saturating_add(self.escapes)
    }
}

impl From<&str> for Source {
    fn from(text: &str) -> Self {
        // RFC 8259 section 7: `\u0001`, or two characters.
        let quotes = count(text, |byte| byte == b'"' || byte == b'\\');
        let controls = count(text, |byte| byte < b' ');
        let escapes = controls.saturating_mul(5).saturating_add(quotes);
        Self { text: text.into(), escapes, quoted: OnceCell::new() }
    }
}

fn count(text: &str, is: impl Fn(u8) -> bool) -> usize {
    // Never more than the bytes that there are.
    text.as_bytes().iter().fold(0, |count: usize, byte| count.wrapping_add(is(*byte).into()))
}
