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
        Self { text: text.into(), escapes: escapes(text), quoted: OnceCell::new() }
    }
}

fn escapes(text: &str) -> usize {
    // RFC 8259 section 7: `\u0001`, or two characters.
    let more = |byte: u8| match byte {
        0..b' ' => 5,
        _ => u8::from(byte == b'"' || byte == b'\\'),
    };
    // Of so few that a byte counts them.
    let few = |bytes: &[u8]| bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(more(*byte)));
    text.as_bytes().chunks(51).map(few).map(usize::from).fold(0, usize::saturating_add)
}
