//! GraphQL files -> a document for each operation, with the fragments that it needs: those of its own
//! file, or else those of the other files.
//!
//! A file that has one operation and nothing that it does not need is a document as it stands. Any
//! other document is put together: the operation and the fragments of its file in their order, then
//! those of other files in the order in which they are first spread.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fieldgate_core::document::{
    Bounds, Document, Fragment, Name, Normalised, Operation, Selection, SelectionSet, Span,
};
use fieldgate_core::limits::NESTING;

use super::{Found, Origin, Part, offset, sha256};
use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::source::{Place, SourceFile};
use crate::suggest::did_you_mean;

/// What stands between definitions that were put together.
const BETWEEN: &str = "\n\n";

/// The documents of files that are in the order of their names; those that cannot be read are none.
pub(super) fn read(files: &[Option<Arc<SourceFile>>], findings: &mut Findings) -> Vec<Found> {
    let read = files.iter().map(|file| File::read(file.as_ref()?, findings));
    let read: Vec<Option<File<'_>>> = read.collect();
    let whole = read.iter().all(Option::is_some);
    let files: Vec<File<'_>> = read.into_iter().flatten().collect();
    let library = Library::new(&files, whole);
    let mut found = Vec::new();
    for (at, file) in files.iter().enumerate() {
        file.check_names(findings);
        let operations = file.document.operations.iter();
        found.extend(operations.filter_map(|one| library.document(at, one, findings)));
    }
    found
}

/// A file that was read.
struct File<'a> {
    source: &'a Arc<SourceFile>,
    document: Document<'a>,
    /// The first fragment of each name.
    fragments: BTreeMap<&'a str, usize>,
}

/// The files, of which some may have been left out for their errors.
struct Library<'l, 'a> {
    files: &'l [File<'a>],
    whole: bool,
    /// For each name the first fragment of each file.
    fragments: BTreeMap<&'a str, Vec<At>>,
}

/// A fragment: the place of its file, and its own among those of the file.
type At = (usize, usize);

impl<'a> File<'a> {
    fn read(source: &'a Arc<SourceFile>, findings: &mut Findings) -> Option<Self> {
        // How long a request's document may be is asked of each by itself.
        let bounds = Bounds { tokens: u32::MAX, nesting: NESTING };
        match Document::read(source.text(), &bounds) {
            Ok(document) => {
                let names = document.fragments.iter().enumerate();
                // Of those of one name the last that comes is kept.
                let fragments = names.rev().map(|(at, one)| (one.name.text, at)).collect();
                Some(Self { source, document, fragments })
            }
            Err(error) => {
                let at = offset(error.at);
                let place = source.place(at, at + 1);
                let message = error.kind.to_string();
                findings.add(Diagnostic::error(Code::DocumentSyntax, &place, message));
                None
            }
        }
    }

    fn place(&self, span: Span) -> Place {
        self.source.place(offset(span.start), offset(span.end))
    }

    fn name_of(&self, operation: &Operation<'_>) -> Place {
        let start = operation.span.start;
        let begin = Span { start, end: start + 1 };
        self.place(operation.name.map_or(begin, |name| name.span))
    }

    /// Names that are there twice, and operations without one among several.
    fn check_names(&self, findings: &mut Findings) {
        let Document { operations, fragments, .. } = &self.document;
        let mut names = BTreeSet::new();
        for operation in operations {
            let message = match operation.name {
                None if operations.len() > 1 => {
                    "an operation without a name is among several in its file".to_owned()
                }
                Some(name) if !names.insert(name.text) => {
                    format!("the operation `{}` is in this file twice", name.text)
                }
                Some(_) | None => continue,
            };
            let place = self.name_of(operation);
            let finding = Diagnostic::error(Code::DocumentOperation, &place, message);
            findings.add(finding.help("give each operation of a file a name of its own"));
        }
        for (Fragment { name, .. }, at) in fragments.iter().zip(0..) {
            if self.fragments.get(name.text) != Some(&at) {
                let message = format!("the fragment `{}` is in this file twice", name.text);
                let place = self.place(name.span);
                findings.add(Diagnostic::error(Code::DocumentFragment, &place, message));
            }
        }
    }
}

impl<'l, 'a> Library<'l, 'a> {
    fn new(files: &'l [File<'a>], whole: bool) -> Self {
        let mut fragments: BTreeMap<&str, Vec<At>> = BTreeMap::new();
        for (at, file) in files.iter().enumerate() {
            for (name, fragment) in &file.fragments {
                fragments.entry(name).or_default().push((at, *fragment));
            }
        }
        Self { files, whole, fragments }
    }

    /// The document of an operation, if all of it is there.
    fn document(
        &self,
        own: usize,
        operation: &Operation<'a>,
        findings: &mut Findings,
    ) -> Option<Found> {
        let file = self.files.get(own)?;
        let others = self.fragments(own, operation, findings)?;
        let (inside, others): (Vec<At>, Vec<At>) =
            others.into_iter().partition(|(at, _)| *at == own);
        let Document { operations, fragments, .. } = &file.document;
        let place = file.name_of(operation);
        let (text, parts) =
            if others.is_empty() && operations.len() == 1 && inside.len() == fragments.len() {
                let part = Part { file: Arc::clone(file.source), start: 0, at: 0 };
                (file.source.text().to_owned(), vec![part])
            } else {
                let inside = inside.iter().filter_map(|at| self.fragment(*at));
                let mut spans: Vec<(usize, Span)> = inside.map(|one| (own, one.span)).collect();
                spans.push((own, operation.span));
                spans.sort_by_key(|(_, span)| span.start);
                let others = others.iter().filter_map(|at| Some((at.0, self.fragment(*at)?.span)));
                spans.extend(others);
                self.join(&spans)
            };
        Some(Found { id: sha256(&text), text: text.into(), origin: Origin { place, parts } })
    }

    /// The fragments that an operation needs, in the order in which they are first spread.
    fn fragments(
        &self,
        own: usize,
        operation: &Operation<'a>,
        findings: &mut Findings,
    ) -> Option<Vec<At>> {
        let mut chosen: BTreeMap<&str, At> = BTreeMap::new();
        let mut order = Vec::new();
        let mut sound = true;
        let mut open: Vec<(usize, Name<'a>)> = Vec::new();
        let enter = |open: &mut Vec<(usize, Name<'a>)>, file: usize, set: &SelectionSet<'a>| {
            let mut names = Vec::new();
            spreads(set, &mut names);
            open.extend(names.into_iter().rev().map(|name| (file, name)));
        };
        enter(&mut open, own, &operation.selection_set);
        while let Some((from, name)) = open.pop() {
            let Some(at) = self.find(from, name, findings) else {
                sound = false;
                continue;
            };
            match chosen.get(name.text) {
                None => {
                    chosen.insert(name.text, at);
                    order.push(at);
                    let fragment = self.fragment(at)?;
                    enter(&mut open, at.0, &fragment.selection_set);
                }
                Some(first) if self.are_same(*first, at) => {}
                Some(first) => {
                    let message =
                        format!("the fragment `{}` is another one here than elsewhere", name.text);
                    let places = [*first, at].map(|at| self.place(at));
                    self.refuse(from, name, message, two(places), findings);
                    sound = false;
                }
            }
        }
        sound.then_some(order)
    }

    /// The fragment that a spread in a file means.
    fn find(&self, from: usize, name: Name<'_>, findings: &mut Findings) -> Option<At> {
        let own = self.files.get(from).and_then(|file| file.fragments.get(name.text));
        if let Some(own) = own {
            return Some((from, *own));
        }
        let mut all = self.fragments.get(name.text).into_iter().flatten().copied();
        let Some(first) = all.next() else {
            // What is missing may be in a file that was left out.
            if self.whole {
                let message = format!("there is no fragment `{}`", name.text);
                let help = did_you_mean(name.text, self.fragments.keys().copied());
                let help = help.or(Some(
                    "put it into this file or into another one below the \
                                         folder that the policy names"
                        .to_owned(),
                ));
                self.refuse(from, name, message, help, findings);
            }
            return None;
        };
        if let Some(other) = all.find(|other| !self.are_same(first, *other)) {
            let message = format!("there are two fragments `{}` in other files", name.text);
            let places = [first, other].map(|at| self.place(at));
            self.refuse(from, name, message, two(places), findings);
            return None;
        }
        Some(first)
    }

    fn refuse(
        &self,
        from: usize,
        name: Name<'_>,
        message: String,
        help: Option<String>,
        findings: &mut Findings,
    ) {
        let place = self.files.get(from).map(|file| file.place(name.span));
        let finding = Diagnostic::anywhere(Code::DocumentFragment, message).maybe_help(help);
        findings.add(Diagnostic { place, ..finding });
    }

    fn fragment(&self, (file, fragment): At) -> Option<&Fragment<'a>> {
        self.files.get(file)?.document.fragments.get(fragment)
    }

    fn place(&self, at: At) -> Option<Place> {
        Some(self.files.get(at.0)?.place(self.fragment(at)?.name.span))
    }

    /// Whether two definitions are the same tokens.
    fn are_same(&self, one: At, other: At) -> bool {
        let tokens = |at: At| {
            let text = self.fragment(at)?.span.text(self.files.get(at.0)?.document.source)?;
            Normalised::new(text, u32::MAX).ok()
        };
        one == other
            || tokens(one).is_some_and(|tokens_of_one| Some(tokens_of_one) == tokens(other))
    }

    fn join(&self, spans: &[(usize, Span)]) -> (String, Vec<Part>) {
        let (mut text, mut parts) = (String::new(), Vec::new());
        for (file, span) in spans {
            let Some(file) = self.files.get(*file) else { continue };
            if !text.is_empty() {
                text.push_str(BETWEEN);
            }
            let (start, at) = (offset(span.start), text.len());
            parts.push(Part { file: Arc::clone(file.source), start, at });
            text.push_str(span.text(file.document.source).unwrap_or_default());
        }
        (text, parts)
    }
}

fn two(places: [Option<Place>; 2]) -> Option<String> {
    let [Some(one), Some(other)] = places else { return None };
    Some(format!("they are at {one} and at {other}: give them names of their own"))
}

/// The names that are spread in a selection set, in its order. Sets are as deep as the reader let
/// them be.
fn spreads<'a>(set: &SelectionSet<'a>, names: &mut Vec<Name<'a>>) {
    for selection in &set.selections {
        match selection {
            Selection::FragmentSpread(spread) => names.push(spread.name),
            Selection::InlineFragment(inline) => spreads(&inline.selection_set, names),
            Selection::Field(field) => {
                field.selection_set.iter().for_each(|set| spreads(set, names));
            }
        }
    }
}
