//! Where in a file a part of a condition stands.

use std::ops::Range;

use cel::IdedExpr;
use cel::common::ast::{Expr, SourceInfo};

use crate::source::{Place, Text};

/// The places of a condition's parts.
pub(super) struct Places<'a> {
    text: &'a Text,
    offsets: SourceInfo,
    /// Where the text begins in its file, if it stands there as it is read.
    start: Option<usize>,
}

impl<'a> Places<'a> {
    pub(super) fn new(text: &'a Text, offsets: SourceInfo) -> Self {
        Self { text, offsets, start: start(text) }
    }

    /// That of the whole condition.
    pub(super) fn whole(&self) -> &'a Place {
        &self.text.place
    }

    /// That of a part: its name or operator.
    pub(super) fn of(&self, part: &IdedExpr) -> Place {
        let Some((start, stop)) = self.offsets.offset_for(part.id) else {
            return self.whole().clone();
        };
        let (start, stop) = (index(start), index(stop));
        let name = match &part.expr {
            Expr::Select(select) => Some(self.behind(stop, &select.field)),
            Expr::Call(call) => self.before(start, &call.func_name),
            _ => None,
        };
        self.at(name.unwrap_or(start..stop.saturating_add(1)))
    }

    /// That of a stretch of the condition's text.
    pub(super) fn at(&self, range: Range<usize>) -> Place {
        place(self.text, self.start, range)
    }

    /// The name behind a dot.
    fn behind(&self, dot: usize, name: &str) -> Range<usize> {
        let rest = self.text.text.get(dot.saturating_add(1)..).unwrap_or_default();
        let start = self.text.text.len() - rest.trim_start().len();
        start..start.saturating_add(name.len())
    }

    /// The name of a function before its bracket.
    fn before(&self, bracket: usize, name: &str) -> Option<Range<usize>> {
        let head = self.text.text.get(..bracket)?.trim_end();
        let start = head.strip_suffix(name)?.len();
        Some(start..head.len())
    }
}

/// The place of a stretch of a text that may not be parsed.
pub(super) fn within(text: &Text, range: Range<usize>) -> Place {
    place(text, start(text), range)
}

/// Where the text begins in its file: a scalar with escapes or folded lines is not found.
fn start(text: &Text) -> Option<usize> {
    let start = text.place.start();
    let end = start.saturating_add(text.place.length());
    let raw = text.place.file().text().get(start..end)?;
    raw.find(&text.text).map(|at| start.saturating_add(at))
}

fn place(text: &Text, start: Option<usize>, range: Range<usize>) -> Place {
    let Some(start) = start.filter(|_| range.end <= text.text.len()) else {
        return text.place.clone();
    };
    let (from, to) = (start.saturating_add(range.start), start.saturating_add(range.end));
    text.place.file().place(from, to)
}

fn index(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}
