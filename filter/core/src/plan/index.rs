//! The definitions of a document by name, and the choice of the operation.

use crate::denial::Reason;
use crate::document::{Document, Fragment};

use super::PlanError;

/// GetOperation (spec 6.1), with the name rules of 5.2.1 and 5.2.2 checked for the whole document:
/// an operation that is not chosen now could be chosen by a server that reads the request otherwise.
pub(super) fn choose(
    document: &Document<'_>,
    operation_name: Option<&str>,
) -> Result<usize, PlanError> {
    let mut names = Vec::with_capacity(document.operations.len());
    for operation in &document.operations {
        match operation.name {
            Some(name) => names.push(name),
            None if document.operations.len() == 1 => {}
            None => return Err(PlanError::new(Reason::OperationNameTaken, operation.span)),
        }
    }
    names.sort_unstable_by_key(|name| name.text);
    let twice = names.iter().zip(names.iter().skip(1)).find(|(a, b)| a.text == b.text);
    if let Some((_, second)) = twice {
        return Err(PlanError::new(Reason::OperationNameTaken, second.span));
    }
    match (operation_name, document.operations.len()) {
        (_, 0) => Err(PlanError { reason: Reason::OperationUnknown, at: None }),
        (None, 1) => Ok(0),
        (None, _) => Err(PlanError { reason: Reason::OperationAmbiguous, at: None }),
        (Some(wanted), _) => {
            let named = |name: crate::document::Name<'_>| name.text == wanted;
            let at = document.operations.iter().position(|one| one.name.is_some_and(named));
            at.ok_or(PlanError { reason: Reason::OperationUnknown, at: None })
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
        let mut pairs = sorted.iter().zip(sorted.iter().skip(1));
        if let Some((_, (_, second))) = pairs.find(|((_, a), (_, b))| a.name.text == b.name.text) {
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
