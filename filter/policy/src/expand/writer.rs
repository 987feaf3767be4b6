//! Document + what is granted where -> the text without what is denied.
//!
//! A field that is denied on some of its object types is written once for each of the others, inside
//! a fragment on it; whatever is kept stays byte for byte. Below such a copy less may be possible
//! than below the field, as an object type may return less than its interface (GraphQL spec 3.7,
//! IsValidImplementation). There a type condition that is left nothing goes, which could not be met;
//! and fragments are written out in place, as elsewhere they are decided on more.

use std::collections::BTreeSet;

use fieldgate_core::denial::Reason;
use fieldgate_core::document::{
    Argument, Document, Field, Fragment, FragmentSpread, InlineFragment, Selection, SelectionSet,
    Span,
};
use fieldgate_core::plan::{Choice, PLACEHOLDER};
use fieldgate_core::policy::schema::{Schema, TypeId};
use fieldgate_core::rewrite::header;

use super::{Places, root};

pub(super) struct Writer<'w, 'a> {
    document: &'w Document<'a>,
    schema: &'w Schema,
    places: &'w Places,
    removed: &'w [Span],
    most: usize,
    text: String,
    /// The fragments that are spread, each once.
    spreads: Vec<&'a str>,
    variables: BTreeSet<&'a str>,
}

/// Where a selection set stands.
#[derive(Clone)]
enum Ground {
    /// On this type, and on all the object types that the plan has for its text.
    Whole(TypeId),
    /// On this type, where it can be these alone.
    Less(TypeId, BTreeSet<TypeId>),
}

/// What becomes of a selection.
enum Fate {
    Cut,
    /// It stays; what is selected inside stands there.
    Stays(Option<Ground>),
    /// It stays on these object types.
    Split(Vec<(TypeId, Option<Ground>)>),
    /// A fragment is written out.
    InPlace(usize, Ground),
}

type Written = Result<(), Reason>;

impl<'w, 'a> Writer<'w, 'a> {
    /// One that writes at most so many bytes.
    pub(super) fn new(
        document: &'w Document<'a>,
        schema: &'w Schema,
        places: &'w Places,
        removed: &'w [Span],
        most: usize,
    ) -> Self {
        let (text, spreads, variables) = (String::new(), Vec::new(), BTreeSet::new());
        Self { document, schema, places, removed, most, text, spreads, variables }
    }

    /// The operation and the fragments that it still needs.
    pub(super) fn text(mut self, choice: Choice) -> Result<String, Reason> {
        let document = self.document;
        let operation = choice.of(document).ok_or(Reason::Internal)?;
        let root = root(self.schema, operation.kind).ok_or(Reason::Internal)?;
        self.selection_set(&operation.selection_set, &Ground::Whole(root))?;
        let body = std::mem::take(&mut self.text);
        self.most = self.most.saturating_sub(body.len());
        let mut fragments: Vec<(usize, String)> = Vec::new();
        let mut next = 0;
        while let Some(name) = self.spreads.get(next).copied() {
            next += 1;
            let (at, fragment) = self.fragment(name)?;
            let Fragment { span, selection_set: set, .. } = fragment;
            self.source(span.start, set.span.start)?;
            self.selection_set(set, &Ground::Whole(self.condition(fragment.type_condition.text)?))?;
            self.source(set.span.end, span.end)?;
            let text = std::mem::take(&mut self.text);
            self.most = self.most.saturating_sub(text.len());
            fragments.push((at, text));
        }
        fragments.sort_unstable_by_key(|(at, _)| *at);
        let mut text = String::new();
        header(operation, document.source, &self.variables, &mut text).ok_or(Reason::Internal)?;
        text += &body;
        for (_, fragment) in fragments {
            text.push('\n');
            text += &fragment;
        }
        Ok(text)
    }

    fn selection_set(&mut self, set: &SelectionSet<'a>, ground: &Ground) -> Written {
        let fates = set.selections.iter().map(|selection| self.fate(selection, ground));
        let fates = fates.collect::<Result<Vec<Fate>, Reason>>()?;
        // Where a selection was, a blank keeps what is on both sides apart.
        let empty = fates.iter().all(|fate| matches!(fate, Fate::Cut));
        let mut instead = if empty { PLACEHOLDER } else { " " };
        let mut from = set.span.start;
        for (selection, fate) in set.selections.iter().zip(&fates) {
            let Span { start, end } = selection.span();
            self.source(from, start)?;
            match fate {
                Fate::Cut => self.push(std::mem::replace(&mut instead, " "))?,
                Fate::Stays(inside) => self.selection(selection, inside.as_ref())?,
                Fate::Split(objects) => {
                    for (at, (object, inside)) in objects.iter().enumerate() {
                        self.push(if at == 0 { "... on " } else { " ... on " })?;
                        self.push(self.name(*object)?)?;
                        self.push(" { ")?;
                        self.selection(selection, inside.as_ref())?;
                        self.push(" }")?;
                    }
                }
                Fate::InPlace(at, inside) => self.in_place(selection, *at, inside)?,
            }
            from = end;
        }
        self.source(from, set.span.end)
    }

    /// What becomes of a selection; decided before anything of its set is written.
    fn fate(&self, selection: &Selection<'a>, ground: &Ground) -> Result<Fate, Reason> {
        if self.removed.contains(&selection.span()) {
            return Ok(Fate::Cut);
        }
        match selection {
            Selection::Field(field) => self.fate_of_field(field, ground),
            Selection::InlineFragment(InlineFragment { type_condition, .. }) => {
                let Some(on) = type_condition else { return Ok(Fate::Stays(Some(ground.clone()))) };
                let inside = self.narrow(ground, on.text)?;
                Ok(inside.map_or(Fate::Cut, |inside| Fate::Stays(Some(inside))))
            }
            Selection::FragmentSpread(FragmentSpread { name, .. }) => match ground {
                Ground::Whole(_) => Ok(Fate::Stays(None)),
                Ground::Less(..) => {
                    let (at, fragment) = self.fragment(name.text)?;
                    let inside = self.narrow(ground, fragment.type_condition.text)?;
                    Ok(inside.map_or(Fate::Cut, |inside| Fate::InPlace(at, inside)))
                }
            },
        }
    }

    fn fate_of_field(&self, field: &Field<'a>, ground: &Ground) -> Result<Fate, Reason> {
        let at = field.name.span.start;
        let possible: BTreeSet<TypeId> = match ground {
            Ground::Whole(_) => self.places.asked(at).collect(),
            Ground::Less(_, possible) => possible.clone(),
        };
        let granted = possible.iter().copied().filter(|object| !self.places.denies(at, *object));
        let granted: Vec<TypeId> = granted.collect();
        let composite = field.selection_set.is_some();
        if granted.len() == possible.len() {
            let inside = composite.then(|| self.below(field, ground)).transpose()?;
            return Ok(Fate::Stays(inside));
        }
        if granted.is_empty() {
            return Ok(Fate::Cut);
        }
        let split = granted.into_iter().map(|object| {
            let inside = composite.then(|| self.below_copy(field, ground, object)).transpose()?;
            Ok((object, inside))
        });
        split.collect::<Result<_, Reason>>().map(Fate::Split)
    }

    /// Where the selections of a field stand.
    fn below(&self, field: &Field<'a>, ground: &Ground) -> Result<Ground, Reason> {
        match ground {
            Ground::Whole(parent) => Ok(Ground::Whole(self.returns(*parent, field)?)),
            Ground::Less(parent, objects) => {
                let mut possible = BTreeSet::new();
                for object in objects {
                    possible.extend(self.possible(self.returns(*object, field)?)?);
                }
                Ok(Ground::Less(self.returns(*parent, field)?, possible))
            }
        }
    }

    /// The same inside a fragment on one object type.
    fn below_copy(
        &self,
        field: &Field<'a>,
        ground: &Ground,
        object: TypeId,
    ) -> Result<Ground, Reason> {
        let returned = self.returns(object, field)?;
        match ground {
            Ground::Whole(parent) if self.returns(*parent, field)? == returned => {
                Ok(Ground::Whole(returned))
            }
            Ground::Whole(_) | Ground::Less(..) => {
                Ok(Ground::Less(returned, self.possible(returned)?))
            }
        }
    }

    /// The ground inside a type condition; none where nothing is left.
    fn narrow(&self, ground: &Ground, on: &str) -> Result<Option<Ground>, Reason> {
        let on = self.condition(on)?;
        Ok(match ground {
            Ground::Whole(_) => Some(Ground::Whole(on)),
            Ground::Less(_, possible) => {
                let left = possible & &self.possible(on)?;
                (!left.is_empty()).then_some(Ground::Less(on, left))
            }
        })
    }

    /// A selection as it is written, with what becomes of what is inside.
    fn selection(&mut self, selection: &Selection<'a>, inside: Option<&Ground>) -> Written {
        for directive in selection.directives() {
            self.note_variables(&directive.arguments);
        }
        let set = match selection {
            Selection::Field(Field { arguments, selection_set, .. }) => {
                self.note_variables(arguments);
                selection_set.as_ref()
            }
            Selection::InlineFragment(InlineFragment { selection_set, .. }) => Some(selection_set),
            Selection::FragmentSpread(FragmentSpread { name, .. }) => {
                if !self.spreads.contains(&name.text) {
                    self.spreads.push(name.text);
                }
                None
            }
        };
        let Span { start, end } = selection.span();
        match (set, inside) {
            (None, _) => self.source(start, end),
            (Some(set), Some(inside)) => {
                self.source(start, set.span.start)?;
                self.selection_set(set, inside)?;
                self.source(set.span.end, end)
            }
            (Some(_), None) => Err(Reason::Internal),
        }
    }

    /// A fragment where it is spread, with the directives of the spread.
    fn in_place(&mut self, spread: &Selection<'a>, at: usize, inside: &Ground) -> Written {
        let document = self.document;
        let fragment = document.fragments.get(at).ok_or(Reason::Internal)?;
        self.push("... on ")?;
        self.push(fragment.type_condition.text)?;
        for directive in spread.directives() {
            self.note_variables(&directive.arguments);
            self.push(" ")?;
            self.source(directive.span.start, directive.span.end)?;
        }
        self.push(" ")?;
        self.selection_set(&fragment.selection_set, inside)
    }

    fn note_variables(&mut self, arguments: &[Argument<'a>]) {
        for argument in arguments {
            argument.value.variables(&mut |name| {
                self.variables.insert(name.text);
            });
        }
    }

    fn source(&mut self, start: u32, end: u32) -> Written {
        let text = Span { start, end }.text(self.document.source).ok_or(Reason::Internal)?;
        self.push(text)
    }

    fn push(&mut self, text: &str) -> Written {
        if text.len() > self.most.saturating_sub(self.text.len()) {
            return Err(Reason::BodyTooLarge);
        }
        self.text.push_str(text);
        Ok(())
    }

    fn fragment(&self, name: &str) -> Result<(usize, &'w Fragment<'a>), Reason> {
        let mut fragments = self.document.fragments.iter().enumerate();
        fragments.find(|(_, fragment)| fragment.name.text == name).ok_or(Reason::Internal)
    }

    fn condition(&self, name: &str) -> Result<TypeId, Reason> {
        self.schema.type_named(name).ok_or(Reason::Internal)
    }

    fn name(&self, of: TypeId) -> Result<&'w str, Reason> {
        self.schema.type_def(of).map(|def| def.name).ok_or(Reason::Internal)
    }

    fn possible(&self, of: TypeId) -> Result<BTreeSet<TypeId>, Reason> {
        let def = self.schema.type_def(of).ok_or(Reason::Internal)?;
        Ok(def.possible.iter().copied().collect())
    }

    /// The type that a field returns, without lists.
    fn returns(&self, parent: TypeId, field: &Field<'a>) -> Result<TypeId, Reason> {
        let id = self.schema.field_named(parent, field.name.text).ok_or(Reason::Internal)?;
        Ok(self.schema.field_def(id).ok_or(Reason::Internal)?.returns.named)
    }
}
