//! A request's meaning -> what has to become of it, worked out the slow and obvious way: fragments
//! are replaced by what they hold, each object type is looked at by itself, and of everything that
//! is touched on the way it is written down whether it may be.

mod access;
mod coerce;
mod evaluate;
mod execute;
mod fits;
pub(crate) mod forwarded;
mod walk;

use std::collections::{BTreeMap, BTreeSet};

use self::access::Asked;
pub(crate) use self::access::Denial;
use self::walk::Walk;
use crate::random::callers::Caller;
use crate::random::case::Case;

/// What a request comes to for a caller.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    /// The fields that are decided as executed,
    pub(crate) executed: BTreeSet<String>,
    /// and those of them that some object can have; where something is faulty, more of them.
    pub(crate) reachable: BTreeSet<String>,
    /// The coordinates of any kind that are denied, each with why it is where it stands first.
    pub(crate) denied: BTreeMap<String, Denial>,
    /// Whether there is something that the schema does not have, or a value that does not fit.
    pub(crate) faulty: bool,
    /// The code of what is refused first, in the order of the document.
    pub(crate) refused: Option<&'static str>,
    /// The selections that are switched off and hold something denied; the outermost ones.
    pub(crate) removed: BTreeSet<usize>,
    /// The fragments that are reached, by their numbers.
    pub(crate) reached: BTreeSet<usize>,
}

impl Expected {
    /// `allow`, or the reason's code.
    pub(crate) fn code(&self) -> &'static str {
        self.refused.unwrap_or("allow")
    }
}

/// Something that a request touches.
#[derive(Debug)]
struct Touch {
    what: What,
    /// The outermost selection around it that is switched off.
    off: Option<usize>,
}

#[derive(Debug)]
enum What {
    /// A coordinate, and the code and more if it is denied.
    Coordinate(String, Option<(&'static str, Denial)>),
    /// Something that is wrong, by its code.
    Fault(&'static str),
}

impl Touch {
    fn refused(&self) -> Option<&'static str> {
        match &self.what {
            What::Coordinate(_, denial) => denial.as_ref().map(|(code, _)| *code),
            What::Fault(code) => Some(code),
        }
    }
}

pub(crate) fn expected(case: &Case, caller: &Caller) -> Expected {
    let operation = &case.request.operations[case.request.chosen];
    let asked = Asked::new(case, caller, operation);
    let mut expected = Expected::default();
    let mut walk = Walk::new(case, &asked);
    walk.floor();
    walk.operation(operation);
    walk.touched.iter().for_each(|touch| expected.note(touch));
    execute::execute(case, &operation.below, operation.root(), &mut expected.reachable);
    expected.executed = std::mem::take(&mut walk.executed);
    expected.reached = std::mem::take(&mut walk.reached);
    // What is removed goes with what it alone uses; variables are judged by what is left, if
    // anything goes upstream at all.
    if expected.removed.is_empty() || expected.refused.is_none() {
        let left = forwarded::left(&case.request, operation, &expected.removed);
        let found = fits::variables(case, &left);
        walk.touched.clear();
        found.into_iter().for_each(|found| walk.found(found, None));
        walk.touched.iter().for_each(|touch| expected.note(touch));
    }
    expected
}

impl Expected {
    fn note(&mut self, touch: &Touch) {
        let Some(code) = touch.refused() else { return };
        if let Some(off) = touch.off {
            self.removed.insert(off);
            return;
        }
        self.refused = self.refused.or(Some(code));
        match &touch.what {
            What::Coordinate(coordinate, denial) => {
                if let Some((_, denial)) = denial {
                    self.denied.entry(coordinate.clone()).or_insert(denial.clone());
                }
            }
            What::Fault(_) => self.faulty = true,
        }
    }
}
