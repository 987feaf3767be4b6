//! A partially granted operation -> the text that asks for what is granted and nothing else: what
//! would go upstream if its response were completed.
//!
//! The text is not trusted: it is read, planned and decided anew, and only one without a denial is
//! handed out. It lives here as nothing in the filter uses it.

mod shapes;
mod writer;

use std::collections::{BTreeMap, BTreeSet};

use fieldgate_core::decide::{Decision, Question};
use fieldgate_core::denial::Reason;
use fieldgate_core::document::{Bounds, Document, OperationKind};
use fieldgate_core::gate::Case;
use fieldgate_core::limits::{Limits, NESTING};
use fieldgate_core::plan::{Choice, Chosen, Plan, Target, Use};
use fieldgate_core::policy::schema::{Schema, TypeId};

use self::writer::Writer;

/// What becomes of a partially granted operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expansion {
    /// This is asked for instead.
    Text(String),
    /// Nothing can be: under these response keys, `a.b.c`, object types return what no server takes
    /// side by side, such as `String` and `String!` (GraphQL spec 5.3.2, SameResponseShape).
    Shapes(String),
    /// Nothing is, as it would be refused for this.
    Refused(Reason),
}

/// Expands an operation of which `question` is asked, about its plan at every place. None if it is
/// not partially granted.
pub(crate) fn expand(
    case: &Case<'_>,
    (document, choice): (&Document<'_>, Choice),
    question: &Question<'_>,
    limits: &Limits,
) -> Option<Expansion> {
    let decision = question.decide();
    if !decision.partial {
        return None;
    }
    let text = Places::new(question).and_then(|places| {
        let schema = question.policy.schema();
        Writer::new(document, schema, &places, &decision.removed, limits.body()).text(choice)
    });
    let checked = text.and_then(|text| Ok((check(case, &text)?, text)));
    Some(match checked {
        Ok((Some(keys), _)) => Expansion::Shapes(keys),
        Ok((None, text)) => Expansion::Text(text),
        Err(reason) => Expansion::Refused(reason),
    })
}

/// Whether a text may be used, and a place where a server would not take it.
fn check(case: &Case<'_>, text: &str) -> Result<Option<String>, Reason> {
    // The client has kept its limits; what is written for it has to keep those that hold for all.
    let limits = Limits::CAP;
    let bounds = Bounds { tokens: limits.tokens, nesting: NESTING };
    let document = Document::read(text, &bounds).map_err(|_| Reason::Internal)?;
    let choice = Choice::new(&document, case.request.operation_name.as_deref());
    let choice = choice.map_err(|_| Reason::Internal)?;
    let plan = Plan::new(&document, choice, case.policy, &limits).map_err(|error| error.reason)?;
    let operation = choice.of(&document).ok_or(Reason::Internal)?;
    let name = operation.name.map(|name| name.text);
    let chosen = Chosen { source: text, name, kind: operation.kind };
    let case = Case { chosen, ..*case };
    let decision: Decision = case.ask(&plan, |question| question.decide())?;
    // What selections are denied is not in it: anything else would be a defect.
    if !decision.removed.is_empty() || decision.denies_selections(&plan) {
        return Err(Reason::Internal);
    }
    match decision.reason() {
        Some(reason) => Err(reason),
        None => Ok(shapes::clash(&document, choice, case.policy.schema())),
    }
}

/// Which object types fields are asked on, by where a field's name stands. A text that is met at
/// several places is one: what is denied at one of them is left out at all.
struct Places {
    asked: BTreeMap<u32, BTreeSet<TypeId>>,
    denied: BTreeMap<u32, BTreeSet<TypeId>>,
}

impl Places {
    fn new(question: &Question<'_>) -> Result<Self, Reason> {
        let (plan, schema) = (question.plan, question.policy.schema());
        let mut places = Self { asked: BTreeMap::new(), denied: BTreeMap::new() };
        for one in plan.uses.iter().take(plan.selected) {
            let Some(object) = object(one, schema)? else { continue };
            let at = plan.place(one.at).ok_or(Reason::Internal)?.start;
            places.asked.entry(at).or_default().insert(object);
            if question.denial(one).is_some() {
                places.denied.entry(at).or_default().insert(object);
            }
        }
        Ok(places)
    }

    /// The object types that a field is asked on anywhere.
    fn asked(&self, at: u32) -> impl Iterator<Item = TypeId> {
        self.asked.get(&at).into_iter().flatten().copied()
    }

    fn denies(&self, at: u32, object: TypeId) -> bool {
        self.denied.get(&at).is_some_and(|denied| denied.contains(&object))
    }
}

/// The type that an operation begins on.
fn root(schema: &Schema, kind: OperationKind) -> Option<TypeId> {
    match kind {
        OperationKind::Query => Some(schema.query()),
        OperationKind::Mutation => schema.mutation(),
        OperationKind::Subscription => None,
    }
}

/// The object type that a field is used on; none for what is no field.
fn object(one: &Use, schema: &Schema) -> Result<Option<TypeId>, Reason> {
    match one.target {
        Target::Field(field) => schema.parent(field).map(Some).ok_or(Reason::Internal),
        Target::Type(of) => Ok(Some(of)),
        Target::Input(_) | Target::Unknown { .. } => Ok(None),
    }
}
