//! Document + decision -> the operation text that goes upstream.
//!
//! Only the chosen operation and the fragments that it needs are kept, without the selections that
//! the decision removes; whatever is kept stays byte for byte. Where nothing has to go, the text is
//! forwarded as it came. A rewritten text is not trusted: `gate` reads, plans and decides it anew.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::document::{
    Argument, Directive, Document, Field, FragmentSpread, InlineFragment, Operation, Selection,
    SelectionSet, Span,
};
use crate::limits::NESTING;
use crate::plan::{Choice, PLACEHOLDER, Plan};

/// The text to forward; `None` if spans and text do not fit, which would be a defect.
#[must_use]
pub fn rewrite<'a>(
    document: &Document<'a>,
    choice: Choice,
    plan: &Plan,
    removed: &[Span],
) -> Option<Cow<'a, str>> {
    let whole = document.operations.len() == 1 && document.fragments.len() == plan.fragments.len();
    if whole && removed.is_empty() {
        return Some(Cow::Borrowed(document.source));
    }
    let operation = choice.of(document)?;
    let mut kept = Kept::new(removed);
    kept.selection_set(&operation.selection_set, 0)?;
    // Fragments are reached breadth first: a fragment whose spreads were all removed goes too.
    let mut reached: Vec<usize> = Vec::new();
    let mut next = 0;
    while let Some(name) = kept.spreads.get(next).copied() {
        next = next.checked_add(1)?;
        let at = document.fragments.iter().position(|fragment| fragment.name.text == name)?;
        reached.push(at);
        kept.selection_set(&document.fragments.get(at)?.selection_set, 0)?;
    }
    reached.sort_unstable();

    let mut text = String::with_capacity(document.source.len());
    header(operation, document.source, &kept.variables, &mut text)?;
    kept.splice(document.source, operation.selection_set.span, &mut text)?;
    for at in reached {
        text.push('\n');
        kept.splice(document.source, document.fragments.get(at)?.span, &mut text)?;
    }
    Some(Cow::Owned(text))
}

/// The operation up to its selection set. A variable that nothing uses any more is dropped: unused
/// variables are invalid (spec 5.8.4).
#[must_use]
pub fn header(
    operation: &Operation<'_>,
    source: &str,
    used: &BTreeSet<&str>,
    text: &mut String,
) -> Option<()> {
    text.push_str(operation.kind.name());
    text.push(' ');
    text.push_str(operation.name.map_or("", |name| name.text));
    let mut open = '(';
    for variable in &operation.variables {
        if used.contains(variable.name.text) {
            text.push(open);
            text.push_str(variable.span.text(source)?);
            open = ' ';
        }
    }
    if open == ' ' {
        text.push(')');
    }
    text.push(' ');
    Some(())
}

/// What is found while walking the parts that stay.
struct Kept<'r, 'a> {
    removed: &'r [Span],
    /// What is cut out of the source, in document order a definition, with what stands instead.
    cuts: Vec<(Span, &'static str)>,
    /// The fragments that are spread, each once.
    spreads: Vec<&'a str>,
    /// The variables that kept parts use.
    variables: BTreeSet<&'a str>,
}

impl<'r, 'a> Kept<'r, 'a> {
    fn new(removed: &'r [Span]) -> Self {
        Self { removed, cuts: Vec::new(), spreads: Vec::new(), variables: BTreeSet::new() }
    }

    fn selection_set(&mut self, set: &SelectionSet<'a>, nesting: u32) -> Option<()> {
        let nesting = nesting.checked_add(1).filter(|nesting| *nesting <= NESTING)?;
        let gone = set.selections.iter().filter(|one| self.removed.contains(&one.span()));
        let gone: Vec<Span> = gone.map(Selection::span).collect();
        // Where a selection was, a blank keeps what is on both sides apart.
        let instead = if gone.len() == set.selections.len() { PLACEHOLDER } else { " " };
        for (at, selection) in set.selections.iter().enumerate() {
            if gone.contains(&selection.span()) {
                self.cuts.push((selection.span(), if at == 0 { instead } else { " " }));
            } else {
                self.selection(selection, nesting)?;
            }
        }
        Some(())
    }

    fn selection(&mut self, selection: &Selection<'a>, nesting: u32) -> Option<()> {
        self.directives(selection.directives());
        match selection {
            Selection::Field(Field { arguments, selection_set, .. }) => {
                self.arguments(arguments);
                selection_set.as_ref().map_or(Some(()), |set| self.selection_set(set, nesting))
            }
            Selection::InlineFragment(InlineFragment { selection_set, .. }) => {
                self.selection_set(selection_set, nesting)
            }
            Selection::FragmentSpread(FragmentSpread { name, .. }) => {
                if !self.spreads.contains(&name.text) {
                    self.spreads.push(name.text);
                }
                Some(())
            }
        }
    }

    fn directives(&mut self, directives: &[Directive<'a>]) {
        directives.iter().for_each(|directive| self.arguments(&directive.arguments));
    }

    fn arguments(&mut self, arguments: &[Argument<'a>]) {
        for argument in arguments {
            argument.value.variables(&mut |name| {
                self.variables.insert(name.text);
            });
        }
    }

    /// The source of `span` without what is cut.
    fn splice(&self, source: &str, span: Span, text: &mut String) -> Option<()> {
        let inside = |(cut, _): &&(Span, &str)| span.start <= cut.start && cut.end <= span.end;
        let mut cuts: Vec<_> = self.cuts.iter().filter(inside).collect();
        cuts.sort_unstable_by_key(|(cut, _)| cut.start);
        let mut from = span.start;
        for (cut, instead) in cuts {
            text.push_str(Span { start: from, end: cut.start }.text(source)?);
            text.push_str(instead);
            from = cut.end;
        }
        text.push_str(Span { start: from, end: span.end }.text(source)?);
        Some(())
    }
}
