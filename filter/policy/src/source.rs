//! A bundle's files as text, with places in them that a diagnostic can point at.

use std::fmt;
use std::sync::Arc;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

/// A file of a bundle, named as its author names it: relative to the bundle's folder.
#[derive(PartialEq, Eq)]
pub struct SourceFile {
    name: String,
    text: String,
    /// The offset of each line's first byte.
    lines: Vec<usize>,
}

/// A line and a column, both from 1; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// A stretch of a file.
#[derive(Clone, PartialEq, Eq)]
pub struct Place {
    file: Arc<SourceFile>,
    start: usize,
    end: usize,
}

/// Text that was read from a place.
#[derive(Clone, PartialEq, Eq)]
pub struct Text {
    /// The text, with escapes resolved.
    pub text: String,
    /// Where it stands.
    pub place: Place,
}

impl SourceFile {
    /// A file of that name and content.
    #[must_use]
    pub fn new(name: &str, text: String) -> Arc<Self> {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect();
        Arc::new(Self { name: name.to_owned(), text, lines })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its content.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The place from `start` to `end`, drawn back to what the file has.
    #[must_use]
    pub fn place(self: &Arc<Self>, start: usize, end: usize) -> Place {
        let start = self.text.floor_char_boundary(start);
        let end = self.text.floor_char_boundary(end).max(start);
        Place { file: Arc::clone(self), start, end }
    }

    /// The byte offset of a line (from 1) and a column in bytes (from 1).
    #[must_use]
    pub fn offset(&self, line: usize, column: usize) -> usize {
        let start = self.lines.get(line.saturating_sub(1)).copied().unwrap_or(self.text.len());
        start.saturating_add(column.saturating_sub(1)).min(self.text.len())
    }

    fn position(&self, offset: usize) -> Position {
        let line = self.lines.partition_point(|start| *start <= offset);
        let start = self.lines.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let before = self.text.get(start..offset).unwrap_or_default();
        Position { line, column: before.chars().count() + 1 }
    }
}

impl Place {
    /// The file it is in.
    #[must_use]
    pub fn file(&self) -> &Arc<SourceFile> {
        &self.file
    }

    /// Where it begins.
    #[must_use]
    pub fn position(&self) -> Position {
        self.file.position(self.start)
    }

    /// Where it begins, in bytes.
    #[must_use]
    pub fn start(&self) -> usize {
        self.start
    }

    /// Its length in bytes.
    #[must_use]
    pub fn length(&self) -> usize {
        self.end - self.start
    }
}

impl fmt::Debug for SourceFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Position { line, column } = self.position();
        write!(f, "{}:{line}:{column}", self.file.name)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {}", self.text, self.place)
    }
}

impl SourceCode for SourceFile {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        // Only the lines around it: a file with many findings would be read as often from its begin.
        let line = |offset| self.lines.partition_point(|start| *start <= offset);
        let end = span.offset().saturating_add(span.len());
        let above = line(span.offset()).saturating_sub(lines_before.saturating_add(2));
        let below = line(end).saturating_add(lines_after.saturating_add(1));
        let start = self.lines.get(above).copied().unwrap_or(0);
        let text = self.text.get(start..self.lines.get(below).copied().unwrap_or(self.text.len()));
        let near = SourceSpan::from((span.offset().saturating_sub(start), span.len()));
        let read = text.unwrap_or_default().read_span(&near, lines_before, lines_after)?;
        let found = SourceSpan::from((read.span().offset() + start, read.span().len()));
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            read.data(),
            found,
            read.line() + above,
            read.column(),
            read.line_count(),
        )))
    }
}

#[cfg(test)]
mod tests {
    use miette::{SourceCode, SourceSpan};

    use super::{Position, SourceFile};

    /// What is shown of a long file is what would be shown if it were read whole.
    #[test]
    fn lines_around_a_place_are_those_of_the_whole_text() {
        for text in
            ["", "\n", "é", "a\n\nbé\r\nc\n", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj", "\n\n\n\na\n\n\n"]
        {
            let file = SourceFile::new("a", text.to_owned());
            for start in 0..=text.len() {
                for length in 0..=text.len() - start {
                    for (before, after) in [(0, 0), (1, 1), (0, 2), (3, 1)] {
                        let span = SourceSpan::from((start, length));
                        let whole = text.read_span(&span, before, after);
                        let near = file.read_span(&span, before, after);
                        let parts = |read: Result<Box<dyn miette::SpanContents<'_> + '_>, _>| {
                            let read = read.ok()?;
                            let (line, column) = (read.line(), read.column());
                            Some((read.data().to_vec(), *read.span(), line, column))
                        };
                        assert_eq!(parts(near), parts(whole), "{text:?} {span:?} {before} {after}");
                    }
                }
            }
        }
    }

    #[test]
    fn positions_count_characters_and_offsets_count_bytes() {
        let file = SourceFile::new("a.yaml", "é: 1\nü: 2".to_owned());
        assert_eq!(file.place(4, 5).position(), Position { line: 1, column: 4 });
        assert_eq!(file.place(6, 8).position(), Position { line: 2, column: 1 });
        assert_eq!(file.offset(2, 1), 6);
        assert_eq!(file.place(99, 120).length(), 0);
    }
}
