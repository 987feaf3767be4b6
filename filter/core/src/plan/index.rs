//! The definitions of a document by name, and the choice of the operation.

use crate::denial::Reason;
use crate::document::{Document, Fragment, Name, Operation, OperationKind};

use super::PlanError;

/// The position of the operation that a request chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice(usize);

impl Choice {
    /// GetOperation (spec 6.1), with the name rules of 5.2.1 and 5.2.2 checked for the whole
    /// document: an operation that is not chosen now could be chosen by a server that reads the
    /// request otherwise.
    ///
    /// # Errors
    /// There is no such operation, or more than one.
    pub fn new(document: &Document<'_>, operation_name: Option<&str>) -> Result<Self, PlanError> {
        choose(document, operation_name).map(Self)
    }

    /// The operation, in the document that it was chosen from.
    #[must_use]
    pub fn of<'d, 'a>(self, document: &'d Document<'a>) -> Option<&'d Operation<'a>> {
        document.operations.get(self.0)
    }
}

/// An operation as conditions see it, and the text that it is planned from.
#[derive(Clone, Copy, Debug)]
pub struct Chosen<'c> {
    /// The document.
    pub source: &'c str,
    /// The operation's name, if it has one.
    pub name: Option<&'c str>,
    /// Its type.
    pub kind: OperationKind,
}

fn choose(document: &Document<'_>, operation_name: Option<&str>) -> Result<usize, PlanError> {
    let mut names = Vec::with_capacity(document.operations.len());
    for operation in &document.operations {
        match operation.name {
            Some(name) => names.push(name),
            None if document.operations.len() == 1 => {}
            None => return Err(PlanError::new(Reason::OperationNameTaken, operation.span)),
        }
    }
    names.sort_unstable_by_key(|name| name.text);
    let twice = names.array_windows().find(|[one, next]| one.text == next.text);
    if let Some([_, second]) = twice {
        return Err(PlanError::new(Reason::OperationNameTaken, second.span));
    }
    match (operation_name, document.operations.len()) {
        (_, 0) => Err(PlanError::nowhere(Reason::OperationUnknown)),
        (None, 1) => Ok(0),
        (None, _) => Err(PlanError::nowhere(Reason::OperationAmbiguous)),
        (Some(wanted), _) => {
            let named = |name: Name<'_>| name.text == wanted;
            let at = document.operations.iter().position(|one| one.name.is_some_and(named));
            at.ok_or(PlanError::nowhere(Reason::OperationUnknown))
        }
    }
}

/// The fragments by name.
pub(super) struct Fragments<'d, 'a> {
    sorted: Vec<(usize, &'d Fragment<'a>)>,
}

impl<'d, 'a> Fragments<'d, 'a> {
    pub(super) fn new(document: &'d Document<'a>) -> Result<Self, PlanError> {
        let mut sorted: Vec<_> = document.fragments.iter().enumerate().collect();
        sorted.sort_by_key(|(_, fragment)| fragment.name.text);
        let mut pairs = sorted.array_windows();
        let twice = pairs.find(|[(_, one), (_, next)]| one.name.text == next.name.text);
        if let Some([_, (_, second)]) = twice {
            return Err(PlanError::new(Reason::FragmentNameTaken, second.name.span));
        }
        Ok(Self { sorted })
    }

    /// The fragment of that name, with its position in the document.
    pub(super) fn named(&self, name: &str) -> Option<(usize, &'d Fragment<'a>)> {
        let at = self.sorted.binary_search_by(|(_, fragment)| fragment.name.text.cmp(name)).ok()?;
        self.sorted.get(at).copied()
    }
}
