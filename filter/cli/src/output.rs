//! Where everything that is said goes out: data to stdout, the rest to stderr.

use std::io::{self, Write};

use crate::exit::Exit;
use crate::render::Style;

/// The two streams, and the style in which to write to them.
pub(crate) struct Output {
    style: Style,
}

impl Output {
    pub(crate) fn new(style: Style) -> Self {
        Self { style }
    }

    pub(crate) fn style(&self) -> Style {
        self.style
    }

    /// Writes what was asked for.
    pub(crate) fn data(&mut self, text: &str) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes())?;
        stdout.flush()
    }

    /// Writes what is worth knowing beside it.
    pub(crate) fn note(&mut self, text: &str) -> io::Result<()> {
        io::stderr().lock().write_all(text.as_bytes())
    }

    /// Says that not everything was said. A reader that has left wants to hear no more.
    pub(crate) fn lost(&mut self, error: &io::Error) -> Exit {
        if error.kind() != io::ErrorKind::BrokenPipe {
            // Where stderr is gone too, the exit code is all there is.
            let _ = self.note(&format!("error: the output cannot be written: {error}\n"));
        }
        Exit::CouldNotRun
    }
}
